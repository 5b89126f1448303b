// SPDX-License-Identifier: BSD-3-Clause
#include "graph/arrays/closure_words.hpp"

#include <ramal/detail/lines.hpp>

namespace ramal::detail {

Axis finer_axis(const Axis& axis, std::int64_t parts) {
  constexpr std::int64_t many = 4096;
  const AxisView& view = axis.view();
  const std::int64_t widest = view.widest();
  parts = std::min(parts, widest);
  if (parts <= 1) return axis;
  const std::int64_t width = ceil_divided(widest, parts);
  if (view.table == nullptr) {
    if (view.count == 1) return Axis::regular(view.length, width);
    const bool fits = view.count == 2 || view.width % width == 0;
    if (fits) return Axis::shifted(view.length, width, (view.first - 1) % width + 1);
    // Some chunks will reach over the end of one before.
    if (view.count > many / parts) return Axis::regular(view.length, width);
  }
  std::vector<std::int64_t> lengths;
  for (std::int64_t chunk = 0; chunk < view.count; ++chunk) {
    std::int64_t left = view.end(chunk) - view.begin(chunk);
    if (left == 0) lengths.push_back(0);
    for (; left > 0; left -= width) lengths.push_back(std::min(left, width));
  }
  return Axis::of(lengths);
}

LineCuts line_cuts(const std::vector<Axis>& axes, AxisSet whole) {
  constexpr std::int64_t most = std::int64_t{1} << 48;  // members
  LineCuts cuts{axes, {}};
  std::int64_t times = 1;  // so many times longer blocks become
  for (std::size_t d = 0; d < axes.size(); ++d) {
    if ((whole >> d & 1) == 0) continue;
    const std::int64_t widest = std::max<std::int64_t>(1, axes[d].view().widest());
    times =
        std::min(most, times * std::min(most / times + 1,
                                        std::max<std::int64_t>(1, ceil_divided(axes[d].length(), widest))));
    cuts.lines[d] = Axis::whole(axes[d].length());
  }
  bool is_finer = false;
  for (std::size_t d = 0; d < axes.size() && times > 1; ++d) {
    const std::int64_t parts = std::min(times, axes[d].view().widest());
    if ((whole >> d & 1) != 0 || parts <= 1) continue;
    cuts.lines[d] = finer_axis(axes[d], parts);
    times = ceil_divided(times, parts);
    is_finer = true;
  }
  if (!is_finer) return cuts;
  cuts.pieces = cuts.lines;
  for (std::size_t d = 0; d < axes.size(); ++d)
    if ((whole >> d & 1) != 0) cuts.pieces[d] = axes[d];
  return cuts;
}

}  // namespace ramal::detail
