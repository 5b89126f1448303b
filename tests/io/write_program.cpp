// SPDX-License-Identifier: BSD-3-Clause
// Writing by all ranks: `write_program FOLDER`. What it leaves there is read again by check_written.py.
#include <ramal/array.hpp>
#include <ramal/hdf5_append.hpp>
#include <ramal/ramal.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>

using namespace ramal;

namespace {

std::string folder;

[[noreturn]] void fail(const std::string& text) { throw std::runtime_error(text); }
void expect(bool holds, const std::string& what) {
  if (!holds) fail(what);
}

/// Element [i, j] of the whole is 1000 i + j.
Block<double> tile(const Extents& offset, const Extents& shape) {
  Block<double> block(shape, offset);
  for (std::uint64_t i = 0; i < shape[0]; ++i) {
    for (std::uint64_t j = 0; j < shape[1]; ++j)
      block(i, j) = 1000.0 * static_cast<double>(offset[0] + i) + static_cast<double>(offset[1] + j);
  }
  return block;
}
Block<double> noise(const Extents& offset, const Extents& shape) {
  Block<double> block(shape, offset);
  std::mt19937_64 random(offset[0]);
  for (double& x : block) x = std::generate_canonical<double, 53>(random);
  return block;
}
Block<std::int32_t> count_from(long first, long size) {
  Block<std::int32_t> block({static_cast<std::uint64_t>(size)}, {static_cast<std::uint64_t>(first)});
  std::iota(block.begin(), block.end(), static_cast<std::int32_t>(first));
  return block;
}
Block<float> scalar() { return Block<float>::filled({}, 2.5f); }
Block<double> broken(long) { throw std::runtime_error("no data"); }

/// 50 x 70 in tiles of 16 x 32, ragged at the ends.
std::vector<Delayed<Block<double>>> tiles() {
  std::vector<Delayed<Block<double>>> made;
  for (std::uint64_t i = 0; i < 50; i += 16) {
    for (std::uint64_t j = 0; j < 70; j += 32) {
      const Extents shape{std::min<std::uint64_t>(16, 50 - i), std::min<std::uint64_t>(32, 70 - j)};
      made.push_back(delayed<tile>(Extents{i, j}, shape));
    }
  }
  return made;
}
template <class Call>
std::string failure_of(const Call& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing thrown";
}
void expect_failure(Session& session, const Delayed<void>& wrong, const std::string& text) {
  const std::string found = failure_of([&] { session.compute(wrong); });
  expect(found.find(text) != std::string::npos, "expected an error with '" + text + "', found: " + found);
}

void write_all(Session& session) {
  const std::string plain = folder + "/plain.h5";
  session.compute(write_hdf5(plain, "/group/deep/field", tiles(),
                             {.attributes = {{"units", "K"},
                                             {"scale", 0.5},
                                             {"number", std::int64_t{42}},
                                             {"range", std::vector<double>{-1, 1}},
                                             {"no_reals", std::vector<double>{}},
                                             {"no_integers", std::vector<std::int64_t>{}},
                                             {"long_name", "Température"}}}));
  expect(read_hdf5_attribute<std::vector<double>>(plain, "/group/deep/field", "no_reals") ==
             std::vector<double>{},
         "an empty attribute is not read as an empty one");
  // Added to the same file: what is there stays.
  session.compute(write_hdf5(plain, "counts",
                             std::vector{delayed<count_from>(0, 10), delayed<count_from>(10, 5)},
                             {.keep_file = true}));
  session.compute(write_hdf5(plain, "/scalar", std::vector{delayed<scalar>()}, {.keep_file = true}));
  session.compute(write_hdf5(folder + "/chunked.h5", "/field", tiles(),
                             {.chunk = {10, 20},
                              .deflate = 4,
                              .attributes = {{"units", "m s-1"}, {"nothing", std::vector<double>{}}},
                              .dimension_scales = {{"y", {}, "m"}, {"x", std::vector<double>(70, 1.5), "km"}},
                              .alignment_bytes = 4096,
                              .hints = {{"cb_nodes", "1"}}}));
  // Read again by ourselves, in other blocks, and written once more beside ordinary tasks.
  const auto grid = read_hdf5<double>(folder + "/chunked.h5", "/field", {.block_shape = {7, 70}});
  const auto blocks = session.compute(grid.blocks());
  for (const auto& block : blocks)
    expect(block == tile(block.offset(), block.shape()), "what was written is not what is read");
  session.compute(write_hdf5(folder + "/again.h5", "/field", grid.blocks()));
  std::vector<Delayed<void>> several;
  for (int i = 0; i < 4; ++i)
    several.push_back(write_hdf5(folder + "/many" + std::to_string(i) + ".h5", "/x", tiles()));
  session.compute(several);
}

/// Arrays: block by block into a file of their own, together where there are chunks.
void write_arrays(Session& session) {
  const auto rows = arange<double>(50, {16})(all, newaxis), columns = arange<double>(70, {32});
  const auto field = rows * 1000.0 + columns;
  session.compute(write_hdf5(
      folder + "/array.nc",
      {{"/group/field", field, {.attributes = {{"units", "K"}}, .dimension_scales = {{"y", {}, "m"}, {"x"}}}},
       {"/turned", field.transpose()},
       {"/mean", field.mean()}},
      {.attributes = {{"Conventions", "CF-1.8"}}, .alignment_bytes = 4096}));
  session.compute(
      write_hdf5(folder + "/array_chunked.h5", "/field", field, {.chunk = {10, 20}, .deflate = 4}));
}

/// Several datasets at once, and one that grows.
void write_more(Session& session) {
  const Hdf5Scale y{"y", {}, "m", {{"axis", "Y"}}}, x{"x", {}, "m"};
  const auto numbers = arange<std::int32_t>(12, {5});
  session.compute(
      write_hdf5(folder + "/several.nc",
                 {{"/field", tiles(), {.chunk = {10, 20}, .deflate = 2, .dimension_scales = {y, x}}},
                  {"/row", tiles(), {.attributes = {{"units", "K"}}, .dimension_scales = {y, x}}},
                  {"/inner/numbers", numbers},
                  {"/total", numbers.sum()}},
                 {.attributes = {{"Conventions", "CF-1.8"}}}));
  const std::string series = folder + "/series.nc";
  double first = 0;
  for (const std::uint64_t rows : {4u, 1u, 0u, 30u}) {
    const double end = first + static_cast<double>(rows);
    const auto slab = arange<double>(first, end, 1.0, {3})(all, newaxis) * 10.0 + arange<double>(6, {4});
    std::vector<double> days;
    for (double day = first; day < end; ++day) days.push_back(day);
    session.compute(append_hdf5(series, "/t", slab,
                                {.deflate = rows == 4 ? 1 : 0,
                                 .dimension_scales = {{"time", days, "days since 2000-01-01"}, x},
                                 .whole_or_nothing = rows == 1}));
    first = end;
  }
  const auto size = std::filesystem::file_size(series);
  expect_failure(session, append_hdf5(series, "/t", zeros<double>({2, 7})),
                 "differs along axis 0 alone from (35, 6), found (2, 7)");
  expect_failure(session,
                 append_hdf5(series, "/t", zeros<double>({2, 6}), {.dimension_scales = {{"month", {1, 2}}}}),
                 "there is no dimension scale of that name");
  expect(std::filesystem::file_size(series) == size, "a failed append has changed what was there");
  expect(!std::filesystem::exists(series + ".part"), "an unfinished file was left");
}

void fail_all(Session& session) {
  const std::string file = folder + "/again.h5";
  const auto size = std::filesystem::file_size(file);
  auto gap = tiles();
  gap.pop_back();
  expect_failure(session, write_hdf5(file, "/field", gap), "leave gaps or overlap");
  auto twice = tiles();
  twice[1] = delayed<tile>(Extents{0, 0}, Extents{16, 32});
  expect_failure(session, write_hdf5(file, "/field", twice), "two blocks overlap");
  expect_failure(session, write_hdf5(file, "/field", std::vector<Delayed<Block<double>>>()),
                 "no block to write");
  expect_failure(session, write_hdf5(file, "/field", tiles(), {.keep_file = true}), "is in the file already");
  expect_failure(session, write_hdf5(file, "/field", tiles(), {.chunk = {4}}),
                 "do not fit a dataset of shape (50, 70)");
  expect_failure(session, write_hdf5(folder + "/no/such/folder.h5", "/field", tiles()),
                 "No such file or directory");
  expect_failure(session, write_hdf5(file, "/field", tiles(), {.dimension_scales = {{"y", {1, 2}, ""}}}),
                 "dimension scale 'y' has 2 values for a dimension of 50");
  auto missing = tiles();
  missing[3] = delayed<broken>(1);
  expect_failure(session, write_hdf5(file, "/field", missing), "no data");
  std::ofstream(folder + "/text.h5") << "this is not HDF5";
  expect_failure(session, write_hdf5(folder + "/text.h5", "/field", tiles(), {.keep_file = true}),
                 "text.h5: /field: cannot be opened");
  std::ofstream(file + ".part") << "another job's";
  expect_failure(session, write_hdf5(file, "/field", tiles()), "another job is writing it");
  expect(std::filesystem::exists(file + ".part"), "the other job's file was removed");
  std::filesystem::remove(file + ".part");
  expect(std::filesystem::file_size(file) == size, "a failed write has changed what was there");
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    expect(entry.path().extension() != ".part", "an unfinished file was left: " + entry.path().string());
  for (const auto& [text, options] :
       {std::pair{"a deflate level from 0 to 9", Hdf5WriteOptions{.deflate = 10}},
        std::pair{"needs chunks", Hdf5WriteOptions{.deflate = 1}},
        std::pair{"hold nothing", Hdf5WriteOptions{.chunk = {4, 0}}}}) {
    const std::string found = failure_of([&, &set = options] { write_hdf5(file, "/field", tiles(), set); });
    expect(found.find(text) != std::string::npos, "expected '" + std::string(text) + "', found: " + found);
  }
  session.compute(write_hdf5(folder + "/after.h5", "/field", tiles()));
}

/// FOLDER is on a file system of 4 MiB.
void fill_disk(Session& session) {
  std::vector<Delayed<Block<double>>> large, random;
  for (std::uint64_t i = 0; i < 8; ++i) {
    large.push_back(delayed<tile>(Extents{i * 256, 0}, Extents{256, 1024}));
    random.push_back(delayed<noise>(Extents{i * 256, 0}, Extents{256, 1024}));
  }
  const std::string file = folder + "/full.h5";
  session.compute(write_hdf5(file, "/field", tiles()));
  const auto size = std::filesystem::file_size(file);
  const auto entries = std::distance(std::filesystem::directory_iterator(folder), {});
  const auto check = [&](const std::vector<Delayed<Block<double>>>& blocks, const Hdf5WriteOptions& options) {
    const std::string found =
        failure_of([&] { session.compute(write_hdf5(file, "/field", blocks, options)); });
    expect(found.find("full.h5") != std::string::npos, "a full disk was not noticed: " + found);
    expect(std::filesystem::file_size(file) == size, "what was there has changed");
    expect(!std::filesystem::exists(file + ".part"), "an unfinished file was left");
  };
  check(large, {});
  check(large, {.chunk = {256, 1024}});
  const std::string array = failure_of([&] {
    session.compute(write_hdf5(file, "/field", ones<double>({2048, 1024}, {256, -1})));
  });
  expect(array.find("full.h5: /field: the disk is full") != std::string::npos,
         "a full disk was not noticed: " + array);
  expect(std::filesystem::file_size(file) == size, "what was there has changed");
  expect(std::distance(std::filesystem::directory_iterator(folder), {}) == entries,
         "an unfinished file was left");
  check(random, {.chunk = {256, 1024}, .deflate = 1});
  // What cannot be appended leaves the dataset as it was, and room for what can.
  const std::string series = folder + "/series.h5";
  session.compute(append_hdf5(series, "/t", ones<double>({64, 1024}, {16, -1})));
  const std::string refused = failure_of([&] {
    session.compute(append_hdf5(series, "/t", zeros<double>({1024, 1024}, {64, -1})));
  });
  expect(refused.find("the disk is full") != std::string::npos, "a full disk was not noticed: " + refused);
  session.compute(append_hdf5(series, "/t", ones<double>({32, 1024}, {16, -1})));
  const auto grown = read_hdf5<double>(series, "/t").array();
  expect(grown.shape() == Extents{96, 1024} && session.compute(grown.sum()) == 96 * 1024,
         "what was appended is not what is read");
  std::filesystem::remove(series);
  // What fits when it is compressed is written.
  session.compute(write_hdf5(folder + "/small.h5", "/field", large, {.chunk = {256, 1024}, .deflate = 9}));
  for (const auto& path : {file, folder + "/small.h5"}) {
    for (const auto& block : session.compute(read_hdf5<double>(path, "/field").blocks()))
      expect(block == tile(block.offset(), block.shape()), "what is read is not what was written");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  folder = argv[2];
  return run(argc, argv, [&](Session& session) {
    if (std::string(argv[1]) == "full") {
      fill_disk(session);
    } else {
      std::filesystem::remove_all(folder);
      std::filesystem::create_directories(folder);
      write_all(session);
      write_arrays(session);
      write_more(session);
      fail_all(session);
    }
    std::printf("written: ok on %d ranks\n", session.ranks());
  });
}
