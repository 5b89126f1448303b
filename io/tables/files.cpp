// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/files.hpp"

#include "io/tables/state.hpp"

#include <glob.h>

#include <algorithm>
#include <filesystem>

namespace ramal::detail {

namespace {

namespace fs = std::filesystem;

bool is_pattern(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

/// Files that a writer has not finished, and what it writes of them, begin so by custom.
bool is_hidden(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') || name.starts_with('_');
}

std::vector<std::string> files_below(const std::string& folder, const std::vector<std::string>& endings) {
  std::vector<std::string> files;
  const auto has_ending = [&](const std::string& name) {
    return std::ranges::any_of(endings, [&](const std::string& one) { return name.ends_with(one); });
  };
  for (auto at = fs::recursive_directory_iterator(folder); at != fs::recursive_directory_iterator(); ++at) {
    if (is_hidden(at->path())) {
      if (at->is_directory()) at.disable_recursion_pending();
    } else if (at->is_regular_file() && has_ending(at->path().string())) {
      files.push_back(at->path().string());
    }
  }
  return files;
}

std::vector<std::string> files_that_fit(const std::string& pattern) {
  std::vector<std::string> files;
  glob_t found{};
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0)  // it would sort by the locale
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return files;
}

std::string decoded(std::string_view text) {
  const auto digit = [](char c) { return c >= 'a' ? c - 'a' + 10 : c >= 'A' ? c - 'A' + 10 : c - '0'; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_code = text[i] == '%' && i + 2 < text.size() && std::isxdigit(text[i + 1]) != 0 &&
                         std::isxdigit(text[i + 2]) != 0;
    out += is_code ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
    if (is_code) i += 2;
  }
  return out;
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    // Folders whose names begin with these are passed over.
    const bool is_first = out.empty() && (c == '_' || c == '.');
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          c == '-' || c == '_' || c == '.';
    if (is_plain && !is_first) {
      out += c;
      continue;
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte / 16], digits[byte % 16]};
  }
  return out;
}

constexpr std::string_view null_key = "__HIVE_DEFAULT_PARTITION__";

bool is_integer(TypeId id) { return id >= TypeId::int8 && id <= TypeId::int128; }
bool is_unsigned(TypeId id) { return id >= TypeId::uint8 && id <= TypeId::uint64; }
bool is_float(TypeId id) { return id == TypeId::float32 || id == TypeId::float64; }

/// A type of numbers that holds both; nothing if there is none.
std::optional<ColumnType> wider(const ColumnType& a, const ColumnType& b) {
  if (a == b || b.id() == TypeId::null) return a;
  if (a.id() == TypeId::null) return b;
  const auto is_number = [](TypeId id) { return is_integer(id) || is_float(id); };
  if (!is_number(a.id()) || !is_number(b.id())) return std::nullopt;
  if (is_float(a.id()) || is_float(b.id())) return ColumnType(TypeId::float64);
  const std::size_t bytes = std::max(a.value_bytes(), b.value_bytes());
  if (is_unsigned(a.id()) == is_unsigned(b.id())) return a.value_bytes() == bytes ? a : b;
  const std::size_t of_unsigned = is_unsigned(a.id()) ? a.value_bytes() : b.value_bytes();
  const std::size_t needed = of_unsigned < bytes ? bytes : 2 * of_unsigned;
  return ColumnType(needed <= 2   ? TypeId::int16
                    : needed <= 4 ? TypeId::int32
                    : needed <= 8 ? TypeId::int64
                                  : TypeId::int128);
}

}  // namespace

std::vector<std::string> find_files(const std::string& path, const std::vector<std::string>& endings,
                                    const char* call, std::source_location where) {
  if (path.empty()) refuse_table(call, "expected a path", where);
  std::vector<std::string> files;
  if (fs::is_directory(path)) {
    files = files_below(path, endings);
    if (files.empty())
      throw TableError("ramal: " + std::string(call) + ": " + path + ": there is no file *" +
                       endings.front() + " in this folder");
  } else if (is_pattern(path) && !fs::exists(path)) {
    files = files_that_fit(path);
    if (files.empty())
      throw TableError("ramal: " + std::string(call) + ": " + path + ": there is no file of such a name");
  } else {
    files = {path};
  }
  for (std::string& file : files) file = fs::absolute(file).lexically_normal().string();
  std::ranges::sort(files);
  return files;
}

std::vector<NamedText> keys_in_path(const std::string& asked, const std::string& file) {
  const fs::path whole = fs::absolute(asked).lexically_normal();
  std::vector<NamedText> keys;
  auto part = whole.begin();
  bool is_below = false;  // the part of the file's path is not spelt out in what was asked for
  const fs::path folder = fs::path(file).parent_path();
  for (const fs::path& own : folder) {
    is_below = is_below || part == whole.end() || part->empty() || is_pattern(part->string());
    if (!is_below) ++part;
    const std::string name = own.string();
    const auto equals = name.find('=');
    if (!is_below || equals == std::string::npos || equals == 0) continue;
    const std::string text = decoded(std::string_view(name).substr(equals + 1));
    keys.push_back({decoded(std::string_view(name).substr(0, equals)),
                    text == null_key ? std::nullopt : std::optional(text)});
  }
  return keys;
}

std::string folder_of_key(const std::string& name, const std::optional<std::string>& text) {
  if (text == null_key)
    throw TableError("ramal: column " + quoted_name(name) + " has the text " + *text +
                     ", which as a folder stands for null");
  return encoded(name) + '=' + (text ? encoded(*text) : std::string(null_key));
}

ColumnType key_type(const std::vector<std::optional<std::string>>& texts) {
  constexpr std::size_t most_digits = 18;  // all such numbers are BIGINT
  const bool all_whole = std::ranges::all_of(texts, [](const std::optional<std::string>& text) {
    if (!text) return true;
    const std::string_view digits = std::string_view(*text).substr(text->starts_with('-') ? 1 : 0);
    return !digits.empty() && digits.size() <= most_digits &&
           digits.find_first_not_of("0123456789") == std::string_view::npos;
  });
  return all_whole ? TypeId::int64 : TypeId::text;
}

std::optional<std::size_t> SchemaUnion::find(const std::string& name) const {
  return Schema(fields_).find(name);
}

void SchemaUnion::add(const Schema& schema, const std::string& file) {
  if (fields_.empty()) {
    fields_.assign(schema.begin(), schema.end());
    from_.assign(fields_.size(), file);
    return;
  }
  for (const Field& field : schema) {
    const auto at = find(field.name);
    if (!at) {
      fields_.push_back(field);
      from_.push_back(file);
      continue;
    }
    Field& known = fields_[*at];
    const auto both = wider(known.type, field.type);
    if (!both)
      throw TableError("ramal: " + std::string(call_) + ": column " + quoted_name(field.name) + " is " +
                       known.type.text() + " in " + from_[*at] + ", and " + field.type.text() + " in " +
                       file);
    if (!(*both == known.type)) {
      known.type = *both;
      from_[*at] = file;
    }
  }
}

void SchemaUnion::add_key(const Field& key) {
  if (find(key.name)) return;
  fields_.push_back(key);
  from_.emplace_back();
}

}  // namespace ramal::detail
