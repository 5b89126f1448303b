// SPDX-License-Identifier: BSD-3-Clause
#include "apps/task_bench/core.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <stdexcept>

namespace task_bench {

namespace {

constexpr std::array<const char*, 11> pattern_names{
    "trivial",    "no_comm", "stencil_1d", "stencil_1d_periodic", "dom", "tree", "fft",
    "all_to_all", "nearest", "spread",     "random_nearest"};
constexpr std::array<const char*, 5> kernel_names{"empty", "busy_wait", "compute_bound", "memory_bound",
                                                  "load_imbalance"};
constexpr std::uint64_t scratch_mark = 0x5ca7c4ed5ca7c4edu;

/// Uniform in [0, 1), the same on every machine (splitmix64's finisher).
double uniform(std::initializer_list<long> of) {
  std::uint64_t x = 0x9e3779b97f4a7c15u;
  for (const long value : of) {
    x ^= static_cast<std::uint64_t>(value) + 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
  }
  return static_cast<double>(x >> 11) * 0x1p-53;
}

void check_scratch(std::span<const std::byte> scratch) {
  if (scratch.size() >= sizeof scratch_mark &&
      std::memcmp(scratch.data(), &scratch_mark, sizeof scratch_mark) != 0)
    throw std::runtime_error("task_bench: the scratch memory has lost its mark");
}

double use(double value) {
  asm volatile("" : : "g"(value) : "memory");
  return value;
}

void busy_wait(long iterations) {
  std::uint64_t x = 113;
  for (long i = 0; i < iterations; ++i) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    asm volatile("" : "+r"(x));
  }
}
/// 16 vectors of 4 doubles: 128 flops an iteration, and 64 at the end.
#define TASK_BENCH_COMPUTE                                                              \
  using Vector = double __attribute__((vector_size(32)));                               \
  Vector values[16];                                                                    \
  for (int k = 0; k < 16; ++k) values[k] = Vector{1, 2, 3, 4} + static_cast<double>(k); \
  const Vector factor = Vector{} + 0.9990234375, term = Vector{} + 0.5;                 \
  for (long i = 0; i < iterations; ++i) {                                               \
    for (Vector & value : values) value = value * factor + term;                        \
  }                                                                                     \
  double sum = 0;                                                                       \
  for (const Vector& value : values) {                                                  \
    for (int k = 0; k < 4; ++k) sum += value[k];                                        \
  }                                                                                     \
  use(sum);
void compute_anywhere(long iterations) { TASK_BENCH_COMPUTE }
#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void compute_fused(long iterations) { TASK_BENCH_COMPUTE }
const auto compute =
    __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &compute_fused : &compute_anywhere;
#else
const auto compute = &compute_anywhere;
#endif
#undef TASK_BENCH_COMPUTE
/// The first half into the second, so that a later run finds the mark.
void copy(std::span<std::byte> scratch, long iterations) {
  const std::size_t half = scratch.size() / 2;
  for (long i = 0; i < iterations; ++i) {
    std::memcpy(scratch.data() + half, scratch.data(), half);
    asm volatile("" : : "r"(scratch.data()) : "memory");
  }
}

std::string at(long step, long point) {
  return "(" + std::to_string(step) + ", " + std::to_string(point) + ")";
}

template <class Enum, std::size_t n>
Enum named(const std::array<const char*, n>& names, const std::string& option, const std::string& name) {
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<Enum>(found - names.begin());
  std::string all;
  for (const char* one : names) all += std::string(all.empty() ? "" : ", ") + one;
  throw std::invalid_argument("task_bench: " + option + ": expected one of " + all + "; found '" + name +
                              "'");
}

}  // namespace

// --- shape ----------------------------------------------------------------------------------------------

Graph::Graph(const Config& config, long number) : config_(config), number_(number) {
  const auto check = [](bool good, const char* option, const std::string& expected, auto found) {
    if (!good)
      throw std::invalid_argument(std::string("task_bench: ") + option + ": expected " + expected +
                                  ", found " + std::to_string(found));
  };
  constexpr long most = std::int64_t{1} << 31;
  check(config_.steps > 0 && config_.steps < most, "-steps", "1 or more", config_.steps);
  check(config_.width > 0 && config_.width < most, "-width", "1 or more", config_.width);
  check(config_.radix >= 0, "-radix", "0 or more", config_.radix);
  check(config_.period > 0, "-period", "1 or more", config_.period);
  check(config_.fraction >= 0 && config_.fraction <= 1, "-fraction", "0 to 1", config_.fraction);
  check(config_.imbalance >= 0 && config_.imbalance <= 2, "-imbalance", "0 to 2", config_.imbalance);
  check(config_.iterations >= 0, "-iter", "0 or more", config_.iterations);
  check(config_.output_bytes >= sizeof(Mark), "-output", "16 bytes or more", config_.output_bytes);
  check(config_.kernel != Kernel::memory_bound || config_.scratch_bytes >= 16, "-scratch",
        "16 bytes or more for memory_bound", config_.scratch_bytes);
  for (long set = 0; set < sets(); ++set) {
    Lists& forward = forward_.emplace_back();
    std::vector<std::size_t> consumers(static_cast<std::size_t>(config_.width) + 1, 0);
    for (long point = 0; point < config_.width; ++point) {
      forward.begin.push_back(forward.points.size());
      const std::vector<long> found = unclipped(set, point);
      auto sorted = found;
      std::ranges::sort(sorted);
      if (std::ranges::adjacent_find(sorted) != sorted.end())
        throw std::invalid_argument("task_bench: point " + std::to_string(point) + " would read point " +
                                    std::to_string(*std::ranges::adjacent_find(sorted)) + " twice: -radix " +
                                    std::to_string(config_.radix) + " is too large for -width " +
                                    std::to_string(config_.width));
      for (const long from : found) ++consumers[static_cast<std::size_t>(from) + 1];
      forward.points.insert(forward.points.end(), found.begin(), found.end());
    }
    forward.begin.push_back(forward.points.size());
    std::partial_sum(consumers.begin(), consumers.end(), consumers.begin());
    Lists& backward = backward_.emplace_back(Lists{consumers, std::vector<long>(forward.points.size())});
    for (long point = 0; point < config_.width; ++point) {
      const auto k = static_cast<std::size_t>(point);
      for (std::size_t i = forward.begin[k]; i < forward.begin[k + 1]; ++i)
        backward.points[consumers[static_cast<std::size_t>(forward.points[i])]++] = point;
    }
  }
}

long Graph::width(long step) const {
  if (config_.pattern == Pattern::dom) return std::min({config_.width, step + 1, config_.steps - step});
  if (config_.pattern == Pattern::tree && step < 40) return std::min(config_.width, 1L << step);
  return config_.width;
}
long Graph::offset(long step) const {
  return config_.pattern == Pattern::dom ? std::max(0L, step + config_.width - config_.steps) : 0;
}

long Graph::sets() const {
  if (config_.pattern == Pattern::spread || config_.pattern == Pattern::random_nearest) return config_.period;
  if (config_.pattern != Pattern::fft) return 1;
  long sets = 0;
  while (1L << sets < config_.width) ++sets;
  return std::max(sets, 1L);
}
long Graph::set_of(long step) const {
  const long count = sets();
  return (config_.pattern == Pattern::fft ? step + count - 1 : step) % count;
}

std::vector<long> Graph::unclipped(long set, long point) const {
  const long width = config_.width, radix = config_.radix;
  std::vector<long> found;
  const auto range = [&](long first, long last) {
    for (long p = std::max(first, 0L); p <= std::min(last, width - 1); ++p) found.push_back(p);
  };
  switch (config_.pattern) {
    case Pattern::trivial:
      break;
    case Pattern::no_comm:
      range(point, point);
      break;
    case Pattern::stencil_1d:
      range(point - 1, point + 1);
      break;
    case Pattern::stencil_1d_periodic:
      range(point - 1, point + 1);
      if (point == 0 && width > 2) found.push_back(width - 1);
      if (point == width - 1 && width > 2) found.push_back(0);
      break;
    case Pattern::dom:
      range(point - 1, point);
      break;
    case Pattern::tree:
      range(point / 2, point / 2);
      break;
    case Pattern::fft:
      for (const long p : {point - (1L << set), point, point + (1L << set)}) range(p, p);
      break;
    case Pattern::all_to_all:
      range(0, width - 1);
      break;
    case Pattern::nearest:
      if (radix > 0) range(point - radix / 2, point + (radix - 1) / 2);
      break;
    case Pattern::spread:
      for (long i = 0; i < radix; ++i)
        found.push_back((point + i * width / radix + (i > 0 ? set : 0)) % width);
      break;
    case Pattern::random_nearest:
      for (long p = std::max(point - radix / 2, 0L); p <= std::min(point + (radix - 1) / 2, width - 1); ++p) {
        if (p == point || uniform({number_, radix, set, p, point}) < config_.fraction) found.push_back(p);
      }
      break;
  }
  return found;
}

/// Only rows whose window grows or shrinks leave some out, and of those of a point the first or last.
std::span<const long> Graph::clipped(const Lists& lists, long point, long step) const {
  const auto k = static_cast<std::size_t>(point);
  const long* first = lists.points.data() + lists.begin[k];
  const long* last = lists.points.data() + lists.begin[k + 1];
  if (has_windows()) {
    while (first != last && !is_active(step, *first)) ++first;
    while (first != last && !is_active(step, last[-1])) --last;
  }
  return {first, last};
}
std::span<const long> Graph::dependences(long step, long point) const {
  if (step == 0) return {};
  return clipped(forward_[static_cast<std::size_t>(set_of(step))], point, step - 1);
}
std::span<const long> Graph::consumers(long step, long point) const {
  if (step + 1 >= config_.steps) return {};
  return clipped(backward_[static_cast<std::size_t>(set_of(step + 1))], point, step + 1);
}

long Graph::settled() const {
  long step = 0;
  while (config_.pattern == Pattern::tree && width(step) < config_.width) ++step;
  return step + 1;  // whose points read the row before
}
long Graph::reach() const {
  long farthest = 0;
  for (const Lists& lists : forward_) {
    for (std::size_t point = 0; point + 1 < lists.begin.size(); ++point) {
      for (std::size_t i = lists.begin[point]; i < lists.begin[point + 1]; ++i)
        farthest = std::max(farthest, std::abs(lists.points[i] - static_cast<long>(point)));
    }
  }
  return farthest;
}

// --- counts ---------------------------------------------------------------------------------------------

long Graph::tasks() const {
  long tasks = 0;
  for (long step = 0; step < config_.steps; ++step) tasks += width(step);
  return tasks;
}
long Graph::edges() const {
  long edges = 0;
  for (long step = 1; step < config_.steps; ++step) {
    for (long p = offset(step); p < offset(step) + width(step); ++p)
      edges += static_cast<long>(dependences(step, p).size());
  }
  return edges;
}
double Graph::flops() const {
  if (config_.kernel == Kernel::compute_bound)
    return static_cast<double>(tasks()) * static_cast<double>(128 * config_.iterations + 64);
  double flops = 0;
  if (config_.kernel == Kernel::load_imbalance) {
    for (long step = 0; step < config_.steps; ++step) {
      for (long p = offset(step); p < offset(step) + width(step); ++p)
        flops += static_cast<double>(128 * iterations_of(step, p) + 64);
    }
  }
  return flops;
}
double Graph::bytes() const {
  if (config_.kernel != Kernel::memory_bound) return 0;
  return static_cast<double>(tasks()) * static_cast<double>(config_.iterations) *
         static_cast<double>(config_.scratch_bytes / 2 * 2);
}

// --- a task -----------------------------------------------------------------------------------------------

long Graph::iterations_of(long step, long point) const {
  if (config_.kernel != Kernel::load_imbalance) return config_.iterations;
  const double scale = 1 + (uniform({number_, step, point}) - 0.5) * config_.imbalance;
  return std::lround(scale * static_cast<double>(config_.iterations));
}

void Graph::run_kernel(long step, long point, std::span<std::byte> scratch) const {
  if (!scratch.empty()) check_scratch(scratch);
  switch (config_.kernel) {
    case Kernel::empty:
      break;
    case Kernel::busy_wait:
      busy_wait(config_.iterations);
      break;
    case Kernel::compute_bound:
      compute(config_.iterations);
      break;
    case Kernel::memory_bound:
      copy(scratch, config_.iterations);
      break;
    case Kernel::load_imbalance:
      compute(iterations_of(step, point));
      break;
  }
}

void Graph::check_point(long step, long point) const {
  if (step < 0 || step >= config_.steps || !is_active(step, point))
    throw std::runtime_error("task_bench: " + at(step, point) + " is not a point of graph " +
                             std::to_string(number_));
}

void Graph::wrong_count(long step, long point, std::size_t expected, std::size_t found) const {
  throw std::runtime_error("task_bench: " + at(step, point) + " expected " + std::to_string(expected) +
                           " inputs, found " + std::to_string(found));
}

void Graph::wrong_input(long step, long point, std::size_t k, long expected, const Mark& found) const {
  throw std::runtime_error("task_bench: input " + std::to_string(k) + " of " + at(step, point) +
                           ": expected that of " + at(step - 1, expected) + ", found that of " +
                           at(found.step, found.point));
}

void Graph::prepare(std::span<std::byte> scratch) {
  std::ranges::fill(scratch, std::byte{0});
  if (scratch.size() >= sizeof scratch_mark) std::memcpy(scratch.data(), &scratch_mark, sizeof scratch_mark);
}

void Graph::execute(long step, long point, std::span<const std::span<const std::byte>> inputs,
                    std::span<std::byte> output, std::span<std::byte> scratch) const {
  check_point(step, point);
  const auto expected = dependences(step, point);
  if (inputs.size() != expected.size()) wrong_count(step, point, expected.size(), inputs.size());
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (inputs[k].size() != config_.output_bytes)
      throw std::runtime_error("task_bench: input " + std::to_string(k) + " of " + at(step, point) + " has " +
                               std::to_string(inputs[k].size()) + " bytes, expected " +
                               std::to_string(config_.output_bytes));
    const Mark mark{step - 1, expected[k]};
    for (std::size_t i = 0; i + sizeof mark <= inputs[k].size(); i += sizeof mark) {
      Mark found;
      std::memcpy(&found, inputs[k].data() + i, sizeof found);
      if (found != mark) wrong_input(step, point, k, expected[k], found);
    }
  }
  run_kernel(step, point, scratch);
  const Mark mark{step, point};
  for (std::size_t i = 0; i + sizeof mark <= output.size(); i += sizeof mark)
    std::memcpy(output.data() + i, &mark, sizeof mark);
}

double time_kernels(const Graph& graph, long tasks) {
  std::vector<std::byte> scratch(graph.config().scratch_bytes);
  Graph::prepare(scratch);
  const auto start = std::chrono::steady_clock::now();
  for (long i = 0; i < tasks; ++i) graph.execute(0, graph.offset(0), std::span<const Mark>(), scratch);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// --- command line ---------------------------------------------------------------------------------------

std::string usage() {
  return "  -steps N       rows of the graph (4)\n"
         "  -width N       points in a row (4)\n"
         "  -type NAME     trivial, no_comm, stencil_1d, stencil_1d_periodic, dom, tree, fft, all_to_all,\n"
         "                 nearest, spread, random_nearest\n"
         "  -radix N       dependences of a point in nearest, spread and random_nearest (3)\n"
         "  -period N      sets of dependences in spread and random_nearest (3)\n"
         "  -fraction X    of the edges that random_nearest keeps (0.25)\n"
         "  -kernel NAME   empty, busy_wait, compute_bound, memory_bound, load_imbalance\n"
         "  -iter N        iterations of the kernel (0)\n"
         "  -imbalance X   load_imbalance's iterations are 1 - X/2 to 1 + X/2 of -iter (0)\n"
         "  -output N      bytes of each result (16)\n"
         "  -scratch N     bytes of memory that memory_bound works in (0)\n"
         "  -and           another graph, beside those before\n";
}

std::vector<Graph> parse(int argc, char** argv) {
  std::vector<Graph> graphs;
  Config config;
  const auto number = [](const std::string& option, const std::string& text, auto& to) {
    std::size_t used = 0;
    try {
      if constexpr (std::is_floating_point_v<std::remove_reference_t<decltype(to)>>) {
        to = std::stod(text, &used);
      } else {
        const long value = std::stol(text, &used);
        if (value < 0) used = 0;
        to = static_cast<std::remove_reference_t<decltype(to)>>(value);
      }
    } catch (const std::logic_error&) {
      used = 0;
    }
    if (used == 0 || used != text.size())
      throw std::invalid_argument("task_bench: " + option + ": expected a number, found '" + text + "'");
  };
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "-and") {
      graphs.emplace_back(config, static_cast<long>(graphs.size()));
      config = {};
      continue;
    }
    if (i + 1 >= argc) throw std::invalid_argument("task_bench: " + option + " needs a value");
    const std::string value = argv[++i];
    if (option == "-steps")
      number(option, value, config.steps);
    else if (option == "-width")
      number(option, value, config.width);
    else if (option == "-radix")
      number(option, value, config.radix);
    else if (option == "-period")
      number(option, value, config.period);
    else if (option == "-fraction")
      number(option, value, config.fraction);
    else if (option == "-iter")
      number(option, value, config.iterations);
    else if (option == "-imbalance")
      number(option, value, config.imbalance);
    else if (option == "-output")
      number(option, value, config.output_bytes);
    else if (option == "-scratch")
      number(option, value, config.scratch_bytes);
    else if (option == "-type")
      config.pattern = named<Pattern>(pattern_names, option, value);
    else if (option == "-kernel")
      config.kernel = named<Kernel>(kernel_names, option, value);
    else
      throw std::invalid_argument("task_bench: no option " + option + "; there are\n" + usage());
  }
  graphs.emplace_back(config, static_cast<long>(graphs.size()));
  return graphs;
}

std::string report(const std::vector<Graph>& graphs, double seconds) {
  long tasks = 0, edges = 0;
  double flops = 0, bytes = 0;
  for (const Graph& graph : graphs) {
    tasks += graph.tasks();
    edges += graph.edges();
    flops += graph.flops();
    bytes += graph.bytes();
  }
  char text[400];
  std::snprintf(text, sizeof text,
                "Total Tasks %ld\nTotal Dependencies %ld\nTotal FLOPs %.0f\nTotal Bytes %.0f\n"
                "Elapsed Time %e seconds\nFLOP/s %e\nB/s %e\n",
                tasks, edges, flops, bytes, seconds, flops / seconds, bytes / seconds);
  return text;
}

}  // namespace task_bench
