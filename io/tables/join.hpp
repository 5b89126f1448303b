// SPDX-License-Identifier: BSD-3-Clause
// What all joins ask of their tables.
#pragma once

#include "io/tables/state.hpp"

namespace ramal::detail {

/// A column of the schema is one of these, whatever the case of its letters.
bool is_among(const std::vector<std::string>& keys, const Schema& schema, const Field& field);

/// Refuses keys, which both have, of types that cannot be the same, and if columns of both are kept those of
/// one name that are no keys.
void expect_joinable(const char* call, const Schema& left, const Schema& right,
                     const std::vector<std::string>& keys, bool has_right, std::source_location where);

}  // namespace ramal::detail
