// SPDX-License-Identifier: BSD-3-Clause
// One statement on its way through DuckDB: prepared, run, fetched.
#pragma once

#include "io/tables/duckdb_instance.hpp"

#include <functional>
#include <string>

namespace ramal::detail::duckdb {

/// SQL text and where in it the user's own begins, if something was written around that.
struct Statement {
  std::string text;
  std::string user_text;
  std::size_t user_begin = 0;
  int kind = statement_select;
};

/// A statement that runs on a lease's connection. Both have to outlive it, and what is lent to it too.
class Query {
 public:
  /// Prepares and starts it. Throws SqlError if the text is wrong, EngineError for all else, both with the
  /// place in the user's own text.
  Query(const Lease& lease, const Statement& statement);

  Result& result() { return *result_.out(); }
  /// The next rows, at most 2048; null after the last. Throws EngineError.
  Owned<Chunk> next();
  /// How many rows a statement that gives none has written.
  std::int64_t rows_changed();

 private:
  void prepare();
  void start();
  [[noreturn]] void fail(const char* said, bool has_run);

  const Lease& lease_;
  const Statement& statement_;
  const Api& api_;
  Owned<Prepared> prepared_;
  Owned<Result> result_;
};

}  // namespace ramal::detail::duckdb
