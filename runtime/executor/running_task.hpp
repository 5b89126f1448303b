// SPDX-License-Identifier: BSD-3-Clause
// RunningTask: what a thread is inside of, for those that must know: sessions, which tasks cannot use.
#pragma once

#include <ramal/detail/task.hpp>

#include <atomic>

namespace ramal::detail {

/// One for each place that runs tasks. Read by other threads too, for what they say of a rank.
struct RunningTask {
  std::atomic<const Kind*> kind{nullptr};

  void begin(const Kind& its) { kind.store(&its, std::memory_order_relaxed); }
  void end() { kind.store(nullptr, std::memory_order_relaxed); }
};

/// This thread's while it runs tasks, else null. Set by whoever runs them.
inline thread_local RunningTask* this_thread_runs = nullptr;

}  // namespace ramal::detail
