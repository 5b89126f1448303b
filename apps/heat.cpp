// SPDX-License-Identifier: BSD-3-Clause
// Heat in a plate whose edges are kept at 0: an array, and map_overlap in a loop. Writes the field to an HDF5
// file every so many steps, goes on from there when it is started again, and draws it.
//
//   mpirun -n 4 heat --size 2000 --steps 1000 --checkpoint heat.h5 --every 200 --picture heat.ppm
#include "heat.hpp"

#include <ramal/array_overlap.hpp>
#include <ramal/hdf5_write.hpp>
#include <ramal/ramal.hpp>

#include <boost/program_options.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace po = boost::program_options;

namespace {

struct Options {
  std::int64_t size, block, steps, every;
  std::string checkpoint, picture;
  bool check;
};

// --- the plate --------------------------------------------------------------------------------------------

/// Two hot discs and a cold one.
double temperature_at(std::int64_t i, std::int64_t j, std::int64_t size) {
  const auto within = [&](double row, double column, double radius) {
    const double y = static_cast<double>(i) / static_cast<double>(size) - row;
    const double x = static_cast<double>(j) / static_cast<double>(size) - column;
    return x * x + y * y < radius * radius;
  };
  return within(0.3, 0.3, 0.15) ? 100 : within(0.65, 0.6, 0.2) ? 60 : within(0.3, 0.7, 0.1) ? -80 : 0;
}
ramal::Array<double> plate_at_start(std::int64_t size, std::int64_t block) {
  const auto points = static_cast<std::uint64_t>(size);
  return ramal::map_blocks(
      [size](ramal::Block<double> field) {
        const auto row = static_cast<std::int64_t>(field.offset()[0]),
                   column = static_cast<std::int64_t>(field.offset()[1]);
        for (std::uint64_t i = 0; i < field.shape()[0]; ++i)
          for (std::uint64_t j = 0; j < field.shape()[1]; ++j)
            field(i, j) = temperature_at(row + static_cast<std::int64_t>(i),
                                         column + static_cast<std::int64_t>(j), size);
        return field;
      },
      ramal::zeros<double>({points, points}, {block, block}));
}

/// One step of a block; u reaches one point further on all sides.
void step(ramal::View<const double, 2> u, ramal::View<double, 2> next) {
  for (std::int64_t i = 0; i < next.length(0); ++i)
    heat::step_row(&u(i - 1, 0), &u(i, 0), &u(i + 1, 0), &next(i, 0), next.length(1));
}

// --- what is done with it ---------------------------------------------------------------------------------

/// Every so many points of the field, blue where it is cold and red where it is hot, as a PPM.
void draw(ramal::Session& session, const ramal::Array<double>& field, std::int64_t size,
          const std::string& path) {
  using ramal::slice;
  const std::int64_t apart = std::max<std::int64_t>(1, size / 500);
  const auto [points, most] =
      session.compute(field(slice({}, {}, apart), slice({}, {}, apart)), abs(field).max());
  std::ofstream picture(path, std::ios::binary);
  picture << "P6\n" << points.shape()[1] << ' ' << points.shape()[0] << "\n255\n";
  for (const double value : points) {
    const double share = most > 0 ? value / most : 0, fading = 255 * (1 - std::abs(share));
    const double colours[] = {share > 0 ? 255 : fading, fading, share < 0 ? 255 : fading};
    for (const double colour : colours) picture.put(static_cast<char>(static_cast<unsigned char>(colour)));
  }
  if (!picture.flush()) throw std::runtime_error("heat: cannot write " + path);
}

/// The same with one loop over the whole plate. Each point is computed by the same operations, so every bit
/// is to be the same.
std::int64_t count_differences(const ramal::Block<double>& field, const Options& options) {
  const std::int64_t width = options.size + 2;
  std::vector<double> u(static_cast<std::size_t>(width * width)), v(u.size());
  for (std::int64_t i = 0; i < options.size; ++i)
    for (std::int64_t j = 0; j < options.size; ++j)
      u[static_cast<std::size_t>((i + 1) * width + j + 1)] = temperature_at(i, j, options.size);
  for (std::int64_t done = 0; done < options.steps; ++done) {
    for (std::int64_t i = 1; i <= options.size; ++i) {
      const double* here = u.data() + i * width + 1;
      heat::step_row(here - width, here, here + width, v.data() + i * width + 1, options.size);
    }
    std::swap(u, v);
  }
  std::int64_t differ = 0;
  for (std::int64_t i = 0; i < options.size; ++i)
    for (std::int64_t j = 0; j < options.size; ++j)
      differ += field(i, j) != u[static_cast<std::size_t>((i + 1) * width + j + 1)];
  return differ;
}

int simulate(ramal::Session& session, const Options& options) {
  std::int64_t done = 0;
  ramal::Array<double> field = plate_at_start(options.size, options.block);
  if (!options.checkpoint.empty() && std::filesystem::exists(options.checkpoint)) {
    const auto saved = ramal::read_hdf5<double>(options.checkpoint, "/temperature").array();
    done = ramal::read_hdf5_attribute<std::int64_t>(options.checkpoint, "/temperature", "steps").value_or(0);
    if (saved.shape() != field.shape())
      throw std::runtime_error("heat: " + options.checkpoint + " has a field of shape " +
                               saved.shape().text() + ", expected " + field.shape().text());
    if (done > options.steps)
      throw std::runtime_error("heat: " + options.checkpoint + " has step " + std::to_string(done) +
                               " already; ask for as many --steps or more");
    std::printf("goes on from step %lld of %s\n", static_cast<long long>(done), options.checkpoint.c_str());
    field = session.persist(saved.rechunk({options.block, options.block}));
  }
  while (done < options.steps) {
    const std::int64_t next = std::min(options.steps, done + options.every);
    for (; done < next; ++done)
      field =
          ramal::map_overlap<step>({.depth = 1, .boundary = ramal::Boundary::constant, .value = 0}, field);
    field = session.persist(field);
    const auto [low, mean, high] = session.compute(field.min(), field.mean(), field.max());
    std::printf("step %6lld: %8.3f to %8.3f, mean %.9f\n", static_cast<long long>(done), low, high, mean);
    if (!options.checkpoint.empty())
      session.compute(ramal::write_hdf5(options.checkpoint, "/temperature", field,
                                        {.attributes = {{"steps", done}, {"units", "degC"}}}));
  }
  if (!options.picture.empty()) draw(session, field, options.size, options.picture);
  if (!options.check) return 0;
  const std::int64_t differ = count_differences(session.compute(field), options);
  std::printf("%lld of %lld points differ from those of a serial loop\n", static_cast<long long>(differ),
              static_cast<long long>(options.size * options.size));
  return differ == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options{};
  po::options_description described("usage: heat [options]");
  described.add_options()("help", "this text")                                                              //
      ("size", po::value(&options.size)->default_value(600), "points in each direction")                    //
      ("block", po::value(&options.block)->default_value(200), "points of a block in each direction")       //
      ("steps", po::value(&options.steps)->default_value(500), "steps in time")                             //
      ("every", po::value(&options.every)->default_value(100), "steps between two lines, and checkpoints")  //
      ("checkpoint", po::value(&options.checkpoint),
       "HDF5 file to write the field to; where it exists, to go on from")                //
      ("picture", po::value(&options.picture), "file for a picture of the field (PPM)")  //
      ("check", po::bool_switch(&options.check), "compare with a serial loop");
  try {
    po::variables_map given;
    po::store(po::parse_command_line(argc, argv, described), given);
    po::notify(given);
    if (given.contains("help")) {
      std::cout << described;
      return 0;
    }
    if (options.size < 1 || options.block < 1 || options.steps < 0 || options.every < 1)
      throw std::invalid_argument(
          "expected a size, a block and a number of steps between lines of at least 1");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "heat: %s\n", error.what());
    return 2;
  }
  return ramal::run(argc, argv, [&](ramal::Session& session) { return simulate(session, options); });
}
