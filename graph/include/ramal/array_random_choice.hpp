// SPDX-License-Identifier: BSD-3-Clause
// Random samples: numbers that are drawn with replacement, and permutations. As in <ramal/array_random.hpp>
// each element is a function of the seed and of its place alone.
//
//   const auto order = ramal::random_permutation(7, rows);         // 0 to rows - 1, each once
//   const auto sample = ramal::random_choice(8, rows, {1000});     // 1000 of these, some twice
//   const auto loaded = ramal::random_weighted_choice(9, {1, 1, 4}, {100});     // 2 four times as often as 0
//
// A permutation needs neither memory nor messages: each element is a Feistel network's image of its place (M.
// Luby and C. Rackoff: How to construct pseudorandom permutations from pseudorandom functions. SIAM J.
// Comput. 17(2), 1988) over the next power of 2, applied again until it falls below n ("cycle walking"; J.
// Black and P. Rogaway: Ciphers with arbitrary finite domains. CT-RSA 2002). The rounds' functions are Philox
// 4x32-10.
#pragma once

#include <ramal/array_random.hpp>

namespace ramal {

namespace detail {

/// Where a permutation of 0 to n - 1 puts each number. Threads: as a constant.
class Permutation {
 public:
  /// Requires n from 0 to 2^62. O(n) up to the length of a table, 256, beyond it O(1).
  Permutation(std::uint64_t seed, std::uint64_t n);
  /// Requires a place below n. Expected O(1): fewer than two walks on average.
  std::uint64_t operator()(std::uint64_t place) const;

 private:
  std::uint64_t walked(std::uint64_t number) const;

  std::uint64_t seed_, n_;
  int low_bits_ = 0, high_bits_ = 0;  ///< of the network's halves
  std::vector<std::uint64_t> table_;  ///< all images, of few
};

struct PermutationGenerator {
  static constexpr std::string_view name = "random_permutation";
  using type = std::int64_t;
  void row(const Extents& place, std::int64_t count, std::int64_t* to) const {
    const Permutation permutation(seed, n);
    for (std::int64_t i = 0; i < count; ++i)
      to[i] = static_cast<std::int64_t>(permutation(place[0] + static_cast<std::uint64_t>(i)));
  }
  std::uint64_t seed, n;
};
/// The number of sums that are at most u times their last, for each u from 0 to before 1.
Block<std::int64_t> choose(const Block<double>& uniform, const Block<double>& sums);
/// Sums of all weights up to each. Throws std::invalid_argument if there is none above 0, or one that is
/// below 0 or not finite.
Block<double> sums_of_weights(std::span<const double> weights, std::source_location where);

}  // namespace detail

/// The numbers from 0 to n - 1 in random order, each once. `a` in that order is what `take` gives. For up to
/// 256 numbers all orders are as likely (Fisher and Yates' shuffle); of more numbers a Feistel network
/// reaches very many orders, but not all. An element takes about 1 us. Throws std::invalid_argument for n
/// below 0.
inline Array<std::int64_t> random_permutation(std::uint64_t seed, std::int64_t n, const Chunks& chunks = {},
                                              std::source_location where = std::source_location::current()) {
  if (n < 0 || n > std::int64_t{1} << 62)
    detail::refuse_array("random_permutation: expected a number from 0 to 2^62, found " + std::to_string(n),
                         where);
  const auto count = static_cast<std::uint64_t>(n);
  return detail::generated(detail::PermutationGenerator{seed, count}, {count}, chunks, where);
}
/// Numbers from 0 to n - 1, all as likely and independent of each other. Throws std::invalid_argument for n
/// below 1, also of an array without elements.
inline Array<std::int64_t> random_choice(std::uint64_t seed, std::int64_t n, const Extents& shape,
                                         const Chunks& chunks = {},
                                         std::source_location where = std::source_location::current()) {
  if (n < 1)
    detail::refuse_array("random_choice: expected 1 number or more, found " + std::to_string(n), where);
  return random_integers<std::int64_t>(seed, shape, 0, n, chunks, where);
}
/// Numbers from 0 to k - 1 for k weights, each as likely as its weight is of their sum, found by the inverse
/// of their cumulative distribution. O(k) here; each rank is sent the sums of the weights once; O(log k) for
/// each element. Throws std::invalid_argument if there is no weight above 0, or one below 0 or not finite.
inline Array<std::int64_t> random_weighted_choice(
    std::uint64_t seed, const std::vector<double>& weights, const Extents& shape, const Chunks& chunks = {},
    std::source_location where = std::source_location::current()) {
  const auto sums = value(detail::sums_of_weights(weights, where), where);
  const Array<double> uniform = random_uniform<double>(seed, shape, 0, 1, chunks, where);
  const auto chosen = map<&detail::choose>({uniform.blocks(where), where}, sums);
  return Array<std::int64_t>(detail::plain_state(chosen.view(), uniform.state().axes, where));
}

}  // namespace ramal
