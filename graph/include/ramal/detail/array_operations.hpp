// SPDX-License-Identifier: BSD-3-Clause
// What can be done with each element: the objects without state that stand in expressions, by NumPy's names
// and with NumPy's results. Arithmetic on whole numbers wraps around.
#pragma once

#include <ramal/detail/promotion.hpp>
#include <ramal/detail/reduction.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace ramal::detail {

/// Whole numbers are added, subtracted and multiplied as unsigned ones of at least 32 bits, which wrap
/// around.
template <class T>
using Wrapping = std::conditional_t<(sizeof(T) < 4), std::uint32_t,
                                    std::make_unsigned_t<std::conditional_t<std::same_as<T, bool>, int, T>>>;

// name, what it computes of x and y, which are of one type T, and where this may not be used.
#define RAMAL_ARITHMETIC(Name, text, op, of_bool)                                                      \
  struct Name {                                                                                        \
    static constexpr std::string_view name = text;                                                     \
    template <class A, class B>                                                                        \
    [[gnu::always_inline]] constexpr auto operator()(const A& a, const B& b) const {                   \
      using T = Promoted<A, B>;                                                                        \
      if constexpr (std::same_as<T, bool>) {                                                           \
        return static_cast<bool>(of_bool);                                                             \
      } else if constexpr (std::integral<T>) {                                                         \
        using W = Wrapping<T>;                                                                         \
        return static_cast<T>(static_cast<W>(static_cast<T>(a)) op static_cast<W>(static_cast<T>(b))); \
      } else {                                                                                         \
        return static_cast<T>(a) op static_cast<T>(b);                                                 \
      }                                                                                                \
    }                                                                                                  \
  };
RAMAL_ARITHMETIC(Add, "add", +, a || b)
RAMAL_ARITHMETIC(MultiplyNumbers, "multiply", *, a&& b)
RAMAL_ARITHMETIC(SubtractNumbers, "subtract", -, a != b)
#undef RAMAL_ARITHMETIC
/// Complex numbers by their definition, as NumPy has them: where infinities meet there is a NaN, and C++'s
/// own look for them takes several times as long.
struct Multiply {
  static constexpr std::string_view name = "multiply";
  template <class A, class B>
  [[gnu::always_inline]] constexpr auto operator()(const A& a, const B& b) const {
    using T = Promoted<A, B>;
    if constexpr (is_complex<T>) {
      const T x = static_cast<T>(a), y = static_cast<T>(b);
      return T(x.real() * y.real() - x.imag() * y.imag(), x.real() * y.imag() + x.imag() * y.real());
    } else {
      return MultiplyNumbers{}(a, b);
    }
  }
};
struct Subtract {
  static constexpr std::string_view name = "subtract";
  template <class A, class B>
  [[gnu::always_inline]] constexpr auto operator()(const A& a, const B& b) const {
    static_assert(!std::same_as<Promoted<A, B>, bool>,
                  "ramal: arrays of bool cannot be subtracted; use ^, or .as<int>()");
    return SubtractNumbers{}(a, b);
  }
};
struct Divide {
  static constexpr std::string_view name = "divide";
  template <class A, class B>
  [[gnu::always_inline]] constexpr auto operator()(const A& a, const B& b) const {
    using T = Inexact<Promoted<A, B>>;
    return static_cast<T>(a) / static_cast<T>(b);
  }
};
/// A quotient rounded down. Of whole numbers by 0 it is 0, as in NumPy.
struct FloorDivide {
  static constexpr std::string_view name = "floor_divide";
  template <class A, class B>
  constexpr auto operator()(const A& a, const B& b) const {
    using T = Promoted<A, B>;
    const T x = static_cast<T>(a), y = static_cast<T>(b);
    if constexpr (std::same_as<T, bool>) {
      return static_cast<std::int8_t>(y ? x : 0);
    } else if constexpr (std::unsigned_integral<T>) {
      return static_cast<T>(y == 0 ? 0 : x / y);
    } else if constexpr (std::integral<T>) {
      if (y == 0) return T(0);
      if (y == -1) return static_cast<T>(Wrapping<T>(0) - static_cast<Wrapping<T>>(x));  // also the least
      return static_cast<T>(x / y - (x % y != 0 && (x < 0) != (y < 0)));
    } else {
      if (y == T(0)) return x / y;
      const T rest = std::fmod(x, y);
      T quotient = (x - rest) / y;
      if (rest != T(0) && (y < T(0)) != (rest < T(0))) quotient -= T(1);
      if (quotient == T(0)) return std::copysign(T(0), x / y);
      const T whole = std::floor(quotient);
      return quotient - whole > T(0.5) ? whole + T(1) : whole;
    }
  }
};
/// The rest of FloorDivide: with the sign of the divisor. Of whole numbers by 0 it is 0.
struct Remainder {
  static constexpr std::string_view name = "remainder";
  template <class A, class B>
  constexpr auto operator()(const A& a, const B& b) const {
    using T = Promoted<A, B>;
    const T x = static_cast<T>(a), y = static_cast<T>(b);
    if constexpr (std::same_as<T, bool>) {
      return static_cast<std::int8_t>(0);
    } else if constexpr (std::unsigned_integral<T>) {
      return static_cast<T>(y == 0 ? 0 : x % y);
    } else if constexpr (std::integral<T>) {
      if (y == 0 || y == -1) return T(0);
      const T rest = static_cast<T>(x % y);
      return static_cast<T>(rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest);
    } else {
      const T rest = std::fmod(x, y);
      if (y == T(0)) return rest;
      if (rest == T(0)) return std::copysign(T(0), y);
      return (rest < T(0)) != (y < T(0)) ? rest + y : rest;
    }
  }
};
/// With whole numbers the exponent must not be below 0; where it is, the result is 0.
struct Power {
  static constexpr std::string_view name = "power";
  template <class A, class B>
  constexpr auto operator()(const A& a, const B& b) const {
    using T = Promoted<A, B>;
    if constexpr (std::same_as<T, bool>) {
      return static_cast<std::int8_t>(a || !b);
    } else if constexpr (std::integral<T>) {
      T base = static_cast<T>(a), exponent = static_cast<T>(b);
      if (exponent < T(0)) return T(base == T(1));
      Wrapping<T> result = 1, factor = static_cast<Wrapping<T>>(base);
      for (; exponent > 0; exponent = static_cast<T>(exponent / 2), factor *= factor)
        if (exponent % 2 != 0) result *= factor;
      return static_cast<T>(result);
    } else {
      const T base = static_cast<T>(a), exponent = static_cast<T>(b);
      return exponent == T(2) ? base * base : static_cast<T>(std::pow(base, exponent));
    }
  }
};

#define RAMAL_BITS(Name, text, op, of_bool)                                                     \
  struct Name {                                                                                 \
    static constexpr std::string_view name = text;                                              \
    template <class A, class B>                                                                 \
    [[gnu::always_inline]] constexpr auto operator()(const A& a, const B& b) const {            \
      using T = Promoted<A, B>;                                                                 \
      static_assert(std::integral<T>, "ramal: & | ^ are for arrays of whole numbers and bool"); \
      if constexpr (std::same_as<T, bool>) {                                                    \
        return static_cast<bool>(of_bool);                                                      \
      } else {                                                                                  \
        return static_cast<T>(static_cast<T>(a) op static_cast<T>(b));                          \
      }                                                                                         \
    }                                                                                           \
  };
RAMAL_BITS(BitAnd, "bitwise_and", &, a&& b)
RAMAL_BITS(BitOr, "bitwise_or", |, a || b)
RAMAL_BITS(BitXor, "bitwise_xor", ^, a != b)
#undef RAMAL_BITS
/// By fewer bits than the type has; by more, or by a number below 0, all bits leave: what is left is 0, or -1
/// of a number below 0 that goes to the right.
template <bool left>
struct Shift {
  static constexpr std::string_view name = left ? "left_shift" : "right_shift";
  template <class A, class B>
  [[gnu::always_inline]] constexpr auto operator()(const A& a, const B& b) const {
    using P = Promoted<A, B>;
    static_assert(std::integral<P>, "ramal: << and >> are for arrays of whole numbers and bool");
    using T = std::conditional_t<std::same_as<P, bool>, std::int8_t, P>;
    const T x = static_cast<T>(a), bits = static_cast<T>(b);
    const bool fits = std::cmp_greater_equal(bits, 0) && std::cmp_less(bits, 8 * sizeof(T));
    if constexpr (left) {
      return static_cast<T>(fits ? static_cast<Wrapping<T>>(x) << bits : 0);
    } else {
      return static_cast<T>(fits ? x >> bits : x < T(0) ? -1 : 0);
    }
  }
};
using LeftShift = Shift<true>;
using RightShift = Shift<false>;
/// Whole numbers of both signs are compared as they are, not as one type.
#define RAMAL_COMPARISON(Name, text, op, whole)                                       \
  struct Name {                                                                       \
    static constexpr std::string_view name = text;                                    \
    static constexpr bool compares = true;                                            \
    template <class A, class B>                                                       \
    [[gnu::always_inline]] constexpr bool operator()(const A& a, const B& b) const {  \
      if constexpr (std::integral<A> && std::integral<B> && !std::same_as<A, bool> && \
                    !std::same_as<B, bool>) {                                         \
        return whole(a, b);                                                           \
      } else {                                                                        \
        using T = Promoted<A, B>;                                                     \
        return static_cast<T>(a) op static_cast<T>(b);                                \
      }                                                                               \
    }                                                                                 \
  };
RAMAL_COMPARISON(Equal, "equal", ==, std::cmp_equal)
RAMAL_COMPARISON(NotEqual, "not_equal", !=, std::cmp_not_equal)
RAMAL_COMPARISON(Less, "less", <, std::cmp_less)
RAMAL_COMPARISON(LessEqual, "less_equal", <=, std::cmp_less_equal)
RAMAL_COMPARISON(Greater, "greater", >, std::cmp_greater)
RAMAL_COMPARISON(GreaterEqual, "greater_equal", >=, std::cmp_greater_equal)
#undef RAMAL_COMPARISON

/// The lesser or the greater of both; of a NaN and another, the NaN, or with `skips` the other.
template <bool greatest, bool skips>
struct Extremum {
  static constexpr std::string_view name = skips      ? (greatest ? "fmax" : "fmin")
                                           : greatest ? "maximum"
                                                      : "minimum";
  template <class A, class B>
  [[gnu::always_inline]] constexpr auto operator()(const A& a, const B& b) const {
    using T = Promoted<A, B>;
    const T x = static_cast<T>(a), y = static_cast<T>(b);
    if constexpr (skips) {
      if (is_nan_value(x)) return y;
      if (is_nan_value(y)) return x;
    }
    return goes_before<T, greatest>(x, y) ? x : y;
  }
};
template <class F>
struct OfTruth {
  template <class... A>
  constexpr bool operator()(const A&... a) const {
    return F::of(a != A(0)...);
  }
};
struct LogicalAnd : OfTruth<LogicalAnd> {
  static constexpr std::string_view name = "logical_and";
  static constexpr bool of(bool a, bool b) { return a && b; }
};
struct LogicalOr : OfTruth<LogicalOr> {
  static constexpr std::string_view name = "logical_or";
  static constexpr bool of(bool a, bool b) { return a || b; }
};
struct LogicalXor : OfTruth<LogicalXor> {
  static constexpr std::string_view name = "logical_xor";
  static constexpr bool of(bool a, bool b) { return a != b; }
};
struct LogicalNot : OfTruth<LogicalNot> {
  static constexpr std::string_view name = "logical_not";
  static constexpr bool of(bool a) { return !a; }
};

struct Where {
  static constexpr std::string_view name = "where";
  template <class C, class A, class B>
  [[gnu::always_inline]] constexpr auto operator()(const C& condition, const A& a, const B& b) const {
    using T = Promoted<A, B>;
    return condition != C(0) ? static_cast<T>(a) : static_cast<T>(b);
  }
};
struct Clip {
  static constexpr std::string_view name = "clip";
  template <class X, class L, class H>
  [[gnu::always_inline]] constexpr auto operator()(const X& x, const L& low, const H& high) const {
    return Extremum<false, false>{}(Extremum<true, false>{}(x, low), high);
  }
};
template <class To>
struct Cast {
  static constexpr std::string_view name = "as";
  template <class A>
  [[gnu::always_inline]] constexpr To operator()(const A& a) const {
    if constexpr (std::same_as<To, bool>) {
      return a != A(0);
    } else if constexpr (is_complex<A> && !is_complex<To>) {
      return static_cast<To>(a.real());
    } else if constexpr (is_complex<To> && !is_complex<A>) {
      return To(static_cast<Real<To>>(a));
    } else {
      return static_cast<To>(a);
    }
  }
};

struct Negative {
  static constexpr std::string_view name = "negative";
  template <class A>
  [[gnu::always_inline]] constexpr A operator()(const A& a) const {
    static_assert(!std::same_as<A, bool>, "ramal: an array of bool has no negative; use ~, or .as<int>()");
    if constexpr (std::integral<A>) {
      return static_cast<A>(Wrapping<A>(0) - static_cast<Wrapping<A>>(a));
    } else {
      return -a;
    }
  }
};
struct Invert {
  static constexpr std::string_view name = "invert";
  template <class A>
  [[gnu::always_inline]] constexpr A operator()(const A& a) const {
    static_assert(std::integral<A>, "ramal: ~ is for arrays of whole numbers and bool");
    if constexpr (std::same_as<A, bool>) {
      return !a;
    } else {
      return static_cast<A>(~a);
    }
  }
};
struct Absolute {
  static constexpr std::string_view name = "abs";
  template <class A>
  [[gnu::always_inline]] constexpr auto operator()(const A& a) const {
    if constexpr (std::unsigned_integral<A>) {
      return a;
    } else if constexpr (std::integral<A>) {
      return a < 0 ? Negative{}(a) : a;
    } else {
      return std::abs(a);
    }
  }
};
struct Sign {
  static constexpr std::string_view name = "sign";
  template <class A>
  [[gnu::always_inline]] constexpr A operator()(const A& a) const {
    static_assert(!is_complex<A>, "ramal: sign is not for complex numbers");
    if (is_nan_value(a)) return a;
    return static_cast<A>((a > A(0)) - (a < A(0)));
  }
};
struct Square {
  static constexpr std::string_view name = "square";
  template <class A>
  [[gnu::always_inline]] constexpr A operator()(const A& a) const {
    return Multiply{}(a, a);
  }
};
struct Conjugate {
  static constexpr std::string_view name = "conj";
  template <class A>
  [[gnu::always_inline]] constexpr A operator()(const A& a) const {
    if constexpr (is_complex<A>) {
      return std::conj(a);
    } else {
      return a;
    }
  }
};
struct RealPart {
  static constexpr std::string_view name = "real";
  template <class A>
  [[gnu::always_inline]] constexpr Real<A> operator()(const A& a) const {
    if constexpr (is_complex<A>) {
      return a.real();
    } else {
      return a;
    }
  }
};
struct ImaginaryPart {
  static constexpr std::string_view name = "imag";
  template <class A>
  [[gnu::always_inline]] constexpr Real<A> operator()(const A& a) const {
    if constexpr (is_complex<A>) {
      return a.imag();
    } else {
      return A(0);
    }
  }
};
#define RAMAL_CLASSIFY(Name, text, test)                                 \
  struct Name {                                                          \
    static constexpr std::string_view name = text;                       \
    template <class A>                                                   \
    [[gnu::always_inline]] constexpr bool operator()(const A& a) const { \
      if constexpr (is_complex<A>) {                                     \
        return of(a.real(), a.imag());                                   \
      } else if constexpr (std::floating_point<A>) {                     \
        return of(a, A(0));                                              \
      } else {                                                           \
        return of(0.0, 0.0);                                             \
      }                                                                  \
    }                                                                    \
    template <class R>                                                   \
    static constexpr bool of(R x, R y) {                                 \
      constexpr R most = std::numeric_limits<R>::max();                  \
      return test;                                                       \
    }                                                                    \
  };
RAMAL_CLASSIFY(IsNan, "isnan", (static_cast<void>(most), x != x || y != y))
RAMAL_CLASSIFY(IsInf, "isinf", (x > most || x < -most || y > most || y < -most))
RAMAL_CLASSIFY(IsFinite, "isfinite", (x <= most && x >= -most && y <= most && y >= -most))
#undef RAMAL_CLASSIFY

// Functions of <cmath>, in double for whole numbers.
#define RAMAL_FUNCTION(Name, function)                         \
  struct Name {                                                \
    static constexpr std::string_view name = #function;        \
    template <class A>                                         \
    [[gnu::always_inline]] auto operator()(const A& a) const { \
      return std::function(static_cast<Inexact<A>>(a));        \
    }                                                          \
  };
#define RAMAL_FUNCTIONS                                                                                   \
  RAMAL_FUNCTION(Sqrt, sqrt)                                                                              \
  RAMAL_FUNCTION(Exp, exp)                                                                                \
  RAMAL_FUNCTION(Log, log) RAMAL_FUNCTION(Log10, log10) RAMAL_FUNCTION(Sin, sin) RAMAL_FUNCTION(Cos, cos) \
      RAMAL_FUNCTION(Tan, tan) RAMAL_FUNCTION(Asin, asin) RAMAL_FUNCTION(Acos, acos)                      \
          RAMAL_FUNCTION(Atan, atan) RAMAL_FUNCTION(Sinh, sinh) RAMAL_FUNCTION(Cosh, cosh)                \
              RAMAL_FUNCTION(Tanh, tanh) RAMAL_FUNCTION(Asinh, asinh) RAMAL_FUNCTION(Acosh, acosh)        \
                  RAMAL_FUNCTION(Atanh, atanh)
#define RAMAL_REAL_FUNCTIONS                                                           \
  RAMAL_FUNCTION(Cbrt, cbrt)                                                           \
  RAMAL_FUNCTION(Exp2, exp2)                                                           \
  RAMAL_FUNCTION(Expm1, expm1) RAMAL_FUNCTION(Rint, rint) RAMAL_FUNCTION(Log2, log2)   \
      RAMAL_FUNCTION(Log1p, log1p) RAMAL_FUNCTION(Erf, erf) RAMAL_FUNCTION(Erfc, erfc) \
          RAMAL_FUNCTION(Lgamma, lgamma) RAMAL_FUNCTION(Tgamma, tgamma)
#define RAMAL_ROUNDING_FUNCTIONS \
  RAMAL_FUNCTION(Floor, floor) RAMAL_FUNCTION(Ceil, ceil) RAMAL_FUNCTION(Trunc, trunc)
RAMAL_FUNCTIONS
RAMAL_REAL_FUNCTIONS
#undef RAMAL_FUNCTION
/// Whole numbers stay as they are.
#define RAMAL_FUNCTION(Name, function)                      \
  struct Name {                                             \
    static constexpr std::string_view name = #function;     \
    template <class A>                                      \
    [[gnu::always_inline]] A operator()(const A& a) const { \
      if constexpr (std::integral<A>) {                     \
        return a;                                           \
      } else {                                              \
        return std::function(a);                            \
      }                                                     \
    }                                                       \
  };
RAMAL_ROUNDING_FUNCTIONS
#undef RAMAL_FUNCTION
#define RAMAL_FUNCTION(Name, function)                                     \
  struct Name {                                                            \
    static constexpr std::string_view name = #function;                    \
    template <class A, class B>                                            \
    [[gnu::always_inline]] auto operator()(const A& a, const B& b) const { \
      using T = Inexact<Promoted<A, B>>;                                   \
      return std::function(static_cast<T>(a), static_cast<T>(b));          \
    }                                                                      \
  };
#define RAMAL_BINARY_FUNCTIONS \
  RAMAL_FUNCTION(Atan2, atan2) \
  RAMAL_FUNCTION(Hypot, hypot) \
  RAMAL_FUNCTION(Copysign, copysign) RAMAL_FUNCTION(Fmod, fmod) RAMAL_FUNCTION(Nextafter, nextafter)
RAMAL_BINARY_FUNCTIONS
#undef RAMAL_FUNCTION

}  // namespace ramal::detail
