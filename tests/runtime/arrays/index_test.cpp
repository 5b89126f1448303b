// SPDX-License-Identifier: BSD-3-Clause
// Elements by lists of indices, and arrays with a part replaced, against loops.
#include "tests/runtime/arrays/plain.hpp"

#include <ramal/array_index.hpp>

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

using Lengths = std::vector<std::int64_t>;

TEST(ArrayIndices, TakeElementsInTheirOrder) {
  on_all_engines([](Session& session) {
    Random random{std::mt19937_64(1)};
    for (int round = 0; round < 60; ++round) {
      const auto given = Plain<double>::counted(some_shape(random, 1, random.between(1, 3)));
      const auto axis = static_cast<std::size_t>(random.between(0, std::ssize(given.shape) - 1));
      const auto length = static_cast<std::int64_t>(given.shape[axis]);
      Lengths indices;
      for (std::int64_t left = random.between(0, 12); left > 0; --left)
        indices.push_back(random.between(-length, length - 1));
      Extents shape = given.shape;
      shape[axis] = indices.size();
      const auto expected = Plain<double>::made(shape, [&](Extents at) {
        const std::int64_t index = indices[at[axis]];
        at[axis] = static_cast<std::uint64_t>(index < 0 ? index + length : index);
        return given(at);
      });
      const auto array = cut(random, given);
      const auto along = static_cast<std::int64_t>(axis);
      EXPECT_EQ(plain(session.compute(take(array, indices, along))), expected);
      EXPECT_EQ(session.compute(take(array * 2, indices, along - std::ssize(shape)).sum()),
                2 * std::accumulate(expected.values.begin(), expected.values.end(), 0.0));
    }
  });
}

TEST(ArrayIndices, TakeFromViewsAndOtherTypes) {
  on_all_engines([](Session& session) {
    const auto a = arange<std::int16_t>(24, {5});
    EXPECT_EQ(plain(session.compute(take(a(slice({}, {}, -2)), {0, -1, 3}, 0))),
              (Plain<std::int16_t>{{3}, {23, 1, 17}}));
    const auto column = arange<float>(4, {3})(all, newaxis);
    EXPECT_EQ(plain(session.compute(take(column.broadcast_to({4, 5}), {4, 4, -5}, 1))),
              (Plain<float>{{4, 3}, {0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3}}));
    EXPECT_EQ(session.compute(take(zeros<int>({3, 0}), {2, 2}, 0)).shape(), (Extents{2, 0}));
    EXPECT_EQ(session.compute(take(a, {}, 0)).shape(), (Extents{0}));
    EXPECT_EQ(take(a, Lengths(12, 7), 0).chunks(0), (Lengths{5, 5, 2}));
  });
}

TEST(ArrayIndices, TakeByArrays) {
  on_all_engines([](Session& session) {
    Random random{std::mt19937_64(5)};
    for (int round = 0; round < 30; ++round) {
      const auto given = Plain<float>::counted(some_shape(random, 1, random.between(1, 3)));
      const auto axis = static_cast<std::size_t>(random.between(0, std::ssize(given.shape) - 1));
      const auto length = static_cast<std::int64_t>(given.shape[axis]);
      const auto index = [&](const Extents&) {
        return static_cast<int>(random.between(-length, length - 1));
      };
      const auto found = [&](Extents at, int of) {
        at[axis] = static_cast<std::uint64_t>(of < 0 ? of + length : of);
        return given(at);
      };
      const auto along = static_cast<std::int64_t>(axis);
      const auto array = cut(random, given);
      // A list for all.
      const auto list = Plain<int>::made({static_cast<std::uint64_t>(random.between(0, 9))}, index);
      Extents shape = given.shape;
      shape[axis] = list.shape[0];
      EXPECT_EQ(plain(session.compute(take(array, cut(random, list), along))),
                Plain<float>::made(shape, [&](const Extents& at) { return found(at, list({at[axis]})); }));
      // One for each element; or for those along an axis.
      Extents few = shape;
      for (std::size_t d = 0; d < few.size(); ++d)
        if (d != axis && random.one_in(3)) few[d] = 1;
      const auto each = Plain<int>::made(few, index);
      EXPECT_EQ(plain(session.compute(take_along_axis(array, cut(random, each), along))),
                Plain<float>::made(shape, [&](const Extents& at) {
                  Extents of = at;
                  for (std::size_t d = 0; d < few.size(); ++d) of[d] = few[d] == 1 ? 0 : at[d];
                  return found(at, each(of));
                }));
    }
    const auto a = arange<double>(6, {4});
    const auto failed = message([&] { session.compute(take(a, arange<int>(8, {3}), 0)); });
    EXPECT_NE(failed.find("take: 6 is not within an axis of length 6"), std::string::npos) << failed;
    EXPECT_THROW(take_along_axis(a, zeros<int>({2, 3}), 0), std::invalid_argument);
    EXPECT_THROW(take(a, zeros<int>({2, 3}), 0), std::invalid_argument);
    EXPECT_EQ(session.compute(
                  take_along_axis(reshape(a, {2, 3}), a.max().as<int>().broadcast_to({2, 1}) - 5, 1).sum()),
              3);
  });
}

TEST(ArrayIndices, RefuseWhatIsNotWithinAnAxis) {
  const auto a = zeros<int>({4, 6});
  const auto refused = [&](std::int64_t index, std::int64_t axis) {
    return message([&] { take(a, {0, index}, axis); });
  };
  EXPECT_NE(refused(6, 1).find("take: 6 is not within axis 1 of an array of shape (4, 6)"), std::string::npos)
      << refused(6, 1);
  EXPECT_NE(refused(-5, 0).find("take: -5 is not within axis 0"), std::string::npos);
  EXPECT_NE(refused(0, 2).find("take: expected an axis of an array of 2, found 2"), std::string::npos);
  EXPECT_THROW(take(a, {4}, 0), std::out_of_range);
}

/// A slice of an axis, and its elements by Python's rules, found by going through all numbers.
struct SomePart {
  detail::IndexPart part = all;
  Lengths elements;
  bool is_number = false;

  SomePart(Random& random, std::int64_t length) {
    if (length > 0 && random.one_in(5)) {
      const std::int64_t at = random.between(-length, length - 1);
      part = at;
      elements = {at < 0 ? at + length : at};
      is_number = true;
      return;
    }
    const std::int64_t step = random.between(1, 3) * (random.one_in(2) ? 1 : -1);
    const std::int64_t start = random.between(0, length), stop = random.between(0, length);
    part = slice(start, stop, step);
    if (step > 0) {
      for (std::int64_t i = start; i < stop && i < length; i += step) elements.push_back(i);
    } else {
      for (std::int64_t i = std::min(start, length - 1); i > stop; i += step) elements.push_back(i);
    }
  }
};

TEST(ArrayAssignments, ReplaceAPart) {
  on_all_engines([](Session& session) {
    Random random{std::mt19937_64(3)};
    for (int round = 0; round < 80; ++round) {
      const auto given = Plain<int>::counted(some_shape(random, 0, random.between(1, 3)));
      std::vector<SomePart> parts;
      std::vector<detail::IndexPart> index;
      Lengths part_shape;
      for (const std::uint64_t length : given.shape) {
        parts.emplace_back(random, static_cast<std::int64_t>(length));
        index.push_back(parts.back().part);
        if (!parts.back().is_number) part_shape.push_back(std::ssize(parts.back().elements));
      }
      // What is assigned broadcasts to the part, and may have further axes of length 1 ahead.
      Lengths lengths = part_shape;
      for (std::int64_t& length : lengths)
        if (random.one_in(4)) length = 1;
      if (random.one_in(4)) lengths.insert(lengths.begin(), 1);
      while (!lengths.empty() && lengths[0] == 1 && random.one_in(2)) lengths.erase(lengths.begin());
      Extents shape = Extents::filled(lengths.size(), 0);
      for (std::size_t d = 0; d < lengths.size(); ++d) shape[d] = static_cast<std::uint64_t>(lengths[d]);
      auto from = Plain<int>::counted(shape);
      for (int& value : from.values) value += 1000;
      auto expected = given;
      Extents part = Extents::filled(parts.size(), 0);
      for (std::size_t d = 0; d < parts.size(); ++d) part[d] = parts[d].elements.size();
      Plain<int>::made(part, [&](const Extents& at) {
        Extents to = at, source = shape;
        Lengths kept;
        for (std::size_t d = 0; d < parts.size(); ++d) {
          to[d] = static_cast<std::uint64_t>(parts[d].elements[at[d]]);
          if (!parts[d].is_number) kept.push_back(static_cast<std::int64_t>(at[d]));
        }
        for (std::size_t e = 0; e < shape.size(); ++e) {
          const auto behind = static_cast<std::int64_t>(shape.size() - e);
          const auto v = std::ssize(kept) - behind;
          source[e] = shape[e] == 1 ? 0 : static_cast<std::uint64_t>(kept[static_cast<std::size_t>(v)]);
        }
        return expected(to) = from(source);
      });
      EXPECT_EQ(plain(session.compute(assign(cut(random, given), index, cut(random, from)))), expected)
          << "round " << round << " of " << given.shape.text() << " with " << shape.text();
    }
  });
}

TEST(ArrayAssignments, GiveKnownAnswers) {
  on_all_engines([](Session& session) {
    Array<double> d = ones<double>({20'000}, {777});
    d = assign(d, {slice(1, {})}, d(slice(1, {})) + d(slice(-1)));
    d = assign(d, {slice(1, {})}, d(slice(1, {})) * 0.5);
    const auto [low, high] = session.compute(d.min(), d.max());
    EXPECT_EQ(low, 1);
    EXPECT_EQ(high, 1);
    const auto a = zeros<int>({3, 4}, {2, 3});
    EXPECT_EQ(plain(session.compute(assign(a, {all, -1}, 7))).values,
              (std::vector<int>{0, 0, 0, 7, 0, 0, 0, 7, 0, 0, 0, 7}));
    EXPECT_EQ(
        plain(session.compute(assign(a, {slice({}, {}, -2), slice(2)}, arange<std::int64_t>(2)))).values,
        (std::vector<int>{0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}));
    EXPECT_EQ(plain(session.compute(assign(a, {}, 2.7))).values, std::vector<int>(12, 2)) << "converted";
    EXPECT_EQ(plain(session.compute(assign(a, {ellipsis, newaxis, 1}, ones<int>({3, 1})))).values,
              (std::vector<int>{0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0}));
    EXPECT_EQ(plain(session.compute(assign(zeros<int>({}), {}, 3))), (Plain<int>{{}, {3}}));
    EXPECT_EQ(plain(session.compute(assign(a.transpose(), {0}, a(0, slice(3)) + 1))).values,
              (std::vector<int>{1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
        << "of views";
    EXPECT_EQ(session.compute(a.sum()), 0) << "as it was";
  });
}

TEST(ArrayAssignments, RefuseWhatDoesNotFit) {
  const auto a = zeros<int>({4, 6});
  const auto refused = message([&] { assign(a, {slice(2)}, zeros<int>({5})); });
  EXPECT_NE(refused.find("assign: expected a shape that broadcasts to that of the part, (2, 6), found (5)"),
            std::string::npos)
      << refused;
  EXPECT_NE(message([&] {
              assign(a, {0}, zeros<int>({2, 6}));
            }).find("of the part, (6), found (2, 6)"),
            std::string::npos);
  EXPECT_THROW(assign(a, {4}, 1), std::out_of_range);
  EXPECT_THROW(assign(a, {0, 0, 0}, 1), std::invalid_argument);
  EXPECT_NE(message([&] { assign(zeros<std::uint8_t>({2}), {0}, 300); }).find("the value 300 is not within"),
            std::string::npos);
}

}  // namespace
}  // namespace ramal::test
