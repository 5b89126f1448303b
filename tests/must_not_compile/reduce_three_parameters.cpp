// expect: ramal: reduce needs an operation of type T(T, T)
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/reduce.hpp>

#ifdef FIXED
long add(long x, long y) { return x + y; }
#else
long add(long x, long y, long z) { return x + y + z; }
#endif
auto total = ramal::reduce<add>(std::vector<long>{1, 2});
