// SPDX-License-Identifier: BSD-3-Clause
// Bitmaps in 64-bit words: bit i is bit i % 64 of word i / 64.
#pragma once

#include <bit>
#include <cstdint>

namespace ramal::detail {

/// The `count` lowest bits are set; count is 0 to 64.
constexpr std::uint64_t low_bits(std::int64_t count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

/// `count` bits from bit `first` on, 1 to 64 of them, with zeros above. No word is read that has none of
/// them.
inline std::uint64_t bits_at(const std::uint64_t* words, std::int64_t first, std::int64_t count) {
  const std::int64_t word = first >> 6, shift = first & 63;
  std::uint64_t bits = words[word] >> shift;
  if (shift + count > 64) bits |= words[word + 1] << (64 - shift);
  return bits & low_bits(count);
}

/// Copies bits [first, first + count) of `from` to bits [at, at + count) of `to`. What `to` has before `at`
/// stays; behind the last bit its word is zero. O(words).
inline void copy_bits(std::uint64_t* to, std::int64_t at, const std::uint64_t* from, std::int64_t first,
                      std::int64_t count) {
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t word = (at + done) >> 6, shift = (at + done) & 63;
    const std::int64_t some = count - done < 64 - shift ? count - done : 64 - shift;
    const std::uint64_t kept = shift == 0 ? 0 : to[word] & low_bits(shift);
    to[word] = kept | bits_at(from, first + done, some) << shift;
    done += some;
  }
}

/// The same with `count` bits that are all `bit`.
inline void fill_bits(std::uint64_t* to, std::int64_t at, bool bit, std::int64_t count) {
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t word = (at + done) >> 6, shift = (at + done) & 63;
    const std::int64_t some = count - done < 64 - shift ? count - done : 64 - shift;
    const std::uint64_t kept = shift == 0 ? 0 : to[word] & low_bits(shift);
    to[word] = kept | (bit ? low_bits(some) << shift : 0);
    done += some;
  }
}

/// How many of the first `count` bits are set. O(words).
inline std::int64_t count_bits(const std::uint64_t* words, std::int64_t count) {
  std::int64_t set = 0;
  for (std::int64_t word = 0; word < count / 64; ++word) set += std::popcount(words[word]);
  return (count & 63) == 0 ? set : set + std::popcount(words[count / 64] & low_bits(count & 63));
}

}  // namespace ramal::detail
