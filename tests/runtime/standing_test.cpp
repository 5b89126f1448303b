// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/standing.hpp"

#include <gtest/gtest.h>

namespace ramal::detail {
namespace {

using Lines = std::vector<std::string>;

TEST(BlockingChain, LeadsFromRankToRankToTheTaskThatRuns) {
  Standings ranks(4, Standing{});
  ranks[0]->awaited = {{.task = "b", .rank = 2}};
  ranks[2]->awaited = {{.task = "never mind", .rank = -1}, {.task = "c", .rank = 3}};
  ranks[3]->inside = {{.task = "c (called at x.cpp:7)", .seconds = 12.3}};
  EXPECT_EQ(
      blocking_chain({.task = "a", .rank = 0}, ranks),
      (Lines{"the program waits for a from rank 0", "rank 0 waits for b from rank 2",
             "rank 2 waits for c from rank 3", "rank 3 is inside task c (called at x.cpp:7) for 12 s"}));
}

TEST(BlockingChain, EndsAtARankThatDoesNotAnswerAndGoesRoundNoCircle) {
  Standings ranks(2, Standing{});
  ranks[0]->awaited = {{.task = "b", .rank = 1}};
  ranks[1]->awaited = {{.task = "a", .rank = 0}};
  auto chain = blocking_chain({.task = "a", .rank = 0}, ranks);
  EXPECT_EQ(chain.size(), 3u);
  EXPECT_EQ(chain.back(), "rank 1 has nothing to do, and waits for nobody that is not named above");
  ranks[1].reset();
  chain = blocking_chain({.task = "a", .rank = 0}, ranks);
  EXPECT_EQ(chain.back(),
            "rank 1 does not answer: it is inside a task, of which it tells itself, or was stopped");
}

TEST(BlockingChain, GoesFromAParticipantToOneThatHasNotJoined) {
  Standings ranks(3, Standing{});
  for (auto& one : ranks) one->turns = {{.task = "sum", .run = 5, .turn = 1, .has_joined = true}};
  ranks[1]->turns[0].has_joined = false;
  ranks[1]->is_short_of_memory = true;
  ranks[1]->bytes_held = 77;
  EXPECT_EQ(blocking_chain({.task = "sum", .rank = 0}, ranks),
            (Lines{"the program waits for sum from rank 0",
                   "rank 0 waits to enter collective task sum, and rank 1 has not joined",
                   "rank 1 has tasks that wait for memory: results take 77 bytes, see RAMAL_MEMORY_BYTES"}));
}

TEST(BlockingChain, OfAFamilyBeginsWhereSomethingRuns) {
  Standings ranks(3, Standing{});
  ranks[2]->inside = {{.task = "member[4]", .seconds = 2}};
  const auto chain = blocking_chain({.task = "a family"}, ranks);
  EXPECT_EQ(chain, (Lines{"the program waits for a family", "rank 2 is inside task member[4] for 2.0 s"}));
}

TEST(Deadlock, IsOneOnlyIfAllAreAtRestAndNothingMovesOrHasMoved) {
  Standings quiet(2, Standing{});
  quiet[0]->sent = 3;
  quiet[1]->received = 3;
  EXPECT_TRUE(is_deadlock(quiet, quiet));
  const auto differs = [&](auto change) {
    Standings now = quiet;
    change(now);
    return !is_deadlock(quiet, now);
  };
  EXPECT_TRUE(differs([](Standings& now) { now[1].reset(); }));
  EXPECT_TRUE(differs([](Standings& now) { now[1]->is_at_rest = false; }));
  EXPECT_TRUE(differs([](Standings& now) { now[1]->inside = {{"task"}}; }));
  EXPECT_TRUE(differs([](Standings& now) { now[1]->is_short_of_memory = true; }));
  EXPECT_TRUE(differs([](Standings& now) { now[0]->tasks_run = 1; }));
  EXPECT_TRUE(differs([](Standings& now) { ++now[0]->sent, ++now[1]->received; }));
  Standings moving = quiet;
  ++moving[0]->sent;
  EXPECT_FALSE(is_deadlock(moving, moving));
  EXPECT_FALSE(is_deadlock({}, quiet));
}

}  // namespace
}  // namespace ramal::detail
