// SPDX-License-Identifier: BSD-3-Clause
// Each line of the table of names in docs/tables.md: the call that stands there, as it stands there, gives
// what the SQL beside it does. TABLES_PAGE is where the page is.
#include "tests/io/engine.hpp"
#include "tests/io/tables/tables.hpp"

#include <ramal/csv.hpp>
#include <ramal/parquet.hpp>
#include <ramal/sql.hpp>
#include <ramal/table_array.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <set>

namespace ramal::test {
namespace {

struct Line {
  std::string sql;                 ///< empty where the page says nothing
  std::vector<std::string> calls;  ///< all that is in backquotes in the last column
};

std::vector<std::string> in_backquotes(const std::string& text) {
  std::vector<std::string> found;
  for (std::size_t at = text.find('`'); at != text.npos;) {
    const std::size_t end = text.find('`', at + 1);
    if (end == text.npos) break;
    found.push_back(text.substr(at + 1, end - at - 1));
    at = text.find('`', end + 1);
  }
  return found;
}

std::vector<Line> lines_of_page() {
  const char* set = std::getenv("TABLES_PAGE");
  std::ifstream page(set != nullptr ? set : "docs/tables.md");
  std::vector<Line> lines;
  bool is_within = false;
  for (std::string text; std::getline(page, text);) {
    if (text.starts_with("| pandas, Dask |")) is_within = true;
    if (!is_within || text.starts_with("| pandas") || text.starts_with("|---")) continue;
    if (!text.starts_with("| ")) break;
    std::vector<std::string> cells;
    for (std::size_t at = 1; at < text.size();) {
      const std::size_t end = text.find(" |", at);
      cells.push_back(text.substr(at, end - at));
      at = end == text.npos ? end : end + 2;
    }
    EXPECT_EQ(cells.size(), 3u) << text;
    const auto sql = in_backquotes(cells.at(1));
    lines.push_back({sql.empty() ? "" : sql[0], in_backquotes(cells.at(2))});
  }
  return lines;
}

Rows kept(const Rows& rows) { return rows.slice(0, 1); }
constexpr auto f = &kept;
struct State {
  double sum = 0;
  void step(double x) { sum += x; }
  void merge(const State& more) { sum += more.sum; }
  double finish() const { return sum; }
};

Rows rows_of(Session& session, const Table& table) { return session.compute(table); }
Rows rows_of(Session&, const Rows& rows) { return rows; }
Rows rows_of(Session&, std::int64_t number) { return Rows::of({{"n", std::vector{number}}}); }
Rows rows_of(Session& session, const Delayed<std::int64_t>& number) {
  return rows_of(session, session.compute(number));
}
Rows rows_of(Session&, const std::vector<std::string>& texts) { return Rows::of({{"name", texts}}); }
Rows rows_of(Session&, const Schema& schema) {
  std::vector<std::string> types;
  for (const Field& field : schema) types.push_back(field.type.text());
  return Rows::of({{"type", types}});
}
Rows rows_of(Session& session, const Array<double>& array) {
  const Block<double> block = session.compute(array);
  return Rows::of({{"x", std::vector<double>(block.begin(), block.end())}});
}

class Page : public WithEngine {};

TEST_F(Page, CallsAreTheSqlBesideThem) {
  const char* files = std::getenv("TABLE_FILES");
  const std::string folder =
      std::string(files != nullptr ? files : ".") + "/page." + std::to_string(getpid());
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::string source = folder + "/t", p = folder + "/written.parquet";
  const std::string query =
      "SELECT CASE i % 4 WHEN 0 THEN 'x' WHEN 1 THEN 'y' WHEN 2 THEN NULL ELSE 'x' END AS k, CASE WHEN i % 5 "
      "< 4 THEN "
      "((i * 7) % 31) / 2e0 END AS a, CAST(i AS DOUBLE) AS b FROM range(30) AS t(i)";
  std::filesystem::create_directories(source);
  for (int file = 0; file < 3; ++file)
    engine().write("SELECT * FROM (" + query + ") LIMIT 10 OFFSET " + std::to_string(10 * file), {},
                   source + "/" + std::to_string(file) + ".parquet", {{"format", "parquet"}});
  const Rows all = run(query), side = run("SELECT * FROM (VALUES ('x', 1), ('z', 2)) AS s(k, c)");
  const Rows sold =
      run("SELECT TIMESTAMP '2024-01-01' + to_minutes(CAST(i * 37 AS INT)) AS time, CAST(time AS DATE) AS "
          "day, CASE "
          "i % 3 WHEN 0 THEN 'Bonn' ELSE 'Ulm' END AS town, 2023 + i % 3 AS year, i AS sales FROM range(60) "
          "AS t(i)");
  const Rows two = run("SELECT unnest([1, 2]) AS c");
  const std::vector<NamedRows> tables{{"t", all}, {"other", side}, {"u", side}, {"sold", sold}, {"two", two}};
  const std::vector<Line> lines = lines_of_page();
  ASSERT_GT(lines.size(), 20u);
  std::set<std::string> tested;

  SerialRanks ranks;
  Session& session = ranks.session();
  const Table t = read_parquet(source, {.partition_bytes = 100}), other = from_rows(side);
  ASSERT_GT(t.partitions(), 2);
  const Schema schema = t.schema();
  const auto x = to_array<double>(t, "a");

  const auto check = [&](const std::string& call, const Rows& found, const std::string& sql) {
    EXPECT_EQ(difference(found, run(sql, tables)), "") << call << '\n' << found << run(sql, tables);
    tested.insert(call);
    const auto line = std::ranges::find_if(
        lines, [&](const Line& one) { return std::ranges::find(one.calls, call) != one.calls.end(); });
    ASSERT_NE(line, lines.end()) << "the page does not have " << call;
    if (line->sql.empty() || line->sql.find('\'') != std::string::npos || line->sql == "DESCRIBE t") return;
    for (std::size_t at = 0; at < line->sql.size();) {  // around what is left out
      const std::size_t gap = std::min(line->sql.find("…", at), line->sql.size());
      std::string part = line->sql.substr(at, gap - at);
      while (part.ends_with(' ')) part.pop_back();
      EXPECT_NE(sql.find(part), sql.npos) << "the page says " << part << ", tested is " << sql;
      at = gap + std::string("…").size();
    }
  };
#define CHECK_LINE(sql, ...) check(#__VA_ARGS__, rows_of(session, __VA_ARGS__), sql)
  CHECK_LINE("SELECT unnest(['VARCHAR', 'DOUBLE', 'DOUBLE']) AS type", t.schema());
  CHECK_LINE("SELECT unnest(['k', 'a', 'b']) AS name", t.columns());
  CHECK_LINE("SELECT a, b FROM t", t.select({"a", "b"}));
  CHECK_LINE("SELECT * EXCLUDE (a) FROM t", t.drop({"a"}));
  CHECK_LINE("SELECT k, a, b, a + b AS c FROM t", t.with_column("c", "a + b"));
  CHECK_LINE("SELECT * FROM t WHERE a > 1", t.filter("a > 1"));
  CHECK_LINE("SELECT k, coalesce(a, 0) AS a, b FROM t", t.fillna({"a"}, "0"));
  CHECK_LINE("SELECT * FROM t WHERE a IS NOT NULL", t.dropna({"a"}));
  CHECK_LINE("SELECT k, CAST(a AS DOUBLE) AS a, b FROM t", t.astype({{"a", "DOUBLE"}}));
  CHECK_LINE("SELECT count(*) AS n FROM t", session.compute(t.count()));
  CHECK_LINE("SELECT * FROM t LIMIT 3", t.head(3));
  CHECK_LINE("SELECT * FROM (SELECT * FROM t ORDER BY b DESC LIMIT 3) ORDER BY b", t.tail(3));
  CHECK_LINE("SELECT * FROM t ORDER BY a DESC LIMIT 3", t.top(3, "a DESC"));
  CHECK_LINE("SELECT avg(a) AS mean FROM t", t.agg({{"mean", "avg(a)"}}));
  CHECK_LINE("SELECT k, sum(a) AS total FROM t GROUP BY k ORDER BY k NULLS LAST",
             t.groupby({"k"}).agg({{"total", "sum(a)"}}));
  CHECK_LINE("SELECT k FROM (SELECT *, b AS row FROM t) GROUP BY k ORDER BY min(row)",
             t.groupby({"k"}, {.order = GroupOrder::first_appearance}).agg({}));
  CHECK_LINE("SELECT k, sum(a) AS name FROM t GROUP BY k ORDER BY k NULLS LAST",
             t.groupby({"k"}).aggregate("name", State{}, {"a"}));
  CHECK_LINE("SELECT a, count(*) AS count FROM t GROUP BY a ORDER BY count DESC, a NULLS LAST",
             t.value_counts("a"));
  CHECK_LINE("SELECT DISTINCT k, a, b FROM t ORDER BY k NULLS LAST, a NULLS LAST, b NULLS LAST",
             t.distinct());
  CHECK_LINE("SELECT k, a, b, c FROM t LEFT JOIN other USING (k) ORDER BY b",
             t.join(other, {"k"}, Join::left));
  CHECK_LINE("SELECT * FROM t WHERE b % 10 = 0", t.map_partitions<f>(schema));
  CHECK_LINE("SELECT unnest([coalesce(a, 'nan'), b]) AS x FROM t", to_array<double>(t, {"a", "b"}));
  CHECK_LINE("SELECT coalesce(a, 'nan') AS x FROM t", to_array<double>(t, "a"));
  CHECK_LINE("SELECT coalesce(a, 'nan') AS a FROM t", from_array(x, {"a"}));
  CHECK_LINE("SELECT count(*) AS n FROM t", write_parquet(t, p));
  CHECK_LINE("SELECT * FROM t", read_parquet(p));
  CHECK_LINE("SELECT * FROM t", session.compute(t));
  CHECK_LINE("SELECT * FROM t", session.persist(t));
  CHECK_LINE("SELECT * FROM t ORDER BY a, b DESC", t.sort_by("a, b DESC"));
  CHECK_LINE(
      "SELECT 'a' AS column, count(a) AS count, avg(a) AS mean, stddev(a) AS std, min(a) AS min, "
      "quantile_cont(a, 0.25) AS \"25%\", quantile_cont(a, 0.5) AS \"50%\", quantile_cont(a, 0.75) AS "
      "\"75%\", max(a) AS max FROM t UNION ALL SELECT 'b', count(b), avg(b), stddev(b), min(b), "
      "quantile_cont(b, 0.25), quantile_cont(b, 0.5), quantile_cont(b, 0.75), max(b) FROM t",
      t.describe());
  CHECK_LINE("SELECT *, lag(a) OVER (ORDER BY b) AS before FROM t ORDER BY b", t.shift({{"before", "a"}}, 1));
  CHECK_LINE("SELECT *, avg(a) OVER (ORDER BY b ROWS 6 PRECEDING) AS mean FROM t ORDER BY b",
             t.rolling({.rows = 7}, {{"mean", "avg(a)"}}));
  check("t.rolling({.rows = 7, .within = {\"k\"}}, {{\"mean\", \"avg(a)\"}})",
        session.compute(t.rolling({.rows = 7, .within = {"k"}}, {{"mean", "avg(a)"}}).sort_by("b")),
        "SELECT *, avg(a) OVER (PARTITION BY k ORDER BY b ROWS 6 PRECEDING) AS mean FROM t ORDER BY b");
  CHECK_LINE(
      "SELECT *, sum(a) OVER (ORDER BY b ROWS UNBOUNDED PRECEDING) AS total, max(a) OVER (ORDER BY b ROWS "
      "UNBOUNDED PRECEDING) AS top FROM t ORDER BY b",
      t.expanding({{"total", "sum(a)"}, {"top", "max(a)"}}));
  CHECK_LINE("SELECT * FROM t", t.repartition({.partitions = 9}));
  CHECK_LINE("SELECT k, variable, value FROM t UNPIVOT INCLUDE NULLS (value FOR variable IN (a, b))",
             t.melt({"k"}));
  CHECK_LINE("SELECT *, coalesce(a, 'nan') AS c FROM t", with_array(t, "c", x));
  {
    const Table& u = other;
    CHECK_LINE("SELECT k, c FROM t JOIN u USING (k)",
               sql("SELECT k, c FROM t JOIN u USING (k)", {{"t", t}, {"u", u}}));
  }
  {
    const Table a = t.head(7), b = t.select({"b", "a", "k"}).tail(9);
    CHECK_LINE("SELECT * FROM (SELECT * FROM t LIMIT 7) UNION ALL BY NAME (SELECT b, a, k FROM t OFFSET 21)",
               concat({a, b}));
  }
  {
    const std::string p = folder + "/written.csv";
    CHECK_LINE("SELECT count(*) AS n FROM t", write_csv(t, p));
    CHECK_LINE("SELECT * FROM t", read_csv(p));
  }
  {
    const Table t = from_rows(sold).repartition({.partitions = 4}), other = from_rows(two);
    CHECK_LINE("SELECT *, count(*) OVER (ORDER BY time RANGE INTERVAL 1 HOUR PRECEDING) AS n FROM sold",
               t.rolling({.on = "time", .range = "INTERVAL 1 HOUR"}, {{"n", "count(*)"}}));
    CHECK_LINE(
        "SELECT time_bucket(INTERVAL 1 DAY, time) AS time, count(*) AS n FROM sold "
        "GROUP BY time_bucket(INTERVAL 1 DAY, time) ORDER BY time",
        t.resample("time", "INTERVAL 1 DAY", {{"n", "count(*)"}}));
    CHECK_LINE("SELECT * FROM sold", t.repartition({.key = "day", .divisions = {"DATE '2024-01-01'"}}));
    CHECK_LINE("PIVOT sold ON year IN (2023, 2024) USING sum(sales) GROUP BY town ORDER BY town",
               t.pivot({"town"}, "year", {"2023", "2024"}, "sum(sales)"));
    CHECK_LINE("SELECT * FROM sold CROSS JOIN two ORDER BY time, c", t.cross(other));
    const Table
        a = t.rename({{"town", "k"}}),
        b = a.filter("sales % 7 = 3").select({"k", "time", "sales"}).rename({{"sales", "last"}}).gather();
    CHECK_LINE(
        "SELECT sold.time, sold.day, sold.town AS k, sold.year, sold.sales, b.sales AS last FROM sold ASOF "
        "LEFT JOIN "
        "(FROM "
        "sold WHERE sales % 7 = 3) AS b ON sold.town = b.town AND sold.time >= b.time ORDER BY sold.time",
        a.asof_join(b, "time", {"k"}));
  }
  // Without SQL beside them: order_test.cpp, table_hdf5_test.cpp.
  tested.insert({R"(t.partition_ranges("day"))", "t.sample(0.1, seed)", "write_hdf5(p, g, t)"});
  check("t.rename({{\"a\", \"b\"}})", session.compute(t.drop({"b"}).rename({{"a", "b"}})),
        "SELECT k, a AS b FROM t");
#undef CHECK_LINE
  for (const Line& line : lines)
    EXPECT_TRUE(std::ranges::any_of(line.calls, [&](const auto& call) { return tested.contains(call); }))
        << "no test of the line of " << (line.calls.empty() ? line.sql : line.calls[0]);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ramal::test
