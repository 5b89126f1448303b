// SPDX-License-Identifier: BSD-3-Clause
// Arrays in other shapes, beyond the members of Array: grids of coordinates, repeated elements, parts.
//
//   const auto [x, y] = ramal::meshgrid<ramal::Indexing::ij>(linspace(0, 1, 100), linspace(0, 2, 50));
//   const auto wave = sin(x) * cos(y);                     // of shape (100, 50)
//
// All but `repeat` give views, which cost nothing when they are computed.
#pragma once

#include <ramal/detail/lines.hpp>

#include <tuple>

namespace ramal {

namespace detail {

/// An axis whose chunks are each so many times as long, from 1 on.
Axis stretched_axis(const Axis& axis, std::int64_t times);
/// The axes of a grid of coordinates: one of each array. With `swaps` the first two change places.
std::vector<Axis> mesh_axes(std::span<const ArrayState* const> arrays, bool swaps,
                            std::source_location where);
/// An array of one axis, or of none, as one that varies along one of these axes.
ArrayState along_mesh(const ArrayState& state, const std::vector<Axis>& axes, std::size_t along);
/// Where so many parts begin and end, each as long as the others, or the first ones longer by 1.
std::vector<std::int64_t> equal_cuts(std::int64_t length, std::int64_t parts);

/// Each element of a block several times along an axis.
template <class T>
struct RepeatBlock {
  static constexpr std::string_view name = "repeat";
  using type = T;

  Block<T> operator()(const Block<T>& block) const {
    const auto d = static_cast<std::size_t>(axis);
    const auto count = static_cast<std::uint64_t>(times);
    Extents shape = block.shape(), offset = block.offset();
    shape[d] *= count;
    offset[d] *= count;
    Block<T> made(shape, offset);
    const Strip strip(block.shape(), axis);
    T* to = made.data();
    for (std::uint64_t row = 0; row < strip.before * strip.length; ++row) {
      const T* from = block.data() + row * strip.after;
      for (std::uint64_t k = 0; k < count; ++k) to = std::copy_n(from, strip.after, to);
    }
    return made;
  }
  std::int64_t axis, times;
};

template <class T, class Node>
std::vector<Array<T, Node>> parts_of(const Array<T, Node>& array, std::span<const std::int64_t> cuts,
                                     int axis, std::source_location where) {
  std::vector<Array<T, Node>> parts;
  std::vector<IndexPart> part(array.dimensions(), all);
  for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
    part[static_cast<std::size_t>(axis)] = slice(cuts[k], cuts[k + 1]);
    parts.push_back(Array<T, Node>(array.state().indexed(part, where)));
  }
  return parts;
}

}  // namespace detail

/// Which axis of a grid the first coordinate varies along: the second, as of a plot, or the first, as of a
/// matrix.
enum class Indexing { xy, ij };

/// Arrays of one shape from arrays of one axis: each has the values of one of these along an axis, the same
/// along all others. With Indexing::xy, which is NumPy's default, the first two axes change places. Views.
///
///   const auto [x, y] = meshgrid(a, b);                    // of shape (b.size(), a.size())
///
/// Throws std::invalid_argument for an array of more than one axis. One without axes is as one of length 1.
template <Indexing indexing = Indexing::xy, class... A>
  requires(sizeof...(A) > 0 && (detail::is_array<A> && ...))
auto meshgrid(const A&... array) {
  constexpr bool swaps = indexing == Indexing::xy && sizeof...(A) > 1;
  const detail::ArrayState* states[] = {&array.state()...};
  const std::vector<detail::Axis> axes = detail::mesh_axes(states, swaps, states[0]->where);
  std::size_t next = 0;
  const auto grid = [&](const auto& one) {
    using T = typename std::remove_cvref_t<decltype(one)>::value_type;
    const std::size_t k = next++;
    const Array<T> plain = one;
    return Array<T>(detail::along_mesh(plain.state(), axes, swaps && k < 2 ? 1 - k : k));
  };
  return std::tuple{grid(array)...};
}

/// Each element so many times behind itself along an axis: 1 1 2 2 3 3. Blocks are cut more finely, to keep
/// about their size. Each block reads one; to repeat all of an array, rather than each element, there are
/// `tile` and broadcast_to. Throws std::invalid_argument for an axis that is not there, and less than 0
/// times.
template <class T, class Node>
Array<T> repeat(const Array<T, Node>& array, std::int64_t times, std::int64_t axis = 0,
                std::source_location where = std::source_location::current()) {
  const int d = detail::checked_axis(axis, array.dimensions(), "repeat", where);
  if (times < 0)
    detail::refuse_array("repeat: expected a number of times of 0 or more, found " + std::to_string(times),
                         where);
  const auto along = static_cast<std::size_t>(d);
  if (times == 0) {
    Extents shape = array.shape();
    shape[along] = 0;
    return zeros<T>(shape, {}, where);
  }
  detail::ArrayState state = array.state();
  detail::expect_size(array.shape(), d, times, 0, "repeat", where);
  state.axes[along] = detail::finer_axis(state.axes[along], times);
  std::vector<detail::Axis> axes = state.axes;
  axes[along] = detail::stretched_axis(axes[along], times);
  return detail::blocks_by<Node>(detail::RepeatBlock<T>{d, times}, state, std::move(axes), where);
}

/// An array in so many parts along an axis, the first ones longer by 1 if they cannot be equal. Views.
/// O(parts). Throws std::invalid_argument for less than one part, and for an axis that is not there.
template <class T, class Node>
std::vector<Array<T, Node>> array_split(const Array<T, Node>& array, std::int64_t parts,
                                        std::int64_t axis = 0,
                                        std::source_location where = std::source_location::current()) {
  const int d = detail::checked_axis(axis, array.dimensions(), "array_split", where);
  if (parts < 1)
    detail::refuse_array("array_split: expected 1 part or more, found " + std::to_string(parts), where);
  const std::int64_t length = array.state().axes[static_cast<std::size_t>(d)].length();
  return detail::parts_of(array, detail::equal_cuts(length, parts), d, where);
}
/// The same; all parts have to be equal.
template <class T, class Node>
std::vector<Array<T, Node>> split(const Array<T, Node>& array, std::int64_t parts, std::int64_t axis = 0,
                                  std::source_location where = std::source_location::current()) {
  const int d = detail::checked_axis(axis, array.dimensions(), "split", where);
  const std::int64_t length = array.state().axes[static_cast<std::size_t>(d)].length();
  if (parts < 1 || length % parts != 0)
    detail::refuse_array("split: expected a number of parts that divides " + std::to_string(length) +
                             ", found " + std::to_string(parts),
                         where);
  return detail::parts_of(array, detail::equal_cuts(length, parts), d, where);
}
/// The parts between these places along an axis, from its beginning to its end; places as slices have them.
/// np.split of a list.
///
///   split_at(a, {2, 5})         a(slice(2)), a(slice(2, 5)), a(slice(5, {}))
template <class T, class Node>
std::vector<Array<T, Node>> split_at(const Array<T, Node>& array, const std::vector<std::int64_t>& places,
                                     std::int64_t axis = 0,
                                     std::source_location where = std::source_location::current()) {
  const int d = detail::checked_axis(axis, array.dimensions(), "split_at", where);
  std::vector<std::int64_t> cuts{0};
  cuts.insert(cuts.end(), places.begin(), places.end());
  cuts.push_back(array.state().axes[static_cast<std::size_t>(d)].length());
  return detail::parts_of(array, cuts, d, where);
}

/// With two axes in each other's place. A view. Throws std::invalid_argument for an axis that is not there.
template <class T, class Node>
Array<T, Node> swapaxes(const Array<T, Node>& array, std::int64_t one, std::int64_t other,
                        std::source_location where = std::source_location::current()) {
  std::vector<int> order(array.dimensions());
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[static_cast<std::size_t>(detail::checked_axis(one, order.size(), "swapaxes", where))],
            order[static_cast<std::size_t>(detail::checked_axis(other, order.size(), "swapaxes", where))]);
  return Array<T, Node>(array.state().transposed(order, where));
}
/// Turned by so many right angles, from the first of two axes towards the second. A view. Throws
/// std::invalid_argument if the axes are not there, or are the same.
template <class T, class Node>
Array<T, Node> rot90(const Array<T, Node>& array, std::int64_t turns = 1,
                     std::pair<std::int64_t, std::int64_t> axes = {0, 1},
                     std::source_location where = std::source_location::current()) {
  const int from = detail::checked_axis(axes.first, array.dimensions(), "rot90", where);
  const int to = detail::checked_axis(axes.second, array.dimensions(), "rot90", where);
  if (from == to)
    detail::refuse_array("rot90: expected two axes, found " + std::to_string(axes.first) + " and " +
                             std::to_string(axes.second),
                         where);
  const std::int64_t quarters = (turns % 4 + 4) % 4;
  if (quarters == 0) return array;
  if (quarters == 2) return array.flip({from, to}, where);
  return quarters == 1 ? swapaxes(array.flip(to, where), from, to, where)
                       : swapaxes(array, from, to, where).flip(to, where);
}

}  // namespace ramal
