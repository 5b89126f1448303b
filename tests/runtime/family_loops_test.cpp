// SPDX-License-Identifier: BSD-3-Clause
// Families judged by plain loops, which share nothing with the library: neither its patterns nor its serial
// engine.
#include "tests/support/one_process.hpp"
#include "tests/support/random_families.hpp"

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

Word seven_fails(long i) {
  if (i == 7) throw std::runtime_error("seven is out of order");
  return static_cast<Word>(i);
}
/// The same program on any number of ranks, and in one stack, against what plain loops say.
template <class Program, class Expected>
void expect_everywhere(const Program& program, const Expected& expected) {
  EXPECT_EQ(program(SerialRanks().session()), expected) << "serial";
  for (const int ranks : {1, 2, 3, 5}) {
    for (const std::int64_t members : {1, 3, 1 << 14}) {
      SteppedRanks stepped(ranks, static_cast<unsigned>(ranks));
      stepped.engine().set_front_members(members);
      EXPECT_EQ(program(stepped.session()), expected) << ranks << " ranks, " << members << " members a front";
    }
  }
}

Word ten_times(std::int64_t i, Word x) { return 10 * x + static_cast<Word>(i); }
Word one_at(std::int64_t) { return 1; }
/// Its first reads another family, the others itself: as many sources as parameters.
struct FirstFromOutside {
  void operator()(const Index& place, Reads& reads) const {
    if (place[0] == 0) {
      reads(0, place);
    } else {
      reads.self(Index(place[0] - 1));
    }
  }
};

TEST(Families, ItselfIsNotTheLastOfItsSources) {
  Words expected{10};
  for (Word i = 1; i < 12; ++i) expected.push_back(10 * expected.back() + i);
  expect_everywhere(
      [](Session& session) {
        return session.compute(family<ten_times>(12, FirstFromOutside{}, family<one_at>(12)));
      },
      expected);
}

/// One of 100000 reads an earlier one, where nobody looks beforehand.
struct HiddenSelf {
  void operator()(const Index& place, Reads& reads) const {
    if (place[0] == 31234) {
      reads.self(Index(0));
    } else {
      reads(0, place);
    }
  }
};

TEST(Families, OneThatIsNotKnownToReadItselfIsTold) {
  SteppedRanks stepped(2, 1);
  const auto ones = family<one_at>(100000);
  const auto hidden = family<ten_times>(100000, HiddenSelf{}, ones);
  try {
    stepped.session().compute(hidden[31234]);
    FAIL();
  } catch (const TaskError& error) {
    EXPECT_NE(error.details().message.find("say .with({.reads_itself = true})"), std::string::npos)
        << error.what();
  }
  const auto said = family<ten_times>.with({.reads_itself = true})(100000, HiddenSelf{}, ones);
  EXPECT_EQ(stepped.session().compute(said[31234]), 10u * 10 + 31234);
}

Word number_at(Index place) {
  Word number = 1;
  for (int d = 0; d < place.dims; ++d) number = 10 * number + static_cast<Word>(place[d]);
  return number;
}
Word sum_of(Inputs<Word> all) {
  Word sum = 0;
  for (const Word one : all) sum += one;
  return sum;
}
Word plus(Word a, Word b) { return a + b; }

/// Of all shapes with lengths of 1 beside others, each dimension reduced, then its neighbours read.
TEST(Families, NeighboursOfAReductionAreFoundWhateverLengthsAreOne) {
  const Index shapes[] = {Index(1, 4, 2),    Index(4, 1, 2),    Index(4, 2, 1),
                          Index(1, 1, 5),    Index(1, 5, 1),    Index(5, 1, 1),
                          Index(1, 3, 1, 4), Index(3, 1, 4, 1), Index(1, 1, 1)};
  for (const Index& shape : shapes) {
    for (int axis = 0; axis < shape.dims; ++axis) {
      Index left;  // without the axis
      left.dims = shape.dims - 1;
      for (int d = 0; d < left.dims; ++d) left[d] = shape[d < axis ? d : d + 1];
      Words rows(static_cast<std::size_t>(left.volume()), 0);
      for (std::int64_t k = 0; k < shape.volume(); ++k) {
        const Index place = shape.place_of(k);
        Index row;
        row.dims = left.dims;
        for (int d = 0; d < left.dims; ++d) row[d] = place[d < axis ? d : d + 1];
        rows[static_cast<std::size_t>(left.number_of(row))] += number_at(place);
      }
      for (int d = 0; d < left.dims; ++d) {
        Index offset;
        offset.dims = left.dims;
        offset[d] = 1;
        Words expected;
        for (std::int64_t k = 0; k < left.volume(); ++k) {
          Index next = left.place_of(k);
          ++next[d];
          expected.push_back(next[d] < left[d] ? rows[static_cast<std::size_t>(left.number_of(next))] : 0);
        }
        SCOPED_TRACE(shape.text() + " along " + std::to_string(axis) + ", neighbours along " +
                     std::to_string(d));
        expect_everywhere(
            [&](Session& session) {
              return session.compute(
                  stencil<sum_of>(reduce_along<plus>(family<number_at>(shape), axis), {offset}));
            },
            expected);
      }
    }
  }
}

TEST(Families, OffsetsMayLeadAnyNumberOfTimesRound) {
  const std::int64_t far = (std::int64_t{1} << 32) + 1;  // whose lower 32 bits are 1
  Words beyond, around, at_end;
  for (std::int64_t i = 0; i < 7; ++i) {
    beyond.push_back(0);
    around.push_back(number_at(Index((i + far) % 7)) + number_at(Index(((i - far) % 7 + 7) % 7)));
    at_end.push_back(number_at(Index(6)));
  }
  const auto line = family<number_at>(7);
  expect_everywhere([&](Session& s) { return s.compute(stencil<sum_of>(line, {{far}, {-far}})); }, beyond);
  expect_everywhere(
      [&](Session& s) {
        return s.compute(stencil<sum_of>(line, {{far}, {-far}}, Edge::periodic));
      },
      around);
  expect_everywhere([&](Session& s) { return s.compute(stencil<sum_of>(line, {{far}}, Edge::clamp)); },
                    at_end);
  EXPECT_THROW(stencil<sum_of>(line, {{std::int64_t{1} << 50}}), std::invalid_argument);
}

struct MemberBefore {
  void operator()(const Index& place, Reads& reads) const {
    if (place[0] > 0) reads.self(Index(place[0] - 1));
  }
};
Word one_more_than(Index, Inputs<Word> before) { return 1 + sum_of(before); }
bool never(Word) { return false; }

/// It is read whole in every step, though it has steps of its own.
TEST(Families, AFamilyWithStepsIsReadByALoop) {
  constexpr std::int64_t length = 5;
  Words expected;
  for (std::int64_t i = 0; i < length; ++i) expected.push_back(number_at(Index(i)) + 9 * static_cast<Word>(i + 1));
  for (const bool with_verdict : {false, true}) {
    expect_everywhere(
        [&](Session& session) {
          const auto other = family<one_more_than>.with({.reach = Index(1)})(length, MemberBefore{});
          return session.compute(iterate(
              9,
              [&](Family<Word> now) {
                const auto then = map<plus>(now, other);
                return with_verdict ? next(then).until(delayed<never>(then[0])) : next(then);
              },
              family<number_at>(length)));
        },
        expected);
  }
}

/// Counts how often it is encoded, once to be counted and once to be written.
struct Traveller {
  Word number = 0;
  static inline int times_encoded = 0;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    if (Archive::is_saving::value) ++times_encoded;
    archive& number;
  }
};
Traveller sets_out(long) { return {5}; }
Word joined_by(Word a, const Traveller& b) { return a + b.number; }

/// What all of 20 ranks read goes along a tree, ten of which pass it on: the others encode it for nobody.
TEST(Families, ARankThatPassesNothingOnEncodesNothing) {
  SteppedRanks stepped(20, 3);
  Traveller::times_encoded = 0;
  const auto all = map<joined_by>(family<one_at>(200), family<sets_out>(1));
  EXPECT_EQ(stepped.session().compute(reduce<plus>(all)), 200u * 6);
  EXPECT_LE(Traveller::times_encoded, 2 * 10);
  EXPECT_GT(Traveller::times_encoded, 0);
}

// --- whose failures are told ------------------------------------------------------------------------------

struct OwnPlace {
  void operator()(const Index& place, Reads& reads) const { reads(0, place); }
};
Word fails_at_three(long i) {
  if (i == 3) throw std::runtime_error("three is out of order");
  return static_cast<Word>(i);
}

/// One rule for compute, run and wait: what is asked for, and what that needs.
TEST(Families, AFailureThatNothingAskedForNeedsIsNobodys) {
  const auto ask = [](Session& session) {
    std::string said;
    const auto whole = family<seven_fails>(20);
    const auto first = family<ten_times>(5, OwnPlace{}, whole);
    const auto more = family<ten_times>(9, OwnPlace{}, whole);
    const auto kept = family<ten_times>(5, OwnPlace{}, whole);
    const auto kept_more = family<ten_times>(9, OwnPlace{}, whole);
    const auto loop = iterate<plus>(more, 3, {{0}, {0}}, Edge::open);
    const auto note = [&said](const auto& call) {
      try {
        call();
        said += ". ";
      } catch (const TaskError& error) {
        said += error.details().task + ' ';
      }
    };
    note([&] { session.compute(first); });
    note([&] { session.run(first); });
    note([&] { session.persist(kept), session.wait(kept); });
    note([&] { session.run(kept); });
    note([&] { session.compute(more); });
    note([&] { session.run(more); });
    note([&] { session.persist(kept_more), session.wait(kept_more); });
    note([&] { session.run(kept_more); });
    note([&] { session.cancel(kept_more); });  // too late, and harmless
    note([&] { session.run(loop); });
    std::vector<Delayed<Word>> handles;
    for (long i = 0; i < 5; ++i) handles.push_back(delayed<fails_at_three>(i));
    note([&] { session.run(as_family(handles)); });
    note([&] { session.wait(as_family(handles)); });
    note([&] { session.compute(as_family(handles)); });
    note([&] { session.run(map<placed>(as_family(handles))); });
    handles.erase(handles.begin() + 3);
    note([&] { session.wait(as_family(handles)); });
    return said;
  };
  const std::string seven = "seven_fails[7] ";
  const std::string three = "fails_at_three ";
  expect_everywhere(
      ask, ". . . . " + seven + seven + seven + seven + ". " + seven + three + three + three + three + ". ");
}

// --- cancelled --------------------------------------------------------------------------------------------

TEST(Families, WhatIsGivenUpIsLazyAgain) {
  for (const int ranks : {1, 3}) {
    SteppedRanks stepped(ranks, 4);
    stepped.engine().set_front_members(4);
    Session& session = stepped.session();
    const auto line = family<seed_at>(300);
    session.persist(line);
    const auto member = line[150];
    session.persist(member);  // lent by the family
    session.cancel(line);
    EXPECT_THROW(session.wait(line), CancelledError);
    EXPECT_EQ(session.compute(member), seed_at(150));
    EXPECT_EQ(session.compute(map<placed>(line)[7]), session.compute(map<placed>(family<seed_at>(300))[7]));
    session.persist(line);
    session.wait(line);
    EXPECT_EQ(session.compute(line[299]), seed_at(299));
  }
}

// --- memory ------------------------------------------------------------------------------------------------

using Numbers = Block<double>;
Numbers block_of_numbers(long i) { return Numbers::filled({10'000}, static_cast<double>(i)); }
double total_of(const Numbers& numbers) {
  double sum = 0;
  for (const double x : numbers) sum += x;
  return sum;
}
double sum_of_two(double a, double b) { return a + b; }

/// Blocks of 80 KB, 16 MB of them together, go through a family of handles as through the handles: few at a time,
/// and none is left.
TEST(Families, OfHandlesHoldNoMoreThanTheHandles) {
  constexpr std::uint64_t block_bytes = 80'000;
  double expected = 0;
  for (long i = 0; i < 200; ++i) expected += 10'000.0 * static_cast<double>(i);
  const auto most_held = [&](int ranks, bool through_family, bool asked_for_one) {
    ThreadedRanks threaded(ranks, 0, {}, 64, 10 * block_bytes);
    Session& session = threaded.session();
    std::vector<Delayed<Numbers>> blocks;
    for (long i = 0; i < 200; ++i)
      blocks.push_back(delayed<block_of_numbers>.annotate({.result_bytes = block_bytes})(i));
    const auto sum = through_family ? reduce<sum_of_two>(map<total_of>(as_family(blocks)))
                                    : reduce<sum_of_two>(map<total_of>(blocks));
    if (asked_for_one) {
      const auto [all, one] = session.compute(sum, delayed<total_of>(blocks[7]));
      EXPECT_EQ(all, expected);
      EXPECT_EQ(one, 70'000.0);
    } else {
      EXPECT_EQ(session.compute(sum), expected);
    }
    EXPECT_EQ(session.compute(delayed<total_of>(blocks[3])), 30'000.0) << "as lazy as before";
    blocks.clear();
    std::uint64_t most = 0, kept = 0;
    session.compute(value(1.0));
    for (const RankInfo& one : session.info()) {
      most = std::max(most, one.most_bytes_held);
      kept += one.values_kept;
    }
    EXPECT_LE(kept, 3U) << "but a constant, the sum, and the block that was read otherwise";
    return most;
  };
  for (const int ranks : {1, 2, 3}) {
    EXPECT_LE(most_held(ranks, false, false), 12 * block_bytes);
    EXPECT_LE(most_held(ranks, true, false), 20 * block_bytes) << ranks << " ranks";
    EXPECT_LE(most_held(ranks, true, true), 20 * block_bytes) << ranks << " ranks";
  }
}

/// Memory that tells how much of it there is, and ever was.
std::atomic<std::int64_t> bytes_alive{0};
std::atomic<std::int64_t> most_bytes_alive{0};
Numbers watched_block(long i) {
  constexpr std::int64_t count = 10'000;
  constexpr auto bytes = static_cast<std::int64_t>(count * sizeof(double));
  const std::int64_t now = bytes_alive += bytes;
  for (std::int64_t most = most_bytes_alive; now > most && !most_bytes_alive.compare_exchange_weak(most, now);) continue;
  auto* const memory = new double[count];
  std::fill_n(memory, count, static_cast<double>(i));
  return Numbers::wrap(memory, {count}, {}, std::shared_ptr<void>(memory, [](double* data) {
                         delete[] data;
                         bytes_alive -= bytes;
                       }));
}
double total_of_two(Inputs<Numbers> near) {
  double sum = 0;
  for (const Numbers& one : near) sum += total_of(one);
  return sum;
}

/// Members that state what they will make, or of which the first ones tell it, keep a rank within its bound.
TEST(Families, MembersKeepWithinTheBoundOnMemory) {
  constexpr std::uint64_t block_bytes = 80'000;
  constexpr std::int64_t count = 400;
  double expected = 0, expected_of_two = 0;
  for (long i = 0; i < count; ++i) {
    expected += 10'000.0 * static_cast<double>(i);
    expected_of_two += 10'000.0 * static_cast<double>(i + (i + 1 < count ? i + 1 : 0));
  }
  for (const int ranks : {1, 2, 3}) {
    for (const std::int64_t front_members : {8, 1000}) {
      for (const bool reads_two : {false, true}) {
        ThreadedRanks threaded(ranks, 0, {}, 64, 10 * block_bytes);
        threaded.engine().set_front_members(front_members);
        Session& session = threaded.session();
        most_bytes_alive = 0;
        const auto blocks = family<watched_block>(count).annotate({.result_bytes = block_bytes});
        const auto totals = reads_two ? stencil<total_of_two>(blocks, {{0}, {1}}) : map<total_of>(blocks);
        EXPECT_EQ(session.compute(reduce<sum_of_two>(totals)), reads_two ? expected_of_two : expected);
        EXPECT_LE(most_bytes_alive, static_cast<std::int64_t>(static_cast<std::size_t>(ranks) * 16 * block_bytes))
            << ranks << " ranks, " << front_members << " members a front, reads " << 1 + reads_two;
      }
    }
  }
  EXPECT_EQ(bytes_alive, 0);
}

// --- chains of families and handles ------------------------------------------------------------------------

Word remainder_of_seven(long i) { return static_cast<Word>(i % 7); }
Word mixed(Word a, Word b) { return (31 * a + b) % 1000003; }

/// Each turn's family reads the handle that is made of the last one's: made, run and freed without recursion,
/// in time that is linear in the turns.
TEST(Families, LongChainsOfFamiliesAndHandles) {
  const auto data = family<remainder_of_seven>(4);
  const auto chain = [&](int turns) {
    auto theta = delayed<mixed>(Word{1}, Word{2});
    for (int i = 0; i < turns; ++i) theta = delayed<mixed>(theta, reduce<plus>(map<mixed>(data, theta)));
    return theta;
  };
  Word theta = mixed(1, 2);
  constexpr int turns = 2000;
  for (int i = 0; i < turns; ++i) {
    Word sum = 0;
    for (long k = 0; k < 4; ++k) sum += mixed(remainder_of_seven(k), theta);
    theta = mixed(theta, sum);
  }
  chain(100000);
  EXPECT_EQ(SerialRanks().session().compute(chain(turns)), theta);
  SteppedRanks stepped(2, 3);
  EXPECT_EQ(stepped.session().compute(chain(turns)), theta);
}

}  // namespace
}  // namespace ramal::test
