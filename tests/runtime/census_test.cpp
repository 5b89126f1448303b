// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/transport/census.hpp"

#include <gtest/gtest.h>

namespace ramal::detail {
namespace {

using Ranks = std::vector<int>;
constexpr Census::Answer resting{.at_rest = 1, .sent = 3, .received = 3};
constexpr Census::Answer starving{.at_rest = 1, .short_of_memory = 1, .sent = 3, .received = 3};

TEST(Census, TwoQuietRoundsAreCertain) {
  Census census(2);
  EXPECT_FALSE(census.ask(0)) << "nobody wants to know";
  census.want();
  EXPECT_TRUE(census.ask(0));
  EXPECT_FALSE(census.ask(0)) << "one round at a time";
  EXPECT_EQ(census.hear(1, starving, 0), Ranks{});
  EXPECT_EQ(census.hear(0, resting, 0), Ranks{});
  EXPECT_TRUE(census.ask(0));
  EXPECT_EQ(census.hear(0, resting, 0), Ranks{});
  EXPECT_EQ(census.hear(1, starving, 0), Ranks{1});
  // Whoever is still short of memory after that says so, and needs two rounds again.
  EXPECT_FALSE(census.ask(100));
  census.want();
  EXPECT_TRUE(census.ask(0));
  census.hear(0, resting, 0);
  EXPECT_EQ(census.hear(1, starving, 0), Ranks{});
}

TEST(Census, WhatMovesIsNotCertain) {
  const Census::Answer working{.at_rest = 0, .sent = 3, .received = 3};
  const Census::Answer behind{.at_rest = 1, .sent = 3, .received = 2};
  const Census::Answer later{.at_rest = 1, .sent = 4, .received = 4};
  for (const auto& [first, second] : {std::pair(working, resting), std::pair(resting, working),
                                      std::pair(behind, behind), std::pair(resting, later)}) {
    Census census(2);
    census.want();
    EXPECT_TRUE(census.ask(0));
    census.hear(0, first, 0);
    EXPECT_EQ(census.hear(1, starving, 0), Ranks{});
    EXPECT_TRUE(census.ask(1)) << "somebody still is short of memory";
    census.hear(0, second, 1);
    EXPECT_EQ(census.hear(1, starving, 1), Ranks{});
  }
}

TEST(Census, EndsWhenNobodyIsShortAnyMore) {
  Census census(1);
  census.want();
  EXPECT_TRUE(census.ask(0));
  census.hear(0, resting, 0);
  EXPECT_FALSE(census.ask(100));
}

TEST(Census, ARankThatHasAnsweredMayStarveBeforeTheOthersAnswer) {
  Census census(2);
  census.want();
  EXPECT_TRUE(census.ask(0));
  census.hear(0, resting, 0);
  census.want();
  census.hear(1, resting, 0);
  EXPECT_TRUE(census.ask(100));
}

TEST(Census, AsksLessOftenWhileOthersWork) {
  Census census(1);
  const Census::Answer working{.at_rest = 0, .short_of_memory = 1};
  census.want();
  int rounds = 0;
  for (double now = 0; now < 1; now += 0.1e-3) {
    if (!census.ask(now)) continue;
    ++rounds;
    census.hear(0, working, now);
  }
  EXPECT_LT(rounds, 80);
  EXPECT_GT(rounds, 40);
}

}  // namespace
}  // namespace ramal::detail
