// SPDX-License-Identifier: BSD-3-Clause
// What JSON needs said in its own way.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

namespace ramal::detail {

/// A string with its quotes. Bytes that are not UTF-8 stay as they are.
inline std::string json_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < ' ') {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

/// To six digits; 0 for what JSON has no number for.
inline std::string json_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", std::isfinite(value) ? value : 0.0);
  return text;
}

}  // namespace ramal::detail
