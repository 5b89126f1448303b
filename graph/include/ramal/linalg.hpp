// SPDX-License-Identifier: BSD-3-Clause
// Products and linear algebra of arrays, as NumPy and SciPy have them. Link ramal::linalg, which brings a
// BLAS and LAPACK.
//
//   const auto gram = ramal::matmul(a.transpose(), a);
//   const auto x = ramal::solve(gram, b, {.assume = ramal::positive_definite});
//   const auto [q, r] = ramal::qr(a);
//
//   products           matmul, dot, vdot, outer, tensordot, einsum; norm, trace, diagonal
//   systems            cholesky, solve_triangular, solve, inv
//   orthogonal         qr, svd, svd_compressed, lstsq
//
// All of these are lazy, and give arrays. float, double and complex numbers of both go through BLAS, with one
// thread a task, unless the environment says otherwise; products also take all other numbers.
#pragma once

#include <ramal/linalg_orthogonal.hpp>
#include <ramal/linalg_products.hpp>
#include <ramal/linalg_solve.hpp>
