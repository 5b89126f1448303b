// SPDX-License-Identifier: BSD-3-Clause
// Parts of arrays that slices do not name: by lists of indices and by masks; and arrays with a part replaced.
//
//   auto rows = ramal::take(a, {2, 0, -1}, 0);                       // a[[2, 0, -1]]
//   auto next = ramal::assign(a, {slice(1, {}), all}, 0.5);          // a[1:] = 0.5
//   auto hot = ramal::select(a, a > 300.0);                          // a[a > 300]
#pragma once

#include <ramal/array.hpp>
#include <ramal/array_select.hpp>
#include <ramal/detail/assign.hpp>
#include <ramal/detail/take.hpp>

namespace ramal {

/// The elements at these indices along an axis, in their order, each as often as it is named; numbers below 0
/// count from the end. Blocks are about as large as the array's, and each is made of the blocks that its
/// indices lie in, and those alone. An expression or a view is computed first, as far as it is needed.
///
///   auto first_and_last = ramal::take(a, {0, -1}, 1);
///
/// O(indices * log(indices)) on rank 0; the list goes to each rank once. Throws std::out_of_range for an
/// index that is not within the axis, std::invalid_argument for an axis that is not there.
template <class T, class Node>
Array<T> take(const Array<T, Node>& array, const std::vector<std::int64_t>& indices, std::int64_t axis,
              std::source_location where = std::source_location::current()) {
  const int along = detail::checked_axis(axis, array.dimensions(), "take", where);
  const auto checked = detail::checked_indices(indices, array.shape(), along, where);
  const Array<T> blocks = Array<T>(array).evaluated(where);
  std::vector<detail::Axis> axes = blocks.state().axes;
  detail::Axis& taken = axes[static_cast<std::size_t>(along)];
  taken = detail::Axis::regular(std::ssize(checked), std::max<std::int64_t>(1, taken.view().widest()));
  detail::FamilyView view =
      detail::pattern_family(detail::pattern_kind<detail::TakeThunk<T>, Block<T>>, axes, sizeof(T),
                             {blocks.state().leaves[0].source},
                             detail::take_closure(axes, blocks.state().axes, along, checked), where);
  return Array<T>(detail::plain_state(std::move(view), std::move(axes), where));
}

namespace detail {

/// Elements of an array by indices that a block holds: one for each element of the box, or one for each place
/// along the axis. Parameters: the axis, its length, and 1 if the indices are a list.
template <class T>
struct TakeAlongThunk {
  static constexpr std::string_view name = "take_along_axis";

  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    std::int64_t given[3];
    std::memcpy(given, call.parameters().data(), sizeof given);
    const auto [axis, length, is_list] = given;
    Block<T> block(box_shape(call), box_offset(call));
    if (!block.empty()) {
      const GridCall::Source& source = call.sources()[0];
      std::vector<const Block<T>*> blocks;
      for (std::size_t i = source.first; i < source.first + source.blocks; ++i)
        blocks.push_back(&frame.input(i).template get<Block<T>>());
      const auto& indices = frame.input(call.sources()[1].first).template get<Block<std::int64_t>>();
      fill(block, blocks, indices.data(), static_cast<std::size_t>(axis), length, is_list != 0);
    }
    result.emplace<Block<T>>(std::move(block));
  }

 private:
  static void fill(Block<T>& block, const std::vector<const Block<T>*>& blocks, const std::int64_t* indices,
                   std::size_t axis, std::int64_t length, bool is_list) {
    const Strip strip(block.shape(), static_cast<std::int64_t>(axis));
    T* to = block.data();
    for (std::uint64_t b = 0; b < strip.before; ++b) {
      for (std::uint64_t i = 0; i < strip.length; ++i) {
        for (std::uint64_t j = 0; j < strip.after; ++j) {
          const std::int64_t index = indices[is_list ? i : static_cast<std::uint64_t>(to - block.data())];
          const std::uint64_t element = checked(index, length);
          const auto next = std::ranges::upper_bound(
              blocks, element, {}, [axis](const Block<T>* one) { return one->offset()[axis]; });
          const Block<T>& of = **(next - 1);
          *to++ = of.data()[(b * of.shape()[axis] + element - of.offset()[axis]) * strip.after + j];
        }
      }
    }
  }
  static std::uint64_t checked(std::int64_t index, std::int64_t length) {
    if (index < -length || index >= length)
      throw std::out_of_range("ramal: take: " + std::to_string(index) + " is not within an axis of length " +
                              std::to_string(length));
    return static_cast<std::uint64_t>(index < 0 ? index + length : index);
  }
};
/// `out`: the axes of the result; the array's but for one.
template <class T>
Array<T> taken_along(const Array<T>& given_array, const Array<std::int64_t>& given_indices,
                     const std::vector<Axis>& out, int axis, bool is_list, std::source_location where) {
  const auto along = static_cast<std::size_t>(axis);
  const auto array = given_array.without_padding(where);
  const auto indices = given_indices.without_padding(where);
  const ArrayLeaf& of = array.state().leaves[0];
  GridSource whole = of.grid, own = indices.state().leaves[0].grid;
  const std::int64_t length = whole.axes[along].length();
  whole.maps[along] = AxisMap::all(length);
  if (is_list) own.maps[0] = AxisMap::along(axis);
  const std::int64_t given[] = {axis, length, is_list};
  FamilyView view = grid_family(grid_kind<TakeAlongThunk<T>, Block<T>>, out, sizeof(T),
                                {of.source, indices.state().leaves[0].source}, {whole, own},
                                std::as_bytes(std::span(given)), where);
  return Array<T>(plain_state(std::move(view), out, where));
}

}  // namespace detail

/// The same by an array of whole numbers with one axis, which is computed: so nothing is known of it in
/// advance, and each block reads all of the array's blocks along the axis. A list that rank 0 has is better
/// given as one. The result is cut as the indices along the axis. An index that is not within it makes the
/// task fail.
template <class T, class Node, std::integral I, class Of>
Array<T> take(const Array<T, Node>& array, const Array<I, Of>& indices, std::int64_t axis,
              std::source_location where = std::source_location::current()) {
  const int along = detail::checked_axis(axis, array.dimensions(), "take", where);
  if (indices.dimensions() != 1)
    detail::refuse_array("take: expected indices with one axis, found shape " + indices.shape().text(),
                         where);
  const Array<T> blocks = Array<T>(array).evaluated(where);
  const Array<std::int64_t> list = indices.template as<std::int64_t>().evaluated(where);
  std::vector<detail::Axis> axes = blocks.state().axes;
  axes[static_cast<std::size_t>(along)] = list.state().axes[0];
  return detail::taken_along(blocks, list, axes, along, true, where);
}
/// For each of the indices the element of the array that has it along an axis, and the indices' own place
/// along the others: `np.take_along_axis`. Along the other axes both have the same lengths, or the indices
/// one of 1. Each block reads all of the array's blocks along the axis. Throws std::invalid_argument if
/// shapes do not fit; an index that is not within the axis makes the task fail.
template <class T, class Node, std::integral I, class Of>
Array<T> take_along_axis(const Array<T, Node>& array, const Array<I, Of>& indices, std::int64_t axis,
                         std::source_location where = std::source_location::current()) {
  const int along = detail::checked_axis(axis, array.dimensions(), "take_along_axis", where);
  const Array<T> blocks = Array<T>(array).evaluated(where);
  std::vector<detail::Axis> axes = blocks.state().axes;
  const std::vector<detail::Axis>& own = indices.state().axes;
  bool fits = own.size() == axes.size();
  for (std::size_t d = 0; fits && d < axes.size(); ++d) {
    if (d == static_cast<std::size_t>(along)) {
      axes[d] = own[d];
    } else {
      fits = own[d].length() == axes[d].length() || own[d].length() == 1;
    }
  }
  if (!fits)
    detail::refuse_array("take_along_axis: expected indices with the axes of shape " + array.shape().text() +
                             " but for axis " + std::to_string(along) + ", found shape " +
                             indices.shape().text(),
                         where);
  const Array<std::int64_t> each = detail::cut_as(indices.template as<std::int64_t>(), axes, where);
  return detail::taken_along(blocks, each, axes, along, false, where);
}

/// The array with a part replaced, which is named as in `a(parts…)`: by numbers, slices of either step,
/// `all`, `ellipsis` and `newaxis`. What is assigned is an array, whose shape broadcasts to the part's and
/// whose elements are converted, or a value. The result is cut as the array; a block of which nothing is
/// replaced is passed on, and one that nobody else needs is changed where it lies. O(axes), or O(chunks)
/// where lengths are irregular.
///
///   d = ramal::assign(d, {slice(1, {})}, d(slice(1, {})) + d(slice(-1)));       // d[1:] += d[:-1]
///
/// Where a mask tells what is replaced: `where(mask, value, a)`. Throws std::invalid_argument if shapes do
/// not fit, std::out_of_range for a number that is not within its axis.
template <class T, class Node, class B>
  requires(detail::ArrayOrNumber<B> || std::same_as<B, T>)
Array<T> assign(const Array<T, Node>& array, const std::vector<detail::IndexPart>& parts, const B& assigned,
                std::source_location where = std::source_location::current()) {
  if constexpr (!detail::is_array<B>) {
    return assign(array, parts, full<T>({}, detail::checked_value<T>(assigned, "assign"), {}, where), where);
  } else if constexpr (!std::same_as<typename B::value_type, T>) {
    return assign(array, parts, assigned.template as<T>(), where);
  } else {
    const Array<T> blocks = Array<T>(array).evaluated(where);
    const std::vector<detail::Axis>& axes = blocks.state().axes;
    detail::AssignPlan plan = detail::plan_assign(axes, parts, Array<T>(assigned).state(), where);
    const Array<T> from = Array<T>(std::move(plan.assigned)).evaluated(where);
    detail::FamilyView view =
        detail::pattern_family(detail::pattern_kind<detail::AssignThunk<T>, Block<T>>, axes, sizeof(T),
                               {blocks.state().leaves[0].source, from.state().leaves[0].source},
                               detail::assign_closure(axes, plan.targets, from.state().axes), where);
    return Array<T>(detail::plain_state(std::move(view), axes, where));
  }
}

namespace detail {

/// Which of two axes' indices is how much behind the other's: row + diagonal >= column, or its opposite.
template <bool lower, class T, class Node>
auto triangle(const Array<T, Node>& array, std::int64_t diagonal, std::source_location where) {
  const std::vector<Axis>& axes = array.state().axes;
  if (axes.size() < 2)
    refuse_array(std::string(lower ? "tril" : "triu") +
                     ": expected an array of 2 axes or more, found shape " + array.shape().text(),
                 where);
  const auto numbered = [&](const Axis& axis) {
    const RangeGenerator<std::int64_t> generator{0, 1};
    FamilyView blocks =
        grid_family(grid_kind<GenerateThunk<RangeGenerator<std::int64_t>>, Block<std::int64_t>>, {axis},
                    sizeof(std::int64_t), {}, {}, std::as_bytes(std::span(&generator, 1)), where);
    return Array<std::int64_t>(plain_state(std::move(blocks), {axis}, where));
  };
  const auto rows = numbered(axes[axes.size() - 2])(all, newaxis);
  const auto columns = numbered(axes[axes.size() - 1]);
  if constexpr (lower) {
    return ramal::where(columns - rows <= diagonal, array, T(0));
  } else {
    return ramal::where(columns - rows >= diagonal, array, T(0));
  }
}

}  // namespace detail

/// The elements on a diagonal of the last two axes and below it, 0 above: the main one, or so many above it.
/// An expression, fused with what uses it. Throws std::invalid_argument for fewer than 2 axes.
template <class T, class Node>
auto tril(const Array<T, Node>& array, std::int64_t diagonal = 0,
          std::source_location where = std::source_location::current()) {
  return detail::triangle<true>(array, diagonal, where);
}
/// The same of those on it and above.
template <class T, class Node>
auto triu(const Array<T, Node>& array, std::int64_t diagonal = 0,
          std::source_location where = std::source_location::current()) {
  return detail::triangle<false>(array, diagonal, where);
}

}  // namespace ramal
