// SPDX-License-Identifier: BSD-3-Clause
#include "graph/core/atomic_file.hpp"

#include "graph/core/descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <random>
#include <system_error>

namespace ramal::detail {

namespace {

[[noreturn]] void fail(const std::string& file, int error) {
  throw std::system_error(error, std::generic_category(), file);
}

}  // namespace

std::uint64_t new_mark() {
  std::random_device device;
  std::uint64_t mark = 0;
  while (mark == 0) mark = std::uint64_t{device()} << 32 | device();
  return mark;
}
std::string mark_text(std::uint64_t mark) {
  char text[32];
  std::snprintf(text, sizeof text, ".%016llx", static_cast<unsigned long long>(mark));
  return text;
}

AtomicFile::AtomicFile(std::string file, const std::string& mark)
    : file_(std::move(file)), part_(file_ + ".part" + mark) {}

AtomicFile::~AtomicFile() {
  if (made_) unlink(part_.c_str());
}

Descriptor AtomicFile::open_part(int flags) {
  Descriptor part(open(part_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC | flags, 0666));
  if (!part.is_open()) fail(part_, errno);
  made_ = true;
  return part;
}

void AtomicFile::make(bool alone) { open_part(alone ? O_EXCL : O_TRUNC); }

void AtomicFile::write(std::string_view content) {
  Descriptor file = open_part(O_TRUNC);
  while (!content.empty()) {
    const ssize_t written = ::write(file.number(), content.data(), content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      fail(part_, errno);
    }
  }
  if (fsync(file.number()) != 0 || !file.close()) fail(part_, errno);
}

void AtomicFile::publish() {
  if (std::rename(part_.c_str(), file_.c_str()) != 0) fail(file_, errno);
  made_ = false;
  // So that the name outlives a crash of the machine, where the file system can promise that.
  const auto slash = file_.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : file_.substr(0, slash + 1);
  const Descriptor names(open(folder.c_str(), O_RDONLY | O_CLOEXEC));
  if (names.is_open()) fsync(names.number());
}

}  // namespace ramal::detail
