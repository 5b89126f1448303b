// expect: ramal: this function's result cannot be encoded, so it cannot travel to another rank
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#include <memory>

#ifdef FIXED
int make(int i) { return i; }
#else
std::unique_ptr<int> make(int i) { return std::make_unique<int>(i); }
#endif
auto made = ramal::delayed<make>(1);
