// SPDX-License-Identifier: BSD-3-Clause
// Which libraries are taken for DuckDB. The ones here are fakes, made from fake_duckdb.cpp.
#include "io/tables/duckdb_api.hpp"
#include "tests/io/engine.hpp"

#include <fstream>

namespace ramal::test {
namespace {

namespace duckdb = detail::duckdb;

std::string fake(const std::string& name) {
  const char* folder = std::getenv("DUCKDB_FAKES");
  return std::string(folder != nullptr ? folder : ".") + "/lib" + name + ".so";
}
std::string said_of(const std::string& file) {
  return said_by<EngineError>([&] { duckdb::load(file); });
}

TEST(DuckdbLoad, SaysWhatDoesNotFitAndHowToGetWhatDoes) {
  const std::string wanted = "Tables need DuckDB 1.2 or newer, before 2", how = "DUCKDB_ROOT";
  expect_within(said_of(fake("old_duckdb")), {fake("old_duckdb"), "DuckDB v1.1.3.", wanted, how});
  expect_within(said_of(fake("new_duckdb")), {fake("new_duckdb"), "DuckDB v2.0.0.", wanted, how});
  expect_within(said_of(fake("odd_duckdb")), {fake("odd_duckdb"), "DuckDB unknown.", wanted, how});
  expect_within(said_of(fake("bare_duckdb")),
                {fake("bare_duckdb"), "v1.4.4", "no function duckdb_", wanted, how});
  expect_within(said_of("libm.so.6"), {"libm.so.6 is not DuckDB", wanted, how});
  expect_within(said_of("/nowhere/libduckdb.so"), {"/nowhere/libduckdb.so cannot be loaded", wanted, how});
}

/// The environment as it was, afterwards.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* was = std::getenv(name)) was_ = was;
    value != nullptr ? setenv(name, value, 1) : unsetenv(name);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { was_ ? setenv(name_, was_->c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> was_;
};

// Runs before anything is loaded, since each test of this build is a process of its own, or this one comes
// first.
TEST(DuckdbLoad, LooksWhereItIsTold) {
  const Scratch scratch;
  std::filesystem::create_directories(scratch / "lib64");
  std::filesystem::copy(fake("old_duckdb"), scratch / "lib64/libduckdb.so");
  const auto said = [] { return said_by<EngineError>([] { duckdb::search(); }); };
  const Variable none("CONDA_PREFIX", nullptr);
  const Variable root("DUCKDB_ROOT", (scratch / "").c_str());
  {
    const Variable file("RAMAL_DUCKDB", fake("new_duckdb").c_str());
    expect_within(said(), {fake("new_duckdb"), "v2.0.0"});
  }
  {
    const Variable file("RAMAL_DUCKDB", (scratch / "lib64").c_str());
    expect_within(said(), {"lib64/libduckdb.so", "v1.1.3"});
  }
  {
    const Variable file("RAMAL_DUCKDB", "/nowhere/at/all");
    expect_within(said(), {"RAMAL_DUCKDB is /nowhere/at/all, where there is no libduckdb.so"});
  }
  const Variable file("RAMAL_DUCKDB", nullptr);
  expect_within(said(), {"lib64/libduckdb.so", "v1.1.3"});
}

}  // namespace
}  // namespace ramal::test
