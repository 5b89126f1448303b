// SPDX-License-Identifier: BSD-3-Clause
// Which order statistics a quantile is made of, and how: NumPy's methods.
#pragma once

#include <ramal/detail/promotion.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

namespace ramal {

/// How a quantile is made of the sorted elements, by NumPy's names: the nine of Hyndman and Fan (1996), and
/// some that pick or average the two elements around `q * (n - 1)`.
enum class QuantileMethod : std::int64_t {
  linear,
  lower,
  higher,
  midpoint,
  nearest,
  inverted_cdf,
  averaged_inverted_cdf,
  closest_observation,
  interpolated_inverted_cdf,
  hazen,
  weibull,
  median_unbiased,
  normal_unbiased,
};

namespace detail {

/// NumPy's median: the mean of the middle two, which may differ from what is interpolated in the last bit.
inline constexpr auto mean_of_middle = static_cast<QuantileMethod>(100);

/// The element at `low` of sorted ones, moved by `share` of the way to that at `high`, which is `low` or the
/// next.
struct QuantilePlace {
  std::int64_t low = 0, high = 0;
  double share = 0;
};
/// Of n elements, at least 1. O(1).
QuantilePlace quantile_place(double q, std::int64_t n, QuantileMethod method);

/// In double, as NumPy has it; but an infinity beside a number gives that infinity, or the number where its
/// share is 0.
template <class T>
Inexact<T> between(const T& low, const T& high, double share, QuantileMethod method) {
  using R = Inexact<T>;
  const auto a = static_cast<double>(low), b = static_cast<double>(high);
  if (low == high || share == 0) return static_cast<R>(a);
  if (method == mean_of_middle) return static_cast<R>((a + b) / 2);
  double apart = b - a;
  if constexpr (std::integral<T>) {  // exact, also where they have more digits than a double
    apart = static_cast<double>(static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low));
  }
  const bool from_high = std::isinf(a) || (share >= 0.5 && !std::isinf(b));
  return static_cast<R>(from_high ? b - apart * (1 - share) : a + apart * share);
}

}  // namespace detail
}  // namespace ramal
