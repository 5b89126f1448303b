// SPDX-License-Identifier: BSD-3-Clause
// Durations: how long the tasks of each kind take on one rank. Which are timed is chosen when a run starts,
// so that all others cost nothing: the first of a kind, then all if they are long, else a few. Beside them
// stands how large results were: of members that were timed, and of tasks that other ranks ran. Whoever gives
// tasks away reads both while runs are under way, and fronts are prepared by the latter.
//
// Threads: `add`, `add_result` and what is const by any; all else by whoever pumps.
#pragma once

#include <ramal/detail/task.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ramal::detail {

struct DurationSum {
  std::uint64_t tasks = 0;
  double seconds = 0;
  double mean() const { return tasks > 0 ? seconds / static_cast<double>(tasks) : 0; }
};

class Durations {
 public:
  struct Learnt {
    const Kind* kind;
    DurationSum sum;
  };
  /// From here on a task may be worth moving to another rank.
  static constexpr double long_seconds = 100e-6;
  struct Means {
    double seconds = 0;       ///< of late; 0: unknown
    double result_bytes = 0;  ///< of late, as far as results were looked at; 0: unknown
    bool are_sure = false;    ///< of many: of those that start together, the short ones end first
  };
  /// Says of one task of a kind after the other whether to time it.
  class Choice {
   public:
    bool next() {
      if (left_-- > 0) return false;
      left_ = first_ > 0 ? 0 : stride_ - 1;
      if (first_ > 0) --first_;
      return true;
    }
    /// The same of so many tasks at once: calls with the place of each that is to be timed.
    template <class Take>
    void next_of(std::uint32_t count, const Take& take) {
      std::uint32_t at = 0;
      for (; count - at > left_; ++at) {
        at += std::exchange(left_, 0);
        next();
        take(at);
      }
      left_ -= count - at;
    }

   private:
    friend class Durations;
    unsigned first_ = 64;
    unsigned left_ = 0;
    unsigned stride_ = 64;
  };

  /// Which of the tasks of a run that starts are timed; lives as long as this.
  Choice& choice(const Kind& kind) {
    constexpr double timed_seconds = 20e-6;  // the clock is read twice for some 50 ns
    const std::lock_guard lock(mutex_);
    Known& known = known_[&kind];
    known.choice.stride_ = known.all.mean() >= timed_seconds ? 1 : 64;
    return known.choice;
  }
  void add(const Kind& kind, double seconds) {
    const std::lock_guard lock(mutex_);
    Known& known = known_[&kind];
    for (DurationSum* sum : {&known.all, &known.untold}) ++sum->tasks, sum->seconds += seconds;
    double& mean = known.means.seconds;
    const bool was_long = mean >= long_seconds;
    mean += (seconds - mean) / std::min(static_cast<double>(known.all.tasks), most_remembered);
    known.means.are_sure = known.all.tasks >= enough_tasks;
    if (was_long != (mean >= long_seconds))
      long_kinds_.fetch_add(was_long ? -1 : 1, std::memory_order_relaxed);
  }
  /// A result of that kind takes so many bytes in memory.
  void add_result(const Kind& kind, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    Known& known = known_[&kind];
    known.results = std::min(known.results + 1, most_remembered);
    known.means.result_bytes += (static_cast<double>(bytes) - known.means.result_bytes) / known.results;
  }
  /// What a result of that kind will take. 0 where nothing is known, and of results so small that counting
  /// them would take longer than it is worth.
  std::uint64_t expected_bytes(const Kind& kind) const {
    constexpr double worth_counting = 64 << 10;
    const double mean = of(kind).result_bytes;
    return mean >= worth_counting ? static_cast<std::uint64_t>(mean) : 0;
  }
  Means of(const Kind& kind) const {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(&kind);
    return found == known_.end() ? Means() : found->second.means;
  }
  /// Tasks of some kind are, in the mean. Without the lock.
  bool any_is_long() const { return long_kinds_.load(std::memory_order_relaxed) > 0; }
  /// A run has ended: is there anything worth a message?
  void note_end_of_run() {
    const std::lock_guard lock(mutex_);
    for (const auto& [kind, known] : known_) {
      if (known.is_news()) has_news_.store(true, std::memory_order_relaxed);
    }
  }
  bool has_news() const { return has_news_.load(std::memory_order_relaxed); }
  /// What was added since the last call.
  std::vector<Learnt> take_news() {
    has_news_.store(false, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    std::vector<Learnt> news;
    for (auto& [kind, known] : known_) {
      if (known.untold.tasks > 0) news.push_back({kind, known.untold});
      known.told.tasks += known.untold.tasks;
      known.told.seconds += known.untold.seconds;
      known.untold = {};
    }
    return news;
  }

 private:
  static constexpr double most_remembered = 256;  // so that the means follow what changes
  static constexpr std::uint64_t enough_tasks = 32;
  struct Known {
    DurationSum all;
    Means means;
    double results = 0;  // of which the mean is
    DurationSum told;
    DurationSum untold;
    Choice choice;
    /// Enough time that where it is spent matters, and not what has been told already.
    bool is_news() const {
      constexpr double least_seconds = 1e-3;
      constexpr double least_mean_seconds = 10e-6;
      constexpr double difference = 1.2;
      if (untold.seconds < least_seconds || untold.mean() < least_mean_seconds) return false;
      return untold.tasks >= told.tasks || untold.mean() > difference * told.mean() ||
             told.mean() > difference * untold.mean();
    }
  };

  mutable std::mutex mutex_;
  std::unordered_map<const Kind*, Known> known_;
  std::atomic<bool> has_news_{false};
  std::atomic<int> long_kinds_{0};
};

}  // namespace ramal::detail
