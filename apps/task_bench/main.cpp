// SPDX-License-Identifier: BSD-3-Clause
// Task Bench on Ramal: `mpirun -n 2 task_bench -steps 1000 -width 8 -type stencil_1d -kernel compute_bound
// -iter 100`. Runs everything twice and reports the second time, as Task Bench's MPI programs do. With
// -explicit each task is made on rank 0, instead of a family a graph.
#include "apps/task_bench/on_ramal.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
  const auto is_explicit = std::find(argv + 1, argv + argc, std::string_view("-explicit"));
  const bool one_by_one = is_explicit != argv + argc;
  if (one_by_one) argc = static_cast<int>(std::remove(argv + 1, argv + argc, *is_explicit) - argv);
  try {
    task_bench::graphs() = task_bench::parse(argc, argv);
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  return ramal::run(argc, argv, [one_by_one](ramal::Session& session) {
    const auto run = one_by_one ? task_bench::run_explicitly : task_bench::run_families;
    run(session);
    const auto times = run(session);
    std::printf("%sBuilding, Planning, Shipping And Running %e seconds\n",
                task_bench::report(task_bench::graphs(), times.running).c_str(), times.all);
  });
}
