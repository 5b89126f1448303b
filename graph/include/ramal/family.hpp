// SPDX-License-Identifier: BSD-3-Clause
// Family<T>: many tasks of one kind over an index space. What one reads is a function of its place, so that
// whoever runs the graph need not have all of it anywhere: rank 0 plans families, ranks their own members.
//
//   auto squares = ramal::family<square>(1'000'000);               // square(i) for each i
//   auto sums = ramal::stencil<sum>(squares, {{-1}, {0}, {1}});    // of each and its two neighbours
//   Delayed<double> total = ramal::reduce<add>(sums);
//
//   call                             member               reads
//   family<f>(extent)                [i, j]               nothing
//   family<f>(extent, depends, a)    [i, j]               what depends([i, j], reads) names
//   map<f>(a, b)                     [i, j]               a[i, j], b[i, j]
//   stencil<f>(a, offsets)           [i, j]               a[i, j] + each offset
//   transpose(a)                     [i, j]               a[j, i]
//   coarsen<f>(a, block)             [j]                  a[j * block] to a[(j + 1) * block - 1]
//   split<f>(a, parts)               [i, k]               a[i]
//   all_gather<f>(a)                 [i, j]               all of a
//   shuffle<split, merge>(a, n)      [k]                  the k-th parts of all of a
//   reduce<op>(a)                    one handle           all of a, pairwise
//
// Each of these calls costs rank 0 the same whatever the family's size, but for `members`, `as_family` and a
// long list of offsets, and may be made in any thread. It throws std::invalid_argument, naming the line of
// the call, for a negative length, more than 2^48 members, or more than 62 sources. A family without members
// is allowed, and has nothing to run.
//
// At most 65535 families can be made together, counting those that a call makes on its way, such as the
// levels of a reduction. Beyond that compute, run and persist throw std::length_error. How a user's own
// function says what members read: <ramal/reads.hpp>.
#pragma once

#include <ramal/detail/member.hpp>
#include <ramal/reads.hpp>
#include <ramal/reduce.hpp>

namespace ramal {

/// A lazy collection of results, 1 to 9 dimensions. Copying one copies a pointer. Nothing runs before a
/// session computes a member, or what was made from members; then what these need of the family runs, and
/// nothing of it is kept but what was asked for. `session.persist(family)` keeps all of it.
///
/// A family lives as long as a handle to it or to a member of it, or a family that reads it. Handles may be
/// copied and dropped in any thread; a chain of families of any length is freed without recursion.
///
///   Delayed<double> corner = field[{0, 0}];      // a member, a handle like any other
///   session.persist(field);                      // all of them, where they are made
template <class T>
class Family {
 public:
  /// The type that a member gives.
  using value_type = T;

  /// For Ramal's own use.
  explicit Family(detail::FamilyView view) : view_(std::move(view)) {}
  /// The lengths of its index space. Places go from 0 to before these in each dimension.
  const Index& extent() const { return view_.shape; }
  /// How many members there are: the product of the lengths.
  std::int64_t size() const { return view_.shape.volume(); }

  /// The member at that place, a handle like any other. Each call makes a new one, which same_task tells from
  /// others; the member runs once for all of them within one graph. O(1). Throws std::out_of_range if there
  /// is no such place, also for a place of another number of dimensions.
  Delayed<T> operator[](const Index& place) const {
    return Delayed<T>(detail::member_task(detail::given_kind<detail::Stored<T>>, view_, place));
  }
  /// The same, with the place as numbers: `field(3, 7)`.
  template <std::integral... I>
  Delayed<T> operator()(I... place) const {
    return (*this)[Index(place...)];
  }
  /// Handles to all, in the order of their places, the last number fastest. O(size) in time and memory, here
  /// and wherever they are used.
  std::vector<Delayed<T>> members() const {
    std::vector<Delayed<T>> all;
    all.reserve(static_cast<std::size_t>(size()));
    for (std::int64_t number = 0; number < size(); ++number)
      all.push_back((*this)[extent().place_of(number)]);
    return all;
  }

  /// The same family with wishes for each of its members; what is to be made of these is to be made of what
  /// this returns. A rank is for all of them. A member that states result_bytes starts when they fit into the
  /// rank's bound on memory; where nothing is stated, what the first members took counts, from 64 KiB on.
  /// Cost says nothing: members are shared out evenly. Wishes that were there before are replaced. Throws
  /// std::invalid_argument if a host is stated, for a family that is persisted, that a loop leaves, that
  /// stands for a loop's state, that is made of handles or is a part of another, and as for `delayed<f>`.
  /// Whether there is such a rank is known only to a session, which then throws std::invalid_argument.
  Family annotate(Annotation wishes, std::source_location where = std::source_location::current()) const {
    return Family(view_.annotated(std::move(wishes), where));
  }

  /// For Ramal's own use.
  const detail::FamilyView& view() const { return view_; }

 private:
  detail::FamilyView view_;
};

/// What is known of what members read; see `family<f>.with`. It is there to plan by. A member that
/// reads further than `reach` says fails.
///
///   // wave(place, above, left): a member reads its neighbours of the step before, at most one place away.
///   const auto waves = ramal::family<wave>.with({.reach = Index(1, 1)})(Index(1000, 64), neighbours);
struct FamilyOptions {
  /// Each member reads places at most so far from its own, in each dimension, and single values; one that
  /// reads further fails. Lets ranks find out who needs what from their own neighbourhood; without it every
  /// rank looks at every member once, and keeps all of its own that they may read in its tables while they
  /// run. With a dimension of steps, the first number is how many steps back.
  std::optional<Index> reach = {};
  /// The first dimension is time: every rank has a part of each step, and steps are planned one after
  /// another. Of itself for a family that reads itself.
  bool steps = false;
  /// What is read repeats after so many steps; 0: not known to. What repeats is planned once.
  std::int64_t period = 0;
  std::int64_t periodic_from = 0;  ///< from this step on
  /// Some members read earlier ones of the family itself. Of itself so where the function has a parameter
  /// more than sources, and where one of the first, the last or a few other members is found to call
  /// `reads.self`.
  bool reads_itself = false;
};

namespace detail {

template <class T>
inline constexpr bool is_family = false;
template <class T>
inline constexpr bool is_family<Family<T>> = true;

/// What a parameter P of a family's function is given: a family, a handle, or a value for all members.
template <class P>
class FamilyArg {
 public:
  using T = std::remove_cvref_t<P>;
  /// A family, of which a member reads its own place, or the one that there is.
  FamilyArg(const Family<T>& family) : source_{family.view(), {}} {}  // NOLINT: how arguments are passed
  template <class S>
    requires(!is_family<S> && !is_inputs<T> && fits<T, S>())
  FamilyArg(const S& one) {  // NOLINT
    if constexpr (is_delayed<S>) {
      if constexpr (std::same_as<T, Stored<typename S::value_type>>) {
        source_ = single_source(one.task_handle());
      } else {
        source_ = single_source(converted<T>(one));
      }
    } else {
      source_ = single_source(value(static_cast<T>(one)).task_handle());
    }
  }
  /// What the parameter reads.
  const FamilySource& source() const { return source_; }

 private:
  FamilySource source_;
};

/// Every family is made here. Throws std::invalid_argument as check_family.
template <class R>
Family<R> make_family(const Kind& kind, const Index& extent, std::vector<FamilySource> sources,
                      std::vector<std::byte> closure, std::source_location where, FamilyTraits traits = {}) {
  auto node = std::make_shared<FamilyNode>();
  node->kind = &kind;
  node->extent = extent;
  node->sources = std::move(sources);
  node->closure = std::move(closure);
  node->where = where;
  node->traits = std::move(traits);
  check_family(*node);
  return Family<R>(FamilyView::of(std::move(node)));
}

/// A family as it is, a handle, or a value that is stored once for all members.
template <class S>
FamilySource source_of(const S& given) {
  if constexpr (is_family<S>) {
    return {given.view(), {}};
  } else if constexpr (is_delayed<S>) {
    return single_source(given.task_handle());
  } else {
    return single_source(value(given).task_handle());
  }
}

/// An extent, and the line it stands in.
struct ExtentHere {
  Index extent;
  std::source_location where;
  template <class E>
    requires(std::convertible_to<const E&, Index>)
  ExtentHere(const E& lengths, std::source_location line = std::source_location::current())  // NOLINT
      : extent(lengths), where(line) {}
  /// `family<f>({4, 4})`. Throws std::invalid_argument if there is no number, or more than 9.
  ExtentHere(std::initializer_list<std::int64_t> lengths,
             std::source_location line = std::source_location::current())
      : where(line) {
    if (lengths.size() == 0 || lengths.size() > Index::most_dims) {
      throw std::invalid_argument("ramal: family: expected an extent of 1 to 9 lengths, found " +
                                  std::to_string(lengths.size()));
    }
    std::copy(lengths.begin(), lengths.end(), extent.at.begin());
    extent.dims = static_cast<std::int32_t>(lengths.size());
  }
};

/// What `family<f>` is: an object that may be copied, and called in any thread.
template <auto f>
class FamilyFunction {
  using Shape = MemberSignature<SignatureOf<decltype(f)>, true>;
  using R = typename Shape::result;

 public:
  constexpr FamilyFunction() = default;
  explicit FamilyFunction(FamilyOptions options)
      : options_(std::make_shared<FamilyOptions>(std::move(options))) {}
  /// The same function with what is known of what members read; earlier options are replaced.
  FamilyFunction with(FamilyOptions options) const { return FamilyFunction(std::move(options)); }

  /// f(place) for each place of the extent. Members read nothing, and run where they are owned.
  Family<R> operator()(const ExtentHere& extent) const {
    check_place(extent);
    return make_family<R>(member_kind_of<f, true, Nothing>, extent.extent, {}, {}, extent.where,
                          traits(false));
  }
  /// f(place, inputs…) where `depends(place, reads)` says which: `reads(k, place)` names a member of the k-th
  /// source for f's k-th parameter after the place, `reads.self(place)` an earlier member of the family
  /// itself, for the parameter after those of the sources (or for the last, if there is none). A parameter
  /// Inputs<T> takes any number, any other exactly one. `depends` must be trivially copyable, hold no
  /// pointers, and depend on nothing but its place: every rank calls it. A place out of range, or of the
  /// family itself one not before its own, makes the member fail.
  ///
  /// If it also has `inverse(k, place, readers)`, which calls `readers(p)` for each place p that reads that
  /// member of the k-th source, ranks find out who reads their members at no more cost than that. A member
  /// that reads what the inverse does not tell fails, where what it reads is another rank's.
  ///
  ///   struct Below {                                 // member i reads members i and 2i of the one source
  ///     void operator()(const Index& place, ramal::Reads& reads) const {
  ///       reads(0, place);
  ///       if (2 * place[0] < size) reads(0, 2 * place[0]);
  ///     }
  ///     long size;
  ///   };
  ///   auto next = ramal::family<step>(size, Below{size}, values);   // step(Index, Inputs<double>)
  ///
  /// Its inverse, as a second function of Below: a value is read at its own place and, if even, at half of
  /// it.
  ///
  ///     void inverse(std::uint32_t k, const Index& place, ramal::Readers& readers) const {
  ///       readers(place);
  ///       if (place[0] % 2 == 0) readers(place[0] / 2);
  ///     }
  ///
  /// What `depends` throws makes the member fail. Throws std::invalid_argument, naming the line, if the
  /// object holds an address of this process, or a handle among the sources was moved from.
  template <class Depends, class... Sources>
    requires(std::invocable<const Depends&, const Index&, Reads&>)
  Family<R>
  operator()(const ExtentHere& extent, const Depends& depends, const Sources&... sources) const {
    static_assert(!std::is_function_v<Depends> && !std::is_pointer_v<Depends>,
                  "ramal: say what a family depends on by a lambda or a struct: the address of a function "
                  "means nothing on another rank");
    static_assert(std::is_trivially_copyable_v<Depends>,
                  "ramal: what a family depends on must be said by a function without captured containers");
    check_place(extent);
    if constexpr (!std::is_empty_v<Depends>)
      refuse_addresses_in(depends, "the function that says what a family reads", extent.where);
    const UserReach reach{options_ && options_->reach ? *options_->reach : Index(),
                          options_ && options_->reach, sizeof...(Sources)};
    std::vector<std::byte> closure(sizeof reach + sizeof depends);
    std::memcpy(closure.data(), &reach, sizeof reach);
    if constexpr (!std::is_empty_v<Depends>)
      std::memcpy(closure.data() + sizeof reach, static_cast<const void*>(&depends), sizeof depends);
    std::vector<FamilySource> all = sources_of(std::index_sequence_for<Sources...>{}, sources...);
    const bool reads_itself = Shape::parameters > sizeof...(Sources) ||
                              (options_ && options_->reads_itself) ||
                              (Shape::parameters > 0 &&
                               calls_self(UserDependence<Depends>::dependence, closure, extent.extent, all));
    return make_family<R>(member_kind_of<f, true, UserDependence<Depends>>, extent.extent, std::move(all),
                          std::move(closure), extent.where, traits(reads_itself));
  }

 private:
  static void check_place(const ExtentHere& extent) {
    if (!Shape::takes_number || extent.extent.dims == 1) return;
    refuse_family("family: a function that takes its place as a number was given for the extent " +
                      extent.extent.text() + "; let it take an Index",
                  extent.where);
  }
  template <std::size_t... k, class... Sources>
  static std::vector<FamilySource> sources_of(std::index_sequence<k...>, const Sources&... sources) {
    if constexpr (Shape::parameters > sizeof...(Sources)) {
      static_assert(std::same_as<typename Shape::template element<sizeof...(Sources)>, Stored<R>>,
                    "ramal: the parameter after those of the sources is for members of the family itself: it "
                    "takes what the function returns, one or as Inputs");
    }
    return {source_for<k>(sources)...};
  }
  /// The k-th source, for the k-th parameter.
  template <std::size_t k, class S>
  static FamilySource source_for(const S& given) {
    if constexpr (k >= Shape::parameters) {
      return source_of(given);  // a member that reads it fails
    } else if constexpr (is_family<S> || is_delayed<S>) {
      static_assert(std::same_as<Stored<typename S::value_type>, typename Shape::template element<k>>,
                    "ramal: a source is of another type than the function's parameter for it, which takes "
                    "one T or Inputs<T> of a family of T: map it to that type first");
      return source_of(given);
    } else {
      using T = typename Shape::template element<k>;
      static_assert(std::convertible_to<const S&, T>,
                    "ramal: a value is given for a parameter of another type");
      return source_of(static_cast<T>(given));
    }
  }
  FamilyTraits traits(bool reads_itself) const {
    FamilyTraits traits{.reads_itself = reads_itself};
    if (!options_) return traits;
    traits.steps = options_->steps;
    traits.period = options_->period;
    traits.periodic_from = options_->periodic_from;
    return traits;
  }
  std::shared_ptr<const FamilyOptions> options_;
};

}  // namespace detail

/// `family<f>(extent)`, `family<f>(extent, depends, sources…)`: a task per place of an index space. f takes
/// the place first, as an Index or, with one dimension, as a number. A member that reads too many or too few
/// results for f's parameters fails, and says how many it read.
template <auto f>
inline const detail::FamilyFunction<f> family{};

/// What a stencil finds beyond the edge: nothing, the edge itself, or the other end. Each dimension is looked
/// at by itself, so in a corner `clamp` gives the corner:
///
///   places 0 1 2 3, offsets -1 and 1, at place 0:   open: 1     clamp: 0 1     periodic: 3 1
enum class Edge : std::int32_t { open, clamp, periodic };

namespace detail {

template <auto f, class Pattern, class T>
Family<typename MemberSignature<SignatureOf<decltype(f)>, false>::result> patterned(
    const Index& extent, std::vector<FamilySource> sources, std::vector<std::byte> closure,
    std::source_location where, FamilyTraits traits = {}) {
  using Shape = MemberSignature<SignatureOf<decltype(f)>, false>;
  static_assert(
      Shape::template takes_only<T>,
      "ramal: this function's parameters must be Inputs<T>, or as many T as are read, for a family of T");
  return make_family<typename Shape::result>(member_kind_of<f, false, Pattern>, extent, std::move(sources),
                                             std::move(closure), where, std::move(traits));
}

}  // namespace detail

/// f of each member's neighbours, at `offsets` from its own place, in that order: as Inputs<T>, or one
/// parameter each if none can be missing. An Index may come first, and is the place of the result. With
/// Edge::open the Inputs of members at the edge are shorter; with a parameter for each, such a member fails.
/// Throws std::invalid_argument for an offset of other dimensions than the family, or beyond 2^48.
///
///   auto smooth = ramal::stencil<mean>(field, {{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}});
template <auto f, class T>
auto stencil(const Family<T>& of, const std::vector<Index>& offsets, Edge edge = Edge::open,
             std::source_location where = std::source_location::current()) {
  return detail::patterned<f, detail::StencilPattern, T>(
      of.extent(), {{of.view(), {}}},
      detail::stencil_closure(of.extent(), offsets, static_cast<std::int32_t>(edge), where), where);
}

/// Members change places: [i, j] becomes [j, i]. Each is passed on by a task of its own.
/// Throws std::invalid_argument for a family of other than two dimensions.
template <class T>
Family<T> transpose(const Family<T>& of, std::source_location where = std::source_location::current()) {
  detail::expect_dims(of.extent(), 2, "transpose", where);
  return detail::patterned<&detail::identity<T>, detail::TransposePattern, T>(
      Index(of.extent()[1], of.extent()[0]), {{of.view(), {}}}, {}, where);
}

/// f of each `block` neighbours in a row: member j of the result reads members j * block to (j + 1) * block
/// - 1, the last one maybe fewer. f takes Inputs<T>. Throws std::invalid_argument for a family of other than
/// one dimension, or a block that is not positive.
template <auto f, class T>
auto coarsen(const Family<T>& of, std::int64_t block,
             std::source_location where = std::source_location::current()) {
  detail::expect_dims(of.extent(), 1, "coarsen", where);
  detail::expect_positive(block, "coarsen: the length of a block", where);
  block = std::min(block, std::max<std::int64_t>(1, of.size()));
  return detail::patterned<f, detail::CoarsenPattern, T>(
      Index((of.size() + block - 1) / block), {{of.view(), {}}},
      detail::closure_of(detail::CoarsenClosure{block, of.size()}), where);
}

/// f(place, member) for each of `parts` parts of each member: member [i, k] of the result reads member i, and
/// runs once for each part. Throws std::invalid_argument for a family of other than one dimension, or if
/// `parts` is not positive.
template <auto f, class T>
auto split(const Family<T>& of, std::int64_t parts,
           std::source_location where = std::source_location::current()) {
  detail::expect_dims(of.extent(), 1, "split", where);
  detail::expect_positive(parts, "split: the number of parts", where);
  return detail::patterned<f, detail::SplitPattern, T>(Index(of.size(), parts), {{of.view(), {}}}, {}, where);
}

/// f(place, all members) at each place of the family: everybody reads everybody. f takes Inputs<T>, in the
/// order of places; the place may be left out. Each value is sent once to each rank, and then read there by
/// all members: n^2 reads in all, so it is for families of few members or for steps that are far apart.
template <auto f, class T>
auto all_gather(const Family<T>& of, std::source_location where = std::source_location::current()) {
  return detail::patterned<f, detail::AllGatherPattern, T>(of.extent(), {{of.view(), {}}},
                                                           detail::closure_of(of.size()), where);
}

/// `merge` of the k-th parts of all members, where `split(place, member)` makes part place[1] of member
/// place[0]: member k of the result. `merge` takes Inputs of parts, in the order of the members. Throws
/// std::invalid_argument for a family of other than one dimension, or if `parts` is not positive. A split
/// that takes no place makes all parts of a member at once; see <ramal/map.hpp>.
template <auto split, auto merge, class T>
  requires(detail::MemberSignature<detail::SignatureOf<decltype(split)>, false>::takes_place)
auto shuffle(const Family<T>& of, std::int64_t parts,
             std::source_location where = std::source_location::current()) {
  const auto pieces = ramal::split<split>(of, parts, where);
  using Piece = typename std::remove_cvref_t<decltype(pieces)>::value_type;
  return detail::patterned<merge, detail::ColumnPattern, Piece>(
      Index(parts), {{pieces.view(), {}}}, detail::closure_of(detail::ColumnClosure{of.size()}), where);
}

/// Existing handles as a family, for its functions to read. Those that nothing else reads, and that are not
/// persisted, are freed as the family's readers are done with them. So a dataset takes no more room through a
/// family than through its handles. O(handles). Throws std::invalid_argument for a handle that was moved
/// from.
template <class T>
Family<T> as_family(const std::vector<Delayed<T>>& handles,
                    std::source_location where = std::source_location::current()) {
  return as_family(handles, Index(handles.size()), where);
}
/// The same over an extent of 1 to 9 dimensions, in the order of its places. Throws std::invalid_argument
/// if there are not as many handles as places.
template <class T>
Family<T> as_family(const std::vector<Delayed<T>>& handles, const Index& extent,
                    std::source_location where = std::source_location::current()) {
  std::vector<detail::TaskHandle> tasks;
  for (const auto& handle : handles) tasks.push_back(handle.task_handle());
  return Family<T>(
      detail::family_of_tasks(detail::given_kind<detail::Stored<T>>, std::move(tasks), extent, where));
}

/// See `reduce` and `reduce_along` of families.
struct FamilyReduceOptions {
  std::int64_t arity = 2;  ///< results combined by one task; at least 2
};

namespace detail {

/// All steps of a family that has some.
inline bool is_in_steps(const FamilyView& view) {
  return view.node->traits.steps && view.shape == view.node->extent;
}

/// The tree of <ramal/reduce.hpp>, a family a level.
template <auto op, class T>
FamilyView reduce_levels(FamilyView level, int axis, std::int64_t arity, std::source_location where) {
  using Operation = OperationTraits<SignatureOf<decltype(op)>>;
  static_assert(std::same_as<typename Operation::type, T>,
                "ramal: reduce needs an operation on the family's type");
  check_reduction(level.shape, axis, arity, where);
  while (level.shape[axis] > 1) {
    Index shape = level.shape;
    shape[axis] = (shape[axis] + arity - 1) / arity;
    level = make_family<T>(level_kind<op, T>, shape, {{level, {}}},
                           closure_of(LevelClosure{axis, arity, level.shape[axis]}), where,
                           {.steps = axis > 0 && is_in_steps(level), .period = 1})
                .view();
  }
  return level;
}

}  // namespace detail

/// The pairwise combination along one dimension, which goes, by the same tree as of a range of handles, hence
/// with the same bits. A family of one dimension becomes one of a single member. Dimensions count from 0:
///
///   Family<double> of extent [1000, 64];  reduce_along<add>(it, 0) has extent [64], sums of columns
///
/// Throws std::invalid_argument if there is no such dimension, its length is 0, or the arity is below 2.
template <auto op, class T>
Family<T> reduce_along(const Family<T>& of, int axis, FamilyReduceOptions options = {},
                       std::source_location where = std::source_location::current()) {
  return Family<T>(detail::reduce_levels<op, T>(of.view(), axis, options.arity, where).without(axis));
}

/// The same of all members, the last dimension first: rows are combined, then their results. op is as in the
/// reduce of a range, T(T, T) or T(Inputs<T>), and sees neighbours left to right. A family of one member
/// gives that member. Throws std::invalid_argument for an empty family, and for an arity below 2.
template <auto op, class T>
Delayed<T> reduce(const Family<T>& of, FamilyReduceOptions options = {},
                  std::source_location where = std::source_location::current()) {
  detail::FamilyView level = of.view();
  for (int axis = level.shape.dims; axis-- > 0;)
    level = detail::reduce_levels<op, T>(level, axis, options.arity, where);
  Index first;
  first.dims = level.shape.dims;
  return Family<T>(level)[first];
}

}  // namespace ramal
