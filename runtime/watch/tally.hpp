// SPDX-License-Identifier: BSD-3-Clause
// Tally: an observer that counts: how many tasks of each kind, how long they took, what runs now. Whoever
// wants to know asks at any time, also from a thread of its own.
//
// Each worker has a lane under a lock that is its own but when somebody asks.
#pragma once

#include "runtime/executor/observer.hpp"
#include "runtime/machine/spin_lock.hpp"
#include "runtime/watch/summary.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace ramal::detail {

class Tally final : public Observer {
 public:
  /// `workers`: 0 as 1.
  explicit Tally(unsigned workers);

  /// What this rank is at. Any thread.
  RankStatus status() const;
  /// What this rank has to tell at the end. Any thread.
  RankSummary summary() const;
  struct Planned {
    std::string kind;
    std::uint64_t tasks = 0;
    bool at_most = false;
  };
  /// Rank 0's: in the order in which kinds were planned first. Any thread.
  std::vector<Planned> planned() const;

  void planned(const Kind& kind, std::uint64_t tasks, bool at_most) override;
  void task_started(const TaskName& task, Moment began) override;
  void task_ended(const TaskName& task, Moment began, Moment ended, bool failed) override;
  void value_kept(ValueId, std::uint64_t bytes) override {
    kept_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void value_released(ValueId, std::uint64_t bytes) override {
    kept_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  void message_sent(int to, const Header& header) override;
  void stands(const State& state) override {
    most_held_.store(std::max(most_held_.load(std::memory_order_relaxed), state.bytes_held),
                     std::memory_order_relaxed);
    ready_.store(state.ready, std::memory_order_relaxed);
    held_.store(state.bytes_held, std::memory_order_relaxed);
  }

 private:
  struct Count {
    std::uint64_t tasks = 0, failed = 0, stolen = 0;
    Moment took = 0;
    Moment longest = 0;
    CallSite longest_site = {};
    DurationHistogram durations = {};
  };
  struct alignas(64) Lane {
    mutable SpinLock lock;
    const Kind* running = nullptr;
    Moment since = 0;
    std::unordered_map<const Kind*, Count> counts;
    const Kind* last = nullptr;  // whose count is `latest`
    Count* latest = nullptr;
  };
  Lane& lane(const TaskName& task) {
    return *lanes_[task.worker == participant ? lanes_.size() - 1 : task.worker];
  }

  const Moment began_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // by worker, and one for participants
  std::atomic<std::uint64_t> kept_bytes_{0};
  std::atomic<std::uint64_t> ready_{0};
  std::atomic<std::uint64_t> held_{0};
  std::atomic<std::uint64_t> most_held_{0};
  mutable SpinLock sent_lock_;
  std::unordered_map<int, RankSummary::To> sent_;
  mutable std::mutex planned_lock_;
  std::vector<Planned> planned_;
  std::unordered_map<const Kind*, std::size_t> planned_at_;
};

}  // namespace ramal::detail
