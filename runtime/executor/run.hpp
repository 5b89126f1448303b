// SPDX-License-Identifier: BSD-3-Clause
// ActiveRun: one run's share on this rank while it is under way: its subgraph, executed in place, and what
// each slot still waits for. Only the executor's own sources see it.
#pragma once

#include "graph/core/graph.hpp"
#include "runtime/executor/failure.hpp"
#include "runtime/executor/front_run.hpp"
#include "runtime/executor/running_task.hpp"
#include "runtime/machine/spin_lock.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <unordered_map>

namespace ramal::detail {

/// What does not change while a run is under way. Fronts of a program that repeat share one.
struct RunLayout {
  /// Where a task's own begin in the arrays of all; they end where the next one's do.
  struct Step {
    std::uint32_t inputs;
    std::uint32_t literals;   // in words of 8 bytes
    std::uint32_t consumers;  // of any slot
    std::uint32_t kind;
  };
  explicit RunLayout(Subgraph subgraph) : graph(std::move(subgraph)) {
    for (const Priority& priority : graph.priorities) priorities.emplace(priority.slot, priority.priority);
    for (const Need& need : graph.needs) {
      needs.emplace(need.slot, need);
      if (need.result_bytes > 0) states_bytes = true;
    }
  }

  Subgraph graph;
  std::vector<const Kind*> kinds;
  PagedVector<Step> steps;                   // by slot, and one more
  PagedVector<Slot> consumers;               // those from graph.slots() on are slots of the next front
  PagedVector<std::uint32_t> route_offsets;  // by slot; empty without routes
  PagedVector<Route> routes;                 // sorted by slot
  std::uint64_t routed_slots = 0;
  std::unordered_map<Slot, int> priorities;
  std::unordered_map<Slot, Need> needs;
  bool states_bytes = false;
  // What the cells of a front begin with, and whose values leave.
  PagedVector<Cell::Counts> counts;
  PagedVector<std::uint16_t> flags;
  std::vector<Named> names;
};

struct ActiveRun {
  enum Flag : std::uint16_t {
    kept = 1,
    routed = 2,
    cancelled = 4,
    prioritised = 8,  // or given away before its turn as a source
    participant = 16,
    wide = 32,       // needs several threads
    stated = 64,     // says how much memory its result takes
    admitted = 128,  // which is reserved for it
    timed = 256,     // its duration is wanted
    // The external of a front has its value; its consumers may be told.
    filled = 512,
    open_to_all = 1024,
  };
  static constexpr std::uint16_t not_plainly_ready = participant | prioritised | routed;
  static constexpr std::uint16_t not_plainly_run = kept | cancelled | wide | stated | timed;
  using Step = RunLayout::Step;
  using Flags = PagedVector<std::atomic<std::uint16_t>>;
  /// The numbers of what was stolen; those that rank 0 gives are below, those of fronts above.
  static constexpr RunId first_stolen = RunId{1} << 62;

  const std::shared_ptr<RunLayout> layout;
  const RunId number;
  const Subgraph& graph;
  const std::vector<const Kind*>& kinds;
  const PagedVector<Step>& steps;
  const PagedVector<Slot>& consumers;
  const PagedVector<Route>& routes;
  PagedVector<Cell> cells;           // by slot; uses: consumers here, and one if routed
  Flags flags;                       // by slot
  std::vector<Keep> keeps;           // sorted by slot
  PagedVector<std::uint64_t> bytes;  // by slot, as counted by the executor; empty if no task states any
  /// By external: what the executor counts for a large result that has arrived; where `bytes` is empty.
  PagedVector<std::uint64_t> received;
  std::unordered_map<std::uint32_t, Slot> participants;  // of collective tasks, by their turn
  Slot next_source = 0;
  Slot spare_end;                      // behind the last source that may be given away
  std::unordered_map<Slot, int> away;  // tasks given away, and to whom
  std::vector<TaskOrigin> origins;     // by slot, of what was stolen
  std::vector<CallSite> sites;         // by kind, where an observer is told of them
  std::atomic<bool> any_failure{false};
  std::atomic<bool> takes_care{false};  // some slot has failed, or its bytes are counted
  std::atomic<std::uint64_t> open{0};
  // of a front
  std::int64_t step = 0;  // to be added to its members' steps
  std::optional<FrontRun> front;
  /// Tasks from a first one on, and what the results of others of their kind took.
  struct Learnt {
    Slot first;
    Slot count;
    std::uint64_t result_bytes;
  };
  std::vector<Learnt> learnt;
  ActiveRun* next = nullptr;  // the front that its links lead to
  SpinLock failure_lock;
  std::optional<Failure> failure;  // of its first member that failed

  explicit ActiveRun(Subgraph subgraph) : ActiveRun(0, std::move(subgraph)) {}
  /// Run 0 stands for the subgraph's own number.
  ActiveRun(RunId run, Subgraph subgraph)
      : ActiveRun(std::make_shared<RunLayout>(std::move(subgraph)), run, std::span<const Link>()) {
    set_keeps({graph.keeps.begin(), graph.keeps.end()});
    if (!counts_bytes()) received.assign(graph.externals.size(), 0);
  }
  /// Has a new layout, which it fills in; `links` lead to the next front.
  ActiveRun(std::shared_ptr<RunLayout> fresh, RunId run, std::span<const Link> links)
      : ActiveRun(fresh, run, PagedVector<Cell>(fresh->graph.slots()), Flags(fresh->graph.slots())) {
    invert(links);
    sort_routes();
    for (const Priority& priority : graph.priorities) flag(priority.slot, prioritised);
    for (const Need& need : graph.needs) {
      if (need.threads > 1) flag(need.slot, wide);
      if (need.result_bytes > 0) flag(need.slot, stated);
    }
    if (layout->states_bytes) count_bytes();
    open.store(graph.slots() + 1 + layout->routed_slots, std::memory_order_relaxed);
  }
  /// Has the layout of an earlier front.
  ActiveRun(std::shared_ptr<RunLayout> known, RunId run)
      : ActiveRun(known, run, PagedVector<Cell>(known->counts.begin(), known->counts.end()),
                  Flags(known->flags.begin(), known->flags.end())) {
    if (layout->states_bytes) count_bytes();
    open.store(graph.slots() + 1 + layout->routed_slots, std::memory_order_relaxed);
  }
  /// So that the layout can be used again.
  void remember_counts() {
    for (std::size_t slot = 0; slot < graph.slots(); ++slot) {
      layout->counts.push_back({cells[slot].uses.load(std::memory_order_relaxed),
                                cells[slot].missing.load(std::memory_order_relaxed)});
      layout->flags.push_back(flags[slot].load(std::memory_order_relaxed));
    }
  }
  void set_keeps(std::vector<Keep> all) {
    keeps = std::move(all);
    std::ranges::stable_sort(keeps, {}, &Keep::slot);
    for (const Keep& keep : keeps) flag(keep.slot, kept);
  }

  bool is_stolen() const { return (number & ~(first_stolen - 1)) == first_stolen; }
  /// The family of a front's task has to stay on this rank.
  bool is_pinned(Slot task) const {
    if (!front) return std::ranges::binary_search(graph.pins, task);
    return front->of->nodes[node_of(front->front->member(*front->of, task).name)].only_rank >= 0;
  }
  /// Its tasks may be given away, if nothing speaks against one of them.
  bool may_be_given() const { return !is_stolen() && !counts_bytes(); }
  bool counts_bytes() const { return !bytes.empty(); }
  void count_bytes() {
    bytes.assign(graph.slots(), 0);
    takes_care = true;
  }
  /// What a task whose result's size is stated, or was learnt, will make.
  std::uint64_t expected_bytes(Slot task) const {
    if (const auto need = layout->needs.find(task);
        need != layout->needs.end() && need->second.result_bytes > 0)
      return need->second.result_bytes;
    for (const Learnt& one : learnt) {
      if (task - one.first < one.count) return one.result_bytes;
    }
    return 0;
  }
  /// What the executor counts for the slot's value.
  std::uint64_t counted(Slot slot) const {
    if (counts_bytes()) return bytes[slot];
    return slot < graph.tasks() || received.empty() ? 0 : received[slot - graph.tasks()];
  }
  void flag(Slot slot, Flag one) { flags[slot].fetch_or(one, std::memory_order_relaxed); }
  Value& value(Slot slot) { return cells[slot].value; }
  const Value& value(Slot slot) const { return cells[slot].value; }
  bool has(Slot slot, std::uint16_t any) const {
    return (flags[slot].load(std::memory_order_relaxed) & any) != 0;
  }
  std::uint32_t kind_of(Slot slot) const {
    return slot < graph.tasks() ? graph.kind[slot] : graph.externals[slot - graph.tasks()].kind;
  }
  const Type* type_of(Slot slot) const { return kinds[kind_of(slot)]->result; }
  /// The plan index of the task that makes it; of an import nobody knows it here.
  TaskIndex maker_of(Slot slot) const {
    if (slot < graph.tasks()) return graph.plan[slot];
    const External& external = graph.externals[slot - graph.tasks()];
    return external.how == External::arrival ? static_cast<TaskIndex>(external.id) : ~TaskIndex{0};
  }
  std::span<const Slot> consumers_of(Slot slot) const {
    return {consumers.data() + steps[slot].consumers, consumers.data() + steps[slot + 1].consumers};
  }
  void note_failure() {
    any_failure.store(true, std::memory_order_relaxed);
    takes_care.store(true, std::memory_order_relaxed);
  }
  std::span<const Route> routes_of(Slot slot) const {
    return {routes.data() + layout->route_offsets[slot], routes.data() + layout->route_offsets[slot + 1]};
  }
  std::span<const Keep> keeps_of(Slot slot) const {
    const auto [first, last] = std::ranges::equal_range(keeps, slot, {}, &Keep::slot);
    return {first, last};
  }

 private:
  ActiveRun(std::shared_ptr<RunLayout> its, RunId run, PagedVector<Cell> first_cells, Flags first_flags)
      : layout(std::move(its)),
        number(run != 0 ? run : layout->graph.run),
        graph(layout->graph),
        kinds(layout->kinds),
        steps(layout->steps),
        consumers(layout->consumers),
        routes(layout->routes),
        cells(std::move(first_cells)),
        flags(std::move(first_flags)),
        spare_end(static_cast<Slot>(graph.tasks())) {}

  /// By slot, by counting. A slot that is sent has one use more, and its sending is waited for.
  void sort_routes() {
    if (graph.routes.empty()) return;
    auto& offsets = layout->route_offsets;
    offsets.assign(graph.slots() + 2, 0);
    for (const Route& route : graph.routes) ++offsets[route.slot + std::size_t{2}];
    for (Slot slot = 0; slot < graph.slots(); ++slot) {
      if (offsets[slot + std::size_t{2}] > 0) {
        flag(slot, routed);
        add_uses(slot, 1);
        ++layout->routed_slots;
      }
      offsets[slot + std::size_t{2}] += offsets[slot + std::size_t{1}];
    }
    layout->routes.resize(graph.routes.size());
    for (const Route& route : graph.routes) layout->routes[offsets[route.slot + std::size_t{1}]++] = route;
  }
  void add_uses(Slot slot, std::uint32_t more) {
    auto& uses = cells[slot].uses;
    uses.store(uses.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  /// From "task reads slots" to "slot is read by tasks", by counting.
  void invert(std::span<const Link> links) {
    for (const Slot input : graph.inputs) add_uses(input, 1);
    for (const Link& link : links) add_uses(link.from, 1);
    auto& own = layout->steps;
    own.resize(graph.slots() + 1);
    std::uint32_t begin = 0;
    for (std::size_t slot = 0; slot < graph.slots(); ++slot) {
      const bool is_task = slot < graph.tasks();
      const std::size_t task = std::min(slot, graph.tasks());
      own[slot].inputs = graph.input_offsets[task];
      own[slot].literals = graph.literal_offsets[task];
      own[slot].kind = is_task ? graph.kind[task] : 0;
      own[slot + 1].consumers = begin;  // moves to its end as they are filled in
      begin += cells[slot].uses.load(std::memory_order_relaxed);
    }
    own.back().inputs = static_cast<std::uint32_t>(graph.inputs.size());
    own.back().literals = static_cast<std::uint32_t>(graph.literals.size() / 8);
    layout->consumers.resize(graph.inputs.size() + links.size());
    for (Slot task = 0; task < graph.tasks(); ++task) {
      const auto inputs = graph.inputs_of(task);
      cells[task].missing.store(static_cast<std::uint32_t>(inputs.size()), std::memory_order_relaxed);
      for (const Slot input : inputs) layout->consumers[own[input + std::size_t{1}].consumers++] = task;
    }
    for (const Link& link : links)
      layout->consumers[own[link.from + std::size_t{1}].consumers++] =
          static_cast<Slot>(graph.slots()) + link.to;
  }
};

}  // namespace ramal::detail
