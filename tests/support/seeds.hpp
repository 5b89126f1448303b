// SPDX-License-Identifier: BSD-3-Clause
// How many random programs a test runs.
#pragma once

#include <cstdlib>

namespace ramal::test {

/// RANDOM_SEEDS sets it for longer campaigns (not an option of Ramal's own). Sanitizers take ten times as
/// long.
inline unsigned seeds(unsigned usual) {
  const char* text = std::getenv("RANDOM_SEEDS");
  if (text != nullptr) return static_cast<unsigned>(std::atoi(text));
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr unsigned fewer = 10;
  return (usual + fewer - 1) / fewer;
#else
  return usual;
#endif
}

}  // namespace ramal::test
