// SPDX-License-Identifier: BSD-3-Clause
// What looks at neighbouring rows, beside the engine's own answer of all rows at once.
#include "tests/io/engine.hpp"
#include "tests/io/tables/tables.hpp"
#include "tests/support/seeds.hpp"

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

/// Random tables on each engine, and of each the same bits.
class TableWindow : public WithEngine {
 protected:
  struct Twin {
    Table table;
    Rows expected;
  };
  template <class Make>
  static void expect_as_the_engine(int programs, const Make& make) {
    on_all_engines([&](Session& session) {
      for (int program = 0; program < programs; ++program) {
        Random random{std::mt19937_64(static_cast<unsigned>(program))};
        const Twin twin = make(random);
        const Rows found = session.compute(twin.table);
        EXPECT_TRUE(found == twin.expected) << "program " << program << "\n" << found << twin.expected;
      }
    });
  }
};

/// Rows with their numbers, of which windows can be told.
const std::string numbered = "(SELECT *, row_number() OVER () AS n FROM whole)";
/// Numbers of all sizes, of which sums hang on their order, among them nulls and, if need be, NaN.
Rows some_numbers(Random& random, std::int64_t size, bool has_nan) {
  std::vector<std::optional<double>> x;
  std::vector<std::int64_t> i, k;
  for (std::int64_t row = 0; row < size; ++row) {
    x.push_back(std::ldexp(static_cast<double>(random.between(-1000000, 1000000)) / 3,
                           static_cast<int>(random.between(-20, 20))));
    if (has_nan && random.one_in(40)) x.back() = std::numeric_limits<double>::quiet_NaN();
    if (random.one_in(10)) x.back() = std::nullopt;
    i.push_back(random.between(0, 9));
    k.push_back(random.between(0, 3));
  }
  return Rows::of({{"x", x}, {"i", i}, {"k", k}});
}

TEST_F(TableWindow, ShiftsRowsOverPartitions) {
  expect_as_the_engine(static_cast<int>(seeds(12)), [](Random& random) {
    const Rows whole = some_rows(random, random.between(0, 40));
    const Field field = any_of(random, std::vector(whole.schema().begin(), whole.schema().end()));
    const std::string expression = random.one_in(2) ? in_quotes(field.name) : some_expression(random, field);
    const std::int64_t by = random.one_in(3) ? random.between(-60, 60) : random.between(-4, 4);
    const std::string name = random.one_in(3) ? field.name : "moved";
    const Table shifted = cut_up(random, whole).shift({{name, expression}, {"i", "1"}}, by);
    const std::string moved =
        "(lag(" + expression + ", " + std::to_string(by) + ") OVER (ORDER BY n)) AS " + in_quotes(name);
    const std::string all =
        name == "moved" ? "* EXCLUDE (n), " + moved : "* EXCLUDE (n) REPLACE (" + moved + ")";
    const Rows expected = run("SELECT " + all + ", lag(1, " + std::to_string(by) +
                                  ") OVER (ORDER BY n) AS i FROM " + numbered + " ORDER BY n",
                              {{"whole", whole}});
    return Twin{shifted, expected};
  });
}

std::string some_window_aggregate(Random& random) {
  return any_of<std::string>(
      random, {"sum(x) OVER w", "avg(x) OVER w", "x - avg(x) OVER w", "var_pop(i) OVER w", "count(*) OVER w",
               "sum(i) FILTER (WHERE x > 0) OVER w", "median(x) OVER w", "max(i) OVER w - min(i) OVER w",
               "list(i) OVER w", "first(x) OVER w"});
}
std::string without_over(std::string text) {
  for (std::size_t at = 0; (at = text.find(" OVER w")) != std::string::npos;) text.erase(at, 7);
  return text;
}

TEST_F(TableWindow, WindowsOfRowsHaveTheBitsOfOnePartition) {
  expect_as_the_engine(static_cast<int>(seeds(8)), [](Random& random) {
    const Rows whole = some_numbers(random, random.one_in(4) ? 700 : random.between(0, 60), random.one_in(2));
    const std::int64_t rows = random.one_in(2) ? random.between(1, 5) : random.between(1, 300);
    const std::string a = some_window_aggregate(random), b = some_window_aggregate(random);
    const std::int64_t least = random.one_in(2) ? 1 : random.between(1, 4);
    const bool is_small = random.one_in(2);
    const Table cut = is_small ? cut_up(random, whole) : [&] {
      std::vector<Delayed<Rows>> parts;
      for (std::int64_t at = 0, count = 0; at < whole.size() || parts.empty(); at += count) {
        count = std::min(whole.size() - at, random.between(0, 40));
        parts.push_back(value(whole.slice(at, count)));
      }
      return from_parts(as_family(parts), whole.schema());
    }();
    const Table rolled =
        cut.rolling({.rows = rows, .min_periods = least}, {{"a", without_over(a)}, {"b", without_over(b)}});
    const std::string when = "CASE WHEN count(*) OVER w >= " + std::to_string(least) + " THEN ";
    const Rows expected = run("SELECT x, i, k, " + when + a + " END AS a, " + when + b + " END AS b FROM " +
                                  numbered + " WINDOW w AS (ORDER BY n ROWS BETWEEN " +
                                  std::to_string(rows - 1) + " PRECEDING AND CURRENT ROW) ORDER BY n",
                              {{"whole", whole}});
    return Twin{rolled, expected};
  });
}

TEST_F(TableWindow, WindowsOfTimeReachBackFromEachRow) {
  expect_as_the_engine(static_cast<int>(seeds(8)), [](Random& random) {
    const Rows some = some_numbers(random, random.one_in(4) ? 500 : random.between(0, 60), true);
    const std::int64_t most = any_of<std::int64_t>(random, {20, 200, 2000});
    const bool is_time = random.one_in(2);
    const Rows minutes = run("SELECT * FROM (SELECT *, ((hash(row_number() OVER ()) % " +
                                 std::to_string(most) + "))::BIGINT AS m FROM numbers) ORDER BY m",
                             {{"numbers", some}});
    const Rows whole =
        run(std::string("SELECT * EXCLUDE (m), ") +
                (is_time ? "TIMESTAMP '2024-02-29 23:00:00' + to_minutes(m)" : "m") + " AS t FROM minutes",
            {{"minutes", minutes}});
    const std::string range = is_time ? any_of<std::string>(random, {"INTERVAL 7 MINUTE", "INTERVAL 1 HOUR"})
                                      : any_of<std::string>(random, {"7", "60"});
    const std::string a = some_window_aggregate(random);
    const Table rolled = cut_up(random, whole).rolling({.on = "t", .range = range}, {{"a", without_over(a)}});
    const Rows expected =
        run("WITH all_rows AS MATERIALIZED " + numbered +
                ", reaching AS (SELECT *, n - 1 - (SELECT count(*) FROM all_rows AS o WHERE o.t <= r.t - " +
                range + ") AS back FROM all_rows AS r) SELECT x, i, k, t, " + a +
                " AS a FROM reaching WINDOW w AS (ORDER BY n ROWS BETWEEN back PRECEDING AND CURRENT ROW) "
                "ORDER BY n",
            {{"whole", whole}});
    return Twin{rolled, expected};
  });
}

/// Sorted by a column t, of which some rows are the same and the last ones null, with a number beside each.
Rows some_times(Random& random, const std::string& value) {
  const std::int64_t size = random.between(0, 50), most = any_of<std::int64_t>(random, {4, 40, 4000});
  std::string list;
  for (std::int64_t row = 0; row < size; ++row)
    list += (row > 0 ? ", " : "") + (random.one_in(12) ? "NULL" : std::to_string(random.between(0, most)));
  return detail::duckdb_engine().run(
      "SELECT TIMESTAMP '2024-02-28 22:00:00' + to_minutes(m) AS t, hash(row_number() OVER ()) % 3 AS k, "
      "row_number() OVER () AS " +
          value + " FROM (SELECT m FROM (SELECT unnest([" + list + "]::BIGINT[]) AS m) ORDER BY m)",
      {});
}

TEST_F(TableWindow, StretchesOfTimeAreThereWithoutRows) {
  expect_as_the_engine(static_cast<int>(seeds(6)), [](Random& random) {
    const Rows sorted = some_times(random, "v");
    const Rows whole = run("SELECT * FROM sorted ORDER BY hash(v)", {{"sorted", sorted}});
    const std::string step =
        any_of<std::string>(random, {"INTERVAL 7 MINUTE", "INTERVAL 1 DAY", "INTERVAL 1 HOUR"});
    const Table table =
        cut_up(random, whole).resample("T", step, {{"n", "count(*)"}, {"v", "sum(v)"}, {"top", "max(t)"}});
    const Rows expected =
        run("WITH g AS (SELECT time_bucket(" + step +
                ", t) AS t, count(*) AS n, sum(v) AS v, max(t) AS top FROM whole "
                "WHERE t IS NOT NULL GROUP BY ALL) SELECT t, coalesce(n, 0) AS n, v, top FROM (SELECT "
                "unnest(generate_series((SELECT min(t) FROM g), (SELECT max(t) FROM g), " +
                step + ")) AS t) LEFT JOIN g USING (t) ORDER BY t",
            {{"whole", whole}});
    return Twin{table, expected};
  });
}

TEST_F(TableWindow, RowsMeetTheNearestRowOfAnotherTable) {
  expect_as_the_engine(static_cast<int>(seeds(12)), [](Random& random) {
    const Rows left = some_times(random, "v"), right = some_times(random, "w");
    const bool is_forward = random.one_in(2), has_key = random.one_in(3);
    const Table one = cut_up(random, left);
    const Table other = random.one_in(4) ? from_rows(right) : cut_up(random, right);
    const Table joined =
        has_key ? one.asof_join(other, "t", {"K"}, is_forward ? AsOf::forward : AsOf::backward).sort_by("v")
                : one.asof_join(other.drop({"k"}), "t", {}, is_forward ? AsOf::forward : AsOf::backward);
    const std::string order = is_forward ? "o.t, o.w" : "o.t DESC, o.w DESC";
    const Rows expected =
        run("SELECT t, k, v, (SELECT o.w FROM other AS o WHERE o.t " + std::string(is_forward ? ">=" : "<=") +
                " l.t" + (has_key ? " AND o.k = l.k" : "") + " ORDER BY " + order +
                " LIMIT 1) AS w FROM l ORDER BY v",
            {{"l", left}, {"other", right}});
    return Twin{joined, expected};
  });
}

TEST_F(TableWindow, WindowsWithinGroupsAndOfAllRowsBefore) {
  on_all_engines([](Session& session) {
    for (unsigned seed = 0; seed < seeds(3); ++seed) {
      Random random{std::mt19937_64(seed)};
      const Rows numbers = some_numbers(random, random.between(0, 60), random.one_in(2));
      const Rows whole = run("SELECT *, row_number() OVER () AS n FROM numbers", {{"numbers", numbers}});
      const Table table = cut_up(random, whole);
      const Rows within = session.compute(
          table.rolling({.rows = 3, .within = {"K"}}, {{"a", "sum(i)"}, {"b", "list(x)"}}).sort_by("n"));
      EXPECT_TRUE(within == run("SELECT *, sum(i) OVER w AS a, list(x) OVER w AS b FROM whole WINDOW w AS "
                                "(PARTITION BY k ORDER BY n ROWS 2 PRECEDING) ORDER BY n",
                                {{"whole", whole}}))
          << seed;
      const Rows sorted = some_times(random, "v");
      const Rows times = run("SELECT * FROM sorted WHERE t IS NOT NULL ORDER BY v", {{"sorted", sorted}});
      const Rows in_range = session.compute(
          cut_up(random, times)
              .rolling({.on = "t", .range = "INTERVAL 9 MINUTE", .within = {"k"}}, {{"l", "list(v)"}})
              .sort_by("v"));
      EXPECT_TRUE(in_range ==
                  run("SELECT *, (SELECT list(o.v ORDER BY o.v) FROM times AS o WHERE o.k = r.k AND "
                      "o.v <= r.v AND o.t > r.t - INTERVAL 9 MINUTE) AS l FROM times AS r ORDER BY v",
                      {{"times", times}}))
          << seed << '\n'
          << in_range;
      const Rows running = session.compute(table.expanding({{"n", "count(*)"},
                                                            {"sum", "sum(i)"},
                                                            {"first", "first(i)"},
                                                            {"last", "last(x)"},
                                                            {"top", "max(x)"},
                                                            {"mean", "avg(x) FILTER (WHERE k > 1)"},
                                                            {"spread", "stddev(i) + 1"}}));
      const Rows expected =
          run("SELECT * REPLACE (count(*) OVER w AS n), sum(i) OVER w AS sum, first(i) OVER w AS first, "
              "last(x) OVER w AS last, max(x) OVER w AS top, avg(x) FILTER (WHERE k > 1) OVER w AS mean, "
              "stddev(i) OVER w + 1 AS spread FROM whole WINDOW w AS (ORDER BY n ROWS UNBOUNDED PRECEDING) "
              "ORDER BY row_number() OVER ()",
              {{"whole", whole}});
      EXPECT_EQ(difference(running, expected), "") << seed << '\n' << running << expected;
    }
  });
}

TEST_F(TableWindow, MistakesAreNamed) {
  const Rows rows = run("SELECT unnest([3, 1, 2]) AS x, unnest(['a', NULL, 'b']) AS t");
  const Table table =
      from_parts(as_family(std::vector{value(rows.slice(0, 1)), value(rows.slice(1, 2))}), rows.schema());
  const auto said = [&](const std::function<void()>& call, std::vector<std::string> parts) {
    const std::string text = message(call);
    for (const std::string& part : parts) contains(text, part);
  };
  said([&] { table.shift({}); }, {"shift: expected at least one column", "window_test.cpp:"});
  said([&] { table.shift({{"z", "y"}}); }, {"shift: ", "\"y\"", "^"});
  said([&] { table.shift({{"y", "sum(x)"}}); }, {"shift: ", "sum(…)"});
  said([&] { table.rolling({}, {{"n", "count(*)"}}); }, {"rolling: expected a number of .rows from 1 on"});
  said([&] { table.rolling({.rows = -1}, {{"n", "count(*)"}}); }, {"rolling", ".rows = -1"});
  said([&] { table.rolling({.rows = 2}, {}); }, {"rolling: expected at least one aggregate"});
  said([&] { table.rolling({.rows = 2}, {{"n", "x"}}); }, {"rolling: expected an aggregate", "found x"});
  said([&] { table.rolling({.rows = 2}, {{"n", "sum(y)"}}); }, {"rolling: ", "\"y\"", "^"});
  said([&] { table.rolling({.rows = 2}, {{"n", "sum(x)"}, {"N", "sum(x)"}}); }, {"rolling: ", "n", "N"});
  said(
      [&] {
        table.rolling({.rows = 2, .within = {"y"}}, {{"n", "sum(x)"}});
      },
      {"rolling: there is no", "y"});
  said([&] { table.rolling({.on = "x", .range = "-1"}, {{"n", "sum(x)"}}); }, {"a range above 0, found -1"});
  said([&] { table.rolling({.on = "x", .range = "x"}, {{"n", "sum(x)"}}); }, {"rolling: of a range: "});
  said([&] { table.rolling({.on = "t", .range = "1"}, {{"n", "sum(x)"}}); }, {"rolling: "});
  said([&] { table.expanding({{"n", "median(x)"}}); }, {"expanding: expected aggregates that can be put"});
  const Table times = from_rows(run("SELECT DATE '2024-01-01' AS day, DATE 'infinity' AS ever, 1 AS x"));
  said(
      [&] {
        table.resample("y", "INTERVAL 1 DAY", {{"n", "count(*)"}});
      },
      {"resample: there is no column y"});
  said([&] { table.resample("x", "INTERVAL 1 DAY", {{"n", "count(*)"}}); }, {"resample: ", "time_bucket"});
  said([&] { times.resample("day", "INTERVAL 1 DAY", {{"Day", "count(*)"}}); }, {"resample: ", "Day"});
  said([&] { times.resample("day", "1 DAY", {{"n", "count(*)"}}); }, {"resample: ", "^"});
  said([&] { table.asof_join(times, "t"); }, {"asof_join: there is no column t"});
  said([&] { table.asof_join(table, "x"); }, {"asof_join: both tables have a column t, which is no key"});
  said(
      [&] {
        table.asof_join(table.astype({{"x", "BIGINT"}}).drop({"t"}), "x");
      },
      {"asof_join: column x is INTEGER in one table and BIGINT in the other"});
  said([&] { table.asof_join(table, "t", {"x"}); },
       {"asof_join: the other table has no columns but its keys"});
  SerialRanks ranks;
  const auto fails = [&](const Table& bad, const std::string& part) {
    contains(message([&] { ranks.session().compute(bad); }), part);
  };
  fails(table.rolling({.on = "x", .range = "1"}, {{"n", "sum(x)"}}),
        "rolling: expected rows sorted by x, found a lesser value in row 0 of the partition; see sort_by");
  fails(table.rolling({.on = "length(t)", .range = "1"}, {{"n", "sum(x)"}}),
        "rolling: expected values of length(t), found a null in row 0 of the partition");
  fails(times.resample("ever", "INTERVAL 1 DAY", {{"n", "count(*)"}}),
        "resample: expected at most 10^8 stretches of time, found from infinity to infinity");
  fails(table.select({"x"}).asof_join(table, "x"),
        "asof_join: expected this table sorted by x, found a lesser value in partition 1; see sort_by");
  fails(table.select({"x"}).gather().sort_by("x").asof_join(table, "x"),
        "asof_join: expected the other table sorted by x, found a lesser value in partition 1; see sort_by");
}

}  // namespace
}  // namespace ramal::test
