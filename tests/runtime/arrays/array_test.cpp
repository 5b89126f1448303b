// SPDX-License-Identifier: BSD-3-Clause
// Arrays, beside what the corpus compares with NumPy: known answers, how they are cut, and what is refused.
#include "tests/runtime/arrays/said.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/array_index.hpp>
#include <ramal/array_picture.hpp>
#include <ramal/array_random.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ramal::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
Array<T> array_of(const std::vector<T>& elements, const Chunks& chunks = {}) {
  return from_memory(elements.data(), {elements.size()}, chunks);
}

TEST(Arrays, AreComputedElementByElement) {
  on_all_engines([](Session& session) {
    const auto a = arange<double>(10, {3});
    const Array<double> squares = a * a;
    EXPECT_EQ(elements(session.compute(squares - a)), (List<double>{0, 0, 2, 6, 12, 20, 30, 42, 56, 72}));
    const auto [least, most, total] = session.compute(squares.min(), squares.max(), (a + 1).sum());
    EXPECT_EQ(least, 0);
    EXPECT_EQ(most, 81);
    EXPECT_EQ(total, 55);
    EXPECT_EQ(session.compute(sqrt(squares.mean())), std::sqrt(28.5));
  });
}

/// What others' arrays once did wrong.
TEST(Arrays, GiveKnownAnswers) {
  on_all_engines([](Session& session) {
    const auto all_of = [&](const auto& array) { return elements(session.compute(array)); };
    EXPECT_EQ(all_of(arange<int>(10, {3})(slice(0, {}, -1))), (List<int>{0}));
    EXPECT_TRUE(all_of(arange<int>(10, {2})(slice(-11, -7, -2))).empty());
    std::vector<double> thrice;
    for (int i = 0; i < 300; ++i) thrice.push_back(i % 3 + 1 + 1e8);
    EXPECT_NEAR(session.compute(array_of(thrice, {50}).var()), 0.6666666666666666, 1e-12);
    EXPECT_EQ(all_of(ones<int>({20}, {5})(slice({}, {}, 2))), List<int>(10, 1));
    EXPECT_EQ(session.compute(arange<int>(10).rechunk({{5, 0, 5}}).max()), 9);
    EXPECT_EQ(session.compute(ones<std::uint8_t>({1000}, {64}).sum()), 1000u);
    EXPECT_EQ(session.compute(zeros<int>({0}).sum()), 0);
    const auto two_by_none = ones<int>({2, 0}, {{2, 0, 0}, {0}});
    EXPECT_EQ(all_of(two_by_none.sum(1)),
              (List<int>{0, 0}.size() == 2 ? List<std::int64_t>{0, 0} : List<std::int64_t>{}));
    EXPECT_EQ(session.compute(ones<int>({1, 10})(all, slice(0, 1))).shape(), (Extents{1, 1}));
  });
}

TEST(Arrays, SumPairwiseWhateverTheChunks) {
  on_all_engines([](Session& session) {
    // 0.1 a hundred thousand times: added one after the other it is 2e-8 off.
    const auto tenths = full<double>({100'000}, 0.1, {10'000});
    EXPECT_NEAR(session.compute(tenths.sum()), 10'000, 1e-11);
    EXPECT_NEAR(session.compute(full<float>({100'000}, 0.1F).sum()), 10'000, 4e-3);
    // Rows of many elements along the axis that goes.
    const auto columns = full<double>({10'000, 3}, 0.1);
    for (const double sum : elements(session.compute(columns.sum(0)))) EXPECT_NEAR(sum, 1'000, 1e-12);
  });
}

TEST(Arrays, GiveTheSameBitsWhateverStandsBehindTheirBlocks) {
  SteppedRanks stepped(3, 5);
  std::vector<double> values;
  for (int i = 0; i < 5'000; ++i) values.push_back(std::sin(i) * std::pow(10, i % 13));
  const Chunks chunks{1'700};
  const auto whole = array_of(values, chunks), otherwise = array_of(values, {333}).rechunk(chunks);
  const auto view = array_of(values, {1})(slice({}, {}, -1))(slice({}, {}, -1));
  const double sum = stepped.session().compute(whole.sum());
  EXPECT_EQ(stepped.session().compute(otherwise.sum()), sum);
  EXPECT_EQ(stepped.session().compute((whole * 1).sum()), sum);
  EXPECT_EQ(stepped.session().compute(Array<double>(whole * 1).sum()), sum);
  // A view that is cut as finely sums in other groups, and comes close.
  EXPECT_NEAR(stepped.session().compute(view.sum()) / sum, 1, 1e-9);
}

TEST(Arrays, AreSlicedAsByPython) {
  on_all_engines([](Session& session) {
    const auto a = arange<int>(24, {5});
    const auto at = [&](const auto& array) { return elements(session.compute(array)); };
    EXPECT_EQ(session.compute(a(3)).data()[0], 3);
    EXPECT_EQ(session.compute(a[-1]).data()[0], 23);
    EXPECT_EQ(at(a(slice(2, 9, 3))), (List<int>{2, 5, 8}));
    EXPECT_EQ(at(a(slice(-3, {}))), (List<int>{21, 22, 23}));
    EXPECT_EQ(at(a(slice(22, 100))), (List<int>{22, 23}));
    EXPECT_EQ(at(a(slice({}, {}, -9))), (List<int>{23, 14, 5}));
    EXPECT_TRUE(at(a(slice(9, 2))).empty());
    const auto matrix = stack<int>({a(slice(4)), a(slice(4, 8)), a(slice(8, 12))});
    EXPECT_EQ(matrix.shape(), (Extents{3, 4}));
    EXPECT_EQ(at(matrix(1)), (List<int>{4, 5, 6, 7}));
    EXPECT_EQ(at(matrix(all, 1)), (List<int>{1, 5, 9}));
    EXPECT_EQ(at(matrix(ellipsis, slice(0, {}, 3)).transpose()), (List<int>{0, 4, 8, 3, 7, 11}));
    EXPECT_EQ(matrix(newaxis, all, newaxis).shape(), (Extents{1, 3, 1, 4}));
    EXPECT_EQ(at(matrix.flip(0)(0)), (List<int>{8, 9, 10, 11}));
    EXPECT_EQ(matrix.moveaxis(0, -1).shape(), (Extents{4, 3}));
    EXPECT_EQ(matrix(newaxis).squeeze().shape(), (Extents{3, 4}));
    EXPECT_EQ(at(arange<int>(2).broadcast_to({2, 2})), (List<int>{0, 1, 0, 1}));
  });
}

std::int64_t place_number(const Extents& at) {
  return static_cast<std::int64_t>(at[0]) * 1000 + static_cast<std::int64_t>(at[1]);
}

TEST(Arrays, AreCutAsWasSaid) {
  const auto a = zeros<double>({10, 7}, {4, -1});
  EXPECT_EQ(a.chunks(0), (List<std::int64_t>{4, 4, 2}));
  EXPECT_EQ(a.chunks(-1), (List<std::int64_t>{7}));
  EXPECT_EQ(a.grid(), (Extents{3, 1}));
  EXPECT_EQ(a.text(),
            "Array full: shape (10, 7), type double, 560 B in 3 chunks of shape (4, 7), 224 B; 3 tasks");
  contains((a + a).text(), "Array add: ");
  contains((a + a).text(), "; 6 tasks");
  contains(a.sum().text(), "; 10 tasks");  // blocks, their sums, a tree of 2 and 1, and the element
  const auto irregular = zeros<double>({10}, {{1, 2, 7}});
  EXPECT_EQ(irregular.chunks(0), (List<std::int64_t>{1, 2, 7}));
  EXPECT_EQ((irregular + arange<double>(10, {5})).chunks(0), (List<std::int64_t>{1, 2, 7}))
      << "the finer one";
  EXPECT_EQ(a(slice(3, {})).chunks(0), (List<std::int64_t>{1, 4, 2}));
  EXPECT_EQ(zeros<float>({1 << 13, 1 << 12}).grid(), (Extents{8, 1})) << "of 16 MiB";
  EXPECT_TRUE(contains(message([] {
                         zeros<int>({10, 7}, {4});
                       }),
                       "for the 2 axes of an array of shape (10, 7), found 1"));
  EXPECT_TRUE(contains(message([] {
                         zeros<int>({10}, {{4, 4}});
                       }),
                       "that are 10 together, as axis 0 of shape (10), found 8"));
  EXPECT_TRUE(contains(message([] { zeros<int>({10}, {0}); }),
                       "lengths of 1 or more, or -1 for all of an axis, found 0"));
}

/// An expression holds what it is made of.
TEST(Arrays, OutliveWhatTheyAreMadeOf) {
  SerialRanks serial;
  const auto make = [] {
    const auto a = arange<double>(6, {2});
    return a * 2 + a(slice({}, {}, -1));
  };
  const auto expression = make();
  EXPECT_EQ(elements(serial.session().compute(expression)), (List<double>{5, 6, 7, 8, 9, 10}));
}

TEST(Arrays, ArePersistedOnce) {
  SteppedRanks stepped(2, 3);
  Session& session = stepped.session();
  const auto kept = session.persist(sqrt(arange<double>(12, {4})));
  session.wait(kept.blocks());
  EXPECT_EQ(session.compute((kept * kept).sum()), session.compute((kept * kept).sum()));
  EXPECT_EQ(kept.blocks().size(), 3);
  EXPECT_EQ(session.compute(kept.block(2)).offset(), (Extents{8}));
}

Block<double> block_of(std::uint64_t rows, double value) { return Block<double>::filled({rows, 2}, value); }

TEST(Arrays, AreMadeOfTheBlocksOfTasks) {
  on_all_engines([](Session& session) {
    const std::vector<Delayed<Block<double>>> blocks{delayed<block_of>(2u, 1.0), delayed<block_of>(1u, 5.0)};
    const auto array = from_blocks<double>(blocks, {{2, 1}, {2}});
    EXPECT_EQ(elements(session.compute(array(slice({}, {}, -1)) + 1)), (List<double>{6, 6, 2, 2, 2, 2}));
    const auto wrong = from_blocks<double>(blocks, {{1, 2}, {2}});
    EXPECT_TRUE(contains(message([&] { session.compute(wrong.sum()); }),
                         "expected a block of shape (1, 2) for [0:1, 0:2], found one of (2, 2)"));
    EXPECT_EQ(session.compute(from_delayed<double>(delayed<block_of>(3u, 2.0), {3, 2}).sum()), 12);
    const std::vector<Delayed<Block<double>>> one_empty{blocks[0], delayed<block_of>(0u, 0.0), blocks[1]};
    EXPECT_EQ(session.compute(from_blocks<double>(one_empty, {{2, 0, 1}, {2}}).sum()), 14);
  });
}

TEST(Arrays, AreConcatenatedHoweverManyThereAre) {
  on_all_engines([](Session& session) {
    std::vector<Array<int>> parts;
    std::vector<int> expected;
    for (int i = 0; i < 150; ++i) {
      parts.push_back(full<int>({static_cast<std::uint64_t>(i % 3)}, i));
      expected.insert(expected.end(), static_cast<std::size_t>(i % 3), i);
    }
    EXPECT_EQ(elements(session.compute(concatenate(parts))), expected);
  });
}

TEST(Arrays, HoldTheirPlacesInReductions) {
  on_all_engines([](Session& session) {
    const auto a = array_of<double>({3, 1, 4, 1, 5, 9, 2, 6, 5}, {2});
    EXPECT_EQ(session.compute(a.argmin()), 1);
    EXPECT_EQ(session.compute(a.argmax()), 5);
    const auto with_nan = array_of<double>({3, nan, 1, nan, -infinity}, {2});
    EXPECT_EQ(session.compute(with_nan.argmin()), 1);
    EXPECT_TRUE(std::isnan(session.compute(with_nan.max())));
    EXPECT_EQ(session.compute(with_nan.nanmin()), -infinity);
    EXPECT_EQ(session.compute(with_nan.nanargmax()), 0);
    EXPECT_TRUE(std::isnan(session.compute(full<double>({3}, nan, {1}).nanmax())));
    EXPECT_TRUE(contains(message([&] { session.compute(full<double>({3}, nan, {1}).nanargmin()); }),
                         "all elements are NaN"));
  });
}

TEST(Arrays, OfStructuresAreStoredSlicedAndJoined) {
  struct Particle {
    double x;
    int id;
    bool operator==(const Particle&) const = default;
  };
  on_all_engines([](Session& session) {
    std::vector<Particle> particles;
    for (int i = 0; i < 7; ++i) {
      particles.emplace_back();  // padding is zero
      particles.back().x = i;
      particles.back().id = 10 * i;
    }
    const auto array = array_of(particles, {2});
    const auto back =
        elements(session.compute(concatenate<Particle>({array(slice(4, {})), array(slice(4))}).rechunk({3})));
    EXPECT_EQ(back.front(), particles[4]);
    EXPECT_EQ(back.back(), particles[3]);
  });
}

TEST(Arrays, OfOneNumberHaveAxesWhenTheyAreGivenSome) {
  on_all_engines([](Session& session) {
    const auto mean = arange<double>(5, {2}).mean();
    EXPECT_EQ(session.compute(mean), 2);
    EXPECT_EQ(elements(session.compute(mean.broadcast_to({3}))), (List<double>{2, 2, 2}));
    EXPECT_EQ(session.compute((mean + 1)(newaxis)).shape(), (Extents{1}));
    EXPECT_EQ(session.compute(mean.broadcast_to({0})).size(), 0u);
  });
}

TEST(Arrays, RiseFromTheirTypesLeastToItsGreatest) {
  SerialRanks serial;
  const auto at = [&](const auto& array) { return elements(serial.session().compute(array)); };
  EXPECT_EQ(at(arange<std::uint8_t>(0, 256)).back(), 255);
  EXPECT_EQ(at(arange<std::uint8_t>(256)).size(), 256u);
  EXPECT_EQ(at(arange<std::int32_t>(std::numeric_limits<int>::max() - 2, std::int64_t{1} << 31)).back(),
            std::numeric_limits<int>::max());
  EXPECT_EQ(at(arange<std::int8_t>(127, -129, -85)), (List<std::int8_t>{127, 42, -43, -128}));
  EXPECT_EQ(at(arange<std::uint64_t>(std::numeric_limits<std::uint64_t>::max() - 1,
                                     std::numeric_limits<std::uint64_t>::max()))
                .size(),
            1u);
  EXPECT_TRUE(contains(message([] { arange<std::uint8_t>(0, 257); }),
                       "does not hold the numbers from 0 to before 257"));
  EXPECT_TRUE(contains(message([] { arange<std::uint8_t>(-1, 3); }), "does not hold the numbers from -1"));
  EXPECT_TRUE(contains(message([] { arange<double>(0, infinity); }), "a finite number of steps"));
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(at(arange<int>(9)(slice({}, {}, most))(slice({}, {}, 3))), (List<int>{0}));
  EXPECT_EQ(at(arange<int>(9)(slice({}, {}, -most - 1))), (List<int>{8}));
}

TEST(Arrays, AreComparedWithNumbersOfAnyRange) {
  SerialRanks serial;
  const auto a = array_of<std::uint8_t>({0, 44, 255});
  EXPECT_FALSE(serial.session().compute((a == 300).any()));
  EXPECT_TRUE(serial.session().compute((a > -1).every()));
  EXPECT_TRUE(serial.session().compute((300 > a).every()));
}

TEST(Arrays, OfComplexNumbersAreMultipliedByTheDefinition) {
  using Complex = std::complex<double>;
  SerialRanks serial;
  const auto a = array_of<Complex>({{1, 2}, {infinity, 1}});
  const auto squares = serial.session().compute(a * a);
  EXPECT_EQ(squares.data()[0], Complex(-3, 4));
  EXPECT_EQ(squares.data()[1].real(), infinity);
  EXPECT_EQ(serial.session().compute(isnan(a * Complex(0, 1))).data()[1], true);
}

TEST(Arrays, RefuseWhatDoesNotFit) {
  const auto a = zeros<double>({3, 4}), b = zeros<double>({4, 3});
  EXPECT_TRUE(
      contains(message([&] { a + b; }), "add: expected shapes that broadcast to one, found (3, 4) ("));
  EXPECT_TRUE(contains(message([&] { a(0, 0, 0); }),
                       "at most 2 numbers and slices for an array of shape (3, 4), found 3"));
  EXPECT_TRUE(contains(message([&] { a(3); }), "3 is not within axis 0 of an array of shape (3, 4)"));
  EXPECT_TRUE(contains(message([&] { a(slice(0, 1, 0)); }), "a step other than 0"));
  EXPECT_TRUE(contains(message([&] { a.sum(2); }), "sum: expected an axis of an array of 2, found 2"));
  EXPECT_TRUE(contains(message([&] { a.sum({0, -2}); }), "axis -2 was named twice"));
  EXPECT_TRUE(contains(message([&] {
                         zeros<int>({0, 2}).min(0);
                       }),
                       "min: an array of shape (0, 2) has no elements there"));
  EXPECT_TRUE(contains(message([&] { zeros<std::uint8_t>({2}) + 300; }),
                       "add: the value 300 is not within the type of the array"));
  EXPECT_TRUE(contains(message([&] { concatenate<double>({a, b}); }), "found shapes (3, 4) and (4, 3)"));
  EXPECT_TRUE(contains(message([&] { a.transpose({0, 0}); }), "named twice"));
  EXPECT_TRUE(contains(message([&] { a.squeeze(0); }), "expected axis 0 of shape (3, 4) to have length 1"));
  EXPECT_TRUE(
      contains(message([] { arange<int>(5).squeeze(0); }), "expected axis 0 of shape (5) to have length 1"));
  EXPECT_TRUE(contains(message([] { eye<int>(-1, 3); }),
                       "eye: expected numbers of rows and columns, found -1 and 3"));
  EXPECT_TRUE(contains(message([] { zeros<int>({~std::uint64_t{0}}); }), "is too large"));
  EXPECT_TRUE(contains(message([] { from_blocks<double>({}, {{-1}}); }), "lengths of 0 or more, found -1"));
  EXPECT_TRUE(contains(message([&] { a.broadcast_to({3, 3}); }), "(3, 4) does not broadcast to (3, 3)"));
  EXPECT_TRUE(contains(message([&] { arange<int>(0, 3, 0); }), "a step other than 0"));
}

/// The memory of an input is used again only if no other operand reads it at other places.
TEST(Arrays, AreNotOverwrittenWhileTheyAreRead) {
  on_all_engines([](Session& session) {
    for (const std::int64_t width : {100, 7}) {
      const Array<double> x = arange<double>(100, {width}) + 1;
      const Array<double> both = x + x.flip();
      EXPECT_EQ(elements(session.compute(both * 1)), List<double>(100, 101));
      const Array<double> y = arange<double>(100, {width}) + 1, once = y * y;
      EXPECT_EQ(session.compute(once(99)).data()[0], 10'000);
    }
  });
}

/// More leaves than one kernel takes: parts are made first.
TEST(Arrays, TakeLongExpressions) {
  SerialRanks serial;
  const auto a = arange<double>(5, {2});
  const auto eight = a + a + a + a + a + a + a + a;
  const auto many = eight * eight + eight * eight + eight * eight;
  EXPECT_EQ(elements(serial.session().compute(many)), (List<double>{0, 192, 768, 1728, 3072}));
}

// --- functions of blocks ----------------------------------------------------------------------------------

Block<double> twice(const Block<double>& block) {
  Block<double> made = block;
  for (double& x : made) x *= 2;
  return made;
}
Block<double> plus_offset(Block<double> block, const Block<int>& more) {
  for (std::size_t i = 0; i < block.size(); ++i)
    block.data()[i] += more.data()[i] + 100 * static_cast<double>(block.offset()[0]);
  return block;
}
Block<double> shorter(const Block<double>& block) { return Block<double>({block.size() - 1}); }

TEST(Arrays, GiveTheirBlocksToFunctions) {
  on_all_engines([](Session& session) {
    const auto a = arange<double>(7, {3});
    EXPECT_EQ(elements(session.compute(map_blocks<twice>(a + 1))), (List<double>{2, 4, 6, 8, 10, 12, 14}));
    EXPECT_EQ(elements(session.compute(map_blocks<plus_offset>(a, arange<int>(7, {4})))),
              (List<double>{0, 2, 4, 306, 308, 310, 612}));
    const double factor = 3;
    const auto scaled = map_blocks(
        [factor](Block<double> block) {
          for (double& x : block) x *= factor;
          return block;
        },
        a);
    EXPECT_EQ(session.compute(scaled.sum()), 63);
    EXPECT_EQ(session.compute(map_blocks<twice>(zeros<double>({0}))).size(), 0u);
    EXPECT_EQ(
        session.compute(map_blocks<twice>(a.rechunk(Chunks{std::vector<std::int64_t>{0, 5, 0, 2}})).sum()),
        42);
    EXPECT_TRUE(contains(message([&] { session.compute(map_blocks<shorter>(a)); }),
                         "expected a block of shape (3) for [0:3], found one of (2)"));
  });
  const double local = 1;
  EXPECT_TRUE(contains(
      message([&] {
        map_blocks([at = &local](const Block<double>& block) { return *at > 0 ? block : Block<double>(); },
                   zeros<double>({2}));
      }),
      "map_blocks"));
}

TEST(Arrays, AreSummedUpToEachElement) {
  on_all_engines([](Session& session) {
    for (const Chunks& chunks :
         {Chunks{23}, Chunks{4}, Chunks{1}, Chunks{std::vector<std::int64_t>{0, 5, 0, 18, 0}}}) {
      const auto a = arange<int>(23).rechunk(chunks);
      std::vector<std::int64_t> expected{0};
      for (int i = 1; i < 23; ++i) expected.push_back(expected.back() + i);
      EXPECT_EQ(elements(session.compute(cumsum(a))), expected);
    }
    const auto matrix = full<double>({3, 5}, 2, {2, 2});
    EXPECT_EQ(elements(session.compute(cumprod(matrix, 0)(all, 4))), (List<double>{2, 4, 8}));
    EXPECT_EQ(elements(session.compute(cumsum(matrix, -1)(1))), (List<double>{2, 4, 6, 8, 10}));
    // A single element along the axis in a block, whose other elements differ.
    const auto rows = stack<int>({arange<int>(4), arange<int>(4, 8)});
    EXPECT_EQ(elements(session.compute(cumsum(rows, 0)(1))), (List<std::int64_t>{4, 6, 8, 10}));
    EXPECT_EQ(elements(session.compute(cumsum(rows.rechunk({1, 3}), 1)(0))),
              (List<std::int64_t>{0, 1, 3, 6}));
    EXPECT_EQ(session.compute(cumsum(zeros<int>({0}))).size(), 0u);
    EXPECT_EQ(session.compute(cumsum(full<bool>({300}, true, {7}))(299 - 299)).data()[0], 1);
  });
}

TEST(Arrays, ArePutTogetherFromTheirParts) {
  on_all_engines([](Session& session) {
    const auto a = arange<int>(5, {2});
    EXPECT_EQ(elements(session.compute(roll(a, 2, 0))), (List<int>{3, 4, 0, 1, 2}));
    EXPECT_EQ(elements(session.compute(roll(a, -6, 0))), (List<int>{1, 2, 3, 4, 0}));
    EXPECT_EQ(elements(session.compute(roll(a, 0, 0))), (List<int>{0, 1, 2, 3, 4}));
    EXPECT_EQ(elements(session.compute(tile(a(slice(2)), 3, 0))), (List<int>{0, 1, 0, 1, 0, 1}));
    EXPECT_EQ(elements(session.compute(pad(a, 1, 2, 0, 9))), (List<int>{9, 0, 1, 2, 3, 4, 9, 9}));
    EXPECT_EQ(elements(session.compute(diff(a * a))), (List<int>{1, 3, 5, 7}));
    EXPECT_EQ(session.compute(diff(a(slice(1)))).size(), 0u);
  });
}

// --- random numbers ---------------------------------------------------------------------------------------

/// The known answers of Random123's kat_vectors, for philox4x32 of 10 rounds.
TEST(RandomArrays, AreMadeByPhilox) {
  using Words = std::array<std::uint32_t, 4>;
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(detail::philox({0, 0}, {0, 0, 0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(detail::philox({ones, ones}, {ones, ones, ones, ones}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(detail::philox({0xa4093822, 0x299f31d0}, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomArrays, DependOnSeedAndPlaceAlone) {
  on_all_engines([](Session& session) {
    const auto whole = elements(session.compute(random_normal<double>(7, {5, 9})));
    EXPECT_EQ(elements(session.compute(random_normal<double>(7, {5, 9}, 0, 1, {2, 4}))), whole);
    EXPECT_NE(elements(session.compute(random_normal<double>(8, {5, 9}))), whole);
    const auto dice = elements(session.compute(random_integers(1, {1000}, 1, 7, {100})));
    EXPECT_EQ(*std::ranges::min_element(dice), 1);
    EXPECT_EQ(*std::ranges::max_element(dice), 6);
  });
}

TEST(RandomArrays, AreDistributedAsTheyShould) {
  SerialRanks serial;
  Session& session = serial.session();
  const double n = 1 << 20;
  const auto uniform = random_uniform<double>(3, {1 << 20}, -1, 3);
  const auto [low, high, mean, variance] =
      session.compute(uniform.min(), uniform.max(), uniform.mean(), uniform.var());
  EXPECT_GE(low, -1);
  EXPECT_LT(high, 3);
  EXPECT_NEAR(mean, 1, 5 * std::sqrt(4.0 / 3 / n));
  EXPECT_NEAR(variance, 4.0 / 3, 0.01);
  const auto normal = random_normal<double>(4, {1 << 20});
  const auto within = (abs(normal) < 1.0).mean();
  const auto [centre, spread, share] = session.compute(normal.mean(), normal.std(), within);
  EXPECT_NEAR(centre, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(spread, 1, 5 / std::sqrt(2 * n));
  EXPECT_NEAR(share, 0.682689, 0.0025);
  // Neighbours have nothing to do with each other.
  const auto product = (normal(slice(1, {})) * normal(slice(-1))).mean();
  EXPECT_NEAR(session.compute(product), 0, 5 / std::sqrt(n));
  EXPECT_TRUE(
      contains(message([] { random_integers(1, {3}, 5, 5); }), "expected a range, found 5 to before 5"));
  EXPECT_TRUE(contains(message([] { random_integers<std::int8_t>(1, {3}, 0, 300); }),
                       "does not hold numbers from 0 to 299"));
}

TEST(Arrays, AreNotGatheredWhereTheyDoNotFit) {
  on_all_engines([](Session& session) {
    const auto large = zeros<double>({std::uint64_t{1} << 20, std::uint64_t{1} << 20}, {1024, 1024});
    const std::string said = message([&] { session.compute(large + 1); });
    contains(said, "does not hold all of it: Array add: shape (1048576, 1048576)");
    contains(said, "session.persist");
    EXPECT_EQ(session.compute(large(0, 5) + 1).size(), 1u);
    EXPECT_EQ(session.compute(large(slice(3), 0).sum()), 0);
  });
}

TEST(Arrays, AreDrawnAsTheyAreCut) {
  const auto count = [](const std::string& svg, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = svg.find(part); at != std::string::npos; at = svg.find(part, at + 1)) ++found;
    return found;
  };
  const auto drawn = [](const auto& array) { return chunks_svg(array.state(), array.text()); };
  const std::string plane = drawn(zeros<float>({10, 20}, {5, 4}));
  EXPECT_EQ(count(plane, "<rect"), 1u);
  EXPECT_EQ(count(plane, "<line"), 1u + 4u);
  contains(plane, ">20 in 5<");
  contains(plane, ">10 in 2<");
  EXPECT_EQ(count(drawn(zeros<float>({3, 10, 20}, {1, 5, 4})), "<rect"), 3u);
  EXPECT_LE(count(drawn(zeros<float>({1'000'000}, {10})), "<line"), 100u);
  EXPECT_EQ(count(drawn(zeros<float>({}).sum()), "<rect"), 1u);
  EXPECT_EQ(count(drawn(zeros<float>({0, 4})), "<rect"), 1u);
  contains(message([] { visualize(zeros<int>({3}), "a.png"); }), "allowed are .svg");
}

/// From rows to columns each rank has to send all but its own part of its rows, and no more.
TEST(Arrays, SendNoMoreThanAnotherCutNeeds) {
  for (const bool to_rows : {false, true}) {
    SteppedRanks stepped(4, 3);
    Session& session = stepped.session();
    const Chunks rows{16, -1}, columns{-1, 16};
    const auto from = session.persist(from_function<place_number>({128, 128}, to_rows ? columns : rows));
    session.wait(from.blocks());
    const auto sent = [&] {
      std::uint64_t bytes = 0;
      for (const RankInfo& rank : session.info()) bytes += rank.bytes_sent;
      return bytes;
    };
    const std::uint64_t before = sent();
    const auto to = session.persist(from.rechunk(to_rows ? rows : columns));
    session.wait(to.blocks());
    const std::uint64_t moved = sent() - before, needed = 128 * 128 * 8 * 3 / 4;
    EXPECT_LT(moved, needed * 5 / 4) << "to rows: " << to_rows;
    EXPECT_EQ(elements(session.compute(to)), elements(session.compute(from)));
  }
}

TEST(Arrays, RefuseNumbersThatAreNotWithin) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const auto a = arange<double>(6, {2});
  contains(message([&] {
             a.rechunk(Chunks(List<List<std::int64_t>>{{2, most, 1, most, 5}}));
           }),
           "expected lengths that are 6 together");
  contains(message([&] { a.rechunk(Chunks(List<List<std::int64_t>>{{2, 3}})); }), "found 5");
  const auto bytes = zeros<std::uint8_t>({4});
  for (const double value : {300.0, -1.0, nan, infinity})
    contains(message([&] { assign(bytes, {slice(2)}, value); }), "is not within the type of the array");
  contains(message([&] { assign(zeros<std::int64_t>({4}), {slice(2)}, 1e300); }), "is not within the type");
  on_all_engines([&](Session& session) {
    EXPECT_EQ(elements(session.compute(assign(bytes, {slice(2)}, 255.0))),
              (List<std::uint8_t>{255, 255, 0, 0}));
    EXPECT_EQ(elements(session.compute(assign(zeros<std::int64_t>({1}), {0}, -0x1p63))),
              (List<std::int64_t>{std::numeric_limits<std::int64_t>::min()}));
  });
  contains(message([] { random_normal<double>(1, {3}, 0, -1); }), "a deviation of 0 or more, found -1");
  contains(message([] { random_uniform<double>(1, {3}, 2, 1); }), "expected a range, found 2");
}

}  // namespace
}  // namespace ramal::test
