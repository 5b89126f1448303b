// SPDX-License-Identifier: BSD-3-Clause
// QR factors, singular values and least squares of matrices with many more rows than columns. Included by
// <ramal/linalg.hpp>.
//
// Tasks hold some rows with all of their columns, and square matrices of as many rows as there are columns.
// Rank 0 is told of as many families as a tree of the chunks of rows has levels.
#pragma once

#include <ramal/array_random.hpp>
#include <ramal/linalg_products.hpp>
#include <ramal/linalg_solve.hpp>

namespace ramal {

/// See `qr`.
template <class T>
struct QrArrays {
  Array<T> q, r;
};
/// See `svd`.
template <class T>
struct SvdArrays {
  Array<T> u;
  Array<detail::Real<T>> s;
  Array<T> vt;
};

namespace detail {

/// Each two children have one parent.
struct ParentDependence {
  void operator()(const Index& at, Reads& reads) const {
    reads(0, Index(at[0] / 2));
    reads(1, Index(at[0] / 2));
  }
  void inverse(std::uint32_t, const Index& at, Readers& readers) const {
    readers(Index(2 * at[0]));
    readers(Index(2 * at[0] + 1));
  }
};
/// A block of rows of the grid (n, 1) reads what belongs to it.
struct RowDependence {
  void operator()(const Index& at, Reads& reads) const {
    reads(0, Index(at[0]));
    reads(1, Index(at[0]));
  }
  void inverse(std::uint32_t, const Index& at, Readers& readers) const { readers(Index(at[0], 0)); }
};
/// The identity, which the root's Q is multiplied with.
template <class T>
Block<T> no_factor(const QrFactors<T>&) {
  return {};
}

template <class T>
Array<T> conjugate_transpose(const Array<T>& a, std::source_location where) {
  if constexpr (is_complex<T>) {
    return Array<T>(conj(a.transpose({}, where)), where);
  } else {
    return a.transpose({}, where);
  }
}
template <class T>
QrArrays<T> tall_qr(const Array<T>& a, std::source_location where) {
  const Extents shape = a.shape();
  const Axis rows = a.state().axes[0], columns = Axis::whole(static_cast<std::int64_t>(shape[1]));
  const Family<Block<T>> blocks = blocks_of<T>(a, {rows, columns}, where);
  std::vector<Family<QrFactors<T>>> levels{
      map<&qr_of_rows<T>>({Family<Block<T>>(blocks.view().without(1)), where})};
  while (levels.back().size() > 1) levels.push_back(coarsen<&qr_of_pair<T>>(levels.back(), 2, where));
  Family<Block<T>> above = map<&no_factor<T>>({levels.back(), where});
  for (std::size_t level = levels.size() - 1; level-- > 0;)
    above = family<&child_of_pair<T>>({levels[level].extent(), where}, ParentDependence{}, levels[level + 1],
                                      above);
  const Family<Block<T>> q =
      family<&rows_of_q<T>>({Index(rows.count(), 1), where}, RowDependence{}, levels[0], above);
  const std::uint64_t count = std::min(shape[0], shape[1]);
  return {Array<T>(plain_state(q.view(), {rows, Axis::whole(static_cast<std::int64_t>(count))}, where)),
          from_delayed<T>(get<1>(levels.back()[Index(0)], where), {count, shape[1]}, where)};
}
template <class T>
SvdArrays<T> tall_svd(const Array<T>& a, std::source_location where) {
  const QrArrays<T> factors = tall_qr(a, where);
  const Extents shape = factors.r.shape();
  const auto svd = delayed<&svd_of_block<T>>(factors.r.block(Index(0, 0), where), where);
  return {matmul(factors.q, from_delayed<T>(get<0>(svd, where), {shape[0], shape[0]}, where), where),
          from_delayed<Real<T>>(get<1>(svd, where), {shape[0]}, where),
          from_delayed<T>(get<2>(svd, where), shape, where)};
}

}  // namespace detail

/// Q and R of a = Q R: np.linalg.qr, but the diagonal of R is not below 0, so that it does not hang on the
/// chunks but for rounding. Of m rows and n columns, Q has min(m, n) orthonormal columns and is cut as the
/// rows of `a`; R has min(m, n) rows and is one block. Throws std::invalid_argument for what is no matrix.
///
/// By a tree over blocks of rows: J. Demmel, L. Grigori, M. Hoemmen, J. Langou: Communication-optimal
/// parallel and sequential QR and LU factorizations (2012). Blocks should have more rows than there are
/// columns.
///
///   const auto [q, r] = ramal::qr(a);
template <class V, class Node>
  requires detail::Factorable<V> QrArrays<detail::FactorOf<V>> qr(
      const Array<V, Node>& a, std::source_location where = std::source_location::current()) {
    detail::expect_matrix(a.state(), "qr", where);
    return detail::tall_qr(detail::product_operand<detail::FactorOf<V>>(a, where), where);
  }

/// U, s and V^H of a = U diag(s) V^H, s descending: np.linalg.svd(a, full_matrices=False). By QR, and
/// LAPACK's gesdd of R in one task; of a matrix with fewer rows than columns by its transpose. Throws
/// std::invalid_argument for what is no matrix; fails if there is NaN or infinity.
///
///   const auto [u, s, vt] = ramal::svd(a);
template <class V, class Node>
  requires detail::Factorable<V> SvdArrays<detail::FactorOf<V>> svd(
      const Array<V, Node>& a, std::source_location where = std::source_location::current()) {
    detail::expect_matrix(a.state(), "svd", where);
    const auto matrix = detail::product_operand<detail::FactorOf<V>>(a, where);
    if (a.shape()[0] >= a.shape()[1]) return detail::tall_svd(matrix, where);
    const auto turned = detail::tall_svd(matrix.transpose({}, where), where);
    return {turned.vt.transpose({}, where), turned.s, turned.u.transpose({}, where)};
  }

/// See `svd_compressed`.
struct CompressedSvdOptions {
  std::int64_t iterations = 2;     ///< of the subspace; more are better where singular values fall slowly
  std::int64_t oversampling = 10;  ///< how many vectors more than are asked for
  std::uint64_t seed = 0;          ///< of the random vectors
};
/// The first k singular values and vectors, nearly: what `svd` gives, of which U has k columns. The matrix
/// may be large both ways; what has as many rows as it has rows or columns and k + oversampling columns is
/// factored by `qr`, in blocks as the matrix is cut. The result hangs on the seed, not on ranks.
///
/// N. Halko, P. Martinsson, J. Tropp: Finding structure with randomness: probabilistic algorithms for
/// constructing approximate matrix decompositions (2011), algorithms 4.4 and 5.1. It multiplies with the
/// matrix 2 + 2 * iterations times; persist it before if it is an expression and fits.
///
/// Throws std::invalid_argument for what is no matrix, and a k that is not from 1 to its lesser length.
template <class V, class Node>
  requires detail::Factorable<V> SvdArrays<detail::FactorOf<V>> svd_compressed(
      const Array<V, Node>& a, std::int64_t k, CompressedSvdOptions options = {},
      std::source_location where = std::source_location::current()) {
    using T = detail::FactorOf<V>;
    detail::expect_matrix(a.state(), "svd_compressed", where);
    const Extents shape = a.shape();
    const auto least = static_cast<std::int64_t>(std::min(shape[0], shape[1]));
    if (k < 1 || k > least)
      detail::refuse_array("svd_compressed: expected from 1 to " + std::to_string(least) +
                               " values of a matrix of shape " + shape.text() + ", found " +
                               std::to_string(k),
                           where);
    if (options.iterations < 0 || options.oversampling < 0)
      detail::refuse_array("svd_compressed: expected iterations and oversampling of 0 or more, found " +
                               std::to_string(options.iterations) + " and " +
                               std::to_string(options.oversampling),
                           where);
    const std::int64_t vectors = std::min(least, k + options.oversampling);
    const auto matrix = detail::product_operand<T>(a, where);
    const Array<T> adjoint = detail::conjugate_transpose(matrix, where);
    const detail::Axis width = detail::Axis::whole(vectors);
    const auto random =
        random_normal<double>(options.seed, {shape[1], static_cast<std::uint64_t>(vectors)}, 0, 1,
                              detail::chunks_of({matrix.state().axes[1], width}), where);
    Array<T> range =
        detail::tall_qr(matmul(matrix, detail::product_operand<T>(random, where), where), where).q;
    for (std::int64_t i = 0; i < options.iterations; ++i) {
      const Array<T> other = detail::tall_qr(matmul(adjoint, range, where), where).q;
      range = detail::tall_qr(matmul(matrix, other, where), where).q;
    }
    // a^H Q = U S V^H, hence a = Q Q^H a = (Q V) S U^H.
    const SvdArrays<T> small = detail::tall_svd(matmul(adjoint, range, where), where);
    return {matmul(range, detail::conjugate_transpose(small.vt, where), where)(all, slice(k)),
            small.s(slice(k)), detail::conjugate_transpose(small.u, where)(slice(k), all)};
  }

/// x for which the 2-norm of a x - b is least: the first result of np.linalg.lstsq, of a matrix with at least
/// as many rows as columns. b is a vector, or a matrix of which each column is solved for. By QR. Throws
/// std::invalid_argument if the shapes do not fit; fails if the columns are linearly dependent but for
/// rounding, since there is no single x then.
template <class A, class NodeA, class B, class NodeB>
  requires detail::Factorable<A, B> Array<detail::SolutionOf<A, B>> lstsq(
      const Array<A, NodeA>& a, const Array<B, NodeB>& b,
      std::source_location where = std::source_location::current()) {
    using T = detail::SolutionOf<A, B>;
    detail::expect_matrix(a.state(), "lstsq", where);
    detail::expect_right_side(a.state(), b.state(), "lstsq", where);
    const Extents shape = a.shape();
    if (shape[0] < shape[1])
      detail::refuse_array("lstsq: expected at least as many rows as columns, found shape " + shape.text(),
                           where);
    const QrArrays<T> factors = detail::tall_qr(detail::product_operand<T>(a, where), where);
    const auto checked = delayed<&detail::full_rank<T>>(factors.r.block(Index(0, 0), where),
                                                        static_cast<std::int64_t>(shape[0]), where);
    const Array<T> right =
        matmul(detail::conjugate_transpose(factors.q, where), detail::product_operand<T>(b, where), where);
    return solve_triangular(from_delayed<T>(checked, factors.r.shape(), where), right, {.lower = false},
                            where);
  }

}  // namespace ramal
