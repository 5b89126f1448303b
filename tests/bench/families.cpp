// SPDX-License-Identifier: BSD-3-Clause
// What families cost.
//
//   families plan                    rank 0's time and bytes to plan a layer, by its extent; beside explicit
//                                    tasks
//   mpirun -n 2 families steps W N   N steps of a 3-point stencil over W places: time of a core a task, and
//                                    memory
//   mpirun -n 2 families space L...  the same for 1 to 4 lengths without steps: a stencil of the nearest
//   places, a
//                                    map of it and of what it was made from, their sum
#include "graph/families/program.hpp"
#include "graph/tasks/cut.hpp"
#include "graph/tasks/place.hpp"

#include <ramal/ramal.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace ramal;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

long first(long i) { return i; }
long pass_on(long i) { return i + 1; }
double start(long i) { return static_cast<double>(i % 7); }
double spread(double left, double here, double right) { return 0.25 * left + 0.5 * here + 0.25 * right; }
double add(double a, double b) { return a + b; }
double start_at(Index place) { return static_cast<double>(place[place.dims - 1] % 7); }
double average(Inputs<double> near) {
  double sum = 0;
  for (const double one : near) sum += one;
  return sum / static_cast<double>(near.size());
}
long peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

/// Seconds of the fastest of several.
template <class Do>
double fastest(int times, const Do& what) {
  double least = 1e300;
  for (int i = 0; i < times; ++i) {
    const double before = now();
    what();
    least = std::min(least, now() - before);
  }
  return least;
}

void plan() {
  constexpr std::uint32_t ranks = 64;
  const detail::Images images = detail::Images::loaded();
  std::printf("# extent, us a layer as a family, bytes, us a layer of explicit tasks\n");
  for (std::int64_t extent = 10; extent <= 1'000'000'000; extent *= 10) {
    constexpr int layers = 10;
    std::size_t bytes = 0;
    const double planned = fastest(20, [&] {
      auto layer = family<first>(extent);
      for (int i = 1; i < layers; ++i) layer = map<pass_on>(layer);
      const detail::ProgramContext context{.ranks = ranks, .front_members = 256, .given = {}, .kept = {}, .rank_on = {}};
      const std::vector families{layer.view().node};
      bytes = detail::plan_program(families, context).program.encode(images).size();
    });
    std::printf("%lld %.2f %zu", static_cast<long long>(extent), 1e6 * planned / layers, bytes / layers);
    if (extent <= 100'000) {
      const double one_by_one = fastest(3, [&] {
        std::vector<Delayed<long>> layer;
        for (std::int64_t i = 0; i < extent; ++i) layer.push_back(delayed<first>(i));
        for (int i = 1; i < layers; ++i) layer = map<pass_on>(layer);
        std::vector<const detail::Task*> targets;
        for (const auto& handle : layer) targets.push_back(handle.task_handle().get());
        const detail::Graph graph = detail::collect(targets);
        const detail::Machine machine{std::vector<std::string>(ranks, "host")};
        const auto placed = detail::place(graph, machine, {});
        detail::cut(graph, placed, ranks, 1, {}, {}, images);
      });
      std::printf(" %.2f", 1e6 * one_by_one / layers);
    }
    std::printf("\n");
  }
}

}  // namespace

namespace {

/// One more in each dimension, and one less, and the place itself.
std::vector<Index> nearest(const Index& extent) {
  Index none = extent;
  none.at.fill(0);
  std::vector<Index> offsets{none};
  for (int d = 0; d < extent.dims; ++d) {
    for (const int by : {-1, 1}) {
      offsets.push_back(none);
      offsets.back()[d] = by;
    }
  }
  return offsets;
}

Family<double> in_steps(std::int64_t width, std::int64_t steps) {
  return iterate<spread>(family<start>(width), steps, {{-1}, {0}, {1}}, Edge::clamp);
}
Family<double> in_space(const Index& extent) {
  const auto all = family<start_at>(extent);
  return map<add>(stencil<average>(all, nearest(extent)), all);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  Index lengths;
  lengths.dims = argc - 2;
  for (int d = 0; d < std::min(argc - 2, Index::most_dims); ++d) lengths[d] = std::atol(argv[d + 2]);
  if (what == "plan" && argc == 2) {
    plan();
    return 0;
  }
  const bool is_space = what == "space" && argc >= 3 && argc <= 2 + Index::most_dims;
  if (!is_space && !(what == "steps" && argc == 4)) {
    std::fprintf(stderr, "usage: families plan | families steps WIDTH STEPS | families space LENGTH...\n");
    return 2;
  }
  return run(argc, argv, [&](Session& session) {
    const double before = now();
    const double sum =
        session.compute(reduce<add>(is_space ? in_space(lengths) : in_steps(lengths[0], lengths[1])));
    const double seconds = now() - before;
    double cores = 0;
    for (const auto& rank : session.info()) cores += rank.threads;
    // In space: what it begins from, the stencil, the map, and about as many again for the sum.
    const double tasks = static_cast<double>(lengths.volume()) * (is_space ? 4 : 1);
    std::printf("%.3g tasks on %d ranks: %.2f s, %.1f ns of a core a task, sum %.6g; at most", tasks,
                session.ranks(), seconds, 1e9 * seconds * cores / tasks, sum);
    for (const long mib : session.on_every_rank<peak_mib>()) std::printf(" %ld", mib);
    std::printf(" MiB\n");
  });
}
