// SPDX-License-Identifier: BSD-3-Clause
// The walks over what is to be computed: `collect`, `DependencyWalk` and `family_stages`. Bytes describe
// tasks, families, handles to members and what is kept. What is needed, and in which stage, is told by plain
// loops over all things in the order of their making, last to first or first to last.
#include "graph/core/graph.hpp"
#include "graph/families/dependencies.hpp"
#include "graph/families/stages.hpp"
#include "tests/fuzz/graphs.hpp"

#include <algorithm>
#include <set>

namespace ramal::test {
namespace {

using namespace ramal::detail;

struct Kept final : Residence {};

// --- explicit tasks ----------------------------------------------------------------------------------------

void check_collected(const MadeTasks& made, const std::vector<const Task*>& targets) {
  std::vector<bool> needed(made.all.size());
  for (const Task* target : targets) needed[made.number_of(target)] = true;
  for (std::size_t i = made.all.size(); i-- > 0;) {
    if (!needed[i] || is_given(*made.all[i].task())) continue;
    for (const std::size_t input : made.all[i].inputs) needed[input] = true;
  }
  const Graph graph = collect(targets);
  require(graph.size() == static_cast<std::size_t>(std::ranges::count(needed, true)),
          "collected as many as are needed");
  std::map<const Task*, TaskIndex> index;
  std::vector<TaskIndex> given;
  for (TaskIndex i = 0; i < graph.size(); ++i) {
    const Task* task = graph.tasks[i];
    require(made.knows(task) && needed[made.number_of(task)], "nothing collected that is not needed");
    require(index.emplace(task, i).second, "each collected once");
    require(graph.kinds[graph.kind_index[i]] == &task->kind(), "its kind");
    require((graph.wishes_of(i) != nullptr) == (task->annotation() != nullptr), "its wishes");
    if (is_given(*task)) given.push_back(i);
    const auto inputs = graph.inputs_of(i);
    const auto& expected = made.of(task).inputs;
    require(inputs.size() == (is_given(*task) ? 0 : expected.size()), "as many inputs");
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      require(inputs[k] < i, "inputs before their consumers");
      require(graph.tasks[inputs[k]] == made.all[expected[k]].task(), "its inputs, in order");
    }
  }
  require(graph.given == given, "the given ones, in rising order");
  require(graph.targets.size() == targets.size(), "an index for each target");
  for (std::size_t k = 0; k < targets.size(); ++k)
    require(graph.tasks[graph.targets[k]] == targets[k], "a target");
  for (const Task* task : graph.tasks)
    require(task->residence() != nullptr || task->scratch() == 0, "no scratch left");
}

void walk_tasks(Choices& choices) {
  MadeTasks made;
  made.add(choices, 1);
  while (choices.more() && made.all.size() < 400) {
    if (choices.below(16) < 13) {
      made.add(choices, 1);
      continue;
    }
    const auto any = [&] { return made.all[choices.below(made.all.size())].task(); };
    switch (choices.below(3)) {
      case 0:
        any()->set_residence(std::make_unique<Kept>());
        break;
      case 1:
        any()->set_residence(nullptr);
        break;
      default: {
        std::vector<const Task*> targets;
        for (std::size_t left = choices.below(5); left > 0; --left) targets.push_back(any());
        check_collected(made, targets);
      }
    }
  }
  check_collected(made, {made.all.back().task(), made.all.front().task(), made.all.back().task()});
}

// --- tasks and families ------------------------------------------------------------------------------------

long placed(Index place) { return blend(3, place[0]); }
long add(long a, long b) { return blend(a, b); }
long sum(Inputs<long> values) { return blend_all(Longs(values.begin(), values.end())); }

/// A task or a family, and what it is made of, by positions.
struct Thing {
  TaskOrFamily one;
  std::vector<std::pair<std::size_t, bool>>
      dependencies;  // what it names, and whether that is read as a task
  std::variant<Delayed<long>, Family<long>> handle;
  bool is_kept = false;
  bool is_of_handles = false;
};

class Things {
 public:
  explicit Things(Choices& choices) : choices_(choices) {}
  std::vector<Thing> all;

  /// A family that reads a handle to a member reads the member's family, unless the member is kept by itself.
  std::vector<std::pair<std::size_t, bool>> dependencies_of(std::size_t number) const {
    auto found = all[number].dependencies;
    if (all[number].one.task != nullptr) return found;
    for (auto& [one, is_read] : found) {
      const Thing& read = all[one];
      if (is_read && read.one.task->family() != nullptr && !read.is_kept) {
        one = read.dependencies[0].first;
        is_read = false;
      }
    }
    return found;
  }

  void add() {
    if (tasks_.empty() || families_.empty()) {
      put(delayed<leaf>(0L), {});
      put(family<placed>(Index(4)), {});
    }
    const std::size_t a = pick(families_), b = pick(families_), x = pick(tasks_), y = pick(tasks_);
    switch (choices_.below(9)) {
      case 0:
        return put(delayed<leaf>(0L), {});
      case 1:
        return put(delayed<two>(0L, task(x), task(y)), {x, y});
      case 2: {
        if (all[a].is_of_handles)
          return put(delayed<leaf>(0L), {});  // its members are the handles themselves
        put(at(a)[static_cast<std::int64_t>(choices_.below(4))], {a});
        all.back().dependencies[0].second = false;
        return;
      }
      case 3:
        return put(family<placed>(Index(4)), {});
      case 4:
        return put(map<&test::add>(at(a), task(x)), {a, x}, 1);
      case 5:
        return put(map<&test::add>(at(a), at(b)), {a, b}, 0);
      case 6:
        return put(stencil<&sum>(at(a), {{-1}, {0}}, Edge::open), {a}, 0);
      case 7: {
        std::vector<Delayed<long>> handles;
        std::vector<std::size_t> members;
        for (std::size_t k = 0; k < 4; ++k) {
          members.push_back(pick(tasks_));
          handles.push_back(task(members.back()));
        }
        put(as_family(handles), members, 0);
        all.back().is_of_handles = true;
        return;
      }
      default: {
        Thing& kept = all[choices_.below(all.size())];
        if (kept.is_of_handles) return;
        kept.is_kept = true;
        if (kept.one.task != nullptr) kept.one.task->set_residence(std::make_unique<Kept>());
      }
    }
  }

 private:
  std::size_t pick(const std::vector<std::size_t>& from) {
    return from[from.size() - 1 - choices_.below(std::min<std::size_t>(from.size(), 256))];
  }
  const Delayed<long>& task(std::size_t number) const { return std::get<0>(all[number].handle); }
  const Family<long>& at(std::size_t number) const { return std::get<1>(all[number].handle); }
  void put(Delayed<long> handle, const std::vector<std::size_t>& dependencies) {
    tasks_.push_back(all.size());
    const Task* task = handle.task_handle().get();
    all.push_back({{.task = task}, {}, std::move(handle)});
    for (const std::size_t one : dependencies) all.back().dependencies.emplace_back(one, true);
  }
  /// The last of the dependencies are tasks that its members read.
  void put(const Family<long>& made, const std::vector<std::size_t>& dependencies,
           std::size_t tasks_read = 0) {
    families_.push_back(all.size());
    all.push_back({{nullptr, made.view().node}, {}, made});
    for (const std::size_t one : dependencies)
      all.back().dependencies.emplace_back(
          one, all.back().dependencies.size() + tasks_read >= dependencies.size());
  }

  Choices& choices_;
  std::vector<std::size_t> tasks_, families_;
};

std::vector<bool> needed_things(const Things& things, const std::vector<std::size_t>& targets) {
  std::vector<bool> needed(things.all.size());
  for (const std::size_t target : targets) needed[target] = true;
  for (std::size_t i = things.all.size(); i-- > 0;) {
    if (!needed[i] || things.all[i].is_kept) continue;
    for (const auto& [dependency, is_read] : things.dependencies_of(i)) needed[dependency] = true;
  }
  return needed;
}

void check_walk(const Things& things, const std::vector<std::size_t>& targets) {
  std::map<const void*, std::size_t> number;
  for (std::size_t i = 0; i < things.all.size(); ++i) number[things.all[i].one.key()] = i;
  const std::vector<bool> needed = needed_things(things, targets);
  std::vector<bool> visited(things.all.size());
  DependencyWalk walk([&](const TaskOrFamily& one) { return things.all[number.at(one.key())].is_kept; },
                      [&](const TaskOrFamily& one, const std::vector<Dependency>& dependencies) {
                        const std::size_t i = number.at(one.key());
                        require(needed[i], "nothing visited that is not needed");
                        require(!visited[i], "each visited once");
                        visited[i] = true;
                        const Thing& thing = things.all[i];
                        if (thing.is_kept)
                          return require(dependencies.empty(), "what exists is made of nothing");
                        std::multiset<std::pair<std::size_t, bool>> told, expected;
                        for (const Dependency& dependency : dependencies) {
                          const std::size_t input = number.at(dependency.one.key());
                          require(visited[input], "visited after what it is made of");
                          told.insert({input, dependency.is_read});
                        }
                        for (const auto& dependency : things.dependencies_of(i)) expected.insert(dependency);
                        require(told == expected, "what it is made of");
                      });
  for (const std::size_t target : targets) walk.reach(things.all[target].one);
  require(visited == needed, "all visited that is needed");
}

void check_stages(const Things& things, const std::vector<std::size_t>& targets) {
  const std::vector<bool> needed = needed_things(things, targets);
  std::vector<std::size_t> stage(things.all.size());
  std::set<std::pair<std::size_t, const Task*>> members;
  std::map<const FamilyNode*, std::size_t> families;
  for (std::size_t i = 0; i < things.all.size(); ++i) {
    const Thing& thing = things.all[i];
    if (!needed[i] || thing.is_kept) continue;
    for (const auto& [input, is_read] : things.dependencies_of(i))
      stage[i] = std::max(stage[i], stage[input]);
    const Task* task = thing.one.task;
    if (task == nullptr || task->family() == nullptr || things.all[thing.dependencies[0].first].is_kept)
      continue;
    members.insert({stage[i], task});
    families.emplace(task->family(), stage[i]);
    ++stage[i];
  }
  std::set<const FamilyNode*> kept;
  for (const Thing& thing : things.all)
    if (thing.is_kept && thing.one.family != nullptr) kept.insert(thing.one.family.get());
  std::vector<const Task*> tasks;
  for (const std::size_t target : targets) tasks.push_back(things.all[target].one.task);
  const FamilyStages found =
      family_stages(collect(tasks), tasks, [&](const FamilyNode& one) { return kept.contains(&one); });
  std::set<std::pair<std::size_t, const Task*>> found_members;
  std::map<const FamilyNode*, std::size_t> found_families;
  for (std::size_t s = 0; s < found.stages.size(); ++s) {
    for (const TaskHandle& member : found.stages[s].members)
      require(found_members.insert({s, member.get()}).second, "a member noted once");
    for (const auto& one : found.stages[s].families)
      require(found_families.emplace(one.get(), s).second, "a family noted once");
  }
  require(found_members == members, "the stages of members");
  require(found_families == families, "the stages of families");
}

void walk_things(Choices& choices) {
  Things things(choices);
  things.add();
  while (choices.more() && things.all.size() < 300) things.add();
  std::vector<std::size_t> all{things.all.size() - 1}, tasks;
  for (std::size_t left = 3; left > 0; --left) all.push_back((all.back() * 7 + left) % things.all.size());
  check_walk(things, all);
  for (std::size_t i = things.all.size(); i-- > 0 && tasks.size() < 3;)
    if (things.all[i].one.task != nullptr) tasks.push_back(i);
  check_stages(things, tasks);
}

}  // namespace

void fuzz_walker(Bytes bytes) {
  Choices choices(bytes);
  if (choices.below(2) == 0) {
    walk_tasks(choices);
  } else {
    walk_things(choices);
  }
}

}  // namespace ramal::test
