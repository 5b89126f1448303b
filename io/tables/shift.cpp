// SPDX-License-Identifier: BSD-3-Clause
// What stood some rows before, or comes some rows behind.
#include "io/tables/neighbours.hpp"
#include "io/tables/sql.hpp"
#include "io/tables/window.hpp"

#include <ramal/rows_builder.hpp>

#include <algorithm>

namespace ramal {

namespace detail {

namespace {

/// The partition with columns that are moved by n rows. What is moved in comes of the neighbours, which are
/// as many rows as there are up to n, and beyond these nulls.
Rows shift_part(const Index&, const Rows& part, const Rows& moved, Inputs<EdgeRows> beside,
                std::int64_t rows) {
  const std::int64_t size = part.size(), by = std::abs(rows);
  const Rows neighbours = beside.empty() ? Rows::none(moved.schema()) : beside[0].rows;
  const std::int64_t there = neighbours.size(), own = std::max<std::int64_t>(0, size - by);
  RowsBuilder builder(moved.schema());
  for (std::size_t k = 0; k < moved.schema().size(); ++k) {
    ColumnBuilder& column = builder.column(k);
    if (rows > 0) {
      const std::int64_t nulls = std::min(size, by - there);
      column.append_nulls(nulls);
      column.append_column(neighbours.column(k), 0, std::min(there, size - nulls));
      column.append_column(moved.column(k), 0, own);
    } else {
      column.append_column(moved.column(k), size - own, own);
      const std::int64_t first = std::min(there, std::max<std::int64_t>(0, by - size));
      column.append_column(neighbours.column(k), first, std::min(there - first, size - own));
      column.append_nulls(size - column.size());
    }
  }
  return with_more_columns(part, builder.finish());
}

}  // namespace
}  // namespace detail

Table Table::shift(const std::vector<NamedExpression>& columns, std::int64_t rows,
                   std::source_location where) const {
  if (columns.empty()) detail::refuse_table("shift", "expected at least one column", where);
  if (rows == 0) return detail::with_columns(*this, "shift", columns, where);
  constexpr std::int64_t most = std::int64_t{1} << 62;
  rows = std::clamp(rows, -most, most);
  const Table base = evaluated(where);
  detail::UserQuery query{"SELECT "};
  for (const NamedExpression& one : columns) {
    detail::expect_row_expression("shift", one.expression, where);
    query.add(query.sql.size() > 7 ? ", " : "").add_user(one.expression);
    query.add(" AS " + detail::sql_name(one.name));
  }
  const Table moved = detail::queried(base, "shift", query.add_part(), true, where);
  const Family<Rows> parts = base.parts(where), of_each = moved.parts(where);
  const auto edges = detail::edges_of(of_each, rows, where);
  const detail::NeighbourDependence depends{2, rows > 0 ? -1 : 1, parts.size()};
  return detail::widened(
      base, family<detail::shift_part>({parts.extent(), where}, depends, parts, of_each, edges, rows),
      moved.schema(), "shift", where);
}

}  // namespace ramal
