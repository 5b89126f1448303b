// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/key.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <set>

namespace ramal {
namespace {

struct Town {
  std::string name;
  int region = 0;
  bool operator==(const Town&) const = default;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& name& region;
  }
};
struct Pixel {
  std::int16_t x, y;
  bool operator==(const Pixel&) const = default;
};
enum class Colour : std::uint8_t { red, blue };

TEST(Key, HashesValuesAndNotTypes) {
  EXPECT_EQ(key_hash(5), key_hash(5L));
  EXPECT_EQ(key_hash(char{5}), key_hash(std::uint64_t{5}));
  EXPECT_EQ(key_hash(Colour::blue), key_hash(1));
  EXPECT_EQ(key_hash(true), key_hash(1));
  EXPECT_EQ(key_hash(-1), key_hash(std::int64_t{-1}));
  EXPECT_EQ(key_hash(0.5F), key_hash(0.5));
  EXPECT_EQ(key_hash(-0.0), key_hash(0.0F));
  EXPECT_EQ(key_hash(std::numeric_limits<double>::quiet_NaN()),
            key_hash(-std::numeric_limits<float>::quiet_NaN()));
  EXPECT_EQ(key_hash(std::string("ä")), key_hash(std::string_view("ä")));
  EXPECT_EQ(key_hash(std::filesystem::path("a/b")), key_hash(std::string("a/b")));
  EXPECT_EQ(key_hash(std::pair(1, std::string("x"))), key_hash(std::tuple(1L, std::string_view("x"))));
  EXPECT_EQ(key_hash(std::vector{1, 2}), key_hash(std::array{1L, 2L}));
  EXPECT_EQ(key_hash(Town{"x", 1}), key_hash(std::pair(std::string("x"), 1)));
}

template <class K>
void expect_different(const std::vector<K>& keys) {
  std::set<std::uint64_t> hashes;
  for (const K& key : keys) hashes.insert(key_hash(key));
  EXPECT_EQ(hashes.size(), keys.size());
}
TEST(Key, TellsApartWhatDiffers) {
  std::vector<long> numbers;
  std::vector<double> fractions;
  std::vector<std::string> texts;
  std::vector<std::vector<int>> lists;
  for (long i = -1000; i < 1000; ++i) numbers.push_back(i);
  for (int i = 0; i < 1000; ++i) fractions.push_back(0.1 * i);
  for (std::size_t length = 0; length < 40; ++length) texts.emplace_back(length, '\0');
  for (std::size_t length = 0; length < 40; ++length) lists.emplace_back(length);
  expect_different(numbers);
  expect_different(fractions);
  expect_different(texts);
  expect_different(lists);
  using Texts = std::pair<std::string, std::string>;
  expect_different(std::vector{Texts("a", "bc"), Texts("ab", "c"), Texts("abc", ""), Texts("", "abc")});
  expect_different(std::vector{std::optional<int>(), std::optional(0), std::optional(1)});
  expect_different(std::vector{Pixel{1, 2}, Pixel{2, 1}});
  expect_different(std::vector{Town{"x", 1}, Town{"x", 2}, Town{"y", 1}});
}

/// As a sum of squares it is near the number of cells, whatever the keys have in common.
template <class KeyOf>
void expect_spread(const KeyOf& key_of) {
  constexpr int keys = 100'000, cells = 1000;
  for (const int shift : {0, 54}) {  // the lowest bits, and the highest
    std::vector<double> counts(cells);
    for (int i = 0; i < keys; ++i) {
      const std::uint64_t hash = key_hash(key_of(i));
      counts[shift == 0 ? hash % cells
                        : static_cast<std::size_t>(static_cast<double>(hash) * 0x1p-64 * cells)] += 1;
    }
    double squares = 0;
    constexpr double mean = static_cast<double>(keys) / cells;
    for (const double count : counts) squares += (count - mean) * (count - mean) / mean;
    EXPECT_GT(squares, 800);  // five standard deviations of 45
    EXPECT_LT(squares, 1225);
  }
}
TEST(Key, SpreadsOverAllBits) {
  expect_spread([](int i) { return i; });
  expect_spread([](int i) { return std::int64_t{i} << 40; });
  expect_spread([](int i) { return -8.0 * i; });
  expect_spread([](int i) { return std::to_string(i); });
  expect_spread([](int i) { return "a long text with a number at its end: " + std::to_string(i); });
  expect_spread([](int i) { return std::pair(i / 300, i % 300); });
  expect_spread([](int i) {
    return Pixel{static_cast<std::int16_t>(i / 300), static_cast<std::int16_t>(i % 300)};
  });
}

/// They decide where keys fall.
TEST(Key, HashesStayAsTheyAre) {
  EXPECT_EQ(key_hash(0), 16558875310640815143u);
  EXPECT_EQ(key_hash(std::string("word")), 9274370279845885030u);
  EXPECT_EQ(key_hash(std::pair(1.5, std::string("word"))), 6931181643703445213u);
}

TEST(Key, SameAndOrdered) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(same_key(nan, -nan));
  EXPECT_TRUE(same_key(std::pair(std::vector{nan, 1.0}, 3), std::pair(std::vector{nan, 1.0}, 3)));
  EXPECT_FALSE(same_key(std::optional(nan), std::optional<double>()));
  EXPECT_TRUE(same_key(0.0, -0.0));
  EXPECT_FALSE(same_key(Town{"x", 1}, Town{"x", 2}));
  EXPECT_LT(compare_keys(1e300, nan), 0);
  EXPECT_EQ(compare_keys(nan, nan), 0);
  EXPECT_GT(compare_keys(std::tuple(1, nan), std::tuple(1, 2.0)), 0);
  EXPECT_LT(compare_keys(std::vector{1, 2}, std::vector{1, 2, 0}), 0);
  EXPECT_LT(compare_keys(std::optional<int>(), std::optional(-5)), 0);
  EXPECT_GT(compare_keys(std::string("b"), std::string("ab")), 0);
  EXPECT_LT(compare_keys(Colour::red, Colour::blue), 0);
  EXPECT_TRUE((OrderedKey<std::pair<std::string, std::vector<double>>>));
  EXPECT_FALSE(OrderedKey<Town>);
  EXPECT_FALSE((OrderedKey<std::pair<int, Town>>));
}

}  // namespace
}  // namespace ramal
