// SPDX-License-Identifier: BSD-3-Clause
// Statistics of expressions: each block becomes what a function of all its values gives, such as counts, and
// a tree combines these. The expression is fused into it, as into a reduction. Other than a reduction's, a
// partial result is of any type, and may hang on what was found in all blocks before: further inputs are
// given to each member.
//
// A Statistic of values V is an object that lives for one block:
//   name, Result            what it gives; default made for a block without elements
//   Statistic(call)         with its further inputs and its parameters
//   take(values, count)     the block's next values, row by row
//   result() &&             of all of them
// and, if it has them:
//   is_done()               it needs no values
//   empty(call)             what it gives for a block without elements, for which nothing is read
#pragma once

#include <ramal/array.hpp>

namespace ramal::detail {

/// What a statistic is told of its block.
class StatisticCall {
 public:
  /// `own`: how many of the sources are the expression's.
  StatisticCall(const CallFrame& frame, const GridCall& call, std::span<const std::byte> parameters,
                std::size_t own)
      : frame_(frame), call_(call), parameters_(parameters), own_(own) {}
  /// How many results the i-th further input is, and one of them.
  std::size_t inputs(std::size_t i) const { return call_.sources()[own_ + i].blocks; }
  template <class T>
  const T& input(std::size_t i, std::size_t number = 0) const {
    return frame_.input(call_.sources()[own_ + i].first + number).template get<T>();
  }
  Reader parameters() const { return Reader(parameters_); }
  /// The block's shape and offset, and how many elements it has.
  Extents shape() const { return box_shape(call_); }
  Extents offset() const { return box_offset(call_); }
  std::int64_t elements() const { return static_cast<std::int64_t>(shape().product()); }

 private:
  const CallFrame& frame_;
  const GridCall& call_;
  std::span<const std::byte> parameters_;
  std::size_t own_;
};

template <class Node, class Statistic>
struct StatisticThunk {
  static constexpr std::string_view name = Statistic::name;
  using V = typename Node::type;
  using Result = typename Statistic::Result;

  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    const Kernel& kernel = kernel_of<Node>;
    Tiles tiles(call, frame, kernel);
    Reader parameters(tiles.more_parameters());
    const auto own = parameters.raw<std::uint64_t>();
    const StatisticCall told(frame, call, tiles.more_parameters().subspan(sizeof own), own);
    if (told.elements() == 0) {
      if constexpr (requires { Statistic::empty(told); }) {
        result.emplace<Result>(Statistic::empty(told));
      } else {
        result.emplace<Result>();
      }
      return;
    }
    Statistic statistic(told);
    take_all(tiles, call, statistic);
    result.emplace<Result>(std::move(statistic).result());
  }

 private:
  static void take_all(Tiles& tiles, const GridCall& call, Statistic& statistic) {
    if constexpr (requires { statistic.is_done(); }) {
      if (statistic.is_done()) return;
    }
    alignas(64) V buffer[tile_elements];
    const auto order = all_axes();
    Walk walk = tiles.walk(std::span(order).first(static_cast<std::size_t>(call.dims())), 0);
    while (walk.next()) {
      for (std::int64_t done = 0; done < walk.length(); done += tile_elements) {
        const std::int64_t count = std::min(tile_elements, walk.length() - done);
        statistic.take(static_cast<const V*>(tiles.values(walk, done, count, buffer)), count);
      }
    }
  }
};

/// The family of such members. Each is given of every further input what its maps name; what has no axes is
/// given to all.
FamilyView statistic_members(const Kind& kind, const ArrayState& state, const std::vector<ArrayLeaf>& further,
                             std::span<const std::byte> parameters, std::size_t element_bytes,
                             std::source_location where);
/// `element_bytes`: of a result that is a block as large as the expression's, else 0.
template <class Statistic, class T, class Node>
FamilyView statistic_family(const Array<T, Node>& array, const std::vector<ArrayLeaf>& further,
                            std::span<const std::byte> parameters, std::source_location where,
                            std::size_t element_bytes = 0) {
  return statistic_members(grid_kind<StatisticThunk<Node, Statistic>, typename Statistic::Result>,
                           array.state(), further, parameters, element_bytes, where);
}
/// The one result that a handle, or a family of one member, has: for all.
inline ArrayLeaf for_all(FamilySource source) { return {std::move(source), {}}; }
inline ArrayLeaf for_all(FamilyView view) { return {{std::move(view), {}}, {}}; }

/// Combines all members of a family pairwise, along one dimension after the other.
template <auto op, class R>
FamilyView combined_all(FamilyView level, std::source_location where) {
  for (int d = level.shape.dims; d-- > 0;) level = reduce_levels<op, R>(level, d, 2, where);
  return level;
}

/// The array of one block that one task makes, of any place. The task behind it fails if the block has
/// another shape.
template <class T, bool is_single = false>
Array<T, Leaf<T, is_single>> placed_once(FamilySource source, const Extents& shape,
                                         std::source_location where) {
  std::vector<Axis> axes;
  for (const std::uint64_t length : shape) axes.push_back(Axis::whole(static_cast<std::int64_t>(length)));
  FamilyView blocks = grid_family(grid_kind<PlaceThunk<T>, Block<T>>, axes, sizeof(T), {std::move(source)},
                                  {GridSource{}}, {}, where);
  return Array<T, Leaf<T, is_single>>(plain_state(std::move(blocks), std::move(axes), where));
}

// --- trees with parameters --------------------------------------------------------------------------------

/// A level of a tree whose operation has parameters: a grid of members in the place of elements.
/// Op::combine(a, b, parameters) combines neighbours.
template <class Op, class R>
struct LevelOfGridThunk {
  static constexpr std::string_view name = Op::name;
  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    R first = pass_input<R>(frame, 0);
    if (call.sources()[0].blocks == 1) {
      result.emplace<R>(std::move(first));
    } else {
      result.emplace<R>(
          Op::combine(std::move(first), frame.input(1).template get<R>(), Reader(call.parameters())));
    }
  }
};
/// The closure's parts of a level along a dimension: the axes of what it makes, and what it reads.
std::pair<std::vector<Axis>, GridSource> level_of_grid(const Index& shape, int along);
/// The tree of <ramal/reduce.hpp> along one dimension of a family.
template <class Op, class R>
FamilyView combined_along(FamilyView level, int along, std::span<const std::byte> parameters,
                          std::source_location where) {
  while (level.shape[along] > 1) {
    const auto [axes, source] = level_of_grid(level.shape, along);
    level = grid_family(grid_kind<LevelOfGridThunk<Op, R>, R>, axes, 0, {FamilySource{level, {}}}, {source},
                        parameters, where);
  }
  return level;
}

// --- values with weights ----------------------------------------------------------------------------------

template <class T, class W>
struct Weighted {
  T value;
  W weight;
};
/// Makes an expression of both.
struct WithWeight {
  static constexpr std::string_view name = "with weights";
  template <class T, class W>
  [[gnu::always_inline]] constexpr Weighted<T, W> operator()(const T& value, const W& weight) const {
    return {value, weight};
  }
};
template <class V>
inline constexpr bool is_weighted = false;
template <class T, class W>
inline constexpr bool is_weighted<Weighted<T, W>> = true;
template <class V>
constexpr auto value_in(const V& one) {
  if constexpr (is_weighted<V>) {
    return one.value;
  } else {
    return one;
  }
}
/// What weights are added up in: double, or 64 bits for whole numbers.
template <class W>
using WeightSum = std::conditional_t<std::floating_point<W>, double, SumOf<W>>;
template <class V>
struct CountOfType {
  using type = std::int64_t;
};
template <class T, class W>
struct CountOfType<Weighted<T, W>> {
  using type = WeightSum<W>;
};
/// What such values are counted in.
template <class V>
using CountOf = typename CountOfType<V>::type;
template <class V>
constexpr CountOf<V> count_of(const V& one) {
  if constexpr (is_weighted<V>) {
    return static_cast<CountOf<V>>(one.weight);
  } else {
    return 1;
  }
}
/// Throws std::invalid_argument unless both have one shape.
void expect_weights(const ArrayState& values, const ArrayState& weights, const char* what,
                    std::source_location where);

/// Counts of as many cells, of which a block without elements has none.
template <class C>
Block<C> add_counts(Block<C> a, const Block<C>& b) {
  if (a.empty()) return b;
  for (std::size_t i = 0; i < b.size(); ++i)
    a.data()[i] = FoldReduction<C, false, Plus, 0>::combine(a.data()[i], b.data()[i]);
  return a;
}
/// Of no blocks with elements all are 0.
template <class C>
Block<C> all_counts(Block<C> counts, std::int64_t length) {
  if (!counts.empty()) return counts;
  return Block<C>::filled({static_cast<std::uint64_t>(length)}, C(0));
}
/// The array that members' counts add up to.
template <class C>
Array<C> added_counts(FamilyView members, std::int64_t length, std::source_location where) {
  const Family<Block<C>> sum(combined_all<&add_counts<C>, Block<C>>(std::move(members), where));
  const Family<Block<C>> all = map<&all_counts<C>>({sum, where}, length);
  return placed_once<C>({all.view(), {}}, {static_cast<std::uint64_t>(length)}, where);
}

}  // namespace ramal::detail
