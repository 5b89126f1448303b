// SPDX-License-Identifier: BSD-3-Clause
// Tables out of Parquet files.
//
//   const auto trips = ramal::read_parquet("trips/year=*/*.parquet", {.columns = {"year", "fare"}});
#pragma once

#include <ramal/table.hpp>

namespace ramal {

/// See `read_parquet`.
struct ParquetOptions {
  /// Only these columns, in this order; empty: all. What is not asked for later is not read in any case.
  std::vector<std::string> columns = {};
  /// Only the rows for which this is true, as `Table::filter` behind the call, which passes over the same row
  /// groups: those whose statistics, or whose folders, say that there are none.
  std::string filter = {};
  /// How much a partition is to take, in memory: row groups are put together up to that, and cut where one
  /// alone takes more. Results of floating-point aggregates depend on it, and on nothing else of how the file
  /// is read.
  std::uint64_t partition_bytes = std::uint64_t{64} << 20;
  /// What is expected; null: what the files have. Columns that the files have besides are left out, those of
  /// another type are converted, and those that are not there are refused.
  std::optional<Schema> schema = {};
};

/// A Parquet file, all files of a folder (those that end in .parquet, at any depth), or all that fit a
/// pattern with *, ? and [ ], in the order of their names. The footers are read now, once; the rest lazily:
/// O(files + row groups).
///
/// Folders named `key=value` on the way to a file make columns, behind the file's own: BIGINT if all values
/// are whole numbers, else VARCHAR; `__HIVE_DEFAULT_PARTITION__` is null. Where files differ, columns go
/// together by name, in the order of the first file; one that a file does not have is null there; of two
/// types of numbers the wider counts (BIGINT and DOUBLE: DOUBLE), other differences are refused.
///
/// Files must not change before they are read: a change is noticed when a partition is read, and fails it.
/// What is added to a folder afterwards is not seen.
///
/// Throws TableError that names the file for what is no Parquet file or cannot be read, and for a column
/// whose type has no place in Rows, which `.columns` can leave out; std::invalid_argument for columns that
/// are not there and a filter that is wrong; EngineError where there is no DuckDB.
Table read_parquet(const std::string& path, const ParquetOptions& options = {},
                   std::source_location where = std::source_location::current());

/// See `write_parquet`.
struct ParquetWriteOptions {
  std::string compression =
      "snappy";          ///< uncompressed, snappy, zstd, gzip, lz4 or brotli, as DuckDB has them
  bool replace = false;  ///< what is there under the name; else that is refused
  /// Columns whose values become folders `key=value`, one within another, instead of standing in the files: a
  /// task writes a file for each folder that it has rows for. Reading gives them as BIGINT or VARCHAR, see
  /// `schema` of the options there, and the rows in the order of the folders' names.
  std::vector<std::string> partition_by = {};
};

/// Writes the table, and gives the number of rows once all are there. A name that ends in .parquet is one
/// file, for which all rows go to one rank; any other a folder with a file for each partition,
/// part-0000000.parquet and so on, and last an empty file _SUCCESS. It appears under its name when it is
/// complete: until then it is NAME.part, and stays so if a task fails. What `read_parquet` reads of it are
/// the same rows in the same order.
///
///   session.compute(ramal::write_parquet(late, "late.parquet"));
///
/// A task throws TableError if there is something of that name or it cannot be written. Throws
/// std::invalid_argument for an empty name.
Delayed<std::int64_t> write_parquet(const Table& table, const std::string& path,
                                    const ParquetWriteOptions& options = {},
                                    std::source_location where = std::source_location::current());

}  // namespace ramal
