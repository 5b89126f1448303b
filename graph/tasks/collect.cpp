// SPDX-License-Identifier: BSD-3-Clause
#include "graph/core/graph.hpp"

#include <limits>
#include <stdexcept>
#include <unordered_map>

namespace ramal::detail {

namespace {

/// Depth-first walk with its own stack. While it runs, a task's scratch word is 0 (not seen), 1
/// (waits on the stack) or its index + 2. Given tasks need their word for their residence, so they are
/// looked up in a table instead.
class Collector {
 public:
  explicit Collector(Graph& graph) : graph_(graph) { graph_.input_offsets.push_back(0); }
  ~Collector() {
    for (const Task* task : graph_.tasks) {
      if (task->residence() == nullptr) task->set_scratch(0);
    }
    // The stack holds something only if the walk was cut short by an exception.
    for (const auto& visit : stack_) visit.task->set_scratch(0);
  }

  TaskIndex reach(const Task* target) {
    if (const auto found = index_of(target); found != unseen) return found;
    enter(target);
    while (!stack_.empty()) {
      auto& top = stack_.back();
      const auto inputs = top.task->inputs();
      if (top.next_input < inputs.size()) {
        const Task* input = inputs[top.next_input++];
        if (index_of(input) == unseen) enter(input);
      } else {
        const Task* task = top.task;
        stack_.pop_back();
        append(task, inputs);
      }
    }
    return index_of(target);
  }
  /// To be called after the last target, when the graph's size is known.
  void finish() {
    if (annotated_.empty()) return;
    graph_.annotated.resize(graph_.size());
    for (const TaskIndex i : annotated_) graph_.annotated[i] = true;
  }

 private:
  struct Visit {
    const Task* task;
    std::uint32_t next_input;
  };
  struct KindAt {
    const Kind* kind = nullptr;
    CallSite site;
    bool operator==(const KindAt&) const = default;
  };
  struct KindAtHash {
    std::size_t operator()(const KindAt& one) const {
      return std::hash<const void*>()(one.kind) * 31 + std::hash<const void*>()(one.site.file) * 7 +
             one.site.line;
    }
  };
  static constexpr TaskIndex unseen = std::numeric_limits<TaskIndex>::max();

  TaskIndex index_of(const Task* task) const {
    if (task->residence() == nullptr) {
      const auto scratch = task->scratch();
      return scratch >= 2 ? static_cast<TaskIndex>(scratch - 2) : unseen;
    }
    const auto found = given_.find(task);
    return found == given_.end() ? unseen : found->second;
  }
  void enter(const Task* task) {
    if (is_given(*task)) {
      append(task, {});
    } else {
      task->set_scratch(1);
      stack_.push_back({task, 0});
    }
  }
  void append(const Task* task, std::span<Task* const> inputs) {
    const auto index = static_cast<TaskIndex>(graph_.tasks.size());
    if (index >= unseen - 2) throw std::length_error("ramal: more than 2^32 - 2 tasks in one run");
    for (const Task* input : inputs) graph_.inputs.push_back(index_of(input));
    graph_.tasks.push_back(task);
    graph_.input_offsets.push_back(static_cast<TaskIndex>(graph_.inputs.size()));
    graph_.kind_index.push_back(intern(*task));
    if (task->annotation() != nullptr) annotated_.push_back(index);
    if (is_given(*task)) graph_.given.push_back(index);
    if (task->residence() == nullptr) {
      task->set_scratch(index + std::uintptr_t{2});
    } else {
      given_.emplace(task, index);
    }
  }
  std::uint32_t intern(const Task& task) {
    const KindAt now{&task.kind(), call_site(task.where())};
    if (now == last_kind_) return last_kind_index_;
    const auto [place, is_new] = kinds_.emplace(now, static_cast<std::uint32_t>(graph_.kinds.size()));
    if (is_new) {
      graph_.kinds.push_back(now.kind);
      graph_.sites.push_back(now.site);
    }
    last_kind_ = now;
    return last_kind_index_ = place->second;
  }

  Graph& graph_;
  std::vector<Visit> stack_;
  std::vector<TaskIndex> annotated_;
  std::unordered_map<const Task*, TaskIndex> given_;
  std::unordered_map<KindAt, std::uint32_t, KindAtHash> kinds_;
  KindAt last_kind_;
  std::uint32_t last_kind_index_ = 0;
};

}  // namespace

Graph collect(std::span<const Task* const> targets) {
  Graph graph;
  {
    // Ends before `graph` may be moved from: it resets the words of the graph's tasks.
    Collector collector(graph);
    graph.targets.reserve(targets.size());
    for (const Task* target : targets) graph.targets.push_back(collector.reach(target));
    collector.finish();
  }
  return graph;
}

}  // namespace ramal::detail
