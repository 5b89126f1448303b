// SPDX-License-Identifier: BSD-3-Clause
// Observer: what it hears of ranks that run a graph together is what happened.
#include "runtime/executor/observer.hpp"

#include "tests/support/one_process.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <set>

namespace ramal::test {
namespace {

long first(const Index& place) { return place[0]; }
long leaf(long x) { return 3 * x + 1; }
long two(long a, long b) { return a - 2 * b; }
long fails(long) { throw std::runtime_error("no"); }
std::vector<double> block(long n) { return std::vector<double>(static_cast<std::size_t>(n), 1.5); }
double sum(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

long sum_of_parts(Communicator& all, Inputs<long> own) {
  long total = all.rank();
  for (const long one : own) total += one;
  return total;
}

class Counting final : public Observer {
 public:
  std::multiset<RunId> runs_under_way;
  std::size_t runs = 0, tasks_of_runs = 0;
  std::multiset<std::pair<RunId, std::uint64_t>> tasks_under_way;
  std::set<std::pair<RunId, std::uint64_t>> tasks;
  std::map<std::string, int> ended, failed;  // by kind
  std::map<ValueId, std::uint64_t> kept;
  std::size_t values = 0;
  std::size_t sent = 0, received = 0;
  std::uint64_t bytes_sent = 0, bytes_received = 0;

  std::map<std::string, std::uint64_t> planned_tasks;  // by kind
  bool may_end_early = false;
  std::size_t fronts = 0, stolen = 0, lines = 0, participants = 0;
  std::size_t begun = 0;
  std::uint64_t bytes_begun = 0;
  std::size_t stood = 0;
  Moment latest = 0;

  void planned(const Kind& kind, std::uint64_t count, bool at_most) override {
    planned_tasks[std::string(kind.name)] += count;
    may_end_early |= at_most;
  }
  void run_started(const RunName& run, std::size_t count) override {
    const std::lock_guard lock(mutex_);
    ++runs;
    if (run.front >= 0) ++fronts;
    tasks_of_runs += count;
    runs_under_way.insert(run.number);
  }
  void run_ended(const RunName& run) override {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(runs_under_way.erase(run.number), 1u);
  }
  void task_started(const TaskName& task, Moment began) override {
    const std::lock_guard lock(mutex_);
    EXPECT_TRUE(tasks.insert({task.run, task.plan}).second) << "a name is given once";
    tasks_under_way.insert({task.run, task.plan});
    EXPECT_GE(began, latest) << "with one thread";
    latest = began;
  }
  void task_ended(const TaskName& task, Moment began, Moment end, bool has_failed) override {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(tasks_under_way.erase({task.run, task.plan}), 1u);
    ++(has_failed ? failed : ended)[std::string(task.kind.name)];
    EXPECT_EQ(began, latest);
    EXPECT_GE(end, began);
    latest = end;
    if (task.stolen_from >= 0) ++stolen;
    if (std::string(task.site.file).find("observer_test") != std::string::npos && task.site.line > 0) ++lines;
    if (task.worker == participant) ++participants;
  }
  void message_begun(int, const Header& header) override {
    ++begun;
    bytes_begun += header.bytes;
  }
  void stands(const State&) override { ++stood; }
  void value_kept(ValueId id, std::uint64_t bytes) override {
    const std::lock_guard lock(mutex_);
    ++values;
    kept[id] = bytes;
  }
  void value_released(ValueId id, std::uint64_t bytes) override {
    const std::lock_guard lock(mutex_);
    const auto found = kept.find(id);
    ASSERT_NE(found, kept.end());
    EXPECT_EQ(found->second, bytes);
    kept.erase(found);
  }
  void message_sent(int, const Header& header) override {
    ++sent;
    bytes_sent += header.bytes;
  }
  void message_received(int, const Header& header) override {
    ++received;
    bytes_received += header.bytes;
  }

 private:
  std::mutex mutex_;
};

class ObserverTest : public ::testing::Test {
 protected:
  ObserverTest() {
    for (int r = 0; r < ranks; ++r) ranks_.rank(r).set_observer(&observers_[static_cast<std::size_t>(r)]);
  }
  void progress() {
    for (int i = 0; i < 1000; ++i) ranks_.rank(i % ranks).progress();
  }
  template <class Get>
  std::size_t total(const Get& get) const {
    std::size_t total = 0;
    for (const Counting& one : observers_) total += static_cast<std::size_t>(get(one));
    return total;
  }
  std::size_t ended() const {
    return total([](const Counting& one) {
      std::size_t count = 0;
      for (const auto& [kind, times] : one.ended) count += static_cast<std::size_t>(times);
      return count;
    });
  }

  /// On rank 0, by what was told.
  std::size_t planned() const {
    std::size_t count = 0;
    for (const auto& [kind, tasks] : observers_[0].planned_tasks) count += tasks;
    return count;
  }

  static constexpr int ranks = 3;
  std::array<Counting, ranks> observers_;
  SteppedRanks ranks_{ranks, 5};
  Session& session_ = ranks_.session();
};

TEST_F(ObserverTest, HearsOfRunsAndTasks) {
  std::vector<Delayed<long>> leaves;
  for (long i = 0; i < 64; ++i) leaves.push_back(delayed<leaf>(i));
  session_.compute(reduce<two>(leaves));
  progress();
  EXPECT_EQ(ended(), 127u);
  EXPECT_EQ(total([](const Counting& one) { return one.lines; }), 127u) << "whose line is known";
  EXPECT_EQ(planned(), 127u);
  EXPECT_GT(total([](const Counting& one) { return one.stood; }), 0u);
  EXPECT_EQ(total([](const Counting& one) { return one.tasks_of_runs; }), 127u);
  EXPECT_EQ(total([](const Counting& one) { return one.tasks_under_way.size(); }), 0u);
  EXPECT_EQ(total([](const Counting& one) { return one.runs; }), 3u);
  EXPECT_EQ(total([](const Counting& one) { return one.runs_under_way.size(); }), 0u);
  for (int r = 0; r < ranks; ++r) {
    const Counting& one = observers_[static_cast<std::size_t>(r)];
    EXPECT_EQ(one.tasks.size(), ranks_.rank(r).info().tasks_run);
    EXPECT_GT(one.tasks.size(), 0u);
  }
}

TEST_F(ObserverTest, HearsOfMessagesOnBothSides) {
  session_.compute(delayed<sum>.annotate({.rank = 2})(delayed<block>.annotate({.rank = 1})(1000)));
  progress();
  const auto sent = total([](const Counting& one) { return one.sent; });
  EXPECT_EQ(sent, total([](const Counting& one) { return one.received; }));
  EXPECT_EQ(total([](const Counting& one) { return one.bytes_sent; }),
            total([](const Counting& one) { return one.bytes_received; }));
  EXPECT_GE(observers_[1].bytes_sent, 1000 * sizeof(double));
  EXPECT_GE(observers_[2].bytes_begun, 1000 * sizeof(double)) << "large messages are told of as they begin";
  for (int r = 0; r < ranks; ++r)
    EXPECT_EQ(observers_[static_cast<std::size_t>(r)].sent, ranks_.rank(r).info().messages_sent);
}

TEST_F(ObserverTest, HearsOfKeptValues) {
  {
    const auto values = delayed<block>.annotate({.rank = 1})(1000);
    session_.persist(values);
    session_.wait(values);
    ASSERT_EQ(observers_[1].kept.size(), 1u);
    EXPECT_EQ(observers_[1].kept.begin()->second, 1000 * sizeof(double));
  }
  session_.compute(delayed<leaf>(1));  // takes the release along
  progress();
  EXPECT_EQ(observers_[1].values, 1u);
  EXPECT_TRUE(observers_[1].kept.empty());
}

TEST_F(ObserverTest, HearsOfFailuresButNotOfWhatTheyKeepFromRunning) {
  const auto bad = delayed<fails>(1);
  EXPECT_THROW(session_.compute(delayed<two>(bad, delayed<leaf>(2))), TaskError);
  progress();
  EXPECT_EQ(total([](const Counting& one) { return one.failed.size(); }), 1u);
  EXPECT_EQ(ended(), 1u) << "the leaf";
}

TEST_F(ObserverTest, HearsOfFamilies) {
  session_.compute(reduce<two>(map<leaf>(family<first>(200))));
  progress();
  std::size_t run = 0;
  for (int r = 0; r < ranks; ++r) run += ranks_.rank(r).info().tasks_run;
  EXPECT_EQ(ended(), run);
  EXPECT_GE(run, 200u + 200 + 199);
  EXPECT_EQ(planned(), run);
  EXPECT_GT(total([](const Counting& one) { return one.fronts; }), 0u);
  EXPECT_EQ(total([](const Counting& one) { return one.lines; }), run);
  EXPECT_EQ(total([](const Counting& one) { return one.runs_under_way.size(); }), 0u);
}

long one_more(const long& x) { return x + 1; }

TEST_F(ObserverTest, HearsOfCollectiveTasksOnEachRankAndOfLoops) {
  const std::vector<Delayed<long>> parts{delayed<leaf>(1), delayed<leaf>(2)};
  session_.compute(collective<sum_of_parts>(parts));
  progress();
  EXPECT_EQ(total([](const Counting& one) { return one.participants; }), 3u);
  EXPECT_EQ(planned(), ended()) << "each rank's participant, and two tasks";
  session_.compute(iterate(
      10, [](const Delayed<long>& x) { return delayed<one_more>(x); }, delayed<leaf>(0)));
  progress();
  EXPECT_EQ(planned(), ended());
  EXPECT_FALSE(observers_[0].may_end_early);
}

TEST(Observer, SeveralHearTheSame) {
  SteppedRanks ranks(1, 1);
  std::array<Counting, 2> both;
  Observers all;
  EXPECT_EQ(all.whom(), nullptr);
  all.add(both[0]);
  EXPECT_EQ(all.whom(), &both[0]);
  all.add(both[1]);
  ranks.rank(0).set_observer(all.whom());
  ranks.session().compute(delayed<leaf>(1));
  for (const Counting& one : both) {
    EXPECT_EQ(one.ended.size(), 1u);
    EXPECT_EQ(one.planned_tasks.size(), 1u);
    EXPECT_EQ(one.runs, 1u);
    EXPECT_TRUE(one.runs_under_way.empty());
  }
}

TEST(Observer, HearsFromWhomTasksAreStolen) {
  std::array<Counting, 2> observers;
  SteppedRanks ranks(2, 3, 64, std::uint64_t{1} << 40, StealMode::on);
  for (int r = 0; r < 2; ++r) ranks.rank(r).set_observer(&observers[static_cast<std::size_t>(r)]);
  const auto leaves = map<leaf>(family<first>(300));
  ranks.session().compute(reduce<two>(leaves));
  std::vector<Delayed<long>> tasks;
  for (long i = 0; i < 300; ++i) tasks.push_back(delayed<leaf>(i));
  ranks.session().compute(reduce<two>(tasks));
  for (int r = 0; r < 2; ++r)
    EXPECT_EQ(observers[static_cast<std::size_t>(r)].stolen, ranks.rank(r).info().tasks_stolen);
  EXPECT_GT(observers[0].stolen + observers[1].stolen, 0u);
}

TEST(Observer, NobodyIsTheDefault) {
  SteppedRanks ranks(2, 1);
  EXPECT_EQ(ranks.session().compute(delayed<leaf>(1)), 4);
}

}  // namespace
}  // namespace ramal::test
