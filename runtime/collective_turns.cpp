// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/collective_turns.hpp"

#include "runtime/clock.hpp"
#include "runtime/encoded.hpp"

#include <algorithm>
#include <cstdio>

namespace ramal::detail {

namespace {
constexpr double patience_seconds = 30;
}

std::size_t CollectiveTurns::size(const Member& member) const {
  return member.ranks.empty() ? static_cast<std::size_t>(transport_.ranks()) : member.ranks.size();
}
int CollectiveTurns::rank_of(const Member& member, std::size_t k) const {
  return static_cast<int>(member.ranks.empty() ? k : member.ranks[k]);
}

void CollectiveTurns::enlist(Name name, std::vector<std::uint32_t> ranks) {
  members_.emplace(name, Member{.ranks = std::move(ranks)});
}

void CollectiveTurns::ready(Name name, const Failure* failure) {
  Member& member = members_.at(name);
  member.state = State::ready;
  if (failure != nullptr) member.failure = *failure;
}

void CollectiveTurns::tell(int to, MessageType type, Name name, const std::optional<Failure>& failure) {
  if (to == transport_.rank()) {
    hear(type, name, failure);
    return;
  }
  const auto text = failure ? encoded(*failure) : std::vector<std::byte>();
  send_(to, {.type = type, .run = name.run, .slot = name.turn}, text);
}

void CollectiveTurns::hear(MessageType type, Name name, std::optional<Failure> failure) {
  if (type == MessageType::enter || type == MessageType::settle) {
    turns_.push_back({type, name, std::move(failure)});
    return;
  }
  Tally& tally = tallies_[{type, name}];
  ++tally.heard;
  if (failure && (!tally.failure || failure->before(*tally.failure))) tally.failure = std::move(failure);
  // Others may be heard of before the run has come here. This rank's own word is among those counted.
  const auto member = members_.find(name);
  if (member == members_.end() || tally.heard < size(member->second)) return;
  const auto first = std::move(tallies_.extract({type, name}).mapped().failure);
  const auto next = type == MessageType::join && !first ? MessageType::enter : MessageType::settle;
  // This rank last: it may be inside the function for long.
  for (std::size_t k = size(member->second); k-- > 0;) tell(rank_of(member->second, k), next, name, first);
}

bool CollectiveTurns::take() {
  bool any = false;
  while (join_next() || !turns_.empty()) {
    any = true;
    if (turns_.empty()) continue;
    const Turn turn = std::move(turns_.front());
    turns_.pop_front();
    take(turn);
  }
  if (!thrown_.empty()) check_thrown();
  return any;
}

/// The first that has not left, if it has its inputs.
bool CollectiveTurns::join_next() {
  const auto next = std::ranges::find_if(
      members_, [](const auto& member) { return member.second.state != State::left; });
  if (next == members_.end() || next->second.state != State::ready) return false;
  next->second.state = State::joined;
  tell(rank_of(next->second, 0), MessageType::join, next->first, next->second.failure);
  return true;
}

void CollectiveTurns::take(const Turn& turn) {
  if (turn.type == MessageType::settle) {
    thrown_.erase(turn.name);
    members_.erase(turn.name);
    executor_.settle(turn.name.run, turn.name.turn, turn.failure ? &*turn.failure : nullptr);
    return;
  }
  Member& member = members_.at(turn.name);
  let_leave(member);
  auto failure = executor_.enter(turn.name.run, turn.name.turn, transport_.communicator(member.ranks));
  if (failure) {
    thrown_[turn.name] = now_seconds();
    thrown_message_ = failure->message;
  }
  member.state = State::left;
  tell(rank_of(member, 0), MessageType::leave, turn.name, failure);
}

/// The others wait for what this rank has sent: from inside the function it could not make up for credits that
/// they still owe. They are between tasks, or will be, and return them.
void CollectiveTurns::let_leave(const Member& member) {
  transport_.flush();
  if (rank_of(member, 0) != transport_.rank()) return;
  for (std::size_t k = 1; k < size(member); ++k) {
    while (transport_.holds_back(rank_of(member, k))) {
      transport_.poll(receiver_);
      transport_.flush();
    }
  }
}

/// Members elsewhere may wait inside an MPI call for one that threw here; nothing but the end frees them.
void CollectiveTurns::check_thrown() {
  const double now = now_seconds();
  for (const auto& [name, since] : thrown_) {
    if (now - since < patience_seconds) continue;
    std::fprintf(
        stderr,
        "ramal: rank %d: a collective task threw here %.0f s ago and is still running on other ranks, "
        "which most likely wait for this one: ending the program. The task is number %u of run %u; it "
        "threw: %s\n",
        transport_.rank(), now - since, name.turn, name.run, thrown_message_.c_str());
    std::fflush(stderr);
    transport_.abort(70);
  }
}

}  // namespace ramal::detail
