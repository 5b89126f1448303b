// SPDX-License-Identifier: BSD-3-Clause
// ReadyQueues: the tasks of one rank that are ready to run, and the order in which they are taken.
//
//   1. deferred      what waited for memory that is there now, in turn
//   2. prioritised   with a priority above 0, the highest first
//   3. urgent        what other ranks wait for, the newest first
//   4. a worker's own: the newest, then its stack or deque
//   5. inbox         what arrivals made ready, the newest first
//   6. sources       tasks without inputs, in the plan's order
//   7. other workers' own, the oldest first
//   8. prioritised   0 and below
//
// Threads: without workers one thread calls everything, as `shared` = false. With workers each calls for its
// Own, and anybody the rest, as `shared` = true. What is done for every task is written for both, since one
// thread needs no atomics. Counts may be looked at without locks; whoever puts a task counts it before it
// wakes anybody.
#pragma once

#include "runtime/executor/run_slot.hpp"
#include "runtime/executor/stealing_deque.hpp"
#include "runtime/machine/memory_bound.hpp"
#include "runtime/machine/spin_lock.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <queue>
#include <utility>
#include <vector>

namespace ramal::detail {

/// Adds, with an atomic operation where several threads do.
template <class T>
void add_to(std::atomic<T>& counter, T difference, bool shared) {
  if (shared) {
    counter.fetch_add(difference, std::memory_order_relaxed);
  } else {
    counter.store(counter.load(std::memory_order_relaxed) + difference, std::memory_order_relaxed);
  }
}

class ReadyQueues {
 public:
  /// One worker's.
  struct alignas(64) Own {
    RunSlot next;                      // the owner's alone
    std::vector<RunSlot> stack;        // of the only thread
    StealingDeque<RunSlot> deque;      // of one among several
    std::vector<std::size_t> victims;  // all others, in the order in which it steals from them
  };

  /// `shared`: there are several threads, or one and whoever pumps. Tasks wait for room in `memory`.
  ReadyQueues(bool shared, MemoryBound& memory) : shared_(shared), memory_(memory) {}
  /// Before anything runs. It outlives this.
  void add_worker(Own& own) { owns_.push_back(&own); }

  // --- putting ------------------------------------------------------------------------------------
  /// By a worker: goes before all that it has, without a detour through its stack. False if it had nothing
  /// next, so that there is no more for others than before.
  template <bool shared>
  bool put_next(Own& own, const RunSlot& task) {
    const RunSlot older = std::exchange(own.next, task);
    if (older.run == nullptr) return false;
    push<shared>(own, older);
    return true;
  }
  template <bool shared>
  void put_on_inbox(const RunSlot& task) {
    put_on<shared>(inbox_, task);
  }
  void put_on_inbox(const RunSlot& task) { shared_ ? put_on_inbox<true>(task) : put_on_inbox<false>(task); }
  void put_urgent(const RunSlot& task);
  void put_prioritised(const RunSlot& task, int priority);
  /// Puts a task off for want of memory, of which it needs so much. `first`: goes before those that wait
  /// already.
  void defer(const RunSlot& task, std::uint64_t bytes, bool first);
  /// A run whose tasks without inputs are to start in turn, and one that has ended.
  void add_sources(ActiveRun& run);
  void remove_sources(ActiveRun& run);

  // --- taking -------------------------------------------------------------------------------------
  /// What this worker is to run next, from 1. to 4. above.
  template <bool shared>
  bool take_first(Own& own, RunSlot& task) {
    if (special_count_.load(std::memory_order_relaxed) != 0 && take_special<shared>(task)) return true;
    if (own.next.run == nullptr) return pop<shared>(own, task);
    task = own.next;
    own.next.run = nullptr;
    return true;
  }
  /// And if there is none, from 5. to 8.
  template <bool shared>
  bool take_elsewhere(Own& own, RunSlot& task);
  /// The one that waits for memory longest, if it fits now, or anyway. Its bytes are reserved.
  bool take_deferred(RunSlot& task, bool even_if_it_does_not_fit);

  /// Whoever looks for tasks to be run elsewhere.
  class Taker {
   public:
    virtual ~Taker() = default;
    virtual bool is_full() const = 0;
    /// True: it has taken this one.
    virtual bool takes(const RunSlot& task) = 0;
  };
  /// Offers what would start last first, until it is full or there is no more. Not by a worker's own thread.
  void offer(Taker& taker);

  // --- looking ------------------------------------------------------------------------------------
  bool has_any() const {
    return ready_count_.load() > 0 || has_own() ||
           (is_short_of_memory() && memory_.has_room(deferred_bytes_.load()));
  }
  /// Some task with inputs, as far as can be told without locks.
  bool has_consumers() const;
  /// Something is ready that other ranks wait for. Asked by the only thread.
  bool has_urgent() const { return !urgent_.tasks.empty(); }
  /// Some task waits for memory.
  bool is_short_of_memory() const { return deferred_count_.load(std::memory_order_relaxed) > 0; }
  /// About so many that could be offered, since not all that is left of a plan are sources.
  std::size_t count_to_offer() const;

 private:
  /// Anyone puts and takes.
  struct alignas(64) SharedStack {
    SpinLock lock;
    std::vector<RunSlot> tasks;
    std::atomic<std::size_t> size{0};  // for those who do not hold the lock
  };
  struct Prioritised {
    int priority;
    std::uint64_t order;
    RunSlot task;
    bool operator<(const Prioritised& other) const {
      return std::pair(priority, other.order) < std::pair(other.priority, order);
    }
  };
  struct Deferred {
    RunSlot task;
    std::uint64_t bytes;
  };

  bool has_own() const {
    if (!shared_)
      return owns_[0]->next.run != nullptr || !owns_[0]->stack.empty() || !inbox_.tasks.empty() ||
             !urgent_.tasks.empty();
    return std::any_of(owns_.begin(), owns_.end(), [](const Own* own) { return !own->deque.empty(); });
  }
  template <bool shared>
  void push(Own& own, const RunSlot& task) {
    if constexpr (shared) {
      own.deque.push(task);
    } else {
      own.stack.push_back(task);
    }
  }
  template <bool shared>
  bool pop(Own& own, RunSlot& task) {
    if constexpr (shared) {
      return own.deque.pop(task);
    } else {
      if (own.stack.empty()) return false;
      task = own.stack.back();
      own.stack.pop_back();
      return true;
    }
  }
  template <bool shared>
  void put_on(SharedStack& stack, const RunSlot& task) {
    if constexpr (shared) {
      const std::lock_guard lock(stack.lock);
      stack.tasks.push_back(task);
      stack.size.store(stack.tasks.size(), std::memory_order_relaxed);
      ready_count_.fetch_add(1);
    } else {
      stack.tasks.push_back(task);
    }
  }
  template <bool shared>
  bool take_from(SharedStack& stack, RunSlot& task);
  template <bool shared>
  bool take_special(RunSlot& task);
  template <bool shared>
  bool take_share(Own& own, RunSlot& task);
  bool take_prioritised(RunSlot& task, bool only_above_zero);
  bool take_source(Own& own, RunSlot& task);
  bool steal(Own& own, RunSlot& task);
  void offer_sources(Taker& taker);
  void offer(SharedStack& stack, Taker& taker);
  void offer(Own& own, Taker& taker);
  void note_special(std::int64_t difference) { add_to(special_count_, difference, shared_); }

  const bool shared_;
  MemoryBound& memory_;
  std::vector<Own*> owns_;
  SharedStack inbox_;                           // readied by whoever pumps
  SharedStack urgent_;                          // results that other ranks wait for
  std::atomic<std::int64_t> special_count_{0};  // prioritised, urgent, or deferred
  std::atomic<std::int64_t> ready_count_{0};    // but for what workers have as their own
  mutable SpinLock sources_lock_;
  std::vector<ActiveRun*> sources_;  // runs that may have tasks without inputs to start
  SpinLock prioritised_lock_;
  std::priority_queue<Prioritised> prioritised_;
  std::atomic<std::size_t> prioritised_count_{0};
  std::uint64_t prioritised_order_ = 0;
  SpinLock deferred_lock_;
  std::deque<Deferred> deferred_;
  std::atomic<std::size_t> deferred_count_{0};
  std::atomic<std::uint64_t> deferred_bytes_{0};  // of the first
};

}  // namespace ramal::detail
