// SPDX-License-Identifier: BSD-3-Clause
// How a dataset is divided into blocks.
#include "io/hdf5/api.hpp"

#include <ramal/detail/warnings.hpp>

#include <algorithm>
#include <cstdio>
#include <set>

namespace ramal::detail {

namespace {

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

/// Whole chunks, added along the last dimension first, so that blocks are long runs of the file.
Extents grow_chunks(const Hdf5Plan& plan, std::size_t element_bytes, std::uint64_t block_bytes) {
  Extents block = plan.chunk;
  std::uint64_t budget = std::max<std::uint64_t>(1, block_bytes / element_bytes);
  for (std::size_t d = 0; d < block.size(); ++d)
    budget /= std::min(block[d], std::max<std::uint64_t>(1, budget));
  for (std::size_t d = block.size(); d-- > 0 && budget > 1;) {
    const std::uint64_t needed = divide_up(std::max<std::uint64_t>(1, plan.shape[d]), block[d]);
    const std::uint64_t pieces = divide_up(needed, budget);
    const std::uint64_t chunks = divide_up(needed, pieces);  // equal shares: 5 and 5 rather than 9 and 1
    block[d] *= chunks;
    budget = pieces > 1 ? 1 : budget / chunks;
  }
  return block;
}

}  // namespace

Extents hdf5_block_shape(const Hdf5Plan& plan, std::size_t element_bytes, const Hdf5ReadOptions& options) {
  Extents block = options.block_shape;
  if (block.empty()) block = grow_chunks(plan, element_bytes, options.block_bytes);
  const std::string start = "ramal: " + plan.file + ": " + plan.dataset + ": block_shape " + block.text();
  if (block.size() != plan.shape.size()) {
    throw std::invalid_argument(start + " has " + std::to_string(block.size()) +
                                " dimensions, the dataset's shape " + plan.shape.text() + " has " +
                                std::to_string(plan.shape.size()));
  }
  if (std::find(block.begin(), block.end(), 0u) != block.end())
    throw std::invalid_argument(start + ": expected 1 or more in each dimension");
  for (std::size_t d = 0; d < block.size(); ++d)
    block[d] = std::min(block[d], std::max<std::uint64_t>(1, plan.shape[d]));
  return block;
}

std::vector<std::int64_t> read_together(const Hdf5Plan& plan) {
  std::vector<std::int64_t> lengths(plan.chunk.begin(), plan.chunk.end());
  if (std::ranges::any_of(lengths, [](std::int64_t length) { return length != 1; })) return lengths;
  return pages_together(plan.shape, plan.element.bytes);
}

double shared_chunk_bytes(const Hdf5Plan& plan, const Extents& block_shape) {
  // The next block along the first dimension in which chunks are split comes after a row of blocks of all
  // dimensions behind it.
  double chunks = 0;
  for (std::size_t d = 0; d < block_shape.size(); ++d) {
    const auto in_all = static_cast<double>(divide_up(plan.shape[d], plan.chunk[d]));
    const auto in_block = [&](std::size_t dimension) {
      return static_cast<double>(divide_up(block_shape[dimension], plan.chunk[dimension]));
    };
    const bool is_split = block_shape[d] < plan.shape[d] && block_shape[d] % plan.chunk[d] != 0;
    if (chunks > 0) chunks *= in_all;
    if (chunks == 0 && is_split) {
      const bool fits = plan.chunk[d] % block_shape[d] == 0;  // no block reaches into a second chunk
      chunks = std::min(in_all, in_block(d) + (fits ? 0 : 1));
      for (std::size_t before = 0; before < d; ++before) chunks *= in_block(before);
    }
  }
  return chunks * plan.chunk_bytes;
}

void warn_of_split_chunks(const Hdf5Plan& plan, const Extents& block_shape) {
  const double bytes = shared_chunk_bytes(plan, block_shape);
  if (bytes <= static_cast<double>(chunk_cache_bytes) || !warnings_wanted) return;
  const Hdf5Call call;  // for what has been said, too
  static std::set<std::string>& said = *new std::set<std::string>;
  if (!said.insert(plan.file + ':' + plan.dataset).second) return;
  std::fprintf(
      stderr,
      "ramal: warning: %s: %s: blocks of shape %s split its compressed chunks of shape %s; the %.0f MiB "
      "of chunks that they share are more than the %.0f MiB a rank keeps of them, so they are decoded "
      "again and again; take a block_shape of whole chunks\n",
      plan.file.c_str(), plan.dataset.c_str(), block_shape.text().c_str(), plan.chunk.text().c_str(),
      bytes / (1 << 20), static_cast<double>(chunk_cache_bytes) / (1 << 20));
}

Extents hdf5_grid(const Hdf5Plan& plan, const Extents& block_shape) {
  constexpr std::uint64_t most_blocks = 100'000'000;
  Extents grid = plan.shape;
  bool is_empty = false;
  for (std::size_t d = 0; d < grid.size(); ++d) {
    grid[d] = divide_up(plan.shape[d], block_shape[d]);
    is_empty |= grid[d] == 0;
  }
  std::uint64_t room = is_empty ? 1 : most_blocks;
  for (std::size_t d = 0; d < grid.size() && !is_empty; ++d) room /= grid[d];
  if (room == 0) {
    throw std::invalid_argument("ramal: " + plan.file + ": " + plan.dataset + ": blocks of shape " +
                                block_shape.text() + " divide " + plan.shape.text() +
                                " into more than 100 million");
  }
  return grid;
}

}  // namespace ramal::detail
