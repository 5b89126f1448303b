// SPDX-License-Identifier: BSD-3-Clause
// Collective tasks: one call that runs on all ranks at once, such as a routine of an MPI library.
//
// In the graph it is one task. Planning puts a member of it on every rank, each with those of the inputs
// that lie there; its result is what rank 0's member returns.
//
//   literals := parts:u64 argument*     `parts` inputs come first, and each rank's copy says how many
//                                       of them it has; the arguments follow as in arguments.hpp
#pragma once

#include <ramal/communicator.hpp>
#include <ramal/delayed.hpp>

namespace ramal {
namespace detail {

/// The inputs of a collective task that are shared out, ahead of its other arguments.
template <class T, class Range>
struct SharedParts {
  const Range& parts;
  void append(ArgWriter& out) const {
    out.literals.raw(static_cast<std::uint64_t>(std::size(parts)));
    for (const auto& part : parts) {
      static_assert(is_delayed<std::decay_t<decltype(part)>>,
                    "ramal: a collective task takes a range of Delayed as its first argument");
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

template <auto f, class S>
struct CollectiveThunk {
  static_assert(never<S>,
                "ramal: a collective task's function takes a ramal::Communicator&, then ramal::Inputs<T> for "
                "the parts that lie on its rank, then whatever else it needs");
};
template <auto f, class R, class C, class T, class... P>
  requires std::same_as<std::remove_const_t<C>, Communicator>
struct CollectiveThunk<f, Signature<R, C&, Inputs<T>, P...>> {
  static constexpr auto function = f;
  using Part = T;

  static Inputs<T> local_parts(ArgReader& in) {
    std::vector<const T*> parts(static_cast<std::size_t>(in.literals.template raw<std::uint64_t>()));
    for (const T*& part : parts) part = &in.template input<T>();
    return Inputs<T>(std::move(parts));
  }
  static void run(Frame& frame, Value& result) {
    ArgReader in(frame);
    Inputs<T> parts = local_parts(in);
    auto bound = [&]<class... A>(A&&... rest) -> R {
      return std::invoke(function, *frame.communicator, std::move(parts), std::forward<A>(rest)...);
    };
    read_and_call(Signature<R, P...>{}, in, result, bound);
  }
  static std::string preview(const Frame& frame) {
    ArgReader in(frame);
    const std::string parts = "Inputs of " + std::to_string(local_parts(in).size());
    const std::string rest = preview_arguments(Signature<R, P...>{}, in);
    return rest.empty() ? parts : parts + ", " + rest;
  }

  template <class Range>
  static Delayed<R> call(const std::shared_ptr<const Annotation>& wishes, std::source_location where,
                         const Range& parts, const Arg<P>&... rest) {
    return Delayed<R>(make_task(kind, where, wishes, SharedParts<T, Range>{parts}, rest...));
  }
  static constexpr Kind kind{.name = function_name<f>,
                             .result = &TypeOf<Stored<R>>::type,
                             .run = &run,
                             .preview = &preview,
                             .collective = true};
};

/// What `collective<f>` is: a constant, stateless object.
template <auto f, class S = SignatureOf<decltype(f)>>
class CollectiveFunction;
template <auto f, class R, class C, class Parts, class... P>
class CollectiveFunction<f, Signature<R, C, Parts, P...>> {
  using Thunk = CollectiveThunk<f, Signature<R, C, Parts, P...>>;

 public:
  constexpr CollectiveFunction() {
    check_result<R>();
    (check_parameter<P>(), ...);
  }
  /// A task that calls f on all ranks at once; see `collective`.
  template <class Range>
  Delayed<R> operator()(const Range& parts, Arg<P>... rest,
                        std::source_location where = std::source_location::current()) const {
    return Thunk::call(nullptr, where, parts, rest...);
  }
  /// The same function under another name or with another priority.
  class Annotated {
   public:
    explicit Annotated(Annotation wishes)
        : wishes_(std::make_shared<const Annotation>(checked(std::move(wishes)))) {}
    template <class Range>
    Delayed<R> operator()(const Range& parts, Arg<P>... rest,
                          std::source_location where = std::source_location::current()) const {
      return Thunk::call(wishes_, where, parts, rest...);
    }

   private:
    std::shared_ptr<const Annotation> wishes_;
  };
  Annotated annotate(Annotation wishes) const { return Annotated(std::move(wishes)); }
};

}  // namespace detail

/// `collective<f>(parts, args…)` makes a task that runs on all ranks at once: each calls
///
///   R f(ramal::Communicator& communicator, ramal::Inputs<T> mine, P... args)
///
/// with those of `parts`, a range of Delayed<T>, that lie on it, in their order (maybe none). Other
/// arguments, values or handles, are the same on all. The result is what rank 0 returns.
///
/// It starts when the inputs of all ranks are there and every rank is between tasks. Collective tasks run one
/// after the other, in the same order on all ranks; no messages move meanwhile. Anything that MPI can do is
/// allowed inside, on the communicator given. If f throws on some rank, or an input has failed, the task has
/// failed on all; see Communicator::agree for how to throw without leaving others waiting. Where ranks do
/// wait for one that threw, the program is ended with a message after 30 s.
template <auto f>
inline constexpr detail::CollectiveFunction<f> collective{};

}  // namespace ramal
