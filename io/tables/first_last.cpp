// SPDX-License-Identifier: BSD-3-Clause
// The first and last rows, in the order that there is or in one that is asked for.
#include "io/tables/sql.hpp"
#include "io/tables/state.hpp"

namespace ramal {

namespace {

/// The query of each partition, of all that these give in one, and of that.
Table of_each_and_all(const Table& table, const char* call, const detail::UserQuery& query,
                      std::source_location where) {
  const Table of_each = detail::queried(table, call, query, false, where);
  return of_each.partitions() == 1 ? of_each
                                   : detail::queried(of_each.gather(where), call, query, false, where);
}

void expect_count(std::int64_t rows, const char* call, std::source_location where) {
  if (rows < 0)
    detail::refuse_table(call, "expected a number of rows from 0 on, found " + std::to_string(rows), where);
}

}  // namespace

Table Table::head(std::int64_t rows, std::source_location where) const {
  expect_count(rows, "head", where);
  detail::UserQuery query{"SELECT *"};
  query.is_limit = true;
  return of_each_and_all(*this, "head", query.add_part().add(" LIMIT " + std::to_string(rows)), where);
}

Table Table::tail(std::int64_t rows, std::source_location where) const {
  expect_count(rows, "tail", where);
  const std::string number = detail::sql_name(detail::free_name(schema(), "row"));
  detail::UserQuery query = detail::numbered_rows(schema(), number);
  query.add(") ORDER BY " + number + " DESC LIMIT " + std::to_string(rows));
  // The engine keeps the last rows without sorting all; they come back in their order.
  query.sql = "SELECT * FROM (" + query.sql + ") ORDER BY row_number() OVER () DESC";
  query.from += std::string_view("SELECT * FROM (").size();
  return of_each_and_all(*this, "tail", query, where);
}

Table Table::top(std::int64_t rows, const std::string& order, std::source_location where) const {
  expect_count(rows, "top", where);
  detail::expect_row_expression("top", order, where);
  const std::string number = detail::sql_name(detail::free_name(schema(), "row"));
  detail::UserQuery query = detail::numbered_rows(schema(), number);
  query.add(") AS part ORDER BY ").add_user_words(order);
  query.add(", " + number + " LIMIT " + std::to_string(rows));
  return of_each_and_all(*this, "top", query, where);
}

}  // namespace ramal
