// SPDX-License-Identifier: BSD-3-Clause
// collect: what a run needs, inputs first, each task once, existing values as leaves; and that tasks of
// any depth are freed, with their residences, when the last handle goes.
#include "graph/core/graph.hpp"

#include <ramal/delayed.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <source_location>
#include <thread>

namespace {

using ramal::delayed;
using ramal::Delayed;
using ramal::detail::collect;
using ramal::detail::Graph;
using ramal::detail::Task;
using ramal::detail::TaskIndex;

long source(long x) { return x; }
long inc(long x) { return x + 1; }
long add(long x, long y) { return x + y; }

const Task* at(const Delayed<long>& handle) { return handle.task_handle().get(); }
using Tasks = decltype(Graph::tasks);
template <class... H>
Tasks tasks(const H&... handles) {
  return {at(handles)...};
}
Graph collected(const Tasks& targets) { return collect(targets); }
std::vector<TaskIndex> inputs_of(const Graph& graph, TaskIndex i) {
  const auto inputs = graph.inputs_of(i);
  return {inputs.begin(), inputs.end()};
}
using Indices = std::vector<TaskIndex>;

/// What holds of every graph, whatever its tasks.
void expect_sound(const Graph& graph) {
  ASSERT_EQ(graph.input_offsets.size(), graph.size() + 1);
  ASSERT_EQ(graph.kind_index.size(), graph.size());
  EXPECT_EQ(graph.input_offsets.front(), 0u);
  EXPECT_EQ(graph.input_offsets.back(), graph.inputs.size());
  EXPECT_TRUE(std::is_sorted(graph.given.begin(), graph.given.end()));
  for (TaskIndex i = 0; i < graph.size(); ++i) {
    const Task& task = *graph.tasks[i];
    EXPECT_EQ(graph.kinds.at(graph.kind_index[i]), &task.kind());
    const bool given = std::binary_search(graph.given.begin(), graph.given.end(), i);
    EXPECT_EQ(given, is_given(task));
    ASSERT_EQ(graph.inputs_of(i).size(), given ? 0 : task.inputs().size());
    for (std::size_t k = 0; k < graph.inputs_of(i).size(); ++k) {
      EXPECT_LT(graph.inputs_of(i)[k], i) << "an input after its consumer";
      EXPECT_EQ(graph.tasks[graph.inputs_of(i)[k]], task.inputs()[k]);
    }
    if (task.residence() == nullptr) {
      EXPECT_EQ(task.scratch(), 0u) << "a scratch word was left behind";
    }
  }
}

// --- order -------------------------------------------------------------------------------------------
TEST(Collect, GoesDepthFirstInputsBeforeConsumers) {
  const auto a = delayed<source>(1);
  const auto b = delayed<source>(2);
  const auto ab = delayed<add>(a, b);
  const auto c = delayed<source>(3);
  const auto d = delayed<inc>(c);
  const auto all = delayed<add>(ab, d);
  const Graph graph = collected(tasks(all));
  expect_sound(graph);
  EXPECT_EQ(graph.tasks, tasks(a, b, ab, c, d, all));
  EXPECT_EQ(inputs_of(graph, 2), (Indices{0, 1}));
  EXPECT_EQ(inputs_of(graph, 5), (Indices{2, 4}));
  EXPECT_EQ(graph.targets, (Indices{5}));
  EXPECT_TRUE(graph.given.empty());
}

TEST(Collect, ListsAKindOnceForEachLineThatMakesTasksOfIt) {
  std::vector<Delayed<long>> made;
  for (long i = 0; i < 3; ++i) made.push_back(delayed<source>(i));
  const auto line = std::source_location::current().line() - 1;
  made.push_back(delayed<source>(3));
  Tasks targets;
  for (const auto& one : made) targets.push_back(at(one));
  const Graph graph = collected(targets);
  EXPECT_EQ(graph.kinds, (std::vector{&at(made[0])->kind(), &at(made[0])->kind()}));
  ASSERT_EQ(graph.sites.size(), 2u);
  EXPECT_EQ(graph.sites[0].line, line);
  EXPECT_EQ(graph.sites[1].line, line + 2);
  EXPECT_STREQ(graph.sites[0].file, std::source_location::current().file_name());
  EXPECT_EQ(std::vector<std::uint32_t>(graph.kind_index.begin(), graph.kind_index.end()),
            (std::vector<std::uint32_t>{0, 0, 0, 1}));
}

TEST(Collect, FollowsTheOrderOfTheArguments) {
  const auto a = delayed<source>(1);
  const auto b = delayed<source>(2);
  const auto sum = delayed<add>(b, a);
  EXPECT_EQ(collected(tasks(sum)).tasks, tasks(b, a, sum));
}

TEST(Collect, TakesSharedWorkOnce) {
  const auto a = delayed<source>(1);
  const auto left = delayed<inc>(a);
  const auto right = delayed<inc>(a);
  const auto bottom = delayed<add>(left, right);
  const auto twice = delayed<add>(bottom, bottom);
  const Graph graph = collected(tasks(twice));
  expect_sound(graph);
  EXPECT_EQ(graph.tasks, tasks(a, left, right, bottom, twice));
  EXPECT_EQ(inputs_of(graph, 4), (Indices{3, 3}));
}

TEST(Collect, TakesOnlyWhatTheTargetsNeed) {
  const auto a = delayed<source>(1);
  const auto unused = delayed<inc>(a);
  EXPECT_EQ(collected(tasks(a)).tasks, tasks(a));
  EXPECT_EQ(collected({}).size(), 0u);
  expect_sound(collected({}));
  EXPECT_EQ(collected(tasks(unused)).size(), 2u);
}

// --- targets -----------------------------------------------------------------------------------------
TEST(Collect, TargetsMayRepeat) {
  const auto a = delayed<source>(1);
  const auto b = delayed<inc>(a);
  const Graph graph = collected(tasks(b, a, b, b));
  expect_sound(graph);
  EXPECT_EQ(graph.tasks, tasks(a, b));
  EXPECT_EQ(graph.targets, (Indices{1, 0, 1, 1}));
}

TEST(Collect, TargetsMayNeedEachOther) {
  const auto a = delayed<source>(1);
  const auto b = delayed<inc>(a);
  const auto c = delayed<inc>(b);
  const Graph upwards = collected(tasks(a, b, c));
  const Graph downwards = collected(tasks(c, b, a));
  EXPECT_EQ(upwards.tasks, downwards.tasks);
  EXPECT_EQ(upwards.targets, (Indices{0, 1, 2}));
  EXPECT_EQ(downwards.targets, (Indices{2, 1, 0}));
}

TEST(Collect, SeesThroughContainers) {
  const auto a = delayed<source>(1);
  const auto b = delayed<source>(2);
  const auto sum =
      delayed<[](const std::vector<long>& v, long x) { return v[0] + x; }>(std::vector{a, b, a}, b);
  const Graph graph = collected(tasks(sum));
  EXPECT_EQ(graph.tasks, tasks(a, b, sum));
  EXPECT_EQ(inputs_of(graph, 2), (Indices{0, 1, 0, 1}));
}

TEST(Collect, SaysWhichTasksAreAnnotated) {
  const auto plain = delayed<source>(1);
  const auto wished = delayed<inc>.annotate({.priority = 1})(plain);
  EXPECT_TRUE(collected(tasks(plain)).annotated.empty());
  EXPECT_EQ(collected(tasks(wished)).annotated, (std::vector<bool>{false, true}));
  EXPECT_EQ(collected(tasks(delayed<inc>(wished), plain)).annotated, (std::vector<bool>{false, true, false}));
}

// --- existing values ---------------------------------------------------------------------------------
int destroyed = 0;
struct Kept : ramal::detail::Residence {
  ~Kept() override { ++destroyed; }
};

TEST(Given, AConstantIsALeaf) {
  const Delayed<long> constant = ramal::value(5L);
  const auto sum = delayed<add>(constant, delayed<inc>(constant));
  const Graph graph = collected(tasks(sum, constant));
  expect_sound(graph);
  EXPECT_EQ(graph.size(), 3u);
  EXPECT_EQ(graph.given, (Indices{0}));
  EXPECT_EQ(graph.targets, (Indices{2, 0}));
}

TEST(Given, AKeptResultIsALeaf) {
  const auto a = delayed<source>(1);
  const auto b = delayed<inc>(a);
  const auto c = delayed<inc>(b);
  const auto d = delayed<add>(c, b);
  auto kept = std::make_unique<Kept>();
  const auto* residence = kept.get();
  at(b)->set_residence(std::move(kept));
  const Graph graph = collected(tasks(d));
  expect_sound(graph);
  EXPECT_EQ(graph.tasks, tasks(b, c, d)) << "what only the kept result needed is not run again";
  EXPECT_EQ(graph.given, (Indices{0}));
  EXPECT_EQ(at(b)->residence(), residence) << "collecting leaves a residence alone";
  const Graph itself = collected(tasks(b, b));
  EXPECT_EQ(itself.tasks, tasks(b));
  EXPECT_EQ(itself.targets, (Indices{0, 0}));
  const Graph beside = collected(tasks(a, b, d));
  expect_sound(beside);
  EXPECT_EQ(beside.tasks, tasks(a, b, c, d));
  EXPECT_EQ(beside.given, (Indices{1}));
}

TEST(Given, AReleasedResultIsNeededAgain) {
  const auto a = delayed<source>(1);
  const auto b = delayed<inc>(a);
  at(b)->set_residence(std::make_unique<Kept>());
  EXPECT_EQ(collected(tasks(b)).size(), 1u);
  at(b)->set_residence(nullptr);
  EXPECT_EQ(at(b)->residence(), nullptr);
  const Graph graph = collected(tasks(b));
  expect_sound(graph);
  EXPECT_EQ(graph.tasks, tasks(a, b));
}

TEST(Collect, LeavesNoTraceInTheTasks) {
  const auto a = delayed<source>(1);
  const auto constant = ramal::value(2L);
  const auto b = delayed<add>(a, constant);
  at(a)->set_residence(std::make_unique<Kept>());
  const auto c = delayed<add>(b, delayed<inc>(a));
  const Graph first = collected(tasks(c, b));
  for (int again = 0; again < 3; ++again) {
    const Graph graph = collected(tasks(c, b));
    expect_sound(graph);
    EXPECT_EQ(graph.tasks, first.tasks);
    EXPECT_EQ(graph.inputs, first.inputs);
    EXPECT_EQ(graph.input_offsets, first.input_offsets);
    EXPECT_EQ(graph.targets, first.targets);
    EXPECT_EQ(graph.given, first.given);
  }
}

// --- size ----------------------------------------------------------------------------------------------
TEST(Deep, AChainOfAMillionCollectsAndIsFreedWithoutRecursion) {
  constexpr std::size_t length = 1'000'000;
  auto last = delayed<source>(0);
  for (std::size_t i = 1; i < length; ++i) last = delayed<inc>(last);
  const Graph graph = collected(tasks(last));
  EXPECT_EQ(graph.size(), length);
  EXPECT_EQ(graph.targets, (Indices{length - 1}));
  EXPECT_EQ(graph.kinds.size(), 2u);
  EXPECT_EQ(collected(tasks(last)).tasks, graph.tasks);
}

TEST(Deep, EveryPathIsNotWalked) {
  // Of this ladder, 2^100000 paths lead from the top to the bottom.
  auto left = delayed<source>(0);
  auto right = delayed<source>(1);
  for (int i = 0; i < 100'000; ++i) {
    auto sum = delayed<add>(left, right);
    left = std::exchange(right, std::move(sum));
  }
  EXPECT_EQ(collected(tasks(right)).size(), 100'002u);
}

TEST(Deep, ManyInputs) {
  std::vector<Delayed<long>> sources;
  for (int i = 0; i < 100'000; ++i) sources.push_back(delayed<source>(i));
  const auto sum =
      delayed<[](const std::vector<long>& v) { return std::accumulate(v.begin(), v.end(), 0L); }>(sources);
  const Graph graph = collected(tasks(sum));
  EXPECT_EQ(graph.size(), 100'001u);
  EXPECT_EQ(graph.inputs_of(100'000).size(), 100'000u);
}

// --- lifetime ------------------------------------------------------------------------------------------
TEST(Lifetime, AResidenceGoesWithTheLastHandle) {
  destroyed = 0;
  {
    auto handle = delayed<source>(1);
    at(handle)->set_residence(std::make_unique<Kept>());
    auto copy = handle;
    { const auto moved = std::move(handle); }
    EXPECT_EQ(destroyed, 0);
    copy = delayed<source>(2);
    EXPECT_EQ(destroyed, 1);
  }
  EXPECT_EQ(destroyed, 1);
}

TEST(Lifetime, AConsumerIsAHandleToo) {
  destroyed = 0;
  std::optional<Delayed<long>> end;
  {
    const auto a = delayed<source>(1);
    at(a)->set_residence(std::make_unique<Kept>());
    const auto b = delayed<add>(a, a);
    at(b)->set_residence(std::make_unique<Kept>());
    end = delayed<inc>(delayed<inc>(b));
  }
  EXPECT_EQ(destroyed, 0);
  (void)collected(tasks(*end));
  EXPECT_EQ(destroyed, 0) << "a graph owns nothing";
  end.reset();
  EXPECT_EQ(destroyed, 2);
}

TEST(Lifetime, ANewResidenceReplacesTheOld) {
  destroyed = 0;
  {
    const auto handle = delayed<source>(1);
    at(handle)->set_residence(std::make_unique<Kept>());
    at(handle)->set_residence(std::make_unique<Kept>());
    EXPECT_EQ(destroyed, 1);
    at(handle)->set_residence(nullptr);
    EXPECT_EQ(destroyed, 2);
  }
  EXPECT_EQ(destroyed, 2);
}

TEST(Lifetime, SharedInputsOutliveOneConsumer) {
  destroyed = 0;
  const auto shared = delayed<source>(1);
  at(shared)->set_residence(std::make_unique<Kept>());
  { const auto first = delayed<inc>(shared); }
  EXPECT_EQ(destroyed, 0);
  EXPECT_EQ(collected(tasks(delayed<inc>(shared))).size(), 2u);
}

TEST(Lifetime, AConstantAndAnAnnotationAreFreedWithTheirTask) {
  // Nothing to expect but that the leak checker stays silent.
  const auto constant = ramal::value(std::vector<double>(1000));
  const auto size = delayed<[](const std::vector<double>& v) { return static_cast<long>(v.size()); }>;
  const auto wished = size.annotate({.name = std::string(100, 'n')})(constant);
  EXPECT_EQ(collected(tasks(wished)).size(), 2u);
}

TEST(Lifetime, HandlesMayBeCopiedInAnyThread) {
  destroyed = 0;
  {
    auto handle = std::make_unique<Delayed<long>>(delayed<source>(1));
    at(*handle)->set_residence(std::make_unique<Kept>());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([mine = *handle] {
        for (int i = 0; i < 20'000; ++i) {
          const auto copy = mine;  // NOLINT: counting is the point
          const auto consumer = delayed<inc>(copy);
        }
      });
    }
    handle.reset();
    for (auto& thread : threads) thread.join();
    threads.clear();
  }
  EXPECT_EQ(destroyed, 1);
}

}  // namespace
