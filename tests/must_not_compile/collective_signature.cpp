// expect: ramal: a collective task's function takes a ramal::Communicator&, then ramal::Inputs<T>
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/collective.hpp>

long leaf(long x) { return x; }
#ifdef FIXED
long sum(ramal::Communicator&, ramal::Inputs<long> mine) { return static_cast<long>(mine.size()); }
#else
long sum(ramal::Inputs<long> mine) { return static_cast<long>(mine.size()); }
#endif
auto total = ramal::collective<sum>.on({0, 1})(std::vector{ramal::delayed<leaf>(1)});
