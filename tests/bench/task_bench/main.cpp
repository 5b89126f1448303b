// SPDX-License-Identifier: BSD-3-Clause
// `mpirun -n 2 task_bench_mpi [-lean 1] -steps 1000 -width 8 -type stencil_1d …`: the twin of
// apps/task_bench.
#include "tests/bench/task_bench/on_mpi.hpp"

#include <cstdio>
#include <cstring>
#include <stdexcept>

int main(int argc, char** argv) {
  using namespace task_bench;
  const bool lean = argc > 2 && std::strcmp(argv[1], "-lean") == 0;
  MPI_Init(&argc, &argv);
  int rank = 0, status = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  try {
    const auto graphs = lean ? parse(argc - 2, argv + 2) : parse(argc, argv);
    const Manner manner = lean ? Manner::lean : Manner::nonblock;
    run_on_mpi(MPI_COMM_WORLD, graphs, manner);
    const double seconds = run_on_mpi(MPI_COMM_WORLD, graphs, manner);
    if (rank == 0) std::printf("%s", report(graphs, seconds).c_str());
  } catch (const std::exception& error) {
    if (rank == 0) std::fprintf(stderr, "%s\n", error.what());
    status = 2;
    if (dynamic_cast<const std::runtime_error*>(&error) != nullptr) MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
  return status;
}
