// SPDX-License-Identifier: BSD-3-Clause
// What an element of an HDF5 dataset is in memory: a number, or a structure whose fields are named once:
//
//   struct Particle { double x; std::array<float, 3> speed; int charge; };
//   template <>
//   struct ramal::Hdf5Fields<Particle> {
//     static constexpr auto fields = std::tuple{ramal::field("x", &Particle::x),
//                                               ramal::field("speed", &Particle::speed)};
//   };
//
// Fields are found by name; the file may hold more of them, in any order. A member without a field is zero.
// When such structures are written, the file gets a compound type of the fields named, in their order.
//
//   in memory                                in the file, when written
//   std::int8_t … std::uint64_t, char        integers of as many bytes
//   float, double                            floating point of 4 or 8 bytes
//   std::array<E, n>, E[n] in a structure    an array of n elements; arrays of arrays have more dimensions
//   a structure with Hdf5Fields              a compound
//
// A bool, and characters other than char, are refused when the program is compiled; use an integer. When a
// file is read, its numbers are converted where no value can be lost; see read_hdf5.
#pragma once

#include <ramal/detail/compiler.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace ramal {

/// Specialise with `static constexpr auto fields`, a tuple of what `field` returns. T must be trivially
/// copyable. The same specialisation serves reading and writing, and structures within structures.
template <class T>
struct Hdf5Fields;

/// A field's name in files, and the member that holds it. `name` is not copied, so it must be a literal.
template <class S, class M>
struct Hdf5Field {
  std::string_view name;
  M S::*member;
};
/// Names the member that holds the field of that name. Members are numbers, structures with fields, and
/// arrays of them; any other does not compile.
///
///   static constexpr auto fields = std::tuple{ramal::field("position", &Atom::position)};     // one field
template <class S, class M>
constexpr Hdf5Field<S, M> field(std::string_view name, M S::*member) {
  return {name, member};
}

namespace detail {

struct Hdf5Member;

/// A type in memory, for sources that see no template. It depends on nothing but the C++ type.
struct Hdf5Type {
  enum class Class : std::uint8_t { integer, floating, compound };
  Class kind = Class::integer;
  bool is_signed = false;
  std::size_t bytes = 0;                       ///< of one element
  std::vector<std::uint64_t> dimensions = {};  ///< of an array of such elements; none: one element
  /// Of a compound. An initialiser here would need the type, which is not known yet.
  std::vector<Hdf5Member> members;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& kind& is_signed& bytes& dimensions& members;
  }
};
/// A field of a compound: its name in the file, where it lies in the structure in memory, in bytes, and its
/// type there. Where it lies in the file is the file's affair.
struct Hdf5Member {
  std::string name;
  std::size_t offset = 0;
  Hdf5Type type;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& name& offset& type;
  }
};

/// What can be an element by itself: integers of up to 8 bytes, float and double; not bool and not
/// characters, whose meaning in a file would be guessed.
template <class T>
concept Hdf5Number = (std::integral<T> && sizeof(T) <= 8 && !std::same_as<T, bool> &&
                      !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> && !std::same_as<T, char16_t> &&
                      !std::same_as<T, char32_t>) ||
                     std::same_as<T, float> || std::same_as<T, double>;
/// A structure whose fields are named. Trivially copyable, since elements are read into place.
template <class T>
concept Hdf5Compound = std::is_class_v<T> && std::is_trivially_copyable_v<T> && requires {
  Hdf5Fields<T>::fields;
};
/// What a block that is read or written may hold. Arrays can only be members of structures.
template <class T>
concept Hdf5Element = Hdf5Number<T> || Hdf5Compound<T>;

/// The Hdf5Type of an element's type. Made anew by each call; structures are gone through in depth.
template <class T>
struct Hdf5TypeOf {
  static_assert(
      Hdf5Element<T>,
      "ramal: HDF5 elements are fixed-width integers (a bool is stored as an int8_t), float, double, "
      "and trivially copyable structures described by ramal::Hdf5Fields");
  static Hdf5Type make() {
    if constexpr (std::integral<T>) {
      return {.kind = Hdf5Type::Class::integer,
              .is_signed = std::is_signed_v<T>,
              .bytes = sizeof(T),
              .members = {}};
    } else if constexpr (std::floating_point<T>) {
      return {.kind = Hdf5Type::Class::floating, .is_signed = true, .bytes = sizeof(T), .members = {}};
    } else if constexpr (Hdf5Compound<T>) {
      Hdf5Type type{.kind = Hdf5Type::Class::compound, .bytes = sizeof(T), .members = {}};
      std::apply([&](const auto&... field) { (type.members.push_back(member(field)), ...); },
                 Hdf5Fields<T>::fields);
      return type;
    }
  }

 private:
  /// The offset is measured in an object: `offsetof` takes no pointer to member.
  template <class M>
  static Hdf5Member member(const Hdf5Field<T, M>& field) {
    const T object = std::bit_cast<T>(std::array<std::byte, sizeof(T)>{});
    const auto offset = reinterpret_cast<const std::byte*>(&(object.*field.member)) -
                        reinterpret_cast<const std::byte*>(&object);
    return {std::string(field.name), static_cast<std::size_t>(offset), Hdf5TypeOf<M>::make()};
  }
};
/// An array adds its length ahead of those of its elements.
template <class E, std::size_t n>
struct Hdf5TypeOf<std::array<E, n>> {
  static Hdf5Type make() {
    Hdf5Type type = Hdf5TypeOf<E>::make();
    type.dimensions.insert(type.dimensions.begin(), n);
    return type;
  }
};
/// A member that is a C array.
template <class E, std::size_t n>
struct Hdf5TypeOf<E[n]> : Hdf5TypeOf<std::array<E, n>> {};

}  // namespace detail
}  // namespace ramal
