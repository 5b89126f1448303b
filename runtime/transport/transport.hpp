// SPDX-License-Identifier: BSD-3-Clause
// Transport: messages between ranks. Two exist: MPI, and queues inside one process for tests.
//
// Contract
//  - Messages from one rank to another arrive complete and in the order sent. Nothing is promised
//    between different senders.
//  - A sender is never held up: what the other side has no room for waits here (credits), and moves on
//    when `poll` is called.
//  - Calls are made by one thread at a time. Nothing moves outside `poll` and `flush`.
//  - No rank sends to itself.
#pragma once

#include "graph/core/subgraph.hpp"

#include <ramal/communicator.hpp>

namespace ramal::detail {

enum class MessageType : std::uint8_t {
  subgraph,        ///< rank 0 -> rank: run this
  bundle,          ///< rank 0 -> rank, along a tree: subgraphs for it and ranks beyond it; see bundle.hpp
  program,         ///< rank 0 -> rank: run your share of this family program
  program_bundle,  ///< rank 0 -> rank, along the same tree: a program for it and all ranks beyond it
  passed,          ///< rank -> rank 0, along the same tree: a result
  result,          ///< a value for (run, slot)
  failure,         ///< an error in place of that value
  member,          ///< a member's value for a family program; its name goes before it
  member_failure,  ///< an error in its place
  member_for_all,  ///< along a tree whose root is the rank in the slot: a member's value, for all ranks
  member_failure_for_all,  ///< an error in its place
  progress,                ///< rank -> whose members it reads: it has run all fronts up to that one
  ready,                   ///< rank -> rank 0: a kept value is there (or failed)
  release,                 ///< rank 0 -> rank: these kept values are needed no more
  release_all,             ///< rank 0 -> rank: nor these, a range of ids
  cancel,                  ///< rank 0 -> rank: do not start these tasks of a run
  query,                   ///< rank 0 -> rank: report about yourself
  report,                  ///< the answer
  stop,                    ///< rank 0 -> rank: the program is over
  learnt,                  ///< rank -> rank 0: how long tasks took
  store,                   ///< rank 0 -> rank: leave this kept value to the program under a name
  join,      ///< participant -> the task's first rank: it has its turn and its inputs (or a failure)
  enter,     ///< first rank -> participant: all have joined, run it now
  leave,     ///< participant -> first rank: it has run, or failed
  settle,    ///< first rank -> participant: all have; the result counts, or has failed
  starved,   ///< rank -> rank 0: waits for memory that messages may free
  census,    ///< rank 0 -> rank: are you at rest?
  answer,    ///< what it says; see census.hpp
  overdraw,  ///< rank 0 -> rank: nothing will free any, start a task nevertheless
  steal,     ///< rank -> rank: so many threads have nothing to do (slot); 0 takes that back; see stealing.hpp
  stolen,    ///< the answer, whenever there is something to spare: tasks; see executor_steal.cpp
  recall,    ///< rank -> who was given these tasks of a run: do not start them
  clock,     ///< rank -> rank 0, and back: what does your clock say? see clock_exchange.hpp
  status,    ///< rank -> rank 0: what it is at; see status.hpp
  inquiry,   ///< rank 0 -> rank: nothing gets done, how do you stand?
  standing,  ///< the answer; see stall_watch.hpp
};
constexpr MessageType last_message_type = MessageType::standing;

struct Header {
  MessageType type{};
  /// A result's payload is the value's memory, not its codec form.
  bool as_memory = false;
  RunId run = 0;
  Slot slot = 0;
  std::uint64_t bytes = 0;
};

/// Where messages go on arrival.
class Receiver {
 public:
  virtual ~Receiver() = default;
  /// A whole small message. `payload` is valid during the call.
  virtual void receive(int from, const Header& header, std::span<const std::byte> payload) = 0;
  /// Tells whether a large one may come now. While it may not, neither do later messages of that sender, and
  /// each `poll` asks again.
  virtual bool takes(int /*from*/, const Header& /*header*/) { return true; }
  /// A large one is on its way: memory for its header.bytes, which stays until `landed`. `head` is what
  /// was lent with it, valid during the call. At most one per sender is under way.
  virtual std::span<std::byte> prepare(int from, const Header& header, std::span<const std::byte> head) = 0;
  virtual void landed(int from, const Header& header) = 0;
};

struct TransportCounts {
  std::uint64_t messages = 0;  ///< handed over by `write` and `lend`
  std::uint64_t bytes = 0;     ///< their payload
};

class Transport {
 public:
  /// As many as there is room for beside a large message's record in the smallest frame.
  static constexpr std::size_t most_head_bytes = 2016;
  virtual ~Transport() = default;
  virtual int rank() const = 0;
  virtual int ranks() const = 0;
  /// The largest payload for `write`.
  virtual std::size_t small_bytes() const = 0;
  /// Room for a message of header.bytes <= small_bytes(), to be filled before the next call.
  virtual std::byte* write(int to, const Header& header) = 0;
  /// A large message, sent from memory that `keep` holds alive until it has left. It arrives in one piece.
  /// `head`, at most most_head_bytes, is copied and arrives before it.
  virtual void lend(int to, const Header& header, std::span<const std::byte> head, Spans payload,
                    Value keep) = 0;
  /// Lets go of messages that wait for company.
  virtual void flush() = 0;
  /// Moves what can move and delivers what has arrived. True if anything did.
  virtual bool poll(Receiver& receiver) = 0;
  /// Called by whoever has nothing else to do; returns when `poll` may have something to do. False, and at
  /// once, from a transport that is to be polled.
  virtual bool wait() { return false; }
  /// `wait` does so: looking often is no use.
  virtual bool waits() const { return false; }
  /// Collective, the last call: returns when all that was sent to anyone has arrived.
  virtual void close(Receiver& receiver) = 0;
  /// Tells whoever will not call `poll` for a while whether what was given up to `mark` has left. It may
  /// wait for credit.
  virtual std::uint64_t mark(int /*to*/) const { return 0; }
  virtual bool has_left(int /*to*/, std::uint64_t /*mark*/) const { return true; }
  /// What collective tasks get, of these ranks in this order, or of all if none are named. Separate from all
  /// other messages. The first call for a list is collective among its ranks.
  virtual Communicator& communicator(const std::vector<std::uint32_t>& ranks) = 0;
  /// Ends all ranks at once.
  [[noreturn]] virtual void abort(int status) = 0;

  const TransportCounts& counts() const { return counts_; }

 protected:
  TransportCounts counts_;
};

}  // namespace ramal::detail
