// SPDX-License-Identifier: BSD-3-Clause
// Sleeps of very different lengths on all ranks: how far from greedy list scheduling, which hands each task,
// in order, to the thread that is free first, at no cost. Sleeping needs no cores, so a small machine will
// do.
//
//   mpirun -n RANKS balance [tasks] [mean seconds] [seed] [graph]
//
// graph: `pareto` (the default; heavy-tailed, exponent 1.5, at most 20 means), `imbalance` (uniform from 0 to
// twice the mean, as Task Bench's load_imbalance), `sorted` (pareto, the longest last, so that one rank has
// them all).
#include <ramal/ramal.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <queue>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

long sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  return 1;
}
long add(long a, long b) { return a + b; }

std::vector<double> draw(std::size_t tasks, double mean, unsigned seed, const std::string& graph) {
  std::minstd_rand random(seed);
  std::vector<double> lengths(tasks);
  for (double& length : lengths) {
    const double u = (static_cast<double>(random() % 1000000) + 1) / 1000000;
    length = graph == "imbalance" ? 2 * mean * u : std::min(20 * mean, mean / 3 * std::pow(u, -1 / 1.5));
  }
  if (graph == "sorted") std::sort(lengths.begin(), lengths.end());
  return lengths;
}

/// In order, each to the thread that is free first.
double greedy(const std::vector<double>& lengths, std::size_t threads) {
  std::priority_queue<double, std::vector<double>, std::greater<>> free;
  for (std::size_t i = 0; i < threads; ++i) free.push(0);
  double end = 0;
  for (const double length : lengths) {
    const double done = free.top() + length;
    free.pop();
    free.push(done);
    end = std::max(end, done);
  }
  return end;
}

}  // namespace

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    const auto text = [&](int k, const char* usual) { return std::string(argc > k ? argv[k] : usual); };
    const auto tasks = static_cast<std::size_t>(std::atol(text(1, "2000").c_str()));
    const double mean = std::atof(text(2, "0.02").c_str());
    const auto seed = static_cast<unsigned>(std::atol(text(3, "1").c_str()));
    const std::string graph = text(4, "pareto");
    const auto lengths = draw(tasks, mean, seed, graph);
    const auto all = ramal::map<sleep_for>(lengths);
    std::size_t threads = 0;
    for (const auto& rank : session.info()) threads += static_cast<std::size_t>(rank.threads);
    const auto start = std::chrono::steady_clock::now();
    session.compute(ramal::reduce<add>(all));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double ideal = greedy(lengths, threads);
    std::printf("%s: %zu sleeps on %d ranks, %zu threads: %.3f s, greedy %.3f s, ratio %.3f\n", graph.c_str(),
                lengths.size(), session.ranks(), threads, seconds, ideal, seconds / ideal);
  });
}
