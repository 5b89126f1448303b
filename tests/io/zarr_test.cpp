// SPDX-License-Identifier: BSD-3-Clause
// Zarr stores: as zarr-python and the specification have them, and as others read them.
#include "tests/io/array_files.hpp"

#include <ramal/array_shape.hpp>
#include <ramal/zarr.hpp>

#include <cmath>

namespace ramal::test {
namespace {

namespace fs = std::filesystem;

TEST(Zarr, IsReadAsOthersWroteIt) {
  if (zarr_given().empty()) GTEST_SKIP() << "there is no zarr-python";
  const std::vector<ListedArray> all = listed_in(zarr_given());
  ASSERT_GT(all.size(), 90u);
  on_all_engines([&](Session& session) {
    for (const ListedArray& one : all) {
      with_element(one.type, [&]<class T>() {
        const auto array = read_zarr<T>(one.file);
        EXPECT_EQ(array.shape(), one.shape) << one.file;
        EXPECT_TRUE(is_as_listed(session.compute(array), one)) << one.file << ' ' << array.text();
      });
    }
  });
}

TEST(Zarr, IsReadInAnyChunks) {
  if (zarr_given().empty()) GTEST_SKIP() << "there is no zarr-python";
  SteppedRanks stepped(3, 5);
  for (const ListedArray& one : listed_in(zarr_given())) {
    if (one.shape.product() > 1000) continue;
    with_element(one.type, [&]<class T>() {
      for (const Chunks& chunks : ways_to_cut(one.shape))
        EXPECT_TRUE(is_as_listed(stepped.session().compute(read_zarr<T>(one.file, "", chunks)), one))
            << one.file;
    });
  }
  using Lengths = std::vector<std::int64_t>;
  const auto array = read_zarr<double>(zarr_given() + "/f8_2f");
  EXPECT_EQ(array.chunks(0), (Lengths{2, 2, 1})) << "as the store";
  EXPECT_EQ(array.chunks(1), (Lengths{3, 3, 1}));
  EXPECT_EQ(read_zarr<double>(zarr_given() + "/f8_2f", "", {-1, 2, 4}).chunks(1), (Lengths{2, 2, 2, 1}));
  EXPECT_EQ(read_zarr<double>(zarr_given() + "/wide").chunks(0), (Lengths{6}));
}

TEST(Zarr, ViewsAreOfTheSameElements) {
  const std::string store = new_folder("zarr_random_views") + "/x.zarr";
  std::mt19937 random(7);
  on_all_engines([&](Session& session) {
    const auto numbers = session.persist(reshape(arange<double>(40 * 7 * 900, {9000}), {40, 7, 900}));
    session.compute(write_zarr(store, numbers, {.chunks = {5, 4, 100}}));
    expect_same_views(session, read_zarr<double>(store), numbers, random, 20);
    expect_same_views(session, read_zarr<double>(store, {}, {13, 3, 500}), numbers, random, 20);
    // A view of one row decodes the chunks that hold it alone.
    std::filesystem::remove(store + "/7.0.0");
    EXPECT_EQ(session.compute(read_zarr<double>(store, {}, {-1, -1, -1})(3).sum()),
              session.compute(numbers(3).sum()));
  });
}

TEST(Zarr, IsFoundInGroups) {
  if (zarr_given().empty()) GTEST_SKIP() << "there is no zarr-python";
  SerialRanks serial;
  const std::string store = zarr_given() + "/group.zarr";
  EXPECT_EQ(serial.session().compute(read_zarr<double>(store, "a").sum()), 3);
  EXPECT_EQ(serial.session().compute(read_zarr<std::int64_t>(store, "inner/most/b").sum()), 6);
  EXPECT_EQ(serial.session().compute(read_zarr<std::int64_t>(store + '/', "/inner/most/b/").sum()), 6);
  expect_refusal("is a group of a Zarr store; expected the name of an array in it",
                 [&] { read_zarr<double>(store, "inner"); });
  expect_refusal("there is no zarr.json or .zarray", [&] { read_zarr<double>(store, "c"); });
}

TEST(Zarr, HasAttributes) {
  if (zarr_given().empty()) GTEST_SKIP() << "there is no zarr-python";
  const std::string store = zarr_given() + "/group.zarr", b = "inner/most/b";
  using Doubles = std::vector<double>;
  EXPECT_EQ(read_zarr_attribute<std::string>(store, b, "units"), "K");
  EXPECT_EQ(read_zarr_attribute<double>(store, b, "valid_min"), -1.5);
  EXPECT_EQ(read_zarr_attribute<std::int64_t>(store, b, "count"), 3);
  EXPECT_EQ(read_zarr_attribute<double>(store, b, "count"), 3.0);
  EXPECT_EQ(read_zarr_attribute<Doubles>(store, b, "levels"), (Doubles{1, 2}));
  EXPECT_TRUE(std::isnan(read_zarr_attribute<double>(store, b, "missing").value()));
  EXPECT_TRUE(std::isnan(read_zarr_attribute<Doubles>(store, b, "edges").value().at(1)));
  EXPECT_EQ(read_zarr_attribute<std::vector<std::string>>(store, b, "names").value().at(1), "y");
  EXPECT_EQ(read_zarr_attribute<double>(store, b, "none"), std::nullopt);
  EXPECT_EQ(read_zarr_attribute<double>(store, "a", "none"), std::nullopt);
  EXPECT_EQ(read_zarr_attribute<std::string>(zarr_given() + "/f8_3", "", "units"), "K");
  expect_refusal("attribute 'units' is of another type",
                 [&] { read_zarr_attribute<double>(store, b, "units"); });
  expect_refusal("attribute 'table' is of another type",
                 [&] { read_zarr_attribute<double>(store, b, "table"); });
  expect_refusal("is no array or group", [&] { read_zarr_attribute<double>(store, "c", "units"); });
}

// --- writing ----------------------------------------------------------------------------------------------

TEST(Zarr, IsWrittenForOthers) {
  const std::string folder = new_folder("zarr_written");
  bool is_listed = false;
  on_all_engines([&](Session& session) {
    const auto expect_written = [&](const std::string& name, const auto& array,
                                    const ZarrWriteOptions& options) {
      using T = typename std::remove_cvref_t<decltype(array)>::value_type;
      const Block<T> block = session.compute(Array<T>(array).gathered());
      session.compute(write_zarr(folder + '/' + name, array, options));
      const Block<T> again = session.compute(read_zarr<T>(folder + '/' + name).gathered());
      EXPECT_EQ(again.shape(), block.shape()) << name;
      EXPECT_TRUE(block.empty() || std::memcmp(block.data(), again.data(), block.size() * sizeof(T)) == 0)
          << name;
      if (!is_listed) list(folder, name, block);
    };
    std::vector<double> values(5 * 7 * 4);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.25 * static_cast<double>(i) - 9;
    for (const int format : {2, 3}) {
      const std::string f = '.' + std::to_string(format);
      const ZarrWriteOptions plain{.format = format};
      for (const Chunks& chunks : ways_to_cut({5, 7, 4})) {
        const auto array = from_memory(values.data(), {5, 7, 4}, chunks);
        const std::string cut = std::to_string(array.chunks(0).size()) + f;
        expect_written("cube" + cut, array, plain);
        expect_written("transposed" + cut, array.transpose(), plain);
        expect_written("sliced" + cut, array(slice({}, {}, -2), slice(1, 6), 2), plain);
        expect_written("expression" + cut, sqrt(array * array + 1.0),
                       {.format = format, .chunks = {2, -1, 3}});
      }
      const auto array = from_memory(values.data(), {5, 7, 4}, {2, 4, 3});
      expect_written("types" + f, array.template as<float>(), plain);
      expect_written("bools" + f, array > 1.0, plain);
      expect_written("whole" + f, array.template as<std::int16_t>(), plain);
      expect_written("bytes" + f, (array + 9.0).template as<std::uint8_t>(), plain);
      expect_written("complex" + f, array * std::complex<double>(1, -2), plain);
      for (const char* compressor : {"gzip", "zlib", "zstd", "blosc"}) {
        if (format == 3 && std::string_view(compressor) == "zlib") continue;
        expect_written(compressor + f, array, {.format = format, .compressor = compressor});
        expect_written(
            compressor + (".hard" + f), array.template as<float>(),
            {.format = format, .compressor = compressor, .level = 9, .separator = format == 2 ? "/" : "."});
      }
      expect_written("scalar" + f, array.sum(), plain);
      expect_written("empty" + f, zeros<std::int32_t>({0}), plain);
      expect_written("flat" + f, zeros<std::uint64_t>({3, 0, 2}, {2, -1, 1}), plain);
      expect_written("one" + f, ones<std::complex<float>>({1, 1}), plain);
    }
    const auto range = arange<float>(30, {7}).rechunk({30});
    const Array<float> field = from_memory(session.compute(range).data(), {5, 6}, {2, 4});
    const std::string ocean = folder + "/ocean.zarr";
    session.compute(
        write_zarr(ocean, "t", field, {.attributes = {{"units", "K"}}, .dimension_names = {"time", "x"}}),
        write_zarr(ocean, "deep/er/u", ones<double>({3}),
                   {.attributes = {{"factor", 2.5}}, .dimension_names = {"y"}}));
    session.compute(write_zarr(ocean, "time", arange<std::int64_t>(5), {.dimension_names = {"time"}}));
    EXPECT_EQ(session.compute(read_zarr<float>(ocean, "t").sum()), 435);
    EXPECT_EQ(read_zarr_attribute<double>(ocean, "deep/er/u", "factor"), 2.5);
    is_listed = true;
  });
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    EXPECT_EQ(entry.path().string().find(".part"), std::string::npos) << entry.path();
  if (zarr_given().empty()) GTEST_SKIP() << "there is no zarr-python";
  EXPECT_TRUE(run_script("make_zarr.py", "check " + folder));
}

TEST(Zarr, WritesItsAttributes) {
  const std::string folder = new_folder("zarr_attributes");
  SerialRanks serial;
  for (const int format : {2, 3}) {
    const std::string store = folder + "/a" + std::to_string(format);
    const std::map<std::string, ZarrValue> attributes{{"text", "\"K\"\n\xc3\xa4"},
                                                      {"number", 0.1},
                                                      {"whole", std::int64_t{-7}},
                                                      {"none", std::nan("")},
                                                      {"numbers", std::vector<double>{1e300, -INFINITY}},
                                                      {"names", std::vector<std::string>{"a", "NaN"}}};
    serial.session().compute(
        write_zarr(store, "x/y", arange<int>(4), {.format = format, .attributes = attributes}));
    for (const auto& [name, value] : attributes) {
      std::visit(
          [&, &name = name](const auto& expected) {
            const auto found =
                read_zarr_attribute<std::remove_cvref_t<decltype(expected)>>(store, "x/y", name);
            if (name == "none") {
              EXPECT_TRUE(std::isnan(read_zarr_attribute<double>(store, "x/y", name).value()));
            } else {
              EXPECT_EQ(found, expected) << name;
            }
          },
          value);
    }
  }
}

TEST(Zarr, LeavesWhatWasThereWhereWritingFails) {
  const std::string folder = new_folder("zarr_failing"), store = folder + "/x.zarr";
  on_all_engines([&](Session& session) {
    session.compute(write_zarr(store, "a", arange<double>(10)));
    const auto failing = map_blocks<failing_block>(arange<double>(30, {10}));
    expect_refusal("this block fails", [&] { session.compute(write_zarr(store, "a", failing)); });
    expect_refusal("this block fails", [&] { session.compute(write_zarr(store, "b", failing)); });
    EXPECT_EQ(session.compute(read_zarr<double>(store, "a").sum()), 45);
    expect_refusal("there is no zarr.json", [&] { read_zarr<double>(store, "b"); });
    session.compute(write_zarr(store, "a", arange<double>(30, {10})));
    EXPECT_EQ(session.compute(read_zarr<double>(store, "a").sum()), 435);
  });
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "nothing unfinished is left";
}

/// What an array is made of may be what it replaces.
TEST(Zarr, IsReplacedByWhatIsMadeOfIt) {
  const std::string store = new_folder("zarr_itself") + "/x.zarr";
  on_all_engines([&](Session& session) {
    session.compute(write_zarr(store, arange<double>(10, {3})));
    for (int times = 0; times < 3; ++times) session.compute(write_zarr(store, read_zarr<double>(store) * 2));
    EXPECT_EQ(session.compute(read_zarr<double>(store).sum()), 8 * 45);
  });
}

TEST(Zarr, ReplacesNothingButArrays) {
  const std::string folder = new_folder("zarr_replaced");
  SerialRanks serial;
  Session& session = serial.session();
  const auto array = arange<double>(10);
  fs::create_directories(folder + "/mine");
  write_content(folder + "/mine/notes", "mine");
  expect_refusal("mine: is there already, and is no array",
                 [&] { session.compute(write_zarr(folder + "/mine", array)); });
  EXPECT_EQ(content_of(folder + "/mine/notes"), "mine");
  expect_refusal("notes: is there already",
                 [&] { session.compute(write_zarr(folder + "/mine/notes", array)); });
  session.compute(write_zarr(folder + "/g", "a/b", array));
  expect_refusal("g/a: is there already", [&] { session.compute(write_zarr(folder + "/g", "a", array)); });
  expect_refusal("g/a/b: is an array, which holds no others",
                 [&] { session.compute(write_zarr(folder + "/g", "a/b/c", array)); });
  expect_refusal("g: is a store of format 2, not 3",
                 [&] { session.compute(write_zarr(folder + "/g", "c", array, {.format = 3})); });
  session.compute(write_zarr(folder + "/g", "a/b", array * 2, {.compressor = "zstd"}));
  EXPECT_EQ(session.compute(read_zarr<double>(folder + "/g", "a/b").sum()), 90);
}

TEST(Zarr, RefusesOptionsThatCannotBeMeant) {
  const auto array = arange<double>(10);
  const auto expect_of = [&](const ZarrWriteOptions& options, std::string_view part) {
    expect_refusal(part, [&] { write_zarr("a.zarr", array, options); });
    expect_refusal("zarr_test.cpp:", [&] { write_zarr("a.zarr", array, options); });
  };
  expect_of({.format = 4}, "expected format 2 or 3, found 4");
  expect_of({.compressor = "lzma"}, "codec 'lzma' is none that Ramal knows");
  expect_of({.compressor = "crc32c"}, "'crc32c' is no compressor");
  expect_of({.format = 3, .compressor = "zlib"}, "'zlib' is no compressor of format 3");
  expect_of({.compressor = "gzip", .level = 10}, "expected a level from 0 to 9, found 10");
  expect_of({.dimension_names = {"x", "y"}}, "expected names for the 1 axes, found 2");
  expect_of({.separator = "-"}, "expected '.' or '/'");
  expect_of({.chunks = {2, 2}}, "expected lengths for the 1 axes");
  using Lengths = std::vector<std::int64_t>;
  for (const Lengths& lengths : {Lengths{2, 5, 3}, Lengths{2, 4, 4}})
    expect_of({.chunks = Chunks(std::vector<Lengths>(1, lengths))},
              "write_zarr: chunks: expected one length along axis 0");
  expect_of({.attributes = {{"a", "\xff"}}}, "in UTF-8");
  expect_refusal("cannot be the name of an array", [&] { write_zarr("a.zarr", "../b", array); });
  expect_refusal("expected the name of a store", [&] { write_zarr("", array); });
  expect_refusal("less than 2 GiB", [&] { write_zarr("a.zarr", zeros<double>({1 << 30}, {-1})); });
}

}  // namespace
}  // namespace ramal::test
