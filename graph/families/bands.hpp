// SPDX-License-Identifier: BSD-3-Clause
// How large families of more dimensions lie on ranks: in bands of their first dimension that has more than
// one place, so that a rank can go through its own in the order of their numbers.
#pragma once

#include "graph/families/program.hpp"

namespace ramal::detail {

inline int band_dim(const Index& extent) {
  int dim = 0;
  while (dim + 1 < extent.dims && extent[dim] == 1) ++dim;
  return dim;
}
inline Parts bands_of(const Index& extent, std::uint32_t ranks) {
  Parts parts = bands(1);
  parts[static_cast<std::size_t>(band_dim(extent))] = static_cast<std::int32_t>(ranks);
  return parts;
}

}  // namespace ramal::detail
