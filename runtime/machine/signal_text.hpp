// SPDX-License-Identifier: BSD-3-Clause
// SignalText: text that is made and written where nothing may allocate or take a lock, as in signal handlers.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ramal::detail {

/// What does not fit is left out, but for the last line's end. One thread at a time.
class SignalText {
 public:
  struct Hex {
    std::uintptr_t number;
  };
  SignalText& operator<<(std::string_view more) {
    const std::size_t count = std::min(more.size(), room_.size() - 1 - size_);
    std::memcpy(room_.data() + size_, more.data(), count);
    size_ += count;
    return *this;
  }
  SignalText& operator<<(const char* more) { return *this << std::string_view(more); }
  SignalText& operator<<(std::int64_t number) {
    if (number < 0) *this << "-";
    return digits(number < 0 ? ~static_cast<std::uint64_t>(number) + 1 : static_cast<std::uint64_t>(number),
                  10);
  }
  SignalText& operator<<(int number) { return *this << std::int64_t{number}; }
  SignalText& operator<<(std::uint64_t number) { return digits(number, 10); }
  SignalText& operator<<(std::uint32_t number) { return digits(number, 10); }
  SignalText& operator<<(Hex address) {
    *this << "0x";
    return digits(address.number, 16);
  }
  std::string_view view() const { return {room_.data(), size_}; }
  void clear() { size_ = 0; }
  /// In one piece where the system takes it so, with an end of line behind it; then it is empty.
  void write_line(int file) {
    room_[size_++] = '\n';
    for (std::size_t done = 0; done < size_;) {
      const auto written = ::write(file, room_.data() + done, size_ - done);
      if (written > 0) {
        done += static_cast<std::size_t>(written);
      } else if (written < 0 && errno != EINTR && errno != EAGAIN) {
        break;  // nobody can be told
      }
    }
    clear();
  }

 private:
  SignalText& digits(std::uint64_t number, unsigned base) {
    std::array<char, 20> text;
    std::size_t at = text.size();
    do {
      text[--at] = "0123456789abcdef"[number % base];
      number /= base;
    } while (number > 0);
    return *this << std::string_view(text.data() + at, text.size() - at);
  }

  std::array<char, 2048> room_;
  std::size_t size_ = 0;
};

}  // namespace ramal::detail
