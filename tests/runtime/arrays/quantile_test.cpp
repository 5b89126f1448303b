// SPDX-License-Identifier: BSD-3-Clause
// Quantiles, compared with sorted elements and with NumPy's answers.
#include "tests/runtime/arrays/random_arrays.hpp"

#include <ramal/array_quantile.hpp>

namespace ramal::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
const std::vector<double> some_q{0, 0.1, 0.25, 0.5, 2.0 / 3, 0.9, 1};

/// By the definition of NumPy's `linear`: sort all and pick.
template <class T>
std::vector<detail::Inexact<T>> sorted_quantiles(std::vector<T> values, const std::vector<double>& q,
                                                 bool skips_nan) {
  using R = detail::Inexact<T>;
  const std::size_t all = values.size();
  std::erase_if(values, [](const T& value) { return value != value; });
  if (values.empty() || (!skips_nan && values.size() < all))
    return std::vector<R>(q.size(), std::numeric_limits<R>::quiet_NaN());
  std::sort(values.begin(), values.end());
  std::vector<R> found;
  for (const double one : q) {
    const double at = one * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(at), high = std::min(low + 1, values.size() - 1);
    const double share = at - static_cast<double>(low);
    const long double a = values[low], b = values[high];
    found.push_back(static_cast<R>(a == b || share == 0             ? a
                                   : std::isinf(a) && std::isinf(b) ? nan
                                   : std::isinf(a)                  ? a
                                   : std::isinf(b)                  ? b
                                                                    : a + (b - a) * share));
  }
  return found;
}
template <class R>
void expect_close(const std::vector<R>& found, const std::vector<R>& expected, const std::string& what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  const R unit = 4 * std::numeric_limits<R>::epsilon();
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_TRUE(is_same(found[i], expected[i]) ||
                std::abs(found[i] - expected[i]) <= unit * std::abs(expected[i]) + R(1e-15))
        << what << ": quantile " << i << " is " << found[i] << ", expected " << expected[i];
}

TEST(Quantiles, AreThoseOfAllSortedElements) {
  on_all_engines([](Session& session) {
    for_real_types([&]<class T>() {
      for (unsigned seed = 0; seed < 4; ++seed) {
        const RandomArray<T> a(seed, seed % 3 + 1, seed % 2 == 1);
        const auto array = a.array();
        const auto [found, skipping, middle] = session.compute(
            quantile(array, some_q), nanquantile(array.transpose(), some_q), nanmedian(array));
        expect_close(elements(found), sorted_quantiles(a.values, some_q, false), about_case(seed, a));
        expect_close(elements(skipping), sorted_quantiles(a.values, some_q, true), about_case(seed, a));
        expect_close({middle}, sorted_quantiles(a.values, {0.5}, true), about_case(seed, a));
      }
    });
  });
}

TEST(Quantiles, AreFoundAlongAxes) {
  on_all_engines([](Session& session) {
    for_real_types([&]<class T>() {
      using R = detail::Inexact<T>;
      for (unsigned seed = 10; seed < 13; ++seed) {
        const RandomArray<T> a(seed, seed % 3 + 1, true);
        for (std::size_t axis = 0; axis < a.shape.size(); ++axis) {
          const auto along = static_cast<std::int64_t>(axis);
          const auto found = session.compute(quantile(a.array(), some_q, along));
          const auto one = session.compute(nanquantile(a.array(), 0.3, along - std::ssize(a.shape)));
          std::vector<R> expected(found.size()), expected_one;
          const auto lines = a.lines(axis);
          for (std::size_t l = 0; l < lines.size(); ++l) {
            const auto of_line = sorted_quantiles(lines[l], some_q, false);
            for (std::size_t i = 0; i < some_q.size(); ++i) expected[i * lines.size() + l] = of_line[i];
            expected_one.push_back(sorted_quantiles(lines[l], {0.3}, true)[0]);
          }
          expect_close(elements(found), expected, about_case(seed, a));
          expect_close(elements(one), expected_one, about_case(seed, a));
        }
      }
    });
  });
}

/// As NumPy 1.24 has them: np.quantile(values, q, method=…); but for closest_observation, where it took the
/// nearest odd element before 2.0.1.
TEST(Quantiles, HaveNumPysMethods) {
  struct Method {
    QuantileMethod method;
    std::vector<double> of_five, of_two;
  };
  const std::vector<double> q{0, 0.1, 0.3, 0.5, 0.6, 0.77, 1};
  const std::vector<double> five{3, -1, 7.5, 0.25, 10}, two{4, 1};
  const std::vector<Method> methods{
      {QuantileMethod::linear,
       {-1.0, -0.5, 0.7999999999999998, 3.0, 4.8, 7.7, 10.0},
       {1.0, 1.3, 1.9, 2.5, 2.8, 3.31, 4.0}},
      {QuantileMethod::lower, {-1.0, -1.0, 0.25, 3.0, 3.0, 7.5, 10.0}, {1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 4.0}},
      {QuantileMethod::higher, {-1.0, 0.25, 3.0, 3.0, 7.5, 10.0, 10.0}, {1.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0}},
      {QuantileMethod::midpoint,
       {-1.0, -0.375, 1.625, 3.0, 5.25, 8.75, 10.0},
       {1.0, 2.5, 2.5, 2.5, 2.5, 2.5, 4.0}},
      {QuantileMethod::nearest, {-1.0, -1.0, 0.25, 3.0, 3.0, 7.5, 10.0}, {1.0, 1.0, 1.0, 1.0, 4.0, 4.0, 4.0}},
      {QuantileMethod::inverted_cdf,
       {-1.0, -1.0, 0.25, 3.0, 3.0, 7.5, 10.0},
       {1.0, 1.0, 1.0, 1.0, 4.0, 4.0, 4.0}},
      {QuantileMethod::averaged_inverted_cdf,
       {-1.0, -1.0, 0.25, 3.0, 5.25, 7.5, 10.0},
       {1.0, 1.0, 1.0, 2.5, 4.0, 4.0, 4.0}},
      {QuantileMethod::closest_observation,
       {-1.0, -1.0, 0.25, 0.25, 3.0, 7.5, 10.0},
       {1.0, 1.0, 1.0, 1.0, 1.0, 4.0, 4.0}},
      {QuantileMethod::interpolated_inverted_cdf,
       {-1.0, -1.0, -0.375, 1.625, 3.0, 6.825, 10.0},
       {1.0, 1.0, 1.0, 1.0, 1.5999999999999999, 2.62, 4.0}},
      {QuantileMethod::hazen,
       {-1.0, -1.0, 0.25, 3.0, 5.25, 8.375, 10.0},
       {1.0, 1.0, 1.3000000000000003, 2.5, 3.0999999999999996, 4.0, 4.0}},
      {QuantileMethod::weibull,
       {-1.0, -1.0, 5.551115123125783e-17, 3.0, 5.7, 9.05, 10.0},
       {1.0, 1.0, 1.0, 2.5, 3.3999999999999995, 4.0, 4.0}},
      {QuantileMethod::median_unbiased,
       {-1.0, -1.0, 0.16666666666666669, 3.0, 5.3999999999999995, 8.600000000000001, 10.0},
       {1.0, 1.0, 1.0999999999999996, 2.5, 3.2, 4.0, 4.0}},
      {QuantileMethod::normal_unbiased,
       {-1.0, -1.0, 0.18749999999999994, 3.0, 5.3625, 8.543750000000001, 10.0},
       {1.0, 1.0, 1.1500000000000001, 2.5, 3.1750000000000003, 4.0, 4.0}},
  };
  on_all_engines([&](Session& session) {
    for (const Method& one : methods) {
      const auto number = std::to_string(static_cast<int>(one.method));
      const auto a = array_of(five, {2}), b = array_of(two, {1});
      expect_close(elements(session.compute(quantile(a, q, one.method))), one.of_five, "method " + number);
      expect_close(elements(session.compute(quantile(a, q, 0, one.method))), one.of_five, "method " + number);
      expect_close(elements(session.compute(quantile(b, q, one.method))), one.of_two, "method " + number);
    }
  });
}

TEST(Quantiles, AtTheEdges) {
  on_all_engines([](Session& session) {
    const auto one = array_of<double>({7}), none = zeros<double>({0}), nans = full<double>({5}, nan, {2});
    EXPECT_EQ(session.compute(quantile(one, 0)), 7);
    EXPECT_EQ(session.compute(quantile(one, 1)), 7);
    EXPECT_EQ(session.compute(median(one)), 7);
    EXPECT_TRUE(std::isnan(session.compute(median(none))));
    EXPECT_TRUE(std::isnan(session.compute(quantile(zeros<int>({0, 4}), 0.5))));
    EXPECT_TRUE(std::isnan(session.compute(nanquantile(nans, 0.5))));
    EXPECT_TRUE(std::isnan(session.compute(nanmedian(nans, 0)).data()[0]));
    EXPECT_EQ(session.compute(quantile(one, std::vector<double>())).size(), 0u);
    EXPECT_EQ(session.compute(quantile(one, {0.5})).shape(), (Extents{1}));
    EXPECT_EQ(session.compute(quantile(zeros<double>({0, 3}), 0.5, 1)).shape(), (Extents{0}));
    EXPECT_TRUE(std::isnan(session.compute(quantile(zeros<double>({0, 3}), 0.5, 0)).data()[2]));
    EXPECT_EQ(session.compute(quantile(full<double>({}, 3), 0.5)), 3);
    // Beside infinities.
    const auto with = array_of<double>({infinity, 1, -infinity, 2}, {3});
    EXPECT_EQ(elements(session.compute(quantile(with, {0, 0.25, 0.5, 1}))),
              (std::vector<double>{-infinity, -infinity, 1.5, infinity}));
    // The whole range of 64 bits.
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    EXPECT_EQ(session.compute(median(array_of<std::int64_t>({least, 5, -(least + 1)}, {1}))), 5);
    EXPECT_EQ(session.compute(quantile(array_of<std::int8_t>({-128, 127}), 0.25)), -64.25);
    EXPECT_EQ(session.compute(median(array_of<bool>({true, false, true, true}, {3}))), 1);
    EXPECT_EQ(session.compute(quantile(array_of<float>({1, 2}), 0.25)), 1.25F);
  });
}

/// Digits are counted in cells where there are more elements than digits.
TEST(Quantiles, OfManyElements) {
  SteppedRanks stepped(3, 2);
  std::vector<double> values;
  std::mt19937_64 random(5);
  for (int i = 0; i < 200'000; ++i) values.push_back(std::normal_distribution<>(3, 1e-3)(random));
  const auto a = array_of(values, {70'000});
  const std::vector<double> q{0.001, 0.3, 0.5, 0.999};
  expect_close(elements(stepped.session().compute(quantile(a, q))), sorted_quantiles(values, q, false),
               "normal");
  const auto whole = (a * 1000).as<std::int64_t>();
  std::vector<std::int64_t> numbers;
  for (const double value : values) numbers.push_back(static_cast<std::int64_t>(value * 1000));
  expect_close(elements(stepped.session().compute(quantile(whole, q))), sorted_quantiles(numbers, q, false),
               "whole");
}

TEST(Quantiles, AreSketchedWithinTheirBounds) {
  std::vector<double> values;
  std::mt19937_64 random(11);
  for (int i = 0; i < 60'000; ++i) values.push_back(std::exponential_distribution<>(1)(random));
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const std::vector<double> q{0, 0.0001, 0.01, 0.3, 0.5, 0.9, 0.999, 1};
  std::vector<double> first;
  on_all_engines([&](Session& session) {
    const auto found = elements(session.compute(quantile_sketch(array_of(values, {7'000}), q)));
    if (first.empty()) first = found;
    EXPECT_EQ(found, first) << "bits";
  });
  for (std::size_t i = 0; i < q.size(); ++i) {
    const auto below = std::lower_bound(sorted.begin(), sorted.end(), first[i]) - sorted.begin();
    const double share = static_cast<double>(below) / 60'000;
    EXPECT_NEAR(share, q[i], 0.0002 + 0.01 * std::sqrt(q[i] * (1 - q[i]))) << "of " << q[i];
  }
  EXPECT_EQ(first.front(), sorted.front());
  EXPECT_EQ(first.back(), sorted.back());
  SerialRanks serial;
  Session& session = serial.session();
  // What is few is exact.
  EXPECT_EQ(session.compute(quantile_sketch(array_of<int>({5, 1, 3}, {1}), 0.5)), 3);
  EXPECT_TRUE(std::isnan(session.compute(quantile_sketch(array_of<double>({5, nan, 3}, {1}), 0.5))));
  EXPECT_TRUE(std::isnan(session.compute(quantile_sketch(zeros<double>({0}), 0.5))));
  const auto ends = array_of<double>({-infinity, 1, 2, 3, infinity}, {2});
  EXPECT_EQ(elements(session.compute(quantile_sketch(ends, {0, 0.5, 1}))),
            (std::vector<double>{-infinity, 2, infinity}));
}

TEST(Quantiles, RefuseWhatDoesNotFit) {
  const auto a = zeros<double>({3, 4});
  EXPECT_TRUE(
      contains(message([&] { quantile(a, 1.5); }), "quantile: expected quantiles from 0 to 1, found 1.5"));
  EXPECT_TRUE(contains(message([&] {
                         nanquantile(a, {0.5, nan});
                       }),
                       "nanquantile: expected quantiles from 0"));
  EXPECT_TRUE(contains(message([&] { median(a, 2); }), "median: expected an axis of an array of 2, found 2"));
  EXPECT_TRUE(contains(message([&] { quantile_sketch(a, 0.5, 3); }), "a compression from 20 to 1000000"));
  EXPECT_TRUE(contains(message([&] { quantile(a, -1, 0); }), "quantile_test.cpp"));
}

}  // namespace
}  // namespace ramal::test
