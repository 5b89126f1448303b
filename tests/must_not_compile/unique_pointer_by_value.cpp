// expect: ramal: a task's parameter by value must be copyable
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#ifdef FIXED
int look(const std::unique_ptr<int>& x) { return *x; }
#else
int look(std::unique_ptr<int> x) { return *x; }
#endif
auto seen = ramal::delayed<look>(std::make_unique<int>(1));
