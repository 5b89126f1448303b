// SPDX-License-Identifier: BSD-3-Clause
// Observer: hears what happens on one rank. One set of hooks, for whatever wants to know: progress, traces,
// profiles. Nobody is asked where none is set, and no task of a run takes longer for it.
//
// A task is called for exactly once between its `task_started` and `task_ended`; one that is not called,
// since an input has failed or it was cancelled, is not heard of. Tasks and kept values are told of by the
// thread that is at it, several at once; all else by one thread at a time. What is told must not call the
// runtime, throw, or take long: the rank waits.
#pragma once

#include "runtime/transport/transport.hpp"

namespace ramal::detail {

class Observer {
 public:
  /// What names a task on all ranks: the run it was planned in, and its place in that run's graph, or its
  /// name as a member of a family. For a member that was stolen: its front at the victim, and its place
  /// there.
  struct TaskName {
    RunId run;
    std::uint64_t plan;
    const Kind& kind;
  };
  virtual ~Observer() = default;
  /// A subgraph, or a front of a family program, of so many tasks. Stolen tasks have a run number of this
  /// rank's own.
  virtual void run_started(RunId /*run*/, std::size_t /*tasks*/) {}
  virtual void run_ended(RunId /*run*/) {}
  virtual void task_started(const TaskName& /*task*/) {}
  virtual void task_ended(const TaskName& /*task*/, bool /*failed*/) {}
  /// `bytes`: those of the memory that the value is; 0 for one that is encoded.
  virtual void value_kept(ValueId /*id*/, std::uint64_t /*bytes*/) {}
  virtual void value_released(ValueId /*id*/, std::uint64_t /*bytes*/) {}
  /// It was handed to the transport; header.bytes are those of its payload.
  virtual void message_sent(int /*to*/, const Header& /*header*/) {}
  /// It has come, as a whole.
  virtual void message_received(int /*from*/, const Header& /*header*/) {}
};

}  // namespace ramal::detail
