// SPDX-License-Identifier: BSD-3-Clause
// Functions of an array's blocks that give blocks of other lengths at the same places, and arrays that are
// cut so that each block has whole lines along some axes.
//
// Blocks that are cut along such an axis are put together from pieces, not from whole blocks, so that a rank
// is sent what it needs and no more. The transposition of a matrix of 3 blocks of rows:
//
//   blocks       pieces           blocks with whole columns
//   a a a        a0 a1 a2         a0 | a1 | a2
//   b b b        b0 b1 b2         b0 | b1 | b2
//   c c c        c0 c1 c2         c0 | c1 | c2
//
// Pieces have the values of the expression, so that no copy is made ahead of them.
#pragma once

#include <ramal/array.hpp>

namespace ramal::detail {

// --- functions of blocks ----------------------------------------------------------------------------------

/// The input that an expression's block is, as it is: the expression is a leaf, and one block of it is the
/// box. Null if there is none, or if it may be taken and so need not be copied.
template <class T>
const Block<T>* borrowed_block(const CallFrame& frame, const GridCall& call, const Kernel& kernel) {
  if (!kernel.is_copy || call.sources().size() != 1 || call.sources()[0].blocks != 1) return nullptr;
  if ((call.parameters()[0] & padded_leaf) != std::byte{0}) return nullptr;
  const auto maps = call.sources()[0].maps;
  if (static_cast<int>(maps.size()) != call.dims()) return nullptr;
  for (int d = 0; d < call.dims(); ++d)
    if (maps[static_cast<std::size_t>(d)] != AxisMap::along(d)) return nullptr;
  if (frame.is_last_use(0)) return nullptr;
  const Block<T>& block = frame.input(0).get<Block<T>>();
  return block.shape() == box_shape(call) && block.offset() == box_offset(call) ? &block : nullptr;
}

/// What makes a block of an expression's block. F is trivially copyable and holds no addresses, and has
///
///   name
///   type                                     of the result's elements
///   Block<type> operator()(Block<T>) const   with its own shape, and offset; where it can do without a copy
///                                            for a const Block<T>& too
template <class Node, class F>
struct BlockThunk {
  static constexpr std::string_view name = F::name;

  static void run(CallFrame& frame, Value& result) {
    using T = typename Node::type;
    const Kernel& kernel = kernel_of<Node>;
    const GridCall call(frame.literals);
    CopiedObject<const F> copied(
        call.parameters().subspan(kernel.leaf_map_bytes() + static_cast<std::size_t>(kernel.constants)));
    const F& function = *copied;
    if (const Block<T>* block = borrowed_block<T>(frame, call, kernel); block != nullptr) {
      result.emplace<Block<typename F::type>>(function(*block));
      return;
    }
    Value values;
    evaluate<T>(frame, kernel, values);
    result.emplace<Block<typename F::type>>(function(std::move(values.own<Block<T>>())));
  }
};

/// An array of what F makes of the blocks of `state`, an expression's, as it is cut. `axes`: those of the
/// result, of as many chunks.
template <class Node, class F>
Array<typename F::type> blocks_by(const F& function, const ArrayState& state, std::vector<Axis> axes,
                                  std::source_location where) {
  using R = typename F::type;
  static_assert(std::is_trivially_copyable_v<F>);
  std::vector<std::byte> more;
  append_padded(more, &function, sizeof function);
  FamilyView view = expression_family(grid_kind<BlockThunk<Node, F>, Block<R>>, state, 0, more, where);
  if (const std::uint64_t bytes = stated_bytes(axes, sizeof(R)); bytes > 0)
    view = view.annotated({.result_bytes = bytes}, where);
  return Array<R>(plain_state(std::move(view), std::move(axes), where));
}

// --- whole lines ------------------------------------------------------------------------------------------

/// The axis with each of its chunks cut into so many, as far as they have elements. O(1), or O(chunks) where
/// lengths are irregular.
Axis finer_axis(const Axis& axis, std::int64_t parts);

/// How an array is cut to have whole lines.
struct LineCuts {
  /// Those axes whole. The others are cut more finely, the first ones first, so that blocks have about as
  /// many elements as before, as far as that goes.
  std::vector<Axis> lines;
  /// What these blocks are put together from: those axes as they were, the others as in `lines`. Empty if no
  /// other is cut more finely, since whole blocks do then.
  std::vector<Axis> pieces;
};
LineCuts line_cuts(const std::vector<Axis>& axes, AxisSet whole);

/// The same array, cut to have whole lines along some axes.
template <class T, class Node>
Array<T> whole_along(const Array<T, Node>& array, AxisSet whole, std::source_location where) {
  ArrayState state = array.state();
  state.where = where;
  const LineCuts cuts = line_cuts(state.axes, whole);
  if (cuts.pieces.empty()) {
    state.axes = cuts.lines;
    return Array<T, Node>(std::move(state)).evaluated(where);
  }
  state.axes = cuts.pieces;
  state = Array<T, Node>(std::move(state)).evaluated(where).state();
  state.axes = cuts.lines;
  return Array<T>(std::move(state)).evaluated(where);
}

/// An array of what F makes of the blocks of another, which are whole along some axes. `length`: that of the
/// result along each axis; only those along these axes count.
template <class F, class T, class Node>
Array<typename F::type> along_axes(const F& function, const Array<T, Node>& array, AxisSet whole,
                                   const Extents& lengths, std::source_location where) {
  ArrayState state = array.state();
  const LineCuts cuts = line_cuts(state.axes, whole);
  std::vector<Axis> axes = cuts.lines;
  for (std::size_t d = 0; d < axes.size(); ++d)
    if ((whole >> d & 1) != 0) axes[d] = Axis::whole(static_cast<std::int64_t>(lengths[d]));
  if (cuts.pieces.empty()) {
    state.axes = cuts.lines;
    return blocks_by<Node>(function, state, std::move(axes), where);
  }
  state.axes = cuts.pieces;
  ArrayState pieces = Array<T, Node>(std::move(state)).evaluated(where).state();
  pieces.axes = cuts.lines;
  return blocks_by<Leaf<T>>(function, pieces, std::move(axes), where);
}

/// Calls `call(line, to)` for each line of a block along an axis, and of `made`, whose shape differs from the
/// block's along this axis alone. Lines whose elements lie apart are copied a few at a time, so that each
/// cache line is read once.
template <class T, class R, class Call>
void for_each_line(const Block<T>& block, Block<R>& made, std::int64_t axis, const Call& call) {
  const Strip from(block.shape(), axis), to(made.shape(), axis);
  if (from.after == 1) {
    for (std::uint64_t b = 0; b < from.before; ++b)
      call(std::span<const T>(block.data() + b * from.length, from.length),
           std::span<R>(made.data() + b * to.length, to.length));
    return;
  }
  const std::uint64_t columns = std::max<std::uint64_t>(1, 64 / std::min(sizeof(T), sizeof(R)));
  Block<T> lines({columns, from.length});
  Block<R> results({columns, to.length});
  for (std::uint64_t b = 0; b < from.before; ++b) {
    for (std::uint64_t j = 0; j < from.after; j += columns) {
      const std::uint64_t some = std::min(columns, from.after - j);
      for (std::uint64_t i = 0; i < from.length; ++i) {
        const T* row = block.data() + (b * from.length + i) * from.after + j;
        for (std::uint64_t k = 0; k < some; ++k) lines.data()[k * from.length + i] = row[k];
      }
      for (std::uint64_t k = 0; k < some; ++k)
        call(std::span<const T>(lines.data() + k * from.length, from.length),
             std::span<R>(results.data() + k * to.length, to.length));
      for (std::uint64_t i = 0; i < to.length; ++i) {
        R* row = made.data() + (b * to.length + i) * to.after + j;
        for (std::uint64_t k = 0; k < some; ++k) row[k] = results.data()[k * to.length + i];
      }
    }
  }
}

}  // namespace ramal::detail
