// SPDX-License-Identifier: BSD-3-Clause
// Conjugate gradients as a loop of families, beside the same by hand on MPI with the same kernels, in turn in
// one run:
//
//   mpirun -n 2 solver SIZE STEPS [REPETITIONS [SLABS-A-RANK]]
#include "apps/poisson.hpp"

#include <ramal/mpi.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace {

struct Outcome {
  double seconds;
  double squares;
};

/// Each rank its rows; borders by MPI_Sendrecv, sums by MPI_Allreduce.
Outcome by_hand(std::int64_t size, std::int64_t steps) {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const poisson::Plate plate{size, ranks};
  const auto columns = static_cast<std::size_t>(size);
  const auto rows = static_cast<std::size_t>(plate.first_row(rank + 1) - plate.first_row(rank));
  const std::size_t own = rows * columns;
  const int above = rank > 0 ? rank - 1 : MPI_PROC_NULL, below = rank + 1 < ranks ? rank + 1 : MPI_PROC_NULL;
  std::vector<double> u(own, 0.0), r(own, plate.source()), p = r, q(own), row_above(columns),
                                                           row_below(columns);
  const auto sum = [](double mine) {
    double all = 0;
    MPI_Allreduce(&mine, &all, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    return all;
  };
  MPI_Barrier(MPI_COMM_WORLD);
  const double start = MPI_Wtime();
  double rr = sum(poisson::dot_rows(r.data(), r.data(), own));
  for (std::int64_t step = 0; step < steps; ++step) {
    const int count = static_cast<int>(columns);
    MPI_Sendrecv(p.data(), count, MPI_DOUBLE, above, 0, row_below.data(), count, MPI_DOUBLE, below, 0,
                 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Sendrecv(p.data() + own - columns, count, MPI_DOUBLE, below, 0, row_above.data(), count, MPI_DOUBLE,
                 above, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    poisson::apply_rows(p.data(), rows, columns, rank > 0 ? row_above.data() : nullptr,
                        rank + 1 < ranks ? row_below.data() : nullptr, q.data());
    const double alpha = rr / sum(poisson::dot_rows(p.data(), q.data(), own));
    poisson::add_scaled_rows(u.data(), alpha, p.data(), own);
    poisson::add_scaled_rows(r.data(), -alpha, q.data(), own);
    const double next = sum(poisson::dot_rows(r.data(), r.data(), own));
    poisson::scale_and_add_rows(p.data(), next / rr, r.data(), own);
    rr = next;
  }
  return {MPI_Wtime() - start, rr};
}

Outcome on_ramal(std::int64_t size, std::int64_t steps, std::int64_t slabs) {
  Outcome outcome{};
  ramal::Locals locals;
  ramal::run(MPI_COMM_WORLD, locals, [&](ramal::Session& session) {
    const double start = MPI_Wtime();
    outcome.squares = session.compute(poisson::solve({size, slabs * session.ranks()}, 0.0, steps).squares);
    outcome.seconds = MPI_Wtime() - start;
  });
  return outcome;
}

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (argc < 3) {
    if (rank == 0) std::fprintf(stderr, "usage: solver SIZE STEPS [REPETITIONS [SLABS-A-RANK]]\n");
    MPI_Finalize();
    return 2;
  }
  const std::int64_t size = std::atol(argv[1]), steps = std::atol(argv[2]);
  const int repetitions = argc > 3 ? std::atoi(argv[3]) : 5;
  const std::int64_t slabs = argc > 4 ? std::atol(argv[4]) : 1;
  std::vector<double> hand, ramal, ratios;
  bool agree = true;
  for (int i = 0; i < repetitions; ++i) {
    const Outcome a = by_hand(size, steps), b = on_ramal(size, steps, slabs);
    hand.push_back(1e6 * a.seconds / static_cast<double>(steps));
    ramal.push_back(1e6 * b.seconds / static_cast<double>(steps));
    ratios.push_back(b.seconds / a.seconds);
    agree = agree && std::abs(a.squares - b.squares) <= 1e-6 * a.squares;
  }
  if (rank == 0) {
    std::printf(
        "%ld x %ld points, %ld steps, %ld slabs a rank: by hand %.1f us a step, as a loop %.1f us; ratio "
        "%.2f%s\n",
        size, size, steps, slabs, median(hand), median(ramal), median(ratios),
        agree ? "" : "; the results DIFFER");
  }
  MPI_Finalize();
  return agree || rank != 0 ? 0 : 1;
}
