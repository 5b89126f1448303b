// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/key.hpp>

namespace ramal::detail {

void KeyHasher::add_bytes(const std::byte* bytes, std::size_t count) {
  add(count);
  constexpr std::size_t word_bytes = sizeof(std::uint64_t);
  for (; count >= word_bytes; bytes += word_bytes, count -= word_bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, word_bytes);
    add(word);
  }
  if (count == 0) return;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, count);
  add(word);
}

}  // namespace ramal::detail
