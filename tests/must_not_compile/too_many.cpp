// expect: ramal: a function was called with too few or too many arguments
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

long inc(long x) { return x + 1; }

#ifdef FIXED
auto two = ramal::delayed<inc>(1);
#else
auto two = ramal::delayed<inc>(1, 2);
#endif
