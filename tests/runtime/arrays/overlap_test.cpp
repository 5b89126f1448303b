// SPDX-License-Identifier: BSD-3-Clause
// map_overlap beside loops that look at one element at a time.
#include "tests/runtime/arrays/said.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/array_along.hpp>
#include <ramal/array_index.hpp>
#include <ramal/array_overlap.hpp>
#include <ramal/array_shapes.hpp>
#include <ramal/array_statistics.hpp>

#include <gtest/gtest.h>

#include <random>

namespace ramal::test {
namespace {

using Word = std::int64_t;

/// Which element of an axis lies at an index that may be beyond its ends; -1: none, -2: the constant.
Word element_at(Word index, Word length, Boundary boundary) {
  if (index >= 0 && index < length) return index;
  switch (boundary) {
    case Boundary::open:
      return -1;
    case Boundary::periodic:
      return (index % length + length) % length;
    case Boundary::nearest:
      return index < 0 ? 0 : length - 1;
    case Boundary::reflect:
      return index < 0 ? -1 - index : 2 * length - 1 - index;
    case Boundary::constant:
      break;
  }
  return -2;
}

constexpr Word beyond = 1'000'003;

/// Any two neighbours have other weights, so that none can stand for another.
Word weight(Word i, Word j) { return 1 + (i + 5) * 131 + (j + 5) * 17; }

struct Weighted {
  std::int64_t rows, columns;  // depths
  void operator()(View<const Word, 2> in, View<Word, 2> out) const {
    for (Word i = 0; i < out.length(0); ++i) {
      for (Word j = 0; j < out.length(1); ++j) {
        Word sum = 1'000'000'000 * (out.offset(0) + i) + 1'000'000'000'000 * (out.offset(1) + j);
        for (Word a = std::max(in.low(0), i - rows); a <= i + rows && a < in.high(0); ++a)
          for (Word b = std::max(in.low(1), j - columns); b <= j + columns && b < in.high(1); ++b)
            sum += weight(a - i, b - j) * in(a, b);
        out(i, j) = sum % 10'007;
      }
    }
  }
};

std::vector<Word> weighted(const std::vector<Word>& in, Word rows, Word columns, const Weighted& depth,
                           const std::array<Boundary, 2>& boundary) {
  std::vector<Word> out;
  for (Word i = 0; i < rows; ++i) {
    for (Word j = 0; j < columns; ++j) {
      Word sum = 1'000'000'000 * i + 1'000'000'000'000 * j;
      for (Word a = -depth.rows; a <= depth.rows; ++a) {
        for (Word b = -depth.columns; b <= depth.columns; ++b) {
          const Word row = element_at(i + a, rows, boundary[0]);
          const Word column = element_at(j + b, columns, boundary[1]);
          if (row == -1 || column == -1) continue;
          // A constant along one axis is one whatever lies along the other.
          const Word value =
              row == -2 || column == -2 ? beyond : in[static_cast<std::size_t>(row * columns + column)];
          sum += weight(a, b) * value;
        }
      }
      out.push_back(sum % 10'007);
    }
  }
  return out;
}

std::vector<std::int64_t> random_chunks(std::mt19937& random, Word length) {
  std::vector<std::int64_t> chunks;
  for (Word left = length; left > 0;) {
    const Word one = std::min<Word>(left, 1 + static_cast<Word>(random() % 6));
    chunks.push_back(one);
    left -= one;
  }
  if (chunks.empty()) chunks.push_back(0);
  return chunks;
}

TEST(Overlap, SeesWhatALoopOverElementsSees) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    const Word rows = 1 + static_cast<Word>(random() % 14), columns = 1 + static_cast<Word>(random() % 14);
    const Weighted depth{static_cast<Word>(random() % 3), static_cast<Word>(random() % 3)};
    std::array<Boundary, 2> boundary;
    for (Boundary& one : boundary) one = static_cast<Boundary>(random() % 5);
    const auto is_too_deep = [](Word length, Word depth, Boundary one) {
      return depth > length && (one == Boundary::periodic || one == Boundary::reflect);
    };
    if (is_too_deep(rows, depth.rows, boundary[0]) || is_too_deep(columns, depth.columns, boundary[1]))
      continue;
    std::vector<Word> values(static_cast<std::size_t>(rows * columns));
    for (Word& value : values) value = static_cast<Word>(random() % 1000);
    const Chunks chunks(std::vector{random_chunks(random, rows), random_chunks(random, columns)});
    std::vector<Word> expected = values;
    const int steps = 1 + static_cast<int>(random() % 3);
    for (int step = 0; step < steps; ++step) expected = weighted(expected, rows, columns, depth, boundary);
    on_all_engines([&](Session& session) {
      auto array = from_memory(
          values.data(), {static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns)}, chunks);
      const OverlapOptions options{
          .depth = {depth.rows, depth.columns}, .boundary = {boundary[0], boundary[1]}, .value = beyond};
      for (int step = 0; step < steps; ++step) array = map_overlap(depth, options, array);
      const Block<Word> found = session.compute(array);
      ASSERT_EQ(std::vector<Word>(found.begin(), found.end()), expected) << "seed " << seed;
    });
  }
}

void add_neighbours(View<const double, 1> u, View<const float, 1> v, View<double, 1> out) {
  for (Word i = 0; i < out.length(0); ++i) out(i) = u(i - 1) + u(i + 1) + 10.0 * v(i - 1);
}
void shifted_row(View<const int, 3> in, View<int, 3> out) {
  for (Word i = 0; i < out.length(0); ++i)
    for (Word j = 0; j < out.length(1); ++j)
      for (Word k = 0; k < out.length(2); ++k) out(i, j, k) = in(i + 1, j - 1, k + 1);
}

TEST(Overlap, TakesSeveralArraysAndTypes) {
  on_all_engines([](Session& session) {
    const auto u = arange<double>(7, {2});
    const auto v = arange<float>(7, {3}) * 2;  // an expression that is cut otherwise
    const auto sums = map_overlap<add_neighbours>({.depth = 1, .boundary = Boundary::periodic}, u, v);
    std::vector<double> expected;
    for (int i = 0; i < 7; ++i) expected.push_back((i + 6) % 7 + (i + 1) % 7 + 20.0 * ((i + 6) % 7));
    EXPECT_EQ(elements(session.compute(sums)), expected);
  });
}

TEST(Overlap, HasThreeAxesAndCorners) {
  on_all_engines([](Session& session) {
    std::vector<int> values(5 * 4 * 6);
    std::iota(values.begin(), values.end(), 0);
    const auto in = from_memory(values.data(), {5, 4, 6}, {2, 2, 3});
    const auto moved = map_overlap<shifted_row>({.depth = 1, .boundary = Boundary::periodic}, in);
    std::vector<int> expected;
    for (int i = 0; i < 5; ++i)
      for (int j = 0; j < 4; ++j)
        for (int k = 0; k < 6; ++k) expected.push_back(((i + 1) % 5 * 4 + (j + 3) % 4) * 6 + (k + 1) % 6);
    EXPECT_EQ(elements(session.compute(moved)), expected);
  });
}

void doubled(View<const double, 2> in, View<double, 2> out) {
  for (Word i = 0; i < out.length(0); ++i)
    for (Word j = 0; j < out.length(1); ++j) out(i, j) = 2 * in(i, j);
}

void reversed(std::span<const double> line, std::span<double> to) {
  std::ranges::reverse_copy(line, to.begin());
}

/// Its blocks have room around them, which nothing else may see.
TEST(Overlap, GivesAnArrayAsAnyOther) {
  on_all_engines([](Session& session) {
    std::vector<double> values(6 * 7);
    std::iota(values.begin(), values.end(), 0.0);
    const auto in = from_memory(values.data(), {6, 7}, {2, 3});
    const auto out = map_overlap<doubled>({.depth = 2}, in);
    for (double& value : values) value *= 2;
    const auto at = [&](int i, int j) { return values[static_cast<std::size_t>(i * 7 + j)]; };
    EXPECT_EQ(elements(session.compute(out)), values);
    EXPECT_EQ(session.compute(out.sum()), 2 * 41 * 42 / 2.0);
    EXPECT_EQ(elements(session.compute(out(slice({}, {}, -5), slice(1, {}, 4)))),
              (std::vector<double>{at(5, 1), at(5, 5), at(0, 1), at(0, 5)}));
    EXPECT_EQ(session.compute(out.transpose())(6, 1), at(1, 6));
    EXPECT_EQ(session.compute(concatenate<double>({out, in}))(3, 3), at(3, 3));
    EXPECT_EQ(session.compute(roll(out, 1, 0))(0, 4), at(5, 4));
    EXPECT_EQ(session.compute(out.block({1, 1}))(1, 3), at(3, 6));
    EXPECT_EQ(session.compute(cumsum(out, 0))(2, 0), at(0, 0) + at(1, 0) + at(2, 0));
    EXPECT_EQ(elements(session.compute(out.rechunk({5, 5}))), values);
    EXPECT_EQ(elements(session.compute(out - out)), std::vector<double>(42, 0.0));
    EXPECT_EQ(session.compute((out * in)(5, all).max()), at(5, 6) * 41);
    const auto kept = session.persist(out);
    EXPECT_EQ(elements(session.compute(map_overlap<doubled>({.depth = 1}, kept) - 2 * kept)),
              std::vector<double>(42, 0.0));
    // What a later call goes over in place is still needed by others.
    const auto later = map_overlap<doubled>({.depth = 2}, out);
    const auto [first, second] = session.compute(out, later);
    EXPECT_EQ(elements(first), values);
    EXPECT_EQ(second(5, 6), 2 * at(5, 6));
  });
}

/// Whatever reads an array's blocks in its own way.
TEST(Overlap, GivesWhatAllElseReads) {
  on_all_engines([](Session& session) {
    std::vector<double> values(6 * 7);
    std::iota(values.begin(), values.end(), 0.0);
    const auto in = from_memory(values.data(), {6, 7}, {3, 3});
    const auto out = map_overlap<doubled>({.depth = 1}, in);
    const auto plain = in * 2;
    const auto same = [&](const auto& a, const auto& b) {
      EXPECT_EQ(elements(session.compute(a)), elements(session.compute(b)));
    };
    same(reshape(out, {7, 6}), reshape(plain, {7, 6}));
    same(take(out, {5, 0, 2}, 0), take(plain, {5, 0, 2}, 0));
    const auto places = arange<std::int64_t>(3) * 2;
    same(take(out, places, 1), take(plain, places, 1));
    same(assign(out, {slice(1, 3)}, 0.5), assign(plain, {slice(1, 3)}, 0.5));
    same(assign(in, {slice(3)}, out(slice(3))), assign(in, {slice(3)}, plain(slice(3))));
    same(select(out, out > 20.0), select(plain, plain > 20.0));
    same(sort(out, 0), sort(plain, 0));
    same(apply_along_axis<reversed>(out, 1), apply_along_axis<reversed>(plain, 1));
    same(topk(out, 2, 0), topk(plain, 2, 0));
    same(quantile(out, {0.2, 0.7}), quantile(plain, {0.2, 0.7}));
    same(quantile(out, {0.2}, 0), quantile(plain, {0.2}, 0));
    same(repeat(out, 2, 0), repeat(plain, 2, 0));
    same(histogram(out, 4).counts, histogram(plain, 4).counts);
    same(searchsorted(ravel(out), plain), searchsorted(ravel(plain), plain));
    same(stack<double>({out, in}), stack<double>({Array<double>(plain), in}));
  });
}

TEST(Overlap, HasNoElementsOrOne) {
  on_all_engines([](Session& session) {
    EXPECT_EQ(
        session
            .compute(map_overlap<doubled>({.depth = 3, .boundary = Boundary::nearest}, zeros<double>({0, 4})))
            .size(),
        0u);
    EXPECT_EQ(session
                  .compute(map_overlap<doubled>({.depth = 3, .boundary = Boundary::periodic},
                                                zeros<double>({4, 0}, {2, 1})))
                  .size(),
              0u);
    EXPECT_EQ(session.compute(map_overlap<doubled>({.depth = 5, .boundary = Boundary::constant},
                                                   full<double>({1, 1}, 4)))(0, 0),
              8);
  });
}

TEST(Overlap, RefusesWhatCannotBe) {
  const auto a = zeros<double>({4, 5});
  EXPECT_NE(message([&] { map_overlap<doubled>({.depth = -1}, a); }).find("depths of 0 or more, found -1"),
            std::string::npos);
  EXPECT_NE(message([&] {
              map_overlap<doubled>({.depth = {1, 2, 3}}, a);
            }).find("one for each of the 2 axes, found 3"),
            std::string::npos);
  EXPECT_NE(message([&] { map_overlap<doubled>({.depth = 1}, zeros<double>({4})); }).find("arrays of 2 axes"),
            std::string::npos);
  EXPECT_NE(message([&] {
              map_overlap<doubled>({.depth = {0, 6}, .boundary = Boundary::periodic}, a);
            }).find("a depth of at most 5 along axis 1"),
            std::string::npos);
}

void failing(View<const double, 1>, View<double, 1> out) {
  if (out.offset(0) == 4) throw std::runtime_error("no such place");
  out(0) = out(1) = 0;
}
TEST(Overlap, RefusesNumbersThatCannotBe) {
  const auto refused = [](const auto& call) { return message(call); };
  const auto whole = zeros<int>({2, 2, 2});
  const std::string value = refused(
      [&] { map_overlap<shifted_row>({.depth = 1, .boundary = Boundary::constant, .value = 0.5}, whole); });
  EXPECT_NE(value.find("is not within the type of the array, int"), std::string::npos) << value;
  const std::string depth =
      refused([&] { map_overlap<shifted_row>({.depth = std::int64_t{1} << 60}, whole); });
  EXPECT_NE(depth.find("depths of 0 or more"), std::string::npos) << depth;
}

void failing(View<const double, 1>, View<double, 1> out);
TEST(Overlap, FailsAsTasksDo) {
  on_all_engines([](Session& session) {
    const auto made = map_overlap<failing>({.depth = 1}, zeros<double>({8}, {2}));
    const std::string said = message([&] { session.compute(made); });
    EXPECT_NE(said.find("no such place"), std::string::npos) << said;
    EXPECT_EQ(session.compute(ones<double>({3}).sum()), 3);
  });
}

}  // namespace
}  // namespace ramal::test
