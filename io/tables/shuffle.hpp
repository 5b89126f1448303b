// SPDX-License-Identifier: BSD-3-Clause
// Rows that have the same key come together in one partition.
#pragma once

#include "io/tables/state.hpp"

#include <ramal/shuffle.hpp>

namespace ramal::detail {

/// What some partitions have for a group of results: their rows, those for one result after those for
/// another.
struct TableParcel {
  Rows rows;
  std::vector<std::int64_t> results;  ///< which it has rows for, rising
  std::vector<std::int64_t> begins;   ///< where the rows of each begin, and where the last ones end

  std::size_t pieces() const { return results.size(); }
  std::int64_t result(std::size_t piece) const { return results[piece]; }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& rows& results& begins;
  }
};

/// Splits Rows by a hash of some columns, and joins what there is for a result, in the order of partitions
/// and of rows in them. Which result a key falls to depends on its value alone: whole numbers of all widths
/// are alike, -0.0 is 0.0, all NaN are one, and null is a value. Without keys the rows to be split have a
/// column more than the schema, which tells the result of each.
struct TableSplitter {
  using part = Rows;
  using parcel = TableParcel;
  static constexpr std::string_view split_name = "split_rows", join_name = "join_rows";

  Schema schema;
  std::vector<std::size_t> keys;  ///< positions of columns

  std::vector<TableParcel> split(Inputs<Rows> parts, std::int64_t first, const ShuffleGroups& cut) const;
  Rows join(std::int64_t result, std::span<const ShufflePiece<TableParcel>> pieces) const;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& schema& keys;
  }
};

/// The table of what the splitter makes of these parts.
Table shuffled_parts(const Family<Rows>& parts, std::int64_t partitions, const TableSplitter& splitter,
                     std::source_location where);

}  // namespace ramal::detail
