// SPDX-License-Identifier: BSD-3-Clause
// Values in several pieces of memory, some of which they share: on ranks of one process, against plain calls.
#include "runtime/executor/kept_store.hpp"
#include "tests/support/one_process.hpp"
#include "tests/support/seeds.hpp"
#include "tests/support/sheet.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <random>

namespace ramal::test {
namespace {

unsigned char element(long salt, std::size_t i) {
  return static_cast<unsigned char>(salt * 37 + static_cast<long>(i) * 11);
}
Sheet::Bytes column(std::size_t size, long salt) {
  Sheet::Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = element(salt, i);
  return bytes;
}
constexpr std::size_t sizes[] = {0, 1, 63, 2048, 16, 9000};

Sheet started(long salt) {
  Sheet sheet("sheet " + std::to_string(salt));
  for (long i = 0; i < salt % 7; ++i) sheet = sheet.with_column(column(sizes[(salt + i) % 6], salt + i));
  return sheet;
}
Sheet widened(const Sheet& sheet, long salt) { return sheet.with_column(column(sizes[salt % 6], salt)); }
Sheet taken(Sheet sheet, long salt) { return widened(sheet, salt + 1); }
/// Every column of both, one after the other.
Sheet joined(const Sheet& a, const Sheet& b) {
  Sheet all = a;
  for (std::size_t i = 0; i < b.columns() && i < 20; ++i) {
    const auto bytes = b.column(i);
    all = all.with_column({bytes.begin(), bytes.end()});
  }
  return all;
}
long sum(const Sheet& sheet) {
  long total = static_cast<long>(sheet.name().size());
  for (std::size_t i = 0; i < sheet.columns(); ++i) {
    for (const unsigned char byte : sheet.column(i)) total = (total * 5 + byte) % 1000003;
  }
  return total;
}
Sheet refused(const Sheet& sheet) { throw std::runtime_error("no more of " + sheet.name()); }
Sheet neighbours(const Index&, Inputs<Sheet> read) {
  Sheet all = read[0];
  for (std::size_t i = 1; i < read.size(); ++i) all = joined(all, read[i]);
  return all;
}
/// A member reads its own place and those beside it.
struct Beside {
  void operator()(const Index& at, Reads& reads) const {
    for (std::int64_t i = std::max<std::int64_t>(at[0] - 1, 0); i < std::min(at[0] + 2, length); ++i)
      reads(0, Index(i));
  }
  std::int64_t length;
};

/// A graph of sheets on random ranks, and beside each handle what plain calls give.
struct RandomSheets {
  RandomSheets(Session& session, unsigned seed) : ranks(session.ranks()), random(seed) {
    for (long step = 0; step < 40; ++step) {
      grow(step);
      if (step % 13 == 5) session.persist(handles.back());
      if (step % 17 == 9) {
        EXPECT_EQ(session.compute(handles[step / 2]), expected[step / 2]) << "step " << step;
      }
    }
    for (std::size_t i = 0; i < handles.size(); ++i) {
      sums.push_back(delayed<sum>.annotate({.rank = any_rank()})(handles[i]));
      expected_sums.push_back(sum(expected[i]));
    }
    EXPECT_EQ(session.compute(sums), expected_sums) << "seed " << seed;
    EXPECT_EQ(session.compute(handles), expected) << "seed " << seed;
  }

 private:
  /// Or no certain one, so that others may take the task.
  int any_rank() { return static_cast<int>(random() % static_cast<unsigned>(ranks + 1)) - 1; }
  void add(Delayed<Sheet> handle, Sheet value) {
    handles.push_back(std::move(handle));
    expected.push_back(std::move(value));
  }
  void grow(long step) {
    const Annotation there{.rank = any_rank()};
    if (step < 3) return add(delayed<started>.annotate(there)(step + 4), started(step + 4));
    const std::size_t a = random() % handles.size(), b = random() % handles.size();
    switch (random() % 4) {
      case 0:
        return add(delayed<started>.annotate(there)(step), started(step));
      case 1:
        return add(delayed<taken>.annotate(there)(handles[a], step), taken(expected[a], step));
      case 2:
        return add(delayed<joined>.annotate(there)(handles[a], handles[b]), joined(expected[a], expected[b]));
      default:
        return add(delayed<widened>.annotate(there)(handles[a], step), widened(expected[a], step));
    }
  }

  const int ranks;
  std::minstd_rand random;
  std::vector<Delayed<Sheet>> handles;
  std::vector<Sheet> expected;
  std::vector<Delayed<long>> sums;
  std::vector<long> expected_sums;
};

class SheetsTest : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Ranks, SheetsTest, ::testing::Values(1, 2, 3, 4));

TEST_P(SheetsTest, RandomGraphsGiveWhatPlainCallsGive) {
  for (unsigned seed = 1; seed <= seeds(30); ++seed) {
    SteppedRanks ranks(GetParam(), seed);
    RandomSheets(ranks.session(), seed);
  }
}

TEST_P(SheetsTest, AlsoWithHardlyAnyMemoryAndWithTasksStolen) {
  std::uint64_t stolen = 0;
  for (unsigned seed = 1; seed <= seeds(15); ++seed) {
    SteppedRanks ranks(GetParam(), seed, 64, 500, StealMode::on);
    RandomSheets(ranks.session(), seed);
    for (const RankInfo& info : ranks.session().info()) stolen += info.tasks_stolen;
    ThreadedRanks threaded(GetParam(), seed % 3, seed, 64, 500, StealMode::on);
    RandomSheets(threaded.session(), seed);
  }
  EXPECT_EQ(stolen > 0, GetParam() > 1);
}

TEST_P(SheetsTest, EveryRankReadsOneSheet) {
  SteppedRanks ranks(GetParam(), 3);
  const Delayed<Sheet> made = delayed<started>.annotate({.rank = GetParam() - 1})(6L);
  ranks.session().persist(made);
  std::vector<Delayed<Sheet>> read;
  for (int rank = 0; rank < GetParam(); ++rank)
    read.push_back(delayed<widened>.annotate({.rank = rank})(made, 3L));
  for (const Sheet& one : ranks.session().compute(read)) EXPECT_EQ(one, widened(started(6), 3));
  const Sheet fetched = ranks.session().compute(made);
  EXPECT_EQ(fetched, started(6));
  EXPECT_EQ(fetched.is_slab(), GetParam() > 1) << "it comes as one piece, if it comes";
}

/// All of a sheet counts, though others have some of its memory too.
TEST(Sheets, KeptBytesAreThoseOfAllPieces) {
  MemoryBound memory(1 << 20);
  KeptStore store(memory);
  store.keep(1, Value::make<Sheet>(started(6)));
  const std::uint64_t padded = 64 + 64 + 2048 + 64 + 9024;  // behind an empty column
  EXPECT_EQ(store.bytes(), padded);
  store.keep(2, Value::make<Sheet>(widened(store.find(1).get<Sheet>(), 3)));
  EXPECT_EQ(store.bytes(), padded + padded + 2048);
  EXPECT_EQ(store.release(1), padded);
}

TEST_P(SheetsTest, AFailureStandsInTheirPlace) {
  SteppedRanks ranks(GetParam(), 5);
  const auto made = delayed<started>.annotate({.rank = GetParam() - 1})(6L);
  const auto failed = delayed<refused>.annotate({.rank = GetParam() / 2})(made);
  try {
    ranks.session().compute(delayed<joined>.annotate({.rank = 0})(made, failed));
    FAIL() << "no error was reported";
  } catch (const TaskError& error) {
    EXPECT_EQ(error.details().message, "no more of sheet 6");
  }
  EXPECT_EQ(ranks.session().compute(delayed<sum>(made)), sum(started(6)));
}

/// As members of families that read neighbours, and one that all read.
TEST(Sheets, GoFromMemberToMember) {
  constexpr std::int64_t n = 12;
  std::vector<Sheet> line, expected;
  for (long i = 0; i < n; ++i) line.push_back(started(i));
  for (std::size_t i = 0; i < n; ++i) {
    Sheet all = line[i == 0 ? 0 : i - 1];
    for (std::size_t k = i == 0 ? 1 : i; k < std::min<std::size_t>(i + 2, n); ++k) all = joined(all, line[k]);
    expected.push_back(joined(all, line[6]));
  }
  on_all_engines([&](Session& session) {
    const auto members = family<started>(n);
    const auto beside = family<neighbours>(n, Beside{n}, members);
    EXPECT_EQ(session.compute(map<joined>(beside, members[6])), expected);
  });
}

}  // namespace
}  // namespace ramal::test
