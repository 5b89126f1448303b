// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/one_process.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <random>
#include <thread>

namespace ramal::test {
namespace {

long leaf(long x) { return x; }
long fail(long x) { throw std::runtime_error("cannot take " + std::to_string(x)); }
long plus_one(long x) { return x + 1; }
long less_than_1000(long x) { return x % 1000; }
long add(long a, long b) { return a + b; }

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

/// As who_has, and says so to all; each part goes on as what it was, and who had it.
std::vector<std::pair<long, int>> whose(Communicator& communicator, Inputs<long> mine) {
  communicator.gather("");
  std::vector<std::pair<long, int>> results;
  for (const long& x : mine) results.emplace_back(x, communicator.rank());
  return results;
}
std::vector<long> all_plus_one(Communicator& communicator, Inputs<long> mine) {
  communicator.gather("");
  std::vector<long> results;
  for (const long& x : mine) results.push_back(x + 1);
  return results;
}
std::vector<long> one_of_them_fails(Communicator& communicator, Inputs<long> mine, long which) {
  one_fails(communicator, mine, which);
  return all_plus_one(communicator, mine);
}
std::vector<long> one_too_many(Communicator& communicator, Inputs<long> mine) {
  auto results = all_plus_one(communicator, mine);
  if (communicator.rank() == 0) results.push_back(0);
  return results;
}

/// Counts what is copied in this process.
struct Counted {
  static inline std::atomic<long> copies{0};
  std::vector<long> numbers;
  Counted() = default;
  explicit Counted(long x) : numbers(100, x) {}
  Counted(const Counted& other) : numbers(other.numbers) { ++copies; }
  Counted(Counted&&) = default;
  Counted& operator=(const Counted&) = delete;
  Counted& operator=(Counted&&) = default;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& numbers;
  }
};
std::vector<Counted> counted(Communicator&, Inputs<long> mine) {
  std::vector<Counted> results;
  for (const long& x : mine) results.emplace_back(x);
  return results;
}
Counted pass_on(Counted counted) {
  ++counted.numbers[0];
  return counted;
}
long first_of(const Counted& counted) { return counted.numbers[0]; }

/// Ends only when four ranks are inside of this function at once, whichever calls they came by.
std::atomic<int> inside{0};
long meet(Communicator& communicator, Inputs<long>, long ranks) {
  communicator.gather("");
  ++inside;
  for (int tries = 0; inside < ranks; ++tries) {
    if (tries > 20000) throw std::runtime_error("waited 20 s for the others");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return communicator.size();
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

// --- on stated ranks ----------------------------------------------------------------------------------
TEST_P(CollectiveThreads, RunsOnStatedRanksInTheirOrder) {
  for (int seed = 0; seed < 20; ++seed) {
    std::minstd_rand random(static_cast<unsigned>(seed));
    std::vector<int> on(static_cast<std::size_t>(ranks()));
    std::iota(on.begin(), on.end(), 0);
    std::shuffle(on.begin(), on.end(), random);
    on.resize(1 + random() % on.size());
    // What lies on a member's rank is its own; the rest goes to those that have fewest.
    std::vector<std::vector<int>> has(on.size());
    std::vector<std::size_t> taker(17);
    for (int i = 0; i < 17; ++i) {
      const auto at = std::ranges::find(on, i % ranks()) - on.begin();
      taker[static_cast<std::size_t>(i)] = static_cast<std::size_t>(at);
      if (at < std::ssize(on)) has[static_cast<std::size_t>(at)].push_back(i);
    }
    for (int i = 0; i < 17; ++i) {
      if (taker[static_cast<std::size_t>(i)] == on.size())
        std::ranges::min_element(has, {}, &std::vector<int>::size)->push_back(i);
    }
    std::string expected;
    for (auto& own : has) {
      std::ranges::sort(own);
      for (const int i : own) expected += (i == own.front() ? "" : ",") + std::to_string(i);
      expected += '|';
    }
    EXPECT_EQ(session().compute(collective<who_has>.on(on)(spread(session(), 17))), expected);
    EXPECT_EQ(session().compute(collective<ranks_of>.annotate({.name = "some"}).on(on)(none)),
              std::ssize(on));
    EXPECT_EQ(session().compute(collective<ranks_of>.on(on).annotate({.name = "some"})(none)),
              std::ssize(on));
  }
}

TEST_P(CollectiveThreads, StatedRanksThatAreNotThereAreRefused) {
  const auto message = [&](auto&& call) -> std::string {
    try {
      call();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "nothing thrown";
  };
  const auto beyond = collective<sum_all>.on({0, ranks() + 2})(spread(session(), 3));
  const std::string expected = "ramal: collective task sum_all is to run on rank " +
                               std::to_string(ranks() + 2) + ", but there are ranks 0 to " +
                               std::to_string(ranks() - 1);
  EXPECT_EQ(message([&] { session().compute(beyond); }), expected);
  EXPECT_EQ(message([&] { session().persist(delayed<plus_one>(beyond)); }), expected);
  EXPECT_NE(message([&] { collective<sum_all>.on({}); }).find("names none"), std::string::npos);
  EXPECT_NE(message([&] { collective<sum_all>.on({1, -3}); }).find("found -3"), std::string::npos);
  EXPECT_NE(message([&] {
              collective<sum_all>.on({4, 1, 4});
            }).find("found 4 twice among 3"),
            std::string::npos);
  EXPECT_EQ(session().compute(collective<sum_all>(spread(session(), 10))), 45) << "the session lives on";
}

TEST_P(CollectiveThreads, SomeRanksMayFailAlone) {
  const std::vector<int> on{ranks() - 1};
  const auto wrong = collective<one_fails>.on(on)(none, 0);
  const auto right = collective<sum_all>.on(on)(spread(session(), 10));
  session().persist(wrong, right);
  EXPECT_THROW(session().compute(delayed<plus_one>(wrong)), TaskError);
  EXPECT_EQ(session().compute(delayed<plus_one>(right)), 46) << "kept on a rank other than 0";
  EXPECT_THROW(session().compute(collective<scaled>.on(on)(none, delayed<fail>(1), "")), TaskError);
}

TEST_P(CollectiveThreads, OverlappingOnesNeitherWaitForEverNorSwap) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    std::minstd_rand random(seed);
    std::vector<Delayed<long>> sums;
    std::vector<long> expected;
    for (int i = 0; i < 60; ++i) {
      std::vector<int> on(static_cast<std::size_t>(ranks()));
      std::iota(on.begin(), on.end(), 0);
      std::shuffle(on.begin(), on.end(), random);
      on.resize(1 + random() % on.size());
      // Every other one reads an earlier one's result.
      const bool reads = !sums.empty() && random() % 2 == 0;
      const std::size_t other = reads ? random() % sums.size() : 0;
      const auto factor = reads ? delayed<less_than_1000>(sums[other]) : delayed<leaf>(i);
      expected.push_back(45 * (reads ? less_than_1000(expected[other]) : i));
      sums.push_back(collective<scaled>.on(on)(spread(session(), 10), factor, ""));
      if (random() % 10 == 0) session().persist(sums.back());
    }
    EXPECT_EQ(session().compute(sums), expected);
  }
}

TEST(CollectiveOnSomeRanks, DisjointOnesRunAtTheSameTime) {
  for (const unsigned workers : {0u, 2u}) {
    ThreadedRanks all(4, workers);
    // Whichever of the two is begun first waits for the other.
    const std::vector<std::pair<std::vector<int>, std::vector<int>>> halves{
        {{0, 1}, {2, 3}}, {{2, 3}, {0, 1}}, {{3, 0}, {1, 2}}, {{1}, {3, 2, 0}}};
    for (const auto& [one, other] : halves) {
      inside = 0;
      const auto first = collective<meet>.on(one)(none, 4);
      const auto second = collective<meet>.on(other)(none, 4);
      EXPECT_EQ(all.session().compute(delayed<add>(first, second)), 4);
    }
    // Of different runs, too: rank 0 is inside the first when it asks for the other.
    inside = 0;
    const auto first = collective<meet>.on({2, 3})(none, 4);
    all.session().persist(first);
    EXPECT_EQ(all.session().compute(collective<meet>.on({0, 1})(none, 4)), 2);
  }
}

TEST(CollectiveOnSomeRanks, TheProgramMayEndBeforeTheyDo) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::minstd_rand random(seed);
    ThreadedRanks all(5, seed % 3);
    std::vector<Delayed<long>> sums;
    for (int i = 0; i < 30; ++i) {
      std::vector<int> on{0, 1, 2, 3, 4};
      std::shuffle(on.begin(), on.end(), random);
      on.resize(1 + random() % 4);
      const auto factor =
          sums.empty() ? delayed<leaf>(1) : delayed<less_than_1000>(sums[random() % sums.size()]);
      sums.push_back(collective<scaled>.on(on)(spread(all.session(), 5), factor, ""));
    }
    all.session().persist(sums);
    if (seed % 2 == 0) all.session().compute(delayed<leaf>.annotate({.rank = 1})(1));
    if (seed % 5 == 0) all.session().wait(sums[5]);
  }
}

// --- a result for each part ----------------------------------------------------------------------------
TEST_P(CollectiveThreads, EachPartsResultComesBackInItsPlace) {
  const auto parts = spread(session(), 23);
  const auto found = session().compute(collective_map<whose>(parts));
  ASSERT_EQ(found.size(), 23u);
  for (int i = 0; i < 23; ++i)
    EXPECT_EQ(found[static_cast<std::size_t>(i)], (std::pair<long, int>(i, i % ranks())));
  EXPECT_TRUE(collective_map<whose>(none).empty());
  EXPECT_EQ(session().compute(collective_map<all_plus_one>(spread(session(), 1))), std::vector<long>{1});
  const auto last = session().compute(collective_map<whose>.on({ranks() - 1})(parts));
  for (int i = 0; i < 23; ++i) EXPECT_EQ(last[static_cast<std::size_t>(i)], (std::pair<long, int>(i, 0)));
}

TEST_P(CollectiveThreads, RepeatedKeptAndConstantPartsAreParts) {
  const auto kept = spread(session(), 5);
  session().persist(kept);
  std::vector<Delayed<long>> parts{kept[4], kept[4], ramal::value(100L), kept[1], delayed<plus_one>(kept[3])};
  parts.push_back(parts.back());
  const std::vector<long> expected{5, 5, 101, 2, 5, 5};
  EXPECT_EQ(session().compute(collective_map<all_plus_one>(parts)), expected);
  for (int rank = 0; rank < ranks(); ++rank)
    EXPECT_EQ(session().compute(collective_map<all_plus_one>.on({rank})(parts)), expected);
}

TEST_P(CollectiveThreads, ChainsOfThemGoOnWithOrdinaryTasks) {
  auto parts = spread(session(), 12);
  for (int step = 0; step < 10; ++step) {
    parts = step % 3 == 2 ? collective_map<all_plus_one>.on({step % ranks()})(parts)
                          : collective_map<all_plus_one>(parts);
    for (auto& part : parts) part = delayed<plus_one>(part);
    if (step % 4 == 1) session().persist(parts);
  }
  EXPECT_EQ(session().compute(collective<sum_all>(parts)), 66 + 12 * 20);
}

TEST_P(CollectiveThreads, SomeOfTheResultsMayBeKept) {
  auto results = collective_map<all_plus_one>(spread(session(), 10));
  session().persist(results[3], results[7]);
  EXPECT_EQ(session().compute(delayed<plus_one>(results[7])), 9);
  EXPECT_EQ(session().compute(results), (std::vector<long>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  session().persist(results);
  EXPECT_EQ(session().compute(collective<sum_all>(results)), 55);
  results.erase(results.begin(), results.begin() + 9);
  EXPECT_EQ(session().compute(results[0]), 10);
}

TEST_P(CollectiveThreads, ResultsAreMovedOnNotCopied) {
  const auto parts = spread(session(), 20);
  session().persist(parts);
  session().wait(parts);
  Counted::copies = 0;
  std::vector<Delayed<long>> firsts;
  for (const auto& one : collective_map<counted>(parts))
    firsts.push_back(delayed<first_of>(delayed<pass_on>(delayed<pass_on>(one))));
  EXPECT_EQ(session().compute(collective<sum_all>(firsts)), 190 + 40);
  EXPECT_EQ(Counted::copies, 0);
}

TEST_P(CollectiveThreads, AFailureOnOneRankFailsAllResults) {
  for (long which = 0; which < ranks(); ++which) {
    const auto results = collective_map<one_of_them_fails>(spread(session(), 7), which);
    session().persist(results);
    for (const auto& one : results) {
      try {
        session().compute(one);
        ADD_FAILURE() << "nothing thrown";
      } catch (const TaskError& error) {
        EXPECT_EQ(error.details().task, "one_of_them_fails");
        EXPECT_TRUE(error.details().message.ends_with("the disk is full"));
      }
    }
  }
  auto parts = spread(session(), 3);
  parts.push_back(delayed<fail>(7));
  EXPECT_THROW(session().compute(collective_map<all_plus_one>(parts)[0]), TaskError);
}

TEST_P(CollectiveThreads, AWrongNumberOfResultsIsAnError) {
  try {
    session().compute(collective_map<one_too_many>(spread(session(), 2 * ranks())));
    ADD_FAILURE() << "nothing thrown";
  } catch (const TaskError& error) {
    EXPECT_EQ(error.details().message, "expected one result for each of this rank's 2 parts, found 3");
    EXPECT_EQ(error.details().task, "one_too_many");
  }
}

TEST_P(CollectiveThreads, EachPartsResultMayBeGivenUp) {
  for (int i = 0; i < 20; ++i) {
    auto results = collective_map<all_plus_one>(spread(session(), 10));
    for (auto& one : results) one = delayed<plus_one>(one);
    auto second = collective_map<all_plus_one>.on({ranks() - 1})(results);
    session().persist(results, second);
    session().cancel(results[static_cast<std::size_t>(i % 10)], second);
    for (std::size_t k = 0; k < 10; ++k) {
      try {
        session().wait(second[k]);
        EXPECT_EQ(session().compute(second[k]), static_cast<long>(k) + 3);
      } catch (const CancelledError&) {
      }
    }
  }
  EXPECT_EQ(session().compute(collective<sum_all>(spread(session(), 10))), 45);
}

TEST(CollectiveSerial, GivesEachPartItsResult) {
  SerialRanks serial;
  const auto results = collective_map<all_plus_one>.on({2, 5})(spread(serial.session(), 3));
  serial.session().persist(results[1]);
  EXPECT_EQ(serial.session().compute(results), (std::vector<long>{1, 2, 3}));
  EXPECT_THROW(serial.session().compute(collective_map<one_too_many>(spread(serial.session(), 3))),
               TaskError);
  EXPECT_EQ(serial.session().compute(collective<ranks_of>.on({2, 5})(none)), 1);
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
