// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/duckdb_errors.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace ramal::detail::duckdb {

namespace {

/// The texts of a flat object of JSON, as far as it is one. DuckDB escapes quotes, backslashes, and control
/// characters, the latter also as \u00XX.
std::map<std::string, std::string> texts_of(std::string_view json) {
  std::map<std::string, std::string> texts;
  std::size_t at = 0;
  const auto next_text = [&]() -> std::optional<std::string> {
    at = json.find('"', at);
    if (at == json.npos) return std::nullopt;
    std::string text;
    for (++at; at < json.size() && json[at] != '"'; ++at) {
      if (json[at] != '\\' || at + 1 == json.size()) {
        text += json[at];
        continue;
      }
      const char escaped = json[++at];
      unsigned code = 0;
      if (escaped == 'u' && at + 4 < json.size()) {
        std::from_chars(json.data() + at + 1, json.data() + at + 5, code, 16);
        at += 4;
        text += code < 0x80 ? static_cast<char>(code) : '?';
      } else {
        text += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped == 'r' ? '\r' : escaped;
      }
    }
    ++at;
    return text;
  };
  while (const auto name = next_text()) {
    if (const auto value = next_text()) texts[*name] = *value;
  }
  return texts;
}

/// What stands in double quotes.
std::vector<std::string> quoted_in(std::string_view text) {
  std::vector<std::string> found;
  for (std::size_t from = text.find('"'); from != text.npos; from = text.find('"', from)) {
    const std::size_t to = text.find('"', from + 1);
    if (to == text.npos) break;
    found.emplace_back(text.substr(from + 1, to - from - 1));
    from = to + 1;
  }
  return found;
}

std::vector<std::string> lines_in(std::string_view text) {
  std::vector<std::string> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (!line.empty()) found.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

/// DuckDB's message goes on with other names after the first of these.
void take_candidates(Fault& fault) {
  for (const char* mark : {"\nCandidate bindings: ", "\nDid you mean ", "\n\tCandidate functions:\n"}) {
    const std::size_t from = fault.message.find(mark);
    if (from == std::string::npos) continue;
    const std::string rest = fault.message.substr(from + std::string_view(mark).size());
    fault.candidates =
        rest.starts_with('\t') ? lines_in(rest) : quoted_in('"' + rest.substr(rest.find('"') + 1));
    fault.message.resize(from);
  }
}

}  // namespace

bool Fault::is_of_text() const {
  for (const char* its : {"Parser", "Syntax", "Binder", "Catalog", "Expression", "Not implemented",
                          "Mismatch Type", "Conversion", "Parameter Not Resolved", "Parameter Not Allowed"})
    if (type == its) return true;
  return message.starts_with("Cannot prepare multiple statements") ||
         message.starts_with("No statement to prepare");
}

Fault fault_of(const char* text) {
  const std::string_view said = text == nullptr ? "an error without words" : text;
  Fault fault;
  const std::size_t object = said.find("{\"exception_type\"");
  if (object == said.npos) {
    fault.message = said;
    return fault;
  }
  std::map<std::string, std::string> texts = texts_of(said.substr(object));
  fault.type = texts["exception_type"];
  fault.subject = texts["type"];
  fault.message = texts["exception_message"];
  const std::string& position = texts["position"];
  std::size_t number = 0;
  if (std::from_chars(position.data(), position.data() + position.size(), number).ec == std::errc())
    fault.position = number;
  take_candidates(fault);
  return fault;
}

}  // namespace ramal::detail::duckdb
