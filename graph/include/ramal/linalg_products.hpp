// SPDX-License-Identifier: BSD-3-Clause
// Products of arrays, norms and diagonals. Included by <ramal/linalg.hpp>.
#pragma once

#include <ramal/detail/contraction.hpp>

namespace ramal {

namespace detail {

/// An array as blocks of T that are there or will be made once: itself, if it is but a view of such.
template <class T, class V, class Node>
Array<T> product_operand(const Array<V, Node>& array, std::source_location where) {
  if constexpr (std::same_as<Node, Leaf<T, Node::is_single>>) {
    return Array<T>(array.without_padding(where).state());
  } else if constexpr (std::same_as<V, T>) {
    return Array<T>(array.evaluated(where).state());
  } else {
    return Array<T>(array.template as<T>().evaluated(where).state());
  }
}
/// An array's sums along some axes, in its own type.
template <class T>
Array<T> summed(const Array<T>& array, const std::vector<std::int64_t>& axes, std::source_location where) {
  if (axes.empty()) return array;
  return product_operand<T>(array.sum(Axes(axes), {}, where), where);
}

/// Which axes of two arrays go together, as np.matmul has it. Throws std::invalid_argument.
Contraction matmul_indices(const ArrayState& left, const ArrayState& right, std::source_location where);
/// The axes of `left` in `left_axes` are summed over with those of `right` in `right_axes`.
Contraction tensordot_indices(const ArrayState& left, const ArrayState& right,
                              const std::vector<std::int64_t>& left_axes,
                              const std::vector<std::int64_t>& right_axes, std::string_view what,
                              std::source_location where);

/// What an einsum says: a letter for each axis of each operand, and of the result.
struct Einsum {
  std::vector<std::string> operands;
  std::string result;
};
/// Throws std::invalid_argument if the text is none, or not one for arrays of so many axes.
Einsum parse_einsum(std::string_view text, const std::vector<std::size_t>& dims, std::source_location where);
/// Which axes of two arrays go together; each letter stands once in each, and in the other or the result.
/// Sets the order of the axes that the contraction gives.
Contraction einsum_indices(const Einsum& einsum, const ArrayState& left, const ArrayState& right,
                           std::string& order, std::source_location where);
/// The axes of an array of axes `from`, in the order `to`.
std::vector<std::int64_t> einsum_order(const std::string& from, const std::string& to);

/// The elements along which two axes have indices that differ by `offset`, as a last axis in place of both.
ArrayState diagonal_state(const ArrayState& state, int first, int second, std::int64_t offset,
                          std::source_location where);

/// An operand of which each letter stands once: of those that stand twice the diagonal, and sums along those
/// that stand neither in the result nor in `other`.
template <class T>
Array<T> einsum_operand(Array<T> array, std::string& letters, const std::string& other,
                        const std::string& result, std::source_location where) {
  for (std::size_t d = 0; d < letters.size(); ++d) {
    const std::size_t again = letters.find(letters[d], d + 1);
    if (again == std::string::npos) continue;
    const Extents shape = array.shape();
    if (shape[d] != shape[again])
      refuse_array("einsum: expected axes of one length for " + std::string(1, letters[d]) + " in " +
                       letters + ", found shape " + shape.text(),
                   where);
    array = Array<T>(diagonal_state(array.state(), static_cast<int>(d), static_cast<int>(again), 0, where));
    letters += letters[d];
    letters.erase(again, 1);
    letters.erase(d--, 1);
  }
  std::vector<std::int64_t> gone;
  std::string left;
  for (std::size_t d = 0; d < letters.size(); ++d) {
    if (result.find(letters[d]) == std::string::npos && other.find(letters[d]) == std::string::npos) {
      gone.push_back(static_cast<std::int64_t>(d));
    } else {
      left += letters[d];
    }
  }
  letters = left;
  return summed(array, gone, where);
}
template <class T>
Array<T> einsum_ordered(const Array<T>& array, const std::string& from, const std::string& to,
                        std::source_location where) {
  return from == to ? array : array.transpose(einsum_order(from, to), where);
}

}  // namespace detail

/// The product of two matrices as np.matmul has it. Further axes ahead are batches, which broadcast; an array
/// of one axis is a row on the left, a column on the right, and that axis is not in the result.
///
///   (m, k) @ (k, n) -> (m, n)    (b, m, k) @ (k, n) -> (b, m, n)    (k) @ (k, n) -> (n)    (k) @ (k) -> ()
///
/// The result's type is that of `a * b`; whole numbers wrap around. Its rows are cut as those of `a`, its
/// columns as those of `b`. Along k the arrays may be cut differently. Views, such as `a.transpose()`, are
/// read where they are; other expressions are computed once before.
///
/// A block of the result takes a task for each chunk along k if there are few blocks, of up to 8 chunks if
/// there are many, and a tree that adds these up: so bits hang on the chunks, the BLAS and the processor's
/// type alone. A task holds the blocks of a and b that it multiplies. O(1) on rank 0, or O(chunks along k) if
/// these are irregular.
///
/// Throws std::invalid_argument, naming the shapes, if they do not fit, or an array has no axes.
template <class L, class NodeL, class R, class NodeR>
Array<detail::Promoted<L, R>> matmul(const Array<L, NodeL>& a, const Array<R, NodeR>& b,
                                     std::source_location where = std::source_location::current()) {
  using T = detail::Promoted<L, R>;
  const detail::Contraction indices = detail::matmul_indices(a.state(), b.state(), where);
  return detail::contracted<T>(indices, detail::product_operand<T>(a, where).state(),
                               detail::product_operand<T>(b, where).state(), "matmul", where);
}

/// Sums of products over axes of both: the first axis that is named of `a` goes with the first of `b`, and so
/// on. The result has the other axes of `a`, then those of `b`. Throws std::invalid_argument if axes that go
/// together have different lengths.
///
///   tensordot(a, b, {1, 2}, {0, 1})        sums a[i, k, l] * b[k, l, j]
template <class L, class NodeL, class R, class NodeR>
Array<detail::Promoted<L, R>> tensordot(const Array<L, NodeL>& a, const Array<R, NodeR>& b,
                                        const std::vector<std::int64_t>& axes_of_a,
                                        const std::vector<std::int64_t>& axes_of_b,
                                        std::source_location where = std::source_location::current()) {
  using T = detail::Promoted<L, R>;
  const detail::Contraction indices =
      detail::tensordot_indices(a.state(), b.state(), axes_of_a, axes_of_b, "tensordot", where);
  return detail::contracted<T>(indices, detail::product_operand<T>(a, where).state(),
                               detail::product_operand<T>(b, where).state(), "tensordot", where);
}
/// The same over the last axes of `a` and the first of `b`, so many of each.
template <class L, class NodeL, class R, class NodeR>
Array<detail::Promoted<L, R>> tensordot(const Array<L, NodeL>& a, const Array<R, NodeR>& b,
                                        std::int64_t axes = 2,
                                        std::source_location where = std::source_location::current()) {
  const auto dims = static_cast<std::int64_t>(a.dimensions());
  if (axes < 0 || axes > dims || axes > static_cast<std::int64_t>(b.dimensions()))
    detail::refuse_array("tensordot: expected at most as many axes as the arrays of shapes " +
                             a.shape().text() + " and " + b.shape().text() + " have, found " +
                             std::to_string(axes),
                         where);
  std::vector<std::int64_t> last, first;
  for (std::int64_t d = 0; d < axes; ++d) {
    last.push_back(dims - axes + d);
    first.push_back(d);
  }
  return tensordot(a, b, last, first, where);
}
/// As np.dot has it: over the last axis of `a` and the last but one of `b`, or its only one; an array without
/// axes multiplies each element. Throws as tensordot.
template <class L, class NodeL, class R, class NodeR>
Array<detail::Promoted<L, R>> dot(const Array<L, NodeL>& a, const Array<R, NodeR>& b,
                                  std::source_location where = std::source_location::current()) {
  using T = detail::Promoted<L, R>;
  std::vector<std::int64_t> of_a, of_b;
  if (a.dimensions() > 0 && b.dimensions() > 0) {
    of_a = {-1};
    of_b = {b.dimensions() > 1 ? -2 : -1};
  }
  const detail::Contraction indices =
      detail::tensordot_indices(a.state(), b.state(), of_a, of_b, "dot", where);
  return detail::contracted<T>(indices, detail::product_operand<T>(a, where).state(),
                               detail::product_operand<T>(b, where).state(), "dot", where);
}
/// The sum of the products of all elements of two arrays of one shape, of which the first are conjugated. It
/// computes to a number, in the types of `sum`.
template <class L, class NodeL, class R, class NodeR>
auto vdot(const Array<L, NodeL>& a, const Array<R, NodeR>& b,
          std::source_location where = std::source_location::current()) {
  if (a.shape() != b.shape())
    detail::refuse_array(
        "vdot: expected arrays of one shape, found " + a.shape().text() + " and " + b.shape().text(), where);
  return (conj(a) * b).sum(where);
}
/// Each element of `a` with each of `b`, which have one axis each; an expression.
template <class L, class NodeL, class R, class NodeR>
auto outer(const Array<L, NodeL>& a, const Array<R, NodeR>& b,
           std::source_location where = std::source_location::current()) {
  if (a.dimensions() != 1 || b.dimensions() != 1)
    detail::refuse_array("outer: expected two arrays of one axis, found shapes " + a.shape().text() +
                             " and " + b.shape().text(),
                         where);
  return a(all, newaxis) * b(newaxis, all);
}

/// Sums of products by letters, as in np.einsum: an axis for each letter. What stands in the result is kept,
/// all else is summed over; without `->` the result has the letters that stand once, in their order. A letter
/// that stands twice in one operand means its diagonal.
///
///   einsum("ij,jk->ik", a, b)       a product            einsum("bij,bjk->bik", a, b)    of batches
///   einsum("i,j->ij", a, b)         an outer one         einsum("ij,ij->", a, b)         all of both
///
/// The result has the operands' common type, sums too. Costs what matmul does. Throws std::invalid_argument
/// for what is no such text, an ellipsis, or lengths that differ.
template <class L, class NodeL, class R, class NodeR>
Array<detail::Promoted<L, R>> einsum(std::string_view text, const Array<L, NodeL>& a,
                                     const Array<R, NodeR>& b,
                                     std::source_location where = std::source_location::current()) {
  using T = detail::Promoted<L, R>;
  detail::Einsum einsum = detail::parse_einsum(text, {a.dimensions(), b.dimensions()}, where);
  std::string &left = einsum.operands[0], &right = einsum.operands[1], order;
  const Array<T> one =
      detail::einsum_operand(detail::product_operand<T>(a, where), left, right, einsum.result, where);
  const Array<T> other =
      detail::einsum_operand(detail::product_operand<T>(b, where), right, left, einsum.result, where);
  const detail::Contraction indices =
      detail::einsum_indices(einsum, one.state(), other.state(), order, where);
  return detail::einsum_ordered(detail::contracted<T>(indices, one.state(), other.state(), "einsum", where),
                                order, einsum.result, where);
}
/// The same of one operand: its transpose, its diagonals, its sums.
///
///   einsum("ij->ji", a)      einsum("ii->i", a)      einsum("ij->j", a)
template <class T, class Node>
Array<T> einsum(std::string_view text, const Array<T, Node>& a,
                std::source_location where = std::source_location::current()) {
  detail::Einsum einsum = detail::parse_einsum(text, {a.dimensions()}, where);
  std::string& letters = einsum.operands[0];
  const Array<T> made =
      detail::einsum_operand(detail::product_operand<T>(a, where), letters, "", einsum.result, where);
  return detail::einsum_ordered(made, letters, einsum.result, where);
}

// --- diagonals and norms ----------------------------------------------------------------------------------

/// The elements whose indices along two axes differ by `offset`, along a last axis in place of both. A view;
/// O(chunks) of these axes. Throws std::invalid_argument if the axes are the same, or not there.
template <class T, class Node>
Array<T, Node> diagonal(const Array<T, Node>& a, std::int64_t offset = 0, std::int64_t axis1 = 0,
                        std::int64_t axis2 = 1,
                        std::source_location where = std::source_location::current()) {
  const int first = detail::checked_axis(axis1, a.dimensions(), "diagonal", where),
            second = detail::checked_axis(axis2, a.dimensions(), "diagonal", where);
  if (first == second)
    detail::refuse_array("diagonal: expected two axes, found axis " + std::to_string(axis1) + " twice",
                         where);
  return Array<T, Node>(detail::diagonal_state(a.state(), first, second, offset, where));
}
/// The sum of a matrix' diagonal, as a number, in the types of `sum`. Throws std::invalid_argument for what
/// is no matrix.
template <class T, class Node>
auto trace(const Array<T, Node>& a, std::int64_t offset = 0,
           std::source_location where = std::source_location::current()) {
  if (a.dimensions() != 2)
    detail::refuse_array("trace: expected a matrix, found shape " + a.shape().text(), where);
  return diagonal(a, offset, 0, 1, where).sum(where);
}
/// The square root of the sum of all elements' squares, as a number: of a vector its 2-norm, of a matrix
/// Frobenius'. Whole numbers are squared as double.
template <class T, class Node>
auto norm(const Array<T, Node>& a, std::source_location where = std::source_location::current()) {
  return sqrt(square(abs(a.template as<detail::Inexact<T>>())).sum(where));
}
/// The same along some axes: an array of the others.
template <class T, class Node>
auto norm(const Array<T, Node>& a, const Axes& axes, ArrayReduceOptions options = {},
          std::source_location where = std::source_location::current()) {
  return sqrt(square(abs(a.template as<detail::Inexact<T>>())).sum(axes, options, where));
}

}  // namespace ramal
