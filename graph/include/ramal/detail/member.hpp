// SPDX-License-Identifier: BSD-3-Clause
// From a C++ function to the Kind of a family's members: what its signature says of them, and the thunk that
// reads one's place, and its arguments as a task's, calls it and keeps the result.
#pragma once

#include <ramal/detail/dependence.hpp>
#include <ramal/reduce.hpp>

namespace ramal::detail {

/// What a function of members gives and takes: with `index_first` its place ahead of all else, which it may
/// do without otherwise.
template <class S, bool index_first>
struct MemberSignature;
template <class P>
inline constexpr bool is_place = std::same_as<std::remove_cvref_t<P>, Index>;

/// What a parameter takes one of, or any number.
template <class P>
struct ElementOf {
  using type = P;
};
template <class T>
struct ElementOf<Inputs<T>> {
  using type = T;
};

template <class R, class... P>
struct MemberParameters {
  using result = R;
  static constexpr std::uint32_t parameters = sizeof...(P);
  static constexpr std::uint64_t lists = [] {
    std::uint64_t mask = 0, bit = 1;
    ((mask |= is_inputs<std::remove_cvref_t<P>> ? bit : 0, bit *= 2), ...);
    return mask;
  }();
  /// The type of the results that the k-th parameter takes.
  template <std::size_t k>
  using element = typename ElementOf<std::remove_cvref_t<std::tuple_element_t<k, std::tuple<P...>>>>::type;
  template <class T>
  static constexpr bool takes_only = ((std::same_as<std::remove_cvref_t<P>, T> ||
                                       std::same_as<std::remove_cvref_t<P>, Inputs<T>>)&&...);
};
template <class R, class First, class... P>
struct MemberSignature<Signature<R, First, P...>, true> : MemberParameters<R, P...> {
  static_assert(is_place<First> || std::integral<std::remove_cvref_t<First>>,
                "ramal: the function of a family takes its place first: an Index or a whole number");
  static constexpr bool takes_place = true;
  static constexpr bool takes_number = !is_place<First>;
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

/// False for literals of another rank that do not begin as a member's of that kind do.
inline bool has_place(const Kind& kind, std::span<const std::byte> literals) {
  if (kind.sort != Sort::member || !kind.parameters.place) return true;
  PlaceHead head;
  if (literals.size() < sizeof head) return false;
  std::memcpy(&head, literals.data(), sizeof head);
  return head.dims >= 0 && head.dims <= Index::most_dims && head.in_time <= 1 &&
         literals.size() - sizeof head >= static_cast<std::size_t>(head.dims) * sizeof(std::int64_t);
}

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

/// A member's place, which stands ahead of its arguments; on its way into the call, for a parameter P.
template <class P>
class PassedPlace {
 public:
  PassedPlace(ArgReader& in, std::int64_t step) {
    const auto head = in.literals.raw<PlaceHead>();
    place_.dims = head.dims;
    for (int d = 0; d < place_.dims; ++d) place_[d] = in.literals.raw<std::int64_t>();
    if (head.in_time != 0) place_[0] += step;
  }
  decltype(auto) get() const {
    if constexpr (is_place<P>) {
      return (place_);
    } else {
      return static_cast<std::remove_cvref_t<P>>(place_[0]);
    }
  }
  std::string text() const { return place_.text(); }

 private:
  Index place_;
};

/// As a task's thunk; but here the signature tells whether there are tags. Ahead of the arguments stands the
/// place, if the function takes it.
template <auto f, bool takes_place, class S>
struct MemberThunk;
template <auto f, class R, class... P>
struct MemberThunk<f, false, Signature<R, P...>> {
  static constexpr auto function = f;

  static void run(CallFrame& frame, Value& result) {
    ArgReader in(frame);
    call(frame, in, result);
  }
  template <class... Place>
  static void call(const CallFrame& frame, ArgReader& in, Value& result, Place&... place) {
    if constexpr ((is_inputs<std::remove_cvref_t<P>> || ...)) {
      read_and_call(Signature<R, P...>{}, in, result, function, place...);
    } else {
      pass_and_call(Signature<R, P...>{}, frame, result, function, place...);
    }
  }
  static std::string preview(const CallFrame& frame) {
    ArgReader in(frame);
    return preview_arguments(Signature<R, P...>{}, in);
  }
};
template <auto f, class R, class First, class... P>
struct MemberThunk<f, true, Signature<R, First, P...>> {
  static void run(CallFrame& frame, Value& result) {
    ArgReader in(frame);
    PassedPlace<First> place(in, frame.step);
    MemberThunk<f, false, Signature<R, P...>>::call(frame, in, result, place);
  }
  static std::string preview(const CallFrame& frame) {
    ArgReader in(frame);
    const std::string place = PassedPlace<First>(in, frame.step).text();
    const std::string rest = preview_arguments(Signature<R, P...>{}, in);
    return rest.empty() ? place : place + ", " + rest;
  }
};

template <auto f, bool index_first, class Pattern>
struct MemberKind {
  using Shape = MemberSignature<SignatureOf<decltype(f)>, index_first>;
  static constexpr bool check() {
    check_result<typename Shape::result>();
    return true;
  }
  static_assert(check());
  using Thunk = MemberThunk<f, Shape::takes_place, SignatureOf<decltype(f)>>;
  static constexpr Kind kind{
      .name = function_name<f>,
      .result = &TypeOf<Stored<typename Shape::result>>::type,
      .run = &Thunk::run,
      .preview = &Thunk::preview,
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
  static constexpr auto function = op;

  static void run(CallFrame& frame, Value& result) {
    const std::size_t count = group(frame);
    using Operation = OperationTraits<SignatureOf<decltype(op)>>;
    if (count == 1) {
      result.emplace<T>(pass_input<T>(frame, 0));
    } else if constexpr (Operation::takes_group) {
      call_group(SignatureOf<decltype(op)>{}, frame, result);
    } else if (count == 2) {
      call_pair(SignatureOf<decltype(op)>{}, frame, result);
    } else {
      T sum = pass_input<T>(frame, 0);
      for (std::size_t i = 1; i < count; ++i)
        sum = std::invoke(op, std::move(sum), frame.input(i).template get<T>());
      result.emplace<T>(std::move(sum));
    }
  }
  template <class R, class P>
  static void call_group(Signature<R, P> signature, CallFrame& frame, Value& result) {
    if constexpr (is_inputs<std::remove_cvref_t<P>>) {
      ArgReader in(frame);
      read_and_call(signature, in, result, function);
    } else {
      std::vector<T> values;
      for (std::size_t i = 0; i < group(frame); ++i) values.push_back(pass_input<T>(frame, i));
      call_into<R>(result, function, std::move(values));
    }
  }
  template <class R, class A, class B>
  static void call_pair(Signature<R, A, B>, CallFrame& frame, Value& result) {
    call_into<R>(result, function, pass_input<A>(frame, 0), pass_input<B>(frame, 1));
  }
  static std::string preview(const CallFrame& frame) { return "a group of " + std::to_string(group(frame)); }
  static std::size_t group(const CallFrame& frame) { return ArgReader(frame).next_count().value_or(0); }
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
