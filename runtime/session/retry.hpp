// SPDX-License-Identifier: BSD-3-Clause
// What of persisted results is to be made again, so that some that failed or were cancelled can be tried
// again. For both engines. By the session's thread, which tasks' words belong to.
#pragma once

#include "graph/families/dependencies.hpp"

#include <ramal/detail/engine.hpp>

namespace ramal::detail {

struct Retried {
  std::vector<const Task*> tasks;
  std::vector<std::shared_ptr<const FamilyNode>> families;
};

/// Those of the targets that have failed or were given up, and all that these failed for, each after what it
/// is made of. `failed(one)`: it is kept, and is a failure. `kept(one)`: it is kept, or on its way. What is
/// returned is kept no more.
template <class IsFailed, class IsKept>
Retried retried(const Engine::Tasks& tasks, const Engine::Families& families, IsFailed failed, IsKept kept) {
  Retried again;
  DependencyWalk walk(
      [&](const TaskOrFamily& one) {
        const bool is_constant = one.task != nullptr && one.task->constant() != nullptr;
        return is_constant || (kept(one) && !failed(one));
      },
      [&](const TaskOrFamily& one, const std::vector<Dependency>&) {
        // Also what was never kept: it is made again with what is.
        one.task != nullptr ? one.task->begin_next_attempt() : one.family->begin_next_attempt();
        const bool was_given_up = one.task != nullptr ? one.task->gave_up() : one.family->gave_up;
        if (!was_given_up && !(kept(one) && failed(one))) return;
        if (one.task != nullptr) {
          again.tasks.push_back(one.task);
        } else {
          again.families.push_back(one.family);
        }
      });
  for (const Task* task : tasks) walk.reach({.task = task});
  for (const auto& family : families) walk.reach({nullptr, family});
  for (const Task* task : again.tasks) task->set_residence(nullptr);
  for (const auto& family : again.families) family->residence = nullptr;
  return again;
}

}  // namespace ramal::detail
