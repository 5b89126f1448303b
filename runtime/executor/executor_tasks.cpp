// SPDX-License-Identifier: BSD-3-Clause
// A task's life on its rank: taken from what is ready, run, its result counted down at its consumers. What is
// done for every task is written for one thread and for several (`shared`), since one needs no atomics.
#include "runtime/executor/executor.hpp"
#include "runtime/executor/run.hpp"
#include "runtime/machine/clock.hpp"

#include <algorithm>

namespace ramal::detail {

namespace {

template <bool shared, class T>
T decremented(std::atomic<T>& counter) {
  if constexpr (shared) {
    return counter.fetch_sub(1, std::memory_order_acq_rel) - 1;
  } else {
    const T left = counter.load(std::memory_order_relaxed) - 1;
    counter.store(left, std::memory_order_relaxed);
    return left;
  }
}

}  // namespace

std::size_t Executor::run_some(std::size_t most, unsigned worker) {
  Worker& me = *workers_[worker];
  begin_batch(me);
  const std::size_t count = shared_ ? run_some<true>(most, me) : run_some<false>(most, me);
  end_batch(me);
  me.tasks_run.store(me.tasks_run.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  return count;
}

void Executor::begin_batch(Worker& me) {
  this_thread_runs = &me.running;
  me.running.begin_batch();
  if (shared_ && me.batches.load(std::memory_order_relaxed) % 2 == 0) me.batches.fetch_add(1);
}

void Executor::end_batch(Worker& me) {
  this_thread_runs = nullptr;  // or it would outlive the executor
  if (!shared_) return;
  if (me.closing != nullptr) close<true>(*me.closing, me.closed);
  me.closing = nullptr;
  if (me.own.next.run == nullptr) me.batches.fetch_add(1);
}

template <bool shared>
inline std::size_t Executor::run_some(std::size_t most, Worker& me) {
  RunSlot item{};
  for (std::size_t count = 0; count < most;) {
    if constexpr (shared) gate_.pass();
    if (!take<shared>(me, item)) return count;
    if (execute<shared>(item, me)) ++count;
  }
  return most;
}

bool Executor::overdraw(unsigned worker) {
  Worker& me = *workers_[worker];
  RunSlot item{};
  begin_batch(me);
  if (!ready_.take_deferred(item, true)) {
    end_batch(me);
    return false;
  }
  shared_ ? execute<true>(item, me) : execute<false>(item, me);
  end_batch(me);
  me.tasks_run.store(me.tasks_run.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return true;
}

/// Runs the task, or puts it off for want of memory.
template <bool shared>
inline bool Executor::execute(const RunSlot& item, Worker& me) {
  Run& run = *item.run;
  const Slot task = item.slot;
  const auto flags = run.flags[task].load(std::memory_order_relaxed);
  if ((flags & Run::not_plainly_run) != 0 || run.takes_care.load(std::memory_order_relaxed)) [[unlikely]]
    return execute_with_care<shared>(item, me);
  call_kind(run, task, me.running);
  pass_on<shared>(run, task, &me, (flags & Run::routed) != 0);
  const Run::Step* step = &run.steps[task];
  Cell* const cells = run.cells.data();
  const Slot* const end = run.graph.inputs.data() + step[1].inputs;
  for (const Slot* input = run.graph.inputs.data() + step->inputs; input != end; ++input) {
    Cell& cell = cells[*input];
    // What sits in its cell is never moved from and needs no end: no need to count either.
    if (cell.value.is_boxed() && decremented<shared>(cell.uses) == 0) cell.value.reset();
  }
  close_soon<shared>(run, me);  // after which it may be gone
  return true;
}

template <bool shared>
bool Executor::execute_with_care(const RunSlot& item, Worker& me) {
  Run& run = *item.run;
  const Slot task = item.slot;
  if (run.has(task, Run::stated) && !run.has(task, Run::admitted) && !admit(item)) {
    defer(item);
    return false;
  }
  if (run.has(task, Run::wide)) {
    call_with_threads(run, task, me);
  } else {
    call(run, task, &me);
  }
  if (run.counts_bytes()) count_result(run, task);
  complete<shared>(run, task, &me);
  for (const Slot input : run.graph.inputs_of(task)) drop_use(run, input);
  close_soon<shared>(run, me);
  return true;
}

// --- its call -----------------------------------------------------------------------------------------

/// Threads that would run other tasks stand aside meanwhile. With one thread that runs tasks, what happens
/// inside of them is the program's own affair.
void Executor::call_with_threads(Run& run, Slot task, Worker& me) {
  const auto workers = static_cast<unsigned>(workers_.size());
  const unsigned threads = std::min(run.layout->needs.at(task).threads, workers);
  if (workers == 1) {
    call(run, task, &me);
    return;
  }
  for (unsigned i = 1; i < workers; ++i) wake_();
  gate_.gather(threads - 1);
  const auto usual = libraries_.set(static_cast<int>(threads), threads == workers);
  call(run, task, &me);
  libraries_.restore(usual);
  gate_.release(threads - 1);
}

/// Of several failed inputs the first in the plan's order; null if none has.
const Value* Executor::failed_input(const Run& run, Slot task) const {
  const Value* first = nullptr;
  for (const Slot input : run.graph.inputs_of(task)) {
    const Value& value = run.value(input);
    if (value.failed() && (first == nullptr || value.get<Failure>().before(first->get<Failure>())))
      first = &value;
  }
  return first;
}

/// Fills the task's slot with its result, or with a Failure.
void Executor::call(Run& run, Slot task, Worker* me, Communicator* communicator) {
  if (run.any_failure.load(std::memory_order_relaxed)) {
    if (const Value* failed = failed_input(run, task)) {
      run.value(task) = *failed;  // shared, however many tasks it keeps from running
      if (run.front) note_front_failure(run, task, failed->get<Failure>());
      return;
    }
  }
  if (run.has(task, Run::cancelled)) {
    fail(run, task, {.run = home_run(run), .plan = plan_of(run, task), .rank = rank_, .cancelled = true});
  } else if (observer_ != nullptr) {
    call_observed(run, task, me, communicator);
  } else {
    call_task(run, task, me, communicator);
  }
}

void Executor::call_observed(Run& run, Slot task, Worker* me, Communicator* communicator) {
  const Observer::TaskName name = observed_name(run, task, me);
  const Moment began = now_nanoseconds();
  observer_->task_started(name, began);
  call_task(run, task, me, communicator);
  observer_->task_ended(name, began, now_nanoseconds(), run.value(task).failed());
}

Observer::TaskName Executor::observed_name(const Run& run, Slot task, const Worker* me) const {
  const std::uint32_t kind = run.steps[task].kind;
  Observer::TaskName name{.run = home_run(run), .plan = plan_of(run, task), .kind = *run.kinds[kind]};
  name.worker = me != nullptr ? me->number : Observer::participant;
  if (run.front) {
    name.is_member = true;
    name.site = run.front->of->nodes[node_of(name.plan)].site;
    return name;
  }
  if (kind < run.sites.size()) name.site = run.sites[kind];
  if (run.is_stolen()) {
    const TaskOrigin& origin = run.origins[task];
    name.run = origin.run;
    name.plan = origin.plan;
    name.is_member = origin.place.has_value();
    name.stolen_from = static_cast<int>(run.graph.routes.front().rank);
  }
  return name;
}

void Executor::call_task(Run& run, Slot task, Worker* me, Communicator* communicator) {
  if (run.has(task, Run::timed) && me != nullptr) {
    call_and_time(run, task, *me);
  } else {
    call_kind(run, task, me != nullptr ? me->running : running_participant_, communicator);
  }
}

void Executor::call_and_time(Run& run, Slot task, Worker& me) {
  const Kind& kind = *run.kinds[run.steps[task].kind];
  const double before = now_seconds();
  me.timed_since.store(before, std::memory_order_relaxed);
  me.timed.store(&kind, std::memory_order_release);
  call_kind(run, task, me.running);
  me.timed.store(nullptr, std::memory_order_relaxed);
  if (run.value(task).failed()) return;
  durations_.add(kind, now_seconds() - before);
  if (run.front) durations_.add_result(kind, held_bytes(run.value(task)));
}

inline CallFrame Executor::frame_of(Run& run, Slot task, Communicator* communicator) const {
  const Run::Step* step = &run.steps[task];
  const std::span literals(run.graph.literals.data() + std::size_t{8} * step->literals,
                           std::size_t{8} * (step[1].literals - step->literals));
  return {run.cells.data(), run.graph.inputs.data() + step->inputs, may_move_, literals, communicator, run.step};
}

inline void Executor::call_kind(Run& run, Slot task, RunningTask& running, Communicator* communicator) {
  const Kind& kind = *run.kinds[run.steps[task].kind];
  CallFrame frame = frame_of(run, task, communicator);
  run_task(kind, frame, run.cells[task].value, running, *this, &run, task,
           [&] { fail_as_thrown(run, task, kind, frame); });
}

/// Within a handler. Apart from call_kind, so that that one is inlined.
void Executor::fail_as_thrown(Run& run, Slot task, const Kind& kind, const CallFrame& frame) {
  Failure failure = Failure::thrown(home_run(run), plan_of(run, task), rank_, kind, frame);
  if (const std::string kept = keep_task(&run, task); !kept.empty()) failure.message += " (" + kept + ")";
  fail(run, task, std::move(failure));
}

/// Of a member that is asked for. Others' failures are told to nobody but those that read them.
void Executor::note_front_failure(Run& run, Slot task, const Failure& failure) {
  const FamilyProgram& program = *run.front->of;
  if (!program.nodes[node_of(run.front->front->member(program, task).name)].asked) return;
  const std::lock_guard lock(run.failure_lock);
  keep_first(run.failure, failure);
}

/// Of what was stolen, the run it was planned in.
RunId Executor::home_run(const Run& run) { return run.front ? run.front->program : run.graph.run; }

/// Names a task across ranks.
std::uint64_t Executor::plan_of(const Run& run, Slot slot) {
  if (run.front) {
    const Named member = run.front->front->member(*run.front->of, slot);
    return member.name + static_cast<MemberName>(member.stride * run.step);
  }
  return slot < run.graph.tasks() ? run.graph.plan[slot] : 0;
}

TaskOrigin Executor::origin_of(const void* its_run, std::uint64_t its_slot) const {
  const Run& run = *static_cast<const Run*>(its_run);
  const auto slot = static_cast<Slot>(its_slot);
  TaskOrigin origin;
  if (run.is_stolen()) {
    origin = run.origins.at(slot);
  } else {
    origin.run = home_run(run);
    origin.plan = plan_of(run, slot);
  }
  if (run.front) {
    const ProgramNode& node = run.front->of->nodes[node_of(origin.plan)];
    origin.place = node.extent.place_of(number_of(origin.plan));
    origin.site = node.site;
    origin.attempt = node.attempt;
  } else {
    origin.site = images_.resolve(run.graph.sites[run.graph.kind[slot]]);
    origin.attempt = run.graph.attempt_of(slot);
  }
  return origin;
}

void Executor::fail(Run& run, Slot task, Failure failure) {
  if (run.front) note_front_failure(run, task, failure);
  run.value(task) = Value::make<Failure>(std::move(failure));
  run.note_failure();
}

/// Of a collective task.
void Executor::call_participant(Run& run, Slot task, Communicator& communicator) {
  RunningTask* const others = std::exchange(this_thread_runs, &running_participant_);
  call(run, task, nullptr, &communicator);
  this_thread_runs = others;
  participants_run_.fetch_add(1, std::memory_order_relaxed);
}

// --- its result ---------------------------------------------------------------------------------------

/// A slot was filled: keep it, and pass it on.
template <bool shared>
void Executor::complete(Run& run, Slot slot, Worker* me) {
  if (run.has(slot, Run::kept)) keep_slot(run, slot);
  pass_on<shared>(run, slot, me, run.has(slot, Run::routed));
}

/// Tells a slot's consumers, sends it, and drops it if there was neither.
template <bool shared>
inline void Executor::pass_on(Run& run, Slot slot, Worker* me, bool routed) {
  const auto consumers = run.consumers_of(slot);
  if (consumers.empty() && !routed) {
    drop(run, slot);
    return;
  }
  // Last first, so that the first in the plan's order runs first.
  for (const Slot* consumer = consumers.data() + consumers.size(); consumer != consumers.data();) {
    --consumer;
    if (*consumer >= run.cells.size()) [[unlikely]] {
      follow_link<shared>(run, slot, *consumer - static_cast<Slot>(run.cells.size()), me);
      continue;
    }
    if (decremented<shared>(run.cells[*consumer].missing) == 0) make_ready<shared>({&run, *consumer}, me);
  }
  if (!routed) return;
  if constexpr (shared) {
    results_posted_.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock(posted_lock_);
    posted_.push_back({Posted::result, &run, slot, 0, {}});
    return;
  }
  send(run, slot);
  // Tasks without inputs come one by one, and their results wait for company.
  if (me != nullptr && !run.graph.inputs_of(slot).empty()) outlet_.hurry(ready_.has_urgent());
}

/// The value goes on to the next front, where it may have to wait until that is active.
template <bool shared>
void Executor::follow_link(Run& run, Slot slot, Slot to, Worker* me) {
  Value& value = run.value(slot);
  if (value.failed()) run.next->note_failure();
  if (run.cells[slot].uses.load(std::memory_order_acquire) == 1) {
    run.next->value(to) = std::move(value);
    if (run.counts_bytes() && run.next->counts_bytes())
      run.next->bytes[to] = std::exchange(run.bytes[slot], 0);
  } else {
    run.next->value(to) = value;
  }
  if (decremented<shared>(run.cells[slot].uses) == 0) drop(run, slot);
  open_external<shared>(*run.next, to, Run::filled, me);
}

/// Of a front: whoever comes second, its value or its activity, tells the consumers.
template <bool shared>
void Executor::open_external(Run& run, Slot slot, std::uint16_t because, Worker* me) {
  constexpr std::uint16_t both = Run::filled | Run::open_to_all;
  std::uint16_t before = 0;
  if constexpr (shared) {
    before = run.flags[slot].fetch_or(because, std::memory_order_acq_rel);
  } else {
    before = run.flags[slot].load(std::memory_order_relaxed);
    run.flags[slot].store(static_cast<std::uint16_t>(before | because), std::memory_order_relaxed);
  }
  if (((before | because) & both) != both) return;
  complete<shared>(run, slot, me);
  close<shared>(run);
}
template void Executor::open_external<true>(Run&, Slot, std::uint16_t, Worker*);
template void Executor::open_external<false>(Run&, Slot, std::uint16_t, Worker*);

void Executor::complete(Run& run, Slot slot) {
  shared_ ? complete<true>(run, slot, nullptr) : complete<false>(run, slot, nullptr);
}

void Executor::complete_and_close(Run& run, Slot slot) {
  complete(run, slot);
  close(run);
}

void Executor::keep_slot(Run& run, Slot slot) {
  for (const Keep& kept : run.keeps_of(slot)) {
    if (kept.how != Keep::handed_over) keep(kept.id, run.value(slot));
    if (kept.how == Keep::quietly) continue;
    if (shared_) {
      const std::lock_guard lock(posted_lock_);
      posted_.push_back({Posted::announcement, nullptr, 0, kept.id, run.value(slot)});
    } else {
      outlet_.announce(kept.id, run.value(slot));
    }
  }
}

void Executor::send(Run& run, Slot slot) {
  for (const Route& route : run.routes_of(slot)) {
    try {
      send_by(run, route, run.value(slot));
    } catch (...) {  // a user's own codec may throw anything
      Failure failure = Failure::caught(home_run(run), plan_of(run, slot), rank_, not_encoded);
      failure.arguments = arguments_of(run, slot);
      send_by(run, route, Value::make<Failure>(std::move(failure)));
    }
  }
  drop_use(run, slot);
  close(run);
}

/// Of a task that has just run. With several threads its inputs may be gone, or going.
std::string Executor::arguments_of(Run& run, Slot slot) const {
  if (slot >= run.graph.tasks()) return {};
  const auto inputs = run.graph.inputs_of(slot);
  const auto is_gone = [&run](Slot input) { return run.value(input).empty(); };
  if (!inputs.empty() && (shared_ || std::ranges::any_of(inputs, is_gone))) return unknown_arguments;
  return shown_arguments(*run.kinds[run.steps[slot].kind], frame_of(run, slot));
}

void Executor::send_by(const Run& run, const Route& route, const Value& value) {
  if (run.front) [[unlikely]] {
    const Named& member = run.layout->names[route.remote_slot];
    outlet_.send_member(route.rank, run.front->program,
                        member.name + static_cast<MemberName>(member.stride * run.step), value);
  } else if (run.is_stolen()) [[unlikely]] {
    outlet_.return_home(route.rank, run.graph.run, route.remote_slot, value);
  } else {
    outlet_.send(route.rank, run.number, route.remote_slot, value);
  }
}

void Executor::drop_use(Run& run, Slot slot) {
  auto& uses = run.cells[slot].uses;
  if ((shared_ ? decremented<true>(uses) : decremented<false>(uses)) == 0) drop(run, slot);
}

void Executor::drop(Run& run, Slot slot) {
  if (const std::uint64_t bytes = run.counted(slot); bytes > 0) [[unlikely]] {
    memory_.let_go(std::move(run.value(slot)), bytes);
    if (shared_ && has_ready()) wake_();
  } else {
    run.value(slot).reset();
  }
}

/// So many things less to wait for. The run may be gone afterwards.
template <bool shared>
inline void Executor::close(Run& run, std::uint64_t count) {
  if constexpr (shared) {
    if (run.open.fetch_sub(count, std::memory_order_acq_rel) > count) return;
    const std::lock_guard lock(posted_lock_);
    finished_.push_back(&run);
  } else {
    const auto left = run.open.load(std::memory_order_relaxed) - count;
    run.open.store(left, std::memory_order_relaxed);
    if (left == 0) finish(run);
  }
}

void Executor::close(Run& run) { shared_ ? close<true>(run) : close<false>(run); }

/// The same when the worker is through with its batch: of several, each would wait for the others' counting.
template <bool shared>
inline void Executor::close_soon(Run& run, Worker& me) {
  if constexpr (shared) {
    if (me.closing != &run) {
      if (me.closing != nullptr) close<true>(*me.closing, me.closed);
      me.closing = &run;
      me.closed = 0;
    }
    ++me.closed;
  } else {
    close<false>(run);
  }
}

// --- what is ready ------------------------------------------------------------------------------------

template <bool shared>
inline void Executor::make_ready(const RunSlot& item, Worker* me) {
  if (item.run->has(item.slot, Run::not_plainly_ready)) [[unlikely]] {
    make_ready_specially(item);
  } else if (me != nullptr) {
    if (!ready_.put_next<shared>(me->own, item)) return;
  } else {
    ready_.put_on_inbox<shared>(item);
  }
  if constexpr (shared) wake_();
}

void Executor::make_ready(const RunSlot& item) {
  shared_ ? make_ready<true>(item, nullptr) : make_ready<false>(item, nullptr);
}

void Executor::make_ready_specially(const RunSlot& item) {
  if (item.run->has(item.slot, Run::participant)) {
    join(*item.run, item.slot);
  } else if (item.run->has(item.slot, Run::prioritised)) {
    ready_.put_prioritised(item, item.run->layout->priorities.at(item.slot));
  } else {
    ready_.put_urgent(item);
  }
}

template <bool shared>
inline bool Executor::take(Worker& me, RunSlot& item) {
  if (ready_.take_first<shared>(me.own, item)) return true;
  if (!ready_.take_elsewhere<shared>(me.own, item)) return false;
  // There may be more where this came from: each that finds some wakes the next.
  if (shared && has_ready()) wake_();
  return true;
}

}  // namespace ramal::detail
