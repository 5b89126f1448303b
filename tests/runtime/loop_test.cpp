// SPDX-License-Identifier: BSD-3-Clause
// Loops of several families, beside what random_families.hpp makes of them.
#include "tests/support/one_process.hpp"
#include "tests/support/random_families.hpp"

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

Word one_more(Word a) { return a + 1; }
Word sum_of(Word a, Word b) { return a + b; }
bool is_at_least(Word a, Word limit) { return a >= limit; }
bool fails_at_five(Word a) {
  if (a == 5) throw std::runtime_error("five is not to be judged");
  return false;
}
Word fails_at_six(Word a) {
  if (a == 6) throw std::runtime_error("six is out of order");
  return a + 1;
}
Word value_at(Index place) { return static_cast<Word>(place[0]); }
double number_at(long i) { return static_cast<double>(i); }
double half(double a) { return a / 2; }

/// Counts from 3 by ones, until there are 10 at the beginning of a step.
Delayed<Word> counted(std::int64_t steps) {
  return iterate(
      steps,
      [](Delayed<Word> n) { return next(delayed<one_more>(n)).until(delayed<is_at_least>(n, Word{10})); },
      Word{3});
}

TEST(Loops, EndWithTheStepThatSaysSo) {
  on_all_engines([](Session& session) {
    EXPECT_EQ(session.compute(counted(100)), 11u);
    EXPECT_EQ(session.compute(counted(8)), 11u);
    EXPECT_EQ(session.compute(counted(7)), 10u);
    EXPECT_EQ(session.compute(counted(1)), 4u);
    EXPECT_EQ(session.compute(counted(1'000'000'000)), 11u);
  });
}

TEST(Loops, StatesChangePlaces) {
  on_all_engines([](Session& session) {
    const auto [a, b] = iterate(
        30, [](Delayed<Word> a, Delayed<Word> b) { return next(b, delayed<sum_of>(a, b)); }, Word{0},
        Word{1});
    EXPECT_EQ(session.compute(a), 832040u);
    EXPECT_EQ(session.compute(b), 1346269u);
    const auto line = family<value_at>(40);
    const auto [c, d, e] = iterate(
        5, [](Family<Word> x, Family<Word> y, Family<Word> z) { return next(y, z, x); }, line,
        map<one_more>(line), map<one_more>(map<one_more>(line)));
    EXPECT_EQ(session.compute(c[7]), 9u);
    EXPECT_EQ(session.compute(d[7]), 7u);
    EXPECT_EQ(session.compute(e[7]), 8u);
  });
}

TEST(Loops, OneStateMayBeMadeOfPartsOfOthers) {
  on_all_engines([](Session& session) {
    const auto line = family<value_at>(9);
    const auto [all, one] = iterate(
        4,
        [&](Family<Word> all, Delayed<Word> one) {
          const auto grown = map<sum_of>(all, one);
          return next(grown, grown[3]);  // a member of a larger family
        },
        line, line[2]);
    EXPECT_EQ(session.compute(one), 40u);
    EXPECT_EQ(session.compute(all[0]), 37u);
    // What does not vary at all.
    const auto same = iterate(
        3, [&](Family<Word>) { return line; }, map<one_more>(line));
    EXPECT_EQ(session.compute(same[8]), 8u);
  });
}

TEST(Loops, FollowEachOther) {
  on_all_engines([](Session& session) {
    Delayed<Word> count = value(Word{0});
    Family<Word> line = family<value_at>(20);
    for (int i = 0; i < 12; ++i) {
      const auto [more, next_count] = iterate(
          10,
          [](Family<Word> line, Delayed<Word> n) {
            const auto grown = map<one_more>(line);
            return next(grown, delayed<one_more>(n)).until(delayed<is_at_least>(grown[0], Word{37}));
          },
          line, count);
      line = more;
      count = next_count;
      if (i == 5) session.persist(line);
      if (i == 7) session.persist(count);
    }
    EXPECT_EQ(session.compute(count), 45u);
    EXPECT_EQ(session.compute(line[19]), 64u);
    EXPECT_EQ(session.compute(line).size(), 20u);
  });
}

template <class Make>
std::string failure_of(const Make& make) {
  std::optional<std::string> first;
  on_all_engines([&](Session& session) {
    std::string text = "none";
    try {
      session.compute(make());
    } catch (const TaskError& error) {
      text = error.details().task + ": " + error.details().message + " (" + error.details().arguments + ")";
    }
    if (!first) first = text;
    EXPECT_EQ(text, *first);
    EXPECT_EQ(session.compute(counted(20)), 11u);
  });
  return *first;
}

TEST(Loops, FailWithTheVerdict) {
  EXPECT_EQ(failure_of([] {
              return iterate(
                  100,
                  [](Family<Word> other, Delayed<Word> n) {
                    return next(map<one_more>(other), delayed<one_more>(n)).until(delayed<fails_at_five>(n));
                  },
                  family<value_at>(10), Word{0});
            }),
            "fails_at_five[5]: five is not to be judged (5)");
}

TEST(Loops, NameTheStepOfAFailingMember) {
  EXPECT_EQ(failure_of([] {
              return iterate(
                  20, [](Family<Word> line) { return map<fails_at_six>(line); }, family<value_at>(5))[3];
            }),
            "fails_at_six[3, 3]: six is out of order (6)");
}

TEST(Loops, GivingUpAtAnyTimeEndsWell) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SteppedRanks stepped(1 + static_cast<int>(seed % 4), seed);
    stepped.engine().set_front_members(1 + static_cast<std::int64_t>(seed % 3));
    Session& session = stepped.session();
    {
      const auto [line, count] = iterate(
          40,
          [](Family<Word> line, Delayed<Word> n) {
            const auto sum = delayed<pair_up>(n, reduce<pair_up>(line));
            const auto all = next(stencil<fold_all>(line, {{-1}, {1}}), sum);
            return all.until(delayed<ends>(sum, Word{50}));
          },
          family<seed_at>(9), Word{1});
      session.persist(line);
      for (unsigned i = 0; i < seed; ++i) session.progress();
      session.cancel(line);
      try {
        session.wait(line);
      } catch (const CancelledError&) {
      }
    }
    EXPECT_EQ(session.compute(counted(20)), 11u);
    std::size_t left = 1;
    for (int tries = 0; left > 0 && tries < 10000; ++tries) {
      session.progress();
      left = 0;
      for (int rank = 0; rank < session.ranks(); ++rank) {
        left += stepped.rank(rank).executor().values_kept() + stepped.rank(rank).executor().runs() +
                stepped.rank(rank).programs();
      }
    }
    EXPECT_EQ(left, 0u) << seed;
  }
}

TEST(Loops, WhatCannotBeIsRefusedAtOnce) {
  const auto line = family<value_at>(5);
  const auto message = [](const auto& make) -> std::string {
    try {
      make();
    } catch (const std::invalid_argument& error) {
      const std::string text = error.what();
      return text.substr(0, text.rfind(" ("));
    }
    return "nothing was wrong";
  };
  EXPECT_EQ(message([&] {
              return iterate(
                  0, [](Family<Word> x) { return x; }, line);
            }),
            "ramal: iterate: the number of steps must be positive; found 0");
  EXPECT_EQ(message([&] {
              return iterate(
                  2, [](Family<Word>) { return family<value_at>(6); }, line);
            }),
            "ramal: iterate: state 0 has extent [5], and after a step [6]");
  EXPECT_EQ(
      message([&] {
        return iterate(
            2,
            [](Family<Word> x) {
              return iterate(
                  2, [](Family<Word> y) { return map<one_more>(y); }, x);
            },
            line);
      }),
      "ramal: iterate: one_more[5] cannot be made within the function of a step: it is what another loop "
      "leaves, which reads this one's states");
  EXPECT_EQ(
      message([&] {
        return iterate(
            2, [](Family<Word> x) { return as_family(std::vector<Delayed<Word>>(5, x[0])); }, line);
      }),
      "ramal: iterate: " + std::string(detail::type_name<Word>) +
          "[5] cannot be made within the function of a step: it is a family of handles, some of which vary from step "
          "to step");
  EXPECT_EQ(message([&] {
              return iterate(
                  2,
                  [](Family<Word> x) { return next(x).until(map<is_at_least>(map<one_more>(x), Word{3})); },
                  line);
            }),
            "ramal: iterate: what tells whether a step is the last must have one member, not extent [5]");
  EXPECT_EQ(
      message([&] {
        return iterate(
            2, [](Family<Word> x) { return x; }, family<seed_at>(Index(1, 1, 1, 1, 1, 1, 1, 1, 2)));
      }),
      "ramal: iterate: expected families of at most 8 dimensions, found extent [1, 1, 1, 1, 1, 1, 1, 1, 2]");
  on_all_engines([&](Session& session) {
    std::optional<Family<Word>> escaped;
    const auto fine = iterate(
        2,
        [&](Family<Word> x) {
          escaped = x;
          return map<one_more>(x);
        },
        line);
    EXPECT_THROW(session.compute((*escaped)[1]), std::invalid_argument);
    EXPECT_EQ(session.compute(fine[1]), 3u);
  });
}

TEST(Loops, LongChainsAreFreedWithoutRecursion) {
  Delayed<Word> count = value(Word{0});
  Family<Word> line = family<value_at>(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto [next_line, next_count] = iterate(
        1,
        [](Family<Word> line, Delayed<Word> n) { return next(map<one_more>(line), delayed<one_more>(n)); },
        line, count);
    line = next_line;
    count = next_count;
  }
  SUCCEED();
}

/// Rank 0 plans a step once, and ranks hold no more for many than for few.
TEST(Loops, OfManyStepsTakeNoMoreRoomThanOfFew) {
  for (const bool may_end : {false, true}) {
    SteppedRanks stepped(2, 3);
    Session& session = stepped.session();
    const auto [line, count] = iterate(
        100'000,
        [&](Family<double> line, Delayed<Word> n) {
          const auto all = next(map<half>(line), delayed<one_more>(n));
          return may_end ? all.until(delayed<is_at_least>(n, Word{99'990})) : all;
        },
        family<number_at>(3), Word{0});
    session.persist(count);
    std::size_t most = 0;
    while (!session.ready(count)) {
      session.progress();
      for (int rank = 0; rank < 2; ++rank) most = std::max(most, stepped.rank(rank).executor().runs());
    }
    EXPECT_LE(most, 8u);
    EXPECT_EQ(session.compute(count), may_end ? 99'991u : 100'000u);
  }
}

}  // namespace
}  // namespace ramal::test
