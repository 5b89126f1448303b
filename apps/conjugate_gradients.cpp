// SPDX-License-Identifier: BSD-3-Clause
// A heated plate by conjugate gradients: a loop of five states that ends when the residual is small enough,
// with no word to or from the program in between. The numbers have the same bits at any rank and thread
// count.
//
//   mpirun -n 4 conjugate_gradients --size 500 --slabs 16 --tolerance 1e-8
#include "poisson.hpp"

#include <boost/program_options.hpp>

#include <cmath>
#include <cstdio>
#include <iostream>

namespace po = boost::program_options;

namespace {

double at_middle(const poisson::Field& slab, std::int64_t row) {
  return slab.data()[static_cast<std::size_t>(row) * slab.shape()[1] + slab.shape()[1] / 2];
}

int solve(ramal::Session& session, const poisson::Plate& plate, double tolerance, std::int64_t most_steps) {
  const auto solution = poisson::solve(plate, tolerance, most_steps);
  std::int64_t slab = 0;
  while (plate.first_row(slab + 1) <= plate.size / 2) ++slab;
  const auto centre = ramal::delayed<at_middle>(solution.u[slab], plate.size / 2 - plate.first_row(slab));
  const auto [u, squares, first, steps] =
      session.compute(centre, solution.squares, solution.first_squares, solution.steps);
  const double residual = std::sqrt(squares / first);
  std::printf("%lld x %lld points, %lld slabs: %ld steps, residual %.3e of the first\n",
              static_cast<long long>(plate.size), static_cast<long long>(plate.size),
              static_cast<long long>(plate.slabs), steps, residual);
  std::printf("u at the centre %.12f, off by %.1e\n", u, std::abs(u - poisson::at_centre));
  if (residual <= tolerance) return 0;
  std::fprintf(stderr, "conjugate_gradients: not converged after %ld steps; allow more with --steps\n",
               steps);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  poisson::Plate plate{};
  double tolerance = 0;
  std::int64_t most_steps = 0;
  po::options_description options("usage: conjugate_gradients [options]");
  options.add_options()("help", "this text")  //
      ("size", po::value(&plate.size)->default_value(201),
       "inner points in each direction; odd: one is the centre")                   //
      ("slabs", po::value(&plate.slabs)->default_value(8), "pieces of the plate")  //
      ("tolerance", po::value(&tolerance)->default_value(1e-8),
       "residual to reach, relative to the first")  //
      ("steps", po::value(&most_steps)->default_value(10'000), "at most");
  try {
    po::variables_map given;
    po::store(po::parse_command_line(argc, argv, options), given);
    po::notify(given);
    if (given.contains("help")) {
      std::cout << options;
      return 0;
    }
    if (plate.size < 1 || plate.slabs < 1 || plate.slabs > plate.size || most_steps < 1)
      throw std::invalid_argument("expected size and steps of at least 1, and 1 to size slabs");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "conjugate_gradients: %s\n", error.what());
    return 2;
  }
  return ramal::run(argc, argv,
                    [&](ramal::Session& session) { return solve(session, plate, tolerance, most_steps); });
}
