// SPDX-License-Identifier: BSD-3-Clause
// Partial results of groups, put together without the engine.
#pragma once

#include <ramal/rows.hpp>

namespace ramal::detail {

/// Two partial results with the same columns become one, with a row for each combination of keys that either
/// has. Rows are sorted by the columns named `key N`, each combination once: rising, nulls last, NaN above
/// all numbers and equal to itself, -0.0 equal to 0.0, text by bytes. What is in both is put together as the
/// other columns' names say:
///
///   key N                      the left one's
///   add N, product N           left + right, left * right; a null counts for nothing; null if both are
///   min N, max N               the lesser, the greater, in the order of keys; a null counts for nothing
///   first N, last N            the left one's, the right one's
///   any N                      the left one's, or the right one's where that is null
///   count N, mean N, m2 N      how many numbers, their mean, and the sum of squared differences from it, put
///                              together by Chan, Golub and LeVeque's formula (1979)
///
/// The left one is of rows that come earlier. Without keys both have one row. O(rows) comparisons. Throws
/// std::overflow_error where an integer or decimal sum leaves its type.
Rows merge_groups(const Rows& left, const Rows& right);

}  // namespace ramal::detail
