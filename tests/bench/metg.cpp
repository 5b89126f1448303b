// SPDX-License-Identifier: BSD-3-Clause
// METG(50 %) of Ramal and of its twins in plain MPI, in turn on the same ranks; see `metg`, which calls this.
// `mpirun -n 2 metg_program REPETITIONS TASKS [task_bench's options]`: prints one line per repetition,
//   METG in microseconds of: Ramal running alone, with building, planning and shipping, MPI nonblock, MPI
//   lean, Ramal's families with everything counted
// and one line `empty` with the same for the empty kernel: microseconds of a core a task.
//
// A repetition sweeps the kernel's iterations; at each, all run in turn. Efficiency is against what the ranks
// reach with the kernel alone, measured at the same time. METG is interpolated in the logarithm.
#include "apps/task_bench/on_ramal.hpp"
#include "tests/bench/task_bench/on_mpi.hpp"

#include <ramal/mpi.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <stdexcept>

using namespace task_bench;

namespace {

constexpr std::size_t codes = 5;
using Seconds = std::array<double, codes>;

double by_hand(ramal::Communicator& communicator, ramal::Inputs<long>, bool lean) {
  return run_on_mpi(ramal::mpi_communicator(communicator), graphs(), lean ? Manner::lean : Manner::nonblock);
}
/// Seconds of one kernel, on all ranks at once: the longest.
double kernel_alone(ramal::Communicator& communicator, ramal::Inputs<long>, long iterations) {
  Graph graph = graphs().front();
  graph.set_iterations(iterations);
  constexpr long tasks = 2000;
  MPI_Comm all = ramal::mpi_communicator(communicator);
  MPI_Barrier(all);
  double seconds = time_kernels(graph, tasks) / tasks;
  MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, all);
  return seconds;
}
void set_iterations(long iterations) {
  for (Graph& graph : graphs()) graph.set_iterations(iterations);
}
/// What one code has freed in small pieces is put together by the C library when a large piece is asked for
/// the next time: some 40 ns a task of a graph, which would be taken for the next code's.
void settle_allocator(long bytes) {
  void* volatile piece = std::malloc(static_cast<std::size_t>(bytes));  // or it would be left out
  std::free(piece);
}
const std::vector<ramal::Delayed<long>> nothing;

Seconds run_all(ramal::Session& session, int turn) {
  Seconds seconds{};
  for (int k = 0; k < 4; ++k) {
    session.on_every_rank<settle_allocator>(100'000L);
    switch ((k + turn) % 4) {
      case 0: {
        const Times times = run_explicitly(session);
        seconds[0] = times.running;
        seconds[1] = times.all;
        break;
      }
      case 1:
        seconds[2] = session.compute(ramal::collective<by_hand>(nothing, false));
        break;
      case 2:
        seconds[3] = session.compute(ramal::collective<by_hand>(nothing, true));
        break;
      case 3:
        seconds[4] = run_families(session).all;
        break;
    }
  }
  return seconds;
}

/// Where efficiency crosses one half: microseconds of a core a task. NaN if it does not.
double metg(const std::vector<double>& granularity, const std::vector<double>& efficiency) {
  for (std::size_t i = granularity.size() - 1; i-- > 0;) {
    if (efficiency[i] > 0.5 || efficiency[i + 1] <= 0.5) continue;
    const double part = (0.5 - efficiency[i]) / (efficiency[i + 1] - efficiency[i]);
    return 1e6 * std::exp(std::log(granularity[i]) +
                          part * (std::log(granularity[i + 1]) - std::log(granularity[i])));
  }
  return std::nan("");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "metg_program REPETITIONS TASKS [options of task_bench]\n"), 2;
  const int repetitions = std::atoi(argv[1]);
  const long tasks = std::atol(argv[2]);
  std::vector<std::string> options{"metg", "-kernel", "compute_bound"};
  options.insert(options.end(), argv + 3, argv + argc);
  std::vector<char*> texts;
  for (std::string& option : options) texts.push_back(option.data());
  try {
    Config config = parse(static_cast<int>(texts.size()), texts.data()).front().config();
    config.steps = std::max(50L, tasks / config.width);
    graphs().emplace_back(config, 0);
  } catch (const std::invalid_argument& error) {
    return std::fprintf(stderr, "%s\n", error.what()), 2;
  }
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    const double cores = session.ranks();  // of one thread each
    const Graph& graph = graphs().front();
    run_all(session, 0);
    for (int repetition = 0; repetition < repetitions; ++repetition) {
      std::array<std::vector<double>, codes> granularity, efficiency;
      for (long iterations = 1; iterations <= 1024; iterations *= 2) {
        session.on_every_rank<set_iterations>(iterations);
        const double alone = session.compute(ramal::collective<kernel_alone>(nothing, 1024L)) / 1024;
        const Seconds seconds = run_all(session, repetition);
        bool all_above = true;
        for (std::size_t code = 0; code < codes; ++code) {
          const double task_seconds = seconds[code] * cores / static_cast<double>(graph.tasks());
          granularity[code].push_back(task_seconds);
          efficiency[code].push_back((static_cast<double>(iterations) + 0.5) * alone / task_seconds);
          all_above = all_above && efficiency[code].back() > 0.6;
        }
        if (all_above) break;
      }
      std::printf("metg");
      for (std::size_t code = 0; code < codes; ++code)
        std::printf(" %.4f", metg(granularity[code], efficiency[code]));
      session.on_every_rank<set_iterations>(0L);
      const Seconds empty = run_all(session, repetition);
      std::printf("\nempty");
      for (const double seconds : empty)
        std::printf(" %.4f", 1e6 * seconds * cores / static_cast<double>(graph.tasks()));
      std::printf("\n");
      std::fflush(stdout);
    }
  });
}
