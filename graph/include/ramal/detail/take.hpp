// SPDX-License-Identifier: BSD-3-Clause
// Elements along an axis by a list of indices: a table says which blocks each block of the result is made of,
// and which are made of each.
#pragma once

#include <ramal/detail/pattern_family.hpp>
#include <ramal/detail/walk.hpp>

namespace ramal::detail {

/// Indices from 0 on. Throws std::out_of_range for one that is not within the axis.
std::vector<std::int64_t> checked_indices(const std::vector<std::int64_t>& indices, const Extents& shape,
                                          int axis, std::source_location where);
/// `out` has the axes of `from`, but for one, along which it has as many elements as there are indices.
/// O(indices * log(indices)), and O(chunks of the result along the axis).
std::vector<std::byte> take_closure(const std::vector<Axis>& out, const std::vector<Axis>& from, int axis,
                                    std::span<const std::int64_t> indices);

/// A member reads the chunks along one axis that its indices lie in, at its own place along all others.
extern const Dependence take_dependence;

/// What such a member is told: its box, and its indices.
class TakeCall {
 public:
  explicit TakeCall(std::span<const std::byte> literals);
  const ElementBox& box() const { return box_; }
  /// How many blocks are given, in the order of their places.
  std::size_t blocks() const { return blocks_; }
  /// Copies all elements to where the block of the result lies.
  void copy(std::span<const BlockMemory> blocks, std::size_t element_bytes, std::byte* to) const;

 private:
  LiteralWords words_;
  ElementBox box_;
  std::size_t axis_, blocks_;
  std::span<const std::int64_t> indices_;
};

template <class T>
struct TakeThunk {
  static constexpr std::string_view name = "take";
  using Call = TakeCall;
  static constexpr const Dependence* dependence = &take_dependence;

  static void run(CallFrame& frame, Value& result) {
    const TakeCall call(frame.literals);
    std::vector<BlockMemory> blocks;
    for (std::size_t i = 0; i < call.blocks(); ++i)
      blocks.push_back(BlockMemory::of(frame.input(i).template get<Block<T>>()));
    Block<T> block(call.box().shape(), call.box().offset());
    call.copy(blocks, sizeof(T), reinterpret_cast<std::byte*>(block.data()));
    result.emplace<Block<T>>(std::move(block));
  }
};

}  // namespace ramal::detail
