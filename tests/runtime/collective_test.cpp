// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/one_process.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <atomic>

namespace ramal::test {
namespace {

long leaf(long x) { return x; }
long fail(long x) { throw std::runtime_error("cannot take " + std::to_string(x)); }
long plus_one(long x) { return x + 1; }

/// The sum over all ranks, by exchanging texts.
long sum_of(Communicator& communicator, long mine) {
  long sum = 0;
  for (const auto& text : communicator.gather(std::to_string(mine))) sum += std::stol(text);
  return sum;
}
long sum_all(Communicator& communicator, Inputs<long> mine) {
  long sum = 0;
  for (const long& x : mine) sum += x;
  return sum_of(communicator, sum);
}
long scaled(Communicator& communicator, Inputs<long> mine, long factor, const std::string& text) {
  return factor * sum_all(communicator, mine) + static_cast<long>(text.size());
}
/// Who has what: "1,4|2|" says that rank 0 has 1 and 4, rank 1 has 2, rank 2 nothing.
std::string who_has(Communicator& communicator, Inputs<long> mine) {
  std::string text;
  for (const long& x : mine) text += (text.empty() ? "" : ",") + std::to_string(x);
  std::string all;
  for (const auto& one : communicator.gather(text)) all += one + '|';
  return all;
}
long ranks_of(Communicator& communicator, Inputs<long>) { return communicator.size(); }
void nothing(Communicator& communicator, Inputs<long>) { communicator.gather(""); }
long one_fails(Communicator& communicator, Inputs<long>, long which) {
  communicator.agree([&] {
    if (communicator.rank() == which) throw std::runtime_error("the disk is full");
  });
  return 1;
}
long throws_alone(Communicator& communicator, Inputs<long>, long which) {
  if (communicator.rank() == which) throw std::runtime_error("without a word");
  return 1;
}

std::vector<Delayed<long>> spread(Session& session, long count) {
  std::vector<Delayed<long>> parts;
  for (long i = 0; i < count; ++i)
    parts.push_back(delayed<leaf>.annotate({.rank = static_cast<int>(i) % session.ranks()})(i));
  return parts;
}
const std::vector<Delayed<long>> none;

/// Ranks as threads, with 0 or 3 workers each.
class CollectiveThreads : public ::testing::TestWithParam<std::tuple<int, unsigned>> {
 protected:
  ThreadedRanks all_{std::get<0>(GetParam()), std::get<1>(GetParam())};
  Session& session() { return all_.session(); }
  int ranks() { return session().ranks(); }
};
INSTANTIATE_TEST_SUITE_P(Ranks, CollectiveThreads,
                         ::testing::Combine(::testing::Values(1, 2, 3, 5), ::testing::Values(0u, 3u)));

TEST_P(CollectiveThreads, RunsOnAllRanksWithWhatLiesThere) {
  EXPECT_EQ(session().compute(collective<sum_all>(spread(session(), 100))), 4950);
  EXPECT_EQ(session().compute(collective<ranks_of>(none)), ranks());
  session().compute(collective<nothing>(none));
  std::string expected;
  for (int rank = 0; rank < ranks(); ++rank) {
    std::string own;
    for (int i = rank; i < 4; i += ranks()) own += (own.empty() ? "" : ",") + std::to_string(i);
    expected += own + '|';
  }
  EXPECT_EQ(session().compute(collective<who_has>(spread(session(), 4))), expected);
}

TEST_P(CollectiveThreads, TakesOtherArgumentsEverywhere) {
  const auto factor = delayed<leaf>.annotate({.rank = ranks() - 1})(10);
  const auto text = ramal::value(std::string(500, 'x'));
  EXPECT_EQ(session().compute(collective<scaled>(spread(session(), 10), factor, text)), 950);
  EXPECT_EQ(session().compute(collective<scaled>(spread(session(), 10), 2, "abc")), 93);
}

TEST_P(CollectiveThreads, StandsBetweenOrdinaryTasks) {
  std::vector<Delayed<long>> next;
  for (const auto& part : spread(session(), 50)) next.push_back(delayed<plus_one>(part));
  const auto first = collective<sum_all>(next);  // 1275
  std::vector<Delayed<long>> more;
  for (int i = 0; i < 20; ++i) more.push_back(delayed<plus_one>(first));
  const auto second = collective<sum_all>(more);                      // 25520
  const auto third = collective<scaled>(next, delayed<leaf>(3), "");  // 3825
  const auto [a, b, c, d] = session().compute(first, second, third, delayed<plus_one>(second));
  EXPECT_EQ(a, 1275);
  EXPECT_EQ(b, 25520);
  EXPECT_EQ(c, 3825);
  EXPECT_EQ(d, 25521);
}

TEST_P(CollectiveThreads, ManyAtOnceRunInTheSameOrderOnAllRanks) {
  const auto parts = spread(session(), 20);
  session().persist(parts);
  std::vector<Delayed<long>> sums;
  for (long i = 0; i < 50; ++i) sums.push_back(collective<scaled>(parts, i, ""));
  const auto found = session().compute(sums);
  for (long i = 0; i < 50; ++i) EXPECT_EQ(found[static_cast<std::size_t>(i)], 190 * i);
}

TEST_P(CollectiveThreads, MayBePersistedAndReadLater) {
  const auto sum = collective<sum_all>(spread(session(), 30));
  session().persist(sum);
  EXPECT_EQ(session().compute(delayed<plus_one>(sum)), 436);
  EXPECT_EQ(session().compute(collective<scaled>(spread(session(), 3), sum, "")), 3 * 435);
}

TEST_P(CollectiveThreads, AFailureOnOneRankIsOneOnAll) {
  for (long which = 0; which < ranks(); ++which) {
    for (const auto& wrong : {collective<one_fails>(none, which), collective<throws_alone>(none, which)}) {
      try {
        session().compute(delayed<plus_one>(wrong));
        ADD_FAILURE() << "nothing thrown";
      } catch (const TaskError& error) {
        EXPECT_NE(std::string(error.what()).find(wrong.task_handle().get()->name()), std::string::npos);
        EXPECT_TRUE(error.details().message.ends_with("the disk is full") ||
                    error.details().message == "without a word")
            << error.details().message;
      }
    }
  }
  EXPECT_EQ(session().compute(collective<sum_all>(spread(session(), 10))), 45) << "the session lives on";
}

TEST_P(CollectiveThreads, AFailedInputAnywhereKeepsItFromRunning) {
  auto parts = spread(session(), 10);
  parts.push_back(delayed<fail>.annotate({.rank = ranks() - 1})(7));
  try {
    session().compute(collective<sum_all>(parts));
    ADD_FAILURE() << "nothing thrown";
  } catch (const TaskError& error) {
    EXPECT_EQ(error.details().message, "cannot take 7");
  }
  EXPECT_THROW(session().compute(collective<scaled>(spread(session(), 3), delayed<fail>(1), "")), TaskError);
  EXPECT_EQ(session().compute(collective<sum_all>(spread(session(), 10))), 45);
}

TEST_P(CollectiveThreads, IsNeverGivenUpHalfway) {
  const auto sum = collective<sum_all>(spread(session(), 10));
  session().persist(sum);
  session().cancel(sum);
  try {
    session().wait(sum);
    EXPECT_EQ(session().compute(sum), 45);
  } catch (const CancelledError&) {
  }
  EXPECT_EQ(session().compute(collective<sum_all>(spread(session(), 10))), 45);
}

TEST(CollectiveSerial, IsARankAlone) {
  SerialRanks serial;
  EXPECT_EQ(serial.session().compute(collective<sum_all>(spread(serial.session(), 100))), 4950);
  EXPECT_EQ(serial.session().compute(collective<scaled>(spread(serial.session(), 4), 2, "abc")), 15);
  EXPECT_THROW(serial.session().compute(collective<one_fails>(none, 0)), TaskError);
}

TEST(Collective, SaysWhatItIsInAPicture) {
  const auto sum = collective<sum_all>(std::vector{delayed<leaf>(1), delayed<leaf>(2)});
  EXPECT_EQ(sum.task_handle().get()->name(), "sum_all");
  EXPECT_EQ(sum.task_handle().get()->inputs().size(), 2u);
}

}  // namespace
}  // namespace ramal::test
