// SPDX-License-Identifier: BSD-3-Clause
// A dataset of 160 MiB whose blocks are wanted faster than they are used up: how much memory do the ranks
// come to hold? `bounded_program FILE write`, then `within` (a bound of 16 MiB) or `beyond` (none), of
// handles or, with `array` behind that, of an array, or with `copy` of one that is written again. With `cut` it is
// cut in columns, and held as a whole in between whatever the bound; with `again` it is read so.
#include <ramal/array.hpp>
#include <ramal/hdf5_write.hpp>
#include <ramal/ramal.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <thread>

using namespace ramal;

namespace {

constexpr std::uint64_t rows = 160, columns = (1 << 20) / sizeof(double);  // a row is 1 MiB
constexpr double memory_mib = 16;                                          // RAMAL_MEMORY_BYTES of the test

using Row = Block<double>;

Row make(long row) {
  return Row::filled({1, columns}, static_cast<double>(row), {static_cast<std::uint64_t>(row), 0});
}

/// Something slow that every block's use waits for.
double slow() {
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  return 1;
}
/// The same as an array without axes.
Block<double> slow_block() { return Block<double>::filled({}, slow()); }
double use(const Row& row, double scale) {
  double sum = 0;
  for (const double x : row) sum += x;
  return scale * sum / static_cast<double>(columns);
}
double add(double a, double b) { return a + b; }

constexpr const char now[] = "VmRSS";
constexpr const char peak[] = "VmHWM";
/// Of this process, in MiB.
template <const char* name>
double status_of(long) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::stod(line.substr(line.find(':') + 1)) / 1024;
  }
  throw std::runtime_error("/proc/self/status says nothing of memory");
}

template <auto f>
std::vector<double> on_each(Session& session) {
  std::vector<Delayed<double>> each;
  for (int rank = 0; rank < session.ranks(); ++rank)
    each.push_back(delayed<f>.annotate({.rank = rank})(rank));
  return session.compute(each);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::cerr << "usage: bounded_program FILE write|within|beyond [array|copy|cut|again]\n";
    return 2;
  }
  const std::string file = argv[1], what = argv[2];
  return run(argc, argv, [&](Session& session) {
    if (what == "write") {
      std::vector<long> numbers(rows);
      std::iota(numbers.begin(), numbers.end(), 0L);
      session.compute(write_hdf5(file, "/x", map<make>(numbers)));
      return 0;
    }
    const auto before = on_each<status_of<now>>(session);
    const Annotation last{.rank = session.ranks() - 1};
    const auto grid = read_hdf5<double>(file, "/x", {.block_bytes = 1 << 20});
    double sum = 0;
    if (argc == 3) {
      sum = session.compute(reduce<add>(map<use>(grid.blocks(), delayed<slow>.annotate(last)())));
    } else if (argv[3] == std::string("copy")) {
      const std::string copy = file + ".copy." + std::to_string(session.ranks());
      session.compute(write_hdf5(copy, "/x", grid.array() * 2.0 - 1.0));
      const auto again = read_hdf5<double>(copy, "/x", {.block_bytes = 1 << 20});
      sum = session.compute(((again.array() + 1.0) / 2.0).mean(1).sum());
      std::filesystem::remove(copy);
    } else if (const std::string how = argv[3]; how != "array") {
      const Array<double> twice = grid.array() * 2.0;
      const auto in_columns = twice.rechunk({-1, columns / rows}, {.again = how == "again"});
      sum = session.compute((in_columns.sum(0) / (2.0 * columns)).sum());
    } else {
      const auto scale = from_delayed<double>(delayed<slow_block>.annotate(last)(), {});
      sum = session.compute((grid.array() * scale).mean(1).sum());
    }
    const auto after = on_each<status_of<peak>>(session);
    double most = 0;
    for (std::size_t rank = 0; rank < before.size(); ++rank)
      most = std::max(most, after[rank] - before[rank]);
    std::cout << "sum = " << sum << ", at most " << most << " MiB on a rank\n";
    const double expected = static_cast<double>(rows * (rows - 1) / 2);
    // Beside the bound: what HDF5 keeps, message buffers, a block received; and what patience let through.
    const bool within = most < memory_mib + 24;
    return sum == expected && within == (what == "within") ? 0 : 1;
  });
}
