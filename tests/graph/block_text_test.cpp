// SPDX-License-Identifier: BSD-3-Clause
// How blocks are printed. What is expected of numbers is what NumPy prints of the same elements.
#include <ramal/block.hpp>

#include <gtest/gtest.h>

#include <complex>
#include <limits>
#include <numeric>
#include <sstream>

namespace ramal::test {
namespace {

template <class T>
std::string text(const Block<T>& block) {
  std::ostringstream out;
  out << block;
  return out.str();
}
template <class T>
Block<T> block_of(const Extents& shape, const std::vector<T>& elements) {
  Block<T> block(shape);
  std::copy(elements.begin(), elements.end(), block.begin());
  return block;
}
template <class T>
std::string row(const std::vector<T>& elements) {
  return text(block_of({elements.size()}, elements));
}
template <class T>
Block<T> counted(const Extents& shape, T factor) {
  Block<T> block(shape);
  for (std::size_t i = 0; i < block.size(); ++i) block.data()[i] = static_cast<T>(i) * factor;
  return block;
}

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(BlockText, HasNumbersInColumns) {
  EXPECT_EQ(row<std::int64_t>({1, -20, 300}), "[  1 -20 300]");
  EXPECT_EQ(row<std::int8_t>({-128, 65}), "[-128   65]");
  EXPECT_EQ(row<std::uint64_t>({~std::uint64_t{0}}), "[18446744073709551615]");
  EXPECT_EQ(row<bool>({true, false}), "[ True False]");
  EXPECT_EQ(text(block_of<double>({2, 2}, {1, 2.5, nan, -infinity})), "[[ 1.   2.5]\n [ nan -inf]]");
  EXPECT_EQ(row<double>({1. / 3, -2. / 3}), "[ 0.33333333 -0.66666667]");
  EXPECT_EQ(row<float>({1.F / 3, 2.F / 3}), "[0.33333334 0.6666667 ]");
  EXPECT_EQ(row<double>({0.1, 100000}), "[1.e-01 1.e+05]") << "far apart";
  EXPECT_EQ(row<double>({1e-5, 2}), "[1.e-05 2.e+00]");
  EXPECT_EQ(row<double>({1e300, 1e-300, 0}), "[1.e+300 1.e-300 0.e+000]");
  EXPECT_EQ(row<double>({-0.0, 0}), "[-0.  0.]");
  EXPECT_EQ(row<std::complex<double>>({{1, 2}, {0, -0.5}}), "[1.+2.j  0.-0.5j]");
  EXPECT_EQ(row<long double>({1.0L / 3}), "[0.33333333]");
}

TEST(BlockText, NestsAxes) {
  EXPECT_EQ(text(counted<int>({2, 3, 4}, 1)),
            "[[[ 0  1  2  3]\n"
            "  [ 4  5  6  7]\n"
            "  [ 8  9 10 11]]\n"
            "\n"
            " [[12 13 14 15]\n"
            "  [16 17 18 19]\n"
            "  [20 21 22 23]]]");
  EXPECT_EQ(text(counted<int>({30}, 100)),
            "[   0  100  200  300  400  500  600  700  800  900 1000 1100 1200 1300\n"
            " 1400 1500 1600 1700 1800 1900 2000 2100 2200 2300 2400 2500 2600 2700\n"
            " 2800 2900]");
}

TEST(BlockText, LeavesOutWhatLiesWithin) {
  EXPECT_EQ(text(counted<int>({2000}, 1)), "[   0    1    2 ... 1997 1998 1999]");
  EXPECT_EQ(text(counted<double>({4, 500}, 0.25)),
            "[[0.0000e+00 2.5000e-01 5.0000e-01 ... 1.2425e+02 1.2450e+02 1.2475e+02]\n"
            " [1.2500e+02 1.2525e+02 1.2550e+02 ... 2.4925e+02 2.4950e+02 2.4975e+02]\n"
            " [2.5000e+02 2.5025e+02 2.5050e+02 ... 3.7425e+02 3.7450e+02 3.7475e+02]\n"
            " [3.7500e+02 3.7525e+02 3.7550e+02 ... 4.9925e+02 4.9950e+02 4.9975e+02]]");
  EXPECT_EQ(text(counted<int>({10, 101}, 1)),
            "[[   0    1    2 ...   98   99  100]\n"
            " [ 101  102  103 ...  199  200  201]\n"
            " [ 202  203  204 ...  300  301  302]\n"
            " ...\n"
            " [ 707  708  709 ...  805  806  807]\n"
            " [ 808  809  810 ...  906  907  908]\n"
            " [ 909  910  911 ... 1007 1008 1009]]");
}

TEST(BlockText, OfOneElementOrNone) {
  EXPECT_EQ(text(Block<double>::filled({}, 1)), "1.0");
  EXPECT_EQ(text(Block<double>::filled({}, 2.5)), "2.5");
  EXPECT_EQ(text(Block<bool>::filled({}, true)), "True");
  EXPECT_EQ(text(Block<int>::filled({}, -7)), "-7");
  EXPECT_EQ(text(Block<double>({0, 3})), "[]");
  EXPECT_EQ(text(Block<double>()), "[]");
}

struct Point {
  double x, y;
};
struct Named {
  int number;
  friend std::ostream& operator<<(std::ostream& out, const Named& one) { return out << '#' << one.number; }
};
enum class Colour : std::uint8_t { red, green };

TEST(BlockText, OfOtherElements) {
  EXPECT_EQ(row<Named>({{1}, {20}}), "[ #1 #20]");
  EXPECT_NE(row<Point>({{1, 2}}).find("Point"), std::string::npos);
  EXPECT_EQ(row<Colour>({Colour::green}), "[1]");
}

}  // namespace
}  // namespace ramal::test
