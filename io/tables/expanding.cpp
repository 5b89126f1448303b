// SPDX-License-Identifier: BSD-3-Clause
// Running aggregates: of each partition's rows by the engine, put together with what all before it come to.
#include "io/tables/aggregates.hpp"
#include "io/tables/engine.hpp"
#include "io/tables/merge.hpp"
#include "io/tables/neighbours.hpp"
#include "io/tables/sketches.hpp"
#include "io/tables/sql.hpp"
#include "io/tables/window.hpp"

namespace ramal {

namespace detail {

namespace {

constexpr std::string_view row_count = "add rows";

bool has_no_rows(const Rows& totals) { return totals.column<std::int64_t>(row_count)[0] == 0; }

/// Partial aggregates of some partitions in a row; those of no rows say nothing.
Rows joined_totals(Inputs<Rows> totals) {
  if (totals.size() == 1 || has_no_rows(totals[0])) return totals[totals.size() - 1];
  if (has_no_rows(totals[1])) return totals[0];
  return merge_groups(totals[0], totals[1]);
}

/// The partial aggregates up to each row, as the query has them, with its number as key; then of these with
/// what all partitions before come to, what finishes them.
struct RunningCall {
  std::string partial, finish;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& partial& finish;
  }
};

/// One row, as often as there are rows of `running`, with their keys.
Rows repeated(const Rows& totals, const Rows& running) {
  const std::vector<std::int64_t> first(static_cast<std::size_t>(running.size()));
  const Rows copies = totals.take(first);
  std::vector<Column> columns{running.column(0)};
  columns.insert(columns.end(), copies.columns().begin(), copies.columns().end());
  return Rows(running.schema(), std::move(columns), running.size());
}

Rows run_part(const Index&, const Rows& part, Inputs<Rows> before, const RunningCall& call) {
  const NamedRows rows{"part", part};
  Rows running = duckdb_engine().run(call.partial, {&rows, 1});
  if (!before.empty() && !has_no_rows(before[0]) && !running.empty())
    running = merge_groups(repeated(before[0], running), running);
  const NamedRows merged{"part", running};
  return with_more_columns(part, duckdb_engine().run(call.finish, {&merged, 1}));
}

}  // namespace
}  // namespace detail

Table Table::expanding(const std::vector<NamedExpression>& aggregates, std::source_location where) const {
  detail::expect_window_aggregates("expanding", aggregates, where);
  detail::UserQuery whole{"SELECT "};
  for (const NamedExpression& one : aggregates)
    whole.add(whole.sql.size() > 7 ? ", " : "")
        .add_user(one.expression)
        .add(" AS " + detail::sql_name(one.name));
  const Schema more = detail::described("expanding", whole.add_part(), schema(), where);
  const auto plan = detail::plan_aggregates(schema(), aggregates);
  if (!plan)
    detail::refuse_table("expanding",
                         "expected aggregates that can be put together of parts, such as sum, avg, min and "
                         "var_samp; found another one",
                         where);
  std::string partial, running;
  for (const std::string& column : plan->partial) {
    partial += column + ", ";
    running += ", " + detail::over_window(column);
  }
  const std::string count = "count(*) AS " + detail::sql_name(detail::row_count);
  const std::string number = detail::sql_name(detail::free_name(schema(), "row"));
  detail::UserQuery totals{"SELECT " + partial + count};
  detail::UserQuery of_rows{"SELECT " + number + " AS \"key 0\"" + running + ", " +
                            detail::over_window(count) + " FROM (SELECT *, row_number() OVER () AS " +
                            number};
  of_rows.add_part().add(") AS part WINDOW around AS (ORDER BY " + number +
                         " ROWS UNBOUNDED PRECEDING) ORDER BY " + number);
  detail::RunningCall call{of_rows.sql, "SELECT "};
  for (std::size_t k = 0; k < more.size(); ++k)
    call.finish += (k > 0 ? ", CAST((" : "CAST((") + plan->finish[k] + "\n) AS " + more[k].type.text() +
                   ") AS " + detail::sql_name(more[k].name);
  call.finish += " FROM part";
  if (detail::has_sketches(detail::described("expanding", totals.add_part(), schema(), where)))
    detail::refuse_table("expanding",
                         "approx_count_distinct and approx_quantile are of all rows, not of all up to each",
                         where);
  const Table base = evaluated(where);
  const Family<Rows> parts = base.parts(where);
  const Family<Rows> of_each = detail::queried(base, "expanding", totals, false, where).parts(where);
  const auto before = detail::scanned_parts<detail::joined_totals>(of_each, false, where);
  const detail::NeighbourDependence depends{1, -1, parts.size()};
  return detail::widened(base,
                         family<detail::run_part>({parts.extent(), where}, depends, parts, before, call),
                         more, "expanding", where);
}

}  // namespace ramal
