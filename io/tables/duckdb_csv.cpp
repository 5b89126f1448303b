// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/duckdb_csv.hpp"

#include "io/tables/duckdb_parquet.hpp"
#include "io/tables/sql.hpp"
#include "io/tables/sql_text.hpp"

namespace ramal::detail::duckdb {

namespace {

/// What is known of the format, as arguments of DuckDB's functions.
std::string csv_arguments(const CsvFormat& format) {
  std::string text = ", skip=" + std::to_string(format.skip) + ", quote=" + sql_literal(format.quote) +
                     ", escape=" + sql_literal(format.quote) + ", nullstr=" + sql_literal(format.null) +
                     ", allow_quoted_nulls=false";
  if (!format.delimiter.empty()) text += ", delim=" + sql_literal(format.delimiter);
  if (!format.date_format.empty()) text += ", dateformat=" + sql_literal(format.date_format);
  if (!format.timestamp_format.empty()) text += ", timestampformat=" + sql_literal(format.timestamp_format);
  return text;
}
std::string truth(bool is_true) { return is_true ? "true" : "false"; }

}  // namespace

CsvFormat guess_csv(const Lease& lease, const std::string& file, const CsvFormat& known,
                    std::optional<bool> header) {
  const Rows found = rows_from(
      lease,
      "SELECT Delimiter, HasHeader, DateFormat, TimestampFormat, unnest(Columns, recursive := true) "
      "FROM sniff_csv(" +
          one_file(file) + csv_arguments(known) + (header ? ", header=" + truth(*header) : "") + ")");
  CsvFormat format = known;
  const auto text = [&](const char* name) {
    return std::string(found.column<std::string_view>(name).get(0).value_or(""));
  };
  format.delimiter = text("Delimiter");
  format.has_header = found.column<bool>("HasHeader")[0];
  if (format.date_format.empty()) format.date_format = text("DateFormat");
  if (format.timestamp_format.empty()) format.timestamp_format = text("TimestampFormat");
  const auto name = found.column<std::string_view>("name"), type = found.column<std::string_view>("type");
  std::string columns;
  for (std::int64_t i = 0; i < found.size(); ++i)
    columns +=
        (i > 0 ? ", CAST(NULL AS " : "CAST(NULL AS ") + std::string(type[i]) + ") AS " + sql_name(name[i]);
  format.schema = rows_from(lease, "SELECT " + columns + " LIMIT 0").schema();
  return format;
}

std::string rows_of_csv(const std::string& file, const CsvFormat& format) {
  std::string columns;
  for (const Field& field : format.schema)
    columns +=
        (columns.empty() ? "" : ", ") + sql_literal(field.name) + ": " + sql_literal(field.type.text());
  return "read_csv(" + one_file(file) +
         ", auto_detect=false, hive_partitioning=false, header=" + truth(format.has_header) +
         csv_arguments(format) + ", columns={" + columns + "})";
}

}  // namespace ramal::detail::duckdb
