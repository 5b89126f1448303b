// SPDX-License-Identifier: BSD-3-Clause
// How many of an array's elements lie in each of some bins.
//
//   const auto h = ramal::histogram(field, 100, {-5, 5});          // 100 bins of one width
//   const auto p = ramal::histogram(field, 100);                   // from the least element to the greatest
//   const auto [counts, width] = session.compute(h.counts, h.edges);
//   const auto density = session.compute(h.density());             // whose integral is 1
//
// Each block is counted by itself, in a pass that is fused with the expression that it is given; counts are
// added up pairwise. So a rank needs room for a block and a few times the bins.
#pragma once

#include <ramal/detail/statistics.hpp>

namespace ramal {

/// What `histogram` gives: bin i holds the elements from edges[i] to before edges[i + 1]; the last one also
/// those at its end.
template <class C, class E>
struct Histogram {
  Array<C> counts;  ///< as many as there are bins
  Array<E> edges;   ///< one more
  /// Counts divided by the bins' widths and by all counts.
  auto density() const {
    return counts.template as<double>() / diff(edges).template as<double>() / counts.sum();
  }
};

namespace detail {

/// Counts values between edges. Parameters: whether these are as far apart, which only makes it faster.
template <class V, class E>
class HistogramStatistic {
 public:
  static constexpr std::string_view name = "histogram";
  using Result = Block<CountOf<V>>;

  explicit HistogramStatistic(const StatisticCall& call)
      : edges_(call.input<Block<E>>(0).data()),
        bins_(static_cast<std::int64_t>(call.input<Block<E>>(0).size()) - 1),
        is_uniform_(call.parameters().raw<std::int64_t>() != 0),
        per_width_(static_cast<double>(bins_) /
                   (static_cast<double>(edges_[bins_]) - static_cast<double>(edges_[0]))),
        counts_(Result::filled({static_cast<std::uint64_t>(bins_)}, CountOf<V>(0))) {}

  void take(const V* values, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto value = static_cast<C>(value_in(values[i]));
      if (!(value >= edge(0) && value <= edge(bins_))) continue;  // nor what is NaN
      CountOf<V>& cell = counts_.data()[is_uniform_ ? uniform_bin(value) : any_bin(value)];
      cell = FoldReduction<CountOf<V>, false, Plus, 0>::combine(cell, count_of(values[i]));
    }
  }
  Result result() && { return std::move(counts_); }

 private:
  using T = decltype(value_in(V()));
  static_assert(Number<T> && !is_complex<T>, "ramal: histogram is for arrays of real numbers");
  using C = Promoted<T, E>;  // what is compared
  C edge(std::int64_t i) const { return static_cast<C>(edges_[i]); }
  std::int64_t any_bin(C value) const {
    const E* above =
        std::upper_bound(edges_, edges_ + bins_ + 1, value, [](C a, E b) { return a < static_cast<C>(b); });
    return std::min<std::int64_t>(above - edges_ - 1, bins_ - 1);
  }
  /// A guess, which rounding may have put into a bin beside the right one.
  std::int64_t uniform_bin(C value) const {
    const double guess = (static_cast<double>(value) - static_cast<double>(edges_[0])) * per_width_;
    std::int64_t bin = guess < static_cast<double>(bins_) ? static_cast<std::int64_t>(guess) : bins_ - 1;
    bin -= value < edge(bin);
    bin += bin < bins_ - 1 && value >= edge(bin + 1);
    const bool is_right = value >= edge(bin) && (bin == bins_ - 1 || value < edge(bin + 1));
    return is_right ? bin : any_bin(value);  // many edges may be one number
  }

  const E* edges_;
  std::int64_t bins_;
  bool is_uniform_;
  double per_width_;
  Result counts_;
};

/// What is said of a range between whose ends a type has too few numbers for as many bins.
std::string narrow_range(double low, double high, std::int64_t bins, std::string_view type);
/// As far apart as NumPy's linspace has them; a range of one value is widened by 1.
template <class E>
Block<E> uniform_edges(double low, double high, std::int64_t bins) {
  if (low == high) {
    low -= 0.5;
    high += 0.5;
  }
  Block<E> edges({static_cast<std::uint64_t>(bins) + 1});
  const double width = high - low, step = width / static_cast<double>(bins);
  for (std::int64_t i = 0; i < bins; ++i) {
    const auto number = static_cast<double>(i);
    edges.data()[i] =
        static_cast<E>(low + (step == 0 ? number / static_cast<double>(bins) * width : number * step));
  }
  edges.data()[bins] = static_cast<E>(high);
  return edges;
}
/// Some bin has no width.
template <class E>
bool are_flat(const Block<E>& edges) {
  return std::ranges::adjacent_find(edges, std::greater_equal<E>()) != edges.end();
}
template <class T>
Block<Inexact<T>> edges_between(const Block<T>& least, const Block<T>& greatest, std::int64_t bins) {
  const auto low = static_cast<double>(*least.data()), high = static_cast<double>(*greatest.data());
  if (!std::isfinite(low) || !std::isfinite(high) || !std::isfinite(high - low))
    throw std::invalid_argument("ramal: histogram: expected finite elements to find a range by, found " +
                                preview(low) + " to " + preview(high));
  auto edges = uniform_edges<Inexact<T>>(low, high, bins);
  if (are_flat(edges))
    throw std::invalid_argument("ramal: " + narrow_range(low, high, bins, short_type_name<Inexact<T>>));
  return edges;
}
/// Some edge is below the one before, or NaN.
template <class E>
bool have_falls(const Block<E>& edges) {
  const auto falls = [](const E& a, const E& b) { return !(a <= b); };
  return std::adjacent_find(edges.begin(), edges.end(), falls) != edges.end();
}
inline constexpr const char* falling_edges =
    "histogram: expected edges of which none is below the one before";
template <class E>
Block<E> checked_edges(Block<E> edges) {
  if (have_falls(edges)) throw std::invalid_argument(std::string("ramal: ") + falling_edges);
  return edges;
}

void expect_bins(std::int64_t bins, std::source_location where);
void expect_range(double low, double high, std::source_location where);
/// Throws std::invalid_argument unless there are two edges or more, in one dimension.
void expect_edges(const Extents& shape, std::source_location where);

template <class E, class T, class Node>
auto counted_between(const Array<T, Node>& values, FamilySource edges, std::int64_t bins, bool is_uniform,
                     std::source_location where) {
  std::vector<std::byte> parameters;
  const std::int64_t uniform = is_uniform;
  append_padded(parameters, &uniform, sizeof uniform);
  using C = CountOf<T>;
  return Histogram<C, E>{
      added_counts<C>(statistic_family<HistogramStatistic<T, E>>(values, {for_all(edges)}, parameters, where),
                      bins, where),
      placed_once<E>(edges, {static_cast<std::uint64_t>(bins) + 1}, where)};
}
/// The edges of so many bins over all elements.
template <class T, class Node>
FamilySource edges_over(const Array<T, Node>& array, std::int64_t bins, std::source_location where) {
  using E = Inexact<T>;
  if (array.size() == 0) return single_source(value(uniform_edges<E>(0, 1, bins)).task_handle());
  const auto least = array.min(where), greatest = array.max(where);
  return {map<&edges_between<T>>({least.blocks(where), where}, greatest.blocks(where), bins).view(), {}};
}
template <class T, class Node>
FamilySource edges_over(const Array<T, Node>&, std::int64_t bins, std::pair<double, double> range,
                        std::source_location where) {
  expect_range(range.first, range.second, where);
  using E = Inexact<T>;
  Block<E> edges = uniform_edges<E>(range.first, range.second, bins);
  if (are_flat(edges)) refuse_array(narrow_range(range.first, range.second, bins, short_type_name<E>), where);
  return single_source(value(std::move(edges)).task_handle());
}
template <class X, class EdgeNode>
FamilySource given_edges(const Array<X, EdgeNode>& edges, std::source_location where) {
  expect_edges(edges.shape(), where);
  return {map<&checked_edges<X>>({edges.rechunk({-1}, where).blocks(where), where}).view(), {}};
}
inline FamilySource given_edges(const std::vector<double>& edges, std::source_location where) {
  expect_edges({edges.size()}, where);
  Block<double> block({edges.size()});
  std::copy(edges.begin(), edges.end(), block.begin());
  if (have_falls(block)) refuse_array(falling_edges, where);
  return single_source(value(std::move(block)).task_handle());
}
/// Values with their weights, of one shape.
template <class A, class W>
auto with_weights(const A& values, const W& weights, const char* what, std::source_location where) {
  static_assert(number_kind<typename W::value_type> != NumberKind::complex,
                "ramal: weights must not be complex");
  expect_weights(values.state(), weights.state(), what, where);
  return applied<WithWeight>(values, weights);
}

}  // namespace detail

/// Counts in `bins` bins of one width over a range. Elements that are NaN or outside of it are not counted.
/// The edges are of the array's type, or double for whole numbers. Throws std::invalid_argument for less than
/// one bin, a range that is not finite or whose end is below its begin, and bins that had no width since the
/// type has too few numbers there. O(elements).
template <class T, class Node>
auto histogram(const Array<T, Node>& array, std::int64_t bins, std::pair<double, double> range,
               std::source_location where = std::source_location::current()) {
  detail::expect_bins(bins, where);
  return detail::counted_between<detail::Inexact<T>>(array, detail::edges_over(array, bins, range, where),
                                                     bins, true, where);
}
/// The same from the least to the greatest element, which are found in the same graph; of an array without
/// elements from 0 to 1. The task fails where these are not finite, or too close for as many bins. Elements
/// are read twice.
template <class T, class Node>
auto histogram(const Array<T, Node>& array, std::int64_t bins = 10,
               std::source_location where = std::source_location::current()) {
  detail::expect_bins(bins, where);
  return detail::counted_between<detail::Inexact<T>>(array, detail::edges_over(array, bins, where), bins,
                                                     true, where);
}
/// The same between edges, none of which is below the one before: an array of one dimension and two or more
/// elements. All of them are given to each task. A task fails if the edges fall. O(elements log bins).
template <class T, class Node, class X, class EdgeNode>
auto histogram(const Array<T, Node>& array, const Array<X, EdgeNode>& edges,
               std::source_location where = std::source_location::current()) {
  const detail::FamilySource given = detail::given_edges(edges, where);
  return detail::counted_between<X>(array, given, edges.size() - 1, false, where);
}
/// The same of numbers that are known. Throws std::invalid_argument if they fall.
template <class T, class Node>
auto histogram(const Array<T, Node>& array, const std::vector<double>& edges,
               std::source_location where = std::source_location::current()) {
  return detail::counted_between<double>(array, detail::given_edges(edges, where),
                                         static_cast<std::int64_t>(edges.size()) - 1, false, where);
}
/// Sums of weights in place of counts, for each of these: an array of the same shape. They are added up in
/// double, or in 64 bits for whole numbers, and are of that type.
template <class T, class Node, class W, class WeightNode>
auto histogram(const Array<T, Node>& array, std::int64_t bins, std::pair<double, double> range,
               const Array<W, WeightNode>& weights,
               std::source_location where = std::source_location::current()) {
  detail::expect_bins(bins, where);
  return detail::counted_between<detail::Inexact<T>>(detail::with_weights(array, weights, "histogram", where),
                                                     detail::edges_over(array, bins, range, where), bins,
                                                     true, where);
}
template <class T, class Node, class W, class WeightNode>
auto histogram(const Array<T, Node>& array, std::int64_t bins, const Array<W, WeightNode>& weights,
               std::source_location where = std::source_location::current()) {
  detail::expect_bins(bins, where);
  return detail::counted_between<detail::Inexact<T>>(detail::with_weights(array, weights, "histogram", where),
                                                     detail::edges_over(array, bins, where), bins, true,
                                                     where);
}
template <class T, class Node, class W, class WeightNode>
auto histogram(const Array<T, Node>& array, const std::vector<double>& edges,
               const Array<W, WeightNode>& weights,
               std::source_location where = std::source_location::current()) {
  return detail::counted_between<double>(detail::with_weights(array, weights, "histogram", where),
                                         detail::given_edges(edges, where),
                                         static_cast<std::int64_t>(edges.size()) - 1, false, where);
}
template <class T, class Node, class X, class EdgeNode, class W, class WeightNode>
auto histogram(const Array<T, Node>& array, const Array<X, EdgeNode>& edges,
               const Array<W, WeightNode>& weights,
               std::source_location where = std::source_location::current()) {
  const detail::FamilySource given = detail::given_edges(edges, where);
  return detail::counted_between<X>(detail::with_weights(array, weights, "histogram", where), given,
                                    edges.size() - 1, false, where);
}

namespace detail {

/// Counts whole numbers. Parameters: how many cells there are.
template <class V>
class BincountStatistic {
 public:
  static constexpr std::string_view name = "bincount";
  using Result = Block<CountOf<V>>;

  explicit BincountStatistic(const StatisticCall& call)
      : counts_(Result::filled({call.parameters().raw<std::uint64_t>()}, CountOf<V>(0))) {}
  void take(const V* values, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto value = value_in(values[i]);
      if (value < 0 || static_cast<std::uint64_t>(value) >= counts_.size())
        throw std::out_of_range("ramal: bincount: expected whole numbers from 0 to before " +
                                std::to_string(counts_.size()) + ", found " + std::to_string(value));
      CountOf<V>& cell = counts_.data()[value];
      cell = FoldReduction<CountOf<V>, false, Plus, 0>::combine(cell, count_of(values[i]));
    }
  }
  Result result() && { return std::move(counts_); }

 private:
  Result counts_;
};

template <class T, class Node>
auto counted_numbers(const Array<T, Node>& values, std::int64_t length, std::source_location where) {
  if (length < 1)
    refuse_array("bincount: expected a length of 1 or more, found " + std::to_string(length), where);
  std::vector<std::byte> parameters;
  append_padded(parameters, &length, sizeof length);
  return added_counts<CountOf<T>>(statistic_family<BincountStatistic<T>>(values, {}, parameters, where),
                                  length, where);
}

}  // namespace detail

/// How often each of the numbers from 0 to before `length` stands in an array of whole numbers, of any shape.
/// The task fails for a number that is none of these. Throws std::invalid_argument for a length below 1.
///
///   bincount(labels, 10)                    // NumPy's bincount(labels, minlength=10) of labels below 10
template <class T, class Node>
Array<std::int64_t> bincount(const Array<T, Node>& array, std::int64_t length,
                             std::source_location where = std::source_location::current()) {
  static_assert(std::integral<T> && !std::same_as<T, bool>, "ramal: bincount is for arrays of whole numbers");
  return detail::counted_numbers(array, length, where);
}
/// The sums of the weights at each number, as double.
template <class T, class Node, class W, class WeightNode>
Array<double> bincount(const Array<T, Node>& array, std::int64_t length, const Array<W, WeightNode>& weights,
                       std::source_location where = std::source_location::current()) {
  static_assert(std::integral<T> && !std::same_as<T, bool>, "ramal: bincount is for arrays of whole numbers");
  return detail::counted_numbers(
      detail::with_weights(array, weights.template as<double>(), "bincount", where), length, where);
}

}  // namespace ramal
