// SPDX-License-Identifier: BSD-3-Clause
// CSV files by way of DuckDB's functions for them.
#pragma once

#include "io/tables/duckdb_instance.hpp"
#include "io/tables/engine.hpp"

namespace ramal::detail::duckdb {

/// See SqlEngine.
CsvFormat guess_csv(const Lease& lease, const std::string& file, const CsvFormat& known,
                    std::optional<bool> header);
std::string rows_of_csv(const std::string& file, const CsvFormat& format);

}  // namespace ramal::detail::duckdb
