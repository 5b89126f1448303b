// SPDX-License-Identifier: BSD-3-Clause
// SerialEngine: RAMAL_SCHEDULER=serial. Every task runs in the caller's stack, in the graph's order, one
// after the other. For debuggers, and as the judge of the distributed engine: it shares the graph and the
// functions with it, but no placement, no cutting, no executor and no messages. What both sides must do alike
// they take from one place: which families are made in which stages, what a program consumes
// (graph/families), what is tried again (retry.hpp), and how failures are told (FailureNames).
//
// Invariants: whatever is persisted is there when `persist` returns, so nothing is ever under way or given
// up. Runs have the numbers that they have on several ranks, since seeds depend on them.
//
// The session's thread alone.
#pragma once

#include "graph/core/graph.hpp"
#include "graph/families/program.hpp"
#include "graph/families/stages.hpp"
#include "runtime/executor/running_task.hpp"
#include "runtime/machine/machine.hpp"
#include "runtime/session/failure_names.hpp"

#include <ramal/communicator.hpp>
#include <ramal/detail/engine.hpp>
#include <ramal/locals.hpp>

#include <map>

namespace ramal::detail {

class SerialEngine final : public Engine, private TellsOrigins {
 public:
  int ranks() const override { return 1; }
  Outcome compute(const Tasks& targets) override;
  void persist(const Tasks& targets) override;
  void run(const Families& families) override;
  void persist(const Families& families) override;
  bool wait(const Tasks& targets, double seconds) override;
  bool wait(const Families& families, double seconds) override;
  void check(const Tasks& targets) override;
  void check(const Families& families) override;
  std::unique_ptr<Watch> watch(const Tasks& targets) override;
  /// Whatever was persisted is there already.
  void cancel(const Tasks& targets) override;
  void cancel(const Families& families) override;
  void retry(const Tasks& targets, const Families& families) override;
  std::vector<RankInfo> info() override;
  void progress() override {}
  std::vector<TaskHandle> from_local(const std::string& name, const Kind& kind) override;
  void to_local(const std::string& name, const Tasks& targets) override;
  /// What the program had before the run, and what was left for it.
  Locals& locals() { return locals_; }
  Locals left_locals() {
    Locals left;
    left.values() = std::move(left_);
    return left;
  }

 private:
  class KeptResidence;
  class KeptMembers;
  /// The communicator of collective tasks: this process alone.
  class Alone final : public Communicator {
   public:
    int rank() const override { return 0; }
    int size() const override { return 1; }
    std::vector<std::string> gather(const std::string& mine) override { return {mine}; }
    const void* mpi_communicator() const override { return nullptr; }
  };

  /// A family program while it is evaluated.
  struct Evaluation {
    const PlannedProgram& planned;
    std::vector<std::vector<Value>> values;  // by node: of all members that exist, else of those needed
    std::vector<Reads> reads;
    const Value& value(std::uint32_t node, std::int64_t number) const;
  };

  // what is kept
  /// Null if it is not kept here, by itself or with its family.
  const Value* find_kept(const Task& task) const;
  /// Throws std::invalid_argument if it is not.
  const Value& kept(const Task& task) const;
  void keep(const Task& task, Value value) const;
  const Value& given(const Task& task) const {
    return task.constant() != nullptr ? *task.constant() : kept(task);
  }
  /// Null if the family is not kept.
  const std::vector<Value>* kept_members(const FamilyNode& family) const;
  /// Throws std::invalid_argument if it is not.
  const std::vector<Value>& persisted_members(const FamilyNode& family) const;
  void persist(const Tasks& targets, const std::unordered_set<const Task*>& consumed);
  void throw_first_failure(const std::vector<Value>& values) const;

  // tasks
  /// The values of the targets, in their order, failed ones included.
  std::vector<Value> evaluate(const Tasks& targets);
  Value call(const Graph& graph, TaskIndex i, std::vector<Cell>& cells);
  Value result_of(const Kind& kind, const TaskOrigin& origin, CallFrame& frame);

  // families
  bool make_members(const Graph& graph, const Tasks& targets);
  /// Plans the families and makes all their members; or what these members need, if there are any.
  Evaluation evaluate(std::span<const std::shared_ptr<const FamilyNode>> families, PlannedProgram& planned,
                      const std::unordered_set<const Task*>& read_otherwise = {},
                      std::span<const TaskHandle> members = {});
  void evaluate_member(Evaluation& all, std::uint32_t node, std::int64_t number);
  void evaluate_loop(Evaluation& all, const ProgramLoop& loop, std::uint32_t first);
  Value call_member(Evaluation& all, std::uint32_t node, const Index& place);

  // TellsOrigins
  int rank() const override { return 0; }
  TaskOrigin origin_of(const void* origin, std::uint64_t) const override {
    return *static_cast<const TaskOrigin*>(origin);
  }

  Alone alone_;
  RunningTask running_;
  Locals locals_;
  std::map<std::string, Value> left_;
  RunId run_ = 0;
  std::uint64_t tasks_run_ = 0;
  FailureNames names_{{host_name()}};
};

}  // namespace ramal::detail
