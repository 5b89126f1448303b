// SPDX-License-Identifier: BSD-3-Clause
// What needs real MPI processes. Run as `mpirun -n N mpi_program CHECK`; ends with "ok" and status 0.
#include "runtime/machine/free_memory.hpp"
#include "runtime/session/serial.hpp"
#include "tests/support/random_families.hpp"
#include "tests/support/random_program.hpp"
#include "tests/support/sheet.hpp"

#include <ramal/mpi.hpp>
#include <ramal/ramal.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <numeric>
#include <random>
#include <thread>

using namespace ramal;

namespace {

[[noreturn]] void fail(const std::string& text) { throw std::runtime_error(text); }
template <class T>
void expect_equal(const T& found, const T& expected, const std::string& what) {
  if (!(found == expected)) fail(what + ": found another value than expected");
}

void families(Session& session) {
  for (unsigned seed = 1; seed <= 25; ++seed) {
    detail::SerialEngine engine;
    Session serial(engine);
    const bool equal = test::RandomFamilies(seed).run(session) == test::RandomFamilies(seed).run(serial);
    expect_equal(equal, true, "families of seed " + std::to_string(seed));
  }
}

void random_programs(Session& session) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    const test::RandomProgramOptions options{
        .steps = 80, .errors = seed % 3 == 0, .longest_vector = seed % 4 == 0 ? 3000 : 50};
    detail::SerialEngine engine;
    Session serial(engine);
    const auto expected = test::random_program(serial, seed, options);
    expect_equal(test::random_program(session, seed, options), expected, "seed " + std::to_string(seed));
  }
}

std::vector<long> numbered(long n, long first) {
  std::vector<long> values(static_cast<std::size_t>(n));
  for (auto& value : values) value = first++;
  return values;
}
std::vector<long> doubled(std::vector<long> values) {
  for (auto& value : values) value *= 2;
  return values;
}
std::string text_of(long n) { return std::string(static_cast<std::size_t>(n), 'x') + std::to_string(n); }
std::string joined(const std::string& a, const std::string& b) { return a + b; }
std::pair<long, std::vector<long>> paired(long n) { return {n, numbered(n, 0)}; }

Block<long> tile(long n, long from) {
  Block<long> block({static_cast<std::uint64_t>(n), 3}, {static_cast<std::uint64_t>(from), 7});
  std::iota(block.begin(), block.end(), from);
  return block;
}
Block<long> turned(Block<long> block) {
  std::reverse(block.begin(), block.end());
  return block;
}
/// Columns of n bytes, of a few, and of none.
test::Sheet sheet(long n, long from) {
  test::Sheet made("of rank " + std::to_string(from));
  for (const long size : {n, 0L, 1L, 63L, n / 3}) {
    test::Sheet::Bytes bytes(static_cast<std::size_t>(size));
    std::iota(bytes.begin(), bytes.end(), static_cast<unsigned char>(from + size));
    made = made.with_column(std::move(bytes));
  }
  return made;
}
test::Sheet wider(const test::Sheet& sheet, long rank) {
  return sheet.with_column(test::Sheet::Bytes(2048, static_cast<unsigned char>(rank)));
}
/// Values in several pieces of memory, of which those that different ranks make of one have some in common.
void sheets(Session& session, long n) {
  const int ranks = session.ranks();
  std::vector<Delayed<test::Sheet>> all;
  for (int rank = 0; rank < ranks; ++rank) {
    const auto made = delayed<sheet>.annotate({.rank = rank})(n, rank);
    for (int other = 0; other < ranks; ++other) {
      const auto one = delayed<wider>.annotate({.rank = other})(made, other);
      all.push_back(delayed<wider>.annotate({.rank = ranks - 1 - other})(one, rank));
    }
  }
  if (n % 2 == 0) session.persist(all);
  const auto found = session.compute(all);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const long rank = static_cast<long>(i) / ranks, other = static_cast<long>(i) % ranks;
    if (!(found[i] == wider(wider(sheet(n, rank), other), rank)))
      fail("a sheet of size " + std::to_string(n) + " has changed on its way");
  }
}
/// Results of all sizes, around every limit, from every rank to every other, many at once.
void sizes(Session& session) {
  const int ranks = session.ranks();
  sheets(session, 1'000'003);  // in messages that each lie within one span, or in two
  for (const long n : {0L, 1L, 127L, 128L, 129L, 512L, 513L, 4096L, 100000L}) {
    std::vector<Delayed<std::vector<long>>> far;
    std::vector<Delayed<std::string>> texts;
    for (int rank = 0; rank < ranks; ++rank) {
      auto made = delayed<numbered>.annotate({.rank = rank})(n, rank);
      auto text = delayed<text_of>.annotate({.rank = rank})(n);
      for (int other = 0; other < ranks; ++other) {
        far.push_back(delayed<doubled>.annotate({.rank = other})(made));
        texts.push_back(delayed<joined>.annotate({.rank = other})(text, text));
      }
    }
    const auto [vectors, strings] = session.compute(std::tuple(far, texts));
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      expect_equal(vectors[i], doubled(numbered(n, static_cast<long>(i) / ranks)),
                   "numbers of size " + std::to_string(n));
      expect_equal(strings[i], text_of(n) + text_of(n), "text of size " + std::to_string(n));
    }
    std::vector<Delayed<Block<long>>> blocks;
    for (int rank = 0; rank < ranks; ++rank) {
      const auto made = delayed<tile>.annotate({.rank = rank})(n, rank);
      for (int other = 0; other < ranks; ++other)
        blocks.push_back(delayed<turned>.annotate({.rank = other})(made));
    }
    const auto tiles = session.compute(blocks);
    for (std::size_t i = 0; i < tiles.size(); ++i) {
      if (tiles[i] != turned(tile(n, static_cast<long>(i) / ranks)))
        throw std::runtime_error("a block of size " + std::to_string(n) + " has changed on its way");
    }
    sheets(session, n);
    const auto pair = session.compute(delayed<paired>.annotate({.rank = ranks - 1})(n));
    expect_equal(pair.second, numbered(n, 0), "a pair with a vector");
  }
}

/// A plain MPI call inside a task.
long reduce_by_mpi(Communicator& communicator, Inputs<Block<long>> mine, long factor) {
  long sum = 0;
  for (const Block<long>& block : mine) sum = std::accumulate(block.begin(), block.end(), sum);
  long all = 0;
  MPI_Allreduce(&sum, &all, 1, MPI_LONG, MPI_SUM, mpi_communicator(communicator));
  return factor * all;
}
long one_rank_fails(Communicator& communicator, Inputs<Block<long>>, long which) {
  communicator.agree([&] {
    if (communicator.rank() == which) throw std::runtime_error("on purpose");
  });
  return reduce_by_mpi(communicator, Inputs<Block<long>>(), 1);
}
int session_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}
/// Which ranks of the session a communicator has, in its order.
std::vector<int> ranks_of(Communicator& communicator, Inputs<Block<long>>) {
  std::vector<int> ranks(static_cast<std::size_t>(communicator.size()));
  const int own = session_rank();
  MPI_Allgather(&own, 1, MPI_INT, ranks.data(), 1, MPI_INT, mpi_communicator(communicator));
  return ranks;
}
/// Each block, and what stands first in those before and after it: what its rank does not have, it is sent.
std::vector<Block<long>> with_neighbours(Communicator& communicator, Inputs<Block<long>> mine) {
  const int size = communicator.size();
  const int next = (communicator.rank() + 1) % size;
  const int before = (communicator.rank() + size - 1) % size;
  std::vector<Block<long>> results;
  const long count = static_cast<long>(mine.size());
  long most = 0;
  MPI_Allreduce(&count, &most, 1, MPI_LONG, MPI_MAX, mpi_communicator(communicator));
  for (long k = 0; k < most; ++k) {
    const long own = k < count ? *mine[static_cast<std::size_t>(k)].begin() : -1;
    long from_before = 0;
    MPI_Sendrecv(&own, 1, MPI_LONG, next, 0, &from_before, 1, MPI_LONG, before, 0,
                 mpi_communicator(communicator), MPI_STATUS_IGNORE);
    if (k >= count) continue;
    results.push_back(mine[static_cast<std::size_t>(k)]);
    results.back()(0, 2) = from_before;
  }
  return results;
}
/// Waits for a message that the other half sends from inside of its own call.
long across(Communicator& communicator, Inputs<Block<long>>, long other) {
  const long own = session_rank();
  long theirs = -1;
  if (communicator.rank() == 0) {
    MPI_Sendrecv(&own, 1, MPI_LONG, static_cast<int>(other), 7, &theirs, 1, MPI_LONG, static_cast<int>(other),
                 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  }
  MPI_Bcast(&theirs, 1, MPI_LONG, 0, mpi_communicator(communicator));
  return theirs;
}
std::vector<int> some_ranks(int ranks, unsigned seed) {
  std::minstd_rand random(seed);
  std::vector<int> some(static_cast<std::size_t>(ranks));
  std::iota(some.begin(), some.end(), 0);
  std::shuffle(some.begin(), some.end(), random);
  some.resize(1 + random() % some.size());
  return some;
}
void collectives_on_some_ranks(Session& session, const std::vector<Delayed<Block<long>>>& blocks, long sum) {
  std::vector<Delayed<std::vector<int>>> found;
  std::vector<Delayed<long>> sums;
  for (unsigned seed = 0; seed < 40; ++seed) {
    const auto on = some_ranks(session.ranks(), seed % 25);
    found.push_back(collective<ranks_of>.on(on)(blocks));
    sums.push_back(collective<reduce_by_mpi>.on(on)(blocks, seed));
  }
  const auto [lists, each] = session.compute(std::tuple(found, sums));
  for (unsigned seed = 0; seed < 40; ++seed) {
    expect_equal(lists[seed], some_ranks(session.ranks(), seed % 25), "the ranks of a communicator");
    expect_equal(each[seed], seed * sum, "a sum by MPI on some ranks");
  }
  if (session.ranks() == 1) return;
  std::vector<int> low, high;
  for (int rank = 0; rank < session.ranks(); ++rank)
    (rank < session.ranks() / 2 ? low : high).push_back(rank);
  const std::vector<Delayed<Block<long>>> none;
  for (int tries = 0; tries < 50; ++tries) {
    const auto one = collective<across>.on(low)(none, high.front());
    const auto other = collective<across>.on(high)(none, low.front());
    if (tries % 2 == 0) session.persist(other);
    expect_equal(session.compute(std::pair(one, other)), std::pair(long{high.front()}, long{low.front()}),
                 "what the other half sent");
  }
}
/// Results that stay where they are, and go on.
void collective_maps(Session& session, const std::vector<Delayed<Block<long>>>& blocks) {
  auto turned_blocks = collective_map<with_neighbours>(blocks);
  for (unsigned seed = 0; seed < 5; ++seed)
    turned_blocks =
        map<turned>(collective_map<with_neighbours>.on(some_ranks(session.ranks(), seed))(turned_blocks));
  const auto found = session.compute(turned_blocks);
  for (std::size_t k = 0; k < found.size(); ++k) {
    const auto first = static_cast<std::uint64_t>(k);
    expect_equal(found[k].offset() == Extents{first, 7}, true, "the offset of a block");
  }
}
/// Messages that use up what credit there is, to and from members that are about to enter.
void collectives_in_a_flood(Session& session, const std::vector<Delayed<Block<long>>>& blocks, long sum) {
  std::vector<Delayed<Block<long>>> moved;
  std::vector<Delayed<long>> sums;
  for (int i = 0; i < 400; ++i) {
    const int from = i % session.ranks();
    const auto made = delayed<tile>.annotate({.rank = from})(10, i);
    for (int to = 0; to < session.ranks(); ++to)
      moved.push_back(delayed<turned>.annotate({.rank = to})(made));
    if (i % 4 == 0)
      sums.push_back(
          collective<reduce_by_mpi>.on(some_ranks(session.ranks(), static_cast<unsigned>(i)))(blocks, 1));
  }
  session.persist(moved);
  for (const long found : session.compute(sums)) expect_equal(found, sum, "a sum in a flood");
}
/// Collective tasks before, between and after others.
void collectives(Session& session) {
  std::vector<Delayed<Block<long>>> blocks;
  long expected = 0;
  for (long i = 0; i < 40; ++i) {
    blocks.push_back(delayed<turned>(delayed<tile>(50, i)));
    const auto block = tile(50, i);
    expected += std::accumulate(block.begin(), block.end(), 0L);
  }
  std::vector<Delayed<long>> sums;
  for (long i = 0; i < 30; ++i) sums.push_back(collective<reduce_by_mpi>(blocks, i));
  const auto total = collective<reduce_by_mpi>(blocks, sums.back());
  const auto [each, last] = session.compute(std::tuple(sums, total));
  for (long i = 0; i < 30; ++i) expect_equal(each[static_cast<std::size_t>(i)], i * expected, "a sum by MPI");
  expect_equal(last, 29 * expected * expected, "a sum scaled by a sum");
  for (long which = 0; which < session.ranks(); ++which) {
    try {
      session.compute(collective<one_rank_fails>(blocks, which));
      fail("a collective task that throws on one rank did not fail");
    } catch (const TaskError&) {
    }
  }
  expect_equal(session.compute(collective<reduce_by_mpi>(blocks, 1)), expected, "after failures");
  collectives_on_some_ranks(session, blocks, expected);
  collective_maps(session, blocks);
  collectives_in_a_flood(session, blocks, expected);
}

long pass(long x) { return x + 1; }
long pass_slowly(long x) {
  std::this_thread::sleep_for(std::chrono::microseconds(x % 97 == 0 ? 300 : 0));
  return x + 1;
}
constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
Block<long> large_block(long x) { return Block<long>::filled({mebibyte / sizeof(long)}, x); }
long use_slowly(const Block<long>& block) {
  std::this_thread::sleep_for(std::chrono::microseconds(500));
  return block.data()[block.size() - 1];
}
/// Many large results from a fast rank to a slow one: what both hold stays bounded. RAMAL_MEMORY_BYTES=16M.
void slow_rank(Session& session) {
  const int last = session.ranks() - 1;
  const auto use = delayed<use_slowly>.annotate({.rank = last});
  for (const std::uint64_t stated : {std::uint64_t{0}, mebibyte}) {
    const auto make = delayed<large_block>.annotate({.rank = 0, .result_bytes = stated});
    std::vector<Delayed<long>> used;
    for (long i = 0; i < 400; ++i) used.push_back(use(make(i)));
    const auto values = session.compute(used);
    for (long i = 0; i < 400; ++i)
      expect_equal(values[static_cast<std::size_t>(i)], i, "a value used slowly");
    const auto info = session.info();
    const auto most = [&](int rank) {
      return info[static_cast<std::size_t>(rank)].most_bytes_held / mebibyte;
    };
    std::printf("%d bytes stated: at most %d MiB held by the fast rank, %d MiB by the slow one\n",
                static_cast<int>(stated), static_cast<int>(most(0)), static_cast<int>(most(last)));
    const std::uint64_t workers = static_cast<std::uint64_t>(info[0].threads);
    if (most(0) > 20 || most(last) > 8 + workers + 1) fail("a rank held more than its bound");
  }
}

/// Many small messages from a fast rank to a slow one: credits hold them back, and none is lost.
void flood(Session& session) {
  const int last = session.ranks() - 1;
  const auto send = delayed<pass>.annotate({.rank = 0});
  const auto take = delayed<pass_slowly>.annotate({.rank = last});
  std::vector<Delayed<long>> taken;
  for (long i = 0; i < 60000; ++i) taken.push_back(take(send(i)));
  const auto values = session.compute(taken);
  for (long i = 0; i < 60000; ++i)
    expect_equal(values[static_cast<std::size_t>(i)], i + 2, "a flooded value");
}

double third(long x) { return 1.0 / (3.0 + static_cast<double>(x)); }
double plus(double a, double b) { return a + b; }
/// The same bits at any rank and thread count; the expectation is an independent loop.
void reductions(Session& session) {
  std::vector<long> lengths{127, 128, 129};
  for (long n = 1; n <= 33; ++n) lengths.push_back(n);
  for (const long n : lengths) {
    std::vector<Delayed<double>> leaves;
    std::vector<double> level;
    for (long i = 0; i < n; ++i) {
      leaves.push_back(delayed<third>(i));
      level.push_back(third(i));
    }
    while (level.size() > 1) {
      std::vector<double> next;
      for (std::size_t i = 0; i + 1 < level.size(); i += 2) next.push_back(level[i] + level[i + 1]);
      if (level.size() % 2 == 1) next.push_back(level.back());
      level = next;
    }
    expect_equal(session.compute(reduce<plus>(leaves)), level[0], "a sum of " + std::to_string(n));
  }
}

long throws(long x) { throw std::runtime_error("bad " + std::to_string(x)); }
void errors(Session& session) {
  for (int rank = 0; rank < session.ranks(); ++rank) {
    auto good = delayed<pass>(1);
    session.persist(good);
    try {
      session.compute(delayed<pass>(delayed<throws>.annotate({.rank = rank})(rank)));
      fail("no error was reported");
    } catch (const TaskError& error) {
      expect_equal(error.details().rank, rank, "the error's rank");
      expect_equal(error.details().message, "bad " + std::to_string(rank), "the error's text");
    }
    expect_equal(session.compute(good), 2L, "what does not depend on it");
  }
}

std::atomic<long> sleep_long_calls{0};
long calls_of_sleep_long() { return sleep_long_calls; }
long sleep_long(long x) {
  ++sleep_long_calls;
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return x;
}
void futures(Session& session) {
  std::vector<Delayed<long>> all;
  for (long i = 0; i < 200; ++i) all.push_back(delayed<sleep_long>(i));
  session.persist(all);
  long sum = 0;
  for (auto [index, done] : session.as_completed(all)) sum += session.compute(done);
  expect_equal(sum, 199L * 200 / 2, "the sum of what completed");
  std::vector<Delayed<long>> more;
  for (long i = 0; i < 2000; ++i) more.push_back(delayed<sleep_long>(i));
  session.persist(more);
  session.cancel(more);
  int cancelled = 0;
  for (const auto& one : more) {
    try {
      session.wait(one);
    } catch (const CancelledError&) {
      ++cancelled;
    }
  }
  if (cancelled < 500) fail("only " + std::to_string(cancelled) + " of 2000 results were cancelled");
  expect_equal(session.compute(more.back()), 1999L, "what was cancelled, made anew");
  long calls = 0;
  for (const long of_rank : session.on_every_rank<calls_of_sleep_long>()) calls += of_rank;
  if (calls > 200 + 1500) fail(std::to_string(calls - 200) + " of 2000 cancelled tasks were called");
  more.clear();
  all.clear();
  session.compute(delayed<pass>(1));
  std::uint64_t kept = 0;
  for (const RankInfo& one : session.info()) kept += one.values_kept;
  if (kept > 0) fail(std::to_string(kept) + " values are still kept after their last handle is gone");
}

std::vector<char> some_kilobytes(long i) { return std::vector<char>(100'000, static_cast<char>(i)); }
long resident() { return static_cast<long>(detail::resident_bytes()); }
/// What is let go of goes back to the system, though what is still kept lies between.
void memory(Session& session) {
  const auto on_all = [&] { return session.on_every_rank<resident>(); };
  std::vector<Delayed<std::vector<char>>> all;
  for (long i = 0; i < 1600 * session.ranks(); ++i) all.push_back(delayed<some_kilobytes>(i));
  session.persist(all);
  session.wait(all);
  const std::vector<long> full = on_all();
  std::vector<Delayed<std::vector<char>>> kept;
  for (std::size_t i = 0; i < all.size(); i += 40) kept.push_back(all[i]);
  all.clear();
  bool is_back = false;
  for (int tries = 0; tries < 20 && !is_back; ++tries) {
    for (int i = 0; i < 15; ++i) {  // a rank is to be idle for a while
      session.progress();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    const std::vector<long> now = on_all();
    is_back = true;
    for (std::size_t rank = 0; rank < now.size(); ++rank) is_back &= now[rank] < full[rank] - 100'000'000;
  }
  expect_equal(is_back, true, "memory given back");
  expect_equal(session.compute(kept.back()).size(), std::size_t{100'000}, "what is kept");
}

/// Chain, tree and stencil of a size that shows recursion, or anything not linear.
long one() { return 1; }
long mix(long a, long b, long c) { return test::scramble(a ^ b, c); }
void large(Session& session) {
  const char* size = std::getenv("LARGE_TASKS");
  const long n = size != nullptr ? std::atol(size) : 200000;
  auto chain = delayed<one>();
  for (long i = 1; i < n; ++i) chain = delayed<pass>(chain);
  expect_equal(session.compute(chain), n, "the end of a chain");
  chain = delayed<one>();
  {
    std::vector<Delayed<double>> leaves;
    for (long i = 0; i < n / 2; ++i) leaves.push_back(delayed<third>(0));
    const double sum = session.compute(reduce<plus>(leaves));
    if (std::abs(sum - static_cast<double>(n / 2) / 3) > 1e-6 * static_cast<double>(n))
      fail("the sum of a tree");
  }
  constexpr std::size_t width = 1000;
  std::vector<long> expected(width, 1);
  std::vector<Delayed<long>> row(width, delayed<one>());
  for (auto& cell : row) cell = delayed<one>();
  for (long step = 1; step < n / static_cast<long>(width); ++step) {
    const auto before = row;
    const auto values = expected;
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t left = i == 0 ? 0 : i - 1;
      const std::size_t right = std::min(i + 1, width - 1);
      row[i] = delayed<mix>(before[left], before[i], before[right]);
      expected[i] = mix(values[left], values[i], values[right]);
    }
  }
  expect_equal(session.compute(row), expected, "the last row of a stencil");
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, void (*)(Session&)> checks{{"random", random_programs},
                                                         {"families", families},
                                                         {"sizes", sizes},
                                                         {"flood", flood},
                                                         {"reductions", reductions},
                                                         {"errors", errors},
                                                         {"futures", futures},
                                                         {"collectives", collectives},
                                                         {"large", large},
                                                         {"slow_rank", slow_rank},
                                                         {"memory", memory}};
  const std::vector<std::string> names(argv + 1, argv + argc);
  const auto is_known = [&checks](const std::string& name) { return checks.contains(name); };
  if (names.empty() || !std::ranges::all_of(names, is_known)) {
    std::cerr << "usage: mpi_program CHECK…, one after the other in one session:\n";
    for (const auto& [name, check] : checks) std::cerr << "  " << name << '\n';
    return 2;
  }
  return run(argc, argv, [&](Session& session) {
    for (const std::string& name : names) {
      checks.at(name)(session);
      std::cout << name << ": ok on " << session.ranks() << " ranks" << std::endl;
    }
    std::cout << names.size() << " checks: ok on " << session.ranks() << " ranks\n";
  });
}
