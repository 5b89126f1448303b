// SPDX-License-Identifier: BSD-3-Clause
// Files of arrays as the system sees them. Everything here throws FileError, which names the file.
#pragma once

#include "graph/core/descriptor.hpp"

#include <ramal/block.hpp>
#include <ramal/detail/array_file.hpp>

#include <optional>

namespace ramal::detail {

/// Throws "ramal: FILE: PROBLEM".
[[noreturn]] void refuse_file(const std::string& file, const std::string& problem);
/// The same, with the system's word on why.
[[noreturn]] void refuse_file(const std::string& file, const std::string& problem, int error);

/// Tells one version of a file from another.
struct FileIdentity {
  std::uint64_t bytes = 0, modified_ns = 0, inode = 0;
  bool operator==(const FileIdentity&) const = default;
};
FileIdentity identity_of(const Descriptor& open_file, const std::string& file);
Descriptor open_to_read(const std::string& file);
/// Reads all of these bytes. A file that ends before is refused.
void read_at(const Descriptor& from, const std::string& file, void* memory, std::uint64_t bytes,
             std::uint64_t offset);
void write_at(const Descriptor& to, const std::string& file, const void* memory, std::uint64_t bytes,
              std::uint64_t offset);
/// Closes a file that was written, which may say what has not reached it.
void close_written(Descriptor& file, const std::string& name);
/// All of a file of at most `limit` bytes; nothing if there is none.
std::optional<std::string> read_whole(const std::string& file, std::uint64_t limit);
/// The file appears with all of its content. It is not brought to the disk.
void write_whole(const std::string& file, std::string_view content);
/// The path from the root, without links followed.
std::string absolute_path(const std::string& file);
/// Refuses what is not all of an array, in one place, on the rank where that was prepared.
void check_written(const WrittenBlocks& written, const Unfinished& unfinished, const std::string& file,
                   const Extents& shape);

/// Calls `use(in_whole, in_box, count)` for each run of a box's elements that lie side by side in an array of
/// shape `whole`, and in the box. Numbers count elements.
template <class Use>
void for_each_run(const Extents& whole, const Extents& offset, const Extents& shape, const Use& use) {
  const std::uint64_t size = shape.product();
  if (size == 0) return;
  std::size_t outer = whole.size();  // axes before it are gone through
  std::uint64_t run = 1, stride = 1;
  while (outer > 0) {
    --outer;
    run *= shape[outer];
    if (shape[outer] != whole[outer]) break;
  }
  std::uint64_t first = 0;
  for (std::size_t d = 0; d < whole.size(); ++d) first = first * whole[d] + offset[d];
  Extents at = Extents::filled(outer, 0), strides = at;
  for (std::size_t d = whole.size(); d-- > 0; stride *= whole[d])
    if (d < outer) strides[d] = stride;
  for (std::uint64_t done = 0; done < size; done += run) {
    use(first, done, run);
    for (std::size_t d = outer; d-- > 0;) {
      first += strides[d];
      if (++at[d] < shape[d]) break;
      first -= at[d] * strides[d];
      at[d] = 0;
    }
  }
}

}  // namespace ramal::detail
