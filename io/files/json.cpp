// SPDX-License-Identifier: BSD-3-Clause
#include "io/files/json.hpp"

#include <limits>

namespace ramal::detail {

namespace {

constexpr std::string_view specials[] = {"NaN", "-Infinity", "Infinity"};

/// The same with Python's special numbers as texts.
std::string with_marked_specials(const std::string& text) {
  std::string out;
  bool is_in_text = false;
  for (std::size_t at = 0; at < text.size();) {
    if (is_in_text && text[at] == '\\' && at + 1 < text.size()) {
      out += text.substr(at, 2);
      at += 2;
      continue;
    }
    if (text[at] == '"') is_in_text = !is_in_text;
    std::string_view found;
    for (const std::string_view special : specials)
      if (!is_in_text && text.compare(at, special.size(), special) == 0) found = special;
    if (found.empty()) {
      out += text[at++];
    } else {
      out += "\"\\u0001" + std::string(found) + '"';
      at += found.size();
    }
  }
  return out;
}

}  // namespace

Json parse_json(const std::string& file, const std::string& text) {
  const bool has_specials =
      text.find("NaN") != std::string::npos || text.find("Infinity") != std::string::npos;
  Json value = Json::parse(has_specials ? with_marked_specials(text) : text, nullptr, false);
  if (value.is_discarded()) refuse_file(file, "is no JSON");
  return value;
}

std::optional<double> number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  std::string_view text = value.get_ref<const std::string&>();
  if (text.starts_with(special_mark)) text.remove_prefix(special_mark.size());
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return infinity;
  if (text == "-Infinity") return -infinity;
  return std::nullopt;
}

JsonObject::JsonObject(const Json& value, const std::string& file, std::string what)
    : value_(value), file_(file), what_(std::move(what)) {
  if (!value.is_object()) refuse("expected an object");
}

void JsonObject::refuse(const std::string& problem) const {
  refuse_file(file_, what_.empty() ? problem : what_ + ": " + problem);
}

const Json* JsonObject::find(const char* name) const {
  const auto found = value_.find(name);
  return found != value_.end() ? &*found : nullptr;
}

const Json& JsonObject::at(const char* name) const {
  const Json* found = find(name);
  if (found == nullptr) refuse('\'' + std::string(name) + "' is missing");
  return *found;
}

std::string JsonObject::text(const char* name) const {
  const Json& found = at(name);
  if (!found.is_string()) refuse("expected a text as '" + std::string(name) + '\'');
  return found.get<std::string>();
}

std::vector<std::uint64_t> JsonObject::lengths(const char* name, std::uint64_t least) const {
  const Json& found = at(name);
  const std::string expected =
      '\'' + std::string(name) + "': expected a list of whole numbers from " + std::to_string(least) + " on";
  if (!found.is_array()) refuse(expected);
  std::vector<std::uint64_t> lengths;
  for (const Json& one : found) {
    if (!one.is_number_unsigned() || one.get<std::uint64_t>() < least) refuse(expected);
    lengths.push_back(one.get<std::uint64_t>());
  }
  return lengths;
}

}  // namespace ramal::detail
