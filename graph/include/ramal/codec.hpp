// SPDX-License-Identifier: BSD-3-Clause
// Codec<T>: how a value of type T becomes bytes and comes back, on another rank of the same binary.
//
// Covered without a word from the user: trivially copyable types (as memory), string, vector, array,
// pair, tuple, optional, variant, map, unordered_map, set, monostate, and any class with Boost's
// member `template <class Archive> void serialize(Archive&, unsigned)` or a free `serialize` beside
// it. Whatever else Boost.Serialization can do is one line away: <ramal/boost_serialization.hpp>.
// Pointers, references, span and string_view are refused: they mean nothing on another rank.
//
// The form is not portable between machines and not meant for files that outlive the binary.
#pragma once

#include <ramal/bytes.hpp>

#include <array>
#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace ramal {

/// Specialise with `static void write(Writer&, const T&)` and `static T read(Reader&)` to teach
/// Ramal a type of your own.
template <class T>
struct Codec;

/// T can travel between ranks.
template <class T>
concept Encodable = requires(Writer& writer, Reader& reader, const T& value) {
  Codec<T>::write(writer, value);
  { Codec<T>::read(reader) } -> std::same_as<T>;
};

/// T's bulk is one piece of memory, so that it is sent from there and received into its place without a
/// copy. A Codec says so by three more functions; `head` is what is needed to make an object of that size,
/// at most 512 bytes:
///   static std::span<const std::byte> memory(const T&);
///   static void write_head(Writer&, const T&);
///   static T allocate(Reader& head, std::size_t bytes);    throws DecodeError if they do not fit
template <class T>
concept Contiguous = Encodable<T> && requires(Writer& writer, Reader& reader, const T& value) {
  { Codec<T>::memory(value) } -> std::same_as<std::span<const std::byte>>;
  Codec<T>::write_head(writer, value);
  { Codec<T>::allocate(reader, std::size_t{}) } -> std::same_as<T>;
};

namespace detail {

template <class T>
inline constexpr bool is_view = false;
template <class T, std::size_t n>
inline constexpr bool is_view<std::span<T, n>> = true;
template <class C, class Traits>
inline constexpr bool is_view<std::basic_string_view<C, Traits>> = true;

/// Types that are encoded part by part, or not at all, even where they are trivially copyable.
template <class T>
inline constexpr bool has_parts = is_view<T>;
template <class T>
inline constexpr bool has_parts<std::reference_wrapper<T>> = true;
template <class T, std::size_t n>
inline constexpr bool has_parts<std::array<T, n>> = true;
template <class A, class B>
inline constexpr bool has_parts<std::pair<A, B>> = true;
template <class... T>
inline constexpr bool has_parts<std::tuple<T...>> = true;
template <class T>
inline constexpr bool has_parts<std::optional<T>> = true;
template <class... T>
inline constexpr bool has_parts<std::variant<T...>> = true;

/// Types whose memory is their encoding.
template <class T>
concept Memory = std::is_trivially_copyable_v<T> && !std::is_pointer_v<T> && !std::is_member_pointer_v<T> &&
                 !std::is_array_v<T> && !std::is_null_pointer_v<T> && !has_parts<T> &&
                 std::same_as<T, std::remove_cvref_t<T>>;

template <class T>
concept MemberSerialize = requires(T& value, Writer& writer, Reader& reader) {
  value.serialize(writer, 0u);
  value.serialize(reader, 0u);
};
template <class T>
concept FreeSerialize = requires(T& value, Writer& writer, Reader& reader) {
  serialize(writer, value, 0u);
  serialize(reader, value, 0u);
};
template <class T>
concept Serialize = !std::is_fundamental_v<T> && (MemberSerialize<T> || FreeSerialize<T>);

/// T's codec copies its memory, so that many in a row can be copied at once.
template <class T>
concept MemoryCodec = requires {
  requires Codec<T>::as_memory;
};

/// Fewest bytes one T takes: bounds a decoded length before memory is asked for. 0: unknown.
template <class T>
inline constexpr std::size_t least_bytes = 0;
template <MemoryCodec T>
inline constexpr std::size_t least_bytes<T> = sizeof(T);

}  // namespace detail

template <class T>
  requires(detail::Memory<T> && !detail::Serialize<T>)
struct Codec<T> {
  static constexpr bool as_memory = !std::is_empty_v<T> && !std::same_as<T, bool>;

  static void write(Writer& writer, const T& value) {
    if constexpr (!std::is_empty_v<T>) writer.raw(value);
  }
  static T read(Reader& reader) {
    if constexpr (std::same_as<T, bool>) {
      return reader.raw<std::uint8_t>() != 0;  // other bytes are no bool
    } else {
      return reader.raw<T>();
    }
  }
};

template <class T>
  requires detail::Serialize<T>
struct Codec<T> {
  static_assert(std::is_default_constructible_v<T>,
                "ramal: a class with serialize() must have a default constructor, so that it can be "
                "made on the rank that receives it");
  static void write(Writer& writer, const T& value) { apply(writer, const_cast<T&>(value)); }
  static T read(Reader& reader) {
    T value{};
    apply(reader, value);
    return value;
  }

 private:
  template <class Archive>
  static void apply(Archive& archive, T& value) {
    if constexpr (detail::MemberSerialize<T>) {
      value.serialize(archive, 0u);
    } else {
      serialize(archive, value, 0u);
    }
  }
};

namespace detail {

/// Boost's make_nvp and make_array: not values, but words around a reference to one.
template <class T>
concept NamedValue = requires(const T& wrapper) {
  wrapper.name();
  wrapper.value();
};
template <class T>
concept WrappedArray = requires(const T& wrapper) {
  *wrapper.address();
  wrapper.count();
};

}  // namespace detail

template <class T>
Writer& Writer::operator&(const T& value) {
  if constexpr (detail::NamedValue<T>) {
    *this& value.value();
  } else if constexpr (detail::WrappedArray<T>) {
    for (std::size_t i = 0; i < value.count(); ++i) *this& value.address()[i];
  } else {
    static_assert(Encodable<T>,
                  "ramal: this member cannot be encoded; give its class a serialize() function");
    Codec<T>::write(*this, value);
  }
  return *this;
}
template <class T>
Reader& Reader::operator&(T&& value) {
  using Plain = std::remove_cvref_t<T>;
  if constexpr (detail::NamedValue<Plain>) {
    *this& value.value();
  } else if constexpr (detail::WrappedArray<Plain>) {
    for (std::size_t i = 0; i < value.count(); ++i) *this& value.address()[i];
  } else {
    static_assert(Encodable<Plain>,
                  "ramal: this member cannot be encoded; give its class a serialize() function");
    value = Codec<Plain>::read(*this);
  }
  return *this;
}

namespace detail {

/// Containers written as a count and their elements.
template <class C, class Element>
struct SequenceCodec {
  static void write(Writer& writer, const C& values) {
    writer.raw(static_cast<std::uint64_t>(values.size()));
    for (const auto& value : values) {
      Codec<Element>::write(writer, static_cast<const Element&>(value));
    }
  }
  static C read(Reader& reader) {
    C values;
    for (auto n = reader.count(least_bytes<Element>); n > 0; --n) {
      values.insert(values.end(), Codec<Element>::read(reader));
    }
    return values;
  }
};

template <class T>
struct MapCodec {
  using Key = typename T::key_type;
  using Mapped = typename T::mapped_type;
  static void write(Writer& writer, const T& values) {
    writer.raw(static_cast<std::uint64_t>(values.size()));
    for (const auto& [key, value] : values) {
      Codec<Key>::write(writer, key);
      Codec<Mapped>::write(writer, value);
    }
  }
  static T read(Reader& reader) {
    T values;
    for (auto n = reader.count(least_bytes<Key>); n > 0; --n) {
      auto key = Codec<Key>::read(reader);
      values.emplace(std::move(key), Codec<Mapped>::read(reader));
    }
    return values;
  }
};

/// pair and tuple of encodable parts, in order. Braces keep the order of reading.
template <class T>
struct TupleCodec {
  static void write(Writer& writer, const T& value) {
    std::apply([&](const auto&... part) { (Codec<std::decay_t<decltype(part)>>::write(writer, part), ...); },
               value);
  }
  static T read(Reader& reader) { return read(reader, std::make_index_sequence<std::tuple_size_v<T>>{}); }

 private:
  template <std::size_t... i>
  static T read([[maybe_unused]] Reader& reader, std::index_sequence<i...>) {
    return T{Codec<std::tuple_element_t<i, T>>::read(reader)...};
  }
};

}  // namespace detail

template <class C, class Traits, class A>
  requires detail::Memory<C>
struct Codec<std::basic_string<C, Traits, A>> {
  using String = std::basic_string<C, Traits, A>;
  static void write(Writer& writer, const String& text) {
    writer.raw(static_cast<std::uint64_t>(text.size()));
    writer.bytes(text.data(), text.size() * sizeof(C));
  }
  static String read(Reader& reader) {
    const auto n = reader.count(sizeof(C));
    String text(n, C{});
    if (n != 0) std::memcpy(text.data(), reader.bytes(n * sizeof(C)), n * sizeof(C));
    return text;
  }
};

template <class T, class A>
  requires Encodable<T>
struct Codec<std::vector<T, A>> {
  using Vector = std::vector<T, A>;
  static constexpr bool contiguous = detail::MemoryCodec<T> && std::is_default_constructible_v<T>;

  static void write(Writer& writer, const Vector& values) {
    if constexpr (contiguous) {
      writer.raw(static_cast<std::uint64_t>(values.size()));
      writer.bytes(values.data(), values.size() * sizeof(T));
    } else {
      detail::SequenceCodec<Vector, T>::write(writer, values);
    }
  }
  static Vector read(Reader& reader) {
    if constexpr (contiguous) {
      const auto n = reader.count(sizeof(T));
      Vector values(n);
      if (n != 0) std::memcpy(values.data(), reader.bytes(n * sizeof(T)), n * sizeof(T));
      return values;
    } else {
      return detail::SequenceCodec<Vector, T>::read(reader);
    }
  }
  static std::span<const std::byte> memory(const Vector& values) requires contiguous {
    return std::as_bytes(std::span(values));
  }
  static void write_head(Writer&, const Vector&) requires contiguous {}
  static Vector allocate(Reader&, std::size_t bytes) requires contiguous {
    if (bytes % sizeof(T) != 0) throw DecodeError("not a whole number of elements");
    return Vector(bytes / sizeof(T));
  }
};

template <class T, class C, class A>
  requires Encodable<T>
struct Codec<std::set<T, C, A>> : detail::SequenceCodec<std::set<T, C, A>, T> {
};
template <class K, class T, class C, class A>
  requires(Encodable<K>&& Encodable<T>)
struct Codec<std::map<K, T, C, A>> : detail::MapCodec<std::map<K, T, C, A>> {};
template <class K, class T, class H, class E, class A>
  requires(Encodable<K>&& Encodable<T>)
struct Codec<std::unordered_map<K, T, H, E, A>> : detail::MapCodec<std::unordered_map<K, T, H, E, A>> {};

template <class A, class B>
  requires(Encodable<A>&& Encodable<B>)
struct Codec<std::pair<A, B>> : detail::TupleCodec<std::pair<A, B>> {};
template <class... T>
  requires(Encodable<T>&&...)
struct Codec<std::tuple<T...>> : detail::TupleCodec<std::tuple<T...>> {};
template <class T, std::size_t n>
  requires Encodable<T>
struct Codec<std::array<T, n>> {
  using Array = std::array<T, n>;
  static constexpr bool as_memory = n > 0 && detail::MemoryCodec<T>;

  static void write(Writer& writer, const Array& values) {
    if constexpr (as_memory) {
      writer.raw(values);
    } else {
      for (const T& value : values) Codec<T>::write(writer, value);
    }
  }
  static Array read(Reader& reader) {
    if constexpr (as_memory) {
      return reader.raw<Array>();
    } else {
      return [&]<std::size_t... i>(std::index_sequence<i...>) {
        return Array{(static_cast<void>(i), Codec<T>::read(reader))...};
      }
      (std::make_index_sequence<n>{});
    }
  }
};

template <class T>
  requires Encodable<T>
struct Codec<std::optional<T>> {
  static void write(Writer& writer, const std::optional<T>& value) {
    writer.raw(static_cast<std::uint8_t>(value.has_value()));
    if (value) Codec<T>::write(writer, *value);
  }
  static std::optional<T> read(Reader& reader) {
    if (reader.raw<std::uint8_t>() == 0) return std::nullopt;
    return Codec<T>::read(reader);
  }
};

template <class... T>
  requires(Encodable<T>&&...)
struct Codec<std::variant<T...>> {
  using Variant = std::variant<T...>;
  static void write(Writer& writer, const Variant& value) {
    writer.raw(static_cast<std::uint64_t>(value.index()));
    std::visit([&](const auto& held) { Codec<std::decay_t<decltype(held)>>::write(writer, held); }, value);
  }
  static Variant read(Reader& reader) {
    const auto index = reader.raw<std::uint64_t>();
    if (index >= sizeof...(T)) throw DecodeError("a variant's alternative is out of range");
    return read(reader, index, std::index_sequence_for<T...>{});
  }

 private:
  template <std::size_t... i>
  static Variant read(Reader& reader, std::size_t index, std::index_sequence<i...>) {
    using Make = Variant (*)(Reader&);
    constexpr Make makes[] = {[](Reader& from) -> Variant {
      return Variant(std::in_place_index<i>, Codec<std::variant_alternative_t<i, Variant>>::read(from));
    }...};
    return makes[index](reader);
  }
};

}  // namespace ramal
