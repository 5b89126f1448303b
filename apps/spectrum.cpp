// SPDX-License-Identifier: BSD-3-Clause
// What a long signal is made of: its power spectral density by P. Welch's method (1967), the mean over
// windows that overlap by half, and its rolling mean and deviation. The signal is a dataset of one axis, or
// made up.
//
//   mpirun -n 4 spectrum --input station.h5 --dataset /velocity --rate 100 --window 8192 --output spectrum.h5
#include <ramal/array_index.hpp>
#include <ramal/array_overlap.hpp>
#include <ramal/array_statistics.hpp>
#include <ramal/fft.hpp>
#include <ramal/hdf5_write.hpp>
#include <ramal/ramal.hpp>

#include <boost/program_options.hpp>

#include <cmath>
#include <cstdio>
#include <iostream>
#include <limits>
#include <numbers>

namespace po = boost::program_options;

namespace {

struct Options {
  std::int64_t samples, window, rolling, block;
  double rate;
  std::string input, dataset, output;
};

/// Two tones of 50 and 120 Hz at 1000 samples a second, in noise that depends on the place alone.
double made_up(const ramal::Extents& at) {
  const double t = static_cast<double>(at[0]) / 1000;
  const double noise =
      std::fmod(std::abs(std::sin(static_cast<double>(at[0]) * 12.9898) * 43758.5453), 1.0) - 0.5;
  return std::sin(2 * std::numbers::pi * 50 * t) + 0.5 * std::sin(2 * std::numbers::pi * 120 * t) + noise;
}

/// Power in each frequency, summed over windows that lie one behind the other from a sample on.
auto power_of_windows(const ramal::Array<double>& signal, std::int64_t first, std::int64_t window,
                      const ramal::Array<double>& taper) {
  const std::int64_t count = std::max<std::int64_t>(0, (signal.size() - first) / window);
  const auto windows = ramal::reshape(signal(ramal::slice(first, first + count * window)), {count, window});
  const auto spectra = ramal::fft::rfft((windows - windows.mean(1, {.keepdims = true})) * taper, {.axis = 1});
  return std::pair(real(spectra * conj(spectra)).sum(0), count);
}

ramal::Array<double> density(const ramal::Array<double>& signal, const Options& options) {
  const auto n = static_cast<double>(options.window);
  const auto taper =
      0.5 - 0.5 * cos(ramal::arange<double>(options.window) * (2 * std::numbers::pi / n));  // Hann's
  const auto [even, evens] = power_of_windows(signal, 0, options.window, taper);
  const auto [odd, odds] = power_of_windows(signal, options.window / 2, options.window, taper);
  const double squares = 3 * n / 8;  // of the taper's elements
  const auto mean = (even + odd) / (static_cast<double>(evens + odds) * options.rate * squares);
  // What lies at negative frequencies is the same again, but for 0 and the highest one.
  const auto place = ramal::arange<std::int64_t>(options.window / 2 + 1);
  return where((place == 0) | (place == options.window / 2), mean, 2 * mean);
}

enum class Statistic { mean, deviation };
/// Of each sample and the `length - 1` before it; NaN for the first ones, which have not as many.
ramal::Array<double> rolling(const ramal::Array<double>& signal, std::int64_t length, Statistic statistic) {
  return ramal::map_overlap(
      [length, statistic](ramal::View<const double, 1> in, ramal::View<double, 1> out) {
        for (std::int64_t i = 0; i < out.length(0); ++i) {
          const std::int64_t first = i - length + 1;
          if (first < in.low(0)) {
            out(i) = std::numeric_limits<double>::quiet_NaN();
            continue;
          }
          double sum = 0, squares = 0;
          for (std::int64_t j = first; j <= i; ++j) sum += in(j);
          const double mean = sum / static_cast<double>(length);
          for (std::int64_t j = first; j <= i; ++j) squares += (in(j)-mean) * (in(j)-mean);
          out(i) = statistic == Statistic::mean ? mean : std::sqrt(squares / static_cast<double>(length));
        }
      },
      {.depth = length - 1}, signal);
}

int analyse(ramal::Session& session, const Options& options) {
  const ramal::Array<double> signal =
      options.input.empty()
          ? ramal::from_function<made_up>({static_cast<std::uint64_t>(options.samples)}, {options.block})
          : ramal::read_hdf5<double>(options.input, options.dataset).array().rechunk({options.block});
  if (signal.dimensions() != 1 || signal.size() < options.window)
    throw std::invalid_argument(
        "spectrum: expected a signal of one axis and at least as many samples as a window, found shape " +
        signal.shape().text());
  std::cout << signal.text() << '\n';
  const auto spectrum = session.persist(density(signal, options));
  const auto frequency = ramal::fft::rfftfreq(options.window, 1 / options.rate);
  const auto strongest = ramal::argtopk(spectrum, 5);
  const auto mean = rolling(signal, options.rolling, Statistic::mean);
  const auto deviation = rolling(signal, options.rolling, Statistic::deviation);
  const auto [places, powers, total, least, most] = session.compute(
      strongest, spectrum, spectrum.sum() * (options.rate / static_cast<double>(options.window)),
      deviation.nanmin(), deviation.nanmax());
  for (const std::int64_t place : places)
    std::printf("%10.3f Hz  %.6e\n",
                static_cast<double>(place) * options.rate / static_cast<double>(options.window),
                powers(place));
  std::printf("variance %.9f; rolling deviation %.6f to %.6f\n", total, least, most);
  if (options.output.empty()) return 0;
  session.compute(
      ramal::write_hdf5(options.output, "/spectrum", spectrum, {.attributes = {{"window", options.window}}}));
  session.compute(ramal::write_hdf5(options.output, "/frequency", frequency,
                                    {.attributes = {{"units", "Hz"}}, .keep_file = true}));
  session.compute(ramal::write_hdf5(options.output, "/mean", mean, {.keep_file = true}));
  session.compute(ramal::write_hdf5(options.output, "/deviation", deviation, {.keep_file = true}));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options{};
  po::options_description described("usage: spectrum [options]");
  described.add_options()("help", "this text")                                                        //
      ("input", po::value(&options.input), "HDF5 file to read the signal from")                       //
      ("dataset", po::value(&options.dataset)->default_value("/signal"), "its dataset, of one axis")  //
      ("samples", po::value(&options.samples)->default_value(1'000'000),
       "without a file: samples to make up")                                              //
      ("rate", po::value(&options.rate)->default_value(1000), "samples a second")         //
      ("window", po::value(&options.window)->default_value(4096), "samples of a window")  //
      ("rolling", po::value(&options.rolling)->default_value(100),
       "samples of the rolling mean and deviation")                                       //
      ("block", po::value(&options.block)->default_value(100'000), "samples of a block")  //
      ("output", po::value(&options.output), "HDF5 file to write all results to");
  try {
    po::variables_map given;
    po::store(po::parse_command_line(argc, argv, described), given);
    po::notify(given);
    if (given.contains("help")) {
      std::cout << described;
      return 0;
    }
    if (options.samples < 1 || options.window < 2 || options.window % 2 != 0 || options.rolling < 1 ||
        options.block < 1 || !(options.rate > 0))
      throw std::invalid_argument("expected numbers above 0, and an even number of samples for a window");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "spectrum: %s\n", error.what());
    return 2;
  }
  return ramal::run(argc, argv, [&](ramal::Session& session) { return analyse(session, options); });
}
