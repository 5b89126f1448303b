// SPDX-License-Identifier: BSD-3-Clause
// One allocation for the buffers of many columns.
#pragma once

#include <ramal/column.hpp>
#include <ramal/detail/block_memory.hpp>

#include <algorithm>
#include <cstring>

namespace ramal::detail {

constexpr std::size_t slab_alignment = 64;
constexpr std::size_t padded_to_slab(std::size_t bytes) {
  return (bytes + slab_alignment - 1) / slab_alignment * slab_alignment;
}
/// Of a bitmap, in whole words.
constexpr std::size_t bitmap_bytes(std::int64_t bits) {
  return static_cast<std::size_t>((bits + 63) / 64) * 8;
}

/// Hands out aligned pieces of memory, from one allocation as long as that has room, else from others. Not
/// thread-safe; the pieces are independent of it.
class Slab {
 public:
  struct Piece {
    std::byte* data;
    ColumnBuffer buffer;  // the same, for whoever only reads
    template <class T>
    T* as() const {
      return reinterpret_cast<T*>(data);
    }
  };

  /// `bytes`: the sum of what all pieces take with their padding, as far as it is known.
  explicit Slab(std::size_t bytes) : left_(padded_to_slab(bytes)) {
    if (left_ != 0) memory_ = allocate(left_);
  }

  /// Memory that is not initialised but for what is behind its end, up to the next piece. Throws
  /// std::bad_alloc.
  Piece piece(std::size_t bytes) {
    if (bytes == 0) return {nullptr, {}};
    const std::size_t padded = padded_to_slab(bytes);
    std::shared_ptr<std::byte> memory;
    if (padded <= left_) {
      memory = std::shared_ptr<std::byte>(memory_, memory_.get() + used_);
      used_ += padded;
      left_ -= padded;
    } else {
      memory = allocate(padded);
    }
    std::memset(memory.get() + bytes, 0, padded - bytes);
    return {memory.get(), ColumnBuffer(memory, bytes, true)};
  }

 private:
  static std::shared_ptr<std::byte> allocate(std::size_t bytes) {
    return std::static_pointer_cast<std::byte>(allocate_block_memory(bytes));
  }

  std::shared_ptr<std::byte> memory_;
  std::size_t used_ = 0;
  std::size_t left_;
};

}  // namespace ramal::detail
