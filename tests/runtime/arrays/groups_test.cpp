// SPDX-License-Identifier: BSD-3-Clause
// Groups along an axis, beside plain loops over the same elements.
#include "tests/support/one_process.hpp"

#include <ramal/array_groups.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace ramal::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
using Groups = std::vector<std::int64_t>;

/// Numbers with NaN among them. Thirds, so that sums are rounded.
std::vector<double> numbers(std::size_t count, bool with_nan) {
  std::vector<double> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(with_nan && i % 7 == 3 ? nan : static_cast<double>((i * 7919) % 1000) / 3.0 - 150);
  return all;
}

/// The elements of each group and place beside the axis, in order.
std::vector<std::vector<double>> members_of(const std::vector<double>& values, const Extents& shape,
                                            std::size_t axis, const Groups& groups, std::int64_t count) {
  std::uint64_t before = 1, after = 1;
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (d != axis) (d < axis ? before : after) *= shape[d];
  std::vector<std::vector<double>> all(before * static_cast<std::uint64_t>(count) * after);
  for (std::uint64_t b = 0; b < before; ++b)
    for (std::uint64_t i = 0; i < shape[axis]; ++i)
      for (std::uint64_t a = 0; a < after; ++a)
        if (groups[i] >= 0)
          all[(b * static_cast<std::uint64_t>(count) + static_cast<std::uint64_t>(groups[i])) * after + a]
              .push_back(values[(b * shape[axis] + i) * after + a]);
  return all;
}
template <class Of>
void expect_each(const Block<double>& found, const std::vector<std::vector<double>>& members, bool skip_nan,
                 const Of& of) {
  ASSERT_EQ(found.size(), members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    std::vector<double> kept;
    for (const double x : members[i])
      if (!skip_nan || !std::isnan(x)) kept.push_back(x);
    const double expected = of(kept);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(found.data()[i])) << i << ": " << found.data()[i];
    } else {
      EXPECT_NEAR(found.data()[i], expected, 1e-10) << i;
    }
  }
}
double sum_of(const std::vector<double>& all) {
  double sum = 0;
  for (const double x : all) sum += x;
  return sum;
}
double mean_of(const std::vector<double>& all) {
  return all.empty() ? nan : sum_of(all) / static_cast<double>(all.size());
}
double variance_of(const std::vector<double>& all) {
  double squares = 0;
  for (const double x : all) squares += (x - mean_of(all)) * (x - mean_of(all));
  return all.size() < 2 ? nan : squares / static_cast<double>(all.size() - 1);
}
double least_of(const std::vector<double>& all) {
  double least = all.empty() ? nan : all.front();
  for (const double x : all) least = std::isnan(x) || std::isnan(least) ? nan : std::min(least, x);
  return least;
}
template <class Call>
std::string message(const Call& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}
void expect_in(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text << "\n  lacks: " << part;
}

struct Case {
  Extents shape;
  std::size_t axis;
  Chunks chunks;
};
std::vector<Case> cases() {
  return {{{50, 3, 4}, 0, {7, 2, 4}},
          {{50, 3, 4}, 0, {{{20, 1, 0, 4, 25}, {3}, {1, 3}}}},
          {{3, 50, 4}, 1, {2, 9, 3}},
          {{5, 50}, 1, {2, 50}},
          {{50}, 0, {8}},
          {{50}, 0, {50}},
          {{1000, 2}, 0, {300, 1}},
          {{1, 1}, 0, {1, 1}}};
}

TEST(Groups, AreReducedAsByALoop) {
  on_all_engines([](Session& session) {
    for (const Case& one : cases()) {
      for (const bool with_nan : {false, true}) {
        const std::uint64_t length = one.shape[one.axis];
        Groups groups;  // 5 of 6 groups have elements; some elements have no group
        for (std::uint64_t i = 0; i < length; ++i)
          groups.push_back(i % 11 == 5 ? -1 : static_cast<std::int64_t>(i / 3 % 5));
        const auto values = numbers(one.shape.product(), with_nan);
        const auto array = from_memory(values.data(), one.shape, one.chunks);
        const auto members = members_of(values, one.shape, one.axis, groups, 6);
        const auto axis = static_cast<std::int64_t>(one.axis);
        const auto [mean, strict, sum, least, variance] =
            session.compute(group_mean(array, groups, 6, {.axis = axis}),
                            group_mean(array, groups, 6, {.axis = axis, .skip_nan = false}),
                            group_sum(array * 2.0, groups, 6, {.axis = axis}),
                            group_min(array, groups, 6, {.axis = axis, .skip_nan = false}),
                            group_var(array, groups, 6, {.axis = axis, .ddof = 1}));
        Extents expected = one.shape;
        expected[one.axis] = 6;
        EXPECT_EQ(mean.shape(), expected);
        expect_each(mean, members, true, mean_of);
        expect_each(strict, members, false, mean_of);
        expect_each(sum, members, true, [](const auto& all) { return 2 * sum_of(all); });
        expect_each(least, members, false, least_of);
        expect_each(variance, members, true, variance_of);
      }
    }
  });
}

TEST(Groups, AreTakenAsByNumpy) {
  on_all_engines([](Session& session) {
    const std::vector<double> values{0, 1, 2, 10, 11, 12, 20, 21, 22};
    for (const Chunks& chunks : {Chunks{3, 3}, Chunks{2, 2}, Chunks{1, 1}}) {
      const auto array = from_memory(values.data(), {3, 3}, chunks);
      const Groups rows{2, 0, 0, 1, -1, 2};
      const Block<double> taken = session.compute(take_groups(array, rows, {.chunks = {1, 4, 1}}, -7.0));
      const std::vector<double> expected{20, 21, 22, 0, 1, 2, 0, 1, 2, 10, 11, 12, -7, -7, -7, 20, 21, 22};
      EXPECT_EQ(std::vector<double>(taken.begin(), taken.end()), expected);
      const Block<double> columns =
          session.compute(take_groups(array.transpose() + 0.5, {1, 2}, {.axis = -1}));
      EXPECT_EQ(std::vector<double>(columns.begin(), columns.end()),
                (std::vector<double>{10.5, 20.5, 11.5, 21.5, 12.5, 22.5}));
      EXPECT_TRUE(std::isnan(session.compute(take_groups(array, {-1}))(0, 1)));
      EXPECT_EQ(session.compute(take_groups(array.as<float>(), {-1, 0}, {}, -7))(0, 1), -7.0F);
    }
  });
}

TEST(Groups, GiveAnomalies) {
  on_all_engines([](Session& session) {
    const auto values = numbers(24 * 6, true);
    const auto array = from_memory(values.data(), {24, 6}, {5, 4});
    Groups month;
    for (std::int64_t i = 0; i < 24; ++i) month.push_back(i % 12);
    const auto means = group_mean(array, month, 12);
    const auto anomalies = array - take_groups(means, month, {.chunks = array.chunks(0)});
    EXPECT_EQ(anomalies.chunks(0), array.chunks(0));
    const Block<double> found = session.compute(group_sum(anomalies, month, 12));
    for (const double sum : found) EXPECT_NEAR(sum, 0, 1e-10);
  });
}

/// The same bits on any engine: also of -0.0, and where blocks are merged in place or not.
TEST(Groups, HaveTheSameBitsEverywhere) {
  std::vector<std::byte> first;
  const auto values = numbers(400 * 3, false);
  on_all_engines([&](Session& session) {
    auto array = session.persist(from_memory(values.data(), {400, 3}, {23, 2}) * -0.1);
    Groups groups;
    for (std::int64_t i = 0; i < 400; ++i) groups.push_back(i % 7);
    const Block<double> found = session.compute(group_sum(array, groups, 7));
    std::vector<std::byte> bytes(found.size() * sizeof(double));
    std::memcpy(bytes.data(), found.data(), bytes.size());
    if (first.empty()) first = bytes;
    EXPECT_EQ(bytes, first);
  });
}

TEST(Groups, MayBeEmptyAndOfOtherTypes) {
  on_all_engines([](Session& session) {
    const Block<double> none = session.compute(group_mean(zeros<double>({0, 2}), {}, 3));
    EXPECT_EQ(none.shape(), (Extents{3, 2}));
    for (const double x : none) EXPECT_TRUE(std::isnan(x));
    EXPECT_EQ(session.compute(group_mean(zeros<double>({2, 0}), {0, 1}, 3)).shape(), (Extents{3, 0}));
    EXPECT_EQ(session.compute(group_sum(zeros<double>({2, 2}), {-1, -1}, 0)).shape(), (Extents{0, 2}));
    const Block<double> whole =
        session.compute(group_mean(arange<std::int32_t>(6, {4}), {0, 0, 0, 1, 1, 1}, 2));
    EXPECT_EQ(std::vector<double>(whole.begin(), whole.end()), (std::vector<double>{1, 4}));
    const Block<float> narrow = session.compute(group_mean(arange<float>(6, {4}), {0, 0, 0, 1, 1, 1}, 2));
    EXPECT_EQ(narrow(1), 4.0F);
    const Block<std::int64_t> greatest =
        session.compute(group_max(arange<std::int64_t>(6, {4}), {1, 0, 1, 0, 1, 0}, 2));
    EXPECT_EQ(greatest(0), 5);
  });
}

TEST(Groups, RefuseWhatDoesNotFit) {
  const auto array = zeros<double>({4, 2});
  expect_in(message([&] {
              group_mean(array, {0, 1}, 2);
            }),
            "a group for each of the 4 elements along axis 0, found 2");
  expect_in(message([&] {
              group_mean(array, {0, 1, 2, 0}, 2);
            }),
            "groups from -1 to 1, found 2 for element 2");
  expect_in(message([&] {
              group_mean(array, {0, 1}, 2, {.axis = 2});
            }),
            "expected an axis of an array of 2, found 2");
  expect_in(message([&] {
              group_mean(array, {0, 1}, -1, {.axis = 1});
            }),
            "expected a number of groups, found -1");
  expect_in(message([&] { take_groups(array, {4}); }), "groups from -1 to 3, found 4");
  expect_in(message([&] { take_groups(array, {3}, {.chunks = {2}}); }),
            "chunks: expected lengths that are 1 together");
  expect_in(message([&] { take_groups(array, {3}, {.chunks = {2}}); }), "groups_test.cpp:");
}

}  // namespace
}  // namespace ramal::test
