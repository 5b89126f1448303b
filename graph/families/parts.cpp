// SPDX-License-Identifier: BSD-3-Clause
// Which of a rank's own members a front has, and in which slots they are.
#include "graph/families/expand.hpp"

#include <algorithm>
#include <stdexcept>

namespace ramal::detail {

Named Front::member(const FamilyProgram& program, Slot slot) const {
  // Parts stand in the order of their first slots; those whose values exist come after all tasks.
  const auto after = std::upper_bound(parts.begin(), parts.end(), slot,
                                      [](Slot at, const Part& part) { return at < part.first; });
  const Part& part = after[-1];
  const ProgramNode& node = program.nodes[part.node];
  return {name_of(part.node, node.extent.number_of(part.region.place_of(slot - part.first))),
          node.pace == Pace::by_steps ? node.row() : 0};
}

std::optional<Slot> Front::slot_of(std::uint32_t node, const Index& place) const {
  for (const Part& part : parts) {
    if (part.node == node && part.region.contains(place)) return part.slot_of(place);
  }
  return std::nullopt;
}

namespace {

/// The first number from `from` to before `end` for which that does not hold, of which there are none behind
/// one for which it does.
template <class Holds>
std::int64_t first_not(std::int64_t from, std::int64_t end, const Holds& holds) {
  while (from < end) {
    const std::int64_t middle = from + (end - from) / 2;
    if (holds(middle)) {
      from = middle + 1;
    } else {
      end = middle;
    }
  }
  return from;
}

}  // namespace

/// From one own member to the next the first and the last of its leaves only grow. So the front of what goes
/// by chunks does too, but where one of them comes to another rank's leaves. These are the runs of own
/// members between such places, by their ends.
std::vector<std::int64_t> Expander::runs_by_chunks(std::uint32_t index) const {
  const ProgramNode& node = program_.nodes[index];
  const Region own = program_.own(index, rank_);
  if (node.pace != Pace::by_chunks || own.empty()) return {};
  std::vector<std::int64_t> ends{own.volume()};
  for (const Footprint& footprint : node.footprints) {
    const std::int64_t last = program_.rank_of_leaf(footprint, footprint.last(own.last())) + 1;
    for (auto rank = program_.rank_of_leaf(footprint, footprint.first(own.low)); rank <= last; ++rank) {
      const std::int64_t leaf = program_.first_leaf(footprint, rank);
      ends.push_back(first_not(0, own.volume(), [&](std::int64_t number) {
        return footprint.first(own.place_of(number)) < leaf;
      }));
      ends.push_back(first_not(
          0, own.volume(), [&](std::int64_t number) { return footprint.last(own.place_of(number)) < leaf; }));
    }
  }
  std::ranges::sort(ends);
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  return ends;
}

void Expander::append_chunk(std::uint32_t index, std::int64_t front, std::vector<Front::Part>& parts) const {
  const Region own = program_.own(index, rank_);
  std::int64_t begin = 0;
  for (const std::int64_t end : runs_[index]) {
    const auto before = [&](std::int64_t of) {
      return first_not(begin, end,
                       [&](std::int64_t number) { return program_.front(index, own.place_of(number)) < of; });
    };
    append_range(index, own, before(front), before(front + 1), parts);
    begin = end;
  }
}

/// Appends the members of a box from one number within it to before another, in as few boxes as it takes.
void Expander::append_range(std::uint32_t index, const Region& box, std::int64_t from, std::int64_t to,
                            std::vector<Front::Part>& parts) {
  while (from < to) {
    // The longest run of rows, or rows of rows, that begins here.
    int d = box.low.dims - 1;
    std::int64_t below = 1;  // places under one of dimension d
    for (; d > 0; --d) {
      const std::int64_t row = below * box.length(d);
      if (from % row != 0 || from + row > to) break;
      below = row;
    }
    Region run = Region::of(box.place_of(from));
    const std::int64_t length = std::min((to - from) / below, box.high[d] - run.low[d]);
    run.high[d] = run.low[d] + length;
    for (int inner = d + 1; inner < box.low.dims; ++inner) run.high[inner] = box.high[inner];
    parts.push_back({index, run, 0});
    from += length * below;
  }
}

/// The rank's own members of a front, and the slots they get.
Expander::Parts Expander::parts_of(std::int64_t front) const {
  Parts made;
  std::vector<Front::Part>& parts = made.all;
  std::size_t of_tasks = 0;
  for (const bool exists : {false, true}) {
    for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) {
      const ProgramNode& node = program_.nodes[i];
      if (node.exists() != exists || front < node.front || front > node.last) continue;
      if (node.pace == Pace::by_chunks) {
        append_chunk(i, front, parts);
      } else if (!node.given.empty()) {
        for (std::int64_t number = 0; number < node.extent.volume(); ++number) {
          const Index place = node.extent.place_of(number);
          if (node.given[static_cast<std::size_t>(number)].rank == rank_ && node.needed.contains(place))
            parts.push_back({i, Region::of(place), 0});
        }
      } else {
        Region own = program_.own(i, rank_);
        if (node.pace == Pace::by_steps) {
          own.low[0] = std::max(own.low[0], (front - node.front) * node.rows);
          own.high[0] = std::min(own.high[0], (front - node.front + 1) * node.rows);
        }
        if (!own.empty()) parts.push_back({i, own, 0});
      }
    }
    if (!exists) of_tasks = parts.size();
  }
  made.first_of_node.assign(program_.nodes.size(), parts.size());
  for (std::size_t i = parts.size(); i-- > 0;) made.first_of_node[parts[i].node] = i;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].first = made.slots;
    const std::int64_t next = std::int64_t{made.slots} + parts[i].region.volume();
    constexpr std::int64_t most = std::int64_t{1} << 31;
    if (next > most) {
      throw std::length_error(
          "ramal: a rank's members of one family that have to be planned at once are more than "
          "2^31; say how far they reach (FamilyOptions::reach)");
    }
    made.slots = static_cast<Slot>(next);
    if (i < of_tasks) made.tasks = made.slots;
  }
  return made;
}

std::optional<Slot> Expander::Parts::find(std::uint32_t node, const Index& place) const {
  if (all.empty()) return std::nullopt;
  for (std::size_t i = first_of_node[node]; i < all.size() && all[i].node == node; ++i) {
    if (all[i].region.contains(place)) return all[i].slot_of(place);
  }
  return std::nullopt;
}

}  // namespace ramal::detail
