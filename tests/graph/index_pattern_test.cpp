// SPDX-License-Identifier: BSD-3-Clause
// What blocks of take and assign are made of, and who reads which, against loops over elements.
#include "tests/graph/random_axes.hpp"

#include <ramal/detail/assign.hpp>
#include <ramal/detail/take.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace ramal::detail {
namespace {

std::vector<Axis> some_axes(Random& random, std::int64_t least) {
  std::vector<Axis> axes;
  for (std::int64_t dims = random.between(1, 3); dims > 0; --dims)
    axes.push_back(an_axis(random, random.between(least, 6)));
  return axes;
}

/// Calls `each` with each place of a shape, and with the chunk that it lies in.
template <class Each>
void for_each_element(const std::vector<Axis>& axes, const Each& each) {
  std::int64_t size = 1;
  for (const Axis& axis : axes) size *= axis.length();
  std::vector<std::int64_t> place(axes.size());
  for (std::int64_t number = 0; number < size; ++number) {
    std::int64_t left = number;
    for (std::size_t d = axes.size(); d-- > 0; left /= axes[d].length()) place[d] = left % axes[d].length();
    each(place);
  }
}
std::int64_t chunk_of(const std::vector<Axis>& axes, const std::vector<std::int64_t>& place) {
  std::int64_t number = 0;
  for (std::size_t d = 0; d < axes.size(); ++d)
    number = number * axes[d].count() + axes[d].view().find(place[d]);
  return number;
}

using Table = std::map<std::int64_t, std::set<std::int64_t>>;

/// `expected`: for each member which blocks of source k its elements are made of. `more`: of blocks that hold
/// none of them it may read some.
void compare(const Dependence& pattern, const std::vector<std::byte>& closure, const std::vector<Axis>& out,
             const std::vector<std::vector<Axis>>& from, std::uint32_t k, Table expected, bool more) {
  const Index extent = grid_extent(out), sources = grid_extent(from[k]);
  std::vector<Index> shapes;
  for (const auto& axes : from) shapes.push_back(grid_extent(axes));
  Reads reads(shapes, false);
  Table readers;
  for (std::int64_t number = 0; number < extent.volume(); ++number) {
    reads.begin(number);
    pattern.reads(closure.data(), extent.place_of(number), reads);
    EXPECT_EQ(reads.problem(), "");
    std::set<std::int64_t> found;
    for (const Reads::Read& read : reads.all()) {
      if (read.source != k) continue;
      EXPECT_TRUE(found.empty() || *found.rbegin() < read.number) << "in order";
      found.insert(read.number);
      readers[read.number].insert(number);
    }
    if (more) {
      EXPECT_TRUE(std::ranges::includes(found, expected[number])) << "member " << number;
    } else {
      EXPECT_EQ(found, expected[number]) << "member " << number;
    }
  }
  for (std::int64_t number = 0; number < sources.volume(); ++number) {
    std::vector<Region> boxes;
    pattern.readers(closure.data(), extent, k, Region::of(sources.place_of(number)), boxes);
    std::set<std::int64_t> told;
    for (const Region& box : boxes)
      for (std::int64_t i = 0; i < box.volume(); ++i) told.insert(extent.number_of(box.place_of(i)));
    EXPECT_TRUE(std::ranges::includes(told, readers[number])) << "source " << number;
  }
}

TEST(IndexPatterns, OfTakeReadTheBlocksOfTheirIndices) {
  Random random{std::mt19937_64(1)};
  for (int round = 0; round < 2000; ++round) {
    SCOPED_TRACE(round);
    const auto from = some_axes(random, 1);
    const int axis = static_cast<int>(random.between(0, std::ssize(from) - 1));
    auto out = from;
    Axis& taken = out[static_cast<std::size_t>(axis)];
    std::vector<std::int64_t> indices;
    for (std::int64_t left = random.between(0, 9); left > 0; --left)
      indices.push_back(random.between(0, taken.length() - 1));
    taken = an_axis(random, std::ssize(indices));
    Table expected;
    for_each_element(out, [&](const std::vector<std::int64_t>& place) {
      auto source = place;
      source[static_cast<std::size_t>(axis)] =
          indices[static_cast<std::size_t>(place[static_cast<std::size_t>(axis)])];
      expected[chunk_of(out, place)].insert(chunk_of(from, source));
    });
    compare(take_dependence, take_closure(out, from, axis, indices), out, {from}, 0, expected, false);
  }
}

TEST(IndexPatterns, OfAssignReadWhatIsKeptAndWhatIsAssigned) {
  Random random{std::mt19937_64(2)};
  for (int round = 0; round < 4000; ++round) {
    SCOPED_TRACE(round);
    const auto axes = some_axes(random, 0);
    std::vector<IndexPart> parts;
    std::vector<std::vector<std::int64_t>> elements;  // along each axis
    std::vector<Axis> assigned;
    std::vector<int> along;  // which axis of what is assigned, below 0: none
    for (const Axis& axis : axes) {
      const std::int64_t length = axis.length();
      const std::int64_t step = random.between(1, 3) * (random.one_in(2) ? 1 : -1);
      const std::int64_t start = random.between(0, length), stop = random.between(0, length);
      parts.emplace_back(slice(start, stop, step));
      elements.emplace_back();
      for (std::int64_t i = step > 0 ? start : std::min(start, length - 1); step > 0 ? i < stop : i > stop;
           i += step)
        elements.back().push_back(i);
      const bool repeats = random.one_in(3);
      along.push_back(repeats ? -1 : static_cast<int>(assigned.size()));
      assigned.push_back(an_axis(random, repeats ? 1 : std::ssize(elements.back())));
    }
    for (std::size_t d = 0; d < along.size(); ++d)
      if (along[d] >= 0) along[d] = static_cast<int>(d);
    const ArrayState state{.axes = assigned, .leaves = {leaf_of({}, assigned)}};
    const AssignPlan plan = plan_assign(axes, parts, state, std::source_location::current());
    const auto closure = assign_closure(axes, plan.targets, plan.assigned.axes);
    Table kept, replaced;
    for_each_element(axes, [&](const std::vector<std::int64_t>& place) {
      std::vector<std::int64_t> source(place.size(), 0);
      bool is_replaced = true;
      for (std::size_t d = 0; d < place.size(); ++d) {
        const auto found = std::ranges::find(elements[d], place[d]);
        is_replaced = is_replaced && found != elements[d].end();
        if (along[d] >= 0) source[d] = found - elements[d].begin();
      }
      const std::int64_t chunk = chunk_of(axes, place);
      if (is_replaced) {
        replaced[chunk].insert(chunk_of(assigned, source));
      } else {
        kept[chunk].insert(chunk);
      }
    });
    compare(assign_dependence, closure, axes, {axes, assigned}, 0, kept, false);
    compare(assign_dependence, closure, axes, {axes, assigned}, 1, replaced, true);
  }
}

}  // namespace
}  // namespace ramal::detail
