// expect: ramal: reduce needs an operation of type T(T, T)
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/reduce.hpp>

#ifdef FIXED
long add(ramal::Inputs<long> group) { return group[0]; }
#else
long add(long x) { return x; }
#endif
auto total = ramal::reduce<add>(std::vector<long>{1, 2});
