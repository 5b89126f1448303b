// SPDX-License-Identifier: BSD-3-Clause
// From families to a family program: which of them there are, and who owns them.
#include "graph/families/bands.hpp"
#include "graph/families/loop.hpp"
#include "graph/families/program.hpp"

#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace ramal::detail {

namespace {

/// Finds, of all ways to write `ranks` as a product over the dimensions, the one with the least surface of a
/// block.
class GridSearch {
 public:
  GridSearch(const Index& extent, int first_dim) : extent_(extent), first_(first_dim) {}
  Parts find(std::int32_t ranks) {
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
    const std::int32_t most = extent_[dim] == 1 ? 1 : left;
    for (std::int32_t parts = 1; parts <= most; ++parts) {
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
  Parts parts_ = bands(1);
  Parts best_ = bands(1);
  double least_ = std::numeric_limits<double>::infinity();
};

Parts grid_of(const Index& extent, bool steps, std::uint32_t ranks) {
  const int first = steps ? 1 : 0;
  if (first >= extent.dims) return bands(1);
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
    plan_fronts(program(), context_.front_members, context_.front_bytes);
    return std::move(planned_);
  }

 private:
  FamilyProgram& program() { return planned_.program; }
  const FamilyProgram& program() const { return planned_.program; }

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
      const bool exists = !top.family->tasks.empty() || kept(*top.family).first != 0;
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
  KeptAs kept(const FamilyNode& family) const { return context_.kept ? context_.kept(family) : KeptAs(); }

  void append(const std::shared_ptr<const FamilyNode>& family) {
    if (family->is_state)
      refuse_family("iterate: " + std::string(family->name()) +
                        " was used outside of the function of a step, where it stands for no value",
                    family->where);
    const KeptAs kept_members = kept(*family);
    if (family->loop && kept_members.first == 0) {
      const auto [found, is_new] = loops_.emplace(family->loop.get(), program().loops.size());
      if (is_new) append_loop(*family);
      const std::uint32_t number = program().loops[found->second].first_left + family->state;
      numbers_.emplace(family.get(), number);
      planned_.families[number] = family;
      return;
    }
    ProgramNode node = node_of_family(*family, family->traits.steps || family->traits.reads_itself);
    node.kept = kept_members.first;
    for (const TaskHandle& task : family->tasks) node.given.push_back(context_.given(*task.get()));
    if (!node.exists()) {
      node.closure = family->closure;
      fit(node);
      node.period = family->traits.period;
      node.periodic_from = family->traits.periodic_from;
      for (const FamilySource& source : family->sources) node.sources.push_back(number(source));
      node.reads_itself = family->traits.reads_itself;
      if (node.reads_itself)
        node.sources.push_back({static_cast<std::uint32_t>(program().nodes.size()), 0, node.extent});
      node.seen = static_cast<std::uint32_t>(node.sources.size());
    }
    if (node.kept != 0) {
      node.parts = kept_members.parts;
    } else if (const auto parts = bands_for(node)) {
      node.parts = *parts;
    } else if (const auto parts = parts_of_sources(node)) {
      node.parts = *parts;
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
    node.only_rank = wished_rank(family);
    node.priority = family.traits.wishes.priority;
    node.threads = static_cast<std::uint32_t>(family.traits.wishes.threads);
    node.result_bytes = family.traits.wishes.result_bytes;
    node.site = call_site(family.where);
    node.attempt = family.attempt;
    node.parts = grid_of(node.extent, node.steps, context_.ranks);
    node.needed = Region::whole(node.extent);
    return node;
  }

  static bool is_fitted(const Kind& kind) {
    return kind.sort == Sort::member && kind.dependence->fit != nullptr;
  }
  void fit(ProgramNode& node) const {
    if (!is_fitted(*node.kind)) return;
    const auto members = static_cast<double>(node.extent.volume());
    node.kind->dependence->fit(context_.ranks, node.extent, node.closure);
    const double times = members / static_cast<double>(std::max<std::int64_t>(1, node.extent.volume()));
    node.result_bytes = static_cast<std::uint64_t>(static_cast<double>(node.result_bytes) * times);
    node.needed = Region::whole(node.extent);
    node.parts = bands(static_cast<std::int32_t>(context_.ranks));
  }

  std::int32_t wished_rank(const FamilyNode& family) const {
    const Annotation& wishes = family.traits.wishes;
    const auto refuse = [&](const std::string& what) {
      refuse_family(std::string(family.name()) + " is annotated with " + what, family.where);
    };
    if (wishes.rank >= static_cast<std::int32_t>(context_.ranks))
      refuse("rank " + std::to_string(wishes.rank) + ", but there are ranks 0 to " +
             std::to_string(context_.ranks - 1));
    if (wishes.rank >= 0 || wishes.host.empty() || !context_.rank_on) return wishes.rank;
    const std::int32_t rank = context_.rank_on(wishes.host);
    if (rank < 0) refuse("host " + wishes.host + ", but no rank runs there");
    return rank;
  }

  bool is_too_large_at_once(const ProgramNode& node) const {
    const double volume = static_cast<double>(node.extent.volume()), ranks = context_.ranks;
    return volume > static_cast<double>(std::max<std::int64_t>(1, context_.front_members)) * ranks ||
           volume * static_cast<double>(node.result_bytes) >
               static_cast<double>(context_.front_bytes) * ranks;
  }
  /// Bands, if the node is too large to be planned at once, or if what it reads lies in them. Nothing if what
  /// it reads lies on a grid.
  std::optional<Parts> bands_for(const ProgramNode& node) const {
    if (node.steps || node.extent.dims == 1 || node.only_rank >= 0) return std::nullopt;
    const int dim = band_dim(node.extent);
    const Parts rows = bands(static_cast<std::int32_t>(context_.ranks));
    bool reads_alike = false, reads_rows = false;
    for (const ProgramSource& source : node.sources) {
      const ProgramNode& from = program().nodes[source.node];
      if (source.shape.volume() == 1 || from.extent.dims == 1) continue;
      const bool is_alike =
          band_dim(from.extent) == dim && from.parts == bands_of(from.extent, context_.ranks);
      if (from.steps || (!is_alike && from.parts != rows)) return std::nullopt;
      (is_alike ? reads_alike : reads_rows) = true;
    }
    if (node.extent[dim] >= context_.ranks && (dim == 0 || !reads_rows)) {
      const bool has_to = reads_alike || reads_rows || is_too_large_at_once(node);
      return has_to ? std::optional(bands_of(node.extent, context_.ranks)) : std::nullopt;
    }
    // The last levels of a reduction stay where they are; what cuts an array otherwise does not.
    if (!reads_alike && !reads_rows) return std::nullopt;
    const Dependence& dependence = *node.kind->dependence;
    if (dependence.along != nullptr && node.extent.volume() > 1) return std::nullopt;
    const bool stays = dependence.known_alignment(node.closure.data(), node.extent.dims, 0).has_value();
    return stays ? std::optional(rows) : std::nullopt;
  }

  /// How the largest of what it reads is cut, as far as that has the same cuts in it: then each of its
  /// members lies where what it reads is.
  std::optional<Parts> parts_of_sources(const ProgramNode& node) const {
    if (node.steps || node.only_rank >= 0 || node.exists() || node.kind->dependence->along == nullptr)
      return std::nullopt;
    std::optional<Parts> best;
    double most = 0;
    for (std::uint32_t k = 0; k < node.sources.size(); ++k) {
      const ProgramNode& from = program().nodes[node.sources[k].node];
      if (from.steps || from.only_rank >= 0 || !(node.sources[k].shape == from.extent)) continue;
      const double size = static_cast<double>(from.extent.volume()) *
                          static_cast<double>(std::max<std::uint64_t>(1, from.result_bytes));
      const Along along = node.kind->dependence->along(node.closure.data(), k);
      Parts parts = detail::bands(1);
      std::int64_t ranks = 1;
      for (std::size_t d = 0; d < static_cast<std::size_t>(node.extent.dims); ++d) {
        if (along[d] < 0) continue;
        parts[d] = from.parts[static_cast<std::size_t>(along[d])];
        if (node.extent[static_cast<int>(d)] < parts[d]) ranks = 0;
        ranks *= parts[d];
      }
      if (ranks != static_cast<std::int64_t>(context_.ranks) || size <= most) continue;
      best = parts;
      most = size;
    }
    return best;
  }

  /// Appends all nodes of a loop, and all that it leaves, since they are made together.
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
      node.attempt = left.attempt;
      node.loop = number_of_loop;
      node.is_task = of.is_task;
      node.placed_in_time = of.family->traits.placed_in_time;
      node.closure = of.family->closure;
      for (const LoopSource& source : of.sources)
        node.sources.push_back(source_in_loop(loop, source, first, outside));
      node.reads_itself = of.reads_itself;
      if (node.reads_itself)
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
  /// The extent of what a loop leaves of a node: one step of it, or for a task its one result.
  static Index left_extent(const ProgramNode& node) {
    return node.extent.dims == 1 ? Index(1) : within_step(node.extent);
  }
  ProgramSource number(const FamilySource& source) {
    if (!source.is_handle()) {
      const std::uint32_t node = numbers_.at(source.view.node.get());
      const bool is_seen_fitted =
          is_fitted(*source.view.node->kind) && source.view.shape == source.view.node->extent;
      return {node, source.view.base, is_seen_fitted ? program().nodes[node].extent : source.view.shape};
    }
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

}  // namespace

PlannedProgram plan_program(std::span<const std::shared_ptr<const FamilyNode>> families,
                            const ProgramContext& context) {
  return Planner(context).plan(families);
}

HandlesRead handles_read(std::span<const std::shared_ptr<const FamilyNode>> families,
                         const std::function<bool(const FamilyNode&)>& is_kept) {
  HandlesRead handles;
  std::unordered_set<const Task*> seen_handles;
  std::unordered_set<const FamilyNode*> seen;
  std::vector<const FamilyNode*> stack;
  const auto read = [&](const TaskHandle& task, bool in_family) {
    if (task.get() == nullptr) return;
    if (!seen_handles.insert(task.get()).second) {
      handles.in_one_family.erase(task.get());
      return;
    }
    handles.all.push_back(task.get());
    if (in_family) handles.in_one_family.insert(task.get());
  };
  for (const auto& family : families) stack.push_back(family.get());
  while (!stack.empty()) {
    const FamilyNode& family = *stack.back();
    stack.pop_back();
    if (!seen.insert(&family).second || is_kept(family)) continue;
    for (const TaskHandle& task : family.tasks) read(task, true);
    for (const FamilySource& source : family.sources) {
      if (source.is_handle()) {
        read(source.task, false);
      } else {
        stack.push_back(source.view.node.get());
      }
    }
  }
  return handles;
}

std::unordered_set<const Task*> ones_given_up(const std::unordered_set<const Task*>& tasks) {
  std::unordered_set<const Task*> found;
  for (const Task* task : tasks)
    if (task->gave_up()) found.insert(task);
  return found;
}

std::unordered_set<const Task*> HandlesRead::consumed(
    const std::unordered_set<const Task*>& read_otherwise) const {
  std::unordered_set<const Task*> found;
  for (const Task* task : all) {
    const bool is_lazy =
        task->constant() == nullptr && task->family() == nullptr && task->residence() == nullptr;
    if (is_lazy && in_one_family.contains(task) && !read_otherwise.contains(task)) found.insert(task);
  }
  return found;
}

}  // namespace ramal::detail
