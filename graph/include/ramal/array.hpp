// SPDX-License-Identifier: BSD-3-Clause
// Array<T>: an n-dimensional array that is cut into blocks, which lie on whatever ranks make them. What NumPy
// does with arrays is done here with these, lazily: nothing runs before a session computes something of it.
//
//   auto t = ramal::arange<double>(1'000'000).rechunk({100'000});
//   auto shifted = t(ramal::slice(1, {})) - t(ramal::slice(-1));        // a view of a view costs nothing
//   auto rms = ramal::sqrt((shifted * shifted).mean());                 // one pass over the blocks
//   session.compute(rms) == 1.0
//
// An operation costs rank 0 the same however many blocks there are. An Array<T> has a family of blocks behind
// it, some of whose elements it sees. What operators and functions give is an expression, which is computed
// wherever it is used, fused with what uses it. `Array<double> x = expression` makes a family of it, so that
// it is computed once in each graph that uses it; `session.persist(x)` keeps that.
//
// Types are promoted, and results are, as in NumPy 2: float beside a double value stays float. Whole numbers
// wrap around, `/` divides them as doubles. Arrays are immutable: assigning to a part gives a new one.
//
// Everything here may be called in any thread. Errors that can be seen at once are thrown as
// std::invalid_argument or std::out_of_range, and name the shapes and lines.
#pragma once

#include <ramal/array_reductions.hpp>
#include <ramal/detail/array_operations.hpp>
#include <ramal/map.hpp>

namespace ramal {

/// See Array::rechunk.
struct RechunkOptions {
  bool again = false;
};

namespace detail {

template <class T>
inline constexpr bool is_array = false;
template <class T, class Node>
inline constexpr bool is_array<Array<T, Node>> = true;

/// The family of blocks of an expression.
template <class Node>
FamilyView family_of(const ArrayState& state, std::source_location where) {
  using T = typename Node::type;
  return expression_family(grid_kind<EvaluateThunk<Node>, Block<T>>, state, sizeof(T), {}, where);
}
template <class T>
T only_element(const Block<T>& block) {
  return *block.data();
}

/// An array that is given to a function of its blocks, and the line it stands in, which only a conversion can
/// learn. T is what the function takes. Only refers to the array, so it lives no longer than the call.
template <class T>
class ArrayHere {
 public:
  template <class V, class Node>
  ArrayHere(const Array<V, Node>& array,  // NOLINT: how arguments are passed
            std::source_location line = std::source_location::current())
      : where(line),
        state_(array.state()),
        is_leaf_(std::same_as<Node, Leaf<V, Node::is_single>>),
        blocks_(&family_of<Node>) {
    static_assert(
        std::same_as<V, T>,
        "ramal: map_blocks, map_overlap: the function's parameters must be blocks, or views, of the "
        "arrays' types");
  }
  const ArrayState& state() const { return state_; }
  /// With a family of blocks that are cut so: its own if they are, which may have to have no padding.
  ArrayState made_on(const std::vector<Axis>& axes, bool may_be_padded, std::source_location line) const {
    ArrayState made = state_.broadcast(axes);
    if (is_leaf_ && (may_be_padded ? made.is_as_made() : made.is_plain())) return made;
    return plain_state(blocks_(made, line), made.axes, line);
  }

  std::source_location where;

 private:
  const ArrayState& state_;
  bool is_leaf_;
  FamilyView (*blocks_)(const ArrayState&, std::source_location);
};
/// The axes of what such arrays give together. Throws std::invalid_argument, naming `what` and the line, if
/// their shapes do not broadcast.
template <class... T>
std::vector<Axis> axes_together(std::string_view what, std::source_location where,
                                const ArrayHere<T>&... array) {
  const ArrayState* const states[] = {&array.state()...};
  return broadcast_axes(states, what, where);
}
/// What is said where a function has been given other arrays than it takes; `true` if it has as many.
template <std::size_t expected, std::size_t given>
constexpr bool takes_arrays() {
  static_assert(
      expected == given,
      "ramal: map_blocks, map_overlap: called with too few or too many arrays; expected one for each "
      "of the function's parameters, but the block that it fills");
  return expected == given;
}

}  // namespace detail

/// See the top of this file. Node says what is computed: of an Array<T> nothing, it has blocks.
///
///   member                         gives
///   shape(), size(), axes…         of the whole array
///   a(slice(1, 5), all, -1)        some of it; see `operator()`
///   a.sum(), a.mean(0), …          reductions, over all or some axes: see ArrayReductions
///   a.block({0, 1}), a.blocks()    handles to the blocks
template <class T, class Node>
class Array : public ArrayReductions<T, Node> {
 public:
  /// What an element is.
  using value_type = T;
  /// For Ramal's own use.
  using node_type = Node;
  /// For Ramal's own use.
  explicit Array(detail::ArrayState state) : state_(std::move(state)) {}
  /// Makes a family of an expression's blocks. O(1).
  template <class Other>
    requires(std::same_as<Node, detail::Leaf<T>> && !std::same_as<Other, Node>)
  Array(const Array<T, Other>& expression,  // NOLINT: an expression is an array
        std::source_location where = std::source_location::current())
      : Array(expression.evaluated(where).state()) {}

  // --- what it is -----------------------------------------------------------------------------------------
  /// The lengths of its axes, 0 to 8 of them, the slowest first.
  Extents shape() const { return state_.shape(); }
  /// How many axes it has.
  std::size_t dimensions() const { return state_.dims(); }
  /// How many elements it has.
  std::int64_t size() const { return state_.size(); }
  /// How many bytes all elements take.
  std::uint64_t bytes() const { return static_cast<std::uint64_t>(size()) * sizeof(T); }
  /// The lengths of the chunks along an axis. O(chunks).
  std::vector<std::int64_t> chunks(std::int64_t axis) const {
    const auto d = static_cast<std::size_t>(
        detail::checked_axis(axis, dimensions(), "chunks", std::source_location::current()));
    const detail::AxisView& view = state_.axes[d].view();
    std::vector<std::int64_t> lengths;
    for (std::int64_t chunk = 0; chunk < view.count; ++chunk)
      lengths.push_back(view.end(chunk) - view.begin(chunk));
    return lengths;
  }
  /// How many chunks there are along each axis.
  Extents grid() const {
    Extents counts = Extents::filled(dimensions(), 1);
    for (std::size_t d = 0; d < dimensions(); ++d)
      counts[d] = static_cast<std::uint64_t>(state_.axes[d].count());
    return counts;
  }
  /// Shape, type, bytes, chunks, and how many tasks make it of what there is, in one line. O(operations).
  std::string text() const {
    return detail::array_text(state_, detail::short_type_name<T>, sizeof(T), Node::name);
  }

  // --- blocks ---------------------------------------------------------------------------------------------
  /// The same values with a family of blocks of its own, as it is cut; itself if it has that already. O(1).
  Array<T, detail::Leaf<T, Node::is_single>> evaluated(
      std::source_location where = std::source_location::current()) const {
    using Evaluated = Array<T, detail::Leaf<T, Node::is_single>>;
    if constexpr (std::same_as<Evaluated, Array>) {
      if (state_.is_plain()) return *this;
    }
    return Evaluated(detail::plain_state(detail::family_of<Node>(state_, where), state_.axes, where));
  }
  /// For Ramal's own use: what reads its leaves as Blocks needs it. Itself, unless these are padded. O(1).
  Array<T, detail::Leaf<T, Node::is_single>> without_padding(
      std::source_location where = std::source_location::current()) const
      requires(std::same_as<Node, detail::Leaf<T, Node::is_single>>) {
    if (!state_.leaves.front().is_padded) return *this;
    return Array(detail::plain_state(detail::family_of<Node>(state_, where), state_.axes, where));
  }
  /// Its blocks as a family over the grid of chunks (of one place for an array without axes). Each Block
  /// knows its offset in the array. O(1).
  Family<Block<T>> blocks(std::source_location where = std::source_location::current()) const {
    return Family<Block<T>>(evaluated(where).state().leaves[0].source.view);
  }
  /// The block at a place in the grid. O(1). Throws std::out_of_range if there is no such place.
  Delayed<Block<T>> block(const Index& place,
                          std::source_location where = std::source_location::current()) const {
    return blocks(where)[place];
  }
  /// All of it in one block on rank 0; an array without axes, such as `a.sum()` gives, as its element. What
  /// `session.compute` gives.
  auto gathered(std::source_location where = std::source_location::current()) const {
    detail::ArrayState whole = state_;
    for (detail::Axis& axis : whole.axes) axis = detail::Axis::whole(axis.length());
    const Family<Block<T>> all(detail::family_of<Node>(whole, where));
    Annotation wishes{.rank = 0, .result_bytes = bytes()};
    const Index extent = all.extent();
    Index first;
    first.dims = extent.dims;
    const Delayed<Block<T>> block = all.annotate(wishes, where)[first];
    if constexpr (Node::is_single) {
      return delayed<&detail::only_element<T>>(block, where);
    } else {
      return block;
    }
  }
  /// The same values cut otherwise: each block is put together from those that it is in. Where these are cut
  /// across, as rows of columns, they are cut up first, so that no more travels than must. O(1), or O(chunks)
  /// where lengths are irregular or cut across.
  Array<T> rechunk(const Chunks& chunks, std::source_location where = std::source_location::current()) const {
    detail::ArrayState made = state_;
    made.where = where;
    const std::vector<detail::Axis> axes = chunks.axes(shape(), sizeof(T), where);
    if (const auto pieces = detail::pieces_between(state_.axes, axes)) {
      made.axes = *pieces;
      made = Array<T, Node>(std::move(made)).evaluated(where).state();
      made.axes = axes;
      return Array<T, detail::Leaf<T, Node::is_single>>(std::move(made)).evaluated(where);
    }
    made.axes = axes;
    return Array<T, Node>(std::move(made)).evaluated(where);
  }
  /// The same. With `.again` nothing is cut up and nothing waits: what it is an expression of is made with
  /// these chunks in the first place, or read from its file so. This takes no more memory than a few blocks,
  /// also where rows become columns of an array larger than memory. O(operations), and what they compute is
  /// computed again if it is needed with other chunks too. Throws std::invalid_argument if blocks are read
  /// that cannot be made with other chunks: persisted ones, those of `map_blocks`, sums, and others that are
  /// not made element by element. What lacks an axis, as means along it, is read as it is.
  ///
  ///   const Array<double> kelvin = read_hdf5<double>("t.nc", "/t").array() + 273.15;
  ///   session.compute(kelvin.rechunk({-1, 100}, {.again = true}).max(0));
  Array<T> rechunk(const Chunks& chunks, const RechunkOptions& options,
                   std::source_location where = std::source_location::current()) const {
    if (!options.again) return rechunk(chunks, where);
    const std::vector<detail::Axis> axes = chunks.axes(shape(), sizeof(T), where);
    return Array<T, Node>(detail::made_again(state_, axes, sizeof(T), where)).evaluated(where);
  }

  // --- parts ----------------------------------------------------------------------------------------------
  /// Some of its elements, by an argument for each axis, as in NumPy: a number takes one and drops the axis,
  /// a `slice` a range, `all` the whole; `newaxis` adds one of length 1, `ellipsis` stands for all axes that
  /// are not named, and so does nothing at the end. It is a view, and costs nothing when it is computed.
  ///
  ///   a(0)                    the first row
  ///   a(all, slice(1, -1))    without the first and last columns
  ///   a(ellipsis, newaxis)    with an axis of length 1 behind
  ///
  /// Throws std::out_of_range for a number that is not within its axis, std::invalid_argument for too many.
  template <class... Part>
    requires(std::constructible_from<detail::IndexPart, Part>&&...)
  auto operator()(const Part&... part) const {
    const std::array<detail::IndexPart, sizeof...(Part)> parts{detail::IndexPart(part)...};
    const View view = *this;
    return View(view.state().indexed(parts, state_.where));
  }
  /// The same with one argument.
  template <class Part>
    requires(std::constructible_from<detail::IndexPart, Part>)
  auto operator[](const Part& part) const { return (*this)(part); }

  /// With its axes in another order; without arguments in the reverse one. Throws std::invalid_argument if
  /// not each axis is named once.
  Array transpose(std::vector<std::int64_t> order = {},
                  std::source_location where = std::source_location::current()) const {
    std::vector<int> axes;
    if (order.empty()) {
      for (std::size_t d = dimensions(); d-- > 0;) axes.push_back(static_cast<int>(d));
    } else {
      if (order.size() != dimensions() ||
          detail::axis_set(order, dimensions(), "transpose", where) + 1 != detail::AxisSet{1} << dimensions())
        detail::refuse_array("transpose: expected each of the " + std::to_string(dimensions()) + " axes once",
                             where);
      for (const std::int64_t axis : order)
        axes.push_back(detail::checked_axis(axis, dimensions(), "transpose", where));
    }
    return Array(state_.transposed(axes, where));
  }
  /// With one axis moved to another position.
  Array moveaxis(std::int64_t from, std::int64_t to,
                 std::source_location where = std::source_location::current()) const {
    std::vector<int> order;
    const int moved = detail::checked_axis(from, dimensions(), "moveaxis", where);
    for (int d = 0; d < static_cast<int>(dimensions()); ++d)
      if (d != moved) order.push_back(d);
    order.insert(order.begin() + detail::checked_axis(to, dimensions(), "moveaxis", where), moved);
    return Array(state_.transposed(order, where));
  }
  /// Without its axes of length 1, or those of them that are named. Throws std::invalid_argument if one of
  /// these is longer.
  Array squeeze(const Axes& axes = all, std::source_location where = std::source_location::current()) const {
    const detail::AxisSet set = axes.set(dimensions(), "squeeze", where);
    const bool is_named = axes.names_some();
    std::vector<detail::ViewAxis> view;
    for (std::size_t d = 0; d < dimensions(); ++d) {
      const std::int64_t length = state_.axes[d].length();
      if ((set >> d & 1) != 0 && length == 1) continue;
      if ((set >> d & 1) != 0 && is_named)
        detail::refuse_array("squeeze: expected axis " + std::to_string(d) + " of shape " + shape().text() +
                                 " to have length 1",
                             where);
      view.push_back({static_cast<int>(d), 0, 1, length});
    }
    return Array(state_.viewed(view, std::vector<std::int64_t>(dimensions(), 0), where));
  }
  /// Backwards along these axes.
  Array flip(const Axes& axes = all, std::source_location where = std::source_location::current()) const {
    const detail::AxisSet set = axes.set(dimensions(), "flip", where);
    std::vector<detail::IndexPart> parts;
    for (std::size_t d = 0; d < dimensions(); ++d)
      parts.push_back((set >> d & 1) != 0 ? detail::IndexPart(slice({}, {}, -1))
                                          : detail::IndexPart(ramal::all));
    return Array(state_.indexed(parts, where));
  }
  /// Repeated to have a shape that it broadcasts to. Throws std::invalid_argument if it does not.
  auto broadcast_to(const Extents& to, std::source_location where = std::source_location::current()) const {
    std::vector<detail::Axis> axes;
    bool fits = to.size() >= dimensions();
    for (std::size_t j = 0; fits && j < to.size(); ++j) {
      const auto length = static_cast<std::int64_t>(to[j]);
      const std::size_t ahead = to.size() - dimensions();
      const bool is_own = j >= ahead && state_.axes[j - ahead].length() == length;
      fits = j < ahead || is_own || state_.axes[j - ahead].length() == 1;
      axes.push_back(is_own ? state_.axes[j - ahead] : detail::Axis::whole(length));
    }
    if (!fits)
      detail::refuse_array("broadcast_to: shape " + shape().text() + " does not broadcast to " + to.text(),
                           where);
    const View view = *this;
    detail::ArrayState made = view.state().broadcast(axes);
    made.where = where;
    return View(std::move(made));
  }
  /// Each element converted to U, as a C++ cast does.
  template <class U>
  auto as() const {
    return Array<U, detail::Apply<detail::Cast<U>, Node>>(state_);
  }

  /// For Ramal's own use.
  const detail::ArrayState& state() const { return state_; }

 private:
  /// What has further axes than this may have none of its own.
  using View = std::conditional_t<Node::is_single, Array<T>, Array>;
  detail::ArrayState state_;
};

}  // namespace ramal

#include <ramal/array_blocks.hpp>
#include <ramal/array_creation.hpp>
#include <ramal/array_functions.hpp>
#include <ramal/array_joins.hpp>
#include <ramal/array_operators.hpp>
