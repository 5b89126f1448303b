// SPDX-License-Identifier: BSD-3-Clause
// Outcome: what a task must give, found by plain calls on the spot: a value, or the errors of which one must
// be reported. Nothing here knows how graphs are run.
#pragma once

#include "values.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <span>
#include <unordered_map>

namespace campaign {

/// Messages by number, since the same ones are in many sets.
class Messages {
 public:
  static int number_of(const std::string& text) {
    const auto [at, is_new] = numbers().try_emplace(text, static_cast<int>(texts().size()));
    if (is_new) texts().push_back(text);
    return at->second;
  }
  static const std::string& text(int number) { return texts()[static_cast<std::size_t>(number)]; }
  static void forget() {
    numbers().clear();
    texts().clear();
  }

 private:
  static std::unordered_map<std::string, int>& numbers() {
    static std::unordered_map<std::string, int> all;
    return all;
  }
  static std::vector<std::string>& texts() {
    static std::vector<std::string> all;
    return all;
  }
};

using Errors = std::set<int>;
/// Bit k: the k-th statement of a program.
using Statements = std::uint64_t;

template <class T>
struct Outcome {
  std::shared_ptr<const T> value;
  Errors errors;          ///< none: there is a value; one of them is what a session must report
  Statements needed = 0;  ///< that made it, or what it needs

  bool failed() const { return !errors.empty(); }
};

/// The inputs of one call.
class Needs {
 public:
  explicit Needs(Statements own) : statements_(own) {}
  template <class T>
  const T* operator()(const Outcome<T>& outcome) {
    errors_.insert(outcome.errors.begin(), outcome.errors.end());
    statements_ |= outcome.needed;
    return outcome.value.get();
  }
  bool failed() const { return !errors_.empty(); }
  void fail(const std::string& message) { errors_.insert(Messages::number_of(message)); }

  /// What `function` returns, unless it throws or an input has failed.
  template <class Function>
  auto outcome(const Function& function) const {
    using T = std::decay_t<decltype(function())>;
    Outcome<T> made{nullptr, errors_, statements_};
    if (made.failed()) return made;
    try {
      made.value = std::make_shared<const T>(function());
    } catch (const std::exception& error) {
      made.errors.insert(Messages::number_of(error.what()));
    }
    return made;
  }

 private:
  Errors errors_;
  Statements statements_;
};

/// Several inputs of one parameter.
template <class T>
class Many {
 public:
  void add(const T* object) { objects_.push_back(object); }
  Inputs<T> view() const { return Inputs<T>(std::span<const T* const>(objects_)); }
  std::vector<T> copies() const {
    std::vector<T> all;
    for (const T* object : objects_) all.push_back(*object);
    return all;
  }
  std::size_t size() const { return objects_.size(); }

 private:
  std::vector<const T*> objects_;
};

template <class T>
using Outcomes = std::vector<Outcome<T>>;

/// function(copy of each) of these outcomes.
template <class Function, class... T>
auto called(Statements own, const Function& function, const Outcome<T>&... inputs) {
  Needs needs(own);
  const std::tuple<const T*...> objects(needs(inputs)...);
  return needs.outcome([&] { return std::apply([&](const T*... object) { return function(*object...); }, objects); });
}
template <class T, class Function>
auto called_with_all(Statements own, const Function& function, std::span<const Outcome<T>> inputs) {
  Needs needs(own);
  Many<T> many;
  for (const auto& input : inputs) many.add(needs(input));
  return needs.outcome([&] { return function(many.view()); });
}

/// The pairwise tree over a line of outcomes: groups of `arity` neighbours, level by level, a single one moving up
/// unchanged. `in_groups`: the operation sees a group at once; else it folds it from the left.
template <int id, bool in_groups, class T>
Outcome<T> tree(Statements own, Outcomes<T> level, std::size_t arity) {
  while (level.size() > 1) {
    Outcomes<T> next;
    for (std::size_t from = 0; from < level.size(); from += arity) {
      const std::size_t count = std::min(arity, level.size() - from);
      if (count == 1) {
        next.push_back(level[from]);
        continue;
      }
      next.push_back(called_with_all<T>(
          own,
          [](Inputs<T> group) {
            if constexpr (in_groups) {
              return call<id, T, Inputs<T>>(group);
            } else {
              T folded = call<id, T, T, const T&>(group[0], group[1]);
              for (std::size_t i = 2; i < group.size(); ++i) folded = call<id, T, T, const T&>(folded, group[i]);
              return folded;
            }
          },
          std::span<const Outcome<T>>(level).subspan(from, count)));
    }
    level = std::move(next);
  }
  Outcome<T> root = level.front();
  root.needed |= own;
  return root;
}

}  // namespace campaign
