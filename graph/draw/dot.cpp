// SPDX-License-Identifier: BSD-3-Clause
// From tasks to the text of a picture, in three steps: which tasks share a circle (`join`), whether
// Graphviz can lay that out in reasonable time (`rows_crossed`), and the text itself (`write`).
#include "graph/core/graph.hpp"
#include "graph/families/loop.hpp"

#include <ramal/detail/dependence.hpp>
#include <ramal/visualize.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>

namespace ramal::detail {

namespace {

/// Tasks drawn as one: a circle and its box, or only a box if their values are given.
struct Group {
  std::string_view name;
  std::uint32_t level;
  bool given;
  std::size_t tasks = 0;
};
/// A result that is read: from a group's box to a group's circle.
struct Arrow {
  std::uint32_t from;
  std::uint32_t to;
};
struct Picture {
  std::vector<Group> groups;
  std::vector<Arrow> edges;  ///< each pair of groups once, in the order of their consumers
  std::size_t nodes = 0;    ///< circles and boxes
};

/// What makes two tasks one group. Level: the longest path from a source or a given value.
struct Rule {
  bool every_task = false;          ///< nothing is joined
  bool names = true;                ///< only tasks of one function are joined
  std::uint32_t levels_joined = 1;  ///< so many neighbouring levels count as one
};

/// A graph, with what grouping it in several ways has to know.
class Drawing {
 public:
  explicit Drawing(const Graph& graph)
      : graph_(graph), given_(graph.size(), false), level_(graph.size(), 0), name_(graph.size()) {
    for (const TaskIndex i : graph.given) given_[i] = true;
    for (TaskIndex i = 0; i < graph.size(); ++i) {
      for (const TaskIndex input : graph.inputs_of(i)) level_[i] = std::max(level_[i], level_[input] + 1);
      levels_ = std::max(levels_, level_[i] + 1);
      name_[i] =
          names_.try_emplace(graph.tasks[i]->name(), static_cast<std::uint32_t>(names_.size())).first->second;
    }
  }

  std::uint32_t levels() const { return levels_; }
  /// Circles alone: given values are not run.
  std::size_t tasks() const { return graph_.size() - graph_.given.size(); }

  /// The grouping; nothing if it had more circles and boxes than `most_nodes`, or more edges than
  /// `most_edges`.
  std::optional<Picture> join(const Rule& rule, std::size_t most_nodes, std::size_t most_edges) const {
    Picture picture;
    const auto group_of = join_tasks(picture, rule, most_nodes);
    if (picture.nodes > most_nodes) return std::nullopt;
    std::unordered_set<std::uint64_t> seen;
    for (TaskIndex i = 0; i < graph_.size(); ++i) {
      for (const TaskIndex input : graph_.inputs_of(i)) {
        const Arrow edge{group_of[input], group_of[i]};
        if (!seen.insert(std::uint64_t{edge.from} << 32 | edge.to).second) continue;
        if (picture.edges.size() == most_edges) return std::nullopt;
        picture.edges.push_back(edge);
      }
    }
    return picture;
  }

 private:
  std::vector<std::uint32_t> join_tasks(Picture& picture, const Rule& rule, std::size_t most_nodes) const {
    std::vector<std::uint32_t> group_of(graph_.size());
    std::unordered_map<std::uint64_t, std::uint32_t> groups;
    for (TaskIndex i = 0; i < graph_.size() && picture.nodes <= most_nodes; ++i) {
      const auto fresh = static_cast<std::uint32_t>(picture.groups.size());
      group_of[i] = rule.every_task ? fresh : groups.try_emplace(key(i, rule), fresh).first->second;
      if (group_of[i] == fresh) {
        const auto name = rule.names ? graph_.tasks[i]->name() : std::string_view("tasks");
        picture.groups.push_back({name, level_[i] / rule.levels_joined, given_[i]});
        picture.nodes += given_[i] ? 1 : 2;
      }
      ++picture.groups[group_of[i]].tasks;
    }
    return group_of;
  }
  std::uint64_t key(TaskIndex i, const Rule& rule) const {
    const std::uint64_t name = rule.names ? name_[i] : 0;
    const std::uint64_t level = level_[i] / rule.levels_joined;
    return name << 32 | level << 1 | (given_[i] ? 1 : 0);
  }

  const Graph& graph_;
  std::vector<bool> given_;
  std::vector<std::uint32_t> level_;
  std::vector<std::uint32_t> name_;
  std::unordered_map<std::string_view, std::uint32_t> names_;
  std::uint32_t levels_ = 0;
};

/// How many rows of the picture its edges will run past, which is what Graphviz's time depends on: it
/// puts an invisible node into each. Like Graphviz, counts what is read late as standing late, unless
/// that would lengthen more edges than it shortens.
std::size_t rows_crossed(const Picture& picture) {
  struct Place {
    std::uint32_t before_consumers = std::numeric_limits<std::uint32_t>::max();
    std::int64_t gain = 0;  // consumers less inputs
  };
  std::vector<Place> places(picture.groups.size());
  for (const Arrow& edge : picture.edges) {
    ++places[edge.from].gain;
    --places[edge.to].gain;
  }
  const auto level = [&](std::uint32_t group) {
    const auto& place = places[group];
    const bool moves = place.gain >= 0 && place.before_consumers != Place{}.before_consumers;
    return std::max(picture.groups[group].level, moves ? place.before_consumers : 0);
  };
  // Consumers first, so that whole chains move.
  for (auto edge = picture.edges.rbegin(); edge != picture.edges.rend(); ++edge) {
    const std::uint32_t to = std::max(level(edge->to), 1U);
    places[edge->from].before_consumers = std::min(places[edge->from].before_consumers, to - 1);
  }
  std::size_t rows = 0;
  for (const Arrow& edge : picture.edges) {
    const std::uint32_t from = level(edge.from);
    const std::uint32_t to = level(edge.to);
    rows += to > from ? 2 * std::size_t{to - from} - 1 : 1;
  }
  return rows;
}

/// The finest picture that is small enough; if need be all tasks in one circle.
struct Choice {
  Picture picture;
  Rule rule;
  std::size_t rows;
};
Choice choose(const Drawing& drawing, std::size_t most_nodes) {
  // Measured with Graphviz 2.43: 4000 nodes and 20,000 rows take half a minute, 40,000 rows some minutes.
  const std::size_t most_rows =
      most_nodes > std::numeric_limits<std::size_t>::max() / 5 ? most_nodes : 5 * most_nodes;
  for (Rule rule{.every_task = true};;) {
    const bool coarsest = !rule.every_task && !rule.names && rule.levels_joined >= drawing.levels();
    constexpr auto unlimited = std::numeric_limits<std::size_t>::max();
    auto picture = drawing.join(rule, coarsest ? unlimited : most_nodes, coarsest ? unlimited : most_rows);
    if (picture) {
      const std::size_t rows = rows_crossed(*picture);
      if (coarsest || rows <= most_rows) return {std::move(*picture), rule, rows};
    }
    if (rule.every_task) {
      rule = {};
    } else if (rule.levels_joined < drawing.levels()) {
      rule.levels_joined *= 2;
    } else {
      rule = {.names = false};  // more names than nodes: annotated one by one
    }
  }
}

std::string describe(const Drawing& drawing, const Rule& rule) {
  if (rule.every_task) return {};
  std::string how = rule.names ? "function" : "";
  if (rule.levels_joined < drawing.levels() || how.empty()) {
    how += how.empty() ? "level" : " and level";
    if (rule.levels_joined > 1) how += ", " + std::to_string(rule.levels_joined) + " levels in one";
  }
  return std::to_string(drawing.tasks()) + " tasks are shown collapsed by " + how;
}

/// The text as it stands inside a quoted DOT label, which knows backslash escapes and HTML's character
/// entities.
std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '&') {
      text += "&amp;";
    } else {
      text += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return text;
}

std::string label(const Group& group) {
  std::string text = group.given ? "" : escaped(group.name);
  if (group.tasks > 1) text += (text.empty() ? "×" : " ×") + std::to_string(group.tasks);
  return text;
}

void write_header(std::string& out, const Choice& choice, const std::string& note,
                  const std::string& rankdir) {
  if (!note.empty()) out += "// " + note + "\n";
  out +=
      "digraph ramal {\n  graph [rankdir=" + rankdir + ", ranksep=0.3, nodesep=0.15, outputorder=edgesfirst";
  // Where edges are many, their bends are not seen, but take minutes.
  if (choice.rows > 4000) out += ", splines=line, nslimit=2, nslimit1=2, mclimit=0.5";
  out += ", fontname=\"Helvetica,Arial,sans-serif\", fontsize=12";
  if (!note.empty()) out += ", label=\"" + note + "\"";
  out +=
      "];\n"
      "  node [fontname=\"Helvetica,Arial,sans-serif\", fontsize=12, margin=\"0.03,0.03\"];\n"
      "  edge [color=gray45, penwidth=0.8, arrowsize=0.6];\n";
}

void write_nodes(std::string& out, const std::vector<Group>& groups) {
  out += "  node [shape=circle, width=0.55];\n";
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!groups[i].given) out += "  t" + std::to_string(i) + " [label=\"" + label(groups[i]) + "\"];\n";
  }
  out += "  node [shape=box, width=0.22, height=0.22, label=\"\"];\n";
  for (std::size_t i = 0; i < groups.size(); ++i) {
    out += "  r" + std::to_string(i);
    if (groups[i].given) out += " [style=filled, fillcolor=gray85, label=\"" + label(groups[i]) + "\"]";
    out += ";\n";
  }
}

void write_edges(std::string& out, const Picture& picture) {
  for (std::size_t i = 0; i < picture.groups.size(); ++i) {
    if (!picture.groups[i].given) out += "  t" + std::to_string(i) + " -> r" + std::to_string(i) + ";\n";
  }
  for (const Arrow& edge : picture.edges) {
    out += "  r" + std::to_string(edge.from) + " -> t" + std::to_string(edge.to) + ";\n";
  }
}

/// Makes a graph with a task in place of each family, which reads what the family reads. Outlives it.
class FamilyCollector {
 public:
  Graph collect(std::span<const Task* const> targets) {
    graph_.input_offsets.push_back(0);
    graph_.kinds.push_back(nullptr);
    for (const Task* target : targets) graph_.targets.push_back(reach({target, nullptr}));
    return std::move(graph_);
  }

 private:
  struct Node {
    const Task* task;
    const FamilyNode* family;
    bool operator==(const Node&) const = default;
  };
  struct Visit {
    Node node;
    std::vector<Node> inputs;
    std::size_t next = 0;
  };

  /// A member of a family stands for the family, unless it is kept.
  static Node drawn(const Task* task) {
    if (task->family() != nullptr && task->residence() == nullptr) return {nullptr, task->family()};
    return {task, nullptr};
  }
  static std::vector<Node> inputs_of(const Node& node) {
    std::vector<Node> inputs;
    if (node.family == nullptr) {
      if (is_given(*node.task)) return {};
      for (const Task* input : node.task->inputs()) inputs.push_back(drawn(input));
      return inputs;
    }
    for (const TaskHandle& task : node.family->tasks) inputs.push_back(drawn(task.get()));
    for (const FamilySource& source : node.family->sources)
      inputs.push_back(source.is_handle() ? Node{source.task.get(), nullptr}
                                          : Node{nullptr, source.view.node.get()});
    return inputs;
  }
  static const void* key(const Node& node) {
    return node.family != nullptr ? static_cast<const void*>(node.family) : node.task;
  }

  TaskIndex reach(const Node& wanted) {
    const Node target = wanted.family == nullptr ? drawn(wanted.task) : wanted;
    std::vector<Visit> stack;
    if (!index_.contains(key(target))) stack.push_back({target, inputs_of(target)});
    while (!stack.empty()) {
      Visit& top = stack.back();
      if (top.next < top.inputs.size()) {
        const Node input = top.inputs[top.next++];
        if (!index_.contains(key(input))) stack.push_back({input, inputs_of(input)});
        continue;
      }
      const Visit done = std::move(top);
      stack.pop_back();
      if (!index_.contains(key(done.node))) append(done);
    }
    return index_.at(key(target));
  }

  void append(const Visit& visit) {
    const auto index = static_cast<TaskIndex>(graph_.tasks.size());
    index_.emplace(key(visit.node), index);
    for (const Node& input : visit.inputs) graph_.inputs.push_back(index_.at(key(input)));
    graph_.input_offsets.push_back(static_cast<TaskIndex>(graph_.inputs.size()));
    graph_.kind_index.push_back(0);
    if (visit.node.family == nullptr) {
      if (is_given(*visit.node.task)) graph_.given.push_back(index);
      graph_.tasks.push_back(visit.node.task);
      return;
    }
    const FamilyNode& family = *visit.node.family;
    auto wishes = std::make_shared<Annotation>();
    wishes->name = std::string(family.name()) + family.extent.text();
    if (family.loop) {
      wishes->name += (family.loop->done >= 0 ? ", at most " : ", ") + std::to_string(family.loop->steps) +
                      (family.loop->steps == 1 ? " step" : " steps");
    }
    stand_ins_.emplace_back(Task::make(*family.kind, family.where, {}, std::move(wishes), Value()));
    if (family.residence) graph_.given.push_back(index);
    graph_.tasks.push_back(stand_ins_.back().get());
  }

  Graph graph_;
  std::unordered_map<const void*, TaskIndex> index_;
  std::vector<TaskHandle> stand_ins_;  // as long as the graph
};

void check(std::span<const Task* const> targets) {
  if (targets.empty()) {
    throw std::invalid_argument("ramal: visualize: there is nothing to draw: the range of targets is empty");
  }
  if (std::find(targets.begin(), targets.end(), nullptr) != targets.end()) {
    throw std::invalid_argument("ramal: visualize: a target is a Delayed that was moved from");
  }
}

}  // namespace

std::string to_dot(std::span<const Task* const> targets, const VisualizeOptions& options) {
  check(targets);
  Graph graph = collect(targets);
  FamilyCollector families;
  if (std::ranges::any_of(graph.given, [&](TaskIndex i) { return graph.tasks[i]->family() != nullptr; }))
    graph = families.collect(targets);
  const Drawing drawing(graph);
  const Choice choice = choose(drawing, options.most_nodes);
  std::string out;
  write_header(out, choice, describe(drawing, choice.rule), options.rankdir);
  write_nodes(out, choice.picture.groups);
  write_edges(out, choice.picture);
  out += "}\n";
  return out;
}

}  // namespace ramal::detail
