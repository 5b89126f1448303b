// SPDX-License-Identifier: BSD-3-Clause
// Blocks as text: which elements are shown, what each of them is, and how they are laid out, as by NumPy.
#pragma once

#include <ramal/detail/preview.hpp>
#include <ramal/detail/promotion.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ramal::detail {

/// Numbers with their points one below the other, as long as each other: with as few digits as tell them from
/// all others of their type, at most 8 behind the point, and with exponents if they are very large, very
/// small, or far apart. `signs`: also for those above 0.
template <class T>
std::vector<std::string> real_texts(const std::vector<T>& numbers, bool signs);
extern template std::vector<std::string> real_texts(const std::vector<float>&, bool);
extern template std::vector<std::string> real_texts(const std::vector<double>&, bool);
extern template std::vector<std::string> real_texts(const std::vector<long double>&, bool);
/// Real and imaginary parts, as `1.+2.j`.
std::vector<std::string> complex_texts(const std::vector<std::string>& real,
                                       const std::vector<std::string>& imaginary);

/// The elements at these numbers as texts; not all of them as long.
template <class T>
std::vector<std::string> element_texts(const void* elements, std::span<const std::size_t> shown) {
  const auto* all = static_cast<const T*>(elements);
  const auto numbers = [&]<class R>(R (*part)(const T&)) {
    std::vector<R> parts;
    for (const std::size_t i : shown) parts.push_back(part(all[i]));
    return parts;
  };
  if constexpr (std::floating_point<T>) {
    return real_texts(numbers.template operator()<T>([](const T& x) { return x; }), false);
  } else if constexpr (is_complex<T>) {
    using R = Real<T>;
    return complex_texts(
        real_texts(numbers.template operator()<R>([](const T& x) { return x.real(); }), false),
        real_texts(numbers.template operator()<R>([](const T& x) { return x.imag(); }), true));
  } else {
    std::vector<std::string> texts;
    for (const std::size_t i : shown) {
      if constexpr (std::same_as<T, bool>) {
        texts.emplace_back(all[i] ? " True" : "False");
      } else {
        texts.push_back(preview(all[i]));
      }
    }
    return texts;
  }
}

/// The elements of a block of that shape, which `texts` gives, in brackets and lines.
std::string block_text(std::span<const std::uint64_t> shape, const void* elements,
                       std::vector<std::string> (*texts)(const void*, std::span<const std::size_t>));

}  // namespace ramal::detail
