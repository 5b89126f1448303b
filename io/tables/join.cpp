// SPDX-License-Identifier: BSD-3-Clause
// Joins: of partitions that have all rows of their keys, or of each partition with all of a small table.
#include "io/tables/engine.hpp"
#include "io/tables/sql.hpp"
#include "io/tables/state.hpp"

#include <algorithm>
#include <array>

namespace ramal {

namespace detail {

namespace {

Rows join_parts(const Rows& left, const Rows& right, const std::string& query) {
  const std::array tables{NamedRows{"l", left}, NamedRows{"r", right}};
  return duckdb_engine().run(query, tables);
}

bool are_comparable(const ColumnType& a, const ColumnType& b) {
  const auto is_whole = [](TypeId id) { return id >= TypeId::int8 && id <= TypeId::int128; };
  const auto is_float = [](TypeId id) { return id == TypeId::float32 || id == TypeId::float64; };
  return a == b || (is_whole(a.id()) && is_whole(b.id())) || (is_float(a.id()) && is_float(b.id()));
}

/// A column of the schema is one of these, whatever the case of its letters.
bool is_among(const std::vector<std::string>& keys, const Schema& schema, const Field& field) {
  return std::ranges::any_of(keys,
                             [&](const auto& key) { return schema.find(key) == schema.find(field.name); });
}

void expect_joinable(const Schema& left, const Schema& right, const std::vector<std::string>& keys,
                     bool has_right, std::source_location where) {
  for (const std::string& key : keys) {
    const ColumnType &a = left[*left.find(key)].type, &b = right[*right.find(key)].type;
    if (!are_comparable(a, b))
      refuse_table("join",
                   "column " + quoted_name(key) + " is " + a.text() + " in one table and " + b.text() +
                       " in the other; see astype",
                   where);
  }
  if (!has_right) return;
  for (const Field& field : right) {
    if (!is_among(keys, right, field) && left.find(field.name))
      refuse_table("join",
                   "both tables have a column " + quoted_name(field.name) + ", which is no key; rename one",
                   where);
  }
}

/// "l", "r" and their rows' numbers, so that what comes of them has an order.
std::string numbered(const char* name) {
  return "(SELECT *, row_number() OVER () AS \"row of " + std::string(name) + "\" FROM " + name + ") AS " +
         name;
}

std::string join_query(const Schema& left, const Schema& right, const std::vector<std::string>& keys,
                       Join how) {
  constexpr std::array words{"INNER", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI"};
  const bool is_filter = how == Join::semi || how == Join::anti;
  std::string list = is_filter ? sql_columns(left) : sql_names(keys);
  for (const Field& field : left)
    if (!is_filter && !is_among(keys, left, field)) list += ", l." + sql_name(field.name);
  for (const Field& field : right)
    if (!is_filter && !is_among(keys, right, field)) list += ", r." + sql_name(field.name);
  return "SELECT " + list + " FROM " + numbered("l") + " " + words[static_cast<std::size_t>(how)] + " JOIN " +
         (is_filter ? "r" : numbered("r")) + " USING (" + sql_names(keys) +
         ") ORDER BY \"row of l\" NULLS LAST" + (is_filter ? "" : ", \"row of r\" NULLS LAST");
}

}  // namespace
}  // namespace detail

Table Table::join(const Table& other, const std::vector<std::string>& keys, Join how,
                  std::source_location where) const {
  if (keys.empty()) detail::refuse_table("join", "expected at least one key", where);
  const auto names = detail::found_names(schema(), keys, "join", where);
  detail::found_names(other.schema(), keys, "join", where);
  const bool is_filter = how == Join::semi || how == Join::anti;
  detail::expect_joinable(schema(), other.schema(), names, !is_filter, where);
  const std::string query = detail::join_query(schema(), other.schema(), names, how);
  const std::array tables{detail::NamedSchema{"l", schema()}, detail::NamedSchema{"r", other.schema()}};
  detail::TableState made{.schema = detail::duckdb_engine().describe(query, tables).schema,
                          .name = "join",
                          .uncounted_since = "join",
                          .where = where};
  const bool is_small = other.partitions() == 1 && how != Join::right && how != Join::full;
  made.partitions = is_small ? partitions() : std::max(partitions(), other.partitions());
  const bool is_one = made.partitions == 1;
  const Table left = is_small || is_one ? *this : detail::shuffled(*this, names, where, made.partitions);
  const Table right = is_small || is_one ? other : detail::shuffled(other, names, where, made.partitions);
  made.parts = is_small ? map<detail::join_parts>({left.parts(where), where}, right.parts(where)[0], query)
                        : map<detail::join_parts>({left.parts(where), where}, right.parts(where), query);
  made.parts = made.parts->annotate({.name = "join"}, where);
  return detail::made_table(std::move(made));
}

}  // namespace ramal
