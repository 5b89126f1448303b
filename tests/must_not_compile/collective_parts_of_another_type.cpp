// expect: ramal: a collective task's first argument is a range of Delayed, of the type its function takes
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/collective.hpp>

std::vector<long> sums(ramal::Communicator&, ramal::Inputs<long> mine) { return {mine.begin(), mine.end()}; }
#ifdef FIXED
long leaf(long x) { return x; }
#else
std::string leaf(long x) { return std::to_string(x); }
#endif
auto results = ramal::collective_map<sums>(std::vector{ramal::delayed<leaf>(1)});
