// SPDX-License-Identifier: BSD-3-Clause
// CSV files as tables: which files they are, what they look like, and how they are cut into partitions.
#include <ramal/csv.hpp>

#include "io/tables/csv_part.hpp"
#include "io/tables/engine.hpp"
#include "io/tables/files.hpp"
#include "io/tables/scan_groups.hpp"

#include <algorithm>
#include <fstream>
#include <map>

namespace ramal {

namespace detail {

namespace {

struct CsvFile {
  TableFile file;
  std::vector<NamedText> keys;
};

/// Where the rows begin, and the header before them.
struct CsvHead {
  std::int64_t bytes = 0;
  std::string header;
};
CsvHead head_of(const CsvFile& one, const CsvFormat& format) {
  std::ifstream in(one.file.path, std::ios::binary);
  std::string line;
  for (std::int64_t i = 0; i < format.skip; ++i) std::getline(in, line);
  CsvHead head;
  const auto is_within_quotes = [&] {
    return !format.quote.empty() && std::ranges::count(head.header, format.quote[0]) % 2 != 0;
  };
  if (format.has_header) {
    do {
      if (!std::getline(in, line)) break;
      head.header += line + '\n';
    } while (is_within_quotes());
  }
  if (in.bad() || !in.is_open()) throw TableError("ramal: read_csv: " + one.file.path + ": cannot be read");
  head.bytes = in.eof() ? static_cast<std::int64_t>(one.file.bytes) : static_cast<std::int64_t>(in.tellg());
  while (head.header.ends_with('\n') || head.header.ends_with('\r')) head.header.pop_back();
  if (head.header.starts_with("\xEF\xBB\xBF")) head.header.erase(0, 3);
  return head;
}

std::vector<CsvFile> csv_files(const std::string& path, std::source_location where) {
  std::vector<CsvFile> files;
  for (const std::string& one : find_files(path, {".csv", ".csv.gz"}, "read_csv", where))
    files.push_back({look_at_file(one), keys_in_path(path, one)});
  return files;
}

CsvFormat guessed_format(const std::string& file, const CsvFormat& known, std::optional<bool> header) {
  try {
    return duckdb_engine().csv_format(file, known, header);
  } catch (const EngineError& error) {
    if (std::string_view(error.what()).find("Error when sniffing") == std::string_view::npos) throw;
    throw TableError("ramal: read_csv: " + file +
                     ": there is no delimiter by which its first lines have as many columns each; see "
                     "CsvOptions::delimiter, quote and skip");
  }
}

CsvFormat format_of(const std::vector<CsvFile>& files, const CsvOptions& options,
                    std::source_location where) {
  const CsvFormat known{.delimiter = options.delimiter,
                        .quote = options.quote,
                        .null = options.null,
                        .skip = options.skip,
                        .date_format = options.date_format,
                        .timestamp_format = options.timestamp_format};
  const auto first = std::ranges::find_if(files, [](const CsvFile& one) { return one.file.bytes > 0; });
  if (first == files.end())
    throw TableError("ramal: read_csv: " + files.front().file.path +
                     ": is empty, so that its columns are not known");
  CsvFormat format = guessed_format(first->file.path, known, options.header);
  if (!options.schema) return format;
  if (!format.has_header) {
    if (options.schema->size() != format.schema.size())
      refuse_table("read_csv",
                   "expected a schema of the " + std::to_string(format.schema.size()) + " columns of " +
                       first->file.path + ", found " + options.schema->text(),
                   where);
    format.schema = *options.schema;
    return format;
  }
  std::vector<Field> fields(format.schema.begin(), format.schema.end());
  for (Field& field : fields)
    field.type = options.schema->find(field.name) ? (*options.schema)[*options.schema->find(field.name)].type
                                                  : ColumnType(TypeId::text);
  format.schema = Schema(std::move(fields));
  return format;
}

ScanGroups csv_groups(const std::vector<CsvFile>& files, const CsvFormat& format, const Schema& schema,
                      std::uint64_t partition_bytes) {
  ScanGroups all{.plan = {.schema = schema, .is_csv = true, .csv = format},
                 .partition_bytes = partition_bytes};
  std::map<std::string, std::uint32_t> known;
  std::optional<std::pair<std::string, std::string>> header;  // and the file that it is of
  for (const CsvFile& one : files) {
    const auto number = static_cast<std::uint32_t>(all.plan.files.size());
    all.plan.files.push_back(one.file);
    const auto [select, is_new] =
        known.try_emplace(select_list(format.schema, one.keys, schema), all.plan.selects.size());
    if (is_new) all.plan.selects.push_back(select->first);
    all.plan.select_of_file.push_back(select->second);
    const auto bytes = static_cast<std::int64_t>(one.file.bytes);
    all.file_rows.push_back(bytes);
    if (is_compressed(one.file.path)) {
      all.groups.push_back({number, 0, bytes, 1, true});
      continue;
    }
    const CsvHead head = head_of(one, format);
    if (!header && bytes > 0) header = {head.header, one.file.path};
    if (bytes > 0 && head.header != header->first)
      throw TableError("ramal: read_csv: " + one.file.path + ": has the header " + head.header + ", and " +
                       header->second + " the header " + header->first);
    if (head.bytes < bytes) all.groups.push_back({number, head.bytes, bytes - head.bytes, 1});
  }
  for (std::size_t k = 0; k < schema.size(); ++k) {
    ColumnBounds bounds;
    for (const ScanGroup& group : all.groups) {
      const bool is_own = format.schema.find(schema[k].name).has_value();
      bounds.add(is_own ? ColumnStatistics{}
                        : statistics_of_key(files[group.file].keys, schema[k].name, group.rows));
    }
    bounds.add_to(all.statistics, k);
  }
  return all;
}

}  // namespace
}  // namespace detail

Table read_csv(const std::string& path, const CsvOptions& options, std::source_location where) {
  if (options.partition_bytes == 0)
    detail::refuse_table("read_csv", "expected partition_bytes above 0", where);
  if (options.skip < 0)
    detail::refuse_table(
        "read_csv", "expected a number of lines from 0 on to skip, found " + std::to_string(options.skip),
        where);
  if (options.quote.size() > 1)
    detail::refuse_table("read_csv", "expected a quote of one byte, found " + options.quote, where);
  const auto files = detail::csv_files(path, where);
  const detail::CsvFormat format = detail::format_of(files, options, where);
  detail::SchemaUnion all("read_csv", where);
  all.add(format.schema, files.front().file.path);
  for (const Field& key : detail::key_columns(files, [](const auto& one) { return std::span(one.keys); }))
    all.add_key(key);
  const Schema schema = detail::wanted_schema(all.schema(), options.schema, "read_csv", where);
  Table table = detail::scanned_table(detail::csv_groups(files, format, schema, options.partition_bytes),
                                      "read_csv", where);
  if (!options.filter.empty()) table = table.filter(options.filter, where);
  return options.columns.empty() ? table : table.select(options.columns, where);
}

}  // namespace ramal
