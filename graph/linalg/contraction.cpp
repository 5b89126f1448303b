// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/contraction.hpp>

#include <algorithm>

namespace ramal::detail {

// --- plans ------------------------------------------------------------------------------------------------

Axis contraction_parts(const Axis& axis, std::int64_t result_blocks) {
  constexpr std::int64_t few_members = 64, most_chunks = 8;
  const std::int64_t count = axis.count();
  const std::int64_t members = std::min(result_blocks, few_members * most_chunks) * count;
  const std::int64_t group = std::clamp<std::int64_t>(members / few_members, 1, most_chunks);
  if (group == 1 || count == 1) return axis;
  const AxisView& view = axis.view();
  if (view.table == nullptr)
    return Axis::shifted(view.length, group * view.width, view.first + (group - 1) * view.width);
  std::vector<std::int64_t> lengths;
  for (std::int64_t chunk = 0; chunk < count; chunk += group)
    lengths.push_back(view.begin(std::min(count, chunk + group)) - view.begin(chunk));
  return Axis::of(lengths);
}

namespace {

/// The axes that the indices have: of two the longer one, or that of more chunks.
std::vector<Axis> index_axes(const Contraction& contraction, const ArrayState& left,
                             const ArrayState& right) {
  std::vector<const Axis*> best(static_cast<std::size_t>(contraction.indices()), nullptr);
  const auto add = [&best](const std::vector<int>& indices, const ArrayState& state) {
    for (std::size_t d = 0; d < indices.size(); ++d) {
      const Axis*& known = best[static_cast<std::size_t>(indices[d])];
      const Axis& axis = state.axes[d];
      if (known == nullptr || (known->length() == 1 && axis.length() != 1) ||
          (known->length() == axis.length() && known->count() < axis.count()))
        known = &axis;
    }
  };
  add(contraction.left_axes, left);
  add(contraction.right_axes, right);
  std::vector<Axis> axes;
  for (const Axis* axis : best) axes.push_back(*axis);
  return axes;
}

/// What a member reads of an array: as its leaf has it, but that the array's axes are indices now.
GridSource indexed_source(const ArrayState& state, const std::vector<int>& indices,
                          const std::vector<Axis>& axes) {
  GridSource source = state.leaves[0].grid;
  for (AxisMap& map : source.maps) {
    if (map.out < 0) continue;
    const auto d = static_cast<std::size_t>(map.out);
    const bool repeats = state.axes[d].length() != axes[static_cast<std::size_t>(indices[d])].length();
    map.out = repeats || map.step == 0 ? -1 : indices[d];
    if (map.out < 0) map.step = 0;
  }
  return source;
}

}  // namespace

ContractionFamily contraction_family(const Kind& kind, const Contraction& contraction, const ArrayState& left,
                                     const ArrayState& right, std::size_t element_bytes,
                                     std::string_view what, std::source_location where) {
  if (contraction.indices() > Index::most_dims || contraction.kept() > static_cast<int>(Extents::most))
    refuse_array(std::string(what) + ": expected at most 9 indices, and 8 of the result, found " +
                     std::to_string(contraction.indices()) + " and " + std::to_string(contraction.kept()),
                 where);
  std::vector<Axis> axes = index_axes(contraction, left, right);
  const auto kept = static_cast<std::size_t>(contraction.kept());
  std::int64_t members = 1;
  for (std::size_t d = 0; d < axes.size(); ++d) {
    if (d >= kept) axes[d] = contraction_parts(axes[d], members);
    members = std::min(std::int64_t{1} << 20, members) * axes[d].count();
  }
  const std::vector<GridSource> grids{indexed_source(left, contraction.left_axes, axes),
                                      indexed_source(right, contraction.right_axes, axes)};
  const IndexCounts counts{contraction.batch, contraction.left, contraction.right, contraction.contracted};
  ContractionFamily made;
  made.axes.assign(axes.begin(), axes.begin() + static_cast<std::ptrdiff_t>(kept));
  FamilyTraits traits;
  traits.wishes.result_bytes = stated_bytes(made.axes, element_bytes);
  traits.wishes.name = std::string(what);
  made.parts = make_family<Void>(kind, grid_extent(axes), {left.leaves[0].source, right.leaves[0].source},
                                 grid_closure(axes, grids, std::as_bytes(std::span(&counts, 1))), where,
                                 std::move(traits))
                   .view();
  return made;
}

IndexCounts index_counts(const GridCall& call) {
  IndexCounts counts;
  std::memcpy(&counts, call.parameters().data(), sizeof counts);
  return counts;
}
namespace {

std::size_t kept_of(const IndexCounts& counts) {
  return static_cast<std::size_t>(counts.batch + counts.left + counts.right);
}

}  // namespace
Extents kept_shape(const GridCall& call, const IndexCounts& counts) {
  Extents shape = Extents::filled(kept_of(counts), 0);
  for (std::size_t d = 0; d < shape.size(); ++d)
    shape[d] = static_cast<std::uint64_t>(std::max<std::int64_t>(0, call.high()[d] - call.low()[d]));
  return shape;
}
Extents kept_offset(const GridCall& call, const IndexCounts& counts) {
  Extents offset = Extents::filled(kept_of(counts), 0);
  for (std::size_t d = 0; d < offset.size(); ++d) offset[d] = static_cast<std::uint64_t>(call.low()[d]);
  return offset;
}

// --- operands ---------------------------------------------------------------------------------------------

OperandBlocks::OperandBlocks(const GridCall::Source& source, std::vector<BlockMemory> blocks,
                             std::size_t element_bytes)
    : source_(source),
      blocks_(std::move(blocks)),
      element_bytes_(static_cast<std::int64_t>(element_bytes)),
      apart_(source.maps.size(), 1) {
  for (std::size_t s = apart_.size(); s-- > 1;) apart_[s - 1] = apart_[s] * source.counts[s];
}

/// From which element on a chunk holds elements of an axis, and before which.
std::pair<std::int64_t, std::int64_t> OperandBlocks::bounds(std::size_t axis, std::int64_t chunk) const {
  const BlockMemory& block = blocks_[static_cast<std::size_t>(chunk * apart_[axis])];
  const auto begin = static_cast<std::int64_t>((*block.offset)[axis]);
  return {begin, begin + static_cast<std::int64_t>((*block.shape)[axis])};
}

void OperandBlocks::add_breaks(int index, std::int64_t low, std::int64_t high,
                               std::vector<std::int64_t>& breaks) const {
  if (blocks_.empty()) return;
  for (std::size_t s = 0; s < source_.maps.size(); ++s) {
    const AxisMap& map = source_.maps[s];
    if (map.out != index) continue;
    for (std::int64_t chunk = 0; chunk < source_.counts[s]; ++chunk) {
      const auto [begin, end] = bounds(s, chunk);
      // The first place along the index whose element, start + step * place, is in the chunk.
      const std::int64_t apart = map.step > 0 ? begin - map.start : map.start - (end - 1);
      const std::int64_t step = std::abs(map.step);
      const std::int64_t first = apart <= 0 ? 0 : (apart + step - 1) / step;
      if (first > low && first < high) breaks.push_back(first);
    }
  }
}

Strides OperandBlocks::locate(std::span<const std::int64_t> low) const {
  Strides found;
  const std::size_t dims = source_.maps.size();
  std::array<std::int64_t, Index::most_dims> element{};
  std::int64_t block = 0;
  for (std::size_t s = 0; s < dims; ++s) {
    const AxisMap& map = source_.maps[s];
    element[s] = map.start + (map.out >= 0 ? map.step * low[static_cast<std::size_t>(map.out)] : 0);
    std::int64_t chunk = 0;
    while (chunk + 1 < source_.counts[s] && bounds(s, chunk).second <= element[s]) ++chunk;
    block += chunk * apart_[s];
  }
  const BlockMemory& memory = blocks_[static_cast<std::size_t>(block)];
  std::int64_t stride = 1, offset = 0;
  for (std::size_t s = dims; s-- > 0;) {
    const AxisMap& map = source_.maps[s];
    offset += (element[s] - static_cast<std::int64_t>((*memory.offset)[s])) * stride;
    if (map.out >= 0) found.stride[static_cast<std::size_t>(map.out)] += map.step * stride;
    stride *= static_cast<std::int64_t>((*memory.shape)[s]);
  }
  found.at = memory.data + offset * element_bytes_;
  return found;
}

Strides result_strides(const std::byte* data, const Extents& shape, const Extents& offset,
                       std::size_t element_bytes, std::span<const std::int64_t> low) {
  Strides found;
  std::int64_t stride = 1, first = 0;
  for (std::size_t d = shape.size(); d-- > 0;) {
    found.stride[d] = stride;
    first += (low[d] - static_cast<std::int64_t>(offset[d])) * stride;
    stride *= static_cast<std::int64_t>(shape[d]);
  }
  found.at = data + first * static_cast<std::int64_t>(element_bytes);
  return found;
}

// --- pieces -----------------------------------------------------------------------------------------------

ContractionPieces::ContractionPieces(const GridCall& call, const OperandBlocks& left,
                                     const OperandBlocks& right)
    : breaks_(static_cast<std::size_t>(call.dims())),
      at_(breaks_.size(), 0),
      low_(breaks_.size()),
      high_(breaks_.size()) {
  for (std::size_t d = 0; d < breaks_.size(); ++d) {
    const std::int64_t low = call.low()[d], high = call.high()[d];
    is_empty_ = is_empty_ || low >= high;
    std::vector<std::int64_t>& breaks = breaks_[d];
    breaks = {low, high};
    left.add_breaks(static_cast<int>(d), low, high, breaks);
    right.add_breaks(static_cast<int>(d), low, high, breaks);
    std::ranges::sort(breaks);
    breaks.erase(std::ranges::unique(breaks).begin(), breaks.end());
  }
}

void ContractionPieces::set_bounds() {
  for (std::size_t d = 0; d < breaks_.size(); ++d) {
    low_[d] = breaks_[d][at_[d]];
    high_[d] = breaks_[d][at_[d] + 1];
  }
}

bool ContractionPieces::next() {
  if (is_empty_) return false;
  std::size_t d = breaks_.size();
  if (begun_) {
    while (d > 0 && ++at_[d - 1] + 1 == breaks_[d - 1].size()) at_[--d] = 0;
    if (d == 0) return false;
  }
  begun_ = true;
  set_bounds();
  return true;
}

MergedAxes merge_axes(const ContractionPieces& piece, const Strides& strides, int first, int count) {
  MergedAxes merged;
  for (int d = first + count; d-- > first;) {
    const std::int64_t length = piece.length(d), stride = strides.stride[static_cast<std::size_t>(d)];
    if (length == 1) continue;
    if (merged.length == 1) {
      merged.stride = stride;
    } else if (stride != merged.stride * merged.length) {
      merged.fits = false;
    }
    merged.length *= length;
  }
  return merged;
}

}  // namespace ramal::detail
