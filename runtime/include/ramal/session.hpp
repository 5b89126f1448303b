// SPDX-License-Identifier: BSD-3-Clause
// Session: what a program on rank 0 does with its graphs. See run.hpp for how one comes to be.
//
// A session belongs to the thread that was given it. Handles may be copied and dropped in any thread. A task
// that calls one fails: it may run on any rank, and could not be waited for by the rank that runs it.
#pragma once

#include <ramal/delayed.hpp>
#include <ramal/detail/engine.hpp>
#include <ramal/error.hpp>
#include <ramal/family.hpp>

#include <chrono>
#include <exception>
#include <map>
#include <ranges>

namespace ramal {

namespace detail {

template <class S>
struct ComputedOf {
  using type = S;
};
template <class T>
struct ComputedOf<Delayed<T>> {
  using type = Stored<T>;
};
template <class S, class A>
struct ComputedOf<std::vector<S, A>> {
  using type = std::vector<typename ComputedOf<S>::type>;
};
template <class S, std::size_t n>
struct ComputedOf<std::array<S, n>> {
  using type = std::array<typename ComputedOf<S>::type, n>;
};
template <class S>
struct ComputedOf<std::optional<S>> {
  using type = std::optional<typename ComputedOf<S>::type>;
};
template <class A, class B>
struct ComputedOf<std::pair<A, B>> {
  using type = std::pair<typename ComputedOf<A>::type, typename ComputedOf<B>::type>;
};
template <class... S>
struct ComputedOf<std::tuple<S...>> {
  using type = std::tuple<typename ComputedOf<S>::type...>;
};
template <class K, class S, class C, class A>
struct ComputedOf<std::map<K, S, C, A>> {
  using type = std::map<K, typename ComputedOf<S>::type, C>;
};

/// Visits every Delayed in a structure, in the order `rebuild` asks for their values.
template <class S, class Visit>
void for_each_delayed(const S& part, const Visit& visit) {
  if constexpr (is_delayed<S>) {
    visit(part);
  } else if constexpr (!is_lazy<S>) {
    // A value among handles.
  } else if constexpr (requires { typename S::mapped_type; }) {
    for (const auto& [key, element] : part) for_each_delayed(element, visit);
  } else if constexpr (requires { part.has_value(); }) {
    if (part) for_each_delayed(*part, visit);
  } else if constexpr (requires { part.begin(); }) {
    for (const auto& element : part) for_each_delayed(element, visit);
  } else {
    std::apply([&](const auto&... element) { (for_each_delayed(element, visit), ...); }, part);
  }
}

template <class S>
typename ComputedOf<S>::type rebuild(const S& part, std::vector<Value>::iterator& next);

template <class Tuple, std::size_t... i>
auto rebuild_tuple(const Tuple& part, std::vector<Value>::iterator& next, std::index_sequence<i...>) {
  return typename ComputedOf<Tuple>::type{rebuild(std::get<i>(part), next)...};
}

/// The same structure with values for handles.
template <class S>
typename ComputedOf<S>::type rebuild(const S& part, std::vector<Value>::iterator& next) {
  using Computed = typename ComputedOf<S>::type;
  if constexpr (is_delayed<S>) {
    Value& value = *next++;
    // Not one conditional expression: clang 16 copies for both of its branches.
    if (value.unique()) return std::move(value.own<Computed>());
    return value.get<Computed>();
  } else if constexpr (!is_lazy<S>) {
    return part;
  } else if constexpr (requires { typename S::mapped_type; }) {
    Computed values;
    for (const auto& [key, element] : part) values.emplace(key, rebuild(element, next));
    return values;
  } else if constexpr (requires { part.has_value(); }) {
    return part ? Computed(rebuild(*part, next)) : Computed();
  } else if constexpr (requires(Computed values) { values.reserve(0); }) {
    Computed values;
    values.reserve(part.size());
    for (const auto& element : part) values.push_back(rebuild(element, next));
    return values;
  } else {
    return rebuild_tuple(part, next, std::make_index_sequence<std::tuple_size_v<S>>{});
  }
}

/// What the error says.
std::string message_of(const std::exception_ptr& error);

/// The task of to_local: by value, so that the last use moves.
template <class T>
T passed_on(T value) {
  return value;
}

}  // namespace detail

/// A range over persisted results in the order in which they appear; see Session::as_completed.
template <class T>
class Completions {
 public:
  /// A result that is there, or has failed or was cancelled, which `compute` or `wait` of the handle tell.
  struct Completed {
    std::size_t index;  ///< among those given to `as_completed`, followed by those added
    Delayed<T> handle;
  };
  class iterator {
   public:
    using value_type = Completed;
    using difference_type = std::ptrdiff_t;

    explicit iterator(Completions* of) : of_(of) { ++*this; }
    Completed operator*() const { return {*at_, of_->handles_[*at_]}; }
    iterator& operator++() {
      at_ = of_->watch_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !at_; }

   private:
    Completions* of_;
    std::optional<std::size_t> at_;
  };

  Completions(std::vector<Delayed<T>> handles, std::unique_ptr<detail::Watch> watch)
      : handles_(std::move(handles)), watch_(std::move(watch)) {}
  /// A single pass: begin once.
  iterator begin() { return iterator(this); }
  std::default_sentinel_t end() const { return {}; }
  /// One more persisted handle to wait for, also while the loop over this runs, which goes on until no
  /// handle is left. Throws std::invalid_argument if it is not persisted.
  void add(Delayed<T> handle) {
    watch_->add(*detail::existing(handle.task_handle().get()));
    handles_.push_back(std::move(handle));
  }

 private:
  std::vector<Delayed<T>> handles_;
  std::unique_ptr<detail::Watch> watch_;
};

/// What became of several results; see Session::compute_each.
template <class T>
struct Outcomes {
  struct Failed {
    std::size_t index;         ///< among those asked for
    std::exception_ptr error;  ///< a TaskError or CancelledError
    std::string message;       ///< its what()
  };
  std::vector<std::optional<detail::Stored<T>>> values;  ///< in the order asked for; empty where it failed
  std::vector<Failed> failed;                            ///< the lowest index first

  /// Throws the error of the first that failed, if any has.
  void check() const {
    if (!failed.empty()) std::rethrow_exception(failed.front().error);
  }
};

class Session {
 public:
  explicit Session(detail::Engine& engine) : engine_(engine) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Runs what the targets need and returns their values, in the shape given: a Delayed<T> gives a T,
  /// a vector, array, tuple, pair, optional or map of handles the same of values; several targets a
  /// tuple. Work that targets share is done once. Nothing is kept but what is persisted.
  /// Throws TaskError if a task threw (of several, the first in the plan's order), CancelledError, or
  /// std::invalid_argument for a handle that another session persisted. Other work is done all the
  /// same, and the session stays usable.
  template <class Target>
    requires detail::is_lazy<Target>
  auto compute(const Target& target) {
    detail::Outcome outcome = engine("session.compute").compute(tasks_of(target));
    if (outcome.first) std::rethrow_exception(outcome.first);
    auto& values = outcome.values;
    if constexpr (!std::same_as<Target, Delayed<void>>) {
      auto next = values.begin();
      return detail::rebuild(target, next);
    }
  }
  template <class First, class Second, class... Rest>
    requires(detail::is_lazy<First>&& detail::is_lazy<Second> && (detail::is_lazy<Rest> && ...))
  auto compute(const First& first, const Second& second, const Rest&... rest) {
    return compute(std::tuple<First, Second, Rest...>(first, second, rest...));
  }

  /// All members, in the order of their places. O(members) on rank 0, where they go.
  template <class T>
  auto compute(const Family<T>& family) {
    return compute(family.members());
  }

  /// The values of those that worked, and the errors of those that did not: a failure is nobody's but of
  /// what needs it. Otherwise as `compute`.
  template <class T>
  Outcomes<T> compute_each(const std::vector<Delayed<T>>& targets) {
    using Stored = detail::Stored<T>;
    detail::Outcome outcome = engine("session.compute_each").compute(tasks_of(targets));
    Outcomes<T> each;
    each.values.resize(targets.size());
    for (std::size_t i = 0; i < targets.size(); ++i) {
      Value& value = outcome.values[i];
      if (outcome.failed.contains(i)) continue;
      try {
        if (value.unique()) {
          each.values[i].emplace(std::move(value.template own<Stored>()));
        } else {
          each.values[i].emplace(value.template get<Stored>());
        }
      } catch (...) {  // what a copy's constructor throws
        outcome.failed.emplace(i, std::current_exception());
      }
    }
    for (auto& [index, error] : outcome.failed)
      each.failed.push_back({index, error, detail::message_of(error)});
    return each;
  }
  template <class T>
  Outcomes<T> compute_each(const Family<T>& family) {
    return compute_each(family.members());
  }

  /// Runs all members of these families, or of vectors of families, for what they do, and keeps nothing.
  /// Throws as `compute` if one of them failed, by itself or for what it reads; a failure that none of them
  /// reads is nobody's. Of a family of handles (`as_family`) the handles are kept, as by `persist`.
  template <class... F>
    requires(sizeof...(F) > 0)
  void run(const F&... families) {
    const Asked asked = asked_of(families...);
    engine("session.run").persist(asked.handles);
    if (!asked.families.empty()) engine_.run(asked.families);
    wait_and_check(asked.handles);
  }
  /// The same, but returns at once, and keeps all members where they are made until the last handle to the family
  /// is gone. Members, and what is made of the family later, use what is kept. Costs rank 0 nothing for each
  /// member.
  template <class... T>
    requires(sizeof...(T) > 0)
  void persist(const Family<T>&... families) {
    const Asked asked = asked_of(families...);
    engine("session.persist").persist(asked.handles);
    engine_.persist(asked.families);
  }
  /// Whether all members of these persisted families exist (or one has failed). Moves messages. A family of
  /// handles is persisted if they are.
  template <class... T>
    requires(sizeof...(T) > 0)
  bool ready(const Family<T>&... families) {
    return wait_until(engine("session.ready"), asked_of(families...), 0);
  }
  /// Waits for all members of persisted families; throws as `run` if one has failed.
  template <class... T>
    requires(sizeof...(T) > 0)
  void wait(const Family<T>&... families) {
    const Asked asked = asked_of(families...);
    wait_until(engine("session.wait"), asked, -1);
    check(asked);
  }
  /// The same, for at most so long. False if time ran out first.
  template <class T>
  bool wait_for(const Family<T>& family, std::chrono::duration<double> time) {
    const Asked asked = asked_of(family);
    if (!wait_until(engine("session.wait_for"), asked, std::max(0.0, time.count()))) return false;
    check(asked);
    return true;
  }

  /// Starts what the targets need, returns at once, and keeps each result on the rank that makes it
  /// until the last handle is gone. It is the task that is kept: every copy of a handle, and every
  /// later graph, uses the kept result, and it never runs again. Errors appear in `wait` or `compute`.
  template <class... Targets>
    requires(sizeof...(Targets) > 0 && (detail::is_lazy<Targets> && ...))
  void persist(const Targets&... targets) { engine("session.persist").persist(tasks_of(targets...)); }

  /// Whether all these persisted results exist (or have failed). Moves messages.
  template <class... Targets>
    requires(sizeof...(Targets) > 0 && (detail::is_lazy<Targets> && ...))
  bool ready(const Targets&... targets) { return engine("session.ready").wait(tasks_of(targets...), 0); }
  /// Waits for persisted results; throws as compute would if one failed or was cancelled, and
  /// std::invalid_argument if one was never persisted.
  template <class... Targets>
    requires(sizeof...(Targets) > 0 && (detail::is_lazy<Targets> && ...))
  void wait(const Targets&... targets) { wait_and_check(tasks_of(targets...)); }
  /// The same, for at most so long. False if time ran out first.
  template <class Target>
    requires detail::is_lazy<Target>
  bool wait_for(const Target& target, std::chrono::duration<double> time) {
    const auto tasks = tasks_of(target);
    if (!engine("session.wait_for").wait(tasks, std::max(0.0, time.count()))) return false;
    engine_.check(tasks);
    return true;
  }
  /// `for (auto [index, handle] : session.as_completed(handles))`: each persisted handle once, the first to
  /// be ready first, failed and cancelled ones too. Waits as it goes. Throws std::invalid_argument if one is
  /// not persisted.
  template <class T>
  Completions<T> as_completed(std::vector<Delayed<T>> handles) {
    auto watch = engine("session.as_completed").watch(tasks_of(handles));
    return Completions<T>(std::move(handles), std::move(watch));
  }
  /// The same of a family's members, each of which is persisted by itself; the index is the number of its
  /// place. Members of a family that is persisted as a whole are there when all are.
  template <class T>
  Completions<T> as_completed(const Family<T>& family) {
    auto members = family.members();
    persist(members);
    return as_completed(std::move(members));
  }
  /// Gives up persisted results that are not there yet: tasks that nothing else needs are not started;
  /// those that run finish. A later graph that was started on such a result fails with it. From here on the
  /// handle is as lazy as if it had never been persisted: computing it, persisting it or using it in another
  /// graph makes it anew. Waiting for it instead throws CancelledError.
  template <class... Targets>
    requires(sizeof...(Targets) > 0 && (detail::is_lazy<Targets> && ...))
  void cancel(const Targets&... targets) { engine("session.cancel").cancel(tasks_of(targets...)); }

  /// The same for persisted families: members that have not begun are not made.
  template <class... T>
    requires(sizeof...(T) > 0)
  void cancel(const Family<T>&... families) {
    const Asked asked = asked_of(families...);
    engine("session.cancel").cancel(asked.handles);
    engine_.cancel(asked.families);
  }

  /// Tries again what has failed or was cancelled of these persisted results: persists it anew, and with it
  /// all persisted results that it failed for. What is there, or on its way, is left alone, so wait first.
  /// Returns at once.
  /// Throws std::invalid_argument if one was never persisted. A graph that was started on a failed result
  /// before has failed with it. A family that is persisted as a whole has failed if one of its members has,
  /// and all of them are made anew.
  template <class... Targets>
    requires(sizeof...(Targets) > 0 && (detail::is_lazy<Targets> && ...))
  void retry(const Targets&... targets) { engine("session.retry").retry(tasks_of(targets...), {}); }
  /// The same for persisted families.
  template <class... T>
    requires(sizeof...(T) > 0)
  void retry(const Family<T>&... families) {
    const Asked asked = asked_of(families...);
    engine("session.retry").retry(asked.handles, asked.families);
  }

  /// Runs f(args…) once on every rank, now, and returns the results by rank: for globals, open files,
  /// plans of libraries. The args are values or handles, as for `delayed<f>`.
  template <auto f, class... Args>
  auto on_every_rank(const Args&... args) {
    using R = typename std::remove_cvref_t<decltype(delayed<f>)>::result_type;
    std::vector<Delayed<R>> calls;
    for (int rank = 0; rank < engine_.ranks(); ++rank)
      calls.push_back(delayed<f>.annotate({.rank = rank})(args...));
    if constexpr (std::is_void_v<R>) {
      compute(calls);
    } else {
      return compute(calls);
    }
  }

  /// What each rank put into its Locals under this name before the run, by rank. Throws
  /// std::invalid_argument, naming the rank, if one has none or one of another type.
  template <class T>
  std::vector<Delayed<T>> from_local(const std::string& name) {
    std::vector<Delayed<T>> handles;
    for (auto& task : engine("session.from_local").from_local(name, detail::given_kind<T>))
      handles.emplace_back(std::move(task));
    return handles;
  }
  /// Computes these, one per rank, and leaves the k-th on rank k for its Locals after the run. A result that
  /// is not persisted and not used elsewhere is moved there, not copied. Throws as compute, and
  /// std::invalid_argument if there are not as many as ranks.
  template <class T>
  void to_local(const std::string& name, const std::vector<Delayed<T>>& handles) {
    if (handles.size() != static_cast<std::size_t>(ranks())) {
      throw std::invalid_argument("ramal: to_local '" + name + "': expected one result for each of " +
                                  std::to_string(ranks()) + " ranks, found " +
                                  std::to_string(handles.size()));
    }
    std::vector<Delayed<T>> there;
    for (const auto& handle : handles)
      there.push_back(
          delayed<&detail::passed_on<T>>.annotate({.rank = static_cast<int>(there.size())})(handle));
    persist(there);
    wait(there);
    engine_.to_local(name, tasks_of(there));
  }

  /// Each rank, by number, and what it has done so far. Asks all ranks, so a rank with one thread
  /// answers between its tasks.
  std::vector<RankInfo> info() { return engine("session.info").info(); }
  int ranks() const { return engine_.ranks(); }

  /// Moves messages, and in a rank with one thread runs a task. For programs that do work of their own
  /// while persisted results are under way; not needed with RAMAL_PROGRESS=thread.
  void progress() { engine("session.progress").progress(); }

 private:
  /// What families are made of: a family of handles is these.
  struct Asked {
    std::vector<std::shared_ptr<const detail::FamilyNode>> families;
    std::vector<const detail::Task*> handles;
  };
  template <class... F>
  static Asked asked_of(const F&... families) {
    Asked asked;
    const auto append_one = [&asked](const detail::FamilyView& view) {
      for (const auto& task : view.node->tasks) asked.handles.push_back(task.get());
      const bool has_members = view.node->extent.volume() > 0;
      if (view.node->tasks.empty() && has_members) asked.families.push_back(view.node);
    };
    const auto append = [&append_one](const auto& given) {
      if constexpr (detail::is_family<std::remove_cvref_t<decltype(given)>>) {
        append_one(given.view());
      } else {
        for (const auto& family : given) append_one(family.view());
      }
    };
    (append(families), ...);
    return asked;
  }
  static bool wait_until(detail::Engine& engine, const Asked& asked, double seconds) {
    const auto start = std::chrono::steady_clock::now();
    if (!engine.wait(asked.handles, seconds)) return false;
    const std::chrono::duration<double> gone = std::chrono::steady_clock::now() - start;
    return engine.wait(asked.families, seconds <= 0 ? seconds : std::max(0.0, seconds - gone.count()));
  }
  void check(const Asked& asked) {
    engine_.check(asked.handles);
    engine_.check(asked.families);
  }
  void wait_and_check(const std::vector<const detail::Task*>& tasks) {
    engine("session.wait").wait(tasks, -1);
    engine_.check(tasks);
  }

  template <class... Targets>
  static std::vector<const detail::Task*> tasks_of(const Targets&... targets) {
    std::vector<const detail::Task*> tasks;
    (detail::for_each_delayed(
         targets, [&](const auto& handle) { tasks.push_back(detail::existing(handle.task_handle().get())); }),
     ...);
    return tasks;
  }

  /// Throws std::logic_error inside a task.
  detail::Engine& engine(const char* call) const {
    detail::refuse_inside_a_task(call);
    return engine_;
  }

  detail::Engine& engine_;
};

}  // namespace ramal
