// SPDX-License-Identifier: BSD-3-Clause
// Queries of several tables as calls of Table. What is in one partition is left to the engine as it is.
#include <ramal/sql.hpp>

#include "io/tables/sql_scope.hpp"

#include <algorithm>
#include <charconv>

namespace ramal {

namespace detail {

namespace {

Rows run_whole(const Inputs<Rows>& tables, const std::vector<std::string>& names, const std::string& text) {
  std::vector<NamedRows> named;
  for (std::size_t k = 0; k < names.size(); ++k) named.push_back({names[k], tables[k]});
  return duckdb_engine().run(text, named);
}

/// A number that LIMIT or OFFSET gives; nothing if it is no plain one.
std::optional<std::int64_t> plain_number(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The same columns under these names, as these types.
Table as_schema(const Table& table, const Schema& schema, std::source_location where) {
  std::string list;
  for (std::size_t k = 0; k < schema.size(); ++k) {
    const std::string own = sql_name(table.schema()[k].name);
    const bool is_same = table.schema()[k].type == schema[k].type;
    list += (k > 0 ? ", " : "") + (is_same ? own : "CAST(" + own + " AS " + schema[k].type.text() + ")") +
            " AS " + sql_name(schema[k].name);
  }
  return sql_stage(table, "SELECT " + list, "", where);
}

/// " ORDER BY … LIMIT …", as far as they are there.
std::string modifiers(const std::string& order, const SqlQuery& query) {
  return (order.empty() ? "" : " ORDER BY " + order + "\n") +
         (query.limit.empty() ? "" : " LIMIT " + query.limit + "\n") +
         (query.offset.empty() ? "" : " OFFSET " + query.offset + "\n");
}

/// The rows that ORDER BY, LIMIT and OFFSET leave, in their order; `order` is of the table's columns.
Table limited(const Table& table, const std::string& order, const SqlQuery& query,
              std::source_location where) {
  if (table.partitions() == 1) return sql_stage(table, "SELECT *", modifiers(order, query), where);
  const auto limit = plain_number(query.limit), offset = plain_number(query.offset);
  if (!query.limit.empty() && !limit) refuse_sql("LIMIT " + query.limit, where);
  if (!query.offset.empty() && !offset) refuse_sql("OFFSET " + query.offset, where);
  Table made = table;
  if (limit) {
    const std::int64_t rows = *limit + offset.value_or(0);
    made = order.empty() ? made.head(rows, where) : made.top(rows, order, where);
  } else if (!order.empty()) {
    made = made.sort_by(order, 0, where);
  }
  return offset ? sql_stage(made.gather(where), "SELECT *", " OFFSET " + query.offset, where) : made;
}

/// One SELECT of tables of several partitions.
class SelectPlanner {
 public:
  SelectPlanner(SqlScope scope, const SqlSelect& select, const SqlQuery& query, const Schema& result,
                std::source_location where)
      : scope_(std::move(scope)), select_(select), query_(query), result_(result), where_(where) {
    for (const std::string& item : sql_items(select.items)) {
      auto [expression, alias] = sql_alias(item);
      if (alias.empty() && is_qualified(expression)) alias = clause_tokens(expression).back().word;
      items_.push_back({scope_.spelt(expression), alias});
    }
    for (const std::string& item : sql_items(query.order)) {
      auto [expression, direction] = sql_direction(item);
      order_.push_back({scope_.spelt(expression), direction});
    }
  }

  Table made() {
    for (const auto& [text, clause] :
         {std::pair{&select_.items, "SELECT"}, std::pair{&select_.group, "GROUP BY"},
          std::pair{&select_.having, "HAVING"}, std::pair{&query_.order, "ORDER BY"}}) {
      if (has_word(*text, "select")) refuse_sql("a query within " + std::string(clause), where_);
      if (has_word(*text, "over")) refuse_sql("a window (OVER) in " + std::string(clause), where_);
    }
    const bool has_aggregates =
        std::ranges::any_of(items_, [](const auto& item) { return !aggregate_calls(item.first).empty(); });
    if (has_aggregates || !select_.group.empty() || !select_.having.empty()) return grouped();
    if (scope_.table->partitions() == 1)
      return as_schema(of_one(*scope_.table, items_, order_, ""), result_, where_);
    return by_row();
  }

 private:
  using Items = std::vector<std::pair<std::string, std::string>>;

  /// `alias.column`, of one of the tables.
  bool is_qualified(const std::string& expression) const {
    const std::vector<ClauseToken> tokens = clause_tokens(expression);
    return tokens.size() == 3 && tokens[1].word == "." && tokens[2].is_name &&
           std::ranges::any_of(scope_.sources,
                               [&](const auto& source) { return source.alias == tokens[0].word; });
  }
  bool is_column(const std::string& expression, const Schema& schema) const {
    const std::vector<ClauseToken> tokens = clause_tokens(expression);
    return tokens.size() == 1 && tokens[0].is_name && schema.find(tokens[0].word).has_value();
  }

  /// SELECT … ORDER BY … of rows in one partition.
  Table of_one(const Table& table, const Items& items, const Items& order, const std::string& having) const {
    std::string list, by;
    for (const auto& [expression, alias] : items)
      list += (list.empty() ? "" : ", ") + expression + (alias.empty() ? "" : " AS " + sql_name(alias));
    for (const auto& [expression, direction] : order)
      by += (by.empty() ? "" : ", ") + expression + " " + direction;
    return sql_stage(table, (select_.is_distinct ? "SELECT DISTINCT " : "SELECT ") + list,
                     (having.empty() ? "" : " WHERE (" + having + "\n)") + modifiers(by, query_), where_);
  }

  Table by_row() const {
    std::string list;
    for (const auto& [expression, alias] : items_)
      list += (list.empty() ? "" : ", ") + expression + (alias.empty() ? "" : " AS " + sql_name(alias));
    if (select_.is_distinct) {
      const Table all = as_schema(sql_stage(*scope_.table, "SELECT " + list, "", where_), result_, where_);
      return limited(all.distinct({}, where_), query_.order, query_, where_);
    }
    // What rows are ordered by goes along where it is no column of the result.
    std::string order;
    std::vector<std::string> extra;
    for (const auto& [expression, direction] : order_) {
      std::string by = sql_name("order key " + std::to_string(extra.size()));
      const auto number = plain_number(expression);
      if (number && *number > 0 && *number <= std::ssize(result_)) {
        by = sql_name(result_[static_cast<std::size_t>(*number - 1)].name);
      } else if (is_column(expression, result_)) {
        by = expression;
      } else if (same_words(expression, "all")) {
        by = sql_columns(result_);
      } else {
        list += ", (" + expression + "\n) AS " + by;
        extra.push_back("order key " + std::to_string(extra.size()));
      }
      order += (order.empty() ? "" : ", ") + by + " " + direction;
    }
    const Table made = sql_stage(*scope_.table, "SELECT " + list, "", where_);
    std::vector<Field> fields(result_.begin(), result_.end());
    for (std::size_t k = 0; k < extra.size(); ++k)
      fields.push_back({extra[k], made.schema()[result_.size() + k].type});
    const Table all = limited(as_schema(made, Schema(fields), where_), order, query_, where_);
    return extra.empty() ? all : all.drop(extra, where_);
  }

  // --- groups ---

  /// Expressions of GROUP BY, in which numbers and names of items stand for these.
  std::vector<std::string> key_expressions() const {
    std::vector<std::string> keys;
    const auto add = [&](const std::string& key) {
      if (std::ranges::none_of(keys, [&](const std::string& one) { return same_words(one, key); }))
        keys.push_back(key);
    };
    for (const char* word : {"rollup", "cube", "grouping"})
      if (has_word(select_.group, word)) refuse_sql("GROUP BY " + select_.group, where_);
    for (const std::string& given : sql_items(select_.group)) {
      const std::string item = scope_.spelt(given);
      if (same_words(item, "all")) {
        for (const auto& [expression, alias] : items_)
          if (aggregate_calls(expression).empty()) add(expression);
        continue;
      }
      const auto number = plain_number(item);
      const auto named = std::ranges::find_if(items_, [&](const auto& one) {
        return !one.second.empty() && is_column(item, Schema({{one.second, TypeId::boolean}}));
      });
      if (number && *number > 0 && *number <= std::ssize(items_)) {
        add(items_[static_cast<std::size_t>(*number - 1)].first);
      } else if (named != items_.end() && !is_column(item, scope_.table->schema())) {
        add(named->first);
      } else {
        add(item);
      }
    }
    return keys;
  }

  /// An expression of the groups' columns: their keys and what their aggregates are called.
  std::string of_groups(const std::string& expression) {
    std::string made;
    std::size_t at = 0;
    for (const SqlCall& call : aggregate_calls(expression)) {
      const std::string text = expression.substr(call.begin, call.behind - call.begin);
      auto known = std::ranges::find_if(
          aggregates_, [&](const NamedExpression& one) { return same_words(one.expression, text); });
      if (known == aggregates_.end())
        known = aggregates_.insert(
            known,
            {free_name(scope_.table->schema(), "aggregate " + std::to_string(aggregates_.size())), text});
      made += with_keys(expression.substr(at, call.begin - at)) + sql_name(known->name);
      at = call.behind;
    }
    return made + with_keys(expression.substr(at));
  }
  std::string with_keys(std::string text) const {
    for (const auto& [name, expression] : made_keys_)
      text = with_words_replaced(text, expression, sql_name(name));
    return text;
  }

  Table grouped() {
    std::vector<std::string> keys;
    std::string list;
    const Schema& schema = scope_.table->schema();
    for (const std::string& expression : key_expressions()) {
      if (is_column(expression, schema)) {
        keys.push_back(schema[*schema.find(clause_tokens(expression)[0].word)].name);
        continue;
      }
      keys.push_back(free_name(schema, "group key " + std::to_string(made_keys_.size())));
      made_keys_.push_back({keys.back(), expression});
      list += ", (" + expression + "\n) AS " + sql_name(keys.back());
    }
    Items items, order;
    for (const auto& [expression, alias] : items_) items.emplace_back(of_groups(expression), alias);
    const std::string having = of_groups(scope_.spelt(select_.having));
    for (const auto& [expression, direction] : order_) order.emplace_back(of_groups(expression), direction);
    const Table rows = list.empty() ? *scope_.table : sql_stage(*scope_.table, "SELECT *" + list, "", where_);
    if (keys.empty() && aggregates_.empty()) refuse_sql("HAVING without aggregates", where_);
    const Table groups = keys.empty() ? rows.agg(aggregates_, where_)
                                      : rows.groupby(keys, {}, where_).agg(aggregates_, where_);
    return as_schema(of_one(groups, items, order, having), result_, where_);
  }

  SqlScope scope_;
  const SqlSelect& select_;
  const SqlQuery& query_;
  const Schema& result_;
  std::source_location where_;
  Items items_, order_;
  std::vector<NamedExpression> aggregates_;
  std::vector<NamedExpression> made_keys_;
};

/// A query that names no table of several partitions.
Table whole_query(const std::string& text, const std::vector<std::pair<std::string, Table>>& named,
                  const Schema& schema, std::source_location where) {
  std::vector<Delayed<Rows>> rows;
  std::vector<std::string> names;
  for (const auto& [name, table] : named) {
    names.push_back(name);
    rows.push_back(table.parts(where)[0]);
  }
  return one_part(delayed<run_whole>.annotate({.name = "sql"})(rows, names, text, where), schema, "sql",
                  where);
}

Table put_together(const SqlQuery& query, const TablesByName& tables, const Schema& schema,
                   std::source_location where) {
  std::vector<Table> made;
  for (const std::string& select : query.selects) {
    const bool is_enclosed = select.starts_with('(') && select.ends_with(')');
    const Table one =
        planned_query(is_enclosed ? select.substr(1, select.size() - 2) : select, tables, where);
    made.push_back(as_schema(one, schema, where));
  }
  const Table all = concat(made, where);
  return limited(query.is_distinct ? all.distinct({}, where) : all, query.order, query, where);
}

}  // namespace

Table planned_query(const std::string& text, const TablesByName& tables, std::source_location where) {
  std::vector<NamedSchema> schemas;
  std::vector<std::pair<std::string, Table>> named;
  const std::vector<ClauseToken> tokens = clause_tokens(text);
  for (const auto& [name, table] : tables) {
    schemas.push_back({name, table.schema()});
    if (std::ranges::any_of(tokens,
                            [&](const ClauseToken& token) { return token.is_name && token.word == name; }))
      named.emplace_back(name, table);
  }
  UserQuery as_said;
  const Schema schema = described("sql", as_said.add_user_words(text), schemas, where);
  if (std::ranges::all_of(named, [](const auto& one) { return one.second.partitions() == 1; }))
    return whole_query(text, named, schema, where);
  SqlQuery query = sql_query(text);
  TablesByName seen = tables;
  for (const auto& [name, of_it] : query.with) {
    const Table made = planned_query(of_it, seen, where);
    const auto uses = std::ranges::count(tokens, name, &ClauseToken::word);
    seen.insert_or_assign(name, uses > 2 ? made.evaluated(where) : made);
  }
  if (!query.refused.empty()) refuse_sql(query.refused, where);
  const bool is_enclosed = query.selects[0].starts_with('(') && query.selects[0].ends_with(')');
  if (query.selects.size() > 1 || is_enclosed) return put_together(query, seen, schema, where);
  const SqlSelect select = sql_select(query.selects[0]);
  if (!select.refused.empty()) refuse_sql(select.refused, where);
  if (select.from.empty()) refuse_sql("a SELECT without FROM beside others", where);
  SqlScope scope = joined_scope(text, select, seen, where);
  return SelectPlanner(std::move(scope), select, query, schema, where).made();
}

}  // namespace detail

Table sql(const std::string& query, const std::vector<NamedTable>& tables, std::source_location where) {
  detail::TablesByName by_name;
  for (const NamedTable& one : tables) {
    const std::vector<detail::ClauseToken> tokens = detail::clause_tokens(detail::sql_name(one.name));
    if (!by_name.emplace(tokens[0].word, one.table).second)
      detail::refuse_table("sql", "two tables are called " + quoted_name(one.name), where);
  }
  const auto end = query.find_last_not_of("; \t\r\n");
  return detail::planned_query(query.substr(0, end == query.npos ? 0 : end + 1), by_name, where);
}

}  // namespace ramal
