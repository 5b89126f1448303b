// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/duckdb_parquet.hpp"

#include "io/tables/duckdb_fetch.hpp"
#include "io/tables/duckdb_types.hpp"
#include "io/tables/sql_text.hpp"

#include <ramal/sql_error.hpp>

#include <map>

namespace ramal::detail::duckdb {

std::string one_file(const std::string& file) {
  std::string plain;
  for (const char c : file) {
    const bool is_special = c == '*' || c == '?' || c == '[';
    plain += is_special ? "[" + std::string(1, c) + "]" : std::string(1, c);
  }
  return sql_literal(plain);
}

Rows rows_from(const Lease& lease, const std::string& sql) {
  const Statement statement{sql, sql};
  Query query(lease, statement);
  return fetch_all(lease.api(), query, sql);
}

namespace {

std::string list_of(std::span<const std::string> files) {
  std::string list;
  for (const std::string& file : files) list += (list.empty() ? "[" : ", ") + one_file(file);
  return list + "]";
}

/// What the schemas of some files say, before DuckDB makes types of it.
struct RawSchema {
  std::string file;                ///< as DuckDB spells it
  std::vector<std::string> names;  ///< of the columns, as they stand in the file
  std::string text;                ///< of files with the same text all columns are the same
};
std::vector<RawSchema> raw_schemas(const Lease& lease, std::span<const std::string> files) {
  std::string text_of_all;
  for (const char* part : {"name", "type", "type_length", "repetition_type", "num_children", "converted_type",
                           "scale", "precision", "logical_type"})
    text_of_all += std::string(text_of_all.empty() ? "[" : ", ") + "CAST(" + part + " AS VARCHAR)";
  const Rows nodes =
      rows_from(lease, "SELECT file_name, name, num_children, CAST(" + text_of_all +
                           "] AS VARCHAR) AS text FROM parquet_schema(" + list_of(files) + ")");
  const auto file = nodes.column<std::string_view>("file_name");
  const auto name = nodes.column<std::string_view>("name");
  const auto children = nodes.column<std::int64_t>("num_children");
  const auto text = nodes.column<std::string_view>("text");
  std::vector<RawSchema> schemas;
  std::int64_t inside = 0;  // nodes that belong to the last column
  for (std::int64_t i = 0; i < nodes.size(); ++i) {
    const bool is_root = schemas.empty() || schemas.back().file != file[i];
    if (is_root) {
      schemas.push_back({std::string(file[i]), {}, {}});
      inside = 0;
    } else {
      if (inside == 0) schemas.back().names.emplace_back(name[i]);
      inside += children.get(i).value_or(0) - (inside > 0 ? 1 : 0);
    }
    schemas.back().text += text.get(i).value_or("");
  }
  if (schemas.size() != files.size())
    throw EngineError("ramal: of " + std::to_string(files.size()) + " Parquet files " +
                      std::to_string(schemas.size()) + " have a schema");
  return schemas;
}

/// The columns as DuckDB sees them. It gives other names to those that differ only in case.
void take_columns(const Lease& lease, const std::string& file, ParquetFooter& footer) {
  const Api& api = lease.api();
  const std::string sql = "FROM " + rows_of_parquet(file, "") + " LIMIT 0";
  const Statement statement{sql, sql};
  Query query(lease, statement);
  std::vector<Field> fields;
  const std::uint64_t count = api.column_count(&query.result());
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string name = api.column_name(&query.result(), i);
    const Owned<Type> type(api.destroy_logical_type, api.column_logical_type(&query.result(), i));
    try {
      fields.push_back({name, from_duckdb(api, type.get())});
    } catch (const UnknownType& unknown) {
      footer.refused.emplace_back(name, unknown.what());
    }
  }
  footer.schema = Schema(std::move(fields));
}

/// Bounds in the fields that older writers filled are bounds of the bytes seen as signed numbers.
bool is_signed_number(TypeId id, std::string_view stored) {
  const bool is_number = stored == "INT32" || stored == "INT64" || stored == "FLOAT" || stored == "DOUBLE";
  return is_number && id != TypeId::uint8 && id != TypeId::uint16 && id != TypeId::uint32 &&
         id != TypeId::uint64;
}

/// The order of values is that of what is stored. Of INT96 no order was ever fixed.
bool has_bounds(TypeId id, std::string_view stored) {
  return id != TypeId::blob && id != TypeId::interval && id != TypeId::null && stored != "INT96";
}

/// NaN is no bound. A text that was cut within a character is shown with codes of its bytes, such as \xC3,
/// and those have another order.
bool is_bound(TypeId id, const std::string& text) {
  if (id == TypeId::float32 || id == TypeId::float64) return text != "nan" && text != "-nan";
  return id != TypeId::text || text.find('\\') == std::string::npos;
}

/// Of all files, whose schemas are known.
void take_row_groups(const Lease& lease, std::span<const std::string> files,
                     const std::vector<RawSchema>& schemas, std::vector<ParquetFooter>& footers) {
  const Rows found = rows_from(
      lease,
      "SELECT file_name, row_group_id, row_group_num_rows, path_in_schema, type, total_compressed_size, "
      "total_uncompressed_size, stats_null_count, stats_min_value, stats_max_value, stats_min, stats_max "
      "FROM parquet_metadata(" +
          list_of(files) + ")");
  const auto file = found.column<std::string_view>("file_name");
  const auto group = found.column<std::int64_t>("row_group_id");
  const auto rows = found.column<std::int64_t>("row_group_num_rows");
  const auto path = found.column<std::string_view>("path_in_schema");
  const auto compressed = found.column<std::int64_t>("total_compressed_size");
  const auto uncompressed = found.column<std::int64_t>("total_uncompressed_size");
  const auto nulls = found.column<std::int64_t>("stats_null_count");
  const auto stored = found.column<std::string_view>("type");
  const auto bound = [&](const char* name, TypeId id, std::int64_t row) -> std::optional<std::string> {
    const auto value = found.column<std::string_view>(name).get(row);
    const bool is_one = value && is_bound(id, std::string(*value));
    return is_one ? std::optional<std::string>(*value) : std::nullopt;
  };
  std::size_t number = 0;  // files come in their order; one without row groups does not
  std::int64_t last_group = -1;
  for (std::int64_t i = 0; i < found.size(); ++i) {
    for (; number < schemas.size() && schemas[number].file != file[i]; ++number) last_group = -1;
    if (number == schemas.size())
      throw EngineError("ramal: " + std::string(file[i]) + ": row groups of a file that was not asked for");
    ParquetFooter& footer = footers[number];
    if (group[i] != last_group) {
      footer.row_groups.push_back({rows[i], 0, 0, std::vector<ColumnStatistics>(footer.schema.size())});
      footer.rows += rows[i];
      last_group = group[i];
    }
    ParquetRowGroup& its = footer.row_groups.back();
    its.compressed_bytes += compressed.get(i).value_or(0);
    its.uncompressed_bytes += uncompressed.get(i).value_or(0);
    const std::optional<std::size_t> column = footer.schema.find(path[i]);
    if (!column || !footer.schema[*column].type.fields().empty()) continue;
    const TypeId id = footer.schema[*column].type.id();
    ColumnStatistics& statistics = its.columns[*column];
    statistics.nulls = nulls.get(i);
    if (!has_bounds(id, stored[i])) continue;
    statistics.min = bound("stats_min_value", id, i);
    statistics.max = bound("stats_max_value", id, i);
    if (!is_signed_number(id, stored[i])) continue;
    if (!statistics.min) statistics.min = bound("stats_min", id, i);
    if (!statistics.max) statistics.max = bound("stats_max", id, i);
  }
}

std::string read_parquet(const std::string& file, const std::string& options) {
  return "read_parquet(" + one_file(file) + ", hive_partitioning=false" + options;
}

}  // namespace

std::vector<ParquetFooter> footers_of(const Lease& lease, std::span<const std::string> files) {
  const std::vector<RawSchema> schemas = raw_schemas(lease, files);
  std::vector<ParquetFooter> footers(files.size());
  std::map<std::string_view, const ParquetFooter*> known;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto [same, is_new] = known.try_emplace(schemas[i].text, &footers[i]);
    if (!is_new) {
      footers[i] = *same->second;  // which has no row groups yet
      continue;
    }
    std::vector<Field> raw;
    for (const std::string& name : schemas[i].names) raw.push_back({name, {}});
    try {
      const Schema one_name_each(std::move(raw));
    } catch (const std::invalid_argument& error) {
      throw EngineError("ramal: " + files[i] + ": " + error.what());
    }
    take_columns(lease, files[i], footers[i]);
  }
  take_row_groups(lease, files, schemas, footers);
  return footers;
}

std::string parquet_options(const Lease& lease) {
  const bool is_known =
      rows_from(lease,
                "SELECT 1 AS x FROM duckdb_functions() WHERE function_name = 'read_parquet' "
                "AND list_contains(parameters, 'can_have_nan')")
          .size() > 0;
  return is_known ? ", can_have_nan=true" : "";
}

std::string rows_of_parquet(const std::string& file, const std::string& options) {
  return read_parquet(file, options) + ")";
}

std::string rows_of_parquet(const std::string& file, const std::string& options, std::int64_t first,
                            std::int64_t last) {
  return "(SELECT * EXCLUDE (file_row_number) FROM " + read_parquet(file, options) +
         ", file_row_number=true) WHERE file_row_number >= " + std::to_string(first) +
         " AND file_row_number < " + std::to_string(last) + ")";
}

}  // namespace ramal::detail::duckdb
