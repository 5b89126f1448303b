// SPDX-License-Identifier: BSD-3-Clause
// Walk: goes through the elements of a box, and along with them through the operands that stand behind it,
// each of which may lie in one block or in several. What it gives are runs, in which each operand moves by a
// constant stride, so that loops over them know nothing of chunks.
#pragma once

#include <ramal/block.hpp>
#include <ramal/detail/grid.hpp>
#include <ramal/detail/padded.hpp>

namespace ramal::detail {

/// A block of any type, where it lies: maybe within a larger one, whose shape tells how far rows are apart.
struct BlockMemory {
  const std::byte* data;
  const Extents* shape;
  const Extents* offset;
  const Extents* memory_shape;

  template <class T>
  static BlockMemory of(const Block<T>& block) {
    return {reinterpret_cast<const std::byte*>(block.data()), &block.shape(), &block.offset(),
            &block.shape()};
  }
  template <class T>
  static BlockMemory of(const Padded<T>& block) {
    return {reinterpret_cast<const std::byte*>(block.data()), &block.shape(), &block.offset(),
            &block.memory_shape()};
  }
};

class Walk {
 public:
  /// One of the operands: the blocks that were given of it, and how long its elements are.
  struct Operand {
    const GridCall::Source* source;
    const BlockMemory* blocks;
    std::int64_t element_bytes;
  };
  /// Goes through `low` to before `high`, the axes nested as `order` has them, the last fastest. Runs may
  /// reach over several axes where all operands lie so, but not over the first `apart` of the order and
  /// others. `merge`: whether they may at all. What it refers to must outlive it.
  Walk(std::span<const std::int64_t> low, std::span<const std::int64_t> high,
       std::span<const Operand> operands, std::span<const int> order, int apart, bool merge = true);

  /// Moves to the next run, or the first. False behind the last.
  bool next();
  /// Of the run: how many elements it has; more than 0.
  std::int64_t length() const { return length_; }
  /// Where an operand's first element lies, and how many bytes its next is from it.
  const std::byte* at(std::size_t operand) const { return operands_[operand].at; }
  std::int64_t stride(std::size_t operand) const { return operands_[operand].inner; }
  /// The element of the box that the run begins with, along an axis; only if runs are not merged.
  std::int64_t place(int axis) const {
    return at_[static_cast<std::size_t>(position_[static_cast<std::size_t>(axis)])];
  }

 private:
  static constexpr int most = Index::most_dims;
  struct Moving {
    Operand of;
    bool in_one_block;
    std::array<std::int64_t, most> stride{};  ///< in one block: bytes along each axis of the order
    const std::byte* at = nullptr;
    std::int64_t inner = 0;
  };
  void measure(Moving& operand);
  void merge_axes(int apart);
  void locate(Moving& operand);

  int axes_;  ///< at least 1
  std::array<std::int64_t, most> low_{}, high_{}, at_{};
  std::array<int, most> position_{};  ///< of an axis in the order
  std::vector<Moving> operands_;
  std::int64_t length_ = 0;
  std::int64_t last_begin_ = 0;  ///< where the run begins along the innermost axis
  bool begun_ = false, is_empty_ = false;
};

/// Goes through all runs, of two operands: copies the elements of the second to where the first lies, which
/// may be written.
void copy_elements(Walk& walk, std::size_t element_bytes);

}  // namespace ramal::detail
