// SPDX-License-Identifier: BSD-3-Clause
// Keys: what rows are told apart by when they are shuffled (<ramal/shuffle.hpp>). A key has a hash, an
// equality and, for most types, an order, all by its value, so that they are the same wherever it is.
//
//   key                          hash of                         equal                 ordered
//   integers, characters, bool   the number, widened to 64 bits  the same number       by it
//   enumerations                 the number behind               the same number       by it
//   float, double, long double   the number; -0 as 0, each NaN   the same, or both     by it, NaN last
//                                as one                          NaN
//   string, string_view, path    the characters                  the same characters   by these
//   pair, tuple, array, vector,  the parts, and how many         part by part          the first that
//   deque, list                                                                        differs decides
//   optional                     whether there is one, and it    likewise              nothing first
//   a class with serialize()     what that tells, member by      its ==                its <, if any
//                                member
//   another without padding      its bytes                       its ==                its <, if any
//
// So int{5}, long{5} and char{5} have one hash, as have 0.5F and 0.5. A class with serialize() (see
// <ramal/serialize.hpp>) needs an == that agrees with what that tells: objects that are equal must tell the
// same. Anything else does not compile, and says why; std::hash is not asked, which need not spread at all.
//
// All functions are O(key) and may be called in any thread. What a user's own functions throw passes through.
#pragma once

#include <ramal/codec.hpp>

#include <bit>
#include <cmath>
#include <deque>
#include <list>
#include <string_view>

namespace ramal {

namespace detail {

/// Both halves of a product of 128 bits, folded: each bit of the result depends on nearly all of both.
inline std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// A hash in the making. Words are mixed in one after the other.
class KeyHasher {
 public:
  void add(std::uint64_t word) { state_ = folded_product(state_ ^ word, first_multiplier) + step; }
  void add_bytes(const std::byte* bytes, std::size_t count);
  /// Appleby's last step of MurmurHash3 (public domain).
  std::uint64_t hash() const {
    std::uint64_t h = state_;
    h = (h ^ h >> 33) * 0xff51afd7ed558ccdULL;
    h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ULL;
    return h ^ h >> 33;
  }

 private:
  // Digits of pi and of the golden ratio, odd.
  static constexpr std::uint64_t first_multiplier = 0x243f6a8885a308d3ULL | 1;
  static constexpr std::uint64_t step = 0x9e3779b97f4a7c15ULL;
  std::uint64_t state_ = 0x13198a2e03707344ULL;
};

template <class K>
concept KeyNumber = std::is_arithmetic_v<K> || std::is_enum_v<K>;
template <class K>
concept KeyText = requires(const K& key) {
  typename K::traits_type;
  key.data();
  requires std::is_trivially_copyable_v<typename K::value_type>;
};
template <class K>
inline constexpr bool is_key_tuple = false;
template <class A, class B>
inline constexpr bool is_key_tuple<std::pair<A, B>> = true;
template <class... T>
inline constexpr bool is_key_tuple<std::tuple<T...>> = true;
template <class K>
inline constexpr bool is_key_optional = false;
template <class T>
inline constexpr bool is_key_optional<std::optional<T>> = true;
/// In the order of its elements, which is part of its value.
template <class K>
inline constexpr bool is_key_range = false;
template <class T, class A>
inline constexpr bool is_key_range<std::vector<T, A>> = true;
template <class T, class A>
inline constexpr bool is_key_range<std::deque<T, A>> = true;
template <class T, class A>
inline constexpr bool is_key_range<std::list<T, A>> = true;
template <class T, std::size_t n>
inline constexpr bool is_key_range<std::array<T, n>> = true;

template <class K>
void add_key(KeyHasher& hasher, const K& key);

/// An archive that a serialize() tells the members of a key.
class KeyArchive {
 public:
  using is_saving = std::true_type;
  using is_loading = std::false_type;
  explicit KeyArchive(KeyHasher& hasher) : hasher_(hasher) {}
  template <class T>
  KeyArchive& operator&(const T& member) {
    if constexpr (NamedValue<T>) {
      *this& member.value();
    } else {
      add_key(hasher_, member);
    }
    return *this;
  }
  template <class T>
  KeyArchive& operator<<(const T& member) {
    return *this & member;
  }

 private:
  KeyHasher& hasher_;
};

/// -0 as 0, and each NaN as one.
inline std::uint64_t canonical_bits(double number) {
  if (std::isnan(number)) return 0x7ff8000000000000ULL;
  return std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number);
}

template <class K>
void add_key(KeyHasher& hasher, const K& key) {
  if constexpr (std::is_enum_v<K>) {
    add_key(hasher, static_cast<std::underlying_type_t<K>>(key));
  } else if constexpr (std::is_floating_point_v<K>) {
    hasher.add(canonical_bits(static_cast<double>(key)));
  } else if constexpr (std::is_arithmetic_v<K>) {
    hasher.add(static_cast<std::uint64_t>(static_cast<std::int64_t>(key)));
  } else if constexpr (KeyText<K>) {
    hasher.add_bytes(reinterpret_cast<const std::byte*>(key.data()), key.size() * sizeof(*key.data()));
  } else if constexpr (Path<K>) {
    add_key(hasher, key.native());
  } else if constexpr (is_key_optional<K>) {
    hasher.add(key.has_value() ? 1 : 0);
    if (key) add_key(hasher, *key);
  } else if constexpr (is_key_tuple<K>) {
    std::apply([&hasher](const auto&... part) { (add_key(hasher, part), ...); }, key);
  } else if constexpr (is_key_range<K>) {
    hasher.add(key.size());
    for (const typename K::value_type& part : key) add_key(hasher, part);
  } else if constexpr (Serialize<K>) {
    KeyArchive archive(hasher);
    call_serialize(archive, const_cast<K&>(key));
  } else {
    static_assert(
        std::has_unique_object_representations_v<K> && addresses_in<K>() != Addresses::some,
        "ramal: a key must be a number, a text, a pair, a tuple or a range of such, or a class with a "
        "serialize() that tells its members, or one of whole numbers without gaps between them");
    hasher.add_bytes(reinterpret_cast<const std::byte*>(&key), sizeof key);
  }
}

}  // namespace detail

/// The hash of a key, spread over all 64 bits. It is part of which result of a shuffle a key falls to, and so
/// of the order of results: it does not change but with Ramal's version.
template <class K>
std::uint64_t key_hash(const K& key) {
  detail::KeyHasher hasher;
  detail::add_key(hasher, key);
  return hasher.hash();
}

/// Whether two keys are one. Unlike ==, NaN is the same as NaN, wherever it stands in a key that is no class
/// of the user's.
template <class K>
bool same_key(const K& a, const K& b) {
  if constexpr (std::is_floating_point_v<K>) {
    return a == b || (std::isnan(a) && std::isnan(b));
  } else if constexpr (detail::is_key_optional<K>) {
    return a.has_value() == b.has_value() && (!a || same_key(*a, *b));
  } else if constexpr (detail::is_key_tuple<K>) {
    return [&]<std::size_t... i>(std::index_sequence<i...>) {
      return (same_key(std::get<i>(a), std::get<i>(b)) && ...);
    }
    (std::make_index_sequence<std::tuple_size_v<K>>{});
  } else if constexpr (detail::is_key_range<K>) {
    using T = typename K::value_type;
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](const T& x, const T& y) { return same_key(x, y); });
  } else {
    static_assert(
        std::equality_comparable<K>,
        "ramal: a key needs an operator ==, as `bool operator==(const Key&) const = default;` gives");
    return a == b;
  }
}

namespace detail {

/// There is an order of keys of this type.
template <class K>
inline constexpr bool is_key_ordered = requires(const K& a, const K& b) {
  { a < b } -> std::convertible_to<bool>;
};
template <class A, class B>
inline constexpr bool is_key_ordered<std::pair<A, B>> = is_key_ordered<A>&& is_key_ordered<B>;
template <class... T>
inline constexpr bool is_key_ordered<std::tuple<T...>> = (is_key_ordered<T> && ...);
template <class T>
inline constexpr bool is_key_ordered<std::optional<T>> = is_key_ordered<T>;
template <class K>
  requires is_key_range<K>
inline constexpr bool is_key_ordered<K> = is_key_ordered<typename K::value_type>;

}  // namespace detail

/// A type of keys that have an order.
template <class K>
concept OrderedKey = detail::is_key_ordered<K>;

/// How two keys stand to each other: below 0, 0 or above 0, as the table at the top says.
template <OrderedKey K>
int compare_keys(const K& a, const K& b) {
  if constexpr (std::is_floating_point_v<K>) {
    if (std::isnan(a) || std::isnan(b)) return (std::isnan(a) ? 1 : 0) - (std::isnan(b) ? 1 : 0);
    return a < b ? -1 : (b < a ? 1 : 0);
  } else if constexpr (detail::is_key_optional<K>) {
    if (!a || !b) return (a ? 1 : 0) - (b ? 1 : 0);
    return compare_keys(*a, *b);
  } else if constexpr (detail::is_key_tuple<K>) {
    int found = 0;
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      static_cast<void>((((found = compare_keys(std::get<i>(a), std::get<i>(b))) == 0) && ...));
    }
    (std::make_index_sequence<std::tuple_size_v<K>>{});
    return found;
  } else if constexpr (detail::is_key_range<K>) {
    auto x = a.begin();
    auto y = b.begin();
    for (; x != a.end() && y != b.end(); ++x, ++y) {
      if (const int found = compare_keys<typename K::value_type>(*x, *y); found != 0) return found;
    }
    return (x != a.end() ? 1 : 0) - (y != b.end() ? 1 : 0);
  } else {
    return a < b ? -1 : (b < a ? 1 : 0);
  }
}

}  // namespace ramal
