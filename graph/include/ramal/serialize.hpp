// SPDX-License-Identifier: BSD-3-Clause
// Which serialize() says what of a class travels. In this order:
//
//   1. a member `template <class Archive> void serialize(Archive&, unsigned)` of its own,
//   2. a free `serialize(Archive&, T&, unsigned)` beside the class,
//   3. one in namespace boost::serialization, declared before the class is first used with Ramal,
//   4. a private member, of a class with `friend class boost::serialization::access`, where Boost's header of
//      that name is included. The class is not final.
//
// A serialize() of a base alone is refused, since it would leave the members of the class itself behind. A
// private one of a base cannot be told from the class's own.
//
// The archive is a ramal::Writer or ramal::Reader: `archive & member` and `<<`, `>>` work, `is_saving` and
// `is_loading` tell which it is, and the version is that of BOOST_CLASS_VERSION, else 0. Members are encoded
// by their own codecs. Writing happens twice, once to count bytes, and must say the same both times. The
// class needs a default constructor. What serialize() throws makes the task fail whose result it is, or
// leaves the call that was given the value.
//
//   struct Point {
//     double x, y;
//     std::string name;
//     template <class Archive> void serialize(Archive& archive, unsigned) { archive & x & y & name; }
//   };
//
// The other ways, each for a class that cannot have the first:
//
//   template <class Archive>
//   void serialize(Archive& archive, Vector& v, unsigned) { archive & v.x & v.y; }        // beside the class
//
//   class Hidden {
//     friend class boost::serialization::access;               // with <boost/serialization/access.hpp>
//     template <class Archive> void serialize(Archive& archive, unsigned) { archive & secret_; }
//     std::string secret_;
//   };
//
// A derived class encodes its base first, and what is not sent is made anew where the object arrives:
//
//   struct Labelled : Point {
//     std::string label;
//     std::size_t hash = 0;
//     template <class Archive> void serialize(Archive& archive, unsigned) {
//       archive & static_cast<Point&>(*this) & label;
//       if constexpr (Archive::is_loading::value) hash = std::hash<std::string>()(label);
//     }
//   };
//
// A class that is trivially copyable and holds no addresses needs none of this: it goes as its memory. If it
// has a serialize() of the first three kinds nevertheless, that counts.
//
// Users include nothing of this: <ramal/ramal.hpp> brings it in.
#pragma once

#include <ramal/detail/bytes.hpp>
#include <ramal/detail/name.hpp>

#include <concepts>
#include <type_traits>

namespace boost::serialization {

class access;  // Boost's own
template <class T>
struct version;  // Boost's own

/// A version for calls of serialize(), which so finds those in this namespace. Converts to any kind of
/// number.
struct RamalVersion {
  unsigned number = 0;
  template <std::integral Number>
  operator Number() const {
    return static_cast<Number>(number);
  }
};

}  // namespace boost::serialization

namespace ramal::detail {

/// Which of the four it is, in the order above; `base`: one of a base alone, which is refused.
enum class SerializedBy { nothing, member, free, boost, access, base };

// --- members ------------------------------------------------------------------------------------------
/// T, or a base of it, has a public member serialize() that takes both archives.
template <class T>
concept MemberSerialize = requires(T& value, Writer& writer, Reader& reader) {
  value.serialize(writer, 0u);
  value.serialize(reader, 0u);
};

/// The class that a member belongs to, which may be a base of the one it was named in. Never defined: only
/// its type is asked for.
template <class C, class R, class... A>
C declarer(R (C::*)(A...));
template <class C, class R, class... A>
C declarer(R (C::*)(A...) const);
/// The same for a serialize() that is no template but overloaded: it picks the one for a Writer.
template <class C, class R>
C declarer_for_writer(R (C::*)(Writer&, unsigned));
template <class C, class R>
C declarer_for_writer(R (C::*)(Writer&, unsigned) const);

/// A base that was told the class, as in `struct Point : Fields<Point>`, may serialize all of it.
template <class Base, class T>
inline constexpr bool is_told = false;
template <template <class...> class Base, class... A, class T>
inline constexpr bool is_told<Base<A...>, T> = (std::same_as<A, T> || ...);

/// Base declares the serialize() that was found for T, and knows nothing of T's own members.
template <class T, class Base>
inline constexpr bool is_only_base = !std::same_as<T, Base> && !is_told<Base, T>;
/// The member serialize() is a base's that does not know T.
template <class T>
concept InheritedSerialize = requires {
  requires is_only_base<T, decltype(declarer(&T::template serialize<Writer>))>;
}
|| requires { requires is_only_base<T, decltype(declarer_for_writer(&T::serialize))>; };

// --- free functions -----------------------------------------------------------------------------------
/// There is a free serialize() beside the class, which may be one for a base.
template <class T>
concept FreeSerialize = requires(T& value, Writer& writer, Reader& reader) {
  serialize(writer, value, 0u);
  serialize(reader, value, 0u);
};

namespace beside_the_class {
/// A decoy. It is better than a serialize() for a base in its second argument, and worse in its third, so
/// that calls of such a one are ambiguous. One for the very class is as good in the second, and so wins.
template <class Archive, class T>
void serialize(Archive&, T&, ...) = delete;

/// There is a serialize() for the very class; one for a base alone is ambiguous with the decoy.
template <class T>
concept ExactSerialize = requires(T& value, Writer& writer, Reader& reader) {
  serialize(writer, value, 0u);
  serialize(reader, value, 0u);
};
}  // namespace beside_the_class

namespace in_boost {
/// A decoy. It is better than a serialize() for a base, worse than one for the very class, and just like
/// Boost's own for any class, which is so not found.
template <class Archive, class T>
void serialize(Archive&, T&, unsigned) = delete;

/// There is one in namespace boost::serialization for the very class, found by the type of its
/// third argument.
template <class T, class Saving = Writer, class Loading = Reader>
concept ExactSerialize = requires(T& value, Saving& saving, Loading& loading,
                                  boost::serialization::RamalVersion version) {
  serialize(saving, value, version);
  serialize(loading, value, version);
};
/// Calls it.
template <class Archive, class T>
void call(Archive& archive, T& value, unsigned version) {
  serialize(archive, value, boost::serialization::RamalVersion{version});
}
}  // namespace in_boost

/// What Boost's headers declare for types of the standard library and of Boost needs Boost's own archives.
template <class T>
inline constexpr bool is_library_type =
    type_name<T>.starts_with("std::") || type_name<T>.starts_with("boost::");

// --- private members ----------------------------------------------------------------------------------
/// A base with a member of that name, to be ambiguous with.
struct NamedSerialize {
  int serialize;
};
template <class T>
struct BothNamed : T, NamedSerialize {};
/// T has a member named serialize, be it private. That is found out by giving it another one through a second
/// base, beside which the name is ambiguous.
template <class T>
concept NamesSerialize = std::is_class_v<T> && !std::is_final_v<T> && !requires {
  &BothNamed<T>::serialize;
};
/// Boost is asked to call it. If the class is no friend of Boost's, the compiler says that it is private.
template <class T, class Access = boost::serialization::access>
concept PrivateSerialize = requires {
  sizeof(Access);
}
&&!is_library_type<T> && NamesSerialize<T>;

// --- any of them --------------------------------------------------------------------------------------
/// Which serialize() counts for T, in the order at the top of this file; `base` if only a base has one.
template <class T>
constexpr SerializedBy serialized_by() {
  if constexpr (std::is_fundamental_v<T>) {
    return SerializedBy::nothing;
  } else if constexpr (MemberSerialize<T> && !InheritedSerialize<T>) {
    return SerializedBy::member;
  } else if constexpr (beside_the_class::ExactSerialize<T>) {
    return SerializedBy::free;
  } else if constexpr (!is_library_type<T> && in_boost::ExactSerialize<T>) {
    return SerializedBy::boost;
  } else if constexpr (MemberSerialize<T> || FreeSerialize<T>) {
    return SerializedBy::base;
  } else if constexpr (!std::is_trivially_copyable_v<T> && PrivateSerialize<T>) {
    return SerializedBy::access;
  } else {
    return SerializedBy::nothing;
  }
}
/// T is encoded by a serialize(), or would be if the one found were not a base's.
template <class T>
concept Serialize = serialized_by<T>()
!= SerializedBy::nothing;

/// The version that BOOST_CLASS_VERSION gives a class, else 0. Its header is there wherever a class has one.
template <class T>
constexpr unsigned class_version() {
  if constexpr (requires { boost::serialization::version<T>::value; }) {
    return static_cast<unsigned>(boost::serialization::version<T>::value);
  } else {
    return 0;
  }
}

/// Calls the serialize() that counts for T, with the class's version. Throws what it throws.
template <class Archive, class T, class Access = boost::serialization::access>
void call_serialize(Archive& archive, T& value) {
  constexpr SerializedBy by = serialized_by<T>();
  constexpr unsigned version = class_version<T>();
  if constexpr (by == SerializedBy::member) {
    value.serialize(archive, version);
  } else if constexpr (by == SerializedBy::free) {
    serialize(archive, value, version);
  } else if constexpr (by == SerializedBy::boost) {
    in_boost::call(archive, value, version);
  } else if constexpr (by == SerializedBy::access) {
    Access::serialize(archive, value, version);
  }
}

}  // namespace ramal::detail
