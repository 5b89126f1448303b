// SPDX-License-Identifier: BSD-3-Clause
// Parquet files: footers, ranges of rows, damage; writing files.
#include "tests/io/engine.hpp"

#include <fstream>
#include <random>

namespace ramal::test {
namespace {

using detail::ParquetFooter;

class EngineFiles : public WithEngine {
 protected:
  std::int64_t write(const Rows& rows, const std::string& file, const detail::CopyOptions& options) {
    const std::vector<NamedRows> tables = {{"t", rows}};
    return engine().write("SELECT * FROM t", tables, file, options);
  }
  const Scratch scratch_;
};

std::string content(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void put(const std::string& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

/// Row i: i, a text that is longer the larger i is modulo 30, a square that is null for each fifth.
constexpr std::int64_t row_count = 25000;
Rows some_rows() {
  std::vector<std::int64_t> numbers;
  std::vector<std::string> texts;
  std::vector<std::optional<double>> squares;
  for (std::int64_t i = 0; i < row_count; ++i) {
    numbers.push_back(i);
    texts.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i % 30), 'x'));
    squares.push_back(i % 5 == 0 ? std::nullopt
                                 : std::optional(static_cast<double>(i) * static_cast<double>(i)));
  }
  return Rows::of({{"i", numbers}, {"t", texts}, {"s q", squares}});
}
const detail::CopyOptions small_groups = {
    {"format", "parquet"}, {"row_group_size", "4096"}, {"compression", "snappy"}};

TEST_F(EngineFiles, FooterSaysWhatWasWritten) {
  const Rows rows = some_rows();
  const std::string file = scratch_ / "some.parquet";
  EXPECT_EQ(write(rows, file, small_groups), row_count);
  const ParquetFooter footer = engine().parquet_footer(file);
  EXPECT_EQ(footer.schema, rows.schema());
  EXPECT_EQ(footer.rows, row_count);
  EXPECT_TRUE(footer.refused.empty());
  std::int64_t first = 0;
  ASSERT_EQ(footer.row_groups.size(), 7u);
  for (const auto& group : footer.row_groups) {
    const std::int64_t last = std::min(first + 4096, row_count);
    EXPECT_EQ(group.rows, last - first);
    EXPECT_GT(group.compressed_bytes, 8 * group.rows);
    EXPECT_GE(group.uncompressed_bytes, group.compressed_bytes);
    ASSERT_EQ(group.columns.size(), 3u);
    EXPECT_EQ(group.columns[0].min, std::to_string(first));
    EXPECT_EQ(group.columns[0].max, std::to_string(last - 1));
    std::int64_t nulls = 0;
    for (std::int64_t i = first; i < last; ++i) nulls += i % 5 == 0;
    EXPECT_EQ(group.columns[2].nulls, nulls);
    first = last;
  }
}

TEST_F(EngineFiles, RangesAreReadInOrder) {
  const Rows rows = some_rows();
  const std::string file = scratch_ / "ranges.parquet";
  write(rows, file, small_groups);
  EXPECT_EQ(run("FROM " + engine().parquet_rows(file)), rows);
  std::mt19937_64 random(5);
  for (int round = 0; round < 20; ++round) {
    const auto first = static_cast<std::int64_t>(random() % row_count);
    const auto count = static_cast<std::int64_t>(random() % 9000);
    const std::int64_t last = std::min(first + count, row_count);
    EXPECT_EQ(run("SELECT * FROM " + engine().parquet_rows(file, first, first + count)),
              rows.slice(first, last - first));
    EXPECT_EQ(run("SELECT \"s q\", i FROM " + engine().parquet_rows(file, first, first + count) +
                  " WHERE i % 2 = 0")
                  .size(),
              (last + 1) / 2 - (first + 1) / 2);
  }
}

// What lies in other row groups is not looked at: there it may be damaged.
TEST_F(EngineFiles, OnlyTheGroupsOfARangeAreRead) {
  const Rows rows = some_rows();
  const std::string file = scratch_ / "pruned.parquet";
  write(rows, file, small_groups);
  std::string bytes = content(file);
  const std::size_t data = bytes.size() * 6 / 10;  // the footer and the last groups stay
  std::fill(bytes.begin() + 4, bytes.begin() + static_cast<std::ptrdiff_t>(data), '\xA5');
  put(file, bytes);
  const std::int64_t first = 6 * 4096;
  EXPECT_EQ(run("FROM " + engine().parquet_rows(file, first, row_count)),
            rows.slice(first, row_count - first));
  EXPECT_NE(said_by<EngineError>([&] { run("FROM " + engine().parquet_rows(file, 0, 10)); }),
            "nothing was thrown");
}

TEST_F(EngineFiles, NamesMayHoldAnything) {
  const Rows rows = Rows::of({{"x", std::vector<int>{1, 2}}});
  const Rows others = Rows::of({{"x", std::vector<int>{3, 4, 5}}});
  std::filesystem::create_directories(scratch_ / "year=2001");
  write(others, scratch_ / "aab.parquet", {{"format", "parquet"}});
  for (const std::string name :
       {"a*b.parquet", "a?b.parquet", "a[ab]b.parquet", "it's \"ü\" b.data", "year=2001/b.parquet"}) {
    write(rows, scratch_ / name, {{"format", "parquet"}});
    EXPECT_EQ(engine().parquet_footer(scratch_ / name).rows, 2) << name;
    EXPECT_EQ(run("FROM " + engine().parquet_rows(scratch_ / name)), rows) << name;
    EXPECT_EQ(run("FROM " + engine().parquet_rows(scratch_ / name, 1, 2)), rows.slice(1, 1)) << name;
  }
}

TEST_F(EngineFiles, ColumnsThatAreRefusedAreNamed) {
  const std::string file = scratch_ / "odd.parquet";
  engine().write("SELECT 1 AS a, MAP {'k': 2} AS m, uuid() AS u, {'x': [1, 2]} AS s, 'b' AS b", {}, file,
                 {{"format", "parquet"}});
  const ParquetFooter footer = engine().parquet_footer(file);
  EXPECT_EQ(footer.schema.text(), "(a INTEGER, s STRUCT(x INTEGER[]), b VARCHAR)");
  ASSERT_EQ(footer.refused.size(), 2u);
  EXPECT_EQ(footer.refused[0].first, "m");
  expect_within(footer.refused[0].second, {"is a MAP", "map_entries"});
  EXPECT_EQ(footer.refused[1].first, "u");
  EXPECT_EQ(footer.row_groups.at(0).columns[0].max, "1");
  EXPECT_EQ(footer.row_groups.at(0).columns[2].min, "b");
}

TEST_F(EngineFiles, MayHaveNoRows) {
  const std::string file = scratch_ / "none.parquet";
  EXPECT_EQ(engine().write("SELECT 1 AS a, 'x' AS b WHERE false", {}, file, {{"format", "parquet"}}), 0);
  const ParquetFooter footer = engine().parquet_footer(file);
  EXPECT_EQ(footer.schema.text(), "(a INTEGER, b VARCHAR)");
  EXPECT_EQ(footer.rows, 0);
  EXPECT_EQ(run("FROM " + engine().parquet_rows(file)), Rows::none(footer.schema));
  EXPECT_EQ(run("FROM " + engine().parquet_rows(file, 0, 5)), Rows::none(footer.schema));
}

TEST_F(EngineFiles, WhatIsMissingIsNamed) {
  for (const std::string& file : {scratch_ / "no.parquet", scratch_ / "no*.parquet"}) {
    expect_within(said_by<EngineError>([&] { engine().parquet_footer(file); }), {"no"});
    expect_within(said_by<EngineError>([&] { run("FROM " + engine().parquet_rows(file)); }), {"no"});
  }
  put(scratch_ / "text.parquet", "this is no Parquet file");
  expect_within(said_by<EngineError>([&] { engine().parquet_footer(scratch_ / "text.parquet"); }),
                {"text.parquet"});
  const Rows rows = Rows::of({{"x", std::vector<std::string>{"1", "x"}}});
  const std::string file = scratch_ / "half.csv";
  const std::vector<NamedRows> tables = {{"t", rows}};
  said_by<EngineError>([&] { engine().write("SELECT x::INT FROM t", tables, file, {{"format", "csv"}}); });
  EXPECT_FALSE(std::filesystem::exists(file));
  expect_within(said_by<EngineError>([&] {
                  write(rows, scratch_ / "no folder/x.csv", {{"format", "csv"}});
                }),
                {"no folder"});
  expect_within(said_by<std::invalid_argument>([&] { write(rows, file, {{"a b", "c"}}); }), {"'a b'"});
  EXPECT_EQ(said_by<SqlError>([&] {
              engine().write("SELECT y FROM t", tables, file, {{"format", "csv"}});
            }),
            said_by<SqlError>([&] { engine().run("SELECT y FROM t", tables); }));
}

TEST_F(EngineFiles, CsvIsWrittenAsItSays) {
  const Rows rows = Rows::of({{"a", std::vector<std::optional<int>>{1, std::nullopt, 3}},
                              {"b", std::vector<std::string>{"x", "y, \"z\"", ""}}});
  const std::string file = scratch_ / "t.csv";
  EXPECT_EQ(write(rows, file, {{"format", "csv"}, {"header", "true"}, {"nullstr", "none"}}), 3);
  EXPECT_EQ(content(file), "a,b\n1,x\nnone,\"y, \"\"z\"\"\"\n3,\n");
}

// Whatever a bit does, the engine goes on: what is read has as many rows as the footer says, or is refused.
TEST_F(EngineFiles, DamageIsRefusedOrHasTheRightNumberOfRows) {
  const std::string whole_file = scratch_ / "whole.parquet", file = scratch_ / "damaged.parquet";
  write(some_rows().slice(0, 6000), whole_file,
        {{"format", "parquet"}, {"row_group_size", "2048"}, {"compression", "zstd"}});
  const std::string whole = content(whole_file);
  int refused = 0, read = 0;
  const auto look = [&] {
    try {
      const ParquetFooter footer = engine().parquet_footer(file);
      const Rows rows = run("FROM " + engine().parquet_rows(file));
      EXPECT_EQ(rows.size(), footer.rows);
      ++read;
    } catch (const EngineError&) {
      ++refused;
    } catch (const SqlError&) {
      ++refused;
    }
  };
  for (std::size_t length = 0; length < whole.size(); length += 1 + whole.size() / 30) {
    put(file, whole.substr(0, length));
    look();
  }
  EXPECT_EQ(read, 0);
  std::mt19937_64 random(11);
  for (int round = 0; round < 120; ++round) {
    // Half of them in the footer.
    const std::size_t from = round % 2 == 0 ? 0 : whole.size() - 1200;
    std::string bytes = whole;
    bytes[from + random() % (whole.size() - from)] ^= static_cast<char>(1u << random() % 8);
    put(file, bytes);
    look();
  }
  EXPECT_GT(refused, 40);
  EXPECT_GT(read, 10);
  EXPECT_EQ(run("FROM " + engine().parquet_rows(whole_file)).size(), 6000);
}

}  // namespace
}  // namespace ramal::test
