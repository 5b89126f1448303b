// SPDX-License-Identifier: BSD-3-Clause
// Operators on Delayed: `a + b` is a task that adds, for handles of either side, or a handle and a
// value. Comparisons give a Delayed<bool>. Their tasks know no source line: an operator cannot ask for
// its caller's. There is no && and || (they could not skip their right side).
#pragma once

#include <ramal/delayed.hpp>

#include <ios>

namespace ramal {

namespace detail {

template <class L, class R>
concept OneIsDelayed = (is_delayed<L> || is_delayed<R>)&&!std::derived_from<L, std::ios_base>;

template <class S>
struct OperandOf {
  using type = std::conditional_t<std::is_array_v<S>, std::string, S>;
};
template <class T>
struct OperandOf<Delayed<T>> {
  using type = T;
};
/// The value type behind an operand; a string literal counts as a string.
template <class S>
using Operand = typename OperandOf<S>::type;

}  // namespace detail

// One macro per arity, so that each operator is one line; undefined again below.
#define RAMAL_BINARY(op, named)                                                                             \
  namespace detail::lifted {                                                                                \
  template <class L, class R>                                                                               \
  auto named(const L& left, const R& right) {                                                               \
    return left op right;                                                                                   \
  }                                                                                                         \
  }                                                                                                         \
  template <class L, class R>                                                                               \
    requires detail::OneIsDelayed<L, R>                                                                     \
  auto operator op(const L& left, const R& right) {                                                         \
    return delayed<&detail::lifted::named<detail::Operand<L>, detail::Operand<R>>>(left, right,             \
                                                                                   std::source_location()); \
  }
#define RAMAL_UNARY(op, named)                                                \
  namespace detail::lifted {                                                  \
  template <class T>                                                          \
  auto named(const T& value) {                                                \
    return op value;                                                          \
  }                                                                           \
  }                                                                           \
  template <class T>                                                          \
  auto operator op(const Delayed<T>& value) {                                 \
    return delayed<&detail::lifted::named<T>>(value, std::source_location()); \
  }

RAMAL_BINARY(+, add)
RAMAL_BINARY(-, subtract)
RAMAL_BINARY(*, multiply)
RAMAL_BINARY(/, divide)
RAMAL_BINARY(%, remainder)
RAMAL_BINARY(&, bit_and)
RAMAL_BINARY(|, bit_or)
RAMAL_BINARY(^, bit_xor)
RAMAL_BINARY(<<, shift_left)
RAMAL_BINARY(>>, shift_right)
RAMAL_BINARY(==, equal)
RAMAL_BINARY(!=, not_equal)
RAMAL_BINARY(<, less)
RAMAL_BINARY(<=, less_equal)
RAMAL_BINARY(>, greater)
RAMAL_BINARY(>=, greater_equal)
RAMAL_UNARY(-, negate)
RAMAL_UNARY(+, plus)
RAMAL_UNARY(~, bit_not)
RAMAL_UNARY(!, logical_not)

/// `std::cout << delayed`: a stream is no task's argument.
template <class Stream, class T>
requires std::derived_from<Stream, std::ios_base> Stream& operator<<(Stream& stream, const Delayed<T>&) {
  static_assert(detail::never<T>,
                "ramal: a Delayed has no value yet, so it cannot be printed; compute() it first");
  return stream;
}

#undef RAMAL_BINARY
#undef RAMAL_UNARY

}  // namespace ramal
