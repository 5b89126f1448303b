// SPDX-License-Identifier: BSD-3-Clause
// Executor, without messages: events in, actions out. At the end ranks over a network driven by hand, for
// what only the order of messages brings about.
#include "graph/tasks/cut.hpp"
#include "runtime/rank/rank.hpp"
#include "runtime/transport/encoded.hpp"
#include "runtime/transport/inprocess.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <thread>

namespace ramal::test {
namespace {

using namespace ramal::detail;

// --- functions -------------------------------------------------------------------------------------------
long leaf(long x) { return 31 * x + 7; }
long two(long a, long b) {
  return static_cast<long>(1000003ul * static_cast<unsigned long>(a) + static_cast<unsigned long>(b));
}
long fail(long x) { throw std::runtime_error("cannot take " + std::to_string(x)); }
long fail_at_length(long) { throw std::runtime_error(std::string(500, '!')); }
long sometimes_fails(long x) {
  if (x % 31 == 0) throw std::runtime_error("no " + std::to_string(x));
  return two(x, 5);
}
long all_of(const std::vector<long>& values) {
  long sum = 3;
  for (const long value : values) sum = two(sum, value);
  return sum;
}
std::vector<double> fill(long n, double x) { return std::vector<double>(static_cast<std::size_t>(n), x); }
/// In place where it may.
std::vector<double> bump(std::vector<double> values, double by) {
  for (double& value : values) value += by;
  return values;
}
double total(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}
std::vector<std::string> words(long n) {
  return std::vector<std::string>(static_cast<std::size_t>(n), "a word of some length, to be encoded");
}
std::vector<std::string> more_words(std::vector<std::string> list) {
  list.emplace_back("more");
  return list;
}

std::vector<long> order;  // in which tasks ran
long mark(long id) { return order.push_back(id), id; }
long mark_after(long id, long) { return mark(id); }
long mark_both(long id, long, long) { return mark(id); }

/// Counts how many there are at once.
struct Counted {
  static inline int now = 0;
  static inline int most = 0;
  long x = 0;
  Counted() { count(); }
  explicit Counted(long value) : x(value) { count(); }
  Counted(const Counted& other) : x(other.x) { count(); }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --now; }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& x;
  }

 private:
  static void count() { most = std::max(most, ++now); }
};
Counted one_counted(long x) { return Counted(x); }
Counted add_counted(const Counted& a, const Counted& b) { return Counted(a.x + b.x); }

// --- subgraphs to run ------------------------------------------------------------------------------------
struct Known final : Residence {
  Known(ValueId value_id, std::uint32_t rank) : id(value_id), home(rank) {}
  ValueId id;
  std::uint32_t home;
};
template <class T>
const Task* at(const Delayed<T>& handle) {
  return handle.task_handle().get();
}
/// From here on the handle means the value that is kept under this id.
template <class T>
void settle(const Delayed<T>& handle, ValueId id, std::uint32_t home = 0) {
  at(handle)->set_residence(std::make_unique<Known>(id, home));
}

struct Wanted {
  template <class T>
  Wanted(const Delayed<T>& handle, ValueId value_id, bool fetched = false)
      : task(handle.task_handle()), id(value_id), fetch(fetched) {}
  TaskHandle task;
  ValueId id;
  bool fetch;
};
struct Plan {
  Graph graph;
  std::vector<Subgraph> shares = {};
  std::map<const Task*, TaskIndex> index = {};
  template <class T>
  TaskIndex of(const Delayed<T>& handle) const {
    return index.at(at(handle));
  }
};
/// Tasks run on rank 0 unless annotated with another.
Plan plan(RunId run, const std::vector<Wanted>& wanted, std::uint32_t ranks = 1) {
  std::vector<const Task*> targets;
  for (const Wanted& want : wanted) targets.push_back(want.task.get());
  Plan plan{collect(targets)};
  std::vector<std::uint32_t> rank;
  for (TaskIndex i = 0; i < plan.graph.size(); ++i) {
    const Task& task = *plan.graph.tasks[i];
    plan.index[&task] = i;
    const auto* known = dynamic_cast<const Known*>(task.residence());
    const auto* wishes = task.annotation();
    rank.push_back(known != nullptr    ? known->home
                   : wishes != nullptr ? static_cast<std::uint32_t>(std::max(0, wishes->rank))
                                       : 0);
  }
  std::vector<Want> wants;
  for (const Wanted& want : wanted) wants.push_back({plan.index.at(want.task.get()), want.id, want.fetch});
  const auto holder = [](const Task& task) {
    return Holder{dynamic_cast<const Known&>(*task.residence()).id, [](std::uint32_t) { return false; }, {}};
  };
  plan.shares = cut(plan.graph, rank, ranks, run, wants, holder, Images::loaded()).subgraphs;
  return plan;
}

struct Sent {
  std::uint32_t rank;
  RunId run;
  Slot slot;
  Value value;
};
class Recorder final : public Outlet {
 public:
  std::vector<Sent> sent;
  std::vector<std::pair<ValueId, Value>> announced;
  void send(std::uint32_t rank, RunId run, Slot slot, const Value& value) override {
    sent.push_back({rank, run, slot, value});
  }
  void announce(ValueId id, const Value& value) override { announced.emplace_back(id, value); }
  void enlist(RunId, std::uint32_t, std::vector<std::uint32_t>) override {}
  void join(RunId, std::uint32_t, const Failure*) override {}
  void send_member(std::uint32_t, RunId, MemberName, const Value&) override {}
  void ended(const FrontRun&, const Failure*) override {}
  void hurry(bool more) override {
    if (!more) hurried_after.push_back(sent.size());
  }
  std::vector<std::size_t> hurried_after;  // so many were sent
};

class ExecutorTest : public ::testing::Test {
 protected:
  ExecutorTest() { order.clear(); }
  /// Begins a run in which this executor is rank 0.
  void start(RunId run, const std::vector<Wanted>& wanted, std::uint32_t ranks = 1) {
    executor_.start(std::move(plan(run, wanted, ranks).shares[0]));
  }
  std::size_t run_all() {
    std::size_t count = 0;
    while (executor_.run_one()) ++count;
    EXPECT_FALSE(executor_.has_ready());
    return count;
  }
  long kept(ValueId id) const {
    const Value value = executor_.kept(id);
    EXPECT_FALSE(value.empty() || value.failed());
    return value.empty() || value.failed() ? 0 : value.get<long>();
  }
  Failure failure(ValueId id) const {
    const Value value = executor_.kept(id);
    EXPECT_TRUE(value.failed());
    return value.failed() ? value.get<Failure>() : Failure{};
  }

  const Images images_ = Images::loaded();
  Recorder out_;
  Executor executor_{0, images_, out_, 0};
};

// --- what is refused ---------------------------------------------------------------------------------------
TEST_F(ExecutorTest, RefusesTasksOfASortThatIsNotCalledHere) {
  for (const Kind* kind : {&given_kind<long>, &level_kind<two, long>}) {
    SubgraphDraft draft;
    draft.kinds = {images_.refer(*kind)};
    draft.add_task(0, 0, 0, 0);
    EXPECT_THROW(executor_.start(draft.finish(1)), DecodeError) << kind->name;
  }
  // What is only read may be of any sort.
  SubgraphDraft draft;
  draft.kinds = {images_.refer(given_kind<long>)};
  draft.externals = {{5, External::import, 0}};
  EXPECT_NO_THROW(executor_.start(draft.finish(2)));
}

std::int64_t number_of_place(Index place) { return place[0]; }

TEST_F(ExecutorTest, RefusesStolenMembersWhosePlaceIsDamaged) {
  const Kind& kind = *family<number_of_place>(3).view().node->kind;
  const auto reply = [&](std::int32_t dims, std::size_t numbers) {
    SubgraphDraft draft;
    draft.kinds = {images_.refer(kind)};
    const auto room = draft.add_task(0, 0, 0, sizeof(PlaceHead) + numbers * sizeof(std::int64_t));
    const PlaceHead head{.dims = dims, .in_time = 0};
    std::memcpy(room.literals, &head, sizeof head);
    draft.routes = {{0, 1, 0}};
    const Subgraph graph = draft.finish(1);
    const auto origins = encoded(std::vector<TaskOrigin>{{.run = 1, .plan = 0, .place = Index(1)}});
    std::vector<std::byte> message;
    const auto append = [&message](std::span<const std::byte> bytes) {
      const std::uint64_t size = bytes.size();
      const auto head_of = std::as_bytes(std::span(&size, 1));
      message.insert(message.end(), head_of.begin(), head_of.end());
      message.insert(message.end(), bytes.begin(), bytes.end());
      message.resize((message.size() + 7) / 8 * 8);
    };
    append(graph.bytes.view());
    append(origins);
    return message;
  };
  EXPECT_NO_THROW(executor_.run_stolen(reply(1, 1)));
  EXPECT_THROW(executor_.run_stolen(reply(Index::most_dims + 1, 9)), DecodeError);
  EXPECT_THROW(executor_.run_stolen(reply(-1, 1)), DecodeError);
  EXPECT_THROW(executor_.run_stolen(reply(2, 1)), DecodeError) << "shorter than it says";
}

// --- what is given away ------------------------------------------------------------------------------------
TEST_F(ExecutorTest, GivesOnlyWhatIsKnownToTakeLong) {
  std::vector<Wanted> wanted;
  for (long i = 0; i < 100; ++i) wanted.push_back({delayed<leaf>(i), 10 + static_cast<ValueId>(i)});
  const Kind& kind = wanted.front().task.get()->kind();
  start(1, wanted);
  EXPECT_EQ(executor_.give(1, 1, 1, false).tasks, 0u) << "nothing is known";
  for (int i = 0; i < 100; ++i) executor_.durations().add(kind, 1e-6);
  EXPECT_FALSE(executor_.may_give(false));
  EXPECT_EQ(executor_.give(1, 1, 1, false).tasks, 0u) << "all are short";
  for (int i = 0; i < 300; ++i) executor_.durations().add(kind, 1e-3);
  EXPECT_TRUE(executor_.may_give(false));
  const auto reply = executor_.give(1, 1, 1, false);
  EXPECT_GT(reply.tasks, 0u);
  EXPECT_LE(reply.tasks, 50u) << "an even share";
  EXPECT_EQ(run_all() + reply.tasks, 100u);
}

// --- what is kept ------------------------------------------------------------------------------------------
TEST_F(ExecutorTest, AResultIsKeptAndAnnouncedOnce) {
  start(1, {{delayed<leaf>(2), 5}});
  EXPECT_TRUE(executor_.knows(1));
  EXPECT_EQ(executor_.runs(), 1u);
  EXPECT_TRUE(executor_.kept(5).empty());
  EXPECT_TRUE(out_.announced.empty());
  EXPECT_TRUE(executor_.has_ready());
  EXPECT_EQ(run_all(), 1u);
  EXPECT_EQ(kept(5), leaf(2));
  ASSERT_EQ(out_.announced.size(), 1u);
  EXPECT_EQ(out_.announced[0].first, 5u);
  EXPECT_EQ(out_.announced[0].second.get<long>(), leaf(2));
  EXPECT_FALSE(executor_.knows(1));
  EXPECT_EQ(executor_.runs(), 0u);
  EXPECT_EQ(executor_.tasks_run(), 1u);
  EXPECT_EQ(executor_.values_kept(), 1u);
  executor_.release(5);
  EXPECT_EQ(executor_.values_kept(), 0u);
  EXPECT_TRUE(executor_.kept(5).empty());
}

TEST_F(ExecutorTest, OneValueMayBeKeptUnderTwoIds) {
  const auto x = delayed<leaf>(2);
  start(1, {{x, 5}, {x, 6}, {x, 7, true}});
  run_all();
  executor_.release(5);
  EXPECT_EQ(kept(6), leaf(2));
  EXPECT_TRUE(executor_.kept(7).empty()) << "handed over, not kept";
  ASSERT_EQ(out_.announced.size(), 3u);
  EXPECT_EQ(out_.announced.back().first, 7u);
  EXPECT_EQ(out_.announced.back().second.get<long>(), leaf(2));
}

TEST_F(ExecutorTest, ImportsAValueThatIsThere) {
  const auto x = delayed<leaf>(2);
  settle(x, 5);
  executor_.keep(5, Value::make<long>(100));
  start(1, {{delayed<leaf>(x), 6}});
  EXPECT_EQ(run_all(), 1u);
  EXPECT_EQ(kept(6), leaf(100));
  EXPECT_EQ(kept(5), 100);
  EXPECT_EQ(executor_.runs(), 0u);
}

TEST_F(ExecutorTest, ImportsAValueThatIsStillToCome) {
  const auto x = delayed<leaf>(2);
  settle(x, 5);
  start(1, {{delayed<leaf>(x), 6}});
  EXPECT_EQ(run_all(), 0u);
  EXPECT_EQ(executor_.values_kept(), 0u) << "an empty place is no value";
  EXPECT_TRUE(executor_.kept(5).empty());
  executor_.keep(5, Value::make<long>(100));
  EXPECT_TRUE(executor_.has_ready());
  EXPECT_EQ(run_all(), 1u);
  EXPECT_EQ(kept(6), leaf(100));
  EXPECT_EQ(executor_.runs(), 0u);
}

TEST_F(ExecutorTest, RunsThatFeedEachOtherMayStartInAnyState) {
  auto x = delayed<leaf>(1);
  long expected = leaf(1);
  start(1, {{x, 1}});
  for (RunId run = 2; run <= 20; ++run) {
    settle(x, run - 1);
    const auto y = delayed<two>(x, delayed<leaf>(run));
    expected = two(expected, leaf(run));
    start(run, {{y, run}});
    if (run % 3 == 0) executor_.run_one();
    if (run % 7 == 0) run_all();
    x = y;
  }
  EXPECT_GT(executor_.runs(), 1u);
  run_all();
  EXPECT_EQ(kept(20), expected);
  EXPECT_EQ(executor_.runs(), 0u);
}

TEST_F(ExecutorTest, AReleaseMayComeBeforeTheValue) {
  start(1, {{delayed<leaf>(2), 5}});
  executor_.release(5);
  run_all();
  EXPECT_EQ(executor_.values_kept(), 0u);
  EXPECT_TRUE(executor_.kept(5).empty());
  EXPECT_EQ(out_.announced.size(), 1u) << "rank 0 counts on being told";
  EXPECT_EQ(executor_.runs(), 0u);
}

TEST_F(ExecutorTest, AReleaseBeforeTheValueLeavesItToThoseWhoWait) {
  const auto x = delayed<leaf>(2);
  start(1, {{x, 5}});
  settle(x, 5);
  start(2, {{delayed<leaf>(x), 6}});
  start(3, {{delayed<two>(x, x), 7}});
  executor_.release(5);
  run_all();
  EXPECT_EQ(kept(6), leaf(leaf(2)));
  EXPECT_EQ(kept(7), two(leaf(2), leaf(2)));
  EXPECT_EQ(executor_.values_kept(), 2u);
}

TEST_F(ExecutorTest, AReleaseAfterTheStartLeavesTheValueToTheRun) {
  const auto x = delayed<leaf>(2);
  settle(x, 5);
  executor_.keep(5, Value::make<long>(100));
  start(1, {{delayed<leaf>(x), 6}});
  executor_.release(5);
  EXPECT_EQ(executor_.values_kept(), 0u);
  run_all();
  EXPECT_EQ(kept(6), leaf(100));
}

// --- other ranks
// ---------------------------------------------------------------------------------------------
TEST_F(ExecutorTest, SendsOnceToEachRankThatNeedsIt) {
  const auto x = delayed<leaf>(2);
  const auto on = [&](int rank) { return delayed<leaf>.annotate({.rank = rank})(x); };
  start(9, {{on(1), 5}, {on(2), 6}, {on(2), 7}, {on(0), 8}}, 3);
  EXPECT_EQ(run_all(), 2u);
  ASSERT_EQ(out_.sent.size(), 2u);
  EXPECT_EQ(std::set({out_.sent[0].rank, out_.sent[1].rank}), (std::set{1u, 2u}));
  for (const Sent& sent : out_.sent) {
    EXPECT_EQ(sent.run, 9u);
    EXPECT_EQ(sent.value.get<long>(), leaf(2));
  }
  EXPECT_EQ(kept(8), leaf(leaf(2)));
  EXPECT_EQ(executor_.runs(), 0u);
}

TEST_F(ExecutorTest, AnArrivalMayComeBeforeOrAfterTheTasks) {
  for (const bool first : {true, false}) {
    const auto here = delayed<leaf>(1);
    const auto there = delayed<leaf>.annotate({.rank = 1})(2);
    start(1, {{delayed<two>(here, there), 5}}, 2);
    const Slot arrival = 2;  // after the two tasks of rank 0
    if (first) {
      executor_.arrive(1, arrival, Value::make<long>(50));
      EXPECT_EQ(run_all(), 2u);
    } else {
      EXPECT_EQ(run_all(), 1u);
      EXPECT_EQ(executor_.runs(), 1u);
      executor_.arrive(1, arrival, Value::make<long>(50));
      EXPECT_EQ(run_all(), 1u);
    }
    EXPECT_EQ(kept(5), two(leaf(1), 50));
    EXPECT_EQ(executor_.runs(), 0u);
    executor_.release(5);
  }
}

TEST_F(ExecutorTest, KnowsWhatTypeArrivesWhere) {
  const auto number = delayed<leaf>.annotate({.rank = 1})(1);
  const auto values = delayed<fill>.annotate({.rank = 1})(3, 0.5);
  start(4, {{delayed<leaf>(number), 5}, {delayed<total>(values), 6}}, 2);
  EXPECT_EQ(executor_.arrival_type(4, 0), nullptr) << "a task's slot";
  EXPECT_EQ(executor_.arrival_type(4, 1), nullptr);
  ASSERT_NE(executor_.arrival_type(4, 2), nullptr);
  EXPECT_EQ(executor_.arrival_type(4, 2)->name, type_name<long>);
  ASSERT_NE(executor_.arrival_type(4, 3), nullptr);
  EXPECT_EQ(executor_.arrival_type(4, 3)->name, type_name<std::vector<double>>);
  EXPECT_EQ(executor_.arrival_type(4, 4), nullptr) << "no slot at all";
  EXPECT_EQ(executor_.arrival_type(5, 2), nullptr) << "no such run";
}

TEST_F(ExecutorTest, NoArrivalIsExpectedInTheSlotOfAnImport) {
  const auto x = delayed<leaf>(1);
  settle(x, 5);
  start(4, {{delayed<leaf>(x), 6}});
  EXPECT_EQ(executor_.arrival_type(4, 1), nullptr);
}

TEST_F(ExecutorTest, ARunMayConsistOfImportsAndRoutesAlone) {
  const auto x = delayed<leaf>(1);
  const auto y = delayed<leaf>(2);
  settle(x, 5);
  settle(y, 6);
  const auto there = delayed<two>.annotate({.rank = 1})(x, y);
  executor_.keep(5, Value::make<long>(50));
  start(1, {{there, 7}}, 2);
  ASSERT_EQ(out_.sent.size(), 1u) << "what is there is sent at once";
  EXPECT_EQ(out_.sent[0].value.get<long>(), 50);
  EXPECT_EQ(executor_.runs(), 1u);
  EXPECT_FALSE(executor_.run_one());
  executor_.keep(6, Value::make<long>(60));
  ASSERT_EQ(out_.sent.size(), 2u);
  EXPECT_EQ(out_.sent[1].value.get<long>(), 60);
  EXPECT_NE(out_.sent[0].slot, out_.sent[1].slot);
  EXPECT_EQ(executor_.runs(), 0u);
  start(2, {{there, 8}}, 2);
  EXPECT_EQ(out_.sent.size(), 4u);
  EXPECT_EQ(executor_.runs(), 0u) << "ends while it starts";
  EXPECT_EQ(executor_.values_kept(), 2u);
}

TEST_F(ExecutorTest, AnArrivalMayBeTheTargetItself) {
  start(1, {{delayed<leaf>.annotate({.rank = 1})(1), 5, true}}, 2);
  EXPECT_FALSE(executor_.run_one());
  executor_.arrive(1, 0, Value::make<long>(70));
  ASSERT_EQ(out_.announced.size(), 1u);
  EXPECT_EQ(out_.announced[0].second.get<long>(), 70);
  EXPECT_EQ(executor_.runs(), 0u);
}

// --- failures
// --------------------------------------------------------------------------------------------------
TEST_F(ExecutorTest, AFailureSaysWhatHappenedAndWhere) {
  const auto bad = delayed<fail>(delayed<leaf>(1));
  Plan made = plan(8, {{bad, 5}});
  const TaskIndex index = made.of(bad);
  Executor elsewhere(3, images_, out_, 0);
  elsewhere.start(std::move(made.shares[0]));
  while (elsewhere.run_one()) {
  }
  const Value value = elsewhere.kept(5);
  ASSERT_TRUE(value.failed());
  const Failure& found = value.get<Failure>();
  EXPECT_EQ(found.run, 8u);
  EXPECT_EQ(found.plan, index);
  EXPECT_EQ(found.rank, 3);
  EXPECT_FALSE(found.cancelled);
  EXPECT_EQ(found.message, "cannot take 38");
  EXPECT_EQ(found.arguments, "38");
  ASSERT_EQ(out_.announced.size(), 1u);
  EXPECT_TRUE(out_.announced[0].second.failed());
  EXPECT_EQ(elsewhere.runs(), 0u);
}

TEST_F(ExecutorTest, OnlyDescendantsArePoisoned) {
  const auto bad = delayed<fail>(1);
  const auto good = delayed<leaf>(1);
  const auto child = delayed<mark_after>(1, delayed<leaf>(bad));
  start(1, {{child, 5}, {delayed<mark_after>(2, good), 6}, {bad, 7}});
  run_all();
  EXPECT_EQ(failure(5).message, "cannot take 1");
  EXPECT_EQ(kept(6), 2);
  EXPECT_EQ(failure(7).message, "cannot take 1");
  EXPECT_EQ(order, (std::vector<long>{2})) << "a descendant does not run";
  EXPECT_EQ(executor_.runs(), 0u);
}

TEST_F(ExecutorTest, OfSeveralFailuresTheFirstInThePlanIsPassedOn) {
  const auto first = delayed<fail>(1);
  const auto second = delayed<fail>.annotate({.priority = 5})(2);  // fails before the first
  const auto third = delayed<fail>(3);
  start(1, {{delayed<all_of>(std::vector{first, second, third}), 5},
            {delayed<two>(third, delayed<two>(second, first)), 6},
            {delayed<two>(third, second), 7}});
  run_all();
  EXPECT_EQ(failure(5).message, "cannot take 1");
  EXPECT_EQ(failure(6).message, "cannot take 1");
  EXPECT_EQ(failure(7).message, "cannot take 2");
}

TEST_F(ExecutorTest, AnEarlierRunsFailureGoesFirst) {
  const auto x = delayed<leaf>(1);
  settle(x, 5);
  start(7, {{delayed<two>(delayed<fail>(1), x), 6}});
  executor_.keep(
      5, Value::make<Failure>(Failure{
             .run = 3, .plan = 99, .rank = 0, .cancelled = false, .message = "earlier", .arguments = {}}));
  run_all();
  EXPECT_EQ(failure(6).message, "earlier");
}

TEST_F(ExecutorTest, AFailureArrivesAndIsSentInPlaceOfAValue) {
  const auto there = delayed<leaf>.annotate({.rank = 1})(2);
  const auto here = delayed<mark_after>(1, there);
  start(1, {{delayed<leaf>.annotate({.rank = 1})(here), 5}, {here, 6}}, 2);
  executor_.arrive(
      1, 1,
      Value::make<Failure>(Failure{
          .run = 1, .plan = 0, .rank = 1, .cancelled = false, .message = "over there", .arguments = "2"}));
  run_all();
  EXPECT_TRUE(order.empty());
  ASSERT_EQ(out_.sent.size(), 1u);
  ASSERT_TRUE(out_.sent[0].value.failed());
  EXPECT_EQ(out_.sent[0].value.get<Failure>().message, "over there");
  EXPECT_EQ(failure(6).rank, 1);
  EXPECT_EQ(executor_.runs(), 0u);
}

TEST_F(ExecutorTest, CancelledTasksAreNotStarted) {
  const auto a = delayed<mark>(1);
  const auto b = delayed<mark_after>(2, a);
  const auto c = delayed<mark_after>(3, b);
  const auto other = delayed<mark>(4);
  start(1, {{c, 5}, {other, 6}});
  const std::vector<TaskIndex> tasks{1, 2, 12345};
  executor_.run_one();  // a
  executor_.cancel(1, tasks);
  executor_.cancel(77, tasks);  // unknown runs are ignored
  run_all();
  EXPECT_EQ(order, (std::vector<long>{1, 4}));
  EXPECT_TRUE(failure(5).cancelled);
  EXPECT_EQ(failure(5).plan, 1u) << "the first that was given up";
  EXPECT_EQ(kept(6), 4);
  EXPECT_EQ(executor_.runs(), 0u);
  executor_.cancel(1, tasks);  // over by now
}

TEST_F(ExecutorTest, TasksAreCancelledByTheirIndexInThePlan) {
  const auto there = delayed<mark>.annotate({.rank = 1})(1);
  const auto here = delayed<mark_after>(2, there);
  start(1, {{here, 5}, {delayed<mark>(3), 6}}, 2);
  EXPECT_TRUE(executor_.cancel(1, std::vector<TaskIndex>{0, 1}).empty()) << "none was given away";
  executor_.arrive(1, 2, Value::make<long>(1));
  run_all();
  EXPECT_EQ(order, (std::vector<long>{3}));
  EXPECT_TRUE(failure(5).cancelled);
  EXPECT_EQ(kept(6), 3);
}

TEST_F(ExecutorTest, ATaskThatHasRunIsNotCancelled) {
  const auto a = delayed<mark>(1);
  start(1, {{a, 5}, {delayed<mark_after>(2, a), 6}});
  executor_.run_one();
  executor_.cancel(1, std::vector<TaskIndex>{0});
  run_all();
  EXPECT_EQ(kept(5), 1);
  EXPECT_EQ(kept(6), 2);
}

// --- order and memory
// ------------------------------------------------------------------------------------------
TEST_F(ExecutorTest, SourcesRunInThePlansOrder) {
  std::vector<Delayed<long>> sources;
  for (long i = 0; i < 100; ++i) sources.push_back(delayed<mark>(i));
  start(1, {{delayed<all_of>(sources), 5}});
  run_all();
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(ExecutorTest, TheNewestReadyTaskRunsFirst) {
  const auto a = delayed<mark>(0);
  std::vector<Wanted> wanted;
  ValueId id = 10;
  for (const long i : {1, 3, 5})
    wanted.emplace_back(delayed<mark_after>(i + 1, delayed<mark_after>(i, a)), ++id);
  wanted.emplace_back(delayed<mark>(7), ++id);
  start(1, wanted);
  run_all();
  EXPECT_EQ(order, (std::vector<long>{0, 1, 2, 3, 4, 5, 6, 7})) << "depth first, as in the plan";
}

TEST_F(ExecutorTest, TreesRunAsPlanned) {
  long next = 0;
  const std::function<Delayed<long>(int)> tree = [&](int depth) {
    if (depth == 0) return delayed<mark>(next++);
    const auto left = tree(depth - 1);
    const auto right = tree(depth - 1);
    return delayed<mark_both>(next++, left, right);
  };
  start(1, {{tree(7), 5}});
  run_all();
  ASSERT_EQ(order.size(), 255u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(ExecutorTest, ATreeHoldsFewValues) {
  std::vector<Delayed<Counted>> leaves;
  for (long i = 0; i < 1024; ++i) leaves.push_back(delayed<one_counted>(i));
  const auto sum = reduce<add_counted>(leaves);
  start(1, {{sum, 5}});
  const int before = Counted::now;
  Counted::most = before;
  run_all();
  EXPECT_EQ(executor_.kept(5).get<Counted>().x, 1023 * 1024 / 2);
  EXPECT_LE(Counted::most - before, 13) << "one for each level, the newest, and the one being made, twice";
  EXPECT_EQ(Counted::now, before + 1);
  out_.announced.clear();
  executor_.release(5);
  EXPECT_EQ(Counted::now, before);
}

TEST_F(ExecutorTest, PrioritiesGoAboveAndBelow) {
  const auto with = [](int priority, long id) { return delayed<mark>.annotate({.priority = priority})(id); };
  const auto source = delayed<mark>(3);
  const auto urgent = delayed<mark_after>.annotate({.priority = 1})(4, source);
  start(1, {{with(-1, 8), 11},
            {with(0, 0), 12},
            {with(2, 1), 13},
            {with(9, 2), 14},
            {with(-5, 9), 15},
            {delayed<mark_after>(5, source), 16},
            {urgent, 17},
            {delayed<mark>(6), 18}});
  run_all();
  EXPECT_EQ(order, (std::vector<long>{2, 1, 0, 3, 4, 5, 6, 8, 9}));
}

TEST_F(ExecutorTest, WhatOthersWaitForGoesFirstAndLeavesTogether) {
  const auto start_of_all = delayed<leaf>(1);
  const auto here = delayed<mark_after>.annotate({.rank = 0});
  const auto there = delayed<mark_after>.annotate({.rank = 1});
  std::vector<Wanted> wanted;
  std::vector<Delayed<long>> all;
  for (long i = 0; i < 6; ++i) all.push_back(here(i, start_of_all));
  ValueId id = 10;
  for (const auto& one : all) wanted.emplace_back(one, id++);
  for (const std::size_t i : {1u, 4u}) wanted.emplace_back(there(10 + i, all[i]), id++);
  start(1, wanted, 2);
  run_all();
  EXPECT_EQ(order, (std::vector<long>{1, 4, 0, 2, 3, 5}));
  EXPECT_EQ(out_.sent.size(), 2u);
  EXPECT_EQ(out_.hurried_after, (std::vector<std::size_t>{2})) << "one message for both";
}

TEST_F(ExecutorTest, ResultsOfTasksWithoutInputsWaitForCompany) {
  std::vector<Wanted> wanted;
  for (long i = 0; i < 6; ++i)
    wanted.emplace_back(delayed<mark_after>.annotate({.rank = 1})(10 + i, delayed<mark>(i)),
                        static_cast<ValueId>(10 + i));
  start(1, wanted, 2);
  run_all();
  EXPECT_EQ(out_.sent.size(), 6u);
  EXPECT_TRUE(out_.hurried_after.empty());
}

std::vector<const double*> seen_at;
std::vector<double> look(std::vector<double> values) {
  seen_at.push_back(values.data());
  return values;
}

TEST_F(ExecutorTest, ALastUseByValueIsInPlace) {
  seen_at.clear();
  start(1, {{delayed<look>(delayed<look>(delayed<look>(delayed<fill>(1000, 1.0)))), 5}});
  run_all();
  const Value value = executor_.kept(5);
  ASSERT_EQ(seen_at.size(), 3u);
  for (const double* at : seen_at) EXPECT_EQ(at, value.get<std::vector<double>>().data());
}

TEST_F(ExecutorTest, WhatIsKeptSentOrUsedTwiceIsNotMovedFrom) {
  const auto kept_too = delayed<fill>(100, 1.0);
  const auto sent_too = delayed<fill>(100, 2.0);
  const auto used_twice = delayed<fill>(100, 3.0);
  start(1,
        {{kept_too, 5},
         {delayed<bump>(kept_too, 10.0), 6},
         {delayed<total>.annotate({.rank = 1})(sent_too), 7},
         {delayed<bump>(sent_too, 10.0), 8},
         {delayed<bump>(used_twice, 10.0), 9},
         {delayed<bump>(used_twice, 20.0), 10}},
        2);
  run_all();
  const auto vector_of = [&](ValueId id) { return executor_.kept(id).get<std::vector<double>>(); };
  const auto all = [](double x) { return std::vector<double>(100, x); };
  EXPECT_EQ(vector_of(5), all(1));
  EXPECT_EQ(vector_of(6), all(11));
  ASSERT_EQ(out_.sent.size(), 1u);
  EXPECT_EQ(out_.sent[0].value.get<std::vector<double>>(), all(2));
  EXPECT_EQ(vector_of(8), all(12));
  EXPECT_EQ(vector_of(9), all(13));
  EXPECT_EQ(vector_of(10), all(23));
}

TEST_F(ExecutorTest, SeveralRunsGoOnSideBySide) {
  std::vector<long> expected;
  for (RunId run = 1; run <= 50; ++run) {
    const auto x = delayed<leaf>.annotate({.rank = 1})(run);
    start(run, {{delayed<two>(delayed<leaf>(run), x), run}}, 2);
    expected.push_back(two(leaf(run), -static_cast<long>(run)));
  }
  EXPECT_EQ(executor_.runs(), 50u);
  EXPECT_EQ(run_all(), 50u);
  for (RunId run = 50; run >= 1; --run) executor_.arrive(run, 2, Value::make<long>(-static_cast<long>(run)));
  EXPECT_EQ(run_all(), 50u);
  EXPECT_EQ(executor_.runs(), 0u);
  for (RunId run = 1; run <= 50; ++run) EXPECT_EQ(kept(run), expected[run - 1]);
}

TEST_F(ExecutorTest, AnUnfinishedRunIsFreedWithTheExecutor) {
  const int before = Counted::now;
  {
    Executor abandoned(0, images_, out_, 0);
    abandoned.start(std::move(
        plan(1, {{delayed<add_counted>(delayed<one_counted>(1), delayed<one_counted>(2)), 5}}).shares[0]));
    abandoned.run_one();
    EXPECT_EQ(Counted::now, before + 1);
  }
  EXPECT_EQ(Counted::now, before);
}

// --- threads
// -----------------------------------------------------------------------------------------------------
/// Values and blocks at random over some ranks, with what they ought to be.
class RandomGraph {
 public:
  RandomGraph(unsigned seed, int tasks, std::uint32_t ranks, bool failures = false)
      : random_(seed), ranks_(ranks), failures_(failures) {
    for (int i = 0; i < tasks; ++i) make();
  }
  /// Ids from 1 on, in the order of `expected`.
  std::vector<Wanted> wanted(int n) {
    std::vector<Wanted> wanted;
    for (ValueId id = 1; id <= static_cast<ValueId>(n); ++id) {
      const auto [handle, value] = some();
      wanted.emplace_back(handle, id, true);
      expected.push_back(value);
    }
    return wanted;
  }
  std::vector<long> expected;

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  std::pair<Delayed<long>, long> some() {
    const auto size = static_cast<int>(longs_.size());
    return longs_[static_cast<std::size_t>(below(3) == 0 ? below(size)
                                                         : size - 1 - below(std::min(size, 200)))];
  }
  Annotation wishes() {
    return {.rank = below(static_cast<int>(ranks_)), .priority = below(20) == 0 ? below(5) - 2 : 0};
  }
  void make() {
    if (longs_.size() < 10 || below(5) == 0) {
      const long x = below(1000);
      longs_.emplace_back(delayed<leaf>.annotate(wishes())(x), leaf(x));
      return;
    }
    const auto [a, x] = some();
    const auto [b, y] = some();
    switch (below(6)) {
      case 0: {
        const long n = below(30);
        blocks_.emplace_back(delayed<fill>.annotate(wishes())(n, 0.25), fill(n, 0.25));
        break;
      }
      case 1:
        if (!blocks_.empty()) {
          const auto [block, values] =
              blocks_[static_cast<std::size_t>(below(static_cast<int>(blocks_.size())))];
          const double by = below(10);
          blocks_.emplace_back(delayed<bump>.annotate(wishes())(block, by), bump(values, by));
          break;
        }
        [[fallthrough]];
      case 2:
        longs_.emplace_back(delayed<all_of>.annotate(wishes())(std::vector{a, b, b}), all_of({x, y, y}));
        break;
      case 3:
        if (failures_) {
          longs_.emplace_back(delayed<sometimes_fails>.annotate(wishes())(a), 0);
          break;
        }
        [[fallthrough]];
      default:
        longs_.emplace_back(delayed<two>.annotate(wishes())(a, b), two(x, y));
        break;
    }
    if (!blocks_.empty() && below(10) == 0) {
      const auto& [block, values] =
          blocks_[static_cast<std::size_t>(below(static_cast<int>(blocks_.size())))];
      const auto sum = delayed<total>.annotate(wishes())(block);
      longs_.emplace_back(
          delayed<[](double s, long z) { return two(static_cast<long>(s * 16), z); }>.annotate(wishes())(sum,
                                                                                                         a),
          two(static_cast<long>(total(values) * 16), x));
    }
  }

  std::minstd_rand random_;
  std::uint32_t ranks_;
  bool failures_;
  std::vector<std::pair<Delayed<long>, long>> longs_;
  std::vector<std::pair<Delayed<std::vector<double>>, std::vector<double>>> blocks_;
};

/// Executors of several ranks with workers each; what they send is carried over by hand.
class ThreadedExecutors {
 public:
  ThreadedExecutors(std::uint32_t ranks, unsigned workers) : recorders_(ranks) {
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
      executors_.push_back(std::make_unique<Executor>(static_cast<int>(rank), images_, recorders_[rank],
                                                      workers, [this] { ++wakes_; }));
    }
    for (auto& executor : executors_) {
      for (unsigned worker = 0; worker < workers; ++worker) {
        threads_.emplace_back([this, &executor = *executor, worker] {
          while (!done_) {
            if (!executor.run_one(worker)) std::this_thread::yield();
          }
        });
      }
    }
  }
  ~ThreadedExecutors() {
    done_ = true;
    for (auto& thread : threads_) thread.join();
  }
  void start(std::vector<Subgraph> shares) {
    for (std::size_t rank = 0; rank < shares.size(); ++rank) {
      if (shares[rank].bytes.size() > 0) executors_[rank]->start(std::move(shares[rank]));
    }
  }
  /// What whoever pumps does, until `announcements` have been made.
  void pump_until(std::size_t announcements) {
    while (announced.size() < announcements || runs() > 0) {
      for (auto& executor : executors_) executor->post();
      for (auto& recorder : recorders_) {
        for (Sent& sent : std::exchange(recorder.sent, {}))
          executors_[sent.rank]->arrive(sent.run, sent.slot, std::move(sent.value));
        for (auto& [id, value] : std::exchange(recorder.announced, {}))
          announced.emplace(id, std::move(value));
      }
      std::this_thread::yield();
    }
  }
  std::size_t runs() const {
    std::size_t sum = 0;
    for (const auto& executor : executors_) sum += executor->runs();
    return sum;
  }
  std::uint64_t tasks_run() const {
    std::uint64_t sum = 0;
    for (const auto& executor : executors_) sum += executor->tasks_run();
    return sum;
  }
  Executor& executor(std::size_t rank) { return *executors_[rank]; }
  int wakes() const { return wakes_; }
  std::map<ValueId, Value> announced;

 private:
  const Images images_ = Images::loaded();
  std::vector<Recorder> recorders_;
  std::vector<std::unique_ptr<Executor>> executors_;
  std::atomic<bool> done_{false};
  std::atomic<int> wakes_{0};
  std::vector<std::thread> threads_;
};

class ExecutorThreads : public ::testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Ranks, ExecutorThreads, ::testing::Values(1, 2));

TEST_P(ExecutorThreads, ARandomGraphIsWorthWhatItsFunctionsSay) {
  const std::uint32_t ranks = GetParam();
  RandomGraph random(42 + ranks, 20000, ranks);
  const auto wanted = random.wanted(300);
  Plan made = plan(1, wanted, ranks);
  ThreadedExecutors threaded(ranks, 4 / ranks);
  threaded.start(std::move(made.shares));
  threaded.pump_until(wanted.size());
  for (const Wanted& want : wanted) {
    const Value& value = threaded.announced.at(want.id);
    ASSERT_FALSE(value.failed());
    EXPECT_EQ(value.get<long>(), random.expected[want.id - 1]);
  }
  EXPECT_EQ(threaded.tasks_run(), made.graph.size()) << "each task once";
  EXPECT_EQ(threaded.runs(), 0u);
  EXPECT_EQ(threaded.executor(0).values_kept(), 0u) << "handed over, not kept";
  EXPECT_GT(threaded.wakes(), 0);
}

TEST_P(ExecutorThreads, FailuresAreTheSameInAnyOrder) {
  const std::uint32_t ranks = GetParam();
  int failures = 0;
  int values = 0;
  for (unsigned seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomGraph random(seed, 3000, ranks, true);
    const auto wanted = random.wanted(100);
    ThreadedExecutors threaded(ranks, 4 / ranks);
    threaded.start(std::move(plan(1, wanted, ranks).shares));
    threaded.pump_until(wanted.size());
    Recorder out;
    const Images images = Images::loaded();
    // The same tasks with one thread, whatever rank they were meant for.
    std::vector<const Task*> targets;
    std::vector<Want> wants;
    for (const Wanted& want : wanted) targets.push_back(want.task.get());
    const Graph graph = collect(targets);
    for (std::size_t i = 0; i < wanted.size(); ++i) wants.push_back({graph.targets[i], wanted[i].id, true});
    Executor serial(0, images, out, 0);
    serial.start(std::move(
        cut(graph, std::vector<std::uint32_t>(graph.size(), 0), 1, 1, wants, {}, images).subgraphs[0]));
    while (serial.run_one()) {
    }
    for (const Wanted& want : wanted) {
      const Value& value =
          std::ranges::find(out.announced, want.id, [](const auto& one) { return one.first; })->second;
      const Value& found = threaded.announced.at(want.id);
      ASSERT_EQ(found.failed(), value.failed());
      if (value.failed()) {
        ++failures;
        EXPECT_EQ(found.get<Failure>().plan, value.get<Failure>().plan);
        EXPECT_EQ(found.get<Failure>().message, value.get<Failure>().message);
        EXPECT_EQ(found.get<Failure>().arguments, value.get<Failure>().arguments);
      } else {
        ++values;
        EXPECT_EQ(found.get<long>(), value.get<long>());
      }
    }
  }
  EXPECT_GT(failures, 10);
  EXPECT_GT(values, 10);
}

TEST_P(ExecutorThreads, ManySmallRunsThatUseEachOther) {
  const std::uint32_t ranks = GetParam();
  ThreadedExecutors threaded(ranks, 4 / ranks);
  std::vector<Delayed<long>> values;
  std::vector<long> expected;
  std::minstd_rand random(7);
  constexpr std::uint32_t runs = 500;
  for (RunId run = 1; run <= runs; ++run) {
    const std::uint32_t home = static_cast<std::uint32_t>(random()) % ranks;
    const auto fresh = delayed<leaf>.annotate({.rank = static_cast<int>(random() % ranks)})(run);
    const auto before = values.empty() ? 0 : random() % values.size();
    const auto made = delayed<two>.annotate({.rank = static_cast<int>(home)})(
        fresh, values.empty() ? delayed<leaf>(0) : values[before]);
    expected.push_back(two(leaf(run), values.empty() ? leaf(0) : expected[before]));
    threaded.start(std::move(plan(run, {{made, run}}, ranks).shares));
    settle(made, run, home);
    values.push_back(made);
  }
  threaded.pump_until(runs);
  for (RunId run = 1; run <= runs; ++run)
    EXPECT_EQ(threaded.announced.at(run).get<long>(), expected[run - 1]);
}

TEST(ExecutorThreadsAlone, ARunWithoutTasksEndsInPost) {
  const Images images = Images::loaded();
  Recorder out;
  Executor executor(0, images, out, 2);
  const auto x = delayed<leaf>(1);
  settle(x, 5);
  executor.keep(5, Value::make<long>(50));
  executor.start(std::move(plan(1, {{delayed<leaf>.annotate({.rank = 1})(x), 7}}, 2).shares[0]));
  EXPECT_TRUE(out.sent.empty()) << "only whoever pumps sends";
  executor.post();
  ASSERT_EQ(out.sent.size(), 1u);
  EXPECT_EQ(out.sent[0].value.get<long>(), 50);
  EXPECT_EQ(executor.runs(), 0u);
}

/// What a worker has in hand between two batches is neither ready nor running, and still to be run.
TEST(ExecutorThreadsAlone, AWorkerWithATaskInHandIsNotAtRest) {
  const Images images = Images::loaded();
  Recorder out;
  Executor executor(0, images, out, 2);
  EXPECT_TRUE(executor.is_at_rest());
  const auto chain = delayed<two>(delayed<two>(delayed<leaf>(1), 0), 0);
  executor.start(std::move(plan(1, {{chain, 7}}).shares[0]));
  EXPECT_FALSE(executor.is_at_rest());
  for (int left = 3; left > 1; --left) {
    EXPECT_TRUE(executor.run_one(0));
    EXPECT_FALSE(executor.is_at_rest()) << left;
  }
  EXPECT_TRUE(executor.run_one(0));
  executor.post();
  EXPECT_TRUE(executor.is_at_rest());
  EXPECT_EQ(executor.runs(), 0u);
}

// --- ranks: results that overtake their subgraph
// -------------------------------------------------------------------
class Listener final : public Control {
 public:
  std::map<ValueId, std::optional<Failure>> heard;
  std::map<ValueId, Value> values;
  void made(ValueId id, const Value& value) override {
    values[id] = value;
    ready(id, 0, value.failed() ? &value.get<Failure>() : nullptr);
  }
  void ready(ValueId id, std::uint64_t, const Failure* failure) override {
    heard[id] = failure != nullptr ? std::optional(*failure) : std::nullopt;
  }
  void report(int, std::span<const std::byte>) override {}
  void learn(const Kind&, const DurationSum&) override {}
};
constexpr std::size_t small_bytes = 64;

class Overtaking : public ::testing::Test {
 protected:
  Overtaking() {
    for (int r = 0; r < 3; ++r) {
      ranks_.push_back(
          std::make_unique<Rank>(network_.connect(r), images_, 0, r == 0 ? &listener_ : nullptr, RankInfo{}));
    }
  }
  Rank& rank(std::size_t r) { return *ranks_[r]; }
  void progress(std::size_t r) {
    for (int i = 0; i < 100; ++i) rank(r).progress();
  }
  /// Rank 2 has its share, runs it, and has sent its results before rank 1 hears of the run.
  void run_rank_two_first(std::vector<Subgraph> shares) {
    rank(0).ship(2, std::move(shares[2]));
    rank(0).progress();
    progress(2);
    EXPECT_GT(rank(2).executor().tasks_run(), 0u);
    EXPECT_EQ(rank(2).executor().runs(), 0u);
    progress(1);
    EXPECT_EQ(rank(1).executor().runs(), 0u);
    rank(0).ship(1, std::move(shares[1]));
    if (shares[0].bytes.size() > 0) rank(0).ship(0, std::move(shares[0]));
    for (int i = 0; i < 100; ++i) {
      for (auto& one : ranks_) one->progress();
    }
    for (auto& one : ranks_) EXPECT_EQ(one->executor().runs(), 0u);
  }
  /// Of a target that is fetched under id 5.
  Value fetched(const Wanted& wanted) {
    run_rank_two_first(plan(1, {wanted}, 3).shares);
    EXPECT_TRUE(rank(0).executor().kept(5).empty()) << "handed over, not kept";
    return listener_.values.at(5);
  }

  const Images images_ = Images::loaded();
  Network network_{3, small_bytes};
  Listener listener_;
  std::vector<std::unique_ptr<Rank>> ranks_;
};

TEST_F(Overtaking, ASmallResult) {
  const auto x = delayed<leaf>.annotate({.rank = 2})(4);
  const Value value = fetched({delayed<leaf>.annotate({.rank = 1})(x), 5, true});
  EXPECT_EQ(value.get<long>(), leaf(leaf(4)));
}

TEST_F(Overtaking, ALargeBlock) {
  const auto x = delayed<fill>.annotate({.rank = 2})(1000, 1.5);
  const Value value = fetched({delayed<bump>.annotate({.rank = 1})(x, 2.0), 5, true});
  EXPECT_EQ(value.get<std::vector<double>>(), std::vector<double>(1000, 3.5));
}

TEST_F(Overtaking, BlocksAtTheLimit) {
  for (const long n : {0, 1, 6, 7, 8, 9}) {
    const auto x = delayed<fill>.annotate({.rank = 2})(n, 1.5);
    const Value value = fetched({delayed<bump>.annotate({.rank = 1})(x, 2.0), 5, true});
    EXPECT_EQ(value.get<std::vector<double>>(), std::vector<double>(static_cast<std::size_t>(n), 3.5));
  }
}

Block<double> tile(long n, double value) {
  return Block<double>::filled({2, static_cast<std::uint64_t>(n)}, value, {10, 0});
}
Block<double> raised(Block<double> block, double by) {
  for (double& x : block) x += by;
  return block;
}
TEST_F(Overtaking, ABlockWithItsShape) {
  for (const long n : {0, 1, 3, 4, 5, 1000}) {
    const auto x = delayed<tile>.annotate({.rank = 2})(n, 1.5);
    const Value value = fetched({delayed<raised>.annotate({.rank = 1})(x, 2.0), 5, true});
    EXPECT_EQ(value.get<Block<double>>(), tile(n, 3.5));
  }
}

TEST_F(Overtaking, ALargeEncodedResult) {
  const auto x = delayed<words>.annotate({.rank = 2})(50);
  const Value value = fetched({delayed<more_words>.annotate({.rank = 1})(x), 5, true});
  EXPECT_EQ(value.get<std::vector<std::string>>(), more_words(words(50)));
}

TEST_F(Overtaking, AFailureSmallOrLarge) {
  for (const bool large : {false, true}) {
    const auto x =
        large ? delayed<fail_at_length>.annotate({.rank = 2})(4) : delayed<fail>.annotate({.rank = 2})(4);
    const Value value = fetched({delayed<leaf>.annotate({.rank = 1})(x), 5, true});
    ASSERT_TRUE(value.failed());
    EXPECT_EQ(value.get<Failure>().message, large ? std::string(500, '!') : "cannot take 4");
    EXPECT_EQ(value.get<Failure>().rank, 2);
  }
}

TEST_F(Overtaking, ManyOfSeveralRuns) {
  std::vector<Plan> plans;
  for (RunId run = 1; run <= 10; ++run) {
    std::vector<Delayed<long>> sums;
    for (long i = 0; i < 20; ++i) {
      const auto block = delayed<fill>.annotate({.rank = 2})(i, 1.0);
      const auto length = delayed<[](const std::vector<double>& values) {
                            return static_cast<long>(values.size());
                          }>.annotate({.rank = 1})(block);
      sums.push_back(delayed<two>.annotate({.rank = 1})(delayed<leaf>.annotate({.rank = 2})(i), length));
    }
    plans.push_back(plan(run, {{delayed<all_of>.annotate({.rank = 1})(sums), run}}, 3));
  }
  for (auto& one : plans) rank(0).ship(2, std::move(one.shares[2]));
  rank(0).progress();
  for (int i = 0; i < 10; ++i) progress(2);
  progress(1);
  for (auto one = plans.rbegin(); one != plans.rend(); ++one) rank(0).ship(1, std::move(one->shares[1]));
  rank(0).progress();
  for (int i = 0; i < 10; ++i) progress(1);
  progress(0);
  std::vector<long> expected;
  for (long i = 0; i < 20; ++i) expected.push_back(two(leaf(i), i));
  for (RunId run = 1; run <= 10; ++run) {
    EXPECT_TRUE(listener_.heard.contains(run));
    EXPECT_EQ(rank(1).executor().kept(run).get<long>(), all_of(expected));
  }
  EXPECT_EQ(rank(1).executor().runs(), 0u);
}

/// Delivers what a test says, in the order it says, and records what is sent.
class Scripted final : public Transport {
 public:
  struct Message {
    int to;
    Header header;
    std::vector<std::byte> payload;
  };
  std::deque<std::function<void(Receiver&)>> script;
  std::deque<Message> sent;

  int rank() const override { return 1; }
  int ranks() const override { return 3; }
  std::size_t small_bytes() const override { return test::small_bytes; }
  std::byte* write(int to, const Header& header) override {
    return sent.emplace_back(Message{to, header, std::vector<std::byte>(header.bytes)}).payload.data();
  }
  void lend(int to, const Header& header, std::span<const std::byte>, Spans payload, Value) override {
    payload.copy_to(
        sent.emplace_back(Message{to, header, std::vector<std::byte>(payload.bytes())}).payload.data());
  }
  void flush() override {}
  bool poll(Receiver& receiver) override {
    if (script.empty()) return false;
    const auto event = std::move(script.front());
    script.pop_front();
    event(receiver);
    return true;
  }
  void close(Receiver&) override {}
  Communicator& communicator(const std::vector<std::uint32_t>&) override { std::abort(); }
  void abort(int status) override { std::_Exit(status); }
};

/// A large result of rank 2 for rank 1: the subgraph comes before it, between its beginning and its end, or
/// after it.
class LargeLanding : public ::testing::TestWithParam<int> {
 protected:
  /// What rank 1 sends on, given the payload that it receives.
  Scripted::Message sent_on(const Wanted& wanted, bool as_memory, std::span<const std::byte> payload) {
    Plan made = plan(1, {wanted}, 3);
    auto owned = std::make_unique<Scripted>();
    Scripted& transport = *owned;
    const Images images = Images::loaded();
    Rank rank(std::move(owned), images, 0, nullptr, RankInfo{});
    const Header result{.type = MessageType::result,
                        .as_memory = as_memory,
                        .run = 1,
                        .slot = made.shares[2].routes[0].remote_slot,
                        .bytes = payload.size()};
    const auto subgraph = made.shares[1].bytes.view();
    std::span<std::byte> room;
    std::deque<std::function<void(Receiver&)>> events{
        [&](Receiver& receiver) {
          room = receiver.prepare(2, result, {});
          ASSERT_EQ(room.size(), payload.size());
          std::memcpy(room.data(), payload.data(), payload.size() / 2);
        },
        [&](Receiver& receiver) {
          std::memcpy(room.data() + payload.size() / 2, payload.data() + payload.size() / 2,
                      payload.size() - payload.size() / 2);
          receiver.landed(2, result);
        }};
    events.insert(events.begin() + GetParam(), [&](Receiver& receiver) {
      const Header header{.type = MessageType::subgraph, .run = 1, .bytes = subgraph.size()};
      const auto place = receiver.prepare(0, header, {});
      std::memcpy(place.data(), subgraph.data(), subgraph.size());
      receiver.landed(0, header);
    });
    transport.script = std::move(events);
    for (int i = 0; i < 20; ++i) rank.progress();
    EXPECT_EQ(rank.executor().runs(), 0u);
    // What else it says depends on how long things took.
    std::erase_if(transport.sent, [](const Scripted::Message& message) {
      return message.header.type != MessageType::result;
    });
    EXPECT_EQ(transport.sent.size(), 1u);
    return transport.sent.empty() ? Scripted::Message{} : transport.sent.front();
  }
};
INSTANTIATE_TEST_SUITE_P(WhenTheSubgraphComes, LargeLanding, ::testing::Values(0, 1, 2));

TEST_P(LargeLanding, AsMemory) {
  const std::vector<double> values(1000, 1.25);
  const auto x = delayed<fill>.annotate({.rank = 2})(1000, 1.25);
  const auto message =
      sent_on({delayed<bump>.annotate({.rank = 1})(x, 1.0), 5, true}, true, std::as_bytes(std::span(values)));
  EXPECT_EQ(message.to, 0);
  EXPECT_TRUE(message.header.as_memory);
  const std::vector<double> expected(1000, 2.25);
  ASSERT_EQ(message.payload.size(), 8000u);
  EXPECT_EQ(std::memcmp(message.payload.data(), expected.data(), 8000), 0);
}

TEST_P(LargeLanding, Encoded) {
  const Value list = Value::make<std::vector<std::string>>(words(30));
  std::vector<std::byte> payload(list.encoded_bytes());
  Writer writer(payload.data(), payload.size());
  list.type().write(writer, list);
  const auto x = delayed<words>.annotate({.rank = 2})(30);
  const auto message = sent_on({delayed<more_words>.annotate({.rank = 1})(x), 5, true}, false, payload);
  EXPECT_FALSE(message.header.as_memory);
  Reader reader(message.payload);
  EXPECT_EQ(list.type().read(reader).get<std::vector<std::string>>(), more_words(words(30)));
}

}  // namespace
}  // namespace ramal::test
