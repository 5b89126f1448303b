// SPDX-License-Identifier: BSD-3-Clause
// A short piece of text by printf's rules.
#pragma once

#include <cstdio>
#include <string>

namespace ramal::detail {

/// What does not fit into some hundred letters is cut off.
std::string form(const char* format, auto... values) {
  char text[400];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

}  // namespace ramal::detail
