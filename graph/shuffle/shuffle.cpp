// SPDX-License-Identifier: BSD-3-Clause
// What members of a shuffle's families read, and how many groups there are.
#include <ramal/detail/shuffle.hpp>

#include <algorithm>

namespace ramal::detail {

namespace {

/// So many groups of results a rank has. Memory is given back group by group, so results and what they are
/// made of take little more than one of them; but each is a message from each group of parts.
constexpr std::int64_t groups_of_a_rank = 4;
/// So many groups of parts a rank has. While a group is split, it is held twice.
constexpr std::int64_t part_groups_of_a_rank = 32;

ShuffleClosure shape_of(const std::byte* closure) { return closure_as<ShuffleClosure>(closure); }

/// With a multiple of the ranks, or a group for each member, a group's owner is that of its members: blocks
/// of blocks in proportion are blocks in proportion.
ShuffleClosure fit_groups(std::uint32_t ranks, std::vector<std::byte>& closure) {
  ShuffleClosure shape = shape_of(closure.data());
  shape.parts.groups = std::min(shape.parts.count, part_groups_of_a_rank * ranks);
  shape.results.groups = std::min(shape.results.count, groups_of_a_rank * ranks);
  std::memcpy(closure.data(), &shape, sizeof shape);
  return shape;
}

/// The place, and after it as much of the closure as the member needs.
void write_literals(const std::byte* closure, std::int64_t place, std::int64_t group, std::size_t behind,
                    std::vector<std::byte>& out) {
  const ShuffleHead head{place, group, shape_of(closure)};
  const std::size_t at = out.size();
  out.resize(at + sizeof head + behind);
  std::memcpy(out.data() + at, &head, sizeof head);
  if (behind > 0) std::memcpy(out.data() + at + sizeof head, closure + sizeof(ShuffleClosure), behind);
}
std::size_t splitter_bytes(const std::byte* closure) {
  return static_cast<std::size_t>(shape_of(closure).splitter_bytes);
}

}  // namespace

ShuffleClosure shuffle_closure(const Index& parts, std::int64_t results, std::source_location where) {
  expect_dims(parts, 1, "shuffle", where);
  if (results == 0) results = std::max<std::int64_t>(1, parts[0]);
  expect_positive(results, "shuffle: the number of results", where);
  constexpr std::int64_t most_results = std::int64_t{1} << 32;
  if (results > most_results)
    refuse_family("shuffle: expected at most 2^32 results, found " + std::to_string(results), where);
  return {{parts[0], std::min(parts[0], groups_unfitted)}, {results, std::min(results, groups_unfitted)}};
}

Annotation as_stated_by(const FamilyView& parts, const ShuffleGroups& cut) {
  Annotation wishes;
  const auto most =
      static_cast<std::uint64_t>(cut.groups > 0 ? (cut.count + cut.groups - 1) / cut.groups : 0);
  wishes.result_bytes = parts.node->traits.wishes.result_bytes * most;
  return wishes;
}

void refuse_parcels(std::size_t parcels, std::int64_t groups) {
  throw std::invalid_argument("ramal: shuffle: expected a parcel for each of " + std::to_string(groups) +
                              " groups of results, found " + std::to_string(parcels));
}

std::string shuffle_preview(const CallFrame& frame, bool shows_input) {
  if (!shows_input) return std::to_string(Reader(frame.literals).raw<ShuffleHead>().place);
  const Value& part = frame.input(0);
  return part.empty() ? "" : part.type().preview(part);
}

// --- split ------------------------------------------------------------------------------------------------

void SplitStep::reads(const std::byte* closure, const Index& place, Reads& out) {
  const ShuffleGroups parts = shape_of(closure).parts;
  for (std::int64_t part = parts.begin(place[0]); part < parts.begin(place[0] + 1); ++part)
    out.add_number(0, part, 0);
}
void SplitStep::readers(const std::byte* closure, const Index&, std::uint32_t, const Region& of,
                        std::vector<Region>& boxes) {
  const ShuffleGroups parts = shape_of(closure).parts;
  boxes.push_back({Index(parts.group_of(of.low[0])), Index(parts.group_of(of.high[0] - 1) + 1)});
}
void SplitStep::literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out) {
  write_literals(closure, place[0], 0, splitter_bytes(closure), out);
}
void SplitStep::fit(std::uint32_t ranks, Index& extent, std::vector<std::byte>& closure) {
  extent[0] = fit_groups(ranks, closure).parts.groups;
}

// --- pass -------------------------------------------------------------------------------------------------

void PassStep::literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out) {
  write_literals(closure, place[0], place[1], 0, out);
}
void PassStep::fit(std::uint32_t ranks, Index& extent, std::vector<std::byte>& closure) {
  const ShuffleClosure shape = fit_groups(ranks, closure);
  extent = Index(shape.parts.groups, shape.results.groups);
}

// --- gather -----------------------------------------------------------------------------------------------

void GatherStep::reads(const std::byte* closure, const Index& place, Reads& out) {
  const ShuffleClosure shape = shape_of(closure);
  for (std::int64_t row = 0; row < shape.parts.groups; ++row)
    out.add_number(0, row * shape.results.groups + place[0], 0);
}
void GatherStep::reads_within(const std::byte* closure, const Index& place, const Region& of, Reads& out) {
  if (place[0] < of.low[1] || place[0] >= of.high[1]) return;
  const std::int64_t groups = shape_of(closure).results.groups;
  for (std::int64_t row = of.low[0]; row < of.high[0]; ++row) out.add_number(0, row * groups + place[0], 0);
}
void GatherStep::literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out) {
  write_literals(closure, place[0], 0, 0, out);
}
void GatherStep::fit(std::uint32_t ranks, Index& extent, std::vector<std::byte>& closure) {
  extent[0] = fit_groups(ranks, closure).results.groups;
}

// --- join -------------------------------------------------------------------------------------------------

void JoinStep::reads(const std::byte* closure, const Index& place, Reads& out) {
  out.add_number(0, shape_of(closure).results.group_of(place[0]), 0);
}
void JoinStep::readers(const std::byte* closure, const Index&, std::uint32_t, const Region& of,
                       std::vector<Region>& boxes) {
  const ShuffleGroups results = shape_of(closure).results;
  boxes.push_back({Index(results.begin(of.low[0])), Index(results.begin(of.high[0]))});
}
void JoinStep::literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out) {
  write_literals(closure, place[0], 0, splitter_bytes(closure), out);
}
void JoinStep::fit(std::uint32_t ranks, Index&, std::vector<std::byte>& closure) {
  fit_groups(ranks, closure);
}

}  // namespace ramal::detail
