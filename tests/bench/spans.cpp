// SPDX-License-Identifier: BSD-3-Clause
// What it costs that a value lies in several pieces of memory: a result of rank 1 is fetched by rank 0, as
// many columns with their validity, each in memory of its own, as one block of as many bytes, and by
// MPI_Send. The three in turn, round by round; medians of rounds.
//
//   mpirun -n 2 spans_bench [COLUMNS [BYTES [VALIDITY-BYTES [ROUNDS]]]]
#include "tests/support/sheet.hpp"

#include <ramal/mpi.hpp>
#include <ramal/ramal.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace {

using ramal::delayed;
using Bytes = ramal::Block<unsigned char>;
using ramal::test::Sheet;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Sheet columns(long count, long bytes, long validity_bytes) {
  Sheet sheet("columns");
  for (long i = 0; i < count; ++i) {
    sheet = sheet.with_column(Sheet::Bytes(static_cast<std::size_t>(bytes), static_cast<unsigned char>(i)));
    sheet = sheet.with_column(Sheet::Bytes(static_cast<std::size_t>(validity_bytes), 255));
  }
  return sheet;
}
Bytes block(std::uint64_t bytes) { return Bytes::filled({bytes}, 7); }
/// A sum that the order of columns changes.
long sum_of_sheet(const Sheet& sheet) {
  long sum = 0;
  for (std::size_t i = 0; i < sheet.columns(); ++i) {
    const auto column = sheet.column(i);
    for (const std::size_t at : {std::size_t{0}, column.size() / 2, column.size() - 1})
      sum = sum * 31 % 1000003 + column[at];
  }
  return sum;
}
long last_of_block(const Bytes& block) { return block.data()[block.size() - 1]; }

/// Seconds from when rank 1 sends until rank 0 has the bytes, in memory that both have used before.
double by_mpi(ramal::Communicator& communicator, ramal::Inputs<long>, long bytes) {
  const MPI_Comm comm = ramal::mpi_communicator(communicator);
  static std::vector<char> memory;
  memory.resize(static_cast<std::size_t>(bytes), 1);
  MPI_Barrier(comm);
  const double start = now();
  if (communicator.rank() == 1) MPI_Send(memory.data(), static_cast<int>(bytes), MPI_BYTE, 0, 0, comm);
  if (communicator.rank() == 0)
    MPI_Recv(memory.data(), static_cast<int>(bytes), MPI_BYTE, 1, 0, comm, MPI_STATUS_IGNORE);
  double seconds = now() - start;
  MPI_Bcast(&seconds, 1, MPI_DOUBLE, 0, comm);
  return seconds;
}

double median(std::vector<double>& all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    const long count = argc > 1 ? std::atol(argv[1]) : 10;
    const long bytes = argc > 2 ? std::atol(argv[2]) : 1 << 20;
    const long validity_bytes = argc > 3 ? std::atol(argv[3]) : 16 << 10;
    const int rounds = argc > 4 ? std::atoi(argv[4]) : 101;
    const long all = count * (bytes + validity_bytes);
    const auto sheet = delayed<columns>.annotate({.rank = 1})(count, bytes, validity_bytes);
    const auto one = delayed<block>.annotate({.rank = 1})(static_cast<std::uint64_t>(all));
    session.persist(sheet, one);
    session.wait(sheet, one);
    std::vector<double> sheets, blocks, mpi;
    const auto timed = [&](std::vector<double>& times, const auto& task, long expected) {
      const double start = now();
      const long found = session.compute(task);
      times.push_back(now() - start);
      if (found != expected) throw std::runtime_error("a value has changed on its way");
    };
    const long sum = sum_of_sheet(columns(count, bytes, validity_bytes));
    for (int round = 0; round < rounds; ++round) {
      timed(sheets, delayed<sum_of_sheet>.annotate({.rank = 0})(sheet), sum);
      timed(blocks, delayed<last_of_block>.annotate({.rank = 0})(one), 7);
      mpi.push_back(session.compute(ramal::collective<by_mpi>(std::vector<ramal::Delayed<long>>(), all)));
    }
    const double in_pieces = median(sheets), in_one = median(blocks), plain = median(mpi);
    std::printf(
        "%ld bytes: in %ld pieces %.0f us, in one %.0f us, MPI_Send %.0f us; ratio to one %.2f, to MPI "
        "%.2f\n",
        all, 2 * count, in_pieces * 1e6, in_one * 1e6, plain * 1e6, in_pieces / in_one, in_pieces / plain);
  });
}
