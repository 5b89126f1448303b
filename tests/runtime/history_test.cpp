// SPDX-License-Identifier: BSD-3-Clause
// What is learnt of durations: by a rank, by rank 0 of all, and from one session to the next.
#include "runtime/session/history.hpp"

#include "tests/support/one_process.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace ramal::test {
namespace {

constexpr double heavy_seconds = 2e-3;
long heavy(long x) {
  sleep_seconds(heavy_seconds);
  return x;
}
long light(long x) { return x; }
long broken(long) { throw std::runtime_error("broken"); }

template <auto function>
const Kind& kind_of() {
  return delayed<function>(1).task_handle().get()->kind();
}

/// 20 heavy ones, then 20 light ones: by equal shares all the heavy ones of two ranks are rank 0's.
std::vector<Delayed<long>> heavy_then_light() {
  std::vector<Delayed<long>> all;
  for (long i = 0; i < 20; ++i) all.push_back(delayed<heavy>(i));
  for (long i = 0; i < 20; ++i) all.push_back(delayed<light>(i));
  return all;
}

std::size_t count_timed(Durations& durations, const Kind& kind, int tasks) {
  auto& choice = durations.choice(kind);
  std::size_t timed = 0;
  for (int i = 0; i < tasks; ++i) timed += choice.next() ? 1 : 0;
  return timed;
}

TEST(DurationsTest, TheFirstAreTimedThenAllIfTheyAreLong) {
  Durations durations;
  EXPECT_EQ(count_timed(durations, kind_of<light>(), 64), 64u);
  EXPECT_EQ(count_timed(durations, kind_of<light>(), 6400), 100u);
  durations.add(kind_of<heavy>(), 1.0);
  EXPECT_EQ(count_timed(durations, kind_of<heavy>(), 5000), 5000u);
}

TEST(DurationsTest, MeansAreKnownWhileRunningAndFollowWhatChanges) {
  Durations durations;
  EXPECT_EQ(durations.of(kind_of<light>()).seconds, 0) << "unknown";
  for (int i = 0; i < 31; ++i) durations.add(kind_of<light>(), 1e-6);
  EXPECT_FALSE(durations.of(kind_of<light>()).are_sure);
  durations.add(kind_of<light>(), 1e-6);
  EXPECT_TRUE(durations.of(kind_of<light>()).are_sure);
  EXPECT_FALSE(durations.any_is_long());
  for (int i = 0; i < 1000; ++i) durations.add(kind_of<heavy>(), 1e-3);
  EXPECT_TRUE(durations.any_is_long());
  EXPECT_NEAR(durations.of(kind_of<heavy>()).seconds, 1e-3, 1e-9);
  for (int i = 0; i < 2000; ++i) durations.add(kind_of<heavy>(), 1e-6);
  EXPECT_FALSE(durations.any_is_long()) << "they have become short";
}

TEST(DurationsTest, ResultsAreExpectedToBeAsLargeAsThoseBefore) {
  Durations durations;
  EXPECT_EQ(durations.expected_bytes(kind_of<heavy>()), 0u) << "unknown";
  durations.add_result(kind_of<light>(), 1000);
  EXPECT_EQ(durations.of(kind_of<light>()).result_bytes, 1000);
  EXPECT_EQ(durations.expected_bytes(kind_of<light>()), 0u) << "too small to be counted";
  durations.add_result(kind_of<heavy>(), 100'000);
  durations.add_result(kind_of<heavy>(), 300'000);
  EXPECT_EQ(durations.expected_bytes(kind_of<heavy>()), 200'000u);
  for (int i = 0; i < 5000; ++i) durations.add_result(kind_of<heavy>(), 1000);
  EXPECT_EQ(durations.expected_bytes(kind_of<heavy>()), 0u) << "they have become small";
}

TEST(DurationsTest, OnlyWhatIsNotableIsNews) {
  Durations durations;
  for (int i = 0; i < 10000; ++i) durations.add(kind_of<light>(), 1e-6);
  durations.note_end_of_run();
  EXPECT_FALSE(durations.has_news()) << "all are short";
  durations.add(kind_of<heavy>(), 1e-4);
  durations.note_end_of_run();
  EXPECT_FALSE(durations.has_news()) << "too little time to matter";
  for (int i = 0; i < 100; ++i) durations.add(kind_of<heavy>(), 1e-4);
  EXPECT_FALSE(durations.has_news()) << "the run has not ended";
  durations.note_end_of_run();
  EXPECT_TRUE(durations.has_news());
  const auto news = durations.take_news();
  EXPECT_EQ(news.size(), 2u) << "the short ones too, to compare";
  EXPECT_FALSE(durations.has_news());
  EXPECT_TRUE(durations.take_news().empty());
  for (int i = 0; i < 50; ++i) durations.add(kind_of<heavy>(), 1.1e-4);
  durations.note_end_of_run();
  EXPECT_FALSE(durations.has_news()) << "more of the same";
  for (int i = 0; i < 50; ++i) durations.add(kind_of<heavy>(), 3e-4);
  durations.note_end_of_run();
  EXPECT_TRUE(durations.has_news()) << "it has changed";
}

TEST(LearningTest, RankZeroHearsOfAllRanks) {
  SteppedRanks ranks(3, 1);
  ranks.session().compute(heavy_then_light());
  ranks.session().info();  // whose answers come after what was told before
  History& history = ranks.engine().history();
  EXPECT_GE(history.seconds(kind_of<heavy>()), heavy_seconds);
  EXPECT_GT(history.seconds(kind_of<light>()), 0);
  EXPECT_EQ(history.seconds(kind_of<broken>()), 0) << "never run";
  EXPECT_THROW(ranks.session().compute(delayed<broken>(1)), TaskError);
  EXPECT_EQ(ranks.engine().history().seconds(kind_of<broken>()), 0) << "how long failing takes says nothing";
}

TEST(LearningTest, PlacementGoesByWhatWasLearnt) {
  SteppedRanks ranks(2, 1);
  const auto run = [&] {
    const auto before = ranks.session().info();
    ranks.session().compute(heavy_then_light());
    return ranks.session().info()[0].tasks_run - before[0].tasks_run;
  };
  EXPECT_EQ(run(), 20u);
  ranks.engine().history().add(kind_of<heavy>(), {1000, 20.0});
  ranks.engine().history().add(kind_of<light>(), {1000, 1.0});
  const auto second = run();
  EXPECT_GE(second, 10u);
  EXPECT_LE(second, 11u);
}

class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() {
    std::string folder = ::testing::TempDir() + "ramal-history-XXXXXX";
    folder_ = mkdtemp(folder.data());
    file_ = folder_ + "/history";
  }
  ~HistoryTest() override { std::filesystem::remove_all(folder_); }
  std::vector<std::string> lines() const {
    std::ifstream in(file_);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  void write(const std::string& text) const { std::ofstream(file_) << text; }
  std::string line_of(const Kind& kind, const std::string& rest) const {
    return images_.lasting_name(kind) + rest;
  }
  /// What two ranks in one process ran of heavy_then_light, with the file.
  std::vector<std::uint64_t> run_session() const {
    std::vector<std::uint64_t> tasks;
    const Options options{.scheduler = "inprocess",
                          .ranks = 2,
                          .threads = 1,
                          .steal = "off",  // so that tasks run where they are placed
                          .warnings = "off",
                          .history = file_};
    const int status = ramal::run(
        0, nullptr,
        [&](Session& session) {
          session.compute(heavy_then_light());
          for (const auto& rank : session.info()) tasks.push_back(rank.tasks_run);
        },
        options);
    EXPECT_EQ(status, 0);
    return tasks;
  }
  std::string folder_, file_;
  const Images images_ = Images::loaded();
};

TEST_F(HistoryTest, AFirstSessionStartsWithoutOne) {
  History history(images_);
  EXPECT_EQ(history.read(file_), "");
  EXPECT_EQ(history.seconds(kind_of<heavy>()), 0);
  EXPECT_EQ(history.write(file_), "");
  EXPECT_EQ(lines(), std::vector<std::string>{"ramal history 1 1"});
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "nothing else is left";
}

TEST_F(HistoryTest, IsWhatTheNextSessionReads) {
  History first(images_);
  first.add(kind_of<heavy>(), {10, 0.25});
  first.add(kind_of<light>(), {100, 1e-4});
  EXPECT_EQ(first.write(file_), "");
  History second(images_);
  EXPECT_EQ(second.read(file_), "");
  EXPECT_DOUBLE_EQ(second.seconds(kind_of<heavy>()), 0.025);
  EXPECT_DOUBLE_EQ(second.seconds(kind_of<light>()), 1e-6);
  second.add(kind_of<heavy>(), {30, 0.25});
  EXPECT_DOUBLE_EQ(second.seconds(kind_of<heavy>()), 0.5 / 40) << "both count";
  EXPECT_EQ(second.write(file_), "");
  EXPECT_EQ(lines().front(), "ramal history 1 2");
  EXPECT_EQ(lines().size(), 3u);
}

TEST_F(HistoryTest, FollowsWhatChanges) {
  History history(images_);
  for (int i = 0; i < 100; ++i) history.add(kind_of<heavy>(), {1000, 1.0});
  for (int i = 0; i < 20; ++i) history.add(kind_of<heavy>(), {1000, 10.0});
  EXPECT_NEAR(history.seconds(kind_of<heavy>()), 10e-3, 1e-3);
}

TEST_F(HistoryTest, KeepsOtherBinariesLinesForAWhile) {
  write(
      "ramal history 1 150\n"
      "abcdef+10 5 0.5 150 other(int)\n"
      "abcdef+20 5 0.5 51 old(int)\n"
      "abcdef+30 5 0.5 50 forgotten(int)\n");
  History history(images_);
  EXPECT_EQ(history.read(file_), "");
  EXPECT_EQ(history.seconds(kind_of<heavy>()), 0);
  history.add(kind_of<heavy>(), {4, 2.0});
  EXPECT_EQ(history.write(file_), "");
  auto found = lines();
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0], "ramal history 1 151");
  std::ranges::sort(found);
  EXPECT_TRUE(std::ranges::binary_search(found, "abcdef+10 5 0.5 150 other(int)"));
  EXPECT_TRUE(std::ranges::binary_search(found, "abcdef+20 5 0.5 51 old(int)"));
  EXPECT_TRUE(std::ranges::binary_search(
      found, line_of(kind_of<heavy>(), " 4 0.5 151 " + std::string(kind_of<heavy>().name))));
}

TEST_F(HistoryTest, DamageIsNamedWithItsLineAndIgnoredFromThere) {
  for (const char* damaged :
       {"", "nonsense", "abc+1 0 0.5 1 no_tasks", "abc+1 5 nan 1 not_a_number", "abc+1 5 -1 1 negative",
        "abc+1 5 0.5 9 of_a_later_session", "abc 5 0.5 1 no_plus", "abc+1 5 0.5", "\x01\xff\x02"}) {
    SCOPED_TRACE(damaged);
    write("ramal history 1 3\n" + line_of(kind_of<heavy>(), " 4 0.5 3 heavy\n") + damaged + '\n' +
          line_of(kind_of<light>(), " 4 0.5 3 light\n"));
    History history(images_);
    const std::string said = history.read(file_);
    EXPECT_NE(said.find("'" + file_ + "', line 3: "), std::string::npos) << said;
    EXPECT_TRUE(std::ranges::all_of(said, [](char c) { return c >= ' ' && c <= '~'; })) << said;
    EXPECT_EQ(history.seconds(kind_of<heavy>()), 0.5);
    EXPECT_EQ(history.seconds(kind_of<light>()), 0);
    EXPECT_EQ(history.write(file_), "");
    EXPECT_EQ(History(images_).read(file_), "") << "mended";
  }
  write("ramal history 1 3\n" + line_of(kind_of<heavy>(), " 4 0.5 3 hea"));
  EXPECT_NE(History(images_).read(file_).find("line 2"), std::string::npos) << "cut off within a line";
}

TEST_F(HistoryTest, WhatIsNoHistoryIsLeftAlone) {
  for (const char* text : {"", "x", "time,value\n1,2\n", "ramal history 2 7\n", "ramal history 1 x\n"}) {
    SCOPED_TRACE(text);
    write(text);
    History history(images_);
    EXPECT_NE(history.read(file_).find("line 1: "), std::string::npos);
    history.add(kind_of<heavy>(), {4, 2.0});
    EXPECT_EQ(history.write(file_), "");
    std::ifstream in(file_);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), text);
  }
  EXPECT_NE(History(images_).read(folder_), "") << "a folder";
}

TEST_F(HistoryTest, WhereItCannotBeWrittenItSaysSo) {
  History history(images_);
  const std::string nowhere = folder_ + "/no/such/folder/history";
  EXPECT_EQ(history.read(nowhere), "");
  EXPECT_NE(history.write(nowhere).find(nowhere), std::string::npos);
}

TEST_F(HistoryTest, ASessionLeavesWhatItHasLearnt) {
  EXPECT_EQ(run_session(), (std::vector<std::uint64_t>{20, 20}));
  History history(images_);
  EXPECT_EQ(history.read(file_), "");
  EXPECT_GE(history.seconds(kind_of<heavy>()), heavy_seconds);
}

TEST_F(HistoryTest, ASessionPlacesByWhatAnEarlierOneLeft) {
  write("ramal history 1 1\n" + line_of(kind_of<heavy>(), " 100 0.02 1 heavy\n") +
        line_of(kind_of<light>(), " 100 0.001 1 light\n"));
  const auto tasks = run_session();
  EXPECT_GE(tasks[0], 10u);
  EXPECT_LE(tasks[0], 11u);
  EXPECT_EQ(tasks[0] + tasks[1], 40u);
}

}  // namespace
}  // namespace ramal::test
