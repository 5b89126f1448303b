// SPDX-License-Identifier: BSD-3-Clause
// What the attributes of a dataset say of its numbers, and heeding it.
#include "io/hdf5/api.hpp"

#include <ramal/hdf5_decode.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace ramal::detail {

namespace {

/// Calls visit(T{}) for the number that this type is.
template <class Visit>
void with_number(const Hdf5Type& type, const Visit& visit) {
  if (type.kind == Hdf5Type::Class::floating) return type.bytes == 4 ? visit(float{}) : visit(double{});
  switch (type.bytes) {
    case 1:
      return type.is_signed ? visit(std::int8_t{}) : visit(std::uint8_t{});
    case 2:
      return type.is_signed ? visit(std::int16_t{}) : visit(std::uint16_t{});
    case 4:
      return type.is_signed ? visit(std::int32_t{}) : visit(std::uint32_t{});
    default:
      return type.is_signed ? visit(std::int64_t{}) : visit(std::uint64_t{});
  }
}
Hdf5Type stored_type(const Hdf5Decoding& decoding) {
  return {.kind = decoding.is_floating ? Hdf5Type::Class::floating : Hdf5Type::Class::integer,
          .is_signed = decoding.is_signed,
          .bytes = decoding.bytes,
          .members = {}};
}
Hdf5Type meant_type(const Hdf5Decoding& decoding) {
  Hdf5Type type = stored_type(decoding);
  type.is_signed ^= decoding.other_sign;
  return type;
}

template <class T>
T number_at(const std::byte* memory, std::size_t index) {
  T number;
  std::memcpy(&number, memory + index * sizeof(T), sizeof(T));
  return number;
}

/// The T of this value; of a floating-point T the nearest. None if there is none.
template <class T, class S>
std::optional<T> same_number(S number) {
  if constexpr (std::floating_point<T>) {
    const auto x = static_cast<double>(number);
    if (std::isfinite(x) && std::abs(x) > std::numeric_limits<T>::max()) return {};
    return static_cast<T>(x);
  } else if constexpr (std::integral<S>) {
    return std::in_range<T>(number) ? std::optional<T>(static_cast<T>(number)) : std::nullopt;
  } else {
    const double limit = std::ldexp(1.0, std::numeric_limits<T>::digits);
    const bool fits = number >= (std::is_signed_v<T> ? -limit : 0) && number < limit;
    return fits && number == std::trunc(number) ? std::optional<T>(static_cast<T>(number)) : std::nullopt;
  }
}

/// What each number of an attribute is as a T.
template <class T>
std::vector<std::optional<T>> numbers_as(const AttributeValue& value) {
  std::vector<std::optional<T>> numbers;
  if (value.type.bytes == 0) return numbers;
  with_number(value.type, [&]<class S>(S) {
    for (std::size_t i = 0; i < value.numbers.size() / sizeof(S); ++i)
      numbers.push_back(same_number<T>(number_at<S>(value.numbers.data(), i)));
  });
  return numbers;
}

double one_number(hid_t dataset, const char* name, double otherwise, const Hdf5Place& place) {
  const auto value = attribute_value(dataset, name, place);
  if (!value) return otherwise;
  const auto numbers = numbers_as<double>(*value);
  if (numbers.size() != 1)
    place.fail("attribute " + std::string(name) + ": expected one number, found " +
               (value->type.bytes == 0 ? value->type_name : std::to_string(numbers.size())));
  return *numbers.front();
}

void add_marks(Hdf5Decoding& decoding, const AttributeValue& value, const Hdf5Type& type) {
  with_number(type, [&]<class T>(T) {
    for (const std::optional<T>& mark : numbers_as<T>(value)) {
      std::uint64_t bits = 0;
      if (mark) std::memcpy(&bits, &*mark, sizeof(T));
      if (mark) decoding.missing.push_back(bits);
    }
  });
}

void heed_attributes(Hdf5Decoding& decoding, hid_t dataset, const Hdf5Place& place) {
  if (const auto text = attribute_value(dataset, "_Unsigned", place); text && !decoding.is_floating)
    decoding.other_sign = text->texts == std::vector<std::string>{decoding.is_signed ? "true" : "false"};
  if (const auto value = attribute_value(dataset, "missing_value", place))
    add_marks(decoding, *value, meant_type(decoding));
  if (const auto value = attribute_value(dataset, "_FillValue", place)) {
    // netCDF wants this one in the type that is stored, so that its bits count; some files have it in the
    // type that is meant.
    add_marks(decoding, *value, stored_type(decoding));
    if (decoding.other_sign) add_marks(decoding, *value, meant_type(decoding));
  }
  decoding.scale = one_number(dataset, "scale_factor", 1, place);
  decoding.offset = one_number(dataset, "add_offset", 0, place);
}

/// `count` numbers of type T that lie at the end of the memory of as many doubles become these. Each is read
/// before any double reaches it: the i-th double ends where or before the i-th number does.
template <class T>
void decode_in_place(double* values, std::size_t count, const Hdf5Decoding& decoding) {
  std::vector<T> missing;
  for (const std::uint64_t& bits : decoding.missing)
    missing.push_back(number_at<T>(reinterpret_cast<const std::byte*>(&bits), 0));
  const std::byte* stored = reinterpret_cast<const std::byte*>(values) + count * (sizeof(double) - sizeof(T));
  for (std::size_t i = 0; i < count; ++i) {
    const T number = number_at<T>(stored, i);
    const double value = static_cast<double>(number) * decoding.scale + decoding.offset;
    const bool is_missing = std::find(missing.begin(), missing.end(), number) != missing.end();
    values[i] = is_missing ? std::numeric_limits<double>::quiet_NaN() : value;
  }
}

}  // namespace

Hdf5DecodedPlan plan_hdf5_decoded(const std::string& file, const std::string& dataset, bool mask_and_scale) {
  const Hdf5Call call;
  Hdf5DecodedPlan made{.plan = plan_hdf5(file, dataset, {}), .decoding = {}};
  const Hdf5Type& type = made.plan.element;
  made.decoding.is_floating = type.kind == Hdf5Type::Class::floating;
  made.decoding.is_signed = type.is_signed;
  made.decoding.bytes = type.bytes;
  if (mask_and_scale) {
    const Hdf5Place place{made.plan.file, made.plan.dataset};
    heed_attributes(made.decoding, open_object(open_hdf5(place.file), place), place);
  }
  return made;
}

Block<double> read_hdf5_decoded_selection(const std::string& file, const std::string& dataset,
                                          const Hdf5Selection& what, const Hdf5Identity& identity,
                                          const Hdf5Decoding& decoding) {
  Block<double> block(what.count, what.start);
  std::byte* end = reinterpret_cast<std::byte*>(block.data() + block.size());
  read_hdf5_into(end - block.size() * decoding.bytes, stored_type(decoding), file, dataset, what, identity);
  with_number(meant_type(decoding),
              [&]<class T>(T) { decode_in_place<T>(block.data(), block.size(), decoding); });
  return block;
}
Block<double> read_hdf5_decoded_block(const std::string& file, const std::string& dataset,
                                      const Extents& offset, const Extents& shape,
                                      const Hdf5Identity& identity, const Hdf5Decoding& decoding) {
  return read_hdf5_decoded_selection(file, dataset, {offset, {}, shape}, identity, decoding);
}

}  // namespace ramal::detail
