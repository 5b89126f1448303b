// SPDX-License-Identifier: BSD-3-Clause
#include "corpus.hpp"

#include <ramal/fft.hpp>

namespace corpus {

namespace {

/// Numbers: the norm, the axis, and how many points if that is told.
ramal::fft::Options options_of(const Call& c) {
  ramal::fft::Options options{.axis = c.number(1), .norm = static_cast<ramal::fft::Norm>(c.number(0))};
  if (c.numbers.size() > 2) options.n = c.number(2);
  return options;
}
/// Numbers: the norm, how many axes, these, and points along them if these are told.
ramal::fft::AxesOptions axes_of(const Call& c) {
  const std::vector<std::int64_t> all = c.numbers_from(2);
  const auto axes = all.begin() + c.number(1);
  return {.shape = {axes, all.end()},
          .axes = {all.begin(), axes},
          .norm = static_cast<ramal::fft::Norm>(c.number(0))};
}

}  // namespace

void add_fft(Operations& all) {
  namespace fft = ramal::fft;
  auto& to = all.functions;
#define ADD(function, options, ...) \
  to[#function] =                   \
      of_types<__VA_ARGS__>([](const auto& a, const Call& c) { return fft::function(a, options(c)); })
  ADD(fft, options_of, std::int64_t, double, Complex);
  ADD(ifft, options_of, double, Complex);
  ADD(rfft, options_of, std::int64_t, double);
  ADD(irfft, options_of, double, Complex);
  ADD(fftn, axes_of, double, Complex);
  ADD(ifftn, axes_of, Complex);
  ADD(rfftn, axes_of, double);
  ADD(irfftn, axes_of, Complex);
#undef ADD
#define ADD(function)                                      \
  to[#function] = of_types<std::int64_t, double, Complex>( \
      [](const auto& a, const Call& c) { return fft::function(a, ramal::Axes(c.numbers)); })
  ADD(fftshift);
  ADD(ifftshift);
#undef ADD
  to["fftfreq"] = of_types<double>(
      [](const auto&, const Call& c) { return fft::fftfreq(c.number(0), c.fractions.at(0), {c.number(1)}); });
  to["rfftfreq"] = of_types<double>([](const auto&, const Call& c) {
    return fft::rfftfreq(c.number(0), c.fractions.at(0), {c.number(1)});
  });
}

}  // namespace corpus
