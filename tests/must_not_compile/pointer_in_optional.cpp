// expect: cannot be encoded, so it cannot travel to another rank
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#ifdef FIXED
int look(std::optional<int> x) { return x.value_or(0); }
#else
int look(std::optional<int*> x) { return x ? **x : 0; }
#endif
auto seen = ramal::delayed<look>(std::nullopt);
