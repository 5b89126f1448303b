// SPDX-License-Identifier: BSD-3-Clause
// A value's encoding as bytes of its own.
#pragma once

#include <ramal/codec.hpp>

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

}  // namespace ramal::detail
