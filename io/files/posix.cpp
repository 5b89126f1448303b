// SPDX-License-Identifier: BSD-3-Clause
#include "io/files/posix.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
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
  const std::string part = file + ".part" + part_mark();
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

std::string part_mark() {
  std::random_device device;
  char mark[32];
  std::snprintf(mark, sizeof mark, ".%08x%08x", device(), device());
  return mark;
}

// --- elements ---------------------------------------------------------------------------------------------

namespace {

template <class Word, class Swap>
void swap_words(std::byte* memory, std::uint64_t bytes, const Swap& swap) {
  for (std::uint64_t at = 0; at + sizeof(Word) <= bytes; at += sizeof(Word)) {
    Word word;
    std::memcpy(&word, memory + at, sizeof word);
    word = swap(word);
    std::memcpy(memory + at, &word, sizeof word);
  }
}

}  // namespace

void swap_bytes(void* memory, std::uint64_t bytes, std::size_t word_bytes) {
  auto* at = static_cast<std::byte*>(memory);
  if (word_bytes == 2)
    swap_words<std::uint16_t>(at, bytes, [](std::uint16_t word) { return __builtin_bswap16(word); });
  if (word_bytes == 4)
    swap_words<std::uint32_t>(at, bytes, [](std::uint32_t word) { return __builtin_bswap32(word); });
  if (word_bytes == 8)
    swap_words<std::uint64_t>(at, bytes, [](std::uint64_t word) { return __builtin_bswap64(word); });
}

void normalise_booleans(void* memory, std::uint64_t bytes) {
  auto* at = static_cast<unsigned char*>(memory);
  for (std::uint64_t i = 0; i < bytes; ++i) at[i] = at[i] != 0;
}

char ElementType::letter() const { return "biufc"[static_cast<int>(kind)]; }

std::string ElementType::text() const {
  const char* const names[] = {"bool", "int", "uint", "float", "complex"};
  const std::string name = names[static_cast<int>(kind)];
  return kind == Kind::boolean ? name : name + std::to_string(8 * bytes);
}

std::string ElementType::numpy_text() const {
  const char order = bytes == 1 ? '|' : std::endian::native == std::endian::little ? '<' : '>';
  return std::string{order, letter()} + std::to_string(bytes);
}

}  // namespace ramal::detail
