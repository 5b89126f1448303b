// SPDX-License-Identifier: BSD-3-Clause
// Elements that a mask chooses. How many there are is known only when they are computed, so a Selection is no
// array: it has blocks of lengths that nobody knows yet. Included by <ramal/array_index.hpp>.
//
//   const auto hot = ramal::select(field, field > 300.0);      // field[field > 300]
//   const auto [number, mean] = session.compute(hot.count(), hot.mean());
//   const ramal::Block<double> all = session.compute(hot);     // on rank 0
//   const ramal::Array<double> array = ramal::resolve(session, hot);
#pragma once

#include <ramal/array_shape.hpp>
#include <ramal/detail/select.hpp>

namespace ramal {

/// The elements, or rows, that a mask chose, in blocks one behind the other. Each block has what its part of
/// the array gave; there may be none. Lazy, as arrays are: nothing runs before a session computes something.
///
///   member                      gives
///   count()                     how many there are, as an array without axes
///   sum(), mean(), max(), …     of all elements, as arrays without axes; bits hang on the chunks alone
///   block(i), blocks()          handles to the blocks
///
/// `session.compute(selected)` gives all of it in one Block, `session.persist(selected)` keeps the blocks
/// where they are made, and `resolve(session, selected)` makes an array of it.
template <class T>
class Selection {
 public:
  using value_type = T;

  /// For Ramal's own use: a family of one dimension, and the shape of a block, but for its first length.
  Selection(Family<Block<T>> blocks, const Extents& shape, std::source_location where)
      : blocks_(std::move(blocks)), shape_(shape), where_(where) {}

  /// The blocks. Their offsets say nothing.
  const Family<Block<T>>& blocks() const { return blocks_; }
  Delayed<Block<T>> block(std::int64_t i) const { return blocks_[i]; }
  /// The shape of what it gives; the first length is 0 and stands for one that is not known.
  const Extents& shape() const { return shape_; }
  /// How many elements, or rows, each block has, as an array of one chunk a block.
  Array<std::int64_t> counts() const {
    return Array<std::int64_t>(detail::plain_state(
        ramal::map<&detail::count_of_block<T>>({blocks_, where_}).view(), axes(), where_));
  }
  /// How many elements, or rows, there are.
  auto count() const { return counts().sum(where_); }

  auto sum() const { return reduced<detail::SumReduction<T, false>>(); }
  auto prod() const { return reduced<detail::ProductReduction<T, false>>(); }
  auto any() const { return reduced<detail::AnyReduction<T>>(); }
  auto every() const { return reduced<detail::AllReduction<T>>(); }
  /// The least and the greatest. Of no elements their task fails.
  auto min() const {
    return finished<detail::ExtremeReduction<T, false, false, false>, detail::SelectedExtreme>();
  }
  auto max() const {
    return finished<detail::ExtremeReduction<T, true, false, false>, detail::SelectedExtreme>();
  }
  /// NaN of no elements.
  auto mean() const { return finished<detail::MeanReduction<T, false>, detail::MeanOf<T>>(); }
  auto var(double ddof = 0) const {
    return finished<detail::MomentsReduction<T, false>, detail::VarianceOf<T>>(ddof);
  }
  auto std(double ddof = 0) const {
    return finished<detail::MomentsReduction<T, false>, detail::DeviationOf<T>>(ddof);
  }

  /// All of it in one block on rank 0. What `session.compute` gives.
  Delayed<Block<T>> gathered() const {
    const std::int64_t count = blocks_.size();
    const detail::GridSource all{axes(), {detail::AxisMap::all(count)}};
    const Family<Block<T>> made(detail::grid_family(
        detail::grid_kind<detail::GatherSelectionThunk<T>, Block<T>>, {detail::Axis::whole(1)}, 0,
        {{blocks_.view(), {}}}, {all}, std::as_bytes(std::span(&shape_, 1)), where_));
    return made.annotate({.rank = 0}, where_)[0];
  }
  /// Itself, as sessions ask it of arrays.
  const Selection& evaluated() const { return *this; }
  /// The line that it was made in.
  std::source_location where() const { return where_; }

 private:
  std::vector<detail::Axis> axes() const { return {detail::Axis::regular(blocks_.size(), 1)}; }
  template <class R>
  detail::ArrayState reduced_blocks() const {
    const detail::FamilyView partial = ramal::map<&detail::reduce_selected<R, T>>({blocks_, where_}).view();
    return detail::reduced_state(detail::combined<R>(partial, 1, 2, where_),
                                 detail::plain_state(blocks_.view(), axes(), where_), 1, false, where_);
  }
  template <class R>
  auto reduced() const {
    return Array<typename R::Partial, detail::Leaf<typename R::Partial, true>>(reduced_blocks<R>());
  }
  template <class R, class Finish, class... Constant>
  auto finished(const Constant&... constant) const {
    using Finished =
        detail::Apply<Finish, detail::Leaf<typename R::Partial, true>, detail::Constant<Constant>...>;
    detail::ArrayState partial = reduced_blocks<R>();
    (detail::append_padded(partial.constants, &constant, sizeof constant), ...);
    return Array<typename Finished::type, Finished>(std::move(partial)).evaluated(where_);
  }

  Family<Block<T>> blocks_;
  Extents shape_;
  std::source_location where_;
};

namespace detail {

/// An array's elements, cut otherwise, or broadcast; with blocks of their own.
template <class T, class Node>
Array<T> cut_as(const Array<T, Node>& array, const std::vector<Axis>& axes, std::source_location where) {
  return Array<T, Node>(array.state().broadcast(axes)).evaluated(where);
}
/// Where an array is other than 0, as places row by row.
template <class T, class Node>
Selection<std::int64_t> places_of(const Array<T, Node>& array, std::source_location where) {
  const Array<bool> mask = ravel(array.template as<bool>(), where);
  return {ramal::map<&places_of_true>({mask.blocks(where), where}), Extents{0}, where};
}

}  // namespace detail

/// The elements at which the mask is other than 0, row by row, as NumPy's `a[mask]` has them. Shapes are
/// broadcast. For an array that is cut along its first axis alone, blocks give their elements where they lie;
/// others are raveled first, which moves them. Throws std::invalid_argument if shapes do not broadcast.
///
///   auto odd = ramal::select(a, a % 2 == 1);
template <class A, class M>
  requires(detail::is_array<A>&& detail::is_array<M>)
auto select(const A& array, const M& mask, std::source_location where = std::source_location::current()) {
  using T = typename A::value_type;
  const detail::ArrayState* both[] = {&array.state(), &mask.state()};
  const std::vector<detail::Axis> axes = detail::broadcast_axes(both, "select");
  const Array<T> values = ravel(detail::cut_as(array, axes, where), where);
  const Array<bool> chosen = ravel(detail::cut_as(mask.template as<bool>(), axes, where), where);
  return Selection<T>(
      ramal::map<&detail::chosen_rows<T>>({values.blocks(where), where}, chosen.blocks(where)), Extents{0},
      where);
}
/// The rows of an array, along its first axis, at which a mask of one axis is other than 0: `a[mask]` for
/// such a mask, or `np.compress(mask, a, 0)`. An array that is cut along further axes is rechunked to whole
/// rows. Throws std::invalid_argument if the mask is not as long as the first axis.
template <class M, class T, class Node>
  requires(detail::is_array<M>)
Selection<T> compress(const M& mask, const Array<T, Node>& array,
                      std::source_location where = std::source_location::current()) {
  if (mask.dimensions() != 1 || array.dimensions() == 0 || mask.shape()[0] != array.shape()[0])
    detail::refuse_array("compress: expected a mask as long as the first axis of shape " +
                             array.shape().text() + ", found shape " + mask.shape().text(),
                         where);
  std::vector<detail::Axis> axes = array.state().axes;
  std::int64_t block = 1, row = 1;
  bool is_in_rows = true;
  for (std::size_t d = 0; d < axes.size(); ++d) {
    block *= std::max<std::int64_t>(1, axes[d].view().widest());
    if (d == 0) continue;
    row *= std::max<std::int64_t>(1, axes[d].length());
    is_in_rows = is_in_rows && axes[d].count() == 1;
    axes[d] = detail::Axis::whole(axes[d].length());
  }
  if (!is_in_rows) axes[0] = detail::Axis::regular(axes[0].length(), std::max<std::int64_t>(1, block / row));
  const Array<T> values = detail::cut_as(array, axes, where);
  const Array<bool> chosen = detail::cut_as(mask.template as<bool>(), {axes[0]}, where);
  Family<Block<T>> blocks = values.blocks(where);
  detail::FamilyView panels = blocks.view();
  while (panels.shape.dims > 1) panels = panels.without(panels.shape.dims - 1);
  Extents shape = array.shape();
  shape[0] = 0;
  return Selection<T>(
      ramal::map<&detail::chosen_rows<T>>({Family<Block<T>>(panels), where}, chosen.blocks(where)), shape,
      where);
}
/// Where an array is other than 0, as numbers row by row: `np.flatnonzero`.
template <class T, class Node>
Selection<std::int64_t> flatnonzero(const Array<T, Node>& array,
                                    std::source_location where = std::source_location::current()) {
  return detail::places_of(array, where);
}
/// The same as indices along each axis, one selection an axis: `np.nonzero`.
template <class T, class Node>
std::vector<Selection<std::int64_t>> nonzero(const Array<T, Node>& array,
                                             std::source_location where = std::source_location::current()) {
  const Selection<std::int64_t> places = detail::places_of(array, where);
  const Extents shape = array.shape();
  std::vector<Selection<std::int64_t>> along;
  std::int64_t behind = array.size();
  for (const std::uint64_t length : shape) {
    const auto lengths = static_cast<std::int64_t>(std::max<std::uint64_t>(1, length));
    behind = std::max<std::int64_t>(1, behind / lengths);
    along.emplace_back(ramal::map<&detail::index_of_places>({places.blocks(), where}, behind, lengths),
                       Extents{0}, where);
  }
  return along;
}
/// The same as rows of indices, of shape (count, axes): `np.argwhere`.
template <class T, class Node>
Selection<std::int64_t> argwhere(const Array<T, Node>& array,
                                 std::source_location where = std::source_location::current()) {
  const Selection<std::int64_t> places = detail::places_of(array, where);
  return {ramal::map<&detail::indices_of_places>({places.blocks(), where}, array.shape()),
          Extents{0, array.dimensions()}, where};
}

/// A selection as an array, whose chunks have the lengths that its blocks turn out to have. Computes the
/// selection and waits for it; its blocks stay where they are, and rank 0 is told how long each is: O(blocks)
/// there. The array is persisted: it holds copies of the blocks, and those are freed with the last handle to
/// the selection. Throws as `session.compute`.
///
///   const auto odd = ramal::resolve(session, ramal::select(a, a % 2 == 1));
template <class S, class T>
Array<T> resolve(S& session, const Selection<T>& selection,
                 std::source_location where = std::source_location::current()) {
  session.persist(selection.blocks());
  const Block<std::int64_t> counts = session.compute(selection.counts());
  std::vector<detail::Axis> axes{detail::Axis::of({counts.begin(), counts.end()})};
  for (std::size_t d = 1; d < selection.shape().size(); ++d)
    axes.push_back(detail::Axis::whole(static_cast<std::int64_t>(selection.shape()[d])));
  const detail::GridSource own{{axes[0]}, {detail::AxisMap::along(0)}};
  detail::FamilyView blocks =
      detail::grid_family(detail::grid_kind<detail::PlaceThunk<T>, Block<T>>, axes, sizeof(T),
                          {{selection.blocks().view(), {}}}, {own}, {}, where);
  return session.persist(Array<T>(detail::plain_state(std::move(blocks), std::move(axes), where)));
}

}  // namespace ramal
