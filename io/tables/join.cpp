// SPDX-License-Identifier: BSD-3-Clause
// Joins: of partitions that have all rows of their keys, or of each partition with all of a small table.
#include "io/tables/join.hpp"

#include "io/tables/engine.hpp"
#include "io/tables/sql.hpp"

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

void expect_own_names(const char* call, const Schema& left, const Schema& right,
                      const std::vector<std::string>& keys, std::source_location where) {
  for (const Field& field : right) {
    if (!is_among(keys, right, field) && left.find(field.name))
      refuse_table(call,
                   "both tables have a column " + quoted_name(field.name) +
                       (keys.empty() ? "" : ", which is no key") + "; rename one",
                   where);
  }
}

/// What is joined: schemas, and what stands for the tables behind FROM.
struct Sides {
  const Schema &left, &right;
  std::string l = "l", r = "r";
};

/// With the rows' numbers, by which what comes of them is ordered.
std::string numbered(const std::string& table, const std::string& name) {
  return "(SELECT *, row_number() OVER () AS \"row of " + name + "\" FROM " + table + ") AS " + name;
}

std::string join_query(const Sides& sides, const std::vector<std::string>& keys, Join how, bool is_ordered) {
  const auto& [left, right, l, r] = sides;
  constexpr std::array words{"INNER", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI"};
  const bool is_filter = how == Join::semi || how == Join::anti;
  std::string list = is_filter ? sql_columns(left) : sql_names(keys);
  for (const Field& field : left)
    if (!is_filter && !is_among(keys, left, field)) list += ", l." + sql_name(field.name);
  for (const Field& field : right)
    if (!is_filter && !is_among(keys, right, field)) list += ", r." + sql_name(field.name);
  const std::string word = " " + std::string(words[static_cast<std::size_t>(how)]) + " JOIN ";
  const std::string query = "SELECT " + list + " FROM " + (is_ordered ? numbered(l, "l") : l + " AS l") +
                            word + (is_ordered && !is_filter ? numbered(r, "r") : r + " AS r") + " USING (" +
                            sql_names(keys) + ")";
  if (!is_ordered) return query;
  return query + " ORDER BY \"row of l\" NULLS LAST" + (is_filter ? "" : ", \"row of r\" NULLS LAST");
}

std::string cross_query(const Sides& sides, bool is_ordered) {
  const auto& [left, right, l, r] = sides;
  const std::string query = "SELECT " + sql_columns(left) + ", " + sql_columns(right) + " FROM " +
                            (is_ordered ? numbered(l, "l") : l + " AS l") + " CROSS JOIN " +
                            (is_ordered ? numbered(r, "r") : r + " AS r");
  return is_ordered ? query + " ORDER BY \"row of l\", \"row of r\"" : query;
}

Schema joined_schema(const Sides& sides, const std::string& query) {
  const std::array tables{NamedSchema{sides.l, sides.left}, NamedSchema{sides.r, sides.right}};
  return duckdb_engine().describe(query, tables).schema;
}

/// Part of the query of each of the table's partitions: `query(sides, is_ordered)`.
template <class Query>
Table joined_with_small(const Table& table, const Table& small, const Query& query, const char* call,
                        Schema schema, std::source_location where) {
  TableState next = in_one_piece(table, table.columns(), where).state();
  Sides sides{table.schema(), small.schema(), "part", sql_name(small_name(next.small.size()))};
  const auto joined = [&](const std::string& inner, bool is_ordered) {
    sides.l = inner.empty() ? "part" : "(" + inner + ")";
    return query(sides, is_ordered);
  };
  next.query = joined(next.query, true);
  next.unordered = joined(next.unordered, false);
  next.small.push_back(small.parts(where)[0]);
  next.groups = nullptr;
  next.schema = std::move(schema);
  next.name = call;
  next.where = where;
  if (next.rows) next.uncounted_since = call;
  next.rows = nullptr;
  return made_table(std::move(next));
}

}  // namespace

bool is_among(const std::vector<std::string>& keys, const Schema& schema, const Field& field) {
  return std::ranges::any_of(keys,
                             [&](const auto& key) { return schema.find(key) == schema.find(field.name); });
}

void expect_joinable(const char* call, const Schema& left, const Schema& right,
                     const std::vector<std::string>& keys, bool has_right, std::source_location where) {
  for (const std::string& key : keys) {
    const ColumnType &a = left[*left.find(key)].type, &b = right[*right.find(key)].type;
    if (!are_comparable(a, b))
      refuse_table(call,
                   "column " + quoted_name(key) + " is " + a.text() + " in one table and " + b.text() +
                       " in the other; see astype",
                   where);
  }
  if (has_right) expect_own_names(call, left, right, keys, where);
}

}  // namespace detail

Table Table::cross(const Table& other, std::source_location where) const {
  detail::expect_own_names("cross", schema(), other.schema(), {}, where);
  if (other.partitions() > 1)
    detail::refuse_table("cross",
                         "expected another table of one partition, found " +
                             std::to_string(other.partitions()) + "; gather() makes one",
                         where);
  const detail::Sides sides{schema(), other.schema()};
  return detail::joined_with_small(*this, other, detail::cross_query, "cross",
                                   detail::joined_schema(sides, detail::cross_query(sides, true)), where);
}

Table Table::join(const Table& other, const std::vector<std::string>& keys, Join how,
                  std::source_location where) const {
  if (keys.empty()) detail::refuse_table("join", "expected at least one key", where);
  const auto names = detail::found_names(schema(), keys, "join", where);
  detail::found_names(other.schema(), keys, "join", where);
  const bool is_filter = how == Join::semi || how == Join::anti;
  detail::expect_joinable("join", schema(), other.schema(), names, !is_filter, where);
  const detail::Sides sides{schema(), other.schema()};
  const std::string query = detail::join_query(sides, names, how, true);
  Schema joined = detail::joined_schema(sides, query);
  const bool is_small =
      other.partitions() == 1 && (partitions() == 1 || (how != Join::right && how != Join::full));
  if (is_small) {
    const auto of = [&](const detail::Sides& of_part, bool is_ordered) {
      return detail::join_query(of_part, names, how, is_ordered);
    };
    return detail::joined_with_small(*this, other, of, "join", std::move(joined), where);
  }
  detail::TableState made{.schema = std::move(joined),
                          .partitions = std::max(partitions(), other.partitions()),
                          .name = "join",
                          .uncounted_since = "join",
                          .where = where};
  const Table left = detail::shuffled(*this, names, where, made.partitions),
              right = detail::shuffled(other, names, where, made.partitions);
  made.parts = map<detail::join_parts>({left.parts(where), where}, right.parts(where), query)
                   .annotate({.name = "join"}, where);
  return detail::made_table(std::move(made));
}

}  // namespace ramal
