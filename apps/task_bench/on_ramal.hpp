// SPDX-License-Identifier: BSD-3-Clause
// Task Bench's graphs on Ramal: as families, or as tasks made one by one.
#pragma once

#include "apps/task_bench/core.hpp"

#include <ramal/ramal.hpp>

namespace task_bench {

/// What all ranks run, set alike on each before a run.
std::vector<Graph>& graphs();

struct Times {
  double running;  ///< seconds from when every rank has its share until all is done
  double all;      ///< the graph's building, planning and shipping as well
};
/// Builds, plans, ships and runs the graphs once, task by task. Throws ramal::TaskError if a task found a wrong
/// input.
Times run_explicitly(ramal::Session& session);
/// The same as a family each, which ranks plan as they run it: both times are that of all. At most 8 graphs; throws
/// std::invalid_argument.
Times run_families(ramal::Session& session);

}  // namespace task_bench
