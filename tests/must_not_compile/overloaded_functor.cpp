// expect: ramal: this is not one function: for a generic lambda or an overloaded function, pick
// expect: one signature
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

struct Half {
  double operator()(double x) const { return x / 2; }
#ifndef FIXED
  int operator()(int x) const { return x / 2; }
#endif
};
auto h = ramal::delay(Half{})(3);
