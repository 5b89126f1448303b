// SPDX-License-Identifier: BSD-3-Clause
// Products and Cholesky factors of arrays, beside the BLAS and LAPACK with as many threads on whole matrices,
// in one process after the other's turn.
//
//   linalg_bench N TILE ROUNDS      matrices of N by N doubles in tiles of TILE by TILE, on RAMAL_THREADS
//   threads;
//                                   the BLAS with as many. Best on one rank.
#include <ramal/linalg.hpp>
#include <ramal/ramal.hpp>

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>

extern "C" {
void dgemm_(const char*, const char*, const int*, const int*, const int*, const double*, const double*,
            const int*, const double*, const int*, const double*, double*, const int*, std::size_t,
            std::size_t);
void dpotrf_(const char*, const int*, double*, const int*, int*, std::size_t);
}

namespace {

using namespace ramal;
using Clock = std::chrono::steady_clock;

double seconds(const std::function<void()>& call) {
  const auto start = Clock::now();
  call();
  return std::chrono::duration<double>(Clock::now() - start).count();
}
double median(std::vector<double> all) {
  std::ranges::nth_element(all, all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2));
  return all[all.size() / 2];
}

/// How many threads the BLAS has in one call, where it is OpenBLAS.
void set_blas_threads(int threads) {
  using Set = void (*)(int);
  if (const auto set = reinterpret_cast<Set>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) set(threads);
}

void compare(const char* what, double operations, int rounds, int threads, const std::function<void()>& whole,
             const std::function<void()>& array) {
  std::vector<double> wholes, arrays, ratios;
  const auto by_blas = [&] {
    set_blas_threads(threads);
    const double taken = seconds(whole);
    set_blas_threads(1);
    return taken;
  };
  by_blas();
  array();
  for (int round = 0; round < rounds; ++round) {
    wholes.push_back(by_blas());
    arrays.push_back(seconds(array));
    ratios.push_back(wholes.back() / arrays.back());
  }
  std::printf("%-28s BLAS %7.2f GFlop/s, array %7.2f GFlop/s: %.2f of the BLAS\n", what,
              operations / median(wholes) * 1e-9, operations / median(arrays) * 1e-9, median(ratios));
}

void products(Session& session, std::int64_t n, std::int64_t tile, int rounds, int threads) {
  const auto shape = Extents::filled(2, static_cast<std::uint64_t>(n));
  const auto a = session.persist(random_uniform<double>(1, shape, -1, 1, {tile, tile})),
             b = session.persist(random_uniform<double>(2, shape, -1, 1, {tile, tile}));
  session.wait(a.blocks(), b.blocks());
  const Block<double> x = session.compute(a), y = session.compute(b);
  Block<double> z = Block<double>::filled(shape, 0);
  const int length = static_cast<int>(n);
  const double one = 1, zero = 0;
  const double count = static_cast<double>(n);
  compare(
      "matmul(a, b)", 2 * count * count * count, rounds, threads,
      [&] {
        dgemm_("N", "N", &length, &length, &length, &one, y.data(), &length, x.data(), &length, &zero,
               z.data(), &length, 1, 1);
      },
      [&] { session.run(matmul(a, b).blocks()); });
  compare(
      "matmul(a^T, b)", 2 * count * count * count, rounds, threads,
      [&] {
        dgemm_("N", "T", &length, &length, &length, &one, y.data(), &length, x.data(), &length, &zero,
               z.data(), &length, 1, 1);
      },
      [&] { session.run(matmul(a.transpose(), b).blocks()); });
}

void factors(Session& session, std::int64_t n, std::int64_t tile, int rounds, int threads) {
  const auto shape = Extents::filled(2, static_cast<std::uint64_t>(n));
  const auto noise = random_uniform<double>(3, shape, -1, 1, {tile, tile});
  const double count = static_cast<double>(n);
  // Its diagonal is above all else that is in a row, so it is positive definite.
  const auto a = session.persist(
      Array<double>(noise + noise.transpose() + eye<double>(n, n, 0, {tile, tile}) * (2 * count)));
  session.wait(a.blocks());
  const Block<double> x = session.compute(a);
  const int length = static_cast<int>(n);
  int info = 0;
  compare(
      "cholesky(a)", count * count * count / 3, rounds, threads,
      [&] {
        Block<double> copy = x;
        dpotrf_("U", &length, copy.data(), &length, &info, 1);
      },
      [&] { session.run(cholesky(a).blocks()); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: linalg_bench N TILE ROUNDS\n");
    return 2;
  }
  const std::int64_t n = std::atol(argv[1]), tile = std::atol(argv[2]);
  const int rounds = std::atoi(argv[3]);
  return ramal::run(argc, argv, [&](Session& session) {
    const char* given = std::getenv("RAMAL_THREADS");
    const int threads = given != nullptr ? std::max(1, std::atoi(given)) : 1;
    std::printf("%ld x %ld doubles in tiles of %ld, %d threads\n", n, n, tile, threads);
    products(session, n, tile, rounds, threads);
    factors(session, n, tile, rounds, threads);
  });
}
