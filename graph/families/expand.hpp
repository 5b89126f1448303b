// SPDX-License-Identifier: BSD-3-Clause
// expand: from a family program to one rank's subgraph of one front.
//
// Own members of the front are its tasks. What they read is a task of the same front, or an external: the
// member of the front before (a link, filled as soon as that one is), or one by its name: from an older front
// or another rank.
//
// Who reads what of this rank's lies elsewhere is found without a message: the readers' pattern gives a box
// with all places that may read the rank's own, and what those read is evaluated here. Every rank evaluates
// the same functions of the same places, so what one rank sends is what the other waits for, once for each
// value and rank.
#pragma once

#include "graph/families/program.hpp"

#include <unordered_map>

namespace ramal::detail {

/// Stands for a rank in a route: all ranks but the member's owner, along a tree. Used from least_for_tree
/// ranks on, where log P hops are sooner done than P messages.
constexpr std::uint32_t all_others = ~std::uint32_t{0};
constexpr std::uint32_t least_for_tree = 16;

/// Readers are near that are at most so many fronts after what they read.
constexpr std::int64_t near_fronts = 2;

/// A slot of the front before, whose value goes to a slot of this one.
struct Link {
  Slot from, to;
};
/// A member by name, and by how much its name grows with each step that a front is moved on.
struct Named {
  MemberName name;
  std::int64_t stride;
};
/// An external that waits for a member by name; `stride` as in Named.
struct Awaited {
  Slot slot;
  std::int64_t stride;
};

struct Front {
  Subgraph graph;                  ///< its routes name a slot's member by an index into `names`
  std::vector<const Kind*> kinds;  ///< what the subgraph's kind indices mean
  std::vector<Link> links;         ///< from the front before
  std::unordered_map<MemberName, Awaited> awaited;
  bool awaits_fixed = false;  ///< some of them do not move with the front
  std::vector<Named> names;   ///< of members that leave
  /// Where this rank's own states of the step before are, by state and place. Only in a loop and behind it.
  std::vector<Slot> states;
  /// Consumers: ranks that read members of this front in a front near it. Producers: ranks whose members of a
  /// front near it are read here. Both sides find the same. Loops that wait for verdicts are left out, since
  /// those hold ranks together.
  std::vector<std::uint32_t> consumers, producers;
  struct Part {
    std::uint32_t node;
    Region region;
    Slot first;
    Slot slot_of(const Index& place) const { return first + static_cast<Slot>(region.offset_of(place)); }
  };
  std::vector<Part> parts;
  std::int64_t number = 0;

  /// Which member makes that slot's value, by its name in this front before it is moved on.
  Named member(const FamilyProgram& program, Slot slot) const;
  std::optional<Slot> slot_of(std::uint32_t node, const Index& place) const;
};

/// Makes one rank's fronts. Keeps what it has looked up of the program, and nothing of a front.
class Expander {
 public:
  Expander(const FamilyProgram& program, std::uint32_t rank);

  /// One front of this rank. O(own members + neighbours of the rank's block), times what the functions that
  /// say what is read cost. Throws std::length_error for more than 2^31 own members in the front.
  Front expand(std::int64_t front);
  /// The latest front of this program in which any member may read that one.
  std::int64_t last_reader(MemberName member) const;
  /// The fronts in which it may be read, where that is told at once: all readers step in time with it. Else
  /// `last` is -1.
  struct Fronts {
    std::int64_t first, last;
  };
  Fronts near_readers(MemberName member) const {
    const std::uint32_t node = node_of(member);
    if (near_[node] < 0) return {0, -1};
    const std::int64_t made =
        program_.nodes[node].front + number_of(member) / row_[node] / program_.nodes[node].rows;
    return {made, made + near_[node]};
  }
  /// The external of a front moved on by so many steps that waits for the member.
  std::optional<Slot> awaiting(const Front& front, std::int64_t steps, MemberName member) const;
  /// Fronts of which each is the one before moved on by `rows` steps: from `first` to before `end`. None if
  /// first >= end.
  struct Steady {
    std::int64_t first = 0, end = 0;
    std::int64_t rows = 1;
    bool contains(std::int64_t front) const { return front >= first && front < end; }
  };
  /// The steady fronts that this front is one of.
  Steady steady(std::int64_t front) const;

 private:
  struct Reader {
    std::uint32_t node, source;
  };
  class Expansion;
  struct Parts {
    std::vector<Front::Part> all;  // those of tasks first, then those whose values exist
    std::vector<std::size_t> first_of_node;
    Slot tasks = 0, slots = 0;
    std::optional<Slot> find(std::uint32_t node, const Index& place) const;
  };
  Parts parts_of(std::int64_t front) const;
  std::vector<std::int64_t> runs_by_chunks(std::uint32_t node) const;
  void append_chunk(std::uint32_t node, std::int64_t front, std::vector<Front::Part>& parts) const;
  static void append_range(std::uint32_t node, const Region& box, std::int64_t from, std::int64_t to,
                           std::vector<Front::Part>& parts);
  void find_readers(std::uint32_t node, const Region& region, const Reader& reader,
                    std::vector<Region>& boxes) const;
  std::int64_t fronts_to_last_reader(std::uint32_t node) const;
  Steady find_steady() const;

  const FamilyProgram& program_;
  const std::uint32_t rank_;
  std::vector<std::vector<Reader>> readers_;     // by node
  std::vector<Reads> reads_;                     // by node: room for what one member reads
  std::vector<std::int64_t> near_;               // by node: fronts from a member to its last reader; -1: any
  std::vector<std::int64_t> row_;                // by node
  std::vector<std::vector<std::int64_t>> runs_;  // by node, of those that go by chunks
  std::vector<Steady> steady_;
};

/// The kind of a member that says it reads what it cannot: its function throws what is wrong.
extern const Kind refused_member;

}  // namespace ramal::detail
