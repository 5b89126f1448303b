// SPDX-License-Identifier: BSD-3-Clause
#include "graph/tables/arrow_format.hpp"

#include <array>
#include <charconv>
#include <stdexcept>

namespace ramal::detail {

namespace {

struct NamedFormat {
  std::string_view format;
  TypeId type;
  ArrowStorage storage = ArrowStorage::same;
  std::int64_t multiply = 1, divide = 1;
};

/// Formats without parameters. Where a type has several, the first is the one that it is given.
constexpr std::array<NamedFormat, 31> plain_formats = {{
    {"n", TypeId::null, ArrowStorage::none},
    {"b", TypeId::boolean, ArrowStorage::bits},
    {"c", TypeId::int8},
    {"C", TypeId::uint8},
    {"s", TypeId::int16},
    {"S", TypeId::uint16},
    {"i", TypeId::int32},
    {"I", TypeId::uint32},
    {"l", TypeId::int64},
    {"L", TypeId::uint64},
    {"f", TypeId::float32},
    {"g", TypeId::float64},
    {"u", TypeId::text, ArrowStorage::offsets32},
    {"U", TypeId::text, ArrowStorage::offsets64},
    {"z", TypeId::blob, ArrowStorage::offsets32},
    {"Z", TypeId::blob, ArrowStorage::offsets64},
    {"tdD", TypeId::date},
    {"tdm", TypeId::date, ArrowStorage::scaled64, 1, 86400000},
    {"ttu", TypeId::time},
    {"tts", TypeId::time, ArrowStorage::scaled32, 1000000, 1},
    {"ttm", TypeId::time, ArrowStorage::scaled32, 1000, 1},
    {"ttn", TypeId::time, ArrowStorage::scaled64, 1, 1000},
    {"tss:", TypeId::timestamp_s},
    {"tsm:", TypeId::timestamp_ms},
    {"tsu:", TypeId::timestamp_us},
    {"tsn:", TypeId::timestamp_ns},
    {"tsu:UTC", TypeId::timestamp_tz},
    {"tin", TypeId::interval},
    {"+l", TypeId::list, ArrowStorage::offsets32},
    {"+L", TypeId::list, ArrowStorage::offsets64},
    {"+s", TypeId::structure, ArrowStorage::structure},
}};

struct Unsupported {
  std::string_view beginning, what;
};
constexpr std::array<Unsupported, 10> unsupported_formats = {{
    {"vu", "a view of text; cast it to utf8"},
    {"vz", "a view of binary; cast it to binary"},
    {"+vl", "a view of lists; cast it to list"},
    {"+vL", "a view of lists; cast it to list"},
    {"+m", "a map; make a list of structures of it"},
    {"+u", "a union"},
    {"+r", "run-end encoded; decode it"},
    {"e", "a half-precision float; cast it to float"},
    {"tD", "a duration; cast it to an integer"},
    {"ti", "an interval of only months, or of days and milliseconds; cast it to month_day_nano"},
}};

/// The numbers between commas, as many as there are room for. False for anything else.
template <std::size_t n>
bool read_numbers(std::string_view text, std::array<std::int64_t, n>& numbers, std::size_t& count) {
  for (count = 0; count < n; ++count) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[count]);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return ++count, true;
    if (text.front() != ',') return false;
    text.remove_prefix(1);
  }
  return false;
}

[[noreturn]] void refuse_format(std::string_view format, const std::string& name) {
  std::string what = "which is not supported";
  for (const Unsupported& one : unsupported_formats) {
    if (!format.starts_with(one.beginning)) continue;
    what = std::string(one.what);
    break;
  }
  refuse_arrow(name, "Arrow's format \"" + std::string(format) + "\": " + what);
}

/// d:width,scale,bits
ArrowFormat decimal_format(std::string_view format, const std::string& name) {
  std::array<std::int64_t, 3> numbers = {0, 0, 128};
  std::size_t count = 0;
  if (!read_numbers(format.substr(2), numbers, count) || count < 2) refuse_format(format, name);
  const auto [width, scale, bits] = numbers;
  if (width < 1 || width > 38 || scale < 0 || scale > width || (bits != 32 && bits != 64 && bits != 128))
    refuse_arrow(
        name, "Arrow's format \"" + std::string(format) +
                  "\": decimals have 1 to 38 digits, up to as many of them behind the point, and 32, 64 or "
                  "128 bits");
  return {.type = ColumnType::decimal(static_cast<int>(width), static_cast<int>(scale)),
          .storage = bits == 32   ? ArrowStorage::decimal32
                     : bits == 64 ? ArrowStorage::decimal64
                                  : ArrowStorage::same};
}

/// ts, a unit, a colon and a zone: an instant.
ArrowFormat instant_format(std::string_view format, const std::string& name) {
  ArrowFormat result{.type = TypeId::timestamp_tz, .storage = ArrowStorage::scaled64};
  switch (format[2]) {
    case 's':
      result.multiply = 1000000;
      return result;
    case 'm':
      result.multiply = 1000;
      return result;
    case 'u':
      result.storage = ArrowStorage::same;
      return result;
    case 'n':
      result.divide = 1000;
      return result;
    default:
      refuse_format(format, name);
  }
}

/// w:length or +w:length
ArrowFormat fixed_format(std::string_view format, const ColumnType& type, const std::string& name) {
  std::array<std::int64_t, 1> length{};
  std::size_t count = 0;
  if (!read_numbers(format.substr(format.find(':') + 1), length, count) || length[0] < 0)
    refuse_format(format, name);
  return {.type = type, .storage = ArrowStorage::fixed, .length = length[0]};
}

ColumnType element_type(const ArrowSchema& schema, const std::string& name) {
  if (schema.n_children != 1 || schema.children == nullptr || schema.children[0] == nullptr)
    refuse_arrow(name, "a list without its one child");
  return arrow_type(*schema.children[0], name + "[]");
}

ColumnType complete_type(TypeId id, const ArrowSchema& schema, const std::string& name) {
  if (id == TypeId::list) return ColumnType::list(element_type(schema, name));
  if (id != TypeId::structure) return id;
  try {
    return ColumnType::structure(arrow_fields(schema, name));
  } catch (const std::invalid_argument& error) {
    if (std::string_view(error.what()).find("from_arrow") != std::string_view::npos) throw;
    refuse_arrow(name, error.what());
  }
}

}  // namespace

void refuse_arrow(const std::string& name, const std::string& what) {
  throw std::invalid_argument("ramal: from_arrow: column " + quoted_name(name) + ": " + what);
}

std::string arrow_format(const ColumnType& type) {
  if (type.id() == TypeId::int128) return "d:38,0";
  if (type.id() == TypeId::decimal)
    return "d:" + std::to_string(type.width()) + ',' + std::to_string(type.scale());
  for (const NamedFormat& format : plain_formats)
    if (format.type == type.id()) return std::string(format.format);
  throw std::logic_error("ramal: a type without a format of Arrow's");
}

ArrowFormat read_arrow_format(const ArrowSchema& schema, const std::string& name) {
  if (schema.format == nullptr) refuse_arrow(name, "no format");
  const std::string_view format = schema.format;
  if (format.empty()) refuse_arrow(name, "no format");
  for (const NamedFormat& one : plain_formats)
    if (format == one.format)
      return {complete_type(one.type, schema, name), one.storage, one.multiply, one.divide, 0};
  if (format.starts_with("d:")) return decimal_format(format, name);
  if (format.starts_with("w:")) return fixed_format(format, TypeId::blob, name);
  if (format.starts_with("+w:"))
    return fixed_format(format, ColumnType::list(element_type(schema, name)), name);
  if (format.starts_with("ts") && format.size() > 4 && format[3] == ':') return instant_format(format, name);
  refuse_format(format, name);
}

ColumnType arrow_type(const ArrowSchema& schema, const std::string& name) {
  return read_arrow_format(schema.dictionary != nullptr ? *schema.dictionary : schema, name).type;
}

std::vector<Field> arrow_fields(const ArrowSchema& schema, const std::string& name) {
  std::vector<Field> fields;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema* child = schema.children == nullptr ? nullptr : schema.children[i];
    if (child == nullptr) refuse_arrow(name, "child " + std::to_string(i) + " is missing");
    const std::string its = child->name == nullptr ? "" : child->name;
    fields.push_back({its, arrow_type(*child, name.empty() ? its : name + '.' + its)});
  }
  return fields;
}

}  // namespace ramal::detail
