// SPDX-License-Identifier: BSD-3-Clause
// How NumPy prints arrays (numpy/core/arrayprint.py of NumPy 2, with its default options).
#include <ramal/detail/block_text.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace ramal::detail {

// --- numbers ----------------------------------------------------------------------------------------------

namespace {

constexpr std::size_t most_digits = 8;  // behind the point

/// A number in two or three parts, such as `-1`, `25` and `e+08`.
struct NumberParts {
  std::string whole, fraction, exponent;
};

/// The shortest text that means the number, or the next one with at most so many digits behind the point, or
/// with `all` exactly as many.
template <class T>
NumberParts number_parts(T number, std::chars_format format, std::size_t digits, bool all = false) {
  char memory[128];
  const auto text_with = [&](auto... precision) {
    const auto end = std::to_chars(memory, memory + sizeof memory, number, format, precision...).ptr;
    const std::string_view text(memory, static_cast<std::size_t>(end - memory));
    const std::size_t exponent = std::min(text.find('e'), text.size()),
                      point = text.substr(0, exponent).find('.');
    if (point == std::string_view::npos)
      return NumberParts{std::string(text.substr(0, exponent)), "", std::string(text.substr(exponent))};
    return NumberParts{std::string(text.substr(0, point)),
                       std::string(text.substr(point + 1, exponent - point - 1)),
                       std::string(text.substr(exponent))};
  };
  if (all) return text_with(static_cast<int>(digits));
  NumberParts parts = text_with();
  if (parts.fraction.size() > digits) parts = text_with(static_cast<int>(digits));
  parts.fraction.resize(parts.fraction.find_last_not_of('0') + 1);
  return parts;
}

/// What all numbers have to have room for.
struct NumberWidths {
  std::size_t whole = 0, fraction = 0, exponent = 0;
};

template <class T>
bool want_exponents(const std::vector<T>& numbers) {
  T least = std::numeric_limits<T>::infinity(), greatest = 0;
  for (const T number : numbers) {
    if (!std::isfinite(number) || number == 0) continue;
    least = std::min(least, std::abs(number));
    greatest = std::max(greatest, std::abs(number));
  }
  return greatest > 0 && (greatest >= T(1e8) || least < T(1e-4) || greatest / least > T(1000));
}

}  // namespace

template <class T>
std::vector<std::string> real_texts(const std::vector<T>& numbers, bool signs) {
  const bool exponents = want_exponents(numbers);
  const auto format = exponents ? std::chars_format::scientific : std::chars_format::fixed;
  std::vector<NumberParts> parts;
  NumberWidths widths;
  for (const T number : numbers) {
    parts.push_back(std::isfinite(number) ? number_parts(number, format, most_digits) : NumberParts());
    NumberParts& one = parts.back();
    if (signs && !one.whole.empty() && one.whole.front() != '-') one.whole.insert(0, 1, '+');
    widths.whole = std::max(widths.whole, one.whole.size());
    widths.fraction = std::max(widths.fraction, one.fraction.size());
    widths.exponent = std::max(widths.exponent, one.exponent.size());
  }
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    NumberParts& one = parts[i];
    if (!std::isfinite(numbers[i])) {
      const bool is_nan = std::isnan(numbers[i]);
      const char* sign = is_nan ? "" : numbers[i] < 0 ? "-" : "";
      texts.push_back((signs && *sign == '\0' ? "+" : sign) + std::string(is_nan ? "nan" : "inf"));
      continue;
    }
    if (exponents) {
      // Those that need fewer digits than others get further ones of their own.
      one.fraction = number_parts(numbers[i], format, widths.fraction, true).fraction;
      one.exponent.insert(2, widths.exponent - one.exponent.size(), '0');
    } else {
      one.fraction.resize(widths.fraction, ' ');
    }
    texts.push_back(std::string(widths.whole - one.whole.size(), ' ') + one.whole + '.' + one.fraction +
                    one.exponent);
  }
  std::size_t width = 0;
  for (const std::string& text : texts) width = std::max(width, text.size());
  for (std::string& text : texts) text.insert(0, width - text.size(), ' ');
  return texts;
}
template std::vector<std::string> real_texts(const std::vector<float>&, bool);
template std::vector<std::string> real_texts(const std::vector<double>&, bool);
template std::vector<std::string> real_texts(const std::vector<long double>&, bool);

std::vector<std::string> complex_texts(const std::vector<std::string>& real,
                                       const std::vector<std::string>& imaginary) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < real.size(); ++i) {
    std::string one = imaginary[i];
    one.insert(one.find_last_not_of(' ') + 1, 1, 'j');
    texts.push_back(real[i] + one);
  }
  return texts;
}

// --- lines ------------------------------------------------------------------------------------------------

namespace {

constexpr std::uint64_t most_shown = 1000, shown_at_ends = 3;
constexpr std::size_t line_width = 75;

/// Lays out the texts of the elements that are shown.
class BlockLayout {
 public:
  explicit BlockLayout(std::span<const std::uint64_t> shape) : shape_(shape) {
    std::uint64_t size = 1;
    for (const std::uint64_t length : shape) size *= length;
    is_short_ = size > most_shown;
    show(0, 0);
  }
  /// The numbers of the elements that are shown, in order.
  const std::vector<std::size_t>& shown() const { return shown_; }
  std::string text(std::vector<std::string> texts) {
    std::size_t width = 0;
    for (const std::string& one : texts) width = std::max(width, one.size());
    for (std::string& one : texts) one.insert(0, width - one.size(), ' ');
    texts_ = std::move(texts);
    next_ = 0;
    return axis_text(0, " ", line_width);
  }

 private:
  /// Calls with each index along an axis that is shown; behind the first ones, where others are left out,
  /// also with none.
  template <class Each>
  void for_each_index(std::size_t axis, const Each& each) const {
    const std::uint64_t length = shape_[axis];
    const bool leaves_out = is_short_ && length > 2 * shown_at_ends;
    for (std::uint64_t i = 0; i < length; ++i) {
      if (leaves_out && i == shown_at_ends) {
        each(std::optional<std::uint64_t>());
        i = length - shown_at_ends;
      }
      each(std::optional<std::uint64_t>(i));
    }
  }
  void show(std::size_t axis, std::size_t number) {
    if (axis == shape_.size()) {
      shown_.push_back(number);
      return;
    }
    for_each_index(axis, [&](std::optional<std::uint64_t> i) {
      if (i) show(axis + 1, number * shape_[axis] + *i);
    });
  }
  /// What lies along the axes from this one on, with further lines behind an indent.
  std::string axis_text(std::size_t axis, const std::string& indent, std::size_t width) {
    if (axis == shape_.size()) return texts_[next_++];
    return '[' +
           (axis + 1 == shape_.size() ? row_text(axis, indent, width) : rows_text(axis, indent, width)) + ']';
  }
  /// Elements side by side, as many as go into a line.
  std::string row_text(std::size_t axis, const std::string& indent, std::size_t width) {
    std::string text, line = indent;
    bool is_first = true;
    for_each_index(axis, [&](std::optional<std::uint64_t> i) {
      if (!is_first) line += ' ';
      is_first = false;
      const std::string word = i ? texts_[next_++] : "...";
      if (line.size() + word.size() > width - 1 && line.size() > indent.size()) {
        text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
        line = indent;
      }
      line += word;
    });
    return (text + line).substr(indent.size());
  }
  /// What lies along the axes behind, one below the other.
  std::string rows_text(std::size_t axis, const std::string& indent, std::size_t width) {
    std::string text;
    for_each_index(axis, [&](std::optional<std::uint64_t> i) {
      if (!text.empty()) text += std::string(shape_.size() - axis - 1, '\n') + indent;
      text += i ? axis_text(axis + 1, indent + ' ', width - 1) : "...";
    });
    return text;
  }

  std::span<const std::uint64_t> shape_;
  bool is_short_ = false;
  std::vector<std::size_t> shown_;
  std::vector<std::string> texts_;
  std::size_t next_ = 0;
};

}  // namespace

std::string block_text(std::span<const std::uint64_t> shape, const void* elements,
                       std::vector<std::string> (*texts)(const void*, std::span<const std::size_t>)) {
  if (std::ranges::find(shape, 0u) != shape.end()) return "[]";
  BlockLayout layout(shape);
  std::string text = layout.text(texts(elements, layout.shown()));
  if (!shape.empty()) return text;
  text.erase(0, text.find_first_not_of(' '));
  return text.back() == '.' ? text + '0' : text;
}

}  // namespace ramal::detail
