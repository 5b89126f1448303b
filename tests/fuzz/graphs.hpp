// SPDX-License-Identifier: BSD-3-Clause
// Graphs of tasks that bytes describe, each task with what a plain loop over the tasks in the order of their
// making says of it: its value, or that it fails.
#pragma once

#include "tests/fuzz/choices.hpp"

#include <ramal/ramal.hpp>

#include <map>
#include <variant>

namespace ramal::test {

using Longs = std::vector<long>;

/// How often the task of each number was called, in all of a target's run.
inline std::vector<unsigned> task_calls;
inline long called(long number, long result) {
  ++task_calls.at(static_cast<std::size_t>(number));
  return result;
}
// Wraps around, so that every input and its position show in the result.
inline long blend(long a, long b) {
  return static_cast<long>(1000003ul * static_cast<unsigned long>(a) + static_cast<unsigned long>(b));
}
inline long blend_all(const Longs& values) {
  long sum = static_cast<long>(values.size());
  for (const long value : values) sum = blend(sum, value);
  return sum;
}
inline Longs spread_of(long x, long count) {
  Longs values;
  for (long i = 0; i < count; ++i) values.push_back(blend(x, i));
  return values;
}
inline bool is_refused(long x) { return x % 3 == 0; }

// The functions of the tasks; the first argument is the task's number.
inline long leaf(long number) { return called(number, blend(number, 7)); }
inline long two(long number, long a, const long& b) { return called(number, blend(a, b)); }
inline long of_list(long number, const Longs& values) { return called(number, blend_all(values)); }
inline long of_inputs(long number, Inputs<long> values) {
  return called(number, blend_all(Longs(values.begin(), values.end())));
}
inline long of_longs(long number, const Longs& values) { return called(number, blend_all(values)); }
inline Longs spread(long number, long x, long count) { return called(number, 0), spread_of(x, count); }
/// In place where this is the last use.
inline Longs grow(long number, Longs values, long x) {
  called(number, 0);
  values.push_back(x);
  return values;
}
inline long refuse(long number, long x) {
  called(number, 0);
  if (is_refused(x)) throw std::runtime_error("no " + std::to_string(x));
  return x;
}

struct MadeTask {
  std::variant<Delayed<long>, Delayed<Longs>> handle;
  std::variant<long, Longs> expected;  ///< nothing of use if it fails
  bool fails = false;
  std::vector<std::size_t> inputs = {};  ///< in the order in which they are read

  const detail::Task* task() const {
    return std::visit([](const auto& one) { return one.task_handle().get(); }, handle);
  }
  bool is(const Value& value) const {
    if (value.empty() || value.failed() != fails) return false;
    if (fails) return true;
    return std::visit([&](const auto& one) { return value.get<std::decay_t<decltype(one)>>() == one; },
                      expected);
  }
};

/// Numbers are positions in `all`, so inputs come before their consumers.
class MadeTasks {
 public:
  MadeTasks() { task_calls.clear(); }
  std::vector<MadeTask> all;

  const MadeTask& of(const detail::Task* task) const { return all[number_of(task)]; }
  std::size_t number_of(const detail::Task* task) const { return numbers_.at(task); }
  bool knows(const detail::Task* task) const { return numbers_.contains(task); }

  /// One to four of the latest, each once.
  std::vector<const detail::Task*> targets(Choices& choices) const {
    std::vector<const detail::Task*> found;
    for (std::size_t left = 1 + choices.below(4); left > 0; --left) {
      const std::size_t back = choices.below(std::min<std::size_t>(all.size(), 256));
      const detail::Task* task = all[all.size() - 1 - back].task();
      if (std::ranges::find(found, task) == found.end()) found.push_back(task);
    }
    return found;
  }
  /// One more, with wishes now and then.
  void add(Choices& choices, int ranks) {
    const auto number = static_cast<long>(all.size());
    if (longs_.empty()) return put(delayed<leaf>(number), blend(number, 7), {});
    const std::size_t what = choices.below(12);
    const Annotation wishes = wishes_of(choices, ranks);
    const bool annotated =
        wishes.rank >= 0 || wishes.priority != 0 || wishes.cost != 1 || wishes.result_bytes > 0;
    switch (what) {
      case 0:
      case 1:
        return put(annotated ? delayed<leaf>.annotate(wishes)(number) : delayed<leaf>(number),
                   blend(number, 7), {});
      case 2:
        return put(value(number), number, {});
      case 3:
      case 4: {
        const std::size_t a = pick(longs_, choices), b = pick(longs_, choices);
        return put(annotated ? delayed<two>.annotate(wishes)(number, one(a), one(b))
                             : delayed<two>(number, one(a), one(b)),
                   blend(expected(a), expected(b)), {a, b});
      }
      case 5: {
        const auto [numbers, handles, values] = some(choices);
        return put(delayed<of_list>(number, handles), blend_all(values), numbers);
      }
      case 6: {
        const auto [numbers, handles, values] = some(choices);
        return put(delayed<of_inputs>.annotate(wishes)(number, handles), blend_all(values), numbers);
      }
      case 7:
      case 8: {
        const std::size_t x = pick(longs_, choices);
        const long count = static_cast<long>(choices.below(40));
        return put(delayed<spread>.annotate(wishes)(number, one(x), count), spread_of(expected(x), count),
                   {x});
      }
      case 9: {
        if (many_.empty()) return put(delayed<leaf>(number), blend(number, 7), {});
        const std::size_t values = pick(many_, choices), x = pick(longs_, choices);
        Longs grown = std::get<Longs>(all[values].expected);
        grown.push_back(expected(x));
        return put(delayed<grow>(number, many(values), one(x)), std::move(grown), {values, x});
      }
      case 10: {
        if (many_.empty()) return put(delayed<leaf>(number), blend(number, 7), {});
        const std::size_t values = pick(many_, choices);
        return put(delayed<of_longs>(number, many(values)), blend_all(std::get<Longs>(all[values].expected)),
                   {values});
      }
      default: {
        const std::size_t x = pick(longs_, choices);
        put(delayed<refuse>(number, one(x)), expected(x), {x});
        all.back().fails |= is_refused(expected(x));
      }
    }
  }

 private:
  static Annotation wishes_of(Choices& choices, int ranks) {
    Annotation wishes;
    switch (choices.below(8)) {
      case 5:
        wishes.rank = static_cast<int>(choices.below(static_cast<std::size_t>(ranks)));
        break;
      case 6:
        wishes.priority = static_cast<int>(choices.below(3)) - 1;
        wishes.cost = 0.5 + static_cast<double>(choices.below(5));
        break;
      case 7:
        wishes.result_bytes = 1 + choices.below(200);
        break;
      default:
        break;
    }
    return wishes;
  }
  /// Mostly one of the latest.
  static std::size_t pick(const std::vector<std::size_t>& from, Choices& choices) {
    return from[from.size() - 1 - choices.below(std::min<std::size_t>(from.size(), 256))];
  }
  std::tuple<std::vector<std::size_t>, std::vector<Delayed<long>>, Longs> some(Choices& choices) {
    std::vector<std::size_t> numbers;
    std::vector<Delayed<long>> handles;
    Longs values;
    for (std::size_t left = choices.below(6); left > 0; --left) {
      numbers.push_back(pick(longs_, choices));
      handles.push_back(one(numbers.back()));
      values.push_back(expected(numbers.back()));
    }
    return {numbers, handles, values};
  }
  const Delayed<long>& one(std::size_t number) const { return std::get<0>(all[number].handle); }
  const Delayed<Longs>& many(std::size_t number) const { return std::get<1>(all[number].handle); }
  long expected(std::size_t number) const { return std::get<long>(all[number].expected); }

  template <class T>
  void put(Delayed<T> handle, T expected, std::vector<std::size_t> inputs) {
    bool fails = false;
    for (const std::size_t input : inputs) fails |= all[input].fails;
    (std::same_as<T, long> ? longs_ : many_).push_back(all.size());
    numbers_[handle.task_handle().get()] = all.size();
    all.push_back({std::move(handle), std::move(expected), fails, std::move(inputs)});
    task_calls.push_back(0);
  }

  std::vector<std::size_t> longs_, many_;
  std::map<const detail::Task*, std::size_t> numbers_;
};

}  // namespace ramal::test
