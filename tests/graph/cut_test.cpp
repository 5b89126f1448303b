// SPDX-License-Identifier: BSD-3-Clause
// cut: the subgraphs of all ranks, walked naively with the values carried along the routes, give what the
// functions give when called one after the other.
#include "graph/tasks/cut.hpp"

#include <ramal/delayed.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <random>
#include <set>

namespace {

using ramal::delayed;
using ramal::Delayed;
using ramal::Value;
using ramal::detail::Buffer;
using ramal::detail::CallFrame;
using ramal::detail::collect;
using ramal::detail::Cut;
using ramal::detail::External;
using ramal::detail::Graph;
using ramal::detail::Holder;
using ramal::detail::Images;
using ramal::detail::Keep;
using ramal::detail::Kind;
using ramal::detail::Route;
using ramal::detail::Slot;
using ramal::detail::Subgraph;
using ramal::detail::Task;
using ramal::detail::TaskHandle;
using ramal::detail::TaskIndex;
using ramal::detail::ValueId;
using ramal::detail::Want;

long leaf(long x) { return 31 * x + 7; }
long nothing() { return 5; }
// Wraps around, so that every input shows in the result.
long two(long a, long b) {
  return static_cast<long>(1000003ul * static_cast<unsigned long>(a) + static_cast<unsigned long>(b));
}
long three(const long& a, long b, const long& c) { return two(two(a, b), c); }
std::vector<long> spread(long x, int n) {
  std::vector<long> values;
  for (int i = 0; i < n; ++i) values.push_back(two(x, i));
  return values;
}
std::vector<long> grow(std::vector<long> values, long x) {
  values.push_back(x);
  return values;
}
long all_of(const std::vector<long>& values) {
  long sum = 3;
  for (const long value : values) sum = two(sum, value);
  return sum;
}

struct Residence final : ramal::detail::Residence {};
using Tasks = std::vector<const Task*>;
using RankOf = std::vector<std::uint32_t>;

template <class T>
const Task* at(const Delayed<T>& handle) {
  return handle.task_handle().get();
}
Holder no_holder(const Task&) { throw std::logic_error("asked for a value that does not exist yet"); }

/// A graph with a rank for each task (by default in order of the graph), and its cut.
struct Planned {
  Graph graph;
  Cut cut;

  Planned(const Tasks& targets, std::uint32_t ranks, const std::map<const Task*, std::uint32_t>& rank,
          const std::vector<std::tuple<const Task*, ValueId, bool>>& wanted,
          const ramal::detail::HolderOf& holder_of = no_holder)
      : graph(collect(targets)) {
    RankOf rank_of;
    std::map<const Task*, TaskIndex> index;
    for (TaskIndex i = 0; i < graph.size(); ++i) {
      rank_of.push_back(rank.at(graph.tasks[i]));
      index[graph.tasks[i]] = i;
    }
    std::vector<Want> wants;
    for (const auto& [task, id, fetch] : wanted) wants.push_back({index.at(task), id, fetch});
    cut = ramal::detail::cut(graph, rank_of, ranks, 17, wants, holder_of, Images::loaded());
  }
  const Subgraph& on(std::size_t rank) const { return cut.subgraphs.at(rank); }
  bool empty(std::size_t rank) const { return on(rank).bytes.size() == 0; }
};

Subgraph read_copy(const Subgraph& subgraph) {
  Buffer bytes(subgraph.bytes.size());
  std::memcpy(bytes.data(), subgraph.bytes.data(), bytes.size());
  return Subgraph::read(std::move(bytes));
}
template <class T>
void expect_same_bytes(std::span<const T> a, std::span<const T> b) {
  ASSERT_EQ(a.size(), b.size());
  if (!a.empty()) {
    EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size_bytes()), 0);
  }
}
void expect_same(const Subgraph& a, const Subgraph& b) {
  EXPECT_EQ(a.run, b.run);
  expect_same_bytes(a.kinds, b.kinds);
  expect_same_bytes(a.kind, b.kind);
  expect_same_bytes(a.plan, b.plan);
  expect_same_bytes(a.input_offsets, b.input_offsets);
  expect_same_bytes(a.inputs, b.inputs);
  expect_same_bytes(a.literal_offsets, b.literal_offsets);
  expect_same_bytes(a.externals, b.externals);
  expect_same_bytes(a.routes, b.routes);
  expect_same_bytes(a.keeps, b.keeps);
  expect_same_bytes(a.priorities, b.priorities);
  expect_same_bytes(a.literals, b.literals);
}

/// What holds of every cut, whatever its graph.
void expect_sound(const Graph& graph, const Cut& cut, std::span<const std::uint32_t> rank) {
  const Images images = Images::loaded();
  std::size_t tasks = 0;
  std::size_t routes = 0;
  std::map<std::pair<std::size_t, Slot>, int> fills;            // how often an arrival is sent
  std::set<std::tuple<std::size_t, Slot, std::uint32_t>> sent;  // from, slot, to
  for (std::size_t r = 0; r < cut.subgraphs.size(); ++r) {
    const Subgraph& share = cut.subgraphs[r];
    if (share.bytes.size() == 0) continue;
    expect_same(read_copy(share), share);
    tasks += share.tasks();
    routes += share.routes.size();
    for (Slot task = 0; task < share.tasks(); ++task) {
      const TaskIndex i = share.plan[task];
      if (task > 0) {
        ASSERT_LT(share.plan[task - 1], i) << "plan indices rise";
      }
      ASSERT_EQ(rank[i], r);
      EXPECT_EQ(&images.resolve(share.kinds[share.kind[task]]), &graph.tasks[i]->kind());
      EXPECT_EQ(share.inputs_of(task).size(), graph.inputs_of(i).size());
      const auto was = graph.tasks[i]->literals();
      const auto is = share.literals_of(task);
      ASSERT_EQ(is.size(), (was.size() + 7) / 8 * 8);
      expect_same_bytes(is.first(was.size()), was);
      for (const std::byte byte : is.subspan(was.size()))
        EXPECT_EQ(byte, std::byte{0}) << "padding carries old memory";
    }
    for (const Route& route : share.routes) {
      ASSERT_NE(route.rank, r) << "no rank sends to itself";
      EXPECT_TRUE(sent.emplace(r, route.slot, route.rank).second) << "a value crosses to one rank twice";
      const Subgraph& to = cut.subgraphs.at(route.rank);
      ASSERT_GE(route.remote_slot, to.tasks());
      ASSERT_LT(route.remote_slot, to.slots());
      const External& there = to.externals[route.remote_slot - to.tasks()];
      EXPECT_EQ(there.how, External::arrival);
      if (route.slot < share.tasks()) {
        EXPECT_EQ(there.kind, share.kind[route.slot]);
      }
      ++fills[{route.rank, route.remote_slot}];
    }
  }
  EXPECT_EQ(tasks, graph.size() - graph.given.size());
  EXPECT_EQ(cut.messages, routes);
  for (std::size_t r = 0; r < cut.subgraphs.size(); ++r) {
    const Subgraph& share = cut.subgraphs[r];
    for (std::size_t k = 0; k < share.externals.size(); ++k) {
      const int expected = share.externals[k].how == External::arrival ? 1 : 0;
      EXPECT_EQ((fills[{r, static_cast<Slot>(share.tasks() + k)}]), expected)
          << "slot " << k << " of rank " << r;
    }
  }
}

// --- single features -----------------------------------------------------------------------------------
TEST(Cut, AValueCrossesToARankOnce) {
  const auto x = delayed<leaf>(1);
  std::vector<Delayed<long>> readers;
  std::map<const Task*, std::uint32_t> rank{{at(x), 1}};
  for (std::uint32_t i = 0; i < 12; ++i) {
    readers.push_back(delayed<two>(x, x));
    rank[at(readers.back())] = i % 3;
  }
  Tasks targets;
  for (const auto& reader : readers) targets.push_back(at(reader));
  const Planned planned(targets, 4, rank, {});
  EXPECT_EQ(planned.cut.messages, 2u);
  EXPECT_EQ(planned.on(1).routes.size(), 2u);
  EXPECT_EQ(planned.on(0).externals.size(), 1u);
  EXPECT_EQ(planned.on(2).externals.size(), 1u);
  EXPECT_TRUE(planned.on(1).externals.empty());
  for (Slot task = 0; task < 4; ++task) {
    for (const Slot input : planned.on(0).inputs_of(task)) EXPECT_EQ(input, 4u) << "the one arrival";
  }
}

TEST(Cut, WhatMayBeLargeGoesAlongATree) {
  constexpr std::uint32_t ranks = 12;
  const auto block = delayed<spread>(1, 1000);
  std::map<const Task*, std::uint32_t> rank{{at(block), 3}};
  std::vector<Delayed<long>> readers;
  Tasks targets;
  for (std::uint32_t r = 0; r < ranks; ++r) {
    readers.push_back(delayed<all_of>(block));
    rank[at(readers.back())] = r;
  }
  for (const auto& reader : readers) targets.push_back(at(reader));
  const Planned planned(targets, ranks, rank, {});
  EXPECT_EQ(planned.cut.messages, ranks - 1);
  EXPECT_TRUE(planned.on(0).routes.empty()) << "rank 0 passes nothing on";
  std::map<std::uint32_t, std::uint32_t> distance{{3, 0}};
  std::size_t reached = 0;
  for (std::vector<std::uint32_t> next{3}; !next.empty();) {
    const std::uint32_t from = next.back();
    next.pop_back();
    ++reached;
    EXPECT_LE(planned.on(from).routes.size(), 2u);
    for (const Route& route : planned.on(from).routes) {
      EXPECT_TRUE(distance.emplace(route.rank, distance[from] + 1).second) << "twice to " << route.rank;
      next.push_back(route.rank);
    }
  }
  EXPECT_EQ(reached, ranks);
  for (const auto& [r, hops] : distance) EXPECT_LE(hops, 3u) << r;
}

TEST(Cut, RanksWithoutWorkGetNothing) {
  const auto x = delayed<leaf>(1);
  const auto y = delayed<leaf>(x);
  const Planned planned({at(y)}, 5, {{at(x), 3}, {at(y), 3}}, {{at(y), 9, false}});
  for (const std::size_t rank : {0, 1, 2, 4}) EXPECT_TRUE(planned.empty(rank)) << rank;
  EXPECT_EQ(planned.on(3).tasks(), 2u);
  EXPECT_EQ(planned.on(3).run, 17u);
  EXPECT_EQ(planned.cut.messages, 0u);
}

TEST(Cut, AWantIsKeptWhereItIsMade) {
  const auto x = delayed<leaf>(1);
  const auto y = delayed<leaf>(x);
  const Planned planned({at(x), at(y)}, 3, {{at(x), 2}, {at(y), 1}},
                        {{at(x), 100, false}, {at(y), 101, false}});
  ASSERT_EQ(planned.on(2).keeps.size(), 1u);
  ASSERT_EQ(planned.on(1).keeps.size(), 1u);
  EXPECT_TRUE(planned.empty(0));
  EXPECT_EQ(planned.on(2).keeps[0].id, 100u);
  EXPECT_EQ(planned.on(2).keeps[0].slot, 0u);
  EXPECT_EQ(planned.on(2).keeps[0].how, Keep::announced);
  EXPECT_EQ(planned.on(1).keeps[0].id, 101u);
}

TEST(Cut, AFetchedValueIsKeptOnRankZero) {
  const auto x = delayed<leaf>(1);
  const auto here = delayed<leaf>(x);
  const Planned planned({at(x), at(here)}, 3, {{at(x), 2}, {at(here), 0}},
                        {{at(x), 100, true}, {at(here), 101, true}});
  const Subgraph& zero = planned.on(0);
  ASSERT_EQ(zero.keeps.size(), 2u);
  EXPECT_EQ(zero.externals.size(), 1u) << "the value that x's consumer reads is the one that is kept";
  EXPECT_EQ(zero.keeps[0].id, 100u);
  EXPECT_EQ(zero.keeps[0].slot, 1u);
  EXPECT_EQ(zero.keeps[1].id, 101u);
  EXPECT_EQ(zero.keeps[1].slot, 0u);
  EXPECT_TRUE(planned.on(2).keeps.empty());
  EXPECT_EQ(planned.cut.messages, 1u);
}

TEST(Cut, NeedsTravel) {
  const auto x = delayed<leaf>.annotate({.threads = 3})(1);
  const auto y = delayed<leaf>.annotate({.name = "no need"})(x);
  const auto z = delayed<leaf>.annotate({.result_bytes = 1000})(y);
  const Planned planned({at(z)}, 2, {{at(x), 1}, {at(y), 0}, {at(z), 1}}, {});
  EXPECT_TRUE(planned.on(0).needs.empty());
  ASSERT_EQ(planned.on(1).needs.size(), 2u);
  EXPECT_EQ(planned.on(1).needs[0].slot, 0u);
  EXPECT_EQ(planned.on(1).needs[0].threads, 3u);
  EXPECT_EQ(planned.on(1).needs[0].result_bytes, 0u);
  EXPECT_EQ(planned.on(1).needs[1].slot, 1u);
  EXPECT_EQ(planned.on(1).needs[1].threads, 1u);
  EXPECT_EQ(planned.on(1).needs[1].result_bytes, 1000u);
}

TEST(Cut, PinsTravel) {
  const auto x = delayed<leaf>.annotate({.rank = 1})(1);
  const auto y = delayed<leaf>(x);
  const auto z = delayed<leaf>.annotate({.host = "host1"})(y);
  const Planned planned({at(z)}, 2, {{at(x), 1}, {at(y), 1}, {at(z), 1}}, {});
  EXPECT_TRUE(std::ranges::equal(planned.on(1).pins, std::vector<Slot>{0, 2}));
}

TEST(Cut, PrioritiesTravel) {
  const auto x = delayed<leaf>.annotate({.priority = -3})(1);
  const auto y = delayed<leaf>(x);
  const auto z = delayed<leaf>.annotate({.priority = 8})(y);
  const Planned planned({at(z)}, 2, {{at(x), 1}, {at(y), 0}, {at(z), 1}}, {});
  EXPECT_TRUE(planned.on(0).priorities.empty());
  ASSERT_EQ(planned.on(1).priorities.size(), 2u);
  EXPECT_EQ(planned.on(1).priorities[0].slot, 0u);
  EXPECT_EQ(planned.on(1).priorities[0].priority, -3);
  EXPECT_EQ(planned.on(1).priorities[1].slot, 1u);
  EXPECT_EQ(planned.on(1).priorities[1].priority, 8);
}

TEST(Cut, LargeLiteralsAreNotedByLine) {
  std::map<const Task*, std::uint32_t> rank;
  std::vector<Delayed<long>> all;
  for (int i = 0; i < 3; ++i) all.push_back(delayed<all_of>(std::vector<long>(8192)));
  all.push_back(delayed<all_of>(std::vector<long>(8000)));  // just below 64 KiB
  Tasks targets;
  for (const auto& one : all) {
    rank[at(one)] = 0;
    targets.push_back(at(one));
  }
  const Planned planned(targets, 1, rank, {});
  ASSERT_EQ(planned.cut.large_literals.size(), 1u);
  const auto& [place, large] = *planned.cut.large_literals.begin();
  EXPECT_EQ(place.second, at(all[0])->where().line());
  EXPECT_EQ(large.tasks, 3u);
  EXPECT_GE(large.bytes, 3u * 65536u);
  EXPECT_EQ(large.example->name(), at(all[0])->name());
}

// --- values that exist already ---------------------------------------------------------------------------
/// A given value with consumers on ranks 0, 1, 1 and 2.
struct GivenOnce {
  Delayed<long> given;
  std::vector<Delayed<long>> readers = {};
  std::map<const Task*, std::uint32_t> rank = {};
  Tasks targets = {};

  GivenOnce(Delayed<long> handle, std::uint32_t home) : given(std::move(handle)) {
    rank[at(given)] = home;
    for (const std::uint32_t r : {0u, 1u, 1u, 2u}) {
      readers.push_back(delayed<leaf>(given));
      rank[at(readers.back())] = r;
      targets.push_back(at(readers.back()));
    }
  }
};

TEST(Cut, AGivenValueIsImportedAtHomeAndSentElsewhereOnce) {
  const GivenOnce once(delayed<leaf>(1), 1);
  at(once.given)->set_residence(std::make_unique<Residence>());
  const auto holder = [](const Task&) { return Holder{55, [](std::uint32_t) { return false; }, {}}; };
  const Planned planned(once.targets, 4, once.rank, {}, holder);
  EXPECT_EQ(planned.cut.messages, 2u);
  ASSERT_EQ(planned.on(1).externals.size(), 1u);
  EXPECT_EQ(planned.on(1).externals[0].how, External::import);
  EXPECT_EQ(planned.on(1).externals[0].id, 55u);
  EXPECT_EQ(planned.on(1).routes.size(), 2u);
  for (const std::size_t rank : {0, 2}) {
    ASSERT_EQ(planned.on(rank).externals.size(), 1u);
    EXPECT_EQ(planned.on(rank).externals[0].how, External::arrival);
    EXPECT_TRUE(planned.on(rank).keeps.empty()) << "not kept where it only passed by";
  }
}

TEST(Cut, AHomeWithoutConsumersStillSends) {
  const auto x = delayed<leaf>(1);
  at(x)->set_residence(std::make_unique<Residence>());
  const auto y = delayed<leaf>(x);
  const auto holder = [](const Task&) { return Holder{55, [](std::uint32_t) { return false; }, {}}; };
  const Planned planned({at(y)}, 2, {{at(x), 1}, {at(y), 0}}, {{at(y), 56, true}}, holder);
  EXPECT_EQ(planned.on(1).tasks(), 0u);
  EXPECT_EQ(planned.on(1).externals.size(), 1u);
  ASSERT_EQ(planned.on(1).routes.size(), 1u);
  EXPECT_EQ(planned.on(1).routes[0].slot, 0u);
}

TEST(Cut, AGivenTargetIsFetchedFromItsHome) {
  for (const std::uint32_t home : {0u, 1u}) {
    const auto x = delayed<leaf>(1);
    at(x)->set_residence(std::make_unique<Residence>());
    const auto holder = [](const Task&) { return Holder{55, [](std::uint32_t) { return false; }, {}}; };
    const Planned planned({at(x)}, 2, {{at(x), home}}, {{at(x), 56, true}}, holder);
    EXPECT_EQ(planned.cut.messages, home);
    ASSERT_EQ(planned.on(0).keeps.size(), 1u);
    EXPECT_EQ(planned.on(0).keeps[0].id, 56u);
    ASSERT_EQ(planned.on(0).externals.size(), 1u);
    EXPECT_EQ(planned.on(0).externals[0].how, home == 0 ? External::import : External::arrival);
  }
}

TEST(Cut, CopiesAreMadeOncePerSession) {
  const GivenOnce once(ramal::value(9l), 0);
  std::set<std::uint32_t> copies;
  int copied = 0;
  const auto holder = [&](const Task&) {
    return Holder{77, [&](std::uint32_t rank) { return copies.contains(rank); },
                  [&](std::uint32_t rank) { ++copied, copies.insert(rank); }};
  };
  const Planned first(once.targets, 3, once.rank, {}, holder);
  EXPECT_EQ(first.cut.messages, 2u);
  EXPECT_EQ(copied, 2);
  EXPECT_EQ(copies, (std::set<std::uint32_t>{1, 2}));
  for (const std::size_t rank : {1, 2}) {
    ASSERT_EQ(first.on(rank).keeps.size(), 1u);
    EXPECT_EQ(first.on(rank).keeps[0].id, 77u);
    EXPECT_EQ(first.on(rank).keeps[0].how, Keep::quietly) << "rank 0 knows";
    EXPECT_EQ(first.on(rank).keeps[0].slot, first.on(rank).tasks());
  }
  EXPECT_TRUE(first.on(0).keeps.empty()) << "it is there already";

  const Planned second(once.targets, 3, once.rank, {}, holder);
  EXPECT_EQ(second.cut.messages, 0u);
  EXPECT_EQ(copied, 2);
  for (const std::size_t rank : {0, 1, 2}) {
    ASSERT_EQ(second.on(rank).externals.size(), 1u);
    EXPECT_EQ(second.on(rank).externals[0].how, External::import);
    EXPECT_EQ(second.on(rank).externals[0].id, 77u);
  }
}

// --- against the functions themselves ----------------------------------------------------------------------
Value carried(const Value& value, const ramal::Type& type) {
  std::vector<std::byte> bytes(value.encoded_bytes());
  ramal::Writer writer(bytes.data(), bytes.size());
  value.type().write(writer, value);
  ramal::Reader reader(bytes);
  Value read = type.read(reader);
  EXPECT_EQ(reader.left(), 0u);
  return read;
}

/// The ranks of a machine, as simple as can be: each slot's value in a vector, filled when it can be.
class NaiveRanks {
 public:
  explicit NaiveRanks(std::uint32_t ranks) : kept(ranks), images_(Images::loaded()) {}

  std::vector<std::map<ValueId, Value>> kept;  // by rank

  void run(const Cut& cut) {
    shares_ = cut.subgraphs;
    cells_.clear();
    for (const Subgraph& share : shares_) cells_.emplace_back(share.slots());
    for (std::size_t r = 0; r < shares_.size(); ++r) {
      for (std::size_t k = 0; k < shares_[r].externals.size(); ++k) {
        const External& external = shares_[r].externals[k];
        if (external.how == External::import)
          filled_.emplace_back(r, static_cast<Slot>(shares_[r].tasks() + k), kept[r].at(external.id));
      }
    }
    while (!filled_.empty()) fill_next();
    for (bool any = true; any;) {
      any = false;
      for (std::size_t r = 0; r < shares_.size(); ++r) any |= run_what_can_run(r);
    }
    for (std::size_t r = 0; r < shares_.size(); ++r) {
      for (Slot slot = 0; slot < cells_[r].size(); ++slot)
        EXPECT_FALSE(cells_[r][slot].value.empty()) << "never filled: slot " << slot << " of rank " << r;
    }
  }

 private:
  void fill_next() {
    auto [r, slot, value] = std::move(filled_.front());
    filled_.pop_front();
    ASSERT_TRUE(cells_[r][slot].value.empty()) << "filled twice: slot " << slot << " of rank " << r;
    cells_[r][slot].value = value;
    for (const Keep& keep : shares_[r].keeps) {
      if (keep.slot == slot) kept[r][keep.id] = value;
    }
    for (const Route& route : shares_[r].routes) {
      if (route.slot != slot) continue;
      const Subgraph& to = shares_[route.rank];
      const Kind& kind = images_.resolve(to.kinds[to.externals[route.remote_slot - to.tasks()].kind]);
      filled_.emplace_back(route.rank, route.remote_slot, carried(value, *kind.result));
    }
  }
  bool run_what_can_run(std::size_t r) {
    const Subgraph& share = shares_[r];
    bool any = false;
    for (Slot task = 0; task < share.tasks(); ++task) {
      const auto inputs = share.inputs_of(task);
      const bool can = cells_[r][task].value.empty() && std::ranges::all_of(inputs, [&](Slot input) {
                         return !cells_[r][input].value.empty();
                       });
      if (!can) continue;
      CallFrame frame{cells_[r].data(), inputs.data(), false, share.literals_of(task)};
      Value result;
      images_.resolve(share.kinds[share.kind[task]]).run(frame, result);
      filled_.emplace_back(r, task, std::move(result));
      while (!filled_.empty()) fill_next();
      any = true;
    }
    return any;
  }

  const Images images_;
  std::span<const Subgraph> shares_;
  std::vector<std::vector<ramal::detail::Cell>> cells_;
  std::deque<std::tuple<std::size_t, Slot, Value>> filled_;
};

/// A session's worth of runs: each adds tasks, computes some, persists some, and uses what was persisted.
class RandomRuns {
 public:
  RandomRuns(unsigned seed, std::uint32_t ranks) : random_(seed), machine_(ranks), ranks_(ranks) {}

  void run_once(std::uint32_t number) {
    for (int i = 0; i < 60; ++i) make();
    Tasks targets;
    std::set<const Task*> seen;
    for (int i = 1 + below(8); i > 0; --i) {
      const Task* task = at(longs_[static_cast<std::size_t>(below(static_cast<int>(longs_.size())))]);
      if (seen.insert(task).second) targets.push_back(task);
    }
    const Graph graph = collect(targets);
    RankOf rank;
    for (TaskIndex i = 0; i < graph.size(); ++i) {
      settle_constant(*graph.tasks[i]);
      const auto given = given_.find(graph.tasks[i]);
      rank.push_back(given != given_.end() ? given->second.home
                                           : static_cast<std::uint32_t>(below(static_cast<int>(ranks_))));
    }
    std::vector<Want> wants;
    for (const TaskIndex target : graph.targets) {
      const bool fetch = is_given(*graph.tasks[target]) || below(2) == 0;
      wants.push_back({target, next_id_++, fetch});
    }
    const Cut cut = ramal::detail::cut(
        graph, rank, ranks_, number, wants, [this](const Task& task) { return holder_of(task); },
        Images::loaded());
    expect_sound(graph, cut, rank);
    machine_.run(cut);
    for (const Want& want : wants) check(*graph.tasks[want.task], want, want.fetch ? 0 : rank[want.task]);
  }

 private:
  struct Given {
    ValueId id;
    std::uint32_t home;
    bool constant;
    std::set<std::uint32_t> copies = {};
  };

  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  void add(Delayed<long> handle, long expected) {
    expected_[at(handle)] = expected;
    longs_.push_back(std::move(handle));
  }
  void add(Delayed<std::vector<long>> handle, std::vector<long> expected) {
    expected_vectors_.push_back(std::move(expected));
    vectors_.push_back(std::move(handle));
  }
  /// A handle, mostly a new one, with the value it ought to have.
  std::pair<Delayed<long>, long> some() {
    const auto size = static_cast<int>(longs_.size());
    const auto& handle =
        longs_[static_cast<std::size_t>(below(3) == 0 ? below(size) : size - 1 - below(std::min(size, 8)))];
    return {handle, expected_.at(at(handle))};
  }
  void make() {
    const long number = below(1000);
    if (longs_.size() < 3) return add(delayed<leaf>(number), leaf(number));
    const auto [a, x] = some();
    const auto [b, y] = some();
    const auto v = static_cast<std::size_t>(below(std::max(1, static_cast<int>(vectors_.size()))));
    switch (below(9)) {
      case 0:
        return add(delayed<leaf>(number), leaf(number));
      case 1:
        return add(ramal::value(number), number);
      case 2:
        return add(delayed<nothing>(), nothing());
      case 3:
        return add(delayed<two>(a, b), two(x, y));
      case 4:
        return add(delayed<three>(a, number, b), three(x, number, y));
      case 5:
        return add(delayed<all_of>(std::vector{a, b, a, a}), all_of({x, y, x, x}));
      case 6:
        return add(delayed<spread>(a, 5), spread(x, 5));
      case 7:
        if (!vectors_.empty()) add(delayed<grow>(vectors_[v], b), grow(expected_vectors_[v], y));
        return;
      case 8:
        if (!vectors_.empty()) add(delayed<all_of>(vectors_[v]), all_of(expected_vectors_[v]));
        return;
    }
  }
  void settle_constant(const Task& task) {
    if (task.constant() == nullptr || given_.contains(&task)) return;
    given_[&task] = {next_id_, 0, true};
    machine_.kept[0][next_id_++] = *task.constant();
  }
  Holder holder_of(const Task& task) {
    Given& given = given_.at(&task);
    Holder holder{given.id, [&given](std::uint32_t rank) { return given.copies.contains(rank); }, {}};
    if (given.constant)
      holder.copied = [&given](std::uint32_t rank) { EXPECT_TRUE(given.copies.insert(rank).second); };
    return holder;
  }
  void check(const Task& task, const Want& want, std::uint32_t where) {
    for (std::uint32_t rank = 0; rank < ranks_; ++rank) {
      ASSERT_EQ(machine_.kept[rank].contains(want.id), rank == where);
    }
    EXPECT_EQ(machine_.kept[where].at(want.id).get<long>(), expected_.at(&task));
    if (want.fetch) return;
    given_[&task] = {want.id, where, false};
    task.set_residence(std::make_unique<Residence>());
    if (below(2) == 0) task.forget_inputs();
  }

  std::minstd_rand random_;
  NaiveRanks machine_;
  std::uint32_t ranks_;
  ValueId next_id_ = 1;
  std::vector<Delayed<long>> longs_;
  std::map<const Task*, long> expected_;
  std::vector<Delayed<std::vector<long>>> vectors_;
  std::vector<std::vector<long>> expected_vectors_;
  std::map<const Task*, Given> given_;
};

class CutRandom : public ::testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Ranks, CutRandom, ::testing::Range(1u, 9u));

TEST_P(CutRandom, AllRanksTogetherComputeWhatTheFunctionsDo) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRuns runs(seed, GetParam());
    for (std::uint32_t number = 1; number <= 5; ++number) runs.run_once(number);
  }
}

}  // namespace
