// SPDX-License-Identifier: BSD-3-Clause
// From a C++ function to a Kind: its signature, and the thunk that reads a task's arguments, calls it
// and keeps the result.
#pragma once

#include <ramal/detail/arguments.hpp>

#include <forward_list>
#include <functional>

namespace ramal::detail {

// --- signatures -----------------------------------------------------------------------------------
template <class R, class... P>
struct Signature {};

template <class F>
struct SignatureFinder {
  static_assert(
      requires { &F::operator(); },
      "ramal: this is not one function: for a generic lambda or an overloaded function, pick one "
      "signature, as in delayed<static_cast<double (*)(double)>(&f)>");
  using type = void;
};
template <class F>
  requires requires { &F::operator(); }
struct SignatureFinder<F> {
  template <class C, class R, class... P>
  static Signature<R, P...> pick(R (C::*)(P...) const);
  template <class C, class R, class... P>
  static Signature<R, P...> pick(R (C::*)(P...));
  template <class C, class R, class... P>
  static Signature<R, P...> pick(R (C::*)(P...) const noexcept);
  template <class C, class R, class... P>
  static Signature<R, P...> pick(R (C::*)(P...) noexcept);
  using type = decltype(pick(&F::operator()));
};
template <class R, class... P>
struct SignatureFinder<R (*)(P...)> {
  using type = Signature<R, P...>;
};
template <class R, class... P>
struct SignatureFinder<R (*)(P...) noexcept> {
  using type = Signature<R, P...>;
};
// A member function's object is its first parameter: const members see it, others get their own copy.
template <class C, class R, class... P>
struct SignatureFinder<R (C::*)(P...) const> {
  using type = Signature<R, const C&, P...>;
};
template <class C, class R, class... P>
struct SignatureFinder<R (C::*)(P...) const&> {
  using type = Signature<R, const C&, P...>;
};
template <class C, class R, class... P>
struct SignatureFinder<R (C::*)(P...) const noexcept> {
  using type = Signature<R, const C&, P...>;
};
template <class C, class R, class... P>
struct SignatureFinder<R (C::*)(P...)> {
  using type = Signature<R, C, P...>;
};
template <class C, class R, class... P>
struct SignatureFinder<R (C::*)(P...) noexcept> {
  using type = Signature<R, C, P...>;
};
template <class F>
using SignatureOf = typename SignatureFinder<F>::type;
template <class R, class... P>
Stored<R> result_of(Signature<R, P...>);
template <class F>
using ResultOf = decltype(result_of(SignatureOf<F>{}));

// --- reading arguments ------------------------------------------------------------------------------
/// Walks a frame's arguments in order.
class ArgReader {
 public:
  explicit ArgReader(const CallFrame& frame) : frame_(&frame), literals(frame.literals) {}

  /// There are tags for the arguments that are left, if there are any; else all of them are single inputs.
  bool has_tags() const { return literals.left() != 0; }
  /// Whether the next argument is an input; passes over its tag if it is.
  bool next_is_input() {
    if (!has_tags()) return true;
    Reader ahead = literals;
    if (ahead.raw<Tag>() != Tag::input) return false;
    literals = ahead;
    return true;
  }
  /// Whether a call that took the next argument by value took the very object, of which nothing is left to
  /// show.
  template <class T>
  bool next_was_moved() const {
    if (fits_in_place<T>) return false;
    if (Reader ahead = literals; has_tags() && ahead.raw<Tag>() != Tag::input) return false;
    return frame_->is_last_use(at_);
  }
  /// How many inputs the next argument is that is nothing but inputs of an Inputs; passes over what says so.
  std::optional<std::uint32_t> next_count() {
    Reader ahead = literals;
    if (ahead.raw<Tag>() != Tag::inputs) return std::nullopt;
    const auto count = ahead.raw<std::uint32_t>();
    literals = ahead;
    return count;
  }
  /// The next so many inputs.
  template <class T>
  void next_inputs(const T** objects, std::size_t count) {
    const std::uint32_t* index = frame_->inputs + at_;
    for (std::size_t i = 0; i < count; ++i) objects[i] = &frame_->cells[index[i]].value.template get<T>();
    at_ += count;
  }
  template <class T>
  const T& input() {
    return frame_->input(at_++).template get<T>();
  }
  /// The next input by value: moved out of its slot where nobody else needs it.
  template <class T>
  T take_input() {
    const std::size_t k = at_++;
    Value& value = frame_->input(k);
    if constexpr (!fits_in_place<T>) {
      if (frame_->is_last_use(k)) return std::move(value.own<T>());
    }
    return value.get<T>();
  }

 private:
  const CallFrame* frame_;
  std::size_t at_ = 0;

 public:
  Reader literals;
};

template <class T>
T take(ArgReader& in);

template <class T, class A>
std::vector<T, A> take_parts(ArgReader& in, std::vector<T, A>*) {
  std::vector<T, A> values;
  const auto n = in.literals.count(1);
  values.reserve(n);
  for (std::size_t i = 0; i < n; ++i) values.push_back(take<T>(in));
  return values;
}
template <class T, std::size_t n>
std::array<T, n> take_parts(ArgReader& in, std::array<T, n>*) {
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return std::array<T, n>{(static_cast<void>(i), take<T>(in))...};
  }
  (std::make_index_sequence<n>{});
}
template <class T>
std::optional<T> take_parts(ArgReader& in, std::optional<T>*) {
  if (in.literals.raw<std::uint8_t>() == 0) return std::nullopt;
  return take<T>(in);
}
template <class A, class B>
std::pair<A, B> take_parts(ArgReader& in, std::pair<A, B>*) {
  return std::pair<A, B>{take<A>(in), take<B>(in)};
}
template <class... T>
std::tuple<T...> take_parts(ArgReader& in, std::tuple<T...>*) {
  return std::tuple<T...>{take<T>(in)...};  // braces: evaluated left to right
}
template <class K, class T, class C, class A>
std::map<K, T, C, A> take_parts(ArgReader& in, std::map<K, T, C, A>*) {
  std::map<K, T, C, A> values;
  for (auto n = in.literals.count(1); n > 0; --n) {
    auto key = Codec<K>::read(in.literals);
    values.emplace(std::move(key), take<T>(in));
  }
  return values;
}

template <class T>
T take(ArgReader& in) {
  switch (in.literals.raw<Tag>()) {
    case Tag::literal:
      return Codec<T>::read(in.literals);
    case Tag::input:
      if constexpr (std::copy_constructible<T>) {
        return in.take_input<T>();
      }
      break;
    case Tag::parts:
      if constexpr (requires { take_parts(in, static_cast<T*>(nullptr)); }) {
        return take_parts(in, static_cast<T*>(nullptr));
      }
      break;
    case Tag::inputs:  // of Inputs alone
      break;
  }
  throw DecodeError("an argument's tag is damaged");
}

/// The same as `take`, but the usual arguments of small tasks need no call. A copy is what goes into calls,
/// so that `in` itself may stay in registers.
template <class T>
[[gnu::always_inline]] inline T take_quickly(ArgReader& in) {
  if constexpr (std::is_trivially_copyable_v<T> && sizeof(T) <= 32) {
    Reader ahead = in.literals;
    const Tag tag = ahead.raw<Tag>();
    if (tag == Tag::literal) {
      T value = Codec<T>::read(ahead);
      in.literals = ahead;
      return value;
    }
    if (tag == Tag::input) {
      in.literals = ahead;
      return in.input<T>();
    }
  }
  ArgReader copy = in;
  T value = take<T>(copy);
  in = copy;
  return value;
}

/// One argument on its way into the call, for a parameter P.
template <class P>
class Passed {
  using T = std::remove_cvref_t<P>;

 public:
  [[gnu::always_inline]] explicit Passed(ArgReader& in) : value_(take_quickly<T>(in)) {}
  T&& get() { return std::move(value_); }

 private:
  T value_;
};
/// A const reference sees the stored value itself.
template <class T>
class Passed<const T&> {
 public:
  [[gnu::always_inline]] explicit Passed(ArgReader& in) {
    object_ = in.next_is_input() ? &in.input<T>() : &own_.emplace(take_quickly<T>(in));
  }
  const T& get() const { return *object_; }

 private:
  const T* object_;
  std::optional<T> own_;
};
template <class T>
class PassedInputs {
 public:
  [[gnu::always_inline]] explicit PassedInputs(ArgReader& in) {
    if (const auto count = in.next_count()) {
      size_ = *count;
      if (size_ > most_in_place) more_.resize(size_);
      const T** object = size_ <= most_in_place ? few_ : more_.data();
      in.next_inputs<T>(object, size_);
    } else {
      ArgReader copy = in;
      take_parts_of(copy);
      in = copy;
    }
  }
  PassedInputs(const PassedInputs&) = delete;
  PassedInputs& operator=(const PassedInputs&) = delete;
  /// The argument; valid as long as this object.
  Inputs<T> get() const { return Inputs<T>(std::span(more_.empty() ? few_ : more_.data(), size_)); }

 private:
  static constexpr std::size_t most_in_place = 8;
  void take_parts_of(ArgReader& in) {
    if (in.literals.raw<Tag>() != Tag::parts) throw DecodeError("an argument's tag is damaged");
    size_ = in.literals.count(1);
    more_.resize(size_);
    for (const T*& object : more_)
      object = in.next_is_input() ? &in.input<T>() : &own_.emplace_front(take<T>(in));
  }

  std::size_t size_ = 0;
  const T* few_[most_in_place];
  std::vector<const T*> more_;
  std::forward_list<T> own_;
};
template <class T>
class Passed<Inputs<T>> : public PassedInputs<T> {
 public:
  [[gnu::always_inline]] explicit Passed(ArgReader& in) : PassedInputs<T>(in) {}
};
template <class T>
class Passed<const Inputs<T>&> : public PassedInputs<T> {
 public:
  [[gnu::always_inline]] explicit Passed(ArgReader& in) : PassedInputs<T>(in) {}
};

/// The k-th input as parameter P, where every argument is a single handle: the stored value itself for
/// a const reference, else a value of its own, moved out of the slot on last use.
template <class P>
decltype(auto) pass_input(const CallFrame& frame, std::size_t k) {
  using T = std::remove_cvref_t<P>;
  Value& value = frame.input(k);
  if constexpr (std::is_lvalue_reference_v<P>) {
    return value.get<T>();
  } else if constexpr (fits_in_place<T>) {
    return T(value.get<T>());
  } else {
    return frame.is_last_use(k) ? T(std::move(value.own<T>())) : T(value.get<T>());
  }
}

// --- calling ----------------------------------------------------------------------------------------
template <class R, class F, class... A>
void call_into(Value& result, F& function, A&&... args) {
  if constexpr (std::is_void_v<R>) {
    std::invoke(function, std::forward<A>(args)...);
    result.emplace<Void>();
  } else {
    result.emplace_result<Stored<R>>(
        [&]() -> Stored<R> { return std::invoke(function, std::forward<A>(args)...); });
  }
}

/// Reads the remaining parameters one after the other, each behind its tag, then calls.
template <class R, class F, class... Done>
void read_and_call(Signature<R>, ArgReader&, Value& result, F& function, Done&... done) {
  call_into<R>(result, function, done.get()...);
}
template <class R, class P, class... Rest, class F, class... Done>
void read_and_call(Signature<R, P, Rest...>, ArgReader& in, Value& result, F& function, Done&... done) {
  Passed<P> next(in);
  read_and_call(Signature<R, Rest...>{}, in, result, function, done..., next);
}

/// Calls with what `done` holds and, behind it, the frame's inputs, each of which is one argument.
template <class R, class... P, class F, class... Done>
void pass_and_call(Signature<R, P...>, const CallFrame& frame, Value& result, F& function, Done&... done) {
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    call_into<R>(result, function, done.get()..., pass_input<P>(frame, i)...);
  }
  (std::index_sequence_for<P...>{});
}

/// One argument of a call that has thrown.
template <class P>
std::string preview_argument(ArgReader& in) {
  using T = std::remove_cvref_t<P>;
  if constexpr (is_inputs<T>) {
    const auto view = Passed<T>(in).get();
    return "Inputs of " + std::to_string(view.size());
  } else if (const bool is_gone = !std::is_lvalue_reference_v<P> && in.next_was_moved<T>(); is_gone) {
    in.next_is_input();
    in.input<T>();
    return "moved into the call";
  } else {
    return ramal::preview(Passed<const T&>(in).get());
  }
}
template <class R, class... P>
std::string preview_arguments(Signature<R, P...>, ArgReader& in) {
  std::string text;
  ((text += (text.empty() ? "" : ", ") + preview_argument<P>(in)), ...);
  return text;
}

template <auto f, class S>
struct FunctionThunk;
template <auto f, class R, class... P>
struct FunctionThunk<f, Signature<R, P...>> {
  static constexpr auto function = f;

  static void run(CallFrame& frame, Value& result) {
    if (frame.literals.empty()) {
      pass_and_call(Signature<R, P...>{}, frame, result, function);
    } else {
      ArgReader in(frame);
      read_and_call(Signature<R, P...>{}, in, result, function);
    }
  }
  static std::string preview(const CallFrame& frame) {
    ArgReader in(frame);
    return preview_arguments(Signature<R, P...>{}, in);
  }
};

template <class F, class S>
struct ClosureThunk;
template <class F, class R, class... P>
struct ClosureThunk<F, Signature<R, P...>> {
  static F function(ArgReader& in) {
    if constexpr (std::is_trivially_copyable_v<F>) {
      return in.literals.raw<F>();
    } else {
      return Codec<F>::read(in.literals);
    }
  }
  static void run(CallFrame& frame, Value& result) {
    ArgReader in(frame);
    F self = function(in);
    read_and_call(Signature<R, P...>{}, in, result, self);
  }
  static std::string preview(const CallFrame& frame) {
    ArgReader in(frame);
    function(in);
    return preview_arguments(Signature<R, P...>{}, in);
  }
};

template <auto f>
inline constexpr Kind kind_of{.name = function_name<f>,
                              .result = &TypeOf<ResultOf<decltype(f)>>::type,
                              .run = &FunctionThunk<f, SignatureOf<decltype(f)>>::run,
                              .preview = &FunctionThunk<f, SignatureOf<decltype(f)>>::preview};
template <class F>
inline constexpr Kind closure_kind{.name = short_type_name<F>,
                                   .result = &TypeOf<ResultOf<F>>::type,
                                   .run = &ClosureThunk<F, SignatureOf<F>>::run,
                                   .preview = &ClosureThunk<F, SignatureOf<F>>::preview};
/// The kind of whatever only stands for a value: `ramal::value(x)`, a member, a local.
template <class T>
inline constexpr Kind given_kind{.name = short_type_name<T>,
                                 .result = &TypeOf<T>::type,
                                 .run = nullptr,
                                 .preview = nullptr,
                                 .sort = Sort::given};

}  // namespace ramal::detail
