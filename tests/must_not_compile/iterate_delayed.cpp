// expect: ramal: a Delayed has no elements yet, so it cannot be iterated
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

std::vector<int> numbers() { return {1, 2}; }
int main() {
  const auto all = ramal::delayed<numbers>();
#ifdef FIXED
  const std::vector list{all, all};
  for (const auto& x : list) static_cast<void>(x);
#else
  for (const auto& x : all) static_cast<void>(x);
#endif
}
