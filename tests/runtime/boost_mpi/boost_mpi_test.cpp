// SPDX-License-Identifier: BSD-3-Clause
// What <ramal/boost_mpi.hpp> adds to what can be a value, without MPI being started.
#include <ramal/boost_mpi.hpp>
#include <ramal/ramal.hpp>

#include <boost/container/flat_map.hpp>
#include <boost/container/vector.hpp>
#include <boost/mpi.hpp>

#include <gtest/gtest.h>

namespace {

template <class T>
std::vector<std::byte> encoded(const T& value) {
  ramal::Writer count;
  ramal::Codec<T>::write(count, value);
  std::vector<std::byte> bytes(count.size());
  ramal::Writer fill(bytes.data(), bytes.size());
  ramal::Codec<T>::write(fill, value);
  return bytes;
}
template <class T>
T round_trip(const T& value) {
  const auto bytes = encoded(value);
  ramal::Reader reader(bytes);
  T read = ramal::Codec<T>::read(reader);
  EXPECT_EQ(reader.left(), 0u);
  return read;
}

/// With a serialize() that MPI's datatypes are made by, and constructors as such classes have them.
class Position {
 public:
  Position() = default;
  Position(int degrees, float minutes) : degrees_(degrees), minutes_(minutes) {}
  bool operator==(const Position&) const = default;

 private:
  friend class boost::serialization::access;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& degrees_& minutes_;
  }
  int degrees_ = 0;
  float minutes_ = 0;
};
/// Copied by a function of its own, hence not trivially.
struct Length {
  double metres = 0;
  Length() = default;
  explicit Length(double m) : metres(m) {}
  Length(const Length& other) : metres(other.metres) {}
  Length& operator=(const Length& other) {
    metres = other.metres;
    return *this;
  }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& metres;
  }
};
/// Its memory would take an address along.
struct Cached {
  double value = 0;
  const double* cache = nullptr;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& value;
  }
};

}  // namespace

BOOST_IS_MPI_DATATYPE(Position)
BOOST_IS_MPI_DATATYPE(Length)
BOOST_IS_MPI_DATATYPE(Cached)

namespace {

TEST(BoostMpi, DatatypesGoAsMemory) {
  static_assert(ramal::detail::MemoryCodec<Position> && ramal::Contiguous<std::vector<Position>>);
  static_assert(ramal::detail::MemoryCodec<Length> && ramal::Contiguous<std::vector<Length>>);
  EXPECT_EQ(round_trip(Position(3, 0.5f)), Position(3, 0.5f));
  const std::vector<Position> positions{{1, 2}, {3, 4}};
  EXPECT_EQ(round_trip(positions), positions);
  EXPECT_EQ(encoded(positions).size(), 8 + 2 * sizeof(Position));
  const auto lengths = round_trip(std::vector<Length>{Length(1), Length(2.5)});
  EXPECT_EQ(lengths.at(1).metres, 2.5);
  const auto pair = round_trip(std::array<Length, 2>{Length(4), Length(5)});
  EXPECT_EQ(pair[1].metres, 5);
}

TEST(BoostMpi, DatatypesWithAddressesGoMemberByMember) {
  static_assert(!ramal::detail::MemoryCodec<Cached>);
  const double other = 2;
  const auto read = round_trip(Cached{1.5, &other});
  EXPECT_EQ(read.value, 1.5);
  EXPECT_EQ(read.cache, nullptr);
}

TEST(BoostMpi, ContainersOfBoostAreValues) {
  EXPECT_EQ(round_trip(boost::container::vector<int>{3, 1, 2}), (boost::container::vector<int>{3, 1, 2}));
  const boost::container::flat_map<int, std::string> names{{1, "one"}, {2, "two"}};
  EXPECT_EQ(round_trip(names), names);
  EXPECT_TRUE(round_trip(boost::optional<std::string>("here")) == boost::optional<std::string>("here"));
  EXPECT_TRUE(round_trip(boost::optional<std::string>()) == boost::none);
}

long first(const boost::mpi::communicator& communicator, ramal::Inputs<long> mine) {
  return communicator.rank() + *mine.begin();
}
long by_value(boost::mpi::communicator, ramal::Inputs<long>) { return 1; }
long by_reference(boost::mpi::communicator&, ramal::Inputs<long>, double) { return 1; }

TEST(BoostMpi, CollectiveTasksTakeACommunicatorInAnyWay) {
  const std::vector<ramal::Delayed<long>> none;
  static_assert(std::same_as<decltype(ramal::collective<first>(none)), ramal::Delayed<long>>);
  static_assert(std::same_as<decltype(ramal::collective<by_value>.on({0})(none)), ramal::Delayed<long>>);
  static_assert(std::same_as<decltype(ramal::collective<by_reference>(none, 1.0)), ramal::Delayed<long>>);
}

}  // namespace
