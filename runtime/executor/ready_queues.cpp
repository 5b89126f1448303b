// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/ready_queues.hpp"

#include "runtime/executor/run.hpp"

namespace ramal::detail {

// --- putting --------------------------------------------------------------------------------------------

void ReadyQueues::put_urgent(const RunSlot& task) {
  shared_ ? put_on<true>(urgent_, task) : put_on<false>(urgent_, task);
  note_special(1);
}

void ReadyQueues::put_prioritised(const RunSlot& task, int priority) {
  const std::lock_guard lock(prioritised_lock_);
  prioritised_.push({priority, prioritised_order_++, task});
  prioritised_count_.store(prioritised_.size(), std::memory_order_relaxed);
  ready_count_.fetch_add(1);
  note_special(1);
}

void ReadyQueues::defer(const RunSlot& task, std::uint64_t bytes, bool first) {
  const std::lock_guard lock(deferred_lock_);
  if (first) {
    deferred_.push_front({task, bytes});
  } else {
    deferred_.push_back({task, bytes});
  }
  deferred_count_.store(deferred_.size());
  deferred_bytes_.store(deferred_.front().bytes);
  note_special(1);
}

void ReadyQueues::add_sources(ActiveRun& run) {
  const std::lock_guard lock(sources_lock_);
  sources_.push_back(&run);
  ready_count_.fetch_add(1);
}

void ReadyQueues::remove_sources(ActiveRun& run) {
  const std::lock_guard lock(sources_lock_);
  if (std::erase(sources_, &run) > 0) ready_count_.fetch_sub(1);
}

// --- taking ---------------------------------------------------------------------------------------------

template <bool shared>
inline bool ReadyQueues::take_from(SharedStack& stack, RunSlot& task) {
  if constexpr (shared) {
    if (stack.size.load(std::memory_order_relaxed) == 0) return false;
    const std::lock_guard lock(stack.lock);
    if (stack.tasks.empty()) return false;
    task = stack.tasks.back();
    stack.tasks.pop_back();
    stack.size.store(stack.tasks.size(), std::memory_order_relaxed);
    ready_count_.fetch_sub(1);
  } else {
    if (stack.tasks.empty()) return false;
    task = stack.tasks.back();
    stack.tasks.pop_back();
  }
  return true;
}

template <bool shared>
bool ReadyQueues::take_special(RunSlot& task) {
  if ((is_short_of_memory() && take_deferred(task, false)) || take_prioritised(task, true)) return true;
  if (!take_from<shared>(urgent_, task)) return false;
  note_special(-1);
  return true;
}
template bool ReadyQueues::take_special<true>(RunSlot&);
template bool ReadyQueues::take_special<false>(RunSlot&);

bool ReadyQueues::take_deferred(RunSlot& task, bool even_if_it_does_not_fit) {
  memory_.sweep();
  const std::lock_guard lock(deferred_lock_);
  if (deferred_.empty()) return false;
  const Deferred first = deferred_.front();
  if (even_if_it_does_not_fit) {
    memory_.add(first.bytes);
  } else if (!memory_.reserve(first.bytes)) {
    return false;
  }
  task = first.task;
  task.run->flag(task.slot, ActiveRun::admitted);
  note_special(-1);
  deferred_.pop_front();
  deferred_count_.store(deferred_.size());
  if (!deferred_.empty()) deferred_bytes_.store(deferred_.front().bytes);
  return true;
}

bool ReadyQueues::take_prioritised(RunSlot& task, bool only_above_zero) {
  if (prioritised_count_.load(std::memory_order_relaxed) == 0) return false;
  const std::lock_guard lock(prioritised_lock_);
  if (prioritised_.empty() || (only_above_zero && prioritised_.top().priority <= 0)) return false;
  task = prioritised_.top().task;
  prioritised_.pop();
  prioritised_count_.store(prioritised_.size(), std::memory_order_relaxed);
  ready_count_.fetch_sub(1);
  note_special(-1);
  return true;
}

template <bool shared>
bool ReadyQueues::take_elsewhere(Own& own, RunSlot& task) {
  return take_share<shared>(own, task) || take_source(own, task) || (shared && steal(own, task)) ||
         take_prioritised(task, false);
}
template bool ReadyQueues::take_elsewhere<true>(Own&, RunSlot&);
template bool ReadyQueues::take_elsewhere<false>(Own&, RunSlot&);

/// Takes of what arrivals made ready, several at once where there is much, since all workers are after it.
template <bool shared>
inline bool ReadyQueues::take_share(Own& own, RunSlot& task) {
  if constexpr (shared) {
    constexpr std::size_t most_taken = 4096;
    const std::size_t size = inbox_.size.load(std::memory_order_relaxed);
    const std::size_t share = std::min(size / (2 * owns_.size()), most_taken);
    if (share > 1) {
      const std::lock_guard lock(inbox_.lock);
      const std::size_t count = std::min(share, inbox_.tasks.size());
      const auto first = inbox_.tasks.end() - static_cast<std::ptrdiff_t>(count);
      for (auto one = first; one != inbox_.tasks.end(); ++one) own.deque.push(*one);
      inbox_.tasks.erase(first, inbox_.tasks.end());
      inbox_.size.store(inbox_.tasks.size(), std::memory_order_relaxed);
      ready_count_.fetch_sub(static_cast<std::int64_t>(count));
      if (own.deque.pop(task)) return true;  // others may steal them all
    }
  }
  return take_from<shared>(inbox_, task);
}

/// Tasks without inputs, in the plan's order. Several workers take a few at a time.
bool ReadyQueues::take_source(Own& own, RunSlot& task) {
  if (!shared_ && sources_.empty()) return false;
  const std::lock_guard lock(sources_lock_);
  while (!sources_.empty()) {
    ActiveRun& run = *sources_.front();
    const auto tasks = static_cast<Slot>(run.graph.tasks());
    const std::size_t chunk =
        shared_ ? std::clamp<std::size_t>((tasks - run.next_source) / (16 * owns_.size()), 1, 32) : 1;
    std::vector<RunSlot> taken;
    std::size_t count = 0;
    for (; run.next_source < tasks && count < chunk; ++run.next_source) {
      const Slot source = run.next_source;
      if (run.graph.input_offsets[source] != run.graph.input_offsets[source + 1] ||
          run.has(source, ActiveRun::prioritised) || run.has(source, ActiveRun::participant))
        continue;
      if (count++ == 0) {
        task = {&run, source};
      } else {
        taken.push_back({&run, source});
      }
    }
    if (run.next_source == tasks) {
      sources_.erase(sources_.begin());
      ready_count_.fetch_sub(1);
    }
    for (auto one = taken.rbegin(); one != taken.rend(); ++one)
      shared_ ? push<true>(own, *one) : push<false>(own, *one);
    if (count > 0) return true;
  }
  return false;
}

/// From the others, the nearest first. Of many several at once: where tasks are small, a thief
/// that comes back for each makes its victim wait as often for the lines of memory they share.
bool ReadyQueues::steal(Own& own, RunSlot& task) {
  constexpr std::size_t most_stolen = 64;
  for (const std::size_t other : own.victims) {
    auto& victim = owns_[other]->deque;
    const std::size_t wanted = std::min(victim.size() / 4, most_stolen);
    if (!victim.steal(task)) continue;
    RunSlot more;
    for (std::size_t stolen = 1; stolen < wanted && victim.steal(more); ++stolen) own.deque.push(more);
    return true;
  }
  return false;
}

// --- offering -------------------------------------------------------------------------------------------

void ReadyQueues::offer(Taker& taker) {
  offer_sources(taker);
  offer(inbox_, taker);
  for (Own* own : owns_) offer(*own, taker);
  offer(urgent_, taker);
}

/// From the end of the plan. Those taken are marked as if they had a priority, so `take_source` passes over
/// them.
void ReadyQueues::offer_sources(Taker& taker) {
  const std::lock_guard lock(sources_lock_);
  for (auto one = sources_.rbegin(); one != sources_.rend(); ++one) {
    ActiveRun& run = **one;
    if (!run.may_be_given()) continue;
    const auto is_source = [&run](Slot task) {
      return run.graph.inputs_of(task).empty() &&
             !run.has(task, ActiveRun::prioritised | ActiveRun::participant);
    };
    while (run.spare_end > run.next_source && !is_source(run.spare_end - 1)) --run.spare_end;
    for (Slot task = run.spare_end; task > run.next_source && !taker.is_full(); --task) {
      if (is_source(task - 1) && taker.takes({&run, task - 1})) run.flag(task - 1, ActiveRun::prioritised);
    }
  }
}

/// The oldest first.
static void offer_all(std::vector<RunSlot>& tasks, ReadyQueues::Taker& taker) {
  std::erase_if(tasks, [&](const RunSlot& task) { return !taker.is_full() && taker.takes(task); });
}

void ReadyQueues::offer(SharedStack& stack, Taker& taker) {
  const std::unique_lock lock = shared_ ? std::unique_lock(stack.lock) : std::unique_lock<SpinLock>();
  const std::size_t before = stack.tasks.size();
  offer_all(stack.tasks, taker);
  const auto taken = static_cast<std::int64_t>(before - stack.tasks.size());
  if (&stack == &urgent_) note_special(-taken);
  if (!shared_) return;
  stack.size.store(stack.tasks.size(), std::memory_order_relaxed);
  ready_count_.fetch_sub(taken);
}

void ReadyQueues::offer(Own& own, Taker& taker) {
  if (!shared_) {
    offer_all(own.stack, taker);
    return;
  }
  constexpr std::size_t most_misses = 8;  // which go to the inbox
  RunSlot task;
  for (std::size_t misses = 0; misses < most_misses && !taker.is_full() && own.deque.steal(task);) {
    if (taker.takes(task)) continue;
    put_on_inbox<true>(task);
    ++misses;
  }
}

// --- looking --------------------------------------------------------------------------------------------

bool ReadyQueues::has_consumers() const {
  if (has_own() || prioritised_count_.load(std::memory_order_relaxed) > 0) return true;
  return shared_ && (inbox_.size.load(std::memory_order_relaxed) > 0 ||
                     urgent_.size.load(std::memory_order_relaxed) > 0);
}

std::size_t ReadyQueues::count_to_offer() const {
  const auto size = [this](const SharedStack& stack) {
    return shared_ ? stack.size.load(std::memory_order_relaxed) : stack.tasks.size();
  };
  std::size_t count = size(inbox_) + size(urgent_);
  for (const Own* own : owns_) count += shared_ ? own->deque.size() : own->stack.size();
  const std::lock_guard lock(sources_lock_);
  for (const ActiveRun* run : sources_) {
    if (run->may_be_given()) count += run->spare_end - std::min(run->next_source, run->spare_end);
  }
  return count;
}

}  // namespace ramal::detail
