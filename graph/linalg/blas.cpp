// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/blas.hpp>

#include "graph/linalg/fortran.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <initializer_list>
#include <mutex>
#include <vector>

extern "C" {
// Where BLAS is linked statically, dlsym does not find them.
[[gnu::weak]] void openblas_set_num_threads(int);
[[gnu::weak]] void MKL_Set_Num_Threads(int);
}

namespace ramal::detail {

namespace {

using SetThreads = void (*)(int);

void set_one(SetThreads linked, const char* name, std::initializer_list<const char*> variables) {
  for (const char* variable : variables)
    if (std::getenv(variable) != nullptr) return;
  if (linked == nullptr) linked = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, name));
  if (linked != nullptr) linked(1);
}

}  // namespace

void use_one_blas_thread() {
  static std::once_flag once;
  std::call_once(once, [] {
    set_one(&openblas_set_num_threads, "openblas_set_num_threads",
            {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"});
    set_one(&MKL_Set_Num_Threads, "MKL_Set_Num_Threads", {"MKL_NUM_THREADS", "OMP_NUM_THREADS"});
  });
}

namespace {

/// A matrix as BLAS takes one: an axis whose elements lie side by side, and how far apart those of the other
/// are.
struct MatrixLayout {
  bool is_row_major = true;
  FortranInt apart = 1;
  bool fits = false;
};
template <class T>
MatrixLayout layout_of(const Matrix<T>& m, std::int64_t longest) {
  const auto fits = [longest](std::int64_t along, std::int64_t across, std::int64_t apart,
                              std::int64_t length) {
    return (along == 1 || length == 1) && (across == 1 || (apart >= length && apart <= longest));
  };
  // Of an axis of one element the stride says nothing.
  if (fits(m.column_stride, m.rows, m.row_stride, m.columns))
    return {true, static_cast<FortranInt>(std::max<std::int64_t>(m.columns, m.rows == 1 ? 1 : m.row_stride)),
            true};
  if (fits(m.row_stride, m.columns, m.column_stride, m.rows))
    return {false,
            static_cast<FortranInt>(std::max<std::int64_t>(m.rows, m.columns == 1 ? 1 : m.column_stride)),
            true};
  return {};
}

/// y += m x, for vectors with any strides but 0.
template <class T>
void multiply_vector(const Matrix<const T>& m, const MatrixLayout& layout, const T* x, std::int64_t x_stride,
                     T* y, std::int64_t y_stride) {
  const T one(1);
  // Of a vector with a negative stride BLAS begins at the other end of the memory.
  const auto begin = [](auto* data, std::int64_t stride, std::int64_t count) {
    return stride < 0 ? data + (count - 1) * stride : data;
  };
  const char trans = layout.is_row_major ? 'T' : 'N';
  const auto rows = static_cast<FortranInt>(layout.is_row_major ? m.columns : m.rows);
  const auto columns = static_cast<FortranInt>(layout.is_row_major ? m.rows : m.columns);
  const auto x_step = static_cast<FortranInt>(m.columns == 1 ? 1 : x_stride);
  const auto y_step = static_cast<FortranInt>(m.rows == 1 ? 1 : y_stride);
  Fortran<T>::gemv(&trans, &rows, &columns, &one, m.data, &layout.apart, begin(x, x_step, m.columns), &x_step,
                   &one, begin(y, y_step, m.rows), &y_step, 1);
}

/// A copy of a matrix, row by row.
template <class T>
std::vector<T> packed(const Matrix<const T>& from) {
  std::vector<T> copy(static_cast<std::size_t>(from.rows * from.columns));
  auto to = copy.begin();
  for (std::int64_t i = 0; i < from.rows; ++i)
    for (std::int64_t j = 0; j < from.columns; ++j)
      *to++ = from.data[i * from.row_stride + j * from.column_stride];
  return copy;
}

bool is_step(std::int64_t stride, std::int64_t count, std::int64_t longest) {
  return count == 1 || (stride != 0 && std::abs(stride) <= longest);
}

/// All three have a layout, and c is row-major. BLAS is asked for the transposed product, since it is
/// column-major.
template <class T>
void multiply_matrices(const Matrix<const T>& a, const MatrixLayout& of_a, const Matrix<const T>& b,
                       const MatrixLayout& of_b, const Matrix<T>& c, const MatrixLayout& of_c) {
  const T one(1);
  const char trans_b = of_b.is_row_major ? 'N' : 'T', trans_a = of_a.is_row_major ? 'N' : 'T';
  const auto rows = static_cast<FortranInt>(c.columns), columns = static_cast<FortranInt>(c.rows),
             depth = static_cast<FortranInt>(a.columns);
  Fortran<T>::gemm(&trans_b, &trans_a, &rows, &columns, &depth, &one, b.data, &of_b.apart, a.data,
                   &of_a.apart, &one, c.data, &of_c.apart, 1, 1);
}

}  // namespace

template <BlasNumber T>
void multiply_add(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c,
                  std::int64_t longest) {
  if (c.rows == 0 || c.columns == 0 || a.columns == 0) return;
  use_one_blas_thread();
  const auto in_halves = [](std::int64_t length, const auto& part) {
    part(0, length / 2);
    part(length / 2, length - length / 2);
  };
  if (c.rows > longest)
    return in_halves(c.rows, [&](std::int64_t from, std::int64_t count) {
      multiply_add<T>({a.data + from * a.row_stride, count, a.columns, a.row_stride, a.column_stride}, b,
                      {c.data + from * c.row_stride, count, c.columns, c.row_stride, c.column_stride},
                      longest);
    });
  if (c.columns > longest) return multiply_add<T>(b.transposed(), a.transposed(), c.transposed(), longest);
  if (a.columns > longest)
    return in_halves(a.columns, [&](std::int64_t from, std::int64_t count) {
      multiply_add<T>({a.data + from * a.column_stride, a.rows, count, a.row_stride, a.column_stride},
                      {b.data + from * b.row_stride, count, b.columns, b.row_stride, b.column_stride}, c,
                      longest);
    });
  const MatrixLayout of_a = layout_of(a, longest), of_b = layout_of(b, longest), of_c = layout_of(c, longest);
  if (c.columns == 1 && of_a.fits && is_step(b.row_stride, b.rows, longest) &&
      is_step(c.row_stride, c.rows, longest))
    return multiply_vector(a, of_a, b.data, b.row_stride, c.data, c.row_stride);
  if (c.rows == 1 && of_b.fits && is_step(a.column_stride, a.columns, longest) &&
      is_step(c.column_stride, c.columns, longest)) {
    const Matrix<const T> turned = b.transposed();
    return multiply_vector(turned, layout_of(turned, longest), a.data, a.column_stride, c.data,
                           c.column_stride);
  }
  const auto copied = [](const Matrix<const T>& from, const auto& use) {
    const std::vector<T> copy = packed(from);
    use(Matrix<const T>{copy.data(), from.rows, from.columns, from.columns, 1});
  };
  if (!of_a.fits)
    return copied(a, [&](const Matrix<const T>& copy) { multiply_add<T>(copy, b, c, longest); });
  if (!of_b.fits)
    return copied(b, [&](const Matrix<const T>& copy) { multiply_add<T>(a, copy, c, longest); });
  if (of_c.fits && !of_c.is_row_major)
    return multiply_add<T>(b.transposed(), a.transposed(), c.transposed(), longest);
  if (of_c.fits) return multiply_matrices(a, of_a, b, of_b, c, of_c);
  std::vector<T> sums = packed(Matrix<const T>{c.data, c.rows, c.columns, c.row_stride, c.column_stride});
  multiply_add<T>(a, b, {sums.data(), c.rows, c.columns, c.columns, 1}, longest);
  for (std::int64_t i = 0; i < c.rows; ++i)
    for (std::int64_t j = 0; j < c.columns; ++j)
      c.data[i * c.row_stride + j * c.column_stride] = sums[static_cast<std::size_t>(i * c.columns + j)];
}

#define RAMAL_INSTANTIATE(T)                                                                      \
  template void multiply_add<T>(const Matrix<const T>&, const Matrix<const T>&, const Matrix<T>&, \
                                std::int64_t);
RAMAL_INSTANTIATE(float)
RAMAL_INSTANTIATE(double)
RAMAL_INSTANTIATE(std::complex<float>)
RAMAL_INSTANTIATE(std::complex<double>)
#undef RAMAL_INSTANTIATE

}  // namespace ramal::detail
