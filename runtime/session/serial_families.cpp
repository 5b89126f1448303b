// SPDX-License-Identifier: BSD-3-Clause
// How SerialEngine makes families: it plans a family program, as the distributed engine does, and calls
// member by member in the order of its nodes: those that are needed, if only some are asked for. So the two
// can differ in nothing but who runs a member, and when.
#include "runtime/session/serial.hpp"

#include <algorithm>

namespace ramal::detail {

/// The values of a family's members.
class SerialEngine::KeptMembers final : public Residence {
 public:
  explicit KeptMembers(std::vector<Value> values) : values_(std::move(values)) {}
  const std::vector<Value>& values() const { return values_; }

 private:
  std::vector<Value> values_;
};

// --- made for what reads them ---------------------------------------------------------------------------

/// Makes the members of families that the graph starts from, and those that these need. False if there are
/// none to be made.
bool SerialEngine::make_members(const Graph& graph, const Tasks& targets) {
  const FamilyStages stages = family_stages(
      graph, targets, [this](const FamilyNode& family) { return kept_members(family) != nullptr; });
  for (const FamilyStage& stage : stages.stages) {
    PlannedProgram planned;
    const Evaluation all = evaluate(stage.families, planned, stages.read_otherwise, stage.members);
    for (const TaskHandle& member : stage.members) {
      const Task& task = *member.get();
      if (task.residence() == nullptr) keep(task, all.value(planned.node(*task.family()), task.member()));
    }
  }
  return !stages.stages.empty();
}

SerialEngine::Evaluation SerialEngine::evaluate(std::span<const std::shared_ptr<const FamilyNode>> families,
                                                PlannedProgram& planned,
                                                const std::unordered_set<const Task*>& read_otherwise,
                                                std::span<const TaskHandle> members) {
  const auto is_kept = [this](const FamilyNode& family) { return kept_members(family) != nullptr; };
  const HandlesRead read = handles_read(families, is_kept);
  const auto consumed = read.consumed(read_otherwise);
  const auto given_up = ones_given_up(consumed);
  persist(read.all, consumed);
  std::vector<Value> handles;
  ProgramContext context;
  context.kept = [&](const FamilyNode& family) { return KeptAs{is_kept(family) ? ValueId{1} : 0}; };
  context.given = [&](const Task& task) {
    handles.push_back(given(task));
    return GivenMember{handles.size() - 1, 0};
  };
  planned = plan_program(families, context);
  for (const Task* task : consumed) given_up.contains(task) ? task->give_up() : task->set_residence(nullptr);
  ++run_;
  for (const TaskHandle& member : members) {
    const Task& task = *member.get();
    if (task.residence() == nullptr)
      planned.program.wants.push_back(
          {name_of(planned.node(*task.family()), task.member()), 0, Keep::quietly});
  }
  if (!members.empty()) planned.program.need_only_wants();
  Evaluation all{planned, {}, {}};
  for (const ProgramNode& node : planned.program.nodes) {
    all.values.emplace_back();
    all.reads.push_back(reads_of(node));
  }
  for (std::uint32_t i = 0; i < planned.program.nodes.size(); ++i) {
    const ProgramNode& node = planned.program.nodes[i];
    auto& own = all.values[i];
    if (node.kept != 0) {
      own = *kept_members(*planned.families[i]);
    } else if (!node.given.empty()) {
      for (const GivenMember& member : node.given) own.push_back(handles[member.id]);
    } else if (node.loop >= 0 && own.empty()) {
      evaluate_loop(all, planned.program.loops[static_cast<std::size_t>(node.loop)], i);
    } else if (!node.exists() && node.loop < 0) {
      own.resize(static_cast<std::size_t>(node.needed.volume()));
      for (std::int64_t k = 0; k < node.needed.volume(); ++k)
        evaluate_member(all, i, node.extent.number_of(node.needed.place_of(k)));
    }
  }
  return all;
}

/// Two steps of a loop's nodes are held at a time: a step reads only itself and the one before.
void SerialEngine::evaluate_loop(Evaluation& all, const ProgramLoop& loop, std::uint32_t first) {
  const auto& nodes = all.planned.program.nodes;
  for (std::uint32_t i = first; i < loop.first_left; ++i)
    all.values[i].resize(2 * static_cast<std::size_t>(nodes[i].row()) + 1);  // so that none is empty
  std::int64_t step = 0;
  const Value* done = nullptr;
  for (bool is_last = false; !is_last; ++step) {
    for (std::uint32_t i = first; i < loop.first_left; ++i) {
      for (std::int64_t k = 0; k < nodes[i].row(); ++k) evaluate_member(all, i, step * nodes[i].row() + k);
    }
    if (loop.done >= 0) done = &all.value(static_cast<std::uint32_t>(loop.done), step);
    is_last = step + 1 == loop.steps || (done != nullptr && (done->failed() || done->get<bool>()));
  }
  for (std::size_t state = 0; state < loop.states.size(); ++state) {
    const std::uint32_t made_by = loop.states[state];
    for (std::int64_t k = 0; k < nodes[made_by].row(); ++k) {
      const Value& last = all.value(made_by, (step - 1) * nodes[made_by].row() + k);
      all.values[loop.first_left + state].push_back(done != nullptr && done->failed() ? *done : last);
    }
  }
}

const Value& SerialEngine::Evaluation::value(std::uint32_t node, std::int64_t number) const {
  const ProgramNode& of = planned.program.nodes[node];
  std::int64_t at = number;
  if (of.loop >= 0) {
    at = number % (2 * of.row());
  } else if (!of.exists()) {
    at = of.needed.offset_of(of.extent.place_of(number));
  }
  return values[node][static_cast<std::size_t>(at)];
}

void SerialEngine::evaluate_member(Evaluation& all, std::uint32_t i, std::int64_t number) {
  const ProgramNode& node = all.planned.program.nodes[i];
  const Index place = node.extent.place_of(number);
  Value value = call_member(all, i, place);
  if (value.failed()) {
    const auto& failure = value.get<Failure>();
    if (failure.run == run_ && failure.plan == name_of(i, number)) names_.note(failure, all.planned.families);
  }
  const_cast<Value&>(all.value(i, number)) = std::move(value);
}

// --- asked for as a whole -------------------------------------------------------------------------------

void SerialEngine::run(const Families& families) {
  Families fresh, kept;
  for (const auto& family : families) (kept_members(*family) != nullptr ? kept : fresh).push_back(family);
  if (!fresh.empty()) {
    PlannedProgram planned;
    const auto values = evaluate(fresh, planned).values;
    std::vector<Value> asked;
    for (const auto& family : fresh)
      std::ranges::copy(values[planned.node(*family)], std::back_inserter(asked));
    throw_first_failure(asked);
  }
  check(kept);
}

const std::vector<Value>* SerialEngine::kept_members(const FamilyNode& family) const {
  const auto* kept = dynamic_cast<const KeptMembers*>(family.residence.get());
  return kept != nullptr ? &kept->values() : nullptr;
}

void SerialEngine::persist(const Families& families) {
  for (const auto& family : families) {
    if (kept_members(*family) != nullptr) continue;
    PlannedProgram planned;
    auto values = evaluate(std::span(&family, 1), planned).values;
    family->residence = std::make_unique<KeptMembers>(std::move(values[planned.node(*family)]));
  }
}

const std::vector<Value>& SerialEngine::persisted_members(const FamilyNode& family) const {
  if (const auto* values = kept_members(family)) return *values;
  throw_not_kept(family);
}

bool SerialEngine::wait(const Families& families, double) {
  for (const auto& family : families) persisted_members(*family);
  return true;
}

void SerialEngine::check(const Families& families) {
  std::vector<Value> values;
  for (const auto& family : families)
    std::ranges::copy(persisted_members(*family), std::back_inserter(values));
  throw_first_failure(values);
}

void SerialEngine::cancel(const Families& families) {
  for (const auto& family : families) persisted_members(*family);
}

}  // namespace ramal::detail
