// SPDX-License-Identifier: BSD-3-Clause
// Tiles and column panels of square matrices.
#include "graph/linalg/lapack.hpp"

namespace ramal::detail {

// --- tiles ------------------------------------------------------------------------------------------------

template <BlasNumber T>
Block<T> zero_tile(std::int64_t rows, std::int64_t columns, std::int64_t row, std::int64_t column) {
  return Block<T>::filled({static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns)}, T(0),
                          {static_cast<std::uint64_t>(row), static_cast<std::uint64_t>(column)});
}

template <BlasNumber T>
Block<T> cholesky_tile(Block<T> a, std::int64_t number) {
  use_one_blas_thread();
  const FortranInt n = rows_of(a), apart = leading(n);
  FortranInt info = 0;
  // The lower triangle is the upper one in column-major order: a^T = U^H U has U = L^T.
  Fortran<T>::potrf("U", &n, a.data(), &apart, &info, 1);
  expect_arguments("potrf", info);
  // Some BLAS go on with NaN.
  for (std::uint64_t i = 0; i < a.shape()[0] && info == 0; ++i)
    if (!(std::real(a(i, i)) > 0)) info = static_cast<FortranInt>(i + 1);
  if (info > 0)
    throw std::runtime_error("ramal: cholesky: the matrix is not positive definite: " +
                             pivot_text(number, info - 1, a.offset()[0]) + ", is not above 0");
  for (std::uint64_t i = 0; i < a.shape()[0]; ++i)
    std::fill(a.data() + i * a.shape()[1] + i + 1, a.data() + (i + 1) * a.shape()[1], T(0));
  return a;
}

template <BlasNumber T>
Block<T> divide_tile(Block<T> a, const Block<T>& l) {
  use_one_blas_thread();
  const FortranInt rows = rows_of(a), columns = columns_of(a);
  solve_triangle('R', 'L', 'C', 'N', rows, columns, l.data(), leading(columns), a.data(), leading(columns));
  return a;
}

template <BlasNumber T>
Block<T> update_tile(Block<T> a, const Block<T>& x, const Block<T>& y) {
  use_one_blas_thread();
  const FortranInt rows = rows_of(a), columns = columns_of(a), depth = columns_of(x), apart = leading(depth),
                   a_apart = leading(columns);
  const T minus_one(-1), one(1);
  // a^T - conj(y) x^T
  Fortran<T>::gemm("C", "N", &columns, &rows, &depth, &minus_one, y.data(), &apart, x.data(), &apart, &one,
                   a.data(), &a_apart, 1, 1);
  return a;
}

namespace {

char op_of(std::int64_t triangle) {
  if ((triangle & Triangle::transposed) == 0) return 'N';
  return (triangle & Triangle::conjugated) != 0 ? 'C' : 'T';
}

}  // namespace

template <BlasNumber T>
Block<T> solve_tile(Block<T> b, const Block<T>& t, std::int64_t triangle, std::int64_t number) {
  use_one_blas_thread();
  const FortranInt rows = rows_of(b), columns = columns_of(b);
  const bool is_unit = (triangle & Triangle::unit) != 0;
  for (std::uint64_t i = 0; i < t.shape()[0] && !is_unit; ++i)
    if (t(i, i) == T(0))
      throw std::runtime_error("ramal: solve_triangular: the matrix is singular: " +
                               pivot_text(number, static_cast<std::int64_t>(i), t.offset()[0]) + ", is 0");
  solve_triangle('L', (triangle & Triangle::lower) != 0 ? 'L' : 'U', op_of(triangle), is_unit ? 'U' : 'N',
                 rows, columns, t.data(), leading(rows), b.data(), leading(columns));
  return b;
}

template <BlasNumber T>
Block<T> subtract_tile(Block<T> b, const Block<T>& t, const Block<T>& x, std::int64_t triangle) {
  use_one_blas_thread();
  const FortranInt rows = rows_of(b), columns = columns_of(b), depth = rows_of(x), b_apart = leading(columns),
                   t_apart = leading(columns_of(t));
  const T minus_one(-1), one(1);
  const char op = op_of(triangle);
  // b^T - x^T op(t)^T
  Fortran<T>::gemm("N", &op, &columns, &rows, &depth, &minus_one, x.data(), &b_apart, t.data(), &t_apart,
                   &one, b.data(), &b_apart, 1, 1);
  return b;
}

// --- column panels ----------------------------------------------------------------------------------------

template <BlasNumber T>
LuPanel<T> lu_panel(Block<T> panel, std::int64_t number) {
  use_one_blas_thread();
  const FortranInt columns = rows_of(panel), length = columns_of(panel), apart = leading(length);
  const auto first = static_cast<FortranInt>(panel.offset()[0]);
  const FortranInt rows = length - first;
  Block<std::int32_t> pivots({static_cast<std::uint64_t>(columns)});
  FortranInt info = 0;
  if (columns > 0) Fortran<T>::getrf(&rows, &columns, panel.data() + first, &apart, pivots.data(), &info);
  expect_arguments("getrf", info);
  if (info > 0)
    throw std::runtime_error("ramal: solve: the matrix is singular: " +
                             pivot_text(number, info - 1, panel.offset()[0]) + ", is 0");
  return {std::move(panel), std::move(pivots)};
}

template <BlasNumber T>
Block<T> eliminate_panel(Block<T> panel, const LuPanel<T>& by) {
  use_one_blas_thread();
  const auto& [factor, pivots] = by;
  const FortranInt columns = rows_of(panel), length = columns_of(panel), width = rows_of(factor),
                   apart = leading(length);
  if (columns == 0 || width == 0) return panel;
  const auto first = static_cast<FortranInt>(factor.offset()[0]);
  const FortranInt below = length - first - width, from = 1, step = 1;
  const T minus_one(-1), one(1);
  T* beside = panel.data() + first;
  const T* diagonal = factor.data() + first;
  Fortran<T>::laswp(&columns, beside, &apart, &from, &width, pivots.data(), &step);
  Fortran<T>::trsm("L", "L", "N", "U", &width, &columns, &one, diagonal, &apart, beside, &apart, 1, 1, 1, 1);
  if (below > 0)
    Fortran<T>::gemm("N", "N", &below, &columns, &width, &minus_one, diagonal + width, &apart, beside, &apart,
                     &one, beside + width, &apart, 1, 1);
  return panel;
}

template <BlasNumber T>
Block<T> substitute_panel(Block<T> panel, const LuPanel<T>& by) {
  use_one_blas_thread();
  const Block<T>& factor = by.first;
  const FortranInt columns = rows_of(panel), length = columns_of(panel), width = rows_of(factor),
                   apart = leading(length);
  if (columns == 0 || width == 0) return panel;
  const auto first = static_cast<FortranInt>(factor.offset()[0]);
  const T minus_one(-1), one(1);
  T* beside = panel.data() + first;
  Fortran<T>::trsm("L", "U", "N", "N", &width, &columns, &one, factor.data() + first, &apart, beside, &apart,
                   1, 1, 1, 1);
  if (first > 0)
    Fortran<T>::gemm("N", "N", &first, &columns, &width, &minus_one, factor.data(), &apart, beside, &apart,
                     &one, panel.data(), &apart, 1, 1);
  return panel;
}

#define RAMAL_INSTANTIATE(T)                                                                    \
  template Block<T> zero_tile<T>(std::int64_t, std::int64_t, std::int64_t, std::int64_t);       \
  template Block<T> cholesky_tile<T>(Block<T>, std::int64_t);                                   \
  template Block<T> divide_tile<T>(Block<T>, const Block<T>&);                                  \
  template Block<T> update_tile<T>(Block<T>, const Block<T>&, const Block<T>&);                 \
  template Block<T> solve_tile<T>(Block<T>, const Block<T>&, std::int64_t, std::int64_t);       \
  template Block<T> subtract_tile<T>(Block<T>, const Block<T>&, const Block<T>&, std::int64_t); \
  template LuPanel<T> lu_panel<T>(Block<T>, std::int64_t);                                      \
  template Block<T> eliminate_panel<T>(Block<T>, const LuPanel<T>&);                            \
  template Block<T> substitute_panel<T>(Block<T>, const LuPanel<T>&)
RAMAL_FOR_BLAS_NUMBERS(RAMAL_INSTANTIATE)
#undef RAMAL_INSTANTIATE

}  // namespace ramal::detail
