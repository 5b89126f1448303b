// SPDX-License-Identifier: BSD-3-Clause
// Clocks of ranks that run apart, and parts of traces that are cut off or damaged. What traces of programs
// hold is tested by check_trace.py.
#include "runtime/watch/trace_merge.hpp"
#include "runtime/watch/trace_writer.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace ramal::test {
namespace {

using namespace ramal::detail;

long leaf(long x) { return x; }
const Kind& kind() {
  static const Delayed<long> task = delayed<leaf>(1L);
  return task.task_handle().get()->kind();
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return (std::ostringstream() << in.rdbuf()).str();
}
std::size_t count(const std::string& text, const std::string& what) {
  std::size_t times = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++times;
  return times;
}

class TraceTest : public ::testing::Test {
 protected:
  TraceTest() { std::filesystem::create_directories(folder_); }
  ~TraceTest() override { std::filesystem::remove_all(folder_); }
  /// What two ranks write: each a task, and one message.
  void write_parts(const ClockMeasure& other_clock, std::uint64_t mark = 7) {
    for (int rank = 0; rank < 2; ++rank) {
      TraceWriter part(part_path(file_, rank),
                       {.mark = mark, .rank = rank, .ranks = 2, .pid = 1, .workers = 1},
                       "host \"" + std::to_string(rank) + "\"");
      if (rank == 1) part.add(other_clock);
      if (rank == 0) part.add({{"program", "a \"b\""}, {"option RAMAL_X", ""}});
      const Observer::TaskName task{.run = 1, .plan = 5, .kind = kind(), .site = {"a.cpp", 12}};
      part.task_ended(task, 1000, 4500, rank == 1);
      const Header header{.type = MessageType::result, .run = 1, .bytes = 8};
      rank == 0 ? part.message_sent(1, header) : part.message_received(0, header);
      part.stands({.now = 5000, .ready = 3, .bytes_held = 10, .bytes_landing = 2});
      EXPECT_EQ(part.error(), 0);
    }
  }
  const std::string folder_ = "trace_test_" + std::to_string(getpid());
  const std::string file_ = folder_ + "/run.json";
};

TEST(Clocks, TheQuickestRoundTells) {
  constexpr Moment apart = 5'000'000;
  std::minstd_rand random(3);
  ClockMeasure measure;
  for (int round = 0; round < 16; ++round) {
    const Moment asked = 1'000'000 * round;
    const auto there = static_cast<Moment>(1000 + random() % 9000),
               back = static_cast<Moment>(1000 + random() % 9000);
    measure.add(asked, asked + there + apart, asked + there + back);
    EXPECT_LE(std::abs(measure.offset - apart), measure.round_trip / 2 + 1);
  }
  EXPECT_FALSE(measure.may_be_one());
}

TEST(Clocks, AgreeDriftAndStandApart) {
  EXPECT_TRUE(ClockCorrection().is_one());
  EXPECT_EQ(ClockCorrection({{100, 40, 200}, {900, -90, 200}}).corrected(77), 77)
      << "one clock, as far as can be told";
  EXPECT_EQ(ClockCorrection({{100, 5000, 200}}).corrected(77), 5077);
  // Rank 0's is faster by 1 in 1000.
  const ClockCorrection drifts({{0, 5000, 200}, {1'000'000, 6000, 200}});
  EXPECT_EQ(drifts.corrected(0), 5000);
  EXPECT_EQ(drifts.corrected(500'000), 505'500);
  EXPECT_EQ(drifts.corrected(2'000'000), 2'007'000);
  EXPECT_NEAR(drifts.drift(), 1e-3, 1e-9);
  // Apart only at the end: both are held against each other.
  EXPECT_FALSE(ClockCorrection({{0, 50, 200}, {1'000'000, 1050, 200}}).is_one());
}

TEST_F(TraceTest, IsPutTogetherByRank0sClock) {
  write_parts({.at = 0, .offset = 1'000'000'000, .round_trip = 100});
  const MergedTrace merged = merge_trace(file_, 7);
  EXPECT_EQ(merged.tasks, 2u);
  EXPECT_TRUE(merged.missing.empty());
  const std::string text = content(file_);
  EXPECT_EQ(count(text, "\"line\":\"a.cpp:12\""), 2u);
  EXPECT_EQ(count(text, "\"failed\":true"), 1u);
  EXPECT_EQ(count(text, "\"run\":{\n\"program\":\"a \\\"b\\\"\",\n\"option RAMAL_X\":\"\"}"), 1u);
  EXPECT_EQ(count(text, "host \\\"1\\\""), 2u);
  EXPECT_EQ(count(text, "\"dur\":3.500,"), 2u);
  EXPECT_EQ(count(text, "by offset and drift"), 1u);
  EXPECT_EQ(count(text, "\"ph\":\"s\"") + count(text, "\"ph\":\"f\""), 2u);
  EXPECT_FALSE(std::filesystem::exists(part_path(file_, 0))) << "parts are removed";
}

TEST_F(TraceTest, AnotherSessionsPartIsNotTaken) {
  write_parts({.at = 0, .offset = 0, .round_trip = 100}, 6);
  EXPECT_THROW(merge_trace(file_, 7), std::runtime_error);
  { TraceWriter own(part_path(file_, 0), {.mark = 7, .rank = 0, .ranks = 3, .pid = 1, .workers = 1}, "h"); }
  EXPECT_EQ(merge_trace(file_, 7).missing, (std::vector<int>{1, 2}));
}

TEST_F(TraceTest, PartsThatAreCutOffOrDamagedAreReadAsFarAsTheyGo) {
  write_parts({.at = 0, .offset = 0, .round_trip = 100});
  const std::string whole = content(part_path(file_, 1));
  std::minstd_rand random(5);
  for (std::size_t bytes = 0; bytes < whole.size() + 300; bytes += 5) {
    write_parts({.at = 0, .offset = 0, .round_trip = 100});
    std::string part = whole.substr(0, bytes);
    if (bytes > whole.size()) part[random() % part.size()] ^= static_cast<char>(1 << random() % 8);
    std::ofstream(part_path(file_, 1), std::ios::binary) << part;
    const MergedTrace merged = merge_trace(file_);
    EXPECT_GE(merged.tasks, 1u);
    const std::string text = content(file_);
    EXPECT_TRUE(text.ends_with("]}\n"));
    EXPECT_EQ(count(text, "\"ph\":\"s\""), count(text, "\"ph\":\"f\"")) << bytes;
  }
}

TEST_F(TraceTest, WhatCannotBeWrittenIsAnErrorThatIsKept) {
  TraceWriter nowhere(folder_ + "/no/part", {.rank = 0, .ranks = 1}, "h");
  EXPECT_EQ(nowhere.error(), ENOENT);
  TraceWriter full("/dev/full", {.rank = 0, .ranks = 1}, "h");
  EXPECT_EQ(full.error(), ENOSPC);
  for (int i = 0; i < 5000; ++i) full.stands({.now = i});
  full.finish();
}

}  // namespace
}  // namespace ramal::test
