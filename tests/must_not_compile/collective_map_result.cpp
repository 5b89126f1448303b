// expect: ramal: a collective_map's function returns a std::vector with a result for each of the parts
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/collective.hpp>

long leaf(long x) { return x; }
#ifdef FIXED
std::vector<long> sums(ramal::Communicator&, ramal::Inputs<long> mine) { return {mine.begin(), mine.end()}; }
#else
long sums(ramal::Communicator&, ramal::Inputs<long> mine) { return static_cast<long>(mine.size()); }
#endif
auto results = ramal::collective_map<sums>(std::vector{ramal::delayed<leaf>(1)});
