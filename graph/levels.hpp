// SPDX-License-Identifier: BSD-3-Clause
// Levels: families and tasks may read each other in turns, and each turn is a run of its own: a program of
// families, then what is made of their members, which other families read.
#pragma once

#include <ramal/dependence.hpp>

#include <functional>

namespace ramal::detail {

/// Families that can be made together once those of the levels below exist.
struct FamilyLevel {
  std::vector<std::shared_ptr<const FamilyNode>> families;
  std::vector<TaskHandle> members;  ///< handles to members of these that the targets need
};

/// Of all families that the targets need and that are not kept, the lowest first. Walks what the targets need
/// up to what is kept, with a stack of its own, however long the chain. O(tasks + families).
std::vector<FamilyLevel> family_levels(std::span<const Task* const> targets,
                                       const std::function<bool(const FamilyNode&)>& is_kept);

}  // namespace ramal::detail
