// SPDX-License-Identifier: BSD-3-Clause
// Reading and writing beside what one would write by hand: `mpirun -n 2 hdf5_bench [ROWS] [REPEATS]`, in
// turns, for several layouts; prints the median times and their ratio. Reading: both read the same blocks of
// the same file (from the page cache), each rank its share, and add up each block. By hand: plain HDF5, file
// and dataset opened once a rank. Writing: both write the same blocks, from where they lie, into one new
// file. By hand: parallel HDF5, the layout's best way of writing; once as it is, and once made as safe as
// ours: synced and renamed. Ours: blocks as tasks, and as an array.
#include <ramal/array.hpp>
#include <ramal/hdf5.hpp>
#include <ramal/hdf5_write.hpp>
#include <ramal/ramal.hpp>

#include <fcntl.h>
#include <hdf5.h>
#include <mpi.h>
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
  const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
  H5Pset_chunk_cache(access, 1009, std::size_t{4} << 20, 1.0);  // by default 1 MiB, too small for some
  const hid_t data = H5Dopen2(file, "data", access), space = H5Dget_space(data);
  static std::vector<double> buffer;  // as a program would that keeps it for its next file
  double total = 0;
  for (const auto& [row, column, rows, columns] : blocks) {
    const hsize_t start[2] = {row, column}, count[2] = {rows, columns};
    if (buffer.size() < rows * columns) buffer.resize(rows * columns);
    const hid_t memory = H5Screate_simple(2, count, nullptr);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, count, nullptr);
    if (H5Dread(data, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, buffer.data()) < 0) std::abort();
    total += sum(buffer.data(), rows * columns);
    H5Sclose(memory);
  }
  H5Sclose(space), H5Dclose(data), H5Pclose(access), H5Fclose(file);
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
double run_array(Session& session, const std::string& path) {
  return session.compute(read_hdf5<double>(path, "data", {.block_bytes = 8 << 20}).array().sum());
}

// --- writing ---------------------------------------------------------------------------------------------

Block<double> make(std::uint64_t row, std::uint64_t rows, std::uint64_t columns) {
  Block<double> block({rows, columns}, {row, 0});
  for (std::uint64_t i = 0; i < block.size(); ++i) block.data()[i] = static_cast<double>(i * 7919 % 1009);
  return block;
}

/// The seconds it took, from the first rank's start to the last one's end.
double write_by_hand(Communicator& communicator, Inputs<Block<double>> mine, const std::string& path,
                     std::uint64_t n, std::uint64_t chunk, unsigned deflate, bool safe) {
  const auto lock = hdf5_lock();
  MPI_Comm all = *static_cast<const MPI_Comm*>(communicator.mpi_communicator());
  MPI_Barrier(all);
  const double start = now();
  const std::string made = safe ? path + ".part" : path;
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS), transfer = H5Pcreate(H5P_DATASET_XFER);
  H5Pset_fapl_mpio(access, all, MPI_INFO_NULL);
  const hid_t file = H5Fcreate(made.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  const hsize_t shape[2] = {n, n}, chunks[2] = {chunk, chunk};
  const hid_t space = H5Screate_simple(2, shape, nullptr), creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
  if (chunk > 0) H5Pset_chunk(creation, 2, chunks);
  if (deflate > 0) H5Pset_shuffle(creation), H5Pset_deflate(creation, deflate);
  if (chunk > 0) H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
  const hid_t data = H5Dcreate2(file, "data", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  int count = static_cast<int>(mine.size());
  MPI_Allreduce(MPI_IN_PLACE, &count, 1, MPI_INT, MPI_MAX, all);
  for (std::size_t i = 0; i < (chunk > 0 ? static_cast<std::size_t>(count) : mine.size()); ++i) {
    const bool has = i < mine.size();
    const hsize_t from[2] = {has ? mine[i].offset()[0] : 0, 0};
    const hsize_t size[2] = {has ? mine[i].shape()[0] : 1, n};
    const hid_t memory = H5Screate_simple(2, size, nullptr);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, from, nullptr, size, nullptr);
    if (!has) H5Sselect_none(space), H5Sselect_none(memory);
    const double nothing = 0;
    if (H5Dwrite(data, H5T_NATIVE_DOUBLE, memory, space, transfer, has ? mine[i].data() : &nothing) < 0)
      std::abort();
    H5Sclose(memory);
  }
  H5Dclose(data), H5Pclose(creation), H5Sclose(space), H5Fclose(file), H5Pclose(transfer), H5Pclose(access);
  if (safe) {
    const int written = open(made.c_str(), O_RDWR);
    if (written < 0 || fsync(written) != 0) std::abort();
    close(written);
    MPI_Barrier(all);
    if (communicator.rank() == 0) std::rename(made.c_str(), path.c_str());
  }
  MPI_Barrier(all);
  return now() - start;
}

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<long>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

void compare_writing(Session& session, hsize_t n, int repeats, const Layout& layout) {
  constexpr std::uint64_t pieces = 8;
  std::vector<Delayed<Block<double>>> blocks;
  const auto placed = delayed<make>;
  for (std::uint64_t i = 0; i < pieces; ++i)
    blocks.push_back(placed(n * i / pieces, n * (i + 1) / pieces - n * i / pieces, std::uint64_t{n}));
  session.persist(blocks);
  const std::string path = "hdf5_bench_" + std::to_string(getpid()) + ".h5";
  const Extents chunk = layout.chunk > 0 ? Extents{layout.chunk, layout.chunk} : Extents{};
  const auto by_hand = [&](bool safe) {
    return session.compute(collective<write_by_hand>(blocks, path, std::uint64_t{n},
                                                     std::uint64_t{layout.chunk}, layout.deflate, safe));
  };
  const Hdf5WriteOptions options{.chunk = chunk, .deflate = static_cast<int>(layout.deflate)};
  const auto by_ramal = [&] {
    const double start = now();
    session.compute(write_hdf5(path, "data", blocks, options));
    return now() - start;
  };
  std::vector<std::int64_t> rows;
  for (std::uint64_t i = 0; i < pieces; ++i)
    rows.push_back(static_cast<std::int64_t>(n * (i + 1) / pieces - n * i / pieces));
  const auto array = session.persist(from_blocks(blocks, {rows, {static_cast<std::int64_t>(n)}}));
  const auto by_array = [&] {
    const double start = now();
    session.compute(write_hdf5(path, "data", array, options));
    return now() - start;
  };
  std::vector<double> hand, safe, ours, arrays;
  for (int i = 0; i < 4 * repeats; ++i) {
    std::remove(path.c_str());
    if ((i + i / 4) % 4 == 0) hand.push_back(by_hand(false));
    if ((i + i / 4) % 4 == 1) safe.push_back(by_hand(true));
    if ((i + i / 4) % 4 == 2) ours.push_back(by_ramal());
    if ((i + i / 4) % 4 == 3) arrays.push_back(by_array());
  }
  std::remove(path.c_str());
  by_ramal();
  const auto grid = read_hdf5<double>(path, "data");
  if (session.compute(reduce<plus>(map<sum_of_block>(grid.blocks()))) !=
      session.compute(reduce<plus>(map<sum_of_block>(blocks))))
    throw std::runtime_error("what was written is not what was there");
  std::remove(path.c_str());
  const double megabytes = static_cast<double>(n * n) * 8e-6;
  std::printf(
      "writing %-20s by hand %6.0f MB/s, safely %6.0f MB/s, ramal %6.0f MB/s, ratios of times %.2f, %.2f; "
      "as an array %6.0f MB/s, %.2f, %.2f\n",
      layout.name, megabytes / median(hand), megabytes / median(safe), megabytes / median(ours),
      median(ours) / median(hand), median(ours) / median(safe), megabytes / median(arrays),
      median(arrays) / median(hand), median(arrays) / median(safe));
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
      std::vector<double> hand, ours, arrays;
      for (int i = 0; i < repeats; ++i) {
        const auto grid = read_hdf5<double>(path, "data", {.block_bytes = 8 << 20});
        double start = now();
        const double expected = run_by_hand(session, path, grid);
        hand.push_back(now() - start);
        start = now();
        const double found = run_ramal(session, path);
        ours.push_back(now() - start);
        start = now();
        const double of_array = run_array(session, path);
        arrays.push_back(now() - start);
        // Whole numbers below 2^53 have the same sum in any order.
        if (found != expected || of_array != expected) throw std::runtime_error("the sums differ");
      }
      std::remove(path.c_str());
      const double megabytes = static_cast<double>(n * n) * 8e-6;
      std::printf(
          "reading %-20s by hand %6.0f MB/s, ramal %6.0f MB/s, ratio of times %.2f; as an array %6.0f MB/s, "
          "%.2f\n",
          layout.name, megabytes / median(hand), megabytes / median(ours), median(ours) / median(hand),
          megabytes / median(arrays), median(arrays) / median(hand));
      compare_writing(session, n, repeats, layout);
    }
  });
}
