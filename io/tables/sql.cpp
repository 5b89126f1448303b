// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/sql.hpp"

#include "io/tables/sql_clauses.hpp"

#include <algorithm>
#include <array>

namespace ramal::detail {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
/// What the engine knows as aggregate functions, sorted. A function that is not among them is taken for one
/// of rows, and refused by the engine if it is none.
constexpr auto aggregates = std::to_array<std::string_view>({"any_value",
                                                             "approx_count_distinct",
                                                             "approx_quantile",
                                                             "approx_top_k",
                                                             "arbitrary",
                                                             "arg_max",
                                                             "arg_max_null",
                                                             "arg_min",
                                                             "arg_min_null",
                                                             "argmax",
                                                             "argmin",
                                                             "array_agg",
                                                             "avg",
                                                             "bit_and",
                                                             "bit_or",
                                                             "bit_xor",
                                                             "bool_and",
                                                             "bool_or",
                                                             "corr",
                                                             "count",
                                                             "count_if",
                                                             "count_star",
                                                             "countif",
                                                             "covar_pop",
                                                             "covar_samp",
                                                             "entropy",
                                                             "favg",
                                                             "first",
                                                             "fsum",
                                                             "geomean",
                                                             "geometric_mean",
                                                             "group_concat",
                                                             "histogram",
                                                             "kahan_sum",
                                                             "kurtosis",
                                                             "kurtosis_pop",
                                                             "last",
                                                             "list",
                                                             "listagg",
                                                             "mad",
                                                             "max",
                                                             "max_by",
                                                             "mean",
                                                             "median",
                                                             "min",
                                                             "min_by",
                                                             "mode",
                                                             "product",
                                                             "quantile",
                                                             "quantile_cont",
                                                             "quantile_disc",
                                                             "regr_avgx",
                                                             "regr_avgy",
                                                             "regr_count",
                                                             "regr_intercept",
                                                             "regr_r2",
                                                             "regr_slope",
                                                             "regr_sxx",
                                                             "regr_sxy",
                                                             "regr_syy",
                                                             "reservoir_quantile",
                                                             "sem",
                                                             "skewness",
                                                             "stddev",
                                                             "stddev_pop",
                                                             "stddev_samp",
                                                             "string_agg",
                                                             "sum",
                                                             "sumkahan",
                                                             "var_pop",
                                                             "var_samp",
                                                             "variance"});
static_assert(std::ranges::is_sorted(aggregates));

/// How deep in parentheses, brackets and braces a character leads: 1, or -1 back out of them.
int deeper_by(char c) {
  return std::string_view("([{").find(c) != std::string_view::npos   ? 1
         : std::string_view(")]}").find(c) != std::string_view::npos ? -1
                                                                     : 0;
}

/// Reads a text token by token, as far as that is needed to find calls in it.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  std::size_t at() const { return at_; }
  char front() const { return text_[at_]; }
  /// Passes over a text, a quoted name, a comment or a word, else over one character.
  void skip_token() {
    const char c = front();
    if (c == '\'' || c == '"') {
      skip_quoted(c);
    } else if (text_.substr(at_, 2) == "--") {
      at_ = std::min(text_.size(), text_.find('\n', at_));
    } else if (text_.substr(at_, 2) == "/*") {
      const auto end = text_.find("*/", at_ + 2);
      at_ = end == std::string_view::npos ? text_.size() : end + 2;
    } else if (is_word(c)) {
      word();
    } else {
      ++at_;
    }
  }
  std::string_view word() {
    const std::size_t begin = at_;
    while (!at_end() && is_word(front())) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  void skip_spaces() {
    while (!at_end() && (front() == ' ' || front() == '\t' || front() == '\n' || front() == '\r')) ++at_;
  }
  /// From an opening parenthesis to behind the one that closes it; what is between.
  std::string_view parenthesis() {
    const std::size_t begin = ++at_;
    for (int depth = 1; !at_end();) {
      depth += front() == '(' ? 1 : front() == ')' ? -1 : 0;
      if (depth == 0) return text_.substr(begin, at_++ - begin);
      skip_token();
    }
    return text_.substr(begin);
  }
  /// 12, .5, 1_000, 0x1F, 2.5e-3
  void number() {
    for (bool is_first = true; !at_end(); is_first = false) {
      const bool is_sign = (front() == '+' || front() == '-') && !is_first && (text_[at_ - 1] | 0x20) == 'e';
      if (!is_word(front()) && front() != '.' && !is_sign) return;
      ++at_;
    }
  }
  void symbol() {
    const std::string_view two = text_.substr(at_, 2);
    constexpr std::string_view pairs[] = {"<=", ">=", "<>", "!=", "==", "::"};
    at_ += std::ranges::find(pairs, two) != std::end(pairs) ? 2 : 1;
  }
  bool is_at_number() const {
    const auto is_digit = [&](std::size_t i) {
      return i < text_.size() && text_[i] >= '0' && text_[i] <= '9';
    };
    return is_digit(at_) || (front() == '.' && is_digit(at_ + 1));
  }
  void go_back_to(std::size_t at) { at_ = at; }

 private:
  void skip_quoted(char quote) {
    ++at_;
    while (!at_end()) {
      if (front() == quote && (at_ + 1 >= text_.size() || text_[at_ + 1] != quote)) break;
      at_ += front() == quote ? 2 : 1;
    }
    if (!at_end()) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Looks for words that `is_wanted(word, scanner behind it)`.
template <class IsWanted>
bool any_word(std::string_view text, const IsWanted& is_wanted) {
  Scanner scan(text);
  while (!scan.at_end()) {
    if (!is_word(scan.front())) {
      scan.skip_token();
    } else if (const std::string found = lower(scan.word()); is_wanted(found, scan)) {
      return true;
    }
  }
  return false;
}

/// Where a token begins and ends.
using Token = std::pair<std::size_t, std::size_t>;

/// Takes these words off the end, if they stand there and something is left, which may be called so.
bool take_last(std::string_view text, std::vector<Token>& tokens,
               std::initializer_list<std::string_view> words) {
  if (tokens.size() <= words.size()) return false;
  const auto last = tokens.end() - static_cast<std::ptrdiff_t>(words.size());
  const bool is_there = std::equal(last, tokens.end(), words.begin(), [&](const Token& token, auto word) {
    return lower(text.substr(token.first, token.second - token.first)) == word;
  });
  if (is_there) tokens.erase(last, tokens.end());
  return is_there;
}

/// The word DISTINCT, ahead of the arguments.
bool starts_distinct(std::string_view arguments) {
  Scanner scan(arguments);
  scan.skip_spaces();
  return lower(scan.word()) == "distinct";
}

}  // namespace

std::string sql_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::string sql_names(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + sql_name(name);
  return all;
}
std::string sql_columns(const Schema& schema) {
  std::string all;
  for (const Field& field : schema) all += (all.empty() ? "" : ", ") + sql_name(field.name);
  return all;
}

std::vector<SqlCall> aggregate_calls(std::string_view expression) {
  std::vector<SqlCall> calls;
  Scanner scan(expression);
  while (!scan.at_end()) {
    if (!is_word(scan.front())) {
      scan.skip_token();
      continue;
    }
    SqlCall call{.begin = scan.at()};
    call.name = lower(scan.word());
    scan.skip_spaces();
    if (scan.at_end() || scan.front() != '(') continue;
    if (!std::ranges::binary_search(aggregates, std::string_view(call.name))) continue;
    call.arguments = scan.parenthesis();
    call.behind = scan.at();
    call.is_distinct = starts_distinct(call.arguments);
    call.has_order = has_word(call.arguments, "order");
    scan.skip_spaces();
    const std::size_t after = scan.at();
    if (lower(scan.word()) == "filter") {
      scan.skip_spaces();
      if (!scan.at_end() && scan.front() == '(') {
        call.filter = "FILTER (" + std::string(scan.parenthesis()) + ")";
        call.behind = scan.at();
      }
    } else {
      scan.go_back_to(after);
    }
    calls.push_back(std::move(call));
  }
  return calls;
}

std::vector<SqlOrder> order_keys(std::string_view order) {
  std::vector<SqlOrder> keys;
  std::vector<Token> tokens;  // of one key
  const auto finish = [&] {
    SqlOrder key;
    key.nulls_first = take_last(order, tokens, {"nulls", "first"});
    take_last(order, tokens, {"nulls", "last"});
    key.is_descending = take_last(order, tokens, {"desc"});
    take_last(order, tokens, {"asc"});
    if (!tokens.empty())
      key.expression = order.substr(tokens.front().first, tokens.back().second - tokens.front().first);
    keys.push_back(std::move(key));
    tokens.clear();
  };
  Scanner scan(order);
  for (int depth = 0; scan.skip_spaces(), !scan.at_end();) {
    const std::size_t begin = scan.at();
    const char c = scan.front();
    depth += deeper_by(c);
    scan.skip_token();
    const std::string_view token = order.substr(begin, scan.at() - begin);
    if (token.starts_with("--") || token.starts_with("/*")) continue;
    if (c == ',' && depth == 0) {
      finish();
    } else {
      tokens.emplace_back(begin, scan.at());
    }
  }
  finish();
  return keys;
}

std::string SqlToken::lower() const { return detail::lower(text); }
std::string SqlToken::unquoted() const {
  std::string plain;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    plain += text[i];
    if (text[i] == text.front()) ++i;  // the other of two
  }
  return plain;
}

std::vector<SqlToken> sql_tokens(std::string_view text) {
  std::vector<SqlToken> tokens;
  Scanner scan(text);
  for (scan.skip_spaces(); !scan.at_end(); scan.skip_spaces()) {
    const std::size_t begin = scan.at();
    SqlToken::Kind kind = SqlToken::symbol;
    const char c = scan.front();
    if (scan.is_at_number()) {
      kind = SqlToken::number;
      scan.number();
    } else if (is_word(c) || c == '\'' || c == '"') {
      kind = c == '\'' ? SqlToken::string : c == '"' ? SqlToken::quoted : SqlToken::word;
      scan.skip_token();
    } else if (text.substr(begin, 2) == "--" || text.substr(begin, 2) == "/*") {
      scan.skip_token();
      continue;
    } else {
      scan.symbol();
    }
    tokens.push_back({kind, text.substr(begin, scan.at() - begin)});
  }
  return tokens;
}

bool has_word(std::string_view text, std::string_view word) {
  return any_word(text, [&](const std::string& found, const Scanner&) { return found == word; });
}
bool has_call(std::string_view text, std::string_view word) {
  return any_word(text, [&](const std::string& found, Scanner scan) {
    scan.skip_spaces();
    return found == word && !scan.at_end() && scan.front() == '(';
  });
}
std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> pieces;
  Scanner scan(text);
  std::size_t begin = 0;
  for (int depth = 0; !scan.at_end(); scan.skip_token()) {
    const char c = scan.front();
    if (c == ',' && depth == 0) {
      pieces.emplace_back(text.substr(begin, scan.at() - begin));
      begin = scan.at() + 1;
    }
    depth += deeper_by(c);
  }
  pieces.emplace_back(text.substr(begin));
  return pieces;
}

}  // namespace ramal::detail
