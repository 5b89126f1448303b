// SPDX-License-Identifier: BSD-3-Clause
// Task Bench on Ramal: `mpirun -n 2 task_bench -steps 1000 -width 8 -type stencil_1d -kernel compute_bound
// -iter 100`. Runs everything twice and reports the second time, as Task Bench's MPI programs do.
#include "apps/task_bench/on_ramal.hpp"

#include <cstdio>

int main(int argc, char** argv) {
  try {
    task_bench::graphs() = task_bench::parse(argc, argv);
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  return ramal::run(argc, argv, [](ramal::Session& session) {
    task_bench::run_on_ramal(session);
    const auto times = task_bench::run_on_ramal(session);
    std::printf("%sBuilding, Planning, Shipping And Running %e seconds\n",
                task_bench::report(task_bench::graphs(), times.running).c_str(), times.all);
  });
}
