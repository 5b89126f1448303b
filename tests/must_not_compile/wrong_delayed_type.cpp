// expect: ramal: a Delayed of another type was given for this parameter, and its value would not
// expect: convert
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

std::string name(int i) { return std::to_string(i); }
int size(int i) { return i; }
long inc(long x) { return x + 1; }

#ifdef FIXED
auto more = ramal::delayed<inc>(ramal::delayed<size>(1));
#else
auto more = ramal::delayed<inc>(ramal::delayed<name>(1));
#endif
