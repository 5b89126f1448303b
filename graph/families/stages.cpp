// SPDX-License-Identifier: BSD-3-Clause
#include "graph/families/stages.hpp"

#include "graph/families/dependencies.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace ramal::detail {

namespace {

class Stages {
 public:
  explicit Stages(const std::function<bool(const FamilyNode&)>& is_kept) : is_kept_(is_kept) {}

  FamilyStages of(std::span<const Task* const> targets) {
    DependencyWalk walk(
        [this](const TaskOrFamily& one) {
          return one.task != nullptr ? one.task->residence() != nullptr || one.task->constant() != nullptr
                                     : is_kept_(*one.family);
        },
        [this](const TaskOrFamily& one, const std::vector<Dependency>& dependencies) {
          visit(one, dependencies);
        });
    for (const Task* target : targets) {
      read_.insert(target);
      walk.reach({.task = target});
    }
    FamilyStages found{std::move(stages_), {}};
    std::unordered_set<const Task*> once;
    for (const auto& [family, stage] : of_handles_) {
      for (const TaskHandle& handle : family->tasks) {
        const Task* task = handle.get();
        if (!once.insert(task).second || read_.contains(task) || stage == several)
          found.read_otherwise.insert(task);
      }
    }
    return found;
  }

 private:
  /// All that it is made of has its stage. What is made of a member comes after the member's family.
  void visit(const TaskOrFamily& one, const std::vector<Dependency>& dependencies) {
    std::size_t stage = 0;
    for (const Dependency& dependency : dependencies) {
      stage = std::max(stage, stage_.at(dependency.one.key()));
      if (dependency.is_read) read_.insert(dependency.one.task);
    }
    for (const Dependency& dependency : dependencies) {
      if (dependency.one.family == nullptr || dependency.one.family->tasks.empty()) continue;
      const auto [known, is_new] = of_handles_.emplace(dependency.one.family.get(), stage);
      if (!is_new && known->second != stage) known->second = several;
    }
    if (one.task != nullptr && one.task->family() != nullptr && !dependencies.empty() &&
        !is_kept_(*one.task->family())) {
      note_member(*one.task, stage);
      ++stage;
    }
    stage_[one.key()] = stage;
  }

  void note_member(const Task& task, std::size_t stage) {
    if (stages_.size() <= stage) stages_.resize(stage + 1);
    if (noted_.insert(task.family()).second) stages_[stage].families.push_back(task.shared_family());
    task.retain();
    stages_[stage].members.emplace_back(&task);
  }

  const std::function<bool(const FamilyNode&)>& is_kept_;
  std::unordered_map<const void*, std::size_t> stage_;
  static constexpr std::size_t several = ~std::size_t{0};
  std::unordered_set<const Task*> read_;                           // by a task or a family, or asked for
  std::unordered_map<const FamilyNode*, std::size_t> of_handles_;  // the stage of those that read them
  std::unordered_set<const FamilyNode*> noted_;
  std::vector<FamilyStage> stages_;
};

}  // namespace

FamilyStages family_stages(const Graph& graph, std::span<const Task* const> targets,
                           const std::function<bool(const FamilyNode&)>& is_kept) {
  const bool any = std::ranges::any_of(graph.given, [&](TaskIndex i) {
    const Task& task = *graph.tasks[i];
    return task.family() != nullptr && task.residence() == nullptr && !is_kept(*task.family());
  });
  return any ? Stages(is_kept).of(targets) : FamilyStages();
}

}  // namespace ramal::detail
