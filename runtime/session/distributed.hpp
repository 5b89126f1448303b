// SPDX-License-Identifier: BSD-3-Clause
// DistributedEngine: rank 0's side of a session over several ranks (or one). It says in which order things
// happen: collect, place, cut, ship, wait. Its state lies with its duties, each a class of this room:
//
//   Runs           what is under way
//   KeptResults    what ranks keep, or are to keep
//   FailureNames   what the program calls the tasks that failed
//   Shipments      subgraphs that leave, or are put off
//   LocalTasks     what the embedding program had before the run
//   ReadyWatch     which result is there next
//   Warnings, History
//
// Invariant: whatever a run's results need to be understood is noted before the run is shipped, since they
// may come at once.
//
// All of this is changed by the session's thread and, under the pump's lock, by messages. Tasks' words are
// touched by the session's thread alone. Functions of Engine lock the pump themselves; all other functions
// here require that it is locked.
#pragma once

#include "graph/families/stages.hpp"
#include "runtime/session/failure_names.hpp"
#include "runtime/session/history.hpp"
#include "runtime/session/kept_results.hpp"
#include "runtime/session/local_tasks.hpp"
#include "runtime/session/runs.hpp"
#include "runtime/session/shipments.hpp"
#include "runtime/session/warnings.hpp"

namespace ramal::detail {

class ReadyWatch;

class DistributedEngine final : public Engine, private Control {
 public:
  DistributedEngine(std::unique_ptr<Transport> transport, const Images& images, unsigned workers,
                    std::vector<std::string> hosts, bool warnings, RankInfo about,
                    std::vector<LocalInfos> locals = {}, StealMode steal = StealMode::off,
                    Observer* observer = nullptr);

  int ranks() const override { return static_cast<int>(machine_.ranks()); }
  Outcome compute(const Tasks& targets) override;
  void persist(const Tasks& targets) override;
  void run(const Families& families) override;
  void persist(const Families& families) override;
  bool wait(const Tasks& targets, double seconds) override;
  bool wait(const Families& families, double seconds) override;
  void check(const Tasks& targets) override;
  void check(const Families& families) override;
  std::unique_ptr<Watch> watch(const Tasks& targets) override;
  void cancel(const Tasks& targets) override;
  void cancel(const Families& families) override;
  void retry(const Tasks& targets, const Families& families) override;
  std::vector<RankInfo> info() override;
  void progress() override;
  std::vector<TaskHandle> from_local(const std::string& name, const Kind& kind) override;
  void to_local(const std::string& name, const Tasks& targets) override;

  Rank& rank() { return rank_; }
  /// Something is under way, and all of it was given up.
  bool waits_for_cancelled_only() const { return runs_.waits_for_given_up_only(); }
  /// Who hears what other ranks are at, under the pump's lock. Before anything runs.
  void set_on_status(std::function<void(int, std::span<const std::byte>)> hear) {
    on_status_ = std::move(hear);
  }
  /// Sets how many members of families each rank plans at a time.
  void set_front_members(std::int64_t members) { front_members_ = members; }
  /// What is learnt of durations, including what rank 0's own tasks have taken by now.
  History& history();

 private:
  /// What `compute` waits for: values under consecutive ids.
  struct Fetch {
    RunId run = 0;
    ValueId first = 0;
    std::size_t missing = 0;
    std::vector<Value> values = {};
  };
  /// What `run` waits for: all ranks' word that a family program has ended.
  struct Ending {
    ValueId id = 0;
    RunId run = 0;
    std::uint32_t missing = 0;
    std::optional<Failure> failure = {};
  };

  // Control
  void made(ValueId id, const Value& value) override;
  void ready(ValueId id, std::uint64_t bytes, const Failure* failure) override;
  void report(int from, std::span<const std::byte> text) override;
  void learn(const Kind& kind, const DurationSum& sum) override { history_.add(kind, sum); }
  void status(int from, std::span<const std::byte> text) override {
    if (on_status_) on_status_(from, text);
  }
  std::vector<Standing::Awaited> waited_for() override;
  Standing::Awaited named(const Standing::Awaited& one) override;
  void note_failure(const Failure& failure);

  // tasks
  void tell_planned(const Graph& graph);
  void tell_planned(const FamilyProgram& program);
  Graph collect_checked(const Tasks& targets);
  PagedVector<std::uint32_t> place(const Graph& graph);
  void start(RunId run, Graph graph, PagedVector<std::uint32_t> rank, std::span<const Want> wants);
  void persist_held(const Tasks& targets);

  // families
  bool make_members(const Graph& graph, const Tasks& targets);
  void make_stage(const FamilyStage& stage, const std::unordered_set<const Task*>& read_otherwise);
  PlannedProgram plan_families(std::span<const std::shared_ptr<const FamilyNode>> families,
                               const std::unordered_set<const Task*>& read_otherwise = {});
  void ship(PlannedProgram planned);
  void persist_held(const Families& families);
  void cancel_program(RunId run);

  bool wait_until(const std::function<bool()>& all_are_ready, double seconds);
  void let_go();

  // constant
  const Images& images_;
  const Machine machine_;
  /// What the members of a front may make: two are active, so this is half of what a rank may hold.
  const std::uint64_t front_bytes_;

  // duties
  KeptResults kept_;
  FailureNames names_;
  Runs runs_;
  Shipments shipments_;
  LocalTasks local_tasks_;
  std::vector<ReadyWatch*> watches_;
  Warnings warnings_;
  History history_;

  // what is waited for, and settings
  Fetch fetch_;
  Ending ending_;
  std::vector<RankInfo> reports_;          // the last of each rank
  std::vector<unsigned> reports_missing_;  // that were asked for, by rank
  std::int64_t front_members_ = 256;
  std::function<void(int, std::span<const std::byte>)> on_status_;

  Rank rank_;  // last: its threads call the above
};

}  // namespace ramal::detail
