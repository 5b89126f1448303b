// SPDX-License-Identifier: BSD-3-Clause
// FamilyProgram: the families that one run needs, as every rank knows them: what members read, who owns them,
// and when they are planned. Made by rank 0 from the families alone, in time and bytes that do not depend on
// how many members they have; ranks make subgraphs of their own members from it (expand.hpp). In comments and
// names of graph/families "program" is short for it; the user's program has no part here.
//
// Ownership: blocks in proportion, so that places which go together fall together: of elements, of the levels
// of a tree, of neighbours. With more dimensions a grid of ranks, with as little surface as possible; but
// bands of rows if there are too many members to be planned at once, so that a rank can go through its own in
// order.
//
// Fronts: each member has a number that no member it reads exceeds. Ranks plan and run front by front:
//
//   by_steps   a family whose first dimension is time: some steps a front
//   by_chunks  families too large to be planned at once, and those whose members read places beside their
//              own of them, reductions among these: each rank's block in `chunks` chunks; a member belongs
//              to the chunk that holds the last of the leaves that it is made from, or to the last chunk if
//              they are on several ranks; of leaves of several families, to the latest of these chunks
//   once       all members in one front
//
// Both owner and front are functions that every rank evaluates for any member.
//
// Loops (`iterate`) have fronts of their own, in which nothing else is made: their steps, then one without
// tasks to which the last step's states are led like those of any other, then one in which they are there for
// whoever reads them. A loop that may end early goes there from whatever step was the last.
#pragma once

#include "graph/core/image.hpp"
#include "graph/core/subgraph.hpp"

#include <ramal/detail/dependence.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_set>

namespace ramal::detail {

/// Names a member in its program: 16 bits of node, 48 of the member's number.
using MemberName = std::uint64_t;
constexpr int member_bits = 48;
constexpr MemberName name_of(std::uint32_t node, std::int64_t number) {
  return MemberName{node} << member_bits | static_cast<MemberName>(number);
}
constexpr std::uint32_t node_of(MemberName name) { return static_cast<std::uint32_t>(name >> member_bits); }
constexpr std::int64_t number_of(MemberName name) {
  return static_cast<std::int64_t>(name & ((MemberName{1} << member_bits) - 1));
}

/// How many places an extent has; nothing if a length is negative or a member's name could not number them
/// all.
std::optional<std::int64_t> checked_volume(const Index& extent);

/// What a step of a family in a loop reads of its source.
enum class When : std::uint8_t {
  always,       ///< what does not depend on the step; so is all that families outside of loops read
  same_step,    ///< the same step of the source, whose dimension of steps is not seen
  step_before,  ///< the step before of the source; in the first step instead what source `other` sees
  at_first      ///< what a source of `step_before` sees in the first step
};
struct ProgramSource {
  std::uint32_t node;
  std::int64_t base;  ///< number of the first member seen; within a step
  Index shape;
  When when = When::always;
  std::uint32_t other = 0;  ///< for step_before its source at_first, and the reverse
  std::int64_t row = 0;     ///< members of the source in a step

  /// What is seen is of one step, which moves on with the reader's.
  bool in_step() const { return when == When::same_step || when == When::step_before; }
};
/// A member of a family of handles: a value kept on a rank.
struct GivenMember {
  ValueId id;
  std::uint32_t rank;
  /// 1: the program consumes the value: it frees it as it is read.
  std::uint32_t is_consumed = 0;
};
enum class Pace : std::uint8_t { once, by_steps, by_chunks };
constexpr std::uint64_t any_bytes = ~std::uint64_t{0};

/// Which members of a lowest family that goes by chunks a member is made from, by their numbers there: at
/// most those from `(scale * place + low) / per` to `(scale * place + high) / per`, both rounded down, that
/// exist. From one place to the next neither gets less. A rank has a block of that family's rows.
struct Footprint {
  std::int64_t rows = 0;  ///< the lowest family's first length
  std::int64_t row = 1;   ///< the product of its other lengths: the members of a row
  Index scale;
  std::int64_t low = 0, high = 0, per = 1;
  std::uint64_t wraps = 0;  ///< 1: members at one end are made from those at the other end too

  std::int64_t count() const { return rows * row; }
  std::int64_t first(const Index& place) const { return floor_quotient(at(place) + low, per); }
  std::int64_t last(const Index& place) const { return floor_quotient(at(place) + high, per); }
  std::int64_t at(const Index& place) const {
    std::int64_t number = 0;
    for (int d = 0; d < place.dims; ++d) number += scale[d] * place[d];
    return number;
  }
};

/// Into how many blocks each dimension is cut for the ranks.
using Parts = std::array<std::int32_t, Index::most_dims>;
/// One in each dimension, but for the first.
constexpr Parts bands(std::int32_t first) {
  Parts parts;
  parts.fill(1);
  parts[0] = first;
  return parts;
}

struct ProgramNode {
  const Kind* kind = nullptr;
  Index extent;
  std::vector<ProgramSource> sources;  ///< itself last, if it reads itself; then those of the first step
  std::uint32_t seen = 0;              ///< sources that its pattern knows of: not those of the first step
  std::vector<std::byte> closure;      ///< of a task: its literals
  Parts parts = bands(1);              ///< ranks in each dimension
  std::int32_t only_rank = -1;
  std::int32_t priority = 0;  ///< as in Annotation, of each member
  std::uint32_t threads = 1;
  std::uint64_t result_bytes = 0;  ///< 0: not stated
  CallSite site;                   ///< the line that makes the family
  std::uint32_t attempt = 1;       ///< which time it is that its members are tried
  bool steps = false;
  bool reads_itself = false;
  Pace pace = Pace::once;
  std::int64_t front = 0;          ///< its first front
  std::int64_t last = 0;           ///< its last front
  std::int64_t rows = 1;           ///< how many steps a front has, by steps
  std::int64_t period = 0;         ///< after how many steps what is read repeats; 0: unknown
  std::int64_t periodic_from = 0;  ///< the step from which on it repeats
  /// Of each lowest family that it is made from, by chunks.
  std::vector<Footprint> footprints;
  ValueId kept = 0;  ///< members exist already, kept under this and the following ids; 0: they do not
  std::vector<GivenMember> given;
  Region needed = {};           ///< all that is run of it lies in here
  std::int32_t loop = -1;       ///< the loop in which it is; -1: none
  std::int32_t left_by = -1;    ///< the loop that leaves it as a result; -1: none
  bool is_task = false;         ///< an explicit one, once a step
  bool placed_in_time = false;  ///< see FamilyTraits
  /// Its members are asked for: a failure of one, its own or passed on to it, is the program's.
  bool asked = false;

  bool exists() const { return kept != 0 || !given.empty() || left_by >= 0; }
  std::int64_t row() const {
    std::int64_t product = 1;
    for (int d = 1; d < extent.dims; ++d) product *= extent[d];
    return product;
  }
  /// The extent that its pattern sees: patterns of a loop see one step.
  Index pattern_extent() const { return loop >= 0 ? within_step(extent) : extent; }
  /// Is called for a node whose members are made elsewhere, so that nothing of their reading is shipped.
  void forget_sources() {
    sources.clear();
    seen = 0;
    reads_itself = false;
  }
};

/// Steps of several families, and what they leave: nodes from `first_left` on, one for each state.
struct ProgramLoop {
  std::int64_t steps = 1;
  std::int64_t front = 0;  ///< the front of the first step
  std::int64_t epilogue =
      0;                   ///< the front behind the last step's: it has no tasks, and takes the states over
  std::int64_t rows = 1;   ///< how many steps a front has
  std::int64_t done = -1;  ///< the node that tells whether a step is the last; -1: all are done
  std::uint32_t first_left = 0;
  std::vector<std::uint32_t> states;  ///< the nodes that make them

  /// The states that a front begins with are those of this step; below 0: the initial ones.
  std::int64_t step_before(std::int64_t number) const { return std::min(steps, (number - front) * rows) - 1; }
  bool begins_from_states(std::int64_t number) const { return number > front && number <= epilogue; }
};

/// A member's value is to be kept under an id.
struct ProgramWant {
  MemberName member;
  ValueId id;
  std::uint32_t how;  ///< as Keep's
};
/// All members of a node are to be kept, under this and the following ids.
struct ProgramKeep {
  std::uint32_t node;
  ValueId first;
};

struct FamilyProgram {
  RunId run = 0;
  std::uint32_t ranks = 1;
  std::int64_t rows = 1;  ///< how many steps a front has; loops have their own number
  std::int64_t chunks = 1;
  std::int64_t fronts = 1;
  std::vector<ProgramNode> nodes;  ///< sources of the same step before those that read them
  std::vector<ProgramLoop> loops;
  std::vector<ProgramWant> wants;
  std::vector<ProgramKeep> keeps;
  ValueId done = 0;  ///< announced by each rank when all its members have run; 0: not

  std::uint32_t owner(std::uint32_t node, const Index& place) const;
  /// A rank's share of a node's places. Given handles lie anywhere: for their node it is all places, and
  /// `owner` tells whose each is.
  Region block(std::uint32_t node, std::uint32_t rank) const;
  std::int64_t front(std::uint32_t node, const Index& place) const;
  /// The latest front of what is made by chunks, places from `low` to `high`.
  std::int64_t chunk_front(const ProgramNode& node, const Index& low, const Index& high) const;
  /// The chunk in which leaves from `first` to `last` are there.
  std::int64_t chunk_of(const Footprint& footprint, std::int64_t first, std::int64_t last) const;
  /// The rank that has a leaf, and the first leaf that a rank has.
  std::int64_t rank_of_leaf(const Footprint& footprint, std::int64_t leaf) const;
  std::int64_t first_leaf(const Footprint& footprint, std::int64_t rank) const;
  /// The loop of which a front begins from the states of the step before.
  std::optional<std::size_t> loop_with_states(std::int64_t front) const {
    const auto loop = std::ranges::find_if(
        loops, [front](const ProgramLoop& one) { return one.begins_from_states(front); });
    return loop == loops.end() ? std::nullopt : std::optional(static_cast<std::size_t>(loop - loops.begin()));
  }
  /// What the members state that they make, those that are needed.
  double stated_bytes(std::uint32_t node) const {
    return static_cast<double>(nodes[node].result_bytes) * static_cast<double>(nodes[node].needed.volume());
  }
  /// A rank's share of what is needed.
  Region own(std::uint32_t node, std::uint32_t rank) const {
    const Region region = block(node, rank);
    return region.empty() ? region : region.and_(nodes[node].needed);
  }
  /// Narrows what is needed to what `wants` need, as far as that can be told from a few members. For programs
  /// of which nothing else is asked. O(families). After it the fronts are to be planned again.
  void need_only_wants();
  /// The latest front of any place in the region.
  std::int64_t latest_front(std::uint32_t node, const Region& region) const;

  std::vector<std::byte> encode(const Images& images) const;
  /// Throws DecodeError.
  static FamilyProgram decode(std::span<const std::byte> bytes, const Images& images);
};

/// An empty list of what a member reads, with the lengths of the sources that the node's pattern knows of.
Reads reads_of(const ProgramNode& node);
/// How many results a member reads for each parameter.
using InputCounts = std::array<std::int64_t, 64>;
/// Fills `reads` with what one member reads, in the order of its function's parameters. Returns what is wrong
/// with that; empty if nothing is.
std::string read_member(const ProgramNode& node, const Index& place, Reads& reads, InputCounts& counts);
/// Appends a member's literals, of the form that <ramal/detail/arguments.hpp> tells; of a task in a loop its
/// own.
void write_member_literals(const ProgramNode& node, const Index& place, const InputCounts& counts,
                           std::vector<std::byte>& literals);

/// The first of the consecutive ids under which a family's members are kept (0: they are not), and into how
/// many blocks each dimension is cut.
struct KeptAs {
  ValueId first = 0;
  Parts parts = bands(1);
};
/// What the planner asks: where the value of a handle lies, whether a family is kept, and who is on a host.
struct ProgramContext {
  std::uint32_t ranks = 1;
  std::int64_t front_members = 256;       ///< to be planned at a time, on each rank
  std::uint64_t front_bytes = any_bytes;  ///< that these may make, as far as families state it
  std::function<GivenMember(const Task&)> given;
  std::function<KeptAs(const FamilyNode&)> kept;
  /// A rank of that host; -1: none runs there. Empty: any will do.
  std::function<std::int32_t(const std::string& host)> rank_on;
};
struct PlannedProgram {
  FamilyProgram program;
  std::vector<std::shared_ptr<const FamilyNode>> families;  ///< by node; null for a single handle
  std::vector<TaskHandle> held;
  std::uint32_t node(const FamilyNode& family) const;
};
/// The handles that the families read, each once. Not those of families that are kept.
struct HandlesRead {
  std::vector<const Task*> all;
  /// Those that are members of one family of handles (`as_family`) and that nothing else here reads.
  std::unordered_set<const Task*> in_one_family;

  /// Those of these that nobody has made yet and nothing else reads: the program that reads them frees each
  /// as it is read, so that a dataset larger than memory can go through it.
  std::unordered_set<const Task*> consumed(const std::unordered_set<const Task*>& read_otherwise) const;
};
/// Those that were given up. What a program makes of them for itself changes nothing for those who hold them.
std::unordered_set<const Task*> ones_given_up(const std::unordered_set<const Task*>& tasks);
HandlesRead handles_read(std::span<const std::shared_ptr<const FamilyNode>> families,
                         const std::function<bool(const FamilyNode&)>& is_kept);
/// Decides in which fronts all that is needed is run: on each rank about `front_members` members a front, of
/// which those of families that go by chunks make about `front_bytes`, or are one of each. O(families).
void plan_fronts(FamilyProgram& program, std::int64_t front_members, std::uint64_t front_bytes = any_bytes);
/// Plans all that the families need. O(families). Throws std::length_error for more than 65535 families, and
/// std::invalid_argument for wishes that no rank can meet.
PlannedProgram plan_program(std::span<const std::shared_ptr<const FamilyNode>> families,
                            const ProgramContext& context);

}  // namespace ramal::detail
