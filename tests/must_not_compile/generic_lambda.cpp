// expect: ramal: this is not one function: for a generic lambda or an overloaded function, pick
// expect: one signature
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#ifdef FIXED
auto two = ramal::delayed<[](int x) { return 2 * x; }>(1);
#else
auto two = ramal::delayed<[](auto x) { return 2 * x; }>(1);
#endif
