// SPDX-License-Identifier: BSD-3-Clause
// map<f>: one call of f per element of a range, or per member of families.
#pragma once

#include <ramal/family.hpp>

#include <ranges>

namespace ramal {

namespace detail {

Index common_extent(const std::vector<FamilySource>& sources, std::source_location where);
/// The step of each of these families is their own, if it is one of any.
bool any_in_steps(const std::vector<FamilySource>& sources, const Index& extent);

/// Of what stands at one place of each family.
template <auto f, class R>
Family<R> map_families(std::vector<FamilySource> sources, std::source_location where) {
  const Index extent = common_extent(sources, where);
  const bool steps = any_in_steps(sources, extent);
  auto closure = closure_of(static_cast<std::uint32_t>(sources.size()));
  return make_family<R>(member_kind_of<f, false, Elementwise>, extent, std::move(sources), std::move(closure),
                        where, {.steps = steps, .period = 1});
}

template <auto f, class Signature = SignatureOf<decltype(f)>>
class MapFamilies {};
template <auto f, class R, class First, class... Rest>
class MapFamilies<f, Signature<R, First, Rest...>> {
 public:
  /// A family of `f(a[i], b[i], …)`, an Index first if f takes one. A family of one member, a handle or a
  /// value goes to every call. Throws std::invalid_argument for families of different extents.
  Family<R> operator()(const Family<std::remove_cvref_t<First>>& first, FamilyArg<Rest>... rest,
                       std::source_location where = std::source_location::current()) const {
    return map_families<f, R>({{first.view(), {}}, rest.source()...}, where);
  }
};
template <auto f, class R, class Place, class First, class... Rest>
  requires is_place<Place>
class MapFamilies<f, Signature<R, Place, First, Rest...>> {
 public:
  Family<R> operator()(const Family<std::remove_cvref_t<First>>& first, FamilyArg<Rest>... rest,
                       std::source_location where = std::source_location::current()) const {
    return map_families<f, R>({{first.view(), {}}, rest.source()...}, where);
  }
};

template <auto f, class Signature = SignatureOf<decltype(f)>>
class MapFunction;

template <auto f, class R, class First, class... Rest>
class MapFunction<f, Signature<R, First, Rest...>> : public MapFamilies<f> {
 public:
  using MapFamilies<f>::operator();

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
