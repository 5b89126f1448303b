// SPDX-License-Identifier: BSD-3-Clause
// Where values stand among sorted ones.
//
//   const auto places = ramal::searchsorted(grid, points);      // how many of grid are below each point
//   const auto bins = ramal::digitize(points, {0, 1, 10});      // 0 to 3
#pragma once

#include <ramal/detail/sorted_order.hpp>
#include <ramal/detail/statistics.hpp>

namespace ramal {

/// Which place a value has among equal ones: ahead of them, or behind.
enum class SearchSide : std::int64_t { left, right };

namespace detail {

/// Whether a value's place is behind another one.
template <class C, class S>
bool is_behind(const C& value, const S& one, SearchSide side) {
  const C other = static_cast<C>(one);
  return side == SearchSide::left ? sorts_before(other, value) : !sorts_before(value, other);
}

/// Searches each value of a block in sorted ones, which are in one or more blocks. Parameters: the side.
template <class V, class S>
class SearchStatistic {
 public:
  static constexpr std::string_view name = "searchsorted";
  using Result = Block<std::int64_t>;

  explicit SearchStatistic(const StatisticCall& call)
      : side_(call.parameters().raw<SearchSide>()), places_(empty(call)), to_(places_.data()) {
    std::int64_t before = 0;
    for (std::size_t i = 0; i < call.inputs(0); ++i) {
      const Block<S>& block = call.input<Block<S>>(0, i);
      if (!block.empty()) parts_.push_back({block.span(), before});
      before += static_cast<std::int64_t>(block.size());
    }
  }
  static Result empty(const StatisticCall& call) { return Result(call.shape(), call.offset()); }

  void take(const V* values, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) *to_++ = place_of(static_cast<C>(values[i]));
  }
  Result result() && { return std::move(places_); }

 private:
  using C = Promoted<V, S>;
  struct Part {
    std::span<const S> values;
    std::int64_t before;
  };
  std::int64_t place_of(const C& value) const {
    const auto is_below = [&](const S& one) { return is_behind(value, one, side_); };
    auto part = std::partition_point(parts_.begin(), parts_.end(),
                                     [&](const Part& one) { return is_below(one.values.back()); });
    if (part == parts_.end()) {
      if (parts_.empty()) return 0;
      return parts_.back().before + static_cast<std::int64_t>(parts_.back().values.size());
    }
    const auto at = std::partition_point(part->values.begin(), part->values.end(), is_below);
    return part->before + (at - part->values.begin());
  }

  SearchSide side_;
  std::vector<Part> parts_;
  Result places_;
  std::int64_t* to_;
};

/// Bins in rising order; as they are, or backwards. Throws std::invalid_argument if they are in none.
template <class S>
struct Bins {
  Block<S> rising;
  bool fall = false;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& rising& fall;
  }
};
template <class S>
Bins<S> ordered_bins(Block<S> bins) {
  const auto falls = [](const S& a, const S& b) { return b < a; };
  const auto rises = [](const S& a, const S& b) { return a < b; };
  if (std::adjacent_find(bins.begin(), bins.end(), falls) == bins.end()) return {std::move(bins), false};
  if (std::adjacent_find(bins.begin(), bins.end(), rises) != bins.end())
    throw std::invalid_argument("ramal: digitize: expected bins that rise or fall monotonically");
  std::reverse(bins.begin(), bins.end());
  return {std::move(bins), true};
}
template <class V, class S>
class DigitizeStatistic {
 public:
  static constexpr std::string_view name = "digitize";
  using Result = Block<std::int64_t>;

  explicit DigitizeStatistic(const StatisticCall& call)
      : side_(call.parameters().raw<SearchSide>()),
        bins_(call.input<Bins<S>>(0)),
        places_(empty(call)),
        to_(places_.data()) {}
  static Result empty(const StatisticCall& call) { return Result(call.shape(), call.offset()); }

  void take(const V* values, std::int64_t count) {
    using C = Promoted<V, S>;
    const std::span<const S> all = bins_.rising.span();
    for (std::int64_t i = 0; i < count; ++i) {
      const auto value = static_cast<C>(values[i]);
      const auto at = std::partition_point(all.begin(), all.end(),
                                           [&](const S& one) { return is_behind(value, one, side_); });
      *to_++ = bins_.fall ? all.end() - at : at - all.begin();
    }
  }
  Result result() && { return std::move(places_); }

 private:
  SearchSide side_;
  const Bins<S>& bins_;
  Result places_;
  std::int64_t* to_;
};

/// Throws std::invalid_argument unless there is one axis.
void expect_one_axis(const ArrayState& state, const char* what, const char* of, std::source_location where);

template <class Statistic, class T, class Node>
FamilyView searched(const Array<T, Node>& values, ArrayLeaf sorted, SearchSide side,
                    std::source_location where) {
  std::vector<std::byte> parameters;
  append_padded(parameters, &side, sizeof side);
  return statistic_family<Statistic>(values, {std::move(sorted)}, parameters, where, sizeof(std::int64_t));
}
template <class S, class SortedNode, class T, class Node>
FamilyView searched_in(const Array<S, SortedNode>& sorted, const Array<T, Node>& values, SearchSide side,
                       std::source_location where) {
  static_assert(Number<S> && Number<T> && !is_complex<S> && !is_complex<T>,
                "ramal: searchsorted is for arrays of real numbers");
  expect_one_axis(sorted.state(), "searchsorted", "sorted elements", where);
  ArrayLeaf leaf = sorted.evaluated(where).state().leaves[0];
  leaf.grid.maps = {AxisMap::all(sorted.size())};
  return searched<SearchStatistic<T, S>>(values, std::move(leaf), side, where);
}

}  // namespace detail

/// For each value, how many elements of `sorted` are below it; with SearchSide::right also those that equal
/// it. `sorted` is an array of one axis whose elements rise, NaN last; otherwise places mean nothing. Of the
/// shape of the values, and cut as they are. Each task is given all of `sorted`, in its blocks: it must fit
/// into each rank's memory, to which it is sent once. O(values log(sorted)).
template <class S, class SortedNode, class T, class Node>
Array<std::int64_t> searchsorted(const Array<S, SortedNode>& sorted, const Array<T, Node>& values,
                                 SearchSide side = SearchSide::left,
                                 std::source_location where = std::source_location::current()) {
  return Array<std::int64_t>(
      detail::plain_state(detail::searched_in(sorted, values, side, where), values.state().axes, where));
}
/// The same of one value: a number.
template <class S, class SortedNode, detail::Number T>
auto searchsorted(const Array<S, SortedNode>& sorted, const T& value, SearchSide side = SearchSide::left,
                  std::source_location where = std::source_location::current()) {
  const Array<T> one = full<T>({}, value, {}, where);
  return Array<std::int64_t, detail::Leaf<std::int64_t, true>>(
      detail::plain_state(detail::searched_in(sorted, one, side, where), {}, where));
}

/// Which bin each value lies in: i where bins[i - 1] <= value < bins[i], or with `right` where bins[i - 1] <
/// value <= bins[i]; the other way round where bins fall. Below all bins 0, above all as many as there are.
/// All bins are given to each task. A task fails if they neither rise nor fall.
template <class T, class Node, class S, class BinNode>
Array<std::int64_t> digitize(const Array<T, Node>& values, const Array<S, BinNode>& bins, bool right = false,
                             std::source_location where = std::source_location::current()) {
  static_assert(detail::Number<S> && detail::Number<T> && !detail::is_complex<S> && !detail::is_complex<T>,
                "ramal: digitize is for arrays of real numbers");
  detail::expect_one_axis(bins.state(), "digitize", "bins", where);
  const auto ordered = map<&detail::ordered_bins<S>>({bins.rechunk({-1}, where).blocks(where), where});
  return Array<std::int64_t>(detail::plain_state(
      detail::searched<detail::DigitizeStatistic<T, S>>(values, detail::for_all(ordered.view()),
                                                        right ? SearchSide::left : SearchSide::right, where),
      values.state().axes, where));
}
template <class T, class Node>
Array<std::int64_t> digitize(const Array<T, Node>& values, const std::vector<double>& bins,
                             bool right = false,
                             std::source_location where = std::source_location::current()) {
  return digitize(values, from_memory(bins.data(), {bins.size()}, {}, where), right, where);
}

}  // namespace ramal
