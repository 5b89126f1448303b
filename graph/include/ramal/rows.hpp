// SPDX-License-Identifier: BSD-3-Clause
// Rows: one partition of a table, in columns. What tasks of tables take and give.
//
//   ramal::Rows late(const ramal::Rows& flights) {                        // for map_partitions<late>
//     const auto delay = flights.column<double>("delay");
//     std::vector<std::int64_t> kept;
//     for (std::int64_t i = 0; i < flights.size(); ++i)
//       if (delay.get(i) > 60.0) kept.push_back(i);                       // null compares as less
//     return flights.take(kept);
//   }
//   auto rows = ramal::Rows::of({{"city", std::vector<std::string>{"Bern", "Oslo"}},
//                                {"price", std::vector<std::optional<double>>{1.5, std::nullopt}}});
#pragma once

#include <ramal/codec.hpp>
#include <ramal/column.hpp>

#include <iosfwd>

namespace ramal {

namespace detail {

/// A column made of plain values. Throws std::invalid_argument if they are not what the type has in memory.
template <ColumnValue T>
Column column_of_values(const ColumnType& type, std::span<const T> values, std::string_view name);
template <ColumnValue T>
Column column_of_optionals(const ColumnType& type, std::span<const std::optional<T>> values,
                           std::string_view name);

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
/// What an element is read as: string_view for strings, else what it is.
template <class T>
struct ValueOf {
  using type = std::conditional_t<std::convertible_to<const T&, std::string_view>, std::string_view, T>;
};
template <class T>
struct ValueOf<std::optional<T>> : ValueOf<T> {};

}  // namespace detail

/// A name and a column, made of a vector of values that may be std::optional for nulls:
/// `{"x", std::vector<double>{1, 2}}`, `{"day", ramal::TypeId::date, std::vector<std::int32_t>{0, 1}}`.
struct NamedColumn {
  std::string name;
  Column column;

  NamedColumn(std::string its_name, Column its_column)
      : name(std::move(its_name)), column(std::move(its_column)) {}
  /// Values of T are of the plain type of T: std::int64_t makes BIGINT, strings make VARCHAR. Copies.
  /// O(values).
  template <class T>
  NamedColumn(std::string its_name, const std::vector<T>& values);
  /// The same, of another type whose values are T in memory. Throws std::invalid_argument, naming both, if
  /// they are not; for text of more than 2^31 - 1 bytes std::length_error.
  template <class T>
  NamedColumn(std::string its_name, const ColumnType& type, const std::vector<T>& values);
};

/// Columns of the same number of rows, with their names and types. It never changes, and copies share the
/// columns: copying is O(1). As a task's result it travels without being encoded. Any thread.
class Rows {
 public:
  /// No columns and no rows.
  Rows() = default;
  /// Throws std::invalid_argument, naming the column, unless there is a column of the right type for each
  /// field, all of one size. O(columns).
  Rows(Schema schema, std::vector<Column> columns);
  /// The same with the number of rows, which alone is known where there are no columns.
  Rows(Schema schema, std::vector<Column> columns, std::int64_t size);
  /// Throws as the constructor and NamedColumn.
  static Rows of(std::initializer_list<NamedColumn> columns);
  /// No rows of this schema.
  static Rows none(const Schema& schema);

  const Schema& schema() const { return schema_; }
  /// The number of rows.
  std::int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<const Column> columns() const;
  /// Requires: position < columns().size().
  const Column& column(std::size_t position) const { return (*columns_)[position]; }
  /// Throws std::invalid_argument, with the names that there are, if there is none of this name.
  const Column& column(std::string_view name) const;
  /// Its values, read as T. Throws the same, and if they are not T; see ColumnView.
  template <ColumnValue T>
  ColumnView<T> column(std::string_view name) const {
    return ColumnView<T>(column(name), name);
  }
  /// Bytes of all buffers, of those that others share too.
  std::size_t bytes() const;

  /// These columns in this order, shared. Throws std::invalid_argument for a name that is not there or there
  /// twice. O(columns).
  Rows select(std::span<const std::string> names) const;
  Rows select(std::initializer_list<std::string_view> names) const;
  /// The same columns, one under another name, shared. Throws std::invalid_argument if there is none of the
  /// old name or another one of the new name. O(columns).
  Rows rename(std::string_view from, std::string_view to) const;
  /// With one more column, or another in place of the one of this name; the others are shared. Throws
  /// std::invalid_argument if it has another number of rows. O(columns).
  Rows with(std::string_view name, Column column) const;
  Rows with(const NamedColumn& column) const { return with(column.name, column.column); }

  /// `count` rows from `first` on, copied (all of them: shared). Throws std::out_of_range if there are fewer.
  /// O(bytes copied).
  Rows slice(std::int64_t first, std::int64_t count) const;
  /// The rows with these numbers, in this order, copied; a number may come several times. Throws
  /// std::out_of_range for one that is not there, std::length_error if a text column then has more than
  /// 2^31 - 1 bytes. O(bytes copied).
  Rows take(std::span<const std::int64_t> rows) const;
  /// All rows of all parts, in order, copied (of one part: shared). Throws std::invalid_argument, naming what
  /// differs, unless all have the same schema, or if there are no parts; std::length_error as `take`.
  static Rows concat(std::span<const Rows> parts);

  /// Throws std::invalid_argument if what the columns hold is damaged; see Column::check. O(rows).
  void check() const;

  /// The same schema and values; see Column's. O(bytes).
  bool operator==(const Rows& other) const;

 private:
  Schema schema_;
  std::shared_ptr<const std::vector<Column>> columns_;  // null where there are none
  std::int64_t size_ = 0;
};

/// A box of names, types and values, as DuckDB draws it, and the number of rows below. Of more than 40 rows
/// the first and the last 20 are shown; columns that do not fit into 120 characters are left out in the
/// middle, and long text is cut, each with a "…".
std::ostream& operator<<(std::ostream& out, const Rows& rows);
/// The schema's text().
std::ostream& operator<<(std::ostream& out, const Schema& schema);

/// See graph/tables/codec.cpp for the form. Large Rows are sent from where their columns lie, and received
/// into one piece of memory: of those the sizes are checked, but what the columns hold is believed, as of
/// blocks. `read` believes nothing: it throws DecodeError where lengths, offsets or types cannot be. Text is
/// never checked to be UTF-8.
template <>
struct Codec<Rows> {
  static void write(Writer& writer, const Rows& rows);
  static Rows read(Reader& reader);

  /// All buffers in the order of the form, each with what is needed to begin the next at a multiple of 64
  /// bytes.
  static Spans memory(const Rows& rows);
  static void write_head(Writer& writer, const Rows& rows);
  static Rows allocate(Reader& head, std::size_t bytes);
};
/// As of Rows.
template <>
struct Codec<Schema> {
  static void write(Writer& writer, const Schema& schema);
  static Schema read(Reader& reader);
};

// --- what is compiled with each program ------------------------------------------------------------------

template <class T>
NamedColumn::NamedColumn(std::string its_name, const std::vector<T>& values)
    : NamedColumn(std::move(its_name), ColumnType(detail::plain_type<typename detail::ValueOf<T>::type>),
                  values) {}

template <class T>
NamedColumn::NamedColumn(std::string its_name, const ColumnType& type, const std::vector<T>& values)
    : name(std::move(its_name)) {
  using Value = typename detail::ValueOf<T>::type;
  if constexpr (detail::is_optional<T>) {
    const std::vector<std::optional<Value>> seen(values.begin(), values.end());
    column = detail::column_of_optionals<Value>(type, seen, name);
  } else if constexpr (std::same_as<T, Value> && !std::same_as<T, bool>) {
    column = detail::column_of_values<Value>(type, values, name);
  } else {  // strings, and a vector<bool>, which has no array
    const std::unique_ptr<Value[]> seen(new Value[values.size()]);
    std::size_t i = 0;
    for (const auto& value : values) seen[i++] = value;
    column = detail::column_of_values<Value>(type, std::span<const Value>(seen.get(), values.size()), name);
  }
}

}  // namespace ramal
