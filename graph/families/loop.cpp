// SPDX-License-Identifier: BSD-3-Clause
#include "graph/families/loop.hpp"

#include <ramal/iterate.hpp>

#include <unordered_map>

namespace ramal::detail {

namespace {

/// A family, or a task that is none's member.
struct Part {
  const FamilyNode* family = nullptr;
  const Task* task = nullptr;

  static Part of(const Task* task) {
    if (task->family() != nullptr && task->residence() == nullptr) return {task->family(), nullptr};
    return {nullptr, task};
  }
  static Part of(const FamilySource& source) {
    return source.is_handle() ? Part{nullptr, source.task.get()} : Part{source.view.node.get(), nullptr};
  }
  const void* key() const { return family != nullptr ? static_cast<const void*>(family) : task; }
  bool exists() const {
    return family != nullptr ? family->residence != nullptr
                             : task->residence() != nullptr || task->constant() != nullptr;
  }
  std::vector<Part> sources() const {
    std::vector<Part> all;
    if (exists()) return all;
    if (task != nullptr) {
      for (const Task* input : task->inputs()) all.push_back(of(input));
    } else {
      for (const TaskHandle& one : family->tasks) all.push_back(of(one.get()));
      for (const FamilySource& source : family->sources) all.push_back(of(source));
    }
    return all;
  }
};

FamilySource source_of_input(const Task* input) {
  input->retain();
  return single_source(TaskHandle(input));
}

class LoopMaker {
 public:
  LoopMaker(std::int64_t steps, std::span<const LoopState> states, std::span<const FamilyView> stand_ins,
            std::source_location where)
      : states_(states), where_(where) {
    expect_positive(steps, "iterate: the number of steps", where);
    loop_.steps = steps;
    for (std::uint32_t k = 0; k < stand_ins.size(); ++k) {
      kinds_[stand_ins[k].node.get()] = {LoopSource::state, k};
      outside_.push_back(states[k].initial);
    }
  }

  std::vector<FamilyView> make(const LoopNext& next) {
    for (std::uint32_t k = 0; k < states_.size(); ++k) loop_.results.push_back(result(next.states[k], k));
    if (next.done) {
      if (next.done->view.shape.volume() != 1)
        refuse_family("iterate: what tells whether a step is the last must have one member, not extent " +
                          next.done->view.shape.text(),
                      where_);
      loop_.done = whole_node(*next.done, carry_kind<bool>);
    }
    std::vector<FamilyView> left;
    const auto loop = std::make_shared<const Loop>(std::move(loop_));
    for (std::uint32_t k = 0; k < states_.size(); ++k) {
      const FamilyNode& made = *loop->nodes[loop->results[k]].family;
      auto family = std::make_shared<FamilyNode>();
      family->kind = states_[k].carry;
      family->extent = states_[k].extent;
      family->sources = outside_;
      family->where = where_;
      family->traits.wishes.name = made.name();
      family->traits.wishes.rank = made.traits.wishes.rank;
      family->traits.wishes.host = made.traits.wishes.host;
      family->loop = loop;
      family->state = k;
      left.push_back(FamilyView::of(std::move(family)));
    }
    return left;
  }

 private:
  std::uint32_t result(const FamilySource& source, std::uint32_t k) {
    if (source.view.shape != states_[k].extent)
      refuse_family("iterate: state " + std::to_string(k) + " has extent " + states_[k].extent.text() +
                        ", and after a step " + source.view.shape.text(),
                    where_);
    return whole_node(source, *states_[k].carry);
  }

  /// The node with just these members; if there is none, one that takes them over.
  std::uint32_t whole_node(const FamilySource& given, const Kind& carry) {
    lift_all(Part::of(given));
    LoopSource source = loop_source(given);
    if (source.from == LoopSource::node) {
      const LoopNode& node = loop_.nodes[source.number];
      if (node.is_task || (source.base == 0 && source.shape == node.within())) return source.number;
    }
    FamilyTraits traits;
    traits.wishes.name = "state";
    return append(carry, source.shape, {source}, closure_of(std::uint32_t{1}), where_, std::move(traits));
  }

  /// Whatever varies of that, and of what it reads, becomes nodes; sources first. It has a stack of its own,
  /// since chains may be of any length.
  void lift_all(const Part& root) {
    struct Visit {
      Part part;
      std::vector<Part> sources;
      std::size_t next = 0;
    };
    if (kinds_.contains(root.key())) return;
    std::vector<Visit> stack{{root, root.sources()}};
    while (!stack.empty()) {
      Visit& top = stack.back();
      if (top.next < top.sources.size()) {
        const Part source = top.sources[top.next++];
        if (!kinds_.contains(source.key())) stack.push_back({source, source.sources()});
        continue;
      }
      const Visit done = std::move(top);
      stack.pop_back();
      if (kinds_.contains(done.part.key())) continue;
      const bool varies = std::ranges::any_of(done.sources, [&](const Part& source) {
        return kinds_.at(source.key()).from != LoopSource::outside;
      });
      Found found{LoopSource::outside, 0};
      if (varies) found = {LoopSource::node, lift(done.part)};
      kinds_.emplace(done.part.key(), found);
    }
  }

  std::uint32_t lift(const Part& part) {
    return part.task != nullptr ? lift(*part.task) : lift(*part.family);
  }

  std::uint32_t lift(const FamilyNode& family) {
    const auto refuse = [&](const std::string& what) {
      refuse_family("iterate: " + std::string(family.name()) + family.extent.text() +
                        " cannot be made within the function of a step: " + what,
                    family.where);
    };
    if (family.loop) refuse("it is what another loop leaves, which reads this one's states");
    if (!family.tasks.empty()) refuse("it is a family of handles, some of which vary from step to step");
    if (family.traits.steps) refuse("it has steps of its own");
    if (family.extent.dims == Index::most_dims)
      refuse("it has " + std::to_string(Index::most_dims) + " dimensions already");
    std::vector<LoopSource> sources;
    for (const FamilySource& source : family.sources) sources.push_back(loop_source(source));
    FamilyTraits traits;
    traits.wishes = family.traits.wishes;
    traits.wishes.name = family.name();
    traits.placed_in_time = family.traits.placed_in_time;
    const auto number = append(*family.kind, family.extent, std::move(sources), family.closure, family.where,
                               std::move(traits));
    loop_.nodes[number].reads_itself = family.traits.reads_itself;
    return number;
  }

  std::uint32_t lift(const Task& task) {
    if (task.kind().is_bound_to_participants())
      refuse_family("iterate: " + std::string(task.name()) +
                        " cannot be called within the function of a step: it is a collective task",
                    task.where());
    std::vector<LoopSource> sources;
    for (const Task* input : task.inputs()) sources.push_back(loop_source(source_of_input(input)));
    FamilyTraits traits;
    if (task.annotation() != nullptr) traits.wishes = *task.annotation();
    traits.wishes.name = task.name();
    Index once;
    once.dims = 0;
    const auto literals = task.literals();
    const auto number = append(task.kind(), once, std::move(sources), {literals.begin(), literals.end()},
                               task.where(), std::move(traits));
    loop_.nodes[number].is_task = true;
    return number;
  }

  std::uint32_t append(const Kind& kind, const Index& within, std::vector<LoopSource> sources,
                       std::vector<std::byte> closure, std::source_location where, FamilyTraits traits) {
    auto family = std::make_shared<FamilyNode>();
    family->kind = &kind;
    family->extent = at_step(loop_.steps, within);
    family->closure = std::move(closure);
    family->where = where;
    family->traits = std::move(traits);
    check_family(*family);
    loop_.nodes.push_back({std::move(family), std::move(sources)});
    return static_cast<std::uint32_t>(loop_.nodes.size() - 1);
  }

  LoopSource loop_source(const FamilySource& source) {
    const auto [from, number] = kinds_.at(Part::of(source).key());
    if (from != LoopSource::outside)
      return {from, number, source.is_handle() ? 0 : source.view.base, source.view.shape};
    outside_.push_back(source);
    return {from, static_cast<std::uint32_t>(outside_.size() - 1), 0, source.view.shape};
  }

  struct Found {
    LoopSource::From from;
    std::uint32_t number;
  };
  const std::span<const LoopState> states_;
  const std::source_location where_;
  std::unordered_map<const void*, Found> kinds_;
  std::vector<FamilySource> outside_;
  Loop loop_;
};

}  // namespace

std::vector<FamilyView> make_stand_ins(std::span<const LoopState> states, std::source_location where) {
  std::vector<FamilyView> all;
  for (const LoopState& state : states) {
    if (state.extent.dims == Index::most_dims)
      refuse_family("iterate: expected families of at most 8 dimensions, found extent " + state.extent.text(),
                    where);
    auto family = std::make_shared<FamilyNode>();
    family->kind = state.carry;
    family->extent = state.extent;
    family->where = where;
    family->traits.wishes.name = "state " + std::to_string(all.size()) + " of a loop";
    family->is_state = true;
    all.push_back(FamilyView::of(std::move(family)));
  }
  return all;
}

std::vector<FamilyView> make_loop(std::int64_t steps, std::span<const LoopState> states,
                                  std::span<const FamilyView> stand_ins, const LoopNext& next,
                                  std::source_location where) {
  return LoopMaker(steps, states, stand_ins, where).make(next);
}

}  // namespace ramal::detail
