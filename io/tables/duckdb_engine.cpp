// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/duckdb_csv.hpp"
#include "io/tables/duckdb_fetch.hpp"
#include "io/tables/duckdb_lend.hpp"
#include "io/tables/duckdb_parquet.hpp"
#include "io/tables/engine.hpp"
#include "io/tables/sql_text.hpp"

#include <ramal/sql_error.hpp>

#include <algorithm>
#include <filesystem>

namespace ramal::detail {

namespace duckdb {

namespace {

std::vector<LentTable> lent(std::span<const NamedRows> tables) {
  std::vector<LentTable> all;
  for (const NamedRows& table : tables) all.push_back({table.name, table.rows});
  return all;
}

std::vector<LentTable> lent(std::span<const NamedSchema> tables) {
  std::vector<LentTable> all;
  for (const NamedSchema& table : tables) all.push_back({table.name, Rows::none(table.schema)});
  return all;
}

std::vector<std::size_t> positions_of(const std::vector<bool>& reads) {
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < reads.size(); ++i)
    if (reads[i]) positions.push_back(i);
  return positions;
}

std::string copy_options(const CopyOptions& options) {
  std::string text;
  for (const auto& [name, value] : options) {
    const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!is_name) throw std::invalid_argument("ramal: there is no option '" + name + "' for writing files");
    text += ", " + name + " " + sql_literal(value);
  }
  return text;
}

/// Tables in DuckDB's own catalogue hide lent ones.
std::vector<std::string> names_of_views(const Lease& lease) {
  const std::string sql = "SELECT view_name FROM duckdb_views() WHERE internal";
  const Statement statement{sql, sql};
  Query query(lease, statement);
  const Rows rows = fetch_all(lease.api(), query, sql);
  std::vector<std::string> names;
  for (const auto name : rows.column<std::string_view>("view_name")) names.emplace_back(name.value_or(""));
  return names;
}

class DuckdbEngine final : public SqlEngine {
 public:
  explicit DuckdbEngine(const Api& api) : api_(api) {}

  std::string name() const override { return "DuckDB " + api_.version; }

  void limit_memory(std::uint64_t bytes) override {
    const std::lock_guard lock(mutex_);
    memory_bytes_ = bytes;
    if (instance_ != nullptr && !instance_->is_spoiled()) instance_->limit_memory(bytes);
  }

  QueryDescription describe(const std::string& sql, std::span<const NamedSchema> tables) override {
    const Lease lease(instance());
    const Lending lending(api_, lent(tables), views_);
    const Statement statement{sql, sql};
    Query query(lease, statement);
    QueryDescription found{Fetch(api_, query.result(), sql).schema(), {}};
    // Only once all has run has every table been asked for. Without tables there may be much to run.
    while (!tables.empty() && query.next().get() != nullptr) {
    }
    for (const LentTable& table : lending.tables()) found.reads.push_back(positions_of(table.reads));
    return found;
  }

  Rows run(const std::string& sql, std::span<const NamedRows> tables) override {
    const Lease lease(instance());
    const Lending lending(api_, lent(tables), views_);
    const Statement statement{sql, sql};
    Query query(lease, statement);
    return fetch_all(api_, query, sql);
  }

  std::int64_t write(const std::string& sql, std::span<const NamedRows> tables, const std::string& file,
                     const CopyOptions& options) override {
    const Lease lease(instance());
    const Lending lending(api_, lent(tables), views_);
    const std::string before = "COPY (";
    const Statement statement{
        before + sql + "\n) TO " + sql_literal(file) + " (use_tmp_file false" + copy_options(options) + ")",
        sql, before.size(), statement_copy};
    try {
      return Query(lease, statement).rows_changed();
    } catch (const EngineError&) {
      std::error_code ignored;
      std::filesystem::remove(file, ignored);
      throw;
    }
  }

  std::vector<ParquetFooter> parquet_footers(std::span<const std::string> files) override {
    const Lease lease(instance());
    try {
      return footers_of(lease, files);
    } catch (const EngineError& error) {
      const bool is_named = std::string_view(error.what()).find(files[0]) != std::string_view::npos;
      if (files.size() == 1 && is_named) throw;
      if (files.size() == 1) throw EngineError("ramal: " + files[0] + ": " + error.what());
    }
    std::vector<ParquetFooter> footers;  // each by itself, so that the error is that of a file
    for (std::size_t i = 0; i < files.size(); ++i)
      footers.push_back(std::move(footers_of(Lease(instance()), files.subspan(i, 1))[0]));
    return footers;
  }
  std::string parquet_rows(const std::string& file) override {
    instance();
    return rows_of_parquet(file, parquet_options_);
  }
  std::string parquet_rows(const std::string& file, std::int64_t first, std::int64_t last) override {
    instance();
    return rows_of_parquet(file, parquet_options_, first, last);
  }

  CsvFormat csv_format(const std::string& file, const CsvFormat& known, std::optional<bool> header) override {
    return guess_csv(Lease(instance()), file, known, header);
  }
  std::string csv_rows(const std::string& file, const CsvFormat& format) const override {
    return rows_of_csv(file, format);
  }

 private:
  /// The one that runs, or one in place of one that is spoiled.
  std::shared_ptr<Instance> instance() {
    const std::lock_guard lock(mutex_);
    if (instance_ == nullptr || instance_->is_spoiled())
      instance_ = std::make_shared<Instance>(api_, memory_bytes_);
    if (views_.empty()) {
      views_ = names_of_views(Lease(instance_));
      parquet_options_ = parquet_options(Lease(instance_));
    }
    return instance_;
  }

  const Api& api_;
  std::mutex mutex_;  // guards the rest
  std::uint64_t memory_bytes_ = 0;
  std::shared_ptr<Instance> instance_;
  std::vector<std::string> views_;  // filled with the first instance, and never changed after
  std::string parquet_options_;     // likewise
};

}  // namespace

}  // namespace duckdb

SqlEngine& duckdb_engine() {
  // Never destroyed: other threads may still run queries when the process ends.
  static SqlEngine* const engine = new duckdb::DuckdbEngine(duckdb::api());
  return *engine;
}

}  // namespace ramal::detail
