// SPDX-License-Identifier: BSD-3-Clause
// RunningTask: what a thread is inside of. Sessions must know, which tasks cannot use, and tasks may ask.
#pragma once

#include "graph/core/image.hpp"
#include "runtime/machine/signal_text.hpp"

#include <ramal/codec.hpp>
#include <ramal/detail/task.hpp>
#include <ramal/index.hpp>

#include <atomic>
#include <optional>
#include <string>

namespace ramal::detail {

/// Names a task for the whole session, on whatever rank it runs, and with any scheduler.
struct TaskOrigin {
  std::uint64_t run = 0;            ///< the run that it was planned in
  std::uint64_t plan = 0;           ///< its index in that run's graph, or its name as a member of a family
  std::optional<Index> place = {};  ///< of a member
  // These do not travel with the others: they stand in what the task itself came in.
  CallSite site = {};
  std::uint32_t attempt = 1;

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& run& plan& place;
  }
};

/// Whoever runs tasks can tell where they come from.
class TellsOrigins {
 public:
  virtual int rank() const = 0;
  /// Where the task in that slot of a run comes from; `run` is what was given to RunningTask::begin.
  virtual TaskOrigin origin_of(const void* run, std::uint64_t slot) const = 0;
  /// Keeps it in a file with its inputs, if that is wanted, and says in words how to use that, or why it could
  /// not be; empty if it is not wanted.
  virtual std::string keep_task(const void* /*run*/, std::uint64_t /*slot*/) const { return {}; }

 protected:
  ~TellsOrigins() = default;
};

/// One for each place that runs tasks. All of a process are known to `for_each_running`.
struct RunningTask {
  std::atomic<const Kind*> kind{nullptr};  ///< read by other threads too, for what they say of a rank
  std::atomic<const void*> run{nullptr};
  std::atomic<std::uint64_t> slot{0};
  /// Rises when the thread goes on to others: with run and slot it tells one call from all others.
  std::atomic<std::uint64_t> batch{0};
  // for the thread itself, and what it is interrupted by
  const TellsOrigins* teller = nullptr;
  const CallFrame* frame = nullptr;

  RunningTask();
  ~RunningTask();
  RunningTask(const RunningTask&) = delete;
  RunningTask& operator=(const RunningTask&) = delete;

  void begin(const Kind& its, const CallFrame& call, const TellsOrigins& told_by, const void* of,
             std::uint64_t in_slot) {
    teller = &told_by;
    run.store(of, std::memory_order_relaxed);
    slot.store(in_slot, std::memory_order_relaxed);
    frame = &call;
    kind.store(&its, std::memory_order_release);
  }
  TaskOrigin origin() const {
    return teller->origin_of(run.load(std::memory_order_relaxed), slot.load(std::memory_order_relaxed));
  }
  void begin_batch() { batch.store(batch.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
  void end() { kind.store(nullptr, std::memory_order_relaxed); }
};

/// Calls `look` for all of this process, or the first thousand. None of them ends meanwhile. Takes no lock,
/// so that signal handlers may call it; what is read of one beside its kind may be another task's by then,
/// unless its thread stands still.
void for_each_running(void (*look)(const RunningTask& one, void* about), void* about);

/// In a signal handler of the task's own thread: its place, and who called it.
void tell_origin(SignalText& text, const RunningTask& task);

/// Runs a task: calls its function, which fills `result`, an empty Value. What it throws is caught, and
/// `fail` called in that handler. `running` says meanwhile what the thread is inside of, and that it is slot
/// `slot` of `run`, as `teller` knows them. Who calls this makes `running` this thread's.
template <class Fail>
[[gnu::always_inline]] inline void run_task(const Kind& kind, CallFrame& frame, Value& result,
                                            RunningTask& running, const TellsOrigins& teller, const void* run,
                                            std::uint64_t slot, const Fail& fail) {
  running.begin(kind, frame, teller, run, slot);
  try {
    kind.run(frame, result);
  } catch (...) {
    fail();
  }
  running.end();
}

/// This thread's while it runs tasks, else null. Set by whoever runs them.
inline thread_local RunningTask* this_thread_runs = nullptr;

/// Null outside of tasks.
inline const Kind* running_kind() {
  return this_thread_runs != nullptr ? this_thread_runs->kind.load(std::memory_order_relaxed) : nullptr;
}

}  // namespace ramal::detail
