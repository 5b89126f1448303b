// SPDX-License-Identifier: BSD-3-Clause
#include "apps/task_bench/on_ramal.hpp"

#include <chrono>
#include <concepts>

namespace task_bench {

namespace {

using ramal::Block;
using ramal::Communicator;
using ramal::Delayed;
using ramal::Inputs;
using Bytes = Block<std::byte>;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<Graph> all_graphs;

/// Which task this is. One literal, since it is read for every task.
struct Place {
  std::uint32_t graph;
  std::uint32_t step;
  std::uint32_t point;
};

/// A thread's own, as large as the largest that a graph asks for.
std::span<std::byte> scratch(const Graph& graph) {
  thread_local std::vector<std::byte> memory;
  const std::size_t bytes = graph.config().scratch_bytes;
  if (memory.size() < bytes) {
    memory.resize(bytes);
    Graph::prepare(memory);
  }
  return {memory.data(), bytes};
}

Mark small(Place place, const Inputs<Mark>& inputs) {
  const Graph& graph = all_graphs[place.graph];
  const bool needs_scratch = graph.config().scratch_bytes > 0;
  return graph.execute(place.step, place.point, inputs,
                       needs_scratch ? scratch(graph) : std::span<std::byte>());
}
Bytes large(Place place, const Inputs<Bytes>& inputs) {
  const Graph& graph = all_graphs[place.graph];
  std::vector<std::span<const std::byte>> bytes;
  for (const Bytes& input : inputs) bytes.emplace_back(input.data(), input.size());
  Bytes output({graph.config().output_bytes});
  graph.execute(place.step, place.point, bytes, {output.data(), output.size()}, scratch(graph));
  return output;
}
/// Those without inputs wait for the start.
Mark small_first(Place place, double) { return small(place, Inputs<Mark>()); }
Bytes large_first(Place place, double) { return large(place, Inputs<Bytes>()); }

/// When every rank has its share. Of this rank's clock.
double start(Communicator& communicator, Inputs<long>) {
  communicator.gather("");
  return now();
}
template <class T>
long count(const Inputs<T>& results) {
  return static_cast<long>(results.size());
}
long plus(long a, long b) { return a + b; }
/// On the same rank as `start`'s result.
double seconds(double started, long results, long expected) {
  if (results != expected)
    throw std::runtime_error("task_bench: expected " + std::to_string(expected) +
                             " results at the end, found " + std::to_string(results));
  return now() - started;
}

/// Appends, for each point, a count of the results of it that no other task reads.
template <class T, auto first, auto task>
void build(std::uint32_t number, const Delayed<double>& gate, std::vector<Delayed<long>>& ends) {
  const Graph& graph = graphs()[number];
  std::vector<std::vector<Delayed<T>>> unread(static_cast<std::size_t>(graph.config().width));
  std::vector<Delayed<T>> before, row;  // of the points in their windows
  std::vector<Delayed<T>> inputs;
  for (long step = 0; step < graph.config().steps; ++step) {
    row.clear();
    for (long point = graph.offset(step); point < graph.offset(step) + graph.width(step); ++point) {
      const Place place{number, static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(point)};
      inputs.clear();
      for (const long from : graph.dependences(step, point))
        inputs.push_back(before[static_cast<std::size_t>(from - graph.offset(step - 1))]);
      row.push_back(inputs.empty() ? ramal::delayed<first>(place, gate)
                                   : ramal::delayed<task>(place, inputs));
      if (graph.consumers(step, point).empty()) unread[static_cast<std::size_t>(point)].push_back(row.back());
    }
    std::swap(before, row);
  }
  for (const auto& results : unread) {
    if (!results.empty()) ends.push_back(ramal::delayed<count<T>>(results));
  }
}

// --- families ---------------------------------------------------------------------------------------------

/// Points outside of a row's window are members that do nothing.
template <std::uint32_t number>
Mark small_member(const ramal::Index& at, const Inputs<Mark>& inputs) {
  if (!all_graphs[number].is_active(at[0], at[1])) return {};
  return small({number, static_cast<std::uint32_t>(at[0]), static_cast<std::uint32_t>(at[1])}, inputs);
}
template <std::uint32_t number>
Bytes large_member(const ramal::Index& at, const Inputs<Bytes>& inputs) {
  if (!all_graphs[number].is_active(at[0], at[1])) return {};
  return large({number, static_cast<std::uint32_t>(at[0]), static_cast<std::uint32_t>(at[1])}, inputs);
}

template <std::uint32_t number, auto member>
auto family_of(const Graph& graph) {
  const auto depends = [](const ramal::Index& at, ramal::Reads& reads) {
    const Graph& graph = all_graphs[number];
    if (!graph.is_active(at[0], at[1])) return;
    for (const long from : graph.dependences(at[0], at[1])) reads.self({at[0] - 1, from});
  };
  return ramal::family<member>.with({.reach = ramal::Index(1, graph.reach()),
                                     .steps = true,
                                     .period = graph.period(),
                                     .periodic_from = graph.settled()})(
      ramal::Index(graph.config().steps, graph.config().width), depends);
}

constexpr std::uint32_t most_families = 8;

template <std::uint32_t number = 0>
void append_families(std::vector<ramal::Family<Mark>>& small, std::vector<ramal::Family<Bytes>>& large) {
  if constexpr (number < most_families) {
    if (number >= all_graphs.size()) return;
    const Graph& graph = all_graphs[number];
    if (graph.config().output_bytes == sizeof(Mark)) {
      small.push_back(family_of<number, &small_member<number>>(graph));
    } else {
      large.push_back(family_of<number, &large_member<number>>(graph));
    }
    append_families<number + 1>(small, large);
  }
}

}  // namespace

Times run_families(ramal::Session& session) {
  if (all_graphs.size() > most_families)
    throw std::invalid_argument("task_bench: at most 8 graphs can run as families, found " +
                                std::to_string(all_graphs.size()) + "; use -explicit");
  const double began = now();
  std::vector<ramal::Family<Mark>> small;
  std::vector<ramal::Family<Bytes>> large;
  append_families(small, large);
  session.run(small, large);
  const double all = now() - began;
  return {all, all};
}

std::vector<Graph>& graphs() { return all_graphs; }

Times run_explicitly(ramal::Session& session) {
  const double began = now();
  const auto gate = ramal::collective<start>(std::vector<Delayed<long>>{});
  std::vector<Delayed<long>> ends;
  long expected = 0;
  for (std::uint32_t number = 0; number < graphs().size(); ++number) {
    const Graph& graph = graphs()[number];
    if (graph.config().output_bytes == sizeof(Mark)) {
      build<Mark, small_first, small>(number, gate, ends);
    } else {
      build<Bytes, large_first, large>(number, gate, ends);
    }
    for (long step = 0; step < graph.config().steps; ++step) {
      for (long point = graph.offset(step); point < graph.offset(step) + graph.width(step); ++point)
        expected += graph.consumers(step, point).empty() ? 1 : 0;
    }
  }
  const auto done = ramal::delayed<seconds>.annotate({.rank = 0})(gate, ramal::reduce<plus>(ends), expected);
  const double running = session.compute(done);
  return {running, now() - began};
}

}  // namespace task_bench
