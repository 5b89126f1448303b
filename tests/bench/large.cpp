// SPDX-License-Identifier: BSD-3-Clause
// Large graphs: `mpirun -n 2 large [TASKS]` builds, plans, runs and frees a chain, a tree and a stencil
// 1000 wide, and prints what each phase costs a task, in time and in memory on rank 0. Every shape runs
// three times; the last is shown, since the first pays for the machine's memory being touched at all.
#include <ramal/ramal.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

using ramal::Delayed;
using ramal::delayed;

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
/// Bytes of this process: resident now, and at most so far.
std::pair<double, double> memory() {
  std::ifstream status("/proc/self/status");
  std::string word;
  double resident = 0, peak = 0;
  while (status >> word) {
    if (word == "VmRSS:") status >> resident;
    if (word == "VmHWM:") status >> peak;
  }
  return {resident * 1024, peak * 1024};
}

long one() { return 1; }
long inc(long x) { return x + 1; }
long add(long x, long y) { return x + y; }
long mix(long x, long y, long z) { return (x ^ y) + z; }

std::vector<Delayed<long>> chain(long n) {
  auto last = delayed<one>();
  for (long i = 1; i < n; ++i) last = delayed<inc>(last);
  return {last};
}
std::vector<Delayed<long>> tree(long n) {
  std::vector<Delayed<long>> leaves;
  leaves.reserve(static_cast<std::size_t>(n / 2));
  for (long i = 0; i < n / 2; ++i) leaves.push_back(delayed<one>());
  return {ramal::reduce<add>(leaves)};
}
std::vector<Delayed<long>> stencil(long n) {
  constexpr std::size_t width = 1000;
  std::vector<Delayed<long>> row;
  for (std::size_t i = 0; i < width; ++i) row.push_back(delayed<one>());
  for (long step = 1; step < n / static_cast<long>(width); ++step) {
    std::vector<Delayed<long>> next;
    next.reserve(width);
    for (std::size_t i = 0; i < width; ++i) {
      next.push_back(delayed<mix>(row[i == 0 ? 0 : i - 1], row[i], row[std::min(i + 1, width - 1)]));
    }
    row = std::move(next);
  }
  return row;
}

void measure(ramal::Session& session, const char* name, std::vector<Delayed<long>> (*build)(long), long n) {
  const auto per_task = [n](double x) { return x / static_cast<double>(n); };
  for (int turn = 0; turn < 3; ++turn) {
    const double before = memory().first;
    const double start = now();
    auto targets = build(n);
    const double built = now();
    const double graph = memory().first - before;
    session.compute(targets);
    const double computed = now();
    targets.clear();
    const double freed = now();
    if (turn < 2) continue;
    std::printf("| %-8s | %10ld | %6.1f ns | %6.1f ns | %6.1f ns | %5.0f | %5.0f |\n", name, n,
                1e9 * per_task(built - start), 1e9 * per_task(computed - built),
                1e9 * per_task(freed - computed), per_task(graph), per_task(memory().second));
  }
}

}  // namespace

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    const long n = argc > 1 ? std::atol(argv[1]) : 1000000;
    std::printf("| %d ranks  | tasks      | build     | plan, run | free      | bytes | peak  |\n",
                session.ranks());
    std::printf("|----------|-----------:|----------:|----------:|----------:|------:|------:|\n");
    measure(session, "chain", chain, n);
    measure(session, "tree", tree, n);
    measure(session, "stencil", stencil, n);
  });
}
