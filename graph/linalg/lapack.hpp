// SPDX-License-Identifier: BSD-3-Clause
// What the tasks of factorisations have in common.
#pragma once

#include <ramal/detail/lapack.hpp>

#include "graph/linalg/fortran.hpp"

#include <stdexcept>

namespace ramal::detail {

/// A length as Fortran counts. Throws std::runtime_error if it is too long.
inline FortranInt fortran_length(std::uint64_t length) {
  if (length >= std::uint64_t{1} << 31)
    throw std::runtime_error("ramal: a block has an axis of " + std::to_string(length) +
                             " elements; LAPACK takes fewer than 2^31: cut the array into smaller chunks");
  return static_cast<FortranInt>(length);
}
template <class T>
FortranInt rows_of(const Block<T>& block) {
  return fortran_length(block.shape()[0]);
}
template <class T>
FortranInt columns_of(const Block<T>& block) {
  return fortran_length(block.shape()[1]);
}
/// How far apart rows or columns of so many elements lie, which is at least 1.
inline FortranInt leading(FortranInt length) { return std::max(1, length); }

/// "tile [2, 2], pivot 3, row 67 of the matrix": where a diagonal's element is, counted from 0.
inline std::string pivot_text(std::int64_t tile, std::int64_t pivot, std::uint64_t first_row) {
  return "tile [" + std::to_string(tile) + ", " + std::to_string(tile) + "], pivot " + std::to_string(pivot) +
         ", row " + std::to_string(first_row + static_cast<std::uint64_t>(pivot)) + " of the matrix";
}
/// LAPACK's word on its arguments, which are ours.
inline void expect_arguments(const char* routine, FortranInt info) {
  if (info < 0)
    throw std::logic_error("ramal: " + std::string(routine) + " refuses its argument " +
                           std::to_string(-info));
}
/// Calls a routine that takes room to work in: asks it how much, then calls it.
template <class T, class Call>
void with_work(const Call& call) {
  T best{};
  const FortranInt ask = -1;
  call(&best, &ask);
  const auto size = leading(static_cast<FortranInt>(std::real(best)));
  const std::unique_ptr<T[]> work(new T[static_cast<std::size_t>(size)]);
  call(work.get(), &size);
}

/// b becomes alpha op(t)^-1 b (`side` L) or alpha b op(t)^-1 (R), all row-major.
template <class T>
void solve_triangle(char side, char triangle, char op, char diagonal, FortranInt rows, FortranInt columns,
                    const T* t, FortranInt t_apart, T* b, FortranInt b_apart) {
  if (rows == 0 || columns == 0) return;
  // In column-major order all of this is transposed.
  const char other_side = side == 'L' ? 'R' : 'L', other_triangle = triangle == 'L' ? 'U' : 'L';
  const T one(1);
  Fortran<T>::trsm(&other_side, &other_triangle, &op, &diagonal, &columns, &rows, &one, t, &t_apart, b,
                   &b_apart, 1, 1, 1, 1);
}

#define RAMAL_FOR_BLAS_NUMBERS(instantiate) \
  instantiate(float);                       \
  instantiate(double);                      \
  instantiate(std::complex<float>);         \
  instantiate(std::complex<double>);

}  // namespace ramal::detail
