// SPDX-License-Identifier: BSD-3-Clause
// A distributed transpose between ordinary tasks: blocks in, MPI inside, blocks out.
// `mpirun -n 4 transpose [rows] [slabs]`.
//
// A square matrix lies in slabs of whole rows, each made where placement likes. `transposed` runs on all
// ranks at once and exchanges tiles by one MPI_Alltoallv; the slabs of the transpose stay on the ranks that
// had the slabs of the same rows, where the tasks that follow use them. A routine of ScaLAPACK takes its
// place in the same way.
#include <ramal/mpi.hpp>
#include <ramal/ramal.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <vector>

namespace {

using Slab = ramal::Block<double>;  // (rows, columns) at an offset in the matrix
struct Rows {
  std::uint64_t first;
  std::uint64_t count;
};

Slab make(long first, long count, long n) {
  Slab slab({static_cast<std::uint64_t>(count), static_cast<std::uint64_t>(n)},
            {static_cast<std::uint64_t>(first), 0});
  for (long i = 0; i < count; ++i) {
    for (long j = 0; j < n; ++j) slab(i, j) = static_cast<double>((first + i) * n + j);
  }
  return slab;
}
/// By value: in place, since nobody else needs the slab.
Slab scaled(Slab slab, double factor) {
  for (double& x : slab) x *= factor;
  return slab;
}
/// How much of a slab is not `factor` times the transpose of what `make` gives.
long wrong(const Slab& slab, double factor) {
  const std::uint64_t n = slab.shape()[1];
  long count = 0;
  for (std::uint64_t i = 0; i < slab.shape()[0]; ++i) {
    for (std::uint64_t j = 0; j < n; ++j)
      count += slab(i, j) != factor * static_cast<double>(j * n + slab.offset()[0] + i);
  }
  return count;
}
long add(long a, long b) { return a + b; }

/// Which rows every rank has, in its order.
std::vector<std::vector<Rows>> rows_by_rank(MPI_Comm communicator, ramal::Inputs<Slab> mine) {
  int ranks = 0;
  MPI_Comm_size(communicator, &ranks);
  const auto size = static_cast<std::size_t>(ranks);
  std::vector<Rows> own;
  for (const Slab& slab : mine) own.push_back({slab.offset()[0], slab.shape()[0]});
  const int bytes = static_cast<int>(own.size() * sizeof(Rows));
  std::vector<int> counts(size), starts(size, 0);
  MPI_Allgather(&bytes, 1, MPI_INT, counts.data(), 1, MPI_INT, communicator);
  std::partial_sum(counts.begin(), counts.end() - 1, starts.begin() + 1);
  std::vector<Rows> all(static_cast<std::size_t>(starts.back() + counts.back()) / sizeof(Rows));
  MPI_Allgatherv(own.data(), bytes, MPI_BYTE, all.data(), counts.data(), starts.data(), MPI_BYTE,
                 communicator);
  std::vector<std::vector<Rows>> by_rank;
  auto next = all.begin();
  for (const int count : counts) {
    const auto end = next + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(count) / sizeof(Rows));
    by_rank.emplace_back(next, end);
    next = end;
  }
  return by_rank;
}

/// On every rank, for each of its slabs, the same rows of the transpose. The tile that rows r of the matrix
/// give to rows c of the transpose travels as it will lie there.
std::vector<Slab> transposed(ramal::Communicator& all, ramal::Inputs<Slab> mine) {
  MPI_Comm communicator = ramal::mpi_communicator(all);
  const auto rows = rows_by_rank(communicator, mine);
  const std::size_t ranks = rows.size();
  std::vector<int> counts(ranks, 0), starts(ranks, 0);
  std::vector<double> out;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    for (const Slab& slab : mine) {
      for (const Rows& theirs : rows[rank]) {
        for (std::uint64_t c = theirs.first; c < theirs.first + theirs.count; ++c) {
          for (std::uint64_t i = 0; i < slab.shape()[0]; ++i) out.push_back(slab(i, c));
        }
        counts[rank] += static_cast<int>(theirs.count * slab.shape()[0]);
      }
    }
  }
  std::partial_sum(counts.begin(), counts.end() - 1, starts.begin() + 1);
  // As much comes from a rank as goes there: a number for each pair of rows.
  std::vector<double> in(out.size());
  MPI_Alltoallv(out.data(), counts.data(), starts.data(), MPI_DOUBLE, in.data(), counts.data(), starts.data(),
                MPI_DOUBLE, communicator);

  std::vector<Slab> results;
  for (const Slab& slab : mine) results.emplace_back(slab.shape(), slab.offset());
  auto next = in.begin();
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    for (const Rows& theirs : rows[rank]) {
      for (Slab& slab : results) {
        for (std::uint64_t c = 0; c < slab.shape()[0]; ++c) {
          std::copy_n(next, theirs.count, slab.begin() + c * slab.shape()[1] + theirs.first);
          next += static_cast<std::ptrdiff_t>(theirs.count);
        }
      }
    }
  }
  return results;
}

}  // namespace

int main(int argc, char** argv) {
  const long n = argc > 1 ? std::atol(argv[1]) : 1000;
  const long slabs = argc > 2 ? std::atol(argv[2]) : 16;
  if (n < 1 || slabs < 1) {
    std::fprintf(stderr, "transpose: expected 1 row and 1 slab or more, found %ld and %ld\n", n, slabs);
    return 2;
  }
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    std::vector<ramal::Delayed<Slab>> matrix;
    for (long k = 0; k < slabs; ++k) {
      const long first = n * k / slabs;
      matrix.push_back(ramal::delayed<make>(first, n * (k + 1) / slabs - first, n));
    }
    const auto turned = ramal::map<scaled>(ramal::collective_map<transposed>(matrix), 0.5);
    session.persist(turned);
    std::printf("transposed: %ld of %ld elements wrong\n",
                session.compute(ramal::reduce<add>(ramal::map<wrong>(turned, 0.5))), n * n);
  });
}
