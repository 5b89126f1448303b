// SPDX-License-Identifier: BSD-3-Clause
// Arrays beside plain loops over as many elements, in one process after the other's turn.
//
//   arrays_bench BLOCK_KIB ROUNDS      fused expressions and reductions on blocks of so many KiB, with
//   RAMAL_THREADS threads;
//                                the loops with as many of OpenMP
//   arrays_bench plan                  what rank 0 takes to make and to plan an expression, by the number of
//   chunks
#include <ramal/array.hpp>
#include <ramal/ramal.hpp>

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>

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

void compare(const char* what, double bytes, int rounds, const std::function<void()>& loop,
             const std::function<void()>& array) {
  std::vector<double> loops, arrays, ratios;
  loop();
  array();
  for (int round = 0; round < rounds; ++round) {
    loops.push_back(seconds(loop));
    arrays.push_back(seconds(array));
    ratios.push_back(loops.back() / arrays.back());
  }
  std::printf("%-28s loop %7.2f GB/s, array %7.2f GB/s: %.2f of the loop\n", what,
              bytes / median(loops) * 1e-9, bytes / median(arrays) * 1e-9, median(ratios));
}

volatile double sink;

/// In two passes: each thread adds up its part, then writes it from where those before it end.
double running_sums(const double* from, double* to, std::int64_t n) {
  std::vector<double> totals(static_cast<std::size_t>(omp_get_max_threads()) + 1);
#pragma omp parallel
  {
    const std::int64_t threads = omp_get_num_threads(), me = omp_get_thread_num();
    const std::int64_t begin = n * me / threads, end = n * (me + 1) / threads;
    double total = 0;
    if (me + 1 < threads) {
#pragma omp simd reduction(+ : total)
      for (std::int64_t i = begin; i < end; ++i) total += from[i];
    }
    totals[static_cast<std::size_t>(me) + 1] = total;
#pragma omp barrier
    double sum = 0;
    for (std::int64_t before = 0; before <= me; ++before) sum += totals[static_cast<std::size_t>(before)];
    for (std::int64_t i = begin; i < end; ++i) to[i] = sum += from[i];
  }
  return to[n - 1];
}

void bandwidth(Session& session, std::int64_t block_kib, int rounds) {
  constexpr std::int64_t n = std::int64_t{1} << 24;
  const Chunks chunks{block_kib * 1024 / 8};
  const auto a = session.persist(linspace(0, 1, n, true, chunks)),
             b = session.persist(linspace(1, 2, n, true, chunks));
  session.wait(a.blocks(), b.blocks());
  std::vector<double> x(n), y(n), z(n);
#pragma omp parallel for
  for (std::int64_t i = 0; i < n; ++i) {
    x[i] = static_cast<double>(i) / n;
    y[i] = 1 + x[i];
  }
  const double* p = x.data();
  const double* q = y.data();
  double* r = z.data();
  compare(
      "sum(a)", 8.0 * n, rounds,
      [&] {
        double sum = 0;
#pragma omp parallel for simd reduction(+ : sum)
        for (std::int64_t i = 0; i < n; ++i) sum += p[i];
        sink = sum;
      },
      [&] { sink = session.compute(a.sum()); });
  compare(
      "sum(sqrt(a*a + b*b))", 16.0 * n, rounds,
      [&] {
        double sum = 0;
#pragma omp parallel for simd reduction(+ : sum)
        for (std::int64_t i = 0; i < n; ++i) sum += std::sqrt(p[i] * p[i] + q[i] * q[i]);
        sink = sum;
      },
      [&] { sink = session.compute(sqrt(a * a + b * b).sum()); });
  compare(
      "c = a + b", 24.0 * n, rounds,
      [&] {
#pragma omp parallel for simd
        for (std::int64_t i = 0; i < n; ++i) r[i] = p[i] + q[i];
        sink = r[n / 2];
      },
      [&] { session.run((a + b).blocks()); });
  const auto aside = a(slice(3, {})), ahead = b(slice(-3));
  compare(
      "sum(a[3:] * b[:-3])", 16.0 * n, rounds,
      [&] {
        double sum = 0;
#pragma omp parallel for simd reduction(+ : sum)
        for (std::int64_t i = 0; i < n - 3; ++i) sum += p[i + 3] * q[i];
        sink = sum;
      },
      [&] { sink = session.compute((aside * ahead).sum()); });
  compare(
      "max(a)", 8.0 * n, rounds,
      [&] {
        double most = p[0];
#pragma omp parallel for simd reduction(max : most)
        for (std::int64_t i = 0; i < n; ++i) most = p[i] > most ? p[i] : most;
        sink = most;
      },
      [&] { sink = session.compute(a.max()); });
  compare(
      "c = cumsum(a)", 16.0 * n, rounds, [&] { sink = running_sums(p, r, n); },
      [&] { session.run(cumsum(a).blocks()); });
}

void plan(Session& session) {
  std::printf("chunks, us to make sqrt(a * a + b[1:]), us until its first block is there\n");
  for (std::int64_t chunks = 10; chunks <= 1'000'000'000; chunks *= 10) {
    std::vector<double> make, compute;
    const auto a = zeros<double>({static_cast<std::uint64_t>(chunks)}, {1});
    const auto b = zeros<double>({static_cast<std::uint64_t>(chunks + 1)}, {1});
    for (int round = 0; round < 21; ++round) {
      std::optional<Array<double>> c;
      make.push_back(seconds([&] { c = sqrt(a * a + b(slice(1, {}))); }));
      compute.push_back(seconds([&] { session.compute(c->block(0)); }));
    }
    std::printf("%10ld %8.2f %8.2f\n", static_cast<long>(chunks), median(make) * 1e6, median(compute) * 1e6);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_plan = argc == 2 && std::strcmp(argv[1], "plan") == 0;
  if (!is_plan && argc != 3) {
    std::fprintf(stderr, "usage: arrays_bench BLOCK_KIB ROUNDS | arrays_bench plan\n");
    return 2;
  }
  return ramal::run(argc, argv, [&](Session& session) {
    is_plan ? plan(session) : bandwidth(session, std::atol(argv[1]), std::atoi(argv[2]));
  });
}
