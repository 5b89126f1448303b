// expect: ramal: a task's parameter must not be a Delayed: take the value, pass the handle
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#ifdef FIXED
int twice(int x) { return 2 * x; }
#else
int twice(ramal::Delayed<int>) { return 2; }
#endif
int one() { return 1; }
auto two = ramal::delayed<twice>(ramal::delayed<one>());
