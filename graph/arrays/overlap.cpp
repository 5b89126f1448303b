// SPDX-License-Identifier: BSD-3-Clause
#include "graph/arrays/closure_words.hpp"
#include "graph/core/copy_elements.hpp"

#include <ramal/detail/overlap.hpp>

namespace ramal::detail {

namespace {

// --- the closure ------------------------------------------------------------------------------------------
//
// In words: dims arrays parameter-bytes, then depth boundary count of each axis, then for each array whether
// it is padded; then the parameters.

constexpr std::size_t overlap_head_words = 3, overlap_axis_words = 3;

class OverlapView {
 public:
  explicit OverlapView(const std::byte* closure) : words_(reinterpret_cast<const std::int64_t*>(closure)) {}
  int dims() const { return static_cast<int>(words_[0]); }
  std::size_t arrays() const { return static_cast<std::size_t>(words_[1]); }
  OverlapAxis axis(int d) const {
    const std::int64_t* at = words_ + overlap_head_words + overlap_axis_words * static_cast<std::size_t>(d);
    return {at[0], static_cast<Boundary>(at[1]), at[2]};
  }
  bool is_padded(std::size_t array) const {
    return words_[overlap_head_words + overlap_axis_words * static_cast<std::size_t>(dims()) + array] != 0;
  }
  std::size_t parameters_at() const {
    return (overlap_head_words + overlap_axis_words * static_cast<std::size_t>(dims()) + arrays()) *
           sizeof(std::int64_t);
  }
  std::size_t size() const { return parameters_at() + static_cast<std::size_t>(words_[2]); }
  /// How many sources stand for one array.
  std::uint32_t sources_each() const {
    std::uint32_t sources = 1;
    for (int d = 0; d < dims(); ++d) sources += axis(d).exchanges() ? 1 : 0;
    return sources;
  }
  /// Of an array's sources, the strips along an axis.
  std::uint32_t strip_source(int along) const {
    std::uint32_t source = 1;
    for (int d = 0; d < along; ++d) source += axis(d).exchanges() ? 1 : 0;
    return source;
  }

 private:
  const std::int64_t* words_;
};

/// Calls with each strip around a place: `take(source, place, direction)`, the source among those of one
/// array. Directions come row by row, from -1 to 1 along each axis that exchanges.
template <class Take>
void for_each_strip(const OverlapView& overlap, const Index& place, const Take& take) {
  const int dims = overlap.dims();
  Index direction = place;
  for (int d = 0; d < dims; ++d) direction[d] = overlap.axis(d).exchanges() ? -1 : 0;
  while (true) {
    Index from = place;
    int first = -1;
    bool is_there = true;
    for (int d = 0; d < dims; ++d) {
      const OverlapAxis axis = overlap.axis(d);
      from[d] += direction[d];
      if (direction[d] != 0 && first < 0) first = d;
      if (axis.boundary == Boundary::periodic) from[d] = (from[d] + axis.count) % axis.count;
      is_there = is_there && from[d] >= 0 && from[d] < axis.count;
    }
    if (is_there && first >= 0) take(overlap.strip_source(first), from, direction);
    int d = dims;
    while (d-- > 0) {
      if (!overlap.axis(d).exchanges()) continue;
      if (++direction[d] <= 1) break;
      direction[d] = -1;
    }
    if (d < 0) return;
  }
}

}  // namespace

std::vector<std::byte> overlap_closure(const std::vector<OverlapAxis>& axes, const std::vector<bool>& padded,
                                       std::span<const std::byte> parameters) {
  ClosureWords words;
  for (const std::int64_t word : {std::ssize(axes), std::ssize(padded), std::ssize(parameters)})
    words.word(word);
  for (const OverlapAxis& axis : axes)
    for (const std::int64_t word : {axis.depth, static_cast<std::int64_t>(axis.boundary), axis.count})
      words.word(word);
  for (const bool one : padded) words.word(one);
  return std::move(words).bytes(parameters);
}

// --- the pattern ------------------------------------------------------------------------------------------

void OverlapPattern::reads(const std::byte* closure, const Index& place, Reads& out) {
  const OverlapView overlap(closure);
  const std::uint32_t each = overlap.sources_each();
  for (std::size_t array = 0; array < overlap.arrays(); ++array) {
    const std::uint32_t own = static_cast<std::uint32_t>(array) * each;
    out.add(own, place, 0);
    for_each_strip(overlap, place, [&](std::uint32_t source, const Index& from, const Index&) {
      out.add(own + source, from, 0);
    });
    // Its own strips are cut off before its memory is used again.
    if (overlap.is_padded(array))
      for (std::uint32_t source = 1; source < each; ++source) out.add(own + source, place, 0);
  }
}

void OverlapPattern::readers(const std::byte* closure, const Index& extent, std::uint32_t source,
                             const Region& of, std::vector<Region>& boxes) {
  const OverlapView overlap(closure);
  Region box = of;
  if (source % overlap.sources_each() != 0) {
    for (int d = 0; d < overlap.dims(); ++d) {
      const OverlapAxis axis = overlap.axis(d);
      if (!axis.exchanges()) continue;
      --box.low[d];
      ++box.high[d];
      // What reaches beyond one end comes in at the other.
      if (axis.boundary == Boundary::periodic && (box.low[d] < 0 || box.high[d] > extent[d])) {
        box.low[d] = 0;
        box.high[d] = extent[d];
      }
    }
  }
  boxes.push_back(box);
}

std::optional<Alignment> OverlapPattern::alignment(const std::byte* closure, int dims, std::uint32_t source) {
  const OverlapView overlap(closure);
  Alignment alignment = Alignment::own_place(dims);
  if (source % overlap.sources_each() == 0) return alignment;
  for (int d = 0; d < dims; ++d) {
    const OverlapAxis axis = overlap.axis(d);
    if (axis.exchanges()) {
      alignment.low[d] = -1;
      alignment.high[d] = 1;
    }
    alignment.wraps = alignment.wraps || axis.boundary == Boundary::periodic;
  }
  return alignment;
}

/// The closure, then the place.
void OverlapPattern::literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out) {
  const OverlapView overlap(closure);
  out.insert(out.end(), closure, closure + overlap.size());
  const auto numbers = std::as_bytes(std::span(place.at).first(static_cast<std::size_t>(overlap.dims())));
  out.insert(out.end(), numbers.begin(), numbers.end());
}

// --- one call ---------------------------------------------------------------------------------------------

OverlapCall::OverlapCall(std::span<const std::byte> literals)
    : words_((literals.size() + sizeof(std::int64_t) - 1) / sizeof(std::int64_t)) {
  std::memcpy(words_.data(), literals.data(), literals.size());
  const auto* closure = reinterpret_cast<const std::byte*>(words_.data());
  const OverlapView overlap(closure);
  place_.dims = overlap.dims();
  std::memcpy(place_.at.data(), closure + overlap.size(),
              static_cast<std::size_t>(overlap.dims()) * sizeof(std::int64_t));
  for (int d = 0; d < overlap.dims(); ++d) axes_.push_back(overlap.axis(d));
  parameters_ = {closure + overlap.parameters_at(), overlap.size() - overlap.parameters_at()};
  std::size_t input = 0;
  for (std::size_t array = 0; array < overlap.arrays(); ++array) {
    padded_.push_back(overlap.is_padded(array));
    first_.push_back(input++);
    auto& neighbours = neighbours_.emplace_back();
    for_each_strip(overlap, place_, [&](std::uint32_t, const Index&, const Index& direction) {
      neighbours.push_back({input++, direction});
    });
    if (padded_.back()) input += overlap.sources_each() - 1;
  }
}

Extents OverlapCall::margin() const {
  Extents margin = Extents::filled(axes_.size(), 0);
  for (std::size_t d = 0; d < axes_.size(); ++d) margin[d] = static_cast<std::uint64_t>(axes_[d].depth);
  return margin;
}
bool OverlapCall::has_before(int axis) const {
  return axes_[static_cast<std::size_t>(axis)].boundary != Boundary::open || place_[axis] > 0;
}
bool OverlapCall::has_behind(int axis) const {
  const OverlapAxis& along = axes_[static_cast<std::size_t>(axis)];
  return along.boundary != Boundary::open || place_[axis] < along.count - 1;
}

void BoxCopy::run(const std::byte* from, std::byte* to) const {
  std::array<std::int64_t, Extents::most> at{};
  const auto inner = static_cast<std::size_t>(dims - 1);
  for (int d = 0; d < dims; ++d)
    if (lengths[static_cast<std::size_t>(d)] <= 0) return;
  // Elements of the last axis lie side by side, unless one is to be repeated.
  const bool in_rows = from_stride[inner] == element_bytes;
  const std::size_t rows_axis = inner > 0 && in_rows ? inner - 1 : inner;
  const auto bytes = static_cast<std::size_t>(in_rows ? lengths[inner] * element_bytes : element_bytes);
  const bool one_row = inner == 0 && in_rows;
  while (true) {
    if (one_row) {
      std::memcpy(to, from, bytes);
    } else {
      copy_strided(from, from_stride[rows_axis], to, to_stride[rows_axis], lengths[rows_axis], bytes);
    }
    std::size_t d = one_row ? 0 : rows_axis;
    while (d-- > 0) {
      from += from_stride[d];
      to += to_stride[d];
      if (++at[d] < lengths[d]) break;
      from -= from_stride[d] * lengths[d];
      to -= to_stride[d] * lengths[d];
      at[d] = 0;
    }
    if (d > inner) return;  // it went below 0
  }
}

std::array<std::int64_t, Extents::most> strides_of(const BlockMemory& block, std::int64_t element_bytes) {
  std::array<std::int64_t, Extents::most> strides{};
  std::int64_t bytes = element_bytes;
  for (std::size_t d = block.shape->size(); d-- > 0;) {
    strides[d] = bytes;
    bytes *= static_cast<std::int64_t>((*block.memory_shape)[d]);
  }
  return strides;
}

BoxCopy BoxCopy::between(const BlockMemory& from, const BlockMemory& to, const Extents& shape,
                         std::int64_t element_bytes) {
  BoxCopy copy{.from_stride = strides_of(from, element_bytes),
               .to_stride = strides_of(to, element_bytes),
               .dims = static_cast<int>(shape.size()),
               .element_bytes = element_bytes};
  for (std::size_t d = 0; d < shape.size(); ++d) copy.lengths[d] = static_cast<std::int64_t>(shape[d]);
  return copy;
}

void OverlapCall::surround(std::size_t array, const BlockMemory& block, std::int64_t element_bytes,
                           const std::byte* constant, const std::vector<BlockMemory>& strips) const {
  BoxCopy copy{.dims = dims(), .element_bytes = element_bytes};
  copy.to_stride = strides_of(block, element_bytes);
  for (std::size_t i = 0; i < strips.size(); ++i) {
    const Index& direction = neighbours_[array][i].direction;
    copy.from_stride = strides_of(strips[i], element_bytes);
    const std::byte* from = strips[i].data;
    auto* to = const_cast<std::byte*>(block.data);
    for (std::size_t d = 0; d < axes_.size(); ++d) {
      const std::int64_t way = direction[static_cast<int>(d)], depth = axes_[d].depth;
      const auto length = static_cast<std::int64_t>((*block.shape)[d]);
      copy.lengths[d] = way == 0 ? length : depth;
      // Of a block that lies before this one the last elements.
      const auto along = static_cast<std::int64_t>((*strips[i].shape)[d]);
      if (way < 0) from += (along - depth) * copy.from_stride[d];
      to += (way < 0 ? -depth : way > 0 ? length : 0) * copy.to_stride[d];
    }
    copy.run(from, to);
  }
  for (int d = 0; d < dims(); ++d) {
    const OverlapAxis& axis = axes_[static_cast<std::size_t>(d)];
    if (axis.boundary == Boundary::open || axis.boundary == Boundary::periodic || axis.depth == 0) continue;
    if (place_[d] == 0) reach_beyond(block, d, false, element_bytes, constant);
    if (place_[d] == axis.count - 1) reach_beyond(block, d, true, element_bytes, constant);
  }
}

/// Fills what lies beyond an end of an axis, as wide as there is room along the others: what is beyond the
/// end of a later axis as well is filled once more with that.
void OverlapCall::reach_beyond(const BlockMemory& block, int along, bool is_high, std::int64_t element_bytes,
                               const std::byte* constant) const {
  const auto axis = static_cast<std::size_t>(along);
  const std::int64_t depth = axes_[axis].depth;
  const auto length = static_cast<std::int64_t>((*block.shape)[axis]);
  BoxCopy copy{.dims = dims(), .element_bytes = element_bytes};
  copy.to_stride = strides_of(block, element_bytes);
  copy.from_stride = copy.to_stride;
  auto* corner = const_cast<std::byte*>(block.data);
  for (std::size_t d = 0; d < axes_.size(); ++d) {
    copy.lengths[d] = static_cast<std::int64_t>((*block.memory_shape)[d]);
    if (d != axis) corner -= axes_[d].depth * copy.to_stride[d];
  }
  copy.lengths[axis] = 1;
  const std::int64_t stride = copy.to_stride[axis];
  const bool is_constant = axes_[axis].boundary == Boundary::constant;
  if (is_constant) copy.from_stride.fill(0);
  for (std::int64_t i = 0; i < depth; ++i) {
    // The i-th beyond the end, and what it is like: the one at the end, or the i-th within.
    const std::int64_t within = axes_[axis].boundary == Boundary::reflect ? i : 0;
    std::byte* to = corner + (is_high ? length + i : -1 - i) * stride;
    const std::byte* from = corner + (is_high ? length - 1 - within : within) * stride;
    copy.run(is_constant ? constant : from, to);
  }
}

// --- what is made -----------------------------------------------------------------------------------------

std::vector<Axis> overlap_axes(const std::vector<Axis>& axes, const std::vector<OverlapAxis>& overlap,
                               std::source_location where) {
  std::vector<Axis> cut = axes;
  for (std::size_t d = 0; d < axes.size(); ++d) {
    const auto& [depth, boundary, unused] = overlap[d];
    const std::int64_t length = axes[d].length();
    const bool takes_of_itself = boundary == Boundary::periodic || boundary == Boundary::reflect;
    if (length > 0 && takes_of_itself && depth > length)
      refuse_array("map_overlap: expected a depth of at most " + std::to_string(length) + " along axis " +
                       std::to_string(d) + " of an array of shape " + shape_of(axes).text() + ", found " +
                       std::to_string(depth),
                   where);
    std::vector<std::int64_t> lengths;
    const AxisView& view = axes[d].view();
    bool is_short = false;
    // Only the ends of a regular axis can be shorter than its others.
    const bool is_regular = view.table == nullptr;
    if (is_regular && view.count > 3)
      is_short = view.width < depth || view.first < depth ||
                 view.end(view.count - 1) - view.begin(view.count - 1) < depth;
    for (std::int64_t chunk = 0; !(is_regular && view.count > 3) && chunk < view.count; ++chunk)
      is_short = is_short || view.end(chunk) - view.begin(chunk) < depth;
    if (depth == 0 || view.count == 1 || !is_short) continue;
    for (std::int64_t chunk = 0; chunk < view.count; ++chunk) {
      const std::int64_t own = view.end(chunk) - view.begin(chunk);
      if (lengths.empty() || lengths.back() >= depth) {
        lengths.push_back(own);
      } else {
        lengths.back() += own;
      }
    }
    if (lengths.size() > 1 && lengths.back() < depth) {
      const std::int64_t last = lengths.back();
      lengths.pop_back();
      lengths.back() += last;
    }
    cut[d] = Axis::of(lengths);
  }
  return cut;
}

std::uint64_t padded_bytes(const std::vector<Axis>& axes, const std::vector<OverlapAxis>& overlap,
                           std::size_t element_bytes) {
  std::uint64_t bytes = element_bytes;
  for (std::size_t d = 0; d < axes.size(); ++d)
    bytes *= static_cast<std::uint64_t>(axes[d].view().widest() + 2 * overlap[d].depth);
  return bytes;
}

std::string preview_strip(const CallFrame& frame) {
  StripClosure strip;
  std::memcpy(&strip, frame.literals.data(), sizeof strip);
  return "the ends of axis " + std::to_string(strip.axis);
}

void add_overlap_sources(const ArrayLeaf& leaf, const Kind& strips, const std::vector<OverlapAxis>& overlap,
                         std::vector<FamilySource>& sources, std::source_location where) {
  sources.push_back(leaf.source);
  for (std::size_t d = 0; d < overlap.size(); ++d) {
    if (!overlap[d].exchanges()) continue;
    const StripClosure strip{static_cast<std::int64_t>(d), overlap[d].depth, leaf.is_padded};
    const FamilyView made =
        make_family<Void>(strips, leaf.source.view.shape, {leaf.source}, closure_of(strip), where).view();
    sources.push_back({made, {}});
  }
}

}  // namespace ramal::detail
