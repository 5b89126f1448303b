// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/duckdb_instance.hpp"

#include "io/tables/duckdb_errors.hpp"
#include "io/tables/duckdb_lend.hpp"

#include <ramal/sql_error.hpp>

namespace ramal::detail::duckdb {

namespace {

/// Results must not depend on where and beside what a query runs. With one thread DuckDB adds up in the order
/// of rows, unless it spills: so it has no place to. No extension is fetched, nor looked for in the user's
/// home.
constexpr std::pair<const char*, const char*> fixed_settings[] = {
    {"threads", "1"},
    {"preserve_insertion_order", "true"},
    {"temp_directory", ""},
    {"autoinstall_known_extensions", "false"},
    {"autoload_known_extensions", "false"},
};

std::string in_bytes(std::uint64_t bytes) { return std::to_string(bytes) + "B"; }

Owned<Database> open_database(const Api& api, std::uint64_t memory_bytes) {
  Owned<Config> config(api.destroy_config);
  if (api.create_config(config.out()) != 0) throw EngineError("ramal: DuckDB cannot be configured");
  const auto set = [&](const char* name, const std::string& value) {
    if (api.set_config(config.get(), name, value.c_str()) != 0)
      throw EngineError("ramal: DuckDB " + api.version + " does not take " + name + " = '" + value + "'");
  };
  for (const auto& [name, value] : fixed_settings) set(name, value);
  if (memory_bytes != 0) set("memory_limit", in_bytes(memory_bytes));
  Owned<Database> database(api.close);
  char* error = nullptr;
  if (api.open_ext(nullptr, database.out(), config.get(), &error) != 0)
    throw EngineError("ramal: DuckDB cannot be started: " + take_text(api, error));
  return database;
}

}  // namespace

Instance::Instance(const Api& api, std::uint64_t memory_bytes)
    : api_(api), database_(open_database(api, memory_bytes)) {
  Owned<Connection> first = take();
  register_lent_tables(api_, database_.get(), first.get());
  give_back(std::move(first));
}

void Instance::set(Connection connection, const std::string& setting) const {
  Owned<Result> result(api_.destroy_result);
  if (api_.query(connection, ("SET " + setting).c_str(), result.out()) != 0)
    throw EngineError("ramal: DuckDB " + api_.version + " does not take " + setting + ": " +
                      fault_of(api_.result_error(result.out())).message);
}

void Instance::limit_memory(std::uint64_t bytes) {
  Owned<Connection> connection = take();
  set(connection.get(), "memory_limit = '" + in_bytes(bytes) + "'");
  give_back(std::move(connection));
}

Owned<Connection> Instance::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      Owned<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  Owned<Connection> connection(api_.disconnect);
  if (api_.connect(database_.get(), connection.out()) != 0)
    throw EngineError("ramal: DuckDB takes no more connections");
  set(connection.get(), "errors_as_json = true");
  // Where DuckDB was built without its extension for time zones it has no such setting, and knows UTC only.
  Owned<Result> ignored(api_.destroy_result);
  api_.query(connection.get(), "SET TimeZone = 'UTC'", ignored.out());
  return connection;
}

void Instance::give_back(Owned<Connection> connection) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

}  // namespace ramal::detail::duckdb
