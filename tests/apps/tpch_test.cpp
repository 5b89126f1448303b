// SPDX-License-Identifier: BSD-3-Clause
// TPC-H by Table's methods beside SQL texts over the same files, which tpch itself made; and what it makes.
#include "tests/apps/tpch_sql.hpp"

#include "apps/tpch/lines.hpp"
#include "apps/tpch/queries.hpp"
#include "tests/io/tables/tables.hpp"
#include "tests/support/one_process.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace ramal::test {
namespace {

/// On one, two and three ranks, and with threads.
template <class Check>
void on_some_engines(const Check& check) {
  for (const int ranks : {1, 2, 3}) {
    SteppedRanks stepped(ranks, 5);
    check(stepped.session());
  }
  ThreadedRanks threaded(2, 2);
  check(threaded.session());
}

/// The first answer to a question is what all others have to be.
class SameBits {
 public:
  void expect(const std::string& what, const Rows& rows) {
    const auto [known, is_new] = known_.try_emplace(what, rows);
    EXPECT_TRUE(is_new || rows == known->second) << what << ": other bits than on the first engine";
  }

 private:
  std::map<std::string, Rows> known_;
};

TEST(Tpch, QueriesAnswerAsOneSqlTextDoes) {
  const std::string folder = std::getenv("TPCH_FILES");
  SameBits bits;
  on_some_engines([&](Session& session) {
    const tpch::Data data = tpch::Data::of(folder, std::uint64_t{1} << 20);
    EXPECT_GT(data.lineitem.partitions(), 8);
    for (const tpch::Query& query : tpch::queries()) {
      const Rows found = session.compute(query.of(data));
      bits.expect("query " + std::to_string(query.number), found);
      const Rows expected = detail::duckdb_engine().run(tpch::sql_of(query.number, folder), {});
      EXPECT_EQ(difference(found, expected), "") << query.name << '\n' << found << expected;
      EXPECT_FALSE(found.empty()) << query.name;
    }
  });
}

TEST(Tpch, TablesAreTheSameOnAnyRanks) {
  SameBits bits;
  on_some_engines([&](Session& session) {
    for (const std::string_view name : tpch::table_names)
      bits.expect(std::string(name), session.compute(tpch::generated(name, tpch::Sizes::at(0.002))));
  });
}

/// What the specification says of them.
TEST(Tpch, TablesHoldTogether) {
  const auto says = [folder = std::string(std::getenv("TPCH_FILES"))](const std::string& select) {
    const Rows rows = detail::duckdb_engine().run(
        tpch::with_files(folder) + "SELECT CAST((" + select + ") AS BIGINT) AS n", {});
    return rows.column<std::int64_t>("n")[0];
  };
  EXPECT_EQ(says("SELECT count(*) FROM orders"), 15'000);
  EXPECT_NEAR(static_cast<double>(says("SELECT count(*) FROM lineitem")), 60'000, 1'000);
  EXPECT_EQ(says("SELECT count(*) FROM lineitem ANTI JOIN partsupp ON l_partkey = ps_partkey AND l_suppkey = "
                 "ps_suppkey"),
            0);
  EXPECT_EQ(says("SELECT count(*) FROM (SELECT DISTINCT ps_partkey, ps_suppkey FROM partsupp)"), 8'000);
  EXPECT_EQ(says("SELECT count(DISTINCT o_orderkey) FROM orders"), 15'000);
  EXPECT_EQ(says("SELECT max(o_orderkey) FROM orders"), 59'976);
  EXPECT_EQ(says("SELECT count(*) FROM orders WHERE o_custkey % 3 = 0 OR o_custkey < 1 OR o_custkey > 1500"),
            0);
  EXPECT_EQ(
      says("SELECT count(*) FROM orders JOIN (SELECT l_orderkey, sum(round(l_extendedprice * (1 - l_discount)"
           " * (1 + l_tax), 2)) AS price FROM lineitem GROUP BY l_orderkey) ON o_orderkey = l_orderkey"
           " WHERE o_totalprice <> price"),
      0);
  EXPECT_EQ(says("SELECT count(*) FROM lineitem JOIN part ON l_partkey = p_partkey"
                 " WHERE l_extendedprice <> l_quantity * p_retailprice"),
            0);
  EXPECT_EQ(says("SELECT count(DISTINCT n_name) FROM nation JOIN region ON n_regionkey = r_regionkey"), 25);
  EXPECT_EQ(says("SELECT count(*) FROM supplier WHERE s_comment LIKE '%Customer%Complaints%'"), 1);
}

TEST(Tpch, RefusesWhatIsNotThere) {
  EXPECT_THROW(tpch::Sizes::at(0), std::invalid_argument);
  EXPECT_THROW(tpch::query("23"), std::invalid_argument);
  EXPECT_THROW(tpch::generated("line", tpch::Sizes::at(1)), std::invalid_argument);
}

}  // namespace
}  // namespace ramal::test
