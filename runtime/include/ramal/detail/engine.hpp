// SPDX-License-Identifier: BSD-3-Clause
// Engine: what a Session asks of whatever runs its graphs. Not for users.
#pragma once

#include <ramal/detail/task.hpp>

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ramal {

/// One rank, as Session::info reports it.
struct RankInfo {
  int rank = 0;
  std::string host;
  int pid = 0;
  int threads = 0;  ///< tasks it runs at once
  int cores = 0;    ///< bound to it
  /// What its results may take before tasks that state how much they will make wait; see RAMAL_MEMORY_BYTES.
  std::uint64_t memory_bytes = std::uint64_t{1} << 62;
  std::uint64_t tasks_run = 0;
  std::uint64_t tasks_given = 0;    ///< ready here, and run by another rank that had nothing to do
  std::uint64_t tasks_stolen = 0;   ///< run here in place of another rank
  std::uint64_t bytes_stolen = 0;   ///< what that moved: their inputs and results
  std::uint64_t messages_sent = 0;  ///< results, subgraphs and control
  std::uint64_t bytes_sent = 0;     ///< their payload
  std::uint64_t values_kept = 0;
  /// Of them, of results of runs in which tasks state their bytes, and of large results from other ranks.
  std::uint64_t bytes_held = 0;
  std::uint64_t most_bytes_held = 0;  ///< that there ever were
  /// False of a rank that has not answered for ten seconds, since it is inside of a task and has one thread, or
  /// was stopped. Then all else is what it said before; of one that never did, rank and host alone.
  bool answered = true;
  double idle_seconds = 0;            ///< with a run under way and nothing to do (one-threaded ranks)

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& rank& host& pid& threads& cores& memory_bytes& tasks_run& tasks_given& tasks_stolen&
        bytes_stolen& messages_sent& bytes_sent& values_kept& bytes_held& most_bytes_held& idle_seconds;
  }
};

namespace detail {

/// Throws std::logic_error if this thread is inside a task: `call` names what was called.
void refuse_inside_a_task(const char* call);

/// Tells which of some persisted results appears next.
class Watch {
 public:
  virtual ~Watch() = default;
  /// Its place in the list watched; empty once all have been told.
  virtual std::optional<std::size_t> next() = 0;
  /// One more, at the end of the list.
  virtual void add(const Task& target) = 0;
};

/// What became of some targets, by their places in the list.
struct Outcome {
  std::vector<Value> values;  ///< empty ones where it failed
  std::map<std::size_t, std::exception_ptr> failed = {};
  std::exception_ptr first = {};  ///< of those, in the order of the plan
};

class Engine {
 public:
  using Tasks = std::vector<const Task*>;
  using Families = std::vector<std::shared_ptr<const FamilyNode>>;

  virtual ~Engine() = default;
  virtual int ranks() const = 0;
  virtual Outcome compute(const Tasks& targets) = 0;
  virtual void persist(const Tasks& targets) = 0;
  /// Runs all members of these, and keeps nothing of them.
  virtual void run(const Families& families) = 0;
  /// Starts these, and keeps all members where they are made until the families are gone.
  virtual void persist(const Families& families) = 0;
  /// True once all are there or have failed; false after so many seconds (negative: no limit). Throws
  /// std::invalid_argument if one was never persisted.
  virtual bool wait(const Tasks& targets, double seconds) = 0;
  virtual bool wait(const Families& families, double seconds) = 0;
  /// Throws if one has failed or was cancelled.
  virtual void check(const Tasks& targets) = 0;
  virtual void check(const Families& families) = 0;
  virtual std::unique_ptr<Watch> watch(const Tasks& targets) = 0;
  virtual void cancel(const Tasks& targets) = 0;
  virtual void cancel(const Families& families) = 0;
  /// Persists anew those that have failed or were cancelled, with all persisted ones that they failed for.
  virtual void retry(const Tasks& targets, const Families& families) = 0;
  virtual std::vector<RankInfo> info() = 0;
  /// One task per rank that stands for the local of that name. Throws std::invalid_argument where a rank
  /// has none, or one of another type than `kind`'s result.
  virtual std::vector<TaskHandle> from_local(const std::string& name, const Kind& kind) = 0;
  /// Leaves persisted results that are there, the k-th one on rank k, for after the run.
  virtual void to_local(const std::string& name, const Tasks& targets) = 0;
  virtual void progress() = 0;
};

}  // namespace detail
}  // namespace ramal
