// expect: map_overlap: called with too few or too many arrays
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/array.hpp>

ramal::Block<double> sum(const ramal::Block<double>& a, const ramal::Block<double>&) { return a; }
const auto a = ramal::zeros<double>({2});
#ifdef FIXED
auto made = [] { return ramal::map_blocks<sum>(a, a); };
#else
auto made = [] { ramal::map_blocks<sum>(a); };
#endif
