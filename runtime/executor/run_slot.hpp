// SPDX-License-Identifier: BSD-3-Clause
// A slot of a run that is under way on this rank; where it is a task's, the task.
#pragma once

#include "graph/core/subgraph.hpp"

namespace ramal::detail {

struct ActiveRun;

/// Copied member by member and in one width: a wider read of what was written in parts a moment ago has to
/// wait for whatever the task between has begun.
struct RunSlot {
  RunSlot() = default;
  RunSlot(ActiveRun* of, Slot its) : run(of), slot(its) {}
  RunSlot(const RunSlot& other) { *this = other; }
  RunSlot& operator=(const RunSlot& other) {
    run = other.run;
    asm volatile("" : "+r"(run));
    slot = other.slot;
    return *this;
  }
  ActiveRun* run = nullptr;
  Slot slot = 0;
};

}  // namespace ramal::detail
