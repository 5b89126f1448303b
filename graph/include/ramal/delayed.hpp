// SPDX-License-Identifier: BSD-3-Clause
// Delayed<T>: a handle to a result that does not exist yet. delayed<f>: call f later.
//
//   auto x = delayed<inc>(1);       // a task; nothing runs
//   auto y = delayed<add>(x, 2);    // reads x's result, wherever that will be made
//   long three_more = session.compute(y);
//
// What may be given for a parameter, and what the function then sees:
//
//   parameter                     arguments                        the function sees
//   T                             a value, a Delayed<T>            its own T, moved in at the last use
//   const T&                      the same                         the stored value, not copied
//   Inputs<T>                     a vector or array of Delayed<T>  a range of const T&, not copied
//   vector, array, pair, tuple,   the same of handles, or of       the container, with values in place of
//   optional, map                 handles and values, nested       handles
//
// A value or handle of another type is given if it converts to T. A parameter cannot be a reference that is
// not const, a pointer or a view, nor a handle: what a task changes it returns, and its graph is complete
// before it runs. A result is returned by value, can be copied and encoded, and is no handle. All of this is
// checked when the program is compiled, with one line that says what is wrong.
//
//   double total(ramal::Inputs<double> parts);
//   auto sum = delayed<total>(parts);                          // parts: a std::vector<Delayed<double>>
//   auto named = delayed<label>(std::pair{x, "length"});       // label(std::pair<long, std::string>)
//
// Making a task costs about 25 ns and touches nothing but its own memory: there is no graph object and no
// lock. So tasks may be made in any thread, also where no session is. A task lives as long as a handle or a
// task that reads it. One with two handles as arguments takes 56 bytes; literals take the bytes of their
// encoding beside that. The last handle frees a graph of any depth without recursion.
//
// A literal is encoded at the call, by its Codec, in each task anew. What is large, or used by many tasks, is
// better a `value`: that is sent at most once to each rank that needs it.
#pragma once

#include <ramal/detail/arguments.hpp>
#include <ramal/detail/function.hpp>
#include <ramal/operators.hpp>

#include <cmath>

namespace ramal {

/// Names the future result of one task. Copying a handle copies a pointer; all copies mean the same
/// task. A handle may be copied and dropped in any thread. It is worth a T only after
/// `session.compute(handle)`. A moved-from handle names nothing, and whatever it is given to throws
/// std::invalid_argument.
///
/// Operators on handles make tasks, too: see <ramal/operators.hpp>. The three members below exist to say in
/// one line why a handle cannot be tested or iterated over.
template <class T>
class Delayed : detail::Operators<T> {
 public:
  /// The type that the task returns; void for a task that only does something.
  using value_type = T;

  /// For Ramal's own use: takes over one count of the task.
  explicit Delayed(detail::TaskHandle task) : task_(std::move(task)) {}

  /// Does not compile: a handle has no value yet that could decide an `if`.
  template <class U = T>
  explicit operator bool() const {
    static_assert(detail::never<U>,
                  "ramal: a Delayed has no value yet, so it cannot decide an if; compute() it first, or "
                  "make the decision inside a task");
    return false;
  }
  /// Does not compile: a handle has no elements yet.
  template <class U = T>
  U* begin() const {
    static_assert(detail::never<U>,
                  "ramal: a Delayed has no elements yet, so it cannot be iterated; compute() it first, or "
                  "iterate inside a task");
    return nullptr;
  }
  /// Does not compile, for the same reason.
  template <class U = T>
  U* end() const {
    return begin<U>();
  }

  /// For Ramal's own use.
  const detail::TaskHandle& task_handle() const { return task_; }

 private:
  detail::TaskHandle task_;
};

/// True if both handles name the result of the same call. Says nothing of values: two equal calls are two
/// tasks, and so are two handles to one member of a family. `a == b` is a task that compares the values. True
/// for two handles that were moved from. O(1).
template <class T, class U>
bool same_task(const Delayed<T>& a, const Delayed<U>& b) {
  return a.task_handle().get() == b.task_handle().get();
}

namespace detail {

/// Says in one line what is wrong with a function's result as that of a task, if anything is. Each condition
/// leaves out what those before it refuse, so that there is one message.
template <class R>
constexpr void check_result() {
  static_assert(!is_delayed<R>,
                "ramal: a task must not return a Delayed: its graph is complete before it runs; call "
                "delayed<...> outside of tasks and pass the handle as an argument");
  static_assert(is_delayed<R> || !std::is_reference_v<R>,
                "ramal: a task must return by value: what a reference refers to stays on one rank");
  static_assert(is_delayed<R> || std::is_reference_v<R> || std::is_void_v<R> ||
                    std::copy_constructible<std::remove_cv_t<R>>,
                "ramal: a task's result must be copyable: several tasks may take it by value");
  static_assert(is_delayed<R> || std::is_reference_v<R> || std::is_void_v<R> ||
                    !HoldsNoAddress<std::remove_cv_t<R>>::value || Encodable<std::remove_cv_t<R>>,
                "ramal: this function's result cannot be encoded, so it cannot travel to another rank; give "
                "its class a serialize() function or specialise ramal::Codec");
}

/// A call with another number of arguments (a source location may follow them).
template <std::size_t parameters, class... A>
constexpr bool is_wrong_count() {
  if constexpr (sizeof...(A) == parameters + 1) {
    return !std::same_as<std::tuple_element_t<parameters, std::tuple<A...>>, std::source_location>;
  } else {
    return sizeof...(A) != parameters;
  }
}

/// Catches calls with a wrong number of arguments, and says so in place of a list of candidates.
template <class R, std::size_t parameters>
struct CountedCall {
  template <class... A>
    requires(is_wrong_count<parameters, A...>())
  Delayed<R>
  operator()(const A&...) const {
    static_assert(never<std::tuple<A...>>,
                  "ramal: a function was called with too few or too many arguments; expected one for each of "
                  "its parameters");
    return Delayed<R>(TaskHandle());
  }
};

/// Holds where check_result and check_parameter find nothing to say. Where it does not, nothing else of the
/// call is compiled, so that theirs are the only messages.
template <class R, class... P>
inline constexpr bool is_task = (std::is_void_v<R> || (Encodable<std::remove_cv_t<R>> &&
                                                       std::copy_constructible<std::remove_cv_t<R>>)) &&
                                !is_delayed<R> && (is_parameter<P> && ...);

/// What `delayed<f>` is: a constant, stateless object. To copy it costs nothing, and it may be called in any
/// thread.
template <auto f, class Signature = SignatureOf<decltype(f)>>
class DelayedFunction;

/// Declared here, since `annotate` returns it.
template <auto f, class R, class... P>
class AnnotatedFunction;

template <auto f, class R, class... P>
class DelayedFunction<f, Signature<R, P...>> : CountedCall<R, sizeof...(P)> {
 public:
  /// What f returns, for code that is given a `delayed<f>`.
  using result_type = R;
  using CountedCall<R, sizeof...(P)>::operator();

  constexpr DelayedFunction() {
    check_result<R>();
    (check_parameter<P>(), ...);
  }

  /// A new task that will call f with these arguments: for each parameter a value, a Delayed, or a
  /// container or tuple of them. Values are encoded now, so later changes to them are not seen. A handle of
  /// another type that converts to the parameter's makes a small task that converts. `where` is the caller's
  /// line, for messages. Time and memory are proportional to the number of handles and the bytes of values.
  ///
  /// Throws std::invalid_argument for a moved-from handle, for literals of 2 GiB or more, and for a value
  /// that holds an address of this process; and what a value's own serialize() throws.
  Delayed<R> operator()(Arg<P>... args, std::source_location where = std::source_location::current()) const {
    if constexpr (is_task<R, P...>) {
      return Delayed<R>(make_task(kind_of<f>, where, nullptr, NoPrefix{}, args...));
    } else {
      return Delayed<R>(TaskHandle());
    }
  }

  /// The same function with wishes attached: `delayed<f>.annotate({.name = "load", .cost = 5})(x)`. Throws
  /// std::invalid_argument if the cost is not positive and finite, the rank is below -1, or there is less
  /// than one thread. Whether a rank or host is there is known only to a session: compute and persist throw
  /// std::invalid_argument if it is not.
  AnnotatedFunction<f, R, P...> annotate(Annotation wishes) const {
    return AnnotatedFunction<f, R, P...>(std::move(wishes));
  }
};

/// What `delayed<f>.annotate(wishes)` returns. All tasks made by one such object share its wishes, so make it
/// once for many calls:
///
///   const auto load = delayed<read_file>.annotate({.name = "load", .cost = 5});
///   for (const std::string& name : names) files.push_back(load(name));
///
/// It holds the wishes by a shared pointer; tasks made by it, and copies of it, hold them too.
template <auto f, class R, class... P>
class AnnotatedFunction : CountedCall<R, sizeof...(P)> {
 public:
  using CountedCall<R, sizeof...(P)>::operator();
  /// Throws std::invalid_argument as DelayedFunction::annotate.
  explicit AnnotatedFunction(Annotation wishes)
      : wishes_(std::make_shared<const Annotation>(checked(std::move(wishes)))) {}
  /// A new task with these wishes; see DelayedFunction.
  Delayed<R> operator()(Arg<P>... args, std::source_location where = std::source_location::current()) const {
    if constexpr (is_task<R, P...>) {
      return Delayed<R>(make_task(kind_of<f>, where, wishes_, NoPrefix{}, args...));
    } else {
      return Delayed<R>(TaskHandle());
    }
  }

 private:
  std::shared_ptr<const Annotation> wishes_;
};

/// What `delay(closure)` returns: a function object with state, called like `delayed<f>`. Each task gets a
/// copy of the state as it was given to `delay`, encoded ahead of its arguments. A task that changes the
/// state changes its own copy.
template <class F, class Signature = SignatureOf<F>>
class DelayedClosure;

template <class F, class R, class... P>
class DelayedClosure<F, Signature<R, P...>> : CountedCall<R, sizeof...(P)> {
 public:
  /// What the object returns when it is called.
  using result_type = R;
  using CountedCall<R, sizeof...(P)>::operator();

  /// Copies the object. Null wishes are none.
  explicit DelayedClosure(const F& function, std::shared_ptr<const Annotation> wishes = nullptr)
      : function_(function), wishes_(std::move(wishes)) {
    check_result<R>();
    (check_parameter<P>(), ...);
  }
  /// A new task that will call a copy of the object; see DelayedFunction.
  Delayed<R> operator()(Arg<P>... args, std::source_location where = std::source_location::current()) const {
    if constexpr (is_task<R, P...> && (std::is_trivially_copyable_v<F> || Encodable<F>)) {
      return Delayed<R>(make_task(closure_kind<F>, where, wishes_, Prefix<F>{function_}, args...));
    } else {
      return Delayed<R>(TaskHandle());
    }
  }
  /// The same object with these wishes in place of earlier ones. Throws as for `delayed<f>`.
  DelayedClosure annotate(Annotation wishes) const {
    return DelayedClosure(function_, std::make_shared<const Annotation>(checked(std::move(wishes))));
  }

 private:
  F function_;
  std::shared_ptr<const Annotation> wishes_;
};

}  // namespace detail

/// `delayed<f>(args…)` makes a task instead of calling f. f is a function, a captureless lambda, a
/// member function (its object is the first argument), a picked overload or an instantiated template.
///
/// Among f's parameters, `const T&` sees the stored value without a copy; `T` gets it moved in where this is
/// its last use, else a copy; `Inputs<T>` takes a range of handles. f runs on any rank, in any of its
/// threads. It runs anew for each `compute` that needs it, unless its result is persisted. What it throws
/// becomes a TaskError of whoever asks for the result. It cannot use a session.
///
///   auto sum = delayed<[](double a, double b) { return a + b; }>(x, 2.0);        // a captureless lambda
///   auto area = delayed<&Shape::area>(shape);                                   // a member function
///   auto root = delayed<static_cast<double (*)(double)>(&norm)>(area);         // one of several overloads
///
/// f should depend on nothing but its arguments and what all ranks have alike: it may run on any rank, and
/// again for a later graph. For random numbers see this_task() in <ramal/this_task.hpp>.
template <auto f>
inline constexpr detail::DelayedFunction<f> delayed{};

template <auto f, class... A>
auto detail::lift(std::source_location where, const A&... args) {
  return delayed<f>(args..., where);
}

/// `delay(function)(args…)` is the same for an object with state, such as a lambda that captures by value. It
/// must be trivially copyable and hold no pointers, or a named class with serialize(). The state is copied
/// into each task; give what is large as a `value` argument. Throws std::invalid_argument if its bytes hold
/// an address of this process (a capture by reference, `this`, a pointer, a view): that would mean nothing on
/// another rank.
///
///   const double scale = 0.5;
///   auto scaled = delay([scale](const Field& field) { return field * scale; })(field);
template <class F>
auto delay(F function, std::source_location where = std::source_location::current()) {
  static_assert(std::is_trivially_copyable_v<F> || Encodable<F>,
                "ramal: this function object captures something that is not plain memory; pass it as an "
                "argument of the call, or use a named class with a serialize() function");
  if constexpr (std::is_trivially_copyable_v<F> && !std::is_empty_v<F>)
    detail::refuse_addresses_in(function, "the function object given to delay", where);
  return detail::DelayedClosure<F>(function);
}

/// A handle to a value to be used by many tasks: stored once, sent at most once to each rank that needs it,
/// which keeps it until the last handle is gone. An rvalue is moved in, anything else copied. It exists at
/// once, so it needs no persist. Throws std::invalid_argument if it is plain memory, or an array of that, and
/// holds an address of this process.
///
///   auto table = ramal::value(read_table("table.txt"));      // on rank 0, once
///   auto results = ramal::map<look_up>(keys, table);         // look_up(key, const Table&)
///
/// Nothing runs for it, and its size has no limit, unlike that of literals. A parameter `const T&` sees it
/// where it is stored; one by value gets a copy, since it stays.
template <class T>
Delayed<std::decay_t<T>> value(T&& object, std::source_location where = std::source_location::current()) {
  using Plain = std::decay_t<T>;
  static_assert(!detail::HoldsNoAddress<Plain>::value || Encodable<Plain>,
                "ramal: this value cannot be encoded, so it cannot travel to another rank");
  if constexpr (Encodable<Plain>) {
    if constexpr (detail::is_looked_at<Plain> && detail::MemoryCodec<Plain>) {
      detail::refuse_addresses_in(object, "a value of type ", where, detail::type_name<Plain>);
    } else if constexpr (Contiguous<Plain>) {
      Writer count;  // some of its elements are looked at
      Codec<Plain>::write(count, object);
    }
    return Delayed<Plain>(detail::TaskHandle(detail::Task::make(
        detail::given_kind<Plain>, where, {}, nullptr, Value::make<Plain>(std::forward<T>(object)))));
  } else {
    return Delayed<Plain>(detail::TaskHandle());
  }
}

namespace detail {

/// The task that a Delayed<int> for a parameter of type long becomes. One is made for each such argument of
/// each call.
template <class To, class From>
To convert(const From& value) {
  return static_cast<To>(value);
}
template <class To, class From>
TaskHandle converted(const Delayed<From>& handle) {
  return delayed<&convert<To, From>>(handle).task_handle();
}

/// The task of `get`.
template <std::size_t i, class T>
std::tuple_element_t<i, T> item(const T& tuple) {
  return std::get<i>(tuple);
}

}  // namespace detail

/// `auto [q, r] = delayed<divide>(7, 3)`, or `get<0>(handle)`: an element of a tuple, pair or array, which is
/// a small task of its own that copies the element out. Each call makes another task; a structured binding
/// makes one for each name. Throws std::invalid_argument if the handle was moved from.
template <std::size_t i, class T>
auto get(const Delayed<T>& tuple, std::source_location where = std::source_location::current()) {
  return delayed<&detail::item<i, T>>(tuple, where);
}

}  // namespace ramal

/// These two make structured bindings of a Delayed<std::tuple<…>> work, by `get` above.
template <class T>
  requires requires { std::tuple_size<T>::value; }
struct std::tuple_size<ramal::Delayed<T>> : std::tuple_size<T> {};
template <std::size_t i, class T>
struct std::tuple_element<i, ramal::Delayed<T>> {
  using type = ramal::Delayed<std::tuple_element_t<i, T>>;
};

/// Handles as keys of unordered containers: equal where same_task says so. The hash is that of an address, so
/// it, and the order of such a container, differ from run to run.
template <class T>
struct std::hash<ramal::Delayed<T>> {
  std::size_t operator()(const ramal::Delayed<T>& handle) const noexcept {
    return std::hash<const void*>()(handle.task_handle().get());
  }
};
/// Takes the place of `==`, which would make a task.
template <class T>
struct std::equal_to<ramal::Delayed<T>> {
  bool operator()(const ramal::Delayed<T>& a, const ramal::Delayed<T>& b) const noexcept {
    return ramal::same_task(a, b);
  }
};
