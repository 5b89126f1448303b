// SPDX-License-Identifier: BSD-3-Clause
// A first notebook on lazy evaluation, as a program: three calls, eager and lazy; then 128 leaves
// summed pairwise. Every task sleeps a little, so that running side by side shows. Then, if one is given, a
// Parquet file as a table and as an array.
//
//   mpirun -n 4 notebook --sleep 0.1 --visualize sum.svg --parquet flights-3m.parquet
#include <ramal/parquet.hpp>
#include <ramal/ramal.hpp>
#include <ramal/table_array.hpp>

#include <boost/program_options.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <thread>

namespace {

// What each rank has of its own: how to sleep, and what it has done.
std::atomic<double> longest_sleep_seconds{1.0};
std::atomic<std::uint64_t> seed{0};
std::atomic<long> tasks_run{0};
std::atomic<double> slept_seconds{0.0};

/// A well-mixed 64-bit word for each input (the finalizer of SplitMix64; Steele, Lea and Flood 2014).
std::uint64_t mix(std::uint64_t word) {
  word += 0x9e3779b97f4a7c15;
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
  word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
  return word ^ (word >> 31);
}

/// Sleeps uniformly in [0, S) seconds. The time depends on the seed and the task alone, that is on its
/// function and arguments, so every run on any number of ranks sleeps the same.
void work(int function, long x, long y = 0) {
  std::uint64_t word = mix(seed);
  for (const long part : {static_cast<long>(function), x, y})
    word = mix(word ^ static_cast<std::uint64_t>(part));
  const double seconds = longest_sleep_seconds * static_cast<double>(word >> 11) * 0x1p-53;
  if (seconds > 0) std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  ++tasks_run;
  slept_seconds += seconds;
}

long inc(long x) {
  work(1, x);
  return x + 1;
}
long dec(long x) {
  work(2, x);
  return x - 1;
}
long add(long x, long y) {
  work(3, x, y);
  return x + y;
}

void configure(double longest_sleep, std::uint64_t new_seed) {
  longest_sleep_seconds = longest_sleep;
  seed = new_seed;
}

struct Done {
  long tasks;
  double slept_seconds;
};
/// What this rank has done since last asked.
Done take_done() { return {tasks_run.exchange(0), slept_seconds.exchange(0.0)}; }

Done total_done(ramal::Session& session) {
  Done total{0, 0};
  for (const Done& one : session.on_every_rank<take_done>()) {
    total.tasks += one.tasks;
    total.slept_seconds += one.slept_seconds;
  }
  return total;
}

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Settings {
  long leaves = 128;
  double sleep_seconds = 1.0;
  std::uint64_t seed = 0;
  std::string picture;
  std::string parquet;
  bool persist = true;
};

/// Three calls, one after the other, then the same three as a graph, where two of them can run at once.
void three_calls(ramal::Session& session) {
  double start = now_seconds();
  const long eager = add(inc(1), dec(2));
  std::printf("eager: add(inc(1), dec(2)) = %ld in %.2f s\n", eager, now_seconds() - start);

  start = now_seconds();
  auto x = ramal::delayed<inc>(1);
  auto y = ramal::delayed<dec>(2);
  auto z = ramal::delayed<add>(x, y);
  std::printf("lazy:  building the graph takes %.6f s\n", now_seconds() - start);
  const long lazy = session.compute(z);
  std::printf("lazy:  computing it gives %ld in %.2f s\n", lazy, now_seconds() - start);
}

void pairwise_sum(ramal::Session& session, const Settings& settings) {
  const auto before = session.info();
  total_done(session);
  const double start = now_seconds();

  std::vector<ramal::Delayed<long>> zs;
  for (long i = 0; i < settings.leaves; ++i) {
    auto x = ramal::delayed<inc>(i);
    auto y = ramal::delayed<dec>(x);
    zs.push_back(ramal::delayed<add>(x, y));
  }
  if (settings.persist) session.persist(zs);
  auto total = ramal::reduce<add>(zs);
  if (!settings.picture.empty()) ramal::visualize(total, settings.picture, {.rankdir = "LR"});
  const long sum = session.compute(total);

  const double elapsed = now_seconds() - start;
  const auto after = session.info();
  const Done done = total_done(session);
  std::printf("tasks = %ld\n", done.tasks);
  std::printf("total = %ld\n", sum);
  std::printf("elapsed = %.2f s, sum of the sleeps = %.2f s\n", elapsed, done.slept_seconds);
  for (std::size_t rank = 0; rank < after.size(); ++rank) {
    // On every rank one task more has reset the counters, between the two looks.
    std::printf("rank %d on %s ran %llu tasks\n", after[rank].rank, after[rank].host.c_str(),
                static_cast<unsigned long long>(after[rank].tasks_run - before[rank].tasks_run - 1));
  }
}

/// A table is lazy, and so is the array of its columns: nothing is read but the footers before `compute`.
void table_and_array(ramal::Session& session, const std::string& path) {
  const ramal::Table table = ramal::read_parquet(path);
  std::cout << "table: " << table.schema() << ", " << table.partitions() << " partitions\n"
            << session.compute(table.head());
  std::vector<std::string> numbers;  // an array has elements of one type, and text is none
  for (const ramal::Field& field : table.schema())
    if (field.type.id() >= ramal::TypeId::int8 && field.type.id() <= ramal::TypeId::decimal)
      numbers.push_back(field.name);
  if (numbers.empty()) return;
  const auto array = ramal::to_array<double>(table, numbers);
  std::cout << "array: " << array.text() << '\n';
  const ramal::Block<double> all = session.compute(array);
  std::cout << "computed: " << all.shape().text() << " numbers, the mean of each column\n"
            << session.compute(array.mean(0)) << '\n';
}

/// Empty where the program is to end at once, with `status`.
std::optional<Settings> parse(int argc, char** argv, int& status) {
  namespace po = boost::program_options;
  Settings settings;
  po::options_description options("notebook: lazy calls, and the sum of 128 small results\n\noptions");
  options.add_options()("help", "show this text")(
      "parquet", po::value(&settings.parquet),
      "a Parquet file: show its first rows, then its columns of numbers as an array")(
      "leaves", po::value(&settings.leaves)->default_value(128),
      "leaves of the pairwise sum; the sum of n leaves is n^2")(
      "sleep", po::value(&settings.sleep_seconds)->default_value(1.0),
      "each task sleeps uniformly in [0, S) seconds")("seed", po::value(&settings.seed)->default_value(0),
                                                      "another seed, other sleeps")(
      "visualize", po::value(&settings.picture),
      "draw the sum's graph to this .svg, .png, .pdf or .dot file")(
      "persist", "start the leaves ahead of the sum and keep them (the default)")(
      "no-persist", "run leaves and sum as one graph");
  try {
    po::variables_map given;
    const auto parsed = po::parse_command_line(argc, argv, options);
    for (const auto& option : parsed.options) {
      if (option.position_key >= 0) throw po::error("unexpected argument '" + option.value.front() + "'");
    }
    po::store(parsed, given);
    po::notify(given);
    if (given.contains("help")) {
      std::cout << options;
      status = 0;
      return std::nullopt;
    }
    settings.persist = !given.contains("no-persist");
    if (settings.leaves < 1)
      throw po::error("--leaves: expected 1 or more, found " + std::to_string(settings.leaves));
    if (!(settings.sleep_seconds >= 0 && settings.sleep_seconds < 1e6)) {
      throw po::error("--sleep: expected seconds, 0 or more, found " +
                      std::to_string(settings.sleep_seconds));
    }
    if (given.contains("persist") && given.contains("no-persist"))
      throw po::error("--persist and --no-persist exclude each other");
    return settings;
  } catch (const po::error& error) {
    std::cerr << "notebook: " << error.what() << "\ntry --help\n";
    status = 2;
    return std::nullopt;
  }
}

}  // namespace

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    int status = 0;
    const auto settings = parse(argc, argv, status);
    if (!settings) return status;
    session.on_every_rank<configure>(settings->sleep_seconds, settings->seed);
    three_calls(session);
    pairwise_sum(session, *settings);
    if (!settings->parquet.empty()) table_and_array(session, settings->parquet);
    return 0;
  });
}
