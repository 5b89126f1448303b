// SPDX-License-Identifier: BSD-3-Clause
// Reductions of arrays over all or some of their axes. Included by <ramal/array.hpp>.
#pragma once

#include <ramal/detail/array_state.hpp>
#include <ramal/detail/reduction.hpp>

namespace ramal {

/// The axes along which something is done: one, several, or `all`. Numbers below 0 count from the last.
class Axes {
 public:
  Axes(AllOfAxis) {}  // NOLINT: how arguments are passed
  template <std::integral I>
  Axes(I axis) : numbers_{static_cast<std::int64_t>(axis)} {}  // NOLINT
  Axes(std::initializer_list<std::int64_t> axes) : Axes(std::vector<std::int64_t>(axes)) {}
  explicit Axes(std::vector<std::int64_t> axes) : numbers_(std::move(axes)), none_(numbers_.empty()) {}
  /// For Ramal's own use. Throws std::invalid_argument for an axis that is not there, or named twice.
  detail::AxisSet set(std::size_t dims, std::string_view what, std::source_location where) const {
    return none_ ? 0 : detail::axis_set(numbers_, dims, what, where);
  }

  /// Some axes are named, though these may be all.
  bool names_some() const { return !numbers_.empty(); }

 private:
  std::vector<std::int64_t> numbers_;
  bool none_ = false;
};

/// How an array is reduced.
struct ArrayReduceOptions {
  bool keepdims = false;   ///< axes that go stay, with length 1
  std::int64_t arity = 2;  ///< how many blocks' results one task combines; at least 2
};

/// How a variance is computed: of n elements the sum of squares is divided by n - ddof.
struct VarianceOptions {
  double ddof = 0;
  bool keepdims = false;   ///< as in ArrayReduceOptions
  std::int64_t arity = 2;  ///< as there
};

namespace detail {

/// Combines blocks of partial results along the axes that go.
template <class R>
FamilyView combined(FamilyView level, AxisSet gone, std::int64_t arity, std::source_location where) {
  for (int d = level.shape.dims; d-- > 0;) {
    if ((gone >> d & 1) != 0)
      level = reduce_levels<&combine_blocks<R>, Block<typename R::Partial>>(level, d, arity, where);
  }
  return level;
}
template <class Node, class R>
ArrayState reduce_array(const ArrayState& state, AxisSet gone, const ArrayReduceOptions& options,
                        std::source_location where) {
  std::vector<std::byte> more;
  append_padded(more, &gone, sizeof gone);
  for (const Axis& axis : state.axes) {
    const std::int64_t length = axis.length();
    append_padded(more, &length, sizeof length);
  }
  const FamilyView partial =
      expression_family(grid_kind<ReduceThunk<Node, R>, Block<typename R::Partial>>, state, 0, more, where);
  return reduced_state(combined<R>(partial, gone, options.arity, where), state, gone, options.keepdims,
                       where);
}

}  // namespace detail

/// The reductions that an array has, as its methods.
///
///   a.sum()                          over all axes: an array without axes, which computes to a number
///   a.sum(0), a.sum({0, -1})         over some: an array of the others
///   a.sum(0, {.keepdims = true})     with the axes that go as axes of length 1
///
/// Bits do not depend on the number of ranks. Of no elements, sums are 0, products 1; min, max and where they
/// are throw std::invalid_argument. A NaN among the elements makes the result NaN, but for the forms that
/// skip those: nansum and so on. All throw std::invalid_argument for an axis that is not there, or named
/// twice. O(1) on rank 0, and the levels of a tree over the blocks.
template <class T, class Node>
class ArrayReductions {
 public:
#define RAMAL_REDUCTION(function, ...)                                                \
  auto function(std::source_location where = std::source_location::current()) const { \
    return over<true, __VA_ARGS__>(ramal::all, {}, #function, where);                 \
  }                                                                                   \
  auto function(const Axes& axes, ArrayReduceOptions options = {},                    \
                std::source_location where = std::source_location::current()) const { \
    return over<false, __VA_ARGS__>(axes, options, #function, where);                 \
  }
  /// The sum; of whole numbers and bool in 64 bits. Inside a block in 16 lanes and pairwise, between blocks
  /// pairwise.
  RAMAL_REDUCTION(sum, detail::SumReduction<T, false>)
  RAMAL_REDUCTION(nansum, detail::SumReduction<T, true>)
  /// The product, in the types of sums.
  RAMAL_REDUCTION(prod, detail::ProductReduction<T, false>)
  RAMAL_REDUCTION(nanprod, detail::ProductReduction<T, true>)
  /// Whether any element, or each, is other than 0.
  RAMAL_REDUCTION(any, detail::AnyReduction<T>)
  RAMAL_REDUCTION(every, detail::AllReduction<T>)
  /// The least and the greatest element. Complex numbers are ordered by their real parts, then the imaginary.
  RAMAL_REDUCTION(min, Extreme<false, false>, detail::ExtremeValue, some)
  RAMAL_REDUCTION(max, Extreme<true, false>, detail::ExtremeValue, some)
  RAMAL_REDUCTION(nanmin, Extreme<false, true>, detail::ExtremeValue, some)
  RAMAL_REDUCTION(nanmax, Extreme<true, true>, detail::ExtremeValue, some)
  /// Where it is first, as a number within these axes, row by row; of a NaN, where that is.
  RAMAL_REDUCTION(argmin, Place<false, false>, detail::ExtremePlace, some)
  RAMAL_REDUCTION(argmax, Place<true, false>, detail::ExtremePlace, some)
  RAMAL_REDUCTION(nanargmin, Place<false, true>, detail::ExtremePlace, some)
  RAMAL_REDUCTION(nanargmax, Place<true, true>, detail::ExtremePlace, some)
  /// The mean: the sum in double at least, divided; as T, or for whole numbers as double. NaN of no elements.
  RAMAL_REDUCTION(mean, detail::MeanReduction<T, false>, detail::MeanOf<T>)
  RAMAL_REDUCTION(nanmean, detail::MeanReduction<T, true>, detail::MeanOf<T>)
#undef RAMAL_REDUCTION

#define RAMAL_VARIANCE(function, ...)                                                            \
  auto function(std::source_location where = std::source_location::current()) const {            \
    return function(0.0, where);                                                                 \
  }                                                                                              \
  template <std::floating_point D>                                                               \
  auto function(D ddof, std::source_location where = std::source_location::current()) const {    \
    return over<true, __VA_ARGS__>(ramal::all, {}, #function, where, static_cast<double>(ddof)); \
  }                                                                                              \
  auto function(const Axes& axes, VarianceOptions options = {},                                  \
                std::source_location where = std::source_location::current()) const {            \
    return over<false, __VA_ARGS__>(axes, {options.keepdims, options.arity}, #function, where,   \
                                    options.ddof);                                               \
  }
  /// The variance and its square root: the mean square distance from the mean. A whole number names an axis,
  /// one of floating point is `ddof`.
  ///
  ///   a.var()      a.var(1.0)      a.std(0)      a.std(0, {.ddof = 1, .keepdims = true})
  RAMAL_VARIANCE(var, detail::MomentsReduction<T, false>, detail::VarianceOf<T>)
  RAMAL_VARIANCE(std, detail::MomentsReduction<T, false>, detail::DeviationOf<T>)
  RAMAL_VARIANCE(nanvar, detail::MomentsReduction<T, true>, detail::VarianceOf<T>)
  RAMAL_VARIANCE(nanstd, detail::MomentsReduction<T, true>, detail::DeviationOf<T>)
#undef RAMAL_VARIANCE

 private:
  static constexpr bool some = true;  // of no elements there is no result
  template <bool greatest, bool skips>
  using Extreme = detail::ExtremeReduction<T, greatest, skips, false>;
  template <bool greatest, bool skips>
  using Place = detail::ExtremeReduction<T, greatest, skips, true>;

  /// R over some axes, and Finish, if it is not void, of what each element of the result came to.
  template <bool is_single, class R, class Finish = void, bool needs_some = false, class... Constant>
  auto over(const Axes& axes, const ArrayReduceOptions& options, const char* what, std::source_location where,
            const Constant&... constant) const {
    using Partial = detail::Leaf<typename R::Partial, is_single>;
    const detail::ArrayState& state = static_cast<const Array<T, Node>&>(*this).state();
    const detail::AxisSet gone = axes.set(state.dims(), what, where);
    if (needs_some) detail::expect_elements(state, gone, what, where);
    detail::ArrayState made = detail::reduce_array<Node, R>(state, gone, options, where);
    if constexpr (std::same_as<Finish, void>) {
      return Array<typename R::Partial, Partial>(std::move(made));
    } else {
      using Finished = detail::Apply<Finish, Partial, detail::Constant<Constant>...>;
      (detail::append_padded(made.constants, &constant, sizeof constant), ...);
      return Array<typename Finished::type, Finished>(std::move(made)).evaluated(where);
    }
  }
};

}  // namespace ramal
