// SPDX-License-Identifier: BSD-3-Clause
// What members read by each pattern of <ramal/detail/dependence.hpp>, and who reads a box.
#include <ramal/family.hpp>

#include <algorithm>

namespace ramal::detail {

void Elementwise::reads(const std::byte* closure, const Index& place, Reads& out) {
  const auto sources = closure_as<std::uint32_t>(closure);
  for (std::uint32_t k = 0; k < sources; ++k) {
    if (out.shape(k).volume() == 1) {
      out.add_number(k, 0, k);
    } else {
      out.add(k, place, k);
    }
  }
}
void Elementwise::readers(const std::byte*, const Index&, std::uint32_t, const Region& of,
                          std::vector<Region>& boxes) {
  boxes.push_back(of);
}

namespace {

struct StencilHead {
  Index extent;
  std::int32_t edge;
  std::int32_t count;
};
std::int64_t offset_at(const std::byte* closure, int dims, int k, int dim) {
  std::int64_t offset = 0;
  std::memcpy(&offset,
              closure + sizeof(StencilHead) + sizeof offset * static_cast<std::size_t>(k * dims + dim),
              sizeof offset);
  return offset;
}

/// Calls with each neighbour, in order.
template <class Take>
void for_each_neighbour(const std::byte* closure, const Index& place, const Take& take) {
  const auto head = closure_as<StencilHead>(closure);
  const int dims = head.extent.dims;
  for (int k = 0; k < head.count; ++k) {
    Index neighbour = place;
    bool is_there = true;
    for (int d = 0; d < dims; ++d) {
      std::int64_t at = place[d] + offset_at(closure, dims, k, d);
      const std::int64_t length = head.extent[d];
      if (head.edge == static_cast<std::int32_t>(Edge::clamp)) {
        at = std::clamp<std::int64_t>(at, 0, length - 1);
      } else if (head.edge == static_cast<std::int32_t>(Edge::periodic)) {
        at = (at % length + length) % length;
      } else {
        is_there = is_there && at >= 0 && at < length;
      }
      neighbour[d] = at;
    }
    if (is_there) take(neighbour);
  }
}

void grow(const std::byte* closure, const Region& of, std::vector<Region>& boxes) {
  const auto head = closure_as<StencilHead>(closure);
  const int dims = head.extent.dims;
  Region grown = of;
  for (int d = 0; d < dims; ++d) {
    std::int64_t least = 0, most = 0;
    for (int k = 0; k < head.count; ++k) {
      least = std::min<std::int64_t>(least, offset_at(closure, dims, k, d));
      most = std::max<std::int64_t>(most, offset_at(closure, dims, k, d));
    }
    grown.low[d] = of.low[d] - most;
    grown.high[d] = of.high[d] - least;
  }
  boxes.push_back(grown);
  if (head.edge != static_cast<std::int32_t>(Edge::periodic)) return;
  // What reaches beyond one end comes in at the other.
  for (int d = 0; d < dims; ++d) {
    for (std::size_t i = 0, count = boxes.size(); i < count; ++i) {
      const std::int64_t length = head.extent[d];
      if (boxes[i].high[d] - boxes[i].low[d] >= length) {
        boxes[i].low[d] = 0;
        boxes[i].high[d] = length;
        continue;
      }
      for (const std::int64_t shift : {-length, length}) {
        Region moved = boxes[i];
        moved.low[d] += shift;
        moved.high[d] += shift;
        if (moved.low[d] < length && moved.high[d] > 0) boxes.push_back(moved);
      }
    }
  }
}

}  // namespace

std::vector<std::byte> stencil_closure(const Index& extent, const std::vector<Index>& offsets,
                                       std::int32_t edge, std::source_location where) {
  for (const Index& offset : offsets) {
    if (offset.dims != extent.dims)
      refuse_family("stencil: the offset " + offset.text() +
                        " has not as many numbers as the family's extent " + extent.text(),
                    where);
    // No family is longer, and sums of a place and two offsets stay far from what 64 bits hold.
    constexpr std::int64_t furthest = std::int64_t{1} << 48;
    for (int d = 0; d < offset.dims; ++d) {
      if (offset[d] < -furthest || offset[d] > furthest)
        refuse_family("stencil: the offset " + offset.text() + " leads further than 2^48 places", where);
    }
  }
  const StencilHead head{extent, edge, static_cast<std::int32_t>(offsets.size())};
  std::vector<std::byte> closure(sizeof head + sizeof(std::int64_t) * offsets.size() *
                                                   static_cast<std::size_t>(extent.dims));
  std::memcpy(closure.data(), &head, sizeof head);
  std::byte* at = closure.data() + sizeof head;
  for (const Index& offset : offsets) {
    for (int d = 0; d < extent.dims; ++d, at += sizeof(std::int64_t))
      std::memcpy(at, &offset.at[static_cast<std::size_t>(d)], sizeof(std::int64_t));
  }
  return closure;
}

void StencilPattern::reads(const std::byte* closure, const Index& place, Reads& out) {
  for_each_neighbour(closure, place, [&](const Index& neighbour) { out.add(0, neighbour, 0); });
}
void StencilPattern::readers(const std::byte* closure, const Index&, std::uint32_t, const Region& of,
                             std::vector<Region>& boxes) {
  grow(closure, of, boxes);
}

std::optional<Alignment> StencilPattern::alignment(const std::byte* closure, int dims, std::uint32_t) {
  const auto head = closure_as<StencilHead>(closure);
  Alignment alignment = Alignment::own_place(dims);
  alignment.wraps = head.edge == static_cast<std::int32_t>(Edge::periodic);
  for (int k = 0; k < head.count; ++k) {
    for (int d = 0; d < dims; ++d) {
      alignment.low[d] = std::min<std::int64_t>(alignment.low[d], offset_at(closure, dims, k, d));
      alignment.high[d] = std::max<std::int64_t>(alignment.high[d], offset_at(closure, dims, k, d));
    }
  }
  return alignment;
}

void CoarsenPattern::reads(const std::byte* closure, const Index& place, Reads& out) {
  const auto [block, size] = closure_as<CoarsenClosure>(closure);
  for (std::int64_t i = place[0] * block; i < std::min((place[0] + 1) * block, size); ++i)
    out.add_number(0, i, 0);
}
void CoarsenPattern::readers(const std::byte* closure, const Index&, std::uint32_t, const Region& of,
                             std::vector<Region>& boxes) {
  const auto block = closure_as<CoarsenClosure>(closure).block;
  boxes.push_back({Index(of.low[0] / block), Index((of.high[0] + block - 1) / block)});
}

std::optional<Alignment> CoarsenPattern::alignment(const std::byte* closure, int dims, std::uint32_t) {
  Alignment alignment = Alignment::own_place(dims);
  alignment.read_groups(0, closure_as<CoarsenClosure>(closure).block);
  return alignment;
}

void AllGatherPattern::reads(const std::byte* closure, const Index&, Reads& out) {
  const auto size = closure_as<std::int64_t>(closure);
  for (std::int64_t i = 0; i < size; ++i) out.add_number(0, i, 0);
}

void ColumnPattern::reads(const std::byte* closure, const Index& place, Reads& out) {
  const auto rows = closure_as<ColumnClosure>(closure).rows;
  for (std::int64_t row = 0; row < rows; ++row) out.add(0, Index(row, place[0]), 0);
}

void LevelPattern::reads(const std::byte* closure, const Index& place, Reads& out) {
  const auto [axis, arity, length] = closure_as<LevelClosure>(closure);
  const int d = static_cast<int>(axis);
  Index from = place;
  for (std::int64_t i = place[d] * arity; i < std::min((place[d] + 1) * arity, length); ++i) {
    from[d] = i;
    out.add(0, from, 0);
  }
}
std::optional<Alignment> LevelPattern::alignment(const std::byte* closure, int dims, std::uint32_t) {
  const auto [axis, arity, length] = closure_as<LevelClosure>(closure);
  Alignment alignment = Alignment::own_place(dims);
  alignment.read_groups(static_cast<int>(axis), arity);
  return alignment;
}
void LevelPattern::readers(const std::byte* closure, const Index&, std::uint32_t, const Region& of,
                           std::vector<Region>& boxes) {
  const auto [axis, arity, length] = closure_as<LevelClosure>(closure);
  const int d = static_cast<int>(axis);
  Region box = of;
  box.low[d] = of.low[d] / arity;
  box.high[d] = (of.high[d] + arity - 1) / arity;
  boxes.push_back(box);
}

Region reached(const UserReach& reach, const Index& extent, std::uint32_t source, const Region& of) {
  if (!reach.known || of.low.dims != extent.dims || reach.reach.dims != extent.dims)
    return Region::whole(extent);
  Region box = of;
  const bool itself = source == reach.sources;
  for (int d = 0; d < extent.dims; ++d) {
    box.low[d] = itself && d == 0 ? of.low[0] : of.low[d] - reach.reach[d];
    box.high[d] = of.high[d] + reach.reach[d];
  }
  return box;
}

}  // namespace ramal::detail
