// SPDX-License-Identifier: BSD-3-Clause
// Boost.Serialization's own archives, for what Ramal itself does not encode: pointers to objects of derived
// classes (exported, or registered, as Boost asks for), boost::optional and other types of Boost's, and raw
// pointers and arrays as members of classes with serialize(). Programs link Boost.Serialization.
//
//   #include <boost/serialization/boost_unordered_map.hpp>      of each such type, as ever with Boost
//   #include <ramal/boost_serialization.hpp>                    where BOOST_CLASS_EXPORT stands too
//
// What Ramal encodes without this header keeps its encoding. So a shared_ptr to a class without virtual
// functions still becomes an object of its own; where several shall be one again, or form a cycle, say
//
//   template <>
//   struct ramal::Codec<std::shared_ptr<Node>> : ramal::BoostCodec<std::shared_ptr<Node>> {};
//
// Pointers in one value (a container, a tuple, a class with serialize()) that shared an object share one
// after. Pointers in two arguments, or in two results, never do.
//
//   struct Shape { virtual double area() const = 0; … };
//   BOOST_CLASS_EXPORT(Circle)                                       // a derived class, once in the program
//   double area(const std::shared_ptr<Shape>& shape) { return shape->area(); }
//   auto sizes = ramal::map<area>(shapes);                           // std::vector<std::shared_ptr<Shape>>
//
// Errors are those of BoostCodec below. Archives are binary and without a header, and are made and read
// within one value, so any number of threads may be at it at once.
#pragma once

#include <ramal/codec.hpp>

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/optional.hpp>
#include <boost/serialization/scoped_ptr.hpp>
#include <boost/serialization/shared_ptr.hpp>
#include <boost/serialization/unique_ptr.hpp>
#include <boost/serialization/version.hpp>
#include <boost/serialization/weak_ptr.hpp>

#include <algorithm>
#include <streambuf>

namespace ramal {
namespace detail {

// --- archives that write into a Writer and read from a Reader -------------------------------------------
/// Only counts, or fills, as the Writer does. Nothing is held back here, so what others write through the
/// same Writer stands where it was written.
class WriterBuffer final : public std::streambuf {
 public:
  explicit WriterBuffer(Writer& writer) : writer_(writer) {}

 private:
  /// Takes everything, or throws what Writer::bytes throws.
  std::streamsize xsputn(const char* from, std::streamsize count) override {
    writer_.bytes(from, static_cast<std::size_t>(count));
    return count;
  }
  /// One byte, which is how Boost writes what is short.
  int_type overflow(int_type c) override {
    const char byte = traits_type::to_char_type(c);
    writer_.bytes(&byte, 1);
    return traits_type::not_eof(c);
  }
  Writer& writer_;
};
/// At the Reader's end it gives less than was asked for, which Boost's archives take for an error.
class ReaderBuffer final : public std::streambuf {
 public:
  explicit ReaderBuffer(Reader& reader) : reader_(reader) {}

 private:
  std::streamsize xsgetn(char* to, std::streamsize count) override {
    const std::size_t n = std::min(static_cast<std::size_t>(count), reader_.left());
    if (n != 0) std::memcpy(to, reader_.bytes(n), n);
    return static_cast<std::streamsize>(n);
  }
  Reader& reader_;
};

/// Neither Boost's signature and version, which ArchiveHead has in fewer bytes, nor a conversion of
/// characters.
constexpr unsigned bare_archive = boost::archive::no_header | boost::archive::no_codecvt;
/// An archive with the buffer that it writes through. The Writer must outlive it.
struct SavingArchive {
  explicit SavingArchive(Writer& writer) : buffer(writer) {}
  WriterBuffer buffer;
  boost::archive::binary_oarchive archive{buffer, bare_archive};
};
/// The same for reading.
struct LoadingArchive {
  explicit LoadingArchive(Reader& reader) : buffer(reader) {}
  ReaderBuffer buffer;
  boost::archive::binary_iarchive archive{buffer, bare_archive};
};

/// Calls `use` with the archive of the value that is under way, which is made when it is first needed, or
/// with one for this call alone.
template <class Archive, class Stream, class Use>
void with_archive(Stream& stream, const Use& use) {
  SharedArchive* shared = innermost_archive;
  if (shared != nullptr && shared->stream == &stream) {
    if (!shared->archive) shared->archive = std::make_shared<Archive>(stream);
    use(static_cast<Archive*>(shared->archive.get())->archive);
  } else {
    Archive alone(stream);
    use(alone.archive);
  }
}

// --- what stands ahead ----------------------------------------------------------------------------------
/// Stands ahead of each value, since Boost's archives take bytes of another type for their own. 8 bytes.
struct ArchiveHead {
  std::uint16_t format;   ///< of Boost's archives
  std::uint16_t version;  ///< of the class
  std::uint32_t type;     ///< a hash of its name
  bool operator==(const ArchiveHead&) const = default;
};
/// The same for one type in all processes of one binary: it is made of the name that the compiler
/// gives it.
template <class T>
constexpr std::uint32_t type_hash() {
  std::uint32_t hash = 2166136261u;  // FNV-1a, 32 bits
  for (const char c : type_name<T>) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}
/// What this binary writes for a T.
template <class T>
ArchiveHead archive_head() {
  const auto format = boost::archive::BOOST_ARCHIVE_VERSION();  // another type in other versions
  return {static_cast<std::uint16_t>(static_cast<unsigned int>(format)),
          static_cast<std::uint16_t>(class_version<T>()), type_hash<T>()};
}
/// Throws DecodeError, which says what was expected and what was found, if it is not what
/// archive_head gives.
template <class T>
void check_head(Reader& reader) {
  const std::string expected = "expected an object of type " + std::string(type_name<T>);
  if (reader.left() < sizeof(ArchiveHead))
    throw DecodeError(expected + " in an archive, found " + std::to_string(reader.left()) + " bytes");
  const ArchiveHead own = archive_head<T>();
  const auto found = reader.raw<ArchiveHead>();
  if (found == own) return;
  if (found.type != own.type) throw DecodeError(expected + " in an archive, found one of another type");
  const bool other_boost = found.format != own.format;
  throw DecodeError(expected + " in an archive, " +
                    (other_boost ? "of Boost's archive format " : "of the class's version ") +
                    std::to_string(other_boost ? own.format : own.version) + ", found " +
                    std::to_string(other_boost ? found.format : found.version));
}

/// One line for what Boost threw, with T's name, and advice where a derived class is not known.
template <class T>
std::string archive_error(const char* verb, const boost::archive::archive_exception& error) {
  using boost::archive::archive_exception;
  std::string text = "Boost.Serialization could not " + std::string(verb) + " an object of type " +
                     std::string(type_name<T>) + ": " + error.what();
  if (error.code == archive_exception::unregistered_class ||
      error.code == archive_exception::unregistered_cast)
    text +=
        " (a derived class needs BOOST_CLASS_EXPORT in a source that includes "
        "<ramal/boost_serialization.hpp>)";
  return text;
}

// --- types ----------------------------------------------------------------------------------------------
/// Its elements, if it has any, are values: no raw pointers, whose objects nobody would free.
template <class T>
concept HoldsValues = !requires {
  typename T::value_type;
}
|| requires { requires is_element<typename T::value_type>; };

/// A type of the standard library or of Boost that Boost has its own serialize() for, and Ramal has no codec
/// for.
template <class T>
concept BoostValue =
    std::is_class_v<T> && is_library_type<T> && std::default_initializable<T> && HoldsValues<T> &&
    !Memory<T> &&
    !Serialize<T> && !Collection<T> && !NumericArray<T> && !Path<T> &&
    in_boost::ExactSerialize<T, boost::archive::binary_oarchive, boost::archive::binary_iarchive>;

}  // namespace detail

/// Members of classes: pointers and containers of pointers too. What Boost cannot write does not compile, or
/// throws std::invalid_argument.
template <class T>
struct detail::MemberCodec {
  static void write(Writer& writer, const T& value) {
    writer.raw(detail::archive_head<T>());
    try {
      detail::with_archive<detail::SavingArchive>(writer, [&](auto& archive) { archive << value; });
    } catch (const boost::archive::archive_exception& error) {
      throw std::invalid_argument("ramal: " + detail::archive_error<T>("write", error));
    }
  }
  /// Where the value is to stay, so that what was loaded before may point into it.
  static void read_into(Reader& reader, T& value) {
    detail::check_head<T>(reader);
    try {
      detail::with_archive<detail::LoadingArchive>(reader, [&](auto& archive) { archive >> value; });
    } catch (const boost::archive::archive_exception& error) {
      throw DecodeError(detail::archive_error<T>("read", error));
    }
  }
};

/// A codec by way of Boost's binary archives. T must have a default constructor. Throws std::invalid_argument
/// for what Boost refuses to write, and DecodeError for what was written by another version of Boost or of
/// the class, or is of another type; both name the type. Making an archive takes a microsecond or so, and all
/// is written twice, once to count: large plain data is better in members that Ramal encodes itself.
///
///   template <>
///   struct ramal::Codec<Tree> : ramal::BoostCodec<Tree> {};      // a Tree has pointers within
///
/// The bytes are 8 for the head, and then what Boost's binary archive writes. What pointers in one object
/// share is written once and shared after.
template <class T>
struct BoostCodec : detail::MemberCodec<T> {
  static constexpr bool uses_archive = true;

  /// Makes a T without arguments, and reads into it. Throws DecodeError.
  static T read(Reader& reader) {
    static_assert(std::is_default_constructible_v<T>,
                  "ramal: what Boost.Serialization reads must have a default constructor, so that it can be "
                  "made on the rank that receives it");
    T value{};
    BoostCodec::read_into(reader, value);
    return value;
  }
};

/// So all of these are encodable where this header is included, such as boost::optional. Boost's
/// header for the type must be included before the type is first used with Ramal.
template <detail::BoostValue T>
struct Codec<T> : BoostCodec<T> {};

}  // namespace ramal
