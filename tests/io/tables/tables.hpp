// SPDX-License-Identifier: BSD-3-Clause
// Random tables, and random texts of SQL about their columns.
#pragma once

#include "io/tables/engine.hpp"
#include "tests/runtime/arrays/plain.hpp"

#include <ramal/rows_builder.hpp>
#include <ramal/table.hpp>

#include <cmath>
#include <limits>
#include <sstream>

namespace ramal::test {

template <class T>
T any_of(Random& random, const std::vector<T>& of) {
  return of[static_cast<std::size_t>(random.between(0, std::ssize(of) - 1))];
}

inline std::string in_quotes(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}
inline std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + in_quotes(name);
  return all;
}
inline std::string listed(const std::vector<NamedExpression>& made) {
  std::string all;
  for (const auto& [name, expression] : made)
    all += (all.empty() ? "" : ", ") + expression + " AS " + in_quotes(name);
  return all;
}
inline std::string grouped(const std::vector<std::string>& keys) {
  std::string order;
  for (const std::string& key : keys) order += (order.empty() ? "" : ", ") + in_quotes(key) + " NULLS LAST";
  return " GROUP BY " + listed(keys) + " ORDER BY " + order;
}

inline bool is_text(const ColumnType& type) { return type.id() == TypeId::text; }
inline bool is_float(const ColumnType& type) {
  return type.id() == TypeId::float32 || type.id() == TypeId::float64;
}
inline bool is_whole(const ColumnType& type) {
  return type.id() >= TypeId::int8 && type.id() <= TypeId::int128;
}

/// A value of that type, as SQL writes it: few of them, so that there are groups, and some at the edges.
inline std::string some_value(Random& random, const ColumnType& type) {
  const auto number = std::to_string(random.between(0, 3));
  switch (type.id()) {
    case TypeId::boolean:
      return random.one_in(2) ? "true" : "false";
    case TypeId::int8:
      return any_of<std::string>(random, {"-128", "127", number, number});
    case TypeId::int64:
      return any_of<std::string>(random, {"(-9223372036854775808)", "9223372036854775807",
                                          "4611686018427387904", number, number, number});
    case TypeId::uint8:
      return any_of<std::string>(random, {"255", number});
    case TypeId::float32:
    case TypeId::float64:
      return any_of<std::string>(
          random, {"'nan'::" + type.text(), "'-inf'::" + type.text(), "(-0.0)::" + type.text(),
                   "0.1::" + type.text(), number + "::" + type.text(), number + "::" + type.text()});
    case TypeId::decimal:
      return any_of<std::string>(random, {"9999999.99", "-0.01", number + ".50"});
    case TypeId::text:
      return any_of<std::string>(
          random, {"''", "'it''s'", "'\u00fcber'", "'a long text, beyond twelve bytes'", "'" + number + "'"});
    case TypeId::date:
      return any_of<std::string>(
          random, {"DATE '0001-01-01'", "DATE '9999-12-31'", "DATE '2024-02-2" + number + "'"});
    case TypeId::timestamp_us:
      return "TIMESTAMP '2024-02-29 0" + number + ":00:00.000001'";
    case TypeId::timestamp_ns:
      return "TIMESTAMP_NS '2024-02-29 0" + number + ":00:00.000000001'";
    case TypeId::timestamp_tz:
      return "TIMESTAMPTZ '2024-02-29 0" + number + ":00:00+00'";
    case TypeId::time:
      return "TIME '0" + number + ":00:00'";
    case TypeId::blob:
      return "CAST('" + number + "' AS BLOB)";
    default:
      return number;
  }
}

inline std::string some_condition(Random& random, const Field& field) {
  const std::string name = in_quotes(field.name), value = some_value(random, field.type);
  return any_of<std::string>(
      random, {name + " IS NULL", name + " IS NOT NULL", name + " = " + value, name + " <> " + value,
               name + " < " + value, name + " >= " + value + " OR " + name + " IS NULL", "false", "true"});
}
/// Of a row; none that can fail.
inline std::string some_expression(Random& random, const Field& field) {
  const std::string name = in_quotes(field.name);
  if (is_text(field.type))
    return any_of<std::string>(random, {"length(" + name + ")", name + " || '-'", "upper(" + name + ")"});
  if (is_float(field.type))
    return any_of<std::string>(random, {name + " * 2", "abs(" + name + ")", "isnan(" + name + ")"});
  return any_of<std::string>(
      random, {name + " IS NULL", "CAST(" + name + " AS VARCHAR)", "coalesce(" + name + ", NULL)"});
}
inline std::vector<std::string> some_names(Random& random, const Schema& schema) {
  std::vector<std::string> names;
  for (const Field& field : schema)
    if (random.one_in(2)) names.push_back(field.name);
  std::ranges::shuffle(names, random.engine);
  if (names.empty()) names.push_back(schema[0].name);
  return names;
}
inline std::vector<NamedExpression> some_aggregates(Random& random, const Schema& schema) {
  std::vector<NamedExpression> made;
  const std::int64_t count = random.between(1, 4);
  while (std::ssize(made) < count) {
    const Field field = any_of(random, std::vector(schema.begin(), schema.end()));
    const std::string x = in_quotes(field.name);
    std::vector<std::string> all{"count(*)",
                                 "count(" + x + ")",
                                 "min(" + x + ")",
                                 "max(" + x + ")",
                                 "first(" + x + ")",
                                 "last(" + x + ")",
                                 "any_value(" + x + ")",
                                 "count(DISTINCT " + x + ")",
                                 "mode(" + x + ") IS NULL",
                                 "count(*) FILTER (WHERE " + x + " IS NOT NULL)",
                                 "list(" + x + ")",
                                 "string_agg(CAST(" + x + " AS VARCHAR), ',')"};
    // Extremes of BIGINT would leave HUGEINT's sums whole, but not those of squares.
    if (is_whole(field.type) || field.type.id() == TypeId::decimal)
      all.insert(all.end(),
                 {"sum(" + x + ")", "avg(" + x + ")", "sum(" + x + ") / count(*)", "median(" + x + ")"});
    if (is_whole(field.type) && field.type.value_bytes() <= 4)
      all.insert(all.end(), {"var_samp(" + x + ")", "stddev_pop(" + x + ")", "var_pop(" + x + ") + 1"});
    if (is_float(field.type)) all.insert(all.end(), {"sum(" + x + ")", "avg(" + x + ")"});
    if (field.type.id() == TypeId::boolean)
      all.insert(all.end(), {"bool_and(" + x + ")", "bool_or(" + x + ")"});
    made.push_back({"aggregate " + std::to_string(made.size()), any_of(random, all)});
  }
  return made;
}

/// Columns of up to 6 types, with names of all kinds.
inline Schema some_schema(Random& random) {
  const std::vector<ColumnType> types{TypeId::boolean, TypeId::int8,         TypeId::int64,
                                      TypeId::uint8,   TypeId::float32,      TypeId::float64,
                                      TypeId::text,    TypeId::date,         TypeId::int32,
                                      TypeId::float64, TypeId::timestamp_us, ColumnType::decimal(9, 2)};
  const std::vector<std::string> names{"a",         "Select", "with \"quotes\"", "\u00e9t\u00e9",
                                       "two words", "part"};
  std::vector<Field> fields;
  const std::int64_t count = random.between(1, std::ssize(names));
  for (std::int64_t k = 0; k < count; ++k)
    fields.push_back({names[static_cast<std::size_t>(k)], any_of(random, types)});
  return Schema(fields);
}

inline Rows some_rows(Random& random, std::int64_t size) {
  const Schema schema = some_schema(random);
  const std::vector<std::int64_t> null_in{0, 2, 5, 1};
  std::string list;
  std::vector<std::string> columns;
  for (const Field& field : schema) {
    const std::int64_t nulls = any_of(random, null_in);
    std::string values;
    for (std::int64_t row = 0; row < size; ++row)
      values += (row > 0 ? ", " : "") +
                (nulls > 0 && random.one_in(nulls) ? "NULL" : some_value(random, field.type));
    columns.push_back("unnest([" + values + "]::" + field.type.text() + "[]) AS " + in_quotes(field.name));
  }
  for (const std::string& column : columns) list += (list.empty() ? "" : ", ") + column;
  return detail::duckdb_engine().run("SELECT " + list, {});
}

/// The first rows, in partitions of these lengths.
inline Table cut_at(const Rows& rows, const std::vector<std::int64_t>& lengths) {
  std::vector<Delayed<Rows>> parts;
  std::int64_t at = 0;
  for (const std::int64_t length : lengths) {
    parts.push_back(value(rows.slice(at, length)));
    at += length;
  }
  return from_parts(as_family(parts), rows.schema());
}

/// In partitions, some of them empty.
inline Table cut_up(Random& random, const Rows& rows) {
  if (random.one_in(6)) return from_rows(rows);
  std::vector<Delayed<Rows>> parts;
  std::int64_t at = 0;
  while (at < rows.size() || parts.empty()) {
    const std::int64_t count =
        random.one_in(5) ? 0 : random.between(1, std::max<std::int64_t>(1, rows.size() / 2));
    parts.push_back(value(rows.slice(at, std::min(count, rows.size() - at))));
    at = std::min(rows.size(), at + count);
  }
  return from_parts(as_family(parts), rows.schema());
}

/// Where the first difference is; empty if there is none. Floating-point numbers may differ by rounding.
inline std::string difference(const Rows& found, const Rows& expected) {
  if (found.schema().text() != expected.schema().text()) return "schema " + found.schema().text();
  if (found.size() != expected.size()) return std::to_string(found.size()) + " rows";
  for (std::size_t k = 0; k < found.schema().size(); ++k) {
    const Field& field = found.schema()[k];
    if (field.type.id() != TypeId::float64) {
      if (!(found.column(k) == expected.column(k))) return "column " + field.name;
      continue;
    }
    const ColumnView<double> a(found.column(k)), b(expected.column(k));
    for (std::int64_t row = 0; row < found.size(); ++row) {
      const bool is_alike = a.is_null(row) || b.is_null(row) ? a.is_null(row) == b.is_null(row)
                            : std::isnan(b[row])
                                ? std::isnan(a[row])
                                : a[row] == b[row] || std::abs(a[row] - b[row]) <= 1e-12 * std::abs(b[row]);
      if (!is_alike) return "column " + field.name + ", row " + std::to_string(row);
    }
  }
  return "";
}

}  // namespace ramal::test
