// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/session/distributed.hpp"

#include "runtime/session/retry.hpp"

#include <algorithm>
#include <cstdio>

namespace ramal::detail {

class DistributedEngine::ReadyWatch final : public Watch {
 public:
  ReadyWatch(DistributedEngine& engine, const Tasks& targets)
      : engine_(engine), size_(targets.size()), left_(targets.size()) {
    const auto held = engine.rank_.lock();
    for (std::size_t i = 0; i < targets.size(); ++i) note(*targets[i], i);
    engine.watches_.push_back(this);
  }
  ~ReadyWatch() override {
    const auto held = engine_.rank_.lock();
    std::erase(engine_.watches_, this);
  }
  void told(ValueId id) {
    const auto [first, last] = places_.equal_range(id);
    for (auto place = first; place != last; ++place) ready_.push_back(place->second);
    places_.erase(first, last);
  }
  std::optional<std::size_t> next() override {
    if (left_ == 0) return std::nullopt;
    --left_;
    engine_.rank_.work_until([this] { return !ready_.empty(); });
    const auto held = engine_.rank_.lock();
    const auto place = ready_.front();
    ready_.pop_front();
    return place;
  }
  void add(const Task& target) override {
    const auto held = engine_.rank_.lock();
    note(target, size_);
    ++size_;
    ++left_;
  }

 private:
  void note(const Task& target, std::size_t place) {
    const bool is_there = target.constant() != nullptr || was_given_up(target);
    if (is_there || engine_.persisted_state(target).ready) {
      ready_.push_back(place);
    } else {
      places_.emplace(engine_.persisted_state(target).id, place);
    }
  }

  DistributedEngine& engine_;
  std::size_t size_;
  std::size_t left_;
  std::unordered_multimap<ValueId, std::size_t> places_;
  std::deque<std::size_t> ready_;
};

DistributedEngine::DistributedEngine(std::unique_ptr<Transport> transport, const Images& images,
                                     unsigned workers, std::vector<std::string> hosts, bool warnings,
                                     RankInfo about, std::vector<LocalInfos> locals, StealMode steal)
    : images_(images),
      machine_{std::move(hosts)},
      warnings_(warnings),
      locals_(std::move(locals)),
      history_(images),
      rank_(std::move(transport), images, workers, this, std::move(about), steal) {
  locals_.resize(machine_.ranks());
}

// --- running --------------------------------------------------------------------------------------------

Outcome DistributedEngine::compute(const Tasks& targets) {
  if (targets.empty()) return {};
  auto held = rank_.lock();
  Graph graph = collect_checked(targets);
  auto rank = place(graph);
  const RunId run = next_run_++;
  // Each task that is a target is fetched once, however often it was asked for.
  const auto order = graph.targets;
  auto distinct = order;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  fetch_ = {.run = run, .first = next_id_, .missing = distinct.size()};
  fetch_.values.resize(distinct.size());
  next_id_ += distinct.size();
  std::vector<Want> wants;
  wants.reserve(distinct.size());
  for (const TaskIndex target : distinct) wants.push_back({target, fetch_.first + wants.size(), true});
  start(run, std::move(graph), std::move(rank), wants, {}, {});
  if (held) held.unlock();
  rank_.work_until([&] { return fetch_.missing == 0; });

  held = rank_.lock();
  const Fetch fetched = std::exchange(fetch_, {});
  Outcome outcome;
  outcome.values.reserve(order.size());
  std::map<std::pair<RunId, std::uint64_t>, std::exception_ptr> errors;
  const Failure* first = nullptr;
  for (const TaskIndex target : order) {
    const auto found = std::lower_bound(distinct.begin(), distinct.end(), target);
    const Value& value = fetched.values[static_cast<std::size_t>(found - distinct.begin())];
    if (!value.failed()) {
      outcome.values.push_back(value);
      continue;
    }
    const auto& failure = value.get<Failure>();
    std::exception_ptr& error = errors[{failure.run, failure.plan}];
    if (!error) error = error_of(failure);
    outcome.failed.emplace(outcome.values.size(), error);
    outcome.values.emplace_back();
    if (first != nullptr && !failure.before(*first)) continue;
    first = &failure;
    outcome.first = error;
  }
  forget_names(run);
  return outcome;
}

void DistributedEngine::persist(const Tasks& targets) {
  const auto held = rank_.lock();
  persist_held(targets);
}

void DistributedEngine::persist_held(const Tasks& targets) {
  const auto is_fresh = [this](const Task* target) {
    return target->constant() == nullptr && state_of(*target) == nullptr;
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
  const RunId run = next_run_++;
  std::vector<Want> wants;
  std::vector<std::shared_ptr<KeptState>> states;
  Tasks kept_alive;
  std::vector<bool> seen(graph.size(), false);
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    const TaskIndex target = graph.targets[i];
    if (seen[target]) continue;
    seen[target] = true;
    auto state = std::make_shared<KeptState>(KeptState{.id = next_id_++, .rank = rank[target], .run = run});
    wants.push_back({target, state->id, false});
    states.push_back(std::move(state));
    kept_alive.push_back(fresh[i]);
  }
  start(run, std::move(graph), std::move(rank), wants, states, kept_alive);
  for (std::size_t i = 0; i < states.size(); ++i)
    kept_alive[i]->set_residence(std::make_unique<ResidenceOf<KeptState>>(states[i], releases_));
}

/// The end of `compute` and `persist`: the graph is placed; it is cut, its results are expected, and it is
/// shipped. The order matters, since results may come as soon as it is shipped.
void DistributedEngine::start(RunId number, Graph graph, Array<std::uint32_t> rank,
                              std::span<const Want> wants, std::span<const std::shared_ptr<KeptState>> states,
                              const Tasks& kept_alive) {
  Cut cut = detail::cut(
      graph, rank, machine_.ranks(), number, wants, [this](const Task& task) { return holder_of(task); },
      images_);
  warn_of_large_literals(cut);
  Run& run = runs_[number];
  for (const auto& state : states) pending_.emplace(state->id, Pending{number, state});
  for (const Want& want : wants) run.waiting.emplace_hint(run.waiting.end(), want.id, want.task);
  run.graph = std::move(graph);
  if (kept_alive.empty()) {
    // The caller waits: its tasks stay, and only their names may still be asked for.
    run.graph.inputs = {};
    run.graph.input_offsets = {};
    run.graph.kind_index = {};
  } else {
    run.rank = std::move(rank);
    for (const Task* task : kept_alive) {
      task->retain();
      run.targets.emplace_back(task);
      held_.push_back({number, task});
      ++newly_held_;
    }
  }
  put_off_.push_back({std::move(cut.subgraphs), runs_.size() == 1, kept_alive.empty() ? wants.size() : 0,
                      std::move(cut.with_participants)});
  if (!puts_off_) send_put_off();
}

void DistributedEngine::send_put_off() {
  for (Shipment& shipment : put_off_) {
    rank_.ship(std::move(shipment.subgraphs), shipment.is_only, shipment.fetched, shipment.with_participants);
  }
  put_off_.clear();
}

History& DistributedEngine::history() {
  for (const auto& [kind, sum] : rank_.executor().durations().take_news()) history_.add(*kind, sum);
  return history_;
}

Array<std::uint32_t> DistributedEngine::place(const Graph& graph) {
  History& known = history();
  return detail::place(
      graph, machine_, [this](const Task& task) { return home_of(task); },
      [&known](const Kind& kind) { return known.seconds(kind); });
}

Graph DistributedEngine::collect_checked(const Tasks& targets) {
  rank_.attend();   // what others have learnt of earlier runs
  forget_inputs();  // which may release more
  send_releases();
  Graph graph = collect(targets);
  if (make_members(graph, targets)) graph = collect(targets);  // which are kept now
  for (const TaskIndex i : graph.given) {
    const Task& task = *graph.tasks[i];
    if (task.constant() != nullptr) {
      settle_constant(task);
    } else {
      persisted_state(task);  // throws if it is another session's
    }
  }
  return graph;
}

// --- what is kept ---------------------------------------------------------------------------------------

/// Null if the task is not kept by this session.
KeptState* DistributedEngine::state_of(const Task& task) const {
  const auto* residence = dynamic_cast<const ResidenceOf<KeptState>*>(task.residence());
  const bool is_ours = residence != nullptr && residence->of(releases_);
  return is_ours && !is_lent_no_more(task) ? &residence->kept() : nullptr;
}

KeptState& DistributedEngine::persisted_state(const Task& task) {
  if (KeptState* state = state_of(task)) return *state;
  const std::string name = shown_name(task);
  if (was_given_up(task)) throw CancelledError(gave_up_text(name));
  if (is_lent_no_more(task)) {  // its family was persisted anew
    task.set_residence(nullptr);
    if (auto family = kept_family(*task.family())) {
      lend_member(task, std::move(family));
      return *state_of(task);
    }
  }
  if (task.residence() != nullptr) {
    throw std::invalid_argument("ramal: the result of " + name +
                                " was persisted in another session; compute it there, or "
                                "make its graph anew");
  }
  throw std::invalid_argument("ramal: the result of " + name +
                              " is not persisted; call session.persist on it first");
}

/// A constant begins on rank 0 and is copied to each rank that comes to need it, once.
void DistributedEngine::settle_constant(const Task& task) {
  if (state_of(task) != nullptr) return;
  auto state = std::make_shared<KeptState>(KeptState{.id = next_id_++, .anywhere = true, .ready = true});
  rank_.executor().keep(state->id, *task.constant());
  task.set_residence(std::make_unique<ResidenceOf<KeptState>>(std::move(state), releases_));
}

Home DistributedEngine::home_of(const Task& task) {
  const KeptState& state = persisted_state(task);
  return {state.rank, state.bytes, state.anywhere};
}

Holder DistributedEngine::holder_of(const Task& task) {
  KeptState& state = persisted_state(task);
  Holder holder{.id = state.id,
                .holds = [&state](std::uint32_t rank) { return state.copies.contains(rank); },
                .copied = {}};
  if (state.anywhere) holder.copied = [&state](std::uint32_t rank) { state.copies.insert(rank); };
  return holder;
}

/// Finds results that are not there yet and whose last handle is gone: nobody will ask for them, so they are
/// freed as soon as they are made. Looks at twice as many as have come since and a few more, so that it keeps
/// up with a loop that persists and drops, at a cost that does not grow with what is under way.
void DistributedEngine::let_go_of_dropped() {
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

void DistributedEngine::send_releases() {
  let_go_of_dropped();
  std::vector<std::shared_ptr<KeptState>> states;
  std::vector<std::shared_ptr<KeptFamily>> families;
  {
    const std::lock_guard lock(releases_->mutex);
    states.swap(releases_->states);
    // A family that is not there yet waits: members that are made later would be kept after their release.
    std::erase_if(releases_->families, [&](const auto& family) {
      if (family->missing > 0) return false;
      families.push_back(family);
      return true;
    });
  }
  std::map<std::uint32_t, std::vector<ValueId>> by_rank;
  for (const auto& state : states) {
    if (state->lender || state->is_consumed) continue;
    by_rank[state->rank].push_back(state->id);
    for (const std::uint32_t rank : state->copies) by_rank[rank].push_back(state->id);
  }
  for (const auto& family : families) {
    names_of_kept_.erase(family->run);
    for (std::uint32_t to = machine_.ranks(); to-- > 0;) {
      const auto count = static_cast<std::uint64_t>(family->of.nodes.front().extent.volume());
      rank_.send_release_of_all(static_cast<int>(to), family->first, count);
    }
  }
  for (const auto& [to, ids] : by_rank) {
    if (to != 0) {
      rank_.send_release(static_cast<int>(to), ids);
    } else {
      for (const ValueId id : ids) rank_.executor().release(id);
    }
  }
}

/// Built on first use, since few runs are ever asked.
bool DistributedEngine::Run::makes(const Task* task) {
  if (sorted_tasks.empty()) {
    sorted_tasks.assign(graph.tasks.begin(), graph.tasks.end());
    std::sort(sorted_tasks.begin(), sorted_tasks.end());
  }
  return std::binary_search(sorted_tasks.begin(), sorted_tasks.end(), task);
}

/// Lets go of the inputs of tasks whose results are kept, once no run looks at them any more. Those whose
/// result was given up, or failed, may be made again.
void DistributedEngine::forget_inputs() {
  if (!forget_again_) return;
  forget_again_ = false;
  std::erase_if(forgettable_, [this](const Forgettable& one) {
    const KeptState* state = state_of(*one.task.get());
    // One of another run was asked for anew, after this run's was given up.
    if (state == nullptr || state->run != one.run || !state->ready || state->failure) return true;
    // Later runs found it kept; an earlier one may have to make it, and knows its inputs by address.
    for (auto& [number, run] : runs_) {
      if (number > one.run) break;
      if (run.makes(one.task.get())) return false;
    }
    one.task.get()->forget_inputs();
    return true;
  });
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
  if (--fetch_.missing == 0) runs_.erase(fetch_.run);
}

void DistributedEngine::ready(ValueId id, std::uint64_t bytes, const Failure* failure) {
  if (const auto found = kept_families_.find(id); found != kept_families_.end()) {
    KeptFamily& family = *found->second;
    if (failure != nullptr) {
      note_failure(*failure);
      if (!family.failure || failure->before(*family.failure)) family.failure = *failure;
    }
    if (--family.missing > 0) return;
    for (const KeptFamily::Member& member : family.members) {
      if (const auto state = member.state.lock()) state->ready = true;
      for (ReadyWatch* watch : watches_) watch->told(member.id);
    }
    family.members.clear();
    runs_.erase(family.run);
    kept_families_.erase(found);
    return;
  }
  if (id == ending_.id && id != 0) {
    if (failure != nullptr && (!ending_.failure || failure->before(*ending_.failure)))
      ending_.failure = *failure;
    --ending_.missing;
    return;
  }
  const auto node = pending_.extract(id);
  if (node.empty()) return;
  auto& [number, state] = node.mapped();
  state->ready = true;
  state->bytes = static_cast<double>(bytes);
  if (failure != nullptr) {
    state->failure = *failure;
    note_failure(*failure);
  }
  Run& run = runs_.at(number);
  run.waiting.erase(id);
  if (run.waiting.empty()) {
    for (TaskHandle& target : run.targets) forgettable_.push_back({number, std::move(target)});
    forget_again_ = true;
    runs_.erase(number);
  }
  for (ReadyWatch* watch : watches_) watch->told(id);
}

/// Remembers what is to be said of a failed task while its graph is still here.
void DistributedEngine::note_failure(const Failure& failure) {
  if (const auto kept = names_of_kept_.find(failure.run); kept != names_of_kept_.end()) {
    failed_.try_emplace({failure.run, failure.plan},
                        kept->second.at(node_of(failure.plan)).of(number_of(failure.plan)));
    return;
  }
  const auto run = runs_.find(failure.run);
  if (run == runs_.end()) return;
  if (const auto& families = run->second.families; !families.empty()) {
    const FamilyNode* family = families.at(node_of(failure.plan)).get();
    if (family == nullptr) return;
    const NodeName name{std::string(family->name()), family->where, family->extent};
    failed_.try_emplace({failure.run, failure.plan}, name.of(number_of(failure.plan)));
    return;
  }
  if (failure.plan >= run->second.graph.size()) return;
  const Task& task = *run->second.graph.tasks[failure.plan];
  failed_.try_emplace({failure.run, failure.plan},
                      Failed{std::string(task.name()), task.where().file_name(), task.where().line()});
}

DistributedEngine::Failed DistributedEngine::NodeName::of(std::int64_t number) const {
  return {name + extent.place_of(number).text(), where.file_name(), where.line()};
}

std::vector<DistributedEngine::NodeName> DistributedEngine::names_of(const Families& families) {
  std::vector<NodeName> names;
  for (const auto& family : families)
    names.push_back(family ? NodeName{std::string(family->name()), family->where, family->extent}
                           : NodeName());
  return names;
}

DistributedEngine::Failed DistributedEngine::name_of(const Failure& failure) const {
  const auto found = failed_.find({failure.run, failure.plan});
  return found != failed_.end() ? found->second : Failed{"a task", "", 0};
}

/// Nothing of this run is kept, so nobody can ask for its names again.
void DistributedEngine::forget_names(RunId run) {
  failed_.erase(failed_.lower_bound({run, 0}), failed_.lower_bound({run + 1, 0}));
}

std::exception_ptr DistributedEngine::error_of(const Failure& failure) const {
  const Failed failed = name_of(failure);
  if (failure.cancelled) {
    return std::make_exception_ptr(CancelledError("ramal: the result depends on " + failed.task +
                                                  ", which was cancelled before it ran"));
  }
  return std::make_exception_ptr(TaskError({.task = failed.task,
                                            .file = failed.file,
                                            .line = failed.line,
                                            .arguments = failure.arguments,
                                            .rank = failure.rank,
                                            .host = machine_.hosts[static_cast<std::size_t>(failure.rank)],
                                            .message = failure.message}));
}

bool DistributedEngine::wait(const Tasks& targets, double seconds) {
  std::vector<const KeptState*> states;
  {
    const auto held = rank_.lock();
    for (const Task* target : targets) {
      if (target->constant() == nullptr && !was_given_up(*target))
        states.push_back(&persisted_state(*target));
    }
  }
  return wait_until(
      [&states] {
        while (!states.empty() && states.back()->ready) states.pop_back();
        return states.empty();
      },
      seconds);
}

bool DistributedEngine::wait(const Families& families, double seconds) {
  std::vector<std::shared_ptr<const KeptFamily>> kept;
  {
    const auto held = rank_.lock();
    for (const auto& family : families) {
      if (!family->gave_up) kept.push_back(persisted_family(*family));
    }
  }
  return wait_until(
      [&kept] {
        while (!kept.empty() && kept.back()->missing == 0) kept.pop_back();
        return kept.empty();
      },
      seconds);
}

bool DistributedEngine::wait_until(const std::function<bool()>& all_are_ready, double seconds) {
  {
    const auto held = rank_.lock();
    forget_inputs();
    send_releases();
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
  Tasks lent;  // by families of which some member has failed: which, only the members tell
  {
    const auto held = rank_.lock();
    const Failure* first = nullptr;
    for (const Task* target : targets) {
      if (target->constant() != nullptr) continue;
      if (was_given_up(*target)) throw CancelledError(gave_up_text(shown_name(*target)));
      const KeptState& state = persisted_state(*target);
      if (state.lender && state.lender->failure) lent.push_back(target);
      if (state.failure && (first == nullptr || state.failure->before(*first))) first = &*state.failure;
    }
    if (first != nullptr) std::rethrow_exception(error_of(*first));
  }
  const Outcome outcome = compute(lent);
  if (outcome.first) std::rethrow_exception(outcome.first);
}

void DistributedEngine::check(const Families& families) {
  const auto held = rank_.lock();
  const Failure* first = nullptr;
  for (const auto& family : families) {
    if (family->gave_up) throw CancelledError(gave_up_text(family->name()));
    const auto& failure = persisted_family(*family)->failure;
    if (failure && (first == nullptr || failure->before(*first))) first = &*failure;
  }
  if (first != nullptr) std::rethrow_exception(error_of(*first));
}

std::unique_ptr<Watch> DistributedEngine::watch(const Tasks& targets) {
  return std::make_unique<ReadyWatch>(*this, targets);
}

// --- giving up, and trying again ------------------------------------------------------------------------

void DistributedEngine::retry(const Tasks& targets, const Families& families) {
  const auto held = rank_.lock();
  for (const Task* target : targets) {
    if (target->constant() != nullptr) continue;
    if (was_given_up(*target)) {
      target->give_up();  // by itself, if it was with its family
    } else {
      persisted_state(*target);  // throws if it is not
    }
  }
  for (const auto& family : families) {
    if (!family->gave_up) persisted_family(*family);
  }
  const auto failed = [this](const TaskOrFamily& one) {
    // Also while other members of it are still under way: what has failed by it must not find it so again.
    const auto has_failed = [](const KeptFamily& family) { return family.failure.has_value(); };
    if (one.task == nullptr) return has_failed(*kept_family(*one.family));
    const KeptState& state = *state_of(*one.task);
    return (state.ready && state.failure) || (state.lender && has_failed(*state.lender));
  };
  const auto kept = [this](const TaskOrFamily& one) {
    return one.task != nullptr ? state_of(*one.task) != nullptr : kept_family(*one.family) != nullptr;
  };
  const Retried again = retried(targets, families, failed, kept);
  for (const Task* task : again.tasks) task->set_residence(nullptr);
  for (const auto& family : again.families) family->residence = nullptr;
  persist_held(again.families);
  persist_held(again.tasks);
}

void DistributedEngine::cancel(const Tasks& targets) {
  const auto held = rank_.lock();
  std::map<RunId, std::set<ValueId>> given_up;
  for (const Task* target : targets) {
    if (target->constant() != nullptr || was_given_up(*target)) continue;
    const auto pending = pending_.find(persisted_state(*target).id);
    if (pending == pending_.end()) continue;
    given_up[pending->second.run].insert(pending->first);
    target->give_up();
  }
  for (const auto& [number, ids] : given_up) cancel_in_run(number, ids);
  rank_.transport().flush();
}

bool DistributedEngine::waits_for_cancelled_only() const {
  const auto was_given_up = [this](const auto& numbered) {
    const auto& [number, run] = numbered;
    for (const auto& [id, family] : kept_families_) {
      if (family->run == number) return family->gave_up;
    }
    return std::ranges::all_of(run.waiting,
                               [&run](const auto& one) { return run.given_up.contains(one.first); });
  };
  return !runs_.empty() && std::ranges::all_of(runs_, was_given_up);
}

void DistributedEngine::cancel_program(RunId number) {
  for (std::uint32_t to = machine_.ranks(); to-- > 1;) rank_.send_cancel(static_cast<int>(to), number, {});
  rank_.cancel_program(number);
}

/// Tells the ranks which tasks of the run serve nothing but the results given up.
void DistributedEngine::cancel_in_run(RunId number, const std::set<ValueId>& ids) {
  Run& run = runs_.at(number);
  run.given_up.insert(ids.begin(), ids.end());
  if (!run.families.empty()) {
    // A family runs as a whole, so it is given up when all is that was wanted of it.
    if (std::ranges::all_of(run.waiting, [&](const auto& one) { return run.given_up.contains(one.first); }))
      cancel_program(number);
    return;
  }
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
  std::vector<std::vector<TaskIndex>> tasks(machine_.ranks());
  for (TaskIndex i = 0; i < run.graph.size(); ++i) {
    if (!needed[i] && !is_collective(i) && !std::ranges::binary_search(run.graph.given, i))
      tasks[run.rank[i]].push_back(i);
  }
  for (std::uint32_t to = 0; to < machine_.ranks(); ++to) {
    if (tasks[to].empty()) continue;
    if (to == 0) {
      rank_.cancel(number, tasks[to]);
    } else {
      rank_.send_cancel(static_cast<int>(to), number, tasks[to]);
    }
  }
}

// --- what ranks had before, and have after ---------------------------------------------------------------

std::vector<TaskHandle> DistributedEngine::from_local(const std::string& name, const Kind& kind) {
  const auto held = rank_.lock();
  std::vector<const LocalInfo*> found;
  for (std::uint32_t rank = 0; rank < machine_.ranks(); ++rank) found.push_back(&local_of(rank, name, kind));
  // Held to the end: the last handle to go would free the values, and later calls name the same.
  auto& tasks = local_tasks_[name];
  for (auto rank = static_cast<std::uint32_t>(tasks.size()); rank < machine_.ranks(); ++rank) {
    tasks.emplace_back(Task::make(kind, {}, {}));
    tasks.back().get()->set_residence(std::make_unique<ResidenceOf<KeptState>>(
        std::make_shared<KeptState>(KeptState{.id = local_id(name),
                                              .rank = rank,
                                              .ready = true,
                                              .bytes = static_cast<double>(found[rank]->bytes)}),
        releases_));
  }
  return tasks;
}

const LocalInfo& DistributedEngine::local_of(std::uint32_t rank, const std::string& name,
                                             const Kind& kind) const {
  const LocalInfos& there = locals_.at(rank);
  const auto found = std::ranges::find(there, name, &LocalInfo::name);
  const std::string where = "rank " + std::to_string(rank) + " (" + machine_.hosts[rank] + ")";
  if (found == there.end()) {
    std::string others;
    for (const LocalInfo& one : there) others += (others.empty() ? "; it has " : ", ") + one.name;
    throw std::invalid_argument("ramal: from_local: " + where + " has no local '" + name + "'" +
                                (others.empty() ? ", nor any other" : others));
  }
  if (found->type == kind.result->name) return *found;
  throw std::invalid_argument("ramal: from_local: the local '" + name + "' of " + where + " is a " +
                              found->type + ", not a " + std::string(kind.result->name));
}

void DistributedEngine::to_local(const std::string& name, const Tasks& targets) {
  const auto held = rank_.lock();
  for (const Task* target : targets) {
    const KeptState& state = persisted_state(*target);
    rank_.send_store(static_cast<int>(state.rank), state.id, name);
  }
}

// --- the rest -------------------------------------------------------------------------------------------

std::vector<RankInfo> DistributedEngine::info() {
  {
    const auto held = rank_.lock();
    reports_.assign(machine_.ranks(), std::nullopt);
    reports_[0] = rank_.info();
    for (int to = 1; to < ranks(); ++to) rank_.send_query(to);
  }
  rank_.work_until([this] {
    return std::all_of(reports_.begin(), reports_.end(), [](const auto& one) { return one.has_value(); });
  });
  const auto held = rank_.lock();
  std::vector<RankInfo> all;
  for (const auto& one : reports_) all.push_back(*one);
  return all;
}

void DistributedEngine::report(int from, std::span<const std::byte> text) {
  Reader reader(text);
  reports_[static_cast<std::size_t>(from)] = Codec<RankInfo>::read(reader);
}

void DistributedEngine::progress() {
  {
    const auto held = rank_.lock();
    forget_inputs();
    send_releases();
  }
  rank_.progress();
}

void DistributedEngine::warn_of_large_literals(const Cut& cut) {
  for (const auto& [place, large] : cut.large_literals) {
    constexpr std::uint64_t worth_a_word_bytes = 32 << 20;
    if (large.tasks < 8 || large.bytes < worth_a_word_bytes || !warned_.insert(place).second || !warnings_)
      continue;
    std::fprintf(stderr,
                 "ramal: warning: %llu calls of %s at %s:%u carry %.0f MiB of arguments by value; wrap what "
                 "they share in "
                 "ramal::value(x), which is sent once per rank\n",
                 static_cast<unsigned long long>(large.tasks), std::string(large.example->name()).c_str(),
                 large.example->where().file_name(), static_cast<unsigned>(large.example->where().line()),
                 static_cast<double>(large.bytes) / (1 << 20));
  }
}

}  // namespace ramal::detail
