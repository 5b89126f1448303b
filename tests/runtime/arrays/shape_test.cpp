// SPDX-License-Identifier: BSD-3-Clause
// Reshaped arrays, against loops over elements in row-major order.
#include "tests/runtime/arrays/plain.hpp"

#include <ramal/array_shape.hpp>

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

using Lengths = std::vector<std::int64_t>;

/// Lengths with that product, and ones among them.
Lengths factors(Random& random, std::int64_t product) {
  Lengths lengths;
  while (product > 1 && lengths.size() < 3) {
    std::int64_t factor = product;
    if (!random.one_in(4)) {
      do {
        factor = random.between(1, product);
      } while (product % factor != 0);
    }
    lengths.push_back(factor);
    product /= factor;
  }
  if (product > 1) lengths.push_back(product);
  if (lengths.empty() || random.one_in(4)) lengths.push_back(1);
  return lengths;
}
Extents extents(const Lengths& lengths) {
  Extents shape = Extents::filled(lengths.size(), 0);
  for (std::size_t d = 0; d < lengths.size(); ++d) shape[d] = static_cast<std::uint64_t>(lengths[d]);
  return shape;
}

TEST(ArrayShapes, KeepTheRowMajorOrder) {
  on_all_engines([](Session& session) {
    Random random{std::mt19937_64(1)};
    constexpr std::int64_t sizes[] = {1, 2, 6, 24, 36, 60, 210};
    for (int round = 0; round < 100; ++round) {
      const std::int64_t size = sizes[random.between(0, 6)];
      const auto given = Plain<int>::counted(extents(factors(random, size)));
      Lengths to = factors(random, size);
      const Plain<int> expected{extents(to), given.values};
      if (random.one_in(3)) to[static_cast<std::size_t>(random.between(0, std::ssize(to) - 1))] = -1;
      const auto array = cut(random, given);
      EXPECT_EQ(plain(session.compute(reshape(array, to))), expected) << given.shape.text();
      EXPECT_EQ(session.compute(reshape(array, to).sum()), size * (size - 1) / 2);
      EXPECT_EQ(plain(session.compute(reshape(reshape(array, to), given.shape))), given);
    }
  });
}

TEST(ArrayShapes, OfViewsAndExpressions) {
  on_all_engines([](Session& session) {
    Random random{std::mt19937_64(2)};
    for (int round = 0; round < 20; ++round) {
      const Extents shape{static_cast<std::uint64_t>(random.between(1, 6)),
                          static_cast<std::uint64_t>(random.between(1, 5)),
                          static_cast<std::uint64_t>(random.between(1, 4))};
      const auto given = Plain<double>::counted(shape);
      const auto array = cut(random, given);
      const auto turned = Plain<double>::made({shape[2], shape[0], shape[1]}, [&](const Extents& at) {
        return given({at[1], at[2], shape[2] - 1 - at[0]});
      });
      EXPECT_EQ(plain(session.compute(ravel(array.transpose({2, 0, 1}).flip(0)))).values, turned.values);
      const auto twice = Plain<double>::made(shape, [&](const Extents& at) { return 2 * given(at); });
      EXPECT_EQ(plain(session.compute(reshape(array + array, {-1, 1}))).values, twice.values);
      std::vector<double> repeated = given.values;
      repeated.insert(repeated.end(), given.values.begin(), given.values.end());
      EXPECT_EQ(plain(session.compute(ravel(array.broadcast_to({2, shape[0], shape[1], shape[2]})))).values,
                repeated);
    }
  });
}

TEST(ArrayShapes, GiveKnownAnswers) {
  on_all_engines([](Session& session) {
    const auto a = reshape(arange<std::int64_t>(24), {4, 6}).rechunk({2, 3});
    std::vector<std::int64_t> counted(24);
    std::iota(counted.begin(), counted.end(), 0);
    EXPECT_EQ(plain(session.compute(ravel(a))), (Plain<std::int64_t>{{24}, counted}));
    EXPECT_EQ(ravel(a).chunks(0), (Lengths{6, 6, 6, 6})) << "as large as the array's";
    EXPECT_EQ(plain(session.compute(reshape(a, {2, 3, 4})(1, 2, 3))).values, (Lengths{23}));
    EXPECT_EQ(plain(session.compute(reshape(reshape(a, {2, 3, 4}).rechunk({1, 2, 3}), {2, 12}))),
              (Plain<std::int64_t>{{2, 12}, counted}));
    EXPECT_EQ(plain(session.compute(reshape(arange<int>(1)(0), {1, 1}))), (Plain<int>{{1, 1}, {0}}));
    EXPECT_EQ(plain(session.compute(reshape(arange<int>(1).sum(), {1}))), (Plain<std::int64_t>{{1}, {0}}));
    EXPECT_EQ(plain(session.compute(reshape(arange<int>(1), {}))), (Plain<int>{{}, {0}}));
    EXPECT_EQ(session.compute(reshape(zeros<int>({0, 3}), {3, -1, 5})).shape(), (Extents{3, 0, 5}));
    EXPECT_EQ(session.compute(ravel(zeros<int>({2, 0}))).shape(), (Extents{0}));
  });
}

TEST(ArrayShapes, AreViewsWhereOnlyOnesComeAndGo) {
  const auto a = arange<int>(10, {3});
  const auto raised = reshape(a, {1, 10, 1});
  EXPECT_EQ(raised.state().leaves[0].source.view.node, a.state().leaves[0].source.view.node);
  EXPECT_EQ(raised.chunks(1), (Lengths{3, 3, 3, 1}));
  // Rows stay rows: one block is made of one.
  const auto rows = zeros<int>({100, 10}, {30, -1});
  EXPECT_EQ(ravel(rows).chunks(0), (Lengths{300, 300, 300, 100}));
  EXPECT_EQ(reshape(ravel(rows), {20, 50}).chunks(0), (Lengths{6, 6, 6, 2}));
}

TEST(ArrayShapes, RefuseOtherNumbersOfElements) {
  const auto a = zeros<int>({4, 6});
  const auto refused = [&](const Lengths& to) { return message([&] { reshape(a, to); }); };
  const std::string few = "reshape: expected as many elements as shape (4, 6) has, found ";
  EXPECT_NE(refused({5, 5}).find(few + "(5, 5)"), std::string::npos) << refused({5, 5});
  EXPECT_NE(refused({-1, 7}).find(few + "(-1, 7)"), std::string::npos);
  EXPECT_NE(refused({-1, 0}).find(few), std::string::npos);
  EXPECT_NE(refused({}).find(few + "()"), std::string::npos);
  EXPECT_NE(refused({std::int64_t{1} << 62, 1 << 10}).find(few), std::string::npos);
  EXPECT_NE(refused({-1, -1}).find("at most one of -1, found (-1, -1)"), std::string::npos);
  EXPECT_NE(refused({-2, -12}).find("lengths of 0 or more"), std::string::npos);
  EXPECT_NE(refused(Lengths(9, 1)).find("at most 8 axes, found 9"), std::string::npos);
  EXPECT_NE(refused({5, 5}).find("shape_test.cpp:"), std::string::npos) << "the line";
}

}  // namespace
}  // namespace ramal::test
