// SPDX-License-Identifier: BSD-3-Clause
#include "graph/families/program.hpp"

#include <ramal/detail/member.hpp>

#include <algorithm>

namespace ramal::detail {

namespace {

/// Which of `parts` blocks of a length a place is in, and where a block begins.
constexpr std::int64_t block_of(std::int64_t place, std::int64_t parts, std::int64_t length) {
  return place * parts / length;
}
constexpr std::int64_t begin_of(std::int64_t block, std::int64_t parts, std::int64_t length) {
  return (block * length + parts - 1) / parts;
}

}  // namespace

std::uint32_t FamilyProgram::owner(std::uint32_t index, const Index& place) const {
  const ProgramNode& node = nodes[index];
  if (!node.given.empty()) return node.given[static_cast<std::size_t>(node.extent.number_of(place))].rank;
  if (node.only_rank >= 0) return static_cast<std::uint32_t>(node.only_rank);
  std::int64_t rank = 0;
  for (int d = node.steps ? 1 : 0; d < node.extent.dims; ++d) {
    const std::int64_t parts = node.parts[static_cast<std::size_t>(d)];
    rank = rank * parts + block_of(place[d], parts, node.extent[d]);
  }
  return static_cast<std::uint32_t>(rank);
}

Region FamilyProgram::block(std::uint32_t index, std::uint32_t rank) const {
  const ProgramNode& node = nodes[index];
  Region region = Region::whole(node.extent);
  if (!node.given.empty()) return region;
  if (node.only_rank >= 0) {
    if (static_cast<std::uint32_t>(node.only_rank) != rank) region.high[0] = 0;
    return region;
  }
  std::int64_t left = rank;
  for (int d = node.extent.dims; d-- > (node.steps ? 1 : 0);) {
    const std::int64_t parts = node.parts[static_cast<std::size_t>(d)];
    const std::int64_t at = left % parts;
    left /= parts;
    region.low[d] = begin_of(at, parts, node.extent[d]);
    region.high[d] = begin_of(at + 1, parts, node.extent[d]);
  }
  if (left > 0) region.high[0] = region.low[0];  // more ranks than the grid has
  return region;
}

std::int64_t FamilyProgram::front(std::uint32_t index, const Index& place) const {
  const ProgramNode& node = nodes[index];
  if (node.pace == Pace::once) return node.front;
  if (node.pace == Pace::by_steps) return node.front + place[0] / node.rows;
  return chunk_front(node, place, place);
}

std::int64_t FamilyProgram::rank_of_leaf(const Footprint& footprint, std::int64_t leaf) const {
  return block_of(std::clamp<std::int64_t>(leaf, 0, footprint.count() - 1) / footprint.row, ranks,
                  footprint.rows);
}
std::int64_t FamilyProgram::first_leaf(const Footprint& footprint, std::int64_t rank) const {
  return begin_of(rank, ranks, footprint.rows) * footprint.row;
}

std::int64_t FamilyProgram::chunk_front(const ProgramNode& node, const Index& low, const Index& high) const {
  std::int64_t latest = 0;
  for (const Footprint& footprint : node.footprints)
    latest = std::max(latest, chunk_of(footprint, footprint.first(low), footprint.last(high)));
  return node.front + latest;
}

std::int64_t FamilyProgram::chunk_of(const Footprint& footprint, std::int64_t first,
                                     std::int64_t last) const {
  const bool passes_end = first < 0 || last >= footprint.count();
  if (footprint.wraps != 0 && passes_end) return chunks - 1;
  if (last < 0 || first >= footprint.count()) return 0;  // it is made from none of these
  const std::int64_t rank = rank_of_leaf(footprint, last);
  if (rank_of_leaf(footprint, first) != rank) return chunks - 1;
  // In proportion, so that families of different lengths advance together.
  __extension__ using Wide = __int128;
  const std::int64_t begin = first_leaf(footprint, rank), size = first_leaf(footprint, rank + 1) - begin;
  const std::int64_t leaf = std::min(last, footprint.count() - 1) - begin;
  return static_cast<std::int64_t>(static_cast<Wide>(leaf) * chunks / size);
}

std::int64_t FamilyProgram::latest_front(std::uint32_t index, const Region& region) const {
  const ProgramNode& node = nodes[index];
  if (node.pace == Pace::once || region.empty()) return node.front;
  if (node.pace == Pace::by_chunks) return chunk_front(node, region.low, region.last());
  return node.front + (region.high[0] - 1) / node.rows;
}

std::uint32_t PlannedProgram::node(const FamilyNode& family) const {
  for (std::uint32_t i = 0; i < families.size(); ++i)
    if (families[i].get() == &family) return i;
  throw std::logic_error("ramal: a family is not in its program");
}

// --- members ----------------------------------------------------------------------------------------------

Reads reads_of(const ProgramNode& node) {
  std::vector<Index> shapes;
  for (std::uint32_t k = 0; k < node.seen; ++k) shapes.push_back(node.sources[k].shape);
  return Reads(std::move(shapes), node.reads_itself);
}

static std::string wrong_counts(const ProgramNode& node, const Reads& reads, InputCounts& counts) {
  const MemberShape& shape = node.kind->parameters;
  if (shape.lists == 0) {
    if (reads.all().size() == shape.count) return {};
    return "reads " + std::to_string(reads.all().size()) + " results; its function takes " +
           std::to_string(shape.count);
  }
  std::fill_n(counts.begin(), shape.count, 0);
  for (const Reads::Read& read : reads.all()) ++counts[std::min(read.parameter, shape.count - 1)];
  for (std::uint32_t k = 0; k < shape.count; ++k) {
    if ((shape.lists >> k & 1) == 0 && counts[k] != 1)
      return "reads " + std::to_string(counts[k]) + " results for parameter " + std::to_string(k + 1) +
             ", which takes one";
  }
  return {};
}

/// Turns what a pattern says of a step into members of that step, or of the one before.
static void move_to_step(const ProgramNode& node, std::int64_t step, Reads& reads) {
  for (Reads::Read& read : reads.all()) {
    const ProgramSource& source = node.sources[read.source];
    if (!source.in_step()) continue;
    const std::int64_t of = source.when == When::step_before ? step - 1 : step;
    if (of < 0) {
      read.source = source.other;
    } else {
      read.number += of * source.row;
    }
  }
}

std::string read_member(const ProgramNode& node, const Index& place, Reads& reads, InputCounts& counts) {
  const Index at = node.loop >= 0 ? within_step(place) : place;
  reads.begin(node.pattern_extent().number_of(at));
  if (node.is_task) {
    for (std::uint32_t k = 0; k < node.seen; ++k) reads.add_number(k, 0, k);
    move_to_step(node, place[0], reads);
    return {};
  }
  try {
    node.kind->dependence->reads(node.closure.data(), at, reads);
  } catch (const std::exception& error) {
    return std::string("what it reads could not be told: ") + error.what();
  } catch (...) {
    return "what it reads could not be told";
  }
  if (!reads.problem().empty()) return reads.problem();
  if (auto problem = wrong_counts(node, reads, counts); !problem.empty()) return problem;
  if (node.kind->parameters.count > 1 && node.seen > 1)
    std::ranges::stable_sort(reads.all(), {}, &Reads::Read::parameter);
  if (node.loop >= 0) move_to_step(node, place[0], reads);
  return {};
}

void write_member_literals(const ProgramNode& node, const Index& place, const InputCounts& counts,
                           std::vector<std::byte>& literals) {
  const auto append = [&literals](const auto& word) {
    const std::size_t at = literals.size();
    literals.resize(at + sizeof word);
    std::memcpy(literals.data() + at, &word, sizeof word);
  };
  if (node.is_task) {
    literals.insert(literals.end(), node.closure.begin(), node.closure.end());
    return;
  }
  if (const auto write = node.kind->dependence->literals; write != nullptr) {
    write(node.closure.data(), node.loop >= 0 ? within_step(place) : place, literals);
    return;
  }
  const MemberShape& shape = node.kind->parameters;
  if (shape.place) {
    const bool in_time = node.loop < 0 || node.placed_in_time;
    const Index told = in_time ? place : within_step(place);
    append(PlaceHead{.dims = told.dims, .in_time = in_time ? 1U : 0U});
    for (int d = 0; d < told.dims; ++d) append(told[d]);
  }
  if (shape.lists == 0) return;  // single inputs alone need no tags
  for (std::uint32_t k = 0; k < shape.count; ++k) {
    const bool is_list = (shape.lists >> k & 1) != 0;
    append(is_list ? Tag::inputs : Tag::input);
    if (is_list) append(static_cast<std::uint32_t>(counts[k]));
  }
}

// --- what is needed ---------------------------------------------------------------------------------------

void FamilyProgram::need_only_wants() {
  constexpr std::int64_t few = 64;  // more are not looked at: all of their sources counts as needed
  std::vector<std::optional<Region>> needed(nodes.size());
  const auto need = [&](std::uint32_t node, const Index& place) {
    needed[node] = needed[node] ? needed[node]->with(place) : Region::of(place);
  };
  const auto need_all = [&](std::uint32_t node) { needed[node] = Region::whole(nodes[node].extent); };
  for (const ProgramWant& want : wants)
    need(node_of(want.member), nodes[node_of(want.member)].extent.place_of(number_of(want.member)));
  for (auto i = static_cast<std::uint32_t>(nodes.size()); i-- > 0;) {
    const ProgramNode& node = nodes[i];
    if (node.loop >= 0 || node.left_by >= 0)
      need_all(i);  // loops run as a whole, and are in a program only if something needs them
    if (!needed[i] || node.exists()) continue;
    if (node.reads_itself) {
      const std::int64_t end = needed[i]->high[0];
      need_all(i);
      needed[i]->high[0] = end;
    }
    if (node.loop >= 0 || needed[i]->volume() > few) {
      for (const ProgramSource& source : node.sources) {
        if (source.node != i) need_all(source.node);
      }
      continue;
    }
    Reads reads = reads_of(node);
    InputCounts counts;
    for (std::int64_t k = 0; k < needed[i]->volume(); ++k) {
      if (!read_member(node, needed[i]->place_of(k), reads, counts).empty()) continue;
      for (const Reads::Read& read : reads.all()) {
        const ProgramSource& source = node.sources[read.source];
        if (source.node != i)
          need(source.node, nodes[source.node].extent.place_of(source.base + read.number));
      }
    }
  }
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    ProgramNode& node = nodes[i];
    if (node.loop >= 0 || node.left_by >= 0) continue;
    node.needed = needed[i].value_or(Region{node.extent, node.extent});
  }
}

}  // namespace ramal::detail
