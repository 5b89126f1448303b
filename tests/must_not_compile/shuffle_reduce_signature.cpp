// expect: ramal: the reduce of map_shuffle_reduce takes two values and returns one
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/shuffle.hpp>

std::vector<std::pair<int, long>> pairs_of(long x) { return {{1, x}}; }
#ifdef FIXED
long add(long a, long b) { return a + b; }
#else
long add(long a, int b) { return a + b; }
#endif
auto counts = ramal::map_shuffle_reduce<pairs_of, add>(std::vector<long>{1, 2});
