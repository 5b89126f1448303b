// SPDX-License-Identifier: BSD-3-Clause
// How DistributedEngine makes families: what of them is asked for is planned as a family program, and kept.
#include "runtime/session/distributed.hpp"

namespace ramal::detail {

// --- made for what reads them ---------------------------------------------------------------------------

/// Starts the families whose members the graph starts from, and those that these need, stage by stage. From
/// then on these members are kept results like others. False if there are none to be made.
bool DistributedEngine::make_members(const Graph& graph, const Tasks& targets) {
  const FamilyStages stages = family_stages(
      graph, targets, [this](const FamilyNode& family) { return kept_.find(family) != nullptr; });
  for (const FamilyStage& stage : stages.stages) make_stage(stage, stages.read_otherwise);
  return !stages.stages.empty();
}

/// What these families read of handles is made of members of the stages before, which are kept by now.
void DistributedEngine::make_stage(const FamilyStage& stage,
                                   const std::unordered_set<const Task*>& read_otherwise) {
  const Shipments::PuttingOff putting_off(shipments_);
  PlannedProgram planned = plan_families(stage.families, read_otherwise);
  FamilyProgram& program = planned.program;
  const FamilyNode* family = nullptr;
  std::uint32_t node = 0;
  for (const TaskHandle& member : stage.members) {
    const Task& task = *member.get();
    if (task.residence() != nullptr) continue;
    if (std::exchange(family, task.family()) != task.family()) node = planned.node(*task.family());
    const std::uint32_t rank = program.owner(node, program.nodes[node].extent.place_of(task.member()));
    const ValueId id = kept_.take_ids();
    program.wants.push_back({name_of(node, task.member()), id, Keep::announced});
    kept_.expect(task, id, rank, program.run);
  }
  program.need_only_wants();
  plan_fronts(program, front_members_, front_bytes_);
  ship(std::move(planned));
}

/// What families read of single handles is kept from now on. Those of a family of handles are consumed by
/// the family program, unless they are persisted or anything else is to read them.
PlannedProgram DistributedEngine::plan_families(std::span<const std::shared_ptr<const FamilyNode>> families,
                                                const std::unordered_set<const Task*>& read_otherwise) {
  const HandlesRead handles =
      handles_read(families, [this](const FamilyNode& family) { return kept_.find(family) != nullptr; });
  const auto consumed = handles.consumed(read_otherwise);
  const auto given_up = ones_given_up(consumed);
  persist_held(handles.all);
  ProgramContext context;
  context.kept = [this](const FamilyNode& family) {
    const auto kept = kept_.find(family);
    return kept != nullptr ? KeptAs{kept->first, kept->node().parts} : KeptAs();
  };
  context.ranks = machine_.ranks();
  context.front_members = front_members_;
  context.front_bytes = front_bytes_;
  context.rank_on = [this](const std::string& host) {
    const auto found = std::ranges::find(machine_.hosts, host);
    return found == machine_.hosts.end() ? -1 : static_cast<std::int32_t>(found - machine_.hosts.begin());
  };
  std::unordered_set<const Task*> given;
  context.given = [this, &consumed, &given](const Task& task) {
    given.insert(&task);
    if (task.constant() != nullptr) kept_.settle_constant(task, rank_);
    const KeptResult kept = kept_.get(task);
    return GivenMember{kept.id(), kept.rank(), consumed.contains(&task) ? 1U : 0U};
  };
  PlannedProgram planned = plan_program(families, context);
  for (const ProgramNode& node : planned.program.nodes) images_.refer(*node.kind);  // throws now or never
  // This comes after planning: where that throws, they are kept like others until their last handle is gone.
  // So are those that the program need not be given: what reads them has been made with what it reads itself.
  for (const Task* task : consumed) {
    if (!given.contains(task)) continue;
    kept_.consume(*task);
    if (given_up.contains(task)) task->give_up();
  }
  planned.program.run = runs_.take_number();
  warnings_.of_unknown_readers(planned);
  return planned;
}

/// Sends the family program to all ranks. From here on a failure of one of its members can be named.
void DistributedEngine::ship(PlannedProgram planned) {
  const RunId run = planned.program.run;
  if (rank_.observer() != nullptr) tell_planned(planned.program);
  const std::vector<std::byte> encoded = planned.program.encode(images_);
  runs_.begin(std::move(planned));
  shipments_.add_program(run, encoded, runs_.is_only_one());
}

// --- asked for as a whole -------------------------------------------------------------------------------

void DistributedEngine::run(const Families& families) {
  auto held = rank_.lock();
  let_go();
  Families fresh, kept;
  for (const auto& family : families) (kept_.find(*family) != nullptr ? kept : fresh).push_back(family);
  if (!fresh.empty()) {
    {
      const Shipments::PuttingOff putting_off(shipments_);
      PlannedProgram planned = plan_families(fresh);
      for (const auto& family : fresh) planned.program.nodes[planned.node(*family)].asked = true;
      planned.program.done = kept_.take_ids();
      ending_ = {.id = planned.program.done, .run = planned.program.run, .missing = machine_.ranks()};
      ship(std::move(planned));
    }
    if (held) held.unlock();
    rank_.work_until([&] { return ending_.missing == 0; });
    held = rank_.lock();
    const Ending ended = std::exchange(ending_, {});
    runs_.end(ended.run);
    const std::exception_ptr error = ended.failure ? names_.error_of(*ended.failure) : nullptr;
    names_.forget(ended.run);
    if (error) std::rethrow_exception(error);
  }
  if (held) held.unlock();
  wait(kept, -1);
  check(kept);
}

void DistributedEngine::persist(const Families& families) {
  const auto held = rank_.lock();
  persist_held(families);
}

void DistributedEngine::persist_held(const Families& families) {
  let_go();
  for (const auto& family : families) {
    if (kept_.find(*family) != nullptr) continue;
    const Shipments::PuttingOff putting_off(shipments_);
    PlannedProgram planned = plan_families(std::span(&family, 1));
    FamilyProgram& program = planned.program;
    const std::uint32_t node = planned.node(*family);
    program.done = kept_.take_ids();
    program.keeps.push_back({node, kept_.expect(*family, program, node)});
    program.nodes[node].asked = true;
    names_.keep(program.run, planned.families);
    ship(std::move(planned));
  }
}

bool DistributedEngine::wait(const Families& families, double seconds) {
  std::vector<std::shared_ptr<const KeptFamily>> missing;
  {
    const auto held = rank_.lock();
    for (const auto& family : families) {
      if (!family->gave_up) missing.push_back(kept_.get(*family));
    }
  }
  return wait_until(
      [&missing] {
        while (!missing.empty() && missing.back()->missing == 0) missing.pop_back();
        return missing.empty();
      },
      seconds);
}

void DistributedEngine::check(const Families& families) {
  const auto held = rank_.lock();
  std::vector<const Failure*> failures;
  for (const auto& family : families) {
    const auto& failure = kept_.get(*family)->failure;
    if (failure) failures.push_back(&*failure);
  }
  names_.throw_first(failures);
}

void DistributedEngine::cancel(const Families& families) {
  const auto held = rank_.lock();
  for (const auto& family : families) {
    if (family->gave_up) continue;
    const auto kept = kept_.get(*family);
    if (kept->missing == 0) continue;
    cancel_program(kept->run);
    runs_.give_up_all(kept->run);
    family->residence = nullptr;
    family->gave_up = true;
  }
  rank_.transport().flush();
}

void DistributedEngine::cancel_program(RunId run) {
  for (std::uint32_t to = machine_.ranks(); to-- > 1;) rank_.send_cancel(static_cast<int>(to), run, {});
  rank_.cancel_program(run);
}

}  // namespace ramal::detail
