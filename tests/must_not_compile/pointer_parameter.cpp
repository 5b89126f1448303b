// expect: ramal: a task's parameter must not be a pointer, span or string_view: what it points to
// expect: stays on one rank
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#ifdef FIXED
double norm(const std::vector<double>& values) { return values[0]; }
std::vector<double> values{1, 2};
#else
double norm(const double* values) { return values[0]; }
const double* values = nullptr;
#endif
auto n = ramal::delayed<norm>(values);
