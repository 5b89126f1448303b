// SPDX-License-Identifier: BSD-3-Clause
#include "io/files/npy_header.hpp"

#include <algorithm>
#include <charconv>

namespace ramal::detail {

namespace {

/// Reads what of Python's literals such headers hold.
class Literals {
 public:
  explicit Literals(std::string_view text) : text_(text) {}

  [[noreturn]] void refuse(const std::string& expected) const {
    std::string found(text_.substr(at_, 20));
    for (char& c : found)
      if (c < ' ' || c > '~') c = '?';
    throw std::invalid_argument("expected " + expected + " at byte " + std::to_string(at_) +
                                " of the header, found " + (found.empty() ? "its end" : '"' + found + '"'));
  }
  void skip_spaces() {
    while (at_ < text_.size() && std::string_view(" \t\r\n\f").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool is_at_end() {
    skip_spaces();
    return at_ == text_.size();
  }
  bool next_is(char c) {
    skip_spaces();
    return at_ < text_.size() && text_[at_] == c;
  }
  bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) refuse(std::string{'\'', c, '\''});
  }
  bool take_word(std::string_view word) {
    skip_spaces();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  /// Escapes are refused: no name or type that can be read has any.
  std::string text() {
    skip_spaces();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') refuse("a text");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) refuse("a text that ends");
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    if (inside.find('\\') != std::string_view::npos) refuse("a text without escapes");
    at_ = end + 1;
    return std::string(inside);
  }
  std::uint64_t number() {
    skip_spaces();
    std::uint64_t value = 0;
    const char* end = text_.data() + text_.size();
    const auto [stopped, error] = std::from_chars(text_.data() + at_, end, value);
    if (error != std::errc()) refuse("a length below 2^64");
    at_ = static_cast<std::size_t>(stopped - text_.data());
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote long numbers so
    return value;
  }
  /// What stands in brackets, such as a list of fields; with others inside, and texts.
  void skip_brackets() {
    std::size_t depth = 0;
    do {
      skip_spaces();
      if (at_ == text_.size()) refuse("a bracket that ends");
      const char c = text_[at_];
      if (c == '\'' || c == '"') {
        text();
        continue;
      }
      depth += c == '[' || c == '(' || c == '{';
      depth -= c == ']' || c == ')' || c == '}';
      ++at_;
    } while (depth > 0);
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

std::vector<std::uint64_t> parse_shape(Literals& in) {
  std::vector<std::uint64_t> shape;
  in.expect('(');
  while (!in.take(')')) {
    shape.push_back(in.number());
    if (!in.take(',')) {
      if (shape.size() == 1) in.refuse("a ',' behind the only length of a tuple");
      in.expect(')');
      break;
    }
  }
  return shape;
}

}  // namespace

NpyHeader parse_npy_header(std::string_view text) {
  Literals in(text);
  NpyHeader header;
  bool has_descr = false, has_order = false, has_shape = false;
  in.expect('{');
  while (!in.take('}')) {
    in.skip_spaces();
    const Literals before = in;
    const std::string key = in.text();
    in.expect(':');
    bool* known = key == "descr" ? &has_descr : key == "fortran_order" ? &has_order : &has_shape;
    if ((key != "descr" && key != "fortran_order" && key != "shape") || *known)
      before.refuse("each of 'descr', 'fortran_order' and 'shape' once");
    *known = true;
    if (key == "descr") {
      if (in.next_is('[')) {
        in.skip_brackets();
      } else {
        header.descr = in.text();
      }
    } else if (key == "fortran_order") {
      header.is_fortran = in.take_word("True");
      if (!header.is_fortran && !in.take_word("False")) in.refuse("True or False");
    } else {
      header.shape = parse_shape(in);
    }
    if (!in.take(',')) {
      in.expect('}');
      break;
    }
  }
  if (!in.is_at_end()) in.refuse("nothing behind the '}'");
  if (!has_descr || !has_order || !has_shape)
    in.refuse("all of 'descr', 'fortran_order' and 'shape' before it");
  return header;
}

std::string npy_header_text(const ElementType& type, const Extents& shape) {
  std::string dict = "{'descr': '" + type.numpy_text() + "', 'fortran_order': False, 'shape': (";
  for (std::size_t d = 0; d < shape.size(); ++d) dict += (d > 0 ? ", " : "") + std::to_string(shape[d]);
  dict += shape.size() == 1 ? ",), }" : "), }";
  // At most 8 lengths, so it always fits into version 1.0. Elements begin at a multiple of 64 bytes.
  const std::size_t ahead = npy_magic_bytes + 2;
  const std::size_t all = (ahead + dict.size() + 1 + 63) / 64 * 64;
  dict.resize(all - ahead - 1, ' ');
  dict += '\n';
  std::string text = "\x93NUMPY";
  text += {'\x01', '\x00', static_cast<char>(dict.size() & 0xff), static_cast<char>(dict.size() >> 8)};
  return text + dict;
}

}  // namespace ramal::detail
