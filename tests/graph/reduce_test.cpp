// SPDX-License-Identifier: BSD-3-Clause
// reduce: the shape depends on the length alone, keeps the order, and is the documented one. map: one
// task per element.
#include <ramal/map.hpp>
#include <ramal/reduce.hpp>

#include "graph/core/graph.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <list>

namespace {

using ramal::delayed;
using ramal::Delayed;
using ramal::Inputs;
using ramal::map;
using ramal::reduce;
using ramal::detail::Graph;
using ramal::detail::Task;

template <class T>
Graph graph_of(const Delayed<T>& handle) {
  const Task* const target = handle.task_handle().get();
  return ramal::detail::collect(std::span(&target, 1));
}
/// The value of a handle: every task it needs, one after the other, nothing moved.
template <class T>
T evaluate(const Delayed<T>& handle) {
  const Graph graph = graph_of(handle);
  std::vector<ramal::detail::Cell> cells(graph.size());
  for (ramal::detail::TaskIndex i = 0; i < graph.size(); ++i) {
    const Task& task = *graph.tasks[i];
    ramal::detail::CallFrame frame{cells.data(), graph.inputs_of(i).data(), false, task.literals()};
    if (task.constant() != nullptr) {
      cells[i].value = *task.constant();
    } else {
      task.kind().run(frame, cells[i].value);
    }
  }
  return cells[graph.targets[0]].value.template get<T>();
}
/// Tasks on the longest way from a leaf to the target, without the leaf.
template <class T>
std::size_t levels_of(const Delayed<T>& handle) {
  const Graph graph = graph_of(handle);
  std::vector<std::size_t> level(graph.size(), 0);
  for (ramal::detail::TaskIndex i = 0; i < graph.size(); ++i) {
    for (const auto input : graph.inputs_of(i)) level[i] = std::max(level[i], level[input] + 1);
  }
  return level[graph.targets[0]];
}
template <class T>
unsigned line_of(const Delayed<T>& handle) {
  return handle.task_handle().get()->where().line();
}
template <class Make>
std::string refusal(const Make& make) {
  try {
    make();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "(nothing was refused)";
}
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string leaf(int i) { return std::string(1, static_cast<char>('a' + i % 26)); }
std::string pair_up(const std::string& a, const std::string& b) { return "(" + a + b + ")"; }
std::string group_up(Inputs<std::string> group) {
  std::string all = "[";
  for (const auto& member : group) all += member;
  return all + "]";
}
std::string group_of_values(std::vector<std::string> group) {
  std::string all = "[";
  for (const auto& member : group) all += member;
  return all + "]";
}
std::string join(std::string a, const std::string& b) { return a + b; }
long add(long a, long b) { return a + b; }
double plus(double a, double b) { return a + b; }

std::vector<Delayed<std::string>> leaves(int n) {
  std::vector<Delayed<std::string>> made;
  for (int i = 0; i < n; ++i) made.push_back(delayed<leaf>(i));
  return made;
}

/// The shape, found another way: a node's children cover the largest power of the arity below the
/// length each, but for the last, which covers the rest.
template <class Combine>
std::string reference(int from, int n, int arity, const Combine& combine) {
  if (n == 1) return leaf(from);
  int share = 1;
  while (share * arity < n) share *= arity;
  std::vector<std::string> children;
  for (int at = 0; at < n; at += share) {
    children.push_back(reference(from + at, std::min(share, n - at), arity, combine));
  }
  return combine(children);
}
std::string fold(const std::vector<std::string>& group) {
  std::string all = group[0];
  for (std::size_t i = 1; i < group.size(); ++i) all = pair_up(all, group[i]);
  return all;
}

std::vector<int> lengths() {
  std::vector<int> all;
  for (int n = 1; n <= 33; ++n) all.push_back(n);
  for (const int n : {127, 128, 129}) all.push_back(n);
  return all;
}

// --- pairs -------------------------------------------------------------------------------------------
TEST(Reduce, HasTheDocumentedShape) {
  const char* const table[] = {"a",
                               "(ab)",
                               "((ab)c)",
                               "((ab)(cd))",
                               "(((ab)(cd))e)",
                               "(((ab)(cd))(ef))",
                               "(((ab)(cd))((ef)g))",
                               "(((ab)(cd))((ef)(gh)))"};
  for (int n = 1; n <= 8; ++n) EXPECT_EQ(evaluate(reduce<pair_up>(leaves(n))), table[n - 1]) << n;
}

TEST(Reduce, OfEveryLength) {
  for (const int n : lengths()) {
    const auto total = reduce<pair_up>(leaves(n));
    EXPECT_EQ(graph_of(total).size(), static_cast<std::size_t>(2 * n - 1)) << "n leaves, n-1 operations";
    EXPECT_EQ(levels_of(total), static_cast<std::size_t>(std::ceil(std::log2(n)))) << n;
    EXPECT_EQ(evaluate(total), reference(0, n, 2, fold)) << n;
  }
}

TEST(Reduce, KeepsTheOrder) {
  for (const int n : lengths()) {
    std::string expected;
    for (int i = 0; i < n; ++i) expected += leaf(i);
    EXPECT_EQ(evaluate(reduce<join>(leaves(n))), expected);
    EXPECT_EQ(evaluate(reduce<join>(leaves(n), {.arity = 5})), expected);
  }
}

TEST(Reduce, OfOneIsTheElement) {
  const auto one = leaves(1);
  EXPECT_EQ(reduce<join>(one).task_handle().get(), one[0].task_handle().get());
  EXPECT_EQ(reduce<join>(one, {.arity = 8}).task_handle().get(), one[0].task_handle().get());
}

TEST(Reduce, FloatingPointSumsHaveTheBitsOfTheTree) {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(std::sin(i) * std::pow(10, i % 17));
  std::vector<double> level = values;
  while (level.size() > 1) {
    std::vector<double> next;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) next.push_back(level[i] + level[i + 1]);
    if (level.size() % 2 == 1) next.push_back(level.back());
    level = next;
  }
  EXPECT_EQ(evaluate(reduce<plus>(values)), level[0]);
}

TEST(Reduce, EveryOperationKnowsTheCallersLine) {
  const unsigned line = __LINE__ + 1;
  const auto total = reduce<join>(leaves(5));
  EXPECT_EQ(line_of(total), line);
  const auto first = total.task_handle().get()->inputs()[0];
  EXPECT_EQ(first->where().line(), line);
  EXPECT_EQ(line_of(reduce<group_up>(leaves(9), {.arity = 3})), __LINE__);
  EXPECT_EQ(line_of(reduce<join>(leaves(9), {.arity = 3})), __LINE__);
}

// --- groups ------------------------------------------------------------------------------------------
TEST(Reduce, OfOtherArities) {
  const auto bracket = [](const std::vector<std::string>& group) {
    std::string all = "[";
    for (const auto& member : group) all += member;
    return all + "]";
  };
  for (const int arity : {2, 3, 4, 8}) {
    for (const int n : lengths()) {
      const auto size = static_cast<std::size_t>(arity);
      const auto folded = reduce<pair_up>(leaves(n), {.arity = size});
      EXPECT_EQ(evaluate(folded), reference(0, n, arity, fold)) << n << " by " << arity;
      const auto grouped = reduce<group_up>(leaves(n), {.arity = size});
      const std::string shape = reference(0, n, arity, bracket);
      EXPECT_EQ(evaluate(grouped), shape) << n << " by " << arity;
      EXPECT_EQ(evaluate(reduce<group_of_values>(leaves(n), {.arity = size})), shape);
      const auto operations = static_cast<std::size_t>(std::count(shape.begin(), shape.end(), '['));
      EXPECT_EQ(graph_of(grouped).size(), static_cast<std::size_t>(n) + operations);
      EXPECT_EQ(graph_of(folded).size(), static_cast<std::size_t>(n) + operations);
      EXPECT_EQ(levels_of(grouped),
                static_cast<std::size_t>(std::ceil(std::log(n) / std::log(arity) - 1e-9)));
    }
  }
}

TEST(Reduce, ByAGroupOfAllMakesOneTask) {
  EXPECT_EQ(evaluate(reduce<group_up>(leaves(20), {.arity = 1000})), "[abcdefghijklmnopqrst]");
  EXPECT_EQ(graph_of(reduce<group_up>(leaves(20), {.arity = 1000})).size(), 21u);
}

// --- empty ranges and bad options ----------------------------------------------------------------------
TEST(Reduce, OfNothingIsTheIdentity) {
  const auto zero = ramal::value(0L);
  const std::vector<Delayed<long>> none;
  EXPECT_EQ(reduce<add>(none, {.identity = zero}).task_handle().get(), zero.task_handle().get());
  EXPECT_EQ(evaluate(reduce<add>(std::vector<long>{}, {.identity = zero})), 0);
  EXPECT_EQ(evaluate(reduce<add>(std::vector<long>{2, 3}, {.identity = ramal::value(100L)})), 5)
      << "an identity takes no part in a range that has elements";
}

TEST(Reduce, OfNothingWithoutIdentityNamesTheCallersLine) {
  const std::vector<Delayed<long>> none;
  auto text = refusal([&] { reduce<add>(none); });
  EXPECT_TRUE(contains(text, "reduce_test.cpp:" + std::to_string(__LINE__ - 1))) << text;
  EXPECT_TRUE(contains(text, "the range is empty; expected at least one element, or an identity")) << text;
  const auto closure = ramal::delay([k = 1L](long a, long b) { return a + b + k; });
  text = refusal([&] { reduce(closure, none); });
  EXPECT_TRUE(contains(text, "reduce_test.cpp:" + std::to_string(__LINE__ - 1))) << text;
}

TEST(Reduce, AnArityBelowTwoIsRefused) {
  for (const std::size_t arity : {0, 1}) {
    const auto text = refusal([&] { reduce<join>(leaves(3), {.arity = arity}); });
    EXPECT_TRUE(contains(text, "reduce_test.cpp:" + std::to_string(__LINE__ - 1))) << text;
    EXPECT_TRUE(contains(text, "expected an arity of 2 or more, found " + std::to_string(arity))) << text;
  }
}

TEST(Reduce, AMovedFromHandleIsRefused) {
  auto handles = leaves(3);
  const auto taken = std::move(handles[1]);
  EXPECT_TRUE(contains(refusal([&] { reduce<join>(handles); }), "moved from"));
}

// --- ranges ------------------------------------------------------------------------------------------
TEST(Reduce, OverPlainValues) {
  const long array[] = {1, 2, 3, 4};
  EXPECT_EQ(evaluate(reduce<add>(std::vector<long>{1, 2, 3})), 6);
  EXPECT_EQ(evaluate(reduce<add>(array)), 10);
  EXPECT_EQ(evaluate(reduce<add>(std::list<int>{1, 2, 3})), 6) << "as long";
  EXPECT_EQ(evaluate(reduce<add>(std::views::iota(1, 101))), 5050);
  EXPECT_EQ(evaluate(reduce<join>(std::vector<const char*>{"a", "b", "c"})), "abc");
  EXPECT_EQ(evaluate(reduce<group_up>(std::vector<std::string>{"a", "b", "c"})), "[[ab]c]");
}

TEST(Reduce, OverHandlesOfAnotherType) {
  const std::vector<Delayed<int>> small{ramal::value(1), ramal::value(2), ramal::value(3)};
  EXPECT_EQ(evaluate(reduce<add>(small)), 6);
}

TEST(Reduce, ByALambda) {
  constexpr auto larger = [](int a, int b) { return std::max(a, b); };
  EXPECT_EQ(evaluate(reduce<larger>(std::vector<int>{3, 9, 4})), 9);
}

TEST(Reduce, ByAClosure) {
  const std::string comma = ",";
  struct Join {
    char separator;
    std::string operator()(const std::string& a, const std::string& b) const { return a + separator + b; }
  };
  const auto closure = ramal::delay(Join{comma[0]});
  EXPECT_EQ(evaluate(reduce(closure, leaves(5))), "a,b,c,d,e");
  EXPECT_EQ(evaluate(reduce(closure, leaves(1))), "a");
  EXPECT_EQ(graph_of(reduce(closure, leaves(5))).size(), 9u);
  EXPECT_EQ(levels_of(reduce(closure, leaves(5))), 3u);
  EXPECT_EQ(line_of(reduce(closure, leaves(5))), __LINE__);
  EXPECT_EQ(evaluate(reduce(closure, std::vector<std::string>{"x", "y"})), "x,y") << "plain values";
}

// --- map -----------------------------------------------------------------------------------------------
long scale_and_shift(long x, long factor, long shift) { return x * factor + shift; }
std::size_t length(const std::string& text, const std::vector<int>& more) {
  return text.size() + more.size();
}

TEST(Map, OverValuesAndHandles) {
  EXPECT_EQ(evaluate(reduce<add>(map<scale_and_shift>(std::vector<long>{1, 2, 3}, 10, 1))), 63);
  const auto doubled = map<scale_and_shift>(std::views::iota(0, 5), 2, 0);
  ASSERT_EQ(doubled.size(), 5u);
  const auto again = map<scale_and_shift>(doubled, 1, 100);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(evaluate(again[static_cast<std::size_t>(i)]), 2 * i + 100);
  EXPECT_TRUE(map<scale_and_shift>(std::vector<long>{}, 1, 1).empty());
  EXPECT_EQ(evaluate(map<scale_and_shift>(std::vector<bool>{false, true}, 5, 0)[1]), 5);
}

TEST(Map, GivesFurtherArgumentsToEveryCall) {
  const auto factor = delayed<add>(2, 3);
  const auto results = map<scale_and_shift>(std::vector<long>{1, 2}, factor, 7);
  EXPECT_EQ(evaluate(results[0]), 12);
  EXPECT_EQ(evaluate(results[1]), 17);
  EXPECT_EQ(results[1].task_handle().get()->inputs()[0], factor.task_handle().get());
  const auto large = ramal::value(std::vector<int>(1000));
  for (const auto& size : map<length>(std::vector<std::string>{"a", "bb"}, large)) {
    EXPECT_EQ(size.task_handle().get()->inputs()[0], large.task_handle().get());
  }
}

TEST(Map, ConvertsAFurtherArgumentOnce) {
  const Delayed<int> narrow = ramal::value(3);
  const auto results = map<scale_and_shift>(std::vector<long>{1, 2}, narrow, 0);
  EXPECT_EQ(evaluate(results[1]), 6);
  EXPECT_EQ(results[0].task_handle().get()->inputs()[0], results[1].task_handle().get()->inputs()[0]);
}

TEST(Map, EveryTaskKnowsTheCallersLine) {
  const auto tasks = map<scale_and_shift>(std::vector<long>{1, 2}, 1, 1);
  const unsigned line = __LINE__ - 1;
  for (const auto& task : tasks) EXPECT_EQ(line_of(task), line);
}

}  // namespace
