// SPDX-License-Identifier: BSD-3-Clause
#include "graph/program.hpp"

#include "graph/loop.hpp"

#include <ramal/member.hpp>

#include <limits>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

namespace ramal::detail {

namespace {

/// Which of `parts` blocks of a length a place is in, and where a block begins.
constexpr std::int64_t block_of(std::int64_t place, std::int64_t parts, std::int64_t length) {
  return place * parts / length;
}
constexpr std::int64_t begin_of(std::int64_t block, std::int64_t parts, std::int64_t length) {
  return (block * length + parts - 1) / parts;
}

/// Of all ways to write `ranks` as a product over the dimensions, the one with the least surface of a block.
class GridSearch {
 public:
  GridSearch(const Index& extent, int first_dim) : extent_(extent), first_(first_dim) {}
  std::array<std::int32_t, Index::most_dims> find(std::int32_t ranks) {
    search(first_, ranks);
    return best_;
  }

 private:
  void search(int dim, std::int32_t left) {
    if (dim == extent_.dims - 1) {
      parts_[static_cast<std::size_t>(dim)] = left;
      if (const double now = cost(); now < least_) {
        least_ = now;
        best_ = parts_;
      }
      return;
    }
    for (std::int32_t parts = 1; parts <= left; ++parts) {
      if (left % parts != 0) continue;
      parts_[static_cast<std::size_t>(dim)] = parts;
      search(dim + 1, left / parts);
    }
  }
  /// Surface of the largest block, and its volume where ranks have nothing to do.
  double cost() const {
    double volume = 1;
    for (int d = first_; d < extent_.dims; ++d) volume *= length(d);
    double surface = 0;
    for (int d = first_; d < extent_.dims; ++d)
      if (parts_[static_cast<std::size_t>(d)] > 1) surface += 2 * volume / length(d);
    return surface + 1e6 * volume;
  }
  double length(int d) const {
    const std::int64_t parts = parts_[static_cast<std::size_t>(d)];
    return static_cast<double>(std::max<std::int64_t>(1, (extent_[d] + parts - 1) / parts));
  }

  const Index& extent_;
  const int first_;
  std::array<std::int32_t, Index::most_dims> parts_{1, 1, 1, 1};
  std::array<std::int32_t, Index::most_dims> best_{1, 1, 1, 1};
  double least_ = std::numeric_limits<double>::infinity();
};

std::array<std::int32_t, Index::most_dims> grid_of(const Index& extent, bool steps, std::uint32_t ranks) {
  const int first = steps ? 1 : 0;
  if (first >= extent.dims) return {1, 1, 1, 1};
  return GridSearch(extent, first).find(static_cast<std::int32_t>(ranks));
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
  const std::int64_t first = place[0] * node.width;
  const std::int64_t last = std::min(first + node.width, node.leaves) - 1;
  const std::int64_t rank = block_of(last, ranks, node.leaves);
  if (block_of(first, ranks, node.leaves) != rank) return node.front + chunks - 1;
  const std::int64_t begin = begin_of(rank, ranks, node.leaves);
  const std::int64_t end = begin_of(rank + 1, ranks, node.leaves);
  return node.front + (last - begin) * chunks / (end - begin);
}

std::int64_t FamilyProgram::latest_front(std::uint32_t index, const Region& region) const {
  const ProgramNode& node = nodes[index];
  if (node.pace == Pace::once || region.empty()) return node.front;
  Index last = region.high;
  for (int d = 0; d < last.dims; ++d) --last[d];
  if (node.pace == Pace::by_chunks && region.volume() > 1) return node.last;
  return front(index, last);
}

std::uint32_t PlannedProgram::node(const FamilyNode& family) const {
  for (std::uint32_t i = 0; i < families.size(); ++i)
    if (families[i].get() == &family) return i;
  throw std::logic_error("ramal: a family is not in its program");
}

// --- members ----------------------------------------------------------------------------------------------

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

/// From places within a step to those of that step, or of the one before.
static void move_to_step(const ProgramNode& node, std::int64_t step, Reads& reads) {
  for (Reads::Read& read : reads.all()) {
    const ProgramSource& source = node.sources[read.source];
    if (source.when == When::always) continue;
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
  const auto word = [&literals](std::int64_t number) {
    const std::size_t at = literals.size();
    literals.resize(at + sizeof number);
    std::memcpy(literals.data() + at, &number, sizeof number);
  };
  if (node.is_task) {
    literals.insert(literals.end(), node.closure.begin(), node.closure.end());
    return;
  }
  const MemberShape& shape = node.kind->parameters;
  if (shape.place) {
    const bool in_time = node.loop < 0 || node.placed_in_time;
    const Index told = in_time ? place : within_step(place);
    word(in_time ? told.dims | place_in_time : told.dims);
    for (int d = 0; d < told.dims; ++d) word(told[d]);
  }
  for (std::uint32_t k = 0; k < shape.count; ++k) {
    if ((shape.lists >> k & 1) != 0) word(counts[k]);
  }
}

// --- what is needed ---------------------------------------------------------------------------------------

namespace {

void widen(Region& box, const Index& place) {
  for (int d = 0; d < place.dims; ++d) {
    box.low[d] = std::min(box.low[d], place[d]);
    box.high[d] = std::max(box.high[d], place[d] + 1);
  }
}

}  // namespace

void FamilyProgram::need_only_wants() {
  constexpr std::int64_t few = 64;  // of more all that they may read is needed
  std::vector<std::optional<Region>> needed(nodes.size());
  const auto need = [&](std::uint32_t node, const Index& place) {
    Region one{place, place};
    if (!needed[node]) needed[node] = one;
    widen(*needed[node], place);
  };
  const auto need_all = [&](std::uint32_t node) { needed[node] = Region::whole(nodes[node].extent); };
  for (const ProgramWant& want : wants)
    need(node_of(want.member), nodes[node_of(want.member)].extent.place_of(number_of(want.member)));
  for (auto i = static_cast<std::uint32_t>(nodes.size()); i-- > 0;) {
    const ProgramNode& node = nodes[i];
    if (node.loop >= 0 || node.left_by >= 0)
      need_all(i);  // as a whole, if at all: and it is, or would not be here
    if (!needed[i] || node.exists()) continue;
    const bool reads_itself = !node.sources.empty() && node.sources.back().node == i;
    if (reads_itself) {
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
    std::vector<Index> shapes;
    for (const ProgramSource& source : node.sources) shapes.push_back(source.shape);
    Reads reads(std::move(shapes));
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
    if (node.pace == Pace::by_steps)
      node.last = node.front + std::max<std::int64_t>(0, node.needed.high[0] - 1) / node.rows;
  }
}

// --- planning ---------------------------------------------------------------------------------------------

namespace {

class Planner {
 public:
  explicit Planner(const ProgramContext& context) : context_(context) {
    planned_.program.ranks = context.ranks;
  }

  PlannedProgram plan(std::span<const std::shared_ptr<const FamilyNode>> families) {
    for (const auto& family : families) reach(family);
    if (planned_.families.size() >= std::size_t{1} << (64 - member_bits))
      throw std::length_error("ramal: more than 65535 families in one run");
    choose_sizes();
    for (std::uint32_t i = 0; i < program().nodes.size(); ++i) set_fronts(i);
    return std::move(planned_);
  }

 private:
  FamilyProgram& program() { return planned_.program; }

  /// Depth first with a stack of its own: sources before those that read them.
  void reach(const std::shared_ptr<const FamilyNode>& target) {
    struct Visit {
      std::shared_ptr<const FamilyNode> family;
      std::size_t next = 0;
    };
    if (numbers_.contains(target.get())) return;
    std::vector<Visit> stack{{target}};
    while (!stack.empty()) {
      Visit& top = stack.back();
      const bool exists = !top.family->tasks.empty() || kept(*top.family) != 0;
      if (!exists && top.next < top.family->sources.size()) {
        const FamilySource& source = top.family->sources[top.next++];
        if (!source.is_handle() && !numbers_.contains(source.view.node.get()))
          stack.push_back({source.view.node});
        continue;
      }
      const auto family = std::move(top.family);
      stack.pop_back();
      if (!numbers_.contains(family.get())) append(family);
    }
  }
  ValueId kept(const FamilyNode& family) const { return context_.kept ? context_.kept(family) : 0; }

  void append(const std::shared_ptr<const FamilyNode>& family) {
    if (family->is_state)
      refuse_family("iterate: " + std::string(family->name()) +
                        " was used outside of the function of a step, where it stands for no value",
                    family->where);
    const ValueId kept_under = kept(*family);
    if (family->loop && kept_under == 0) {
      const auto [found, is_new] = loops_.emplace(family->loop.get(), program().loops.size());
      if (is_new) append_loop(*family);
      const std::uint32_t number = program().loops[found->second].first_left + family->state;
      numbers_.emplace(family.get(), number);
      planned_.families[number] = family;
      return;
    }
    ProgramNode node = node_of_family(*family, family->traits.steps || family->traits.reads_itself);
    node.kept = kept_under;
    for (const TaskHandle& task : family->tasks) node.given.push_back(context_.given(*task.get()));
    if (!node.exists()) {
      node.closure = family->closure;
      node.period = family->traits.period;
      node.settled = family->traits.settled;
      for (const FamilySource& source : family->sources) node.sources.push_back(number(source));
      if (family->traits.reads_itself)
        node.sources.push_back({static_cast<std::uint32_t>(program().nodes.size()), 0, node.extent});
      node.seen = static_cast<std::uint32_t>(node.sources.size());
    }
    numbers_.emplace(family.get(), static_cast<std::uint32_t>(program().nodes.size()));
    program().nodes.push_back(std::move(node));
    planned_.families.push_back(family);
  }

  ProgramNode node_of_family(const FamilyNode& family, bool steps) {
    ProgramNode node;
    node.kind = family.kind;
    node.extent = family.extent;
    node.steps = steps;
    node.only_rank = family.traits.rank;
    if (node.only_rank >= static_cast<std::int32_t>(context_.ranks)) {
      refuse_family("the family " + std::string(family.name()) + " is to run on rank " +
                        std::to_string(node.only_rank) + ", but there are only " +
                        std::to_string(context_.ranks) + " ranks",
                    family.where);
    }
    node.parts = grid_of(node.extent, node.steps, context_.ranks);
    node.needed = Region::whole(node.extent);
    return node;
  }

  /// All its nodes, and all that it leaves, since they are made together.
  void append_loop(const FamilyNode& left) {
    const Loop& loop = *left.loop;
    const auto number_of_loop = static_cast<std::int32_t>(program().loops.size());
    ProgramLoop made;
    made.steps = loop.steps;
    std::vector<ProgramSource> outside;
    for (const FamilySource& source : left.sources) outside.push_back(number(source));
    const auto first = static_cast<std::uint32_t>(program().nodes.size());
    for (const LoopNode& of : loop.nodes) {
      ProgramNode node = node_of_family(*of.family, true);
      node.loop = number_of_loop;
      node.is_task = of.is_task;
      node.placed_in_time = of.family->traits.placed_in_time;
      node.closure = of.family->closure;
      for (const LoopSource& source : of.sources)
        node.sources.push_back(source_in_loop(loop, source, first, outside));
      if (of.reads_itself)
        node.sources.push_back({.node = static_cast<std::uint32_t>(program().nodes.size()),
                                .base = 0,
                                .shape = of.within(),
                                .when = When::same_step,
                                .row = node.row()});
      node.seen = static_cast<std::uint32_t>(node.sources.size());
      for (std::uint32_t k = 0; k < of.sources.size(); ++k) {
        if (of.sources[k].from != LoopSource::state) continue;
        ProgramSource initial = outside[of.sources[k].number];
        initial.base += of.sources[k].base;
        initial.shape = of.sources[k].shape;
        initial.when = When::at_first;
        initial.other = k;
        node.sources[k].other = static_cast<std::uint32_t>(node.sources.size());
        node.sources.push_back(initial);
      }
      program().nodes.push_back(std::move(node));
      planned_.families.push_back(of.family);
    }
    for (const std::uint32_t node : loop.results) made.states.push_back(first + node);
    if (loop.done >= 0) made.done = first + loop.done;
    made.first_left = static_cast<std::uint32_t>(program().nodes.size());
    for (const std::uint32_t state : made.states) {
      ProgramNode node = program().nodes[state];
      node.extent = left_extent(node);
      node.steps = false;
      node.parts = grid_of(node.extent, false, context_.ranks);
      node.needed = Region::whole(node.extent);
      node.sources.clear();
      node.closure.clear();
      node.loop = -1;
      node.left_by = number_of_loop;
      program().nodes.push_back(std::move(node));
      planned_.families.push_back(nullptr);
    }
    program().loops.push_back(std::move(made));
  }
  ProgramSource source_in_loop(const Loop& loop, const LoopSource& source, std::uint32_t first,
                               const std::vector<ProgramSource>& outside) {
    if (source.from == LoopSource::outside) return outside[source.number];
    const bool before = source.from == LoopSource::state;
    const std::uint32_t node = before ? loop.results[source.number] : source.number;
    Index lengths = loop.nodes[node].within();
    return {.node = first + node,
            .base = source.base,
            .shape = source.shape,
            .when = before ? When::step_before : When::same_step,
            .row = lengths.volume()};
  }
  /// Of a task: one.
  static Index left_extent(const ProgramNode& node) {
    return node.extent.dims == 1 ? Index(1) : within_step(node.extent);
  }
  ProgramSource number(const FamilySource& source) {
    if (!source.is_handle())
      return {numbers_.at(source.view.node.get()), source.view.base, source.view.shape};
    const auto [found, is_new] = singles_.emplace(source.task.get(), program().nodes.size());
    if (is_new) {
      ProgramNode node;
      node.kind = &source.task.get()->kind();
      node.extent = Index(1);
      node.needed = Region::whole(node.extent);
      node.given.push_back(context_.given(*source.task.get()));
      program().nodes.push_back(std::move(node));
      planned_.families.push_back(nullptr);
      planned_.held.push_back(source.task);
    }
    return {found->second, 0, Index(1)};
  }

  /// How many rows and chunks make a front.
  void choose_sizes() {
    const std::int64_t members = std::max<std::int64_t>(1, context_.front_members) * context_.ranks;
    std::int64_t row = 1, leaves = 1, lag = 1, period = 1;
    for (ProgramLoop& loop : program().loops) loop.rows = loop.done >= 0 ? 1 : members;  // at most
    for (const ProgramNode& node : program().nodes) {
      if (node.loop >= 0) {
        auto& rows = program().loops[static_cast<std::size_t>(node.loop)].rows;
        rows = std::clamp<std::int64_t>(members / std::max<std::int64_t>(1, node.row()), 1, rows);
      } else if (node.steps) {
        row = std::max(row, node.row());
        lag = std::max(lag, lag_of(node));
        if (node.period > 0 && period * node.period <= 4096) period = std::lcm(period, node.period);
      } else if (node.extent.dims == 1 && node.left_by < 0) {
        leaves = std::max(leaves, node.extent[0]);
      }
    }
    std::int64_t& rows = program().rows;
    rows = std::max(lag, members / row);
    rows = rows / period * period >= lag ? rows / period * period : (lag + period - 1) / period * period;
    program().chunks = std::max<std::int64_t>(1, (leaves + members - 1) / members);
  }
  static std::int64_t lag_of(const ProgramNode& node) {
    std::int64_t (*lag)(const std::byte*) = node.exists() ? nullptr : node.kind->dependence->lag;
    return lag != nullptr ? lag(node.closure.data()) : 1;
  }
  bool reads_itself(std::uint32_t i) {
    const auto& sources = program().nodes[i].sources;
    return !sources.empty() && sources.back().node == i;
  }
  bool sees_all(const ProgramSource& source) { return source.shape == program().nodes[source.node].extent; }

  void set_fronts(std::uint32_t i) {
    ProgramNode& node = program().nodes[i];
    if (node.loop >= 0 || node.left_by >= 0) {
      set_loop_fronts(node);
      return;
    }
    std::int64_t after = 0;  // the last front of what is read
    for (const ProgramSource& source : node.sources) {
      if (source.node == i) continue;
      const ProgramNode& from = program().nodes[source.node];
      if (const auto behind = fronts_behind(node, source)) {
        after = std::max(after, from.front + *behind);
        continue;
      }
      const bool is_one = source.shape.volume() == 1;
      after = std::max(after,
                       is_one ? program().front(source.node, from.extent.place_of(source.base)) : from.last);
    }
    std::int64_t more = 0;  // fronts after its first
    if (node.steps && !node.exists() && !(reads_itself(i) && lag_of(node) == 0)) {
      node.pace = Pace::by_steps;
      node.rows = program().rows;
      more = std::max<std::int64_t>(0, node.extent[0] - 1) / node.rows;
    } else if (program().chunks > 1 && can_go_by_chunks(node)) {
      node.pace = Pace::by_chunks;
      after = 0;
      more = program().chunks - 1;
    }
    // No loop has begun before all chunks are through.
    for (const ProgramLoop& loop : program().loops) {
      if (loop.ghost > 0 && after <= loop.ghost && after + more >= loop.front) after = loop.ghost + 1;
    }
    node.front = after;
    node.last = after + more;
    used_ = std::max(used_, node.last + 1);
    program().fronts = std::max(program().fronts, used_);
  }

  /// If both step in time, how many fronts later the reader has to begin. Nothing: it has to wait for the
  /// end.
  std::optional<std::int64_t> fronts_behind(const ProgramNode& node, const ProgramSource& source) {
    const ProgramNode& from = program().nodes[source.node];
    if (!node.steps || node.exists() || from.pace != Pace::by_steps || !sees_all(source)) return std::nullopt;
    const Dependence& dependence = *node.kind->dependence;
    if (dependence.in_time) return 0;
    // By its reach it may read as many steps ahead.
    if (dependence.lag == nullptr || lag_of(node) == 0) return std::nullopt;
    return (lag_of(node) + program().rows - 1) / program().rows;
  }

  /// After all that stands before it, alone.
  void set_loop_fronts(ProgramNode& node) {
    ProgramLoop& loop =
        program().loops[static_cast<std::size_t>(node.left_by >= 0 ? node.left_by : node.loop)];
    if (loop.ghost == 0) {
      loop.front = std::max(used_, program().chunks > 1 ? program().chunks : 0);
      loop.ghost = loop.front + (loop.steps - 1) / loop.rows + 1;
    }
    if (node.left_by >= 0) {
      node.front = node.last = loop.ghost + 1;
      used_ = std::max(used_, node.last + 1);
      program().fronts = std::max(program().fronts, used_);
      return;
    }
    node.pace = Pace::by_steps;
    node.rows = loop.rows;
    node.front = loop.front;
    node.last = loop.ghost - 1;
  }

  /// Leaves of its own, or the same leaves as all it reads, single handles aside.
  bool can_go_by_chunks(ProgramNode& node) {
    if (node.steps || node.only_rank >= 0 || node.extent.dims != 1 || !node.given.empty() ||
        node.extent[0] == 0)
      return false;
    const Alignment alignment = node.kept != 0 ? Alignment::same : node.kind->dependence->alignment;
    if (alignment == Alignment::none) return false;
    std::int64_t leaves = 0, width = 1;
    for (const ProgramSource& source : node.sources) {
      const ProgramNode& from = program().nodes[source.node];
      if (from.pace == Pace::once && source.shape.volume() == 1 && from.last == 0) continue;
      if (from.pace != Pace::by_chunks || !sees_all(source)) return false;
      if (alignment == Alignment::same && source.shape.volume() == 1 && node.extent[0] != 1) return false;
      if (leaves != 0 && (leaves != from.leaves || width != from.width)) return false;
      leaves = from.leaves;
      width = from.width;
    }
    if (leaves == 0 && alignment == Alignment::tree) return false;
    if (alignment == Alignment::tree) width *= closure_as<LevelClosure>(node.closure.data()).arity;
    node.leaves = leaves != 0 ? leaves : node.extent[0];
    node.width = width;
    return true;
  }

  const ProgramContext& context_;
  PlannedProgram planned_;
  std::unordered_map<const FamilyNode*, std::uint32_t> numbers_;
  std::unordered_map<const Task*, std::uint32_t> singles_;
  std::unordered_map<const Loop*, std::size_t> loops_;
  std::int64_t used_ = 0;  // fronts, so far
};

}  // namespace

PlannedProgram plan_program(std::span<const std::shared_ptr<const FamilyNode>> families,
                            const ProgramContext& context) {
  return Planner(context).plan(families);
}

std::vector<const Task*> handles_read(std::span<const std::shared_ptr<const FamilyNode>> families,
                                      const std::function<ValueId(const FamilyNode&)>& kept) {
  std::vector<const Task*> handles;
  std::unordered_set<const Task*> seen_handles;
  std::unordered_set<const FamilyNode*> seen;
  std::vector<const FamilyNode*> stack;
  const auto read = [&](const TaskHandle& task) {
    if (task.get() != nullptr && seen_handles.insert(task.get()).second) handles.push_back(task.get());
  };
  for (const auto& family : families) stack.push_back(family.get());
  while (!stack.empty()) {
    const FamilyNode& family = *stack.back();
    stack.pop_back();
    if (!seen.insert(&family).second || (kept && kept(family) != 0)) continue;
    for (const TaskHandle& task : family.tasks) read(task);
    for (const FamilySource& source : family.sources) {
      if (source.is_handle()) {
        read(source.task);
      } else {
        stack.push_back(source.view.node.get());
      }
    }
  }
  return handles;
}

// --- its byte form ----------------------------------------------------------------------------------------

namespace {

constexpr std::uint64_t program_magic = 0x6d'61'72'67'6f'72'70ULL;

struct NodeHead {
  KindRef kind;
  Index extent;
  std::array<std::int32_t, Index::most_dims> parts;
  std::int32_t only_rank;
  bool steps, is_task, placed_in_time;
  Pace pace;
  std::int32_t loop, left_by;
  std::uint32_t sources, seen;
  Region needed;
  std::int64_t front, last, rows, period, settled, leaves, width;
  ValueId kept;
  std::uint64_t closure_bytes, given;
};

struct LoopHead {
  std::int64_t steps, front, ghost, rows, done;
  std::uint32_t first_left, states;
};

template <class T>
void write_items(Writer& writer, const std::vector<T>& items) {
  for (const T& item : items) writer.raw(item);
}
template <class T>
std::vector<T> read_items(Reader& reader, std::uint64_t count) {
  if (count > reader.left() / sizeof(T)) throw DecodeError("a program's lengths do not fit together");
  std::vector<T> items(count);
  for (T& item : items) item = reader.raw<T>();
  return items;
}

void write_program(Writer& writer, const FamilyProgram& program, const Images& images) {
  writer.raw(program_magic);
  writer.raw(program.run);
  writer.raw(program.ranks);
  writer.raw(program.rows);
  writer.raw(program.chunks);
  writer.raw(program.fronts);
  writer.raw(program.done);
  writer.raw(static_cast<std::uint64_t>(program.nodes.size()));
  writer.raw(static_cast<std::uint64_t>(program.loops.size()));
  writer.raw(static_cast<std::uint64_t>(program.wants.size()));
  writer.raw(static_cast<std::uint64_t>(program.keeps.size()));
  for (const ProgramNode& node : program.nodes) {
    writer.raw(NodeHead{.kind = images.refer(*node.kind),
                        .extent = node.extent,
                        .parts = node.parts,
                        .only_rank = node.only_rank,
                        .steps = node.steps,
                        .is_task = node.is_task,
                        .placed_in_time = node.placed_in_time,
                        .pace = node.pace,
                        .loop = node.loop,
                        .left_by = node.left_by,
                        .sources = static_cast<std::uint32_t>(node.sources.size()),
                        .seen = node.seen,
                        .needed = node.needed,
                        .front = node.front,
                        .last = node.last,
                        .rows = node.rows,
                        .period = node.period,
                        .settled = node.settled,
                        .leaves = node.leaves,
                        .width = node.width,
                        .kept = node.kept,
                        .closure_bytes = node.closure.size(),
                        .given = node.given.size()});
    write_items(writer, node.sources);
    write_items(writer, node.given);
    write_items(writer, node.closure);
  }
  for (const ProgramLoop& loop : program.loops) {
    writer.raw(LoopHead{loop.steps, loop.front, loop.ghost, loop.rows, loop.done, loop.first_left,
                        static_cast<std::uint32_t>(loop.states.size())});
    write_items(writer, loop.states);
  }
  write_items(writer, program.wants);
  write_items(writer, program.keeps);
}

}  // namespace

std::vector<std::byte> FamilyProgram::encode(const Images& images) const {
  Writer count;
  write_program(count, *this, images);
  std::vector<std::byte> bytes(count.size());
  Writer writer(bytes.data(), bytes.size());
  write_program(writer, *this, images);
  return bytes;
}

bool FamilyProgram::is_program(std::span<const std::byte> bytes) {
  return bytes.size() > sizeof program_magic && closure_as<std::uint64_t>(bytes.data()) == program_magic;
}

FamilyProgram FamilyProgram::decode(std::span<const std::byte> bytes, const Images& images) {
  Reader reader(bytes);
  FamilyProgram program;
  reader.raw<std::uint64_t>();
  program.run = reader.raw<std::uint32_t>();
  program.ranks = reader.raw<std::uint32_t>();
  program.rows = reader.raw<std::int64_t>();
  program.chunks = reader.raw<std::int64_t>();
  program.fronts = reader.raw<std::int64_t>();
  program.done = reader.raw<ValueId>();
  const auto nodes = reader.raw<std::uint64_t>();
  const auto loops = reader.raw<std::uint64_t>();
  const auto wants = reader.raw<std::uint64_t>();
  const auto keeps = reader.raw<std::uint64_t>();
  for (std::uint64_t i = 0; i < nodes; ++i) {
    const auto head = reader.raw<NodeHead>();
    ProgramNode node;
    node.kind = &images.resolve(head.kind);
    node.extent = head.extent;
    node.parts = head.parts;
    node.only_rank = head.only_rank;
    node.steps = head.steps;
    node.is_task = head.is_task;
    node.placed_in_time = head.placed_in_time;
    node.pace = head.pace;
    node.loop = head.loop;
    node.left_by = head.left_by;
    node.seen = head.seen;
    node.needed = head.needed;
    node.front = head.front;
    node.last = head.last;
    node.rows = head.rows;
    node.period = head.period;
    node.settled = head.settled;
    node.leaves = head.leaves;
    node.width = head.width;
    node.kept = head.kept;
    node.sources = read_items<ProgramSource>(reader, head.sources);
    node.given = read_items<GivenMember>(reader, head.given);
    node.closure = read_items<std::byte>(reader, head.closure_bytes);
    for (const ProgramSource& source : node.sources) {
      if (source.node >= nodes || (source.node > i && source.when != When::step_before))
        throw DecodeError("a program's families are out of order");
    }
    program.nodes.push_back(std::move(node));
  }
  for (std::uint64_t i = 0; i < loops; ++i) {
    const auto head = reader.raw<LoopHead>();
    program.loops.push_back({.steps = head.steps,
                             .front = head.front,
                             .ghost = head.ghost,
                             .rows = head.rows,
                             .done = head.done,
                             .first_left = head.first_left,
                             .states = read_items<std::uint32_t>(reader, head.states)});
  }
  program.wants = read_items<ProgramWant>(reader, wants);
  program.keeps = read_items<ProgramKeep>(reader, keeps);
  return program;
}

}  // namespace ramal::detail
