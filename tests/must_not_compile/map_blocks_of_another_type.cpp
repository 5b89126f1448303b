// expect: the function's parameters must be blocks, or views, of the arrays' types
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/array.hpp>

ramal::Block<double> same(const ramal::Block<double>& block) { return block; }
#ifdef FIXED
auto made = ramal::map_blocks<same>(ramal::zeros<double>({2, 2}));
#else
auto made = ramal::map_blocks<same>(ramal::zeros<float>({2, 2}));
#endif
