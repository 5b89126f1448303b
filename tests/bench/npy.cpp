// SPDX-License-Identifier: BSD-3-Clause
// A matrix written to a .npy file and read again, beside pwrite and pread of the same bytes by each rank, in
// turn in one run. By hand each rank has one block of rows and one call. Files lie in the page cache.
//
//   mpirun -n 2 npy_bench SIZE BLOCKS-A-RANK [REPETITIONS]
#include <ramal/array.hpp>
#include <ramal/mpi.hpp>
#include <ramal/npy.hpp>
#include <ramal/ramal.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace {

double value_at(std::uint64_t i, std::uint64_t j) { return static_cast<double>((i * 7 + j) % 1009); }
double value_of(const ramal::Extents& at) { return value_at(at[0], at[1]); }

struct Seconds {
  double writing = 0, reading = 0;
};

/// Ends the program: there is no use in timing what fails.
void expect(bool holds, const char* what) {
  if (holds) return;
  std::perror(what);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

Seconds by_hand(const std::string& file, std::int64_t size, double& sum) {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const std::int64_t first = size * rank / ranks, own = size * (rank + 1) / ranks - first;
  std::vector<double> rows(static_cast<std::size_t>(own * size));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto at = static_cast<std::uint64_t>(first * size) + i, n = static_cast<std::uint64_t>(size);
    rows[i] = value_at(at / n, at % n);
  }
  const auto bytes = static_cast<ssize_t>(rows.size() * sizeof(double));
  constexpr off_t head = 128;
  const off_t begin = head + first * size * static_cast<off_t>(sizeof(double));
  Seconds seconds;
  MPI_Barrier(MPI_COMM_WORLD);
  double start = MPI_Wtime();
  const std::string part = file + ".part";
  if (rank == 0) {
    const int made = open(part.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0644);
    expect(made >= 0 && ftruncate(made, head + size * size * static_cast<off_t>(sizeof(double))) == 0,
           "make");
    close(made);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  const int to = open(part.c_str(), O_WRONLY);
  expect(to >= 0 && pwrite(to, rows.data(), static_cast<std::size_t>(bytes), begin) == bytes, "write");
  close(to);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    const int written = open(part.c_str(), O_RDWR);
    expect(written >= 0 && fsync(written) == 0, "sync");  // as write_npy does
    close(written);
    std::filesystem::rename(part, file);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  seconds.writing = MPI_Wtime() - start;
  std::vector<double> found(rows.size());
  std::ranges::fill(found, 1.0);  // touches the memory, as that of blocks is
  MPI_Barrier(MPI_COMM_WORLD);
  start = MPI_Wtime();
  const int from = open(file.c_str(), O_RDONLY);
  expect(from >= 0 && pread(from, found.data(), static_cast<std::size_t>(bytes), begin) == bytes, "read");
  close(from);
  std::array<double, 8> lanes{};
  for (std::size_t i = 0; i + lanes.size() <= found.size(); i += lanes.size())
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) lanes[lane] += found[i + lane];
  double total = 0;
  for (std::size_t i = found.size() / lanes.size() * lanes.size(); i < found.size(); ++i) total += found[i];
  for (const double lane : lanes) total += lane;
  MPI_Allreduce(&total, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  seconds.reading = MPI_Wtime() - start;
  return seconds;
}

Seconds by_ramal(const std::string& file, std::int64_t size, std::int64_t blocks, double& sum) {
  Seconds seconds;
  ramal::Locals locals;
  ramal::run(MPI_COMM_WORLD, locals, [&](ramal::Session& session) {
    const auto width = (size + blocks - 1) / blocks;
    const auto points = static_cast<std::uint64_t>(size);
    const auto rows = session.persist(ramal::from_function<value_of>({points, points}, {width, -1}));
    session.wait(rows.blocks());
    double start = MPI_Wtime();
    session.compute(ramal::write_npy(file, rows));
    seconds.writing = MPI_Wtime() - start;
    start = MPI_Wtime();
    sum = session.compute(ramal::read_npy<double>(file, {width, -1}).sum());
    seconds.reading = MPI_Wtime() - start;
  });
  return seconds;
}

double median(std::vector<double> all) {
  std::ranges::nth_element(all, all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2));
  return all[all.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: npy_bench SIZE BLOCKS-A-RANK [REPETITIONS]\n");
    return 2;
  }
  MPI_Init(&argc, &argv);
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const std::int64_t size = std::atol(argv[1]), blocks = std::atol(argv[2]) * ranks;
  const int repetitions = argc > 3 ? std::atoi(argv[3]) : 9;
  const std::string file = "npy_bench_" + std::to_string(size) + ".npy";
  std::vector<double> hand[2], ramals[2], ratios[2];
  for (int turn = 0; turn < repetitions; ++turn) {
    double expected = 0, found = 0;
    std::filesystem::remove(file);
    const Seconds by = by_hand(file, size, expected);
    std::filesystem::remove(file);
    MPI_Barrier(MPI_COMM_WORLD);
    const Seconds ours = by_ramal(file, size, blocks, found);
    if (rank == 0 && found != expected) std::printf("the sums differ: %g and %g\n", expected, found);
    const double times[2][2] = {{by.writing, ours.writing}, {by.reading, ours.reading}};
    for (int k = 0; k < 2; ++k) {
      hand[k].push_back(times[k][0]);
      ramals[k].push_back(times[k][1]);
      ratios[k].push_back(times[k][0] / times[k][1]);
    }
  }
  const double megabytes = static_cast<double>(size * size) * 8e-6;
  if (rank == 0) {
    std::filesystem::remove(file);
    for (int k = 0; k < 2; ++k)
      std::printf(
          "%s %ld x %ld doubles, %ld blocks: by hand %.0f MB/s, ramal %.0f MB/s, %.2f of it by hand\n",
          k == 0 ? "writing" : "reading", static_cast<long>(size), static_cast<long>(size),
          static_cast<long>(blocks), megabytes / median(hand[k]), megabytes / median(ramals[k]),
          median(ratios[k]));
  }
  MPI_Finalize();
}
