// SPDX-License-Identifier: BSD-3-Clause
// Observer: hears what happens on one rank. One set of hooks, for whatever wants to know: progress, traces,
// summaries. Nobody is asked where none is set, and no task of a run takes longer for it. Where several want
// to know, `Observers` passes all of it on to each.
//
// A task is called for exactly once between its `task_started` and `task_ended`; one that is not called,
// since an input has failed or it was cancelled, is not heard of. A collective task is heard of on each of
// its ranks, when this rank's participant enters it and leaves it.
//
// Threads: tasks and kept values are told of by the thread that is at it, several at once, but no two for the
// same worker; all else, and participants, by one thread at a time. What is told must not call the runtime,
// throw, or take long: the rank waits.
#pragma once

#include "graph/core/image.hpp"
#include "runtime/transport/transport.hpp"

#include <vector>

namespace ramal::detail {

/// Nanoseconds of this process' clock; see now_nanoseconds.
using Moment = std::int64_t;

class Observer {
 public:
  /// Stands for the worker of a collective task's participant: whoever moves messages.
  static constexpr unsigned participant = ~0U;
  /// What names a task on all ranks: the run it was planned in, and its place in that run's graph, or its
  /// name as a member of a family, or as a task of a loop. That holds of stolen ones too.
  struct TaskName {
    RunId run;
    std::uint64_t plan;
    const Kind& kind;
    CallSite site = {};      ///< the line that made it
    bool is_member = false;  ///< `plan` is a name in a family program
    int stolen_from = -1;    ///< the rank that had it; -1: this one
    unsigned worker = 0;     ///< that runs it; or `participant`
  };
  /// A run of this rank: its share of a graph, stolen tasks, or a front of a family program.
  struct RunName {
    RunId number;             ///< given once on this rank
    RunId home;               ///< the run that its tasks were planned in
    std::int64_t front = -1;  ///< which of the program's; -1: it is none
  };
  /// How a rank stands between two rounds of messages.
  struct State {
    Moment now = 0;
    std::uint64_t ready = 0;          ///< tasks with nothing to wait for but a thread; about
    std::uint64_t bytes_held = 0;     ///< as in RankInfo
    std::uint64_t bytes_landing = 0;  ///< of large messages that are being received
  };

  virtual ~Observer() = default;
  /// On rank 0, when a graph or a family program is planned: so many tasks of a kind are to be run, on all
  /// ranks; `at_most`: of a loop that may end early.
  virtual void planned(const Kind& /*kind*/, std::uint64_t /*tasks*/, bool /*at_most*/) {}
  virtual void run_started(const RunName& /*run*/, std::size_t /*tasks*/) {}
  virtual void run_ended(const RunName& /*run*/) {}
  virtual void task_started(const TaskName& /*task*/, Moment /*began*/) {}
  virtual void task_ended(const TaskName& /*task*/, Moment /*began*/, Moment /*ended*/, bool /*failed*/) {}
  /// `bytes`: those of the memory that the value is; 0 for one that is encoded.
  virtual void value_kept(ValueId /*id*/, std::uint64_t /*bytes*/) {}
  virtual void value_released(ValueId /*id*/, std::uint64_t /*bytes*/) {}
  /// It was handed to the transport; header.bytes are those of its payload.
  virtual void message_sent(int /*to*/, const Header& /*header*/) {}
  /// A large one begins to come.
  virtual void message_begun(int /*from*/, const Header& /*header*/) {}
  /// It has come, as a whole.
  virtual void message_received(int /*from*/, const Header& /*header*/) {}
  /// Between rounds of messages, at most once a millisecond.
  virtual void stands(const State& /*state*/) {}
};

/// Several observers behind one pointer. They outlive it.
class Observers final : public Observer {
 public:
  void add(Observer& one) { all_.push_back(&one); }
  /// Whom to tell: null where there is nobody, and where there is one that one itself.
  Observer* whom() { return all_.empty() ? nullptr : all_.size() == 1 ? all_.front() : this; }

  void planned(const Kind& kind, std::uint64_t tasks, bool at_most) override {
    for (Observer* one : all_) one->planned(kind, tasks, at_most);
  }
  void run_started(const RunName& run, std::size_t tasks) override {
    for (Observer* one : all_) one->run_started(run, tasks);
  }
  void run_ended(const RunName& run) override {
    for (Observer* one : all_) one->run_ended(run);
  }
  void task_started(const TaskName& task, Moment began) override {
    for (Observer* one : all_) one->task_started(task, began);
  }
  void task_ended(const TaskName& task, Moment began, Moment ended, bool failed) override {
    for (Observer* one : all_) one->task_ended(task, began, ended, failed);
  }
  void value_kept(ValueId id, std::uint64_t bytes) override {
    for (Observer* one : all_) one->value_kept(id, bytes);
  }
  void value_released(ValueId id, std::uint64_t bytes) override {
    for (Observer* one : all_) one->value_released(id, bytes);
  }
  void message_sent(int to, const Header& header) override {
    for (Observer* one : all_) one->message_sent(to, header);
  }
  void message_begun(int from, const Header& header) override {
    for (Observer* one : all_) one->message_begun(from, header);
  }
  void message_received(int from, const Header& header) override {
    for (Observer* one : all_) one->message_received(from, header);
  }
  void stands(const State& state) override {
    for (Observer* one : all_) one->stands(state);
  }

 private:
  std::vector<Observer*> all_;
};

}  // namespace ramal::detail
