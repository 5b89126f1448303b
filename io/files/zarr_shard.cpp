// SPDX-License-Identifier: BSD-3-Clause
#include "io/files/zarr_shard.hpp"

#include "io/files/codecs.hpp"
#include "io/files/element_type.hpp"
#include "io/files/zarr_metadata.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

namespace ramal::detail {

namespace {

constexpr std::uint64_t no_chunk = ~std::uint64_t{0};

}  // namespace

std::optional<std::string> ShardReader::read(const Extents& place, std::uint64_t limit) {
  Extents shard = place;
  std::uint64_t number = 0;  // of the chunk in its shard
  for (std::size_t d = 0; d < place.size(); ++d) {
    const std::uint64_t chunks = plan_.shard[d] / plan_.chunk[d];
    shard[d] = place[d] / chunks;
    number = number * chunks + place[d] % chunks;
  }
  if (const std::string file = plan_.folder + '/' + chunk_key(plan_, shard); file != file_) {
    file_ = file;
    open();
  }
  if (!opened_) return std::nullopt;
  const std::uint64_t offset = index_[2 * number], bytes = index_[2 * number + 1];
  if (offset == no_chunk && bytes == no_chunk) return std::nullopt;
  const std::string chunk = "chunk " + std::to_string(number) + " of the shard";
  if (bytes > limit)
    refuse_file(file_, chunk + ": expected at most " + std::to_string(limit) + " bytes, found " +
                           std::to_string(bytes));
  if (offset > file_bytes_ || bytes > file_bytes_ - offset)
    refuse_file(file_, chunk + " is said to be behind the end of the file");
  std::string content(bytes, '\0');
  read_at(*opened_, file_, content.data(), bytes, offset);
  return content;
}

void ShardReader::open() {
  opened_.reset();
  opened_.emplace(::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened_->is_open()) {
    const int error = errno;
    opened_.reset();
    if (error == ENOENT || error == ENOTDIR) return;
    refuse_file(file_, "cannot be opened", error);
  }
  file_bytes_ = identity_of(*opened_, file_).bytes;
  read_index();
}

void ShardReader::read_index() {
  std::uint64_t chunks = 1;
  for (std::size_t d = 0; d < plan_.shard.size(); ++d) chunks *= plan_.shard[d] / plan_.chunk[d];
  const std::uint64_t check_bytes = plan_.index.has_check ? 4 : 0, bytes = 16 * chunks + check_bytes;
  if (bytes > file_bytes_)
    refuse_file(file_, "expected an index of " + std::to_string(bytes) + " bytes, found a file of " +
                           std::to_string(file_bytes_));
  std::string index(bytes, '\0');
  read_at(*opened_, file_, index.data(), bytes, plan_.index.is_first ? 0 : file_bytes_ - bytes);
  try {
    if (plan_.index.has_check) index = decode("crc32c", index, bytes);
  } catch (const std::runtime_error& error) {
    refuse_file(file_, "its index: " + std::string(error.what()));
  }
  index_.resize(2 * chunks);
  std::memcpy(index_.data(), index.data(), 16 * chunks);
  if (plan_.index.is_swapped) swap_bytes(index_.data(), 16 * chunks, 8);
}

}  // namespace ramal::detail
