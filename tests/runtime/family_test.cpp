// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/one_process.hpp"
#include "tests/support/random_families.hpp"
#include "tests/support/seeds.hpp"

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

Words serially(unsigned seed) {
  SerialRanks ranks;
  return RandomFamilies(seed).run(ranks.session());
}

TEST(Families, ShuffledRanksGiveTheSerialResult) {
  for (unsigned seed = 1; seed <= seeds(60); ++seed) {
    const Words expected = serially(seed);
    for (const int ranks : {1, 2, 3, 5, 8}) {
      for (const std::int64_t members : {1, 3, 16, 1 << 14}) {
        SteppedRanks stepped(ranks, seed);
        stepped.engine().set_front_members(members);
        ASSERT_EQ(RandomFamilies(seed).run(stepped.session()), expected)
            << "seed " << seed << ", ranks " << ranks << ", members of a front " << members;
      }
    }
  }
}

/// With so many ranks most have no members of most families, and programs go along the tree.
TEST(Families, ManyRanksGiveTheSerialResult) {
  for (unsigned seed = 1; seed <= seeds(12); ++seed) {
    SteppedRanks stepped(17 + static_cast<int>(seed % 30), seed);
    stepped.engine().set_front_members(1 + static_cast<std::int64_t>(seed % 5) * 7);
    ASSERT_EQ(RandomFamilies(seed).run(stepped.session()), serially(seed)) << "seed " << seed;
  }
}

TEST(FamilyThreads, ThreadsGiveTheSerialResult) {
  for (unsigned seed = 1; seed <= seeds(40); ++seed) {
    const int ranks = 1 + static_cast<int>(seed % 4);
    const unsigned workers = seed / 4 % 4;
    ThreadedRanks threaded(ranks, workers, seed % 2 == 0 ? std::optional(seed) : std::nullopt);
    threaded.engine().set_front_members(std::array{1, 3, 16, 1 << 14}[seed / 16 % 4]);
    ASSERT_EQ(RandomFamilies(seed).run(threaded.session()), serially(seed))
        << "seed " << seed << ", ranks " << ranks << ", workers " << workers;
  }
}

std::uint64_t stolen(Session& session) {
  std::uint64_t taken = 0;
  for (const RankInfo& one : session.info()) taken += one.tasks_stolen;
  return taken;
}

TEST(Families, WhatOthersRunGivesTheSerialResult) {
  std::uint64_t all_stolen = 0;
  for (unsigned seed = 1; seed <= seeds(60); ++seed) {
    SteppedRanks stepped(std::array{2, 3, 5, 20}[seed % 4], seed, 64, std::uint64_t{1} << 40, StealMode::on);
    stepped.engine().set_front_members(std::array{3, 16, 1 << 14}[seed / 4 % 3]);
    ASSERT_EQ(RandomFamilies(seed).run(stepped.session()), serially(seed)) << "seed " << seed;
    all_stolen += stolen(stepped.session());
  }
  EXPECT_GT(all_stolen, 100u);
}

TEST(FamilyThreads, WhatOthersRunGivesTheSerialResult) {
  std::uint64_t all_stolen = 0;
  for (unsigned seed = 1; seed <= seeds(30); ++seed) {
    ThreadedRanks threaded(2 + static_cast<int>(seed % 3), seed / 4 % 3, std::nullopt, 64,
                           std::uint64_t{1} << 40, StealMode::on);
    threaded.engine().set_front_members(std::array{3, 16, 1 << 14}[seed % 3]);
    ASSERT_EQ(RandomFamilies(seed).run(threaded.session()), serially(seed)) << "seed " << seed;
    all_stolen += stolen(threaded.session());
  }
  EXPECT_GT(all_stolen, 0u);
}

TEST(Families, LeaveNothingBehind) {
  for (unsigned seed = 1; seed <= seeds(30); ++seed) {
    SteppedRanks ranks(3, seed);
    ranks.engine().set_front_members(5);
    RandomFamilies(seed).run(ranks.session());
    ranks.session().compute(delayed<pair_up>(Word{1}, Word{2}));  // sends the releases
    std::size_t left = 1;
    for (int tries = 0; left > 0 && tries < 10000; ++tries) {
      ranks.session().progress();
      left = 0;
      for (int rank = 0; rank < 3; ++rank) {
        left += ranks.rank(rank).executor().values_kept() + ranks.rank(rank).executor().runs() +
                ranks.rank(rank).programs();
      }
    }
    ASSERT_EQ(left, 0u) << "seed " << seed;
  }
}

// --- what members do not do
// ---------------------------------------------------------------------------------

int calls = 0;
Word fails_at_seven(long i) {
  if (i == 7) throw std::runtime_error("seven is out of order");
  return static_cast<Word>(i);
}
Word one_of(Index, Word a) { return a; }

/// What the computation of a handle ends with, on several ranks and serially.
template <class Make>
std::string error_of(const Make& make) {
  std::string first;
  for (const int ranks : {0, 1, 2, 3}) {
    std::string text = "nothing was wrong";
    const auto run = [&](Session& session) {
      try {
        session.compute(make());
      } catch (const TaskError& error) {
        text = error.details().task + ": " + error.details().message + " (" + error.details().arguments + ")";
      }
      EXPECT_EQ(session.compute(delayed<pair_up>(Word{1}, Word{2})), pair_up(1, 2));
    };
    if (ranks == 0) {
      SerialRanks serial;
      run(serial.session());
      first = text;
    } else {
      SteppedRanks stepped(ranks, 7);
      stepped.engine().set_front_members(3);
      run(stepped.session());
      EXPECT_EQ(text, first) << ranks << " ranks";
    }
  }
  return first;
}

TEST(Families, AFailingMemberIsNamed) {
  EXPECT_EQ(error_of([] { return reduce<pair_up>(map<placed>(family<fails_at_seven>(20))); }),
            "fails_at_seven[7]: seven is out of order ([7])");
}

TEST(Families, RunRunsAllMembersAndSaysWhichFailed) {
  for (const int ranks : {1, 2, 5}) {
    SteppedRanks stepped(ranks, 3);
    stepped.engine().set_front_members(4);
    stepped.session().run(family<seed_at>(100), iterate<fold_all>(family<seed_at>(30), 20, {{0}, {1}}));
    std::uint64_t tasks = 0;
    for (const auto& rank : stepped.session().info()) tasks += rank.tasks_run;
    EXPECT_EQ(tasks, 100u + 30 + 600);
    try {
      stepped.session().run(family<seed_at>(10), map<placed>(family<fails_at_seven>(20)));
      FAIL();
    } catch (const TaskError& error) {
      EXPECT_EQ(error.details().task, "fails_at_seven[7]");
    }
    try {
      stepped.session().run(map<pair_up>(family<seed_at>(5), delayed<fails_at_seven>(7)));
      FAIL();
    } catch (const TaskError& error) {
      EXPECT_EQ(error.details().task, "fails_at_seven");
    }
  }
  SerialRanks serial;
  EXPECT_THROW(serial.session().run(map<placed>(family<fails_at_seven>(20))), TaskError);
}

Word counted_calls(long i) {
  ++calls;
  return static_cast<Word>(i);
}

TEST(Families, PersistedOnesAreMadeOnce) {
  for (const int ranks : {0, 1, 3}) {
    calls = 0;
    const auto run = [&](Session& session) {
      const auto kept = family<counted_calls>(50);
      session.persist(kept);
      const auto more = map<placed>(kept);
      EXPECT_EQ(session.compute(kept[20]), 20u);
      session.wait(kept);
      session.compute(more);
      EXPECT_EQ(session.compute(kept).size(), 50u);
      EXPECT_EQ(calls, 50);
      EXPECT_THROW(session.wait(more), std::invalid_argument);
      const auto bad = family<fails_at_seven>(20);
      session.persist(bad);
      EXPECT_THROW(session.wait(bad), TaskError);
      EXPECT_EQ(session.compute(bad[6]), 6u);
      EXPECT_THROW(session.compute(bad[7]), TaskError);
    };
    if (ranks == 0) {
      SerialRanks serial;
      run(serial.session());
    } else {
      SteppedRanks stepped(ranks, 4);
      stepped.engine().set_front_members(4);
      run(stepped.session());
    }
  }
}

/// The one before it, on one rank; then whoever reads it on another.
struct StepBefore {
  void operator()(const Index& place, Reads& reads) const {
    if (place[0] > 0) reads.self({place[0] - 1, place[1]});
  }
};
struct SameStep {
  void operator()(const Index& place, Reads& reads) const {
    reads(0, place);
    if (place[0] > 0) reads.self({place[0] - 1, place[1]});
  }
};

/// Of what only a few members need, no more is run.
TEST(Families, WhatIsNotNeededIsNotRun) {
  const auto check = [](Session& session) {
    const auto tasks = [&session] {
      std::uint64_t sum = 0;
      for (const RankInfo& rank : session.info()) sum += rank.tasks_run;
      return sum;
    };
    const auto line = map<placed>(family<seed_at>(10000));
    session.compute(line[7777]);
    EXPECT_EQ(tasks(), 2u);
    session.compute(stencil<fold_all>(line, {{-1}, {0}, {1}})[5]);
    EXPECT_EQ(tasks(), 2u + 7);
    session.compute(reduce<pair_up>(family<seed_at>(64)));
    EXPECT_EQ(tasks(), 2u + 7 + 127);
    const auto steps =
        family<fold_placed>.with({.reach = Index(1, 0), .period = 1})(Index(1000, 1), StepBefore{});
    session.compute(map<placed>(steps)[Index(99, 0)]);
    EXPECT_EQ(tasks(), 2u + 7 + 127 + 101);
  };
  for (const int ranks : {1, 2, 5}) {
    SteppedRanks stepped(ranks, 4);
    stepped.engine().set_front_members(16);
    check(stepped.session());
  }
  SerialRanks serial;
  check(serial.session());
}

TEST(Families, WhatIsGivenUpIsNotMade) {
  for (const int ranks : {1, 3}) {
    calls = 0;
    SteppedRanks stepped(ranks, 4);
    stepped.engine().set_front_members(4);
    Session& session = stepped.session();
    const auto first = family<counted_calls>(1000);
    session.persist(first);
    session.cancel(first);
    EXPECT_THROW(session.wait(first), CancelledError);
    const auto last = iterate<fold_all>(family<counted_calls>(10), 500, {{0}, {1}})[3];
    session.persist(last);
    session.cancel(last);
    EXPECT_THROW(session.wait(last), CancelledError);
    EXPECT_LT(calls, 1010);
    EXPECT_THROW(session.cancel(map<placed>(first)), std::invalid_argument);
    EXPECT_EQ(session.compute(family<counted_calls>(20)[7]), 7u);
  }
}

TEST(Families, MembersAreGivenUpAndTriedAgainWithTheirFamily) {
  for (const int ranks : {1, 3}) {
    calls = 0;
    SteppedRanks stepped(ranks, 4);
    stepped.engine().set_front_members(4);
    Session& session = stepped.session();
    const auto made = family<counted_calls>(1000);
    const auto before = made[3];
    session.persist(made);
    session.cancel(made);
    EXPECT_THROW(session.wait(before), CancelledError);
    EXPECT_THROW(session.wait(made[4]), CancelledError) << "a handle that is asked for only now";
    EXPECT_EQ(session.compute(made[5]), 5u) << "by itself";
    EXPECT_LT(calls, 100);
    session.retry(made[6]);
    session.wait(made[7]);
    session.persist(made);
    EXPECT_EQ(session.compute(before), 3u);
    EXPECT_LT(calls, 1100) << "as a whole, once";
  }
}

/// Fronts end, and others begin, while it is given up.
TEST(Families, GivingUpAtAnyTimeEndsWell) {
  for (unsigned seed = 1; seed <= seeds(60); ++seed) {
    SteppedRanks stepped(1 + static_cast<int>(seed % 4), seed);
    stepped.engine().set_front_members(1 + static_cast<std::int64_t>(seed % 3));
    Session& session = stepped.session();
    const auto rows = iterate<fold_all>(family<seed_at>(8), 60, {{-1}, {0}, {1}});
    session.persist(rows);
    for (unsigned i = 0; i < seed; ++i) session.progress();
    session.cancel(rows);
    try {
      session.wait(rows);
    } catch (const CancelledError&) {
    }
    EXPECT_EQ(session.compute(family<seed_at>(3)[2]), seed_at(2));
  }
}

TEST(Families, OfSeveralFailuresTheFirstInOrderIsReported) {
  EXPECT_EQ(error_of([] {
              const auto some = family<fails_at_seven>(20);
              return iterate<fold_placed>(stencil<fold_all>(some, {{-3}, {3}}), 5, {{-1}, {0}, {1}})(3);
            }),
            "fails_at_seven[7]: seven is out of order ([7])");
}

/// Wherever it ran.
TEST(Families, AFailingMemberThatWasStolenIsNamed) {
  std::uint64_t all_stolen = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SteppedRanks stepped(3, seed, 64, std::uint64_t{1} << 40, StealMode::on);
    stepped.engine().set_front_members(16);
    try {
      stepped.session().compute(iterate<one_of>(family<seed_at>(30), 40, {{0}}, Edge::open)(3));
      stepped.session().run(map<placed>(family<fails_at_seven>(200)));
      FAIL();
    } catch (const TaskError& error) {
      EXPECT_EQ(error.details().task, "fails_at_seven[7]");
    }
    all_stolen += stolen(stepped.session());
  }
  EXPECT_GT(all_stolen, 0u);
}

std::string word_text(long i) { return "a word of its own: " + std::to_string(i); }
Word all_sorts(const Index& place, Word one, Inputs<Word> few, std::string text, const Inputs<Word>& more,
               const std::string& same_text) {
  if (place[0] == 6) throw std::runtime_error("six is out of order");
  Word sum = one + 10 * few.size() + 100 * more.size() + text.size() + (text == same_text ? 1000 : 0);
  for (const Word word : few) sum += 3 * word;
  for (const Word word : more) sum += 7 * word;
  return sum;
}

std::string joined(std::vector<std::string> group) {
  std::string text = "(";
  for (const std::string& one : group) text += one;
  return text + ')';
}
std::string digit(Index place) { return std::to_string(place[0] % 10); }

TEST(Families, AreReducedInGroupsThatAreVectors) {
  for (const long size : {1L, 2L, 7L, 30L}) {
    std::vector<Delayed<std::string>> digits;
    for (long i = 0; i < size; ++i) digits.push_back(delayed<digit>(Index(i)));
    for (const int ranks : {1, 3}) {
      SteppedRanks stepped(ranks, 3);
      Session& session = stepped.session();
      for (const long arity : {2L, 3L, 8L}) {
        EXPECT_EQ(session.compute(reduce<joined>(family<digit>(size), {.arity = arity})),
                  session.compute(reduce<joined>(digits, {.arity = static_cast<std::size_t>(arity)})))
            << size << " by " << arity << " on " << ranks;
      }
    }
  }
}

long sum_of(long a, long b) { return a + b; }
long plus_one_more(long x) { return x + 1; }
double scaled(Index place, double x, double by, std::string name) {
  return by * x + static_cast<double>(name.size()) + static_cast<double>(place[0]);
}
double half(long i) { return 0.5 * static_cast<double>(i); }
long number_of(long place) { return place; }

long number_and_left(const Index& place, const Inputs<long>& left) {
  return 100 * place[0] + 10 * place[1] + place[place.dims - 1] + (left.empty() ? 0 : left[0]);
}

/// Reading themselves they have steps, of which there may be a single one. Which dimension of length 1 their
/// readers do not see is another matter.
TEST(Families, ThatReadThemselvesAreSeenWithoutAnyUnitLength) {
  const auto depends = [](const Index& place, Reads& reads) {
    Index left = place;
    if (left[place.dims - 1]-- > 0) reads.self(left);
  };
  for (const Index& extent : {Index(1, 3, 1, 3), Index(1, 1, 4), Index(3, 1, 3), Index(2, 1, 1, 3)}) {
    std::vector<long> expected;  // by plain loops
    for (std::int64_t number = 0; number < extent.volume(); ++number) {
      const Index place = extent.place_of(number);
      const long left = place[place.dims - 1] > 0 ? expected.back() - 1 : 0;
      expected.push_back(100 * place[0] + 10 * place[1] + place[place.dims - 1] + left + 1);
    }
    for (int axis = 0; axis + 1 < extent.dims; ++axis) {
      if (extent[axis] != 1) continue;
      for (const int rank : {-1, 0, 1}) {
        for (const int ranks : {2, 3}) {
          SteppedRanks stepped(ranks, 3);
          stepped.engine().set_front_members(5);
          const auto made = family<number_and_left>(extent, depends).annotate({.rank = rank});
          const auto seen = map<plus_one_more>(reduce_along<sum_of>(made, axis));
          EXPECT_EQ(stepped.session().compute(seen), expected)
              << extent.text() << " without " << axis << ", made by " << rank << " of " << ranks;
        }
      }
    }
  }
}

TEST(Families, TakeValuesAsTheirFunctionDoes) {
  const auto depends = [](const Index& place, Reads& reads) {
    reads(0, place);
    reads(1, Index(0));
    reads(2, Index(0));
  };
  const auto made = family<scaled>(4, depends, family<half>(4), 2, "four");  // an int, and a text
  SteppedRanks stepped(3, 3);
  EXPECT_EQ(stepped.session().compute(made), (std::vector<double>{4, 6, 8, 10}));
}

TEST(Families, OfMoreDimensionsGiveNoNumberForAPlace) {
  EXPECT_THROW(family<number_of>({2, 3}), std::invalid_argument);
  EXPECT_NO_THROW(family<number_of>({6}));
}

long both_of(const Index&, long a, long b) { return 10 * a + b; }

TEST(Families, HandlesThatTheyNeedNotBeGivenAreFreedWithTheOthers) {
  const auto depends = [](const Index&, Reads& reads) {
    reads(0, Index(0));
    reads(1, Index(0));
  };
  for (const int ranks : {1, 3}) {
    SteppedRanks stepped(ranks, 3);
    Session& session = stepped.session();
    {
      std::vector<Delayed<long>> handles;
      for (long i = 0; i < 4; ++i) handles.push_back(delayed<number_of>(i));
      const auto sum = reduce<sum_of>(as_family(handles));
      // What is read of one family has to be made for another first, by way of the handles.
      const auto after = as_family(std::vector{delayed<number_of>(sum)});
      const auto made = family<both_of>(3, depends, after, sum);
      session.persist(made);
      EXPECT_EQ(session.compute(made), (std::vector<long>{66, 66, 66}));
    }
    session.compute(delayed<number_of>(1));
    std::uint64_t kept = 0;
    for (const RankInfo& one : session.info()) kept += one.values_kept;
    EXPECT_EQ(kept, 0u) << ranks;
  }
}

TEST(Families, OfCancelledHandlesLeaveThemCancelled) {
  for (const int ranks : {1, 3}) {
    SteppedRanks stepped(ranks, 3);
    Session& session = stepped.session();
    const auto handle = delayed<number_of>(7);
    session.persist(handle);
    session.cancel(handle);
    EXPECT_EQ(session.compute(as_family(std::vector{handle})), std::vector<long>{7});
    EXPECT_THROW(session.wait(handle), CancelledError);
    session.retry(handle);
    EXPECT_EQ(session.compute(handle), 7);
  }
}

TEST(Families, ParametersOfAllSortsAreReadInTheirOrder) {
  const auto of = [](std::int64_t size) {
    const auto depends = [](const Index& place, Reads& reads) {
      for (std::int64_t i = 0; i < 12; ++i) reads(3, i);
      reads(0, place);
      for (std::int64_t i = 0; i < place[0] % 4; ++i) reads(1, i);
      reads(4, place);
      reads(2, place);
    };
    const auto words = family<fails_at_seven>(7);
    const auto texts = family<word_text>(7);
    return family<all_sorts>(size, depends, words, words, texts, map<one_of>(family<seed_at>(12)), texts);
  };
  const std::vector<Word> seeds = [] {
    std::vector<Word> all;
    for (long i = 0; i < 12; ++i) all.push_back(seed_at(i));
    return all;
  }();
  for (const int ranks : {1, 3}) {
    SteppedRanks stepped(ranks, 3);
    const auto found = stepped.session().compute(of(6).members());
    for (long place = 0; place < 6; ++place) {
      std::vector<Word> words{0, 1, 2};
      std::vector<const Word*> few, more;
      for (long i = 0; i < place % 4; ++i) few.push_back(&words[static_cast<std::size_t>(i)]);
      for (const Word& seed : seeds) more.push_back(&seed);
      const std::string text = word_text(place);
      EXPECT_EQ(found[static_cast<std::size_t>(place)],
                all_sorts(Index(place), static_cast<Word>(place), Inputs<Word>(few), text, Inputs<Word>(more),
                          text));
    }
  }
  EXPECT_EQ(error_of([&] { return of(7)[6]; }),
            "all_sorts[6]: six is out of order ([6], 6, Inputs of 2, \"a word of its own: 6\", Inputs of 12, "
            "\"a word of its own: 6\")");
}

TEST(Families, PlacesOutOfRangeAreRefused) {
  EXPECT_EQ(error_of([] {
              const auto some = family<seed_at>(20);
              return reduce<pair_up>(family<fold_placed>(
                  10, [](const Index& place, Reads& reads) { reads(0, 3 * place[0]); }, some));
            }),
            "fold_placed[7]: reads [21] of a source of extent [20] ()");
}

TEST(Families, LaterMembersOfItselfAreRefused) {
  EXPECT_EQ(error_of([] {
              return reduce<pair_up>(family<fold_placed>(10, [](const Index& place, Reads& reads) {
                if (place[0] > 0) reads.self(place[0] == 4 ? 4 : place[0] - 1);
              }));
            }),
            "fold_placed[4]: reads [4] of its own family, which is not before it ()");
}

TEST(Families, AnotherNumberOfResultsThanOneIsRefused) {
  EXPECT_EQ(error_of([] {
              const auto some = family<seed_at>(20);
              return reduce<pair_up>(family<one_of>(
                  10,
                  [](const Index& place, Reads& reads) {
                    for (int i = 0; i < (place[0] == 5 ? 2 : 1); ++i) reads(0, place[0]);
                  },
                  some));
            }),
            "one_of[5]: reads 2 results; its function takes 1 ()");
}

/// Says of every place but one who reads it, or fails to tell.
struct Forgetful {
  bool throws;
  void operator()(const Index& place, Reads& reads) const { reads(0, 19 - place[0]); }
  void inverse(std::uint32_t, const Index& place, Readers& readers) const {
    if (place[0] != 16) readers(19 - place[0]);
    if (place[0] == 16 && throws) throw std::runtime_error("who knows");
  }
};

TEST(Families, WhatAnInverseDoesNotTellIsRefused) {
  for (const bool throws : {false, true}) {
    for (const int ranks : {2, 3, 5}) {
      SteppedRanks stepped(ranks, 7);
      const auto turned = family<fold_placed>(20, Forgetful{throws}, family<seed_at>(20));
      try {
        stepped.session().compute(reduce<pair_up>(turned));
        FAIL();
      } catch (const TaskError& error) {
        EXPECT_EQ(error.details().task, "fold_placed[3]");
        EXPECT_EQ(error.details().message,
                  "reads [16] of source 0, but the inverse of its dependence does not say so");
      }
      EXPECT_EQ(stepped.session().compute(turned[4]), mix(seed_at(4), mix(1, seed_at(15))));
    }
  }
}

TEST(Families, WhatIsFurtherThanItsReachIsRefused) {
  for (const int ranks : {1, 2, 5}) {
    SteppedRanks stepped(ranks, 7);
    const auto turned = family<fold_placed>.with({.reach = Index(3)})(
        20, [](const Index& at, Reads& reads) { reads(0, at[0] == 9 ? 13 : at[0]); }, family<seed_at>(20));
    try {
      stepped.session().compute(reduce<pair_up>(turned));
      FAIL();
    } catch (const TaskError& error) {
      EXPECT_EQ(error.details().task, "fold_placed[9]");
      EXPECT_EQ(error.details().message,
                "reads [13] of source 0, which is further than [3], the reach that its family states");
    }
  }
}

TEST(Families, AFunctionOfPlacesThatThrowsIsRefused) {
  EXPECT_EQ(error_of([] {
              return reduce<pair_up>(family<fold_placed>(10, [](const Index& place, Reads&) {
                if (place[0] == 6) throw std::runtime_error("who knows");
              }));
            }),
            "fold_placed[6]: what it reads could not be told: who knows ()");
}

TEST(Families, WhatCannotBeIsRefusedAtOnce) {
  const auto a = family<seed_at>(10);
  const auto b = family<seed_at>(11);
  EXPECT_THROW(map<pair_up>(a, b), std::invalid_argument);
  EXPECT_THROW(family<seed_at>(Index(3, -1)), std::invalid_argument);
  EXPECT_THROW(family<seed_at>(Index(1L << 30, 1L << 30)), std::invalid_argument);
  EXPECT_THROW(reduce<pair_up>(family<seed_at>(0)), std::invalid_argument);
  EXPECT_THROW(reduce<pair_up>(a, {.arity = 1}), std::invalid_argument);
  EXPECT_THROW(reduce_along<pair_up>(a, 3), std::invalid_argument);
  EXPECT_THROW(iterate<fold_all>(a, 0, {{0}}), std::invalid_argument);
  EXPECT_THROW(stencil<fold_all>(a, {{0, 1}}), std::invalid_argument);
  EXPECT_THROW(transpose(a), std::invalid_argument);
  EXPECT_THROW(coarsen<fold_all>(a, 0), std::invalid_argument);
  EXPECT_THROW(a[10], std::out_of_range);
  EXPECT_THROW(a[-1], std::out_of_range);
  EXPECT_THROW(a(1, 1), std::out_of_range);
}

std::vector<int> order;
Word note_first(Index place) {
  order.push_back(1);
  return seed_at(place);
}
Word note_second(Word word) {
  order.push_back(2);
  return word;
}

/// Of what is ready. In fronts that repeat others too.
TEST(Families, MembersOfAHigherPriorityRunFirst) {
  for (const int priority : {0, 5, -5}) {
    SteppedRanks ranks(1, 7);
    ranks.engine().set_front_members(1 << 14);
    order.clear();
    const auto first = family<note_first>(50).annotate({.priority = priority});
    ranks.session().compute(reduce<pair_up>(map<note_second>(first)));
    ASSERT_EQ(order.size(), 100u);
    // Else a member's reader comes right behind it.
    EXPECT_EQ(std::is_sorted(order.begin(), order.end()), priority > 0) << priority;
  }
}

TEST(Families, WishesGoWithMembers) {
  const auto a = family<seed_at>(10);
  const auto b = map<placed>(a).annotate({.name = "there", .rank = 2});
  SteppedRanks ranks(3, 1);
  EXPECT_EQ(ranks.session().compute(b), ranks.session().compute(map<placed>(a)));
  const auto located = iterate(
      3, [](Family<Word> word) { return next(map<placed>(word).annotate({.rank = 1})); }, a);
  SteppedRanks others(3, 1);
  others.session().run(b);
  std::vector<std::uint64_t> run;
  for (int rank = 0; rank < 3; ++rank) run.push_back(others.rank(rank).executor().tasks_run());
  EXPECT_EQ(run[2], 10u + 3u);
  others.session().run(located);
  EXPECT_EQ(others.rank(1).executor().tasks_run() - run[1], 30u + 3u);
  const auto refused = [&](const auto& make) {
    try {
      make();
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("nothing was refused");
  };
  EXPECT_NE(refused([&] {
              others.session().run(a.annotate({.rank = 3}));
            }).find("ramal: seed_at is annotated with rank 3, but there are ranks 0 to 2 ("),
            std::string::npos);
  EXPECT_NE(refused([&] {
              a.annotate({.host = "n1"});
            }).find("annotate: seed_at[10] has members on all hosts; a rank may be stated, but not a host"),
            std::string::npos);
  EXPECT_NE(refused([&] { located.annotate({}); }).find("is what a loop leaves"), std::string::npos);
  EXPECT_NE(refused([&] { a.annotate({.threads = 0}); }).find("expected 1 thread or more, found 0"),
            std::string::npos);
  others.session().persist(a);
  EXPECT_NE(refused([&] { a.annotate({}); }).find("seed_at[10] is persisted already"), std::string::npos);
  const auto hosted = [&](const std::string& host) {
    return iterate(
        2, [&](Delayed<Word> word) { return next(delayed<pair_up>.annotate({.host = host})(word, word)); },
        value(Word{1}));
  };
  EXPECT_NE(refused([&] {
              others.session().compute(hosted("nowhere"));
            }).find("pair_up is annotated with host nowhere, but no rank runs there"),
            std::string::npos);
}

TEST(Families, ARankIsNotFarAheadOfThoseThatReadIt) {
  constexpr std::int64_t steps = 20000;
  for (const std::int64_t period : {0, 1}) {
    SteppedRanks ranks(2, 5);
    ranks.engine().set_front_members(10);
    Session& session = ranks.session();
    const auto made = family<fold_placed>.with(
        {.reach = Index(1, 0), .steps = true, .period = period})(Index(steps, 2), StepBefore{})
                          .annotate({.rank = 0});
    const auto read = family<fold_two>.with({.reach = Index(1, 0), .steps = true, .period = period})(
        Index(steps, 2), SameStep{}, made).annotate({.rank = 1});
    const auto last = read[Index(steps - 1, 1)];
    session.persist(last);
    ranks.held = true;
    for (int i = 0; i < 2000; ++i) session.progress();
    EXPECT_GT(ranks.rank(0).executor().tasks_run(), 100u);
    EXPECT_LT(ranks.rank(0).executor().tasks_run(), 500u);
    ranks.held = false;
    SteppedRanks freely(2, 6);
    EXPECT_EQ(session.compute(last), freely.session().compute(read[Index(steps - 1, 1)]));
  }
}

TEST(Families, AReductionHasTheBitsOfTheExplicitOne) {
  for (const std::int64_t size : {1, 2, 3, 7, 100, 1000}) {
    std::vector<Delayed<Word>> handles;
    for (std::int64_t i = 0; i < size; ++i) handles.push_back(delayed<seed_at>(Index(i)));
    SteppedRanks ranks(3, 5);
    ranks.engine().set_front_members(7);
    for (const std::int64_t arity : {2, 3, 5}) {
      EXPECT_EQ(ranks.session().compute(reduce<pair_up>(family<seed_at>(size), {.arity = arity})),
                ranks.session().compute(reduce<pair_up>(handles, {.arity = static_cast<std::size_t>(arity)})))
          << size;
    }
  }
}

TEST(Families, LongChainsAreFreedWithoutRecursion) {
  auto line = family<seed_at>(1);
  for (int i = 0; i < 200000; ++i) line = map<placed>(line);
  SUCCEED();
}

}  // namespace
}  // namespace ramal::test
