// SPDX-License-Identifier: BSD-3-Clause
// Parquet files as tables: how they are cut, put together and written, and what is refused.
#include "tests/io/tables/table_folder.hpp"
#include "tests/io/tables/tables.hpp"

#include <ramal/parquet.hpp>

#include <gtest/gtest.h>

#include <fstream>

namespace ramal::test {
namespace {

namespace fs = std::filesystem;

class ParquetTables : public WithTableFolder {};

const char* const numbers = "SELECT i, i * 0.5e0 AS half, 'n' || i AS name FROM range(10000) AS t(i)";

TEST_F(ParquetTables, AreCutByBytesAndNeverByRanks) {
  const std::string file = write("numbers.parquet", numbers);
  const Rows whole = engine().run(numbers, {});
  for (const std::uint64_t bytes : {1ull << 30, 200'000ull, 100'000ull, 10'000ull, 1ull}) {
    const Table table = read_parquet(file, {.partition_bytes = bytes});
    const std::int64_t partitions = bytes == 1ull << 30 ? 1 : bytes == 100'000 ? 5 : table.partitions();
    EXPECT_EQ(table.partitions(), partitions) << "of 5 row groups, for " << bytes << " bytes";
    on_all_engines([&](Session& session) {
      EXPECT_TRUE(session.compute(table) == whole) << bytes;
      EXPECT_EQ(session.compute(table.count()), 10000);
      EXPECT_EQ(session.compute(table.filter("i % 1000 = 7").select({"name"})).size(), 10);
    });
  }
}

TEST_F(ParquetTables, ColumnsAndFiltersAreOptions) {
  const std::string file = write("numbers.parquet", numbers);
  SerialRanks ranks;
  const Table table = read_parquet(file, {.columns = {"name", "i"}, .filter = "half > 4998"});
  EXPECT_EQ(table.schema().text(), "(name VARCHAR, i BIGINT)");
  EXPECT_EQ(ranks.session().compute(table).size(), 3);
  const Table wider = read_parquet(file, {.schema = Schema{{"half", TypeId::float32}, {"i", TypeId::int32}}});
  EXPECT_EQ(ranks.session().compute(wider.head(1)).schema().text(), "(half FLOAT, i INTEGER)");
}

TEST_F(ParquetTables, FoldersGoTogetherByName) {
  write("all/year=2023/a.parquet", "SELECT 1::INTEGER AS x, 'a' AS t");
  write("all/year=2023/b.parquet", "SELECT t, x FROM (SELECT 2::BIGINT AS x, 'b' AS t)");
  write("all/year=2024/c.parquet", "SELECT 3.5::DOUBLE AS x");
  write("all/year=__HIVE_DEFAULT_PARTITION__/d.parquet", "SELECT NULL AS x, 'd' AS t");
  write("all/_temporary/e.parquet", "SELECT 1 AS other");
  SerialRanks ranks;
  const Table table = read_parquet(path("all"));
  EXPECT_EQ(table.schema().text(), "(x DOUBLE, t VARCHAR, year BIGINT)");
  const Rows found = ranks.session().compute(table.top(9, "year, x"));
  EXPECT_TRUE(found ==
              Rows::of({{"x", std::vector<std::optional<double>>{1.0, 2.0, 3.5, std::nullopt}},
                        {"t", std::vector<std::optional<std::string>>{"a", "b", std::nullopt, "d"}},
                        {"year", std::vector<std::optional<std::int64_t>>{2023, 2023, 2024, std::nullopt}}}))
      << found;
  EXPECT_EQ(ranks.session().compute(read_parquet(path("all/year=2023/*.parquet")).count()), 2);
  write("all/year=x%20y/f.parquet", "SELECT 1 AS x");
  const Table text = read_parquet(path("all"), {.columns = {"year"}});
  EXPECT_EQ(text.schema().text(), "(year VARCHAR)") << "one is no number";
  EXPECT_EQ(ranks.session().compute(text.filter("year = 'x y'").count()), 1);
}

TEST_F(ParquetTables, OfNoRowsKeepTheirSchema) {
  const std::string file = write("none.parquet", "SELECT 1::BIGINT AS x, 'a' AS t WHERE false");
  on_all_engines([&](Session& session) {
    const Rows rows = session.compute(read_parquet(file));
    EXPECT_EQ(rows.size(), 0);
    EXPECT_EQ(rows.schema().text(), "(x BIGINT, t VARCHAR)");
    EXPECT_EQ(session.compute(read_parquet(file).groupby({"t"}).agg({{"n", "count(*)"}})).size(), 0);
    EXPECT_EQ(session.compute(read_parquet(file).agg({{"n", "count(*)"}})).column<std::int64_t>("n")[0], 0);
  });
}

TEST_F(ParquetTables, AreWrittenAsFoldersAndFiles) {
  const std::string file = write("numbers.parquet", numbers);
  const Rows whole = engine().run(numbers, {});
  int number = 0;
  on_all_engines([&](Session& session) {
    const Table table = read_parquet(file, {.partition_bytes = 100'000});
    const std::string folder = path("copy" + std::to_string(number)),
                      one = path("one" + std::to_string(number++) + ".parquet");
    EXPECT_EQ(session.compute(write_parquet(table, folder)), 10000);
    EXPECT_TRUE(fs::exists(folder + "/_SUCCESS"));
    EXPECT_TRUE(fs::exists(folder + "/part-0000004.parquet"));
    EXPECT_FALSE(fs::exists(folder + ".part"));
    EXPECT_TRUE(session.compute(read_parquet(folder)) == whole);
    EXPECT_EQ(session.compute(write_parquet(table, one, {.compression = "zstd"})), 10000);
    EXPECT_TRUE(session.compute(read_parquet(one)) == whole);
    contains(message([&] { session.compute(write_parquet(table, one)); }), "is there already");
    EXPECT_EQ(session.compute(write_parquet(table.head(3), one, {.replace = true})), 3);
    EXPECT_EQ(session.compute(read_parquet(one).count()), 3);
  });
  SerialRanks ranks;
  contains(
      message([&] { ranks.session().compute(write_parquet(read_parquet(file), "/nosuchfolder/x.parquet")); }),
      "/nosuchfolder/x.parquet");
}

TEST_F(ParquetTables, AreWrittenIntoFoldersOfKeys) {
  const std::string query =
      "SELECT i, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '_a/b=%c' WHEN 2 THEN '' ELSE '\u00fcber' END AS "
      "\"_k 1\", "
      "(i % 3)::INTEGER AS n FROM range(5000) AS t(i)";
  const Rows whole = engine().run(query, {});
  const std::string source = write("source.parquet", query);
  int number = 0;
  const auto check = [&](Session& session) {
    const std::string folder = path("keys" + std::to_string(number++));
    const Table table = read_parquet(source, {.partition_bytes = 3000});
    ASSERT_GT(table.partitions(), 1);
    EXPECT_EQ(session.compute(write_parquet(table, folder, {.partition_by = {"_k 1", "N"}})), 5000);
    EXPECT_TRUE(fs::exists(folder + "/%5Fk%201=%C3%BCber/n=0/part-0000000.parquet"));
    const Table back = read_parquet(folder, {.schema = whole.schema()});
    EXPECT_TRUE(session.compute(back.top(5000, "i")) == whole);
    const Table some = read_parquet(folder, {.filter = "n = 2 AND \"_k 1\" = ''"});
    EXPECT_EQ(session.compute(some.agg({{"n", "min(i)"}})).column<std::int64_t>("n")[0], 2);
    const Rows last = session.compute(some.tail(1));
    EXPECT_EQ(last.column<std::int64_t>("i")[0], 4994) << "rows keep their order";
  };
  SerialRanks serial;
  check(serial.session());
  ThreadedRanks threaded(3, 2);
  check(threaded.session());
  const Table table = read_parquet(source);
  contains(message([&] { write_parquet(table, path("x.parquet"), {.partition_by = {"n"}}); }),
           "name a folder");
  contains(message([&] { write_parquet(table, path("x"), {.partition_by = {"m"}}); }), "no column m");
  contains(message([&] { write_parquet(table.select({"n"}), path("x"), {.partition_by = {"n"}}); }),
           "no column would be left");
}

TEST_F(ParquetTables, AChangeAfterPlanningIsNoticed) {
  const std::string file = write("numbers.parquet", numbers);
  const Table table = read_parquet(file);
  write("numbers.parquet", "SELECT i, i * 0.5e0 AS half, 'm' || i AS name FROM range(10000) AS t(i)");
  on_all_engines([&](Session& session) {
    contains(message([&] { session.compute(table); }), "has changed since the table was made");
  });
}

TEST_F(ParquetTables, WhatCannotBeReadIsNamed) {
  write("one/a.parquet", "SELECT 1 AS x");
  write("one/b.parquet", "SELECT 'one' AS x");
  write("cases/a.parquet", "SELECT 1 AS file_row_number");
  write("map.parquet", "SELECT MAP {'a': 1} AS m, 1 AS x");
  fs::create_directories(path("empty"));
  std::ofstream(path("text.parquet")) << "no Parquet at all, and longer than twelve bytes\n";
  const auto said = [&](const std::string& name, const std::vector<std::string>& parts) {
    const std::string text = message([&] { read_parquet(path(name)); });
    for (const std::string& part : parts) contains(text, part);
  };
  said("nothing.parquet", {"nothing.parquet", "No such file"});
  said("nothing*.parquet", {"nothing*.parquet", "no file of such a name"});
  said("empty", {"empty", "no file *.parquet in this folder"});
  said("text.parquet", {"text.parquet"});
  said("one", {"column x is INTEGER in", "one/a.parquet", "VARCHAR in", "one/b.parquet"});
  said("cases", {"file_row_number"});
  said("map.parquet", {"map.parquet", "m"});
  contains(message([&] { read_parquet(path("one/a.parquet"), {.columns = {"y"}}); }), "no column y");
  contains(message([&] { read_parquet(path("one/a.parquet"), {.filter = "y = 1"}); }), "y");
  contains(message([&] {
             read_parquet(path("one/a.parquet"), {.schema = Schema{{"z", TypeId::int32}}});
           }),
           "no column z");
}

}  // namespace
}  // namespace ramal::test
