// SPDX-License-Identifier: BSD-3-Clause
// Clocks: what one rank's clock says against rank 0's, measured by messages there and back (Cristian's
// algorithm): the answer says what rank 0's clock was at some moment between the question and the answer. The
// quickest of several rounds tells it best, to half of the time that it took.
#pragma once

#include "runtime/executor/observer.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ramal::detail {

struct ClockMeasure {
  Moment at = 0;          ///< when it was measured, by this rank's clock
  Moment offset = 0;      ///< what is to be added for rank 0's
  Moment round_trip = 0;  ///< the offset may be wrong by half of this

  /// Takes in one round: asked and heard by this rank's clock, answered by rank 0's.
  void add(Moment asked, Moment answered, Moment heard) {
    const Moment took = heard - asked;
    if (round_trip != 0 && took >= round_trip) return;
    *this = {asked + took / 2, answered - (asked + took / 2), took > 0 ? took : 1};
  }
  /// Both may have one clock, as far as can be told: ranks of one host do.
  bool may_be_one() const {
    return std::abs(static_cast<double>(offset)) <= static_cast<double>(round_trip) / 2;
  }
};

/// From a rank's clock to rank 0's: nothing where all measures allow one clock; else by the one measure, or
/// on the line through the first and the last, since clocks drift.
class ClockCorrection {
 public:
  ClockCorrection() = default;
  explicit ClockCorrection(const std::vector<ClockMeasure>& measures) {
    for (const ClockMeasure& one : measures) is_one_ = is_one_ && one.may_be_one();
    if (is_one_) return;
    first_ = measures.front();
    const ClockMeasure& last = measures.back();
    if (last.at <= first_.at) return;
    drift_ = (static_cast<double>(last.offset) - static_cast<double>(first_.offset)) /
             (static_cast<double>(last.at) - static_cast<double>(first_.at));
  }
  bool is_one() const { return is_one_; }
  /// Of rank 0's clock against this one: seconds a second.
  double drift() const { return drift_; }
  Moment corrected(Moment own) const {
    if (is_one_) return own;
    constexpr double most = 1e18;
    const double drifted = drift_ * (static_cast<double>(own) - static_cast<double>(first_.at));
    const auto correction = static_cast<std::uint64_t>(static_cast<Moment>(std::clamp(drifted, -most, most)));
    return static_cast<Moment>(static_cast<std::uint64_t>(own) + static_cast<std::uint64_t>(first_.offset) +
                               correction);
  }

 private:
  bool is_one_ = true;
  ClockMeasure first_;
  double drift_ = 0;
};

}  // namespace ramal::detail
