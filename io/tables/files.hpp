// SPDX-License-Identifier: BSD-3-Clause
// Which files a table is made of, and what their folders and their columns say together.
#pragma once

#include <ramal/rows.hpp>

#include <algorithm>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace ramal::detail {

/// The file itself; or all files at any depth of a folder whose names have one of these endings, without
/// those whose names, or folders', begin with a dot or an underscore; or all that fit a pattern with *, ? and
/// [ ]. Sorted by bytes, at least one. Throws TableError if there is none.
std::vector<std::string> find_files(const std::string& path, const std::vector<std::string>& endings,
                                    const char* call, std::source_location where);

/// A folder `name=text`; no text stands for null.
struct NamedText {
  std::string name;
  std::optional<std::string> text;
  bool operator==(const NamedText&) const = default;
};
/// The folders `key=value` between the path that was asked for, or the first of its parts that is a pattern,
/// and the file. Codes like %20 are decoded. Of a path that names the file there are none.
std::vector<NamedText> keys_in_path(const std::string& asked, const std::string& file);
/// The name of a folder for a key and its value, which keys_in_path gives again. Other bytes than letters of
/// ASCII, digits and `-_.` become codes. Throws TableError for the text that stands for null.
std::string folder_of_key(const std::string& name, const std::optional<std::string>& text);
/// BIGINT if all of these are whole numbers or null, else VARCHAR.
ColumnType key_type(const std::vector<std::optional<std::string>>& texts);

/// The columns that files' folders make, in the order in which they are first met.
template <class Files, class KeysOf>
std::vector<Field> key_columns(const Files& files, const KeysOf& keys_of) {
  std::vector<std::string> names;
  for (const auto& file : files)
    for (const NamedText& key : keys_of(file))
      if (std::ranges::find(names, key.name) == names.end()) names.push_back(key.name);
  std::vector<Field> fields;
  for (const std::string& name : names) {
    std::vector<std::optional<std::string>> texts;
    for (const auto& file : files)
      for (const NamedText& key : keys_of(file))
        if (key.name == name) texts.push_back(key.text);
    fields.push_back({name, key_type(texts)});
  }
  return fields;
}

/// Columns of several files, which go together by name, in the order in which they are met. Of numbers of two
/// types the result is one that holds both; a column of type null takes the other's; other differences are
/// refused, naming column, types and files.
class SchemaUnion {
 public:
  SchemaUnion(const char* call, std::source_location where) : call_(call), where_(where) {}
  void add(const Schema& schema, const std::string& file);
  /// A column that folders make; one of the files' own counts in its place.
  void add_key(const Field& key);
  Schema schema() const { return Schema(fields_); }

 private:
  std::optional<std::size_t> find(const std::string& name) const;

  const char* call_;
  std::source_location where_;
  std::vector<Field> fields_;
  std::vector<std::string> from_;  ///< the file that each type is of
};

}  // namespace ramal::detail
