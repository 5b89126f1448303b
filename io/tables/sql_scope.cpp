// SPDX-License-Identifier: BSD-3-Clause
// FROM, JOIN and WHERE as calls of Table.
#include "io/tables/sql_scope.hpp"

#include "io/tables/engine.hpp"

#include <ramal/sql_error.hpp>

#include <algorithm>
#include <set>

namespace ramal::detail {

void refuse_sql(const std::string& what, std::source_location where) {
  refuse_table("sql",
               what +
                   " is not planned over several partitions: gather() the tables first, which makes each "
                   "one partition",
               where);
}

std::string SqlScope::spelt(std::string_view text) const {
  return with_columns_replaced(text, [&](const std::string& alias, const std::string& column) {
    std::string list;
    for (const ScopeColumns& source : sources) {
      if (source.alias != alias) continue;
      for (const auto& [name, flat] : source.names)
        if (column == "*" || Schema({{name, TypeId::boolean}}).find(column))
          list += (list.empty() ? "" : ", ") + sql_name(flat);
    }
    return list;
  });
}

namespace {

/// The engine accepts the expression of this table's rows.
bool fits(const std::string& expression, const SqlScope& scope) {
  const NamedSchema part{"part", scope.table->schema()};
  try {
    duckdb_engine().describe("SELECT (" + scope.spelt(expression) + "\n) FROM part", {&part, 1});
    return true;
  } catch (const SqlError&) {
    return false;
  }
}
/// The same, and it is no constant.
bool fits_a_row(const std::string& expression, const SqlScope& scope) {
  const std::vector<ClauseToken> tokens = clause_tokens(scope.spelt(expression));
  const auto is_column = [&](const ClauseToken& token) {
    return token.is_name && scope.table->schema().find(token.word);
  };
  return std::ranges::any_of(tokens, is_column) && fits(expression, scope);
}

class ScopePlanner {
 public:
  ScopePlanner(const std::string& query, const SqlSelect& select, const TablesByName& tables,
               std::source_location where)
      : select_(select), tables_(tables), where_(where) {
    std::string before;
    for (const ClauseToken& token : clause_tokens(query)) {
      if (token.is_name) words_.insert(token.word);
      const bool is_list = before == "select" || before == "," || before == "." || before == "distinct";
      needs_all_ = needs_all_ || (token.word == "*" && is_list) || token.word == "columns";
      before = token.word;
    }
    std::string refused;
    joins_ = sql_sources(select.from, refused);
    if (!refused.empty()) refuse_sql(refused, where);
  }

  SqlScope made() {
    for (const SqlSource& join : joins_) tables_of_.push_back(source_table(join));
    SqlScope all = source(0);
    all = filtered(std::move(all), 0);
    for (std::size_t i = 1; i < joins_.size(); ++i) all = joined(std::move(all), filtered(source(i), i), i);
    if (!select_.where.empty() && !(joins_.size() == 1 && is_all_pushed_)) {
      expect_plain(select_.where, "WHERE");
      all.table = sql_stage(*all.table, "SELECT *", " WHERE (" + all.spelt(select_.where) + "\n)", where_);
    }
    return all;
  }

 private:
  void expect_plain(const std::string& text, const std::string& clause) const {
    if (has_word(text, "select")) refuse_sql("a query within " + clause, where_);
    if (has_word(text, "over")) refuse_sql("a window (OVER) in " + clause, where_);
  }

  Table source_table(const SqlSource& join) const {
    if (!join.query.empty()) return planned_query(join.query, tables_, where_);
    const auto found = tables_.find(join.table);
    if (found == tables_.end()) refuse_sql("FROM " + join.table + ", which is none of the tables,", where_);
    return found->second;
  }

  /// Another source has a column of this name, and no USING makes them one.
  bool is_shared(const std::string& column) const {
    std::ptrdiff_t holders = 0, merges = 0;
    for (std::size_t i = 0; i < joins_.size(); ++i) {
      const bool is_filter = joins_[i].how == "semi" || joins_[i].how == "anti";
      holders += !is_filter && tables_of_[i].schema().find(column) ? 1 : 0;
      for (const std::string& key : joins_[i].columns)
        merges += !is_filter && Schema({{column, TypeId::boolean}}).find(key) ? 1 : 0;
    }
    return holders - merges > 1;
  }

  /// What may be needed of a table, under names that are its own.
  SqlScope source(std::size_t i) const {
    const Table& table = tables_of_[i];
    SqlScope scope{{{joins_[i].alias}}, {}};
    std::string list;
    for (const Field& field : table.schema()) {
      const bool is_needed = needs_all_ || std::ranges::any_of(words_, [&](const std::string& word) {
                               return Schema({field}).find(word).has_value();
                             });
      if (!is_needed) continue;
      const std::string flat = is_shared(field.name) ? joins_[i].alias + "." + field.name : field.name;
      scope.sources[0].names.emplace_back(field.name, flat);
      list += (list.empty() ? "" : ", ") + sql_name(field.name) + " AS " + sql_name(flat);
    }
    if (list.empty()) {  // rows count
      list = sql_name(table.schema()[0].name);
      scope.sources[0].names.emplace_back(table.schema()[0].name, table.schema()[0].name);
    }
    UserQuery query{"SELECT " + list};
    scope.table = queried(table, "sql", query.add_part(), true, where_);
    return scope;
  }

  /// Rows that the condition leaves out anyway may go before the join, unless others would then find no
  /// partner and stay with nulls.
  bool may_be_filtered(std::size_t i) const {
    const auto is_one_of = [](const std::string& how, std::initializer_list<std::string_view> all) {
      return std::ranges::find(all, std::string_view(how)) != all.end();
    };
    if (i > 0 && !is_one_of(joins_[i].how, {"inner", "cross", "right"})) return false;
    for (std::size_t k = i + 1; k < joins_.size(); ++k)
      if (is_one_of(joins_[k].how, {"right", "full"})) return false;
    return true;
  }
  SqlScope filtered(SqlScope scope, std::size_t i) {
    if (!may_be_filtered(i) || has_word(select_.where, "select") || has_word(select_.where, "over"))
      return scope;
    is_all_pushed_ = true;
    for (const std::string& condition : sql_conjuncts(select_.where)) {
      if (!fits(condition, scope)) {
        is_all_pushed_ = false;
      } else {
        scope.table =
            sql_stage(*scope.table, "SELECT *", " WHERE (" + scope.spelt(condition) + "\n)", where_);
      }
    }
    return scope;
  }

  /// The tables side by side, with names for what is compared.
  SqlScope joined(SqlScope left, SqlScope right, std::size_t i) const {
    const SqlSource& join = joins_[i];
    expect_plain(join.on, "ON");
    const bool is_inner = join.how == "inner" || join.how == "cross";
    std::vector<std::string> keys, rest, condition = sql_conjuncts(join.on);
    std::string left_list, right_list;
    const auto add_key = [&](const std::string& of_left, const std::string& of_right) {
      keys.push_back("join key " + std::to_string(keys.size()));
      left_list += ", (" + of_left + "\n) AS " + sql_name(keys.back());
      right_list += ", (" + of_right + "\n) AS " + sql_name(keys.back());
    };
    const auto add_equality = [&](const std::string& one) {
      const auto sides = sql_equality(one);
      // A column that is to be some constant is a condition about one table.
      if (sides && fits_a_row(sides->first, left) && fits_a_row(sides->second, right)) {
        add_key(left.spelt(sides->first), right.spelt(sides->second));
      } else if (sides && fits_a_row(sides->second, left) && fits_a_row(sides->first, right)) {
        add_key(left.spelt(sides->second), right.spelt(sides->first));
      } else {
        return false;
      }
      return true;
    };
    for (const std::string& column : join.columns) add_key(sql_name(column), sql_name(column));
    // FROM t, u WHERE t.k = u.k
    if (is_inner && may_be_filtered(i) && !has_word(select_.where, "select"))
      for (const std::string& one : sql_conjuncts(select_.where)) add_equality(one);
    for (const std::string& one : condition) {
      if (add_equality(one)) continue;
      if (!is_inner && join.how != "right" && join.how != "full" && fits(one, right)) {
        right.table = sql_stage(*right.table, "SELECT *", " WHERE (" + right.spelt(one) + "\n)", where_);
      } else if (is_inner) {
        rest.push_back(one);
      } else {
        refuse_sql("ON of a " + join.how + " join by " + one, where_);
      }
    }
    SqlScope both = left;
    if (keys.empty()) {
      if (!is_inner) refuse_sql("a " + join.how + " join without an equality of both sides", where_);
      const bool is_left_small = left.table->partitions() == 1 && right.table->partitions() > 1;
      if (!is_left_small && right.table->partitions() > 1)
        refuse_sql("a join of two tables of several partitions without an equality of both sides", where_);
      both.table =
          is_left_small ? right.table->cross(*left.table, where_) : left.table->cross(*right.table, where_);
    } else {
      const Table with_left = sql_stage(*left.table, "SELECT *" + left_list, "", where_);
      const Table with_right = sql_stage(*right.table, "SELECT *" + right_list, "", where_);
      both.table = joined_by(with_left, with_right, keys, join, left, right);
    }
    if (join.how != "semi" && join.how != "anti") both.sources.push_back(right.sources[0]);
    both.table = in_order(both, left, right, join);
    for (const std::string& one : rest)
      both.table = sql_stage(*both.table, "SELECT *", " WHERE (" + both.spelt(one) + "\n)", where_);
    return both;
  }

  /// Columns of USING are one, which the join makes.
  Table joined_by(const Table& left, const Table& right, const std::vector<std::string>& keys,
                  const SqlSource& join, const SqlScope& of_left, const SqlScope& of_right) const {
    const std::map<std::string, Join> kinds{
        {"cross", Join::inner}, {"inner", Join::inner}, {"left", Join::left}, {"right", Join::right},
        {"full", Join::full},   {"semi", Join::semi},   {"anti", Join::anti}};
    const Join how = kinds.at(join.how);
    if (join.columns.empty() || how == Join::semi || how == Join::anti) {
      const bool is_filter = how == Join::semi || how == Join::anti;
      // A semi join's other table has but its keys.
      const Table other = is_filter ? right.select(keys, where_) : right;
      return left.join(other, keys, how, where_);
    }
    const Table joined = left.drop(flat_keys(of_left, join), where_)
                             .join(right.drop(flat_keys(of_right, join), where_), keys, how, where_);
    std::vector<std::pair<std::string, std::string>> names;
    const auto flat = flat_keys(of_left, join);
    for (std::size_t k = 0; k < keys.size(); ++k) names.emplace_back(keys[k], flat[k]);
    return joined.rename(names, where_);
  }
  std::vector<std::string> flat_keys(const SqlScope& scope, const SqlSource& join) const {
    std::vector<std::string> names;
    for (const std::string& column : join.columns) {
      const auto found = scope.table->schema().find(column);
      if (!found) refuse_sql("USING (" + column + "), which several tables have,", where_);
      names.push_back(scope.table->schema()[*found].name);
    }
    return names;
  }

  /// The columns as * has them.
  Table in_order(SqlScope& both, const SqlScope& left, const SqlScope& right, const SqlSource& join) const {
    std::vector<std::string> columns = left.table->columns();
    if (both.sources.size() > left.sources.size())
      for (const std::string& name : right.table->columns())
        if (!left.table->schema().find(name)) columns.push_back(name);
    // What USING made one has no other name where one side's may be null.
    for (const std::string& key : join.columns) {
      const auto forget = [&](ScopeColumns& source) {
        std::erase_if(source.names, [&](const auto& name) {
          return Schema({{name.second, TypeId::boolean}}).find(key).has_value();
        });
      };
      if (join.how == "left" || join.how == "full") forget(both.sources.back());
      if (join.how == "right" || join.how == "full")
        for (std::size_t k = 0; k + 1 < both.sources.size(); ++k) forget(both.sources[k]);
    }
    return both.table->select(columns, where_);
  }

  const SqlSelect& select_;
  const TablesByName& tables_;
  std::source_location where_;
  std::set<std::string> words_;
  bool needs_all_ = false, is_all_pushed_ = false;
  std::vector<SqlSource> joins_;
  std::vector<Table> tables_of_;
};

}  // namespace

SqlScope joined_scope(const std::string& query, const SqlSelect& select, const TablesByName& tables,
                      std::source_location where) {
  return ScopePlanner(query, select, tables, where).made();
}

}  // namespace ramal::detail
