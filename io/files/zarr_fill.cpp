// SPDX-License-Identifier: BSD-3-Clause
#include "io/files/zarr_fill.hpp"

#include <charconv>
#include <cmath>
#include <cstring>

namespace ramal::detail {

namespace {

template <class T>
std::string bytes_of(const T& value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

/// The lowest bytes of a whole number; nothing if it does not fit.
std::optional<std::string> whole_bytes(const Json& value, const ElementType& type) {
  const bool is_signed = type.kind == ElementType::Kind::integer;
  const int bits = 8 * type.bytes;
  std::uint64_t number = 0;
  if (value.is_number_unsigned()) {
    number = value.get<std::uint64_t>();
    if (bits - is_signed < 64 && number >> (bits - is_signed) != 0) return std::nullopt;
  } else if (value.is_number_integer()) {  // below 0
    const auto below = value.get<std::int64_t>();
    if (!is_signed || below < -(std::int64_t{1} << (bits - 2)) * 2) return std::nullopt;
    number = static_cast<std::uint64_t>(below);
  } else if (value.is_number_float()) {  // some write whole numbers so
    const double given = value.get<double>();
    if (given != std::floor(given) || std::abs(given) > 9e15) return std::nullopt;
    return whole_bytes(Json(static_cast<std::int64_t>(given)), type);
  } else {
    return std::nullopt;
  }
  switch (type.bytes) {
    case 1:
      return bytes_of(static_cast<std::uint8_t>(number));
    case 2:
      return bytes_of(static_cast<std::uint16_t>(number));
    case 4:
      return bytes_of(static_cast<std::uint32_t>(number));
    default:
      return bytes_of(number);
  }
}

template <class Float, class Bits>
std::optional<std::string> floating_bytes(const Json& value) {
  if (const std::optional<double> number = number_of(value)) return bytes_of(static_cast<Float>(*number));
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.get_ref<const std::string&>();
  Bits bits = 0;
  const char* end = text.data() + text.size();
  if (!text.starts_with("0x")) return std::nullopt;
  const auto [stopped, error] = std::from_chars(text.data() + 2, end, bits, 16);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return bytes_of(bits);
}
std::optional<std::string> floating_bytes(const Json& value, std::size_t bytes) {
  return bytes == 4 ? floating_bytes<float, std::uint32_t>(value)
                    : floating_bytes<double, std::uint64_t>(value);
}

std::optional<std::string> find_bytes(const Json& value, const ElementType& type) {
  switch (type.kind) {
    case ElementType::Kind::boolean:
      if (value.is_boolean()) return bytes_of(value.get<bool>());
      if (value == 0 || value == 1) return bytes_of(value == 1);
      return std::nullopt;
    case ElementType::Kind::integer:
    case ElementType::Kind::natural:
      return whole_bytes(value, type);
    case ElementType::Kind::floating:
      return floating_bytes(value, type.bytes);
    default:
      break;
  }
  if (!value.is_array()) {  // some write one number
    if (!value.is_number()) return std::nullopt;
    return *floating_bytes(value, type.word_bytes()) + std::string(type.word_bytes(), '\0');
  }
  if (value.size() != 2) return std::nullopt;
  const auto real = floating_bytes(value[0], type.word_bytes());
  const auto imaginary = floating_bytes(value[1], type.word_bytes());
  if (!real || !imaginary) return std::nullopt;
  return *real + *imaginary;
}

}  // namespace

std::string fill_bytes(const Json& value, const ElementType& type, const JsonObject& in) {
  const std::optional<std::string> bytes = find_bytes(value, type);
  if (!bytes) in.refuse("'fill_value': expected a value of type " + type.text());
  return *bytes;
}

}  // namespace ramal::detail
