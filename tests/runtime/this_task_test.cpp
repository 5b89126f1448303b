// SPDX-License-Identifier: BSD-3-Clause
// What a task may ask of itself, and lines from within it.
#include "tests/support/one_process.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <set>
#include <source_location>
#include <thread>

namespace ramal::test {
namespace {

using Seeds = std::vector<std::uint64_t>;

std::uint64_t seed_of(long) { return this_task().seed; }
std::uint64_t seed_after(std::uint64_t) { return this_task().seed; }
std::uint64_t seed_of_member(Index place) {
  const TaskInfo me = this_task();
  if (!me.place || !(*me.place == place)) throw std::logic_error("its place is not what it is told");
  return me.seed;
}
std::uint64_t seed_of_neighbours(Inputs<std::uint64_t> near) {
  const TaskInfo me = this_task();
  if (!me.place || near.empty()) throw std::logic_error("a member has a place");
  return me.seed;
}
std::string name_of_this(long) { return std::string(this_task().name); }
int rank_of_this(long) { return this_task().rank; }
bool has_place(long) { return this_task().place.has_value(); }

/// Seeds of tasks, members and loops, in several runs that follow one another.
Seeds seeds_in(Session& session) {
  Seeds all;
  const auto append = [&all](const Seeds& more) { all.insert(all.end(), more.begin(), more.end()); };
  std::vector<Delayed<std::uint64_t>> tasks;
  for (long i = 0; i < 20; ++i) tasks.push_back(delayed<seed_after>(delayed<seed_of>(1)));
  append(session.compute(tasks));
  append(session.compute(tasks));  // a second time
  session.compute_each(std::vector<Delayed<std::uint64_t>>());
  append(session.compute(map<seed_after>(as_family(tasks))));
  append(session.compute(tasks));  // as lazy as before
  session.persist(tasks);
  append(session.compute(tasks));
  const auto plane = family<seed_of_member>({4, 5});
  const auto near = stencil<seed_of_neighbours>(plane, {{0, -1}, {0, 0}, {1, 0}});
  append(session.compute(near));
  append(session.compute(plane));
  session.persist(plane);
  append(session.compute(plane));
  append(session.compute(stencil<seed_of_neighbours>(as_family(tasks), {{0}, {1}})));
  append(session.compute(iterate<seed_of_neighbours>(family<seed_of_member>(7), 5, {{-1}, {0}, {1}})));
  const auto [rows, last] = iterate(
      3,
      [](Family<std::uint64_t> row, Delayed<std::uint64_t> one) {
        return next(stencil<seed_of_neighbours>(row, {{0}, {1}}), delayed<seed_after>(one));
      },
      family<seed_of_member>(6), delayed<seed_of>(3));
  append(session.compute(rows));
  all.push_back(session.compute(last));
  session.run(family<seed_of_member>(3));
  append(session.compute(tasks));
  append(session.compute(std::vector{delayed<seed_of>(1), delayed<seed_of>(1)}));
  return all;
}

TEST(ThisTask, SeedsAreTheSameWhereverTasksRun) {
  SerialEngine serial;
  Session in_turn(serial);
  const Seeds expected = seeds_in(in_turn);
  for (const int ranks : {1, 2, 3, 5}) {
    SteppedRanks stepped(ranks, static_cast<unsigned>(ranks));
    EXPECT_EQ(seeds_in(stepped.session()), expected) << ranks << " ranks";
    SteppedRanks stealing(ranks, static_cast<unsigned>(10 + ranks), 64, std::uint64_t{1} << 40,
                          StealMode::on);
    EXPECT_EQ(seeds_in(stealing.session()), expected) << ranks << " ranks that steal";
    std::uint64_t stolen = 0;
    for (const RankInfo& one : stealing.session().info()) stolen += one.tasks_stolen;
    EXPECT_EQ(stolen > 0, ranks > 1);
    ThreadedRanks threaded(ranks, 2);
    EXPECT_EQ(seeds_in(threaded.session()), expected) << ranks << " ranks with threads";
  }
}

TEST(ThisTask, SeedsDiffer) {
  SerialEngine engine;
  Session session(engine);
  std::vector<Delayed<std::uint64_t>> tasks;
  for (long i = 0; i < 1000; ++i) tasks.push_back(delayed<seed_of>(1));
  std::set<std::uint64_t> all;
  for (const auto& some :
       {session.compute(tasks), session.compute(tasks), session.compute(family<seed_of_member>(1000)),
        session.compute(family<seed_of_member>(1000))})
    all.insert(some.begin(), some.end());
  EXPECT_EQ(all.size(), 4000u);
}

TEST(ThisTask, NameRankAndPlace) {
  SteppedRanks ranks(3, 5);
  auto& session = ranks.session();
  EXPECT_EQ(session.compute(delayed<name_of_this>(1)), "name_of_this");
  EXPECT_FALSE(session.compute(delayed<has_place>(1)));
  for (int rank = 0; rank < 3; ++rank)
    EXPECT_EQ(session.compute(delayed<rank_of_this>.annotate({.rank = rank})(1)), rank);
}

using Site = std::pair<std::string, unsigned>;
Site site() {
  const TaskInfo me = this_task();
  return {std::string(me.file), me.line};
}
Site site_of(long) { return site(); }
Site site_after(const Site&) { return site(); }
Site site_of_member(Index) { return site(); }
Site here(const std::source_location where = std::source_location::current()) {
  return {where.file_name(), where.line()};
}

/// What each task says of its line, and the line.
std::vector<std::pair<Site, Site>> sites_in(Session& session) {
  std::vector<std::pair<Site, Site>> all;
  const auto expect = [&all](const std::vector<Site>& found, const Site& line) {
    for (const Site& one : found) all.emplace_back(one, line);
  };
  std::vector<Delayed<Site>> tasks, others;
  for (long i = 0; i < 20; ++i) tasks.push_back(delayed<site_of>(i));
  const Site first = {here().first, here().second - 1};
  for (long i = 0; i < 20; ++i) others.push_back(delayed<site_of>(i));
  const Site second = {here().first, here().second - 1};
  others.insert(others.end(), tasks.begin(), tasks.end());
  const auto found = session.compute(others);
  expect({found.begin(), found.begin() + 20}, second);
  expect({found.begin() + 20, found.end()}, first);
  const auto line = family<site_of_member>(30);
  expect(session.compute(line), {here().first, here().second - 1});
  const auto next_line = map<site_after>(line);
  expect(session.compute(next_line), {here().first, here().second - 1});
  const auto apart = delayed<site_after>(next_line[7]);
  expect({session.compute(apart)}, {here().first, here().second - 1});
  return all;
}

TEST(ThisTask, KnowsTheLineThatMadeIt) {
  SerialEngine serial;
  Session in_turn(serial);
  const auto check = [](const auto& all) {
    for (const auto& [found, line] : all) EXPECT_EQ(found, line);
    EXPECT_EQ(all.size(), 101u);
  };
  check(sites_in(in_turn));
  for (const int ranks : {1, 3}) {
    SteppedRanks stepped(ranks, 3);
    check(sites_in(stepped.session()));
    SteppedRanks stealing(ranks, 4, 64, std::uint64_t{1} << 40, StealMode::on);
    check(sites_in(stealing.session()));
    ThreadedRanks threaded(ranks, 2);
    check(sites_in(threaded.session()));
  }
}

long third_time(long x) {
  if (this_task().attempt < 3) throw std::runtime_error("not yet");
  return 10 * x + this_task().attempt;
}
long third_time_lucky(Index place) { return third_time(place[0]); }

long plus_one(long x) { return x + 1; }
std::uint64_t add_up(std::uint64_t a, std::uint64_t b) { return a + b; }
std::uint64_t third_step(Index place, Inputs<std::uint64_t> before) {
  if (this_task().attempt < 3) throw std::runtime_error("not yet");
  return before[0] + static_cast<std::uint64_t>(place[0]);
}

/// Fails twice, and is what it is to be the third time.
template <class Target, class Result>
void expect_third_time(Session& session, const Target& target, const Result& result) {
  session.persist(target);
  for (int retries = 0; retries < 2; ++retries) {
    EXPECT_THROW(session.wait(target), TaskError);
    session.retry(target);
  }
  EXPECT_EQ(session.compute(target), result);
}
void expect_third_times(Session& session) {
  std::vector<Delayed<long>> tasks;
  std::vector<long> expected;
  for (long i = 0; i < 20; ++i) {
    tasks.push_back(delayed<third_time>(i));
    expected.push_back(10 * i + 3);
  }
  expect_third_time(session, tasks, expected);
  expect_third_time(session, family<third_time_lucky>(20), expected);
  // What has failed was not persisted itself.
  expect_third_time(session, delayed<plus_one>(delayed<third_time>(5)), 54L);
  expect_third_time(session, family<third_time_lucky>(20)[4], 43L);
  expect_third_time(session, map<plus_one>(family<third_time_lucky>(3)), std::vector<long>{4, 14, 24});
  const auto state = family<seed_of_member>(4);
  session.persist(state);
  const std::vector<std::uint64_t> before = session.compute(state);
  const auto after = iterate(
      2, [](Family<std::uint64_t> row) { return next(stencil<third_step>(row, {{0}})); }, state);
  expect_third_time(session, reduce<add_up>(after),
                    std::accumulate(before.begin(), before.end(), std::uint64_t{12}));
}

TEST(ThisTask, KnowsWhichTimeItIsTried) {
  SerialEngine serial;
  Session in_turn(serial);
  expect_third_times(in_turn);
  for (const int ranks : {1, 3}) {
    SteppedRanks stepped(ranks, 3);
    expect_third_times(stepped.session());
    SteppedRanks stealing(ranks, 4, 64, std::uint64_t{1} << 40, StealMode::on);
    expect_third_times(stealing.session());
    ThreadedRanks threaded(ranks, 2);
    expect_third_times(threaded.session());
  }
}

TEST(ThisTask, OutsideOfTasksIsAnError) {
  EXPECT_THROW(this_task(), std::logic_error);
  SteppedRanks ranks(1, 5);
  EXPECT_EQ(ranks.session().compute(delayed<rank_of_this>(1)), 0);
  EXPECT_THROW(this_task(), std::logic_error) << "after a task has run here";
}

long logs(long x) {
  log("x = ", x, ", half of it ", 0.5 * static_cast<double>(x));
  return x;
}
long logs_two_lines(Index place) {
  log("one\n", place[0]);
  return 0;
}

TEST(ThisTask, LinesSayWhoWritesThem) {
  SteppedRanks ranks(2, 5);
  testing::internal::CaptureStderr();
  ranks.session().compute(delayed<logs>.annotate({.rank = 1})(3));
  ranks.session().compute(family<logs_two_lines>({1, 1}));
  log("from the program");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "rank 1, logs: x = 3, half of it 1.5\n"
            "rank 0, logs_two_lines[0, 0]: one\nrank 0, logs_two_lines[0, 0]: 0\n"
            "ramal: from the program\n");
}

long logs_much(long x) {
  for (int i = 0; i < 20; ++i) log(std::string(200, static_cast<char>('a' + x)));
  return x;
}

TEST(ThisTaskThreads, LinesDoNotMix) {
  ThreadedRanks ranks(3, 2);
  std::vector<Delayed<long>> tasks;
  for (long i = 0; i < 26; ++i) tasks.push_back(delayed<logs_much>(i));
  testing::internal::CaptureStderr();
  ranks.session().compute(tasks);
  std::istringstream lines(testing::internal::GetCapturedStderr());
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const std::size_t begin = line.find(": ");
    ASSERT_NE(begin, std::string::npos) << line;
    ASSERT_EQ(line.substr(begin + 2), std::string(200, line.back()));
  }
  EXPECT_EQ(count, 26u * 20u);
}

}  // namespace
}  // namespace ramal::test
