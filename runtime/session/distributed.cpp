// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/session/distributed.hpp"

#include "graph/core/participants.hpp"
#include "runtime/session/ready_watch.hpp"
#include "runtime/session/retry.hpp"

#include <algorithm>

namespace ramal::detail {

DistributedEngine::DistributedEngine(std::unique_ptr<Transport> transport, const Images& images,
                                     unsigned workers, std::vector<std::string> hosts, bool warnings,
                                     RankInfo about, std::vector<LocalInfos> locals, StealMode steal,
                                     Observer* observer)
    : images_(images),
      machine_{std::move(hosts)},
      front_bytes_(std::max<std::uint64_t>(1, about.memory_bytes / 4)),
      names_(machine_.hosts),
      shipments_(rank_),
      local_tasks_(std::move(locals), machine_.hosts),
      warnings_(warnings),
      history_(images),
      rank_(std::move(transport), images, workers, this, std::move(about), steal, observer) {}

// --- running --------------------------------------------------------------------------------------------

Outcome DistributedEngine::compute(const Tasks& targets) {
  if (targets.empty()) return {};
  auto held = rank_.lock();
  Graph graph = collect_checked(targets);
  auto rank = place(graph);
  const RunId run = runs_.take_number();
  // Each task that is a target is fetched once, however often it was asked for.
  const auto order = graph.targets;
  auto distinct = order;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  fetch_ = {.run = run, .first = kept_.take_ids(distinct.size()), .missing = distinct.size()};
  fetch_.values.resize(distinct.size());
  std::vector<Want> wants;
  wants.reserve(distinct.size());
  for (const TaskIndex target : distinct) wants.push_back({target, fetch_.first + wants.size(), true});
  start(run, std::move(graph), std::move(rank), wants);
  if (held) held.unlock();
  rank_.work_until([&] { return fetch_.missing == 0; });

  held = rank_.lock();
  const Fetch fetched = std::exchange(fetch_, {});
  std::vector<Value> values;
  values.reserve(order.size());
  for (const TaskIndex target : order) {
    const auto found = std::lower_bound(distinct.begin(), distinct.end(), target);
    values.push_back(fetched.values[static_cast<std::size_t>(found - distinct.begin())]);
  }
  Outcome outcome = names_.outcome_of(std::move(values));
  names_.forget(run);
  return outcome;
}

void DistributedEngine::persist(const Tasks& targets) {
  const auto held = rank_.lock();
  persist_held(targets);
}

void DistributedEngine::persist_held(const Tasks& targets) {
  const auto is_fresh = [this](const Task* target) {
    return target->constant() == nullptr && !kept_.find(*target);
  };
  Tasks fresh;
  std::ranges::copy_if(targets, std::back_inserter(fresh), is_fresh);
  if (fresh.empty()) return;
  Graph graph = collect_checked(fresh);
  if (!std::ranges::all_of(fresh, is_fresh)) {  // members of families, which are kept by now
    std::erase_if(fresh, [&](const Task* target) { return !is_fresh(target); });
    if (fresh.empty()) return;
    graph = collect_checked(fresh);
  }
  auto rank = place(graph);
  const RunId run = runs_.take_number();
  std::vector<Want> wants;
  std::vector<bool> seen(graph.size(), false);
  for (const TaskIndex target : graph.targets) {
    if (seen[target]) continue;
    seen[target] = true;
    wants.push_back({target, kept_.take_ids(), false});
  }
  start(run, std::move(graph), std::move(rank), wants);
}

/// All that the targets need, and what is given is known to be there: the families that are needed first are
/// under way.
Graph DistributedEngine::collect_checked(const Tasks& targets) {
  rank_.attend();  // what others have learnt of earlier runs
  let_go();
  Graph graph = collect(targets);
  if (make_members(graph, targets)) graph = collect(targets);  // which are kept now
  for (const TaskIndex i : graph.given) {
    const Task& task = *graph.tasks[i];
    if (task.constant() != nullptr) {
      kept_.settle_constant(task, rank_);
    } else {
      kept_.get(task);  // throws if it is another session's
    }
  }
  return graph;
}

PagedVector<std::uint32_t> DistributedEngine::place(const Graph& graph) {
  History& known = history();
  return detail::place(
      graph, machine_, [this](const Task& task) { return kept_.get(task).home(); },
      [&known](const Kind& kind) { return known.seconds(kind); });
}

/// The end of `compute` and `persist`: the graph is placed; it is cut, its results are expected, and it is
/// shipped.
void DistributedEngine::start(RunId run, Graph graph, PagedVector<std::uint32_t> rank,
                              std::span<const Want> wants) {
  Cut cut = detail::cut(
      graph, rank, machine_.ranks(), run, wants,
      [this](const Task& task) { return kept_.get(task).holder(); }, images_);
  warnings_.of_large_literals(cut);
  if (rank_.observer() != nullptr) tell_planned(graph);
  const bool fetches = wants.front().fetch;
  if (!fetches) {
    for (const Want& want : wants) kept_.expect(*graph.tasks[want.task], want.id, rank[want.task], run);
  }
  runs_.begin(run, std::move(graph), std::move(rank), wants);
  shipments_.add({.subgraphs = std::move(cut.subgraphs),
                  .alone = runs_.is_only_one(),
                  .fetched = fetches ? wants.size() : 0,
                  .with_participants = std::move(cut.with_participants)});
}

/// How many tasks of each kind there are: of a collective one a participant on each of its ranks.
void DistributedEngine::tell_planned(const Graph& graph) {
  std::vector<std::uint64_t> tasks(graph.kinds.size());
  for (TaskIndex i = 0; i < graph.size(); ++i) {
    const std::uint32_t kind = graph.kind_index[i];
    const bool is_collective = graph.kinds[kind]->sort == Sort::collective;
    tasks[kind] += is_collective ? participant_ranks(*graph.tasks[i], machine_.ranks()).size() : 1;
  }
  for (const TaskIndex given : graph.given) --tasks[graph.kind_index[given]];
  for (std::size_t kind = 0; kind < tasks.size(); ++kind) {
    if (tasks[kind] > 0) rank_.observer()->planned(*graph.kinds[kind], tasks[kind], false);
  }
}

void DistributedEngine::tell_planned(const FamilyProgram& program) {
  for (const ProgramNode& node : program.nodes) {
    if (node.exists()) continue;
    const bool may_end_early = node.loop >= 0 && program.loops[static_cast<std::size_t>(node.loop)].done >= 0;
    rank_.observer()->planned(*node.kind, static_cast<std::uint64_t>(node.needed.volume()), may_end_early);
  }
}

// --- what is heard --------------------------------------------------------------------------------------

void DistributedEngine::made(ValueId id, const Value& value) {
  const Failure* failure = value.failed() ? &value.get<Failure>() : nullptr;
  if (id - fetch_.first >= fetch_.values.size()) {
    ready(id, known_bytes(value), failure);
    return;
  }
  fetch_.values[id - fetch_.first] = value;
  if (failure != nullptr) note_failure(*failure);
  if (--fetch_.missing == 0) runs_.end(fetch_.run);
}

void DistributedEngine::ready(ValueId id, std::uint64_t bytes, const Failure* failure) {
  if (failure != nullptr) note_failure(*failure);
  if (id == ending_.id && id != 0) {
    if (failure != nullptr) keep_first(ending_.failure, *failure);
    --ending_.missing;
    return;
  }
  const KeptResults::Heard heard = kept_.hear(id, bytes, failure);
  if (heard.count == 0) return;
  runs_.hear(heard.run, id);
  for (ReadyWatch* watch : watches_) watch->told(heard.first, heard.count);
}

/// While what can name it is still here.
void DistributedEngine::note_failure(const Failure& failure) {
  if (names_.note_kept(failure)) return;
  const Run* run = runs_.find(failure.run);
  if (run == nullptr) return;
  if (!run->families.empty()) {
    names_.note(failure, run->families);
  } else if (failure.plan < run->graph.size()) {
    names_.note(failure, *run->graph.tasks[failure.plan]);
  }
}

void DistributedEngine::report(int from, std::span<const std::byte> text) {
  const auto rank = static_cast<std::size_t>(from);
  Reader reader(text);
  reports_.at(rank) = Codec<RankInfo>::read(reader);
  if (reports_missing_[rank] > 0) --reports_missing_[rank];
}

// --- what holds up the program --------------------------------------------------------------------------

Standing::Awaited DistributedEngine::named(const Standing::Awaited& one) {
  const Run* run = one.rank < 0 ? runs_.find(one.run) : nullptr;
  if (run == nullptr || one.plan >= run->graph.size()) return one;
  const Task& task = *run->graph.tasks[one.plan];
  return {std::string(task.name()) + " (called at " + task.where().file_name() + ":" +
              std::to_string(task.where().line()) + ")",
          static_cast<std::int32_t>(run->rank[one.plan]), one.run, one.plan};
}

std::vector<Standing::Awaited> DistributedEngine::waited_for() {
  for (const auto& [number, run] : runs_.all()) {
    for (const auto& [id, task] : run.waiting) {
      const std::size_t k = id - fetch_.first;
      if (number == fetch_.run && k < fetch_.values.size() && !fetch_.values[k].empty()) continue;
      if (run.families.empty()) return {named({.task = {}, .run = number, .plan = task})};
    }
    for (const auto& family : run.families) {
      if (family != nullptr && family->kind->sort == Sort::member)
        return {{std::string(family->name()) + " and what goes with it (called at " +
                     family->where.file_name() + ":" + std::to_string(family->where.line()) + ")",
                 -1, number, 0}};
    }
  }
  return {};
}

// --- waiting --------------------------------------------------------------------------------------------

bool DistributedEngine::wait(const Tasks& targets, double seconds) {
  std::vector<KeptResult> missing;
  {
    const auto held = rank_.lock();
    for (const Task* target : targets) {
      if (target->constant() == nullptr && !was_given_up(*target)) missing.push_back(kept_.get(*target));
    }
  }
  return wait_until(
      [&missing] {
        while (!missing.empty() && missing.back().is_ready()) missing.pop_back();
        return missing.empty();
      },
      seconds);
}

bool DistributedEngine::wait_until(const std::function<bool()>& all_are_ready, double seconds) {
  {
    const auto held = rank_.lock();
    let_go();
  }
  if (seconds == 0) rank_.progress();  // so that asking again and again gets somewhere
  const double deadline = now_seconds() + seconds;
  bool all = false;
  rank_.work_until(
      [&] {
        all = all_are_ready();
        return all || (seconds >= 0 && now_seconds() >= deadline);
      },
      seconds >= 0);
  return all;
}

void DistributedEngine::check(const Tasks& targets) {
  Tasks of_failed_families;  // which of their members have failed, only these tell
  {
    const auto held = rank_.lock();
    std::vector<const Failure*> failures;
    for (const Task* target : targets) {
      if (target->constant() != nullptr) continue;
      const KeptResult kept = kept_.get(*target);
      if (!kept.failure()) continue;
      if (kept.is_of_family()) {
        of_failed_families.push_back(target);
      } else {
        failures.push_back(&*kept.failure());
      }
    }
    names_.throw_first(failures);
  }
  const Outcome outcome = compute(of_failed_families);
  if (outcome.first) std::rethrow_exception(outcome.first);
}

std::unique_ptr<Watch> DistributedEngine::watch(const Tasks& targets) {
  return std::make_unique<ReadyWatch>(rank_, kept_, watches_, targets);
}

/// Nobody needs any more what is let go of here. Some of the session's calls do it, so that nothing waits for
/// the next one that blocks.
void DistributedEngine::let_go() {
  runs_.forget_inputs([this](RunId run, const Task& task) { return kept_.is_made_by(run, task); });
  runs_.let_go_of_dropped();
  kept_.send_releases(rank_, names_);
}

// --- giving up, and trying again ------------------------------------------------------------------------

void DistributedEngine::cancel(const Tasks& targets) {
  const auto held = rank_.lock();
  std::map<RunId, std::set<ValueId>> given_up;
  for (const Task* target : targets) {
    if (target->constant() != nullptr || was_given_up(*target)) continue;
    const KeptResult kept = kept_.get(*target);
    if (kept.is_ready() || kept.is_of_family()) continue;
    given_up[kept.run()].insert(kept.id());
    target->give_up();
  }
  for (const auto& [run, ids] : given_up) {
    const Cancelled cancelled = runs_.give_up(run, ids, machine_.ranks());
    if (cancelled.all) cancel_program(run);
    for (std::uint32_t to = 0; to < cancelled.tasks.size(); ++to) {
      if (cancelled.tasks[to].empty()) continue;
      if (to == 0) {
        rank_.cancel(run, cancelled.tasks[to]);
      } else {
        rank_.send_cancel(static_cast<int>(to), run, cancelled.tasks[to]);
      }
    }
  }
  rank_.transport().flush();
}

void DistributedEngine::retry(const Tasks& targets, const Families& families) {
  const auto held = rank_.lock();
  for (const Task* target : targets) {
    if (target->constant() == nullptr && !was_given_up(*target)) kept_.get(*target);
  }
  for (const auto& family : families) {
    if (!family->gave_up) kept_.get(*family);
  }
  const auto is_kept = [this](const TaskOrFamily& one) {
    return one.task != nullptr ? static_cast<bool>(kept_.find(*one.task))
                               : kept_.find(*one.family) != nullptr;
  };
  const auto has_failed = [this](const TaskOrFamily& one) {
    // A family also while other members of it are still under way: what has failed by it must not find it so
    // again.
    return one.task != nullptr ? kept_.get(*one.task).failure().has_value()
                               : kept_.get(*one.family)->failure.has_value();
  };
  const Retried again = retried(targets, families, has_failed, is_kept);
  persist_held(again.families);
  persist_held(again.tasks);
}

// --- the rest -------------------------------------------------------------------------------------------

std::vector<TaskHandle> DistributedEngine::from_local(const std::string& name, const Kind& kind) {
  const auto held = rank_.lock();
  return local_tasks_.of(name, kind, kept_);
}

void DistributedEngine::to_local(const std::string& name, const Tasks& targets) {
  const auto held = rank_.lock();
  for (const Task* target : targets) {
    const KeptResult kept = kept_.get(*target);
    rank_.send_store(static_cast<int>(kept.rank()), kept.id(), name);
  }
}

/// A rank that is inside of a task may not answer: it is waited for a while. An answer to an earlier question
/// is none to this one, so they are counted.
std::vector<RankInfo> DistributedEngine::info() {
  constexpr double patience_seconds = 10;
  {
    const auto held = rank_.lock();
    for (std::size_t rank = reports_.size(); rank < machine_.ranks(); ++rank)
      reports_.push_back({.rank = static_cast<int>(rank), .host = machine_.hosts[rank]});
    reports_missing_.resize(machine_.ranks(), 0);
    reports_[0] = rank_.info();
    for (int to = 1; to < ranks(); ++to) {
      ++reports_missing_[static_cast<std::size_t>(to)];
      rank_.send_query(to);
    }
  }
  rank_.pump_until([this] { return std::ranges::count(reports_missing_, 0u) == ranks(); }, patience_seconds);
  const auto held = rank_.lock();
  auto all = reports_;
  for (std::size_t rank = 0; rank < all.size(); ++rank) all[rank].answered = reports_missing_[rank] == 0;
  return all;
}

History& DistributedEngine::history() {
  for (const auto& [kind, sum] : rank_.executor().durations().take_news()) history_.add(*kind, sum);
  return history_;
}

void DistributedEngine::progress() {
  {
    const auto held = rank_.lock();
    let_go();
  }
  rank_.progress();
}

}  // namespace ramal::detail
