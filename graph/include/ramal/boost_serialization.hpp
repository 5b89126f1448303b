// SPDX-License-Identifier: BSD-3-Clause
// For types that need Boost.Serialization's own archives (polymorphic classes, pointers that share what they
// point to, Boost's own containers): one line each, and link Boost.Serialization.
//
//   #include <boost/serialization/shared_ptr.hpp>
//   #include <ramal/boost_serialization.hpp>
//   template <>
//   struct ramal::Codec<std::shared_ptr<Tree>> : ramal::BoostCodec<std::shared_ptr<Tree>> {};
#pragma once

#include <ramal/codec.hpp>

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/stream.hpp>

#include <sstream>

namespace ramal {

/// A codec by way of Boost's binary archives, without their header. T must have a default constructor.
/// Serialises twice, once to count: large plain data is better in members that Ramal encodes itself.
template <class T>
struct BoostCodec {
  static void write(Writer& writer, const T& value) {
    std::ostringstream out(std::ios::binary);
    boost::archive::binary_oarchive(out, boost::archive::no_header) << value;
    const std::string bytes = out.str();
    Codec<std::string>::write(writer, bytes);
  }
  static T read(Reader& reader) {
    const std::string bytes = Codec<std::string>::read(reader);
    boost::iostreams::stream<boost::iostreams::array_source> in(bytes.data(), bytes.size());
    T value{};
    boost::archive::binary_iarchive(in, boost::archive::no_header) >> value;
    return value;
  }
};

}  // namespace ramal
