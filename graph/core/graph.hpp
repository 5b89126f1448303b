// SPDX-License-Identifier: BSD-3-Clause
// Graph: the tasks one run needs, in flat arrays. Made by `collect`, never changed afterwards.
//
// Order: depth first from the targets, inputs before their consumers, so that what is summed together
// stands together, and running in this order holds few values at once.
#pragma once

#include "graph/core/image.hpp"
#include "graph/core/pages.hpp"

#include <ramal/detail/task.hpp>

#include <vector>

namespace ramal::detail {

using TaskIndex = std::uint32_t;

struct Graph {
  PagedVector<const Task*> tasks;
  PagedVector<TaskIndex> input_offsets;  ///< task i reads inputs[input_offsets[i] .. input_offsets[i+1])
  PagedVector<TaskIndex> inputs;
  PagedVector<std::uint32_t> kind_index;  ///< into `kinds` and `sites`
  std::vector<const Kind*> kinds;   ///< once for each line that makes tasks of it
  std::vector<CallSite> sites;      ///< those lines
  std::vector<TaskIndex> targets;   ///< one per target asked for; may repeat
  std::vector<TaskIndex> given;     ///< tasks for which is_given holds, in rising order
  std::vector<bool> annotated;      ///< task i has wishes; empty if none has

  std::size_t size() const { return tasks.size(); }
  /// Null if the task has none. Most tasks need not be looked at for that, which would miss the cache.
  const Annotation* wishes_of(TaskIndex i) const {
    return !annotated.empty() && annotated[i] ? tasks[i]->annotation() : nullptr;
  }
  std::span<const TaskIndex> inputs_of(TaskIndex i) const {
    return std::span(inputs).subspan(input_offsets[i], input_offsets[i + 1] - input_offsets[i]);
  }
};

/// Collects all that `targets` need and that does not exist yet, and the given values it starts from. Uses
/// each task's scratch word, so one thread at a time may collect what shares tasks. Linear in tasks and
/// edges; no recursion. Throws std::length_error beyond 2^32 - 2 tasks.
Graph collect(std::span<const Task* const> targets);

/// The task is given: its value exists, or another run makes it. It is kept by a session, a constant, or a
/// member of a family.
inline bool is_given(const Task& task) {
  return task.residence() != nullptr || task.constant() != nullptr || task.family() != nullptr;
}

}  // namespace ramal::detail
