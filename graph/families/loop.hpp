// SPDX-License-Identifier: BSD-3-Clause
// Loop: one step of `iterate`, as families with a dimension of steps ahead of their own. What a step is made
// of is looked up once; so rank 0's work does not depend on how many there are.
#pragma once

#include <ramal/detail/dependence.hpp>

namespace ramal::detail {

struct LoopSource {
  enum From : std::uint8_t {
    outside,  ///< the same for all steps
    node,     ///< of the same step
    state     ///< of the step before
  } from;
  std::uint32_t number;  ///< which of the loop's sources, nodes or states
  std::int64_t base = 0;
  Index shape;
};

struct LoopNode {
  std::shared_ptr<const FamilyNode> family;  ///< steps first, no sources; a task has the steps alone
  std::vector<LoopSource> sources;           ///< as its pattern counts them
  bool reads_itself = false;
  bool is_task = false;  ///< reads source k for input k; its closure are its literals

  /// The lengths of one step.
  Index within() const { return within_step(family->extent); }
};

/// Immutable, and shared by the families that it leaves. Their sources are the loop's, those of the states
/// first.
struct Loop {
  std::int64_t steps = 1;
  std::vector<LoopNode> nodes;         ///< sources of the same step before those that read them
  std::vector<std::uint32_t> results;  ///< by state: the node that makes it
  std::int64_t done = -1;              ///< the node that tells whether a step is the last; -1: none
};

}  // namespace ramal::detail
