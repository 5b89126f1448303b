// SPDX-License-Identifier: BSD-3-Clause
// From wide tables to long ones and back: melt and pivot.
#include "io/tables/engine.hpp"
#include "io/tables/sql.hpp"
#include "io/tables/sql_text.hpp"
#include "io/tables/state.hpp"

#include <algorithm>

namespace ramal {

namespace detail {

namespace {

/// All columns but these.
std::vector<std::string> other_names(const Schema& schema, const std::vector<std::string>& names) {
  std::vector<std::string> others;
  for (const Field& field : schema)
    if (std::ranges::find(names, field.name) == names.end()) others.push_back(field.name);
  return others;
}

void expect_different(const char* call, const std::vector<std::string>& names, std::source_location where) {
  std::vector<Field> fields;
  for (const std::string& name : names) fields.push_back({name, {}});
  try {
    const Schema checked(fields);
  } catch (const std::invalid_argument& error) {
    refuse_table(call, error.what(), where);
  }
}

/// Which types have one in common is the engine's to say.
Table melted_by(const Table& table, const UserQuery& query, const std::vector<std::string>& melted,
                std::source_location where) {
  try {
    return queried(table, "melt", query, false, where);
  } catch (const std::invalid_argument&) {  // all else has been checked
    refuse_table("melt", table.select(melted, where).schema().text() + " have no type in common; see astype",
                 where);
  }
}

/// An aggregate of the rows for which a condition holds; also of those with a FILTER of their own.
std::string filtered(const std::string& expression, const std::string& condition) {
  std::string made;
  std::size_t at = 0;
  for (const SqlCall& call : aggregate_calls(expression)) {
    made += expression.substr(at, call.begin - at) + call.name + "(" + call.arguments + "\n) FILTER (WHERE " +
            condition;
    if (!call.filter.empty()) {
      constexpr std::string_view before = "FILTER (";
      const std::string where = call.filter.substr(before.size(), call.filter.size() - before.size() - 1);
      made += " AND (" + where.substr(where.find_first_not_of(" \t\r\n") + 5) + "\n)";  // behind "WHERE"
    }
    made += ")";
    at = call.behind;
  }
  return made + expression.substr(at);
}

/// The values of a column as texts.
std::vector<std::optional<std::string>> texts_of_values(const Rows& values) {
  const NamedRows table{"part", values};
  const Rows texts = duckdb_engine().run(
      "SELECT CAST(" + sql_name(values.schema()[0].name) + " AS VARCHAR) AS value FROM part", {&table, 1});
  std::vector<std::optional<std::string>> made;
  for (const auto text : texts.column<std::string_view>("value"))
    made.push_back(text ? std::optional(std::string(*text)) : std::nullopt);
  return made;
}

/// A column for each value: its name, and the aggregate of the rows that have it.
std::vector<NamedExpression> pivoted_columns(const Field& field, const Rows& values,
                                             const std::string& aggregate) {
  std::vector<NamedExpression> made;
  for (const auto& text : texts_of_values(values)) {
    const std::string value = text ? "CAST(" + sql_literal(*text) + " AS " + field.type.text() + ")" : "NULL";
    made.push_back({text.value_or("NULL"),
                    filtered(aggregate, sql_name(field.name) + " IS NOT DISTINCT FROM " + value)});
  }
  return made;
}

/// Texts as values of the column's type.
Rows values_of_texts(const Field& field, const std::vector<std::string>& texts, std::source_location where) {
  const NamedRows table{"part", Rows::of({{field.name, texts}})};
  const std::string name = sql_name(field.name);
  try {
    return duckdb_engine().run(
        "SELECT CAST(" + name + " AS " + field.type.text() + ") AS " + name + " FROM part", {&table, 1});
  } catch (const EngineError& error) {
    refuse_table("pivot", std::string("of values: ") + error.what(), where);
  }
}

}  // namespace
}  // namespace detail

Table Table::melt(const std::vector<std::string>& ids, const std::vector<std::string>& values,
                  const MeltNames& names, std::source_location where) const {
  std::vector<std::string> all = detail::found_names(schema(), ids, "melt", where);
  const std::string list = detail::sql_names(all);
  const auto melted = values.empty() ? detail::other_names(schema(), all)
                                     : detail::found_names(schema(), values, "melt", where);
  if (melted.empty()) detail::refuse_table("melt", "no column is left to be melted", where);
  all.insert(all.end(), {names.variable, names.value});
  detail::expect_different("melt", all, where);
  std::string texts;
  for (const std::string& name : melted) texts += (texts.empty() ? "" : ", ") + detail::sql_literal(name);
  detail::UserQuery query{"SELECT " + list + (list.empty() ? "" : ", ") + "unnest([" + texts + "]) AS " +
                          detail::sql_name(names.variable) + ", unnest([" + detail::sql_names(melted) +
                          "]) AS " + detail::sql_name(names.value)};
  const Table made = detail::melted_by(*this, query.add_part(), melted, where);
  if (!state_->rows) return made;
  std::vector<std::int64_t> rows = *state_->rows;
  for (std::int64_t& some : rows) some *= std::ssize(melted);
  return detail::with_counted_rows(made, std::move(rows));
}

Table Table::pivot(const std::vector<std::string>& index, const Rows& values, const std::string& aggregate,
                   std::source_location where) const {
  if (values.schema().size() != 1 || values.empty())
    detail::refuse_table("pivot",
                         "expected values in one column, found " + std::to_string(values.size()) +
                             " rows of " + values.schema().text(),
                         where);
  const Field& field = schema()[detail::position_of(schema(), values.schema()[0].name, "pivot", where)];
  if (values.schema()[0].type != field.type)
    detail::refuse_table("pivot",
                         "column " + quoted_name(field.name) + " is " + field.type.text() +
                             " in the table and " + values.schema()[0].type.text() + " in the values",
                         where);
  detail::UserQuery alone{"SELECT "};
  detail::described("pivot", alone.add_user(aggregate).add(" AS x").add_part(), schema(), where);
  if (detail::aggregate_calls(aggregate).empty())
    detail::refuse_table("pivot", "expected an aggregate, such as sum(…), found " + aggregate, where);
  const std::vector<NamedExpression> made = detail::pivoted_columns(field, values, aggregate);
  std::vector<std::string> names = index;
  for (const NamedExpression& one : made) names.push_back(one.name);
  detail::expect_different("pivot", names, where);
  return index.empty() ? agg(made, where) : groupby(index, {}, where).agg(made, where);
}

Table Table::pivot(const std::vector<std::string>& index, const std::string& column,
                   const std::vector<std::string>& values, const std::string& aggregate,
                   std::source_location where) const {
  const Field& field = schema()[detail::position_of(schema(), column, "pivot", where)];
  return pivot(index, detail::values_of_texts(field, values, where), aggregate, where);
}

}  // namespace ramal
