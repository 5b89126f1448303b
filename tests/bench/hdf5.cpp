// SPDX-License-Identifier: BSD-3-Clause
// Reading beside what one would write by hand: `mpirun -n 2 hdf5_bench [ROWS] [REPEATS]`. Both read the same
// blocks of the same file (from the page cache, in turns), each rank its share, and add up each block. By
// hand: plain HDF5, file and dataset opened once a rank. Prints the median times and their ratio, for several
// layouts.
#include <ramal/hdf5.hpp>
#include <ramal/ramal.hpp>

#include <hdf5.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

using namespace ramal;

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
double sum(const double* values, std::size_t count) {
  double total = 0;
  for (std::size_t i = 0; i < count; ++i) total += values[i];
  return total;
}
double sum_of_block(const Block<double>& block) { return sum(block.data(), block.size()); }
double plus(double a, double b) { return a + b; }

struct Layout {
  const char* name;
  hsize_t chunk;  ///< 0: contiguous
  unsigned deflate;
};

void write(const std::string& path, hsize_t n, const Layout& layout) {
  const auto lock = hdf5_lock();
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hsize_t shape[2] = {n, n}, chunk[2] = {layout.chunk, layout.chunk};
  const hid_t space = H5Screate_simple(2, shape, nullptr), creation = H5Pcreate(H5P_DATASET_CREATE);
  if (layout.chunk > 0) H5Pset_chunk(creation, 2, chunk);
  if (layout.deflate > 0) H5Pset_deflate(creation, layout.deflate);
  const hid_t data = H5Dcreate2(file, "data", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  std::vector<double> values(n * n);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i * 7919 % 1009);
  if (H5Dwrite(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) std::abort();
  H5Dclose(data), H5Pclose(creation), H5Sclose(space), H5Fclose(file);
}

double by_hand(const std::string& path, const std::vector<std::array<std::uint64_t, 4>>& blocks) {
  const auto lock = hdf5_lock();
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t data = H5Dopen2(file, "data", H5P_DEFAULT), space = H5Dget_space(data);
  double total = 0;
  for (const auto& [row, column, rows, columns] : blocks) {
    const hsize_t start[2] = {row, column}, count[2] = {rows, columns};
    const Block<double> block({rows, columns});
    const hid_t memory = H5Screate_simple(2, count, nullptr);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, count, nullptr);
    if (H5Dread(data, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, const_cast<double*>(block.data())) < 0)
      std::abort();
    total += sum_of_block(block);
    H5Sclose(memory);
  }
  H5Sclose(space), H5Dclose(data), H5Fclose(file);
  return total;
}

double run_by_hand(Session& session, const std::string& path, const Hdf5Grid<double>& grid) {
  const std::size_t all = grid.blocks().size(), ranks = static_cast<std::size_t>(session.ranks());
  std::vector<Delayed<double>> totals;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    std::vector<std::array<std::uint64_t, 4>> mine;
    for (std::size_t i = all * rank / ranks; i < all * (rank + 1) / ranks; ++i) {
      const std::uint64_t row = i / grid.grid()[1] * grid.block_shape()[0];
      const std::uint64_t column = i % grid.grid()[1] * grid.block_shape()[1];
      mine.push_back({row, column, std::min(grid.block_shape()[0], grid.shape()[0] - row),
                      std::min(grid.block_shape()[1], grid.shape()[1] - column)});
    }
    totals.push_back(delayed<by_hand>.annotate({.rank = static_cast<int>(rank)})(path, mine));
  }
  return session.compute(reduce<plus>(totals));
}
double run_ramal(Session& session, const std::string& path) {
  const auto grid = read_hdf5<double>(path, "data", {.block_bytes = 8 << 20});
  return session.compute(reduce<plus>(map<sum_of_block>(grid.blocks())));
}

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<long>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv, [&](Session& session) {
    const hsize_t n = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 4096;
    const int repeats = argc > 2 ? std::atoi(argv[2]) : 9;
    for (const Layout& layout :
         {Layout{"contiguous", 0, 0}, Layout{"chunks of 64 x 64", 64, 0},
          Layout{"chunks of 512 x 512", 512, 0}, Layout{"the same, deflated", 512, 1}}) {
      const std::string path = "hdf5_bench_" + std::to_string(getpid()) + ".h5";
      write(path, n, layout);
      std::vector<double> hand, ours;
      for (int i = 0; i < repeats; ++i) {
        const auto grid = read_hdf5<double>(path, "data", {.block_bytes = 8 << 20});
        double start = now();
        const double expected = run_by_hand(session, path, grid);
        hand.push_back(now() - start);
        start = now();
        const double found = run_ramal(session, path);
        ours.push_back(now() - start);
        if (found != expected) throw std::runtime_error("the sums differ");
      }
      std::remove(path.c_str());
      const double megabytes = static_cast<double>(n * n) * 8e-6;
      std::printf("%-20s by hand %6.0f MB/s, ramal %6.0f MB/s, ratio of times %.2f\n", layout.name,
                  megabytes / median(hand), megabytes / median(ours), median(ours) / median(hand));
    }
  });
}
