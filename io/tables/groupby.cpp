// SPDX-License-Identifier: BSD-3-Clause
// Aggregates: of each partition by the engine, then put together in a tree, or where all rows of a group are.
#include "io/tables/aggregates.hpp"
#include "io/tables/groups.hpp"
#include "io/tables/merge.hpp"
#include "io/tables/sketches.hpp"
#include "io/tables/sql.hpp"

#include <algorithm>
#include <numeric>

namespace ramal {

namespace detail {

Table one_part(const Delayed<Rows>& rows, Schema schema, const char* name, std::source_location where) {
  TableState made{.schema = std::move(schema), .name = name, .uncounted_since = name, .where = where};
  made.parts = as_family(std::vector{rows}, where);
  return made_table(std::move(made));
}

namespace {

/// "GROUP BY … ORDER BY …" of keys.
std::string grouping(const std::vector<std::string>& keys) {
  if (keys.empty()) return "";
  std::string order;
  for (const std::string& key : keys)
    order += (order.empty() ? "" : ", ") + sql_name(key) + " ASC NULLS LAST";
  return " GROUP BY " + sql_names(keys) + " ORDER BY " + order;
}

}  // namespace

Table mapped(const Table& table, const UserQuery& query, Schema schema, const char* name,
             std::source_location where) {
  TableState next = wrapped(table, query, std::move(schema), name, where);
  next.rows = nullptr;
  next.uncounted_since = name;
  return made_table(std::move(next));
}

std::string partial_keys(const std::vector<std::string>& keys) {
  std::string list;
  for (std::size_t k = 0; k < keys.size(); ++k)
    list += (k > 0 ? ", " : "") + sql_name(keys[k]) + " AS " + sql_name("key " + std::to_string(k));
  return list;
}
std::string final_keys(const std::vector<std::string>& keys) {
  std::string list;
  for (std::size_t k = 0; k < keys.size(); ++k)
    list += (k > 0 ? ", " : "") + sql_name("key " + std::to_string(k)) + " AS " + sql_name(keys[k]);
  return list;
}

void add_grouping(UserQuery& query, const Schema& schema, const std::vector<std::string>& keys,
                  GroupOrder order) {
  if (order == GroupOrder::sorted) {
    query.add_part().add(grouping(keys));
  } else {
    const std::string number = sql_name(free_name(schema, "row"));
    query.add(", min(" + number + ") AS \"place 0\" FROM (SELECT *, row_number() OVER () AS " + number);
    query.add_part().add(") AS part" + grouping(keys));
  }
}
void add_merged(UserQuery& query, GroupOrder order) {
  query.add_part().add(order == GroupOrder::sorted ? "" : " ORDER BY \"place 0\"");
}

namespace {

void expect_keys(const Schema& schema, const std::vector<std::string>& keys, std::source_location where) {
  for (const std::string& key : keys) {
    const ColumnType& type = schema[*schema.find(key)].type;
    if (type.id() == TypeId::list || type.id() == TypeId::structure || type.id() == TypeId::interval)
      refuse_table("groupby", "column " + quoted_name(key) + " of type " + type.text() + " can be no key",
                   where);
  }
}

/// Partial results of that schema are the same bits in whatever order rows come.
bool is_any_order_alike(const Schema& partials) {
  return std::ranges::all_of(partials, [](const Field& field) {
    const std::string_view how = how_of(field);
    return (how == "key" || how == "add" || how == "min" || how == "max") &&
           field.type.id() != TypeId::float32 && field.type.id() != TypeId::float64;
  });
}

Rows merge_two(const Rows& left, const Rows& right) { return merge_groups(left, right); }

/// Groups of a sorted table, in the order of the places that the same groups have in another.
Rows in_places(const Rows& sorted, const Rows& places) {
  const auto at = places.column<std::int64_t>("place 0").values();
  std::vector<std::int64_t> rows(at.size());
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  std::ranges::sort(rows, {}, [&](std::int64_t row) { return at[static_cast<std::size_t>(row)]; });
  return sorted.take(rows);
}

/// Such results of each partition.
Table in_any_order(const Table& table, const UserQuery& query, const Schema& partials,
                   std::source_location where) {
  UserQuery in_whatever_order = query;
  TableState next = wrapped(table, in_whatever_order.by_row(), partials, "groupby", where);
  next.query = next.unordered;
  next.rows = nullptr;
  next.uncounted_since = "groupby";
  return made_table(std::move(next));
}

struct GroupCall {
  const Table& table;
  const std::vector<std::string>& keys;
  const std::vector<NamedExpression>& aggregates;
  GroupOrder order;
  std::source_location where;

  /// What a query of all rows at once would be; it also tells what the result's types are.
  UserQuery whole() const {
    UserQuery query{"SELECT " + sql_names(keys)};
    for (const NamedExpression& one : aggregates) {
      query.add(query.sql.size() > 7 ? ", " : "").add_user(one.expression).add(" AS " + sql_name(one.name));
    }
    return query.add_part().add(grouping(keys));
  }

  /// Equal rows are as good as one of them.
  bool ignores_repeats() const {
    return std::ranges::all_of(aggregates, [](const NamedExpression& one) {
      return std::ranges::all_of(aggregate_calls(one.expression), [](const SqlCall& call) {
        const bool is_extreme = call.name == "min" || call.name == "max";
        return (is_extreme && split_at_commas(call.arguments).size() == 1) ||  // max(x, 2) tells two
               (call.name == "count" && call.is_distinct);
      });
    });
  }

  /// All of each group's rows are in one partition.
  Table by_rows(const Schema& schema) const {
    Table needed = table.select(columns_read(whole(), table.schema()), where);
    if (ignores_repeats()) {
      // What a partition has twice need not travel twice.
      UserQuery once{"SELECT DISTINCT *"};
      needed = mapped(needed, once.add_part(), needed.schema(), "groupby", where);
    }
    const bool is_one = keys.empty() || table.partitions() == 1;
    const Table together = is_one ? needed.gather(where) : shuffled(needed, keys, where);
    const Table grouped = mapped(together, whole(), schema, "groupby", where);
    if (grouped.partitions() == 1) return ordered(grouped);
    // Each has other groups than all others, sorted.
    UserQuery named{"SELECT " + partial_keys(keys)};
    UserQuery back{"SELECT " + final_keys(keys)};
    for (std::size_t k = 0; k < aggregates.size(); ++k) {
      const std::string any = sql_name("any " + std::to_string(k));
      named.add(", " + sql_name(aggregates[k].name) + " AS " + any);
      back.add(", " + any + " AS " + sql_name(aggregates[k].name));
    }
    return ordered(merged(grouped, named.add_part(), back.add_part(), schema));
  }

  /// Sorted groups in the order that is wanted. Where rows have been moved by their keys, that is told by
  /// another pass over the keys.
  Table ordered(const Table& sorted) const {
    if (order == GroupOrder::sorted) return sorted;
    UserQuery places{"SELECT " + partial_keys(keys)};
    add_grouping(places, table.schema(), keys, order);
    UserQuery all{"SELECT *"};
    const Schema schema = described("groupby", places, table.schema(), where);
    const Table found = merged(table, places, all.add_part(), schema);
    return one_part(delayed<in_places>(sorted.parts(where)[0], found.parts(where)[0], where), sorted.schema(),
                    "groupby", where);
  }

  /// `partial` of each partition, put together, and `finish` of that.
  Table merged(const Table& of, const UserQuery& partial, const UserQuery& finish,
               const Schema& schema) const {
    const Schema partials = described("agg", partial, of.schema(), where);
    const Table each = is_any_order_alike(partials) ? in_any_order(of, partial, partials, where)
                                                    : mapped(of, partial, partials, "groupby", where);
    const Family<Rows> made = each.parts(where);
    if (!has_sketches(partials))
      return mapped(one_part(all_merged(made), partials, "groupby", where), finish, schema, "groupby", where);
    const auto all = delayed<estimated>(all_merged(map<sketched>({made, where})), where);
    const Schema with_estimates = estimated(sketched(Rows::none(partials))).schema();
    return mapped(one_part(all, with_estimates, "groupby", where), finish, schema, "groupby", where);
  }

  Delayed<Rows> all_merged(const Family<Rows>& partials) const {
    return reduce<merge_two>(partials, {}, where);
  }

  Table made() const {
    for (const NamedExpression& one : aggregates) {
      if (has_word(one.expression, "select") || has_call(one.expression, "over"))
        refuse_table(
            "agg",
            "expected an expression of aggregates, found a query or a window within it: " + one.expression,
            where);
    }
    const Schema schema = described("agg", whole(), table.schema(), where);
    const auto plan = plan_aggregates(table.schema(), aggregates);
    if (!plan) return by_rows(schema);
    UserQuery partial{"SELECT " + partial_keys(keys)};
    for (const std::string& column : plan->partial)
      partial.add(partial.sql.size() > 7 ? ", " : "").add(column);
    add_grouping(partial, table.schema(), keys, order);
    UserQuery finish{"SELECT " + final_keys(keys)};
    for (std::size_t k = 0; k < aggregates.size(); ++k) {
      const Field& field = schema[keys.size() + k];
      finish.add(finish.sql.size() > 7 ? ", " : "")
          .add("CAST((" + plan->finish[k] + "\n) AS " + field.type.text() + ") AS " + sql_name(field.name));
    }
    add_merged(finish, order);
    return merged(table, partial, finish, schema);
  }
};

std::int64_t only_number(const Rows& rows) { return rows.column<std::int64_t>("n")[0]; }

}  // namespace
}  // namespace detail

Table Grouped::agg(const std::vector<NamedExpression>& aggregates, std::source_location where) const {
  if (keys_.empty() && aggregates.empty())
    detail::refuse_table("agg", "expected a key or an aggregate", where);
  return detail::GroupCall{table_, keys_, aggregates, options_.order, where}.made();
}

Grouped Table::groupby(const std::vector<std::string>& keys, GroupByOptions options,
                       std::source_location where) const {
  if (keys.empty()) detail::refuse_table("groupby", "expected at least one column", where);
  const auto names = detail::found_names(schema(), keys, "groupby", where);
  detail::expect_keys(schema(), names, where);
  return Grouped(*this, names, options);
}

Table Table::agg(const std::vector<NamedExpression>& aggregates, std::source_location where) const {
  return Grouped(*this, {}, {}).agg(aggregates, where);
}

Delayed<std::int64_t> Table::count(std::source_location where) const {
  if (const auto& rows = state_->rows)
    return value(std::accumulate(rows->begin(), rows->end(), std::int64_t{0}), where);
  return map<detail::only_number>({agg({{"n", "count(*)"}}, where).parts(where), where})[0];
}

Table Table::distinct(const std::vector<std::string>& columns, std::source_location where) const {
  return groupby(columns.empty() ? this->columns() : columns, {}, where).agg({}, where);
}

Table Table::value_counts(const std::string& column, std::source_location where) const {
  const Table counts = groupby({column}, {}, where).agg({{"count", "count(*)"}}, where);
  detail::UserQuery query{"SELECT *"};
  query.add_part().add(" ORDER BY \"count\" DESC, " + detail::sql_name(counts.schema()[0].name) +
                       " ASC NULLS LAST");
  return detail::mapped(counts, query, counts.schema(), "value_counts", where);
}

}  // namespace ramal
