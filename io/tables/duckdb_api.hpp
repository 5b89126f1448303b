// SPDX-License-Identifier: BSD-3-Clause
// DuckDB's C interface, as far as it is used here, and the library behind it, which is loaded at run time.
// The declarations follow the documentation of that interface: https://duckdb.org/docs/stable/clients/c/api.
// What is named here exists from DuckDB 1.2 on.
//
// Not used, since it gives wrong answers: duckdb_arrow_array_scan (`sum(c)` gives the sum of another column
// where columns are left out). Not used, since other versions may lack them: what the documentation calls
// unstable or deprecated, but pending_prepared_streaming, which may be missing.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace ramal::detail::duckdb {

using Config = struct ConfigHandle*;
using Database = struct DatabaseHandle*;
using Connection = struct ConnectionHandle*;
using Prepared = struct PreparedHandle*;
using Pending = struct PendingHandle*;
using Chunk = struct ChunkHandle*;
using Vector = struct VectorHandle*;
using Type = struct TypeHandle*;
using Value = struct ValueHandle*;
using TableFunction = struct TableFunctionHandle*;
using BindInfo = struct BindInfoHandle*;
using InitInfo = struct InitInfoHandle*;
using FunctionInfo = struct FunctionInfoHandle*;
using ReplacementInfo = struct ReplacementInfoHandle*;
using Destroy = void (*)(void*);
using Bind = void (*)(BindInfo);
using Init = void (*)(InitInfo);
using Function = void (*)(FunctionInfo, Chunk);
using Replacement = void (*)(ReplacementInfo, const char* table, void* data);

/// A result, which is passed by value. Only the last of its members is not deprecated.
struct Result {
  std::uint64_t columns = 0, rows = 0, changed = 0;
  void* column_data = nullptr;
  char* error = nullptr;
  void* internal = nullptr;
};

/// Of a text: up to 12 bytes lie in it, of longer ones the first 4 and a pointer to all.
struct String {
  std::uint32_t length;
  char prefix[4];
  union {
    const char* pointer;
    char rest[8];
  };
};
static_assert(sizeof(String) == 16);

/// Where a list's elements lie in its child.
struct ListEntry {
  std::uint64_t offset, length;
};

/// An INTERVAL.
struct Span {
  std::int32_t months, days;
  std::int64_t microseconds;
};

/// The numbers of types, named as SQL does.
enum TypeNumber : int {
  type_boolean = 1,
  type_tinyint = 2,
  type_smallint = 3,
  type_integer = 4,
  type_bigint = 5,
  type_utinyint = 6,
  type_usmallint = 7,
  type_uinteger = 8,
  type_ubigint = 9,
  type_float = 10,
  type_double = 11,
  type_timestamp = 12,
  type_date = 13,
  type_time = 14,
  type_interval = 15,
  type_hugeint = 16,
  type_varchar = 17,
  type_blob = 18,
  type_decimal = 19,
  type_timestamp_s = 20,
  type_timestamp_ms = 21,
  type_timestamp_ns = 22,
  type_enum = 23,
  type_list = 24,
  type_struct = 25,
  type_map = 26,
  type_uuid = 27,
  type_union = 28,
  type_bit = 29,
  type_time_tz = 30,
  type_timestamp_tz = 31,
  type_uhugeint = 32,
  type_array = 33,
  type_bignum = 35,
  type_sqlnull = 36,
};

/// The numbers of the statements that are run.
inline constexpr int statement_select = 1, statement_copy = 11;

// NAME(RESULT, PARAMETERS): DuckDB's function duckdb_NAME. Of those that give an int, 0 is success.
#define RAMAL_DUCKDB_FUNCTIONS(NAME)                                             \
  NAME(create_config, int, (Config*))                                            \
  NAME(set_config, int, (Config, const char*, const char*))                      \
  NAME(destroy_config, void, (Config*))                                          \
  NAME(open_ext, int, (const char* path, Database*, Config, char** error))       \
  NAME(close, void, (Database*))                                                 \
  NAME(connect, int, (Database, Connection*))                                    \
  NAME(disconnect, void, (Connection*))                                          \
  NAME(free, void, (void*))                                                      \
  NAME(query, int, (Connection, const char* sql, Result*))                       \
  NAME(prepare, int, (Connection, const char* sql, Prepared*))                   \
  NAME(prepare_error, const char*, (Prepared))                                   \
  NAME(prepared_statement_type, int, (Prepared))                                 \
  NAME(destroy_prepare, void, (Prepared*))                                       \
  NAME(pending_prepared, int, (Prepared, Pending*))                              \
  NAME(pending_error, const char*, (Pending))                                    \
  NAME(execute_pending, int, (Pending, Result*))                                 \
  NAME(destroy_pending, void, (Pending*))                                        \
  NAME(column_count, std::uint64_t, (Result*))                                   \
  NAME(column_name, const char*, (Result*, std::uint64_t))                       \
  NAME(column_logical_type, Type, (Result*, std::uint64_t))                      \
  NAME(result_error, const char*, (Result*))                                     \
  NAME(rows_changed, std::uint64_t, (Result*))                                   \
  NAME(destroy_result, void, (Result*))                                          \
  NAME(fetch_chunk, Chunk, (Result))                                             \
  NAME(data_chunk_get_size, std::uint64_t, (Chunk))                              \
  NAME(data_chunk_set_size, void, (Chunk, std::uint64_t))                        \
  NAME(data_chunk_get_vector, Vector, (Chunk, std::uint64_t))                    \
  NAME(destroy_data_chunk, void, (Chunk*))                                       \
  NAME(vector_size, std::uint64_t, ())                                           \
  NAME(vector_get_data, void*, (Vector))                                         \
  NAME(vector_get_validity, std::uint64_t*, (Vector))                            \
  NAME(vector_ensure_validity_writable, void, (Vector))                          \
  NAME(list_vector_get_child, Vector, (Vector))                                  \
  NAME(list_vector_reserve, int, (Vector, std::uint64_t))                        \
  NAME(list_vector_set_size, int, (Vector, std::uint64_t))                       \
  NAME(struct_vector_get_child, Vector, (Vector, std::uint64_t))                 \
  NAME(create_logical_type, Type, (int))                                         \
  NAME(create_decimal_type, Type, (std::uint8_t width, std::uint8_t scale))      \
  NAME(create_list_type, Type, (Type))                                           \
  NAME(create_struct_type, Type, (Type*, const char** names, std::uint64_t))     \
  NAME(destroy_logical_type, void, (Type*))                                      \
  NAME(get_type_id, int, (Type))                                                 \
  NAME(decimal_width, std::uint8_t, (Type))                                      \
  NAME(decimal_scale, std::uint8_t, (Type))                                      \
  NAME(enum_internal_type, int, (Type))                                          \
  NAME(enum_dictionary_size, std::uint32_t, (Type))                              \
  NAME(enum_dictionary_value, char*, (Type, std::uint64_t))                      \
  NAME(list_type_child_type, Type, (Type))                                       \
  NAME(struct_type_child_count, std::uint64_t, (Type))                           \
  NAME(struct_type_child_name, char*, (Type, std::uint64_t))                     \
  NAME(struct_type_child_type, Type, (Type, std::uint64_t))                      \
  NAME(create_varchar, Value, (const char*))                                     \
  NAME(get_varchar, char*, (Value))                                              \
  NAME(destroy_value, void, (Value*))                                            \
  NAME(create_table_function, TableFunction, ())                                 \
  NAME(destroy_table_function, void, (TableFunction*))                           \
  NAME(table_function_set_name, void, (TableFunction, const char*))              \
  NAME(table_function_add_parameter, void, (TableFunction, Type))                \
  NAME(table_function_set_bind, void, (TableFunction, Bind))                     \
  NAME(table_function_set_init, void, (TableFunction, Init))                     \
  NAME(table_function_set_function, void, (TableFunction, Function))             \
  NAME(table_function_supports_projection_pushdown, void, (TableFunction, bool)) \
  NAME(register_table_function, int, (Connection, TableFunction))                \
  NAME(bind_get_parameter, Value, (BindInfo, std::uint64_t))                     \
  NAME(bind_add_result_column, void, (BindInfo, const char*, Type))              \
  NAME(bind_set_bind_data, void, (BindInfo, void*, Destroy))                     \
  NAME(bind_set_cardinality, void, (BindInfo, std::uint64_t, bool is_exact))     \
  NAME(bind_set_error, void, (BindInfo, const char*))                            \
  NAME(init_get_bind_data, void*, (InitInfo))                                    \
  NAME(init_set_init_data, void, (InitInfo, void*, Destroy))                     \
  NAME(init_get_column_count, std::uint64_t, (InitInfo))                         \
  NAME(init_get_column_index, std::uint64_t, (InitInfo, std::uint64_t))          \
  NAME(init_set_error, void, (InitInfo, const char*))                            \
  NAME(function_get_bind_data, void*, (FunctionInfo))                            \
  NAME(function_get_init_data, void*, (FunctionInfo))                            \
  NAME(function_set_error, void, (FunctionInfo, const char*))                    \
  NAME(add_replacement_scan, void, (Database, Replacement, void* data, Destroy)) \
  NAME(replacement_scan_set_function_name, void, (ReplacementInfo, const char*)) \
  NAME(replacement_scan_add_parameter, void, (ReplacementInfo, Value))           \
  NAME(replacement_scan_set_error, void, (ReplacementInfo, const char*))

/// All of these functions, from one library, which stays loaded until the process ends.
struct Api {
#define RAMAL_DUCKDB_MEMBER(name, result, parameters) result(*name) parameters = nullptr;
  RAMAL_DUCKDB_FUNCTIONS(RAMAL_DUCKDB_MEMBER)
#undef RAMAL_DUCKDB_MEMBER
  /// Gives results piece by piece. Null where the library has it no more.
  int (*pending_prepared_streaming)(Prepared, Pending*) = nullptr;

  /// Which file the library is, and its version, such as "v1.4.4".
  std::string file, version;
};

/// The functions of a file, or of whatever the loader finds under a plain name. Throws EngineError if it
/// cannot be loaded, is no DuckDB, or of a version that is not known to work: with the file, what was found
/// and what is wanted.
Api load(const std::string& file);
/// Looks for the library, as `<ramal/sql_error.hpp>` says, and loads it. Throws EngineError, with where it
/// was looked for and how to get one.
Api search();
/// The library of this process, which is looked for at the first call; if that throws, at the next again. Any
/// thread.
const Api& api();

/// Something of DuckDB's with the function that ends it.
template <class T>
class Owned {
 public:
  explicit Owned(void (*destroy)(T*), T value = {}) : value_(value), destroy_(destroy) {}
  Owned(Owned&& other) noexcept : value_(std::exchange(other.value_, T{})), destroy_(other.destroy_) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(value_, other.value_);
    std::swap(destroy_, other.destroy_);
    return *this;
  }
  ~Owned() { destroy_(&value_); }
  T get() const { return value_; }
  /// For functions that fill it.
  T* out() { return &value_; }

 private:
  T value_;
  void (*destroy_)(T*);
};

/// A text that DuckDB has allocated for us.
inline std::string take_text(const Api& api, char* text) {
  std::string taken = text == nullptr ? "" : text;
  api.free(text);
  return taken;
}

}  // namespace ramal::detail::duckdb
