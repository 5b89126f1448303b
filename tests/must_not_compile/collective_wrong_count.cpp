// expect: ramal: a function was called with too few or too many arguments
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/collective.hpp>

long leaf(long x) { return x; }
long sum(ramal::Communicator&, ramal::Inputs<long> mine, long factor) {
  return factor * static_cast<long>(mine.size());
}
#ifdef FIXED
auto total =
    ramal::collective<sum>.annotate({.name = "sum"}).on({0})(std::vector{ramal::delayed<leaf>(1)}, 3);
#else
auto total = ramal::collective<sum>.annotate({.name = "sum"}).on({0})(std::vector{ramal::delayed<leaf>(1)});
#endif
