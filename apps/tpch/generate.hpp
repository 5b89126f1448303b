// SPDX-License-Identifier: BSD-3-Clause
// The eight tables of TPC-H: how many rows, which columns, which values, as the benchmark's specification
// (revision 3, clauses 1.4 and 4.2.3) describes them. Keys, dates, prices and codes are distributed as said
// there; the text of comments is simpler (dice.hpp). It is no qualified database, and no result is one of
// TPC's.
#pragma once

#include <ramal/table.hpp>

#include <array>
#include <string>
#include <string_view>

namespace tpch {

inline constexpr std::array<std::string_view, 8> table_names{"region", "nation",   "supplier", "customer",
                                                             "part",   "partsupp", "orders",   "lineitem"};

/// Sizes at a scale: 1 is about a gigabyte.
struct Sizes {
  std::int64_t suppliers = 0, customers = 0, parts = 0, orders = 0, clerks = 0;

  /// Throws std::invalid_argument unless 0.001 <= scale <= 100000.
  static Sizes at(double scale);
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& suppliers& customers& parts& orders& clerks;
  }
};

/// One of `table_names`, in partitions that depend on the sizes alone. O(1).
ramal::Table generated(std::string_view name, const Sizes& sizes);

}  // namespace tpch
