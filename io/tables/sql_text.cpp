// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/sql_text.hpp"

#include <ramal/sql_error.hpp>

#include <algorithm>

namespace ramal::detail {

namespace {

bool is_start_of_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

std::string sql_literal(const std::string& text) {
  if (text.find('\0') != std::string::npos)
    throw std::invalid_argument("ramal: a text with a zero byte cannot stand in SQL: " +
                                shortened(text.c_str()));
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

std::string with_caret(std::string_view sql, std::size_t position) {
  constexpr std::size_t before = 60, shown = 100;
  position = std::min(position, sql.size());
  const std::size_t line_break = position == 0 ? sql.npos : sql.rfind('\n', position - 1);
  std::size_t begin = line_break == sql.npos ? 0 : line_break + 1;
  std::size_t end = std::min(sql.find('\n', position), sql.size());
  std::string line = "  ";
  if (position - begin > before) {
    begin = position - before;
    while (!is_start_of_character(sql[begin])) ++begin;
    line += "…";
  }
  const bool is_cut = end - begin > shown;
  if (is_cut) end = begin + shown;
  while (end < sql.size() && end > position && !is_start_of_character(sql[end])) --end;
  line += sql.substr(begin, position - begin);
  const auto column = std::count_if(line.begin(), line.end(), is_start_of_character);
  line += sql.substr(position, end - position);
  return line + (is_cut ? "…\n" : "\n") + std::string(static_cast<std::size_t>(column), ' ') + "^";
}

std::string shortened(std::string_view sql) {
  constexpr std::size_t shown = 200;
  std::string text(sql.substr(0, shown));
  while (sql.size() > shown && !text.empty() && !is_start_of_character(sql[text.size()])) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return sql.size() > shown ? text + "…" : text;
}

}  // namespace ramal::detail

namespace ramal {

namespace {

constexpr std::size_t candidates_shown = 8;

std::string sql_error_text(const std::string& sql, const std::string& message,
                           std::optional<std::size_t> position, const std::vector<std::string>& candidates) {
  std::string text = "ramal: " + message;
  if (position && *position <= sql.size()) {
    text += "\n" + detail::with_caret(sql, *position);
  } else {
    text += "\nin: " + detail::shortened(sql);
  }
  for (std::size_t i = 0; i < std::min(candidates.size(), candidates_shown); ++i)
    text += (i == 0 ? "\nperhaps: " : ", ") + candidates[i];
  if (candidates.size() > candidates_shown) text += ", …";
  return text;
}

}  // namespace

SqlError::SqlError(const std::string& sql, std::string message, std::optional<std::size_t> position,
                   std::vector<std::string> candidates)
    : std::invalid_argument(sql_error_text(sql, message, position, candidates)),
      message_(std::move(message)),
      position_(position),
      candidates_(std::move(candidates)) {}

}  // namespace ramal
