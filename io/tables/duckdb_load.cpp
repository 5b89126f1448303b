// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/duckdb_api.hpp"

#include <ramal/sql_error.hpp>

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <vector>

namespace ramal::detail::duckdb {

namespace {

constexpr const char* library_name = "libduckdb.so";
constexpr const char* how_to_get =
    "./test.sh of Ramal's sources gets one; or install it (DuckDB's own package of its C library, Spack's "
    "duckdb, "
    "conda's libduckdb) and set DUCKDB_ROOT to where, or RAMAL_DUCKDB to the file.";

[[noreturn]] void refuse_library(const std::string& what) {
  throw EngineError("ramal: " + what + " Tables need DuckDB 1.2 or newer, before 2: " + how_to_get);
}

/// "v1.4.4", "1.4" and "v1.5.0-dev12" are versions; "v1.1.3" and "v2.0.0" do not fit.
bool version_fits(const std::string& version) {
  int major = 0, minor = 0;
  return std::sscanf(version.c_str(), version.starts_with('v') ? "v%d.%d" : "%d.%d", &major, &minor) == 2 &&
         major == 1 && minor >= 2;
}

/// The library's own name, whatever it was asked for by.
std::string file_of(const void* function, const std::string& asked) {
  Dl_info info = {};
  return dladdr(function, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : asked;
}

Api functions_of(void* library, const std::string& asked) {
  Api api;
  const auto version = reinterpret_cast<const char* (*)()>(dlsym(library, "duckdb_library_version"));
  if (version == nullptr) refuse_library(asked + " is not DuckDB: it has no duckdb_library_version.");
  api.file = file_of(reinterpret_cast<const void*>(version), asked);
  api.version = version();
  if (!version_fits(api.version)) refuse_library(api.file + " is DuckDB " + api.version + ".");
  const char* missing = nullptr;
#define RAMAL_DUCKDB_LOOK_UP(name, result, parameters)                                \
  api.name = reinterpret_cast<result(*) parameters>(dlsym(library, "duckdb_" #name)); \
  if (api.name == nullptr) missing = "duckdb_" #name;
  RAMAL_DUCKDB_FUNCTIONS(RAMAL_DUCKDB_LOOK_UP)
#undef RAMAL_DUCKDB_LOOK_UP
  if (missing != nullptr)
    refuse_library(api.file + ", DuckDB " + api.version + ", has no function " + missing + ".");
  api.pending_prepared_streaming =
      reinterpret_cast<int (*)(Prepared, Pending*)>(dlsym(library, "duckdb_pending_prepared_streaming"));
  return api;
}

/// Its thousands of symbols stay its own (RTLD_LOCAL): it holds copies of libraries that others have too.
void* open_library(const std::string& file) { return dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL); }

/// The first of these that is there. Throws EngineError, naming the variable, if none is.
Api load_from(const char* variable, const std::string& place, const std::vector<std::string>& folders) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (fs::is_regular_file(place, ignored)) return load(place);
  for (const std::string& folder : folders) {
    const fs::path file = fs::path(place) / folder / library_name;
    if (fs::exists(file, ignored)) return load(file);
  }
  refuse_library(std::string(variable) + " is " + place + ", where there is no " + library_name + ".");
}

}  // namespace

Api load(const std::string& file) {
  void* library = open_library(file);
  if (library == nullptr) {
    const std::string reason = dlerror();
    refuse_library(file + " cannot be loaded (" + reason + ").");
  }
  return functions_of(library, file);
}

Api search() {
  const char* chosen = std::getenv("RAMAL_DUCKDB");
  if (chosen != nullptr && *chosen != '\0') return load_from("RAMAL_DUCKDB", chosen, {"", "lib", "lib64"});
  const char* root = std::getenv("DUCKDB_ROOT");
  if (root != nullptr && *root != '\0') return load_from("DUCKDB_ROOT", root, {"lib", "lib64", ""});
  if (void* library = open_library(library_name)) return functions_of(library, library_name);
  const std::string reason = dlerror();
  const char* conda = std::getenv("CONDA_PREFIX");
  std::error_code ignored;
  if (conda != nullptr) {
    const auto file = std::filesystem::path(conda) / "lib" / library_name;
    if (std::filesystem::exists(file, ignored)) return load(file);
  }
  refuse_library("DuckDB is not found (" + reason + ").");
}

const Api& api() {
  // Never destroyed: threads may still run queries when the process ends.
  static std::mutex mutex;
  static const Api* found = nullptr;
  const std::lock_guard lock(mutex);
  if (found == nullptr) found = new Api(search());
  return *found;
}

}  // namespace ramal::detail::duckdb
