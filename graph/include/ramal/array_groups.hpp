// SPDX-License-Identifier: BSD-3-Clause
// Elements along an axis in groups: what xarray's groupby and Dask's flox do, as for monthly means.
//
//   const std::vector<std::int64_t> month = …;                 // for each element along axis 0: 0 to 11
//   auto means = ramal::group_mean(t, month, 12);               // (time, lat, lon) to (12, lat, lon)
//   auto anomalies = t - ramal::take_groups(means, month);      // the mean of its month, at each time
//
//   a of 6 rows, groups 0 1 1 0 -1 1:    row 0 of the result is of rows 0 and 3, row 1 of 1, 2 and 5
//
// Each block is reduced where it lies, to as many rows as it has groups; blocks are then combined pairwise
// along the axis. So neither blocks nor what is made of all of them move far, and a block of one month makes
// one row of partial results, not twelve. Results depend on the chunks alone.
#pragma once

#include <ramal/array.hpp>
#include <ramal/detail/group_reduction.hpp>

namespace ramal {

/// How groups are reduced.
struct GroupOptions {
  std::int64_t axis = 0;  ///< along which the groups are; below 0 from the last
  bool skip_nan = true;   ///< NaN counts as nothing, as xarray has it; otherwise it makes its result NaN
  double ddof = 0;        ///< of group_var and group_std: squares are divided by the count less this
};

namespace detail {

/// R of each group, and what becomes of it at the end.
template <class R, class Finish, class T, class Node, class... Constant>
auto grouped(const Array<T, Node>& array, const std::vector<std::int64_t>& groups, std::int64_t count,
             const GroupOptions& options, std::string_view what, std::source_location where,
             const Constant&... constant) {
  using Partial = typename R::Partial;
  using Finished = Apply<Finish, Leaf<Partial>, detail::Constant<Constant>...>;
  ArrayState partial = grouped_state({.partial = &grid_kind<GroupThunk<Node, R>, Block<Partial>>,
                                      .merge = &grid_kind<MergeGroupsThunk<R>, Block<Partial>>,
                                      .spread = &grid_kind<SpreadGroupsThunk<R>, Block<Partial>>,
                                      .partial_bytes = sizeof(Partial)},
                                     array.state(), groups, count, options.axis, what, where);
  (append_padded(partial.constants, &constant, sizeof constant), ...);
  return Array<typename Finished::type, Finished>(std::move(partial)).evaluated(where);
}

}  // namespace detail

// Each of these takes an array, `groups` with a number for each element along the axis, from 0 to before
// `count` or -1 for elements that are in no group, and gives an array whose axis has `count` elements in its
// place, in one chunk: groups are for what is few beside the elements. O(elements along the axis) on rank 0.
// Throws std::invalid_argument for an axis that is not there, other numbers of groups than elements, and
// groups beyond these.

/// The mean of each group, made in double at least: of float as float, of whole numbers as double. NaN where
/// a group has nothing that counts.
template <class T, class Node>
auto group_mean(const Array<T, Node>& array, const std::vector<std::int64_t>& groups, std::int64_t count,
                const GroupOptions& options = {},
                std::source_location where = std::source_location::current()) {
  const auto by = [&]<bool skips>() {
    return detail::grouped<detail::MeanReduction<T, skips>, detail::MeanOf<T>>(array, groups, count, options,
                                                                               "group_mean", where);
  };
  return options.skip_nan ? by.template operator()<true>() : by.template operator()<false>();
}
/// The sum, in the types of `sum`; 0 of nothing.
template <class T, class Node>
auto group_sum(const Array<T, Node>& array, const std::vector<std::int64_t>& groups, std::int64_t count,
               const GroupOptions& options = {},
               std::source_location where = std::source_location::current()) {
  const auto by = [&]<bool skips>() {
    return detail::grouped<detail::SumReduction<T, skips>, detail::SumItself>(array, groups, count, options,
                                                                              "group_sum", where);
  };
  return options.skip_nan ? by.template operator()<true>() : by.template operator()<false>();
}
/// The least and the greatest. Of nothing NaN; for whole numbers 0, which have none.
template <class T, class Node>
auto group_min(const Array<T, Node>& array, const std::vector<std::int64_t>& groups, std::int64_t count,
               const GroupOptions& options = {},
               std::source_location where = std::source_location::current()) {
  const auto by = [&]<bool skips>() {
    return detail::grouped<detail::ExtremeReduction<T, false, skips, false>, detail::ExtremeValue>(
        array, groups, count, options, "group_min", where);
  };
  return options.skip_nan ? by.template operator()<true>() : by.template operator()<false>();
}
template <class T, class Node>
auto group_max(const Array<T, Node>& array, const std::vector<std::int64_t>& groups, std::int64_t count,
               const GroupOptions& options = {},
               std::source_location where = std::source_location::current()) {
  const auto by = [&]<bool skips>() {
    return detail::grouped<detail::ExtremeReduction<T, true, skips, false>, detail::ExtremeValue>(
        array, groups, count, options, "group_max", where);
  };
  return options.skip_nan ? by.template operator()<true>() : by.template operator()<false>();
}
/// The variance and its square root, in the types of `var`. NaN of nothing.
template <class T, class Node>
auto group_var(const Array<T, Node>& array, const std::vector<std::int64_t>& groups, std::int64_t count,
               const GroupOptions& options = {},
               std::source_location where = std::source_location::current()) {
  const auto by = [&]<bool skips>() {
    return detail::grouped<detail::MomentsReduction<T, skips>, detail::VarianceOf<T>>(
        array, groups, count, options, "group_var", where, options.ddof);
  };
  return options.skip_nan ? by.template operator()<true>() : by.template operator()<false>();
}
template <class T, class Node>
auto group_std(const Array<T, Node>& array, const std::vector<std::int64_t>& groups, std::int64_t count,
               const GroupOptions& options = {},
               std::source_location where = std::source_location::current()) {
  const auto by = [&]<bool skips>() {
    return detail::grouped<detail::MomentsReduction<T, skips>, detail::DeviationOf<T>>(
        array, groups, count, options, "group_std", where, options.ddof);
  };
  return options.skip_nan ? by.template operator()<true>() : by.template operator()<false>();
}

/// How take_groups lays out what it gives.
struct TakeGroupsOptions {
  std::int64_t axis = 0;                  ///< of the groups in the values, and of the elements in the result
  std::vector<std::int64_t> chunks = {};  ///< lengths along it; empty: blocks of about 16 MiB
};
/// The other way: for each number among `groups` the row of that group, along an axis; as
/// `numpy.take(values, groups, axis)`. Elements of -1 get `otherwise`. Give the chunks of the
/// array that it goes together with, so that blocks lie where its own do. O(elements along the axis) on rank
/// 0. Throws std::invalid_argument for an axis that is not there, numbers beyond it, and chunks that do not
/// fit.
///
///   auto anomalies = t - ramal::take_groups(means, month, {.chunks = t.chunks(0)});
template <class T, class Node>
Array<T> take_groups(const Array<T, Node>& values, const std::vector<std::int64_t>& groups,
                     const TakeGroupsOptions& options = {},
                     const std::type_identity_t<T>& otherwise = detail::missing_value<T>(),
                     std::source_location where = std::source_location::current()) {
  const auto made = values.evaluated(where);
  std::vector<std::byte> more;
  detail::append_padded(more, &otherwise, sizeof otherwise);
  return Array<T>(detail::taken_state(detail::grid_kind<detail::TakeGroupsThunk<T>, Block<T>>, sizeof(T),
                                      made.state(), groups, options.axis, options.chunks, more, where));
}

}  // namespace ramal
