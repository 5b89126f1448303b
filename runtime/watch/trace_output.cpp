// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/trace_output.hpp"

#ifdef RAMAL_HAS_ZLIB
#include <zlib.h>
#endif

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace ramal::detail {

struct TraceOutput::File {
  std::string path;
  std::FILE* plain = nullptr;
#ifdef RAMAL_HAS_ZLIB
  gzFile packed = nullptr;
#endif

  [[noreturn]] void fail() const {
    throw std::system_error(errno != 0 ? errno : EIO, std::generic_category(), path);
  }
  ~File() { end(); }
  bool end() {
    bool well = true;
    if (plain != nullptr) well = std::fclose(std::exchange(plain, nullptr)) == 0;
#ifdef RAMAL_HAS_ZLIB
    if (packed != nullptr) well = gzclose(std::exchange(packed, nullptr)) == Z_OK;
#endif
    return well;
  }
};

TraceOutput::TraceOutput(const std::string& path, bool compressed) : file_(std::make_unique<File>()) {
  file_->path = path;
  errno = 0;
  if (!compressed) {
    file_->plain = std::fopen(path.c_str(), "wb");
    if (file_->plain == nullptr) file_->fail();
    return;
  }
#ifdef RAMAL_HAS_ZLIB
  constexpr unsigned buffer_bytes = 128 << 10;
  file_->packed = gzopen(path.c_str(), "wb3");  // level 3: three times as fast as the usual 6, a tenth larger
  if (file_->packed == nullptr) file_->fail();
  gzbuffer(file_->packed, buffer_bytes);
#else
  throw std::runtime_error("this Ramal was built without zlib; a name that does not end in .gz needs none");
#endif
}

TraceOutput::~TraceOutput() = default;

void TraceOutput::microseconds(std::int64_t nanoseconds) {
  if (nanoseconds < 0) {
    *this << '-';
    nanoseconds = nanoseconds == INT64_MIN ? INT64_MAX : -nanoseconds;
  }
  *this << nanoseconds / 1000;
  const auto rest = static_cast<int>(nanoseconds % 1000);
  if (rest == 0) return;
  const char digits[] = {'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                         static_cast<char>('0' + rest % 10)};
  *this << std::string_view(digits, sizeof digits);
}

void TraceOutput::flush() {
  errno = 0;
  bool well = true;
  if (file_->plain != nullptr) {
    well = std::fwrite(buffer_.data(), 1, buffer_.size(), file_->plain) == buffer_.size();
  }
#ifdef RAMAL_HAS_ZLIB
  if (file_->packed != nullptr && !buffer_.empty())
    well = gzwrite(file_->packed, buffer_.data(), static_cast<unsigned>(buffer_.size())) > 0;
#endif
  if (!well) file_->fail();
  buffer_.clear();
}

void TraceOutput::close() {
  flush();
  errno = 0;
  if (!file_->end()) file_->fail();
}

}  // namespace ramal::detail
