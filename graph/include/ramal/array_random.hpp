// SPDX-License-Identifier: BSD-3-Clause
// Arrays of random numbers. Each number is a function of the seed and of its place in the array alone: it
// does not depend on chunks or ranks, nor on what else is drawn. So a part of an array has the numbers that
// it has in the whole.
//
//   const auto noise = ramal::random_normal<double>(7, {1'000'000, 64});            // seed 7
//   const auto dice = ramal::random_integers(8, {1000}, 1, 7);                       // 1 to 6
//
// The generator is Philox 4x32-10 (J. Salmon, M. Moraes, R. Dror, D. Shaw: Parallel random numbers: as easy
// as 1, 2, 3. SC 2011). Arrays of two seeds have nothing to do with each other. Numbers of different
// functions here with one seed are made from the same bits.
#pragma once

#include <ramal/array.hpp>

namespace ramal {

namespace detail {

/// The four words that Philox 4x32-10 makes of a key and a counter.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 2> key, std::array<std::uint32_t, 4> counter);
/// Fills `to` with the numbers of an array's elements from `first` on, counted row by row.
void fill_uniform(std::uint64_t seed, std::uint64_t first, std::int64_t count, double* to);
void fill_normal(std::uint64_t seed, std::uint64_t first, std::int64_t count, double* to);
/// From 0 to before `range`, which is at least 1.
void fill_integers(std::uint64_t seed, std::uint64_t first, std::int64_t count, std::uint64_t range,
                   std::uint64_t* to);

template <class T, bool is_normal>
struct RealGenerator {
  static constexpr std::string_view name = is_normal ? "random_normal" : "random_uniform";
  using type = T;
  void row(const Extents& place, std::int64_t count, T* to) const {
    const std::uint64_t first = element_number(shape, place);
    double numbers[tile_elements];
    for (std::int64_t done = 0; done < count; done += tile_elements) {
      const std::int64_t some = std::min(tile_elements, count - done);
      (is_normal ? fill_normal : fill_uniform)(seed, first + static_cast<std::uint64_t>(done), some, numbers);
      for (std::int64_t i = 0; i < some; ++i) to[done + i] = static_cast<T>(offset + scale * numbers[i]);
    }
  }
  std::uint64_t seed;
  Extents shape;
  double offset, scale;
};
template <class T>
struct IntegerGenerator {
  static constexpr std::string_view name = "random_integers";
  using type = T;
  void row(const Extents& place, std::int64_t count, T* to) const {
    const std::uint64_t first = element_number(shape, place);
    std::uint64_t numbers[tile_elements];
    for (std::int64_t done = 0; done < count; done += tile_elements) {
      const std::int64_t some = std::min(tile_elements, count - done);
      fill_integers(seed, first + static_cast<std::uint64_t>(done), some, range, numbers);
      for (std::int64_t i = 0; i < some; ++i)
        to[done + i] = static_cast<T>(static_cast<std::uint64_t>(low) + numbers[i]);
    }
  }
  std::uint64_t seed;
  Extents shape;
  std::int64_t low;
  std::uint64_t range;
};

}  // namespace detail

/// Numbers from `low` to before `high`, all as likely, of 53 bits; as float they are rounded, which may give
/// `high`.
template <std::floating_point T>
Array<T> random_uniform(std::uint64_t seed, const Extents& shape, double low = 0, double high = 1,
                        const Chunks& chunks = {},
                        std::source_location where = std::source_location::current()) {
  if (!(high >= low))
    detail::refuse_array(
        "random_uniform: expected a range, found " + std::to_string(low) + " to " + std::to_string(high),
        where);
  return detail::generated(detail::RealGenerator<T, false>{seed, shape, low, high - low}, shape, chunks,
                           where);
}
/// Normally distributed numbers, by G. Box and M. Muller's transformation (1958).
template <std::floating_point T>
Array<T> random_normal(std::uint64_t seed, const Extents& shape, double mean = 0, double deviation = 1,
                       const Chunks& chunks = {},
                       std::source_location where = std::source_location::current()) {
  if (!(deviation >= 0))
    detail::refuse_array(
        "random_normal: expected a deviation of 0 or more, found " + std::to_string(deviation), where);
  return detail::generated(detail::RealGenerator<T, true>{seed, shape, mean, deviation}, shape, chunks,
                           where);
}
/// Whole numbers from `low` to before `high`. Of a range of r numbers none is likelier than another by more
/// than r / 2^64. Throws std::invalid_argument if high is not above low, or T does not hold them.
template <detail::Number T = std::int64_t>
  requires(std::integral<T> && !std::same_as<T, bool>)
Array<T> random_integers(std::uint64_t seed, const Extents& shape, std::int64_t low, std::int64_t high,
                         const Chunks& chunks = {},
                         std::source_location where = std::source_location::current()) {
  if (high <= low)
    detail::refuse_array("random_integers: expected a range, found " + std::to_string(low) + " to before " +
                             std::to_string(high),
                         where);
  if (!std::in_range<T>(low) || !std::in_range<T>(high - 1))
    detail::refuse_array("random_integers: the type does not hold numbers from " + std::to_string(low) +
                             " to " + std::to_string(high - 1),
                         where);
  const auto range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  return detail::generated(detail::IntegerGenerator<T>{seed, shape, low, range}, shape, chunks, where);
}

}  // namespace ramal
