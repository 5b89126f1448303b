// SPDX-License-Identifier: BSD-3-Clause
// Queries of several tables beside the engine's own answer to the same text of all rows at once.
#include "tests/io/engine.hpp"
#include "tests/io/tables/tables.hpp"
#include "tests/support/seeds.hpp"

#include <ramal/sql.hpp>

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

class SqlQueries : public WithEngine {};

struct Whole {
  Rows t, u, v;
};

Rows random_side(Random& random, std::vector<std::string> names) {
  std::vector<std::optional<std::int64_t>> keys, values, others;
  std::vector<std::string> texts;
  const std::int64_t rows = random.between(0, 30);
  for (std::int64_t row = 0; row < rows; ++row) {
    keys.push_back(random.one_in(6) ? std::nullopt : std::optional(random.between(0, 5)));
    others.push_back(random.between(0, 4));
    texts.push_back(any_of<std::string>(random, {"x", "y", "it's; -- "}));
    values.push_back(row);
  }
  return Rows::of({{names[0], keys}, {names[1], others}, {names[2], values}, {names[3], texts}});
}

/// Those with an order ask for one that leaves nothing open.
const std::vector<std::string> queries{
    "SELECT * FROM t",
    "SELECT a + 1 AS b, s AS \"two words\" FROM t WHERE k > 1 AND s <> 'it''s; -- '",
    "SELECT t.a, t.s FROM t ORDER BY t.k DESC NULLS FIRST, a LIMIT 7 OFFSET 2",
    "SELECT a AS z, k FROM t ORDER BY s || 'q', 1 DESC",
    "SELECT DISTINCT k, s FROM t WHERE a BETWEEN 2 AND 20 OR k IS NULL",
    "SELECT DISTINCT s FROM t ORDER BY s DESC LIMIT 2",
    "SELECT * FROM t JOIN u USING (k)",
    "SELECT * FROM t LEFT JOIN u USING (k) WHERE b IS NULL AND a > 3",
    "SELECT k, a, b FROM t RIGHT JOIN u USING (k) WHERE b > 2",
    "SELECT k, a, b FROM t FULL JOIN u USING (k)",
    "SELECT x.k, x.a, y.a AS c FROM t x JOIN t AS y ON x.k = y.m AND x.a < y.a WHERE x.a > 1 AND y.a < 25",
    "SELECT t.k, u.k AS k2, t.a, b FROM t LEFT JOIN u ON t.m = u.n AND u.b > 5",
    "SELECT t.*, u.b FROM t, u WHERE t.k = u.k AND t.s = u.r",
    "SELECT t.a, b FROM t JOIN u ON t.k = u.k WHERE t.m = 2.0 AND u.r = 'x' AND 3 = u.n",
    "SELECT a FROM t SEMI JOIN u USING (k) WHERE a > 2",
    "SELECT a FROM t ANTI JOIN u ON t.k = u.n",
    "SELECT count(*) AS n, sum(a * b) AS total FROM t JOIN u ON t.k = u.k JOIN v ON v.w = u.n",
    "SELECT s, r, c, count(*) AS n FROM t JOIN u USING (k) LEFT JOIN v ON w = n GROUP BY ALL ORDER BY ALL",
    "SELECT k, count(*) AS n, avg(a) AS mean FROM t GROUP BY k HAVING count(*) > 1 ORDER BY n DESC, k",
    "SELECT upper(t.s) || '!' AS big, count(DISTINCT k) AS n, median(a) FROM t GROUP BY upper(t.s) ORDER BY "
    "1",
    "SELECT k % 2 AS odd, min(s), sum(b) FILTER (WHERE b > 3) AS x FROM t JOIN u USING (k) GROUP BY odd "
    "ORDER BY sum(b) DESC, odd LIMIT 3",
    "SELECT max(a) - min(a) AS spread FROM t WHERE a > 1000",
    "SELECT t.k, t.k + max(t.a) FROM t GROUP BY t.k ORDER BY k",
    "SELECT a AS x FROM t UNION ALL SELECT b * 1e0 FROM u ORDER BY x",
    "SELECT k FROM t UNION SELECT n FROM u",
    "WITH big AS (SELECT * FROM t WHERE a > 5), few AS (SELECT k, count(*) AS n FROM big GROUP BY k) "
    "SELECT big.a, few.n FROM big JOIN few USING (k) ORDER BY a LIMIT 10",
    "SELECT q.k, q.n FROM (SELECT k, count(*) AS n FROM t GROUP BY k) AS q JOIN u ON q.k = u.n WHERE q.n > 1",
    "SELECT count(*) FROM t",
    "SELECT k, -- a remark; FROM\n a /* WHERE */ FROM t WHERE s IS DISTINCT FROM 'x' ORDER BY a",
};

/// Sorted where nothing is said of the order.
Rows comparable(const std::string& query, const Rows& rows) {
  if (query.find("ORDER BY") != std::string::npos) return rows;
  return detail::duckdb_engine().run("SELECT * FROM f ORDER BY ALL",
                                     std::vector{detail::NamedRows{"f", rows}});
}

TEST_F(SqlQueries, AnswerAsTheEngineDoesOfAllRows) {
  const unsigned count = seeds(1);
  std::vector<Rows> first;
  on_all_engines([&](Session& session) {
    std::size_t at = 0;
    for (unsigned seed = 0; seed < count; ++seed) {
      for (const std::string& query : queries) {
        Random random{std::mt19937_64(static_cast<unsigned>(at))};
        const Whole whole{random_side(random, {"k", "m", "a", "s"}),
                          random_side(random, {"k", "n", "b", "r"}),
                          random_side(random, {"v", "w", "c", "q"})};
        const std::vector<detail::NamedRows> rows{{"t", whole.t}, {"u", whole.u}, {"v", whole.v}};
        const std::vector<NamedTable> tables{
            {"t", cut_up(random, whole.t)}, {"U", cut_up(random, whole.u)}, {"v", cut_up(random, whole.v)}};
        const Table made = sql(query, tables);
        const Rows expected = engine().run(query, rows);
        EXPECT_EQ(made.schema().text(), expected.schema().text()) << query;
        const Rows found = session.compute(made);
        EXPECT_EQ(difference(comparable(query, found), comparable(query, expected)), "")
            << query << ", seed " << seed << '\n'
            << found << expected;
        if (at == first.size()) first.push_back(found);
        EXPECT_TRUE(found == first[at++]) << query << ": other bits than on the first engine";
      }
    }
  });
}

TEST_F(SqlQueries, CrossPutsEachRowBesideEach) {
  on_all_engines([](Session& session) {
    Random random{std::mt19937_64(3)};
    const Rows t = random_side(random, {"k", "m", "a", "s"}), u = random_side(random, {"l", "n", "b", "r"});
    const Rows found = session.compute(cut_up(random, t).cross(from_rows(u)));
    const std::vector<NamedRows> both{{"t", t}, {"u", u}};
    EXPECT_EQ(difference(found, run("SELECT * FROM t CROSS JOIN u ORDER BY a, b", both)), "") << found;
    const Table many = from_parts(as_family(std::vector{value(u), value(u)}), u.schema());
    expect_within(said_by<std::invalid_argument>([&] { from_rows(t).cross(many); }),
                  {"expected another table of one partition, found 2; gather() makes one"});
    const std::string theta = "SELECT a, b FROM t JOIN u ON m < n ORDER BY ALL";
    const Rows pairs = session.compute(sql(theta, {{"t", from_rows(t)}, {"u", cut_up(random, u)}}));
    EXPECT_EQ(difference(pairs, run(theta, both)), "") << pairs;
  });
}

TEST_F(SqlQueries, WhatIsOfOnePartitionIsLeftToTheEngine) {
  SerialRanks ranks;
  const Rows rows = Rows::of({{"a", std::vector<std::int64_t>{3, 1, 2}}});
  const std::string query =
      "SELECT a, sum(a) OVER (ORDER BY a) AS s FROM t WHERE a IN (SELECT max(a) FROM t) OR a < 2 ORDER BY a";
  const Rows found = ranks.session().compute(sql(query + ";\n", {{"t", from_rows(rows)}}));
  EXPECT_TRUE(found == engine().run(query, std::vector{NamedRows{"t", rows}})) << found;
}

TEST_F(SqlQueries, MistakesAreNamed) {
  Random random{std::mt19937_64(1)};
  const Rows rows = random_side(random, {"k", "m", "a", "s"});
  const Table one = from_rows(rows);
  const Table t = from_parts(as_family(std::vector{value(rows), value(rows)}), rows.schema());
  const auto said = [&](const std::string& query, const std::vector<std::string>& parts) {
    const std::string text = said_by<std::invalid_argument>([&] { sql(query, {{"t", t}, {"one", one}}); });
    expect_within(text, parts);
    expect_within(text, {"ramal: ", "sql_test.cpp:"});
  };
  said("SELECT b FROM t", {"\"b\" not found", "SELECT b FROM t\n         ^"});
  said("SELECT a FROM", {"sql"});
  said("SELECT a FROM other", {"other"});
  const std::string help = "gather() the tables first";
  said("SELECT sum(a) OVER () FROM t", {"a window (OVER) in SELECT", help});
  said("SELECT a FROM t WHERE a IN (SELECT a FROM one)", {"a query within WHERE", help});
  said("SELECT a FROM t QUALIFY row_number() OVER () = 1", {"QUALIFY", help});
  said("SELECT a FROM t INTERSECT SELECT a FROM one", {"INTERSECT", help});
  said("SELECT k, count(*) FROM t GROUP BY ROLLUP (k)", {"GROUP BY ROLLUP (k)", help});
  said("SELECT x.a FROM t x JOIN t y ON x.a < y.a", {"equality", help});
  said("SELECT x.a FROM t x LEFT JOIN t y ON x.k = y.k AND x.a < y.a",
       {"ON of a left join by x.a < y.a", help});
  said("SELECT x.a FROM t x JOIN t y ON x.k = y.k OR y.a > 3", {"equality", help});
  said("SELECT count(*) FROM t NATURAL JOIN one", {"NATURAL in FROM", help});
  said("SELECT count(*) FROM t POSITIONAL JOIN one", {"POSITIONAL in FROM", help});
  said("SELECT a FROM t LIMIT 10%", {"LIMIT 10%", help});
  said("SELECT DISTINCT ON (k) a FROM t", {"DISTINCT ON", help});
  expect_within(said_by<std::invalid_argument>([&] {
                  sql("SELECT 1", {{"t", t}, {"T", one}});
                }),
                {"two tables are called"});
}

}  // namespace
}  // namespace ramal::test
