// SPDX-License-Identifier: BSD-3-Clause
// map<f>: one call of f per element of a range.
#pragma once

#include <ramal/delayed.hpp>

#include <ranges>

namespace ramal {

namespace detail {

template <auto f, class Signature = SignatureOf<decltype(f)>>
class MapFunction;

template <auto f, class R, class First, class... Rest>
class MapFunction<f, Signature<R, First, Rest...>> {
 public:
  /// `{f(range[0], rest…), f(range[1], rest…), …}`: a task per element of the range, which holds values
  /// or handles. Further arguments go to every call; give a large one as `ramal::value(x)`. O(n).
  template <std::ranges::range Range>
  std::vector<Delayed<R>> operator()(Range&& range, Arg<Rest>... rest,
                                     std::source_location where = std::source_location::current()) const {
    std::vector<Delayed<R>> results;
    if constexpr (std::ranges::sized_range<Range>) results.reserve(std::ranges::size(range));
    for (const auto& element : range) results.push_back(delayed<f>(element, rest..., where));
    return results;
  }
};

}  // namespace detail

template <auto f>
inline constexpr detail::MapFunction<f> map{};

}  // namespace ramal
