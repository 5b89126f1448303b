// SPDX-License-Identifier: BSD-3-Clause
#include "graph/expand.hpp"

#include <algorithm>
#include <stdexcept>

namespace ramal::detail {

namespace {

template <class Visit>
void for_each_place(const Region& region, const Visit& visit) {
  if (region.empty()) return;
  const int last = region.low.dims - 1;
  for (Index place = region.low;;) {
    visit(place);
    int d = last;
    while (d >= 0 && ++place[d] == region.high[d]) {
      place[d] = region.low[d];
      --d;
    }
    if (d < 0) return;
  }
}

std::int64_t offset_in(const Region& region, const Index& place) {
  std::int64_t offset = 0;
  for (int d = 0; d < place.dims; ++d)
    offset = offset * (region.high[d] - region.low[d]) + place[d] - region.low[d];
  return offset;
}
Index place_in(const Region& region, std::int64_t offset) {
  Index lengths = region.high;
  for (int d = 0; d < lengths.dims; ++d) lengths[d] -= region.low[d];
  Index place = lengths.place_of(offset);
  for (int d = 0; d < lengths.dims; ++d) place[d] += region.low[d];
  return place;
}

void throw_refused(Frame& frame, Value&) {
  const std::string_view text(reinterpret_cast<const char*>(frame.literals.data()), frame.literals.size());
  throw std::invalid_argument(std::string(text.substr(0, text.find('\0'))));
}
std::string preview_nothing(const Frame&) { return {}; }

/// What a subgraph is made of, as it grows.
struct Draft {
  std::vector<std::uint32_t> kind, input_offsets{0}, literal_offsets{0};
  std::vector<Slot> inputs;
  std::vector<std::byte> literals;
  std::vector<External> externals;
  std::vector<Route> routes;

  void end_task() {
    input_offsets.push_back(static_cast<std::uint32_t>(inputs.size()));
    literals.resize((literals.size() + 7) / 8 * 8);
    literal_offsets.push_back(static_cast<std::uint32_t>(literals.size() / 8));
  }
  Subgraph subgraph() const {
    Subgraph graph = Subgraph::make({.magic = Subgraph::expected_magic,
                                     .run = 0,
                                     .tasks = static_cast<std::uint32_t>(kind.size()),
                                     .kinds = 0,
                                     .inputs = static_cast<std::uint32_t>(inputs.size()),
                                     .externals = static_cast<std::uint32_t>(externals.size()),
                                     .routes = static_cast<std::uint32_t>(routes.size()),
                                     .keeps = 0,
                                     .priorities = 0,
                                     .needs = 0,
                                     .pins = 0,
                                     .literal_words = literals.size() / 8});
    const auto copy = [](const auto& from, auto to) {
      if (!from.empty()) std::copy(from.begin(), from.end(), writable(to));
    };
    copy(kind, graph.kind);
    copy(input_offsets, graph.input_offsets);
    copy(inputs, graph.inputs);
    copy(literal_offsets, graph.literal_offsets);
    copy(externals, graph.externals);
    copy(routes, graph.routes);
    copy(literals, graph.literals);
    for (std::uint32_t i = 0; i < kind.size(); ++i) writable(graph.plan)[i] = i;
    return graph;
  }
};

}  // namespace

constexpr Kind refused_member{.name = "refused member",
                              .result = &TypeOf<Void>::type,
                              .run = &throw_refused,
                              .preview = &preview_nothing};

Named Front::member(const FamilyProgram& program, Slot slot) const {
  // Parts in the order of their first slots; those whose values exist come after all tasks.
  const auto after = std::upper_bound(parts.begin(), parts.end(), slot,
                                      [](Slot at, const Part& part) { return at < part.first; });
  const Part& part = after[-1];
  const ProgramNode& node = program.nodes[part.node];
  return {name_of(part.node, node.extent.number_of(place_in(part.region, slot - part.first))),
          node.pace == Pace::by_steps ? node.row() : 0};
}

std::optional<Slot> Front::slot_of(std::uint32_t node, const Index& place) const {
  for (const Part& part : parts) {
    if (part.node == node && part.region.contains(place))
      return part.first + static_cast<Slot>(offset_in(part.region, place));
  }
  return std::nullopt;
}

Expander::Expander(const FamilyProgram& program, std::uint32_t rank)
    : program_(program), rank_(rank), readers_(program.nodes.size()) {
  for (std::uint32_t i = 0; i < program.nodes.size(); ++i) {
    std::vector<Index> shapes;
    for (std::uint32_t k = 0; k < program.nodes[i].sources.size(); ++k) {
      const ProgramSource& source = program.nodes[i].sources[k];
      shapes.push_back(source.shape);
      readers_[source.node].push_back({i, k});
    }
    reads_.emplace_back(std::move(shapes));
  }
  // Rows of a front are at least as many as any step back, so that what steps in time reads the front before
  // at the farthest.
  for (std::uint32_t i = 0; i < program.nodes.size(); ++i) {
    const ProgramNode& node = program.nodes[i];
    near_.push_back(node.pace == Pace::by_steps &&
                    std::ranges::all_of(readers_[i], [&](const Reader& reader) {
                      const ProgramNode& by = program.nodes[reader.node];
                      return by.pace == Pace::by_steps && by.front == node.front &&
                             (reader.node == i || by.kind->dependence->in_time);
                    }));
    row_.push_back(std::max<std::int64_t>(1, node.row()));
  }
  steady_ = find_steady();
}

/// Where all is by steps, moves on in time, and nobody else reads a step but the last.
Expander::Steady Expander::find_steady() const {
  Steady steady{0, program_.fronts};
  for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) {
    const ProgramNode& node = program_.nodes[i];
    if (node.pace != Pace::by_steps) continue;
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
      if (by.pace != Pace::by_steps &&
          source.base / std::max<std::int64_t>(1, node.row()) != node.extent[0] - 1)
        return {};
    }
    // The first reads others, and the second's links lead from the first. The last two are not like those
    // before: nobody reads on, and rows may be missing.
    steady.first =
        std::max(steady.first, node.front + 2 + (node.settled + program_.rows - 1) / program_.rows);
    steady.end = std::min(steady.end, node.last - 1);
  }
  // Nor are those in which something else is made.
  for (const ProgramNode& node : program_.nodes) {
    if (node.pace == Pace::by_steps) continue;
    if (node.last + 2 <= std::max<std::int64_t>(steady.first, 2)) {
      steady.first = std::max(steady.first, node.last + 2);
    } else {
      steady.end = std::min(steady.end, node.front);
    }
  }
  return steady;
}

void Expander::append_chunk(std::uint32_t index, std::int64_t front, std::vector<Front::Part>& parts) const {
  const ProgramNode& node = program_.nodes[index];
  const Region own = program_.block(index, rank_);
  const std::int64_t low = own.low[0], high = own.high[0];
  if (low >= high) return;
  // The rank's leaves of that chunk, and whatever at the ends of its block goes another way.
  const std::int64_t begin = (std::int64_t{rank_} * node.leaves + program_.ranks - 1) / program_.ranks;
  const std::int64_t end = ((std::int64_t{rank_} + 1) * node.leaves + program_.ranks - 1) / program_.ranks;
  const std::int64_t chunk = front - node.front;
  const std::int64_t first_leaf = begin + (chunk * (end - begin) + program_.chunks - 1) / program_.chunks;
  const std::int64_t last_leaf =
      begin + ((chunk + 1) * (end - begin) + program_.chunks - 1) / program_.chunks;
  constexpr std::int64_t margin = 4;
  constexpr std::int64_t few = 64;
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
  if (high - low <= few) {
    ranges.push_back({low, high});
  } else {
    ranges = {{low, low + margin},
              {std::max(low, first_leaf / node.width - 1), std::min(high, last_leaf / node.width + 2)},
              {high - margin, high}};
  }
  std::int64_t at = low;
  for (auto [first, last] : ranges) {
    for (std::int64_t i = std::max(first, at); i < last; ++i) {
      if (program_.front(index, Index(i)) != front) continue;
      if (!parts.empty() && parts.back().node == index && parts.back().region.high[0] == i) {
        ++parts.back().region.high[0];
      } else {
        parts.push_back({index, {Index(i), Index(i + 1)}, 0});
      }
    }
    at = std::max(at, last);
  }
}

/// Own members of a front, without slots: first all tasks, then what exists.
std::vector<Front::Part> Expander::parts_of(std::int64_t front,
                                            std::vector<std::size_t>& first_of_node) const {
  std::vector<Front::Part> parts;
  for (const bool exists : {false, true}) {
    for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) {
      const ProgramNode& node = program_.nodes[i];
      if (node.exists() != exists || front < node.front || front > node.last) continue;
      if (node.pace == Pace::by_chunks) {
        append_chunk(i, front, parts);
      } else if (!node.given.empty()) {
        for (std::int64_t k = 0; k < node.extent[0]; ++k) {
          if (node.given[static_cast<std::size_t>(k)].rank == rank_)
            parts.push_back({i, {Index(k), Index(k + 1)}, 0});
        }
      } else {
        Region own = program_.block(i, rank_);
        if (node.pace == Pace::by_steps) {
          own.low[0] = (front - node.front) * program_.rows;
          own.high[0] = std::min(own.high[0], own.low[0] + program_.rows);
        }
        if (!own.empty()) parts.push_back({i, own, 0});
      }
    }
  }
  Slot slot = 0;
  first_of_node.assign(program_.nodes.size(), parts.size());
  for (std::size_t i = parts.size(); i-- > 0;) first_of_node[parts[i].node] = i;
  for (Front::Part& part : parts) {
    part.first = slot;
    const std::int64_t next = std::int64_t{slot} + part.region.volume();
    constexpr std::int64_t most = std::int64_t{1} << 31;
    if (next > most) {
      throw std::length_error(
          "ramal: a rank's members of one family that have to be planned at once are more than "
          "2^31; say how far they reach (FamilyOptions::reach)");
    }
    slot = static_cast<Slot>(next);
  }
  return parts;
}

/// What a reader sees of a region of its source's node.
Region Expander::view_of(std::uint32_t index, const ProgramSource& source, const Region& region,
                         bool& visible) const {
  const ProgramNode& node = program_.nodes[index];
  visible = true;
  if (source.shape == node.extent) return region;
  if (source.shape.volume() == 1) {
    visible = region.contains(node.extent.place_of(source.base));
    return Region::whole(source.shape);
  }
  if (source.shape.dims == node.extent.dims) return Region::whole(source.shape);
  Region seen{source.shape, source.shape};
  if (node.steps && source.base >= 0 && source.shape.volume() == node.row()) {
    const std::int64_t step = source.base / std::max<std::int64_t>(1, node.row());
    visible = step >= region.low[0] && step < region.high[0];
    if (source.shape.dims == node.extent.dims - 1) {
      for (int d = 0; d < source.shape.dims; ++d) {
        seen.low[d] = region.low[d + 1];
        seen.high[d] = region.high[d + 1];
      }
      return seen;
    }
    return Region::whole(source.shape);
  }
  // Dimensions of length 1 are gone; numbers stay.
  int to = 0;
  for (int d = 0; d < node.extent.dims && to < source.shape.dims; ++d) {
    if (node.extent[d] == 1 && node.extent.dims - d > source.shape.dims - to) continue;
    seen.low[to] = region.low[d];
    seen.high[to] = region.high[d];
    ++to;
  }
  return seen;
}

std::int64_t Expander::last_reader(MemberName member) const {
  const std::uint32_t index = node_of(member);
  const Index place = program_.nodes[index].extent.place_of(number_of(member));
  Region one{place, place};
  for (int d = 0; d < place.dims; ++d) ++one.high[d];
  std::int64_t last = -1;
  std::vector<Region> boxes;
  for (const Reader& reader : readers_[index]) {
    const ProgramNode& by = program_.nodes[reader.node];
    bool visible = false;
    const Region seen = view_of(index, by.sources[reader.source], one, visible);
    if (!visible) continue;
    boxes.clear();
    by.kind->dependence->readers(by.closure.data(), by.extent, reader.source, seen, boxes);
    for (const Region& box : boxes) {
      const Region clipped = box.within(by.extent);
      if (!clipped.empty()) last = std::max(last, program_.latest_front(reader.node, clipped));
    }
  }
  return last;
}

Front Expander::expand(std::int64_t number) {
  Front front;
  front.number = number;
  std::vector<std::size_t> first_of_node, first_before;
  front.parts = parts_of(number, first_of_node);
  const auto before = number > 0 ? parts_of(number - 1, first_before) : std::vector<Front::Part>();
  const auto find = [](const std::vector<Front::Part>& parts, const std::vector<std::size_t>& first,
                       std::uint32_t node, const Index& place) -> std::optional<Slot> {
    for (std::size_t i = first[node]; i < parts.size() && parts[i].node == node; ++i) {
      if (parts[i].region.contains(place))
        return parts[i].first + static_cast<Slot>(offset_in(parts[i].region, place));
    }
    return std::nullopt;
  };
  const auto kind_index = [&front](const Kind* kind) {
    const auto found = std::ranges::find(front.kinds, kind);
    if (found != front.kinds.end()) return static_cast<std::uint32_t>(found - front.kinds.begin());
    front.kinds.push_back(kind);
    return static_cast<std::uint32_t>(front.kinds.size() - 1);
  };

  Draft draft;
  Slot tasks = 0;
  for (const Front::Part& part : front.parts) {
    const ProgramNode& node = program_.nodes[part.node];
    const std::uint32_t kind = kind_index(node.kind);
    if (!node.exists()) {
      tasks = part.first + static_cast<Slot>(part.region.volume());
      continue;
    }
    for_each_place(part.region, [&](const Index& place) {
      const std::int64_t at = node.extent.number_of(place);
      const ValueId id =
          node.kept != 0 ? node.kept + static_cast<ValueId>(at) : node.given[static_cast<std::size_t>(at)].id;
      draft.externals.push_back({id, External::import, kind});
    });
  }

  // What own members read.
  std::unordered_map<MemberName, Slot> awaited;
  constexpr Slot none = ~Slot{0};
  std::int64_t slots_before = 0;
  for (const Front::Part& part : before) slots_before = part.first + part.region.volume();
  Array<Slot> linked(static_cast<std::size_t>(slots_before), none);  // by slot of the front before
  for (const Front::Part& part : front.parts) {
    const ProgramNode& node = program_.nodes[part.node];
    if (node.exists()) continue;
    const std::uint32_t kind = kind_index(node.kind);
    Reads& reads = reads_[part.node];
    InputCounts counts;
    for_each_place(part.region, [&](const Index& place) {
      const std::string problem = read_member(node, place, reads, counts);
      const auto& all = reads.all();
      if (!problem.empty()) {
        const auto text = std::as_bytes(std::span(problem));
        draft.kind.push_back(kind_index(&refused_member));
        draft.literals.insert(draft.literals.end(), text.begin(), text.end());
        draft.literals.push_back(std::byte{0});
        draft.end_task();
        return;
      }
      for (const Reads::Read& read : all) {
        const ProgramSource& source = node.sources[read.source];
        const ProgramNode& from = program_.nodes[source.node];
        const Index at = from.extent.place_of(source.base + read.number);
        const bool own = program_.owner(source.node, at) == rank_;
        const std::int64_t when = program_.front(source.node, at);
        if (own && when == number) {
          draft.inputs.push_back(*find(front.parts, first_of_node, source.node, at));
          continue;
        }
        const MemberName name = name_of(source.node, source.base + read.number);
        const auto next = static_cast<Slot>(tasks + draft.externals.size());
        if (own && when == number - 1) {
          const Slot there = *find(before, first_before, source.node, at);
          if (linked[there] == none) front.links.push_back({there, linked[there] = next});
          draft.inputs.push_back(linked[there]);
        } else {
          draft.inputs.push_back(awaited.emplace(name, next).first->second);
          if (draft.inputs.back() == next) {
            const bool moves = from.pace == Pace::by_steps && source.shape == from.extent;
            front.awaited.push_back({next, {name, moves ? from.row() : 0}});
          }
        }
        if (draft.inputs.back() == next)
          draft.externals.push_back({name, External::arrival, kind_index(from.kind)});
      }
      draft.kind.push_back(kind);
      write_member_literals(node, place, counts, draft.literals);
      draft.end_task();
    });
  }

  // Who else reads own members.
  std::vector<std::pair<Slot, std::uint32_t>> leaving;
  std::vector<Region> boxes;
  InputCounts counts;
  for (const Front::Part& part : front.parts) {
    for (const Reader& reader : readers_[part.node]) {
      const ProgramNode& by = program_.nodes[reader.node];
      const ProgramSource& source = by.sources[reader.source];
      bool visible = false;
      const Region seen = view_of(part.node, source, part.region, visible);
      if (!visible) continue;
      boxes.clear();
      by.kind->dependence->readers(by.closure.data(), by.extent, reader.source, seen, boxes);
      const Region own = program_.block(reader.node, rank_);
      const int last = by.extent.dims - 1;
      Reads& reads = reads_[reader.node];
      for (const Region& box : boxes) {
        const Region clipped = box.within(by.extent);
        if (clipped.empty()) continue;
        for (Index place = clipped.low; place[0] < clipped.high[0];) {
          // Own members of this front and the next have been, or will be, looked at above.
          if (program_.owner(reader.node, place) == rank_ &&
              program_.front(reader.node, place) <= number + 1) {
            if ((last > 0 || by.pace == Pace::once) && own.contains(place)) {
              place[last] = own.high[last];  // and so is the rest of the row
            } else {
              ++place[last];
            }
          } else {
            if (read_member(by, place, reads, counts).empty()) {  // else it fails where it is
              for (const Reads::Read& read : reads.all()) {
                if (read.source != reader.source) continue;
                const Index at = program_.nodes[part.node].extent.place_of(source.base + read.number);
                if (part.region.contains(at)) {
                  leaving.push_back({part.first + static_cast<Slot>(offset_in(part.region, at)),
                                     program_.owner(reader.node, place)});
                }
              }
            }
            ++place[last];
          }
          for (int d = last; d > 0 && place[d] >= clipped.high[d]; --d) {
            place[d] = clipped.low[d];
            ++place[d - 1];
          }
        }
      }
    }
  }
  std::ranges::sort(leaving);
  leaving.erase(std::unique(leaving.begin(), leaving.end()), leaving.end());
  for (const auto& [slot, to] : leaving) {
    if (draft.routes.empty() || draft.routes.back().slot != slot)
      front.names.push_back(front.member(program_, slot));
    draft.routes.push_back({slot, to, static_cast<Slot>(front.names.size() - 1)});
  }
  front.graph = draft.subgraph();
  return front;
}

}  // namespace ramal::detail
