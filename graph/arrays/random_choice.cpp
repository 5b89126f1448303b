// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/array_random_choice.hpp>

#include <bit>

namespace ramal::detail {

namespace {

constexpr std::uint64_t longest_table = 256;
/// Twice what Luby and Rackoff need of ideal functions, since halves may have few bits. Even, so that halves
/// of different lengths come back to their places.
constexpr std::uint32_t rounds = 8;

/// 64 bits that hang on a number and a round. Uniform numbers have 0 for the last word of their counters.
std::uint64_t mixed(std::uint64_t seed, std::uint64_t number, std::uint32_t round) {
  constexpr std::uint32_t of_permutations = 0x7065726d;
  const auto words = philox(
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32), round, of_permutations});
  return words[0] | std::uint64_t{words[1]} << 32;
}

}  // namespace

Permutation::Permutation(std::uint64_t seed, std::uint64_t n) : seed_(seed), n_(n) {
  if (n > longest_table) {
    const int bits = static_cast<int>(std::bit_width(n - 1));
    low_bits_ = (bits + 1) / 2;
    high_bits_ = bits / 2;
    return;
  }
  table_.resize(n);
  std::iota(table_.begin(), table_.end(), std::uint64_t{0});
  for (std::uint64_t i = n; i-- > 1;) {
    // Of 64 bits none of so few is likelier than another by more than 2^-56.
    __extension__ using Wide = unsigned __int128;
    const auto j = static_cast<std::uint64_t>(Wide{mixed(seed, i, rounds)} * (i + 1) >> 64);
    std::swap(table_[i], table_[j]);
  }
}

/// Halves of `high` and `low` bits: (a, b) becomes (b, a ^ f(b)), so that they change their lengths in each
/// round.
std::uint64_t Permutation::walked(std::uint64_t number) const {
  int a_bits = high_bits_, b_bits = low_bits_;
  std::uint64_t a = number >> low_bits_, b = number & ((std::uint64_t{1} << low_bits_) - 1);
  for (std::uint32_t round = 0; round < rounds; ++round) {
    const std::uint64_t mask = (std::uint64_t{1} << a_bits) - 1;
    const std::uint64_t next = a ^ (mixed(seed_, b, round) & mask);
    a = std::exchange(b, next);
    std::swap(a_bits, b_bits);
  }
  return a << low_bits_ | b;
}

std::uint64_t Permutation::operator()(std::uint64_t place) const {
  if (!table_.empty()) return table_[place];
  // The network maps its domain one to one, so that the way from a place leads back to it, if not to another
  // number below n first. So it ends, and no two ways end at one number.
  std::uint64_t number = walked(place);
  while (number >= n_) number = walked(number);
  return number;
}

Block<std::int64_t> choose(const Block<double>& uniform, const Block<double>& sums) {
  Block<std::int64_t> chosen(uniform.shape(), uniform.offset());
  const double whole = sums.data()[sums.size() - 1];
  // Rounding may reach the last sum; what comes after it has no weight.
  const std::int64_t last = std::lower_bound(sums.begin(), sums.end(), whole) - sums.begin();
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const std::int64_t found =
        std::upper_bound(sums.begin(), sums.end(), uniform.data()[i] * whole) - sums.begin();
    chosen.data()[i] = std::min(found, last);
  }
  return chosen;
}

Block<double> sums_of_weights(std::span<const double> weights, std::source_location where) {
  Block<double> sums({weights.size()});
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!(weights[i] >= 0))
      refuse_array(
          "random_weighted_choice: expected weights of 0 or more, found " + std::to_string(weights[i]),
          where);
    sums.data()[i] = sum += weights[i];
  }
  if (!(sum > 0) || !std::isfinite(sum))
    refuse_array("random_weighted_choice: expected weights whose sum is finite and above 0, found " +
                     std::to_string(sum),
                 where);
  return sums;
}

}  // namespace ramal::detail
