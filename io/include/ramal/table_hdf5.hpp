// SPDX-License-Identifier: BSD-3-Clause
// Tables into HDF5 files and out of them: a group with a dataset of one axis for each column, as h5py, xarray
// and netCDF have columns. Needs the libraries of both, ramal::tables and ramal::hdf5.
//
//   session.compute(ramal::write_hdf5("late.h5", "/flights", ramal::resolve(session, late)));
//   const ramal::Table back = ramal::read_hdf5_table("late.h5", "/flights");
#pragma once

#include <ramal/hdf5.hpp>
#include <ramal/hdf5_write.hpp>
#include <ramal/table_array.hpp>

namespace ramal {

namespace detail {

/// `work.template operator()<T>()` for the T that a column of this type is stored as; `other()` if there is
/// none.
template <class Work, class Other>
auto with_stored_type(TypeId id, const Work& work, const Other& other) {
  switch (id) {
    case TypeId::boolean:
    case TypeId::int8:
      return work.template operator()<std::int8_t>();
    case TypeId::int16:
      return work.template operator()<std::int16_t>();
    case TypeId::int32:
    case TypeId::date:
      return work.template operator()<std::int32_t>();
    case TypeId::uint8:
      return work.template operator()<std::uint8_t>();
    case TypeId::uint16:
      return work.template operator()<std::uint16_t>();
    case TypeId::uint32:
      return work.template operator()<std::uint32_t>();
    case TypeId::uint64:
      return work.template operator()<std::uint64_t>();
    case TypeId::int64:
    case TypeId::timestamp_s:
    case TypeId::timestamp_ms:
    case TypeId::timestamp_us:
    case TypeId::timestamp_ns:
    case TypeId::timestamp_tz:
      return work.template operator()<std::int64_t>();
    case TypeId::float32:
      return work.template operator()<float>();
    case TypeId::float64:
    case TypeId::decimal:
      return work.template operator()<double>();
    default:
      return other();
  }
}

/// What numbers stand for points in time, in the words of the CF conventions; empty if they are none.
inline std::string units_of_time(TypeId id) {
  const char* const unit = id == TypeId::date                                         ? "days"
                           : id == TypeId::timestamp_s                                ? "seconds"
                           : id == TypeId::timestamp_ms                               ? "milliseconds"
                           : id == TypeId::timestamp_us || id == TypeId::timestamp_tz ? "microseconds"
                           : id == TypeId::timestamp_ns                               ? "nanoseconds"
                                                                                      : nullptr;
  return unit == nullptr ? "" : std::string(unit) + " since 1970-01-01";
}

/// What the paths of a group's datasets begin with.
inline std::string below_group(const std::string& group) {
  return (group.starts_with('/') ? "" : "/") + group + (group.ends_with('/') ? "" : "/");
}

/// The dataset of a column.
inline Hdf5Entry hdf5_entry(const Table& table, const Field& field, const std::string& group,
                            std::source_location where) {
  if (field.name.find('/') != std::string::npos)
    refuse_table("write_hdf5", "column " + quoted_name(field.name) + " has a / in its name: rename it",
                 where);
  Hdf5WriteOptions options;
  if (const std::string units = units_of_time(field.type.id()); !units.empty())
    options.attributes = {{"units", units}, {"calendar", "proleptic_gregorian"}};
  return with_stored_type(
      field.type.id(),
      [&]<class T>() {
        return Hdf5Entry(below_group(group) + field.name,
                         to_array<T>(table, field.name.c_str(), usual_null<T>(), where), options, where);
      },
      [&]() -> Hdf5Entry {
        refuse_table("write_hdf5",
                     "column " + quoted_name(field.name) + " is " + field.type.text() +
                         ", for which there is no dataset: leave it out by drop, or make a number of it by "
                         "with_column",
                     where);
      });
}

/// A column's type for what `describe` says of a dataset.
inline TypeId type_of_dataset(const std::string& type) {
  const std::string name = type.substr(0, type.find(' '));
  for (const auto& [known, id] :
       {std::pair{"int8", TypeId::int8}, std::pair{"int16", TypeId::int16}, std::pair{"int32", TypeId::int32},
        std::pair{"int64", TypeId::int64}, std::pair{"uint8", TypeId::uint8},
        std::pair{"uint16", TypeId::uint16}, std::pair{"uint32", TypeId::uint32},
        std::pair{"uint64", TypeId::uint64}, std::pair{"float32", TypeId::float32},
        std::pair{"float64", TypeId::float64}})
    if (name == known) return id;
  return TypeId::null;
}

}  // namespace detail

/// Writes each column of a table into a dataset `GROUP/column` of one axis, all of them in one file, which is
/// published when it is complete (see hdf5_write.hpp). How many rows each partition has must be known: see
/// to_array; `resolve` counts them, and keeps the table, which is else made once for each column.
///
/// Integers and floating-point numbers keep their types; BOOLEAN becomes int8, DECIMAL float64; dates and
/// timestamps are whole numbers with the attributes `units` ("days since 1970-01-01") and `calendar`, which
/// xarray decodes. A null is NaN in a column of floating-point numbers or decimals, and fails the task,
/// naming column and row, in any other: see fillna. Throws std::invalid_argument, naming the column, for
/// text and whatever else has no dataset.
inline Delayed<void> write_hdf5(const std::string& file, const std::string& group, const Table& table,
                                const Hdf5FileOptions& options = {},
                                std::source_location where = std::source_location::current()) {
  std::vector<Hdf5Entry> entries;
  for (const Field& field : table.schema()) entries.push_back(detail::hdf5_entry(table, field, group, where));
  return write_hdf5(file, entries, options, where);
}

/// The datasets of one axis in a group as the columns of a table: those of these names, in this order, or all
/// of numbers, by name. Partitions are the blocks of the first of them (see Hdf5ReadOptions), and the number
/// of rows is known. Throws std::invalid_argument, naming the dataset, if one is not there, is of another
/// length than the first, or has no numbers; Hdf5Error as read_hdf5.
inline Table read_hdf5_table(const std::string& file, const std::string& group = "/",
                             std::vector<std::string> columns = {}, const Hdf5ReadOptions& options = {},
                             std::source_location where = std::source_location::current()) {
  const std::string below = detail::below_group(group);
  const Hdf5File found = describe(file);
  const auto refuse = [&](const std::string& problem) {
    detail::refuse_table("read_hdf5_table", file + ": " + problem, where);
  };
  if (columns.empty())
    for (const Hdf5Dataset& one : found.datasets)
      if (one.path.starts_with(below) && one.path.find('/', below.size()) == std::string::npos &&
          one.shape.size() == 1 && detail::type_of_dataset(one.type) != TypeId::null)
        columns.push_back(one.path.substr(below.size()));
  if (columns.empty()) refuse("there is no dataset of one axis of numbers in " + group);
  std::optional<Table> table;
  std::uint64_t length = 0;
  for (const std::string& name : columns) {
    const Hdf5Dataset* const one = found.find(below + name);
    if (one == nullptr) refuse("there is no dataset " + below + name);
    if (table && table->schema().find(name))
      refuse("datasets " + below + name + " and " + below + table->columns()[*table->schema().find(name)] +
             " differ in the case of letters alone, and columns do not");
    if (one->shape.size() != 1)
      refuse(one->path + " has " + std::to_string(one->shape.size()) + " axes, expected 1");
    if (table && one->shape[0] != length)
      refuse(one->path + " has " + std::to_string(one->shape[0]) + " elements, " + below + columns[0] +
             " has " + std::to_string(length));
    length = one->shape[0];
    table = detail::with_stored_type(
        detail::type_of_dataset(one->type),
        [&]<class T>() {
          const Array<T> array = read_hdf5<T>(file, one->path, options, where).array();
          return table ? with_array(*table, name, array, where) : from_array(array, {name}, where);
        },
        [&]() -> Table {
          detail::refuse_table("read_hdf5_table",
                               file + ": " + one->path + " is of " + one->type + ", expected numbers", where);
        });
  }
  return *table;
}

}  // namespace ramal
