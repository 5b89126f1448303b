// SPDX-License-Identifier: BSD-3-Clause
// Products of arrays beside plain loops, however they are cut and seen.
#include "tests/support/one_process.hpp"

#include <ramal/linalg.hpp>

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

namespace ramal::test {
namespace {

template <class T>
std::vector<T> elements(const Block<T>& block) {
  return std::vector<T>(block.begin(), block.end());
}
std::string message(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}
void expect_message(const std::function<void()>& call, std::string_view part) {
  const std::string text = message(call);
  EXPECT_NE(text.find(part), std::string::npos) << '"' << part << "\" is not in: " << text;
}

using Random = std::minstd_rand;
std::int64_t below(Random& random, std::int64_t most) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most));
}

/// Lengths of chunks, some of them 0.
std::vector<std::int64_t> random_cut(Random& random, std::int64_t length) {
  std::vector<std::int64_t> cut;
  for (std::int64_t left = length; left > 0;) {
    cut.push_back(below(random, std::min<std::int64_t>(left, 4) + 1));
    left -= cut.back();
  }
  if (cut.empty()) cut.push_back(0);
  return cut;
}
template <class T>
T random_element(Random& random) {
  if constexpr (is_complex<T>) {
    return T(static_cast<Real<T>>(below(random, 19) - 9), static_cast<Real<T>>(below(random, 19) - 9));
  } else if constexpr (std::integral<T>) {
    return static_cast<T>(random() * 2654435761u);  // of all sizes: products wrap around
  } else {
    return static_cast<T>(below(random, 1999) - 999) / 7;
  }
}
/// An array of that shape: of blocks that are cut anyhow, or a view of such.
template <class T>
Array<T> random_array(Random& random, const std::vector<std::int64_t>& shape) {
  const auto kind = below(random, 5);
  std::vector<std::int64_t> stored = shape;
  if (kind == 1) std::ranges::reverse(stored);
  if (kind == 2 && !shape.empty()) stored[0] = 2 * stored[0] + 1;
  Extents extents = Extents::filled(stored.size(), 0);
  std::vector<std::vector<std::int64_t>> cuts;
  for (std::size_t d = 0; d < stored.size(); ++d) {
    extents[d] = static_cast<std::uint64_t>(stored[d]);
    cuts.push_back(random_cut(random, stored[d]));
  }
  const std::unique_ptr<T[]> memory(new T[extents.product() + 1]);
  for (std::uint64_t i = 0; i < extents.product(); ++i) memory[i] = random_element<T>(random);
  const Array<T> array = from_memory<T>(memory.get(), extents, Chunks(cuts));
  if (shape.empty()) return array;
  switch (kind) {
    case 1:
      return array.transpose();
    case 2:
      return array(slice(1, {}, 2)).flip(0);
    case 3:
      return array.flip(-1);
    default:
      return array;
  }
}

/// np.matmul by loops.
template <class T>
std::vector<T> matmul_by_loops(const Block<T>& a, const Block<T>& b, Extents& shape) {
  const bool is_row = a.dimensions() == 1, is_column = b.dimensions() == 1;
  std::vector<std::uint64_t> of_a(a.shape().begin(), a.shape().end()),
      of_b(b.shape().begin(), b.shape().end());
  if (is_row) of_a.insert(of_a.begin(), 1);
  if (is_column) of_b.push_back(1);
  const std::size_t batch = std::max(of_a.size(), of_b.size()) - 2;
  while (of_a.size() < batch + 2) of_a.insert(of_a.begin(), 1);
  while (of_b.size() < batch + 2) of_b.insert(of_b.begin(), 1);
  std::vector<std::uint64_t> of_c;
  std::uint64_t batches = 1;
  for (std::size_t d = 0; d < batch; ++d) {
    of_c.push_back(of_a[d] == 1 ? of_b[d] : of_a[d]);
    batches *= of_c.back();
  }
  const std::uint64_t rows = of_a[batch], depth = of_a[batch + 1], columns = of_b[batch + 1];
  std::vector<T> all;
  for (std::uint64_t number = 0; number < batches; ++number) {
    std::uint64_t at_a = 0, at_b = 0, left = number;
    std::uint64_t step_a = rows * depth, step_b = depth * columns;
    for (std::size_t d = batch; d-- > 0; left /= of_c[d]) {
      at_a += of_a[d] == 1 ? 0 : left % of_c[d] * step_a;
      at_b += of_b[d] == 1 ? 0 : left % of_c[d] * step_b;
      step_a *= of_a[d];
      step_b *= of_b[d];
    }
    for (std::uint64_t i = 0; i < rows; ++i)
      for (std::uint64_t j = 0; j < columns; ++j) {
        T sum{};
        for (std::uint64_t k = 0; k < depth; ++k) {
          const T x = a.data()[at_a + i * depth + k], y = b.data()[at_b + k * columns + j];
          if constexpr (std::same_as<T, bool>) {
            sum = sum || (x && y);
          } else if constexpr (std::integral<T>) {
            sum = static_cast<T>(static_cast<std::uint64_t>(sum) +
                                 static_cast<std::uint64_t>(x) * static_cast<std::uint64_t>(y));
          } else {
            sum += x * y;
          }
        }
        all.push_back(sum);
      }
  }
  if (!is_row) of_c.push_back(rows);
  if (!is_column) of_c.push_back(columns);
  shape = Extents(of_c.data(), of_c.size());
  return all;
}

template <class T>
void expect_near(const std::vector<T>& found, const std::vector<T>& expected, double bound) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if constexpr (std::integral<T>) {
      ASSERT_EQ(found[i], expected[i]) << "element " << i;
    } else {
      ASSERT_LE(std::abs(found[i] - expected[i]), bound) << "element " << i;
    }
  }
}

/// Shapes that matmul takes, with batches that broadcast.
std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> random_shapes(Random& random) {
  std::vector<std::int64_t> a, b;
  const std::int64_t depth = below(random, 12);
  const auto of_a = below(random, 5), of_b = below(random, 5);
  for (std::int64_t d = 4; d > 0; --d) {
    const std::int64_t length = 1 + below(random, 3);
    if (d <= of_a - 1) a.push_back(below(random, 4) == 0 ? 1 : length);
    if (d <= of_b - 1) b.push_back(below(random, 4) == 0 ? 1 : length);
  }
  if (of_a > 0) a.push_back(below(random, 8));
  a.push_back(depth);
  b.push_back(depth);
  if (of_b > 0) b.push_back(below(random, 8));
  return {a, b};
}

template <class T>
void check_products(int cases, double bound) {
  on_all_engines([&](Session& session) {
    Random random(11);
    for (int i = 0; i < cases; ++i) {
      const auto [of_a, of_b] = random_shapes(random);
      const Array<T> a = random_array<T>(random, of_a), b = random_array<T>(random, of_b);
      const auto [left, right] = session.compute(a, b);
      Extents shape;
      const std::vector<T> expected = matmul_by_loops<T>(left, right, shape);
      const Block<T> found = session.compute(matmul(a, b));
      ASSERT_EQ(found.shape(), shape) << a.text() << " and " << b.text();
      expect_near(elements(found), expected, bound);
      if (::testing::Test::HasFatalFailure()) {
        ADD_FAILURE() << a.text() << " and " << b.text();
        return;
      }
    }
  });
}

// Elements are below 143 and there are at most 11 of them: sums of products below 2.3e5, in some order.
TEST(Products, AreThoseOfLoops) {
  check_products<double>(40, 11 * 2.3e5 * 2.2e-16);
  check_products<float>(20, 11 * 2.3e5 * 1.2e-7);
  check_products<std::complex<double>>(20, 0);  // whole numbers, so exact
  check_products<std::complex<float>>(10, 0);
}
TEST(Products, OfWholeNumbersWrapAround) {
  check_products<std::int64_t>(30, 0);
  check_products<std::int32_t>(10, 0);
  check_products<std::uint16_t>(10, 0);
  check_products<std::int8_t>(10, 0);
  check_products<bool>(20, 0);
  check_products<long double>(5, 11 * 2.3e5 * 1e-18);
}

TEST(Products, HaveTheTypesOfProductsOfElements) {
  const auto a = ones<std::int32_t>({2, 2});
  static_assert(std::same_as<decltype(matmul(a, ones<float>({2, 2})))::value_type, double>);
  static_assert(std::same_as<decltype(matmul(a, ones<std::int8_t>({2, 2})))::value_type, std::int32_t>);
  static_assert(std::same_as<decltype(dot(ones<float>({2}), ones<std::complex<float>>({2})))::value_type,
                             std::complex<float>>);
  on_all_engines([&](Session& session) {
    EXPECT_EQ(elements(session.compute(matmul(a, full<float>({2, 2}, 0.5F)))), std::vector<double>(4, 1));
  });
}

TEST(Products, TakeExpressionsAndBroadcastViews) {
  on_all_engines([](Session& session) {
    const auto a = arange<double>(6, {2})(all, newaxis).broadcast_to({6, 4});
    const auto b = sqrt(arange<double>(20, {3})(slice(4)))(all, newaxis) + zeros<double>({4, 3}, {1, 2});
    const auto c = session.compute(matmul(a * 2, b));
    const double sum = std::sqrt(1) + std::sqrt(2) + std::sqrt(3);
    for (std::uint64_t i = 0; i < 6; ++i)
      for (std::uint64_t j = 0; j < 3; ++j) EXPECT_NEAR(c(i, j), 2 * static_cast<double>(i) * sum, 1e-13);
    const auto gram = arange<std::int64_t>(6, {1})(newaxis, all);
    EXPECT_EQ(elements(session.compute(matmul(gram, gram.transpose()))), std::vector<std::int64_t>{55});
  });
}

TEST(Products, OfNothingAreZeros) {
  on_all_engines([](Session& session) {
    EXPECT_EQ(elements(session.compute(matmul(ones<double>({2, 0}), ones<double>({0, 3})))),
              std::vector<double>(6, 0));
    EXPECT_EQ(session.compute(matmul(ones<double>({0, 4}), ones<double>({4, 3}))).shape(), (Extents{0, 3}));
    EXPECT_EQ(elements(session.compute(dot(ones<double>({0}), ones<double>({0})))), std::vector<double>{0});
    EXPECT_EQ(session.compute(matmul(ones<int>({0, 2, 3}), ones<int>({1, 3, 2}))).shape(),
              (Extents{0, 2, 2}));
  });
}

TEST(Products, PassOnNaNAndInfinity) {
  on_all_engines([](Session& session) {
    const double nan = std::numeric_limits<double>::quiet_NaN(),
                 infinity = std::numeric_limits<double>::infinity();
    const std::vector<double> values{1, nan, 0, infinity, 2, 0};
    const auto a = from_memory(values.data(), {3, 2}, {1, 1});
    const auto c = session.compute(matmul(a, ones<double>({2, 2}, {1, 1})));
    EXPECT_TRUE(std::isnan(c(0, 0)));
    EXPECT_EQ(c(1, 1), infinity);
    EXPECT_EQ(c(2, 0), 2);
    EXPECT_TRUE(std::isnan(session.compute(matmul(a, zeros<double>({2, 1})))(1, 0)));
  });
}

/// Chunks alone tell how sums are split up, not ranks or threads.
TEST(Products, HaveTheSameBitsOnAllEngines) {
  std::vector<double> first;
  on_all_engines([&first](Session& session) {
    std::vector<double> x(60 * 500), y(500 * 40);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<double>(i)) * std::pow(10, i % 9);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = std::cos(static_cast<double>(i)) * std::pow(10, i % 7);
    const auto a = from_memory(x.data(), {60, 500}, {25, 30}), b = from_memory(y.data(), {500, 40}, {70, 11});
    const std::vector<double> found = elements(session.compute(matmul(a, b)));
    if (first.empty()) first = found;
    EXPECT_EQ(found, first);
  });
}

TEST(Products, SumOverFewPartsWhereThereAreManyBlocks) {
  const Axis chunks = Axis::regular(1000, 10);
  EXPECT_EQ(contraction_parts(chunks, 1).count(), 100);
  EXPECT_EQ(contraction_parts(Axis::regular(100, 10), 64).count(), 2) << "of 8 chunks";
  EXPECT_EQ(contraction_parts(chunks, 1 << 20).count(), 13);
  EXPECT_EQ(contraction_parts(Axis::regular(100, 10), 16).count(), 5) << "of 2 chunks: 80 members";
  const Axis irregular = contraction_parts(Axis::of({1, 5, 2, 3, 4}), 64);
  EXPECT_EQ(irregular.count(), 1);
  const Axis shifted = contraction_parts(Axis::shifted(95, 10, 5), 20);
  EXPECT_EQ(shifted.view().end(0), 25) << "of 3 chunks";
  on_all_engines([](Session& session) {
    const auto a = ones<std::int64_t>({10, 90}, {1, 3}), b = arange<std::int64_t>(90, {4})(all, newaxis);
    const auto c = session.compute(matmul(a, b.broadcast_to({90, 10}).rechunk({5, 1})));
    EXPECT_EQ(elements(c), std::vector<std::int64_t>(100, 89 * 45));
  });
}

TEST(Products, AreTensorAndDotAndOuterOnes) {
  on_all_engines([](Session& session) {
    Random random(5);
    const auto a = random_array<std::int64_t>(random, {3, 4, 5}),
               b = random_array<std::int64_t>(random, {5, 4, 2});
    const auto [x, y] = session.compute(a, b);
    std::vector<std::int64_t> over_two, over_one;
    for (std::uint64_t i = 0; i < 3; ++i)
      for (std::uint64_t n = 0; n < 2; ++n) {
        std::uint64_t sum = 0;
        for (std::uint64_t k = 0; k < 4; ++k)
          for (std::uint64_t l = 0; l < 5; ++l)
            sum += static_cast<std::uint64_t>(x(i, k, l)) * static_cast<std::uint64_t>(y(l, k, n));
        over_two.push_back(static_cast<std::int64_t>(sum));
      }
    for (std::uint64_t i = 0; i < 3; ++i)
      for (std::uint64_t k = 0; k < 4; ++k)
        for (std::uint64_t m = 0; m < 4; ++m)
          for (std::uint64_t n = 0; n < 2; ++n) {
            std::uint64_t sum = 0;
            for (std::uint64_t l = 0; l < 5; ++l)
              sum += static_cast<std::uint64_t>(x(i, k, l)) * static_cast<std::uint64_t>(y(l, m, n));
            over_one.push_back(static_cast<std::int64_t>(sum));
          }
    EXPECT_EQ(elements(session.compute(tensordot(a, b, {1, 2}, {1, 0}))), over_two);
    EXPECT_EQ(elements(session.compute(tensordot(a, b.transpose({1, 0, 2}), 2))), over_two);
    const auto by_one = session.compute(tensordot(a, b, 1));
    EXPECT_EQ(by_one.shape(), (Extents{3, 4, 4, 2}));
    EXPECT_EQ(elements(by_one), over_one);
    EXPECT_EQ(elements(session.compute(dot(a, b.moveaxis(0, 1)))), over_one) << "over the last but one of b";
    EXPECT_EQ(session.compute(tensordot(a, b, 0)).shape(), (Extents{3, 4, 5, 5, 4, 2}));
    const auto v = arange<int>(1, 4, 1, {2});
    EXPECT_EQ(elements(session.compute(dot(v, v))), std::vector<int>{14});
    EXPECT_EQ(elements(session.compute(dot(v.sum(), v))), (std::vector<std::int64_t>{6, 12, 18}));
    EXPECT_EQ(elements(session.compute(outer(v, v + 1))), (std::vector<int>{2, 3, 4, 4, 6, 8, 6, 9, 12}));
    EXPECT_EQ(session.compute(vdot(v, v)), 14);
    const std::complex<double> i(0, 1);
    EXPECT_EQ(session.compute(vdot(full<std::complex<double>>({2}, i), full<std::complex<double>>({2}, i))),
              2.0);
  });
}

/// einsum by loops over all letters.
std::vector<std::int64_t> einsum_by_loops(const std::string& one, const std::string& other,
                                          const std::string& result, const Block<std::int64_t>& a,
                                          const Block<std::int64_t>& b) {
  std::map<char, std::uint64_t> lengths;
  for (std::size_t d = 0; d < one.size(); ++d) lengths[one[d]] = a.shape()[d];
  for (std::size_t d = 0; d < other.size(); ++d) lengths[other[d]] = b.shape()[d];
  std::string letters = result;
  for (const auto& [letter, length] : lengths)
    if (result.find(letter) == std::string::npos) letters += letter;
  std::uint64_t results = 1, all = 1;
  for (const char c : result) results *= lengths[c];
  for (const char c : letters) all *= lengths[c];
  std::vector<std::uint64_t> sums(results, 0);
  for (std::uint64_t number = 0; number < all; ++number) {
    std::map<char, std::uint64_t> at;
    std::uint64_t left = number;
    for (std::size_t d = letters.size(); d-- > 0; left /= lengths[letters[d]])
      at[letters[d]] = left % lengths[letters[d]];
    const auto element = [&](const std::string& of, const Block<std::int64_t>& block) {
      std::uint64_t place = 0;
      for (std::size_t d = 0; d < of.size(); ++d) place = place * block.shape()[d] + at[of[d]];
      return static_cast<std::uint64_t>(block.data()[place]);
    };
    sums[number / (all / results)] += element(one, a) * (other.empty() ? 1 : element(other, b));
  }
  return {sums.begin(), sums.end()};
}

TEST(Products, AreNamedByLetters) {
  const std::map<char, std::int64_t> lengths{{'i', 3}, {'j', 4}, {'k', 5}, {'b', 2}, {'l', 2}};
  const std::vector<std::array<std::string, 3>> cases{
      {"ij", "jk", "ik"},   {"ij", "jk", "ki"},    {"ij", "kj", "ik"},     {"bij", "bjk", "bik"},
      {"i", "j", "ij"},     {"ij", "ij", ""},      {"ij", "ij", "ji"},     {"bij", "jb", "ibj"},
      {"ijk", "kjl", "li"}, {"ijk", "jkl", "il"},  {"ii", "ij", "j"},      {"iji", "ik", "jk"},
      {"ij", "kl", "jl"},   {"bi", "bj", "b"},     {"ijkl", "lkb", "bji"}, {"", "ij", "ji"},
      {"bii", "ibb", "bi"}, {"ijk", "bk", "kijb"}, {"i", "i", "i"},        {"jjj", "j", ""}};
  on_all_engines([&](Session& session) {
    Random random(3);
    for (const auto& [one, other, result] : cases) {
      const auto shape_of = [&lengths](const std::string& letters) {
        std::vector<std::int64_t> shape;
        for (const char c : letters) shape.push_back(lengths.at(c));
        return shape;
      };
      const auto a = random_array<std::int64_t>(random, shape_of(one)),
                 b = random_array<std::int64_t>(random, shape_of(other));
      const auto [x, y] = session.compute(a, b);
      const std::string text = one + "," + other + "->" + result;
      EXPECT_EQ(elements(session.compute(einsum(text, a, b))), einsum_by_loops(one, other, result, x, y))
          << text;
    }
    for (const auto& [letters, result] : std::vector<std::pair<std::string, std::string>>{
             {"ij", "ji"}, {"ij", "j"}, {"ii", ""}, {"ii", "i"}, {"iji", "ij"}, {"ijk", "k"}, {"", ""}}) {
      std::vector<std::int64_t> shape;
      for (const char c : letters) shape.push_back(lengths.at(c));
      const auto a = random_array<std::int64_t>(random, shape);
      const auto x = session.compute(a);
      EXPECT_EQ(elements(session.compute(einsum(letters + "->" + result, a))),
                einsum_by_loops(letters, "", result, x, {}))
          << letters << "->" << result;
    }
    const auto a = random_array<std::int64_t>(random, {3, 4});
    EXPECT_EQ(session.compute(einsum("ba", a)), session.compute(einsum("ba->ab", a))) << "letters in order";
    EXPECT_EQ(elements(session.compute(einsum("i j, j k", a, a.transpose()))),
              elements(session.compute(matmul(a, a.transpose()))));
  });
}

TEST(Products, HaveDiagonalsTracesAndNorms) {
  on_all_engines([](Session& session) {
    const auto a = random_array<std::int64_t>(*std::make_unique<Random>(9), {7, 5});
    const auto x = session.compute(a);
    for (const std::int64_t offset : {0, 1, -2, 4, -6, 5, 9, -7, -9}) {
      std::vector<std::int64_t> expected;
      for (std::int64_t i = 0; i < 7; ++i)
        if (i + offset >= 0 && i + offset < 5)
          expected.push_back(x(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(i + offset)));
      EXPECT_EQ(elements(session.compute(diagonal(a, offset))), expected) << offset;
      std::uint64_t sum = 0;
      for (const std::int64_t one : expected) sum += static_cast<std::uint64_t>(one);
      EXPECT_EQ(session.compute(trace(a, offset)), static_cast<std::int64_t>(sum));
    }
    const auto cube =
        arange<int>(24, {5})(newaxis).broadcast_to({2, 24})(all, slice(2, 5))(newaxis).broadcast_to(
            {3, 2, 3});
    EXPECT_EQ(elements(session.compute(diagonal(cube, 0, 0, 2))), (std::vector<int>{2, 3, 4, 2, 3, 4}));
    const auto v = from_memory(std::vector<double>{3, -4, 12}.data(), {3}, {2});
    EXPECT_EQ(session.compute(norm(v)), 13);
    EXPECT_EQ(elements(session.compute(norm(outer(v, v), 0))), (std::vector<double>{39, 52, 156}));
    EXPECT_EQ(session.compute(norm(full<std::complex<float>>({4}, {3, 4}))), 10.0F);
    EXPECT_EQ(session.compute(norm(full<int>({4}, -3, {3}))), 6.0);
    EXPECT_EQ(session.compute(norm(v, 0, {.keepdims = true})).shape(), (Extents{1}));
  });
}

/// Matrices in memory with any strides, and longer ones than BLAS takes.
template <class T>
void check_strides(std::int64_t longest) {
  Random random(17);
  for (int i = 0; i < 300; ++i) {
    const std::int64_t rows = 1 + below(random, 6), depth = 1 + below(random, 6),
                       columns = 1 + below(random, 6);
    const auto memory = [&random] {
      std::vector<T> elements(400);
      for (T& one : elements) one = random_element<T>(random);
      return elements;
    };
    /// Both strides from -3 to 3 or one far above; what is written must not overlap.
    const auto strides = [&random](std::int64_t m, std::int64_t n,
                                   bool is_written) -> std::pair<std::int64_t, std::int64_t> {
      const std::int64_t kind = below(random, is_written ? 3 : 4);
      if (kind == 0) return {n + below(random, 3), 1};
      if (kind == 1) return {1, m + below(random, 3)};
      if (kind == 2) return {-2 * n - 1, 2};
      return {below(random, 7) - 3, below(random, 7) - 3};
    };
    const std::vector<T> x = memory(), y = memory(), before = memory();
    std::vector<T> z = before;
    const auto [x_row, x_column] = strides(rows, depth, false);
    const auto [y_row, y_column] = strides(depth, columns, false);
    const auto [z_row, z_column] = strides(rows, columns, true);
    constexpr std::int64_t middle = 200;
    std::vector<T> expected = before;
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c)
        for (std::int64_t k = 0; k < depth; ++k)
          expected[static_cast<std::size_t>(middle + r * z_row + c * z_column)] +=
              x[static_cast<std::size_t>(middle + r * x_row + k * x_column)] *
              y[static_cast<std::size_t>(middle + k * y_row + c * y_column)];
    multiply_add<T>({x.data() + middle, rows, depth, x_row, x_column},
                    {y.data() + middle, depth, columns, y_row, y_column},
                    {z.data() + middle, rows, columns, z_row, z_column}, longest);
    expect_near(z, expected, 7 * 2.3e5 * 2.2e-16);
  }
}
TEST(Products, TakeMatricesWithAnyStrides) {
  for (const std::int64_t longest : {longest_blas_axis, std::int64_t{3}, std::int64_t{1}}) {
    check_strides<double>(longest);
    check_strides<std::complex<double>>(longest);
  }
}

/// Tasks run beside each other, so one inside of BLAS is not to take all cores.
TEST(Products, TakeOneThreadOfABlasEach) {
  const auto threads = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_num_threads"));
  if (threads == nullptr) GTEST_SKIP() << "another BLAS than OpenBLAS, or linked statically";
  for (const char* variable : {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"})
    if (std::getenv(variable) != nullptr) GTEST_SKIP() << variable << " says how many";
  SerialRanks serial;
  EXPECT_EQ(serial.session().compute(matmul(ones<double>({2, 3}), ones<double>({3, 2})).sum()), 12);
  EXPECT_EQ(threads(), 1);
}

/// An operation costs rank 0 the same however many blocks there are.
TEST(Products, OfVeryManyBlocksArePlannedAtOnce) {
  const auto a = zeros<double>({1 << 24, 1 << 24}, {1 << 10, 1 << 10});
  const auto product = matmul(a, a.transpose());
  EXPECT_EQ(product.shape(), (Extents{1 << 24, 1 << 24}));
  EXPECT_EQ(product.grid(), (Extents{1 << 14, 1 << 14}));
}

TEST(Products, AreRefusedWithTheirShapes) {
  const auto a = ones<double>({2, 3}), b = ones<double>({2, 4});
  expect_message([&] { matmul(a, b); }, "found shapes (2, 3) and (2, 4)");
  expect_message([&] { matmul(a, ones<double>({2})); }, "as many columns on the left as rows on the right");
  expect_message([&] { matmul(a, a.sum()); }, "expected arrays with axes");
  expect_message([&] { matmul(ones<double>({2, 1, 1}), ones<double>({3, 1, 1})); }, "broadcast to one");
  expect_message([&] { tensordot(a, b, {0}, {1}); }, "axes 0 and 1 of shapes (2, 3) and (2, 4)");
  expect_message([&] { tensordot(a, b, {0, 0}, {0, 0}); }, "was named twice");
  expect_message([&] { tensordot(a, b, 3); }, "found 3");
  expect_message([&] { tensordot(a, b, {0}, {5}); }, "found 5");
  expect_message([&] { outer(a, b); }, "two arrays of one axis");
  expect_message([&] { einsum("ij,jk->ik", a, b); }, "one length for j, found 3 and 2");
  expect_message([&] { einsum("ij->ik", a); }, "letters of the arrays in the result, found 'k'");
  expect_message([&] { einsum("ij->ii", a); }, "each letter of the result once, found 'i'");
  expect_message([&] { einsum("ij,jk->ik", a); }, "letters for 1 arrays, found them for 2");
  expect_message([&] { einsum("i->i", a); }, "each of the 2 axes of array 0, found 1");
  expect_message([&] { einsum("...i->i", a); }, "an ellipsis is not supported");
  expect_message([&] { einsum("i1->i", a); }, "found '1'");
  expect_message([&] { einsum("ii->i", a); }, "one length for i in ii, found shape (2, 3)");
  expect_message([&] { diagonal(a, 0, 1, -1); }, "found axis 1 twice");
  expect_message([&] { trace(ones<double>({2})); }, "expected a matrix, found shape (2)");
  expect_message([&] { vdot(a, b); }, "found (2, 3) and (2, 4)");
  expect_message([&] { matmul(a, b); }, "linalg_products_test.cpp");
}

}  // namespace
}  // namespace ramal::test
