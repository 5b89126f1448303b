// SPDX-License-Identifier: BSD-3-Clause
// Shipping: how subgraphs and programs get from rank 0 to the ranks that run them, directly or along the tree
// of ranks (bundle.hpp), and why what depends on them is not handled before.
//
// Order: what rank 0 sends directly may overtake what goes along the tree. So each subgraph, and each message
// that depends on subgraphs, says in its slot how many subgraphs that rank was shipped before, counting
// bundles that it only passes on; there it is held until so many have been taken. So a release never
// overtakes the subgraph that uses the value, runs find their imports announced, and start in one order.
//
// Used under the pump's lock.
#pragma once

#include "runtime/rank/mail.hpp"
#include "runtime/transport/bundle.hpp"

namespace ramal::detail {

class Shipping {
 public:
  /// What becomes of what has arrived. May send, and ship, but not deliver anything itself.
  class Port {
   public:
    virtual ~Port() = default;
    /// This rank's subgraph of a run, in its turn.
    virtual void start_subgraph(Buffer bytes) = 0;
    /// A run's program, in its turn, maybe with some zeros behind it.
    virtual void start_program(RunId run, std::span<const std::byte> bytes) = 0;
    /// A message that was held, and may be handled now.
    virtual void handle_held(const Header& header, std::span<const std::byte> payload) = 0;
  };

  Shipping(Mail& mail, Port& port);

  // --- rank 0's -----------------------------------------------------------------------------------
  /// Sends all other ranks their subgraphs, by rank, if they have one. `alone`: no earlier run is under way,
  /// so that others are free to pass messages on; `fetched`: how many results rank 0 will get. Says for which
  /// ranks it went along the tree. All leave with the next flush.
  std::vector<bool> ship_to_others(std::span<Subgraph> subgraphs, bool alone, std::size_t fetched);
  /// One of them, directly.
  void ship(int to, Subgraph subgraph);
  /// Sends one family program to all others; its own share is started too.
  void ship_program(RunId run, const std::vector<std::byte>& encoded, bool alone);
  /// What stands in the slot of a message to that rank which depends on what was shipped.
  Slot shipped_to(int to) const { return shipped_[static_cast<std::size_t>(to)]; }

  // --- any rank's ---------------------------------------------------------------------------------
  /// It depends on subgraphs that have not come yet: it is held until then. To be asked of each message but
  /// those below.
  bool holds(const Header& header, std::span<const std::byte> payload);
  /// A subgraph or a program.
  void take(const Header& header, Buffer bytes);
  void take_bundle(RunId run, const std::shared_ptr<Buffer>& bundle);
  void take_program_bundle(const Header& header, std::span<const std::byte> payload);
  /// Small results of this run for rank 0 go to this rank's parent in the tree.
  bool relays(RunId run) const { return relayed_run_ == run; }
  std::size_t held() const { return held_.size(); }

 private:
  struct Held {
    Header header;
    Buffer payload;
  };
  std::vector<bool> ship_bundled(std::span<const Subgraph> subgraphs, std::size_t fetched);
  void pass_program_on(RunId run, std::span<const std::byte> padded_program,
                       std::span<const ProgramEntry> entries);
  void expect_in_subtree(std::uint32_t to) const;
  void start_next(const Header& header, Buffer bytes);
  void handle_what_was_held();

  Mail& mail_;
  Port& port_;
  std::vector<Slot> shipped_;  // rank 0's: by rank
  Slot taken_ = 0;             // of those, here
  std::vector<Held> held_;     // until `taken_` is what their slots say, in the order of arrival
  std::optional<RunId> relayed_run_;
};

}  // namespace ramal::detail
