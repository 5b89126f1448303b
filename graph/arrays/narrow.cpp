// SPDX-License-Identifier: BSD-3-Clause
// Views of what is yet to be read, such as a dataset of a file: families of what they see of it alone.
//
//   t = 100 x 50 in a file, blocks of 20 rows         read for t          read for the view
//   t(slice(30, 35))                                  rows 20 to 39       rows 30 to 34
//   t(slice({}, {}, 10))                              all rows            rows 0, 10, 20, …
//   t(slice(1, {}))                                   all rows            all rows: as before, t's blocks
#include <ramal/detail/array_state.hpp>

#include <algorithm>
#include <cstdlib>

namespace ramal::detail {
namespace {

/// Where steps do not divide chunks, an axis of more chunks than these is not cut anew chunk by chunk.
constexpr std::int64_t many_chunks = 4096;

/// How many elements of the whole are read along an axis for `count` of a leaf, from `first` on, `step`
/// apart.
double read_along(const LeafOrigin& origin, std::size_t d, std::int64_t first, std::int64_t step,
                  std::int64_t count) {
  const Steps& steps = origin.axes[d];
  const std::int64_t grain = origin.grain[d], apart = steps.step * step;
  if (apart >= grain) return static_cast<double>(count) * static_cast<double>(grain);
  const std::int64_t low = steps.start + steps.step * first, high = low + apart * (count - 1);
  return static_cast<double>(high / grain - low / grain + 1) * static_cast<double>(grain);
}

/// What a view sees along one axis of a leaf, and what it is cut to.
struct Narrowing {
  double before = 1, after = 1;  ///< elements that are read along it
  Axis axis = {};
  AxisMap map = {};
  std::int64_t first = 0, step = 1;  ///< which of the leaf's elements are left
};

Narrowing narrow(const ArrayLeaf& leaf, std::size_t d, const std::vector<Axis>& seen) {
  const AxisMap& map = leaf.grid.maps[d];
  const Axis& axis = leaf.grid.axes[d];
  const std::int64_t count = map.out < 0 ? 1 : seen[static_cast<std::size_t>(map.out)].length();
  const std::int64_t last = map.start + map.step * (count - 1);
  const std::int64_t low = std::min(map.start, last), high = std::max(map.start, last);
  const std::int64_t step = count == 1 ? 1 : std::abs(map.step);
  const AxisView& view = axis.view();
  Narrowing made{.map = map, .first = low};
  const std::int64_t begin = view.begin(view.find(low)), end = view.end(view.find(high));
  made.before = std::min(read_along(*leaf.origin, d, begin, 1, end - begin),
                         static_cast<double>(count) * read_along(*leaf.origin, d, 0, 1, view.widest()));
  made.after = read_along(*leaf.origin, d, low, 1, high - low + 1);
  const double apart = read_along(*leaf.origin, d, low, step, count);
  const bool divides = view.table != nullptr || view.width % step == 0 || view.count <= many_chunks;
  if (2 * apart <= made.after && divides) {
    made.after = apart;
    made.step = step;
    made.axis = axis.sliced(low, step, count, true);
    made.map.start = map.step < 0 ? count - 1 : 0;
    made.map.step = map.out < 0 ? 0 : map.step < 0 ? -1 : 1;
  } else {
    made.axis = axis.sliced(low, 1, high - low + 1);
    made.map.start -= low;
    if (count == 1) made.map.step = map.out < 0 ? 0 : 1;
  }
  return made;
}

}  // namespace

std::vector<std::int64_t> pages_together(const Extents& shape, std::size_t element_bytes) {
  constexpr std::uint64_t page_bytes = 4096;
  std::vector<std::int64_t> together(shape.size());
  std::uint64_t apart_bytes = element_bytes;  // from one element to the next along an axis
  for (std::size_t d = shape.size(); d-- > 0;) {
    together[d] = static_cast<std::int64_t>(std::max<std::uint64_t>(1, page_bytes / apart_bytes));
    const std::uint64_t length = std::clamp<std::uint64_t>(shape[d], 1, page_bytes);
    apart_bytes = std::min<std::uint64_t>(page_bytes, apart_bytes * length);
  }
  return together;
}

ArrayLeaf narrowed(const ArrayLeaf& leaf, const std::vector<Axis>& seen) {
  const bool is_kept = leaf.source.is_handle() || leaf.source.view.node->residence != nullptr;
  if (!leaf.origin || is_kept || !leaf.grid.piece.empty()) return leaf;
  for (const Axis& axis : seen)
    if (axis.length() == 0) return leaf;
  for (const AxisMap& map : leaf.grid.maps)
    if (map.before != 0 || map.after != 0) return leaf;
  std::vector<Narrowing> all;
  double before = 1, after = 1;
  for (std::size_t d = 0; d < leaf.grid.axes.size(); ++d) {
    all.push_back(narrow(leaf, d, seen));
    before *= all.back().before;
    after *= all.back().after;
  }
  if (2 * after > before) return leaf;
  ArrayLeaf made{.source = {}, .grid = {}};
  auto origin = std::make_shared<LeafOrigin>(*leaf.origin);
  for (std::size_t d = 0; d < all.size(); ++d) {
    Steps& steps = origin->axes[d];
    steps = {steps.start + steps.step * all[d].first, steps.step * all[d].step};
    made.grid.axes.push_back(all[d].axis);
    made.grid.maps.push_back(all[d].map);
  }
  made.source = {origin->family(made.grid.axes, origin->axes), {}};
  made.origin = std::move(origin);
  return made;
}

}  // namespace ramal::detail
