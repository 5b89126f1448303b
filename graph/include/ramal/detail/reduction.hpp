// SPDX-License-Identifier: BSD-3-Clause
// Reductions of expressions: each block becomes a block of partial results, which a tree then combines along
// the axes that go. A partial result hangs on the block's elements in their order alone, so that its bits are
// the same however they are split up, and on any rank:
//
//   all axes from one on go     for each result a sequence of values: tiles of 512, each summed in 16 lanes
//   that
//                               are then folded in halves; tiles are combined pairwise
//   later axes stay             rows of values, combined element by element: 32 rows after one another; such
//                               groups pairwise
//
// A Reduction is an object without state, which says how:
//   Partial                         what is combined; plain memory
//   identity()                      of no values
//   take(values, count, at, step)   of consecutive values; the first has the index `at`, each next `step`
//   more add(partial, value, at)         one more value combine(a, b)                   both, in that order
#pragma once

#include <ramal/detail/expression.hpp>

#include <cmath>
#include <limits>

namespace ramal::detail {

/// Combines partial results pairwise, as they come, in groups of 1, 2, 4, …: like the carries of a binary
/// number. Each is a row of `width` partial results.
template <class R>
class Cascade {
  using Partial = typename R::Partial;

 public:
  explicit Cascade(std::size_t width) : width_(width) {}
  void push(std::vector<Partial> carried) {
    std::size_t level = 0;
    for (; level < levels_.size() && !levels_[level].empty(); ++level) {
      for (std::size_t i = 0; i < width_; ++i) carried[i] = R::combine(levels_[level][i], carried[i]);
      levels_[level].clear();
    }
    if (level == levels_.size()) levels_.emplace_back();
    levels_[level] = std::move(carried);
  }
  /// All that were pushed, combined; empties it.
  void finish(Partial* to) {
    std::fill_n(to, width_, R::identity());
    bool is_first = true;
    for (std::vector<Partial>& level : levels_) {  // the latest first
      if (level.empty()) continue;
      for (std::size_t i = 0; i < width_; ++i) to[i] = is_first ? level[i] : R::combine(level[i], to[i]);
      is_first = false;
      level.clear();
    }
  }

 private:
  std::size_t width_;
  std::vector<std::vector<Partial>> levels_;
};
/// The same for single results, without memory of its own.
template <class R>
class SingleCascade {
  using Partial = typename R::Partial;

 public:
  void push(Partial carried) {
    int level = 0;
    for (; (filled_ >> level & 1) != 0; ++level) carried = R::combine(levels_[level], carried);
    filled_ += 1;  // sets that level and clears those below it
    levels_[level] = carried;
  }
  Partial finish() {
    Partial all = R::identity();
    bool is_first = true;
    for (int level = 0; level < 64; ++level) {
      if ((filled_ >> level & 1) == 0) continue;
      all = is_first ? levels_[level] : R::combine(levels_[level], all);
      is_first = false;
    }
    filled_ = 0;
    return all;
  }

 private:
  std::uint64_t filled_ = 0;
  Partial levels_[64];
};

/// The axes of a reduction: bit d, axis d goes.
using AxisSet = std::uint64_t;

/// How a block's axes are nested for a reduction, the last fastest: those that stay and have one that goes
/// within them, those that go, those that stay behind all of these.
struct ReductionOrder {
  std::array<int, Index::most_dims> order;
  std::size_t axes = 0;
  int apart = 0;             ///< how many come before those that go
  std::int64_t results = 1;  ///< of the first
  std::int64_t values = 1;   ///< that each result is made of
  std::int64_t width = 1;    ///< results that lie side by side
  Extents shape, offset;     ///< of the block of partial results
  AxisSet gone;
  int dims;
  std::array<std::int64_t, Index::most_dims> whole{};  ///< the lengths of the array's axes

  /// `parameters`: an AxisSet, then the shape of the whole array.
  ReductionOrder(const GridCall& call, std::span<const std::byte> parameters);
  /// The index of a run's first value among all that its result is made of, and how much more each next one's
  /// is.
  std::pair<std::int64_t, std::int64_t> places(const Walk& walk) const;
};

/// Each result of as many values, which come one after the other.
template <class R, class V>
void reduce_sequences(Tiles& tiles, Walk& walk, const ReductionOrder& order, typename R::Partial* to) {
  alignas(64) V buffer[tile_elements];
  std::int64_t filled = 0, left = order.values;
  SingleCascade<R> cascade;
  const auto end_tile = [&](const V* from, std::int64_t count, std::int64_t at, std::int64_t step) {
    cascade.push(R::take(from, count, at, step));
    left -= count;
    filled = 0;
    if (left > 0) return;
    *to++ = cascade.finish();
    left = order.values;
  };
  while (walk.next()) {
    std::pair<std::int64_t, std::int64_t> place;
    if constexpr (R::needs_places) place = order.places(walk);
    for (std::int64_t done = 0; done < walk.length();) {
      const std::int64_t room = std::min(tile_elements, left) - filled;
      const std::int64_t count = std::min(room, walk.length() - done);
      // What has indices is taken run by run, since those of a tile of several would not be in a row.
      if (filled == 0 && (count == room || R::needs_places)) {
        const auto* values = static_cast<const V*>(tiles.values(walk, done, count, buffer));
        end_tile(values, count, place.first + done * place.second, place.second);
      } else {
        tiles.compute(walk, done, count, buffer + filled);
        filled += count;
        if (count == room) end_tile(buffer, filled, 0, 0);
      }
      done += count;
    }
  }
}

/// `width` results at a time, of as many rows that come one after the other.
template <class R, class V>
void reduce_rows(Tiles& tiles, Walk& walk, const ReductionOrder& order, typename R::Partial* to) {
  using Partial = typename R::Partial;
  constexpr std::int64_t group_rows = 32;
  alignas(64) V buffer[tile_elements];
  const std::int64_t width = order.width;
  std::vector<Partial> group(static_cast<std::size_t>(width), R::identity());
  Cascade<R> cascade(static_cast<std::size_t>(width));
  std::int64_t column = 0, rows_in_group = 0, left = order.values;
  while (walk.next()) {
    std::int64_t index = 0;
    if constexpr (R::needs_places) index = order.places(walk).first;
    for (std::int64_t done = 0; done < walk.length();) {
      const std::int64_t count = std::min({tile_elements, walk.length() - done, width - column});
      const auto* values = static_cast<const V*>(tiles.values(walk, done, count, buffer));
      auto partial = group.begin() + column;
      RAMAL_INDEPENDENT
      for (std::int64_t i = 0; i < count; ++i) partial[i] = R::add(partial[i], values[i], index);
      done += count;
      column += count;
      if (column < width) continue;
      column = 0;
      --left;
      if (++rows_in_group == group_rows || left == 0) {
        cascade.push(group);
        std::fill(group.begin(), group.end(), R::identity());
        rows_in_group = 0;
      }
      if (left > 0) continue;
      cascade.finish(to);
      to += width;
      left = order.values;
    }
  }
}

/// A block of partial results of an expression's block.
template <class R, class V>
void reduce_block(const CallFrame& frame, const Kernel& kernel, Value& result) {
  using Partial = typename R::Partial;
  const GridCall call(frame.literals);
  Tiles tiles(call, frame, kernel);
  const ReductionOrder order(call, tiles.more_parameters());
  Block<Partial> block(order.shape, order.offset);
  std::fill(block.begin(), block.end(), R::identity());
  if (order.values > 0 && order.results > 0 && order.width > 0) {
    Walk walk = tiles.walk(std::span(order.order).first(order.axes), order.apart, !R::needs_places);
    if (order.width == 1) {
      reduce_sequences<R, V>(tiles, walk, order, block.data());
    } else {
      reduce_rows<R, V>(tiles, walk, order, block.data());
    }
  }
  result.emplace<Block<Partial>>(std::move(block));
}
template <class Node, class R>
struct ReduceThunk {
  static constexpr std::string_view name = R::name;
  static void run(CallFrame& frame, Value& result) {
    reduce_block<R, typename Node::type>(frame, kernel_of<Node>, result);
  }
};

/// Combines blocks of partial results, element by element.
template <class R>
Block<typename R::Partial> combine_blocks(Block<typename R::Partial> a, const Block<typename R::Partial>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a.data()[i] = R::combine(a.data()[i], b.data()[i]);
  return a;
}

// --- reductions -------------------------------------------------------------------------------------------

template <class M, class V>
constexpr M widened(const V& value) {
  if constexpr (is_complex<V> && is_complex<M>) {
    return M(value.real(), value.imag());
  } else {
    return static_cast<M>(value);
  }
}
/// Folds up to 512 values in 16 lanes, and these in halves. `lift` makes what is combined of a value, which
/// is a P already; both take numbers, and vectors of them where P is a number.
template <class P, class V, class Lift, class Combine>
P in_lanes(const V* values, std::int64_t count, P identity, const Lift& lift, const Combine& combine) {
  constexpr int lanes = 16;
  P lane[lanes];
  for (P& one : lane) one = identity;
  std::int64_t i = 0;
  if constexpr (std::is_arithmetic_v<P> && std::is_arithmetic_v<V> && !std::same_as<P, bool> &&
                !std::same_as<V, bool> && sizeof(P) <= 8 && sizeof(V) <= 8) {
    // Vectors of 16 bytes, which all machines have; written out, since compilers do not find them everywhere.
    constexpr int width = static_cast<int>(16 / sizeof(P)), vectors = lanes / width;
    typedef P Wide __attribute__((vector_size(16)));
    typedef V Given __attribute__((vector_size(width * sizeof(V))));
    Wide folded[vectors];
    for (Wide& one : folded) one = Wide{} + identity;
    for (; i + lanes <= count; i += lanes) {
#pragma GCC unroll 16
      for (int k = 0; k < vectors; ++k) {
        Given given;
        std::memcpy(&given, values + i + k * width, sizeof given);
        folded[k] = combine(folded[k], lift(__builtin_convertvector(given, Wide)));
      }
    }
    std::memcpy(lane, folded, sizeof lane);
  } else {
    for (; i + lanes <= count; i += lanes) {
      for (int l = 0; l < lanes; ++l) lane[l] = combine(lane[l], lift(widened<P>(values[i + l])));
    }
  }
  for (int l = 0; i + l < count; ++l) lane[l] = combine(lane[l], lift(widened<P>(values[i + l])));
  for (int half = lanes / 2; half > 0; half /= 2)
    for (int l = 0; l < half; ++l) lane[l] = combine(lane[l], lane[l + half]);
  return lane[0];
}

/// What sums are made in, and are: of whole numbers and bool 64 bits.
template <class V>
using SumOf = std::conditional_t<
    std::integral<V>,
    std::conditional_t<std::is_unsigned_v<V> && !std::same_as<V, bool>, std::uint64_t, std::int64_t>, V>;
template <class T>
constexpr bool is_nan_value(const T& value) {
  if constexpr (is_complex<T>) {
    return value.real() != value.real() || value.imag() != value.imag();
  } else if constexpr (std::floating_point<T>) {
    return value != value;
  } else {
    return false;
  }
}

/// 1 where a value, or one of a vector, is a number; 0 where it is NaN.
struct IsNumber {
  template <class X>
  [[gnu::always_inline]] X operator()(const X& x) const {
    if constexpr (is_complex<X>) {
      return is_nan_value(x) ? X(0) : X(1);
    } else {
      return x == x ? X{} + 1 : X{};
    }
  }
};
/// A number as it is, `otherwise` for NaN.
template <class P>
struct NumberOr {
  template <class X>
  [[gnu::always_inline]] X operator()(const X& x) const {
    if constexpr (is_complex<X>) {
      return is_nan_value(x) ? otherwise : x;
    } else {
      return x == x ? x : X{} + otherwise;
    }
  }
  P otherwise;
};
struct AsItIs {
  template <class X>
  [[gnu::always_inline]] X operator()(const X& x) const {
    return x;
  }
};
struct Plus {
  template <class X>
  [[gnu::always_inline]] X operator()(const X& a, const X& b) const {
    return a + b;
  }
};
struct Times {
  template <class X>
  [[gnu::always_inline]] X operator()(const X& a, const X& b) const {
    return a * b;
  }
};

/// `Op` of all values, beginning with `first`. `skips`: NaN counts as nothing.
template <class V, bool skips, class Op, int first>
struct FoldReduction {
  using Partial = SumOf<V>;
  static constexpr bool needs_places = false;
  /// Whole numbers wrap around, as unsigned ones do.
  using Folded = typename std::conditional_t<std::integral<Partial>, std::type_identity<std::uint64_t>,
                                             std::type_identity<Partial>>::type;
  static Partial identity() { return Partial(first); }
  [[gnu::always_inline]] static Partial combine(const Partial& a, const Partial& b) {
    return static_cast<Partial>(Op()(static_cast<Folded>(a), static_cast<Folded>(b)));
  }
  [[gnu::always_inline]] static Partial add(const Partial& partial, const V& value, std::int64_t) {
    return skips && is_nan_value(value) ? partial : combine(partial, static_cast<Partial>(value));
  }
  static Partial take(const V* values, std::int64_t count, std::int64_t, std::int64_t) {
    if constexpr (skips) {
      return in_lanes<Folded>(values, count, Folded(first), NumberOr<Folded>{Folded(first)}, Op());
    } else {
      return static_cast<Partial>(in_lanes<Folded>(values, count, Folded(first), AsItIs(), Op()));
    }
  }
};
template <class V, bool skips>
struct SumReduction : FoldReduction<V, skips, Plus, 0> {
  static constexpr std::string_view name = "sum";
};
template <class V, bool skips>
struct ProductReduction : FoldReduction<V, skips, Times, 1> {
  static constexpr std::string_view name = "prod";
};
/// Whether any value is other than 0, or all are.
template <class V, bool all>
struct TruthReduction {
  static constexpr std::string_view name = all ? "all" : "any";
  static constexpr bool needs_places = false;
  using Partial = bool;
  static bool identity() { return all; }
  static bool combine(bool a, bool b) { return all ? a && b : a || b; }
  static bool add(bool partial, const V& value, std::int64_t) { return combine(partial, value != V(0)); }
  static bool take(const V* values, std::int64_t count, std::int64_t, std::int64_t) {
    bool found = all;
    for (std::int64_t i = 0; i < count; ++i) found = combine(found, values[i] != V(0));
    return found;
  }
};
template <class V>
using AnyReduction = TruthReduction<V, false>;
template <class V>
using AllReduction = TruthReduction<V, true>;

/// The least or the greatest value and where it is; the first of several. A NaN is beyond all, unless NaNs
/// are skipped. `at` below 0: there was none.
template <class V>
struct Extreme {
  V value;
  std::int64_t at;
};
/// `a` goes before `b`, which comes later.
template <class V, bool greatest>
constexpr bool goes_before(const V& a, const V& b) {
  if constexpr (is_complex<V>) {
    if (is_nan_value(a)) return true;
    if (is_nan_value(b)) return false;
    if (a.real() != b.real()) return greatest ? a.real() > b.real() : a.real() < b.real();
    return greatest ? a.imag() >= b.imag() : a.imag() <= b.imag();
  } else {
    return is_nan_value(a) || (greatest ? a >= b : a <= b);
  }
}
template <class V, bool greatest, bool skips, bool has_places>
struct ExtremeReduction {
  static constexpr std::string_view name = has_places ? (greatest ? "argmax" : "argmin")
                                           : greatest ? "max"
                                                      : "min";
  static constexpr bool needs_places = has_places;
  using Partial = Extreme<V>;
  static Partial identity() { return {V(), -1}; }
  static Partial combine(const Partial& a, const Partial& b) {
    if (a.at < 0) return b;
    if (b.at < 0) return a;
    const bool a_first = goes_before<V, greatest>(a.value, b.value);
    if constexpr (has_places) {
      // Blocks do not come in the order of their elements, so of equal ones places tell.
      if (a_first && goes_before<V, greatest>(b.value, a.value)) return a.at <= b.at ? a : b;
    }
    return a_first ? a : b;
  }
  static Partial add(const Partial& partial, const V& value, std::int64_t at) {
    if (skips && is_nan_value(value)) return partial;
    return combine(partial, {value, at});
  }
  /// The one of two that counts, of numbers or, one by one, of vectors: a NaN, unless they are skipped; then
  /// there must be none.
  struct Further {
    template <class X>
    [[gnu::always_inline]] X operator()(const X& a, const X& b) const {
      if constexpr (std::floating_point<V> && !skips) {
        return ((greatest ? b > a : b < a) | (b != b)) ? b : a;  // what is not a NaN is not beyond one
      } else {
        return (greatest ? b > a : b < a) ? b : a;
      }
    }
  };
  static Partial take(const V* values, std::int64_t count, std::int64_t at, std::int64_t step) {
    if constexpr (!has_places && !is_complex<V> && !std::same_as<V, bool>) {
      const bool has_skipped = skips && std::floating_point<V> &&
                               in_lanes<V>(values, count, V(0), IsNumber(), Plus()) != static_cast<V>(count);
      if (!has_skipped) return {in_lanes<V>(values, count, values[0], AsItIs(), Further()), 0};
    }
    Partial all = identity();
    for (std::int64_t i = 0; i < count; ++i) all = add(all, values[i], at + i * step);
    return all;
  }
};

/// The type that means are made in: double, or what is wider.
template <class V>
using MeanType = std::conditional_t<is_complex<V>, std::complex<double>,
                                    std::conditional_t<(sizeof(V) > 8 && std::floating_point<V>), V, double>>;
struct RealPartOf {
  template <class X>
  auto operator()(const X& x) const {
    if constexpr (is_complex<X>) {
      return x.real();
    } else {
      return x;
    }
  }
};
template <class M>
struct SumAndCount {
  M sum;
  std::int64_t count;
};
template <class V, bool skips>
struct MeanReduction {
  static constexpr std::string_view name = "mean";
  static constexpr bool needs_places = false;
  using M = MeanType<V>;
  using Partial = SumAndCount<M>;
  static Partial identity() { return {M(0), 0}; }
  static Partial combine(const Partial& a, const Partial& b) { return {a.sum + b.sum, a.count + b.count}; }
  static Partial add(const Partial& partial, const V& value, std::int64_t) {
    return skips && is_nan_value(value) ? partial
                                        : Partial{partial.sum + widened<M>(value), partial.count + 1};
  }
  static Partial take(const V* values, std::int64_t count, std::int64_t, std::int64_t) {
    if constexpr (skips) {
      const M numbers = in_lanes<M>(values, count, M(0), IsNumber(), Plus());
      return {in_lanes<M>(values, count, M(0), NumberOr<M>{M(0)}, Plus()),
              static_cast<std::int64_t>(RealPartOf()(numbers))};
    } else {
      return {in_lanes<M>(values, count, M(0), AsItIs(), Plus()), count};
    }
  }
};

/// How many values there are, their mean, and the sum of the squares of their distances from it. Chan, Golub
/// and LeVeque (1983): updating formulae and a pairwise algorithm for computing sample variances. The mean is
/// the sum of two numbers, the second far below the first: so the variance of values that are far from 0 has
/// all its digits, however they are cut.
template <class M>
struct Moments {
  std::int64_t count;
  M mean, rest;
  Real<M> squares;
};
template <class V, bool skips>
struct MomentsReduction {
  static constexpr std::string_view name = "moments";
  static constexpr bool needs_places = false;
  using M = MeanType<V>;
  using R = Real<M>;
  using Partial = Moments<M>;
  static Partial identity() { return {0, M(0), M(0), R(0)}; }
  static R squared(const M& value) {
    if constexpr (is_complex<M>) {
      return std::norm(value);
    } else {
      return value * value;
    }
  }
  static Partial combine(const Partial& a, const Partial& b) {
    if (a.count == 0) return b;
    if (b.count == 0) return a;
    const std::int64_t count = a.count + b.count;
    const M apart = (b.mean - a.mean) + (b.rest - a.rest);
    const R share = static_cast<R>(b.count) / static_cast<R>(count);
    return moved(a, count, apart * share,
                 a.squares + b.squares + squared(apart) * share * static_cast<R>(a.count));
  }
  static Partial add(const Partial& partial, const V& value, std::int64_t) {
    if (skips && is_nan_value(value)) return partial;
    const std::int64_t count = partial.count + 1;
    const M apart = (widened<M>(value) - partial.mean) - partial.rest;
    Partial next = moved(partial, count, apart / static_cast<R>(count), partial.squares);
    const M left = (widened<M>(value) - next.mean) - next.rest;
    if constexpr (is_complex<M>) {
      next.squares += apart.real() * left.real() + apart.imag() * left.imag();
    } else {
      next.squares += apart * left;
    }
    return next;
  }
  struct DistanceFrom {
    template <class X>
    [[gnu::always_inline]] X operator()(const X& x) const {
      return x - mean;
    }
    M mean;
  };
  struct SquareFrom {
    template <class X>
    [[gnu::always_inline]] X operator()(const X& x) const {
      if constexpr (is_complex<X>) {
        return X(std::norm(x - mean), 0);
      } else {
        return (x - mean) * (x - mean);
      }
    }
    M mean;
  };
  /// Some passes over the tile, which is in the cache.
  static Partial take(const V* values, std::int64_t count, std::int64_t, std::int64_t) {
    if constexpr (skips) {
      V kept[tile_elements];
      std::int64_t left = 0;
      for (std::int64_t i = 0; i < count; ++i)
        if (!is_nan_value(values[i])) kept[left++] = values[i];
      return of_all(kept, left);
    } else {
      return of_all(values, count);
    }
  }

 private:
  static Partial of_all(const V* values, std::int64_t count) {
    if (count == 0) return identity();
    const M mean = in_lanes<M>(values, count, M(0), AsItIs(), Plus()) / static_cast<R>(count);
    const M rest = in_lanes<M>(values, count, M(0), DistanceFrom{mean}, Plus()) / static_cast<R>(count);
    const R squares = RealPartOf()(in_lanes<M>(values, count, M(0), SquareFrom{mean}, Plus()));
    const R left = squares - squared(rest) * static_cast<R>(count);
    return {count, mean, rest, left < R(0) ? R(0) : left};
  }
  /// The mean is further by so much.
  static Partial moved(const Partial& from, std::int64_t count, const M& by, R squares) {
    const M more = from.rest + by, mean = from.mean + more;
    return {count, mean, (from.mean - mean) + more, squares};
  }
};

// What becomes of partial results at the end.

struct ExtremeValue {
  static constexpr std::string_view name = "value";
  template <class V>
  V operator()(const Extreme<V>& extreme) const {
    if constexpr (std::floating_point<V>) {
      if (extreme.at < 0) return std::numeric_limits<V>::quiet_NaN();  // all were skipped
    }
    return extreme.value;
  }
};
struct ExtremePlace {
  static constexpr std::string_view name = "place";
  template <class V>
  std::int64_t operator()(const Extreme<V>& extreme) const {
    if (extreme.at < 0) throw std::invalid_argument("ramal: nanargmin or nanargmax: all elements are NaN");
    return extreme.at;
  }
};
template <class V>
struct MeanOf {
  static constexpr std::string_view name = "mean";
  template <class M>
  Inexact<V> operator()(const SumAndCount<M>& all) const {
    if (all.count == 0) return Inexact<V>(std::numeric_limits<Real<Inexact<V>>>::quiet_NaN());
    return static_cast<Inexact<V>>(all.sum / static_cast<Real<M>>(all.count));
  }
};
template <class V>
struct VarianceOf {
  static constexpr std::string_view name = "var";
  template <class M>
  Real<Inexact<V>> operator()(const Moments<M>& moments, double ddof) const {
    const double left = std::max(0.0, static_cast<double>(moments.count) - ddof);
    return static_cast<Real<Inexact<V>>>(moments.squares / left);
  }
};
template <class V>
struct DeviationOf {
  static constexpr std::string_view name = "std";
  template <class M>
  Real<Inexact<V>> operator()(const Moments<M>& moments, double ddof) const {
    const double left = std::max(0.0, static_cast<double>(moments.count) - ddof);
    return static_cast<Real<Inexact<V>>>(std::sqrt(moments.squares / left));
  }
};

}  // namespace ramal::detail
