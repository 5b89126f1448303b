// expect: ramal: a function was called with too few or too many arguments
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

long add(long x, long y) { return x + y; }

#ifdef FIXED
auto sum = ramal::delayed<add>(1, 2);
#else
auto sum = ramal::delayed<add>(1);
#endif
