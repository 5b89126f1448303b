// SPDX-License-Identifier: BSD-3-Clause
// Partitions made of whole other partitions, or of rows of these, in order.
#pragma once

#include "io/tables/state.hpp"

#include <ramal/detail/array_state.hpp>

namespace ramal::detail {

/// How many elements each chunk has.
std::vector<std::int64_t> lengths_of(const Axis& axis);

/// Partition i of the result has all rows of those whose numbers lie in chunk i of the axis, which counts the
/// partitions of all tables, one behind the other. All have the schema. At most 60 tables.
Family<Rows> joined_parts(std::span<const Table> tables, const Axis& partitions, std::source_location where);

/// The table's rows, of which each partition has as many as is known, cut at other places.
Family<Rows> cut_parts(const Table& table, const Axis& rows, std::source_location where);

}  // namespace ramal::detail
