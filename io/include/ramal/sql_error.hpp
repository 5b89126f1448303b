// SPDX-License-Identifier: BSD-3-Clause
// What can be wrong with SQL text, and with the engine that runs it.
//
// The engine is DuckDB 1.2 or newer, before 2: a library, libduckdb.so, that is loaded when it is first
// needed. It is looked for
//
//   where RAMAL_DUCKDB says: the file, or a folder that holds it; then nowhere else
//   in DUCKDB_ROOT/lib, DUCKDB_ROOT/lib64 and DUCKDB_ROOT, if that is set; then nowhere else
//   where the loader looks: LD_LIBRARY_PATH, the system's folders, and for the programs of a build folder
//     the place where ./run.sh and ./test.sh put it
//   in CONDA_PREFIX/lib
#pragma once

#include <ramal/detail/compiler.hpp>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace ramal {

/// SQL text that cannot be run: its syntax, or a name, function or type in it. what() has the message and,
/// where its place is known, the line with a caret under that.
class SqlError : public std::invalid_argument {
 public:
  SqlError(const std::string& sql, std::string message, std::optional<std::size_t> position = std::nullopt,
           std::vector<std::string> candidates = {});

  /// The engine's words, without the place.
  const std::string& message() const { return message_; }
  /// Where in the text it is wrong, in bytes from its beginning, if that is known.
  std::optional<std::size_t> position() const { return position_; }
  /// Names that may have been meant.
  const std::vector<std::string>& candidates() const { return candidates_; }

 private:
  std::string message_;
  std::optional<std::size_t> position_;
  std::vector<std::string> candidates_;
};

/// The engine is missing or does not fit, or SQL text that can be run has failed: a value that cannot be
/// converted, a file that is missing or damaged, too little memory. what() says which and, in the latter
/// case, of which text.
class EngineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace ramal
