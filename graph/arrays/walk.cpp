// SPDX-License-Identifier: BSD-3-Clause
#include "graph/core/copy_elements.hpp"

#include <ramal/detail/walk.hpp>

#include <limits>

namespace ramal::detail {

Walk::Walk(std::span<const std::int64_t> low, std::span<const std::int64_t> high,
           std::span<const Operand> operands, std::span<const int> order, int apart, bool merge)
    : axes_(std::max<int>(1, static_cast<int>(order.size()))) {
  high_[0] = 1;  // a box without axes has one element
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto axis = static_cast<std::size_t>(order[i]);
    low_[i] = low[axis];
    high_[i] = high[axis];
    position_[axis] = static_cast<int>(i);
    is_empty_ = is_empty_ || low_[i] >= high_[i];
  }
  at_ = low_;
  if (is_empty_) return;
  bool all_in_one_block = true;
  operands_.reserve(operands.size());
  for (const Operand& operand : operands) {
    operands_.push_back({.of = operand, .in_one_block = operand.source->blocks == 1});
    all_in_one_block = all_in_one_block && operand.source->blocks == 1;
    if (operand.source->blocks == 1) measure(operands_.back());
  }
  if (all_in_one_block && merge) merge_axes(apart);
}

/// Finds the strides of an operand that lies in one block, and where its first element is.
void Walk::measure(Moving& operand) {
  const BlockMemory& block = *operand.of.blocks;
  std::int64_t bytes = operand.of.element_bytes;
  operand.at = block.data;
  for (std::size_t s = operand.of.source->maps.size(); s-- > 0;) {
    const AxisMap& map = operand.of.source->maps[s];
    const auto offset = static_cast<std::int64_t>((*block.offset)[s]);
    if (map.out >= 0) {
      const auto i = static_cast<std::size_t>(position_[static_cast<std::size_t>(map.out)]);
      operand.stride[i] += map.step * bytes;
      operand.at += (map.start + map.step * low_[i] - offset) * bytes;
    } else {
      operand.at += (map.start - offset) * bytes;
    }
    bytes *= static_cast<std::int64_t>((*block.memory_shape)[s]);
  }
}

/// Makes one axis of two where every operand goes on from the end of the inner to the next of the outer one.
void Walk::merge_axes(int apart) {
  int to = 0;
  for (int from = 1; from < axes_; ++from) {
    const auto outer = static_cast<std::size_t>(to), inner = static_cast<std::size_t>(from);
    const std::int64_t length = high_[inner] - low_[inner];
    const bool fit = from != apart && std::ranges::all_of(operands_, [&](const Moving& one) {
                       return one.stride[outer] == one.stride[inner] * length;
                     });
    // Of an axis of one element the stride says nothing.
    const std::int64_t outer_length = high_[outer] - low_[outer];
    if (fit || (from != apart && (length == 1 || outer_length == 1))) {
      high_[outer] = low_[outer] + outer_length * length;
      if (length == 1) continue;
      for (Moving& one : operands_) one.stride[outer] = one.stride[inner];
    } else {
      ++to;
      low_[static_cast<std::size_t>(to)] = low_[inner];
      high_[static_cast<std::size_t>(to)] = high_[inner];
      for (Moving& one : operands_) one.stride[static_cast<std::size_t>(to)] = one.stride[inner];
    }
  }
  axes_ = to + 1;
  at_ = low_;
}

/// Finds the block that an operand's element lies in, and shortens the run to what it has of it.
void Walk::locate(Moving& operand) {
  const GridCall::Source& source = *operand.of.source;
  const std::size_t dims = source.maps.size();
  std::array<std::int64_t, most> element;
  std::array<std::size_t, most> stride;
  std::size_t block = 0, blocks = 1;
  for (std::size_t s = dims; s-- > 0; blocks *= static_cast<std::size_t>(source.counts[s]))
    stride[s] = blocks;
  for (std::size_t s = 0; s < dims; ++s) {
    const AxisMap& map = source.maps[s];
    element[s] = map.start;
    if (map.out >= 0)
      element[s] += map.step * at_[static_cast<std::size_t>(position_[static_cast<std::size_t>(map.out)])];
    // The last block along this axis that begins at or before the element.
    std::size_t first = 0, count = static_cast<std::size_t>(source.counts[s]);
    while (count > 1) {
      const std::size_t half = count / 2;
      const BlockMemory& middle = operand.of.blocks[block + (first + half) * stride[s]];
      const bool is_before = static_cast<std::int64_t>((*middle.offset)[s]) <= element[s];
      if (is_before) first += half;
      count = is_before ? count - half : half;
    }
    block += first * stride[s];
  }
  const BlockMemory& found = operand.of.blocks[block];
  std::int64_t bytes = operand.of.element_bytes;
  operand.at = found.data;
  operand.inner = 0;
  for (std::size_t s = dims; s-- > 0;) {
    const AxisMap& map = source.maps[s];
    const auto offset = static_cast<std::int64_t>((*found.offset)[s]);
    const auto shape = static_cast<std::int64_t>((*found.shape)[s]);
    operand.at += (element[s] - offset) * bytes;
    if (map.out >= 0 && position_[static_cast<std::size_t>(map.out)] == axes_ - 1 && map.step != 0) {
      operand.inner += map.step * bytes;
      const std::int64_t room = map.step > 0 ? (offset + shape - 1 - element[s]) / map.step + 1
                                             : (element[s] - offset) / -map.step + 1;
      length_ = std::min(length_, room);
    }
    bytes *= static_cast<std::int64_t>((*found.memory_shape)[s]);
  }
}

bool Walk::next() {
  if (is_empty_) return false;
  const auto inner = static_cast<std::size_t>(axes_ - 1);
  if (begun_) {
    at_[inner] += length_;
    std::size_t d = inner;
    if (at_[inner] == high_[inner]) {
      at_[inner] = low_[inner];
      while (d > 0 && ++at_[d - 1] == high_[d - 1]) {
        at_[d - 1] = low_[d - 1];
        --d;
      }
      if (d == 0) return false;
      --d;
    }
    // Moves by the axes that changed: forward along d, back to their beginning along those within it.
    for (Moving& operand : operands_) {
      if (!operand.in_one_block) continue;
      if (d == inner) {
        operand.at += operand.stride[inner] * length_;
        continue;
      }
      operand.at += operand.stride[d];
      for (std::size_t i = d + 1; i < inner; ++i) operand.at -= operand.stride[i] * (high_[i] - low_[i] - 1);
      operand.at -= operand.stride[inner] * (last_begin_ - low_[inner]);
    }
  }
  begun_ = true;
  length_ = high_[inner] - at_[inner];
  for (Moving& operand : operands_) {
    if (operand.in_one_block) {
      operand.inner = operand.stride[inner];
    } else {
      locate(operand);
    }
  }
  last_begin_ = at_[inner];
  return true;
}

void copy_elements(Walk& walk, std::size_t element_bytes) {
  const auto bytes = static_cast<std::int64_t>(element_bytes);
  while (walk.next()) {
    auto* to = const_cast<std::byte*>(walk.at(0));
    if (walk.stride(0) == bytes && walk.stride(1) == bytes) {
      std::memcpy(to, walk.at(1), static_cast<std::size_t>(walk.length()) * element_bytes);
    } else {
      copy_strided(walk.at(1), walk.stride(1), to, walk.stride(0), walk.length(), element_bytes);
    }
  }
}

}  // namespace ramal::detail
