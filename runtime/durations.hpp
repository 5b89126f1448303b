// SPDX-License-Identifier: BSD-3-Clause
// Durations: what is known of the tasks of each kind: how long they take on this rank, as far as some were
// measured, and how large the results were that came back from others. For any thread.
//
// Who runs tasks measures those that follow long ones. A first task that took long may have met a cold cache
// or a busy machine, so a kind that seems long after few is doubted: the next ones are measured too, whatever
// they take.
#pragma once

#include <ramal/task.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>

namespace ramal::detail {

class Durations {
 public:
  /// From here on it is worth measuring each.
  static constexpr double long_seconds = 50e-6;
  struct Means {
    double seconds = 0;       ///< 0: unknown
    double result_bytes = 0;  ///< 0: unknown
    bool are_sure = false;    ///< of many: of those that start together, the short ones end first
  };

  void add(const Kind* kind, double seconds) {
    const std::lock_guard lock(mutex_);
    Known& known = kinds_[kind];
    known.measured = std::min(known.measured + 1, most_remembered);
    known.means.seconds += (seconds - known.means.seconds) / known.measured;
    known.means.are_sure = known.measured >= enough_measured;
    double longest = 0;
    for (const auto& [other, one] : kinds_) longest = std::max(longest, one.means.seconds);
    longest_seconds_.store(longest, std::memory_order_relaxed);
    const int doubts = doubts_.load(std::memory_order_relaxed);
    const bool is_doubtful = seconds > long_seconds && known.measured < enough_measured;
    doubts_.store(is_doubtful ? enough_measured : std::max(0, doubts - 1), std::memory_order_relaxed);
  }
  void add_result(const Kind* kind, double bytes) {
    const std::lock_guard lock(mutex_);
    Known& known = kinds_[kind];
    known.returned = std::min(known.returned + 1, most_remembered);
    known.means.result_bytes += (bytes - known.means.result_bytes) / known.returned;
  }
  Means of(const Kind* kind) const {
    const std::lock_guard lock(mutex_);
    const auto found = kinds_.find(kind);
    return found == kinds_.end() ? Means() : found->second.means;
  }
  /// The next task is to be measured. Without the lock.
  bool is_in_doubt() const { return doubts_.load(std::memory_order_relaxed) > 0; }
  /// The longest mean. Without the lock.
  double longest_seconds() const { return longest_seconds_.load(std::memory_order_relaxed); }

 private:
  static constexpr double most_remembered = 256;  // so that the means follow what changes
  static constexpr int enough_measured = 32;
  struct Known {
    Means means;
    double measured = 0;
    double returned = 0;
  };
  mutable std::mutex mutex_;
  std::unordered_map<const Kind*, Known> kinds_;
  std::atomic<double> longest_seconds_{0};
  std::atomic<int> doubts_{0};  // so many tasks are still to be measured
};

}  // namespace ramal::detail
