// SPDX-License-Identifier: BSD-3-Clause
// Discrete Fourier transforms of arrays by FFTW 3, with the names and conventions of numpy.fft:
//
//   #include <ramal/fft.hpp>                     link ramal::fft
//
//   const auto spectrum = ramal::fft::rfft(signals, {.axis = 1});
//   const auto smooth = ramal::fft::ifftn(ramal::fft::fftn(field) * filter);
//
//   element            transformed as
//   float              complex<float>
//   complex<float>     complex<float>
//   double, whole      complex<double>
//   complex<double>    complex<double>
//
// An axis along which is transformed becomes whole in each block, and the others are cut more finely, so that
// blocks keep about their size (see <ramal/array_along.hpp>): of several axes one after the other, each
// element being moved at most once for each axis that is cut. Axes that are whole anyhow are done together.
// Results stay as the last transform has them cut. A block is transformed in memory of its own size, and up
// to 1 MiB; O(n log n) for lines of any length n.
//
// The bits of a line's transform depend on its elements, its length, its type and FFTW's build, not on
// chunks, ranks or threads; unless the program imports FFTW's wisdom, which FFTW then uses. A program that
// itself calls FFTW's planner does that before it runs the graph, or on one thread: the planner is not safe
// for threads.
//
// All functions may be called in any thread; they cost rank 0 the same whatever the array's size. They throw
// std::invalid_argument, naming the line, for an axis that is not there and for less than one data point.
#pragma once

#include <ramal/detail/lines.hpp>

#include <optional>

namespace ramal {

namespace fft {

/// By what transforms of n points are divided: only the inverse ones, by n; both by the square root of n; or
/// only the others, by n.
enum class Norm { backward, ortho, forward };

/// How an axis is transformed.
struct Options {
  /// The number of points, of the result for `irfft`: lines are cut off there, or zeros are added. None: as
  /// many as there are, for `irfft` 2 * (m - 1) of m.
  std::optional<std::int64_t> n = {};
  std::int64_t axis = -1;
  Norm norm = Norm::backward;
};
/// How several axes are transformed.
struct AxesOptions {
  /// As `n`, for each of the axes; below 0 as if none was given. Empty: none.
  std::vector<std::int64_t> shape = {};
  /// Which axes, each once. Empty: all, or the last ones if `shape` has fewer. The last one named is that
  /// along which numbers are real.
  std::vector<std::int64_t> axes = {};
  Norm norm = Norm::backward;
};

}  // namespace fft

namespace detail {

/// Lines of a block along an axis: `before` times `after` of them, as Strip has it.
struct FftLines {
  std::int64_t before, after;
  std::int64_t from, to;  ///< how many elements a line has, and its result
  std::int64_t n;         ///< points of the transform
  double scale;           ///< what results are multiplied by
};
/// `from` may be `to`, if lines are as long. For float and double.
template <class Real>
void transform_complex(const FftLines& lines, bool inverse, const std::complex<Real>* from,
                       std::complex<Real>* to);
template <class Real>
void transform_from_real(const FftLines& lines, const Real* from, std::complex<Real>* to);
template <class Real>
void transform_to_real(const FftLines& lines, const std::complex<Real>* from, Real* to);

/// The type in which arrays of T are transformed.
template <class T>
struct TransformReal {
  static_assert(Number<T> && !std::same_as<Real<T>, long double>,
                "ramal: Fourier transforms are for arrays of float, double, their complex numbers, and whole "
                "numbers");
  using type = std::conditional_t<std::same_as<Real<T>, float>, float, double>;
};
template <class T>
using TransformRealOf = typename TransformReal<T>::type;

/// One axis, and how many points are transformed along it.
struct Points {
  std::int32_t axis;
  std::int64_t n;
};
FftLines fft_lines(const Extents& shape, int axis, std::int64_t to, std::int64_t n, double scale);
/// Checks what was asked for, of an array of that shape. `to_real`: along the last axis the result has n
/// points.
std::vector<Points> fft_points(const Extents& shape, const fft::AxesOptions& options, bool to_real,
                               const char* what, std::source_location where);
double fft_scale(std::span<const Points> points, bool inverse, fft::Norm norm);
inline fft::AxesOptions one_axis(const fft::Options& options, std::size_t dims, const char* what,
                                 std::source_location where) {
  if (options.n && *options.n < 1)
    refuse_array(std::string(what) + ": invalid number of data points (" + std::to_string(*options.n) + ')',
                 where);
  return {{options.n.value_or(-1)}, {checked_axis(options.axis, dims, what, where)}, options.norm};
}

/// Along one or several axes, which are whole.
template <class Real, bool is_inverse>
struct ComplexTransform {
  static constexpr std::string_view name = is_inverse ? "ifft" : "fft";
  using type = std::complex<Real>;

  /// In place, as far as lengths stay.
  Block<type> operator()(Block<type>&& block) const { return passed(std::move(block), 0); }
  Block<type> operator()(const Block<type>& block) const {
    Block<type> made(shape_behind(0, block.shape()), block.offset());
    transform(0, block, made);
    return passed(std::move(made), 1);
  }

  Block<type> passed(Block<type> block, int from) const {
    for (int k = from; k < count; ++k) {
      const Extents shape = shape_behind(k, block.shape());
      if (shape == block.shape()) {
        transform(k, block, block);
        continue;
      }
      Block<type> made(shape, block.offset());
      transform(k, block, made);
      block = std::move(made);
    }
    return block;
  }
  Extents shape_behind(int k, Extents shape) const {
    const auto& [axis, n] = points[static_cast<std::size_t>(k)];
    shape[static_cast<std::size_t>(axis)] = static_cast<std::uint64_t>(n);
    return shape;
  }
  void transform(int k, const Block<type>& block, Block<type>& made) const {
    const auto& [axis, n] = points[static_cast<std::size_t>(k)];
    transform_complex<Real>(fft_lines(block.shape(), axis, n, n, k + 1 == count ? scale : 1.0), is_inverse,
                            block.data(), made.data());
  }
  std::array<Points, Extents::most> points;
  std::int32_t count;
  double scale;
};
template <class Real>
struct RealTransform {
  static constexpr std::string_view name = "rfft";
  using type = std::complex<Real>;

  Block<type> operator()(const Block<Real>& block) const {
    Extents shape = block.shape();
    shape[static_cast<std::size_t>(points.axis)] = static_cast<std::uint64_t>(points.n / 2 + 1);
    Block<type> made(shape, block.offset());
    transform_from_real<Real>(fft_lines(block.shape(), points.axis, points.n / 2 + 1, points.n, scale),
                              block.data(), made.data());
    return made;
  }
  Points points;
  double scale;
};
template <class Real>
struct ToRealTransform {
  static constexpr std::string_view name = "irfft";
  using type = Real;

  Block<type> operator()(const Block<std::complex<Real>>& block) const {
    Extents shape = block.shape();
    shape[static_cast<std::size_t>(points.axis)] = static_cast<std::uint64_t>(points.n);
    Block<type> made(shape, block.offset());
    transform_to_real<Real>(fft_lines(block.shape(), points.axis, points.n, points.n, scale), block.data(),
                            made.data());
    return made;
  }
  Points points;
  double scale;
};

/// Complex transforms along these axes, the last one first. Those that are whole, or become so, are done
/// together.
template <bool is_inverse, class Real, class Node>
Array<std::complex<Real>> transformed(const Array<std::complex<Real>, Node>& array,
                                      std::span<const Points> points, double scale,
                                      std::source_location where) {
  const auto bit = [](const Points& one) { return AxisSet{1} << one.axis; };
  const std::vector<Axis> axes = line_cuts(array.state().axes, bit(points.back())).lines;
  ComplexTransform<Real, is_inverse> together{{}, 0, 1.0};
  Extents lengths = array.shape();
  AxisSet whole = 0;
  while (!points.empty() && axes[static_cast<std::size_t>(points.back().axis)].count() == 1) {
    together.points[static_cast<std::size_t>(together.count++)] = points.back();
    lengths[static_cast<std::size_t>(points.back().axis)] = static_cast<std::uint64_t>(points.back().n);
    whole |= bit(points.back());
    points = points.first(points.size() - 1);
  }
  if (points.empty()) together.scale = scale;
  const auto made = along_axes(together, array, whole, lengths, where);
  return points.empty() ? made : transformed<is_inverse>(made, points, scale, where);
}
/// An array in that type; itself if it has it.
template <class To, class T, class Node>
auto in_type(const Array<T, Node>& array) {
  if constexpr (std::same_as<T, To>) {
    return array;
  } else {
    return array.template as<To>();
  }
}

template <bool is_inverse, class T, class Node>
Array<std::complex<TransformRealOf<T>>> complex_transform(const Array<T, Node>& array,
                                                          const fft::AxesOptions& options, const char* what,
                                                          std::source_location where) {
  using Complex = std::complex<TransformRealOf<T>>;
  const std::vector<Points> points = fft_points(array.shape(), options, false, what, where);
  const auto complex = in_type<Complex>(array);
  if (points.empty()) return complex;
  return transformed<is_inverse>(complex, std::span(points), fft_scale(points, is_inverse, options.norm),
                                 where);
}
template <class T, class Node>
Array<std::complex<TransformRealOf<T>>> real_transform(const Array<T, Node>& array,
                                                       const fft::AxesOptions& options, const char* what,
                                                       std::source_location where) {
  using Real = TransformRealOf<T>;
  static_assert(!is_complex<T>, "ramal: rfft and rfftn are for real numbers; use fft, or real(array)");
  const std::vector<Points> points = fft_points(array.shape(), options, false, what, where);
  if (points.empty()) refuse_array(std::string(what) + ": expected at least one axis", where);
  const double scale = fft_scale(points, false, options.norm);
  const bool is_one = points.size() == 1;
  const Points last = points.back();
  Extents lengths = array.shape();
  lengths[static_cast<std::size_t>(last.axis)] = static_cast<std::uint64_t>(last.n / 2 + 1);
  const auto half = along_axes(RealTransform<Real>{last, is_one ? scale : 1.0}, in_type<Real>(array),
                               AxisSet{1} << last.axis, lengths, where);
  return is_one ? half : transformed<false>(half, std::span(points).first(points.size() - 1), scale, where);
}
template <class T, class Node>
Array<TransformRealOf<T>> transform_back(const Array<T, Node>& array, const fft::AxesOptions& options,
                                         const char* what, std::source_location where) {
  using Real = TransformRealOf<T>;
  const std::vector<Points> points = fft_points(array.shape(), options, true, what, where);
  if (points.empty()) refuse_array(std::string(what) + ": expected at least one axis", where);
  const Points last = points.back();
  const ToRealTransform<Real> to_real{last, fft_scale(points, true, options.norm)};
  const auto along_last = [&](const auto& complex) {
    Extents lengths = complex.shape();
    lengths[static_cast<std::size_t>(last.axis)] = static_cast<std::uint64_t>(last.n);
    return along_axes(to_real, complex, AxisSet{1} << last.axis, lengths, where);
  };
  const auto complex = in_type<std::complex<Real>>(array);
  if (points.size() == 1) return along_last(complex);
  return along_last(transformed<true>(complex, std::span(points).first(points.size() - 1), 1.0, where));
}

struct FrequencyGenerator {
  static constexpr std::string_view name = "fftfreq";
  using type = double;
  void row(const Extents& place, std::int64_t count, double* to) const {
    const auto first = static_cast<std::int64_t>(place[0]);
    for (std::int64_t i = 0; i < count; ++i)
      to[i] = static_cast<double>(first + i < rising ? first + i : first + i - n) * step;
  }
  std::int64_t n, rising;  ///< so many are 0 or more
  double step;
};
Array<double> fft_frequencies(std::int64_t n, double d, bool is_half, const Chunks& chunks,
                              std::source_location where);

template <class T, class Node>
Array<T> rolled_to_middle(const Array<T, Node>& array, const Axes& axes, bool is_back, const char* what,
                          std::source_location where) {
  const AxisSet set = axes.set(array.dimensions(), what, where);
  Array<T> made = array;
  for (std::size_t d = 0; d < array.dimensions(); ++d) {
    const std::int64_t half = array.state().axes[d].length() / 2;
    if ((set >> d & 1) != 0) made = roll(made, is_back ? -half : half, static_cast<std::int64_t>(d), where);
  }
  return made;
}

}  // namespace detail

namespace fft {

// --- along an axis ----------------------------------------------------------------------------------------

/// The discrete Fourier transform of each line along an axis: of n points x, sums of x[j] exp(-2 pi i j k /
/// n) for k = 0, 1, … n - 1. The axis of the result has n elements.
///
///   auto spectrum = ramal::fft::fft(a, {.n = 512, .axis = 0, .norm = ramal::fft::Norm::ortho});
template <class T, class Node>
auto fft(const Array<T, Node>& array, const Options& options = {},
         std::source_location where = std::source_location::current()) {
  return detail::complex_transform<false>(array, detail::one_axis(options, array.dimensions(), "fft", where),
                                          "fft", where);
}
/// Its inverse, with exp(2 pi i j k / n).
template <class T, class Node>
auto ifft(const Array<T, Node>& array, const Options& options = {},
          std::source_location where = std::source_location::current()) {
  return detail::complex_transform<true>(array, detail::one_axis(options, array.dimensions(), "ifft", where),
                                         "ifft", where);
}
/// `fft` of real numbers, of which it gives the first n / 2 + 1 elements: the others are their conjugates.
template <class T, class Node>
auto rfft(const Array<T, Node>& array, const Options& options = {},
          std::source_location where = std::source_location::current()) {
  return detail::real_transform(array, detail::one_axis(options, array.dimensions(), "rfft", where), "rfft",
                                where);
}
/// The inverse of `rfft`: n real numbers of n / 2 + 1 elements, which are cut off or followed by zeros to be
/// as many. Of an odd n it has to be told. Imaginary parts of the first element, and for even n of the last,
/// say nothing.
template <class T, class Node>
auto irfft(const Array<T, Node>& array, const Options& options = {},
           std::source_location where = std::source_location::current()) {
  return detail::transform_back(array, detail::one_axis(options, array.dimensions(), "irfft", where), "irfft",
                                where);
}

// --- along several ----------------------------------------------------------------------------------------

/// `fft` along several axes, the last named first.
///
///   auto spectrum = ramal::fft::fftn(field, {.axes = {0, 1}});
template <class T, class Node>
auto fftn(const Array<T, Node>& array, const AxesOptions& options = {},
          std::source_location where = std::source_location::current()) {
  return detail::complex_transform<false>(array, options, "fftn", where);
}
/// `ifft` along several axes.
template <class T, class Node>
auto ifftn(const Array<T, Node>& array, const AxesOptions& options = {},
           std::source_location where = std::source_location::current()) {
  return detail::complex_transform<true>(array, options, "ifftn", where);
}
/// `rfft` along the last axis that is named, then `fft` along the others. Throws std::invalid_argument for an
/// array without axes.
template <class T, class Node>
auto rfftn(const Array<T, Node>& array, const AxesOptions& options = {},
           std::source_location where = std::source_location::current()) {
  return detail::real_transform(array, options, "rfftn", where);
}
/// Its inverse: `ifft` along all axes but the last that is named, then `irfft` along that. `shape` tells how
/// long it becomes, as n for `irfft`.
template <class T, class Node>
auto irfftn(const Array<T, Node>& array, const AxesOptions& options = {},
            std::source_location where = std::source_location::current()) {
  return detail::transform_back(array, options, "irfftn", where);
}

// --- frequencies ------------------------------------------------------------------------------------------

/// The frequencies of the elements of an `fft` of n points that are d apart: 0, 1, … up to the middle, then
/// those below 0, rising to -1; each divided by n d. Throws std::invalid_argument if n is below 1.
///
///   fftfreq(4)      0  0.25 -0.5 -0.25           fftfreq(5)      0  0.2  0.4 -0.4 -0.2
inline Array<double> fftfreq(std::int64_t n, double d = 1.0, const Chunks& chunks = {},
                             std::source_location where = std::source_location::current()) {
  return detail::fft_frequencies(n, d, false, chunks, where);
}
/// Those of an `rfft`: n / 2 + 1 of 0 or more.
inline Array<double> rfftfreq(std::int64_t n, double d = 1.0, const Chunks& chunks = {},
                              std::source_location where = std::source_location::current()) {
  return detail::fft_frequencies(n, d, true, chunks, where);
}
/// With the frequency 0 in the middle of these axes: rolled by half of their lengths, rounded down. Each axis
/// costs a copy.
template <class T, class Node>
Array<T> fftshift(const Array<T, Node>& array, const Axes& axes = all,
                  std::source_location where = std::source_location::current()) {
  return detail::rolled_to_middle(array, axes, false, "fftshift", where);
}
/// Its inverse.
template <class T, class Node>
Array<T> ifftshift(const Array<T, Node>& array, const Axes& axes = all,
                   std::source_location where = std::source_location::current()) {
  return detail::rolled_to_middle(array, axes, true, "ifftshift", where);
}

}  // namespace fft
}  // namespace ramal
