// expect: ramal: apply_along_axis: the function's lines are of another type than the array
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/array_along.hpp>

double first(std::span<const double> line) { return line[0]; }
#ifdef FIXED
auto made = ramal::apply_along_axis<first>(ramal::zeros<float>({2, 2}).as<double>(), 0);
#else
auto made = ramal::apply_along_axis<first>(ramal::zeros<float>({2, 2}), 0);
#endif
