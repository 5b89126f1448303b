// SPDX-License-Identifier: BSD-3-Clause
// FailureNames: what the program calls the tasks that failed, and the exceptions made of that, for both
// engines; and those of results that are not kept at all. A Failure travels with two numbers: its run's, and
// its task's there. What they stand for is known on rank 0 alone, and only while it still has the run's
// tasks. So the name is noted when a failure is heard of, and an exception made when somebody asks.
//
// Invariants: a name that was noted stays until its run is forgotten. Nothing here keeps a task or a family
// alive.
//
// One thread at a time: under the pump's lock, where there is one.
#pragma once

#include "runtime/executor/failure.hpp"

#include <ramal/detail/dependence.hpp>
#include <ramal/detail/engine.hpp>

#include <span>

namespace ramal::detail {

class FailureNames {
 public:
  /// `hosts`: by rank.
  explicit FailureNames(std::vector<std::string> hosts) : hosts_(std::move(hosts)) {}

  void note(const Failure& failure, const Task& task);
  /// Of a family program, whose families these are, by node; null for a node that is none.
  void note(const Failure& failure, std::span<const std::shared_ptr<const FamilyNode>> families);

  /// All members of some of these are kept, so any run may find that one has failed, also once the program
  /// has ended: until `forget_kept`.
  void keep(RunId program, std::span<const std::shared_ptr<const FamilyNode>> families);
  /// False if it is no member of these.
  bool note_kept(const Failure& failure);
  void forget_kept(RunId program) { kept_.erase(program); }
  /// Nothing of this run is kept, so nobody can ask for its names again.
  void forget(RunId run);

  /// A TaskError, or a CancelledError.
  std::exception_ptr error_of(const Failure& failure) const;
  /// Throws the error of the first in the order of the plan, if there are any.
  void throw_first(std::span<const Failure* const> failures) const;
  /// What a compute returns: failed targets with their errors, and empty values in their places. Targets that
  /// failed for the same task share the error.
  Outcome outcome_of(std::vector<Value> values) const;

 private:
  struct Name {
    std::string task;
    std::string file;
    unsigned line;
  };
  struct FamilyName {
    std::string name;
    std::source_location where;
    Index extent;
    Name of(std::int64_t number) const;
  };
  static FamilyName name_of_family(const FamilyNode& family);

  const std::vector<std::string> hosts_;
  std::map<std::pair<RunId, std::uint64_t>, Name> names_;  // by a failure's two numbers
  std::map<RunId, std::vector<FamilyName>> kept_;          // of kept families, by program and node
};

/// Throws what whoever waits for a result is told that this session does not keep: CancelledError if it was
/// given up, else std::invalid_argument.
[[noreturn]] void throw_not_kept(const Task& task);
[[noreturn]] void throw_not_kept(const FamilyNode& family);
/// The task was to be kept, by itself or with its family, and has not been asked for again since.
inline bool was_given_up(const Task& task) {
  return task.residence() == nullptr &&
         (task.gave_up() || (task.family() != nullptr && task.family()->gave_up));
}

}  // namespace ramal::detail
