// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/executor.hpp"
#include "graph/core/participants.hpp"
#include "runtime/executor/run.hpp"
#include "runtime/machine/numa.hpp"

#include <ramal/collective.hpp>
#include <ramal/detail/member.hpp>

#include <algorithm>

namespace ramal::detail {

Executor::Executor(int rank, const Images& images, Outlet& outlet, unsigned workers,
                   std::function<void()> wake, std::uint64_t memory_bytes)
    : rank_(rank),
      images_(images),
      outlet_(outlet),
      shared_(workers > 0),
      wake_(std::move(wake)),
      memory_(memory_bytes),
      kept_(memory_),
      ready_(shared_, memory_) {
  for (unsigned i = 0; i < std::max(1u, workers); ++i)
    ready_.add_worker(workers_.emplace_back(std::make_unique<Worker>(i))->own);
  for (unsigned i = 0; i < workers; ++i)
    set_victims(i, victim_order(i, std::vector<std::size_t>(workers, 0)));
}

Executor::~Executor() = default;

// --- whoever pumps ----------------------------------------------------------------------------------

void Executor::start_as(RunId number, Subgraph subgraph, std::vector<TaskOrigin> origins) {
  auto& run = *runs_.emplace(number, std::make_unique<Run>(number, std::move(subgraph))).first->second;
  run.origins = std::move(origins);
  for (const KindRef& ref : run.graph.kinds) run.layout->kinds.push_back(&images_.resolve(ref));
  check_sorts(run);
  if (observer_ != nullptr) observe_start(run);
  find_participants(run);
  choose_timed(run);
  start_sources(run);
  for (const External& external : run.graph.externals) {
    if (external.how != External::import) arrivals_missing_.fetch_add(1);
  }
  start_imports(run);
  if (shared_) wake_();
  close(run);
}

/// Of a subgraph that came as bytes. Members run in fronts, which each rank makes for itself, or elsewhere
/// once they were given away; a collective task's only as planned.
void Executor::check_sorts(const Run& run) {
  const auto fits = [stolen = run.is_stolen()](const Kind* kind) {
    return kind->sort == Sort::task ||
           (stolen ? kind->sort == Sort::member : kind->is_bound_to_participants());
  };
  const auto fit = [&](std::uint32_t kind) { return fits(run.kinds[kind]); };
  if (!std::ranges::all_of(run.kinds, fits) && !std::ranges::all_of(run.graph.kind, fit))
    throw DecodeError("a subgraph is damaged: what sort of tasks it has");  // others are externals
  if (!run.is_stolen()) return;
  for (Slot task = 0; task < run.graph.tasks(); ++task) {
    if (!has_place(*run.kinds[run.graph.kind[task]], run.graph.literals_of(task)))
      throw DecodeError("a stolen member's place is damaged");
  }
}

/// Its tasks are called with care, where the observer is told of them.
void Executor::observe_start(Run& run) {
  run.takes_care.store(true, std::memory_order_relaxed);
  if (!run.front) {
    for (const CallSiteRef& site : run.graph.sites) run.sites.push_back(images_.resolve(site));
  }
  observer_->run_started(observed_name(run), run.graph.tasks());
}

Observer::RunName Executor::observed_name(const Run& run) {
  return {run.number, home_run(run), run.front ? run.front->number : -1};
}

/// Tasks without inputs; those with a priority at once, the others when their turn comes.
void Executor::start_sources(Run& run) {
  if (run.graph.tasks() == 0) return;
  for (const Priority& priority : run.graph.priorities) {
    if (run.graph.inputs_of(priority.slot).empty()) make_ready({&run, priority.slot});
  }
  ready_.add_sources(run);
}

/// Values that are kept here, or will be.
void Executor::start_imports(Run& run) {
  for (std::size_t k = 0; k < run.graph.externals.size(); ++k) {
    const External& external = run.graph.externals[k];
    if (external.how != External::import) continue;
    const auto slot = static_cast<Slot>(run.graph.tasks() + k);
    Value value = kept_.find_or_wait(external.id, {&run, slot});
    if (value.empty()) continue;
    run.value(slot) = std::move(value);
    fill(run, slot);
  }
}

// --- fronts -------------------------------------------------------------------------------------------

std::shared_ptr<Executor::Layout> Executor::lay_out(Subgraph graph, const Front& front,
                                                    std::span<const Link> links) {
  auto layout = std::make_shared<Layout>(std::move(graph));
  layout->kinds = front.kinds;
  layout->names = front.names;
  Run(layout, 1, links).remember_counts();
  return layout;
}

Executor::Run* Executor::prepare(RunId number, std::shared_ptr<Layout> layout, FrontRun front) {
  auto run = std::make_unique<Run>(std::move(layout), number);
  run->step = front.step;
  arrivals_missing_.fetch_add(static_cast<std::int64_t>(front.front->awaited.size()));
  for (const Front::Part& part : front.front->parts) {
    if (part.first >= run->graph.tasks()) break;  // values that exist
    const ProgramNode& node = front.of->nodes[part.node];
    const auto count = static_cast<Slot>(part.region.volume());
    durations_.choice(*node.kind).next_of(count, [&](std::uint32_t k) {
      run->flag(part.first + k, Run::timed);
    });
    if (node.result_bytes > 0 || node.kind->passes_on) continue;
    if (const std::uint64_t bytes = durations_.expected_bytes(*node.kind); bytes > 0) {
      run->learnt.push_back({part.first, count, bytes});
      for (Slot k = 0; k < count; ++k) run->flag(part.first + k, Run::stated);
    }
  }
  if (!run->learnt.empty() && !run->counts_bytes()) run->count_bytes();
  run->front = std::move(front);
  return runs_.emplace(number, std::move(run)).first->second.get();
}

void Executor::activate(Run& run, Run* next, std::vector<Keep> keeps) {
  run.next = next;
  run.set_keeps(std::move(keeps));
  if (observer_ != nullptr) observe_start(run);
  start_sources(run);
  start_imports(run);
  for (std::size_t k = 0; k < run.graph.externals.size(); ++k) {
    if (run.graph.externals[k].how != External::arrival) continue;
    const auto slot = static_cast<Slot>(run.graph.tasks() + k);
    shared_ ? open_external<true>(run, slot, Run::open_to_all, nullptr)
            : open_external<false>(run, slot, Run::open_to_all, nullptr);
  }
  if (shared_) wake_();
  close(run);
}

void Executor::fill_front(Run& run, Slot slot, Value value) {
  add_to<std::int64_t>(arrivals_missing_, -1, shared_);
  run.value(slot) = std::move(value);
  if (run.value(slot).failed()) run.note_failure();
  shared_ ? open_external<true>(run, slot, Run::filled, nullptr)
          : open_external<false>(run, slot, Run::filled, nullptr);
}

const Value& Executor::value_of(const Run& run, Slot slot) { return run.value(slot); }

void Executor::abandon(Run& run) {
  for (const auto& [name, awaited] : run.front->front->awaited) {
    if (run.value(awaited.slot).empty()) add_to<std::int64_t>(arrivals_missing_, -1, shared_);
  }
  if (latest_ == &run) latest_ = nullptr;
  runs_.erase(run.number);
}

void Executor::find_participants(Run& run) {
  if (std::ranges::count(run.kinds, Sort::collective, &Kind::sort) == 0) return;
  for (Slot task = 0; task < run.graph.tasks(); ++task) {
    if (run.kinds[run.graph.kind[task]]->sort != Sort::collective) continue;
    run.flag(task, Run::participant);
    const auto literals = run.graph.literals_of(task);
    run.participants.emplace(collective_head(literals).turn, task);
    outlet_.enlist(run.number, collective_head(literals).turn, stated_ranks(literals));
    if (run.graph.inputs_of(task).empty()) join(run, task);
  }
}

/// Is called before any of the run's tasks is ready. The duration of a collective task is that of its slowest
/// participant.
void Executor::choose_timed(Run& run) {
  std::vector<Durations::Choice*> choices;
  for (const Kind* kind : run.kinds) choices.push_back(&durations_.choice(*kind));
  for (Slot task = 0; task < run.graph.tasks(); ++task) {
    if (choices[run.graph.kind[task]]->next()) run.flag(task, Run::timed);
  }
}

Executor::Run* Executor::find(RunId number) const {
  if (latest_ != nullptr && latest_->number == number) return latest_;
  const auto found = runs_.find(number);
  if (found == runs_.end()) return nullptr;
  return latest_ = found->second.get();
}

const Type* Executor::arrival_type(RunId number, Slot slot) const {
  const Run* found = find(number);
  if (found == nullptr) return nullptr;
  const Run& run = *found;
  if (slot >= run.graph.slots()) return nullptr;
  const bool arrives = slot < run.graph.tasks()
                           ? run.away.contains(slot)
                           : run.graph.externals[slot - run.graph.tasks()].how == External::arrival;
  return arrives ? run.type_of(slot) : nullptr;
}

std::uint64_t Executor::arrival_plan(RunId number, Slot slot) const { return find(number)->maker_of(slot); }

void Executor::arrive(RunId number, Slot slot, Value value, std::uint64_t counted) {
  Run& run = *find(number);
  add_to<std::int64_t>(arrivals_missing_, -1, shared_);
  run.value(slot) = std::move(value);
  if (slot < run.graph.tasks()) come_home(run, slot);
  if (run.counts_bytes()) {
    count_result(run, slot, counted);
  } else if (run.has(slot, Run::kept) || slot < run.graph.tasks()) {
    memory_.subtract(counted);  // counted as such, or made for us
  } else if (counted > 0) {
    run.received[slot - run.graph.tasks()] = counted;
    run.takes_care.store(true, std::memory_order_relaxed);  // seen by its consumers, who are told below
  }
  fill(run, slot);
}

bool Executor::arrive_plain(RunId number, Slot slot, std::span<const std::byte> encoded) {
  Run* run = find(number);
  if (run == nullptr || slot - run->graph.tasks() >= run->graph.externals.size()) return false;
  const External& external = run->graph.externals[slot - run->graph.tasks()];
  const Type& type = *run->kinds[external.kind]->result;
  if (external.how != External::arrival || !type.plain || type.bytes != encoded.size()) return false;
  add_to<std::int64_t>(arrivals_missing_, -1, shared_);
  run->value(slot).set_plain(type, encoded.data());
  complete_and_close(*run, slot);
  return true;
}

/// An external slot has its value.
void Executor::fill(Run& run, Slot slot) {
  if (run.value(slot).failed()) run.note_failure();
  complete_and_close(run, slot);
}

std::map<int, std::vector<Slot>> Executor::cancel(RunId number, std::span<const TaskIndex> tasks) {
  std::map<int, std::vector<Slot>> away;
  const auto found = runs_.find(number);
  if (found == runs_.end()) return away;
  Run& run = *found->second;
  for (const TaskIndex task : tasks) {
    const auto at = std::ranges::lower_bound(run.graph.plan, task);  // slots are in the plan's order
    if (at == run.graph.plan.end() || *at != task) continue;
    const auto slot = static_cast<Slot>(at - run.graph.plan.begin());
    run.flag(slot, Run::cancelled);
    if (const auto given = run.away.find(slot); given != run.away.end()) away[given->second].push_back(slot);
  }
  return away;
}

void Executor::cancel_all(Run& run) {
  for (Slot task = 0; task < run.graph.tasks(); ++task) run.flag(task, Run::cancelled);
}

void Executor::keep(ValueId id, Value value) {
  const auto [waiting, bytes] = kept_.keep(id, value);
  if (observer_ != nullptr && bytes) observer_->value_kept(id, *bytes);
  for (const RunSlot& one : waiting) {
    one.run->value(one.slot) = value;
    fill(*one.run, one.slot);
  }
}

void Executor::release(ValueId id) {
  const auto bytes = kept_.release(id);
  if (observer_ != nullptr && bytes) observer_->value_released(id, *bytes);
}

void Executor::release_all(ValueId first, std::uint64_t count) {
  kept_.release_all(first, count, [this](ValueId id, std::uint64_t bytes) {
    if (observer_ != nullptr) observer_->value_released(id, bytes);
  });
}

bool Executor::is_at_rest() const {
  // Nobody takes or runs anything before and after the look at what is ready, and nobody has begun to
  // between: so nothing was under way from one place to another while they were looked at.
  std::uint64_t before = 0, after = 0;
  for (const auto& worker : workers_) {
    const std::uint64_t batches = worker->batches.load();
    if (batches % 2 != 0) return false;
    before += batches;
  }
  if (has_ready()) return false;
  for (const auto& worker : workers_) after += worker->batches.load();
  return before == after;
}

std::string Executor::tasks_under_way() const {
  std::string names;
  for (const auto& worker : workers_) {
    if (const Kind* kind = worker->running.kind.load(std::memory_order_relaxed))
      names += (names.empty() ? "" : ", ") + std::string(kind->name);
  }
  return names;
}

void Executor::post_from_workers() {
  std::vector<Posted> posted;
  std::vector<Run*> finished;
  {
    const std::lock_guard lock(posted_lock_);
    posted.swap(posted_);
  }
  for (Posted& one : posted) {
    switch (one.what) {
      case Posted::result:
        send(*one.run, one.slot);
        results_posted_.fetch_sub(1);
        break;
      case Posted::announcement:
        outlet_.announce(one.id, one.value);
        break;
      case Posted::member:
        tell_joined(*one.run, one.slot);
        break;
    }
  }
  {
    const std::lock_guard lock(posted_lock_);
    finished.swap(finished_);
  }
  for (Run* run : finished) finish(*run);
}

// --- collective tasks ---------------------------------------------------------------------------------

void Executor::join(Run& run, Slot task) {
  if (shared_) {
    const std::lock_guard lock(posted_lock_);
    posted_.push_back({Posted::member, &run, task, 0, {}});
  } else {
    tell_joined(run, task);
  }
}

void Executor::tell_joined(Run& run, Slot task) {
  const Value* failed = run.any_failure.load(std::memory_order_relaxed) ? failed_input(run, task) : nullptr;
  outlet_.join(run.number, collective_head(run.graph.literals_of(task)).turn,
               failed != nullptr ? &failed->get<Failure>() : nullptr);
}

std::optional<Failure> Executor::enter(RunId number, std::uint32_t turn, Communicator& communicator) {
  Run& run = *runs_.at(number);
  const Slot task = run.participants.at(turn);
  call_participant(run, task, communicator);
  const Value& result = run.value(task);
  return result.failed() ? std::optional(result.get<Failure>()) : std::nullopt;
}

void Executor::settle(RunId number, std::uint32_t turn, const Failure* failure) {
  Run& run = *runs_.at(number);
  const Slot task = run.participants.at(turn);
  if (failure != nullptr) {
    run.value(task) = Value::make<Failure>(*failure);
    run.note_failure();
  }
  if (run.counts_bytes()) count_result(run, task);
  complete(run, task);
  for (const Slot input : run.graph.inputs_of(task)) drop_use(run, input);
  close(run);
}

// --- memory -------------------------------------------------------------------------------------------

/// A slot was filled; what its task stated was counted before it ran, or so much before it arrived.
void Executor::count_result(Run& run, Slot slot, std::uint64_t counted) {
  const std::uint64_t stated = run.has(slot, Run::stated) ? run.expected_bytes(slot) : 0;
  const bool kept = run.has(slot, Run::kept);  // counted as such
  run.bytes[slot] = kept ? 0 : held_bytes(run.value(slot));
  memory_.replace(stated + counted, run.bytes[slot]);
}

bool Executor::admit(const RunSlot& task) {
  return !is_short_of_memory() && memory_.reserve(task.run->expected_bytes(task.slot));
}

void Executor::defer(const RunSlot& task) {
  // Depth first: what has inputs frees them.
  const bool first = !task.run->graph.inputs_of(task.slot).empty();
  ready_.defer(task, task.run->expected_bytes(task.slot), first);
}

void Executor::finish(Run& run) {
  ready_.remove_sources(run);
  if (latest_ == &run) latest_ = nullptr;
  durations_.note_end_of_run();
  if (observer_ != nullptr) observer_->run_ended(observed_name(run));
  const auto ended = runs_.extract(run.number);
  if (run.front) outlet_.ended(*run.front, run.failure ? &*run.failure : nullptr);
}

std::uint64_t Executor::tasks_run() const {
  std::uint64_t sum = participants_run_.load(std::memory_order_relaxed);
  for (const auto& worker : workers_) sum += worker->tasks_run.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace ramal::detail
