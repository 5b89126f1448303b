// SPDX-License-Identifier: BSD-3-Clause
#include "graph/families/levels.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace ramal::detail {

namespace {

class LevelWalk {
 public:
  explicit LevelWalk(const std::function<bool(const FamilyNode&)>& is_kept) : is_kept_(is_kept) {}

  void reach(const Task* target) {
    read_.insert(target);
    visit({target, nullptr});
    while (!stack_.empty()) {
      Visit& top = stack_.back();
      if (top.next < top.needs.size()) {
        const Noun next = top.needs[top.next++];
        visit(next);  // after which `top` may be elsewhere
      } else {
        const Visit done = std::move(top);
        stack_.pop_back();
        finish(done);
      }
    }
  }
  FamilyLevels levels() {
    FamilyLevels found{std::move(levels_), {}};
    std::unordered_set<const Task*> once;
    for (const auto& [family, level] : of_handles_) {
      for (const TaskHandle& handle : family->tasks) {
        const Task* task = handle.get();
        if (!once.insert(task).second || read_.contains(task) || level == several)
          found.read_otherwise.insert(task);
      }
    }
    return found;
  }

 private:
  /// A task or a family.
  struct Noun {
    const Task* task;
    const FamilyNode* family;
    const void* key() const { return task != nullptr ? static_cast<const void*>(task) : family; }
  };
  struct Visit {
    Noun noun;
    std::vector<Noun> needs;
    std::size_t next = 0;
  };

  void visit(const Noun& noun) {
    if (level_.try_emplace(noun.key(), 0).second) stack_.push_back({noun, needs_of(noun)});
  }

  std::vector<Noun> needs_of(const Noun& noun) {
    std::vector<Noun> needs;
    if (noun.task != nullptr) {
      const Task& task = *noun.task;
      if (task.residence() != nullptr || task.constant() != nullptr) return needs;
      if (task.family() != nullptr) needs.push_back({nullptr, task.family()});
      for (const Task* input : task.inputs()) needs.push_back(read(input));
      return needs;
    }
    if (is_kept_(*noun.family)) return needs;
    for (const TaskHandle& task : noun.family->tasks) needs.push_back({task.get(), nullptr});
    for (const FamilySource& source : noun.family->sources) {
      if (source.is_handle()) {
        needs.push_back(read(source.task.get()));
      } else {
        needs.push_back({nullptr, source.view.node.get()});
      }
    }
    return needs;
  }

  Noun read(const Task* task) {
    read_.insert(task);
    return {task, nullptr};
  }

  /// All that it needs has its level. What is made of a member comes after the member's family.
  void finish(const Visit& visit) {
    std::size_t level = 0;
    for (const Noun& need : visit.needs) level = std::max(level, level_.at(need.key()));
    for (const Noun& need : visit.needs) {
      if (need.family == nullptr || need.family->tasks.empty()) continue;
      const auto [known, is_new] = of_handles_.emplace(need.family, level);
      if (!is_new && known->second != level) known->second = several;
    }
    const Task* task = visit.noun.task;
    if (task != nullptr && task->family() != nullptr && !visit.needs.empty() && !is_kept_(*task->family())) {
      note_member(*task, level);
      ++level;
    }
    level_[visit.noun.key()] = level;
  }

  void note_member(const Task& task, std::size_t level) {
    if (levels_.size() <= level) levels_.resize(level + 1);
    if (noted_.insert(task.family()).second) levels_[level].families.push_back(task.shared_family());
    task.retain();
    levels_[level].members.emplace_back(&task);
  }

  const std::function<bool(const FamilyNode&)>& is_kept_;
  std::vector<Visit> stack_;
  std::unordered_map<const void*, std::size_t> level_;
  static constexpr std::size_t several = ~std::size_t{0};
  std::unordered_set<const Task*> read_;                           // by a task or a family, or asked for
  std::unordered_map<const FamilyNode*, std::size_t> of_handles_;  // by the level of those that read them
  std::unordered_set<const FamilyNode*> noted_;
  std::vector<FamilyLevel> levels_;
};

}  // namespace

FamilyLevels family_levels(std::span<const Task* const> targets,
                           const std::function<bool(const FamilyNode&)>& is_kept) {
  LevelWalk walk(is_kept);
  for (const Task* target : targets) walk.reach(target);
  return walk.levels();
}

}  // namespace ramal::detail
