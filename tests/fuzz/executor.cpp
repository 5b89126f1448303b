// SPDX-License-Identifier: BSD-3-Clause
// Executor: bytes describe tasks, runs of them, and in which order all that can happen to rank 0 of three
// happens: arrivals, runs that feed each other, stealing, cancels, releases, too little memory. In the end
// each task has run once, each value that was asked for is what a plain loop says, and nothing is left.
#include "runtime/executor/executor.hpp"
#include "graph/tasks/cut.hpp"
#include "tests/fuzz/graphs.hpp"

#include <deque>
#include <set>

namespace ramal::test {
namespace {

using namespace ramal::detail;

struct Known final : Residence {
  Known(ValueId value_id, std::uint32_t rank) : id(value_id), home(rank) {}
  ValueId id;
  std::uint32_t home;
};
const Known* known(const Task& task) { return static_cast<const Known*>(task.residence()); }

/// As it comes from another rank.
Value carried(const Value& value) {
  std::vector<std::byte> bytes(value.encoded_bytes());
  Writer writer(bytes.data(), bytes.size());
  value.type().write(writer, value);
  require(writer.size() == bytes.size(), "a value takes what it was counted to take");
  Reader reader(bytes);
  Value read = value.type().read(reader);
  require(reader.left() == 0, "a value is read to its end");
  return read;
}

struct Message {
  std::uint32_t to;
  RunId run;
  Slot slot;
  Value value;
};
class Recorder : public Outlet {
 public:
  std::vector<Message> sent;
  std::deque<Message> home;  // results of stolen tasks
  std::vector<std::pair<ValueId, Value>> announced;

  void send(std::uint32_t rank, RunId run, Slot slot, const Value& value) override {
    sent.push_back({rank, run, slot, value});
  }
  void return_home(std::uint32_t rank, RunId run, Slot slot, const Value& value) override {
    home.push_back({rank, run, slot, carried(value)});
  }
  void announce(ValueId id, const Value& value) override { announced.emplace_back(id, value); }
  void enlist(RunId, std::uint32_t, std::vector<std::uint32_t>) override {}
  void join(RunId, std::uint32_t, const Failure*) override {}
  void send_member(std::uint32_t, RunId, MemberName, const Value&) override {}
  void ended(const FrontRun&, const Failure*) override {}
  void hurry(bool) override {}
};

class Events {
 public:
  explicit Events(Choices& choices)
      : choices_(choices),
        executor_(
            0, images(), out_, 0, [] {},
            choices.below(2) == 0 ? std::uint64_t{1} << 40 : 1 + 4 * choices.byte()),
        thief_(1, images(), thief_out_, 0) {}

  void run() {
    made_.add(choices_, ranks);
    while (choices_.more() && made_.all.size() < 500) happen();
    start();
    drain();
    check();
  }

 private:
  static constexpr int ranks = 3;
  static const Images& images() {
    static const Images loaded = Images::loaded();
    return loaded;
  }
  struct Route {
    std::size_t number;  // of the task whose value goes there
    int times = 0;
  };
  struct Arrival {
    RunId run;
    Slot slot;
    std::size_t number;
  };

  struct Started {
    RunId run;
    TaskIndex plan;
    std::size_t number;
  };

  void happen() {
    switch (choices_.below(14)) {
      case 0:
      case 1:
        for (std::size_t left = 1 + choices_.below(8); left > 0; --left) made_.add(choices_, ranks);
        break;
      case 2:
        start();
        break;
      case 3:
        executor_.run_one();
        break;
      case 4:
        executor_.run_some(1 + choices_.below(8));
        break;
      case 5:
      case 6:
        if (!arrivals_.empty()) arrive(choices_.below(arrivals_.size()));
        break;
      case 7:
        steal();
        break;
      case 8:
        thief_.run_some(1 + choices_.below(4));
        break;
      case 9:
        come_home();
        break;
      case 10:
        cancel();
        break;
      case 11:
        release();
        break;
      case 12:
        executor_.overdraw();
        break;
      default:
        receive_what_was_sent();
        executor_.free_what_has_left();
        break;
    }
  }

  // --- runs ------------------------------------------------------------------------------------------------
  void start() {
    const RunId run = next_run_++;
    const Graph graph = collect(made_.targets(choices_));
    std::vector<std::uint32_t> rank;
    for (const Task* task : graph.tasks) {
      if (task->constant() != nullptr && constants_.emplace(task, next_id_).second) {
        of_id_[next_id_] = made_.number_of(task);
        executor_.keep(next_id_++, *task->constant());
      }
      rank.push_back(task->constant() != nullptr ? 0
                     : task->residence() != nullptr
                         ? known(*task)->home
                         : static_cast<std::uint32_t>(choices_.below(8) < 6 ? 0 : 1 + choices_.below(2)));
    }
    std::vector<Want> wants;
    for (const TaskIndex target : graph.targets) {
      const bool fetch = is_given(*graph.tasks[target]) || choices_.below(2) == 0;
      of_id_[next_id_] = made_.number_of(graph.tasks[target]);
      wants.push_back({target, next_id_++, fetch});
    }
    const auto holder = [this](const Task& task) {
      return Holder{task.constant() != nullptr ? constants_.at(&task) : known(task)->id,
                    [](std::uint32_t) { return false; },
                    {}};
    };
    Cut made = cut(graph, rank, ranks, run, wants, holder, images());
    note(graph, made.subgraphs[0]);
    if (made.subgraphs[0].bytes.size() > 0)
      executor_.start(Subgraph::read(std::move(made.subgraphs[0].bytes)));
    for (const Want& want : wants) {
      if (want.fetch) continue;
      graph.tasks[want.task]->set_residence(std::make_unique<Known>(want.id, rank[want.task]));
      if (rank[want.task] == 0) kept_.push_back(want.id);
    }
  }

  /// What the run is to do, and what it waits for.
  void note(const Graph& graph, const Subgraph& share) {
    if (share.bytes.size() == 0) return;
    const auto number_of = [&](Slot slot) {
      if (slot < share.tasks()) return made_.number_of(graph.tasks[share.plan[slot]]);
      const External& external = share.externals[slot - share.tasks()];
      return external.how == External::import
                 ? of_id_.at(external.id)
                 : made_.number_of(graph.tasks[static_cast<TaskIndex>(external.id)]);
    };
    for (Slot task = 0; task < share.tasks(); ++task) {
      runs_of_.resize(made_.all.size());
      ++runs_of_[number_of(task)];
      started_.push_back({share.run, share.plan[task], number_of(task)});
    }
    for (Slot slot = static_cast<Slot>(share.tasks()); slot < share.slots(); ++slot) {
      if (share.externals[slot - share.tasks()].how == External::arrival)
        arrivals_.push_back({share.run, slot, number_of(slot)});
    }
    for (const detail::Route& route : share.routes)
      routes_[{route.rank, share.run, route.remote_slot}] = {number_of(route.slot)};
    for (const Keep& keep : share.keeps) {
      require(keep.how != Keep::quietly, "nothing is copied here");
      announcements_[keep.id] = 0;
    }
  }

  // --- events ----------------------------------------------------------------------------------------------
  void arrive(std::size_t which) {
    const Arrival arrival = arrivals_[which];
    arrivals_.erase(arrivals_.begin() + static_cast<std::ptrdiff_t>(which));
    require(executor_.knows(arrival.run), "a run lasts until all that it waits for is there");
    const MadeTask& made = made_.all[arrival.number];
    const Type* type = executor_.arrival_type(arrival.run, arrival.slot);
    require(type != nullptr, "what arrives is expected");
    if (made.fails) {
      executor_.arrive(arrival.run, arrival.slot,
                       Value::make<Failure>(Failure{.run = arrival.run,
                                                    .plan = executor_.arrival_plan(arrival.run, arrival.slot),
                                                    .rank = 1,
                                                    .cancelled = false,
                                                    .message = "failed elsewhere",
                                                    .arguments = {}}));
      return;
    }
    const Value value = std::visit(
        [](const auto& one) { return Value::make<std::decay_t<decltype(one)>>(one); }, made.expected);
    std::vector<std::byte> encoded(value.encoded_bytes());
    Writer writer(encoded.data(), encoded.size());
    value.type().write(writer, value);
    if (choices_.below(2) == 0 && executor_.arrive_plain(arrival.run, arrival.slot, encoded)) return;
    const std::uint64_t counted =
        std::holds_alternative<Longs>(made.expected) && choices_.below(2) == 0 ? encoded.size() : 0;
    if (counted > 0) executor_.expect(counted);
    Reader reader(encoded);
    executor_.arrive(arrival.run, arrival.slot, type->read(reader), counted);
  }
  void steal() {
    if (!executor_.may_give(true)) return;
    const auto reply = executor_.give(1, 1 + choices_.below(3), 1 + choices_.below(2), true);
    if (reply.tasks == 0) return;
    require(thief_.run_stolen(reply.message->view()) == reply.tasks, "all that was given is taken");
  }
  void come_home() {
    if (thief_out_.home.empty()) return;
    Message result = std::move(thief_out_.home.front());
    thief_out_.home.pop_front();
    require(result.to == 0 && executor_.arrival_type(result.run, result.slot) != nullptr,
            "a stolen task's result is expected");
    executor_.arrive(result.run, result.slot, std::move(result.value));
  }
  /// Some tasks of a run, which may have ended.
  void cancel() {
    if (started_.empty()) return;
    const std::size_t first = choices_.below(std::min<std::size_t>(started_.size(), 65536));
    const RunId run = started_[first].run;
    std::vector<TaskIndex> tasks;
    cancelled_.resize(made_.all.size());
    for (std::size_t k = first; k < started_.size() && started_[k].run == run && tasks.size() < 3; ++k) {
      tasks.push_back(started_[k].plan);
      cancelled_[started_[k].number] = true;
    }
    for (const auto& [to, given] : executor_.cancel(run, tasks)) {
      require(to == 1, "given to the thief");
      thief_.recall(0, run, given);
    }
  }
  /// A kept value, perhaps before it is there. Nothing that starts later may import it.
  void release() {
    if (kept_.empty()) return;
    const std::size_t which = choices_.below(kept_.size());
    const ValueId id = kept_[which];
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(which));
    const Task* task = made_.all[of_id_.at(id)].task();
    if (task->residence() != nullptr && known(*task)->id == id) task->set_residence(nullptr);
    executor_.release(id);
  }
  void receive_what_was_sent() {
    for (const Message& message : out_.sent) {
      const auto route = routes_.find({message.to, message.run, message.slot});
      require(route != routes_.end(), "sent where it is expected");
      ++route->second.times;
      check_value(route->second.number, message.value);
    }
    out_.sent.clear();
    for (const auto& [id, value] : out_.announced) {
      require(announcements_.contains(id), "announced under an id that was given");
      ++announcements_[id];
      check_value(of_id_.at(id), value);
    }
    out_.announced.clear();
  }

  // --- the end ---------------------------------------------------------------------------------------------
  void drain() {
    while (!arrivals_.empty()) {
      arrive(choices_.below(std::min<std::size_t>(arrivals_.size(), 65536)));
      executor_.run_some(choices_.below(3));
    }
    for (bool any = true; any;) {
      any = executor_.run_one() || thief_.run_one();
      if (!thief_out_.home.empty()) come_home(), any = true;
      if (any) continue;
      receive_what_was_sent();
      executor_.free_what_has_left();
      any = executor_.has_ready() || (executor_.is_short_of_memory() && executor_.overdraw());
    }
  }
  void check() {
    require(executor_.runs() == 0 && thief_.runs() == 0, "all runs have ended");
    require(!executor_.has_ready() && executor_.is_at_rest() && !executor_.has_traffic(),
            "nothing is left to do");
    receive_what_was_sent();
    for (const auto& [where, route] : routes_) require(route.times == 1, "each value is sent once");
    for (const auto& [id, times] : announcements_) require(times == 1, "each kept value is announced once");
    runs_of_.resize(made_.all.size());
    const std::vector<bool> tainted = tainted_tasks();
    for (std::size_t i = 0; i < made_.all.size(); ++i) {
      bool has_failed_input = false;
      for (const std::size_t input : made_.all[i].inputs) has_failed_input |= made_.all[input].fails;
      if (tainted[i]) {
        require(task_calls[i] <= runs_of_[i], "no task runs twice");
      } else {
        require(task_calls[i] == (has_failed_input ? 0 : runs_of_[i]), "each task runs once");
      }
    }
    for (const ValueId id : kept_) {
      const Value value = executor_.kept(id);
      require(!value.empty(), "what is kept is there");
      check_value(of_id_.at(id), value);
      executor_.release(id);
    }
    for (const auto& [task, id] : constants_) executor_.release(id);
    executor_.free_what_has_left();
    require(executor_.values_kept() == 0, "nothing is kept");
    require(executor_.bytes_held() == 0 && thief_.bytes_held() == 0, "no memory is counted");
    for (const MadeTask& made : made_.all) made.task()->set_residence(nullptr);
  }
  /// Those that may have failed because of what was cancelled.
  std::vector<bool> tainted_tasks() {
    cancelled_.resize(made_.all.size());
    std::vector<bool> tainted = cancelled_;
    for (std::size_t i = 0; i < made_.all.size(); ++i)
      for (const std::size_t input : made_.all[i].inputs) tainted[i] = tainted[i] || tainted[input];
    return tainted;
  }
  void check_value(std::size_t number, const Value& value) {
    if (made_.all[number].is(value)) return;
    require(!value.empty() && value.failed() && tainted_tasks()[number], "a value is what a plain loop says");
  }

  Choices& choices_;
  MadeTasks made_;
  Recorder out_, thief_out_;
  Executor executor_, thief_;
  RunId next_run_ = 1;
  ValueId next_id_ = 1;
  std::map<ValueId, std::size_t> of_id_;  // the task
  std::map<const Task*, ValueId> constants_;
  std::vector<ValueId> kept_;      // here, and not released
  std::vector<Arrival> arrivals_;  // still to come
  std::vector<Started> started_;   // of all tasks that were started here
  std::map<std::tuple<std::uint32_t, RunId, Slot>, Route> routes_;
  std::map<ValueId, int> announcements_;
  std::vector<unsigned> runs_of_;  // by task: in how many runs it was
  std::vector<bool> cancelled_;
};

}  // namespace

void fuzz_executor(Bytes bytes) {
  Choices choices(bytes);
  Events(choices).run();
}

}  // namespace ramal::test
