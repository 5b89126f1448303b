// SPDX-License-Identifier: BSD-3-Clause
// Tables into files: each partition's task writes its own, the last step gives all of them their name.
#include <ramal/csv.hpp>
#include <ramal/parquet.hpp>

#include "io/tables/engine.hpp"
#include "io/tables/files.hpp"
#include "io/tables/sql.hpp"
#include "io/tables/state.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

namespace ramal {

namespace detail {

namespace {

namespace fs = std::filesystem;

/// What is to be written. All ranks see it under the same path.
struct TableTarget {
  std::string call = {};
  std::string path = {};                  ///< absolute
  std::string ending = {};                ///< of a part's name
  std::vector<std::string> options = {};  ///< names and values, as CopyOptions
  std::vector<std::string> keys = {};     ///< columns whose values folders are for
  bool replace = false;
  bool is_file = false;
  std::string part() const { return path + ".part"; }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& call& path& ending& options& keys& replace& is_file;
  }
};

[[noreturn]] void refuse_target(const TableTarget& target, const std::string& path,
                                const std::string& problem) {
  throw TableError("ramal: " + target.call + ": " + path + ": " + problem);
}
void expect_done(const TableTarget& target, const std::error_code& error, const std::string& path,
                 const char* what) {
  if (error) refuse_target(target, path, std::string(what) + ": " + error.message());
}

/// Before anything is written: what is left of a write that failed goes, and what is there under the name
/// stays.
std::int64_t prepare_target(const TableTarget& target) {
  std::error_code error;
  if (fs::exists(target.path, error) && !target.replace)
    refuse_target(target, target.path, "is there already; see the option replace");
  fs::remove_all(target.part(), error);
  expect_done(target, error, target.part(), "cannot be removed");
  if (!target.is_file) {
    fs::create_directories(target.part(), error);
    expect_done(target, error, target.part(), "cannot be made");
  }
  return 0;
}

std::int64_t part_number(std::int64_t number) { return number; }

std::int64_t write_rows(const Rows& rows, const std::string& file, const TableTarget& target) {
  const NamedRows table{"part", rows};
  CopyOptions options;
  for (std::size_t i = 0; i + 1 < target.options.size(); i += 2)
    options.emplace_back(target.options[i], target.options[i + 1]);
  return duckdb_engine().write("SELECT * FROM part", {&table, 1}, file, options);
}

/// For each folder "/key=value/…" the rows that belong into it, in their order.
std::map<std::string, std::vector<std::int64_t>> rows_of_folders(const Rows& rows,
                                                                 const std::vector<std::string>& keys) {
  std::string list;
  for (const std::string& key : keys)
    list += (list.empty() ? "CAST(" : ", CAST(") + sql_name(key) + " AS VARCHAR) AS " + sql_name(key);
  const NamedRows table{"part", rows};
  const Rows texts = duckdb_engine().run("SELECT " + list + " FROM part", {&table, 1});
  std::vector<ColumnView<std::string_view>> columns;
  for (const std::string& key : keys) columns.push_back(texts.column<std::string_view>(key));
  std::map<std::string, std::vector<std::int64_t>> folders;
  for (std::int64_t row = 0; row < rows.size(); ++row) {
    std::string folder;
    for (std::size_t k = 0; k < keys.size(); ++k) {
      const auto text = columns[k].get(row);
      folder += '/' + folder_of_key(keys[k], text ? std::optional<std::string>(*text) : std::nullopt);
    }
    folders[folder].push_back(row);
  }
  return folders;
}

std::int64_t write_part(std::int64_t number, const Rows& rows, const TableTarget& target,
                        const std::int64_t&) {
  if (target.is_file) return write_rows(rows, target.part(), target);
  char digits[40];
  std::snprintf(digits, sizeof digits, "/part-%07lld", static_cast<long long>(number));
  const std::string name = digits + target.ending;
  if (target.keys.empty()) return write_rows(rows, target.part() + name, target);
  std::vector<std::string> others;
  for (const Field& field : rows.schema())
    if (std::ranges::find(target.keys, field.name) == target.keys.end()) others.push_back(field.name);
  for (const auto& [folder, positions] : rows_of_folders(rows, target.keys)) {
    std::error_code error;
    fs::create_directories(target.part() + folder, error);
    expect_done(target, error, target.part() + folder, "cannot be made");
    write_rows(rows.take(positions).select(others), target.part() + folder + name, target);
  }
  return rows.size();
}

std::int64_t finish_target(const std::int64_t& rows, const TableTarget& target) {
  if (!target.is_file && !(std::ofstream(target.part() + "/_SUCCESS") << std::flush))
    refuse_target(target, target.part(), "cannot be written to");
  std::error_code error;
  if (target.replace) {
    fs::remove_all(target.path, error);
    expect_done(target, error, target.path, "cannot be replaced");
  }
  fs::rename(target.part(), target.path, error);
  expect_done(target, error, target.path, "cannot be given its name");
  return rows;
}

std::int64_t rows_of_both(std::int64_t a, std::int64_t b) { return a + b; }

Delayed<std::int64_t> write_table(const Table& table, TableTarget target, std::source_location where) {
  if (target.path.empty()) refuse_table(target.call, "expected a path", where);
  target.path = fs::absolute(target.path).lexically_normal().string();
  if (target.path.ends_with('/')) target.path.pop_back();
  if (!target.keys.empty()) {
    target.keys = found_names(table.schema(), target.keys, target.call.c_str(), where);
    if (target.is_file)
      refuse_table(target.call,
                   "folders for " + quoted_name(target.keys[0]) + " cannot be in one file: name a folder",
                   where);
    if (target.keys.size() == table.schema().size())
      refuse_table(target.call, "no column would be left", where);
  }
  const Table whole = target.is_file ? table.gather(where) : table;
  const auto numbers = family<part_number>({Index(whole.partitions()), where});
  const auto prepared = delayed<prepare_target>(target);
  const auto rows = map<write_part>({numbers, where}, whole.parts(where), target, prepared);
  return delayed<finish_target>(reduce<rows_of_both>(rows, {}, where), target);
}

}  // namespace
}  // namespace detail

Delayed<std::int64_t> write_parquet(const Table& table, const std::string& path,
                                    const ParquetWriteOptions& options, std::source_location where) {
  return detail::write_table(table,
                             {.call = "write_parquet",
                              .path = path,
                              .ending = ".parquet",
                              .options = {"format", "parquet", "compression", options.compression},
                              .keys = options.partition_by,
                              .replace = options.replace,
                              .is_file = path.ends_with(".parquet")},
                             where);
}

Delayed<std::int64_t> write_csv(const Table& table, const std::string& path, const CsvWriteOptions& options,
                                std::source_location where) {
  return detail::write_table(table,
                             {.call = "write_csv",
                              .path = path,
                              .ending = ".csv",
                              .options = {"format", "csv", "delimiter", options.delimiter, "header",
                                          options.header ? "true" : "false", "nullstr", options.null,
                                          "compression", path.ends_with(".csv.gz") ? "gzip" : "none"},
                              .keys = options.partition_by,
                              .replace = options.replace,
                              .is_file = path.ends_with(".csv") || path.ends_with(".csv.gz")},
                             where);
}

}  // namespace ramal
