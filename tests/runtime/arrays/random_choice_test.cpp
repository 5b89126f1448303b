// SPDX-License-Identifier: BSD-3-Clause
// Permutations are such, and none is likelier than another as far as their first moments tell. All seeds are
// fixed, so that nothing here depends on chance.
#include "tests/runtime/arrays/said.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/array_random_choice.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace ramal::test {
namespace {

List<std::uint64_t> order_of(std::uint64_t seed, std::uint64_t n) {
  const Permutation permutation(seed, n);
  List<std::uint64_t> order;
  for (std::uint64_t i = 0; i < n; ++i) order.push_back(permutation(i));
  return order;
}
bool is_permutation(List<std::uint64_t> order) {
  std::sort(order.begin(), order.end());
  for (std::uint64_t i = 0; i < order.size(); ++i)
    if (order[i] != i) return false;
  return true;
}
/// By how many standard deviations counts differ from equal ones, as chi-squared with so many degrees of
/// freedom has it.
double deviations(const List<double>& counts, double freedom) {
  double all = 0, squares = 0;
  for (const double count : counts) all += count;
  const double mean = all / static_cast<double>(counts.size());
  for (const double count : counts) squares += (count - mean) * (count - mean) / mean;
  return (squares - freedom) / std::sqrt(2 * freedom);
}

TEST(RandomPermutation, HasEachNumberOnce) {
  for (std::uint64_t n = 0; n <= 1000; ++n) EXPECT_TRUE(is_permutation(order_of(n % 7, n))) << n;
  for (const std::uint64_t n : {65535, 65536, 65537, 100'003})
    EXPECT_TRUE(is_permutation(order_of(1, n))) << n;
}

TEST(RandomPermutation, OfVeryManyNumbers) {
  for (const int bits : {40, 61}) {
    const std::uint64_t n = (std::uint64_t{1} << bits) + 12345;
    const Permutation permutation(3, n);
    std::set<std::uint64_t> images;
    double sum = 0;
    for (std::uint64_t i = 0; i < 2000; ++i) {
      const std::uint64_t image = permutation(n - 1 - i);
      EXPECT_LT(image, n);
      images.insert(image);
      sum += static_cast<double>(image) / static_cast<double>(n);
    }
    EXPECT_EQ(images.size(), 2000u);
    EXPECT_NEAR(sum / 2000, 0.5, 4 / std::sqrt(12.0 * 2000));
  }
}

TEST(RandomPermutation, OfFewNumbersHasAllOrdersAsOften) {
  std::map<List<std::uint64_t>, double> counts;
  for (std::uint64_t seed = 0; seed < 24'000; ++seed) ++counts[order_of(seed, 5)];
  ASSERT_EQ(counts.size(), 120u);
  List<double> all;
  for (const auto& [order, count] : counts) all.push_back(count);
  EXPECT_LT(std::abs(deviations(all, 119)), 4);
}

TEST(RandomPermutation, PutsEachNumberAnywhere) {
  for (const std::uint64_t n : {257, 512, 1000}) {
    List<double> cells(100), first(16);
    double rises = 0, fixed = 0;
    constexpr int seeds = 400;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      const List<std::uint64_t> order = order_of(seed, n);
      for (std::uint64_t i = 0; i < n / 10 * 10; ++i)
        if (order[i] < n / 10 * 10) ++cells[i * 10 / (n / 10 * 10) * 10 + order[i] * 10 / (n / 10 * 10)];
      ++first[order[0] * 16 / n];
      for (std::uint64_t i = 0; i + 1 < n; ++i) rises += order[i] < order[i + 1];
      for (std::uint64_t i = 0; i < n; ++i) fixed += order[i] == i;
    }
    EXPECT_LT(std::abs(deviations(cells, 81)), 4) << n;
    EXPECT_LT(std::abs(deviations(first, 15)), 4) << n;
    // Of each order (n + 1) / 12 is the variance of its rises, and one number stands at its place on average.
    const double pairs = static_cast<double>(n - 1) * seeds;
    EXPECT_LT(std::abs(rises - pairs / 2), 4 * std::sqrt(static_cast<double>(n + 1) / 12 * seeds)) << n;
    EXPECT_LT(std::abs(fixed - seeds), 4 * std::sqrt(static_cast<double>(seeds))) << n;
  }
}

TEST(RandomPermutation, HangsOnSeedAndPlaceAlone) {
  List<std::int64_t> expected;
  for (const std::uint64_t i : order_of(42, 700)) expected.push_back(static_cast<std::int64_t>(i));
  on_all_engines([&](Session& session) {
    for (const Chunks& chunks :
         {Chunks{}, Chunks{64}, Chunks{1}, Chunks{std::vector<std::int64_t>{0, 699, 1}}})
      EXPECT_EQ(elements(session.compute(random_permutation(42, 700, chunks))), expected);
    EXPECT_EQ(elements(session.compute(random_permutation(42, 700)(slice(3, {}, 100)))),
              (List<std::int64_t>{expected[3], expected[103], expected[203], expected[303], expected[403],
                                  expected[503], expected[603]}));
    EXPECT_EQ(session.compute(random_permutation(1, 0)).size(), 0u);
    EXPECT_EQ(elements(session.compute(random_permutation(1, 1))), (List<std::int64_t>{0}));
  });
  std::set<List<std::uint64_t>> orders;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    orders.insert(order_of(seed, 300));
    orders.insert(order_of(seed << 32, 300));
  }
  EXPECT_EQ(orders.size(), 99u) << "of which seed 0 is there twice";
  EXPECT_TRUE(contains(message([] { random_permutation(1, -1); }), "from 0 to 2^62, found -1"));
}

TEST(RandomChoice, DrawsEachNumberAsOften) {
  on_all_engines([](Session& session) {
    const auto drawn = random_choice(5, 6, {60, 100}, {7, 30});
    List<double> counts(6);
    for (const std::int64_t k : elements(session.compute(drawn))) ++counts.at(static_cast<std::size_t>(k));
    EXPECT_LT(std::abs(deviations(counts, 5)), 4);
    EXPECT_EQ(elements(session.compute(random_choice(5, 6, {60, 100})(7))),
              elements(session.compute(drawn(7))));
  });
  EXPECT_TRUE(contains(message([] { random_choice(1, 0, {3}); }), "expected 1 number or more, found 0"));
}

TEST(RandomChoice, DrawsByWeight) {
  const List<double> weights{0, 1, 0, 2.5, 0.5, 6, 0};
  on_all_engines([&](Session& session) {
    const auto drawn = session.compute(random_weighted_choice(6, weights, {100, 200}, {33, 200}));
    List<double> counts(7);
    for (const std::int64_t k : drawn) ++counts.at(static_cast<std::size_t>(k));
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const double p = weights[k] / 10;
      EXPECT_NEAR(counts[k], 20'000 * p, 4 * std::sqrt(20'000 * p * (1 - p))) << k;
    }
    // As np.searchsorted(cumsum / cumsum[-1], uniform, "right").
    const auto uniform = session.compute(random_uniform<double>(6, {100, 200}));
    for (std::size_t i = 0; i < 1000; ++i) {
      std::int64_t k = 0;
      for (double sum = weights[0]; sum <= uniform.data()[i] * 10;
           sum += weights[static_cast<std::size_t>(k)])
        ++k;
      EXPECT_EQ(drawn.data()[i], k);
    }
    EXPECT_EQ(elements(session.compute(random_weighted_choice(6, {0.0, 3.0}, {2}))),
              List<std::int64_t>(2, 1));
    EXPECT_EQ(session.compute(random_weighted_choice(6, weights, {0, 3})).shape(), (Extents{0, 3}));
  });
  EXPECT_TRUE(contains(message([] { random_weighted_choice(1, {1.0, -1.0}, {3}); }), "found -1"));
  EXPECT_TRUE(contains(message([] { random_weighted_choice(1, {0.0}, {3}); }), "found 0"));
  EXPECT_TRUE(contains(message([] { random_weighted_choice(1, {}, {3}); }), "found 0"));
  EXPECT_TRUE(contains(message([] { random_weighted_choice(1, {1.0, std::nan("")}, {3}); }), "found nan"));
}

/// Rounding takes no number beyond the last one that has a weight.
TEST(RandomChoice, StaysWithinItsWeights) {
  const Block<double> sums = sums_of_weights(List<double>{1, 2, 0}, {});
  Block<double> uniform({3});
  uniform.data()[0] = 0;
  uniform.data()[1] = 1.0 / 3;
  uniform.data()[2] = 1;
  EXPECT_EQ(elements(choose(uniform, sums)), (List<std::int64_t>{0, 1, 1}));
}

}  // namespace
}  // namespace ramal::test
