// SPDX-License-Identifier: BSD-3-Clause
// The one clock and the one way to sleep. Everything that waits or measures comes here.
#pragma once

#include <chrono>
#include <thread>

namespace ramal::detail {

/// Seconds since some fixed moment. About 25 ns.
inline double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline void sleep_seconds(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

/// How long to wait before looking again, given how long nothing has happened: first spin, then give
/// way to others, then sleep a tenth of the time already waited, 1 ms at most (below 1 % of a core).
class Backoff {
 public:
  void reset() { tries_ = 0; }
  /// Seconds to sleep before the next look; 0: look again at once (having yielded if need be).
  double next() {
    constexpr int spins = 200;
    constexpr int yields = 200;
    ++tries_;
    if (tries_ <= spins) return 0;
    if (tries_ <= spins + yields) {
      std::this_thread::yield();
      if (tries_ == spins + yields) idle_since_ = now_seconds();
      return 0;
    }
    constexpr double shortest = 20e-6;
    constexpr double longest = 1e-3;
    return std::min(longest, std::max(shortest, (now_seconds() - idle_since_) / 10));
  }

 private:
  int tries_ = 0;
  double idle_since_ = 0;
};

}  // namespace ramal::detail
