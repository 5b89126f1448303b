// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/stealing_deque.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace ramal::detail {
namespace {

struct Item {
  Item() = default;
  Item(const int* where, std::uint32_t number) : run(where), slot(number) {}
  const int* run = nullptr;
  std::uint32_t slot = 0;
};
const int anything = 0;

TEST(StealingDeque, TheNewestIsPoppedTheOldestStolen) {
  StealingDeque<Item> deque(4);
  Item item;
  EXPECT_TRUE(deque.empty());
  EXPECT_FALSE(deque.pop(item));
  EXPECT_FALSE(deque.steal(item));
  for (std::uint32_t i = 0; i < 100; ++i) deque.push({&anything, i});  // outgrows its buffer
  EXPECT_EQ(deque.size(), 100u);
  ASSERT_TRUE(deque.pop(item));
  EXPECT_EQ(item.slot, 99u);
  EXPECT_EQ(item.run, &anything);
  ASSERT_TRUE(deque.steal(item));
  EXPECT_EQ(item.slot, 0u);
  ASSERT_TRUE(deque.steal(item));
  EXPECT_EQ(item.slot, 1u);
  for (std::uint32_t i = 98; i >= 2; --i) {
    ASSERT_TRUE(deque.pop(item));
    EXPECT_EQ(item.slot, i);
  }
  EXPECT_FALSE(deque.pop(item));
  EXPECT_FALSE(deque.steal(item));
  deque.push({&anything, 7});
  EXPECT_FALSE(deque.empty());
  ASSERT_TRUE(deque.steal(item));
  EXPECT_EQ(item.slot, 7u);
  EXPECT_TRUE(deque.empty());
}

/// Whoever takes an item counts it; each must have been taken once, with both its words.
TEST(StealingDequeThreads, EachItemIsTakenOnce) {
  constexpr std::uint32_t items = 200000;
  StealingDeque<Item> deque(2);
  std::vector<int> where(items);
  std::vector<std::atomic<int>> taken(items);
  std::atomic<bool> done{false};
  const auto count = [&](const Item& item) {
    EXPECT_EQ(item.run, &where[item.slot]);
    taken[item.slot].fetch_add(1, std::memory_order_relaxed);
  };
  std::vector<std::thread> thieves;
  for (int t = 0; t < 3; ++t) {
    thieves.emplace_back([&] {
      Item item;
      while (!done || !deque.empty()) {
        if (deque.steal(item)) count(item);
      }
    });
  }
  std::minstd_rand random(5);
  Item item;
  for (std::uint32_t next = 0; next < items;) {
    for (auto burst = random() % 8; burst > 0 && next < items; --burst, ++next)
      deque.push({&where[next], next});
    for (auto burst = random() % 8; burst > 0; --burst) {
      if (deque.pop(item)) count(item);
    }
  }
  while (deque.pop(item)) count(item);
  done = true;
  for (auto& thief : thieves) thief.join();
  for (std::uint32_t i = 0; i < items; ++i) ASSERT_EQ(taken[i], 1) << i;
}

}  // namespace
}  // namespace ramal::detail
