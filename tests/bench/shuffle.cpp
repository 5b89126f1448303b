// SPDX-License-Identifier: BSD-3-Clause
// Rows of 16 bytes shuffled by key, beside MPI_Alltoallv on the same split bytes, in turn in one run. By hand
// each rank's rows lie sorted by receiver already, are exchanged, and are copied into the vectors of the
// results.
//
//   mpirun -n 2 shuffle_bench PARTS RESULTS ROWS-A-PART [REPETITIONS]
#include <ramal/mpi.hpp>
#include <ramal/ramal.hpp>
#include <ramal/shuffle.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>

namespace {

/// The last one counts: memory has been touched by then, on both sides.
constexpr int turns = 3;

struct Row {
  std::uint64_t key, number;
};
std::uint64_t key_of(const Row& row) { return row.key; }

std::int64_t rows_a_part = 0;
std::vector<Row> rows_of(std::int64_t part) {
  std::vector<Row> rows(static_cast<std::size_t>(rows_a_part));
  std::uint64_t state = 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(part + 1);
  for (Row& row : rows) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    row = {state >> 20, static_cast<std::uint64_t>(part)};
  }
  return rows;
}
double sum_of_numbers(const std::vector<Row>& rows) {
  double sum = 0;
  for (const Row& row : rows) sum += static_cast<double>(row.number);
  return sum;
}
double add(double a, double b) { return a + b; }

double now() { return MPI_Wtime(); }

struct Hand {
  double exchange = 0, with_copies = 0;
};

/// Each rank has its block of parts, and the results of its block of results.
Hand by_hand(std::int64_t parts, std::int64_t results) {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const auto count = static_cast<std::size_t>(ranks);
  const auto result_of = [results](const Row& row) {
    return static_cast<std::size_t>(
        static_cast<unsigned __int128>(ramal::key_hash(row.key)) * static_cast<std::uint64_t>(results) >> 64);
  };
  std::vector<Row> own;
  for (std::int64_t part = parts * rank / ranks; part < parts * (rank + 1) / ranks; ++part) {
    const auto rows = rows_of(part);
    own.insert(own.end(), rows.begin(), rows.end());
  }
  std::ranges::stable_sort(own, {}, result_of);
  std::vector<int> sent(count), from(count), taken(count), at(count);
  for (const Row& row : own) sent[result_of(row) * count / static_cast<std::size_t>(results)] += sizeof(Row);
  MPI_Alltoall(sent.data(), 1, MPI_INT, taken.data(), 1, MPI_INT, MPI_COMM_WORLD);
  std::exclusive_scan(sent.begin(), sent.end(), from.begin(), 0);
  std::exclusive_scan(taken.begin(), taken.end(), at.begin(), 0);
  std::vector<Row> received(static_cast<std::size_t>(at.back() + taken.back()) / sizeof(Row));
  Hand hand;
  for (int turn = 0; turn < turns; ++turn) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = now();
    MPI_Alltoallv(own.data(), sent.data(), from.data(), MPI_BYTE, received.data(), taken.data(), at.data(),
                  MPI_BYTE, MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);
    hand.exchange = now() - start;
    // Rows of one result lie side by side from each sender.
    std::vector<std::vector<Row>> made(static_cast<std::size_t>(results));
    for (std::size_t first = 0, end = 0; first < received.size(); first = end) {
      const std::size_t result = result_of(received[first]);
      while (end < received.size() && result_of(received[end]) == result) ++end;
      made[result].insert(made[result].end(), received.begin() + static_cast<std::ptrdiff_t>(first),
                          received.begin() + static_cast<std::ptrdiff_t>(end));
    }
    MPI_Barrier(MPI_COMM_WORLD);
    hand.with_copies = now() - start;
  }
  return hand;
}

struct Ours {
  double whole = 0, after_split = 0;
  bool is_right = true;
};
Ours by_ramal(std::int64_t parts, std::int64_t results) {
  Ours ours;
  ramal::Locals locals;
  ramal::run(MPI_COMM_WORLD, locals, [&](ramal::Session& session) {
    const auto rows = ramal::family<rows_of>(parts);
    session.persist(rows);
    session.wait(rows);
    const double expected =
        static_cast<double>(rows_a_part) * static_cast<double>(parts) * static_cast<double>(parts - 1) / 2;
    for (int turn = 0; turn < turns; ++turn) {
      for (const bool is_split_before : {false, true}) {
        const auto shuffled = ramal::shuffle_by<key_of>(rows, results);
        // The family of splits is two below that of results.
        const auto& gathered = shuffled.view().node->sources[0].view.node;
        const auto& split = gathered->sources[0].view.node->sources[0].view;
        using Split = ramal::detail::SplitPart<ramal::detail::RowParcel>;
        const ramal::Family<Split> splits(split);
        if (is_split_before) {
          session.persist(splits);
          session.wait(splits);
        }
        const double start = now();
        session.persist(shuffled);
        session.wait(shuffled);
        (is_split_before ? ours.after_split : ours.whole) = now() - start;
        ours.is_right = ours.is_right &&
                        session.compute(ramal::reduce<add>(ramal::map<sum_of_numbers>(shuffled))) == expected;
      }
    }
  });
  MPI_Bcast(&ours, sizeof ours, MPI_BYTE, 0, MPI_COMM_WORLD);
  return ours;
}

/// Seconds for one part, on this core alone.
double split_seconds(std::int64_t results, int ranks) {
  const auto rows = rows_of(1);
  const ramal::detail::RowsByKey<key_of, std::vector<Row>> splitter{};
  double least = 1e9;
  for (int turn = 0; turn < 10; ++turn) {
    const double start = now();
    const std::array parts{&rows};
    const auto parcels = splitter.split(ramal::Inputs<std::vector<Row>>(parts), 0,
                                        {results, std::min<std::int64_t>(results, 4 * ranks)});
    least = std::min(least, now() - start);
    if (parcels.empty()) std::abort();
  }
  return least;
}

double median(std::vector<double> all) {
  std::ranges::nth_element(all, all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2));
  return all[all.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (argc < 4) {
    if (rank == 0) std::fprintf(stderr, "usage: shuffle_bench PARTS RESULTS ROWS-A-PART [REPETITIONS]\n");
    MPI_Finalize();
    return 2;
  }
  const std::int64_t parts = std::atoll(argv[1]), results = std::atoll(argv[2]);
  rows_a_part = std::atoll(argv[3]);
  const int repetitions = argc > 4 ? std::atoi(argv[4]) : 5;
  std::vector<double> exchange, with_copies, whole, after_split, of_exchange, of_copies, split;
  bool is_right = true;
  for (int i = 0; i < repetitions; ++i) {
    const Hand hand = by_hand(parts, results);
    const Ours ours = by_ramal(parts, results);
    exchange.push_back(hand.exchange);
    with_copies.push_back(hand.with_copies);
    whole.push_back(ours.whole);
    after_split.push_back(ours.after_split);
    of_exchange.push_back(hand.exchange / ours.after_split);
    of_copies.push_back(hand.with_copies / ours.after_split);
    split.push_back(split_seconds(results, ranks));
    is_right = is_right && ours.is_right;
  }
  const double bytes = static_cast<double>(rows_a_part) * sizeof(Row);
  if (rank == 0)
    std::printf(
        "%lld parts of %.0f KiB to %lld results: split at %.2f GB/s a core; MPI_Alltoallv %.1f ms, with "
        "copies "
        "into results %.1f ms; shuffle of what is split %.1f ms: %.2f of MPI, %.2f of MPI with copies; whole "
        "%.1f ms%s\n",
        static_cast<long long>(parts), bytes / 1024, static_cast<long long>(results),
        bytes / median(split) / 1e9, 1e3 * median(exchange), 1e3 * median(with_copies),
        1e3 * median(after_split), median(of_exchange), median(of_copies), 1e3 * median(whole),
        is_right ? "" : "; the results DIFFER");
  MPI_Finalize();
  return is_right ? 0 : 1;
}
