// SPDX-License-Identifier: BSD-3-Clause
// Reading partitions from files.
#pragma once

#include "io/tables/state.hpp"

namespace ramal::detail {

/// The partition of that number, and what the query makes of it. Throws TableError, naming the file, if one
/// is not what it was when it was planned with.
Rows read_part(std::int64_t number, const ScanPlan& plan, const std::string& query);

}  // namespace ramal::detail
