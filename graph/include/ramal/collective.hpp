// SPDX-License-Identifier: BSD-3-Clause
// Collective tasks: one call that runs on several ranks at once, such as a routine of an MPI library.
//
// In the graph it is one task. Planning puts a participant on each of its ranks, each with those of the parts
// that lie there. Its result is what the first rank's participant returns. In a collective_map each
// participant returns a list with a result for each of its parts, and a small task per part, on the same
// rank, takes that one out of the list.
//
//   literals := turn:u32 ranks:u32 parts:u64 rank:u32* argument*
//
//   graph:       a  b  c  d  e ──▶ norm ──▶ result          one task, five parts
//   subgraphs:   rank 0: a c ──▶ norm      rank 1: b ──▶ norm      rank 2: d e ──▶ norm
//
// `parts` inputs come first, and each rank's copy says how many of them it has; `turn` is written when ranks
// are known; the arguments follow as in arguments.hpp. The literals of a part's task are the part's index, as
// u64: among all parts in a graph, and in a rank's subgraph among those of its participant.
#pragma once

#include <ramal/communicator.hpp>
#include <ramal/delayed.hpp>

namespace ramal {

/// What a collective task's function may take in place of a Communicator&, such as another library's
/// communicator: specialise with `static T from(Communicator&)`, which is called on each rank for each task
/// and may throw, on all of them, if it cannot be had. The function takes it by value or by reference.
///
///   template <>
///   struct ramal::CommunicatorAs<solver::Group> {
///     static solver::Group from(ramal::Communicator& ranks) {
///       return solver::Group(ramal::mpi_communicator(ranks));
///     }
///   };
///   double solve(solver::Group group, ramal::Inputs<Field> mine);     // ramal::collective<solve> works now
template <class T>
struct CommunicatorAs;
/// A function that takes a Communicator& gets the very one.
template <>
struct CommunicatorAs<Communicator> {
  static Communicator& from(Communicator& communicator) { return communicator; }
};

namespace detail {

/// A first parameter of a collective task's function. A Communicator itself is taken by reference only: it is
/// the session's.
template <class C>
concept CommunicatorParameter = !std::is_rvalue_reference_v<C> && requires(Communicator & communicator) {
  CommunicatorAs<std::remove_cvref_t<C>>::from(communicator);
}
&&(!std::same_as<std::remove_cvref_t<C>, Communicator> || std::is_lvalue_reference_v<C>);

/// How a collective task's literals begin. As many ranks follow as it says, each a u32.
struct CollectiveHead {
  std::uint32_t turn = 0;   ///< its position among the collective tasks of its run
  std::uint32_t ranks = 0;  ///< that are named; 0: it runs on all
  std::uint64_t parts = 0;
};
/// Throws DecodeError if there are too few bytes.
inline CollectiveHead collective_head(std::span<const std::byte> literals) {
  return Reader(literals).raw<CollectiveHead>();
}
/// The index of the part that a part's task stands for.
inline std::uint64_t part_index(std::span<const std::byte> literals) {
  return Reader(literals).raw<std::uint64_t>();
}

/// The ranks as they are kept in a task. Throws std::invalid_argument if there are none, or one is negative
/// or named twice.
/// They stay in the order given, which numbers them in the communicator.
std::vector<std::uint32_t> checked_ranks(const std::vector<int>& ranks);

/// True for a range of handles to what can be a T. It is gone through more than once, and its size must be
/// known.
template <class T, class Range>
constexpr bool is_parts() {
  if constexpr (!is_delayed<Range> && requires(const Range& parts) {
                  std::size(parts);
                  *std::begin(parts);
                }) {
    using Part = std::decay_t<decltype(*std::begin(std::declval<const Range&>()))>;
    if constexpr (is_delayed<Part>) return fits<T, Part>();
  }
  return false;
}

/// What stands ahead of a collective task's other arguments: who runs it, and the inputs that are shared out.
/// Ranks and parts are only referred to, for as long as the call lasts. Parts of another type than
/// T are converted by a task each.
template <class T, class Range>
struct SharedParts {
  const std::vector<std::uint32_t>& ranks;
  const Range& parts;
  void append(ArgWriter& out) const {
    out.literals.raw(CollectiveHead{.ranks = static_cast<std::uint32_t>(ranks.size()),
                                    .parts = static_cast<std::uint64_t>(std::size(parts))});
    for (const std::uint32_t rank : ranks) out.literals.raw(rank);
    for (const auto& part : parts) {
      using Part = typename std::decay_t<decltype(part)>::value_type;
      if constexpr (std::same_as<T, Stored<Part>>) {
        out.input(part.task_handle().get());
      } else if (out.counts_only()) {
        out.input(part.task_handle().get());
      } else {
        out.input(converted<T>(part).get());
      }
    }
  }
};

/// What a participant of a collective_map leaves for the tasks that take its results out. It stays on its
/// rank, and is freed when the last of them has run.
struct PartResults {
  std::vector<Value> values;
  template <class Archive>
  void serialize(Archive&, unsigned) {}  // never travels

  /// Throws std::runtime_error if there are not as many results as parts; the task then fails on
  /// all its ranks.
  template <class U>
  static PartResults of(std::vector<U> results, std::size_t parts) {
    if (results.size() != parts) {
      throw std::runtime_error("expected one result for each of this rank's " + std::to_string(parts) +
                               " parts, found " + std::to_string(results.size()));
    }
    PartResults made;
    made.values.reserve(parts);
    for (std::size_t k = 0; k < parts; ++k) made.values.push_back(Value::make<U>(std::move(results[k])));
    return made;
  }
  /// Each is taken by one task only, so it is moved out and can be moved on from.
  static void take(CallFrame& frame, Value& result) {
    auto& all = frame.input(0).own<PartResults>();
    result = std::move(all.values.at(part_index(frame.literals)));
  }
};
/// The literals of a part's task, and its one input.
struct PartOf {
  const Task* collective;
  std::uint64_t part;
  void append(ArgWriter& out) const {
    out.literals.raw(part);
    out.input(collective);
  }
};
/// The kind of the task that stands for one part's result.
template <class U>
inline constexpr Kind part_kind{.name = "part",
                                .result = &TypeOf<U>::type,
                                .run = &PartResults::take,
                                .preview = [](const CallFrame&) { return std::string(); },
                                .sort = Sort::part};

/// A collective task's wishes; if no ranks are named it runs on all. Of an annotation only the name counts.
struct CollectiveWishes {
  std::shared_ptr<const Annotation> annotation = nullptr;
  std::vector<std::uint32_t> ranks = {};
};

/// R is a std::vector, as the result of a collective_map's function is.
template <class R>
inline constexpr bool is_vector = false;
template <class U>
inline constexpr bool is_vector<std::vector<U>> = true;

/// What runs on each rank: it calls f with the communicator, the rank's own parts and the other arguments.
/// `each`: R is a vector with a result for each of the rank's own parts. C: the function's first parameter.
template <auto f, bool each, class R, class C, class T, class... P>
struct CollectiveThunk {
  static constexpr auto function = f;
  using Result = std::conditional_t<each, PartResults, R>;

  /// This rank's own parts, where they are stored. Leaves `in` at the first of the other arguments.
  static std::vector<const T*> local_parts(ArgReader& in) {
    const auto head = in.literals.template raw<CollectiveHead>();
    for (std::uint32_t k = 0; k < head.ranks; ++k) in.literals.template raw<std::uint32_t>();
    std::vector<const T*> parts(static_cast<std::size_t>(head.parts));
    for (const T*& part : parts) part = &in.template input<T>();
    return parts;
  }
  /// Throws what `from` or f throws; the task has then failed on all its ranks.
  static void run(CallFrame& frame, Value& result) {
    ArgReader in(frame);
    const std::vector<const T*> parts = local_parts(in);
    auto bound = [&, count = parts.size()]<class... A>(A&&... rest) -> Result {
      auto&& communicator = CommunicatorAs<std::remove_cvref_t<C>>::from(*frame.communicator);
      if constexpr (each) {
        return PartResults::of(
            std::invoke(function, communicator, Inputs<T>(parts), std::forward<A>(rest)...), count);
      } else {
        return std::invoke(function, communicator, Inputs<T>(parts), std::forward<A>(rest)...);
      }
    };
    read_and_call(Signature<Result, P...>{}, in, result, bound);
  }
  static std::string preview(const CallFrame& frame) {
    ArgReader in(frame);
    const std::string parts = "Inputs of " + std::to_string(local_parts(in).size());
    const std::string rest = preview_arguments(Signature<R, P...>{}, in);
    return rest.empty() ? parts : parts + ", " + rest;
  }
  static constexpr Kind kind{.name = function_name<f>,
                             .result = &TypeOf<Stored<Result>>::type,
                             .run = &run,
                             .preview = &preview,
                             .sort = Sort::collective};
};

/// What a call gives: a handle, or one for each part.
/// A handle, to what the first rank's participant returns.
template <class R, bool each>
struct CollectiveResult {
  using type = Delayed<R>;
};
template <class U>
struct CollectiveResult<std::vector<U>, true> {
  using type = std::vector<Delayed<U>>;
};

/// What `collective<f>` and `collective_map<f>` are: constant, stateless objects. A call makes a task and
/// runs nothing; it may be made in any thread.
template <auto f, bool each, class S = SignatureOf<decltype(f)>>
class CollectiveFunction {
 public:
  // Declared so that a wrong function gives the one message below, not a list of what does not fit.
  template <class... A>
  int operator()(const A&...) const;
  CollectiveFunction annotate(const Annotation&) const;
  CollectiveFunction on(const std::vector<int>&) const;

 private:
  static_assert(
      never<S>,
      "ramal: a collective task's function takes a ramal::Communicator&, then ramal::Inputs<T> for "
      "the parts that lie on its rank, then whatever else it needs; <ramal/boost_mpi.hpp> lets it take a "
      "boost::mpi::communicator instead");
};

template <auto f, bool each, class R, CommunicatorParameter C, class T, class... P>
class CollectiveFunction<f, each, Signature<R, C, Inputs<T>, P...>> : CountedCall<R, 1 + sizeof...(P)> {
  static constexpr bool is_right = is_task<R, P...> && (!each || is_vector<R>);
  using Result = typename CollectiveResult<R, each && is_right>::type;

  template <class Range>
  static Result call(const CollectiveWishes& wishes, std::source_location where, const Range& parts,
                     const Arg<P>&... rest) {
    static_assert(is_parts<T, Range>(),
                  "ramal: a collective task's first argument is a range of Delayed, of the type its function "
                  "takes Inputs of");
    if constexpr (!is_right || !is_parts<T, Range>()) {
      throw std::logic_error("");  // not reached: this does not compile
    } else {
      TaskHandle task = make_task(CollectiveThunk<f, each, R, C, T, P...>::kind, where, wishes.annotation,
                                  SharedParts<T, Range>{wishes.ranks, parts}, rest...);
      if constexpr (!each) {
        return Result(std::move(task));
      } else {
        Result results;
        results.reserve(std::size(parts));
        for (std::uint64_t k = 0; k < std::size(parts); ++k) {
          results.emplace_back(
              make_task(part_kind<typename R::value_type>, where, nullptr, PartOf{task.get(), k}));
        }
        return results;
      }
    }
  }

 public:
  using CountedCall<R, 1 + sizeof...(P)>::operator();

  constexpr CollectiveFunction() {
    static_assert(!each || is_vector<R>,
                  "ramal: a collective_map's function returns a std::vector with a result for each of the "
                  "parts that lie on its rank");
    check_result<R>();
    (check_parameter<P>(), ...);
  }
  /// A task that calls f on all ranks at once; see `collective`, `collective_map`. O(parts). Throws as a call
  /// of `delayed<f>`.
  template <class Range>
  Result operator()(const Range& parts, Arg<P>... rest,
                    std::source_location where = std::source_location::current()) const {
    return call({}, where, parts, rest...);
  }

  /// The same function with a name or with ranks; called like CollectiveFunction.
  /// It may be kept, copied and called as often as one likes, in any thread. `annotate` and `on`
  /// keep what the other has set.
  class With : CountedCall<R, 1 + sizeof...(P)> {
   public:
    using CountedCall<R, 1 + sizeof...(P)>::operator();
    explicit With(CollectiveWishes wishes) : wishes_(std::move(wishes)) {}
    template <class Range>
    Result operator()(const Range& parts, Arg<P>... rest,
                      std::source_location where = std::source_location::current()) const {
      return call(wishes_, where, parts, rest...);
    }
    /// Throws std::invalid_argument as for `delayed<f>`.
    With annotate(Annotation wishes) const {
      return With({std::make_shared<const Annotation>(checked(std::move(wishes))), wishes_.ranks});
    }
    /// Throws as CollectiveFunction::on.
    With on(const std::vector<int>& ranks) const { return With({wishes_.annotation, checked_ranks(ranks)}); }

   private:
    CollectiveWishes wishes_;
  };
  /// The same function under another name. Other wishes mean nothing to a task that runs on several ranks at
  /// once. Throws as for `delayed<f>`.
  With annotate(Annotation wishes) const { return With({}).annotate(std::move(wishes)); }
  /// The same function on these ranks alone, `collective<f>.on({0, 2, 5})(parts)`: the communicator has them
  /// in this order, and the first one's result counts. Throws std::invalid_argument if there are none, or one
  /// is negative or named twice; one that the session does not have is refused by `compute` or `persist`, in
  /// the same way.
  ///
  ///   auto spectrum = ramal::collective<fft>.on({0, 1, 2, 3}).annotate({.name = "fft"})(slabs);
  With on(const std::vector<int>& ranks) const { return With({}).on(ranks); }
};

}  // namespace detail

/// `collective<f>(parts, args…)` makes a task that runs on all ranks at once, or on those of
/// `collective<f>.on(ranks)`: each calls
///
///   R f(ramal::Communicator& communicator, ramal::Inputs<T> mine, P... args)
///
/// (or another library's communicator, as <ramal/boost_mpi.hpp> has it) with those of `parts`, a range of
/// Delayed<T>, that lie on it, in their order (maybe none):
///
///   parts made on     rank 0: a c     rank 1: b       rank 2: d e
///   f is called with  {a, c}          {b}             {d, e}
///
/// A part that was made on none of the ranks travels to the one with the fewest. Other arguments, values or
/// handles, are the same on all. The result is what the first of the ranks returns.
///
/// It starts when the inputs of all its ranks are there and each is between tasks; no messages move on them
/// meanwhile. A rank takes part in one at a time, in the order of `compute` and `persist` calls and, within
/// one, of levels of the graph: so one waits for those before it that it shares a rank with, and for no
/// others. Anything that MPI can do is allowed inside, on the communicator given. If f throws on some rank,
/// or an input has failed, the task has failed on all; see Communicator::agree for how to throw without
/// leaving others waiting. Where ranks do wait for one that threw, the program is ended with a message after
/// 30 s.
///
/// With RAMAL_SCHEDULER=serial the one process is the only participant, whatever ranks are named.
///
///   double norm(ramal::Communicator& communicator, ramal::Inputs<Field> mine) {
///     double own = 0, all = 0;
///     for (const Field& field : mine) own += sum_of_squares(field);
///     MPI_Allreduce(&own, &all, 1, MPI_DOUBLE, MPI_SUM, ramal::mpi_communicator(communicator));
///     return std::sqrt(all);
///   }
///   Delayed<double> total = ramal::collective<norm>(fields);
///
/// It costs four messages a participant, and the wait for the slowest. Parts are seen where they are stored,
/// and are neither copied nor moved from.
template <auto f>
inline constexpr detail::CollectiveFunction<f, false> collective{};

/// `collective_map<f>(parts, args…)` is the same with a result for each part, `std::vector<Delayed<U>>`: on
/// each rank
///
///   std::vector<U> f(ramal::Communicator& communicator, ramal::Inputs<T> mine, P... args)
///
/// returns one for each of `mine`, in their order (none where there are none). They stay where they are made,
/// so what is done with result k goes on where part k was. Persist all that later graphs use: what is not
/// kept is made again, and by all. Without parts there is nothing to ask for, and f does not run. If f
/// returns another number of results than it has parts, the task fails on all ranks.
///
///   std::vector<Delayed<Field>> next = ramal::collective_map<exchange_edges>(fields);
///   session.persist(next);
template <auto f>
inline constexpr detail::CollectiveFunction<f, true> collective_map{};

}  // namespace ramal
