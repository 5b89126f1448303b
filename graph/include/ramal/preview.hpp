// SPDX-License-Identifier: BSD-3-Clause
// A short text for a value, for error messages: what the failing task was given.
#pragma once

#include <ramal/name.hpp>

#include <charconv>
#include <concepts>
#include <cstddef>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>

namespace ramal {

/// At most about 60 characters: numbers and strings as they are, ranges by their first elements and
/// length, anything else by its type.
template <class T>
std::string preview(const T& value) {
  constexpr std::size_t longest = 60;
  if constexpr (std::same_as<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_arithmetic_v<T> && !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                       !std::same_as<T, char16_t> && !std::same_as<T, char32_t>) {
    char text[64];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
  } else if constexpr (std::is_enum_v<T>) {
    return preview(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::convertible_to<const T&, std::string_view>) {
    const std::string_view text = value;
    return '"' + std::string(text.substr(0, longest)) + (text.size() > longest ? "…" : "") + '"';
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
