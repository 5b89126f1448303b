// SPDX-License-Identifier: BSD-3-Clause
// Operators and functions of each element, which make expressions of arrays and numbers. Included by
// <ramal/array.hpp>.
#pragma once

#include <ramal/array.hpp>
#include <ramal/detail/array_operations.hpp>

namespace ramal {

namespace detail {

/// What arrays are combined with.
template <class S>
concept ArrayOrNumber = is_array<S> || Number<S>;
template <class... S>
concept ArrayOperands = (ArrayOrNumber<S> && ...) && (is_array<S> || ...);

/// The type that the arrays among these are computed in.
template <class S, class... More>
constexpr auto arrays_type() {
  if constexpr (sizeof...(More) == 0) {
    if constexpr (is_array<S>) {
      return std::type_identity<typename S::value_type>();
    } else {
      return std::type_identity<void>();
    }
  } else {
    using Rest = typename decltype(arrays_type<More...>())::type;
    if constexpr (!is_array<S>) {
      return std::type_identity<Rest>();
    } else if constexpr (std::same_as<Rest, void> || !Number<typename S::value_type>) {
      return std::type_identity<typename S::value_type>();
    } else {
      return std::type_identity<Promoted<typename S::value_type, Rest>>();
    }
  }
}

/// The type of a value beside arrays of T. A whole number is compared as it is.
template <class F, class T, class S>
using ValueType = typename std::conditional_t < requires {
  F::compares;
}
&&std::integral<T>&&std::integral<S> && !std::same_as<T, bool> && !std::same_as<S, bool>,
    std::type_identity<S>, std::type_identity < WeaklyPromoted < T, S >>> ::type;
/// The node that stands for an operand of F beside arrays of T. One with very many leaves is evaluated first.
template <class F, class S, class T>
struct NodeOf {
  using type = Constant<ValueType<F, T, S>>;
};
template <class F, class V, class Node, class T>
struct NodeOf<F, Array<V, Node>, T> {
  using type = std::conditional_t<(Node::leaves > most_leaves), Leaf<V, Node::is_single>, Node>;
};

template <class To, class S>
To checked_value(const S& value, std::string_view what) {
  if constexpr (std::integral<To> && std::integral<S> && !std::same_as<To, bool> && !std::same_as<S, bool>) {
    if (!std::in_range<To>(value))
      throw std::invalid_argument("ramal: " + std::string(what) + ": the value " + std::to_string(value) +
                                  " is not within the type of the array, " +
                                  std::string(short_type_name<To>));
  }
  if constexpr (std::integral<To> && std::floating_point<S> && !std::same_as<To, bool>) {
    constexpr auto least = static_cast<S>(std::numeric_limits<To>::min());
    constexpr S beyond = S(2) * static_cast<S>(std::numeric_limits<To>::max() / 2 + 1);
    if (!(value > least - S(1) && value < beyond) && !(value == least))
      throw std::invalid_argument("ramal: " + std::string(what) + ": the value " + std::to_string(value) +
                                  " is not within the type of the array, " +
                                  std::string(short_type_name<To>));
  }
  return static_cast<To>(value);
}

template <class F, class T, class S>
void add_operand(Operands& operands, const S& operand) {
  if constexpr (!is_array<S>) {
    const auto value = checked_value<ValueType<F, T, S>>(operand, F::name);
    operands.add_constant(&value, sizeof value);
  } else if constexpr (S::node_type::leaves > most_leaves) {
    operands.add(operand.evaluated(operand.state().where).state());
  } else {
    operands.add(operand.state());
  }
}
/// F of each element. Throws std::invalid_argument if the shapes do not broadcast.
template <class F, class... S>
auto applied(const S&... operand) {
  using T = typename decltype(arrays_type<S...>())::type;
  using Node = Apply<F, typename NodeOf<F, S, T>::type...>;
  Operands operands(F::name);
  (add_operand<F, T>(operands, operand), ...);
  return Array<typename Node::type, Node>(operands.applied());
}

}  // namespace detail

#define RAMAL_OPERATOR(op, Name)         \
  template <class L, class R>            \
    requires detail::ArrayOperands<L, R> \
  auto operator op(const L& left, const R& right) { return detail::applied<detail::Name>(left, right); }
RAMAL_OPERATOR(+, Add)
RAMAL_OPERATOR(-, Subtract)
RAMAL_OPERATOR(*, Multiply)
RAMAL_OPERATOR(/, Divide)
RAMAL_OPERATOR(%, Remainder)
RAMAL_OPERATOR(&, BitAnd)
RAMAL_OPERATOR(|, BitOr)
RAMAL_OPERATOR(^, BitXor)
RAMAL_OPERATOR(<<, LeftShift)
RAMAL_OPERATOR(>>, RightShift)
RAMAL_OPERATOR(==, Equal)
RAMAL_OPERATOR(!=, NotEqual)
RAMAL_OPERATOR(<, Less)
RAMAL_OPERATOR(<=, LessEqual)
RAMAL_OPERATOR(>, Greater)
RAMAL_OPERATOR(>=, GreaterEqual)
#undef RAMAL_OPERATOR
template <class A>
  requires detail::is_array<A>
auto operator-(const A& array) { return detail::applied<detail::Negative>(array); }
template <class A>
  requires detail::is_array<A>
auto operator+(const A& array) { return array; }
template <class A>
  requires detail::is_array<A>
auto operator~(const A& array) { return detail::applied<detail::Invert>(array); }
template <class A>
  requires detail::is_array<A>
auto operator!(const A& array) { return detail::applied<detail::LogicalNot>(array); }

#define RAMAL_NAMED(function, Name) \
  template <class A>                \
    requires detail::is_array<A>    \
  auto function(const A& array) { return detail::applied<detail::Name>(array); }
#define RAMAL_FUNCTION(Name, function) RAMAL_NAMED(function, Name)
/// Functions of <cmath>, of each element; of whole numbers in double.
RAMAL_FUNCTIONS
RAMAL_REAL_FUNCTIONS
/// Rounding; whole numbers stay as they are. `rint`, above, rounds halves to even numbers.
RAMAL_ROUNDING_FUNCTIONS
#undef RAMAL_FUNCTION
RAMAL_NAMED(abs, Absolute)
RAMAL_NAMED(sign, Sign)
RAMAL_NAMED(square, Square)
RAMAL_NAMED(conj, Conjugate)
RAMAL_NAMED(real, RealPart)
RAMAL_NAMED(imag, ImaginaryPart)
RAMAL_NAMED(isnan, IsNan)
RAMAL_NAMED(isinf, IsInf)
RAMAL_NAMED(isfinite, IsFinite)
RAMAL_NAMED(logical_not, LogicalNot)
#undef RAMAL_NAMED

#define RAMAL_NAMED(function, ...)       \
  template <class L, class R>            \
    requires detail::ArrayOperands<L, R> \
  auto function(const L& left, const R& right) { return detail::applied<__VA_ARGS__>(left, right); }
#define RAMAL_FUNCTION(Name, function) RAMAL_NAMED(function, detail::Name)
RAMAL_BINARY_FUNCTIONS
#undef RAMAL_FUNCTION
RAMAL_NAMED(floor_divide, detail::FloorDivide)
RAMAL_NAMED(pow, detail::Power)
RAMAL_NAMED(minimum, detail::Extremum<false, false>)
RAMAL_NAMED(maximum, detail::Extremum<true, false>)
RAMAL_NAMED(fmin, detail::Extremum<false, true>)
RAMAL_NAMED(fmax, detail::Extremum<true, true>)
RAMAL_NAMED(logical_and, detail::LogicalAnd)
RAMAL_NAMED(logical_or, detail::LogicalOr)
RAMAL_NAMED(logical_xor, detail::LogicalXor)
#undef RAMAL_NAMED
#undef RAMAL_FUNCTIONS
#undef RAMAL_REAL_FUNCTIONS
#undef RAMAL_ROUNDING_FUNCTIONS
#undef RAMAL_BINARY_FUNCTIONS

/// Where the condition is other than 0 the elements of the one, elsewhere of the other.
template <class C, class A, class B>
  requires(detail::is_array<C>&& detail::ArrayOrNumber<A>&& detail::ArrayOrNumber<B>)
auto where(const C& condition, const A& one, const B& other) {
  return detail::applied<detail::Where>(condition.template as<bool>(), one, other);
}
/// Each element, but not below `low` nor above `high`.
template <class A, class L, class H>
  requires(detail::is_array<A>&& detail::ArrayOrNumber<L>&& detail::ArrayOrNumber<H>)
auto clip(const A& array, const L& low, const H& high) {
  return detail::applied<detail::Clip>(array, low, high);
}

}  // namespace ramal
