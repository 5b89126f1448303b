// SPDX-License-Identifier: BSD-3-Clause
// Rank: one executor, one transport, and the messages between them. Every rank has one, rank 0 too.
//
// Each of its duties has a class of its own, which owns the state for it:
//
//   Mail          values and texts on their way out; Landings and EarlyMail on their way in
//   Shipping      subgraphs along the tree of ranks, and what has to wait for them
//   Programs      family programs under way
//   CollectiveTurns   when this rank's participants of collective tasks run
//   StallWatch    what is said when nothing gets done
//   MemoryWatch   tasks that wait for memory
//   TaskExchange  tasks asked of other ranks, and given to them
//   ClockExchange  what this rank's clock says against rank 0's
//   Workers       threads, and the lock under which messages move
//
// What is left here ties them together: which message is whose, the round of messages (`pump`), the loop of
// the only thread (`step`) with the time it has lost, and the end.
//
// With workers == 0 one thread does everything through `step`. With workers, everything but their tasks
// happens under the pump's lock.
#pragma once

#include "runtime/executor/collective_turns.hpp"
#include "runtime/machine/clock.hpp"
#include "runtime/rank/clock_exchange.hpp"
#include "runtime/rank/mail.hpp"
#include "runtime/rank/memory_return.hpp"
#include "runtime/rank/memory_watch.hpp"
#include "runtime/rank/programs.hpp"
#include "runtime/rank/shipping.hpp"
#include "runtime/rank/stall_watch.hpp"
#include "runtime/rank/task_exchange.hpp"
#include "runtime/rank/workers.hpp"

#include <ramal/detail/engine.hpp>
#include <ramal/locals.hpp>

#include <map>
#include <set>

namespace ramal::detail {

/// What rank 0's session wants to hear. Called under the pump's lock.
class Control {
 public:
  virtual ~Control() = default;
  /// A value of rank 0 is kept there, or is what a session fetches.
  virtual void made(ValueId id, const Value& value) = 0;
  /// Another rank keeps a value of so many bytes, or a failure in its place.
  virtual void ready(ValueId id, std::uint64_t bytes, const Failure* failure) = 0;
  virtual void report(int from, std::span<const std::byte> text) = 0;
  /// Another rank's tasks of a kind, or some of them, have taken so long.
  virtual void learn(const Kind& kind, const DurationSum& sum) = 0;
  /// What another rank says that it is at; see Rank::set_reporter.
  virtual void status(int /*from*/, std::span<const std::byte> /*text*/) {}
  /// What the program waits for, the first of it.
  virtual std::vector<Standing::Awaited> waited_for() { return {}; }
  /// That task with its name and its rank, as far as they are known.
  virtual Standing::Awaited named(const Standing::Awaited& one) { return one; }
};

/// The id under which every rank keeps its local of that name. Above those that rank 0 counts.
ValueId local_id(std::string_view name);

class Rank final : private Receiver,
                   private Outlet,
                   private Shipping::Port,
                   private Workers::Work,
                   private StallWatch::Watched {
 public:
  /// `about`: what does not change of this rank's answer to a query; `control` is null but on rank 0;
  /// `observer` hears of all, from the first message on, and outlives this; null: nobody does. Tasks that fail
  /// are kept in the folder `keep_failed`; empty: they are not.
  Rank(std::unique_ptr<Transport> transport, const Images& images, unsigned workers, Control* control,
       RankInfo about, StealMode steal = StealMode::off, Observer* observer = nullptr,
       const std::string& keep_failed = {});
  ~Rank() override;
  /// The same for a rank of one thread, before anything is shipped.
  void set_observer(Observer* observer);
  /// Null: nobody.
  Observer* observer() { return observer_; }
  /// Other ranks': from now on tells rank 0 about every so many seconds what `text` gives, called under the
  /// pump's lock. Before anything runs.
  void set_reporter(std::function<std::vector<std::byte>()> text, double pause_seconds);
  /// Tells rank 0 of it now. By whoever pumps, or when the workers have ended.
  void report_status();
  /// Measures this rank's clock against rank 0's, which answers meanwhile: other ranks' side. `trouble`: an
  /// errno for rank 0, which has it in `clocks().troubles()`; 0: none.
  ClockMeasure measure_clock(int trouble);
  /// Rank 0's: answers until all others have measured theirs so many times.
  void answer_clocks(unsigned times);
  const ClockExchange& clocks() const { return clocks_; }
  /// Called by the thread that runs the rank, before anything is shipped. What is said goes to a file of
  /// that folder; empty: to standard error. `seconds`: 0 for what is asked for by SIGUSR2 alone.
  void watch_stalls(double seconds, const std::string& folder);

  /// Rank 0's: hands each rank its subgraph, by rank, if it has one, and starts its own. `alone`: no earlier
  /// run is under way, so that others are free to pass messages on; `fetched`: how many results rank 0 will
  /// get; `with_participants`: ranks that have participants of collective tasks.
  void ship(std::vector<Subgraph> subgraphs, bool alone, std::size_t fetched,
            const std::set<std::uint32_t>& with_participants);
  /// The same for one of them, directly.
  void ship(int to, Subgraph subgraph);
  /// Sends one family program to all ranks; rank 0's own share is started too.
  void ship_program(RunId run, const std::vector<std::byte>& encoded, bool alone);
  void send_release(int to, std::span<const ValueId> ids);
  /// Releases so many kept values from that one on, as far as the rank has them.
  void send_release_of_all(int to, ValueId first, std::uint64_t count);
  /// Tasks by their index in the run's plan, here and below.
  void send_cancel(int to, RunId run, std::span<const TaskIndex> tasks);
  void cancel_program(RunId run) { programs_.cancel(run); }
  void send_query(int to);
  /// Gives up these tasks of this rank, also those that others have stolen from it.
  void cancel(RunId run, std::span<const TaskIndex> tasks);
  /// Leaves a kept value of that rank, which is there, for its program after the run.
  void send_store(int to, ValueId id, const std::string& name);
  /// Tells all ranks to end after their present tasks, and waits at most so long, saying now and then for
  /// whom. False: some task is still running.
  bool stop_all(int status, double patience_seconds);
  static constexpr double forever_seconds = 1e18;

  /// Runs tasks and messages until `done`, which is asked under the pump's lock. `by_time`: it may come true
  /// by mere passing of time.
  void work_until(const std::function<bool()>& done, bool by_time = false);
  /// Moves messages, and runs no tasks in this thread, until `done` or for so long.
  void pump_until(const std::function<bool()>& done, double seconds);
  /// Moves messages for one round, and runs a few tasks where there are no workers.
  void progress();
  /// Runs tasks and messages until rank 0 says stop; returns the status it gave.
  int wait_for_stop();
  /// Then ends the workers, and tells rank 0 so.
  void take_leave();
  /// Both.
  int serve() {
    const int status = wait_for_stop();
    take_leave();
    return status;
  }
  /// Ends the workers after their present task.
  void end_workers();
  /// Ends the workers after their present task. Collective with all ranks' `close`.
  void close();

  /// The pump's lock; it costs nothing without workers.
  std::unique_lock<std::mutex> lock() { return workers_.lock(); }
  bool threaded() const { return workers_.exist(); }
  /// This rank's own answer to a query.
  RankInfo info() const;
  Executor& executor() { return executor_; }
  /// How many family programs are under way.
  std::size_t programs() const { return programs_.count(); }
  /// Takes in what has arrived while the program was elsewhere. The first thing in a session call.
  void attend();
  /// This rank's locals: what the program had before the run, then what was left for it.
  void take_locals(Locals& locals);
  void leave_locals(Locals& locals);
  Transport& transport() { return *transport_; }
  /// Seconds without work while a run was under way. Counted on ranks with one thread; 0 on others.
  double idle_seconds() const { return delay_.idle; }
  /// Rank 0's, after stop_all.
  std::uint64_t all_tasks_run() const { return all_tasks_run_; }
  using Stolen = TaskExchange::Taken;
  Stolen all_stolen() const { return all_stolen_; }
  /// Rank 0's, after stop_all: how long messages and ready tasks waited for some rank that was inside a
  /// long task or, on rank 0, outside of session calls, as far as it can have held up others.
  double lost_seconds() const {
    return std::max(all_delays_.unattended, std::min(all_delays_.late, all_delays_.idle));
  }

 private:
  /// Time lost for want of a thread that moves messages.
  struct Delay {
    double late = 0;        // messages waited
    double idle = 0;        // nothing to do in a run
    double unattended = 0;  // ready tasks waited while the program was elsewhere
  };
  /// A rank's last message.
  struct Farewell {
    Delay delay;
    std::uint64_t tasks_run;
    Stolen stolen;
  };
  void handle(int from, const Header& header, std::span<const std::byte> payload);
  // Receiver
  void receive(int from, const Header& header, std::span<const std::byte> payload) override;
  bool takes(int from, const Header& header) override;
  std::span<std::byte> prepare(int from, const Header& header, std::span<const std::byte> head) override;
  void landed(int from, const Header& header) override;
  // Outlet
  void send(std::uint32_t rank, RunId run, Slot slot, const Value& value) override;
  void return_home(std::uint32_t rank, RunId run, Slot slot, const Value& value) override;
  void send_member(std::uint32_t rank, RunId program, MemberName name, const Value& value) override;
  void ended(const FrontRun& front, const Failure* failure) override { programs_.ended(front, failure); }
  void announce(ValueId id, const Value& value) override;
  void enlist(RunId run, std::uint32_t turn, std::vector<std::uint32_t> ranks) override {
    turns_.enlist({run, turn}, std::move(ranks));
  }
  void join(RunId run, std::uint32_t turn, const Failure* failure) override {
    turns_.ready({run, turn}, failure);
  }
  void hurry(bool more) override {
    if (!more || tasks_are_long_) mail_.flush();
  }
  // Shipping::Port
  void start_subgraph(Buffer bytes) override { start(Subgraph::read(std::move(bytes))); }
  void start_program(RunId run, std::span<const std::byte> bytes) override {
    programs_.start(bytes);
    take_early(run);
  }
  void handle_held(const Header& header, std::span<const std::byte> payload) override {
    handle(0, header, payload);
  }
  // Workers::Work
  std::size_t run(std::size_t most, unsigned worker) override { return executor_.run_some(most, worker); }
  bool run_put_off(unsigned worker) override { return memory_.overdraw(worker); }
  bool has_ready() const override { return executor_.has_ready(); }
  bool pump(bool after_pause) override {
    if (after_pause) exchange_.expect_rare_looks();
    const bool any = pump_messages();
    if (!any) memory_return_.mind();
    return any;
  }
  [[noreturn]] void fail() override;
  // StallWatch::Watched
  Standing standing(double now) override;
  std::uint64_t doings() override { return executor_.tasks_run() + memory_.received(); }
  std::vector<Standing::Inside> inside(double now) override { return executor_.look_at_running(now); }
  std::vector<Standing::Awaited> waited_for() override { return control_->waited_for(); }
  Standing::Awaited named(const Standing::Awaited& one) override { return control_->named(one); }
  bool waits() const override { return waits_; }
  bool waits_for_good() const override { return waits_for_good_; }
  void note_standing_sent() override { memory_.note_idle_sent(); }
  void end_all(int status) override;

  // progress
  bool pump_messages(bool starved = false);
  bool take_turns();
  bool may_ask() const;
  bool step();
  void note_idle(bool did_something);
  void rest(Backoff& backoff, bool by_time);
  void work_until_done(const std::function<bool()>& done, bool by_time);
  void tell_how_it_stands();
  template <class Action>
  void or_fail(const Action& action);

  // sending
  void send_encoded(int to, RunId run, Slot slot, const Value& value, bool relays);
  void pass_member_on(std::uint32_t owner, RunId program, MemberName name, const Value& value);
  void tell_durations();

  // receiving
  void start(Subgraph subgraph);
  void take_early(RunId run);
  std::uint64_t counted_bytes(const Header& header) const;
  void take_result(const Header& header, std::span<const std::byte> head, std::span<const std::byte> payload);
  void pass_result_on(const Header& header, std::span<const std::byte> payload);
  void take_member(const Header& header, std::span<const std::byte> head, std::span<const std::byte> payload);
  void hand_member_over(const Header& header, MemberName name, Value value);
  void take_ready(std::span<const std::byte> payload);
  void take_stop(int from, const Header& header, std::span<const std::byte> payload);

  // the end
  void hear(const Farewell& farewell);
  void tell_who_is_waited_for(double seconds);
  void tell_workers_to_end();

  // constant
  std::unique_ptr<Transport> transport_;
  Observer* observer_ = nullptr;
  double next_stand_ = 0;  // when the observer is told again how the rank stands
  std::function<std::vector<std::byte>()> reporter_;
  double report_pause_seconds_ = 0;
  double next_report_ = 0;
  const Images& images_;
  Control* const control_;
  const RankInfo about_;

  // duties; under the pump's lock, but for what the executor and the workers do with each other
  Mail mail_;
  Executor executor_;
  Shipping shipping_;
  Landings landings_;
  EarlyMail early_;  // results and the like that overtook the subgraph or program that expects them
  Programs programs_;
  CollectiveTurns turns_;
  MemoryWatch memory_;
  MemoryReturn memory_return_;
  TaskExchange exchange_;
  ClockExchange clocks_;
  std::unique_ptr<StallWatch> stalls_;
  std::map<std::string, Value> left_;  // for the program after the run

  // progress
  std::size_t results_landing_ = 0;
  std::uint64_t bytes_landing_ = 0;
  bool takes_all_ = false;  // nothing runs any more that would make room
  bool will_look_;          // with one thread: for messages again and again
  /// The thread that called work_until comes back when what it waits for is there, and not before.
  std::atomic<bool> waits_for_good_{false};
  std::atomic<bool> waits_{false};  // the same, or for a time
  bool arrived_ = false;  // in the last round
  double last_pump_;      // may be some milliseconds early
  bool last_pump_is_coarse_ = false;
  bool has_rested_ = false;       // since something happened
  std::size_t tasks_a_look_ = 1;  // at the clock
  bool tasks_are_long_ = false;   // so long that no result should wait for the next one
  unsigned steps_ = 0;
  double idle_since_ = 0;
  Delay delay_;

  // the end
  std::optional<int> stopped_;
  std::vector<bool> has_stopped_;  // rank 0's: which others have
  int others_stopped_ = 0;
  Delay all_delays_;  // the largest of each over all ranks
  std::uint64_t all_tasks_run_ = 0;
  Stolen all_stolen_;

  Workers workers_;  // last: they use all of this
};

}  // namespace ramal::detail
