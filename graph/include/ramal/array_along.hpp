// SPDX-License-Identifier: BSD-3-Clause
// What is done with whole lines of an array along one of its axes: functions of a line, and sorting.
//
//   void normalize(std::span<const double> line, std::span<double> to);
//   const auto normal = ramal::apply_along_axis<normalize>(a, 0);      // each column
//   const auto order = ramal::argsort(a, 1);                           // of each row
//
// If the axis is cut, the array is cut otherwise before: whole along it, and more finely along its other
// axes, the first ones first, so that blocks keep about their size. An array of one axis becomes one block.
// Each element then goes to another rank at most once; there are as many messages as pieces: blocks before
// times blocks after, at most. An axis that is whole costs nothing, and expressions are fused with what is
// called.
#pragma once

#include <ramal/detail/lines.hpp>
#include <ramal/detail/sorted_order.hpp>

#include <optional>

namespace ramal {

namespace detail {

/// A function of lines as one of blocks, along an axis.
template <class F, class T, class R>
struct LineFunction {
  static constexpr std::string_view name = F::name;
  using type = R;

  Block<R> operator()(const Block<T>& block) const {
    Extents shape = block.shape();
    shape[static_cast<std::size_t>(axis)] = static_cast<std::uint64_t>(length);
    Block<R> made(shape, block.offset());
    for_each_line(block, made, axis, function);
    return made;
  }
  F function;
  std::int64_t axis, length;
};
template <class R, class F, class T, class Node>
Array<R> lines_by(const F& function, const Array<T, Node>& array, int axis, std::int64_t length,
                  std::source_location where) {
  Extents lengths = array.shape();
  lengths[static_cast<std::size_t>(axis)] = static_cast<std::uint64_t>(length);
  return along_axes(LineFunction<F, T, R>{function, axis, length}, array, AxisSet{1} << axis, lengths, where);
}

/// A user's function of a line, by what its signature says.
template <class F, class S>
struct GivenLineFunction {
  static_assert(never<F>,
                "ramal: apply_along_axis needs a function void(std::span<const T> line, std::span<R> to), or "
                "R(std::span<const T> line)");
};
/// It fills a line.
template <class F, class T, class R>
struct GivenLineFunction<F, Signature<void, std::span<const T>, std::span<R>>> {
  static constexpr std::string_view name = "apply_along_axis";
  using From = T;

  void operator()(std::span<const T> line, std::span<R> to) const {
    std::fill(to.begin(), to.end(), R());
    std::invoke(function, line, to);
  }
  template <class Node>
  static Array<R> apply(const F& function, const Array<T, Node>& array, int axis,
                        std::optional<std::int64_t> length, std::source_location where) {
    const std::int64_t own = array.state().axes[static_cast<std::size_t>(axis)].length();
    if (length && *length < 0)
      refuse_array("apply_along_axis: expected a length of 0 or more, found " + std::to_string(*length),
                   where);
    return lines_by<R>(GivenLineFunction{function}, array, axis, length.value_or(own), where);
  }
  F function;
};
/// It gives a number, and the axis goes.
template <class F, class T, class R>
  requires(!std::is_void_v<R>)
struct GivenLineFunction<F, Signature<R, std::span<const T>>> {
  static constexpr std::string_view name = "apply_along_axis";
  using From = T;

  void operator()(std::span<const T> line, std::span<R> to) const { to[0] = std::invoke(function, line); }
  template <class Node>
  static Array<R> apply(const F& function, const Array<T, Node>& array, int axis,
                        std::optional<std::int64_t> length, std::source_location where) {
    if (length)
      refuse_array("apply_along_axis: a function that gives one value of each line has no length, found " +
                       std::to_string(*length),
                   where);
    const Array<R> made = lines_by<R>(GivenLineFunction{function}, array, axis, 1, where);
    std::vector<IndexPart> parts(array.dimensions(), all);
    parts[static_cast<std::size_t>(axis)] = 0;
    return Array<R>(made.state().indexed(parts, where));
  }
  F function;
};
template <class F, class S, class T, class Node>
auto applied_along(const F& function, const Array<T, Node>& array, std::int64_t axis,
                   std::optional<std::int64_t> length, std::source_location where) {
  using Given = GivenLineFunction<F, S>;
  static_assert(
      std::same_as<typename Given::From, T>,
      "ramal: apply_along_axis: the function's lines are of another type than the array; convert it "
      "with .as<T>()");
  return Given::apply(function, array, checked_axis(axis, array.dimensions(), "apply_along_axis", where),
                      length, where);
}

// --- sorting ----------------------------------------------------------------------------------------------

struct SortLine {
  static constexpr std::string_view name = "sort";
  template <class T>
  void operator()(std::span<const T> line, std::span<T> to) const {
    std::copy(line.begin(), line.end(), to.begin());
    if constexpr (std::integral<T>) {  // of which equal ones are the same
      std::sort(to.begin(), to.end());
    } else {
      std::stable_sort(to.begin(), to.end(), sorts_before<T>);
    }
  }
};
struct ArgsortLine {
  static constexpr std::string_view name = "argsort";
  template <class T>
  void operator()(std::span<const T> line, std::span<std::int64_t> to) const {
    std::iota(to.begin(), to.end(), std::int64_t{0});
    std::stable_sort(to.begin(), to.end(), [line](std::int64_t a, std::int64_t b) {
      return sorts_before(line[static_cast<std::size_t>(a)], line[static_cast<std::size_t>(b)]);
    });
  }
};

}  // namespace detail

/// f of each line of an array along an axis, as np.apply_along_axis. f takes a `std::span<const T>` and
///
///   void f(std::span<const T> line, std::span<R> to)     fills a line of `length` elements of the result, or
///                                                        of as many as the array's; these are 0 before
///   R f(std::span<const T> line)                         gives one element; the axis goes
///
/// where T is the array's type. Lines lie without gaps, and are copied if they are not along the last axis.
/// If there are none, f is not called. What f throws makes its task fail. O(1) on rank 0, or O(chunks) where
/// lengths are irregular.
///
/// Throws std::invalid_argument for an axis that is not there, a length below 0, and a length for a function
/// that gives one element.
template <auto f, class T, class Node>
auto apply_along_axis(const Array<T, Node>& array, std::int64_t axis, std::optional<std::int64_t> length = {},
                      std::source_location where = std::source_location::current()) {
  return detail::applied_along<detail::Constantly<f>, detail::SignatureOf<decltype(f)>>({}, array, axis,
                                                                                        length, where);
}
/// The same for a function with state, such as a lambda: trivially copyable, and without addresses, else it
/// throws std::invalid_argument.
///
///   auto above = ramal::apply_along_axis([limit](std::span<const double> line) {
///     return std::ranges::count_if(line, [limit](double x) { return x > limit; });
///   }, a, 0);
template <class F, class T, class Node>
  requires(!detail::is_array<F>)
auto apply_along_axis(const F& function, const Array<T, Node>& array, std::int64_t axis,
                      std::optional<std::int64_t> length = {},
                      std::source_location where = std::source_location::current()) {
  static_assert(!std::is_function_v<F> && !std::is_pointer_v<F>,
                "ramal: a function is given in angle brackets, as in apply_along_axis<f>(array, axis): its "
                "address means nothing on another rank");
  static_assert(std::is_trivially_copyable_v<F>,
                "ramal: the function of apply_along_axis must capture plain values");
  if constexpr (!std::is_empty_v<F>)
    detail::refuse_addresses_in(function, "the function of apply_along_axis", where);
  return detail::applied_along<F, detail::SignatureOf<F>>(function, array, axis, length, where);
}

/// The elements of each line along an axis, the least first, NaN last; equal ones stay in their order. O(m
/// log m) for a line of m. Throws std::invalid_argument for an axis that is not there.
template <class T, class Node>
Array<T> sort(const Array<T, Node>& array, std::int64_t axis = -1,
              std::source_location where = std::source_location::current()) {
  const int d = detail::checked_axis(axis, array.dimensions(), "sort", where);
  return detail::lines_by<T>(detail::SortLine{}, array, d,
                             array.state().axes[static_cast<std::size_t>(d)].length(), where);
}
/// Where in its line each element of `sort` stands; np.argsort(…, kind="stable").
template <class T, class Node>
Array<std::int64_t> argsort(const Array<T, Node>& array, std::int64_t axis = -1,
                            std::source_location where = std::source_location::current()) {
  const int d = detail::checked_axis(axis, array.dimensions(), "argsort", where);
  return detail::lines_by<std::int64_t>(detail::ArgsortLine{}, array, d,
                                        array.state().axes[static_cast<std::size_t>(d)].length(), where);
}

}  // namespace ramal
