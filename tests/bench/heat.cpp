// SPDX-License-Identifier: BSD-3-Clause
// Heat in a plate by map_overlap in a loop, beside the same by hand on MPI with the same kernel, in turn in
// one run. By hand each rank has its rows and two halo rows, in two fields that change places.
//
//   mpirun -n 2 heat_bench BLOCK_KIB BLOCKS-ACROSS BLOCKS-DOWN STEPS [REPETITIONS]
#include "apps/heat.hpp"

#include <ramal/array_overlap.hpp>
#include <ramal/mpi.hpp>
#include <ramal/ramal.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace {

struct Plate {
  std::int64_t rows, columns, block;
};
struct Outcome {
  double seconds = 0;
  double sum = 0;
};

double start_at(std::int64_t i, std::int64_t j) { return static_cast<double>((i * 7 + j * 13) % 101); }
double start_of(const ramal::Extents& at) {
  return start_at(static_cast<std::int64_t>(at[0]), static_cast<std::int64_t>(at[1]));
}

/// Beyond the edges it is 0.
Outcome by_hand(const Plate& plate, int steps) {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const std::int64_t first = plate.rows * rank / ranks, rows = plate.rows * (rank + 1) / ranks - first;
  const std::int64_t width = plate.columns + 2;
  std::vector<double> u(static_cast<std::size_t>((rows + 2) * width)), v(u.size());
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < plate.columns; ++j)
      u[static_cast<std::size_t>((i + 1) * width + j + 1)] = start_at(first + i, j);
  const int above = rank > 0 ? rank - 1 : MPI_PROC_NULL, below = rank + 1 < ranks ? rank + 1 : MPI_PROC_NULL;
  const int count = static_cast<int>(plate.columns);
  MPI_Barrier(MPI_COMM_WORLD);
  const double start = MPI_Wtime();
  for (int step = 0; step < steps; ++step) {
    double* p = u.data();
    MPI_Sendrecv(p + width + 1, count, MPI_DOUBLE, above, 0, p + (rows + 1) * width + 1, count, MPI_DOUBLE,
                 below, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Sendrecv(p + rows * width + 1, count, MPI_DOUBLE, below, 0, p + 1, count, MPI_DOUBLE, above, 0,
                 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    for (std::int64_t i = 1; i <= rows; ++i) {
      const double* here = p + i * width + 1;
      heat::step_row(here - width, here, here + width, v.data() + i * width + 1, plate.columns);
    }
    std::swap(u, v);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  const double seconds = MPI_Wtime() - start;
  double mine = 0, sum = 0;
  for (std::int64_t i = 1; i <= rows; ++i)
    for (std::int64_t j = 1; j <= plate.columns; ++j) mine += u[static_cast<std::size_t>(i * width + j)];
  MPI_Allreduce(&mine, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  return {seconds, sum};
}

void step(ramal::View<const double, 2> u, ramal::View<double, 2> next) {
  for (std::int64_t i = 0; i < next.length(0); ++i)
    heat::step_row(&u(i - 1, 0), &u(i, 0), &u(i + 1, 0), &next(i, 0), next.length(1));
}

Outcome on_ramal(const Plate& plate, int steps) {
  Outcome outcome;
  ramal::Locals locals;
  ramal::run(MPI_COMM_WORLD, locals, [&](ramal::Session& session) {
    auto u = session.persist(ramal::from_function<start_of>(
        {static_cast<std::uint64_t>(plate.rows), static_cast<std::uint64_t>(plate.columns)},
        {plate.block, plate.block}));
    session.wait(u.blocks());
    const double start = MPI_Wtime();
    for (int i = 0; i < steps; ++i)
      u = ramal::map_overlap<step>({.depth = 1, .boundary = ramal::Boundary::constant}, u);
    const double sum = session.compute(u.sum());
    outcome = {MPI_Wtime() - start, sum};
  });
  MPI_Bcast(&outcome, 2, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  return outcome;
}

double median(std::vector<double> all) {
  std::ranges::nth_element(all, all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2));
  return all[all.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (argc < 5) {
    if (rank == 0)
      std::fprintf(stderr, "usage: heat_bench BLOCK_KIB BLOCKS-ACROSS BLOCKS-DOWN STEPS [REPETITIONS]\n");
    MPI_Finalize();
    return 2;
  }
  const auto block = static_cast<std::int64_t>(std::sqrt(std::atof(argv[1]) * 1024 / sizeof(double)));
  const Plate plate{block * std::atol(argv[3]), block * std::atol(argv[2]), block};
  const int steps = std::atoi(argv[4]), repetitions = argc > 5 ? std::atoi(argv[5]) : 7;
  std::vector<double> hand, ramal, ratios;
  bool agree = true;
  for (int i = 0; i < repetitions; ++i) {
    const Outcome a = by_hand(plate, steps), b = on_ramal(plate, steps);
    hand.push_back(1e6 * a.seconds / steps);
    ramal.push_back(1e6 * b.seconds / steps);
    ratios.push_back(a.seconds / b.seconds);
    agree = agree && std::abs(a.sum - b.sum) <= 1e-9 * std::abs(a.sum);
  }
  if (rank == 0)
    std::printf(
        "%ld x %ld points in blocks of %ld x %ld, %d steps: by hand %.1f us a step, map_overlap %.1f us: "
        "%.2f of MPI%s\n",
        static_cast<long>(plate.rows), static_cast<long>(plate.columns), static_cast<long>(block),
        static_cast<long>(block), steps, median(hand), median(ramal), median(ratios),
        agree ? "" : "; the results DIFFER");
  MPI_Finalize();
  return agree || rank != 0 ? 0 : 1;
}
