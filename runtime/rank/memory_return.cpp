// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/rank/memory_return.hpp"

#include "runtime/machine/clock.hpp"

#include <algorithm>

namespace ramal::detail {

void MemoryReturn::mind() {
  constexpr double quiet_seconds = 1;
  if (executor_.runs() > 0) return;
  const std::uint64_t tasks = executor_.tasks_run(), held = executor_.bytes_held();
  if (tasks != tasks_run_ || held != bytes_held_) {
    tasks_run_ = tasks;
    bytes_held_ = held;
    most_held_ = std::max(most_held_, held);
    changed_ = coarse_seconds();
    has_looked_ = false;
  } else if (!has_looked_ && coarse_seconds() - changed_ >= quiet_seconds) {
    give_back_free_memory();
    most_held_ = held;
    has_looked_ = true;
  }
}

}  // namespace ramal::detail
