// SPDX-License-Identifier: BSD-3-Clause
// .npy files: as NumPy writes them, as NumPy reads them, and damaged ones.
#include "tests/io/array_files.hpp"

#include <ramal/array_shape.hpp>
#include <ramal/npy.hpp>

#include <random>

namespace ramal::test {
namespace {

namespace fs = std::filesystem;

/// Python's files, made once.
const std::string& given() {
  static const std::string folder = [] {
    const std::string made = new_folder("npy_given");
    if (!run_script("make_npy.py", "make " + made)) return std::string();
    return made;
  }();
  return folder;
}

TEST(Npy, IsReadAsNumpyWroteIt) {
  if (given().empty()) GTEST_SKIP() << "there is no NumPy";
  const std::vector<ListedArray> all = listed_in(given());
  ASSERT_GT(all.size(), 100u);
  on_all_engines([&](Session& session) {
    for (const ListedArray& one : all) {
      with_element(one.type, [&]<class T>() {
        for (const Chunks& chunks : ways_to_cut(one.shape)) {
          const Array<T> array = read_npy<T>(one.file, chunks);
          EXPECT_EQ(array.shape(), one.shape) << one.file;
          EXPECT_TRUE(is_as_listed(session.compute(array), one)) << one.file << ' ' << array.text();
        }
      });
    }
  });
}

TEST(Npy, IsCutAsWasSaid) {
  if (given().empty()) GTEST_SKIP() << "there is no NumPy";
  using Lengths = std::vector<std::int64_t>;
  for (const char* name : {"/f8_cube.npy", "/f8_cube_fortran.npy"}) {
    const auto array = read_npy<double>(given() + name, {2, -1, 3});
    EXPECT_EQ(array.chunks(0), (Lengths{2, 2, 1}));
    EXPECT_EQ(array.chunks(1), (Lengths{7}));
    EXPECT_EQ(array.chunks(2), (Lengths{3, 1}));
  }
  expect_refusal("expected lengths for the 3 axes", [] { read_npy<double>(given() + "/f8_cube.npy", {2}); });
}

/// A part of an array reads the blocks that it touches; the rest of the file may be gone.
TEST(Npy, IsReadWhereItIsNeeded) {
  const std::string file = new_folder("npy_part") + "/x.npy";
  SerialRanks serial;
  Session& session = serial.session();
  session.compute(write_npy(file, arange<double>(1000, {100})));
  const auto array = read_npy<double>(file, {10});
  EXPECT_EQ(session.compute(array(slice(995, 997)).sum()), 995 + 996);
  EXPECT_EQ(session.compute(array.sum()), 499'500);
}

/// Views that see little of an array read little.
TEST(Npy, IsReadNoFurtherThanViewsSee) {
  constexpr std::uint64_t rows = 300, columns = 2048, row_bytes = columns * sizeof(double), slack = 8 << 10;
  const std::string file = new_folder("npy_views") + "/x.npy";
  SerialRanks serial;
  Session& session = serial.session();
  const auto numbers = reshape(arange<double>(rows * columns, {50 * columns}), {rows, columns});
  session.compute(write_npy(file, numbers));
  const auto array = read_npy<double>(file, {100, -1});
  const auto expect_at_most = [&](const auto& view, const auto& same, std::uint64_t bytes) {
    const double sum = session.compute(same.sum());
    const std::uint64_t before = bytes_read();
    EXPECT_DOUBLE_EQ(session.compute(view.sum()), sum);
    EXPECT_LT(bytes_read() - before, bytes + slack);
  };
  expect_at_most(array(7), numbers(7), row_bytes);
  expect_at_most(array(slice({}, {}, 10)), numbers(slice({}, {}, 10)), 30 * row_bytes);
  expect_at_most(array(slice({}, {}, -10)), numbers(slice({}, {}, -10)), 30 * row_bytes);
  expect_at_most(array(all, 5), numbers(all, 5), rows * 4096);
  expect_at_most(array(slice(0, 3), slice({}, {}, 1024)), numbers(slice(0, 3), slice({}, {}, 1024)),
                 6 * 4096);
}

TEST(Npy, ViewsAreOfTheSameElements) {
  const std::string folder = new_folder("npy_random_views");
  std::mt19937 random(7);
  on_all_engines([&](Session& session) {
    const auto numbers = session.persist(reshape(arange<double>(40 * 7 * 900, {9000}), {40, 7, 900}));
    session.compute(write_npy(folder + "/x.npy", numbers));
    expect_same_views(session, read_npy<double>(folder + "/x.npy", {13, 3, 500}), numbers, random, 40);
  });
}

TEST(Npy, IsRefusedByName) {
  if (given().empty()) GTEST_SKIP() << "there is no NumPy";
  const std::string folder = new_folder("npy_refused");
  const auto in = [](const char* name) { return given() + '/' + name; };
  expect_refusal("missing.npy: cannot be opened: No such file", [&] { read_npy<double>(in("missing.npy")); });
  expect_refusal("is no file", [&] { read_npy<double>(given()); });
  expect_refusal("f8_cube.npy: expected elements of type float32 ('<f4'), found '<f8'",
                 [&] { read_npy<float>(in("f8_cube.npy")); });
  expect_refusal("expected elements of type int64 ('<i8'), found '<u8'",
                 [&] { read_npy<std::int64_t>(in("u8_row.npy")); });
  expect_refusal("found structures", [&] { read_npy<double>(in("structures.npy")); });
  expect_refusal("found '<U2'", [&] { read_npy<double>(in("texts.npy")); });
  expect_refusal("found '<M8[ns]'", [&] { read_npy<std::int64_t>(in("times.npy")); });
  expect_refusal("found '<f2'", [&] { read_npy<float>(in("halves.npy")); });
  expect_refusal("at most 8 dimensions, found 9", [&] { read_npy<double>(in("nine.npy")); });

  const std::string whole = content_of(in("f8_cube.npy"));
  const std::string file = folder + "/x.npy";
  const auto expect_of = [&](const std::string& content, std::string_view part) {
    write_content(file, content);
    expect_refusal(part, [&] { read_npy<double>(file); });
  };
  expect_of(whole.substr(0, whole.size() - 1),
            "is truncated: an array of shape (5, 7, 4) of float64 takes 1120 bytes, found 1119");
  expect_of(whole.substr(0, 40), "is truncated: its header");
  expect_of(whole.substr(0, 9), "it is too short");
  expect_of("\x89HDF\r\n\x1a\n" + whole, "does not begin as one");
  expect_of("\x93NUMPY\x04" + whole.substr(7), "expected format version 1.0, 2.0 or 3.0, found 4.0");
  const auto headed = [](std::string dict) {
    dict.resize(118, ' ');
    return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + dict;
  };
  expect_of(headed("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"),
            "expected a length below 2^64");
  expect_of(headed("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }"),
            "expected a length below 2^64");
  expect_of(headed("{'descr': '<f8', 'fortran_order': False, 'shape': (1<<3,), }"), "expected");
  expect_of(headed("{'descr': '<f8', 'fortran_order': False, 'shape': (3), }"), "behind the only length");
  expect_of(headed("{'descr': '<f8', 'fortran_order': 0, 'shape': (3,), }"), "expected True or False");
  expect_of(headed("{'descr': '<f8', 'fortran_order': False, }"), "expected all of");
  expect_of(headed("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': ()}"), "once");
  expect_of(headed("{'descr': '<f8', 'fortran_order': False, 'shape': (), 'more': 1}"), "once");
  expect_of(headed("{'descr': '<f8', 'fortran_order': False, 'shape': ()} x"), "nothing behind");
  expect_of(headed("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4)}"),
            "takes 2^64 or more bytes");
  expect_of(headed("{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807, 0)}"),
            "too large");
}

TEST(Npy, TellsWhenItsFileHasChanged) {
  const std::string file = new_folder("npy_changed") + "/x.npy";
  on_all_engines([&](Session& session) {
    session.compute(write_npy(file, arange<double>(100, {30})));
    const auto array = read_npy<double>(file, {20});
    EXPECT_EQ(session.compute(array.sum()), 4950);
    session.compute(write_npy(file, arange<double>(100, {30}) * 2));
    expect_refusal("x.npy: has changed since it was looked at", [&] { session.compute(array.sum()); });
    EXPECT_EQ(session.compute(read_npy<double>(file).sum()), 9900);
  });
}

// --- writing ----------------------------------------------------------------------------------------------

TEST(Npy, IsWrittenForNumpy) {
  const std::string folder = new_folder("npy_written");
  bool is_listed = false;
  on_all_engines([&](Session& session) {
    const auto expect_written = [&](const std::string& name, const auto& array) {
      using T = typename std::remove_cvref_t<decltype(array)>::value_type;
      const Block<T> block = session.compute(Array<T>(array).gathered());
      session.compute(write_npy(folder + '/' + name, array));
      const Block<T> again = session.compute(read_npy<T>(folder + '/' + name).gathered());
      EXPECT_EQ(again.shape(), block.shape()) << name;
      EXPECT_TRUE(block.empty() || std::memcmp(block.data(), again.data(), block.size() * sizeof(T)) == 0)
          << name;
      if (!is_listed) list(folder, name, block);
    };
    const auto cube = arange<double>(5 * 7 * 4, {140}) - 40.5;
    std::vector<double> values(5 * 7 * 4);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.25 * static_cast<double>(i) - 9;
    for (const Chunks& chunks : ways_to_cut({5, 7, 4})) {
      const auto array = from_memory(values.data(), {5, 7, 4}, chunks);
      const std::string cut = std::to_string(array.chunks(0).size());
      expect_written("cube" + cut + ".npy", array);
      expect_written("transposed" + cut + ".npy", array.transpose());
      expect_written("sliced" + cut + ".npy", array(slice({}, {}, -2), slice(1, 6), 2));
      expect_written("expression" + cut + ".npy", sqrt(array * array + 1.0));
      expect_written("types" + cut + ".npy", array.template as<float>());
      expect_written("bools" + cut + ".npy", array > 1.0);
      expect_written("whole" + cut + ".npy", array.template as<std::int16_t>());
      expect_written("bytes" + cut + ".npy", (array + 9.0).template as<std::uint8_t>());
      expect_written("complex" + cut + ".npy", array * std::complex<double>(1, -2));
    }
    expect_written("broadcast.npy", cube(slice(3)).broadcast_to({4, 3}));
    expect_written("scalar.npy", cube(7));
    expect_written("sum.npy", cube.sum());
    expect_written("empty.npy", zeros<std::int32_t>({0}));
    expect_written("flat.npy", zeros<std::uint64_t>({3, 0, 2}, {2, -1, 1}));
    expect_written("one.npy", ones<std::complex<float>>({1, 1}));
    is_listed = true;
  });
  for (const auto& entry : fs::directory_iterator(folder))
    EXPECT_EQ(entry.path().string().find(".part"), std::string::npos) << entry.path();
  if (given().empty()) GTEST_SKIP() << "there is no NumPy";
  EXPECT_TRUE(run_script("make_npy.py", "check " + folder));
}

TEST(Npy, LeavesWhatWasThereWhereWritingFails) {
  const std::string folder = new_folder("npy_failing"), file = folder + "/x.npy";
  on_all_engines([&](Session& session) {
    session.compute(write_npy(file, arange<double>(10)));
    const std::string before = content_of(file);
    const auto failing = map_blocks<failing_block>(arange<double>(30, {10}));
    expect_refusal("this block fails", [&] { session.compute(write_npy(file, failing)); });
    EXPECT_EQ(content_of(file), before);
    session.compute(write_npy(file, arange<double>(30, {10})));  // at once, and beside what failed
    EXPECT_NE(content_of(file), before);
  });
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "nothing unfinished is left";
  SerialRanks serial;
  expect_refusal("no/x.npy: cannot be written: No such file",
                 [&] { serial.session().compute(write_npy(folder + "/no/x.npy", arange<double>(10))); });
  expect_refusal("write_npy: expected the name of a file", [] { write_npy("", arange<double>(10)); });
  expect_refusal("write_npy: expected the name of a file, found the folder '" + folder + '\'',
                 [&] { write_npy(folder, arange<double>(10)); });
}

std::uint64_t size_behind(Void, const std::string& path) { return fs::file_size(path); }

/// A task that takes the handle runs when the file is there; so do graphs that write several.
TEST(Npy, IsWaitedFor) {
  const std::string folder = new_folder("npy_waited");
  on_all_engines([&](Session& session) {
    const auto a = write_npy(folder + "/a.npy", arange<double>(16, {3}));
    const auto b = write_npy(folder + "/b.npy", arange<float>(16, {5}));
    EXPECT_EQ(session.compute(delayed<size_behind>(a, folder + "/a.npy")), 128 + 128);
    session.compute(a, b);
    EXPECT_EQ(fs::file_size(folder + "/b.npy"), 128 + 64);
    // A handle writes once, whatever it was computed with.
    fs::remove(folder + "/a.npy");
    fs::remove(folder + "/b.npy");
    session.compute(a);
    session.compute(b, delayed<[](Void) { return 0; }>(a));
    EXPECT_TRUE(fs::is_empty(folder));
    const auto c = write_npy(folder + "/c.npy", arange<double>(16, {3}));
    session.persist(c);
    session.wait(c);
    EXPECT_EQ(fs::file_size(folder + "/c.npy"), 128 + 128);
    for (const auto& entry : fs::directory_iterator(folder)) fs::remove(entry.path());
  });
  EXPECT_TRUE(fs::is_empty(folder));
}

/// What an array is made of may be what it replaces.
TEST(Npy, IsReplacedByWhatIsMadeOfIt) {
  const std::string file = new_folder("npy_itself") + "/x.npy";
  on_all_engines([&](Session& session) {
    session.compute(write_npy(file, arange<double>(10, {3})));
    for (int times = 0; times < 3; ++times) session.compute(write_npy(file, read_npy<double>(file, {4}) * 2));
    EXPECT_EQ(session.compute(read_npy<double>(file).sum()), 8 * 45);
  });
}

// --- damaged files ----------------------------------------------------------------------------------------

/// Each mutation of a file is refused, or an array of the shape that the file then says.
TEST(Npy, IsRefusedOrReadWhereItIsDamaged) {
  const std::string file = new_folder("npy_damaged") + "/x.npy";
  SerialRanks serial;
  Session& session = serial.session();
  std::minstd_rand random(5);
  const auto below = [&](std::size_t n) { return random() % n; };
  std::vector<std::string> seeds;
  for (const Extents& shape : {Extents{6, 5}, Extents{3, 2, 2, 2}, Extents{}, Extents{0, 4}}) {
    session.compute(write_npy(file, ones<double>(shape)));
    seeds.push_back(content_of(file));
  }
  seeds.push_back(seeds[0]);
  seeds.back().replace(seeds.back().find("False"), 5, "True ");
  const std::vector<std::string> pieces{"(",        ")",   "'",         "{",         "}",
                                        "[",        ",",   "9",         "99999999",  "-",
                                        "True",     "L",   "'shape': ", "\x93NUMPY", std::string(3, '\0'),
                                        "\xff\xff", "|b1", ">f8"};
  int read = 0, refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string mutated = seeds[below(seeds.size())];
    for (auto changes = 1 + below(4); changes > 0; --changes) {
      const std::size_t reach = below(3) == 0 ? mutated.size() : std::min<std::size_t>(mutated.size(), 72);
      if (reach == 0) break;
      const std::size_t at = below(reach);
      switch (below(5)) {
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
        default:
          mutated.replace(at, 1, pieces[below(pieces.size())]);
      }
    }
    write_content(file, mutated);
    try {
      const auto array = read_npy<double>(file);
      ASSERT_LE(array.bytes(), mutated.size());
      const Block<double> block = session.compute(array);
      ASSERT_EQ(block.shape(), array.shape());
      ++read;
    } catch (const std::exception&) {
      ++refused;
    }
  }
  EXPECT_GT(read, 100);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace ramal::test
