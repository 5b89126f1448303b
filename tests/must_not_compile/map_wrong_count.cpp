// expect: ramal: map was called with too few or too many arguments
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/map.hpp>

long add(long x, long y) { return x + y; }
const std::vector<long> numbers{1, 2};
#ifdef FIXED
auto more = ramal::map<add>(numbers, 1);
#else
auto more = ramal::map<add>(numbers);
#endif
