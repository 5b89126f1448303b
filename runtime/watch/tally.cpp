// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/tally.hpp"

#include "runtime/machine/clock.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <map>

namespace ramal::detail {

namespace {
constexpr double nanosecond = 1e-9;
}

Tally::Tally(unsigned workers) : began_(now_nanoseconds()) {
  for (unsigned lane = 0; lane <= std::max(1U, workers); ++lane) lanes_.push_back(std::make_unique<Lane>());
}

void Tally::task_started(const TaskName& task, Moment began) {
  Lane& own = lane(task);
  const std::lock_guard lock(own.lock);
  own.running = &task.kind;
  own.since = began;
}

void Tally::task_ended(const TaskName& task, Moment began, Moment ended, bool failed) {
  Lane& own = lane(task);
  const std::lock_guard lock(own.lock);
  own.running = nullptr;
  if (own.last != &task.kind) {
    own.last = &task.kind;
    own.latest = &own.counts[&task.kind];
  }
  Count& count = *own.latest;
  const Moment took = ended - began;
  ++count.tasks;
  count.failed += failed ? 1 : 0;
  count.stolen += task.stolen_from >= 0 ? 1 : 0;
  count.took += took;
  count.durations.add(took);
  if (took <= count.longest) return;
  count.longest = took;
  count.longest_site = task.site;
}

void Tally::message_sent(int to, const Header& header) {
  const std::lock_guard lock(sent_lock_);
  RankSummary::To& sent = sent_[to];
  ++sent.messages;
  sent.bytes += header.bytes;
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

RankSummary Tally::summary() const {
  RankSummary summary{.most_bytes_held = most_held_.load(std::memory_order_relaxed)};
  std::map<std::string_view, RankSummary::Kind> kinds;
  for (const auto& lane : lanes_) {
    const std::lock_guard lock(lane->lock);
    for (const auto& [kind, count] : lane->counts) {
      RankSummary::Kind& one = kinds[kind->name];
      one.name = kind->name;
      one.tasks += count.tasks;
      one.failed += count.failed;
      one.stolen += count.stolen;
      one.seconds += nanosecond * static_cast<double>(count.took);
      one.durations.add(count.durations);
      const double longest = nanosecond * static_cast<double>(count.longest);
      if (longest < one.longest_seconds) continue;
      one.longest_seconds = longest;
      one.longest_site = count.longest_site.line == 0 ? std::string()
                                                      : std::string(count.longest_site.file) + ":" +
                                                            std::to_string(count.longest_site.line);
    }
  }
  for (auto& [name, one] : kinds) summary.kinds.push_back(std::move(one));
  {
    const std::lock_guard lock(sent_lock_);
    for (const auto& [to, sent] : sent_) summary.sent.push_back({to, sent.messages, sent.bytes});
  }
  std::ranges::sort(summary.sent, {}, &RankSummary::To::rank);
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0)
    summary.most_memory_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return summary;
}

RankStatus Tally::status() const {
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
