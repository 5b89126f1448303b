// SPDX-License-Identifier: BSD-3-Clause
// Index: the place of a family's member. Region: a range of places.
#pragma once

#include <ramal/detail/compiler.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <string>

namespace ramal {

/// 1 to 4 numbers: a place, or the lengths of an index space. Places are counted row by row, the last number
/// fastest.
struct Index {
  static constexpr int most_dims = 4;
  std::array<std::int64_t, most_dims> at{};
  std::int32_t dims = 1;

  constexpr Index() = default;
  template <std::integral... I>
    requires(sizeof...(I) >= 1 && sizeof...(I) <= most_dims)
  constexpr Index(I... i)  // NOLINT: a number is a place
      : at{static_cast<std::int64_t>(i)...}, dims(sizeof...(I)) {}

  constexpr std::int64_t operator[](int dim) const { return at[static_cast<std::size_t>(dim)]; }
  constexpr std::int64_t& operator[](int dim) { return at[static_cast<std::size_t>(dim)]; }
  constexpr bool operator==(const Index& other) const {
    if (dims != other.dims) return false;
    for (int d = 0; d < dims; ++d)
      if ((*this)[d] != other[d]) return false;
    return true;
  }
  /// As lengths: how many places there are.
  constexpr std::int64_t volume() const {
    std::int64_t product = 1;
    for (int d = 0; d < dims; ++d) product *= (*this)[d];
    return product;
  }
  /// As lengths: the number of a place within them, and the place of a number.
  constexpr std::int64_t number_of(const Index& place) const {
    std::int64_t number = 0;
    for (int d = 0; d < dims; ++d) number = number * (*this)[d] + place[d];
    return number;
  }
  constexpr Index place_of(std::int64_t number) const {
    Index place;
    place.dims = dims;
    for (int d = dims; d-- > 1;) {
      place[d] = number % (*this)[d];
      number /= (*this)[d];
    }
    place[0] = number;
    return place;
  }
  constexpr bool contains(const Index& place) const {
    if (place.dims != dims) return false;
    for (int d = 0; d < dims; ++d)
      if (place[d] < 0 || place[d] >= (*this)[d]) return false;
    return true;
  }
  /// `[3, 4]`.
  std::string text() const {
    std::string all = "[";
    for (int d = 0; d < dims; ++d) all += (d > 0 ? ", " : "") + std::to_string((*this)[d]);
    return all + "]";
  }
};

/// The places from `low` to before `high`.
struct Region {
  Index low, high;

  static constexpr Region whole(const Index& lengths) {
    Region box{lengths, lengths};
    for (int d = 0; d < lengths.dims; ++d) box.low[d] = 0;
    return box;
  }
  static constexpr Region of(const Index& place) {
    Region box{place, place};
    for (int d = 0; d < place.dims; ++d) ++box.high[d];
    return box;
  }
  constexpr std::int64_t length(int dim) const { return std::max<std::int64_t>(0, high[dim] - low[dim]); }
  constexpr std::int64_t volume() const {
    std::int64_t product = 1;
    for (int d = 0; d < low.dims; ++d) product *= length(d);
    return product;
  }
  constexpr bool empty() const { return volume() == 0; }
  constexpr bool contains(const Index& place) const {
    for (int d = 0; d < low.dims; ++d)
      if (place[d] < low[d] || place[d] >= high[d]) return false;
    return true;
  }
  /// Its last place.
  constexpr Index last() const {
    Index place = high;
    for (int d = 0; d < place.dims; ++d) --place[d];
    return place;
  }
  /// How many come before a place within it, and the place that so many come before.
  constexpr std::int64_t offset_of(const Index& place) const {
    std::int64_t offset = 0;
    for (int d = 0; d < low.dims; ++d) offset = offset * length(d) + place[d] - low[d];
    return offset;
  }
  constexpr Index place_of(std::int64_t offset) const {
    Index lengths = high;
    for (int d = 0; d < lengths.dims; ++d) lengths[d] -= low[d];
    Index place = lengths.place_of(offset);
    for (int d = 0; d < lengths.dims; ++d) place[d] += low[d];
    return place;
  }
  constexpr Region within(const Index& lengths) const {
    Region box = *this;
    for (int d = 0; d < low.dims; ++d) {
      box.low[d] = std::clamp<std::int64_t>(low[d], 0, lengths[d]);
      box.high[d] = std::clamp<std::int64_t>(high[d], 0, lengths[d]);
    }
    return box;
  }
  /// The least that holds the place too.
  constexpr Region with(const Index& place) const {
    Region box = *this;
    for (int d = 0; d < low.dims; ++d) {
      box.low[d] = std::min(low[d], place[d]);
      box.high[d] = std::max(high[d], place[d] + 1);
    }
    return box;
  }
  constexpr Region and_(const Region& other) const {
    Region box = *this;
    for (int d = 0; d < low.dims; ++d) {
      box.low[d] = std::max(low[d], other.low[d]);
      box.high[d] = std::min(high[d], other.high[d]);
    }
    return box;
  }
};

}  // namespace ramal
