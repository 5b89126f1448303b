// expect: ramal: this function's result cannot be encoded, so it cannot travel to another rank
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#include <functional>

#ifdef FIXED
int make(int i) { return i; }
#else
std::function<int()> make(int i) {
  return [i] { return i; };
}
#endif
auto made = ramal::delayed<make>(1);
