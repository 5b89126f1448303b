// expect: ramal: reduce
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/reduce.hpp>

long add(long x, long y) { return x + y; }
#ifdef FIXED
long leaf(int i) { return i; }
#else
std::string leaf(int i) { return std::to_string(i); }
#endif
auto total = ramal::reduce<add>(std::vector{ramal::delayed<leaf>(1), ramal::delayed<leaf>(2)});
