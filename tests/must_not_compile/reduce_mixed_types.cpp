// expect: ramal: reduce needs an operation of type T(T, T)
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/reduce.hpp>

#ifdef FIXED
long add(long x, long y) { return x + y; }
#else
double add(long x, int y) { return x + y; }
#endif
auto total = ramal::reduce<add>(std::vector<long>{1, 2});
