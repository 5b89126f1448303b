// SPDX-License-Identifier: BSD-3-Clause
// Tables into files: each partition's task writes its own, the last step gives all of them their name.
#include <ramal/parquet.hpp>

#include "io/tables/engine.hpp"
#include "io/tables/sql.hpp"
#include "io/tables/state.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace ramal {

namespace detail {

namespace {

namespace fs = std::filesystem;

/// What is to be written. All ranks see it under the same path.
struct TableTarget {
  std::string path = {};  ///< absolute
  std::string compression = {};
  bool replace = false;
  bool is_file = false;
  std::string part() const { return path + ".part"; }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& path& compression& replace& is_file;
  }
};

[[noreturn]] void refuse_target(const std::string& path, const std::string& problem) {
  throw TableError("ramal: write_parquet: " + path + ": " + problem);
}
void expect_done(const std::error_code& error, const std::string& path, const char* what) {
  if (error) refuse_target(path, std::string(what) + ": " + error.message());
}

/// Before anything is written: what is left of a write that failed goes, and what is there under the name
/// stays.
std::int64_t prepare_target(const TableTarget& target) {
  std::error_code error;
  if (fs::exists(target.path, error) && !target.replace)
    refuse_target(target.path, "is there already; see ParquetWriteOptions::replace");
  fs::remove_all(target.part(), error);
  expect_done(error, target.part(), "cannot be removed");
  if (!target.is_file) {
    fs::create_directories(target.part(), error);
    expect_done(error, target.part(), "cannot be made");
  }
  return 0;
}

std::int64_t part_number(std::int64_t number) { return number; }

std::int64_t write_part(std::int64_t number, const Rows& rows, const TableTarget& target,
                        const std::int64_t&) {
  std::string file = target.part();
  if (!target.is_file) {
    char name[40];
    std::snprintf(name, sizeof name, "/part-%07lld.parquet", static_cast<long long>(number));
    file += name;
  }
  const NamedRows table{"part", rows};
  return duckdb_engine().write("SELECT * FROM part", {&table, 1}, file,
                               {{"format", "parquet"}, {"compression", target.compression}});
}

std::int64_t finish_target(const std::int64_t& rows, const TableTarget& target) {
  if (!target.is_file && !(std::ofstream(target.part() + "/_SUCCESS") << std::flush))
    refuse_target(target.part(), "cannot be written to");
  std::error_code error;
  if (target.replace) {
    fs::remove_all(target.path, error);
    expect_done(error, target.path, "cannot be replaced");
  }
  fs::rename(target.part(), target.path, error);
  expect_done(error, target.path, "cannot be given its name");
  return rows;
}

std::int64_t rows_of_both(std::int64_t a, std::int64_t b) { return a + b; }

}  // namespace
}  // namespace detail

Delayed<std::int64_t> write_parquet(const Table& table, const std::string& path,
                                    const ParquetWriteOptions& options, std::source_location where) {
  if (path.empty()) detail::refuse_table("write_parquet", "expected a path", where);
  detail::TableTarget target{.path = std::filesystem::absolute(path).lexically_normal().string(),
                             .compression = options.compression,
                             .replace = options.replace,
                             .is_file = path.ends_with(".parquet")};
  if (target.path.ends_with('/')) target.path.pop_back();
  const Table whole = target.is_file ? table.gather(where) : table;
  const auto numbers = family<detail::part_number>({Index(whole.partitions()), where});
  const auto prepared = delayed<detail::prepare_target>(target);
  const auto rows = map<detail::write_part>({numbers, where}, whole.parts(where), target, prepared);
  return delayed<detail::finish_target>(reduce<detail::rows_of_both>(rows, {}, where), target);
}

}  // namespace ramal
