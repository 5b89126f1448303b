// expect: ramal: this value cannot be encoded, so it cannot travel to another rank
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#include <memory>

#ifdef FIXED
auto shared = ramal::value(std::vector<int>{1});
#else
auto shared = ramal::value(std::make_shared<int>(1));
#endif
