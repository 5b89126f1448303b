// SPDX-License-Identifier: BSD-3-Clause
// Texts of SQL: how names and texts are spelt in them, and what is found in a user's.
#pragma once

#include <ramal/column_type.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace ramal::detail {

/// "a ""b""", in quotes whatever it is.
std::string sql_name(std::string_view name);
/// Names one behind the other, with commas.
std::string sql_names(const std::vector<std::string>& names);
/// The columns of a schema, one behind the other.
std::string sql_columns(const Schema& schema);

/// A call within an expression, such as `avg(DISTINCT a + b)`: where it stands, its name in lower case, and
/// what is between its parentheses. `behind` is where the text goes on; a FILTER clause is part of the call.
struct SqlCall {
  std::size_t begin = 0, behind = 0;
  std::string name = {};
  std::string arguments = {};
  bool is_distinct = false;
  bool has_order = false;   ///< an ORDER BY within the parentheses
  std::string filter = {};  ///< "FILTER (WHERE …)", or empty
};

/// The outermost calls of aggregate functions in an expression. Texts, names in quotes and comments are
/// passed over. O(length).
std::vector<SqlCall> aggregate_calls(std::string_view expression);

/// What stands between two commas of an ORDER BY.
struct SqlOrder {
  std::string expression;
  bool is_descending = false, nulls_first = false;
};
/// The keys of an ORDER BY that the engine has accepted. O(length).
std::vector<SqlOrder> order_keys(std::string_view order);

/// A to Z as a to z; other letters as they are.
std::string lower(std::string_view text);

/// A piece of a text of SQL: a word, a number, 'a string', "a quoted name" or a symbol such as <=.
struct SqlToken {
  enum Kind { end, word, number, string, quoted, symbol } kind = end;
  std::string_view text;  ///< as it stands there

  std::string lower() const;
  /// Of a quoted name, what it means.
  std::string unquoted() const;
  bool opens() const { return text == "(" || text == "[" || text == "{"; }
  bool closes() const { return text == ")" || text == "]" || text == "}"; }
};
/// All of a text, which has to outlive them, without spaces and comments. O(length).
std::vector<SqlToken> sql_tokens(std::string_view text);

/// A word, in lower case, stands anywhere in a text but within texts, quoted names and comments.
bool has_word(std::string_view text, std::string_view word);
/// The same, with a parenthesis behind it.
bool has_call(std::string_view text, std::string_view word);
/// What is between the commas that stand outside of all parentheses, brackets and braces.
std::vector<std::string> split_at_commas(std::string_view text);

}  // namespace ramal::detail
