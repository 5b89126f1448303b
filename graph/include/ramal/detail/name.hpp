// SPDX-License-Identifier: BSD-3-Clause
// Display names of functions and types, from the compiler's own spelling. For eyes only: lambdas of
// one signature share a name, so a name never identifies anything.
#pragma once

#include <ramal/detail/compiler.hpp>

#include <string_view>

namespace ramal::detail {

template <auto f>
constexpr std::string_view pretty_value() {
  return __PRETTY_FUNCTION__;
}
template <class T>
constexpr std::string_view pretty_type() {
  return __PRETTY_FUNCTION__;
}

/// The spelling between the template parameter's `=` and the end of the bracket.
constexpr std::string_view spelled(std::string_view pretty, std::string_view parameter) {
  const auto from = pretty.find(parameter);
  if (from == std::string_view::npos) return pretty;
  auto text = pretty.substr(from + parameter.size());
  const auto semicolon = text.find("; ");  // gcc adds "; std::string_view = …"
  text = text.substr(0, semicolon == std::string_view::npos ? text.rfind(']') : semicolon);
  // `(& f)`, but not the brackets of clang's `(anonymous namespace)::f` and `(lambda at …)`.
  if (text.starts_with("(&")) text = text.substr(1, text.size() - 2);
  while (!text.empty() && (text.front() == '&' || text.front() == ' ')) text.remove_prefix(1);
  return text;
}

/// `ns::f<int>(long)` becomes `f`; a closure becomes `lambda`.
constexpr std::string_view short_name(std::string_view text) {
  // What follows the last "::" that is outside of brackets.
  int depth = 0;
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (depth == 0 && text.substr(i).starts_with("operator") && i == from) break;
    const char c = text[i];
    depth += (c == '<' || c == '(' || c == '{') - (c == '>' || c == ')' || c == '}');
    if (depth == 0 && text.substr(i).starts_with("::")) from = i + 2;
  }
  text = text.substr(from);
  for (const std::string_view closure : {"<lambda", "(lambda", "{lambda"}) {
    if (text.starts_with(closure)) return "lambda";
  }
  if (text.starts_with("operator()")) return "operator()";
  if (!text.starts_with("operator")) text = text.substr(0, text.find_first_of("<("));
  while (!text.empty() && (text.back() == ')' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

template <auto f>
inline constexpr std::string_view function_name = short_name(spelled(pretty_value<f>(), "f = "));
/// A type with its namespaces and template arguments, as a person would write it in a message.
template <class T>
inline constexpr std::string_view type_name = spelled(pretty_type<T>(), "T = ");
template <class T>
inline constexpr std::string_view short_type_name = short_name(type_name<T>);

}  // namespace ramal::detail
