// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/rank/programs.hpp"

#include <algorithm>
#include <array>

namespace ramal::detail {

namespace {

constexpr int most_active = 2;
/// The next to be activated, and the one that it leads to.
constexpr int most_prepared = 2;
/// Fronts that a rank may be ahead of its consumers, and after how many it tells its producers.
constexpr std::int64_t most_ahead = 8;
constexpr std::int64_t telling_period = most_ahead / 2;
/// Fronts have run numbers of their own, apart from those that rank 0 gives.
constexpr RunId first_front_run = RunId{1} << 63;

}  // namespace

void Programs::start(std::span<const std::byte> encoded) {
  auto one = std::make_unique<UnderWay>(FamilyProgram::decode(encoded, images_), rank_);
  last_started_ = std::max(last_started_, one->program.run);
  for (const ProgramWant& wanted : one->program.wants) {
    const std::uint32_t node = node_of(wanted.member);
    const Index place = one->program.nodes[node].extent.place_of(number_of(wanted.member));
    if (one->program.owner(node, place) == rank_)
      one->wants[one->program.front(node, place)].push_back(wanted);
  }
  one->verdicts.resize(one->program.loops.size());
  find_consumed(*one);
  stirred_.push_back(one->program.run);
  programs_.emplace(one->program.run, std::move(one));
  advance();
}

/// Kept values of handles that the program consumes. What no front imports is released at the end.
void Programs::find_consumed(UnderWay& program) const {
  for (std::uint32_t node = 0; node < program.program.nodes.size(); ++node) {
    for (const GivenMember& member : program.program.nodes[node].given) {
      if (member.is_consumed != 0 && member.rank == rank_)
        program.consumed[program.program.nodes[node].front].push_back(member.id);
    }
  }
}

/// Forgets what the fronts of another phase repeat.
Expander::Steady Programs::steady_of(UnderWay& program, std::int64_t number) const {
  const auto steady = program.expander.steady(number);
  if (steady.contains(number) && program.steady_first != steady.first) {
    program.steady_first = steady.first;
    program.steady = nullptr;
    program.steady_layout = nullptr;
  }
  return steady;
}

std::int64_t Programs::steps_of(const UnderWay& program, std::int64_t number) const {
  const auto steady = program.expander.steady(number);
  return steady.contains(number) ? (number - steady.first) * steady.rows : 0;
}

std::shared_ptr<Front> Programs::front_of(UnderWay& program, std::int64_t number) {
  if (const auto steady = steady_of(program, number); steady.contains(number)) {
    if (!program.steady) program.steady = expand(program, steady.first);
    return program.steady;
  }
  auto& front = program.fronts[number];
  if (!front) front = expand(program, number);
  return front;
}

std::shared_ptr<Front> Programs::expand(UnderWay& program, std::int64_t number) {
  auto front = std::make_shared<Front>(program.expander.expand(number));
  for (const std::uint32_t rank : front->consumers) {
    if (program.consumers.try_emplace(rank, number - 1).second)
      program.clear_until = std::min(program.clear_until, number - 1 + most_ahead);
  }
  program.producers.insert(front->producers.begin(), front->producers.end());
  return front;
}

void Programs::prepare(UnderWay& program, std::int64_t number) {
  const auto front = front_of(program, number);
  const auto steady = steady_of(program, number);
  std::shared_ptr<Executor::Layout> layout;
  const bool repeats = steady.contains(number) && number + 1 < steady.end;
  if (repeats && program.steady_layout) {
    layout = program.steady_layout;
  } else {
    const bool is_last = number + 1 == program.program.fronts;
    const auto next = is_last ? nullptr : front_of(program, number + 1);
    // A front that repeats gets a second layout later, which leads to one that does not.
    Subgraph graph = repeats ? front->graph.copy() : std::move(front->graph);
    layout = Executor::lay_out(std::move(graph), *front, next ? next->links : std::span<const Link>());
    if (next && next != program.steady) next->links = {};
    if (repeats) program.steady_layout = layout;
  }
  const std::int64_t steps = steps_of(program, number);
  Executor::Run* run = executor_.prepare(first_front_run | next_run_++, std::move(layout),
                                         {program.program.run, number, front, &program.program, steps});
  program.runs.emplace(number, Prepared{run, front, steps});
  if (!program.mail.empty()) {
    for (const auto& [name, awaited] : front->awaited) {
      const auto found = program.mail.find(name + static_cast<MemberName>(awaited.stride * steps));
      if (found != program.mail.end()) executor_.fill_front(*run, awaited.slot, found->second);
    }
  }
  program.prepared = number + 1;
  const auto still_read = program.last_read.upper_bound(number);
  for (auto one = program.last_read.begin(); one != still_read; one = program.last_read.erase(one)) {
    for (const MemberName name : one->second) program.mail.erase(name);
  }
}

std::vector<Keep> Programs::keeps_of(UnderWay& program, std::int64_t number, const Front& front) {
  std::vector<Keep> keeps;
  const std::int64_t steps = steps_of(program, number);
  const auto wants = program.wants.extract(number);
  if (!wants.empty()) {
    for (const ProgramWant& want : wants.mapped()) {
      const std::uint32_t node = node_of(want.member);
      Index place = program.program.nodes[node].extent.place_of(number_of(want.member));
      if (program.program.nodes[node].pace == Pace::by_steps) place[0] -= steps;
      keeps.push_back({want.id, *front.slot_of(node, place), want.how});
    }
  }
  for (const ProgramKeep& keep : program.program.keeps) {
    for (const Front::Part& part : front.parts) {
      if (part.node != keep.node) continue;
      for (Slot slot = part.first; slot < part.first + static_cast<Slot>(part.region.volume()); ++slot) {
        const Named member = front.member(program.program, slot);
        const auto number_of_it = number_of(member.name) + member.stride * steps;
        keeps.push_back({keep.first + static_cast<ValueId>(number_of_it), slot, Keep::quietly});
      }
    }
  }
  return keeps;
}

void Programs::activate(UnderWay& program, std::int64_t number) {
  const bool is_last = number + 1 == program.program.fronts;
  const auto front = front_of(program, number);
  ++program.active;
  ++program.next;
  Executor::Run* next = is_last ? nullptr : program.runs.at(number + 1).run;
  Executor::Run& run = *program.runs.at(number).run;
  program.fronts.erase(number);
  if (program.is_cancelled) executor_.cancel_all(run);
  executor_.activate(run, next, keeps_of(program, number, *front));
  if (const auto consumed = program.consumed.extract(number); !consumed.empty()) {
    for (const ValueId id : consumed.mapped()) executor_.release(id);
  }
}

Programs::Gate Programs::gate(const UnderWay& program) const {
  const auto number = program.program.loop_with_states(program.next);
  if (!number) return Gate::open;
  const ProgramLoop& loop = program.program.loops[*number];
  bool is_over = program.next == loop.epilogue;
  if (loop.done >= 0) {
    const auto& verdicts = program.verdicts[*number];
    const std::int64_t steps = program.next - loop.front;
    if (verdicts.heard < steps) return Gate::wait;
    is_over = is_over || (verdicts.stop && verdicts.heard == steps);
  }
  if (!is_over) return Gate::open;
  return program.runs.contains(program.next - 1) ? Gate::wait : Gate::end_of_loop;
}

/// The next front is one of a loop whose last step has been run: its states are given to whoever reads them.
void Programs::end_loop(UnderWay& program) {
  const std::size_t number = *program.program.loop_with_states(program.next);
  const ProgramLoop& loop = program.program.loops[number];
  const auto& failure = program.verdicts[number].failure;
  Executor::Run& abandoned = *program.runs.at(program.next).run;
  const auto front = front_of(program, program.next);
  const std::int64_t behind = loop.epilogue + 1;
  auto slot = front->states.begin();
  for (std::uint32_t k = 0; k < loop.states.size(); ++k) {
    const std::uint32_t left = loop.first_left + k;
    const Index& extent = program.program.nodes[left].extent;
    const Region own = program.program.block(left, rank_);
    for (std::int64_t i = 0; i < own.volume(); ++i) {
      const Value& last = Executor::value_of(abandoned, *slot++);
      const MemberName name = name_of(left, extent.number_of(own.place_of(i)));
      const Value value = failure ? Value::make<Failure>(*failure) : last;
      if (value.failed() && program.program.nodes[left].asked)
        keep_first(program.failure, value.get<Failure>());
      program.mail.emplace(name, value);
      program.last_read[behind].push_back(name);
    }
  }
  executor_.abandon(abandoned);
  program.runs.erase(program.next);
  program.fronts.clear();
  program.steady_first = -1;
  program.next = program.prepared = behind;
  tell_progress(program);
}

bool Programs::is_too_far_ahead(UnderWay& program) {
  if (program.next <= program.clear_until || program.consumers.empty()) return false;
  const auto least =
      std::ranges::min_element(program.consumers, {}, [](const auto& one) { return one.second; });
  program.clear_until = least->second + most_ahead;
  return program.next > program.clear_until;
}

/// From time to time, to those that may have to wait for it.
void Programs::tell_progress(UnderWay& program) {
  const std::int64_t lowest = program.runs.empty() ? program.next : program.runs.begin()->first;
  const std::int64_t done = std::min(lowest, program.next) - 1;
  if (program.producers.empty() || (done + 1) / telling_period <= (program.told + 1) / telling_period) return;
  program.told = done;
  for (const std::uint32_t rank : program.producers) tell_progress_(rank, program.program.run, done);
}

bool Programs::hear_progress(RunId number, std::uint32_t rank, std::int64_t done) {
  UnderWay* program = find(number);
  if (program == nullptr) return number <= last_started_;
  const auto [consumer, is_new] = program->consumers.try_emplace(rank, done);
  consumer->second = std::max(consumer->second, done);
  if (program->next > program->clear_until) stirred_.push_back(number);
  return true;
}

void Programs::advance(UnderWay& program) {
  while (program.active < most_active && program.next < program.program.fronts) {
    const Gate next = gate(program);
    if (next == Gate::wait || is_too_far_ahead(program)) return;
    if (next == Gate::end_of_loop) end_loop(program);
    const std::int64_t until = std::min(program.next + most_prepared, program.program.fronts);
    while (program.prepared < until) prepare(program, program.prepared);
    activate(program, program.next);
  }
}

bool Programs::cancel(RunId number) {
  const auto found = programs_.find(number);
  if (found == programs_.end()) return false;
  found->second->is_cancelled = true;
  for (const auto& [front, prepared] : found->second->runs) executor_.cancel_all(*prepared.run);
  return true;
}

void Programs::ended(const FrontRun& front, const Failure* failure) {
  stirred_.push_back(front.program);
  UnderWay& program = *programs_.at(front.program);
  --program.active;
  program.runs.erase(front.number);  // it is gone after this
  tell_progress(program);
  if (failure != nullptr) keep_first(program.failure, *failure);
}

void Programs::advance() {
  while (!stirred_.empty()) {
    const RunId number = stirred_.back();
    stirred_.pop_back();
    const auto found = programs_.find(number);
    if (found == programs_.end()) continue;
    UnderWay& program = *found->second;
    advance(program);
    if (program.active > 0 || program.next < program.program.fronts) continue;
    if (program.program.done != 0) {
      announce_(program.program.done,
                program.failure ? Value::make<Failure>(*program.failure) : Value::make<Void>());
    }
    for (const auto& [front, ids] : program.consumed) {
      for (const ValueId id : ids) executor_.release(id);
    }
    latest_ = nullptr;
    programs_.erase(number);
  }
}

/// Verdicts come in the order of steps: all from one rank, by one way.
void Programs::hear_verdict(UnderWay& program, MemberName member, const Value& value) {
  for (std::size_t i = 0; i < program.program.loops.size(); ++i) {
    const ProgramLoop& loop = program.program.loops[i];
    if (loop.done != node_of(member)) continue;
    auto& verdicts = program.verdicts[i];
    ++verdicts.heard;
    if (value.failed()) verdicts.failure = value.get<Failure>();
    verdicts.stop = value.failed() || value.get<bool>();
    stirred_.push_back(program.program.run);
  }
}

const Type* Programs::type_of(RunId number, MemberName member) const {
  const auto found = programs_.find(number);
  if (found == programs_.end()) return nullptr;
  const auto& nodes = found->second->program.nodes;
  if (node_of(member) >= nodes.size()) throw DecodeError("a member of a family that is not there");
  return nodes[node_of(member)].kind->result;
}

Programs::UnderWay* Programs::find(RunId number) {
  if (latest_ != nullptr && latest_->program.run == number) return latest_;
  const auto found = programs_.find(number);
  return found == programs_.end() ? nullptr : latest_ = found->second.get();
}

bool Programs::take(RunId number, MemberName member, Value value) {
  UnderWay* program = find(number);
  if (program == nullptr) return number <= last_started_;  // else nobody reads it any more
  take(*program, member, std::move(value));
  return true;
}

bool Programs::take_plain(RunId number, std::span<const std::byte> named) {
  UnderWay* program = find(number);
  if (program == nullptr || named.size() < sizeof(MemberName)) return false;
  const auto member = closure_as<MemberName>(named.data());
  const Type& type = *program->program.nodes.at(node_of(member)).kind->result;
  if (!type.plain || type.bytes + sizeof member != named.size()) return false;
  Value value;
  value.set_plain(type, named.data() + sizeof member);
  take(*program, member, std::move(value));
  return true;
}

void Programs::take(UnderWay& program, MemberName member, Value value) {
  if (!program.program.loops.empty()) hear_verdict(program, member, value);
  const auto near = program.expander.near_readers(member);
  const bool is_near = near.last >= 0;
  const bool is_last_chance = is_near && near.last < program.prepared;
  // All of them before any is filled, which may end its front, or lead here again.
  std::array<std::pair<Executor::Run*, Slot>, most_active + most_prepared> waiting;
  std::size_t count = 0;
  const auto& runs = program.runs;
  const auto end = is_near ? runs.upper_bound(near.last) : runs.end();
  for (auto one = runs.lower_bound(near.first); one != end; ++one) {
    const Prepared& prepared = one->second;
    const auto slot = program.expander.awaiting(*prepared.front, prepared.steps, member);
    // What a loop leaves may come from the very slot, and go to later fronts.
    if (slot && Executor::value_of(*prepared.run, *slot).empty()) waiting[count++] = {prepared.run, *slot};
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto [run, slot] = waiting[i];
    if (is_last_chance && i + 1 == count) {
      executor_.fill_front(*run, slot, std::move(value));
    } else {
      executor_.fill_front(*run, slot, value);
    }
  }
  if (is_last_chance) return;
  const std::int64_t last_front = is_near ? near.last : program.expander.last_reader(member);
  if (last_front < program.prepared) return;
  program.mail.emplace(member, std::move(value));
  program.last_read[last_front].push_back(member);
}

}  // namespace ramal::detail
