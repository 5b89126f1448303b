// SPDX-License-Identifier: BSD-3-Clause
// map_overlap: functions of blocks that see some elements of their neighbours, such as stencils and filters.
//
//   void diffuse(ramal::View<const double, 2> u, ramal::View<double, 2> next) {
//     for (std::int64_t i = 0; i < next.length(0); ++i)
//       for (std::int64_t j = 0; j < next.length(1); ++j)
//         next(i, j) = u(i, j) + 0.1 * (u(i - 1, j) + u(i + 1, j) + u(i, j - 1) + u(i, j + 1) - 4 * u(i, j));
//   }
//   for (int step = 0; step < 1000; ++step)
//     field = ramal::map_overlap<diffuse>({.depth = 1, .boundary = ramal::Boundary::nearest}, field);
#pragma once

#include <ramal/array.hpp>
#include <ramal/detail/overlap.hpp>

namespace ramal {

/// One value for all axes of an array, or one for each.
template <class V>
class PerAxis {
 public:
  PerAxis(V value) : values_{value}, is_one_(true) {}            // NOLINT: how options are given
  PerAxis(std::initializer_list<V> values) : values_(values) {}  // NOLINT
  explicit PerAxis(std::vector<V> values) : values_(std::move(values)) {}
  /// For Ramal's own use. Throws std::invalid_argument if there is not one for each axis.
  std::vector<V> of(std::size_t dims, const char* what, std::source_location where) const {
    if (is_one_) return std::vector<V>(dims, values_.front());
    if (values_.size() != dims)
      detail::refuse_array(std::string(what) + ": expected one value, or one for each of the " +
                               std::to_string(dims) + " axes, found " + std::to_string(values_.size()),
                           where);
    return values_;
  }

 private:
  std::vector<V> values_;
  bool is_one_ = false;
};

/// What a function of map_overlap sees.
struct OverlapOptions {
  PerAxis<std::int64_t> depth;                  ///< so many elements around its block, along each axis
  PerAxis<Boundary> boundary = Boundary::open;  ///< what lies beyond the ends of the array
  double value = 0;                             ///< what Boundary::constant means
};

namespace detail {

template <class F, class S>
struct OverlapFunction {
  static_assert(never<F>,
                "ramal: a function of map_overlap takes a View<const T, N> for each array and a "
                "View<R, N> that it fills, and returns nothing");
};
template <class F, class... P>
struct OverlapFunction<F, Signature<void, P...>> {
  using Thunk = OverlapThunk<F, Signature<void, P...>>;
  using Result = typename Thunk::Result;

  static constexpr std::size_t arrays = Thunk::arrays;
  /// What the first array becomes, which knows the line of the call.
  using First = ArrayHere<typename Thunk::template Element<0>>;

  template <class... A>
  static Array<Result> map(const F& function, const OverlapOptions& options, std::source_location where,
                           const A&... array) {
    return map_arrays(function, options, where, std::make_index_sequence<arrays>(), array...);
  }

 private:
  template <std::size_t... k>
  static Array<Result> map_arrays(const F& function, const OverlapOptions& options,
                                  std::source_location where, std::index_sequence<k...>,
                                  const ArrayHere<typename Thunk::template Element<k>>&... array) {
    constexpr std::size_t dims = Thunk::N;
    std::vector<Axis> axes = axes_together("map_overlap", where, array...);
    if (axes.size() != dims)
      refuse_array("map_overlap: expected arrays of " + std::to_string(dims) +
                       " axes, as the function's views have, found shape " + shape_of(axes).text(),
                   where);
    std::vector<OverlapAxis> overlap = axes_of(options, dims, where);
    axes = overlap_axes(axes, overlap, where);
    for (std::size_t d = 0; d < dims; ++d) {
      overlap[d].count = axes[d].count();
      // Around the only block there is nothing.
      if (overlap[d].boundary == Boundary::open && overlap[d].count == 1) overlap[d].depth = 0;
    }
    (expect_value<typename Thunk::template Element<k>>(options.value, where), ...);
    std::vector<FamilySource> sources;
    std::vector<bool> padded;
    const auto add = [&](const ArrayLeaf& leaf, const Kind& strips) {
      add_overlap_sources(leaf, strips, overlap, sources, where);
      padded.push_back(leaf.is_padded);
    };
    (add(array.made_on(axes, true, where).leaves.front(), strip_kind<typename Thunk::template Element<k>>),
     ...);
    std::vector<std::byte> parameters;
    append_padded(parameters, &options.value, sizeof options.value);
    if constexpr (!std::is_empty_v<F>) {
      refuse_addresses_in(function, "the function of map_overlap", where);
      append_padded(parameters, &function, sizeof function);
    }
    FamilyTraits traits;
    traits.wishes.result_bytes = padded_bytes(axes, overlap, sizeof(Result));
    traits.wishes.name = std::string(Thunk::name);
    FamilyView view =
        make_family<Void>(Thunk::kind, grid_extent(axes), std::move(sources),
                          overlap_closure(overlap, padded, parameters), where, std::move(traits))
            .view();
    ArrayState made = plain_state(std::move(view), std::move(axes), where);
    made.leaves.front().is_padded = true;
    return Array<Result>(std::move(made));
  }
  /// The constant is a number of the array's type.
  template <class T>
  static void expect_value(double value, std::source_location where) {
    if constexpr (std::integral<T> && !std::same_as<T, bool>) {
      constexpr double least = static_cast<double>(std::numeric_limits<T>::min());
      constexpr double beyond = 2.0 * static_cast<double>(std::numeric_limits<T>::max() / 2 + 1);
      if (!(value >= least && value < beyond && value == std::trunc(value)))
        refuse_array("map_overlap: the value " + std::to_string(value) +
                         " is not within the type of the array, " + std::string(short_type_name<T>),
                     where);
    }
  }
  static std::vector<OverlapAxis> axes_of(const OverlapOptions& options, std::size_t dims,
                                          std::source_location where) {
    const std::vector<std::int64_t> depths = options.depth.of(dims, "map_overlap: depth", where);
    const std::vector<Boundary> boundaries = options.boundary.of(dims, "map_overlap: boundary", where);
    std::vector<OverlapAxis> overlap(dims);
    for (std::size_t d = 0; d < dims; ++d) {
      constexpr std::int64_t deepest = std::int64_t{1} << 40;
      if (depths[d] < 0 || depths[d] > deepest)
        refuse_array("map_overlap: expected depths of 0 or more, found " + std::to_string(depths[d]), where);
      overlap[d] = {depths[d], boundaries[d], 1};
    }
    return overlap;
  }
};
template <auto f>
using OverlapFunctionOf = OverlapFunction<Constantly<f>, SignatureOf<decltype(f)>>;

}  // namespace detail

/// f of each block and of what lies around it, up to a depth along each axis: `f(in…, out)`, where `in` is a
/// View<const T, N> for each array, whose indices reach from -depth to length + depth, and `out` a View<R, N>
/// of the block to be filled, whose elements are not initialised. Beyond the ends of the array lies what the
/// boundary says; with Boundary::open nothing does: see View::low and View::high.
///
/// Neighbours are sent strips of that depth, corners included. A loop of such calls goes over its blocks in
/// place: nothing but strips is copied. Arrays are broadcast and cut as the finest before; where chunks are
/// shorter than the depth they are joined. Throws std::invalid_argument if shapes do not broadcast, have
/// another number of axes than f's views, or are shorter than a depth that is periodic or reflecting.
template <auto f, class... A>
  requires(detail::is_array<A>&&...)
auto map_overlap(const OverlapOptions& options, const typename detail::OverlapFunctionOf<f>::First& first,
                 const A&... more) {
  using Function = detail::OverlapFunctionOf<f>;
  if constexpr (detail::takes_arrays<Function::arrays, 1 + sizeof...(A)>())
    return Function::map(detail::Constantly<f>{}, options, first.where, first, more...);
}
/// The same for a function with state, such as a lambda: trivially copyable, and without addresses.
///
///   auto next = ramal::map_overlap(
///       [speed](ramal::View<const double, 1> u, ramal::View<double, 1> to) { … }, {.depth = 1}, field);
template <class F, class... A>
  requires(std::is_class_v<F> && (detail::is_array<A> && ...))
auto map_overlap(const F& function, const OverlapOptions& options,
                 const typename detail::OverlapFunction<F, detail::SignatureOf<F>>::First& first,
                 const A&... more) {
  static_assert(std::is_trivially_copyable_v<F>,
                "ramal: a function of map_overlap must be trivially copyable: capture numbers by value");
  using Function = detail::OverlapFunction<F, detail::SignatureOf<F>>;
  if constexpr (detail::takes_arrays<Function::arrays, 1 + sizeof...(A)>())
    return Function::map(function, options, first.where, first, more...);
}
/// Does not compile, and says why.
template <class F, class... A>
  requires(std::is_function_v<F> || std::is_pointer_v<F>)
void map_overlap(const F&, const OverlapOptions&, const A&...) {
  static_assert(
      detail::never<F>,
      "ramal: a function is given in angle brackets, as in map_overlap<f>({.depth = 1}, array): its "
      "address means nothing on another rank");
}

}  // namespace ramal
