// SPDX-License-Identifier: BSD-3-Clause
// The transform of a square of complex numbers beside FFTW's own for MPI, in turn in one run. Both begin with
// rows of the square on each rank; results lie in columns on each rank, or in rows again:
//
//   RAMAL_THREADS=1 mpirun -n 2 fft_bench SIZE REPETITIONS [SLABS-A-RANK]
#include <ramal/fft.hpp>
#include <ramal/mpi.hpp>

#include <fftw3-mpi.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace {

using Complex = std::complex<double>;

/// Numbers that have no pattern which a transform would find.
Complex element(const ramal::Extents& at) {
  const std::uint64_t number = (at[0] * 2654435761 + at[1] * 40503) % 1000003;
  return {static_cast<double>(number) / 1000003 - 0.5, static_cast<double>(number % 997) / 997 - 0.5};
}
/// One of the result's elements, which both have to find.
constexpr std::uint64_t row = 3, column = 5;

struct Outcome {
  double seconds = 0;
  Complex found;
};

/// Each rank its rows, in place. `is_turned`: the result in columns, that is as rows of the transposed
/// square.
Outcome on_fftw(std::int64_t size, bool is_turned) {
  std::ptrdiff_t rows = 0, first = 0, columns = 0, first_column = 0;
  const std::ptrdiff_t room =
      fftw_mpi_local_size_2d_transposed(size, size, MPI_COMM_WORLD, &rows, &first, &columns, &first_column);
  fftw_complex* const memory = fftw_alloc_complex(static_cast<std::size_t>(room));
  auto* const local = reinterpret_cast<Complex*>(memory);
  const unsigned flags = FFTW_ESTIMATE | (is_turned ? FFTW_MPI_TRANSPOSED_OUT : 0U);
  const fftw_plan plan =
      fftw_mpi_plan_dft_2d(size, size, memory, memory, MPI_COMM_WORLD, FFTW_FORWARD, flags);
  const auto fill = [&] {
    for (std::ptrdiff_t i = 0; i < rows; ++i)
      for (std::ptrdiff_t j = 0; j < size; ++j)
        local[i * size + j] = element({static_cast<std::uint64_t>(first + i), static_cast<std::uint64_t>(j)});
  };
  Outcome outcome;
  for (int round = 0; round < 2; ++round) {  // the first for pages and messages to be there
    fill();
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime();
    fftw_execute(plan);
    MPI_Barrier(MPI_COMM_WORLD);
    outcome.seconds = MPI_Wtime() - start;
  }
  const auto line = static_cast<std::ptrdiff_t>(is_turned ? column : row),
             place = static_cast<std::ptrdiff_t>(is_turned ? row : column);
  const std::ptrdiff_t own_first = is_turned ? first_column : first, own = is_turned ? columns : rows;
  Complex mine;
  if (line >= own_first && line < own_first + own) mine = local[(line - own_first) * size + place];
  MPI_Allreduce(&mine, &outcome.found, 2, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  fftw_destroy_plan(plan);
  fftw_free(memory);
  return outcome;
}

Outcome on_ramal(std::int64_t size, std::int64_t slabs, bool is_turned) {
  Outcome outcome;
  ramal::Locals locals;
  ramal::run(MPI_COMM_WORLD, locals, [&](ramal::Session& session) {
    const std::int64_t width = std::max<std::int64_t>(1, size / (slabs * session.ranks()));
    const auto length = static_cast<std::uint64_t>(size);
    const auto square = session.persist(ramal::from_function<element>({length, length}, {width, size}));
    session.wait(square.blocks());
    const auto transform = [&] {
      const auto columns = ramal::fft::fftn(square);
      return is_turned ? columns : columns.rechunk({width, -1});
    };
    for (int round = 0; round < 2; ++round) {
      const double start = MPI_Wtime();
      session.run(transform().blocks());
      outcome.seconds = MPI_Wtime() - start;
    }
    outcome.found = session.compute(transform()(row, column)).data()[0];
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
  fftw_mpi_init();
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (argc < 3) {
    if (rank == 0) std::fprintf(stderr, "usage: fft_bench SIZE REPETITIONS [SLABS-A-RANK]\n");
    MPI_Finalize();
    return 2;
  }
  const std::int64_t size = std::atol(argv[1]), slabs = argc > 3 ? std::atol(argv[3]) : 1;
  const int repetitions = std::atoi(argv[2]);
  bool agree = true;
  for (const bool is_turned : {true, false}) {
    std::vector<double> fftw, ramal, ratios;
    for (int i = 0; i < repetitions; ++i) {
      const Outcome a = on_fftw(size, is_turned), b = on_ramal(size, slabs, is_turned);
      fftw.push_back(1e3 * a.seconds);
      ramal.push_back(1e3 * b.seconds);
      ratios.push_back(b.seconds / a.seconds);
      agree = agree && std::abs(a.found - b.found) <= 1e-9 * static_cast<double>(size);
    }
    if (rank == 0)
      std::printf(
          "%ld x %ld points, results in %s, %ld slabs a rank: FFTW for MPI %.1f ms, ramal %.1f ms; ratio "
          "%.2f%s\n",
          static_cast<long>(size), static_cast<long>(size), is_turned ? "columns" : "rows",
          static_cast<long>(slabs), median(fftw), median(ramal), median(ratios),
          agree ? "" : "; the results DIFFER");
  }
  fftw_mpi_cleanup();
  MPI_Finalize();
  return agree || rank != 0 ? 0 : 1;
}
