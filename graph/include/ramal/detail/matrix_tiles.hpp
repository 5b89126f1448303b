// SPDX-License-Identifier: BSD-3-Clause
// Matrices as handles to their tiles or panels, of which factorisations make tasks.
#pragma once

#include <ramal/array.hpp>
#include <ramal/detail/lapack.hpp>

namespace ramal::detail {

/// How a square matrix is cut into tiles, along both axes: as the axis with more chunks, but in tiles of 512
/// where there would be more than 64 that are below 256. Throws std::invalid_argument for what is not square,
/// or more tiles than factorisations make tasks for.
Axis tile_axis(const ArrayState& matrix, std::string_view what, std::source_location where);
/// Throws std::invalid_argument for what has other than two axes.
void expect_matrix(const ArrayState& matrix, std::string_view what, std::source_location where);
/// Throws std::invalid_argument unless b has one or two axes, and as many rows.
void expect_right_side(const ArrayState& matrix, const ArrayState& b, std::string_view what,
                       std::source_location where);
/// The chunks of these axes. O(chunks).
Chunks chunks_of(const std::vector<Axis>& axes);

/// The type that a matrix of V is factored in: double of whole numbers.
template <class V>
using FactorOf = Inexact<V>;
template <class... V>
concept Factorable = (Number<V> && ...) && (BlasNumber<FactorOf<V>> && ...);

/// The blocks of a matrix that is cut so, and has elements of T.
template <class T, class V, class Node>
Family<Block<T>> blocks_of(const Array<V, Node>& array, std::vector<Axis> axes, std::source_location where) {
  ArrayState state = array.state();
  state.axes = std::move(axes);
  if constexpr (std::same_as<T, V>) {
    return Array<T, Node>(std::move(state)).blocks(where);
  } else {
    return Array<V, Node>(std::move(state)).template as<T>().blocks(where);
  }
}

/// Tiles of a matrix, by handles; row by row over a grid.
template <class T>
struct Tiles2d {
  std::vector<Axis> axes;
  std::vector<Delayed<Block<T>>> all;

  std::int64_t rows() const { return axes[0].count(); }
  std::int64_t columns() const { return axes[1].count(); }
  Delayed<Block<T>>& operator()(std::int64_t i, std::int64_t j) {
    return all[static_cast<std::size_t>(i * columns() + j)];
  }
  const Delayed<Block<T>>& operator()(std::int64_t i, std::int64_t j) const {
    return all[static_cast<std::size_t>(i * columns() + j)];
  }
  Array<T> array(std::source_location where) const {
    return Array<T>(plain_state(as_family(all, grid_extent(axes), where).view(), axes, where));
  }
};
template <class T>
Tiles2d<T> tiles_of(const Family<Block<T>>& blocks, const std::vector<Axis>& axes) {
  return {axes, blocks.members()};
}

/// What all tasks of a factorisation wait for goes first.
inline constexpr int diagonal_priority = 2, panel_priority = 1;

/// The lower triangle's tiles become those of L; what is above them stays. Right-looking: each tile of the
/// diagonal is factored, divides those below it, and these update all that is to their right.
template <class T>
void factor_tiles(Tiles2d<T>& tiles, std::source_location where) {
  const auto factor = delayed<&cholesky_tile<T>>.annotate({.priority = diagonal_priority});
  const auto divide = delayed<&divide_tile<T>>.annotate({.priority = panel_priority});
  const std::int64_t count = tiles.rows();
  for (std::int64_t k = 0; k < count; ++k) {
    tiles(k, k) = factor(tiles(k, k), k, where);
    for (std::int64_t i = k + 1; i < count; ++i) tiles(i, k) = divide(tiles(i, k), tiles(k, k), where);
    for (std::int64_t i = k + 1; i < count; ++i)
      for (std::int64_t j = k + 1; j <= i; ++j)
        tiles(i, j) = delayed<&update_tile<T>>(tiles(i, j), tiles(i, k), tiles(j, k), where);
  }
}

/// b becomes op(t)^-1 b, whose rows are cut as the triangular t is; `triangle` are bits of Triangle.
template <class T>
void solve_tiles(const Tiles2d<T>& t, Tiles2d<T>& b, std::int64_t triangle, std::source_location where) {
  const auto solve = delayed<&solve_tile<T>>.annotate({.priority = panel_priority});
  const std::int64_t count = t.rows();
  const bool is_transposed = (triangle & Triangle::transposed) != 0;
  const bool is_forward = ((triangle & Triangle::lower) != 0) != is_transposed;
  for (std::int64_t j = 0; j < b.columns(); ++j) {
    for (std::int64_t step = 0; step < count; ++step) {
      const std::int64_t k = is_forward ? step : count - 1 - step;
      b(k, j) = solve(b(k, j), t(k, k), triangle, k, where);
      for (std::int64_t further = step + 1; further < count; ++further) {
        const std::int64_t i = is_forward ? further : count - 1 - further;
        b(i, j) =
            delayed<&subtract_tile<T>>(b(i, j), is_transposed ? t(k, i) : t(i, k), b(k, j), triangle, where);
      }
    }
  }
}

/// x of a x = b, where both are given as panels of their columns: blocks of the transposes.
template <class T>
void solve_panels(const Family<Block<T>>& a, std::vector<Delayed<Block<T>>>& b, std::source_location where) {
  const auto factor = delayed<&lu_panel<T>>.annotate({.priority = panel_priority});
  std::vector<Delayed<Block<T>>> panels = a.members();
  std::vector<Delayed<LuPanel<T>>> factors;
  for (std::size_t k = 0; k < panels.size(); ++k) {
    factors.push_back(factor(panels[k], static_cast<std::int64_t>(k), where));
    for (std::size_t j = k + 1; j < panels.size(); ++j)
      panels[j] = delayed<&eliminate_panel<T>>(panels[j], factors[k], where);
    for (Delayed<Block<T>>& panel : b) panel = delayed<&eliminate_panel<T>>(panel, factors[k], where);
  }
  for (std::size_t k = panels.size(); k-- > 0;)
    for (Delayed<Block<T>>& panel : b) panel = delayed<&substitute_panel<T>>(panel, factors[k], where);
}

}  // namespace ramal::detail
