// SPDX-License-Identifier: BSD-3-Clause
// ClockExchange: the messages by which a rank measures its clock against rank 0's, some rounds in a row, each
// begun when the answer to the one before is heard. With its questions a rank tells what has become of its
// part of the trace: an errno, or 0. Used under the pump's lock.
#pragma once

#include "runtime/machine/clock.hpp"
#include "runtime/rank/mail.hpp"
#include "runtime/watch/clocks.hpp"

#include <map>

namespace ramal::detail {

class ClockExchange {
 public:
  explicit ClockExchange(Mail& mail) : mail_(mail), heard_(static_cast<std::size_t>(mail.ranks())) {}

  /// Another rank than 0 begins to measure.
  void begin(int trouble) {
    left_ = rounds;
    trouble_ = trouble;
    measure_ = {};
    ask();
  }
  bool is_measured() const { return left_ == 0; }
  const ClockMeasure& measure() const { return measure_; }
  /// Rank 0: all others have measured so many times.
  bool all_have_measured(unsigned times) const {
    for (std::size_t from = 1; from < heard_.size(); ++from) {
      if (heard_[from] < times * rounds) return false;
    }
    return true;
  }
  /// What other ranks told of their parts: of each the first errno that was not 0.
  const std::map<int, int>& troubles() const { return troubles_; }

  void hear(int from, const Header& header, std::span<const std::byte> payload) {
    if (mail_.rank() == 0) {
      ++heard_[static_cast<std::size_t>(from)];
      if (header.slot != 0) troubles_.emplace(from, static_cast<int>(header.slot));
      const Moment now = now_nanoseconds();
      mail_.send_text(from, {.type = MessageType::clock}, std::as_bytes(std::span(&now, 1)));
      mail_.flush();
      return;
    }
    Moment answered = 0;
    if (from != 0 || left_ == 0 || payload.size() != sizeof answered)
      throw DecodeError("an answer of a clock that was not asked, or is damaged");
    std::memcpy(&answered, payload.data(), sizeof answered);
    measure_.add(asked_, answered, now_nanoseconds());
    if (--left_ > 0) ask();
  }

 private:
  static constexpr unsigned rounds = 16;
  void ask() {
    asked_ = now_nanoseconds();
    mail_.send_text(0, {.type = MessageType::clock, .slot = static_cast<Slot>(trouble_)}, {});
    mail_.flush();
  }

  Mail& mail_;
  std::vector<unsigned> heard_;
  std::map<int, int> troubles_;
  unsigned left_ = 0;
  int trouble_ = 0;
  Moment asked_ = 0;
  ClockMeasure measure_;
};

}  // namespace ramal::detail
