// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/duckdb_lend.hpp"

#include "io/tables/duckdb_types.hpp"
#include "io/tables/sql_text.hpp"

#include <ramal/sql_error.hpp>

#include <algorithm>
#include <cassert>

namespace ramal::detail::duckdb {

namespace {

constexpr const char* function_name = "ramal_rows";

thread_local Lending* lent_here = nullptr;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool same_name(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// How far one query has read a table.
struct LentScan {
  const Api* api;
  const LentTable* table;
  std::vector<std::size_t> columns;
  std::int64_t next = 0;
};

/// What is thrown must not pass through DuckDB's frames: `say` tells it what() instead.
template <class Work, class Say>
void guarded(const Work& work, const Say& say) noexcept {
  try {
    work();
  } catch (const std::exception& error) {
    say(error.what());
  }
}

void find_lent(ReplacementInfo info, const char* name, void*) {
  Lending* lending = lent_here;
  if (lending == nullptr || lending->find(name) == nullptr) return;
  const Api& api = lending->api();
  api.replacement_scan_set_function_name(info, function_name);
  const Owned<Value> its_name(api.destroy_value, api.create_varchar(name));
  api.replacement_scan_add_parameter(info, its_name.get());
}

void bind_lent(BindInfo info) {
  Lending* lending = lent_here;
  if (lending == nullptr) return;  // then it has no columns, which DuckDB refuses
  const Api& api = lending->api();
  const auto work = [&] {
    const Owned<Value> value(api.destroy_value, api.bind_get_parameter(info, 0));
    const std::string name = take_text(api, api.get_varchar(value.get()));
    LentTable* table = lending->find(name);
    if (table == nullptr) throw std::invalid_argument("no table " + name + " is lent");
    for (const Field& field : table->rows.schema())
      api.bind_add_result_column(info, field.name.c_str(), to_duckdb(api, field.type).get());
    api.bind_set_cardinality(info, static_cast<std::uint64_t>(table->rows.size()), true);
    api.bind_set_bind_data(info, table, nullptr);
  };
  guarded(work, [&](const char* error) { api.bind_set_error(info, error); });
}

void begin_lent(InitInfo info) {
  const Api& api = lent_here->api();
  const auto work = [&] {
    auto* table = static_cast<LentTable*>(api.init_get_bind_data(info));
    auto scan = std::make_unique<LentScan>(LentScan{&api, table, {}});
    table->reads.resize(table->rows.schema().size());
    const std::uint64_t columns = api.init_get_column_count(info);
    for (std::uint64_t i = 0; i < columns; ++i) {
      // Where no column is needed, DuckDB may ask for one that only it knows.
      const std::uint64_t column = api.init_get_column_index(info, i);
      scan->columns.push_back(column);
      if (column < table->reads.size()) table->reads[column] = true;
    }
    api.init_set_init_data(info, scan.release(), [](void* data) { delete static_cast<LentScan*>(data); });
  };
  guarded(work, [&](const char* error) { api.init_set_error(info, error); });
}

void next_lent(FunctionInfo info, Chunk chunk) {
  const Api& api = lent_here->api();
  const auto work = [&] {
    auto* scan = static_cast<LentScan*>(api.function_get_init_data(info));
    const Rows& rows = scan->table->rows;
    const std::int64_t count =
        std::min(static_cast<std::int64_t>(api.vector_size()), rows.size() - scan->next);
    for (std::size_t i = 0; i < scan->columns.size(); ++i) {
      const std::size_t column = scan->columns[i];
      if (column >= rows.columns().size()) continue;
      try {
        lend(api, rows.column(column), scan->next, count, api.data_chunk_get_vector(chunk, i));
      } catch (const std::invalid_argument& error) {
        throw std::invalid_argument("column \"" + rows.schema()[column].name + "\" of " + scan->table->name +
                                    ": " + error.what());
      }
    }
    api.data_chunk_set_size(chunk, static_cast<std::uint64_t>(count));
    scan->next += count;
  };
  guarded(work, [&](const char* error) { api.function_set_error(info, error); });
}

}  // namespace

Lending::Lending(const Api& api, std::vector<LentTable> tables, const std::vector<std::string>& reserved)
    : api_(api), tables_(std::move(tables)) {
  for (const LentTable& table : tables_) {
    const auto refuse = [&](const char* why) {
      throw std::invalid_argument("ramal: a table cannot have the name '" + table.name + "': " + why);
    };
    if (table.name.empty()) refuse("it is empty");
    if (table.name.find('.') != std::string::npos) refuse("SQL takes a name with a dot for a file");
    if (table.name.find('\0') != std::string::npos) refuse("it has a zero byte");
    if (std::any_of(reserved.begin(), reserved.end(),
                    [&](auto& name) { return same_name(name, table.name); }))
      refuse("DuckDB has a view of its own of that name");
    if (find(table.name) != &table) refuse("another one has it, too, since SQL ignores case");
    if (table.rows.schema().empty()) refuse("it has no columns");
  }
  assert(lent_here == nullptr);
  lent_here = this;
}

Lending::~Lending() { lent_here = nullptr; }

LentTable* Lending::find(const std::string& name) {
  for (LentTable& table : tables_)
    if (same_name(table.name, name)) return &table;
  return nullptr;
}

void register_lent_tables(const Api& api, Database database, Connection connection) {
  Owned<TableFunction> function(api.destroy_table_function, api.create_table_function());
  const Owned<Type> text(api.destroy_logical_type, api.create_logical_type(type_varchar));
  api.table_function_set_name(function.get(), function_name);
  api.table_function_add_parameter(function.get(), text.get());
  api.table_function_set_bind(function.get(), bind_lent);
  api.table_function_set_init(function.get(), begin_lent);
  api.table_function_set_function(function.get(), next_lent);
  api.table_function_supports_projection_pushdown(function.get(), true);
  if (api.register_table_function(connection, function.get()) != 0)
    throw EngineError("ramal: DuckDB " + api.version + " does not take a table function");
  api.add_replacement_scan(database, find_lent, nullptr, nullptr);
}

}  // namespace ramal::detail::duckdb
