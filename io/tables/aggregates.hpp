// SPDX-License-Identifier: BSD-3-Clause
// Which aggregates can be computed of each partition and put together, and how.
#pragma once

#include <ramal/table.hpp>

#include <optional>

namespace ramal::detail {

/// The columns of a partial result, as a SELECT lists them, and what finishes each aggregate from these.
///
///   avg(x) + 1   partial: sum(x) AS "add 0", count(x) AS "add 1"     finish: ("add 0" / "add 1") + 1
///
/// A column's name says how it is put together; see merge.hpp.
struct AggregatePlan {
  std::vector<std::string> partial;
  std::vector<std::string> finish;
};

/// Nothing if one of them needs all rows of a group at once. The expressions must have been accepted by the
/// engine. Asks it for types: some tenths of a millisecond each.
std::optional<AggregatePlan> plan_aggregates(const Schema& schema,
                                             const std::vector<NamedExpression>& aggregates);

}  // namespace ramal::detail
