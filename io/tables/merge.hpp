// SPDX-License-Identifier: BSD-3-Clause
// Partial results of groups, put together without the engine.
#pragma once

#include <ramal/detail/state_bytes.hpp>
#include <ramal/rows.hpp>

namespace ramal::detail {

/// What a partial column's name says; "add" of "add 3".
inline std::string_view how_of(const Field& field) {
  return std::string_view(field.name).substr(0, field.name.find(' '));
}

/// Two partial results with the same columns become one, with a row for each combination of keys that either
/// has. Rows are sorted by the columns named `key N`, each combination once: rising, nulls last, NaN above
/// all numbers and equal to itself, -0.0 equal to 0.0, text by bytes. What is in both is put together as the
/// other columns' names say:
///
///   key N                      the left one's
///   add N, product N           left + right, left * right; a null counts for nothing; null if both are
///   min N, max N               the lesser, the greater, in the order of keys; a null counts for nothing
///   first N, last N            the left one's, the right one's, of those with rows: the next column, an `add`, counts
///                              them
///   any N                      the left one's, or the right one's where that is null
///   and N, or N, xor N         the bits; a null counts for nothing
///   list N                     the left one's elements, then the right one's; a null counts for nothing
///   argmin N, argmax N         whose value in the next column is less, or greater; the left one's if neither
///                              is. Of the next column, named min or max, a null counts for nothing
///   count N                    how many numbers there are, or pairs of them. Behind it come, of these:
///   mean N …, m2 N …           their mean, and the sum of squared differences from it
///   co N                       of pairs the sum of the products of both differences. These are put together
///                              by the formulas of Chan, Golub and LeVeque (1979) and Pébay (2008)
///   place N                    the left one's; of rows that it does not have, the right one's behind all of
///                              the left one's
///   distinct N, digest N       sketches; see sketches.hpp
///   state N                    `merge_state` of both
///
/// The left one is of rows that come earlier. Without keys both have one row. O(rows) comparisons. Throws
/// std::overflow_error where an integer or decimal sum leaves its type.
Rows merge_groups(const Rows& left, const Rows& right);
Rows merge_groups(const Rows& left, const Rows& right, MergeBytes merge_state);

}  // namespace ramal::detail
