// SPDX-License-Identifier: BSD-3-Clause
#include "graph/core/costs.hpp"

#include <algorithm>

namespace ramal::detail {

namespace {

constexpr double shortest_seconds = 5e-6;
constexpr double noise = 1.5;

struct Learnt {
  std::size_t kind;
  double seconds;
  double tasks;  // that are to run and state no cost
};

std::vector<Learnt> look_up(const Graph& graph, const SecondsOf& seconds_of) {
  std::vector<Learnt> learnt;
  for (std::size_t kind = 0; kind < graph.kinds.size(); ++kind) {
    const double seconds = seconds_of(*graph.kinds[kind]);
    if (seconds > 0) learnt.push_back({kind, std::max(seconds, shortest_seconds), 0});
  }
  return learnt;
}

void count_tasks(const Graph& graph, std::vector<Learnt>& learnt) {
  std::vector<double> tasks(graph.kinds.size(), 0.0);
  for (TaskIndex i = 0; i < graph.size(); ++i) {
    if (!states_cost(graph.wishes_of(i))) tasks[graph.kind_index[i]] += 1;
  }
  for (const TaskIndex i : graph.given) {
    if (!states_cost(graph.wishes_of(i))) tasks[graph.kind_index[i]] -= 1;
  }
  for (Learnt& one : learnt) one.tasks = tasks[one.kind];
  std::erase_if(learnt, [](const Learnt& one) { return one.tasks == 0; });
}

/// Kinds that cannot be told apart have their mean from here on, so that noise does not move a stencil out of
/// its columns. True if several groups are left.
bool group(std::vector<Learnt>& learnt) {
  std::ranges::stable_sort(learnt, {}, &Learnt::seconds);
  std::size_t groups = 0;
  for (auto first = learnt.begin(); first != learnt.end(); ++groups) {
    const auto last = std::find_if(first, learnt.end(),
                                   [&](const Learnt& one) { return one.seconds > noise * first->seconds; });
    double tasks = 0;
    double seconds = 0;
    for (auto one = first; one != last; ++one) tasks += one->tasks, seconds += one->tasks * one->seconds;
    for (; first != last; ++first) first->seconds = seconds / tasks;
  }
  return groups > 1;
}

}  // namespace

std::vector<double> kind_costs(const Graph& graph, const SecondsOf& seconds_of) {
  if (!seconds_of) return {};
  auto learnt = look_up(graph, seconds_of);
  if (learnt.empty()) return {};
  count_tasks(graph, learnt);
  if (!group(learnt)) return {};
  double tasks = 0;
  double seconds = 0;
  for (const Learnt& one : learnt) tasks += one.tasks, seconds += one.tasks * one.seconds;
  std::vector<double> costs(graph.kinds.size(), 1.0);
  for (const Learnt& one : learnt) costs[one.kind] = one.seconds * tasks / seconds;
  return costs;
}

}  // namespace ramal::detail
