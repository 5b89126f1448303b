// SPDX-License-Identifier: BSD-3-Clause
// Writing a new file whose datasets' elements lie in one piece each: block by block, as array_file.hpp has
// it.
//
//   prepare                   one task on rank 0: makes the file under another name, with all but elements
//   write [0] … write [n-1]   a family for each dataset: each puts its block where HDF5 has left room for it
//   a tree of sums            how many elements were written
//   flush                     a collective task: all ranks bring what they have written to the disk
//   finish                    a member on rank 0: looks at the file and gives it its name
//
// So a block is freed when it has been written, and nothing grows with their number on rank 0.
#pragma once

#include <ramal/detail/array_file.hpp>
#include <ramal/detail/hdf5_jobs.hpp>

#include <functional>

namespace ramal::detail {

/// A file that is to be made; each job's options state its shape.
struct Hdf5Target {
  std::string file = {};
  std::vector<Hdf5Job> jobs = {};
  Hdf5FileOptions options = {};
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& file& jobs& options;
  }
};
/// The same when it has been prepared.
struct Hdf5Unfinished {
  Unfinished file = {};
  std::vector<std::uint64_t> begins = {};  ///< where each dataset's elements begin; 0: it has none
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& file& begins;
  }
};

/// Whether it can be written so: HDF5 leaves no room for the elements of chunks before it writes them; MPI-IO
/// heeds hints; and what is added to one file has to wait for its turn.
bool goes_by_blocks(const Hdf5WriteOptions& options);
bool goes_by_blocks(const Hdf5FileOptions& options);

// All throw Hdf5Error.

/// The file with its datasets, attributes and scales, and room on the disk for all of it.
Hdf5Unfinished prepare_hdf5(const Hdf5Target& target);
void write_hdf5_box(const void* memory, const Hdf5Unfinished& unfinished, const Hdf5Target& target,
                    std::uint64_t entry, const Extents& offset, const Extents& shape);
template <class T>
WrittenBlocks write_hdf5_block(const Block<T>& block, const Hdf5Unfinished& unfinished,
                               const Hdf5Target& target, std::uint64_t entry) {
  write_hdf5_box(block.data(), unfinished, target, entry, block.offset(), block.shape());
  return {block.size(), unfinished.file.mark};
}
/// Collective; there are no parts. Passes on what was written.
WrittenBlocks flush_hdf5(Communicator& communicator, Inputs<WrittenBlocks> none, const WrittenBlocks& written,
                         const Hdf5Unfinished& unfinished, const Hdf5Target& target);
void finish_hdf5(const WrittenBlocks& written, const Hdf5Unfinished& unfinished, const Hdf5Target& target);

/// Writes the blocks of one dataset: how much was written is the one member.
using Hdf5BlockWriter = std::function<Family<WrittenBlocks>(
    const Delayed<Hdf5Unfinished>& made, const Delayed<Hdf5Target>& target, std::uint64_t entry)>;
template <class T>
Hdf5BlockWriter block_writer(const Family<Block<T>>& blocks, const std::string& name,
                             std::source_location where) {
  return [=](const auto& made, const auto& target, std::uint64_t entry) {
    return all_written(map<&write_hdf5_block<T>>({blocks, where}, made, target, entry)
                           .annotate({.name = "write " + name}, where),
                       where);
  };
}
/// The tasks at the top of this file, of which `writers` make those that write.
Delayed<void> written_by_blocks(const Hdf5Target& target, const std::vector<Hdf5BlockWriter>& writers,
                                const std::string& name, std::source_location where);

}  // namespace ramal::detail
