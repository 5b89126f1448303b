// SPDX-License-Identifier: BSD-3-Clause
// Orthogonal factors of blocks of rows.
#include "graph/linalg/lapack.hpp"

#include <cmath>
#include <limits>

namespace ramal::detail {

namespace {

template <class T>
Block<T> product(const T* a, std::int64_t rows, std::int64_t depth, const Block<T>& b,
                 const Extents& offset = {}) {
  const auto columns = static_cast<std::int64_t>(b.shape()[1]);
  Block<T> c = Block<T>::filled({static_cast<std::uint64_t>(rows), b.shape()[1]}, T(0), offset);
  multiply_add<T>({a, rows, depth, depth, 1}, {b.data(), depth, columns, columns, 1},
                  {c.data(), rows, columns, columns, 1});
  return c;
}

/// Turns rows of R, and columns of Q, so that the diagonal is not below 0. So R is the one that there is, if
/// the matrix has full rank, however it was cut.
template <class T>
void normalise(Block<T>& q, Block<T>& r) {
  const std::uint64_t count = r.shape()[0], columns = r.shape()[1], rows = q.shape()[0];
  for (std::uint64_t i = 0; i < count; ++i) {
    const Real<T> size = std::abs(r(i, i));
    if (!(size > 0) || r(i, i) == T(size)) continue;
    T turn = r(i, i) / size, back = turn;
    if constexpr (is_complex<T>) back = std::conj(turn);
    for (std::uint64_t j = i; j < columns; ++j) r(i, j) *= back;
    r(i, i) = T(size);
    for (std::uint64_t j = 0; j < rows; ++j) q(j, i) *= turn;
  }
}

}  // namespace

template <BlasNumber T>
QrFactors<T> qr_of_rows(Block<T> rows) {
  use_one_blas_thread();
  const FortranInt m = rows_of(rows), n = columns_of(rows), k = std::min(m, n), apart = leading(n);
  const auto count = static_cast<std::uint64_t>(k);
  Block<T> r = Block<T>::filled({count, rows.shape()[1]}, T(0));
  Block<T> q({rows.shape()[0], count}, {rows.offset()[0], 0});
  if (k == 0) return {std::move(q), std::move(r)};
  // Row-major, these rows are the columns of their transpose: rows^T = L Q' has R = L^T and Q = Q'^T.
  const std::unique_ptr<T[]> tau(new T[count]);
  FortranInt info = 0;
  with_work<T>([&](T* work, const FortranInt* size) {
    Fortran<T>::gelqf(&n, &m, rows.data(), &apart, tau.get(), work, size, &info);
    expect_arguments("gelqf", info);
  });
  for (std::uint64_t i = 0; i < count; ++i)
    std::copy(&rows(i, i), rows.data() + (i + 1) * rows.shape()[1], &r(i, i));
  with_work<T>([&](T* work, const FortranInt* size) {
    Fortran<T>::make_q(&k, &m, &k, rows.data(), &apart, tau.get(), work, size, &info);
    expect_arguments("orglq", info);
  });
  for (std::uint64_t i = 0; i < rows.shape()[0]; ++i) std::copy_n(&rows(i, 0), count, &q(i, 0));
  normalise(q, r);
  return {std::move(q), std::move(r)};
}

template <BlasNumber T>
QrFactors<T> qr_of_pair(Inputs<QrFactors<T>> pair) {
  const Block<T>& first = pair[0].second;
  if (pair.size() == 1) return {Block<T>(), first};
  const Block<T>& second = pair[1].second;
  Block<T> both({first.shape()[0] + second.shape()[0], first.shape()[1]}, {first.shape()[0], 0});
  std::copy(second.begin(), second.end(), std::copy(first.begin(), first.end(), both.data()));
  return qr_of_rows<T>(std::move(both));
}

template <BlasNumber T>
Block<T> child_of_pair(const Index& place, const QrFactors<T>& pair, const Block<T>& above) {
  const Block<T>& q = pair.first;
  if (q.dimensions() == 1) return above;
  const auto rows = static_cast<std::int64_t>(q.shape()[0]), depth = static_cast<std::int64_t>(q.shape()[1]),
             middle = static_cast<std::int64_t>(q.offset()[0]);
  const std::int64_t low = place[0] % 2 == 0 ? 0 : middle, high = place[0] % 2 == 0 ? middle : rows;
  const T* own = q.data() + low * depth;
  if (above.dimensions() != 1) return product(own, high - low, depth, above);
  Block<T> part({static_cast<std::uint64_t>(high - low), q.shape()[1]});
  std::copy_n(own, part.size(), part.data());
  return part;
}

template <BlasNumber T>
Block<T> rows_of_q(const Index&, const QrFactors<T>& own, const Block<T>& above) {
  const Block<T>& q = own.first;
  if (above.dimensions() == 1) return q;
  return product(q.data(), static_cast<std::int64_t>(q.shape()[0]), static_cast<std::int64_t>(q.shape()[1]),
                 above, q.offset());
}

template <BlasNumber T>
Block<T> full_rank(Block<T> r, std::int64_t rows) {
  const std::uint64_t count = r.shape()[0];
  Real<T> largest = 0;
  for (std::uint64_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(r(i, i)));
  const Real<T> least = largest * std::numeric_limits<Real<T>>::epsilon() *
                        static_cast<Real<T>>(std::max(rows, static_cast<std::int64_t>(count)));
  for (std::uint64_t i = 0; i < count; ++i)
    if (std::abs(r(i, i)) <= least)
      throw std::runtime_error(
          "ramal: lstsq: the columns of the matrix are linearly dependent: tile [0, 0] of R, pivot " +
          std::to_string(i) + ", is 0 but for rounding");
  return r;
}

namespace {

template <class T>
FortranInt call_gesdd(FortranInt m, FortranInt n, T* a, FortranInt a_apart, Real<T>* s, T* u, T* v) {
  const FortranInt k = std::min(m, n);
  const std::unique_ptr<FortranInt[]> whole(new FortranInt[static_cast<std::size_t>(8 * k)]);
  FortranInt info = 0;
  const auto least = static_cast<std::size_t>(k), most = static_cast<std::size_t>(std::max(m, n));
  std::unique_ptr<Real<T>[]> real;
  if constexpr (is_complex<T>)
    real.reset(new Real<T>[least * std::max(5 * least + 7, 2 * most + 2 * least + 1)]);
  with_work<T>([&](T* work, const FortranInt* size) {
    if constexpr (is_complex<T>) {
      Fortran<T>::gesdd("S", &m, &n, a, &a_apart, s, u, &m, v, &k, work, size, real.get(), whole.get(), &info,
                        1);
    } else {
      Fortran<T>::gesdd("S", &m, &n, a, &a_apart, s, u, &m, v, &k, work, size, whole.get(), &info, 1);
    }
  });
  return info;
}

}  // namespace

template <BlasNumber T>
SvdFactors<T> svd_of_block(Block<T> a) {
  use_one_blas_thread();
  const FortranInt rows = rows_of(a), columns = columns_of(a), k = std::min(rows, columns);
  const auto count = static_cast<std::uint64_t>(k);
  Block<T> u({a.shape()[0], count}), v({count, a.shape()[1]});
  Block<Real<T>> s({count});
  if (k == 0) return {std::move(u), std::move(s), std::move(v)};
  for (const T& one : a)
    if (!std::isfinite(std::real(one)) || !std::isfinite(std::imag(one)))
      throw std::runtime_error("ramal: svd: the matrix has NaN or infinity among its elements");
  // The transpose, as the column-major order has it: a^T = U' S V'^H has U = (V'^H)^T and V^H = U'^T.
  const FortranInt info = call_gesdd<T>(columns, rows, a.data(), columns, s.data(), v.data(), u.data());
  expect_arguments("gesdd", info);
  if (info > 0) throw std::runtime_error("ramal: svd: the singular values did not converge");
  return {std::move(u), std::move(s), std::move(v)};
}

#define RAMAL_INSTANTIATE(T)                                                              \
  template QrFactors<T> qr_of_rows<T>(Block<T>);                                          \
  template QrFactors<T> qr_of_pair<T>(Inputs<QrFactors<T>>);                              \
  template Block<T> child_of_pair<T>(const Index&, const QrFactors<T>&, const Block<T>&); \
  template Block<T> rows_of_q<T>(const Index&, const QrFactors<T>&, const Block<T>&);     \
  template Block<T> full_rank<T>(Block<T>, std::int64_t);                                 \
  template SvdFactors<T> svd_of_block<T>(Block<T>)
RAMAL_FOR_BLAS_NUMBERS(RAMAL_INSTANTIATE)
#undef RAMAL_INSTANTIATE

}  // namespace ramal::detail
