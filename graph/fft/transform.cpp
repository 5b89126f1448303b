// SPDX-License-Identifier: BSD-3-Clause
// Transforms of a block's lines along one of its axes. Lines whose elements lie apart are copied a few at a
// time into memory of their own, transformed there, and copied back: FFTW's own strided transforms would
// fetch each cache line once for each of its elements.
#include "graph/fft/plans.hpp"

#include <ramal/fft.hpp>

#include <algorithm>

namespace ramal::detail {

namespace {

/// How many lines are copied at a time: as many as half of a usual L2 cache holds, but whole cache lines.
std::int64_t panel_columns(const FftLines& lines, std::size_t bytes) {
  constexpr std::int64_t cache_line_bytes = 64, panel_bytes = std::int64_t{512} << 10;
  const auto element = static_cast<std::int64_t>(bytes);
  const std::int64_t least = std::max<std::int64_t>(1, cache_line_bytes / element);
  const std::int64_t fitting = panel_bytes / std::max<std::int64_t>(1, lines.n * element);
  return std::min(lines.after, std::clamp(fitting, least, 4 * least));
}
/// From one line of a panel to the next: a cache line more than they have, so that lines of 2^k elements do
/// not all fall on the same few lines of the cache.
std::int64_t pitch(std::int64_t length, std::size_t bytes) {
  const auto per_line = static_cast<std::int64_t>(64 / bytes);
  return (length + per_line - 1) / per_line * per_line + per_line;
}

/// Calls `run(columns, take, give)` for each panel of lines. `take(to, pitch, wanted)` copies so many
/// elements of each line, and zeros behind those that there are; `give(from, pitch)` copies results to where
/// they go.
template <class From, class To, class Run>
void for_each_panel(const FftLines& lines, std::int64_t columns, const From* from, To* to, const Run& run) {
  for (std::int64_t b = 0; b < lines.before; ++b) {
    for (std::int64_t j = 0; j < lines.after; j += columns) {
      const std::int64_t some = std::min(columns, lines.after - j);
      const auto take = [&](From* panel, std::int64_t apart, std::int64_t wanted) {
        const std::int64_t there = std::min(wanted, lines.from);
        for (std::int64_t i = 0; i < there; ++i) {
          const From* row = from + (b * lines.from + i) * lines.after + j;
          for (std::int64_t k = 0; k < some; ++k) panel[k * apart + i] = row[k];
        }
        for (std::int64_t k = 0; k < some; ++k)
          std::fill(panel + k * apart + there, panel + k * apart + wanted, From());
      };
      const auto scale = static_cast<typename RealOf<To>::type>(lines.scale);
      const auto give = [&](const To* panel, std::int64_t apart) {
        for (std::int64_t i = 0; i < lines.to; ++i) {
          To* row = to + (b * lines.to + i) * lines.after + j;
          for (std::int64_t k = 0; k < some; ++k) row[k] = panel[k * apart + i] * scale;
        }
      };
      run(some, take, give);
    }
  }
}

/// In place, where all lines lie side by side and as FFTW wants them.
template <class Real>
bool transform_where_they_lie(const FftLines& lines, LineTransform kind, const std::complex<Real>* from,
                              std::complex<Real>* to) {
  if (lines.after != 1 || lines.before == 0) return false;
  const auto is_aligned = [](std::complex<Real>* line) {
    return Fftw<Real>::alignment(reinterpret_cast<Real*>(line)) == 0;
  };
  if (!is_aligned(to) || !is_aligned(to + lines.n)) return false;
  const auto plan = line_plan<Real>(kind, lines.n, to, to);
  const std::int64_t there = std::min(lines.from, lines.n);
  const auto scale = static_cast<Real>(lines.scale);
  for (std::int64_t b = 0; b < lines.before; ++b) {
    std::complex<Real>* line = to + b * lines.n;
    if (from != to) {
      std::copy_n(from + b * lines.from, there, line);
      std::fill(line + there, line + lines.n, std::complex<Real>());
    }
    plan->run(line);
    if (scale == Real(1)) continue;
    for (std::int64_t i = 0; i < lines.n; ++i) line[i] *= scale;
  }
  return true;
}

}  // namespace

template <class Real>
void transform_complex(const FftLines& lines, bool inverse, const std::complex<Real>* from,
                       std::complex<Real>* to) {
  using Complex = std::complex<Real>;
  const LineTransform kind = inverse ? LineTransform::inverse : LineTransform::forward;
  if (transform_where_they_lie(lines, kind, from, to)) return;
  const std::int64_t columns = panel_columns(lines, sizeof(Complex)), apart = pitch(lines.n, sizeof(Complex));
  if (columns == 0 || lines.before == 0) return;
  const Scratch<Real, Complex> panel(columns * apart);
  const auto plan = line_plan<Real>(kind, lines.n, panel.data(), panel.data());
  for_each_panel(lines, columns, from, to, [&](std::int64_t some, const auto& take, const auto& give) {
    take(panel.data(), apart, lines.n);
    for (std::int64_t k = 0; k < some; ++k) plan->run(panel.data() + k * apart);
    give(panel.data(), apart);
  });
}

template <class Real>
void transform_from_real(const FftLines& lines, const Real* from, std::complex<Real>* to) {
  using Complex = std::complex<Real>;
  const std::int64_t columns = panel_columns(lines, sizeof(Real)), apart = pitch(lines.n, sizeof(Real)),
                     result_apart = pitch(lines.to, sizeof(Complex));
  if (columns == 0 || lines.before == 0) return;
  const Scratch<Real, Real> panel(columns * apart);
  const Scratch<Real, Complex> results(columns * result_apart);
  const auto plan = line_plan<Real>(LineTransform::from_real, lines.n, panel.data(), results.data());
  for_each_panel(lines, columns, from, to, [&](std::int64_t some, const auto& take, const auto& give) {
    take(panel.data(), apart, lines.n);
    for (std::int64_t k = 0; k < some; ++k)
      plan->run(panel.data() + k * apart, results.data() + k * result_apart);
    give(results.data(), result_apart);
  });
}

template <class Real>
void transform_to_real(const FftLines& lines, const std::complex<Real>* from, Real* to) {
  using Complex = std::complex<Real>;
  const std::int64_t half = lines.n / 2 + 1;
  const std::int64_t columns = panel_columns(lines, sizeof(Real)), apart = pitch(half, sizeof(Complex)),
                     result_apart = pitch(lines.n, sizeof(Real));
  if (columns == 0 || lines.before == 0) return;
  const Scratch<Real, Complex> panel(columns * apart);
  const Scratch<Real, Real> results(columns * result_apart);
  const auto plan = line_plan<Real>(LineTransform::to_real, lines.n, panel.data(), results.data());
  for_each_panel(lines, columns, from, to, [&](std::int64_t some, const auto& take, const auto& give) {
    take(panel.data(), apart, half);
    for (std::int64_t k = 0; k < some; ++k) {
      Complex* line = panel.data() + k * apart;
      // What real numbers have no part of says nothing, in whatever way FFTW goes about it.
      line[0].imag(0);
      if (lines.n % 2 == 0) line[half - 1].imag(0);
      plan->run(line, results.data() + k * result_apart);
    }
    give(results.data(), result_apart);
  });
}

#define RAMAL_TRANSFORMS(Real)                                                                \
  template void transform_complex<Real>(const FftLines&, bool, const std::complex<Real>*,     \
                                        std::complex<Real>*);                                 \
  template void transform_from_real<Real>(const FftLines&, const Real*, std::complex<Real>*); \
  template void transform_to_real<Real>(const FftLines&, const std::complex<Real>*, Real*);
RAMAL_TRANSFORMS(double)
RAMAL_TRANSFORMS(float)
#undef RAMAL_TRANSFORMS

}  // namespace ramal::detail
