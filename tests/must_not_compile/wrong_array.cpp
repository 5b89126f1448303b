// expect: ramal: an array was given for a parameter of another type
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

long inc(long x) { return x + 1; }
std::size_t size(const std::string& text) { return text.size(); }

#ifdef FIXED
auto n = ramal::delayed<size>("text");
#else
auto n = ramal::delayed<inc>("text");
#endif
