// SPDX-License-Identifier: BSD-3-Clause
// Zarr stores: as zarr-python and the specification have them, as others read them, and damaged ones.
#include "tests/io/array_files.hpp"

#include <ramal/zarr.hpp>

#include <sys/resource.h>

#include <cmath>
#include <random>

namespace ramal::test {
namespace {

namespace fs = std::filesystem;

/// Python's stores, made once.
const std::string& given() {
  static const std::string folder = [] {
    const std::string made = new_folder("zarr_given");
    if (!run_script("make_zarr.py", "make " + made)) return std::string();
    return made;
  }();
  return folder;
}

TEST(Zarr, IsReadAsOthersWroteIt) {
  if (given().empty()) GTEST_SKIP() << "there is no zarr-python";
  const std::vector<ListedArray> all = listed_in(given());
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
  if (given().empty()) GTEST_SKIP() << "there is no zarr-python";
  SteppedRanks stepped(3, 5);
  for (const ListedArray& one : listed_in(given())) {
    if (one.shape.product() > 1000) continue;
    with_element(one.type, [&]<class T>() {
      for (const Chunks& chunks : ways_to_cut(one.shape))
        EXPECT_TRUE(is_as_listed(stepped.session().compute(read_zarr<T>(one.file, "", chunks)), one))
            << one.file;
    });
  }
  using Lengths = std::vector<std::int64_t>;
  const auto array = read_zarr<double>(given() + "/f8_2f");
  EXPECT_EQ(array.chunks(0), (Lengths{2, 2, 1})) << "as the store";
  EXPECT_EQ(array.chunks(1), (Lengths{3, 3, 1}));
  EXPECT_EQ(read_zarr<double>(given() + "/f8_2f", "", {-1, 2, 4}).chunks(1), (Lengths{2, 2, 2, 1}));
  EXPECT_EQ(read_zarr<double>(given() + "/wide").chunks(0), (Lengths{6}));
}

TEST(Zarr, IsFoundInGroups) {
  if (given().empty()) GTEST_SKIP() << "there is no zarr-python";
  SerialRanks serial;
  const std::string store = given() + "/group.zarr";
  EXPECT_EQ(serial.session().compute(read_zarr<double>(store, "a").sum()), 3);
  EXPECT_EQ(serial.session().compute(read_zarr<std::int64_t>(store, "inner/most/b").sum()), 6);
  EXPECT_EQ(serial.session().compute(read_zarr<std::int64_t>(store + '/', "/inner/most/b/").sum()), 6);
  expect_refusal("is a group of a Zarr store; expected the name of an array in it",
                 [&] { read_zarr<double>(store, "inner"); });
  expect_refusal("there is no zarr.json or .zarray", [&] { read_zarr<double>(store, "c"); });
}

TEST(Zarr, HasAttributes) {
  if (given().empty()) GTEST_SKIP() << "there is no zarr-python";
  const std::string store = given() + "/group.zarr", b = "inner/most/b";
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
  EXPECT_EQ(read_zarr_attribute<std::string>(given() + "/f8_3", "", "units"), "K");
  expect_refusal("attribute 'units' is of another type",
                 [&] { read_zarr_attribute<double>(store, b, "units"); });
  expect_refusal("attribute 'table' is of another type",
                 [&] { read_zarr_attribute<double>(store, b, "table"); });
  expect_refusal("is no array or group", [&] { read_zarr_attribute<double>(store, "c", "units"); });
}

// --- what is refused --------------------------------------------------------------------------------------

TEST(Zarr, IsRefusedByName) {
  if (given().empty()) GTEST_SKIP() << "there is no zarr-python";
  const auto in = [](const char* name) { return given() + '/' + name; };
  expect_refusal("expected elements of type float32 ('<f4'), found '<f8'",
                 [&] { read_zarr<float>(in("f8_2")); });
  expect_refusal("expected elements of type float32, found 'float64'", [&] { read_zarr<float>(in("f8_3")); });
  expect_refusal("found structures", [&] { read_zarr<double>(in("structures")); });
  expect_refusal("found '<f2'", [&] { read_zarr<float>(in("halves")); });
  expect_refusal("found '<M8[s]'", [&] { read_zarr<std::int64_t>(in("times")); });
  expect_refusal("filter 'delta' is none that Ramal knows", [&] { read_zarr<double>(in("filtered")); });
  expect_refusal("codec 'bz2' is none that Ramal knows", [&] { read_zarr<double>(in("bz2")); });
  expect_refusal("expected lengths for the 3 axes", [&] { read_zarr<double>(in("f8_2"), "", {2}); });

  const std::string store = new_folder("zarr_refused") + "/a";
  fs::create_directories(store);
  const auto expect_of = [&](const char* given_name, const char* file, const std::string& from,
                             const std::string& to, std::string_view part) {
    std::string text = content_of(in(given_name) + file);
    ASSERT_NE(text.find(from), std::string::npos) << from << " in " << text;
    text.replace(text.find(from), from.size(), to);
    fs::remove(store + "/zarr.json");
    fs::remove(store + "/.zarray");
    write_content(store + file, text);
    expect_refusal(part, [&] { read_zarr<double>(store); });
  };
  const auto of_2 = [&](const std::string& from, const std::string& to, std::string_view part) {
    expect_of("f8_2f", "/.zarray", from, to, part);
  };
  of_2("{", "", "is no JSON");
  of_2("\"order\": \"F\"", "\"order\": \"A\"", "expected 'C' or 'F'");
  of_2("\"order\": \"F\",", "", "'order' is missing");
  of_2("\"zarr_format\": 2", "\"zarr_format\": 4", "expected 'zarr_format' 2");
  of_2("\"fill_value\": 0.0", "\"fill_value\": \"x\"", "'fill_value': expected a value of type float64");
  of_2("        2,", "        0,", "'chunks': expected a list of whole numbers from 1 on");
  of_2("        2,", "        2.5,", "'chunks': expected a list of whole numbers from 1 on");
  of_2("        2,", "        2, 2,", "chunks of 4 dimensions, an array of 3");
  of_2("        2,", "        1073741824,", "expected chunks of at most 2 GiB");
  of_2("        5,", "        4611686018427387904,", "its shape is too large");
  of_2("        5,", "        -5,", "'shape': expected a list of whole numbers from 0 on");
  of_2("\"id\": \"zlib\"", "\"id\": 7", "compressor: expected a text as 'id'");
  const auto of_3 = [&](const std::string& from, const std::string& to, std::string_view part) {
    expect_of("f8_3big", "/zarr.json", from, to, part);
  };
  of_3("\"array\"", "\"group\"", "expected an array, found a group");
  of_3("\"more\": {\"must_understand\": false}", "\"more\": {}", "'more' is nothing that Ramal knows");
  of_3("\"regular\"", "\"rectilinear\"", "chunk grid 'rectilinear' is none that Ramal knows");
  of_3("\"gzip\"", "\"sharding_indexed\"", "codec 'sharding_indexed': cannot stand behind 'bytes'");
  const auto of_shards = [&](const std::string& from, const std::string& to, std::string_view part) {
    expect_of("shards", "/zarr.json", from, to, part);
  };
  of_shards("[4, 10]", "[5, 10]", "expected lengths that divide (24, 20)");
  of_shards("\"end\"", "\"middle\"", "expected 'start' or 'end'");
  of_shards("\"gzip\"", "\"sharding_indexed\"", "cannot stand behind 'bytes'");
  of_shards("{\"name\": \"crc32c\"}]", "{\"name\": \"gzip\"}]", "expected 'bytes', and maybe 'crc32c'");
  of_3("\"gzip\"", "\"transpose\"", "cannot stand behind 'bytes'");
  of_3("\"gzip\"", "\"zfpy\"", "codec 'zfpy' is none that Ramal knows");
  of_3("[2, 0, 1]", "[2, 0, 0]", "expected each axis once");
  of_3("\"big\"", "\"middle\"", "expected 'little' or 'big'");
  of_3("\"v2\"", "\"v9\"", "chunk key encoding 'v9' is none that Ramal knows");
}

TEST(Zarr, TellsWhichChunkIsDamaged) {
  if (given().empty()) GTEST_SKIP() << "there is no zarr-python";
  SerialRanks serial;
  const std::string folder = new_folder("zarr_chunks");
  const auto expect_of = [&](const char* name, const char* chunk, const auto& change, std::string_view part) {
    fs::remove_all(folder);
    fs::copy(given() + '/' + name, folder, fs::copy_options::recursive);
    std::string content = content_of(folder + chunk);
    change(content);
    write_content(folder + chunk, content);
    const auto array = read_zarr<double>(folder);
    expect_refusal(std::string(chunk).substr(1) + ": " + std::string(part),
                   [&] { serial.session().compute(array.sum()); });
    EXPECT_TRUE(std::isfinite(serial.session().compute(array(0, 0)).data()[0])) << "chunk 0 is whole";
  };
  const auto shorter = [](std::string& content) { content.pop_back(); };
  const auto longer = [](std::string& content) { content += 'x'; };
  const auto flipped = [](std::string& content) { content[content.size() / 2] ^= 4; };
  expect_of("none_dots", "/1.2", shorter, "expected a chunk of 2720 bytes, found 2719");
  expect_of("none_folders", "/1/2", longer, "expected at most 2720 bytes, found 2721");
  expect_of("zlib_dots", "/1.2", shorter, "zlib: ends too early");
  expect_of("zlib_dots", "/1.2", longer, "zlib: has bytes behind its end");
  expect_of("gzip_dots", "/1.2", flipped, "gzip: ");
  expect_of("zstd_dots", "/1.2", shorter, "zstd: ends too early");
  expect_of("blosc_dots", "/1.2", shorter, "blosc: is damaged");
  expect_of("crc_3", "/c/1/2", flipped, "crc32c: the check is wrong");
  expect_of("twice_3", "/c/1/2", flipped, "crc32c: the check is wrong");
  expect_of("shards", "/c/2/2", shorter, "its index: crc32c: the check is wrong");
  expect_of(
      "shards_turned", "/c/2/2", [](std::string& content) { content[9] ^= 1; }, "crc32c: the check");
  expect_of(
      "shards_first", "/c/2/2", [](std::string& content) { content[7] = 1; }, "chunk 0 of the shard is said");
  expect_of(
      "shards_first", "/c/2/2", [](std::string& content) { content[15] = 1; }, "chunk 0 of the shard: exp");
  expect_of(
      "shards_first", "/c/2/2", [](std::string& content) { content.resize(9); }, "expected an index of");
  expect_of("both_3", "/c/1/2", flipped, "gzip: ");
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
  if (given().empty()) GTEST_SKIP() << "there is no zarr-python";
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
  expect_of({.attributes = {{"a", "\xff"}}}, "in UTF-8");
  expect_refusal("cannot be the name of an array", [&] { write_zarr("a.zarr", "../b", array); });
  expect_refusal("expected the name of a store", [&] { write_zarr("", array); });
  expect_refusal("less than 2 GiB", [&] { write_zarr("a.zarr", zeros<double>({1 << 30}, {-1})); });
}

// --- damaged stores ---------------------------------------------------------------------------------------

std::int64_t most_resident_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

/// Each mutation of a store is refused, or an array of the shape that the store then says. What is large is
/// only looked at: that is lawful, and costs nothing.
TEST(Zarr, IsRefusedOrReadWhereItIsDamaged) {
  const std::string folder = new_folder("zarr_damaged");
  SerialRanks serial;
  Session& session = serial.session();
  std::minstd_rand random(11);
  const auto below = [&](std::size_t n) { return random() % n; };
  std::vector<std::pair<std::string, std::vector<std::string>>> seeds;  // a store, and its files
  const auto add = [&](const ZarrWriteOptions& options) {
    const std::string store = folder + '/' + std::to_string(seeds.size());
    session.compute(
        write_zarr(store, from_memory(std::vector<double>(42, 1.5).data(), {6, 7}, {4, 4}), options));
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(store))
      if (entry.is_regular_file()) files.push_back(entry.path());
    std::ranges::sort(files);
    seeds.emplace_back(store, files);
  };
  for (const char* compressor : {"", "gzip", "zstd", "blosc"}) {
    add({.format = 2, .compressor = compressor});
    add({.format = 3, .compressor = compressor});
  }
  add({.format = 2, .compressor = "zlib", .separator = "/"});
  for (const char* name : {"shards", "shards_first", "shards_turned"}) {
    if (given().empty()) continue;
    const std::string store = folder + '/' + name;
    fs::copy(given() + '/' + name, store, fs::copy_options::recursive);
    seeds.push_back({store, {store + "/c/0/0", store + "/c/0/1", store + "/c/0/0", store + "/zarr.json"}});
  }
  const std::vector<std::string> pieces{"[",
                                        "]",
                                        "{",
                                        "}",
                                        "\"",
                                        ",",
                                        "9",
                                        "99999999999",
                                        "-",
                                        "null",
                                        "0.5",
                                        "1e400",
                                        "[[[[[[",
                                        "\"F\"",
                                        "NaN",
                                        "\"Infinity\"",
                                        "\"0x1\"",
                                        "\"transpose\"",
                                        "\"crc32c\"",
                                        "\"sharding_indexed\"",
                                        std::string(4, '\0'),
                                        "\xff\xff\xff\xff"};
  const std::vector<std::string> numbers{"0",
                                         "1",
                                         "3",
                                         "5",
                                         "64",
                                         "4096",
                                         "99999999",
                                         "2147483648",
                                         "1099511627776",
                                         "4611686018427387903",
                                         "18446744073709551615"};
  const std::int64_t before = most_resident_kib();
  int read = 0, refused = 0, large = 0;
  for (int round = 0; round < 4000; ++round) {
    const auto& [store, files] = seeds[below(seeds.size())];
    // The metadata is among the first, or the last.
    const std::string& file = below(2) == 0                   ? files[below(files.size())]
                              : files[0].ends_with(".zarray") ? files[0]
                                                              : files.back();
    const std::string whole = content_of(file);
    std::string mutated = whole;
    for (auto changes = 1 + below(4); changes > 0 && !mutated.empty(); --changes) {
      const std::size_t at = below(mutated.size()), digit = mutated.find_first_of("0123456789", at);
      switch (below(digit != std::string::npos ? 6 : 5)) {
        case 0:
          mutated[at] = static_cast<char>(mutated[at] ^ 1 << below(8));
          break;
        case 1:
          mutated[at] = static_cast<char>(random());
          break;
        case 2:
          mutated.insert(at, pieces[below(pieces.size())]);
          break;
        case 3:
          mutated.erase(at, 1 + below(8));
          break;
        case 4:
          mutated.replace(at, 1, pieces[below(pieces.size())]);
          break;
        default:
          mutated.replace(digit, 1, numbers[below(numbers.size())]);
      }
    }
    write_content(file, mutated);
    try {
      const auto array = read_zarr<double>(store);
      if (array.grid().product() > 2000 || array.bytes() > 1 << 20) {
        ++large;
      } else {
        const Block<double> block = session.compute(array);
        ASSERT_EQ(block.shape(), array.shape());
        ++read;
      }
    } catch (const std::exception&) {
      ++refused;
    }
    write_content(file, whole);
  }
  EXPECT_GT(read, 100);
  EXPECT_GT(refused, 1000);
  EXPECT_GT(large, 0);
  EXPECT_LT(most_resident_kib() - before, 200 << 10);
}

/// Such as would overflow a parser that calls itself.
TEST(Zarr, BearsDeepMetadata) {
  const std::string store = new_folder("zarr_deep");
  for (const char* bracket : {"[", "{\"a\":"}) {
    std::string text;
    for (int i = 0; i < 1'000'000; ++i) text += bracket;
    write_content(store + "/.zarray", text);
    expect_refusal("is no JSON", [&] { read_zarr<double>(store); });
    write_content(store + "/.zarray", "{\"zarr_format\": 2, \"dtype\": " + std::string(1'000'000, '[') +
                                          std::string(1'000'000, ']') + '}');
    expect_refusal("found structures", [&] { read_zarr<double>(store); });
  }
}

}  // namespace
}  // namespace ramal::test
