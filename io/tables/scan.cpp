// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/scan.hpp"

#include "io/tables/sql.hpp"

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
  const SqlEngine& engine = duckdb_engine();
  const std::string rows = piece.is_all ? engine.parquet_rows(path)  // a range costs a third more
                                        : engine.parquet_rows(path, piece.first, piece.first + piece.rows);
  return "SELECT " + plan.selects[plan.select_of_file[piece.file]] + " FROM " + rows;
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
  std::string part;
  for (const ScanPiece& piece : pieces) {
    expect_unchanged(plan.files[piece.file]);
    part += (part.empty() ? "" : " UNION ALL ") + select_of(plan, piece);
  }
  const std::string wanted = query.empty() ? "SELECT * FROM part" : query;
  if (part.empty())
    return duckdb_engine().run(wanted, with_small(NamedRows{"part", Rows::none(plan.schema)}, small));
  return duckdb_engine().run("WITH part AS NOT MATERIALIZED (" + part + ") " + wanted, with_small({}, small));
}

}  // namespace ramal::detail
