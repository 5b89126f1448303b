// SPDX-License-Identifier: BSD-3-Clause
// What tables ask of the library that runs SQL text and reads and writes files: rows in, rows out. It knows
// nothing of graphs and lazy tables. DuckDB fills it (duckdb_engine.cpp); another library could.
#pragma once

#include <ramal/rows.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ramal::detail {

/// A table by the name that SQL text has for it.
struct NamedRows {
  std::string name;
  Rows rows;
};
/// A table of which no more is known than what its columns are.
struct NamedSchema {
  std::string name;
  Schema schema;
};

/// What is known of a query before it runs.
struct QueryDescription {
  /// What it gives.
  Schema schema;
  /// For each table the positions of the columns that it reads, ascending.
  std::vector<std::vector<std::size_t>> reads;
};

/// What a file's footer says of one column in one row group, as text that casts to the column's type. The
/// bounds need not be met by any value, and NaN lies outside of them.
struct ColumnStatistics {
  std::optional<std::string> min, max;
  std::optional<std::int64_t> nulls;
};
struct ParquetRowGroup {
  std::int64_t rows = 0;
  std::int64_t compressed_bytes = 0, uncompressed_bytes = 0;
  /// One for each column of the schema above; nothing is known of nested ones.
  std::vector<ColumnStatistics> columns;
};
/// What a Parquet file's footer says.
struct ParquetFooter {
  /// Its columns, but for those of types that Rows do not have.
  Schema schema;
  /// Of those the names, and what is to be done about them.
  std::vector<std::pair<std::string, std::string>> refused;
  std::int64_t rows = 0;
  std::vector<ParquetRowGroup> row_groups;
};

/// How a file of delimited text is to be read.
struct CsvFormat {
  Schema schema = {};  ///< of all its columns
  std::string delimiter = {};
  std::string quote = {};  ///< at most one byte; within quotes it stands twice
  std::string null = {};   ///< what stands for null, where it is not quoted
  bool has_header = false;
  std::int64_t skip = 0;                                ///< lines before all else
  std::string date_format = {}, timestamp_format = {};  ///< empty: ISO 8601
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& schema& delimiter& quote& null& has_header& skip& date_format& timestamp_format;
  }
};

/// Names and values of the options with which a file is written, as in `{{"format", "parquet"},
/// {"compression", "zstd"}}`: those of DuckDB's COPY.
using CopyOptions = std::vector<std::pair<std::string, std::string>>;

/// SQL text is one SELECT. It finds the given tables by their names, whatever the case of its letters. Its
/// result has the order of rows that the text asks for; where that says nothing and only filters, computes
/// columns or reads a file, the order of what is read. It runs in the calling thread, alone, and neither
/// spills to disk nor fetches anything. Instants are shown and taken apart in UTC. Text columns that hold
/// what is not UTF-8, and types that Rows do not have, are refused by the column's name. Any thread, any
/// number of them at once.
///
/// All throw SqlError for SQL text that cannot be run, and EngineError for what fails while it runs.
class SqlEngine {
 public:
  SqlEngine() = default;
  SqlEngine(const SqlEngine&) = delete;
  SqlEngine& operator=(const SqlEngine&) = delete;
  virtual ~SqlEngine() = default;

  /// Such as "DuckDB v1.4.4".
  virtual std::string name() const = 0;
  /// How much memory all queries of this process may take together; what does not fit fails with EngineError.
  /// Before this is said, it is four fifths of the machine's.
  virtual void limit_memory(std::uint64_t bytes) = 0;

  /// Checks SQL text against tables of no rows. Text that reads files makes it begin to read them.
  virtual QueryDescription describe(const std::string& sql, std::span<const NamedSchema> tables) = 0;
  /// Runs it. The tables' memory is lent, not copied, but what the engine stores otherwise (booleans,
  /// decimals, intervals), and of all columns the 2048 rows in hand. The result is one piece of memory. Also
  /// throws std::length_error for a column of more than 2^31 - 1 bytes of text, or elements of lists.
  virtual Rows run(const std::string& sql, std::span<const NamedRows> tables) = 0;
  /// Runs it, and writes what it gives into a file, which is replaced. Returns the number of rows. If it
  /// fails there is no file.
  virtual std::int64_t write(const std::string& sql, std::span<const NamedRows> tables,
                             const std::string& file, const CopyOptions& options) = 0;

  /// Reads Parquet files' footers; of many at a time each costs a third.
  virtual std::vector<ParquetFooter> parquet_footers(std::span<const std::string> files) = 0;
  ParquetFooter parquet_footer(const std::string& file) { return parquet_footers({&file, 1}).front(); }
  /// SQL text for a table of a Parquet file's rows, in their order, to stand after FROM. Only row groups that
  /// hold rows of the range [first, last) are read.
  virtual std::string parquet_rows(const std::string& file) = 0;
  virtual std::string parquet_rows(const std::string& file, std::int64_t first, std::int64_t last) = 0;

  /// Guesses from a file's first rows what is not known of its format: what is empty, its schema in any case,
  /// and whether it has a header, if that is not said.
  virtual CsvFormat csv_format(const std::string& file, const CsvFormat& known,
                               std::optional<bool> header) = 0;
  /// SQL text for a table of a file's rows, in their order, to stand after FROM.
  virtual std::string csv_rows(const std::string& file, const CsvFormat& format) const = 0;
};

/// DuckDB. Loaded and started at the first call, and there until the process ends. Throws EngineError if it
/// is not to be had; see <ramal/sql_error.hpp>. Any thread.
SqlEngine& duckdb_engine();

}  // namespace ramal::detail
