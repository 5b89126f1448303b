// SPDX-License-Identifier: BSD-3-Clause
// Users' texts within queries: checked against a schema, and where they are wrong.
#include "io/tables/engine.hpp"
#include "io/tables/sql.hpp"
#include "io/tables/state.hpp"

namespace ramal::detail {

namespace {

std::string at_line(std::source_location where) {
  return " (" + std::string(where.file_name()) + ":" + std::to_string(where.line()) + ")";
}

/// The line of a text that a position is in, and below it a mark under that position.
std::string marked(const std::string& text, std::size_t at) {
  const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;  // npos + 1 is 0
  std::string line = text.substr(begin, text.find('\n', begin) - begin);
  const std::size_t columns = std::min(at - begin, line.size());
  std::string space;
  for (const char c : line.substr(0, columns))
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) space += c == '\t' ? '\t' : ' ';
  return "\n  " + line + "\n  " + space + "^";
}

}  // namespace

void refuse_table(std::string_view call, const std::string& problem, std::source_location where) {
  throw std::invalid_argument("ramal: " + std::string(call) + ": " + problem + at_line(where));
}

std::size_t position_of(const Schema& schema, std::string_view name, std::string_view call,
                        std::source_location where) {
  if (const auto found = schema.find(name)) return *found;
  refuse_table(call, "there is no column " + quoted_name(name) + " in " + schema.text(), where);
}

std::string small_name(std::size_t position) { return "small " + std::to_string(position); }

std::string UserQuery::of(const std::string& inner) const {
  if (inner.empty()) return sql;
  const std::size_t name = std::string_view("part").size();
  return sql.substr(0, from - name) + "(" + inner + ") AS part" + sql.substr(from);
}
UserQuery& UserQuery::add_user(const std::string& expression) {
  sql += '(';
  add_user_words(expression);
  sql += ')';
  return *this;
}
UserQuery& UserQuery::add_user_words(const std::string& words) {
  texts.push_back({sql.size(), words});
  sql += words + '\n';  // which ends a comment
  return *this;
}

Schema described(std::string_view call, const UserQuery& query, const Schema& part,
                 std::source_location where) {
  const NamedSchema table{"part", part};
  return described(call, query, {&table, 1}, where);
}

Schema described(std::string_view call, const UserQuery& query, std::span<const NamedSchema> tables,
                 std::source_location where) {
  try {
    return duckdb_engine().describe(query.sql, tables).schema;
  } catch (const SqlError& error) {
    std::string mark;
    for (const UserQuery::Text& text : query.texts) {
      if (!error.position() || *error.position() < text.at) continue;
      if (*error.position() - text.at <= text.text.size())
        mark = marked(text.text, *error.position() - text.at);
    }
    if (mark.empty() && query.texts.size() == 1) mark = "\n  " + query.texts.front().text;
    throw std::invalid_argument("ramal: " + std::string(call) + ": " + error.message() + mark +
                                at_line(where));
  }
}

std::vector<std::string> columns_read(const UserQuery& query, const Schema& part) {
  const NamedSchema table{"part", part};
  const QueryDescription found = duckdb_engine().describe(query.sql, {&table, 1});
  std::vector<std::string> names;
  for (const std::size_t position : found.reads[0]) names.push_back(part[position].name);
  if (names.empty()) names.push_back(part[0].name);
  return names;
}

std::string free_name(const Schema& schema, std::string name) {
  while (schema.find(name)) name += '_';
  return name;
}
UserQuery numbered_rows(const Schema& schema, const std::string& number) {
  UserQuery query{"SELECT " + sql_columns(schema) + " FROM (SELECT *, row_number() OVER () AS " + number};
  return query.add_part();
}

void expect_row_expression(std::string_view call, const std::string& expression, std::source_location where) {
  if (has_word(expression, "select"))
    refuse_table(call, "expected an expression of one row's columns, found a query within it: " + expression,
                 where);
  if (has_call(expression, "over"))
    refuse_table(call, "expected an expression of one row's columns, found a window (OVER): " + expression,
                 where);
  if (const auto calls = aggregate_calls(expression); !calls.empty())
    refuse_table(call,
                 "expected an expression of one row's columns, found " + calls.front().name +
                     "(…), which is of many; see groupby and agg",
                 where);
}

}  // namespace ramal::detail
