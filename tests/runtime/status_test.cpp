// SPDX-License-Identifier: BSD-3-Clause
// What is counted of ranks, and how it is shown. How it is told and written is tested by check_status.py.
#include "runtime/watch/status.hpp"

#include "runtime/transport/encoded.hpp"
#include "runtime/watch/tally.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace ramal::test {
namespace {

using namespace ramal::detail;

long leaf(long x) { return x; }
long two(long a, long b) { return a + b; }

JobStatus job() {
  JobStatus status{.elapsed_seconds = 10};
  status.kinds = {
      {"a::leaf", 100, false, 50, 2, 5.0}, {"a::two", 10, false, 5, 0, 5.0}, {"done", 3, true, 3, 0, 0.0}};
  status.ranks = {{.host = "x", .is_heard = true}, {.host = "\"y\"", .threads = 2, .heard_seconds_ago = 1.5}};
  status.ranks[0].status.bytes_held = 1500;
  status.ranks[1].status = {
      .tasks = 4, .elapsed_seconds = 10, .busy_seconds = 5, .running = {{"a::leaf", 2}}};
  return status;
}

TEST(Status, TimeLeftIsThatOfEachKindsRest) {
  EXPECT_DOUBLE_EQ(job().seconds_left(), 10) << "as much is left as took 10 s";
  JobStatus unknown = job();
  unknown.kinds.push_back({"not begun", 1, false, 0, 0, 0});
  EXPECT_LT(unknown.seconds_left(), 0);
  EXPECT_EQ(JobStatus().seconds_left(), 0);
}

TEST(Status, IsSaidInALine) {
  EXPECT_EQ(status_line(job()),
            "ramal: 10 s, 58 of up to 113 tasks, 2 running, 1.5 kB, about 10 s left; longest: a::leaf on "
            "rank 1 for 3.5 s");
  EXPECT_EQ(shown_seconds(0.25), "250 ms");
  EXPECT_EQ(shown_seconds(185), "3:05");
  EXPECT_EQ(shown_seconds(7200), "2:00:00");
  EXPECT_EQ(shown_bytes(999), "999 B");
  EXPECT_EQ(shown_bytes(2'340'000'000), "2.34 GB");
}

/// Letters of several bytes take one column.
std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(std::ranges::count_if(line, [](char c) { return (c & 0xc0) != 0x80; }));
}

TEST(Status, BarsFitTheTerminal) {
  JobStatus many = job();
  for (int i = 0; i < 30; ++i) many.kinds.push_back({std::string(90, 'n'), 1000000, true, 999999, 7, 1e5});
  for (const std::size_t width : {40, 80, 200}) {
    const auto lines = status_bars(many, width, 12);
    EXPECT_EQ(lines.size(), 12u);
    for (const auto& line : lines) EXPECT_LT(columns(line), width) << line;
  }
  EXPECT_EQ(status_bars(job(), 80, 12).front().substr(0, 8), "a::leaf ") << "what runs stands first";
}

TEST(Status, TellsWhatATallyHasCounted) {
  SteppedRanks ranks(1, 1);
  Tally tally(0);
  ranks.rank(0).set_observer(&tally);
  std::vector<Delayed<long>> leaves;
  for (long i = 0; i < 64; ++i) leaves.push_back(delayed<leaf>(i));
  ranks.session().compute(reduce<two>(leaves));
  const auto bytes = encoded(tally.status());
  Reader reader(bytes);
  const auto status = Codec<RankStatus>::read(reader);
  EXPECT_EQ(status.tasks, 127u);
  EXPECT_EQ(status.kinds.size(), 2u);
  EXPECT_TRUE(status.running.empty());
  EXPECT_LE(status.busy_seconds, status.elapsed_seconds);
  const auto last = encoded(tally.summary());
  Reader of_last(last);
  const auto summary = Codec<RankSummary>::read(of_last);
  ASSERT_EQ(summary.kinds.size(), 2u);
  EXPECT_EQ(summary.kinds[0].tasks + summary.kinds[1].tasks, 127u);
  EXPECT_NE(summary.kinds[0].longest_site.find("status_test.cpp:"), std::string::npos);
  EXPECT_GT(summary.most_memory_bytes, 1u << 20);
  std::uint64_t planned = 0;
  for (const auto& kind : tally.planned()) planned += kind.tasks;
  EXPECT_EQ(planned, 127u);
}

TEST(Summary, QuantilesAreRightToAnEighth) {
  DurationHistogram durations;
  EXPECT_EQ(durations.quantile(0.5), 0);
  for (Moment i = 1; i <= 1000; ++i) durations.add(1000 * i * i);
  for (const double part : {0.1, 0.5, 0.99, 1.0}) {
    const double exact = 1e-6 * (1000 * part) * (1000 * part);
    EXPECT_NEAR(durations.quantile(part), exact, exact / 8) << part;
  }
  DurationHistogram again;
  const auto bytes = encoded(durations);
  Reader reader(bytes);
  again = Codec<DurationHistogram>::read(reader);
  EXPECT_EQ(again.counts, durations.counts);
  for (const Moment edge : {Moment{-5}, Moment{0}, Moment{1}, Moment{7}, Moment{8}, INT64_MAX})
    durations.add(edge);
}

JobSummary two_ranks(double busy_first, double busy_second, double longest, std::uint64_t tasks) {
  JobSummary job{.elapsed_seconds = 10};
  for (const double busy : {busy_first, busy_second}) {
    RankSummary::Kind kind{.name = "leaf",
                           .tasks = tasks,
                           .seconds = busy,
                           .longest_seconds = longest,
                           .longest_site = "a.cpp:3"};
    job.ranks.push_back({1, {.kinds = {kind}, .sent = {{1, 5, 1000}}, .most_memory_bytes = 1'000'000}});
  }
  return job;
}

TEST(Summary, SaysWhatCostMostAndWhatToTry) {
  const auto last = [](const JobSummary& job) {
    const std::string text = summary_text(job);
    return text.substr(text.rfind('\n', text.size() - 2) + 3);
  };
  EXPECT_EQ(last(two_ranks(9, 9, 0.1, 100)),
            "threads were busy: 100 % of that with leaf; make these faster, or start more ranks\n");
  EXPECT_EQ(last(two_ranks(3, 3, 0.1, 1'000'000)).substr(0, 38), "tasks are short, 3 us in the mean: let");
  EXPECT_EQ(last(two_ranks(6, 1, 6, 10)).substr(0, 70),
            "one task of leaf took 6 s, 60 % of the whole time (a.cpp:3, on rank 1)");
  EXPECT_EQ(last(two_ranks(7, 1, 1, 10)).substr(0, 55),
            "work was uneven: rank 0 was busy 70 % of the time and r");
  EXPECT_EQ(last(two_ranks(4, 4, 1, 10)).substr(0, 55),
            "threads had nothing to run for 60 % of the time: RAMAL_");
  EXPECT_EQ(last(JobSummary{.ranks = {{}}}), "no task was run\n");
  EXPECT_DOUBLE_EQ(two_ranks(6, 1, 6, 10).efficiency(), 0.35);
}

TEST(Status, IsAskedOfATallyWhileThreadsCount) {
  Tally tally(2);
  const Delayed<long> task = delayed<leaf>(1L);
  const Kind& kind = task.task_handle().get()->kind();
  std::vector<std::thread> workers;
  for (unsigned worker = 0; worker < 2; ++worker) {
    workers.emplace_back([&, worker] {
      for (Moment i = 0; i < 2000; ++i) {
        const Observer::TaskName name{.run = 1, .plan = 1, .kind = kind, .worker = worker};
        tally.task_started(name, 10 * i);
        tally.task_ended(name, 10 * i, 10 * i + 5, false);
      }
    });
  }
  std::uint64_t before = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t now = tally.status().tasks;
    EXPECT_GE(now, before);
    before = now;
  }
  for (auto& worker : workers) worker.join();
  EXPECT_EQ(tally.status().tasks, 4000u);
  EXPECT_NEAR(tally.status().busy_seconds, 2e-5, 1e-9);
}

}  // namespace
}  // namespace ramal::test
