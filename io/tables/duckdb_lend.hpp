// SPDX-License-Identifier: BSD-3-Clause
// Tables that SQL text finds by their names: Rows, whose memory DuckDB reads while a query runs.
//
// DuckDB asks for a table that it does not know (a replacement scan) in the thread that prepares the text,
// and there alone: which tables are lent is therefore said by thread. The answer is a table function, which
// is asked for chunks of 2048 rows, and told first which columns are wanted.
#pragma once

#include "io/tables/duckdb_api.hpp"

#include <ramal/rows.hpp>

#include <string>
#include <vector>

namespace ramal::detail::duckdb {

struct LentTable {
  std::string name;
  Rows rows;
  /// Of each column, whether a query has asked for it; none before one has begun to read the table.
  std::vector<bool> reads = {};
};

/// While this lives, SQL text that its thread prepares and runs finds these tables. Not while another one
/// lives in the thread.
class Lending {
 public:
  /// Throws std::invalid_argument for names that DuckDB would take for something else: with a dot, as of
  /// files, of its own views (`reserved`), and the same twice, since it ignores case.
  Lending(const Api& api, std::vector<LentTable> tables, const std::vector<std::string>& reserved);
  Lending(const Lending&) = delete;
  Lending& operator=(const Lending&) = delete;
  ~Lending();

  const std::vector<LentTable>& tables() const { return tables_; }
  LentTable* find(const std::string& name);
  const Api& api() const { return api_; }

 private:
  const Api& api_;
  std::vector<LentTable> tables_;
};

/// Makes all of this known to a database, by one of its connections. Throws EngineError.
void register_lent_tables(const Api& api, Database database, Connection connection);

/// Rows `first` to `first + count` of a column into a vector of its type. Throws std::invalid_argument for
/// values that DuckDB has no room for, and for text that is not UTF-8.
void lend(const Api& api, const Column& column, std::int64_t first, std::int64_t count, Vector to);

}  // namespace ramal::detail::duckdb
