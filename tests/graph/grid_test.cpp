// SPDX-License-Identifier: BSD-3-Clause
// The one dependence of chunk grids, against loops over elements.
#include <ramal/detail/grid.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

namespace ramal::detail {
namespace {

struct Random {
  std::mt19937_64 engine;
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine);
  }
  bool one_in(std::int64_t n) { return between(1, n) == 1; }
};

Axis an_axis(Random& random, std::int64_t length) {
  if (length > 0 && random.one_in(2)) {
    const std::int64_t width = random.between(1, length + 2);
    return random.one_in(2) ? Axis::regular(length, width)
                            : Axis::shifted(length, width, random.between(1, width));
  }
  std::vector<std::int64_t> lengths;
  for (std::int64_t left = length; left > 0;) {
    lengths.push_back(random.one_in(6) ? 0 : random.between(1, left));
    left -= lengths.back();
  }
  if (random.one_in(4)) lengths.push_back(0);
  return Axis::of(lengths);
}

TEST(Axes, FindEachElementInItsChunk) {
  Random random{std::mt19937_64(1)};
  for (int round = 0; round < 2000; ++round) {
    const Axis axis = an_axis(random, random.between(0, 12));
    const AxisView& view = axis.view();
    ASSERT_GE(view.count, 1);
    EXPECT_EQ(view.begin(0), 0);
    EXPECT_EQ(view.end(view.count - 1), view.length);
    std::int64_t widest = 0;
    for (std::int64_t chunk = 0; chunk < view.count; ++chunk) {
      EXPECT_LE(view.begin(chunk), view.end(chunk));
      widest = std::max(widest, view.end(chunk) - view.begin(chunk));
      for (std::int64_t element = view.begin(chunk); element < view.end(chunk); ++element)
        EXPECT_EQ(view.find(element), chunk);
    }
    EXPECT_EQ(view.widest(), widest);
  }
}

TEST(Axes, AreEqualIfTheyAreCutAlike) {
  EXPECT_TRUE(Axis::of({2, 3, 3, 1}) == Axis::shifted(9, 3, 2));
  EXPECT_TRUE(Axis::of({4}) == Axis::whole(4));
  EXPECT_TRUE(Axis::of({2, 0, 3}) == Axis::of({2, 0, 3}));
  EXPECT_FALSE(Axis::of({2, 0, 3}) == Axis::of({2, 1, 2}));
  EXPECT_FALSE(Axis::regular(9, 3) == Axis::shifted(9, 3, 2));
  EXPECT_TRUE(Axis::regular(4, 9) == Axis::whole(4));
  EXPECT_EQ(Axis::of({}).count(), 1);
}

TEST(Grid, IsCutWhereEitherAxisIs) {
  Random random{std::mt19937_64(7)};
  for (int round = 0; round < 2000; ++round) {
    const std::int64_t length = random.between(0, 20);
    const Axis a = an_axis(random, length), b = an_axis(random, length), both = a.refined(b);
    std::set<std::int64_t> expected, found;
    for (const Axis* axis : {&a, &b})
      for (std::int64_t chunk = 0; chunk < axis->count(); ++chunk) expected.insert(axis->view().begin(chunk));
    for (std::int64_t chunk = 0; chunk < both.count(); ++chunk) found.insert(both.view().begin(chunk));
    if (length > 0) expected.erase(length);  // where only an empty chunk begins
    if (length > 0) found.erase(length);
    ASSERT_EQ(found, expected) << round;
    ASSERT_EQ(both.length(), length);
  }
  const std::int64_t many = std::int64_t{1} << 40;
  EXPECT_TRUE(Axis::regular(many, 6).refined(Axis::regular(many, 3)) == Axis::regular(many, 3));
  EXPECT_TRUE(Axis::whole(many).refined(Axis::regular(many, 3)) == Axis::regular(many, 3));
}

TEST(Axes, OfSlicesAreCutWhereTheArrayIs) {
  Random random{std::mt19937_64(2)};
  for (int round = 0; round < 5000; ++round) {
    const std::int64_t length = random.between(1, 14);
    const Axis axis = an_axis(random, length);
    const std::int64_t start = random.between(0, length - 1);
    std::int64_t step = random.between(1, 4) * (random.one_in(2) ? 1 : -1);
    const std::int64_t most = step > 0 ? (length - 1 - start) / step + 1 : start / -step + 1;
    const std::int64_t count = random.between(1, most);
    const Axis sliced = axis.sliced(start, step, count);
    EXPECT_EQ(sliced.length(), count);
    EXPECT_EQ(sliced.view().end(sliced.count() - 1), count);
    const Axis exact = axis.sliced(start, step, count, true);
    EXPECT_EQ(exact.length(), count);
    for (std::int64_t i = 1; i < count; ++i) {
      const bool cut = axis.view().find(start + step * i) != axis.view().find(start + step * (i - 1));
      EXPECT_EQ(exact.view().find(i) != exact.view().find(i - 1), cut)
          << "element " << i << " of " << round << ", exactly";
      if (step != 1 && step != -1) continue;
      EXPECT_EQ(sliced.view().find(i) != sliced.view().find(i - 1), cut)
          << "element " << i << " of " << round;
    }
  }
}

/// A grid of one source, and what its members read by loops over all elements.
struct Case {
  std::vector<Axis> out;
  GridSource source;

  Case(Random& random) {
    const int dims = static_cast<int>(random.between(1, 3)),
              source_dims = static_cast<int>(random.between(1, 3));
    for (int d = 0; d < dims; ++d) out.push_back(an_axis(random, random.between(0, 9)));
    for (int s = 0; s < source_dims; ++s) {
      AxisMap map;
      map.out = random.between(-1, dims - 1);
      const std::int64_t length = map.out < 0 ? 1 : out[static_cast<std::size_t>(map.out)].length();
      const bool has_halo = random.one_in(3);
      map.before = has_halo ? random.between(0, 3) : 0;
      map.after = has_halo ? random.between(0, 3) : 0;
      map.step = map.out < 0 ? 0 : random.between(1, 4) * (random.one_in(2) ? 1 : -1);
      const std::int64_t reach = std::max<std::int64_t>(0, length - 1) * std::abs(map.step);
      // Without a halo each element is within the source, as arrays have it; with one, edges are cut off.
      const std::int64_t low = has_halo ? random.between(-2, 2) : random.between(0, 2);
      map.start = map.step < 0 ? low + reach : low;
      source.maps.push_back(map);
      source.axes.push_back(an_axis(random, low + reach + 1 + random.between(0, 3)));
    }
    if (random.one_in(4)) {
      for (const Axis& axis : out) {
        const std::int64_t from = random.between(0, axis.length());
        source.piece.emplace_back(from, random.between(from, axis.length()));
      }
    }
  }
  std::set<std::int64_t> read(const Index& place) const {
    std::vector<std::set<std::int64_t>> chunks(source.axes.size());
    bool is_empty = false;
    std::vector<std::pair<std::int64_t, std::int64_t>> box;
    for (std::size_t d = 0; d < out.size(); ++d) {
      const AxisView& axis = out[d].view();
      std::int64_t low = axis.begin(place[static_cast<int>(d)]), high = axis.end(place[static_cast<int>(d)]);
      if (!source.piece.empty()) {
        low = std::max(low, source.piece[d].first);
        high = std::min(high, source.piece[d].second);
      }
      box.emplace_back(low, high);
      is_empty = is_empty || low >= high;
    }
    if (is_empty) return {};
    for (std::size_t s = 0; s < source.axes.size(); ++s) {
      const AxisMap& map = source.maps[s];
      const auto along =
          map.out < 0 ? std::pair<std::int64_t, std::int64_t>{0, 1} : box[static_cast<std::size_t>(map.out)];
      for (std::int64_t o = along.first; o < along.second; ++o) {
        for (std::int64_t e = map.start + map.step * o - map.before;
             e <= map.start + map.step * o + map.after; ++e)
          if (e >= 0 && e < source.axes[s].length()) chunks[s].insert(source.axes[s].view().find(e));
      }
    }
    std::set<std::int64_t> numbers{0};
    for (std::size_t s = 0; s < source.axes.size(); ++s) {
      std::set<std::int64_t> next;
      for (const std::int64_t number : numbers)
        for (const std::int64_t chunk : chunks[s]) next.insert(number * source.axes[s].count() + chunk);
      numbers = next;
    }
    return numbers;
  }
};

TEST(Grids, ReadWhatTheirElementsAreMadeFromAndKnowWhoReads) {
  Random random{std::mt19937_64(3)};
  for (int round = 0; round < 4000; ++round) {
    const Case one(random);
    const auto closure = grid_closure(one.out, {one.source}, {});
    const Index extent = grid_extent(one.out), sources = grid_extent(one.source.axes);
    std::map<std::int64_t, std::set<std::int64_t>> readers;
    Reads reads({sources}, false);
    for (std::int64_t number = 0; number < extent.volume(); ++number) {
      reads.begin(number);
      GridPattern::reads(closure.data(), extent.place_of(number), reads);
      std::set<std::int64_t> found;
      std::int64_t last = -1;
      for (const Reads::Read& read : reads.all()) {
        EXPECT_GT(read.number, last) << "in order";
        last = read.number;
        found.insert(read.number);
      }
      const auto expected = one.read(extent.place_of(number));
      EXPECT_EQ(found, expected) << "round " << round << " member " << number;
      for (const std::int64_t read : found) readers[read].insert(number);
    }
    for (std::int64_t number = 0; number < sources.volume(); ++number) {
      std::vector<Region> boxes;
      GridPattern::readers(closure.data(), extent, 0, Region::of(sources.place_of(number)), boxes);
      std::set<std::int64_t> told;
      for (const Region& box : boxes)
        for (std::int64_t k = 0; k < box.volume(); ++k) told.insert(extent.number_of(box.place_of(k)));
      EXPECT_TRUE(std::ranges::includes(told, readers[number])) << "round " << round << " source " << number;
    }
  }
}

/// What a family that goes chunk by chunk relies on.
TEST(Grids, KeepToTheirAlignment) {
  Random random{std::mt19937_64(4)};
  int known = 0;
  for (int round = 0; round < 40000; ++round) {
    const Case one(random);
    const auto closure = grid_closure(one.out, {one.source}, {});
    const Index extent = grid_extent(one.out), sources = grid_extent(one.source.axes);
    const auto alignment = GridPattern::alignment(closure.data(), extent.dims, 0);
    if (!alignment) continue;
    ++known;
    Reads reads({sources}, false);
    for (std::int64_t number = 0; number < extent.volume(); ++number) {
      const Index place = extent.place_of(number);
      reads.begin(number);
      GridPattern::reads(closure.data(), place, reads);
      for (const Reads::Read& read : reads.all()) {
        const Index at = sources.place_of(read.number);
        for (int d = 0; d < extent.dims; ++d) {
          const double scaled = static_cast<double>(place[d] * alignment->width[d]);
          const auto per = static_cast<double>(alignment->per[d]);
          EXPECT_GE(at[d], std::floor((scaled + static_cast<double>(alignment->low[d])) / per)) << round;
          EXPECT_LE(at[d], std::floor((scaled + static_cast<double>(alignment->high[d])) / per)) << round;
        }
      }
    }
  }
  EXPECT_GT(known, 5000);
}

/// Nor is it much wider than what they read.
TEST(Grids, AreAlignedWithWhatIsCutNearlyAsTheyAre) {
  const auto aligned = [](const Axis& out, const Axis& from, std::int64_t start) {
    const AxisMap map{.out = 0, .start = start, .step = 1};
    const auto closure = grid_closure({out}, {GridSource{{from}, {map}}}, {});
    const Alignment found = GridPattern::alignment(closure.data(), 1, 0).value();
    return std::vector{found.width[0], found.per[0], found.low[0], found.high[0]};
  };
  using Numbers = std::vector<std::int64_t>;
  const Axis tens = Axis::regular(1000, 10);
  EXPECT_EQ(aligned(tens, tens, 0), (Numbers{1, 1, 0, 0}));
  EXPECT_EQ(aligned(tens.sliced(3, 1, 997), tens, 3), (Numbers{1, 1, 0, 0}));
  EXPECT_EQ(aligned(tens.sliced(3, 1, 997), tens, 0), (Numbers{1, 1, -1, 0}));
  EXPECT_EQ(aligned(tens, Axis::regular(1050, 10), 50), (Numbers{1, 1, 5, 5}));
  EXPECT_EQ(aligned(Axis::regular(1000, 20), tens, 0), (Numbers{2, 1, 0, 1}));
  EXPECT_EQ(aligned(tens, Axis::regular(1000, 20), 0), (Numbers{1, 2, 0, 0}));
  EXPECT_EQ(aligned(tens, Axis::regular(1000, 15), 0), (Numbers{2, 3, 0, 1}));
  const Axis uneven = Axis::of({3, 0, 10, 10, 1, 12});
  EXPECT_EQ(aligned(uneven, uneven, 0), (Numbers{1, 1, 0, 0}));
  EXPECT_EQ(aligned(Axis::of({3, 10, 10, 13}), uneven, 0), (Numbers{4, 3, 2, 3}));
}

TEST(Grids, TellTheirMembersTheirBoxes) {
  const std::vector<Axis> out{Axis::regular(7, 3), Axis::whole(4)};
  const double parameter = 2.5;
  const GridSource blocks{{Axis::regular(7, 2), Axis::whole(4)}, {AxisMap::along(0), AxisMap::along(1)}};
  const auto closure = grid_closure(out, {blocks, GridSource{}}, std::as_bytes(std::span{&parameter, 1}));
  std::vector<std::byte> literals(3);  // so that they lie anywhere
  GridPattern::literals(closure.data(), Index(1, 0), literals);
  const GridCall call(std::span{literals}.subspan(3));
  EXPECT_EQ(call.text(), "[3:6, 0:4]");
  ASSERT_EQ(call.sources().size(), 2u);
  EXPECT_EQ(call.sources()[0].blocks, 2u);
  EXPECT_EQ(call.sources()[0].counts[0], 2);
  EXPECT_EQ(call.sources()[1].first, 2u);
  EXPECT_EQ(call.sources()[1].blocks, 1u);
  ASSERT_EQ(call.parameters().size(), sizeof parameter);
  EXPECT_EQ(std::memcmp(call.parameters().data(), &parameter, sizeof parameter), 0);
}

}  // namespace
}  // namespace ramal::detail
