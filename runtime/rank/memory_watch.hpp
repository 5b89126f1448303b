// SPDX-License-Identifier: BSD-3-Clause
// MemoryWatch: what a rank does about tasks that wait for memory. They wait as long as messages may free
// some; whether they may, rank 0 finds out by a census of all ranks (census.hpp), for which this counts
// messages. Only then may a rank exceed its bound: by one task, and as long as nothing fits, by two, four and
// so on each time, one after the other, whenever it is stuck again. So what cannot be run within the bound
// takes few censuses, and at most twice as many tasks beyond it as with one at a time.
//
//   starved    rank -> rank 0    waits for memory, with nothing else to do
//   census     rank 0 -> rank    are you at rest?
//   answer     rank -> rank 0
//   overdraw   rank 0 -> rank    nothing will free any: start tasks nevertheless
//
// Under the pump's lock, but for `overdraw`.
#pragma once

#include "runtime/executor/executor.hpp"
#include "runtime/rank/mail.hpp"
#include "runtime/transport/census.hpp"

#include <atomic>

namespace ramal::detail {

class MemoryWatch {
 public:
  /// `counts`: of the messages this rank's transport has been given.
  MemoryWatch(Executor& executor, Mail& mail, const TransportCounts& counts)
      : executor_(executor), mail_(mail), counts_(counts), census_(mail.ranks()) {}

  /// Called by a thread with nothing else to do: starts a task that is over the bound, if waiting would not
  /// help. False if there is none, or it has to wait.
  bool overdraw(unsigned worker);
  /// `mind` is to be called in this round of messages. Costs nothing while there is memory.
  bool is_needed() const { return executor_.is_short_of_memory() || census_.is_wanted(); }
  void mind();
  /// Rank 0 asks all ranks now and then, by the clock.
  bool is_asking() const { return census_.is_wanted(); }

  void hear_starved() { census_.want(); }
  void hear_census();
  void hear_answer(int from, const Census::Answer& answer);
  void hear_overdraw();

  /// A message of any type has come.
  void note_received() { ++received_; }
  /// One of those that change nothing about who is at rest, which are not counted.
  void note_idle_received() { ++idle_.received; }
  void note_idle_sent() { ++idle_.sent; }
  /// Messages but those.
  std::uint64_t sent() const { return counts_.messages - idle_.sent; }
  std::uint64_t received() const { return received_ - idle_.received; }

 private:
  Census::Answer own_answer();
  void take_answer(int from, const Census::Answer& answer);

  Executor& executor_;
  Mail& mail_;
  const TransportCounts& counts_;
  Census census_;  // rank 0's
  struct {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
  } idle_;
  std::uint64_t received_ = 0;
  std::atomic<bool> has_starved_{false};  // and rank 0 knows
  std::atomic<int> may_overdraw_{0};
  int granted_ = 0;                           // the last time
  std::atomic<std::uint64_t> had_fitted_{0};  // how many until then
};

}  // namespace ramal::detail
