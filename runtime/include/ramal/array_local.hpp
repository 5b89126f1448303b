// SPDX-License-Identifier: BSD-3-Clause
// Arrays of what the ranks of an MPI program have already, and back. See Locals in <ramal/locals.hpp>.
//
//   locals.put("field", ramal::Block<double>::wrap(mine, {rows, columns}, {first_row, 0}));
//   ramal::run(communicator, locals, [](ramal::Session& session) {      // on rank 0
//     const auto field = ramal::from_local<double>(session, "field");
//     ramal::to_local(session, "field", field / field.max());
//   });
#pragma once

#include <ramal/array.hpp>
#include <ramal/session.hpp>

namespace ramal {

namespace detail {

struct BlockBox {
  Extents shape, offset;
};
template <class T>
BlockBox box_of_block(const Block<T>& block) {
  return {block.shape(), block.offset()};
}
/// The lengths along an axis of blocks that lie one behind the other. `are_placed`: their offsets say so too.
struct LocalParts {
  std::vector<std::int64_t> lengths;
  bool are_placed;
};
LocalParts local_parts(const std::vector<BlockBox>& boxes, const std::string& name, std::int64_t axis,
                       std::source_location where);
[[noreturn]] void refuse_parts(const std::string& name, std::size_t parts, int ranks,
                               std::source_location where);

}  // namespace detail

/// One array of the blocks that all ranks put into their Locals under a name, those of rank 0 first along an
/// axis. Where the blocks' offsets tell their places in it, they are used where they lie; else each is copied
/// when it is used. Asks each rank for the shape of its block. Throws std::invalid_argument if shapes differ
/// along other axes, and as Session::from_local.
template <class T>
Array<T> from_local(Session& session, const std::string& name, std::int64_t axis = 0,
                    std::source_location where = std::source_location::current()) {
  const auto blocks = session.from_local<Block<T>>(name);
  const auto boxes = session.compute(map<&detail::box_of_block<T>>(blocks));
  const detail::LocalParts parts = detail::local_parts(boxes, name, axis, where);
  const Extents& first = boxes.front().shape;
  const auto along = static_cast<std::size_t>(detail::checked_axis(axis, first.size(), "from_local", where));
  std::vector<std::vector<std::int64_t>> lengths;
  for (std::size_t d = 0; d < first.size(); ++d)
    lengths.push_back(d == along ? parts.lengths : std::vector{static_cast<std::int64_t>(first[d])});
  if (!parts.are_placed) return from_blocks(blocks, lengths, where);
  std::vector<detail::Axis> axes;
  for (const auto& one : lengths) axes.push_back(detail::Axis::of(one));
  const auto family = as_family(blocks, detail::grid_extent(axes), where);
  return Array<T>(detail::plain_state(family.view(), std::move(axes), where));
}

/// Leaves each rank a block of an array for its Locals after the run: of these lengths along an axis, rank
/// 0's first; without lengths, about as much for each. Waits for them. Throws std::invalid_argument if there
/// are not as many lengths as ranks, or they are not as much together as the axis is long; and as compute.
template <class T, class Node>
void to_local(Session& session, const std::string& name, const Array<T, Node>& array,
              std::vector<std::int64_t> lengths = {}, std::int64_t axis = 0,
              std::source_location where = std::source_location::current()) {
  const auto along =
      static_cast<std::size_t>(detail::checked_axis(axis, array.dimensions(), "to_local", where));
  const Extents shape = array.shape();
  if (lengths.empty()) {
    const auto all = static_cast<std::int64_t>(shape[along]),
               ranks = static_cast<std::int64_t>(session.ranks());
    for (std::int64_t rank = 0; rank < ranks; ++rank)
      lengths.push_back(all * (rank + 1) / ranks - all * rank / ranks);
  }
  if (lengths.size() != static_cast<std::size_t>(session.ranks()))
    detail::refuse_parts(name, lengths.size(), session.ranks(), where);
  std::vector<std::vector<std::int64_t>> chunks;
  for (std::size_t d = 0; d < shape.size(); ++d)
    chunks.push_back(d == along ? lengths : std::vector{static_cast<std::int64_t>(shape[d])});
  session.to_local(name, array.rechunk(Chunks(std::move(chunks)), where).blocks(where).members());
}

}  // namespace ramal
