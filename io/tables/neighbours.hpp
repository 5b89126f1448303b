// SPDX-License-Identifier: BSD-3-Clause
// What a partition needs of those before it or after it: scans along partitions.
#pragma once

#include <ramal/map.hpp>
#include <ramal/rows.hpp>

namespace ramal::detail {

/// Rows at an end of some partitions in a row, and how many rows these have in all.
struct EdgeRows {
  Rows rows;
  std::int64_t count = 0;
  /// The last so many rows, below 0 the first; 0: those that a range of the last one reaches back to. Then
  /// the last two columns are a key and what it must be above so as to be in the range.
  std::int64_t keep = 0;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& rows& count& keep;
  }
};

/// Member i of the result is what `combine` makes of members 0 to i, or of i to the last if
/// `is_from_behind`; combine(Inputs<T>) is given one or two neighbours, and is associative. The scan of
/// Hillis and Steele (1986): log2(n) levels of n tasks, so that no member waits for a chain of all others.
template <auto combine, class T>
Family<T> scanned_parts(Family<T> parts, bool is_from_behind, std::source_location where) {
  for (std::int64_t apart = 1; apart < parts.size(); apart *= 2) {
    const Index here(0), there(is_from_behind ? apart : -apart);
    const std::vector<Index> offsets = is_from_behind ? std::vector{here, there} : std::vector{there, here};
    parts = stencil<combine>(parts, offsets, Edge::open, where);
  }
  return parts;
}

/// The edge of each partition together with all before it; for `keep` below 0 with all after it.
Family<EdgeRows> edges_of(const Family<Rows>& parts, std::int64_t keep, std::source_location where);

/// A member reads sources 0 to `own` - 1 at its own place, then the neighbour's member of source `own`, if
/// there is one, and a value for all.
struct NeighbourDependence {
  void operator()(const Index& at, Reads& reads) const {
    for (std::uint32_t k = 0; k < own; ++k) reads(k, at);
    const Index neighbour(at[0] + offset);
    if (neighbour[0] >= 0 && neighbour[0] < count) reads(own, neighbour);
    reads(own + 1, Index(0));
  }
  void inverse(std::uint32_t k, const Index& at, Readers& readers) const {
    readers(k == own ? Index(at[0] - offset) : at);
  }
  std::uint32_t own;
  std::int64_t offset, count;
};

}  // namespace ramal::detail
