// SPDX-License-Identifier: BSD-3-Clause
// The order in which ready tasks are taken, by one thread and by workers.
#include "runtime/executor/ready_queues.hpp"

#include "runtime/executor/run.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace ramal::detail {
namespace {

/// A run of so many tasks without inputs.
std::unique_ptr<ActiveRun> run_of(std::size_t tasks) {
  SubgraphDraft draft;
  draft.kinds.push_back(KindRef{});
  for (std::size_t i = 0; i < tasks; ++i) draft.add_task(0, static_cast<std::uint32_t>(i), 0, 0);
  return std::make_unique<ActiveRun>(1, draft.finish(1));
}

class OneThread : public ::testing::Test {
 protected:
  OneThread() { queues_.add_worker(own_); }
  RunSlot task(Slot slot) { return {run_.get(), slot}; }
  std::vector<Slot> take_all() {
    std::vector<Slot> slots;
    RunSlot task;
    while (queues_.take_first<false>(own_, task) || queues_.take_elsewhere<false>(own_, task))
      slots.push_back(task.slot);
    EXPECT_FALSE(queues_.has_any());
    return slots;
  }

  std::unique_ptr<ActiveRun> run_ = run_of(100);
  MemoryBound memory_{1000};
  ReadyQueues::Own own_;
  ReadyQueues queues_{false, memory_};
};

TEST_F(OneThread, TakesNothingFromNothing) { EXPECT_TRUE(take_all().empty()); }

TEST_F(OneThread, TakesInOrder) {
  EXPECT_FALSE(queues_.put_next<false>(own_, task(1)));
  EXPECT_TRUE(queues_.put_next<false>(own_, task(2)));
  EXPECT_TRUE(queues_.put_next<false>(own_, task(3)));
  queues_.put_on_inbox(task(4));
  queues_.put_on_inbox(task(5));
  queues_.put_urgent(task(6));
  queues_.put_urgent(task(7));
  queues_.put_prioritised(task(8), 1);
  queues_.put_prioritised(task(9), 2);
  queues_.put_prioritised(task(10), -1);
  queues_.put_prioritised(task(11), 2);
  EXPECT_TRUE(queues_.has_urgent());
  EXPECT_TRUE(queues_.has_consumers());
  EXPECT_EQ(take_all(), (std::vector<Slot>{9, 11, 8, 7, 6, 3, 2, 1, 5, 4, 10}));
  EXPECT_FALSE(queues_.has_urgent());
  EXPECT_FALSE(queues_.has_consumers());
}

TEST_F(OneThread, SourcesComeInThePlansOrder) {
  const auto later = run_of(3);
  queues_.add_sources(*run_);
  queues_.add_sources(*later);
  EXPECT_FALSE(queues_.has_consumers());
  queues_.put_on_inbox(task(7));
  run_->flag(1, ActiveRun::prioritised);  // is made ready by itself
  std::vector<Slot> expected{7, 0};
  for (Slot slot = 2; slot < 100; ++slot) expected.push_back(slot);
  for (const Slot slot : {0u, 1u, 2u}) expected.push_back(slot);
  EXPECT_EQ(take_all(), expected);
}

TEST_F(OneThread, ARunThatEndsHasNoMore) {
  queues_.add_sources(*run_);
  queues_.remove_sources(*run_);
  EXPECT_TRUE(take_all().empty());
}

TEST_F(OneThread, WhatWaitsForMemoryGoesFirstWhenItFits) {
  EXPECT_TRUE(memory_.reserve(900));
  queues_.defer(task(1), 500, false);
  queues_.defer(task(2), 50, false);
  queues_.put_on_inbox(task(3));
  RunSlot taken;
  EXPECT_TRUE(queues_.is_short_of_memory());
  EXPECT_TRUE(queues_.take_first<false>(own_, taken) || queues_.take_elsewhere<false>(own_, taken));
  EXPECT_EQ(taken.slot, 3u) << "in turn: the first does not fit, so neither may the second";
  EXPECT_FALSE(queues_.has_any());
  queues_.defer(task(4), 100, true);
  EXPECT_TRUE(queues_.has_any());
  EXPECT_TRUE(queues_.take_first<false>(own_, taken));
  EXPECT_EQ(taken.slot, 4u);
  EXPECT_TRUE(run_->has(4, ActiveRun::admitted));
  EXPECT_EQ(memory_.held(), 1000u);
  EXPECT_FALSE(queues_.take_first<false>(own_, taken));
  EXPECT_TRUE(queues_.take_deferred(taken, true));
  EXPECT_EQ(taken.slot, 1u);
  EXPECT_EQ(memory_.held(), 1500u);
  memory_.subtract(1500);
  EXPECT_EQ(take_all(), std::vector<Slot>{2});
  EXPECT_FALSE(queues_.is_short_of_memory());
}

/// Takes what has an even number.
struct Even final : ReadyQueues::Taker {
  std::size_t most = 100;
  std::vector<Slot> taken;
  bool is_full() const override { return taken.size() >= most; }
  bool takes(const RunSlot& task) override {
    if (task.slot % 2 == 0) taken.push_back(task.slot);
    return task.slot % 2 == 0;
  }
};

TEST_F(OneThread, OffersWhatWouldStartLast) {
  const auto sources = run_of(6);
  queues_.add_sources(*sources);
  for (const Slot slot : {10u, 11u, 12u}) queues_.put_on_inbox(task(slot));
  for (const Slot slot : {20u, 21u, 22u}) queues_.put_next<false>(own_, task(slot));
  queues_.put_urgent(task(30));
  EXPECT_EQ(queues_.count_to_offer(), 12u) << "what is next is the worker's";
  Even two{};
  two.most = 2;
  queues_.offer(two);
  EXPECT_EQ(two.taken, (std::vector<Slot>{4, 2}));
  Even all;
  queues_.offer(all);
  EXPECT_EQ(all.taken, (std::vector<Slot>{0, 10, 12, 20, 30}));
  EXPECT_EQ(take_all(), (std::vector<Slot>{22, 21, 11, 1, 3, 5}));
}

TEST(SeveralWorkers, TakeEachTaskOnce) {
  constexpr std::size_t workers = 3;
  constexpr Slot tasks = 20000;
  const auto run = run_of(tasks);
  const auto sources = run_of(tasks);
  MemoryBound memory{1000};
  std::vector<std::unique_ptr<ReadyQueues::Own>> owns;
  ReadyQueues queues(true, memory);
  for (std::size_t w = 0; w < workers; ++w) {
    queues.add_worker(*owns.emplace_back(std::make_unique<ReadyQueues::Own>()));
    for (std::size_t other = 1; other < workers; ++other) owns[w]->victims.push_back((w + other) % workers);
  }
  queues.add_sources(*sources);
  std::vector<std::atomic<int>> of_run(tasks), of_sources(tasks);
  std::atomic<Slot> left{2 * tasks};
  std::vector<std::thread> threads;
  for (std::size_t w = 0; w < workers; ++w) {
    threads.emplace_back([&, w] {
      RunSlot task;
      while (left > 0) {
        if (!queues.take_first<true>(*owns[w], task) && !queues.take_elsewhere<true>(*owns[w], task))
          continue;
        if (task.run == sources.get()) {
          ++of_sources[task.slot];
          if (task.slot % 2 == 0) queues.put_next<true>(*owns[w], {run.get(), task.slot});
        } else {
          ++of_run[task.slot];
        }
        --left;
      }
    });
  }
  for (Slot slot = 1; slot < tasks; slot += 2)
    slot % 3 == 0 ? queues.put_urgent({run.get(), slot}) : queues.put_on_inbox(RunSlot{run.get(), slot});
  for (auto& thread : threads) thread.join();
  for (Slot slot = 0; slot < tasks; ++slot) {
    EXPECT_EQ(of_run[slot], 1);
    EXPECT_EQ(of_sources[slot], 1);
  }
  EXPECT_FALSE(queues.has_any());
}

}  // namespace
}  // namespace ramal::detail
