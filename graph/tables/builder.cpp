// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/rows_builder.hpp>

#include "graph/tables/bits.hpp"
#include "graph/tables/refusals.hpp"
#include "graph/tables/slab.hpp"

#include <algorithm>
#include <stdexcept>

namespace ramal {

namespace {

detail::Slab::Piece copied_to(detail::Slab& slab, const detail::GrowingBytes& bytes) {
  const auto piece = slab.piece(bytes.size());
  if (bytes.size() != 0) std::memcpy(piece.data, bytes.data(), bytes.size());
  return piece;
}

/// The first offset is 0, and not among those that grew.
ColumnBuffer offsets_with_zero(detail::Slab& slab, const detail::GrowingBytes& offsets) {
  const auto piece = slab.piece(offsets.size() + sizeof(std::int32_t));
  std::memset(piece.data, 0, sizeof(std::int32_t));
  if (offsets.size() != 0) std::memcpy(piece.data + sizeof(std::int32_t), offsets.data(), offsets.size());
  return piece.buffer;
}

}  // namespace

ColumnBuilder::ColumnBuilder(ColumnType type, std::string name)
    : type_(std::move(type)), plain_(detail::plain_type_of(type_.id())), name_(std::move(name)) {
  for (const Field& field : type_.fields())
    children_.emplace_back(field.type, name_ + (type_.id() == TypeId::list ? "[]" : '.' + field.name));
}

void ColumnBuilder::require(bool holds, const char* what) const {
  if (holds) return;
  throw std::invalid_argument("ramal: " + std::string(what) + " for column " + quoted_name(name_) +
                              ", which is of type " + type_.text());
}

void ColumnBuilder::refuse(TypeId given) const { detail::refuse_view(type_, given, name_); }

void ColumnBuilder::refuse_length(std::size_t more) const {
  detail::refuse_length(name_, type_, end() + more);
}

std::size_t ColumnBuilder::bytes() const {
  std::size_t bytes = validity_.words().size() + booleans_.words().size() + values_.size() + offsets_.size() +
                      (type_.has_offsets() ? sizeof(std::int32_t) : 0);
  for (const ColumnBuilder& child : children_) bytes += child.bytes();
  return bytes;
}

void ColumnBuilder::append_validity(const std::uint64_t* validity, std::int64_t count) {
  const bool nulls = validity != nullptr && detail::count_bits(validity, count) != count;
  if (type_.id() != TypeId::null && (nulls || validity_.size() != 0)) {
    if (validity_.size() == 0) validity_.append_same(true, size_);
    nulls ? validity_.append(validity, 0, count) : validity_.append_same(true, count);
  }
  size_ += count;
}

void ColumnBuilder::append_nulls(std::int64_t count) {
  if (count <= 0) return;
  if (type_.id() == TypeId::boolean) booleans_.append_same(false, count);
  if (const std::size_t bytes = type_.value_bytes() * static_cast<std::size_t>(count); bytes != 0)
    std::memset(values_.extend(bytes), 0, bytes);
  if (type_.has_offsets()) {
    for (std::int64_t i = 0; i < count; ++i) offsets_.push(static_cast<std::int32_t>(end()));
  }
  if (type_.id() == TypeId::structure)
    for (ColumnBuilder& child : children_) child.append_nulls(count);
  if (type_.id() != TypeId::null) {
    if (validity_.size() == 0) validity_.append_same(true, size_);
    validity_.append_same(false, count);
  }
  size_ += count;
}

void ColumnBuilder::append_values(const void* values, std::int64_t count, const std::uint64_t* validity) {
  require(type_.value_bytes() != 0, "append_values");
  const std::size_t bytes = type_.value_bytes() * static_cast<std::size_t>(count);
  if (bytes != 0) std::memcpy(values_.extend(bytes), values, bytes);
  append_validity(validity, count);
}

void ColumnBuilder::append_booleans(const void* bytes, std::int64_t count, const std::uint64_t* validity) {
  require(type_.id() == TypeId::boolean, "append_booleans");
  booleans_.append_bytes(static_cast<const std::uint8_t*>(bytes), count);
  append_validity(validity, count);
}

ColumnBuilder& ColumnBuilder::child(std::size_t number) {
  if (number >= children_.size())
    throw std::out_of_range("ramal: column " + quoted_name(name_) + " of type " + type_.text() +
                            " has no child " + std::to_string(number));
  return children_[number];
}

void ColumnBuilder::end_list() {
  require(type_.id() == TypeId::list, "end_list");
  const auto elements = static_cast<std::size_t>(children_.front().size());
  if (elements > most_offset) refuse_length(elements - static_cast<std::size_t>(elements_));
  elements_ = static_cast<std::int64_t>(elements);
  offsets_.push(static_cast<std::int32_t>(elements_));
  close_row();
}

void ColumnBuilder::append_lists(const std::uint64_t* lengths, std::int64_t count,
                                 const std::uint64_t* validity) {
  require(type_.id() == TypeId::list, "append_lists");
  for (std::int64_t i = 0; i < count; ++i) {
    if (validity == nullptr || detail::bit(validity, i)) {
      if (lengths[i] > most_offset - static_cast<std::size_t>(elements_)) refuse_length(lengths[i]);
      elements_ += static_cast<std::int64_t>(lengths[i]);
    }
    offsets_.push(static_cast<std::int32_t>(elements_));
  }
  append_validity(validity, count);
}

void ColumnBuilder::append_structures(std::int64_t count, const std::uint64_t* validity) {
  require(type_.id() == TypeId::structure, "append_structures");
  append_validity(validity, count);
}

void ColumnBuilder::append_column(const Column& column, std::int64_t first, std::int64_t count) {
  require(column.type() == type_, ("a column of type " + column.type().text()).c_str());
  detail::require_rows(first, count, column.size());
  if (count == 0) return;
  if (type_.id() == TypeId::boolean) {
    booleans_.append(column.values().as<std::uint64_t>().data(), first, count);
  } else if (type_.has_offsets()) {
    append_ranges(column, first, count);
  } else if (const std::size_t bytes = type_.value_bytes(); bytes != 0) {
    const std::size_t all = bytes * static_cast<std::size_t>(count);
    std::memcpy(values_.extend(all), column.values().data() + bytes * static_cast<std::size_t>(first), all);
  }
  if (type_.id() == TypeId::structure)
    for (std::size_t i = 0; i < children_.size(); ++i)
      children_[i].append_column(column.child(i), first, count);
  if (!column.validity().empty() || validity_.size() != 0) {
    if (validity_.size() == 0) validity_.append_same(true, size_);
    column.validity().empty() ? validity_.append_same(true, count)
                              : validity_.append(column.validity().as<std::uint64_t>().data(), first, count);
  }
  size_ += count;
}

/// Text, blob or lists.
void ColumnBuilder::append_ranges(const Column& column, std::int64_t first, std::int64_t count) {
  const std::int32_t* offsets = column.offsets().data() + first;
  const auto length = static_cast<std::size_t>(offsets[count] - offsets[0]);
  const std::size_t before = end();
  if (length > most_offset - before) refuse_length(length);
  if (type_.id() == TypeId::list) {
    children_.front().append_column(column.child(), offsets[0], offsets[count] - offsets[0]);
    elements_ += static_cast<std::int64_t>(length);
  } else if (length != 0) {
    std::memcpy(values_.extend(length), column.values().data() + offsets[0], length);
  }
  const std::int32_t shift = static_cast<std::int32_t>(before) - offsets[0];
  for (std::int64_t i = 1; i <= count; ++i) offsets_.push(offsets[i] + shift);
}

std::size_t ColumnBuilder::slab_bytes() const {
  using detail::padded_to_slab;
  std::size_t bytes = padded_to_slab(validity_.words().size()) + padded_to_slab(booleans_.words().size()) +
                      padded_to_slab(values_.size());
  if (type_.has_offsets()) bytes += padded_to_slab(offsets_.size() + sizeof(std::int32_t));
  for (const ColumnBuilder& child : children_) bytes += child.slab_bytes();
  return bytes;
}

void ColumnBuilder::check_children() const {
  const std::int64_t expected = type_.id() == TypeId::list ? elements_ : size_;
  for (const ColumnBuilder& child : children_) {
    if (child.size_ != expected)
      throw std::invalid_argument("ramal: column " + quoted_name(child.name_) + " has " +
                                  std::to_string(child.size_) + " rows, but " + quoted_name(name_) +
                                  " needs " + std::to_string(expected));
    child.check_children();
  }
}

Column ColumnBuilder::finish_into(detail::Slab& slab) {
  ColumnParts parts{.type = type_, .size = size_};
  parts.validity = copied_to(slab, validity_.words()).buffer;
  if (type_.has_offsets()) parts.offsets = offsets_with_zero(slab, offsets_);
  parts.values = copied_to(slab, type_.id() == TypeId::boolean ? booleans_.words() : values_).buffer;
  for (ColumnBuilder& child : children_) parts.children.push_back(child.finish_into(slab));
  return Column(std::move(parts));
}

Column ColumnBuilder::finish() {
  check_children();
  detail::Slab slab(slab_bytes());
  Column column = finish_into(slab);
  clear();
  return column;
}

void ColumnBuilder::clear() {
  size_ = elements_ = 0;
  validity_.clear();
  booleans_.clear();
  values_.clear();
  offsets_.clear();
  for (ColumnBuilder& child : children_) child.clear();
}

RowsBuilder::RowsBuilder(Schema schema) : schema_(std::move(schema)) {
  columns_.reserve(schema_.size());
  for (const Field& field : schema_) columns_.emplace_back(field.type, field.name);
}

std::size_t RowsBuilder::bytes() const {
  std::size_t bytes = 0;
  for (const ColumnBuilder& column : columns_) bytes += column.bytes();
  return bytes;
}

Rows RowsBuilder::finish() {
  std::size_t bytes = 0;
  for (const ColumnBuilder& column : columns_) {
    if (column.size() != size())
      throw std::invalid_argument("ramal: column " + quoted_name(column.name_) + " has " +
                                  std::to_string(column.size()) + " rows, but " +
                                  quoted_name(schema_[0].name) + " has " + std::to_string(size()));
    column.check_children();
    bytes += column.slab_bytes();
  }
  detail::Slab slab(bytes);
  std::vector<Column> columns;
  columns.reserve(columns_.size());
  for (ColumnBuilder& column : columns_) columns.push_back(column.finish_into(slab));
  Rows rows(schema_, std::move(columns), size());
  clear();
  return rows;
}

void RowsBuilder::clear() {
  for (ColumnBuilder& column : columns_) column.clear();
}

}  // namespace ramal
