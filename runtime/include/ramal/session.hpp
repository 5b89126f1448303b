// SPDX-License-Identifier: BSD-3-Clause
// Session: what a program on rank 0 does with its graphs. See run.hpp for how one comes to be.
//
// A session belongs to the thread that was given it. Handles may be copied and dropped in any thread. A task
// that calls one fails: it may run on any rank, and could not be waited for by the rank that runs it.
//
//   call                       starts   waits   keeps the results      throws TaskError
//   compute, compute_each      yes      yes     no, returns them       compute: yes
//   run                        yes      yes     no                     yes
//   persist                    yes      no      where they are made    no
//   ready                      no       no                             no
//   wait, wait_for             no       yes                            yes
//   cancel, retry              give up what is under way, make anew what failed; neither waits
//
// All calls but `ranks` throw std::logic_error inside a task, and std::invalid_argument for a handle that was
// moved from. compute, run and persist also throw std::invalid_argument for a handle that another session
// persisted, and for a task that is annotated with a rank or a host that this session does not have.
//
// Rank 0 plans a graph in time and memory proportional to its tasks and edges, some 200 ns a task, and a
// family in time that does not depend on its size. With one thread a rank, rank 0 runs its own share of the
// tasks inside these calls.
//
// With RAMAL_SCHEDULER=serial, persist makes the results before it returns; so nothing is ever under way, and
// cancel has no effect.
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

/// The type that `compute` returns for a target of type S: the same structure with T in place of
/// each Delayed<T>, and Void in place of a Delayed<void>. What is no handle keeps its type.
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

/// Visits every Delayed in a structure, in the order `rebuild` asks for their values. Empty optionals and
/// values among handles are passed over.
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

/// Declared here, since tuples and their elements call each other.
template <class S>
typename ComputedOf<S>::type rebuild(const S& part, std::vector<Value>::iterator& next);

/// Braces keep the order of evaluation: the values come in the order of the handles.
template <class Tuple, std::size_t... i>
auto rebuild_tuple(const Tuple& part, std::vector<Value>::iterator& next, std::index_sequence<i...>) {
  return typename ComputedOf<Tuple>::type{rebuild(std::get<i>(part), next)...};
}

/// The same structure with values for handles.
template <class S>
typename ComputedOf<S>::type rebuild(const S& part, std::vector<Value>::iterator& next) {
  using Computed = typename ComputedOf<S>::type;
  if constexpr (is_delayed<S>) {
    // A result that is kept, or was asked for twice, is shared, and so is copied.
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

/// An array, of whatever header: it can be gathered into a handle, or has a family of blocks.
template <class A>
concept IsArray = requires(const A& array) {
  array.gathered();
  array.evaluated().blocks();
};
/// How much memory this machine has for the program.
std::uint64_t room_bytes();
[[noreturn]] void refuse_to_gather(const std::string& array);
/// What is to be computed for an argument: an array gathered, anything else itself.
template <class A>
auto gathered(const A& target) {
  if constexpr (IsArray<A>) {
    if constexpr (requires { target.bytes(); }) {  // of a selection it is not known yet
      if (target.bytes() > room_bytes()) refuse_to_gather(target.text());
    }
    if constexpr (requires { target.gathered(room_bytes()); }) {  // a table, which may not know it yet either
      return target.gathered(room_bytes());
    } else {
      return target.gathered();
    }
  } else {
    return target;
  }
}

/// What the error says: what() of a std::exception, else a text that says that it is none.
std::string message_of(const std::exception_ptr& error);

/// The task of to_local, which puts a result on its rank: by value, so that the last use moves.
template <class T>
T passed_on(T value) {
  return value;
}

}  // namespace detail

/// A range over persisted results in the order in which they appear; see Session::as_completed. It holds the
/// handles, so none of the results is freed while it exists. It belongs to the session's thread, and must not
/// outlive the session.
template <class T>
class Completions {
 public:
  /// A result that is there, or has failed or was cancelled, which `compute` or `wait` of the handle tell.
  struct Completed {
    std::size_t index;  ///< among those given to `as_completed`, followed by those added
    Delayed<T> handle;
  };
  /// A single pass. To begin or advance it waits, without a limit, until one more of the results is there;
  /// with one thread a rank, tasks run meanwhile. It refers to its range.
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

  /// For Ramal's own use: Session::as_completed makes it.
  Completions(std::vector<Delayed<T>> handles, std::unique_ptr<detail::Watch> watch)
      : handles_(std::move(handles)), watch_(std::move(watch)) {}
  /// A single pass: begin once. Waits for the first result.
  iterator begin() { return iterator(this); }
  /// Reached when each handle has been given once.
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

/// What became of several results; see Session::compute_each. For each result that was asked for, either its
/// value is there or its index is in `failed`, never both.
template <class T>
struct Outcomes {
  struct Failed {
    std::size_t index;         ///< among those asked for
    /// A TaskError or a CancelledError, or what copying or moving the result threw.
    std::exception_ptr error;
    std::string message;       ///< its what()
  };
  std::vector<std::optional<detail::Stored<T>>> values;  ///< in the order asked for; empty where it failed
  std::vector<Failed> failed;                            ///< the lowest index first

  /// Throws the error of the first that failed, that with the lowest index; does nothing if none has.
  void check() const {
    if (!failed.empty()) std::rethrow_exception(failed.front().error);
  }
};

/// What the program asks for work. It exists while the program runs, on rank 0 alone, and can neither be
/// copied nor moved. What it keeps is freed when it ends: handles may outlive it, but those that it persisted
/// can only be dropped then.
///
///   const double mean = session.compute(total);              // plan, run, wait, and the value
///   session.persist(fields);                                 // start, and go on
///   const auto [low, high] = session.compute(ramal::reduce<least>(fields), ramal::reduce<most>(fields));
class Session {
 public:
  /// For Ramal's own use: `run` makes the session that it gives to the program.
  explicit Session(detail::Engine& engine) : engine_(engine) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Runs what the targets need and returns their values, in the shape given: a Delayed<T> gives a T,
  /// a vector, array, tuple, pair, optional or map of handles the same of values; several targets a
  /// tuple. Work that targets share is done once. Nothing is kept but what is persisted.
  /// Throws TaskError if a task threw (of several, the first in the plan's order), CancelledError, or
  /// std::invalid_argument for a handle that another session persisted. Other work is done all the
  /// same, and the session stays usable.
  ///
  ///   const double mean = session.compute(total / 128.0);
  ///   const auto [low, high] = session.compute(std::pair{lowest, highest});
  ///   const std::map<std::string, double> means = session.compute(means_by_name);     // a map of handles
  ///
  /// A Delayed<void> alone gives nothing, and a Void among others. An empty container gives an empty one, and
  /// runs nothing. Each value is sent to rank 0 once, however often it was asked for, unless it was made
  /// there. A result that is kept, or asked for twice, is copied into what is returned; all others are moved.
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
  /// The same for several targets, as one graph: a std::tuple of what each would give.
  template <class First, class Second, class... Rest>
    requires(detail::is_lazy<First>&& detail::is_lazy<Second> && (detail::is_lazy<Rest> && ...))
  auto compute(const First& first, const Second& second, const Rest&... rest) {
    return compute(std::tuple<First, Second, Rest...>(first, second, rest...));
  }

  /// An array in one block, or as a number if it has no axes, as `a.sum()` has none. All of it goes to rank
  /// 0: throws std::length_error, before anything runs, if that has not as much memory.
  template <class A>
    requires detail::IsArray<A>
  auto compute(const A& array) { return compute(detail::gathered(array)); }
  /// Arrays among other targets.
  ///
  ///   const auto [low, high] = session.compute(field.min(), field.max());
  template <class First, class Second, class... Rest>
    requires(detail::IsArray<First> || detail::IsArray<Second> || (detail::IsArray<Rest> || ...))
  auto compute(const First& first, const Second& second, const Rest&... rest) {
    return compute(detail::gathered(first), detail::gathered(second), detail::gathered(rest)...);
  }

  /// All members, in the order of their places, as a std::vector. O(members) on rank 0, where they go; what
  /// is made of a family is better reduced or persisted where it is. Throws as `compute` of handles.
  template <class T>
  auto compute(const Family<T>& family) {
    return compute(family.members());
  }

  /// The values of those that worked, and the errors of those that did not: a failure is nobody's but of
  /// what needs it. Otherwise as `compute`, also in what it throws but for failed tasks:
  ///
  ///   const auto outcomes = session.compute_each(handles);
  ///   for (const auto& failed : outcomes.failed) std::cerr << failed.message << '\n';
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
  /// The same for all members of a family; the index is the number of a place. O(members) on rank 0.
  template <class T>
  Outcomes<T> compute_each(const Family<T>& family) {
    return compute_each(family.members());
  }

  /// Runs all members of these families, or of vectors of families, for what they do, and keeps nothing.
  /// Throws as `compute` if one of them failed, by itself or for what it reads; a failure that none of them
  /// reads is nobody's. Of a family of handles (`as_family`) the handles are kept, as by `persist`.
  ///
  ///   session.run(ramal::map<write_image>(fields), ramal::map<write_log>(fields));   // fields: made once
  ///
  /// A family that is persisted already is waited for, not made again. Each rank says once that it is done:
  /// the messages to rank 0 do not depend on the families' sizes.
  template <class... F>
    requires(sizeof...(F) > 0)
  void run(const F&... families) {
    const Asked asked = asked_of(families...);
    engine("session.run").persist(asked.handles);
    if (!asked.families.empty()) engine_.run(asked.families);
    wait_and_check(asked.handles);
  }
  /// The same, but returns at once, and keeps all members where they are made until the last handle to the
  /// family is gone. Members, and what is made of the family later, use what is kept. Costs rank 0 nothing
  /// for each member.
  template <class... T>
    requires(sizeof...(T) > 0)
  void persist(const Family<T>&... families) {
    const Asked asked = asked_of(families...);
    engine("session.persist").persist(asked.handles);
    engine_.persist(asked.families);
  }
  /// The same of an array's blocks: what it returns has them, and is to be used from here on.
  ///
  ///   const auto field = session.persist(sqrt(a * a + b * b));
  template <class A>
    requires detail::IsArray<A>
  auto persist(const A& array) {
    auto made = array.evaluated();
    persist(made.blocks());
    return made;
  }
  /// Whether all members of these persisted families exist or have failed; a family that was cancelled counts
  /// as there. Moves messages, but does not wait. A family of handles is persisted if they are. Throws
  /// std::invalid_argument if one is not persisted.
  template <class... T>
    requires(sizeof...(T) > 0)
  bool ready(const Family<T>&... families) {
    return wait_until(engine("session.ready"), asked_of(families...), 0);
  }
  /// Waits for all members of persisted families, without a limit. Throws as `run` if one has failed,
  /// CancelledError if one was cancelled, and std::invalid_argument if one is not persisted.
  template <class... T>
    requires(sizeof...(T) > 0)
  void wait(const Family<T>&... families) {
    const Asked asked = asked_of(families...);
    wait_until(engine("session.wait"), asked, -1);
    check(asked);
  }
  /// The same, for at most so long, in seconds or any other duration. False if time ran out first; nothing is
  /// thrown then for members that have failed by now. A time of 0 or less only looks, as `ready` does.
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
  ///
  /// What is persisted already, or is a `value`, is left alone. What the targets need is made and freed, but
  /// not kept: persist it too if later graphs use it. A kept task lets go of its inputs once it is there, so
  /// a loop that persists each step and drops the handle to the one before frees what is behind it.
  ///
  ///   for (int step = 0; step < 1000; ++step) { field = delayed<advance>(field); session.persist(field); }
  template <class... Targets>
    requires(sizeof...(Targets) > 0 && (detail::is_lazy<Targets> && ...))
  void persist(const Targets&... targets) { engine("session.persist").persist(tasks_of(targets...)); }

  /// Whether all these persisted results exist or have failed; a cancelled one counts as there, since to
  /// wait for it throws at once. Moves messages, and in a rank with one thread may run tasks, but does not
  /// wait. Throws std::invalid_argument if one was never persisted.
  template <class... Targets>
    requires(sizeof...(Targets) > 0 && (detail::is_lazy<Targets> && ...))
  bool ready(const Targets&... targets) { return engine("session.ready").wait(tasks_of(targets...), 0); }
  /// Waits for persisted results; throws as compute would if one failed or was cancelled, and
  /// std::invalid_argument if one was never persisted.
  template <class... Targets>
    requires(sizeof...(Targets) > 0 && (detail::is_lazy<Targets> && ...))
  void wait(const Targets&... targets) { wait_and_check(tasks_of(targets...)); }
  /// The same, for at most so long. False if time ran out first; nothing is thrown then for results that have
  /// failed by now. A time of 0 or less only looks. With one thread a rank it may take longer by the tasks
  /// that rank 0 is in when time runs out.
  ///
  ///   while (!session.wait_for(result, std::chrono::milliseconds(100))) draw_progress();
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
  /// not persisted. The order may differ from run to run; the index
  /// does not.
  template <class T>
  Completions<T> as_completed(std::vector<Delayed<T>> handles) {
    auto watch = engine("session.as_completed").watch(tasks_of(handles));
    return Completions<T>(std::move(handles), std::move(watch));
  }
  /// The same of a family's members, each of which is persisted by itself, O(members); the index is the
  /// number of its place. Members of a family that is persisted as a whole are there when all are.
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
  ///
  ///   session.persist(coarse, fine);
  ///   if (is_good_enough(session.compute(coarse))) session.cancel(fine);
  ///
  /// Results that are there already stay. Collective tasks of the runs under way are never given up, since
  /// other ranks may wait in them. Throws std::invalid_argument if one was never persisted. Returns at once:
  /// O(tasks of the runs that make the targets), and at most one message a rank for each of these runs.
  template <class... Targets>
    requires(sizeof...(Targets) > 0 && (detail::is_lazy<Targets> && ...))
  void cancel(const Targets&... targets) { engine("session.cancel").cancel(tasks_of(targets...)); }

  /// The same for persisted families: members that have not begun are not made. A family of which all members
  /// are there stays.
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
  ///
  ///   try {
  ///     session.wait(results);
  ///   } catch (const ramal::TaskError&) {      // a file was not there yet, say
  ///     session.retry(results);
  ///     session.wait(results);
  ///   }
  ///
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

  /// Runs f(args…) once on every rank, now, and returns the results by rank: for globals, open files, plans
  /// of libraries. The args are values or handles, as for `delayed<f>`. Waits for all ranks; a rank with one
  /// thread runs it when it is between tasks. On a rank with several threads it runs in one of them. Throws
  /// as `compute`, when it has ended on all ranks.
  ///
  ///   session.on_every_rank<set_parameters>(parameters);   // a void f gives nothing, any other a vector
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
  /// std::invalid_argument, naming the rank, if one has none or one of another type. Sends nothing: rank 0
  /// knows since the start which locals there are. The values stay where they are, and live as long as the
  /// session. See Locals in <ramal/locals.hpp>.
  ///
  ///   auto fields = session.from_local<Field>("field");        // fields[k] lies on rank k
  template <class T>
  std::vector<Delayed<T>> from_local(const std::string& name) {
    std::vector<Delayed<T>> handles;
    for (auto& task : engine("session.from_local").from_local(name, detail::given_kind<T>))
      handles.emplace_back(std::move(task));
    return handles;
  }
  /// Computes these, one per rank, and leaves the k-th on rank k for its Locals after the run. A result that
  /// is not persisted and not used elsewhere is moved there, not copied. Waits for them. Throws as compute,
  /// and std::invalid_argument if there are not as many as ranks. What was there under that name is replaced.
  ///
  ///   session.to_local("field", ramal::map<smooth>(fields));
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
  /// answers between its tasks. One message to each rank and one back.
  ///
  ///   for (const auto& rank : session.info()) std::cout << rank.host << ": " << rank.tasks_run << '\n';
  std::vector<RankInfo> info() { return engine("session.info").info(); }
  /// How many ranks there are; 1 with RAMAL_SCHEDULER=serial.
  int ranks() const { return engine_.ranks(); }

  /// Moves messages, and in a rank with one thread runs a few tasks. For programs that do work of their own
  /// while persisted results are under way; not needed with RAMAL_PROGRESS=thread.
  ///
  ///   for (Piece& piece : own_work) { work_on(piece); session.progress(); }
  void progress() { engine("session.progress").progress(); }

 private:
  /// What families are made of: a family of handles is these.
  struct Asked {
    std::vector<std::shared_ptr<const detail::FamilyNode>> families;
    std::vector<const detail::Task*> handles;
  };
  /// Gathers what was given; families without members need nothing.
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
  /// Waits for the handles first, then for the families in what is left of the time; a negative
  /// time has no end.
  static bool wait_until(detail::Engine& engine, const Asked& asked, double seconds) {
    const auto start = std::chrono::steady_clock::now();
    if (!engine.wait(asked.handles, seconds)) return false;
    const std::chrono::duration<double> gone = std::chrono::steady_clock::now() - start;
    return engine.wait(asked.families, seconds <= 0 ? seconds : std::max(0.0, seconds - gone.count()));
  }
  /// Throws for the first of them that has failed or was cancelled.
  void check(const Asked& asked) {
    engine_.check(asked.handles);
    engine_.check(asked.families);
  }
  /// Waits without a limit, then throws as `check`.
  void wait_and_check(const std::vector<const detail::Task*>& tasks) {
    engine("session.wait").wait(tasks, -1);
    engine_.check(tasks);
  }

  /// Every task named in the targets, in the order in which `rebuild` takes their values. O(handles).
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
