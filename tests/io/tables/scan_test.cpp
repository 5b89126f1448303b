// SPDX-License-Identifier: BSD-3-Clause
// Row groups that a condition passes over: never one that holds a row of the result.
#include "io/tables/scan_groups.hpp"
#include "tests/io/tables/table_folder.hpp"
#include "tests/io/tables/tables.hpp"
#include "tests/support/seeds.hpp"

#include <ramal/parquet.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

namespace ramal::test {
namespace {

namespace fs = std::filesystem;

class Scans : public WithTableFolder {};

std::size_t groups_left(const Table& table) { return table.state().groups->groups.size(); }

/// As users write them, and as they might.
std::string some_comparison(Random& random, const Field& field) {
  const std::string name = in_quotes(field.name), a = some_value(random, field.type),
                    b = some_value(random, field.type);
  const std::string sign = any_of<std::string>(random, {"<", "<=", "=", "==", "<>", "!=", ">=", ">"});
  switch (random.between(0, 6)) {
    case 0:
      return name + " IN (" + a + ", " + b + ")";
    case 1:
      return name + " BETWEEN " + a + " AND " + b;
    case 2:
      return a + sign + name;
    case 3:
      return name + " IS " + (random.one_in(2) ? "NOT " : "") + "null";
    default:
      return name + ' ' + sign + ' ' + a;
  }
}
std::string some_logic(Random& random, const Schema& schema, int depth) {
  const auto part = [&] { return some_logic(random, schema, depth - 1); };
  const Field field = any_of(random, std::vector(schema.begin(), schema.end()));
  if (depth == 0) return some_comparison(random, field);
  switch (random.between(0, 7)) {
    case 0:
    case 1:
      return part() + " AND " + part();
    case 2:
      return part() + " or " + part();
    case 3:
      return "(" + part() + ")";
    case 4:
      return "NOT (" + part() + ")";
    case 5:
      return "CASE WHEN " + part() + " THEN " + part() + " ELSE true END";
    case 6:
      return some_condition(random, field) + " -- AND false\n";
    default:
      return "(" + part() + " OR " + part() + ") AND " + part();
  }
}

TEST_F(Scans, LeaveNoRowOut) {
  SerialRanks ranks;
  std::size_t all = 0, left = 0;
  for (unsigned seed = 0; seed < seeds(5); ++seed) {
    Random random{std::mt19937_64(seed)};
    const Rows whole = some_rows(random, random.between(1, 40));
    const std::string folder = "all" + std::to_string(seed);
    std::vector<std::string> keys;
    for (std::int64_t at = 0, count = 0; at < whole.size(); at += count) {
      count = random.between(1, 4);
      const Rows some = whole.slice(at, std::min(count, whole.size() - at));
      const bool is_null = random.one_in(6);
      char name[60];
      std::snprintf(name, sizeof name, "/at=%03d/key=%s", static_cast<int>(at),
                    is_null            ? "__HIVE_DEFAULT_PARTITION__"
                    : random.one_in(2) ? "-7"
                                       : "12");
      for (std::int64_t i = 0; i < some.size(); ++i) keys.emplace_back(std::string(name).substr(12));
      fs::create_directories(path(folder + name));
      engine().write("FROM part", std::vector{NamedRows{"part", some}}, path(folder + name + "/x.parquet"),
                     {{"format", "parquet"},
                      {"compression",
                       any_of<std::string>(random, {"snappy", "zstd", "gzip", "lz4_raw", "uncompressed"})},
                      {"parquet_version", any_of<std::string>(random, {"V1", "V2"})}});
    }
    std::vector<std::optional<std::int64_t>> numbers;
    for (const std::string& key : keys)
      numbers.push_back(key[0] == '_' ? std::nullopt : std::optional<std::int64_t>(std::stol(key)));
    const Table read = read_parquet(path(folder)).drop({"at"}),
                plain = from_rows(whole.with({"key", numbers}));
    EXPECT_EQ(difference(ranks.session().compute(read), ranks.session().compute(plain)), "") << seed;
    for (int round = 0; round < 15; ++round) {
      const std::string condition =
          some_logic(random, plain.schema(), static_cast<int>(random.between(0, 3)));
      const Table filtered = read.filter(condition);
      const std::string found =
          difference(ranks.session().compute(filtered), ranks.session().compute(plain.filter(condition)));
      EXPECT_EQ(found, "") << condition << ", seed " << seed;
      all += groups_left(read);
      left += groups_left(filtered);
    }
  }
  EXPECT_LT(left, all * 3 / 4) << "of " << all << " groups";
}

TEST_F(Scans, PassOverGroupsOfOtherValues) {
  const std::string file =
      write("ten.parquet",
            "SELECT i, i::DOUBLE AS x, 'n' || lpad(i::VARCHAR, 6, '0') AS t, DATE '2024-01-01' + (i // "
            "1000)::INTEGER "
            "AS d, TIMESTAMP '2024-01-01' + INTERVAL (i) MINUTE AS m, (i * 0.01)::DECIMAL(9,2) AS c, "
            "CASE WHEN i >= 4096 THEN i END AS n FROM range(20480) AS r(i)");
  const Table table = read_parquet(file, {.partition_bytes = 1 << 17});
  ASSERT_EQ(groups_left(table), 10u);
  const auto left = [&](const std::string& condition) { return groups_left(table.filter(condition)); };
  EXPECT_EQ(left("i = 5000"), 1u);
  EXPECT_EQ(left("5000 == \"i\""), 1u);
  EXPECT_EQ(left("i < 2048"), 1u);
  EXPECT_EQ(left("i <= 2048"), 2u);
  EXPECT_EQ(left("2e4 < i"), 1u);
  EXPECT_EQ(left("i BETWEEN 2047 AND 4096 AND i <> 7"), 3u);
  EXPECT_EQ(left("i IN (1, 5000, 20479)"), 3u);
  EXPECT_EQ(left("i = 1 OR (i = 5000 AND true)"), 2u);
  EXPECT_EQ(left("i < -1"), 0u);
  EXPECT_EQ(left("x < 10"), 1u);
  EXPECT_EQ(left("x > 20000"), 10u) << "NaN is above all numbers";
  EXPECT_EQ(left("x > 20000 AND x < 1e9"), 1u);
  EXPECT_EQ(left("x BETWEEN 20000 AND 1e9"), 1u);
  EXPECT_EQ(left("t = 'n005000'"), 1u);
  EXPECT_EQ(left("t >= 'n02'"), 1u);
  EXPECT_EQ(left("d = '2024-01-01'"), 1u);
  EXPECT_EQ(left("d < DATE '2024-01-03' AND m >= '2024-01-02 08:00:00'::TIMESTAMP"), 1u);
  EXPECT_EQ(left("c = 50.00"), 1u);
  EXPECT_EQ(left("n IS NULL"), 2u);
  EXPECT_EQ(left("n IS NOT NULL"), 8u);
  EXPECT_EQ(left("n <> 5"), 8u);
  for (const std::string none :
       {"i + 0 = 5000", "NOT i = 5000", "abs(i) = 1", "i = 5000 OR abs(i) = 1", "t = 5000",
        "t = E'\\'' AND i = 5000", "i = 5000 /* /* */ OR true -- */", "i = i", "i::VARCHAR < '2'",
        "CASE WHEN i = 1 THEN true ELSE i = 5000 END"}) {
    try {
      EXPECT_EQ(left(none), 10u) << none;
    } catch (const std::invalid_argument&) {  // what the engine does not take
    }
  }
  EXPECT_EQ(groups_left(table.dropna({"n"})), 8u);
  EXPECT_EQ(groups_left(table.select({"i", "n"}).filter("n > 5000").filter("i < 5000")), 1u);
  EXPECT_EQ(table.with_column("i", "-i").filter("i < -5000").state().groups, nullptr);
  on_all_engines([&](Session& session) {
    const Table filtered = read_parquet(file, {.columns = {"t"}, .filter = "i >= 4090 AND i < 4100"});
    EXPECT_EQ(filtered.partitions(), 1);
    EXPECT_EQ(session.compute(filtered).size(), 10);
    EXPECT_EQ(session.compute(table.filter("i < -1")).size(), 0);
    EXPECT_EQ(session.compute(table.filter("i < -1").agg({{"n", "count(*)"}})).column<std::int64_t>("n")[0],
              0);
  });
}

// Other writers leave NaN out of the bounds, as the format has it; DuckDB's own writes no bounds then.
/// What was made of what a file holds is not read again from it, whatever a filter could pass over.
TEST_F(Scans, LeaveAloneWhatWasMadeOfThem) {
  const std::string file = folder_ + "/made.parquet";
  engine().write("SELECT i AS a, i % 3 AS b, i % 5 AS price FROM range(4096) AS t(i)", {}, file,
                 {{"format", "parquet"}, {"row_group_size", "2048"}});
  SerialRanks ranks;
  Session& session = ranks.session();
  const Table table = read_parquet(file);
  ASSERT_EQ(groups_left(table.filter("a < 5")), 1u);
  const Rows all = session.compute(table);
  const auto expect_same = [&](const Table& made, const std::string& query) {
    const Rows expected = engine().run(query, std::vector{NamedRows{"t", all}});
    const Rows found = session.compute(made);
    EXPECT_EQ(difference(found, expected), "") << query << '\n' << found << expected;
  };
  expect_same(session.persist(table.filter("b = 1")).filter("a < 5"),
              "SELECT * FROM t WHERE b = 1 AND a < 5");
  expect_same(table.shift({{"before", "a"}}).filter("a < 3"),
              "SELECT *, CASE WHEN a > 0 THEN a - 1 END AS before FROM t WHERE a < 3");
  const Table dear = from_rows(engine().run("SELECT CAST(1 AS BIGINT) AS b, 100 AS price", {}));
  expect_same(table.select({"b", "a"}).join(dear, {"b"}).filter("price > 50 AND a < 9"),
              "SELECT b, a, 100 AS price FROM t WHERE b = 1 AND a < 9");
}

TEST_F(Scans, FindNanOutsideOfTheBounds) {
  const std::string file = write("nan.parquet", "SELECT i + 0.25e0 AS x FROM range(100) AS r(i)",
                                 {{"compression", "uncompressed"}, {"dictionary_size_limit", "1"}});
  std::ifstream in(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const double old = 50.25, nan = std::numeric_limits<double>::quiet_NaN();
  std::string from(sizeof old, ' '), to(sizeof nan, ' ');
  std::memcpy(from.data(), &old, sizeof old);
  std::memcpy(to.data(), &nan, sizeof nan);
  ASSERT_NE(bytes.find(from), bytes.npos);
  bytes.replace(bytes.find(from), sizeof old, to);
  std::ofstream(file, std::ios::binary) << bytes;
  SerialRanks ranks;
  const Table table = read_parquet(file);
  EXPECT_EQ(ranks.session().compute(table.filter("x > 200").count()), 1);
  EXPECT_EQ(ranks.session().compute(table.filter("x >= 99.25 OR x = 'nan'").count()), 2);
  EXPECT_EQ(groups_left(table.filter("x > 200 AND x < 300")), 0u);
}

TEST_F(Scans, OfManyFilesReadTheFootersTogether) {
  const std::string first = write("many/0000.parquet", "SELECT i, i * 2 AS j FROM range(3) AS r(i)"),
                    none = write("none", "SELECT 1::BIGINT AS i WHERE false");
  const auto name = [&](int k) { return path("many/" + std::to_string(1000 + k) + ".parquet"); };
  for (int k = 0; k < 150; ++k) fs::copy_file(k % 3 == 1 ? none : first, name(k));
  const Table table = read_parquet(path("many"));
  EXPECT_EQ(table.text(), "a table of 303 rows in 1 partition: (i BIGINT, j BIGINT)");
  EXPECT_EQ(table.filter("i = 5").state().groups->groups.size(), 0u);
  for (const int k : {140, 90})
    std::ofstream(name(k), std::ios::binary) << "PAR1 is no more than a beginning PAR1";
  contains(message([&] { read_parquet(path("many")); }), name(90));
}

// A flipped bit in a value cannot be seen: pages have no checksums. All else is refused by the file's name,
// or reads as many rows as the footer says. RANDOM_SEEDS makes it longer.
TEST_F(Scans, OfDamagedFilesGiveAllRowsOrNameTheFile) {
  SerialRanks ranks;
  int read = 0, refused = 0;
  for (unsigned seed = 0; seed < std::max(6u, seeds(6)); ++seed) {  // fewer might all be read
    Random random{std::mt19937_64(seed)};
    const std::string file = write(
        "whole.parquet",
        "SELECT i, i % 7 AS few, CASE WHEN i % 5 > 0 THEN i * 0.1e0 END AS x, 'text ' || i AS t, i % 2 = 0 "
        "AS b, "
        "[i, i + 1] AS l, TIMESTAMP '2024-01-01' + INTERVAL (i) SECOND AS m, (i / 4)::DECIMAL(20,2) AS c "
        "FROM range(3000) AS r(i)",
        {{"row_group_size", any_of<std::string>(random, {"2048", "100000"})},
         {"compression",
          any_of<std::string>(random, {"snappy", "zstd", "gzip", "lz4_raw", "brotli", "uncompressed"})},
         {"parquet_version", any_of<std::string>(random, {"V1", "V2"})},
         {"dictionary_size_limit", any_of<std::string>(random, {"1", "100000"})}});
    std::ifstream in(file, std::ios::binary);
    const std::string whole{std::istreambuf_iterator<char>(in), {}};
    for (int round = 0; round < 15; ++round) {
      std::string bytes = whole;
      const auto somewhere = [&](std::size_t from) {
        return static_cast<std::size_t>(
            random.between(static_cast<std::int64_t>(from), std::ssize(bytes) - 1));
      };
      if (random.one_in(6)) bytes.resize(somewhere(0));
      for (std::int64_t flips = random.between(bytes.size() == whole.size() ? 1 : 0, 4);
           flips > 0 && !bytes.empty(); --flips)
        bytes[somewhere(random.one_in(3) ? 0 : bytes.size() * 9 / 10)] ^=
            static_cast<char>(1 << random.between(0, 7));
      const std::string damaged = path("damaged.parquet");
      std::ofstream(damaged, std::ios::binary) << bytes;
      try {
        const Table table = read_parquet(damaged);
        std::int64_t planned = 0;
        for (const std::int64_t rows : *table.state().rows) planned += rows;
        EXPECT_EQ(ranks.session().compute(table).size(), planned);
        ranks.session().compute(table.filter("i > 100 AND t < 'text 9'"));
        ++read;
      } catch (const std::exception& error) {
        contains(error.what(), damaged);
        ++refused;
      }
    }
  }
  EXPECT_GT(read, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace ramal::test
