// SPDX-License-Identifier: BSD-3-Clause
// participants: parts stay where they are if they can; so do the results of a collective_map, without a
// message.
#include "graph/core/participants.hpp"

#include "graph/tasks/cut.hpp"
#include "graph/tasks/place.hpp"

#include <ramal/collective.hpp>
#include <ramal/visualize.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace {

using namespace ramal;
using namespace ramal::detail;

long leaf(long x) { return x; }
long inc(long x) { return x + 1; }
long sum(Communicator&, Inputs<long> mine) { return static_cast<long>(mine.size()); }
std::vector<long> same(Communicator&, Inputs<long> mine, long) { return {mine.begin(), mine.end()}; }

using Ranks = std::vector<std::uint32_t>;
const std::vector<Delayed<long>> none;

TEST(Participants, AreAllRanksUnlessStated) {
  const auto all = collective<sum>(none);
  EXPECT_EQ(participant_ranks(*all.task_handle().get(), 3), (Ranks{0, 1, 2}));
  const auto some = collective<sum>.on({4, 0, 2})(none);
  EXPECT_EQ(participant_ranks(*some.task_handle().get(), 5), (Ranks{4, 0, 2}));
  EXPECT_THROW(participant_ranks(*some.task_handle().get(), 4), std::invalid_argument);
}

TEST(Participants, PartsMoveOnlyWhereTheyMustAndEvenly) {
  std::minstd_rand random(1);
  for (int tries = 0; tries < 200; ++tries) {
    const auto ranks = static_cast<std::uint32_t>(1 + random() % 9);
    std::vector<int> on;
    for (int rank = static_cast<int>(ranks); rank-- > 0;) {
      if (random() % 2 == 0) on.push_back(rank);
    }
    if (on.empty()) on.push_back(0);
    const auto task = collective<sum>.on(on)(none);
    Ranks part_ranks(random() % 40);
    for (auto& rank : part_ranks) rank = static_cast<std::uint32_t>(random() % ranks);
    const Participants made = participants(*task.task_handle().get(), part_ranks, ranks);
    EXPECT_TRUE(std::ranges::equal(made.ranks, on, {}, [](auto rank) { return static_cast<int>(rank); }));
    Ranks own(made.ranks.size()), has(made.ranks.size());
    for (std::size_t k = 0; k < part_ranks.size(); ++k) {
      EXPECT_EQ(made.parts[k].place, has[made.parts[k].participant]++) << "in the order of parts";
      if (std::ranges::find(made.ranks, part_ranks[k]) == made.ranks.end()) continue;
      EXPECT_EQ(made.rank_of(k), part_ranks[k]);
      ++own[made.parts[k].participant];
    }
    const auto fewest = *std::ranges::min_element(has);
    for (std::size_t participant = 0; participant < has.size(); ++participant)
      EXPECT_LE(has[participant], std::max(own[participant], fewest + 1))
          << "no more than an even share by moving";
  }
}

TEST(Participants, ResultsOfACollectiveMapStayWithTheirParts) {
  constexpr std::uint32_t ranks = 4;
  std::vector<Delayed<long>> parts;
  for (int i = 0; i < 20; ++i)
    parts.push_back(delayed<leaf>.annotate({.rank = static_cast<int>(7 * i % ranks)})(i));
  auto ends = parts;
  for (int step = 0; step < 3; ++step) {
    ends = collective_map<same>(ends, 5);
    for (auto& one : ends) one = delayed<inc>(one);
  }
  std::vector<const Task*> targets;
  for (const auto& one : ends) targets.push_back(one.task_handle().get());
  const Graph graph = collect(targets);
  const Machine machine{std::vector<std::string>(ranks, "host")};
  const auto rank = place(graph, machine, [](const Task&) { return Home{}; });
  for (std::size_t i = 0; i < ends.size(); ++i) EXPECT_EQ(rank[graph.targets[i]], 7 * i % ranks);
  const Cut made = cut(
      graph, rank, ranks, 1, {}, [](const Task&) { return Holder{}; }, Images::loaded());
  EXPECT_EQ(made.messages, 0u);
  EXPECT_EQ(graph.size(), 20u + 3 * (1 + 20 + 20));
}

TEST(Participants, TurnsFollowTheLevels) {
  // Two chains of collective tasks: depth first they would stand one after the other.
  auto one = collective<sum>(none);
  auto other = collective<sum>(none);
  for (int step = 0; step < 3; ++step) {
    one = collective<sum>(std::vector{delayed<inc>(one)});
    other = collective<sum>(std::vector{delayed<inc>(other)});
  }
  const std::vector<const Task*> targets{one.task_handle().get(), other.task_handle().get()};
  const Graph graph = collect(targets);
  const auto rank = place(graph, {{"a"}}, [](const Task&) { return Home{}; });
  const Cut made = cut(
      graph, rank, 1, 1, {}, [](const Task&) { return Holder{}; }, Images::loaded());
  std::vector<std::uint32_t> turns;
  const Subgraph& share = made.subgraphs[0];
  for (Slot task = 0; task < share.tasks(); ++task) {
    if (graph.tasks[share.plan[task]]->kind().sort == Sort::collective)
      turns.push_back(collective_head(share.literals_of(task)).turn);
  }
  EXPECT_EQ(turns, (std::vector<std::uint32_t>{0, 2, 4, 6, 1, 3, 5, 7}));
}

TEST(Participants, APictureShowsTheCallAndItsParts) {
  const auto results =
      collective_map<same>.annotate({.name = "solve"})(std::vector{delayed<leaf>(1), delayed<leaf>(2)}, 5);
  EXPECT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].task_handle().get()->inputs()[0]->name(), "solve");
  EXPECT_EQ(results[0].task_handle().get()->name(), "part");
  const std::vector<const Task*> targets{results[0].task_handle().get(), results[1].task_handle().get()};
  const std::string dot = to_dot(targets, {});
  EXPECT_NE(dot.find("solve"), std::string::npos);
  EXPECT_NE(dot.find("part"), std::string::npos);
}

}  // namespace
