// SPDX-License-Identifier: BSD-3-Clause
// sql: one query of several tables.
//
//   const auto by_carrier = ramal::sql(
//       "SELECT name, count(*) AS n, avg(delay) AS mean FROM flights JOIN carriers USING (carrier) "
//       "WHERE delay > 0 GROUP BY name ORDER BY n DESC LIMIT 10",
//       {{"flights", flights}, {"carriers", carriers}});
//   std::cout << session.compute(by_carrier);
#pragma once

#include <ramal/table.hpp>

namespace ramal {

/// A table by the name that SQL text has for it.
struct NamedTable {
  std::string name;
  Table table;
};

/// What the query, as DuckDB has it, gives of all rows of the tables. It is checked as a whole at the call,
/// so that names and types are known before anything runs.
///
/// Where all tables that it names are of one partition each, the engine is given the text as it is, in one
/// task. Else these clauses are planned as calls of Table:
///
///   FROM, JOIN      tables by their names, queries in parentheses, commas, CROSS JOIN; INNER, LEFT, RIGHT,
///                   FULL, SEMI and ANTI JOIN by USING, or by ON with an equality of both sides: Table::join.
///                   Without equality one side is to be of one partition
///   WHERE           before the joins where it is about one table
///   GROUP BY        expressions, numbers and names of columns, ALL; HAVING: Grouped::agg
///   ORDER BY        with LIMIT: Table::top
///   DISTINCT, LIMIT, OFFSET, UNION, UNION ALL, WITH
///
/// Rows come in no order unless it is asked for. A query in WITH that is named several times is computed
/// once.
///
/// Throws std::invalid_argument, naming the call's line: with a mark under the wrong word, if the engine
/// refuses the query; with the clause and what to do, if it must see all rows at once (windows, queries
/// within expressions, ROLLUP, …). `gather()` makes a table one partition.
Table sql(const std::string& query, const std::vector<NamedTable>& tables,
          std::source_location where = std::source_location::current());

}  // namespace ramal
