// expect: ramal: this value cannot be encoded, so it cannot travel to another rank
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#include <functional>

#ifdef FIXED
auto shared = ramal::value(std::vector<int>{1});
#else
auto shared = ramal::value(std::function<int()>());
#endif
