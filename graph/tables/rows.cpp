// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/rows.hpp>

#include <ramal/rows_builder.hpp>

#include <algorithm>
#include <stdexcept>

namespace ramal {

namespace {

/// Throws std::invalid_argument, naming the column, unless each has its field's type and so many rows.
void check_columns(const Schema& schema, const std::vector<Column>& columns, std::int64_t size) {
  if (columns.size() != schema.size())
    throw std::invalid_argument("ramal: " + std::to_string(columns.size()) + " columns for a schema of " +
                                std::to_string(schema.size()));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string name = "ramal: column " + quoted_name(schema[i].name);
    if (columns[i].type() != schema[i].type)
      throw std::invalid_argument(name + " is of type " + columns[i].type().text() + ", but of " +
                                  schema[i].type.text() + " in the schema");
    if (columns[i].size() != size)
      throw std::invalid_argument(name + " has " + std::to_string(columns[i].size()) +
                                  " rows, but the others have " + std::to_string(size));
  }
}

std::vector<Field> fields_of(const Schema& schema) { return {schema.begin(), schema.end()}; }
std::vector<Column> columns_of(const Rows& rows) { return {rows.columns().begin(), rows.columns().end()}; }

template <class Names>
Rows selected(const Rows& rows, const Names& names) {
  std::vector<Field> fields;
  std::vector<Column> columns;
  for (const auto& name : names) {
    const std::size_t position = rows.schema().position(name);
    fields.push_back(rows.schema()[position]);
    columns.push_back(rows.column(position));
  }
  return {Schema(std::move(fields)), std::move(columns), rows.size()};
}

}  // namespace

Rows::Rows(Schema schema, std::vector<Column> columns) : schema_(std::move(schema)) {
  if (columns.empty()) {
    check_columns(schema_, columns, 0);
    return;
  }
  size_ = columns.front().size();
  check_columns(schema_, columns, size_);
  columns_ = std::make_shared<const std::vector<Column>>(std::move(columns));
}

Rows::Rows(Schema schema, std::vector<Column> columns, std::int64_t size)
    : schema_(std::move(schema)), size_(size) {
  if (size < 0) throw std::invalid_argument("ramal: Rows of " + std::to_string(size) + " rows");
  check_columns(schema_, columns, size);
  if (!columns.empty()) columns_ = std::make_shared<const std::vector<Column>>(std::move(columns));
}

Rows Rows::of(std::initializer_list<NamedColumn> named) {
  std::vector<Field> fields;
  std::vector<Column> columns;
  for (const NamedColumn& column : named) {
    fields.push_back({column.name, column.column.type()});
    columns.push_back(column.column);
  }
  return {Schema(std::move(fields)), std::move(columns)};
}

Rows Rows::none(const Schema& schema) { return RowsBuilder(schema).finish(); }

std::span<const Column> Rows::columns() const {
  return columns_ ? std::span<const Column>(*columns_) : std::span<const Column>();
}

const Column& Rows::column(std::string_view name) const { return (*columns_)[schema_.position(name)]; }

std::size_t Rows::bytes() const {
  std::size_t bytes = 0;
  for (const Column& column : columns()) bytes += column.bytes();
  return bytes;
}

Rows Rows::select(std::span<const std::string> names) const { return selected(*this, names); }
Rows Rows::select(std::initializer_list<std::string_view> names) const { return selected(*this, names); }

Rows Rows::rename(std::string_view from, std::string_view to) const {
  std::vector<Field> fields = fields_of(schema_);
  fields[schema_.position(from)].name = to;
  return {Schema(std::move(fields)), columns_of(*this), size_};
}

Rows Rows::with(std::string_view name, Column column) const {
  std::vector<Field> fields = fields_of(schema_);
  std::vector<Column> columns = columns_of(*this);
  const std::size_t position = schema_.find(name).value_or(columns.size());
  if (position == columns.size()) {
    fields.push_back({std::string(name), column.type()});
    columns.push_back(std::move(column));
  } else {
    fields[position] = {std::string(name), column.type()};
    columns[position] = std::move(column);
  }
  const bool first_of_none = schema_.empty() && size_ == 0;
  const std::int64_t size = first_of_none ? columns.front().size() : size_;
  return {Schema(std::move(fields)), std::move(columns), size};
}

void Rows::check() const {
  for (std::size_t i = 0; i < columns().size(); ++i) {
    try {
      column(i).check();
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(std::string(error.what()) + " (" + quoted_name(schema_[i].name) + ')');
    }
  }
}

bool Rows::operator==(const Rows& other) const {
  return size_ == other.size_ && schema_ == other.schema_ && std::ranges::equal(columns(), other.columns());
}

}  // namespace ramal
