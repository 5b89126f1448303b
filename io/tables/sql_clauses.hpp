// SPDX-License-Identifier: BSD-3-Clause
// The outer clauses of a query, and the items and conditions in them. What stands within is left to the
// engine. Texts here are of queries that the engine has accepted; what is read wrongly nevertheless makes
// stages that it refuses.
#pragma once

#include "io/tables/sql.hpp"

#include <optional>
#include <utility>

namespace ramal::detail {

struct SqlSelect {
  bool is_distinct = false;
  std::string items, from, where, group, having;
  std::string refused;  ///< the first clause that is not among these, such as "QUALIFY"
};

struct SqlQuery {
  std::vector<std::pair<std::string, std::string>> with;  ///< names and queries
  /// More than one: put together by UNION ALL, or by UNION where that is said of one of them.
  std::vector<std::string> selects;
  bool is_distinct = false;
  std::string order, limit, offset;
  std::string refused;
};

bool same_words(std::string_view a, std::string_view b);
/// Every place where those words stand becomes `replacement`, but within other names' parts.
std::string with_words_replaced(std::string_view text, std::string_view words, std::string_view replacement);

/// Between commas outside of parentheses, without spaces around.
std::vector<std::string> sql_items(std::string_view text);
/// What is connected by AND; the whole, if anything is by OR.
std::vector<std::string> sql_conjuncts(std::string_view condition);
/// Both sides of an equality, if it is one.
std::optional<std::pair<std::string, std::string>> sql_equality(std::string_view condition);
/// An item of a SELECT: its expression and, if it has one, its name.
std::pair<std::string, std::string> sql_alias(std::string_view item);
/// An item of an ORDER BY: its expression, and the rest, such as "DESC NULLS FIRST".
std::pair<std::string, std::string> sql_direction(std::string_view item);

SqlQuery sql_query(std::string_view text);
SqlSelect sql_select(std::string_view text);

/// What a FROM names: a table's name, or a query in parentheses, which has none; and how it is joined to
/// what stands ahead.
struct SqlSource {
  std::string table, query, alias;
  std::string how;  ///< "", "cross", "inner", "left", "right", "full", "semi", "anti"
  std::string on;
  std::vector<std::string> columns;  ///< of USING
};
/// Nothing, and in `refused` what is not one of these.
std::vector<SqlSource> sql_sources(std::string_view from, std::string& refused);

/// What a text is made of.
struct ClauseToken {
  std::size_t begin = 0, end = 0;
  std::string word;      ///< in lower case, as names compare; of a quoted name what it says
  bool is_name = false;  ///< a word or a quoted name
  bool is_quoted = false;
  int depth = 0;  ///< how many parentheses are open around it
};
std::vector<ClauseToken> clause_tokens(std::string_view text);

/// A text in which `qualifier.column` becomes what `replace` gives, if that is not empty. `column` may be *.
template <class Replace>
std::string with_columns_replaced(std::string_view text, const Replace& replace) {
  const std::vector<ClauseToken> tokens = clause_tokens(text);
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (!tokens[i].is_name || tokens[i + 1].word != "." || (i > 0 && tokens[i - 1].word == ".")) continue;
    if (!tokens[i + 2].is_name && tokens[i + 2].word != "*") continue;
    const std::string found = replace(tokens[i].word, tokens[i + 2].word);
    if (found.empty()) continue;
    out += std::string(text.substr(at, tokens[i].begin - at)) + found;
    at = tokens[i + 2].end;
  }
  return out + std::string(text.substr(at));
}

}  // namespace ramal::detail
