// expect: ramal: a Delayed has no value yet, so it cannot be printed
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>
#include <ramal/operators.hpp>

#include <iostream>

long inc(long x) { return x + 1; }
int main() {
  const auto x = ramal::delayed<inc>(1);
#ifdef FIXED
  std::cout << x.task_handle().get()->name();
#else
  std::cout << x;
#endif
}
