// SPDX-License-Identifier: BSD-3-Clause
// Axis: how one dimension of an array is cut into chunks.
#include <ramal/detail/grid.hpp>

#include <algorithm>
#include <numeric>

namespace ramal::detail {

std::int64_t AxisView::widest() const {
  if (table == nullptr) return count > 2 ? width : count == 2 ? std::max(first, length - first) : length;
  std::int64_t most = 0;
  for (std::int64_t chunk = 0; chunk < count; ++chunk) most = std::max(most, end(chunk) - begin(chunk));
  return most;
}

Axis Axis::shifted(std::int64_t length, std::int64_t width, std::int64_t first) {
  Axis axis;
  const std::int64_t after = std::max<std::int64_t>(0, length - first);
  axis.view_ = {length, width, first, 1 + (after + width - 1) / width, nullptr};
  return axis;
}

Axis Axis::of(const std::vector<std::int64_t>& lengths) {
  const std::int64_t length = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
  const std::size_t count = lengths.size();
  if (count <= 1) return whole(length);
  const std::int64_t width = count > 2 ? lengths[1] : std::max(lengths[0], lengths[1]);
  const bool is_regular =
      lengths.front() >= 1 && lengths.front() <= width && lengths.back() >= 1 && lengths.back() <= width &&
      std::all_of(lengths.begin() + 1, lengths.end() - 1, [width](std::int64_t one) { return one == width; });
  if (is_regular) return shifted(length, width, lengths.front());
  auto table = std::make_shared<std::vector<std::int64_t>>(1, 0);
  for (const std::int64_t one : lengths) table->push_back(table->back() + one);
  Axis axis;
  axis.view_ = {length, 1, 1, static_cast<std::int64_t>(count), table->data()};
  axis.table_ = std::move(table);
  return axis;
}

Axis Axis::copy_of(const AxisView& view) {
  Axis axis;
  axis.view_ = view;
  if (view.table == nullptr) return axis;
  auto table = std::make_shared<std::vector<std::int64_t>>(view.table, view.table + view.count + 1);
  axis.view_.table = table->data();
  axis.table_ = std::move(table);
  return axis;
}

bool Axis::operator==(const Axis& other) const {
  if (length() != other.length() || count() != other.count()) return false;
  if (view_.table == other.view_.table && view_.table != nullptr) return true;
  if (view_.table == nullptr && other.view_.table == nullptr)
    return count() == 1 ||
           (view_.first == other.view_.first && (count() == 2 || view_.width == other.view_.width));
  for (std::int64_t chunk = 1; chunk < count(); ++chunk)
    if (view_.begin(chunk) != other.view_.begin(chunk)) return false;
  return true;
}

Axis Axis::sliced(std::int64_t start, std::int64_t step, std::int64_t length, bool exactly) const {
  if (length <= 0) return whole(0);
  if (step == 0) return whole(length);
  const std::int64_t last = start + step * (length - 1);
  const std::int64_t from = view_.find(std::min(start, last)), to = view_.find(std::max(start, last));
  const std::int64_t stride = std::abs(step);
  if (view_.table == nullptr && view_.width % stride == 0) {
    // Chunks have the same number of these elements each, but for the first and the last.
    const std::int64_t first_chunk = step > 0 ? from : to;
    const std::int64_t first = step > 0 ? (view_.end(first_chunk) - start + stride - 1) / stride
                                        : (start - view_.begin(first_chunk)) / stride + 1;
    return shifted(length, view_.width / stride, std::min(first, length));
  }
  if (view_.table == nullptr && !exactly)
    return regular(length, std::max<std::int64_t>(1, view_.width / stride));
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i <= to - from; ++i) {
    const std::int64_t chunk = step > 0 ? from + i : to - i;
    // How many of the elements lie in the chunk.
    const std::int64_t low = view_.begin(chunk), high = view_.end(chunk);
    const auto before = [&](std::int64_t element) {  // elements below it, for rising ones
      const std::int64_t begin = std::min(start, last);
      return std::clamp<std::int64_t>((element - begin + stride - 1) / stride, 0, length);
    };
    const std::int64_t begin = std::min(start, last);
    const std::int64_t below_low = low <= begin ? 0 : before(low),
                       below_high = high <= begin ? 0 : before(high);
    if (below_high > below_low) lengths.push_back(below_high - below_low);
  }
  return of(lengths);
}

Axis Axis::refined(const Axis& other) const {
  const AxisView &a = view_, &b = other.view_;
  const bool are_regular =
      a.table == nullptr && b.table == nullptr && a.first == a.width && b.first == b.width;
  if (a.count == 1 || *this == other || (are_regular && a.width % b.width == 0)) return other;
  if (b.count == 1 || (are_regular && b.width % a.width == 0)) return *this;
  std::vector<std::int64_t> lengths;
  std::int64_t at = 0;
  for (std::int64_t i = 0, j = 0; i < a.count && j < b.count;) {
    const std::int64_t next = std::min(a.end(i), b.end(j));
    if (next > at) lengths.push_back(next - at);
    at = next;
    i += a.end(i) == next;
    j += b.end(j) == next;
  }
  return of(lengths);
}

Index grid_extent(const std::vector<Axis>& axes) {
  Index extent(1);
  if (axes.empty()) return extent;
  extent.dims = static_cast<std::int32_t>(axes.size());
  for (int d = 0; d < extent.dims; ++d) extent[d] = axes[static_cast<std::size_t>(d)].count();
  return extent;
}

}  // namespace ramal::detail
