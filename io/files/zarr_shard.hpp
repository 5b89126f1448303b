// SPDX-License-Identifier: BSD-3-Clause
// Shards: files that hold the chunks of a box of the grid one behind the other, in any order, and an index of
// them at one end (codec `sharding_indexed` of format 3):
//
//   index := (offset:u64 bytes:u64)* check?     for each chunk of the box, row by row; 2^64-1 twice: none
#pragma once

#include "io/files/posix.hpp"

#include <ramal/zarr.hpp>

namespace ramal::detail {

/// Reads the chunks of one shard after the other, and holds its index.
class ShardReader {
 public:
  /// `plan` must outlive it.
  explicit ShardReader(const ZarrPlan& plan) : plan_(plan) {}
  /// The bytes of the chunk at a place in the grid, at most `limit` of them; nothing if there is none. Throws
  /// FileError.
  std::optional<std::string> read(const Extents& place, std::uint64_t limit);
  /// The file of the shard that was read last.
  const std::string& file() const { return file_; }

 private:
  void open();
  void read_index();

  const ZarrPlan& plan_;
  std::string file_;
  std::optional<Descriptor> opened_;
  std::uint64_t file_bytes_ = 0;
  std::vector<std::uint64_t> index_;
};

}  // namespace ramal::detail
