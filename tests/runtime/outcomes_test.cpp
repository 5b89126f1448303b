// SPDX-License-Identifier: BSD-3-Clause
// What became of many results: failures in bulk, trying again, and results as they come.
#include "tests/support/one_process.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <thread>

namespace ramal::test {
namespace {

/// All ranks are in this process, so a test can say when tasks fail, and see how often they ran.
std::atomic<bool> is_broken{false};
std::atomic<int> calls{0};

long fails_on_threes(long x) {
  ++calls;
  if (x % 3 == 0 && is_broken) throw std::runtime_error("cannot take " + std::to_string(x));
  return 10 * x;
}
long plus_one(long x) { return ++calls, x + 1; }
long sum_of(const std::vector<long>& xs) {
  long sum = 0;
  for (const long x : xs) sum += x;
  return sum;
}
long add(long a, long b) { return a + b; }
void only_does(long x) { fails_on_threes(x); }
long place_times_ten(long place) { return fails_on_threes(place); }

std::vector<long> upto(long n) {
  std::vector<long> all(static_cast<std::size_t>(n));
  for (long i = 0; i < n; ++i) all[static_cast<std::size_t>(i)] = i;
  return all;
}

/// In the serial scheduler (0 ranks), and on 1 to 4 ranks moved by one thread.
class Outcomes : public ::testing::TestWithParam<int> {
 protected:
  Outcomes() {
    is_broken = true;
    calls = 0;
    if (GetParam() == 0) {
      serial_session_.emplace(serial_);
    } else {
      ranks_.emplace(GetParam(), 77);
    }
  }
  Session& session() { return ranks_ ? ranks_->session() : *serial_session_; }

 private:
  SerialEngine serial_;
  std::optional<Session> serial_session_;
  std::optional<SteppedRanks> ranks_;
};
INSTANTIATE_TEST_SUITE_P(Ranks, Outcomes, ::testing::Values(0, 1, 2, 4));

// --- failures in bulk
// ----------------------------------------------------------------------------------------

TEST_P(Outcomes, EachGivesWhatWorkedAndWhatDidNot) {
  const auto handles = map<fails_on_threes>(upto(10));
  const auto each = session().compute_each(handles);
  ASSERT_EQ(each.values.size(), 10u);
  ASSERT_EQ(each.failed.size(), 4u);
  for (std::size_t i = 0; i < 10; ++i) {
    if (i % 3 != 0) {
      EXPECT_EQ(each.values[i], 10 * static_cast<long>(i));
      continue;
    }
    EXPECT_FALSE(each.values[i]);
    const auto& failed = each.failed[i / 3];
    EXPECT_EQ(failed.index, i);
    EXPECT_NE(failed.message.find("cannot take " + std::to_string(i)), std::string::npos) << failed.message;
    try {
      std::rethrow_exception(failed.error);
    } catch (const TaskError& error) {
      EXPECT_EQ(error.details().task, "fails_on_threes");
      EXPECT_EQ(error.details().arguments, std::to_string(i));
    }
  }
  EXPECT_THROW(each.check(), TaskError);
}

TEST_P(Outcomes, EachOfAFamilyOfAVoidAndOfNone) {
  const auto of_family = session().compute_each(family<place_times_ten>(7));
  EXPECT_EQ(of_family.failed.size(), 3u);
  EXPECT_EQ(of_family.values[5], 50);
  const auto of_void = session().compute_each(map<only_does>(upto(5)));
  EXPECT_EQ(of_void.failed.size(), 2u);
  EXPECT_TRUE(of_void.values[1]);
  EXPECT_FALSE(of_void.values[3]);
  is_broken = false;
  const auto none = session().compute_each(std::vector<Delayed<long>>{});
  EXPECT_TRUE(none.values.empty());
  const auto all = session().compute_each(map<fails_on_threes>(upto(5)));
  EXPECT_NO_THROW(all.check());
}

TEST_P(Outcomes, OneTaskAskedForTwiceFailsTwice) {
  const auto one = delayed<fails_on_threes>(3);
  const auto made_of_it = delayed<plus_one>(one);
  const auto each = session().compute_each(std::vector{one, made_of_it, one, delayed<plus_one>(1)});
  ASSERT_EQ(each.failed.size(), 3u);
  EXPECT_EQ(each.failed[1].message, each.failed[0].message) << "what failed is told, not what it failed for";
  EXPECT_EQ(each.values[3], 2);
}

TEST_P(Outcomes, ComputeThrowsTheFirstOfThePlan) {
  const auto handles = map<fails_on_threes>(upto(10));
  try {
    session().compute(std::vector(handles.rbegin(), handles.rend()));
    FAIL() << "it has failed";
  } catch (const TaskError& error) {
    EXPECT_EQ(error.details().arguments, "9")
        << "the first in the order of the plan, which is that of the targets";
  }
}

// --- trying again
// ----------------------------------------------------------------------------------------------

TEST_P(Outcomes, RetryMakesWhatFailedAndNothingElse) {
  auto handles = map<fails_on_threes>(upto(9));
  session().persist(handles);
  EXPECT_THROW(session().wait(handles), TaskError);
  while (!session().ready(handles)) continue;
  EXPECT_EQ(calls, 9);
  session().retry(handles);
  EXPECT_THROW(session().wait(handles), TaskError);
  while (!session().ready(handles)) continue;
  EXPECT_EQ(calls, 12) << "only the three that fail";
  is_broken = false;
  session().retry(handles);
  session().wait(handles);
  EXPECT_EQ(calls, 15);
  session().retry(handles);
  session().wait(handles);
  EXPECT_EQ(calls, 15) << "nothing has failed";
  EXPECT_EQ(sum_of(session().compute(handles)), 360);
}

TEST_P(Outcomes, RetryTriesWhatItFailedForToo) {
  const auto first = delayed<fails_on_threes>(3);
  const auto second = delayed<plus_one>(first);
  const auto third = delayed<plus_one>(second);  // never persisted by itself
  const auto last = delayed<plus_one>(third);
  session().persist(first, last);
  EXPECT_THROW(session().wait(last), TaskError);
  is_broken = false;
  session().retry(last);
  session().wait(first, last);
  EXPECT_EQ(session().compute(last), 33);
  EXPECT_EQ(session().compute(first), 30);
  EXPECT_EQ(calls, 5) << "the first one twice, the others once";
}

TEST_P(Outcomes, RetryOfWhatIsNotPersistedIsAnError) {
  EXPECT_THROW(session().retry(delayed<plus_one>(1)), std::invalid_argument);
  EXPECT_THROW(session().retry(family<place_times_ten>(3)), std::invalid_argument);
  EXPECT_EQ(session().compute(delayed<plus_one>(1)), 2) << "and the session lives on";
}

TEST_P(Outcomes, RetryOfFamilies) {
  const auto made = family<place_times_ten>(8);
  const auto more = map<plus_one>(made);
  session().persist(made, more);
  EXPECT_THROW(session().wait(more), TaskError);
  is_broken = false;
  session().retry(more);
  session().wait(made, more);
  EXPECT_EQ(sum_of(session().compute(more)), 288);
  EXPECT_EQ(session().compute(reduce<add>(made)), 280);
}

TEST_P(Outcomes, RetryOfAHandleMadeOfAFailedFamily) {
  const auto made = family<place_times_ten>(8);
  const auto sum = reduce<add>(made);
  const auto more = delayed<plus_one>(sum);
  session().persist(made);
  session().persist(more);
  EXPECT_THROW(session().wait(more), TaskError);
  is_broken = false;
  session().retry(more);
  session().wait(more);
  EXPECT_EQ(session().compute(more), 281);
  session().wait(made);
  EXPECT_EQ(session().compute(made(3)), 30);
}

TEST_P(Outcomes, HandlesToMembersFollowTheirFamily) {
  const auto made = family<place_times_ten>(8);
  session().persist(made);
  const auto good = made(1), bad = made(3);
  session().persist(good, bad);
  EXPECT_THROW(session().wait(made), TaskError);
  session().wait(good);
  EXPECT_THROW(session().wait(bad), TaskError)
      << "of a family that is kept it is known only that some have failed";
  EXPECT_EQ(session().compute(good), 10);
  is_broken = false;
  session().retry(made);
  EXPECT_TRUE(session().wait_for(std::vector{good, bad}, std::chrono::seconds(60)));
  session().wait(made);
  EXPECT_EQ(session().compute(good), 10);
  EXPECT_EQ(session().compute(bad), 30);
  EXPECT_EQ(session().compute(reduce<add>(map<plus_one>(made))), 288);
}

TEST_P(Outcomes, AMemberIsKeptWithItsFamily) {
  is_broken = false;
  const auto made = family<place_times_ten>(8);
  const auto before = made(1);
  session().persist(made);
  const auto after = made(2);  // neither is persisted by itself
  session().wait(before, after);
  std::size_t told = 0;
  for ([[maybe_unused]] const auto one : session().as_completed(std::vector{before, after})) ++told;
  EXPECT_EQ(told, 2u);
  session().retry(before);
  session().cancel(after);
  EXPECT_EQ(sum_of(session().compute(std::vector{before, after})), 30);
  EXPECT_EQ(calls, 8) << "nothing is made again";
  EXPECT_THROW(session().wait(family<place_times_ten>(8)(1)), std::invalid_argument);
}

TEST_P(Outcomes, AllFailedMembersOfAKeptFamilyAreNamed) {
  const auto made = family<place_times_ten>(8);
  session().persist(made);
  EXPECT_THROW(session().wait(made), TaskError);
  const auto each = session().compute_each(made);
  ASSERT_EQ(each.failed.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string name = "place_times_ten[" + std::to_string(3 * i) + "]";
    EXPECT_NE(each.failed[i].message.find(name), std::string::npos) << each.failed[i].message;
    EXPECT_NE(each.failed[i].message.find("outcomes_test.cpp"), std::string::npos) << each.failed[i].message;
  }
}

TEST_P(Outcomes, HandlesThatAFamilyConsumesAreAsLazyAsBefore) {
  is_broken = false;
  const auto handles = map<fails_on_threes>(upto(6));
  EXPECT_EQ(session().compute(reduce<add>(as_family(handles))), 150);
  EXPECT_EQ(calls, 6);
  EXPECT_THROW(session().ready(handles), std::invalid_argument);
  EXPECT_EQ(sum_of(session().compute(handles)), 150);
  EXPECT_EQ(calls, 12);
}

TEST_P(Outcomes, RetryOfOneHandleOfAFamilyOfHandles) {
  const auto handles = map<fails_on_threes>(upto(6));
  session().persist(handles);
  const auto sum = reduce<add>(map<plus_one>(as_family(handles)));
  EXPECT_THROW(session().compute(sum), TaskError);
  is_broken = false;
  session().retry(as_family(handles));
  EXPECT_EQ(session().compute(reduce<add>(map<plus_one>(as_family(handles)))), 156);
}

// --- as they come
// ----------------------------------------------------------------------------------------------

TEST_P(Outcomes, AsCompletedTakesMore) {
  is_broken = false;
  std::vector<Delayed<long>> handles = map<fails_on_threes>(upto(4));
  session().persist(handles);
  auto completed = session().as_completed(handles);
  std::set<std::size_t> seen;
  long next = 4;
  for (auto [index, handle] : completed) {
    EXPECT_TRUE(seen.insert(index).second);
    EXPECT_EQ(session().compute(handle), 10 * static_cast<long>(index))
        << "handles are numbered as they were added";
    if (next == 20) continue;
    const auto more = delayed<fails_on_threes>(next++);
    session().persist(more);
    completed.add(more);
  }
  EXPECT_EQ(seen.size(), 20u);
}

TEST_P(Outcomes, AsCompletedRefusesWhatIsNotPersisted) {
  is_broken = false;
  const std::vector<Delayed<long>> handles = map<fails_on_threes>(upto(2));
  session().persist(handles);
  auto completed = session().as_completed(handles);
  EXPECT_THROW(completed.add(delayed<plus_one>(1)), std::invalid_argument);
  std::size_t count = 0;
  for ([[maybe_unused]] const auto one : completed) ++count;
  EXPECT_EQ(count, 2u);
}

TEST_P(Outcomes, AsCompletedOfAFamilyTellsFailuresToo) {
  std::size_t failures = 0, count = 0;
  for (auto [index, handle] : session().as_completed(family<place_times_ten>(6))) {
    ++count;
    try {
      EXPECT_EQ(session().compute(handle), 10 * static_cast<long>(index));
    } catch (const TaskError&) {
      ++failures;
      EXPECT_EQ(index % 3, 0u);
    }
  }
  EXPECT_EQ(count, 6u);
  EXPECT_EQ(failures, 2u);
}

TEST_P(Outcomes, FamiliesAreReadyAndWaitedForLikeHandles) {
  is_broken = false;
  const auto made = family<place_times_ten>(50);
  EXPECT_THROW(session().ready(made), std::invalid_argument);
  session().persist(made);
  EXPECT_TRUE(session().wait_for(made, std::chrono::seconds(60)));
  EXPECT_TRUE(session().ready(made));
  is_broken = true;
  const auto failed = family<place_times_ten>(50);
  session().persist(failed);
  EXPECT_THROW(session().wait_for(failed, std::chrono::seconds(60)), TaskError);
  EXPECT_TRUE(session().ready(made, failed)) << "failed ones count";
  is_broken = false;
  const auto handles = map<fails_on_threes>(upto(4));
  EXPECT_THROW(session().ready(as_family(handles)), std::invalid_argument);
  session().persist(handles);
  EXPECT_TRUE(session().wait_for(as_family(handles), std::chrono::seconds(60)));
}

// --- families of handles and shuffles
// --------------------------------------------------------------------------

long of_neighbours(Inputs<long> near) {
  long sum = 0;
  for (const long x : near) sum += x;
  return sum;
}

TEST_P(Outcomes, HandlesInTwoDimensions) {
  is_broken = false;
  const auto grid = as_family(map<fails_on_threes>(upto(12)), {3, 4});
  const auto sums = session().compute(stencil<of_neighbours>(grid, {{0, 0}, {1, 0}, {0, 1}}));
  std::vector<long> expected;
  for (long i = 0; i < 3; ++i) {
    for (long j = 0; j < 4; ++j) {
      const auto at = [](long row, long column) {
        return row < 3 && column < 4 ? 10 * (4 * row + column) : 0;
      };
      expected.push_back(at(i, j) + at(i + 1, j) + at(i, j + 1));
    }
  }
  EXPECT_EQ(sums, expected);
  try {
    as_family(map<plus_one>(upto(5)), {2, 3});
    FAIL() << "5 handles are no 2 x 3";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("expected a handle for each of the 6 places"), std::string::npos)
        << error.what();
  }
}

TEST_P(Outcomes, FamiliesWithoutMembersAreDoneAtOnce) {
  const auto none = as_family(std::vector<Delayed<long>>(), {0, 3});
  session().run(none, family<place_times_ten>(0));
  session().persist(none);
  session().wait(none);
  session().retry(none);
  EXPECT_TRUE(session().ready(none));
  session().cancel(none);
  session().run(map<plus_one>(none));
  EXPECT_TRUE(session().compute(map<plus_one>(none)).empty());
  EXPECT_TRUE(session().compute_each(none).values.empty());
  for ([[maybe_unused]] const auto one : session().as_completed(none)) ADD_FAILURE() << "there is none";
  EXPECT_EQ(session().compute(coarsen<of_neighbours>(family<place_times_ten>(0), 3)).size(), 0u);
}

TEST_P(Outcomes, CoarsenOfAnyBlock) {
  is_broken = false;
  const auto made = family<place_times_ten>(5);
  for (const std::int64_t block :
       {std::int64_t{5}, std::int64_t{6}, std::numeric_limits<std::int64_t>::max()})
    EXPECT_EQ(session().compute(coarsen<of_neighbours>(made, block)), std::vector<long>{100});
  EXPECT_EQ(session().compute(coarsen<of_neighbours>(made, 2)), (std::vector<long>{10, 50, 40}));
}

/// A copy of 7 throws.
struct Copied {
  long value = 0;
  Copied() = default;
  explicit Copied(long x) : value(x) {}
  Copied(Copied&&) = default;
  Copied& operator=(Copied&&) = default;
  Copied(const Copied& other) : value(other.value) {
    if (value == 7) throw std::runtime_error("cannot be copied");
  }
  Copied& operator=(const Copied&) = default;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& value;
  }
};
Copied made_to_copy(long x) { return Copied(x); }

TEST_P(Outcomes, EachTellsWhatCannotBeCopied) {
  const auto seven = delayed<made_to_copy>(7), eight = delayed<made_to_copy>(8);
  const auto each = session().compute_each(std::vector{seven, eight, seven});
  ASSERT_TRUE(each.values[1]);
  EXPECT_EQ(each.values[1]->value, 8);
  for (const auto& failed : each.failed) EXPECT_EQ(failed.message, "cannot be copied");
  EXPECT_GE(each.failed.size(), 1u) << "of the same value twice one is a copy";
}

long second_of_place(Index place) { return place[1]; }

TEST_P(Outcomes, ErrorsNameMembersByTheirPlaces) {
  try {
    session().wait(family<second_of_place>({3, 4})(1, 2));
    FAIL() << "it is not persisted";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("second_of_place[1, 2]"), std::string::npos) << error.what();
  }
}

std::vector<std::vector<long>> by_remainder(const std::vector<long>& numbers) {
  std::vector<std::vector<long>> parts(3);
  for (const long x : numbers) parts[static_cast<std::size_t>(x % 3)].push_back(x);
  return parts;
}
std::vector<long> some_numbers(long place) { return {7 * place, place, place + 5}; }
std::vector<long> joined(Inputs<std::vector<long>> parts) {
  std::vector<long> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST_P(Outcomes, AShuffleThatSplitsAtOnce) {
  const auto data = family<some_numbers>(11);
  std::vector<std::vector<long>> expected(3);
  for (long place = 0; place < 11; ++place) {
    for (const long x : some_numbers(place)) expected[static_cast<std::size_t>(x % 3)].push_back(x);
  }
  EXPECT_EQ(session().compute(shuffle<by_remainder, joined>(data, 3)), expected);
  try {
    session().compute(shuffle<by_remainder, joined>(data, 4));
    FAIL() << "3 parts are not 4";
  } catch (const TaskError& error) {
    EXPECT_NE(std::string(error.what()).find("expected 4 parts of each member, found 3"), std::string::npos)
        << error.what();
  }
}

TEST(OutcomesOfCancelled, RetryMakesThemAnew) {
  is_broken = false;
  ThreadedRanks ranks(2, 0);
  auto& session = ranks.session();
  const auto handles = map<fails_on_threes>(upto(200));
  session.persist(handles);
  session.cancel(handles);
  session.retry(handles);
  session.wait(handles);
  EXPECT_EQ(sum_of(session.compute(handles)), 199'000);
  const auto made = family<place_times_ten>(200);
  session.persist(made);
  session.cancel(made);
  session.retry(made);
  session.wait(made);
  EXPECT_EQ(session.compute(reduce<add>(made)), 199'000);
  // A handle to a member that was asked for before.
  const auto again = family<place_times_ten>(200);
  session.persist(again);
  const auto member = again(7);
  session.persist(member);
  session.cancel(again);
  std::size_t told = 0;
  for ([[maybe_unused]] const auto one : session.as_completed(std::vector{member})) ++told;
  EXPECT_EQ(told, 1u);
  session.retry(member);
  session.wait(member);
  EXPECT_EQ(session.compute(member), 70);
}

}  // namespace
}  // namespace ramal::test
