// SPDX-License-Identifier: BSD-3-Clause
// Index: the place of a family's member. Region: a box of places. Both
// are plain values: trivially copyable, cheap to pass, and all their functions are constexpr, O(dimensions)
// and throw nothing, but for text(), which allocates.
#pragma once

#include <ramal/detail/compiler.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <string>

namespace ramal {

/// 1 to 9 numbers: a place, or the lengths of an index space. Places are counted row by row, the last number
/// fastest:
///
///   extent [2, 3]    place     [0, 0] [0, 1] [0, 2]      row 0
///                              [1, 0] [1, 1] [1, 2]      row 1
///                    number       0      1      2
///                                 3      4      5
///
///   const Index lengths(2, 3);
///   lengths.volume() == 6                        lengths.contains(Index(2, 0)) == false
///   lengths.number_of(Index(1, 0)) == 3          lengths.place_of(4) == Index(1, 1)
///
/// A family's function takes its place as one, or as a number where there is one dimension. A number converts
/// to an Index of one dimension, so that `rod[3]`, `field[{2, 3}]` and `field(2, 3)` all name members.
struct Index {
  /// The largest number of dimensions: as many as a block has, and a dimension of steps.
  static constexpr int most_dims = 9;
  std::array<std::int64_t, most_dims> at{};  ///< the numbers; those beyond `dims` mean nothing
  std::int32_t dims = 1;                     ///< how many numbers count

  /// The place 0 of one dimension.
  constexpr Index() = default;
  /// A place of as many dimensions as there are numbers; `Index(3)` and `3` are the same place.
  template <std::integral... I>
    requires(sizeof...(I) >= 1 && sizeof...(I) <= most_dims)
  constexpr Index(I... i)  // NOLINT: a number is a place
      : at{static_cast<std::int64_t>(i)...}, dims(sizeof...(I)) {}

  /// The number of a dimension, from 0 on. Unchecked.
  constexpr std::int64_t operator[](int dim) const { return at[static_cast<std::size_t>(dim)]; }
  /// The same to be written.
  constexpr std::int64_t& operator[](int dim) { return at[static_cast<std::size_t>(dim)]; }
  /// As many dimensions, with the same numbers.
  constexpr bool operator==(const Index& other) const {
    if (dims != other.dims) return false;
    for (int d = 0; d < dims; ++d)
      if ((*this)[d] != other[d]) return false;
    return true;
  }
  /// Taken as lengths: how many places there are. Overflow is not checked; families have at most 2^48.
  constexpr std::int64_t volume() const {
    std::int64_t product = 1;
    for (int d = 0; d < dims; ++d) product *= (*this)[d];
    return product;
  }
  /// Taken as lengths: how many places come before this one, row by row. The place must lie within them.
  constexpr std::int64_t number_of(const Index& place) const {
    std::int64_t number = 0;
    for (int d = 0; d < dims; ++d) number = number * (*this)[d] + place[d];
    return number;
  }
  /// Taken as lengths: the place that so many come before, the inverse of number_of.
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
  /// Taken as lengths: the place has as many dimensions and lies within them.
  constexpr bool contains(const Index& place) const {
    if (place.dims != dims) return false;
    for (int d = 0; d < dims; ++d)
      if (place[d] < 0 || place[d] >= (*this)[d]) return false;
    return true;
  }
  /// The place as text, such as `[3, 4]`.
  std::string text() const {
    std::string all = "[";
    for (int d = 0; d < dims; ++d) all += (d > 0 ? ", " : "") + std::to_string((*this)[d]);
    return all + "]";
  }
};

/// A box of places: those from `low` to before `high` in each dimension. Empty if `high` is not above `low`
/// in some dimension. Both have as many dimensions, which nothing checks.
///
///   const Region box{Index(1, 0), Index(3, 2)};     // [1, 0] [1, 1] [2, 0] [2, 1]
///   box.offset_of(Index(2, 0)) == 2
struct Region {
  Index low, high;

  /// All places of an extent: from 0 to before its lengths.
  static constexpr Region whole(const Index& lengths) {
    Region box{lengths, lengths};
    for (int d = 0; d < lengths.dims; ++d) box.low[d] = 0;
    return box;
  }
  /// One place alone: from it to before the next in each dimension.
  static constexpr Region of(const Index& place) {
    Region box{place, place};
    for (int d = 0; d < place.dims; ++d) ++box.high[d];
    return box;
  }
  /// How many places it has in a dimension; never below 0.
  constexpr std::int64_t length(int dim) const { return std::max<std::int64_t>(0, high[dim] - low[dim]); }
  /// How many places it has. Overflow is not checked.
  constexpr std::int64_t volume() const {
    std::int64_t product = 1;
    for (int d = 0; d < low.dims; ++d) product *= length(d);
    return product;
  }
  /// It has no places.
  constexpr bool empty() const { return volume() == 0; }
  /// The place lies in it. It must have as many dimensions.
  constexpr bool contains(const Index& place) const {
    for (int d = 0; d < low.dims; ++d)
      if (place[d] < low[d] || place[d] >= high[d]) return false;
    return true;
  }
  /// Its last place. It must not be empty.
  constexpr Index last() const {
    Index place = high;
    for (int d = 0; d < place.dims; ++d) --place[d];
    return place;
  }
  /// How many of its places come before this one, row by row. The place must lie in it.
  constexpr std::int64_t offset_of(const Index& place) const {
    std::int64_t offset = 0;
    for (int d = 0; d < low.dims; ++d) offset = offset * length(d) + place[d] - low[d];
    return offset;
  }
  /// The place that so many of its places come before, the inverse of offset_of. `offset` must be from 0 to
  /// before volume().
  constexpr Index place_of(std::int64_t offset) const {
    Index lengths = high;
    for (int d = 0; d < lengths.dims; ++d) lengths[d] -= low[d];
    Index place = lengths.place_of(offset);
    for (int d = 0; d < lengths.dims; ++d) place[d] += low[d];
    return place;
  }
  /// What of it lies in an extent; empty if nothing does.
  constexpr Region within(const Index& lengths) const {
    Region box = *this;
    for (int d = 0; d < low.dims; ++d) {
      box.low[d] = std::clamp<std::int64_t>(low[d], 0, lengths[d]);
      box.high[d] = std::clamp<std::int64_t>(high[d], 0, lengths[d]);
    }
    return box;
  }
  /// The smallest box that holds it and the place. It must not be empty, or its bounds count as places.
  constexpr Region with(const Index& place) const {
    Region box = *this;
    for (int d = 0; d < low.dims; ++d) {
      box.low[d] = std::min(low[d], place[d]);
      box.high[d] = std::max(high[d], place[d] + 1);
    }
    return box;
  }
  /// What it has in common with another of as many dimensions; empty if that is nothing.
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
