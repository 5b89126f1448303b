// SPDX-License-Identifier: BSD-3-Clause
// Contractions: sums of products of the elements of two arrays, of which each axis of an array goes together
// with one of the sums' indices. Matrix products, dot and outer products, and all of einsum with two operands
// are contractions.
//
// The indices have an order, in which they are the axes of a grid:
//
//   batch        in both arrays, and in the result
//   left         in the left array and the result
//   right        in the right array and the result
//   contracted   in both arrays; summed over
//
// A member of the grid makes a block of the result from a part of each contracted axis; a tree adds up what
// the parts give. How many parts there are hangs on the numbers of chunks alone, and so do the bits.
#pragma once

#include <ramal/array.hpp>
#include <ramal/detail/blas.hpp>

namespace ramal::detail {

/// Which index each axis of the two arrays goes with. Indices are numbered from 0, in the order above.
struct Contraction {
  std::vector<int> left_axes, right_axes;
  int batch = 0, left = 0, right = 0, contracted = 0;

  int kept() const { return batch + left + right; }
  int indices() const { return kept() + contracted; }
};

/// The family of partial blocks, and the axes of the result. The family's last dimensions are the parts of
/// the contracted axes.
struct ContractionFamily {
  FamilyView parts;
  std::vector<Axis> axes;
};
/// Both arrays have one leaf. Throws std::invalid_argument if there are more than 9 indices, or more than 8
/// that are kept. Lengths that go with one index are the same, or 1 in a batch.
ContractionFamily contraction_family(const Kind& kind, const Contraction& contraction, const ArrayState& left,
                                     const ArrayState& right, std::size_t element_bytes,
                                     std::string_view what, std::source_location where);
/// How a contracted axis is cut: parts of so many chunks that there are about 64 members in all where there
/// are few blocks of the result, and of at most 8 chunks.
Axis contraction_parts(const Axis& axis, std::int64_t result_blocks);

/// Elements of one block of an operand, which go with a box of indices: where the first lies, and how many
/// elements the next is away along each index.
struct Strides {
  const std::byte* at = nullptr;
  std::array<std::int64_t, Index::most_dims> stride{};
};

/// The blocks that a member is given of one operand.
class OperandBlocks {
 public:
  OperandBlocks(const GridCall::Source& source, std::vector<BlockMemory> blocks, std::size_t element_bytes);
  /// Appends where along an index another block begins, from `low` on to before `high`.
  void add_breaks(int index, std::int64_t low, std::int64_t high, std::vector<std::int64_t>& breaks) const;
  /// The elements of a box of indices, which must lie in one block.
  Strides locate(std::span<const std::int64_t> low) const;

 private:
  std::pair<std::int64_t, std::int64_t> bounds(std::size_t axis, std::int64_t chunk) const;

  const GridCall::Source& source_;
  std::vector<BlockMemory> blocks_;
  std::int64_t element_bytes_;
  std::vector<std::int64_t> apart_;  ///< how many blocks the next is away along each axis
};

/// Goes through a member's box of indices piece by piece: boxes for each of which both operands' elements lie
/// in one block.
class ContractionPieces {
 public:
  ContractionPieces(const GridCall& call, const OperandBlocks& left, const OperandBlocks& right);
  /// Moves to the next, or the first. False behind the last.
  bool next();
  std::span<const std::int64_t> low() const { return low_; }
  std::int64_t length(int index) const {
    return high_[static_cast<std::size_t>(index)] - low_[static_cast<std::size_t>(index)];
  }

 private:
  void set_bounds();

  std::vector<std::vector<std::int64_t>> breaks_;  ///< for each index where pieces begin, and the end
  std::vector<std::size_t> at_;
  std::vector<std::int64_t> low_, high_;
  bool begun_ = false, is_empty_ = false;
};

/// Several axes as one, where the elements lie so: `length` elements, each so far from the next.
struct MergedAxes {
  std::int64_t length = 1, stride = 1;
  bool fits = true;
};
MergedAxes merge_axes(const ContractionPieces& piece, const Strides& strides, int first, int count);

/// A call's numbers of indices, which are its parameters.
struct IndexCounts {
  std::int64_t batch, left, right, contracted;
};

/// Calls `use` with the offset of each element of some axes of a piece, the last axis fastest.
template <class Use>
void for_each_offset(const ContractionPieces& piece, const Strides& strides, int first, int count,
                     const Use& use, std::int64_t offset = 0) {
  if (count == 0) return use(offset);
  const std::int64_t length = piece.length(first), stride = strides.stride[static_cast<std::size_t>(first)];
  for (std::int64_t i = 0; i < length; ++i)
    for_each_offset(piece, strides, first + 1, count - 1, use, offset + i * stride);
}

/// A part of a block as a matrix. Copies the elements into `memory` if they do not lie as one.
template <class T>
Matrix<const T> matrix_of(const ContractionPieces& piece, const Strides& strides, int rows, int row_count,
                          int columns, int column_count, std::unique_ptr<T[]>& memory) {
  const auto* from = reinterpret_cast<const T*>(strides.at);
  const MergedAxes down = merge_axes(piece, strides, rows, row_count),
                   along = merge_axes(piece, strides, columns, column_count);
  if (down.fits && along.fits) return {from, down.length, along.length, down.stride, along.stride};
  memory = std::make_unique<T[]>(static_cast<std::size_t>(down.length * along.length));
  T* to = memory.get();
  for_each_offset(piece, strides, rows, row_count, [&](std::int64_t row) {
    for_each_offset(piece, strides, columns, column_count,
                    [&](std::int64_t column) { *to++ = from[row + column]; });
  });
  return {memory.get(), down.length, along.length, along.length, 1};
}
/// Adds the products of one piece to the result, whose elements are where `to` says.
template <class T>
void add_piece(const ContractionPieces& piece, const IndexCounts& counts, Strides left, Strides right,
               const Strides& result) {
  const int b = static_cast<int>(counts.batch), i = static_cast<int>(counts.left),
            j = static_cast<int>(counts.right), k = static_cast<int>(counts.contracted);
  auto* const to = reinterpret_cast<T*>(const_cast<std::byte*>(result.at));
  const auto multiply = [&](const Strides& one, const Strides& other, T* into) {
    std::unique_ptr<T[]> left_memory, right_memory;
    const Matrix<const T> a = matrix_of<T>(piece, one, b, i, b + i + j, k, left_memory);
    const Matrix<const T> c = matrix_of<T>(piece, other, b + i + j, k, b + i, j, right_memory);
    const MergedAxes down = merge_axes(piece, result, b, i), along = merge_axes(piece, result, b + i, j);
    if (down.fits && along.fits)
      return multiply_add<T>(a, c, {into, down.length, along.length, down.stride, along.stride});
    const auto sums = std::make_unique<T[]>(static_cast<std::size_t>(down.length * along.length));
    multiply_add<T>(a, c, {sums.get(), down.length, along.length, along.length, 1});
    const T* sum = sums.get();
    for_each_offset(piece, result, b, i + j,
                    [&](std::int64_t offset) { into[offset] = plus<T>(into[offset], *sum++); });
  };
  const auto* const left_at = reinterpret_cast<const T*>(left.at);
  const auto* const right_at = reinterpret_cast<const T*>(right.at);
  std::array<std::int64_t, Index::most_dims> at{};
  for (;;) {
    std::int64_t a = 0, c = 0, r = 0;
    for (std::size_t d = 0; d < static_cast<std::size_t>(b); ++d) {
      a += at[d] * left.stride[d];
      c += at[d] * right.stride[d];
      r += at[d] * result.stride[d];
    }
    left.at = reinterpret_cast<const std::byte*>(left_at + a);
    right.at = reinterpret_cast<const std::byte*>(right_at + c);
    multiply(left, right, to + r);
    int d = b;
    while (d > 0 && ++at[static_cast<std::size_t>(d - 1)] == piece.length(d - 1))
      at[static_cast<std::size_t>(--d)] = 0;
    if (d == 0) return;
  }
}

/// Where a member's block has the elements of a piece.
Strides result_strides(const std::byte* data, const Extents& shape, const Extents& offset,
                       std::size_t element_bytes, std::span<const std::int64_t> low);
/// The shape of a member's block and its offset: of the indices that are kept.
Extents kept_shape(const GridCall& call, const IndexCounts& counts);
Extents kept_offset(const GridCall& call, const IndexCounts& counts);
IndexCounts index_counts(const GridCall& call);

template <class T>
struct ContractionThunk {
  static constexpr std::string_view name = "matmul";

  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    const IndexCounts counts = index_counts(call);
    Block<T> block(kept_shape(call, counts), kept_offset(call, counts));
    std::fill(block.begin(), block.end(), T());
    const auto operand = [&](std::size_t k) {
      const GridCall::Source& source = call.sources()[k];
      std::vector<BlockMemory> blocks;
      for (std::size_t i = source.first; i < source.first + source.blocks; ++i)
        blocks.push_back(BlockMemory::of(frame.input(i).template get<Block<T>>()));
      return OperandBlocks(source, std::move(blocks), sizeof(T));
    };
    const OperandBlocks left = operand(0), right = operand(1);
    ContractionPieces pieces(call, left, right);
    while (pieces.next())
      add_piece<T>(pieces, counts, left.locate(pieces.low()), right.locate(pieces.low()),
                   result_strides(reinterpret_cast<const std::byte*>(block.data()), block.shape(),
                                  block.offset(), sizeof(T), pieces.low()));
    result.emplace<Block<T>>(std::move(block));
  }
};

/// Adds up what two parts of the contracted axes give.
template <class T>
Block<T> add_parts(Block<T> a, const Block<T>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a.data()[i] = plus<T>(a.data()[i], b.data()[i]);
  return a;
}

/// The contraction of two arrays that have one leaf each.
template <class T>
Array<T> contracted(const Contraction& contraction, const ArrayState& left, const ArrayState& right,
                    std::string_view what, std::source_location where) {
  use_one_blas_thread();
  ContractionFamily made = contraction_family(grid_kind<ContractionThunk<T>, Block<T>>, contraction, left,
                                              right, sizeof(T), what, where);
  FamilyView view = std::move(made.parts);
  for (int d = contraction.indices(); d-- > contraction.kept();)
    view = reduce_levels<&add_parts<T>, Block<T>>(view, d, 2, where).without(d);
  return Array<T>(plain_state(std::move(view), std::move(made.axes), where));
}

}  // namespace ramal::detail
