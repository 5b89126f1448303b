// SPDX-License-Identifier: BSD-3-Clause
// KeptResults: what rank 0 knows of the results that ranks keep or are to keep: of persisted tasks,
// constants, locals and members that a family program was asked for, each by itself (KeptState), and of
// families that are kept as a whole (KeptFamily).
//
// A task or family that is kept has a residence, which ties it to what is known here. The members of a kept
// family have none: whoever asks for one is told what its family knows. So they need no care when that is
// given up, or persisted anew under other ids.
//
// Invariants: an id is given once. What is `expect`ed is heard of once, or for a family once from each rank.
// A result is released when its residence is gone, and a family no sooner than it is made: members that are
// made later would be kept after their release.
//
// Under the pump's lock, but for residences, which may end on any thread and after the session.
#pragma once

#include "graph/families/program.hpp"
#include "graph/tasks/cut.hpp"
#include "graph/tasks/place.hpp"
#include "runtime/executor/failure.hpp"

#include <ramal/detail/engine.hpp>

#include <mutex>
#include <set>

namespace ramal::detail {

class FailureNames;
class Rank;

/// One kept result, or one that is on its way.
struct KeptState {
  ValueId id = 0;
  std::uint32_t rank = 0;
  RunId run = 0;          ///< which makes it
  bool anywhere = false;  ///< a constant: any rank that has had it keeps a copy
  bool ready = false;
  double bytes = 0;
  std::optional<Failure> failure = {};
  std::set<std::uint32_t> copies = {};  ///< ranks that hold it besides `rank`
  bool is_consumed = false;             ///< by a family program, which releases it
};

/// A family whose members are kept, under consecutive ids.
struct KeptFamily {
  FamilyProgram of;  ///< the family alone, for its members' owners
  ValueId first = 0;
  RunId run = 0;
  std::uint32_t missing = 0;            ///< how many ranks have not made all of their members
  std::optional<Failure> failure = {};  ///< of some member; which have failed, only they tell

  const ProgramNode& node() const { return of.nodes.front(); }
  std::uint64_t size() const { return static_cast<std::uint64_t>(node().extent.volume()); }
};

/// What is known of a kept result: by itself, or by its family if that is what is kept. Valid as long as its
/// task is held and nothing is given up.
class KeptResult {
 public:
  KeptResult() = default;
  explicit KeptResult(KeptState& own) : own_(&own) {}
  KeptResult(const KeptFamily& family, std::int64_t member) : family_(&family), member_(member) {}

  /// False: it is not kept.
  explicit operator bool() const { return own_ != nullptr || family_ != nullptr; }
  bool is_of_family() const { return family_ != nullptr; }
  ValueId id() const { return own_ != nullptr ? own_->id : family_->first + static_cast<ValueId>(member_); }
  std::uint32_t rank() const {
    return own_ != nullptr ? own_->rank : family_->of.owner(0, family_->node().extent.place_of(member_));
  }
  RunId run() const { return own_ != nullptr ? own_->run : family_->run; }
  bool is_ready() const { return own_ != nullptr ? own_->ready : family_->missing == 0; }
  /// Of a family's member: whether some member of it has failed.
  const std::optional<Failure>& failure() const { return own_ != nullptr ? own_->failure : family_->failure; }
  Home home() const;
  Holder holder() const;

 private:
  KeptState* own_ = nullptr;
  const KeptFamily* family_ = nullptr;
  std::int64_t member_ = 0;
};

class KeptResults {
 public:
  /// So many consecutive ids, of values that are to be kept, fetched or announced; the first of them.
  ValueId take_ids(std::uint64_t count = 1) { return std::exchange(next_id_, next_id_ + count); }

  /// False if it is not kept by this session. Throws std::invalid_argument for a member of a family that
  /// another session keeps.
  KeptResult find(const Task& task) const;
  /// Throws CancelledError if it was given up, std::invalid_argument if it is not kept by this session.
  KeptResult get(const Task& task) const;
  /// Null if it is not kept. Throws std::invalid_argument if another session keeps it.
  std::shared_ptr<KeptFamily> find(const FamilyNode& family) const;
  /// Throws CancelledError if it was given up, std::invalid_argument if it is not kept by this session.
  std::shared_ptr<KeptFamily> get(const FamilyNode& family) const;
  /// It is kept by itself, and that run has made it and did not fail.
  bool is_made_by(RunId run, const Task& task) const;

  /// From now on the task is kept.
  void keep(const Task& task, KeptState state);
  /// The same for one that a run is to make: `hear` tells when it is there.
  void expect(const Task& task, ValueId id, std::uint32_t rank, RunId run);
  /// The same for a node of a program, which every rank announces under the program's `done`. Returns the
  /// first of its members' ids.
  ValueId expect(const FamilyNode& family, const FamilyProgram& program, std::uint32_t node);
  /// A constant begins on rank 0 and is copied to each rank that comes to need it, once.
  void settle_constant(const Task& task, Rank& rank);
  /// A family program releases its value; for whoever asks for the task later it is as lazy as before.
  void consume(const Task& task);

  /// What a rank's word completes: so many results from the first on, which that run has made.
  struct Heard {
    RunId run = 0;
    ValueId first = 0;
    std::uint64_t count = 0;
  };
  Heard hear(ValueId id, std::uint64_t bytes, const Failure* failure);
  /// Tells ranks what nobody needs any more.
  void send_releases(Rank& rank, FailureNames& names);

 private:
  /// Results whose last handle is gone, to be released at the next round of messages. Filled from any thread;
  /// outlives the session, since handles may.
  struct Releases {
    std::mutex mutex;
    std::vector<std::shared_ptr<KeptState>> states;
    std::vector<std::shared_ptr<KeptFamily>> families;

    void add(std::shared_ptr<KeptState> state) {
      const std::lock_guard lock(mutex);
      states.push_back(std::move(state));
    }
    void add(std::shared_ptr<KeptFamily> family) {
      const std::lock_guard lock(mutex);
      families.push_back(std::move(family));
    }
  };
  template <class Kept>
  class ResidenceOf;
  KeptState* own_state(const Task& task) const;

  const std::shared_ptr<Releases> releases_ = std::make_shared<Releases>();  // also tells sessions apart
  ValueId next_id_ = 1;
  std::unordered_map<ValueId, std::shared_ptr<KeptState>> pending_;
  std::map<ValueId, std::shared_ptr<KeptFamily>> pending_families_;  // by what announces them
};

}  // namespace ramal::detail
