// SPDX-License-Identifier: BSD-3-Clause
// Workers, without an executor: who calls what, from which thread, and how they end.
#include "runtime/rank/workers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

namespace ramal::detail {
namespace {

/// So many tasks that are ready, and what was done with them.
class Counted final : public Workers::Work {
 public:
  std::atomic<int> ready{0}, put_off{0};
  std::atomic<int> done{0}, overdrawn{0}, pumped{0}, failed{0};
  std::atomic<int> pumping{0}, most_pumping{0};
  std::atomic<bool> throws{false};
  std::atomic<double> seconds_a_task{0};
  Workers* news = nullptr;

  std::size_t run(std::size_t most, unsigned) override {
    if (throws.exchange(false)) throw std::runtime_error("broken");
    std::size_t count = 0;
    for (; count < most && take(ready); ++count) {
      if (seconds_a_task > 0)
        std::this_thread::sleep_for(std::chrono::duration<double>(seconds_a_task.load()));
      ++done;
    }
    return count;
  }
  bool run_put_off(unsigned) override {
    if (!take(put_off)) return false;
    ++overdrawn;
    return true;
  }
  bool has_ready() const override { return ready > 0; }
  bool pump(bool) override {
    most_pumping = std::max(most_pumping.load(), ++pumping);
    ++pumped;
    if (news != nullptr) news->note_news();
    --pumping;
    return false;
  }
  void fail() override { ++failed; }

 private:
  static bool take(std::atomic<int>& from) {
    int left = from;
    while (left > 0 && !from.compare_exchange_weak(left, left - 1)) {
    }
    return left > 0;
  }
};

template <class Condition>
bool becomes(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return condition();
}

TEST(Workers, NoneHaveALockThatCostsNothing) {
  Counted work;
  Workers workers(0, work);
  workers.start();
  EXPECT_FALSE(workers.exist());
  EXPECT_FALSE(workers.lock().owns_lock());
  EXPECT_TRUE(workers.have_ended());
  workers.end();
  EXPECT_EQ(work.pumped, 0);
}

TEST(Workers, RunWhatIsReadyAndPumpOneAtATime) {
  Counted work;
  work.ready = 10000;
  Workers workers(3, work);
  workers.start();
  EXPECT_FALSE(workers.have_ended());
  EXPECT_TRUE(becomes([&] { return work.done == 10000 && work.pumped > 10; }));
  workers.end();
  EXPECT_TRUE(workers.have_ended());
  EXPECT_EQ(work.done, 10000);
  EXPECT_EQ(work.most_pumping, 1);
  workers.end();  // as often as one likes
}

TEST(Workers, RunWhatWasPutOffWhenNothingIsReady) {
  Counted work;
  work.put_off = 3;
  Workers workers(2, work);
  workers.start();
  EXPECT_TRUE(becomes([&] { return work.overdrawn == 3; }));
}

TEST(Workers, SleepersAreWoken) {
  Counted work;
  Workers workers(2, work);
  workers.start();
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // they fall asleep
    work.ready = 2;
    workers.wake();
    EXPECT_TRUE(becomes([&] { return work.ready == 0; }));
  }
}

TEST(Workers, TheHelperPumpsWhileAllAreInsideLongTasks) {
  Counted work;
  work.seconds_a_task = 0.2;
  work.ready = 2;
  Workers workers(2, work);
  workers.start();
  EXPECT_TRUE(becomes([&] { return work.ready == 0; }));
  const int before = work.pumped;
  EXPECT_TRUE(becomes([&] { return work.pumped > before + 3; }));
  EXPECT_TRUE(becomes([&] { return work.done == 2; }));
}

TEST(Workers, WhoHoldsTheLockPumpsAloneAndIsToldOfNews) {
  Counted work;
  Workers workers(2, work);
  work.news = &workers;
  workers.start();
  auto held = workers.lock();
  EXPECT_TRUE(held.owns_lock());
  const int before = work.pumped;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(work.pumped, before);
  const auto begin = std::chrono::steady_clock::now();
  workers.wait_for_news(held, 30);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_TRUE(held.owns_lock());
  held.unlock();
}

TEST(Workers, WhatOneThrowsIsReported) {
  Counted work;
  Workers workers(2, work);
  work.throws = true;
  workers.start();
  EXPECT_TRUE(becomes([&] { return work.failed == 1; }));
}

}  // namespace
}  // namespace ramal::detail
