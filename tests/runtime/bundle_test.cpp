// SPDX-License-Identifier: BSD-3-Clause
// Along the tree of ranks: subgraphs from rank 0, results to it, and what must not overtake them.
#include "runtime/transport/bundle.hpp"
#include "tests/support/one_process.hpp"
#include "tests/support/seeds.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

long twice(long x) { return 2 * x; }
long add(long x, long y) { return x + y; }
std::string text(long x) { return std::string(static_cast<std::size_t>(x), 'x'); }
std::uint64_t length(const std::string& one) { return one.size(); }

std::vector<long> upto(long n) {
  std::vector<long> all;
  for (long i = 0; i < n; ++i) all.push_back(i);
  return all;
}
std::uint64_t sent_by_first(SteppedRanks& ranks) { return ranks.rank(0).transport().counts().messages; }

TEST(Bundle, TheTreeReachesEveryRankInFewSteps) {
  for (std::uint32_t to = 1; to < 5000; ++to) {
    unsigned steps = 0;
    std::uint32_t at = 0;
    for (; at != to; ++steps) {
      const std::uint32_t child = tree_child(at, to);
      ASSERT_EQ(tree_parent(child), at) << "on the way to " << to;
      at = child;
    }
    ASSERT_LE(steps, 13u);
  }
}

TEST(Bundle, ASubtreeIsAllThatComesByItsRank) {
  for (const std::uint32_t ranks : {1u, 2u, 7u, 16u, 21u}) {
    for (std::uint32_t own = 0; own < ranks; ++own) {
      for (std::uint32_t to = 0; to < ranks; ++to) {
        bool comes_by = own == 0;
        for (std::uint32_t at = to; at != 0; at = tree_parent(at)) comes_by |= at == own;
        ASSERT_EQ(comes_by, to >= own && to < tree_end(own, ranks)) << own << ' ' << to << ' ' << ranks;
      }
    }
  }
}

/// They end all ranks with a message; where they are read at all, beyond their end.
TEST(Bundle, MessagesThatARankCannotGetEndIt) {
  const Images images = Images::loaded();
  for (const MessageType type : {MessageType::ready, MessageType::report, MessageType::learnt,
                                 MessageType::starved, MessageType::answer, MessageType::settle,
                                 MessageType::member, MessageType::store, MessageType::progress}) {
    Network network(3);
    Rank rank(network.connect(1), images, 0, nullptr, about(1));
    const auto other = network.connect(2);
    const bool is_short =
        type == MessageType::member || type == MessageType::store || type == MessageType::progress;
    const std::size_t bytes = type == MessageType::settle ? 0 : is_short ? 3 : 48;
    std::memset(other->write(1, {.type = type, .run = 5, .bytes = bytes}), 0, bytes);
    other->flush();
    EXPECT_EXIT(rank.progress(), ::testing::ExitedWithCode(70), "internal error") << static_cast<int>(type);
  }
}

TEST(Bundle, AnEntryOfAnyLengthIsRefused) {
  for (const std::uint64_t bytes :
       {~std::uint64_t{0}, ~std::uint64_t{0} - 24, std::uint64_t{1} << 63, std::uint64_t{17}}) {
    const BundleEntry entries[]{{.to = 1, .after = 0, .relays = 0, .unused = 0, .bytes = bytes}, {}};
    std::size_t at = 0;
    EXPECT_THROW(next_entry(std::as_bytes(std::span(entries)).first(sizeof entries[0] + 16), at), DecodeError)
        << bytes;
  }
}

TEST(Bundle, ABrokenOneIsRefused) {
  const BundleEntry entry{.to = 1, .after = 0, .relays = 0, .unused = 0, .bytes = 8};
  std::size_t at = 0;
  EXPECT_THROW(next_entry(std::as_bytes(std::span(&entry, 1)), at), DecodeError);
  EXPECT_THROW(next_entry(std::as_bytes(std::span(&entry, 1)).first(10), at), DecodeError);
}

TEST(Bundle, RankZeroSendsAFewMessages) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SteppedRanks ranks(64, seed);
    const auto xs = map<twice>(upto(640));
    const auto before = sent_by_first(ranks);
    EXPECT_EQ(ranks.session().compute(reduce<add>(xs)), 640 * 639);
    EXPECT_LE(sent_by_first(ranks) - before, 8u) << "more than one to each of 6 children and a value";
  }
}

TEST(Bundle, ResultsComeAlongTheTree) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SteppedRanks ranks(50, seed);  // small messages of 64 bytes: the longer texts come directly
    const auto values = ranks.session().compute(map<text>(upto(150)));
    for (long i = 0; i < 150; ++i) ASSERT_EQ(values[static_cast<std::size_t>(i)], text(i));
  }
}

TEST(Bundle, FewRanksAreSentToDirectly) {
  SteppedRanks ranks(64, 1);
  const auto before = sent_by_first(ranks);
  EXPECT_EQ(ranks.session().compute(reduce<add>(map<twice>(upto(10)))), 90);
  EXPECT_GT(sent_by_first(ranks) - before, 6u);
}

/// Releases and the next run's subgraphs go directly, before or after the bundle has come.
TEST(Bundle, NothingOvertakesTheSubgraphItDependsOn) {
  for (unsigned seed = 1; seed <= seeds(200); ++seed) {
    SteppedRanks ranks(40, seed);
    Session& session = ranks.session();
    std::vector<long> dropped = upto(200);
    {
      const auto xs = map<twice>(dropped);
      session.persist(xs);
      const auto ys = map<twice>(xs);
      session.persist(ys);  // imports on every rank what the bundle is to make
      ASSERT_EQ(session.compute(reduce<add>(ys)), 2 * 200 * 199);
      session.persist(map<twice>(upto(400)));  // given up at once
    }
    session.compute(delayed<twice>(1));  // sends the releases
    std::size_t kept = 1;
    for (int tries = 0; kept > 0 && tries < 100000; ++tries) {
      session.progress();
      kept = 0;
      for (int rank = 0; rank < 40; ++rank)
        kept += ranks.rank(rank).executor().values_kept() + ranks.rank(rank).executor().runs();
    }
    ASSERT_EQ(kept, 0u) << "seed " << seed;
  }
}

/// Ranks that are not children of rank 0 take in what it has sent them directly, while the bundle is still on
/// its way.
void let_direct_messages_overtake(SteppedRanks& ranks, int count) {
  for (int rank = 1; rank < count; ++rank) {
    if (std::has_single_bit(static_cast<unsigned>(rank))) continue;
    for (int i = 0; i < 5; ++i) ranks.rank(rank).progress();
  }
}

std::vector<long> noted_calls;
long noted(long x) { return noted_calls.push_back(x), x; }

TEST(Bundle, ACancelThatOvertakesItStillCounts) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SteppedRanks ranks(33, seed);
    Session& session = ranks.session();
    ranks.held = true;
    const auto xs = map<noted>(upto(330));
    noted_calls.clear();
    session.persist(xs);
    session.cancel(xs);
    let_direct_messages_overtake(ranks, 33);
    ranks.held = false;
    EXPECT_THROW(session.wait(xs.back()), CancelledError) << "seed " << seed;
    EXPECT_EQ(session.compute(reduce<add>(map<twice>(upto(100)))), 9900);
    for (const long i : noted_calls) {
      const auto rank = static_cast<unsigned>(i / 10);  // sources lie in blocks
      EXPECT_TRUE(rank == 0 || std::has_single_bit(rank)) << "seed " << seed << ", rank " << rank;
    }
  }
}

long count(Communicator&, Inputs<long> mine) { return static_cast<long>(mine.size()); }

/// Turns of collective tasks go by run: the ranks would wait for each other for ever.
TEST(Bundle, ALaterRunDoesNotOvertakeIt) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SteppedRanks ranks(33, seed);
    Session& session = ranks.session();
    ranks.held = true;
    const auto first = collective<count>(map<twice>(upto(330)));
    session.persist(first);
    const auto second = collective<count>(map<twice>(upto(330)));
    session.persist(second);
    let_direct_messages_overtake(ranks, 33);
    ranks.held = false;
    ASSERT_TRUE(session.wait_for(second, std::chrono::seconds(20))) << "seed " << seed;
    EXPECT_TRUE(session.ready(first));
  }
}

TEST(Bundle, AnEndRightBehindItLosesNothing) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    ThreadedRanks ranks(24, seed % 3, seed);
    const auto xs = map<twice>(upto(240));
    ranks.session().persist(xs);  // the program ends while it is on its way
  }
}

/// A larger subgraph goes directly, also to a rank that passes others' on.
TEST(Bundle, LargeSubgraphsGoDirectly) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SteppedRanks ranks(32, seed);
    std::vector<Delayed<std::uint64_t>> lengths;
    for (long i = 0; i < 96; ++i)
      lengths.push_back(delayed<length>(std::string(i % 24 == 20 ? 9000 : 10, 'y')));
    std::uint64_t sum = 0;
    for (const auto one : ranks.session().compute(lengths)) sum += one;
    EXPECT_EQ(sum, 4u * 9000 + 92 * 10);
  }
}

}  // namespace
}  // namespace ramal::test
