// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/array_random.hpp>

#include <numbers>

namespace ramal::detail {

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 2> key, std::array<std::uint32_t, 4> counter) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t second = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {
        static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(second),
        static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(first)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

namespace {

/// Two words of 64 bits that belong to the elements 2 * pair and 2 * pair + 1.
std::array<std::uint64_t, 2> words_of(std::uint64_t seed, std::uint64_t pair) {
  const auto words = philox({static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
                            {static_cast<std::uint32_t>(pair), static_cast<std::uint32_t>(pair >> 32), 0, 0});
  return {words[0] | std::uint64_t{words[1]} << 32, words[2] | std::uint64_t{words[3]} << 32};
}
/// From 0 to before 1, in steps of 2^-53.
double unit(std::uint64_t word) { return static_cast<double>(word >> 11) * 0x1p-53; }

/// `make` turns two words into the numbers of two elements.
template <class T, class Make>
void fill_pairs(std::uint64_t seed, std::uint64_t first, std::int64_t count, T* to, const Make& make) {
  for (std::int64_t i = 0; i < count;) {
    const std::uint64_t element = first + static_cast<std::uint64_t>(i);
    const std::array<T, 2> both = make(words_of(seed, element / 2));
    if (element % 2 == 0) to[i++] = both[0];
    if (i < count) to[i++] = both[1];
  }
}

}  // namespace

void fill_uniform(std::uint64_t seed, std::uint64_t first, std::int64_t count, double* to) {
  fill_pairs(seed, first, count, to, [](const std::array<std::uint64_t, 2>& words) {
    return std::array<double, 2>{unit(words[0]), unit(words[1])};
  });
}

void fill_normal(std::uint64_t seed, std::uint64_t first, std::int64_t count, double* to) {
  fill_pairs(seed, first, count, to, [](const std::array<std::uint64_t, 2>& words) {
    const double radius = std::sqrt(-2 * std::log(1 - unit(words[0])));
    const double angle = 2 * std::numbers::pi * unit(words[1]);
    return std::array<double, 2>{radius * std::cos(angle), radius * std::sin(angle)};
  });
}

void fill_integers(std::uint64_t seed, std::uint64_t first, std::int64_t count, std::uint64_t range,
                   std::uint64_t* to) {
  fill_pairs(seed, first, count, to, [range](const std::array<std::uint64_t, 2>& words) {
    const auto scaled = [range](std::uint64_t word) {
      __extension__ using Wide = unsigned __int128;
      return static_cast<std::uint64_t>(Wide{word} * range >> 64);
    };
    return std::array<std::uint64_t, 2>{scaled(words[0]), scaled(words[1])};
  });
}

}  // namespace ramal::detail
