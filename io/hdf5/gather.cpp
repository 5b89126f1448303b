// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/hdf5_jobs.hpp>

#include "io/files/posix.hpp"

#include <algorithm>
#include <cstring>

namespace ramal::detail {
namespace {

/// So many chunks of an axis in one.
Axis merged_axis(const Axis& axis, std::int64_t chunks) {
  const AxisView& view = axis.view();
  if (view.table == nullptr) {
    const std::int64_t width = std::min(view.length, view.width * chunks);
    return Axis::shifted(view.length, width, std::min(view.length, view.end(chunks - 1)));
  }
  std::vector<std::int64_t> lengths;
  for (std::int64_t chunk = 0; chunk < view.count; chunk += chunks)
    lengths.push_back(view.begin(std::min(view.count, chunk + chunks)) - view.begin(chunk));
  return Axis::of(lengths);
}

}  // namespace

std::vector<Axis> gathering_axes(const std::vector<Axis>& axes, std::int64_t most) {
  std::vector<Axis> merged = axes;
  std::int64_t ahead = 1;  // chunks of the axes before the one that is looked at
  std::size_t d = 0;
  while (d < axes.size() && ahead * axes[d].count() <= most) ahead *= axes[d++].count();
  if (d == axes.size()) return merged;
  const std::int64_t wanted = std::max<std::int64_t>(1, most / ahead);
  merged[d] = merged_axis(axes[d], (axes[d].count() + wanted - 1) / wanted);
  while (++d < axes.size()) merged[d] = Axis::whole(axes[d].length());
  return merged;
}

Hdf5Piece piece_of(std::span<const Hdf5AnyBlock> parts) {
  const Hdf5AnyBlock& first = parts.front();
  if (parts.size() == 1) return {first.memory.data(), first.offset, first.shape};
  Extents low = first.offset, high = first.offset;
  for (const Hdf5AnyBlock& part : parts) {
    for (std::size_t d = 0; d < low.size(); ++d) {
      low[d] = std::min(low[d], part.offset[d]);
      high[d] = std::max(high[d], part.offset[d] + part.shape[d]);
    }
  }
  for (std::size_t d = 0; d < low.size(); ++d) high[d] -= low[d];
  return {nullptr, low, high, parts};
}

void assemble(const Hdf5Piece& piece, std::size_t element_bytes, std::byte* to) {
  const Extents low = piece_of(piece.parts).offset;  // the piece itself may have been moved on, to append it
  for (const Hdf5AnyBlock& part : piece.parts) {
    Extents offset = part.offset;
    for (std::size_t d = 0; d < offset.size(); ++d) offset[d] -= low[d];
    for_each_run(piece.shape, offset, part.shape,
                 [&](std::uint64_t in_piece, std::uint64_t in_part, std::uint64_t count) {
                   std::memcpy(to + in_piece * element_bytes, part.memory.data() + in_part * element_bytes,
                               count * element_bytes);
                 });
  }
}

void add_pieces(Inputs<Hdf5Blocks> lists, std::vector<Hdf5Job>& jobs) {
  for (const Hdf5Blocks& list : lists)
    if (!list.all.empty()) jobs.at(list.entry).mine.push_back(piece_of(list.all));
}

}  // namespace ramal::detail
