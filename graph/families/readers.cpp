// SPDX-License-Identifier: BSD-3-Clause
// What an Expander finds out once about a family program: who reads whom, and how near; and which fronts
// repeat.
#include "graph/families/expand.hpp"

#include <algorithm>
#include <limits>

namespace ramal::detail {

Expander::Expander(const FamilyProgram& program, std::uint32_t rank)
    : program_(program), rank_(rank), readers_(program.nodes.size()) {
  for (std::uint32_t i = 0; i < program.nodes.size(); ++i) {
    const ProgramNode& node = program.nodes[i];
    for (std::uint32_t k = 0; k < node.sources.size(); ++k) readers_[node.sources[k].node].push_back({i, k});
    reads_.push_back(reads_of(node));
    row_.push_back(std::max<std::int64_t>(1, node.row()));
  }
  for (std::uint32_t i = 0; i < program.nodes.size(); ++i) {
    near_.push_back(fronts_to_last_reader(i));
    runs_.push_back(runs_by_chunks(i));
  }
  steady_.push_back(find_steady());
  for (const ProgramLoop& loop : program.loops) {
    // A loop's first front reads what is outside of it, and its last two are followed by other fronts than
    // those before them are.
    steady_.push_back({loop.front + 2, loop.epilogue - 2, loop.rows});
  }
}

/// How many fronts after a member its last reader is; -1 unless all readers step in time with it. It is one
/// more than the distance of their first fronts, since a front has at least as many steps as any reads back.
std::int64_t Expander::fronts_to_last_reader(std::uint32_t i) const {
  const ProgramNode& node = program_.nodes[i];
  if (node.pace != Pace::by_steps) return -1;
  std::int64_t most = 1;
  for (const Reader& reader : readers_[i]) {
    const ProgramNode& by = program_.nodes[reader.node];
    if (node.loop >= 0) {
      if (by.loop != node.loop || by.sources[reader.source].when == When::at_first) return -1;
      continue;
    }
    if (by.pace != Pace::by_steps || by.loop >= 0) return -1;
    const Dependence& dependence = *by.kind->dependence;
    const bool in_time =
        reader.node == i || dependence.in_time || dependence.known_lag(by.closure.data()) > 0;
    const std::int64_t behind = by.front - node.front;
    if (!in_time || by.sources[reader.source].shape != node.extent || behind < 0 || behind > near_fronts)
      return -1;
    most = std::max(most, behind + 1);
  }
  return most;
}

Expander::Steady Expander::steady(std::int64_t front) const {
  for (const Steady& steady : steady_) {
    if (steady.contains(front)) return steady;
  }
  return {};
}

/// The fronts outside of loops that repeat: where all is by steps, moves on in time, and nobody else reads a
/// step but the last.
Expander::Steady Expander::find_steady() const {
  Steady steady{0, program_.fronts, program_.rows};
  std::int64_t lag = 0;  // of all that read steps
  for (const ProgramNode& node : program_.nodes) {
    if (node.exists() || node.is_task || node.kind->dependence->lag == nullptr) continue;
    const std::int64_t known = node.kind->dependence->known_lag(node.closure.data());
    lag = known > 0 ? std::max(lag, known) : std::numeric_limits<std::int64_t>::max();
  }
  for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) {
    const ProgramNode& node = program_.nodes[i];
    if (node.pace != Pace::by_steps || node.loop >= 0) continue;
    if (node.period == 0 || program_.rows % node.period != 0) return {};
    for (const ProgramSource& source : node.sources) {
      const ProgramNode& from = program_.nodes[source.node];
      // Another's last step or a single value stays where it is; a whole row of time does not.
      if (from.pace != Pace::by_steps && source.shape.dims == node.extent.dims && source.shape.volume() > 1)
        return {};
    }
    for (const Reader& reader : readers_[i]) {
      const ProgramNode& by = program_.nodes[reader.node];
      const ProgramSource& source = by.sources[reader.source];
      if ((by.pace != Pace::by_steps || by.loop >= 0) &&
          source.base / std::max<std::int64_t>(1, node.row()) != node.extent[0] - 1)
        return {};
    }
    // The links of a node's first front would lead from a front in which it has no members, and nothing reads
    // on in its last one. What reads the front before that may read steps that the last one does not have.
    const std::int64_t periodic_from = (node.periodic_from + program_.rows - 1) / program_.rows;
    steady.first = std::max(steady.first, node.front + std::max<std::int64_t>(1, periodic_from));
    const std::int64_t rows_of_last = node.needed.high[0] - (node.last - node.front) * program_.rows;
    steady.end = std::min(steady.end, rows_of_last >= lag ? node.last : node.last - 1);
    // Where only later steps are needed, the front of the first of these is the first with tasks.
    const std::int64_t first_needed = node.front + node.needed.low[0] / node.rows;
    if (node.needed.low[0] > 0 && first_needed < node.last - 1)
      steady.first = std::max(steady.first, first_needed + 2);
  }
  // Fronts in which something else is made are not like others either.
  for (const ProgramNode& node : program_.nodes) {
    if (node.pace == Pace::by_steps && node.loop < 0) continue;
    if (node.last + 2 <= std::max<std::int64_t>(steady.first, 2)) {
      steady.first = std::max(steady.first, node.last + 2);
    } else {
      steady.end = std::min(steady.end, node.front);
    }
  }
  return steady;
}

// --- who reads what ---------------------------------------------------------------------------------------

namespace {

/// A source's region as a reader's view of that source has it; `lengths` are the source's. Nothing if the
/// view has none of it.
std::optional<Region> seen_by(const ProgramSource& source, const Index& lengths, bool steps,
                              const Region& region) {
  if (source.shape == lengths) return region;
  if (source.shape.volume() == 1) {
    if (!region.contains(lengths.place_of(source.base))) return std::nullopt;
    return Region::whole(source.shape);
  }
  if (source.shape.dims == lengths.dims) return Region::whole(source.shape);
  const std::int64_t row = within_step(lengths).volume();
  if (steps && source.base >= 0 && source.shape.volume() == row) {
    const std::int64_t step = source.base / std::max<std::int64_t>(1, row);
    if (step < region.low[0] || step >= region.high[0]) return std::nullopt;
    // Which of its dimensions the view lacks besides is looked at as in a source without steps.
    return seen_by(source, within_step(lengths), false, {within_step(region.low), within_step(region.high)});
  }
  // The view has the same numbers and lacks some dimensions of length 1, which may be any of several. Those
  // that are left have the same lengths in the same order, and one of length 1 is seen whole.
  Region seen = Region::whole(source.shape);
  int d = 0;
  for (int to = 0; to < source.shape.dims; ++to) {
    if (source.shape[to] == 1) continue;
    while (d < lengths.dims && lengths[d] == 1) ++d;
    if (d == lengths.dims || lengths[d] != source.shape[to]) return Region::whole(source.shape);
    seen.low[to] = region.low[d];
    seen.high[to] = region.high[d];
    ++d;
  }
  return seen;
}

}  // namespace

/// Fills `boxes` with boxes within the reader's extent that hold all its places that read some place of the
/// region.
void Expander::find_readers(std::uint32_t index, const Region& region, const Reader& reader,
                            std::vector<Region>& boxes) const {
  boxes.clear();
  const ProgramNode& node = program_.nodes[index];
  const ProgramNode& by = program_.nodes[reader.node];
  const ProgramSource& source = by.sources[reader.source];
  const auto seen = source.in_step() ? seen_by(source, within_step(node.extent), false,
                                               {within_step(region.low), within_step(region.high)})
                                     : seen_by(source, node.extent, node.steps, region);
  if (!seen) return;
  const Index extent = by.pattern_extent();
  if (by.is_task || source.shape.volume() == 1) {  // a single one is anybody's
    boxes.push_back(Region::whole(extent));
  } else {
    const std::uint32_t as_seen = source.when == When::at_first ? source.other : reader.source;
    by.kind->dependence->readers(by.closure.data(), extent, as_seen, *seen, boxes);
  }
  for (Region& box : boxes) box = box.within(extent);
  if (by.loop < 0) {
    for (Region& box : boxes) box = box.and_(by.needed);
  }
  std::erase_if(boxes, [](const Region& box) { return box.empty(); });
  if (by.loop < 0) return;
  const std::size_t count = boxes.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Region box = boxes[i];
    const auto at_steps = [&box](std::int64_t from, std::int64_t to) {
      return Region{at_step(from, box.low), at_step(to, box.high)};
    };
    const std::int64_t steps = by.extent[0];
    switch (source.when) {
      case When::always:  // all steps read the same, so that the first and the last stand for all
        boxes[i] = at_steps(0, 1);
        if (steps > 1) boxes.push_back(at_steps(steps - 1, steps));
        break;
      case When::at_first:
        boxes[i] = at_steps(0, 1);
        break;
      case When::same_step:
        boxes[i] = at_steps(region.low[0], region.high[0]);
        break;
      case When::step_before:
        boxes[i] = at_steps(std::min(region.low[0] + 1, steps), std::min(region.high[0] + 1, steps));
        break;
    }
  }
  std::erase_if(boxes, [](const Region& box) { return box.empty(); });
}

std::int64_t Expander::last_reader(MemberName member) const {
  const std::uint32_t index = node_of(member);
  const Index place = program_.nodes[index].extent.place_of(number_of(member));
  std::int64_t last = -1;
  std::vector<Region> boxes;
  for (const Reader& reader : readers_[index]) {
    find_readers(index, Region::of(place), reader, boxes);
    for (const Region& box : boxes) last = std::max(last, program_.latest_front(reader.node, box));
  }
  return last;
}

}  // namespace ramal::detail
