// SPDX-License-Identifier: BSD-3-Clause
// Writing values into memory and reading them back, with every length checked.
#pragma once

#include <ramal/detail/compiler.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace ramal {

/// What was to be decoded is shorter or of another form than its type asks for.
struct DecodeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Appends bytes to memory the caller provides, or, without memory, only counts them. So one
/// `write` function serves both to size a buffer and to fill it. Not thread-safe.
class Writer {
 public:
  using is_saving = std::true_type;  // what Boost.Serialization's users ask an archive
  using is_loading = std::false_type;

  Writer() = default;
  /// Fills `out`, which has `room` bytes. Throws std::logic_error rather than writing more.
  Writer(std::byte* out, std::size_t room) : out_(out), room_(room) {}

  /// Appends `count` bytes. Throws std::logic_error if there is no room for them: a `write` function must say
  /// the same when it fills as when it counted.
  void bytes(const void* from, std::size_t count) {
    if (out_ != nullptr && count != 0) {
      if (count > room_ - size_)
        throw std::logic_error("ramal: a value took more bytes when written than when counted");
      std::memcpy(out_ + size_, from, count);
    }
    size_ += count;
  }
  /// Appends a value as it lies in memory, whatever Codec it has.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void raw(const T& value) { bytes(&value, sizeof value); }
  /// There is no memory: what is written is only counted.
  bool counts_only() const { return out_ == nullptr; }
  /// Bytes written, or counted, so far.
  std::size_t size() const { return size_; }

  /// Appends a value by its Codec: what a serialize() calls. `<<` is the same.
  template <class T>
  Writer& operator&(const T& value);
  template <class T>
  Writer& operator<<(const T& value) {
    return *this & value;
  }

 private:
  std::byte* out_ = nullptr;
  std::size_t room_ = 0;
  std::size_t size_ = 0;
};

/// Reads what a Writer wrote. Throws DecodeError rather than reading past the end.
class Reader {
 public:
  using is_saving = std::false_type;
  using is_loading = std::true_type;

  /// Reads from memory that must outlive it.
  explicit Reader(std::span<const std::byte> from) : at_(from.data()), end_(from.data() + from.size()) {}

  /// The next `count` bytes, where they lie.
  const std::byte* bytes(std::size_t count) {
    if (count > left()) fail(count, left());
    const std::byte* here = at_;
    at_ += count;
    return here;
  }
  /// The next value that `raw` has written.
  template <class T>
    requires std::is_trivially_copyable_v<T> T raw() {
      // A union, so that types without a default constructor can be read too.
      union Room {
        Room() {}
        T value;
      } room;
      if constexpr (!std::is_empty_v<T>)
        std::memcpy(static_cast<void*>(&room.value), bytes(sizeof(T)), sizeof(T));
      return room.value;
    }
  /// A number of elements that follow, each at least `element_bytes` long: a damaged length is
  /// refused before anything is allocated for it. Elements that may take no bytes (0) are believed up
  /// to 16 million.
  std::size_t count(std::size_t element_bytes) {
    const auto n = raw<std::uint64_t>();
    constexpr std::uint64_t most_without_bytes = std::uint64_t{1} << 24;
    if (n > (element_bytes == 0 ? left() + most_without_bytes : left() / element_bytes)) {
      throw DecodeError("a length of " + std::to_string(n) + " elements, but only " + std::to_string(left()) +
                        " bytes follow");
    }
    return static_cast<std::size_t>(n);
  }
  /// How many bytes are left.
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  /// Assigns the next value, by its Codec: what a serialize() calls. `>>` is the same. It takes a forwarding
  /// reference, since wrappers such as Boost's make_nvp arrive as temporaries.
  template <class T>
  Reader& operator&(T&& value);
  template <class T>
  Reader& operator>>(T&& value) {
    return *this & value;
  }

 private:
  /// Throws DecodeError. It stands apart from `bytes`, so that that one is inlined, and is static, so that
  /// the two pointers may stay in registers.
  [[noreturn]] static void fail(std::size_t expected, std::size_t found);

  const std::byte* at_;
  const std::byte* end_;
};

inline void Reader::fail(std::size_t expected, std::size_t found) {
  throw DecodeError("expected " + std::to_string(expected) + " more bytes, found " + std::to_string(found));
}

}  // namespace ramal
