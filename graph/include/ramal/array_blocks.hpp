// SPDX-License-Identifier: BSD-3-Clause
// Arrays of what is there: memory, vectors, blocks, and handles to blocks. Included by <ramal/array.hpp>.
#pragma once

#include <ramal/array.hpp>

namespace ramal {

namespace detail {

/// Where an element stands in an array of that shape, counted row by row.
inline std::uint64_t element_number(const Extents& shape, const Extents& place) {
  std::uint64_t number = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) number = number * shape[d] + place[d];
  return number;
}
/// Calls `fill(place, count, to)` for each row of a block along its last axis, with the row's place in the
/// array.
template <class T, class Fill>
void for_each_row(Block<T>& block, const Fill& fill) {
  const std::size_t dims = block.dimensions();
  Extents place = block.offset();
  const std::uint64_t length = dims > 0 ? block.shape()[dims - 1] : 1;
  T* to = block.data();
  for (std::uint64_t left = length > 0 ? block.size() / length : 0; left > 0; --left) {
    fill(place, static_cast<std::int64_t>(length), to);
    to += length;
    for (std::size_t d = dims; d-- > 1;) {
      if (++place[d - 1] < block.offset()[d - 1] + block.shape()[d - 1]) break;
      place[d - 1] = block.offset()[d - 1];
    }
  }
}

/// An array of blocks that are made now: `piece(offset, lengths)` gives each.
template <class T, class Piece>
Array<T> of_pieces(const Extents& shape, const Chunks& chunks, std::source_location where,
                   const Piece& piece) {
  const std::vector<Axis> axes = chunks.axes(shape, sizeof(T), where);
  const Index grid = grid_extent(axes);
  std::vector<Delayed<Block<T>>> pieces;
  for (std::int64_t number = 0; number < grid.volume(); ++number) {
    const Index place = grid.place_of(number);
    Extents low = shape, lengths = shape;
    for (std::size_t d = 0; d < shape.size(); ++d) {
      const AxisView& axis = axes[d].view();
      low[d] = static_cast<std::uint64_t>(axis.begin(place[static_cast<int>(d)]));
      lengths[d] = static_cast<std::uint64_t>(axis.end(place[static_cast<int>(d)])) - low[d];
    }
    pieces.push_back(value(piece(low, lengths), where));
  }
  return Array<T>(plain_state(as_family(pieces, grid, where).view(), axes, where));
}

/// A block that users' tasks made, at its place in an array. Throws if its shape is not as was said.
template <class T>
struct PlaceThunk {
  static constexpr std::string_view name = "from_blocks";

  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    if (box_shape(call).product() == 0) {  // which nothing is read for
      result.emplace<Block<T>>(box_shape(call), box_offset(call));
      return;
    }
    Block<T> block = frame.is_last_use(0) ? std::move(frame.input(0).template own<Block<T>>())
                                          : frame.input(0).template get<Block<T>>();
    if (block.shape() != box_shape(call))
      throw std::invalid_argument("ramal: from_blocks: expected a block of shape " + box_shape(call).text() +
                                  " for " + call.text() + ", found one of " + block.shape().text());
    result.emplace<Block<T>>(std::move(block).reshaped(box_shape(call), box_offset(call)));
  }
};

template <class T>
Array<T> placed(FamilySource source, std::vector<Axis> axes, std::source_location where) {
  ArrayLeaf given{std::move(source), {axes, {}}};
  for (std::size_t d = 0; d < axes.size(); ++d)
    given.grid.maps.push_back(AxisMap::along(static_cast<int>(d)));
  FamilyView blocks = grid_family(grid_kind<PlaceThunk<T>, Block<T>>, axes, sizeof(T), {given.source},
                                  {given.grid}, {}, where);
  return Array<T>(plain_state(std::move(blocks), std::move(axes), where));
}

}  // namespace detail

/// An array of what is in memory here, which is cut into blocks, and copied, now. O(elements).
template <class T>
Array<T> from_memory(const T* elements, const Extents& shape, const Chunks& chunks = {},
                     std::source_location where = std::source_location::current()) {
  return detail::of_pieces<T>(shape, chunks, where, [&](const Extents& low, const Extents& lengths) {
    Block<T> piece(lengths, low);
    detail::for_each_row(piece, [&](const Extents& at, std::int64_t count, T* to) {
      std::copy_n(elements + detail::element_number(shape, at), count, to);
    });
    return piece;
  });
}
/// An array of one axis of a vector's elements. A vector that is moved in is not copied: the blocks lie in
/// its memory, which is freed with the last of them. O(elements) else, and for bool; O(chunks).
///
///   auto weights = ramal::from_vector(std::move(read), {100'000});
///   auto table = ramal::reshape(ramal::from_vector<float>({1, 2, 3, 4, 5, 6}), {2, 3});
template <class T>
Array<T> from_vector(std::vector<T> elements, const Chunks& chunks = {},
                     std::source_location where = std::source_location::current()) {
  const Extents shape = {elements.size()};
  const auto owner = std::make_shared<std::vector<T>>(std::move(elements));
  return detail::of_pieces<T>(shape, chunks, where, [&](const Extents& low, const Extents& lengths) {
    if constexpr (std::same_as<T, bool>) {
      Block<bool> piece(lengths, low);
      std::copy_n(owner->begin() + static_cast<std::ptrdiff_t>(low[0]), lengths[0], piece.data());
      return piece;
    } else {
      return Block<T>::wrap(owner->data() + low[0], lengths, low, owner);
    }
  });
}
/// The same of a block's elements; its offset says nothing.
template <class T>
Array<T> from_block(const Block<T>& block, const Chunks& chunks = {},
                    std::source_location where = std::source_location::current()) {
  return from_memory(block.data(), block.shape(), chunks, where);
}
/// An array of one block, which a task makes. The task behind the array fails if its block has another shape.
template <class T>
Array<T> from_delayed(const Delayed<Block<T>>& block, const Extents& shape,
                      std::source_location where = std::source_location::current()) {
  std::vector<detail::Axis> axes;
  for (const std::uint64_t length : shape)
    axes.push_back(detail::Axis::whole(static_cast<std::int64_t>(length)));
  return detail::placed<T>(detail::single_source(block.task_handle()), std::move(axes), where);
}
/// An array of the blocks that tasks make, row by row over a grid that the lengths along each axis make.
/// Their offsets say nothing. Throws std::invalid_argument if there are not as many; a block's task fails if
/// it has another shape.
template <class T>
Array<T> from_blocks(const std::vector<Delayed<Block<T>>>& blocks,
                     const std::vector<std::vector<std::int64_t>>& lengths,
                     std::source_location where = std::source_location::current()) {
  if (lengths.size() > Extents::most)
    detail::refuse_array("from_blocks: expected at most 8 axes, found " + std::to_string(lengths.size()),
                         where);
  std::vector<detail::Axis> axes;
  for (const auto& along : lengths) {
    std::int64_t left = std::int64_t{1} << 62;
    for (const std::int64_t length : along) {
      if (length < 0 || length > left)
        detail::refuse_array("from_blocks: expected lengths of 0 or more, found " + std::to_string(length) +
                                 (length > left ? ", and more than 2^62 together" : ""),
                             where);
      left -= length;
    }
    axes.push_back(detail::Axis::of(along));
  }
  return detail::placed<T>({as_family(blocks, detail::grid_extent(axes), where).view(), {}}, axes, where);
}

}  // namespace ramal
