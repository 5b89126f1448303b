// SPDX-License-Identifier: BSD-3-Clause
// What arrays must know of tables.
#include <ramal/table_array.hpp>

#include "io/tables/cut.hpp"

namespace ramal::detail {

namespace {

std::vector<std::int64_t> count_of(const Rows& part) { return {part.size()}; }
std::vector<std::int64_t> joined(const Inputs<std::vector<std::int64_t>>& counts) {
  std::vector<std::int64_t> all;
  for (const auto& some : counts) all.insert(all.end(), some.begin(), some.end());
  return all;
}

bool is_number(const ColumnType& type) {
  const TypeId id = type.id();
  return id != TypeId::text && id != TypeId::blob && id != TypeId::interval && id != TypeId::list &&
         id != TypeId::structure;
}

}  // namespace

Delayed<std::vector<std::int64_t>> row_counts(const Table& table, std::source_location where) {
  const auto counts = map<count_of>({table.parts(where), where});
  return coarsen<joined>(counts, table.partitions(), where)[0];
}

Table with_counted_rows(const Table& table, std::vector<std::int64_t> rows) {
  TableState state = table.state();
  state.rows = std::make_shared<const std::vector<std::int64_t>>(std::move(rows));
  return made_table(std::move(state));
}

const std::vector<std::int64_t>& known_rows(const Table& table, const char* call,
                                            std::source_location where) {
  if (!table.state().rows)
    refuse_table(call,
                 "how many rows each partition has is not known after " + table.state().uncounted_since +
                     "; ramal::resolve(session, table) counts them",
                 where);
  return *table.state().rows;
}

Table number_columns(const Table& table, const std::vector<std::string>& columns, const char* call,
                     std::source_location where) {
  if (columns.empty()) refuse_table(call, "expected at least one column", where);
  for (const std::string& name : columns) {
    const Field& field = table.schema()[position_of(table.schema(), name, call, where)];
    if (!is_number(field.type))
      refuse_table(call,
                   "column " + quoted_name(field.name) + " is " + field.type.text() +
                       ", which is no number: leave it out, or make a number of it by with_column",
                   where);
  }
  return table.select(columns, where);
}

Table table_of_blocks(const Family<Rows>& parts, const Schema& schema, const Axis& rows,
                      std::source_location where) {
  return with_counted_rows(from_parts(parts, schema, where), lengths_of(rows));
}

}  // namespace ramal::detail
