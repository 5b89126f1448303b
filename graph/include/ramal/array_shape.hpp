// SPDX-License-Identifier: BSD-3-Clause
// Arrays in other shapes: the same elements in the same row-major order, as NumPy has them.
//
//   auto rows = ramal::reshape(ramal::arange<double>(24), {4, -1});      // (4, 6)
//   auto line = ramal::ravel(rows.transpose());
#pragma once

#include <ramal/array.hpp>
#include <ramal/detail/reshape.hpp>

namespace ramal {

/// The same elements, row by row, in another shape; one length may be -1. Axes that stay as they are keep
/// their cuts, and what only gains or loses axes of length 1 is a view. Where axes are merged or split, the
/// result's blocks are row-major intervals of these axes, about as large as the array's blocks, and each is
/// made of all blocks that it touches, as by `rechunk`. So an array that is cut along its first axis alone is
/// reshaped in place; one that is cut along others moves. An expression, or a view that is reshaped by more
/// than axes of length 1, is computed first.
///
///   chunks (2, 3) of shape (4, 6)     reshape {24}: blocks of 6      reshape {2, 2, 6}: (1, 1, 6)
///
/// O(axes), or O(chunks) where lengths are irregular. Throws std::invalid_argument if there are not as many
/// elements, or more than 8 axes.
template <class T, class Node>
Array<T> reshape(const Array<T, Node>& array, const std::vector<std::int64_t>& to,
                 std::source_location where = std::source_location::current()) {
  const Extents shape = detail::reshaped_shape(array.shape(), to, where);
  if (array.size() == 0) return full<T>(shape, T(), {}, where);
  const Array<T> given(array);
  const std::vector<detail::Axis>& from = given.state().axes;
  detail::ReshapePlan plan = detail::plan_reshape(from, shape);
  if (plan.is_view) {
    std::vector<detail::ViewAxis> axes;
    for (const int of : plan.of)
      axes.push_back({of, 0, 1, of < 0 ? 1 : from[static_cast<std::size_t>(of)].length()});
    return Array<T>(given.state().viewed(axes, std::vector<std::int64_t>(from.size(), 0), where));
  }
  const Array<T> blocks = given.evaluated(where);
  detail::FamilyView view = detail::pattern_family(detail::pattern_kind<detail::ReshapeThunk<T>, Block<T>>,
                                                   plan.axes, sizeof(T), {blocks.state().leaves[0].source},
                                                   detail::reshape_closure(plan, blocks.state().axes), where);
  return Array<T>(detail::plain_state(std::move(view), std::move(plan.axes), where));
}
/// To the shape of another array: `reshape(a, b.shape())`.
template <class T, class Node, std::same_as<Extents> E>
Array<T> reshape(const Array<T, Node>& array, const E& to,
                 std::source_location where = std::source_location::current()) {
  return reshape(array, std::vector<std::int64_t>(to.begin(), to.end()), where);
}
/// All elements along one axis, row by row; see reshape.
template <class T, class Node>
Array<T> ravel(const Array<T, Node>& array, std::source_location where = std::source_location::current()) {
  return reshape(array, std::vector<std::int64_t>{-1}, where);
}

}  // namespace ramal
