// SPDX-License-Identifier: BSD-3-Clause
// What an executor says of itself when nothing gets done. Called by whoever pumps, so no run ends meanwhile.
#include "runtime/executor/executor.hpp"
#include "runtime/executor/run.hpp"
#include "runtime/executor/standing.hpp"

namespace ramal::detail {

namespace {

std::string shown_task(std::string_view name, const std::optional<Index>& place, const CallSite& site) {
  std::string text(name);
  if (place) text += place->text();
  if (site.line != 0) text += std::string(" (called at ") + site.file + ":" + std::to_string(site.line) + ")";
  return text;
}

Standing::Awaited awaited_member(const FamilyProgram& program, MemberName name) {
  const ProgramNode& node = program.nodes[node_of(name)];
  const Index place = node.extent.place_of(number_of(name));
  return {shown_task(node.kind->name, place, node.site),
          static_cast<std::int32_t>(program.owner(node_of(name), place)), program.run, name};
}

}  // namespace

/// A task that was the same at the last look is told with its call site, and since when it is known to run;
/// of others, which come and go, there is nothing to say.
void Executor::look_at(const RunningTask& running, Look& last, double now,
                       std::vector<Standing::Inside>& inside) {
  const Kind* kind = running.kind.load(std::memory_order_acquire);
  const Look look{kind, running.run.load(std::memory_order_relaxed),
                  running.slot.load(std::memory_order_relaxed), running.batch.load(std::memory_order_relaxed),
                  last.since};
  const bool is_same =
      look.kind == last.kind && look.run == last.run && look.slot == last.slot && look.batch == last.batch;
  if (!is_same) {
    last = look;
    last.since = now;
  }
  if (kind == nullptr || !is_same || inside.size() >= Standing::most) return;
  const TaskOrigin origin = running.teller->origin_of(look.run, look.slot);  // it may have gone on by now
  inside.push_back({shown_task(kind->name, origin.place, origin.site), now - last.since, kind});
}

std::vector<Standing::Inside> Executor::look_at_running(double now) {
  looks_.resize(workers_.size() + 1);
  std::vector<Standing::Inside> inside;
  for (std::size_t i = 0; i < workers_.size(); ++i) look_at(workers_[i]->running, looks_[i], now, inside);
  look_at(running_participant_, looks_.back(), now, inside);
  return inside;
}

std::string Executor::participant_text(RunId number, std::uint32_t turn) const {
  const Run* run = find(number);
  if (run == nullptr) return "that has not come here";
  const Slot slot = run->participants.at(turn);
  const CallSite site = images_.resolve(run->graph.sites[run->graph.kind[slot]]);
  return shown_task(run->kinds[run->graph.kind[slot]]->name, std::nullopt, site);
}

std::vector<Standing::Awaited> Executor::awaited() const {
  std::vector<Standing::Awaited> all;
  const auto is_missing = [](const Run& run, Slot slot) {
    return run.value(slot).empty() && run.cells[slot].uses.load(std::memory_order_relaxed) > 0;
  };
  for (const auto& [number, owned] : runs_) {
    const Run& run = *owned;
    if (run.front) {
      for (const auto& [name, external] : run.front->front->awaited) {
        const auto moved = name + static_cast<MemberName>(external.stride * run.step);
        if (all.size() < Standing::most && is_missing(run, external.slot))
          all.push_back(awaited_member(*run.front->of, moved));
      }
      continue;
    }
    for (const auto& [slot, thief] : run.away) {
      if (all.size() < Standing::most)
        all.push_back({std::string(run.kinds[run.kind_of(slot)]->name), thief, number, run.graph.plan[slot]});
    }
    for (std::size_t k = 0; k < run.graph.externals.size() && all.size() < Standing::most; ++k) {
      const External& external = run.graph.externals[k];
      if (external.how != External::arrival || !is_missing(run, static_cast<Slot>(run.graph.tasks() + k)))
        continue;
      all.push_back({std::string(run.kinds[external.kind]->name), -1, number, external.id});
    }
  }
  return all;
}

Standing Executor::standing(double now) {
  return {.inside = look_at_running(now),
          .awaited = awaited(),
          .tasks_run = tasks_run(),
          .values_kept = values_kept(),
          .bytes_held = bytes_held(),
          .is_at_rest = is_at_rest(),
          .is_short_of_memory = is_short_of_memory()};
}

}  // namespace ramal::detail
