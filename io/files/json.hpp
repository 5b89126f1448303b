// SPDX-License-Identifier: BSD-3-Clause
// JSON as Zarr stores have it: read by nlohmann's library, with errors that name the file and what is wrong.
#pragma once

#include "io/files/posix.hpp"

#include <nlohmann/json.hpp>

namespace ramal::detail {

using Json = nlohmann::json;

/// What Python writes for numbers that JSON has no words for, as a text that no other text is.
inline constexpr std::string_view special_mark = "\x01";

/// Parses a file's content. Throws FileError. Python's NaN, Infinity and -Infinity are read as texts behind
/// special_mark.
Json parse_json(const std::string& file, const std::string& text);
/// The number that a value is, be it one of those, or a text such as "NaN"; nothing if it is none.
std::optional<double> number_of(const Json& value);

/// One object of a file.
class JsonObject {
 public:
  /// Throws FileError if it is no object. `what` names it in errors. The file's name and the value must
  /// outlive it.
  JsonObject(const Json& value, const std::string& file, std::string what);

  [[noreturn]] void refuse(const std::string& problem) const;
  /// Null if there is none of that name.
  const Json* find(const char* name) const;
  // The others throw FileError if there is none, or of another type.
  const Json& at(const char* name) const;
  std::string text(const char* name) const;
  /// A list of whole numbers from `least` on.
  std::vector<std::uint64_t> lengths(const char* name, std::uint64_t least) const;
  /// A name, or an object with a `name` and maybe a `configuration`.
  const Json& value() const { return value_; }
  const std::string& file() const { return file_; }

 private:
  const Json& value_;
  const std::string& file_;
  std::string what_;
};

}  // namespace ramal::detail
