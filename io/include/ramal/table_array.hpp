// SPDX-License-Identifier: BSD-3-Clause
// From tables to arrays, and back.
//
//   const auto delays = ramal::to_array<float>(flights, {"delay", "distance"});      // shape (rows, 2)
//   const auto mean = session.compute(delays.mean(0));
//   const auto late = ramal::resolve(session, flights.filter("delay > 60"));         // now its rows are counted
//   const auto hours = ramal::to_array<double>(late, "time") / 100;
#pragma once

#include <ramal/array_creation.hpp>
#include <ramal/array_select.hpp>
#include <ramal/column_copy.hpp>
#include <ramal/table.hpp>

#include <limits>

namespace ramal {

namespace detail {

/// The table with these columns only; refuses, naming column and type, what is no number.
Table number_columns(const Table& table, const std::vector<std::string>& columns, const char* call,
                     std::source_location where);

/// Columns side by side, a row of the block for each row.
template <class T>
Block<T> block_of_rows(const Rows& rows, const std::optional<T>& for_null, bool is_line) {
  const auto length = static_cast<std::uint64_t>(rows.size());
  const std::size_t columns = rows.schema().size();
  if (is_line) {
    Block<T> line(Extents{length}, Extents{0});
    copy_as<T>(rows.column(0), line.data(), for_null, rows.schema()[0].name);
    return line;
  }
  Block<T> block(Extents{length, columns}, Extents{0, 0});
  std::vector<T> column(length);
  for (std::size_t k = 0; k < columns; ++k) {
    copy_as<T>(rows.column(k), column.data(), for_null, rows.schema()[k].name);
    for (std::uint64_t row = 0; row < length; ++row) block.data()[row * columns + k] = column[row];
  }
  return block;
}

template <class T>
Array<T> array_of_table(const Table& table, const std::vector<std::string>& columns,
                        std::optional<T> for_null, bool is_line, std::source_location where) {
  const Table numbers = number_columns(table, columns, "to_array", where);
  const std::vector<std::int64_t>& rows = known_rows(table, "to_array", where);
  std::vector<Axis> axes{Axis::of(rows)};
  if (!is_line) axes.push_back(Axis::whole(static_cast<std::int64_t>(columns.size())));
  const auto blocks = map<&block_of_rows<T>>({numbers.parts(where), where}, for_null, is_line);
  const GridSource own{{axes[0]}, {AxisMap::along(0)}};
  FamilyView family = grid_family(grid_kind<PlaceThunk<T>, Block<T>>, axes, sizeof(T), {{blocks.view(), {}}},
                                  {own}, {}, where);
  return Array<T>(plain_state(std::move(family), std::move(axes), where));
}

/// What a null is where nothing else is said: NaN, if T has one.
template <class T>
constexpr std::optional<T> usual_null() {
  if constexpr (std::floating_point<T>) return std::numeric_limits<T>::quiet_NaN();
  return std::nullopt;
}

/// Columns of these names of a block of rows.
template <class T>
Rows rows_of_block(const Block<T>& block, const Schema& schema) {
  const std::size_t columns = schema.size();
  const std::size_t length = columns == 0 ? 0 : block.size() / columns;
  std::vector<Column> made;
  for (std::size_t k = 0; k < columns; ++k) {
    std::vector<T> column(length);
    for (std::size_t row = 0; row < length; ++row) column[row] = block.data()[row * columns + k];
    made.push_back(column_of_values<T>(schema[k].type, column, schema[k].name));
  }
  return Rows(schema, std::move(made), static_cast<std::int64_t>(length));
}

Table table_of_blocks(const Family<Rows>& parts, const Schema& schema, const Axis& rows,
                      std::source_location where);

/// Rows with the elements of a block as one more column, or in place of that of its name. `column` is its
/// schema.
template <class T>
Rows rows_with_block(const Rows& rows, const Block<T>& block, const Schema& column) {
  const Field& field = column[0];
  return rows.with(field.name,
                   column_of_values<T>(field.type, std::span(block.data(), block.size()), field.name));
}

}  // namespace detail

/// Columns of a table as an array of shape (rows, columns), one chunk a partition: all columns, if none are
/// named. How many rows a partition has must be known: it is of files and of what keeps all of their rows;
/// else `resolve` counts them. Values become T where nothing of a whole number is lost; see copy_as for what
/// becomes what. A null becomes `for_null`; without it NaN, and where T has none the block's task fails,
/// naming column and row.
///
/// Throws std::invalid_argument, naming the column and its type, for text and whatever else is no number:
/// select other columns, or say with_column("x", "CAST(…)").
template <ColumnNumber T>
Array<T> to_array(const Table& table, std::vector<std::string> columns = {},
                  std::optional<T> for_null = detail::usual_null<T>(),
                  std::source_location where = std::source_location::current()) {
  if (columns.empty()) columns = table.columns();
  return detail::array_of_table<T>(table, columns, for_null, false, where);
}
/// One column, as an array of shape (rows).
template <ColumnNumber T>
Array<T> to_array(const Table& table, const char* column, std::optional<T> for_null = detail::usual_null<T>(),
                  std::source_location where = std::source_location::current()) {
  return detail::array_of_table<T>(table, {column}, for_null, true, where);
}

/// The table, kept where it is made, with the number of rows of each partition, which rank 0 is told:
/// O(partitions) there. Computes it and waits for it. Throws as session.persist and session.compute.
template <class S>
Table resolve(S& session, const Table& table, std::source_location where = std::source_location::current()) {
  const Table kept = session.persist(table);
  return detail::with_counted_rows(kept, session.compute(detail::row_counts(kept, where)));
}

/// A table of an array's rows, a partition a chunk: of one axis in one column, of two in as many as the
/// second axis is long, with these names. Throws std::invalid_argument for more axes, and if there are not as
/// many names.
template <class T, class Node>
  requires(ColumnValue<T>&& std::is_arithmetic_v<T>)
Table from_array(const Array<T, Node>& array, const std::vector<std::string>& names,
                 std::source_location where = std::source_location::current()) {
  std::vector<Field> fields;
  for (const std::string& name : names) fields.push_back({name, detail::plain_type<T>});
  const Schema schema(fields);
  const Extents shape = array.shape();
  const std::uint64_t columns = shape.size() == 2 ? shape[1] : 1;
  if (shape.size() < 1 || shape.size() > 2 || names.empty() || columns != names.size())
    detail::refuse_table("from_array",
                         "expected an array of one axis and one name, or of two axes and a name for "
                         "each column, found shape " +
                             shape.text() + " and " + std::to_string(names.size()) + " names",
                         where);
  std::vector<detail::Axis> axes = array.state().axes;
  if (axes.size() == 2) axes[1] = detail::Axis::whole(axes[1].length());
  const Array<T> in_rows = detail::cut_as(array, axes, where);
  detail::FamilyView blocks = in_rows.blocks(where).view();
  if (blocks.shape.dims == 2) blocks = blocks.without(1);
  return detail::table_of_blocks(map<&detail::rows_of_block<T>>({Family<Block<T>>(blocks), where}, schema),
                                 schema, axes[0], where);
}

/// The table with the elements of an array of one axis as one more column, or in place of the one of this
/// name, row by row. How many rows a partition has must be known, as for to_array. Throws
/// std::invalid_argument for an array of another shape.
template <class T, class Node>
  requires(ColumnValue<T>&& std::is_arithmetic_v<T>)
Table with_array(const Table& table, const std::string& name, const Array<T, Node>& array,
                 std::source_location where = std::source_location::current()) {
  const std::vector<std::int64_t>& rows = detail::known_rows(table, "with_array", where);
  const detail::Axis axis = detail::Axis::of(rows);
  if (array.shape().size() != 1 || static_cast<std::int64_t>(array.shape()[0]) != axis.length())
    detail::refuse_table("with_array",
                         "expected an array of " + std::to_string(axis.length()) + " elements, found shape " +
                             array.shape().text(),
                         where);
  std::vector<Field> fields(table.schema().begin(), table.schema().end());
  const auto known = table.schema().find(name);
  const Field made{known ? fields[*known].name : name, detail::plain_type<T>};
  if (known) {
    fields[*known] = made;
  } else {
    fields.push_back(made);
  }
  const Schema schema(std::move(fields));
  const Array<T> cut = detail::cut_as(array, {axis}, where);
  const Family<Block<T>> blocks(cut.blocks(where).view());
  return detail::table_of_blocks(
      map<&detail::rows_with_block<T>>({table.parts(where), where}, blocks, Schema({made})), schema, axis,
      where);
}

}  // namespace ramal
