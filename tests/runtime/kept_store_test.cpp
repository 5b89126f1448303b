// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/kept_store.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

namespace ramal::detail {
namespace {

class KeptStoreTest : public ::testing::Test {
 protected:
  /// Slots of a run that nobody looks into.
  RunSlot slot(Slot number) { return {reinterpret_cast<ActiveRun*>(this), number}; }
  static Value block(std::size_t numbers) { return Value::make<std::vector<double>>(numbers, 1.5); }

  MemoryBound memory_{1 << 20};
  KeptStore store_{memory_};
};

TEST_F(KeptStoreTest, FindsWhatIsKeptUntilItIsReleased) {
  EXPECT_TRUE(store_.find(1).empty());
  EXPECT_TRUE(store_.keep(1, Value::make<long>(7)).waiting.empty());
  EXPECT_EQ(store_.find(1).get<long>(), 7);
  EXPECT_EQ(store_.find_or_wait(1, slot(0)).get<long>(), 7);
  EXPECT_EQ(store_.count(), 1u);
  EXPECT_TRUE(store_.release(1).has_value());
  EXPECT_TRUE(store_.find(1).empty());
  EXPECT_EQ(store_.count(), 0u);
}

TEST_F(KeptStoreTest, TellsWhoWaits) {
  EXPECT_TRUE(store_.find_or_wait(1, slot(3)).empty());
  EXPECT_TRUE(store_.find_or_wait(1, slot(4)).empty());
  EXPECT_EQ(store_.count(), 0u) << "it is not there yet";
  const auto waiting = store_.keep(1, Value::make<long>(7)).waiting;
  ASSERT_EQ(waiting.size(), 2u);
  EXPECT_EQ(waiting[0].slot, 3u);
  EXPECT_EQ(waiting[1].slot, 4u);
  EXPECT_TRUE(store_.keep(1, Value::make<long>(8)).waiting.empty()) << "each is told once";
}

TEST_F(KeptStoreTest, WhatIsReleasedBeforeItComesIsNotKept) {
  EXPECT_TRUE(store_.find_or_wait(1, slot(3)).empty());
  EXPECT_FALSE(store_.release(1).has_value());
  const auto [waiting, bytes] = store_.keep(1, block(10));
  EXPECT_EQ(waiting.size(), 1u) << "who waits gets it nevertheless";
  EXPECT_FALSE(bytes.has_value());
  EXPECT_TRUE(store_.find(1).empty());
  EXPECT_EQ(memory_.held(), 0u);
}

TEST_F(KeptStoreTest, CountsBytes) {
  EXPECT_EQ(store_.keep(1, block(100)).bytes, 800u);
  store_.keep(2, block(10));
  store_.keep(3, Value::make<long>(1));
  EXPECT_EQ(store_.bytes(), 880u);
  EXPECT_EQ(memory_.held(), 880u);
  EXPECT_EQ(store_.release(1), 800u);
  EXPECT_EQ(store_.bytes(), 80u);
  EXPECT_EQ(memory_.held(), 80u);
}

TEST_F(KeptStoreTest, ReleasesARange) {
  for (ValueId id = 10; id < 20; ++id) store_.keep(id, block(id));
  std::map<ValueId, std::uint64_t> released;
  store_.release_all(12, 100, [&](ValueId id, std::uint64_t bytes) { released[id] = bytes; });
  EXPECT_EQ(released.size(), 8u);
  EXPECT_EQ(released.begin()->first, 12u);
  EXPECT_EQ(released.at(13), 13 * sizeof(double));
  EXPECT_EQ(store_.count(), 2u);
  EXPECT_EQ(memory_.held(), (10 + 11) * sizeof(double));
}

TEST_F(KeptStoreTest, OfSeveralThreadsEachWaiterIsToldOnce) {
  constexpr ValueId ids = 2000;
  std::atomic<std::size_t> told{0};
  std::vector<std::thread> threads;
  for (Slot t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (ValueId id = 0; id < ids; ++id)
        if (!store_.find_or_wait(id, slot(t)).empty()) ++told;
    });
  }
  threads.emplace_back([&] {
    for (ValueId id = 0; id < ids; ++id) told += store_.keep(id, Value::make<long>(1)).waiting.size();
  });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(told, 2 * ids);
}

}  // namespace
}  // namespace ramal::detail
