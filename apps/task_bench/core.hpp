// SPDX-License-Identifier: BSD-3-Clause
// Task Bench's parameter space (Slaughter et al., "Task Bench: A Parameterized Benchmark for Evaluating
// Parallel Runtime Performance", SC20): graphs of steps x width points, what a point depends on, what it
// computes, and what it checks. Knows no runtime: the programs on Ramal and on plain MPI share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace task_bench {

enum class Pattern {
  trivial,
  no_comm,
  stencil_1d,
  stencil_1d_periodic,
  dom,
  tree,
  fft,
  all_to_all,
  nearest,
  spread,
  random_nearest
};
enum class Kernel { empty, busy_wait, compute_bound, memory_bound, load_imbalance };

/// What a command line says of one graph.
struct Config {
  Pattern pattern = Pattern::trivial;
  Kernel kernel = Kernel::empty;
  long steps = 4;
  long width = 4;
  long radix = 3;
  long period = 3;         ///< sets of dependences of spread and random_nearest
  double fraction = 0.25;  ///< of edges that random_nearest keeps
  long iterations = 0;
  double imbalance = 0;
  std::size_t output_bytes = 16;
  std::size_t scratch_bytes = 0;
};

/// What an output is filled with, again and again: who made it.
struct Mark {
  std::int64_t step;
  std::int64_t point;
  bool operator==(const Mark&) const = default;
};

/// One graph: its rows, and what each point depends on, worked out once. O(edges of one period) memory.
class Graph {
 public:
  /// Throws std::invalid_argument for a config that makes no graph, as one with an edge twice.
  Graph(const Config& config, long number);

  const Config& config() const { return config_; }
  /// Points active in a row are offset(step) to offset(step) + width(step) - 1.
  long width(long step) const;
  long offset(long step) const;
  bool is_active(long step, long point) const {
    if (!has_windows()) return point >= 0 && point < config_.width;
    return point >= offset(step) && point < offset(step) + width(step);
  }
  /// The points of the row before that (step, point) reads, in order. Within that row's window.
  std::span<const long> dependences(long step, long point) const;
  /// The points of the row after that read (step, point). Within that row's window.
  std::span<const long> consumers(long step, long point) const;

  /// What points read repeats after so many steps, from that step on; 0: not.
  long period() const { return config_.pattern == Pattern::dom ? 0 : sets(); }
  long settled() const;
  /// Farthest that a point reads from its own place.
  long reach() const;

  long tasks() const;
  long edges() const;
  double flops() const;
  double bytes() const;

  /// Checks the inputs, runs the kernel, fills the output. Throws std::runtime_error naming what is wrong.
  void execute(long step, long point, std::span<const std::span<const std::byte>> inputs,
               std::span<std::byte> output, std::span<std::byte> scratch) const;
  /// The same for outputs of 16 bytes; inputs[k] is the k-th.
  template <class Inputs>
  Mark execute(long step, long point, const Inputs& inputs, std::span<std::byte> scratch) const {
    check_point(step, point);
    const auto expected = dependences(step, point);
    if (inputs.size() != expected.size()) wrong_count(step, point, expected.size(), inputs.size());
    for (std::size_t k = 0; k < expected.size(); ++k) {
      if (inputs[k] != Mark{step - 1, expected[k]}) wrong_input(step, point, k, expected[k], inputs[k]);
    }
    run_kernel(step, point, scratch);
    return {step, point};
  }

  /// Marks a point's scratch memory, which `execute` checks.
  static void prepare(std::span<std::byte> scratch);
  void set_iterations(long iterations) { config_.iterations = iterations; }

 private:
  struct Lists {
    std::vector<std::size_t> begin;
    std::vector<long> points;
  };
  /// Not all points are active in all rows.
  bool has_windows() const { return config_.pattern == Pattern::dom || config_.pattern == Pattern::tree; }
  long sets() const;
  long set_of(long step) const;
  std::vector<long> unclipped(long set, long point) const;
  std::span<const long> clipped(const Lists& lists, long point, long step) const;
  long iterations_of(long step, long point) const;
  void check_point(long step, long point) const;
  [[noreturn]] void wrong_count(long step, long point, std::size_t expected, std::size_t found) const;
  [[noreturn]] void wrong_input(long step, long point, std::size_t k, long expected, const Mark& found) const;
  /// Checks the scratch memory's mark as well.
  void run_kernel(long step, long point, std::span<std::byte> scratch) const;

  Config config_;
  long number_;
  std::vector<Lists> forward_, backward_;  // by set
};

/// Reads `-steps 10 -width 4 … -and -steps …`. Throws std::invalid_argument naming what is not understood.
std::vector<Graph> parse(int argc, char** argv);
/// The options, a line each.
std::string usage();
/// Task Bench's closing report.
std::string report(const std::vector<Graph>& graphs, double seconds);
/// Of this process alone, seconds for `tasks` kernels of graphs[0] in a row.
double time_kernels(const Graph& graph, long tasks);

}  // namespace task_bench
