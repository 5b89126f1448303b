// SPDX-License-Identifier: BSD-3-Clause
// Arrays that are put together from others, and from parts of one. Included by <ramal/array.hpp>.
#pragma once

#include <ramal/array.hpp>
#include <ramal/array_creation.hpp>

namespace ramal {

namespace detail {

/// Blocks of others, each at its own place; elements that are in none have one value. Parameters: that.
template <class T>
struct PasteThunk {
  static constexpr std::string_view name = "paste";

  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    T value;
    std::memcpy(static_cast<void*>(&value), call.parameters().data(), sizeof value);
    Block<T> block(box_shape(call), box_offset(call));
    std::fill(block.begin(), block.end(), value);
    const auto dims = static_cast<std::size_t>(call.dims());
    std::vector<AxisMap> own;
    for (int d = 0; d < call.dims(); ++d) own.push_back(AxisMap::along(d));
    const std::vector<std::int64_t> ones(dims, 1);
    const GridCall::Source to{own, ones, 0, 1, call.low(), call.high()};
    const BlockMemory target = BlockMemory::of(block);
    const auto order = all_axes();
    for (const GridCall::Source& source : call.sources()) {
      if (source.blocks == 0) continue;
      std::vector<BlockMemory> blocks;
      for (std::size_t i = source.first; i < source.first + source.blocks; ++i)
        blocks.push_back(BlockMemory::of(frame.input(i).template get<Block<T>>()));
      const std::array<Walk::Operand, 2> operands{
          {{&to, &target, sizeof(T)}, {&source, blocks.data(), sizeof(T)}}};
      Walk walk(source.low, source.high, operands, std::span(order).first(dims), 0);
      copy_elements(walk, sizeof(T));
    }
    result.emplace<Block<T>>(std::move(block));
  }
};

/// Arrays one behind the other along an axis.
template <class T>
Array<T> concatenated(std::span<const Array<T>> arrays, int axis, std::source_location where) {
  constexpr std::size_t most_sources = 60;
  if (arrays.size() > most_sources) {  // in groups of as many, whose results are as many fewer
    std::vector<Array<T>> groups;
    const std::size_t group = (arrays.size() + most_sources - 1) / most_sources;
    for (std::size_t at = 0; at < arrays.size(); at += group)
      groups.push_back(concatenated(arrays.subspan(at, std::min(group, arrays.size() - at)), axis, where));
    return concatenated(std::span<const Array<T>>(groups), axis, where);
  }
  const auto along = static_cast<std::size_t>(axis);
  std::vector<Axis> axes = arrays.front().state().axes;
  std::vector<const Axis*> parts;
  std::vector<std::int64_t> begins;
  std::int64_t begin = 0;
  for (const Array<T>& array : arrays) {
    const ArrayState& state = array.state();
    bool fits = state.dims() == axes.size();
    for (std::size_t d = 0; fits && d < axes.size(); ++d) {
      if (d == along) continue;
      fits = state.axes[d].length() == axes[d].length();
      if (fits && state.axes[d].count() > axes[d].count()) axes[d] = state.axes[d];
    }
    if (!fits)
      refuse_array("concatenate: expected arrays that differ along axis " + std::to_string(axis) +
                       " alone, found shapes " + shape_of(arrays.front().state().axes).text() + " and " +
                       state.shape().text(),
                   where);
    parts.push_back(&state.axes[along]);
    begins.push_back(begin);
    begin += state.axes[along].length();
  }
  axes[along] = joined_axis(parts);
  std::vector<FamilySource> sources;
  std::vector<GridSource> grids;
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    const Array<T> unpadded = arrays[k].without_padding(where);
    const ArrayLeaf& leaf = unpadded.state().leaves.front();
    GridSource grid = leaf.grid;
    for (AxisMap& map : grid.maps)
      if (map.out == axis) map.start -= map.step * begins[k];
    for (std::size_t d = 0; d < axes.size(); ++d)
      grid.piece.emplace_back(d == along ? begins[k] : 0,
                              d == along ? begins[k] + arrays[k].state().axes[d].length() : axes[d].length());
    sources.push_back(leaf.source);
    grids.push_back(std::move(grid));
  }
  std::vector<std::byte> parameters;
  const T filler = T();
  append_padded(parameters, &filler, sizeof filler);
  FamilyView blocks = grid_family(grid_kind<PasteThunk<T>, Block<T>>, axes, sizeof(T), std::move(sources),
                                  grids, parameters, where);
  return Array<T>(plain_state(std::move(blocks), std::move(axes), where));
}
/// By 60 at a time, as many as one block is put together from: so rank 0 makes few families for many times.
template <class T>
Array<T> tiled(const Array<T>& array, std::int64_t times, int axis, std::source_location where) {
  constexpr std::int64_t most = 60;
  std::vector<Array<T>> parts(static_cast<std::size_t>(std::min(times, most)), array);
  if (times > most) {
    const Array<T> all = concatenated(std::span<const Array<T>>(parts), axis, where);
    parts = {tiled(all, times / most, axis, where)};
    if (times % most > 0) parts.push_back(tiled(array, times % most, axis, where));
  }
  return parts.size() == 1 ? parts.front() : concatenated(std::span<const Array<T>>(parts), axis, where);
}

}  // namespace detail

/// Arrays one behind the other along an axis that they have. Their blocks are copied. Throws
/// std::invalid_argument if they differ along another, or there are none.
template <class T>
Array<T> concatenate(const std::vector<Array<T>>& arrays, std::int64_t axis = 0,
                     std::source_location where = std::source_location::current()) {
  if (arrays.empty()) detail::refuse_array("concatenate: expected at least one array", where);
  return detail::concatenated(std::span(arrays),
                              detail::checked_axis(axis, arrays.front().dimensions(), "concatenate", where),
                              where);
}
/// Arrays of one shape, one beside the other along a new axis.
template <class T>
Array<T> stack(const std::vector<Array<T>>& arrays, std::int64_t axis = 0,
               std::source_location where = std::source_location::current()) {
  if (arrays.empty()) detail::refuse_array("stack: expected at least one array", where);
  const int at = detail::checked_axis(axis, arrays.front().dimensions() + 1, "stack", where);
  std::vector<Array<T>> raised;
  for (const Array<T>& array : arrays) {
    std::vector<detail::IndexPart> parts(
        static_cast<std::size_t>(std::min<std::size_t>(at, array.dimensions())), all);
    parts.push_back(newaxis);
    raised.push_back(Array<T>(array.state().indexed(parts, where)));
  }
  return concatenate(raised, at, where);
}
/// Moved by so many elements along an axis; what leaves at one end comes in at the other.
template <class T, class Node>
Array<T> roll(const Array<T, Node>& array, std::int64_t by, std::int64_t axis,
              std::source_location where = std::source_location::current()) {
  const int d = detail::checked_axis(axis, array.dimensions(), "roll", where);
  const std::int64_t length = array.state().axes[static_cast<std::size_t>(d)].length();
  const std::int64_t cut = length > 0 ? (length - by % length) % length : 0;
  const Array<T> whole = array;
  if (cut == 0) return whole;
  std::vector<detail::IndexPart> head(array.dimensions(), all), rest = head;
  head[static_cast<std::size_t>(d)] = slice(cut);
  rest[static_cast<std::size_t>(d)] = slice(cut, {});
  return concatenate<T>(
      {Array<T>(whole.state().indexed(rest, where)), Array<T>(whole.state().indexed(head, where))}, d, where);
}
/// An array several times behind itself along an axis. O(log(times)) families. Throws std::invalid_argument
/// for less than once, an axis that is not there, and what gives more than 2^62 elements or 2^48
/// blocks.
template <class T, class Node>
Array<T> tile(const Array<T, Node>& array, std::int64_t times, std::int64_t axis,
              std::source_location where = std::source_location::current()) {
  const int d = detail::checked_axis(axis, array.dimensions(), "tile", where);
  if (times < 1)
    detail::refuse_array("tile: expected a number of times of 1 or more, found " + std::to_string(times),
                         where);
  detail::expect_size(array.shape(), d, times, 0, "tile", where);
  detail::expect_blocks(array.state(), d, times, "tile", where);
  return detail::tiled(Array<T>(array), times, d, where);
}
/// With so many elements of one value ahead and behind along an axis. Throws std::invalid_argument for less
/// than 0, an axis that is not there, and what gives more than 2^62 elements.
template <class T, class Node>
Array<T> pad(const Array<T, Node>& array, std::int64_t before, std::int64_t after, std::int64_t axis,
             const std::type_identity_t<T>& value = T(),
             std::source_location where = std::source_location::current()) {
  const int d = detail::checked_axis(axis, array.dimensions(), "pad", where);
  if (before < 0 || after < 0)
    detail::refuse_array("pad: expected numbers of 0 or more, found " + std::to_string(before) + " and " +
                             std::to_string(after),
                         where);
  detail::expect_size(array.shape(), d, 1,
                      static_cast<std::uint64_t>(before) + static_cast<std::uint64_t>(after), "pad", where);
  const auto edge = [&](std::int64_t length) {
    Extents shape = array.shape();
    shape[static_cast<std::size_t>(d)] = static_cast<std::uint64_t>(length);
    return full<T>(shape, value, {}, where);
  };
  std::vector<Array<T>> parts;
  if (before > 0) parts.push_back(edge(before));
  parts.push_back(array);
  if (after > 0) parts.push_back(edge(after));
  return concatenate(parts, d, where);
}

}  // namespace ramal
