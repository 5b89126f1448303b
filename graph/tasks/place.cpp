// SPDX-License-Identifier: BSD-3-Clause
#include "graph/tasks/place.hpp"

#include "graph/core/participants.hpp"

#include <ramal/collective.hpp>

#include <algorithm>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <unordered_map>

namespace ramal::detail {

namespace {

/// What one level's ranks have been given so far.
class LevelLoad {
 public:
  explicit LevelLoad(std::uint32_t ranks) : load_(ranks, 0.0) {}

  void start(double total, double largest) {
    for (const std::uint32_t rank : loaded_)
      load_[rank] = 0;  // a level of few tasks costs no more than these
    loaded_.clear();
    const double ranks = static_cast<double>(load_.size());
    // Equal shares cannot be met more closely than by one task.
    constexpr double rounding = 1 + 1e-9;
    even_ = {total / ranks * rounding, 0};
    most_ = {(total / ranks + largest * (1 - 1 / ranks)) * rounding, 0};
  }
  double of(std::uint32_t rank) const { return load_[rank]; }
  bool has_room(std::uint32_t rank, double cost) const { return load_[rank] + cost <= most_.cost; }
  void add(std::uint32_t rank, double cost) {
    if (load_[rank] == 0) loaded_.push_back(rank);
    load_[rank] += cost;
  }
  /// The lowest rank that stays within an even share, else the lowest with room, else `otherwise`.
  std::uint32_t spare(double cost, std::uint32_t otherwise) {
    return first_below(even_, cost).value_or(first_below(most_, cost).value_or(otherwise));
  }

 private:
  struct Limit {
    double cost = 0;
    std::uint32_t first = 0;  // ranks before it are full; it only moves up, so a level costs tasks + ranks
  };
  std::optional<std::uint32_t> first_below(Limit& limit, double cost) const {
    while (limit.first < load_.size() && load_[limit.first] + cost > limit.cost) ++limit.first;
    return limit.first < load_.size() ? std::optional(limit.first) : std::nullopt;
  }

  std::vector<double> load_;
  std::vector<std::uint32_t> loaded_;
  Limit even_, most_;
};

class Placer {
 public:
  Placer(const Graph& graph, const Machine& machine, const HomeOf& home_of, const SecondsOf& seconds_of)
      : graph_(graph),
        machine_(machine),
        ranks_(machine.ranks()),
        kind_costs_(kind_costs(graph, seconds_of)),
        rank_(graph.size(), 0),
        load_(ranks_) {
    for (const Kind* kind : graph.kinds) kind_bytes_.push_back(usual_bytes(*kind->result));
    for (const TaskIndex i : graph.given) {
      const Home home = home_of(*graph.tasks[i]);
      rank_[i] = home.anywhere ? anywhere : home.rank;
      if (home.bytes > 0) given_bytes_.emplace_back(i, home.bytes);
    }
  }

  PagedVector<std::uint32_t> run() {
    sort_by_level();
    place_sources();
    for (std::size_t level = 1; level + 1 < level_offsets_.size(); ++level) place_level(level);
    for (const TaskIndex i : graph_.given) {
      if (rank_[i] == anywhere) rank_[i] = 0;
    }
    return std::move(rank_);
  }

 private:
  static constexpr std::uint32_t anywhere = ~std::uint32_t{0};
  struct Pull {
    std::uint32_t rank;
    double bytes;
  };

  // What a result of this type usually takes to send; containers are unknown before they exist.
  static double usual_bytes(const Type& type) {
    return type.in_place ? static_cast<double>(type.bytes) : 64.0 + static_cast<double>(type.bytes);
  }
  double cost(TaskIndex i) const {
    const auto* wishes = graph_.wishes_of(i);
    if (states_cost(wishes)) return wishes->cost;
    return kind_costs_.empty() ? 1.0 : kind_costs_[graph_.kind_index[i]];
  }
  bool cost_the_same(std::span<const TaskIndex> tasks) const {
    if (graph_.annotated.empty() && kind_costs_.empty()) return true;
    return std::ranges::all_of(tasks, [&](TaskIndex i) { return cost(i) == cost(tasks.front()); });
  }
  const Kind& kind(TaskIndex i) const { return *graph_.kinds[graph_.kind_index[i]]; }
  bool pulls(TaskIndex input) const { return rank_[input] != anywhere; }
  double bytes(TaskIndex i) const {
    const auto found = std::lower_bound(given_bytes_.begin(), given_bytes_.end(), std::pair(i, 0.0));
    if (found != given_bytes_.end() && found->first == i) return found->second;
    const auto* wishes = graph_.wishes_of(i);
    if (wishes != nullptr && wishes->result_bytes > 0) return static_cast<double>(wishes->result_bytes);
    return kind_bytes_[graph_.kind_index[i]];
  }

  /// Level 0: sources. Given values belong to no level; they only pull.
  void sort_by_level() {
    constexpr std::uint32_t no_level = 0;
    PagedVector<std::uint32_t> level(graph_.size(), no_level);
    std::vector<bool> given(graph_.size(), false);
    for (const TaskIndex i : graph_.given) given[i] = true;
    std::uint32_t levels = 1;
    for (TaskIndex i = 0; i < graph_.size(); ++i) {
      if (given[i]) continue;
      for (const TaskIndex input : graph_.inputs_of(i)) {
        if (pulls(input)) level[i] = std::max(level[i], given[input] ? 1 : level[input] + 1);
      }
      levels = std::max(levels, level[i] + 1);
    }
    level_offsets_.assign(levels + std::size_t{1}, 0);
    for (TaskIndex i = 0; i < graph_.size(); ++i) level_offsets_[level[i] + 1] += given[i] ? 0 : 1;
    std::partial_sum(level_offsets_.begin(), level_offsets_.end(), level_offsets_.begin());
    by_level_.resize(graph_.size() - graph_.given.size());
    auto next = level_offsets_;
    for (TaskIndex i = 0; i < graph_.size(); ++i) {
      if (!given[i]) by_level_[next[level[i]]++] = i;
    }
  }
  std::span<const TaskIndex> level(std::size_t k) const {
    return std::span(by_level_).subspan(level_offsets_[k], level_offsets_[k + 1] - level_offsets_[k]);
  }

  void place_sources() {
    const bool equal = cost_the_same(level(0));
    const auto share = [&](TaskIndex i) { return equal ? 1.0 : cost(i); };  // exact, where they are
    double total = 0;
    for (const TaskIndex i : level(0)) total += share(i);
    load_.start(total, 0);
    double before = 0;
    for (const TaskIndex i : level(0)) {
      const double middle = before + (equal ? 0 : share(i) / 2);
      const auto rank = static_cast<std::uint32_t>(middle * ranks_ / total);
      assign(i, fixed(i).value_or(std::min(rank, ranks_ - 1)));
      before += share(i);
    }
  }

  void place_level(std::size_t k) {
    double total = 0;
    double largest = 0;
    for (const TaskIndex i : level(k)) {
      total += cost(i);
      largest = std::max(largest, cost(i));
    }
    load_.start(total, largest);
    for (const TaskIndex i : level(k)) {
      const auto rank = fixed(i);
      assign(i, rank ? *rank : near_inputs(i));
    }
  }
  void assign(TaskIndex i, std::uint32_t rank) {
    rank_[i] = rank;
    load_.add(rank, cost(i));
  }

  std::uint32_t near_inputs(TaskIndex i) {
    pulls_.clear();
    for (const TaskIndex input : graph_.inputs_of(i)) {
      if (pulls(input)) pulls_.push_back({rank_[input], bytes(input)});
    }
    const std::uint32_t median = median_rank();
    if (load_.has_room(median, cost(i))) return median;
    for (const Pull& pull : pulls_) {
      if (load_.has_room(pull.rank, cost(i))) return pull.rank;
    }
    return load_.spare(cost(i), median);
  }

  std::uint32_t median_rank() {
    const auto same = [&](const Pull& pull) { return pull.rank == pulls_.front().rank; };
    if (std::all_of(pulls_.begin(), pulls_.end(), same)) return pulls_.front().rank;
    std::sort(pulls_.begin(), pulls_.end(), [](const Pull& a, const Pull& b) { return a.rank < b.rank; });
    open_ring();
    double half = 0;
    for (const Pull& pull : pulls_) half += pull.bytes / 2;
    double sum = 0;
    std::size_t at = 0;
    while (at + 1 < pulls_.size() && sum + pulls_[at].bytes < half) sum += pulls_[at++].bytes;
    const std::uint32_t one = pulls_[at].rank;
    if (sum + pulls_[at].bytes > half || at + 1 == pulls_.size()) return one;
    const std::uint32_t other = pulls_[at + 1].rank;
    return std::min(std::pair(load_.of(one), one), std::pair(load_.of(other), other)).second;
  }

  /// Ranks in a ring start after their widest gap: the median of 7, 0 and 1 of eight is 0, so that a
  /// periodic stencil stays in its columns.
  void open_ring() {
    std::size_t start = 0;
    std::uint32_t widest = pulls_.front().rank + ranks_ - pulls_.back().rank;
    for (std::size_t k = 1; k < pulls_.size(); ++k) {
      const std::uint32_t gap = pulls_[k].rank - pulls_[k - 1].rank;
      if (gap > widest) widest = gap, start = k;
    }
    std::rotate(pulls_.begin(), pulls_.begin() + static_cast<std::ptrdiff_t>(start), pulls_.end());
  }

  std::optional<std::uint32_t> fixed(TaskIndex i) {
    if (kind(i).sort == Sort::collective) return participants_of(i).ranks.front();
    if (kind(i).sort != Sort::part) return wish(i);
    return participants_of(graph_.inputs_of(i).front()).rank_of(part_index(graph_.tasks[i]->literals()));
  }
  /// The rank of a task all of whose inputs have theirs.
  const Participants& participants_of(TaskIndex collective) {
    const auto found = participants_.find(collective);
    if (found != participants_.end()) return found->second;
    const Task& task = *graph_.tasks[collective];
    std::vector<std::uint32_t> part_ranks;
    for (const TaskIndex part : graph_.inputs_of(collective).first(collective_head(task.literals()).parts))
      part_ranks.push_back(pulls(part) ? rank_[part] : 0);
    return participants_.emplace(collective, participants(task, part_ranks, ranks_)).first->second;
  }

  /// The rank an annotation asks for; of a host's ranks, the one with the least work on this level.
  std::optional<std::uint32_t> wish(TaskIndex i) const {
    const auto* wishes = graph_.wishes_of(i);
    if (wishes == nullptr || (wishes->rank < 0 && wishes->host.empty())) return std::nullopt;
    if (wishes->rank >= static_cast<int>(ranks_)) {
      throw std::invalid_argument("ramal: task " + std::string(graph_.tasks[i]->name()) +
                                  " is annotated with rank " + std::to_string(wishes->rank) +
                                  ", but there are ranks 0 to " + std::to_string(ranks_ - 1));
    }
    if (wishes->rank >= 0) return static_cast<std::uint32_t>(wishes->rank);
    std::optional<std::uint32_t> best;
    for (std::uint32_t rank = 0; rank < ranks_; ++rank) {
      if (machine_.hosts[rank] == wishes->host && (!best || load_.of(rank) < load_.of(*best))) best = rank;
    }
    if (!best) {
      throw std::invalid_argument("ramal: task " + std::string(graph_.tasks[i]->name()) +
                                  " is annotated with host " + wishes->host +
                                  ", but no rank runs there; rank 0 runs on " + machine_.hosts[0]);
    }
    return best;
  }

  const Graph& graph_;
  const Machine& machine_;
  const std::uint32_t ranks_;
  const std::vector<double> kind_costs_;  // by kind_index; empty: 1
  PagedVector<std::uint32_t> rank_;
  LevelLoad load_;
  std::vector<double> kind_bytes_;
  std::vector<std::pair<TaskIndex, double>> given_bytes_;  // in order of index
  PagedVector<TaskIndex> level_offsets_;
  PagedVector<TaskIndex> by_level_;
  std::vector<Pull> pulls_;
  std::unordered_map<TaskIndex, Participants> participants_;  // of collective tasks
};

}  // namespace

PagedVector<std::uint32_t> place(const Graph& graph, const Machine& machine, const HomeOf& home_of,
                                 const SecondsOf& seconds_of) {
  return Placer(graph, machine, home_of, seconds_of).run();
}

}  // namespace ramal::detail
