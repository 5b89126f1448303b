// SPDX-License-Identifier: BSD-3-Clause
// What windows of rows share.
#pragma once

#include "io/tables/state.hpp"

namespace ramal::detail {

/// An expression with the window's name behind each call of an aggregate function: "avg(a) OVER around".
std::string over_window(const std::string& expression);
/// Refuses expressions without aggregates, and those with a query or another window in them; two of one name.
void expect_window_aggregates(const char* call, const std::vector<NamedExpression>& aggregates,
                              std::source_location where);

/// The fields of both; those of `more` in place of those of their names, or behind all.
Schema with_fields(const Schema& schema, const Schema& more);
/// The same of columns.
Rows with_more_columns(Rows part, const Rows& more);

/// A table whose partitions are made, with these in their place, which have more columns.
Table widened(const Table& made, const Family<Rows>& parts, const Schema& more, const char* name,
              std::source_location where);

}  // namespace ramal::detail
