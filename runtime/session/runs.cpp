// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/session/runs.hpp"

#include <algorithm>

namespace ramal::detail {

// --- one run --------------------------------------------------------------------------------------------

bool Run::makes(const Task* task) {
  if (sorted.empty()) {
    sorted.assign(graph.tasks.begin(), graph.tasks.end());
    std::sort(sorted.begin(), sorted.end());
  }
  return std::binary_search(sorted.begin(), sorted.end(), task);
}

bool Run::is_given_up() const {
  if (gave_up_all || waiting.empty()) return gave_up_all;
  return std::ranges::all_of(waiting, [this](const auto& one) { return given_up.contains(one.first); });
}

// --- all of them ----------------------------------------------------------------------------------------

void Runs::begin(RunId number, Graph graph, PagedVector<std::uint32_t> rank, std::span<const Want> wants) {
  Run& run = runs_[number];
  for (const Want& want : wants) run.waiting.emplace_hint(run.waiting.end(), want.id, want.task);
  run.graph = std::move(graph);
  run.rank = std::move(rank);
  if (wants.front().fetch) {
    // The caller waits: its tasks stay, and only their names may still be asked for.
    run.graph.inputs = {};
    run.graph.input_offsets = {};
    run.graph.kind_index = {};
    return;
  }
  for (const Want& want : wants) {
    const Task* task = run.graph.tasks[want.task];
    task->retain();
    run.targets.emplace_back(task);
    held_.push_back({number, task});
    ++newly_held_;
  }
}

void Runs::begin(PlannedProgram planned) {
  Run& run = runs_[planned.program.run];
  run.families = std::move(planned.families);
  run.targets = std::move(planned.held);
  for (const ProgramWant& want : planned.program.wants)
    run.waiting.emplace_hint(run.waiting.end(), want.id, 0);
}

void Runs::hear(RunId number, ValueId id) {
  Run& run = runs_.at(number);
  run.waiting.erase(id);
  if (!run.waiting.empty()) return;
  for (TaskHandle& target : run.targets) forgettable_.push_back({number, std::move(target)});
  forget_again_ = true;
  runs_.erase(number);
}

const Run* Runs::find(RunId run) const {
  const auto found = runs_.find(run);
  return found != runs_.end() ? &found->second : nullptr;
}

bool Runs::waits_for_given_up_only() const {
  return !runs_.empty() &&
         std::ranges::all_of(runs_, [](const auto& numbered) { return numbered.second.is_given_up(); });
}

Cancelled Runs::give_up(RunId number, const std::set<ValueId>& ids, std::uint32_t ranks) {
  Run& run = runs_.at(number);
  run.given_up.insert(ids.begin(), ids.end());
  // A family program runs as a whole, so it is given up when all is that was wanted of it.
  if (!run.families.empty()) return {.all = run.is_given_up(), .tasks = {}};
  std::vector<bool> needed(run.graph.size(), false);
  for (const auto& [id, task] : run.waiting) {
    if (!run.given_up.contains(id)) needed[task] = true;
  }
  const auto is_collective = [&](TaskIndex i) {
    return run.graph.kinds[run.graph.kind_index[i]]->sort == Sort::collective;
  };
  for (auto i = static_cast<TaskIndex>(run.graph.size()); i-- > 0;) {
    // One that has begun on some ranks must go on on all: collective tasks are never given up.
    if (!needed[i] && !is_collective(i)) continue;
    for (const TaskIndex input : run.graph.inputs_of(i)) needed[input] = true;
  }
  std::vector<std::vector<TaskIndex>> tasks(ranks);
  for (TaskIndex i = 0; i < run.graph.size(); ++i) {
    if (!needed[i] && !is_collective(i) && !std::ranges::binary_search(run.graph.given, i))
      tasks[run.rank[i]].push_back(i);
  }
  return {.all = false, .tasks = std::move(tasks)};
}

// --- letting go -----------------------------------------------------------------------------------------

void Runs::let_go_of_dropped() {
  constexpr std::size_t always = 16;
  const std::size_t most = std::min(2 * std::exchange(newly_held_, 0) + always, held_.size());
  for (std::size_t looks = 0; looks < most && !held_.empty(); ++looks) {
    if (next_held_ >= held_.size()) next_held_ = 0;
    const Held one = held_[next_held_];
    const bool has_ended = !runs_.contains(one.run);
    if (!has_ended && !one.task->is_held_once()) {
      ++next_held_;
      continue;
    }
    if (!has_ended) one.task->set_residence(nullptr);
    held_[next_held_] = held_.back();
    held_.pop_back();
  }
}

/// Later runs found it kept; an earlier one may have to make it, and knows its inputs by address.
bool Runs::some_makes(const Task* task, RunId until) {
  for (auto numbered = runs_.begin(); numbered != runs_.end() && numbered->first <= until; ++numbered) {
    if (numbered->second.makes(task)) return true;
  }
  return false;
}

}  // namespace ramal::detail
