// SPDX-License-Identifier: BSD-3-Clause
#include "graph/core/participants.hpp"

#include <ramal/collective.hpp>

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <stdexcept>

namespace ramal::detail {

std::vector<std::uint32_t> checked_ranks(const std::vector<int>& ranks) {
  if (ranks.empty()) throw std::invalid_argument("ramal: a collective task on no ranks: on({}) names none");
  auto sorted = ranks;
  std::sort(sorted.begin(), sorted.end());
  if (sorted.front() < 0) {
    throw std::invalid_argument("ramal: a collective task's ranks are 0 or more, found " +
                                std::to_string(sorted.front()));
  }
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end()) {
    throw std::invalid_argument("ramal: a collective task names each of its ranks once, found " +
                                std::to_string(*twice) + " twice among " + std::to_string(ranks.size()));
  }
  return {ranks.begin(), ranks.end()};
}

std::vector<std::uint32_t> stated_ranks(std::span<const std::byte> literals) {
  Reader reader(literals);
  std::vector<std::uint32_t> ranks(reader.raw<CollectiveHead>().ranks);
  for (auto& rank : ranks) rank = reader.raw<std::uint32_t>();
  return ranks;
}

std::vector<std::uint32_t> participant_ranks(const Task& collective, std::uint32_t ranks) {
  auto named = stated_ranks(collective.literals());
  if (named.empty()) {
    named.resize(ranks);
    std::iota(named.begin(), named.end(), 0);
    return named;
  }
  if (const auto largest = *std::max_element(named.begin(), named.end()); largest >= ranks) {
    throw std::invalid_argument("ramal: collective task " + std::string(collective.name()) +
                                " is to run on rank " + std::to_string(largest) +
                                ", but there are ranks 0 to " + std::to_string(ranks - 1));
  }
  return named;
}

Participants participants(const Task& collective, std::span<const std::uint32_t> part_ranks,
                          std::uint32_t ranks) {
  Participants made{participant_ranks(collective, ranks), std::vector<Participants::Part>(part_ranks.size())};
  const auto nobody = static_cast<std::uint32_t>(made.ranks.size());
  std::vector<std::uint32_t> participant_on(ranks, nobody);
  for (std::uint32_t participant = 0; participant < nobody; ++participant)
    participant_on[made.ranks[participant]] = participant;
  std::vector<std::uint32_t> count(nobody, 0);
  for (const std::uint32_t rank : part_ranks) {
    if (participant_on[rank] != nobody) ++count[participant_on[rank]];
  }
  using Share = std::pair<std::uint32_t, std::uint32_t>;  // parts, participant
  std::priority_queue<Share, std::vector<Share>, std::greater<>> least;
  for (std::uint32_t participant = 0; participant < nobody; ++participant)
    least.emplace(count[participant], participant);
  std::fill(count.begin(), count.end(), 0);
  for (std::size_t k = 0; k < part_ranks.size(); ++k) {
    std::uint32_t participant = participant_on[part_ranks[k]];
    if (participant == nobody) {
      participant = least.top().second;
      const auto parts = least.top().first;
      least.pop();
      least.emplace(parts + 1, participant);
    }
    made.parts[k] = {participant, count[participant]++};
  }
  return made;
}

}  // namespace ramal::detail
