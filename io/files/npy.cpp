// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/npy.hpp>

#include "graph/core/atomic_file.hpp"
#include "io/files/element_type.hpp"
#include "io/files/npy_header.hpp"
#include "io/files/posix.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace ramal::detail {

namespace {

/// The dict at the beginning of a file, and where its elements begin.
std::pair<std::string, std::uint64_t> read_header(const Descriptor& from, const std::string& file,
                                                  std::uint64_t file_bytes) {
  constexpr std::size_t most_ahead = npy_magic_bytes + 4;
  unsigned char head[most_ahead] = {};
  if (file_bytes < npy_magic_bytes + 2) refuse_file(file, "is no .npy file: it is too short");
  read_at(from, file, head, std::min<std::uint64_t>(file_bytes, most_ahead), 0);
  if (std::memcmp(head, "\x93NUMPY", 6) != 0) refuse_file(file, "is no .npy file: it does not begin as one");
  const int major = head[6], minor = head[7];
  if (major < 1 || major > 3 || minor != 0)
    refuse_file(file, "expected format version 1.0, 2.0 or 3.0, found " + std::to_string(major) + '.' +
                          std::to_string(minor));
  const std::size_t length_bytes = major == 1 ? 2 : 4, ahead = npy_magic_bytes + length_bytes;
  std::uint64_t length = 0;
  for (std::size_t i = length_bytes; i-- > 0;) length = length << 8 | head[npy_magic_bytes + i];
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 20;
  if (file_bytes < ahead || length > file_bytes - ahead)
    refuse_file(file, "is truncated: its header has " + std::to_string(length) + " bytes, the file " +
                          std::to_string(file_bytes));
  if (length > most_bytes)
    refuse_file(file,
                "expected a header of at most 1 MiB, found one of " + std::to_string(length) + " bytes");
  std::string header(length, '\0');
  read_at(from, file, header.data(), length, ahead);
  return {std::move(header), ahead + length};
}

/// How many bytes the elements take. Throws FileError if they are not all in the file.
void check_size(const NpyPlan& plan, const std::vector<std::uint64_t>& shape) {
  std::string text = plan.shape.text();
  std::uint64_t bytes = plan.type.bytes;
  bool is_empty = std::ranges::find(shape, 0u) != shape.end();
  for (const std::uint64_t length : shape) {
    if (length >> 62 != 0) refuse_file(plan.file, "its shape is too large");
    if (!is_empty && __builtin_mul_overflow(bytes, length, &bytes)) bytes = ~std::uint64_t{0};
    if (bytes == ~std::uint64_t{0}) break;
  }
  const std::uint64_t there = plan.file_bytes - plan.begin;
  if (!is_empty && bytes > there)
    refuse_file(plan.file, "is truncated: an array of shape " + text + " of " + plan.type.text() + " takes " +
                               (bytes == ~std::uint64_t{0} ? "2^64 or more" : std::to_string(bytes)) +
                               " bytes, found " + std::to_string(there));
}

}  // namespace

// --- reading ----------------------------------------------------------------------------------------------

NpyPlan plan_npy(const std::string& file, const ElementType& wanted) {
  NpyPlan plan{.file = absolute_path(file), .type = wanted};
  const Descriptor opened = open_to_read(plan.file);
  const FileIdentity identity = identity_of(opened, plan.file);
  plan.file_bytes = identity.bytes;
  plan.modified_ns = identity.modified_ns;
  plan.inode = identity.inode;
  const auto [text, begin] = read_header(opened, plan.file, plan.file_bytes);
  NpyHeader header;
  try {
    header = parse_npy_header(text);
  } catch (const std::invalid_argument& problem) {
    refuse_file(plan.file, problem.what());
  }
  plan.begin = begin;
  plan.is_swapped = is_type_swapped(plan.file, header.descr, wanted);
  plan.is_fortran = header.is_fortran && header.shape.size() > 1;
  if (header.shape.size() > Extents::most)
    refuse_file(plan.file, "expected at most 8 dimensions, found " + std::to_string(header.shape.size()));
  plan.shape = Extents(header.shape.data(), header.shape.size());
  check_size(plan, header.shape);
  if (plan.is_fortran) std::ranges::reverse_copy(header.shape, &plan.shape[0]);
  return plan;
}

void read_npy_into(void* memory, const NpyPlan& plan, const Extents& offset, const Extents& shape) {
  const Descriptor opened = open_to_read(plan.file);
  const FileIdentity planned{plan.file_bytes, plan.modified_ns, plan.inode};
  if (identity_of(opened, plan.file) != planned) refuse_file(plan.file, "has changed since it was looked at");
  const std::uint64_t element = plan.type.bytes, bytes = shape.product() * element;
  for_each_run(plan.shape, offset, shape, [&](std::uint64_t from, std::uint64_t to, std::uint64_t count) {
    read_at(opened, plan.file, static_cast<std::byte*>(memory) + to * element, count * element,
            plan.begin + from * element);
  });
  if (plan.is_swapped) swap_bytes(memory, bytes, plan.type.word_bytes());
  if (plan.type.kind == ElementType::Kind::boolean) normalise_booleans(memory, bytes);
}

// --- writing ----------------------------------------------------------------------------------------------

NpyTarget npy_target(const std::string& file, const ElementType& type, const Extents& shape,
                     std::source_location where) {
  if (file.empty() || file.back() == '/')
    refuse_array("write_npy: expected the name of a file, found '" + file + '\'', where);
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored))
    refuse_array("write_npy: expected the name of a file, found the folder '" + file + '\'', where);
  return {absolute_path(file), type, shape};
}

Unfinished prepare_npy(const NpyTarget& target) {
  const std::uint64_t mark = new_mark();
  auto owner = std::make_shared<AtomicFile>(target.file, mark_text(mark));
  try {
    owner->make(true);
  } catch (const std::system_error& error) {
    refuse_file(target.file, "cannot be written", error.code().value());
  }
  Unfinished unfinished{.part = owner->part(), .mark = mark, .owner = owner};
  Descriptor made(open(unfinished.part.c_str(), O_WRONLY | O_CLOEXEC));
  if (!made.is_open()) refuse_file(unfinished.part, "cannot be opened", errno);
  const std::string header = npy_header_text(target.type, target.shape);
  const auto bytes = static_cast<off_t>(header.size() + target.shape.product() * target.type.bytes);
  write_at(made, unfinished.part, header.data(), header.size(), 0);
  // Room on the disk, so that blocks do not find it full later. Not all file systems can give that.
  if (fallocate(made.number(), FALLOC_FL_KEEP_SIZE, 0, bytes) != 0 && (errno == ENOSPC || errno == EDQUOT))
    refuse_file(target.file, "the disk is full: " + std::to_string(bytes) + " bytes are needed", errno);
  if (ftruncate(made.number(), bytes) != 0) refuse_file(unfinished.part, "cannot be made so long", errno);
  close_written(made, unfinished.part);
  return unfinished;
}

void write_npy_box(const void* memory, const Unfinished& unfinished, const NpyTarget& target,
                   const Extents& offset, const Extents& shape) {
  if (shape.product() == 0) return;
  Descriptor opened(open(unfinished.part.c_str(), O_WRONLY | O_CLOEXEC));
  if (!opened.is_open()) refuse_file(unfinished.part, "cannot be opened", errno);
  const std::uint64_t begin = npy_header_text(target.type, target.shape).size(), element = target.type.bytes;
  for_each_run(target.shape, offset, shape, [&](std::uint64_t to, std::uint64_t from, std::uint64_t count) {
    write_at(opened, unfinished.part, static_cast<const std::byte*>(memory) + from * element, count * element,
             begin + to * element);
  });
  close_written(opened, unfinished.part);
}

void finish_npy(const WrittenBlocks& written, const Unfinished& unfinished, const NpyTarget& target) {
  check_written(written, unfinished, target.file, target.shape);
  Descriptor made(open(unfinished.part.c_str(), O_WRONLY | O_CLOEXEC));
  if (!made.is_open()) refuse_file(unfinished.part, "cannot be opened", errno);
  if (fsync(made.number()) != 0) refuse_file(target.file, "not all of it reached the disk", errno);
  close_written(made, unfinished.part);
  try {
    std::static_pointer_cast<AtomicFile>(unfinished.owner)->publish();
  } catch (const std::system_error& error) {
    refuse_file(target.file, "cannot be given its name", error.code().value());
  }
}

}  // namespace ramal::detail
