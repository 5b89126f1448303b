// SPDX-License-Identifier: BSD-3-Clause
// From families to a program: which of them there are, who owns them, and in which fronts they are run.
#include "graph/loop.hpp"
#include "graph/program.hpp"

#include <limits>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

namespace ramal::detail {

namespace {

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

class Planner {
 public:
  explicit Planner(const ProgramContext& context) : context_(context) {
    planned_.program.ranks = context.ranks;
  }

  PlannedProgram plan(std::span<const std::shared_ptr<const FamilyNode>> families) {
    for (const auto& family : families) reach(family);
    if (planned_.families.size() >= std::size_t{1} << (64 - member_bits))
      throw std::length_error("ramal: more than 65535 families in one run");
    plan_fronts(program(), context_.front_members);
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
      node.forget_sources();
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

  const ProgramContext& context_;
  PlannedProgram planned_;
  std::unordered_map<const FamilyNode*, std::uint32_t> numbers_;
  std::unordered_map<const Task*, std::uint32_t> singles_;
  std::unordered_map<const Loop*, std::size_t> loops_;
};

/// In which fronts the members of each node are run.
class FrontPlanner {
 public:
  FrontPlanner(FamilyProgram& program, std::int64_t front_members)
      : program_(program), front_members_(front_members) {}

  void plan() {
    program_.fronts = 0;
    for (ProgramLoop& loop : program_.loops) loop.ghost = 0;
    choose_sizes();
    for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) set_fronts(i);
    program_.fronts = std::max<std::int64_t>(1, program_.fronts);
  }

 private:
  /// How many rows and chunks make a front.
  void choose_sizes() {
    const std::int64_t members = std::max<std::int64_t>(1, front_members_) * program_.ranks;
    std::int64_t row = 1, leaves = 1, lag = 1, period = 1;
    for (ProgramLoop& loop : program_.loops) loop.rows = loop.done >= 0 ? 1 : members;  // at most
    for (const ProgramNode& node : program_.nodes) {
      if (node.loop >= 0) {
        auto& rows = program_.loops[static_cast<std::size_t>(node.loop)].rows;
        rows = std::clamp<std::int64_t>(members / std::max<std::int64_t>(1, node.row()), 1, rows);
      } else if (node.steps) {
        row = std::max(row, node.row());
        lag = std::max(lag, lag_of(node));
        if (node.period > 0 && period * node.period <= 4096) period = std::lcm(period, node.period);
      } else if (node.extent.dims == 1 && node.left_by < 0) {
        leaves = std::max(leaves, node.needed.volume());
      }
    }
    std::int64_t& rows = program_.rows;
    rows = std::max(lag, members / row);
    rows = rows / period * period >= lag ? rows / period * period : (lag + period - 1) / period * period;
    program_.chunks = std::max<std::int64_t>(1, (leaves + members - 1) / members);
  }
  static std::int64_t lag_of(const ProgramNode& node) {
    return node.exists() ? 0 : node.kind->dependence->known_lag(node.closure.data());
  }
  bool reads_itself(std::uint32_t i) {
    const auto& sources = program_.nodes[i].sources;
    return !sources.empty() && sources.back().node == i;
  }
  bool sees_all(const ProgramSource& source) { return source.shape == program_.nodes[source.node].extent; }

  void set_fronts(std::uint32_t i) {
    ProgramNode& node = program_.nodes[i];
    if (node.loop >= 0 || node.left_by >= 0) {
      set_loop_fronts(node);
      return;
    }
    node.pace = Pace::once;
    std::int64_t after = 0;  // the last front of what is read
    for (const ProgramSource& source : node.sources) {
      if (source.node == i) continue;
      const ProgramNode& from = program_.nodes[source.node];
      if (const auto behind = fronts_behind(node, source)) {
        after = std::max(after, from.front + *behind);
        continue;
      }
      const bool is_one = source.shape.volume() == 1;
      after = std::max(after,
                       is_one ? program_.front(source.node, from.extent.place_of(source.base)) : from.last);
    }
    std::int64_t more = 0;  // fronts after its first
    if (node.steps && !node.exists() && !(reads_itself(i) && lag_of(node) == 0)) {
      node.pace = Pace::by_steps;
      node.rows = program_.rows;
      more = std::max<std::int64_t>(0, node.needed.high[0] - 1) / node.rows;
    } else if (program_.chunks > 1 && can_go_by_chunks(node)) {
      node.pace = Pace::by_chunks;
      after = 0;
      more = program_.chunks - 1;
    }
    // No loop has begun before all chunks are through.
    for (const ProgramLoop& loop : program_.loops) {
      if (loop.ghost > 0 && after <= loop.ghost && after + more >= loop.front) after = loop.ghost + 1;
    }
    node.front = after;
    node.last = after + more;
    program_.fronts = std::max(program_.fronts, node.last + 1);
  }

  /// If both step in time, how many fronts later the reader has to begin. Nothing: it has to wait for the
  /// end.
  std::optional<std::int64_t> fronts_behind(const ProgramNode& node, const ProgramSource& source) {
    const ProgramNode& from = program_.nodes[source.node];
    if (!node.steps || node.exists() || from.pace != Pace::by_steps || !sees_all(source)) return std::nullopt;
    const Dependence& dependence = *node.kind->dependence;
    if (dependence.in_time) return 0;
    // By its reach it may read as many steps ahead.
    if (lag_of(node) == 0) return std::nullopt;
    return (lag_of(node) + program_.rows - 1) / program_.rows;
  }

  /// After all that stands before it, alone.
  void set_loop_fronts(ProgramNode& node) {
    ProgramLoop& loop =
        program_.loops[static_cast<std::size_t>(node.left_by >= 0 ? node.left_by : node.loop)];
    if (loop.ghost == 0) {
      loop.front = std::max(program_.fronts, program_.chunks > 1 ? program_.chunks : 0);
      loop.ghost = loop.front + (loop.steps - 1) / loop.rows + 1;
    }
    if (node.left_by >= 0) {
      node.front = node.last = loop.ghost + 1;
      program_.fronts = std::max(program_.fronts, node.last + 1);
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
    const auto alignment = node.kept != 0 ? std::optional(Alignment{})
                                          : node.kind->dependence->known_alignment(node.closure.data());
    if (!alignment) return false;
    const std::int64_t width = alignment->width;
    const ProgramNode* like = nullptr;  // of what it reads
    node.wraps = alignment->wraps;
    node.halo = 0;
    for (const ProgramSource& source : node.sources) {
      const ProgramNode& from = program_.nodes[source.node];
      if (from.pace == Pace::once && source.shape.volume() == 1 && from.last == 0) continue;
      const bool fits = (source.shape[0] + width - 1) / width == node.extent[0];
      if (from.pace != Pace::by_chunks || !sees_all(source) || !fits) return false;
      if (like != nullptr && (like->leaves != from.leaves || like->width != from.width)) return false;
      node.halo = std::max(node.halo, from.halo);
      node.wraps = node.wraps || from.wraps;
      like = &from;
    }
    if (like == nullptr && (width != 1 || alignment->halo != 0)) return false;
    node.leaves = like != nullptr ? like->leaves : node.extent[0];
    const std::int64_t below = like != nullptr ? like->width : 1;
    node.width = below * width;
    node.halo += alignment->halo * below;
    // What reads beyond the chunks beside its own would keep them all.
    return node.halo <= node.leaves / (program_.ranks * program_.chunks);
  }

  FamilyProgram& program_;
  const std::int64_t front_members_;
};

}  // namespace

void plan_fronts(FamilyProgram& program, std::int64_t front_members) {
  FrontPlanner(program, front_members).plan();
}

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

}  // namespace ramal::detail
