// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/collective_turns.hpp"

#include "runtime/executor/deaths.hpp"
#include "runtime/machine/clock.hpp"
#include "runtime/transport/encoded.hpp"

#include <algorithm>
#include <cstdio>

namespace ramal::detail {

namespace {
constexpr double silence_seconds = 30;
}

std::size_t CollectiveTurns::size(const Participant& participant) const {
  return participant.ranks.empty() ? static_cast<std::size_t>(transport_.ranks()) : participant.ranks.size();
}
int CollectiveTurns::rank_of(const Participant& participant, std::size_t k) const {
  return static_cast<int>(participant.ranks.empty() ? k : participant.ranks[k]);
}

void CollectiveTurns::enlist(Name name, std::vector<std::uint32_t> ranks) {
  const auto participant = participants_.emplace(name, Participant{.ranks = std::move(ranks)}).first;
  if (next_ == participants_.end() || name < next_->first) next_ = participant;
}

void CollectiveTurns::ready(Name name, const Failure* failure) {
  const auto found = participants_.find(name);
  if (found == participants_.end() || found->second.state != State::waiting) return;  // given up
  Participant& participant = found->second;
  participant.state = State::ready;
  if (failure != nullptr) participant.failure = *failure;
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
  if (failure) keep_first(tally.failure, *failure);
  // Others may be heard of before the run has come here. This rank's own word is among those counted.
  const auto participant = participants_.find(name);
  if (participant == participants_.end() || tally.heard < size(participant->second)) return;
  const auto first = std::move(tallies_.extract({type, name}).mapped().failure);
  const auto next = type == MessageType::join && !first ? MessageType::enter : MessageType::settle;
  auto& enters = participant->second.enters;
  enters.resize(size(participant->second), 0);
  for (std::size_t k = enters.size(); k-- > 0;) {
    const int to = rank_of(participant->second, k);
    tell(to, next, name, first);
    if (next == MessageType::enter) enters[k] = transport_.mark(to);
  }
}

std::vector<Standing::Turn> CollectiveTurns::standing() const {
  std::vector<Standing::Turn> turns;
  for (const auto& [name, participant] : participants_) {
    if (turns.size() == Standing::most) break;
    const bool has_joined = participant.state != State::waiting && participant.state != State::ready;
    turns.push_back({executor_.participant_text(name.run, name.turn), name.run, name.turn, has_joined});
  }
  return turns;
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
  if (next_ == participants_.end() || next_->second.state != State::ready) return false;
  const auto& [name, participant] = *next_;
  if (under_way_ > 0 && participant.ranks != under_way_ranks_) return false;
  ++under_way_;
  under_way_ranks_ = participant.ranks;
  next_->second.state = State::joined;
  ++next_;
  tell(rank_of(participant, 0), MessageType::join, name, participant.failure);
  return true;
}

void CollectiveTurns::give_up() {
  while (next_ != participants_.end()) {
    auto& [name, participant] = *next_++;
    participant.state = State::given_up;
    ++under_way_;
    tell(rank_of(participant, 0), MessageType::join, name,
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
    const State state = participants_.at(turn.name).state;  // throws if it is of a task that is not here
    if (state == State::waiting || state == State::ready)
      throw DecodeError("a collective task is settled that has not had its turn here");
    participants_.erase(turn.name);
    if (state != State::left) --under_way_;
    if (state == State::given_up) return;  // its inputs may not be there, and nobody waits for it
    executor_.settle(turn.name.run, turn.name.turn, turn.failure ? &*turn.failure : nullptr);
    return;
  }
  Participant& participant = participants_.at(turn.name);
  see_off_enters(participant);
  see_off_shipped(turn.name.run);
  auto failure = executor_.enter(turn.name.run, turn.name.turn, transport_.communicator(participant.ranks));
  if (failure) {
    thrown_[turn.name] = now_seconds();
    thrown_message_ = failure->message;
  }
  participant.state = State::left;
  --under_way_;
  tell(rank_of(participant, 0), MessageType::leave, turn.name, failure);
}

/// From inside the function, this rank could not make up for credits that others still owe. They are between
/// tasks, or will be, and return them.
void CollectiveTurns::see_off_enters(const Participant& participant) {
  transport_.flush();
  for (std::size_t k = 0; k < participant.enters.size(); ++k)
    see_off(rank_of(participant, k), participant.enters[k]);
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
    DeathReports::expect_the_end();
    transport_.abort(70);
  }
}

}  // namespace ramal::detail
