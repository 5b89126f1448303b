// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/matrix_tiles.hpp>

namespace ramal::detail {

void expect_matrix(const ArrayState& matrix, std::string_view what, std::source_location where) {
  if (matrix.dims() != 2)
    refuse_array(std::string(what) + ": expected a matrix, found shape " + matrix.shape().text(), where);
}

Axis tile_axis(const ArrayState& matrix, std::string_view what, std::source_location where) {
  constexpr std::int64_t many_tiles = 64, small_tile = 256, usual_tile = 512, most_tiles = 512;
  expect_matrix(matrix, what, where);
  const Axis &rows = matrix.axes[0], &columns = matrix.axes[1];
  if (rows.length() != columns.length())
    refuse_array(std::string(what) + ": expected a square matrix, found shape " + matrix.shape().text(),
                 where);
  Axis axis = rows.count() > columns.count() ? rows : columns;
  if (axis.count() > many_tiles && axis.length() / axis.count() < small_tile)
    axis = Axis::regular(axis.length(), usual_tile);
  if (axis.count() > most_tiles)
    refuse_array(std::string(what) + ": expected at most " + std::to_string(most_tiles) +
                     " chunks along an axis, found " + std::to_string(axis.count()) +
                     "; rechunk the matrix into larger ones",
                 where);
  return axis;
}

void expect_right_side(const ArrayState& matrix, const ArrayState& b, std::string_view what,
                       std::source_location where) {
  if (b.dims() == 0 || b.dims() > 2 || b.axes[0].length() != matrix.axes[0].length())
    refuse_array(std::string(what) + ": expected a right side of one or two axes and " +
                     std::to_string(matrix.axes[0].length()) + " rows, found shape " + b.shape().text(),
                 where);
}

Chunks chunks_of(const std::vector<Axis>& axes) {
  std::vector<std::vector<std::int64_t>> lengths;
  for (const Axis& axis : axes) {
    lengths.emplace_back();
    for (std::int64_t chunk = 0; chunk < axis.count(); ++chunk)
      lengths.back().push_back(axis.view().end(chunk) - axis.view().begin(chunk));
  }
  return Chunks(std::move(lengths));
}

}  // namespace ramal::detail
