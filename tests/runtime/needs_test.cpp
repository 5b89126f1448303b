// SPDX-License-Identifier: BSD-3-Clause
// What tasks need besides a worker: memory for their results, more threads.
#include "graph/tasks/cut.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/block.hpp>
#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <random>

namespace ramal::test {
namespace {

using Bytes = Block<std::uint8_t>;

// --- memory ------------------------------------------------------------------------------------------------
constexpr std::uint64_t block_bytes = 40;

Bytes make(long x) { return Bytes::filled({block_bytes}, static_cast<std::uint8_t>(x)); }
Bytes bump(Bytes block) {
  for (auto& x : block) ++x;
  return block;
}
Bytes both(const Bytes& a, const Bytes& b) {
  Bytes sum = a;
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum.data()[i] = static_cast<std::uint8_t>(3 * sum.data()[i] + b.data()[i]);
  return sum;
}
long first(const Bytes& block) { return block.data()[0]; }
long first_of_all(const Inputs<Bytes>& blocks) {
  unsigned long sum = 0;
  for (const Bytes& block : blocks) sum = 7 * sum + static_cast<unsigned long>(first(block));
  return static_cast<long>(sum);
}
long token(long x) { return x; }
long token_sum(long a, long b) { return a + b; }
long first_after(const Bytes& block, long x) { return first(block) + x; }

const auto stated = delayed<make>.annotate({.result_bytes = block_bytes});

/// A rank 0 of two, driven by hand.
class MemoryTest : public ::testing::Test, private Outlet {
 protected:
  void start(RunId run, const std::vector<const Task*>& targets, std::vector<std::uint32_t> on = {}) {
    graph_ = collect(targets);
    std::vector<Want> wants;
    for (std::size_t k = 0; k < targets.size(); ++k)
      wants.push_back({graph_.targets[k], 100 * run + k, false});
    on.resize(graph_.size(), 0);
    for (TaskIndex i = 0; i < graph_.size(); ++i) {
      if (graph_.tasks[i]->annotation() != nullptr && graph_.tasks[i]->annotation()->rank == 1) on[i] = 1;
    }
    const auto holder = [](const Task&) { return Holder{}; };
    auto made = cut(graph_, on, 2, run, wants, holder, images_);
    executor_.start(std::move(made.subgraphs[0]));
  }
  /// Tasks that run before none is left that may.
  std::size_t run_all() {
    std::size_t count = 0;
    while (executor_.run_one()) {
      ++count;
      most_ = std::max(most_, executor_.bytes_held());
    }
    return count;
  }

  void send(std::uint32_t, RunId, Slot, const Value& value) override { sent_.push_back(value); }
  void announce(ValueId, const Value&) override {}
  void enlist(RunId, std::uint32_t, std::vector<std::uint32_t>) override {}
  void join(RunId, std::uint32_t, const Failure*) override {}
  void send_member(std::uint32_t, RunId, MemberName, const Value&) override {}
  void ended(const FrontRun&, const Failure*) override {}
  void hurry(bool) override {}

  const Images images_ = Images::loaded();
  Graph graph_;
  std::vector<Value> sent_;
  std::uint64_t most_ = 0;
  Executor executor_{0, images_, *this, 0, [] {}, 100};
};

TEST_F(MemoryTest, TasksWaitUntilWhatTheyMakeFits) {
  std::vector<Delayed<long>> used;
  const auto late = delayed<token>.annotate({.rank = 1})(5);
  for (long i = 0; i < 10; ++i) used.push_back(delayed<first_after>(stated(i), late));
  std::vector<const Task*> targets;
  for (const auto& one : used) targets.push_back(one.task_handle().get());
  start(1, targets);
  EXPECT_EQ(run_all(), 2u) << "80 of 100 bytes";
  EXPECT_EQ(executor_.bytes_held(), 80u);
  EXPECT_TRUE(executor_.is_stuck_for_memory());
  EXPECT_TRUE(executor_.has_traffic()) << "what they wait for is still to come";
  EXPECT_FALSE(executor_.has_ready()) << "a worker would not find any";
  const Slot arrival = 20;
  executor_.arrive(1, arrival, Value::make<long>(5));
  EXPECT_EQ(run_all(), 18u);
  EXPECT_EQ(most_, 80u);
  EXPECT_EQ(executor_.bytes_held(), 0u);
  EXPECT_FALSE(executor_.is_short_of_memory());
  EXPECT_EQ(executor_.runs(), 0u);
  for (std::size_t i = 0; i < used.size(); ++i)
    EXPECT_EQ(executor_.kept(100 + i).get<long>(), 5 + static_cast<long>(i));
}

TEST_F(MemoryTest, OthersRunMeanwhileAndOverdrawingHelpsWhereNothingElseCan) {
  std::vector<Delayed<Bytes>> blocks;
  for (long i = 0; i < 5; ++i) blocks.push_back(stated(i));
  const auto all = delayed<first_of_all>(blocks);
  const auto other = delayed<token>(3);
  start(1, {all.task_handle().get(), other.task_handle().get()});
  EXPECT_EQ(run_all(), 3u) << "two blocks, and what needs no memory";
  for (const std::uint64_t held : {120u, 160u, 200u}) {
    EXPECT_TRUE(executor_.is_stuck_for_memory());
    EXPECT_FALSE(executor_.has_traffic());
    EXPECT_TRUE(executor_.overdraw());
    EXPECT_EQ(executor_.bytes_held(), held);
  }
  EXPECT_FALSE(executor_.overdraw());
  EXPECT_EQ(run_all(), 1u);
  EXPECT_EQ(executor_.bytes_held(), 0u);
  EXPECT_EQ(executor_.kept(100).get<long>(), 7 * (7 * (7 * (7 * 0 + 1) + 2) + 3) + 4);
}

TEST_F(MemoryTest, ATaskLargerThanTheBoundRunsAlone) {
  const auto large = delayed<make>.annotate({.result_bytes = 1000});
  const auto a = delayed<first>(large(1));
  const auto b = delayed<first>(large(2));
  start(1, {a.task_handle().get(), b.task_handle().get()});
  EXPECT_EQ(run_all(), 4u);
  EXPECT_EQ(executor_.kept(100).get<long>(), 1);
  EXPECT_EQ(executor_.kept(101).get<long>(), 2);
}

TEST_F(MemoryTest, DepthFirstAmongThoseThatWait) {
  const auto stated_bump = delayed<bump>.annotate({.result_bytes = block_bytes});
  std::vector<Delayed<long>> used;
  std::vector<const Task*> targets;
  for (long i = 0; i < 20; ++i) used.push_back(delayed<first>(stated_bump(stated_bump(stated(i)))));
  for (const auto& one : used) targets.push_back(one.task_handle().get());
  start(1, targets);
  EXPECT_EQ(run_all(), 80u);
  EXPECT_LE(most_, 100u);
  EXPECT_EQ(executor_.bytes_held(), 0u);
  for (std::size_t i = 0; i < used.size(); ++i)
    EXPECT_EQ(executor_.kept(100 + i).get<long>(), 2 + static_cast<long>(i));
}

TEST_F(MemoryTest, WhatIsBeingSentStillTakesRoom) {
  std::vector<const Task*> targets;
  std::vector<Delayed<long>> there;
  for (long i = 0; i < 6; ++i) there.push_back(delayed<first>.annotate({.rank = 1})(stated(i)));
  for (const auto& one : there) targets.push_back(one.task_handle().get());
  start(1, targets);
  EXPECT_EQ(run_all(), 2u);
  EXPECT_EQ(sent_.size(), 2u);
  EXPECT_EQ(executor_.bytes_held(), 80u);
  EXPECT_TRUE(executor_.has_traffic());
  sent_.erase(sent_.begin());
  EXPECT_EQ(run_all(), 1u);
  sent_.clear();
  EXPECT_EQ(run_all(), 2u);
  sent_.clear();
  EXPECT_EQ(run_all(), 1u);
  sent_.clear();
  EXPECT_EQ(executor_.runs(), 0u);
}

TEST_F(MemoryTest, KeptResultsLeaveLessRoomButNeverNone) {
  const auto kept = stated(1);
  start(1, {kept.task_handle().get()});
  EXPECT_EQ(run_all(), 1u);
  EXPECT_EQ(executor_.bytes_held(), 40u);
  std::vector<const Task*> targets;
  const auto all = delayed<first_of_all>(std::vector{stated(1), stated(2)});
  start(2, {all.task_handle().get()});
  EXPECT_EQ(run_all(), 1u) << "40 kept and 40 held of 100";
  EXPECT_EQ(executor_.bytes_held(), 80u);
  executor_.release(100);
  EXPECT_EQ(run_all(), 2u);
  EXPECT_EQ(executor_.bytes_held(), 0u);

  std::vector<Delayed<Bytes>> many;
  for (long i = 0; i < 10; ++i) many.push_back(stated(i));
  for (const auto& one : many) targets.push_back(one.task_handle().get());
  start(3, targets);
  EXPECT_EQ(run_all(), 10u) << "waiting would not free what is kept";
  EXPECT_EQ(executor_.bytes_held(), 400u);
  for (ValueId id = 300; id < 310; ++id) executor_.release(id);
  EXPECT_EQ(executor_.bytes_held(), 0u);
}

TEST_F(MemoryTest, FailedAndCancelledTasksGiveTheirRoomBack) {
  const auto bad = delay([](long x) -> Bytes {
                     throw std::runtime_error(std::to_string(x));
                   }).annotate({.result_bytes = block_bytes});
  std::vector<Delayed<long>> used;
  std::vector<const Task*> targets;
  for (long i = 0; i < 10; ++i) used.push_back(delayed<first>(bad(i)));
  for (const auto& one : used) targets.push_back(one.task_handle().get());
  start(1, targets);
  executor_.cancel(1, std::vector<TaskIndex>{4, 6});
  EXPECT_EQ(run_all(), 20u);
  EXPECT_EQ(executor_.bytes_held(), 0u);
}

/// Random graphs of stated and other tasks under a bound that is always too small: the same bits as without.
long checksum(Session& session, unsigned seed) {
  std::minstd_rand random(seed);
  const auto stated_both = delayed<both>.annotate({.result_bytes = block_bytes});
  std::vector<Delayed<Bytes>> made;
  for (long i = 0; i < 40; ++i) made.push_back(random() % 3 == 0 ? delayed<make>(i) : stated(i));
  for (int i = 0; i < 200; ++i) {
    const auto& a = made[random() % made.size()];
    const auto& b = made[random() % made.size()];
    made.push_back(random() % 2 == 0 ? stated_both(a, b) : delayed<both>(a, b));
  }
  std::vector<Delayed<Bytes>> some;
  for (int i = 0; i < 5; ++i) some.push_back(made[random() % made.size()]);
  session.persist(some);
  return session.compute(delayed<first_of_all>(std::vector(made.end() - 60, made.end())));
}
TEST(Memory, RandomGraphsUnderATightBoundGiveTheSameBits) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    SerialRanks alone;
    const long expected = checksum(alone.session(), seed);
    for (int ranks = 1; ranks <= 8; ++ranks) {
      for (const unsigned workers : {0u, 3u}) {
        // Large results are put off, or there are none.
        const std::size_t small_bytes = (ranks + seed) % 3 == 0 ? 64 : 32;
        ThreadedRanks bounded(ranks, workers, seed, small_bytes, (1 + seed % 5) * block_bytes);
        EXPECT_EQ(checksum(bounded.session(), seed), expected)
            << "seed " << seed << ", " << ranks << " ranks, " << workers << " workers";
      }
    }
  }
}

// --- back-pressure -----------------------------------------------------------------------------------------
constexpr std::uint64_t large_bytes = 4096;
Bytes make_large(long x) { return Bytes::filled({large_bytes}, static_cast<std::uint8_t>(x)); }
std::string make_text(long x) { return std::string(large_bytes, static_cast<char>('a' + x % 20)); }
long use_slowly(const Bytes& block) {
  sleep_seconds(50e-6);
  return first(block);
}
long read_slowly(const std::string& text) {
  sleep_seconds(50e-6);
  return text.front();
}
long use_both(const Bytes& block, long x) { return first(block) + x; }

class BackPressure : public ::testing::TestWithParam<unsigned> {
 protected:
  static constexpr std::uint64_t bound = 20 * large_bytes;
  /// Half of the bound; and a rank that has nothing ready may take one more, while each worker holds one.
  const std::uint64_t most = bound / 2 + (GetParam() + 1) * large_bytes;
  ThreadedRanks ranks_{2, GetParam(), 1, 64, bound};
  std::uint64_t most_held(int rank) {
    return ranks_.session().info()[static_cast<std::size_t>(rank)].most_bytes_held;
  }
  /// A result may be heard of before its task has let go of what it read.
  bool comes_to_hold_nothing(int rank) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (ranks_.session().info()[static_cast<std::size_t>(rank)].bytes_held > 0) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
};
INSTANTIATE_TEST_SUITE_P(Workers, BackPressure, ::testing::Values(0u, 1u, 3u));

TEST_P(BackPressure, AFastProducerDoesNotFillASlowRank) {
  const auto make_there = delayed<make_large>.annotate({.rank = 0});
  const auto use_here = delayed<use_slowly>.annotate({.rank = 1});
  std::vector<Delayed<long>> used;
  for (long i = 0; i < 400; ++i) used.push_back(use_here(make_there(i)));
  const auto values = ranks_.session().compute(used);
  for (long i = 0; i < 400; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i % 256);
  EXPECT_LE(most_held(1), most);
  EXPECT_GE(most_held(1), large_bytes);
  EXPECT_TRUE(comes_to_hold_nothing(1));
}

TEST_P(BackPressure, CountsWhatIsDecoded) {
  const auto make_there = delayed<make_text>.annotate({.rank = 0});
  const auto read_here = delayed<read_slowly>.annotate({.rank = 1});
  std::vector<Delayed<long>> read;
  for (long i = 0; i < 100; ++i) read.push_back(read_here(make_there(i)));
  ranks_.session().compute(read);
  EXPECT_LE(most_held(1), most + 100 * 64) << "texts are encoded with their length";
  EXPECT_GE(most_held(1), large_bytes);
  EXPECT_TRUE(comes_to_hold_nothing(1));
}

TEST_P(BackPressure, StatedBytesAreBoundedOnBothSides) {
  const auto make_there = delayed<make_large>.annotate({.rank = 0, .result_bytes = large_bytes});
  const auto use_here = delayed<use_slowly>.annotate({.rank = 1});
  std::vector<Delayed<long>> used;
  for (long i = 0; i < 400; ++i) used.push_back(use_here(make_there(i)));
  ranks_.session().compute(used);
  EXPECT_LE(most_held(0), bound + large_bytes);
  EXPECT_LE(most_held(1), most);
}

/// All that waits here needs what comes last of all: nothing is ready, so everything is taken.
TEST_P(BackPressure, WhatIsNeededComesThroughHoweverMuchIsBeforeIt) {
  const auto make_there = delayed<make_large>.annotate({.rank = 0});
  const auto use_here = delayed<use_both>.annotate({.rank = 1});
  std::vector<Delayed<Bytes>> made;
  Delayed<long> last = delayed<token>.annotate({.rank = 0})(0);
  for (long i = 0; i < 100; ++i) {
    made.push_back(make_there(i));
    last = delayed<first_after>.annotate({.rank = 0})(made.back(), last);
  }
  std::vector<Delayed<long>> used;
  for (const auto& block : made) used.push_back(use_here(block, last));
  EXPECT_EQ(ranks_.session().compute(ramal::reduce<token_sum>(used)), 100 * 99 / 2 * 101);
  EXPECT_TRUE(comes_to_hold_nothing(1));
}

TEST_P(BackPressure, AProgramMayEndWhileResultsArePutOff) {
  const auto make_there = delayed<make_large>.annotate({.rank = 1});
  const auto use_here = delayed<use_slowly>.annotate({.rank = 0});
  std::vector<Delayed<long>> used;
  for (long i = 0; i < 400; ++i) used.push_back(use_here(make_there(i)));
  ranks_.session().persist(used);
  ranks_.session().wait(used.front());
}

// --- threads -----------------------------------------------------------------------------------------------
std::atomic<int> in_use{0};
std::atomic<int> most_in_use{0};
std::atomic<int> wide_beside_others{0};
long use(long threads, long x) {
  const int now = in_use += static_cast<int>(threads);
  int most = most_in_use;
  while (now > most && !most_in_use.compare_exchange_weak(most, now)) {
  }
  if (threads > 1 && now > threads) ++wide_beside_others;
  std::this_thread::sleep_for(std::chrono::microseconds(300));
  in_use -= static_cast<int>(threads);
  return threads * 1000 + x;
}

TEST(ThreadsOfTasks, NeverMoreAreInUseThanARankHas) {
  in_use = most_in_use = wide_beside_others = 0;
  ThreadedRanks ranks(1, 4);
  std::minstd_rand random(7);
  long expected = 0;
  std::vector<Delayed<long>> used;
  for (long i = 0; i < 400; ++i) {
    const int threads = std::max(1, static_cast<int>(random() % 8) - 3);
    expected += threads * 1000 + i;
    used.push_back(delayed<use>.annotate({.threads = threads})(threads, i));
  }
  long sum = 0;
  for (const long one : ranks.session().compute(used)) sum += one;
  EXPECT_EQ(sum, expected);
  EXPECT_EQ(most_in_use, 4);
  EXPECT_GT(wide_beside_others, 0) << "two of four leave two to others";
}

TEST(ThreadsOfTasks, MoreThanThereAreMeansAll) {
  in_use = most_in_use = 0;
  ThreadedRanks ranks(1, 3);
  std::vector<Delayed<long>> used;
  for (long i = 0; i < 50; ++i)
    used.push_back(delayed<use>.annotate({.threads = i % 2 == 0 ? 64 : 1})(i % 2 == 0 ? 3 : 1, i));
  ranks.session().compute(used);
  EXPECT_EQ(most_in_use, 3) << "alone in their rank";
}

TEST(ThreadsOfTasks, OneThreadRunsThemAsOthers) {
  ThreadedRanks ranks(2, 0);
  EXPECT_EQ(ranks.session().compute(delayed<use>.annotate({.threads = 4})(1, 5)), 1005);
  ThreadedRanks single(1, 1);
  EXPECT_EQ(single.session().compute(delayed<use>.annotate({.threads = 4})(1, 5)), 1005);
}

long use_alone(Index place, Inputs<long> before) {
  long sum = place[place.dims - 1];
  for (const long one : before) sum += one;
  return use(4, sum % 1000);
}
long add_up(long a, long b) { return a + b; }
long use_one(long x) { return use(1, x % 1000); }
long use_four(long x) { return use(4, x % 1000); }

/// Of families and within loops as of any task; and in fronts that repeat others.
TEST(ThreadsOfTasks, MembersHaveTheirsToo) {
  in_use = most_in_use = wide_beside_others = 0;
  ThreadedRanks ranks(1, 4);
  ranks.engine().set_front_members(8);
  const auto step_before = [](const Index& place, Reads& reads) {
    if (place[0] > 0) reads.self({place[0] - 1, place[1]});
  };
  const auto made = [&] {
    const auto wide =
        family<use_alone>.with({.reach = Index(1, 0), .period = 1})(Index(40, 4), step_before).annotate({.threads = 4});
    const auto looped = iterate(
        20, [](Family<long> a) { return next(map<use_four>(a).annotate({.threads = 4})); },
        family<use_alone>(4, [](const Index&, Reads&) {}).annotate({.threads = 64}));
    const auto task = iterate(
        10, [](Delayed<long> a) { return next(delayed<use_four>.annotate({.threads = 4})(a)); }, value(7L));
    return reduce<add_up>(map<use_one>(wide)) + reduce<add_up>(looped) + task;
  };
  const long sum = ranks.session().compute(made());
  EXPECT_EQ(most_in_use, 4);
  EXPECT_EQ(wide_beside_others, 0);
  ThreadedRanks others(2, 0);
  EXPECT_EQ(others.session().compute(made()), sum);
}

TEST(ThreadsOfTasks, AProgramMayEndWhileTasksGather) {
  for (int i = 0; i < 20; ++i) {
    ThreadedRanks ranks(2, 3);
    std::vector<Delayed<long>> used;
    for (long k = 0; k < 100; ++k)
      used.push_back(delayed<use>.annotate({.threads = 2 + static_cast<int>(k % 2)})(1, k));
    ranks.session().persist(used);
  }
}

}  // namespace
}  // namespace ramal::test
