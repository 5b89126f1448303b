// SPDX-License-Identifier: BSD-3-Clause
// What rank 0 knows of the files that a table is read from, and how that becomes partitions.
#pragma once

#include "io/tables/files.hpp"
#include "io/tables/state.hpp"

namespace ramal::detail {

/// Rows of a file that are read or left together: a row group, with what its file's footer says of it.
struct ScanGroup {
  std::uint32_t file = 0;
  std::int64_t first = 0, rows = 0;
  double bytes_a_row = 0;  ///< in memory
  bool is_alone = false;   ///< in a partition of its own, whatever its size
};

/// The files of a table with all their groups, in the order of rows.
struct ScanGroups {
  ScanPlan plan;                             ///< of no partitions
  std::vector<std::int64_t> file_rows = {};  ///< of each file
  std::vector<ScanGroup> groups = {};
  /// A row for each group; of the schema's column k the texts "min k" and "max k" and the number "nulls k",
  /// as ColumnStatistics has them.
  Rows statistics = {};
  std::uint64_t partition_bytes = 0;
};

/// What is known of a column's values in each group, as texts that cast to the type that the column is read
/// as.
struct ColumnBounds {
  std::vector<std::optional<std::string>> min, max;
  std::vector<std::optional<std::int64_t>> nulls;

  void add(const ColumnStatistics& statistics);
  /// As column k of ScanGroups::statistics.
  void add_to(Rows& statistics, std::size_t k) const;
};
/// Of so many rows with the value that a folder of this name says, or with nulls if none does.
ColumnStatistics statistics_of_key(const std::vector<NamedText>& keys, const std::string& name,
                                   std::int64_t rows);
/// What a SELECT lists for the schema's columns: a file's own, what its folders say, or null.
std::string select_list(const Schema& own, const std::vector<NamedText>& keys, const Schema& schema);
/// The columns as they are asked for, if they are.
Schema wanted_schema(const Schema& found, const std::optional<Schema>& asked, const char* call,
                     std::source_location where);

/// Partitions of about so many bytes: groups are put together, and cut where one alone takes more. They
/// depend on nothing but the groups. O(groups).
ScanPlan cut_into_partitions(const ScanGroups& groups);

/// The table of all groups; `name` is the call that made it.
Table scanned_table(ScanGroups groups, const char* name, std::source_location where);

/// Which groups may hold a row for which the condition is true: a byte for each, 0 where the statistics say
/// that there is none. The condition is one that the engine accepts of the schema. It is taken apart into
/// comparisons of a column with constants, joined by AND and OR; what is none of these may be true
/// anywhere. The engine judges each, on the bounds, by its own comparison.
std::vector<char> groups_that_may_match(const ScanGroups& groups, const std::string& condition);

/// A filtered table without the groups in which the condition is true nowhere. `unfiltered` is what it was
/// made of.
Table pruned(const Table& filtered, const Table& unfiltered, const std::string& condition);

}  // namespace ramal::detail
