// SPDX-License-Identifier: BSD-3-Clause
// Rank: one executor, one transport, and the messages between them. Every rank has one, rank 0 too.
//
// With workers == 0 one thread does everything through `step`. With workers, they run tasks and pump in
// between; a helper that mostly sleeps pumps while all of them are inside long tasks. Everything but
// the workers' own `run_one` happens under the pump's lock.
#pragma once

#include "runtime/executor/collective_turns.hpp"
#include "runtime/executor/stealing.hpp"
#include "runtime/machine/clock.hpp"
#include "runtime/machine/numa.hpp"
#include "runtime/rank/programs.hpp"
#include "runtime/transport/census.hpp"
#include "runtime/transport/transport.hpp"

#include <ramal/detail/engine.hpp>
#include <ramal/locals.hpp>

#include <condition_variable>
#include <map>
#include <set>

namespace ramal::detail {

struct ProgramEntry;

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
};

/// The id under which every rank keeps its local of that name. Above those that rank 0 counts.
ValueId local_id(std::string_view name);
/// What sending the value would take; 0 if that cannot be told.
std::uint64_t known_bytes(const Value& value);

class Rank final : private Receiver, private Outlet {
 public:
  /// `about`: what does not change of this rank's answer to a query; `control` is null but on rank 0.
  Rank(std::unique_ptr<Transport> transport, const Images& images, unsigned workers, Control* control,
       RankInfo about, StealMode steal = StealMode::off);
  ~Rank() override;

  /// Rank 0's: hands each rank its subgraph, by rank, if it has one, and starts its own. `alone`: no earlier
  /// run is under way, so that others are free to pass messages on; `fetched`: how many results rank 0 will
  /// get; `with_members`: ranks that have members of collective tasks.
  void ship(std::vector<Subgraph> subgraphs, bool alone, std::size_t fetched,
            const std::set<std::uint32_t>& with_members);
  /// The same for one of them, directly.
  void ship(int to, Subgraph subgraph);
  /// The same families to all ranks; its own share of them is started too.
  void ship_program(RunId run, const std::vector<std::byte>& encoded, bool alone);
  void send_release(int to, std::span<const ValueId> ids);
  /// So many kept values from that one on, as far as it has them.
  void send_release_of_all(int to, ValueId first, std::uint64_t count);
  void send_cancel(int to, RunId run, std::span<const Slot> tasks);
  void cancel_program(RunId run) { programs_.cancel(run); }
  void send_query(int to);
  /// This rank's own tasks, and what became of them elsewhere.
  void cancel(RunId run, std::span<const Slot> tasks);
  /// Leaves a kept value of that rank, which is there, for its program after the run.
  void send_store(int to, ValueId id, const std::string& name);
  /// Tells all ranks to end after their present tasks, and waits at most so long, saying now and then for
  /// whom. False: some task is still running.
  bool stop_all(int status, double patience_seconds);
  static constexpr double forever_seconds = 1e18;

  /// Runs tasks and messages until `done`, which is asked under the pump's lock. `by_time`: it may come true
  /// by mere passing of time.
  void work_until(const std::function<bool()>& done, bool by_time = false);
  /// One round of messages, and without workers of tasks.
  void progress();
  /// Until rank 0 says stop; returns the status it gave.
  int serve();
  /// Ends the workers after their present task. Collective with all ranks' `close`.
  void close();

  /// The pump's lock; of no cost without workers.
  std::unique_lock<std::mutex> lock() {
    return threaded() ? std::unique_lock(pump_mutex_) : std::unique_lock<std::mutex>();
  }
  bool threaded() const { return worker_count_ > 0; }
  /// This rank's own answer to a query.
  RankInfo info() const;
  Executor& executor() { return executor_; }
  /// Programs of families under way.
  std::size_t programs() const { return programs_.count(); }
  /// First thing when the program comes back to us: what has arrived meanwhile.
  void attend();
  /// This rank's locals: what the program had before the run, then what was left for it.
  void take_locals(Locals& locals);
  void leave_locals(Locals& locals);
  Transport& transport() { return *transport_; }
  /// Seconds without work while a run was under way. Of a rank with one thread; 0 otherwise.
  double idle_seconds() const { return delay_.idle; }
  /// Rank 0's, after stop_all.
  std::uint64_t all_tasks_run() const { return all_tasks_run_; }
  struct Stolen {
    std::uint64_t tasks = 0;
    std::uint64_t bytes = 0;  // inputs and results
  };
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
  /// Where a large message comes down: a result's own memory, or bytes.
  struct Landing {
    Value value;
    Buffer head;
    Buffer bytes;
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
    if (more && !tasks_are_long_) return;
    transport_->flush();
    unsent_ = false;
  }

  // memory
  bool overdraw(unsigned worker);
  void mind_memory();
  Census::Answer answer_census();
  void hear_answer(int from, const Census::Answer& answer);

  // stealing
  void mind_stealing();
  void ask_for_tasks();
  void give_tasks();
  void send_words(std::span<const Stealing::Word> words);

  bool pump(bool starved = false);
  bool take_turns();
  bool step();
  void start(Subgraph subgraph);
  std::vector<bool> ship_bundled(std::span<const Subgraph> subgraphs, std::size_t fetched);
  void pass_on(RunId run, const std::shared_ptr<Buffer>& bundle);
  void pass_program_on(RunId run, std::span<const std::byte> padded_program,
                       std::span<const ProgramEntry> entries);
  void send_shared(int to, const Header& header, std::span<const std::byte> bytes,
                   const std::shared_ptr<Buffer>& memory);
  void took_subgraph();
  Slot shipped_to(int to) const { return shipped_[static_cast<std::size_t>(to)]; }
  std::uint64_t counted_bytes(const Header& header) const;
  template <class Plan>
  Value read_result(const Type& type, const Header& header, Reader& head, std::span<const std::byte> payload,
                    const Plan& plan);
  void take_result(const Header& header, std::span<const std::byte> head, std::span<const std::byte> payload);
  void take_shipped(RunId run, Buffer bytes);
  void take_early(RunId run);
  void take_member(const Header& header, std::span<const std::byte> head, std::span<const std::byte> payload);
  void hand_member_over(const Header& header, MemberName name, Value value);
  void pass_member_on(std::uint32_t owner, RunId program, MemberName name, const Value& value);

  void send_encoded(int to, RunId run, Slot slot, const Value& value, bool relays);
  void send_value(std::span<const int> ranks, Header header, std::span<const std::byte> before,
                  const Value& value, std::optional<int> small_by);
  void send_text(int to, const Header& header, std::span<const std::byte> bytes);
  void tell_durations();
  void hear(const Farewell& farewell);
  void note_idle(bool did_something);
  void rest(Backoff& backoff, bool by_time);
  [[noreturn]] void fail();
  template <class Work>
  void or_fail(const Work& work);
  void work_until_done(const std::function<bool()>& done, bool by_time);

  void tell_who_is_waited_for(double seconds);
  void tell_workers_to_end();
  void end_workers();
  void work(unsigned worker);
  bool try_pump(double now);
  void help();
  void wake();
  void sleep_until_woken(double seconds);

  struct Early {
    int from;  // if that matters
    Header header;
    Buffer head;
    Buffer payload;
  };

  std::unique_ptr<Transport> transport_;
  const Images& images_;
  const std::size_t small_bytes_;
  const unsigned worker_count_;
  Control* const control_;
  const RankInfo about_;
  const Numa numa_;
  Executor executor_;

  // messages, under the pump's lock
  std::unordered_map<int, Landing> landings_;
  std::size_t results_landing_ = 0;
  std::vector<std::byte> scratch_;  // for what is encoded before it goes into a frame
  bool takes_all_ = false;          // nothing runs any more that would make room
  std::vector<bool> has_stopped_;   // rank 0's: which others have
  /// Rank 0's: subgraphs each rank has been sent, counting bundles that it only passes on. What depends on
  /// them says in its slot how many, since what goes directly may overtake what goes along the tree.
  std::vector<Slot> shipped_;
  Slot taken_ = 0;  // of those, here
  struct Held {
    Header header;
    Buffer payload;
  };
  std::vector<Held> held_;  // until `taken_` is what their slots say, in the order of arrival
  std::optional<RunId> relayed_run_;
  /// Results that overtook the subgraph that expects them, by run.
  std::unordered_map<RunId, std::vector<Early>> early_;
  std::map<std::string, Value> left_;  // for the program after the run
  Programs programs_;
  CollectiveTurns turns_;
  Stealing stealing_;
  Stolen stolen_;
  bool may_ask_;  // with one thread: will look for messages again and again
  unsigned looks_to_question_ = 0;
  double next_give_ = 0;  // when what is ready is looked at again
  /// Rank 0's.
  Census census_;
  struct {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
  } census_messages_;
  std::uint64_t received_ = 0;            // messages of all types
  std::atomic<bool> has_starved_{false};  // and rank 0 knows
  std::atomic<int> may_overdraw_{0};
  std::optional<int> stopped_;
  int others_stopped_ = 0;
  bool unsent_ = false;
  bool arrived_ = false;  // in the last round
  double last_pump_ = 0;  // may be some milliseconds early
  bool last_pump_is_coarse_ = false;
  bool has_rested_ = false;       // since something happened
  std::size_t tasks_a_look_ = 1;  // at the clock
  bool tasks_are_long_ = false;   // so long that no result should wait for the next one
  unsigned steps_ = 0;
  double idle_since_ = 0;
  Delay delay_;
  Delay all_delays_;  // the largest of each over all ranks
  std::uint64_t all_tasks_run_ = 0;
  Stolen all_stolen_;

  // threads
  std::mutex pump_mutex_;
  std::condition_variable pumped_;  // the program's own thread waits here
  bool has_news_ = false;           // for it
  std::mutex sleep_mutex_;
  std::condition_variable woken_;
  std::atomic<int> sleepers_{0};
  std::atomic<bool> ending_{false};
  std::atomic<unsigned> workers_alive_{0};
  std::atomic<double> last_pump_shared_{0};
  std::vector<std::thread> threads_;
};

}  // namespace ramal::detail
