// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/neighbours.hpp"

#include "io/tables/order.hpp"

#include <array>

namespace ramal::detail {

namespace {

/// How many rows at the front lie beyond what the last row of `later` reaches back to.
std::int64_t rows_beyond_reach(const Rows& rows, const Rows& later) {
  const std::size_t key = rows.schema().size() - 2;
  const RowOrder order(rows.column(key), later.column(key + 1));
  std::int64_t low = 0, high = rows.size();
  while (low < high) {
    const std::int64_t middle = (low + high) / 2;
    (order(middle, later.size() - 1) > 0 ? high : low) =
        order(middle, later.size() - 1) > 0 ? middle : middle + 1;
  }
  return low;
}

/// Of `rows`, which come before `later` or are these, what is to be kept.
Rows kept_rows(const Rows& rows, const Rows& later, std::int64_t keep) {
  if (rows.empty()) return rows;
  if (keep < 0) return rows.slice(0, std::min(-keep, rows.size()));
  const std::int64_t gone =
      keep > 0 ? std::max<std::int64_t>(0, rows.size() - keep) : rows_beyond_reach(rows, later);
  return rows.slice(gone, rows.size() - gone);
}

EdgeRows edge_of(const Rows& part, std::int64_t keep) {
  return {kept_rows(part, part, keep), part.size(), keep};
}

EdgeRows joined_edges(Inputs<EdgeRows> edges) {
  if (edges.size() == 1) return edges[0];
  const EdgeRows &earlier = edges[0], &later = edges[1];
  const std::int64_t keep = earlier.keep, count = earlier.count + later.count;
  if (earlier.count == 0) return later;
  if (later.count == 0) return earlier;
  const Rows& whole = keep < 0 ? earlier.rows : later.rows;
  if (keep != 0 && whole.size() == std::abs(keep)) return {whole, count, keep};
  const std::array both{keep == 0 ? kept_rows(earlier.rows, later.rows, 0) : earlier.rows, later.rows};
  const Rows all = Rows::concat(both);
  return {keep == 0 ? all : kept_rows(all, all, keep), count, keep};
}

}  // namespace

Family<EdgeRows> edges_of(const Family<Rows>& parts, std::int64_t keep, std::source_location where) {
  return scanned_parts<joined_edges>(map<edge_of>({parts, where}, keep), keep < 0, where);
}

}  // namespace ramal::detail
