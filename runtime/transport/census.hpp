// SPDX-License-Identifier: BSD-3-Clause
// Census: rank 0 finds out whether every rank is at rest and nothing is on the way, while some rank waits for
// memory that others might free. Only then is that certain not to happen by itself.
//
// It asks all ranks, and once more. If all were at rest both times, have sent and received nothing between,
// and all that was sent has been received, there was a moment, between the two rounds, when nothing moved
// anywhere (Mattern's four counters, 1987).
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace ramal::detail {

class Census {
 public:
  /// What a rank says of itself; messages of the census itself are not counted.
  struct Answer {
    std::uint64_t at_rest = 0;  // no task runs or could start
    std::uint64_t short_of_memory = 0;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    bool operator==(const Answer&) const = default;
  };

  explicit Census(int ranks) : answers_(static_cast<std::size_t>(ranks)) {}

  /// Somebody has come to rest for want of memory: asks at once.
  void want() {
    next_seconds_ = 0;
    pause_seconds_ = 0;
    wanted_ = true;
    wanted_anew_ = missing_ > 0;  // it may have answered already
  }
  bool is_wanted() const { return wanted_; }
  /// True once when it is time for a round of questions.
  bool ask(double now_seconds) {
    if (!wanted_ || missing_ > 0 || now_seconds < next_seconds_) return false;
    missing_ = answers_.size();
    return true;
  }
  /// After the last answer of a second round in which nothing moved: the ranks that are short of memory.
  std::vector<int> hear(int rank, const Answer& answer, double now_seconds) {
    answers_[static_cast<std::size_t>(rank)] = answer;
    std::vector<int> short_of_memory;
    if (--missing_ > 0) return short_of_memory;
    bool at_rest = true;
    std::uint64_t on_the_way = 0;
    for (std::size_t r = 0; r < answers_.size(); ++r) {
      at_rest &= answers_[r].at_rest != 0;
      on_the_way += answers_[r].sent - answers_[r].received;
      if (answers_[r].short_of_memory != 0) short_of_memory.push_back(static_cast<int>(r));
    }
    const bool quiet = at_rest && on_the_way == 0;
    const bool certain = quiet && last_ == answers_;
    // Those that are told now say so if that was not enough.
    wanted_ = std::exchange(wanted_anew_, false) || (!certain && !short_of_memory.empty());
    last_ = quiet && !certain ? answers_ : std::vector<Answer>();
    constexpr double most_pause_seconds = 20e-3;
    pause_seconds_ = quiet ? 0 : std::min(most_pause_seconds, 2 * pause_seconds_ + 0.1e-3);
    next_seconds_ = now_seconds + pause_seconds_;
    if (!certain) short_of_memory.clear();
    return short_of_memory;
  }

 private:
  std::vector<Answer> answers_;
  std::vector<Answer> last_;  // of the round before, if nothing moved in it
  bool wanted_ = false;
  bool wanted_anew_ = false;  // during a round
  std::size_t missing_ = 0;
  double pause_seconds_ = 0;
  double next_seconds_ = 0;
};

}  // namespace ramal::detail
