// SPDX-License-Identifier: BSD-3-Clause
#include "graph/tables/layout.hpp"

#include "graph/tables/slab.hpp"

#include <limits>

namespace ramal::detail {

namespace {

/// The sum, or the largest number if that is none.
std::size_t saturated_sum(std::size_t a, std::size_t b) {
  return b > std::numeric_limits<std::size_t>::max() - a ? std::numeric_limits<std::size_t>::max() : a + b;
}

struct BufferSizes {
  std::size_t validity, offsets, values;
};
BufferSizes sizes_of(const ColumnLayout& column) {
  const auto size = static_cast<std::size_t>(column.size);
  BufferSizes sizes{};
  if (column.nulls != 0) sizes.validity = bitmap_bytes(column.size);
  if (column.type.has_offsets() && size != 0) sizes.offsets = (size + 1) * sizeof(std::int32_t);
  if (column.type.id() == TypeId::boolean) {
    sizes.values = bitmap_bytes(column.size);
  } else {
    sizes.values = column.type.value_bytes() * size + static_cast<std::size_t>(column.text_bytes);
  }
  return sizes;
}

std::size_t bytes_of(const ColumnLayout& column, std::size_t alignment) {
  const auto [validity, offsets, values] = sizes_of(column);
  std::size_t bytes = 0;
  for (const std::size_t size : {validity, offsets, values})
    bytes = saturated_sum(bytes, (size + alignment - 1) / alignment * alignment);
  for (const ColumnLayout& child : column.children) bytes = saturated_sum(bytes, bytes_of(child, alignment));
  return bytes;
}

Column unfilled(const ColumnLayout& layout, Slab& slab) {
  const BufferSizes sizes = sizes_of(layout);
  ColumnParts parts{.type = layout.type, .size = layout.size};
  parts.validity = slab.piece(sizes.validity).buffer;
  parts.offsets = slab.piece(sizes.offsets).buffer;
  parts.values = slab.piece(sizes.values).buffer;
  for (const ColumnLayout& child : layout.children) parts.children.push_back(unfilled(child, slab));
  return Column::unchecked(std::move(parts), layout.type.id() == TypeId::null ? layout.size : layout.nulls);
}

}  // namespace

std::size_t RowsLayout::bytes(std::size_t alignment) const {
  std::size_t bytes = 0;
  for (const ColumnLayout& column : columns) bytes = saturated_sum(bytes, bytes_of(column, alignment));
  return bytes;
}

Rows RowsLayout::make() const {
  Slab slab(bytes(slab_alignment));
  std::vector<Column> made;
  made.reserve(columns.size());
  for (const ColumnLayout& column : columns) made.push_back(unfilled(column, slab));
  return {schema, std::move(made), size};
}

}  // namespace ramal::detail
