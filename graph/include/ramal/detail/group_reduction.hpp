// SPDX-License-Identifier: BSD-3-Clause
// Reductions of groups of elements along an axis. A block becomes a block of partial results with a row for
// each group that it has, in rising order; which these are follows from the elements that it stands for:
//
//   groups      0 0 0 1 1 1 2 2 2 0 0 0        chunks of 4
//   blocks      [0 1]   [1 2]   [0 2]          rows of partial results
//   merged      [0 1 2]         [0 2]          pairwise along the axis; the one that is left over as it is
//   merged      [0 1 2]
//   spread      [0 1 2 3]                      a row for each group there is: 3 has none
//
// So a block's offset along the axis is in elements throughout, and its rows are groups. What groups there
// are is one value, which each rank is sent once. Rows of a group in a block: 32 after one another, such runs
// pairwise. All have the axis as their parameter, behind an expression's own; the table is the last source.
#pragma once

#include <ramal/detail/reduction.hpp>

namespace ramal::detail {

struct GroupTable {
  std::vector<std::int64_t> groups = {};  ///< of each element along the axis; -1: none
  /// Those of the elements from low to before high, in rising order. O(n log n) of these.
  std::vector<std::int64_t> present(std::int64_t low, std::int64_t high) const;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& groups;
  }
};

/// How a block's elements lie around one of its axes: `before` strips of rows of `after` elements.
struct GroupRows {
  std::int64_t before = 1, after = 1;
  GroupRows(const Extents& shape, std::size_t axis) {
    for (std::size_t d = 0; d < shape.size(); ++d)
      if (d != axis) (d < axis ? before : after) *= static_cast<std::int64_t>(shape[d]);
  }
  std::int64_t width() const { return before * after; }
};
/// The shape of a box with so many rows along an axis.
Extents shape_with_rows(const GridCall& call, std::size_t axis, std::size_t rows);
inline std::size_t axis_parameter(std::span<const std::byte> parameters) {
  std::int64_t axis = 0;
  std::memcpy(&axis, parameters.data(), sizeof axis);
  return static_cast<std::size_t>(axis);
}
inline bool is_without_elements(const GridCall& call) { return box_shape(call).product() == 0; }
/// A box without elements reads nothing, not even the table.
inline const GroupTable& table_of(const GridCall& call, const CallFrame& frame) {
  return frame.input(call.sources().back().first).template get<GroupTable>();
}

/// Adds rows of elements to those of their groups in a block.
template <class R, class V>
class GroupSums {
  using Partial = typename R::Partial;

 public:
  /// `slots`: for each row of elements which row of the block it goes to, or -1.
  GroupSums(Block<Partial>& block, std::size_t axis, std::vector<std::int64_t> slots)
      : block_(block),
        rows_(block.shape(), axis),
        groups_(static_cast<std::int64_t>(block.shape()[axis])),
        slots_(std::move(slots)),
        in_run_(static_cast<std::size_t>(groups_), 0),
        runs_(static_cast<std::size_t>(groups_), Cascade<R>(static_cast<std::size_t>(rows_.width()))),
        has_runs_(static_cast<std::size_t>(groups_), false) {
    std::fill(block.begin(), block.end(), R::identity());
  }
  /// The next elements, row by row.
  void take(const V* values, std::int64_t count) {
    while (count > 0) {
      const std::int64_t slot = slots_[row_];
      const std::int64_t within = column_ % rows_.after, some = std::min(count, rows_.after - within);
      if (slot >= 0) {
        // The first run may be the only one, and then stays where it is.
        if (column_ == 0 && in_run_[static_cast<std::size_t>(slot)] == run_rows) end_run(slot);
        Partial* to = at(column_ / rows_.after, slot) + within;
        RAMAL_INDEPENDENT
        for (std::int64_t i = 0; i < some; ++i) to[i] = R::add(to[i], values[i], 0);
      }
      values += some;
      count -= some;
      column_ += some;
      if (column_ == rows_.width()) end_row(slot);
    }
  }
  void finish() {
    for (std::int64_t slot = 0; slot < groups_; ++slot) {
      const auto k = static_cast<std::size_t>(slot);
      if (!has_runs_[k]) continue;
      end_run(slot);
      std::vector<Partial> all(static_cast<std::size_t>(rows_.width()), R::identity());
      runs_[k].finish(all.data());
      for (std::int64_t b = 0; b < rows_.before; ++b)
        std::copy_n(all.data() + b * rows_.after, rows_.after, at(b, slot));
    }
  }

 private:
  static constexpr int run_rows = 32;
  Partial* at(std::int64_t strip, std::int64_t slot) {
    return block_.data() + (strip * groups_ + slot) * rows_.after;
  }
  void end_row(std::int64_t slot) {
    column_ = 0;
    ++row_;
    if (slot >= 0) ++in_run_[static_cast<std::size_t>(slot)];
  }
  void end_run(std::int64_t slot) {
    const auto k = static_cast<std::size_t>(slot);
    std::vector<Partial> run(static_cast<std::size_t>(rows_.width()), R::identity());
    for (std::int64_t b = 0; b < rows_.before; ++b) {
      std::copy_n(at(b, slot), rows_.after, run.data() + b * rows_.after);
      std::fill_n(at(b, slot), rows_.after, R::identity());
    }
    runs_[k].push(std::move(run));
    has_runs_[k] = true;
    in_run_[k] = 0;
  }

  Block<Partial>& block_;
  GroupRows rows_;
  std::int64_t groups_;
  std::vector<std::int64_t> slots_;
  std::vector<int> in_run_;
  std::vector<Cascade<R>> runs_;
  std::vector<bool> has_runs_;
  std::size_t row_ = 0;
  std::int64_t column_ = 0;
};

/// For each element from low to before high, where its group stands among those that are present; -1:
/// nowhere.
std::vector<std::int64_t> slots_of(const GroupTable& table, std::int64_t low, std::int64_t high,
                                   const std::vector<std::int64_t>& present);

template <class R, class V>
void group_block(const CallFrame& frame, const Kernel& kernel, Value& result) {
  const GridCall call(frame.literals);
  Tiles tiles(call, frame, kernel);
  const std::size_t axis = axis_parameter(tiles.more_parameters());
  if (is_without_elements(call)) {
    result.emplace<Block<typename R::Partial>>(shape_with_rows(call, axis, 0), box_offset(call));
    return;
  }
  const GroupTable& table = table_of(call, frame);
  const std::int64_t low = call.low()[axis], high = call.high()[axis];
  const std::vector<std::int64_t> present = table.present(low, high);
  Block<typename R::Partial> block(shape_with_rows(call, axis, present.size()), box_offset(call));
  if (!block.empty()) {
    std::vector<int> order{static_cast<int>(axis)};
    for (int d = 0; d < call.dims(); ++d)
      if (d != order.front()) order.push_back(d);
    alignas(64) V buffer[tile_elements];
    GroupSums<R, V> sums(block, axis, slots_of(table, low, high, present));
    Walk walk = tiles.walk(order, 1);
    while (walk.next()) {
      for (std::int64_t done = 0; done < walk.length(); done += tile_elements) {
        const std::int64_t count = std::min(tile_elements, walk.length() - done);
        sums.take(static_cast<const V*>(tiles.values(walk, done, count, buffer)), count);
      }
    }
    sums.finish();
  }
  result.emplace<Block<typename R::Partial>>(std::move(block));
}
template <class Node, class R>
struct GroupThunk {
  static constexpr std::string_view name = R::name;
  static void run(CallFrame& frame, Value& result) {
    group_block<R, typename Node::type>(frame, kernel_of<Node>, result);
  }
};

/// The groups of each of the blocks that a merging task is given, and of all of them.
struct MergedGroups {
  std::vector<std::vector<std::int64_t>> of_input;
  std::vector<std::int64_t> all;
  /// `begins`: the first element of each.
  MergedGroups(const GridCall& call, const GroupTable& table, std::size_t axis,
               const std::vector<std::int64_t>& begins);
};

/// Combines neighbours along the axis.
template <class R>
struct MergeGroupsThunk {
  static constexpr std::string_view name = R::name;
  using Partial = typename R::Partial;

  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    const std::size_t axis = axis_parameter(call.parameters());
    if (is_without_elements(call)) {
      result.emplace<Block<Partial>>(shape_with_rows(call, axis, 0), box_offset(call));
      return;
    }
    const std::size_t inputs = call.sources().front().blocks;
    std::vector<std::int64_t> begins;
    for (std::size_t k = 0; k < inputs; ++k)
      begins.push_back(
          static_cast<std::int64_t>(frame.input(k).template get<Block<Partial>>().offset()[axis]));
    const MergedGroups groups(call, table_of(call, frame), axis, begins);
    const Extents shape = shape_with_rows(call, axis, groups.all.size());
    // What is in the first alone is copied, not added to nothing: so bits are the same in place.
    const bool in_place = frame.is_last_use(0) && groups.of_input.front() == groups.all;
    Block<Partial> block = in_place ? std::move(frame.input(0).template own<Block<Partial>>())
                                    : Block<Partial>(shape, box_offset(call));
    std::vector<bool> is_there(groups.all.size(), in_place);
    for (std::size_t k = in_place ? 1 : 0; k < inputs; ++k)
      add(block, axis, is_there, groups.all, frame.input(k).template get<Block<Partial>>(),
          groups.of_input[k]);
    result.emplace<Block<Partial>>(std::move(block).reshaped(shape, box_offset(call)));
  }

 private:
  static void add(Block<Partial>& block, std::size_t axis, std::vector<bool>& is_there,
                  const std::vector<std::int64_t>& all, const Block<Partial>& more,
                  const std::vector<std::int64_t>& its) {
    const GroupRows rows(block.shape(), axis);
    for (std::size_t from = 0; from < its.size(); ++from) {
      const auto to = static_cast<std::size_t>(std::ranges::lower_bound(all, its[from]) - all.begin());
      for (std::int64_t b = 0; b < rows.before; ++b) {
        const Partial* source =
            more.data() + (b * std::ssize(its) + static_cast<std::int64_t>(from)) * rows.after;
        Partial* target = block.data() + (b * std::ssize(all) + static_cast<std::int64_t>(to)) * rows.after;
        for (std::int64_t i = 0; i < rows.after; ++i)
          target[i] = is_there[to] ? R::combine(target[i], source[i]) : source[i];
      }
      is_there[to] = true;
    }
  }
};

/// A row for each group there is. The source is the one block along the axis, if the array has elements.
template <class R>
struct SpreadGroupsThunk {
  static constexpr std::string_view name = R::name;
  using Partial = typename R::Partial;

  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    const std::size_t axis = axis_parameter(call.parameters());
    Block<Partial> block(box_shape(call), box_offset(call));
    std::fill(block.begin(), block.end(), R::identity());
    if (!block.empty() && call.sources().front().blocks > 0) {
      const auto& all = frame.input(0).template get<Block<Partial>>();
      const GroupTable& table = table_of(call, frame);
      const auto present = table.present(0, std::ssize(table.groups));
      const auto rows = static_cast<std::int64_t>(block.shape()[axis]);
      const GroupRows lie(block.shape(), axis);
      for (std::int64_t b = 0; b < lie.before; ++b)
        for (std::int64_t k = 0; k < std::ssize(present); ++k)
          std::copy_n(all.data() + (b * std::ssize(present) + k) * lie.after, lie.after,
                      block.data() + (b * rows + present[static_cast<std::size_t>(k)]) * lie.after);
    }
    result.emplace<Block<Partial>>(std::move(block));
  }
};

/// For each element along the axis the row of its group. Parameters: the axis, and what stands for no group.
template <class T>
struct TakeGroupsThunk {
  static constexpr std::string_view name = "take_groups";

  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    const std::size_t axis = axis_parameter(call.parameters());
    T otherwise;
    std::memcpy(static_cast<void*>(&otherwise), call.parameters().data() + sizeof(std::int64_t),
                sizeof otherwise);
    Block<T> block(box_shape(call), box_offset(call));
    if (!block.empty()) {
      const std::span groups(table_of(call, frame).groups);
      const auto low = static_cast<std::size_t>(call.low()[axis]), rows = block.shape()[axis];
      std::fill(block.begin(), block.end(), otherwise);
      for (std::size_t k = 0; k < call.sources().front().blocks; ++k)
        place(block, axis, groups.subspan(low, rows), frame.input(k).template get<Block<T>>());
    }
    result.emplace<Block<T>>(std::move(block));
  }

 private:
  static void place(Block<T>& block, std::size_t axis, std::span<const std::int64_t> groups,
                    const Block<T>& values) {
    const auto first = static_cast<std::int64_t>(values.offset()[axis]);
    const auto rows = static_cast<std::int64_t>(values.shape()[axis]);
    const GroupRows lie(block.shape(), axis);
    T* to = block.data();
    for (std::int64_t b = 0; b < lie.before; ++b) {
      for (const std::int64_t group : groups) {
        if (group >= first && group < first + rows)
          std::copy_n(values.data() + (b * rows + group - first) * lie.after, lie.after, to);
        to += lie.after;
      }
    }
  }
};

/// Partial results as they are.
struct SumItself {
  static constexpr std::string_view name = "sum";
  template <class P>
  P operator()(const P& sum) const {
    return sum;
  }
};
/// What stands where there is nothing.
template <class T>
constexpr T missing_value() {
  if constexpr (std::floating_point<T>) {
    return std::numeric_limits<T>::quiet_NaN();
  } else {
    return T();
  }
}

/// The steps of a reduction of groups.
struct GroupKinds {
  const Kind* partial;
  const Kind* merge;
  const Kind* spread;
  std::size_t partial_bytes;
};
/// The array of partial results, whose axis has `count` elements. Throws std::invalid_argument as group_mean.
ArrayState grouped_state(const GroupKinds& kinds, const ArrayState& state,
                         const std::vector<std::int64_t>& groups, std::int64_t count, std::int64_t axis,
                         std::string_view what, std::source_location where);
/// The array that take_groups makes of one whose blocks are its own. `otherwise`: padded.
ArrayState taken_state(const Kind& kind, std::size_t element_bytes, const ArrayState& values,
                       const std::vector<std::int64_t>& groups, std::int64_t axis,
                       const std::vector<std::int64_t>& chunks, std::span<const std::byte> otherwise,
                       std::source_location where);

}  // namespace ramal::detail
