// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor.hpp"

#include "graph/members.hpp"
#include "runtime/exceptions.hpp"

#include <ramal/collective.hpp>

#include <algorithm>

namespace ramal::detail {

static std::uint64_t contiguous_bytes(const Value& value) {
  return !value.failed() && value.type().contiguous ? value.type().memory(value).size() : 0;
}

struct Executor::Run {
  enum Flag : std::uint8_t {
    kept = 1,
    routed = 2,
    cancelled = 4,
    prioritised = 8,
    member = 16,
    wide = 32,    // needs several threads
    stated = 64,  // says how much memory its result takes
  };

  Subgraph graph;
  std::vector<const Kind*> kinds;
  Array<Value> values;                        // by slot
  Array<std::atomic<std::uint32_t>> uses;     // by slot: consumers here, and one if routed
  Array<std::atomic<std::uint32_t>> missing;  // by task: inputs not filled yet
  Array<std::atomic<std::uint8_t>> flags;     // by slot
  Array<std::uint32_t> consumer_offsets;      // by slot
  Array<Slot> consumers;
  std::vector<Route> routes;  // sorted by slot
  std::vector<Keep> keeps;    // sorted by slot
  std::unordered_map<Slot, int> priorities;
  std::unordered_map<Slot, Need> needs;
  Array<std::uint64_t> bytes;  // by slot, as counted by the executor; empty if no task states any
  std::unordered_map<std::uint32_t, Slot> members;  // of collective tasks, by their turn
  Slot next_source = 0;
  std::atomic<bool> any_failure{false};
  std::atomic<std::uint64_t> open{0};

  explicit Run(Subgraph subgraph)
      : graph(std::move(subgraph)),
        values(graph.slots()),
        uses(graph.slots()),
        missing(graph.tasks()),
        flags(graph.slots()) {
    invert();
    const auto by_slot = [](const auto& a, const auto& b) { return a.slot < b.slot; };
    routes.assign(graph.routes.begin(), graph.routes.end());
    std::stable_sort(routes.begin(), routes.end(), by_slot);
    keeps.assign(graph.keeps.begin(), graph.keeps.end());
    std::stable_sort(keeps.begin(), keeps.end(), by_slot);
    for (const Keep& keep : keeps) flag(keep.slot, kept);
    std::uint64_t routed_slots = 0;
    for (std::size_t i = 0; i < routes.size(); ++i) {
      if (i > 0 && routes[i].slot == routes[i - 1].slot) continue;
      flag(routes[i].slot, routed);
      uses[routes[i].slot].fetch_add(1, std::memory_order_relaxed);
      ++routed_slots;
    }
    for (const Priority& priority : graph.priorities) {
      flag(priority.slot, prioritised);
      priorities.emplace(priority.slot, priority.priority);
    }
    for (const Need& need : graph.needs) {
      if (need.threads > 1) flag(need.slot, wide);
      if (need.result_bytes > 0) flag(need.slot, stated);
      needs.emplace(need.slot, need);
    }
    if (std::ranges::any_of(graph.needs, [](const Need& need) { return need.result_bytes > 0; }))
      bytes.assign(graph.slots(), 0);
    open.store(graph.slots() + routed_slots + 1, std::memory_order_relaxed);
  }

  bool counts_bytes() const { return !bytes.empty(); }
  void flag(Slot slot, Flag flag) { flags[slot].fetch_or(flag, std::memory_order_relaxed); }
  bool has(Slot slot, Flag flag) const { return (flags[slot].load(std::memory_order_relaxed) & flag) != 0; }
  std::span<const Slot> consumers_of(Slot slot) const {
    return std::span(consumers).subspan(consumer_offsets[slot],
                                        consumer_offsets[slot + 1] - consumer_offsets[slot]);
  }
  template <class T>
  static std::span<const T> of_slot(const std::vector<T>& sorted, Slot slot) {
    const auto [first, last] = std::ranges::equal_range(sorted, slot, {}, &T::slot);
    return {first, last};
  }

 private:
  /// From "task reads slots" to "slot is read by tasks", by counting.
  void invert() {
    consumer_offsets.assign(graph.slots() + 2, 0);
    for (const Slot input : graph.inputs) ++consumer_offsets[input + std::size_t{2}];
    for (std::size_t slot = 0; slot < graph.slots(); ++slot) {
      uses[slot].store(consumer_offsets[slot + 2], std::memory_order_relaxed);
      consumer_offsets[slot + 2] += consumer_offsets[slot + 1];
    }
    consumers.resize(graph.inputs.size());
    for (Slot task = 0; task < graph.tasks(); ++task) {
      const auto inputs = graph.inputs_of(task);
      missing[task].store(static_cast<std::uint32_t>(inputs.size()), std::memory_order_relaxed);
      for (const Slot input : inputs) consumers[consumer_offsets[input + std::size_t{1}]++] = task;
    }
  }
};

Executor::Executor(int rank, const Images& images, Outlet& outlet, unsigned workers,
                   std::function<void()> wake, std::uint64_t memory_bytes)
    : rank_(rank),
      images_(images),
      outlet_(outlet),
      shared_(workers > 0),
      wake_(std::move(wake)),
      memory_(memory_bytes) {
  for (unsigned i = 0; i < std::max(1u, workers); ++i) workers_.push_back(std::make_unique<Worker>());
}

Executor::~Executor() = default;

// --- whoever pumps ----------------------------------------------------------------------------------

void Executor::start(Subgraph subgraph) {
  const std::uint32_t number = subgraph.run;
  auto& run = *runs_.emplace(number, std::make_unique<Run>(std::move(subgraph))).first->second;
  for (const KindRef& ref : run.graph.kinds) run.kinds.push_back(&images_.resolve(ref));
  find_members(run);
  if (run.graph.tasks() > 0) {
    for (const Priority& priority : run.graph.priorities) {
      if (run.graph.inputs_of(priority.slot).empty()) make_ready({&run, priority.slot}, nullptr);
    }
    const std::lock_guard lock(sources_lock_);
    sources_.push_back(&run);
    ready_count_.fetch_add(1);
  }
  for (std::size_t k = 0; k < run.graph.externals.size(); ++k) {
    const External& external = run.graph.externals[k];
    if (external.how != External::import) {
      arrivals_missing_.fetch_add(1);
      continue;
    }
    const auto slot = static_cast<Slot>(run.graph.tasks() + k);
    {
      const std::lock_guard lock(kept_mutex_);
      auto& kept = kept_[external.id];
      if (kept.value.empty()) {
        kept.waiting.push_back({&run, slot});
        continue;
      }
      run.values[slot] = kept.value;
    }
    fill(run, slot);
  }
  if (shared_) wake_();
  close(run);
}

void Executor::find_members(Run& run) {
  if (std::ranges::none_of(run.kinds, &Kind::collective)) return;
  for (Slot task = 0; task < run.graph.tasks(); ++task) {
    if (!run.kinds[run.graph.kind[task]]->collective) continue;
    run.flag(task, Run::member);
    const auto literals = run.graph.literals_of(task);
    run.members.emplace(collective_head(literals).turn, task);
    outlet_.enlist(run.graph.run, collective_head(literals).turn, stated_ranks(literals));
    if (run.graph.inputs_of(task).empty()) join(run, task);
  }
}

const Type* Executor::arrival_type(std::uint32_t number, Slot slot) const {
  const auto found = runs_.find(number);
  if (found == runs_.end()) return nullptr;
  const Run& run = *found->second;
  if (slot < run.graph.tasks() || slot >= run.graph.slots()) return nullptr;
  const External& external = run.graph.externals[slot - run.graph.tasks()];
  return external.how == External::arrival ? run.kinds[external.kind]->result : nullptr;
}

TaskIndex Executor::arrival_plan(std::uint32_t number, Slot slot) const {
  const Subgraph& graph = runs_.at(number)->graph;
  return static_cast<TaskIndex>(graph.externals[slot - graph.tasks()].id);
}

void Executor::arrive(std::uint32_t number, Slot slot, Value value) {
  Run& run = *runs_.at(number);
  arrivals_missing_.fetch_sub(1);
  run.values[slot] = std::move(value);
  count_result(run, slot);
  fill(run, slot);
}

/// An external slot has its value.
void Executor::fill(Run& run, Slot slot) {
  if (run.values[slot].failed()) run.any_failure.store(true, std::memory_order_relaxed);
  complete(run, slot, nullptr);
  close(run);
}

void Executor::cancel(std::uint32_t number, std::span<const Slot> tasks) {
  const auto found = runs_.find(number);
  if (found == runs_.end()) return;
  for (const Slot task : tasks) {
    if (task < found->second->graph.tasks()) found->second->flag(task, Run::cancelled);
  }
}

void Executor::keep(ValueId id, Value value) {
  std::vector<Item> waiting;
  {
    const std::lock_guard lock(kept_mutex_);
    Kept& kept = kept_[id];
    waiting = std::exchange(kept.waiting, {});
    if (kept.released) {
      kept_.erase(id);
    } else {
      kept.value = value;
      kept.bytes = contiguous_bytes(value);
      memory_.keep(kept.bytes);
    }
  }
  for (const Item& item : waiting) {
    item.run->values[item.slot] = value;
    fill(*item.run, item.slot);
  }
}

void Executor::release(ValueId id) {
  const std::lock_guard lock(kept_mutex_);
  const auto found = kept_.find(id);
  if (found == kept_.end() || found->second.value.empty()) {
    kept_[id].released = true;  // its run is still on the way to making it
  } else {
    memory_.release(found->second.bytes);
    kept_.erase(found);
  }
}

Value Executor::kept(ValueId id) const {
  const std::lock_guard lock(kept_mutex_);
  const auto found = kept_.find(id);
  return found == kept_.end() ? Value() : found->second.value;
}

std::size_t Executor::values_kept() const {
  const std::lock_guard lock(kept_mutex_);
  return static_cast<std::size_t>(std::count_if(
      kept_.begin(), kept_.end(), [](const auto& entry) { return !entry.second.value.empty(); }));
}

void Executor::post() {
  if (!shared_) return;
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

// --- a task's life ------------------------------------------------------------------------------------

bool Executor::run_one(unsigned worker) {
  Worker& me = *workers_[worker];
  Item item{};
  gate_.pass();
  if (!take(me, item)) return false;
  execute(item, me);
  return true;
}

bool Executor::is_at_rest() const {
  return !has_ready() && std::ranges::none_of(workers_, [](const auto& worker) {
    return worker->is_running.load(std::memory_order_relaxed);
  });
}

bool Executor::overdraw(unsigned worker) {
  Item item{};
  if (!take_deferred(item, true)) return false;
  execute(item, *workers_[worker]);
  return true;
}

void Executor::execute(Item item, Worker& me) {
  Run& run = *item.run;
  me.is_running.store(true, std::memory_order_relaxed);
  if (run.has(item.slot, Run::wide)) {
    call_with_threads(run, item.slot);
  } else {
    call(run, item.slot);
  }
  count_result(run, item.slot);
  me.tasks_run.store(me.tasks_run.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  const auto inputs = run.graph.inputs_of(item.slot);
  complete(run, item.slot, &me);
  for (const Slot input : inputs) drop_use(run, input);
  close(run);
  me.is_running.store(false, std::memory_order_relaxed);
}

/// Threads that would run other tasks stand aside meanwhile. With one thread that runs tasks, what happens
/// inside of them is the program's own affair.
void Executor::call_with_threads(Run& run, Slot task) {
  const auto workers = static_cast<unsigned>(workers_.size());
  const unsigned threads = std::min(run.needs.at(task).threads, workers);
  if (workers == 1) {
    call(run, task);
    return;
  }
  for (unsigned i = 1; i < workers; ++i) wake_();
  gate_.gather(threads - 1);
  const int usual = openmp_.threads();
  openmp_.set_threads(static_cast<int>(threads));
  call(run, task);
  openmp_.set_threads(usual);
  gate_.release(threads - 1);
}

/// Of several failed inputs the first in the plan's order; null if none has.
const Value* Executor::failed_input(const Run& run, Slot task) const {
  if (!run.any_failure.load(std::memory_order_relaxed)) return nullptr;
  const Value* first = nullptr;
  for (const Slot input : run.graph.inputs_of(task)) {
    const Value& value = run.values[input];
    if (value.failed() && (first == nullptr || value.get<Failure>().before(first->get<Failure>())))
      first = &value;
  }
  return first;
}

/// Fills the task's slot with its result, or with a Failure.
void Executor::call(Run& run, Slot task, Communicator* communicator) {
  Value& result = run.values[task];
  const auto inputs = run.graph.inputs_of(task);
  if (const Value* failed = failed_input(run, task)) {
    result = *failed;  // shared, however many tasks it keeps from running
    return;
  }
  Failure failure{.run = run.graph.run,
                  .plan = run.graph.plan[task],
                  .rank = rank_,
                  .cancelled = false,
                  .message = {},
                  .arguments = {}};
  if (run.has(task, Run::cancelled)) {
    failure.cancelled = true;
  } else {
    const Kind& kind = *run.kinds[run.graph.kind[task]];
    Frame frame{run.values.data(), inputs.data(), run.uses.data(), run.graph.literals_of(task), communicator};
    try {
      kind.run(frame, result);
      return;
    } catch (...) {
      failure.message = current_message();
    }
    try {
      failure.arguments = kind.preview(frame);
    } catch (...) {
      failure.arguments = "…";  // arguments that cannot be shown must not hide the error
    }
  }
  result.reset();
  result.emplace<Failure>(std::move(failure));
  run.any_failure.store(true, std::memory_order_relaxed);
}

/// A slot was filled: keep it, send it, tell its consumers, and drop it if that was all.
void Executor::complete(Run& run, Slot slot, Worker* me) {
  const auto flags = run.flags[slot].load(std::memory_order_relaxed);
  if ((flags & Run::kept) != 0) keep_slot(run, slot);
  const bool routed = (flags & Run::routed) != 0;
  const auto consumers = run.consumers_of(slot);
  if (consumers.empty() && !routed) {
    drop(run, slot);
    return;
  }
  // Last first, so that the first in the plan's order runs first.
  for (auto consumer = consumers.rbegin(); consumer != consumers.rend(); ++consumer) {
    if (decrement(run.missing[*consumer]) == 0) make_ready({&run, *consumer}, me);
  }
  if (!routed) return;
  if (shared_) {
    const std::lock_guard lock(posted_lock_);
    posted_.push_back({Posted::result, &run, slot, 0, {}});
  } else {
    send(run, slot);
  }
}

void Executor::keep_slot(Run& run, Slot slot) {
  for (const Keep& kept : Run::of_slot(run.keeps, slot)) {
    if (kept.how != Keep::handed_over) keep(kept.id, run.values[slot]);
    if (kept.how == Keep::quietly) continue;
    if (shared_) {
      const std::lock_guard lock(posted_lock_);
      posted_.push_back({Posted::announcement, nullptr, 0, kept.id, run.values[slot]});
    } else {
      outlet_.announce(kept.id, run.values[slot]);
    }
  }
}

void Executor::send(Run& run, Slot slot) {
  for (const Route& route : Run::of_slot(run.routes, slot)) {
    try {
      outlet_.send(route.rank, run.graph.run, route.remote_slot, run.values[slot]);
    } catch (...) {  // a user's own codec may throw anything
      const TaskIndex plan = slot < run.graph.tasks() ? run.graph.plan[slot] : 0;
      outlet_.send(
          route.rank, run.graph.run, route.remote_slot,
          Value::make<Failure>(Failure{.run = run.graph.run,
                                       .plan = plan,
                                       .rank = rank_,
                                       .cancelled = false,
                                       .message = "its result could not be encoded: " + current_message(),
                                       .arguments = {}}));
    }
  }
  drop_use(run, slot);
  close(run);
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
  const Value* failed = failed_input(run, task);
  outlet_.join(run.graph.run, collective_head(run.graph.literals_of(task)).turn,
               failed != nullptr ? &failed->get<Failure>() : nullptr);
}

std::optional<Failure> Executor::enter(std::uint32_t number, std::uint32_t turn, Communicator& communicator) {
  Run& run = *runs_.at(number);
  const Slot task = run.members.at(turn);
  call(run, task, &communicator);
  inbox_.tasks_run.fetch_add(1, std::memory_order_relaxed);
  const Value& result = run.values[task];
  return result.failed() ? std::optional(result.get<Failure>()) : std::nullopt;
}

void Executor::settle(std::uint32_t number, std::uint32_t turn, const Failure* failure) {
  Run& run = *runs_.at(number);
  const Slot task = run.members.at(turn);
  if (failure != nullptr) {
    run.values[task] = Value::make<Failure>(*failure);
    run.any_failure.store(true, std::memory_order_relaxed);
  }
  count_result(run, task);
  complete(run, task, nullptr);
  for (const Slot input : run.graph.inputs_of(task)) drop_use(run, input);
  close(run);
}

void Executor::drop_use(Run& run, Slot slot) {
  if (decrement(run.uses[slot]) == 0) drop(run, slot);
}

// --- memory -------------------------------------------------------------------------------------------

/// A slot was filled; what its task stated was counted before it ran.
void Executor::count_result(Run& run, Slot slot) {
  if (!run.counts_bytes()) return;
  const std::uint64_t stated = run.has(slot, Run::stated) ? run.needs.at(slot).result_bytes : 0;
  const bool kept = run.has(slot, Run::kept);  // counted as such
  run.bytes[slot] = kept ? 0 : contiguous_bytes(run.values[slot]);
  memory_.add(run.bytes[slot]);
  memory_.subtract(stated);
}

void Executor::drop(Run& run, Slot slot) {
  if (!run.counts_bytes() || run.bytes[slot] == 0) {
    run.values[slot].reset();
    return;
  }
  memory_.let_go(std::move(run.values[slot]), run.bytes[slot]);
  if (shared_ && has_ready()) wake_();
}

bool Executor::admit(Item item) {
  if (!item.run->has(item.slot, Run::stated)) return true;
  return !is_short_of_memory() && memory_.reserve(item.run->needs.at(item.slot).result_bytes);
}

void Executor::defer(Item item) {
  const std::lock_guard lock(deferred_lock_);
  if (item.run->graph.inputs_of(item.slot).empty()) {
    deferred_.push_back(item);
  } else {
    deferred_.push_front(item);  // depth first: it frees its inputs
  }
  deferred_count_.store(deferred_.size());
  deferred_bytes_.store(deferred_.front().run->needs.at(deferred_.front().slot).result_bytes);
}

/// The one that waits longest, if it fits now.
bool Executor::take_deferred(Item& item, bool even_if_it_does_not_fit) {
  memory_.sweep();
  const std::lock_guard lock(deferred_lock_);
  if (deferred_.empty()) return false;
  const Item first = deferred_.front();
  const std::uint64_t bytes = first.run->needs.at(first.slot).result_bytes;
  if (even_if_it_does_not_fit) {
    memory_.add(bytes);
  } else if (!memory_.reserve(bytes)) {
    return false;
  }
  item = first;
  deferred_.pop_front();
  deferred_count_.store(deferred_.size());
  if (!deferred_.empty())
    deferred_bytes_.store(deferred_.front().run->needs.at(deferred_.front().slot).result_bytes);
  return true;
}

/// One thing less to wait for. The run may be gone afterwards.
void Executor::close(Run& run) {
  if (!shared_) {
    const auto open = run.open.load(std::memory_order_relaxed) - 1;
    run.open.store(open, std::memory_order_relaxed);
    if (open == 0) finish(run);
  } else if (run.open.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    const std::lock_guard lock(posted_lock_);
    finished_.push_back(&run);
  }
}

void Executor::finish(Run& run) {
  {
    const std::lock_guard lock(sources_lock_);
    if (std::erase(sources_, &run) > 0) ready_count_.fetch_sub(1);
  }
  runs_.erase(run.graph.run);
}

std::uint32_t Executor::decrement(std::atomic<std::uint32_t>& counter) const {
  if (shared_) return counter.fetch_sub(1, std::memory_order_acq_rel) - 1;
  const auto left = counter.load(std::memory_order_relaxed) - 1;
  counter.store(left, std::memory_order_relaxed);
  return left;
}

// --- what is ready ------------------------------------------------------------------------------------

void Executor::make_ready(Item item, Worker* me) {
  if (item.run->has(item.slot, Run::member)) {
    join(*item.run, item.slot);
    return;
  }
  if (item.run->has(item.slot, Run::prioritised)) {
    const std::lock_guard lock(prioritised_lock_);
    prioritised_.push({item.run->priorities.at(item.slot), prioritised_order_++, item});
    prioritised_count_.store(prioritised_.size(), std::memory_order_relaxed);
    ready_count_.fetch_add(1);
  } else if (me != nullptr) {
    // The newest goes first, without a detour through the stack.
    const Item older = std::exchange(me->next, item);
    if (older.run == nullptr) return;
    push(*me, older);
  } else {
    push(inbox_, item);
  }
  if (shared_) wake_();
}

void Executor::push(Worker& to, Item item) {
  if (!shared_) {
    to.stack.push_back(item);
    return;
  }
  const std::lock_guard lock(to.lock);
  to.stack.push_back(item);
  ready_count_.fetch_add(1);
}

bool Executor::pop(Worker& from, Item& item) {
  if (!shared_) {
    if (from.stack.empty()) return false;
    item = from.stack.back();
    from.stack.pop_back();
    return true;
  }
  const std::lock_guard lock(from.lock);
  if (from.stack.empty()) return false;
  item = from.stack.back();
  from.stack.pop_back();
  ready_count_.fetch_sub(1);
  return true;
}

bool Executor::take(Worker& me, Item& item) {
  if (is_short_of_memory() && take_deferred(item, false)) return true;
  while (take_any(me, item)) {
    if (admit(item)) return true;
    defer(item);
  }
  return false;
}

bool Executor::take_any(Worker& me, Item& item) {
  const bool prioritised = prioritised_count_.load(std::memory_order_relaxed) > 0;
  if (prioritised && take_prioritised(item, true)) return true;
  if (me.next.run != nullptr) {
    item = std::exchange(me.next, Item{nullptr, 0});
    return true;
  }
  if (pop(me, item)) return true;
  const bool found = pop(inbox_, item) || take_source(me, item) || (shared_ && steal(me, item)) ||
                     (prioritised && take_prioritised(item, false));
  // There may be more where this came from: each that finds some wakes the next.
  if (found && shared_ && has_ready()) wake_();
  return found;
}

bool Executor::take_prioritised(Item& item, bool only_above_zero) {
  const std::lock_guard lock(prioritised_lock_);
  if (prioritised_.empty() || (only_above_zero && prioritised_.top().priority <= 0)) return false;
  item = prioritised_.top().item;
  prioritised_.pop();
  prioritised_count_.store(prioritised_.size(), std::memory_order_relaxed);
  ready_count_.fetch_sub(1);
  return true;
}

/// Tasks without inputs, in the plan's order. Several workers take a few at a time.
bool Executor::take_source(Worker& me, Item& item) {
  if (!shared_ && sources_.empty()) return false;
  const std::lock_guard lock(sources_lock_);
  while (!sources_.empty()) {
    Run& run = *sources_.front();
    const auto tasks = static_cast<Slot>(run.graph.tasks());
    const std::size_t chunk =
        shared_ ? std::clamp<std::size_t>((tasks - run.next_source) / (16 * workers_.size()), 1, 32) : 1;
    std::vector<Item> taken;
    std::size_t count = 0;
    for (; run.next_source < tasks && count < chunk; ++run.next_source) {
      const Slot task = run.next_source;
      if (run.graph.input_offsets[task] != run.graph.input_offsets[task + 1] ||
          run.has(task, Run::prioritised) || run.has(task, Run::member))
        continue;
      if (count++ == 0) {
        item = {&run, task};
      } else {
        taken.push_back({&run, task});
      }
    }
    if (run.next_source == tasks) {
      sources_.erase(sources_.begin());
      ready_count_.fetch_sub(1);
    }
    for (auto one = taken.rbegin(); one != taken.rend(); ++one) push(me, *one);
    if (count > 0) return true;
  }
  return false;
}

bool Executor::steal(Worker& me, Item& item) {
  for (auto& victim : workers_) {
    if (victim.get() == &me) continue;
    const std::lock_guard lock(victim->lock);
    if (victim->stack.empty()) continue;
    item = victim->stack.front();  // the oldest leads to the most work
    victim->stack.erase(victim->stack.begin());
    ready_count_.fetch_sub(1);
    return true;
  }
  return false;
}

std::uint64_t Executor::tasks_run() const {
  std::uint64_t sum = inbox_.tasks_run.load(std::memory_order_relaxed);
  for (const auto& worker : workers_) sum += worker->tasks_run.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace ramal::detail
