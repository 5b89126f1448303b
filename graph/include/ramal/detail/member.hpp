// SPDX-License-Identifier: BSD-3-Clause
// From a C++ function to the Kind of a family's members: the thunk that reads one's place and inputs, calls
// it and keeps the result.
#pragma once

#include <ramal/dependence.hpp>
#include <ramal/reduce.hpp>

namespace ramal::detail {

/// A member's literals: its place, if its function takes it, then for each parameter that takes any number
/// how many it was given.
template <class S, bool index_first>
struct MemberSignature;
template <class P>
inline constexpr bool is_place = std::same_as<std::remove_cvref_t<P>, Index>;

template <class R, class... P>
struct MemberParameters {
  using result = R;
  static constexpr std::uint32_t parameters = sizeof...(P);
  static constexpr std::uint64_t lists = [] {
    std::uint64_t mask = 0, bit = 1;
    ((mask |= is_inputs<std::remove_cvref_t<P>> ? bit : 0, bit *= 2), ...);
    return mask;
  }();
  template <class T>
  static constexpr bool takes_only = ((std::same_as<std::remove_cvref_t<P>, T> ||
                                       std::same_as<std::remove_cvref_t<P>, Inputs<T>>)&&...);
};
template <class R, class First, class... P>
struct MemberSignature<Signature<R, First, P...>, true> : MemberParameters<R, P...> {
  static_assert(is_place<First> || std::integral<std::remove_cvref_t<First>>,
                "ramal: the function of a family takes its place first: an Index or a whole number");
  static constexpr bool takes_place = true;
};
template <class R, class... P>
struct MemberSignature<Signature<R, P...>, false> : MemberParameters<R, P...> {
  static constexpr bool takes_place = false;
};
template <class R, class First, class... P>
  requires is_place<First>
struct MemberSignature<Signature<R, First, P...>, false> : MemberParameters<R, P...> {
  static constexpr bool takes_place = true;
};

/// What a place in a member's literals begins with; its numbers follow, each an int64.
struct PlaceHead {
  std::int32_t dims;
  std::uint32_t in_time;  ///< 1: the first dimension is of steps, and so moves with its front; else 0
};

/// Moves the place in a member's literals to where its front has moved on. For a thief, which runs the member
/// outside of its front.
inline void move_place(const Kind& kind, std::int64_t steps, std::byte* literals) {
  if (kind.sort != Sort::member || !kind.parameters.place) return;
  PlaceHead head;
  std::memcpy(&head, literals, sizeof head);
  if (head.in_time == 0) return;
  std::int64_t first = 0;
  std::memcpy(&first, literals + sizeof head, sizeof first);
  first += steps;
  std::memcpy(literals + sizeof head, &first, sizeof first);
}

/// A member's parameter, while it runs.
class MemberReader {
 public:
  explicit MemberReader(const CallFrame& frame) : frame_(frame), literals_(frame.literals) {}
  Index place() {
    Index place;
    const auto head = literals_.raw<PlaceHead>();
    place.dims = head.dims;
    for (int d = 0; d < place.dims; ++d) place[d] = literals_.raw<std::int64_t>();
    if (head.in_time != 0) place[0] += frame_.step;
    return place;
  }
  std::size_t count() { return static_cast<std::size_t>(literals_.raw<std::int64_t>()); }
  const CallFrame& frame() const { return frame_; }
  std::size_t take(std::size_t count = 1) { return std::exchange(next_, next_ + count); }

 private:
  const CallFrame& frame_;
  Reader literals_;
  std::size_t next_ = 0;
};

template <class P>
class MemberArg {
 public:
  explicit MemberArg(MemberReader& in) : frame_(in.frame()), k_(in.take()) {}
  decltype(auto) get() { return pass_input<P>(frame_, k_); }

 private:
  const CallFrame& frame_;
  std::size_t k_;
};
template <class T>
class MemberInputs {
 public:
  explicit MemberInputs(MemberReader& in) : size_(in.count()) {
    const std::size_t first = in.take(size_);
    if (size_ > most_in_place) more_.resize(size_);
    const T** object = size_ > most_in_place ? more_.data() : few_;
    for (std::size_t i = 0; i < size_; ++i) object[i] = &in.frame().input(first + i).template get<T>();
  }
  MemberInputs(const MemberInputs&) = delete;
  MemberInputs& operator=(const MemberInputs&) = delete;
  Inputs<T> get() const { return Inputs<T>(std::span(more_.empty() ? few_ : more_.data(), size_)); }

 private:
  static constexpr std::size_t most_in_place = 8;
  std::size_t size_;
  const T* few_[most_in_place];
  std::vector<const T*> more_;
};
template <class T>
class MemberArg<Inputs<T>> : public MemberInputs<T> {
  using MemberInputs<T>::MemberInputs;
};
template <class T>
class MemberArg<const Inputs<T>&> : public MemberInputs<T> {
  using MemberInputs<T>::MemberInputs;
};

template <class R, auto f, class... Done>
void call_member(Signature<R>, MemberReader&, Value& result, Done&... done) {
  static constexpr auto function = f;
  call_into<R>(result, function, done.get()...);
}
template <class R, auto f, class P, class... Rest, class... Done>
void call_member(Signature<R, P, Rest...>, MemberReader& in, Value& result, Done&... done) {
  MemberArg<P> next(in);
  call_member<R, f>(Signature<R, Rest...>{}, in, result, done..., next);
}

/// A place, for whoever takes one.
template <class First>
struct MemberPlace {
  Index place;
  decltype(auto) get() const {
    if constexpr (is_place<First>) {
      return (place);
    } else {
      return static_cast<std::remove_cvref_t<First>>(place[0]);
    }
  }
};

template <auto f, bool takes_place, class S>
struct MemberThunk;
template <auto f, class R, class... P>
struct MemberThunk<f, false, Signature<R, P...>> {
  static void run(CallFrame& frame, Value& result) {
    MemberReader in(frame);
    call_member<R, f>(Signature<R, P...>{}, in, result);
  }
};
template <auto f, class R, class First, class... P>
struct MemberThunk<f, true, Signature<R, First, P...>> {
  static void run(CallFrame& frame, Value& result) {
    MemberReader in(frame);
    MemberPlace<First> place{in.place()};
    call_member<R, f>(Signature<R, P...>{}, in, result, place);
  }
};

template <class P>
std::string preview_member_argument(MemberReader& in) {
  using T = std::remove_cvref_t<P>;
  if constexpr (is_inputs<T>) {
    const std::size_t count = in.count();
    in.take(count);
    return "Inputs of " + std::to_string(count);
  } else {
    const std::size_t k = in.take();
    const bool is_gone = !std::is_lvalue_reference_v<P> && !fits_in_place<T> && in.frame().is_last_use(k);
    return is_gone ? "moved into the call" : ramal::preview(in.frame().input(k).template get<T>());
  }
}
template <class R, class... P>
std::string preview_member_arguments(Signature<R, P...>, MemberReader& in) {
  std::string text;
  ((text += (text.empty() ? "" : ", ") + preview_member_argument<P>(in)), ...);
  return text;
}
template <class R, class First, class... P>
std::string preview_placed(Signature<R, First, P...>, MemberReader& in) {
  const std::string place = in.place().text();
  const std::string rest = preview_member_arguments(Signature<R, P...>{}, in);
  return rest.empty() ? place : place + ", " + rest;
}

template <auto f, bool takes_place>
std::string preview_of_member(const CallFrame& frame) {
  MemberReader in(frame);
  if constexpr (takes_place) {
    return preview_placed(SignatureOf<decltype(f)>{}, in);
  } else {
    return preview_member_arguments(SignatureOf<decltype(f)>{}, in);
  }
}

template <auto f, bool index_first, class Pattern>
struct MemberKind {
  using Shape = MemberSignature<SignatureOf<decltype(f)>, index_first>;
  static constexpr bool check() {
    check_result<typename Shape::result>();
    return true;
  }
  static_assert(check());
  static constexpr Kind kind{
      .name = function_name<f>,
      .result = &TypeOf<Stored<typename Shape::result>>::type,
      .run = &MemberThunk<f, Shape::takes_place, SignatureOf<decltype(f)>>::run,
      .preview = &preview_of_member<f, Shape::takes_place>,
      .sort = Sort::member,
      .dependence = &Pattern::dependence,
      .parameters = {.count = Shape::parameters, .lists = Shape::lists, .place = Shape::takes_place}};
};
template <auto f, bool index_first, class Pattern>
inline constexpr const Kind& member_kind_of = MemberKind<f, index_first, Pattern>::kind;

template <class T>
T identity(T value) {
  return value;
}

/// One group of a level of a reduction. A single one moves up unchanged.
template <auto op, class T>
struct LevelThunk {
  static void run(CallFrame& frame, Value& result) {
    MemberReader in(frame);
    const std::size_t count = in.count();
    using Operation = OperationTraits<SignatureOf<decltype(op)>>;
    if (count == 1) {
      result.emplace<T>(pass_input<T>(frame, 0));
    } else if constexpr (Operation::takes_group) {
      MemberReader again(frame);
      call_member<T, op>(SignatureOf<decltype(op)>{}, again, result);
    } else if (count == 2) {
      call_pair(SignatureOf<decltype(op)>{}, frame, result);
    } else {
      T sum = pass_input<T>(frame, 0);
      for (std::size_t i = 1; i < count; ++i)
        sum = std::invoke(op, std::move(sum), frame.input(i).template get<T>());
      result.emplace<T>(std::move(sum));
    }
  }
  template <class R, class A, class B>
  static void call_pair(Signature<R, A, B>, CallFrame& frame, Value& result) {
    static constexpr auto function = op;
    call_into<R>(result, function, pass_input<A>(frame, 0), pass_input<B>(frame, 1));
  }
  static std::string preview(const CallFrame& frame) {
    return "a group of " + std::to_string(MemberReader(frame).count());
  }
};

template <auto op, class T>
inline constexpr Kind level_kind{.name = function_name<op>,
                                 .result = &TypeOf<T>::type,
                                 .run = &LevelThunk<op, T>::run,
                                 .preview = &LevelThunk<op, T>::preview,
                                 .sort = Sort::member,
                                 .dependence = &LevelPattern::dependence,
                                 .parameters = {.count = 1, .lists = 1, .place = false}};

}  // namespace ramal::detail
