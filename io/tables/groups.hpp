// SPDX-License-Identifier: BSD-3-Clause
// What all aggregates of groups have in common.
#pragma once

#include "io/tables/state.hpp"

namespace ramal::detail {

/// Each partition becomes what the query makes of it, of another schema.
Table mapped(const Table& table, const UserQuery& query, Schema schema, const char* name,
             std::source_location where);

/// The keys under the names that merge_groups goes by, and back.
std::string partial_keys(const std::vector<std::string>& keys);
std::string final_keys(const std::vector<std::string>& keys);

/// To a query that has listed the keys and the aggregates: where groups appear first, if they are to be in
/// that order; "FROM part GROUP BY … ORDER BY …".
void add_grouping(UserQuery& query, const Schema& schema, const std::vector<std::string>& keys,
                  GroupOrder order);
/// To a query of merged groups: "FROM part", in the order that is wanted.
void add_merged(UserQuery& query, GroupOrder order);

}  // namespace ramal::detail
