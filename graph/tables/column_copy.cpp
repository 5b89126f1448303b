// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/column_copy.hpp>

#include "graph/tables/cell_text.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace ramal {

namespace {

/// 10^exponent, which double holds up to 10^22.
double power_of_ten(int exponent) {
  double power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

bool is_integer(TypeId id) { return id >= TypeId::int8 && id <= TypeId::int128; }
bool is_instant(TypeId id) { return id >= TypeId::time && id <= TypeId::timestamp_tz; }

[[noreturn]] void refuse_number(const Field& field, const std::string& what) {
  throw std::invalid_argument("ramal: column " + quoted_name(field.name) + " is of type " +
                              field.type.text() + ", " + what);
}

// --- the common type -------------------------------------------------------------------------------------

/// What the columns seen so far have among them.
struct NumberNeeds {
  const Field* floating = nullptr;
  const Field* is_signed = nullptr;
  const Field* wide = nullptr;           // an integer that double does not hold
  const Field* unsigned_wide = nullptr;  // an integer that int64 does not hold
  int signed_bits = 0, unsigned_bits = 0;
  bool only_float32 = true, boolean = false;

  void add(const Field& field) {
    const TypeId id = field.type.id();
    const int bits = 8 * static_cast<int>(field.type.value_bytes());
    if (id == TypeId::boolean) {
      boolean = true;
    } else if (id == TypeId::float32 || id == TypeId::float64) {
      floating = &field;
      only_float32 = only_float32 && id == TypeId::float32;
    } else if (is_integer(id) && id != TypeId::int128) {
      const bool without_sign = id >= TypeId::uint8 && id <= TypeId::uint64;
      (without_sign ? unsigned_bits : signed_bits) =
          std::max(without_sign ? unsigned_bits : signed_bits, bits);
      if (!without_sign) is_signed = &field;
      if (bits == 64) wide = &field;
      if (without_sign && bits == 64) unsigned_wide = &field;
    } else {
      const bool number =
          id == TypeId::int128 || id == TypeId::decimal || id == TypeId::date || is_instant(id);
      refuse_number(field,
                    number ? "for which the type of numbers has to be stated" : "which is not a number");
    }
  }
  TypeId floating_type() const {
    if (wide != nullptr)
      refuse_number(*wide, "which has values that double does not hold, beside column " +
                               quoted_name(floating->name) + " of type " + floating->type.text() +
                               ": state the type of numbers");
    const bool small = only_float32 && std::max(signed_bits, unsigned_bits) <= 16;  // float holds 24 bits
    return small ? TypeId::float32 : TypeId::float64;
  }
  TypeId integer_type() const {
    if (is_signed == nullptr)
      return unsigned_bits == 8    ? TypeId::uint8
             : unsigned_bits == 16 ? TypeId::uint16
             : unsigned_bits == 32 ? TypeId::uint32
                                   : TypeId::uint64;
    if (unsigned_wide != nullptr)
      refuse_number(*unsigned_wide, "which no integer holds together with column " +
                                        quoted_name(is_signed->name) + " of type " + is_signed->type.text() +
                                        ": state the type of numbers");
    const int bits = std::max(signed_bits, 2 * unsigned_bits);
    return bits == 8 ? TypeId::int8 : bits == 16 ? TypeId::int16 : bits == 32 ? TypeId::int32 : TypeId::int64;
  }
};

// --- values ----------------------------------------------------------------------------------------------

/// One column being copied as T.
template <class T>
struct NumberCopy {
  const Column& column;
  T* out;
  std::optional<T> for_null;
  std::string_view name;

  [[noreturn]] void refuse_type() const {
    throw std::invalid_argument("ramal: column " + quoted_name(name) + " is of type " + column.type().text() +
                                ", which is not copied as " +
                                std::string(detail::value_type_name(detail::plain_type<T>)) + "; cast it");
  }
  [[noreturn]] void refuse_value(std::int64_t row) const {
    throw std::invalid_argument("ramal: column " + quoted_name(name) + ", row " + std::to_string(row) + ": " +
                                (column.is_null(row)
                                     ? "a null, for which no value is stated"
                                     : detail::cell_text(column, row, 100) + " does not fit into " +
                                           std::string(detail::value_type_name(detail::plain_type<T>))));
  }

  /// By convert(value, fits), which may set `fits` to false.
  template <class From, class Convert>
  void values(Convert convert) const {
    const ColumnView<From> view(column, name);
    const bool nulls = view.nulls() != 0;
    for (std::int64_t row = 0; row < view.size(); ++row) {
      bool fits = true;
      if (nulls && view.is_null(row)) {
        fits = for_null.has_value();
        out[row] = for_null.value_or(T());
      } else {
        out[row] = convert(view[row], fits);
      }
      if (!fits) refuse_value(row);
    }
  }
  template <class From>
  void integers() const {
    values<From>([](From value, bool& fits) {
      const T result = static_cast<T>(value);
      if constexpr (std::is_integral_v<T>)
        fits = static_cast<From>(result) == value && (result < T(0)) == (value < From(0));
      return result;
    });
  }
  template <class From>
  void cast() const {
    values<From>([](From value, bool&) { return static_cast<T>(value); });
  }
  /// Through double, which is the nearest: of two numbers that double holds the quotient is, and others are
  /// read from their digits.
  void decimals() const {
    constexpr Int128 most_exact = Int128{1} << 53;
    constexpr int most_exact_power = 22;
    const int scale = column.type().scale();
    const double power = power_of_ten(std::min(scale, most_exact_power));
    values<Int128>([=](Int128 value, bool&) {
      if (scale <= most_exact_power && value <= most_exact && value >= -most_exact)
        return static_cast<T>(static_cast<double>(value) / power);
      const std::string text = detail::decimal_text(value, scale);
      double number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      return static_cast<T>(number);
    });
  }
  void nulls() const {
    if (column.size() != 0 && !for_null) refuse_value(0);
    std::fill_n(out, column.size(), for_null.value_or(T()));
  }

  void integers_by_type() const {
    switch (column.type().id()) {
      case TypeId::int8:
        return integers<std::int8_t>();
      case TypeId::int16:
        return integers<std::int16_t>();
      case TypeId::int32:
        return integers<std::int32_t>();
      case TypeId::int64:
        return integers<std::int64_t>();
      case TypeId::uint8:
        return integers<std::uint8_t>();
      case TypeId::uint16:
        return integers<std::uint16_t>();
      case TypeId::uint32:
        return integers<std::uint32_t>();
      case TypeId::uint64:
        return integers<std::uint64_t>();
      default:
        return integers<Int128>();
    }
  }
  void copy() const {
    const TypeId id = column.type().id();
    if (id == TypeId::null) return nulls();
    if (id == TypeId::boolean) return cast<bool>();
    if constexpr (!std::same_as<T, bool>) {
      if (is_integer(id)) return integers_by_type();
    }
    if constexpr (std::floating_point<T>) {
      if (id == TypeId::float32) return cast<float>();
      if (id == TypeId::float64) return cast<double>();
      if (id == TypeId::decimal) return decimals();
    }
    if constexpr (std::same_as<T, std::int64_t>) {
      if (is_instant(id)) return cast<std::int64_t>();
    }
    if constexpr (std::same_as<T, std::int64_t> || std::same_as<T, std::int32_t>) {
      if (id == TypeId::date) return cast<std::int32_t>();
    }
    refuse_type();
  }
};

}  // namespace

TypeId common_number(const Schema& schema) {
  if (schema.empty()) throw std::invalid_argument("ramal: no columns have no common type of numbers");
  NumberNeeds needs;
  for (const Field& field : schema) needs.add(field);
  if (needs.floating != nullptr) return needs.floating_type();
  return needs.signed_bits == 0 && needs.unsigned_bits == 0 ? TypeId::boolean : needs.integer_type();
}

template <ColumnNumber T>
void copy_as(const Column& column, T* out, std::optional<T> for_null, std::string_view name) {
  NumberCopy<T>{column, out, for_null, name}.copy();
}

template void copy_as(const Column&, bool*, std::optional<bool>, std::string_view);
template void copy_as(const Column&, std::int8_t*, std::optional<std::int8_t>, std::string_view);
template void copy_as(const Column&, std::int16_t*, std::optional<std::int16_t>, std::string_view);
template void copy_as(const Column&, std::int32_t*, std::optional<std::int32_t>, std::string_view);
template void copy_as(const Column&, std::int64_t*, std::optional<std::int64_t>, std::string_view);
template void copy_as(const Column&, std::uint8_t*, std::optional<std::uint8_t>, std::string_view);
template void copy_as(const Column&, std::uint16_t*, std::optional<std::uint16_t>, std::string_view);
template void copy_as(const Column&, std::uint32_t*, std::optional<std::uint32_t>, std::string_view);
template void copy_as(const Column&, std::uint64_t*, std::optional<std::uint64_t>, std::string_view);
template void copy_as(const Column&, float*, std::optional<float>, std::string_view);
template void copy_as(const Column&, double*, std::optional<double>, std::string_view);

}  // namespace ramal
