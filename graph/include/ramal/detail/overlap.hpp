// SPDX-License-Identifier: BSD-3-Clause
// How functions of overlapping blocks are made of families: for each axis a family of strips, which both ends
// of a block along it are, and one of calls, each of which reads its own block and the strips around it. So
// neighbours on other ranks send strips, not blocks. Both ends travel together: twice the bytes of what a
// neighbour needs, but half as many tasks.
//
//   strips along axis 0 are as long as the block      a call reads, of the block at v from its own, the
//   along axis 1, so they hold the corners            strip along the first axis in which v is not 0
#pragma once

#include <ramal/detail/array_state.hpp>
#include <ramal/detail/expression.hpp>
#include <ramal/view.hpp>

namespace ramal {

/// What lies beyond an end of an axis, for map_overlap.
///
///   elements 0 1 2 3, depth 2     open       nothing         periodic   2 3 | 0 1 2 3 | 0 1
///   constant   x x | 0 1 2 3 | x x           nearest    0 0 | 0 1 2 3 | 3 3
///   reflect    1 0 | 0 1 2 3 | 3 2
enum class Boundary : std::int32_t { open, periodic, nearest, reflect, constant };

namespace detail {

/// One way to overlap, along each axis.
struct OverlapAxis {
  std::int64_t depth = 0;
  Boundary boundary = Boundary::open;
  std::int64_t count = 1;  ///< of chunks
  /// Blocks exchange strips along it.
  bool exchanges() const { return depth > 0 && (count > 1 || boundary == Boundary::periodic); }
};

/// The closure of a family of calls: axes, arrays, which of them are padded, and the function's state.
std::vector<std::byte> overlap_closure(const std::vector<OverlapAxis>& axes, const std::vector<bool>& padded,
                                       std::span<const std::byte> parameters);
/// Of each array the sources are its blocks, then the strips along each axis that exchanges.
struct OverlapPattern {
  static void reads(const std::byte* closure, const Index& place, Reads& out);
  static void readers(const std::byte* closure, const Index& extent, std::uint32_t source, const Region& of,
                      std::vector<Region>& boxes);
  static std::optional<Alignment> alignment(const std::byte* closure, int dims, std::uint32_t source);
  static void literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out);
  static constexpr Dependence dependence{
      .reads = &reads, .readers = &readers, .alignment = &alignment, .in_time = false, .literals = &literals};
};

/// Which strips of its block a member is.
struct StripClosure {
  std::int64_t axis, depth, is_padded;
};
struct StripPattern {
  static void reads(const std::byte*, const Index& place, Reads& out) { out.add(0, place, 0); }
  static void readers(const std::byte*, const Index&, std::uint32_t, const Region& of,
                      std::vector<Region>& boxes) {
    boxes.push_back(of);
  }
  static void literals(const std::byte* closure, const Index&, std::vector<std::byte>& out) {
    out.insert(out.end(), closure, closure + sizeof(StripClosure));
  }
  static constexpr Dependence dependence{
      .reads = &reads, .readers = &readers, .alignment = &own_place, .in_time = false, .literals = &literals};
};

/// Copies a box of elements, of so many bytes each, between two places in memory. Strides are in bytes.
struct BoxCopy {
  std::array<std::int64_t, Extents::most> lengths{}, from_stride{}, to_stride{};
  int dims = 0;
  std::int64_t element_bytes = 0;

  /// Of a box of that shape, of elements of two blocks.
  static BoxCopy between(const BlockMemory& from, const BlockMemory& to, const Extents& shape,
                         std::int64_t element_bytes);
  void run(const std::byte* from, std::byte* to) const;
};
/// In bytes, along each axis.
std::array<std::int64_t, Extents::most> strides_of(const BlockMemory& block, std::int64_t element_bytes);

/// What one call is told.
class OverlapCall {
 public:
  explicit OverlapCall(std::span<const std::byte> literals);
  int dims() const { return static_cast<int>(axes_.size()); }
  const Index& place() const { return place_; }
  std::span<const std::byte> parameters() const { return parameters_; }
  bool is_padded(std::size_t array) const { return padded_[array]; }
  /// The number of an array's own block among the inputs.
  std::size_t first_input(std::size_t array) const { return first_[array]; }
  /// Room on both sides of a result, for the next such call.
  Extents margin() const;
  /// Along an axis there are elements before its block, or behind it.
  bool has_before(int axis) const;
  bool has_behind(int axis) const;
  /// Puts what lies around an array's block into its margins. `strip(i)` is where input i lies.
  template <class T, class Strip>
  void surround(std::size_t array, Padded<T>& block, const T& constant, const Strip& strip) const {
    std::vector<BlockMemory> strips;
    for (std::size_t i = 0; i < neighbours_[array].size(); ++i)
      strips.push_back(strip(neighbours_[array][i].input));
    surround(array, BlockMemory::of(block), sizeof(T), reinterpret_cast<const std::byte*>(&constant), strips);
  }

 private:
  /// A strip that is read, and in which direction its block lies.
  struct Neighbour {
    std::size_t input;
    Index direction;
  };
  void surround(std::size_t array, const BlockMemory& block, std::int64_t element_bytes,
                const std::byte* constant, const std::vector<BlockMemory>& strips) const;
  void reach_beyond(const BlockMemory& block, int axis, bool is_high, std::int64_t element_bytes,
                    const std::byte* constant) const;

  std::vector<std::int64_t> words_;
  std::vector<OverlapAxis> axes_;
  Index place_;
  std::vector<bool> padded_;
  std::vector<std::size_t> first_;
  std::vector<std::vector<Neighbour>> neighbours_;
  std::span<const std::byte> parameters_;
};

/// The first elements of a block along an axis, then the last, both as long as it is along the other axes.
template <class T>
struct StripThunk {
  static constexpr std::string_view name = "strips";
  static void run(CallFrame& frame, Value& result) {
    StripClosure strip;
    std::memcpy(&strip, frame.literals.data(), sizeof strip);
    const BlockMemory block = leaf_type<T>.memory(frame.input(0), strip.is_padded != 0);
    const auto axis = static_cast<std::size_t>(strip.axis);
    const auto depth = std::min((*block.shape)[axis], static_cast<std::uint64_t>(strip.depth));
    Extents shape = *block.shape;
    shape[axis] = 2 * depth;
    Block<T> made(shape);
    shape[axis] = depth;
    const BoxCopy copy = BoxCopy::between(block, BlockMemory::of(made), shape, sizeof(T));
    auto* to = reinterpret_cast<std::byte*>(made.data());
    const auto first_of_last = static_cast<std::int64_t>((*block.shape)[axis] - depth);
    copy.run(block.data, to);
    copy.run(block.data + first_of_last * copy.from_stride[axis],
             to + static_cast<std::int64_t>(depth) * copy.to_stride[axis]);
    result.emplace<Block<T>>(std::move(made));
  }
};

/// A view of a padded block, of as much of its room as is filled.
template <class T, std::size_t N, class Memory>
View<T, N> view_of(const OverlapCall& call, Memory& block, bool around) {
  typename View<T, N>::Place strides, lengths, low{}, high, offset;
  std::int64_t stride = 1;
  for (std::size_t d = N; d-- > 0;) {
    const int axis = static_cast<int>(d);
    const auto depth = static_cast<std::int64_t>(call.margin()[d]);
    strides[d] = stride;
    stride *= static_cast<std::int64_t>(block.memory_shape()[d]);
    lengths[d] = high[d] = static_cast<std::int64_t>(block.shape()[d]);
    offset[d] = static_cast<std::int64_t>(block.offset()[d]);
    if (around && call.has_before(axis)) low[d] = -depth;
    if (around && call.has_behind(axis)) high[d] += depth;
  }
  return View<T, N>(block.data(), strides, lengths, low, high, offset);
}

/// An array's own block with room around it that is filled: in its own memory where nothing else needs that.
template <class T>
Padded<T> surrounded(const OverlapCall& call, CallFrame& frame, std::size_t array, const T& constant) {
  const std::size_t own = call.first_input(array);
  const Extents margin = call.margin();
  Padded<T> block;
  const BlockMemory given = leaf_type<T>.memory(frame.input(own), call.is_padded(array));
  const bool fits = call.is_padded(array) && frame.input(own).template get<Padded<T>>().margin() == margin;
  if (fits && frame.is_last_use(own)) {
    block = std::move(frame.input(own).template own<Padded<T>>());
  } else {
    block = Padded<T>(*given.shape, *given.offset, margin);
    BoxCopy::between(given, BlockMemory::of(block), *given.shape, sizeof(T))
        .run(given.data, reinterpret_cast<std::byte*>(block.data()));
  }
  if (block.shape().product() == 0) return block;
  call.surround(array, block, constant, [&](std::size_t input) {
    return BlockMemory::of(frame.input(input).template get<Block<T>>());
  });
  return block;
}

template <class V>
struct ViewType;
template <class T, std::size_t N>
struct ViewType<View<T, N>> {
  using element = std::remove_const_t<T>;
  static constexpr std::size_t dimensions = N;
  static constexpr bool is_read = std::is_const_v<T>;
};

/// Calls a function of views: those of the blocks that are read, then that of the block that it fills.
/// Parameters: the constant that lies beyond ends, a double; then the function's state.
template <class F, class S>
struct OverlapThunk;
template <class F, class... P>
struct OverlapThunk<F, Signature<void, P...>> {
  static constexpr std::string_view name = "map_overlap";
  static constexpr std::size_t arrays = sizeof...(P) - 1;
  template <std::size_t k>
  using Viewed = ViewType<std::remove_cvref_t<std::tuple_element_t<k, std::tuple<P...>>>>;
  template <std::size_t k>
  using Element = typename Viewed<k>::element;
  using Result = Element<arrays>;
  static constexpr std::size_t N = Viewed<arrays>::dimensions;
  static_assert(N > 0, "ramal: a function of map_overlap takes views of at least one axis");
  static_assert(((ViewType<std::remove_cvref_t<P>>::dimensions == N) && ...),
                "ramal: the views that a function of map_overlap takes must have as many axes");
  static_assert(
      (static_cast<std::size_t>(ViewType<std::remove_cvref_t<P>>::is_read) + ... + 0) == arrays &&
          !Viewed<arrays>::is_read,
      "ramal: a function of map_overlap takes a View<const T, N> for each array, then a View<R, N> that it "
      "fills");

  static void run(CallFrame& frame, Value& result) {
    run_with(frame, result, std::make_index_sequence<arrays>());
  }
  template <std::size_t... k>
  static void run_with(CallFrame& frame, Value& result, std::index_sequence<k...>) {
    const OverlapCall call(frame.literals);
    double constant;
    std::memcpy(&constant, call.parameters().data(), sizeof constant);
    CopiedObject<F> function(call.parameters().subspan(sizeof constant));
    auto blocks = std::make_tuple(surrounded<Element<k>>(call, frame, k, beyond<Element<k>>(constant))...);
    const auto& first = std::get<0>(blocks);
    Padded<Result> made(first.shape(), first.offset(), call.margin());
    if (first.shape().product() > 0)
      std::invoke(*function, view_of<const Element<k>, N>(call, std::get<k>(blocks), true)...,
                  view_of<Result, N>(call, made, false));
    result.emplace<Padded<Result>>(std::move(made));
  }
  template <class T>
  static T beyond(double constant) {
    if constexpr (std::convertible_to<double, T>) {
      return static_cast<T>(constant);
    } else {
      return T();
    }
  }
  static std::string preview(const CallFrame& frame) {
    return "the block at " + OverlapCall(frame.literals).place().text();
  }
  static constexpr Kind kind{.name = name,
                             .result = &TypeOf<Padded<Result>>::type,
                             .run = &run,
                             .preview = &preview,
                             .sort = Sort::member,
                             .dependence = &OverlapPattern::dependence,
                             .parameters = {.count = 1, .lists = 1, .place = false}};
};

/// The axes of arrays whose blocks are to overlap: none shorter than the depth, where several are. Throws
/// std::invalid_argument for an array that is shorter than what is taken from its other end.
std::vector<Axis> overlap_axes(const std::vector<Axis>& axes, const std::vector<OverlapAxis>& overlap,
                               std::source_location where);
/// What a block and the room around it take at most.
std::uint64_t padded_bytes(const std::vector<Axis>& axes, const std::vector<OverlapAxis>& overlap,
                           std::size_t element_bytes);
std::string preview_strip(const CallFrame& frame);
template <class T>
inline constexpr Kind strip_kind{.name = StripThunk<T>::name,
                                 .result = &TypeOf<Block<T>>::type,
                                 .run = &StripThunk<T>::run,
                                 .preview = &preview_strip,
                                 .sort = Sort::member,
                                 .dependence = &StripPattern::dependence,
                                 .parameters = {.count = 1, .lists = 1, .place = false}};

/// The sources that stand for one array: its blocks and, of each axis that exchanges, its strips.
void add_overlap_sources(const ArrayLeaf& leaf, const Kind& strips, const std::vector<OverlapAxis>& overlap,
                         std::vector<FamilySource>& sources, std::source_location where);

}  // namespace detail
}  // namespace ramal
