// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/pattern_family.hpp>

namespace ramal::detail {

FamilyView pattern_family(const Kind& kind, const std::vector<Axis>& axes, std::size_t element_bytes,
                          std::vector<FamilySource> sources, std::vector<std::byte> closure,
                          std::source_location where) {
  FamilyTraits traits;
  traits.wishes.result_bytes = stated_bytes(axes, element_bytes);
  // The type of the handle says nothing here.
  return make_family<Void>(kind, grid_extent(axes), std::move(sources), std::move(closure), where,
                           std::move(traits))
      .view();
}

Extents ElementBox::shape() const {
  Extents shape = Extents::filled(low.size(), 0);
  for (std::size_t d = 0; d < low.size(); ++d)
    shape[d] = static_cast<std::uint64_t>(std::max<std::int64_t>(0, high[d] - low[d]));
  return shape;
}
Extents ElementBox::offset() const {
  Extents offset = Extents::filled(low.size(), 0);
  for (std::size_t d = 0; d < low.size(); ++d) offset[d] = static_cast<std::uint64_t>(low[d]);
  return offset;
}
std::string ElementBox::text() const {
  std::string text = "[";
  for (std::size_t d = 0; d < low.size(); ++d)
    text += (d > 0 ? ", " : "") + std::to_string(low[d]) + ':' + std::to_string(high[d]);
  return text + ']';
}

}  // namespace ramal::detail
