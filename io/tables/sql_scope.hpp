// SPDX-License-Identifier: BSD-3-Clause
// What a FROM and a WHERE make: one table, and how the names of a query are spelt in it.
#pragma once

#include "io/tables/sql_clauses.hpp"
#include "io/tables/state.hpp"

#include <map>

namespace ramal::detail {

/// Tables by their names in lower case.
using TablesByName = std::map<std::string, Table, std::less<>>;

/// Refuses what needs all rows at once, with what helps.
[[noreturn]] void refuse_sql(const std::string& what, std::source_location where);
/// What a query gives of these tables. Throws as `sql`.
Table planned_query(const std::string& text, const TablesByName& tables, std::source_location where);

/// The columns of a table that stands in a FROM, and their names in what it is joined to.
struct ScopeColumns {
  std::string alias;
  std::vector<std::pair<std::string, std::string>> names = {};
};
/// A column that several have is called `alias.column`; the others, and those that USING makes one, keep
/// their names. So only names with an alias are spelt anew.
struct SqlScope {
  std::vector<ScopeColumns> sources = {};
  std::optional<Table> table = {};

  std::string spelt(std::string_view text) const;
};

/// The rows that fulfil the condition, of the tables joined. `query` is all of the text, to see which columns
/// may be needed.
SqlScope joined_scope(const std::string& query, const SqlSelect& select, const TablesByName& tables,
                      std::source_location where);

/// The table with `query` made of each partition.
inline Table sql_stage(const Table& table, const std::string& before, const std::string& behind,
                       std::source_location where) {
  UserQuery query{before};
  return queried(table, "sql", query.add_part().add(behind), false, where);
}

}  // namespace ramal::detail
