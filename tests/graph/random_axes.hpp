// SPDX-License-Identifier: BSD-3-Clause
// Random axes, cut regularly or not, some chunks maybe empty.
#pragma once

#include <ramal/detail/grid.hpp>

#include <random>

namespace ramal::detail {

struct Random {
  std::mt19937_64 engine;
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine);
  }
  bool one_in(std::int64_t n) { return between(1, n) == 1; }
};

inline Axis an_axis(Random& random, std::int64_t length) {
  if (length > 0 && random.one_in(2)) {
    const std::int64_t width = random.between(1, length + 2);
    return random.one_in(2) ? Axis::regular(length, width)
                            : Axis::shifted(length, width, random.between(1, width));
  }
  std::vector<std::int64_t> lengths;
  for (std::int64_t left = length; left > 0;) {
    lengths.push_back(random.one_in(6) ? 0 : random.between(1, left));
    left -= lengths.back();
  }
  if (random.one_in(4)) lengths.push_back(0);
  return Axis::of(lengths);
}

}  // namespace ramal::detail
