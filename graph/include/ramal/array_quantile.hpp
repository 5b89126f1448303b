// SPDX-License-Identifier: BSD-3-Clause
// Quantiles and medians of arrays, of any size.
//
//   const double middle = session.compute(ramal::median(field));
//   const auto some = ramal::quantile(field, {0.05, 0.5, 0.95});        // an array of three
//   const auto map = ramal::quantile(field, 0.9, 0);                    // along an axis, for all others
//   const auto about = ramal::quantile_sketch(field, 0.999);            // one pass
//
// Over all elements they are exact, and neither sorted nor moved: see <ramal/detail/selection.hpp>. Elements
// of 32 bits are read twice, those of 64 four times, and so is an expression computed as often: give it a
// name, `Array<double> x = …`, if that costs more than to keep it.
#pragma once

#include <ramal/detail/lines.hpp>
#include <ramal/detail/selection.hpp>
#include <ramal/detail/tdigest.hpp>

namespace ramal {

namespace detail {

/// Throws std::invalid_argument unless all are from 0 to 1.
void expect_quantiles(const std::vector<double>& quantiles, const char* what, std::source_location where);

template <class T>
struct NotANumber {
  bool operator()(const T& value) const { return is_nan_value(value); }
};
/// The quantiles of some numbers, which it puts into another order.
template <class T>
void quantiles_of_line(std::vector<T>& line, const DigitSelection& wanted, Inexact<T>* to,
                       std::uint64_t step) {
  const auto numbers = std::partition(line.begin(), line.end(), std::not_fn(NotANumber<T>()));
  const bool is_nan = numbers == line.begin() || (!wanted.skips_nan && numbers != line.end());
  const auto at = [&](std::int64_t place) {
    std::nth_element(line.begin(), line.begin() + place, numbers);
    return line[static_cast<std::size_t>(place)];
  };
  for (const double q : wanted.quantiles) {
    if (is_nan) {
      *to = std::numeric_limits<Inexact<T>>::quiet_NaN();
    } else {
      const QuantilePlace place = quantile_place(q, numbers - line.begin(), wanted.method);
      const T low = at(place.low);
      // The next one is the least of those behind it.
      const T high = place.high == place.low ? low : *std::min_element(line.begin() + place.high, numbers);
      *to = between(low, high, place.share, wanted.method);
    }
    to += step;
  }
}
/// The quantiles of all lines of a block along an axis, which lie along it then.
template <class T>
Block<Inexact<T>> quantiles_of_block(const Block<T>& block, const DigitSelection& wanted, std::int64_t axis) {
  Extents shape = block.shape(), offset = block.offset();
  shape[static_cast<std::size_t>(axis)] = wanted.quantiles.size();
  offset[static_cast<std::size_t>(axis)] = 0;
  Block<Inexact<T>> made(shape, offset);
  const Strip from(block.shape(), axis), to(shape, axis);
  std::vector<T> line(from.length);
  if (made.empty()) return made;
  for (std::uint64_t b = 0; b < from.before; ++b) {
    for (std::uint64_t a = 0; a < from.after; ++a) {
      // A block of lines without elements has no memory that an address could be in.
      const std::uint64_t first = b * from.length * from.after + a;
      for (std::uint64_t i = 0; i < from.length; ++i) line[i] = block.data()[first + i * from.after];
      quantiles_of_line(line, wanted, made.data() + b * to.length * to.after + a, to.after);
    }
  }
  return made;
}
/// An axis of quantiles in the place of the one that they are along.
template <class T, class Node>
Array<Inexact<T>> quantiles_along(const Array<T, Node>& array, int axis, DigitSelection wanted,
                                  std::source_location where) {
  const auto lines = whole_along(array, AxisSet{1} << axis, where);
  std::vector<Axis> axes = lines.state().axes;
  axes[static_cast<std::size_t>(axis)] = Axis::whole(static_cast<std::int64_t>(wanted.quantiles.size()));
  const auto made = map<&quantiles_of_block<T>>({lines.blocks(where), where}, value(std::move(wanted)),
                                                static_cast<std::int64_t>(axis));
  return Array<Inexact<T>>(plain_state(made.view(), std::move(axes), where));
}
inline DigitSelection selection_of(std::vector<double> quantiles, QuantileMethod method, bool skips_nan,
                                   const char* what, std::source_location where) {
  expect_quantiles(quantiles, what, where);
  return {.quantiles = std::move(quantiles), .method = method, .skips_nan = skips_nan};
}

template <class T, class Node>
auto one_quantile(const Array<T, Node>& array, double q, QuantileMethod method, bool skips_nan,
                  const char* what, std::source_location where) {
  return quantiles_of_all<true>(array, selection_of({q}, method, skips_nan, what, where), where);
}
template <class T, class Node>
auto some_quantiles(const Array<T, Node>& array, const std::vector<double>& q, QuantileMethod method,
                    bool skips_nan, const char* what, std::source_location where) {
  return quantiles_of_all<false>(array, selection_of(q, method, skips_nan, what, where), where);
}
template <class T, class Node>
Array<Inexact<T>> one_quantile_along(const Array<T, Node>& array, double q, std::int64_t axis,
                                     QuantileMethod method, bool skips_nan, const char* what,
                                     std::source_location where) {
  const int d = checked_axis(axis, array.dimensions(), what, where);
  const auto made = quantiles_along(array, d, selection_of({q}, method, skips_nan, what, where), where);
  return made.squeeze(d, where);
}
template <class T, class Node>
Array<Inexact<T>> some_quantiles_along(const Array<T, Node>& array, const std::vector<double>& q,
                                       std::int64_t axis, QuantileMethod method, bool skips_nan,
                                       const char* what, std::source_location where) {
  const int d = checked_axis(axis, array.dimensions(), what, where);
  return quantiles_along(array, d, selection_of(q, method, skips_nan, what, where), where)
      .moveaxis(d, 0, where);
}

}  // namespace detail

#define RAMAL_QUANTILES(function, skips)                                                               \
  template <class T, class Node>                                                                       \
  auto function(const Array<T, Node>& array, double q, QuantileMethod method = QuantileMethod::linear, \
                std::source_location where = std::source_location::current()) {                        \
    return detail::one_quantile(array, q, method, skips, #function, where);                            \
  }                                                                                                    \
  template <class T, class Node>                                                                       \
  auto function(const Array<T, Node>& array, const std::vector<double>& q,                             \
                QuantileMethod method = QuantileMethod::linear,                                        \
                std::source_location where = std::source_location::current()) {                        \
    return detail::some_quantiles(array, q, method, skips, #function, where);                          \
  }                                                                                                    \
  template <class T, class Node>                                                                       \
  auto function(const Array<T, Node>& array, std::initializer_list<double> q,                          \
                QuantileMethod method = QuantileMethod::linear,                                        \
                std::source_location where = std::source_location::current()) {                        \
    return detail::some_quantiles(array, std::vector<double>(q), method, skips, #function, where);     \
  }                                                                                                    \
  template <class T, class Node>                                                                       \
  auto function(const Array<T, Node>& array, double q, std::int64_t axis,                              \
                QuantileMethod method = QuantileMethod::linear,                                        \
                std::source_location where = std::source_location::current()) {                        \
    return detail::one_quantile_along(array, q, axis, method, skips, #function, where);                \
  }                                                                                                    \
  template <class T, class Node>                                                                       \
  auto function(const Array<T, Node>& array, const std::vector<double>& q, std::int64_t axis,          \
                QuantileMethod method = QuantileMethod::linear,                                        \
                std::source_location where = std::source_location::current()) {                        \
    return detail::some_quantiles_along(array, q, axis, method, skips, #function, where);              \
  }                                                                                                    \
  template <class T, class Node>                                                                       \
  auto function(const Array<T, Node>& array, std::initializer_list<double> q, std::int64_t axis,       \
                QuantileMethod method = QuantileMethod::linear,                                        \
                std::source_location where = std::source_location::current()) {                        \
    return detail::some_quantiles_along(array, std::vector<double>(q), axis, method, skips, #function, \
                                        where);                                                        \
  }

/// The quantiles of all elements: a number for one q, an array for several; or along an axis, for several in
/// a new first axis. In the array's type, or double for whole numbers, computed in double. NaN where some
/// element is, or there is none. Other than NumPy's, that of an infinity and a number is no NaN. Throws
/// std::invalid_argument for a q that is not from 0 to 1, or an axis that is not there.
///
/// Over all elements each rank needs room for its blocks and, for each q, counts of 2 MiB at most. Along an
/// axis, which is made whole first, a block holds whole lines; see `rechunk`. O(elements) for each q.
///
///   quantile(a, 0.9)      quantile(a, {0.1, 0.9}, 0)      quantile(a, 0.5, QuantileMethod::lower)
RAMAL_QUANTILES(quantile, false)
/// The same of all that is not NaN.
RAMAL_QUANTILES(nanquantile, true)
#undef RAMAL_QUANTILES

/// The element in the middle, or the mean of two; the same otherwise.
template <class T, class Node>
auto median(const Array<T, Node>& array, std::source_location where = std::source_location::current()) {
  return detail::one_quantile(array, 0.5, detail::mean_of_middle, false, "median", where);
}
template <class T, class Node>
auto median(const Array<T, Node>& array, std::int64_t axis,
            std::source_location where = std::source_location::current()) {
  return detail::one_quantile_along(array, 0.5, axis, detail::mean_of_middle, false, "median", where);
}
template <class T, class Node>
auto nanmedian(const Array<T, Node>& array, std::source_location where = std::source_location::current()) {
  return detail::one_quantile(array, 0.5, detail::mean_of_middle, true, "nanmedian", where);
}
template <class T, class Node>
auto nanmedian(const Array<T, Node>& array, std::int64_t axis,
               std::source_location where = std::source_location::current()) {
  return detail::one_quantile_along(array, 0.5, axis, detail::mean_of_middle, true, "nanmedian", where);
}

namespace detail {
void expect_compression(double compression, std::source_location where);
}

/// About the same in one pass over the elements, by t-digests of the blocks, which are merged pairwise: with
/// `compression` 100 the share of elements below the result is off by some 0.001 in the middle and much less
/// at the ends. The bits hang on the chunks alone, given one mathematical library. As double; NaN if some
/// element is, or there is none. A digest takes up to 16 bytes times the compression. Throws
/// std::invalid_argument as quantile, and for a compression below 20.
template <class T, class Node>
auto quantile_sketch(const Array<T, Node>& array, double q, double compression = 100,
                     std::source_location where = std::source_location::current()) {
  detail::expect_quantiles({q}, "quantile_sketch", where);
  detail::expect_compression(compression, where);
  return detail::sketched_quantiles<true>(array, {q}, compression, where);
}
template <class T, class Node>
auto quantile_sketch(const Array<T, Node>& array, const std::vector<double>& q, double compression = 100,
                     std::source_location where = std::source_location::current()) {
  detail::expect_quantiles(q, "quantile_sketch", where);
  detail::expect_compression(compression, where);
  return detail::sketched_quantiles<false>(array, q, compression, where);
}
template <class T, class Node>
auto quantile_sketch(const Array<T, Node>& array, std::initializer_list<double> q, double compression = 100,
                     std::source_location where = std::source_location::current()) {
  return quantile_sketch(array, std::vector<double>(q), compression, where);
}

}  // namespace ramal
