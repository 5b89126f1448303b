// expect: ramal: a Delayed has no value yet, so it cannot decide an if
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>
#include <ramal/operators.hpp>

long inc(long x) { return x + 1; }
int main() {
  const auto x = ramal::delayed<inc>(1);
#ifdef FIXED
  const auto positive = x > 0;
  static_cast<void>(positive);
#else
  if (x > 0) return 1;
#endif
}
