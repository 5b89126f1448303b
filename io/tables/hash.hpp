// SPDX-License-Identifier: BSD-3-Clause
// Hashes of values in columns.
#pragma once

#include <ramal/column.hpp>
#include <ramal/key.hpp>

#include <span>

namespace ramal::detail {

/// Adds each row's value to its hasher: values that compare as equal are alike, whole numbers of all widths
/// too; -0.0 is 0.0, all NaN are one, and null is a value. Throws std::invalid_argument for lists and
/// structures. O(rows).
void hash_column(const Column& column, std::span<KeyHasher> hashers);

}  // namespace ramal::detail
