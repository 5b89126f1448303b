// SPDX-License-Identifier: BSD-3-Clause
// What reports are made of: traces that are read back, levels of detail against plain loops, the critical
// path. What the page does with it is tested by check_report.py.
#include "runtime/watch/report.hpp"

#include "runtime/watch/report_chain.hpp"
#include "runtime/watch/report_encoding.hpp"
#include "runtime/watch/report_levels.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

namespace ramal::test {
namespace {

using namespace ramal::detail;

class ReportTest : public ::testing::Test {
 protected:
  ReportTest() { std::filesystem::create_directories(folder_); }
  ~ReportTest() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& text) const { std::ofstream(trace_, std::ios::binary) << text; }
  std::vector<TraceEvent> read() {
    std::vector<TraceEvent> events;
    notes_ = read_trace(trace_, [&events](const TraceEvent& event) { events.push_back(event); });
    return events;
  }
  static std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return (std::ostringstream() << in.rdbuf()).str();
  }
  const std::string folder_ = "report_test_" + std::to_string(getpid());
  const std::string trace_ = folder_ + "/run.json", page_ = folder_ + "/run.html";
  TraceNotes notes_;
};

/// Random slices on a few rows, in order; those of a row follow each other.
ReportData random_data(std::mt19937& random, std::size_t tasks) {
  ReportData data;
  data.ranks = 3;
  for (std::uint32_t row = 0; row < 6; ++row) data.rows.push_back({.rank = row / 2, .lane = row % 2});
  data.kinds = {"a", "b", "c", "d"};
  for (std::uint32_t name = 0; name < 7; ++name) data.names.push_back({.kind = name % 4});
  for (std::uint32_t row = 0; row < 6; ++row) {
    Moment at = random() % 50;
    for (std::size_t i = 0; i < tasks / 6; ++i) {
      const auto took = static_cast<Moment>(random() % 8 == 0 ? random() % 300 : random() % 10);
      data.slices.push_back({.at = at,
                             .took = took,
                             .row = row,
                             .name = static_cast<std::uint32_t>(random() % 7),
                             .failed = random() % 97 == 0});
      at += took + static_cast<Moment>(random() % 20);
      data.wall = std::max(data.wall, at);
    }
  }
  return data;
}

/// Nanoseconds that [at, at + took) shares with a bin; the last one has no end.
Moment shared(const Bins& bins, std::size_t bin, Moment at, Moment took) {
  Moment sum = 0;
  for (Moment one = at; one < at + took; ++one) sum += bins.of(one) == bin ? 1 : 0;
  return sum;
}

TEST(ReportLevels, BinsCoverTheTimeOnce) {
  for (const Moment wall : {1, 2, 7, 100, 101, 9999}) {
    for (const std::size_t most : {1U, 2U, 3U, 10U, 64U, 20000U}) {
      const Bins bins(wall, most);
      EXPECT_LE(bins.count, most);
      EXPECT_GE(static_cast<Moment>(bins.count) * bins.width, wall);
      EXPECT_LT(static_cast<Moment>(bins.count - 1) * bins.width, wall);
      for (const auto& [at, took] :
           {std::pair<Moment, Moment>{0, wall}, {wall / 2, 0}, {wall / 3, wall}, {wall, 5}}) {
        Moment sum = 0;
        bins.for_each(at, took, [&, at = at, took = took](std::size_t bin, Moment part) {
          ASSERT_LT(bin, bins.count);
          EXPECT_EQ(part, shared(bins, bin, at, took));
          sum += part;
        });
        EXPECT_EQ(sum, took);
      }
    }
  }
}

TEST(ReportLevels, KeepTheLongestAndSayHowBusyTheRestWas) {
  std::mt19937 random(7);
  for (const std::size_t most : {0U, 1U, 40U, 150U, 299U, 300U, 1000U}) {
    const ReportData data = random_data(random, 300);
    const Bins bins(data.wall, 17);
    const Levels levels = levels_of_detail(data, most, bins);
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = 0; i < data.slices.size(); ++i) order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
      const auto &x = data.slices[a], &y = data.slices[b];
      return x.failed != y.failed ? x.failed : x.took > y.took;
    });
    const std::set<std::uint32_t> kept(order.begin(),
                                       order.begin() + static_cast<long>(std::min(most, order.size())));
    EXPECT_EQ(levels.kept, std::vector<std::uint32_t>(kept.begin(), kept.end()));
    std::vector<RestBin> rest;
    for (std::uint32_t row = 0; row < data.rows.size(); ++row) {
      for (std::uint32_t bin = 0; bin < bins.count; ++bin) {
        RestBin one{.row = row, .bin = bin};
        std::vector<Moment> kinds(data.kinds.size());
        bool is_touched = false;
        for (std::uint32_t i = 0; i < data.slices.size(); ++i) {
          const ReportSlice& slice = data.slices[i];
          if (slice.row != row || kept.contains(i)) continue;
          const Moment part = shared(bins, bin, slice.at, slice.took);
          one.tasks += bins.of(slice.at) == bin ? 1 : 0;
          one.busy += part;
          kinds[data.kind_of(slice)] += part;
          is_touched = is_touched || part > 0 || bins.of(slice.at) == bin;
        }
        const auto longest = std::max_element(kinds.begin(), kinds.end());
        one.kind = static_cast<std::uint32_t>(longest - kinds.begin());
        if (is_touched) rest.push_back(one);
      }
    }
    ASSERT_EQ(levels.rest.size(), rest.size()) << most;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      if (rest[i].busy == 0) rest[i].kind = levels.rest[i].kind;  // any of those that took no time
      EXPECT_EQ(levels.rest[i], rest[i]) << most << ' ' << i;
    }
  }
}

TEST(ReportLevels, SumsOverTimeAreThoseOfAllTasks) {
  std::mt19937 random(8);
  const ReportData data = random_data(random, 240);
  const Bins bins(data.wall, 13);
  for (const std::size_t kinds : {1U, 3U, 4U, 9U}) {
    const KindsOverTime over = kinds_over_time(data, kinds, bins);
    ASSERT_EQ(over.kinds, std::min<std::size_t>(4, kinds + 1));
    std::vector<Moment> busy(over.kinds * bins.count);
    std::vector<std::uint64_t> ended(busy.size());
    for (const ReportSlice& slice : data.slices) {
      const std::size_t kind = std::min<std::size_t>(kinds, data.kind_of(slice));
      for (std::size_t bin = 0; bin < bins.count; ++bin)
        busy[kind * bins.count + bin] += shared(bins, bin, slice.at, slice.took);
      ++ended[kind * bins.count + bins.of(slice.ended())];
    }
    EXPECT_EQ(over.busy, busy);
    EXPECT_EQ(over.ended, ended);
  }
  const std::vector<ReportSample> samples{{.at = 0, .value = 5, .rank = 1},
                                          {.at = 1, .value = 3, .rank = 1},
                                          {.at = data.wall, .value = 9, .rank = 0}};
  const auto largest = largest_samples(samples, 2, bins);
  EXPECT_EQ(largest[bins.count], 5);
  EXPECT_EQ(largest[bins.count - 1], 9);
  EXPECT_EQ(std::count(largest.begin(), largest.end(), -1), static_cast<long>(2 * bins.count - 2));
}

TEST(ReportEncoding, NumbersAreVarintsInBase64) {
  EXPECT_EQ(Varints().put(0).put(127).put(128).put(300).bytes(), std::string("\0\x7f\x80\x01\xac\x02", 6));
  EXPECT_EQ(Varints().put_signed(0).put_signed(-1).put_signed(1).put_signed(-64).bytes(),
            std::string("\0\1\2\x7f", 4));
  EXPECT_EQ(Varints().put(UINT64_MAX).bytes(), std::string(9, '\xff') + '\1');
  EXPECT_EQ(Varints().base64(), "");
  EXPECT_EQ(Varints().put('f').base64(), "Zg==");
  EXPECT_EQ(Varints().put('f').put('o').base64(), "Zm8=");
  EXPECT_EQ(Varints().put('f').put('o').put('o').put('b').base64(), "Zm9vYg==");
}

const char* const small_trace =
    R"({"displayTimeUnit":"ns","otherData":{"ranks":2,"run":{"program":"p"},"clocks":[{"host":"a"}]},
"more":[1,{"x":[null]}],"traceEvents":[
{"ph":"M","pid":0,"tid":0,"name":"thread_name","args":{"name":"worker 0"}},
{"ph":"X","pid":1,"tid":0,"ts":12.345,"dur":1,"cat":"task","name":"f<\"\u00e4\ud83d\ude00\n>","args":{"run":1,"task":7,"line":"a.cpp:3","failed":true,"deep":{"x":1}}},
{"ph":"X","pid":0,"tid":0,"ts":1e3,"dur":0.5,"cat":"task","name":"</script>","args":{"run":1,"family":2,"member":9}}
]})";

TEST_F(ReportTest, TracesAreReadBack) {
  write(small_trace);
  const auto events = read();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(notes_, (TraceNotes{{"ranks", "2"}, {"run.program", "p"}, {"clocks.0.host", "a"}}));
  EXPECT_EQ(events[1].phase, 'X');
  EXPECT_EQ(events[1].process, 1);
  EXPECT_EQ(events[1].at, 12345);
  EXPECT_EQ(events[1].took, 1000);
  EXPECT_EQ(events[1].name, "f<\"\xc3\xa4\xf0\x9f\x98\x80\n>");
  EXPECT_EQ(events[1].find("line")->text, "a.cpp:3");
  EXPECT_EQ(events[1].number("failed"), 1);
  EXPECT_EQ(events[1].find("deep"), nullptr);
  EXPECT_EQ(events[2].at, 1'000'000);
  EXPECT_EQ(events[2].took, 500);
}

TEST_F(ReportTest, WhatIsNoTraceIsRefusedWithThePlace) {
  const std::string whole = small_trace;
  for (std::size_t bytes = 0; bytes < whole.size(); bytes += 5) {
    write(whole.substr(0, bytes));
    EXPECT_THROW(read(), std::runtime_error) << bytes;
  }
  write(R"({"traceEvents":7})");
  try {
    read();
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error.what(), trace_ + ": byte 15: expected '[', found '7'");
  }
  write(R"([{"ph":"X","pid":12345678,"ts":1,"dur":1,"name":"f"}])");  // of another program
  EXPECT_THROW(read_report_data(trace_), std::runtime_error);
  write("{\"x\":" + std::string(100'000, '['));
  EXPECT_THROW(read(), std::runtime_error);
  EXPECT_THROW(read_trace(folder_ + "/none", [](const TraceEvent&) {}), std::system_error);
}

TEST_F(ReportTest, TheCriticalPathGoesWhereTheLastMessageCameFrom) {
  // Rank 0: first, which sends to rank 1, and a short one. Rank 1: idle, then two in a row.
  write(R"([{"ph":"X","pid":0,"tid":0,"ts":0,"dur":10,"cat":"task","name":"first"},
{"ph":"X","pid":0,"tid":1,"ts":11,"dur":1,"cat":"message","name":"send result","args":{"to":1,"bytes":8}},
{"ph":"s","pid":0,"tid":1,"ts":11,"id":5},
{"ph":"X","pid":0,"tid":0,"ts":12,"dur":1,"cat":"task","name":"short"},
{"ph":"X","pid":1,"tid":1,"ts":15,"dur":1,"cat":"message","name":"receive result","args":{"from":0,"bytes":8}},
{"ph":"f","pid":1,"tid":1,"ts":15,"id":5},
{"ph":"X","pid":1,"tid":0,"ts":16,"dur":4,"cat":"task","name":"second"},
{"ph":"X","pid":1,"tid":0,"ts":20.1,"dur":4,"cat":"task","name":"third"}])");
  const ReportData data = read_report_data(trace_);
  EXPECT_EQ(data.wall, 24100);
  EXPECT_EQ(data.traffic.at({0, 1}).bytes, 8u);
  std::string path;
  for (const PathLink& link : critical_chain(data))
    path += link.slice == PathLink::none ? "> " : data.kinds[data.kind_of(data.slices[link.slice])] + " ";
  EXPECT_EQ(path, "first > second third ");
  EXPECT_TRUE(critical_chain(ReportData{}).empty());
}

TEST(ReportChain, LinksFollowEachOtherInTimeAndPlace) {
  std::mt19937 random(9);
  for (int round = 0; round < 50; ++round) {
    ReportData data = random_data(random, 120);
    for (std::uint32_t to = 0; to < 3; ++to) {
      Moment came = 0;
      for (int i = 0; i < 30; ++i) {
        came += static_cast<Moment>(random() % (static_cast<unsigned>(data.wall) / 30));
        const auto took = static_cast<Moment>(random() % 40);
        data.flows.push_back({.sent = came - took,
                              .came = came,
                              .from = (to + 1 + static_cast<std::uint32_t>(random() % 2)) % 3,
                              .to = to});
      }
    }
    const auto chain = critical_chain(data);
    ASSERT_FALSE(chain.empty());
    Moment until = INT64_MIN, last = 0;
    std::uint32_t where = PathLink::none;
    for (const PathLink& link : chain) {
      const bool is_task = link.slice != PathLink::none;
      const ReportFlow flow = is_task ? ReportFlow{} : data.flows[link.flow];
      const ReportSlice slice = is_task ? data.slices[link.slice] : ReportSlice{};
      EXPECT_LE(until, is_task ? slice.at : flow.sent);
      until = is_task ? slice.ended() : flow.came;
      if (where != PathLink::none) {
        EXPECT_EQ(where, is_task ? data.rows[slice.row].rank : flow.from);
      }
      where = is_task ? data.rows[slice.row].rank : flow.to;
    }
    for (const ReportSlice& slice : data.slices) last = std::max(last, slice.ended());
    EXPECT_EQ(until, last);
  }
}

TEST_F(ReportTest, ThePageNeedsNothingElseAndNamesCannotEndItsScript) {
  write(small_trace);
  const WrittenReport written = write_report(trace_, page_, {.most_tasks = 1, .most_cells = 4});
  EXPECT_EQ(written.tasks, 2u);
  EXPECT_EQ(written.kept, 1u);
  const std::string page = content(page_);
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  EXPECT_NE(page.find("\"\\u003c/script>\""), std::string::npos);
  EXPECT_EQ(page.find("src="), std::string::npos);
  EXPECT_NE(page.find("\"kept\":1,"), std::string::npos);
}

TEST_F(ReportTest, WhatCannotBeWrittenThrowsAndLeavesWhatWasThere) {
  write(small_trace);
  EXPECT_THROW(write_report(trace_, folder_ + "/no/page.html"), std::system_error);
  std::ofstream(page_) << "before";
  std::filesystem::create_symlink("/dev/full", page_ + ".part");
  EXPECT_THROW(write_report(trace_, page_), std::system_error);
  EXPECT_EQ(content(page_), "before");
  write("[]");
  EXPECT_EQ(write_report(trace_, page_ + "2").tasks, 0u);
}

}  // namespace
}  // namespace ramal::test
