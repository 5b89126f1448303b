// SPDX-License-Identifier: BSD-3-Clause
// The values of random programs: of each kind that travels in a way of its own, all made of a digest and
// turned into one again, so that whatever is computed tells what it was computed from, and in which order.
#pragma once

#include "tests/support/sheet.hpp"

#include <ramal/ramal.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace campaign {

using ramal::Delayed;
using ramal::Family;
using ramal::Index;
using ramal::Inputs;

using Words = std::vector<long>;
using Field = ramal::Block<double>;
using ramal::test::Sheet;
/// Plain memory, but too large to sit inside a Value.
struct Point {
  double x = 0;
  std::int64_t n = 0, m = 0;
  bool operator==(const Point&) const = default;
};

using Digest = std::uint64_t;

constexpr Digest mixed(Digest h, Digest more) {
  h = h * 0x9e3779b97f4a7c15u + 0x632be59bd9b4e019u;
  h = (h ^ (h >> 31) ^ more) * 0xd6e8feb86659fd93u;
  h = (h ^ (h >> 29)) * 0xbf58476d1ce4e5b9u;
  return h ^ (h >> 32);
}

// --- from values to digests ---------------------------------------------------------------------------
inline Digest digest(long value) { return mixed(1, static_cast<Digest>(value)); }
inline Digest digest(bool value) { return mixed(2, value ? 1 : 0); }
inline Digest digest(double value) { return mixed(3, std::bit_cast<Digest>(value)); }
inline Digest digest(const Point& value) {
  return mixed(mixed(digest(value.x), digest(long{value.n})), digest(long{value.m}));
}
inline Digest digest(const std::string& value) {
  Digest h = mixed(4, value.size());
  for (const char c : value) h = mixed(h, static_cast<unsigned char>(c));
  return h;
}
inline Digest digest(const Index& place) {
  Digest h = mixed(5, static_cast<Digest>(place.dims));
  for (int d = 0; d < place.dims; ++d) h = mixed(h, static_cast<Digest>(place[d]));
  return h;
}
inline Digest digest(const Field& value) {
  Digest h = 6;
  for (const auto length : value.shape()) h = mixed(h, length);
  for (const auto length : value.offset()) h = mixed(h, length);
  for (const double x : value) h = mixed(h, digest(x));
  return h;
}
inline Digest digest(const Sheet& value) {
  Digest h = mixed(13, digest(value.name()));
  for (std::size_t i = 0; i < value.columns(); ++i) {
    h = mixed(h, value.column(i).size());
    for (const unsigned char byte : value.column(i)) h = mixed(h, byte);
  }
  return h;
}
template <class T>
Digest digest(const std::vector<T>& values);
template <class T>
Digest digest(const Inputs<T>& values);
template <class A, class B>
Digest digest(const std::pair<A, B>& pair) {
  return mixed(digest(pair.first), digest(pair.second));
}
template <class T>
Digest digest(const std::optional<T>& value) {
  return value ? mixed(7, digest(*value)) : 8;
}
template <class T, std::size_t n>
Digest digest(const std::array<T, n>& values) {
  Digest h = mixed(9, n);
  for (const T& value : values) h = mixed(h, digest(value));
  return h;
}
template <class... T>
Digest digest(const std::tuple<T...>& values) {
  return std::apply(
      [](const T&... value) {
        Digest h = 10;
        ((h = mixed(h, digest(value))), ...);
        return h;
      },
      values);
}
template <class K, class T>
Digest digest(const std::map<K, T>& values) {
  Digest h = mixed(11, values.size());
  for (const auto& [key, value] : values) h = mixed(mixed(h, digest(key)), digest(value));
  return h;
}
template <class T>
Digest digest(const std::vector<T>& values) {
  Digest h = mixed(12, values.size());
  for (const T& value : values) h = mixed(h, digest(value));
  return h;
}
/// The same as of a vector.
template <class T>
Digest digest(const Inputs<T>& values) {
  Digest h = mixed(12, values.size());
  for (const T& value : values) h = mixed(h, digest(value));
  return h;
}

// --- from digests to values -----------------------------------------------------------------------------
template <class T>
struct Maker;
template <>
struct Maker<long> {
  static long make(Digest h) { return static_cast<long>(h % 2000001) - 1000000; }
};
template <>
struct Maker<bool> {
  static bool make(Digest h) { return h % 3 == 0; }
};
template <>
struct Maker<double> {
  static double make(Digest h) { return static_cast<double>(h >> 11) * 0x1p-53 * 100 - 50; }
};
template <>
struct Maker<Point> {
  static Point make(Digest h) {
    return {Maker<double>::make(h), Maker<long>::make(mixed(h, 1)), static_cast<std::int64_t>(h % 7)};
  }
};
template <>
struct Maker<std::string> {
  static std::string make(Digest h) {
    std::string text(h % 97 == 0 ? 3000 : h % 40, ' ');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + (h >> (i % 48)) % 26);
    return text;
  }
};
template <>
struct Maker<Words> {
  static Words make(Digest h) {
    Words words(h % 89 == 0 ? 700 : h % 6);
    for (long& word : words) word = Maker<long>::make(h = mixed(h, 1));
    return words;
  }
};
template <>
struct Maker<Field> {
  static Field make(Digest h) {
    const bool is_large = h % 83 == 0;
    Field field({is_large ? 20 : h % 3 + 1, is_large ? 30 : h / 3 % 4}, {h % 5, h / 5 % 7});
    for (double& x : field) x = Maker<double>::make(h = mixed(h, 1));
    return field;
  }
};
/// Columns of all sizes: none, one element, whole pages and parts of them.
template <>
struct Maker<Sheet> {
  static Sheet make(Digest h) {
    Sheet sheet(Maker<std::string>::make(h % 40));
    for (int columns = static_cast<int>(h % 5); columns > 0; --columns) {
      h = mixed(h, 1);
      Sheet::Bytes bytes(h % 43 == 0 ? 9000 : h % 13 == 0 ? 2048 : std::array{0u, 1u, 15u, 63u}[h / 13 % 4]);
      for (unsigned char& byte : bytes) byte = static_cast<unsigned char>((h = mixed(h, 1)) >> 32);
      sheet = sheet.with_column(std::move(bytes));
    }
    return sheet;
  }
};
template <class A, class B>
struct Maker<std::pair<A, B>> {
  static std::pair<A, B> make(Digest h) { return {Maker<A>::make(h), Maker<B>::make(mixed(h, 2))}; }
};

/// A task's own failure; its message is one that nothing else has.
inline std::string message_of(Digest h) {
  std::string text = "thrown ";
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[h >> shift & 15];
  return text;
}

/// What tasks of random programs call: any result of any parameters. An odd `id` throws for some of them.
template <int id, class R, class... P>
R call(P... parameters) {
  Digest h = mixed(100 + id, sizeof...(P));
  ((h = mixed(h, digest(parameters))), ...);
  if (id % 2 == 1 && h % 23 == 0) throw std::runtime_error(message_of(h));
  return Maker<R>::make(h);
}

}  // namespace campaign
