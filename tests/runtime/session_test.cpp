// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/one_process.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace ramal::test {
namespace {

std::atomic<int> calls{0};
long inc(long x) { return ++calls, x + 1; }
long dec(long x) { return ++calls, x - 1; }
long add(long x, long y) { return ++calls, x + y; }
void touch(long) { ++calls; }
long fail(long x) { throw std::runtime_error("cannot take " + std::to_string(x)); }
long fail_oddly(long x) { throw x; }
struct Odd {};
long fail_with_class(long) { throw Odd{}; }
std::vector<double> fill(int n, double x) { return std::vector<double>(static_cast<std::size_t>(n), x); }
double sum(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

/// Every test on one rank and on several, moved by one thread.
class SessionTest : public ::testing::TestWithParam<int> {
 protected:
  SessionTest() : ranks_(GetParam(), 1234) { calls = 0; }
  Session& session() { return ranks_.session(); }
  SteppedRanks ranks_;
};
INSTANTIATE_TEST_SUITE_P(Ranks, SessionTest, ::testing::Values(1, 2, 3, 8, 40));

std::vector<Delayed<long>> notebook_leaves(long n) {
  std::vector<Delayed<long>> zs;
  for (long i = 0; i < n; ++i) {
    auto x = delayed<inc>(i);
    auto y = delayed<dec>(x);
    zs.push_back(delayed<add>(x, y));
  }
  return zs;
}

TEST_P(SessionTest, NotebookRunsEachTaskOnce) {
  for (const bool persist : {false, true}) {
    calls = 0;
    auto zs = notebook_leaves(128);
    if (persist) session().persist(zs);
    auto total = reduce<add>(zs);
    EXPECT_EQ(session().compute(total), 16384);
    EXPECT_EQ(calls, 511);
    EXPECT_EQ(session().compute(total), 16384);
    EXPECT_EQ(calls, persist ? 511 + 127 : 2 * 511) << "persisted leaves never run again";
  }
}

TEST_P(SessionTest, SumOfNLeavesIsNSquared) {
  for (const long n : {1, 2, 3, 5, 17, 100})
    EXPECT_EQ(session().compute(reduce<add>(notebook_leaves(n))), n * n);
}

TEST_P(SessionTest, ComputeKeepsTheShapeAsked) {
  auto a = delayed<inc>(1);
  auto b = delayed<inc>(10);
  EXPECT_EQ(session().compute(a), 2);
  EXPECT_EQ(session().compute(a, b), std::tuple(2L, 11L));
  EXPECT_EQ(session().compute(std::vector{a, b, a}), (std::vector<long>{2, 11, 2}));
  EXPECT_EQ(session().compute(std::array{b, a}), (std::array<long, 2>{11, 2}));
  EXPECT_EQ(session().compute(std::pair(a, 5)), std::pair(2L, 5));
  EXPECT_EQ(session().compute(std::map<std::string, Delayed<long>>{{"a", a}, {"b", b}}),
            (std::map<std::string, long>{{"a", 2}, {"b", 11}}));
  EXPECT_EQ(session().compute(std::optional(a)), std::optional(2L));
  EXPECT_EQ(session().compute(std::vector<std::vector<Delayed<long>>>{{a}, {}, {b, a}}),
            (std::vector<std::vector<long>>{{2}, {}, {11, 2}}));
  EXPECT_TRUE(session().compute(std::vector<Delayed<long>>{}).empty());
  session().compute(delayed<touch>(a));
  static_assert(std::is_void_v<decltype(session().compute(delayed<touch>(a)))>);
  EXPECT_EQ(session().compute(value(std::string("kept"))), "kept");
}

TEST_P(SessionTest, TargetsThatRepeatOrDependOnEachOtherShareTheirWork) {
  auto x = delayed<inc>(1);
  auto y = delayed<add>(x, x);
  auto z = delayed<add>(y, x);
  EXPECT_EQ(session().compute(z, x, y, z, y), std::tuple(6L, 2L, 4L, 6L, 4L));
  EXPECT_EQ(calls, 3);
}

TEST_P(SessionTest, AThousandTargets) {
  std::vector<Delayed<long>> targets;
  std::vector<long> expected;
  for (long i = 0; i < 1000; ++i) {
    targets.push_back(i < 2 ? delayed<inc>(i) : delayed<add>(targets[static_cast<std::size_t>(i / 2)], i));
    expected.push_back(i < 2 ? i + 1 : expected[static_cast<std::size_t>(i / 2)] + i);
  }
  EXPECT_EQ(session().compute(targets), expected);
  EXPECT_EQ(calls, 1000);
}

TEST_P(SessionTest, EqualCallsAreTwoTasks) {
  auto a = delayed<inc>(1);
  auto b = delayed<inc>(1);
  EXPECT_EQ(session().compute(delayed<add>(a, b)), 4);
  EXPECT_EQ(calls, 3);
}

// --- kept results ---------------------------------------------------------------------------------------

TEST_P(SessionTest, PersistMarksTheTaskForEveryHandleAndGraph) {
  auto x = delayed<inc>(1);
  auto copy = x;
  auto before = delayed<add>(copy, 5);
  session().persist(x);
  EXPECT_EQ(session().compute(before, delayed<add>(copy, 6)), std::tuple(7L, 8L));
  EXPECT_EQ(calls, 3);
  session().persist(x, copy);
  EXPECT_EQ(session().compute(copy), 2);
  EXPECT_EQ(calls, 3);
}

TEST_P(SessionTest, PersistReturnsBeforeTheWorkIsDone) {
  ranks_.held = true;
  std::vector<Delayed<long>> all;
  for (int rank = 0; rank < session().ranks(); ++rank)
    all.push_back(delayed<inc>.annotate({.rank = rank})(rank));
  session().persist(all);
  auto last = all.back();
  if (session().ranks() > 1) {
    EXPECT_FALSE(session().ready(last));
    EXPECT_FALSE(session().wait_for(last, std::chrono::milliseconds(5)));
  }
  ranks_.held = false;
  session().wait(all);
  EXPECT_TRUE(session().ready(all));
  EXPECT_EQ(calls, session().ranks());
}

TEST_P(SessionTest, LaterRunsUseValuesThatAreStillBeingMade) {
  std::vector<Delayed<long>> level = notebook_leaves(20);
  for (int round = 0; round < 10; ++round) {
    std::vector<Delayed<long>> next;
    for (std::size_t i = 0; i < level.size(); ++i)
      next.push_back(delayed<add>(level[i], level[(i + 7) % level.size()]));
    session().persist(next);
    level = next;
  }
  EXPECT_EQ(session().compute(reduce<add>(level)), 400 << 10);
  EXPECT_EQ(calls, 60 + 200 + 19);
}

TEST_P(SessionTest, ALoopThatPersistsEachStepFreesTheOneBefore) {
  auto state = delayed<inc>(0);
  for (int step = 0; step < 300; ++step) {
    state = delayed<inc>(state);
    session().persist(state);
    session().wait(state);
  }
  EXPECT_EQ(session().compute(state), 301);
  std::uint64_t kept = 0;
  for (const RankInfo& info : session().info()) kept += info.values_kept;
  EXPECT_LE(kept, 4u);
  EXPECT_EQ(calls, 301);
}

TEST_P(SessionTest, AValueIsSentOncePerRank) {
  const auto big = value(std::vector<double>(1000, 1.0));
  const auto round = [&] {
    std::vector<Delayed<double>> sums;
    for (int i = 0; i < 40; ++i) sums.push_back(delayed<sum>.annotate({.rank = i % session().ranks()})(big));
    return session().compute(sums);
  };
  EXPECT_EQ(round(), std::vector<double>(40, 1000.0));
  const auto bytes = [&] { return ranks_.rank(0).transport().counts().messages; };
  const auto before = bytes();
  EXPECT_EQ(round(), std::vector<double>(40, 1000.0));
  // Only the subgraphs and releases go out again, not the values.
  EXPECT_LE(bytes() - before, 2 * static_cast<std::uint64_t>(session().ranks()));
}

TEST(SessionScope, AHandlePersistedInAnotherSessionIsRefused) {
  auto x = delayed<inc>(1);
  auto constant = value(5L);
  {
    SteppedRanks first(2, 1);
    first.session().persist(x);
    first.session().wait(x);
    EXPECT_EQ(first.session().compute(delayed<add>(constant, 1)), 6);
  }
  SteppedRanks second(2, 2);
  try {
    second.session().compute(delayed<add>(x, 1));
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("inc was persisted in another session"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(second.session().compute(delayed<add>(constant, 2)), 7) << "a constant belongs to no session";
}

TEST_P(SessionTest, WaitingForWhatWasNeverPersistedIsAnError) {
  EXPECT_THROW(session().wait(delayed<inc>(1)), std::invalid_argument);
  EXPECT_THROW(session().ready(delayed<inc>(1)), std::invalid_argument);
}

// --- futures ----------------------------------------------------------------------------------------------

TEST_P(SessionTest, AsCompletedTellsEachOnce) {
  auto handles = notebook_leaves(50);
  handles.push_back(handles.front());
  session().persist(handles);
  std::vector<long> seen;
  for (auto [index, done] : session().as_completed(handles)) {
    EXPECT_TRUE(same_task(done, handles[index]));
    EXPECT_TRUE(session().ready(done));
    seen.push_back(session().compute(done));
  }
  EXPECT_EQ(seen.size(), 51u);
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen[0], 1);
  EXPECT_EQ(seen[1], 1);
  EXPECT_EQ(seen[50], 99);
}

TEST_P(SessionTest, CancelledTasksDoNotRunButWhatOthersNeedDoes) {
  ranks_.held = true;
  const int last = session().ranks() - 1;
  const auto far = delayed<inc>.annotate({.rank = last});
  auto shared = far(1);
  auto wanted = delayed<add>.annotate({.rank = last})(shared, 1);
  auto unwanted = delayed<add>.annotate({.rank = last})(shared, delayed<inc>.annotate({.rank = last})(5));
  auto after = delayed<add>.annotate({.rank = last})(unwanted, 3);
  session().persist(wanted, unwanted, after);
  session().cancel(unwanted, after);
  ranks_.held = false;
  session().wait(wanted);
  EXPECT_EQ(session().compute(wanted), 3);
  EXPECT_THROW(session().wait(after), CancelledError);
  EXPECT_THROW(session().wait(unwanted), CancelledError);
  EXPECT_TRUE(session().ready(unwanted));
  EXPECT_EQ(calls, 2) << "shared and wanted";
  EXPECT_EQ(session().compute(delayed<add>(unwanted, 1)), 2 + 6 + 1) << "it is made anew";
  EXPECT_EQ(session().compute(after), 2 + 6 + 3);
  session().persist(after);
  session().wait(after);
  EXPECT_EQ(session().compute(after), 2 + 6 + 3);
  EXPECT_EQ(session().compute(delayed<inc>(1)), 2) << "the session lives on";
  session().cancel(wanted);  // too late, and harmless
  EXPECT_EQ(session().compute(wanted), 3);
}

// --- errors -----------------------------------------------------------------------------------------------

TEST_P(SessionTest, ATaskThatThrowsIsNamedAndTheRestGoesOn) {
  auto good = delayed<inc>(1);
  auto bad = delayed<fail>.annotate({.rank = session().ranks() - 1})(good);
  const auto line = bad.task_handle().get()->where().line();
  auto after = delayed<add>(bad, 1);
  auto independent = delayed<inc>(100);
  session().persist(independent);
  try {
    session().compute(after, good);
    FAIL();
  } catch (const TaskError& error) {
    EXPECT_EQ(error.details().task, "fail");
    EXPECT_EQ(error.details().line, line);
    EXPECT_NE(error.details().file.find("session_test.cpp"), std::string::npos);
    EXPECT_EQ(error.details().arguments, "2");
    EXPECT_EQ(error.details().rank, session().ranks() - 1);
    EXPECT_EQ(error.details().host, "host" + std::to_string(session().ranks() - 1));
    EXPECT_EQ(error.details().message, "cannot take 2");
    for (const char* part : {"fail", "session_test.cpp", "cannot take 2", "(2)"}) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  }
  EXPECT_EQ(session().compute(independent), 101);
}

TEST_P(SessionTest, WhateverIsThrownIsSaid) {
  const auto message = [&](const auto& handle) {
    try {
      session().compute(handle);
    } catch (const TaskError& error) {
      return error.details().message;
    }
    return std::string();
  };
  EXPECT_EQ(message(delayed<fail_oddly>(3)), "threw an object of type long");
  EXPECT_NE(message(delayed<fail_with_class>(3)).find("Odd"), std::string::npos);
}

double refuse(std::vector<double> values, double) {
  throw std::runtime_error("refused " + std::to_string(values.size()));
}

TEST_P(SessionTest, ArgumentsThatWereMovedIntoTheCallAreNotShownEmpty) {
  auto moved = delayed<refuse>(delayed<fill>(3, 1.0), 2.5);
  auto kept = delayed<fill>(3, 1.0);
  session().persist(kept);
  const auto arguments = [&](const auto& handle) {
    try {
      session().compute(handle);
    } catch (const TaskError& error) {
      return error.details().arguments;
    }
    return std::string();
  };
  EXPECT_EQ(arguments(moved), "moved into the call, 2.5");
  EXPECT_EQ(arguments(delayed<refuse>(kept, 2.5)), "[1, 1, 1], 2.5");
}

TEST_P(SessionTest, AskingForReadinessGetsSomewhere) {
  auto x = delayed<inc>(1);
  session().persist(x);
  int asked = 0;
  while (!session().ready(x) && asked < 1000000) ++asked;
  EXPECT_LT(asked, 1000000);
}

TEST_P(SessionTest, AMovedFromHandleIsRefused) {
  auto x = delayed<inc>(1);
  auto y = std::move(x);
  EXPECT_THROW(session().compute(x), std::invalid_argument);
  EXPECT_THROW(session().persist(x), std::invalid_argument);
  EXPECT_EQ(session().compute(y), 2);
}

// On one rank, since on others a task may start between two cancellations.
TEST(SessionCancel, OneByOneCancelsWhatTheyShare) {
  SteppedRanks one_rank(1, 1);
  Session& session = one_rank.session();
  calls = 0;
  auto heavy = delayed<inc>(1);
  std::vector<Delayed<long>> all;
  for (long i = 0; i < 5; ++i) all.push_back(delayed<add>(heavy, i));
  session.persist(all);
  for (auto& one : all) session.cancel(one);
  for (auto& one : all) EXPECT_THROW(session.wait(one), CancelledError);
  EXPECT_EQ(calls, 0);
}

/// As in a loop that persists and drops.
TEST_P(SessionTest, WhatIsDroppedBeforeItIsThereIsFreedAsSoonAsItIs) {
  for (int round = 0; round < 100; ++round) {
    std::vector<Delayed<long>> all;
    for (long i = 0; i < 10; ++i) all.push_back(delayed<inc>(i));
    session().persist(all);
  }
  const auto last = delayed<inc>(1);
  session().persist(last);  // looks at what was dropped
  session().persist(last);
  EXPECT_EQ(session().compute(last), 2);
  EXPECT_EQ(session().compute(delayed<inc>(5)), 6);
  std::uint64_t most = 0;
  for (const RankInfo& one : session().info()) most += one.values_kept;
  EXPECT_LE(most, 60u) << "of a thousand, none of which anybody can ask for";
}

/// Cannot be encoded, or decoded, when told so.
struct Fragile {
  int trouble = 0;
  std::vector<int> weight = {1};
  static inline int times_saved = 0;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    if (Archive::is_saving::value && trouble == 1) throw std::runtime_error("will not be packed");
    if (Archive::is_saving::value && trouble == 3 && ++times_saved % 2 == 0)
      throw std::runtime_error("was counted, but will not be packed");
    archive& trouble& weight;
    if (Archive::is_loading::value && trouble == 2) throw 42;
  }
};
Fragile make_fragile(long trouble) { return {static_cast<int>(trouble), {1}}; }
long look_at(const Fragile& fragile) { return fragile.trouble; }

TEST(SessionErrors, AResultThatCannotTravelIsItsTasksError) {
  SteppedRanks ranks(2, 5);
  auto innocent = delayed<inc>(1);
  for (const long trouble : {1, 2, 3}) {
    auto bad = delayed<make_fragile>.annotate({.rank = 1})(trouble);
    try {
      ranks.session().compute(delayed<look_at>.annotate({.rank = 0})(bad), innocent);
      FAIL();
    } catch (const TaskError& error) {
      EXPECT_EQ(error.details().task, "make_fragile");
      EXPECT_NE(
          error.details().message.find(trouble == 1   ? "could not be encoded: will not be packed"
                                       : trouble == 2 ? "could not be decoded: threw an object of type int"
                                                      : "could not be encoded: was counted, but will not"),
          std::string::npos)
          << error.what();
      // What decodes it elsewhere does not know them.
      if (trouble != 2) {
        EXPECT_EQ(error.details().arguments, std::to_string(trouble));
      }
    }
  }
  EXPECT_EQ(ranks.session().compute(innocent), 2);
}

struct Silent : std::exception {
  const char* what() const noexcept override { return nullptr; }
};
long silently(long) { throw Silent(); }
long with_a_cause(long) {
  try {
    throw std::runtime_error("the disk is full");
  } catch (...) {
    std::throw_with_nested(std::logic_error("cannot save"));
  }
}

TEST_P(SessionTest, WhatAnExceptionSaysArrivesWhole) {
  const auto message = [this](const Delayed<long>& bad) -> std::string {
    try {
      session().compute(bad);
    } catch (const TaskError& error) {
      return error.details().message;
    }
    return "nothing";
  };
  const int last = session().ranks() - 1;
  EXPECT_NE(message(delayed<silently>.annotate({.rank = last})(1)).find("Silent that says nothing"),
            std::string::npos);
  EXPECT_EQ(message(delayed<with_a_cause>.annotate({.rank = last})(1)),
            "cannot save; caused by: the disk is full");
}

Session* the_session = nullptr;
long asks_for_more(long x) { return the_session->compute(delayed<inc>(x)); }
long starts_more(long x) {
  the_session->persist(delayed<inc>(x));
  return x;
}
long runs_more(long) {
  int argc = 0;
  char* argv[] = {nullptr};
  return ramal::run(argc, argv, [](Session&) {});
}

/// Whoever drives the ranks.
void expect_sessions_refused_in_tasks(Session& session) {
  the_session = &session;
  const auto message = [&](const Delayed<long>& bad) -> std::string {
    try {
      session.compute(bad);
    } catch (const TaskError& error) {
      return error.details().task + ": " + error.details().message.substr(0, 63);
    }
    return "nothing";
  };
  for (int rank = 0; rank < session.ranks(); ++rank) {
    EXPECT_EQ(message(delayed<asks_for_more>.annotate({.rank = rank})(1)),
              "asks_for_more: ramal: session.compute was called inside the task asks_for_more");
    EXPECT_EQ(
        message(delayed<starts_more>.annotate({.rank = rank})(1)).find("starts_more: ramal: session.persist"),
        0u);
    EXPECT_EQ(
        message(delayed<runs_more>.annotate({.rank = rank})(1)).find("runs_more: ramal: ramal::run was"), 0u);
  }
  EXPECT_EQ(message(family<asks_for_more>(3)[1]).find("asks_for_more[1]: ramal: session.compute"), 0u);
  EXPECT_EQ(session.compute(delayed<inc>(1)), 2);
}

TEST_P(SessionTest, SessionsInsideTasksAreRefused) { expect_sessions_refused_in_tasks(session()); }
TEST(SessionThreads, SessionsInsideTasksAreRefused) {
  SerialRanks serial;
  expect_sessions_refused_in_tasks(serial.session());
  for (const unsigned workers : {0U, 2U}) {
    ThreadedRanks threaded(2, workers);
    expect_sessions_refused_in_tasks(threaded.session());
  }
}

std::atomic<bool> may_end{false};
long background(long x) {
  while (!may_end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return x;
}

TEST(SessionThreads, ALongTaskDoesNotHoldUpReleases) {
  may_end = false;
  ThreadedRanks ranks(1, 2);
  auto slow = delayed<background>(1);
  ranks.session().persist(slow);
  auto state = delayed<inc>(0);
  for (int step = 0; step < 50; ++step) {
    state = delayed<inc>(state);
    ranks.session().persist(state);
    ranks.session().wait(state);
  }
  ranks.session().progress();
  EXPECT_LE(ranks.session().info()[0].values_kept, 4u);
  may_end = true;
  EXPECT_EQ(ranks.session().compute(slow), 1);
}

TEST_P(SessionTest, OfSeveralErrorsTheFirstInThePlanIsReported) {
  for (int turn = 0; turn < 20; ++turn) {
    std::vector<Delayed<long>> all;
    for (long i = 0; i < 30; ++i) all.push_back(i < 4 ? delayed<inc>(i) : delayed<fail>(i));
    try {
      session().compute(all);
      FAIL();
    } catch (const TaskError& error) {
      EXPECT_EQ(error.details().message, "cannot take 4");
    }
  }
}

TEST_P(SessionTest, AFailedPersistedResultFailsWhateverUsesIt) {
  auto bad = delayed<fail>(1);
  auto good = delayed<inc>(1);
  session().persist(bad, good);
  EXPECT_THROW(session().wait(bad), TaskError);
  session().wait(good);
  EXPECT_THROW(session().compute(delayed<add>(bad, good)), TaskError);
  EXPECT_EQ(session().compute(good), 2);
}

// --- where tasks run --------------------------------------------------------------------------------------

TEST_P(SessionTest, AnnotatedRanksAndHostsAreKept) {
  const int ranks = session().ranks();
  const auto before = session().info();
  std::vector<Delayed<long>> all;
  for (int i = 0; i < 10; ++i) {
    all.push_back(delayed<inc>.annotate({.rank = ranks - 1})(i));
    all.push_back(delayed<inc>.annotate({.host = "host0"})(i));
  }
  session().compute(all);
  const auto after = session().info();
  const auto ran = [&](int rank) {
    return after[static_cast<std::size_t>(rank)].tasks_run - before[static_cast<std::size_t>(rank)].tasks_run;
  };
  EXPECT_EQ(ran(0), ranks == 1 ? 20u : 10u);
  EXPECT_EQ(ran(ranks - 1), ranks == 1 ? 20u : 10u);
}

TEST_P(SessionTest, AWrongRankOrHostIsNamed) {
  const auto message = [&](Annotation wishes) {
    try {
      session().compute(delayed<inc>.annotate(std::move(wishes))(1));
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message({.name = "load", .rank = 99}).find("task load is annotated with rank 99"),
            std::string::npos);
  EXPECT_NE(message({.host = "nowhere"}).find("host nowhere, but no rank runs there"), std::string::npos);
  EXPECT_EQ(session().compute(delayed<inc>(1)), 2);
}

TEST_P(SessionTest, OnEveryRankRunsOncePerRank) {
  EXPECT_EQ(session().on_every_rank<inc>(5),
            std::vector<long>(static_cast<std::size_t>(session().ranks()), 6));
  EXPECT_EQ(calls, session().ranks());
  session().on_every_rank<touch>(delayed<inc>(5));
  const auto info = session().info();
  ASSERT_EQ(info.size(), static_cast<std::size_t>(session().ranks()));
  for (const RankInfo& one : info) EXPECT_GE(one.tasks_run, 2u);
}

TEST_P(SessionTest, MoreRanksThanTasksAndEmptyResults) {
  EXPECT_EQ(session().compute(delayed<inc>.annotate({.rank = session().ranks() - 1})(1)), 2);
  auto nothing = delayed<fill>.annotate({.rank = session().ranks() - 1})(0, 1.0);
  EXPECT_EQ(session().compute(delayed<sum>(nothing)), 0.0);
  EXPECT_TRUE(session().compute(nothing).empty());
}

std::vector<int> order;
int record(int x) { return order.push_back(x), x; }

TEST(SessionOrder, PriorityGoesFirst) {
  SteppedRanks one(1, 1);
  order.clear();
  std::vector<Delayed<int>> all;
  for (int i = 0; i < 6; ++i) all.push_back(delayed<record>.annotate({.priority = i % 3 - 1})(i));
  one.session().compute(all);
  EXPECT_EQ(order, (std::vector<int>{2, 5, 1, 4, 0, 3}));
}

// --- memory -----------------------------------------------------------------------------------------------

/// Counts how many exist, and copies.
struct Counted {
  static inline int alive = 0, most = 0, copies = 0;
  long x = 0;
  std::vector<int> weight = {1};  // so that it is boxed
  Counted() { born(); }
  explicit Counted(long value) : x(value) { born(); }
  Counted(const Counted& other) : x(other.x), weight(other.weight) { born(), ++copies; }
  Counted(Counted&& other) noexcept : x(other.x), weight(std::move(other.weight)) { born(); }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --alive; }
  static void born() { most = std::max(most, ++alive); }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& x& weight;
  }
};
Counted make(long x) { return Counted(x); }
Counted merge(const Counted& a, const Counted& b) { return Counted(a.x + b.x); }
Counted grow(Counted value) {
  value.x += 1;
  return value;
}

TEST(SessionMemory, ATreeOnOneThreadHoldsLogarithmicallyManyValues) {
  SteppedRanks one(1, 1);
  std::vector<Delayed<Counted>> leaves;
  for (long i = 0; i < 4096; ++i) leaves.push_back(delayed<make>(1L));
  Counted::most = Counted::alive = 0;
  EXPECT_EQ(one.session().compute(reduce<merge>(leaves)).x, 4096);
  EXPECT_LE(Counted::most, 12 + 4);
}

TEST(SessionMemory, ValuesMoveOnLastUseAndNeverWhenShared) {
  SteppedRanks one(1, 1);
  Session& session = one.session();
  Counted::copies = 0;
  auto chain = delayed<make>(1L);
  for (int i = 0; i < 10; ++i) chain = delayed<grow>(chain);
  EXPECT_EQ(session.compute(chain).x, 11);
  EXPECT_EQ(Counted::copies, 0) << "each step is the last use of the one before";

  auto shared = delayed<make>(1L);
  auto a = delayed<grow>(shared);
  auto b = delayed<grow>(shared);
  const auto [x, y] = session.compute(a, b);
  EXPECT_EQ(x.x + y.x, 4);
  EXPECT_EQ(Counted::copies, 1) << "the second use moves";

  const auto [grown, kept] = session.compute(a, shared);
  EXPECT_EQ(grown.x, 2);
  EXPECT_EQ(kept.x, 1) << "a target is never moved from";
  session.persist(shared);
  EXPECT_EQ(session.compute(a).x, 2);
  EXPECT_EQ(session.compute(shared).x, 1) << "nor is a kept value";
}

}  // namespace
}  // namespace ramal::test
