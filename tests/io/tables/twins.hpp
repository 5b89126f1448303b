// SPDX-License-Identifier: BSD-3-Clause
// Random calls of tables, and the same in SQL.
#pragma once

#include "tests/io/tables/tables.hpp"

namespace ramal::test {

/// A table and the query that says what it is, of a table `whole`.
struct Twin {
  Table table;
  std::string query;
  bool is_unordered = false;  ///< the table has the query's rows in another order
};

inline Twin by_row(Random& random, Twin twin, const std::string& what) {
  const Schema& schema = twin.table.schema();
  const Field field = any_of(random, std::vector(schema.begin(), schema.end()));
  const std::string name = in_quotes(field.name), from = " FROM (" + twin.query + ")";
  switch (random.between(0, 6)) {
    case 0: {
      const std::string condition = some_condition(random, field);
      return {twin.table.filter(condition), "SELECT *" + from + " WHERE (" + condition + ")"};
    }
    case 1: {
      const std::string expression = some_expression(random, field);
      return {twin.table.with_column("made " + what, expression),
              "SELECT *, " + expression + " AS \"made " + what + '"' + from};
    }
    case 2: {
      const auto names = some_names(random, schema);
      return {twin.table.select(names), "SELECT " + listed(names) + from};
    }
    case 3:
      return {twin.table.dropna({field.name}), "SELECT *" + from + " WHERE " + name + " IS NOT NULL"};
    case 4:
      return {twin.table.rename({{field.name, "renamed " + what}}),
              "SELECT * RENAME (" + name + " AS \"renamed " + what + "\")" + from};
    case 5: {
      const std::string value = some_value(random, field.type);
      return {twin.table.fillna({field.name}, value), "SELECT * REPLACE (coalesce(" + name + ", CAST(" +
                                                          value + " AS " + field.type.text() + ")) AS " +
                                                          name + ")" + from};
    }
    default:
      return {twin.table.astype({{field.name, "VARCHAR"}}),
              "SELECT * REPLACE (CAST(" + name + " AS VARCHAR) AS " + name + ")" + from};
  }
}

inline Twin over_all(Random& random, const Twin& twin) {
  const Schema& schema = twin.table.schema();
  const std::string from = " FROM (" + twin.query + ")", rows = std::to_string(random.between(0, 12));
  switch (random.between(0, 6)) {
    case 0:
      return {twin.table.head(std::stol(rows)), "SELECT *" + from + " LIMIT " + rows};
    case 1:
      return {twin.table.tail(std::stol(rows)),
              "SELECT * EXCLUDE (n, total) FROM (SELECT *, row_number() OVER () AS n, count(*) "
              "OVER () AS total" +
                  from + ") WHERE n > total - " + rows};
    case 2: {
      const Field field = any_of(random, std::vector(schema.begin(), schema.end()));
      const std::string order = in_quotes(field.name) + (random.one_in(2) ? " DESC" : " ASC NULLS FIRST");
      return {twin.table.top(std::stol(rows), order),
              "SELECT * EXCLUDE (n) FROM (SELECT *, row_number() OVER () AS n" + from + ") ORDER BY " +
                  order + ", n LIMIT " + rows};
    }
    case 3: {
      const auto keys = some_names(random, schema);
      return {twin.table.distinct(keys), "SELECT " + listed(keys) + from + grouped(keys)};
    }
    case 4: {
      const auto made = some_aggregates(random, schema);
      return {twin.table.agg(made), "SELECT " + listed(made) + from};
    }
    default: {
      const auto keys = some_names(random, schema);
      const auto made = some_aggregates(random, schema);
      return {twin.table.groupby(keys).agg(made),
              "SELECT " + listed(keys) + ", " + listed(made) + from + grouped(keys)};
    }
  }
}

}  // namespace ramal::test
