// SPDX-License-Identifier: BSD-3-Clause
// Runs: what is under way, as rank 0 knows it: the runs of which some result has not been heard of, what is
// still wanted of each, and the tasks that they hold.
//
// Invariants: run numbers rise and are given once. A run ends when all that is wanted of it was heard of. One
// of kept tasks holds these until then, so that whoever drops the last handle does not free what is being
// made; and they let go of their inputs only when no unfinished run could make them: a loop that persists
// each step would keep every step otherwise.
//
// Sends nothing: what is to be said to other ranks is returned. Under the pump's lock.
#pragma once

#include "graph/families/program.hpp"
#include "graph/tasks/cut.hpp"

#include <map>

namespace ramal::detail {

/// A run whose results have not all been heard of.
struct Run {
  Graph graph;
  PagedVector<std::uint32_t> rank;                          // of its tasks
  std::vector<std::shared_ptr<const FamilyNode>> families;  // of a family program, by node
  std::vector<TaskHandle> targets;                          // keep the graph's tasks alive
  std::map<ValueId, TaskIndex> waiting;
  std::set<ValueId> given_up;       // which of `waiting` nobody wants any more
  bool gave_up_all = false;         // a family program of which nobody wants anything any more
  std::vector<const Task*> sorted;  // its tasks by address, once somebody has asked for one

  bool makes(const Task* task);
  /// False if more than what was given up is wanted of it.
  bool is_given_up() const;
};

/// What ranks need not make any more of a run.
struct Cancelled {
  bool all = false;                           ///< a family program as a whole
  std::vector<std::vector<TaskIndex>> tasks;  ///< else these, by rank
};

class Runs {
 public:
  RunId take_number() { return next_++; }
  /// Placed and cut, and to be shipped. What it is to keep is held until then.
  void begin(RunId run, Graph graph, PagedVector<std::uint32_t> rank, std::span<const Want> wants);
  /// The same for a family program.
  void begin(PlannedProgram planned);
  /// A result that was wanted of it is there, or what else it was to announce.
  void hear(RunId run, ValueId id);
  void end(RunId run) { runs_.erase(run); }

  const std::map<RunId, Run>& all() const { return runs_; }
  /// Null if it has ended.
  const Run* find(RunId run) const;
  /// Nothing is under way beside one run.
  bool is_only_one() const { return runs_.size() == 1; }
  /// Something is under way, and all of it was given up.
  bool waits_for_given_up_only() const;

  /// Nobody wants these results of it any more. Returns what serves nothing else.
  Cancelled give_up(RunId run, const std::set<ValueId>& ids, std::uint32_t ranks);
  void give_up_all(RunId run) { runs_.at(run).gave_up_all = true; }

  /// Lets go of the inputs of tasks that were kept, once no run looks at them any more. `is_made(run, task)`:
  /// it is kept, and that run has made it; of others, the inputs are needed to make them again.
  template <class IsMade>
  void forget_inputs(const IsMade& is_made);
  /// Finds kept tasks that are not there yet and whose last handle is gone: nobody will ask for them, so they
  /// are freed as soon as they are made. Looks at twice as many as have come since and a few more, so that it
  /// keeps up with a loop that persists and drops, at a cost that does not grow with what is under way.
  void let_go_of_dropped();

 private:
  /// A kept task that has not let go of its inputs yet.
  struct Forgettable {
    RunId run;
    TaskHandle task;
  };
  /// A target of a run under way, which holds it: whether anybody else does is looked at now and then.
  struct Held {
    RunId run;
    const Task* task;
  };
  bool some_makes(const Task* task, RunId until);

  RunId next_ = 1;
  std::map<RunId, Run> runs_;
  std::vector<Held> held_;
  std::size_t next_held_ = 0;  // to be looked at
  std::size_t newly_held_ = 0;
  std::vector<Forgettable> forgettable_;
  bool forget_again_ = false;
};

template <class IsMade>
void Runs::forget_inputs(const IsMade& is_made) {
  if (!std::exchange(forget_again_, false)) return;
  std::erase_if(forgettable_, [&](const Forgettable& one) {
    const Task& task = *one.task.get();
    // One that another run makes was asked for anew, after this run's was given up.
    if (!is_made(one.run, task)) return true;
    if (some_makes(&task, one.run)) return false;
    task.forget_inputs();
    return true;
  });
}

}  // namespace ramal::detail
