// SPDX-License-Identifier: BSD-3-Clause
// Durations: how long the tasks of each kind take on one rank. Which are timed is chosen when a run starts,
// so that all others cost nothing: the first of a kind, then all if they are long, else a few.
//
// Threads: `add` by any; all else by whoever pumps.
#pragma once

#include <ramal/task.hpp>

#include <atomic>
#include <mutex>
#include <unordered_map>
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
  /// Says of one task of a kind after the other whether to time it.
  class Choice {
   public:
    bool next() {
      if (left_-- > 0) return false;
      left_ = first_ > 0 ? 0 : stride_ - 1;
      if (first_ > 0) --first_;
      return true;
    }

   private:
    friend class Durations;
    unsigned first_ = 64;
    unsigned left_ = 0;
    unsigned stride_ = 64;
  };

  /// For the tasks of a run that starts; lives as long as this.
  Choice& choice(const Kind& kind) {
    constexpr double long_seconds = 20e-6;  // the clock is read twice for some 50 ns
    const std::lock_guard lock(mutex_);
    Known& known = known_[&kind];
    known.choice.stride_ = known.all.mean() >= long_seconds ? 1 : 64;
    return known.choice;
  }
  void add(const Kind& kind, double seconds) {
    const std::lock_guard lock(mutex_);
    Known& known = known_[&kind];
    for (DurationSum* sum : {&known.all, &known.untold}) ++sum->tasks, sum->seconds += seconds;
  }
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
  struct Known {
    DurationSum all;
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

  std::mutex mutex_;
  std::unordered_map<const Kind*, Known> known_;
  std::atomic<bool> has_news_{false};
};

}  // namespace ramal::detail
