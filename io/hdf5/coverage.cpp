// SPDX-License-Identifier: BSD-3-Clause
#include "io/hdf5/coverage.hpp"

#include <algorithm>
#include <string>

namespace ramal::detail {
namespace {

struct Area {
  Extents offset, shape;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& offset& shape;
  }
};

/// Every rank's pieces.
std::vector<Area> areas_of(Communicator& communicator, const std::vector<Hdf5Piece>& mine) {
  std::vector<Area> areas;
  for (const Hdf5Piece& piece : mine) areas.push_back({piece.offset, piece.shape});
  Writer counter;
  counter& areas;
  std::string text(counter.size(), '\0');
  Writer writer(reinterpret_cast<std::byte*>(text.data()), text.size());
  writer& areas;
  areas.clear();
  for (const std::string& one : communicator.gather(text)) {
    Reader reader(std::as_bytes(std::span(one)));
    const auto theirs = Codec<std::vector<Area>>::read(reader);
    areas.insert(areas.end(), theirs.begin(), theirs.end());
  }
  return areas;
}

}  // namespace

Extents covered_shape(Communicator& communicator, const std::vector<Hdf5Piece>& mine, const Extents& wanted,
                      const Hdf5Place& place) {
  const std::vector<Area> areas = areas_of(communicator, mine);
  Extents shape = wanted;
  if (areas.empty()) {
    if (wanted.empty()) place.fail("there is no block to write, and no shape was given");
    if (wanted.product() != 0) place.fail("there is no block to fill the shape " + wanted.text());
    return shape;
  }
  if (shape.empty()) shape = Extents::filled(areas.front().shape.size(), 0);
  std::uint64_t elements = 0;
  for (const Area& area : areas) {
    if (area.shape.size() != shape.size())
      place.fail("blocks of " + std::to_string(area.shape.size()) + " and " + std::to_string(shape.size()) +
                 " dimensions cannot make one dataset");
    for (std::size_t d = 0; d < shape.size(); ++d) {
      const std::uint64_t end = area.offset[d] + area.shape[d];
      if (wanted.empty()) shape[d] = std::max(shape[d], end);
      if (end > shape[d])
        place.fail("a block at " + area.offset.text() + " of shape " + area.shape.text() +
                   " reaches beyond " + shape.text());
    }
    elements += area.shape.product();
  }
  if (elements != shape.product()) {
    place.fail("the blocks hold " + std::to_string(elements) + " elements, the whole of shape " +
               shape.text() + " has " + std::to_string(shape.product()) + ": they leave gaps or overlap");
  }
  // Sorted by their first index, only neighbours in that order can overlap.
  std::vector<const Area*> order;
  for (const Area& area : areas) {
    if (area.shape.product() > 0 && !area.shape.empty()) order.push_back(&area);
  }
  std::ranges::sort(order, {}, [](const Area* area) { return area->offset[0]; });
  const auto overlap = [](const Area& a, const Area& b) {
    for (std::size_t d = 0; d < a.shape.size(); ++d) {
      if (a.offset[d] >= b.offset[d] + b.shape[d] || b.offset[d] >= a.offset[d] + a.shape[d]) return false;
    }
    return true;
  };
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t k = i + 1; k < order.size(); ++k) {
      if (order[k]->offset[0] >= order[i]->offset[0] + order[i]->shape[0]) break;
      if (overlap(*order[i], *order[k]))
        place.fail("two blocks overlap, at " + order[i]->offset.text() + " and " + order[k]->offset.text());
    }
  }
  return shape;
}

}  // namespace ramal::detail
