// expect: ramal: this argument does not fit its parameter
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

std::size_t count(const std::vector<long>& values) { return values.size(); }
std::string name(int i) { return std::to_string(i); }
long inc(long x) { return x + 1; }

#ifdef FIXED
auto n = ramal::delayed<count>(std::vector{ramal::delayed<inc>(1)});
#else
auto n = ramal::delayed<count>(std::vector{ramal::delayed<name>(1)});
#endif
