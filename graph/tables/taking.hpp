// SPDX-License-Identifier: BSD-3-Clause
// Gathering rows of a column by their numbers.
#pragma once

#include "graph/tables/slab.hpp"

namespace ramal::detail {

/// The rows of `column` with these numbers. Where `validity`, a bitmap, has a 0, the new row is null whatever
/// the number; null: nowhere. Requires: the numbers are within the column, also where they do not count.
/// Throws std::length_error, naming the column, for more than 2^31 - 1 bytes of text or elements. O(bytes
/// copied).
Column taken(const Column& column, std::span<const std::int64_t> rows, const std::uint64_t* validity,
             Slab& slab, std::string_view name);
/// What that takes of a slab beside the bytes of text and the elements of lists.
std::size_t taken_bytes(const Column& column, std::size_t rows);

}  // namespace ramal::detail
