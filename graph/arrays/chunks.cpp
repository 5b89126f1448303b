// SPDX-License-Identifier: BSD-3-Clause
// Chunks: how the axes of an array of some shape are cut.
#include <ramal/detail/array_state.hpp>

#include <algorithm>

namespace ramal {

std::vector<detail::Axis> Chunks::axes(const Extents& shape, std::size_t element_bytes,
                                       std::source_location where) const {
  std::vector<detail::Axis> axes;
  for (const std::uint64_t length : shape) {
    if (length >> 62 != 0) detail::refuse_array("an array of shape " + shape.text() + " is too large", where);
  }
  if (axes_.empty()) {
    // The last axes whole, as far as that fits; of the next one as much as does.
    constexpr std::uint64_t target = std::uint64_t{16} << 20;
    std::uint64_t left = std::max<std::uint64_t>(1, target / std::max<std::size_t>(1, element_bytes));
    axes.resize(shape.size());
    for (std::size_t d = shape.size(); d-- > 0;) {
      const auto length = static_cast<std::int64_t>(shape[d]);
      const auto width =
          static_cast<std::int64_t>(std::min<std::uint64_t>(left, std::max<std::uint64_t>(1, shape[d])));
      axes[d] = detail::Axis::regular(length, width);
      left = std::max<std::uint64_t>(1, left / static_cast<std::uint64_t>(width));
    }
    return axes;
  }
  if (axes_.size() != shape.size())
    detail::refuse_array("chunks: expected lengths for the " + std::to_string(shape.size()) +
                             " axes of an array of shape " + shape.text() + ", found " +
                             std::to_string(axes_.size()),
                         where);
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const auto length = static_cast<std::int64_t>(shape[d]);
    if (!is_exact_) {
      const std::int64_t width = axes_[d].front();
      if (width == 0 || width < -1)
        detail::refuse_array(
            "chunks: expected lengths of 1 or more, or -1 for all of an axis, found " + std::to_string(width),
            where);
      axes.push_back(width < 0 ? detail::Axis::whole(length) : detail::Axis::regular(length, width));
      continue;
    }
    std::int64_t left = length;  // of which no length takes more
    for (const std::int64_t one : axes_[d]) {
      if (one < 0)
        detail::refuse_array("chunks: expected lengths of 0 or more, found " + std::to_string(one), where);
      if (one > left)
        detail::refuse_array("chunks: expected lengths that are " + std::to_string(length) +
                                 " together, as axis " + std::to_string(d) + " of shape " + shape.text() +
                                 ", found more",
                             where);
      left -= one;
    }
    if (left != 0)
      detail::refuse_array("chunks: expected lengths that are " + std::to_string(length) +
                               " together, as axis " + std::to_string(d) + " of shape " + shape.text() +
                               ", found " + std::to_string(length - left),
                           where);
    axes.push_back(detail::Axis::of(axes_[d]));
  }
  return axes;
}

}  // namespace ramal
