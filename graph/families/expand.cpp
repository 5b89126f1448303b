// SPDX-License-Identifier: BSD-3-Clause
#include "graph/families/expand.hpp"

#include <algorithm>
#include <cstring>
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

void throw_refused(CallFrame& frame, Value&) {
  const std::string_view text(reinterpret_cast<const char*>(frame.literals.data()), frame.literals.size());
  throw std::invalid_argument(std::string(text.substr(0, text.find('\0'))));
}
std::string preview_nothing(const CallFrame&) { return {}; }

}  // namespace

constexpr Kind refused_member{.name = "refused member",
                              .result = &TypeOf<Void>::type,
                              .run = &throw_refused,
                              .preview = &preview_nothing};

std::optional<Slot> Expander::awaiting(const Front& front, std::int64_t steps, MemberName member) const {
  const std::int64_t moved = steps * row_[node_of(member)];
  if (number_of(member) >= moved) {
    const auto found = front.awaited.find(member - static_cast<MemberName>(moved));
    if (found != front.awaited.end() && (steps == 0 || found->second.stride != 0)) return found->second.slot;
  }
  if (steps == 0 || !front.awaits_fixed) return std::nullopt;
  const auto found = front.awaited.find(member);
  return found != front.awaited.end() && found->second.stride == 0 ? std::optional(found->second.slot)
                                                                   : std::nullopt;
}

// --- one front --------------------------------------------------------------------------------------------

/// A front in the making.
class Expander::Expansion {
 public:
  Expansion(Expander& expander, std::int64_t number)
      : expander_(expander),
        program_(expander.program_),
        rank_(expander.rank_),
        parts_(expander.parts_of(number)),
        before_(number > 0 ? expander.parts_of(number - 1) : Parts()),
        linked_(before_.slots, none) {
    front_.number = number;
  }

  Front make() {
    for (const Front::Part& part : parts_.all) {
      if (program_.nodes[part.node].exists()) take_existing(part);
    }
    for (const Front::Part& part : parts_.all) {
      if (!program_.nodes[part.node].exists()) make_tasks(part);
    }
    if (const auto loop = program_.loop_with_states(front_.number)) carry_states(program_.loops[*loop]);
    for (const Front::Part& part : parts_.all) find_leaving(part);
    front_.parts = std::move(parts_.all);
    route_leaving();
    leave_each_once(front_.consumers);
    leave_each_once(front_.producers);
    front_.graph = draft_.finish(0);
    return std::move(front_);
  }

 private:
  static constexpr Slot none = ~Slot{0};

  std::uint32_t kind_index(const Kind* kind) {
    const auto found = std::ranges::find(front_.kinds, kind);
    if (found != front_.kinds.end()) return static_cast<std::uint32_t>(found - front_.kinds.begin());
    front_.kinds.push_back(kind);
    return static_cast<std::uint32_t>(front_.kinds.size() - 1);
  }
  Slot next_external() const { return static_cast<Slot>(parts_.tasks + draft_.externals.size()); }

  void take_existing(const Front::Part& part) {
    const ProgramNode& node = program_.nodes[part.node];
    const std::uint32_t kind = kind_index(node.kind);
    for_each_place(part.region, [&](const Index& place) {
      const std::int64_t at = node.extent.number_of(place);
      if (node.left_by >= 0) {
        const MemberName name = name_of(part.node, at);
        front_.awaited.emplace(name, Awaited{next_external(), 0});
        front_.awaits_fixed = true;
        draft_.externals.push_back({name, External::arrival, kind});
        return;
      }
      const ValueId id =
          node.kept != 0 ? node.kept + static_cast<ValueId>(at) : node.given[static_cast<std::size_t>(at)].id;
      draft_.externals.push_back({id, External::import, kind});
    });
  }

  void make_tasks(const Front::Part& part) {
    const ProgramNode& node = program_.nodes[part.node];
    const std::uint32_t kind = kind_index(node.kind);
    Reads& reads = expander_.reads_[part.node];
    for_each_place(part.region, [&](const Index& place) {
      std::string problem = read_member(node, place, reads, counts_);
      if (problem.empty() && !node.is_task && node.kind->dependence->by_inverse)
        problem = untold_read(part.node, place, reads);
      if (!problem.empty()) {
        refuse(problem);
        return;
      }
      note_wishes(node);
      literals_.clear();
      write_member_literals(node, place, counts_, literals_);
      Slot* slot = add_task(kind, reads.all().size());
      for (const Reads::Read& read : reads.all()) *slot++ = input(node, node.sources[read.source], read);
    });
  }

  /// What comes by name comes only if its owner is told of this reader by the inverse.
  std::string untold_read(std::uint32_t index, const Index& place, const Reads& reads) {
    const ProgramNode& node = program_.nodes[index];
    for (const Reads::Read& read : reads.all()) {
      const ProgramSource& source = node.sources[read.source];
      const Index at = program_.nodes[source.node].extent.place_of(source.base + read.number);
      if (parts_.find(source.node, at) || before_.find(source.node, at)) continue;
      expander_.find_readers(source.node, Region::of(at), {index, read.source}, boxes_);
      Index told = place;
      if (node.loop >= 0 && source.when == When::always) told[0] = 0;  // which stands for all steps
      if (std::ranges::any_of(boxes_, [&told](const Region& box) { return box.contains(told); })) continue;
      const Index seen = source.shape.place_of(source.in_step() ? read.number % source.row : read.number);
      return "reads " + seen.text() + " of source " +
             std::to_string(source.when == When::at_first ? source.other : read.source) +
             ", but the inverse of its dependence does not say so";
    }
    return {};
  }

  void refuse(const std::string& problem) {
    const auto text = std::as_bytes(std::span(problem));
    literals_.assign(text.begin(), text.end());
    literals_.push_back(std::byte{0});
    add_task(kind_index(&refused_member), 0);
  }

  /// The next one, with those literals. Returns where its inputs are to be written. A member's name says
  /// more than an index in a plan, for which its slot stands.
  Slot* add_task(std::uint32_t kind, std::size_t inputs) {
    const SubgraphDraft::Room room = draft_.add_task(kind, draft_.tasks(), inputs, literals_.size());
    if (!literals_.empty()) std::memcpy(room.literals, literals_.data(), literals_.size());
    return room.inputs;
  }

  void note_wishes(const ProgramNode& node) {
    const Slot task = draft_.tasks();
    if (node.priority != 0) draft_.priorities.push_back({task, node.priority});
    if (node.threads > 1 || node.result_bytes > 0)
      draft_.needs.push_back({.result_bytes = node.result_bytes, .slot = task, .threads = node.threads});
  }

  /// The slot of what a member of this front reads.
  Slot input(const ProgramNode& reader, const ProgramSource& source, const Reads::Read& read) {
    const ProgramNode& from = program_.nodes[source.node];
    const std::int64_t number = source.base + read.number;
    const Index at = from.extent.place_of(number);
    if (const auto here = parts_.find(source.node, at)) return *here;
    if (const auto there = before_.find(source.node, at)) return link_from(*there, from);
    const std::uint32_t owner = program_.owner(source.node, at);
    if (owner != rank_ && front_.number - program_.front(source.node, at) <= near_fronts && is_paced(from))
      front_.producers.push_back(owner);
    const MemberName name = name_of(source.node, number);
    // What a loop reads of an outer family with steps of its own stays where it is from step to step.
    const bool steps_alike = reader.loop < 0 && from.pace == Pace::by_steps && source.shape == from.extent;
    const bool moves = source.in_step() || steps_alike;
    const auto [found, is_new] =
        front_.awaited.emplace(name, Awaited{next_external(), moves ? expander_.row_[source.node] : 0});
    if (is_new) {
      draft_.externals.push_back({name, External::arrival, kind_index(from.kind)});
      front_.awaits_fixed = front_.awaits_fixed || !moves;
    }
    return found->second.slot;
  }

  bool is_paced(const ProgramNode& node) const {
    return node.loop < 0 || program_.loops[static_cast<std::size_t>(node.loop)].done < 0;
  }

  Slot link_from(Slot there, const ProgramNode& from) {
    Slot& linked = linked_[there];
    if (linked == none) {
      linked = next_external();
      front_.links.push_back({there, linked});
      draft_.externals.push_back({0, External::arrival, kind_index(from.kind)});
    }
    return linked;
  }

  /// The rank's own states of the step before, whether they are read or not: this may be where the loop ends.
  void carry_states(const ProgramLoop& loop) {
    const std::int64_t step = loop.step_before(front_.number);
    for (const std::uint32_t state : loop.states) {
      Region own = program_.block(state, rank_);
      if (own.empty()) continue;
      own.low[0] = step;
      own.high[0] = step + 1;
      for_each_place(own, [&](const Index& place) {
        front_.states.push_back(link_from(*before_.find(state, place), program_.nodes[state]));
      });
    }
  }

  /// Notes which own members others read, or this rank itself in a front after the next.
  void find_leaving(const Front::Part& part) {
    for (const Reader& reader : expander_.readers_[part.node]) {
      expander_.find_readers(part.node, part.region, reader, boxes_);
      if (program_.nodes[reader.node].pace == Pace::by_chunks) find_read_later(part, reader);
      for (const Region& box : boxes_) find_leaving(part, reader, box);
    }
    for (const ProgramLoop& loop : program_.loops) {
      if (loop.done != part.node) continue;  // that one's is heard by all
      for (std::int64_t k = 0; k < part.region.volume(); ++k) {
        for (std::uint32_t to = 0; to < program_.ranks; ++to)
          leaving_.push_back({part.first + static_cast<Slot>(k), to});
      }
    }
  }

  /// How many steps of a reader stand for all of them. They do where what is read stays where it is and all
  /// steps of the reader are alike from some step on: those up to there and a period, behind the two fronts
  /// of which own members are not looked at. Nothing if they do not.
  std::optional<std::int64_t> steps_for_all(const Reader& reader) const {
    const ProgramNode& by = program_.nodes[reader.node];
    const ProgramSource& source = by.sources[reader.source];
    const bool stays = source.shape.volume() == 1 || source.shape.dims != by.extent.dims;
    if (by.pace != Pace::by_steps || by.loop >= 0 || by.period == 0 || !stays) return std::nullopt;
    return by.periodic_from + by.period + 2 * by.rows;
  }

  /// Notes members that own ones by chunks may read in fronts after the next. This is as the pattern alone
  /// has it, which may be more than are read.
  void find_read_later(const Front::Part& part, const Reader& reader) {
    const Region own = program_.own(reader.node, rank_);
    const auto is_read_later = [&](const std::vector<Region>& boxes) {
      return std::ranges::any_of(boxes, [&](const Region& box) {
        const Region here = box.and_(own);
        return !here.empty() && program_.latest_front(reader.node, here) > front_.number + 1;
      });
    };
    if (!is_read_later(boxes_)) return;
    for (std::int64_t k = 0; k < part.region.volume(); ++k) {
      expander_.find_readers(part.node, Region::of(part.region.place_of(k)), reader, of_member_);
      if (is_read_later(of_member_)) leaving_.push_back({part.first + static_cast<Slot>(k), rank_});
    }
  }

  /// Notes all that others read, and what own members that do not go by chunks read in fronts after the next.
  void find_leaving(const Front::Part& part, const Reader& reader, Region box) {
    const ProgramNode& by = program_.nodes[reader.node];
    const Region own = program_.own(reader.node, rank_);
    if (const auto steps = steps_for_all(reader)) box.high[0] = std::min(box.high[0], box.low[0] + *steps);
    const int last = by.extent.dims - 1;
    for (Index place = box.low; place[0] < box.high[0];) {
      // Own members of this front and the next have been, or will be, looked at above; and all that go by
      // chunks.
      if (own.contains(place) &&
          (by.pace == Pace::by_chunks || program_.front(reader.node, place) <= front_.number + 1)) {
        if (by.pace != Pace::by_steps) {
          pass(own, box, place);
        } else {
          place[last] = last > 0 ? own.high[last] : place[last] + 1;  // those of the step
        }
      } else if (const auto to = note_reader(part, reader, place); to && part.region.volume() == 1) {
        // The part has one member only: that a rank reads it is all there is to be found out about that rank.
        pass(program_.own(reader.node, *to), box, place);
      } else {
        ++place[last];
      }
      for (int d = last; d > 0; --d) {
        if (place[d] < box.high[d]) continue;
        place[d] = box.low[d];
        ++place[d - 1];
      }
    }
  }

  /// Moves a place of a box to the end of what a region has of its row; or of all rows, if it has them whole.
  static void pass(const Region& region, const Region& box, Index& place) {
    const int last = place.dims - 1;
    int d = last;
    while (d > 0 && region.low[d] <= box.low[d] && region.high[d] >= box.high[d]) --d;
    for (int inner = d + 1; inner <= last; ++inner) place[inner] = box.low[inner];
    place[d] = std::max(place[d] + 1, region.high[d]);
  }

  /// Fills `reads` with what a member reads, of the part at least. False if that cannot be told.
  bool read_part(const ProgramNode& by, std::uint32_t source, const Front::Part& part, const Index& place,
                 Reads& reads) {
    const auto within = by.is_task || by.loop >= 0 ? nullptr : by.kind->dependence->reads_within;
    if (within == nullptr || by.sources[source].shape != program_.nodes[part.node].extent)
      return read_member(by, place, reads, counts_).empty();
    reads.begin(by.extent.number_of(place));
    within(by.closure.data(), place, part.region, reads);
    return true;
  }

  /// Notes what a member reads of the part. Gives its owner, if it reads anything.
  std::optional<std::uint32_t> note_reader(const Front::Part& part, const Reader& reader,
                                           const Index& place) {
    const ProgramNode& by = program_.nodes[reader.node];
    const ProgramNode& from = program_.nodes[part.node];
    Reads& reads = expander_.reads_[reader.node];
    if (!read_part(by, reader.source, part, place, reads)) return std::nullopt;  // it fails where it is
    const std::uint32_t to = program_.owner(reader.node, place);
    bool reads_any = false;
    for (const Reads::Read& read : reads.all()) {
      if (read.source != reader.source) continue;
      const Index at = from.extent.place_of(by.sources[read.source].base + read.number);
      if (!part.region.contains(at)) continue;
      leaving_.push_back({part.slot_of(at), to});
      reads_any = true;
    }
    if (!reads_any) return std::nullopt;
    if (to != rank_ && program_.front(reader.node, place) - front_.number <= near_fronts && is_paced(from))
      front_.consumers.push_back(to);
    return to;
  }

  template <class T>
  static void leave_each_once(std::vector<T>& all) {
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
  }

  void route_leaving() {
    leave_each_once(leaving_);
    for (auto one = leaving_.begin(); one != leaving_.end();) {
      const Slot slot = one->first;
      const auto end =
          std::find_if(one, leaving_.end(), [slot](const auto& other) { return other.first != slot; });
      front_.names.push_back(front_.member(program_, slot));
      const auto name = static_cast<Slot>(front_.names.size() - 1);
      const bool is_read_here = std::any_of(one, end, [this](const auto& to) { return to.second == rank_; });
      const auto others = static_cast<std::uint32_t>(end - one) - (is_read_here ? 1 : 0);
      if (program_.ranks >= least_for_tree && others == program_.ranks - 1) {
        draft_.routes.push_back({slot, all_others, name});
        if (is_read_here) draft_.routes.push_back({slot, rank_, name});
      } else {
        for (auto to = one; to != end; ++to) draft_.routes.push_back({slot, to->second, name});
      }
      one = end;
    }
  }

  Expander& expander_;
  const FamilyProgram& program_;
  const std::uint32_t rank_;
  Front front_;
  Parts parts_;
  const Parts before_;
  PagedVector<Slot> linked_;  // by slot of the front before
  SubgraphDraft draft_;
  InputCounts counts_;
  std::vector<std::byte> literals_;
  std::vector<Region> boxes_, of_member_;
  std::vector<std::pair<Slot, std::uint32_t>> leaving_;
};

/// The steps are those of Expansion::make: what exists, own members and what they read, a loop's states, and
/// who else reads own members.
Front Expander::expand(std::int64_t number) { return Expansion(*this, number).make(); }

}  // namespace ramal::detail
