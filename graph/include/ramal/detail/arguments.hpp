// SPDX-License-Identifier: BSD-3-Clause
// Arguments: from what a user writes at a call, into a task, and back out where the task runs.
//
// A task whose arguments are all single handles stores nothing but its inputs. Any other stores, per
// parameter, one tag and what follows from it. What is ahead of the arguments is known by the task's kind:
// the state of a closure, or the place of a family's member, whose arguments have tags if one of them is an
// Inputs.
//
//   argument := 'literal' codec-bytes | 'input' | 'parts' parts | 'inputs' count
//   parts    := count argument*            (vector, Inputs)
//             | argument*                  (array, pair, tuple)
//             | present argument?          (optional)
//             | count (codec-bytes argument)*   (map: key, value)
//
// 'input' takes the task's next input, 'inputs' as many as it says (Inputs given a range of handles alone).
// Inputs stand in the order of the parameters.
#pragma once

#include <ramal/detail/inputs.hpp>
#include <ramal/detail/task.hpp>

#include <limits>
#include <stdexcept>

namespace ramal {

template <class T>
class Delayed;

namespace detail {

template <class>
inline constexpr bool never = false;
template <class T>
inline constexpr bool is_delayed = false;
template <class T>
inline constexpr bool is_delayed<Delayed<T>> = true;

/// How a result type sits in a Value.
template <class R>
using Stored = std::conditional_t<std::is_void_v<R>, Void, std::remove_cv_t<R>>;

// --- which argument types hold handles ----------------------------------------------------------
template <class S>
inline constexpr bool is_lazy = is_delayed<S>;
template <class S, class A>
inline constexpr bool is_lazy<std::vector<S, A>> = is_lazy<S>;
template <class S, std::size_t n>
inline constexpr bool is_lazy<std::array<S, n>> = is_lazy<S>;
template <class S>
inline constexpr bool is_lazy<std::optional<S>> = is_lazy<S>;
template <class A, class B>
inline constexpr bool is_lazy<std::pair<A, B>> = is_lazy<A> || is_lazy<B>;
template <class... S>
inline constexpr bool is_lazy<std::tuple<S...>> = (is_lazy<S> || ...);
template <class K, class S, class C, class A>
inline constexpr bool is_lazy<std::map<K, S, C, A>> = is_lazy<S>;

// --- which argument types fit a parameter of type T ----------------------------------------------
template <class T, class S>
constexpr bool fits();

template <class T, class S>
inline constexpr bool parts_fit = false;
template <class T, class A, class S, class B>
inline constexpr bool parts_fit<std::vector<T, A>, std::vector<S, B>> = fits<T, S>();
template <class T, class S, class B>
inline constexpr bool parts_fit<Inputs<T>, std::vector<S, B>> = fits<T, S>();
template <class T, class S, std::size_t n>
inline constexpr bool parts_fit<Inputs<T>, std::array<S, n>> = fits<T, S>();
template <class T, class S, std::size_t n>
inline constexpr bool parts_fit<std::array<T, n>, std::array<S, n>> = fits<T, S>();
template <class T, class S>
inline constexpr bool parts_fit<std::optional<T>, std::optional<S>> = fits<T, S>();
template <class T, class U, class S, class V>
inline constexpr bool parts_fit<std::pair<T, U>, std::pair<S, V>> = fits<T, S>() && fits<U, V>();
template <class... T, class... S>
  requires(sizeof...(T) == sizeof...(S))
inline constexpr bool parts_fit<std::tuple<T...>, std::tuple<S...>> = (fits<T, S>() && ...);
template <class K, class T, class C, class A, class S, class D, class B>
inline constexpr bool parts_fit<std::map<K, T, C, A>, std::map<K, S, D, B>> = fits<T, S>();

template <class T>
inline constexpr bool is_inputs = false;
template <class T>
inline constexpr bool is_inputs<Inputs<T>> = true;

template <class T, class S>
constexpr bool fits() {
  if constexpr (is_delayed<S>) {
    // Another type is converted by a task of its own.
    using From = Stored<typename S::value_type>;
    return (std::same_as<From, T> || std::convertible_to<const From&, T>)&&(
        !std::is_void_v<typename S::value_type> || std::same_as<T, Void>);
  } else if constexpr (is_lazy<S> || is_inputs<T>) {
    return parts_fit<T, S>;
  } else {
    return std::same_as<S, T> || std::convertible_to<const S&, T>;
  }
}

/// Passes on the task of a handle that a caller gave. Throws std::invalid_argument if it was moved from.
const Task* existing(const Task* task);

/// Several tasks may be given one value, so that a parameter by value may have to be a copy.
template <class P, class T = std::remove_cvref_t<P>>
inline constexpr bool can_be_passed =
    std::is_lvalue_reference_v<P> || is_inputs<T> || std::copy_constructible<T>;

/// What check_parameter below explains, as a condition: where it fails, nothing else is compiled.
template <class P, class T = std::remove_cvref_t<P>>
inline constexpr bool is_parameter = (!std::is_lvalue_reference_v<P> ||
                                      std::is_const_v<std::remove_reference_t<P>>)&&!is_delayed<T> &&
                                     !std::is_pointer_v<T> && !is_view<T> && can_be_passed<P> &&
                                     (is_inputs<T> || Encodable<T>);

enum class Tag : std::uint8_t { literal, input, parts, inputs };

/// Gathers a task's inputs and literal bytes; without memory it only counts and checks them.
class ArgWriter {
 public:
  ArgWriter(std::string_view function, std::source_location where) : function_(function), where_(where) {}
  ArgWriter(Task** inputs, std::byte* literals, std::size_t literal_bytes)
      : literals(literals, literal_bytes), inputs_(inputs) {}
  void input(const Task* task) {
    existing(task);
    if (inputs_ != nullptr) {
      task->retain();
      inputs_[count_] = const_cast<Task*>(task);
    }
    ++count_;
  }
  void tag(Tag tag) { literals.raw(tag); }
  std::size_t inputs() const { return count_; }
  bool counts_only() const { return inputs_ == nullptr; }
  /// Throws std::invalid_argument if the literal holds an address: a class that is encoded as it lies in
  /// memory may hide a pointer.
  template <class T>
  void check(const T& literal) const {
    if constexpr (is_looked_at<T> && MemoryCodec<T>) {
      if (counts_only()) refuse_addresses_in(literal, "an argument of ", where_, function_);
    }
  }

  Writer literals;

 private:
  Task** inputs_ = nullptr;
  std::size_t count_ = 0;
  std::string_view function_;  // for messages, while counting
  std::source_location where_;
};

/// True for a range of handles that an Inputs<T> sees as they are, without a conversion.
template <class T, class S>
inline constexpr bool are_inputs = false;
template <class T, class A>
inline constexpr bool are_inputs<Inputs<T>, std::vector<Delayed<T>, A>> = true;
template <class T, std::size_t n>
inline constexpr bool are_inputs<Inputs<T>, std::array<Delayed<T>, n>> = true;

template <class To, class From>
TaskHandle converted(const Delayed<From>& handle);

/// Writes one argument of type S for a parameter of type T.
template <class T, class S>
void append(ArgWriter& out, const S& argument) {
  if constexpr (is_delayed<S>) {
    out.tag(Tag::input);
    if constexpr (std::same_as<T, Stored<typename S::value_type>>) {
      out.input(argument.task_handle().get());
    } else if (out.counts_only()) {
      out.input(argument.task_handle().get());  // stands for the conversion made when filling
    } else {
      out.input(converted<T>(argument).get());
    }
  } else if constexpr (are_inputs<T, S>) {
    out.tag(Tag::inputs);
    out.literals.raw(static_cast<std::uint32_t>(argument.size()));
    for (const auto& handle : argument) out.input(handle.task_handle().get());
  } else if constexpr (!is_lazy<S> && !is_inputs<T>) {
    out.tag(Tag::literal);
    if constexpr (std::same_as<S, T>) {
      out.check(argument);
      Codec<T>::write(out.literals, argument);
    } else {
      const T converted = static_cast<T>(argument);
      out.check(converted);
      Codec<T>::write(out.literals, converted);
    }
  } else {
    out.tag(Tag::parts);
    append_parts(out, argument, static_cast<T*>(nullptr));
  }
}

template <class S, class T>
void append_range(ArgWriter& out, const S& argument) {
  out.literals.raw(static_cast<std::uint64_t>(argument.size()));
  for (const auto& element : argument) append<T>(out, element);
}
template <class S, class T, class A>
void append_parts(ArgWriter& out, const S& argument, std::vector<T, A>*) {
  append_range<S, T>(out, argument);
}
template <class S, class T>
void append_parts(ArgWriter& out, const S& argument, Inputs<T>*) {
  append_range<S, T>(out, argument);
}
template <class S, class T, std::size_t n>
void append_parts(ArgWriter& out, const S& argument, std::array<T, n>*) {
  for (const auto& element : argument) append<T>(out, element);
}
template <class S, class T>
void append_parts(ArgWriter& out, const S& argument, std::optional<T>*) {
  out.literals.raw(static_cast<std::uint8_t>(argument.has_value()));
  if (argument) append<T>(out, *argument);
}
template <class S, class T, class U>
void append_parts(ArgWriter& out, const S& argument, std::pair<T, U>*) {
  append<T>(out, argument.first);
  append<U>(out, argument.second);
}
template <class S, class... T>
void append_parts(ArgWriter& out, const S& argument, std::tuple<T...>*) {
  std::apply([&](const auto&... part) { (append<T>(out, part), ...); }, argument);
}
template <class S, class K, class T, class C, class A>
void append_parts(ArgWriter& out, const S& argument, std::map<K, T, C, A>*) {
  out.literals.raw(static_cast<std::uint64_t>(argument.size()));
  for (const auto& [key, element] : argument) {
    Codec<K>::write(out.literals, key);
    append<T>(out, element);
  }
}

}  // namespace detail

/// One argument of a call, for a parameter declared as P. Only refers to what it was made from, so it
/// lives no longer than the call.
template <class P>
class Arg {
 public:
  using T = std::remove_cvref_t<P>;

  template <class S>
  Arg(const S& argument) {  // NOLINT: implicit, it is how arguments are passed
    if constexpr (!detail::is_parameter<P>) {
      // The function itself is refused.
    } else if constexpr (detail::is_delayed<S>) {
      take_handle(argument);
    } else if constexpr (detail::fits<T, S>()) {
      object_ = &argument;
      append_ = [](detail::ArgWriter& out, const void* object) {
        detail::append<T>(out, *static_cast<const S*>(object));
      };
    } else {
      static_assert(detail::never<S>,
                    "ramal: this argument does not fit its parameter: expected a value of the parameter's "
                    "type, a Delayed "
                    "of it, or a container of Delayed where the parameter is a container");
    }
  }
  /// String literals and other arrays: by their decayed form.
  template <class C, std::size_t n>
  Arg(const C (&argument)[n]) : object_(&argument) {  // NOLINT
    constexpr bool convertible = std::convertible_to<const C*, T>;
    static_assert(convertible || !detail::is_parameter<P>,
                  "ramal: an array was given for a parameter of another type");
    if constexpr (convertible && detail::is_parameter<P>) {
      append_ = [](detail::ArgWriter& out, const void* object) {
        out.tag(detail::Tag::literal);
        Codec<T>::write(out.literals, T(static_cast<const C*>(object)));
      };
    }
  }

  const detail::Task* task() const { return task_; }
  bool single_handle() const { return append_ == nullptr; }
  void append(detail::ArgWriter& out) const {
    if (append_ != nullptr) {
      append_(out, object_);
    } else {
      out.tag(detail::Tag::input);
      out.input(task_);
    }
  }
  void append_handle(detail::ArgWriter& out) const { out.input(task_); }

 private:
  template <class S>
  void take_handle(const S& handle) {
    constexpr bool fits = detail::fits<T, S>();
    static_assert(
        fits,
        "ramal: a Delayed of another type was given for this parameter, and its value would not convert");
    if constexpr (std::same_as<T, detail::Stored<typename S::value_type>>) {
      task_ = handle.task_handle().get();
    } else if constexpr (fits) {
      detail::existing(handle.task_handle().get());
      owned_ = detail::converted<T>(handle);
      task_ = owned_.get();
    }
  }

  const void* object_ = nullptr;
  void (*append_)(detail::ArgWriter&, const void*) = nullptr;
  const detail::Task* task_ = nullptr;
  detail::TaskHandle owned_;
};

namespace detail {

template <class P>
constexpr void check_parameter() {
  using T = std::remove_cvref_t<P>;
  static_assert(
      !std::is_lvalue_reference_v<P> || std::is_const_v<std::remove_reference_t<P>>,
      "ramal: a task's parameter must not be a non-const reference T&: take it by value (it is moved "
      "on last use) or by const reference, and return what changed");
  static_assert(!is_delayed<T>,
                "ramal: a task's parameter must not be a Delayed: take the value, pass the handle");
  static_assert(
      !std::is_pointer_v<T> && !is_view<T>,
      "ramal: a task's parameter must not be a pointer, span or string_view: what it points to stays on "
      "one rank; take a string, a vector or another value");
  static_assert(
      is_delayed<T> || can_be_passed<P>,
      "ramal: a task's parameter by value must be copyable: several tasks may be given one value; take it by "
      "const reference");
  static_assert(
      std::is_pointer_v<T> || is_view<T> || is_delayed<T> || is_inputs<T> || !HoldsNoAddress<T>::value ||
          Encodable<T>,
      "ramal: this parameter's type cannot be encoded, so it cannot travel to another rank; give its "
      "class a serialize() function or specialise ramal::Codec");
}

/// Writes the state of a closure, ahead of a task's arguments.
template <class F>
struct Prefix {
  const F& function;
  void append(ArgWriter& out) const {
    if constexpr (!std::is_trivially_copyable_v<F>) {
      Codec<F>::write(out.literals, function);
    } else if constexpr (!std::is_empty_v<F>) {
      out.literals.raw(function);
    }
  }
};
struct NoPrefix {
  void append(ArgWriter&) const {}
};

template <class PrefixType, class... A>
TaskHandle make_task(const Kind& kind, std::source_location where,
                     const std::shared_ptr<const Annotation>& wishes, const PrefixType& prefix,
                     const A&... args) {
  const bool plain = std::same_as<PrefixType, NoPrefix> && (args.single_handle() && ...);
  const auto append = [&](ArgWriter& out) {
    if (plain) {
      (args.append_handle(out), ...);
    } else {
      prefix.append(out);
      (args.append(out), ...);
    }
  };
  Task::Shape shape{sizeof...(A), 0};
  if (!plain) {
    ArgWriter count(kind.name, where);
    append(count);
    shape = {count.inputs(), count.literals.size()};
    constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();
    if (shape.literal_bytes > most || shape.inputs > most) {
      throw std::invalid_argument("ramal: the arguments of " + std::string(kind.name) + " take " +
                                  std::to_string(shape.literal_bytes) +
                                  " bytes; pass a large value through ramal::value(x)");
    }
  } else {
    (existing(args.task()), ...);
  }
  Task* task = wishes ? Task::make(kind, where, shape, wishes, Value()) : Task::make(kind, where, shape);
  TaskHandle handle(task);
  // Should filling throw, what is there is freed. Handles alone cannot throw.
  if (!plain) std::fill_n(task->input_room(), shape.inputs, nullptr);
  ArgWriter fill(task->input_room(), task->literal_room(), shape.literal_bytes);
  append(fill);
  return handle;
}

/// Passes wishes on. Throws std::invalid_argument for a cost that is not positive and finite, a rank below
/// -1, or less than one thread.
Annotation checked(Annotation wishes);

}  // namespace detail
}  // namespace ramal
