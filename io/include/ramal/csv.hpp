// SPDX-License-Identifier: BSD-3-Clause
// Tables out of CSV files, and into them.
//
//   const auto trips = ramal::read_csv("trips/*.csv", {.schema = ramal::Schema{{"id", ramal::TypeId::int64}}});
#pragma once

#include <ramal/table.hpp>

namespace ramal {

/// See `read_csv`.
struct CsvOptions {
  /// Only these columns, in this order; empty: all. What is not asked for later is not converted in any case.
  std::vector<std::string> columns = {};
  /// Only the rows for which this is true, as `Table::filter`.
  std::string filter = {};
  /// How much of a file's text a partition is to have.
  std::uint64_t partition_bytes = std::uint64_t{64} << 20;
  /// Names and types. Where files have a header: of the columns that are to be there, others are left out.
  /// Where they have none: of all columns. Null: as the beginning of the first file has them.
  std::optional<Schema> schema = {};
  std::string delimiter = {};         ///< between columns; empty: guessed
  std::optional<bool> header = {};    ///< the first line has the columns' names; null: guessed
  std::string quote = "\"";           ///< around texts, within which it stands twice; empty: there is none
  std::string null = {};              ///< what stands for null, where it is not quoted
  std::int64_t skip = 0;              ///< lines at the beginning of each file
  std::string date_format = {};       ///< such as "%d/%m/%Y"; empty: guessed
  std::string timestamp_format = {};  ///< empty: guessed
};

/// A CSV file, all files of a folder (those that end in .csv or .csv.gz, at any depth), or all that fit a
/// pattern, in the order of their names; folders named `key=value` make columns: all as in read_parquet.
///
/// What the options leave open is guessed, once, from the first 20480 rows of the first file that is not
/// empty: DuckDB's guess. It holds for all files and partitions. A value later on that does not fit fails its
/// partition's task, with the file and the line; `.schema` says better. Files have the same columns in the
/// same order, and the same header.
///
/// Files are cut at line ends, about each `.partition_bytes`; a partition has the lines that begin in its
/// stretch, and small files share one. Where files are cut depends on their sizes and the options alone.
/// Quoted texts may hold line ends, but no cut can fall into one: that is noticed, and fails the task; larger
/// partitions help. A compressed file (.gz) is a partition. How many rows a partition has is not known.
///
/// Throws and fails as read_parquet does. O(files) on rank 0.
Table read_csv(const std::string& path, const CsvOptions& options = {},
               std::source_location where = std::source_location::current());

/// See `write_csv`.
struct CsvWriteOptions {
  std::string delimiter = ",";
  bool header = true;     ///< the columns' names as the first line of each file
  std::string null = {};  ///< what stands for null; a text that is the same is quoted
  bool replace = false;   ///< what is there under the name; else that is refused
  /// As ParquetWriteOptions::partition_by.
  std::vector<std::string> partition_by = {};
};

/// Writes the table as write_parquet does: one file, for which all rows go to one rank, if the name ends in
/// .csv or .csv.gz, any other a folder with part-0000000.csv and so on, and _SUCCESS. UTF-8, lines end with a
/// line feed, texts are quoted where they need it. Numbers are written such that the same are read again;
/// nested columns are written as texts.
Delayed<std::int64_t> write_csv(const Table& table, const std::string& path,
                                const CsvWriteOptions& options = {},
                                std::source_location where = std::source_location::current());

}  // namespace ramal
