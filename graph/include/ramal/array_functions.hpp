// SPDX-License-Identifier: BSD-3-Clause
// What is done with arrays beyond each element by itself: functions of whole blocks, and sums and differences
// along an axis. Included by <ramal/array.hpp>.
#pragma once

#include <ramal/array.hpp>

#include <array>

namespace ramal {

namespace detail {

/// A function of blocks, which lies in the parameters if it has state.
template <class F, class S>
struct MapBlocksThunk;
template <class F, class R, class... P>
struct MapBlocksThunk<F, Signature<R, P...>> {
  static constexpr std::string_view name = "map_blocks";
  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    CopiedObject<F> function(call.parameters());
    if (box_shape(call).product() == 0) {  // which nothing is read for
      result.emplace<R>(box_shape(call), box_offset(call));
      return;
    }
    R block = [&]<std::size_t... k>(std::index_sequence<k...>) {
      return std::invoke(*function, pass_input<P>(frame, k)...);
    }
    (std::index_sequence_for<P...>{});
    if (block.shape() != box_shape(call))
      throw std::invalid_argument("ramal: map_blocks: expected a block of shape " + box_shape(call).text() +
                                  " for " + call.text() + ", found one of " + block.shape().text());
    result.emplace<R>(std::move(block).reshaped(box_shape(call), box_offset(call)));
  }
};

/// What the elements are of a block that a function takes.
template <class P>
struct BlockElement {
  static_assert(never<P>, "ramal: map_blocks: the function's parameters must be blocks");
};
template <class T>
struct BlockElement<Block<T>> {
  using type = T;
};
template <class F, class S>
struct BlocksFunction {
  static_assert(never<F>, "ramal: map_blocks: the function must take one block or more, and give a block");
};
template <class F, class R, class... P>
struct BlocksFunction<F, Signature<R, P...>> {
  using Element = typename R::value_type;
  template <class Parameter>
  using Here = ArrayHere<typename BlockElement<std::remove_cvref_t<Parameter>>::type>;
  /// What the first array becomes, which knows the line of the call.
  using First = Here<std::tuple_element_t<0, std::tuple<P...>>>;
  static constexpr std::size_t arrays = sizeof...(P);

  static Array<Element> map(const F& function, std::source_location where, const Here<P>&... array) {
    const std::vector<Axis> axes = axes_together("map_blocks", where, array...);
    std::vector<FamilySource> sources;
    std::vector<GridSource> grids;
    const auto add = [&](const ArrayLeaf& leaf) {
      sources.push_back(leaf.source);
      grids.push_back(leaf.grid);
    };
    (add(array.made_on(axes, false, where).leaves.front()), ...);
    std::vector<std::byte> parameters;
    if constexpr (!std::is_empty_v<F>) {
      refuse_addresses_in(function, "the function of map_blocks", where);
      append_padded(parameters, &function, sizeof function);
    }
    FamilyView view = grid_family(grid_kind<MapBlocksThunk<F, Signature<R, P...>>, R>, axes, sizeof(Element),
                                  std::move(sources), grids, parameters, where);
    return Array<Element>(plain_state(std::move(view), axes, where));
  }
};
template <auto f>
struct Constantly;
template <auto f>
using BlocksFunctionOf = BlocksFunction<Constantly<f>, SignatureOf<decltype(f)>>;
/// A function as an object without state.
template <auto f>
struct Constantly {
  template <class... A>
  decltype(auto) operator()(A&&... a) const {
    return std::invoke(f, std::forward<A>(a)...);
  }
};

// --- along an axis ----------------------------------------------------------------------------------------

struct ScanSum {
  static constexpr std::string_view name = "cumsum";
  template <class P>
  static P combine(const P& a, const P& b) {
    return SumReduction<P, false>::combine(a, b);
  }
};
struct ScanProduct {
  static constexpr std::string_view name = "cumprod";
  template <class P>
  static P combine(const P& a, const P& b) {
    return ProductReduction<P, false>::combine(a, b);
  }
};

/// How a block's elements lie along one of its axes.
struct Strip {
  std::uint64_t before = 1, length = 1, after = 1;  ///< the products of the other lengths, and its own
  Strip(const Extents& shape, std::int64_t axis) {
    for (std::size_t d = 0; d < shape.size(); ++d)
      (d < static_cast<std::size_t>(axis)    ? before
       : d == static_cast<std::size_t>(axis) ? length
                                             : after) *= shape[d];
  }
};

/// Numbers side by side, at least one: every eighth is combined with the next eighth, then these with each
/// other.
template <class Op, class P>
P combined_in_lanes(const P* from, std::uint64_t length) {
  constexpr std::uint64_t lanes = 8;
  P total = from[0];
  std::uint64_t i = 1;
  if (length >= 2 * lanes) {
    std::array<P, lanes> sums;
    std::copy_n(from, lanes, sums.begin());
    for (i = lanes; i + lanes <= length; i += lanes)
      for (std::uint64_t lane = 0; lane < lanes; ++lane) sums[lane] = Op::combine(sums[lane], from[i + lane]);
    total = sums[0];
    for (std::uint64_t lane = 1; lane < lanes; ++lane) total = Op::combine(total, sums[lane]);
  }
  for (; i < length; ++i) total = Op::combine(total, from[i]);
  return total;
}
/// What all elements of a block come to along an axis; of a block without any, an empty one. Elements that
/// lie side by side are combined in lanes.
template <class Op, class P>
Block<P> total_of_block(const Block<P>& block, std::int64_t axis) {
  const Strip strip(block.shape(), axis);
  Extents shape = block.shape();
  shape[static_cast<std::size_t>(axis)] = std::min<std::uint64_t>(1, strip.length);
  Block<P> total(shape);
  const P* from = block.data();
  for (std::uint64_t b = 0; b < strip.before && strip.length > 0; ++b) {
    P* to = total.data() + b * strip.after;
    if (strip.after == 1) {
      *to = combined_in_lanes<Op>(from, strip.length);
    } else {
      std::copy_n(from, strip.after, to);
      for (std::uint64_t i = 1; i < strip.length; ++i)
        for (std::uint64_t j = 0; j < strip.after; ++j) to[j] = Op::combine(to[j], from[i * strip.after + j]);
    }
    from += strip.length * strip.after;
  }
  return total;
}
/// The totals of two neighbours, the earlier first; that of an empty block says nothing.
template <class Op, class P>
Block<P> combine_totals(Inputs<Block<P>> totals) {
  Block<P> all = totals[totals.size() - 1];
  if (totals.size() == 1 || totals[0].empty()) return all;
  if (all.empty()) return totals[0];
  for (std::size_t i = 0; i < all.size(); ++i)
    all.data()[i] = Op::combine(totals[0].data()[i], all.data()[i]);
  return all;
}
/// The same of numbers side by side, at least one.
template <class Op, class P>
void scan_line(const P* from, P* to, std::uint64_t length, const P* carry) {
  P sum = from[0];
  if (carry == nullptr) {
    to[0] = sum;
    for (std::uint64_t i = 1; i < length; ++i) to[i] = sum = Op::combine(sum, from[i]);
  } else {
    to[0] = Op::combine(*carry, sum);
    for (std::uint64_t i = 1; i < length; ++i) {
      sum = Op::combine(sum, from[i]);
      to[i] = Op::combine(*carry, sum);
    }
  }
}
/// Each element combined with all before it in its block along an axis, and that with what all blocks before
/// come to, which the first has none of. So rounding does not pile up from block to block.
template <class Op, class P>
Block<P> scan_block(const Index&, const Block<P>& block, Inputs<Block<P>> carry, std::int64_t axis) {
  const Strip strip(block.shape(), axis);
  const bool is_carried = !carry.empty() && !carry[0].empty();
  Block<P> scanned(block.shape(), block.offset());
  std::vector<P> sums(strip.after);
  const P* from = block.data();
  P* to = scanned.data();
  for (std::uint64_t b = 0; b < strip.before && strip.length > 0; ++b) {
    const P* before = is_carried ? carry[0].data() + b * strip.after : nullptr;
    if (strip.after == 1) {
      scan_line<Op>(from, to, strip.length, before);
      from += strip.length;
      to += strip.length;
      continue;
    }
    std::copy_n(from, strip.after, sums.begin());
    for (std::uint64_t i = 0; i < strip.length; ++i, from += strip.after, to += strip.after) {
      for (std::uint64_t j = 0; j < strip.after && i > 0; ++j) sums[j] = Op::combine(sums[j], from[j]);
      for (std::uint64_t j = 0; j < strip.after; ++j)
        to[j] = is_carried ? Op::combine(before[j], sums[j]) : sums[j];
    }
  }
  return scanned;
}
/// A block reads itself, what is carried to it from the one before along an axis, and which axis that is.
struct CarryDependence {
  void operator()(const Index& at, Reads& reads) const {
    reads(0, at);
    Index before = at;
    if (--before[axis] >= 0) reads(1, before);
    reads(2, Index(0));
  }
  void inverse(std::uint32_t k, const Index& at, Readers& readers) const {
    Index behind = at;
    behind[axis] += k;
    readers(behind);
  }
  std::int32_t axis;
};

template <class Op, class T, class Node>
Array<SumOf<T>> scanned(const Array<T, Node>& array, std::int64_t along, std::source_location where) {
  using P = SumOf<T>;
  const int axis = checked_axis(along, array.dimensions(), Op::name, where);
  const std::vector<Axis>& axes = array.state().axes;
  const Array<P> wide = array.template as<P>();
  const Family<Block<P>> blocks = wide.blocks(where);
  Family<Block<P>> totals = map<&total_of_block<Op, P>>({blocks, where}, std::int64_t{axis});
  const std::int64_t chunks = axes[static_cast<std::size_t>(axis)].count();
  for (std::int64_t apart = 1; apart < chunks; apart *= 2) {
    Index here = totals.extent(), before = here;
    for (int d = 0; d < here.dims; ++d) here[d] = before[d] = 0;
    before[axis] = -apart;
    totals = stencil<&combine_totals<Op, P>>(totals, {before, here}, Edge::open, where);
  }
  const Family<Block<P>> scanned = family<&scan_block<Op, P>>({blocks.extent(), where}, CarryDependence{axis},
                                                              blocks, totals, std::int64_t{axis});
  return Array<P>(plain_state(scanned.view(), axes, where));
}

}  // namespace detail

/// f of the blocks of arrays, one after the other in the grid. f takes a block of each array, by value or by
/// const reference, and gives one of the same shape; a block says where it lies. Arrays are broadcast and cut
/// as the finest before. A block that is taken by value at its last use is not copied. Throws
/// std::invalid_argument if shapes do not broadcast; a block of another shape makes its task fail.
///
///   Block<float> smooth(const Block<float>& block);
///   auto smoothed = ramal::map_blocks<smooth>(image);
template <auto f, class... A>
  requires(detail::is_array<A>&&...)
auto map_blocks(const typename detail::BlocksFunctionOf<f>::First& first, const A&... more) {
  using Function = detail::BlocksFunctionOf<f>;
  if constexpr (detail::takes_arrays<Function::arrays, 1 + sizeof...(A)>())
    return Function::map(detail::Constantly<f>{}, first.where, first, more...);
}
/// The same for a function with state, such as a lambda: trivially copyable, and without addresses.
///
///   auto scaled = ramal::map_blocks([factor](Block<double> block) {
///     for (double& x : block) x *= factor;
///     return block; }, a);
template <class F, class... A>
  requires(std::is_class_v<F> && !detail::is_array<F> && (detail::is_array<A> && ...))
auto map_blocks(const F& function,
                const typename detail::BlocksFunction<F, detail::SignatureOf<F>>::First& first,
                const A&... more) {
  static_assert(std::is_trivially_copyable_v<F>,
                "ramal: the function of map_blocks must capture plain values; give containers as arrays");
  using Function = detail::BlocksFunction<F, detail::SignatureOf<F>>;
  if constexpr (detail::takes_arrays<Function::arrays, 1 + sizeof...(A)>())
    return Function::map(function, first.where, first, more...);
}
/// Does not compile, and says why.
template <class F, class... A>
  requires(std::is_function_v<F> || std::is_pointer_v<F>)
void map_blocks(const F&, const A&...) {
  static_assert(detail::never<F>,
                "ramal: a function is given in angle brackets, as in map_blocks<f>(array): its address means "
                "nothing on another rank");
}

/// Sums of all elements up to each, along an axis; in the types of `sum`. Blocks are summed by themselves,
/// what they come to in log2(chunks) rounds.
template <class T, class Node>
Array<detail::SumOf<T>> cumsum(const Array<T, Node>& array, std::int64_t axis = 0,
                               std::source_location where = std::source_location::current()) {
  return detail::scanned<detail::ScanSum>(array, axis, where);
}
/// The same of products.
template <class T, class Node>
Array<detail::SumOf<T>> cumprod(const Array<T, Node>& array, std::int64_t axis = 0,
                                std::source_location where = std::source_location::current()) {
  return detail::scanned<detail::ScanProduct>(array, axis, where);
}
/// Each element less the one before it, along an axis: one fewer. A view, and fused. Throws
/// std::invalid_argument for an array without axes.
template <class T, class Node>
auto diff(const Array<T, Node>& array, std::int64_t axis = -1,
          std::source_location where = std::source_location::current()) {
  const int d = detail::checked_axis(axis, array.dimensions(), "diff", where);
  std::vector<detail::IndexPart> later(array.dimensions(), all), earlier = later;
  later[static_cast<std::size_t>(d)] = slice(1, {});
  earlier[static_cast<std::size_t>(d)] = slice(-1);
  return Array<T, Node>(array.state().indexed(later, where)) -
         Array<T, Node>(array.state().indexed(earlier, where));
}

}  // namespace ramal
