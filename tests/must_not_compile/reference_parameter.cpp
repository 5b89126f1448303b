// expect: ramal: a task's parameter must not be a non-const reference T&: take it by value (it is
// expect: moved on last use) or by const reference, and return what changed
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#ifdef FIXED
std::vector<int> sort(std::vector<int> values) { return values; }
#else
void sort(std::vector<int>& values) { values.clear(); }
#endif
auto sorted = ramal::delayed<sort>(std::vector<int>{3, 1});
