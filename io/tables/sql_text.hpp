// SPDX-License-Identifier: BSD-3-Clause
// SQL text in messages, and texts in SQL.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ramal::detail {

/// A text in single quotes, as SQL has it. Throws std::invalid_argument for one with a zero byte.
std::string sql_literal(const std::string& text);
/// The line of a text in which byte `position` lies, and a caret under that. Of a long line a part.
std::string with_caret(std::string_view sql, std::size_t position);
/// For a message: the text in one line, of which at most 200 bytes.
std::string shortened(std::string_view sql);

}  // namespace ramal::detail
