// SPDX-License-Identifier: BSD-3-Clause
// How DistributedEngine makes families: what of them is asked for is planned as a family program, and kept.
#include "runtime/session/distributed.hpp"

#include <cstdio>

namespace ramal::detail {

/// Starts the families whose members the graph starts from, and those that these need, stage by stage. From
/// then on these members are kept results like others. False if there are none to be made.
bool DistributedEngine::make_members(const Graph& graph, const Tasks& targets) {
  bool any = false;
  bool any_to_make = false;
  for (const TaskIndex i : graph.given) {
    const Task* task = graph.tasks[i];
    if (is_lent_no_more(*task)) was_given_up(*task) ? task->give_up() : task->set_residence(nullptr);
    if (task->family() == nullptr || task->residence() != nullptr) continue;
    any = true;
    if (auto kept = kept_family(*task->family())) {
      lend_member(*task, std::move(kept));
    } else {
      any_to_make = true;
    }
  }
  if (!any_to_make) return any;
  const auto is_kept = [this](const FamilyNode& family) { return kept_family(family) != nullptr; };
  const FamilyStages stages = family_stages(targets, is_kept);
  for (const FamilyStage& stage : stages.stages) make_stage(stage, stages.read_otherwise);
  return true;
}

/// What these families read of handles is made of members of the stages before, which are kept by now.
void DistributedEngine::make_stage(const FamilyStage& stage,
                                   const std::unordered_set<const Task*>& read_otherwise) {
  const PuttingOff putting_off(*this);
  PlannedProgram planned = plan_families(stage.families, read_otherwise);
  FamilyProgram& program = planned.program;
  Run& run = runs_[program.run];
  const FamilyNode* family = nullptr;
  std::uint32_t node = 0;
  for (const TaskHandle& member : stage.members) {
    const Task* task = member.get();
    if (task->residence() != nullptr) continue;
    if (std::exchange(family, task->family()) != task->family()) node = planned.node(*task->family());
    const std::uint32_t rank = program.owner(node, program.nodes[node].extent.place_of(task->member()));
    auto state = std::make_shared<KeptState>(KeptState{.id = next_id_++, .rank = rank, .run = program.run});
    program.wants.push_back({detail::name_of(node, task->member()), state->id, Keep::announced});
    pending_.emplace(state->id, Pending{program.run, state});
    run.waiting.emplace_hint(run.waiting.end(), state->id, 0);
    task->set_residence(std::make_unique<ResidenceOf<KeptState>>(std::move(state), releases_));
  }
  program.need_only_wants();
  plan_fronts(program, front_members_);
  ship(std::move(planned));
}

/// Sends the family program to all ranks. From here on a failure of one of its members can be named.
void DistributedEngine::ship(PlannedProgram planned) {
  const FamilyProgram& program = planned.program;
  Run& run = runs_[program.run];
  run.families = std::move(planned.families);
  run.targets = std::move(planned.held);
  rank_.ship_program(program.run, program.encode(images_), runs_.size() == 1);
  send_put_off();
}

/// What families read of single handles is kept from now on. Those of a family of handles are consumed by
/// the family program, unless they are persisted or anything else is to read them: it frees each as it is
/// read, so that a dataset larger than memory can go through it. For whoever asks for them later they are as
/// lazy as before.
PlannedProgram DistributedEngine::plan_families(std::span<const std::shared_ptr<const FamilyNode>> families,
                                                const std::unordered_set<const Task*>& read_otherwise) {
  const HandlesRead handles =
      handles_read(families, [this](const FamilyNode& family) { return kept_family(family) != nullptr; });
  std::unordered_set<const Task*> owned;
  for (const Task* task : handles.all) {
    const bool is_lazy =
        task->constant() == nullptr && task->family() == nullptr && task->residence() == nullptr;
    if (is_lazy && handles.in_one_family.contains(task) && !read_otherwise.contains(task)) owned.insert(task);
  }
  persist_held(handles.all);
  ProgramContext context;
  context.kept = [this](const FamilyNode& family) {
    const auto kept = kept_family(family);
    return kept != nullptr ? KeptAs{kept->first, kept->of.nodes.front().parts} : KeptAs();
  };
  context.ranks = machine_.ranks();
  context.front_members = front_members_;
  context.rank_on = [this](const std::string& host) {
    const auto found = std::ranges::find(machine_.hosts, host);
    return found == machine_.hosts.end() ? -1 : static_cast<std::int32_t>(found - machine_.hosts.begin());
  };
  context.given = [this, &owned](const Task& task) {
    if (task.constant() != nullptr) settle_constant(task);
    const KeptState& state = persisted_state(task);
    return GivenMember{state.id, state.rank, owned.contains(&task) ? 1U : 0U};
  };
  PlannedProgram planned = plan_program(families, context);
  for (const ProgramNode& node : planned.program.nodes) images_.refer(*node.kind);  // throws now or never
  // This comes after planning: where that throws, they are kept like others until their last handle is gone.
  for (const Task* task : owned) {
    persisted_state(*task).is_consumed = true;
    task->set_residence(nullptr);
  }
  planned.program.run = next_run_++;
  warn_of_unknown_readers(planned);
  return planned;
}

/// Warns of families that every rank has to look at as a whole, where that takes long.
void DistributedEngine::warn_of_unknown_readers(const PlannedProgram& planned) {
  constexpr std::int64_t worth_a_word = 10'000'000;  // about half a second
  if (!warnings_ || machine_.ranks() == 1) return;
  for (const auto& family : planned.families) {
    if (family == nullptr || family->kind->sort != Sort::member) continue;
    const Dependence& dependence = *family->kind->dependence;
    const bool is_known = dependence.lag == nullptr || dependence.by_inverse ||
                          dependence.known_lag(family->closure.data()) > 0;
    if (is_known || family->extent.volume() < worth_a_word ||
        !warned_.insert({family->where.file_name(), family->where.line()}).second)
      continue;
    std::fprintf(
        stderr,
        "ramal: warning: each rank looks at all %lld members of %s at %s:%u to find out who reads what; say "
        "how far they reach (FamilyOptions::reach), or give an inverse\n",
        static_cast<long long>(family->extent.volume()), std::string(family->name()).c_str(),
        family->where.file_name(), static_cast<unsigned>(family->where.line()));
  }
}

void DistributedEngine::run(const Families& families) {
  auto held = rank_.lock();
  forget_inputs();
  send_releases();
  std::vector<std::shared_ptr<const FamilyNode>> fresh, kept;
  for (const auto& family : families) (kept_family(*family) != nullptr ? kept : fresh).push_back(family);
  if (fresh.empty()) {
    if (held) held.unlock();
    wait(kept, -1);
    check(kept);
    return;
  }
  {
    const PuttingOff putting_off(*this);
    PlannedProgram planned = plan_families(fresh);
    for (const auto& family : fresh) planned.program.nodes[planned.node(*family)].asked = true;
    planned.program.done = next_id_++;
    ending_ = {.id = planned.program.done, .run = planned.program.run, .missing = machine_.ranks()};
    ship(std::move(planned));
  }
  if (held) held.unlock();
  rank_.work_until([&] { return ending_.missing == 0; });
  held = rank_.lock();
  const Ending ended = std::exchange(ending_, {});
  if (ended.failure) note_failure(*ended.failure);
  runs_.erase(ended.run);
  if (ended.failure) {
    const std::exception_ptr error = error_of(*ended.failure);
    forget_names(ended.run);
    std::rethrow_exception(error);
  }
  if (held) held.unlock();
  wait(kept, -1);
  check(kept);
}

/// Null if it is not kept by this session.
std::shared_ptr<KeptFamily> DistributedEngine::kept_family(const FamilyNode& family) const {
  const auto* residence = dynamic_cast<const ResidenceOf<KeptFamily>*>(family.residence.get());
  if (residence == nullptr) return nullptr;
  if (residence->of(releases_)) return residence->shared();
  throw std::invalid_argument("ramal: the family " + std::string(family.name()) +
                              " was persisted in another session; make it anew");
}
std::shared_ptr<KeptFamily> DistributedEngine::persisted_family(const FamilyNode& family) const {
  if (auto kept = kept_family(family)) return kept;
  throw std::invalid_argument("ramal: the family " + std::string(family.name()) +
                              " is not persisted; call session.persist on it first");
}

/// A handle to a member of a kept family is one to a kept result, as long as the family is.
void DistributedEngine::lend_member(const Task& task, std::shared_ptr<KeptFamily> family) {
  const std::uint32_t rank = family->of.owner(0, family->of.nodes.front().extent.place_of(task.member()));
  auto state =
      std::make_shared<KeptState>(KeptState{.id = family->first + static_cast<ValueId>(task.member()),
                                            .rank = rank,
                                            .ready = family->missing == 0,
                                            .lender = family});
  if (family->missing > 0) family->members.push_back({state->id, state});
  task.set_residence(std::make_unique<ResidenceOf<KeptState>>(std::move(state), releases_));
}

/// Null unless the task stands for a member of a family that was kept as a whole when it was asked for.
const std::shared_ptr<KeptFamily>* DistributedEngine::lender_of(const Task& task) {
  if (task.family() == nullptr) return nullptr;
  const auto* residence = dynamic_cast<const ResidenceOf<KeptState>*>(task.residence());
  return residence != nullptr && residence->kept().lender ? &residence->kept().lender : nullptr;
}

/// The family was given up since, or is kept anew under other ids.
bool DistributedEngine::is_lent_no_more(const Task& task) const {
  const auto* lender = lender_of(task);
  return lender != nullptr && ((*lender)->gave_up || kept_family(*task.family()) != *lender);
}

bool DistributedEngine::was_given_up(const Task& task) {
  const auto* lender = lender_of(task);
  return task.gave_up() || (lender != nullptr && (*lender)->gave_up);
}

void DistributedEngine::persist(const Families& families) {
  const auto held = rank_.lock();
  persist_held(families);
}

void DistributedEngine::persist_held(const Families& families) {
  forget_inputs();
  send_releases();
  for (const auto& family : families) {
    if (kept_family(*family) != nullptr) continue;
    const PuttingOff putting_off(*this);
    PlannedProgram planned = plan_families(std::span(&family, 1));
    FamilyProgram& program = planned.program;
    const std::uint32_t node = planned.node(*family);
    auto kept = std::make_shared<KeptFamily>();
    kept->of.ranks = program.ranks;
    kept->of.nodes.push_back(program.nodes[node]);
    kept->of.nodes.front().forget_sources();
    kept->first = next_id_;
    next_id_ += static_cast<ValueId>(family->extent.volume());
    kept->run = program.run;
    kept->missing = machine_.ranks();
    program.keeps.push_back({node, kept->first});
    program.nodes[node].asked = true;
    program.done = next_id_++;
    kept_families_.emplace(program.done, kept);
    family->residence = std::make_unique<ResidenceOf<KeptFamily>>(std::move(kept), releases_);
    family->gave_up = false;
    names_of_kept_.emplace(program.run, names_of(planned.families));
    ship(std::move(planned));
  }
}

void DistributedEngine::cancel(const Families& families) {
  const auto held = rank_.lock();
  for (const auto& family : families) {
    if (family->gave_up) continue;
    const auto kept = persisted_family(*family);
    if (kept->missing == 0) continue;
    kept->gave_up = true;
    cancel_program(kept->run);
    family->residence = nullptr;
    family->gave_up = true;
  }
  rank_.transport().flush();
}

}  // namespace ramal::detail
