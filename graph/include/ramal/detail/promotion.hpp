// SPDX-License-Identifier: BSD-3-Clause
// Which type arrays of two types are computed in: NumPy's rules (its NEP 50). Values among arrays are weak:
// they take the array's type, unless theirs is of a higher kind.
//
//   int8, int16 -> int16      int8, uint8 -> int16        int64, uint64 -> double     bool, X -> X
//   int16, float -> float     int32, float -> double      float, 1.5 -> float         int8, 1.5 -> double
#pragma once

#include <ramal/detail/compiler.hpp>

#include <complex>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace ramal::detail {

template <class T>
inline constexpr bool is_complex = false;
template <std::floating_point T>
inline constexpr bool is_complex<std::complex<T>> = true;
template <class T>
inline constexpr bool is_character =
    std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
    std::same_as<T, char16_t> || std::same_as<T, char32_t>;
/// What arrays can compute with. Characters are none; convert them first.
template <class T>
concept Number = (std::integral<T> && !is_character<T>) || std::floating_point<T> || is_complex<T>;

/// Kinds of numbers, each of which holds those before it.
enum class NumberKind { boolean, integer, real, complex };
template <class T>
inline constexpr NumberKind number_kind = is_complex<T>            ? NumberKind::complex
                                          : std::floating_point<T> ? NumberKind::real
                                          : std::same_as<T, bool>  ? NumberKind::boolean
                                                                   : NumberKind::integer;

template <class T>
struct RealOf {
  using type = T;
};
template <class T>
struct RealOf<std::complex<T>> {
  using type = T;
};
/// The type of a complex number's parts; of any other the type itself.
template <class T>
using Real = typename RealOf<T>::type;

template <std::size_t bytes, bool is_signed>
struct IntegerOf;
template <bool s>
struct IntegerOf<1, s> {
  using type = std::conditional_t<s, std::int8_t, std::uint8_t>;
};
template <bool s>
struct IntegerOf<2, s> {
  using type = std::conditional_t<s, std::int16_t, std::uint16_t>;
};
template <bool s>
struct IntegerOf<4, s> {
  using type = std::conditional_t<s, std::int32_t, std::uint32_t>;
};
template <bool s>
struct IntegerOf<8, s> {
  using type = std::conditional_t<s, std::int64_t, std::uint64_t>;
};

template <class A, class B>
constexpr auto promoted() {
  constexpr NumberKind a = number_kind<A>, b = number_kind<B>;
  if constexpr (std::same_as<A, B>) {
    return A();
  } else if constexpr (a == NumberKind::complex || b == NumberKind::complex) {
    return std::complex<decltype(promoted<float, decltype(promoted<Real<A>, Real<B>>())>())>();
  } else if constexpr (a == NumberKind::boolean) {
    return B();
  } else if constexpr (b == NumberKind::boolean) {
    return A();
  } else if constexpr (a == NumberKind::real && b == NumberKind::real) {
    return std::conditional_t<(sizeof(A) >= sizeof(B)), A, B>();
  } else if constexpr (a == NumberKind::real) {
    return std::conditional_t<(sizeof(B) > 2 && sizeof(A) == 4), double, A>();
  } else if constexpr (b == NumberKind::real) {
    return promoted<B, A>();
  } else if constexpr (std::is_signed_v<A> == std::is_signed_v<B>) {
    return typename IntegerOf<(sizeof(A) > sizeof(B) ? sizeof(A) : sizeof(B)), std::is_signed_v<A>>::type();
  } else if constexpr (std::is_signed_v<B>) {
    return promoted<B, A>();
  } else if constexpr (sizeof(A) > sizeof(B)) {
    return typename IntegerOf<sizeof(A), true>::type();
  } else if constexpr (sizeof(B) < 8) {
    return typename IntegerOf<2 * sizeof(B), true>::type();
  } else {
    return double();
  }
}
/// What arrays of two types are computed in.
template <class A, class B>
using Promoted = decltype(promoted<A, B>());

template <class T, class Value>
constexpr auto promoted_by_value() {
  if constexpr (!Number<Value>) {
    return T();
  } else if constexpr (number_kind<Value> <= number_kind<T>) {
    return T();
  } else if constexpr (number_kind<Value> == NumberKind::integer) {
    return std::int64_t();
  } else if constexpr (number_kind<Value> == NumberKind::real) {
    return double();
  } else {
    return std::complex<std::conditional_t<std::floating_point<T>, T, double>>();
  }
}
/// The type that a value takes beside an array of T.
template <class T, class Value>
using WeaklyPromoted = decltype(promoted_by_value<T, Value>());

/// What functions such as sqrt give and compute in: double for whole numbers.
template <class T>
using Inexact = std::conditional_t<std::integral<T>, double, T>;

}  // namespace ramal::detail
