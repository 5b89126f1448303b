// SPDX-License-Identifier: BSD-3-Clause
// place: trees in subtrees, stencils in columns, wishes respected, and nobody given more than his share.
#include "graph/tasks/place.hpp"

#include <ramal/delayed.hpp>
#include <ramal/reduce.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <random>
#include <set>

namespace {

using ramal::delayed;
using ramal::Delayed;
using ramal::detail::collect;
using ramal::detail::Graph;
using ramal::detail::Home;
using ramal::detail::HomeOf;
using ramal::detail::Kind;
using ramal::detail::kind_costs;
using ramal::detail::Machine;
using ramal::detail::SecondsOf;
using ramal::detail::Task;
using ramal::detail::TaskIndex;
using Ranks = ramal::detail::PagedVector<std::uint32_t>;
using Row = std::vector<Delayed<long>>;

long inc(long x) { return x + 1; }
long dec(long x) { return x - 1; }
long add(long x, long y) { return x + y; }
long step(long left, long middle, long right) { return left + middle + right; }
long all_of(const std::vector<long>& values) { return static_cast<long>(values.size()); }
std::vector<double> fill(long n) { return std::vector<double>(static_cast<std::size_t>(n)); }
long mixed(const std::vector<double>& values, long x) { return static_cast<long>(values.size()) + x; }

struct Kept final : ramal::detail::Residence {};

const Task* at(const Delayed<long>& handle) { return handle.task_handle().get(); }
Graph graph_of(const Row& targets) {
  std::vector<const Task*> tasks;
  for (const auto& target : targets) tasks.push_back(at(target));
  return collect(tasks);
}
Machine machine_of(std::uint32_t ranks) {
  Machine machine;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) machine.hosts.push_back("host" + std::to_string(rank));
  return machine;
}
Home no_home(const Task&) { throw std::logic_error("asked for the home of a value that does not exist yet"); }

/// A graph and where its tasks were placed.
struct Placed {
  Graph graph;
  Ranks rank;
  std::uint32_t ranks;
  std::map<const Task*, TaskIndex> index = {};

  Placed(Graph made, const Machine& machine, const HomeOf& home_of = no_home,
         const SecondsOf& seconds_of = {})
      : graph(std::move(made)), rank(place(graph, machine, home_of, seconds_of)), ranks(machine.ranks()) {
    for (TaskIndex i = 0; i < graph.size(); ++i) index[graph.tasks[i]] = i;
  }
  Placed(const Row& targets, std::uint32_t ranks, const HomeOf& home_of = no_home)
      : Placed(graph_of(targets), machine_of(ranks), home_of) {}

  std::uint32_t of(const Delayed<long>& handle) const { return rank[index.at(at(handle))]; }
  bool given(TaskIndex i) const { return is_given(*graph.tasks[i]); }
  double cost(TaskIndex i) const {
    const auto* wishes = graph.tasks[i]->annotation();
    return wishes != nullptr ? wishes->cost : 1.0;
  }
  /// Values that cross ranks: each once for every rank that reads it.
  std::size_t messages() const {
    std::set<std::pair<TaskIndex, std::uint32_t>> crossing;
    for (TaskIndex i = 0; i < graph.size(); ++i) {
      for (const TaskIndex input : graph.inputs_of(i)) {
        if (rank[input] != rank[i]) crossing.emplace(input, rank[i]);
      }
    }
    return crossing.size();
  }
  struct Level {
    std::vector<double> load;  // by rank
    double total = 0;
    double largest = 0;
  };
  /// What each rank was given of each level; level 0 are the sources.
  std::vector<Level> levels() const {
    std::vector<std::size_t> level(graph.size(), 0);
    std::vector<Level> levels;
    for (TaskIndex i = 0; i < graph.size(); ++i) {
      if (given(i)) continue;
      for (const TaskIndex input : graph.inputs_of(i)) {
        // Constants are everywhere, so they do not raise the level.
        if (graph.tasks[input]->constant() == nullptr)
          level[i] = std::max(level[i], given(input) ? 1 : level[input] + 1);
      }
      if (level[i] >= levels.size()) levels.resize(level[i] + 1, Level{std::vector<double>(ranks, 0.0)});
      Level& mine = levels[level[i]];
      mine.load[rank[i]] += cost(i);
      mine.total += cost(i);
      mine.largest = std::max(mine.largest, cost(i));
    }
    return levels;
  }
  std::vector<double> source_load() const { return levels().front().load; }
};

// --- trees -------------------------------------------------------------------------------------------
Row notebook_leaves(long n) {
  Row leaves;
  for (long i = 0; i < n; ++i) {
    const auto x = delayed<inc>(i);
    leaves.push_back(delayed<add>(x, delayed<dec>(x)));
  }
  return leaves;
}

class PlaceTree : public ::testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Ranks, PlaceTree, ::testing::Values(1, 2, 4, 8, 16, 32, 64, 128));

TEST_P(PlaceTree, NotebookCrossesRanksInOneMessagePerRankButOne) {
  const std::uint32_t ranks = GetParam();
  const auto total = ramal::reduce<add>(notebook_leaves(128));
  const Placed placed({total}, ranks);
  EXPECT_EQ(placed.messages(), ranks - 1);
  EXPECT_EQ(placed.of(total), 0u);
  EXPECT_EQ(placed.source_load(), std::vector<double>(ranks, 128.0 / ranks));
}

TEST_P(PlaceTree, PersistedLeavesKeepIt) {
  const std::uint32_t ranks = GetParam();
  const Row leaves = notebook_leaves(128);
  const Placed before(leaves, ranks);
  EXPECT_EQ(before.messages(), 0u);
  for (const auto& leaf : leaves) at(leaf)->set_residence(std::make_unique<Kept>());
  const HomeOf home_of = [&](const Task& task) { return Home{.rank = before.rank[before.index.at(&task)]}; };
  const auto total = ramal::reduce<add>(leaves);
  const Placed placed({total}, ranks, home_of);
  EXPECT_EQ(placed.graph.size(), 255u);
  for (const auto& leaf : leaves)
    EXPECT_EQ(placed.of(leaf), before.of(leaf)) << "a given value does not move";
  EXPECT_EQ(placed.messages(), ranks - 1);
  EXPECT_EQ(placed.of(total), 0u);
}

TEST(Place, TreesOfAnyLengthStayInSubtrees) {
  for (const long n : {5, 100, 127, 129, 1000}) {
    for (const std::uint32_t ranks : {2u, 3u, 5u, 8u}) {
      const Placed placed({ramal::reduce<add>(notebook_leaves(n))}, ranks);
      // A block's border cuts at most one edge on each level of the tree, and shifts what is above it.
      EXPECT_LE(placed.messages(), 2 * (ranks - 1) * std::bit_width(static_cast<unsigned long>(n)))
          << n << " leaves on " << ranks << " ranks";
    }
  }
}

// --- stencils ----------------------------------------------------------------------------------------
Row next_row(const Row& last, bool periodic) {
  const auto width = static_cast<long>(last.size());
  const auto cell = [&](long p) {
    return last[static_cast<std::size_t>(periodic ? (p + width) % width : std::clamp(p, 0l, width - 1))];
  };
  Row row;
  for (long p = 0; p < width; ++p) row.push_back(delayed<step>(cell(p - 1), cell(p), cell(p + 1)));
  return row;
}
std::vector<Row> stencil(long width, int steps, bool periodic) {
  std::vector<Row> rows(1);
  for (long p = 0; p < width; ++p) rows[0].push_back(delayed<inc>(p));
  for (int t = 1; t < steps; ++t) rows.push_back(next_row(rows.back(), periodic));
  return rows;
}
std::vector<std::uint32_t> ranks_of(const Placed& placed, const Row& row) {
  std::vector<std::uint32_t> ranks;
  for (const auto& cell : row) ranks.push_back(placed.of(cell));
  return ranks;
}
/// Each rank has one block of about width / ranks cells; on a ring the first may begin anywhere.
void expect_blocks(const std::vector<std::uint32_t>& row, std::uint32_t ranks, bool periodic) {
  std::vector<std::size_t> size(ranks, 0);
  std::size_t borders = 0;
  for (std::size_t p = 0; p < row.size(); ++p) {
    ++size.at(row[p]);
    if (p + 1 < row.size() || periodic) borders += row[p] != row[(p + 1) % row.size()] ? 1 : 0;
  }
  EXPECT_EQ(borders, ranks == 1 ? 0 : periodic ? ranks : ranks - 1) << "blocks are torn";
  for (const std::size_t cells : size) {
    EXPECT_GE(cells, row.size() / ranks);
    EXPECT_LE(cells, (row.size() + ranks - 1) / ranks);
  }
}

class PlaceStencil : public ::testing::TestWithParam<std::tuple<long, std::uint32_t, bool>> {
 protected:
  long width() const { return std::get<0>(GetParam()); }
  std::uint32_t ranks() const { return std::get<1>(GetParam()); }
  bool periodic() const { return std::get<2>(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Shapes, PlaceStencil,
                         ::testing::Combine(::testing::Values(8, 100, 1000, 1001),
                                            ::testing::Values(1, 2, 3, 4, 7, 8), ::testing::Bool()));

TEST_P(PlaceStencil, StaysInColumns) {
  const auto rows = stencil(width(), 20, periodic());
  const Placed placed(rows.back(), ranks());
  const auto sources = ranks_of(placed, rows.front());
  expect_blocks(sources, ranks(), periodic());
  if (!periodic()) {
    EXPECT_TRUE(std::is_sorted(sources.begin(), sources.end()));
  }
  for (std::size_t t = 1; t < rows.size(); ++t) EXPECT_EQ(ranks_of(placed, rows[t]), sources) << "row " << t;
}

TEST_P(PlaceStencil, GoesOnFromAPersistedRow) {
  const auto rows = stencil(width(), 3, periodic());
  const Placed before(rows.back(), ranks());
  const auto columns = ranks_of(before, rows.front());
  for (const auto& cell : rows.back()) at(cell)->set_residence(std::make_unique<Kept>());
  const auto next = next_row(rows.back(), periodic());
  const auto last = next_row(next, periodic());
  const Placed placed(last, ranks(),
                      [&](const Task& task) { return Home{.rank = before.rank[before.index.at(&task)]}; });
  EXPECT_EQ(ranks_of(placed, next), columns);
  EXPECT_EQ(ranks_of(placed, last), columns);
}

// --- wishes ------------------------------------------------------------------------------------------
std::string error_of(const Row& targets, const Machine& machine) {
  try {
    place(graph_of(targets), machine, no_home);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing thrown";
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Place, AnAnnotatedRankIsRespectedOnEveryLevel) {
  Row sources;
  Row consumers;
  for (int i = 0; i < 40; ++i) {
    sources.push_back(i % 4 == 0 ? delayed<inc>.annotate({.rank = 2})(i) : delayed<inc>(i));
    consumers.push_back(i % 5 == 0 ? delayed<inc>.annotate({.rank = 1})(sources.back())
                                   : delayed<inc>(sources.back()));
  }
  const Placed placed(consumers, 3);
  for (std::size_t i = 0; i < 40; ++i) {
    if (i % 4 == 0) {
      EXPECT_EQ(placed.of(sources[i]), 2u);
    }
    if (i % 5 == 0) {
      EXPECT_EQ(placed.of(consumers[i]), 1u);
    }
  }
}

TEST(Place, AllTasksMayWishForOneRank) {
  Row all;
  for (int i = 0; i < 100; ++i)
    all.push_back(
        delayed<inc>.annotate({.rank = 3})(i < 50 ? delayed<dec>.annotate({.rank = 3})(i) : delayed<dec>(i)));
  const Placed placed(all, 4);
  for (const auto& task : all) EXPECT_EQ(placed.of(task), 3u);
}

TEST(Place, RanksOfAnAnnotatedHostShareItsTasks) {
  const Machine machine{{"a", "b", "a", "b", "b"}};
  Row all;
  for (int i = 0; i < 30; ++i) all.push_back(delayed<inc>.annotate({.host = "b"})(i));
  for (int i = 0; i < 20; ++i)
    all.push_back(delayed<inc>.annotate({.host = "a"})(all[static_cast<std::size_t>(i)]));
  const Placed placed(graph_of(all), machine);
  std::vector<int> count(5, 0);
  for (const auto& task : all) ++count[placed.of(task)];
  EXPECT_EQ(count, (std::vector<int>{10, 10, 10, 10, 10}));
}

TEST(Place, ARankGoesBeforeAHost) {
  const Machine machine{{"a", "b"}};
  const auto task = delayed<inc>.annotate({.rank = 0, .host = "b"})(1);
  EXPECT_EQ(Placed(graph_of({task}), machine).of(task), 0u);
}

TEST(Place, UnknownRanksAndHostsAreNamed) {
  const Machine machine{{"node1", "node1", "node2"}};
  const std::string rank = error_of({delayed<inc>.annotate({.name = "load", .rank = 3})(1)}, machine);
  EXPECT_TRUE(has(rank, "load") && has(rank, "rank 3") && has(rank, "0 to 2")) << rank;
  const std::string host = error_of({delayed<inc>.annotate({.host = "node3"})(1)}, machine);
  EXPECT_TRUE(has(host, "inc") && has(host, "node3") && has(host, "node1")) << host;
  const std::string late = error_of({delayed<inc>.annotate({.rank = 1000})(delayed<dec>(1))}, machine);
  EXPECT_TRUE(has(late, "inc") && has(late, "rank 1000")) << late;
}

TEST(Place, SourcesAreSplitByCost) {
  for (const unsigned seed : {1u, 2u, 3u}) {
    std::minstd_rand random(seed);
    Row sources;
    double total = 0;
    for (int i = 0; i < 500; ++i) {
      const double cost = 0.5 + static_cast<double>(random() % 100) / 10;
      total += cost;
      sources.push_back(delayed<inc>.annotate({.cost = cost})(i));
    }
    for (const std::uint32_t ranks : {1u, 2u, 3u, 7u, 16u}) {
      const Placed placed(sources, ranks);
      const auto order = ranks_of(placed, sources);
      EXPECT_TRUE(std::is_sorted(order.begin(), order.end())) << "blocks are contiguous";
      const auto level = placed.levels().front();
      for (const double load : level.load) EXPECT_NEAR(load, total / ranks, level.largest);
    }
  }
}

TEST(Place, OneExpensiveSourceHasARankOfItsOwn) {
  Row sources{delayed<inc>.annotate({.cost = 100})(0)};
  for (int i = 1; i <= 100; ++i) sources.push_back(delayed<inc>(i));
  const Placed placed(sources, 2);
  EXPECT_EQ(placed.source_load(), (std::vector<double>{100, 100}));
}

// --- what was learnt -----------------------------------------------------------------------------------
/// So long by kind, of those that are known.
class Learnt {
 public:
  Learnt& add(const Delayed<long>& example, double seconds) {
    seconds_[&at(example)->kind()] = seconds;
    return *this;
  }
  SecondsOf seconds_of() const {
    return [this](const Kind& kind) {
      const auto found = seconds_.find(&kind);
      return found != seconds_.end() ? found->second : 0.0;
    };
  }

 private:
  std::map<const Kind*, double> seconds_;
};
/// 20 of each of the examples' kinds.
Row twenty_each(bool third) {
  Row all;
  for (long i = 0; i < 20; ++i) all.push_back(delayed<inc>(i));
  for (long i = 0; i < 20; ++i) all.push_back(delayed<dec>(i));
  for (long i = 0; third && i < 20; ++i) all.push_back(delayed<add>(i, i));
  return all;
}

TEST(PlaceLearnt, LongTasksAreShared) {
  const Row all = twenty_each(false);
  const Placed unknowing(all, 2);
  EXPECT_EQ(unknowing.source_load(), (std::vector<double>{20, 20})) << "all of one kind on either rank";
  const Learnt learnt = Learnt().add(delayed<inc>(0), 20e-3).add(delayed<dec>(0), 1e-3);
  const Placed knowing(graph_of(all), machine_of(2), no_home, learnt.seconds_of());
  const auto order = ranks_of(knowing, all);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  const auto on_first = std::count(order.begin(), order.end(), 0u);
  EXPECT_TRUE(on_first == 10 || on_first == 11) << on_first << " of 20 that take 20 times as long";
}

TEST(PlaceLearnt, CostsHaveOneInTheMeanAndTheUnknownHasIt) {
  const Graph graph = graph_of(twenty_each(true));
  const auto cost_of = [&](const std::vector<double>& costs, const Delayed<long>& example) {
    const auto found = std::find(graph.kinds.begin(), graph.kinds.end(), &at(example)->kind());
    return costs.at(static_cast<std::size_t>(found - graph.kinds.begin()));
  };
  const Learnt learnt = Learnt().add(delayed<inc>(0), 30e-3).add(delayed<dec>(0), 10e-3);
  const auto costs = kind_costs(graph, learnt.seconds_of());
  EXPECT_DOUBLE_EQ(cost_of(costs, delayed<inc>(0)), 1.5);
  EXPECT_DOUBLE_EQ(cost_of(costs, delayed<dec>(0)), 0.5);
  EXPECT_DOUBLE_EQ(cost_of(costs, delayed<add>(0, 0)), 1.0);
}

TEST(PlaceLearnt, NoiseAndShortTasksCountForNothing) {
  const Graph graph = graph_of(twenty_each(false));
  const auto costs = [&](double inc_seconds, double dec_seconds) {
    const Learnt learnt = Learnt().add(delayed<inc>(0), inc_seconds).add(delayed<dec>(0), dec_seconds);
    return kind_costs(graph, learnt.seconds_of());
  };
  EXPECT_TRUE(costs(0, 0).empty());
  EXPECT_TRUE(costs(1, 0).empty());
  EXPECT_TRUE(costs(1.0, 1.4).empty());
  EXPECT_TRUE(costs(1e-7, 4e-6).empty());
  EXPECT_FALSE(costs(1.0, 1.6).empty());
  EXPECT_FALSE(costs(1e-7, 10e-6).empty());
}

TEST(PlaceLearnt, AStatedCostIsKeptBesideLearntOnes) {
  Row all{delayed<all_of>.annotate({.cost = 40})(Row{})};
  const Row learnt_ones = twenty_each(false);
  all.insert(all.end(), learnt_ones.begin(), learnt_ones.end());
  const Learnt learnt =
      Learnt().add(delayed<inc>(0), 20e-3).add(delayed<dec>(0), 1e-3).add(delayed<all_of>(Row{}), 1e-6);
  const Placed placed(graph_of(all), machine_of(2), no_home, learnt.seconds_of());
  const auto order = ranks_of(placed, all);
  EXPECT_EQ(std::count(order.begin(), order.end(), 0u), 1) << "as dear as the 40 others together";
}

TEST_P(PlaceStencil, StaysInColumnsWhateverItsKindTakes) {
  const auto rows = stencil(width(), 20, periodic());
  const Placed unknowing(rows.back(), ranks());
  for (const double factor : {1.3, 20.0}) {
    const Learnt learnt = Learnt().add(delayed<inc>(0), 1e-3).add(delayed<step>(0, 0, 0), factor * 1e-3);
    const Placed placed(graph_of(rows.back()), machine_of(ranks()), no_home, learnt.seconds_of());
    EXPECT_EQ(placed.rank, unknowing.rank) << "each level is of one kind";
  }
}

TEST_P(PlaceTree, SmallDifferencesMoveNothing) {
  const auto total = ramal::reduce<add>(notebook_leaves(128));
  const Placed unknowing({total}, GetParam());
  const Learnt learnt =
      Learnt().add(delayed<inc>(0), 1.4e-3).add(delayed<dec>(0), 1e-3).add(delayed<add>(0, 0), 1.2e-3);
  EXPECT_EQ(Placed(graph_of({total}), machine_of(GetParam()), no_home, learnt.seconds_of()).rank,
            unknowing.rank);
}

// --- shares ------------------------------------------------------------------------------------------
TEST(Place, ABroadcastReachesAllRanks) {
  for (const std::uint32_t ranks : {1u, 2u, 3u, 4u, 7u, 8u, 64u}) {
    const auto source = delayed<inc>(1);
    Row consumers;
    for (int i = 0; i < 1000; ++i) consumers.push_back(delayed<add>(source, i));
    const Placed placed(consumers, ranks);
    const auto level = placed.levels().at(1);
    for (const double load : level.load) {
      EXPECT_LE(load, (1000 + ranks - 1) / ranks);
      EXPECT_GE(load, 1000 / ranks);
    }
  }
}

TEST(Place, MoreRanksThanTasks) {
  const Placed placed({ramal::reduce<add>(notebook_leaves(3))}, 100);
  for (const std::uint32_t rank : placed.rank) EXPECT_LT(rank, 100u);
}

/// Sources, trees, broadcasts and chains at random; with `given`, some values exist already.
class RandomGraph {
 public:
  RandomGraph(unsigned seed, int size, bool costs, bool given, std::uint32_t ranks) : random_(seed) {
    for (int i = 0; i < size; ++i) tasks_.push_back(make(costs));
    if (!given) return;
    for (const auto& task : tasks_) {
      if (below(6) != 0 || at(task)->constant() != nullptr) continue;
      homes_[at(task)] = {.rank = static_cast<std::uint32_t>(below(static_cast<int>(ranks))),
                          .bytes = static_cast<double>(below(2) * below(1000))};
      at(task)->set_residence(std::make_unique<Kept>());
    }
  }
  const Row& tasks() const { return tasks_; }
  HomeOf home_of() const {
    return [this](const Task& task) {
      return task.constant() != nullptr ? Home{.anywhere = true} : homes_.at(&task);
    };
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  const Delayed<long>& some() {
    return tasks_[static_cast<std::size_t>(below(static_cast<int>(tasks_.size())))];
  }
  Delayed<long> make(bool costs) {
    const ramal::Annotation wishes{.cost = costs ? 0.25 + below(20) : 1.0};
    if (tasks_.size() < 5 || below(4) == 0) {
      return below(4) == 0 ? ramal::value(long{below(9)})
             : costs       ? delayed<inc>.annotate(wishes)(below(9))
                           : delayed<inc>(below(9));
    }
    if (below(4) == 0) {
      Row inputs;
      for (int n = below(12); n > 0; --n) inputs.push_back(some());
      return costs ? delayed<all_of>.annotate(wishes)(inputs) : delayed<all_of>(inputs);
    }
    return costs ? delayed<step>.annotate(wishes)(some(), some(), some())
                 : delayed<step>(some(), some(), some());
  }

  std::minstd_rand random_;
  Row tasks_;
  std::map<const Task*, Home> homes_;
};

TEST(Place, RandomGraphsKeepToTheirShares) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    const std::uint32_t ranks = 1 + seed % 9;
    const bool costs = seed % 2 == 0;
    const RandomGraph made(seed, 400, costs, seed % 3 != 0, ranks);
    const Placed placed(made.tasks(), ranks, made.home_of());
    ASSERT_EQ(placed.rank.size(), placed.graph.size());
    for (const std::uint32_t rank : placed.rank) ASSERT_LT(rank, ranks);
    EXPECT_EQ(place(placed.graph, machine_of(ranks), made.home_of()), placed.rank)
        << "placed differently the second time";
    const RandomGraph again(seed, 400, costs, seed % 3 != 0, ranks);
    EXPECT_EQ(Placed(again.tasks(), ranks, again.home_of()).rank, placed.rank)
        << "depends on more than the graph";
    const auto levels = placed.levels();
    for (std::size_t k = 0; k < levels.size(); ++k) {
      // Sources are cut into blocks at the middle of a task, so each may have one task too many.
      const bool in_blocks = k == 0 && costs;
      const double share = levels[k].total / ranks + levels[k].largest * (in_blocks ? 1 : 1 - 1.0 / ranks);
      for (const double load : levels[k].load) EXPECT_LE(load, share * (1 + 1e-9)) << "level " << k;
    }
  }
}

// --- bytes -------------------------------------------------------------------------------------------
/// Handles whose values exist already, with their homes.
class GivenValues {
 public:
  Delayed<long> make(std::uint32_t rank, double bytes) {
    auto handle = delayed<inc>(1);
    at(handle)->set_residence(std::make_unique<Kept>());
    homes_[at(handle)] = {.rank = rank, .bytes = bytes};
    return handle;
  }
  HomeOf home_of() const {
    return [this](const Task& task) {
      return task.constant() != nullptr ? Home{.anywhere = true} : homes_.at(&task);
    };
  }

 private:
  std::map<const Task*, Home> homes_;
};

TEST(Place, AConsumerGoesToTheLargestOfItsInputs) {
  GivenValues given;
  const auto small = given.make(1, 8);
  const auto large = given.make(3, 1e6);
  const auto first = delayed<add>(small, large);
  EXPECT_EQ(Placed({first}, 4, given.home_of()).of(first), 3u);
  const auto second = delayed<add>(large, small);
  EXPECT_EQ(Placed({second}, 4, given.home_of()).of(second), 3u);
  Row many(9, small);
  many.push_back(large);
  const auto third = delayed<all_of>(many);
  EXPECT_EQ(Placed({third}, 4, given.home_of()).of(third), 3u);
}

TEST(Place, UnknownSizesAreTakenFromTheType) {
  const auto values = delayed<fill>.annotate({.rank = 2})(10);
  const auto number = delayed<inc>.annotate({.rank = 1})(1);
  const auto both = delayed<mixed>(values, number);
  EXPECT_EQ(Placed({both}, 4).of(both), 2u) << "a vector weighs more than a number";
}

TEST(Place, ConstantsDoNotPull) {
  GivenValues given;
  const auto here = given.make(2, 8);
  const auto constant = ramal::value(7l);
  const auto both = delayed<all_of>(Row{constant, here, constant, constant});
  const Placed placed({both}, 4, given.home_of());
  EXPECT_EQ(placed.of(both), 2u);
  EXPECT_EQ(placed.of(constant), 0u) << "a constant begins on rank 0";
}

TEST(Place, TasksThatReadOnlyConstantsAreSources) {
  const auto constant = ramal::value(7l);
  Row all;
  for (int i = 0; i < 40; ++i) all.push_back(delayed<inc>(constant));
  const Placed placed(all, 4, [](const Task&) { return Home{.anywhere = true}; });
  EXPECT_EQ(placed.source_load(), (std::vector<double>{10, 10, 10, 10}));
  const auto order = ranks_of(placed, all);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Place, TiesGoToTheLighterRankThenToTheLower) {
  GivenValues given;
  const auto on_one = given.make(1, 8);
  const auto on_two = given.make(2, 8);
  Row all;
  for (int i = 0; i < 6; ++i) all.push_back(delayed<add>(on_two, on_one));
  for (int i = 0; i < 6; ++i) all.push_back(delayed<inc>(given.make(0, 8)));
  EXPECT_EQ(ranks_of(Placed(all, 3, given.home_of()), all),
            (std::vector<std::uint32_t>{1, 2, 1, 2, 1, 2, 0, 0, 0, 0, 1, 2}))
      << "by turns, and no rank above 4 of 12";
}

}  // namespace
