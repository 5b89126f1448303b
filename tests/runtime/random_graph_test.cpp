// SPDX-License-Identifier: BSD-3-Clause
// The serial engine judges the distributed one: the same random programs, bit for bit.
#include "tests/support/one_process.hpp"
#include "tests/support/random_program.hpp"
#include "tests/support/seeds.hpp"

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

std::string serially(unsigned seed, RandomProgramOptions options) {
  SerialRanks serial;
  return random_program(serial.session(), seed, options);
}

TEST(RandomGraph, ShuffledRanksGiveTheSerialResult) {
  for (unsigned seed = 1; seed <= seeds(2500); ++seed) {
    const RandomProgramOptions options{
        .steps = 20 + static_cast<int>(seed % 80), .errors = false, .longest_vector = 40};
    SteppedRanks ranks(1 + static_cast<int>(seed % 8), seed);
    ASSERT_EQ(random_program(ranks.session(), seed, options), serially(seed, options)) << "seed " << seed;
  }
}

/// With so many ranks, subgraphs and results go along the tree, and what is sent directly overtakes them.
TEST(RandomGraph, ManyRanksGiveTheSerialResult) {
  for (unsigned seed = 1; seed <= seeds(300); ++seed) {
    const RandomProgramOptions options{
        .steps = 100 + static_cast<int>(seed % 200), .errors = seed % 3 == 0, .longest_vector = 40};
    SteppedRanks ranks(17 + static_cast<int>(seed % 30), seed);
    ASSERT_EQ(random_program(ranks.session(), seed, options), serially(seed, options)) << "seed " << seed;
  }
}

TEST(RandomGraph, ErrorsAreTheSameOnAnyRanks) {
  for (unsigned seed = 1; seed <= seeds(1500); ++seed) {
    const RandomProgramOptions options{.steps = 60, .errors = true, .longest_vector = 10};
    SteppedRanks ranks(1 + static_cast<int>(seed % 8), seed);
    ASSERT_EQ(random_program(ranks.session(), seed, options), serially(seed, options)) << "seed " << seed;
  }
}

TEST(RandomGraph, ValuesAreReleasedWhenAllHandlesAreGone) {
  for (unsigned seed = 1; seed <= seeds(200); ++seed) {
    SteppedRanks ranks(3, seed);
    random_program(ranks.session(), seed);
    ranks.session().compute(delayed<leaf>(1));  // sends the releases
    std::size_t kept = 1;
    for (int tries = 0; kept > 0 && tries < 10000; ++tries) {
      ranks.session().progress();
      kept = 0;
      for (int rank = 0; rank < 3; ++rank)
        kept += ranks.rank(rank).executor().values_kept() + ranks.rank(rank).executor().runs();
    }
    ASSERT_EQ(kept, 0u) << "seed " << seed;
  }
}

TEST(RandomGraphThreads, ThreadsGiveTheSerialResult) {
  for (unsigned seed = 1; seed <= seeds(60); ++seed) {
    const RandomProgramOptions options{.steps = 150, .errors = seed % 3 == 0, .longest_vector = 60};
    const int ranks = 1 + static_cast<int>(seed % 4);
    const unsigned workers = seed / 4 % 4;
    ThreadedRanks threaded(ranks, workers, seed % 2 == 0 ? std::optional(seed) : std::nullopt);
    ASSERT_EQ(random_program(threaded.session(), seed, options), serially(seed, options))
        << "seed " << seed << ", ranks " << ranks << ", workers " << workers;
  }
}

}  // namespace
}  // namespace ramal::test
