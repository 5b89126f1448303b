// SPDX-License-Identifier: BSD-3-Clause
// Classes written for Boost.Serialization work as they are: Boost's own macros and wrappers around
// them, on Ramal's archives.
#include <ramal/codec.hpp>

#include <boost/serialization/base_object.hpp>
#include <boost/serialization/nvp.hpp>
#include <boost/serialization/split_member.hpp>

#include <gtest/gtest.h>

namespace {

template <class T>
T round_trip(const T& value) {
  static_assert(ramal::Encodable<T>);
  ramal::Writer count;
  ramal::Codec<T>::write(count, value);
  std::vector<std::byte> bytes(count.size());
  ramal::Writer fill(bytes.data(), bytes.size());
  ramal::Codec<T>::write(fill, value);
  EXPECT_EQ(fill.size(), count.size());
  ramal::Reader reader(bytes);
  T read = ramal::Codec<T>::read(reader);
  EXPECT_EQ(reader.left(), 0u);
  return read;
}

/// Asks the archive which way it goes; << and >> chain.
struct Directed {
  std::string name;
  std::vector<double> samples;
  int loads = 0;
  template <class Archive>
  void serialize(Archive& ar, const unsigned int /*version*/) {
    if constexpr (Archive::is_saving::value) ar << name << samples;
    if constexpr (Archive::is_loading::value) {
      ar >> name >> samples;
      ++loads;
    }
  }
};

TEST(BoostStyle, TheArchiveSaysWhichWayItGoes) {
  const auto read = round_trip(Directed{"probe", {1, 2}});
  EXPECT_EQ(read.name, "probe");
  EXPECT_EQ(read.samples, (std::vector<double>{1, 2}));
  EXPECT_EQ(read.loads, 1);
}

class Split {
 public:
  Split() = default;
  explicit Split(double celsius) : kelvin_(celsius + 273.15) {}
  template <class Archive>
  void save(Archive& ar, const unsigned int /*version*/) const {
    const double celsius = kelvin_ - 273.15;
    ar << celsius;
  }
  template <class Archive>
  void load(Archive& ar, const unsigned int /*version*/) {
    double celsius = 0;
    ar >> celsius;
    kelvin_ = celsius + 273.15;
  }
  BOOST_SERIALIZATION_SPLIT_MEMBER()
  double kelvin() const { return kelvin_; }

 private:
  double kelvin_ = 0;
};

TEST(BoostStyle, SplitMember) {
  EXPECT_NEAR(round_trip(Split(20)).kelvin(), 293.15, 1e-9);
  EXPECT_NEAR(round_trip(std::vector<Split>{Split(1), Split(2)})[1].kelvin(), 275.15, 1e-9);
}

struct Base {
  int id = 0;
  template <class Archive>
  void serialize(Archive& ar, const unsigned int /*version*/) {
    ar& BOOST_SERIALIZATION_NVP(id);
  }
};
struct Derived : Base {
  std::string text;
  template <class Archive>
  void serialize(Archive& ar, const unsigned int /*version*/) {
    ar& boost::serialization::base_object<Base>(*this);
    ar& boost::serialization::make_nvp("words", text);
  }
};

TEST(BoostStyle, NamedValuesAndBases) {
  Derived sent;
  sent.id = 7;
  sent.text = "seven";
  const Derived read = round_trip(sent);
  EXPECT_EQ(read.id, 7);
  EXPECT_EQ(read.text, "seven");
}

}  // namespace
