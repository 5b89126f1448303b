// SPDX-License-Identifier: BSD-3-Clause
// Reading: every dataset that h5py reads, block by block, and what is refused by name.
#include "tests/io/files.hpp"
#include "tests/support/one_process.hpp"

#include <gtest/gtest.h>

#include <ramal/detail/warnings.hpp>
#include <ramal/hdf5_decode.hpp>
#include <ramal/hdf5_write.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <future>

struct Inner {
  std::int32_t a;
  std::int16_t b;
};
struct Particle {
  double x;
  std::array<float, 3> v;
  long id;
  Inner inner;
};
struct Misnamed {
  double y;
};
struct Narrow {
  float x;
};
template <>
struct ramal::Hdf5Fields<Inner> {
  static constexpr auto fields = std::tuple{ramal::field("a", &Inner::a), ramal::field("b", &Inner::b)};
};
template <>
struct ramal::Hdf5Fields<Particle> {
  static constexpr auto fields =
      std::tuple{ramal::field("x", &Particle::x), ramal::field("v", &Particle::v),
                 ramal::field("id", &Particle::id), ramal::field("inner", &Particle::inner)};
};
template <>
struct ramal::Hdf5Fields<Misnamed> {
  static constexpr auto fields = std::tuple{ramal::field("y", &Misnamed::y)};
};
template <>
struct ramal::Hdf5Fields<Narrow> {
  static constexpr auto fields = std::tuple{ramal::field("x", &Narrow::x)};
};

namespace ramal::test {
namespace {

template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Hdf5Error& error) {
    return error.what();
  } catch (const TaskError& error) {
    return error.what();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}
void expect_in(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text << "\n  lacks: " << part;
}

class Hdf5 : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(file("manifest")))
      GTEST_SKIP() << "python3-h5py is missing: no files to read";
  }
  template <class T>
  std::string refusal(const std::string& name, const std::string& dataset) {
    return error_of([&] { read_hdf5<T>(file(name), dataset); });
  }
  SerialRanks serial_;
  Session& session_ = serial_.session();
};

TEST_F(Hdf5, ReadsWhatH5pyReads) {
  std::size_t read = 0;
  for (const Listed& one : manifest()) {
    with_type(one.type, [&]<class T>() {
      for (const auto& options : ways_to_read(one.shape)) {
        EXPECT_TRUE(reads_the_same<T>(session_, one, options))
            << one.file << one.dataset << ' ' << options.block_bytes << options.block_shape.text();
      }
    });
    ++read;
  }
  EXPECT_GT(read, 40u);
}

TEST_F(Hdf5, ReadsInRanksThatAreThreads) {
  ThreadedRanks ranks(3, 2);
  for (const Listed& one : manifest()) {
    with_type(one.type, [&]<class T>() {
      EXPECT_TRUE(reads_the_same<T>(ranks.session(), one, {.block_bytes = 300})) << one.file << one.dataset;
    });
  }
}

TEST_F(Hdf5, WidensWhereNothingIsLost) {
  const auto shorts = raw_elements<std::int16_t>(file("numbers.h5.chunked.i2.raw"));
  const auto reals = assembled(session_, read_hdf5<double>(file("numbers.h5"), "chunked/i2"));
  const auto longs = assembled(session_, read_hdf5<long>(file("numbers.h5"), "chunked/i2"));
  EXPECT_TRUE(std::equal(shorts.begin(), shorts.end(), reals.begin(), reals.end()));
  EXPECT_TRUE(std::equal(shorts.begin(), shorts.end(), longs.begin(), longs.end()));
  const auto bytes = raw_elements<std::uint8_t>(file("numbers.h5.contiguous.u1.raw"));
  const auto wide = assembled(session_, read_hdf5<std::int16_t>(file("numbers.h5"), "contiguous/u1"));
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), wide.begin(), wide.end()));
  const auto colours = assembled(session_, read_hdf5<std::int8_t>(file("numbers.h5"), "colours"));
  EXPECT_EQ(colours.size(), 20u);
  EXPECT_LE(*std::max_element(colours.begin(), colours.end()), 2);
}

TEST_F(Hdf5, RefusesWhatWouldLose) {
  expect_in(refusal<float>("numbers.h5", "contiguous/f8"),
            "contiguous/f8: float64 would lose digits as float32");
  expect_in(refusal<std::int32_t>("numbers.h5", "contiguous/f4"),
            "float32 would lose what is behind the point as int32");
  expect_in(refusal<std::int32_t>("numbers.h5", "contiguous/u4"), "uint32 does not fit into int32");
  expect_in(refusal<std::uint64_t>("numbers.h5", "contiguous/i1"),
            "int8 has negative values, uint64 has none");
  expect_in(refusal<float>("numbers.h5", "contiguous/i4"), "int32 would lose digits as float32");
  expect_in(refusal<double>("numbers.h5", "big/i8"), "int64 big-endian would lose digits as float64");
}

TEST_F(Hdf5, RefusesOtherTypesByName) {
  expect_in(refusal<double>("kinds.h5", "text"), "cannot read variable-length string as float64");
  expect_in(refusal<double>("kinds.h5", "fixed_text"), "cannot read string of 5 bytes as float64");
  expect_in(refusal<int>("kinds.h5", "ragged"), "cannot read variable-length sequence of int32 as int32");
  expect_in(refusal<int>("kinds.h5", "references"), "cannot read object reference as int32");
  expect_in(refusal<int>("kinds.h5", "opaque"), "cannot read opaque of 2 bytes as int32");
  expect_in(refusal<float>("kinds.h5", "arrays"), "cannot read float32[3] as float32");
  expect_in(refusal<double>("kinds.h5", "table"), "cannot read compound{id: int32 big-endian");
  expect_in(refusal<double>("kinds.h5", "group"), "is not a dataset");
  expect_in(refusal<float>("shapes.h5", "nine"), "has 9 dimensions");
  expect_in(refusal<int>("filters.h5", "lzf"), "the filter lzf, which this HDF5 does not have");
  expect_in(refusal<Particle>("numbers.h5", "half"),
            "cannot read float16 as compound{x: float64, v: float32[3]");
  expect_in(refusal<Misnamed>("kinds.h5", "table"), "expected a field 'y', found compound{");
  expect_in(refusal<Narrow>("kinds.h5", "table"), "field 'x': float64 would lose digits as float32");
}

TEST_F(Hdf5, ReadsStructures) {
#pragma pack(push, 1)
  struct Packed {
    double x;
    float v[3];
    std::int64_t id;
    std::int32_t a;
    std::int16_t b;
  };
#pragma pack(pop)
  const auto expected = raw_elements<Packed>(file("table.raw"));
  const auto found =
      assembled_twice(session_, read_hdf5<Particle>(file("kinds.h5"), "table", {.block_bytes = 1}));
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    // `+` makes a copy: members of a packed structure cannot be referred to.
    EXPECT_EQ(found[i].x, +expected[i].x);
    EXPECT_EQ(found[i].id, +expected[i].id);
    EXPECT_EQ(found[i].inner.a, +expected[i].a);
    EXPECT_EQ(found[i].inner.b, +expected[i].b);
    for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(found[i].v[k], +expected[i].v[k]);
  }
}

TEST_F(Hdf5, DecodesWhatAttributesSay) {
  const auto decoded = [&](const Hdf5DecodeOptions& options) {
    return assembled_twice(session_, read_hdf5_decoded(file("kinds.h5"), "packed", options));
  };
  const auto numbers = decoded({.block_shape = {2, 2}});
  const double missing = -1;
  const std::vector<double> expected{2, missing, missing, 256, 6, 254};
  ASSERT_EQ(numbers.size(), expected.size());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    EXPECT_EQ(std::isnan(numbers[i]) ? missing : numbers[i], expected[i]) << i;
  EXPECT_EQ(decoded({.mask_and_scale = false}), (std::vector<double>{1, -1, 7, -128, 3, 127}));
  expect_in(
      error_of([&] { read_hdf5_decoded(file("kinds.h5"), "text"); }),
      "text: expected integers or floating-point numbers of up to 8 bytes, found variable-length string");
  ThreadedRanks ranks(3, 2);
  const auto grid = read_hdf5_decoded(file("kinds.h5"), "soft", {.block_shape = {1, 3}});
  EXPECT_EQ(assembled(ranks.session(), grid),
            assembled(session_, read_hdf5<double>(file("kinds.h5"), "group/deep/data")));
}

TEST_F(Hdf5, MakesGridsOfWholeChunks) {
  const auto grid = read_hdf5<std::int32_t>(file("filters.h5"), "gzip", {.block_bytes = 2 * 16 * 10 * 4});
  EXPECT_EQ(grid.shape(), (Extents{50, 40}));
  EXPECT_EQ(grid.block_shape(), (Extents{16, 20}));
  EXPECT_EQ(grid.grid(), (Extents{4, 2}));
  ASSERT_EQ(grid.blocks().size(), 8u);
  const auto last = session_.compute(grid.at({3, 1}));
  EXPECT_EQ(last.offset(), (Extents{48, 20}));
  EXPECT_EQ(last.shape(), (Extents{2, 20}));
  EXPECT_THROW(grid.at({4, 0}), std::out_of_range);
  EXPECT_EQ(grid.blocks()[0].task_handle().get()->name(), "read gzip");

  const auto rows = read_hdf5<double>(file("numbers.h5"), "contiguous/f8", {.block_bytes = 5 * 7 * 8});
  EXPECT_EQ(rows.block_shape(), (Extents{5, 7}));
  EXPECT_TRUE(read_hdf5<float>(file("shapes.h5"), "null").blocks().empty());
  EXPECT_TRUE(read_hdf5<float>(file("shapes.h5"), "zero").blocks().empty());
  EXPECT_EQ(session_.compute(read_hdf5<double>(file("shapes.h5"), "scalar").blocks())[0](), 2.5);
  expect_in(error_of([&] {
              read_hdf5<double>(file("shapes.h5"), "row", {.block_shape = {3, 4}});
            }),
            "block_shape (3, 4) has 2 dimensions, the dataset's shape (1000) has 1");
  expect_in(error_of([&] { read_hdf5<double>(file("shapes.h5"), "row", {.block_shape = {0}}); }),
            "expected 1 or more");
}

TEST_F(Hdf5, DecodesChunksOnceThatBlocksSplit) {
  const std::string path = file("filters.h5");
  { const auto nothing_is_open = hdf5_lock(); }
  const auto expected = raw_elements<std::int32_t>(path + ".one_chunk.raw");
  const auto read = [&](const Extents& block_shape) {
    const auto grid = read_hdf5<std::int32_t>(path, "one_chunk", {.block_shape = block_shape});
    const std::uint64_t before = bytes_read();
    EXPECT_EQ(assembled(session_, grid), expected);
    return bytes_read() - before;
  };
  const std::uint64_t once = read({50, 40});
  EXPECT_GT(once, 1000u);
  { const auto nothing_is_open = hdf5_lock(); }
  EXPECT_LT(read({1, 40}), 2 * once) << "in 50 blocks";
  { const auto nothing_is_open = hdf5_lock(); }
  EXPECT_LT(read({50, 7}), 2 * once);
}

TEST_F(Hdf5, WarnsOnceWhereChunksAreDecodedAgain) {
  const auto said_by = [&](const std::string& dataset, const Extents& block_shape) {
    testing::internal::CaptureStderr();
    read_hdf5_decoded(file("filters.h5"), dataset, {.block_shape = block_shape});
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(said_by("many_reals", {512, 8}), "") << "the chunks fit into the cache";
  detail::warnings_wanted = false;
  EXPECT_EQ(said_by("many_reals", {100, 16384}), "");
  detail::warnings_wanted = true;
  expect_in(said_by("many_reals", {100, 16384}),
            "/many_reals: blocks of shape (100, 16384) split its compressed chunks of shape (256, 256); the "
            "64 MiB");
  EXPECT_EQ(said_by("many_reals", {10, 16384}), "") << "once";
}

TEST_F(Hdf5, SaysWhyAFileCannotBeRead) {
  expect_in(refusal<int>("missing.h5", "x"), "missing.h5: No such file or directory");
  expect_in(error_of([&] { read_hdf5<int>(folder(), "x"); }), "is a directory");
  expect_in(refusal<int>("text.h5", "x"), "text.h5: is not an HDF5 file");
  expect_in(refusal<int>("nothing.h5", "x"), "is empty, not an HDF5 file");
  expect_in(refusal<int>("truncated.h5", "gzip"), "truncated.h5: is truncated");
  if (std::filesystem::exists(file("classic.nc")))
    expect_in(refusal<float>("classic.nc", "v"), "is a netCDF-3 (classic) file");
  expect_in(refusal<int>("filters.h5", "gzib"), "gzib: there is none: / holds gzip, ");
  expect_in(refusal<int>("kinds.h5", "group/deep/date"), "there is none: /group/deep holds data, up");
  expect_in(refusal<int>("kinds.h5", "soft/x"), "there is none: /soft is not a group");
  expect_in(refusal<int>("kinds.h5", "dangling"),
            "the soft link /dangling leads to /nowhere, which cannot be opened");
  expect_in(refusal<int>("kinds.h5", "far"),
            "the external link /far leads to missing.h5:/x, which cannot be opened");
}

TEST_F(Hdf5, SaysWhenAnotherProgramHasLockedAFile) {
  const std::string path = testing::TempDir() + "/ramal_locked.h5";
  std::filesystem::copy_file(file("numbers.h5"), path, std::filesystem::copy_options::overwrite_existing);
  const int other = ::open(path.c_str(), O_RDWR);  // as HDF5 has it that writes
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  const auto error = error_of([&] { describe(path); });
  expect_in(error, "ramal_locked.h5: cannot be locked for reading: another program has it open for writing");
  expect_in(error, "set HDF5_USE_FILE_LOCKING=FALSE");
  expect_in(error_of([&] { read_hdf5<double>(path, "contiguous/f8"); }), "cannot be locked for reading");
  ::close(other);
  EXPECT_FALSE(describe(path).datasets.empty());
  std::filesystem::remove(path);
}

/// What the action says in a process that is not root's; root may read and write everything.
std::string as_nobody(const std::function<void()>& action) {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    std::string text = "cannot be another user";
    if (::geteuid() != 0 || ::setuid(nobody) == 0) text = error_of(action);
    const auto written = ::write(ends[1], text.data(), text.size());
    ::_exit(written < 0 ? 1 : 0);
  }
  ::close(ends[1]);
  std::string text(4096, '\0');
  const auto size = ::read(ends[0], text.data(), text.size());
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, size)));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return text;
}

TEST_F(Hdf5, SaysWhenItMayNotReadOrWrite) {
  const std::string folder = testing::TempDir() + "/ramal_forbidden";
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/x.h5";
  std::filesystem::copy_file(file("numbers.h5"), path, std::filesystem::copy_options::overwrite_existing);
  ::chmod(path.c_str(), 0);
  ::chmod(folder.c_str(), 0555);
  expect_in(as_nobody([&] { describe(path); }), "x.h5: Permission denied");
  const auto block = delay([](double x) { return Block<double>::filled({3}, x); })(1.5);
  const auto write = [&](const std::string& to) {
    return as_nobody([&] { serial_.session().compute(write_hdf5(to, "/x", std::vector{block})); });
  };
  expect_in(write(folder + "/y.h5"), "y.h5.part: Permission denied");
  ::chmod(folder.c_str(), 0);
  expect_in(as_nobody([&] { describe(path); }), "x.h5: Permission denied");
  ::chmod(folder.c_str(), 0755);
  std::filesystem::remove_all(folder);
}

TEST_F(Hdf5, NoticesDamagedChunks) {
  const auto grid = read_hdf5<std::int32_t>(file("bad_chunk.h5"), "all", {.block_bytes = 1});
  const auto error = error_of([&] { session_.compute(grid.blocks()); });
  expect_in(error, "bad_chunk.h5: /all: the block at (0, 30) of shape (16, 10) cannot be read (HDF5: ");
  expect_in(error, "task read all");
  EXPECT_EQ(session_.compute(grid.blocks()[0]).size(), 160u);
}

TEST_F(Hdf5, NoticesAnotherFile) {
  const std::string path = testing::TempDir() + "/ramal_changing.h5";
  const auto copy = [&](const char* from) {
    std::filesystem::remove(path);
    std::filesystem::copy_file(file(from), path);
  };
  copy("numbers.h5");
  const auto grid = read_hdf5<double>(path, "contiguous/f8", {.block_bytes = 100});
  session_.compute(grid.blocks()[0]);
  copy("kinds.h5");
  expect_in(error_of([&] { session_.compute(grid.blocks()[1]); }),
            "/contiguous/f8: the file has been changed or replaced since read_hdf5 looked at it");
  std::filesystem::remove(path);
  expect_in(error_of([&] { session_.compute(grid.blocks()[2]); }), "No such file or directory");
}

TEST_F(Hdf5, ReadsAttributes) {
  const std::string kinds = file("kinds.h5"), data = "/group/deep/data";
  EXPECT_EQ(read_hdf5_attribute<std::string>(kinds, data, "units"), "K");
  EXPECT_EQ(read_hdf5_attribute<std::string>(kinds, data, "fixed"), "bytes");
  EXPECT_EQ(read_hdf5_attribute<std::string>(kinds, "/", "title"), "a file of many kinds");
  EXPECT_EQ(read_hdf5_attribute<double>(kinds, data, "_FillValue"), -999.0);
  EXPECT_EQ(read_hdf5_attribute<std::uint64_t>(kinds, data, "big"), (std::uint64_t{1} << 63) + 1);
  EXPECT_EQ(read_hdf5_attribute<std::vector<int>>(kinds, data, "range"), (std::vector<int>{1, 2, 3}));
  EXPECT_FALSE(read_hdf5_attribute<double>(kinds, data, "missing_value"));
  expect_in(error_of([&] { read_hdf5_attribute<int>(kinds, data, "range"); }),
            "attribute range: expected one number, found 3");
  expect_in(error_of([&] { read_hdf5_attribute<int>(kinds, data, "units"); }),
            "attribute units: cannot read variable-length string as int32");
  expect_in(error_of([&] { read_hdf5_attribute<std::string>(kinds, data, "big"); }),
            "expected a text, found uint64");
  expect_in(error_of([&] { read_hdf5_attribute<int>(kinds, "/grub", "x"); }),
            "/grub: there is none: / holds group");
}

TEST_F(Hdf5, Describes) {
  const Hdf5File kinds = describe(file("kinds.h5"));
  EXPECT_EQ(kinds.groups.front().attributes.at("title"), "a file of many kinds");
  const Hdf5Dataset* data = kinds.find("group/again");
  ASSERT_NE(data, nullptr) << kinds.text();
  EXPECT_EQ(data->type, "float64");
  EXPECT_EQ(data->attributes.at("units"), "K");
  EXPECT_EQ(data->attributes.at("_FillValue"), "-999");
  EXPECT_EQ(data->attributes.at("range"), "1, 2, 3");
  EXPECT_EQ(data->attributes.at("big"), "9223372036854775809");
  EXPECT_EQ(data->attributes.at("texts"), "a, b");
  EXPECT_EQ(data->attributes.at("link"), "<object reference>");
  EXPECT_EQ(kinds.find("table")->type,
            "compound{id: int32 big-endian, name: string of 5 bytes, x: float64, v: float32[3], "
            "inner: compound{a: int16, b: uint8}}");
  const std::string text = kinds.text();
  expect_in(text, "  /dangling -> /nowhere (soft, dangling)\n");
  expect_in(text, "  /external -> numbers.h5:/contiguous/f8 (external)\n");
  expect_in(text, "  /far -> missing.h5:/x (external, dangling)\n");
  expect_in(text, "  /group/deep/up -> /group (hard)\n");
  expect_in(text, "  /group/deep/data -> /group/again (hard)\n");
  expect_in(describe(file("filters.h5")).text(),
            "/all: int32 (50, 40), chunked (16, 10), shuffle, deflate 4, fletcher32\n");
  const std::string shapes = describe(file("shapes.h5")).text();
  expect_in(shapes, "/grown: int32 (8, 9) of at most (unlimited, 9), chunked (3, 4)\n");
  expect_in(shapes, "/null: float32 null, ");
  expect_in(shapes, "/compact: int16 (6), compact\n");
  expect_in(describe(file("filters.h5")).text(), "lzf (not installed)");
  expect_in(describe(file("numbers.h5")).text(), "/flags: enum of int8 {FALSE, TRUE} (30), contiguous\n");
}

TEST_F(Hdf5, SharesItsLock) {
  const auto outer = hdf5_lock();
  const auto inner = hdf5_lock();
  EXPECT_FALSE(describe(file("numbers.h5")).datasets.empty());
}

/// One rank alone, which stops where a step has failed: as one rank, before the others have answered.
class StopsAtFailure final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::vector<std::string> gather(const std::string& mine) override {
    if (mine.starts_with('!')) {
      failed.set_value();
      go_on.get_future().wait();
    }
    return {mine};
  }
  const void* mpi_communicator() const override { return nullptr; }
  std::promise<void> failed, go_on;
};

TEST(Hdf5Write, ClosesWhatAFailureLeavesOpenUnderTheLock) {
  const std::string path = testing::TempDir() + "/ramal_failing.h5";
  const double element = 1;
  const detail::Hdf5Piece piece{&element, {0}, {1}};
  const auto write = [&](Communicator& communicator, const Hdf5WriteOptions& options) {
    detail::write_hdf5_pieces(communicator, {piece}, detail::Hdf5TypeOf<double>::make(), path, "/x", options);
  };
  StopsAtFailure communicator;
  write(communicator, {});
  auto ended = std::async(std::launch::async,
                          [&] { return error_of([&] { write(communicator, {.keep_file = true}); }); });
  communicator.failed.get_future().wait();
  {
    const auto lock = hdf5_lock();
    communicator.go_on.set_value();
    // Closing the file waits for the lock, however long this thread holds it.
    EXPECT_EQ(ended.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  }
  expect_in(ended.get(), "is in the file already");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace ramal::test
