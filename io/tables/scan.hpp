// SPDX-License-Identifier: BSD-3-Clause
// Reading partitions from files.
#pragma once

#include "io/tables/engine.hpp"
#include "io/tables/state.hpp"

namespace ramal::detail {

/// Tables by their small_name, behind `first`.
std::vector<NamedRows> with_small(std::optional<NamedRows> first, const std::vector<Rows>& small);
/// The partition of that number, and what the query makes of it and of the small tables. Throws TableError,
/// naming the file, if one is not what it was when it was planned with.
Rows read_part(std::int64_t number, const ScanPlan& plan, const std::string& query,
               const std::vector<Rows>& small);

}  // namespace ramal::detail
