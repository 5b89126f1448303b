// SPDX-License-Identifier: BSD-3-Clause
// One graph on simulated ranks, for `run`: `simulated GRAPH KEY=VALUE…` prints a line of KEY=VALUE.
//
//   tree         8 leaves a rank, and their sum
//   family       the stencil as a family, planned by the ranks
//   stencil      a row of cells, one a rank, each step from its neighbours and itself; then their sum
//   alltoall     one value a rank, each step from those of all ranks; then their sum
//   pencils      the same in two halves a step, along the rows and then the columns of a square of ranks
//   gather       one value a rank, each fetched to rank 0
//
// A task takes `task` simulated seconds. Planning takes what `per_task`, `per_edge` and `per_rank` say,
// all before `compute` is called: it ships nothing before all is planned, so this is where the time belongs.
// No other computation takes simulated time, but each MPI message costs its sender and its receiver what
// smpirun was told.
//
// All ranks are in one process and share its globals, so the rank 0 program can read what all have noted.
#include "runtime/watch/report_page.hpp"

#include <simgrid/engine.h>
#include <time.h>
#include <ramal/mpi.hpp>
#include <ramal/ramal.hpp>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>

using ramal::Delayed;
using ramal::delayed;

// The page of reports, which the build makes elsewhere: nobody looks at one here.
namespace ramal::detail {
const std::string_view report_html = {}, report_css = {}, report_js = {};
}  // namespace ramal::detail

namespace {

using Number = std::uint64_t;  // sums wrap, so every order gives the same bits
using Row = std::vector<Delayed<Number>>;

// --- what is noted, by all ranks ------------------------------------------------------------------------

struct Notes {
  double first_task = 0, last_task = 0;  // when the last rank began its first one; when the last one ended
  std::vector<bool> has_begun;
  std::uint64_t sent_by_first = 0, bytes_by_first = 0, sent_to_first = 0, sent = 0;
  double planned_cpu = -1;  // processor time at rank 0's first message
} notes;
double task_seconds = 100e-6;

double now() { return simgrid_get_clock(); }
double cpu_now() {
  timespec time{};
  (clock_gettime)(CLOCK_PROCESS_CPUTIME_ID, &time);  // in brackets: not the simulation's
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// What every task does besides its arithmetic.
void work() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (const auto at = static_cast<std::size_t>(rank); !notes.has_begun[at]) {
    notes.has_begun[at] = true;
    notes.first_task = now();
  }
  smpi_execute(task_seconds);
  notes.last_task = now();
}

// --- the graphs, and what they must come to --------------------------------------------------------------

Number leaf(Number i) {
  work();
  return i * i + 1;
}
Number add(Number x, Number y) {
  work();
  return x + y;
}
Number mix(Number x, Number y, Number z) {
  work();
  return 3 * x + 5 * y + 7 * z + 1;
}
Number total(const std::vector<Number>& all, Number weight) {
  work();
  Number sum = weight;
  for (const Number one : all) sum = 31 * sum + one;
  return sum;
}

struct Size {
  Number ranks, leaves, steps;
};
struct Planned {
  Row targets;
  Number expected;
  double tasks, edges;
  bool by_ranks = false;  // planned by the ranks that run it
};

Row leaves(Number n) {
  Row row;
  for (Number i = 0; i < n; ++i) row.push_back(delayed<leaf>(i));
  return row;
}
Planned summed(const Row& row, const std::vector<Number>& values, double tasks, double edges) {
  Number sum = 0;
  for (const Number value : values) sum += value;
  const auto n = static_cast<double>(row.size());
  return {{ramal::reduce<add>(row)}, sum, tasks + n - 1, edges + 2 * (n - 1)};
}
std::vector<Number> leaf_values(Number n) {
  std::vector<Number> values;
  for (Number i = 0; i < n; ++i) values.push_back(i * i + 1);
  return values;
}

Planned tree(const Size& size) {
  const Number n = size.ranks * size.leaves;
  return summed(leaves(n), leaf_values(n), static_cast<double>(n), 0);
}
Planned gather(const Size& size) {
  const auto n = static_cast<double>(size.ranks);
  Number sum = 0;
  for (const Number value : leaf_values(size.ranks)) sum += value;
  return {leaves(size.ranks), sum, n, 0};
}
Planned stencil(const Size& size) {
  Row row = leaves(size.ranks);
  auto values = leaf_values(size.ranks);
  const std::size_t last = row.size() - 1;
  for (Number step = 0; step < size.steps; ++step) {
    Row next;
    std::vector<Number> next_values;
    for (std::size_t i = 0; i <= last; ++i) {
      const std::size_t left = i == 0 ? 0 : i - 1;
      const std::size_t right = std::min(i + 1, last);
      next.push_back(delayed<mix>(row[left], row[i], row[right]));
      next_values.push_back(3 * values[left] + 5 * values[i] + 7 * values[right] + 1);
    }
    row = std::move(next);
    values = std::move(next_values);
  }
  const double tasks = static_cast<double>(size.ranks) * static_cast<double>(size.steps);
  return summed(row, values, static_cast<double>(size.ranks) + tasks, 3 * tasks);
}

/// The same as a family.
Planned family_stencil(const Size& size) {
  Planned planned = stencil({size.ranks, size.leaves, 0});
  auto values = leaf_values(size.ranks);
  const std::size_t last = values.size() - 1;
  for (Number step = 0; step < size.steps; ++step) {
    const auto before = values;
    for (std::size_t i = 0; i <= last; ++i)
      values[i] = 3 * before[i == 0 ? 0 : i - 1] + 5 * before[i] + 7 * before[std::min(i + 1, last)] + 1;
  }
  planned.expected = 0;
  for (const Number value : values) planned.expected += value;
  const auto rows =
      ramal::iterate<mix>(ramal::family<leaf>(size.ranks), static_cast<std::int64_t>(size.steps),
                          {{-1}, {0}, {1}}, ramal::Edge::clamp);
  planned.targets = {ramal::reduce<add>(rows)};
  planned.tasks += static_cast<double>(size.ranks * size.steps);
  planned.edges += 3 * static_cast<double>(size.ranks * size.steps);
  planned.by_ranks = true;
  return planned;
}

/// Each value becomes one of those whose places `group` gives.
template <class Group>
double exchange(Row& row, std::vector<Number>& values, const Group& group) {
  Row next;
  std::vector<Number> next_values;
  double edges = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    Row inputs;
    Number sum = i;
    for (const std::size_t j : group(i)) {
      inputs.push_back(row[j]);
      sum = 31 * sum + values[j];
    }
    edges += static_cast<double>(inputs.size());
    next.push_back(delayed<total>(inputs, Number{i}));
    next_values.push_back(sum);
  }
  row = std::move(next);
  values = std::move(next_values);
  return edges;
}
Planned all_to_all(const Size& size) {
  Row row = leaves(size.ranks);
  auto values = leaf_values(size.ranks);
  std::vector<std::size_t> all;
  for (std::size_t j = 0; j < row.size(); ++j) all.push_back(j);
  double edges = 0;
  for (Number step = 0; step < size.steps; ++step)
    edges += exchange(row, values, [&](std::size_t) { return all; });
  const double tasks = static_cast<double>(size.ranks) * static_cast<double>(size.steps + 1);
  return summed(row, values, tasks, edges);
}
Planned pencils(const Size& size) {
  Row row = leaves(size.ranks);
  auto values = leaf_values(size.ranks);
  const std::size_t n = row.size();
  const auto width = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(n))));
  const auto places = [n](std::size_t first, std::size_t stride, std::size_t count) {
    std::vector<std::size_t> found;
    for (std::size_t k = 0; k < count && first + k * stride < n; ++k) found.push_back(first + k * stride);
    return found;
  };
  double edges = 0;
  for (Number step = 0; step < size.steps; ++step) {
    edges += exchange(row, values, [&](std::size_t i) { return places(i / width * width, 1, width); });
    edges += exchange(row, values, [&](std::size_t i) { return places(i % width, width, n); });
  }
  const double tasks = static_cast<double>(size.ranks) * static_cast<double>(2 * size.steps + 1);
  return summed(row, values, tasks, edges);
}

// --- the run ---------------------------------------------------------------------------------------------

using Options = std::map<std::string, double>;

int program(ramal::Session& session, const std::string& name, const Options& options, double called) {
  const auto option = [&](const char* key, double otherwise) {
    const auto found = options.find(key);
    return found != options.end() ? found->second : otherwise;
  };
  const std::map<std::string, Planned (*)(const Size&)> graphs = {
      {"tree", tree},           {"gather", gather},  {"stencil", stencil}, {"family", family_stencil},
      {"alltoall", all_to_all}, {"pencils", pencils}};
  task_seconds = option("task", 100e-6);
  const auto ranks = static_cast<double>(session.ranks());
  const auto build = [&] {
    return graphs.at(name)({static_cast<Number>(session.ranks()), static_cast<Number>(option("leaves", 8)),
                            static_cast<Number>(option("steps", 10))});
  };
  // Runs before the one that counts, for those who ask for processor time: first contact with memory is slow.
  notes.has_begun.resize(static_cast<std::size_t>(session.ranks()));
  for (double turn = 0; turn < option("before", 0); ++turn) session.compute(build().targets);
  const Planned planned = build();
  const double plan = planned.by_ranks
                          ? 0
                          : planned.tasks * option("per_task", 0) + planned.edges * option("per_edge", 0) +
                                ranks * option("per_rank", 0);

  notes = {};
  notes.has_begun.resize(static_cast<std::size_t>(session.ranks()));
  const double start = now();
  smpi_execute(plan);
  const double cpu_start = cpu_now();
  const double planned_at = now();
  Number sum = 0;
  for (const Number value : session.compute(planned.targets)) sum += value;
  const double end = now();
  const Notes seen = notes;

  std::printf(
      "ranks=%.0f tasks=%.0f edges=%.0f correct=%d start=%.9f seconds=%.9f plan=%.9f distribute=%.9f "
      "gather=%.9f cpu_plan=%.6f sent_by_first=%llu bytes_by_first=%llu sent_to_first=%llu sent=%llu\n",
      ranks, planned.tasks, planned.edges, sum == planned.expected ? 1 : 0, start - called, end - start,
      planned_at - start, seen.first_task - planned_at, end - seen.last_task, seen.planned_cpu - cpu_start,
      static_cast<unsigned long long>(seen.sent_by_first),
      static_cast<unsigned long long>(seen.bytes_by_first),
      static_cast<unsigned long long>(seen.sent_to_first), static_cast<unsigned long long>(seen.sent));
  return 0;
}

}  // namespace

// Linked with --wrap=MPI_Isend: every message of the runtime comes by here.
extern "C" int __real_MPI_Isend(const void*, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request*);
extern "C" int __wrap_MPI_Isend(const void* memory, int count, MPI_Datatype type, int to, int tag,
                                MPI_Comm all, MPI_Request* request) {
  int rank = 0;
  MPI_Comm_rank(all, &rank);
  ++notes.sent;
  if (to == 0) ++notes.sent_to_first;
  if (rank == 0) {
    if (notes.planned_cpu < 0) notes.planned_cpu = cpu_now();
    ++notes.sent_by_first;
    notes.bytes_by_first += static_cast<std::uint64_t>(count);
  }
  return __real_MPI_Isend(memory, count, type, to, tag, all, request);
}

int main(int argc, char* argv[]) {
  Options options;
  for (int i = 2; i < argc; ++i) {
    const char* equals = std::strchr(argv[i], '=');
    if (equals != nullptr)
      options[std::string(const_cast<const char*>(argv[i]), equals)] = std::atof(equals + 1);
  }
  const std::string name = argc > 1 ? argv[1] : "tree";
  const double called = now();
  double ended = 0;
  ramal::Options how;
  how.threads = 1;
  how.idle = "block";
  how.warnings = "off";
  bool is_first = false;
  // Not left to `run`, which ends MPI when the process ends: this one has many ranks.
  MPI_Init(&argc, &argv);
  const int status = ramal::run(
      MPI_COMM_WORLD,
      [&](ramal::Session& session) {
        is_first = true;
        const int result = program(session, name, options, called);
        ended = now();
        return result;
      },
      how);
  if (is_first) std::printf("end=%.9f\n", now() - ended);
  MPI_Finalize();
  return status;
}
