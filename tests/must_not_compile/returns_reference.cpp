// expect: ramal: a task must return by value: what a reference refers to stays on one rank
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#ifdef FIXED
int front(const std::vector<int>& values) { return values[0]; }
#else
const int& front(const std::vector<int>& values) { return values[0]; }
#endif
auto first = ramal::delayed<front>(std::vector<int>{1});
