// SPDX-License-Identifier: BSD-3-Clause
#include "corpus.hpp"

namespace corpus {

namespace {

struct Any_ {
  template <class T>
  static constexpr bool of = !is_result_only<T>;
};
struct NotBool {
  template <class T>
  static constexpr bool of = !is_result_only<T> && !std::same_as<T, bool>;
};
struct Ordered {
  template <class T>
  static constexpr bool of = Real<T> && !std::same_as<T, bool>;
};
struct Inexact {  // types of which NumPy makes float or double
  template <class T>
  static constexpr bool of = Real<T> && (sizeof(T) >= 4);
};
struct Integral {
  template <class T>
  static constexpr bool of = Real<T>&& std::integral<T>;
};

}  // namespace

void add_unary(Operations& all) {
  auto& to = all.unary;
#define ADD(name, allows, expression) to[name] = on_each(allows{}, [](const auto& a) { return expression; })
  ADD("negative", NotBool, -a);
  ADD("invert", Integral, ~a);
  ADD("abs", NotBool, ramal::abs(a));
  ADD("sign", Ordered, ramal::sign(a));
  ADD("square", NotBool, ramal::square(a));
  ADD("sqrt", Inexact, ramal::sqrt(a));
  ADD("exp", Inexact, ramal::exp(a));
  ADD("log", Inexact, ramal::log(a));
  ADD("log1p", Inexact, ramal::log1p(a));
  ADD("sin", Inexact, ramal::sin(a));
  ADD("tanh", Inexact, ramal::tanh(a));
  ADD("arctan", Inexact, ramal::atan(a));
  ADD("floor", Ordered, ramal::floor(a));
  ADD("ceil", Ordered, ramal::ceil(a));
  ADD("rint", Ordered, ramal::rint(a));
  ADD("isnan", Any_, ramal::isnan(a));
  ADD("isfinite", Any_, ramal::isfinite(a));
  ADD("isinf", Any_, ramal::isinf(a));
  ADD("logical_not", Any_, ramal::logical_not(a));
  ADD("conj", NotBool, ramal::conj(a));
  ADD("real", NotBool, ramal::real(a));
  ADD("imag", NotBool, ramal::imag(a));
  ADD("to_float64", Ordered, a.template as<double>());
  ADD("to_int32", Integral, a.template as<std::int32_t>());
  ADD("to_int64", Integral, a.template as<std::int64_t>());
  ADD("to_bool", Any_, a.template as<bool>());
  ADD("clip", Ordered, ramal::clip(a, 1, 3));
  ADD("floor_or_ceil", Inexact, ramal::where(a > 0, ramal::floor(a), ramal::ceil(a)));
  // Fused: several leaves that are one, and a tree of operations.
  ADD("fused_norm", Inexact, ramal::sqrt(a * a + a * a) - a);
  ADD("fused_shift", Ordered, (a + a) * a - a);
#undef ADD
#define ADD(name, allows, expression)                                                               \
  all.with_value[name] = on_each(allows{}, [](const auto& a) {                                      \
    using T = typename std::remove_cvref_t<decltype(a)>::value_type;                                \
    [[maybe_unused]] const auto v =                                                                 \
        static_cast<std::conditional_t<std::integral<T>, int, double>>(std::integral<T> ? 3 : 2.5); \
    return expression;                                                                              \
  })
  ADD("add_value", NotBool, a + v);
  ADD("multiply_value", Any_, a * v);
  ADD("value_minus", NotBool, v - a);
  ADD("divide_value", Any_, a / v);
  ADD("add_half", Ordered, a + 0.5);
  ADD("less_value", Ordered, a < v);
  ADD("equal_value", NotBool, a == v);
  ADD("maximum_value", Ordered, ramal::maximum(a, v));
  ADD("power_2", Ordered, ramal::pow(a, 2));
#undef ADD
}

}  // namespace corpus
