// SPDX-License-Identifier: BSD-3-Clause
// Padded<T>: a block in memory that has room around it, where the neighbours' elements are put before a
// stencil goes over it. So a loop of stencils copies strips, not blocks.
#pragma once

#include <ramal/block.hpp>

namespace ramal::detail {

/// A block within a larger one, whose other elements say nothing.
template <class T>
class Padded {
 public:
  Padded() = default;
  /// Room for so many elements on both sides along each axis.
  Padded(const Extents& shape, const Extents& offset, const Extents& margin)
      : memory_(with(shape, margin)), shape_(shape), offset_(offset), margin_(margin) {
    // Else what was there before might look like an address, which is not sent.
    if constexpr (is_looked_at<T>)
      std::memset(static_cast<void*>(memory_.data()), 0, memory_.size() * sizeof(T));
  }

  const Extents& shape() const { return shape_; }
  const Extents& offset() const { return offset_; }
  const Extents& margin() const { return margin_; }
  /// The shape of all that there is room for.
  const Extents& memory_shape() const { return memory_.shape(); }
  /// The first element of the block itself.
  T* data() { return memory_.data() + ahead(); }
  const T* data() const { return memory_.data() + ahead(); }
  const Block<T>& memory() const { return memory_; }

 private:
  friend struct Codec<Padded<T>>;
  static Extents with(const Extents& shape, const Extents& margin) {
    Extents all = shape;
    for (std::size_t d = 0; d < all.size(); ++d) all[d] += 2 * margin[d];
    return all;
  }
  std::size_t ahead() const {
    std::size_t at = 0;
    for (std::size_t d = 0; d < shape_.size(); ++d) at = at * memory_.shape()[d] + margin_[d];
    return at;
  }

  Block<T> memory_;
  Extents shape_{0}, offset_{0}, margin_{0};
};

}  // namespace ramal::detail

namespace ramal {

/// As a Block's, with the margin behind its head. The room around it travels as well.
template <class T>
struct Codec<detail::Padded<T>> {
  using Padded = detail::Padded<T>;
  static void write(Writer& writer, const Padded& padded) {
    write_head(writer, padded);
    writer.bytes(padded.memory_.data(), padded.memory_.size() * sizeof(T));
  }
  static Padded read(Reader& reader) {
    Padded padded = allocate(reader, reader.left());
    if (padded.memory_.empty()) return padded;
    const std::size_t bytes = padded.memory_.size() * sizeof(T);
    std::memcpy(static_cast<void*>(padded.memory_.data()), reader.bytes(bytes), bytes);
    return padded;
  }
  static std::span<const std::byte> memory(const Padded& padded) {
    return Codec<Block<T>>::memory(padded.memory_);
  }
  static void write_head(Writer& writer, const Padded& padded) {
    Codec<Block<T>>::write_head(writer, padded.memory_);
    for (const std::uint64_t margin : padded.margin_) writer.raw(margin);
    for (const std::uint64_t offset : padded.offset_) writer.raw(offset);
  }
  static Padded allocate(Reader& head, std::size_t bytes) {
    Padded padded;
    padded.memory_ = Codec<Block<T>>::allocate(head, bytes);
    const std::size_t dims = padded.memory_.dimensions();
    padded.shape_ = padded.margin_ = padded.offset_ = Extents::filled(dims, 0);
    for (std::size_t d = 0; d < dims; ++d) padded.margin_[d] = head.raw<std::uint64_t>();
    for (std::size_t d = 0; d < dims; ++d) padded.offset_[d] = head.raw<std::uint64_t>();
    for (std::size_t d = 0; d < dims; ++d) {
      const std::uint64_t all = padded.memory_.shape()[d], margin = padded.margin_[d];
      if (margin > all / 2) throw DecodeError("a block whose margin is larger than it");
      padded.shape_[d] = all - 2 * margin;
    }
    return padded;
  }
};

}  // namespace ramal
