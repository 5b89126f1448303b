// expect: ramal: this argument does not fit its parameter: expected a value of the parameter's
// expect: type, a Delayed
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

long add(long x, long y) { return x + y; }

#ifdef FIXED
auto sum = ramal::delayed<add>(1, 2.5);
#else
auto sum = ramal::delayed<add>(1, std::string("two"));
#endif
