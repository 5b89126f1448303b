// SPDX-License-Identifier: BSD-3-Clause
// Arrays from vectors and closures, arrays several times and with edges, and where refusals say that they
// are.
#include "tests/runtime/arrays/said.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/array.hpp>
#include <ramal/array_histogram.hpp>
#include <ramal/array_overlap.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace ramal::test {
namespace {

TEST(MakingArrays, OfVectors) {
  on_all_engines([](Session& session) {
    std::vector<double> counted(23);
    std::iota(counted.begin(), counted.end(), 0.5);
    for (const Chunks& chunks : {Chunks(), Chunks{4}, Chunks{std::vector<std::int64_t>{0, 5, 18, 0}}}) {
      auto moved = counted;
      const auto array = from_vector(std::move(moved), chunks);
      EXPECT_EQ(elements(session.compute(array)), counted);
      EXPECT_EQ(session.compute((array * 2).sum()), 23 * 23) << "each is counted from a half";
      EXPECT_EQ(elements(session.compute(array)), counted) << "nothing has been written over it";
      EXPECT_EQ(elements(session.compute(from_vector(counted, chunks))), counted);
    }
    EXPECT_EQ(elements(session.compute(from_vector<float>({3, 1, 2}, {2}))), (List<float>{3, 1, 2}));
    const std::vector<bool> bits{true, false, false, true, true};
    EXPECT_EQ(elements(session.compute(from_vector(bits, {2}))),
              (List<bool>{true, false, false, true, true}));
    EXPECT_EQ(session.compute(from_vector(std::vector<int>()).sum()), 0);
  });
}

TEST(MakingArrays, OfAVectorThatIsMovedCopiesNothing) {
  std::vector<double> given(100, 1.0);
  const auto third = reinterpret_cast<std::uintptr_t>(given.data() + 60);
  const auto array = from_vector(std::move(given), {30});
  SerialRanks serial;  // where results may hold what looks like an address, if it is not one
  const auto place = [](const Block<double>& block) {
    return ~reinterpret_cast<std::uintptr_t>(block.data());
  };
  EXPECT_EQ(serial.session().compute(delay(place)(array.block({2}))), ~third);
}

struct Pixel {
  float red;
  std::int32_t row;
  bool operator==(const Pixel&) const = default;
};

TEST(MakingArrays, OfFunctionsWithState) {
  on_all_engines([](Session& session) {
    const double factor = 2.5;
    const auto table = from_function(
        [factor](const Extents& at) { return factor * static_cast<double>(10 * at[0] + at[1]); }, {3, 4},
        {2, 3});
    EXPECT_EQ(elements(session.compute(table(1))), (List<double>{25, 27.5, 30, 32.5}));
    EXPECT_EQ(session.compute(table.sum()), factor * (4 * 10 * 3 + 3 * 6));
    const auto without = from_function([](auto at) { return static_cast<int>(at[0] % 3); }, {7}, {2});
    EXPECT_EQ(elements(session.compute(without)), (List<int>{0, 1, 2, 0, 1, 2, 0}));
    const auto pixels = from_function(
        [red = 0.5F](const Extents& at) {
          return Pixel{red, static_cast<std::int32_t>(at[0])};
        },
        {3});
    EXPECT_EQ(elements(session.compute(pixels)), (List<Pixel>{{0.5F, 0}, {0.5F, 1}, {0.5F, 2}}));
    EXPECT_EQ(session.compute(from_function([](const Extents& at) { return at.size(); }, {})).size(), 1u);
  });
  const double local = 1;
  EXPECT_TRUE(contains(message([&] { from_function([&local](const Extents&) { return local; }, {2}); }),
                       "the function of from_function at "));
}

TEST(MakingArrays, SeveralTimes) {
  on_all_engines([](Session& session) {
    for (const std::int64_t times : {1, 2, 59, 60, 61, 119, 120, 121, 3700}) {
      SCOPED_TRACE(times);
      const auto a = from_vector<int>({3, 1, 2}, {2});
      const auto found = elements(session.compute(tile(a, times, 0)));
      ASSERT_EQ(found.size(), static_cast<std::size_t>(3 * times));
      for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], (std::array{3, 1, 2}[i % 3])) << i;
    }
    const auto irregular = zeros<int>({8}, Chunks{std::vector<std::int64_t>{0, 5, 2, 1}}) + 1;
    EXPECT_EQ(session.compute(tile(irregular, 1000, 0).sum()), 8000);
    EXPECT_EQ(elements(session.compute(tile(ones<int>({2, 3}, {1, 2}), 100, 1).sum(1))),
              (List<std::int64_t>{300, 300}));
  });
}

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

TEST(MakingArrays, TooLargeOnesAreRefusedByName) {
  const auto a = ones<int>({3, 4});
  EXPECT_TRUE(
      contains(message([&] { tile(a, most, 0); }),
               "tile: an array of shape (3, 4) 9223372036854775807 times along axis 0 is too large ("));
  EXPECT_TRUE(
      contains(message([&] { tile(a, std::int64_t{1} << 59, 1); }), "tile: an array of shape (3, 4)"));
  EXPECT_TRUE(contains(message([&] { tile(a, 2, 2); }), "tile: expected an axis of an array of 2, found 2"));
  EXPECT_TRUE(
      contains(message([&] { tile(a, 0, 0); }), "tile: expected a number of times of 1 or more, found 0"));
  EXPECT_TRUE(
      contains(message([&] { pad(a, most, most, 0); }),
               "pad: an array of shape (3, 4) with 18446744073709551614 elements more along axis 0 is too"));
  EXPECT_TRUE(
      contains(message([&] { pad(a, 0, std::int64_t{1} << 61, 1); }), "pad: an array of shape (3, 4) with"));
  EXPECT_TRUE(
      contains(message([&] { pad(a, -1, 0, 0); }), "pad: expected numbers of 0 or more, found -1 and 0"));
  EXPECT_TRUE(
      contains(message([&] { pad(a, 1, 1, -3); }), "pad: expected an axis of an array of 2, found -3"));
  EXPECT_TRUE(contains(message([&] { tile(ones<int>({7}, {1}), std::int64_t{1} << 47, 0); }),
                       "tile: an array of shape (7) 140737488355328 times along axis 0 has more than 2^48"));
  // What is only very long is planned at once, and costs rank 0 nothing that grows with it.
  EXPECT_EQ(tile(ones<int>({1 << 20}), std::int64_t{1} << 40, 0).size(), std::int64_t{1} << 60);
  const auto irregular = zeros<int>({3}, Chunks{std::vector<std::int64_t>{1, 0, 2}});
  EXPECT_EQ(tile(irregular, std::int64_t{1} << 44, 0).size(), 3 * (std::int64_t{1} << 44));
  EXPECT_EQ(tile(ones<int>({0, 3}), std::int64_t{1} << 40, 1).size(), 0);
  EXPECT_EQ(pad(ones<int>({3}), 0, std::int64_t{1} << 61, 0).size(), 3 + (std::int64_t{1} << 61));
}

Block<double> same(const Block<double>& block) { return block; }
Block<double> first_of(const Block<double>& block, const Block<int>&) { return block; }
void copied(View<const double, 1> from, View<double, 1> to) {
  for (std::int64_t i = 0; i < to.length(0); ++i) to(i) = from(i);
}

/// That a refusal names the line of this call, and no other.
void expect_line(const std::function<void()>& call, unsigned line) {
  const std::string text = message(call);
  EXPECT_TRUE(text.ends_with("(" + std::string(__FILE__) + ":" + std::to_string(line) + ")"))
      << line << ": " << text;
}

TEST(FunctionsOfBlocks, NameTheLineOfTheirCall) {
  const auto a = arange<double>(10, {3});
  const auto b = arange<int>(7);
  expect_line([&] { map_blocks<first_of>(a, b); }, __LINE__);
  expect_line([&] { map_blocks([](Block<double> block, Block<int>) { return block; }, a * 2, b); }, __LINE__);
  expect_line([&] { map_overlap<copied>({.depth = -1}, a + 1); }, __LINE__);
  expect_line([&] { map_overlap<copied>({.depth = {1, 1}}, a); }, __LINE__);
  const auto nothing = [](View<const double, 1>, View<double, 1>) {};
  expect_line([&] { map_overlap(nothing, {.depth = -1}, a); }, __LINE__);
  EXPECT_TRUE(
      contains(message([&] { map_blocks<first_of>(a, b); }), "map_blocks: expected shapes that broadcast"));
  const auto line_of = [](const Array<double>& array) {
    return array.state().leaves.front().source.view.node->where.line();
  };
  EXPECT_EQ(line_of(map_blocks<same>(a)), unsigned{__LINE__});
  EXPECT_EQ(line_of(map_overlap<copied>({.depth = 1}, a)), unsigned{__LINE__});
}

TEST(FunctionsOfBlocks, TakeViewsAndExpressions) {
  on_all_engines([](Session& session) {
    const auto a = arange<double>(10, {3});
    const auto field = map_overlap<copied>({.depth = 1, .boundary = Boundary::periodic}, a);
    EXPECT_EQ(elements(session.compute(map_blocks<same>(field))), elements(session.compute(a)));
    EXPECT_EQ(elements(session.compute(map_blocks<same>(field.flip()))), elements(session.compute(a.flip())));
    EXPECT_EQ(elements(session.compute(map_blocks<first_of>(a.sum() + a, zeros<int>({1})))),
              elements(session.compute(a + 45.0)));
  });
}

TEST(Histograms, HaveBinsOfSomeWidth) {
  const auto single = full<float>({3}, 1e8F);
  EXPECT_TRUE(
      contains(message([&] {
                 histogram(single, 100, {1e8, 1e8 + 8});
               }),
               "histogram: expected a range with numbers for 100 bins, found 1e+08 to 100000008, between "
               "which float has too few: some bins would have no width ("));
  on_all_engines([&](Session& session) {
    EXPECT_TRUE(contains(message([&] { session.compute(histogram(single).counts); }),
                         "histogram: expected a range with numbers for 10 bins, found "));
    EXPECT_EQ(elements(session.compute(histogram(single.as<double>()).counts))[5], 3);
    const auto tiny = from_vector<double>({0, 0, 5e-323});
    EXPECT_EQ(elements(session.compute(histogram(tiny, 5).counts)), (List<std::int64_t>{2, 0, 0, 0, 1}));
  });
}

// --- long double ------------------------------------------------------------------------------------------

/// What is computed in more digits than double has.
TEST(LongDoubles, AreNumbersOfArrays) {
  using Long = long double;
  const Long small = std::ldexp(Long(1), -60);  // which a double loses beside 1
  static_assert(std::same_as<decltype(arange<Long>(3) + arange<double>(3))::value_type, Long>);
  static_assert(std::same_as<decltype(arange<Long>(3) * 0.5)::value_type, Long>);
  static_assert(std::same_as<decltype(arange<Long>(3).mean())::value_type, Long>);
  on_all_engines([&](Session& session) {
    const auto a = full<Long>({50}, 1 + small, {7});
    EXPECT_EQ(session.compute((a - 1).sum()), 50 * small);
    EXPECT_EQ(session.compute((a - 1).mean()), small);
    EXPECT_EQ(session.compute((arange<Long>(4) / 3).max()), Long(1));
    EXPECT_EQ(elements(session.compute(sqrt(arange<Long>(2, 4, 1, {1})))),
              (List<Long>{std::sqrt(Long(2)), std::sqrt(Long(3))}));
    EXPECT_EQ(session.compute(arange<Long>(5).argmax()), 4);
    EXPECT_EQ(elements(session.compute(cumsum(arange<Long>(4, {3})))), (List<Long>{0, 1, 3, 6}));
    EXPECT_EQ(session.compute(linspace<Long>(0, 1, 5).var()), Long(0.125));
    EXPECT_EQ(session.compute((a == 1.0).sum()), 0);
  });
}

#ifdef __FLT16_MANT_DIG__
/// No number to the library, but memory, which converts.
TEST(HalfPrecision, IsStoredAndConverted) {
  on_all_engines([](Session& session) {
    const Array<_Float16> a = (arange<float>(10, {3}) / 4).as<_Float16>();
    EXPECT_EQ(a.bytes(), 20u);
    EXPECT_EQ(elements(session.compute(a(slice(7, 3, -1)).as<float>())),
              (List<float>{1.75F, 1.5F, 1.25F, 1}));
    EXPECT_EQ(session.compute(a.rechunk({4}).as<double>().sum()), 45 / 4.);
  });
}
#endif

}  // namespace
}  // namespace ramal::test
