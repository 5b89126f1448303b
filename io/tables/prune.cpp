// SPDX-License-Identifier: BSD-3-Clause
// Which row groups a condition leaves. From the user's text it makes a condition on the bounds of a group's
// columns that is true wherever the user's may be true of a row: AND and OR stay, a comparison becomes one of
// a bound, and all else becomes true.
#include "io/tables/engine.hpp"
#include "io/tables/scan_groups.hpp"
#include "io/tables/sql.hpp"

#include <algorithm>
#include <map>

namespace ramal::detail {

namespace {

using Tokens = std::span<const SqlToken>;

bool is_exact(TypeId id) { return (id >= TypeId::int8 && id <= TypeId::int128) || id == TypeId::decimal; }
bool has_nan(TypeId id) { return id == TypeId::float32 || id == TypeId::float64; }
bool is_time(TypeId id) {
  return id == TypeId::date || (id >= TypeId::timestamp_s && id <= TypeId::timestamp_tz);
}
bool is_name_of_time(const std::string& word) {
  return word == "date" || word == "timestamp" || word == "datetime" || word == "timestamptz";
}

/// What is written in a condition, and how it compares with a column. Only such pairs are used as the engine
/// compares by the order of the column's own values, or one that a cast keeps: of the texts '10' and '9' with
/// the number 9.5 it would not.
struct SqlConstant {
  enum Kind { number, text, boolean, time } kind;
  std::string sql;
  bool fits(TypeId id) const {
    if (is_exact(id) || has_nan(id)) return kind == number || kind == text;
    if (is_time(id)) return kind == text || kind == time;
    return id == TypeId::text ? kind == text : id == TypeId::boolean && kind == boolean;
  }
};

/// Reads a constant and takes its tokens away; nothing, if there is none.
std::optional<SqlConstant> take_constant(Tokens& tokens) {
  const auto kind = [&](std::size_t i) { return i < tokens.size() ? tokens[i].kind : SqlToken::end; };
  const auto take = [&](SqlConstant::Kind what, std::size_t count) {
    SqlConstant made{what, ""};
    for (std::size_t i = 0; i < count; ++i) made.sql += (i > 0 ? " " : "") + std::string(tokens[i].text);
    tokens = tokens.subspan(count);
    return made;
  };
  const bool has_sign = kind(0) == SqlToken::symbol && (tokens[0].text == "-" || tokens[0].text == "+");
  if (kind(has_sign ? 1 : 0) == SqlToken::number) return take(SqlConstant::number, has_sign ? 2 : 1);
  if (kind(0) == SqlToken::string) {
    const bool is_cast = kind(1) == SqlToken::symbol && tokens[1].text == "::";
    if (!is_cast) return take(SqlConstant::text, 1);
    if (kind(2) == SqlToken::word && is_name_of_time(tokens[2].lower())) return take(SqlConstant::time, 3);
  } else if (kind(0) == SqlToken::word) {
    const std::string word = tokens[0].lower();
    if (word == "true" || word == "false") return take(SqlConstant::boolean, 1);
    if (is_name_of_time(word) && kind(1) == SqlToken::string) return take(SqlConstant::time, 2);
  }
  return std::nullopt;
}

/// `x < 5`, with the column on the left.
struct Comparison {
  std::size_t column = 0;
  std::string sign;
  std::string constant;
};

class Pruner {
 public:
  explicit Pruner(const Schema& schema) : schema_(schema), uses_(schema.size()) {}

  /// The condition on groups.
  std::string of(Tokens condition) {
    const auto either = split(condition, "or");
    if (either.size() > 1) return joined(either, " OR ");
    const auto all = split(condition, "and");
    if (all.size() > 1) return of_all(all);
    if (is_in_parentheses(condition)) return of(condition.subspan(1, condition.size() - 2));
    return of_term(condition, {});
  }
  /// The columns whose bounds it speaks of.
  const std::vector<bool>& uses() const { return uses_; }

 private:
  /// The parts between words that stand outside of parentheses and CASE … END. The AND of BETWEEN is none.
  static std::vector<Tokens> split(Tokens tokens, std::string_view word) {
    std::vector<Tokens> parts;
    std::size_t begin = 0;
    int depth = 0, between = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::string here = tokens[i].lower();
      depth += tokens[i].opens() || here == "case" ? 1 : tokens[i].closes() || here == "end" ? -1 : 0;
      if (depth != 0) continue;
      if (here == "between") ++between;
      if (here == "and" && between > 0) {
        --between;
      } else if (here == word) {
        parts.push_back(tokens.subspan(begin, i - begin));
        begin = i + 1;
      }
    }
    parts.push_back(tokens.subspan(begin));
    return parts;
  }
  static bool is_in_parentheses(Tokens tokens) {
    if (tokens.size() < 2 || tokens.front().text != "(") return false;
    int depth = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      depth += tokens[i].opens() ? 1 : tokens[i].closes() ? -1 : 0;
      if (depth == 0) return i + 1 == tokens.size();
    }
    return false;
  }
  std::string joined(const std::vector<Tokens>& parts, const std::string& word) {
    std::string all;
    for (const Tokens& part : parts) all += (all.empty() ? "(" : word + "(") + of(part) + ")";
    return all;
  }

  /// NaN is above all numbers, and no bound counts it: so a group of any bounds may hold a row with `x > 5`,
  /// but for a condition beside it, such as `x < 10`, that no NaN meets.
  std::string of_all(const std::vector<Tokens>& parts) {
    std::vector<Comparison> beside;
    for (const Tokens& part : parts)
      for (const Comparison& one : comparisons(part))
        if (has_nan(type(one)) && (one.sign == "<" || one.sign == "<=" || one.sign == "="))
          beside.push_back(one);
    std::string all;
    for (const Tokens& part : parts) {
      const std::string text = is_in_parentheses(part) ? of(part) : of_term(part, beside);
      all += (all.empty() ? "(" : " AND (") + text + ")";
    }
    return all;
  }

  std::string of_term(Tokens term, const std::vector<Comparison>& beside) {
    Tokens behind = term;
    if (const auto k = take_column(behind)) {
      const std::string nulls = statistic("nulls", *k);
      if (is_words(behind, {"is", "null"})) return "coalesce(" + nulls + " > 0, true)";
      if (is_words(behind, {"is", "not", "null"})) return "coalesce(" + nulls + " < rows, true)";
      if (const auto list = in_list(*k, behind)) {
        std::string any;
        for (const Comparison& one : *list) any += (any.empty() ? "" : " OR ") + bounds(one, {});
        return any;
      }
    }
    std::string all;
    const auto made = comparisons(term);
    for (const Comparison& one : made)
      all += (all.empty() ? "" : " AND ") + bounds(one, made.size() > 1 ? made : beside);
    return all.empty() ? "true" : all;
  }

  /// A column's name at the front, which is taken away.
  std::optional<std::size_t> take_column(Tokens& tokens) {
    if (tokens.empty()) return std::nullopt;
    const SqlToken& name = tokens.front();
    if (name.kind != SqlToken::word && name.kind != SqlToken::quoted) return std::nullopt;
    const auto k = schema_.find(name.kind == SqlToken::word ? std::string(name.text) : name.unquoted());
    if (!k || !is_read(std::string(name.text), *k)) return std::nullopt;
    tokens = tokens.subspan(1);
    uses_[*k] = true;
    return k;
  }
  /// The engine takes the word for this column, and for no constant such as current_date.
  bool is_read(const std::string& name, std::size_t k) {
    const auto [known, is_new] = is_read_.try_emplace(name, false);
    if (!is_new) return known->second;
    const NamedSchema part{"part", schema_};
    try {
      const auto reads = duckdb_engine().describe("SELECT " + name + " FROM part", {&part, 1}).reads[0];
      known->second = reads == std::vector{k};
    } catch (const std::exception&) {  // a word that cannot be a name here
    }
    return known->second;
  }
  static bool is_words(Tokens tokens, std::initializer_list<std::string_view> words) {
    return std::ranges::equal(tokens, words, {}, [](const SqlToken& token) { return token.lower(); });
  }

  /// `x < 5`, `5 > x` or both sides of a BETWEEN; none, if the term is another.
  std::vector<Comparison> comparisons(Tokens term) {
    if (const auto constant = take_constant(term)) {
      const auto sign = take_sign(term);
      const auto k = take_column(term);
      if (!sign || !k || !term.empty() || !constant->fits(schema_[*k].type.id())) return {};
      return {{*k, turned(*sign), constant->sql}};
    }
    const auto k = take_column(term);
    if (!k) return {};
    const auto fits = [&](const std::optional<SqlConstant>& constant) {
      return constant && constant->fits(schema_[*k].type.id());
    };
    if (!term.empty() && term.front().lower() == "between") {
      term = term.subspan(1);
      const auto least = take_constant(term);
      if (term.empty() || term.front().lower() != "and") return {};
      term = term.subspan(1);
      const auto most = take_constant(term);
      if (!fits(least) || !fits(most) || !term.empty()) return {};
      return {{*k, ">=", least->sql}, {*k, "<=", most->sql}};
    }
    const auto sign = take_sign(term);
    const auto constant = take_constant(term);
    if (!sign || !fits(constant) || !term.empty()) return {};
    return {{*k, *sign, constant->sql}};
  }
  static std::optional<std::string> take_sign(Tokens& tokens) {
    if (tokens.empty() || tokens.front().kind != SqlToken::symbol) return std::nullopt;
    const std::string_view found = tokens.front().text;
    const std::string sign(found == "==" ? "=" : found == "!=" ? "<>" : found);
    constexpr std::string_view signs[] = {"<", "<=", "=", "<>", ">=", ">"};
    if (std::ranges::find(signs, sign) == std::end(signs)) return std::nullopt;
    tokens = tokens.subspan(1);
    return sign;
  }
  static std::string turned(const std::string& sign) {
    return sign == "<" ? ">" : sign == "<=" ? ">=" : sign == ">" ? "<" : sign == ">=" ? "<=" : sign;
  }
  /// Behind a column, `IN (1, 2)` as comparisons of which one is true.
  std::optional<std::vector<Comparison>> in_list(std::size_t k, Tokens tokens) const {
    if (tokens.size() < 2 || tokens[0].lower() != "in" || tokens[1].text != "(") return std::nullopt;
    std::vector<Comparison> all;
    do {
      tokens = tokens.subspan(all.empty() ? 2 : 1);
      const auto constant = take_constant(tokens);
      if (!constant || !constant->fits(schema_[k].type.id())) return std::nullopt;
      all.push_back({k, "=", constant->sql});
    } while (!tokens.empty() && tokens[0].text == ",");
    if (tokens.size() != 1 || tokens[0].text != ")") return std::nullopt;
    return all;
  }

  /// What is true of a group's bounds where the comparison may be true of a row.
  std::string bounds(const Comparison& one, const std::vector<Comparison>& beside) const {
    const std::string min = statistic("min", one.column), max = statistic("max", one.column);
    const std::string some = "coalesce(" + statistic("nulls", one.column) + " < rows, true) AND ";
    const auto maybe = [&](const std::string& condition) {
      return "(" + some + "coalesce(" + condition + ", true))";
    };
    const std::string from_below = min + " <= " + one.constant;
    if (one.sign[0] == '<' && one.sign != "<>") return maybe(min + ' ' + one.sign + ' ' + one.constant);
    if (!has_nan(type(one))) {
      if (one.sign == "=") return maybe(from_below + " AND " + max + " >= " + one.constant);
      if (one.sign == "<>") return maybe(min + " <> " + one.constant + " OR " + max + " <> " + one.constant);
      return maybe(max + ' ' + one.sign + ' ' + one.constant);
    }
    const std::string nan = "CAST('nan' AS " + schema_[one.column].type.text() + ")";
    if (one.sign == "=")
      return maybe(from_below + " AND (" + max + " >= " + one.constant + " OR " + nan + " = " + one.constant +
                   ")");
    if (one.sign == "<>") return maybe("true");
    std::string may_be_nan = "true";
    for (const Comparison& other : beside)
      if (other.column == one.column && other.sign != ">" && other.sign != ">=")
        may_be_nan += " AND " + nan + ' ' + other.sign + ' ' + other.constant;
    return maybe(max + ' ' + one.sign + ' ' + one.constant + " OR (" + may_be_nan + ")");
  }
  TypeId type(const Comparison& one) const { return schema_[one.column].type.id(); }
  static std::string statistic(const std::string& what, std::size_t k) {
    return '"' + what + ' ' + std::to_string(k) + '"';
  }

  const Schema& schema_;
  std::vector<bool> uses_;
  std::map<std::string, bool> is_read_;
};

/// Texts that the engine reads in another way than these tokens say: E'\'', $$, comments within comments,
/// and spaces beyond ASCII's.
bool may_be_misread(const std::string& condition, const std::vector<SqlToken>& tokens) {
  return condition.find_first_of("\\$") != std::string::npos || condition.find("/*") != std::string::npos ||
         std::ranges::any_of(tokens, [](const SqlToken& token) {
           return token.kind == SqlToken::word &&
                  std::ranges::any_of(token.text, [](char c) { return static_cast<unsigned char>(c) > 127; });
         });
}

/// The bounds that are used, as values of their columns' types.
std::string typed_bounds(const Schema& schema, const std::vector<bool>& uses) {
  std::string list = "rows";
  for (std::size_t k = 0; k < schema.size(); ++k) {
    if (!uses[k]) continue;
    const std::string number = std::to_string(k);
    for (const char* what : {"min ", "max "})
      list += ", TRY_CAST(\"" + (what + number) + "\" AS " + schema[k].type.text() + ") AS \"" + what +
              number + '"';
    list += ", \"nulls " + number + '"';
  }
  return "SELECT " + list + " FROM groups";
}

}  // namespace

std::vector<char> groups_that_may_match(const ScanGroups& groups, const std::string& condition) {
  std::vector<char> all(groups.groups.size(), 1);
  const std::vector<SqlToken> tokens = sql_tokens(condition);
  if (all.empty() || may_be_misread(condition, tokens)) return all;
  Pruner pruner(groups.plan.schema);
  const std::string may_match = pruner.of(tokens);
  if (std::ranges::find(pruner.uses(), true) == pruner.uses().end()) return all;
  std::vector<std::int64_t> rows;
  for (const ScanGroup& group : groups.groups) rows.push_back(group.rows);
  const NamedRows statistics{"groups", groups.statistics.with({"rows", rows})};
  try {
    const Rows found =
        duckdb_engine().run("SELECT " + may_match + " AS x FROM (" +
                                typed_bounds(groups.plan.schema, pruner.uses()) + ") AS bounds",
                            {&statistics, 1});
    const auto x = found.column<bool>("x");
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] = x.get(static_cast<std::int64_t>(i)).value_or(true) ? 1 : 0;
  } catch (const std::exception&) {  // such as a constant that fits no value: its own query will say so
    all.assign(all.size(), 1);
  }
  return all;
}

}  // namespace ramal::detail
