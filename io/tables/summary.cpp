// SPDX-License-Identifier: BSD-3-Clause
// What is in a table at a glance: statistics of its columns, and what its partitions range over.
#include "io/tables/quantiles.hpp"
#include "io/tables/sql.hpp"
#include "io/tables/sql_text.hpp"
#include "io/tables/state.hpp"

#include <array>
#include <cstdio>

namespace ramal {

namespace detail {

namespace {

bool has_statistics(const ColumnType& type) {
  return type.id() >= TypeId::int8 && type.id() <= TypeId::decimal;
}

/// The engine refuses the deviation of infinities and NaN.
std::string deviation(const Field& field) {
  const std::string name = sql_name(field.name);
  if (field.type.id() != TypeId::float32 && field.type.id() != TypeId::float64) return "stddev(" + name + ")";
  return "CASE WHEN count(*) FILTER (WHERE NOT isfinite(" + name + ")) > 0 THEN 'nan'::DOUBLE ELSE stddev(" +
         name + ") FILTER (WHERE isfinite(" + name + ")) END";
}

/// One row a column of the table: its name, and what is known without its quantiles.
Table statistics(const Table& numbers, std::source_location where) {
  std::vector<NamedExpression> made;
  std::string names, lists[5];
  for (const Field& field : numbers.schema()) {
    const std::string name = sql_name(field.name), number = std::to_string(made.size());
    const std::array all{"count(" + name + ")", "avg(" + name + ")", deviation(field),
                         "CAST(min(" + name + ") AS DOUBLE)", "CAST(max(" + name + ") AS DOUBLE)"};
    names += (names.empty() ? "" : ", ") + sql_literal(field.name);
    for (std::size_t k = 0; k < all.size(); ++k) {
      made.push_back({std::to_string(k) + " of " + number, all[k]});
      lists[k] += (lists[k].empty() ? "" : ", ") + sql_name(made.back().name);
    }
  }
  UserQuery query{"SELECT unnest([" + names + "]) AS \"column\""};
  constexpr std::array called{"count", "mean", "std", "min", "max"};
  for (std::size_t k = 0; k < called.size(); ++k)
    query.add(", unnest([" + lists[k] + "]) AS \"" + called[k] + '"');
  return queried(numbers.agg(made, where), "describe", query.add_part(), false, where);
}

/// All but the last column, the quantiles, and the last.
Rows with_quantiles(const Rows& rows, const std::vector<DigitSelection>& selections, const Schema& schema) {
  const std::size_t quantiles = schema.size() - rows.schema().size();
  std::vector<Column> columns(rows.columns().begin(), rows.columns().end());
  for (std::size_t q = 0; q < quantiles; ++q) {
    std::vector<std::optional<double>> values;
    for (const DigitSelection& selection : selections) values.push_back(quantile_of(selection, q));
    columns.insert(columns.end() - 1, NamedColumn("", values).column);
  }
  return Rows(schema, std::move(columns));
}

Schema described_schema(const Schema& statistics, const std::vector<double>& quantiles,
                        std::source_location where) {
  std::vector<Field> fields(statistics.begin(), statistics.end());
  for (const double quantile : quantiles) {
    if (!(quantile >= 0 && quantile <= 1))
      refuse_table("describe", "expected quantiles from 0 to 1, found " + std::to_string(quantile), where);
    char name[32];
    std::snprintf(name, sizeof name, "%.12g%%", 100 * quantile);
    fields.insert(fields.end() - 1, {name, TypeId::float64});
  }
  try {
    return Schema(fields);
  } catch (const std::invalid_argument& error) {
    refuse_table("describe", error.what(), where);
  }
}

}  // namespace
}  // namespace detail

Table Table::describe(const std::vector<double>& quantiles, std::source_location where) const {
  std::vector<std::string> names;
  std::vector<std::pair<std::string, std::string>> as_double;
  for (const Field& field : schema()) {
    if (!detail::has_statistics(field.type)) continue;
    names.push_back(field.name);
    as_double.emplace_back(field.name, "DOUBLE");
  }
  if (names.empty())
    detail::refuse_table("describe", "there is no column of numbers in " + schema().text(), where);
  const Table numbers = select(names, where).evaluated(where);
  const Table statistics = detail::statistics(numbers, where);
  const auto selected = detail::selected_quantiles(numbers.astype(as_double, where).parts(where),
                                                   names.size(), quantiles, where);
  detail::TableState made{.schema = detail::described_schema(statistics.schema(), quantiles, where),
                          .name = "describe",
                          .where = where};
  made.rows = std::make_shared<const std::vector<std::int64_t>>(1, std::ssize(names));
  made.parts = map<detail::with_quantiles>({statistics.parts(where), where}, selected, made.schema)
                   .annotate({.name = "describe"}, where);
  return detail::made_table(std::move(made));
}

Table Table::partition_ranges(const std::string& key, std::source_location where) const {
  detail::expect_row_expression("partition_ranges", key, where);
  detail::UserQuery each{"SELECT count(*) AS \"rows\", min("};
  each.add_user(key).add(") AS \"min\", max(").add_user(key).add(") AS \"max\"").add_part();
  detail::UserQuery numbered{"SELECT row_number() OVER () - 1 AS \"partition\", *"};
  const Table ranges = detail::queried(*this, "partition_ranges", each, false, where).gather(where);
  return detail::queried(ranges, "partition_ranges", numbered.add_part(), true, where);
}

}  // namespace ramal
