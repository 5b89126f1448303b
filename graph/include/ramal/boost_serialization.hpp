// SPDX-License-Identifier: BSD-3-Clause
// For types that need Boost.Serialization's own archives (polymorphic classes, pointers that share what they
// point to, Boost's own containers): one line each, and link Boost.Serialization.
//
//   #include <boost/serialization/shared_ptr.hpp>
//   #include <ramal/boost_serialization.hpp>
//   template <>
//   struct ramal::Codec<std::shared_ptr<Tree>> : ramal::BoostCodec<std::shared_ptr<Tree>> {};
//
// The specialisation must be seen before the type is first used with Ramal. ramal.hpp does not include this
// header, since it needs Boost's.
#pragma once

#include <ramal/codec.hpp>

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/stream.hpp>

#include <sstream>

namespace ramal {

/// A codec by way of Boost's binary archives, without their header. T must have a default constructor.
/// Serialises twice, once to count: large plain data is better in members that Ramal encodes itself. The form
/// is a string that holds what the archive wrote. What Boost throws (boost::archive::archive_exception) makes
/// the task fail whose result or argument it was.
template <class T>
struct BoostCodec {
  /// Appends the value's archive to `writer`. O(bytes), and a copy of them.
  static void write(Writer& writer, const T& value) {
    std::ostringstream out(std::ios::binary);
    boost::archive::binary_oarchive(out, boost::archive::no_header) << value;
    const std::string bytes = out.str();
    Codec<std::string>::write(writer, bytes);
  }
  /// The value from its archive. Throws DecodeError if the bytes end too early, and what Boost throws.
  static T read(Reader& reader) {
    const std::string bytes = Codec<std::string>::read(reader);
    boost::iostreams::stream<boost::iostreams::array_source> in(bytes.data(), bytes.size());
    T value{};
    boost::archive::binary_iarchive(in, boost::archive::no_header) >> value;
    return value;
  }
};

}  // namespace ramal
