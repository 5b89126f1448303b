// SPDX-License-Identifier: BSD-3-Clause
// Rows go to partitions by where their keys lie: each partition has a range of them.
#pragma once

#include "io/tables/sql.hpp"
#include "io/tables/state.hpp"

namespace ramal::detail {

/// A call that makes one value of the keys of an ORDER BY, a number or bytes, which is ordered as they are.
std::string sort_key_call(const std::vector<SqlOrder>& keys);

/// A table, whose partitions are made once, whoever reads them, and beside each partition a column with such
/// a value of each row.
struct KeyedTable {
  Table table;
  Family<Rows> keys;
};
KeyedTable with_sort_keys(const Table& table, const std::vector<SqlOrder>& keys, const char* call,
                          std::source_location where);

/// Where partitions begin: rows of a key, and of the partition and the row in it that tell equal ones apart,
/// rising. They are chosen so that `partitions` ranges have about as many rows each: by weighted samples of
/// rows, of each partition some, whose numbers follow from the partition's and its length alone. Sample sort
/// by Frazer and McKellar (1970), with samples in layers. O(samples log samples) in one task, with some 10^5
/// samples, or 64 of each partition if that is more.
Delayed<Rows> chosen_cuts(const KeyedTable& keyed, std::int64_t partitions, std::source_location where);

/// So many partitions, the i-th of rows from the i-th cut on to before the next, in the table's order. O(rows
/// log partitions).
Table cut_into_ranges(const KeyedTable& keyed, const Delayed<Rows>& cuts, std::int64_t partitions,
                      std::source_location where);

}  // namespace ramal::detail
