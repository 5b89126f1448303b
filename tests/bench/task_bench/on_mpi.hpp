// SPDX-License-Identifier: BSD-3-Clause
// Task Bench's graphs by hand, in plain MPI.
#pragma once

#include "apps/task_bench/core.hpp"

#include <mpi.h>

namespace task_bench {

enum class Manner {
  nonblock,  ///< as Task Bench's MPI code of that name: local inputs are copied to where others are received
  lean,      ///< local inputs are read where they lie
};

/// Runs the graphs once: in each row, receives and sends for every edge between ranks, waits for all of them,
/// and runs the tasks. Columns lie on the ranks in blocks. Collective. Returns the seconds between the
/// barriers before and after.
double run_on_mpi(MPI_Comm communicator, const std::vector<Graph>& graphs, Manner manner);

}  // namespace task_bench
