// SPDX-License-Identifier: BSD-3-Clause
// Blocks and views as matrices of libraries that users have, without a copy. See docs/arrays.md.
#include <ramal/array.hpp>
#include <ramal/view.hpp>

#include <gtest/gtest.h>
#include <Eigen/Core>
#include <xtensor/xadapt.hpp>
#include <xtensor/xmath.hpp>

#include <numeric>

namespace ramal::test {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Block<double> counted(const Extents& shape) {
  Block<double> block(shape);
  std::iota(block.begin(), block.end(), 0.0);
  return block;
}

TEST(Wraps, ABlockIsAMatrixOfEigen) {
  Block<double> block = counted({3, 4});
  Eigen::Map<Matrix> matrix(block.data(), 3, 4);
  EXPECT_EQ(matrix(2, 1), 9);
  matrix.row(0) *= 2;
  EXPECT_EQ(block(0, 3), 6);
  EXPECT_EQ((matrix.transpose() * matrix)(1, 1), 2 * 2 + 5 * 5 + 9 * 9);
}

/// Without the outermost rows and columns: rows lie further apart than they are long.
TEST(Wraps, AViewIsAMatrixOfEigenWithAStride) {
  const Block<double> block = counted({4, 5});
  const View<const double, 2> all(block);
  const View<const double, 2> inner(&all(1, 1), {all.stride(0), 1}, {2, 3}, {-1, -1}, {3, 4}, {1, 1});
  const Eigen::Map<const Matrix, 0, Eigen::OuterStride<>> matrix(
      inner.data(), inner.length(0), inner.length(1), Eigen::OuterStride<>(inner.stride(0)));
  EXPECT_EQ(matrix(0, 0), 6);
  EXPECT_EQ(matrix.sum(), 6 + 7 + 8 + 11 + 12 + 13);
  EXPECT_EQ(inner(-1, -1), 0);
  EXPECT_EQ(inner(2, 3), 19);
}

TEST(Wraps, ABlockIsAnArrayOfXtensor) {
  Block<double> block = counted({2, 3});
  const std::array<std::size_t, 2> shape{2, 3};
  auto array = xt::adapt(block.data(), block.size(), xt::no_ownership(), shape);
  EXPECT_EQ(array(1, 2), 5);
  array += 1;
  EXPECT_EQ(block(0, 0), 1);
  EXPECT_EQ(xt::sum(array)(), 21);
}

}  // namespace
}  // namespace ramal::test
