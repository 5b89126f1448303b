// SPDX-License-Identifier: BSD-3-Clause
// Spans: the memory that most of a value lies in, one span after the other. MemoryEncoding: the encoding of a
// type whose codec names that memory.
//
// A table's columns lie in several pieces of memory, which other tables may share. They are sent from there,
// and received as one piece:
//
//   here    head   values ▮▮▮▮▮▮▮▮   validity ▮   offsets ▮▮▮▮   text ▮▮▮▮▮▮     anywhere in memory
//   there   head   ▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮                             in what `allocate` makes of the head
//
// The bytes are the same in the same order. So a codec that wants its pieces aligned there pads them here:
// with bytes of the piece's own memory, or with a span of constant zeros, for which what it allocates has
// room.
#pragma once

#include <ramal/detail/bytes.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace ramal {

/// Spans of memory that belong to someone else, in the order in which their bytes count. Neighbours in memory
/// are one span, and empty ones none. One span takes no memory of its own. A value; not thread-safe.
class Spans {
 public:
  using Span = std::span<const std::byte>;

  Spans() = default;
  /// One span, so that a function that has no more may return it as it is.
  Spans(Span one) : one_(one), bytes_(one.size()) {}

  /// Appends one. O(1), amortised.
  void add(Span next) {
    if (next.empty()) return;
    Span& last = several_.empty() ? one_ : several_.back();
    if (last.empty()) {
      last = next;
    } else if (last.data() + last.size() == next.data()) {
      last = {last.data(), last.size() + next.size()};
    } else {
      if (several_.empty()) several_.push_back(one_);
      several_.push_back(next);
    }
    bytes_ += next.size();
  }

  /// How many bytes all of them have.
  std::size_t bytes() const { return bytes_; }
  /// All of them in order; one empty span if there are no bytes. They hold until this is changed or
  /// destroyed.
  std::span<const Span> all() const { return several_.empty() ? std::span(&one_, 1) : std::span(several_); }

  /// The `count` bytes from the `first` on, which must be there. O(spans).
  Spans part(std::size_t first, std::size_t count) const {
    Spans part;
    for (const Span span : all()) {
      if (first < span.size() && count > 0) {
        const Span some = span.subspan(first, std::min(count, span.size() - first));
        part.add(some);
        count -= some.size();
        first = 0;
      } else {
        first -= std::min(first, span.size());
      }
    }
    return part;
  }

  /// Copies all bytes to `to`, which has room for them.
  void copy_to(std::byte* to) const {
    for (const Span span : all()) {
      if (span.empty()) continue;
      std::memcpy(to, span.data(), span.size());
      to += span.size();
    }
  }

  /// The memory of an object that was just made for `count` bytes, to be filled by whoever has it alone.
  /// Throws DecodeError if it is not one span of so many.
  std::span<std::byte> room(std::size_t count) const {
    if (bytes_ != count)
      throw DecodeError("a value of " + std::to_string(bytes_) + " bytes by its head, but " +
                        std::to_string(count) + " come");
    if (!several_.empty()) throw DecodeError("a value that was made to be filled is not in one piece");
    return {const_cast<std::byte*>(one_.data()), one_.size()};
  }

 private:
  Span one_;                   // if there is but one
  std::vector<Span> several_;  // else all
  std::size_t bytes_ = 0;
};

template <class T>
struct Codec;

/// The two functions that every Codec has, made of the three that name its memory (`Contiguous`). A Codec has
/// them by deriving from this:
///
///   template <>
///   struct ramal::Codec<Table> : ramal::MemoryEncoding<Table> {
///     static ramal::Spans memory(const Table&);
///     static void write_head(ramal::Writer&, const Table&);
///     static Table allocate(ramal::Reader& head, std::size_t bytes);
///   };
///
/// The form is head-bytes:u64 head bytes:u64 memory.
template <class T>
struct MemoryEncoding {
  /// O(bytes). Throws what `write_head` throws.
  static void write(Writer& writer, const T& value) {
    Writer head;
    Codec<T>::write_head(head, value);
    writer.raw(static_cast<std::uint64_t>(head.size()));
    Codec<T>::write_head(writer, value);
    const Spans memory = Codec<T>::memory(value);
    writer.raw(static_cast<std::uint64_t>(memory.bytes()));
    for (const Spans::Span span : memory.all()) writer.bytes(span.data(), span.size());
  }
  /// Throws DecodeError if the bytes end too early, or do not agree with the head.
  static T read(Reader& reader) {
    const std::size_t head_bytes = reader.count(1);
    Reader head({reader.bytes(head_bytes), head_bytes});
    const std::size_t bytes = reader.count(1);
    T value = Codec<T>::allocate(head, bytes);
    const std::span<std::byte> room = Spans(Codec<T>::memory(value)).room(bytes);
    if (bytes != 0) std::memcpy(room.data(), reader.bytes(bytes), bytes);
    return value;
  }
};

}  // namespace ramal
