// SPDX-License-Identifier: BSD-3-Clause
// Aggregates that are computed of each partition and put together, beside the engine's of all rows at once.
#include "io/tables/hyperloglog.hpp"
#include "tests/io/engine.hpp"
#include "tests/io/tables/tables.hpp"
#include "tests/support/seeds.hpp"

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

class Aggregates : public WithEngine {};

Rows asked(const std::string& query, const Rows& whole) {
  return detail::duckdb_engine().run(query, std::vector{detail::NamedRows{"whole", whole}});
}

/// Pairs of numbers in a few groups, with nulls, constants and groups of one pair.
Rows some_pairs(Random& random, std::int64_t rows) {
  std::vector<std::int64_t> keys, marks;
  std::vector<std::optional<double>> x, y;
  std::vector<std::optional<std::int64_t>> n;
  std::vector<std::optional<std::string>> texts;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t key = random.between(0, 4), value = random.between(-50, 50);
    keys.push_back(key);
    marks.push_back(row);
    x.push_back(random.one_in(6) ? std::nullopt
                                 : std::optional(key == 1 ? 0.1 : 1e6 + 0.25 * static_cast<double>(value)));
    y.push_back(random.one_in(6)
                    ? std::nullopt
                    : std::optional(key == 2 ? 0.3 : static_cast<double>(random.between(-9, 9))));
    n.push_back(random.one_in(4) ? std::nullopt : std::optional(random.between(-3, 9)));
    texts.push_back(random.one_in(4) ? std::nullopt : std::optional("t" + std::to_string(value)));
  }
  return Rows::of({{"k", keys}, {"row", marks}, {"x", x}, {"y", y}, {"n", n}, {"t", texts}});
}

Rows some_numbers() { return detail::duckdb_engine().run("SELECT i AS n FROM range(100) AS t(i)", {}); }

double distance(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return a.has_value() == b.has_value() ? 0 : 1e300;
  if (std::isnan(*a) || std::isnan(*b)) return std::isnan(*a) == std::isnan(*b) ? 0 : 1e300;
  return std::abs(*a - *b) / std::max(1.0, std::abs(*b));
}

TEST_F(Aggregates, MomentsOfPairsAreThoseOfAllRows) {
  std::vector<NamedExpression> made;
  for (const char* function :
       {"covar_pop", "covar_samp", "corr", "regr_count", "regr_avgx", "regr_avgy", "regr_sxx", "regr_syy",
        "regr_sxy", "regr_slope", "regr_intercept", "regr_r2"}) {
    const std::string call = std::string(function) + "(y, x - 1e6)";
    made.push_back({function, "CAST(" + call + " AS DOUBLE)"});
    made.push_back(
        {std::string(function) + " filtered", "CAST(" + call + " FILTER (WHERE n > 0) AS DOUBLE)"});
  }
  on_all_engines([&](Session& session) {
    for (unsigned seed = 0; seed < seeds(3); ++seed) {
      Random random{std::mt19937_64(seed)};
      const Rows whole = some_pairs(random, random.between(0, 80));
      const Table table = cut_up(random, whole).groupby({"k"}).agg(made);
      const Rows expected = asked("SELECT k, " + listed(made) + " FROM whole" + grouped({"k"}), whole);
      const Rows found = session.compute(table);
      ASSERT_EQ(found.size(), expected.size());
      for (const NamedExpression& one : made) {
        const auto a = found.column<double>(one.name), b = expected.column<double>(one.name);
        for (std::int64_t row = 0; row < a.size(); ++row)
          EXPECT_LT(distance(a.get(row), b.get(row)), 1e-9) << one.name << ", row " << row << '\n'
                                                            << found << expected;
      }
    }
  });
}

/// What is exact is the same to the bit.
TEST_F(Aggregates, ListsTextsBitsAndRowsOfExtremesAreThoseOfAllRows) {
  const std::vector<NamedExpression> made{{"list", "list(t)"},
                                          {"some", "array_agg(n) FILTER (WHERE n > 1)"},
                                          {"lists", "list([n, row])"},
                                          {"flags", "list(n > 2)"},
                                          {"text", "string_agg(t)"},
                                          {"semicolons", "upper(string_agg(t, '; ')) || '.'"},
                                          {"numbers", "group_concat(n, ',') FILTER (WHERE row % 2 = 0)"},
                                          {"nothing", "string_agg(t, NULL)"},
                                          {"and", "bit_and(n)"},
                                          {"or", "bit_or(CAST(n AS SMALLINT))"},
                                          {"xor", "bit_xor(n)"},
                                          {"least", "arg_min(t, n)"},
                                          {"greatest", "max_by(row, y)"},
                                          {"both", "arg_max(t, n) FILTER (WHERE y > 0) || '!'"}};
  on_all_engines([&](Session& session) {
    for (unsigned seed = 0; seed < seeds(4); ++seed) {
      Random random{std::mt19937_64(seed)};
      const Rows whole = some_pairs(random, random.between(0, 60));
      const Table table = cut_up(random, whole);
      EXPECT_EQ(difference(session.compute(table.groupby({"k"}).agg(made)),
                           asked("SELECT k, " + listed(made) + " FROM whole" + grouped({"k"}), whole)),
                "")
          << "seed " << seed;
      EXPECT_EQ(difference(session.compute(table.agg(made)),
                           asked("SELECT " + listed(made) + " FROM whole", whole)),
                "")
          << "seed " << seed;
    }
  });
}

TEST_F(Aggregates, DifferentValuesTravelOnceAPartition) {
  const std::vector<NamedExpression> made{{"n", "count(DISTINCT n) + 1"},
                                          {"both", "count(DISTINCT (n, y)) FILTER (WHERE x IS NOT NULL)"},
                                          {"least", "min(x)"}};
  on_all_engines([&](Session& session) {
    Random random{std::mt19937_64(2)};
    const Rows whole = some_pairs(random, 300);
    const Table table = cut_up(random, whole);
    EXPECT_EQ(difference(session.compute(table.groupby({"k"}).agg(made)),
                         asked("SELECT k, " + listed(made) + " FROM whole" + grouped({"k"}), whole)),
              "");
    EXPECT_EQ(
        difference(session.compute(table.agg(made)), asked("SELECT " + listed(made) + " FROM whole", whole)),
        "");
    const std::vector<NamedExpression> two{{"most", "max(n, 2)"}};  // which may be the same twice
    EXPECT_EQ(
        difference(session.compute(table.agg(two)), asked("SELECT " + listed(two) + " FROM whole", whole)),
        "");
  });
}

/// Kept while there are few; else a sketch whose standard error is 1.6 %.
TEST_F(Aggregates, DifferentValuesAreCountedAboutRight) {
  const std::vector<NamedExpression> made{{"number", "approx_count_distinct(i // 3)"},
                                          {"text", "approx_count_distinct('t' || i)"},
                                          {"few", "approx_count_distinct(i % 500)"},
                                          {"huge", "approx_count_distinct(i::HUGEINT << 80)"},
                                          {"span", "approx_count_distinct(to_days(i::INTEGER % 400))"},
                                          {"none", "approx_count_distinct(i) FILTER (WHERE i < 0)"},
                                          {"kept", "approx_count_distinct(CASE WHEN i < 5 THEN i END)"}};
  const Rows whole = run("SELECT i, i % 2 AS k FROM range(60000) AS t(i)");
  std::optional<Rows> first;
  on_all_engines([&](Session& session) {
    for (unsigned seed = 0; seed < 2; ++seed) {
      Random random{std::mt19937_64(seed)};
      const Rows found = session.compute(cut_up(random, whole).agg(made));
      const auto count = [&](const char* name) {
        return static_cast<double>(found.column<std::int64_t>(name)[0]);
      };
      EXPECT_NEAR(count("number"), 20000, 20000 * 0.05);
      EXPECT_NEAR(count("text"), 60000, 60000 * 0.05);
      EXPECT_NEAR(count("huge"), 60000, 60000 * 0.05);
      EXPECT_EQ(count("few"), 500);
      EXPECT_EQ(count("span"), 400);
      EXPECT_EQ(count("none"), 0);
      EXPECT_EQ(count("kept"), 5);
      if (!first) first = found;
      EXPECT_TRUE(found == *first) << "it does not depend on how rows are cut";
    }
  });
}

TEST(DistinctSketch, StaysWithinItsErrorFromFewToMany) {
  std::mt19937_64 random(3);
  double squares = 0;
  int seen = 0;
  for (int round = 0; round < 20; ++round) {
    detail::DistinctSketch sketch;
    for (std::int64_t n = 1; n <= 200'000; ++n) {
      sketch.add(random());
      if ((n & (n - 1)) != 0) continue;
      detail::DistinctSketch copy = sketch;
      copy.finish();
      const double error = static_cast<double>(copy.estimate() - n) / static_cast<double>(n);
      EXPECT_TRUE(n >= 512 || error == 0) << n;
      EXPECT_LT(std::abs(error), 0.08) << n;
      if (n >= 512) squares += error * error, ++seen;
    }
  }
  EXPECT_LT(std::sqrt(squares / seen), 0.018);
}

TEST_F(Aggregates, QuantilesOfDigestsAreNear) {
  const Rows whole = run("SELECT (i * 7919) % 60000 AS i, i % 3 AS k FROM range(60000) AS t(i)");
  const std::vector<NamedExpression> made{
      {"middle", "approx_quantile(i, 0.5)"},
      {"some", "approx_quantile(i / 2e0, [0.01, 0.25, 0.999])"},
      {"decimal", "approx_quantile(CAST(i AS DECIMAL(18, 2)), 0.9)"},
      {"ends", "approx_quantile(i, [0, 1])"},
      {"finite",
       "approx_quantile(CASE WHEN i < 3 THEN i + 1 WHEN i < 5 THEN 'nan'::DOUBLE "
       "WHEN i < 7 THEN 'inf'::DOUBLE END, 0.5)"},
      {"none", "approx_quantile(i, [0.5]) FILTER (WHERE i < 0)"},
      {"large", "approx_quantile(9223372036854775807 - i % 2, 0.5)"}};
  const Schema expected = asked("SELECT " + listed(made) + " FROM whole", whole).schema();
  on_all_engines([&](Session& session) {
    Random random{std::mt19937_64(1)};
    const Table table = cut_up(random, whole).agg(made);
    const Rows found = session.compute(table);
    EXPECT_EQ(found.schema().text(), expected.text());
    EXPECT_NEAR(static_cast<double>(found.column<std::int64_t>("middle")[0]), 30000, 300);
    const ColumnView<double> some(found.column("some").child());
    EXPECT_NEAR(some[0], 300, 60);
    EXPECT_NEAR(some[1], 7500, 150);
    EXPECT_NEAR(some[2], 29970, 30);
    const ColumnView<std::int64_t> ends(found.column("ends").child());
    EXPECT_EQ(ends[0], 0);
    EXPECT_EQ(ends[1], 59999);
    EXPECT_EQ(found.column<double>("finite")[0], 2);
    EXPECT_TRUE(found.column("none").is_null(0));
    EXPECT_GT(found.column<std::int64_t>("large")[0], 9223372036854770000);
    const Rows by_key = session.compute(
        cut_up(random, whole).groupby({"k"}).agg({{"m", "approx_quantile(i, 0.5)"}, {"n", "count(*)"}}));
    ASSERT_EQ(by_key.size(), 3);
    for (std::int64_t row = 0; row < 3; ++row)
      EXPECT_NEAR(static_cast<double>(by_key.column<std::int64_t>("m")[row]), 30000, 500);
  });
}

/// How far apart the numbers of a group are.
struct Spread {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void step(double x) { low = std::min(low, x), high = std::max(high, x); }
  void merge(const Spread& later) { low = std::min(low, later.low), high = std::max(high, later.high); }
  std::optional<double> finish() const { return low > high ? std::nullopt : std::optional(high - low); }
};
/// All texts and row numbers, in the order of rows.
struct Words {
  std::string separator = {}, words = {};
  void step(std::optional<std::string_view> text, std::int32_t row) {
    words += std::string(text.value_or("-")) + std::to_string(row) + separator;
  }
  void merge(const Words& later) { words += later.words; }
  std::string finish() const { return words; }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& separator& words;
  }
};

TEST_F(Aggregates, UsersOwnTakeRowsInTheirOrder) {
  const std::string spread = "max(n * 2) - min(n * 2)::DOUBLE AS spread",
                    words = "string_agg(coalesce(t, '-') || row || '; ', '' ORDER BY row) AS words";
  on_all_engines([&](Session& session) {
    for (unsigned seed = 0; seed < seeds(3); ++seed) {
      Random random{std::mt19937_64(seed)};
      const Rows whole = some_pairs(random, random.between(1, 60));
      const Table table = cut_up(random, whole);
      const auto same = [&](const Table& found, const std::string& query) {
        EXPECT_EQ(difference(session.compute(found), asked(query, whole)), "")
            << "seed " << seed << ", " << query;
      };
      same(table.groupby({"k"}).aggregate("spread", Spread{}, {"n * 2"}),
           "SELECT k, " + spread + " FROM whole" + grouped({"k"}));
      same(table.aggregate("spread", Spread{}, {"n * 2"}), "SELECT " + spread + " FROM whole");
      same(table.groupby({"n", "k"}, {.order = GroupOrder::first_appearance})
               .aggregate("words", Words{.separator = "; "}, {"t", "row"}),
           "SELECT n, k, " + words + " FROM whole GROUP BY n, k ORDER BY min(row)");
    }
    const Table none = cut_at(some_numbers(), {0, 0}).aggregate("spread", Spread{}, {"n"});
    EXPECT_TRUE(session.compute(none).column<double>("spread").is_null(0));
  });
  const Table table = from_rows(some_numbers());
  const auto said = [&](const std::vector<std::string>& arguments) {
    return said_by<std::invalid_argument>([&] { table.aggregate("spread", Spread{}, arguments); });
  };
  expect_within(said({"n", "n"}),
                {"aggregate: expected 1 arguments of spread", "found 2", "aggregates_test.cpp"});
  expect_within(said({"m"}), {"aggregate: ", "\"m\"", "aggregates_test.cpp"});
  expect_within(said({"sum(n)"}), {"found sum(…)"});
}

TEST_F(Aggregates, GroupsComeInTheOrderOfTheirFirstRows) {
  const std::vector<NamedExpression> made{{"rows", "list(row)"}, {"mean", "avg(y)"}},
      by_rows{{"m", "median(y)"}};
  on_all_engines([&](Session& session) {
    for (unsigned seed = 0; seed < seeds(3); ++seed) {
      Random random{std::mt19937_64(seed)};
      const Rows whole = some_pairs(random, random.between(0, 80));
      const Grouped groups =
          cut_up(random, whole).groupby({"n", "k"}, {.order = GroupOrder::first_appearance});
      for (const auto& aggregates : {made, by_rows})
        EXPECT_EQ(difference(session.compute(groups.agg(aggregates)),
                             asked("SELECT n, k, " + listed(aggregates) +
                                       " FROM whole GROUP BY n, k ORDER BY min(row)",
                                   whole)),
                  "")
            << "seed " << seed;
    }
  });
}

/// Before they go to rank 0.
TEST_F(Aggregates, TablesThatDoNotFitStayWhereTheyAre) {
  on_all_engines([&](Session& session) {
    const Table table = cut_at(some_numbers(), {30, 0, 70}).filter("n % 2 = 0");
    EXPECT_EQ(session.compute(table.gathered(50 * 8)).size(), 50);
    std::string message;
    try {
      session.compute(table.gathered(50 * 8 - 1));
    } catch (const std::exception& error) {
      message = error.what();
    }
    expect_within(message, {"the memory of rank 0", "does not hold all of a table"});
    EXPECT_EQ(session.compute(table).size(), 50);
  });
}

}  // namespace
}  // namespace ramal::test
