// SPDX-License-Identifier: BSD-3-Clause
// Arrays cut so that one axis is whole, for what is done with whole lines.
#pragma once

#include <ramal/array.hpp>

namespace ramal::detail {

/// The axes of an array that is cut otherwise: one is whole, and others in smaller chunks than before where
/// blocks would become larger than 16 MiB and than they were.
std::vector<Axis> axes_whole_along(const std::vector<Axis>& axes, int axis, std::size_t element_bytes);
template <class T, class Node>
Array<T> whole_along(const Array<T, Node>& array, int axis, std::source_location where) {
  ArrayState made = array.state();
  made.axes = axes_whole_along(made.axes, axis, sizeof(T));
  made.where = where;
  return Array<T, Node>(std::move(made)).evaluated(where);
}

}  // namespace ramal::detail
