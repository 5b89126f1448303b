// SPDX-License-Identifier: BSD-3-Clause
// map<f>: one call of f per element of a range, or per member of families.
//
//   std::vector<Delayed<Field>> fields = ramal::map<load>(names);          // a task per name
//   auto scaled = ramal::map<scale>(fields, 0.5);                          // scale(field, 0.5) for each
//   auto sums = ramal::map(delayed<sum>.annotate({.cost = 3}), fields);    // a function with wishes
//   Family<double> both = ramal::map<add>(family_a, family_b);             // element by element
//
// A range makes a vector of handles, in time and memory proportional to it; families make a family, which
// costs rank 0 the same whatever its size.
//
//   first argument           f's first parameter takes    further arguments          gives
//   range of values          an element                   values or handles, to all  std::vector<Delayed<R>>
//   range of handles         an element's result          values or handles, to all  std::vector<Delayed<R>>
//   Family<T>                a member                     families, member by        Family<R>
//                                                         member; or as above
//
// The range is gone through once, in its order, before map returns, and is not referred to afterwards. f runs
// on any rank, as by `delayed<f>`.
#pragma once

#include <ramal/family.hpp>

#include <ranges>

namespace ramal {

namespace detail {

/// The extent that all families of more than one member have, or that of the first if there is none. Throws
/// std::invalid_argument if they differ.
Index common_extent(const std::vector<FamilySource>& sources, std::source_location where);
/// Whether one of these families has steps and is seen as a whole: then the result has the same steps, and is
/// made step by step with it.
bool any_in_steps(const std::vector<FamilySource>& sources, const Index& extent);

/// The family of f's results, each of what stands at one place of all sources.
template <auto f, class R>
Family<R> map_families(std::vector<FamilySource> sources, std::source_location where) {
  const Index extent = common_extent(sources, where);
  const bool steps = any_in_steps(sources, extent);
  auto closure = closure_of(static_cast<std::uint32_t>(sources.size()));
  return make_family<R>(member_kind_of<f, false, Elementwise>, extent, std::move(sources), std::move(closure),
                        where, {.steps = steps, .period = 1});
}

/// A range and the line it stands in, which only a conversion can learn. Only refers to the range, so it
/// lives no longer than the call.
template <class P>
class MapRange {
 public:
  template <std::ranges::range Range>
  MapRange(Range&& range, std::source_location line = std::source_location::current())  // NOLINT
      : where(line),
        range_(const_cast<void*>(static_cast<const void*>(std::addressof(range)))),
        for_each_(&visit<std::remove_reference_t<Range>>) {
    if constexpr (std::ranges::sized_range<Range>) size_ = static_cast<std::size_t>(std::ranges::size(range));
  }
  /// The range's size; 0 if it is not known without going through it. Only spares the vector from growing.
  std::size_t size() const { return size_; }
  /// Calls `each` with every element, which exists for that call only.
  template <class Each>
  void for_each(Each&& each) const {
    for_each_(range_, &each, [](void* to, const Arg<P>& element) {
      (*static_cast<std::remove_reference_t<Each>*>(to))(element);
    });
  }

  std::source_location where;

 private:
  /// The type of the range is known to `visit` alone, so that map is one function for all ranges.
  using Visit = void (*)(void* each, const Arg<P>& element);
  template <class Range>
  static void visit(void* range, void* each, Visit visit) {
    for (const auto& element : *static_cast<Range*>(range)) visit(each, element);
  }
  void* range_;
  void (*for_each_)(void* range, void* each, Visit);
  std::size_t size_ = 0;
};
/// A family and the line it stands in, which only a conversion can learn. Only refers to the family, which
/// the caller holds.
template <class T>
struct FamilyHere {
  FamilyHere(const Family<T>& given, std::source_location line = std::source_location::current())  // NOLINT
      : family(given), where(line) {}
  const Family<T>& family;
  std::source_location where;
};

/// What map does for functions of a signature: `Range` is what the first argument becomes, `Results` what
/// comes back: a handle for each element, in the order of the range. Wrong numbers of arguments are said in
/// one line, not by a list of candidates. A signature without parameters: there is nothing to map over.
template <class Signature>
struct Mapped {};
template <class R, class First, class... Rest>
struct Mapped<Signature<R, First, Rest...>> {
  using Range = MapRange<First>;
  using Results = std::vector<Delayed<R>>;

  template <class Call, class... Given>
  static Results call(const Call& call, const Range& range, const Given&... given) {
    static_assert(
        sizeof...(Given) == sizeof...(Rest),
        "ramal: map was called with too few or too many arguments; expected a range and one for each of "
        "the function's other parameters");
    Results results;
    results.reserve(range.size());
    if constexpr (sizeof...(Given) == sizeof...(Rest)) {
      [&](const Arg<Rest>&... rest) {
        range.for_each(
            [&](const Arg<First>& element) { results.push_back(call(element, rest..., range.where)); });
      }(given...);
    }
    return results;
  }
};

/// What map does for families. A place that the function takes first is no argument to be given.
/// The same for families.
template <class Signature>
struct MappedFamilies {};
template <class R, class First, class... Rest>
struct MappedFamilies<Signature<R, First, Rest...>> {
  using Here = FamilyHere<std::remove_cvref_t<First>>;
  using Result = Family<R>;
  template <auto f, class... Given>
  static Result call(const Here& first, const Given&... given) {
    static_assert(sizeof...(Given) == sizeof...(Rest),
                  "ramal: map was called with too few or too many arguments; expected one for each of the "
                  "function's parameters, but its place");
    if constexpr (sizeof...(Given) == sizeof...(Rest)) {
      return map_families<f, R>({{first.family.view(), {}}, FamilyArg<Rest>(given).source()...}, first.where);
    } else {
      return first.family;
    }
  }
};
template <class R, class Place, class First, class... Rest>
  requires is_place<Place>
struct MappedFamilies<Signature<R, Place, First, Rest...>> : MappedFamilies<Signature<R, First, Rest...>> {
};

/// All parts of one member of a shuffle. Throws std::invalid_argument, inside the task, if there are not as
/// many as parts.
template <auto split, class T>
auto split_into(T member, std::int64_t parts) {
  auto pieces = split(std::move(member));
  static_assert(
      requires {
        typename decltype(pieces)::value_type;
        pieces[0];
      },
      "ramal: a shuffle's split takes a place first and makes that part, or it takes a member alone and "
      "makes a "
      "std::vector of all its parts");
  if (static_cast<std::int64_t>(pieces.size()) == parts) return pieces;
  throw std::invalid_argument("ramal: shuffle: expected " + std::to_string(parts) +
                              " parts of each member, found " + std::to_string(pieces.size()));
}
/// Part place[1] of one member, copied out of them all.
template <class Piece>
Piece part_of(const Index& place, const std::vector<Piece>& pieces) {
  return pieces[static_cast<std::size_t>(place[1])];
}

/// What map<f> does over a range, and over families.
template <auto f>
using MappedBy = Mapped<SignatureOf<decltype(f)>>;
template <auto f>
using MappedFamiliesBy = MappedFamilies<SignatureOf<decltype(f)>>;

// --- functions that are given as arguments ----------------------------------------------------------------
/// How an object with state, or what `delayed` and `delay` return, is called for each element: `Map` is what
/// map does for its signature, `lazy` gives what makes the tasks.
/// Neither a function object nor what makes tasks: map is not declared for it.
template <class F>
struct GivenFunction {};
template <class F>
  requires requires { &F::operator(); }
struct GivenFunction<F> {
  using Map = Mapped<SignatureOf<F>>;
  static auto lazy(const F& function, std::source_location where) { return delay(function, where); }
};
/// What makes tasks already, and is called as it is.
template <class F, class S>
struct LazyFunction {
  using Map = Mapped<S>;
  static const F& lazy(const F& function, std::source_location) { return function; }
};
template <auto f, class S>
struct GivenFunction<DelayedFunction<f, S>> : LazyFunction<DelayedFunction<f, S>, S> {};
template <auto f, class R, class... P>
struct GivenFunction<AnnotatedFunction<f, R, P...>>
    : LazyFunction<AnnotatedFunction<f, R, P...>, Signature<R, P...>> {};
template <class F, class S>
struct GivenFunction<DelayedClosure<F, S>> : LazyFunction<DelayedClosure<F, S>, S> {};

}  // namespace detail

/// `{f(range[0], rest…), f(range[1], rest…), …}`: a task per element of the range, which holds values or
/// handles. Further arguments go to every call; give a large one as `ramal::value(x)`, else each task has a
/// copy of its own. O(n). An empty range gives an empty vector. Throws as a call of `delayed<f>`; tasks made
/// by then are freed.
template <auto f, class... Rest>
typename detail::MappedBy<f>::Results map(typename detail::MappedBy<f>::Range range, const Rest&... rest) {
  return detail::MappedBy<f>::call(delayed<f>, range, rest...);
}
/// A family of `f(a[i], b[i], …)`, an Index first if f takes one:
///
///   double weighted(const ramal::Index& place, double x, double factor) { return factor * place[0] * x; }
///   auto all = ramal::map<weighted>(field, ramal::delayed<read_factor>());      // the factor is one for all
///
/// Each of f's parameters takes one member, by value or by const reference. A family of one member, a handle
/// or a value goes to every call. Throws std::invalid_argument, naming the line, for families of different
/// extents, as far as they have more than one member. The result has the extent of the larger ones. Costs
/// rank 0 the same whatever their size, and members are made where those of the same places are, so that most
/// need no message.
template <auto f, class... Rest>
typename detail::MappedFamiliesBy<f>::Result map(typename detail::MappedFamiliesBy<f>::Here first,
                                                 const Rest&... rest) {
  return detail::MappedFamiliesBy<f>::template call<f>(first, rest...);
}
/// `merge` of the k-th parts of all members, where `split(member)` makes all parts of a member, as a
/// std::vector of so many: member k of the result. Each part is copied once. A split that
/// makes more or fewer parts fails. Throws std::invalid_argument as the shuffle of <ramal/family.hpp>.
///
///   std::vector<Bucket> by_key(std::vector<Row> rows);                  // 16 buckets
///   auto sorted = ramal::shuffle<by_key, sort_rows>(tables, 16);        // sort_rows(Inputs<Bucket>)
template <auto split, auto merge, class T>
  requires(!detail::MemberSignature<detail::SignatureOf<decltype(split)>, false>::takes_place)
auto shuffle(const Family<T>& of, std::int64_t parts,
             std::source_location where = std::source_location::current()) {
  const auto pieces = map<&detail::split_into<split, T>>({of, where}, parts);
  using Piece = typename std::remove_cvref_t<decltype(pieces)>::value_type::value_type;
  return shuffle<&detail::part_of<Piece>, merge>(pieces, parts, where);
}
/// The same of a range for a function with state, which is given: a lambda that captures by value, or what
/// `delay(closure)` or `delayed<f>.annotate(wishes)` return. Throws what `delay` does. The state goes into
/// each task; what is large is better a further argument, given as a `value`.
///
///   auto scaled = ramal::map([factor](const Field& field) { return field * factor; }, fields);
template <class F, class... Rest>
typename detail::GivenFunction<F>::Map::Results map(const F& function,
                                                    typename detail::GivenFunction<F>::Map::Range range,
                                                    const Rest&... rest) {
  using Given = detail::GivenFunction<F>;
  return Given::Map::call(Given::lazy(function, range.where), range, rest...);
}
/// Does not compile, and says why: a plain function is given in angle brackets, `map<f>(range)`, since its
/// address differs from process to process.
template <class F, class... Rest>
  requires(std::is_function_v<F>)
void map(const F&, const Rest&...) {
  static_assert(
      detail::never<F>,
      "ramal: a function is given in angle brackets, as in map<f>(range): its address means nothing on "
      "another rank");
}

}  // namespace ramal
