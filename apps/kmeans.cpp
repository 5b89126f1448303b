// SPDX-License-Identifier: BSD-3-Clause
// Clusters of points by Lloyd's algorithm (1982): each point belongs to the nearest centre, each centre moves
// to the mean of its points. Points are an array in blocks of rows, of a file or made up; only centres and
// sums travel, and no step waits for rank 0.
//
//   mpirun -n 4 kmeans --points 1000000 --dimensions 8 --clusters 12
//   mpirun -n 4 kmeans --input stars.h5 --dataset /positions --clusters 5
#include <ramal/array_random.hpp>
#include <ramal/hdf5.hpp>
#include <ramal/ramal.hpp>

#include <boost/program_options.hpp>

#include <cmath>
#include <cstdio>
#include <iostream>
#include <limits>

namespace po = boost::program_options;

namespace {

using Matrix = ramal::Block<double>;

struct Options {
  std::int64_t points, dimensions, clusters, block, steps;
  std::uint64_t seed;
  double tolerance;
  std::string input, dataset;
  bool check;
};

// --- one step ---------------------------------------------------------------------------------------------

/// For each centre a row: the sum of its points, how many there are, and the sum of their squared distances.
Matrix sums_of(const Matrix& points, const Matrix& centres) {
  const std::uint64_t dimensions = points.shape()[1], clusters = centres.shape()[0];
  Matrix sums = Matrix::filled({clusters, dimensions + 2}, 0.0);
  for (std::uint64_t i = 0; i < points.shape()[0]; ++i) {
    const double* point = &points(i, 0);
    std::uint64_t nearest = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::uint64_t c = 0; c < clusters; ++c) {
      double squares = 0;
      for (std::uint64_t d = 0; d < dimensions; ++d)
        squares += (point[d] - centres(c, d)) * (point[d] - centres(c, d));
      if (squares < least) least = squares, nearest = c;
    }
    for (std::uint64_t d = 0; d < dimensions; ++d) sums(nearest, d) += point[d];
    sums(nearest, dimensions) += 1;
    sums(nearest, dimensions + 1) += least;
  }
  return sums;
}
Matrix add(Matrix a, const Matrix& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a.data()[i] += b.data()[i];
  return a;
}
/// A centre without points stays where it is.
Matrix moved(Matrix centres, const Matrix& sums) {
  const std::uint64_t dimensions = centres.shape()[1];
  for (std::uint64_t c = 0; c < centres.shape()[0]; ++c)
    for (std::uint64_t d = 0; d < dimensions && sums(c, dimensions) > 0; ++d)
      centres(c, d) = sums(c, d) / sums(c, dimensions);
  return centres;
}
double mean_square(const Matrix& sums) {
  const std::uint64_t last = sums.shape()[1] - 1;
  double squares = 0, points = 0;
  for (std::uint64_t c = 0; c < sums.shape()[0]; ++c) squares += sums(c, last), points += sums(c, last - 1);
  return squares / points;
}

// --- the program ------------------------------------------------------------------------------------------

/// Around as many places as there are to be clusters, one after the other.
ramal::Array<double> points_made_up(const Options& options) {
  const auto rows = static_cast<std::uint64_t>(options.points),
             columns = static_cast<std::uint64_t>(options.dimensions);
  const std::int64_t clusters = options.clusters;
  return ramal::map_blocks(
      [clusters](Matrix noise) {
        for (std::uint64_t i = 0; i < noise.shape()[0]; ++i) {
          const std::int64_t cluster = static_cast<std::int64_t>(noise.offset()[0] + i) % clusters;
          for (std::uint64_t d = 0; d < noise.shape()[1]; ++d)
            noise(i, d) += 8 * std::sin(1.0 + static_cast<double>(cluster) * (1.7 + static_cast<double>(d)));
        }
        return noise;
      },
      ramal::random_normal<double>(options.seed, {rows, columns}, 0, 1, {options.block, -1}));
}

/// The same with plain loops over all points, which are few enough for one rank.
double furthest_from_serial(const Matrix& points, Matrix centres, const Matrix& found, std::int64_t steps) {
  for (std::int64_t step = 0; step < steps; ++step)
    centres = moved(std::move(centres), sums_of(points, centres));
  double furthest = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    furthest = std::max(furthest, std::abs(found.data()[i] - centres.data()[i]));
  return furthest;
}

int cluster(ramal::Session& session, const Options& options) {
  using ramal::slice;
  ramal::Array<double> points =
      options.input.empty()
          ? points_made_up(options)
          : ramal::read_hdf5<double>(options.input, options.dataset).array().rechunk({options.block, -1});
  if (points.dimensions() != 2 || points.shape()[0] < static_cast<std::uint64_t>(options.clusters))
    throw std::invalid_argument(
        "kmeans: expected a matrix with a row for each point, at least as many as clusters, found shape " +
        points.shape().text());
  points = session.persist(points);
  std::cout << points.text() << '\n';
  const auto blocks = points.blocks();
  const Matrix first = session.compute(points(slice(options.clusters)));
  ramal::Delayed<Matrix> centres = ramal::value(first);
  std::int64_t step = 0;
  double now = 0;
  for (double before = std::numeric_limits<double>::infinity(); step < options.steps; before = now) {
    const auto sums = ramal::reduce<add>(ramal::map<sums_of>(blocks, centres));
    centres = ramal::delayed<moved>(centres, sums);
    session.persist(centres);
    now = session.compute(ramal::delayed<mean_square>(sums));
    std::printf("step %3lld: mean square distance %.6f\n", static_cast<long long>(++step), now);
    if (step > 1 && before - now <= options.tolerance * before) break;
  }
  const Matrix found = session.compute(centres);
  for (std::uint64_t c = 0; c < found.shape()[0]; ++c) {
    std::printf("centre %2llu:", static_cast<unsigned long long>(c));
    for (std::uint64_t d = 0; d < found.shape()[1]; ++d) std::printf(" %9.4f", found(c, d));
    std::printf("\n");
  }
  if (!options.check) return 0;
  const double furthest = furthest_from_serial(session.compute(points), first, found, step);
  std::printf("within %.0e of a serial loop's centres\n", furthest < 1e-9 ? 1e-9 : furthest);
  return furthest < 1e-9 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options{};
  po::options_description described("usage: kmeans [options]");
  described.add_options()("help", "this text")                                             //
      ("points", po::value(&options.points)->default_value(100'000), "points to make up")  //
      ("dimensions", po::value(&options.dimensions)->default_value(3), "numbers of each")  //
      ("input", po::value(&options.input), "HDF5 file to read points from instead")        //
      ("dataset", po::value(&options.dataset)->default_value("/points"),
       "its matrix, a row for each point")  //
      ("clusters", po::value(&options.clusters)->default_value(5),
       "how many; the first points are the first centres")                              //
      ("block", po::value(&options.block)->default_value(10'000), "points of a block")  //
      ("steps", po::value(&options.steps)->default_value(50), "at most")                //
      ("tolerance", po::value(&options.tolerance)->default_value(1e-6),
       "ends when the distance falls by less, relatively")                                    //
      ("seed", po::value(&options.seed)->default_value(1), "of the points that are made up")  //
      ("check", po::bool_switch(&options.check), "compare with a serial loop");
  try {
    po::variables_map given;
    po::store(po::parse_command_line(argc, argv, described), given);
    po::notify(given);
    if (given.contains("help")) {
      std::cout << described;
      return 0;
    }
    if (options.points < 1 || options.dimensions < 1 || options.clusters < 1 || options.block < 1 ||
        options.steps < 1)
      throw std::invalid_argument("expected numbers of at least 1");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kmeans: %s\n", error.what());
    return 2;
  }
  return ramal::run(argc, argv, [&](ramal::Session& session) { return cluster(session, options); });
}
