// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/sql_clauses.hpp"

#include <algorithm>
#include <array>

namespace ramal::detail {

namespace {

using ClauseTokens = std::vector<ClauseToken>;

std::string trimmed(std::string_view text) {
  const ClauseTokens tokens = clause_tokens(text);
  if (tokens.empty()) return "";
  return std::string(text.substr(tokens.front().begin, tokens.back().end - tokens.front().begin));
}
/// The text from one token to before another.
std::string between(std::string_view text, const ClauseTokens& tokens, std::size_t from, std::size_t to) {
  if (from >= to) return "";
  return std::string(text.substr(tokens[from].begin, tokens[to - 1].end - tokens[from].begin));
}
bool is_word_at(const ClauseTokens& tokens, std::size_t i, std::string_view word) {
  return i < tokens.size() && tokens[i].is_name && !tokens[i].is_quoted && tokens[i].word == word;
}
/// A word outside of parentheses that is no part of a longer name.
bool is_clause_word(const ClauseTokens& tokens, std::size_t i) {
  if (tokens[i].depth != 0 || !tokens[i].is_name || tokens[i].is_quoted) return false;
  return i == 0 || tokens[i - 1].word != "." || tokens[i - 1].is_name;
}

/// Behind the parenthesis that closes the one at `open`.
std::size_t behind_parenthesis(const ClauseTokens& tokens, std::size_t open) {
  std::size_t i = open + 1;
  while (i < tokens.size() && tokens[i].depth > tokens[open].depth) ++i;
  return std::min(i + 1, tokens.size());
}

/// Where the clause begins that this word begins; none that is not outside of parentheses.
std::string clause_at(const ClauseTokens& tokens, std::size_t i) {
  if (!is_clause_word(tokens, i)) return "";
  const std::string& word = tokens[i].word;
  const auto follows = [&](std::string_view next) { return is_word_at(tokens, i + 1, next); };
  if (word == "from")
    return i > 0 && is_word_at(tokens, i - 1, "distinct") && i > 1 &&
                   (is_word_at(tokens, i - 2, "is") || is_word_at(tokens, i - 2, "not"))
               ? ""
               : word;
  if (word == "group" || word == "order") return follows("by") ? word : "";
  if (word == "using") return follows("sample") ? word : "";
  constexpr std::array words{"where", "having",    "qualify", "window", "limit", "offset", "fetch",
                             "union", "intersect", "except",  "select", "with",  "values", "sample"};
  return std::ranges::find(words, word) != words.end() ? word : "";
}

std::string in_capitals(std::string word) {
  for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return word;
}

/// WITH's queries; where the rest begins.
std::size_t read_with(std::string_view text, const ClauseTokens& tokens, SqlQuery& query) {
  std::size_t i = 1;
  while (i + 2 < tokens.size()) {
    const std::string name = tokens[i++].word;
    if (!is_word_at(tokens, i, "as")) {
      query.refused = is_word_at(tokens, 1, "recursive") ? "WITH RECURSIVE" : "names of columns in WITH";
      return tokens.size();
    }
    ++i;
    while (is_word_at(tokens, i, "not") || is_word_at(tokens, i, "materialized")) ++i;
    const std::size_t end = behind_parenthesis(tokens, i);
    query.with.emplace_back(name, between(text, tokens, i + 1, end - 1));
    i = end;
    if (i >= tokens.size() || tokens[i].word != ",") break;
    ++i;
  }
  return i;
}

}  // namespace

std::vector<ClauseToken> clause_tokens(std::string_view text) {
  std::vector<ClauseToken> tokens;
  int depth = 0;
  for (const SqlToken& found : sql_tokens(text)) {
    depth -= found.closes();
    const auto begin = static_cast<std::size_t>(found.text.data() - text.data());
    ClauseToken token;
    token.begin = begin;
    token.end = begin + found.text.size();
    token.depth = depth;
    token.is_quoted = found.kind == SqlToken::quoted;
    token.is_name = found.kind != SqlToken::symbol && found.kind != SqlToken::string;
    token.word = token.is_quoted ? lower(found.unquoted())
                 : token.is_name ? found.lower()
                                 : std::string(found.text);
    tokens.push_back(std::move(token));
    depth += found.opens();
  }
  return tokens;
}

bool same_words(std::string_view a, std::string_view b) {
  return std::ranges::equal(clause_tokens(a), clause_tokens(b), {}, &ClauseToken::word, &ClauseToken::word);
}

std::string with_words_replaced(std::string_view text, std::string_view words, std::string_view replacement) {
  const ClauseTokens tokens = clause_tokens(text), wanted = clause_tokens(words);
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 0; !wanted.empty() && i + wanted.size() <= tokens.size(); ++i) {
    const auto same = [&](std::size_t k) { return tokens[i + k].word == wanted[k].word; };
    std::size_t k = 0;
    while (k < wanted.size() && same(k)) ++k;
    if (k < wanted.size() || (i > 0 && tokens[i - 1].word == ".")) continue;
    out += std::string(text.substr(at, tokens[i].begin - at)) + std::string(replacement);
    at = tokens[i + k - 1].end;
    i += k - 1;
  }
  return out + std::string(text.substr(at));
}

std::vector<std::string> sql_items(std::string_view text) {
  const ClauseTokens tokens = clause_tokens(text);
  std::vector<std::string> items;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= tokens.size(); ++i) {
    if (i < tokens.size() && (tokens[i].depth != 0 || tokens[i].word != "," || tokens[i].is_name)) continue;
    if (i > from) items.push_back(between(text, tokens, from, i));
    from = i + 1;
  }
  return items;
}

std::vector<std::string> sql_conjuncts(std::string_view condition) {
  const ClauseTokens tokens = clause_tokens(condition);
  std::vector<std::string> found;
  std::size_t from = 0;
  int cases = 0, betweens = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!is_clause_word(tokens, i)) continue;
    const std::string& word = tokens[i].word;
    cases += word == "case" ? 1 : word == "end" ? -1 : 0;
    if (cases > 0) continue;
    if (word == "or") return {trimmed(condition)};
    betweens += word == "between" ? 1 : 0;
    if (word != "and") continue;
    if (betweens > 0) {
      --betweens;
      continue;
    }
    found.push_back(between(condition, tokens, from, i));
    from = i + 1;
  }
  if (from < tokens.size()) found.push_back(between(condition, tokens, from, tokens.size()));
  return found;
}

std::optional<std::pair<std::string, std::string>> sql_equality(std::string_view condition) {
  const ClauseTokens tokens = clause_tokens(condition);
  std::optional<std::size_t> equals;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (is_clause_word(tokens, i) &&
        (tokens[i].word == "not" || tokens[i].word == "between" || tokens[i].word == "is" ||
         tokens[i].word == "or" || tokens[i].word == "and"))
      return std::nullopt;
    if (tokens[i].depth != 0 || tokens[i].word != "=" || tokens[i].is_name) continue;
    const auto is_sign = [&](std::size_t k) {
      return k < tokens.size() && std::string_view("<>=!").find(tokens[k].word) != std::string_view::npos;
    };
    if (equals || (i > 0 && is_sign(i - 1)) || is_sign(i + 1)) return std::nullopt;
    equals = i;
  }
  if (!equals) return std::nullopt;
  return std::pair{between(condition, tokens, 0, *equals),
                   between(condition, tokens, *equals + 1, tokens.size())};
}

std::pair<std::string, std::string> sql_alias(std::string_view item) {
  const ClauseTokens tokens = clause_tokens(item);
  const std::size_t n = tokens.size();
  if (n < 2 || !tokens[n - 1].is_name || tokens[n - 1].depth != 0) return {trimmed(item), ""};
  const ClauseToken& before = tokens[n - 2];
  if (is_word_at(tokens, n - 2, "as") && n > 2) return {between(item, tokens, 0, n - 2), tokens[n - 1].word};
  // Without AS only behind what ends an expression for certain.
  const bool ends = before.is_quoted || before.word == ")" || before.word == "]";
  const bool is_word = tokens[n - 1].word == "end" || tokens[n - 1].word == "null";
  const bool is_simple = before.is_name && n == 2;
  if ((ends || is_simple) && !is_word) return {between(item, tokens, 0, n - 1), tokens[n - 1].word};
  return {trimmed(item), ""};
}

std::pair<std::string, std::string> sql_direction(std::string_view item) {
  const ClauseTokens tokens = clause_tokens(item);
  std::size_t n = tokens.size();
  if (n > 2 && is_word_at(tokens, n - 2, "nulls")) n -= 2;
  if (n > 1 && (is_word_at(tokens, n - 1, "asc") || is_word_at(tokens, n - 1, "desc"))) --n;
  return {between(item, tokens, 0, n), between(item, tokens, n, tokens.size())};
}

SqlQuery sql_query(std::string_view text) {
  const ClauseTokens tokens = clause_tokens(text);
  SqlQuery query;
  std::size_t i = !tokens.empty() && is_word_at(tokens, 0, "with") ? read_with(text, tokens, query) : 0;
  std::size_t from = i;
  std::string* clause = nullptr;
  const auto close = [&](std::size_t to) {
    if (clause == nullptr) {
      query.selects.push_back(between(text, tokens, from, to));
    } else {
      *clause = between(text, tokens, from, to);
    }
  };
  for (; i < tokens.size(); ++i) {
    const std::string word = clause_at(tokens, i);
    if (word == "union") {
      close(i);
      if (!is_word_at(tokens, i + 1, "all")) query.is_distinct = true;
      if (is_word_at(tokens, i + 1, "all") || is_word_at(tokens, i + 1, "distinct")) ++i;
      if (is_word_at(tokens, i + 1, "by")) query.refused = "UNION BY NAME";
      // What was put together by UNION ALL before a UNION loses its doubles with it, but not the other way.
      if (query.is_distinct && is_word_at(tokens, i, "all")) query.refused = "UNION ALL behind UNION";
      from = i + 1;
    } else if (word == "order" || word == "limit" || word == "offset") {
      close(i);
      clause = word == "order" ? &query.order : word == "limit" ? &query.limit : &query.offset;
      if (word == "order") ++i;
      from = i + 1;
    } else if (word == "intersect" || word == "except" || word == "fetch") {
      query.refused = in_capitals(word);
    }
  }
  close(tokens.size());
  return query;
}

SqlSelect sql_select(std::string_view text) {
  const ClauseTokens tokens = clause_tokens(text);
  SqlSelect select;
  if (tokens.empty() || !is_word_at(tokens, 0, "select")) {
    select.refused = "a query that does not begin with SELECT";
    return select;
  }
  std::size_t i = 1;
  if (is_word_at(tokens, i, "all")) ++i;
  if (is_word_at(tokens, i, "distinct")) {
    select.is_distinct = true;
    if (is_word_at(tokens, ++i, "on")) select.refused = "DISTINCT ON";
  }
  std::size_t from = i;
  std::string* clause = &select.items;
  for (; i < tokens.size(); ++i) {
    const std::string word = clause_at(tokens, i);
    if (word.empty()) continue;
    *clause = between(text, tokens, from, i);
    if (word == "from") {
      clause = &select.from;
    } else if (word == "where") {
      clause = &select.where;
    } else if (word == "group") {
      clause = &select.group;
      ++i;
    } else if (word == "having") {
      clause = &select.having;
    } else {
      select.refused = word == "using" ? "USING SAMPLE" : in_capitals(word);
      return select;
    }
    from = i + 1;
  }
  *clause = between(text, tokens, from, tokens.size());
  return select;
}

std::vector<SqlSource> sql_sources(std::string_view from, std::string& refused) {
  const ClauseTokens tokens = clause_tokens(from);
  std::vector<SqlSource> sources;
  constexpr std::array kinds{"inner", "left", "right", "full", "semi", "anti", "cross"};
  const auto is_kind = [&](std::size_t k) {
    return k < tokens.size() && std::ranges::find(kinds, tokens[k].word) != kinds.end() && tokens[k].is_name;
  };
  const auto is_join = [&](std::size_t k) {
    return k >= tokens.size() ||
           (tokens[k].depth == 0 && (tokens[k].word == "," || is_word_at(tokens, k, "join") || is_kind(k)));
  };
  for (std::size_t i = 0; i < tokens.size();) {
    SqlSource source;
    if (!sources.empty()) {
      source.how = "inner";
      if (tokens[i].word == ",") {
        source.how = "cross";
      } else {
        if (is_kind(i)) source.how = tokens[i++].word;
        if (is_word_at(tokens, i, "outer")) ++i;
        if (!is_word_at(tokens, i, "join")) {
          refused = in_capitals(i < tokens.size() ? tokens[i].word : "") + " in FROM";
          return {};
        }
      }
      ++i;
    }
    if (i < tokens.size() && tokens[i].word == "(" && is_word_at(tokens, i + 1, "select")) {
      const std::size_t end = behind_parenthesis(tokens, i);
      source.query = between(from, tokens, i + 1, end - 1);
      i = end;
    } else if (i < tokens.size() && tokens[i].is_name) {
      source.table = tokens[i++].word;
    }
    if (is_word_at(tokens, i, "as")) ++i;
    constexpr std::array others{"natural", "asof", "positional", "lateral", "tablesample"};
    const auto is_at = [&](const char* word) { return is_word_at(tokens, i, word); };
    if (std::ranges::any_of(others, is_at)) {
      refused = in_capitals(tokens[i].word) + " in FROM";
      return {};
    }
    const bool ends = is_join(i) || is_word_at(tokens, i, "on") || is_word_at(tokens, i, "using");
    source.alias = !ends && tokens[i].is_name ? tokens[i++].word : source.table;
    if (is_word_at(tokens, i, "on")) {
      const std::size_t begin = ++i;
      while (!is_join(i)) ++i;
      source.on = between(from, tokens, begin, i);
    } else if (is_word_at(tokens, i, "using")) {
      const std::size_t end = behind_parenthesis(tokens, i + 1);
      for (std::size_t k = i + 2; k + 1 < end; ++k)
        if (tokens[k].is_name) source.columns.push_back(tokens[k].word);
      i = end;
    }
    if ((source.table.empty() && source.query.empty()) || !is_join(i)) {
      refused = "'" + between(from, tokens, std::min(i, tokens.size() - 1), tokens.size()) + "' in FROM";
      return {};
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace ramal::detail
