// SPDX-License-Identifier: BSD-3-Clause
// Takes the place of the runtime's own clock.hpp where ranks are simulated: one clock, and one way to sleep,
// of the simulation. Found first by the order of include folders.
#pragma once

#include <simgrid/actor.h>
#include <simgrid/engine.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace ramal::detail {

inline double now_seconds() { return simgrid_get_clock(); }
inline std::int64_t now_nanoseconds() { return static_cast<std::int64_t>(1e9 * simgrid_get_clock()); }
inline double coarse_seconds() { return simgrid_get_clock(); }
inline void sleep_seconds(double seconds) { sg_actor_sleep_for(seconds); }

/// Time passes only while somebody sleeps, so whoever looks again must. Rarely used: an idle rank waits
/// inside MPI.
class Backoff {
 public:
  explicit Backoff(double = 0) {}
  void reset() { tries_ = 0; }
  double next() { return std::min(1e-3, 1e-6 * ++tries_); }

 private:
  int tries_ = 0;
};

}  // namespace ramal::detail
