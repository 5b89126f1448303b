// SPDX-License-Identifier: BSD-3-Clause
// What is in three million flights: a table out of Parquet, grouped in several ways, made into an array, and
// written again. The file has the columns date, delay (minutes), distance (miles), origin and destination; it
// is data/flights-3m.parquet of the npm package vega-datasets 3.2.1.
//
//   mpirun -n 2 flights --parquet flights-3m.parquet --out by_route.parquet
#include <ramal/parquet.hpp>
#include <ramal/ramal.hpp>
#include <ramal/table_array.hpp>

#include <boost/program_options.hpp>

#include <cmath>
#include <iostream>

namespace {

/// A line of text for each bin of ten minutes.
void print_histogram(const ramal::Rows& bins) {
  const auto from = bins.column<std::int64_t>("minutes"), counts = bins.column<std::int64_t>("flights");
  std::int64_t most = 1;
  for (std::int64_t bin = 0; bin < bins.size(); ++bin) most = std::max(most, counts[bin]);
  for (std::int64_t bin = 0; bin < bins.size(); ++bin) {
    const std::string bar(static_cast<std::size_t>(60 * counts[bin] / most), '#');
    std::printf("%4ld %8ld %s\n", static_cast<long>(from[bin]), static_cast<long>(counts[bin]), bar.c_str());
  }
}

void report(ramal::Session& session, const std::string& path, const std::string& out) {
  const ramal::Table flights = ramal::read_parquet(path, {.partition_bytes = std::uint64_t{16} << 20});
  std::cout << "flights: " << session.compute(flights.count()) << '\n';

  // Everything that is asked of a table in one query reads it once.
  const auto hours = flights.with_column("hour", "hour(date)").groupby({"hour"});
  std::cout << "by hour of the day\n"
            << session.compute(hours.agg({{"flights", "count(*)"},
                                          {"mean", "avg(delay)"},
                                          {"late", "count(*) FILTER (WHERE delay > 15) / count(*)"}}));

  const auto routes = session.persist(flights.groupby({"origin", "destination"})
                                          .agg({{"flights", "count(*)"},
                                                {"mean", "avg(delay)"},
                                                {"deviation", "stddev(delay)"},
                                                {"distance", "any_value(distance)"}}));
  std::cout << "the worst routes of more than 1000 flights\n"
            << session.compute(routes.filter("flights > 1000").top(10, "mean DESC"));
  std::cout << "the worst days\n"
            << session.compute(flights.with_column("day", "CAST(date AS DATE)")
                                   .groupby({"day"})
                                   .agg({{"flights", "count(*)"}, {"mean", "avg(delay)"}})
                                   .top(5, "mean DESC"));

  std::cout << "minutes late, flights\n";
  print_histogram(session.compute(flights.filter("delay BETWEEN -30 AND 119")
                                      .with_column("minutes", "CAST(floor(delay / 10e0) * 10 AS BIGINT)")
                                      .groupby({"minutes"})
                                      .agg({{"flights", "count(*)"}})));

  const auto delay = ramal::to_array<double>(flights, "delay"),
             distance = ramal::to_array<double>(flights, "distance");
  const auto a = delay - delay.mean(), b = distance - distance.mean();
  const auto [covariance, of_delay, of_distance] =
      session.compute((a * b).mean(), (a * a).mean(), (b * b).mean());
  std::printf("correlation of delay and distance: %.4f\n", covariance / std::sqrt(of_delay * of_distance));
  if (!out.empty())
    std::cout << "written: " << session.compute(ramal::write_parquet(routes, out, {.replace = true}))
              << " routes to " << out << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    namespace po = boost::program_options;
    std::string path, out;
    po::options_description options("flights: what is in a Parquet file of flights\n\noptions");
    options.add_options()("help", "show this text")("parquet", po::value(&path),
                                                    "the file, a folder or a pattern")(
        "out", po::value(&out), "write what was found of routes to this .parquet file");
    try {
      po::variables_map given;
      po::store(po::parse_command_line(argc, argv, options), given);
      po::notify(given);
      if (given.contains("help")) {
        std::cout << options;
        return 0;
      }
      if (path.empty()) throw po::error("expected --parquet FILE");
    } catch (const po::error& error) {
      std::cerr << "flights: " << error.what() << "\ntry --help\n";
      return 2;
    }
    report(session, path, out);
    return 0;
  });
}
