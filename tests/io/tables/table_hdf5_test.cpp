// SPDX-License-Identifier: BSD-3-Clause
// Tables into HDF5 files and out of them.
#include "tests/io/tables/table_folder.hpp"
#include "tests/runtime/arrays/plain.hpp"

#include <ramal/parquet.hpp>
#include <ramal/table_hdf5.hpp>

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

class TableHdf5 : public WithTableFolder {
 protected:
  /// Engines whose ranks can wait for each other, as a collective task has them do.
  static void on_engines(const std::function<void(Session&)>& check) {
    SerialRanks serial;
    check(serial.session());
    for (const int ranks : {1, 3}) {
      ThreadedRanks threaded(ranks, ranks == 3 ? 2 : 0);
      check(threaded.session());
    }
  }
};

TEST_F(TableHdf5, ColumnsAreDatasetsAndComeBack) {
  const std::string query =
      "SELECT i AS a, i::SMALLINT AS b, CASE WHEN i % 3 > 0 THEN i / 4e0 END AS c, DATE '2024-01-01' + "
      "i::INTEGER AS d, "
      "i % 2 = 0 AS e, TIMESTAMP '2024-01-01' + INTERVAL (i) SECOND AS f FROM range(5000) AS r(i)";
  const std::string source = write("source.parquet", query), file = path("table.h5");
  on_engines([&](Session& session) {
    const Table table = read_parquet(source, {.partition_bytes = 60'000});
    ASSERT_GT(table.partitions(), 1);
    session.compute(write_hdf5(file, "/rows", table));
    const Table back = read_hdf5_table(file, "rows", {}, {.block_shape = {700}});
    EXPECT_EQ(back.schema().text(), "(a BIGINT, b SMALLINT, c DOUBLE, d INTEGER, e TINYINT, f BIGINT)");
    EXPECT_EQ(back.partitions(), 8);
    const Rows expected = engine().run(
        "SELECT a, b, coalesce(c, 'nan') AS c, d - DATE '1970-01-01' AS d, e::TINYINT AS e, epoch_us(f) AS f "
        "FROM (" +
            query + ")",
        {});
    const Rows found = session.compute(back);
    EXPECT_TRUE(found == engine().run("SELECT * REPLACE (d::INTEGER AS d) FROM x",
                                      std::vector{NamedRows{"x", expected}}))
        << found << expected;
    EXPECT_EQ(session.compute(read_hdf5_table(file, "/rows", {"c", "a"}).tail(1)).schema().text(),
              "(c DOUBLE, a BIGINT)");
  });
  EXPECT_EQ(read_hdf5_attribute<std::string>(file, "/rows/d", "units"), "days since 1970-01-01");
}

TEST_F(TableHdf5, ArraysBecomeColumnsOfTables) {
  on_engines([](Session& session) {
    const Table table = from_rows(Rows::of({{"x", std::vector<int>{1, 2, 3}}}));
    const auto x = to_array<double>(table, "x");
    const Rows found = session.compute(with_array(with_array(table, "y", x * 2.0), "X", x + 0.5));
    EXPECT_TRUE(found ==
                Rows::of({{"x", std::vector<double>{1.5, 2.5, 3.5}}, {"y", std::vector<double>{2, 4, 6}}}))
        << found;
    contains(message([&] { with_array(table, "y", zeros<double>({4})); }), "an array of 3 elements");
    contains(message([&] { with_array(table.filter("x > 1"), "y", x); }), "ramal::resolve");
  });
}

TEST_F(TableHdf5, WhatHasNoDatasetIsNamed) {
  SerialRanks ranks;
  const std::string file = path("one.h5");
  const Table table = from_rows(Rows::of({{"t", std::vector<std::string>{"a", "b"}},
                                          {"n", std::vector<std::optional<int>>{1, std::nullopt}},
                                          {"x", std::vector<double>{1, 2}}}));
  contains(message([&] { write_hdf5(file, "/", table); }),
           "column t is VARCHAR, for which there is no dataset");
  contains(message([&] { write_hdf5(file, "/", table.drop({"t"}).filter("x > 0")); }), "ramal::resolve");
  contains(message([&] { ranks.session().compute(write_hdf5(file, "/", table.select({"n"}))); }), "n");
  ranks.session().compute(write_hdf5(file, "/", table.select({"x"})));
  contains(message([&] { read_hdf5_table(file, "/", {"y"}); }), "one.h5: there is no dataset /y");
  contains(message([&] { read_hdf5_table(file, "/none"); }), "no dataset of one axis of numbers in /none");
}

}  // namespace
}  // namespace ramal::test
