// SPDX-License-Identifier: BSD-3-Clause
// Chunk grids: how arrays are cut into blocks, and the one dependence by which blocks of one array are made
// of blocks of others.
//
// Along each of its axes a source gives an interval of elements that is an affine function of the elements of
// one axis of the result, found by its AxisMap. So slices, steps of either sign, broadcasting, transposition,
// halos, reductions and products are different maps, and their inverse has a closed form.
//
//   chunks along an axis of length 10      width 4            first 2, width 4       a table
//                                          [0,4) [4,8) [8,10) [0,2) [2,6) [6,10)     [0,1) [1,7) [7,10)
#pragma once

#include <ramal/detail/dependence.hpp>

#include <span>

namespace ramal::detail {

/// How one axis is cut into chunks: the first has `first` elements, all others `width`, but for the last. Or,
/// where they are irregular, a table of where each begins, and of the axis' end. There is always a chunk; of
/// an axis without elements an empty one. Plain, and refers to its table.
struct AxisView {
  std::int64_t length = 0;
  std::int64_t width = 1;
  std::int64_t first = 1;
  std::int64_t count = 1;
  const std::int64_t* table = nullptr;

  std::int64_t begin(std::int64_t chunk) const {
    if (table != nullptr) return table[chunk];
    return chunk == 0 ? 0 : std::min(length, first + (chunk - 1) * width);
  }
  std::int64_t end(std::int64_t chunk) const { return begin(chunk + 1); }
  /// The chunk that holds an element, which must be within the axis. O(1), or O(log chunks) in a table.
  std::int64_t find(std::int64_t element) const {
    if (table != nullptr) return std::upper_bound(table, table + count, element) - table - 1;
    return element < first ? 0 : 1 + (element - first) / width;
  }
  /// The most elements that a chunk has.
  std::int64_t widest() const;
};

/// The same, for keeping: shares its table.
class Axis {
 public:
  Axis() = default;
  /// Chunks of `width` elements, at least 1.
  static Axis regular(std::int64_t length, std::int64_t width) { return shifted(length, width, width); }
  /// The same with a first chunk of its own, at least 1 and at most `width`.
  static Axis shifted(std::int64_t length, std::int64_t width, std::int64_t first);
  /// Chunks of these lengths, of which some may be 0; they become a regular axis if they are.
  static Axis of(const std::vector<std::int64_t>& lengths);
  /// One that lies elsewhere, with a table of its own. O(chunks) if it has one.
  static Axis copy_of(const AxisView& view);
  /// One chunk.
  static Axis whole(std::int64_t length) { return regular(length, std::max<std::int64_t>(1, length)); }

  std::int64_t length() const { return view_.length; }
  std::int64_t count() const { return view_.count; }
  const AxisView& view() const { return view_; }
  bool operator==(const Axis& other) const;
  /// The chunks of the elements start, start + step, … (`length` of them, within the axis), cut where this
  /// axis is cut. Where chunks of one length would become such of several, that is so only if `exactly`,
  /// which is O(chunks) then; else they are cut regularly.
  Axis sliced(std::int64_t start, std::int64_t step, std::int64_t length, bool exactly = false) const;
  /// Cut where either is. O(1) if each chunk of one is made of whole ones of the other, as long as both are
  /// regular, else O(chunks).
  Axis refined(const Axis& other) const;

 private:
  AxisView view_;
  std::shared_ptr<const std::vector<std::int64_t>> table_;
};

/// What is read along one axis of a source: for the element o along axis `out` of the result, the elements
/// from `start + step * o - before` to `start + step * o + after`, as far as the axis has them. `out` below
/// 0: the same for all, that is as for o = 0.
struct AxisMap {
  std::int64_t out = -1;
  std::int64_t start = 0;
  std::int64_t step = 0;
  std::int64_t before = 0, after = 0;

  static AxisMap along(int axis) { return {.out = axis, .step = 1}; }
  static AxisMap all(std::int64_t length) { return {.after = length - 1}; }
  bool operator==(const AxisMap&) const = default;
};

/// What one family of blocks is to a grid's members.
struct GridSource {
  std::vector<Axis> axes;
  std::vector<AxisMap> maps;  ///< one for each of its axes
  /// The part of the result that it is read for, along each axis of the result; empty: all.
  std::vector<std::pair<std::int64_t, std::int64_t>> piece = {};
};

/// The closure of a GridPattern: blocks of a result that is cut so, and what the function behind them is
/// given beside their boxes, plain memory that is the same for all.
std::vector<std::byte> grid_closure(const std::vector<Axis>& out, const std::vector<GridSource>& sources,
                                    std::span<const std::byte> parameters);
/// What a closure was made of.
struct GridParts {
  std::vector<Axis> out;
  std::vector<GridSource> sources;
  std::span<const std::byte> parameters;  ///< where they lie
};
GridParts grid_parts(const std::byte* closure);
/// How many chunks there are along each axis; of an array without axes 1.
Index grid_extent(const std::vector<Axis>& axes);

/// A member makes the block at its place in the chunk grid of an array, and reads of each source the blocks
/// that GridSource tells. Its literals are those of a GridCall.
struct GridPattern {
  static void reads(const std::byte* closure, const Index& place, Reads& out);
  static void readers(const std::byte* closure, const Index& extent, std::uint32_t source, const Region& of,
                      std::vector<Region>& boxes);
  static std::optional<Alignment> alignment(const std::byte* closure, int dims, std::uint32_t source);
  static void literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out);
  static Along along(const std::byte* closure, std::uint32_t source);
  static constexpr Dependence dependence{.reads = &reads,
                                         .readers = &readers,
                                         .alignment = &alignment,
                                         .in_time = false,
                                         .literals = &literals,
                                         .along = &along};
  /// The same of members whose blocks are what their elements are, each by its place: they may be made for
  /// any boxes.
  static constexpr Dependence elementwise = dependence;
};

/// What a member of a grid is told: the box that it is to make, the blocks that it is given of each source,
/// and the parameters that all share. Copies its literals, which may lie anywhere in memory.
class GridCall {
 public:
  explicit GridCall(std::span<const std::byte> literals);
  GridCall(const GridCall&) = delete;
  GridCall& operator=(const GridCall&) = delete;

  struct Source {
    std::span<const AxisMap> maps;
    std::span<const std::int64_t> counts;  ///< blocks along each axis
    std::size_t first = 0;                 ///< its first block among the inputs; the others follow row by row
    std::size_t blocks = 0;
    /// The part of the box that it is read for.
    std::span<const std::int64_t> low, high;
  };
  int dims() const { return static_cast<int>(low_.size()); }
  std::span<const std::int64_t> low() const { return low_; }
  std::span<const std::int64_t> high() const { return high_; }
  const std::vector<Source>& sources() const { return sources_; }
  std::span<const std::byte> parameters() const { return parameters_; }
  /// The box as text, such as `[0:4, 8:10]`.
  std::string text() const;

 private:
  std::vector<std::int64_t> words_;
  std::span<const std::int64_t> low_, high_;
  std::vector<Source> sources_;
  std::span<const std::byte> parameters_;
};

}  // namespace ramal::detail
