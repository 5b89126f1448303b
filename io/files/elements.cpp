// SPDX-License-Identifier: BSD-3-Clause
// Some of a file's elements, by boxes of those that lie side by side.
#include "io/files/zarr_metadata.hpp"

#include <utility>

namespace ramal::detail {

void read_elements(void* memory, std::size_t element_bytes, const std::vector<Steps>& elements,
                   const Extents& offset, const Extents& shape, const ReadBox& read) {
  if (shape.product() == 0) return;
  const std::size_t dims = shape.size();
  Extents from = offset, box = shape, turns = Extents::filled(dims, 1);
  for (std::size_t d = 0; d < dims; ++d) {
    const auto step = static_cast<std::uint64_t>(elements[d].step);
    from[d] = static_cast<std::uint64_t>(elements[d].start) + step * offset[d];
    if (step > 1) std::swap(box[d], turns[d]);  // one after the other, each by itself
  }
  if (turns.product() == 1) return read(memory, from, box);
  const Extents strides = row_strides(shape), box_strides = row_strides(box);
  std::string scratch(box.product() * element_bytes, '\0');
  const Extents first = from;
  for (Extents turn = Extents::filled(dims, 0);;) {
    std::uint64_t to = 0;
    for (std::size_t d = 0; d < dims; ++d) {
      from[d] = first[d] + turn[d] * static_cast<std::uint64_t>(elements[d].step);
      to += turn[d] * strides[d];
    }
    read(scratch.data(), from, box);
    copy_box(static_cast<std::byte*>(memory) + to * element_bytes, strides,
             reinterpret_cast<const std::byte*>(scratch.data()), box_strides, box, element_bytes);
    std::size_t d = dims;
    while (d-- > 0) {
      if (++turn[d] < turns[d]) break;
      turn[d] = 0;
    }
    if (d == ~std::size_t{0}) return;
  }
}

}  // namespace ramal::detail
