// SPDX-License-Identifier: BSD-3-Clause
// Reshaping: which axes of an array go together with which of the result, how the result is cut, and what its
// blocks are made of.
//
// Both shapes are split into groups of axes with the same product. Within a group an element has a position,
// counted row by row, that is the same on both sides:
//
//   shape     2 3 | 4 | 6          a block of the result is an interval of positions in each group
//   result    6   | 4 | 2 1 3      a block of the source is a box of each group's axes
//
// So a member reads, in each group, the chunks that its interval touches, and all combinations of these.
#pragma once

#include <ramal/detail/pattern_family.hpp>
#include <ramal/detail/walk.hpp>

namespace ramal::detail {

/// Axes begin to before end, of the array and of the result.
struct ReshapeGroup {
  int in_begin, in_end, out_begin, out_end;
};

/// How an array is reshaped.
struct ReshapePlan {
  std::vector<ReshapeGroup> groups;
  std::vector<Axis> axes;  ///< of the result
  /// Of each axis of the result, the array's axis that it is, or below 0 for a new one of length 1; only if
  /// `is_view`.
  std::vector<int> of;
  bool is_view = true;
};
/// The shape with a number for -1. Throws std::invalid_argument if it has not as many elements.
Extents reshaped_shape(const Extents& from, const std::vector<std::int64_t>& to, std::source_location where);
/// Axes that stay keep their cuts. Where axes are merged or split, blocks are row-major intervals of the
/// group that are about as large as the array's; they begin where the array's do if these are such intervals
/// and become one axis. `shape` must have as many elements, and some.
ReshapePlan plan_reshape(const std::vector<Axis>& from, const Extents& shape);
std::vector<std::byte> reshape_closure(const ReshapePlan& plan, const std::vector<Axis>& from);

/// A member makes the block at its place, of the blocks of one source.
extern const Dependence reshape_dependence;

/// What such a member is told.
class ReshapeCall {
 public:
  explicit ReshapeCall(std::span<const std::byte> literals);
  struct Group {
    std::int64_t low, high;                 ///< its positions
    std::span<const std::int64_t> lengths;  ///< of its axes in the source
    std::size_t pieces;                     ///< chunks of the source that they lie in
  };
  const ElementBox& box() const { return box_; }
  /// How many blocks are given: all combinations of the groups' pieces, row by row.
  std::size_t blocks() const;
  /// The block of the result is the one block that is given.
  bool is_same(std::span<const BlockMemory> blocks) const;
  /// Copies all elements to where the block of the result lies.
  void copy(std::span<const BlockMemory> blocks, std::size_t element_bytes, std::byte* to) const;

 private:
  LiteralWords words_;
  ElementBox box_;
  std::vector<Group> groups_;
};

template <class T>
struct ReshapeThunk {
  static constexpr std::string_view name = "reshape";
  using Call = ReshapeCall;
  static constexpr const Dependence* dependence = &reshape_dependence;

  static void run(CallFrame& frame, Value& result) {
    const ReshapeCall call(frame.literals);
    std::vector<BlockMemory> blocks;
    for (std::size_t i = 0; i < call.blocks(); ++i)
      blocks.push_back(BlockMemory::of(frame.input(i).template get<Block<T>>()));
    if (call.is_same(blocks) && frame.is_last_use(0)) {
      Block<T> given = std::move(frame.input(0).template own<Block<T>>());
      result.emplace<Block<T>>(std::move(given).reshaped(call.box().shape(), call.box().offset()));
      return;
    }
    Block<T> block(call.box().shape(), call.box().offset());
    call.copy(blocks, sizeof(T), reinterpret_cast<std::byte*>(block.data()));
    result.emplace<Block<T>>(std::move(block));
  }
};

}  // namespace ramal::detail
