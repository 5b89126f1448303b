// SPDX-License-Identifier: BSD-3-Clause
// Aggregates of stretches of time, also of those that have no rows.
#include "io/tables/engine.hpp"
#include "io/tables/sql.hpp"
#include "io/tables/window.hpp"

#include <array>

namespace ramal {

namespace detail {

namespace {

/// Puts in the stretches that are missing, for which `none` has a row. `count` tells how many there will be.
Rows fill_stretches(const Rows& grouped, const Rows& none, const std::string& count,
                    const std::string& query) {
  const std::array tables{NamedRows{"part", grouped}, NamedRows{"none", none}};
  constexpr double most = 1e8;
  const Rows counted = duckdb_engine().run(count, {tables.data(), 1});
  if (counted.column<double>("n").get(0).value_or(0) > most)
    throw std::invalid_argument("ramal: resample: expected at most 10^8 stretches of time, found from " +
                                std::string(counted.column<std::string_view>("lo")[0]) + " to " +
                                std::string(counted.column<std::string_view>("hi")[0]));
  return duckdb_engine().run(query, tables);
}

}  // namespace
}  // namespace detail

Table Table::resample(const std::string& on, const std::string& interval,
                      const std::vector<NamedExpression>& aggregates, std::source_location where) const {
  detail::expect_window_aggregates("resample", aggregates, where);
  const std::string time = detail::found_names(schema(), {on}, "resample", where)[0];
  std::vector<Field> fields{{time, {}}};
  for (const NamedExpression& one : aggregates) fields.push_back({one.name, {}});
  try {
    const Schema checked(fields);  // two of one name
  } catch (const std::invalid_argument& error) {
    detail::refuse_table("resample", error.what(), where);
  }
  detail::UserQuery stretch{"SELECT time_bucket("};
  stretch.add_user(interval).add(", " + detail::sql_name(time) + ") AS stretch").add_part();
  const std::string type = detail::described("resample", stretch, schema(), where)[0].type.text();
  const std::string name = detail::free_name(detail::with_fields(schema(), Schema(fields)), "stretch");
  const Table known = detail::with_columns(
      *this, "resample", {{name, "time_bucket((" + interval + "\n), " + detail::sql_name(time) + ")"}},
      where);
  const std::string column = detail::sql_name(name), step = "(" + interval + "\n)";
  const Table grouped =
      known.filter(column + " IS NOT NULL", where).groupby({name}, {}, where).agg(aggregates, where);
  // What the aggregates are of no rows.
  std::string list, columns = "all_stretches." + column + " AS " + detail::sql_name(time);
  for (const NamedExpression& one : aggregates) {
    const std::string made = detail::sql_name(one.name);
    list += (list.empty() ? "(" : ", (") + one.expression + "\n) AS " + made;
    columns += ", CASE WHEN part." + column + " IS NULL THEN none." + made + " ELSE part." + made +
               " END AS " + made;
  }
  const detail::NamedRows no_rows{"part", Rows::none(known.schema())};
  const Rows none = detail::duckdb_engine().run("SELECT " + list + " FROM part", {&no_rows, 1});
  const std::string ends = "(SELECT min(" + column + ") AS lo, max(" + column + ") AS hi FROM part) AS ends";
  const std::string count =
      "SELECT CASE WHEN NOT (isfinite(lo) AND isfinite(hi)) THEN 'inf'::DOUBLE ELSE (epoch(hi) - "
      "epoch(lo))::DOUBLE "
      "/ epoch(" +
      step + ") END AS n, CAST(lo AS VARCHAR) AS lo, CAST(hi AS VARCHAR) AS hi FROM " + ends;
  const std::string query =
      "SELECT " + columns + " FROM (SELECT DISTINCT CAST(unnest(generate_series(lo, hi, " + step + ")) AS " +
      type + ") AS " + column + " FROM " + ends + ") AS all_stretches LEFT JOIN part USING (" + column +
      "), none ORDER BY all_stretches." + column;
  const std::array tables{detail::NamedSchema{"part", grouped.schema()},
                          detail::NamedSchema{"none", none.schema()}};
  detail::TableState made{.schema = detail::duckdb_engine().describe(query, tables).schema,
                          .name = "resample",
                          .uncounted_since = "resample",
                          .where = where};
  made.parts = map<detail::fill_stretches>({grouped.parts(where), where}, none, count, query)
                   .annotate({.name = "resample"}, where);
  return detail::made_table(std::move(made));
}

}  // namespace ramal
