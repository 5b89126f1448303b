// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace ramal::detail {

/// No byte is above 127. As fast as memory is read.
inline bool is_ascii(std::string_view text) {
  std::uint64_t all = 0, last = 0;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + i, 8);
    all |= eight;
  }
  if (i < text.size()) std::memcpy(&last, text.data() + i, text.size() - i);
  return ((all | last) & 0x8080808080808080u) == 0;
}

/// Unicode's table 3-7, well-formed UTF-8 byte sequences: no overlong forms, no surrogates, nothing above
/// U+10FFFF.
inline bool is_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char lead = byte(i++);
    if (lead < 0x80) continue;
    const std::size_t more = lead >= 0xC2 && lead <= 0xDF   ? 1
                             : lead >= 0xE0 && lead <= 0xEF ? 2
                             : lead >= 0xF0 && lead <= 0xF4 ? 3
                                                            : 0;
    if (more == 0 || text.size() - i < more) return false;
    const unsigned char least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte(i) < least || byte(i) > most) return false;
    for (std::size_t j = 1; j < more; ++j)
      if ((byte(i + j) & 0xC0) != 0x80) return false;
    i += more;
  }
  return true;
}

}  // namespace ramal::detail
