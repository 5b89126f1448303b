// SPDX-License-Identifier: BSD-3-Clause
// Shipments: subgraphs on their way from the session to the ranks, which leave at once, or are put off.
//
// The handles that a family program reads come behind it: a rank that had them alone would make them without
// a reader that frees them, beyond its bound on memory. What the program imports may come later: it waits for
// it. So while a PuttingOff exists nothing leaves but behind the next family program, or at its end.
//
// Under the pump's lock.
#pragma once

#include "runtime/rank/rank.hpp"

namespace ramal::detail {

/// One run's subgraphs, by rank; as Rank::ship says.
struct Shipment {
  std::vector<Subgraph> subgraphs;
  bool alone;
  std::size_t fetched;
  std::set<std::uint32_t> with_participants;
};

class Shipments {
 public:
  explicit Shipments(Rank& rank) : rank_(rank) {}
  void add(Shipment shipment) {
    put_off_.push_back(std::move(shipment));
    if (!puts_off_) send_put_off();
  }
  /// A family program to all ranks, and behind it what was put off.
  void add_program(RunId run, const std::vector<std::byte>& encoded, bool alone) {
    rank_.ship_program(run, encoded, alone);
    send_put_off();
  }

  class PuttingOff {
   public:
    explicit PuttingOff(Shipments& shipments)
        : shipments_(shipments), before_(std::exchange(shipments.puts_off_, true)) {}
    ~PuttingOff() {
      shipments_.puts_off_ = before_;
      if (!before_) shipments_.send_put_off();
    }
    PuttingOff(const PuttingOff&) = delete;
    PuttingOff& operator=(const PuttingOff&) = delete;

   private:
    Shipments& shipments_;
    const bool before_;
  };

 private:
  void send_put_off() {
    for (Shipment& one : put_off_)
      rank_.ship(std::move(one.subgraphs), one.alone, one.fetched, one.with_participants);
    put_off_.clear();
  }

  Rank& rank_;
  std::vector<Shipment> put_off_;
  bool puts_off_ = false;
};

}  // namespace ramal::detail
