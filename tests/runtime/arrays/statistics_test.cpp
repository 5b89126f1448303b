// SPDX-License-Identifier: BSD-3-Clause
// Histograms, and what is put together from other functions; compared with loops and with NumPy's answers.
#include "tests/runtime/arrays/random_arrays.hpp"

#include <ramal/array_statistics.hpp>

namespace ramal::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
using Counts = std::vector<std::int64_t>;

/// Bin by bin, as its definition says.
template <class T, class E>
Counts counts_between(const std::vector<T>& values, const std::vector<E>& edges) {
  Counts counts;
  for (std::size_t bin = 0; bin + 1 < edges.size(); ++bin) {
    const bool is_last = bin + 2 == edges.size();
    counts.push_back(std::count_if(values.begin(), values.end(), [&](const T& value) {
      const auto x = static_cast<E>(value);
      return x >= edges[bin] && (x < edges[bin + 1] || (is_last && x == edges[bin + 1]));
    }));
  }
  return counts;
}

TEST(Histograms, CountWhatLiesBetweenTheirEdges) {
  on_all_engines([](Session& session) {
    for_real_types([&]<class T>() {
      for (unsigned seed = 0; seed < 4; ++seed) {
        const RandomArray<T> a(seed, seed % 3 + 1, true);
        const auto over = histogram(a.array(), 7, {-1.5, 2});
        const auto [counts, edges] = session.compute(over.counts, over.edges);
        EXPECT_EQ(elements(counts), counts_between(a.values, elements(edges))) << about_case(seed, a);
        EXPECT_EQ(edges.size(), 8u);
        const std::vector<double> given{-3, -0.5, 0, 0, 1, 1.75, 2, 100};
        EXPECT_EQ(elements(session.compute(histogram(a.array().transpose(), given).counts)),
                  counts_between(a.values, given))
            << about_case(seed, a);
        const RandomArray<T> finite(seed, seed % 3 + 1, false);
        const auto whole = histogram(finite.array(), 5);
        const auto [all, ends] = session.compute(whole.counts, whole.edges);
        EXPECT_EQ(elements(all), counts_between(finite.values, elements(ends))) << about_case(seed, a);
        EXPECT_EQ(std::accumulate(all.begin(), all.end(), std::int64_t{0}), std::ssize(finite.values));
      }
    });
  });
}

/// Values just at the edges of bins whose width no binary number is, as NumPy 1.24 counts them.
TEST(Histograms, PutEdgesWhereNumPyDoes) {
  on_all_engines([](Session& session) {
    std::vector<double> tenths;
    for (int i = 0; i <= 30; ++i) tenths.push_back(i * 0.1);
    const auto a = array_of(tenths, {4});
    const auto [counts, edges] =
        session.compute(histogram(a, 30, {0, 3}).counts, histogram(a, 30, {0, 3}).edges);
    EXPECT_EQ(elements(counts), (Counts{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}));
    EXPECT_EQ(elements(edges), (std::vector<double>{0.0,
                                                    0.1,
                                                    0.2,
                                                    0.30000000000000004,
                                                    0.4,
                                                    0.5,
                                                    0.6000000000000001,
                                                    0.7000000000000001,
                                                    0.8,
                                                    0.9,
                                                    1.0,
                                                    1.1,
                                                    1.2000000000000002,
                                                    1.3,
                                                    1.4000000000000001,
                                                    1.5,
                                                    1.6,
                                                    1.7000000000000002,
                                                    1.8,
                                                    1.9000000000000001,
                                                    2.0,
                                                    2.1,
                                                    2.2,
                                                    2.3000000000000003,
                                                    2.4000000000000004,
                                                    2.5,
                                                    2.6,
                                                    2.7,
                                                    2.8000000000000003,
                                                    2.9000000000000004,
                                                    3.0}));
    EXPECT_EQ(elements(session.compute(histogram(a, 7, {0.1, 2.3}).counts)), (Counts{4, 3, 3, 3, 3, 3, 3}));
    EXPECT_EQ(
        elements(session.compute(histogram(a.as<float>(), 30, {0, 3}).counts)),
        (Counts{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}));
    EXPECT_EQ(elements(session.compute(histogram(array_of<int>({1, 2, 1}), {0, 1, 2, 3}).counts)),
              (Counts{0, 2, 1}));
    const auto h = histogram(array_of<double>({1, 2, 1, 4, 7}, {2}), {0, 1, 2, 5});
    EXPECT_EQ(elements(session.compute(h.density())), (std::vector<double>{0.0, 0.5, 0.16666666666666666}));
  });
}

TEST(Histograms, AtTheEdges) {
  on_all_engines([](Session& session) {
    const auto all_of = [&](const auto& array) { return elements(session.compute(array)); };
    const auto none = histogram(zeros<double>({0, 3}), 4);
    EXPECT_EQ(all_of(none.counts), (Counts{0, 0, 0, 0}));
    EXPECT_EQ(all_of(none.edges), (std::vector<double>{0, 0.25, 0.5, 0.75, 1}));
    const auto equal = histogram(full<int>({5}, 3, {2}), 2);
    EXPECT_EQ(all_of(equal.counts), (Counts{0, 5}));
    EXPECT_EQ(all_of(equal.edges), (std::vector<double>{2.5, 3, 3.5}));
    EXPECT_EQ(all_of(histogram(full<double>({}, 3), 2, {0, 4}).counts), (Counts{0, 1}));
    EXPECT_EQ(all_of(histogram(array_of<double>({nan, 1, infinity}), 2, {0, 1}).counts), (Counts{0, 1}));
    const auto edges = array_of<int>({0, 2, 2, 9}, {1});
    EXPECT_EQ(all_of(histogram(arange<int>(12, {5}), edges).counts), (Counts{2, 0, 8}));
    EXPECT_TRUE(contains(message([&] {
                           all_of(histogram(array_of<double>({nan, 1})).counts);
                         }),
                         "expected finite elements to find a range by"));
    EXPECT_TRUE(contains(message([&] { all_of(histogram(edges, edges.flip()).counts); }),
                         "expected edges of which none is below the one before"));
  });
  const auto a = zeros<double>({3});
  EXPECT_TRUE(contains(message([&] { histogram(a, 0); }), "a number of bins of 1 or more, found 0"));
  EXPECT_TRUE(contains(message([&] { histogram(a, 2, {3, 1}); }), "a finite range, found 3 to 1 ("));
  EXPECT_TRUE(contains(message([&] { histogram(a, 2, {0, infinity}); }), "a finite range"));
  EXPECT_TRUE(contains(message([&] { histogram(a, std::vector<double>{1}); }), "two or more elements"));
  EXPECT_TRUE(contains(message([&] { histogram(a, std::vector<double>{1, 0}); }), "statistics_test.cpp"));
  EXPECT_TRUE(contains(message([&] {
                         histogram(a, 2, {0, 1}, zeros<double>({4}));
                       }),
                       "histogram: expected weights of shape (3), found (4)"));
}

TEST(Histograms, SumWeights) {
  on_all_engines([](Session& session) {
    for (unsigned seed = 5; seed < 9; ++seed) {
      const RandomArray<double> a(seed, seed % 3 + 1, true);
      std::vector<std::int64_t> weights;
      for (std::size_t i = 0; i < a.values.size(); ++i)
        weights.push_back(static_cast<std::int64_t>(i * 7 % 11) - 5);
      const auto w = from_memory(weights.data(), a.shape);
      const auto h = histogram(a.array() + 0.0, 4, {-1, 1}, w);
      const auto edges = elements(session.compute(h.edges));
      Counts expected(4, 0);
      for (std::size_t i = 0; i < weights.size(); ++i)
        for (std::size_t bin = 0; bin < 4; ++bin)
          if (counts_between(std::vector{a.values[i]}, edges)[bin] > 0) expected[bin] += weights[i];
      EXPECT_EQ(elements(session.compute(h.counts)), expected);
      const auto halves = histogram(a.array(), array_of(edges), w * 0.5F);
      const std::vector<double> found = elements(session.compute(halves.counts));
      for (std::size_t bin = 0; bin < 4; ++bin) EXPECT_EQ(2 * found[bin], static_cast<double>(expected[bin]));
      EXPECT_EQ(elements(session.compute(histogram(a.array(), edges, w).counts)), expected);
    }
  });
}

TEST(Histograms, SumWeightsOverAllElements) {
  on_all_engines([](Session& session) {
    const auto a = arange<int>(10, {4});
    EXPECT_EQ(elements(session.compute(histogram(a, 3, a).counts)), (Counts{3, 12, 30}));
    EXPECT_EQ(elements(session.compute(histogram(a, 3, a > 4).counts)), (Counts{0, 1, 4}));
  });
}

TEST(Bincount, CountsEachNumber) {
  on_all_engines([](Session& session) {
    const auto labels = arange<std::uint8_t>(100, {9}) % 7;
    EXPECT_EQ(elements(session.compute(bincount(labels, 8))), (Counts{15, 15, 14, 14, 14, 14, 14, 0}));
    EXPECT_EQ(elements(session.compute(bincount(labels(slice(9)), 7, full<float>({9}, 0.5F)))),
              (std::vector<double>{1, 1, 0.5, 0.5, 0.5, 0.5, 0.5}));
    EXPECT_EQ(elements(session.compute(bincount(zeros<int>({0}), 2))), (Counts{0, 0}));
    EXPECT_TRUE(contains(message([&] { session.compute(bincount(labels, 6)); }),
                         "bincount: expected whole numbers from 0 to before 6, found 6"));
    EXPECT_TRUE(contains(message([&] { session.compute(bincount(arange<int>(-3, 3, 1, {2}), 6)); }),
                         "expected whole numbers from 0 to before 6, found -"));
  });
  EXPECT_TRUE(contains(message([] { bincount(zeros<int>({3}), 0); }), "a length of 1 or more, found 0"));
}

TEST(Statistics, AreComposedOfReductions) {
  on_all_engines([](Session& session) {
    const auto a = from_memory(std::vector<double>{4, 0, -3, 8, nan, 9}.data(), {2, 3}, {1, 2});
    EXPECT_EQ(session.compute(count_nonzero(a)), 5);
    EXPECT_EQ(elements(session.compute(count_nonzero(a, 0))), (Counts{2, 1, 2}));
    expect_same(elements(session.compute(ptp(a, 1))), {7, nan}, "ptp");
    EXPECT_EQ(session.compute(ptp(a(0).as<int>())), 7);
    const auto weights = array_of<int>({1, 0, 3}, {2});
    EXPECT_EQ(elements(session.compute(average(a(slice(1), all), weights, 1))), (std::vector<double>{-1.25}));
    EXPECT_EQ(session.compute(average(a(0), weights)), -1.25);
    EXPECT_EQ(elements(session.compute(average(a, full<float>({2, 3}, 2), 0)(slice(0, {}, 2)))),
              (std::vector<double>{6, 3}));
    EXPECT_TRUE(contains(message([&] { session.compute(average(a(0), weights * 0)); }),
                         "average: expected weights whose sum is not 0"));
    EXPECT_TRUE(contains(message([&] { average(a, weights); }),
                         "average: expected weights of shape (2, 3), found (3)"));
    EXPECT_TRUE(contains(message([&] { average(a, weights, 0); }),
                         "average: expected weights of shape (2, 3) or (2), found (3)"));
  });
}

TEST(Statistics, TellWhatIsCloseOrEqual) {
  on_all_engines([](Session& session) {
    const auto a = array_of<double>({1, 1e10, 0, infinity, nan, -infinity, 1}, {3});
    const auto b = array_of<double>({1 + 1e-6, 1.00001e10, 1e-9, infinity, nan, infinity, infinity}, {4});
    EXPECT_EQ(elements(session.compute(isclose(a, b))),
              (std::vector<bool>{true, true, true, true, false, false, false}));
    EXPECT_EQ(elements(session.compute(isclose(a, b, {.relative = 0, .absolute = 0, .equal_nan = true}))),
              (std::vector<bool>{false, false, false, true, true, false, false}));
    EXPECT_FALSE(session.compute(allclose(a, b)));
    EXPECT_TRUE(session.compute(allclose(a(slice(4)), b(slice(4)))));
    EXPECT_TRUE(session.compute(allclose(a(slice(2)) * 1.0F, a(slice(2)))));
    EXPECT_FALSE(session.compute(array_equal(a, a)));
    EXPECT_TRUE(session.compute(array_equal(a, a, true)));
    EXPECT_TRUE(session.compute(array_equal(arange<int>(4), arange<std::uint8_t>(4, {3}))));
    EXPECT_FALSE(session.compute(array_equal(arange<int>(4), arange<int>(5))));
    EXPECT_FALSE(session.compute(array_equal(zeros<int>({4}), zeros<int>({1, 4}))));
  });
}

}  // namespace
}  // namespace ramal::test
