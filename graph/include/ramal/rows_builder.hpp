// SPDX-License-Identifier: BSD-3-Clause
// Making columns and Rows value by value or vector by vector, in Arrow's layout from the start.
//
//   ramal::RowsBuilder builder({{"city", ramal::TypeId::text}, {"price", ramal::TypeId::float64}});
//   builder.column(0).append_text("Bern");
//   builder.column(1).append(1.5);
//   const ramal::Rows rows = builder.finish();
#pragma once

#include <ramal/rows.hpp>

#include <cstring>
#include <utility>

namespace ramal {

namespace detail {

class Slab;

/// As memcpy, for texts: most are short, and for those a call costs more than the copy.
inline void copy_text(std::byte* to, const char* from, std::size_t bytes) {
  const auto both_ends = [&](std::size_t part) {
    std::memcpy(to, from, part);
    std::memcpy(to + bytes - part, from + bytes - part, part);
  };
  if (bytes > 16) {
    std::memcpy(to, from, bytes);
  } else if (bytes >= 8) {
    both_ends(8);
  } else if (bytes >= 4) {
    both_ends(4);
  } else if (bytes >= 2) {
    both_ends(2);
  } else if (bytes == 1) {
    both_ends(1);
  }
}

/// Bytes that grow, are not initialised, and keep their memory when emptied: from the pool of large pieces.
class GrowingBytes {
 public:
  GrowingBytes() = default;
  GrowingBytes(GrowingBytes&& other) noexcept { swap(other); }
  GrowingBytes& operator=(GrowingBytes&& other) noexcept {
    swap(other);
    return *this;
  }
  ~GrowingBytes();
  void swap(GrowingBytes& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(room_, other.room_);
  }

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  void clear() { size_ = 0; }
  /// Where `bytes` more are to be written, whose content is undefined. It holds until the next call.
  std::byte* extend(std::size_t bytes) {
    if (bytes > room_ - size_) grow(bytes);
    std::byte* at = data_ + size_;
    size_ += bytes;
    return at;
  }
  template <class T>
  void push(const T& value) {
    std::memcpy(extend(sizeof(T)), &value, sizeof(T));
  }

 private:
  void grow(std::size_t more);

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

/// Bits that grow, in whole words. Bits behind the last one are zero.
class GrowingBits {
 public:
  std::int64_t size() const { return bits_; }
  const GrowingBytes& words() const { return words_; }
  void clear() {
    words_.clear();
    bits_ = 0;
  }
  void push(bool bit) {
    if ((bits_ & 63) == 0) words_.push(std::uint64_t{0});
    if (bit) last() |= std::uint64_t{1} << (bits_ & 63);
    ++bits_;
  }
  void append_same(bool bit, std::int64_t count);
  /// `count` bits from bit `first` of `words` on. O(words).
  void append(const std::uint64_t* words, std::int64_t first, std::int64_t count);
  /// A bit for each byte, set where that is not 0.
  void append_bytes(const std::uint8_t* bytes, std::int64_t count);

 private:
  /// The words, with room for `count` bits more.
  std::uint64_t* extend(std::int64_t count);
  std::uint64_t& last() { return *reinterpret_cast<std::uint64_t*>(words_.data() + words_.size() - 8); }

  GrowingBytes words_;
  std::int64_t bits_ = 0;
};

}  // namespace detail

/// One column that grows. What is appended lies in memory that grows by doubling; `finish` copies it once,
/// into memory of exactly its size, and keeps the grown memory for the next column: a builder for each thread
/// that is used again costs no first contact with fresh memory. Not thread-safe.
///
/// `validity` is a bitmap as in <ramal/column.hpp>, of which bit 0 belongs to the first row appended; null
/// means that all are valid. Values where it has a 0 are ignored, but must be there. After an exception the
/// builder can only be cleared.
class ColumnBuilder {
 public:
  /// `name` is for error messages.
  explicit ColumnBuilder(ColumnType type, std::string name = {});

  const ColumnType& type() const { return type_; }
  /// Rows appended so far.
  std::int64_t size() const { return size_; }
  /// Bytes appended so far, as the finished column will have them; children included.
  std::size_t bytes() const;

  /// One row. T is what the type's values are in memory (ColumnValue), or std::optional of it. Throws
  /// std::invalid_argument, naming both, if it is not.
  template <ColumnValue T>
  void append(T value) {
    if (plain_ != detail::plain_type<T>) refuse(detail::plain_type<T>);
    if constexpr (std::same_as<T, std::string_view>) {
      append_text(value);
    } else {
      if constexpr (std::same_as<T, bool>) {
        booleans_.push(value);
      } else {
        values_.push(value);
      }
      close_row();
    }
  }
  void append(std::string_view text) { append<std::string_view>(text); }
  template <ColumnValue T>
  void append(std::optional<T> value) {
    value ? append(*value) : append_null();
  }
  /// One row of text or blob. Requires: the type is one of these. Throws std::length_error, naming the
  /// column, if it then has more than 2^31 - 1 bytes: "use smaller partitions".
  void append_text(std::string_view text) {
    if (text.size() > most_offset - values_.size()) refuse_length(text.size());
    if (!text.empty()) std::memcpy(values_.extend(text.size()), text.data(), text.size());
    offsets_.push(static_cast<std::int32_t>(values_.size()));
    close_row();
  }
  /// One null row, of any type. In a structure its fields get one too.
  void append_null() { append_nulls(1); }
  void append_nulls(std::int64_t count);

  /// `count` rows of a type with value_bytes(), as they lie in memory. Throws std::invalid_argument for
  /// others.
  void append_values(const void* values, std::int64_t count, const std::uint64_t* validity = nullptr);
  /// `count` rows of boolean, each a byte that is 0 or not. Throws std::invalid_argument for another type.
  void append_booleans(const void* bytes, std::int64_t count, const std::uint64_t* validity = nullptr);
  /// `count` rows of text or blob, each what `text_of(i)` gives, a std::string_view; it is not called for
  /// nulls. Throws std::invalid_argument for another type, std::length_error as append_text.
  template <class TextOf>
  void append_texts(std::int64_t count, TextOf text_of, const std::uint64_t* validity = nullptr);

  /// A list's elements, or a structure's fields: fill these, then say to which rows it belongs. Throws
  /// std::out_of_range if there is no such child.
  ColumnBuilder& child(std::size_t number = 0);
  /// One row of list: the elements appended to the child since the last row. Throws std::invalid_argument for
  /// another type, std::length_error for more than 2^31 - 1 elements in the column.
  void end_list();
  /// `count` rows of list with so many elements each; those of nulls are 0. The elements may be appended to
  /// the child before or after. Throws as end_list.
  void append_lists(const std::uint64_t* lengths, std::int64_t count,
                    const std::uint64_t* validity = nullptr);
  /// One row, or `count` rows, of structure. The fields, also those of null rows, may be appended to the
  /// children before or after. Throws std::invalid_argument for another type.
  void end_structure() { append_structures(1); }
  void append_structures(std::int64_t count, const std::uint64_t* validity = nullptr);

  /// Rows `first` to `first + count` of a column of the same type. Throws std::invalid_argument for another
  /// type, std::out_of_range for rows that are not there, std::length_error as append_text.
  void append_column(const Column& column, std::int64_t first, std::int64_t count);

  /// The column; the builder is empty then. Throws std::invalid_argument if the children have not as many
  /// rows as was said. O(bytes).
  Column finish();
  /// Forgets all rows, and keeps the memory.
  void clear();

 private:
  friend class RowsBuilder;
  static constexpr std::size_t most_offset = 0x7fffffff;

  /// Where the next row's text or elements begin.
  std::size_t end() const {
    return type_.id() == TypeId::list ? static_cast<std::size_t>(elements_) : values_.size();
  }
  void close_row() {
    ++size_;
    if (validity_.size() != 0) validity_.push(true);
  }
  void append_ranges(const Column& column, std::int64_t first, std::int64_t count);
  void append_validity(const std::uint64_t* validity, std::int64_t count);
  void require(bool holds, const char* what) const;
  [[noreturn]] void refuse(TypeId given) const;
  [[noreturn]] void refuse_length(std::size_t more) const;
  /// How many bytes of a slab `finish_into` takes.
  std::size_t slab_bytes() const;
  void check_children() const;
  Column finish_into(detail::Slab& slab);

  ColumnType type_;
  TypeId plain_;
  std::string name_;
  std::int64_t size_ = 0;
  std::int64_t elements_ = 0;     // of a list: in all rows so far
  detail::GrowingBits validity_;  // as long as the column, or empty while no row is null
  detail::GrowingBits booleans_;
  detail::GrowingBytes values_;
  detail::GrowingBytes offsets_;  // without the first, which is 0
  std::vector<ColumnBuilder> children_;
};

/// A builder for each column of a schema. Rows are there once all columns have them. Not thread-safe.
class RowsBuilder {
 public:
  explicit RowsBuilder(Schema schema);

  const Schema& schema() const { return schema_; }
  /// Requires: position < schema().size().
  ColumnBuilder& column(std::size_t position) { return columns_[position]; }
  /// Throws std::invalid_argument, with the names that there are, if there is none of this name.
  ColumnBuilder& column(std::string_view name) { return columns_[schema_.position(name)]; }
  /// Rows of the first column so far; 0 where there are no columns.
  std::int64_t size() const { return columns_.empty() ? 0 : columns_.front().size(); }
  /// Bytes appended so far, as the finished Rows will have them.
  std::size_t bytes() const;

  /// All rows, with one piece of memory for all columns; the builder is empty then, and can be used again.
  /// Throws std::invalid_argument, naming the columns, if they have different numbers of rows. O(bytes).
  Rows finish();
  /// Forgets all rows, and keeps the memory.
  void clear();

 private:
  Schema schema_;
  std::vector<ColumnBuilder> columns_;
};

template <class TextOf>
void ColumnBuilder::append_texts(std::int64_t count, TextOf text_of, const std::uint64_t* validity) {
  require(plain_ == TypeId::text, "append_texts");
  auto* offsets = reinterpret_cast<std::int32_t*>(
      offsets_.extend(static_cast<std::size_t>(count) * sizeof(std::int32_t)));
  for (std::int64_t i = 0; i < count; ++i) {
    if (validity == nullptr || detail::bit(validity, i)) {
      const std::string_view text = text_of(i);
      if (text.size() > most_offset - values_.size()) refuse_length(text.size());
      if (!text.empty()) detail::copy_text(values_.extend(text.size()), text.data(), text.size());
    }
    offsets[i] = static_cast<std::int32_t>(values_.size());
  }
  append_validity(validity, count);
}

}  // namespace ramal
