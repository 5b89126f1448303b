// SPDX-License-Identifier: BSD-3-Clause
// Pictures of graphs, as Dask draws them: a circle per task with its function's name, an unlabelled
// box per result; literals are not drawn. For add(inc(1), dec(2)), with rankdir LR:
//
//   (inc) -> [] --> (add) -> []      An input that one call uses twice is one arrow. A box that no
//   (dec) -> [] --/                  circle leads to, filled grey, exists already: it was persisted,
//                                    or is a ramal::value.
//
// A graph with more than `most_nodes` circles and boxes, or whose arrows run past more than five times
// as many rows of the picture (Graphviz's time depends on that), is collapsed: one circle for all tasks
// of one function on one level, `inc ×128`. Where that is still too large, neighbouring levels share
// circles too. The picture and a line on standard error say so.
#pragma once

#include <ramal/family.hpp>

#include <ranges>

namespace ramal {

/// See `visualize`.
struct VisualizeOptions {
  std::string rankdir = "BT";     ///< where arrows point, as Graphviz has it: BT, TB, LR or RL
  std::size_t most_nodes = 4000;  ///< circles and boxes; the default takes Graphviz up to half a minute
};

namespace detail {

/// The picture as text in Graphviz's DOT language; the first line is a comment that says what was
/// collapsed, if anything was. The k-th task in the graph's order is circle `tk` and box `rk`. Throws
/// std::invalid_argument if there are no targets or one was moved from. Linear in tasks and edges, times
/// the logarithm of the number of levels if they have to share circles.
std::string to_dot(std::span<const Task* const> targets, const VisualizeOptions& options);
/// Writes `file`; see `visualize`. Defined by the runtime, which may start programs.
void visualize(std::span<const Task* const> targets, const std::string& file,
               const VisualizeOptions& options);

/// Every task named in `target`: a Delayed, a Family, for which its first member stands, or a range of them.
template <class Target>
void add_tasks(std::vector<TaskHandle>& tasks, const Target& target) {
  if constexpr (is_delayed<Target>) {
    tasks.push_back(target.task_handle());
  } else if constexpr (is_family<Target>) {
    if (target.size() > 0) tasks.push_back(target[target.extent().place_of(0)].task_handle());
  } else {
    for (const auto& element : target) add_tasks(tasks, element);
  }
}

}  // namespace detail

/// Draws the graph behind a Delayed or a Family, or a range of them, to a file: `.dot` holds the text,
/// `.svg`, `.png` and `.pdf` are laid out by Graphviz's `dot`. Runs nothing of the graph. The file appears
/// when it is complete; after an error an older one is still there. By the thread that uses the session,
/// since both use the tasks' own words. Collecting is linear in tasks and edges; Graphviz takes up to half a
/// minute. Throws std::invalid_argument for another extension or rankdir, an empty range or a moved-from
/// handle; std::runtime_error if the file cannot be written or Graphviz is missing or fails.
///
///   ramal::visualize(total, "sum.svg", {.rankdir = "LR"});
template <class Target>
void visualize(const Target& target, const std::string& file, const VisualizeOptions& options = {}) {
  std::vector<detail::TaskHandle> held;
  detail::add_tasks(held, target);
  std::vector<const detail::Task*> tasks;
  for (const auto& handle : held) tasks.push_back(handle.get());
  detail::visualize(tasks, file, options);
}

}  // namespace ramal
