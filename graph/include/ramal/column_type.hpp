// SPDX-License-Identifier: BSD-3-Clause
// What the columns of a table hold: types, and schemas of named types.
//
//   const ramal::Schema schema = {{"day", ramal::TypeId::date}, {"price", ramal::ColumnType::decimal(18, 3)}};
//   schema.text()                                      // (day DATE, price DECIMAL(18,3))
#pragma once

#include <ramal/detail/compiler.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ramal {

/// An integer of 16 bytes.
__extension__ typedef __int128 Int128;

/// A span of time, whose three parts are not converted into each other: months and days differ in length.
struct Interval {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t nanoseconds = 0;
  bool operator==(const Interval&) const = default;
};

/// The kinds of types. Beside each: what SQL calls it, and as what it lies in memory, little endian.
enum class TypeId : std::uint8_t {
  null,          ///< "NULL": no values, all rows are null
  boolean,       ///< BOOLEAN: a bit
  int8,          ///< TINYINT
  int16,         ///< SMALLINT
  int32,         ///< INTEGER
  int64,         ///< BIGINT
  uint8,         ///< UTINYINT
  uint16,        ///< USMALLINT
  uint32,        ///< UINTEGER
  uint64,        ///< UBIGINT
  int128,        ///< HUGEINT: Int128
  float32,       ///< FLOAT
  float64,       ///< DOUBLE
  decimal,       ///< DECIMAL(width,scale): the value times 10^scale, as Int128 whatever the width
  text,          ///< VARCHAR: UTF-8, which is not checked
  blob,          ///< BLOB: any bytes
  date,          ///< DATE: days since 1970-01-01, std::int32_t
  time,          ///< TIME: microseconds since midnight, std::int64_t
  timestamp_s,   ///< TIMESTAMP_S: seconds since 1970-01-01 00:00:00 of an unnamed zone, std::int64_t
  timestamp_ms,  ///< TIMESTAMP_MS: the same in milliseconds
  timestamp_us,  ///< TIMESTAMP: the same in microseconds
  timestamp_ns,  ///< TIMESTAMP_NS: the same in nanoseconds
  timestamp_tz,  ///< TIMESTAMP WITH TIME ZONE: an instant, microseconds since 1970-01-01 00:00:00 UTC
  interval,      ///< INTERVAL: Interval
  list,          ///< T[]: any number of values of one type a row
  structure,     ///< STRUCT(name T, …): values of several types a row
};
inline constexpr std::size_t type_ids = static_cast<std::size_t>(TypeId::structure) + 1;

struct Field;

/// The type of a column: a TypeId and what that needs. A small value; copies share their fields. Any thread.
class ColumnType {
 public:
  /// TypeId::null.
  ColumnType() = default;
  /// A type that needs nothing more. Throws std::invalid_argument for decimal, list and structure.
  ColumnType(TypeId id);  // NOLINT(google-explicit-constructor): `{"x", TypeId::int64}` is a field
  /// Throws std::invalid_argument unless 1 <= width <= 38 and 0 <= scale <= width, in decimal digits.
  static ColumnType decimal(int width, int scale);
  static ColumnType list(const ColumnType& element);
  /// Throws std::invalid_argument if there are no fields, or two have the same name but for case.
  static ColumnType structure(std::vector<Field> fields);

  TypeId id() const { return id_; }
  /// Of a decimal: how many digits there are at most, and how many of them behind the point; else 0.
  int width() const { return width_; }
  int scale() const { return scale_; }
  /// A structure's fields; of a list one, named "element"; of other types none.
  std::span<const Field> fields() const;
  /// The type of a list's elements. Requires: this is a list.
  const ColumnType& element() const;
  /// Bytes a value takes in memory. 0 where they are not whole or not the same for all: null, boolean, text,
  /// blob, list and structure.
  std::size_t value_bytes() const;
  /// Its values lie between int32 offsets: text, blob and list.
  bool has_offsets() const { return id_ == TypeId::text || id_ == TypeId::blob || id_ == TypeId::list; }
  /// As SQL spells it, so that it can be put into a CAST: "DECIMAL(18,3)", "INTEGER[]",
  /// "STRUCT(a INTEGER, \"b c\" VARCHAR)".
  std::string text() const;

  /// The same type with the same parameters. The names of structures' fields are compared exactly.
  bool operator==(const ColumnType& other) const;

 private:
  TypeId id_ = TypeId::null;
  std::uint8_t width_ = 0;
  std::uint8_t scale_ = 0;
  std::shared_ptr<const std::vector<Field>> fields_;  // null where there are none
};

/// A named type: a column of a schema, or a field of a structure.
struct Field {
  std::string name;
  ColumnType type;
  bool operator==(const Field&) const = default;
};

/// Names and types of a table's columns, in order. Names are any text, the empty one too. Upper and lower
/// case of ASCII letters are told apart where a name is shown, but no two names may differ in them alone,
/// since SQL does not tell them apart. A small value; copies share their fields. Any thread.
class Schema {
 public:
  /// No columns.
  Schema() = default;
  /// Throws std::invalid_argument, with both names, if two are the same or differ only in case. O(n log n).
  explicit Schema(std::vector<Field> fields);
  Schema(std::initializer_list<Field> fields);

  std::size_t size() const { return fields_ ? fields_->size() : 0; }
  bool empty() const { return size() == 0; }
  /// Requires: position < size().
  const Field& operator[](std::size_t position) const { return (*fields_)[position]; }
  std::span<const Field> fields() const;
  auto begin() const { return fields().begin(); }
  auto end() const { return fields().end(); }

  /// Where the column of this name stands, whatever the case of its letters. O(columns).
  std::optional<std::size_t> find(std::string_view name) const;
  /// The same. Throws std::invalid_argument where there is none, with the names that there are.
  std::size_t position(std::string_view name) const;
  /// "(day DATE, price DECIMAL(18,3))", with names in quotes where SQL needs them.
  std::string text() const;

  /// The same names, exactly, and types in the same order.
  bool operator==(const Schema& other) const;

 private:
  std::shared_ptr<const std::vector<Field>> fields_;
};

/// A name as SQL has it: in double quotes unless it is a plain one, of lower-case letters, digits and
/// underscores, that is no reserved word.
std::string quoted_name(std::string_view name);

}  // namespace ramal
