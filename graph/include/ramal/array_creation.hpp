// SPDX-License-Identifier: BSD-3-Clause
// Arrays from nothing, from functions, from handles and from each other. Included by <ramal/array.hpp>.
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

/// A block that a G fills row by row: `row(place, count, to)`, elements along the last axis from `place` on.
template <class G>
struct GenerateThunk {
  static constexpr std::string_view name = G::name;
  using T = typename G::type;

  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    alignas(G) std::byte memory[sizeof(G)];
    std::memcpy(memory, call.parameters().data(), sizeof(G));
    const G& generator = *std::launder(reinterpret_cast<const G*>(memory));
    Block<T> block(box_shape(call), box_offset(call));
    for_each_row(block, [&generator](const Extents& place, std::int64_t count, T* to) {
      generator.row(place, count, to);
    });
    result.emplace<Block<T>>(std::move(block));
  }
};
template <class G>
Array<typename G::type> generated(const G& generator, const Extents& shape, const Chunks& chunks,
                                  std::source_location where) {
  using T = typename G::type;
  std::vector<Axis> axes = chunks.axes(shape, sizeof(T), where);
  FamilyView blocks = grid_family(grid_kind<GenerateThunk<G>, Block<T>>, axes, sizeof(T), {}, {},
                                  std::as_bytes(std::span(&generator, 1)), where);
  return Array<T>(plain_state(std::move(blocks), std::move(axes), where));
}

template <class T>
struct FullGenerator {
  static constexpr std::string_view name = "full";
  using type = T;
  void row(const Extents&, std::int64_t count, T* to) const { std::fill_n(to, count, value); }
  T value;
};
template <class T>
struct RangeGenerator {
  static constexpr std::string_view name = "arange";
  using type = T;
  void row(const Extents& place, std::int64_t count, T* to) const {
    const auto first = static_cast<std::int64_t>(place[0]);
    for (std::int64_t i = 0; i < count; ++i) {
      if constexpr (std::integral<T>) {
        to[i] = static_cast<T>(static_cast<std::uint64_t>(start) +
                               static_cast<std::uint64_t>(first + i) * static_cast<std::uint64_t>(step));
      } else {
        to[i] = start + static_cast<T>(first + i) * step;
      }
    }
  }
  T start, step;
};
template <class T>
struct LinspaceGenerator {
  static constexpr std::string_view name = "linspace";
  using type = T;
  void row(const Extents& place, std::int64_t count, T* to) const {
    const auto first = static_cast<std::int64_t>(place[0]);
    for (std::int64_t i = 0; i < count; ++i)
      to[i] = is_closed && first + i == number - 1 ? stop : start + static_cast<T>(first + i) * step;
  }
  T start, stop, step;
  std::int64_t number;
  std::int64_t is_closed;
};
template <class T>
struct EyeGenerator {
  static constexpr std::string_view name = "eye";
  using type = T;
  void row(const Extents& place, std::int64_t count, T* to) const {
    std::fill_n(to, count, T(0));
    const std::int64_t at =
        static_cast<std::int64_t>(place[0]) + diagonal - static_cast<std::int64_t>(place[1]);
    if (at >= 0 && at < count) to[at] = T(1);
  }
  std::int64_t diagonal;
};
template <auto f>
struct FunctionGenerator {
  static constexpr std::string_view name = function_name<f>;
  using type = ResultOf<decltype(f)>;
  void row(Extents place, std::int64_t count, type* to) const {
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] = f(place);
      if (place.size() > 0) ++place[place.size() - 1];
    }
  }
};
/// The same for an object with state.
template <class F>
struct ClosureGenerator {
  static constexpr std::string_view name = "from_function";
  using type = std::remove_cvref_t<std::invoke_result_t<const F&, const Extents&>>;
  void row(Extents place, std::int64_t count, type* to) const {
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] = function(std::as_const(place));
      if (place.size() > 0) ++place[place.size() - 1];
    }
  }
  F function;
};

/// Blocks of others, each at its own place; elements that are in none have one value. Parameters: that.
template <class T>
struct PasteThunk {
  static constexpr std::string_view name = "paste";

  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    T value;
    std::memcpy(static_cast<void*>(&value), call.parameters().data(), sizeof value);
    Block<T> block(box_shape(call), box_offset(call));
    std::fill(block.begin(), block.end(), value);
    const auto dims = static_cast<std::size_t>(call.dims());
    std::vector<AxisMap> own;
    for (int d = 0; d < call.dims(); ++d) own.push_back(AxisMap::along(d));
    const std::vector<std::int64_t> ones(dims, 1);
    const GridCall::Source to{own, ones, 0, 1, call.low(), call.high()};
    const BlockMemory target = BlockMemory::of(block);
    const auto order = all_axes();
    for (const GridCall::Source& source : call.sources()) {
      if (source.blocks == 0) continue;
      std::vector<BlockMemory> blocks;
      for (std::size_t i = source.first; i < source.first + source.blocks; ++i)
        blocks.push_back(BlockMemory::of(frame.input(i).template get<Block<T>>()));
      const std::array<Walk::Operand, 2> operands{
          {{&to, &target, sizeof(T)}, {&source, blocks.data(), sizeof(T)}}};
      Walk walk(source.low, source.high, operands, std::span(order).first(dims), 0);
      copy_elements(walk, sizeof(T));
    }
    result.emplace<Block<T>>(std::move(block));
  }
};

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

/// Arrays one behind the other along an axis.
template <class T>
Array<T> concatenated(std::span<const Array<T>> arrays, int axis, std::source_location where) {
  constexpr std::size_t most_sources = 60;
  if (arrays.size() > most_sources) {  // in groups of as many, whose results are as many fewer
    std::vector<Array<T>> groups;
    const std::size_t group = (arrays.size() + most_sources - 1) / most_sources;
    for (std::size_t at = 0; at < arrays.size(); at += group)
      groups.push_back(concatenated(arrays.subspan(at, std::min(group, arrays.size() - at)), axis, where));
    return concatenated(std::span<const Array<T>>(groups), axis, where);
  }
  const auto along = static_cast<std::size_t>(axis);
  std::vector<Axis> axes = arrays.front().state().axes;
  std::vector<const Axis*> parts;
  std::vector<std::int64_t> begins;
  std::int64_t begin = 0;
  for (const Array<T>& array : arrays) {
    const ArrayState& state = array.state();
    bool fits = state.dims() == axes.size();
    for (std::size_t d = 0; fits && d < axes.size(); ++d) {
      if (d == along) continue;
      fits = state.axes[d].length() == axes[d].length();
      if (fits && state.axes[d].count() > axes[d].count()) axes[d] = state.axes[d];
    }
    if (!fits)
      refuse_array("concatenate: expected arrays that differ along axis " + std::to_string(axis) +
                       " alone, found shapes " + shape_of(arrays.front().state().axes).text() + " and " +
                       state.shape().text(),
                   where);
    parts.push_back(&state.axes[along]);
    begins.push_back(begin);
    begin += state.axes[along].length();
  }
  axes[along] = joined_axis(parts);
  std::vector<FamilySource> sources;
  std::vector<GridSource> grids;
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    const Array<T> unpadded = arrays[k].without_padding(where);
    const ArrayLeaf& leaf = unpadded.state().leaves.front();
    GridSource grid = leaf.grid;
    for (AxisMap& map : grid.maps)
      if (map.out == axis) map.start -= map.step * begins[k];
    for (std::size_t d = 0; d < axes.size(); ++d)
      grid.piece.emplace_back(d == along ? begins[k] : 0,
                              d == along ? begins[k] + arrays[k].state().axes[d].length() : axes[d].length());
    sources.push_back(leaf.source);
    grids.push_back(std::move(grid));
  }
  std::vector<std::byte> parameters;
  const T filler = T();
  append_padded(parameters, &filler, sizeof filler);
  FamilyView blocks = grid_family(grid_kind<PasteThunk<T>, Block<T>>, axes, sizeof(T), std::move(sources),
                                  grids, parameters, where);
  return Array<T>(plain_state(std::move(blocks), std::move(axes), where));
}

}  // namespace detail

// --- from nothing -----------------------------------------------------------------------------------------

/// An array of one value. See Chunks for how it is cut.
///
///   auto ones = ramal::full<float>({1000, 1000}, 1, {100, 1000});
template <class T>
Array<T> full(const Extents& shape, const std::type_identity_t<T>& value, const Chunks& chunks = {},
              std::source_location where = std::source_location::current()) {
  return detail::generated(detail::FullGenerator<T>{value}, shape, chunks, where);
}
template <class T>
Array<T> zeros(const Extents& shape, const Chunks& chunks = {},
               std::source_location where = std::source_location::current()) {
  return full<T>(shape, T(0), chunks, where);
}
template <class T>
Array<T> ones(const Extents& shape, const Chunks& chunks = {},
              std::source_location where = std::source_location::current()) {
  return full<T>(shape, T(1), chunks, where);
}
/// start, start + step, … up to before stop. Throws std::invalid_argument for a step of 0, ends that are not
/// finite, and numbers that T does not hold.
template <class T, detail::Number A, detail::Number B>
Array<T> arange(A start, B stop, std::type_identity_t<T> step = T(1), const Chunks& chunks = {},
                std::source_location where = std::source_location::current()) {
  if (step == T(0)) detail::refuse_array("arange: expected a step other than 0", where);
  std::int64_t length = 0;
  if constexpr (std::integral<A> && std::integral<B> && std::integral<T>) {
    const bool rises = step > T(0);
    if (rises ? std::cmp_less(start, stop) : std::cmp_greater(start, stop)) {
      const auto apart = rises ? static_cast<std::uint64_t>(stop) - static_cast<std::uint64_t>(start)
                               : static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(stop);
      const auto stride = rises ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
      length = static_cast<std::int64_t>(1 + (apart - 1) / stride);
    }
    const auto last = static_cast<std::uint64_t>(start) +
                      static_cast<std::uint64_t>(length - 1) * static_cast<std::uint64_t>(step);
    const bool fits = std::unsigned_integral<T> ? std::in_range<T>(last) || std::cmp_less(start, 0)
                                                : std::in_range<T>(static_cast<std::int64_t>(last));
    if (length > 0 && (!std::in_range<T>(start) || !fits))
      detail::refuse_array("arange: the type does not hold the numbers from " + std::to_string(start) +
                               " to before " + std::to_string(stop),
                           where);
  } else {
    const double steps =
        std::ceil((static_cast<double>(stop) - static_cast<double>(start)) / static_cast<double>(step));
    if (!(std::abs(steps) < 0x1p62))
      detail::refuse_array("arange: expected a finite number of steps, found " + std::to_string(steps),
                           where);
    length = std::max<std::int64_t>(0, static_cast<std::int64_t>(steps));
  }
  return detail::generated(detail::RangeGenerator<T>{static_cast<T>(start), step},
                           {static_cast<std::uint64_t>(length)}, chunks, where);
}
/// 0, 1, … up to before stop.
template <class T, detail::Number B>
Array<T> arange(B stop, const Chunks& chunks = {},
                std::source_location where = std::source_location::current()) {
  return arange<T>(B(0), stop, T(1), chunks, where);
}
/// `number` values that are as far apart, from start to stop; without `endpoint`, to before it.
template <std::floating_point T = double>
Array<T> linspace(std::type_identity_t<T> start, std::type_identity_t<T> stop, std::int64_t number,
                  bool endpoint = true, const Chunks& chunks = {},
                  std::source_location where = std::source_location::current()) {
  if (number < 0)
    detail::refuse_array("linspace: expected a number of values, found " + std::to_string(number), where);
  const std::int64_t steps = endpoint ? number - 1 : number;
  const T step = steps > 0 ? (stop - start) / static_cast<T>(steps) : T(0);
  return detail::generated(detail::LinspaceGenerator<T>{start, stop, step, number, endpoint && number > 1},
                           {static_cast<std::uint64_t>(number)}, chunks, where);
}
/// A matrix with ones on a diagonal: the main one, or so many above it.
template <class T>
Array<T> eye(std::int64_t rows, std::int64_t columns, std::int64_t diagonal = 0, const Chunks& chunks = {},
             std::source_location where = std::source_location::current()) {
  if (rows < 0 || columns < 0)
    detail::refuse_array("eye: expected numbers of rows and columns, found " + std::to_string(rows) +
                             " and " + std::to_string(columns),
                         where);
  return detail::generated(detail::EyeGenerator<T>{diagonal},
                           {static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns)}, chunks,
                           where);
}
/// f(index) for each element, where f takes a `const Extents&`.
template <auto f>
auto from_function(const Extents& shape, const Chunks& chunks = {},
                   std::source_location where = std::source_location::current()) {
  return detail::generated(detail::FunctionGenerator<f>{}, shape, chunks, where);
}
/// The same for a function with state, such as a lambda: trivially copyable, and without addresses. Throws
/// std::invalid_argument if it has some.
///
///   auto wave = ramal::from_function([k](const Extents& at) { return std::sin(k * double(at[0])); }, {1000});
template <class F>
  requires(std::is_class_v<F>)
auto from_function(const F& function, const Extents& shape, const Chunks& chunks = {},
                   std::source_location where = std::source_location::current()) {
  static_assert(std::is_trivially_copyable_v<F>,
                "ramal: the function of from_function must capture plain values");
  static_assert(std::invocable<const F&, const Extents&>,
                "ramal: the function of from_function must take a const Extents&, and be const");
  if constexpr (!std::is_empty_v<F>)
    detail::refuse_addresses_in(function, "the function of from_function", where);
  return detail::generated(detail::ClosureGenerator<F>{function}, shape, chunks, where);
}
/// Does not compile, and says why.
template <class F>
  requires(std::is_function_v<F> || std::is_pointer_v<F>)
void from_function(const F&, const Extents&, const Chunks& = {}) {
  static_assert(
      detail::never<F>,
      "ramal: a function is given in angle brackets, as in from_function<f>({100}): its address means "
      "nothing on another rank");
}

// --- from what is there -----------------------------------------------------------------------------------

namespace detail {

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

// --- from each other --------------------------------------------------------------------------------------

/// Arrays one behind the other along an axis that they have. Their blocks are copied. Throws
/// std::invalid_argument if they differ along another, or there are none.
template <class T>
Array<T> concatenate(const std::vector<Array<T>>& arrays, std::int64_t axis = 0,
                     std::source_location where = std::source_location::current()) {
  if (arrays.empty()) detail::refuse_array("concatenate: expected at least one array", where);
  return detail::concatenated(std::span(arrays),
                              detail::checked_axis(axis, arrays.front().dimensions(), "concatenate", where),
                              where);
}
/// Arrays of one shape, one beside the other along a new axis.
template <class T>
Array<T> stack(const std::vector<Array<T>>& arrays, std::int64_t axis = 0,
               std::source_location where = std::source_location::current()) {
  if (arrays.empty()) detail::refuse_array("stack: expected at least one array", where);
  const int at = detail::checked_axis(axis, arrays.front().dimensions() + 1, "stack", where);
  std::vector<Array<T>> raised;
  for (const Array<T>& array : arrays) {
    std::vector<detail::IndexPart> parts(
        static_cast<std::size_t>(std::min<std::size_t>(at, array.dimensions())), all);
    parts.push_back(newaxis);
    raised.push_back(Array<T>(array.state().indexed(parts, where)));
  }
  return concatenate(raised, at, where);
}

}  // namespace ramal
