// SPDX-License-Identifier: BSD-3-Clause
// Windows of rows: each partition is computed with the rows that it needs of those before it.
#include "io/tables/window.hpp"

#include "io/tables/engine.hpp"
#include "io/tables/neighbours.hpp"
#include "io/tables/order.hpp"
#include "io/tables/sql.hpp"

#include <ramal/rows_builder.hpp>

#include <algorithm>
#include <array>
#include <unordered_map>

namespace ramal {

namespace detail {

std::string over_window(const std::string& expression) {
  std::string made;
  std::size_t at = 0;
  for (const SqlCall& call : aggregate_calls(expression)) {
    made += expression.substr(at, call.behind - at) + " OVER around ";
    at = call.behind;
  }
  return made + expression.substr(at);
}

void expect_window_aggregates(const char* call, const std::vector<NamedExpression>& aggregates,
                              std::source_location where) {
  if (aggregates.empty()) refuse_table(call, "expected at least one aggregate", where);
  std::vector<Field> names;
  for (const NamedExpression& one : aggregates) {
    names.push_back({one.name, {}});
    if (has_word(one.expression, "select") || has_call(one.expression, "over"))
      refuse_table(
          call,
          "expected an expression of aggregates, found a query or a window within it: " + one.expression,
          where);
    if (aggregate_calls(one.expression).empty())
      refuse_table(call, "expected an aggregate, such as sum(…), found " + one.expression, where);
  }
  try {
    const Schema checked(names);  // two of one name
  } catch (const std::invalid_argument& error) {
    refuse_table(call, error.what(), where);
  }
}

Schema with_fields(const Schema& schema, const Schema& more) {
  std::vector<Field> fields(schema.begin(), schema.end());
  for (const Field& field : more) {
    if (const auto found = schema.find(field.name)) {
      fields[*found] = field;
    } else {
      fields.push_back(field);
    }
  }
  return Schema(std::move(fields));
}
Rows with_more_columns(Rows part, const Rows& more) {
  for (std::size_t k = 0; k < more.schema().size(); ++k)
    part = part.with(more.schema()[k].name, more.column(k));
  return part;
}

Table widened(const Table& made, const Family<Rows>& parts, const Schema& more, const char* name,
              std::source_location where) {
  TableState next = made.state();
  next.schema = with_fields(next.schema, more);
  next.parts = parts.annotate({.name = name}, where);
  next.name = name;
  next.partition_bytes = 0;
  next.where = where;
  return made_table(std::move(next));
}

namespace {

/// What is made of each row's window. All tasks have it.
struct WindowCall {
  std::string query;
  std::vector<std::string> reads;  ///< columns
  std::int64_t rows = 0;           ///< in a window; 0: as far as a range reaches back
  std::string on;                  ///< what the range is of
  std::string back;                ///< the column that tells how many rows a window has before its own
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& query& reads& rows& on& back;
  }
};

/// For each row how many of its group before it are in its range. The last columns are a group's number, from
/// 1 on, and two as EdgeRows has them.
std::vector<std::int64_t> rows_in_range(const Rows& all, std::int64_t own_from, const std::string& on) {
  const auto last = all.columns().last(3);
  const ColumnView<std::int64_t> groups(last[0]);
  const RowOrder order(last[1], last[1]), reach(last[1], last[2]);
  struct Group {
    std::vector<std::int64_t> rows;
    std::size_t first = 0;  ///< in the range of the last one
  };
  std::unordered_map<std::int64_t, Group> known;
  std::vector<std::int64_t> back;
  back.reserve(static_cast<std::size_t>(all.size()));
  for (std::int64_t row = 0; row < all.size(); ++row) {
    const auto at = [&] { return "row " + std::to_string(row - own_from) + " of the partition"; };
    if (last[1].is_null(row) || last[2].is_null(row))
      throw std::invalid_argument("ramal: rolling: expected values of " + on + ", found a null in " + at());
    auto& [rows, first] = known[groups[row]];
    if (!rows.empty() && order(rows.back(), row) > 0)
      throw std::invalid_argument("ramal: rolling: expected rows sorted by " + on +
                                  ", found a lesser value in " + at() + "; see sort_by");
    rows.push_back(row);
    while (first + 1 < rows.size() && reach(rows[first], row) <= 0) ++first;
    back.push_back(std::ssize(rows) - 1 - static_cast<std::int64_t>(first));
  }
  return back;
}

/// The engine aggregates windows by trees over 16 rows, 16 times 16 and so on, counted from its first row:
/// where that has a number that is a multiple of this, windows of so many rows come to the same bits as if
/// all rows of the table were there.
std::int64_t tree_rows(std::int64_t window) {
  constexpr std::int64_t most = 1 << 20;
  std::int64_t rows = 16;
  while (rows < window && rows < most) rows *= 16;
  return rows;
}

/// So many rows of nulls, then these.
Rows behind_nulls(std::int64_t nulls, const Rows& rows) {
  if (nulls == 0) return rows;
  RowsBuilder builder(rows.schema());
  for (std::size_t k = 0; k < rows.schema().size(); ++k) {
    builder.column(k).append_nulls(nulls);
    builder.column(k).append_column(rows.column(k), 0, rows.size());
  }
  return builder.finish();
}

Rows roll_part(const Index&, const Rows& part, const Rows& read, Inputs<EdgeRows> before,
               const WindowCall& call) {
  Rows all = read;
  std::int64_t context = 0, number = 0;  // of the first row of `all` in the table
  if (!before.empty()) {
    const std::array both{before[0].rows, read};
    all = Rows::concat(both);
    context = both[0].size();
    number = before[0].count - context;
  }
  std::int64_t window = call.rows;
  if (window == 0) {
    const std::vector<std::int64_t> back = rows_in_range(all, context, call.on);
    window = back.empty() ? 1 : *std::ranges::max_element(back) + 1;
    all = all.select(call.reads).with({call.back, back});
  }
  const std::int64_t nulls = number % tree_rows(window);
  const NamedRows table{"part", behind_nulls(nulls, all)};
  const Rows made = duckdb_engine().run(call.query, {&table, 1});
  return with_more_columns(part, made.slice(nulls + context, part.size()));
}

struct RollingCall {
  const Table& base;
  const Rolling& window;
  const std::vector<NamedExpression>& aggregates;
  std::source_location where;

  /// A window has its own row and `back` rows before it.
  UserQuery query(const std::string& back) const {
    std::vector<Field> fields;
    for (const NamedExpression& one : aggregates) fields.push_back({one.name, {}});
    const std::string number = sql_name(free_name(with_fields(base.schema(), Schema(fields)), "row"));
    UserQuery query{"SELECT "};
    for (const NamedExpression& one : aggregates) {
      query.add(query.sql.size() > 7 ? ", " : "");
      if (window.min_periods > 1)
        query.add("CASE WHEN count(*) OVER around >= " + std::to_string(window.min_periods) + " THEN ");
      query.add_user(over_window(one.expression)).add(window.min_periods > 1 ? " END" : "");
      query.add(" AS " + sql_name(one.name));
    }
    query.add(" FROM (SELECT *, row_number() OVER () AS " + number).add_part();
    query.add(") AS part WINDOW around AS (");
    if (!window.within.empty()) query.add("PARTITION BY " + sql_names(window.within) + " ");
    return query.add("ORDER BY " + number + " ROWS BETWEEN " + back +
                     " PRECEDING AND CURRENT ROW) ORDER BY " + number);
  }

  /// The columns that are read; behind them what rows_in_range takes, if there is a range.
  Table read_columns(const std::vector<std::string>& names) const {
    if (window.on.empty()) return base.select(names, where);
    expect_row_expression("rolling", window.on, where);
    UserQuery reach{"SELECT "};
    reach.add_user(window.on).add(" - ").add_user(window.range).add(" AS reach").add_part();
    const std::string type = described("rolling", reach, base.schema(), where)[0].type.text();
    const std::string on = "(" + window.on + "\n)";
    const auto made_name = [&](const char* name) { return sql_name(free_name(base.schema(), name)); };
    const std::string number = made_name("row"),
                      group = window.within.empty()
                                  ? "1::BIGINT"
                                  : "dense_rank() OVER (ORDER BY " + sql_names(window.within) + ")";
    UserQuery query{"SELECT " + sql_names(names) + ", " + group + " AS " + made_name("group") + ", CAST(" +
                    on + " AS " + type + ") AS " + made_name("key") + ", " + on + " - (" + window.range +
                    "\n) AS " + made_name("reach") + " FROM (SELECT *, row_number() OVER () AS " + number};
    return queried(base, "rolling", query.add_part().add(") AS part ORDER BY " + number), true, where);
  }

  Table made() const {
    const Schema more = described("rolling", query("0"), base.schema(), where);
    const std::string column = free_name(base.schema(), "back");
    const WindowCall call{query(window.rows > 0 ? std::to_string(window.rows - 1) : sql_name(column)).sql,
                          columns_read(query("0"), base.schema()), window.rows, window.on, column};
    const Family<Rows> parts = base.parts(where), read = read_columns(call.reads).parts(where);
    // A window of one row needs no neighbours, nor do groups, of which each is in one partition.
    const bool is_alone = window.rows == 1 || !window.within.empty();
    const auto edges = edges_of(read, is_alone ? 1 : std::max<std::int64_t>(0, window.rows - 1), where);
    const NeighbourDependence depends{2, is_alone ? -parts.size() : -1, parts.size()};
    return widened(base, family<roll_part>({parts.extent(), where}, depends, parts, read, edges, call), more,
                   "rolling", where);
  }
};

void expect_window(const Rolling& window, std::source_location where) {
  const auto refuse = [&](const std::string& problem) { refuse_table("rolling", problem, where); };
  if (window.rows < 0 || (window.rows == 0) == window.on.empty() || window.on.empty() != window.range.empty())
    refuse("expected a number of .rows from 1 on, or .on and .range, found .rows = " +
           std::to_string(window.rows) + ", .on = \"" + window.on + "\", .range = \"" + window.range + '"');
  if (window.min_periods < 1)
    refuse("expected .min_periods from 1 on, found " + std::to_string(window.min_periods));
  if (window.range.empty()) return;
  try {
    const std::string range = "(" + window.range + "\n)";
    const Rows found = duckdb_engine().run("SELECT " + range + " > " + range + " - " + range + " AS ok", {});
    if (found.column<bool>("ok").get(0) != true) refuse("expected a range above 0, found " + window.range);
  } catch (const SqlError& error) {
    refuse("of a range: " + error.message());
  } catch (const EngineError& error) {
    refuse(std::string("of a range: ") + error.what());
  }
}

}  // namespace
}  // namespace detail

Table Table::rolling(const Rolling& window, const std::vector<NamedExpression>& aggregates,
                     std::source_location where) const {
  detail::expect_window(window, where);
  detail::expect_window_aggregates("rolling", aggregates, where);
  Rolling found = window;
  found.within = detail::found_names(schema(), window.within, "rolling", where);
  const Table base =
      (found.within.empty() ? *this : detail::shuffled(*this, found.within, where)).evaluated(where);
  return detail::RollingCall{base, found, aggregates, where}.made();
}

}  // namespace ramal
