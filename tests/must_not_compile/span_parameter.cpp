// expect: ramal: a task's parameter must not be a pointer, span or string_view: what it points to
// expect: stays on one rank
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#ifdef FIXED
std::size_t size(const std::vector<int>& values) { return values.size(); }
#else
std::size_t size(std::span<const int> values) { return values.size(); }
#endif
auto n = ramal::delayed<size>(std::vector<int>{1});
