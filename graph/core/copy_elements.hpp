// SPDX-License-Identifier: BSD-3-Clause
// Copying elements of whose type nothing but the size is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace ramal::detail {

/// Calls `copy(bytes)`. Of the sizes that numbers have it is a constant, so that std::memcpy of as many bytes
/// is a move or two instead of a call:
///
///   with_element_bytes(bytes, [&](auto n) { std::memcpy(to, from, n); });
template <class Copy>
void with_element_bytes(std::size_t bytes, const Copy& copy) {
  switch (bytes) {
    case 1:
      return copy(std::integral_constant<std::size_t, 1>());
    case 2:
      return copy(std::integral_constant<std::size_t, 2>());
    case 4:
      return copy(std::integral_constant<std::size_t, 4>());
    case 8:
      return copy(std::integral_constant<std::size_t, 8>());
    case 16:
      return copy(std::integral_constant<std::size_t, 16>());
    default:
      return copy(bytes);
  }
}

/// Copies elements between places that lie so many bytes apart.
inline void copy_strided(const std::byte* from, std::int64_t from_stride, std::byte* to,
                         std::int64_t to_stride, std::int64_t count, std::size_t element_bytes) {
  with_element_bytes(element_bytes, [&](auto bytes) {
    for (std::int64_t i = 0; i < count; ++i) std::memcpy(to + i * to_stride, from + i * from_stride, bytes);
  });
}

}  // namespace ramal::detail
