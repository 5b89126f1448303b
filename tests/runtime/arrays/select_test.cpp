// SPDX-License-Identifier: BSD-3-Clause
// Elements that a mask chooses, against loops in row-major order.
#include "tests/runtime/arrays/plain.hpp"

#include <ramal/array_index.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace ramal::test {
namespace {

using Lengths = std::vector<std::int64_t>;

/// Of bytes, since vectors of bool have no memory to refer to.
Plain<std::uint8_t> some_mask(Random& random, const Extents& shape) {
  const std::int64_t one_of = random.between(1, 4);
  return Plain<std::uint8_t>::made(shape, [&](const Extents&) { return random.one_in(one_of) ? 1 : 0; });
}
Array<bool> cut_mask(Random& random, const Plain<std::uint8_t>& mask) { return cut(random, mask).as<bool>(); }

TEST(Selections, GiveTheChosenElementsRowByRow) {
  on_all_engines([](Session& session) {
    Random random{std::mt19937_64(1)};
    for (int round = 0; round < 40; ++round) {
      const auto given = Plain<double>::counted(some_shape(random, 0, random.between(0, 3)));
      const auto mask = some_mask(random, given.shape);
      std::vector<double> expected;
      for (std::size_t i = 0; i < mask.values.size(); ++i)
        if (mask.values[i]) expected.push_back(given.values[i]);
      const auto selected = select(cut(random, given), cut_mask(random, mask));
      EXPECT_EQ(plain(session.compute(selected)), (Plain<double>{{expected.size()}, expected}))
          << "round " << round << " of " << given.shape.text();
      const auto [count, sum] = session.compute(selected.count(), selected.sum());
      EXPECT_EQ(count, std::ssize(expected));
      EXPECT_EQ(sum, std::accumulate(expected.begin(), expected.end(), 0.0));
    }
  });
}

TEST(Selections, AreReduced) {
  on_all_engines([](Session& session) {
    const auto a = reshape(arange<std::int64_t>(24), {4, 6}).rechunk({2, 3});
    const auto odd = select(a, a % 2 == 1);
    Lengths expected;
    for (std::int64_t i = 1; i < 24; i += 2) expected.push_back(i);
    EXPECT_EQ(plain(session.compute(odd)).values, expected) << "in order";
    const auto [least, most, product, mean, variance] =
        session.compute(odd.min(), odd.max(), select(a, a > 20).prod(), odd.mean(), odd.var());
    EXPECT_EQ(least, 1);
    EXPECT_EQ(most, 23);
    EXPECT_EQ(product, 21 * 22 * 23);
    EXPECT_EQ(mean, 12);
    EXPECT_DOUBLE_EQ(variance, 143.0 / 3);
    EXPECT_DOUBLE_EQ(session.compute(odd.std(1)), std::sqrt(12 * 143.0 / 3 / 11));
    EXPECT_TRUE(session.compute(odd.every()));
    EXPECT_FALSE(session.compute(select(a, a < 1).any()));
    EXPECT_EQ(session.compute(odd.block(1)).size() + session.compute(odd.block(0)).size(), 6u);

    const auto none = select(a.as<float>(), a < 0);
    EXPECT_EQ(session.compute(none).size(), 0u);
    const auto [count, sum, no_mean] = session.compute(none.count(), none.sum(), none.mean());
    EXPECT_EQ(count, 0);
    EXPECT_EQ(sum, 0);
    EXPECT_TRUE(std::isnan(no_mean));
    EXPECT_NE(message([&] { session.compute(none.max()); }).find("a selection that has no elements"),
              std::string::npos);
  });
}

TEST(Selections, BroadcastAndTakeExpressions) {
  on_all_engines([](Session& session) {
    const auto a = reshape(arange<int>(12), {3, 4}).rechunk({2, 3});
    EXPECT_EQ(plain(session.compute(select(a * 10, (arange<int>(3) != 1)(all, newaxis)))).values,
              (std::vector<int>{0, 10, 20, 30, 80, 90, 100, 110}));
    EXPECT_EQ(plain(session.compute(select(arange<int>(2), a(slice(3), slice(2)) > 3))).values,
              (std::vector<int>{0, 1, 0, 1}));
    EXPECT_EQ(plain(session.compute(select(a.transpose(), a.transpose() % 3))).values,
              (std::vector<int>{4, 8, 1, 5, 2, 10, 7, 11}))
        << "a mask of numbers, and views";
    EXPECT_EQ(plain(session.compute(select(a(1, 1), a(0, 1) > 0))).values, (std::vector<int>{5}));
    EXPECT_EQ(plain(session.compute(select(a.sum(), a.max() > 99))).values.size(), 0u);
    EXPECT_NE(message([&] { select(a, zeros<bool>({5})); }).find("select: expected shapes that broadcast"),
              std::string::npos);
  });
}

TEST(Selections, OfRows) {
  on_all_engines([](Session& session) {
    Random random{std::mt19937_64(2)};
    for (int round = 0; round < 30; ++round) {
      const auto given = Plain<float>::counted(some_shape(random, 0, random.between(1, 3)));
      const auto mask = some_mask(random, {given.shape[0]});
      std::vector<std::uint64_t> chosen;
      for (std::uint64_t i = 0; i < given.shape[0]; ++i)
        if (mask.values[i]) chosen.push_back(i);
      Extents shape = given.shape;
      shape[0] = chosen.size();
      const auto expected = Plain<float>::made(shape, [&](Extents at) {
        at[0] = chosen[at[0]];
        return given(at);
      });
      const auto rows = compress(cut_mask(random, mask), cut(random, given));
      EXPECT_EQ(plain(session.compute(rows)), expected) << "round " << round << " of " << given.shape.text();
      const auto array = resolve(session, rows);
      EXPECT_EQ(array.shape(), expected.shape);
      EXPECT_EQ(plain(session.compute(array + array)),
                Plain<float>::made(shape, [&](const Extents& at) { return 2 * expected(at); }));
    }
    EXPECT_NE(message([] {
                compress(zeros<bool>({3}), zeros<int>({4, 3}));
              }).find("as long as the first axis of shape (4, 3), found shape (3)"),
              std::string::npos);
  });
}

TEST(Selections, BecomeArrays) {
  on_all_engines([](Session& session) {
    const auto a = arange<std::int64_t>(100, {7});
    const auto kept = resolve(session, select(a, a % 5 == 2));
    EXPECT_EQ(kept.shape(), (Extents{20}));
    EXPECT_EQ(kept.chunks(0).size(), 15u);
    EXPECT_EQ(session.compute(kept(slice({}, {}, -1)) + kept).data()[3], 99);
    EXPECT_EQ(session.compute(kept.sum()), 20 * 2 + 5 * 190);
    const auto again = resolve(session, select(kept, kept > 1000));
    EXPECT_EQ(again.shape(), (Extents{0}));
    EXPECT_EQ(session.compute(again.sum()), 0);
    const auto selection = session.persist(select(a, a < 10));
    EXPECT_EQ(session.compute(selection.sum()), 45);
    EXPECT_EQ(session.compute(resolve(session, selection)(9)).data()[0], 9);
  });
}

TEST(Selections, TellWhereElementsAre) {
  on_all_engines([](Session& session) {
    Random random{std::mt19937_64(3)};
    for (int round = 0; round < 20; ++round) {
      const Extents shape = some_shape(random, 0, random.between(1, 3));
      const auto mask = some_mask(random, shape);
      Lengths flat, all;
      std::vector<Lengths> along(shape.size());
      std::int64_t number = 0;
      Plain<std::uint8_t>::made(shape, [&](const Extents& at) {
        if (mask(at)) {
          flat.push_back(number);
          for (std::size_t d = 0; d < shape.size(); ++d) {
            along[d].push_back(static_cast<std::int64_t>(at[d]));
            all.push_back(static_cast<std::int64_t>(at[d]));
          }
        }
        ++number;
        return std::uint8_t{1};
      });
      const Array<bool> array = cut_mask(random, mask);
      EXPECT_EQ(plain(session.compute(flatnonzero(array))).values, flat);
      EXPECT_EQ(plain(session.compute(argwhere(array))),
                (Plain<std::int64_t>{{flat.size(), shape.size()}, all}));
      const auto each = nonzero(array);
      ASSERT_EQ(each.size(), shape.size());
      for (std::size_t d = 0; d < shape.size(); ++d)
        EXPECT_EQ(plain(session.compute(each[d])).values, along[d]) << "axis " << d;
    }
  });
}

TEST(Triangles, AreThoseOfTheLastTwoAxes) {
  on_all_engines([](Session& session) {
    Random random{std::mt19937_64(4)};
    for (int round = 0; round < 20; ++round) {
      const auto given = Plain<double>::counted(some_shape(random, 0, random.between(2, 3)));
      const std::int64_t diagonal = random.between(-4, 4);
      const std::size_t rows = given.shape.size() - 2;
      const auto part = [&](bool lower) {
        return Plain<double>::made(given.shape, [&](const Extents& at) {
          const auto above = static_cast<std::int64_t>(at[rows + 1]) - static_cast<std::int64_t>(at[rows]);
          return (lower ? above <= diagonal : above >= diagonal) ? given(at) : 0.0;
        });
      };
      const auto array = cut(random, given);
      EXPECT_EQ(plain(session.compute(tril(array, diagonal))), part(true));
      EXPECT_EQ(plain(session.compute(triu(array, diagonal))), part(false));
    }
    EXPECT_EQ(session.compute(tril(ones<std::uint8_t>({3, 3})).sum()), 6u);
    EXPECT_EQ(session.compute((triu(ones<bool>({3, 3})) & ones<bool>({3, 3})).sum()), 6);
    EXPECT_THROW(tril(zeros<int>({3})), std::invalid_argument);
  });
}

}  // namespace
}  // namespace ramal::test
