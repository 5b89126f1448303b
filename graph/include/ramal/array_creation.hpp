// SPDX-License-Identifier: BSD-3-Clause
// Arrays of one value, of ranges, and from functions of the index. Included by <ramal/array.hpp>.
#pragma once

#include <ramal/array.hpp>
#include <ramal/array_blocks.hpp>

namespace ramal {

namespace detail {

/// A block that a G fills row by row: `row(place, count, to)`, elements along the last axis from `place` on.
template <class G>
struct GenerateThunk {
  static constexpr std::string_view name = G::name;
  static constexpr bool is_elementwise = true;
  using T = typename G::type;

  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    CopiedObject<const G> copied(call.parameters());
    const G& generator = *copied;
    Block<T> block(box_shape(call), box_offset(call));
    for_each_row(block, [&generator](const Extents& place, std::int64_t count, T* to) {
      generator.row(place, count, to);
    });
    result.emplace<Block<T>>(std::move(block));
  }
};
template <class G>
Array<typename G::type> generated(const G& generator, const Extents& shape, const Chunks& chunks,
                                  std::source_location where) {
  using T = typename G::type;
  std::vector<Axis> axes = chunks.axes(shape, sizeof(T), where);
  FamilyView blocks = grid_family(grid_kind<GenerateThunk<G>, Block<T>>, axes, sizeof(T), {}, {},
                                  std::as_bytes(std::span(&generator, 1)), where);
  return Array<T>(plain_state(std::move(blocks), std::move(axes), where));
}

template <class T>
struct FullGenerator {
  static constexpr std::string_view name = "full";
  using type = T;
  void row(const Extents&, std::int64_t count, T* to) const { std::fill_n(to, count, value); }
  T value;
};
template <class T>
struct RangeGenerator {
  static constexpr std::string_view name = "arange";
  using type = T;
  void row(const Extents& place, std::int64_t count, T* to) const {
    const auto first = static_cast<std::int64_t>(place[0]);
    for (std::int64_t i = 0; i < count; ++i) {
      if constexpr (std::integral<T>) {
        to[i] = static_cast<T>(static_cast<std::uint64_t>(start) +
                               static_cast<std::uint64_t>(first + i) * static_cast<std::uint64_t>(step));
      } else {
        to[i] = start + static_cast<T>(first + i) * step;
      }
    }
  }
  T start, step;
};
template <class T>
struct LinspaceGenerator {
  static constexpr std::string_view name = "linspace";
  using type = T;
  void row(const Extents& place, std::int64_t count, T* to) const {
    const auto first = static_cast<std::int64_t>(place[0]);
    for (std::int64_t i = 0; i < count; ++i)
      to[i] = is_closed && first + i == number - 1 ? stop : start + static_cast<T>(first + i) * step;
  }
  T start, stop, step;
  std::int64_t number;
  std::int64_t is_closed;
};
template <class T>
struct EyeGenerator {
  static constexpr std::string_view name = "eye";
  using type = T;
  void row(const Extents& place, std::int64_t count, T* to) const {
    std::fill_n(to, count, T(0));
    const std::int64_t at =
        static_cast<std::int64_t>(place[0]) + diagonal - static_cast<std::int64_t>(place[1]);
    if (at >= 0 && at < count) to[at] = T(1);
  }
  std::int64_t diagonal;
};
template <auto f>
struct FunctionGenerator {
  static constexpr std::string_view name = function_name<f>;
  using type = ResultOf<decltype(f)>;
  void row(Extents place, std::int64_t count, type* to) const {
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] = f(place);
      if (place.size() > 0) ++place[place.size() - 1];
    }
  }
};
/// The same for an object with state.
template <class F>
struct ClosureGenerator {
  static constexpr std::string_view name = "from_function";
  using type = std::remove_cvref_t<std::invoke_result_t<const F&, const Extents&>>;
  void row(Extents place, std::int64_t count, type* to) const {
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] = function(std::as_const(place));
      if (place.size() > 0) ++place[place.size() - 1];
    }
  }
  F function;
};

}  // namespace detail

/// An array of one value. See Chunks for how it is cut.
///
///   auto ones = ramal::full<float>({1000, 1000}, 1, {100, 1000});
template <class T>
Array<T> full(const Extents& shape, const std::type_identity_t<T>& value, const Chunks& chunks = {},
              std::source_location where = std::source_location::current()) {
  return detail::generated(detail::FullGenerator<T>{value}, shape, chunks, where);
}
template <class T>
Array<T> zeros(const Extents& shape, const Chunks& chunks = {},
               std::source_location where = std::source_location::current()) {
  return full<T>(shape, T(0), chunks, where);
}
template <class T>
Array<T> ones(const Extents& shape, const Chunks& chunks = {},
              std::source_location where = std::source_location::current()) {
  return full<T>(shape, T(1), chunks, where);
}
/// start, start + step, … up to before stop. Throws std::invalid_argument for a step of 0, ends that are not
/// finite, and numbers that T does not hold.
template <class T, detail::Number A, detail::Number B>
Array<T> arange(A start, B stop, std::type_identity_t<T> step = T(1), const Chunks& chunks = {},
                std::source_location where = std::source_location::current()) {
  if (step == T(0)) detail::refuse_array("arange: expected a step other than 0", where);
  std::int64_t length = 0;
  if constexpr (std::integral<A> && std::integral<B> && std::integral<T>) {
    const bool rises = step > T(0);
    if (rises ? std::cmp_less(start, stop) : std::cmp_greater(start, stop)) {
      const auto apart = rises ? static_cast<std::uint64_t>(stop) - static_cast<std::uint64_t>(start)
                               : static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(stop);
      const auto stride = rises ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
      length = static_cast<std::int64_t>(1 + (apart - 1) / stride);
    }
    const auto last = static_cast<std::uint64_t>(start) +
                      static_cast<std::uint64_t>(length - 1) * static_cast<std::uint64_t>(step);
    const bool fits = std::unsigned_integral<T> ? std::in_range<T>(last) || std::cmp_less(start, 0)
                                                : std::in_range<T>(static_cast<std::int64_t>(last));
    if (length > 0 && (!std::in_range<T>(start) || !fits))
      detail::refuse_array("arange: the type does not hold the numbers from " + std::to_string(start) +
                               " to before " + std::to_string(stop),
                           where);
  } else {
    const double steps =
        std::ceil((static_cast<double>(stop) - static_cast<double>(start)) / static_cast<double>(step));
    if (!(std::abs(steps) < 0x1p62))
      detail::refuse_array("arange: expected a finite number of steps, found " + std::to_string(steps),
                           where);
    length = std::max<std::int64_t>(0, static_cast<std::int64_t>(steps));
  }
  return detail::generated(detail::RangeGenerator<T>{static_cast<T>(start), step},
                           {static_cast<std::uint64_t>(length)}, chunks, where);
}
/// 0, 1, … up to before stop.
template <class T, detail::Number B>
Array<T> arange(B stop, const Chunks& chunks = {},
                std::source_location where = std::source_location::current()) {
  return arange<T>(B(0), stop, T(1), chunks, where);
}
/// `number` values that are as far apart, from start to stop; without `endpoint`, to before it.
template <std::floating_point T = double>
Array<T> linspace(std::type_identity_t<T> start, std::type_identity_t<T> stop, std::int64_t number,
                  bool endpoint = true, const Chunks& chunks = {},
                  std::source_location where = std::source_location::current()) {
  if (number < 0)
    detail::refuse_array("linspace: expected a number of values, found " + std::to_string(number), where);
  const std::int64_t steps = endpoint ? number - 1 : number;
  const T step = steps > 0 ? (stop - start) / static_cast<T>(steps) : T(0);
  return detail::generated(detail::LinspaceGenerator<T>{start, stop, step, number, endpoint && number > 1},
                           {static_cast<std::uint64_t>(number)}, chunks, where);
}
/// A matrix with ones on a diagonal: the main one, or so many above it.
template <class T>
Array<T> eye(std::int64_t rows, std::int64_t columns, std::int64_t diagonal = 0, const Chunks& chunks = {},
             std::source_location where = std::source_location::current()) {
  if (rows < 0 || columns < 0)
    detail::refuse_array("eye: expected numbers of rows and columns, found " + std::to_string(rows) +
                             " and " + std::to_string(columns),
                         where);
  return detail::generated(detail::EyeGenerator<T>{diagonal},
                           {static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns)}, chunks,
                           where);
}
/// f(index) for each element, where f takes a `const Extents&`.
template <auto f>
auto from_function(const Extents& shape, const Chunks& chunks = {},
                   std::source_location where = std::source_location::current()) {
  return detail::generated(detail::FunctionGenerator<f>{}, shape, chunks, where);
}
/// The same for a function with state, such as a lambda: trivially copyable, and without addresses. Throws
/// std::invalid_argument if it has some.
///
///   auto wave = ramal::from_function([k](const Extents& at) { return std::sin(k * double(at[0])); }, {1000});
template <class F>
  requires(std::is_class_v<F>)
auto from_function(const F& function, const Extents& shape, const Chunks& chunks = {},
                   std::source_location where = std::source_location::current()) {
  static_assert(std::is_trivially_copyable_v<F>,
                "ramal: the function of from_function must capture plain values");
  static_assert(std::invocable<const F&, const Extents&>,
                "ramal: the function of from_function must take a const Extents&, and be const");
  if constexpr (!std::is_empty_v<F>)
    detail::refuse_addresses_in(function, "the function of from_function", where);
  return detail::generated(detail::ClosureGenerator<F>{function}, shape, chunks, where);
}
/// Does not compile, and says why.
template <class F>
  requires(std::is_function_v<F> || std::is_pointer_v<F>)
void from_function(const F&, const Extents&, const Chunks& = {}) {
  static_assert(
      detail::never<F>,
      "ramal: a function is given in angle brackets, as in from_function<f>({100}): its address means "
      "nothing on another rank");
}

}  // namespace ramal
