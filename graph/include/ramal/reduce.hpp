// SPDX-License-Identifier: BSD-3-Clause
// reduce<op>: combine a range of results pairwise, in a tree whose shape depends on the length alone.
//
//   level 0   a   b   c   d   e        neighbours (2i, 2i+1) are combined left to right;
//              \ /     \ /    |        an unpaired last element moves up unchanged:
//   level 1    ab      cd     e        n-1 operations on ceil(log2 n) levels,
//                \    /       |        the same bits at any rank and thread count
//   level 2       abcd        e
//                     \      /
//   level 3            abcde
#pragma once

#include <ramal/delayed.hpp>

#include <ranges>

namespace ramal {

/// See `reduce`. The shape of the tree, and so the bits of a floating-point result, depend on `arity` and on
/// the number of elements, and on nothing else.
template <class T>
struct ReduceOptions {
  std::size_t arity = 2;                    ///< results combined by one task; at least 2
  std::optional<Delayed<T>> identity = {};  ///< the result for an empty range
};

namespace detail {

/// What an operation combines: its type, and whether it takes neighbours one by one or a group. The type that
/// it takes must be the very type that it returns, so that results can be combined again.
template <class F>
struct OperationTraits {
  static_assert(never<F>, "ramal: reduce needs an operation of type T(T, T), or T(Inputs<T>) for groups");
  using type = void;
};
/// An operation (a, b) -> a, as in std::reduce. Order is kept, so op need not be commutative.
template <class R, class A, class B>
struct OperationTraits<Signature<R, A, B>> {
  static_assert(std::same_as<std::remove_cvref_t<A>, R> && std::same_as<std::remove_cvref_t<B>, R>,
                "ramal: reduce needs an operation of type T(T, T), or T(Inputs<T>) for groups");
  using type = R;
  /// It is called with two neighbours at a time.
  static constexpr bool takes_group = false;
};
/// An operation (a, b, c, …) -> a, which sees up to `arity` neighbours at once, as Inputs<T> or a vector.
template <class R, class P>
struct OperationTraits<Signature<R, P>> {
  static_assert(std::same_as<std::remove_cvref_t<P>, Inputs<R>> ||
                    std::same_as<std::remove_cvref_t<P>, std::vector<R>>,
                "ramal: reduce needs an operation of type T(T, T), or T(Inputs<T>) for groups");
  using type = R;
  /// It is called once for a group.
  static constexpr bool takes_group = true;
};

/// Up to `arity` neighbours, folded left to right by a binary op in one task. The first is copied.
template <auto op, class T>
T fold(Inputs<T> group) {
  T result = group[0];
  for (std::size_t i = 1; i < group.size(); ++i) result = std::invoke(op, std::move(result), group[i]);
  return result;
}

/// An element of a range as a leaf: a handle as it is, converted by a task where its type differs, or a
/// value, which becomes a constant and no task.
template <class T, class Element>
Delayed<T> leaf(const Element& element, std::source_location where) {
  if constexpr (std::same_as<Element, Delayed<T>>) {
    return element;
  } else {
    static_assert(fits<T, Element>(),
                  "ramal: reduce: an element of the range is neither a value of the operation's type nor a "
                  "Delayed of one");
    if constexpr (is_delayed<Element> && fits<T, Element>()) {
      return Delayed<T>(converted<T>(element));
    } else if constexpr (fits<T, Element>()) {
      return value(static_cast<T>(element), where);
    }
  }
}

/// Throw std::invalid_argument that names the caller's line. Kept out of line, so that a call of `reduce` is
/// small.
[[noreturn]] void throw_empty_reduction(std::source_location where);
[[noreturn]] void throw_bad_arity(std::size_t arity, std::source_location where);

/// The tree above these leaves, level by level: `combine(group)` makes the task for one group of neighbours.
/// A group of one moves up as it is. There must be a leaf. O(leaves).
template <class T, class Combine>
Delayed<T> tree(std::vector<Delayed<T>> level, std::size_t arity, const Combine& combine) {
  while (level.size() > 1) {
    std::vector<Delayed<T>> next;
    next.reserve((level.size() + arity - 1) / arity);
    for (std::size_t i = 0; i < level.size(); i += arity) {
      const std::size_t group = std::min(arity, level.size() - i);
      next.push_back(group == 1 ? std::move(level[i]) : combine(std::span(level).subspan(i, group)));
    }
    level = std::move(next);
  }
  return std::move(level.front());
}

}  // namespace detail

/// The pairwise combination of a range of Delayed<T> (or of values) under op, which is T(T, T) for
/// neighbours, or T(Inputs<T>) for groups of up to `arity`. With a larger arity a binary op is folded from
/// left to right within one task: fewer tasks, less parallelism. An associative op gives the left-to-right
/// result; a floating-point one the same bits at any rank and thread count, for one arity. The error of a sum
/// of n numbers grows with log n, not n, as for any pairwise summation (Higham, 1993).
///
/// A range of one gives that element, without a task; an empty one gives `identity`. Makes n-1 tasks for
/// arity 2, on ceil(log2 n) levels; O(n). Throws std::invalid_argument for an empty range without identity,
/// naming the caller's line, for an arity below 2, and for a moved-from handle among several.
///
///   Delayed<double> sum = ramal::reduce<add>(parts);
///   Delayed<double> none = ramal::reduce<add>(std::vector<double>(), {.identity = ramal::value(0.0)});
///   Delayed<Table> all = ramal::reduce<merge>(tables, {.arity = 8});     // merge(ramal::Inputs<Table>)
///
/// A binary op that takes its first argument by value gets it moved in where nobody else needs it, so that
/// blocks are added up in place.
template <auto op, std::ranges::range Range,
          class T = typename detail::OperationTraits<detail::SignatureOf<decltype(op)>>::type>
Delayed<T> reduce(Range&& range, std::type_identity_t<ReduceOptions<T>> options = {},
                  std::source_location where = std::source_location::current()) {
  using Operation = detail::OperationTraits<detail::SignatureOf<decltype(op)>>;
  if (options.arity < 2) detail::throw_bad_arity(options.arity, where);
  std::vector<Delayed<T>> leaves;
  for (const auto& element : range) leaves.push_back(detail::leaf<T>(element, where));
  if (leaves.empty()) {
    if (!options.identity) detail::throw_empty_reduction(where);
    return *options.identity;
  }
  return detail::tree<T>(std::move(leaves), options.arity, [&](std::span<Delayed<T>> group) -> Delayed<T> {
    if constexpr (Operation::takes_group) {
      return delayed<op>(std::vector<Delayed<T>>(group.begin(), group.end()), where);
    } else {
      if (group.size() == 2) return delayed<op>(group[0], group[1], where);
      static constexpr detail::DelayedFunction<&detail::fold<op, T>> folded{};
      return folded(std::vector<Delayed<T>>(group.begin(), group.end()), where);
    }
  });
}

/// The same for an operation with state, in pairs: `reduce(delay(closure), range)`. Each task has a copy of
/// the state.
///
///   const auto capped = ramal::delay([limit](long a, long b) { return std::min(limit, a + b); });
///   Delayed<long> all = ramal::reduce(capped, parts);
///
/// Throws
/// std::invalid_argument for an empty range, and for a moved-from handle among several.
template <class F, class R, class... P, std::ranges::range Range>
  requires(sizeof...(P) == 2)
Delayed<R> reduce(const detail::DelayedClosure<F, detail::Signature<R, P...>>& op, Range&& range,
                  std::source_location where = std::source_location::current()) {
  std::vector<Delayed<R>> leaves;
  for (const auto& element : range) leaves.push_back(detail::leaf<R>(element, where));
  if (leaves.empty()) detail::throw_empty_reduction(where);
  return detail::tree<R>(std::move(leaves), 2,
                         [&](std::span<Delayed<R>> pair) { return op(pair[0], pair[1], where); });
}

}  // namespace ramal
