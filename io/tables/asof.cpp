// SPDX-License-Identifier: BSD-3-Clause
// As-of joins: each row with one of another table that comes before it, or behind it.
#include "io/tables/engine.hpp"
#include "io/tables/join.hpp"
#include "io/tables/neighbours.hpp"
#include "io/tables/order.hpp"
#include "io/tables/ranges.hpp"
#include "io/tables/window.hpp"

#include <ramal/rows_builder.hpp>

#include <array>
#include <limits>

namespace ramal {

namespace detail {

namespace {

/// Names in the order `by`, `on`; the columns of the other table that are kept; and the query of "l" and "r"
/// that tells the number of the other's row, or null.
struct AsOfCall {
  std::vector<std::string> left, right, kept;
  std::string query;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& left& right& kept& query;
  }
};

/// Of equal rows of the other table the engine could take any.
std::string as_of_query(std::size_t keys, AsOf direction) {
  const bool is_backward = direction == AsOf::backward;
  std::string by, on;
  for (std::size_t k = 0; k < keys; ++k) {
    by += "k" + std::to_string(k) + ", ";
    on += "l.k" + std::to_string(k) + " = r.k" + std::to_string(k) + " AND ";
  }
  return "SELECT r.n AS n FROM (SELECT *, row_number() OVER () AS n FROM l) AS l ASOF LEFT JOIN (SELECT " +
         by + "t, " + (is_backward ? "max" : "min") +
         "(n) AS n FROM (SELECT *, row_number() OVER () - 1 AS n FROM r) WHERE t IS NOT NULL GROUP BY " + by +
         "t) AS r ON " + on + "l.t " + (is_backward ? ">=" : "<=") + " r.t ORDER BY l.n";
}

/// The columns that are compared, under the names that the query has for them.
Rows compared(const Rows& rows, const std::vector<std::string>& names) {
  std::vector<Field> fields;
  std::vector<Column> columns;
  for (const std::string& name : names) {
    columns.push_back(rows.column(name));
    fields.push_back(
        {names.size() == columns.size() ? "t" : "k" + std::to_string(fields.size()), columns.back().type()});
  }
  return Rows(Schema(std::move(fields)), std::move(columns), rows.size());
}

Rows as_of_part(const Rows& left, const Rows& right, const AsOfCall& call) {
  const std::array tables{NamedRows{"l", compared(left, call.left)},
                          NamedRows{"r", compared(right, call.right)}};
  const Rows found = duckdb_engine().run(call.query, tables);
  std::vector<std::int64_t> rows;
  for (const auto row : found.column<std::int64_t>("n")) rows.push_back(row.value_or(right.size()));
  const Rows kept = right.select(call.kept);
  RowsBuilder with_null(kept.schema());
  for (std::size_t k = 0; k < kept.schema().size(); ++k) {
    with_null.column(k).append_column(kept.column(k), 0, kept.size());
    with_null.column(k).append_null();
  }
  return with_more_columns(left, with_null.finish().take(rows));
}

/// The same with the other table's nearest row of all pieces before this one, or behind it.
Rows as_of_piece(const Index&, const Rows& left, const Rows& piece, Inputs<EdgeRows> beside,
                 const AsOfCall& call) {
  if (beside.empty()) return as_of_part(left, piece, call);
  const bool is_before = beside[0].keep > 0;
  const std::array both{is_before ? beside[0].rows : piece, is_before ? piece : beside[0].rows};
  return as_of_part(left, Rows::concat(both), call);
}

[[noreturn]] void refuse_unsorted(const std::string& table, std::int64_t partition) {
  throw std::invalid_argument("ramal: asof_join: expected " + table + ", found a lesser value in partition " +
                              std::to_string(partition) + "; see sort_by");
}

/// The first and the last key of a partition, if it has rows.
Rows key_ends(const Index& place, const Rows& keys, const std::string& table) {
  const RowOrder order(keys.column(0), keys.column(0));
  for (std::int64_t row = 1; row < keys.size(); ++row)
    if (order(row - 1, row) > 0) refuse_unsorted(table, place[0]);
  std::vector<std::int64_t> rows;
  if (!keys.empty()) rows = {0, keys.size() - 1};
  return keys.take(rows).with({"partition", std::vector<std::int64_t>(rows.size(), place[0])});
}
Delayed<Rows> ends_of(const Family<Rows>& keys, const std::string& table, std::source_location where) {
  const auto ends = map<key_ends>({keys, where}, table);
  return coarsen<all_rows>(ends, keys.size(), where)[0];
}
void expect_sorted_ends(const Rows& ends, const std::string& table) {
  const RowOrder order(ends.column(0), ends.column(0));
  for (std::int64_t row = 2; row < ends.size(); row += 2)
    if (order(row - 1, row) > 0) refuse_unsorted(table, ends.column<std::int64_t>("partition")[row]);
}

/// Where the other table is to be cut: at the first key of each partition but the first; one without rows
/// begins where the next one does, and the last of these nowhere. Rows of the very key come before the cut,
/// forward behind it: so each partition's match is in its own piece or nearest to it in another.
Rows as_of_cuts(const Rows& left, const Rows& right, const std::string& left_table,
                const std::string& right_table, bool is_backward) {
  expect_sorted_ends(left, left_table);
  expect_sorted_ends(right, right_table);
  const auto partitions = left.column<std::int64_t>("partition");
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < left.size(); row += 2)
    while (std::ssize(rows) < partitions[row]) rows.push_back(row);
  const std::int64_t beyond = is_backward ? std::numeric_limits<std::int64_t>::max() : -1;
  const std::vector<std::int64_t> all(rows.size(), beyond);
  return left.select({"key"}).take(rows).with({"partition", all}).with({"row", all});
}

Table as_of_sorted(const Table& left, const Table& right, const AsOfCall& call, AsOf direction,
                   const Schema& kept, std::source_location where) {
  const auto keyed = [&](const Table& table, const std::string& on) {
    return with_sort_keys(table, {SqlOrder{sql_name(on)}}, "asof_join", where);
  };
  const KeyedTable of_left = keyed(left, call.left.back()), of_right = keyed(right, call.right.back());
  const std::string left_table = "this table sorted by " + call.left.back(),
                    right_table = "the other table sorted by " + call.right.back();
  const bool is_backward = direction == AsOf::backward;
  const auto cuts =
      delayed<as_of_cuts>(ends_of(of_left.keys, left_table, where),
                          ends_of(of_right.keys, right_table, where), left_table, right_table, is_backward);
  const Family<Rows> parts = of_left.table.parts(where);
  const Family<Rows> pieces = cut_into_ranges(of_right, cuts, parts.size(), where).parts(where);
  const NeighbourDependence depends{2, is_backward ? -1 : 1, parts.size()};
  const auto edges = edges_of(pieces, is_backward ? 1 : -1, where);
  return widened(of_left.table,
                 family<as_of_piece>({parts.extent(), where}, depends, parts, pieces, edges, call), kept,
                 "asof_join", where);
}

}  // namespace
}  // namespace detail

Table Table::asof_join(const Table& other, const std::string& on, const std::vector<std::string>& by,
                       AsOf direction, std::source_location where) const {
  std::vector<std::string> names = by;
  names.push_back(on);
  detail::AsOfCall call;
  call.left = detail::found_names(schema(), names, "asof_join", where);
  call.right = detail::found_names(other.schema(), names, "asof_join", where);
  call.query = detail::as_of_query(by.size(), direction);
  detail::expect_joinable("asof_join", schema(), other.schema(), call.left, true, where);
  const ColumnType type = schema()[*schema().find(on)].type,
                   same = other.schema()[*other.schema().find(on)].type;
  if (type != same)
    detail::refuse_table("asof_join",
                         "column " + quoted_name(on) + " is " + type.text() + " in one table and " +
                             same.text() + " in the other; see astype",
                         where);
  std::vector<Field> fields;
  for (const Field& field : other.schema()) {
    if (detail::is_among(call.right, other.schema(), field)) continue;
    fields.push_back(field);
    call.kept.push_back(field.name);
  }
  const Schema kept(fields);
  if (kept.empty()) detail::refuse_table("asof_join", "the other table has no columns but its keys", where);
  if (other.partitions() > 1 && by.empty())
    return detail::as_of_sorted(*this, other, call, direction, kept, where);
  if (other.partitions() == 1) {
    const Table made = evaluated(where);
    return detail::widened(made,
                           map<detail::as_of_part>({made.parts(where), where}, other.parts(where)[0], call),
                           kept, "asof_join", where);
  }
  const std::int64_t partitions = std::max(this->partitions(), other.partitions());
  const auto keys = [&](const std::vector<std::string>& all) {
    return std::vector<std::string>(all.begin(), all.end() - 1);
  };
  const Table left = detail::shuffled(*this, keys(call.left), where, partitions);
  const Table right = detail::shuffled(other, keys(call.right), where, partitions);
  return detail::widened(left, map<detail::as_of_part>({left.parts(where), where}, right.parts(where), call),
                         kept, "asof_join", where);
}

}  // namespace ramal
