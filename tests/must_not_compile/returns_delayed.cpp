// expect: ramal: a task must not return a Delayed: its graph is complete before it runs
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

long inc(long x) { return x + 1; }
#ifdef FIXED
long twice(long x) { return inc(inc(x)); }
#else
ramal::Delayed<long> twice(long x) { return ramal::delayed<inc>(inc(x)); }
#endif
auto later = ramal::delayed<twice>(1);
