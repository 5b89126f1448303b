// SPDX-License-Identifier: BSD-3-Clause
// Statements of loops: what a step is made of is drawn once, as a list of operations on the states, and then
// said twice: by Ramal's calls within iterate's body, and step after step on outcomes.
#include "family_support.hpp"

namespace campaign {
namespace {

enum class Operation { map, map_with_place, stencil, map_with_sum, map_with_other, map_with_handle, transpose, exchange };

struct Step {
  Operation operation = Operation::map;
  std::vector<Index> offsets;
  ramal::Edge edge = ramal::Edge::open;
};

/// What a step may read beside its states.
template <class T>
struct Surroundings {
  Group<T> other;
  Handle<T> handle;
};

std::vector<Step> some_steps(Program& p, const Index& extent) {
  std::vector<Step> steps(static_cast<std::size_t>(p.random.between(1, 3)));
  for (Step& step : steps) {
    step.operation = static_cast<Operation>(p.random.below(8));
    if (extent.volume() == 0 && step.operation == Operation::map_with_sum) step.operation = Operation::map;
    if (step.operation == Operation::transpose && (extent.dims != 2 || extent[0] != extent[1])) step.operation = Operation::stencil;
    step.offsets = some_offsets(p, extent.dims, p.random.between(1, 3));
    step.edge = static_cast<ramal::Edge>(p.random.below(3));
    p.say("  step: operation " + std::to_string(static_cast<int>(step.operation)));
  }
  return steps;
}

// --- in Ramal's calls ------------------------------------------------------------------------------------------
template <class T>
Family<T> lazily(const Step& step, const Family<T>& now, const Surroundings<T>& around) {
  switch (step.operation) {
    case Operation::map: return ramal::map<&call<71, T, T>>(now);
    case Operation::map_with_place: return ramal::map<&call<72, T, const Index&, const T&>>(now);
    case Operation::stencil: return ramal::stencil<&call<73, T, Inputs<T>>>(now, step.offsets, step.edge);
    case Operation::map_with_sum:
      return ramal::map<&call<74, T, T, const T&>>(now, ramal::reduce<&call<76, T, T, const T&>>(now));
    case Operation::map_with_other: return ramal::map<&call<74, T, T, const T&>>(now, around.other.lazy);
    case Operation::map_with_handle: return ramal::map<&call<74, T, T, const T&>>(now, around.handle.lazy);
    case Operation::transpose: return ramal::transpose(now);
    default:
      return ramal::all_gather<&call<77, T, Index, Inputs<T>>>(now);
  }
}
template <class T>
Delayed<T> summed(const Family<T>& family) {
  return ramal::reduce<&call<76, T, T, const T&>>(family);
}

// --- on the spot ------------------------------------------------------------------------------------------------
template <class T>
Outcome<T> sum_now(Program& p, const Group<T>& now) {
  auto shape = now.extent;
  auto level = now.expected;
  for (int axis = shape.dims; axis-- > 0;) level = along<76, false>(p, level, shape, axis, 2);
  return level.front();
}
template <class T>
Outcomes<T> at_once(Program& p, const Step& step, const Group<T>& now, const Surroundings<T>& around) {
  const auto sum = step.operation == Operation::map_with_sum ? sum_now(p, now) : Outcome<T>();
  return each_place(now.extent, [&](const Index& place) -> Outcome<T> {
    switch (step.operation) {
      case Operation::map: return called(p.own(), &call<71, T, T>, now.at(place));
      case Operation::map_with_place: return called(p.own(), &call<72, T, const Index&, const T&>, p.constant(place), now.at(place));
      case Operation::stencil:
        return with_neighbours(p, now, place, step.offsets, step.edge, [](Inputs<T> read) { return call<73, T, Inputs<T>>(read); });
      case Operation::map_with_sum: return called(p.own(), &call<74, T, T, const T&>, now.at(place), sum);
      case Operation::map_with_other: return called(p.own(), &call<74, T, T, const T&>, now.at(place), around.other.at(place));
      case Operation::map_with_handle: return called(p.own(), &call<74, T, T, const T&>, now.at(place), around.handle.expected);
      case Operation::transpose: return now.at(Index(place[1], place[0]));
      default:
        return called_with_all<T>(p.own(), [&](Inputs<T> read) { return call<77, T, Index, Inputs<T>>(place, read); },
                                  std::span(now.expected));
    }
  });
}

/// A loop's result has failed if a verdict has, whatever it is.
template <class T>
void fail_with(Outcome<T>& outcome, const Outcome<bool>& verdict) {
  outcome.errors.insert(verdict.errors.begin(), verdict.errors.end());
  outcome.needed |= verdict.needed;
}

/// One family, step after step.
void one_state(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_state<T>(p);
    const Surroundings<T> around{of_extent<T>(p, a), p.a_handle<T>()};
    const int count = p.random.one_in(3) ? p.random.between(1, 15) : p.random.between(1, 4);
    p.say("loop of " + std::to_string(count) + " steps of " + a.extent.text());
    const auto steps = some_steps(p, a.extent);
    const auto left = ramal::iterate(
        count,
        [&](Family<T> now) {
          for (const Step& step : steps) now = lazily(step, now, around);
          return now;
        },
        a.lazy);
    auto now = a;
    for (int k = 0; k < count; ++k)
      for (const Step& step : steps) now.expected = at_once(p, step, now, around);
    p.add(left, now.expected, false);
  });
}

bool has_come(long count, long last) { return count >= last; }
template <class T>
bool by_value(const T& sum, long count, long last) {
  return count >= last || digest(sum) % 4 == 0;
}
/// A verdict that fails now and then.
template <class T>
bool by_value_at_risk(const T& sum, long count, long last) {
  return count >= last || call<79, bool, const T&>(sum);
}

/// A family, a handle that changes with it, and a number of steps, until something is so.
void until(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_state<T>(p);
    const auto started = p.a_handle<T>();
    const Surroundings<T> around{of_extent<T>(p, a), p.a_handle<T>()};
    const int most = p.random.between(1, 9);
    const long last = p.random.between(1, 12);
    // What the verdict is made of; or there is none.
    const int kind = p.random.below(a.extent.volume() == 0 ? 2 : 4);
    const bool reads_handle = p.random.one_in(2);
    p.say("loop until, at most " + std::to_string(most) + " steps of " + a.extent.text() + ", last " + std::to_string(last) + ", kind " +
          std::to_string(kind));
    const auto steps = some_steps(p, a.extent);
    const auto [left, handle, counted] = ramal::iterate(
        most,
        [&](Family<T> now, Delayed<T> with, Delayed<long> k) {
          for (const Step& step : steps) now = lazily(step, now, around);
          if (reads_handle) now = ramal::map<&call<74, T, T, const T&>>(now, with);
          const auto sum = now.size() > 0 ? summed(now) : with;
          const auto more = k + 1;
          const auto all = ramal::next(now, ramal::delayed<&call<78, T, const T&, T>>(with, sum), more);
          switch (kind) {
            case 0: return all;
            case 1: return all.until(ramal::delayed<&has_come>(more, last));
            case 2: return all.until(ramal::delayed<&by_value<T>>(sum, more, last));
            default: return all.until(ramal::delayed<&by_value_at_risk<T>>(sum, more, last));
          }
        },
        a.lazy, started.lazy, 0L);
    auto now = a;
    auto with = started.expected;
    long k = 0;
    Outcome<bool> verdict;
    do {
      for (const Step& step : steps) now.expected = at_once(p, step, now, around);
      if (reads_handle)
        for (auto& outcome : now.expected) outcome = called(p.own(), &call<74, T, T, const T&>, outcome, with);
      const auto sum = now.expected.empty() ? with : sum_now(p, now);
      with = called(p.own(), &call<78, T, const T&, T>, with, sum);
      ++k;
      const auto more = p.constant(k);
      const auto bound = p.constant(last);
      if (kind == 1) verdict = called(p.own(), &has_come, more, bound);
      if (kind == 2) verdict = called(p.own(), &by_value<T>, sum, more, bound);
      if (kind == 3) verdict = called(p.own(), &by_value_at_risk<T>, sum, more, bound);
    } while (k < most && !verdict.failed() && (kind == 0 || !*verdict.value));
    auto after = p.constant(k);
    fail_with(with, verdict);
    fail_with(after, verdict);
    for (auto& outcome : now.expected) fail_with(outcome, verdict);
    p.say("  ends after " + std::to_string(k) + " steps" + (verdict.failed() ? ", its verdict failed" : ""));
    p.add(left, now.expected, false);
    p.add(handle, with);
    p.add(counted, after);
  });
}

/// Two families that change places, of one type.
void two_states(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_state<T>(p);
    const auto b = of_extent<T>(p, a);
    const Surroundings<T> around{of_extent<T>(p, a), p.a_handle<T>()};
    const int count = p.random.between(1, 6);
    p.say("loop of " + std::to_string(count) + " steps of two of " + a.extent.text());
    const auto steps = some_steps(p, a.extent);
    const auto [first, second] = ramal::iterate(
        count,
        [&](Family<T> x, Family<T> y) {
          auto now = x;
          for (const Step& step : steps) now = lazily(step, now, around);
          return ramal::next(y, ramal::map<&call<74, T, T, const T&>>(now, y));
        },
        a.lazy, b.lazy);
    auto x = a, y = b;
    for (int k = 0; k < count; ++k) {
      auto now = x;
      for (const Step& step : steps) now.expected = at_once(p, step, now, around);
      x.expected = y.expected;
      for (std::size_t i = 0; i < now.expected.size(); ++i)
        y.expected[i] = called(p.own(), &call<74, T, T, const T&>, now.expected[i], x.expected[i]);
    }
    p.add(first, x.expected, false);
    p.add(second, y.expected, false);
  });
}

/// A family with steps of its own may be refused within the function of a step, as what is made of it there has them too.
template <void (*make)(Program&)>
void unless_refused(Program& p) {
  try {
    make(p);
  } catch (const std::invalid_argument& error) {
    if (std::string_view(error.what()).find("it has steps of its own") == std::string_view::npos) throw;
    p.say("  refused: " + std::string(error.what()));
  }
}

constexpr Ingredient all[] = {{"iterate", 6, &unless_refused<&one_state>},
                              {"until", 6, &unless_refused<&until>},
                              {"two_states", 3, &unless_refused<&two_states>}};

}  // namespace

std::span<const Ingredient> loop_ingredients() { return all; }

}  // namespace campaign
