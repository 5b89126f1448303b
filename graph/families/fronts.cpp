// SPDX-License-Identifier: BSD-3-Clause
// Which fronts the members of each family of a family program are run in.
#include "graph/families/bands.hpp"

#include <cmath>
#include <limits>
#include <numeric>

namespace ramal::detail {

namespace {

class FrontPlanner {
 public:
  FrontPlanner(FamilyProgram& program, std::int64_t front_members, std::uint64_t front_bytes)
      : program_(program),
        front_members_(std::max<std::int64_t>(1, front_members)),
        members_(front_members_ * program.ranks),
        bytes_(static_cast<double>(front_bytes) * program.ranks),
        is_looked_through_(program.nodes.size()),
        has_leaves_below_(program.nodes.size()) {}

  void plan() {
    program_.fronts = 0;
    for (ProgramLoop& loop : program_.loops) loop.epilogue = 0;
    find_looked_through();
    choose_chunks();
    choose_rows();
    for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) set_fronts(i);
    program_.fronts = std::max<std::int64_t>(1, program_.fronts);
  }

 private:
  bool sees_all(const ProgramSource& source) { return source.shape == program_.nodes[source.node].extent; }
  static std::int64_t lag_of(const ProgramNode& node) {
    return node.exists() ? 0 : node.kind->dependence->known_lag(node.closure.data());
  }

  /// Finds the families some reader of which may read anything: all of that reader's members are looked at
  /// for each front of such a family, so it is made in one front.
  void find_looked_through() {
    for (const ProgramNode& node : program_.nodes) {
      if (node.exists() || node.is_task) continue;
      const int dims = node.pattern_extent().dims;
      for (const ProgramSource& source : node.sources) {
        if (source.shape.volume() > 1 && sees_all(source) && !source.in_step() &&
            node.kind->dependence->looks_at_all(node.closure.data(), dims, source.shape.dims))
          is_looked_through_[source.node] = true;
      }
    }
  }

  // --- chunks ---------------------------------------------------------------------------------------------

  void choose_chunks() {
    std::int64_t wanted = 1, longest = 1, most = std::numeric_limits<std::int64_t>::max();
    double bytes = 0;
    for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) {
      ProgramNode& node = program_.nodes[i];
      node.pace = Pace::once;
      if (!may_go_by_chunks(i)) continue;
      node.footprints.clear();
      if (auto below = leaves_below(node); below && !below->footprints.empty()) {
        node.footprints = std::move(below->footprints);
        has_leaves_below_[i] = true;
        // Values from at most one chunk ago have the shortest way.
        if (below->reach > 0 && below->reach <= most_for_reach * front_members_)
          most = std::min(
              most, std::max<std::int64_t>(1, node.footprints[0].count() / program_.ranks / below->reach));
      } else if (node.needed.volume() > members_ || program_.stated_bytes(i) > bytes_) {
        node.footprints.push_back(own_footprint(node.extent));
        wanted = std::max(wanted, (node.needed.volume() + members_ - 1) / members_);
        longest = std::max(longest, node.needed.volume() / program_.ranks);
      } else {
        continue;
      }
      node.pace = Pace::by_chunks;
      bytes += program_.stated_bytes(i);
    }
    wanted =
        std::max(wanted, static_cast<std::int64_t>(std::min(bytes / bytes_, static_cast<double>(longest))));
    program_.chunks = std::min(wanted, most);
    if (program_.chunks > 1) return;
    for (ProgramNode& node : program_.nodes) {
      node.pace = Pace::once;
      node.footprints.clear();
    }
  }

  bool may_go_by_chunks(std::uint32_t i) {
    const ProgramNode& node = program_.nodes[i];
    const bool is_in_bands = node.extent.dims == 1 ||
                             node.parts[0] == static_cast<std::int32_t>(program_.ranks) ||
                             node.parts == bands_of(node.extent, program_.ranks);
    return !node.steps && node.loop < 0 && node.left_by < 0 && node.only_rank < 0 && node.given.empty() &&
           is_in_bands && node.extent.volume() > 0 && !is_looked_through_[i];
  }

  static Footprint own_footprint(const Index& extent) {
    Footprint footprint{.rows = extent[band_dim(extent)], .scale = extent};
    std::int64_t numbers = 1;
    for (int d = extent.dims; d-- > 0; numbers *= extent[d]) footprint.scale[d] = numbers;
    footprint.row = numbers / footprint.rows;
    return footprint;
  }

  /// The leaves of a node: of each of its sources that goes by chunks, those of what it reads. Empty if there
  /// is no such source, nothing if the places of one do not go together with its own.
  struct FootprintsBelow {
    std::vector<Footprint> footprints;
    std::int64_t reach = 0;  ///< how far those apart are that are read, halos alone
  };
  std::optional<FootprintsBelow> leaves_below(const ProgramNode& node) {
    FootprintsBelow below;
    if (node.exists()) return below;
    for (std::uint32_t k = 0; k < node.sources.size(); ++k) {
      const ProgramSource& source = node.sources[k];
      const ProgramNode& from = program_.nodes[source.node];
      if (from.pace != Pace::by_chunks || !sees_all(source) || source.shape.volume() == 1) continue;
      const auto alignment = node.kind->dependence->known_alignment(node.closure.data(), node.extent.dims, k);
      if (!alignment || source.shape.dims != node.extent.dims) return std::nullopt;
      for (const Footprint& footprint : from.footprints) {
        const auto found = seen_through(footprint, *alignment, source.shape, node.extent);
        if (!found) return std::nullopt;
        add(*found, below.footprints);
        below.reach = std::max(below.reach, reach_of(footprint, *alignment, source.shape));
      }
    }
    if (below.footprints.size() > most_footprints) return std::nullopt;
    return below;
  }
  static void add(const Footprint& more, std::vector<Footprint>& footprints) {
    for (Footprint& footprint : footprints) {
      if (footprint.rows != more.rows || footprint.row != more.row || footprint.per != more.per ||
          footprint.scale != more.scale)
        continue;
      footprint.low = std::min(footprint.low, more.low);
      footprint.high = std::max(footprint.high, more.high);
      footprint.wraps = footprint.wraps | more.wraps;
      return;
    }
    footprints.push_back(more);
  }
  /// Something of it comes in from the other end.
  static bool turns(const Alignment& alignment, int d) {
    return alignment.wraps && (alignment.low[d] < 0 || alignment.high[d] >= alignment.width[d]);
  }
  static std::int64_t reach_of(const Footprint& footprint, const Alignment& alignment, const Index& shape) {
    std::int64_t reach = 0;
    for (int d = 0; d < shape.dims; ++d) {
      const std::int64_t spread =
          (alignment.high[d] - alignment.low[d] + 1 - alignment.width[d]) / alignment.per[d];
      const std::int64_t apart = d > 0 && turns(alignment, d) ? shape[d] : std::max<std::int64_t>(0, spread);
      reach += footprint.scale[d] / footprint.per * apart;
    }
    return reach;
  }

  /// What members of that extent are made from that read places of that shape, whose footprint is `of`. Where
  /// rows of the one are longer than those of the other, or what is read turns at their ends, all of a row is
  /// as one, so that leaves only grow from member to member. Nothing if the numbers get too large.
  static std::optional<Footprint> seen_through(const Footprint& of, const Alignment& alignment,
                                               const Index& shape, const Index& extent) {
    const auto is_large = [](double number) { return std::abs(number) > 0x1p60; };
    std::int64_t per = 1;
    for (int d = 0; d < shape.dims; ++d) {
      if (alignment.per[d] > most_per) return std::nullopt;
      per = std::lcm(per, alignment.per[d]);
      if (per > most_per) return std::nullopt;
    }
    Footprint made = of;
    made.per *= per;
    if (is_large(static_cast<double>(of.count()) * static_cast<double>(made.per)) ||
        is_large(static_cast<double>(of.low) * static_cast<double>(per)) ||
        is_large(static_cast<double>(of.high) * static_cast<double>(per)))
      return std::nullopt;
    // Of the dimensions from some one on: how much the leaves of their last place are behind those of the
    // first, and what is read of them besides; and all that they have.
    std::int64_t grow = 0, low = 0, high = 0, all = 0;
    for (int d = shape.dims; d-- > 0;) {
      const auto factor = static_cast<double>(of.scale[d]) * static_cast<double>(per);
      for (const std::int64_t number : {alignment.width[d], alignment.low[d], alignment.high[d], shape[d]})
        if (is_large(factor * static_cast<double>(number) * static_cast<double>(extent[d])))
          return std::nullopt;
      const auto scaled = [&](std::int64_t number) {
        return of.scale[d] * (per / alignment.per[d]) * number;
      };
      const bool is_one = d > 0 && turns(alignment, d);
      made.scale[d] = is_one ? 0 : scaled(alignment.width[d]);
      if (grow > made.scale[d] && extent[d] > 1) {
        for (int inner = d + 1; inner < shape.dims; ++inner) made.scale[inner] = 0;
        grow = low = 0;
        high = all;
      }
      const std::int64_t whole = scaled(alignment.per[d] * (shape[d] - 1));
      grow += made.scale[d] * (extent[d] - 1);
      low += is_one ? 0 : scaled(alignment.low[d] - (alignment.per[d] - 1));
      high += is_one ? whole : scaled(alignment.high[d]);
      all += whole;
    }
    made.low = of.low * per + low;
    made.high = of.high * per + high;
    made.wraps = of.wraps | (turns(alignment, 0) ? 1U : 0U);
    reduce(made);
    return made;
  }
  /// The same in smaller numbers, if all of them have a factor.
  static void reduce(Footprint& footprint) {
    std::int64_t common = footprint.per;
    for (int d = 0; d < footprint.scale.dims; ++d) common = std::gcd(common, footprint.scale[d]);
    footprint.per /= common;
    for (int d = 0; d < footprint.scale.dims; ++d) footprint.scale[d] /= common;
    footprint.low = floor_quotient(footprint.low, common);
    footprint.high = floor_quotient(footprint.high, common);
  }

  // --- steps ----------------------------------------------------------------------------------------------

  /// How many steps make a front.
  void choose_rows() {
    std::int64_t row = 1, lag = 1, period = 1;
    for (ProgramLoop& loop : program_.loops) loop.rows = loop.done >= 0 ? 1 : members_;  // at most
    for (const ProgramNode& node : program_.nodes) {
      if (node.loop >= 0) {
        auto& rows = program_.loops[static_cast<std::size_t>(node.loop)].rows;
        rows = std::clamp<std::int64_t>(members_ / std::max<std::int64_t>(1, node.row()), 1, rows);
      } else if (node.steps) {
        row = std::max(row, node.row());
        lag = std::max(lag, lag_of(node));
        if (node.period > 0 && period * node.period <= 4096) period = std::lcm(period, node.period);
      }
    }
    std::int64_t& rows = program_.rows;
    rows = std::max(lag, members_ / row);
    rows = rows / period * period >= lag ? rows / period * period : (lag + period - 1) / period * period;
  }

  // --- fronts ---------------------------------------------------------------------------------------------

  void set_fronts(std::uint32_t i) {
    ProgramNode& node = program_.nodes[i];
    if (node.loop >= 0 || node.left_by >= 0) {
      set_loop_fronts(node);
      return;
    }
    std::int64_t after = 0;  // the last front of what is read
    for (const ProgramSource& source : node.sources) {
      if (source.node != i) after = std::max(after, front_after(i, source));
    }
    std::int64_t more = 0;  // fronts after its first
    const bool is_in_order = !node.reads_itself || lag_of(node) > 0;
    if (node.pace == Pace::by_chunks) {
      more = program_.chunks - 1;
    } else if (node.steps && !node.exists() && is_in_order && !is_looked_through_[i]) {
      node.pace = Pace::by_steps;
      node.rows = program_.rows;
      more = std::max<std::int64_t>(0, node.needed.high[0] - 1) / node.rows;
    }
    // No loop has begun before all chunks are through.
    for (const ProgramLoop& loop : program_.loops) {
      if (loop.epilogue > 0 && after <= loop.epilogue && after + more >= loop.front)
        after = loop.epilogue + 1;
    }
    node.front = after;
    node.last = after + more;
    program_.fronts = std::max(program_.fronts, node.last + 1);
  }

  /// The first front in which the node may read that source.
  std::int64_t front_after(std::uint32_t i, const ProgramSource& source) {
    const ProgramNode& node = program_.nodes[i];
    const ProgramNode& from = program_.nodes[source.node];
    if (const auto behind = fronts_behind(node, source)) return from.front + *behind;
    if (source.shape.volume() == 1) return program_.front(source.node, from.extent.place_of(source.base));
    const bool keeps_up = has_leaves_below_[i] && node.pace == Pace::by_chunks;
    return keeps_up && from.pace == Pace::by_chunks && sees_all(source) ? from.front : from.last;
  }

  /// How many fronts later the reader has to begin if both step in time; nothing if it has to wait for the
  /// source's end.
  std::optional<std::int64_t> fronts_behind(const ProgramNode& node, const ProgramSource& source) {
    const ProgramNode& from = program_.nodes[source.node];
    if (!node.steps || node.exists() || from.pace != Pace::by_steps || !sees_all(source)) return std::nullopt;
    const Dependence& dependence = *node.kind->dependence;
    if (dependence.in_time) return 0;
    // A reach holds in both directions: it may read as many steps ahead, so it begins so much later. Without
    // a known lag it may read any step.
    if (lag_of(node) == 0) return std::nullopt;
    return (lag_of(node) + program_.rows - 1) / program_.rows;
  }

  /// A loop's fronts come after all that stands before it, and have nothing else in them, so that they repeat
  /// and may end early.
  void set_loop_fronts(ProgramNode& node) {
    ProgramLoop& loop =
        program_.loops[static_cast<std::size_t>(node.left_by >= 0 ? node.left_by : node.loop)];
    if (loop.epilogue == 0) {
      loop.front = std::max(program_.fronts, program_.chunks > 1 ? program_.chunks : 0);
      loop.epilogue = loop.front + (loop.steps - 1) / loop.rows + 1;
    }
    if (node.left_by >= 0) {
      node.front = node.last = loop.epilogue + 1;
      program_.fronts = std::max(program_.fronts, node.last + 1);
      return;
    }
    node.pace = Pace::by_steps;
    node.rows = loop.rows;
    node.front = loop.front;
    node.last = loop.epilogue - 1;
  }

  /// A chunk is made longer for reaches up to so many times what it should have.
  static constexpr std::int64_t most_for_reach = 256;
  /// A node that is made from leaves of more families begins anew.
  static constexpr std::size_t most_footprints = 16;
  /// So does one whose places go together with those of what it reads in no simpler ratio.
  static constexpr std::int64_t most_per = std::int64_t{1} << 24;

  FamilyProgram& program_;
  const std::int64_t front_members_;
  const std::int64_t members_;  ///< front_members_ times the number of ranks
  const double bytes_;          ///< the same of front_bytes
  std::vector<bool> is_looked_through_, has_leaves_below_;
};

}  // namespace

void plan_fronts(FamilyProgram& program, std::int64_t front_members, std::uint64_t front_bytes) {
  FrontPlanner(program, front_members, front_bytes).plan();
}

}  // namespace ramal::detail
