// SPDX-License-Identifier: BSD-3-Clause
// Executor::Run: one run's share on this rank while it is under way: its subgraph, executed in place, and
// what each slot still waits for. Only the executor's own sources see it.
#pragma once

#include "runtime/executor.hpp"

#include <algorithm>

namespace ramal::detail {

struct Executor::Run {
  enum Flag : std::uint8_t {
    kept = 1,
    routed = 2,
    cancelled = 4,
    prioritised = 8,  // or given away before its turn as a source
    member = 16,
    wide = 32,       // needs several threads
    stated = 64,     // says how much memory its result takes
    admitted = 128,  // which is reserved for it
  };
  static constexpr std::uint8_t not_plainly_ready = member | prioritised | routed;
  static constexpr std::uint8_t not_plainly_run = kept | cancelled | wide | stated;
  /// Where a task's own begin in the arrays of all; they end where the next one's do.
  struct Step {
    std::uint32_t inputs;
    std::uint32_t literals;   // in words of 8 bytes
    std::uint32_t consumers;  // of any slot
    std::uint32_t kind;
  };

  const std::uint32_t number;  // among those here: its own, or one of the executor's if it was stolen
  Subgraph graph;
  std::vector<const Kind*> kinds;
  Array<Cell> cells;                       // by slot; uses: consumers here, and one if routed
  Array<std::atomic<std::uint8_t>> flags;  // by slot
  Array<Step> steps;                       // by slot, and one more
  Array<Slot> consumers;
  Array<std::uint32_t> route_offsets;  // by slot; empty without routes
  Array<Route> routes;                 // sorted by slot
  std::vector<Keep> keeps;             // sorted by slot
  std::unordered_map<Slot, int> priorities;
  std::unordered_map<Slot, Need> needs;
  Array<std::uint64_t> bytes;  // by slot, as counted by the executor; empty if no task states any
  std::unordered_map<std::uint32_t, Slot> members;  // of collective tasks, by their turn
  Slot next_source = 0;
  Slot spare_end;                      // behind the last source that may be given away
  std::unordered_map<Slot, int> away;  // tasks given away, and to whom
  std::atomic<bool> any_failure{false};
  std::atomic<bool> takes_care{false};  // some slot has failed, or bytes are counted
  std::atomic<std::uint64_t> open{0};

  Run(std::uint32_t run_number, Subgraph subgraph)
      : number(run_number),
        graph(std::move(subgraph)),
        cells(graph.slots()),
        flags(graph.slots()),
        spare_end(static_cast<Slot>(graph.tasks())) {
    invert();
    sort_routes();
    keeps.assign(graph.keeps.begin(), graph.keeps.end());
    std::ranges::stable_sort(keeps, {}, &Keep::slot);
    for (const Keep& keep : keeps) flag(keep.slot, kept);
    for (const Priority& priority : graph.priorities) {
      flag(priority.slot, prioritised);
      priorities.emplace(priority.slot, priority.priority);
    }
    for (const Need& need : graph.needs) {
      if (need.threads > 1) flag(need.slot, wide);
      if (need.result_bytes > 0) flag(need.slot, stated);
      needs.emplace(need.slot, need);
    }
    if (std::ranges::any_of(graph.needs, [](const Need& need) { return need.result_bytes > 0; })) {
      bytes.assign(graph.slots(), 0);
      takes_care = true;
    }
    open.fetch_add(graph.slots() + 1, std::memory_order_relaxed);
  }

  bool is_stolen() const { return (number & stolen_number) != 0; }
  bool counts_bytes() const { return !bytes.empty(); }
  void flag(Slot slot, Flag one) { flags[slot].fetch_or(one, std::memory_order_relaxed); }
  Value& value(Slot slot) { return cells[slot].value; }
  const Value& value(Slot slot) const { return cells[slot].value; }
  bool has(Slot slot, std::uint8_t any) const {
    return (flags[slot].load(std::memory_order_relaxed) & any) != 0;
  }
  std::uint32_t kind_of(Slot slot) const {
    return slot < graph.tasks() ? graph.kind[slot] : graph.externals[slot - graph.tasks()].kind;
  }
  const Type* type_of(Slot slot) const { return kinds[kind_of(slot)]->result; }
  /// The plan index of the task that makes it; of an import nobody knows it here.
  TaskIndex plan_of(Slot slot) const {
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
    return {routes.data() + route_offsets[slot], routes.data() + route_offsets[slot + 1]};
  }
  std::span<const Keep> keeps_of(Slot slot) const {
    const auto [first, last] = std::ranges::equal_range(keeps, slot, {}, &Keep::slot);
    return {first, last};
  }

 private:
  /// By slot, by counting. A slot that is sent has one use more, and its sending is waited for.
  void sort_routes() {
    if (graph.routes.empty()) return;
    route_offsets.assign(graph.slots() + 2, 0);
    for (const Route& route : graph.routes) ++route_offsets[route.slot + std::size_t{2}];
    std::uint64_t routed_slots = 0;
    for (Slot slot = 0; slot < graph.slots(); ++slot) {
      if (route_offsets[slot + std::size_t{2}] > 0) {
        flag(slot, routed);
        auto& uses = cells[slot].uses;
        uses.store(uses.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        ++routed_slots;
      }
      route_offsets[slot + std::size_t{2}] += route_offsets[slot + std::size_t{1}];
    }
    routes.resize(graph.routes.size());
    for (const Route& route : graph.routes) routes[route_offsets[route.slot + std::size_t{1}]++] = route;
    open.store(routed_slots, std::memory_order_relaxed);
  }
  /// From "task reads slots" to "slot is read by tasks", by counting.
  void invert() {
    const auto add = [](std::atomic<std::uint32_t>& counter, std::uint32_t more) {
      counter.store(counter.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    };
    for (const Slot input : graph.inputs) add(cells[input].uses, 1);
    steps.resize(graph.slots() + 1);
    std::uint32_t begin = 0;
    for (std::size_t slot = 0; slot < graph.slots(); ++slot) {
      const bool is_task = slot < graph.tasks();
      const std::size_t task = std::min(slot, graph.tasks());
      steps[slot].inputs = graph.input_offsets[task];
      steps[slot].literals = graph.literal_offsets[task];
      steps[slot].kind = is_task ? graph.kind[task] : 0;
      steps[slot + 1].consumers = begin;  // moves to its end as they are filled in
      begin += cells[slot].uses.load(std::memory_order_relaxed);
    }
    steps.back().inputs = static_cast<std::uint32_t>(graph.inputs.size());
    steps.back().literals = static_cast<std::uint32_t>(graph.literals.size() / 8);
    consumers.resize(graph.inputs.size());
    for (Slot task = 0; task < graph.tasks(); ++task) {
      const auto inputs = graph.inputs_of(task);
      cells[task].missing.store(static_cast<std::uint32_t>(inputs.size()), std::memory_order_relaxed);
      for (const Slot input : inputs) consumers[steps[input + std::size_t{1}].consumers++] = task;
    }
  }
};

}  // namespace ramal::detail
