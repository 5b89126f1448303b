// SPDX-License-Identifier: BSD-3-Clause
// The one clock and the one way to sleep. Everything that waits or measures comes here.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <thread>

namespace ramal::detail {

/// Seconds since some fixed moment. Costs about 25 ns.
inline double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The same clock in whole nanoseconds.
inline std::int64_t now_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// The same clock, but some milliseconds behind. Costs a few ns.
inline double coarse_seconds() {
#ifdef CLOCK_MONOTONIC_COARSE
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
#else
  return now_seconds();
#endif
}

inline void sleep_seconds(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

/// How long to wait before looking again, given how long nothing has happened: first spin, then give way to
/// others, and after `awake_seconds` sleep a tenth of the time already waited, 4 ms at most (below 1 % of a
/// core). Sleeping sooner is dear: where timers are coarse, ranks that wait for each other in turn lose
/// milliseconds a message.
class Backoff {
 public:
  explicit Backoff(double awake_seconds = 5e-3) : awake_seconds_(awake_seconds) {}
  void reset() { tries_ = 0; }
  /// Seconds to sleep before the next look; 0: look again at once (having yielded if need be).
  double next() {
    constexpr int spins = 200;
    if (++tries_ < spins) return 0;
    const double now = now_seconds();
    if (tries_ == spins) idle_since_ = now;
    const double idle = now - idle_since_;
    if (idle < awake_seconds_) {
      std::this_thread::yield();
      return 0;
    }
    constexpr double shortest = 20e-6;
    constexpr double longest = 4e-3;
    return std::min(longest, std::max(shortest, idle / 10));
  }

 private:
  const double awake_seconds_;
  int tries_ = 0;
  double idle_since_ = 0;
};

}  // namespace ramal::detail
