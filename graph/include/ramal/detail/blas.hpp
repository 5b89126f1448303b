// SPDX-License-Identifier: BSD-3-Clause
// Products of matrices in memory: by BLAS for the types that it has, by a loop for all others.
#pragma once

#include <ramal/detail/promotion.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

namespace ramal::detail {

/// The types that BLAS and LAPACK have.
template <class T>
concept BlasNumber = std::same_as<T, float> || std::same_as<T, double> ||
    std::same_as<T, std::complex<float>> || std::same_as<T, std::complex<double>>;

/// Elements in memory: [i, j] lies at data[i * row_stride + j * column_stride]. Strides may be 0 or below it.
template <class T>
struct Matrix {
  T* data;
  std::int64_t rows, columns;
  std::int64_t row_stride, column_stride;

  Matrix transposed() const { return {data, columns, rows, column_stride, row_stride}; }
};

/// A BLAS with threads of its own uses one from here on, unless the environment names a number
/// (OPENBLAS_NUM_THREADS, MKL_NUM_THREADS, OMP_NUM_THREADS): its calls are inside of tasks, which run beside
/// others. Only the first call does something. A task that is annotated with threads is given them after
/// that.
void use_one_blas_thread();

/// The longest axis that BLAS is given, which counts in 32 bits. Longer matrices are multiplied in parts.
inline constexpr std::int64_t longest_blas_axis = std::int64_t{1} << 30;
/// c += a b. What lies as BLAS takes it is not copied: an axis of each matrix whose elements lie side by
/// side.
template <BlasNumber T>
void multiply_add(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c,
                  std::int64_t longest = longest_blas_axis);

/// sum + a b, as NumPy has it: whole numbers wrap around, of bool it is `sum or (a and b)`.
template <class T>
[[gnu::always_inline]] inline T plus_product(const T& sum, const T& a, const T& b) {
  if constexpr (std::same_as<T, bool>) {
    return sum || (a && b);
  } else if constexpr (std::integral<T>) {
    using U = std::common_type_t<unsigned, std::make_unsigned_t<T>>;  // short ones would become int
    return static_cast<T>(static_cast<U>(sum) + static_cast<U>(a) * static_cast<U>(b));
  } else {
    return sum + a * b;
  }
}
template <class T>
[[gnu::always_inline]] inline T plus(const T& a, const T& b) {
  if constexpr (std::integral<T>) {
    return plus_product<T>(a, b, T(1));
  } else {
    return a + b;
  }
}
/// c += a b for numbers that BLAS does not have: a loop over tiles of b that lie in the cache. Each element's
/// products are added in the order of k.
template <class T>
  requires(!BlasNumber<T>)
void multiply_add(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c) {
  constexpr std::int64_t tile_rows = 64, tile_columns = 512;
  std::array<T, static_cast<std::size_t>(tile_columns)> sums;
  for (std::int64_t j = 0; j < c.columns; j += tile_columns) {
    const std::int64_t columns = std::min(tile_columns, c.columns - j);
    for (std::int64_t k = 0; k < a.columns; k += tile_rows) {
      const std::int64_t rows = std::min(tile_rows, a.columns - k);
      std::unique_ptr<T[]> copy;  // a vector of bool would have no elements
      const T* tile = b.data + k * b.row_stride + j * b.column_stride;
      std::int64_t tile_stride = b.row_stride;
      if (b.column_stride != 1) {
        copy = std::make_unique<T[]>(static_cast<std::size_t>(rows * columns));
        for (std::int64_t r = 0; r < rows; ++r)
          for (std::int64_t s = 0; s < columns; ++s)
            copy[static_cast<std::size_t>(r * columns + s)] = tile[r * b.row_stride + s * b.column_stride];
        tile = copy.get();
        tile_stride = columns;
      }
      for (std::int64_t i = 0; i < c.rows; ++i) {
        T* to = c.data + i * c.row_stride + j * c.column_stride;
        for (std::int64_t s = 0; s < columns; ++s)
          sums[static_cast<std::size_t>(s)] = to[s * c.column_stride];
        for (std::int64_t r = 0; r < rows; ++r) {
          const T factor = a.data[i * a.row_stride + (k + r) * a.column_stride];
          const T* row = tile + r * tile_stride;
          for (std::int64_t s = 0; s < columns; ++s)
            sums[static_cast<std::size_t>(s)] =
                plus_product(sums[static_cast<std::size_t>(s)], factor, row[s]);
        }
        for (std::int64_t s = 0; s < columns; ++s)
          to[s * c.column_stride] = sums[static_cast<std::size_t>(s)];
      }
    }
  }
}

}  // namespace ramal::detail
