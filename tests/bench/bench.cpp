// SPDX-License-Identifier: BSD-3-Clause
// Ramal beside the same by hand, in one program and one run: `mpirun -n 2 bench`. Prints Google
// Benchmark's lines, then a table of medians and their ratios.
//
// The hand-written twins use flat arrays and plain MPI, as someone would who writes the one program and
// nothing general. Twins run in turn (--benchmark_enable_random_interleaving), several times each.
#include <ramal/ramal.hpp>

#include <benchmark/benchmark.h>
#include <mpi.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <thread>

using ramal::Delayed;
using ramal::delayed;
using ramal::Session;

namespace {

Session* session = nullptr;
MPI_Comm own = MPI_COMM_NULL;  // the twins' communicator

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

long one() { return 1; }
long add(long a, long b) { return a + b; }
long mix(long a, long b, long c) { return (a ^ b) + c; }

// --- by hand: nodes in an array, inputs by index, called through a pointer -----------------------------
struct Node {
  long (*call)(const long* values, const int* inputs);
  int inputs[3];
};
long call_one(const long*, const int*) { return 1; }
long call_add(const long* values, const int* inputs) { return add(values[inputs[0]], values[inputs[1]]); }
long call_mix(const long* values, const int* inputs) {
  return mix(values[inputs[0]], values[inputs[1]], values[inputs[2]]);
}

constexpr int tasks = 300000;
constexpr int width = 1000;

std::vector<Delayed<long>> build_pairs() {
  std::vector<Delayed<long>> all;
  all.reserve(tasks);
  all.push_back(delayed<one>());
  all.push_back(delayed<one>());
  for (int i = 2; i < tasks; ++i)
    all.push_back(delayed<add>(all[static_cast<std::size_t>(i / 2)], all[static_cast<std::size_t>(i - 1)]));
  return all;
}
void build(benchmark::State& state) {
  for (auto _ : state) {
    const double start = now();
    auto all = build_pairs();
    benchmark::DoNotOptimize(all.data());
    state.SetIterationTime((now() - start) / tasks);
  }
}
void build_by_hand(benchmark::State& state) {
  for (auto _ : state) {
    const double start = now();
    std::vector<Node*> all;  // one allocation a node, as handles that may outlive each other need
    all.reserve(tasks);
    for (int i = 0; i < tasks; ++i) all.push_back(new Node{call_add, {i / 2, i - 1, 0}});
    benchmark::DoNotOptimize(all.data());
    state.SetIterationTime((now() - start) / tasks);
    for (Node* node : all) delete node;
  }
}

enum class Shape { sources, tree, stencil };
std::vector<Delayed<long>> build_shape(Shape shape) {
  std::vector<Delayed<long>> row;
  if (shape == Shape::sources) {
    for (int i = 0; i < tasks; ++i) row.push_back(delayed<one>());
    return row;
  }
  if (shape == Shape::tree) {
    for (int i = 0; i < tasks / 2; ++i) row.push_back(delayed<one>());
    return {ramal::reduce<add>(row)};
  }
  for (int i = 0; i < width; ++i) row.push_back(delayed<one>());
  for (int step = 1; step < tasks / width; ++step) {
    const auto before = row;
    for (std::size_t i = 0; i < width; ++i) {
      row[i] = delayed<mix>(before[i == 0 ? 0 : i - 1], before[i],
                            before[std::min<std::size_t>(i + 1, width - 1)]);
    }
  }
  return row;
}
std::vector<Node> nodes_of(Shape shape) {
  std::vector<Node> nodes;
  if (shape == Shape::sources) {
    nodes.assign(tasks, Node{call_one, {}});
  } else if (shape == Shape::tree) {
    nodes.assign(tasks / 2, Node{call_one, {}});
    for (int from = 0, n = tasks / 2; n > 1; from += n, n /= 2) {
      for (int i = 0; i + 1 < n; i += 2) nodes.push_back({call_add, {from + i, from + i + 1, 0}});
    }
  } else {
    nodes.assign(width, Node{call_one, {}});
    for (int step = 1; step < tasks / width; ++step) {
      const int before = (step - 1) * width;
      for (int i = 0; i < width; ++i)
        nodes.push_back(
            {call_mix, {before + std::max(0, i - 1), before + i, before + std::min(width - 1, i + 1)}});
    }
  }
  return nodes;
}
/// Planned and run on rank 0 alone, so that no message takes part.
template <Shape shape>
void compute_local(benchmark::State& state) {
  for (auto _ : state) {
    const auto row = build_shape(shape);
    std::vector<Delayed<long>> last{row.back()};
    const double start = now();
    benchmark::DoNotOptimize(session->compute(shape == Shape::sources ? row : last));
    state.SetIterationTime((now() - start) / tasks);
  }
}
template <Shape shape>
void compute_by_hand(benchmark::State& state) {
  for (auto _ : state) {
    const auto nodes = nodes_of(shape);
    const double start = now();
    std::vector<long> values(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) values[i] = nodes[i].call(values.data(), nodes[i].inputs);
    benchmark::DoNotOptimize(values.data());
    state.SetIterationTime((now() - start) / tasks);
  }
}

// --- between two ranks ------------------------------------------------------------------------------------
constexpr int messages = 100000;
constexpr int blocks = 64;
constexpr int block_doubles = 1 << 17;  // 1 MiB

long pass(long x) { return x; }
std::vector<double> make_block(int n) { return std::vector<double>(static_cast<std::size_t>(n), 1.0); }
double first_of(const std::vector<double>& block) { return block[0]; }
ramal::Block<double> make_real_block(int n) {
  return ramal::Block<double>::filled({static_cast<std::uint64_t>(n)}, 1.0);
}
double first_of_block(const ramal::Block<double>& block) { return block.data()[0]; }

/// The moment at which all is planned and shipped.
double gate() {
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return now();
}
long pass_after(double, long x) { return x; }
double moment_after(ramal::Inputs<long>) { return now(); }

/// From the first task on rank 0 to the moment when rank 1 has the results of all, tasks included.
void stream(benchmark::State& state) {
  for (auto _ : state) {
    auto start = delayed<gate>.annotate({.rank = 0})();
    const auto here = delayed<pass_after>.annotate({.rank = 0});
    std::vector<Delayed<long>> sent;
    for (long i = 0; i < messages; ++i) sent.push_back(here(start, i));
    const auto [from, to] = session->compute(start, delayed<moment_after>.annotate({.rank = 1})(sent));
    state.SetIterationTime((to - from) / messages);
  }
}
void receive_stream(int count, int doubles) {
  std::vector<double> room(static_cast<std::size_t>(doubles));
  for (int i = 0; i < count; ++i) MPI_Recv(room.data(), doubles, MPI_DOUBLE, 0, 0, own, MPI_STATUS_IGNORE);
  MPI_Send(room.data(), 0, MPI_DOUBLE, 0, 1, own);
}
/// All from `different` blocks in turn: 1 stays in the cache.
double stream_by_hand(int count, int doubles, int different = 1) {
  auto other = delayed<receive_stream>.annotate({.rank = 1})(count, doubles);
  session->persist(other);
  session->progress();
  const std::vector<std::vector<double>> sent(static_cast<std::size_t>(different), make_block(doubles));
  const double start = now();
  for (int i = 0; i < count; ++i)
    MPI_Send(sent[static_cast<std::size_t>(i % different)].data(), doubles, MPI_DOUBLE, 1, 0, own);
  MPI_Recv(nullptr, 0, MPI_DOUBLE, 1, 1, own, MPI_STATUS_IGNORE);
  const double elapsed = now() - start;
  session->wait(other);
  return elapsed;
}
void stream_by_hand(benchmark::State& state) {
  for (auto _ : state) state.SetIterationTime(stream_by_hand(messages, 1) / messages);
}
template <auto make, auto first>
void bandwidth(benchmark::State& state) {
  for (auto _ : state) {
    std::vector<decltype(delayed<make>(0))> made;
    std::vector<Delayed<double>> used;
    for (int i = 0; i < blocks; ++i) {
      made.push_back(delayed<make>.annotate({.rank = 0})(block_doubles));
      used.push_back(delayed<first>.annotate({.rank = 1})(made.back()));
    }
    session->persist(made);
    session->wait(made);
    const double start = now();
    benchmark::DoNotOptimize(session->compute(used));
    state.SetIterationTime((now() - start) / blocks);
  }
}
void bandwidth_by_hand(benchmark::State& state) {
  for (auto _ : state) state.SetIterationTime(stream_by_hand(blocks, block_doubles) / blocks);
}
void bandwidth_of_blocks_by_hand(benchmark::State& state) {
  for (auto _ : state) state.SetIterationTime(stream_by_hand(blocks, block_doubles, blocks) / blocks);
}

/// A loop until convergence: persisted data, one small sum per step.
void round_trip(benchmark::State& state) {
  std::vector<Delayed<long>> data;
  for (int rank = 0; rank < session->ranks(); ++rank)
    data.push_back(delayed<pass>.annotate({.rank = rank})(rank));
  session->persist(data);
  session->wait(data);
  constexpr int steps = 500;
  for (auto _ : state) {
    const double start = now();
    for (int step = 0; step < steps; ++step)
      benchmark::DoNotOptimize(session->compute(ramal::reduce<add>(data)));
    state.SetIterationTime((now() - start) / steps);
  }
}
void allreduce_loop(int steps) {
  long sum = 0;
  const long mine = 1;
  for (int step = 0; step < steps; ++step) MPI_Allreduce(&mine, &sum, 1, MPI_LONG, MPI_SUM, own);
}
void round_trip_by_hand(benchmark::State& state) {
  constexpr int steps = 500;
  for (auto _ : state) {
    auto other = delayed<allreduce_loop>.annotate({.rank = 1})(steps);
    session->persist(other);
    session->progress();
    const double start = now();
    allreduce_loop(steps);
    state.SetIterationTime((now() - start) / steps);
    session->wait(other);
  }
}

// --- the table --------------------------------------------------------------------------------------------
struct Twin {
  const char* name;
  const char* unit;
  void (*ramal)(benchmark::State&);
  void (*by_hand)(benchmark::State&);
};
const std::vector<Twin> local_twins{
    {"build a 2-input task", "ns", build, build_by_hand},
    {"plan and run a task without inputs", "ns", compute_local<Shape::sources>,
     compute_by_hand<Shape::sources>},
    {"plan and run a tree's task", "ns", compute_local<Shape::tree>, compute_by_hand<Shape::tree>},
    {"plan and run a 3-input stencil's task", "ns", compute_local<Shape::stencil>,
     compute_by_hand<Shape::stencil>}};
const std::vector<Twin> pair_twins{
    {"8-byte result to another rank, streamed", "ns", stream, stream_by_hand},
    {"1 MiB vector to another rank", "us", bandwidth<make_block, first_of>, bandwidth_by_hand},
    {"the same; by hand from 64 MiB too", "us", bandwidth<make_block, first_of>, bandwidth_of_blocks_by_hand},
    {"1 MiB Block; by hand from 64 MiB too", "us", bandwidth<make_real_block, first_of_block>,
     bandwidth_of_blocks_by_hand},
    {"compute on kept data; MPI_Allreduce", "us", round_trip, round_trip_by_hand}};

class Medians final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.aggregate_name == "median")
        seconds[run.run_name.function_name] =
            run.real_accumulated_time /
            static_cast<double>(std::max<benchmark::IterationCount>(1, run.iterations));
    }
  }
  std::map<std::string, double> seconds;
};

void measure(const std::vector<Twin>& twins) {
  for (const Twin& twin : twins) {
    benchmark::RegisterBenchmark(twin.name, twin.ramal)->UseManualTime()->Iterations(1)->Repetitions(15);
    benchmark::RegisterBenchmark((std::string(twin.name) + ", by hand").c_str(), twin.by_hand)
        ->UseManualTime()
        ->Iterations(1)
        ->Repetitions(15);
  }
}
void print(const std::vector<Twin>& twins, Medians& medians) {
  for (const Twin& twin : twins) {
    const double scale = std::string(twin.unit) == "ns" ? 1e9 : 1e6;
    const double ours = medians.seconds[twin.name] * scale;
    const double theirs = medians.seconds[std::string(twin.name) + ", by hand"] * scale;
    std::printf("| %-42s | %8.1f %s | %8.1f %s | %6.2f |\n", twin.name, ours, twin.unit, theirs, twin.unit,
                ours / theirs);
  }
}

void open_own_communicator() { MPI_Comm_dup(MPI_COMM_WORLD, &own); }

}  // namespace

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [&](Session& started) {
    session = &started;
    benchmark::Initialize(&argc, argv);
    const bool two = started.ranks() == 2;
    if (two) {
      // A collective call: all ranks at once, rank 0 inside its own task.
      started.on_every_rank<open_own_communicator>();
    }
    measure(two ? pair_twins : local_twins);
    Medians medians;
    benchmark::RunSpecifiedBenchmarks(&medians);
    std::printf("| %-42s | %11s | %11s | %6s |\n", "median of 15", "Ramal", "by hand", "ratio");
    std::printf("|%s|%s|%s|%s|\n", "--------------------------------------------",
                "------------:", "------------:", "-------:");
    print(two ? pair_twins : local_twins, medians);
    return 0;
  });
}
