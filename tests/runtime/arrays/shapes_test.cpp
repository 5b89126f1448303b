// SPDX-License-Identifier: BSD-3-Clause
// Grids of coordinates, repeated elements and parts, with what NumPy gives.
#include "tests/runtime/arrays/said.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/array_shapes.hpp>

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

/// 0, 1, 2, … row by row.
int number(const Extents& at) {
  int number = 0;
  for (const std::uint64_t i : at) number = 10 * number + static_cast<int>(i);
  return number;
}

TEST(Shapes, GridsOfCoordinates) {
  on_all_engines([](Session& session) {
    const auto at = [&](const auto& array) { return elements(session.compute(array)); };
    const auto a = arange<int>(3, {2});
    const auto b = linspace(0, 1, 2);
    const auto [x, y] = meshgrid(a, b);
    static_assert(std::same_as<decltype(meshgrid(a, b)), std::tuple<Array<int>, Array<double>>>);
    EXPECT_EQ(x.shape(), (Extents{2, 3}));
    EXPECT_EQ(x.chunks(1), (List<std::int64_t>{2, 1}));
    EXPECT_EQ(y.chunks(1), (List<std::int64_t>{2, 1})) << "cut as the other along its axis";
    EXPECT_EQ(at(x), (List<int>{0, 1, 2, 0, 1, 2}));
    EXPECT_EQ(at(y), (List<double>{0, 0, 0, 1, 1, 1}));
    const auto [i, j] = meshgrid<Indexing::ij>(a + 1, b);
    EXPECT_EQ(at(i), (List<int>{1, 1, 2, 2, 3, 3}));
    EXPECT_EQ(at(i * 10 + j), (List<double>{10, 11, 20, 21, 30, 31}));
    const auto [p, q, r] = meshgrid(a, arange<int>(2), arange<int>(4, {3})(slice({}, {}, -1)));
    EXPECT_EQ(p.shape(), (Extents{2, 3, 4}));
    EXPECT_EQ(at(p(1, all, 3)), (List<int>{0, 1, 2}));
    EXPECT_EQ(at(q(all, 2, 0)), (List<int>{0, 1}));
    EXPECT_EQ(at(r(0, 1)), (List<int>{3, 2, 1, 0}));
    const auto [alone] = meshgrid(a);
    EXPECT_EQ(at(alone), (List<int>{0, 1, 2}));
    const auto [one, none] = meshgrid(a.sum(), zeros<int>({0}));
    EXPECT_EQ(one.shape(), (Extents{0, 1}));
    EXPECT_EQ(session.compute(none).size(), 0u);
    const auto [sum, wide] = meshgrid(a.sum(), a);
    EXPECT_EQ(at(sum), (List<std::int64_t>{3, 3, 3}));
    EXPECT_EQ(at(wide), (List<int>{0, 1, 2}));
  });
  EXPECT_TRUE(contains(message([] {
                         meshgrid(zeros<int>({2}), zeros<int>({2, 3}));
                       }),
                       "meshgrid: expected arrays of one axis, found shape (2, 3)"));
}

TEST(Shapes, RepeatElements) {
  on_all_engines([](Session& session) {
    for (const Chunks& chunks :
         {Chunks{}, Chunks{2, 2}, Chunks{3, 5}, Chunks{1, 1}, Chunks({{3, 0, 1}, {1, 4}})}) {
      const auto a = from_function<number>({4, 5}, chunks);
      for (const std::int64_t times : {1, 2, 3, 7}) {
        for (int axis = 0; axis < 2; ++axis) {
          const auto found = session.compute(repeat(a, times, axis - 2));
          List<int> expected;
          const auto count = static_cast<std::uint64_t>(times);
          for (std::uint64_t i = 0; i < 4 * (axis == 0 ? count : 1); ++i)
            for (std::uint64_t j = 0; j < 5 * (axis == 1 ? count : 1); ++j)
              expected.push_back(number({axis == 0 ? i / count : i, axis == 1 ? j / count : j}));
          EXPECT_EQ(elements(found), expected);
        }
      }
      // What is read of it is put together from blocks at their new places.
      EXPECT_EQ(elements(session.compute(repeat(a, 3, 1)(1, slice(2, 10, 2)))), (List<int>{10, 11, 12, 12}));
      EXPECT_EQ(session.compute(repeat(a, 0, 1)).shape(), (Extents{4, 0}));
    }
    const auto view = arange<int>(9, {2})(slice({}, {}, -4));
    EXPECT_EQ(elements(session.compute(repeat(view * 2, 2))), (List<int>{16, 16, 8, 8, 0, 0}));
    EXPECT_EQ(session.compute(repeat(zeros<int>({0, 2}), 3, 0)).shape(), (Extents{0, 2}));
    EXPECT_EQ(session.compute(repeat(arange<int>(1'000'000, {1000}), 3).sum()), 3 * 499999500000);
  });
  EXPECT_EQ(repeat(zeros<int>({100}, {10}), 5).chunks(0), List<std::int64_t>(50, 10)) << "as long as before";
  EXPECT_EQ(repeat(zeros<int>({4}, {3}), 2).chunks(0), (List<std::int64_t>{2, 4, 2})) << "cut where it was";
  EXPECT_TRUE(contains(message([] { repeat(zeros<int>({2}), -1); }),
                       "repeat: expected a number of times of 0 or more, found -1"));
  EXPECT_TRUE(contains(message([] { repeat(zeros<int>({2}), std::int64_t{1} << 62); }),
                       "repeat: an array of shape (2) 4611686018427387904 times along axis 0 is too large"));
  EXPECT_TRUE(contains(message([] { repeat(zeros<int>({2}), 2, 1); }), "an axis of an array of 1, found 1"));
}

TEST(Shapes, Parts) {
  on_all_engines([](Session& session) {
    const auto a = from_function<number>({6, 4}, {4, 3});
    const auto at = [&](const auto& array) { return elements(session.compute(array)); };
    const auto halves = split(a, 2, 1);
    ASSERT_EQ(halves.size(), 2u);
    EXPECT_EQ(at(halves[1](0)), (List<int>{2, 3}));
    EXPECT_EQ(halves[0].shape(), (Extents{6, 2}));
    const auto four = array_split(a + 1, 4);
    ASSERT_EQ(four.size(), 4u);
    EXPECT_EQ(four[0].shape(), (Extents{2, 4}));
    EXPECT_EQ(four[3].shape(), (Extents{1, 4}));
    EXPECT_EQ(at(four[2](all, 0)), (List<int>{41}));
    EXPECT_EQ(array_split(arange<int>(2), 3)[2].size(), 0);
    const auto places = split_at(arange<int>(10, {4}), {3, 3, -2});
    ASSERT_EQ(places.size(), 4u);
    EXPECT_EQ(at(places[0]), (List<int>{0, 1, 2}));
    EXPECT_EQ(places[1].size(), 0);
    EXPECT_EQ(at(places[2]), (List<int>{3, 4, 5, 6, 7}));
    EXPECT_EQ(at(places[3]), (List<int>{8, 9}));
  });
  EXPECT_TRUE(contains(message([] { split(zeros<int>({7}), 2); }),
                       "split: expected a number of parts that divides 7, found 2"));
  EXPECT_TRUE(contains(message([] { split(zeros<int>({7}), 0); }), "found 0"));
  EXPECT_TRUE(contains(message([] { array_split(zeros<int>({7}), 0); }), "1 part or more, found 0"));
}

TEST(Shapes, AreTurned) {
  SerialRanks serial;
  const auto at = [&](const auto& array) { return elements(serial.session().compute(array)); };
  const auto a = from_function<number>({2, 3}, {2, 2});  // 0 1 2 / 10 11 12
  EXPECT_EQ(at(swapaxes(a, 0, -1)), (List<int>{0, 10, 1, 11, 2, 12}));
  EXPECT_EQ(at(rot90(a)), (List<int>{2, 12, 1, 11, 0, 10}));
  EXPECT_EQ(at(rot90(a, 2)), (List<int>{12, 11, 10, 2, 1, 0}));
  EXPECT_EQ(at(rot90(a, -1)), (List<int>{10, 0, 11, 1, 12, 2}));
  EXPECT_EQ(at(rot90(a, 3)), at(rot90(a, -1)));
  EXPECT_EQ(at(rot90(a, 8)), at(a));
  EXPECT_EQ(at(rot90(a, 1, {1, 0})), at(rot90(a, 3)));
  EXPECT_EQ(rot90(zeros<int>({2, 3, 4}), 1, {2, 0}).shape(), (Extents{4, 3, 2}));
  EXPECT_TRUE(contains(message([&] { rot90(a, 1, {0, -2}); }), "rot90: expected two axes, found 0 and -2"));
  EXPECT_TRUE(contains(message([&] { swapaxes(a, 0, 2); }), "swapaxes: expected an axis of an array of 2"));
}

}  // namespace
}  // namespace ramal::test
