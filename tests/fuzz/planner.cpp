// SPDX-License-Identifier: BSD-3-Clause
// Planning: bytes describe tasks or families, ranks, and where what exists lies. Then the shares of all ranks
// are run by a simulation that knows nothing but them: slots that are filled, values that cross, tasks that
// run in whatever order the bytes say. Each input must come once, no value cross to a rank twice, and the
// results be what plain loops say. The shares' byte forms, with some bytes changed, must be refused or be
// valid.
#include "graph/families/expand.hpp"
#include "graph/tasks/cut.hpp"
#include "graph/tasks/place.hpp"
#include "runtime/executor/failure.hpp"
#include "tests/fuzz/graphs.hpp"

#include <algorithm>
#include <set>

namespace ramal::test {
namespace {

using namespace ramal::detail;

const Images& images() {
  static const Images loaded = Images::loaded();
  return loaded;
}

Value carried(const Value& value, const Type& type) {
  require(&value.type() == &type || value.failed(), "a slot's kind says its type");
  std::vector<std::byte> bytes(value.encoded_bytes());
  Writer writer(bytes.data(), bytes.size());
  value.type().write(writer, value);
  Reader reader(bytes);
  Value read = value.type().read(reader);
  require(reader.left() == 0, "a value is read to its end");
  return read;
}

/// One share that is run: of a rank, or of a front on it.
struct Share {
  const Subgraph* graph;
  std::vector<const Kind*> kinds;
  std::vector<Cell> cells;

  Share(const Subgraph& its, std::vector<const Kind*> its_kinds)
      : graph(&its), kinds(std::move(its_kinds)), cells(its.slots()) {}
  const Kind& kind_of(Slot slot) const {
    return *kinds.at(slot < graph->tasks() ? graph->kind[slot]
                                           : graph->externals[slot - graph->tasks()].kind);
  }
  bool can_run(Slot task) const {
    return cells[task].value.empty() && std::ranges::all_of(graph->inputs_of(task), [&](Slot input) {
             return !cells[input].value.empty();
           });
  }
  Value call(Slot task) {
    for (const Slot input : graph->inputs_of(task)) {
      if (cells[input].value.failed()) return cells[input].value;
    }
    CallFrame frame{cells.data(), graph->inputs_of(task).data(), false, graph->literals_of(task)};
    Value result;
    try {
      kind_of(task).run(frame, result);
    } catch (const std::exception&) {
      result = Value::make<Failure>();
    }
    return result;
  }
};

/// Runs all tasks of all shares, beginning wherever the bytes say. `fill(share, slot, value)` fills and
/// passes on.
template <class Fill>
void run_all(std::vector<Share>& shares, Choices& choices, const Fill& fill) {
  if (shares.empty()) return;
  for (bool any = true; any;) {
    any = false;
    const std::size_t first = choices.below(shares.size());
    for (std::size_t k = 0; k < shares.size(); ++k) {
      Share& share = shares[(first + k) % shares.size()];
      const std::size_t tasks = share.graph->tasks();
      const std::size_t begin = tasks > 0 ? choices.below(tasks) : 0;
      for (std::size_t i = 0; i < tasks; ++i) {
        const auto task = static_cast<Slot>((begin + i) % tasks);
        if (!share.can_run(task)) continue;
        fill((first + k) % shares.size(), task, share.call(task));
        any = true;
      }
    }
  }
  for (const Share& share : shares)
    for (const Cell& cell : share.cells) require(!cell.value.empty(), "each slot is filled");
}

// --- byte forms that are damaged
// -------------------------------------------------------------------------------

std::vector<std::byte> damaged(Bytes bytes, Choices& choices) {
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  for (std::size_t left = 1 + choices.below(4); left > 0 && !copy.empty(); --left) {
    std::byte& one = copy[choices.below(std::min<std::size_t>(copy.size(), 65536))];
    one = choices.below(2) == 0 ? static_cast<std::byte>(choices.byte()) : one ^ std::byte{1};
  }
  if (choices.below(8) == 7) copy.resize(choices.below(copy.size() + 1));
  return copy;
}

void read_damaged(const Subgraph& share, Choices& choices) {
  try {
    const Subgraph read = Subgraph::read(Buffer::copy_of(damaged(share.bytes.view(), choices)));
    for (Slot task = 0; task < read.tasks(); ++task) {
      require(read.kind[task] < read.kinds.size(), "a kind of the subgraph");
      for (const Slot input : read.inputs_of(task))
        require(input < task || (input >= read.tasks() && input < read.slots()), "an input of the subgraph");
      const auto literals = read.literals_of(task);
      require(
          literals.empty() || (literals.data() >= read.bytes.data() &&
                               literals.data() + literals.size() <= read.bytes.data() + read.bytes.size()),
          "literals of the subgraph");
    }
    for (const External& external : read.externals)
      require(external.kind < read.kinds.size(), "an external's kind");
    for (const Route& route : read.routes) require(route.slot < read.slots(), "a route's slot");
    for (const Keep& keep : read.keeps) require(keep.slot < read.slots(), "a kept slot");
    for (const Priority& priority : read.priorities)
      require(priority.slot < read.tasks(), "a task with a priority");
    for (const Need& need : read.needs) require(need.slot < read.tasks(), "a task with needs");
    for (const Slot pin : read.pins) require(pin < read.tasks(), "a pinned task");
    for (const KindRef& kind : read.kinds) images().resolve(kind);
  } catch (const DecodeError&) {
  }
}

void decode_damaged(const std::vector<std::byte>& program, Choices& choices) {
  const std::vector<std::byte> bytes = damaged(program, choices);
  try {
    const FamilyProgram decoded = FamilyProgram::decode(bytes, images());
    FamilyProgram::decode(decoded.encode(images()), images());
  } catch (const DecodeError&) {
  }
}

// --- explicit tasks --------------------------------------------------------------------------------------

struct Kept final : Residence {
  Kept(ValueId value_id, std::uint32_t rank) : id(value_id), home(rank) {}
  ValueId id;
  std::uint32_t home;
};

class TaskRuns {
 public:
  explicit TaskRuns(Choices& choices)
      : choices_(choices), ranks_(static_cast<std::uint32_t>(1 + choices.below(6))), kept_(ranks_) {
    for (std::uint32_t rank = 0; rank < ranks_; ++rank)
      machine_.hosts.push_back("host" + std::to_string(rank / 2));
  }
  void run() {
    made_.add(choices_, static_cast<int>(ranks_));
    while (choices_.more() && made_.all.size() < 300) {
      if (choices_.below(12) < 11) {
        made_.add(choices_, static_cast<int>(ranks_));
      } else {
        run_once();
      }
    }
    run_once();
    for (const MadeTask& made : made_.all) made.task()->set_residence(nullptr);
  }

 private:
  struct Constant {
    ValueId id;
    std::set<std::uint32_t> copies = {};
  };

  void run_once() {
    const Graph graph = collect(made_.targets(choices_));
    const std::vector<std::uint32_t> rank = ranks_of(graph);
    std::vector<Want> wants;
    for (const TaskIndex target : graph.targets)
      wants.push_back({target, next_id_++, is_given(*graph.tasks[target]) || choices_.below(2) == 0});
    const Cut made = cut(
        graph, rank, ranks_, 7, wants, [this](const Task& task) { return holder_of(task); }, images());
    simulate(graph, made);
    for (const Want& want : wants) {
      const Task* task = graph.tasks[want.task];
      const std::uint32_t where = want.fetch ? 0 : rank[want.task];
      for (std::uint32_t r = 0; r < ranks_; ++r)
        require(kept_[r].contains(want.id) == (r == where), "what is asked for is kept where it is made");
      require(made_.of(task).is(kept_[where].at(want.id)), "a result is what a plain loop says");
      if (!want.fetch) task->set_residence(std::make_unique<Kept>(want.id, where));
    }
    const Subgraph& any = made.subgraphs[choices_.below(made.subgraphs.size())];
    if (any.bytes.size() > 0) read_damaged(any, choices_);
  }

  std::vector<std::uint32_t> ranks_of(const Graph& graph) {
    const auto home_of = [](const Task& task) {
      return task.constant() != nullptr ? Home{.anywhere = true}
                                        : Home{static_cast<const Kept*>(task.residence())->home, 8};
    };
    const auto placed = place(graph, machine_, home_of);
    std::vector<std::uint32_t> rank(placed.begin(), placed.end());
    require(rank.size() == graph.size(), "each task is placed");
    for (TaskIndex i = 0; i < graph.size(); ++i) {
      const Task& task = *graph.tasks[i];
      require(rank[i] < ranks_, "placed on a rank");
      const auto* kept = static_cast<const Kept*>(task.residence());
      if (kept != nullptr) require(rank[i] == kept->home, "what exists is placed where it is");
      const Annotation* wishes = graph.wishes_of(i);
      if (!is_given(task) && wishes != nullptr && wishes->rank >= 0)
        require(rank[i] == static_cast<std::uint32_t>(wishes->rank), "placed on the rank that was asked for");
      if (task.constant() != nullptr && constants_.emplace(&task, Constant{next_id_}).second)
        kept_[0][next_id_++] = *task.constant();
    }
    // Cutting must be right however tasks are placed.
    if (choices_.below(2) == 1) {
      for (TaskIndex i = 0; i < graph.size(); ++i)
        if (!is_given(*graph.tasks[i])) rank[i] = static_cast<std::uint32_t>(choices_.below(ranks_));
    }
    return rank;
  }
  Holder holder_of(const Task& task) {
    const auto constant = constants_.find(&task);
    if (constant == constants_.end())
      return {static_cast<const Kept*>(task.residence())->id, [](std::uint32_t) { return false; }, {}};
    auto& copies = constant->second.copies;
    return {constant->second.id, [&copies](std::uint32_t rank) { return copies.contains(rank); },
            [&copies](std::uint32_t rank) {
              require(copies.insert(rank).second, "a value is copied to a rank once");
            }};
  }

  void simulate(const Graph& graph, const Cut& made) {
    std::vector<Share> shares;
    std::size_t tasks = 0, crossings = 0;
    for (const Subgraph& graph_of : made.subgraphs) {
      static const Subgraph nothing = SubgraphDraft().finish(0);
      const Subgraph& share = graph_of.bytes.size() > 0 ? graph_of : nothing;
      std::vector<const Kind*> kinds;
      for (const KindRef& kind : share.kinds) kinds.push_back(&images().resolve(kind));
      tasks += share.tasks();
      shares.emplace_back(share, std::move(kinds));
    }
    require(tasks == graph.size() - graph.given.size(), "each task is in one share");
    std::set<std::tuple<std::size_t, Slot, std::uint32_t>> crossed;
    const std::function<void(std::size_t, Slot, Value)> fill = [&](std::size_t rank, Slot slot,
                                                                   const Value& value) {
      Share& share = shares[rank];
      require(share.cells.at(slot).value.empty(), "each slot is filled once");
      share.cells[slot].value = value;
      for (const Keep& keep : share.graph->keeps)
        if (keep.slot == slot) kept_[rank][keep.id] = value;
      for (const Route& route : share.graph->routes) {
        if (route.slot != slot) continue;
        require(route.rank != rank && route.rank < ranks_, "values go to other ranks");
        require(crossed.insert({rank, slot, route.rank}).second, "a value crosses to a rank once");
        ++crossings;
        const Subgraph& to = *shares[route.rank].graph;
        require(route.remote_slot >= to.tasks() &&
                    to.externals[route.remote_slot - to.tasks()].how == External::arrival,
                "a value goes where it is expected");
        fill(route.rank, route.remote_slot,
             carried(value, *shares[route.rank].kind_of(route.remote_slot).result));
      }
    };
    for (std::size_t rank = 0; rank < shares.size(); ++rank) {
      const Subgraph& share = *shares[rank].graph;
      for (std::size_t k = 0; k < share.externals.size(); ++k) {
        if (share.externals[k].how == External::import)
          fill(rank, static_cast<Slot>(share.tasks() + k), kept_[rank].at(share.externals[k].id));
      }
    }
    run_all(shares, choices_, fill);
    require(crossings == made.messages, "as many values cross as were counted");
  }

  Choices& choices_;
  std::uint32_t ranks_;
  Machine machine_;
  MadeTasks made_;
  std::vector<std::map<ValueId, Value>> kept_;  // by rank
  std::map<const Task*, Constant> constants_;
  ValueId next_id_ = 1;
};

// --- families
// ------------------------------------------------------------------------------------------------

long at_place(Index place) {
  long sum = place.dims;
  for (int d = 0; d < place.dims; ++d) sum = blend(sum, place[d]);
  return sum;
}
long pair_up(long a, long b) { return blend(a, b); }
long fold(Inputs<long> values) { return blend_all(Longs(values.begin(), values.end())); }
long fold_two(Index place, Inputs<long> others, Inputs<long> earlier) {
  return blend(blend(at_place(place), fold(others)), fold(earlier));
}
long fold_placed(Index place, Inputs<long> values) { return blend(at_place(place), fold(values)); }

/// Reads some places of a source, some of them twice.
struct Scattered {
  std::int64_t size, factor, count;
  void operator()(const Index& place, Reads& reads) const {
    for (std::int64_t k = 0; k < count; ++k) reads(0, (place[0] * factor + k / 2) % size);
  }
};
/// The first dimension is time: another family in the first step, then itself in the step before.
struct InTime {
  std::int64_t width, shift;
  void operator()(const Index& place, Reads& reads) const {
    if (place[0] == 0) return reads(0, place[1]);
    for (const std::int64_t at : {place[1] - shift, place[1], place[1] + 1})
      if (at >= 0 && at < width) reads.self({place[0] - 1, at});
  }
};

class Families {
 public:
  explicit Families(Choices& choices)
      : choices_(choices),
        ranks_(static_cast<std::uint32_t>(choices.one_in(8) ? 16 + choices.below(5) : 1 + choices.below(6))),
        front_members_(1 + static_cast<std::int64_t>(choices.below(40))) {}

  void run() {
    add_line(base(1 + static_cast<std::int64_t>(choices_.below(40))));
    while (choices_.more() && lines_.size() < 12) add();
    std::vector<std::shared_ptr<const FamilyNode>> targets;
    for (std::size_t left = 1 + choices_.below(3); left > 0; --left) {
      const auto node = lines_[lines_.size() - 1 - choices_.below(lines_.size())].family.view().node;
      if (std::ranges::find(targets, node) == targets.end()) targets.push_back(node);
    }
    PlannedProgram planned =
        plan_program(targets, {.ranks = ranks_,
                               .front_members = front_members_,
                               .given =
                                   [this](const Task& task) {
                                     return GivenMember{id_of(task), home_of(id_of(task))};
                                   },
                               .kept = {},
                               .rank_on = {}});
    const std::vector<std::byte> bytes = planned.program.encode(images());
    const FamilyProgram program = FamilyProgram::decode(bytes, images());
    require(program.encode(images()).size() == bytes.size(), "a program is read as it was written");
    simulate(program, planned);
    decode_damaged(bytes, choices_);
  }

 private:
  struct Line {
    Family<long> family;
    Longs expected;
  };

  void add_line(Line line) {
    expected_[line.family.view().node.get()] = line.expected;
    lines_.push_back(std::move(line));
  }
  static Line base(std::int64_t size) {
    Longs expected;
    for (std::int64_t i = 0; i < size; ++i) expected.push_back(at_place(Index(i)));
    return {family<at_place>(Index(size)), expected};
  }
  ValueId id_of(const Task& task) const { return ids_.at(&task); }
  std::uint32_t home_of(ValueId id) const { return static_cast<std::uint32_t>(id) % ranks_; }

  void add() {
    const Line line = lines_[lines_.size() - 1 - choices_.below(lines_.size())];
    const Longs& old = line.expected;
    const auto size = static_cast<std::int64_t>(old.size());
    Longs expected;
    switch (choices_.below(8)) {
      case 0:
        return add_line(base(1 + static_cast<std::int64_t>(choices_.below(40))));
      case 1: {
        const Line& other = lines_[choices_.below(lines_.size())];
        const bool fits = other.expected.size() == old.size();
        for (std::size_t i = 0; i < old.size(); ++i)
          expected.push_back(blend(old[i], fits ? other.expected[i] : old[i]));
        return add_line({map<pair_up>(line.family, fits ? other.family : line.family), expected});
      }
      case 2: {  // with a value that lies on some rank
        const auto number = static_cast<long>(singles_.size());
        singles_.push_back(delayed<leaf>(number));
        const Task* task = singles_.back().task_handle().get();
        ids_[task] = static_cast<ValueId>(1 + choices_.below(100)) * 100 + singles_.size();
        values_[ids_[task]] = number;
        for (const long one : old) expected.push_back(blend(one, number));
        return add_line({map<pair_up>(line.family, singles_.back()), expected});
      }
      case 3: {
        const auto edge = static_cast<Edge>(choices_.below(3));
        std::vector<Index> offsets;
        for (std::size_t left = 1 + choices_.below(3); left > 0; --left)
          offsets.push_back(Index(static_cast<std::int64_t>(choices_.below(9)) - 4));
        for (std::int64_t i = 0; i < size; ++i) {
          Longs read;
          for (const Index& offset : offsets) {
            std::int64_t at = i + offset[0];
            if (edge == Edge::open && (at < 0 || at >= size)) continue;
            at =
                edge == Edge::clamp ? std::clamp<std::int64_t>(at, 0, size - 1) : ((at % size) + size) % size;
            read.push_back(old[static_cast<std::size_t>(at)]);
          }
          expected.push_back(blend_all(read));
        }
        return add_line({stencil<fold>(line.family, offsets, edge), expected});
      }
      case 4: {
        const auto block = 1 + choices_.below(5);
        for (std::size_t i = 0; i < old.size(); i += block) {
          Longs read;
          for (std::size_t k = i; k < std::min(old.size(), i + block); ++k) read.push_back(old[k]);
          expected.push_back(blend_all(read));
        }
        return add_line({coarsen<fold>(line.family, static_cast<std::int64_t>(block)), expected});
      }
      case 5: {
        const Scattered reads{size, static_cast<std::int64_t>(choices_.below(7)),
                              static_cast<std::int64_t>(choices_.below(4))};
        const auto extent = 1 + static_cast<std::int64_t>(choices_.below(40));
        for (std::int64_t i = 0; i < extent; ++i) {
          Longs read;
          for (std::int64_t k = 0; k < reads.count; ++k)
            read.push_back(old[static_cast<std::size_t>((i * reads.factor + k / 2) % size)]);
          expected.push_back(blend(at_place(Index(i)), blend_all(read)));
        }
        return add_line({family<fold_placed>(Index(extent), reads, line.family), expected});
      }
      case 6: {  // a tree over all, whose top goes to each
        Longs level = old;
        while (level.size() > 1) {
          Longs next;
          for (std::size_t i = 0; i < level.size(); i += 2)
            next.push_back(i + 1 < level.size() ? blend(level[i], level[i + 1]) : level[i]);
          level = next;
        }
        for (const long one : old) expected.push_back(blend(one, level[0]));
        singles_.push_back(reduce<pair_up>(line.family));
        return add_line({map<pair_up>(line.family, singles_.back()), expected});
      }
      default:
        return in_time(line);
    }
  }
  /// Steps, and then the mean of a column as a line again.
  void in_time(const Line& line) {
    const auto size = static_cast<std::int64_t>(line.expected.size());
    const auto steps = 1 + static_cast<std::int64_t>(choices_.below(9));
    const InTime reads{size, static_cast<std::int64_t>(choices_.below(3))};
    FamilyOptions options;
    if (choices_.below(2) == 1) options.reach = Index(1, 2);
    if (choices_.below(2) == 1) options.period = 1, options.periodic_from = 1;
    Longs all;
    for (std::int64_t step = 0; step < steps; ++step) {
      for (std::int64_t x = 0; x < size; ++x) {
        Longs others, earlier;
        if (step == 0) {
          others.push_back(line.expected[static_cast<std::size_t>(x)]);
        } else {
          for (const std::int64_t at : {x - reads.shift, x, x + 1})
            if (at >= 0 && at < size)
              earlier.push_back(all[static_cast<std::size_t>((step - 1) * size + at)]);
        }
        all.push_back(blend(blend(at_place(Index(step, x)), blend_all(others)), blend_all(earlier)));
      }
    }
    const auto made = family<fold_two>.with(options)(Index(steps, size), reads, line.family);
    expected_[made.view().node.get()] = all;
    Longs last(all.end() - size, all.end());
    for (long& one : last) one = blend(one, one);
    const Family<long> end(made.view().last_step());
    add_line({map<pair_up>(end, end), last});
  }

  void simulate(const FamilyProgram& program, const PlannedProgram& planned) {
    std::vector<Front> fronts;  // rank by rank
    for (std::uint32_t rank = 0; rank < ranks_; ++rank) {
      Expander expander(program, rank);
      for (std::int64_t number = 0; number < program.fronts; ++number)
        fronts.push_back(expander.expand(number));
    }
    const auto per_rank = static_cast<std::size_t>(program.fronts);
    std::vector<Share> shares;
    for (const Front& front : fronts) shares.emplace_back(front.graph, front.kinds);
    std::set<std::pair<MemberName, std::size_t>> crossed;
    const std::function<void(std::size_t, Slot, Value)> fill = [&](std::size_t at, Slot slot,
                                                                   const Value& value) {
      require(shares[at].cells.at(slot).value.empty(), "each slot is filled once");
      require(!value.failed(), "no member fails");
      shares[at].cells[slot].value = value;
      const std::size_t rank = at / per_rank;
      if (at % per_rank + 1 < per_rank) {
        for (const Link& link : fronts[at + 1].links)
          if (link.from == slot) fill(at + 1, link.to, value);
      }
      for (const Route& route : fronts[at].graph.routes) {
        if (route.slot != slot) continue;
        const MemberName name = fronts[at].names.at(route.remote_slot).name;
        for (std::size_t to = 0; to < ranks_; ++to) {
          if (route.rank == all_others ? to == rank : to != route.rank) continue;
          require(crossed.insert({name, to}).second, "a member crosses to a rank once");
          bool any = false;
          for (std::size_t k = to * per_rank; k < (to + 1) * per_rank; ++k) {
            const auto awaited = fronts[k].awaited.find(name);
            if (awaited == fronts[k].awaited.end()) continue;
            any = true;
            fill(k, awaited->second.slot, value);
          }
          require(any || to == rank,
                  "a member is awaited on the rank where it goes");  // its own may keep it in vain
        }
      }
    };
    for (std::size_t at = 0; at < shares.size(); ++at) {
      const Subgraph& graph = fronts[at].graph;
      for (std::size_t k = 0; k < graph.externals.size(); ++k) {
        if (graph.externals[k].how != External::import) continue;
        require(home_of(graph.externals[k].id) == at / per_rank, "a value is taken where it is");
        fill(at, static_cast<Slot>(graph.tasks() + k), Value::make<long>(values_.at(graph.externals[k].id)));
      }
    }
    run_all(shares, choices_, fill);
    check(program, planned, fronts, shares);
  }

  void check(const FamilyProgram& program, const PlannedProgram& planned, const std::vector<Front>& fronts,
             const std::vector<Share>& shares) const {
    std::set<std::pair<std::uint32_t, std::int64_t>> made;
    for (std::size_t at = 0; at < fronts.size(); ++at) {
      for (const Front::Part& part : fronts[at].parts) {
        for (std::int64_t k = 0; k < part.region.volume(); ++k) {
          const Index place = part.region.place_of(k);
          const Slot slot = part.slot_of(place);
          if (slot >= fronts[at].graph.tasks()) continue;
          const std::int64_t number = program.nodes[part.node].extent.number_of(place);
          require(made.insert({part.node, number}).second, "each member is made once");
          const auto expected = expected_.find(planned.families[part.node].get());
          if (expected == expected_.end()) continue;  // a level of a tree
          require(shares[at].cells[slot].value.get<long>() ==
                      expected->second.at(static_cast<std::size_t>(number)),
                  "a member is what a plain loop says");
        }
      }
    }
    for (std::uint32_t node = 0; node < program.nodes.size(); ++node) {
      if (program.nodes[node].exists()) continue;
      for (std::int64_t number = 0; number < program.nodes[node].extent.volume(); ++number)
        require(made.contains({node, number}), "each member is made");
    }
  }

  Choices& choices_;
  std::uint32_t ranks_;
  std::int64_t front_members_;
  std::vector<Line> lines_;
  std::vector<Delayed<long>> singles_;
  std::map<const FamilyNode*, Longs> expected_;
  std::map<const Task*, ValueId> ids_;
  std::map<ValueId, long> values_;
};

}  // namespace

void fuzz_planner(Bytes bytes) {
  Choices choices(bytes);
  switch (choices.below(4)) {
    case 0:
    case 1:
      return TaskRuns(choices).run();
    case 2:
      return Families(choices).run();
    default: {  // no program and no subgraph at all
      const Bytes rest = choices.rest();
      try {
        FamilyProgram::decode(rest, images());
      } catch (const DecodeError&) {
      }
      try {
        Subgraph::read(Buffer::copy_of(rest));
      } catch (const DecodeError&) {
      }
    }
  }
}

}  // namespace ramal::test
