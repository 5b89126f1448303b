// SPDX-License-Identifier: BSD-3-Clause
#include "graph/core/copy_elements.hpp"

#include <ramal/detail/expression.hpp>

namespace ramal::detail {

Tiles::Tiles(const GridCall& call, const CallFrame& frame, const Kernel& kernel)
    : call_(call), kernel_(kernel) {
  std::size_t inputs = 0;
  for (const GridCall::Source& source : call.sources()) inputs += source.blocks;
  blocks_.resize(inputs);
  for (int k = 0; k < kernel.leaves; ++k) {
    const GridCall::Source& of = source(k);
    for (std::size_t i = of.first; i < of.first + of.blocks; ++i)
      blocks_[i] = kernel.leaf[k].memory(frame.input(i), is_padded(k));
    operands_[static_cast<std::size_t>(k)] = {&of, blocks_.data() + of.first,
                                              static_cast<std::int64_t>(kernel.leaf[k].bytes)};
  }
  at_.constants = call.parameters().data() + kernel.leaf_map_bytes();
}

std::span<const std::byte> Tiles::more_parameters() const {
  return call_.parameters().subspan(kernel_.leaf_map_bytes() + static_cast<std::size_t>(kernel_.constants));
}

const TileOperands& Tiles::operands_at(const Walk& walk, std::int64_t done, std::int64_t count) {
  for (int leaf = 0; leaf < kernel_.leaves; ++leaf) {
    const auto k = static_cast<std::size_t>(leaf);
    const std::int64_t stride = walk.stride(k);
    const std::byte* from = walk.at(k) + done * stride;
    const std::size_t bytes = kernel_.leaf[leaf].bytes;
    if (stride == static_cast<std::int64_t>(bytes) || count == 1) {
      at_.leaf[leaf] = from;
      continue;
    }
    Gathered& gathered = gathered_[k];
    at_.leaf[leaf] = gathered.all.data();
    if (stride == 0 && gathered.same == from && gathered.count >= count) continue;
    gathered.all.resize(static_cast<std::size_t>(tile_elements) * bytes);
    at_.leaf[leaf] = gathered.all.data();
    with_element_bytes(bytes, [&, to = gathered.all.data()](auto n) {
      for (std::int64_t i = 0; i < count; ++i)
        std::memcpy(to + i * static_cast<std::int64_t>(n), from + i * stride, n);
    });
    gathered.same = stride == 0 ? from : nullptr;
    gathered.count = count;
  }
  return at_;
}

const void* Tiles::values(const Walk& walk, std::int64_t done, std::int64_t count, void* buffer) {
  const TileOperands& operands = operands_at(walk, done, count);
  if (kernel_.is_copy) return operands.leaf[0];
  kernel_.compute(operands, buffer, count);
  return buffer;
}

void Tiles::fill(const Walk& walk, std::size_t element_bytes, std::byte* to) {
  const auto bytes = static_cast<std::int64_t>(element_bytes);
  if (kernel_.is_copy && walk.stride(0) == bytes) {
    std::memcpy(to, walk.at(0), static_cast<std::size_t>(walk.length()) * element_bytes);
    return;
  }
  for (std::int64_t done = 0; done < walk.length(); done += tile_elements)
    compute(walk, done, std::min(tile_elements, walk.length() - done), to + done * bytes);
}

std::optional<std::size_t> Tiles::reusable(const CallFrame& frame, const Type& block) const {
  for (int k = 0; k < kernel_.leaves; ++k) {
    const GridCall::Source& of = source(k);
    if (is_padded(k) || kernel_.leaf[k].block != &block || of.blocks != 1 ||
        static_cast<int>(of.maps.size()) != call_.dims())
      continue;
    bool is_alike = true;
    for (int d = 0; d < call_.dims(); ++d)
      is_alike = is_alike && of.maps[static_cast<std::size_t>(d)] == AxisMap::along(d);
    const BlockMemory& memory = blocks_[of.first];
    if (is_alike && *memory.shape == box_shape(call_) && *memory.offset == box_offset(call_) &&
        frame.is_last_use(of.first))
      return of.first;
  }
  return std::nullopt;
}

Extents box_shape(const GridCall& call) {
  Extents shape = Extents::filled(call.low().size(), 0);
  for (std::size_t d = 0; d < shape.size(); ++d)
    shape[d] = static_cast<std::uint64_t>(std::max<std::int64_t>(0, call.high()[d] - call.low()[d]));
  return shape;
}
Extents box_offset(const GridCall& call) {
  Extents offset = Extents::filled(call.low().size(), 0);
  for (std::size_t d = 0; d < offset.size(); ++d) offset[d] = static_cast<std::uint64_t>(call.low()[d]);
  return offset;
}
std::string preview_grid(const CallFrame& frame) { return GridCall(frame.literals).text(); }

}  // namespace ramal::detail
