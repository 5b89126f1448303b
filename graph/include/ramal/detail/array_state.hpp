// SPDX-License-Identifier: BSD-3-Clause
// What an array is apart from its type: how it is cut, and the families of blocks behind its leaves with
// their maps. Slices, transpositions and broadcasts change maps alone.
#pragma once

#include <ramal/block.hpp>
#include <ramal/detail/grid.hpp>
#include <ramal/family.hpp>

#include <functional>
#include <optional>
#include <source_location>

namespace ramal {

namespace detail {
template <class T, bool is_single = false>
struct Leaf;
}  // namespace detail
template <class T, class Node = detail::Leaf<T>>
class Array;

/// A range of an axis as Python writes it, `start:stop:step`. Numbers below 0 count from the end; what is
/// left out is the beginning or the end, as the step goes; what is beyond an end is cut off.
///
///   slice(3)           :3          slice(1, 5)        1:5
///   slice(2, {})       2:          slice({}, {}, -1)  ::-1
struct Slice {
  std::optional<std::int64_t> start = {}, stop = {};
  std::int64_t step = 1;
};
/// See Slice.
inline Slice slice(std::optional<std::int64_t> stop) { return {{}, stop, 1}; }
inline Slice slice(std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
                   std::int64_t step = 1) {
  return {start, stop, step};
}
/// In a place of an index: all of the axis.
inline constexpr struct AllOfAxis {
} all{};
/// In a place of an index: an axis of length 1 that was not there.
inline constexpr struct NewAxis {
} newaxis{};
/// In a place of an index: all axes that the others do not name.
inline constexpr struct Ellipsis {
} ellipsis{};

/// How an array is to be cut into chunks along its axes, the slowest first: for each the length of a chunk,
/// or the lengths of all. A length of -1: all of the axis. Nothing: chunks of about 16 MiB.
///
///   {}                       chosen
///   {1000, -1}               blocks of 1000 rows
///   {{2, 3, 2}, {4, 4}}      blocks of these lengths
class Chunks {
 public:
  Chunks() = default;
  Chunks(std::initializer_list<std::int64_t> lengths) {
    for (const std::int64_t length : lengths) axes_.push_back({length});
  }
  Chunks(std::initializer_list<std::vector<std::int64_t>> lengths) : axes_(lengths), is_exact_(true) {}
  explicit Chunks(std::vector<std::vector<std::int64_t>> lengths)
      : axes_(std::move(lengths)), is_exact_(true) {}
  bool empty() const { return axes_.empty(); }
  /// For Ramal's own use: the axes of an array of that shape. Throws std::invalid_argument if they do not
  /// fit.
  std::vector<detail::Axis> axes(const Extents& shape, std::size_t element_bytes,
                                 std::source_location where) const;

 private:
  std::vector<std::vector<std::int64_t>> axes_;
  bool is_exact_ = false;
};

namespace detail {

/// Some elements of a whole, along one axis: element i is start + step * i of it.
struct Steps {
  std::int64_t start = 0;
  std::int64_t step = 1;  ///< at least 1
};
/// What blocks are cut out of that nobody has made, such as a dataset of a file, and which of its elements
/// they have. It makes families of fewer elements, so that a view need not read what it does not see.
struct LeafOrigin {
  std::vector<Steps> axes;
  /// So many elements of the whole are read together, along each axis: the chunks of a file.
  std::vector<std::int64_t> grain;
  /// The family of blocks of these elements, cut so.
  std::function<FamilyView(const std::vector<Axis>& cut, const std::vector<Steps>& elements)> family;
};
/// So many elements of rows that lie in a file one behind the other are read together: pages of 4 KiB.
std::vector<std::int64_t> pages_together(const Extents& shape, std::size_t element_bytes);

/// What stands behind a leaf of an expression: blocks, and which of their elements the expression's are.
struct ArrayLeaf {
  FamilySource source;
  GridSource grid;
  bool is_padded = false;                              ///< the blocks have room around them: see Padded
  std::shared_ptr<const LeafOrigin> origin = nullptr;  ///< where the blocks are from, if that is known
};
/// Of the bytes of SharedLeaves: the leaf's blocks are padded.
inline constexpr std::byte padded_leaf{0x80};

/// One argument of an index.
struct IndexPart {
  enum Kind { number, range, whole, inserted, others } kind;
  std::int64_t at = 0;
  Slice slice = {};

  template <std::integral I>
  IndexPart(I i) : kind(number), at(static_cast<std::int64_t>(i)) {}  // NOLINT: how arguments are passed
  IndexPart(const Slice& given) : kind(range), slice(given) {}        // NOLINT
  IndexPart(AllOfAxis) : kind(whole) {}                               // NOLINT
  IndexPart(NewAxis) : kind(inserted) {}                              // NOLINT
  IndexPart(Ellipsis) : kind(others) {}                               // NOLINT
};

/// An axis of a view: of which axis of the array (below 0: of none), and which of its elements.
struct ViewAxis {
  int of = -1;
  std::int64_t start = 0, step = 1, length = 1;
};

struct ArrayState {
  std::vector<Axis> axes = {};
  std::vector<ArrayLeaf> leaves = {};
  std::vector<std::byte> constants = {};
  std::source_location where = {};

  std::size_t dims() const { return axes.size(); }
  Extents shape() const;
  std::int64_t size() const;
  /// The array whose axes are these of this one. Axes of this one that none names stand at `fixed`.
  ArrayState viewed(const std::vector<ViewAxis>& view, const std::vector<std::int64_t>& fixed,
                    std::source_location line) const;
  /// Throws std::out_of_range or std::invalid_argument, naming the line.
  ArrayState indexed(std::span<const IndexPart> parts, std::source_location line) const;
  ArrayState transposed(const std::vector<int>& order, std::source_location line) const;
  /// The same with further axes of length 1 ahead, and those of length 1 repeated, to have this shape.
  ArrayState broadcast(const std::vector<Axis>& to) const;
  /// The one leaf is a family's blocks, just as they are.
  bool is_plain() const { return is_as_made() && !leaves[0].is_padded; }
  /// The same, but they may be padded.
  bool is_as_made() const;
};

/// The axes of what arrays of these states give together. Throws std::invalid_argument, naming `what`, their
/// shapes and where they were made, and where they meet if that is known, if they do not broadcast.
std::vector<Axis> broadcast_axes(std::span<const ArrayState* const> arrays, std::string_view what,
                                 std::optional<std::source_location> where = {});
/// The sources of a member of such a grid: those leaves that differ, and for each leaf which it is.
struct SharedLeaves {
  std::vector<FamilySource> sources;
  std::vector<GridSource> grids;
  std::vector<std::byte> of_leaf;  ///< filled up to 8; see padded_leaf
};
SharedLeaves share_leaves(const std::vector<ArrayLeaf>& leaves);
/// A leaf that has the blocks of a family as they are.
ArrayLeaf leaf_of(const FamilyView& view, const std::vector<Axis>& axes);
/// The same leaf with a family of its own of what an array with these axes sees of it, where its origin is
/// known and at most half as much is read then. The blocks are cut where they were. O(1), or O(chunks) along
/// an axis of which steps do not divide the chunks.
ArrayLeaf narrowed(const ArrayLeaf& leaf, const std::vector<Axis>& seen);
/// Which axis a number from -dims to dims - 1 means. Throws std::invalid_argument naming `what`.
int checked_axis(std::int64_t axis, std::size_t dims, std::string_view what, std::source_location where);
/// The set of these, or of all if there is none.
std::uint64_t axis_set(std::span<const std::int64_t> axes, std::size_t dims, std::string_view what,
                       std::source_location where);
[[noreturn]] void refuse_array(const std::string& problem, std::source_location where);
/// What a member's block takes at most.
std::uint64_t block_bytes(const std::vector<Axis>& axes, std::size_t element_bytes);
/// The same as members state it: 0 below 64 KiB, which is not worth stating.
std::uint64_t stated_bytes(const std::vector<Axis>& axes, std::size_t element_bytes);
std::string array_text(const ArrayState& state, std::string_view type, std::size_t element_bytes,
                       std::string_view made_by);
Extents shape_of(const std::vector<Axis>& axes);

/// A family of a grid's members: blocks of an array that is cut so. States what a block takes, unless that is
/// little.
FamilyView grid_family(const Kind& kind, const std::vector<Axis>& axes, std::size_t element_bytes,
                       std::vector<FamilySource> sources, const std::vector<GridSource>& grids,
                       std::span<const std::byte> parameters, std::source_location where);
/// The family of an expression, whose kernel `kind` runs. `more` stands behind its own parameters.
FamilyView expression_family(const Kind& kind, const ArrayState& state, std::size_t element_bytes,
                             std::span<const std::byte> more, std::source_location where);
/// An array that has the blocks of a family.
ArrayState plain_state(FamilyView view, std::vector<Axis> axes, std::source_location where,
                       std::shared_ptr<const LeafOrigin> origin = nullptr);
/// One whose blocks have been reduced along the axes that are `gone`, and combined.
ArrayState reduced_state(FamilyView view, const ArrayState& of, std::uint64_t gone, bool keepdims,
                         std::source_location where);
/// Axes one behind the other: cut where they are, or, if that were very many chunks, as widely as the widest.
Axis joined_axis(std::span<const Axis* const> parts);
/// What chunks are cut up into before they are put together otherwise; nothing if they are as well read
/// whole.
std::optional<std::vector<Axis>> pieces_between(const std::vector<Axis>& from, const std::vector<Axis>& to);
/// The same array cut so, made of what can be made again with those chunks: numbers, functions, files, and
/// expressions of these. Throws std::invalid_argument, naming what of it cannot. O(families) of them.
ArrayState made_again(const ArrayState& state, const std::vector<Axis>& axes, std::size_t element_bytes,
                      std::source_location where);
/// What is refused for reductions that need some element.
void expect_elements(const ArrayState& state, std::uint64_t gone, const char* what,
                     std::source_location where);
/// Throws std::invalid_argument, naming `what`, if an array of that shape had more than 2^62 elements once it
/// were so many times as long along an axis, and so many elements longer.
void expect_size(const Extents& shape, int axis, std::int64_t times, std::uint64_t more,
                 std::string_view what, std::source_location where);
/// The same if it had more than 2^48 blocks.
void expect_blocks(const ArrayState& state, int axis, std::int64_t times, std::string_view what,
                   std::source_location where);
/// Appends memory of a value, padded to 8 bytes.
void append_padded(std::vector<std::byte>& bytes, const void* value, std::size_t size);

/// Gathers the operands of a function of each element, in order.
class Operands {
 public:
  explicit Operands(std::string_view what) : what_(what) {}
  void add(const ArrayState& array);
  void add_constant(const void* value, std::size_t bytes) { append_padded(constants_, value, bytes); }
  /// Throws std::invalid_argument if shapes do not broadcast.
  ArrayState applied();

 private:
  std::string_view what_;
  std::vector<ArrayState> arrays_;
  std::vector<std::byte> constants_;
};

}  // namespace detail
}  // namespace ramal
