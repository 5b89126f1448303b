// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/running_task.hpp"

#include <ramal/detail/engine.hpp>

#include <stdexcept>
#include <string>

namespace ramal::detail {

void refuse_inside_a_task(const char* call) {
  const Kind* kind =
      this_thread_runs != nullptr ? this_thread_runs->kind.load(std::memory_order_relaxed) : nullptr;
  if (kind == nullptr) return;
  throw std::logic_error(
      "ramal: " + std::string(call) + " was called inside the task " + std::string(kind->name) +
      ", which may run on any rank, where there is no session; call it in the program that "
      "is given to ramal::run, round by round if what is to run depends on results");
}

}  // namespace ramal::detail
