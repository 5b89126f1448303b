// SPDX-License-Identifier: BSD-3-Clause
// The files that make_files.py has written, and reading a dataset block by block into one array.
#pragma once

#include "tests/io/raw_files.hpp"

#include <ramal/array.hpp>
#include <ramal/hdf5.hpp>
#include <ramal/session.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace ramal::test {

inline std::string folder() {
  const char* set = std::getenv("HDF5_TEST_FILES");
  return set != nullptr ? set : ".";
}
inline std::string file(const std::string& name) { return folder() + '/' + name; }

/// A dataset of plain numbers, and what h5py reads from it.
struct Listed {
  std::string file, dataset, type;
  Extents shape;
  std::string raw;
};
inline std::vector<Listed> manifest() {
  std::vector<Listed> all;
  std::ifstream lines(file("manifest"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    Listed one;
    words >> one.file >> one.dataset >> one.type;
    std::vector<std::uint64_t> shape;
    for (std::string word; words >> word;) {
      if (word.find_first_not_of("0123456789") == std::string::npos) {
        shape.push_back(std::stoull(word));
      } else {
        one.raw = file(word);
      }
    }
    one.file = file(one.file);
    one.shape = Extents(shape.data(), shape.size());
    all.push_back(one);
  }
  return all;
}

/// Each element from its block, by the block's own word on where it lies.
template <class T>
std::vector<T> assembled(Session& session, const Hdf5Grid<T>& grid) {
  std::vector<T> whole(grid.blocks().empty() ? 0 : grid.shape().product());
  for (const Block<T>& block : session.compute(grid.blocks())) {
    Extents at = Extents::filled(block.dimensions(), 0);
    for (const T& element : block) {
      std::size_t index = 0;
      for (std::size_t d = 0; d < at.size(); ++d) index = index * grid.shape()[d] + block.offset()[d] + at[d];
      whole.at(index) = element;
      for (std::size_t d = at.size(); d-- > 0 && ++at[d] == block.shape()[d];) at[d] = 0;
    }
  }
  return whole;
}

/// The same, and it is as well what the grid gives as an array.
template <class T>
std::vector<T> assembled_twice(Session& session, const Hdf5Grid<T>& grid) {
  const std::vector<T> whole = assembled(session, grid);
  const Block<T> array = session.compute(grid.array());
  if (array.size() != whole.size() || array.shape() != grid.shape() ||
      (!whole.empty() && std::memcmp(array.data(), whole.data(), whole.size() * sizeof(T)) != 0))
    throw std::runtime_error("the array of " + grid.array().text() + " is not as its blocks");
  return whole;
}

/// Reads a listed dataset in one of several ways; true if every element has the bits that h5py reads.
template <class T>
bool reads_the_same(Session& session, const Listed& one, const Hdf5ReadOptions& options) {
  const auto expected = raw_elements<T>(one.raw);
  const auto found = assembled_twice(session, read_hdf5<T>(one.file, one.dataset, options));
  return found.size() == expected.size() &&
         (found.empty() || std::memcmp(found.data(), expected.data(), found.size() * sizeof(T)) == 0);
}
inline std::vector<Hdf5ReadOptions> ways_to_read(const Extents& shape) {
  Extents odd = shape;
  for (std::size_t d = 0; d < odd.size(); ++d) odd[d] = d % 2 == 0 ? 3 : 5;
  return {{}, {.block_bytes = 1}, {.block_bytes = 300}, {.block_bytes = 2000}, {.block_shape = odd}};
}

}  // namespace ramal::test
