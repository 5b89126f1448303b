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
/// `options`: what parquet_options says.
std::string rows_of_parquet(const std::string& file, const std::string& options);
std::string rows_of_parquet(const std::string& file, const std::string& options, std::int64_t first,
                            std::int64_t last);
/// With which further options files are to be read. DuckDB passes over row groups by their bounds, which do
/// not count NaN, and so loses rows where another writer's file has them, unless it is told of that.
std::string parquet_options(const Lease& lease);

}  // namespace ramal::detail::duckdb
