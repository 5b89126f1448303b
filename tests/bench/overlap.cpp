// SPDX-License-Identifier: BSD-3-Clause
// Does work proceed while tasks, or the program on rank 0, take long? `mpirun -n 2 overlap [SECONDS]`.
// Each line: how long it took, and how long each rank had to work.
//   program: rank 0's program works by itself for ten tasks' time, while all ranks have ten tasks
//   blocks:  every task takes SECONDS (default 1), and each second one reads 8 MiB from another rank
#include <ramal/ramal.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>

using ramal::Delayed;
using ramal::delayed;

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
long work(double seconds, long x) {
  for (const double start = now(); now() - start < seconds;) {
  }
  return x;
}
std::vector<double> make_block(double seconds, long x) {
  work(seconds, 0);
  return std::vector<double>(1 << 20, static_cast<double>(x));
}
double use_block(double seconds, const std::vector<double>& block) {
  work(seconds, 0);
  return block.back();
}

double program(ramal::Session& session, double seconds) {
  std::vector<Delayed<long>> tasks;
  for (int rank = 0; rank < session.ranks(); ++rank) {
    for (long i = 0; i < 10; ++i) tasks.push_back(delayed<work>.annotate({.rank = rank})(seconds, i));
  }
  const double start = now();
  session.persist(tasks);
  work(10 * seconds, 0);
  session.wait(tasks);
  return now() - start;
}
double blocks(ramal::Session& session, double seconds) {
  std::vector<Delayed<double>> used;
  for (long i = 0; i < 5; ++i) {
    for (int rank = 0; rank < session.ranks(); ++rank) {
      const auto block = delayed<make_block>.annotate({.rank = rank})(seconds, i);
      used.push_back(delayed<use_block>.annotate({.rank = (rank + 1) % session.ranks()})(seconds, block));
    }
  }
  const double start = now();
  session.compute(used);
  return now() - start;
}

}  // namespace

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
    std::printf("program: %6.2f s, %.2f by rank 0's program and %.2f by tasks of each rank\n",
                program(session, seconds), 10 * seconds, 10 * seconds);
    std::printf("blocks:  %6.2f s, %.2f by tasks of each rank\n", blocks(session, seconds), 10 * seconds);
  });
}
