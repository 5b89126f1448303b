// SPDX-License-Identifier: BSD-3-Clause
// One column of a table's partition: values of one type in memory, some of which may be null.
//
// The layout is that of Apache Arrow's columnar format 1.5, without offsets into buffers:
//
//   validity   a bitmap: bit i % 64 of word i / 64 is set if row i is valid. Absent if no row is null.
//   values     fixed widths: the values; boolean: a bitmap as above; text and blob: all bytes, one row after the
//              other; null, list and structure: absent
//   offsets    text, blob and list: size + 1 std::int32_t, from 0, that do not fall; row i lies in
//              [offsets[i], offsets[i + 1]) of the values or of the only child
//   children   list: its elements, one column; structure: its fields, each with as many rows as it has
//
// Buffers begin at multiples of 64 bytes. Bitmaps have whole words; bits behind the last row mean nothing,
// and so does what is stored where a row is null. A column never changes once it is made, so that any number
// of Rows, tasks and threads may share it.
#pragma once

#include <ramal/column_type.hpp>

#include <concepts>
#include <iterator>
#include <type_traits>

namespace ramal {

/// Memory that columns share: a pointer that keeps what it points into, often one allocation for all columns
/// of a partition. The memory must not change any more. Any thread.
class ColumnBuffer {
 public:
  /// No memory: what is absent.
  ColumnBuffer() = default;
  /// `bytes` bytes from `data`. Its owner may be anything: `std::shared_ptr<const std::byte>(owner,
  /// pointer)`. `padded`: bytes behind it up to the next multiple of 64 may be read, though they mean
  /// nothing.
  ColumnBuffer(std::shared_ptr<const std::byte> data, std::size_t bytes, bool padded = false)
      : data_(std::move(data)), bytes_(bytes), padded_(padded) {}

  const std::byte* data() const { return data_.get(); }
  /// In bytes.
  std::size_t size() const { return bytes_; }
  bool empty() const { return bytes_ == 0; }
  bool padded() const { return padded_; }
  const std::shared_ptr<const std::byte>& owner() const { return data_; }
  /// As many whole elements as it holds.
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data()), bytes_ / sizeof(T)};
  }
  std::span<const std::byte> span() const { return {data(), bytes_}; }

 private:
  std::shared_ptr<const std::byte> data_;
  std::size_t bytes_ = 0;
  bool padded_ = false;
};

struct ColumnParts;

/// One column, by whatever type. See ColumnView for its values. A small value: copies share the memory.
class Column {
 public:
  /// No rows, of type null.
  Column();
  /// Takes buffers that an engine or a user has filled. Throws std::invalid_argument, with what was expected
  /// and found, unless the buffers are aligned, have the sizes that the type and the number of rows ask for,
  /// and begin and end with the right offsets. Whether the offsets between rise is not looked at: see
  /// `check`. O(rows / 64), since nulls are counted.
  explicit Column(ColumnParts parts);
  /// Believes what is said, with this number of nulls, and looks into no buffer: for memory that is filled
  /// afterwards. What is wrong with it is found by `check`, if at all.
  static Column unchecked(ColumnParts parts, std::int64_t nulls);

  const ColumnType& type() const;
  /// The number of rows.
  std::int64_t size() const;
  bool empty() const { return size() == 0; }
  /// How many rows are null; all of a column of type null. O(1).
  std::int64_t nulls() const { return nulls_; }
  /// Requires: 0 <= row < size().
  bool is_null(std::int64_t row) const;

  /// The buffers of the layout above; empty where they are absent.
  const ColumnBuffer& validity() const;
  const ColumnBuffer& values() const;
  std::span<const std::int32_t> offsets() const;
  const ColumnBuffer& offsets_buffer() const;
  const std::vector<Column>& children() const;
  /// Requires: a child has this number.
  const Column& child(std::size_t number = 0) const { return children()[number]; }
  /// Bytes of all buffers of it and its children, shared ones too.
  std::size_t bytes() const;

  /// Throws std::invalid_argument if something is not as the layout has it: offsets that do not rise from 0
  /// to the end of the values, children of other sizes, another number of nulls. O(rows).
  void check() const;

  /// The same type, nulls and values; floating-point values bit for bit, so that NaN may equal NaN and 0.0
  /// does not equal -0.0. O(bytes).
  bool operator==(const Column& other) const;

 private:
  std::shared_ptr<const ColumnParts> parts_;
  std::int64_t nulls_ = 0;
};

/// What a column is made of, for whoever fills buffers directly; others use <ramal/rows_builder.hpp>.
struct ColumnParts {
  ColumnType type;
  std::int64_t size = 0;
  ColumnBuffer validity = {};
  ColumnBuffer values = {};
  ColumnBuffer offsets = {};
  std::vector<Column> children = {};
};

/// As what a column's values are read and appended.
///
///   bool                        boolean
///   std::int8_t … std::uint64_t the integers of that size; std::int32_t: date too; std::int64_t: time and all
///                               timestamps too
///   Int128                      int128, and decimal (times 10^scale)
///   float, double               float32, float64
///   Interval                    interval
///   std::string_view            text and blob
template <class T>
concept ColumnValue = std::same_as<T, bool> || std::same_as<T, std::int8_t> ||
    std::same_as<T, std::int16_t> || std::same_as<T, std::int32_t> || std::same_as<T, std::int64_t> ||
    std::same_as<T, std::uint8_t> || std::same_as<T, std::uint16_t> || std::same_as<T, std::uint32_t> ||
    std::same_as<T, std::uint64_t> || std::same_as<T, Int128> || std::same_as<T, float> ||
    std::same_as<T, double> || std::same_as<T, Interval> || std::same_as<T, std::string_view>;

namespace detail {

/// The type whose values are T in memory and mean nothing else.
template <ColumnValue T>
inline constexpr TypeId plain_type = std::same_as<T, bool>            ? TypeId::boolean
                                     : std::same_as<T, std::int8_t>   ? TypeId::int8
                                     : std::same_as<T, std::int16_t>  ? TypeId::int16
                                     : std::same_as<T, std::int32_t>  ? TypeId::int32
                                     : std::same_as<T, std::int64_t>  ? TypeId::int64
                                     : std::same_as<T, std::uint8_t>  ? TypeId::uint8
                                     : std::same_as<T, std::uint16_t> ? TypeId::uint16
                                     : std::same_as<T, std::uint32_t> ? TypeId::uint32
                                     : std::same_as<T, std::uint64_t> ? TypeId::uint64
                                     : std::same_as<T, Int128>        ? TypeId::int128
                                     : std::same_as<T, float>         ? TypeId::float32
                                     : std::same_as<T, double>        ? TypeId::float64
                                     : std::same_as<T, Interval>      ? TypeId::interval
                                                                      : TypeId::text;
/// The plain type of the values that a type has in memory: int32 for date, int128 for decimal, text for blob.
TypeId plain_type_of(TypeId id);
/// What such a type is in C++: "std::int32_t"; empty for null, list and structure.
std::string_view value_type_name(TypeId plain);
/// Throws std::invalid_argument, naming the column, its type and the C++ type that was asked for.
[[noreturn]] void refuse_view(const ColumnType& type, TypeId asked, std::string_view name);

inline bool bit(const std::uint64_t* words, std::int64_t i) { return (words[i >> 6] >> (i & 63) & 1) != 0; }

}  // namespace detail

/// The values of a column, read as T. It keeps the column's memory. Any thread.
///
///   double sum = 0;
///   for (const std::optional<double> x : rows.column<double>("x")) sum += x.value_or(0);
template <ColumnValue T>
class ColumnView {
 public:
  using value_type = std::optional<T>;

  /// Throws std::invalid_argument, naming the column and its type, if that is not read as T.
  explicit ColumnView(Column column, std::string_view name = {}) : column_(std::move(column)) {
    if (detail::plain_type_of(column_.type().id()) != detail::plain_type<T>)
      detail::refuse_view(column_.type(), detail::plain_type<T>, name);
    values_ = column_.values().data();
    offsets_ = column_.offsets().data();
    if (column_.nulls() != 0) validity_ = column_.validity().as<std::uint64_t>().data();
  }

  std::int64_t size() const { return column_.size(); }
  std::int64_t nulls() const { return column_.nulls(); }
  const Column& column() const { return column_; }
  /// Requires: 0 <= row < size().
  bool is_null(std::int64_t row) const { return validity_ != nullptr && !detail::bit(validity_, row); }
  /// What is stored in a row, which means nothing if that is null. Text is valid as long as the memory is.
  /// Requires: 0 <= row < size(). O(1).
  T operator[](std::int64_t row) const {
    if constexpr (std::same_as<T, bool>) {
      return detail::bit(reinterpret_cast<const std::uint64_t*>(values_), row);
    } else if constexpr (std::same_as<T, std::string_view>) {
      return {reinterpret_cast<const char*>(values_) + offsets_[row],
              static_cast<std::size_t>(offsets_[row + 1] - offsets_[row])};
    } else {
      return reinterpret_cast<const T*>(values_)[row];
    }
  }
  /// The value of a row, or none where it is null.
  std::optional<T> get(std::int64_t row) const {
    return is_null(row) ? std::nullopt : std::optional<T>((*this)[row]);
  }
  /// All values side by side, for loops that are to be fast.
  std::span<const T> values() const requires(!std::same_as<T, bool> && !std::same_as<T, std::string_view>) {
    return {reinterpret_cast<const T*>(values_), static_cast<std::size_t>(size())};
  }

  class Iterator {
   public:
    using value_type = std::optional<T>;
    using difference_type = std::int64_t;
    Iterator() = default;
    Iterator(const ColumnView* view, std::int64_t row) : view_(view), row_(row) {}
    std::optional<T> operator*() const { return view_->get(row_); }
    Iterator& operator++() {
      ++row_;
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++row_;
      return before;
    }
    bool operator==(const Iterator& other) const { return row_ == other.row_; }

   private:
    const ColumnView* view_ = nullptr;
    std::int64_t row_ = 0;
  };
  /// The rows in order, each as an std::optional. They hold as long as the view does.
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

 private:
  Column column_;
  const std::byte* values_ = nullptr;
  const std::int32_t* offsets_ = nullptr;
  const std::uint64_t* validity_ = nullptr;
};

}  // namespace ramal
