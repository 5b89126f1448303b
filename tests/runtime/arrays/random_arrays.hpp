// SPDX-License-Identifier: BSD-3-Clause
// Arrays of random shapes, chunks and elements, with what tests compare them with: their elements in a
// vector.
#pragma once

#include "tests/runtime/arrays/said.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/array.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace ramal::test {

template <class T>
Array<T> array_of(const std::vector<T>& elements, const Chunks& chunks = {}) {
  const std::unique_ptr<T[]> copy(new T[elements.size()]);  // a vector of bool has none
  std::copy(elements.begin(), elements.end(), copy.get());
  return from_memory(copy.get(), {elements.size()}, chunks);
}

/// Equal, or both NaN.
template <class T>
bool is_same(const T& a, const T& b) {
  return a == b || (a != a && b != b);
}
template <class T>
void expect_same(const std::vector<T>& found, const std::vector<T>& expected, const std::string& what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_TRUE(is_same<T>(found[i], expected[i]))
        << what << ": element " << i << " is " << +found[i] << ", expected " << +expected[i];
}

template <class T>
class RandomArray {
 public:
  /// `special`: also NaN, infinities and -0.0.
  RandomArray(unsigned seed, std::size_t dims, bool special) : random_(seed) {
    shape = Extents::filled(dims, 0);
    std::vector<std::vector<std::int64_t>> cuts;
    for (std::size_t d = 0; d < dims; ++d) {
      std::vector<std::int64_t> cut;
      for (unsigned chunks = 1 + random_() % 4; chunks > 0; --chunks)
        cut.push_back(random_() % (dims == 1 ? 20 : 5));
      cut.push_back(1 + random_() % 4);
      for (const std::int64_t one : cut) shape[d] += static_cast<std::uint64_t>(one);
      cuts.push_back(cut);
    }
    chunks = Chunks(cuts);
    for (std::uint64_t i = shape.product(); i > 0; --i) values.push_back(element(special));
  }
  Array<T> array() const {
    const std::unique_ptr<T[]> copy(new T[values.size()]);
    std::copy(values.begin(), values.end(), copy.get());
    return from_memory(copy.get(), shape, chunks);
  }
  /// The elements along an axis, for each place of the others.
  std::vector<std::vector<T>> lines(std::size_t axis) const {
    const detail::Strip strip(shape, static_cast<std::int64_t>(axis));
    std::vector<std::vector<T>> all;
    for (std::uint64_t b = 0; b < strip.before; ++b)
      for (std::uint64_t a = 0; a < strip.after; ++a) {
        all.emplace_back();
        for (std::uint64_t i = 0; i < strip.length; ++i)
          all.back().push_back(values[(b * strip.length + i) * strip.after + a]);
      }
    return all;
  }

  Extents shape;
  Chunks chunks;
  std::vector<T> values;

 private:
  T element(bool special) {
    if constexpr (std::floating_point<T>) {
      constexpr T specials[] = {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity(),
                                -std::numeric_limits<T>::infinity(), T(-0.0), T(0)};
      if (special && random_() % 6 == 0) return specials[random_() % 5];
      if (random_() % 2 == 0) return static_cast<T>(static_cast<int>(random_() % 9) - 4) / 2;
      return std::ldexp(static_cast<T>(std::uniform_real_distribution<>(-1, 1)(random_)),
                        static_cast<int>(random_() % 40) - 20);
    } else if constexpr (std::same_as<T, bool>) {
      return random_() % 2 == 0;
    } else {
      if (random_() % 2 == 0) return static_cast<T>(random_() % 7);
      return static_cast<T>(static_cast<std::uint64_t>(random_()) << 32 | random_());
    }
  }
  std::mt19937 random_;
};

/// Names of types in failures.
template <class T>
std::string about_case(unsigned seed, const RandomArray<T>& a) {
  return "seed " + std::to_string(seed) + ", " + std::string(detail::short_type_name<T>) + " of shape " +
         a.shape.text();
}

/// Calls `check.operator()<T>()` for the types of numbers that have an order.
template <class Check>
void for_real_types(const Check& check) {
  check.template operator()<double>();
  check.template operator()<float>();
  check.template operator()<std::int8_t>();
  check.template operator()<std::int32_t>();
  check.template operator()<std::int64_t>();
  check.template operator()<std::uint64_t>();
  check.template operator()<bool>();
}

}  // namespace ramal::test
