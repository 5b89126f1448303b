// SPDX-License-Identifier: BSD-3-Clause
// What has to be known of Rows to make room for them: types, sizes and which buffers there are.
#pragma once

#include <ramal/rows.hpp>

#include "graph/tables/refusals.hpp"

namespace ramal::detail {

struct ColumnLayout {
  ColumnType type;
  std::int64_t size = 0;
  std::int64_t nulls = 0;       // 0: there is no validity
  std::int64_t text_bytes = 0;  // of text and blob
  std::vector<ColumnLayout> children = {};
};
struct RowsLayout {
  Schema schema;
  std::int64_t size = 0;
  std::vector<ColumnLayout> columns = {};

  /// Of all buffers, each padded to a multiple of `alignment`. Numbers that cannot be do not overflow: then
  /// it is the largest size_t.
  std::size_t bytes(std::size_t alignment) const;
  /// Rows of that layout, whose buffers lie one behind the other in one slab and are to be filled.
  Rows make() const;
};

/// The head of the form, see codec.cpp.
void write_layout(Writer& writer, const Rows& rows);
/// Throws DecodeError for what cannot be.
RowsLayout read_layout(Reader& reader);

/// Calls visit(buffer) for the buffers of a column and its children that are not empty, in the order of the
/// form.
template <class Visit>
void each_buffer(const Column& column, const Visit& visit) {
  if (!column.validity().empty()) visit(column.validity());
  if (!column.offsets_buffer().empty() && !column.empty()) visit(column.offsets_buffer());
  if (!column.values().empty()) visit(column.values());
  for (const Column& child : column.children()) each_buffer(child, visit);
}

}  // namespace ramal::detail
