// SPDX-License-Identifier: BSD-3-Clause
// Views of arrays: slices, transpositions and broadcasts, which change maps alone.
#include <ramal/detail/array_state.hpp>

#include <algorithm>

namespace ramal::detail {

namespace {

/// Leaves read no more than the array sees of them. Those that are the same stay the same.
void narrow_leaves(ArrayState& state) {
  const std::vector<ArrayLeaf> before = state.leaves;
  for (std::size_t k = 0; k < before.size(); ++k) {
    if (!before[k].origin) continue;
    const auto same = std::find_if(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(k),
                                   [&](const ArrayLeaf& other) {
                                     return other.source.view.node == before[k].source.view.node &&
                                            other.grid.maps == before[k].grid.maps;
                                   });
    const auto first = static_cast<std::size_t>(same - before.begin());
    state.leaves[k] = first < k ? state.leaves[first] : narrowed(before[k], state.axes);
  }
  if (state.leaves.size() != 1 || state.leaves[0].source.view.node == before[0].source.view.node) return;
  // The only leaf's blocks are the array's, as far as they lie alike.
  const GridSource& grid = state.leaves[0].grid;
  for (std::size_t d = 0; d < grid.maps.size(); ++d)
    if (grid.maps[d] == AxisMap::along(static_cast<int>(grid.maps[d].out)) && grid.maps[d].out >= 0)
      state.axes[static_cast<std::size_t>(grid.maps[d].out)] = grid.axes[d];
}

}  // namespace

ArrayState ArrayState::viewed(const std::vector<ViewAxis>& view, const std::vector<std::int64_t>& fixed,
                              std::source_location line) const {
  if (view.size() > Extents::most)
    refuse_array("an array has at most 8 axes, found " + std::to_string(view.size()), line);
  ArrayState made{.constants = constants, .where = line};
  std::vector<int> to(dims(), -1);  // which axis of the view an axis of this is
  for (std::size_t j = 0; j < view.size(); ++j) {
    const ViewAxis& axis = view[j];
    if (axis.of < 0) {
      made.axes.push_back(Axis::whole(axis.length));
      continue;
    }
    const auto of = static_cast<std::size_t>(axis.of);
    to[of] = static_cast<int>(j);
    const bool is_same = axis.start == 0 && axis.step == 1 && axis.length == axes[of].length();
    made.axes.push_back(is_same ? axes[of] : axes[of].sliced(axis.start, axis.step, axis.length));
  }
  for (const ArrayLeaf& leaf : leaves) {
    ArrayLeaf moved = leaf;
    for (AxisMap& map : moved.grid.maps) {
      if (map.out < 0) continue;
      const auto of = static_cast<std::size_t>(map.out);
      if (to[of] < 0) {
        map.start += map.step * fixed[of];
        map.step = 0;
        map.out = -1;
        continue;
      }
      const ViewAxis& axis = view[static_cast<std::size_t>(to[of])];
      map.start += map.step * axis.start;
      map.step *= axis.step;
      map.out = to[of];
      if (map.step == 0) map.out = -1;
    }
    made.leaves.push_back(std::move(moved));
  }
  narrow_leaves(made);
  return made;
}

namespace {

/// The elements of an axis that a slice names, as Python has it.
ViewAxis sliced_axis(const Slice& slice, int of, std::int64_t length, std::source_location line) {
  if (slice.step == 0) refuse_array("slice: expected a step other than 0", line);
  const std::int64_t lowest = slice.step > 0 ? 0 : -1, highest = slice.step > 0 ? length : length - 1;
  const auto bounded = [&](const std::optional<std::int64_t>& given, std::int64_t otherwise) {
    if (!given) return otherwise;
    return std::clamp(*given < 0 ? *given + length : *given, lowest, highest);
  };
  const std::int64_t start = bounded(slice.start, slice.step > 0 ? lowest : highest);
  const std::int64_t stop = bounded(slice.stop, slice.step > 0 ? highest : lowest);
  const std::int64_t apart = slice.step > 0 ? stop - start : start - stop;
  // Also of the least number, which has no opposite.
  const auto stride =
      slice.step > 0 ? static_cast<std::uint64_t>(slice.step) : 0 - static_cast<std::uint64_t>(slice.step);
  const std::int64_t count =
      apart > 0 ? 1 + static_cast<std::int64_t>(static_cast<std::uint64_t>(apart - 1) / stride) : 0;
  return {of, start, count > 1 ? slice.step : 1, count};
}

}  // namespace

ArrayState ArrayState::indexed(std::span<const IndexPart> parts, std::source_location line) const {
  std::size_t named = 0, ellipses = 0;
  for (const IndexPart& part : parts) {
    named += part.kind == IndexPart::number || part.kind == IndexPart::range || part.kind == IndexPart::whole;
    ellipses += part.kind == IndexPart::others;
  }
  if (named > dims())
    refuse_array("index: expected at most " + std::to_string(dims()) +
                     " numbers and slices for an array of shape " + shape().text() + ", found " +
                     std::to_string(named),
                 line);
  if (ellipses > 1)
    refuse_array("index: expected at most one ellipsis, found " + std::to_string(ellipses), line);
  std::vector<ViewAxis> view;
  std::vector<std::int64_t> fixed(dims(), 0);
  int axis = 0;
  const auto length_of = [&](int of) { return axes[static_cast<std::size_t>(of)].length(); };
  const auto take_whole = [&](std::size_t count) {
    for (; count > 0; --count, ++axis) view.push_back({axis, 0, 1, length_of(axis)});
  };
  for (const IndexPart& part : parts) {
    switch (part.kind) {
      case IndexPart::number: {
        const std::int64_t length = length_of(axis), at = part.at < 0 ? part.at + length : part.at;
        if (at < 0 || at >= length)
          throw std::out_of_range("ramal: index: " + std::to_string(part.at) + " is not within axis " +
                                  std::to_string(axis) + " of an array of shape " + shape().text() + " (" +
                                  line.file_name() + ":" + std::to_string(line.line()) + ")");
        fixed[static_cast<std::size_t>(axis++)] = at;
        break;
      }
      case IndexPart::range:
        view.push_back(sliced_axis(part.slice, axis, length_of(axis), line));
        ++axis;
        break;
      case IndexPart::whole:
        take_whole(1);
        break;
      case IndexPart::inserted:
        view.push_back({});
        break;
      case IndexPart::others:
        take_whole(dims() - named);
        break;
    }
  }
  if (ellipses == 0) take_whole(dims() - named);
  return viewed(view, fixed, line);
}

ArrayState ArrayState::transposed(const std::vector<int>& order, std::source_location line) const {
  std::vector<ViewAxis> view;
  for (const int of : order) view.push_back({of, 0, 1, axes[static_cast<std::size_t>(of)].length()});
  return viewed(view, std::vector<std::int64_t>(dims(), 0), line);
}

ArrayState ArrayState::broadcast(const std::vector<Axis>& to) const {
  std::vector<ViewAxis> view;
  const std::size_t more = to.size() - dims();
  bool is_same = more == 0;
  for (std::size_t j = 0; j < to.size(); ++j) {
    if (j < more) {
      view.push_back({-1, 0, 1, to[j].length()});
      continue;
    }
    const auto of = static_cast<int>(j - more);
    const bool repeats = axes[j - more].length() == 1 && to[j].length() != 1;
    view.push_back({of, 0, repeats ? 0 : 1, to[j].length()});
    is_same = is_same && !repeats;
  }
  ArrayState made = is_same ? *this : viewed(view, std::vector<std::int64_t>(dims(), 0), where);
  made.axes = to;
  return made;
}

bool ArrayState::is_as_made() const {
  if (leaves.size() != 1 || leaves[0].source.is_handle() || leaves[0].grid.axes.size() != dims())
    return false;
  const FamilyView& view = leaves[0].source.view;
  if (!view.node || view.base != 0 || view.shape != view.node->extent) return false;
  for (std::size_t d = 0; d < dims(); ++d)
    if (leaves[0].grid.maps[d] != AxisMap::along(static_cast<int>(d)) || !(leaves[0].grid.axes[d] == axes[d]))
      return false;
  return true;
}

}  // namespace ramal::detail
