// expect: ramal: apply_along_axis needs a function void(std::span<const T> line, std::span<R> to)
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/array_along.hpp>

#ifdef FIXED
double first(std::span<const double> line) { return line[0]; }
#else
double first(std::vector<double> line) { return line[0]; }
#endif
auto made = ramal::apply_along_axis<first>(ramal::zeros<double>({2, 2}), 0);
