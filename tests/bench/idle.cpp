// SPDX-License-Identifier: BSD-3-Clause
// What ranks cost that have nothing to do: `mpirun -n 2 idle [SECONDS]` prints the processor time of each
// rank while rank 0's program sleeps, in percent of a core. Wanted: below 1.
#include <ramal/ramal.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

double used_seconds(int) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::vector<double> of_all_ranks(ramal::Session& session) {
  std::vector<ramal::Delayed<double>> used;
  for (int rank = 0; rank < session.ranks(); ++rank)
    used.push_back(ramal::delayed<used_seconds>.annotate({.rank = rank})(rank));
  return session.compute(used);
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
  return ramal::run(argc, argv, [seconds](ramal::Session& session) {
    const auto before = of_all_ranks(session);
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    const auto after = of_all_ranks(session);
    for (std::size_t rank = 0; rank < before.size(); ++rank)
      std::printf("rank %zu: %.2f %% of a core\n", rank, 100 * (after[rank] - before[rank]) / seconds);
  });
}
