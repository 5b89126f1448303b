// SPDX-License-Identifier: BSD-3-Clause
// participants: which ranks run a collective task, its participants, and which of its parts each of them
// gets.
//
//   a part that lies on a participant's rank:   that participant's
//   any other, in the order of parts:           the participant's that has the fewest until then, ties to the
//                                               first
//
// So parts move only where they must, and nobody gets more than an even share by that.
#pragma once

#include <ramal/detail/task.hpp>

#include <vector>

namespace ramal::detail {

struct Participants {
  struct Part {
    std::uint32_t participant;  ///< the participant whose it is: an index into `ranks`
    std::uint32_t place;        ///< its index among the parts of that participant
  };
  std::vector<std::uint32_t> ranks;  ///< in the order of their communicator
  std::vector<Part> parts;

  std::uint32_t rank_of(std::size_t part) const { return ranks[parts[part].participant]; }
};

/// The ranks that a collective task's literals name, in their order; none: all there are.
std::vector<std::uint32_t> stated_ranks(std::span<const std::byte> literals);

/// The ranks that run a collective task of a session with so many. Throws std::invalid_argument if it names
/// another.
std::vector<std::uint32_t> participant_ranks(const Task& collective, std::uint32_t ranks);

/// `part_ranks`: where each part lies. O(parts log participants). Throws as `participant_ranks`.
Participants participants(const Task& collective, std::span<const std::uint32_t> part_ranks,
                          std::uint32_t ranks);

}  // namespace ramal::detail
