// SPDX-License-Identifier: BSD-3-Clause
// Tasks are made of tasks and families, and so are families. One name for either, and one walk over all that
// some of them are made of.
#pragma once

#include <ramal/detail/dependence.hpp>

#include <unordered_set>

namespace ramal::detail {

/// A task or a family.
struct TaskOrFamily {
  const Task* task = nullptr;
  std::shared_ptr<const FamilyNode> family = {};
  const void* key() const { return task != nullptr ? static_cast<const void*>(task) : family.get(); }
};

/// What a task is called in messages: a member by its family and place.
inline std::string shown_name(const Task& task) {
  if (task.family() == nullptr) return std::string(task.name());
  const FamilyNode& family = *task.family();
  return std::string(family.name()) + family.extent.place_of(task.member()).text();
}

/// One of the things that something is made of.
struct Dependency {
  TaskOrFamily one;
  bool is_read = true;  ///< else it is one of the handles that a family is, or the family of a member
};

/// What a task or a family is made of, if it has to be made.
inline std::vector<Dependency> dependencies_of(const TaskOrFamily& one) {
  std::vector<Dependency> dependencies;
  if (one.task != nullptr) {
    if (one.task->family() != nullptr) dependencies.push_back({{nullptr, one.task->shared_family()}, false});
    for (const Task* input : one.task->inputs()) dependencies.push_back({{.task = input}});
    return dependencies;
  }
  for (const TaskHandle& task : one.family->tasks) dependencies.push_back({{.task = task.get()}, false});
  for (const FamilySource& source : one.family->sources) {
    if (source.is_handle()) {
      dependencies.push_back({{.task = source.task.get()}});
    } else {
      dependencies.push_back({{nullptr, source.view.node}, false});
    }
  }
  return dependencies;
}

/// Visits tasks and families and all that they are made of, each once and after all that it is made of
/// itself, with a stack of its own, however long the chains are. `exists(one)`: what it is made of does not
/// matter. O(tasks + families).
template <class Exists, class Visit>
class DependencyWalk {
 public:
  DependencyWalk(Exists exists, Visit visit) : exists_(std::move(exists)), visit_(std::move(visit)) {}

  void reach(const TaskOrFamily& target) {
    enter(target);
    while (!stack_.empty()) {
      Step& top = stack_.back();
      if (top.next < top.dependencies.size()) {
        const TaskOrFamily next = top.dependencies[top.next++].one;
        enter(next);  // after which `top` may be elsewhere
      } else {
        const Step done = std::move(top);
        stack_.pop_back();
        visit_(done.one, done.dependencies);
      }
    }
  }

 private:
  struct Step {
    TaskOrFamily one;
    std::vector<Dependency> dependencies;
    std::size_t next = 0;
  };
  void enter(const TaskOrFamily& one) {
    if (seen_.insert(one.key()).second)
      stack_.push_back({one, exists_(one) ? std::vector<Dependency>() : dependencies_of(one)});
  }

  Exists exists_;
  Visit visit_;
  std::vector<Step> stack_;
  std::unordered_set<const void*> seen_;
};

}  // namespace ramal::detail
