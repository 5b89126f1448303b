// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/array_shapes.hpp>

namespace ramal::detail {

Axis stretched_axis(const Axis& axis, std::int64_t times) {
  const AxisView& view = axis.view();
  if (view.count == 1) return Axis::whole(view.length * times);
  if (view.table == nullptr) {  // of two chunks the width may be more than all
    const std::int64_t width = std::min(view.width, view.length);
    return Axis::shifted(view.length * times, width * times, view.first * times);
  }
  std::vector<std::int64_t> lengths;
  for (std::int64_t chunk = 0; chunk < view.count; ++chunk)
    lengths.push_back((view.end(chunk) - view.begin(chunk)) * times);
  return Axis::of(lengths);
}

std::vector<Axis> mesh_axes(std::span<const ArrayState* const> arrays, bool swaps,
                            std::source_location where) {
  if (arrays.size() > Extents::most)
    refuse_array("meshgrid: expected at most 8 arrays, found " + std::to_string(arrays.size()), where);
  std::vector<Axis> axes;
  for (const ArrayState* state : arrays) {
    if (state->dims() > 1)
      refuse_array("meshgrid: expected arrays of one axis, found shape " + state->shape().text(), where);
    axes.push_back(state->dims() == 0 ? Axis::whole(1) : state->axes[0]);
  }
  if (swaps) std::swap(axes[0], axes[1]);
  return axes;
}

ArrayState along_mesh(const ArrayState& state, const std::vector<Axis>& axes, std::size_t along) {
  std::vector<ViewAxis> view;
  for (std::size_t j = 0; j < axes.size(); ++j) {
    const bool is_own = j == along && state.dims() == 1;
    view.push_back({is_own ? 0 : -1, 0, 1, axes[j].length()});
  }
  ArrayState made = state.viewed(view, std::vector<std::int64_t>(state.dims(), 0), state.where);
  made.axes = axes;
  return made;
}

std::vector<std::int64_t> equal_cuts(std::int64_t length, std::int64_t parts) {
  std::vector<std::int64_t> cuts{0};
  for (std::int64_t k = 0; k < parts; ++k)
    cuts.push_back(cuts.back() + length / parts + (k < length % parts));
  return cuts;
}

}  // namespace ramal::detail
