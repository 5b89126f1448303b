// SPDX-License-Identifier: BSD-3-Clause
// `a + b` on handles means the same as on values, whichever side is a handle.
#include <ramal/delayed.hpp>
#include <ramal/operators.hpp>

#include "graph/core/graph.hpp"

#include <gtest/gtest.h>

namespace {

using ramal::delayed;
using ramal::Delayed;
using ramal::detail::Task;

/// The value of a handle: every task it needs, one after the other, nothing moved.
template <class T>
T evaluate(const Delayed<T>& handle) {
  const Task* const target = handle.task_handle().get();
  const auto graph = ramal::detail::collect(std::span(&target, 1));
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

template <class T>
T same(T x) {
  return x;
}

#define EXPECT_BINARY(op, left, right)                                                 \
  do {                                                                                 \
    const auto l = delayed<same<decltype(left)>>(left);                                \
    const auto r = delayed<same<decltype(right)>>(right);                              \
    static_assert(std::same_as<decltype(l op r), Delayed<decltype((left)op(right))>>); \
    EXPECT_EQ(evaluate(l op r), (left)op(right));                                      \
    EXPECT_EQ(evaluate(l op(right)), (left)op(right));                                 \
    EXPECT_EQ(evaluate((left)op r), (left)op(right));                                  \
  } while (false)

TEST(Operators, Arithmetic) {
  EXPECT_BINARY(+, 17, 5);
  EXPECT_BINARY(-, 17, 5);
  EXPECT_BINARY(*, 17, 5);
  EXPECT_BINARY(/, 17, 5);
  EXPECT_BINARY(%, 17, 5);
  EXPECT_BINARY(+, 1.5, 2);
  EXPECT_BINARY(/, 1, 4.0);
  EXPECT_BINARY(*, 3u, 5L);
}

TEST(Operators, Bits) {
  EXPECT_BINARY(&, 12, 10);
  EXPECT_BINARY(|, 12, 10);
  EXPECT_BINARY(^, 12, 10);
  EXPECT_BINARY(<<, 3, 4);
  EXPECT_BINARY(>>, 48, 4);
}

TEST(Operators, ComparisonsGiveBool) {
  for (const int other : {4, 5, 6}) {
    EXPECT_BINARY(==, 5, other + 0);
    EXPECT_BINARY(!=, 5, other + 0);
    EXPECT_BINARY(<, 5, other + 0);
    EXPECT_BINARY(<=, 5, other + 0);
    EXPECT_BINARY(>, 5, other + 0);
    EXPECT_BINARY(>=, 5, other + 0);
  }
  const auto x = delayed<same<int>>(5);
  static_assert(std::same_as<decltype(x == x), Delayed<bool>>);
  EXPECT_TRUE(evaluate(!(x < 3)));
}

TEST(Operators, Unary) {
  const auto x = delayed<same<int>>(5);
  const auto letter = delayed<same<char>>('a');
  EXPECT_EQ(evaluate(-x), -5);
  EXPECT_EQ(evaluate(~x), ~5);
  EXPECT_FALSE(evaluate(!x));
  static_assert(std::same_as<decltype(+letter), Delayed<int>>, "promoted, as for a value");
  EXPECT_EQ(evaluate(+letter), 'a');
}

TEST(Operators, Texts) {
  using namespace std::string_literals;
  const auto text = delayed<same<std::string>>("b");
  EXPECT_EQ(evaluate(text + text), "bb");
  EXPECT_EQ(evaluate(text + "c"), "bc");
  EXPECT_EQ(evaluate("a" + text), "ab");
  EXPECT_EQ(evaluate("a" + text + "c"s + 'd'), "abcd");
  EXPECT_TRUE(evaluate(text == "b"));
  EXPECT_TRUE(evaluate("a" < text));
}

struct Vector2 {
  double x, y;
  friend Vector2 operator*(double s, Vector2 v) { return {s * v.x, s * v.y}; }
  friend Vector2 operator+(Vector2 a, Vector2 b) { return {a.x + b.x, a.y + b.y}; }
  friend double operator*(Vector2 a, Vector2 b) { return a.x * b.x + a.y * b.y; }
  friend Vector2 operator-(Vector2 a) { return {-a.x, -a.y}; }
  bool operator==(const Vector2&) const = default;
};

TEST(Operators, OfTheUsersOwnTypes) {
  const auto v = delayed<same<Vector2>>(Vector2{3, 4});
  EXPECT_EQ(evaluate(v * v), 25);
  EXPECT_EQ(evaluate(2.0 * v + Vector2{1, 1}), (Vector2{7, 9}));
  EXPECT_EQ(evaluate(-v), (Vector2{-3, -4}));
  EXPECT_TRUE(evaluate(v == Vector2{3, 4}));
  EXPECT_TRUE(evaluate(v != 2.0 * v));
}

TEST(Operators, MakeOneTaskEach) {
  const auto a = delayed<same<int>>(1);
  const auto b = delayed<same<int>>(2);
  const auto sum = a + b;
  const auto& task = *sum.task_handle().get();
  EXPECT_EQ(task.name(), "add");
  ASSERT_EQ(task.inputs().size(), 2u);
  EXPECT_EQ(task.inputs()[0], a.task_handle().get());
  EXPECT_EQ(task.inputs()[1], b.task_handle().get());
  EXPECT_EQ(evaluate((a + b) * (a - b) + a % b), -2);
}

}  // namespace
