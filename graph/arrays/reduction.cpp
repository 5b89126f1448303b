// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/reduction.hpp>

namespace ramal::detail {

ReductionOrder::ReductionOrder(const GridCall& call, std::span<const std::byte> parameters)
    : shape(box_shape(call)), offset(box_offset(call)), dims(call.dims()) {
  Reader reader(parameters);
  gone = reader.raw<AxisSet>();
  for (int d = 0; d < dims; ++d) whole[static_cast<std::size_t>(d)] = reader.raw<std::int64_t>();
  const auto goes = [this](int d) { return (gone >> d & 1) != 0; };
  const auto length = [this](int d) { return static_cast<std::int64_t>(shape[static_cast<std::size_t>(d)]); };
  int last_gone = -1;
  for (int d = 0; d < dims; ++d)
    if (goes(d)) last_gone = d;
  for (const bool now : {false, true}) {
    for (int d = 0; d <= last_gone; ++d) {
      if (goes(d) != now) continue;
      order[axes++] = d;
      (now ? values : results) *= length(d);
      apart += now ? 0 : 1;
    }
  }
  for (int d = last_gone + 1; d < dims; ++d) {
    order[axes++] = d;
    width *= length(d);
  }
  for (int d = 0; d < dims; ++d) {
    if (!goes(d)) continue;
    shape[static_cast<std::size_t>(d)] = 1;
    offset[static_cast<std::size_t>(d)] = 0;
  }
}

std::pair<std::int64_t, std::int64_t> ReductionOrder::places(const Walk& walk) const {
  std::int64_t index = 0;
  for (int d = 0; d < dims; ++d)
    if ((gone >> d & 1) != 0) index = index * whole[static_cast<std::size_t>(d)] + walk.place(d);
  return {index, dims > 0 && (gone >> (dims - 1) & 1) != 0 ? 1 : 0};
}

}  // namespace ramal::detail
