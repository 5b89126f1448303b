// SPDX-License-Identifier: BSD-3-Clause
// Pictures of graphs, as Dask draws them: a circle per task with its function's name, an unlabelled
// box per result; literals are not drawn.
#pragma once

#include <ramal/delayed.hpp>

#include <filesystem>
#include <ranges>

namespace ramal {

struct VisualizeOptions {
  std::string rankdir = "BT";     ///< where arrows point, as Graphviz has it: BT, TB, LR or RL
  std::size_t most_nodes = 4000;  ///< circles and boxes; a larger graph is collapsed by function and level
};

namespace detail {

/// The picture as text in Graphviz's DOT language. Linear in tasks and edges.
std::string to_dot(std::span<const Task* const> targets, const VisualizeOptions& options);
/// Writes `file`; see `visualize`. Defined by the runtime, which may start programs.
void visualize(std::span<const Task* const> targets, const std::filesystem::path& file, const VisualizeOptions& options);

/// Every task named in `target`: a Delayed, or a range of them.
template <class Target>
void add_tasks(std::vector<const Task*>& tasks, const Target& target) {
  if constexpr (is_delayed<Target>) {
    tasks.push_back(target.task_handle().get());
  } else {
    for (const auto& element : target) add_tasks(tasks, element);
  }
}

}  // namespace detail

/// Draws the graph behind a Delayed, or a range of them, to a file: `.dot` holds the text, `.svg`,
/// `.png` and `.pdf` are laid out by Graphviz's `dot`. What is persisted is drawn as a box that no
/// circle leads to. Runs nothing of the graph. A graph beyond `most_nodes` is drawn with one node per
/// function and level, and says so in the picture and on standard error.
/// Throws std::invalid_argument for another extension or rankdir, std::runtime_error if the file
/// cannot be written or Graphviz is missing or fails.
template <class Target>
void visualize(const Target& target, const std::filesystem::path& file, const VisualizeOptions& options = {}) {
  std::vector<const detail::Task*> tasks;
  detail::add_tasks(tasks, target);
  detail::visualize(tasks, file, options);
}

}  // namespace ramal
