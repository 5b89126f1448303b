// SPDX-License-Identifier: BSD-3-Clause
// View<T, N>: elements in memory, seen as an N-dimensional array whose rows may lie apart, with indices from
// below 0 where there is something before its beginning. It is what functions of map_overlap are given.
//
//   void blur(ramal::View<const float, 1> in, ramal::View<float, 1> out) {       // with a depth of 1
//     for (std::int64_t i = 0; i < out.length(0); ++i) out(i) = (in(i - 1) + in(i) + in(i + 1)) / 3;
//   }
#pragma once

#include <ramal/block.hpp>

#include <array>

namespace ramal {

/// Elements in memory that are another's. Elements of the last axis lie side by side. Copying it copies no
/// elements. Threads: as for pointers.
///
///   low(d) … 0 … length(d) … high(d)      0 to length(d): the block itself; the others: around it
template <class T, std::size_t N>
class View {
 public:
  /// What an element is, const or not.
  using element_type = T;
  /// How many axes there are.
  static constexpr std::size_t dimensions = N;

  /// N indices, one for each axis, the slowest first.
  using Place = std::array<std::int64_t, N>;
  /// Elements from `low` to before `high`, of which element 0, 0, … lies at `origin`, and in the whole array
  /// at `offset`. The block itself has elements 0 to before `lengths`. Strides are in elements.
  View(T* origin, const Place& strides, const Place& lengths, const Place& low, const Place& high,
       const Place& offset)
      : origin_(origin), strides_(strides), lengths_(lengths), low_(low), high_(high), offset_(offset) {}
  /// All of a block. Throws std::invalid_argument if it has not N axes.
  template <class B>
    requires(std::same_as<std::remove_const_t<B>, Block<std::remove_const_t<T>>> &&
             (std::is_const_v<T> || !std::is_const_v<B>))
  explicit View(B& block) : origin_(block.data()) {
    if (block.dimensions() != N)
      throw std::invalid_argument("ramal: a View of " + std::to_string(N) +
                                  " axes was given a block of shape " + block.shape().text());
    std::int64_t stride = 1;
    for (std::size_t d = N; d-- > 0;) {
      strides_[d] = stride;
      lengths_[d] = high_[d] = static_cast<std::int64_t>(block.shape()[d]);
      offset_[d] = static_cast<std::int64_t>(block.offset()[d]);
      stride *= lengths_[d];
    }
  }

  /// The element at these indices, each from low to before high; unchecked.
  template <std::convertible_to<std::int64_t>... Index>
    requires(sizeof...(Index) == N)
  T& operator()(Index... index) const {
    std::int64_t at = 0;
    std::size_t d = 0;
    ((at += static_cast<std::int64_t>(index) * (d + 1 == N ? 1 : strides_[d]), ++d), ...);
    return origin_[at];
  }
  /// How many elements the block has along an axis.
  std::int64_t length(std::size_t axis) const { return lengths_[axis]; }
  /// The first index that there is along an axis, at most 0.
  std::int64_t low(std::size_t axis) const { return low_[axis]; }
  /// The first index behind all that there is, at least the length.
  std::int64_t high(std::size_t axis) const { return high_[axis]; }
  /// Where element 0 lies in the whole array.
  std::int64_t offset(std::size_t axis) const { return offset_[axis]; }
  /// How many elements lie between neighbours along an axis; along the last 1.
  std::int64_t stride(std::size_t axis) const { return strides_[axis]; }
  /// Element 0, 0, …, for libraries that take a pointer and strides.
  T* data() const { return origin_; }

 private:
  T* origin_;
  Place strides_{}, lengths_{}, low_{}, high_{}, offset_{};
};

}  // namespace ramal
