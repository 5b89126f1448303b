// SPDX-License-Identifier: BSD-3-Clause
// A value's encoding as bytes of its own.
#pragma once

#include <ramal/value.hpp>

#include <span>
#include <stdexcept>
#include <vector>

namespace ramal::detail {

template <class T>
std::vector<std::byte> encoded(const T& value) {
  Writer count;
  Codec<T>::write(count, value);
  std::vector<std::byte> bytes(count.size());
  Writer writer(bytes.data(), bytes.size());
  Codec<T>::write(writer, value);
  return bytes;
}

/// A value into as many bytes as it was counted to take. Throws std::logic_error if it writes more or fewer,
/// and what the codec of a user's class throws.
inline void write_exactly(const Value& value, std::span<std::byte> room) {
  Writer writer(room.data(), room.size());
  value.type().write(writer, value);
  if (writer.size() != room.size())
    throw std::logic_error("ramal: a value took fewer bytes when written than when counted");
}

}  // namespace ramal::detail
