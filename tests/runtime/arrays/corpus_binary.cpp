// SPDX-License-Identifier: BSD-3-Clause
#include "corpus.hpp"

namespace corpus {

namespace {

template <class F>
Binary on_pairs(F f) {
  return [f](const Any& one, const Any& other) {
    return std::visit(
        [&](const auto& a, const auto& b) -> Any {
          using A = typename std::remove_cvref_t<decltype(a)>::value_type;
          using B = typename std::remove_cvref_t<decltype(b)>::value_type;
          if constexpr (pairs_with<A, B> && !is_result_only<A> && !is_result_only<B> &&
                        requires { F::template allows<A, B>; }) {
            if constexpr (F::template allows<A, B>) return named(f(a, b));
          }
          throw std::logic_error("an operation of the corpus is not compiled for these types");
        },
        one, other);
  };
}

template <class A, class B>
inline constexpr bool both_bool = std::same_as<A, bool>&& std::same_as<B, bool>;
template <class A, class B>
inline constexpr bool any_bool = std::same_as<A, bool> || std::same_as<B, bool>;
template <class A, class B>
inline constexpr bool any_complex = ramal::detail::is_complex<A> || ramal::detail::is_complex<B>;

#define OPERATION(Name, allowed, expression)        \
  struct Name {                                     \
    template <class A, class B>                     \
    static constexpr bool allows = allowed;         \
    template <class X, class Y>                     \
    auto operator()(const X& a, const Y& b) const { \
      return expression;                            \
    }                                               \
  };
OPERATION(Add, true, a + b)
OPERATION(Subtract, (!both_bool<A, B>), a - b)
OPERATION(Multiply, true, a* b)
OPERATION(Divide, true, a / b)
OPERATION(FloorDivide, (!any_bool<A, B> && !any_complex<A, B>), ramal::floor_divide(a, b))
OPERATION(Remainder, (!any_bool<A, B> && !any_complex<A, B>), a % b)
OPERATION(Minimum, true, ramal::minimum(a, b))
OPERATION(Maximum, true, ramal::maximum(a, b))
OPERATION(Fmax, (!any_complex<A, B>), ramal::fmax(a, b))
OPERATION(Equal, true, a == b)
OPERATION(Less, (!any_complex<A, B>), a < b)
OPERATION(GreaterEqual, (!any_complex<A, B>), a >= b)
OPERATION(BitAnd, (std::integral<A> && std::integral<B>), a& b)
OPERATION(BitXor, (std::integral<A> && std::integral<B>), a ^ b)
OPERATION(LeftShift, (std::integral<A> && std::integral<B> && !both_bool<A, B>), a << b)
OPERATION(RightShift, (std::integral<A> && std::integral<B> && !both_bool<A, B>), a >> b)
OPERATION(LogicalOr, true, ramal::logical_or(a, b))
OPERATION(Hypot, (!any_complex<A, B> && sizeof(A) >= 4), ramal::hypot(a, b))
OPERATION(Where, (!any_complex<A, B>), ramal::where(a, a, b))
OPERATION(FusedMean, (!both_bool<A, B>), (a + b) / 2 - b)
#undef OPERATION

struct Concatenate {
  std::int64_t axis;
  template <class A, class B>
  static constexpr bool allows = std::same_as<A, B>;
  template <class X>
  auto operator()(const X& a, const X& b) const {
    return ramal::concatenate<typename X::value_type>({a, b}, axis);
  }
};

}  // namespace

void add_binary(Operations& all) {
  auto& to = all.binary;
  to["add"] = on_pairs(Add{});
  to["subtract"] = on_pairs(Subtract{});
  to["multiply"] = on_pairs(Multiply{});
  to["divide"] = on_pairs(Divide{});
  to["floor_divide"] = on_pairs(FloorDivide{});
  to["remainder"] = on_pairs(Remainder{});
  to["minimum"] = on_pairs(Minimum{});
  to["maximum"] = on_pairs(Maximum{});
  to["fmax"] = on_pairs(Fmax{});
  to["equal"] = on_pairs(Equal{});
  to["less"] = on_pairs(Less{});
  to["greater_equal"] = on_pairs(GreaterEqual{});
  to["bitwise_and"] = on_pairs(BitAnd{});
  to["bitwise_xor"] = on_pairs(BitXor{});
  to["left_shift"] = on_pairs(LeftShift{});
  to["right_shift"] = on_pairs(RightShift{});
  to["logical_or"] = on_pairs(LogicalOr{});
  to["hypot"] = on_pairs(Hypot{});
  to["where"] = on_pairs(Where{});
  to["fused_mean"] = on_pairs(FusedMean{});
  for (std::int64_t axis = 0; axis < 4; ++axis)
    to["concatenate_" + std::to_string(axis)] = on_pairs(Concatenate{axis});
}

}  // namespace corpus
