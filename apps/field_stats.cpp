// SPDX-License-Identifier: BSD-3-Clause
// Statistics of any numeric dataset of an HDF5 or netCDF-4 file: count, missing values, least, greatest,
// mean, variance and a histogram, block by block, on as many ranks as there are. The numbers have the same
// bits at any rank and thread count.
//
//   mpirun -n 4 field_stats ocean.nc /temperature --picture t.svg --output stats.h5
//
// Numbers are understood as xarray's open_dataset does: see ramal/hdf5_decode.hpp. With --raw they are what
// the file holds.
//
// Mean and variance are combined pairwise, within blocks and over them, by the update formulas of Chan, Golub
// and LeVeque (1979), so that rounding errors grow with the logarithm of the count.
#include <ramal/hdf5_decode.hpp>
#include <ramal/hdf5_write.hpp>
#include <ramal/ramal.hpp>

#include <boost/program_options.hpp>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <limits>

namespace {

using Field = ramal::Block<double>;  // missing elements are not a number
using Counts = ramal::Block<std::int64_t>;

struct Stats {
  std::int64_t count = 0;  // without missing ones
  std::int64_t missing = 0;
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();
  // The mean is the sum of both: where values are large beside their spread, what a double leaves of the
  // mean would show in the variance.
  double mean = 0;
  double rest = 0;
  double squares = 0;  // of the distances from the mean

  double variance() const { return count > 0 ? squares / static_cast<double>(count) : 0; }
};

Stats merge(Stats a, const Stats& b) {
  a.missing += b.missing;
  a.least = std::min(a.least, b.least);
  a.greatest = std::max(a.greatest, b.greatest);
  if (b.count == 0) return a;
  const double na = static_cast<double>(a.count);
  const double nb = static_cast<double>(b.count);
  const double apart = (b.mean - a.mean) + (b.rest - a.rest);
  a.count += b.count;
  const double step = apart * (nb / (na + nb)) + a.rest;
  const double mean = a.mean + step;  // and what that addition loses (Knuth's two-sum)
  const double added = mean - a.mean;
  a.rest = (a.mean - (mean - added)) + (step - added);
  a.mean = mean;
  a.squares += b.squares + apart * apart * (na * nb / (na + nb));
  return a;
}

Stats stats_of(std::span<const double> values) {
  constexpr std::size_t few = 512;
  if (values.size() > few) {
    // The half is a multiple of `few`, so that how values are grouped depends on their number alone.
    const std::size_t half = (values.size() / 2 + few - 1) / few * few;
    return merge(stats_of(values.first(half)), stats_of(values.subspan(half)));
  }
  Stats stats;
  double sum = 0;
  for (const double x : values) {
    if (std::isnan(x)) {
      ++stats.missing;
      continue;
    }
    ++stats.count;
    stats.least = std::min(stats.least, x);
    stats.greatest = std::max(stats.greatest, x);
    sum += x;
  }
  if (stats.count == 0) return stats;
  const auto count = static_cast<double>(stats.count);
  stats.mean = sum / count;
  double apart_sum = 0;
  for (const double x : values) {
    if (std::isnan(x)) continue;
    const double apart = x - stats.mean;
    stats.squares += apart * apart;
    apart_sum += apart;
  }
  stats.rest = apart_sum / count;
  stats.squares -= apart_sum * stats.rest;
  return stats;
}
Stats block_stats(const Field& field) { return stats_of(field.span()); }

/// Equal bins from `least` to `greatest`; the last one has both its ends.
Counts block_histogram(const Field& field, long bins, double least, double greatest) {
  Counts counts = Counts::filled({static_cast<std::uint64_t>(bins)}, 0);
  const double per_unit = greatest > least ? static_cast<double>(bins) / (greatest - least) : 0;
  for (const double x : field) {
    if (std::isnan(x)) continue;
    const auto bin = static_cast<std::int64_t>((x - least) * per_unit);
    ++counts(static_cast<std::uint64_t>(std::clamp<std::int64_t>(bin, 0, bins - 1)));
  }
  return counts;
}
Counts add(Counts a, const Counts& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a.data()[i] += b.data()[i];
  return a;
}

struct Request {
  std::string file, dataset, output, picture;
  double memory_mib = 256;
  long bins = 50;
  bool raw = false;
};

void draw(const Request& request, const Stats& stats, const Counts& counts) {
  constexpr double width = 640, height = 360, left = 60, bottom = 320, top = 40;
  std::ofstream svg(request.picture);
  const auto most =
      static_cast<double>(std::max<std::int64_t>(1, *std::max_element(counts.begin(), counts.end())));
  const double step = (width - left - 20) / static_cast<double>(counts.size());
  svg << "<svg xmlns='http://www.w3.org/2000/svg' width='" << width << "' height='" << height
      << "' font-family='sans-serif' font-size='12'>\n<rect width='100%' height='100%' fill='white'/>\n"
      << "<text x='" << left << "' y='24' font-size='14'>" << request.dataset << ", " << stats.count
      << " values</text>\n";
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double tall = (bottom - top) * static_cast<double>(counts.data()[i]) / most;
    svg << "<rect x='" << left + step * static_cast<double>(i) << "' y='" << bottom - tall << "' width='"
        << std::max(0.5, step - 1) << "' height='" << tall << "' fill='#3b6ea5'/>\n";
  }
  svg << "<path d='M" << left << ' ' << top << "V" << bottom << "H" << width - 20
      << "' fill='none' stroke='black'/>\n"
      << "<text x='" << left - 6 << "' y='" << top + 4 << "' text-anchor='end'>"
      << static_cast<std::int64_t>(most) << "</text>\n<text x='" << left - 6 << "' y='" << bottom
      << "' text-anchor='end'>0</text>\n"
      << "<text x='" << left << "' y='" << bottom + 18 << "'>" << stats.least << "</text>\n<text x='"
      << width - 20 << "' y='" << bottom + 18 << "' text-anchor='end'>" << stats.greatest
      << "</text>\n</svg>\n";
  if (!svg.flush()) throw std::runtime_error("cannot write " + request.picture);
}

void analyse(ramal::Session& session, const Request& request) {
  // A rank holds a block, now and then the next one, and what HDF5 keeps of a chunk.
  const auto block_bytes = static_cast<std::uint64_t>(request.memory_mib * (1 << 20) / 4);
  const auto grid = ramal::read_hdf5_decoded(request.file, request.dataset,
                                             {.block_bytes = block_bytes, .mask_and_scale = !request.raw});
  Stats stats;
  if (!grid.blocks().empty())
    stats = session.compute(ramal::reduce<merge>(ramal::map<block_stats>(grid.blocks())));
  std::printf("count = %lld\nmissing = %lld\n", static_cast<long long>(stats.count),
              static_cast<long long>(stats.missing));
  if (stats.count == 0) return;
  std::printf("min = %.17g\nmax = %.17g\nmean = %.17g\nvariance = %.17g\n", stats.least, stats.greatest,
              stats.mean, stats.variance());
  if (!std::isfinite(stats.least) || !std::isfinite(stats.greatest)) {
    std::printf("no histogram: the range is not finite\n");
    return;
  }
  const auto histogram = ramal::reduce<add>(
      ramal::map<block_histogram>(grid.blocks(), request.bins, stats.least, stats.greatest));
  session.persist(histogram);
  const Counts counts = session.compute(histogram);
  std::printf("histogram =");
  for (const std::int64_t count : counts) std::printf(" %lld", static_cast<long long>(count));
  std::printf("\n");
  if (!request.picture.empty()) draw(request, stats, counts);
  if (request.output.empty()) return;
  std::vector<double> centres;
  for (long i = 0; i < request.bins; ++i) {
    centres.push_back(stats.least + (stats.greatest - stats.least) * (static_cast<double>(i) + 0.5) /
                                        static_cast<double>(request.bins));
  }
  session.compute(ramal::write_hdf5(request.output, "/histogram", std::vector{histogram},
                                    {.attributes = {{"source", request.file + ":" + request.dataset},
                                                    {"count", stats.count},
                                                    {"missing", stats.missing},
                                                    {"min", stats.least},
                                                    {"max", stats.greatest},
                                                    {"mean", stats.mean},
                                                    {"variance", stats.variance()}},
                                     .dimension_scales = {{"bin_centre", centres, ""}}}));
}

/// The one dataset of a file that has just one.
std::string only_dataset(const std::string& path) {
  const auto file = ramal::describe(path);
  if (file.datasets.size() != 1)
    throw std::runtime_error(path + ": name one of its datasets:\n" + file.text());
  return file.datasets.front().path;
}

}  // namespace

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  Request request;
  po::options_description visible("usage: field_stats FILE [DATASET] [options]\nOptions");
  visible.add_options()("help", "this text")("bins", po::value(&request.bins)->default_value(50),
                                             "bins of the histogram")(
      "memory", po::value(&request.memory_mib)->default_value(256), "MiB a thread may use for data")(
      "picture", po::value(&request.picture), "draw the histogram to this .svg")(
      "output", po::value(&request.output), "write the results to this HDF5 file")(
      "raw", po::bool_switch(&request.raw),
      "what the file holds: no missing values but NaN, nothing unpacked");
  po::options_description all;
  all.add(visible).add_options()("file", po::value(&request.file))("dataset", po::value(&request.dataset));
  po::positional_options_description positions;
  positions.add("file", 1).add("dataset", 1);
  std::string problem;
  bool help = false;
  try {
    po::variables_map given;
    po::store(po::command_line_parser(argc, argv).options(all).positional(positions).run(), given);
    po::notify(given);
    help = given.contains("help");
    if (!help && request.file.empty()) problem = "expected a file";
    if (request.bins < 1 || request.bins > 1000000) problem = "--bins: expected 1 to 1000000";
    if (!(request.memory_mib > 0)) problem = "--memory: expected a positive number of MiB";
  } catch (const po::error& error) {
    problem = error.what();
  }
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    if (help) std::cout << visible << '\n';
    if (help) return 0;
    if (!problem.empty()) {
      std::cerr << "field_stats: " << problem << "; see --help\n";
      return 2;
    }
    if (request.dataset.empty()) request.dataset = only_dataset(request.file);
    analyse(session, request);
    return 0;
  });
}
