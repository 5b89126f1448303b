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

#include <ramal/detail/array_operations.hpp>
#include <ramal/detail/array_state.hpp>
#include <ramal/map.hpp>

namespace ramal {

/// The axes along which something is done: one, several, or `all`. Numbers below 0 count from the last.
class Axes {
 public:
  Axes(AllOfAxis) {}  // NOLINT: how arguments are passed
  template <std::integral I>
  Axes(I axis) : numbers_{static_cast<std::int64_t>(axis)} {}  // NOLINT
  Axes(std::initializer_list<std::int64_t> axes) : Axes(std::vector<std::int64_t>(axes)) {}
  explicit Axes(std::vector<std::int64_t> axes) : numbers_(std::move(axes)), none_(numbers_.empty()) {}
  /// For Ramal's own use. Throws std::invalid_argument for an axis that is not there, or named twice.
  detail::AxisSet set(std::size_t dims, std::string_view what, std::source_location where) const {
    return none_ ? 0 : detail::axis_set(numbers_, dims, what, where);
  }

  /// Some axes are named, though these may be all.
  bool names_some() const { return !numbers_.empty(); }

 private:
  std::vector<std::int64_t> numbers_;
  bool none_ = false;
};

/// How an array is reduced.
struct ArrayReduceOptions {
  bool keepdims = false;   ///< axes that go stay, with length 1
  std::int64_t arity = 2;  ///< how many blocks' results one task combines; at least 2
};

/// How a variance is computed: of n elements the sum of squares is divided by n - ddof.
struct VarianceOptions {
  double ddof = 0;
  bool keepdims = false;   ///< as in ArrayReduceOptions
  std::int64_t arity = 2;  ///< as there
};

namespace detail {

template <class T>
inline constexpr bool is_array = false;
template <class T, class Node>
inline constexpr bool is_array<Array<T, Node>> = true;

/// The line that the first of some arrays was made in.
template <class A, class... More>
std::source_location first_where(const A& array, const More&...) {
  return array.state().where;
}

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
///   a.sum(), a.mean(0), …          reductions, over all or some axes
///   a.block({0, 1}), a.blocks()    handles to the blocks
template <class T, class Node>
class Array {
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

  // --- reductions -----------------------------------------------------------------------------------------
  //
  // Over all axes they give an array without axes, which computes to a number; over some, an array of the
  // others. Bits do not depend on the number of ranks. Of no elements, sums are 0, products 1; min, max and
  // where they are throw std::invalid_argument. A NaN among the elements makes the result NaN, but for the
  // forms that skip those: nansum and so on.

  /// The sum; of whole numbers and bool in 64 bits. Inside a block in 16 lanes and pairwise, between blocks
  /// pairwise.
  auto sum(std::source_location where = std::source_location::current()) const {
    return reduced<detail::SumReduction<T, false>, true>(all, {}, "sum", where);
  }
  auto sum(const Axes& axes, ArrayReduceOptions options = {},
           std::source_location where = std::source_location::current()) const {
    return reduced<detail::SumReduction<T, false>, false>(axes, options, "sum", where);
  }
  auto nansum(std::source_location where = std::source_location::current()) const {
    return reduced<detail::SumReduction<T, true>, true>(all, {}, "nansum", where);
  }
  auto nansum(const Axes& axes, ArrayReduceOptions options = {},
              std::source_location where = std::source_location::current()) const {
    return reduced<detail::SumReduction<T, true>, false>(axes, options, "nansum", where);
  }
  /// The product, in the types of sums.
  auto prod(std::source_location where = std::source_location::current()) const {
    return reduced<detail::ProductReduction<T, false>, true>(all, {}, "prod", where);
  }
  auto prod(const Axes& axes, ArrayReduceOptions options = {},
            std::source_location where = std::source_location::current()) const {
    return reduced<detail::ProductReduction<T, false>, false>(axes, options, "prod", where);
  }
  auto nanprod(std::source_location where = std::source_location::current()) const {
    return reduced<detail::ProductReduction<T, true>, true>(all, {}, "nanprod", where);
  }
  auto nanprod(const Axes& axes, ArrayReduceOptions options = {},
               std::source_location where = std::source_location::current()) const {
    return reduced<detail::ProductReduction<T, true>, false>(axes, options, "nanprod", where);
  }
  /// Whether any element, or each, is other than 0.
  auto any(std::source_location where = std::source_location::current()) const {
    return reduced<detail::AnyReduction<T>, true>(ramal::all, {}, "any", where);
  }
  auto any(const Axes& axes, ArrayReduceOptions options = {},
           std::source_location where = std::source_location::current()) const {
    return reduced<detail::AnyReduction<T>, false>(axes, options, "any", where);
  }
  auto every(std::source_location where = std::source_location::current()) const {
    return reduced<detail::AllReduction<T>, true>(ramal::all, {}, "all", where);
  }
  auto every(const Axes& axes, ArrayReduceOptions options = {},
             std::source_location where = std::source_location::current()) const {
    return reduced<detail::AllReduction<T>, false>(axes, options, "all", where);
  }

#define RAMAL_EXTREMES(function, greatest, skips, places, Finish)                                 \
  auto function(std::source_location where = std::source_location::current()) const {             \
    return finished<detail::ExtremeReduction<T, greatest, skips, places>, detail::Finish, true>(  \
        ramal::all, {}, #function, where, true);                                                  \
  }                                                                                               \
  auto function(const Axes& axes, ArrayReduceOptions options = {},                                \
                std::source_location where = std::source_location::current()) const {             \
    return finished<detail::ExtremeReduction<T, greatest, skips, places>, detail::Finish, false>( \
        axes, options, #function, where, true);                                                   \
  }
  /// The least and the greatest element. Complex numbers are ordered by their real parts, then the imaginary.
  RAMAL_EXTREMES(min, false, false, false, ExtremeValue)
  RAMAL_EXTREMES(max, true, false, false, ExtremeValue)
  RAMAL_EXTREMES(nanmin, false, true, false, ExtremeValue)
  RAMAL_EXTREMES(nanmax, true, true, false, ExtremeValue)
  /// Where it is first, as a number within these axes, row by row; of a NaN, where that is.
  RAMAL_EXTREMES(argmin, false, false, true, ExtremePlace)
  RAMAL_EXTREMES(argmax, true, false, true, ExtremePlace)
  RAMAL_EXTREMES(nanargmin, false, true, true, ExtremePlace)
  RAMAL_EXTREMES(nanargmax, true, true, true, ExtremePlace)
#undef RAMAL_EXTREMES

#define RAMAL_MEANS(function, skips)                                                                     \
  auto function(std::source_location where = std::source_location::current()) const {                    \
    return finished<detail::MeanReduction<T, skips>, detail::MeanOf<T>, true>(ramal::all, {}, #function, \
                                                                              where, false);             \
  }                                                                                                      \
  auto function(const Axes& axes, ArrayReduceOptions options = {},                                       \
                std::source_location where = std::source_location::current()) const {                    \
    return finished<detail::MeanReduction<T, skips>, detail::MeanOf<T>, false>(axes, options, #function, \
                                                                               where, false);            \
  }
  /// The mean: the sum in double at least, divided; as T, or for whole numbers as double. NaN of no elements.
  RAMAL_MEANS(mean, false)
  RAMAL_MEANS(nanmean, true)
#undef RAMAL_MEANS
#define RAMAL_VARIANCES(function, skips, Finish)                                              \
  auto function(std::source_location where = std::source_location::current()) const {         \
    return function(0.0, where);                                                              \
  }                                                                                           \
  template <std::floating_point D>                                                            \
  auto function(D ddof, std::source_location where = std::source_location::current()) const { \
    return finished<detail::MomentsReduction<T, skips>, detail::Finish<T>, true>(             \
        ramal::all, {}, #function, where, false, static_cast<double>(ddof));                  \
  }                                                                                           \
  auto function(const Axes& axes, VarianceOptions options = {},                               \
                std::source_location where = std::source_location::current()) const {         \
    return finished<detail::MomentsReduction<T, skips>, detail::Finish<T>, false>(            \
        axes, {options.keepdims, options.arity}, #function, where, false, options.ddof);      \
  }
  /// The variance and its square root: the mean square distance from the mean. A whole number names an axis,
  /// one of floating point is `ddof`.
  ///
  ///   a.var()      a.var(1.0)      a.std(0)      a.std(0, {.ddof = 1, .keepdims = true})
  RAMAL_VARIANCES(var, false, VarianceOf)
  RAMAL_VARIANCES(std, false, DeviationOf)
  RAMAL_VARIANCES(nanvar, true, VarianceOf)
  RAMAL_VARIANCES(nanstd, true, DeviationOf)
#undef RAMAL_VARIANCES

  /// For Ramal's own use.
  const detail::ArrayState& state() const { return state_; }

 private:
  /// What has further axes than this may have none of its own.
  using View = std::conditional_t<Node::is_single, Array<T>, Array>;
  template <class R, bool is_single>
  Array<typename R::Partial, detail::Leaf<typename R::Partial, is_single>> reduced(
      const Axes& axes, ArrayReduceOptions options, const char* what, std::source_location where) const;
  template <class R, class Finish, bool is_single, class... Constant>
  auto finished(const Axes& axes, ArrayReduceOptions options, const char* what, std::source_location where,
                bool needs_some, const Constant&... constant) const;

  detail::ArrayState state_;
};

namespace detail {

/// Combines blocks of partial results along the axes that go.
template <class R>
FamilyView combined(FamilyView level, AxisSet gone, std::int64_t arity, std::source_location where) {
  for (int d = level.shape.dims; d-- > 0;) {
    if ((gone >> d & 1) != 0)
      level = reduce_levels<&combine_blocks<R>, Block<typename R::Partial>>(level, d, arity, where);
  }
  return level;
}
template <class Node, class R>
ArrayState reduce_array(const ArrayState& state, AxisSet gone, const ArrayReduceOptions& options,
                        std::source_location where) {
  std::vector<std::byte> more;
  append_padded(more, &gone, sizeof gone);
  for (const Axis& axis : state.axes) {
    const std::int64_t length = axis.length();
    append_padded(more, &length, sizeof length);
  }
  const FamilyView partial =
      expression_family(grid_kind<ReduceThunk<Node, R>, Block<typename R::Partial>>, state, 0, more, where);
  return reduced_state(combined<R>(partial, gone, options.arity, where), state, gone, options.keepdims,
                       where);
}

}  // namespace detail

template <class T, class Node>
template <class R, bool is_single>
Array<typename R::Partial, detail::Leaf<typename R::Partial, is_single>> Array<T, Node>::reduced(
    const Axes& axes, ArrayReduceOptions options, const char* what, std::source_location where) const {
  const detail::AxisSet gone = axes.set(dimensions(), what, where);
  return Array<typename R::Partial, detail::Leaf<typename R::Partial, is_single>>(
      detail::reduce_array<Node, R>(state_, gone, options, where));
}
template <class T, class Node>
template <class R, class Finish, bool is_single, class... Constant>
auto Array<T, Node>::finished(const Axes& axes, ArrayReduceOptions options, const char* what,
                              std::source_location where, bool needs_some,
                              const Constant&... constant) const {
  using Finished =
      detail::Apply<Finish, detail::Leaf<typename R::Partial, is_single>, detail::Constant<Constant>...>;
  const detail::AxisSet gone = axes.set(dimensions(), what, where);
  if (needs_some) detail::expect_elements(state_, gone, what, where);
  detail::ArrayState partial = detail::reduce_array<Node, R>(state_, gone, options, where);
  (detail::append_padded(partial.constants, &constant, sizeof constant), ...);
  return Array<typename Finished::type, Finished>(std::move(partial)).evaluated(where);
}

// --- element by element -----------------------------------------------------------------------------------

namespace detail {

/// What arrays are combined with.
template <class S>
concept ArrayOrNumber = is_array<S> || Number<S>;
template <class... S>
concept ArrayOperands = (ArrayOrNumber<S> && ...) && (is_array<S> || ...);

/// The type that the arrays among these are computed in.
template <class S, class... More>
constexpr auto arrays_type() {
  if constexpr (sizeof...(More) == 0) {
    if constexpr (is_array<S>) {
      return std::type_identity<typename S::value_type>();
    } else {
      return std::type_identity<void>();
    }
  } else {
    using Rest = typename decltype(arrays_type<More...>())::type;
    if constexpr (!is_array<S>) {
      return std::type_identity<Rest>();
    } else if constexpr (std::same_as<Rest, void> || !Number<typename S::value_type>) {
      return std::type_identity<typename S::value_type>();
    } else {
      return std::type_identity<Promoted<typename S::value_type, Rest>>();
    }
  }
}

/// The type of a value beside arrays of T. A whole number is compared as it is.
template <class F, class T, class S>
using ValueType = typename std::conditional_t < requires {
  F::compares;
}
&&std::integral<T>&&std::integral<S> && !std::same_as<T, bool> && !std::same_as<S, bool>,
    std::type_identity<S>, std::type_identity < WeaklyPromoted < T, S >>> ::type;
/// The node that stands for an operand of F beside arrays of T. One with very many leaves is evaluated first.
template <class F, class S, class T>
struct NodeOf {
  using type = Constant<ValueType<F, T, S>>;
};
template <class F, class V, class Node, class T>
struct NodeOf<F, Array<V, Node>, T> {
  using type = std::conditional_t<(Node::leaves > most_leaves), Leaf<V, Node::is_single>, Node>;
};

template <class To, class S>
To checked_value(const S& value, std::string_view what) {
  if constexpr (std::integral<To> && std::integral<S> && !std::same_as<To, bool> && !std::same_as<S, bool>) {
    if (!std::in_range<To>(value))
      throw std::invalid_argument("ramal: " + std::string(what) + ": the value " + std::to_string(value) +
                                  " is not within the type of the array, " +
                                  std::string(short_type_name<To>));
  }
  if constexpr (std::integral<To> && std::floating_point<S> && !std::same_as<To, bool>) {
    constexpr auto least = static_cast<S>(std::numeric_limits<To>::min());
    constexpr S beyond = S(2) * static_cast<S>(std::numeric_limits<To>::max() / 2 + 1);
    if (!(value > least - S(1) && value < beyond) && !(value == least))
      throw std::invalid_argument("ramal: " + std::string(what) + ": the value " + std::to_string(value) +
                                  " is not within the type of the array, " +
                                  std::string(short_type_name<To>));
  }
  return static_cast<To>(value);
}

template <class F, class T, class S>
void add_operand(Operands& operands, const S& operand) {
  if constexpr (!is_array<S>) {
    const auto value = checked_value<ValueType<F, T, S>>(operand, F::name);
    operands.add_constant(&value, sizeof value);
  } else if constexpr (S::node_type::leaves > most_leaves) {
    operands.add(operand.evaluated(operand.state().where).state());
  } else {
    operands.add(operand.state());
  }
}
/// F of each element. Throws std::invalid_argument if the shapes do not broadcast.
template <class F, class... S>
auto applied(const S&... operand) {
  using T = typename decltype(arrays_type<S...>())::type;
  using Node = Apply<F, typename NodeOf<F, S, T>::type...>;
  Operands operands(F::name);
  (add_operand<F, T>(operands, operand), ...);
  return Array<typename Node::type, Node>(operands.applied());
}

}  // namespace detail

#define RAMAL_OPERATOR(op, Name)         \
  template <class L, class R>            \
    requires detail::ArrayOperands<L, R> \
  auto operator op(const L& left, const R& right) { return detail::applied<detail::Name>(left, right); }
RAMAL_OPERATOR(+, Add)
RAMAL_OPERATOR(-, Subtract)
RAMAL_OPERATOR(*, Multiply)
RAMAL_OPERATOR(/, Divide)
RAMAL_OPERATOR(%, Remainder)
RAMAL_OPERATOR(&, BitAnd)
RAMAL_OPERATOR(|, BitOr)
RAMAL_OPERATOR(^, BitXor)
RAMAL_OPERATOR(==, Equal)
RAMAL_OPERATOR(!=, NotEqual)
RAMAL_OPERATOR(<, Less)
RAMAL_OPERATOR(<=, LessEqual)
RAMAL_OPERATOR(>, Greater)
RAMAL_OPERATOR(>=, GreaterEqual)
#undef RAMAL_OPERATOR
template <class A>
  requires detail::is_array<A>
auto operator-(const A& array) { return detail::applied<detail::Negative>(array); }
template <class A>
  requires detail::is_array<A>
auto operator+(const A& array) { return array; }
template <class A>
  requires detail::is_array<A>
auto operator~(const A& array) { return detail::applied<detail::Invert>(array); }
template <class A>
  requires detail::is_array<A>
auto operator!(const A& array) { return detail::applied<detail::LogicalNot>(array); }

#define RAMAL_NAMED(function, Name) \
  template <class A>                \
    requires detail::is_array<A>    \
  auto function(const A& array) { return detail::applied<detail::Name>(array); }
#define RAMAL_FUNCTION(Name, function) RAMAL_NAMED(function, Name)
/// Functions of <cmath>, of each element; of whole numbers in double.
RAMAL_FUNCTIONS
RAMAL_REAL_FUNCTIONS
/// Rounding; whole numbers stay as they are. `rint`, above, rounds halves to even numbers.
RAMAL_ROUNDING_FUNCTIONS
#undef RAMAL_FUNCTION
RAMAL_NAMED(abs, Absolute)
RAMAL_NAMED(sign, Sign)
RAMAL_NAMED(square, Square)
RAMAL_NAMED(conj, Conjugate)
RAMAL_NAMED(real, RealPart)
RAMAL_NAMED(imag, ImaginaryPart)
RAMAL_NAMED(isnan, IsNan)
RAMAL_NAMED(isinf, IsInf)
RAMAL_NAMED(isfinite, IsFinite)
RAMAL_NAMED(logical_not, LogicalNot)
#undef RAMAL_NAMED

#define RAMAL_NAMED(function, ...)       \
  template <class L, class R>            \
    requires detail::ArrayOperands<L, R> \
  auto function(const L& left, const R& right) { return detail::applied<__VA_ARGS__>(left, right); }
#define RAMAL_FUNCTION(Name, function) RAMAL_NAMED(function, detail::Name)
RAMAL_BINARY_FUNCTIONS
#undef RAMAL_FUNCTION
RAMAL_NAMED(floor_divide, detail::FloorDivide)
RAMAL_NAMED(pow, detail::Power)
RAMAL_NAMED(minimum, detail::Extremum<false, false>)
RAMAL_NAMED(maximum, detail::Extremum<true, false>)
RAMAL_NAMED(fmin, detail::Extremum<false, true>)
RAMAL_NAMED(fmax, detail::Extremum<true, true>)
RAMAL_NAMED(logical_and, detail::LogicalAnd)
RAMAL_NAMED(logical_or, detail::LogicalOr)
RAMAL_NAMED(logical_xor, detail::LogicalXor)
#undef RAMAL_NAMED
#undef RAMAL_FUNCTIONS
#undef RAMAL_REAL_FUNCTIONS
#undef RAMAL_ROUNDING_FUNCTIONS
#undef RAMAL_BINARY_FUNCTIONS

/// Where the condition is other than 0 the elements of the one, elsewhere of the other.
template <class C, class A, class B>
  requires(detail::is_array<C>&& detail::ArrayOrNumber<A>&& detail::ArrayOrNumber<B>)
auto where(const C& condition, const A& one, const B& other) {
  return detail::applied<detail::Where>(condition.template as<bool>(), one, other);
}
/// Each element, but not below `low` nor above `high`.
template <class A, class L, class H>
  requires(detail::is_array<A>&& detail::ArrayOrNumber<L>&& detail::ArrayOrNumber<H>)
auto clip(const A& array, const L& low, const H& high) {
  return detail::applied<detail::Clip>(array, low, high);
}

}  // namespace ramal

#include <ramal/array_creation.hpp>
#include <ramal/array_functions.hpp>
