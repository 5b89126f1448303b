// SPDX-License-Identifier: BSD-3-Clause
// The order of sorted arrays.
#pragma once

#include <ramal/detail/promotion.hpp>

namespace ramal::detail {

/// What stands ahead in a sorted line: the lesser, and any number ahead of NaN. Complex numbers by their real
/// parts, then the imaginary; those with a NaN as NumPy has them: x + NaN i, NaN + y i, NaN + NaN i.
template <class T>
bool sorts_before(const T& a, const T& b) {
  if constexpr (is_complex<T>) {
    const auto rank = [](const T& z) { return 2 * (z.real() != z.real()) + (z.imag() != z.imag()); };
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    if (a.real() != b.real() && rank(a) < 2) return a.real() < b.real();
    return a.imag() < b.imag();
  } else if constexpr (std::floating_point<T>) {
    return a < b || (b != b && a == a);
  } else {
    return a < b;
  }
}

}  // namespace ramal::detail
