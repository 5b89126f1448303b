// SPDX-License-Identifier: BSD-3-Clause
// Tables sorted, put together and cut otherwise, beside the engine's own answer of all rows at once.
#include "tests/io/engine.hpp"
#include "tests/io/tables/tables.hpp"
#include "tests/support/seeds.hpp"

#include "io/tables/state.hpp"

#include <ramal/table_array.hpp>

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

/// Random tables on each engine, and of each the same bits.
class TableOrder : public WithEngine {
 protected:
  /// A table made of a random one, and the query of `whole` that says what it is.
  struct Twin {
    Table table;
    std::string query;
  };
  template <class Make>
  static void expect_as_the_engine(int programs, const Make& make) {
    std::vector<Rows> first(static_cast<std::size_t>(programs));
    on_all_engines([&](Session& session) {
      for (int program = 0; program < programs; ++program) {
        Random random{std::mt19937_64(static_cast<unsigned>(program))};
        const Rows whole = some_rows(random, random.between(0, 60));
        const Twin twin = make(random, whole);
        const Rows expected = run(twin.query, {{"whole", whole}});
        const Rows found = session.compute(twin.table);
        EXPECT_TRUE(found == expected) << "program " << program << "\n"
                                       << twin.query << "\n"
                                       << found << expected;
        Rows& known = first[static_cast<std::size_t>(program)];
        if (known.schema().empty()) known = found;
        EXPECT_TRUE(found == known) << program << ": other bits than on the first engine";
      }
    });
  }
};

/// A text as one of SQL.
std::string as_literal(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

std::string some_order(Random& random, const Schema& schema) {
  if (random.one_in(8)) return random.one_in(2) ? "ALL DESC NULLS FIRST" : "1 DESC";
  std::string order;
  for (const std::string& name : some_names(random, schema)) {
    const Field field = schema[schema.position(name)];
    const std::string key = random.one_in(4) ? some_expression(random, field) : in_quotes(name);
    order += (order.empty() ? "" : ", ") + key + any_of<std::string>(random, {"", " DESC", " ASC", " desc"}) +
             any_of<std::string>(random, {"", " NULLS FIRST", " -- a, b\n nulls last"});
  }
  return order;
}

TEST_F(TableOrder, RowsAreSortedOverAllPartitions) {
  expect_as_the_engine(static_cast<int>(seeds(30)), [](Random& random, const Rows& whole) {
    const std::string order = some_order(random, whole.schema());
    const Table sorted = cut_up(random, whole).sort_by(order, random.between(0, 5));
    std::string query =
        "SELECT * EXCLUDE (n) FROM (SELECT *, row_number() OVER () AS n FROM whole) ORDER BY ";
    if (order.starts_with("ALL")) {
      for (const Field& field : whole.schema()) query += in_quotes(field.name) + " DESC NULLS FIRST, ";
      query += "n";
    } else {
      query += order + ", n";
    }
    if (random.one_in(2)) return Twin{sorted, query};
    const Field field = whole.schema()[0];
    const std::string condition = some_condition(random, field);
    return Twin{sorted.filter(condition), "SELECT * FROM (" + query + ") WHERE " + condition};
  });
}

Table in_parts(const Rows& rows, std::int64_t length) {
  std::vector<Delayed<Rows>> parts;
  for (std::int64_t at = 0; at < rows.size(); at += length)
    parts.push_back(value(rows.slice(at, std::min(length, rows.size() - at))));
  return from_parts(as_family(parts), rows.schema());
}

TEST_F(TableOrder, KeysAreOfAllTypes) {
  const Rows rows =
      run("SELECT h AS ubigint, (h::HUGEINT - 9223372036854775808) * 9223372036854775807 AS hugeint, h "
          "% 7 = 0 "
          "AS boolean, CASE WHEN h % 5 > 0 THEN [h % 3, NULL, h % 2] END AS list, "
          "{'a': nullif(h % 3, 0), 'b': 'x' || h % 2} AS structure, to_days((h % 70)::INT) + to_months((h % "
          "3)::INT) "
          "AS interval, encode('a' || chr((h % 3)::INT) || h % 5) AS blob, 'a' || chr((h % 3)::INT) || h % 5 "
          "AS text, "
          "((h % 2001)::INT - 1000)::DECIMAL(38, 3) / 7 AS decimal, TIME '00:00:00' + to_seconds((h % "
          "9999)::INT) AS "
          "time, i FROM (SELECT hash(i) AS h, i FROM range(300) AS t(i))");
  SerialRanks ranks;
  for (const Field& field : rows.schema()) {
    for (const std::string how : {"", " DESC NULLS FIRST"}) {
      const std::string order = field.name + how;
      const Rows expected = run("SELECT * FROM r ORDER BY " + order + ", i", {{"r", rows}});
      const Rows found = ranks.session().compute(in_parts(rows, 70).sort_by(order));
      EXPECT_TRUE(found == expected) << order << found << expected;
    }
  }
}

TEST_F(TableOrder, PartitionsAreOfAboutOneSize) {
  const Rows rows = run("SELECT hash(i) AS h, i % 2 = 0 AS even, i FROM range(60000) AS t(i)");
  on_all_engines([&](Session& session) {
    for (const std::string order : {"h", "even DESC", "i DESC"}) {
      const auto parts = session.compute(in_parts(rows, 6'000).sort_by(order).parts().members());
      ASSERT_EQ(parts.size(), 10u);
      for (const Rows& part : parts) {
        EXPECT_GT(part.size(), 5'100) << order;
        EXPECT_LT(part.size(), 6'900) << order;
      }
      const Rows expected = run("SELECT * FROM r ORDER BY " + order + ", i", {{"r", rows}});
      EXPECT_TRUE(Rows::concat(parts) == expected) << order;
    }
  });
}

/// The columns in another order, with their names in capitals.
Table other_way_round(const Table& table) {
  std::vector<std::string> names = table.columns();
  std::ranges::reverse(names);
  Table turned = table.select(names);
  if (names.back() == "a") turned = turned.rename({{"a", "A"}});
  return turned;
}

TEST_F(TableOrder, TablesStandOneBehindTheOther) {
  expect_as_the_engine(static_cast<int>(seeds(12)), [](Random& random, const Rows& whole) {
    const Table table = cut_up(random, whole);
    std::vector<Table> tables;
    std::string query;
    const std::int64_t count = random.one_in(8) ? 70 : random.between(1, 4);
    while (std::ssize(tables) < count) {
      const bool is_turned = random.one_in(2), is_filtered = random.one_in(2);
      const std::string condition = some_condition(random, whole.schema()[0]);
      const Table some = is_filtered ? table.filter(condition) : table;
      tables.push_back(is_turned && !tables.empty() ? other_way_round(some) : some);
      query += (query.empty() ? "" : " UNION ALL ") + std::string("SELECT * FROM whole") +
               (is_filtered ? " WHERE " + condition : "");
    }
    return Twin{concat(tables), query};
  });
}

TEST_F(TableOrder, RowsAreCutOtherwiseAndKeepTheirOrder) {
  on_all_engines([&](Session& session) {
    for (unsigned seed = 0; seed < seeds(12); ++seed) {
      Random random{std::mt19937_64(seed)};
      const Rows whole = some_rows(random, random.between(0, 60));
      const Table table = resolve(session, cut_up(random, whole));
      const std::int64_t number = random.between(1, 70);
      const std::uint64_t row = std::max<std::uint64_t>(1, detail::bytes_a_row(whole.schema()));
      for (const Table& cut : {table.repartition({.rows = number}), table.repartition({.partitions = number}),
                               table.repartition({.bytes = row * static_cast<std::uint64_t>(number)})}) {
        const auto parts = session.compute(cut.parts().members());
        EXPECT_TRUE(Rows::concat(parts) == whole) << seed << ", " << number;
        const auto& rows = detail::known_rows(cut, "test", {});
        ASSERT_EQ(rows.size(), parts.size());
        for (std::size_t i = 0; i < parts.size(); ++i) EXPECT_EQ(rows[i], parts[i].size()) << seed;
      }
      EXPECT_EQ(table.repartition({.partitions = number}).partitions(), number);
      const Table uncounted = cut_up(random, whole);
      const std::int64_t fewer = random.between(1, uncounted.partitions());
      const Table merged = uncounted.repartition({.partitions = fewer});
      EXPECT_EQ(merged.partitions(), fewer);
      EXPECT_TRUE(session.compute(merged) == whole) << seed;
    }
  });
}

TEST_F(TableOrder, DivisionsTellThePartitionOfEachKey) {
  expect_as_the_engine(static_cast<int>(seeds(12)), [](Random& random, const Rows& whole) {
    const Field field = any_of(random, std::vector(whole.schema().begin(), whole.schema().end()));
    std::vector<std::string> values;
    const std::int64_t count = random.between(1, 3);
    for (std::int64_t i = 0; i < count; ++i) values.push_back(some_value(random, field.type));
    std::string list, divisions = "0";
    for (const std::string& one : values)
      list += (list.empty() ? "CAST(" : ", CAST(") + one + " AS " + field.type.text() + ")";
    const Rows sorted = run("SELECT DISTINCT CAST(v AS VARCHAR) AS text, v FROM (SELECT unnest([" + list +
                            "]) AS v) ORDER BY v");
    std::vector<std::string> rising;
    for (const auto text : sorted.column<std::string_view>("text")) {
      rising.push_back(as_literal(std::string(*text)));
      divisions += " + (" + in_quotes(field.name) + " IS NULL OR " + in_quotes(field.name) +
                   " >= " + rising.back() + "::" + field.type.text() + ")::INT";
    }
    const Table cut = cut_up(random, whole).repartition({.key = in_quotes(field.name), .divisions = rising});
    EXPECT_EQ(cut.partitions(), sorted.size() + 1);
    return Twin{cut, "SELECT * EXCLUDE (n) FROM (SELECT *, row_number() OVER () AS n FROM whole) ORDER BY " +
                         divisions + ", n"};
  });
}

TEST_F(TableOrder, DescribesColumnsOfNumbers) {
  on_all_engines([](Session& session) {
    for (unsigned seed = 0; seed < seeds(6); ++seed) {
      Random random{std::mt19937_64(seed)};
      const Rows some = some_rows(random, random.between(0, 60));
      const Rows whole =
          some.with({"n", std::vector<std::int64_t>(static_cast<std::size_t>(some.size()), 7)});
      std::string query;
      for (const Field& field : whole.schema()) {
        if (!is_whole(field.type) && !is_float(field.type) && field.type.id() != TypeId::decimal) continue;
        const std::string x = in_quotes(field.name);
        const std::string name = as_literal(field.name);
        query += (query.empty() ? "" : " UNION ALL ") +
                 ("SELECT " + name + " AS \"column\", count(" + x + ") AS count, avg(" + x + ") AS mean, " +
                  (is_float(field.type) ? "CASE WHEN bool_and(isfinite(" + x +
                                              ")) THEN stddev(CASE WHEN isfinite(" + x + ") THEN " + x +
                                              " END) "
                                              "WHEN count(" +
                                              x + ") > 0 THEN 'nan'::DOUBLE END"
                                        : "stddev(" + x + ")") +
                  " AS std, min(" + x + ")::DOUBLE AS min, quantile_cont(" + x +
                  "::DOUBLE, 0.1) AS \"10%\", quantile_cont(" + x + "::DOUBLE, 0.5) AS \"50%\", max(" + x +
                  ")::DOUBLE AS max FROM whole");
      }
      const Rows expected = run(query, {{"whole", whole}});
      const Rows found = session.compute(cut_up(random, whole).describe({0.1, 0.5}));
      EXPECT_EQ(difference(found, expected), "") << seed << '\n' << found << expected;
    }
  });
}

TEST_F(TableOrder, PartitionsTellWhatTheyRangeOver) {
  on_all_engines([](Session& session) {
    const Rows rows = run("SELECT unnest([5, NULL, 3, 9, 9]) AS x, unnest(['a', 'b', 'c', 'd', 'e']) AS t");
    const Rows found = session.compute(in_parts(rows, 2).partition_ranges("x + 1"));
    EXPECT_TRUE(found == Rows::of({{"partition", std::vector<std::int64_t>{0, 1, 2}},
                                   {"rows", std::vector<std::int64_t>{2, 2, 1}},
                                   {"min", std::vector<std::int32_t>{6, 4, 10}},
                                   {"max", std::vector<std::int32_t>{6, 10, 10}}}))
        << found;
  });
}

TEST_F(TableOrder, SamplesAreTheSameRowsEverywhere) {
  const Rows rows = run("SELECT i FROM range(10000) AS t(i)");
  std::vector<Rows> first;
  on_all_engines([&](Session& session) {
    const Table table = in_parts(rows, 1000);
    const auto parts = session.compute(table.sample(0.1, 7).parts().members());
    const Rows found = Rows::concat(parts);
    EXPECT_NEAR(static_cast<double>(found.size()), 1000, 120);
    EXPECT_FALSE(parts[0].size() == parts[1].size() && parts[1].size() == parts[2].size());
    if (first.empty()) first.push_back(found);
    EXPECT_TRUE(found == first[0]);
    EXPECT_FALSE(session.compute(table.sample(0.1, 8)) == found);
    EXPECT_TRUE(session.compute(table.sample(1)) == rows);
    EXPECT_EQ(session.compute(table.sample(0).count()), 0);
  });
}

TEST_F(TableOrder, WideTablesBecomeLong) {
  expect_as_the_engine(static_cast<int>(seeds(12)), [](Random& random, const Rows& whole) {
    const Schema& schema = whole.schema();
    const std::string value = in_quotes(schema[0].name);
    const std::vector<std::string> ids =
        schema.size() > 1 ? std::vector{schema[1].name} : std::vector<std::string>{};
    const std::string id = ids.empty() ? "" : in_quotes(ids[0]) + ", ";
    const Table table = cut_up(random, whole).with_column("of x", value);
    const Table long_one = table.melt(ids, {schema[0].name, "of x"}, {.value = "val"});
    return Twin{long_one, "SELECT " + id +
                              "variable, val FROM (SELECT *, row_number() OVER () AS n FROM whole), "
                              "LATERAL (SELECT 0 AS k, " +
                              as_literal(schema[0].name) + " AS variable, " + value +
                              " AS val UNION ALL SELECT 1, 'of x', " + value + ") ORDER BY n, k"};
  });
}

TEST_F(TableOrder, LongTablesBecomeWide) {
  expect_as_the_engine(static_cast<int>(seeds(8)), [](Random& random, const Rows& whole) {
    const Schema& schema = whole.schema();
    const Field pivoted = any_of(random, std::vector(schema.begin(), schema.end()));
    const std::string column = in_quotes(pivoted.name), index = in_quotes(schema[0].name);
    const Rows values =
        run("SELECT DISTINCT " + column + " FROM whole ORDER BY 1 LIMIT 4", {{"whole", whole}});
    const std::string aggregate = any_of<std::string>(
        random, {"count(*)", "max(" + index + ")", "count(" + index + ") + count(*)",
                 "count(DISTINCT " + index + ")", "count(*) filter ( where " + index + " IS NOT NULL)"});
    const Table table = cut_up(random, whole);
    if (values.empty())
      return Twin{table.distinct({schema[0].name}), "SELECT DISTINCT " + index + " FROM whole"};
    const Table wide = table.pivot({schema[0].name}, values, aggregate);
    std::string cells;
    for (std::int64_t i = 0; i < values.size(); ++i) {
      const std::string name = in_quotes(wide.schema()[static_cast<std::size_t>(i) + 1].name);
      std::string cell =
          "(SELECT " + aggregate + " FROM whole AS w WHERE w." + index + " IS NOT DISTINCT FROM k." + index;
      cells += ", " + cell + " AND w." + column + " IS NOT DISTINCT FROM (SELECT v FROM (SELECT DISTINCT " +
               column + " AS v FROM whole ORDER BY 1 LIMIT 1 OFFSET " + std::to_string(i) + "))) AS " + name;
    }
    return Twin{wide, "SELECT " + index + cells + " FROM (SELECT DISTINCT " + index +
                          " FROM whole) AS k ORDER BY " + index + " NULLS LAST"};
  });
  SerialRanks ranks;
  const Rows sales =
      run("SELECT unnest(['Rom', 'Bern', 'Rom', 'Oslo']) AS town, "
          "unnest([2023, 2023, 2024, 2022]) AS year, unnest([1, 2, 3, 4]) AS sold");
  const Rows found =
      ranks.session().compute(in_parts(sales, 1).pivot({"town"}, "year", {"2024", "2023"}, "sum(sold)::INT"));
  EXPECT_TRUE(found ==
              run("SELECT unnest(['Bern', 'Oslo', 'Rom']) AS town, unnest([NULL, NULL, 3]) AS \"2024\", "
                  "unnest([2, NULL, 1]) AS \"2023\""))
      << found;
}

TEST_F(TableOrder, FailuresOfKeysLeaveTheSessionAlive) {
  on_all_engines([](Session& session) {
    const Table table = in_parts(run("SELECT unnest(['1', 'x', '2', '3']) AS t"), 1);
    const std::string text = message([&] { session.compute(table.sort_by("CAST(t AS INTEGER)")); });
    contains(text, "sort_by");
    contains(text, "'x'");
    EXPECT_EQ(session.compute(table.filter("t <> 'x'").sort_by("CAST(t AS INTEGER) DESC")).size(), 3);
  });
}

TEST_F(TableOrder, MistakesAreNamed) {
  const Table table = in_parts(run("SELECT 1 AS x, 'a' AS t"), 1);
  const auto said = [&](const std::function<void()>& call, std::vector<std::string> parts) {
    const std::string text = message(call);
    for (const std::string& part : parts) contains(text, part);
    contains(text, "order_test.cpp:");
  };
  said([&] { table.sort_by("x, y DESC"); }, {"ramal: sort_by: ", "\"y\"", "\n  x, y DESC\n     ^"});
  said([&] { table.sort_by(""); }, {"sort_by"});
  said([&] { table.sort_by("3"); }, {"sort_by"});
  said([&] { table.sort_by("x LIMIT 1", 2); }, {"sort_by: syntax error at or near \"LIMIT\""});
  said([&] { table.sort_by("x LIMIT 1"); }, {"sort_by: syntax error at or near \"LIMIT\""});
  said([&] { table.sort_by("COLUMNS(*)", 2); }, {"sort_by: expected keys of one column each"});
  said([&] { table.sort_by("sum(x)"); }, {"sort_by", "sum(…)"});
  said([&] { concat({}); }, {"concat: expected at least one table"});
  said(
      [&] {
        concat({table, table.astype({{"X", "BIGINT"}})});
      },
      {"concat: column x is INTEGER in table 0 and BIGINT in table 1"});
  said([&] { concat({table, table.drop({"x"})}); }, {"concat: table 1 has no column x, which table 0 has"});
  said(
      [&] {
        concat({table, table, table.with_column("y", "x")});
      },
      {"concat: table 2 has a column y, which table 0 has not"});
  said([&] { table.select({"t"}).describe(); }, {"describe: there is no column of numbers in (t VARCHAR)"});
  said([&] { table.describe({2}); }, {"describe: expected quantiles from 0 to 1, found 2"});
  said([&] { table.describe({0.5, 0.5}); }, {"describe", "50%"});
  said([&] { table.partition_ranges("sum(x)"); }, {"partition_ranges", "sum(…)"});
  said([&] { table.melt({"x", "t"}); }, {"melt: no column is left to be melted"});
  said([&] { table.melt({"x"}, {"t"}, {.variable = "X"}); }, {"melt", "X", "x"});
  said([&] { table.melt({}); }, {"melt: (x INTEGER, t VARCHAR) have no type in common"});
  said([&] { table.melt({"y"}); }, {"melt: there is no column y"});
  said([&] { table.pivot({"t"}, "x", {"one"}, "sum(x)"); }, {"pivot: of values: ", "one"});
  said([&] { table.pivot({"t"}, "x", {}, "sum(x)"); },
       {"pivot: expected values in one column, found 0 rows"});
  said([&] { table.pivot({"t"}, "x", {"1", "1"}, "sum(x)"); }, {"pivot", "two", "1"});
  said([&] { table.pivot({"t"}, "x", {"1"}, "sum(y)"); }, {"pivot: ", "\"y\"", "\n  sum(y)\n      ^"});
  said([&] { table.pivot({"t"}, "x", {"1"}, "x"); },
       {"pivot: expected an aggregate, such as sum(…), found x"});
  said([&] { table.sample(1.5); }, {"sample: expected a fraction from 0 to 1, found 1.5"});
  said([&] { table.repartition({}); }, {"repartition: expected one of .rows, .bytes, .partitions and .key"});
  said([&] { table.repartition({.rows = 1, .partitions = 2}); }, {"repartition", "found 2"});
  said([&] { table.repartition({.rows = -1}); }, {"repartition: expected a number from 1 on, found -1"});
  said([&] { table.filter("x > 0").repartition({.rows = 5}); },
       {"repartition: how many rows", "not known after from_parts", "ramal::resolve"});
  said([&] { table.repartition({.key = "x"}); }, {"repartition: expected divisions"});
  said([&] { table.repartition({.key = "y", .divisions = {"1"}}); }, {"repartition: ", "\"y\"", "^"});
  said(
      [&] {
        table.repartition({.key = "x", .divisions = {"2", "1"}});
      },
      {"repartition: expected divisions that rise, found 1 behind 2"});
  said([&] { table.repartition({.key = "x", .divisions = {"'a'"}}); },
       {"repartition: of divisions: ", "INT32"});
  said([&] { table.repartition({.key = "x", .divisions = {"x"}}); },
       {"repartition: of divisions: ", "\"x\""});
  said([&] { table.sort_by("x", -1); }, {"sort_by: expected a number of partitions from 0 on, found -1"});
}

}  // namespace
}  // namespace ramal::test
