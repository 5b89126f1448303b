// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/collective_turns.hpp"

#include "runtime/machine/clock.hpp"
#include "runtime/transport/encoded.hpp"

#include <algorithm>
#include <cstdio>

namespace ramal::detail {

namespace {
constexpr double silence_seconds = 30;
}

std::size_t CollectiveTurns::size(const Member& member) const {
  return member.ranks.empty() ? static_cast<std::size_t>(transport_.ranks()) : member.ranks.size();
}
int CollectiveTurns::rank_of(const Member& member, std::size_t k) const {
  return static_cast<int>(member.ranks.empty() ? k : member.ranks[k]);
}

void CollectiveTurns::enlist(Name name, std::vector<std::uint32_t> ranks) {
  const auto member = members_.emplace(name, Member{.ranks = std::move(ranks)}).first;
  if (next_ == members_.end() || name < next_->first) next_ = member;
}

void CollectiveTurns::ready(Name name, const Failure* failure) {
  const auto found = members_.find(name);
  if (found == members_.end() || found->second.state != State::waiting) return;  // given up
  Member& member = found->second;
  member.state = State::ready;
  if (failure != nullptr) member.failure = *failure;
}

void CollectiveTurns::note_shipped(RunId run, int to) {
  std::erase_if(shipped_, [this](const Shipped& one) { return transport_.has_left(one.to, one.mark); });
  shipped_.push_back({run, to, transport_.mark(to)});
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
  auto& enters = member->second.enters;
  enters.resize(size(member->second), 0);
  for (std::size_t k = enters.size(); k-- > 0;) {
    const int to = rank_of(member->second, k);
    tell(to, next, name, first);
    if (next == MessageType::enter) enters[k] = transport_.mark(to);
  }
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

bool CollectiveTurns::join_next() {
  if (next_ == members_.end() || next_->second.state != State::ready) return false;
  const auto& [name, member] = *next_;
  if (under_way_ > 0 && member.ranks != under_way_ranks_) return false;
  ++under_way_;
  under_way_ranks_ = member.ranks;
  next_->second.state = State::joined;
  ++next_;
  tell(rank_of(member, 0), MessageType::join, name, member.failure);
  return true;
}

void CollectiveTurns::give_up() {
  while (next_ != members_.end()) {
    auto& [name, member] = *next_++;
    member.state = State::given_up;
    ++under_way_;
    tell(rank_of(member, 0), MessageType::join, name,
         Failure{.run = name.run,
                 .plan = 0,
                 .rank = transport_.rank(),
                 .cancelled = true,
                 .message = {},
                 .arguments = {}});
  }
}

void CollectiveTurns::take(const Turn& turn) {
  if (turn.type == MessageType::settle) {
    thrown_.erase(turn.name);
    const State state = members_.extract(turn.name).mapped().state;
    if (state != State::left) --under_way_;
    if (state == State::given_up) return;  // its inputs may not be there, and nobody waits for it
    executor_.settle(turn.name.run, turn.name.turn, turn.failure ? &*turn.failure : nullptr);
    return;
  }
  Member& member = members_.at(turn.name);
  see_off_enters(member);
  see_off_shipped(turn.name.run);
  auto failure = executor_.enter(turn.name.run, turn.name.turn, transport_.communicator(member.ranks));
  if (failure) {
    thrown_[turn.name] = now_seconds();
    thrown_message_ = failure->message;
  }
  member.state = State::left;
  --under_way_;
  tell(rank_of(member, 0), MessageType::leave, turn.name, failure);
}

/// From inside the function, this rank could not make up for credits that others still owe. They are between
/// tasks, or will be, and return them.
void CollectiveTurns::see_off_enters(const Member& member) {
  transport_.flush();
  for (std::size_t k = 0; k < member.enters.size(); ++k) see_off(rank_of(member, k), member.enters[k]);
}

void CollectiveTurns::see_off_shipped(RunId run) {
  for (const Shipped& one : shipped_) {
    if (one.run <= run) see_off(one.to, one.mark);
  }
  std::erase_if(shipped_, [run](const Shipped& one) { return one.run <= run; });
}

void CollectiveTurns::see_off(int to, std::uint64_t mark) {
  while (!transport_.has_left(to, mark)) {
    transport_.poll(receiver_);
    transport_.flush();
  }
}

/// Members elsewhere may wait inside an MPI call for one that threw here; nothing but the end frees them.
void CollectiveTurns::check_thrown() {
  const double now = now_seconds();
  for (const auto& [name, since] : thrown_) {
    if (now - since < silence_seconds) continue;
    std::fprintf(
        stderr,
        "ramal: rank %d: a collective task threw here %.0f s ago and is still running on other ranks, "
        "which most likely wait for this one: ending the program. The task is number %u of run %llu; it "
        "threw: %s\n",
        transport_.rank(), now - since, name.turn, static_cast<unsigned long long>(name.run),
        thrown_message_.c_str());
    std::fflush(stderr);
    transport_.abort(70);
  }
}

}  // namespace ramal::detail
