// SPDX-License-Identifier: BSD-3-Clause
// Arrays written to HDF5: block by block, or gathered for a collective task.
#include "tests/runtime/arrays/plain.hpp"

#include <ramal/hdf5_append.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace ramal::test {
namespace {

namespace fs = std::filesystem;

void contains(const std::string& text, std::string_view part) {
  EXPECT_NE(text.find(part), std::string::npos) << '"' << part << "\" is not in: " << text;
}

/// Engines whose ranks can wait for each other, as a collective task has them do.
void on_engines(const std::function<void(Session&)>& check) {
  {
    SerialRanks serial;
    check(serial.session());
  }
  for (const int ranks : {1, 2, 3}) {
    ThreadedRanks threaded(ranks, ranks == 2 ? 2 : 0);
    threaded.engine().set_front_members(ranks == 3 ? 1 : 1 << 14);
    check(threaded.session());
  }
}
/// A new folder, removed at the end.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_(testing::TempDir() + "ramal_hdf5_" + name + '.' + std::to_string(getpid())) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + '/' + name; }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  const std::string path_;
};
std::string content_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
/// All of a dataset in one read.
template <class T>
Plain<T> read_again(const std::string& file, const std::string& dataset) {
  const auto grid = read_hdf5<T>(file, dataset, {.block_bytes = 1 << 30});
  if (grid.shape().product() == 0) return {grid.shape(), {}};
  return plain(
      detail::read_hdf5_block<T>(file, dataset, Extents::filled(grid.shape().size(), 0), grid.shape(),
                                 detail::plan_hdf5(file, dataset, detail::Hdf5TypeOf<T>::make()).identity));
}

TEST(Hdf5Arrays, AnyCutIsWritten) {
  const Folder folder("any");
  on_engines([&](Session& session) {
    for (unsigned seed = 0; seed < 12; ++seed) {
      SCOPED_TRACE(seed);
      Random random{std::mt19937_64(seed)};
      const auto whole =
          Plain<std::int32_t>::counted(some_shape(random, random.one_in(4) ? 0 : 1, random.between(0, 4)));
      const auto array = cut(random, whole);
      const std::string file = folder / "x.h5";
      Extents chunk = Extents::filled(whole.shape.size(), 3);
      const bool is_scalar = chunk.empty();
      session.compute(write_hdf5(file, "/in/pieces", array));
      EXPECT_EQ(read_again<std::int32_t>(file, "/in/pieces"), whole);
      session.compute(write_hdf5(file, "/x", array * 2, {.chunk = chunk, .deflate = is_scalar ? 0 : 1}));
      session.compute(write_hdf5(file, "/y", array, {.keep_file = true}));
      EXPECT_EQ(read_again<std::int32_t>(file, "/y"), whole);
      Plain<std::int32_t> twice = whole;
      for (std::int32_t& x : twice.values) x *= 2;
      EXPECT_EQ(read_again<std::int32_t>(file, "/x"), twice);
    }
  });
}

struct Pair {
  double x;
  std::int8_t n;
};
Block<Pair> pairs(const Block<double>& of) {
  Block<Pair> made(of.shape(), of.offset());
  for (std::size_t i = 0; i < of.size(); ++i)
    made.data()[i] = {of.data()[i], static_cast<std::int8_t>(of.data()[i])};
  return made;
}

}  // namespace
}  // namespace ramal::test
template <>
struct ramal::Hdf5Fields<ramal::test::Pair> {
  static constexpr auto fields =
      std::tuple{field("x", &ramal::test::Pair::x), field("n", &ramal::test::Pair::n)};
};
namespace ramal::test {
namespace {

TEST(Hdf5Arrays, SeveralGoIntoOneFile) {
  const Folder folder("several");
  on_engines([&](Session& session) {
    const std::string file = folder / "x.nc";
    const Array<double> field = arange<double>(60, {7});
    const Hdf5Scale x{"x", {}, "m"};
    session.compute(write_hdf5(file,
                               {{"/a", field, {.attributes = {{"units", "K"}}, .dimension_scales = {x}}},
                                {"/sum", field.sum()},
                                {"/none", zeros<float>({0, 3})},
                                {"/group/pairs", map_blocks<pairs>(field)},
                                {"/b", field * 2, {.dimension_scales = {x}}}},
                               {.attributes = {{"Conventions", "CF-1.8"}}, .alignment_bytes = 4096}));
    for (int k = 1; k <= 2; ++k) {
      const auto found = read_again<double>(file, k == 1 ? "/a" : "/b");
      for (std::size_t i = 0; i < 60; ++i)
        EXPECT_EQ(found.values.at(i), static_cast<double>(k) * static_cast<double>(i));
    }
    EXPECT_EQ(read_again<double>(file, "/sum").values, std::vector<double>{1770});
    EXPECT_EQ(read_again<float>(file, "/none").shape, (Extents{0, 3}));
    const auto found = read_again<Pair>(file, "/group/pairs");
    for (std::size_t i = 0; i < 60; ++i) {
      EXPECT_EQ(found.values.at(i).x, static_cast<double>(i));
      EXPECT_EQ(found.values.at(i).n, static_cast<std::int8_t>(i));
    }
    EXPECT_EQ(read_hdf5_attribute<std::string>(file, "/a", "units"), "K");
    EXPECT_EQ(read_hdf5_attribute<std::string>(file, "/", "Conventions"), "CF-1.8");
    EXPECT_EQ(read_hdf5<double>(file, "/x").shape(), Extents{60});
    EXPECT_EQ(folder.entries(), 1u);
  });
}

Block<double> failing_block(const Block<double>& block) {
  if (block.offset()[0] >= 20) throw std::runtime_error("this block fails");
  return Block<double>(block.shape(), block.offset());
}

TEST(Hdf5Arrays, WhatWasThereStaysWhereWritingFails) {
  const Folder folder("failing");
  const std::string file = folder / "x.h5";
  on_engines([&](Session& session) {
    session.compute(write_hdf5(file, "/x", arange<double>(10)));
    const std::string before = content_of(file);
    const Array<double> array = arange<double>(30, {10});
    const auto failing = map_blocks<failing_block>(array);
    for (const Hdf5WriteOptions& options : {Hdf5WriteOptions{}, Hdf5WriteOptions{.chunk = {4}}}) {
      contains(message([&] { session.compute(write_hdf5(file, "/x", failing, options)); }),
               "this block fails");
      EXPECT_EQ(content_of(file), before);
      session.compute(array.sum());  // what nobody holds any more is let go of now
      EXPECT_EQ(folder.entries(), 1u) << "something unfinished is left";
    }
    // What failed is held, and does not keep others from writing.
    const Delayed<void> held = write_hdf5(file, "/x", failing);
    contains(message([&] { session.compute(held); }), "this block fails");
    session.compute(write_hdf5(file, "/x", array));
    EXPECT_NE(content_of(file), before);
  });
  EXPECT_EQ(folder.entries(), 1u);
}

std::uint64_t size_behind(Void, const std::string& file) { return fs::file_size(file); }

TEST(Hdf5Arrays, AHandleWritesOnceAndIsWaitedFor) {
  const Folder folder("waited");
  on_engines([&](Session& session) {
    const std::string a = folder / "a.h5", b = folder / "b.h5";
    const Array<double> array = arange<double>(1000, {30});
    const auto first = write_hdf5(a, "/x", array), second = write_hdf5(b, "/x", array + 1);
    EXPECT_GT(session.compute(delayed<size_behind>(first, a)), 8000u);
    session.compute(first, second, array.sum());
    fs::remove(a);
    session.compute(first, second);
    EXPECT_FALSE(fs::exists(a)) << "it was written again";
    session.compute(write_hdf5(a, "/x", array));
    const auto kept = write_hdf5(b, "/y", array);
    session.persist(kept);
    session.wait(kept);
    EXPECT_EQ(read_again<double>(b, "/y").values.back(), 999);
  });
}

TEST(Hdf5Arrays, AreRefusedByName) {
  const Folder folder("refused");
  const Array<double> array = arange<double>(10, {4});
  fs::create_directories(folder / "folder.h5");
  contains(message([&] { write_hdf5(folder / "x.h5", "/x", array, {.shape = {11}}); }),
           "write_hdf5: /x: expected the array's shape (10), found shape (11)");
  on_engines([&](Session& session) {
    const auto refusal = [&](const std::string& file, const Hdf5WriteOptions& options = {}) {
      return message([&] { session.compute(write_hdf5(file, "/x", array, options)); });
    };
    contains(refusal(folder / "folder.h5"), "folder.h5: /x: is a folder, not a file");
    contains(refusal(folder / "folder.h5", {.chunk = {2}}), "folder.h5: /x: is a folder, not a file");
    contains(refusal(folder / "no/x.h5"), "No such file or directory");
    contains(refusal(folder / "x.h5", {.dimension_scales = {{"x"}, {"y"}}}),
             "more dimension scales than dimensions");
    contains(refusal(folder / "x.h5", {.dimension_scales = {{"x", {1, 2}}}}),
             "has 2 values for a dimension of 10");
    contains(message([&] {
               session.compute(write_hdf5(folder / "x.h5", {{"/x", array}, {"/x", array}}));
             }),
             "/x: is in the file already");
    std::ofstream(folder / "x.h5.part") << "another job's";
    contains(refusal(folder / "x.h5"), "another job is writing it");
    fs::remove(folder / "x.h5.part");
    EXPECT_EQ(folder.entries(), 1u);
  });
}

// --- what a collective task is given -----------------------------------------------------------------------

TEST(Hdf5Arrays, BlocksAreGatheredInFewLists) {
  Random random{std::mt19937_64(5)};
  for (int round = 0; round < 300; ++round) {
    const Extents shape = some_shape(random, 0, random.between(0, 4));
    const std::vector<detail::Axis> axes = some_chunks(random, shape).axes(shape, 1, {});
    const std::int64_t most = random.between(1, 60);
    const std::vector<detail::Axis> merged = detail::gathering_axes(axes, most);
    std::int64_t lists = 1;
    ASSERT_EQ(merged.size(), axes.size());
    for (std::size_t d = 0; d < axes.size(); ++d) {
      lists *= merged[d].count();
      ASSERT_EQ(merged[d].length(), axes[d].length());
      for (std::int64_t chunk = 0; chunk < merged[d].count(); ++chunk) {
        bool is_cut = false;
        for (std::int64_t k = 0; k < axes[d].count(); ++k)
          is_cut = is_cut || axes[d].view().begin(k) == merged[d].view().begin(chunk);
        EXPECT_TRUE(is_cut) << "a block would lie in two lists";
      }
    }
    EXPECT_LE(lists, most);
  }
  const std::vector<detail::Axis> many{detail::Axis::regular(1'000'000'000, 1),
                                       detail::Axis::regular(1000, 10)};
  const auto merged = detail::gathering_axes(many, 4096);
  EXPECT_EQ(merged[0].count(), 4096);
  EXPECT_EQ(merged[1].count(), 1);
  EXPECT_EQ(detail::gathering_axes(many, 1)[0].count(), 1);
}

TEST(Hdf5Arrays, MoreBlocksThanListsAreWrittenTogether) {
  const Folder folder("lists");
  const auto check = [&](Session& session) {
    const std::string file = folder / "x.h5";
    fs::remove(file);
    // Along one axis, and in lists of more than one row of blocks with ragged ends.
    const auto row = arange<float>(4500, {1});
    for (int time = 0; time < 2; ++time) session.compute(append_hdf5(file, "/x", row));
    const auto found = read_again<float>(file, "/x");
    ASSERT_EQ(found.values.size(), 9000u);
    for (std::size_t i = 0; i < 9000; ++i) EXPECT_EQ(found.values[i], static_cast<float>(i % 4500));
    const auto wide = arange<std::int64_t>(71, {1})(all, newaxis) * 1000 + arange<std::int64_t>(121, {2});
    session.compute(write_hdf5(file, "/z", wide, {.chunk = {40, 30}, .deflate = 1}));
    const auto expected = Plain<std::int64_t>::made(
        {71, 121}, [](const Extents& at) { return static_cast<std::int64_t>(1000 * at[0] + at[1]); });
    EXPECT_EQ(read_again<std::int64_t>(file, "/z"), expected);
  };
  SerialRanks serial;
  check(serial.session());
  ThreadedRanks threaded(2, 0);
  check(threaded.session());
}

/// What a list holds reaches another rank, too.
TEST(Hdf5Arrays, ListsTravel) {
  const auto block = Block<double>::filled({2, 3}, 1.5, {4, 0});
  const detail::Hdf5Blocks list{7, {detail::any_block(block, nullptr), detail::any_block(block, nullptr)}};
  Writer count;
  count& list;
  std::vector<std::byte> bytes(count.size());
  Writer writer(bytes.data(), bytes.size());
  writer& list;
  Reader reader(bytes);
  const auto found = Codec<detail::Hdf5Blocks>::read(reader);
  EXPECT_EQ(found.entry, 7u);
  ASSERT_EQ(found.all.size(), 2u);
  EXPECT_EQ(found.all[1].shape, block.shape());
  EXPECT_EQ(found.all[1].offset, block.offset());
  EXPECT_EQ(std::memcmp(found.all[1].memory.data(), block.data(), block.size() * sizeof(double)), 0);
}

}  // namespace
}  // namespace ramal::test
