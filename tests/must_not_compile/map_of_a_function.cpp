// expect: ramal: a function is given in angle brackets, as in map<f>(range)
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/map.hpp>

long inc(long x) { return x + 1; }
const std::vector<long> numbers{1, 2};
#ifdef FIXED
auto more = ramal::map<inc>(numbers);
#else
auto more = [] { ramal::map(inc, numbers); };
#endif
