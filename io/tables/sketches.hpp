// SPDX-License-Identifier: BSD-3-Clause
// Aggregates whose partial results are sketches, which the engine does not know.
#pragma once

#include <ramal/detail/state_bytes.hpp>
#include <ramal/rows.hpp>

namespace ramal::detail {

/// There are columns of sketches among these.
bool has_sketches(const Schema& partial);
/// Of a partial result with lists of values in the columns named `distinct N` and `digest N`: in their places
/// sketches of these, as bytes. Nulls are passed over. O(values).
Rows sketched(const Rows& partial);
/// What the sketches say: in place of `distinct N` how many different values there are about, and of
/// `digest N` the quantiles that the list in the column behind it has; null of no values.
Rows estimated(const Rows& sketches);
/// What puts together two sketches in a column of such a name; null for all others.
MergeBytes merge_of_sketches(std::string_view how);

}  // namespace ramal::detail
