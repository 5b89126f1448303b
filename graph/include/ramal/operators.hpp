// SPDX-License-Identifier: BSD-3-Clause
// Operators on Delayed: `a + b` is a task that adds, for handles of either side, or a handle and a
// value. Comparisons give a Delayed<bool>. Their tasks know the operator's line, but for `!`, and == between
// handles of different types. There is no && and || (they could not skip their right side).
//
//   Delayed<double> mean = ramal::reduce<add>(parts) / 128.0;
//
// The operators are + - * / % & | ^ << >> == != < <= > >= and the unary - + ~ !, with the meaning and the
// result type that they have for the values. Each is a task like one of `delayed`: it costs as much, and what
// throws on the values makes it fail. A string literal counts as a std::string. `std::cout << handle` does
// not compile: a handle has no value to print. Throws std::invalid_argument for a moved-from handle.
//
//   parts[0] + parts[1]           a task; each use of the operator makes another
//   2 * parts[0]                  the value may stand on either side
//   a + b + c                     two tasks, the first of which reads a and b
//   sum == 16384                  a Delayed<bool>; whether two handles name one call: same_task(a, b)
//   -x, !done                     of one handle
//   if (session.compute(a < b))   a comparison decides nothing before it is computed
//
// Each operator is a task of its own, so a long expression of cheap ones is faster as one function.
// Assignments such as += are not there: a handle names one result for ever.
#pragma once

#include <ramal/detail/arguments.hpp>

#include <ios>

namespace ramal::detail {

/// An operand that is a value: its own type, and std::string for an array of characters.
template <class S>
struct OperandOf {
  using type = std::conditional_t<std::is_array_v<S>, std::string, S>;
};
/// An operand that is a handle: the type of its result.
template <class T>
struct OperandOf<Delayed<T>> {
  using type = T;
};
/// The value type behind an operand; a string literal counts as a string. It decides which function a task
/// calls.
template <class S>
using Operand = typename OperandOf<S>::type;

/// A handle beside an operator, and the line where that stands: only a conversion can learn it. Only refers
/// to the handle, for as long as the operator's call lasts.
template <class T>
struct Here {
  Here(const Delayed<T>& operand, std::source_location line = std::source_location::current())  // NOLINT
      : handle(operand), where(line) {}
  const Delayed<T>& handle;
  std::source_location where;
};

/// Calls f later, as `delayed<f>` does, with `where` as the caller's line; defined beside `delayed`.
template <auto f, class... A>
auto lift(std::source_location where, const A&... args);

// One macro per arity, so that each operator is one line; undefined again below. They are used twice: first
// for the functions that tasks call, which are named, then for the operators that make such tasks.
#define RAMAL_BINARY(op, named)               \
  template <class L, class R>                 \
  auto named(const L& left, const R& right) { \
    return left op right;                     \
  }
#define RAMAL_EQUALITY RAMAL_BINARY
#define RAMAL_UNARY(op, named) \
  template <class T>           \
  auto named(const T& value) { \
    return op value;           \
  }
#define RAMAL_OPERATORS           \
  RAMAL_BINARY(+, add)            \
  RAMAL_BINARY(-, subtract)       \
  RAMAL_BINARY(*, multiply)       \
  RAMAL_BINARY(/, divide)         \
  RAMAL_BINARY(%, remainder)      \
  RAMAL_BINARY(&, bit_and)        \
  RAMAL_BINARY(|, bit_or)         \
  RAMAL_BINARY(^, bit_xor)        \
  RAMAL_BINARY(<<, shift_left)    \
  RAMAL_BINARY(>>, shift_right)   \
  RAMAL_EQUALITY(==, equal)       \
  RAMAL_EQUALITY(!=, not_equal)   \
  RAMAL_BINARY(<, less)           \
  RAMAL_BINARY(<=, less_equal)    \
  RAMAL_BINARY(>, greater)        \
  RAMAL_BINARY(>=, greater_equal) \
  RAMAL_UNARY(-, negate)          \
  RAMAL_UNARY(+, plus)            \
  RAMAL_UNARY(~, bit_not)

/// The functions behind the tasks. Pictures and error messages show their names: `add`, `subtract`,
/// `less`. Both operands are seen where they are stored, and not copied.
namespace lifted {
RAMAL_OPERATORS
RAMAL_UNARY(!, logical_not)
}  // namespace lifted
#undef RAMAL_BINARY
#undef RAMAL_EQUALITY
#undef RAMAL_UNARY

#define RAMAL_BINARY(op, named)                                                  \
  template <class R>                                                             \
  friend auto operator op(Here<T> left, const R& right) {                        \
    return lift<&lifted::named<T, Operand<R>>>(left.where, left.handle, right);  \
  }                                                                              \
  template <class L>                                                             \
    requires(!is_delayed<L> && !std::derived_from<L, std::ios_base>)             \
  friend auto operator op(const L& left, Here<T> right) {                        \
    return lift<&lifted::named<Operand<L>, T>>(right.where, left, right.handle); \
  }
// The left side of << may be a handle or a value, but no stream: that is the operator at the end of this
// file. C++20 also tries == with its sides exchanged, so between handles both sides must convert alike.
// Handles of different types take no conversion, and thus learn no line.
#define RAMAL_EQUALITY(op, named)                                                \
  template <class R>                                                             \
    requires(!is_delayed<R>)                                                     \
  friend auto operator op(Here<T> left, const R& right) {                        \
    return lift<&lifted::named<T, Operand<R>>>(left.where, left.handle, right);  \
  }                                                                              \
  template <class L>                                                             \
    requires(!is_delayed<L>)                                                     \
  friend auto operator op(const L& left, Here<T> right) {                        \
    return lift<&lifted::named<Operand<L>, T>>(right.where, left, right.handle); \
  }                                                                              \
  friend auto operator op(Here<T> left, Here<T> right) {                         \
    return lift<&lifted::named<T, T>>(left.where, left.handle, right.handle);    \
  }                                                                              \
  template <class U>                                                             \
    requires(!std::same_as<T, U>)                                                \
  friend auto operator op(const Delayed<T>& left, const Delayed<U>& right) {     \
    return lift<&lifted::named<T, U>>(std::source_location(), left, right);      \
  }
#define RAMAL_UNARY(op, named) \
  friend auto operator op(Here<T> value) { return lift<&lifted::named<T>>(value.where, value.handle); }

/// The operators' base has a namespace of its own, since argument-dependent lookup of a handle sees all names
/// beside its base.
namespace found_by_lookup {
/// Base of Delayed<T>, through which its operators are found. It is empty. The operators are its friends, so
/// that they are looked at for handles alone, and not for each operator in a program.
template <class T>
struct Operators {
  RAMAL_OPERATORS
  // This takes the handle itself: beside Delayed's own conversion to bool, that of Here would be ambiguous.
  // So its task does not know its line.
  /// A Delayed of what ! gives for a T, which is a bool for numbers.
  friend auto operator!(const Delayed<T>& value) {
    return lift<&lifted::logical_not<T>>(std::source_location(), value);
  }
};
}  // namespace found_by_lookup
using found_by_lookup::Operators;

#undef RAMAL_OPERATORS
#undef RAMAL_BINARY
#undef RAMAL_EQUALITY
#undef RAMAL_UNARY

}  // namespace ramal::detail

namespace ramal {

/// Does not compile, and says why: `std::cout << handle` would otherwise be the task of an operator <<. To
/// print inside a task, use ramal::log (<ramal/this_task.hpp>).
template <class Stream, class T>
requires std::derived_from<Stream, std::ios_base> Stream& operator<<(Stream& stream, const Delayed<T>&) {
  static_assert(detail::never<T>,
                "ramal: a Delayed has no value yet, so it cannot be printed; compute() it first");
  return stream;
}

}  // namespace ramal
