// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/fft.hpp>

#include <cmath>

namespace ramal::detail {

FftLines fft_lines(const Extents& shape, int axis, std::int64_t to, std::int64_t n, double scale) {
  const Strip strip(shape, axis);
  return {static_cast<std::int64_t>(strip.before),
          static_cast<std::int64_t>(strip.after),
          static_cast<std::int64_t>(strip.length),
          to,
          n,
          scale};
}

std::vector<Points> fft_points(const Extents& shape, const fft::AxesOptions& options, bool to_real,
                               const char* what, std::source_location where) {
  std::vector<std::int64_t> axes = options.axes;
  const std::size_t lengths = options.shape.size();
  if (axes.empty()) {
    const std::size_t count = lengths > 0 ? lengths : shape.size();
    if (count > shape.size())
      refuse_array(std::string(what) + ": expected at most " + std::to_string(shape.size()) +
                       " lengths for an array of shape " + shape.text() + ", found " + std::to_string(count),
                   where);
    for (std::size_t d = shape.size() - count; d < shape.size(); ++d)
      axes.push_back(static_cast<std::int64_t>(d));
  } else {
    axis_set(axes, shape.size(), what, where);
  }
  if (lengths > 0 && lengths != axes.size())
    refuse_array(std::string(what) + ": expected lengths for " + std::to_string(axes.size()) +
                     " axes, found " + std::to_string(lengths),
                 where);
  std::vector<Points> points;
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const int axis = checked_axis(axes[k], shape.size(), what, where);
    std::int64_t n = lengths > 0 ? options.shape[k] : -1;
    if (n < 0) {
      const auto length = static_cast<std::int64_t>(shape[static_cast<std::size_t>(axis)]);
      n = to_real && k + 1 == axes.size() ? 2 * (length - 1) : length;
    }
    if (n < 1)
      refuse_array(std::string(what) + ": invalid number of data points (" + std::to_string(n) +
                       ") along axis " + std::to_string(axis) + " of an array of shape " + shape.text(),
                   where);
    points.push_back({axis, n});
  }
  return points;
}

double fft_scale(std::span<const Points> points, bool inverse, fft::Norm norm) {
  double all = 1;
  for (const Points& one : points) all *= static_cast<double>(one.n);
  if (norm == fft::Norm::ortho) return 1 / std::sqrt(all);
  return (norm == fft::Norm::backward) == inverse ? 1 / all : 1.0;
}

Array<double> fft_frequencies(std::int64_t n, double d, bool is_half, const Chunks& chunks,
                              std::source_location where) {
  const char* what = is_half ? "rfftfreq" : "fftfreq";
  if (n < 1)
    refuse_array(std::string(what) + ": invalid number of data points (" + std::to_string(n) + ')', where);
  const std::int64_t length = is_half ? n / 2 + 1 : n, rising = is_half ? length : (n - 1) / 2 + 1;
  return generated(FrequencyGenerator{n, rising, 1 / (static_cast<double>(n) * d)},
                   {static_cast<std::uint64_t>(length)}, chunks, where);
}

}  // namespace ramal::detail
