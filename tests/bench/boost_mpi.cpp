// SPDX-License-Identifier: BSD-3-Clause
// What a small message costs by MPI's C interface, and by Boost.MPI as the same bytes and as a class with
// serialize(): the three in turn, round by round; medians of rounds.
//
//   mpirun -n 2 boost_mpi_bench [ROUNDS [ROUND-TRIPS]]
#include <ramal/boost_mpi.hpp>

#include <boost/mpi.hpp>
#include <boost/serialization/vector.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

namespace mpi = boost::mpi;

struct Sample {
  long place = 0;
  std::array<double, 3> values = {};
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& place;
    for (double& value : values) archive& value;
  }
};

void by_c_interface(const mpi::communicator& world, Sample& sample, bool sends) {
  if (sends) {
    MPI_Send(&sample, sizeof sample, MPI_BYTE, 1 - world.rank(), 0, world);
  } else {
    MPI_Recv(&sample, sizeof sample, MPI_BYTE, 1 - world.rank(), 0, world, MPI_STATUS_IGNORE);
  }
}
void by_bytes(const mpi::communicator& world, Sample& sample, bool sends) {
  auto* bytes = reinterpret_cast<char*>(&sample);
  if (sends) {
    world.send(1 - world.rank(), 0, bytes, sizeof sample);
  } else {
    world.recv(1 - world.rank(), 0, bytes, sizeof sample);
  }
}
void by_serialize(const mpi::communicator& world, Sample& sample, bool sends) {
  if (sends) {
    world.send(1 - world.rank(), 0, sample);
  } else {
    world.recv(1 - world.rank(), 0, sample);
  }
}

using Way = void (*)(const mpi::communicator&, Sample&, bool);

/// Nanoseconds for one way.
double ping_pong(const mpi::communicator& world, Way way, int round_trips) {
  Sample sample{world.rank(), {1, 2, 3}};
  const bool first = world.rank() == 0;
  world.barrier();
  const double start = MPI_Wtime();
  for (int i = 0; i < round_trips; ++i) {
    way(world, sample, first);
    way(world, sample, !first);
  }
  return (MPI_Wtime() - start) / (2.0 * round_trips) * 1e9;
}

}  // namespace

int main(int argc, char** argv) {
  mpi::environment environment(argc, argv);
  const mpi::communicator world;
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 1001;
  const int round_trips = argc > 2 ? std::atoi(argv[2]) : 500;
  if (world.size() != 2 || rounds < 1 || round_trips < 1) {
    std::fprintf(stderr, "boost_mpi_bench: expected 2 ranks, and numbers from 1\n");
    return 2;
  }
  const std::array<std::pair<const char*, Way>, 3> ways = {
      {{"MPI_Send, MPI_Recv", by_c_interface},
       {"boost::mpi, the same bytes", by_bytes},
       {"boost::mpi, a class with serialize", by_serialize}}};
  std::array<std::vector<double>, 3> found;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < ways.size(); ++i)
      found[i].push_back(ping_pong(world, ways[i].second, round_trips));
  }
  for (std::size_t i = 0; i < ways.size() && world.rank() == 0; ++i) {
    std::sort(found[i].begin(), found[i].end());
    const std::size_t middle = found[i].size() / 2;
    std::printf("%-36s %6.0f ns one way, quartiles %.0f to %.0f\n", ways[i].first, found[i][middle],
                found[i][middle / 2], found[i][middle + found[i].size() / 4]);
  }
}
