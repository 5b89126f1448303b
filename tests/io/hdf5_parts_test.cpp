// SPDX-License-Identifier: BSD-3-Clause
// Views of arrays in HDF5 files: what they are by loops, and how much of the file is read for them.
#include "tests/io/raw_files.hpp"
#include "tests/runtime/arrays/plain.hpp"
#include "tests/support/seeds.hpp"

#include <ramal/hdf5_many.hpp>
#include <ramal/hdf5_write.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

namespace ramal::test {
namespace {

/// A file that is removed at the end.
class File {
 public:
  explicit File(const std::string& name)
      : path_(testing::TempDir() + "ramal_parts_" + std::to_string(getpid()) + '_' + name) {}
  ~File() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

// --- what they are -----------------------------------------------------------------------------------------

/// One axis of a view: a number, or places of the axis.
struct Part {
  bool is_number = false;
  std::vector<std::int64_t> places;
};
/// The places that Python's slice names, one by one.
Part sliced(const Slice& slice, std::int64_t length) {
  Part part;
  const auto from_end = [&](std::int64_t at) { return at < 0 ? at + length : at; };
  if (slice.step > 0) {
    std::int64_t at = slice.start ? std::max<std::int64_t>(0, from_end(*slice.start)) : 0;
    const std::int64_t stop = slice.stop ? std::min(length, from_end(*slice.stop)) : length;
    for (; at < stop; at += slice.step) part.places.push_back(at);
  } else {
    std::int64_t at = slice.start ? std::min(length - 1, from_end(*slice.start)) : length - 1;
    const std::int64_t stop = slice.stop ? std::max<std::int64_t>(-1, from_end(*slice.stop)) : -1;
    for (; at > stop; at += slice.step) part.places.push_back(at);
  }
  return part;
}
template <class T>
Plain<T> viewed(const Plain<T>& of, const std::vector<Part>& parts) {
  std::vector<std::uint64_t> shape;
  for (const Part& part : parts)
    if (!part.is_number) shape.push_back(part.places.size());
  return Plain<T>::made(Extents(shape.data(), shape.size()), [&](const Extents& place) {
    Extents there = of.shape;
    std::size_t next = 0;
    for (std::size_t d = 0; d < parts.size(); ++d)
      there[d] = static_cast<std::uint64_t>(parts[d].places[parts[d].is_number ? 0 : place[next++]]);
    return of(there);
  });
}

std::optional<std::int64_t> some_end(Random& random, std::int64_t length) {
  if (random.one_in(3)) return {};
  return random.between(-length - 3, length + 3);
}
/// A random view of an array, and the same by loops.
template <class T>
std::pair<Array<T>, Plain<T>> some_view(Random& random, const Array<T>& array, const Plain<T>& plain) {
  std::vector<detail::IndexPart> index;
  std::vector<Part> parts;
  for (const std::uint64_t unsigned_length : plain.shape) {
    const auto length = static_cast<std::int64_t>(unsigned_length);
    if (length > 0 && random.one_in(5)) {
      const std::int64_t at = random.between(-length, length - 1);
      index.push_back(at);
      parts.push_back({true, {at < 0 ? at + length : at}});
      continue;
    }
    std::int64_t step = random.one_in(3) ? 1 : random.between(1, random.one_in(3) ? 40 : 5);
    if (random.one_in(3)) step = -step;
    const Slice slice{some_end(random, length), some_end(random, length), step};
    index.push_back(slice);
    parts.push_back(sliced(slice, length));
  }
  return {Array<T>(array.state().indexed(index, std::source_location::current())), viewed(plain, parts)};
}

template <class T>
void expect_views(Random& random, Session& session, const Array<T>& array, const Plain<T>& plain_array) {
  for (int round = 0; round < 4; ++round) {
    auto [view, expected] = some_view(random, array, plain_array);
    for (int more = 0; more < 3 && expected.values.size() > 1 && random.one_in(2); ++more)
      std::tie(view, expected) = some_view(random, view, expected);
    EXPECT_EQ(plain(session.compute(view)), expected) << view.text();
    // The same of an expression, one of whose leaves is no file's.
    const Array<T> more = full<T>(view.shape(), T{1});
    const auto sum = view + more + view;
    for (T& x : expected.values) x = static_cast<T>(x + 1 + x);
    EXPECT_EQ(plain(session.compute(sum)), expected);
    if (expected.values.size() > 3 && sum.dimensions() > 0) {
      Plain<T> every;
      std::vector<Part> parts;
      for (const std::uint64_t length : expected.shape)
        parts.push_back(sliced({{}, {}, 1}, static_cast<std::int64_t>(length)));
      parts[0] = sliced({{}, {}, -3}, static_cast<std::int64_t>(expected.shape[0]));
      EXPECT_EQ(plain(session.compute(sum(slice({}, {}, -3)))), viewed(expected, parts));
    }
  }
}

template <class Check>
void on_some_engines(const Check& check) {
  {
    SerialRanks serial;
    check(serial.session());
  }
  for (const int ranks : {2, 3}) {
    ThreadedRanks threaded(ranks, 0);
    check(threaded.session());
  }
}

TEST(Hdf5Parts, AreWhatLoopsSay) {
  const File file("loops.h5");
  on_some_engines([&](Session& session) {
    for (unsigned seed = 0; seed < seeds(12); ++seed) {
      SCOPED_TRACE(seed);
      Random random{std::mt19937_64(seed)};
      Extents shape = Extents::filled(static_cast<std::size_t>(random.between(1, 3)), 1), chunk = shape,
              block = shape;
      const bool has_long_rows = random.one_in(2);  // of more than a page, of which some can be left out
      for (std::size_t d = 0; d < shape.size(); ++d) {
        const bool is_row = has_long_rows && d + 1 == shape.size();
        shape[d] = static_cast<std::uint64_t>(is_row ? random.between(1100, 1600)
                                                     : random.between(1, has_long_rows ? 12 : 40));
        chunk[d] = static_cast<std::uint64_t>(random.between(1, 12));
        block[d] = chunk[d] * static_cast<std::uint64_t>(random.between(1, 4));
      }
      const auto whole = Plain<std::int32_t>::counted(shape);
      Hdf5WriteOptions options;
      if (!random.one_in(3)) options.chunk = chunk;
      if (!options.chunk.empty() && random.one_in(2)) options.deflate = 1;
      session.compute(write_hdf5(file.path(), "/x", cut(random, whole), options));
      expect_views(random, session,
                   read_hdf5<std::int32_t>(file.path(), "/x", {.block_shape = block}).array(), whole);
    }
  });
}

/// Numbers that are packed in the file: decoded, and as they are.
TEST(Hdf5Parts, AreDecoded) {
  const File file("packed.nc");
  on_some_engines([&](Session& session) {
    for (unsigned seed = 0; seed < seeds(8); ++seed) {
      SCOPED_TRACE(seed);
      Random random{std::mt19937_64(seed)};
      const auto stored = Plain<std::int16_t>::made({17, 2100}, [](const Extents& at) {
        return static_cast<std::int16_t>((at[0] * 2100 + at[1]) % 30'000);
      });
      session.compute(write_hdf5(
          file.path(), "/x", cut(random, stored),
          {.chunk = seed % 2 == 0 ? Extents{} : Extents{5, 300},
           .attributes = {{"scale_factor", 0.5}, {"add_offset", 100.0}, {"_FillValue", std::int64_t{-1}}}}));
      Plain<double> decoded{stored.shape, {}}, as_it_is = decoded;
      for (const std::int16_t x : stored.values) {
        decoded.values.push_back(100 + 0.5 * x);
        as_it_is.values.push_back(x);
      }
      const Extents block{10, 900};
      expect_views(random, session, read_hdf5_decoded(file.path(), "/x", {.block_shape = block}).array(),
                   decoded);
      expect_views(
          random, session,
          read_hdf5_decoded(file.path(), "/x", {.block_shape = block, .mask_and_scale = false}).array(),
          as_it_is);
    }
    // What is missing is so in a view.
    session.compute(write_hdf5(file.path(), "/x", arange<std::int16_t>(1000, {100}),
                               {.attributes = {{"scale_factor", 2.0}, {"_FillValue", std::int64_t{30}}}}));
    const auto view = session.compute(read_hdf5_decoded(file.path(), "/x").array()(slice(50, 0, -10)));
    ASSERT_EQ(view.size(), 5u);
    for (std::size_t i = 0; i < 5; ++i)
      EXPECT_TRUE(i == 2 ? std::isnan(view.data()[i]) : view.data()[i] == 100 - 20 * static_cast<double>(i))
          << i;
  });
}

TEST(Hdf5Parts, OfManyFilesAreJoined) {
  const File a("a.nc"), b("b.nc"), c("c.nc");
  on_some_engines([&](Session& session) {
    for (unsigned seed = 0; seed < seeds(8); ++seed) {
      SCOPED_TRACE(seed);
      Random random{std::mt19937_64(seed)};
      const std::int64_t axis = random.between(0, 1);
      const Extents shape{30, 600};
      const auto whole = Plain<double>::counted(shape);
      std::int64_t begin = 0;
      for (const File* file : {&a, &b, &c}) {
        const auto length = static_cast<std::int64_t>(shape[static_cast<std::size_t>(axis)]);
        const std::int64_t end =
            file == &c ? length : std::min(length, begin + random.between(0, 12) * (axis == 0 ? 1 : 20));
        std::vector<Part> parts{sliced({}, 30), sliced({}, 600)};
        parts[static_cast<std::size_t>(axis)] = sliced({begin, end, 1}, length);
        Hdf5WriteOptions options;
        if (seed % 2 == 1) options.chunk = {4, 100};
        session.compute(write_hdf5(file->path(), "/x", cut(random, viewed(whole, parts)), options));
        begin = end;
      }
      const auto array =
          open_many<double>({a.path(), b.path(), c.path()}, "/x", axis,
                            {.block_shape = {static_cast<std::uint64_t>(random.between(2, 9)), 200}});
      expect_views(random, session, array, whole);
      const auto decoded =
          open_many_decoded({a.path(), b.path(), c.path()}, "/x", axis, {.block_bytes = 20'000});
      expect_views(random, session, decoded, whole);
      // Blocks that lie in several files.
      const Chunks across{random.between(7, 30), random.between(150, 600)};
      expect_views(random, session, array.rechunk(across, {.again = true}), whole);
      expect_views(random, session, decoded.rechunk(across, {.again = true}), whole);
    }
  });
}

// --- how much is read --------------------------------------------------------------------------------------

class Hdf5PartsRead : public testing::Test {
 protected:
  static constexpr std::uint64_t rows = 400, columns = 2048, row_bytes = columns * sizeof(double);
  static constexpr double slack = 48 << 10;  // what HDF5 reads of the file's structure

  void SetUp() override { session().compute(write_hdf5(file_.path(), "/x", field(), {})); }
  Session& session() { return serial_.session(); }
  static Array<double> field() {
    return arange<double>(rows, {50})(all, newaxis) * static_cast<double>(columns) +
           arange<double>(columns, {-1});
  }
  Array<double> opened() const {
    return read_hdf5<double>(file_.path(), "/x", {.block_shape = {100, columns}}).array();
  }
  /// Computes the sum of a view, and says how much was read for it.
  template <class View>
  double read_for(const View& view, double sum) {
    const std::uint64_t before = bytes_read();
    const double found = session().compute(view.sum());
    EXPECT_NEAR(found, sum, std::abs(sum) * 1e-12);
    return static_cast<double>(bytes_read() - before);
  }
  static double sum_of(std::int64_t row, std::int64_t rows_end, std::int64_t row_step, std::int64_t first = 0,
                       std::int64_t end = columns, std::int64_t step = 1) {
    double sum = 0;
    for (std::int64_t i = row; i < rows_end; i += row_step)
      for (std::int64_t j = first; j < end; j += step)
        sum += static_cast<double>(i) * columns + static_cast<double>(j);
    return sum;
  }

  const File file_{"read.h5"};
  SerialRanks serial_;
};

TEST_F(Hdf5PartsRead, NoMoreThanRowsThatAreSeen) {
  const auto x = opened();
  const double whole = read_for(x, sum_of(0, rows, 1));
  EXPECT_GE(whole, static_cast<double>(rows * row_bytes));
  EXPECT_LT(read_for(x(slice({}, {}, 10)), sum_of(0, rows, 10)), 40.0 * row_bytes + slack);
  EXPECT_LT(read_for(x(slice({}, {}, -10)), sum_of(9, rows, 10)), 40.0 * row_bytes + slack);
  EXPECT_LT(read_for(x(slice(150, 160)), sum_of(150, 160, 1)), 10.0 * row_bytes + slack);
  EXPECT_LT(read_for(x(7), sum_of(7, 8, 1)), 1.0 * row_bytes + slack);
  EXPECT_LT(read_for(x(slice(390, 4000, 3)), sum_of(390, rows, 3)), 4.0 * row_bytes + slack);
  EXPECT_LT(read_for(x(all, slice(512)), sum_of(0, rows, 1, 0, 512)), rows * 4096.0 + slack);
  EXPECT_LT(read_for(x(slice({}, {}, 4))(slice({}, {}, 5)), sum_of(0, rows, 20)), 20.0 * row_bytes + slack);
  EXPECT_LT(read_for((x * 2 + x)(slice({}, {}, 50)), 3 * sum_of(0, rows, 50)), 8.0 * row_bytes + slack);
  // Nearby elements of a row come with what is between them, as disks and memory have it.
  EXPECT_LT(read_for(x(slice(100, 110), slice({}, {}, 2)), sum_of(100, 110, 1, 0, columns, 2)),
            10.0 * row_bytes + slack);
  EXPECT_LT(read_for(x(slice(100, 110), slice({}, {}, 1024)), sum_of(100, 110, 1, 0, columns, 1024)),
            10 * 2 * 4096.0 + slack);
}

/// Views that see most of the blocks share these.
TEST_F(Hdf5PartsRead, WholeBlocksOnceWhereMostIsSeen) {
  const auto x = opened();
  const double read =
      read_for(x(slice(1, {})) - x(slice(-1)), static_cast<double>((rows - 1) * columns * columns));
  EXPECT_GE(read, static_cast<double>(rows * row_bytes));
  EXPECT_LT(read, static_cast<double>(rows * row_bytes) + slack);
  // Nor is read again what is kept.
  const auto kept = session().persist(opened());
  session().compute(kept.sum());
  EXPECT_LT(read_for(kept(slice({}, {}, 10)), sum_of(0, rows, 10)), slack);
}

TEST_F(Hdf5PartsRead, WholeChunksWhereThereAreSome) {
  const File chunked("chunked.h5");
  session().compute(write_hdf5(chunked.path(), "/x", field(), {.chunk = {20, 512}, .deflate = 1}));
  const auto x = read_hdf5<double>(chunked.path(), "/x", {.block_shape = {200, columns}}).array();
  const double whole = read_for(x, sum_of(0, rows, 1));
  const double chunk = whole / 80;
  EXPECT_LT(read_for(x(slice(10), slice(600, 700)), sum_of(0, 10, 1, 600, 700)), 3 * chunk + slack);
  EXPECT_LT(read_for(x(slice(5, {}, 40), slice(512)), sum_of(5, rows, 40, 0, 512)), 15 * chunk + slack);
  // Every chunk is needed, and none is read twice.
  EXPECT_LT(read_for(x(slice({}, {}, 10)), sum_of(0, rows, 10)), whole + slack);
}

}  // namespace
}  // namespace ramal::test
