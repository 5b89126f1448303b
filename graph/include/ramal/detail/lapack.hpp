// SPDX-License-Identifier: BSD-3-Clause
// What the tasks of factorisations do with their blocks. Each function is there for the types that LAPACK
// has. A block that is taken by value is worked on where it lies. Each throws std::runtime_error for what it
// cannot do, and names the tile, the pivot and the row.
#pragma once

#include <ramal/block.hpp>
#include <ramal/delayed.hpp>
#include <ramal/detail/blas.hpp>
#include <ramal/index.hpp>

namespace ramal::detail {

// --- tiles ------------------------------------------------------------------------------------------------

/// How a triangular matrix is meant; bits that are set, as a literal of tasks.
struct Triangle {
  static constexpr std::int64_t lower = 1, transposed = 2, conjugated = 4, unit = 8;
};

/// A tile of zeros.
template <BlasNumber T>
Block<T> zero_tile(std::int64_t rows, std::int64_t columns, std::int64_t row, std::int64_t column);
/// L of a = L L^H, where the lower triangle of `a` counts. Tile `number` of the diagonal.
template <BlasNumber T>
Block<T> cholesky_tile(Block<T> a, std::int64_t number);
/// a L^-H.
template <BlasNumber T>
Block<T> divide_tile(Block<T> a, const Block<T>& l);
/// a - x y^H.
template <BlasNumber T>
Block<T> update_tile(Block<T> a, const Block<T>& x, const Block<T>& y);
/// op(t)^-1 b of a triangular tile, `number` of the diagonal.
template <BlasNumber T>
Block<T> solve_tile(Block<T> b, const Block<T>& t, std::int64_t triangle, std::int64_t number);
/// b - op(t) x.
template <BlasNumber T>
Block<T> subtract_tile(Block<T> b, const Block<T>& t, const Block<T>& x, std::int64_t triangle);

// --- column panels ----------------------------------------------------------------------------------------
//
// A block (w, n) of a matrix' transpose is a panel of w of its columns, column-major as LAPACK has it.

/// A panel that is factored from its diagonal on, and the rows that were exchanged for this, counted from
/// there.
template <class T>
using LuPanel = std::pair<Block<T>, Block<std::int32_t>>;
/// Panel `number` of L U, with partial pivoting; what was before it has been eliminated.
template <BlasNumber T>
LuPanel<T> lu_panel(Block<T> panel, std::int64_t number);
/// Exchanges rows of another panel, and eliminates, as was done in a factored one.
template <BlasNumber T>
Block<T> eliminate_panel(Block<T> panel, const LuPanel<T>& by);
/// One step of U^-1 b, from below: the rows of b beside the panel's diagonal are solved for, and subtracted
/// from those above.
template <BlasNumber T>
Block<T> substitute_panel(Block<T> panel, const LuPanel<T>& by);

// --- orthogonal factors -----------------------------------------------------------------------------------

/// Q and R of a block of rows: as many columns of Q as rows of R, the lesser of the block's lengths. The
/// diagonal of R is not below 0. A Q of one dimension stands for the identity. The first number of Q's offset
/// is that of the block, or, of two stacked R, how many rows the first has.
template <class T>
using QrFactors = std::pair<Block<T>, Block<T>>;
template <BlasNumber T>
QrFactors<T> qr_of_rows(Block<T> rows);
/// The same of the R of two neighbours, one on the other.
template <BlasNumber T>
QrFactors<T> qr_of_pair(Inputs<QrFactors<T>> pair);
/// What the Q of child number `place` of a pair is to be multiplied with: its rows of the pair's Q, times
/// what that is multiplied with itself.
template <BlasNumber T>
Block<T> child_of_pair(const Index& place, const QrFactors<T>& pair, const Block<T>& above);
/// A block of the whole Q.
template <BlasNumber T>
Block<T> rows_of_q(const Index& place, const QrFactors<T>& own, const Block<T>& above);
/// Fails if some element of R's diagonal is 0, but for rounding, in a matrix of so many rows; R itself.
template <BlasNumber T>
Block<T> full_rank(Block<T> r, std::int64_t rows);
/// U, the singular values, and V^H.
template <class T>
using SvdFactors = std::tuple<Block<T>, Block<Real<T>>, Block<T>>;
template <BlasNumber T>
SvdFactors<T> svd_of_block(Block<T> a);

}  // namespace ramal::detail
