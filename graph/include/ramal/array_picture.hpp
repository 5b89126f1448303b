// SPDX-License-Identifier: BSD-3-Clause
// A picture of how an array is cut.
//
//   ramal::visualize(field, "field.svg");
#pragma once

#include <ramal/array.hpp>
#include <ramal/visualize.hpp>

namespace ramal {

namespace detail {

/// The picture as SVG, with a line of text below. O(chunks along an axis).
std::string chunks_svg(const ArrayState& state, const std::string& text);
/// Writes a file that ends in .svg. Defined by the runtime.
void write_svg(const std::string& svg, const std::string& file);

}  // namespace detail

/// Draws the chunks of an array: its last two axes as a sheet, the others as sheets one behind the other.
/// Where more than a hundred chunks lie along an axis not every cut is drawn. To see the tasks behind them,
/// draw a block: `visualize(array.block({0, 0}), "tasks.svg")`. Throws std::invalid_argument unless the file
/// ends in .svg, std::runtime_error if it cannot be written.
template <class T, class Node>
void visualize(const Array<T, Node>& array, const std::string& file) {
  detail::write_svg(detail::chunks_svg(array.state(), array.text()), file);
}

}  // namespace ramal
