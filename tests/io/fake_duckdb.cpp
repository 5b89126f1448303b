// SPDX-License-Identifier: BSD-3-Clause
// A library that says it is a version of DuckDB, and has nothing else.
extern "C" const char* duckdb_library_version() { return FAKE_DUCKDB_VERSION; }
