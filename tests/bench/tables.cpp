// SPDX-License-Identifier: BSD-3-Clause
// Tables beside DuckDB on the same files with as many threads, in turn in one run: medians of ratios. What is
// beside: DuckDB's own instance, on rank 0, while the other ranks wait.
//
//   mpirun -n 2 tables_bench REPETITIONS [SCALE [FLIGHTS.parquet [PARTS [QUERIES]]]]
//
//   a  all columns of a Parquet file into Rows, beside a scan whose chunks are dropped
//   b  groups of ten times as many flights
//   c  TPC-H at a scale, or what is in a folder of that name, those queries whose numbers are named (3,6), or all
//   d  planning over 10^5 partitions, beside 10
//   e  a shuffle by key, beside MPI_Alltoallv of as many bytes
//
// PARTS says which, such as "ac". Without FLIGHTS 200,000 are made up. Files lie in the folder of today, and
// are removed.
#include "apps/tpch/generate.hpp"
#include "apps/tpch/queries.hpp"
#include "io/tables/duckdb_api.hpp"
#include "io/tables/engine.hpp"
#include "io/tables/state.hpp"
#include "tests/apps/tpch_sql.hpp"

#include <ramal/mpi.hpp>
#include <ramal/parquet.hpp>
#include <ramal/ramal.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace {

using namespace ramal::detail::duckdb;

double now() { return MPI_Wtime(); }
double median(std::vector<double> all) {
  std::ranges::nth_element(all, all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2));
  return all[all.size() / 2];
}

/// DuckDB as it is, with so many threads.
class Beside {
 public:
  explicit Beside(int threads)
      : api_(ramal::detail::duckdb::api()), database_(api_.close), connection_(api_.disconnect) {
    Owned<Config> config(api_.destroy_config);
    char* error = nullptr;
    expect(api_.create_config(config.out()) == 0);
    expect(api_.set_config(config.get(), "threads", std::to_string(threads).c_str()) == 0);
    expect(api_.open_ext(nullptr, database_.out(), config.get(), &error) == 0);
    expect(api_.connect(database_.get(), connection_.out()) == 0);
  }
  /// Runs it, fetches all chunks and drops them. Seconds.
  double run(const std::string& sql) {
    const double start = now();
    Owned<Prepared> prepared(api_.destroy_prepare);
    Owned<Pending> pending(api_.destroy_pending);
    Owned<Result> result(api_.destroy_result);
    expect(api_.prepare(connection_.get(), sql.c_str(), prepared.out()) == 0);
    const auto begin =
        api_.pending_prepared_streaming != nullptr ? api_.pending_prepared_streaming : api_.pending_prepared;
    expect(begin(prepared.get(), pending.out()) == 0);
    expect(api_.execute_pending(pending.get(), result.out()) == 0);
    while (Owned<Chunk>(api_.destroy_data_chunk, api_.fetch_chunk(*result.out())).get() != nullptr) {
    }
    return now() - start;
  }

 private:
  static void expect(bool holds) {
    if (!holds) throw std::runtime_error("DuckDB refuses what it is asked");
  }
  const Api& api_;
  Owned<Database> database_;
  Owned<Connection> connection_;
};

struct Bench {
  ramal::Session& session;
  Beside& beside;
  int repetitions;
  std::vector<double> ratios = {};

  /// Both in turn; each once before, to warm up. `ours` gives seconds.
  template <class Ours>
  void compare(const std::string& what, const std::string& sql, const Ours& ours) {
    std::vector<double> theirs_seconds, ours_seconds, quotients;
    for (int turn = -1; turn < repetitions; ++turn) {
      const double theirs = beside.run(sql), own = ours();
      if (turn < 0) continue;
      theirs_seconds.push_back(theirs);
      ours_seconds.push_back(own);
      quotients.push_back(own / theirs);
    }
    ratios.push_back(median(quotients));
    std::printf("%s: DuckDB %.1f ms, Ramal %.1f ms, ratio %.2f\n", what.c_str(), 1e3 * median(theirs_seconds),
                1e3 * median(ours_seconds), ratios.back());
    std::fflush(stdout);
  }
  template <class Table>
  double computed(const Table& table) {
    const double start = now();
    session.compute(table());
    return now() - start;
  }
};

void bench_reading(Bench& bench, const std::string& file) {
  bench.compare("reading all columns", "SELECT * FROM read_parquet('" + file + "')", [&] {
    const ramal::Table table = ramal::read_parquet(file, {.partition_bytes = std::uint64_t{16} << 20});
    const double start = now();
    const auto parts = table.parts();
    bench.session.persist(parts);
    bench.session.wait(parts);
    return now() - start;
  });
}

void bench_groups(Bench& bench, const std::string& file, const std::string& folder) {
  const std::string copies = folder + "/ten";
  std::filesystem::create_directories(copies);
  for (int copy = 0; copy < 10; ++copy)
    std::filesystem::create_symlink(std::filesystem::absolute(file),
                                    copies + "/" + std::to_string(copy) + ".parquet");
  const ramal::Table flights = ramal::read_parquet(copies + "/*.parquet");
  const std::string all = " FROM read_parquet('" + copies + "/*.parquet')";
  bench.compare("groups by origin",
                "SELECT origin, count(*), avg(delay)" + all + " GROUP BY origin ORDER BY origin", [&] {
                  return bench.computed([&] {
                    return flights.groupby({"origin"}).agg({{"n", "count(*)"}, {"mean", "avg(delay)"}});
                  });
                });
  bench.compare("groups by route",
                "SELECT origin, destination, count(*), avg(delay), stddev(delay), max(distance)" + all +
                    " GROUP BY ALL ORDER BY origin, destination",
                [&] {
                  return bench.computed([&] {
                    return flights.groupby({"origin", "destination"})
                        .agg({{"n", "count(*)"},
                              {"mean", "avg(delay)"},
                              {"deviation", "stddev(delay)"},
                              {"distance", "max(distance)"}});
                  });
                });
}

/// Makes the tables, unless it is told where they are.
void bench_queries(Bench& bench, const std::string& scale, const std::string& numbers,
                   const std::string& folder) {
  const bool is_there = std::filesystem::is_directory(scale);
  const std::string tables = is_there ? scale : folder + "/tpch";
  std::filesystem::create_directories(tables);
  for (const std::string_view name : tpch::table_names)
    if (!is_there)
      bench.session.compute(ramal::write_parquet(tpch::generated(name, tpch::Sizes::at(std::stod(scale))),
                                                 tables + '/' + std::string(name)));
  const tpch::Data data = tpch::Data::of(tables, std::uint64_t{256} << 20);
  std::vector<tpch::Query> wanted(tpch::queries().begin(), tpch::queries().end());
  std::istringstream list(numbers);
  if (!numbers.empty()) wanted.clear();
  for (std::string number; std::getline(list, number, ',');) wanted.push_back(tpch::query(number));
  bench.ratios.clear();
  for (const tpch::Query& query : wanted)
    bench.compare("query " + std::to_string(query.number), tpch::sql_of(query.number, tables),
                  [&] { return bench.computed([&] { return query.of(data); }); });
  std::printf("TPC-H, %s: median ratio %.2f, largest %.2f\n", scale.c_str(), median(bench.ratios),
              *std::ranges::max_element(bench.ratios));
}

std::int64_t own_number(std::int64_t number) { return number; }
ramal::Rows small_rows(std::int64_t number) {
  return ramal::Rows::of({{"x", std::vector<std::int64_t>{number}}});
}

/// The calls, and what rank 0 does to start them.
double planned(ramal::Session& session, std::int64_t partitions) {
  const ramal::Schema schema({{"x", ramal::TypeId::int64}});
  const ramal::Table table =
      ramal::from_parts(ramal::map<small_rows>(ramal::family<own_number>(partitions)), schema);
  const double start = now();
  const auto parts = table.filter("x > 5").with_column("y", "x + 1").select({"y"}).parts();
  const auto sum = table.groupby({"x"}).agg({{"n", "count(*)"}}).parts();
  session.persist(parts, sum);
  const double seconds = now() - start;
  session.cancel(parts, sum);
  return seconds;
}

void bench_planning(Bench& bench) {
  std::vector<double> few, many, ratios;
  for (int turn = 0; turn < bench.repetitions; ++turn) {
    few.push_back(planned(bench.session, 10));
    many.push_back(planned(bench.session, 100'000));
    ratios.push_back(many.back() / few.back());
  }
  std::printf("planning: 10 partitions %.2f ms, 100000 partitions %.2f ms, ratio %.2f\n", 1e3 * median(few),
              1e3 * median(many), median(ratios));
}

/// Ints that no compression would help with, a double and a text.
ramal::Rows rows_to_shuffle(std::int64_t part, std::int64_t rows) {
  const std::string sql = "SELECT (hash(range + " + std::to_string(part * rows) +
                          ") % 1000000)::BIGINT AS key, range / 7e0 AS x, 'text ' || "
                          "range % 1000 AS text FROM range(" +
                          std::to_string(rows) + ")";
  return ramal::detail::duckdb_engine().run(sql, {});
}

constexpr std::int64_t shuffled_parts = 16;

/// All ranks: half of a rank's rows, in bytes, to each of two, and so on.
double exchanged(std::int64_t bytes) {
  int ranks = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const auto each = static_cast<int>(bytes / ranks / ranks);
  std::vector<char> from(static_cast<std::size_t>(each) * static_cast<std::size_t>(ranks), 'x'),
      to(from.size(), 'y');
  double seconds = 0;
  for (int turn = 0; turn < 3; ++turn) {  // the last one counts: memory has been touched by then
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = now();
    MPI_Alltoall(from.data(), each, MPI_BYTE, to.data(), each, MPI_BYTE, MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);
    seconds = now() - start;
  }
  return seconds;
}

struct Shuffled {
  double seconds = 0;
  std::int64_t bytes = 0;
};
std::int64_t bytes_of(const ramal::Rows& rows) { return static_cast<std::int64_t>(rows.bytes()); }
std::int64_t add(std::int64_t a, std::int64_t b) { return a + b; }

Shuffled shuffled_by_ramal(std::int64_t rows) {
  Shuffled found;
  ramal::Locals locals;
  ramal::run(MPI_COMM_WORLD, locals, [&](ramal::Session& session) {
    const auto parts = ramal::map<rows_to_shuffle>(ramal::family<own_number>(shuffled_parts), rows);
    session.persist(parts);
    found.bytes = session.compute(ramal::reduce<add>(ramal::map<bytes_of>(parts)));
    const ramal::Table table = ramal::from_parts(parts, session.compute(parts[0]).schema());
    for (int turn = 0; turn < 3; ++turn) {
      const auto made = ramal::detail::shuffled(table, {"key"}, std::source_location::current()).parts();
      const double start = now();
      session.persist(made);
      session.wait(made);
      found.seconds = now() - start;
    }
  });
  MPI_Bcast(&found, sizeof found, MPI_BYTE, 0, MPI_COMM_WORLD);
  return found;
}

/// Called by all ranks.
void bench_shuffle(int repetitions, std::int64_t rows) {
  std::vector<double> ours, mpi, ratios;
  Shuffled last;
  for (int turn = 0; turn < repetitions; ++turn) {
    last = shuffled_by_ramal(rows / shuffled_parts);
    ours.push_back(last.seconds);
    mpi.push_back(exchanged(last.bytes));
    ratios.push_back(ours.back() / mpi.back());
  }
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0)
    std::printf(
        "shuffle of %.1f MB in %d partitions: MPI_Alltoall %.1f ms, Ramal %.1f ms (%.2f GB/s), ratio %.2f\n",
        1e-6 * static_cast<double>(last.bytes), static_cast<int>(shuffled_parts), 1e3 * median(mpi),
        1e3 * median(ours), 1e-9 * static_cast<double>(last.bytes) / median(ours), median(ratios));
}

/// With the columns of flights-3m.parquet.
void make_flights(const std::string& file, std::int64_t rows) {
  ramal::detail::duckdb_engine().write(
      "SELECT TIMESTAMP '2001-01-01' + to_minutes(range) AS date, range * 7919 % 181 - 30 AS delay, "
      "100 + range * 104729 % 2400 AS distance, chr((65 + hash(range) % 17)::INT) || 'RD' AS origin, "
      "chr((65 + hash(range + 7) % 19)::INT) || 'FW' AS destination FROM range(" +
          std::to_string(rows) + ")",
      {}, file, {{"format", "parquet"}});
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  if (argc < 2) {
    std::fprintf(stderr, "usage: tables_bench REPETITIONS [SCALE [FLIGHTS.parquet [PARTS [QUERIES]]]]\n");
    MPI_Finalize();
    return 2;
  }
  const auto given = [&](int at, const char* usual) { return std::string(argc > at ? argv[at] : usual); };
  const int repetitions = std::atoi(argv[1]);
  const std::string scale = given(2, "0.01"), flights = given(3, "-"), parts = given(4, "abcde"),
                    folder = "tables_bench_files";
  constexpr std::int64_t made_up = 200'000;
  ramal::Locals locals;
  const int status = ramal::run(MPI_COMM_WORLD, locals, [&](ramal::Session& session) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const std::string file = flights == "-" ? folder + "/flights.parquet" : flights;
    if (flights == "-") make_flights(file, made_up);
    int threads = 0;
    for (const auto& rank : session.info()) threads += rank.threads;
    Beside beside(threads);
    Bench bench{session, beside, repetitions};
    const auto is_wanted = [&](char part) { return parts.find(part) != std::string::npos; };
    if (is_wanted('a')) bench_reading(bench, file);
    if (is_wanted('b')) bench_groups(bench, file, folder);
    if (is_wanted('c')) bench_queries(bench, scale, given(5, ""), folder);
    if (is_wanted('d')) bench_planning(bench);
    std::filesystem::remove_all(folder);
  });
  if (status == 0 && parts.find('e') != std::string::npos)
    bench_shuffle(repetitions, flights == "-" ? made_up : 3'000'000);
  MPI_Finalize();
  return status;
}
