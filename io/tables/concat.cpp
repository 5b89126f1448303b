// SPDX-License-Identifier: BSD-3-Clause
// Tables one behind the other.
#include "io/tables/cut.hpp"
#include "io/tables/sql.hpp"

namespace ramal {

namespace detail {

namespace {

/// With the columns of the first table, in its order.
Table with_columns_of(const Table& first, const Table& table, std::size_t number,
                      std::source_location where) {
  if (table.schema() == first.schema()) return table;
  const auto refuse = [&](const std::string& problem) { refuse_table("concat", problem, where); };
  const std::string of_it = "table " + std::to_string(number);
  std::string list;
  for (const Field& field : first.schema()) {
    const auto found = table.schema().find(field.name);
    if (!found) refuse(of_it + " has no column " + quoted_name(field.name) + ", which table 0 has");
    const Field& own = table.schema()[*found];
    if (own.type != field.type)
      refuse("column " + quoted_name(field.name) + " is " + field.type.text() + " in table 0 and " +
             own.type.text() + " in " + of_it + "; see astype");
    list += (list.empty() ? "" : ", ") + sql_name(own.name) + " AS " + sql_name(field.name);
  }
  for (const Field& field : table.schema())
    if (!first.schema().find(field.name))
      refuse(of_it + " has a column " + quoted_name(field.name) + ", which table 0 has not; see drop");
  UserQuery query{"SELECT " + list};
  return queried(table, "concat", query.add_part(), true, where);
}

/// In groups of as many as one family can be made of, whose results are as many fewer.
Table one_behind_the_other(std::span<const Table> tables, std::source_location where) {
  constexpr std::size_t most = 60;
  if (tables.size() == 1) return tables.front();
  if (tables.size() > most) {
    std::vector<Table> groups;
    for (std::size_t at = 0; at < tables.size(); at += most)
      groups.push_back(one_behind_the_other(tables.subspan(at, std::min(most, tables.size() - at)), where));
    return one_behind_the_other(groups, where);
  }
  TableState made{.schema = tables.front().schema(), .partitions = 0, .name = "concat", .where = where};
  std::vector<std::int64_t> rows;
  for (const Table& table : tables) {
    made.partitions += table.partitions();
    made.partition_bytes = std::max(made.partition_bytes, table.state().partition_bytes);
    if (table.state().rows) {
      rows.insert(rows.end(), table.state().rows->begin(), table.state().rows->end());
    } else if (made.uncounted_since.empty()) {
      made.uncounted_since = table.state().uncounted_since;
    }
  }
  if (made.uncounted_since.empty())
    made.rows = std::make_shared<const std::vector<std::int64_t>>(std::move(rows));
  made.parts =
      joined_parts(tables, Axis::regular(made.partitions, 1), where).annotate({.name = "concat"}, where);
  return made_table(std::move(made));
}

}  // namespace
}  // namespace detail

Table concat(const std::vector<Table>& tables, std::source_location where) {
  if (tables.empty()) detail::refuse_table("concat", "expected at least one table", where);
  std::vector<Table> alike;
  for (const Table& table : tables)
    alike.push_back(detail::with_columns_of(tables.front(), table, alike.size(), where));
  return detail::one_behind_the_other(alike, where);
}

}  // namespace ramal
