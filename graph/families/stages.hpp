// SPDX-License-Identifier: BSD-3-Clause
// Stages: families and tasks may read each other in turns, and each turn is two runs of its own: a family
// program, then the explicit tasks that read its members, which other families read.
#pragma once

#include "graph/core/graph.hpp"

#include <ramal/detail/dependence.hpp>

#include <functional>
#include <unordered_set>

namespace ramal::detail {

/// A stage: families that can be made together once those of the stages before exist.
struct FamilyStage {
  std::vector<std::shared_ptr<const FamilyNode>> families;
  std::vector<TaskHandle> members;  ///< handles to members of these that the targets need
};

struct FamilyStages {
  std::vector<FamilyStage> stages;  ///< in the order in which they are made
  /// Handles that are members of a family of handles and are also read, or asked for, in another way, or by
  /// families of several stages.
  std::unordered_set<const Task*> read_otherwise;
};
/// The stages of all families that the targets need and that are not kept. `graph`: what `collect` makes of
/// them. Where that starts from no member that is to be made there are none, which takes no walk. Else walks
/// what the targets need up to what is kept, with a stack of its own, however long the chain.
/// O(tasks + families).
FamilyStages family_stages(const Graph& graph, std::span<const Task* const> targets,
                           const std::function<bool(const FamilyNode&)>& is_kept);

}  // namespace ramal::detail
