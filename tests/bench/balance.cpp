// SPDX-License-Identifier: BSD-3-Clause
// Sleeps of very different lengths on all ranks: how far from greedy list scheduling, which hands each task,
// in order, to the thread that is free first, at no cost. Sleeping needs no cores, so a small machine will
// do.
//
//   mpirun -n RANKS balance [tasks] [mean seconds] [seed] [graph] [families]
//
// graph: `pareto` (the default; heavy-tailed, exponent 1.5, at most 20 means), `imbalance` (uniform from 0 to
// twice the mean, as Task Bench's load_imbalance), `sorted` (pareto, the longest last, so that one rank has
// them all), `kinds` (one function in ten tasks takes 20 times as long as the other, and they come first).
// With `families` one family of sleeps, whose members lie in blocks whatever they take.
// Computed twice: the second time placement knows what the functions took in the first, which helps where
// they differ, as in `kinds`.
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
long sleep_for_long(double seconds) { return sleep_for(seconds); }
long sleep_at(long i, const std::vector<double>& lengths) {
  return sleep_for(lengths[static_cast<std::size_t>(i)]);
}
struct ReadsTheOnlyOne {
  void operator()(const ramal::Index&, ramal::Reads& reads) const { reads(0, 0); }
};
long add(long a, long b) { return a + b; }

std::vector<double> draw(std::size_t tasks, double mean, unsigned seed, const std::string& graph) {
  std::minstd_rand random(seed);
  std::vector<double> lengths(tasks);
  if (graph == "kinds") {
    const double usual = mean / (0.1 * 20 + 0.9);
    for (std::size_t i = 0; i < tasks; ++i) lengths[i] = i < tasks / 10 ? 20 * usual : usual;
    return lengths;
  }
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
    std::vector<ramal::Delayed<long>> all;
    const bool as_family = text(5, "") == "families";
    for (std::size_t i = 0; i < tasks && !as_family; ++i) {
      const bool is_long = graph == "kinds" && i < tasks / 10;
      all.push_back(is_long ? ramal::delayed<sleep_for_long>(lengths[i])
                            : ramal::delayed<sleep_for>(lengths[i]));
    }
    const auto sum = [&] {  // a family's anew, since a member once asked for is kept
      if (!as_family) return ramal::reduce<add>(all);
      return ramal::reduce<add>(
          ramal::family<sleep_at>(ramal::Index(tasks), ReadsTheOnlyOne{}, ramal::value(lengths)));
    };
    std::size_t threads = 0;
    for (const auto& rank : session.info()) threads += static_cast<std::size_t>(rank.threads);
    const double ideal = greedy(lengths, threads);
    for (const char* run : {"first", "second"}) {
      const auto start = std::chrono::steady_clock::now();
      session.compute(sum());
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      std::printf("%s, %s run: %zu sleeps on %d ranks, %zu threads: %.3f s, greedy %.3f s, ratio %.3f\n",
                  graph.c_str(), run, lengths.size(), session.ranks(), threads, seconds, ideal,
                  seconds / ideal);
    }
  });
}
