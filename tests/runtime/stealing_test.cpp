// SPDX-License-Identifier: BSD-3-Clause
// Stealing: who asks whom, and when; without ranks.
#include "runtime/executor/stealing.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ramal::test {
namespace {

using namespace ramal::detail;
using Words = std::vector<Stealing::Word>;

constexpr double grace = 1e-4;

TEST(Stealing, AsksAllOthersOnceAfterAWhile) {
  Stealing one(StealMode::automatic, 1, 4, grace);
  EXPECT_EQ(one.look(1, 10), Words());
  EXPECT_EQ(one.look(0, 10 + grace / 2), Words());
  EXPECT_EQ(one.look(1, 10 + grace), Words()) << "it had work in between";
  std::set<int> asked;
  for (const auto& [to, wanted] : one.look(3, 10 + 3 * grace)) {
    EXPECT_EQ(wanted, 3u);
    asked.insert(to);
  }
  EXPECT_EQ(asked, (std::set{0, 2, 3}));
  for (double now = 11; now < 20; now += 0.1) EXPECT_EQ(one.look(1, now), Words()) << "they know";
}

TEST(Stealing, WaitsLongerWhereOnlyShortTasksAreKnown) {
  constexpr double long_grace = 50 * grace;
  Stealing one(StealMode::automatic, 1, 4, grace);
  EXPECT_EQ(one.look(1, 10, long_grace), Words());
  EXPECT_EQ(one.look(1, 10 + 2 * grace, long_grace), Words());
  EXPECT_EQ(one.look(1, 10 + 2 * long_grace, long_grace).size(), 3u);
}

TEST(Stealing, AsksAgainWhoHasGiven) {
  Stealing one(StealMode::on, 0, 3, 0);
  EXPECT_EQ(one.look(1, 10).size(), 2u);
  one.served(2);
  EXPECT_EQ(one.look(1, 10), (Words{{2, 1}}));
}

TEST(Stealing, TakesItBackWhenItHasWorkForAWhile) {
  Stealing one(StealMode::on, 0, 3, 0);
  one.look(1, 10);
  EXPECT_EQ(one.look(0, 10.1), Words());
  EXPECT_TRUE(one.is_asking());
  const Words words = one.look(0, 10.2);
  EXPECT_EQ(words.size(), 2u);
  for (const auto& word : words) EXPECT_EQ(word.wanted, 0u);
  EXPECT_FALSE(one.is_asking());
  EXPECT_EQ(one.look(1, 10.3).size(), 2u);
}

TEST(Stealing, WaitsLongerEachTimeThatNothingCameOfIt) {
  Stealing one(StealMode::automatic, 0, 3, grace);
  double now = 10;
  /// Hungry until it asks, then busy until it takes that back.
  const auto waited = [&] {
    const double begin = now;
    while (one.look(1, now).empty()) now += grace / 10;
    const double asked = now;
    one.look(0, now);
    one.look(0, now += 2 * Stealing::busy_seconds);
    return asked - begin;
  };
  double last = waited();
  EXPECT_NEAR(last, grace, grace / 5);
  for (int i = 0; i < 3; ++i) {
    const double next = waited();
    EXPECT_NEAR(next, 2 * last, last / 5);
    last = next;
  }
  for (int i = 0; i < 20; ++i) last = waited();
  EXPECT_NEAR(last, Stealing::longest_grace_seconds, grace);
  one.served(1);
  EXPECT_EQ(waited(), 0) << "where something was to be had, it asks at once";
}

TEST(Stealing, AmongManyAsksAFewAndExchangesThemEverMoreRarely) {
  constexpr int ranks = 100;
  Stealing one(StealMode::automatic, 7, ranks, grace);
  std::set<int> holding, ever;
  std::size_t words = 0;
  double now = 10;
  const auto look = [&] {
    for (const auto& [to, wanted] : one.look(1, now)) {
      const bool asks = wanted > 0;
      ++words;
      EXPECT_TRUE(to >= 0 && to < ranks && to != 7);
      EXPECT_EQ(asks, !holding.contains(to)) << "asked twice, or taken back what was not asked";
      if (asks) {
        holding.insert(to);
      } else {
        holding.erase(to);
      }
      ever.insert(to);
    }
  };
  for (; now < 20; now += 1e-3) look();
  EXPECT_EQ(holding.size(), Stealing::window);
  EXPECT_GT(ever.size(), Stealing::window + 5);
  EXPECT_LT(words, 60u) << "in ten seconds";
  for (; now < 1000; now += 0.5) look();
  EXPECT_EQ(ever.size(), ranks - 1u) << "all have their turn";
}

TEST(Stealing, KeepsQuestionsInTheOrderTheyCame) {
  Stealing one(StealMode::on, 0, 4, 0);
  one.hear(2, 4);
  one.hear(1, 1);
  one.hear(3, 1);
  one.hear(1, 0);
  one.hear(2, 4);  // anew, since it crossed tasks on their way
  ASSERT_EQ(one.askers(), 2u);
  EXPECT_EQ(one.first_asker().rank, 3);
  one.gave();
  EXPECT_EQ(one.first_asker().rank, 2);
  one.end();
  EXPECT_EQ(one.askers(), 0u);
  one.hear(2, 4);
  EXPECT_EQ(one.askers(), 0u) << "the program is over";
}

TEST(Stealing, NobodyAsksWhenOffOrAlone) {
  EXPECT_FALSE(Stealing(StealMode::off, 0, 4, 0).is_on());
  EXPECT_FALSE(Stealing(StealMode::on, 0, 1, 0).is_on());
  EXPECT_EQ(steal_mode("off"), StealMode::off);
  EXPECT_EQ(steal_mode("on"), StealMode::on);
  EXPECT_EQ(steal_mode("auto"), StealMode::automatic);
}

}  // namespace
}  // namespace ramal::test
