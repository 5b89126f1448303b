// SPDX-License-Identifier: BSD-3-Clause
// What can travel between ranks without a word from the user: trivially copyable types without pointers (as
// memory); of the standard library string, vector, array, pair, tuple, optional, variant, all other
// containers that grow, valarray, filesystem::path, shared_ptr and unique_ptr (by what they point to); and
// any class with a serialize() as Boost.Serialization has it (<ramal/serialize.hpp>). Whatever else
// Boost.Serialization can do comes with <ramal/boost_serialization.hpp>. Pointers, references, span
// and string_view are refused: they mean nothing on another rank.
//
// The form is not portable between machines and not meant for files that outlive the binary. Each codec below
// has the two functions of every Codec: `write` appends to a Writer, which counts or fills, and `read` takes
// from a Reader. All are O(bytes). `read` throws DecodeError where the bytes end too early or hold a length
// that cannot be; `write` throws std::invalid_argument where an object that is not known to hold no address
// holds one. What a user's own serialize() throws passes through both.
//
//   type                              form, little endian
//   plain memory                      its bytes; a bool as u8; of an empty class nothing
//   string, vector, valarray          length:u64 element*
//   list, deque, set, map and kin     length:u64 element*; a hash table: length:u64 buckets:u64 element*
//   array, pair, tuple                their elements
//   optional, shared_ptr, unique_ptr  there:u8 element?
//   variant                           index:u64 element
//   path                              its native string
//   Block                             see <ramal/block.hpp>
//   a class with serialize()          what that says, member after member
//
// For a type of your own that none of these fits, specialise Codec with the same two functions:
//
//   template <>
//   struct ramal::Codec<Rational> {
//     static void write(ramal::Writer& to, const Rational& r) { to & r.numerator() & r.denominator(); }
//     static Rational read(ramal::Reader& from) {
//       long numerator = 0, denominator = 1;
//       from & numerator & denominator;
//       return Rational(numerator, denominator);
//     }
//   };
//
// A type with much memory of its own, in one piece or several, may name it beside these, so that it is sent
// from there without copies: see Contiguous, and MemoryEncoding in <ramal/spans.hpp>.
//
// What is refused when the program is compiled, and what to give instead:
//
//   T*, T&, span, string_view           the object itself, a vector, a string
//   shared_ptr to a class with          <ramal/boost_serialization.hpp>, which follows it to derived classes
//     virtual functions
//   unique_ptr as a result              a shared_ptr, or the value: several tasks may take a result
//   std::function, a lambda as value    the function in angle brackets, or delay(closure)
//   stack, queue, priority_queue        the container behind them
//   thread, stream                      what is needed to make one where the task runs
//
// `write` is called twice for each value, first to count bytes and then to fill memory of that size, and must
// say the same both times. Codecs have no state, and are called in any thread, for several values at once.
#pragma once

#include <ramal/detail/encoding.hpp>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace ramal {

namespace detail {

// --- containers -----------------------------------------------------------------------------------------
/// One element of a container, as it can be made: a map's with its key not yet const. `least`: the fewest
/// bytes one can take, against which a length is checked before memory is asked for.
template <class E>
struct ElementCodec : Codec<E> {
  using Element = E;
  static constexpr std::size_t least = least_bytes<E>;
};
template <class K, class T>
struct ElementCodec<std::pair<const K, T>> {
  using Element = std::pair<K, T>;
  static constexpr std::size_t least = least_bytes<K> + least_bytes<T>;
  static void write(Writer& writer, const std::pair<const K, T>& element) {
    Codec<K>::write(writer, element.first);
    Codec<T>::write(writer, element.second);
  }
  static Element read(Reader& reader) { return Element{Codec<K>::read(reader), Codec<T>::read(reader)}; }
};
/// Elements may hold pointers that one of Boost's archives follows; see OneArchive.
template <class E>
inline constexpr bool element_uses_archive = uses_archive<E>;
template <class K, class T>
inline constexpr bool element_uses_archive<std::pair<const K, T>> = uses_archive<K> || uses_archive<T>;
/// E can be an element: it is encodable, or both parts of a map's are.
template <class E>
inline constexpr bool is_element = Encodable<E>;
template <class K, class T>
inline constexpr bool is_element<std::pair<const K, T>> = Encodable<K>&& Encodable<T>;

/// list, vector and the like, and sets and maps, for which the end is a hint: putting in what comes in order
/// then takes constant time an element.
template <class C>
concept GrowsAtItsEnd = requires(C& values, typename C::value_type& element) {
  values.insert(values.end(), std::move(element));
};
/// forward_list, which can grow behind an element it has, or behind what stands before its first.
template <class C>
concept GrowsBehindAnElement = requires(C& values, typename C::value_type& element) {
  values.insert_after(values.before_begin(), std::move(element));
};
/// A container that elements can be put into: all of the standard library's but arrays, and others like them.
/// Not a class derived from one, whose own members would be left behind.
template <class C>
concept Collection = std::is_class_v<C> && !Serialize<C> && std::ranges::forward_range<const C> &&
                     std::default_initializable<C> && requires {
  requires std::same_as<decltype(declarer(&C::clear)), C>;
  requires !std::same_as<typename C::value_type, C>;
  requires GrowsAtItsEnd<C> || GrowsBehindAnElement<C>;
  requires is_element<typename C::value_type>;
};
/// unordered_set and its kin, whose order of iteration is kept with GCC's library.
template <class C>
concept HashTable = requires(C& values) {
  values.rehash(values.bucket_count());
};

/// A count (of a hash table, the number of its buckets too) and the elements in the order of iteration.
/// Reading is O(elements) also for ordered containers, whose elements come in order and go in at the end.
/// Comparison objects, hash functions and allocators are not sent: what is read has default ones.
template <class C>
struct CollectionCodec {
  using Stored = typename C::value_type;
  using Element = typename ElementCodec<Stored>::Element;
  /// Then one archive serves the whole container, so that elements may share what they point to.
  static constexpr bool uses_archive = element_uses_archive<Stored>;

  /// O(elements). A forward_list is gone through once more, since it does not know its length.
  static void write(Writer& writer, const C& values) {
    [[maybe_unused]] const OneArchive<uses_archive> shared(&writer);
    writer.raw(static_cast<std::uint64_t>(std::ranges::distance(values)));
    if constexpr (HashTable<C>) writer.raw(static_cast<std::uint64_t>(values.bucket_count()));
    for (const auto& value : values) ElementCodec<Stored>::write(writer, static_cast<const Stored&>(value));
  }
  /// Throws DecodeError for a length that the bytes left cannot hold.
  static C read(Reader& reader) {
    [[maybe_unused]] const OneArchive<uses_archive> shared(&reader);
    auto n = reader.count(ElementCodec<Stored>::least);
    C values;
    if constexpr (HashTable<C>) {
      read_table(reader, n, values);
    } else if constexpr (GrowsAtItsEnd<C>) {
      for (; n > 0; --n) values.insert(values.end(), ElementCodec<Stored>::read(reader));
    } else {
      for (auto last = values.before_begin(); n > 0; --n)
        last = values.insert_after(last, ElementCodec<Stored>::read(reader));
    }
    return values;
  }

 private:
  /// GCC's library iterates over buckets from the one that was last to get its first element, and within one
  /// from what came last. So elements put in from the last on come to stand in the same order again. A number
  /// of buckets is believed up to 2^24, or up to 64 an element, so that a damaged one asks for no memory.
  static void read_table(Reader& reader, std::size_t n, C& values) {
    constexpr std::uint64_t most_buckets = std::uint64_t{1} << 24;  // of a damaged number
    const auto buckets = reader.raw<std::uint64_t>();
    std::vector<Element> elements;
    for (std::size_t i = 0; i < n; ++i) elements.push_back(ElementCodec<Stored>::read(reader));
    if (buckets <= most_buckets || buckets / 64 <= n) values.rehash(static_cast<std::size_t>(buckets));
    for (auto element = elements.rbegin(); element != elements.rend(); ++element)
      values.insert(std::move(*element));
  }
};

/// Plain elements side by side in memory, which as a whole goes from there and into its place. At most 16
/// elements are looked at for addresses, and only where the compiler does not see their members.
template <class V>
struct ArrayCodec {
  using T = typename V::value_type;

  static void write(Writer& writer, const V& values) {
    if (writer.counts_only()) look_at(data(values), values.size());
    writer.raw(static_cast<std::uint64_t>(values.size()));
    writer.bytes(data(values), values.size() * sizeof(T));
  }
  static V read(Reader& reader) {
    const auto n = reader.count(sizeof(T));
    V values(n);
    if (n != 0) std::memcpy(static_cast<void*>(data(values)), reader.bytes(n * sizeof(T)), n * sizeof(T));
    return values;
  }
  /// The elements where they lie. Valid until the container changes.
  static std::span<const std::byte> memory(const V& values) {
    return std::as_bytes(std::span(data(values), values.size()));
  }
  /// The length follows from the number of bytes, so there is no head.
  static void write_head(Writer&, const V& values) { look_at(data(values), values.size()); }
  /// As many elements as the bytes hold. Throws DecodeError if that is no whole number.
  static V allocate(Reader&, std::size_t bytes) {
    if (bytes % sizeof(T) != 0) throw DecodeError("not a whole number of elements");
    return V(bytes / sizeof(T));
  }

 private:
  /// A valarray has no data().
  template <class Values>
  static auto* data(Values& values) {
    return values.size() == 0 ? nullptr : &values[0];
  }
};

/// A valarray of plain elements, which its own header declares: a source that has none need not include it.
template <class V>
concept NumericArray = MemoryCodec<typename V::value_type> && requires(const V& values) {
  values.cshift(0);
  values.size();
  requires std::same_as<decltype(declarer(&V::resize)), V>;
};

// --- what stands for a value elsewhere --------------------------------------------------------------------
/// A path of a file, as std::filesystem has it. Told by its members, so that <filesystem> need not be
/// included.
template <class P>
concept Path = requires(const P& path) {
  { path.native() } -> std::same_as<const typename P::string_type&>;
  requires std::same_as<decltype(declarer(&P::native)), P>;
  requires std::constructible_from<P, typename P::string_type>;
  requires Encodable<typename P::string_type>;
};

/// Behind a pointer to it stands one of it: no array, and no object of a class derived from it, which would
/// be cut down to T on its way.
template <class T>
concept Pointee = requires {
  sizeof(T);
}
&&std::is_object_v<T> && !std::is_array_v<T> &&
    (!std::is_polymorphic_v<T> || std::is_final_v<T>)&&Encodable<std::remove_const_t<T>>;
/// shared_ptr and unique_ptr: whether there is an object, and it. Null stays null. What is read was made by
/// `new`, and is freed by `delete`.
template <class P>
struct PointerCodec {
  using T = std::remove_const_t<typename P::element_type>;
  static constexpr bool uses_archive = detail::uses_archive<T>;
  static void write(Writer& writer, const P& pointer) {
    writer.raw(static_cast<std::uint8_t>(pointer != nullptr));
    if (pointer != nullptr) Codec<T>::write(writer, *pointer);
  }
  static P read(Reader& reader) {
    if (reader.raw<std::uint8_t>() == 0) return nullptr;
    return P(std::make_unique<T>(Codec<T>::read(reader)));
  }
};

// --- parts ----------------------------------------------------------------------------------------------
/// pair and tuple of encodable parts, in order, without padding between them. Braces keep the order of
/// reading.
template <class T>
inline constexpr bool parts_use_archive = false;
template <class A, class B>
inline constexpr bool parts_use_archive<std::pair<A, B>> = uses_archive<A> || uses_archive<B>;
template <class... T>
inline constexpr bool parts_use_archive<std::tuple<T...>> = (uses_archive<T> || ...);
template <class T>
struct TupleCodec {
  /// Parts may share what they point to.
  static constexpr bool uses_archive = parts_use_archive<T>;

  static void write(Writer& writer, const T& value) {
    [[maybe_unused]] const OneArchive<uses_archive> shared(&writer);
    std::apply([&](const auto&... part) { (Codec<std::decay_t<decltype(part)>>::write(writer, part), ...); },
               value);
  }
  static T read(Reader& reader) {
    [[maybe_unused]] const OneArchive<uses_archive> shared(&reader);
    return read(reader, std::make_index_sequence<std::tuple_size_v<T>>{});
  }

 private:
  template <std::size_t... i>
  static T read([[maybe_unused]] Reader& reader, std::index_sequence<i...>) {
    return T{Codec<std::tuple_element_t<i, T>>::read(reader)...};
  }
};

}  // namespace detail

/// Strings of any plain character: a length, and the characters, which are neither checked nor converted.
/// They may hold zeros.
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

/// Vectors. Those of plain elements are contiguous: they are sent from their memory and received into it. All
/// others, and vector<bool>, go element by element. So a vector of many plain structures is sent at the speed
/// of memory, and one of as many strings is not.
template <class T, class A>
  requires Encodable<T>
struct Codec<std::vector<T, A>>
    : std::conditional_t<detail::MemoryCodec<T> && std::is_default_constructible_v<T>,
                         detail::ArrayCodec<std::vector<T, A>>, detail::CollectionCodec<std::vector<T, A>>> {
  /// False for vector<bool>, which has no memory of bools, and for elements that cannot be made
  /// without arguments.
  static constexpr bool contiguous = detail::MemoryCodec<T> && std::is_default_constructible_v<T>;
};
/// Lists, deques, sets, maps, hash tables and the like: a count and the elements, in the order of iteration.
/// Hash tables keep that order with GCC's library, which is no promise.
template <detail::Collection C>
struct Codec<C> : detail::CollectionCodec<C> {};
/// valarray, contiguous as vectors are.
template <detail::NumericArray V>
struct Codec<V> : detail::ArrayCodec<V> {};
/// A file's path, as its native string. Whether the file is there on another rank is another matter.
template <detail::Path P>
struct Codec<P> {
  using String = typename P::string_type;
  static void write(Writer& writer, const P& path) { Codec<String>::write(writer, path.native()); }
  static P read(Reader& reader) { return P(Codec<String>::read(reader)); }
};

/// Pointers travel by value: each becomes an object of its own, also where several pointed to one. They must
/// form no cycle, which would be followed for ever. Deleters and the types of derived classes are lost, so
/// pointers to polymorphic classes that are not final are refused.
template <detail::Pointee T>
struct Codec<std::shared_ptr<T>> : detail::PointerCodec<std::shared_ptr<T>> {};
template <detail::Pointee T>
struct Codec<std::unique_ptr<T>> : detail::PointerCodec<std::unique_ptr<T>> {};

/// Pairs and tuples: their elements in order.
template <class A, class B>
  requires(Encodable<A>&& Encodable<B>)
struct Codec<std::pair<A, B>> : detail::TupleCodec<std::pair<A, B>> {};
template <class... T>
  requires(Encodable<T>&&...)
struct Codec<std::tuple<T...>> : detail::TupleCodec<std::tuple<T...>> {};
/// Arrays: their elements in order, or their memory as a whole if the elements are plain. The length is part
/// of the type, and is not sent.
template <class T, std::size_t n>
  requires Encodable<T>
struct Codec<std::array<T, n>> {
  using Array = std::array<T, n>;
  /// An array of arrays of numbers is memory too, down to its numbers.
  static constexpr bool as_memory = n > 0 && detail::MemoryCodec<T>&& std::is_trivially_copyable_v<T>;
  static constexpr bool uses_archive = detail::uses_archive<T>;

  static void write(Writer& writer, const Array& values) {
    [[maybe_unused]] const detail::OneArchive<uses_archive> shared(&writer);
    if constexpr (as_memory) {
      writer.raw(values);
    } else {
      for (const T& value : values) Codec<T>::write(writer, value);
    }
  }
  static Array read(Reader& reader) {
    [[maybe_unused]] const detail::OneArchive<uses_archive> shared(&reader);
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

/// Optional values: whether there is one, and it. One byte more than the value.
template <class T>
  requires Encodable<T>
struct Codec<std::optional<T>> {
  static constexpr bool uses_archive = detail::uses_archive<T>;
  static void write(Writer& writer, const std::optional<T>& value) {
    writer.raw(static_cast<std::uint8_t>(value.has_value()));
    if (value) Codec<T>::write(writer, *value);
  }
  static std::optional<T> read(Reader& reader) {
    if (reader.raw<std::uint8_t>() == 0) return std::nullopt;
    return Codec<T>::read(reader);
  }
};

/// Variants: which alternative, and it. A variant that is valueless by exception throws
/// std::bad_variant_access when it is written. Reading throws DecodeError for an alternative that does not
/// exist. Alternatives of one type are told apart by their index.
template <class... T>
  requires(Encodable<T>&&...)
struct Codec<std::variant<T...>> {
  using Variant = std::variant<T...>;
  static constexpr bool uses_archive = (detail::uses_archive<T> || ...);
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
  /// One function for each alternative; the index picks one. O(1).
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
