// SPDX-License-Identifier: BSD-3-Clause
// Calls of tables one by one: joins, arrays, users' functions, and what is refused.
#include "tests/io/engine.hpp"
#include "tests/io/tables/tables.hpp"
#include "tests/support/seeds.hpp"

#include <ramal/table_array.hpp>

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

class TableCalls : public WithEngine {};

Rows towns() {
  return Rows::of(
      {{"town", std::vector<std::optional<std::string>>{"Bern", "Oslo", "Bern", std::nullopt, "Rom"}},
       {"degrees", std::vector<std::optional<double>>{1.5, -3.0, std::nullopt, 7.0, 20.0}},
       {"day", std::vector<std::int32_t>{1, 1, 2, 2, 3}}});
}
Table some_towns() { return cut_at(towns(), {2, 0, 3}); }

TEST_F(TableCalls, JoinsAreAsTheEngineHasThem) {
  const std::vector<std::pair<Join, std::string>> kinds{{Join::inner, "INNER"}, {Join::left, "LEFT"},
                                                        {Join::right, "RIGHT"}, {Join::full, "FULL"},
                                                        {Join::semi, "SEMI"},   {Join::anti, "ANTI"}};
  on_all_engines([&](Session& session) {
    for (unsigned seed = 0; seed < seeds(12); ++seed) {
      Random random{std::mt19937_64(seed)};
      const auto side = [&](const char* name, std::int64_t rows) {
        std::vector<std::optional<std::int64_t>> keys, values;
        std::vector<std::string> texts;
        for (std::int64_t row = 0; row < rows; ++row) {
          keys.push_back(random.one_in(5) ? std::nullopt : std::optional(random.between(0, 5)));
          texts.push_back(random.one_in(2) ? "x" : "y");
          values.push_back(row);
        }
        return Rows::of({{"k", keys}, {"t", texts}, {name, values}});
      };
      const Rows left = side("a", random.between(0, 30)), right = side("b", random.between(0, 30));
      for (const auto& [how, word] : kinds) {
        const Table joined = cut_up(random, left).join(cut_up(random, right), {"t", "k"}, how);
        const bool is_filter = how == Join::semi || how == Join::anti;
        const std::string query = "SELECT " + std::string(is_filter ? "k, t, a" : "t, k, a, b") + " FROM l " +
                                  word + " JOIN r USING (t, k) ORDER BY ALL";
        const Rows expected = engine().run(query, std::vector{NamedRows{"l", left}, NamedRows{"r", right}});
        const Rows found = engine().run("SELECT * FROM f ORDER BY ALL",
                                        std::vector{NamedRows{"f", session.compute(joined)}});
        EXPECT_EQ(difference(found, expected), "") << word << ", seed " << seed << '\n' << found << expected;
      }
    }
  });
}

TEST_F(TableCalls, JoinWithOnePartitionKeepsTheOrder) {
  SerialRanks ranks;
  const Table codes = from_rows(Rows::of(
      {{"town", std::vector<std::string>{"Rom", "Bern"}}, {"code", std::vector<std::string>{"I", "CH"}}}));
  const Rows found = ranks.session().compute(some_towns().join(codes, {"town"}));
  EXPECT_TRUE(found == Rows::of({{"town", std::vector<std::string>{"Bern", "Bern", "Rom"}},
                                 {"degrees", std::vector<std::optional<double>>{1.5, std::nullopt, 20.0}},
                                 {"day", std::vector<std::int32_t>{1, 2, 3}},
                                 {"code", std::vector<std::string>{"CH", "CH", "I"}}}))
      << found;
}

TEST_F(TableCalls, ChainsOfJoinsWithOnePartitionKeepTheOrder) {
  std::vector<std::int64_t> keys, numbers;
  std::vector<double> values;
  for (std::int64_t i = 0; i < 200; ++i) {
    keys.push_back(i * 7 % 5);
    numbers.push_back(i);
    values.push_back(static_cast<double>(i) / 3);
  }
  const Rows left = Rows::of({{"k", keys}, {"i", numbers}, {"x", values}});
  const Rows names = Rows::of({{"k", std::vector<std::int64_t>{3, 0, 3, 1, 0}},
                               {"name", std::vector<std::string>{"c", "a", "d", "b", "c"}}});
  const Rows more =
      Rows::of({{"name", std::vector<std::string>{"c", "a"}}, {"y", std::vector<double>{0.1, 0.2}}});
  const Table chain = cut_at(left, {50, 0, 90, 60})
                          .join(from_rows(names), {"k"})
                          .filter("i <> 7")
                          .join(from_rows(more), {"name"}, Join::left);
  const Rows whole = engine().run(
      "SELECT name, k, i, x, y FROM l JOIN (SELECT *, row_number() OVER () AS row FROM r) USING (k) "
      "LEFT JOIN m USING (name) WHERE i <> 7 ORDER BY i, row",
      std::vector{NamedRows{"l", left}, NamedRows{"r", names}, NamedRows{"m", more}});
  const std::vector<Table (*)(const Table&)> calls{
      [](const Table& table) { return table; },
      [](const Table& table) { return table.head(7); },
      [](const Table& table) { return table.tail(5); },
      [](const Table& table) { return table.top(9, "k"); },
      [](const Table& table) {
        return table.head(20).groupby({"k"}).agg({{"total", "sum(i)"}});
      },
      [](const Table& table) {
        return table.groupby({"name"}).agg({{"n", "count(*)"}, {"most", "max(i)"}});
      },
      [](const Table& table) {
        return table.groupby({"k"}).agg({{"first", "first(i)"}, {"last", "last(name)"}, {"total", "sum(x)"}});
      }};
  SteppedRanks ranks(2, 3);
  for (std::size_t call = 0; call < calls.size(); ++call) {
    const Rows found = ranks.session().compute(calls[call](chain));
    const Rows expected = ranks.session().compute(calls[call](from_rows(whole)));
    EXPECT_EQ(difference(found, expected), "") << "call " << call << '\n' << found << expected;
  }
}

/// Partitions without rows, and rows that a FILTER leaves out, are no nulls.
TEST_F(TableCalls, FirstAndLastAreOfRowsThatThereAre) {
  using Values = std::vector<std::optional<std::int64_t>>;
  const auto part = [](const Values& values) {
    return value(Rows::of({{"k", std::vector<std::int64_t>(values.size(), 1)}, {"i", values}}));
  };
  const std::vector<NamedExpression> aggregates{{"first", "first(i)"},
                                                {"last", "last(i)"},
                                                {"first_large", "first(i) FILTER (WHERE i > 2)"},
                                                {"last_small", "last(i) FILTER (WHERE i < 3)"}};
  on_all_engines([&](Session& session) {
    for (const Values& begin : {Values{}, Values{std::nullopt, 2}, Values{7}}) {
      const Table table =
          from_parts(as_family(std::vector{part({}), part(begin), part({}), part({3}), part({})}),
                     session.compute(part({1})).schema());
      const Rows all = session.compute(table);
      for (const bool has_keys : {false, true}) {
        const Rows found =
            session.compute(has_keys ? table.groupby({"k"}).agg(aggregates) : table.agg(aggregates));
        std::string query = has_keys ? "SELECT k" : "SELECT";
        for (const NamedExpression& one : aggregates)
          query += (query.size() > 6 ? ", " : " ") + one.expression + " AS " + one.name;
        query += std::string(" FROM t") + (has_keys ? " GROUP BY k" : "");
        const Rows expected = engine().run(query, std::vector{NamedRows{"t", all}});
        EXPECT_EQ(difference(found, expected), "") << query << '\n' << all << found << expected;
      }
    }
  });
}

Rows doubled(const Rows& rows) {
  std::vector<double> twice;
  for (const auto degrees : rows.column<double>("degrees")) twice.push_back(2 * degrees.value_or(0));
  return rows.select({"town"}).with({"twice", twice});
}

TEST_F(TableCalls, UsersFunctionsMakePartitions) {
  on_all_engines([](Session& session) {
    const Schema schema{{"town", TypeId::text}, {"twice", TypeId::float64}};
    const Table made = some_towns().map_partitions<doubled>(schema);
    const auto sum = session.compute(made.agg({{"sum", "sum(twice)"}}));
    EXPECT_EQ(sum.column<double>("sum")[0], 51.0);
    const Table wrong = some_towns().map_partitions<doubled>({{"town", TypeId::text}});
    contains(message([&] { session.compute(wrong.count()); }), "expected rows of (town VARCHAR)");
  });
}

TEST_F(TableCalls, ColumnsBecomeArraysAndBack) {
  on_all_engines([](Session& session) {
    const Table table = detail::with_counted_rows(some_towns(), {2, 0, 3});
    const Block<double> both = session.compute(to_array<double>(table, {"degrees", "day"}));
    EXPECT_EQ(both.shape(), (Extents{5, 2}));
    EXPECT_EQ(both(1, 0), -3.0);
    EXPECT_TRUE(std::isnan(both(2, 0))) << "of a null";
    EXPECT_EQ(both(4, 1), 3.0);
    const auto days = to_array<std::int32_t>(table, "day");
    EXPECT_EQ(session.compute(days.sum()), 9);
    const Table back = from_array(days * 2, {"twice"});
    EXPECT_EQ(session.compute(back.agg({{"n", "max(twice)"}})).column<std::int32_t>("n")[0], 6);
    const Table warm = resolve(session, table.filter("degrees > 0"));
    EXPECT_EQ(session.compute(to_array<double>(warm, "degrees").sum()), 28.5);
    EXPECT_EQ(to_array<double>(warm, "degrees").shape(), (Extents{3}));
    contains(message([&] { session.compute(to_array<std::int64_t>(table, "degrees")); }), "degrees");
  });
}

TEST_F(TableCalls, MistakesAreNamed) {
  const Table table = some_towns();
  const auto said = [&](const std::function<void()>& call, std::vector<std::string> parts) {
    const std::string text = message(call);
    for (const std::string& part : parts) contains(text, part);
    contains(text, "calls_test.cpp:");
  };
  said([&] { table.filter("degrees > frist"); },
       {"ramal: filter: ", "frist", "\n  degrees > frist\n            ^"});
  said([&] { table.with_column("x", "sum(degrees)"); }, {"with_column", "sum(…)", "groupby"});
  said([&] { table.with_column("x", "row_number() OVER ()"); }, {"window"});
  said([&] { table.filter("day IN (SELECT 1)"); }, {"a query within it"});
  said([&] { table.filter("1) FROM part; DROP TABLE x; --"); }, {"filter"});
  said([&] { table.select({"town", "nobody"}); }, {"select: there is no column nobody in (town VARCHAR"});
  said([&] { table.select({"town", "Town"}); }, {"named twice"});
  said([&] { table.rename({{"town", "day"}}); }, {"rename", "day"});
  said([&] { table.drop({"town", "day", "degrees"}); }, {"no column would be left"});
  said([&] { table.astype({{"town", "NOTYPE"}}); }, {"astype", "NOTYPE"});
  said([&] { table.groupby({}); }, {"groupby: expected at least one column"});
  said([&] { table.groupby({"town"}).agg({{"x", "degrees"}}); }, {"agg: ", "GROUP BY"});
  said([&] { table.head(-1); }, {"head: expected a number of rows from 0 on, found -1"});
  said([&] { table.join(table, {"town"}); }, {"both tables have a column degrees"});
  said(
      [&] {
        table.join(table.rename({{"day", "town_"}, {"degrees", "x"}}).astype({{"town", "BLOB"}}), {"town"});
      },
      {"VARCHAR in one table and BLOB in the other"});
  said([&] { to_array<double>(table, {"town"}); }, {"column town is VARCHAR, which is no number"});
  said(
      [&] {
        to_array<double>(detail::with_counted_rows(table, {2, 0, 3}).filter("true"), "day");
      },
      {"not known after filter", "ramal::resolve"});
  said([&] { from_array(zeros<double>({2, 2, 2}), {"x"}); }, {"from_array: expected an array of one axis"});
}

TEST_F(TableCalls, SaysHowLargeItIs) {
  const Table counted = detail::with_counted_rows(some_towns(), {2, 0, 3});
  EXPECT_EQ(counted.text(), "a table of 5 rows in 3 partitions: (town VARCHAR, degrees DOUBLE, day INTEGER)");
  EXPECT_EQ(counted.bytes(), 5u * 28);
  EXPECT_EQ(counted.filter("true").bytes(), 0u);
  SerialRanks ranks;
  const std::int64_t many = std::int64_t{1} << 50;
  contains(message([&] {
             ranks.session().compute(detail::with_counted_rows(some_towns(), {many, 0, 3}));
           }),
           "a table of ");
}

TEST_F(TableCalls, FailuresOfTasksLeaveTheSessionAlive) {
  on_all_engines([](Session& session) {
    const Table failing = some_towns().with_column("x", "CAST(town AS INTEGER)");
    contains(message([&] { session.compute(failing); }), "Bern");
    EXPECT_EQ(session.compute(some_towns().count()), 5);
  });
}

TEST_F(TableCalls, KnownAnswers) {
  SerialRanks ranks;
  Session& session = ranks.session();
  using Doubles = std::vector<std::optional<double>>;
  using Longs = std::vector<std::optional<std::int64_t>>;
  const Table large = cut_at(Rows::of({{"x", Doubles{1e9 + 1, 1e9 + 2, 1e9 + 3}}}), {1, 2});
  EXPECT_EQ(session.compute(large.agg({{"v", "var_samp(x)"}})).column<double>("v")[0], 1.0);
  const Table alike = cut_at(Rows::of({{"x", Doubles(10, 0.1)}}), {3, 7});
  EXPECT_EQ(session.compute(alike.agg({{"s", "stddev(x)"}})).column<double>("s")[0], 0.0);
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const Rows sum =
      session.compute(cut_at(Rows::of({{"x", Longs{most, most}}}), {1, 1}).agg({{"s", "sum(x)"}}));
  EXPECT_TRUE(sum.column<Int128>("s")[0] == Int128{most} * 2);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Table not_one = cut_at(Rows::of({{"b", Doubles{1, nan, std::nullopt}}}), {3}).filter("b <> 1");
  const Rows left = session.compute(not_one);
  ASSERT_EQ(left.size(), 1);
  EXPECT_TRUE(std::isnan(left.column<double>("b")[0]));
  Longs a, b;
  for (int i = 0; i < 9; ++i) {
    a.push_back(i % 3 == 2 ? std::nullopt : std::optional<std::int64_t>(i % 3));
    b.push_back(i / 3 == 2 ? std::nullopt : std::optional<std::int64_t>(i / 3));
  }
  EXPECT_EQ(
      session.compute(cut_at(Rows::of({{"a", a}, {"b", b}}), {4, 5}).groupby({"a", "b"}).agg({})).size(), 9);
  Longs keys, partners;
  for (int i = 0; i < 1000; ++i) keys.push_back(i);
  for (int i = 0; i < 1000; i += 7) partners.push_back(i);
  const std::vector<std::int64_t> tens(100, 10);
  const Table joined =
      cut_at(Rows::of({{"k", keys}}), tens).join(from_rows(Rows::of({{"k", partners}})), {"k"}, Join::left);
  EXPECT_EQ(session.compute(joined.count()), 1000);
}

}  // namespace
}  // namespace ramal::test
