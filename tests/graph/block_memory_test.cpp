// SPDX-License-Identifier: BSD-3-Clause
#include "graph/core/pages.hpp"

#include <ramal/block.hpp>

#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace ramal::detail {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20;
#ifdef __SANITIZE_ADDRESS__
constexpr bool keeps = false;
#else
constexpr bool keeps = true;
#endif

class BlockMemoryTest : public ::testing::Test {
 protected:
  BlockMemoryTest() { free_kept_pages(); }
  ~BlockMemoryTest() override { EXPECT_EQ(large_memory().used_bytes, 0u); }
};

TEST_F(BlockMemoryTest, LargePiecesAreUsedAgain) {
  if (!keeps) GTEST_SKIP() << "not with the address sanitizer";
  const void* first = allocate_block_memory(mib).get();
  EXPECT_EQ(large_memory().kept_bytes, mib);
  EXPECT_EQ(allocate_block_memory(mib - 5).get(), first) << "about the same size";
  const auto held = allocate_block_memory(mib);
  EXPECT_EQ(held.get(), first);
  EXPECT_NE(allocate_block_memory(mib).get(), first);
}

TEST_F(BlockMemoryTest, NeverMoreThanOnceWasInUse) {
  {
    const auto a = allocate_block_memory(8 * mib);
    const auto b = allocate_block_memory(8 * mib);
  }
  const std::size_t most = large_memory().most_used_bytes;
  std::minstd_rand random(3);
  std::vector<std::shared_ptr<void>> held;
  for (int i = 0; i < 3000; ++i) {
    if (random() % 2 == 0 || held.empty()) {
      held.push_back(allocate_block_memory(smallest_pooled_bytes + random() % (3 * mib)));
    } else {
      held.erase(held.begin() + static_cast<long>(random() % held.size()));
    }
    if (held.size() > 5) held.clear();
    const LargeMemory now = large_memory();
    ASSERT_LE(now.used_bytes + now.kept_bytes, std::max(most, now.most_used_bytes));
    ASSERT_LE(now.kept_bytes, most_kept_bytes);
  }
}

TEST_F(BlockMemoryTest, AlignsAndIsWritable) {
  for (const std::size_t bytes :
       {std::size_t{1}, std::size_t{100}, smallest_pooled_bytes, mib + 1, 5 * mib + 3}) {
    for (int i = 0; i < 3; ++i) {
      const auto memory = allocate_block_memory(bytes);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.get()) % 64, 0u) << bytes;
      std::memset(memory.get(), i, bytes);
    }
  }
}

TEST_F(BlockMemoryTest, MemoryThatIsNotThereIsAnError) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers end the program instead";
#endif
  EXPECT_THROW(allocate_block_memory(~std::size_t{0} / 2), std::bad_alloc);
  EXPECT_THROW(allocate_block_memory(~std::size_t{0}), std::bad_alloc);
}

TEST_F(BlockMemoryTest, ThreadsShareIt) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::minstd_rand random(t + 1);
      for (int i = 0; i < 500; ++i) {
        Block<unsigned> block({20000 + random() % 20000});
        block.data()[0] = block.data()[block.size() - 1] = t;
        std::this_thread::yield();
        if (block.data()[0] != t || block.data()[block.size() - 1] != t) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace ramal::detail
