// SPDX-License-Identifier: BSD-3-Clause
// DistributedEngine: rank 0's side of a session over several ranks (or one).
//
// State is changed by the session's thread and, under the pump's lock, by messages. Tasks' words are
// touched by the session's thread alone.
#pragma once

#include "graph/families/stages.hpp"
#include "graph/tasks/cut.hpp"
#include "graph/tasks/place.hpp"
#include "runtime/rank/rank.hpp"
#include "runtime/session/history.hpp"

#include <ramal/detail/engine.hpp>
#include <ramal/error.hpp>

#include <deque>
#include <set>

namespace ramal::detail {

struct KeptFamily;

/// One kept result, or one that is on its way.
struct KeptState {
  ValueId id = 0;
  std::uint32_t rank = 0;
  RunId run = 0;          ///< which makes it
  bool anywhere = false;  ///< a constant: any rank that has had it keeps a copy
  bool ready = false;
  double bytes = 0;
  std::optional<Failure> failure = {};
  std::set<std::uint32_t> copies = {};      ///< ranks that hold it besides `rank`
  std::shared_ptr<KeptFamily> lender = {};  ///< its family, if that is what is kept and releases it
  bool is_consumed = false;                 ///< consumed by a family program, which releases it
};

/// A family whose members are kept.
struct KeptFamily {
  FamilyProgram of;  ///< the family alone, for its members' owners
  ValueId first = 0;
  RunId run = 0;
  std::uint32_t missing = 0;  ///< how many ranks have not made all of their members
  bool gave_up = false;
  std::optional<Failure> failure = {};
  struct Member {
    ValueId id;
    std::weak_ptr<KeptState> state;
  };
  std::vector<Member> members = {};  ///< those that handles were asked for before they were there
};

/// Results whose last handle is gone, to be released at the next round of messages. Filled from any
/// thread; outlives the session, since handles may.
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

/// Ties a task or a family to what a session keeps for it, and releases that with it.
template <class Kept>
class ResidenceOf final : public Residence {
 public:
  ResidenceOf(std::shared_ptr<Kept> kept, std::shared_ptr<Releases> releases)
      : kept_(std::move(kept)), releases_(std::move(releases)) {}
  ~ResidenceOf() override { releases_->add(std::move(kept_)); }
  Kept& kept() const { return *kept_; }
  const std::shared_ptr<Kept>& shared() const { return kept_; }
  bool of(const std::shared_ptr<Releases>& session) const { return releases_ == session; }

 private:
  std::shared_ptr<Kept> kept_;
  std::shared_ptr<Releases> releases_;
};

/// A local that some rank of the embedding program has; see Locals.
struct LocalInfo {
  std::string name;
  std::string type;
  std::uint64_t bytes = 0;  ///< 0: unknown

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& name& type& bytes;
  }
};
using LocalInfos = std::vector<LocalInfo>;

class DistributedEngine final : public Engine, private Control {
 public:
  DistributedEngine(std::unique_ptr<Transport> transport, const Images& images, unsigned workers,
                    std::vector<std::string> hosts, bool warnings, RankInfo about,
                    std::vector<LocalInfos> locals = {}, StealMode steal = StealMode::off);

  int ranks() const override { return static_cast<int>(machine_.ranks()); }
  Outcome compute(const Tasks& targets) override;
  void persist(const Tasks& targets) override;
  void run(const Families& families) override;
  void persist(const Families& families) override;
  bool wait(const Tasks& targets, double seconds) override;
  bool wait(const Families& families, double seconds) override;
  void check(const Tasks& targets) override;
  void check(const Families& families) override;
  std::unique_ptr<Watch> watch(const Tasks& targets) override;
  void cancel(const Tasks& targets) override;
  void cancel(const Families& families) override;
  void retry(const Tasks& targets, const Families& families) override;
  std::vector<RankInfo> info() override;
  void progress() override;
  std::vector<TaskHandle> from_local(const std::string& name, const Kind& kind) override;
  void to_local(const std::string& name, const Tasks& targets) override;

  Rank& rank() { return rank_; }
  /// Something is under way, and all of it was given up.
  bool waits_for_cancelled_only() const;
  /// Sets how many members of families each rank plans at a time.
  void set_front_members(std::int64_t members) { front_members_ = members; }
  /// What is learnt of durations, including what rank 0's own tasks have taken by now.
  History& history();

 private:
  class ReadyWatch;
  /// A run whose results have not all been heard of.
  struct Run {
    Graph graph;
    Array<std::uint32_t> rank;
    std::vector<TaskHandle> targets;  // keep the graph's tasks alive
    std::map<ValueId, TaskIndex> waiting;
    std::set<ValueId> given_up;                               // which of `waiting` nobody wants any more
    std::vector<const Task*> sorted_tasks;                    // for `makes`
    std::vector<std::shared_ptr<const FamilyNode>> families;  // of a family program, by node
    bool makes(const Task* task);
  };
  /// What `compute` waits for: values under consecutive ids.
  struct Fetch {
    RunId run = 0;
    ValueId first = 0;
    std::size_t missing = 0;
    std::vector<Value> values = {};
  };
  /// What `run` waits for: all ranks' word that a family program has ended.
  struct Ending {
    ValueId id = 0;
    RunId run = 0;
    std::uint32_t missing = 0;
    std::optional<Failure> failure = {};
  };
  struct Pending {
    RunId run;
    std::shared_ptr<KeptState> state;
  };
  struct Failed {
    std::string task;
    std::string file;
    unsigned line;
  };
  /// What `start` has to ship.
  struct Shipment {
    std::vector<Subgraph> subgraphs;
    bool is_only;  ///< nothing else is under way
    std::size_t fetched;
    std::set<std::uint32_t> with_participants;
  };
  /// While one exists, what is started is not shipped, but behind the next family program, or at the end of
  /// this. The handles that a program reads come behind it: a rank that had them alone would make them
  /// without a reader that frees them, beyond its bound on memory. What it imports may come later: it waits
  /// for it.
  class PuttingOff {
   public:
    explicit PuttingOff(DistributedEngine& engine)
        : engine_(engine), before_(std::exchange(engine.puts_off_, true)) {}
    ~PuttingOff() {
      engine_.puts_off_ = before_;
      if (!before_) engine_.send_put_off();
    }
    PuttingOff(const PuttingOff&) = delete;
    PuttingOff& operator=(const PuttingOff&) = delete;

   private:
    DistributedEngine& engine_;
    const bool before_;
  };
  /// A kept task that has not let go of its inputs yet.
  struct Forgettable {
    RunId run;
    TaskHandle task;
  };

  // Control
  void made(ValueId id, const Value& value) override;
  void ready(ValueId id, std::uint64_t bytes, const Failure* failure) override;
  void report(int from, std::span<const std::byte> text) override;
  void learn(const Kind& kind, const DurationSum& sum) override { history_.add(kind, sum); }

  Graph collect_checked(const Tasks& targets);
  bool make_members(const Graph& graph, const Tasks& targets);
  void make_stage(const FamilyStage& stage, const std::unordered_set<const Task*>& read_otherwise);
  std::shared_ptr<KeptFamily> kept_family(const FamilyNode& family) const;
  std::shared_ptr<KeptFamily> persisted_family(const FamilyNode& family) const;
  void ship(PlannedProgram planned);
  void lend_member(const Task& member, std::shared_ptr<KeptFamily> family);
  static const std::shared_ptr<KeptFamily>* lender_of(const Task& task);
  bool is_lent_no_more(const Task& task) const;
  static bool was_given_up(const Task& task);
  PlannedProgram plan_families(std::span<const std::shared_ptr<const FamilyNode>> families,
                               const std::unordered_set<const Task*>& read_otherwise = {});
  Array<std::uint32_t> place(const Graph& graph);
  KeptState* state_of(const Task& task) const;
  KeptState& persisted_state(const Task& task);
  void settle_constant(const Task& task);
  Home home_of(const Task& task);
  Holder holder_of(const Task& task);
  void persist_held(const Tasks& targets);
  void persist_held(const Families& families);
  void start(RunId run, Graph graph, Array<std::uint32_t> rank, std::span<const Want> wants,
             std::span<const std::shared_ptr<KeptState>> states, const Tasks& kept_alive);
  void send_put_off();
  void cancel_program(RunId run);
  void cancel_in_run(RunId run, const std::set<ValueId>& ids);
  void note_failure(const Failure& failure);
  void send_releases();
  void let_go_of_dropped();
  void forget_inputs();
  Failed name_of(const Failure& failure) const;
  std::exception_ptr error_of(const Failure& failure) const;
  void forget_names(RunId run);
  bool wait_until(const std::function<bool()>& all_are_ready, double seconds);
  void warn_of_large_literals(const Cut& cut);
  void warn_of_unknown_readers(const PlannedProgram& planned);
  const LocalInfo& local_of(std::uint32_t rank, const std::string& name, const Kind& kind) const;

  // constant
  const Images& images_;
  const Machine machine_;
  const bool warnings_;
  std::vector<LocalInfos> locals_;  // by rank
  const std::shared_ptr<Releases> releases_ = std::make_shared<Releases>();

  // names
  std::int64_t front_members_ = 256;
  RunId next_run_ = 1;
  ValueId next_id_ = 1;

  // what is under way
  std::map<RunId, Run> runs_;
  std::vector<Shipment> put_off_;
  bool puts_off_ = false;
  Fetch fetch_;
  Ending ending_;
  std::map<ValueId, std::shared_ptr<KeptFamily>> kept_families_;  // on their way, by what announces them
  /// What is to be said of a member that has failed.
  struct NodeName {
    std::string name;
    std::source_location where;
    Index extent;
    Failed of(std::int64_t number) const;
  };
  static std::vector<NodeName> names_of(const Families& families);
  std::map<RunId, std::vector<NodeName>> names_of_kept_;  // of kept families, by node
  std::unordered_map<ValueId, Pending> pending_;
  /// Targets of runs under way, which hold them: whether anybody else does is looked at some at a time.
  struct Held {
    RunId run;
    const Task* task;
  };
  std::vector<Held> held_;
  std::size_t next_held_ = 0;  // to be looked at
  std::size_t newly_held_ = 0;
  std::vector<Forgettable> forgettable_;
  bool forget_again_ = false;
  std::map<std::pair<RunId, std::uint64_t>, Failed> failed_;
  std::vector<ReadyWatch*> watches_;
  std::map<std::string, std::vector<TaskHandle>> local_tasks_;
  std::vector<std::optional<RankInfo>> reports_;
  std::set<std::pair<const char*, unsigned>> warned_;
  History history_;

  Rank rank_;  // last: its threads call the above
};

}  // namespace ramal::detail
