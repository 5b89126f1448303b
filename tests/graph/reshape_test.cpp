// SPDX-License-Identifier: BSD-3-Clause
// What reshaped blocks are made of, against loops over elements.
#include "tests/graph/random_axes.hpp"

#include <ramal/detail/reshape.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace ramal::detail {
namespace {

/// Lengths with that product, and ones among them.
std::vector<std::uint64_t> factors(Random& random, std::uint64_t product) {
  std::vector<std::uint64_t> lengths;
  while (product > 1 && lengths.size() < 3) {
    std::uint64_t factor = product;
    if (!random.one_in(4)) {
      do {
        factor = static_cast<std::uint64_t>(random.between(1, static_cast<std::int64_t>(product)));
      } while (product % factor != 0);
    }
    lengths.push_back(factor);
    product /= factor;
  }
  if (product > 1) lengths.push_back(product);
  if (lengths.empty() || random.one_in(4)) lengths.push_back(1);
  return lengths;
}

std::int64_t chunk_of(const std::vector<Axis>& axes, std::uint64_t position) {
  std::int64_t left = static_cast<std::int64_t>(position), number = 0, numbers = 1;
  for (std::size_t d = axes.size(); d-- > 0;) {
    number += axes[d].view().find(left % axes[d].length()) * numbers;
    numbers *= axes[d].count();
    left /= axes[d].length();
  }
  return number;
}

TEST(Reshapes, ReadWhatTheirElementsAreMadeFromAndKnowWhoReads) {
  Random random{std::mt19937_64(1)};
  constexpr std::uint64_t sizes[] = {1, 2, 6, 7, 12, 24, 30, 36, 48, 60};
  int moved = 0;
  for (int round = 0; round < 6000; ++round) {
    const std::uint64_t size = sizes[random.between(0, 9)];
    std::vector<Axis> from;
    for (const std::uint64_t length : factors(random, size))
      from.push_back(an_axis(random, static_cast<std::int64_t>(length)));
    const auto to = factors(random, size);
    const ReshapePlan plan = plan_reshape(from, Extents(to.data(), to.size()));
    for (std::size_t d = 0; d < to.size(); ++d)
      ASSERT_EQ(plan.axes[d].length(), static_cast<std::int64_t>(to[d])) << round;
    moved += !plan.is_view;
    const auto closure = reshape_closure(plan, from);
    const Index extent = grid_extent(plan.axes), sources = grid_extent(from);
    std::map<std::int64_t, std::set<std::int64_t>> expected, readers;
    for (std::uint64_t position = 0; position < size; ++position)
      expected[chunk_of(plan.axes, position)].insert(chunk_of(from, position));
    Reads reads({sources}, false);
    for (std::int64_t number = 0; number < extent.volume(); ++number) {
      reads.begin(number);
      reshape_dependence.reads(closure.data(), extent.place_of(number), reads);
      std::set<std::int64_t> found;
      std::int64_t last = -1;
      for (const Reads::Read& read : reads.all()) {
        EXPECT_GT(read.number, last) << "in order";
        last = read.number;
        found.insert(read.number);
        readers[read.number].insert(number);
      }
      EXPECT_EQ(found, expected[number]) << "round " << round << " member " << number;
    }
    for (std::int64_t number = 0; number < sources.volume(); ++number) {
      std::vector<Region> boxes;
      reshape_dependence.readers(closure.data(), extent, 0, Region::of(sources.place_of(number)), boxes);
      std::set<std::int64_t> told;
      for (const Region& box : boxes)
        for (std::int64_t k = 0; k < box.volume(); ++k) told.insert(extent.number_of(box.place_of(k)));
      EXPECT_TRUE(std::ranges::includes(told, readers[number])) << "round " << round << " source " << number;
    }
  }
  EXPECT_GT(moved, 3000);
}

TEST(Reshapes, AreCutAsTheSourceIs) {
  const auto plan = [](const std::vector<Axis>& from, const Extents& to) { return plan_reshape(from, to); };
  // Rows become intervals of the line, also irregular ones.
  EXPECT_TRUE(plan({Axis::regular(10, 3), Axis::whole(4)}, {40}).axes[0] == Axis::regular(40, 12));
  EXPECT_TRUE(plan({Axis::of({2, 5, 3}), Axis::whole(4)}, {1, 40}).axes[1] == Axis::of({8, 20, 12}));
  // Blocks of (2, 3) become lines of 6.
  EXPECT_TRUE(plan({Axis::regular(4, 2), Axis::regular(6, 3)}, {24}).axes[0] == Axis::regular(24, 6));
  // What is split is cut along the first of its axes.
  const auto split = plan({Axis::regular(7, 2), Axis::regular(24, 8)}, {7, 6, 4});
  EXPECT_TRUE(split.axes[0] == Axis::regular(7, 2));
  EXPECT_TRUE(split.axes[1] == Axis::regular(6, 2));
  EXPECT_TRUE(split.axes[2] == Axis::whole(4));
  EXPECT_FALSE(split.is_view);
  EXPECT_TRUE(plan({Axis::regular(7, 2), Axis::whole(1)}, {1, 7, 1, 1}).is_view);
  EXPECT_TRUE(plan({}, {1, 1}).is_view);
}

}  // namespace
}  // namespace ramal::detail
