// SPDX-License-Identifier: BSD-3-Clause
#include "graph/families/program.hpp"

#include <ramal/map.hpp>

#include <stdexcept>

namespace ramal::detail {

FamilyView FamilyView::of(std::shared_ptr<const FamilyNode> node) {
  const Index shape = node->extent;
  return {std::move(node), 0, shape};
}

FamilyView FamilyView::last_step() const {
  FamilyView row = *this;
  row.shape.dims = std::max(1, shape.dims - 1);
  for (int d = 0; d < row.shape.dims; ++d) row.shape[d] = shape.dims > 1 ? shape[d + 1] : 1;
  row.base += (shape[0] - 1) * row.shape.volume();
  return row;
}

FamilyView FamilyView::without(int axis) const {
  FamilyView view = *this;
  if (shape.dims == 1) return view;
  for (int d = axis; d + 1 < shape.dims; ++d) view.shape[d] = shape[d + 1];
  --view.shape.dims;
  return view;
}

FamilyView FamilyView::annotated(Annotation wishes, std::source_location where) const {
  const auto refuse = [&](const std::string& what) {
    refuse_family("annotate: " + std::string(node->name()) + shape.text() + ' ' + what, where);
  };
  if (shape != node->extent || base != 0) refuse("is a part of another family; annotate that one");
  if (node->loop)
    refuse("is what a loop leaves; annotate what its function makes, in iterate(steps, function, …)");
  if (node->is_state) refuse("is a loop's state; annotate what its function makes");
  if (!node->tasks.empty()) refuse("is made of handles; annotate their tasks");
  if (node->residence) refuse("is persisted already");
  if (!wishes.host.empty()) refuse("has members on all hosts; a rank may be stated, but not a host");
  auto made = std::make_shared<FamilyNode>();
  made->kind = node->kind;
  made->extent = node->extent;
  made->sources = node->sources;
  made->closure = node->closure;
  made->where = node->where;
  made->traits = node->traits;
  made->traits.wishes = checked(std::move(wishes));
  return of(std::move(made));
}

namespace {

/// What freed families held, and nobody has looked at yet. It lies on the stack of the thread that frees
/// them, since handles may live longer than a thread's thread_local variables.
struct Freed {
  std::vector<std::shared_ptr<const FamilyNode>> families;
  std::vector<TaskHandle> tasks;
};
thread_local Freed* freeing = nullptr;

}  // namespace

// Families and tasks that only this one needs would be freed within each other's destructors, down a chain of
// any length: families by their sources, tasks by the families whose members they are. So each leaves what it
// held to the first of them, whose destructor goes through it in a loop.
FamilyNode::~FamilyNode() {
  Freed mine;
  const bool is_first = freeing == nullptr;
  Freed& freed = is_first ? mine : *freeing;
  for (FamilySource& source : sources) {
    if (source.view.node) freed.families.push_back(std::move(source.view.node));
    if (source.task.get() != nullptr) freed.tasks.push_back(std::move(source.task));
  }
  std::ranges::move(tasks, std::back_inserter(freed.tasks));
  if (!is_first) return;
  freeing = &mine;
  while (!freed.families.empty() || !freed.tasks.empty()) {
    if (!freed.families.empty()) {
      const auto family = std::move(freed.families.back());
      freed.families.pop_back();
    } else {
      const auto task = std::move(freed.tasks.back());
      freed.tasks.pop_back();
    }
  }
  freeing = nullptr;
}

void refuse_family(const std::string& problem, std::source_location where) {
  throw std::invalid_argument("ramal: " + problem + " (" + where.file_name() + ":" +
                              std::to_string(where.line()) + ")");
}

std::optional<std::int64_t> checked_volume(const Index& extent) {
  constexpr std::int64_t most_members = std::int64_t{1} << member_bits;
  double members = 1;
  for (int d = 0; d < extent.dims; ++d) {
    if (extent[d] < 0) return std::nullopt;
    members *= static_cast<double>(extent[d]);
  }
  return members > static_cast<double>(most_members) ? std::nullopt : std::optional(extent.volume());
}

void check_family(const FamilyNode& node) {
  for (int d = 0; d < node.extent.dims; ++d) {
    if (node.extent[d] < 0)
      refuse_family("a family of extent " + node.extent.text() + ": a length is negative", node.where);
  }
  if (!checked_volume(node.extent))
    refuse_family("a family of extent " + node.extent.text() + " has more than 2^48 members", node.where);
  constexpr std::size_t most_sources = 62;
  if (node.sources.size() > most_sources)
    refuse_family("a family reads " + std::to_string(node.sources.size()) + " others; at most 62 can be read",
                  node.where);
}

bool calls_self(const Dependence& dependence, const std::vector<std::byte>& closure, const Index& extent,
                const std::vector<FamilySource>& sources) {
  constexpr std::int64_t at_each_end = 8;
  constexpr std::int64_t between = 48;
  std::vector<Index> shapes;
  for (const FamilySource& source : sources) shapes.push_back(source.view.shape);
  Reads reads(std::move(shapes), false);
  const auto calls = [&](std::int64_t number) {
    reads.begin(number);
    try {
      dependence.reads(closure.data(), extent.place_of(number), reads);
    } catch (...) {  // whoever makes the member says so
    }
    return reads.named_itself();
  };
  const std::int64_t members = checked_volume(extent).value_or(0);
  for (std::int64_t k = 0; k < std::min(at_each_end, members); ++k) {
    if (calls(members - 1 - k) || calls(k)) return true;
  }
  // An odd stride meets places of every parity.
  const std::int64_t stride = members / between | 1;
  for (std::int64_t number = at_each_end; number < members - at_each_end; number += stride) {
    if (calls(number)) return true;
  }
  return false;
}

void expect_dims(const Index& extent, int dims, const char* what, std::source_location where) {
  if (extent.dims == dims) return;
  refuse_family(std::string(what) + ": expected a family of " + std::to_string(dims) +
                    (dims == 1 ? " dimension" : " dimensions") + ", found extent " + extent.text(),
                where);
}

void expect_positive(std::int64_t number, const char* what, std::source_location where) {
  if (number > 0) return;
  refuse_family(std::string(what) + " must be positive; found " + std::to_string(number), where);
}

void check_reduction(const Index& extent, int axis, std::int64_t arity, std::source_location where) {
  if (axis < 0 || axis >= extent.dims)
    refuse_family("reduce: a family of extent " + extent.text() + " has no dimension " + std::to_string(axis),
                  where);
  if (arity < 2) throw_bad_arity(static_cast<std::size_t>(std::max<std::int64_t>(arity, 0)), where);
  if (extent[axis] == 0) throw_empty_reduction(where);
}

Index within_step(const Index& place) {
  Index within;
  within.dims = place.dims - 1;
  for (int d = 0; d < within.dims; ++d) within[d] = place[d + 1];
  return within;
}
Index at_step(std::int64_t step, const Index& within) {
  Index place;
  place.dims = within.dims + 1;
  place[0] = step;
  for (int d = 0; d < within.dims; ++d) place[d + 1] = within[d];
  return place;
}

FamilySource single_source(TaskHandle task) {
  existing(task.get());
  FamilySource source;
  source.view.shape = Index(1);
  if (task.get()->family() != nullptr) {
    source.view.node = task.get()->shared_family();
    source.view.base = task.get()->member();
  }
  source.task = std::move(task);
  return source;
}

FamilyView family_of_tasks(const Kind& kind, std::vector<TaskHandle> tasks, const Index& extent,
                           std::source_location where) {
  for (const TaskHandle& task : tasks) existing(task.get());
  auto node = std::make_shared<FamilyNode>();
  node->kind = &kind;
  node->extent = extent;
  node->where = where;
  node->tasks = std::move(tasks);
  check_family(*node);
  if (static_cast<std::size_t>(extent.volume()) != node->tasks.size()) {
    refuse_family("as_family: expected a handle for each of the " + std::to_string(extent.volume()) +
                      " places of " + extent.text() + ", found " + std::to_string(node->tasks.size()),
                  where);
  }
  return FamilyView::of(std::move(node));
}

TaskHandle member_task(const Kind& kind, const FamilyView& view, const Index& place) {
  if (!view.shape.contains(place)) {
    throw std::out_of_range("ramal: " + std::string(view.node->name()) + place.text() +
                            " is not in its extent, which is " + view.shape.text());
  }
  return TaskHandle(Task::make(kind, view.node->where, {}, nullptr, Value(), view.node,
                               view.base + view.shape.number_of(place)));
}

Index common_extent(const std::vector<FamilySource>& sources, std::source_location where) {
  Index extent = sources.front().view.shape;
  for (const FamilySource& source : sources) {
    const Index& shape = source.view.shape;
    if (shape.volume() == 1) continue;
    if (extent.volume() == 1) extent = shape;
    if (shape == extent) continue;
    refuse_family("map: expected families of one extent, found " + extent.text() + " and " + shape.text(),
                  where);
  }
  return extent;
}

bool any_in_steps(const std::vector<FamilySource>& sources, const Index& extent) {
  return std::ranges::any_of(sources, [&](const FamilySource& source) {
    return source.view.node && source.view.node->traits.steps && source.view.shape == extent &&
           source.view.node->extent == extent;
  });
}

}  // namespace ramal::detail
