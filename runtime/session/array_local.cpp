// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/array_local.hpp>

namespace ramal::detail {

LocalParts local_parts(const std::vector<BlockBox>& boxes, const std::string& name, std::int64_t axis,
                       std::source_location where) {
  const Extents& first = boxes.front().shape;
  const auto along = static_cast<std::size_t>(checked_axis(axis, first.size(), "from_local", where));
  LocalParts parts{{}, true};
  std::uint64_t begin = 0;
  for (std::size_t rank = 0; rank < boxes.size(); ++rank) {
    const auto& [shape, offset] = boxes[rank];
    Extents expected = first;
    if (shape.size() == first.size()) expected[along] = shape[along];
    if (!(shape == expected))
      refuse_array("from_local '" + name + "': rank 0 has a block of shape " + first.text() +
                       ", which differs along other axes than " + std::to_string(axis) +
                       " from that of rank " + std::to_string(rank) + ", " + shape.text(),
                   where);
    Extents place = Extents::filled(first.size(), 0);
    place[along] = begin;
    parts.are_placed = parts.are_placed && offset == place;
    parts.lengths.push_back(static_cast<std::int64_t>(shape[along]));
    begin += shape[along];
  }
  return parts;
}

void refuse_parts(const std::string& name, std::size_t parts, int ranks, std::source_location where) {
  refuse_array("to_local '" + name + "': expected a length for each of the " + std::to_string(ranks) +
                   " ranks, found " + std::to_string(parts),
               where);
}

}  // namespace ramal::detail
