// SPDX-License-Identifier: BSD-3-Clause
// CollectiveTurns: when a rank runs its participants of collective tasks. Every rank has one; all happens
// under the pump's lock.
//
//   participant                       the task's first rank                  every participant
//   has its inputs, and its turn:
//   join (or a failure among them) -> all joined, none failed:           -> enter: call the function
//                                     some input failed:                 -> settle with the failure
//   leave (or a failure)           -> all left:                          -> settle with the result or the
//                                                                           first failure
//
// A rank's turns come in one order, that of (run, turn), which is the same on all ranks: a participant joins
// when all before it on its rank have left, or were settled without running; or have joined, if they are of
// the very same ranks, so that many in a row need not wait for a round trip each.
//
// Why nobody waits for ever. A function is entered only when every participant has joined, so each of them is
// about to enter it too, and bound to no other one before; or bound to enter the same others first, which all
// were told to before, in the same order. So whoever is inside waits for nobody but f itself, and ordinary
// tasks go on everywhere. Of all collective tasks that are not done, take the first in the order: its inputs
// come from ordinary tasks and from collective tasks that are done, since those are of an earlier run or on a
// lower level and stand before it. So it is the turn of each of its participants, all join, and it is done.
// It has waited for none that it shares no rank with, but through its inputs; nor did rank 0 have a say,
// which may be inside another one.
//
// A call inside one function may wait for a message from inside another one, of other ranks. So before rank 0
// enters one it sees off what makes others known to their ranks: participants in subgraphs of its own run and
// earlier ones that it has shipped, which may wait for credit. Those ranks are between tasks: had they
// entered the same function, or one that waits for it, they would have their subgraphs.
//
// When the program is over, ranks hear of it at different times, and one that ended at once could be waited
// for by others that are told to enter later. So a rank joins what it has not yet with a failure, and ends
// when all that it has joined is left or settled: every participant of each does the same.
#pragma once

#include "runtime/executor/executor.hpp"
#include "runtime/transport/transport.hpp"

#include <deque>
#include <map>

namespace ramal::detail {

class CollectiveTurns {
 public:
  struct Name {
    RunId run;
    std::uint32_t turn;
    auto operator<=>(const Name&) const = default;
  };
  using Send = std::function<void(int to, const Header&, std::span<const std::byte>)>;

  /// `receiver`: whose messages `take` may have to let in.
  CollectiveTurns(Transport& transport, Executor& executor, Receiver& receiver, Send send)
      : transport_(transport), executor_(executor), receiver_(receiver), send_(std::move(send)) {}

  /// There is a participant here; no ranks: all have one. Runs are enlisted in their order, each at once.
  void enlist(Name name, std::vector<std::uint32_t> ranks);
  /// It has its inputs, or one that has failed.
  void ready(Name name, const Failure* failure);
  /// Rank 0 has just sent that rank, or others by way of it, a subgraph with participants.
  void note_shipped(RunId run, int to);
  /// One of the messages join, enter, leave and settle has come.
  void hear(MessageType type, Name name, std::optional<Failure> failure);
  /// Does what is due, when no message is being delivered. True if anything was. The functions block in calls
  /// of their own, and no message moves meanwhile. Ends the program where one has thrown and others seem to
  /// wait for it.
  bool take();
  /// It would find nothing to do.
  bool is_idle() const { return participants_.empty() && turns_.empty() && thrown_.empty(); }

  /// The program is over: what has not joined never will, so nobody enters it. Runs do not come any more.
  void give_up();
  /// Nobody can be waiting for this rank inside a function, or will be.
  bool may_end() const { return under_way_ == 0; }
  /// Of participants here that are not done, in the order of their turns.
  std::vector<Standing::Turn> standing() const;
  /// Somebody may wait in vain for what threw here: look at the clock now and then.
  bool has_thrown() const { return !thrown_.empty(); }

 private:
  enum class State { waiting, ready, joined, given_up, left };
  struct Participant {
    std::vector<std::uint32_t> ranks;
    State state = State::waiting;
    std::optional<Failure> failure = {};
    std::vector<std::uint64_t> enters =
        {};  // on the first's rank: for each participant, where its `enter` stands
  };
  /// The first participant's count of who has joined or left.
  struct Tally {
    std::size_t heard = 0;
    std::optional<Failure> failure = {};  // the first in the plan's order
  };
  struct Turn {
    MessageType type;  // enter or settle
    Name name;
    std::optional<Failure> failure;
  };

  bool join_next();
  void take(const Turn& turn);
  std::optional<Failure> enter(const Turn& turn);
  void see_off(int to, std::uint64_t mark);
  void see_off_enters(const Participant& participant);
  void see_off_shipped(RunId run);
  void tell(int to, MessageType type, Name name, const std::optional<Failure>& failure);
  void check_thrown();
  std::size_t size(const Participant& participant) const;
  int rank_of(const Participant& participant, std::size_t k) const;

  Transport& transport_;
  Executor& executor_;
  Receiver& receiver_;
  const Send send_;

  std::map<Name, Participant> participants_;                          // of this rank, until they are settled
  std::map<Name, Participant>::iterator next_ = participants_.end();  // the first that has not joined
  std::size_t under_way_ = 0;                               // joined or given up, not left nor settled;
  std::vector<std::uint32_t> under_way_ranks_;              // all of these ranks
  std::map<std::pair<MessageType, Name>, Tally> tallies_;
  std::deque<Turn> turns_;  // heard of, not taken yet
  struct Shipped {
    RunId run;
    int to;
    std::uint64_t mark;
  };
  std::vector<Shipped> shipped_;  // that may not have left yet
  /// Participants that threw here while others may wait inside theirs, and since when.
  std::map<Name, double> thrown_;
  std::string thrown_message_;
};

}  // namespace ramal::detail
