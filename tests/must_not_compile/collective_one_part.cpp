// expect: ramal: a collective task's first argument is a range of Delayed, of the type its function takes
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/collective.hpp>

long leaf(long x) { return x; }
long sum(ramal::Communicator&, ramal::Inputs<long> mine) { return static_cast<long>(mine.size()); }
#ifdef FIXED
auto total = ramal::collective<sum>(std::vector{ramal::delayed<leaf>(1)});
#else
auto total = ramal::collective<sum>(ramal::delayed<leaf>(1));
#endif
