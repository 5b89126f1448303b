// SPDX-License-Identifier: BSD-3-Clause
// What a query gives, chunk by chunk, into Rows.
#pragma once

#include "io/tables/duckdb_query.hpp"

#include <ramal/rows_builder.hpp>

#include <string>
#include <vector>

namespace ramal::detail::duckdb {

/// How the values of one type become those of a column.
struct Reading {
  int number = 0;                       // DuckDB's
  int stored_bytes = 0;                 // of a decimal, and of an ENUM's numbers
  std::vector<std::string> dictionary;  // of an ENUM
  std::vector<Reading> children;        // of a list or a structure
};

/// Names, types and values of one result. A chunk is copied at once and given up: holding them costs more.
class Fetch {
 public:
  /// Throws SqlError, naming the column, for types that Rows do not have and for names that are there twice.
  Fetch(const Api& api, Result& result, const std::string& sql);

  const Schema& schema() const { return builder_.schema(); }
  /// Throws EngineError for an interval that is too long to be counted in nanoseconds, std::length_error for
  /// a column of too much text.
  void append(Chunk chunk);
  std::int64_t size() const { return builder_.size(); }
  /// Once, and nothing after it.
  Rows finish();

 private:
  void append(const Reading& reading, Vector vector, std::int64_t first, std::int64_t count,
              ColumnBuilder& to);
  void append_decimals(const Reading& reading, const void* data, std::int64_t count,
                       const std::uint64_t* validity, ColumnBuilder& to);
  void append_intervals(const Span* data, std::int64_t count, const std::uint64_t* validity,
                        ColumnBuilder& to);
  void append_lists(const Reading& reading, Vector vector, std::int64_t first, std::int64_t count,
                    const std::uint64_t* validity, ColumnBuilder& to);

  const Api& api_;
  std::vector<Reading> readings_;
  RowsBuilder builder_;
  // What one call needs for a moment.
  std::vector<Int128> decimals_;
  std::vector<Interval> intervals_;
  std::vector<std::uint64_t> lengths_;
};

/// All that a query gives. `sql` is for messages. Throws as Fetch and Query::next.
Rows fetch_all(const Api& api, Query& query, const std::string& sql);

}  // namespace ramal::detail::duckdb
