// SPDX-License-Identifier: BSD-3-Clause
// From a machine's nodes to where workers are and whom they steal from.
#include "runtime/machine/numa.hpp"

#include "tests/support/one_process.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <cstdlib>

namespace ramal::test {
namespace {

using detail::Numa;
using detail::spread_over_nodes;
using detail::victim_order;
using List = std::vector<std::size_t>;

TEST(Nodes, HaveTheirSharesOfTheWorkers) {
  EXPECT_EQ(spread_over_nodes({4, 4}, 8), (List{0, 0, 0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(spread_over_nodes({4, 4}, 4), (List{0, 0, 1, 1}));
  EXPECT_EQ(spread_over_nodes({2, 6}, 4), (List{0, 1, 1, 1}));
  EXPECT_EQ(spread_over_nodes({0, 4, 0, 4}, 4), (List{1, 1, 3, 3}));
  EXPECT_EQ(spread_over_nodes({2, 2}, 8), (List{0, 0, 0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(spread_over_nodes({8}, 3), (List{0, 0, 0}));
  EXPECT_EQ(spread_over_nodes({}, 2), (List{0, 0}));
  EXPECT_EQ(spread_over_nodes({4, 4}, 0), List{});
}

TEST(Victims, OfTheSameNodeComeFirst) {
  const List two{0, 0, 0, 1, 1, 1};
  EXPECT_EQ(victim_order(0, two), (List{1, 2, 3, 4, 5}));
  EXPECT_EQ(victim_order(1, two), (List{2, 0, 3, 4, 5}));
  EXPECT_EQ(victim_order(4, two), (List{5, 3, 0, 1, 2}));
  EXPECT_EQ(victim_order(2, {0, 0, 0, 0}), (List{3, 0, 1})) << "with one node in turn, from the next on";
  EXPECT_EQ(victim_order(0, {0}), List{});
}

/// A machine as hwloc describes it in a word.
class Described : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Numa::is_known()) GTEST_SKIP() << "built without hwloc";
    for (const char* name : {"OMP_PROC_BIND", "GOMP_CPU_AFFINITY", "KMP_AFFINITY"}) unsetenv(name);
  }
  void TearDown() override {
    unsetenv("HWLOC_SYNTHETIC");
    unsetenv("OMP_PROC_BIND");
  }
  static List nodes(const char* machine, std::size_t workers) {
    setenv("HWLOC_SYNTHETIC", machine, 1);
    return Numa(workers).node_of_worker();
  }
};

TEST_F(Described, ByItsNodes) {
  EXPECT_EQ(nodes("numanode:2 core:3 pu:1", 6), (List{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(nodes("package:2 numanode:2 core:1 pu:2", 8), (List{0, 0, 1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(nodes("numanode:1 core:4 pu:1", 4), (List{0, 0, 0, 0}));
}

TEST_F(Described, IsLeftAloneWhereOthersMayBeOnIt) {
  EXPECT_EQ(nodes("numanode:2 core:4 pu:1", 4), (List{0, 0, 0, 0})) << "fewer workers than processors";
  EXPECT_EQ(nodes("numanode:2 core:2 pu:1", 1), List{0});
}

TEST_F(Described, IsLeftToTheUserWhoBindsThreads) {
  setenv("OMP_PROC_BIND", "spread", 1);
  EXPECT_EQ(nodes("numanode:2 core:2 pu:1", 4), (List{0, 0, 0, 0}));
}

long leaf(long x) { return 3 * x; }
long sum(long a, long b) { return a + b; }

TEST_F(Described, RunsWhatEverythingElseRuns) {
  setenv("HWLOC_SYNTHETIC", "numanode:2 core:2 pu:1", 1);
  ThreadedRanks ranks(2, 4);
  std::vector<Delayed<long>> leaves;
  for (long i = 0; i < 5000; ++i) leaves.push_back(delayed<leaf>(i));
  EXPECT_EQ(ranks.session().compute(ramal::reduce<sum>(leaves)), 3 * 5000 * 4999 / 2);
}

}  // namespace
}  // namespace ramal::test
