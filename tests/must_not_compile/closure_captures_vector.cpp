// expect: ramal: this function object captures something that is not plain memory; pass it as an
// expect: argument of the call, or use a named class with a serialize() function
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

const std::vector<double> weights{1, 2};
#ifdef FIXED
auto weighted = ramal::delayed<[](const std::vector<double>& w, double x) { return w[0] * x; }>(weights, 3);
#else
auto weighted = ramal::delay([w = weights](double x) { return w[0] * x; })(3);
#endif
