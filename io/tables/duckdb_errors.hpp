// SPDX-License-Identifier: BSD-3-Clause
// What DuckDB says of an error, taken apart.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ramal::detail::duckdb {

struct Fault {
  std::string type;     // "Parser", "Binder", "IO", …; empty where DuckDB does not say
  std::string subject;  // of what is not found: "Table", "Scalar Function", …
  std::string message;  // without what it adds about the place and other names
  std::optional<std::size_t> position;
  std::vector<std::string> candidates;

  /// The SQL text is wrong, whatever the data. Requires: this was said before anything ran.
  bool is_of_text() const;
  /// The instance that said it refuses everything from now on.
  bool spoils() const { return type == "INTERNAL" || type == "FATAL"; }
};

/// From what DuckDB gives as an error where `errors_as_json` is set: an object of texts, or plain text
/// where it forgets that.
Fault fault_of(const char* text);

}  // namespace ramal::detail::duckdb
