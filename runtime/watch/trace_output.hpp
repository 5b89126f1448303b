// SPDX-License-Identifier: BSD-3-Clause
// TraceOutput: text into a file, compressed on the way if it is to be.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ramal::detail {

class TraceOutput {
 public:
  /// Writes over a file that is there. `compressed`: as gzip, which Perfetto and Chrome open as it is. Throws
  /// std::runtime_error if this Ramal has no zlib for that, and as `close`.
  TraceOutput(const std::string& path, bool compressed);
  ~TraceOutput();

  TraceOutput& operator<<(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= most_bytes) flush();
    return *this;
  }
  TraceOutput& operator<<(const char* text) { return *this << std::string_view(text); }
  TraceOutput& operator<<(char letter) { return *this << std::string_view(&letter, 1); }
  TraceOutput& operator<<(std::integral auto number) {
    char digits[24];
    return *this << std::string_view(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  }
  /// Nanoseconds as microseconds, exactly.
  void microseconds(std::int64_t nanoseconds);
  /// All is written. Throws std::system_error, which begins with the file's name.
  void close();

 private:
  static constexpr std::size_t most_bytes = std::size_t{1} << 20;
  struct File;
  void flush();

  std::unique_ptr<File> file_;
  std::string buffer_;
};

}  // namespace ramal::detail
