// SPDX-License-Identifier: BSD-3-Clause
// Codec<T>: how a value of type T becomes bytes and comes back, on another rank of the same binary. Here:
// plain memory and classes with serialize(); <ramal/codec.hpp> has the standard library's types.
#pragma once

#include <ramal/detail/addresses.hpp>
#include <ramal/detail/bytes.hpp>
#include <ramal/detail/name.hpp>
#include <ramal/detail/one_archive.hpp>
#include <ramal/serialize.hpp>
#include <ramal/spans.hpp>

#include <array>

namespace boost::mpi {
template <class T>
struct is_mpi_datatype;  // Boost's own
}

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

/// Most of T is memory that is sent from there and received into its place without a copy. A Codec says so
/// by three more functions:
///   static std::span<const std::byte> memory(const T&);    or Spans, if it lies in several pieces
///   static void write_head(Writer&, const T&);             what is needed to make an object of that size
///   static T allocate(Reader& head, std::size_t bytes);    throws DecodeError if they do not fit
/// What `allocate` makes must have its memory in one piece of `bytes` bytes, which is filled with the
/// sender's pieces in their order. `memory` holds as long as the object, and nobody may write there
/// meanwhile; objects may share pieces. A value with a head of more than 2000 bytes is sent as `write` writes
/// it, with copies.
template <class T>
concept Contiguous = Encodable<T> && requires(Writer& writer, Reader& reader, const T& value) {
  { Codec<T>::memory(value) } -> std::convertible_to<Spans>;
  Codec<T>::write_head(writer, value);
  { Codec<T>::allocate(reader, std::size_t{}) } -> std::same_as<T>;
};

namespace detail {

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

/// A class of which BOOST_IS_MPI_DATATYPE says that MPI may send its memory and receive into it.
template <class T>
concept MpiDatatype = std::is_class_v<T> && !std::is_polymorphic_v<T> && !type_name<T>.starts_with("std::") &&
                      (std::is_trivially_copyable_v<T> || std::is_default_constructible_v<T>)&&requires {
  requires boost::mpi::is_mpi_datatype<T>::value;
};

/// Types whose memory may be their encoding.
template <class T>
concept Memory =
    (std::is_trivially_copyable_v<T> || MpiDatatype<T>)&&!std::is_array_v<T> &&
    !has_parts<T> && std::same_as<T, std::remove_cvref_t<T>> && addresses_in<T>() != Addresses::some;
/// Types whose memory is their encoding.
template <class T>
concept EncodedAsMemory = Memory<T> &&(!Serialize<T> || MpiDatatype<T>);

/// T's codec copies its memory, so that many in a row can be copied at once.
template <class T>
concept MemoryCodec = requires {
  requires Codec<T>::as_memory;
};

/// Parts of T may use an archive of Boost's; see OneArchive.
template <class T>
inline constexpr bool uses_archive = requires {
  requires Codec<T>::uses_archive;
};

/// What a member of a class with serialize() may be that is no value by itself, such as a pointer. With
/// Boost's archives, <ramal/boost_serialization.hpp> defines it for whatever those can write:
///   static void write(Writer&, const T&);    static void read_into(Reader&, T&);
template <class T>
struct MemberCodec;
template <class T>
concept MemberEncodable = !Encodable<T> && requires(Writer & writer, const T& value) {
  MemberCodec<T>::write(writer, value);
};

/// Fewest bytes one T takes: bounds a decoded length before memory is asked for. 0: unknown.
template <class T>
inline constexpr std::size_t least_bytes = 0;
template <MemoryCodec T>
inline constexpr std::size_t least_bytes<T> = sizeof(T);

/// What is to be said of plain structures that have been refused.
template <class T>
struct HoldsNoAddress {
  static constexpr bool value = Encodable<T> || !std::is_aggregate_v<T> || has_parts<T> ||
                                !std::is_trivially_copyable_v<T> || addresses_in<T>() != Addresses::some;
  static_assert(
      value,
      "ramal: this structure has a pointer, a string_view, a span or the like among its members: what "
      "that points to stays on one rank; hold a string, a vector or another value in its place, or "
      "give the class a serialize() function");
};

/// Looks at some of many plain objects on their way out, if their type does not say what is in them: most
/// often addresses are in all of them or in none. Throws std::invalid_argument.
template <class T>
void look_at(const T* objects, std::size_t count) {
  constexpr std::size_t most = 16;
  if constexpr (is_looked_at<T>) {
    for (std::size_t i = 0; i < std::min(count, most); ++i)
      refuse_addresses_in(objects[i], "an object of type ", {}, type_name<T>);
  }
}

}  // namespace detail

template <detail::EncodedAsMemory T>
struct Codec<T> {
  static constexpr bool as_memory = !std::is_empty_v<T> && !std::same_as<T, bool>;

  static void write(Writer& writer, const T& value) {
    if constexpr (detail::is_looked_at<T>) {
      if (writer.counts_only()) detail::look_at(&value, 1);
    }
    if constexpr (!std::is_empty_v<T>) writer.bytes(&value, sizeof value);
  }
  static T read(Reader& reader) {
    if constexpr (std::same_as<T, bool>) {
      return reader.raw<std::uint8_t>() != 0;  // other bytes are no bool
    } else if constexpr (!std::is_trivially_copyable_v<T>) {
      T value{};
      if constexpr (!std::is_empty_v<T>)
        std::memcpy(static_cast<void*>(&value), reader.bytes(sizeof(T)), sizeof(T));
      return value;
    } else {
      return reader.raw<T>();
    }
  }
};

template <class T>
  requires(detail::Serialize<T> && !detail::EncodedAsMemory<T>)
struct Codec<T> {
  static constexpr bool uses_archive = true;  // for what is known of its members

  static_assert(
      detail::serialized_by<T>() != detail::SerializedBy::base,
      "ramal: this class has no serialize() of its own, only a base has, so what it adds to the base would "
      "be left behind; give it one that also does archive & static_cast<Base&>(*this)");
  static_assert(std::is_default_constructible_v<T>,
                "ramal: a class with serialize() must have a default constructor, so that it can be "
                "made on the rank that receives it");
  static void write(Writer& writer, const T& value) {
    const detail::OneArchive shared(&writer);
    detail::call_serialize(writer, const_cast<T&>(value));
  }
  static T read(Reader& reader) {
    const detail::OneArchive shared(&reader);
    T value{};
    detail::call_serialize(reader, value);
    return value;
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
/// An abstract class with serialize(): a base, of which there is no object alone to be made and assigned.
template <class T>
concept AbstractBase = std::is_abstract_v<T> && Serialize<T>;

}  // namespace detail

template <class T>
Writer& Writer::operator&(const T& value) {
  if constexpr (detail::NamedValue<T>) {
    *this& value.value();
  } else if constexpr (detail::WrappedArray<T>) {
    for (std::size_t i = 0; i < value.count(); ++i) *this& value.address()[i];
  } else if constexpr (std::is_array_v<T>) {
    for (const auto& element : value) *this& element;
  } else if constexpr (detail::AbstractBase<T>) {
    detail::call_serialize(*this, const_cast<T&>(value));
  } else if constexpr (detail::MemberEncodable<T>) {
    detail::MemberCodec<T>::write(*this, value);
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
  } else if constexpr (std::is_array_v<Plain>) {
    for (auto& element : value) *this& element;
  } else if constexpr (detail::AbstractBase<Plain>) {
    detail::call_serialize(*this, value);
  } else if constexpr (detail::MemberEncodable<Plain>) {
    detail::MemberCodec<Plain>::read_into(*this, value);
  } else {
    static_assert(Encodable<Plain>,
                  "ramal: this member cannot be encoded; give its class a serialize() function");
    if constexpr (requires { Codec<Plain>::read_into(*this, value); }) {
      Codec<Plain>::read_into(*this, value);
    } else {
      value = Codec<Plain>::read(*this);
    }
  }
  return *this;
}

}  // namespace ramal
