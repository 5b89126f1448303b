// SPDX-License-Identifier: BSD-3-Clause
// What members of a selection do: functions of blocks, and of what a mask says of their elements.
#pragma once

#include <ramal/array.hpp>

namespace ramal::detail {

/// Those rows of a block, along its first axis, at which the mask is true.
template <class T>
Block<T> chosen_rows(const Block<T>& block, const Block<bool>& mask) {
  Extents shape = block.shape();
  shape[0] = static_cast<std::uint64_t>(std::count(mask.begin(), mask.end(), true));
  std::size_t row = 1;
  for (std::size_t d = 1; d < shape.size(); ++d) row *= shape[d];
  Block<T> chosen(shape);
  T* to = chosen.data();
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask.data()[i]) to = std::copy_n(block.data() + i * row, row, to);
  }
  return chosen;
}
/// Where a mask that lies along one axis is true, counted in all of it.
inline Block<std::int64_t> places_of_true(const Block<bool>& mask) {
  Block<std::int64_t> places({static_cast<std::uint64_t>(std::count(mask.begin(), mask.end(), true))});
  std::int64_t* to = places.data();
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask.data()[i]) *to++ = static_cast<std::int64_t>(mask.offset()[0] + i);
  }
  return places;
}
/// The index along one axis of each place that is counted row by row.
inline Block<std::int64_t> index_of_places(Block<std::int64_t> places, std::int64_t behind,
                                           std::int64_t length) {
  for (std::int64_t& place : places) place = place / behind % length;
  return places;
}
/// The indices along all axes, a row for each place.
inline Block<std::int64_t> indices_of_places(const Block<std::int64_t>& places, const Extents& shape) {
  Block<std::int64_t> indices({places.size(), shape.size()});
  std::int64_t* to = indices.data();
  for (std::int64_t place : places) {
    for (std::size_t d = shape.size(); d-- > 0; place /= static_cast<std::int64_t>(shape[d]))
      to[d] = place % static_cast<std::int64_t>(shape[d]);
    to += shape.size();
  }
  return indices;
}
template <class T>
Block<std::int64_t> count_of_block(const Index& place, const Block<T>& block) {
  return Block<std::int64_t>::filled({1}, static_cast<std::int64_t>(block.shape()[0]),
                                     {static_cast<std::uint64_t>(place[0])});
}

/// All elements of a block of a selection, reduced as those of an array's.
template <class R, class T>
Block<typename R::Partial> reduce_selected(const Block<T>& block) {
  SingleCascade<R> cascade;
  const auto size = static_cast<std::int64_t>(block.size());
  for (std::int64_t at = 0; at < size; at += tile_elements)
    cascade.push(R::take(block.data() + at, std::min(tile_elements, size - at), at, 1));
  return Block<typename R::Partial>::filled({1}, cascade.finish());
}
/// An extreme of elements, of which there must be some.
struct SelectedExtreme {
  static constexpr std::string_view name = "value";
  template <class V>
  V operator()(const Extreme<V>& extreme) const {
    if (extreme.at < 0) throw std::invalid_argument("ramal: min or max of a selection that has no elements");
    return extreme.value;
  }
};

/// All blocks one behind the other. Parameters: the shape of a row.
template <class T>
struct GatherSelectionThunk {
  static constexpr std::string_view name = "gather";

  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    Extents shape;
    std::memcpy(static_cast<void*>(&shape), call.parameters().data(), sizeof shape);
    const std::size_t blocks = call.sources()[0].blocks;
    shape[0] = 0;
    for (std::size_t i = 0; i < blocks; ++i) shape[0] += frame.input(i).template get<Block<T>>().shape()[0];
    Block<T> all(shape);
    T* to = all.data();
    for (std::size_t i = 0; i < blocks; ++i) {
      const Block<T>& block = frame.input(i).template get<Block<T>>();
      to = std::copy(block.begin(), block.end(), to);
    }
    result.emplace<Block<T>>(std::move(all));
  }
};

}  // namespace ramal::detail
