// SPDX-License-Identifier: BSD-3-Clause
// Program: a random program while it is made, in two forms at once: handles and families of Ramal's, and
// beside each the outcome that it must have. Statements draw from what there is and add to it.
#pragma once

#include "outcome.hpp"

#include <functional>
#include <string_view>

namespace campaign {

/// A session did what it must not; the message says what.
class Fault : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Random {
 public:
  explicit Random(Digest seed) : state_(seed) {}
  Digest operator()() { return state_ = mixed(state_, 77); }
  /// From 0 to below `bound`.
  int below(int bound) { return static_cast<int>(((*this)() >> 20) % static_cast<Digest>(bound)); }
  int between(int low, int high) { return low + below(high - low + 1); }
  bool one_in(int n) { return below(n) == 0; }
  template <class T>
  T& of(std::vector<T>& all) {
    return all[static_cast<std::size_t>(below(static_cast<int>(all.size())))];
  }

 private:
  Digest state_;
};

template <class T>
struct Handle {
  Delayed<T> lazy;
  Outcome<T> expected;
  int statement = 0;
  bool persisted = false;
};
/// A family; outcomes in the order of places.
template <class T>
struct Group {
  Family<T> lazy;
  Index extent;
  Outcomes<T> expected;
  int statement = 0;
  bool persisted = false;
  bool annotatable = true;
  bool of_handles = false;

  const Outcome<T>& at(const Index& place) const {
    return expected[static_cast<std::size_t>(extent.number_of(place))];
  }
};

/// What a run of many programs is told.
struct Settings {
  std::set<std::string, std::less<>> without;
  bool cancelled_is_lazy = true;
  bool one_process = true;  ///< counters of what tasks do can be read
  bool alone = false;       ///< all ranks on one thread, which cannot wait within a task
  int size = 12;            ///< statements at most
  bool verbose = false;
};

class Program {
 public:
  Program(ramal::Session& session, const Settings& settings, Digest seed)
      : session(session), settings(settings), random(seed) {}

  ramal::Session& session;
  const Settings& settings;
  Random random;
  int statement = 0;         ///< the current one's number
  Statements given_up = 0;   ///< whose results may be CancelledError, for ever
  std::function<void(const std::string&)> log = [](const std::string&) {};

  bool has(std::string_view ingredient) const { return !settings.without.contains(ingredient); }
  Statements own() const { return Statements{1} << statement; }
  void say(const std::string& text) const { log(text); }

  template <class T>
  std::vector<Handle<T>>& handles() {
    return std::get<std::vector<Handle<T>>>(handles_);
  }
  template <class T>
  std::vector<Group<T>>& groups() {
    return std::get<std::vector<Group<T>>>(groups_);
  }
  /// visit(std::vector<Handle<T>>&) for each T.
  template <class Visit>
  void each_handles(const Visit& visit) {
    std::apply([&](auto&... all) { (visit(all), ...); }, handles_);
  }
  template <class Visit>
  void each_groups(const Visit& visit) {
    std::apply([&](auto&... all) { (visit(all), ...); }, groups_);
  }
  template <class T>
  void add(const Delayed<T>& lazy, Outcome<T> expected) {
    expected.needed |= own();
    handles<T>().push_back({lazy, std::move(expected), statement, false});
  }
  template <class T>
  void add(const Family<T>& lazy, Outcomes<T> expected, bool annotatable = true, bool of_handles = false) {
    for (auto& outcome : expected) outcome.needed |= own();
    if (static_cast<std::int64_t>(expected.size()) != lazy.size())
      throw Fault("a family of extent " + lazy.extent().text() + " where " + std::to_string(expected.size()) + " members were expected");
    groups<T>().push_back({lazy, lazy.extent(), std::move(expected), statement, false, annotatable, of_handles});
  }

  /// One of these handles; a new leaf where there is none.
  template <class T>
  Handle<T> a_handle() {
    auto& all = handles<T>();
    if (all.empty() || random.one_in(6)) {
      const long salt = random.below(1 << 20);
      return {ramal::delayed<&call<2, T, long>>(salt), called(own(), &call<2, T, long>, constant(salt)), statement, false};
    }
    // Rather the newer ones, so that graphs become deep.
    const int n = static_cast<int>(all.size());
    return all[static_cast<std::size_t>(std::max(random.below(n), random.below(n)))];
  }
  template <class T>
  std::vector<Handle<T>> some_handles(int most) {
    std::vector<Handle<T>> some;
    for (int n = random.between(0, most); n > 0; --n) some.push_back(a_handle<T>());
    return some;
  }
  template <class T>
  const Outcome<T> constant(const T& value) const {
    return {std::make_shared<const T>(value), {}, own()};
  }
  ramal::Annotation wishes() {
    ramal::Annotation wishes;
    if (random.one_in(3)) wishes.name = "n" + std::to_string(statement);
    if (has("rank") && random.one_in(2)) wishes.rank = random.below(8) % session.ranks();
    if (random.one_in(3)) wishes.priority = random.between(-3, 3);
    if (has("threads") && random.one_in(4)) wishes.threads = random.between(1, 4);
    if (random.one_in(4)) wishes.cost = 0.1 * random.between(1, 50);
    if (has("result_bytes") && random.one_in(4)) wishes.result_bytes = 1u << random.between(0, 24);
    return wishes;
  }

 private:
  std::tuple<std::vector<Handle<long>>, std::vector<Handle<double>>, std::vector<Handle<Point>>, std::vector<Handle<std::string>>,
             std::vector<Handle<Words>>, std::vector<Handle<Field>>, std::vector<Handle<Sheet>>, std::vector<Handle<bool>>>
      handles_;
  std::tuple<std::vector<Group<long>>, std::vector<Group<Point>>, std::vector<Group<std::string>>, std::vector<Group<Field>>,
             std::vector<Group<Sheet>>>
      groups_;
};

/// One of several types, at random: pick<A, B, C>(random, []<class T>() {…}).
template <class First, class... Rest, class Use>
void pick(Random& random, const Use& use) {
  int k = random.below(1 + static_cast<int>(sizeof...(Rest)));
  const auto visit = [&]<class T>() {
    if (k-- == 0) use.template operator()<T>();
  };
  visit.template operator()<First>();
  (visit.template operator()<Rest>(), ...);
}
/// Of handles' types, and of families'.
template <class Use>
void pick_value(Random& random, const Use& use) {
  pick<long, double, Point, std::string, Words, Field, Sheet>(random, use);
}
template <class Use>
void pick_member(Random& random, const Use& use) {
  pick<long, Point, std::string, Field, Sheet>(random, use);
}
/// Another type, so that calls mix them without all combinations.
template <class T>
struct OtherType;
template <>
struct OtherType<long> {
  using type = std::string;
};
template <>
struct OtherType<double> {
  using type = Words;
};
template <>
struct OtherType<Point> {
  using type = Field;
};
template <>
struct OtherType<std::string> {
  using type = Point;
};
template <>
struct OtherType<Words> {
  using type = double;
};
template <>
struct OtherType<Field> {
  using type = Sheet;
};
template <>
struct OtherType<Sheet> {
  using type = long;
};
template <class T>
using Other = typename OtherType<T>::type;

struct Ingredient {
  std::string_view name;
  int weight;
  void (*make)(Program&);
};
std::span<const Ingredient> task_ingredients();
std::span<const Ingredient> family_ingredients();
std::span<const Ingredient> dependence_ingredients();
std::span<const Ingredient> loop_ingredients();
std::span<const Ingredient> collective_ingredients();
std::span<const Ingredient> session_ingredients();

/// Computes everything that is left, and holds it against what is expected.
void check_all(Program& program);

/// Why a program went wrong; empty: it did not. Bit k of `skipped`: without the k-th statement.
std::string run_program(ramal::Session& session, const Settings& settings, Digest seed, int size, Statements skipped,
                        const std::function<void(const std::string&)>& log);

}  // namespace campaign
