// SPDX-License-Identifier: BSD-3-Clause
// A short text for a value, for error messages: what the failing task was given.
#pragma once

#include <ramal/detail/name.hpp>

#include <charconv>
#include <concepts>
#include <cstddef>
#include <ostream>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>

namespace ramal {

namespace detail {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
/// shared_ptr, unique_ptr, optional: what they have is shown, not where it is.
template <class T>
concept PointsToOne = std::is_class_v<T> && requires(const T& pointer) {
  *pointer;
  pointer.operator->();
  static_cast<bool>(pointer);
  requires std::is_object_v<std::remove_reference_t<decltype(*pointer)>>;
};

/// What can be printed, but is told of by its first elements and how many there are: it may have many lines.
template <class T>
inline constexpr bool is_previewed_as_range = false;

/// What `print` puts into a stream, the first `longest` bytes; nothing if it throws.
std::string printed(void (*print)(std::ostream& out, const void* object), const void* object,
                    std::size_t longest);

}  // namespace detail

/// At most about 60 characters: numbers and strings as they are, ranges by their first elements and
/// length, what has an operator<< for streams by that, what may be missing as it is or as "null", anything
/// else by its type.
template <class T>
std::string preview(const T& value) {
  constexpr std::size_t longest = 60;
  if constexpr (std::same_as<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_arithmetic_v<T> && !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                       !std::same_as<T, char16_t> && !std::same_as<T, char32_t>) {
    char text[64];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
  } else if constexpr (std::is_enum_v<T> && !detail::Printable<T>) {
    return preview(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::convertible_to<const T&, std::string_view>) {
    const std::string_view text = value;
    return '"' + std::string(text.substr(0, longest)) + (text.size() > longest ? "…" : "") + '"';
  } else if constexpr (detail::PointsToOne<T>) {
    return value ? preview(*value) : "null";
  } else if constexpr (detail::Printable<T> && !detail::is_previewed_as_range<T>) {
    const std::string text =
        detail::printed([](std::ostream& out, const void* object) { out << *static_cast<const T*>(object); },
                        &value, longest + 1);
    if (text.empty()) return '<' + std::string(detail::short_type_name<T>) + '>';
    return text.size() > longest ? text.substr(0, longest) + "…" : text;
  } else if constexpr (std::ranges::sized_range<const T> &&
                       requires { preview(*std::ranges::begin(value)); }) {
    std::string text = "[";
    std::size_t shown = 0;
    for (const auto& element : value) {
      if (shown == 3 || text.size() > longest) break;
      text += (shown++ == 0 ? "" : ", ") + preview(element);
    }
    const std::size_t size = std::ranges::size(value);
    return text + (shown < size ? ", … " + std::to_string(size) + " in all]" : "]");
  } else {
    return '<' + std::string(detail::short_type_name<T>) + '>';
  }
}

}  // namespace ramal
