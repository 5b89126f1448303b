// SPDX-License-Identifier: BSD-3-Clause
// What a rank says when nothing gets done.
#include "runtime/executor/deaths.hpp"
#include "runtime/rank/rank.hpp"

namespace ramal::detail {

void Rank::watch_stalls(double seconds, const std::string& folder) {
  const auto held = lock();
  stalls_ = std::make_unique<StallWatch>(mail_, static_cast<StallWatch::Watched&>(*this), seconds, folder);
}

Standing Rank::standing(double now) {
  Standing standing = executor_.standing(now);
  standing.turns = turns_.standing();
  standing.sent = memory_.sent();
  standing.received = memory_.received();
  return standing;
}

void Rank::end_all(int status) {
  DeathReports::expect_the_end();
  transport_->abort(status);
}

}  // namespace ramal::detail
