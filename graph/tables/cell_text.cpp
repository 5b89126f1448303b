// SPDX-License-Identifier: BSD-3-Clause
#include "graph/tables/cell_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace ramal::detail {

namespace {

std::string padded_number(std::int64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

template <class T>
std::string floating_text(T number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  constexpr T largest = T(1e16), least = T(1e-4);  // where exponents begin
  const T size = std::fabs(number);
  const auto format = number == 0 || (size >= least && size < largest) ? std::chars_format::fixed
                                                                       : std::chars_format::scientific;
  std::array<char, 64> text;
  const auto write = [&](auto value, std::chars_format as) {
    return std::string(text.data(), std::to_chars(text.data(), text.data() + text.size(), value, as).ptr);
  };
  std::string result = write(number, format);
  if (std::same_as<T, float> && format == std::chars_format::fixed && size >= T(1 << 24)) {
    double shortest = 0;  // the digits that tell it apart, and then zeros
    result = write(number, std::chars_format::scientific);
    std::from_chars(result.data(), result.data() + result.size(), shortest);
    result = write(shortest, format);
  }
  if (format == std::chars_format::fixed && result.find('.') == std::string::npos) result += ".0";
  return result;
}

struct Civil {
  std::int64_t year;
  int month, day;
};
/// The proleptic Gregorian calendar; H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": eras of 400
/// years of 146097 days, which begin in March.
Civil civil_of(std::int64_t days) {
  days += 719468;  // from 0000-03-01
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t of_era = days - era * 146097;
  const std::int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const std::int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * of_year + 2) / 153;  // from March
  const auto day = static_cast<int>(of_year - (153 * month + 2) / 5 + 1);
  const auto from_january = static_cast<int>(month < 10 ? month + 3 : month - 9);
  return {year + era * 400 + (from_january <= 2 ? 1 : 0), from_january, day};
}

void append_escaped(std::string& out, std::string_view text, std::size_t most_bytes) {
  for (const char c : text.substr(0, most_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 32 && byte != 127) {
      out += c;
    } else if (c == '\n' || c == '\t' || c == '\r') {
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
    } else {
      constexpr const char* digits = "0123456789ABCDEF";
      out += std::string("\\x") + digits[byte / 16] + digits[byte % 16];
    }
  }
}

void append_bytes(std::string& out, std::string_view bytes, std::size_t most_bytes) {
  constexpr const char* digits = "0123456789ABCDEF";
  for (const char c : bytes.substr(0, most_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 32 && byte < 127 && c != '\\' && c != '\'' && c != '"') {
      out += c;
    } else {
      out += std::string("\\x") + digits[byte / 16] + digits[byte % 16];
    }
  }
}

void append_list(std::string& out, const Column& column, std::int64_t row, std::size_t most_bytes) {
  const std::int32_t* offsets = column.offsets().data() + row;
  out += '[';
  for (std::int32_t i = offsets[0]; i < offsets[1] && out.size() <= most_bytes; ++i)
    out += (i == offsets[0] ? "" : ", ") + cell_text(column.child(), i, most_bytes);
  out += ']';
}

void append_structure(std::string& out, const Column& column, std::int64_t row, std::size_t most_bytes) {
  const auto fields = column.type().fields();
  out += '{';
  for (std::size_t i = 0; i < fields.size() && out.size() <= most_bytes; ++i) {
    out += i == 0 ? "'" : ", '";
    append_escaped(out, fields[i].name, most_bytes);
    out += "': " + cell_text(column.child(i), row, most_bytes);
  }
  out += '}';
}

template <ColumnValue T>
T value_in(const Column& column, std::int64_t row) {
  return ColumnView<T>(column)[row];
}

std::string integer_text(const Column& column, std::int64_t row) {
  switch (column.type().id()) {
    case TypeId::int8:
      return std::to_string(value_in<std::int8_t>(column, row));
    case TypeId::int16:
      return std::to_string(value_in<std::int16_t>(column, row));
    case TypeId::int32:
      return std::to_string(value_in<std::int32_t>(column, row));
    case TypeId::int64:
      return std::to_string(value_in<std::int64_t>(column, row));
    case TypeId::uint8:
      return std::to_string(value_in<std::uint8_t>(column, row));
    case TypeId::uint16:
      return std::to_string(value_in<std::uint16_t>(column, row));
    case TypeId::uint32:
      return std::to_string(value_in<std::uint32_t>(column, row));
    case TypeId::uint64:
      return std::to_string(value_in<std::uint64_t>(column, row));
    default:
      return number_text(value_in<Int128>(column, row));
  }
}

constexpr std::int64_t second_units(TypeId id) {
  switch (id) {
    case TypeId::timestamp_s:
      return 1;
    case TypeId::timestamp_ms:
      return 1000;
    case TypeId::timestamp_ns:
      return 1000000000;
    default:
      return 1000000;
  }
}

}  // namespace

std::string number_text(double number) { return floating_text(number); }
std::string number_text(float number) { return floating_text(number); }
std::string number_text(Int128 number) { return decimal_text(number, 0); }

std::string decimal_text(Int128 number, int scale) {
  __extension__ using Unsigned = unsigned __int128;
  Unsigned left = number < 0 ? Unsigned(0) - static_cast<Unsigned>(number) : static_cast<Unsigned>(number);
  std::string digits;
  for (int i = 0; left != 0 || i <= scale; ++i, left /= 10) {
    if (i == scale && scale != 0) digits += '.';
    digits += static_cast<char>('0' + static_cast<int>(left % 10));
  }
  if (number < 0) digits += '-';
  std::ranges::reverse(digits);
  return digits;
}

std::string date_text(std::int64_t days) {
  constexpr std::int64_t infinite = std::numeric_limits<std::int32_t>::max();
  if (days == infinite || days == -infinite) return days < 0 ? "-infinity" : "infinity";
  const auto [year, month, day] = civil_of(days);
  return padded_number(year > 0 ? year : 1 - year, 4) + '-' + padded_number(month, 2) + '-' +
         padded_number(day, 2) + (year > 0 ? "" : " (BC)");
}

std::string time_text(std::int64_t time, std::int64_t units) {
  std::int64_t seconds = time / units, fraction = time % units;
  const bool negative = time < 0;
  if (negative) seconds = -seconds, fraction = -fraction;
  std::string text = (negative ? "-" : "") + padded_number(seconds / 3600, 2) + ':' +
                     padded_number(seconds / 60 % 60, 2) + ':' + padded_number(seconds % 60, 2);
  if (fraction == 0) return text;
  text += '.' + std::to_string(units + fraction).substr(1);
  return text.substr(0, text.find_last_not_of('0') + 1);
}

std::string timestamp_text(std::int64_t time, std::int64_t units) {
  constexpr std::int64_t infinite = std::numeric_limits<std::int64_t>::max();
  if (time == infinite || time == -infinite) return time < 0 ? "-infinity" : "infinity";
  constexpr std::int64_t day_seconds = 86400;
  std::int64_t days = time / units / day_seconds, of_day = time - days * day_seconds * units;
  if (of_day < 0) --days, of_day += day_seconds * units;
  std::string date = date_text(days), era;
  if (const auto bc = date.find(' '); bc != std::string::npos) era = date.substr(bc), date.resize(bc);
  return date + ' ' + time_text(of_day, units) + era;
}

std::string interval_text(const Interval& interval) {
  std::string text;
  const auto add = [&text](std::int32_t number, const char* unit) {
    if (number == 0) return;
    text += (text.empty() ? "" : " ") + std::to_string(number) + ' ' + unit;
    if (number != 1 && number != -1) text += 's';
  };
  add(interval.months / 12, "year");
  add(interval.months % 12, "month");
  add(interval.days, "day");
  if (interval.nanoseconds == 0 && !text.empty()) return text;
  return text + (text.empty() ? "" : " ") + time_text(interval.nanoseconds, 1000000000);
}

std::string cell_text(const Column& column, std::int64_t row, std::size_t most_bytes) {
  if (column.is_null(row)) return "NULL";
  std::string text;
  switch (column.type().id()) {
    case TypeId::boolean:
      return value_in<bool>(column, row) ? "true" : "false";
    case TypeId::float32:
      return number_text(value_in<float>(column, row));
    case TypeId::float64:
      return number_text(value_in<double>(column, row));
    case TypeId::decimal:
      return decimal_text(value_in<Int128>(column, row), column.type().scale());
    case TypeId::text:
      append_escaped(text, value_in<std::string_view>(column, row), most_bytes);
      return text;
    case TypeId::blob:
      append_bytes(text, value_in<std::string_view>(column, row), most_bytes);
      return text;
    case TypeId::date:
      return date_text(value_in<std::int32_t>(column, row));
    case TypeId::time:
      return time_text(value_in<std::int64_t>(column, row), second_units(column.type().id()));
    case TypeId::timestamp_s:
    case TypeId::timestamp_ms:
    case TypeId::timestamp_us:
    case TypeId::timestamp_ns:
      return timestamp_text(value_in<std::int64_t>(column, row), second_units(column.type().id()));
    case TypeId::timestamp_tz:
      return timestamp_text(value_in<std::int64_t>(column, row), second_units(column.type().id())) + "+00";
    case TypeId::interval:
      return interval_text(value_in<Interval>(column, row));
    case TypeId::list:
      append_list(text, column, row, most_bytes);
      return text;
    case TypeId::structure:
      append_structure(text, column, row, most_bytes);
      return text;
    default:
      return integer_text(column, row);
  }
}

}  // namespace ramal::detail
