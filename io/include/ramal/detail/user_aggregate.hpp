// SPDX-License-Identifier: BSD-3-Clause
// Aggregates of users: what their tasks do. See Grouped::aggregate.
#pragma once

#include <ramal/detail/function.hpp>
#include <ramal/detail/state_bytes.hpp>
#include <ramal/rows.hpp>

#include <tuple>

namespace ramal::detail {

/// See io/tables/merge.hpp.
Rows merge_groups(const Rows& left, const Rows& right, MergeBytes merge_state);
/// The keys, and what is in each row.
Rows with_states(const Rows& lists, const std::vector<std::string>& states);
Rows with_result(const Rows& states, NamedColumn result);
/// The lists of the arguments.
std::vector<Column> argument_lists(const Rows& lists);
Column states_in(const Rows& states);

template <class State, class R, class... P>
Signature<R, P...> step_signature(R (State::*)(P...));
template <class State, class R, class... P>
Signature<R, P...> step_signature(R (State::*)(P...) noexcept);

/// How `step` is called with values of columns: `Signature` is its own, without the State.
template <class State, class Signature>
struct StepsWith;
template <class State, class R, class... P>
struct StepsWith<State, Signature<R, P...>> {
  static_assert(sizeof...(P) > 0, "ramal: aggregate: `step` must take a value for each argument");
  static_assert((ColumnValue<typename ValueOf<std::remove_cvref_t<P>>::type> && ...),
                "ramal: aggregate: `step` takes numbers, bool, std::string_view, Int128 or Interval, or "
                "std::optional of these");
  static constexpr std::array types{plain_type<typename ValueOf<std::remove_cvref_t<P>>::type>...};

  explicit StepsWith(const std::vector<Column>& lists) : StepsWith(lists, std::index_sequence_for<P...>{}) {}

  void step(State& state, std::int64_t row) const {
    std::apply(
        [&](const auto&... view) {
          if ((... && (is_optional<std::remove_cvref_t<P>> || !view.is_null(row))))
            state.step(value_of<std::remove_cvref_t<P>>(view, row)...);
        },
        views_);
  }

 private:
  template <std::size_t... k>
  StepsWith(const std::vector<Column>& lists, std::index_sequence<k...>) : views_{lists[k].child()...} {}
  template <class Given, class View>
  static auto value_of(const View& view, std::int64_t row) {
    if constexpr (is_optional<Given>) {
      return view.get(row);
    } else {
      return view[row];
    }
  }

  std::tuple<ColumnView<typename ValueOf<std::remove_cvref_t<P>>::type>...> views_;
};

template <class State>
struct StepsOf : StepsWith<State, decltype(step_signature(&State::step))> {
  static_assert(Encodable<State>,
                "ramal: aggregate: the state travels between ranks, so it needs a Codec or serialize()");
  using Base = StepsWith<State, decltype(step_signature(&State::step))>;
  using Base::Base;
  static std::vector<ColumnType> types() { return {Base::types.begin(), Base::types.end()}; }
};

template <class State>
using FinishedValue =
    typename ValueOf<std::remove_cvref_t<decltype(std::declval<const State&>().finish())>>::type;

/// In place of the lists of values of each group the state that has seen these.
template <class State>
Rows states_of(const Rows& lists, const State& initial) {
  const std::vector<Column> arguments = argument_lists(lists);
  const StepsOf<State> steps(arguments);
  const std::span<const std::int32_t> offsets = arguments.front().offsets();
  std::vector<std::string> states;
  for (std::int64_t group = 0; group < lists.size(); ++group) {
    State state = initial;
    const std::int32_t* at = offsets.data() + group;
    for (std::int64_t row = at[0]; row < at[1]; ++row) steps.step(state, row);
    states.push_back(bytes_of_state(state));
  }
  return with_states(lists, states);
}
template <class State>
Rows merge_states(const Rows& left, const Rows& right) {
  return merge_groups(left, right, &merge_bytes<State>);
}
template <class State>
Rows finished_states(const Rows& states) {
  std::vector<std::remove_cvref_t<decltype(std::declval<const State&>().finish())>> results;
  const ColumnView<std::string_view> view(states_in(states));
  for (std::int64_t group = 0; group < view.size(); ++group)
    results.push_back(state_of_bytes<State>(view[group]).finish());
  return with_result(states, {"result", results});
}

}  // namespace ramal::detail
