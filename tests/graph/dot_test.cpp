// SPDX-License-Identifier: BSD-3-Clause
// to_dot: which circles, boxes and arrows a graph is drawn with, and what is left of a large one.
#include <ramal/iterate.hpp>
#include <ramal/reduce.hpp>
#include <ramal/visualize.hpp>

#include <gtest/gtest.h>

#include <cctype>
#include <sstream>

namespace {

using ramal::delayed;
using ramal::Delayed;
using ramal::Inputs;
using ramal::VisualizeOptions;
using ramal::detail::Task;

int inc(int x) { return x + 1; }
int dec(int x) { return x - 1; }
int add(int x, int y) { return x + y; }
int step(Inputs<int> neighbours) { return neighbours[0]; }
int twice(int x, int y) { return x + y; }

struct Kept : ramal::detail::Residence {};

template <class Target>
std::string dot(const Target& target, const VisualizeOptions& options = {}) {
  std::vector<ramal::detail::TaskHandle> held;
  ramal::detail::add_tasks(held, target);
  std::vector<const Task*> tasks;
  for (const auto& handle : held) tasks.push_back(handle.get());
  return ramal::detail::to_dot(tasks, options);
}

struct Counts {
  std::size_t circles = 0;
  std::size_t boxes = 0;
  std::size_t edges = 0;
  bool operator==(const Counts&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Counts& counts) {
  return out << counts.circles << " circles, " << counts.boxes << " boxes, " << counts.edges << " edges";
}
/// Relies on one node or edge a line, nodes being t0, t1, … and r0, r1, …
Counts count(const std::string& text) {
  Counts counts;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool names_node = line.size() > 3 && line.starts_with("  ") && std::isdigit(line[3]) != 0;
    if (names_node && line.find(" -> ") != std::string::npos) {
      ++counts.edges;
    } else if (names_node) {
      ++(line[2] == 't' ? counts.circles : counts.boxes);
    }
  }
  return counts;
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// The inner nodes of the notebook: z = add(x, y) with x = inc(i), y = dec(x).
std::vector<Delayed<int>> leaves(int n) {
  std::vector<Delayed<int>> z;
  for (int i = 0; i < n; ++i) {
    const auto x = delayed<inc>(i);
    z.push_back(delayed<add>(x, delayed<dec>(x)));
  }
  return z;
}
std::vector<Delayed<int>> stencil(int width, int steps) {
  std::vector<Delayed<int>> row;
  for (int i = 0; i < width; ++i) row.push_back(delayed<inc>(i));
  for (int s = 1; s < steps; ++s) {
    const auto last = row;
    for (int i = 0; i < width; ++i) {
      const auto begin = last.begin() + std::max(0, i - 1);
      row[i] = delayed<step>(std::vector(begin, last.begin() + std::min(width, i + 2)));
    }
  }
  return row;
}

TEST(Dot, CirclesLeadToTheirBoxAndBoxesToTheirConsumers) {
  const auto text = dot(delayed<add>(delayed<inc>(1), delayed<dec>(2)), {.rankdir = "LR"});
  EXPECT_EQ(count(text), (Counts{3, 3, 5}));
  for (const char* line : {"  t0 [label=\"inc\"];\n", "  t1 [label=\"dec\"];\n", "  t2 [label=\"add\"];\n",
                           "  r0;\n", "  r1;\n", "  r2;\n", "  t0 -> r0;\n", "  t1 -> r1;\n", "  t2 -> r2;\n",
                           "  r0 -> t2;\n", "  r1 -> t2;\n", "rankdir=LR"}) {
    EXPECT_TRUE(has(text, line)) << line;
  }
  EXPECT_TRUE(text.starts_with("digraph ")) << "a comment in front means that it was collapsed";
}

TEST(Dot, DrawsTheNotebook) {
  const auto total = ramal::reduce<add>(leaves(128));
  EXPECT_EQ(count(dot(total)), (Counts{511, 511, 1149}));
}

TEST(Dot, WhatIsPersistedIsABoxWithoutACircle) {
  const auto z = leaves(128);
  const auto total = ramal::reduce<add>(z);
  for (const auto& leaf : z) leaf.task_handle().get()->set_residence(std::make_unique<Kept>());
  const auto text = dot(total);
  EXPECT_EQ(count(text), (Counts{127, 255, 381}));
  EXPECT_FALSE(has(text, "\"inc\""));
  for (const auto& leaf : z) EXPECT_NE(leaf.task_handle().get()->residence(), nullptr);
}

TEST(Dot, ATargetThatIsPersistedIsOneBox) {
  const auto x = delayed<inc>(1);
  x.task_handle().get()->set_residence(std::make_unique<Kept>());
  EXPECT_EQ(count(dot(x)), (Counts{0, 1, 0}));
}

TEST(Dot, ConstantsAreBoxes) {
  EXPECT_EQ(count(dot(ramal::value(7))), (Counts{0, 1, 0}));
  EXPECT_EQ(count(dot(delayed<inc>(ramal::value(7)))), (Counts{1, 2, 2}));
  EXPECT_EQ(count(dot(ramal::reduce<add>(std::vector{1, 2, 3, 4}))), (Counts{3, 7, 9}));
}

TEST(Dot, AnInputUsedTwiceByOneCallIsOneEdge) {
  const auto x = delayed<inc>(1);
  EXPECT_EQ(count(dot(delayed<twice>(x, x))), (Counts{2, 2, 3}));
  EXPECT_EQ(count(dot(delayed<step>(std::vector(5, x)))), (Counts{2, 2, 3}));
}

TEST(Dot, SharedAndRepeatedTargetsAreDrawnOnce) {
  const auto x = delayed<inc>(1);
  const auto y = delayed<dec>(x);
  const auto z = delayed<dec>(x);
  EXPECT_EQ(count(dot(std::vector{y, z, y, x})), (Counts{3, 3, 5}));
  EXPECT_EQ(count(dot(std::vector{std::vector{y}, std::vector{z, z}})), (Counts{3, 3, 5}));
}

TEST(Dot, UnconnectedTargetsStandSideBySide) {
  EXPECT_EQ(count(dot(std::vector{delayed<inc>(1), delayed<dec>(2)})), (Counts{2, 2, 2}));
}

TEST(Dot, NothingToDrawIsAnError) {
  EXPECT_THROW(dot(std::vector<Delayed<int>>{}), std::invalid_argument);
  auto x = delayed<inc>(1);
  const auto moved_to = std::move(x);
  EXPECT_THROW(dot(x), std::invalid_argument);  // NOLINT: that is the point
}

TEST(Dot, TheSameGraphGivesTheSameText) {
  const auto total = ramal::reduce<add>(leaves(10));
  EXPECT_EQ(dot(total), dot(total)) << "drawing leaves marks on the tasks";
  EXPECT_EQ(dot(total), dot(ramal::reduce<add>(leaves(10)))) << "names depend on more than the graph";
}

TEST(Dot, NamesAreEscaped) {
  const auto label_of = [](const char* name) {
    const auto text = dot(delayed<inc>.annotate({.name = name})(1));
    const auto from = text.find("t0 [label=");
    return text.substr(from + 10, text.find('\n', from) - from - 12);
  };
  EXPECT_EQ(label_of("load"), R"("load")");
  EXPECT_EQ(label_of("say \"hi\""), R"("say \"hi\"")");
  EXPECT_EQ(label_of("C:\\new"), R"("C:\\new")");
  EXPECT_EQ(label_of("two\nlines"), R"("two\nlines")");
  EXPECT_EQ(label_of("\\"), R"("\\")");
  EXPECT_EQ(label_of("a\tb\r"), R"("a b ")");
  EXPECT_EQ(label_of("a&lt;b"), R"("a&amp;lt;b")");
  EXPECT_EQ(label_of("größer ×"), R"("größer ×")");
}

TEST(Dot, LambdasAreCalledLambda) {
  EXPECT_TRUE(has(dot(delayed<[](int x) { return x; }>(1)), "[label=\"lambda\"]"));
}

TEST(Dot, ALargeGraphIsCollapsedByFunctionAndLevel) {
  const auto text = dot(stencil(100, 50));
  EXPECT_EQ(count(text), (Counts{50, 50, 99}));
  EXPECT_TRUE(has(text, "  t0 [label=\"inc ×100\"];"));
  EXPECT_TRUE(has(text, "[label=\"step ×100\"];"));
  const std::string note = "5000 tasks are shown collapsed by function and level";
  EXPECT_TRUE(text.starts_with("// " + note + "\n"));
  EXPECT_TRUE(has(text, "label=\"" + note + "\""));
}

TEST(Dot, CollapsesOnlyBeyondMostNodes) {
  const auto total = ramal::reduce<add>(leaves(128));
  EXPECT_EQ(count(dot(total, {.most_nodes = 1022})).circles, 511U);
  const auto text = dot(total, {.most_nodes = 1021});
  // inc, dec, add and seven levels of the tree; add reads both inc and dec.
  EXPECT_EQ(count(text), (Counts{10, 10, 20}));
  EXPECT_TRUE(has(text, "[label=\"add ×64\"]"));
  EXPECT_TRUE(has(text, "[label=\"add\"]")) << "the last add stands for itself alone";
}

TEST(Dot, FunctionsOfOneLevelStayApart) {
  std::vector<Delayed<int>> both;
  for (int i = 0; i < 10; ++i) both.push_back(i % 2 == 0 ? delayed<inc>(i) : delayed<dec>(i));
  const auto text = dot(delayed<step>(both), {.most_nodes = 10});
  EXPECT_EQ(count(text), (Counts{3, 3, 5}));
  EXPECT_TRUE(has(text, "inc ×5"));
  EXPECT_TRUE(has(text, "dec ×5"));
}

TEST(Dot, GivenValuesCollapseToACountedBox) {
  const auto z = leaves(128);
  const auto total = ramal::reduce<add>(z);
  for (const auto& leaf : z) leaf.task_handle().get()->set_residence(std::make_unique<Kept>());
  const auto text = dot(total, {.most_nodes = 100});
  EXPECT_EQ(count(text), (Counts{7, 8, 14}));
  EXPECT_TRUE(has(text, "label=\"×128\""));
  EXPECT_TRUE(has(text, "127 tasks")) << "what is given will not run";
}

TEST(Dot, LevelsOfADeepGraphShareCircles) {
  auto x = delayed<inc>(0);
  for (int i = 1; i < 10000; ++i) x = delayed<inc>(x);
  const auto text = dot(x, {.most_nodes = 100});
  const Counts counts = count(text);
  EXPECT_EQ(counts.circles, 40U);  // 256 levels each: the first power of two that fits
  EXPECT_EQ(counts.edges, 40U + 39U + 40U) << "a shared circle reads its own results";
  EXPECT_TRUE(has(text, "10000 tasks are shown collapsed by function and level, 256 levels in one"));
  EXPECT_TRUE(has(text, "inc ×256"));
}

TEST(Dot, ManyNamesAreGivenUp) {
  std::vector<Delayed<int>> named;
  for (int i = 0; i < 100; ++i)
    named.push_back(delayed<inc>.annotate({.name = "part " + std::to_string(i)})(i));
  const auto text = dot(delayed<step>(named), {.most_nodes = 50});
  EXPECT_EQ(count(text), (Counts{2, 2, 3}));
  EXPECT_TRUE(has(text, "tasks ×100"));
  EXPECT_TRUE(has(text, "collapsed by level"));
}

TEST(Dot, TheCoarsestPictureIsDrawnHoweverSmallTheLimit) {
  const auto text = dot(stencil(10, 10), {.most_nodes = 0});
  EXPECT_EQ(count(text), (Counts{1, 1, 2}));
  EXPECT_TRUE(has(text, "tasks ×100"));
}

TEST(Dot, FewNodesWithTooManyEdgesCollapseToo) {
  auto row = stencil(200, 1);
  row = [&] {
    std::vector<Delayed<int>> all;
    for (int i = 0; i < 200; ++i) all.push_back(delayed<step>(row));
    return all;
  }();
  EXPECT_EQ(count(dot(row)), (Counts{2, 2, 3}));
  EXPECT_EQ(count(dot(row, {.most_nodes = 10000})), (Counts{400, 400, 40400}));
}

TEST(Dot, SourcesReadLateAreNotTakenForLongEdges) {
  auto x = delayed<inc>(0);
  for (int i = 0; i < 600; ++i) x = delayed<add>(x, delayed<dec>(delayed<inc>(i)));
  EXPECT_EQ(count(dot(x)).circles, 1801U);
}

double first(long i) { return static_cast<double>(i); }
double spread(double left, double here, double right) { return left + here + right; }
double sum_up(double a, double b) { return a + b; }

TEST(Dot, AFamilyIsOneNode) {
  const auto rod = ramal::family<first>(1000000);
  const auto later = ramal::iterate<spread>(rod, 50, {{-1}, {0}, {1}}, ramal::Edge::clamp);
  const std::string text = dot(delayed<sum_up>(later[500000], 1.0));
  EXPECT_NE(text.find("first[1000000]"), std::string::npos) << text;
  EXPECT_NE(text.find("spread[1000000], 50 steps"), std::string::npos) << text;
  EXPECT_EQ(count(text), (Counts{.circles = 3, .boxes = 3, .edges = 5})) << text;
}

}  // namespace
