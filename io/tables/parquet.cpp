// SPDX-License-Identifier: BSD-3-Clause
// Parquet files as tables: which files they are, what their footers say, and how that is cut into partitions.
#include <ramal/parquet.hpp>

#include "io/tables/engine.hpp"
#include "io/tables/files.hpp"
#include "io/tables/sql.hpp"
#include "io/tables/sql_text.hpp"
#include "io/tables/state.hpp"

#include <algorithm>
#include <map>

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

/// Puts row groups into partitions of about so many bytes, in order. One that is larger is cut into equal
/// parts, of whole vectors of the engine.
class PartitionCutter {
 public:
  explicit PartitionCutter(std::uint64_t bytes)
      : most_(static_cast<double>(std::max<std::uint64_t>(1, bytes))) {}

  void add(std::uint32_t file, std::int64_t first, std::int64_t rows, double bytes_a_row) {
    if (rows == 0) return;
    const double bytes = static_cast<double>(rows) * bytes_a_row;
    if (bytes > most_) {
      constexpr std::int64_t vector_rows = 2048;
      const auto parts = static_cast<std::int64_t>(std::ceil(bytes / most_));
      const std::int64_t each =
          std::max<std::int64_t>(1, (rows / parts + vector_rows - 1) / vector_rows) * vector_rows;
      for (std::int64_t done = 0; done < rows; done += each) {
        close();
        append(file, first + done, std::min(each, rows - done));
      }
      close();
      return;
    }
    if (bytes_ + bytes > most_) close();
    append(file, first, rows);
    bytes_ += bytes;
  }
  std::vector<std::vector<ScanPiece>> done() {
    close();
    if (partitions_.empty()) partitions_.emplace_back();
    return std::move(partitions_);
  }

 private:
  void append(std::uint32_t file, std::int64_t first, std::int64_t rows) {
    if (!open_.empty() && open_.back().file == file && open_.back().first + open_.back().rows == first) {
      open_.back().rows += rows;
    } else {
      open_.push_back({file, first, rows});
    }
  }
  void close() {
    if (!open_.empty()) partitions_.push_back(std::exchange(open_, {}));
    bytes_ = 0;
  }

  double most_, bytes_ = 0;
  std::vector<ScanPiece> open_;
  std::vector<std::vector<ScanPiece>> partitions_;
};

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

std::vector<ParquetFile> look_at_all(const std::string& path, const ParquetOptions& options,
                                     std::source_location where) {
  std::vector<ParquetFile> files;
  for (const std::string& one : find_files(path, ".parquet", "read_parquet", where)) {
    files.push_back({look_at_file(one), duckdb_engine().parquet_footer(one), keys_in_path(path, one)});
    expect_known_types(files.back(), options);
    if (files.back().footer.schema.find("file_row_number"))
      refuse_table("read_parquet",
                   one + " has a column file_row_number, a name that is needed to read parts of it", where);
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

/// What a SELECT of this file lists for the schema's columns.
std::string select_list(const ParquetFile& file, const Schema& schema) {
  std::string list;
  for (const Field& field : schema) {
    const std::string type = field.type.text();
    std::string made = "CAST(NULL AS " + type + ")";
    if (const auto at = file.footer.schema.find(field.name)) {
      const Field& own = file.footer.schema[*at];
      made = own.type == field.type ? sql_name(own.name) : "CAST(" + sql_name(own.name) + " AS " + type + ")";
    } else {
      for (const NamedText& key : file.keys)
        if (key.name == field.name && key.text) made = "CAST(" + sql_literal(*key.text) + " AS " + type + ")";
    }
    list += (list.empty() ? "" : ", ") + made + " AS " + sql_name(field.name);
  }
  return list;
}

ScanPlan plan_of(const std::vector<ParquetFile>& files, const Schema& schema, std::uint64_t partition_bytes) {
  ScanPlan plan{.schema = schema};
  std::map<std::string, std::uint32_t> known;
  PartitionCutter cutter(partition_bytes);
  for (const ParquetFile& one : files) {
    const auto number = static_cast<std::uint32_t>(plan.files.size());
    plan.files.push_back(one.file);
    const auto [select, is_new] = known.try_emplace(select_list(one, schema), plan.selects.size());
    if (is_new) plan.selects.push_back(select->first);
    plan.select_of_file.push_back(select->second);
    std::int64_t first = 0;
    for (const ParquetRowGroup& group : one.footer.row_groups) {
      cutter.add(number, first, group.rows, row_bytes(group, schema));
      first += group.rows;
    }
  }
  plan.partitions = cutter.done();
  for (auto& pieces : plan.partitions)
    for (ScanPiece& piece : pieces) piece.is_all = piece.rows == files[piece.file].footer.rows;
  return plan;
}

std::vector<std::int64_t> rows_of(const ScanPlan& plan) {
  std::vector<std::int64_t> rows;
  for (const auto& pieces : plan.partitions) {
    rows.push_back(0);
    for (const ScanPiece& piece : pieces) rows.back() += piece.rows;
  }
  return rows;
}

/// The most that a partition takes in memory, text not counted beyond 16 bytes.
std::uint64_t widest_bytes(const std::vector<std::int64_t>& rows, const Schema& schema) {
  double width = 0;
  for (const Field& field : schema)
    width += field.type.value_bytes() > 0 ? static_cast<double>(field.type.value_bytes()) : 16;
  return static_cast<std::uint64_t>(width * static_cast<double>(*std::ranges::max_element(rows)));
}

/// The file's columns as they are asked for.
Schema wanted(const Schema& found, const ParquetOptions& options, std::source_location where) {
  if (!options.schema) return found;
  for (const Field& field : *options.schema) position_of(found, field.name, "read_parquet", where);
  return *options.schema;
}

}  // namespace
}  // namespace detail

Table read_parquet(const std::string& path, const ParquetOptions& options, std::source_location where) {
  if (options.partition_bytes == 0)
    detail::refuse_table("read_parquet", "expected partition_bytes above 0", where);
  const auto files = detail::look_at_all(path, options, where);
  const Schema schema = detail::wanted(detail::united(files, where), options, where);
  detail::ScanPlan plan = detail::plan_of(files, schema, options.partition_bytes);
  detail::TableState state{.schema = schema, .name = "read_parquet", .where = where};
  state.partitions = static_cast<std::int64_t>(plan.partitions.size());
  state.rows = std::make_shared<const std::vector<std::int64_t>>(detail::rows_of(plan));
  state.partition_bytes = detail::widest_bytes(*state.rows, schema);
  state.scan = value(std::move(plan), where);
  Table table = detail::made_table(std::move(state));
  if (!options.filter.empty()) table = table.filter(options.filter, where);
  return options.columns.empty() ? table : table.select(options.columns, where);
}

}  // namespace ramal
