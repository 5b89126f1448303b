// SPDX-License-Identifier: BSD-3-Clause
// iterate: steps in time, of one family by a stencil, or of several states by a function that says what a
// step is made of. A step is planned once, however many there are; ranks go from step to step on their own.
//
//   const auto later = ramal::iterate<spread>(rod, 1000, {{-1}, {0}, {1}}, Edge::clamp);
//   const auto [x, count] = ramal::iterate(10'000, [](Family<double> x, Delayed<long> count) {
//     const auto better = ramal::map<improve>(x);
//     return ramal::next(better, count + 1).until(ramal::reduce<largest>(ramal::map<error>(better)) < 1e-6);
//   }, start, 0L);
//
//   states     step 0          step 1                 step n          left
//   ──────▶ body's tasks ──▶ body's tasks ──▶ … ──▶ body's tasks ──▶ the states after the last step
//                  └ verdict ──────┘ └ verdict …                      (with `until`)
#pragma once

#include <ramal/map.hpp>

#include <array>
#include <optional>
#include <tuple>

namespace ramal {

namespace detail {

/// What a state begins with, its extent, which no step changes, and the kind of a task that passes its type
/// on.
struct LoopState {
  FamilySource initial;
  Index extent;
  const Kind* carry;
};
/// What a step makes of all states, in their order, and whether it is the last.
struct LoopNext {
  std::vector<FamilySource> states;
  std::optional<FamilySource> done;
};

/// What stands for the states while the body is called. Throws std::invalid_argument for a family of 4
/// dimensions, which has no room for one of steps.
std::vector<FamilyView> make_stand_ins(std::span<const LoopState> states, std::source_location where);
/// The families that the loop leaves, by state. O(families and tasks within a step), without recursion.
/// Throws std::invalid_argument for what cannot be within a step; see `iterate`.
std::vector<FamilyView> make_loop(std::int64_t steps, std::span<const LoopState> states,
                                  std::span<const FamilyView> stand_ins, const LoopNext& next,
                                  std::source_location where);

/// The kind that carries a state over where a step has no node of its own for it.
template <class T>
inline constexpr const Kind& carry_kind = member_kind_of<&identity<T>, false, Elementwise>;

/// The type of a state as the body sees it: a family or a handle as they are, for a value a handle.
template <class S>
struct StateOf {
  using type = Delayed<S>;
};
template <class T>
struct StateOf<Family<T>> {
  using type = Family<T>;
};
template <class T>
struct StateOf<Delayed<T>> {
  using type = Delayed<T>;
};
template <class S>
using State = typename StateOf<S>::type;

/// A handle or value is a state of one member.
template <class S>
LoopState loop_state(const S& initial) {
  using T = Stored<typename State<S>::value_type>;
  FamilySource source = source_of(initial);
  const Index extent = source.view.shape;
  return {std::move(source), extent, &carry_kind<T>};
}
/// A family seen as a state of type S: itself, or the handle to its one member.
template <class S>
S state_of(const FamilyView& view) {
  if constexpr (is_family<S>) {
    return S(view);
  } else {
    return S(Family<Stored<typename S::value_type>>(view)[Index(0)].task_handle());
  }
}

/// What `next` returns: the states after a step, and the verdict, if there is one.
template <class... S>
class Next {
 public:
  /// Only refers to families and handles, by counting; nothing is copied.
  explicit Next(const S&... states) : next_{{source_of(states)...}, std::nullopt} {}
  /// The verdict: the step is the last one if it is true, or fails. A family must have one member, else
  /// iterate throws std::invalid_argument.
  Next until(const Delayed<bool>& done) const { return until_source(source_of(done)); }
  Next until(const Family<bool>& done) const { return until_source(source_of(done)); }
  /// What the loop is made of.
  const LoopNext& get() const { return next_; }

 private:
  Next until_source(FamilySource done) const {
    Next with = *this;
    with.next_.done = std::move(done);
    return with;
  }
  LoopNext next_;
};
/// What the body returned is made by `next`.
template <class N>
inline constexpr bool is_next = false;
template <class... S>
inline constexpr bool is_next<Next<S...>> = true;

/// A number of steps, and the line it stands in.
struct StepsHere {
  std::int64_t steps;
  std::source_location where;
  template <std::integral I>
  StepsHere(I number, std::source_location line = std::source_location::current())  // NOLINT
      : steps(static_cast<std::int64_t>(number)), where(line) {}
};

/// Calls the body with stand-ins, and makes the loop of what it returns.
template <class... S, class Body, std::size_t... k>
auto loop_of(const StepsHere& steps, const Body& body, std::array<LoopState, sizeof...(S)> states,
             std::index_sequence<k...>) {
  const auto stand_ins = make_stand_ins(states, steps.where);
  auto made = body(state_of<S>(stand_ins[k])...);
  using Made = decltype(made);
  const auto next = [&] {
    if constexpr (is_next<Made>) {
      return made;
    } else {
      return Next<Made>(made);
    }
  }();
  static_assert(
      std::same_as<std::remove_const_t<decltype(next)>, Next<S...>>,
      "ramal: what iterate's function returns must be ramal::next(…) of states of the same types, in "
      "the same order, as it takes");
  const auto left = make_loop(steps.steps, states, stand_ins, next.get(), steps.where);
  if constexpr (sizeof...(S) == 1) {
    return state_of<S...>(left[0]);
  } else {
    return std::tuple<S...>(state_of<S>(left[k])...);
  }
}

}  // namespace detail

/// What one step of `iterate` makes of its states, in their order: families, handles, or values that are the
/// same after each step. `next(…).until(done)` adds the verdict, a Delayed<bool>: whether the step is the
/// last. It is read after the step, so a loop with a verdict makes at least one.
///
///   return ramal::next(x, r, p).until(norm_of(r) < tolerance);       // of a body with three states
template <class... S>
auto next(const S&... states) {
  return detail::Next<detail::State<S>...>(detail::State<S>(states)...);
}

/// `steps` times `states = body(states…)`, from the initial ones on, which are families of at most 3
/// dimensions, handles or values; or fewer, if the body says `.until`. Gives the states after the last step,
/// as a tuple if there are several. O(one step) here, whatever their number.
///
/// `body` is called once, at once, with families and handles that stand for the states of any step. It makes
/// a step of them by the usual calls (`map`, `stencil`, `reduce`, `delayed`…), and returns
/// `next(new states…)`, or the one new state. It may read other families and handles, whose members are there
/// for all steps. Families with steps of their own, `as_family` of what varies, collective tasks and loops
/// within the loop are refused. Of the wishes for tasks within it cost and result_bytes say nothing, and a
/// host means its first rank.
///
/// Without `until` ranks may be several steps apart, and several steps are planned at a time. With it, each
/// rank waits at the end of a step for its verdict, which travels from rank to rank, not through the program.
/// If the verdict fails, so do all states. The number of steps done is one more state: `next(…, count + 1)`.
///
///   const auto heated = ramal::iterate(1000, [&](ramal::Family<double> now) {
///     return ramal::map<add>(ramal::stencil<spread>(now, {{-1}, {0}, {1}}, ramal::Edge::clamp), source);
///   }, rod);                                       // `source`, another family, is the same in all steps
///
/// Throws std::invalid_argument, naming the line: if there are no steps, if a new state is of another extent
/// than the old one, or for what is refused within the body; and what the body throws. A state that stood for
/// a step must not be used outside of the body: whatever needs it is refused when it is computed.
///
/// The states that it gives are as lazy as any family or handle: nothing runs before they are computed, and
/// they can be initial states of a further loop. Nothing is kept of the steps in between. A family that a
/// loop leaves cannot be annotated; annotate what the body makes.
template <class Body, class... S>
  requires(sizeof...(S) > 0)
auto iterate(const detail::StepsHere& steps, const Body& body, const S&... initial) {
  static_assert(std::invocable<const Body&, detail::State<S>...>,
                "ramal: iterate's function must take its states as Family<T> or Delayed<T>, in their order");
  return detail::loop_of<detail::State<S>...>(steps, body, {detail::loop_state(initial)...},
                                              std::index_sequence_for<S...>{});
}

/// The same by a stencil: the first step is f of `initial`'s neighbours at `offsets` from each place, each
/// further one f of those in the step before. f takes as many T as there are offsets, or Inputs<T>; `edge`
/// says what there is beyond the edge. An Index that f takes first is the step, then the place. Gives the
/// family after the last step. Throws std::invalid_argument if there are no steps, or an offset has other
/// dimensions than the family. A rank needs from others only what the offsets reach; there is no barrier
/// between steps.
template <auto f, class T>
Family<T> iterate(const Family<T>& initial, std::int64_t steps, const std::vector<Index>& offsets,
                  Edge edge = Edge::open, std::source_location where = std::source_location::current()) {
  return iterate(
      detail::StepsHere(steps, where),
      [&](const Family<T>& now) {
        return Family<T>(detail::patterned<f, detail::StencilPattern, T>(
            now.extent(), {{now.view(), {}}},
            detail::stencil_closure(now.extent(), offsets, static_cast<std::int32_t>(edge), where), where,
            {.placed_in_time = true}));
      },
      initial);
}

}  // namespace ramal
