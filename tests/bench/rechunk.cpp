// SPDX-License-Identifier: BSD-3-Clause
// A matrix that is cut in rows, cut in columns by rechunk, beside MPI_Alltoallw on the same bytes, in turn in
// one run. By hand each rank has one block of rows, and takes its columns of all by a datatype.
//
//   mpirun -n 2 rechunk_bench SIZE BLOCKS-A-RANK [REPETITIONS]
#include <ramal/array.hpp>
#include <ramal/mpi.hpp>
#include <ramal/ramal.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace {

/// The last one counts: memory has been touched by then, on both sides.
constexpr int turns = 3;

double value_at(std::int64_t i, std::int64_t j) { return static_cast<double>(i * 1000 + j); }
double value_of(const ramal::Extents& at) {
  return value_at(static_cast<std::int64_t>(at[0]), static_cast<std::int64_t>(at[1]));
}

double by_hand(int size, bool& is_right) {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const auto first_of = [&](int r) { return static_cast<int>(std::int64_t{size} * r / ranks); };
  const int first = first_of(rank), own = first_of(rank + 1) - first;
  std::vector<double> rows(static_cast<std::size_t>(own) * static_cast<std::size_t>(size)),
      columns(rows.size());
  for (int i = 0; i < own; ++i)
    for (int j = 0; j < size; ++j)
      rows[static_cast<std::size_t>(i) * static_cast<std::size_t>(size) + static_cast<std::size_t>(j)] =
          value_at(first + i, j);
  std::vector<int> ones(static_cast<std::size_t>(ranks), 1), to(ones.size()), from(ones.size());
  std::vector<MPI_Datatype> sent(ones.size()), taken(ones.size());
  for (int r = 0; r < ranks; ++r) {
    const auto k = static_cast<std::size_t>(r);
    const int begin = first_of(r), length = first_of(r + 1) - begin;
    MPI_Type_vector(own, length, size, MPI_DOUBLE, &sent[k]);
    MPI_Type_contiguous(length * own, MPI_DOUBLE, &taken[k]);
    MPI_Type_commit(&sent[k]);
    MPI_Type_commit(&taken[k]);
    to[k] = begin * static_cast<int>(sizeof(double));
    from[k] = begin * own * static_cast<int>(sizeof(double));
  }
  double seconds = 0;
  for (int turn = 0; turn < turns; ++turn) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime();
    MPI_Alltoallw(rows.data(), ones.data(), to.data(), sent.data(), columns.data(), ones.data(), from.data(),
                  taken.data(), MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);
    seconds = MPI_Wtime() - start;
  }
  is_right = is_right && (own == 0 || columns[static_cast<std::size_t>(own) * 5] == value_at(5, first));
  for (MPI_Datatype& type : sent) MPI_Type_free(&type);
  for (MPI_Datatype& type : taken) MPI_Type_free(&type);
  return seconds;
}

double by_ramal(int size, int blocks, bool& is_right) {
  double seconds = 0;
  ramal::Locals locals;
  ramal::run(MPI_COMM_WORLD, locals, [&](ramal::Session& session) {
    const std::int64_t width = (size + blocks - 1) / blocks;
    const auto points = static_cast<std::uint64_t>(size);
    const auto rows = session.persist(ramal::from_function<value_of>({points, points}, {width, -1}));
    session.wait(rows.blocks());
    for (int turn = 0; turn < turns; ++turn) {
      const double start = MPI_Wtime();
      const auto columns = session.persist(rows.rechunk({-1, width}));
      session.wait(columns.blocks());
      seconds = MPI_Wtime() - start;
      const ramal::Block<double> some = session.compute(columns(5, ramal::all));
      for (std::int64_t j = 0; j < size; ++j) is_right = is_right && some(j) == value_at(5, j);
    }
  });
  MPI_Bcast(&seconds, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  return seconds;
}

double median(std::vector<double> all) {
  std::ranges::nth_element(all, all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2));
  return all[all.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (argc < 3) {
    if (rank == 0) std::fprintf(stderr, "usage: rechunk_bench SIZE BLOCKS-A-RANK [REPETITIONS]\n");
    MPI_Finalize();
    return 2;
  }
  const int size = std::atoi(argv[1]), blocks = std::atoi(argv[2]) * ranks;
  const int repetitions = argc > 3 ? std::atoi(argv[3]) : 7;
  std::vector<double> hand, ramal, ratios;
  bool is_right = true;
  for (int i = 0; i < repetitions; ++i) {
    hand.push_back(by_hand(size, is_right));
    ramal.push_back(by_ramal(size, blocks, is_right));
    ratios.push_back(hand.back() / ramal.back());
  }
  if (rank == 0)
    std::printf(
        "%d x %d doubles, rows to columns, %d blocks: MPI_Alltoallw %.2f ms, rechunk %.2f ms: %.2f of "
        "MPI%s\n",
        size, size, blocks, 1e3 * median(hand), 1e3 * median(ramal), median(ratios),
        is_right ? "" : "; the results DIFFER");
  MPI_Finalize();
  return is_right ? 0 : 1;
}
