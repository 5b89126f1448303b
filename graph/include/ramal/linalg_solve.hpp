// SPDX-License-Identifier: BSD-3-Clause
// Cholesky factors, triangular and general systems of equations. Included by <ramal/linalg.hpp>.
//
// Matrices are cut into square tiles: along both axes as the axis of theirs that has more chunks. Where these
// are many and small (more than 64 chunks, below 256 elements in the mean), in tiles of 512. A factorisation
// of n tiles along an axis makes about n^3 / 6 tasks on rank 0, whose number is bounded: 512 chunks along an
// axis. Whole numbers are factored as double. Bits hang on the chunks and on the BLAS alone.
//
// A matrix that cannot be factored makes a task fail, which says where: the tile, the pivot within it, and
// the row of the matrix.
#pragma once

#include <ramal/detail/matrix_tiles.hpp>

namespace ramal {

/// L of a = L L^H, which is lower triangular with a diagonal above 0: np.linalg.cholesky. Only the lower
/// triangle of `a` is looked at, that it is Hermitian is taken for granted. Throws std::invalid_argument for
/// what is no square matrix. Fails if it is not positive definite.
///
/// Right-looking by tiles, as A. Buttari, J. Langou, J. Kurzak, J. Dongarra: A class of parallel tiled linear
/// algebra algorithms for multicore architectures (2009). Half of n^3 / 3 multiplications and additions.
template <class V, class Node>
  requires detail::Factorable<V> Array<detail::FactorOf<V>> cholesky(
      const Array<V, Node>& a, std::source_location where = std::source_location::current()) {
    using T = detail::FactorOf<V>;
    const detail::Axis axis = detail::tile_axis(a.state(), "cholesky", where);
    detail::Tiles2d<T> tiles = detail::tiles_of(detail::blocks_of<T>(a, {axis, axis}, where), {axis, axis});
    detail::factor_tiles(tiles, where);
    const detail::AxisView& view = axis.view();
    for (std::int64_t i = 0; i < axis.count(); ++i)
      for (std::int64_t j = i + 1; j < axis.count(); ++j)
        tiles(i, j) = delayed<&detail::zero_tile<T>>(view.end(i) - view.begin(i), view.end(j) - view.begin(j),
                                                     view.begin(i), view.begin(j), where);
    return tiles.array(where);
  }

/// How the matrix of solve_triangular is meant. The other triangle is not looked at.
struct TriangularOptions {
  bool lower = true;        ///< its lower triangle counts, else its upper one
  bool transposed = false;  ///< it is the transpose that is solved with
  bool conjugated = false;  ///< with `transposed`: the conjugate transpose
  bool unit = false;        ///< its diagonal is taken to be 1
};

namespace detail {

inline std::int64_t triangle_of(const TriangularOptions& options) {
  return (options.lower ? Triangle::lower : 0) | (options.transposed ? Triangle::transposed : 0) |
         (options.conjugated ? Triangle::conjugated : 0) | (options.unit ? Triangle::unit : 0);
}
/// A right side as a matrix: a vector is a column of it.
template <class V, class Node>
Array<V, Node> as_columns(const Array<V, Node>& b, std::source_location where) {
  if (b.dimensions() != 1) return b;
  const std::array<IndexPart, 2> parts{all, newaxis};
  return Array<V, Node>(b.state().indexed(parts, where));
}
template <class T>
Array<T> as_right_side(const Array<T>& x, std::size_t dims) {
  return dims == 1 ? x(all, 0) : x;
}
/// Solves by a triangular factor that there are tiles of, once or twice.
template <class T, class B, class NodeB>
Array<T> solved_by_tiles(const Tiles2d<T>& t, const Array<B, NodeB>& b,
                         std::initializer_list<std::int64_t> triangles, std::source_location where) {
  const auto columns = as_columns(b, where);
  const std::vector<Axis> axes{t.axes[0], columns.state().axes[1]};
  Tiles2d<T> x = tiles_of(blocks_of<T>(columns, axes, where), axes);
  for (const std::int64_t triangle : triangles) solve_tiles(t, x, triangle, where);
  return as_right_side(x.array(where), b.dimensions());
}
template <class A, class B>
using SolutionOf = FactorOf<Promoted<A, B>>;

}  // namespace detail

/// x of t x = b, where t is triangular: scipy.linalg.solve_triangular. b is a vector, or a matrix of which
/// each column is solved for. Throws std::invalid_argument if the shapes do not fit; fails if an element of
/// the diagonal is 0.
///
///   solve_triangular(l, b)      solve_triangular(r, b, {.lower = false})
template <class A, class NodeA, class B, class NodeB>
  requires detail::Factorable<A, B> Array<detail::SolutionOf<A, B>> solve_triangular(
      const Array<A, NodeA>& t, const Array<B, NodeB>& b, TriangularOptions options = {},
      std::source_location where = std::source_location::current()) {
    using T = detail::SolutionOf<A, B>;
    const detail::Axis axis = detail::tile_axis(t.state(), "solve_triangular", where);
    detail::expect_right_side(t.state(), b.state(), "solve_triangular", where);
    const detail::Tiles2d<T> tiles =
        detail::tiles_of(detail::blocks_of<T>(t, {axis, axis}, where), {axis, axis});
    return detail::solved_by_tiles(tiles, b, {detail::triangle_of(options)}, where);
  }

/// What is known of a matrix.
enum class Assume { general, positive_definite };
inline constexpr Assume positive_definite = Assume::positive_definite;
/// See `solve`.
struct SolveOptions {
  Assume assume = Assume::general;
};

/// x of a x = b: np.linalg.solve. b is a vector, or a matrix of which each column is solved for. Throws
/// std::invalid_argument if the shapes do not fit; fails if the matrix is singular, or not positive definite
/// though that is assumed.
///
/// In general by L U with partial pivoting in panels of columns, as LAPACK's getrf: its pivots are the
/// largest elements of whole columns. A task holds two panels, so a chunk's columns of all of the matrix must
/// fit. A positive definite matrix takes half the work, and tasks that hold three tiles:
///
///   solve(a, b)      solve(a, b, {.assume = positive_definite})
template <class A, class NodeA, class B, class NodeB>
  requires detail::Factorable<A, B> Array<detail::SolutionOf<A, B>> solve(
      const Array<A, NodeA>& a, const Array<B, NodeB>& b, SolveOptions options = {},
      std::source_location where = std::source_location::current()) {
    using T = detail::SolutionOf<A, B>;
    using detail::Axis, detail::Triangle;
    const Axis axis = detail::tile_axis(a.state(), "solve", where);
    detail::expect_right_side(a.state(), b.state(), "solve", where);
    if (options.assume == Assume::positive_definite) {
      detail::Tiles2d<T> tiles = detail::tiles_of(detail::blocks_of<T>(a, {axis, axis}, where), {axis, axis});
      detail::factor_tiles(tiles, where);
      return detail::solved_by_tiles(
          tiles, b, {Triangle::lower, Triangle::lower | Triangle::transposed | Triangle::conjugated}, where);
    }
    const Axis whole = Axis::whole(axis.length());
    const auto columns = detail::as_columns(b, where).transpose({}, where);
    const std::vector<Axis> panel_axes{columns.state().axes[0], whole};
    std::vector<Delayed<Block<T>>> panels = detail::blocks_of<T>(columns, panel_axes, where).members();
    detail::solve_panels(detail::blocks_of<T>(a.transpose({}, where), {axis, whole}, where), panels, where);
    const Array<T> x = detail::Tiles2d<T>{panel_axes, std::move(panels)}.array(where);
    return detail::as_right_side(x.transpose({}, where), b.dimensions());
  }
/// The inverse, by `solve`. What it is multiplied with is better solved for.
template <class V, class Node>
  requires detail::Factorable<V> Array<detail::FactorOf<V>> inv(
      const Array<V, Node>& a, std::source_location where = std::source_location::current()) {
    const detail::Axis axis = detail::tile_axis(a.state(), "inv", where);
    return solve(
        a, eye<detail::FactorOf<V>>(axis.length(), axis.length(), 0, detail::chunks_of({axis, axis}), where),
        {}, where);
  }

}  // namespace ramal
