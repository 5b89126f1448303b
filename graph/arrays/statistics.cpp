// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/statistics.hpp>

namespace ramal::detail {

FamilyView statistic_members(const Kind& kind, const ArrayState& state, const std::vector<ArrayLeaf>& further,
                             std::span<const std::byte> parameters, std::size_t element_bytes,
                             std::source_location where) {
  SharedLeaves shared = share_leaves(state.leaves);
  std::vector<std::byte> all = std::move(shared.of_leaf);
  all.insert(all.end(), state.constants.begin(), state.constants.end());
  const std::uint64_t own = shared.sources.size();
  append_padded(all, &own, sizeof own);
  all.insert(all.end(), parameters.begin(), parameters.end());
  for (const ArrayLeaf& leaf : further) {
    shared.sources.push_back(leaf.source);
    shared.grids.push_back(leaf.grid);
  }
  return grid_family(kind, state.axes, element_bytes, std::move(shared.sources), shared.grids, all, where);
}

std::pair<std::vector<Axis>, GridSource> level_of_grid(const Index& shape, int along) {
  std::vector<Axis> axes;
  GridSource source;
  for (int d = 0; d < shape.dims; ++d) {
    const bool halves = d == along;
    source.axes.push_back(Axis::regular(shape[d], 1));
    source.maps.push_back({.out = d, .step = halves ? 2 : 1, .after = halves ? 1 : 0});
    axes.push_back(Axis::regular(halves ? (shape[d] + 1) / 2 : shape[d], 1));
  }
  return {std::move(axes), std::move(source)};
}

void expect_weights(const ArrayState& values, const ArrayState& weights, const char* what,
                    std::source_location where) {
  if (!(values.shape() == weights.shape()))
    refuse_array(std::string(what) + ": expected weights of shape " + values.shape().text() + ", found " +
                     weights.shape().text(),
                 where);
}

}  // namespace ramal::detail
