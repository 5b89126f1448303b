// SPDX-License-Identifier: BSD-3-Clause
// Factorisations and solutions: by what is left when they are multiplied out, and beside NumPy's values.
#include "tests/runtime/arrays/linalg_cases.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/linalg.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ramal::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class T>
std::vector<T> elements(const Block<T>& block) {
  return std::vector<T>(block.begin(), block.end());
}
void expect_message(const std::function<void()>& call, std::string_view part) {
  std::string text = "nothing was thrown";
  try {
    call();
  } catch (const std::exception& error) {
    text = error.what();
  }
  EXPECT_NE(text.find(part), std::string::npos) << '"' << part << "\" is not in: " << text;
}

/// What rounding may leave of n elements, in the type of T.
template <class T>
double rounding(std::uint64_t n) {
  return 20 * static_cast<double>(n + 1) * static_cast<double>(std::numeric_limits<Real<T>>::epsilon());
}
template <class A>
double size_of(Session& session, const A& array) {
  return static_cast<double>(session.compute(norm(array)));
}
/// Normally distributed numbers, the imaginary parts too.
template <class T>
Array<T> random_matrix(std::uint64_t seed, std::int64_t rows, std::int64_t columns, const Chunks& chunks) {
  const Extents shape{static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns)};
  if constexpr (is_complex<T>) {
    return random_normal<Real<T>>(seed, shape, 0, 1, chunks).template as<T>() +
           random_normal<Real<T>>(seed + 1000, shape, 0, 1, chunks).template as<T>() * T(0, 1);
  } else {
    return random_normal<T>(seed, shape, 0, 1, chunks);
  }
}
template <class T>
Array<T> adjoint(const Array<T>& a) {
  return conjugate_transpose(a, std::source_location::current());
}
template <class T>
Array<T> definite_matrix(std::uint64_t seed, std::int64_t n, const Chunks& chunks) {
  const Array<T> a = random_matrix<T>(seed, n, n, chunks);
  return Array<T>(matmul(a, adjoint(a)) + eye<T>(n, n));
}
template <class T>
Array<T> array_of(const std::vector<T>& values, std::uint64_t rows, const Chunks& chunks) {
  return from_memory(values.data(), {rows, values.size() / rows}, chunks);
}
template <class T>
void expect_near(const Block<T>& found, const std::vector<T>& expected, double bound) {
  double largest = 0;
  for (const T& one : expected) largest = std::max(largest, static_cast<double>(std::abs(one)));
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    ASSERT_LE(std::abs(found.data()[i] - expected[i]), bound * largest) << "element " << i;
}

// --- beside NumPy -----------------------------------------------------------------------------------------

template <class T>
void compare(Session& session, const std::vector<LinalgCase<T>>& cases) {
  for (const LinalgCase<T>& one : cases) {
    for (const Chunks& chunks : {Chunks{-1, -1}, Chunks{4, 3}, Chunks{1, 2}}) {
      const Array<T> a = array_of(one.a, one.rows, chunks), b = array_of(one.b, one.rows, chunks),
                     right = array_of(one.right, one.columns, chunks),
                     square = array_of(one.square, one.columns, chunks);
      const auto n = static_cast<std::int64_t>(one.columns);
      const Array<T> gram(matmul(adjoint(a), a) + eye<T>(n, n, 0, chunks));
      expect_near(session.compute(cholesky(gram)), one.cholesky, 1e-13);
      expect_near(session.compute(solve(gram, right)), one.by_gram, 1e-10);
      expect_near(session.compute(solve(gram, right, {.assume = positive_definite})), one.by_gram, 1e-10);
      expect_near(session.compute(solve(square, right)), one.by_square, 1e-14 * one.condition);
      expect_near(session.compute(qr(a).r), one.r, 1e-13);
      expect_near(session.compute(svd(a).s), one.values, 1e-13);
      expect_near(session.compute(lstsq(a, b)), one.least, 1e-12);
    }
  }
}
TEST(Linalg, GivesNumPysValues) {
  on_all_engines([](Session& session) {
    compare(session, real_cases);
    compare(session, complex_cases);
  });
}

// --- systems ----------------------------------------------------------------------------------------------

template <class T>
void check_systems(Session& session) {
  struct Case {
    std::int64_t n, columns;
    Chunks chunks, right_chunks;
  };
  const std::vector<Case> cases{{1, 1, {}, {}},
                                {13, 3, {4, 5}, {5, 2}},
                                {9, 1, {{2, 0, 3, 4}, {9}}, {{9}, {1}}},
                                {16, 5, {4, 4}, {4, 5}},
                                {10, 2, {1, 1}, {3, 1}}};
  std::uint64_t seed = 1;
  for (const Case& one : cases) {
    const Array<T> a = random_matrix<T>(seed, one.n, one.n, one.chunks),
                   positive = definite_matrix<T>(seed, one.n, one.chunks),
                   b = random_matrix<T>(seed + 1, one.n, one.columns, one.right_chunks);
    const double bound = rounding<T>(static_cast<std::uint64_t>(one.n));
    const Array<T> l = cholesky(positive);
    EXPECT_LE(size_of(session, matmul(l, adjoint(l)) - positive), bound * size_of(session, positive));
    const Block<T> lower = session.compute(l);
    for (std::uint64_t i = 0; i < lower.shape()[0]; ++i) {
      EXPECT_GT(std::real(lower(i, i)), 0);
      for (std::uint64_t j = i + 1; j < lower.shape()[0]; ++j) EXPECT_EQ(lower(i, j), T(0));
    }
    // What is left of the system, beside the sizes of what is in it.
    const auto residual = [&](const Array<T>& matrix, const Array<T>& x) {
      EXPECT_EQ(x.shape(), b.shape());
      return size_of(session, matmul(matrix, x) - b) /
             (size_of(session, matrix) * size_of(session, x) + size_of(session, b));
    };
    EXPECT_LE(residual(a, session.persist(solve(a, b))), bound);
    EXPECT_LE(residual(positive, session.persist(solve(positive, b))), bound);
    EXPECT_LE(residual(positive, session.persist(solve(positive, b, {.assume = positive_definite}))), bound);
    EXPECT_LE(size_of(session, matmul(positive, inv(positive)) - eye<T>(one.n, one.n)),
              bound * size_of(session, positive) * size_of(session, inv(positive)));
    const Array<T> vector = b(all, 0), x = solve(a, vector);
    EXPECT_EQ(x.shape(), vector.shape());
    EXPECT_LE(size_of(session, matmul(a, x) - vector),
              bound * (size_of(session, a) * size_of(session, x) + size_of(session, vector)));
    seed += 2;
  }
}
TEST(Linalg, SolvesSystems) {
  on_all_engines([](Session& session) {
    check_systems<double>(session);
    check_systems<std::complex<double>>(session);
  });
  SerialRanks serial;
  check_systems<float>(serial.session());
  check_systems<std::complex<float>>(serial.session());
}

/// With each meaning of the matrix, which is filled with NaN where it is not to be looked at.
template <class T>
void check_triangular(Session& session) {
  constexpr std::uint64_t n = 8;
  const Block<T> full = session.compute(random_matrix<T>(5, n, n, {}));
  const Array<T> b = random_matrix<T>(6, n, 3, {3, 2});
  for (const bool lower : {true, false}) {
    for (const bool unit : {true, false}) {
      Block<T> given({n, n}), meant = Block<T>::filled({n, n}, T(0));
      for (std::uint64_t i = 0; i < n; ++i) {
        for (std::uint64_t j = 0; j < n; ++j) {
          const bool counts = lower ? j < i : j > i;
          given(i, j) = counts ? full(i, j) : T(static_cast<Real<T>>(nan));
          if (counts) meant(i, j) = full(i, j);
        }
        meant(i, i) = unit ? T(1) : full(i, i) + T(3);
        if (!unit) given(i, i) = meant(i, i);
      }
      const auto matrix = from_block(given, {3, 3}), t = from_block(meant, {3, 3});
      const TriangularOptions as_is{.lower = lower, .unit = unit};
      const auto expect_solved = [&](const Array<T>& op, TriangularOptions options) {
        const Array<T> x = session.persist(solve_triangular(matrix, b, options));
        EXPECT_LE(size_of(session, matmul(op, x) - b),
                  rounding<T>(n) * (size_of(session, op) * size_of(session, x) + size_of(session, b)));
      };
      expect_solved(t, as_is);
      expect_solved(t.transpose(), {.lower = lower, .transposed = true, .unit = unit});
      expect_solved(adjoint(t), {.lower = lower, .transposed = true, .conjugated = true, .unit = unit});
    }
  }
}
TEST(Linalg, SolvesTriangularSystems) {
  on_all_engines([](Session& session) {
    check_triangular<double>(session);
    check_triangular<std::complex<double>>(session);
  });
}

TEST(Linalg, PivotsOverAllOfAColumn) {
  on_all_engines([](Session& session) {
    // Each tile of the diagonal is 0: a pivot is to be found in other tiles.
    const auto backwards = eye<double>(6, 6, 0, {2, 2}).flip(0);
    const auto x = solve(backwards, arange<double>(6, {4}));
    EXPECT_EQ(elements(session.compute(x)), (std::vector<double>{5, 4, 3, 2, 1, 0}));
    // A tiny pivot would lose all digits.
    const auto a = from_memory(std::vector<double>{1e-20, 1, 1, 1}.data(), {2, 2}, {1, 1});
    EXPECT_EQ(elements(session.compute(solve(a, ones<double>({2})))), (std::vector<double>{0, 1}));
  });
}

TEST(Linalg, TakesWholeNumbersFloatsAndViews) {
  on_all_engines([](Session& session) {
    const auto a = from_memory(std::vector<int>{4, 2, 2, 5}.data(), {2, 2}, {1, 2});
    static_assert(std::same_as<decltype(cholesky(a))::value_type, double>);
    static_assert(std::same_as<decltype(solve(a, ones<float>({2})))::value_type, double>);
    static_assert(std::same_as<decltype(qr(ones<float>({2, 2})).q)::value_type, float>);
    static_assert(std::same_as<decltype(svd(ones<std::complex<float>>({2, 2})).s)::value_type, float>);
    EXPECT_EQ(elements(session.compute(cholesky(a))), (std::vector<double>{2, 0, 1, 2}));
    EXPECT_EQ(elements(session.compute(cholesky(a * 4))), (std::vector<double>{4, 0, 2, 4}));
    EXPECT_EQ(elements(session.compute(cholesky(a.flip(0).flip(1)(slice(1), slice(1)) - 1))),
              std::vector<double>{2});
    const auto x =
        session.compute(solve(a.transpose(), arange<int>(10, {3})(slice(2, {}, 7)) * 8));  // 16, 72
    EXPECT_NEAR(x(0), -4, 1e-14);
    EXPECT_NEAR(x(1), 16, 1e-14);
  });
}

TEST(Linalg, OfNothingIsNothing) {
  on_all_engines([](Session& session) {
    const auto none = zeros<double>({0, 0});
    EXPECT_EQ(session.compute(cholesky(none)).shape(), (Extents{0, 0}));
    EXPECT_EQ(session.compute(solve(none, zeros<double>({0, 3}))).shape(), (Extents{0, 3}));
    EXPECT_EQ(session.compute(solve(eye<double>(3, 3), zeros<double>({3, 0}))).shape(), (Extents{3, 0}));
    EXPECT_EQ(session.compute(solve(eye<double>(3, 3), zeros<double>({3, 0}), {.assume = positive_definite}))
                  .shape(),
              (Extents{3, 0}));
    const auto factors = qr(zeros<double>({0, 3}));
    EXPECT_EQ(session.compute(factors.q).shape(), (Extents{0, 0}));
    EXPECT_EQ(session.compute(factors.r).shape(), (Extents{0, 3}));
    EXPECT_EQ(session.compute(qr(zeros<double>({4, 0}, {2, 1})).q).shape(), (Extents{4, 0}));
    EXPECT_EQ(session.compute(svd(zeros<double>({4, 0}, {2, 1})).s).shape(), (Extents{0}));
  });
}

// --- orthogonal factors -----------------------------------------------------------------------------------

template <class T>
void check_orthogonal(Session& session) {
  struct Case {
    std::int64_t rows, columns;
    Chunks chunks;
  };
  const std::vector<Case> cases{
      {1, 1, {}},      {40, 5, {7, 2}}, {17, 6, {2, 6}}, {6, 6, {4, 4}},
      {4, 9, {3, 5}},  {20, 1, {3, 1}}, {9, 4, {1, 1}},  {11, 3, {{0, 4, 0, 0, 7}, {3}}},
      {5, 12, {-1, 3}}};
  std::uint64_t seed = 31;
  for (const Case& one : cases) {
    const Array<T> a = random_matrix<T>(seed++, one.rows, one.columns, one.chunks);
    const std::int64_t count = std::min(one.rows, one.columns);
    const double size = size_of(session, a),
                 bound = rounding<T>(static_cast<std::uint64_t>(one.rows + one.columns));
    const auto [q, r] = qr(a);
    EXPECT_EQ(q.chunks(0), a.chunks(0));
    EXPECT_LE(size_of(session, matmul(q, r) - a), bound * size);
    EXPECT_LE(size_of(session, matmul(adjoint(q), q) - eye<T>(count, count)), bound);
    const Block<T> upper = session.compute(r);
    ASSERT_EQ(upper.shape(),
              (Extents{static_cast<std::uint64_t>(count), static_cast<std::uint64_t>(one.columns)}));
    for (std::uint64_t i = 0; i < upper.shape()[0]; ++i) {
      EXPECT_GT(std::real(upper(i, i)), 0);
      EXPECT_EQ(std::imag(upper(i, i)), 0);
      for (std::uint64_t j = 0; j < i; ++j) EXPECT_EQ(upper(i, j), T(0));
    }
    const auto [u, s, vt] = svd(a);
    EXPECT_LE(size_of(session, matmul(u * s, vt) - a), bound * size);
    EXPECT_LE(size_of(session, matmul(adjoint(u), u) - eye<T>(count, count)), bound);
    EXPECT_LE(size_of(session, matmul(vt, adjoint(vt)) - eye<T>(count, count)), bound);
    const Block<Real<T>> values = session.compute(s);
    EXPECT_TRUE(std::is_sorted(values.begin(), values.end(), std::greater<>()));
    EXPECT_GE(values.span().back(), 0);
  }
}
TEST(Linalg, HasOrthogonalFactors) {
  on_all_engines([](Session& session) {
    check_orthogonal<double>(session);
    check_orthogonal<std::complex<double>>(session);
  });
  SerialRanks serial;
  check_orthogonal<float>(serial.session());
  check_orthogonal<std::complex<float>>(serial.session());
}

/// Of less than full rank, Q's columns are orthonormal all the same.
TEST(Linalg, HasOrthogonalFactorsOfDependentColumns) {
  on_all_engines([](Session& session) {
    const auto a = ones<double>({12, 3}, {2, 3});
    const auto [q, r] = qr(a);
    EXPECT_LE(size_of(session, matmul(q, r) - a), 1e-14);
    EXPECT_LE(size_of(session, matmul(q.transpose(), q) - eye<double>(3, 3)), 1e-14);
    const Block<double> s = session.compute(svd(a).s);
    EXPECT_NEAR(s(0), 6, 1e-14);
    EXPECT_NEAR(s(1), 0, 1e-14);
    EXPECT_EQ(elements(session.compute(svd(zeros<double>({4, 2}, {1, 2})).s)), (std::vector<double>{0, 0}));
  });
}

template <class T>
void check_compressed(Session& session) {
  // Of rank 5: nothing is left out.
  const Array<T> a(matmul(random_matrix<T>(51, 40, 5, {9, -1}), random_matrix<T>(52, 5, 30, {-1, 8})));
  const auto [u, s, vt] = svd_compressed(a, 5);
  EXPECT_EQ(u.shape(), (Extents{40, 5}));
  EXPECT_EQ(vt.shape(), (Extents{5, 30}));
  EXPECT_LE(size_of(session, matmul(u * s, vt) - a), rounding<T>(70) * size_of(session, a));
  EXPECT_LE(size_of(session, matmul(adjoint(u), u) - eye<T>(5, 5)), rounding<T>(70));
  EXPECT_LE(size_of(session, matmul(vt, adjoint(vt)) - eye<T>(5, 5)), rounding<T>(70));
  // Of full rank: the largest values come close, and never above.
  const Array<T> b = random_matrix<T>(53, 30, 25, {7, 7});
  const Block<Real<T>> exact = session.compute(svd(b).s),
                       nearly = session.compute(svd_compressed(b, 3, {.iterations = 4, .seed = 8}).s);
  ASSERT_EQ(nearly.size(), 3u);
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_LE(nearly(i), exact(i) * (1 + rounding<T>(30)));
    EXPECT_GE(nearly(i), exact(i) * 0.98);
  }
}
TEST(Linalg, HasCompressedFactors) {
  on_all_engines([](Session& session) {
    check_compressed<double>(session);
    check_compressed<std::complex<double>>(session);
  });
}

TEST(Linalg, FitsLeastSquares) {
  on_all_engines([](Session& session) {
    // Values of a polynomial, which is found again.
    const auto x = linspace(-1, 1, 50, true, {7});
    const auto powers = stack<double>({ones<double>({50}), x, Array<double>(x * x)}, 1);
    const auto found = session.compute(lstsq(powers, 2.0 - 3.0 * x + 0.5 * x * x));
    EXPECT_NEAR(found(0), 2, 1e-14);
    EXPECT_NEAR(found(1), -3, 1e-14);
    EXPECT_NEAR(found(2), 0.5, 1e-14);
    // What is left is orthogonal to all columns.
    using C = std::complex<double>;
    const Array<C> a = random_matrix<C>(61, 25, 4, {6, 3}), b = random_matrix<C>(62, 25, 3, {10, 2});
    const Array<C> best = lstsq(a, b);
    EXPECT_EQ(best.shape(), (Extents{4, 3}));
    EXPECT_LE(size_of(session, matmul(adjoint(a), matmul(a, best) - b)), 1e-13 * size_of(session, b));
  });
}

// --- bits and failures ------------------------------------------------------------------------------------

TEST(Linalg, HasTheSameBitsOnAllEngines) {
  std::vector<std::vector<double>> first;
  on_all_engines([&first](Session& session) {
    const auto a = random_matrix<double>(71, 60, 60, {17, 20}), b = random_matrix<double>(72, 60, 8, {13, 5}),
               positive = definite_matrix<double>(73, 60, {17, 17});
    const std::vector<std::vector<double>> found{
        elements(session.compute(cholesky(positive))),
        elements(session.compute(solve(a, b))),
        elements(session.compute(solve(positive, b, {.assume = positive_definite}))),
        elements(session.compute(qr(b).q)),
        elements(session.compute(svd(b).u)),
        elements(session.compute(svd_compressed(a, 4).vt)),
        elements(session.compute(lstsq(b, a)))};
    if (first.empty()) first = found;
    EXPECT_EQ(found, first);
  });
}

TEST(Linalg, FailsWhereAMatrixCannotBeFactored) {
  on_all_engines([](Session& session) {
    const auto indefinite = eye<double>(7, 7, 0, {3, 3}) - full<double>({7, 7}, 0.21);
    expect_message(
        [&] { session.compute(cholesky(indefinite)); },
        "cholesky: the matrix is not positive definite: tile [1, 1], pivot 1, row 4 of the matrix");
    expect_message(
        [&] { session.compute(solve(indefinite, ones<double>({7}), {.assume = positive_definite})); },
        "tile [1, 1], pivot 1, row 4 of the matrix, is not above 0");
    expect_message(
        [&] {
          session.compute(cholesky(full<double>({4, 4}, nan, {2, 2})));
        },
        "tile [0, 0], pivot 0");
    const auto singular = where(arange<int>(7) == 4, 0.0, 1.0) * eye<double>(7, 7, 0, {3, 3});
    expect_message([&] { session.compute(solve(singular, ones<double>({7}))); },
                   "solve: the matrix is singular: tile [1, 1], pivot 1, row 4 of the matrix, is 0");
    expect_message(
        [&] {
          session.compute(solve_triangular(singular, ones<double>({7, 2})));
        },
        "solve_triangular: the matrix is singular: tile [1, 1], pivot 1, row 4 of the matrix, is 0");
    expect_message(
        [&] {
          session.compute(svd(full<double>({5, 2}, nan, {2, 2})).s);
        },
        "svd: the matrix has NaN");
    expect_message(
        [&] {
          session.compute(lstsq(ones<double>({5, 2}, {2, 2}), ones<double>({5})));
        },
        "the columns of the matrix are linearly dependent: tile [0, 0] of R, pivot 1");
    // The session goes on.
    EXPECT_EQ(session.compute(trace(cholesky(eye<double>(4, 4, 0, {2, 2})))), 4);
  });
}

TEST(Linalg, RefusesShapesThatDoNotFit) {
  const auto a = ones<double>({3, 3}), wide = ones<double>({2, 3}), vector = ones<double>({3});
  expect_message([&] { cholesky(wide); }, "cholesky: expected a square matrix, found shape (2, 3)");
  expect_message([&] { cholesky(vector); }, "cholesky: expected a matrix, found shape (3)");
  expect_message(
      [&] {
        cholesky(zeros<double>({1'000'000, 1'000'000}, {1000, -1}));
      },
      "expected at most 512 chunks along an axis, found 1000");
  expect_message([&] { solve(a, ones<double>({2})); }, "one or two axes and 3 rows, found shape (2)");
  expect_message([&] { solve(a, ones<double>({3, 1, 1})); }, "found shape (3, 1, 1)");
  expect_message([&] { solve_triangular(a, ones<double>({2, 2})); }, "and 3 rows, found shape (2, 2)");
  expect_message([&] { inv(wide); }, "inv: expected a square matrix");
  expect_message([&] { qr(vector); }, "qr: expected a matrix");
  expect_message([&] { svd(vector); }, "svd: expected a matrix");
  expect_message([&] { svd_compressed(wide, 3); }, "from 1 to 2 values of a matrix of shape (2, 3), found 3");
  expect_message([&] { svd_compressed(wide, 1, {.iterations = -1}); }, "found -1 and 10");
  expect_message([&] { lstsq(wide, ones<double>({2})); },
                 "at least as many rows as columns, found shape (2, 3)");
  expect_message([&] { lstsq(a, ones<double>({2})); }, "and 3 rows, found shape (2)");
  expect_message([&] { cholesky(wide); }, "linalg_test.cpp");
}

TEST(Linalg, CutsSmallTilesLarger) {
  const auto axis = [](const Array<double>& a) {
    return tile_axis(a.state(), "test", std::source_location::current());
  };
  EXPECT_EQ(axis(zeros<double>({100, 100}, {10, 20})).count(), 10);
  EXPECT_EQ(axis(zeros<double>({100, 100}, {-1, 30})).view().width, 30);
  EXPECT_EQ(axis(zeros<double>({10'000, 10'000}, {20, -1})).view().width, 512);
  EXPECT_EQ(axis(zeros<double>({64'000, 64'000}, {500, 500})).count(), 128);
}

}  // namespace
}  // namespace ramal::test
