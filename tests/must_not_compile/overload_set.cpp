// expect: 'auto'
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

double half(double x) { return x / 2; }
int half(int x) { return x / 2; }

#ifdef FIXED
auto h = ramal::delayed<static_cast<double (*)(double)>(&half)>(3);
#else
auto h = ramal::delayed<&half>(3);
#endif
