// SPDX-License-Identifier: BSD-3-Clause
// Classes written for Boost.Serialization work as they are: Boost's own macros and wrappers around
// them, on Ramal's archives.
#include <ramal/codec.hpp>

#include <boost/serialization/base_object.hpp>
#include <boost/serialization/nvp.hpp>
#include <boost/serialization/split_free.hpp>
#include <boost/serialization/split_member.hpp>
#include <boost/serialization/vector.hpp>

#include <gtest/gtest.h>

#include <list>

namespace far {
struct Town {
  std::string name;
  int people = 0;
};
struct Village : Town {
  int cows = 0;
};
template <class T>
struct Range {
  T low{}, high{};
  std::string unit;
};
struct River {
  std::string name;
};
}  // namespace far

namespace boost::serialization {
template <class Archive>
void serialize(Archive& ar, far::Town& town, const unsigned int /*version*/) {
  ar& town.name& town.people;
}
template <class Archive, class T>
void serialize(Archive& ar, far::Range<T>& range, const unsigned int /*version*/) {
  ar& range.low& range.high& range.unit;
}
template <class Archive>
void save(Archive& ar, const far::River& river, const unsigned int /*version*/) {
  ar << river.name;
}
template <class Archive>
void load(Archive& ar, far::River& river, const unsigned int /*version*/) {
  ar >> river.name;
}
}  // namespace boost::serialization
BOOST_SERIALIZATION_SPLIT_FREE(far::River)

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

TEST(BoostStyle, FreeFunctionsInBoostsNamespace) {
  const auto town = round_trip(far::Town{"Ulm", 128000});
  EXPECT_EQ(town.name, "Ulm");
  EXPECT_EQ(town.people, 128000);
  const auto range = round_trip(far::Range<double>{1, 2.5, "m"});
  EXPECT_EQ(range.high, 2.5);
  EXPECT_EQ(range.unit, "m");
  EXPECT_EQ(round_trip(far::River{"Danube"}).name, "Danube");
  static_assert(!ramal::Encodable<far::Village>, "only its base is known there");
  // Boost's own for these need Boost's archives.
  EXPECT_EQ(round_trip(std::list<int>{2, 1}), (std::list<int>{2, 1}));
  EXPECT_EQ(round_trip(std::vector<far::Town>{{"Ulm", 1}})[0].name, "Ulm");
}

class Private {
 public:
  Private() = default;
  explicit Private(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }

 private:
  friend class boost::serialization::access;
  template <class Archive>
  void serialize(Archive& ar, const unsigned int /*version*/) {
    ar& text_;
  }
  std::string text_;
};
/// Of another kind, and nobody's friend.
class Json {
 public:
  explicit Json(int i) : i_(i) {}
  int i() const { return i_; }
  std::string text() const { return serialize(); }

 private:
  std::string serialize() const { return std::to_string(i_); }
  int i_;
};

TEST(BoostStyle, PrivateMembersOfBoostsFriends) {
  EXPECT_EQ(round_trip(Private("secret")).text(), "secret");
  EXPECT_EQ(round_trip(std::map<int, Private>{{1, Private("x")}}).at(1).text(), "x");
  EXPECT_EQ(round_trip(Json(4)).text(), "4");
}

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
  double scale = 1;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& scale;
  }
};
struct Square : Shape {
  double side = 0;
  double area() const override { return scale * side * side; }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& static_cast<Shape&>(*this) & side;
  }
};
/// A base that is told the class serializes all of it.
template <class Self>
struct Fields {
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    static_cast<Self&>(*this).fields(ar);
  }
};
struct Pair : Fields<Pair> {
  std::string a, b;
  template <class Archive>
  void fields(Archive& ar) {
    ar& a& b;
  }
};
/// No template, one for each archive.
struct Plain {
  std::string text;
  void serialize(ramal::Writer& ar, unsigned) const { ar& text; }
  void serialize(ramal::Reader& ar, unsigned) { ar& text; }
};
struct PlainChild : Plain {};

TEST(BoostStyle, ClassesAndTheirBases) {
  Square square;
  square.scale = 2;
  square.side = 3;
  EXPECT_EQ(round_trip(square).area(), 18);
  Pair pair;
  pair.b = "b";
  EXPECT_EQ(round_trip(pair).b, "b");
  EXPECT_EQ(round_trip(Plain{"p"}).text, "p");
  static_assert(ramal::detail::serialized_by<PlainChild>() == ramal::detail::SerializedBy::base);
}

}  // namespace
