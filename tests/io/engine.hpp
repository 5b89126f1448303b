// SPDX-License-Identifier: BSD-3-Clause
// What the tests of the engine of tables share.
#pragma once

#include "io/tables/engine.hpp"

#include <ramal/rows_builder.hpp>
#include <ramal/sql_error.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace ramal::test {

using detail::SqlEngine;
using detail::NamedRows;
using detail::NamedSchema;

/// The engine, or null where there is no DuckDB. Where one was promised (RAMAL_DUCKDB), its absence is a
/// failure.
inline SqlEngine* engine_or_null() {
  try {
    return &detail::duckdb_engine();
  } catch (const EngineError& error) {
    if (std::getenv("RAMAL_DUCKDB") != nullptr) throw;
    return nullptr;
  }
}

/// Tests that need DuckDB.
class WithEngine : public ::testing::Test {
 protected:
  void SetUp() override {
    if (engine_or_null() == nullptr) GTEST_SKIP() << "there is no DuckDB: set RAMAL_DUCKDB or DUCKDB_ROOT";
  }
  static SqlEngine& engine() { return detail::duckdb_engine(); }
  static Rows run(const std::string& sql, const std::vector<NamedRows>& tables = {}) {
    return engine().run(sql, tables);
  }
};

/// A folder below ENGINE_FILES that no other process has, and that is removed.
class Scratch {
 public:
  Scratch() {
    const char* set = std::getenv("ENGINE_FILES");
    folder_ = std::string(set != nullptr ? set : "engine_files") + '/' + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string operator/(const std::string& name) const { return folder_ + '/' + name; }

 private:
  std::string folder_;
};

/// Runs it, and gives what the error says; "nothing was thrown" if there was none.
template <class Error, class Work>
std::string said_by(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

inline void expect_within(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts)
    EXPECT_NE(text.find(part), text.npos) << "no '" << part << "' in: " << text;
}

/// One column's texts; "-" for null.
inline std::vector<std::string> texts_of(const Rows& rows, std::size_t column = 0) {
  std::vector<std::string> texts;
  for (const auto text : ColumnView<std::string_view>(rows.column(column)))
    texts.emplace_back(text.value_or("-"));
  return texts;
}

}  // namespace ramal::test
