// SPDX-License-Identifier: BSD-3-Clause
// What may stand for an argument: values, handles, and containers that mix them; and how arguments read
// in an error message.
#include <ramal/delayed.hpp>

#include "graph/core/graph.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <ostream>

namespace {

using ramal::delayed;
using ramal::Delayed;
using ramal::Inputs;
using ramal::detail::Task;

/// Runs what a handle needs, one task after the other, nothing moved; `use` sees the last frame.
template <class T, class Use>
auto run(const Delayed<T>& handle, const Use& use) {
  const Task* const target = handle.task_handle().get();
  const auto graph = ramal::detail::collect(std::span(&target, 1));
  std::vector<ramal::detail::Cell> cells(graph.size());
  for (ramal::detail::TaskIndex i = 0;; ++i) {
    const Task& task = *graph.tasks[i];
    ramal::detail::CallFrame frame{cells.data(), graph.inputs_of(i).data(), false, task.literals()};
    if (i == graph.targets[0]) return use(task, frame);
    if (task.constant() != nullptr) {
      cells[i].value = *task.constant();
    } else {
      task.kind().run(frame, cells[i].value);
    }
  }
}
template <class T>
T evaluate(const Delayed<T>& handle) {
  return run(handle, [](const Task& task, ramal::detail::CallFrame& frame) {
    ramal::Value result;
    task.kind().run(frame, result);
    return T(result.get<T>());
  });
}
/// What an error message would show of the arguments.
template <class T>
std::string preview(const Delayed<T>& handle) {
  return run(handle, [](const Task& task, const ramal::detail::CallFrame& frame) {
    return task.kind().preview(frame);
  });
}
template <class T>
std::size_t inputs_of(const Delayed<T>& handle) {
  return handle.task_handle().get()->inputs().size();
}

long inc(long x) { return x + 1; }
long add(long x, long y) { return x + y; }
int length(const std::string& text) { return static_cast<int>(text.size()); }
long sum(const std::vector<long>& values) { return std::accumulate(values.begin(), values.end(), 0L); }
std::string join(Inputs<std::string> parts) {
  std::string all;
  for (const auto& part : parts) all += part;
  return all;
}
std::string copy(const std::string& text) { return text; }

// --- values ------------------------------------------------------------------------------------------
enum class Color { red, blue };
struct Meters {
  Meters(double m) : value(m) {}  // NOLINT: ordinary conversions are the point
  double value;
};

TEST(Values, ConvertAsInAnyCall) {
  EXPECT_EQ(evaluate(delayed<inc>('a')), 'a' + 1);
  EXPECT_EQ(evaluate(delayed<inc>(2.9)), 3);
  EXPECT_EQ(evaluate(delayed<inc>(true)), 2);
  EXPECT_EQ(evaluate(delayed<[](Meters m) { return m.value; }>(2)), 2.0);
  EXPECT_EQ(evaluate(delayed<[](const Meters& m) { return m.value; }>(2.5f)), 2.5);
  EXPECT_EQ(evaluate(delayed<[](Color c) { return c == Color::blue; }>(Color::blue)), true);
  EXPECT_EQ(evaluate(delayed<[](std::optional<int> x) { return x.value_or(9); }>(4)), 4);
  EXPECT_EQ(evaluate(delayed<[](std::optional<int> x) { return x.value_or(9); }>(std::nullopt)), 9);
  EXPECT_EQ(evaluate(delayed<[](bool b) { return !b; }>(false)), true);
}

TEST(Values, TextForAString) {
  const char* const pointer = "pointer";
  const std::string_view view = "view";
  char array[] = "array\0hidden";
  EXPECT_EQ(evaluate(delayed<length>("literal")), 7);
  EXPECT_EQ(evaluate(delayed<length>("")), 0);
  EXPECT_EQ(evaluate(delayed<length>(pointer)), 7);
  EXPECT_EQ(evaluate(delayed<length>(array)), 5);
  EXPECT_EQ(evaluate(delayed<length>(std::string("a\0b", 3))), 3);
  EXPECT_EQ(evaluate(delayed<[](std::string s) { return s + "!"; }>("by value")), "by value!");
  EXPECT_EQ(evaluate(delayed<length>(std::string(view))), 4);
}

TEST(Values, AreTakenWhenTheTaskIsMade) {
  std::vector<long> values{1, 2, 3};
  const auto total = delayed<sum>(values);
  values.assign(100, 100);
  EXPECT_EQ(evaluate(total), 6);
}

TEST(Values, WholeContainers) {
  EXPECT_EQ(evaluate(delayed<sum>(std::vector<long>{})), 0);
  EXPECT_EQ(evaluate(delayed<[](std::vector<bool> v) { return v.size() + v[1]; }>(std::vector{false, true})),
            3u);
  const std::map<std::string, std::tuple<int, double>> map{{"a", {1, 2.5}}};
  EXPECT_EQ(evaluate(delayed<[](const std::map<std::string, std::tuple<int, double>>& m) { return m; }>(map)),
            map);
}

// --- handles -----------------------------------------------------------------------------------------
TEST(Handles, AndValuesInAnyPlace) {
  const auto two = delayed<inc>(1);
  EXPECT_EQ(evaluate(delayed<add>(two, two)), 4);
  EXPECT_EQ(evaluate(delayed<add>(two, 5)), 7);
  EXPECT_EQ(evaluate(delayed<add>(5, two)), 7);
  EXPECT_EQ(evaluate(delayed<add>(5, 6)), 11);
  const auto subtract =
      delayed<[](long a, long b, long c, long d) { return a * 1000 + b * 100 + c * 10 + d; }>;
  EXPECT_EQ(evaluate(subtract(1, two, 3, delayed<inc>(3))), 1234);
  EXPECT_EQ(evaluate(subtract(delayed<inc>(0), 2, delayed<inc>(2), 4)), 1234);
}

TEST(Handles, OfAnotherTypeConvertThroughATaskOfTheirOwn) {
  const auto small = delayed<length>("four");
  static_assert(std::same_as<decltype(small), const Delayed<int>>);
  EXPECT_EQ(evaluate(delayed<inc>(small)), 5);
  EXPECT_EQ(evaluate(delayed<[](double x) { return x / 8; }>(small)), 0.5);
  EXPECT_EQ(evaluate(delayed<[](Meters m) { return m.value; }>(delayed<[] { return 1.5; }>())), 1.5);
  EXPECT_EQ(evaluate(delayed<[](std::optional<int> x) { return *x; }>(small)), 4);
  const auto direct = delayed<length>(delayed<copy>("ab"));
  EXPECT_EQ(direct.task_handle().get()->inputs()[0]->kind().name, "copy")
      << "the same type needs no conversion";
}

TEST(Handles, OfConstantsAreInputs) {
  const auto big = ramal::value(std::string(1000, 'x'));
  const auto task = delayed<length>(big);
  EXPECT_TRUE(task.task_handle().get()->literals().empty());
  EXPECT_EQ(evaluate(task), 1000);
}

// --- containers of handles ---------------------------------------------------------------------------
TEST(Containers, VectorsOfHandles) {
  const std::vector<Delayed<long>> handles{delayed<inc>(1), delayed<inc>(2), delayed<inc>(3)};
  EXPECT_EQ(evaluate(delayed<sum>(handles)), 9);
  EXPECT_EQ(inputs_of(delayed<sum>(handles)), 3u);
  EXPECT_EQ(evaluate(delayed<[](std::vector<long> v) { return v.at(2); }>(handles)), 4);
  EXPECT_EQ(evaluate(delayed<sum>(std::vector<Delayed<long>>{})), 0);
  const auto nested = delayed<[](const std::vector<std::vector<long>>& v) { return v[1][0] * 10 + v[0][1]; }>;
  EXPECT_EQ(evaluate(nested(std::vector{handles, handles})), 23);
  const auto flags = delayed<[](const std::vector<bool>& v) { return v[0] && !v[1]; }>;
  const auto truth = delayed<[](bool b) { return b; }>;
  EXPECT_EQ(evaluate(flags(std::vector{truth(true), truth(false)})), true);
}

TEST(Containers, ArraysAndOptionals) {
  const auto h = delayed<inc>(1);
  const auto pick = delayed<[](std::array<long, 3> a) { return a[0] * 100 + a[1] * 10 + a[2]; }>;
  EXPECT_EQ(evaluate(pick(std::array{h, delayed<inc>(4), h})), 252);
  EXPECT_EQ(evaluate(pick(std::array<long, 3>{1, 2, 3})), 123);
  const auto either = delayed<[](const std::optional<long>& x) { return x.value_or(-1); }>;
  EXPECT_EQ(evaluate(either(std::optional(h))), 2);
  EXPECT_EQ(evaluate(either(std::optional<Delayed<long>>())), -1);
}

TEST(Containers, TuplesAndPairsMixValuesAndHandles) {
  const auto h = delayed<inc>(1);
  const auto text = delayed<copy>("t");
  const auto mixed = delayed<[](const std::tuple<long, std::string, double>& t) {
    return std::get<1>(t) + std::to_string(std::get<0>(t)) + (std::get<2>(t) == 0.5 ? "+" : "-");
  }>;
  EXPECT_EQ(evaluate(mixed(std::tuple(h, text, 0.5))), "t2+");
  EXPECT_EQ(evaluate(mixed(std::tuple(7, text, 0.25f))), "t7-");
  EXPECT_EQ(evaluate(mixed(std::tuple(h, "literal", 0.5))), "literal2+");
  EXPECT_EQ(evaluate(mixed(std::tuple(1L, std::string("v"), 0.5))), "v1+");
  EXPECT_EQ(inputs_of(mixed(std::tuple(h, text, 0.5))), 2u);
  const auto pair = delayed<[](std::pair<long, long> p) { return p.first - p.second; }>;
  EXPECT_EQ(evaluate(pair(std::pair(h, 5))), -3);
  EXPECT_EQ(evaluate(pair(std::pair(5, h))), 3);
}

TEST(Containers, MapsOfHandles) {
  const auto show = delayed<[](const std::map<std::string, long>& m) {
    std::string all;
    for (const auto& [key, value] : m) all += key + std::to_string(value);
    return all;
  }>;
  const std::map<std::string, Delayed<long>> handles{{"b", delayed<inc>(1)}, {"a", delayed<inc>(2)}};
  EXPECT_EQ(evaluate(show(handles)), "a3b2");
  EXPECT_EQ(evaluate(show(std::map<std::string, Delayed<long>>{})), "");
}

TEST(Containers, OfContainers) {
  using Rows = std::vector<std::pair<std::string, std::vector<long>>>;
  const auto weigh = delayed<[](const Rows& rows, long scale) {
    long total = 0;
    for (const auto& [name, row] : rows) total += static_cast<long>(name.size()) * sum(row);
    return scale * total;
  }>;
  const std::vector<Delayed<long>> row{delayed<inc>(1), delayed<inc>(2)};
  EXPECT_EQ(evaluate(weigh(std::vector{std::pair("ab", row), std::pair("c", row)}, delayed<inc>(9))), 150);
}

// --- Inputs ------------------------------------------------------------------------------------------
TEST(InputsOf, HandlesValuesAndBoth) {
  const auto a = delayed<copy>("a");
  const auto b = delayed<copy>("b");
  EXPECT_EQ(evaluate(delayed<join>(std::vector{a, b, a})), "aba");
  EXPECT_EQ(evaluate(delayed<join>(std::array{a, b})), "ab");
  EXPECT_EQ(evaluate(delayed<join>(std::vector<std::string>{"x", "y"})), "xy");
  EXPECT_EQ(evaluate(delayed<join>(std::vector<Delayed<std::string>>{})), "");
  const auto counted =
      delayed<[](const Inputs<std::string>& parts, int n) { return parts[0] + std::to_string(n); }>;
  EXPECT_EQ(evaluate(counted(std::vector{a, b}, 4)), "a4");
}

TEST(InputsOf, ContainersOfHandles) {
  const auto a = delayed<inc>(1);
  const auto rows = delayed<[](Inputs<std::vector<long>> v) { return v[0][1] * 10 + v[1][0]; }>;
  EXPECT_EQ(evaluate(rows(std::vector{std::vector{a, a}, std::vector{delayed<inc>(4)}})), 25);
  const auto pairs = delayed<[](Inputs<std::pair<long, std::string>> v) {
    return std::to_string(v[0].first) + v[0].second;
  }>;
  EXPECT_EQ(evaluate(pairs(std::vector{std::pair(a, "x")})), "2x");
}

TEST(InputsOf, IsARange) {
  static_assert(std::random_access_iterator<Inputs<int>::iterator>);
  static_assert(std::ranges::sized_range<Inputs<int>> && std::ranges::random_access_range<Inputs<int>>);
  const auto spread = delayed<[](Inputs<long> v) {
    return *std::max_element(v.begin(), v.end()) - *std::ranges::min_element(v) + (v.end() - v.begin()) +
           (v.empty() ? 1000 : 0) + v.begin()[1];
  }>;
  EXPECT_EQ(evaluate(spread(std::vector{delayed<inc>(8), delayed<inc>(1), delayed<inc>(4)})), 7 + 3 + 2);
}

// --- what an error message shows -----------------------------------------------------------------------
TEST(Preview, OfNumbersAndTexts) {
  EXPECT_EQ(preview(delayed<add>(1, -2)), "1, -2");
  EXPECT_EQ(preview(delayed<add>(delayed<inc>(1), 3)), "2, 3");
  EXPECT_EQ(preview(delayed<add>(delayed<inc>(1), delayed<inc>(2))), "2, 3");
  EXPECT_EQ(preview(delayed<length>("text")), "\"text\"");
  EXPECT_EQ(preview(delayed<[](double, bool, Color) { return 0; }>(0.1, true, Color::blue)), "0.1, true, 1");
  EXPECT_EQ(preview(delayed<[] { return 0; }>()), "");
  EXPECT_EQ(preview(delayed<length>(std::string(61, 'x'))), '"' + std::string(60, 'x') + "…\"");
}

TEST(Preview, OfContainers) {
  EXPECT_EQ(preview(delayed<sum>(std::vector<long>{})), "[]");
  EXPECT_EQ(preview(delayed<sum>(std::vector<long>{1, 2, 3})), "[1, 2, 3]");
  EXPECT_EQ(preview(delayed<sum>(std::vector<long>(1000, 7))), "[7, 7, 7, … 1000 in all]");
  EXPECT_EQ(preview(delayed<sum>(std::vector{delayed<inc>(1), delayed<inc>(2)})), "[2, 3]");
  EXPECT_EQ(preview(delayed<join>(std::vector<std::string>{"a", "b"})), "Inputs of 2");
  EXPECT_EQ(preview(delayed<[](std::vector<bool> v) { return v.size(); }>(std::vector{true, false})),
            "[true, false]");
}

TEST(Preview, OfOtherTypesIsTheirName) {
  EXPECT_EQ(preview(delayed<[](Meters) { return 0; }>(1.0)), "<Meters>");
  EXPECT_EQ(preview(delayed<[](std::pair<int, int>) { return 0; }>(std::pair(1, 2))), "<pair>");
}

struct Degrees {
  double value = 0;
  friend std::ostream& operator<<(std::ostream& out, const Degrees& d) { return out << d.value << " °C"; }
};
struct Endless {
  int written = 0;
  friend std::ostream& operator<<(std::ostream& out, const Endless&) {
    for (int i = 0; i < 1'000'000 && out; ++i) out << i << ' ';
    return out;
  }
};
struct Throws {
  friend std::ostream& operator<<(std::ostream&, const Throws&) { throw std::runtime_error("no"); }
};
enum class Season { spring };
std::ostream& operator<<(std::ostream& out, Season) { return out << "spring"; }

TEST(Preview, OfWhatStreamsTake) {
  EXPECT_EQ(preview(delayed<[](Degrees, int) { return 0; }>(Degrees{36.6}, 1)), "36.6 °C, 1");
  EXPECT_EQ(preview(delayed<[](const std::vector<Degrees>& all) { return all.size(); }>(
                std::vector<Degrees>{{1}, {2}})),
            "[1 °C, 2 °C]");
  EXPECT_EQ(preview(delayed<[](Season) { return 0; }>(Season::spring)), "spring");
  EXPECT_EQ(preview(delayed<[](Throws) { return 0; }>(Throws{})), "<Throws>");
  const std::string text = preview(delayed<[](Endless) { return 0; }>(Endless{}));
  EXPECT_EQ(text.substr(0, 10), "0 1 2 3 4 ");
  EXPECT_EQ(text.size(), 60 + std::string("…").size());
}

TEST(Preview, OfWhatMayBeMissing) {
  EXPECT_EQ(preview(delayed<[](std::optional<int>, std::optional<int>) { return 0; }>(3, std::nullopt)),
            "3, null");
  EXPECT_EQ(preview(delayed<[](const std::shared_ptr<std::string>&) { return 0; }>(
                std::make_shared<std::string>("there"))),
            "\"there\"");
}

TEST(Preview, OfAClosuresArgumentsLeavesOutItsState) {
  EXPECT_EQ(preview(ramal::delay([k = 5](long x, std::string s) { return x + k + long(s.size()); })(2, "s")),
            "2, \"s\"");
}

TEST(Preview, LeavesTheArgumentsAsTheyAre) {
  const auto text = delayed<copy>("kept");
  EXPECT_EQ(preview(delayed<[](std::string a, std::string) { return a; }>(text, "x")), "\"kept\", \"x\"");
}

}  // namespace
