// SPDX-License-Identifier: BSD-3-Clause
// Levels: families and tasks may read each other in turns, and each turn is a run of its own: a program of
// families, then what is made of their members, which other families read.
#pragma once

#include <ramal/dependence.hpp>

#include <functional>
#include <unordered_set>

namespace ramal::detail {

/// Families that can be made together once those of the levels below exist.
struct FamilyLevel {
  std::vector<std::shared_ptr<const FamilyNode>> families;
  std::vector<TaskHandle> members;  ///< handles to members of these that the targets need
};

struct FamilyLevels {
  std::vector<FamilyLevel> levels;  ///< the lowest first
  /// Handles that are members of a family of handles and are also read, or asked for, in another way, or by
  /// families of several levels.
  std::unordered_set<const Task*> read_otherwise;
};
/// Of all families that the targets need and that are not kept. Walks what the targets need up to what is
/// kept, with a stack of its own, however long the chain. O(tasks + families).
FamilyLevels family_levels(std::span<const Task* const> targets,
                           const std::function<bool(const FamilyNode&)>& is_kept);

}  // namespace ramal::detail
