// SPDX-License-Identifier: BSD-3-Clause
// Block<T>: a piece of an n-dimensional array, with its offset in the whole. It is what tasks on fields pass
// to each other: it travels without a copy on either side, wraps memory that exists, and is what
// <ramal/hdf5.hpp> reads and writes.
//
//   using Field = ramal::Block<double>;
//   Field make(std::uint64_t i) { return Field::filled({100, 200}, 1.0, {100 * i, 0}); }
//   Field twice(Field f) { for (double& x : f) x *= 2; return f; }   // in place, if this is its last use
//
// Threads: as for a standard container. One block may be read by several threads at once; whoever writes it
// must be alone.
#pragma once

#include <ramal/codec.hpp>
#include <ramal/detail/block_memory.hpp>
#include <ramal/detail/block_text.hpp>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <stdexcept>

namespace ramal {

/// Up to 8 numbers, one per dimension, the slowest first: a shape, an offset, strides. Trivially copyable.
/// All functions are O(dimensions), and none of them allocates but text(). Those that only look may
/// be called in any thread.
///
///   const ramal::Extents shape = {100, 200};     // 100 rows of 200 elements; shape[0] == 100
class Extents {
 public:
  /// The largest number of dimensions.
  static constexpr std::size_t most = 8;

  /// No dimensions, which is the shape of a scalar.
  constexpr Extents() = default;
  /// Throws std::invalid_argument for more than 8.
  constexpr Extents(std::initializer_list<std::uint64_t> values) : Extents(values.begin(), values.size()) {}
  /// The same from an array of `count` numbers, which are copied. Throws std::invalid_argument for more than
  /// 8.
  constexpr Extents(const std::uint64_t* values, std::size_t count) : count_(count) {
    if (count > most) throw std::invalid_argument("ramal: a block has at most 8 dimensions");
    std::copy_n(values, count, values_);
  }
  /// `count` dimensions (at most 8, else std::invalid_argument) of the same number.
  static constexpr Extents filled(std::size_t count, std::uint64_t value) {
    const std::uint64_t values[most] = {value, value, value, value, value, value, value, value};
    return Extents(values, count);
  }

  /// How many dimensions there are.
  constexpr std::size_t size() const { return count_; }
  /// There are no dimensions. An array of such a shape has one element.
  constexpr bool empty() const { return count_ == 0; }
  /// The number of dimension i, which must be below size(); unchecked.
  constexpr std::uint64_t operator[](std::size_t i) const { return values_[i]; }
  /// The same to be written. The number of dimensions cannot be changed.
  constexpr std::uint64_t& operator[](std::size_t i) { return values_[i]; }
  /// The numbers as a range, the slowest dimension first.
  constexpr const std::uint64_t* begin() const { return values_; }
  constexpr const std::uint64_t* end() const { return values_ + count_; }
  /// The first of size() numbers that lie side by side, as C interfaces want them.
  constexpr const std::uint64_t* data() const { return values_; }
  /// As many dimensions, with the same numbers.
  constexpr bool operator==(const Extents& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }
  /// How many elements an array of this shape has; 1 without dimensions, 0 if some length is 0. Throws
  /// std::length_error beyond 2^63.
  constexpr std::uint64_t product() const {
    std::uint64_t product = 1;
    if (std::find(begin(), end(), 0u) != end()) return 0;
    for (const std::uint64_t value : *this) {
      if (value > (std::uint64_t{1} << 63) / product) throw std::length_error("ramal: a shape is too large");
      product *= value;
    }
    return product;
  }
  /// The numbers as text, such as `(3, 4)`.
  std::string text() const {
    std::string text = "(";
    for (const std::uint64_t value : *this) text += (text.size() > 1 ? ", " : "") + std::to_string(value);
    return text + ')';
  }

 private:
  std::uint64_t values_[most] = {};
  std::uint64_t count_ = 0;  // as wide as the others: padding would hold whatever was there before
};

/// An n-dimensional piece (n from 0 to 8) of an array, row-major and without gaps, with its offset in
/// the whole. Moving is cheap and leaves an empty block; copying copies the elements. As a task's result it
/// is sent from its own memory and received into its place. T is plain memory: numbers, structures of them.
///
/// Its memory is its own and aligned to 64 bytes, or, made by `wrap`, someone else's.
///
///   shape (2, 3), offset (4, 0):   rows 4 and 5 of the whole, elements in memory in this order:
///                                  [4,0] [4,1] [4,2] [5,0] [5,1] [5,2]
///
/// BLAS and Eigen take data() and strides()[0] as the leading dimension of a row-major matrix:
///
///   cblas_dgemv(CblasRowMajor, CblasNoTrans, rows, columns, 1.0, a.data(), static_cast<int>(a.strides()[0]),
///               x.data(), 1, 0.0, y.data(), 1);
///
/// Fortran's arrays are column-major: the same memory there has the dimensions in reverse order.
///
/// A block of 64 KiB or more takes its memory from a pool that keeps what was freed, since the first contact
/// with fresh memory costs more than most of what is done with it. There is one pool a process; it keeps at
/// most 256 MiB, and any thread may free into it.
///
/// On another rank a block arrives with memory of its own, also one that was made by `wrap`. Structures with
/// pointers in them do not compile as elements; where the compiler does not see the members, the first 16
/// elements are looked at when the block is sent, and an address of this process in one makes its task fail.
template <class T>
  requires detail::Memory<T>
class Block {
 public:
  /// What an element is, as standard containers have it.
  using value_type = T;

  /// One dimension, no elements, no memory.
  Block() = default;
  /// A block whose elements are not initialised, at `offset` in the whole, or at its origin if none is given.
  /// O(1): the memory is not touched. Throws std::invalid_argument if the offset has other dimensions than
  /// the shape, std::length_error or std::bad_alloc if it is too large.
  explicit Block(const Extents& shape, const Extents& offset = {})
      : Block(shape, offset, std::shared_ptr<T>()) {
    memory_ = allocate(size_);
  }
  /// A block whose elements are all `value`. O(elements). Throws as the constructor.
  static Block filled(const Extents& shape, const T& value, const Extents& offset = {}) {
    Block block(shape, offset);
    std::fill_n(block.data(), block.size(), value);
    return block;
  }
  /// A block that uses `memory`, row-major elements of that shape without gaps, without copying. `owner`
  /// keeps the memory alive while the block needs it; without one it must outlive the block and all tasks
  /// that use it. A task that takes the block by value at its last use writes into that memory. O(1). Throws
  /// std::invalid_argument if the offset has other dimensions than the shape.
  ///
  ///   auto owner = std::make_shared<std::vector<double>>(600);
  ///   auto block = ramal::Block<double>::wrap(owner->data(), {30, 20}, {}, owner);
  static Block wrap(T* memory, const Extents& shape, const Extents& offset = {},
                    const std::shared_ptr<void>& owner = nullptr) {
    return Block(shape, offset, std::shared_ptr<T>(owner, memory));
  }

  /// Copies the elements, also those of a wrapped block: the copy's memory is its own. O(elements).
  Block(const Block& other) : Block(other.shape_, other.offset_) {
    if (size_ != 0) std::memcpy(static_cast<void*>(data()), other.data(), size_ * sizeof(T));
  }
  /// Takes the memory over and leaves `other` as a new Block is: one dimension, no elements. O(1).
  Block(Block&& other) noexcept { swap(other); }
  /// Copies or moves, as the argument is made. Throws nothing itself: a copy that throws leaves
  /// this block as it was.
  Block& operator=(Block other) noexcept {
    swap(other);
    return *this;
  }
  /// Exchanges shapes, offsets and memory; elements stay where they are. O(1).
  void swap(Block& other) noexcept {
    std::swap(shape_, other.shape_);
    std::swap(offset_, other.offset_);
    std::swap(size_, other.size_);
    std::swap(memory_, other.memory_);
  }

  /// How many elements there are in each dimension, the slowest first.
  const Extents& shape() const { return shape_; }
  /// Where its first element lies in the whole array, in elements of each dimension.
  const Extents& offset() const { return offset_; }
  /// 0 to 8. A block without dimensions has one element.
  std::size_t dimensions() const { return shape_.size(); }
  /// The number of elements: the product of the shape.
  std::size_t size() const { return size_; }
  /// There are no elements, since some length is 0.
  bool empty() const { return size_ == 0; }
  /// How many elements lie between neighbours in each dimension; the last is 1. In elements, not bytes.
  Extents strides() const {
    Extents strides = Extents::filled(dimensions(), 1);
    for (std::size_t d = dimensions(); d-- > 1;) strides[d - 1] = strides[d] * shape_[d];
    return strides;
  }

  /// The first element, aligned to 64 bytes unless the block is wrapped; may be null if there are none.
  T* data() { return memory_.get(); }
  /// The same to be read. It holds until the block is assigned to, moved from or destroyed.
  const T* data() const { return memory_.get(); }
  /// All elements, in row-major order; so begin() and end(). O(1); they hold as long as data() does.
  std::span<T> span() { return {data(), size_}; }
  std::span<const T> span() const { return {data(), size_}; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }

  /// The element at these indices, as many as there are dimensions, counted from the block's own first.
  /// Unchecked but by assert. O(dimensions); a loop over all elements is faster by data() and strides().
  ///
  ///   for (std::uint64_t i = 0; i < block.shape()[0]; ++i) sum += block(i, 0);     // the first column
  template <std::convertible_to<std::uint64_t>... Index>
  T& operator()(Index... index) {
    return data()[position({static_cast<std::uint64_t>(index)...})];
  }
  template <std::convertible_to<std::uint64_t>... Index>
  const T& operator()(Index... index) const {
    return data()[position({static_cast<std::uint64_t>(index)...})];
  }

  /// The same elements in another shape of as many, in the same memory: `std::move(block).reshaped({6})`.
  /// O(1). Throws std::invalid_argument if the numbers of elements differ, and as the constructor. Only for
  /// a block that is moved from: it is empty afterwards.
  Block reshaped(const Extents& shape, const Extents& offset = {}) && {
    if (shape.product() != size_) {
      throw std::invalid_argument("ramal: Block::reshaped: " + shape_.text() + " to " + shape.text() +
                                  ": the numbers of elements differ");
    }
    return Block(shape, offset, std::move(memory_));
  }

  /// Shape, offset and elements are the same, as T's == has it; so a block with a NaN equals none.
  /// O(elements).
  bool operator==(const Block& other) const {
    return shape_ == other.shape_ && offset_ == other.offset_ && std::equal(begin(), end(), other.begin());
  }

 private:
  Block(const Extents& shape, const Extents& offset, std::shared_ptr<T> memory)
      : shape_(shape),
        offset_(offset.empty() ? Extents::filled(shape.size(), 0) : offset),
        size_(shape.product()),
        memory_(std::move(memory)) {
    if (offset_.size() != shape_.size()) {
      throw std::invalid_argument("ramal: a block of shape " + shape_.text() + " has an offset of " +
                                  std::to_string(offset_.size()) + " dimensions");
    }
    if (size_ > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T))
      throw std::length_error("ramal: a block of shape " + shape_.text() + " is too large");
  }
  static std::shared_ptr<T> allocate(std::size_t count) {
    if (count == 0) return nullptr;
    static_assert(alignof(T) <= 64, "ramal: elements of blocks are aligned to at most 64 bytes");
    return std::static_pointer_cast<T>(detail::allocate_block_memory(count * sizeof(T)));
  }
  std::uint64_t position(std::initializer_list<std::uint64_t> index) const {
    assert(index.size() == dimensions());
    std::uint64_t at = 0;
    std::size_t d = 0;
    for (const std::uint64_t i : index) {
      assert(i < shape_[d]);
      at = at * shape_[d++] + i;
    }
    return at;
  }

  Extents shape_{0};
  Extents offset_{0};
  std::size_t size_ = 0;
  std::shared_ptr<T> memory_;
};

/// Writes a block's elements as NumPy prints an array: nested brackets, numbers in columns, with as few
/// digits as they need and at most 8 behind the point. Of more than 1000 elements those at the ends of each
/// axis are written, with `...` between them. Structures are written by their own operator<<, or by their
/// names.
///
///   std::cout << ramal::Block<double>::filled({2, 3}, 0.5);        // [[0.5 0.5 0.5]
///                                                                  //  [0.5 0.5 0.5]]
template <class T>
std::ostream& operator<<(std::ostream& out, const Block<T>& block) {
  const Extents& shape = block.shape();
  return out << detail::block_text({shape.begin(), shape.size()}, block.data(), &detail::element_texts<T>);
}
template <class T>
inline constexpr bool detail::is_previewed_as_range<Block<T>> = true;

/// A block's form on the way, which is sent from and received into the blocks' own memory:
///   head := dimensions:u8 shape:u64* offset:u64*; then the elements as they lie in memory.
/// The head takes at most 129 bytes. Strides are not sent: a block has no gaps.
template <class T>
struct Codec<Block<T>> {
  /// The head and the elements in one piece, for small blocks. O(elements).
  static void write(Writer& writer, const Block<T>& block) {
    write_head(writer, block);
    writer.bytes(block.data(), block.size() * sizeof(T));
  }
  /// The inverse of write. Throws DecodeError if the bytes end too early, or name more than 8
  /// dimensions.
  static Block<T> read(Reader& reader) {
    Reader ahead = reader;
    const std::size_t head_bytes = 1 + 16 * std::size_t{ahead.raw<std::uint8_t>()};
    Reader head({reader.bytes(head_bytes), head_bytes});
    Block<T> block = allocate(head, reader.left());
    if (!block.empty()) {
      const std::size_t bytes = block.size() * sizeof(T);
      std::memcpy(static_cast<void*>(block.data()), reader.bytes(bytes), bytes);
    }
    return block;
  }

  /// The elements where they lie, to be sent from there. Valid as long as the block is.
  static std::span<const std::byte> memory(const Block<T>& block) { return std::as_bytes(block.span()); }
  /// Throws std::invalid_argument if elements that have to be looked at hold an address.
  static void write_head(Writer& writer, const Block<T>& block) {
    detail::look_at(block.data(), block.size());
    writer.raw(static_cast<std::uint8_t>(block.dimensions()));
    for (const std::uint64_t extent : block.shape()) writer.raw(extent);
    for (const std::uint64_t offset : block.offset()) writer.raw(offset);
  }
  /// A block of the shape in the head. Throws DecodeError if that needs more than `bytes`, before any memory
  /// is asked for.
  static Block<T> allocate(Reader& head, std::size_t bytes) {
    const std::size_t dimensions = head.raw<std::uint8_t>();
    if (dimensions > Extents::most) throw DecodeError("a block of more than 8 dimensions");
    Extents shape = Extents::filled(dimensions, 0);
    Extents offset = shape;
    for (std::size_t d = 0; d < dimensions; ++d) shape[d] = head.raw<std::uint64_t>();
    for (std::size_t d = 0; d < dimensions; ++d) offset[d] = head.raw<std::uint64_t>();
    std::uint64_t room = bytes / sizeof(T);
    for (const std::uint64_t extent : shape) room = extent == 0 ? 0 : room / extent;
    const bool none = std::find(shape.begin(), shape.end(), 0u) != shape.end();
    if (!none && room == 0) throw DecodeError("a block of shape " + shape.text() + ", but fewer elements");
    return Block<T>(shape, offset);
  }
};

}  // namespace ramal
