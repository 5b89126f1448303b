// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/standing.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

namespace ramal::detail {

namespace {

std::string duration(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, seconds < 10 ? "%.1f s" : "%.0f s", seconds);
  return text;
}

/// Where the chain goes on from a rank, and the lines that lead there.
struct ChainLink {
  std::optional<std::size_t> next = {};
  std::vector<std::string> lines = {};
};

std::string rank_text(std::size_t rank) { return "rank " + std::to_string(rank); }

ChainLink beyond_awaited(std::size_t rank, const Standing& own, const std::set<std::size_t>& seen) {
  for (const Standing::Awaited& one : own.awaited) {
    if (one.rank < 0 || seen.contains(static_cast<std::size_t>(one.rank))) continue;
    const auto from = static_cast<std::size_t>(one.rank);
    return {from, {rank_text(rank) + " waits for " + one.task + " from " + rank_text(from)}};
  }
  return {};
}

/// From a rank that has joined to one that has not.
ChainLink beyond_turn(std::size_t rank, const Standing& own, const Standings& ranks,
                      const std::set<std::size_t>& seen) {
  for (const Standing::Turn& turn : own.turns) {
    if (!turn.has_joined) continue;
    for (std::size_t other = 0; other < ranks.size(); ++other) {
      if (seen.contains(other)) continue;
      const bool holds_up = !ranks[other] || std::ranges::any_of(ranks[other]->turns, [&](const auto& its) {
        return its.run == turn.run && its.turn == turn.turn && !its.has_joined;
      });
      if (holds_up)
        return {other,
                {rank_text(rank) + " waits to enter collective task " + turn.task + ", and " +
                 rank_text(other) + " has not joined"}};
    }
  }
  return {};
}

/// What a rank that waits for nobody does.
std::vector<std::string> end_of_chain(std::size_t rank, const Standing& own) {
  if (own.is_short_of_memory)
    return {rank_text(rank) + " has tasks that wait for memory: results take " +
            std::to_string(own.bytes_held) + " bytes, see RAMAL_MEMORY_BYTES"};
  if (!own.is_at_rest) return {rank_text(rank) + " has tasks that are ready and have not begun"};
  return {rank_text(rank) + " has nothing to do, and waits for nobody that is not named above"};
}

/// Of a family all ranks may have members: one that holds up the others.
std::size_t busiest(const Standings& ranks) {
  const auto first = [&ranks](const auto& holds_up) {
    return static_cast<std::size_t>(std::ranges::find_if(ranks, holds_up) - ranks.begin());
  };
  const std::size_t inside = first([](const auto& one) { return !one || !one->inside.empty(); });
  const std::size_t at_work = first([](const auto& one) {
    return !one || !one->awaited.empty() || !one->turns.empty() || !one->is_at_rest;
  });
  if (inside < ranks.size()) return inside;
  return at_work < ranks.size() ? at_work : 0;
}

}  // namespace

std::string Standing::text(const std::string& prefix) const {
  std::string lines = prefix + std::to_string(tasks_run) + " tasks done, the last " +
                      duration(quiet_seconds) + " ago; holds " + std::to_string(values_kept) +
                      " kept values, " + std::to_string(bytes_held) + " bytes counted" +
                      (is_short_of_memory ? "; tasks wait for memory" : "") + "\n";
  for (const Inside& one : inside)
    lines += prefix + "inside task " + one.task + " for " + duration(one.seconds) + "\n";
  for (const Awaited& one : awaited)
    lines += prefix + "waits for " + one.task +
             (one.rank >= 0 ? " from " + rank_text(static_cast<std::size_t>(one.rank)) : "") + "\n";
  for (const Turn& one : turns)
    lines +=
        prefix +
        (one.has_joined ? "waits for others to join collective task " : "is waited for by collective task ") +
        one.task + "\n";
  return lines;
}

std::vector<std::string> blocking_chain(const Standing::Awaited& first, const Standings& ranks) {
  std::vector<std::string> chain = {
      "the program waits for " + first.task +
      (first.rank >= 0 ? " from " + rank_text(static_cast<std::size_t>(first.rank)) : "")};
  std::set<std::size_t> seen;
  std::optional<std::size_t> rank = first.rank >= 0 ? static_cast<std::size_t>(first.rank) : busiest(ranks);
  while (rank && *rank < ranks.size()) {
    const std::size_t at = *rank;
    seen.insert(at);
    if (!ranks[at]) {
      chain.push_back(rank_text(at) +
                      " does not answer: it is inside a task, of which it tells itself, or was stopped");
      return chain;
    }
    const Standing& own = *ranks[at];
    for (const Standing::Inside& one : own.inside)
      chain.push_back(rank_text(at) + " is inside task " + one.task + " for " + duration(one.seconds));
    if (!own.inside.empty()) return chain;
    ChainLink link = beyond_awaited(at, own, seen);
    if (!link.next) link = beyond_turn(at, own, ranks, seen);
    if (!link.next) link.lines = end_of_chain(at, own);
    chain.insert(chain.end(), link.lines.begin(), link.lines.end());
    rank = link.next;
  }
  return chain;
}

bool is_deadlock(const Standings& before, const Standings& now) {
  if (before.size() != now.size()) return false;
  std::uint64_t on_the_way = 0;
  for (std::size_t r = 0; r < now.size(); ++r) {
    if (!now[r] || !before[r] || !now[r]->is_at_rest || !now[r]->inside.empty() || now[r]->is_short_of_memory)
      return false;
    if (now[r]->tasks_run != before[r]->tasks_run || now[r]->sent != before[r]->sent ||
        now[r]->received != before[r]->received)
      return false;
    on_the_way += now[r]->sent - now[r]->received;
  }
  return on_the_way == 0;
}

}  // namespace ramal::detail
