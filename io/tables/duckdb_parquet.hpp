// SPDX-License-Identifier: BSD-3-Clause
// Parquet files by way of DuckDB's functions for them.
#pragma once

#include "io/tables/duckdb_instance.hpp"
#include "io/tables/engine.hpp"

namespace ramal::detail::duckdb {

/// See SqlEngine.
std::vector<ParquetFooter> footers_of(const Lease& lease, std::span<const std::string> files);
std::string rows_of_parquet(const std::string& file);
std::string rows_of_parquet(const std::string& file, std::int64_t first, std::int64_t last);

}  // namespace ramal::detail::duckdb
