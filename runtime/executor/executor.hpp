// SPDX-License-Identifier: BSD-3-Clause
// Executor: one rank's subgraphs, their counters and values, and what is ready to run. Events in,
// actions out through an Outlet; no messages, no threads, and no clock but to time a task now and then.
//
// Each slot of a run is filled once: by its task, by an import of a kept value, or by an arrival from
// another rank. A filled slot counts down its consumers' missing inputs, is handed to the outlet once
// per route, and is freed when nothing here needs it any more.
//
// Why a run ends: every task's counter reaches zero, because every slot it waits for is filled: by a
// task (which always fills its slot, with a result or a Failure), by an import (whose own run ends), or
// by an arrival (whose sender fills and sends it). Graphs have no cycles, so induction over the plan's
// order covers them all. `open` counts what is still to be filled or sent; at zero the run is freed.
//
// Order (ReadyQueues): what other ranks wait for goes first, and leaves when no more of it is ready; then
// last readied, first run, so that a tree of n leaves holds O(log n) values; tasks without inputs start in
// the plan's order, only when nothing else is ready. User priorities go above all.
//
// A participant of a collective task is never ready by itself: the outlet hears of it, and when it has its
// inputs, and says when to run it, and when all participants have run (`enter`, `settle`).
//
// Needs: a task that states the bytes of its result starts when they fit beside what is held, else it is put
// off, and others run meanwhile; in turn, those put off first go first. Where nothing else is left to do,
// `overdraw` starts one nevertheless: what would free memory may wait for it.
//
// Stealing: ready tasks can be given to another rank. Such a task is away until its result arrives in its own
// slot, as a value does that another rank makes; so the run does not end before. See executor_steal.cpp.
//
// Threads: with workers == 0 one thread calls everything and nothing is atomic but in name. Otherwise
// `run_one` may be called by each worker, and the calls under "whoever pumps" by one thread at a time.
#pragma once

#include "graph/core/graph.hpp"
#include "runtime/executor/durations.hpp"
#include "runtime/executor/failure.hpp"
#include "runtime/executor/front_run.hpp"
#include "runtime/executor/kept_store.hpp"
#include "runtime/executor/observer.hpp"
#include "runtime/executor/ready_queues.hpp"
#include "runtime/executor/running_task.hpp"
#include "runtime/executor/standing.hpp"
#include "runtime/machine/crew_gate.hpp"
#include "runtime/machine/memory_bound.hpp"
#include "runtime/machine/threaded_libraries.hpp"

#include <ramal/communicator.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace ramal::detail {

struct RunLayout;
struct ActiveRun;

/// What an executor wants done. Called by whoever pumps.
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void send(std::uint32_t rank, RunId run, Slot slot, const Value& value) = 0;
  /// The same for the result of a task that was stolen from that rank.
  virtual void return_home(std::uint32_t rank, RunId run, Slot slot, const Value& value) {
    send(rank, run, slot, value);
  }
  /// A run that starts has a collective task with a participant here; no ranks: all. Its turn names it.
  virtual void enlist(RunId run, std::uint32_t turn, std::vector<std::uint32_t> ranks) = 0;
  /// This rank's participant of it has its inputs, or one that has failed.
  virtual void join(RunId run, std::uint32_t turn, const Failure* failure) = 0;
  /// A member of a family program leaves for that rank, which may be this one, for a later front.
  virtual void send_member(std::uint32_t rank, RunId program, MemberName name, const Value& value) = 0;
  /// A front has run. `failure`: of its first member that is asked for and failed, if there is one.
  virtual void ended(const FrontRun& front, const Failure* failure) = 0;
  /// A value that was to be announced or handed over is there, or failed.
  virtual void announce(ValueId id, const Value& value) = 0;
  /// Others wait for what was sent; `more`: for what runs next as well. Called by the thread that runs tasks.
  virtual void hurry(bool more) = 0;
};

class Executor final : private TellsOrigins {
 public:
  /// `workers`: threads that call run_one, 0 for the single-threaded form. `wake` is called when there
  /// may be work for a sleeping worker. `memory_bytes` bounds what results take; see MemoryBound.
  Executor(
      int rank, const Images& images, Outlet& outlet, unsigned workers, std::function<void()> wake = [] {},
      std::uint64_t memory_bytes = std::uint64_t{1} << 62);
  ~Executor();
  /// Before anything runs; null: nobody. It outlives this, and hears of runs, tasks and kept values.
  void set_observer(Observer* observer) { observer_ = observer; }

  /// Before anything runs: tasks that fail are kept in files of this folder, a few; empty: none. Then tasks
  /// move nothing out of their inputs.
  void keep_failed(const std::string& folder);
  void keep_inputs() { may_move_ = false; }

  // --- whoever pumps ------------------------------------------------------------------------------
  /// Begins a run. The subgraph is trusted. Linear in its tasks and edges.
  void start(Subgraph subgraph) {
    const RunId run = subgraph.run;
    start_as(run, std::move(subgraph));
  }
  using Layout = RunLayout;
  using Run = ActiveRun;
  /// The layout of a front, whose `graph` this is. `links` lead from it to the next.
  static std::shared_ptr<Layout> lay_out(Subgraph graph, const Front& front, std::span<const Link> links);
  /// A front that is to run: from now on its externals can be filled.
  Run* prepare(RunId run, std::shared_ptr<Layout> layout, FrontRun front);
  /// The next one is prepared as well (null: there is none): from now on its tasks run.
  void activate(Run& run, Run* next, std::vector<Keep> keeps);
  /// An external of a front has its value.
  void fill_front(Run& run, Slot slot, Value value);
  /// The value of an external of a front that is prepared or active; empty if it has not come.
  static const Value& value_of(const Run& run, Slot slot);
  /// A prepared front is not to be activated; the one before has ended.
  void abandon(Run& run);
  bool knows(RunId run) const { return find(run) != nullptr; }
  /// The type of the value that arrives in a slot of a known run; null if none does.
  const Type* arrival_type(RunId run, Slot slot) const;
  /// The plan index of the task whose value arrives there.
  std::uint64_t arrival_plan(RunId run, Slot slot) const;
  /// `counted`: what `expect` was told of it.
  void arrive(RunId run, Slot slot, Value value, std::uint64_t counted = 0);
  /// A large result is being received: from now on its bytes count, until it is needed no more.
  void expect(std::uint64_t bytes) { memory_.add(bytes); }
  /// What was expected has come, as a member of a family: it counts until nothing refers to it.
  void count_while_used(Value value, std::uint64_t bytes) {
    memory_.count_while_used(std::move(value), bytes);
  }
  /// There is room for a large result of so many bytes.
  bool has_room_to_receive(std::uint64_t bytes) {
    return memory_.has_room_to_receive(bytes) || (memory_.sweep() && memory_.has_room_to_receive(bytes));
  }
  /// Tasks with inputs are ready to run, which will free memory.
  bool has_ready_consumers() const { return ready_.has_consumers(); }
  /// The same for the encoding of a value of a plain type. False, and nothing happens, if it is of another,
  /// or the run is not known.
  bool arrive_plain(RunId run, Slot slot, std::span<const std::byte> encoded);
  /// Tasks of a run, by their index in its plan, that are not to be started; those under way finish. Unknown
  /// runs are ignored. Returns the slots of those that are away, by the rank they were given to.
  std::map<int, std::vector<Slot>> cancel(RunId run, std::span<const TaskIndex> tasks);
  void cancel_all(Run& run);
  void keep(ValueId id, Value value);
  void release(ValueId id);
  /// Those of a range of ids that are here.
  void release_all(ValueId first, std::uint64_t count);
  /// A copy of a kept value; empty while it is not there.
  Value kept(ValueId id) const { return kept_.find(id); }
  /// Calls this rank's participant of a collective task, which has its inputs. Its failure, if it throws.
  std::optional<Failure> enter(RunId run, std::uint32_t turn, Communicator& communicator);
  /// All participants have run, or one has failed: from here on the result is there.
  void settle(RunId run, std::uint32_t turn, const Failure* failure);
  /// Hands what workers have finished to the outlet, and frees runs that ended.
  void post() {
    if (shared_) post_from_workers();
  }
  /// Some task waits for memory.
  bool is_short_of_memory() const { return ready_.is_short_of_memory(); }
  /// How often a task has fitted into memory.
  std::uint64_t fitted() const { return memory_.fitted(); }
  /// Results that have been sent; then some task that waits for memory may start.
  void free_what_has_left() {
    if (memory_.sweep() && shared_ && has_ready()) wake_();
  }
  /// No task runs or could start. Exact, but that it may be false while workers look for tasks in vain.
  bool is_at_rest() const;
  /// And nothing that runs or is ready here can free any.
  bool is_stuck_for_memory() const { return is_short_of_memory() && is_at_rest(); }
  /// Something may still come from others, or leave for them, that frees memory.
  bool has_traffic() const {
    // In the order in which a result passes on: so it is seen here or there.
    return arrivals_missing_.load() > 0 || results_posted_.load() > 0 || memory_.is_sending();
  }
  /// Threads with nothing to do, if nothing is ready.
  unsigned hungry() const;
  struct StealReply {
    std::size_t tasks = 0;
    std::shared_ptr<Buffer> message = {};  ///< for the other's `run_stolen`
  };
  /// Some task here may take long enough to be given.
  bool may_give(bool whatever_it_takes) const;
  /// Ready tasks for another rank, which wants work for so many threads and is one of so many that ask: at
  /// most an even share of those that this rank's idle workers do not take at once. Only those whose kind is
  /// known to take long enough are given, unless `whatever_it_takes`.
  StealReply give(int to, std::size_t wanted, std::size_t askers, bool whatever_it_takes);
  /// Returns how many tasks there are in it. Throws DecodeError if it is damaged.
  std::size_t run_stolen(std::span<const std::byte> reply);
  /// As `cancel`, for what was taken from that rank and has not started.
  void recall(int home, RunId home_run, std::span<const Slot> tasks);
  std::uint64_t tasks_given() const { return tasks_given_; }
  /// Runs the task that waits longest for memory although it does not fit. Called by a worker; false if there
  /// is none.
  bool overdraw(unsigned worker = 0);
  /// How long tasks take here.
  Durations& durations() { return durations_; }
  const Durations& durations() const { return durations_; }
  /// Says from whom this worker takes tasks, in this order, else from the next on in turn. Called before
  /// anything runs.
  void set_victims(unsigned worker, std::vector<std::size_t> victims) {
    workers_[worker]->own.victims = std::move(victims);
  }
  /// From now on no task waits for other workers.
  void end_waiting() { gate_.open(); }

  // --- workers ------------------------------------------------------------------------------------
  /// Runs ready tasks, so many at most. Returns how many there were.
  std::size_t run_some(std::size_t most, unsigned worker = 0);
  bool run_one(unsigned worker = 0) { return run_some(1, worker) > 0; }
  /// There is work that `run_one` would find, as far as can be told without locks.
  bool has_ready() const { return ready_.has_any() || gate_.calls(); }

  /// The names of the tasks that workers are inside of; empty if there are none.
  std::string tasks_under_way() const;
  /// What this rank is inside of and waits for; see standing.hpp. Called by whoever pumps, and now and then:
  /// of tasks that run, those are told that ran at the call before.
  Standing standing(double now);
  std::vector<Standing::Inside> look_at_running(double now);
  /// A participant of a collective task, for a person.
  std::string participant_text(RunId run, std::uint32_t turn) const;
  /// Approximate while workers run.
  std::uint64_t tasks_run() const;
  /// Tasks that are ready to run; about.
  std::size_t tasks_ready() const { return ready_.count_to_offer(); }
  std::size_t values_kept() const { return kept_.count(); }
  std::uint64_t bytes_held() const { return memory_.held(); }
  std::uint64_t most_bytes_held() const { return memory_.most_held(); }
  std::size_t runs() const { return runs_.size(); }

 private:
  class StealBatch;
  struct alignas(64) Worker {
    explicit Worker(unsigned its_number) : number(its_number) {}
    const unsigned number;
    ReadyQueues::Own own;
    Run* closing = nullptr;  // a run of which so many things less are to be waited for
    std::uint64_t closed = 0;
    std::atomic<std::uint64_t> tasks_run{0};
    std::atomic<std::uint64_t> batches{0};  // odd while it takes and runs tasks, or has one to run next
    RunningTask running;
    std::atomic<const Kind*> timed{nullptr};  // what it is inside of, if that is timed
    std::atomic<double> timed_since{0};
  };
  /// What a worker was seen inside of.
  struct Look {
    const Kind* kind = nullptr;
    const void* run = nullptr;
    std::uint64_t slot = 0;
    std::uint64_t batch = 0;
    double since = 0;
  };
  struct Posted {
    enum What { result, announcement, member } what;
    Run* run;
    Slot slot;
    ValueId id;
    Value value;
  };
  static void look_at(const RunningTask& running, Look& last, double now,
                      std::vector<Standing::Inside>& inside);
  std::vector<Standing::Awaited> awaited() const;
  void start_as(RunId number, Subgraph subgraph, std::vector<TaskOrigin> origins = {});
  template <bool shared>
  std::size_t run_some(std::size_t most, Worker& me);
  template <bool shared>
  bool execute(const RunSlot& item, Worker& me);
  template <bool shared>
  bool execute_with_care(const RunSlot& item, Worker& me);
  void call_with_threads(Run& run, Slot task, Worker& me);
  Run* find(RunId number) const;
  void call(Run& run, Slot task, Worker* me, Communicator* communicator = nullptr);
  CallFrame frame_of(Run& run, Slot task, Communicator* communicator = nullptr) const;
  std::string arguments_of(Run& run, Slot slot) const;
  void call_kind(Run& run, Slot task, RunningTask& running, Communicator* communicator = nullptr);
  void call_task(Run& run, Slot task, Worker* me, Communicator* communicator);
  void call_observed(Run& run, Slot task, Worker* me, Communicator* communicator);
  static void check_sorts(const Run& run);
  void observe_start(Run& run);
  static Observer::RunName observed_name(const Run& run);
  Observer::TaskName observed_name(const Run& run, Slot task, const Worker* me) const;
  void call_participant(Run& run, Slot task, Communicator& communicator);
  void fail_as_thrown(Run& run, Slot task, const Kind& kind, const CallFrame& frame);
  void fail(Run& run, Slot task, Failure failure);
  const Value* failed_input(const Run& run, Slot task) const;
  void start_sources(Run& run);
  void start_imports(Run& run);
  void find_participants(Run& run);
  void choose_timed(Run& run);
  void call_and_time(Run& run, Slot task, Worker& me);
  void post_from_workers();
  void join(Run& run, Slot task);
  void tell_joined(Run& run, Slot task);
  void fill(Run& run, Slot slot);
  template <bool shared>
  void complete(Run& run, Slot slot, Worker* me);
  template <bool shared>
  void pass_on(Run& run, Slot slot, Worker* me, bool routed);
  void complete(Run& run, Slot slot);
  void complete_and_close(Run& run, Slot slot);
  void keep_slot(Run& run, Slot slot);
  void count_result(Run& run, Slot slot, std::uint64_t counted = 0);
  void drop(Run& run, Slot slot);
  void send(Run& run, Slot slot);
  void send_by(const Run& run, const Route& route, const Value& value);
  static void note_front_failure(Run& run, Slot task, const Failure& failure);
  static RunId home_run(const Run& run);
  static std::uint64_t plan_of(const Run& run, Slot slot);
  void drop_use(Run& run, Slot slot);
  template <bool shared>
  void close(Run& run, std::uint64_t count = 1);
  void close(Run& run);
  template <bool shared>
  void close_soon(Run& run, Worker& me);
  void begin_batch(Worker& me);
  void end_batch(Worker& me);
  void finish(Run& run);
  template <bool shared>
  void follow_link(Run& run, Slot slot, Slot to, Worker* me);
  template <bool shared>
  void open_external(Run& run, Slot slot, std::uint16_t because, Worker* me);

  template <bool shared>
  void make_ready(const RunSlot& item, Worker* me);
  void make_ready(const RunSlot& item);
  void make_ready_specially(const RunSlot& item);
  template <bool shared>
  bool take(Worker& me, RunSlot& task);
  bool admit(const RunSlot& task);
  void defer(const RunSlot& task);

  // stealing
  unsigned idle_workers() const;
  bool is_surely_long(const Kind* kind) const;
  bool add_if_spare(StealBatch& batch, const RunSlot& item) const;
  static std::optional<std::size_t> bytes_to_give(const Run& run, Slot task);
  void note_packing(std::size_t bytes, double seconds);
  Buffer pack(const Run& run, std::span<const Slot> tasks) const;
  static Buffer with_values(const Subgraph& part, const std::vector<TaskOrigin>& origins, const Run& run,
                            std::span<const Slot> values);
  int rank() const override { return rank_; }
  TaskOrigin origin_of(const void* run, std::uint64_t slot) const override;
  std::string keep_task(const void* run, std::uint64_t slot) const override;
  void come_home(Run& run, Slot task);

  // constant
  const int rank_;
  const Images& images_;
  Outlet& outlet_;
  const bool shared_;
  const std::function<void()> wake_;
  Observer* observer_ = nullptr;
  std::string kept_folder_;
  bool may_move_ = true;

  // what runs: changed by whoever pumps
  std::unordered_map<RunId, std::unique_ptr<Run>> runs_;
  mutable Run* latest_ = nullptr;  // asked for; most messages are of one run
  RunId next_stolen_ = 0;
  std::uint64_t tasks_given_ = 0;
  std::vector<Look> looks_;         // by worker, and of the participant
  double seconds_per_byte_ = 3e-9;  // to have it elsewhere
  static constexpr double least_batch_seconds = 2e-3;
  double batch_seconds_ = least_batch_seconds;  // that the next one is to last

  // what tasks share
  MemoryBound memory_;
  CrewGate gate_;
  const ThreadedLibraries libraries_;
  Durations durations_;
  KeptStore kept_;

  // what runs next
  std::vector<std::unique_ptr<Worker>> workers_;
  ReadyQueues ready_;
  std::atomic<std::uint64_t> participants_run_{0};
  RunningTask running_participant_;  // of a collective task
  std::atomic<std::int64_t> arrivals_missing_{0};

  // what workers leave for whoever pumps
  SpinLock posted_lock_;
  std::vector<Posted> posted_;
  std::atomic<std::int64_t> results_posted_{0};  // to be sent
  std::vector<Run*> finished_;
};

}  // namespace ramal::detail
