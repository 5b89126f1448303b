// SPDX-License-Identifier: BSD-3-Clause
// MemoryBound: how many bytes of results one rank holds, and whether one more task fits. Any thread.
//
// Counted are the results of runs in which some task states what it will make: stated bytes from the moment
// the task starts, then the result's own, until nothing refers to it any more. In other runs only the large
// results that come from other ranks are counted, from the moment their memory is made. Results that outlive
// their run leave less room for others, but never less than an eighth of the bound: waiting would not free
// them.
#pragma once

#include <ramal/value.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace ramal::detail {

class MemoryBound {
 public:
  explicit MemoryBound(std::uint64_t bytes) : bound_(static_cast<std::int64_t>(bytes)) {}

  /// Counts so many bytes more if they fit. They always do if nothing is held: a result larger than the bound
  /// must be made at some time.
  bool reserve(std::uint64_t bytes) {
    const auto more = counted(bytes);
    auto held = held_.load();
    do {
      if (!fits(held, more)) return false;
    } while (!held_.compare_exchange_weak(held, held + more));
    fitted_.fetch_add(1, std::memory_order_relaxed);
    note_most();
    return true;
  }
  /// How often something has fitted.
  std::uint64_t fitted() const { return fitted_.load(std::memory_order_relaxed); }
  bool has_room(std::uint64_t bytes) const { return fits(held_.load(), counted(bytes)); }
  /// Whether a result from another rank fits. Such may take half of the bound: the rest is for what tasks
  /// here make.
  bool has_room_to_receive(std::uint64_t bytes) const {
    const auto held = held_.load();
    return held <= 0 || counted(bytes) <= limit() / 2 - held;
  }
  void add(std::uint64_t bytes) {
    held_.fetch_add(counted(bytes));
    note_most();
  }
  /// What was expected to take `before` takes `now`.
  void replace(std::uint64_t before, std::uint64_t now) {
    held_.fetch_add(counted(now) - counted(before));
    note_most();
  }
  void subtract(std::uint64_t bytes) { held_.fetch_sub(counted(bytes)); }
  void keep(std::uint64_t bytes) {
    kept_.fetch_add(static_cast<std::int64_t>(bytes));
    note_most();
  }
  void release(std::uint64_t bytes) { kept_.fetch_sub(static_cast<std::int64_t>(bytes)); }

  /// Frees a result that its run needs no more; later, by `sweep`, if messages are still sent from it.
  void let_go(Value value, std::uint64_t bytes) {
    if (value.unique()) {
      value.reset();
      subtract(bytes);
      return;
    }
    const std::lock_guard lock(mutex_);
    put(leaving_, std::move(value), bytes);
  }
  /// So many bytes were counted for a value from another rank, which no run counts: they are until nothing
  /// else refers to it.
  void count_while_used(Value value, std::uint64_t bytes) {
    if (bytes == 0) return;
    if (value.empty()) {
      subtract(bytes);
      return;
    }
    const std::lock_guard lock(mutex_);
    put(used_, std::move(value), bytes);
  }
  /// Frees what has left, or is used no more. True if there was any.
  bool sweep() {
    const std::lock_guard lock(mutex_);
    const bool any_left = sweep(leaving_);
    return sweep(used_) || any_left;
  }
  bool is_sending() const {
    const std::lock_guard lock(mutex_);
    return !leaving_.items.empty();
  }
  std::uint64_t held() const {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, held_.load() + kept_.load()));
  }
  /// The largest that `held` ever was.
  std::uint64_t most_held() const { return most_.load(std::memory_order_relaxed); }

 private:
  struct Counted {
    Value value;
    std::uint64_t bytes;
  };
  struct List {
    std::vector<Counted> items;
    std::size_t next_sweep = 64;  ///< items at which to look, so that what is free does not pile up
  };
  void put(List& list, Value value, std::uint64_t bytes) {
    if (list.items.size() >= list.next_sweep) {
      sweep(list);
      list.next_sweep = std::max<std::size_t>(64, 2 * list.items.size());
    }
    list.items.push_back({std::move(value), bytes});
  }
  bool sweep(List& list) {
    const auto first = std::partition(list.items.begin(), list.items.end(),
                                      [](const Counted& one) { return !one.value.unique(); });
    for (auto one = first; one != list.items.end(); ++one) subtract(one->bytes);
    const bool any = first != list.items.end();
    list.items.erase(first, list.items.end());
    return any;
  }
  /// What is stated may be any number.
  static std::int64_t counted(std::uint64_t bytes) {
    return static_cast<std::int64_t>(std::min(bytes, std::uint64_t{1} << 50));
  }
  bool fits(std::int64_t held, std::int64_t more) const { return held <= 0 || more <= limit() - held; }
  std::int64_t limit() const { return std::max(bound_ - kept_.load(), bound_ / 8); }
  void note_most() {
    const std::uint64_t now = held();
    auto most = most_.load(std::memory_order_relaxed);
    while (now > most && !most_.compare_exchange_weak(most, now, std::memory_order_relaxed)) {
    }
  }

  const std::int64_t bound_;
  std::atomic<std::int64_t> held_{0};
  std::atomic<std::int64_t> kept_{0};
  std::atomic<std::uint64_t> most_{0};
  std::atomic<std::uint64_t> fitted_{0};
  mutable std::mutex mutex_;
  List leaving_;
  List used_;  // from other ranks
};

}  // namespace ramal::detail
