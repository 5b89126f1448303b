// SPDX-License-Identifier: BSD-3-Clause
// Types of columns as DuckDB has them.
#pragma once

#include "io/tables/duckdb_api.hpp"

#include <ramal/column_type.hpp>

#include <stdexcept>

namespace ramal::detail::duckdb {

/// A type that Rows do not have: what() says which, and what to write instead, as in "is a UUID, which tables
/// do not have: use CAST(… AS VARCHAR)", to stand behind a column's name.
class UnknownType : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

Owned<Type> to_duckdb(const Api& api, const ColumnType& type);
/// Texts of an ENUM are text. Throws UnknownType.
ColumnType from_duckdb(const Api& api, Type type);
/// In how many bytes DuckDB holds a decimal: 2, 4, 8 or 16.
int decimal_bytes(int width);

}  // namespace ramal::detail::duckdb
