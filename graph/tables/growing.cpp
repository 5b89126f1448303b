// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/rows_builder.hpp>

#include "graph/core/pages.hpp"
#include "graph/tables/bits.hpp"

#include <algorithm>

namespace ramal::detail {

GrowingBytes::~GrowingBytes() {
  if (data_ != nullptr) free_array(data_, room_);
}

void GrowingBytes::grow(std::size_t more) {
  constexpr std::size_t least = 256;
  const std::size_t room = std::max({least, 2 * room_, size_ + more});
  auto* data = static_cast<std::byte*>(allocate_array(room));
  if (size_ != 0) std::memcpy(data, data_, size_);
  if (data_ != nullptr) free_array(data_, room_);
  data_ = data;
  room_ = room;
}

std::uint64_t* GrowingBits::extend(std::int64_t count) {
  const auto words = static_cast<std::size_t>((bits_ + count + 63) / 64);
  (void)words_.extend(words * sizeof(std::uint64_t) - words_.size());
  return reinterpret_cast<std::uint64_t*>(words_.data());
}

void GrowingBits::append_same(bool bit, std::int64_t count) {
  fill_bits(extend(count), bits_, bit, count);
  bits_ += count;
}

void GrowingBits::append(const std::uint64_t* words, std::int64_t first, std::int64_t count) {
  copy_bits(extend(count), bits_, words, first, count);
  bits_ += count;
}

void GrowingBits::append_bytes(const std::uint8_t* bytes, std::int64_t count) {
  for (std::int64_t done = 0; done < count; done += 64) {
    const std::int64_t some = std::min<std::int64_t>(64, count - done);
    std::uint64_t bits = 0;
    for (std::int64_t i = 0; i < some; ++i) bits |= std::uint64_t{bytes[done + i] != 0} << i;
    append(&bits, 0, some);
  }
}

}  // namespace ramal::detail
