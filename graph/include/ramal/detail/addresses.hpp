// SPDX-License-Identifier: BSD-3-Clause
// Addresses in plain memory mean nothing on another rank. Where a type's members are known they are found at
// compile time: an aggregate's are, down to numbers, pointers and classes with constructors. Where they are
// not, as in a class with constructors, they are looked for when an object is to leave: aligned words that
// are addresses of this process.
#pragma once

#include <ramal/detail/compiler.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <source_location>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace ramal::detail {

template <class T>
inline constexpr bool is_view = false;
template <class T, std::size_t n>
inline constexpr bool is_view<std::span<T, n>> = true;
template <class C, class Traits>
inline constexpr bool is_view<std::basic_string_view<C, Traits>> = true;

// --- by type ----------------------------------------------------------------------------------------
/// Whether objects of a type hold addresses, as far as the compiler knows.
enum class Addresses { none, unknown, some };

template <class T>
constexpr Addresses addresses_in();

template <class... T>
inline constexpr Addresses most_addresses = std::max({Addresses::none, addresses_in<T>()...});

/// What is known of library types, whose members the compiler does not see.
template <class T>
inline constexpr Addresses library_addresses = is_view<T> ? Addresses::some : Addresses::unknown;
template <class T>
inline constexpr Addresses library_addresses<std::reference_wrapper<T>> = Addresses::some;
template <class A, class B>
inline constexpr Addresses library_addresses<std::pair<A, B>> = most_addresses<A, B>;
template <class... T>
inline constexpr Addresses library_addresses<std::tuple<T...>> = most_addresses<T...>;
template <class T>
inline constexpr Addresses library_addresses<std::optional<T>> = most_addresses<T>;
template <class... T>
inline constexpr Addresses library_addresses<std::variant<T...>> = most_addresses<T...>;
/// The same for complex numbers, durations and points of time.
template <class T>
  requires(std::is_arithmetic_v<typename T::value_type>&& requires(const T& z) {
    z.real();
    z.imag();
  })
inline constexpr Addresses library_addresses<T> = Addresses::none;
template <class T>
  requires(std::is_arithmetic_v<typename T::rep>&& requires { typename T::period; })
inline constexpr Addresses library_addresses<T> = Addresses::none;

/// What stands for a whole member: numbers and classes whose own members are not seen. Other classes and
/// arrays are seen by theirs, since nothing converts to them, and braces around their initialisers may be
/// left out.
template <class T>
concept Whole = !std::is_aggregate_v<T> || std::is_empty_v<T> || std::is_union_v<T>;

/// Converts to members with no more addresses than `most`. Only asked whether it would. To unions in any
/// case, or the compiler would try their first member instead; that it might throw tells those apart.
template <Addresses most>
struct Initializer {
  template <Whole T>
    requires(addresses_in<T>() <= most || std::is_union_v<T>)
  operator T() const noexcept(addresses_in<T>() <= most);
};

template <class M, std::size_t>
using Repeated = M;
template <class T, class M, class Numbers>
inline constexpr bool takes_members = false;
template <class T, class M, std::size_t... i>
inline constexpr bool takes_members<T, M, std::index_sequence<i...>> = requires {
  T{std::declval<Repeated<M, i>>()...};
};
/// T{initializer, initializer…}, so many with at most such addresses, is an object.
template <class T, std::size_t n, Addresses most = Addresses::some>
inline constexpr bool has_members = takes_members<T, Initializer<most>, std::make_index_sequence<n>>;

template <class T, class Numbers>
inline constexpr bool has_only_plain_members = false;
template <class T, std::size_t... i>
inline constexpr bool has_only_plain_members<T, std::index_sequence<i...>> = requires {
  {
    T { std::declval<Repeated<Initializer<Addresses::none>, i>>()... }
  }
  noexcept;
};

/// Behind the first n members there is another one, to which no Initializer converts.
template <class T, class Numbers>
inline constexpr bool has_more_members = false;
template <class T, std::size_t... i>
inline constexpr bool has_more_members<T, std::index_sequence<i...>> = requires {
  T{std::declval<Repeated<Initializer<Addresses::some>, i>>()..., {}};
};

/// Finds how many members T has, which is at least the first number and below the second.
template <class T, std::size_t has, std::size_t has_not>
constexpr std::size_t count_between() {
  constexpr std::size_t middle = (has + has_not) / 2;
  if constexpr (middle == has) {
    return has;
  } else if constexpr (has_members<T, middle>) {
    return count_between<T, middle, has_not>();
  } else {
    return count_between<T, has, middle>();
  }
}
/// How many members an aggregate has, each element of an array for itself; 0 for too many to look at.
template <class T, std::size_t n = 1>
constexpr std::size_t count_members() {
  constexpr std::size_t most = 512;
  if constexpr (n > most) {
    return 0;
  } else if constexpr (has_members<T, n>) {
    return count_members<T, 2 * n>();
  } else {
    return count_between<T, n / 2, n>();
  }
}

template <class T>
constexpr Addresses addresses_in_members() {
  constexpr std::size_t n = count_members<T>();
  if constexpr (n == 0 || has_more_members<T, std::make_index_sequence<n>>) {
    return Addresses::unknown;
  } else if constexpr (has_only_plain_members<T, std::make_index_sequence<n>>) {
    return Addresses::none;
  } else if constexpr (has_members<T, n, Addresses::unknown>) {
    return Addresses::unknown;
  } else {
    return Addresses::some;
  }
}

/// Whether T holds pointers, references to objects, or views. It is unknown for classes with constructors,
/// unions, aggregates that cannot be assigned to (they may have references), and more than 512 numbers.
template <class T>
constexpr Addresses addresses_in() {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_empty_v<T>) {
    return Addresses::none;
  } else if constexpr (std::is_pointer_v<T> || std::is_member_pointer_v<T> || std::is_null_pointer_v<T> ||
                       std::is_reference_v<T>) {
    return Addresses::some;
  } else if constexpr (std::is_aggregate_v<T> && std::is_class_v<T> && std::is_copy_assignable_v<T> &&
                       requires { T{}; }) {
    return addresses_in_members<T>();
  } else {
    return library_addresses<T>;
  }
}

// --- by looking ---------------------------------------------------------------------------------------
inline bool may_be_address(std::uintptr_t word) {
  // Small numbers are numbers. Linux on x86-64 maps programs, heaps and stacks above 2^45, also with an
  // unlimited stack; below lies the shadow memory of sanitizers. Elsewhere: above 4 GiB.
#ifdef __x86_64__
  constexpr std::uintptr_t lowest = std::uintptr_t{1} << 45;
#else
  constexpr std::uintptr_t lowest = std::uintptr_t{1} << 32;
#endif
  constexpr std::uintptr_t highest = std::uintptr_t{1} << 48;
  // Two small numbers side by side, as a row and a column, may be mapped by chance. Of addresses one in 65536
  // looks like that.
  constexpr std::uint32_t small = 1 << 16;
  return word >= lowest && word < highest && static_cast<std::uint32_t>(word) >= small;
}
/// Whether some aligned word may be an address. For most objects none may, which is found out without a call.
inline bool may_hold_addresses(std::span<const std::byte> bytes) {
  for (std::size_t at = 0; at + sizeof(std::uintptr_t) <= bytes.size(); at += sizeof(std::uintptr_t)) {
    std::uintptr_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if (may_be_address(word)) return true;
  }
  return false;
}
/// Throws std::invalid_argument if any aligned word of `bytes` is an address of this process. `what` and
/// `name`, one behind the other, say which object it is, and `where` the call it stands in; line 0: none.
void refuse_addresses(std::span<const std::byte> bytes, std::string_view what, std::source_location where,
                      std::string_view name);

/// The same for an object that is trivially copyable. What lies between its members is left from whatever was
/// there before, and not looked at, if the compiler can tell (gcc does).
template <class T>
void refuse_addresses_in(const T& object, std::string_view what, std::source_location where,
                         std::string_view name = {}) {
  if (!may_hold_addresses(std::as_bytes(std::span(&object, 1)))) return;
  T copy = object;
#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
  __builtin_clear_padding(&copy);
#endif
#endif
  refuse_addresses(std::as_bytes(std::span(&copy, 1)), what, where, name);
}

/// Whether objects of T are looked at when they are to leave, since their type does not tell.
template <class T>
inline constexpr bool is_looked_at =
    std::is_class_v<T>&& std::is_trivially_copyable_v<T>&& addresses_in<T>() == Addresses::unknown;

}  // namespace ramal::detail
