// SPDX-License-Identifier: BSD-3-Clause
// CSV files as tables: how they are cut, what is guessed, what is refused, and what is written.
#include "io/tables/state.hpp"
#include "tests/io/tables/table_folder.hpp"
#include "tests/io/tables/tables.hpp"
#include "tests/support/seeds.hpp"

#include <ramal/csv.hpp>

#include <gtest/gtest.h>

#include <fstream>

namespace ramal::test {
namespace {

namespace fs = std::filesystem;

class CsvTables : public WithTableFolder {
 protected:
  std::string put(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
};

TEST_F(CsvTables, HaveEachLineOnceWhereverTheyAreCut) {
  SerialRanks ranks;
  const Rows whole =
      Rows::of({{"id", std::vector<std::int64_t>{1, 22, 333, 4, 5}},
                {"t", std::vector<std::optional<std::string>>{"a", "", std::nullopt, "d, e", "ü"}}});
  for (const std::string end : {"\n", "\r\n"})
    for (const bool ends : {true, false}) {
      const std::string file = put("cut.csv", "id,t" + end + "1,a" + end + "22,\"\"" + end + "333," + end +
                                                  "4,\"d, e\"" + end + "5,ü" + (ends ? end : ""));
      for (std::uint64_t bytes = 1; bytes < 60; bytes = bytes * 3 / 2 + 1) {
        const Table table = read_csv(file, {.partition_bytes = bytes});
        const Rows found = ranks.session().compute(table);
        EXPECT_TRUE(found == whole) << bytes << '\n' << found;
      }
    }
  std::string text = "i;x\n";
  for (int i = 0; i < 6000; ++i) text += std::to_string(i) + ';' + std::to_string(i) + ".5\n";
  const std::string large = put("large.csv", text);
  on_all_engines([&](Session& session) {
    const Table table = read_csv(large, {.columns = {"i"}, .filter = "x > 9", .partition_bytes = 8'000});
    EXPECT_GT(table.partitions(), 5);
    EXPECT_EQ(session.compute(table.count()), 5991);
    const Rows sums = session.compute(table.agg({{"sum", "sum(i)"}, {"first", "first(i)"}}));
    EXPECT_TRUE(sums.column<Int128>("sum")[0] == Int128{17996964});
    EXPECT_EQ(sums.column<std::int64_t>("first")[0], 9);
  });
}

TEST_F(CsvTables, AreReadAsTheyWereWritten) {
  SerialRanks ranks;
  for (unsigned seed = 0; seed < seeds(20); ++seed) {
    Random random{std::mt19937_64(seed)};
    const Rows whole = some_rows(random, random.between(1, 60));
    const Table table = cut_up(random, whole);
    const std::string name = path("t" + std::to_string(seed)),
                      file = name + any_of<std::string>(random, {"", ".csv", ".csv.gz"});
    const std::string delimiter = any_of<std::string>(random, {",", ";", "\t"}),
                      null = any_of<std::string>(random, {"", "NA"});
    const std::int64_t rows =
        ranks.session().compute(write_csv(table, file, {.delimiter = delimiter, .null = null}));
    EXPECT_EQ(rows, whole.size());
    CsvOptions options{.partition_bytes = static_cast<std::uint64_t>(random.between(1, 4000)),
                       .schema = whole.schema(),
                       .delimiter = delimiter,
                       .header = true,
                       .null = null};
    const Table read = read_csv(file, options);
    const Rows found = ranks.session().compute(read);
    EXPECT_EQ(difference(found, whole), "") << file << ", seed " << seed << '\n' << found << whole;
  }
}

TEST_F(CsvTables, AreGuessedFromTheFirstFile) {
  put("all/year=2023/a.csv", "day|n|t\n03/04/2024|1|x\n25/12/2024|2|\n");
  put("all/year=2024/b.csv", "day|n|t\n01/02/2025|3|\"y|z\"\n");
  put("all/year=2024/c.csv", "");
  SerialRanks ranks;
  const Table table = read_csv(path("all"));
  EXPECT_EQ(table.schema().text(), "(day DATE, n BIGINT, t VARCHAR, year BIGINT)");
  const Rows found = ranks.session().compute(table.filter("year = 2024 AND n > 0"));
  EXPECT_TRUE(
      found ==
      engine().run("SELECT DATE '2025-02-01' AS day, 3::BIGINT AS n, 'y|z' AS t, 2024::BIGINT AS year", {}))
      << found;
  EXPECT_EQ(table.filter("year = 2022").state().partitions, 1);
  EXPECT_EQ(ranks.session().compute(table.filter("year = 2022")).size(), 0);
  const Table some =
      read_csv(path("all"), {.schema = Schema{{"n", TypeId::float64}, {"year", TypeId::text}}});
  EXPECT_EQ(some.schema().text(), "(n DOUBLE, year VARCHAR)");
  EXPECT_EQ(ranks.session().compute(some.agg({{"s", "sum(n)"}})).column<double>("s")[0], 6);
  const std::string bare = put("bare.csv", "made by hand\n1,x\n2,y\n");
  const Table named = read_csv(
      bare, {.schema = Schema{{"a", TypeId::int16}, {"b", TypeId::text}}, .header = false, .skip = 1});
  EXPECT_TRUE(ranks.session().compute(named) ==
              Rows::of({{"a", std::vector<std::int16_t>{1, 2}}, {"b", std::vector<std::string>{"x", "y"}}}));
  const std::string quoted = put("quoted.csv", "a,b\n1,\"two\nlines\"\n2,c\n");
  EXPECT_EQ(ranks.session().compute(read_csv(quoted).filter("a = 1")).column<std::string_view>("b")[0],
            "two\nlines");
}

TEST_F(CsvTables, WhatDoesNotFitIsNamedByFileAndLine) {
  std::string text = "id,t\n";
  for (int i = 0; i < 30000; ++i) text += (i == 25000 ? "x" : std::to_string(i)) + ",t\n";
  const std::string late = put("late.csv", text);
  on_all_engines([&](Session& session) {
    for (const std::uint64_t bytes : {1u << 30, 50'000u}) {
      const std::string said = message([&] { session.compute(read_csv(late, {.partition_bytes = bytes})); });
      contains(said, late + ", line 25002:");
      contains(said, "Could not convert string \"x\" to 'BIGINT'");
      EXPECT_EQ(said.find("/proc/"), said.npos) << said;
      EXPECT_EQ(session.compute(read_csv(late, {.columns = {"t"}, .partition_bytes = bytes}).count()), 30000);
    }
  });
  SerialRanks ranks;
  const auto said = [&](const std::string& name, const CsvOptions& options,
                        const std::vector<std::string>& parts) {
    const std::string found = message([&] { ranks.session().compute(read_csv(path(name), options)); });
    for (const std::string& part : parts) contains(found, part);
  };
  put("short.csv", "a,b\n1,2\n3\n");
  std::string lines = "a,b\n";
  for (int i = 0; i < 21000; ++i) lines += "1,2\n";
  put("shorter.csv", lines + "3\n");
  put("quote.csv", "a,b\n1,\"" + std::string(5000, 'x') + "\n" + std::string(5000, 'y') + "\"\n");
  put("two/a.csv", "a,b\n1,2\n");
  put("two/b.csv", "b,a\n1,2\n");
  put("empty.csv", "");
  said("short.csv", {.delimiter = ","}, {"short.csv: there is no delimiter"});
  said("shorter.csv", {}, {"shorter.csv, line 21002:", "Expected Number of Columns: 2"});
  said("quote.csv", {.partition_bytes = 4096, .delimiter = ",", .header = true},
       {"quote.csv", "a quoted text goes on", "partition_bytes"});
  said("two", {}, {"two/b.csv", "has the header b,a", "two/a.csv", "the header a,b"});
  said("empty.csv", {}, {"empty.csv", "is empty"});
  said("none.csv", {}, {"none.csv", "No such file"});
  said("two/a.csv", {.columns = {"c"}}, {"no column c"});
  said("two/a.csv", {.schema = Schema{{"c", TypeId::int32}}}, {"read_csv: there is no column c"});
  said("two/a.csv", {.schema = Schema{{"c", TypeId::int32}}, .header = false}, {"a schema of the 2 columns"});
  said("two/a.csv", {.skip = -1}, {"lines from 0 on"});
  const Table table = read_csv(path("two/a.csv"));
  put("two/a.csv", "a,b\n1,3\n\n");
  contains(message([&] { ranks.session().compute(table); }), "has changed");
}

TEST_F(CsvTables, OfAnyBytesAreReadOrNameTheFile) {
  SerialRanks ranks;
  std::string text = "id,t,x\n";
  for (int i = 0; i < 300; ++i) text += std::to_string(i) + ",\"te\"\"xt\"," + std::to_string(i) + ".5\n";
  for (unsigned seed = 0; seed < seeds(60); ++seed) {
    Random random{std::mt19937_64(seed)};
    std::string bytes = text;
    for (std::int64_t flips = random.between(1, 5); flips > 0; --flips)
      bytes[static_cast<std::size_t>(random.between(0, std::ssize(bytes) - 1))] =
          random.one_in(2) ? static_cast<char>(random.between(-128, 127))
                           : any_of<char>(random, {'"', '\n', ',', '\0', '\r'});
    if (random.one_in(3)) bytes.resize(static_cast<std::size_t>(random.between(0, std::ssize(bytes))));
    const std::string file = put("bytes.csv", bytes);
    try {
      const Table table =
          read_csv(file, {.partition_bytes = static_cast<std::uint64_t>(random.between(1, 9000))});
      EXPECT_LE(ranks.session().compute(table).size(), 310);
    } catch (const std::exception& error) {
      contains(error.what(), "bytes.csv");
    }
  }
}

}  // namespace
}  // namespace ramal::test
