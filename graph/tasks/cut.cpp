// SPDX-License-Identifier: BSD-3-Clause
#include "graph/tasks/cut.hpp"

#include "graph/core/participants.hpp"

#include <ramal/collective.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <unordered_map>

namespace ramal::detail {

namespace {

constexpr std::size_t large_literal_bytes = 64 << 10;
constexpr std::size_t most_listed = 8;
constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

/// One rank's share: measured, then written.
struct Share {
  SubgraphDraft::Size size;
  SubgraphDraft draft;
  bool is_empty() const { return size.tasks == 0 && draft.externals.empty(); }
};

/// Two passes: the first finds every slot and route, the second writes the subgraphs.
class Cutter {
 public:
  Cutter(const Graph& graph, std::span<const std::uint32_t> rank, std::uint32_t ranks,
         const HolderOf& holder_of)
      : graph_(graph), rank_(rank), shares_(ranks), slot_(graph.size(), none), copies_(graph.size(), none) {
    for (const TaskIndex i : graph.given) holders_.emplace(i, holder_of(*graph.tasks[i]));
  }

  Cut run(RunId run, std::span<const Want> wants, const Images& images) {
    if (std::ranges::count(graph_.kinds, Sort::collective, &Kind::sort) > 0) find_teams();
    number_tasks();
    for (TaskIndex i = 0; i < graph_.size(); ++i) {
      if (is_collective(i)) import_for_participants(i);
      if (is_collective(i) || kind(i).sort == Sort::part) continue;
      for (const TaskIndex input : graph_.inputs_of(i)) {
        if (rank_[input] != rank_[i] || is_given(input)) slot_on(rank_[i], input);
      }
    }
    for (const Want& want : wants) keep(want);
    route_along_trees();
    Cut cut{write(run, images), 0, {}, std::move(large_)};
    for (const auto& [task, team] : teams_)
      cut.with_participants.insert(team.participants.ranks.begin(), team.participants.ranks.end());
    // Copies are noted at the end, since a cut that fails must not leave any that were never sent.
    for (const auto& [given, rank] : new_copies_) holders_.at(given).copied(rank);
    for (const Share& share : shares_) cut.messages += share.draft.routes.size();
    return cut;
  }

 private:
  /// Value of a task on a rank other than its own. Lists hang off `copies_`, last used first. They are short:
  /// what is read on many ranks has its other copies in `many_`.
  struct Copy {
    std::uint32_t rank;
    Slot slot;
    std::uint32_t next;
  };

  bool is_given(TaskIndex i) const { return slot_[i] == none; }

  void number_tasks() {
    // Given tasks stand in graph_.given in rising order.
    auto given = graph_.given.begin();
    for (TaskIndex i = 0; i < graph_.size(); ++i) {
      if (given != graph_.given.end() && *given == i) {
        ++given;
        continue;
      }
      const std::size_t literal_bytes = graph_.tasks[i]->literals().size();
      if (is_collective(i)) {
        number_participants(i, teams_.at(i), (literal_bytes + 7) / 8);
      } else {
        Share& share = shares_[rank_[i]];
        slot_[i] = share.size.tasks++;
        share.size.inputs += graph_.inputs_of(i).size();
        share.size.literal_words += (literal_bytes + 7) / 8;
      }
      if (literal_bytes >= large_literal_bytes) note_large(i, literal_bytes);
      if (graph_.tasks[i]->attempt() > 1) note_attempt(i);
      if (!graph_.annotated.empty() && graph_.annotated[i] && !is_collective(i))
        note_wishes(shares_[rank_[i]].draft, i);
    }
  }

  // --- collective tasks: a participant on each of its ranks -----------------------------------------
  struct Team {
    Participants participants;
    std::vector<Slot> slots;  // by participant
    std::uint32_t turn;
  };
  const Kind& kind(TaskIndex i) const { return *graph_.kinds[graph_.kind_index[i]]; }
  bool is_collective(TaskIndex i) const {
    return kind(i).sort == Sort::collective && !std::ranges::binary_search(graph_.given, i);
  }
  std::span<const TaskIndex> parts_of(TaskIndex i) const {
    return graph_.inputs_of(i).first(collective_head(graph_.tasks[i]->literals()).parts);
  }
  /// The inputs that every participant reads: all but the parts.
  std::span<const TaskIndex> others_of(TaskIndex i) const {
    return graph_.inputs_of(i).subspan(parts_of(i).size());
  }

  /// Each rank takes its turns in this order: by level, so that independent chains advance together, then
  /// as in the plan. What a collective task waits for stands before it.
  void find_teams() {
    std::vector<std::pair<std::uint32_t, TaskIndex>> order;
    PagedVector<std::uint32_t> level(graph_.size(), 0);
    for (TaskIndex i = 0; i < graph_.size(); ++i) {
      for (const TaskIndex input : graph_.inputs_of(i)) level[i] = std::max(level[i], level[input] + 1);
      if (is_collective(i)) order.emplace_back(level[i], i);
    }
    std::sort(order.begin(), order.end());
    for (std::uint32_t turn = 0; turn < order.size(); ++turn) {
      const TaskIndex i = order[turn].second;
      std::vector<std::uint32_t> part_ranks;
      for (const TaskIndex part : parts_of(i)) part_ranks.push_back(rank_[part]);
      const auto ranks = static_cast<std::uint32_t>(shares_.size());
      teams_.emplace(i, Team{participants(*graph_.tasks[i], part_ranks, ranks), {}, turn});
    }
  }
  void number_participants(TaskIndex i, Team& team, std::size_t literal_words) {
    for (const std::uint32_t rank : team.participants.ranks) {
      SubgraphDraft::Size& size = shares_[rank].size;
      team.slots.push_back(size.tasks++);
      size.inputs += others_of(i).size();
      size.literal_words += literal_words;
    }
    for (std::size_t k = 0; k < parts_of(i).size(); ++k) ++shares_[team.participants.rank_of(k)].size.inputs;
    slot_[i] = team.slots.front();
  }
  void import_for_participants(TaskIndex i) {
    const Participants& participants = teams_.at(i).participants;
    const auto parts = parts_of(i);
    for (std::size_t k = 0; k < parts.size(); ++k) slot_on(participants.rank_of(k), parts[k]);
    for (const TaskIndex other : others_of(i)) {
      for (const std::uint32_t rank : participants.ranks) slot_on(rank, other);
    }
  }

  void note_large(TaskIndex i, std::size_t bytes) {
    const auto where = graph_.tasks[i]->where();
    auto& large = large_[{where.file_name(), where.line()}];
    ++large.tasks;
    large.bytes += bytes;
    large.example = graph_.tasks[i];
  }
  void note_attempt(TaskIndex i) {
    const std::uint32_t attempt = graph_.tasks[i]->attempt();
    if (!is_collective(i)) {
      shares_[rank_[i]].draft.attempts.push_back({slot_[i], attempt});
      return;
    }
    const Team& team = teams_.at(i);
    for (std::size_t k = 0; k < team.slots.size(); ++k)
      shares_[team.participants.ranks[k]].draft.attempts.push_back({team.slots[k], attempt});
  }
  void note_wishes(SubgraphDraft& draft, TaskIndex i) {
    const auto* wishes = graph_.wishes_of(i);
    if (wishes == nullptr) return;
    if (wishes->priority != 0) draft.priorities.push_back({slot_[i], wishes->priority});
    if (wishes->threads > 1 || wishes->result_bytes > 0)
      draft.needs.push_back({wishes->result_bytes, slot_[i], static_cast<std::uint32_t>(wishes->threads)});
    if (wishes->rank >= 0 || !wishes->host.empty()) draft.pins.push_back(slot_[i]);
  }

  /// The slot of task i's value on `rank`, made on first use with the route that fills it.
  Slot slot_on(std::uint32_t rank, TaskIndex i) {
    if (!is_given(i) && rank_[i] == rank) return slot_[i];
    if (const Slot found = find_copy(rank, i); found != none) return found;
    const bool has_value = is_given(i) && (rank_[i] == rank || holders_.at(i).holds(rank));
    Share& share = shares_[rank];
    const Slot slot = share.size.tasks + static_cast<Slot>(share.draft.externals.size());
    if (has_value) {
      share.draft.externals.push_back({holders_.at(i).id, External::import, graph_.kind_index[i]});
    } else {
      share.draft.externals.push_back({i, External::arrival, graph_.kind_index[i]});
      const Slot source = slot_on(rank_[i], i);
      if (kind(i).result->contiguous) {
        spread_.push_back({i, rank, slot});
      } else {
        shares_[rank_[i]].draft.routes.push_back({source, rank, slot});
      }
      if (is_given(i) && holders_.at(i).copied) {
        shares_[rank].draft.keeps.push_back({holders_.at(i).id, slot, Keep::quietly});
        new_copies_.emplace_back(i, rank);
      }
    }
    if (is_full(i)) {
      many_.emplace(place_of(rank, i), slot);
    } else {
      all_copies_.push_back({rank, slot, copies_[i]});
      copies_[i] = static_cast<std::uint32_t>(all_copies_.size() - 1);
    }
    return slot;
  }
  static std::uint64_t place_of(std::uint32_t rank, TaskIndex i) { return std::uint64_t{i} << 32 | rank; }
  bool is_full(TaskIndex i) const {
    std::uint32_t at = copies_[i];
    for (std::size_t listed = 0; at != none; at = all_copies_[at].next) {
      if (++listed == most_listed) return true;
    }
    return false;
  }
  Slot find_copy(std::uint32_t rank, TaskIndex i) {
    std::uint32_t before = none;
    std::size_t listed = 0;
    for (std::uint32_t at = copies_[i]; at != none; before = at, at = all_copies_[at].next, ++listed) {
      if (all_copies_[at].rank != rank) continue;
      if (before != none) {  // to the front: consumers of one rank come in a row
        all_copies_[before].next = all_copies_[at].next;
        all_copies_[at].next = copies_[i];
        copies_[i] = at;
      }
      return all_copies_[at].slot;
    }
    if (listed < most_listed) return none;
    const auto found = many_.find(place_of(rank, i));
    return found != many_.end() ? found->second : none;
  }

  /// What may be large goes along a binary tree of the ranks that need it, so that none sends it more than
  /// twice. Rank 0 passes nothing on: it may be in its program's own work for long.
  void route_along_trees() {
    const auto order = [](const Arrival& one) {
      return std::pair(one.task, one.rank == 0 ? none : one.rank);
    };
    std::ranges::sort(spread_, {}, order);
    for (auto first = spread_.begin(); first != spread_.end();) {
      const TaskIndex i = first->task;
      const auto last = std::find_if(first, spread_.end(), [&](const Arrival& one) { return one.task != i; });
      const Arrival home{i, rank_[i], slot_on(rank_[i], i)};
      for (auto to = first; to != last; ++to) {
        const auto place = to - first;
        const Arrival& from = place < 2 ? home : first[place / 2 - 1];
        shares_[from.rank].draft.routes.push_back({from.slot, to->rank, to->slot});
      }
      first = last;
    }
  }

  void keep(const Want& want) {
    const std::uint32_t rank = want.fetch ? 0 : rank_[want.task];
    const Slot slot = slot_on(rank, want.task);
    shares_[rank].draft.keeps.push_back({want.id, slot, want.fetch ? Keep::handed_over : Keep::announced});
  }

  std::vector<Subgraph> write(RunId run, const Images& images) {
    std::vector<KindRef> kinds;
    for (const Kind* kind : graph_.kinds) kinds.push_back(images.refer(*kind));
    std::vector<CallSiteRef> sites;
    for (const CallSite& site : graph_.sites) sites.push_back(images.refer(site));
    for (Share& share : shares_) {
      if (share.is_empty()) continue;
      share.draft.kinds = kinds;
      share.draft.sites = sites;
      share.draft.reserve(share.size);
    }
    for (TaskIndex i = 0; i < graph_.size(); ++i) {
      if (is_given(i)) continue;
      if (is_collective(i)) {
        write_participants(i);
      } else if (kind(i).sort == Sort::part) {
        write_part(i);
      } else {
        write_task(rank_[i], i, graph_.inputs_of(i));
      }
    }
    std::vector<Subgraph> made;
    for (Share& share : shares_) made.push_back(share.is_empty() ? Subgraph() : share.draft.finish(run));
    return made;
  }

  void write_participants(TaskIndex i) {
    const Team& team = teams_.at(i);
    const auto parts = parts_of(i);
    const auto others = others_of(i);
    std::vector<std::vector<TaskIndex>> inputs(team.slots.size());
    for (std::size_t k = 0; k < parts.size(); ++k)
      inputs[team.participants.parts[k].participant].push_back(parts[k]);
    CollectiveHead head = collective_head(graph_.tasks[i]->literals());
    head.turn = team.turn;
    for (std::size_t participant = 0; participant < inputs.size(); ++participant) {
      head.parts = inputs[participant].size();
      inputs[participant].insert(inputs[participant].end(), others.begin(), others.end());
      overwrite(write_task(team.participants.ranks[participant], i, inputs[participant]), head);
    }
  }
  /// A part's task reads the list that its rank's participant leaves, at its index among that one's parts.
  void write_part(TaskIndex i) {
    const Team& team = teams_.at(graph_.inputs_of(i).front());
    const Participants::Part part = team.participants.parts[part_index(graph_.tasks[i]->literals())];
    const SubgraphDraft::Room room = add_task(rank_[i], i, 1);
    room.inputs[0] = team.slots[part.participant];
    overwrite(room, std::uint64_t{part.place});
  }
  /// The head of a task's literals, with what is known only now that ranks and turns are.
  template <class T>
  static void overwrite(const SubgraphDraft::Room& room, const T& head) {
    std::memcpy(room.literals, &head, sizeof head);
  }
  SubgraphDraft::Room write_task(std::uint32_t rank, TaskIndex i, std::span<const TaskIndex> inputs) {
    const SubgraphDraft::Room room = add_task(rank, i, inputs.size());
    Slot* slot = room.inputs;
    for (const TaskIndex input : inputs) {
      const bool local = rank_[input] == rank && !is_given(input);
      *slot++ = local ? slot_[input] : find_copy(rank, input);
    }
    return room;
  }
  /// With its literals; its inputs are still to be written.
  SubgraphDraft::Room add_task(std::uint32_t rank, TaskIndex i, std::size_t inputs) {
    const auto literals = graph_.tasks[i]->literals();
    const SubgraphDraft::Room room =
        shares_[rank].draft.add_task(graph_.kind_index[i], i, inputs, literals.size());
    if (!literals.empty()) std::memcpy(room.literals, literals.data(), literals.size());
    return room;
  }

  const Graph& graph_;
  std::span<const std::uint32_t> rank_;
  std::vector<Share> shares_;
  PagedVector<Slot> slot_;             // of each task on its own rank; none: given
  PagedVector<std::uint32_t> copies_;  // head of each task's list in all_copies_
  PagedVector<Copy> all_copies_;
  struct Arrival {
    TaskIndex task;
    std::uint32_t rank;
    Slot slot;
  };
  PagedVector<Arrival> spread_;                   // of values that may be large
  std::unordered_map<std::uint64_t, Slot> many_;  // by place_of
  std::unordered_map<TaskIndex, Holder> holders_;
  std::vector<std::pair<TaskIndex, std::uint32_t>> new_copies_;  // of given tasks, on ranks
  std::unordered_map<TaskIndex, Team> teams_;
  std::map<std::pair<const char*, unsigned>, LargeLiterals> large_;
};

}  // namespace

Cut cut(const Graph& graph, std::span<const std::uint32_t> rank, std::uint32_t ranks, RunId run,
        std::span<const Want> wants, const HolderOf& holder_of, const Images& images) {
  return Cutter(graph, rank, ranks, holder_of).run(run, wants, images);
}

}  // namespace ramal::detail
