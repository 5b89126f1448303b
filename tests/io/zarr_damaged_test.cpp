// SPDX-License-Identifier: BSD-3-Clause
// Zarr stores that are refused by name, and damaged ones.
#include "tests/io/array_files.hpp"

#include <ramal/zarr.hpp>

#include <sys/resource.h>

#include <cmath>
#include <random>

namespace ramal::test {
namespace {

namespace fs = std::filesystem;

TEST(Zarr, IsRefusedByName) {
  if (zarr_given().empty()) GTEST_SKIP() << "there is no zarr-python";
  const auto in = [](const char* name) { return zarr_given() + '/' + name; };
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
  if (zarr_given().empty()) GTEST_SKIP() << "there is no zarr-python";
  SerialRanks serial;
  const std::string folder = new_folder("zarr_chunks");
  const auto expect_of = [&](const char* name, const char* chunk, const auto& change, std::string_view part) {
    fs::remove_all(folder);
    fs::copy(zarr_given() + '/' + name, folder, fs::copy_options::recursive);
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
    if (zarr_given().empty()) continue;
    const std::string store = folder + '/' + name;
    fs::copy(zarr_given() + '/' + name, store, fs::copy_options::recursive);
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
    for (int i = 0; i < 100'000; ++i) text += bracket;
    write_content(store + "/.zarray", text);
    expect_refusal("is no JSON", [&] { read_zarr<double>(store); });
    write_content(store + "/.zarray", "{\"zarr_format\": 2, \"dtype\": " + std::string(100'000, '[') +
                                          std::string(100'000, ']') + '}');
    expect_refusal("found structures", [&] { read_zarr<double>(store); });
  }
}

}  // namespace
}  // namespace ramal::test
