// SPDX-License-Identifier: BSD-3-Clause
// What works on a table row by row: each call wraps the query of a partition in one more.
#include "io/tables/scan_groups.hpp"
#include "io/tables/sql.hpp"
#include "io/tables/state.hpp"

#include <algorithm>
#include <numeric>

namespace ramal {

using detail::described;
using detail::refuse_table;
using detail::sql_name;
using detail::sql_names;
using detail::TableState;
using detail::UserQuery;

namespace detail {

Table made_table(TableState state) { return Table(std::make_shared<const TableState>(std::move(state))); }

std::uint64_t bytes_a_row(const Schema& schema) {
  std::uint64_t bytes = 0;
  for (const Field& field : schema) bytes += field.type.value_bytes() > 0 ? field.type.value_bytes() : 16;
  return bytes;
}

Table in_one_piece(const Table& table, const std::vector<std::string>& columns, std::source_location where) {
  return table.state().has_joined_files ? table.select(columns, where).evaluated(where) : table;
}

TableState wrapped(const Table& table, const UserQuery& query, Schema schema, const char* call,
                   std::source_location where) {
  const bool needs_order = !query.is_by_row && !query.is_limit;
  TableState next =
      needs_order ? in_one_piece(table, columns_read(query, table.schema()), where).state() : table.state();
  next.schema = std::move(schema);
  next.query = query.of(next.query);
  next.unordered = query.is_by_row ? query.of(next.unordered) : next.query;
  next.groups = nullptr;
  next.name = call;
  next.where = where;
  return next;
}

Table queried(const Table& table, const char* call, const UserQuery& query, bool is_row_for_row,
              std::source_location where) {
  TableState next = wrapped(table, query, described(call, query, table.schema(), where), call, where);
  if (!is_row_for_row && next.rows) next.uncounted_since = call;
  if (!is_row_for_row) next.rows = nullptr;
  return made_table(std::move(next));
}

std::vector<std::string> found_names(const Schema& schema, const std::vector<std::string>& names,
                                     const char* call, std::source_location where) {
  std::vector<std::string> found;
  for (const std::string& name : names) {
    found.push_back(schema[position_of(schema, name, call, where)].name);
    if (std::ranges::count(found, found.back()) > 1)
      refuse_table(call, "column " + quoted_name(found.back()) + " is named twice", where);
  }
  return found;
}

}  // namespace detail

const Schema& Table::schema() const { return state_->schema; }
std::vector<std::string> Table::columns() const {
  std::vector<std::string> names;
  for (const Field& field : schema()) names.push_back(field.name);
  return names;
}
std::int64_t Table::partitions() const { return state_->partitions; }

std::uint64_t Table::bytes() const {
  std::uint64_t rows = 0;
  if (!state_->rows) return 0;
  for (const std::int64_t some : *state_->rows) rows += static_cast<std::uint64_t>(some);
  return detail::bytes_a_row(schema()) * rows;
}
std::string Table::text() const {
  std::string text = "a table";
  if (state_->rows)
    text += " of " +
            std::to_string(std::accumulate(state_->rows->begin(), state_->rows->end(), std::int64_t{0})) +
            " rows";
  return text + " in " + std::to_string(partitions()) +
         (partitions() == 1 ? " partition: " : " partitions: ") + schema().text();
}

Table Table::select(const std::vector<std::string>& columns, std::source_location where) const {
  if (columns.empty()) refuse_table("select", "expected at least one column", where);
  const auto names = detail::found_names(schema(), columns, "select", where);
  UserQuery query{"SELECT " + sql_names(names)};
  const Table made = detail::queried(*this, "select", query.add_part().by_row(), true, where);
  TableState state = made.state();
  state.groups = state_->groups;
  return detail::made_table(std::move(state));
}

Table Table::drop(const std::vector<std::string>& columns, std::source_location where) const {
  const auto gone = detail::found_names(schema(), columns, "drop", where);
  std::vector<std::string> kept = this->columns();
  std::erase_if(kept, [&](const std::string& name) { return std::ranges::find(gone, name) != gone.end(); });
  if (kept.empty()) refuse_table("drop", "no column would be left", where);
  return select(kept, where);
}

Table Table::rename(const std::vector<std::pair<std::string, std::string>>& names,
                    std::source_location where) const {
  std::vector<Field> fields(schema().begin(), schema().end());
  for (const auto& [from, to] : names) fields[detail::position_of(schema(), from, "rename", where)].name = to;
  try {
    const Schema checked(fields);  // two of one name
  } catch (const std::invalid_argument& error) {
    refuse_table("rename", error.what(), where);
  }
  std::string list;
  for (std::size_t i = 0; i < fields.size(); ++i)
    list += (i > 0 ? ", " : "") + sql_name(schema()[i].name) + " AS " + sql_name(fields[i].name);
  UserQuery query{"SELECT " + list};
  return detail::queried(*this, "rename", query.add_part().by_row(), true, where);
}

Table Table::with_column(const std::string& name, const std::string& expression,
                         std::source_location where) const {
  return detail::with_columns(*this, "with_column", {{name, expression}}, where);
}

Table detail::with_columns(const Table& table, const char* call, const std::vector<NamedExpression>& made,
                           std::source_location where) {
  UserQuery query{"SELECT "};
  std::vector<bool> is_used(made.size());
  const auto add = [&](const std::string& name, std::size_t k) {
    query.add_user(made[k].expression).add(" AS " + sql_name(name));
    is_used[k] = true;
  };
  const char* comma = "";
  for (const Field& field : table.schema()) {
    query.add(std::exchange(comma, ", "));
    const auto k = std::ranges::find_if(
        made, [&](const auto& one) { return Schema({field}).find(one.name).has_value(); });
    if (k == made.end()) {
      query.add(sql_name(field.name));
    } else {
      add(field.name, static_cast<std::size_t>(k - made.begin()));
    }
  }
  for (std::size_t k = 0; k < made.size(); ++k) {
    if (is_used[k]) continue;
    query.add(std::exchange(comma, ", "));
    add(made[k].name, k);
  }
  for (const NamedExpression& one : made) expect_row_expression(call, one.expression, where);
  return queried(table, call, query.add_part().by_row(), true, where);
}

Table Table::filter(const std::string& condition, std::source_location where) const {
  detail::expect_row_expression("filter", condition, where);
  UserQuery query{"SELECT *"};
  query.add_part().add(" WHERE ").add_user(condition).by_row();
  return detail::pruned(detail::queried(*this, "filter", query, false, where), *this, condition);
}

Table Table::fillna(const std::vector<std::string>& columns, const std::string& expression,
                    std::source_location where) const {
  std::vector<NamedExpression> made;
  for (const std::string& name : detail::found_names(schema(), columns, "fillna", where)) {
    const std::string type = schema()[*schema().find(name)].type.text();
    made.push_back({name, "coalesce(" + sql_name(name) + ", CAST((" + expression + "\n) AS " + type + "))"});
  }
  return detail::with_columns(*this, "fillna", made, where);
}

Table Table::dropna(const std::vector<std::string>& columns, std::source_location where) const {
  std::string condition;
  for (const std::string& name :
       detail::found_names(schema(), columns.empty() ? this->columns() : columns, "dropna", where))
    condition += (condition.empty() ? "" : " AND ") + sql_name(name) + " IS NOT NULL";
  UserQuery query{"SELECT *"};
  query.add_part().add(" WHERE " + condition).by_row();
  return detail::pruned(detail::queried(*this, "dropna", query, false, where), *this, condition);
}

Table Table::astype(const std::vector<std::pair<std::string, std::string>>& types,
                    std::source_location where) const {
  std::vector<NamedExpression> made;
  for (const auto& [name, type] : types) {
    const std::string found = schema()[detail::position_of(schema(), name, "astype", where)].name;
    made.push_back({found, "CAST(" + sql_name(found) + " AS " + type + ")"});
  }
  return detail::with_columns(*this, "astype", made, where);
}

}  // namespace ramal
