// SPDX-License-Identifier: BSD-3-Clause
// TaskExchange: a rank asks others for ready tasks when it has nothing to do, and gives some of its own to
// those that ask. Who asks whom is decided by Stealing, what is given by the executor; this says when, since
// both take time that tasks could have.
//
//   steal    rank -> rank    so many threads have nothing to do; 0 takes that back
//   stolen   rank -> rank    the answer, whenever there is something to spare: tasks
//
// Under the pump's lock.
#pragma once

#include "runtime/executor/executor.hpp"
#include "runtime/executor/stealing.hpp"
#include "runtime/rank/mail.hpp"
#include "runtime/rank/memory_watch.hpp"

namespace ramal::detail {

class TaskExchange {
 public:
  struct Taken {
    std::uint64_t tasks = 0;
    std::uint64_t bytes = 0;  // inputs and results
  };

  /// `memory` is told which messages change nothing about who is at rest.
  TaskExchange(StealMode mode, Executor& executor, Mail& mail, MemoryWatch& memory);

  bool is_on() const { return stealing_.is_on(); }
  bool is_on_for_all() const { return stealing_.mode() == StealMode::on; }
  /// One round of messages: what to give to those that have asked, and what to ask of others. `may_ask`: this
  /// rank will look for messages again and again, and may begin what it gets; `has_news`: messages have come.
  void mind(bool may_ask, bool has_news);
  /// This rank will not look for messages for a while: takes back what it has asked. True if it had.
  bool withdraw();
  /// Looks are rare from here on: the next one asks at once.
  void expect_rare_looks() { looks_to_question_ = 0; }
  /// The program is over: no more questions, and none is answered.
  void end() { stealing_.end(); }

  void hear_question(int from, unsigned wanted);
  /// Throws DecodeError if it is damaged.
  void run_stolen(int from, std::span<const std::byte> reply);
  /// A taken task's result goes back.
  void note_returned(std::uint64_t bytes) { taken_.bytes += bytes; }
  const Taken& taken() const { return taken_; }

 private:
  void ask(bool may_ask);
  void give();
  void send(std::span<const Stealing::Word> words);

  Executor& executor_;
  Mail& mail_;
  MemoryWatch& memory_;
  Stealing stealing_;
  Taken taken_;
  unsigned looks_to_question_ = 0;
  double next_give_ = 0;  // when what is ready is looked at again
};

}  // namespace ramal::detail
