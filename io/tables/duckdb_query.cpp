// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/duckdb_query.hpp"

#include "io/tables/duckdb_errors.hpp"
#include "io/tables/sql_text.hpp"

#include <ramal/sql_error.hpp>

namespace ramal::detail::duckdb {

Query::Query(const Lease& lease, const Statement& statement)
    : lease_(lease),
      statement_(statement),
      api_(lease.api()),
      prepared_(api_.destroy_prepare),
      result_(api_.destroy_result) {
  prepare();
  start();
}

void Query::prepare() {
  if (statement_.user_text.find('\0') != std::string::npos)
    throw SqlError(statement_.user_text, "SQL text with a zero byte", statement_.user_text.find('\0'));
  if (api_.prepare(lease_.connection(), statement_.text.c_str(), prepared_.out()) != 0)
    fail(api_.prepare_error(prepared_.get()), false);
  if (api_.prepared_statement_type(prepared_.get()) != statement_.kind)
    throw SqlError(statement_.user_text, "a statement that is not a SELECT");
}

void Query::start() {
  Owned<Pending> pending(api_.destroy_pending);
  // In a stream, chunks are made as they are fetched; else DuckDB holds them all.
  const bool can_stream = api_.pending_prepared_streaming != nullptr;
  const auto begin = can_stream ? api_.pending_prepared_streaming : api_.pending_prepared;
  if (begin(prepared_.get(), pending.out()) != 0) fail(api_.pending_error(pending.get()), true);
  if (api_.execute_pending(pending.get(), result_.out()) != 0) fail(api_.result_error(result_.out()), true);
}

Owned<Chunk> Query::next() {
  Owned<Chunk> chunk(api_.destroy_data_chunk, api_.fetch_chunk(result()));
  if (chunk.get() == nullptr) {
    const char* error = api_.result_error(result_.out());
    if (error != nullptr && *error != '\0') fail(error, true);
  }
  return chunk;
}

std::int64_t Query::rows_changed() { return static_cast<std::int64_t>(api_.rows_changed(result_.out())); }

void Query::fail(const char* said, bool has_run) {
  Fault fault = fault_of(said);
  if (fault.spoils()) lease_.instance().spoil();
  const std::string& sql = statement_.user_text;
  if (fault.position &&
      (*fault.position < statement_.user_begin || *fault.position > statement_.user_begin + sql.size()))
    fault.position.reset();
  if (fault.position) *fault.position -= statement_.user_begin;
  if (!has_run && fault.is_of_text()) throw SqlError(sql, fault.message, fault.position, fault.candidates);
  throw EngineError("ramal: " + fault.message +
                    (fault.position ? "\n" + with_caret(sql, *fault.position) : "\nin: " + shortened(sql)));
}

}  // namespace ramal::detail::duckdb
