// SPDX-License-Identifier: BSD-3-Clause
// Arrays in plain memory, for tests to do by loops what ramal::Array does in blocks; and random cuts.
#pragma once

#include "tests/runtime/arrays/said.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/array.hpp>

#include <functional>
#include <random>

namespace ramal::test {

struct Random {
  std::mt19937_64 engine;
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine);
  }
  bool one_in(std::int64_t n) { return between(1, n) == 1; }
};

template <class T>
struct Plain {
  Extents shape;
  std::vector<T> values;

  bool operator==(const Plain&) const = default;
  /// One whose elements `value_at` tells, of their places.
  static Plain made(const Extents& shape, const std::function<T(const Extents&)>& value_at) {
    Plain made{shape, {}};
    const std::uint64_t size = shape.product();
    for (std::uint64_t number = 0; number < size; ++number) {
      Extents place = shape;
      std::uint64_t left = number;
      for (std::size_t d = shape.size(); d-- > 0; left /= shape[d]) place[d] = left % shape[d];
      made.values.push_back(value_at(place));
    }
    return made;
  }
  /// The numbers 0, 1, 2, … row by row.
  static Plain counted(const Extents& shape) {
    Plain made{shape, std::vector<T>(shape.product())};
    for (std::size_t i = 0; i < made.values.size(); ++i) made.values[i] = static_cast<T>(i);
    return made;
  }
  const T& operator()(const Extents& place) const { return values[detail::element_number(shape, place)]; }
  T& operator()(const Extents& place) { return values[detail::element_number(shape, place)]; }
};
template <class T>
Plain<T> plain(const Block<T>& block) {
  return {block.shape(), {block.begin(), block.end()}};
}
template <class T>
std::ostream& operator<<(std::ostream& out, const Plain<T>& plain) {
  out << plain.shape.text() << ':';
  for (const T& value : plain.values) out << ' ' << +value;
  return out;
}

/// Lengths from `least` to 7.
inline Extents some_shape(Random& random, std::int64_t least, std::int64_t dims) {
  Extents shape = Extents::filled(static_cast<std::size_t>(dims), 0);
  for (std::size_t d = 0; d < shape.size(); ++d)
    shape[d] = static_cast<std::uint64_t>(random.between(least, 7));
  return shape;
}
/// Regular or irregular chunks, some of them maybe empty.
inline Chunks some_chunks(Random& random, const Extents& shape) {
  std::vector<std::vector<std::int64_t>> all;
  for (const std::uint64_t length : shape) {
    std::vector<std::int64_t> lengths;
    const std::int64_t width =
        random.one_in(2) ? random.between(1, static_cast<std::int64_t>(length) + 1) : 0;
    for (auto left = static_cast<std::int64_t>(length); left > 0; left -= lengths.back()) {
      const std::int64_t irregular = random.one_in(6) ? 0 : random.between(1, left);
      lengths.push_back(width > 0 ? std::min(width, left) : irregular);
    }
    if (random.one_in(5)) lengths.push_back(0);
    all.push_back(std::move(lengths));
  }
  return Chunks(std::move(all));
}
template <class T>
Array<T> cut(Random& random, const Plain<T>& plain) {
  return from_memory(plain.values.data(), plain.shape, some_chunks(random, plain.shape));
}

}  // namespace ramal::test
