// SPDX-License-Identifier: BSD-3-Clause
// Task Bench's graphs beside their definition, written out anew, and that its tasks notice what is wrong.
#include "apps/task_bench/core.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace task_bench {
namespace {

Graph graph(Pattern pattern, long steps, long width, long radix = 3) {
  Config config;
  config.pattern = pattern;
  config.steps = steps;
  config.width = width;
  config.radix = radix;
  return Graph(config, 0);
}

/// What the paper's table says, for a point whose whole previous row is active.
std::set<long> defined(Pattern pattern, long step, long p, long width, long radix) {
  std::set<long> points;
  const auto add = [&](long q) {
    if (q >= 0 && q < width) points.insert(q);
  };
  long log = 0;
  while ((1L << log) < width) ++log;
  const long stage = (step + std::max(log, 1L) - 1) % std::max(log, 1L);
  switch (pattern) {
    case Pattern::trivial:
      break;
    case Pattern::no_comm:
      add(p);
      break;
    case Pattern::stencil_1d:
      for (const long q : {p - 1, p, p + 1}) add(q);
      break;
    case Pattern::stencil_1d_periodic:
      for (const long q : {p - 1, p, p + 1}) add((q + width) % width);
      break;
    case Pattern::dom:
      for (const long q : {p - 1, p}) add(q);
      break;
    case Pattern::tree:
      add(p / 2);
      break;
    case Pattern::fft:
      for (const long q : {p - (1L << stage), p, p + (1L << stage)}) add(q);
      break;
    case Pattern::all_to_all:
      for (long q = 0; q < width; ++q) add(q);
      break;
    case Pattern::nearest:
      for (long q = p - radix / 2; q <= p + (radix - 1) / 2; ++q) add(q);
      break;
    case Pattern::spread:
      for (long i = 0; i < radix; ++i) add((p + i * width / radix + (i > 0 ? step % 3 : 0)) % width);
      break;
    case Pattern::random_nearest:
      ADD_FAILURE() << "has no table";
  }
  return points;
}

TEST(TaskBench, DependencesAreAsDefined) {
  for (const auto pattern :
       {Pattern::trivial, Pattern::no_comm, Pattern::stencil_1d, Pattern::stencil_1d_periodic, Pattern::dom,
        Pattern::tree, Pattern::fft, Pattern::all_to_all, Pattern::nearest, Pattern::spread}) {
    for (const long width : {1L, 2L, 5L, 8L, 16L}) {
      const long radix = pattern == Pattern::spread ? std::min(3L, width) : 5;
      if (pattern == Pattern::spread && width < 8) continue;  // points would be read twice
      const Graph made = graph(pattern, 40, width, radix);
      for (long step = 1; step < 40; ++step) {
        for (long p = made.offset(step); p < made.offset(step) + made.width(step); ++p) {
          auto expected = defined(pattern, step, p, width, radix);
          std::erase_if(expected, [&](long q) { return !made.is_active(step - 1, q); });
          const auto found = made.dependences(step, p);
          EXPECT_EQ(std::set<long>(found.begin(), found.end()), expected)
              << static_cast<int>(pattern) << " (" << step << ", " << p << ") of " << width;
          EXPECT_EQ(found.size(), expected.size());
        }
      }
    }
  }
}

TEST(TaskBench, ConsumersAreTheInverse) {
  for (int number = 0; number <= static_cast<int>(Pattern::random_nearest); ++number) {
    const Graph made = graph(static_cast<Pattern>(number), 30, 9);
    long edges = 0;
    for (long step = 0; step + 1 < 30; ++step) {
      for (long p = made.offset(step); p < made.offset(step) + made.width(step); ++p) {
        for (const long to : made.consumers(step, p)) {
          const auto reads = made.dependences(step + 1, to);
          EXPECT_TRUE(std::ranges::find(reads, p) != reads.end());
          ++edges;
        }
      }
    }
    EXPECT_EQ(edges, made.edges()) << number;
  }
}

TEST(TaskBench, RampsUpAndDown) {
  const Graph tree = graph(Pattern::tree, 6, 8);
  EXPECT_EQ(tree.width(0), 1);
  EXPECT_EQ(tree.width(2), 4);
  EXPECT_EQ(tree.width(5), 8);
  const Graph dom = graph(Pattern::dom, 10, 4);
  EXPECT_EQ(dom.width(0), 1);
  EXPECT_EQ(dom.width(5), 4);
  EXPECT_EQ(dom.width(9), 1);
  EXPECT_EQ(dom.offset(5), 0);
  EXPECT_EQ(dom.offset(9), 3);
}

TEST(TaskBench, ATaskNoticesAWrongInput) {
  const Graph made = graph(Pattern::stencil_1d, 5, 4);
  std::vector<Mark> inputs{{2, 0}, {2, 1}, {2, 2}};
  EXPECT_EQ(made.execute(3, 1, inputs, {}), (Mark{3, 1}));
  std::swap(inputs[0], inputs[1]);
  EXPECT_THROW(made.execute(3, 1, inputs, {}), std::runtime_error);
  inputs = {{2, 0}, {1, 1}, {2, 2}};
  EXPECT_THROW(made.execute(3, 1, inputs, {}), std::runtime_error);
  inputs = {{2, 0}, {2, 1}};
  EXPECT_THROW(made.execute(3, 1, inputs, {}), std::runtime_error);
  EXPECT_THROW(made.execute(3, 4, inputs, {}), std::runtime_error);
}

TEST(TaskBench, ATaskNoticesAWrongByteAnywhere) {
  Config config;
  config.pattern = Pattern::no_comm;
  config.output_bytes = 160;
  config.kernel = Kernel::memory_bound;
  config.scratch_bytes = 64;
  config.iterations = 3;
  const Graph made(config, 0);
  std::vector<std::byte> first(160), second(160), scratch(64);
  Graph::prepare(scratch);
  made.execute(0, 2, std::vector<std::span<const std::byte>>{}, first, scratch);
  made.execute(1, 2, std::vector<std::span<const std::byte>>{first}, second, scratch);
  const std::span<const std::byte> halved = std::span(first).first(80);
  EXPECT_THROW(made.execute(1, 2, std::vector{halved}, second, scratch), std::runtime_error);
  first[150] ^= std::byte{1};
  EXPECT_THROW(made.execute(1, 2, std::vector<std::span<const std::byte>>{first}, second, scratch),
               std::runtime_error);
  first[150] ^= std::byte{1};
  scratch[0] ^= std::byte{1};
  EXPECT_THROW(made.execute(1, 2, std::vector<std::span<const std::byte>>{first}, second, scratch),
               std::runtime_error);
}

TEST(TaskBench, RefusesWhatMakesNoGraph) {
  EXPECT_THROW(graph(Pattern::spread, 4, 4, 8), std::invalid_argument) << "would read a point twice";
  EXPECT_THROW(graph(Pattern::trivial, 0, 4), std::invalid_argument);
  EXPECT_THROW(graph(Pattern::trivial, 4, -1), std::invalid_argument);
}

}  // namespace
}  // namespace task_bench
