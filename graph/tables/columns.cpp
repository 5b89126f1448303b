// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/column.hpp>

#include "graph/tables/bits.hpp"
#include "graph/tables/slab.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace ramal {

namespace {

/// No rows have one offset, for which no memory is needed.
ColumnBuffer zero_offset() {
  alignas(detail::slab_alignment) static constexpr std::byte zeros[sizeof(std::int32_t)] = {};
  return {std::shared_ptr<const std::byte>(std::shared_ptr<const std::byte>(), zeros), sizeof zeros};
}

[[noreturn]] void refuse_parts(const ColumnParts& parts, const std::string& what) {
  throw std::invalid_argument("ramal: a column of " + std::to_string(parts.size) + " rows of type " +
                              parts.type.text() + ": " + what);
}

/// The first `bytes` bytes of the buffer. Throws std::invalid_argument if there are fewer, or if it is not
/// aligned.
ColumnBuffer first_bytes(const ColumnParts& parts, const ColumnBuffer& buffer, std::size_t bytes,
                         const char* what) {
  if (buffer.size() < bytes)
    refuse_parts(parts, std::string(what) + " of " + std::to_string(bytes) + " bytes expected, of " +
                            std::to_string(buffer.size()) + " found");
  if (bytes == 0) return {};
  if (reinterpret_cast<std::uintptr_t>(buffer.data()) % detail::slab_alignment != 0)
    refuse_parts(parts, std::string(what) + " not aligned to 64 bytes");
  return {buffer.owner(), bytes, buffer.padded()};
}

/// Between the first and the last; also cuts the values to what these say.
void adopt_offsets(ColumnParts& parts) {
  const auto rows = static_cast<std::size_t>(parts.size);
  if (rows == 0 && parts.offsets.empty()) parts.offsets = zero_offset();
  parts.offsets = first_bytes(parts, parts.offsets, (rows + 1) * sizeof(std::int32_t), "offsets");
  const auto offsets = parts.offsets.as<std::int32_t>();
  if (offsets.front() != 0 || offsets.back() < 0)
    refuse_parts(parts, "offsets from " + std::to_string(offsets.front()) + " to " +
                            std::to_string(offsets.back()) + ", which do not rise from 0");
  if (parts.type.id() != TypeId::list)
    parts.values = first_bytes(parts, parts.values, static_cast<std::size_t>(offsets.back()), "values");
}

/// Throws std::invalid_argument unless there is a child of the right type and size for each field.
void check_children(const ColumnParts& parts, std::int64_t size) {
  const auto fields = parts.type.fields();
  if (parts.children.size() != fields.size())
    refuse_parts(parts, std::to_string(fields.size()) + " children expected, " +
                            std::to_string(parts.children.size()) + " found");
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Column& child = parts.children[i];
    if (child.type() != fields[i].type || child.size() != size)
      refuse_parts(parts, "child " + quoted_name(fields[i].name) + " has " + std::to_string(child.size()) +
                              " rows of type " + child.type().text() + ", not " + std::to_string(size) +
                              " of " + fields[i].type.text());
  }
}

ColumnParts adopted(ColumnParts parts) {
  constexpr std::int64_t most_rows = std::int64_t{1} << 56;  // so that no number of bytes overflows
  if (parts.size < 0 || parts.size > most_rows) refuse_parts(parts, "no such number of rows");
  const ColumnType& type = parts.type;
  const bool no_validity = type.id() == TypeId::null || parts.validity.empty();
  parts.validity =
      no_validity ? ColumnBuffer()
                  : first_bytes(parts, parts.validity, detail::bitmap_bytes(parts.size), "a validity bitmap");
  if (type.has_offsets()) {
    adopt_offsets(parts);
  } else {
    parts.offsets = {};
    const std::size_t bytes = type.id() == TypeId::boolean
                                  ? detail::bitmap_bytes(parts.size)
                                  : static_cast<std::size_t>(parts.size) * type.value_bytes();
    parts.values = first_bytes(parts, parts.values, bytes, "values");
  }
  check_children(parts, type.id() == TypeId::list ? parts.offsets.as<std::int32_t>().back() : parts.size);
  return parts;
}

bool same_value(const Column& a, std::int64_t i, const Column& b, std::int64_t j);

bool same_range(const Column& a, std::int64_t i, const Column& b, std::int64_t j, std::int64_t count) {
  for (std::int64_t k = 0; k < count; ++k)
    if (!same_value(a, i + k, b, j + k)) return false;
  return true;
}

/// Of two columns of one type.
bool same_value(const Column& a, std::int64_t i, const Column& b, std::int64_t j) {
  if (a.is_null(i) || b.is_null(j)) return a.is_null(i) && b.is_null(j);
  const ColumnType& type = a.type();
  if (type.id() == TypeId::boolean)
    return detail::bit(a.values().as<std::uint64_t>().data(), i) ==
           detail::bit(b.values().as<std::uint64_t>().data(), j);
  if (type.id() == TypeId::structure) {
    for (std::size_t k = 0; k < a.children().size(); ++k)
      if (!same_value(a.child(k), i, b.child(k), j)) return false;
    return true;
  }
  if (!type.has_offsets()) {
    const auto bytes = static_cast<std::int64_t>(type.value_bytes());
    return std::memcmp(a.values().data() + i * bytes, b.values().data() + j * bytes, type.value_bytes()) == 0;
  }
  const std::int32_t at_a = a.offsets()[static_cast<std::size_t>(i)],
                     at_b = b.offsets()[static_cast<std::size_t>(j)];
  const std::int32_t length = a.offsets()[static_cast<std::size_t>(i) + 1] - at_a;
  if (length != b.offsets()[static_cast<std::size_t>(j) + 1] - at_b) return false;
  if (type.id() == TypeId::list) return same_range(a.child(), at_a, b.child(), at_b, length);
  return length == 0 || std::memcmp(a.values().data() + at_a, b.values().data() + at_b,
                                    static_cast<std::size_t>(length)) == 0;
}

const std::shared_ptr<const ColumnParts>& no_parts() {
  static const auto none = std::make_shared<const ColumnParts>();
  return none;
}

}  // namespace

namespace detail {

TypeId plain_type_of(TypeId id) {
  switch (id) {
    case TypeId::date:
      return TypeId::int32;
    case TypeId::time:
    case TypeId::timestamp_s:
    case TypeId::timestamp_ms:
    case TypeId::timestamp_us:
    case TypeId::timestamp_ns:
    case TypeId::timestamp_tz:
      return TypeId::int64;
    case TypeId::decimal:
      return TypeId::int128;
    case TypeId::blob:
      return TypeId::text;
    default:
      return id;
  }
}

std::string_view value_type_name(TypeId plain) {
  constexpr std::array<std::string_view, type_ids> names = {"",
                                                            "bool",
                                                            "std::int8_t",
                                                            "std::int16_t",
                                                            "std::int32_t",
                                                            "std::int64_t",
                                                            "std::uint8_t",
                                                            "std::uint16_t",
                                                            "std::uint32_t",
                                                            "std::uint64_t",
                                                            "ramal::Int128",
                                                            "float",
                                                            "double",
                                                            "",
                                                            "std::string_view",
                                                            "",
                                                            "",
                                                            "",
                                                            "",
                                                            "",
                                                            "",
                                                            "",
                                                            "",
                                                            "ramal::Interval",
                                                            "",
                                                            ""};
  return names[static_cast<std::size_t>(plain)];
}

void refuse_view(const ColumnType& type, TypeId asked, std::string_view name) {
  const std::string_view has = value_type_name(plain_type_of(type.id()));
  throw std::invalid_argument("ramal: column " + quoted_name(name) + " is of type " + type.text() +
                              (has.empty() ? std::string() : ", whose values are " + std::string(has)) +
                              ", and is not read as " + std::string(value_type_name(asked)));
}

}  // namespace detail

Column::Column() : parts_(no_parts()) {}

Column::Column(ColumnParts parts) {
  ColumnParts checked = adopted(std::move(parts));
  if (checked.type.id() == TypeId::null) {
    nulls_ = checked.size;
  } else if (!checked.validity.empty()) {
    nulls_ = checked.size - detail::count_bits(checked.validity.as<std::uint64_t>().data(), checked.size);
    if (nulls_ == 0) checked.validity = {};
  }
  parts_ = std::make_shared<const ColumnParts>(std::move(checked));
}

Column Column::unchecked(ColumnParts parts, std::int64_t nulls) {
  Column column;
  if (parts.type.has_offsets() && parts.offsets.empty()) parts.offsets = zero_offset();
  column.parts_ = std::make_shared<const ColumnParts>(std::move(parts));
  column.nulls_ = nulls;
  return column;
}

const ColumnType& Column::type() const { return parts_->type; }
std::int64_t Column::size() const { return parts_->size; }
const ColumnBuffer& Column::validity() const { return parts_->validity; }
const ColumnBuffer& Column::values() const { return parts_->values; }
const ColumnBuffer& Column::offsets_buffer() const { return parts_->offsets; }
std::span<const std::int32_t> Column::offsets() const { return parts_->offsets.as<std::int32_t>(); }
const std::vector<Column>& Column::children() const { return parts_->children; }

bool Column::is_null(std::int64_t row) const {
  if (parts_->validity.empty()) return type().id() == TypeId::null;
  return !detail::bit(parts_->validity.as<std::uint64_t>().data(), row);
}

std::size_t Column::bytes() const {
  std::size_t bytes = validity().size() + values().size() + parts_->offsets.size();
  for (const Column& child : children()) bytes += child.bytes();
  return bytes;
}

void Column::check() const {
  const Column seen(*parts_);
  if (seen.nulls() != nulls_ || seen.values().size() != values().size())
    refuse_parts(*parts_, std::to_string(nulls_) + " nulls and " + std::to_string(values().size()) +
                              " bytes of values expected, " + std::to_string(seen.nulls()) + " and " +
                              std::to_string(seen.values().size()) + " found");
  if (!std::ranges::is_sorted(offsets())) refuse_parts(*parts_, "offsets that fall");
  for (const Column& child : children()) child.check();
}

bool Column::operator==(const Column& other) const {
  if (type() != other.type() || size() != other.size() || nulls() != other.nulls()) return false;
  if (parts_ == other.parts_) return true;
  if (nulls() == 0 && type().value_bytes() != 0)
    return std::ranges::equal(values().span(), other.values().span());
  return same_range(*this, 0, other, 0, size());
}

}  // namespace ramal
