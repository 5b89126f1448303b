// SPDX-License-Identifier: BSD-3-Clause
// Tasks that run on another rank than planned: what may go, what comes back, and that nothing else changes.
#include "tests/support/one_process.hpp"
#include "tests/support/random_program.hpp"
#include "tests/support/seeds.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <thread>

namespace ramal::test {
namespace {

std::uint64_t stolen(Session& session) {
  std::uint64_t taken = 0;
  for (const RankInfo& one : session.info()) taken += one.tasks_stolen;
  return taken;
}

std::string serially(unsigned seed, RandomProgramOptions options) {
  SerialRanks serial;
  return random_program(serial.session(), seed, options);
}

TEST(StealRandom, ShuffledRanksGiveTheSerialResult) {
  std::uint64_t all_stolen = 0;
  for (unsigned seed = 1; seed <= seeds(1200); ++seed) {
    const RandomProgramOptions options{
        .steps = 20 + static_cast<int>(seed % 80), .errors = seed % 3 == 0, .longest_vector = 40};
    const int ranks = std::array{1, 2, 3, 5, 8, 20}[seed % 6];
    SteppedRanks stepped(ranks, seed, 64, std::uint64_t{1} << 40, StealMode::on);
    ASSERT_EQ(random_program(stepped.session(), seed, options), serially(seed, options)) << "seed " << seed;
    all_stolen += stolen(stepped.session());
  }
  EXPECT_GT(all_stolen, 100u);
}

TEST(StealRandomThreads, ThreadsGiveTheSerialResult) {
  std::uint64_t all_stolen = 0;
  for (unsigned seed = 1; seed <= seeds(60); ++seed) {
    const RandomProgramOptions options{.steps = 150, .errors = seed % 3 == 0, .longest_vector = 60};
    ThreadedRanks threaded(2 + static_cast<int>(seed % 3), seed / 4 % 4,
                           seed % 2 == 0 ? std::optional(seed) : std::nullopt, 64, std::uint64_t{1} << 40,
                           StealMode::on);
    ASSERT_EQ(random_program(threaded.session(), seed, options), serially(seed, options)) << "seed " << seed;
    all_stolen += stolen(threaded.session());
  }
  EXPECT_GT(all_stolen, 0u);
}

// --- sleeps ------------------------------------------------------------------------------------------------

long sleep_for(long microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
  return microseconds;
}
long sleep_again(long microseconds) { return sleep_for(microseconds); }
long add(long a, long b) { return a + b; }

/// Few are long, most are short (Pareto with exponent 1.2).
std::vector<long> heavy_tailed(std::size_t count) {
  std::minstd_rand random(1);
  std::vector<long> durations;
  while (durations.size() < count) {
    const double u = (static_cast<double>(random() % 10000) + 1) / 10000;
    durations.push_back(static_cast<long>(std::min(20e3, 400 * std::pow(u, -1 / 1.2))));
  }
  std::ranges::sort(durations);  // so that those of the last rank are the longest
  return durations;
}

void sleep_and_check(Session& session) {
  const auto durations = heavy_tailed(200);
  const auto slept = map<sleep_for>(durations);
  EXPECT_EQ(session.compute(reduce<add>(map<sleep_again>(slept))),
            std::accumulate(durations.begin(), durations.end(), 0L));
  std::uint64_t given = 0;
  for (const RankInfo& one : session.info()) given += one.tasks_given;
  EXPECT_EQ(given, stolen(session)) << "all have come back";
}

TEST(StealThreads, LongTasksMoveToIdleRanks) {
  for (const unsigned workers : {0u, 1u, 3u}) {
    ThreadedRanks ranks(4, workers, {}, 64, std::uint64_t{1} << 40, StealMode::automatic);
    sleep_and_check(ranks.session());
    EXPECT_GT(stolen(ranks.session()), 0u) << workers << " workers";
  }
}

TEST(StealThreads, NothingMovesWhenOff) {
  ThreadedRanks ranks(4, 2, {}, 64, std::uint64_t{1} << 40, StealMode::off);
  sleep_and_check(ranks.session());
  EXPECT_EQ(stolen(ranks.session()), 0u);
}

TEST(StealThreads, WhatIsAnnotatedStays) {
  ThreadedRanks ranks(3, 0, {}, 64, std::uint64_t{1} << 40, StealMode::on);
  std::vector<Delayed<long>> all;
  for (long i = 0; i < 30; ++i) all.push_back(delayed<sleep_for>.annotate({.rank = 2})(500));
  for (long i = 0; i < 30; ++i) all.push_back(delayed<sleep_for>.annotate({.host = "host1"})(500));
  for (long i = 0; i < 30; ++i) all.push_back(delayed<sleep_for>.annotate({.threads = 2})(100));
  for (long i = 0; i < 30; ++i)
    all.push_back(delayed<sleep_for>.annotate({.priority = 1 + static_cast<int>(i % 2)})(100));
  ranks.session().compute(all);
  EXPECT_EQ(stolen(ranks.session()), 0u);
}

// --- failures, and what is given up ------------------------------------------------------------------------

long quick(long x) { return x + 1; }
long fails(long x) {
  std::this_thread::sleep_for(std::chrono::microseconds(300));
  throw std::runtime_error("no " + std::to_string(x));
}

TEST(StealThreads, AFailureComesHome) {
  ThreadedRanks ranks(2, 0, {}, 64, std::uint64_t{1} << 40, StealMode::on);
  // All planned on rank 1, by what they read.
  const auto there = delayed<sleep_for>.annotate({.rank = 1})(2000);
  std::vector<Delayed<long>> all;
  for (long i = 0; i < 40; ++i) all.push_back(delayed<fails>(there));
  for (const auto& one : all) ranks.session().persist(one);
  for (const auto& one : all) {
    try {
      ranks.session().compute(delayed<quick>(one));
      FAIL() << "no error";
    } catch (const TaskError& error) {
      EXPECT_EQ(error.details().message, "no 2000");
    }
  }
}

TEST(StealThreads, WhatIsGivenUpDoesNotStartElsewhereEither) {
  ThreadedRanks ranks(3, 0, {}, 64, std::uint64_t{1} << 40, StealMode::on);
  std::vector<Delayed<long>> all;
  for (long i = 0; i < 3000; ++i) all.push_back(delayed<sleep_for>(1000));
  ranks.session().persist(all);
  ranks.session().wait(all.front());
  ranks.session().cancel(all);
  int cancelled = 0;
  for (const auto& one : all) {
    try {
      ranks.session().wait(one);
    } catch (const CancelledError&) {
      ++cancelled;
    }
  }
  EXPECT_GT(cancelled, 1500);
}

struct Refusing {
  long x = 0;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    if (x == 13) throw std::runtime_error("does not travel");
    archive& x;
  }
};
Refusing refusing(long x) { return {x}; }
long opened(const Refusing& one) { return sleep_for(300) + one.x; }

TEST(StealThreads, WhatCannotBeEncodedStays) {
  ThreadedRanks ranks(3, 0, {}, 64, std::uint64_t{1} << 40, StealMode::on);
  std::vector<Delayed<long>> all;
  for (long i = 0; i < 60; ++i)
    all.push_back(delayed<opened>(delayed<refusing>.annotate({.rank = 0})(i % 2 == 0 ? 13 : i)));
  std::vector<Delayed<long>> on_first;
  for (const auto& one : all) on_first.push_back(one);
  std::vector<long> expected;
  for (long i = 0; i < 60; ++i) expected.push_back(300 + (i % 2 == 0 ? 13 : i));
  try {
    EXPECT_EQ(ranks.session().compute(on_first), expected);
  } catch (const TaskError& error) {  // where the plan itself sends one
    EXPECT_NE(error.details().message.find("does not travel"), std::string::npos);
  }
}

TEST(StealThreads, LeavingWorkBehindEndsAllTheSame) {
  for (const unsigned workers : {0u, 2u}) {
    std::vector<Delayed<long>> all;
    ThreadedRanks ranks(4, workers, {}, 64, std::uint64_t{1} << 40, StealMode::on);
    for (long i = 0; i < 500; ++i) all.push_back(delayed<sleep_for>(i % 4 == 0 ? 2000 : 100));
    ranks.session().persist(all);
    ranks.session().wait(all.front());
  }
}

}  // namespace
}  // namespace ramal::test
