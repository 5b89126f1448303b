// SPDX-License-Identifier: BSD-3-Clause
// What the tests of array files share: the files that a script beside them has written, and checks by it.
#pragma once

#include "tests/io/raw_files.hpp"
#include "tests/runtime/arrays/said.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/array.hpp>
#include <ramal/detail/array_file.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>

namespace ramal::test {

/// A new folder below ARRAY_FILES, which no other process has. It is removed at the end of this one.
inline std::string new_folder(const std::string& name) {
  struct Folders {
    std::vector<std::string> made;
    ~Folders() {
      std::error_code ignored;
      for (const std::string& folder : made) std::filesystem::remove_all(folder, ignored);
    }
  };
  static Folders folders;
  const char* set = std::getenv("ARRAY_FILES");
  const std::string folder =
      std::string(set != nullptr ? set : "array_files") + '/' + name + '.' + std::to_string(getpid());
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  folders.made.push_back(folder);
  return folder;
}
/// Runs a script that stands beside the tests. False without Python and its packages.
inline bool run_script(const std::string& script, const std::string& arguments) {
  const char* python = std::getenv("ARRAY_FILES_PYTHON");
  const std::string file = __FILE__;
  const std::string command = std::string(python != nullptr ? python : "/usr/bin/python3") + ' ' +
                              file.substr(0, file.rfind('/') + 1) + script + ' ' + arguments;
  return std::system(command.c_str()) == 0;
}

/// The stores that make_zarr.py writes, made once; empty without zarr-python.
inline const std::string& zarr_given() {
  static const std::string folder = [] {
    const std::string made = new_folder("zarr_given");
    return run_script("make_zarr.py", "make " + made) ? made : std::string();
  }();
  return folder;
}

/// Random views of an array of three axes in a file hold what those of the same array in memory do.
inline void expect_same_views(Session& session, const Array<double>& in_file, const Array<double>& in_memory,
                              std::mt19937& random, int views) {
  const auto some_slice = [&random](std::uint64_t length) {
    static constexpr std::int64_t steps[] = {1, 1, -1, 2, 3, -5, 17, 300};
    const std::int64_t step = steps[random() % std::size(steps)];
    const auto a = static_cast<std::int64_t>(random() % length),
               b = random() % 2 == 0 ? a + 2 : static_cast<std::int64_t>(random() % length);
    return step > 0 ? slice(std::min(a, b), std::max(a, b) + 1, step) : slice(std::max(a, b), {}, step);
  };
  for (int i = 0; i < views; ++i) {
    const Slice cuts[] = {some_slice(in_file.shape()[0]), some_slice(in_file.shape()[1]),
                          some_slice(in_file.shape()[2])};
    const auto found = session.compute(in_file(cuts[0], cuts[1], cuts[2]).transpose());
    const auto expected = session.compute(in_memory(cuts[0], cuts[1], cuts[2]).transpose());
    ASSERT_EQ(found.shape(), expected.shape());
    ASSERT_TRUE(std::ranges::equal(found, expected)) << "view " << i << " of " << in_file.text();
  }
}

/// An array in a file, and the memory that it is.
struct ListedArray {
  std::string file, type;
  Extents shape;
  std::string raw;
};
inline std::vector<ListedArray> listed_in(const std::string& folder) {
  std::vector<ListedArray> all;
  std::ifstream lines(folder + "/manifest");
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::vector<std::string> rest;
    ListedArray one;
    words >> one.file >> one.type;
    for (std::string word; words >> word;) rest.push_back(word);
    one.shape = Extents::filled(rest.size() - 1, 0);
    for (std::size_t d = 0; d + 1 < rest.size(); ++d) one.shape[d] = std::stoull(rest[d]);
    one.file = folder + '/' + one.file;
    one.raw = folder + '/' + rest.back();
    all.push_back(one);
  }
  return all;
}
/// Adds a line, and the memory, for an array that was written as FOLDER/NAME.
template <class T>
void list(const std::string& folder, const std::string& name, const Block<T>& block) {
  std::ofstream raw(folder + '/' + name + ".raw", std::ios::binary);
  raw.write(reinterpret_cast<const char*>(block.data()),
            static_cast<std::streamsize>(block.size() * sizeof(T)));
  std::ofstream manifest(folder + "/manifest", std::ios::app);
  manifest << name << ' ' << detail::element_type_of<T>().numpy_text().substr(1);
  for (const std::uint64_t length : block.shape()) manifest << ' ' << length;
  manifest << ' ' << name << ".raw\n";
}

/// The bits of a block are those of a listed array.
template <class T>
bool is_as_listed(const Block<T>& block, const ListedArray& one) {
  const std::string raw = content_of(one.raw);
  return block.shape() == one.shape && block.size() * sizeof(T) == raw.size() &&
         (raw.empty() || std::memcmp(block.data(), raw.data(), raw.size()) == 0);
}

inline void expect_refusal(std::string_view part, const std::function<void()>& call) {
  EXPECT_TRUE(contains(message(call), part));
}

/// How an array of that shape can be cut, beside as nothing says.
inline std::vector<Chunks> ways_to_cut(const Extents& shape) {
  std::vector<std::vector<std::int64_t>> ones, irregular;
  Chunks odd;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const auto length = static_cast<std::int64_t>(shape[d]);
    ones.push_back(std::vector<std::int64_t>(static_cast<std::size_t>(length), 1));
    std::vector<std::int64_t> lengths{std::min<std::int64_t>(2, length), 0};
    for (std::int64_t done = lengths[0], next = 1; done < length; done += lengths.back(), ++next)
      lengths.push_back(std::min(next, length - done));
    irregular.push_back(lengths);
  }
  if (shape.empty()) return {Chunks()};
  return {Chunks(), Chunks(irregular), Chunks(ones)};
}

/// Members of a family fail at one of their blocks.
inline Block<double> failing_block(Block<double> block) {
  for (const std::uint64_t at : block.offset())
    if (at > 0) throw std::runtime_error("this block fails");
  return block;
}

}  // namespace ramal::test
