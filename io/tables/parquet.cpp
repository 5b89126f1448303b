// SPDX-License-Identifier: BSD-3-Clause
// Parquet files as tables: which files they are, what their footers say, and how that is cut into partitions.
#include <ramal/parquet.hpp>

#include "io/tables/engine.hpp"
#include "io/tables/files.hpp"
#include "io/tables/scan_groups.hpp"
#include "io/tables/sql.hpp"
#include "io/tables/sql_text.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

namespace ramal {

namespace detail {

namespace {

struct ParquetFile {
  TableFile file;
  ParquetFooter footer;
  std::vector<NamedText> keys;  ///< of the folders that it lies in
};

/// What a row takes in memory: texts as in the file, at least 16 bytes each.
double row_bytes(const ParquetRowGroup& group, const Schema& schema) {
  double fixed = 0;
  for (const Field& field : schema)
    fixed += field.type.value_bytes() > 0 ? static_cast<double>(field.type.value_bytes()) : 16;
  const double stored = static_cast<double>(group.uncompressed_bytes) /
                        static_cast<double>(std::max<std::int64_t>(1, group.rows));
  return std::max(fixed, stored);
}

/// Columns whose types Rows do not have can only be left out.
void expect_known_types(const ParquetFile& one, const ParquetOptions& options) {
  const auto is_wanted = [&](const std::string& name) {
    const auto is_it = [&](const std::string& wanted) {
      return Schema({{name, TypeId::null}}).find(wanted).has_value();
    };
    if (options.schema) return options.schema->find(name).has_value();
    return options.columns.empty() || std::ranges::any_of(options.columns, is_it);
  };
  for (const auto& [name, advice] : one.footer.refused)
    if (is_wanted(name))
      throw TableError("ramal: read_parquet: " + one.file.path + ": column " + quoted_name(name) + ": " +
                       advice + ", or leave it out by ParquetOptions::columns");
}

/// Work for each number below `count`, on some threads of this process: files that lie far away are waited
/// for together. Of several errors that of the least number is thrown.
template <class Work>
void on_some_threads(std::size_t count, const Work& work) {
  constexpr std::size_t most = 16;
  const std::size_t threads =
      std::min({count, most, std::max<std::size_t>(4, std::thread::hardware_concurrency())});
  std::vector<std::exception_ptr> errors(count);
  std::atomic<std::size_t> next = 0;
  const auto run = [&] {
    for (std::size_t i; (i = next++) < count;) {
      try {
        work(i);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < threads; ++i) others.emplace_back(run);
    run();
  }
  // After some errors the engine fails whatever else it does at that time: so each is tried again alone.
  for (std::size_t i = 0; i < count; ++i)
    if (errors[i]) work(i);
}

std::vector<ParquetFile> look_at_all(const std::string& path, const ParquetOptions& options,
                                     std::source_location where) {
  const std::vector<std::string> paths = find_files(path, {".parquet"}, "read_parquet", where);
  std::vector<ParquetFile> files(paths.size());
  constexpr std::size_t at_once = 64;
  SqlEngine& engine = duckdb_engine();
  on_some_threads((paths.size() + at_once - 1) / at_once, [&](std::size_t batch) {
    const auto some =
        std::span(paths).subspan(batch * at_once).first(std::min(at_once, paths.size() - batch * at_once));
    ParquetFile* file = files.data() + batch * at_once;
    for (std::size_t i = 0; i < some.size(); ++i) file[i].file = look_at_file(some[i]);
    try {
      for (ParquetFooter& footer : engine.parquet_footers(some)) (file++)->footer = std::move(footer);
    } catch (const EngineError& error) {
      throw TableError("ramal: read_parquet: " + std::string(error.what()));
    }
  });
  for (ParquetFile& one : files) {
    one.keys = keys_in_path(path, one.file.path);
    expect_known_types(one, options);
    if (one.footer.schema.find("file_row_number"))
      refuse_table("read_parquet",
                   one.file.path + " has a column file_row_number, a name that is needed to read parts of it",
                   where);
  }
  return files;
}

/// The columns of all files and of their folders.
Schema united(const std::vector<ParquetFile>& files, std::source_location where) {
  SchemaUnion all("read_parquet", where);
  for (const ParquetFile& one : files) all.add(one.footer.schema, one.file.path);
  for (const Field& key : key_columns(files, [](const ParquetFile& one) { return std::span(one.keys); }))
    all.add_key(key);
  return all.schema();
}

/// A bound's text can be read as `to` at once, and is a bound then.
bool keeps_order(const ColumnType& from, const ColumnType& to) {
  const auto is_integer = [](TypeId id) { return id >= TypeId::int8 && id <= TypeId::int128; };
  return from == to || (is_integer(from.id()) && (is_integer(to.id()) || to.id() == TypeId::float64));
}

/// Of a column of the schema in one of the file's row groups.
ColumnStatistics statistics_of(const ParquetFile& file, const ParquetRowGroup& group, const Field& field) {
  const auto at = file.footer.schema.find(field.name);
  if (!at) return statistics_of_key(file.keys, field.name, group.rows);
  const ColumnStatistics& own = group.columns[*at];
  if (keeps_order(file.footer.schema[*at].type, field.type)) return own;
  return {.min = {}, .max = {}, .nulls = own.nulls};
}

ScanGroups groups_of(const std::vector<ParquetFile>& files, const Schema& schema,
                     std::uint64_t partition_bytes) {
  ScanGroups all{.plan = {.schema = schema}, .partition_bytes = partition_bytes};
  std::map<std::string, std::uint32_t> known;
  for (const ParquetFile& one : files) {
    const auto number = static_cast<std::uint32_t>(all.plan.files.size());
    all.plan.files.push_back(one.file);
    all.file_rows.push_back(one.footer.rows);
    const auto [select, is_new] =
        known.try_emplace(select_list(one.footer.schema, one.keys, schema), all.plan.selects.size());
    if (is_new) all.plan.selects.push_back(select->first);
    all.plan.select_of_file.push_back(select->second);
    std::int64_t first = 0;
    for (const ParquetRowGroup& group : one.footer.row_groups) {
      all.groups.push_back({number, first, group.rows, row_bytes(group, schema)});
      first += group.rows;
    }
  }
  for (std::size_t k = 0; k < schema.size(); ++k) {
    ColumnBounds bounds;
    for (const ParquetFile& one : files)
      for (const ParquetRowGroup& group : one.footer.row_groups)
        bounds.add(statistics_of(one, group, schema[k]));
    bounds.add_to(all.statistics, k);
  }
  return all;
}

}  // namespace
}  // namespace detail

Table read_parquet(const std::string& path, const ParquetOptions& options, std::source_location where) {
  if (options.partition_bytes == 0)
    detail::refuse_table("read_parquet", "expected partition_bytes above 0", where);
  const auto files = detail::look_at_all(path, options, where);
  const Schema schema =
      detail::wanted_schema(detail::united(files, where), options.schema, "read_parquet", where);
  Table table =
      detail::scanned_table(detail::groups_of(files, schema, options.partition_bytes), "read_parquet", where);
  if (!options.filter.empty()) table = table.filter(options.filter, where);
  return options.columns.empty() ? table : table.select(options.columns, where);
}

}  // namespace ramal
