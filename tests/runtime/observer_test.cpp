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

  void run_started(RunId run, std::size_t count) override {
    const std::lock_guard lock(mutex_);
    ++runs;
    tasks_of_runs += count;
    runs_under_way.insert(run);
  }
  void run_ended(RunId run) override {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(runs_under_way.erase(run), 1u);
  }
  void task_started(const TaskName& task) override {
    const std::lock_guard lock(mutex_);
    EXPECT_TRUE(tasks.insert({task.run, task.plan}).second) << "a name is given once";
    tasks_under_way.insert({task.run, task.plan});
  }
  void task_ended(const TaskName& task, bool has_failed) override {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(tasks_under_way.erase({task.run, task.plan}), 1u);
    ++(has_failed ? failed : ended)[std::string(task.kind.name)];
  }
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
  EXPECT_EQ(total([](const Counting& one) { return one.runs_under_way.size(); }), 0u);
}

TEST(Observer, NobodyIsTheDefault) {
  SteppedRanks ranks(2, 1);
  EXPECT_EQ(ranks.session().compute(delayed<leaf>(1)), 4);
}

}  // namespace
}  // namespace ramal::test
