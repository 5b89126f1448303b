// SPDX-License-Identifier: BSD-3-Clause
// Parquet files by way of DuckDB's functions for them.
#pragma once

#include "io/tables/duckdb_instance.hpp"
#include "io/tables/engine.hpp"

namespace ramal::detail::duckdb {

/// A file's name as DuckDB's functions take one: they see patterns in it.
std::string one_file(const std::string& file);
/// What SQL text gives that reads no lent tables.
Rows rows_from(const Lease& lease, const std::string& sql);

/// See SqlEngine.
std::vector<ParquetFooter> footers_of(const Lease& lease, std::span<const std::string> files);
std::string rows_of_parquet(const std::string& file);
std::string rows_of_parquet(const std::string& file, std::int64_t first, std::int64_t last);

}  // namespace ramal::detail::duckdb
