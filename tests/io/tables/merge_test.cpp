// SPDX-License-Identifier: BSD-3-Clause
// Partial results put together, against maps of plain values.
#include "io/tables/merge.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <map>
#include <random>

namespace ramal::test {
namespace {

using Key = std::pair<std::string, std::optional<std::int64_t>>;
struct Totals {
  std::int64_t sum = 0;
  std::optional<std::int64_t> least, first, last, any;
  std::int64_t rows = 0;  ///< of those that count
};
/// Text by bytes, then numbers with null last.
struct KeyOrder {
  bool operator()(const Key& a, const Key& b) const {
    if (a.first != b.first) return a.first < b.first;
    return a.second && (!b.second || *a.second < *b.second);
  }
};
using Groups = std::map<Key, Totals, KeyOrder>;

/// `counts`: for what is first and last, as with a FILTER.
void add(Groups& groups, const Key& key, std::optional<std::int64_t> value, bool counts) {
  Totals& at = groups[key];
  at.sum += value.value_or(0);
  if (value && (!at.least || *value < *at.least)) at.least = value;
  if (counts) {
    if (at.rows == 0) at.first = value;
    at.last = value;
    ++at.rows;
  }
  if (!at.any) at.any = value;
}

Rows rows_of(const Groups& groups) {
  std::vector<std::string> text;
  std::vector<std::optional<std::int64_t>> number, sum, least, first, last, any;
  std::vector<std::int64_t> rows;
  for (const auto& [key, totals] : groups) {
    text.push_back(key.first);
    number.push_back(key.second);
    sum.push_back(totals.sum);
    least.push_back(totals.least);
    first.push_back(totals.first);
    last.push_back(totals.last);
    rows.push_back(totals.rows);
    any.push_back(totals.any);
  }
  return Rows::of({{"key 0", text},
                   {"key 1", number},
                   {"add 2", sum},
                   {"min 3", least},
                   {"first 4", first},
                   {"add 5", rows},
                   {"last 6", last},
                   {"add 7", rows},
                   {"any 8", any}});
}

TEST(MergeGroups, GivesWhatAllRowsAtOnceGive) {
  std::mt19937_64 random(5);
  const auto below = [&](int end) { return std::uniform_int_distribution<int>(0, end - 1)(random); };
  const std::array<std::string, 5> texts{"", "a", "aa", "b", "\xc3\xbc"};
  for (int round = 0; round < 300; ++round) {
    Groups parts[2], whole;
    for (Groups& part : parts) {
      const int rows = below(12);
      for (int row = 0; row < rows; ++row) {
        const Key key{texts[static_cast<std::size_t>(below(5))],
                      below(3) == 0 ? std::nullopt : std::optional<std::int64_t>(below(3) - 1)};
        const auto value = below(4) == 0 ? std::nullopt : std::optional<std::int64_t>(below(9) - 4);
        const bool counts = below(3) > 0;
        add(part, key, value, counts);
        add(whole, key, value, counts);
      }
    }
    const Rows merged = detail::merge_groups(rows_of(parts[0]), rows_of(parts[1]));
    ASSERT_TRUE(merged == rows_of(whole)) << "round " << round << '\n' << merged << rows_of(whole);
  }
}

TEST(MergeGroups, NanIsOneKeyAboveAllNumbers) {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinity = std::numeric_limits<double>::infinity();
  const auto part = [](std::vector<std::optional<double>> keys) {
    const std::vector<std::int64_t> ones(keys.size(), 1);
    return Rows::of({{"key 0", keys}, {"add 1", ones}});
  };
  const Rows merged =
      detail::merge_groups(part({-0.0, infinity, nan, std::nullopt}), part({0.0, nan, std::nullopt}));
  const auto keys = merged.column<double>("key 0");
  ASSERT_EQ(merged.size(), 4);
  EXPECT_TRUE(std::signbit(keys[0])) << "the left one's";
  EXPECT_EQ(keys[1], infinity);
  EXPECT_TRUE(std::isnan(keys[2]));
  EXPECT_TRUE(keys.is_null(3));
  const auto counts = merged.column<std::int64_t>("add 1");
  EXPECT_EQ((std::vector{counts[0], counts[1], counts[2], counts[3]}),
            (std::vector<std::int64_t>{2, 1, 2, 2}));
}

/// Differences that a sum of squares loses.
TEST(MergeGroups, MomentsKeepSmallDifferencesOfLargeNumbers) {
  const auto part = [](std::int64_t n, std::optional<double> mean, std::optional<double> m2) {
    return Rows::of({{"count 0", std::vector{n}}, {"mean 0", std::vector{mean}}, {"m2 0", std::vector{m2}}});
  };
  const Rows of_two = detail::merge_groups(part(1, 1e9 + 1, 0.0), part(2, 1e9 + 2.5, 0.5));
  EXPECT_EQ(of_two.column<std::int64_t>("count 0")[0], 3);
  EXPECT_EQ(of_two.column<double>("mean 0")[0], 1e9 + 2);
  EXPECT_EQ(of_two.column<double>("m2 0")[0], 2.0);
  const Rows of_none =
      detail::merge_groups(part(0, std::nullopt, std::nullopt), part(0, std::nullopt, std::nullopt));
  EXPECT_TRUE(of_none.column<double>("mean 0").is_null(0));
  EXPECT_TRUE(detail::merge_groups(part(0, std::nullopt, std::nullopt), part(2, 3.0, 0.5)) ==
              part(2, 3.0, 0.5));
}

TEST(MergeGroups, RefusesSumsThatLeaveTheirType) {
  const auto part = [](std::int64_t value) { return Rows::of({{"add 0", std::vector{value}}}); };
  EXPECT_THROW(detail::merge_groups(part(std::numeric_limits<std::int64_t>::max()), part(1)),
               std::overflow_error);
}

}  // namespace
}  // namespace ramal::test
