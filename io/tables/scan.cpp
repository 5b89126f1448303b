// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/scan.hpp"

#include "io/tables/csv_part.hpp"
#include "io/tables/sql.hpp"

#include <ramal/sql_error.hpp>

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace ramal::detail {

TableFile look_at_file(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    throw TableError("ramal: " + path + ": cannot be looked at: " + std::generic_category().message(errno));
  if (!S_ISREG(status.st_mode)) throw TableError("ramal: " + path + ": is no file");
  return {path, static_cast<std::uint64_t>(status.st_size),
          static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
              static_cast<std::uint64_t>(status.st_mtim.tv_nsec),
          static_cast<std::uint64_t>(status.st_ino)};
}

namespace {

void expect_unchanged(const TableFile& planned) {
  if (!(look_at_file(planned.path) == planned))
    throw TableError("ramal: " + planned.path + ": has changed since the table was made");
}

/// The rows of a piece, in the order of the file.
std::string select_of(const ScanPlan& plan, const ScanPiece& piece) {
  const std::string& path = plan.files[piece.file].path;
  SqlEngine& engine = duckdb_engine();
  const std::string rows = piece.is_all ? engine.parquet_rows(path)  // a range costs a third more
                                        : engine.parquet_rows(path, piece.first, piece.first + piece.rows);
  return "SELECT " + plan.selects[plan.select_of_file[piece.file]] + " FROM " + rows;
}

/// What the engine said, with the files that were read. It does not name those in which it finds damage.
[[noreturn]] void refuse_files(const EngineError& error, const ScanPlan& plan,
                               const std::vector<ScanPiece>& pieces) {
  const std::string more = pieces.size() > 1 ? " and " + std::to_string(pieces.size() - 1) + " more" : "";
  throw TableError("ramal: reading " + plan.files[pieces.front().file].path + more + ": " + error.what());
}

Rows read_csv_part(const std::vector<ScanPiece>& pieces, const ScanPlan& plan, const std::string& query,
                   std::span<const NamedRows> small) {
  std::vector<CsvText> texts;
  std::string part;
  for (const ScanPiece& piece : pieces) {
    expect_unchanged(plan.files[piece.file]);
    texts.emplace_back(plan.files[piece.file].path, piece, plan.csv);
    part += (part.empty() ? "SELECT " : " UNION ALL SELECT ") +
            plan.selects[plan.select_of_file[piece.file]] + " FROM " + texts.back().sql(plan.csv);
  }
  try {
    return duckdb_engine().run("WITH part AS NOT MATERIALIZED (" + part + ") " + query, small);
  } catch (const EngineError& error) {
    for (const CsvText& text : texts)
      if (const auto said = text.said_of_it(error.what())) throw TableError(*said);
    refuse_files(error, plan, pieces);
  }
}

Rows read_parquet_part(const std::vector<ScanPiece>& pieces, const ScanPlan& plan, const std::string& query,
                       std::span<const NamedRows> small) {
  std::string part;
  for (const ScanPiece& piece : pieces) {
    expect_unchanged(plan.files[piece.file]);
    part += (part.empty() ? "" : " UNION ALL ") + select_of(plan, piece);
  }
  try {
    return duckdb_engine().run("WITH part AS NOT MATERIALIZED (" + part + ") " + query, small);
  } catch (const EngineError& error) {
    refuse_files(error, plan, pieces);
  }
}

}  // namespace

std::vector<NamedRows> with_small(std::optional<NamedRows> first, const std::vector<Rows>& small) {
  std::vector<NamedRows> tables;
  if (first) tables.push_back(std::move(*first));
  for (std::size_t k = 0; k < small.size(); ++k) tables.push_back({small_name(k), small[k]});
  return tables;
}

Rows read_part(std::int64_t number, const ScanPlan& plan, const std::string& query,
               const std::vector<Rows>& small) {
  const std::vector<ScanPiece>& pieces = plan.partitions[static_cast<std::size_t>(number)];
  const std::string wanted = query.empty() ? "SELECT * FROM part" : query;
  if (pieces.empty())
    return duckdb_engine().run(wanted, with_small(NamedRows{"part", Rows::none(plan.schema)}, small));
  return plan.is_csv ? read_csv_part(pieces, plan, wanted, with_small({}, small))
                     : read_parquet_part(pieces, plan, wanted, with_small({}, small));
}

}  // namespace ramal::detail
