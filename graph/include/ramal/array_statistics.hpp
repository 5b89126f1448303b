// SPDX-License-Identifier: BSD-3-Clause
// Statistics of arrays: histograms, quantiles, the greatest elements, unique values, searches, and some that
// are put together from others. All are lazy, as all of <ramal/array.hpp>: a pass over the blocks, and a
// tree.
//
//   <ramal/array_histogram.hpp>    histogram, bincount
//   <ramal/array_quantile.hpp>     quantile, nanquantile, median, nanmedian, quantile_sketch
//   <ramal/array_selection.hpp>    topk, argtopk, unique
//   <ramal/array_search.hpp>       searchsorted, digitize
//   here                           average, ptp, count_nonzero, isclose, allclose, array_equal
#pragma once

#include <ramal/array_histogram.hpp>
#include <ramal/array_quantile.hpp>
#include <ramal/array_search.hpp>
#include <ramal/array_selection.hpp>

namespace ramal {

/// The greatest element less the least, of all or along some axes. Elements are read twice. Whole numbers
/// wrap around. Throws std::invalid_argument where there is no element.
template <class T, class Node>
auto ptp(const Array<T, Node>& array, std::source_location where = std::source_location::current()) {
  return array.max(where) - array.min(where);
}
template <class T, class Node>
auto ptp(const Array<T, Node>& array, const Axes& axes, ArrayReduceOptions options = {},
         std::source_location where = std::source_location::current()) {
  return array.max(axes, options, where) - array.min(axes, options, where);
}

/// How many elements are other than 0; NaN is.
template <class T, class Node>
auto count_nonzero(const Array<T, Node>& array,
                   std::source_location where = std::source_location::current()) {
  return array.template as<bool>().sum(where);
}
template <class T, class Node>
auto count_nonzero(const Array<T, Node>& array, const Axes& axes, ArrayReduceOptions options = {},
                   std::source_location where = std::source_location::current()) {
  return array.template as<bool>().sum(axes, options, where);
}

namespace detail {

struct DividedByWeights {
  static constexpr std::string_view name = "average";
  template <class R>
  R operator()(const R& sum, const R& weights) const {
    if (weights == R(0)) throw std::invalid_argument("ramal: average: expected weights whose sum is not 0");
    return sum / weights;
  }
};
/// Weights of one axis, with axes of length 1 in the places of the others.
template <class W, class Node>
Array<W, Node> weights_along(const Array<W, Node>& weights, int axis, const Extents& shape,
                             std::source_location where) {
  if (weights.shape() == shape) return weights;
  const std::uint64_t length = shape[static_cast<std::size_t>(axis)];
  if (weights.dimensions() != 1 || weights.shape()[0] != length)
    refuse_array("average: expected weights of shape " + shape.text() + " or (" + std::to_string(length) +
                     "), found " + weights.shape().text(),
                 where);
  std::vector<IndexPart> parts(shape.size(), newaxis);
  parts[static_cast<std::size_t>(axis)] = all;
  return Array<W, Node>(weights.state().indexed(parts, where));
}
template <class T, class W>
using AverageOf = Inexact<Promoted<T, W>>;

}  // namespace detail

/// The mean of all elements, each as often as a weight says, of an array of the same shape. In the type of
/// both, or double for whole numbers. The task fails if the weights' sum is 0.
template <class T, class Node, class W, class WeightNode>
auto average(const Array<T, Node>& array, const Array<W, WeightNode>& weights,
             std::source_location where = std::source_location::current()) {
  using R = detail::AverageOf<T, W>;
  detail::expect_weights(array.state(), weights.state(), "average", where);
  const auto wide = weights.template as<R>();
  return detail::applied<detail::DividedByWeights>((array.template as<R>() * wide).sum(where),
                                                   wide.sum(where))
      .evaluated(where);
}
/// The same along an axis; then the weights may also be those of this axis alone.
template <class T, class Node, class W, class WeightNode>
auto average(const Array<T, Node>& array, const Array<W, WeightNode>& weights, std::int64_t axis,
             std::source_location where = std::source_location::current()) {
  using R = detail::AverageOf<T, W>;
  const int d = detail::checked_axis(axis, array.dimensions(), "average", where);
  const auto wide = detail::weights_along(weights, d, array.shape(), where).template as<R>();
  return detail::applied<detail::DividedByWeights>((array.template as<R>() * wide).sum(d, {}, where),
                                                   wide.sum(d, {}, where))
      .evaluated(where);
}

/// When numbers count as equal: |a - b| <= absolute + relative |b|, as NumPy has it; infinities if they are
/// the same.
struct CloseOptions {
  double relative = 1e-5;
  double absolute = 1e-8;
  bool equal_nan = false;  ///< NaN is close to NaN
};

namespace detail {

/// In memory without padding.
struct Tolerance {
  double relative, absolute;
  std::int64_t equal_nan;
};
struct IsClose {
  static constexpr std::string_view name = "isclose";
  template <class A, class B>
  bool operator()(const A& a, const B& b, const Tolerance& tolerance) const {
    using C = Inexact<Promoted<A, B>>;
    using R = Real<C>;
    const C x = static_cast<C>(a), y = static_cast<C>(b);
    if (x == y) return true;
    if (is_nan_value(x) || is_nan_value(y))
      return tolerance.equal_nan != 0 && is_nan_value(x) && is_nan_value(y);
    if (!IsFinite{}(x) || !IsFinite{}(y)) return false;
    return std::abs(x - y) <=
           static_cast<R>(tolerance.absolute) + static_cast<R>(tolerance.relative) * std::abs(y);
  }
};
struct EqualOrNan {
  static constexpr std::string_view name = "equal";
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return Equal{}(a, b) || (is_nan_value(a) && is_nan_value(b));
  }
};

}  // namespace detail

/// For each pair of elements whether they are close. Throws std::invalid_argument if the shapes do not
/// broadcast.
template <class A, class NodeA, class B, class NodeB>
auto isclose(const Array<A, NodeA>& a, const Array<B, NodeB>& b, const CloseOptions& options = {}) {
  using Left = typename detail::NodeOf<detail::IsClose, Array<A, NodeA>, A>::type;
  using Right = typename detail::NodeOf<detail::IsClose, Array<B, NodeB>, A>::type;
  using Node = detail::Apply<detail::IsClose, Left, Right, detail::Constant<detail::Tolerance>>;
  const detail::Tolerance tolerance{options.relative, options.absolute, options.equal_nan};
  detail::Operands operands(detail::IsClose::name);
  detail::add_operand<detail::IsClose, A>(operands, a);
  detail::add_operand<detail::IsClose, A>(operands, b);
  operands.add_constant(&tolerance, sizeof tolerance);
  return Array<bool, Node>(operands.applied());
}
/// Whether all pairs are close: a bool.
template <class A, class NodeA, class B, class NodeB>
auto allclose(const Array<A, NodeA>& a, const Array<B, NodeB>& b, const CloseOptions& options = {},
              std::source_location where = std::source_location::current()) {
  return isclose(a, b, options).every(where);
}
/// Whether both have the same shape and elements: a bool. With `equal_nan` NaN equals NaN.
template <class A, class NodeA, class B, class NodeB>
auto array_equal(const Array<A, NodeA>& a, const Array<B, NodeB>& b, bool equal_nan = false,
                 std::source_location where = std::source_location::current()) {
  using Single = Array<bool, detail::Leaf<bool, true>>;
  if (!(a.shape() == b.shape())) return Single(full<bool>({}, false, {}, where).state());
  return equal_nan ? detail::applied<detail::EqualOrNan>(a, b).every(where) : (a == b).every(where);
}

}  // namespace ramal
