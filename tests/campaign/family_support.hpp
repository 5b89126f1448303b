// SPDX-License-Identifier: BSD-3-Clause
// What statements of families have in common: extents, families to draw from, and the loops over places that
// say what members read.
#pragma once

#include "program.hpp"

namespace campaign {

/// 1 to 4 lengths, now and then up to 8, of some dozens of places at most; some lengths are 1, and now and
/// then one is 0.
inline Index an_extent(Program& p, int dims = 0) {
  Index extent;
  extent.dims = dims > 0 ? dims : std::min(p.random.between(1, 4), p.random.between(1, 4));
  if (dims == 0 && p.random.one_in(8)) extent.dims = p.random.between(5, 8);
  const int longest[] = {p.random.one_in(6) ? 60 : 14, 7, 4, 3, 2, 2, 2, 2};
  for (int d = 0; d < extent.dims; ++d) extent[d] = p.random.between(1, longest[extent.dims - 1]);
  if (p.has("unit") && p.random.one_in(3)) extent[p.random.below(extent.dims)] = 1;
  if (p.has("empty") && p.random.one_in(16)) extent[p.random.below(extent.dims)] = 0;
  return extent;
}

template <class Function>
auto each_place(const Index& extent, const Function& outcome_at) {
  std::vector<decltype(outcome_at(extent))> all;
  for (std::int64_t number = 0; number < extent.volume(); ++number) all.push_back(outcome_at(extent.place_of(number)));
  return all;
}

/// With wishes or without.
template <class T>
Family<T> perhaps_annotated(Program& p, const Family<T>& family) {
  if (!p.has("annotate") || !p.random.one_in(4)) return family;
  auto wishes = p.wishes();
  wishes.cost = 1;
  return family.annotate(wishes);
}

template <class T>
Group<T> new_group(Program& p, const Index& extent) {
  return {ramal::family<&call<28, T, const Index&>>(extent), extent, each_place(extent, [&](const Index& place) {
            return called(p.own(), &call<28, T, const Index&>, p.constant(place));
          }), p.statement};
}
template <class T>
Group<T> a_group(Program& p) {
  auto& all = p.groups<T>();
  if (all.empty() || p.random.one_in(8)) return new_group<T>(p, an_extent(p));
  const int n = static_cast<int>(all.size());
  return all[static_cast<std::size_t>(std::max(p.random.below(n), p.random.below(n)))];
}
template <class T, class Fits>
Group<T> a_group_that(Program& p, const Fits& fits, const Index& extent) {
  std::vector<Group<T>> fitting;
  for (const auto& group : p.groups<T>())
    if (fits(group)) fitting.push_back(group);
  return fitting.empty() ? new_group<T>(p, extent) : p.random.of(fitting);
}
template <class T>
Group<T> a_group_of_dims(Program& p, int dims) {
  const Index extent = an_extent(p, dims);
  return a_group_that<T>(p, [&](const auto& group) { return group.extent.dims == dims; }, extent);
}
template <class T, class U>
Group<T> of_extent(Program& p, const Group<U>& other) {
  return a_group_that<T>(p, [&](const auto& group) { return group.extent == other.extent; }, other.extent);
}
/// What a loop can begin with: it adds a dimension.
template <class T>
Group<T> a_state(Program& p) {
  const Index extent = an_extent(p, std::min(p.random.between(1, 3), p.random.between(1, 3)));
  return a_group_that<T>(p, [](const auto& group) { return group.extent.dims < Index::most_dims; }, extent);
}
/// Of one member, of any dimensions.
template <class T>
Group<T> a_single(Program& p) {
  return a_group_that<T>(p, [&](const auto& group) { return group.expected.size() == 1; },
                         p.random.one_in(2) ? Index(1) : Index(1, 1, 1));
}

/// Offsets from a place; some odd, some further than any length.
inline std::vector<Index> some_offsets(Program& p, int dims, int count) {
  std::vector<Index> offsets;
  for (int k = 0; k < count; ++k) {
    Index offset;
    offset.dims = dims;
    const int most = p.has("far_offsets") && p.random.one_in(5) ? 25 : 2;
    for (int d = 0; d < dims; ++d) offset[d] = p.random.between(-most, most);
    if (p.random.one_in(4)) offset = p.random.one_in(2) || offsets.empty() ? offset : offsets.back();
    offsets.push_back(offset);
  }
  return offsets;
}

/// What a stencil finds at an offset; nothing beyond an open edge.
inline std::optional<Index> neighbour(const Index& extent, const Index& place, const Index& offset, ramal::Edge edge) {
  Index found = place;
  for (int d = 0; d < extent.dims; ++d) {
    found[d] = place[d] + offset[d];
    switch (edge) {
      case ramal::Edge::open:
        if (found[d] < 0 || found[d] >= extent[d]) return std::nullopt;
        break;
      case ramal::Edge::clamp:
        found[d] = std::clamp<std::int64_t>(found[d], 0, extent[d] - 1);
        break;
      case ramal::Edge::periodic:
        found[d] = (found[d] % extent[d] + extent[d]) % extent[d];
    }
  }
  return found;
}

template <class T, class Function>
auto with_neighbours(Program& p, const Group<T>& group, const Index& place, const std::vector<Index>& offsets, ramal::Edge edge,
                     const Function& function) {
  Outcomes<T> read;
  for (const Index& offset : offsets)
    if (const auto at = neighbour(group.extent, place, offset, edge)) read.push_back(group.at(*at));
  return called_with_all<T>(p.own(), function, std::span<const Outcome<T>>(read));
}

/// A place with a step ahead of it.
inline Index at_step(std::int64_t step, const Index& place) {
  Index whole;
  whole.dims = place.dims + 1;
  whole[0] = step;
  for (int d = 0; d < place.dims; ++d) whole[d + 1] = place[d];
  return whole;
}

/// The tree along one axis, which is taken out of the shape (of the last one, 1 remains).
template <int id, bool in_groups, class T>
Outcomes<T> along(Program& p, const Outcomes<T>& level, Index& shape, int axis, int arity) {
  Index rest;
  rest.dims = std::max(1, shape.dims - 1);
  rest[0] = 1;
  for (int d = 0, to = 0; d < shape.dims; ++d)
    if (d != axis) rest[to++] = shape[d];
  const auto reduced = each_place(rest, [&](const Index& left) {
    Outcomes<T> line;
    for (std::int64_t i = 0; i < shape[axis]; ++i) {
      Index place;
      place.dims = shape.dims;
      for (int d = 0, from = 0; d < shape.dims; ++d) place[d] = d == axis ? i : left[from++];
      line.push_back(level[static_cast<std::size_t>(shape.number_of(place))]);
    }
    return tree<id, in_groups>(p.own(), line, static_cast<std::size_t>(arity));
  });
  shape = rest;
  return reduced;
}

}  // namespace campaign
