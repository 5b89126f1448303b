// SPDX-License-Identifier: BSD-3-Clause
// Tables of plain values, one vector a column, as an oracle for Rows, and random ones of all types.
#pragma once

#include <ramal/rows_builder.hpp>

#include <random>
#include <string>
#include <vector>

namespace ramal::test {

/// One value: null, a number in `number` (floating-point ones by their bits), text, or the parts of a list or
/// structure. An interval is its three numbers.
struct Plain {
  bool null = false;
  Int128 number = 0;
  std::string text = {};
  std::vector<Plain> parts = {};
  bool operator==(const Plain&) const = default;
};
using PlainColumn = std::vector<Plain>;
struct PlainTable {
  Schema schema;
  std::vector<PlainColumn> columns;
  std::size_t size = 0;
  bool operator==(const PlainTable&) const = default;
};

using Random = std::mt19937_64;
inline std::int64_t below(Random& random, std::int64_t end) {
  return std::uniform_int_distribution<std::int64_t>(0, end - 1)(random);
}
inline bool chance(Random& random, int in) { return below(random, in) == 0; }

inline ColumnType random_type(Random& random, int depth = 0) {
  const auto id =
      static_cast<TypeId>(below(random, static_cast<std::int64_t>(type_ids) - (depth < 3 ? 0 : 2)));
  if (id == TypeId::decimal) {
    const int width = 1 + static_cast<int>(below(random, 38));
    return ColumnType::decimal(width, static_cast<int>(below(random, width + 1)));
  }
  if (id == TypeId::list) return ColumnType::list(random_type(random, depth + 1));
  if (id != TypeId::structure) return id;
  std::vector<Field> fields(static_cast<std::size_t>(1 + below(random, 3)));
  for (std::size_t i = 0; i < fields.size(); ++i)
    fields[i] = {"f" + std::to_string(i), random_type(random, depth + 1)};
  return ColumnType::structure(fields);
}

inline Schema random_schema(Random& random) {
  std::vector<Field> fields(static_cast<std::size_t>(below(random, 6)));
  for (std::size_t i = 0; i < fields.size(); ++i)
    fields[i] = {"Column " + std::to_string(i), random_type(random)};
  return Schema(fields);
}

inline Plain random_plain(Random& random, const ColumnType& type, int null_in) {
  Plain plain;
  if (type.id() == TypeId::null || (null_in != 0 && chance(random, null_in))) {
    plain.null = true;
    return plain;
  }
  switch (type.id()) {
    case TypeId::text:
    case TypeId::blob:
      plain.text.resize(static_cast<std::size_t>(below(random, chance(random, 8) ? 300 : 20)));
      for (char& c : plain.text) c = static_cast<char>('a' + below(random, 26));
      break;
    case TypeId::list:
      for (std::int64_t i = below(random, 5); i > 0; --i)
        plain.parts.push_back(random_plain(random, type.element(), null_in));
      break;
    case TypeId::structure:
      for (const Field& field : type.fields())
        plain.parts.push_back(random_plain(random, field.type, null_in));
      break;
    case TypeId::interval:
      for (int i = 0; i < 3; ++i) plain.parts.push_back({.number = below(random, 1000) - 500});
      break;
    case TypeId::boolean:
      plain.number = below(random, 2);
      break;
    default: {
      const std::size_t bits = 8 * type.value_bytes();
      plain.number = static_cast<Int128>(random()) << 64 | static_cast<Int128>(random());
      if (bits < 128) plain.number &= (static_cast<Int128>(1) << bits) - 1;  // as unsigned, whatever the type
    }
  }
  return plain;
}

inline PlainTable random_table(Random& random, const Schema& schema, std::int64_t size) {
  PlainTable table{schema, {}, schema.empty() ? 0 : static_cast<std::size_t>(size)};
  for (const Field& field : schema) {
    const int null_in = static_cast<int>(below(random, 4));
    PlainColumn& column = table.columns.emplace_back();
    for (std::int64_t i = 0; i < size; ++i) column.push_back(random_plain(random, field.type, null_in));
  }
  return table;
}

/// One row, by whatever the type's own call is; of fixed widths by their bytes.
inline void append_plain(ColumnBuilder& builder, const Plain& plain) {
  const ColumnType& type = builder.type();
  if (plain.null) return builder.append_null();
  switch (type.id()) {
    case TypeId::text:
    case TypeId::blob:
      return builder.append_text(plain.text);
    case TypeId::list:
      for (const Plain& part : plain.parts) append_plain(builder.child(), part);
      return builder.end_list();
    case TypeId::structure:
      for (std::size_t i = 0; i < plain.parts.size(); ++i) append_plain(builder.child(i), plain.parts[i]);
      return builder.end_structure();
    case TypeId::boolean:
      return builder.append(plain.number != 0);
    case TypeId::interval:
      return builder.append(Interval{static_cast<std::int32_t>(plain.parts[0].number),
                                     static_cast<std::int32_t>(plain.parts[1].number),
                                     static_cast<std::int64_t>(plain.parts[2].number)});
    default:
      return builder.append_values(&plain.number, 1);
  }
}

inline Rows rows_of(const PlainTable& table) {
  RowsBuilder builder(table.schema);
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    for (const Plain& plain : table.columns[c]) append_plain(builder.column(c), plain);
  return builder.finish();
}

/// Reads a row through nothing but the documented layout.
inline Plain plain_of(const Column& column, std::int64_t row) {
  Plain plain;
  const ColumnType& type = column.type();
  const auto bit = [row](const ColumnBuffer& bitmap) {
    return (static_cast<unsigned>(bitmap.data()[row / 8]) >> (row % 8) & 1) != 0;
  };
  if (type.id() == TypeId::null || (!column.validity().empty() && !bit(column.validity()))) {
    plain.null = true;
    return plain;
  }
  if (type.id() == TypeId::boolean) {
    plain.number = bit(column.values());
  } else if (type.id() == TypeId::structure) {
    for (const Column& child : column.children()) plain.parts.push_back(plain_of(child, row));
  } else if (type.has_offsets()) {
    const std::int32_t begin = column.offsets()[static_cast<std::size_t>(row)];
    const std::int32_t end = column.offsets()[static_cast<std::size_t>(row) + 1];
    if (type.id() == TypeId::list) {
      for (std::int32_t i = begin; i < end; ++i) plain.parts.push_back(plain_of(column.child(), i));
    } else {
      plain.text.assign(reinterpret_cast<const char*>(column.values().data()) + begin,
                        static_cast<std::size_t>(end - begin));
    }
  } else if (type.id() == TypeId::interval) {
    const Interval interval = column.values().as<Interval>()[static_cast<std::size_t>(row)];
    for (const std::int64_t number :
         {std::int64_t{interval.months}, std::int64_t{interval.days}, interval.nanoseconds})
      plain.parts.push_back({.number = number});
  } else {
    const std::size_t bytes = type.value_bytes();
    std::memcpy(&plain.number, column.values().data() + static_cast<std::size_t>(row) * bytes, bytes);
  }
  return plain;
}

inline PlainTable table_of(const Rows& rows) {
  PlainTable table{rows.schema(), {}, static_cast<std::size_t>(rows.size())};
  for (const Column& column : rows.columns()) {
    PlainColumn& plain = table.columns.emplace_back();
    for (std::int64_t i = 0; i < column.size(); ++i) plain.push_back(plain_of(column, i));
  }
  return table;
}

/// The same rows by their numbers.
inline PlainTable picked(const PlainTable& table, const std::vector<std::int64_t>& rows) {
  PlainTable result{table.schema, {}, rows.size()};
  for (const PlainColumn& column : table.columns) {
    PlainColumn& to = result.columns.emplace_back();
    for (const std::int64_t row : rows) to.push_back(column[static_cast<std::size_t>(row)]);
  }
  return result;
}

}  // namespace ramal::test
