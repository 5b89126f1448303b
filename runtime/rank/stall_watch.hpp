// SPDX-License-Identifier: BSD-3-Clause
// StallWatch: finds out that nothing gets done, and why. Every rank has one, if the user wants it.
//
//   inquiry    rank 0 -> rank    how do you stand?
//   standing   rank -> rank 0    its Standing (runtime/executor/standing.hpp)
//
// Rank 0 asks when its program waits and nothing has ended or come here for so many seconds. If on all ranks
// that answer nothing has ended for as long, it says what holds up the program, as a chain down to a task. A
// rank that does not answer is inside a task and says so by itself (StallSignals). Nothing is ended while any
// task runs: only if the program waits without end, and all ranks have answered twice that no task runs or
// could start, and nothing is on the way.
//
// Under the pump's lock.
#pragma once

#include "runtime/rank/mail.hpp"
#include "runtime/rank/stall_signals.hpp"

namespace ramal::detail {

class StallWatch {
 public:
  /// Who is watched.
  class Watched {
   public:
    virtual ~Watched() = default;
    virtual Standing standing(double now) = 0;
    /// Grows with each task that has ended here and each message that has come, but for questions like these.
    virtual std::uint64_t doings() = 0;
    virtual std::vector<Standing::Inside> inside(double now) = 0;
    /// Rank 0's: what its program waits for; empty: nothing.
    virtual std::vector<Standing::Awaited> waited_for() = 0;
    /// Rank 0's: its program is inside a call that waits.
    virtual bool waits() const = 0;
    /// Rank 0's: its program does nothing but wait for it, without end.
    virtual bool waits_for_good() const = 0;
    /// Rank 0's: the same task with its name and rank, if they are known.
    virtual Standing::Awaited named(const Standing::Awaited& one) = 0;
    /// A message of the two that change nothing about who is at rest.
    virtual void note_standing_sent() = 0;
    /// Ends all ranks.
    virtual void end_all(int status) = 0;
  };
  StallWatch(Mail& mail, Watched& watched, double seconds, const std::string& folder);

  /// `mind` is to be called in this round of messages. Costs some ns.
  bool is_due(double now) {
    signals_.note_pump(now);
    return now >= next_look_;
  }
  void mind(double now);
  /// Nobody moves messages until `mind` is called again, and that is as it should be.
  void leave() {
    signals_.disarm();
    next_put_off_ = 0;
  }
  void hear_inquiry();
  void hear_standing(int from, std::span<const std::byte> text);

 private:
  void look(double now);
  void note_doings(double now);
  void ask(double now);
  void conclude(double now);
  void tell_chain(bool is_end);
  Standing own(double now);

  Mail& mail_;
  Watched& watched_;
  const double seconds_;
  StallSignals signals_;
  double next_look_ = 0;
  double next_put_off_ = 0;
  std::uint64_t doings_ = 0;
  double quiet_since_;

  // rank 0's
  bool is_asking_ = false;
  double next_question_ = 0;
  double answers_until_ = 0;
  double pause_seconds_;
  Standings answers_, before_;
};

}  // namespace ramal::detail
