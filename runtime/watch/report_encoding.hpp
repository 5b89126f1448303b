// SPDX-License-Identifier: BSD-3-Clause
// Numbers as a report holds them: LEB128 varints, the sign in the lowest bit where there is one (zigzag), and
// all of it as base64, which text may hold.
#pragma once

#include <cstdint>
#include <string>

namespace ramal::detail {

class Varints {
 public:
  Varints& put(std::uint64_t value) {
    constexpr std::uint64_t more = 0x80;
    for (; value >= more; value >>= 7) bytes_ += static_cast<char>(value | more);
    bytes_ += static_cast<char>(value);
    return *this;
  }
  Varints& put_signed(std::int64_t value) {
    return put(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  }
  const std::string& bytes() const { return bytes_; }
  std::string base64() const {
    static constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes_.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes_.size(); at += 3) {
      std::uint32_t three = 0;
      for (std::size_t i = at; i < at + 3; ++i)
        three = three << 8 | (i < bytes_.size() ? static_cast<unsigned char>(bytes_[i]) : 0);
      for (int shift = 18; shift >= 0; shift -= 6) text += letters[three >> shift & 63];
    }
    for (std::size_t missing = (3 - bytes_.size() % 3) % 3; missing > 0; --missing)
      text[text.size() - missing] = '=';
    return text;
  }

 private:
  std::string bytes_;
};

}  // namespace ramal::detail
