// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/session/kept_results.hpp"

#include "runtime/rank/rank.hpp"
#include "runtime/session/failure_names.hpp"

namespace ramal::detail {

/// Ties a task or a family to what its session keeps for it, and releases that with it.
template <class Kept>
class KeptResults::ResidenceOf final : public Residence {
 public:
  ResidenceOf(std::shared_ptr<Kept> kept, std::shared_ptr<Releases> releases)
      : kept_(std::move(kept)), releases_(std::move(releases)) {}
  ~ResidenceOf() override { releases_->add(std::move(kept_)); }
  const std::shared_ptr<Kept>& kept() const { return kept_; }
  bool of(const std::shared_ptr<Releases>& session) const { return releases_ == session; }

 private:
  std::shared_ptr<Kept> kept_;
  std::shared_ptr<Releases> releases_;
};

Home KeptResult::home() const {
  return own_ != nullptr ? Home{own_->rank, own_->bytes, own_->anywhere} : Home{rank()};
}

Holder KeptResult::holder() const {
  if (own_ == nullptr) return {.id = id(), .holds = [](std::uint32_t) { return false; }, .copied = {}};
  Holder holder{.id = own_->id,
                .holds = [own = own_](std::uint32_t rank) { return own->copies.contains(rank); },
                .copied = {}};
  if (own_->anywhere) holder.copied = [own = own_](std::uint32_t rank) { own->copies.insert(rank); };
  return holder;
}

// --- what is kept ---------------------------------------------------------------------------------------

/// Null if it is not kept by itself, or by another session.
KeptState* KeptResults::own_state(const Task& task) const {
  const auto* residence = dynamic_cast<const ResidenceOf<KeptState>*>(task.residence());
  return residence != nullptr && residence->of(releases_) ? residence->kept().get() : nullptr;
}

KeptResult KeptResults::find(const Task& task) const {
  if (KeptState* own = own_state(task)) return KeptResult(*own);
  if (task.family() == nullptr || task.residence() != nullptr) return {};
  const auto family = find(*task.family());
  return family != nullptr ? KeptResult(*family, task.member()) : KeptResult();
}

KeptResult KeptResults::get(const Task& task) const {
  if (const KeptResult kept = find(task)) return kept;
  throw_not_kept(task);
}

std::shared_ptr<KeptFamily> KeptResults::find(const FamilyNode& family) const {
  const auto* residence = dynamic_cast<const ResidenceOf<KeptFamily>*>(family.residence.get());
  if (residence == nullptr) return nullptr;
  if (!residence->of(releases_)) throw_not_kept(family);
  return residence->kept();
}

std::shared_ptr<KeptFamily> KeptResults::get(const FamilyNode& family) const {
  if (auto kept = find(family)) return kept;
  throw_not_kept(family);
}

bool KeptResults::is_made_by(RunId run, const Task& task) const {
  const KeptState* own = own_state(task);
  return own != nullptr && own->run == run && own->ready && !own->failure;
}

void KeptResults::keep(const Task& task, KeptState state) {
  task.set_residence(
      std::make_unique<ResidenceOf<KeptState>>(std::make_shared<KeptState>(std::move(state)), releases_));
}

void KeptResults::expect(const Task& task, ValueId id, std::uint32_t rank, RunId run) {
  auto state = std::make_shared<KeptState>(KeptState{.id = id, .rank = rank, .run = run});
  pending_.emplace(id, state);
  task.set_residence(std::make_unique<ResidenceOf<KeptState>>(std::move(state), releases_));
}

ValueId KeptResults::expect(const FamilyNode& family, const FamilyProgram& program, std::uint32_t node) {
  auto kept = std::make_shared<KeptFamily>();
  kept->of.ranks = program.ranks;
  kept->of.nodes.push_back(program.nodes[node]);
  kept->of.nodes.front().forget_sources();
  kept->first = take_ids(kept->size());
  kept->run = program.run;
  kept->missing = program.ranks;
  pending_families_.emplace(program.done, kept);
  const ValueId first = kept->first;
  family.residence = std::make_unique<ResidenceOf<KeptFamily>>(std::move(kept), releases_);
  family.gave_up = false;
  return first;
}

void KeptResults::settle_constant(const Task& task, Rank& rank) {
  if (find(task)) return;
  const ValueId id = take_ids();
  rank.executor().keep(id, *task.constant());
  keep(task, {.id = id, .anywhere = true, .ready = true});
}

void KeptResults::consume(const Task& task) {
  own_state(task)->is_consumed = true;
  task.set_residence(nullptr);
}

// --- what becomes of it ---------------------------------------------------------------------------------

KeptResults::Heard KeptResults::hear(ValueId id, std::uint64_t bytes, const Failure* failure) {
  if (const auto found = pending_families_.find(id); found != pending_families_.end()) {
    const auto family = found->second;
    if (failure != nullptr) keep_first(family->failure, *failure);
    if (--family->missing > 0) return {};
    pending_families_.erase(found);
    return {family->run, family->first, family->size()};
  }
  const auto pending = pending_.extract(id);
  if (pending.empty()) return {};
  KeptState& state = *pending.mapped();
  state.ready = true;
  state.bytes = static_cast<double>(bytes);
  if (failure != nullptr) state.failure = *failure;
  return {state.run, id, 1};
}

void KeptResults::send_releases(Rank& rank, FailureNames& names) {
  std::vector<std::shared_ptr<KeptState>> states;
  std::vector<std::shared_ptr<KeptFamily>> families;
  {
    const std::lock_guard lock(releases_->mutex);
    states.swap(releases_->states);
    std::erase_if(releases_->families, [&](const auto& family) {
      if (family->missing > 0) return false;
      families.push_back(family);
      return true;
    });
  }
  std::map<std::uint32_t, std::vector<ValueId>> by_rank;
  for (const auto& state : states) {
    if (state->is_consumed) continue;
    by_rank[state->rank].push_back(state->id);
    for (const std::uint32_t copy : state->copies) by_rank[copy].push_back(state->id);
  }
  for (const auto& family : families) {
    names.forget_kept(family->run);
    for (std::uint32_t to = family->of.ranks; to-- > 0;)
      rank.send_release_of_all(static_cast<int>(to), family->first, family->size());
  }
  for (const auto& [to, ids] : by_rank) {
    if (to != 0) {
      rank.send_release(static_cast<int>(to), ids);
    } else {
      for (const ValueId id : ids) rank.executor().release(id);
    }
  }
}

}  // namespace ramal::detail
