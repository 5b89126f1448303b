// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/rank/workers.hpp"

#include "runtime/machine/clock.hpp"
#include "runtime/machine/signal_stack.hpp"
#include "runtime/machine/threaded_libraries.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ramal::detail {

namespace {

constexpr double helper_interval_seconds = 3e-3;

}  // namespace

void Workers::start() {
  alive_ = count_;
  for (unsigned i = 0; i < count_; ++i) threads_.emplace_back([this, i] { or_fail([this, i] { work(i); }); });
  if (exist()) threads_.emplace_back([this] { or_fail([this] { help(); }); });
}

template <class Loop>
void Workers::or_fail(const Loop& loop) {
  try {
    loop();
  } catch (...) {
    work_.fail();
  }
}

void Workers::tell_to_end() {
  const std::lock_guard lock(sleep_mutex_);
  ending_ = true;
  woken_.notify_all();
}

void Workers::end() {
  tell_to_end();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Workers::work(unsigned worker) {
  const SignalStack signal_stack;
  Backoff backoff(200e-6);  // whoever makes work wakes a sleeper
  numa_.bind(worker);
  if (count_ > 1) ThreadedLibraries().share_cores();
  std::size_t tasks_a_look = 1;
  double before = now_seconds();
  while (!ending_) {
    const std::size_t count = work_.run(tasks_a_look, worker);
    if (count > 0 || work_.run_put_off(worker)) {
      backoff.reset();
      const double now = now_seconds();
      const double took = std::max(now - before, 1e-9);
      const double fit = static_cast<double>(count) * pump_interval_seconds / took;
      tasks_a_look = static_cast<std::size_t>(std::clamp(fit, 1.0, static_cast<double>(most_tasks_a_look)));
      before = now;
      if (now - last_pump_.load(std::memory_order_relaxed) >= pump_interval_seconds) try_pump(now);
      continue;
    }
    if (try_pump(now_seconds())) backoff.reset();
    if (backoff.next() > 0) {
      constexpr double until_woken_seconds = 50e-3;
      sleep_until_woken(until_woken_seconds);
    }
    before = now_seconds();
  }
  --alive_;
}

/// A round of messages, unless another thread is at it. Whoever waits for what it brings is told.
bool Workers::try_pump(double now) {
  const std::unique_lock held(pump_mutex_, std::try_to_lock);
  if (!held) return false;
  constexpr double long_pause_seconds = 200e-6;
  const bool after_pause = now - last_pump_.load(std::memory_order_relaxed) > long_pause_seconds;
  note_pump(now);
  const bool any = work_.pump(after_pause);
  if (std::exchange(has_news_, false)) pumped_.notify_all();
  return any;
}

/// Pumps when nobody else has for a while: all workers are inside long tasks.
void Workers::help() {
  constexpr double shortest_pause_seconds = 50e-6;
  const SignalStack signal_stack;  // participants of collective tasks may run here
  double pause = helper_interval_seconds;
  while (!ending_) {
    const double now = now_seconds();
    const bool is_needed = now - last_pump_.load(std::memory_order_relaxed) > shortest_pause_seconds;
    if (is_needed && try_pump(now)) {
      pause = shortest_pause_seconds;
    } else {
      pause = std::min(2 * pause, helper_interval_seconds);
    }
    sleep_seconds(pause);
  }
}

void Workers::wake() {
  if (sleepers_.load() == 0) return;
  const std::lock_guard lock(sleep_mutex_);
  woken_.notify_one();
}

void Workers::sleep_until_woken(double seconds) {
  std::unique_lock lock(sleep_mutex_);
  ++sleepers_;
  // Whoever makes work counts it before it looks for sleepers, so one of us sees the other.
  if (!work_.has_ready() && !ending_) woken_.wait_for(lock, std::chrono::duration<double>(seconds));
  --sleepers_;
}

void Workers::wait_for_news(std::unique_lock<std::mutex>& held, double seconds) {
  pumped_.wait_for(held, std::chrono::duration<double>(seconds));
}

}  // namespace ramal::detail
