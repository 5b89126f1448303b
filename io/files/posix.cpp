// SPDX-License-Identifier: BSD-3-Clause
#include "io/files/posix.hpp"

#include "graph/core/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace ramal::detail {

void refuse_file(const std::string& file, const std::string& problem) {
  throw FileError("ramal: " + file + ": " + problem);
}
void refuse_file(const std::string& file, const std::string& problem, int error) {
  refuse_file(file, problem + ": " + std::generic_category().message(error));
}

FileIdentity identity_of(const Descriptor& open_file, const std::string& file) {
  struct stat status {};
  if (fstat(open_file.number(), &status) != 0) refuse_file(file, "cannot be looked at", errno);
  if (!S_ISREG(status.st_mode)) refuse_file(file, "is no file");
  return {static_cast<std::uint64_t>(status.st_size),
          static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
              static_cast<std::uint64_t>(status.st_mtim.tv_nsec),
          static_cast<std::uint64_t>(status.st_ino)};
}

Descriptor open_to_read(const std::string& file) {
  // What is no file, such as a pipe, must not keep us waiting.
  Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened.is_open()) refuse_file(file, "cannot be opened", errno);
  return opened;
}

void read_at(const Descriptor& from, const std::string& file, void* memory, std::uint64_t bytes,
             std::uint64_t offset) {
  auto* to = static_cast<char*>(memory);
  while (bytes > 0) {
    const ssize_t count = pread(from.number(), to, bytes, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse_file(file, "cannot be read", errno);
    if (count == 0)
      refuse_file(
          file, "ends at byte " + std::to_string(offset) + ", " + std::to_string(bytes) + " bytes too early");
    to += count;
    offset += static_cast<std::uint64_t>(count);
    bytes -= static_cast<std::uint64_t>(count);
  }
}

void write_at(const Descriptor& to, const std::string& file, const void* memory, std::uint64_t bytes,
              std::uint64_t offset) {
  const auto* from = static_cast<const char*>(memory);
  while (bytes > 0) {
    const ssize_t count = pwrite(to.number(), from, bytes, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse_file(file, "cannot be written", errno);
    from += count;
    offset += static_cast<std::uint64_t>(count);
    bytes -= static_cast<std::uint64_t>(count);
  }
}

void close_written(Descriptor& file, const std::string& name) {
  if (!file.close()) refuse_file(name, "cannot be written", errno);
}

std::optional<std::string> read_whole(const std::string& file, std::uint64_t limit) {
  const Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened.is_open()) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    refuse_file(file, "cannot be opened", errno);
  }
  const std::uint64_t bytes = identity_of(opened, file).bytes;
  if (bytes > limit)
    refuse_file(file, "expected at most " + std::to_string(limit) + " bytes, found " + std::to_string(bytes));
  std::string content(bytes, '\0');
  read_at(opened, file, content.data(), bytes, 0);
  return content;
}

void write_whole(const std::string& file, std::string_view content) {
  const std::string part = file + ".part" + mark_text(new_mark());
  try {
    Descriptor made(open(part.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666));
    if (!made.is_open()) refuse_file(part, "cannot be made", errno);
    write_at(made, part, content.data(), content.size(), 0);
    close_written(made, part);
    if (std::rename(part.c_str(), file.c_str()) != 0) refuse_file(file, "cannot be given its name", errno);
  } catch (...) {
    unlink(part.c_str());
    throw;
  }
}

std::string absolute_path(const std::string& file) {
  return std::filesystem::absolute(file).lexically_normal().string();
}

void check_written(const WrittenBlocks& written, const Unfinished& unfinished, const std::string& file,
                   const Extents& shape) {
  if (written.elements != shape.product() || written.mark != unfinished.mark)
    refuse_file(file, "expected all of " + std::to_string(shape.product()) +
                          " elements to be written in one place, found " + std::to_string(written.elements));
  if (unfinished.owner == nullptr) refuse_file(file, "was prepared on another rank");
}

}  // namespace ramal::detail
