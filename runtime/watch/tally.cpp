// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/tally.hpp"

#include "runtime/machine/clock.hpp"

#include <algorithm>
#include <map>

namespace ramal::detail {

Tally::Tally(unsigned workers) : began_(now_nanoseconds()) {
  for (unsigned lane = 0; lane <= std::max(1U, workers); ++lane) lanes_.push_back(std::make_unique<Lane>());
}

void Tally::task_started(const TaskName& task, Moment began) {
  Lane& own = lane(task);
  const std::lock_guard lock(own.lock);
  own.running = &task.kind;
  own.since = began;
}

void Tally::task_ended(const TaskName& task, Moment began, Moment ended, bool) {
  Lane& own = lane(task);
  const std::lock_guard lock(own.lock);
  own.running = nullptr;
  if (own.last != &task.kind) {
    own.last = &task.kind;
    own.latest = &own.counts[&task.kind];
  }
  ++own.latest->tasks;
  own.latest->took += ended - began;
}

void Tally::planned(const Kind& kind, std::uint64_t tasks, bool at_most) {
  const std::lock_guard lock(planned_lock_);
  const auto [at, is_new] = planned_at_.emplace(&kind, planned_.size());
  if (is_new) planned_.push_back({std::string(kind.name), 0, false});
  planned_[at->second].tasks += tasks;
  planned_[at->second].at_most |= at_most;
}

std::vector<Tally::Planned> Tally::planned() const {
  const std::lock_guard lock(planned_lock_);
  return planned_;
}

RankStatus Tally::status() const {
  constexpr double nanosecond = 1e-9;
  const Moment now = now_nanoseconds();
  RankStatus status;
  status.elapsed_seconds = nanosecond * static_cast<double>(now - began_);
  status.ready = ready_.load(std::memory_order_relaxed);
  status.bytes_held = held_.load(std::memory_order_relaxed);
  status.bytes_kept = kept_bytes_.load(std::memory_order_relaxed);
  std::map<std::string_view, RankStatus::Of> kinds;
  const auto of = [&kinds](const Kind* kind) -> RankStatus::Of& {
    auto& one = kinds[kind->name];
    if (one.kind.empty()) one.kind = kind->name;
    return one;
  };
  for (const auto& lane : lanes_) {
    const std::lock_guard lock(lane->lock);
    for (const auto& [kind, count] : lane->counts) {
      const double seconds = nanosecond * static_cast<double>(count.took);
      status.tasks += count.tasks;
      status.busy_seconds += seconds;
      of(kind).tasks += count.tasks;
      of(kind).seconds += seconds;
    }
    if (lane->running == nullptr) continue;
    const double seconds = nanosecond * static_cast<double>(now - lane->since);
    status.busy_seconds += seconds;
    ++of(lane->running).running;
    status.running.push_back({std::string(lane->running->name), seconds});
  }
  for (auto& [name, one] : kinds) status.kinds.push_back(std::move(one));
  std::ranges::sort(status.running, std::greater(), &RankStatus::Running::seconds);
  return status;
}

}  // namespace ramal::detail
