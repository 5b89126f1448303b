// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/boost_serialization.hpp>
#include <ramal/delayed.hpp>

#include <boost/serialization/base_object.hpp>
#include <boost/serialization/export.hpp>
#include <boost/serialization/list.hpp>
#include <boost/serialization/shared_ptr.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/variant.hpp>
#include <boost/serialization/vector.hpp>
#include <boost/variant.hpp>

#include <gtest/gtest.h>

namespace {

struct Tree {
  std::string name;
  std::list<std::shared_ptr<Tree>> children;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& name& children;
  }
};

}  // namespace

template <>
struct ramal::Codec<std::list<int>> : ramal::BoostCodec<std::list<int>> {};
template <>
struct ramal::Codec<std::shared_ptr<Tree>> : ramal::BoostCodec<std::shared_ptr<Tree>> {};

namespace {

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
  template <class Archive>
  void serialize(Archive&, unsigned) {}
};
struct Square : Shape {
  Square() = default;
  explicit Square(double s) : side(s) {}
  double area() const override { return side * side; }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& boost::serialization::base_object<Shape>(*this) & side;
  }
  double side = 0;
};
/// Nobody has told Boost of it.
struct Stranger : Shape {
  double area() const override { return 0; }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& boost::serialization::base_object<Shape>(*this);
  }
};
using ShapePointer = std::shared_ptr<Shape>;

/// With all that Ramal itself does not know of: pointers that share, of either kind, and arrays.
struct Drawing {
  ShapePointer first;
  std::vector<ShapePointer> all;
  boost::optional<std::string> title;
  std::vector<Square*> owned;
  int corners[3] = {};
  Drawing() = default;
  Drawing(Drawing&& other) noexcept
      : first(std::move(other.first)),
        all(std::move(other.all)),
        title(std::move(other.title)),
        owned(std::exchange(other.owned, {})) {
    std::copy(std::begin(other.corners), std::end(other.corners), corners);
  }
  ~Drawing() {
    for (const Square* square : owned) delete square;
  }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& first& all& title& owned& corners;
  }
};

struct Versioned {
  int old_part = 0;
  int new_part = 0;
  unsigned seen = 0;
  template <class Archive>
  void serialize(Archive& archive, unsigned version) {
    seen = version;
    archive& old_part;
    if (version >= 3) archive& new_part;
  }
};

}  // namespace

BOOST_SERIALIZATION_ASSUME_ABSTRACT(Shape)
BOOST_CLASS_EXPORT(Square)
BOOST_CLASS_VERSION(Versioned, 3)

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
T decoded(std::span<const std::byte> bytes) {
  ramal::Reader reader(bytes);
  T read = ramal::Codec<T>::read(reader);
  EXPECT_EQ(reader.left(), 0u);
  return read;
}
template <class T>
T round_trip(const T& value) {
  return decoded<T>(encoded(value));
}

/// What is said when bytes are taken for a T.
template <class T>
std::string refusal(std::span<const std::byte> bytes) {
  try {
    decoded<T>(bytes);
  } catch (const ramal::DecodeError& error) {
    return error.what();
  }
  return "nothing thrown";
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(BoostArchive, WhatOnlyBoostKnowsIsOneLineAway) {
  EXPECT_EQ(round_trip(std::list<int>{3, 1, 2}), (std::list<int>{3, 1, 2}));
  EXPECT_EQ(round_trip(std::vector<std::list<int>>{{1}, {}}), (std::vector<std::list<int>>{{1}, {}}));
  auto leaf = std::make_shared<Tree>(Tree{"leaf", {}});
  const auto root = round_trip(std::make_shared<Tree>(Tree{"root", {leaf, leaf}}));
  EXPECT_EQ(root->name, "root");
  ASSERT_EQ(root->children.size(), 2u);
  EXPECT_EQ(root->children.front(), root->children.back()) << "shared before, shared after";
  static_assert(ramal::Encodable<std::shared_ptr<Tree>>);
}

TEST(BoostArchive, PointersToDerivedClassesAreValues) {
  const auto one = round_trip(ShapePointer(std::make_shared<Square>(3)));
  EXPECT_EQ(one->area(), 9);
  EXPECT_EQ(round_trip(ShapePointer()), nullptr);
  EXPECT_EQ(round_trip(std::vector<ShapePointer>{one, nullptr}).at(0)->area(), 9);
  ramal::Writer count;
  std::unique_ptr<Shape> unique = std::make_unique<Square>(2);
  ramal::Codec<std::unique_ptr<Shape>>::write(count, unique);
  EXPECT_EQ(decoded<std::unique_ptr<Shape>>(encoded(unique))->area(), 4);
  static_assert(!ramal::Encodable<Shape*> && !ramal::Encodable<std::vector<Shape*>>,
                "nobody would free them");
}

TEST(BoostArchive, PartsOfOneValueShareWhatTheyPointTo) {
  const auto square = std::make_shared<Square>(2);
  const auto list = round_trip(std::list<std::optional<ShapePointer>>{square, std::nullopt, square});
  EXPECT_EQ(list.front(), list.back());
  const auto pair = round_trip(std::pair<ShapePointer, std::vector<ShapePointer>>{square, {square}});
  EXPECT_EQ(pair.first, pair.second.front());
  const auto map = round_trip(std::map<int, ShapePointer>{{1, square}, {2, square}});
  EXPECT_EQ(map.at(1), map.at(2));
}

TEST(BoostArchive, TwoValuesInOneWriterShareNothing) {
  const ShapePointer square = std::make_shared<Square>(2);
  std::vector<std::byte> bytes(2 * encoded(square).size());
  ramal::Writer writer(bytes.data(), bytes.size());
  ramal::Codec<ShapePointer>::write(writer, square);
  ramal::Codec<ShapePointer>::write(writer, square);
  const auto half = std::span(bytes).subspan(bytes.size() / 2);
  EXPECT_EQ(decoded<ShapePointer>(half)->area(), 4);
}

TEST(BoostArchive, MembersOfAClassMayBeWhatBoostCanWrite) {
  Drawing drawing;
  drawing.first = std::make_shared<Square>(2);
  drawing.all = {drawing.first, std::make_shared<Square>(3), drawing.first};
  drawing.title = "squares";
  drawing.owned = {new Square(4), nullptr};
  drawing.corners[2] = 5;
  const Drawing read = round_trip(drawing);
  EXPECT_EQ(read.first, read.all.at(0));
  EXPECT_EQ(read.first, read.all.at(2));
  EXPECT_EQ(read.all.at(1)->area(), 9);
  EXPECT_TRUE(read.title == drawing.title);
  ASSERT_EQ(read.owned.size(), 2u);
  EXPECT_EQ(read.owned[0]->area(), 16);
  EXPECT_EQ(read.owned[1], nullptr);
  EXPECT_EQ(read.corners[2], 5);
}

TEST(BoostArchive, OptionalAndVariantOfBoostAreValues) {
  EXPECT_TRUE(round_trip(boost::optional<std::string>("here")) == boost::optional<std::string>("here"));
  EXPECT_TRUE(round_trip(boost::optional<std::string>()) == boost::none);
  using Either = boost::variant<int, std::string>;
  EXPECT_EQ(round_trip(Either("text")), Either("text"));
  EXPECT_EQ(round_trip(std::vector<Either>{1, "two"}).at(1), Either("two"));
}

TEST(BoostArchive, ClassesAreToldTheirVersion) {
  const auto read = round_trip(Versioned{1, 2, 0});
  EXPECT_EQ(read.seen, 3u);
  EXPECT_EQ(read.new_part, 2);
  const auto by_boost = round_trip(std::make_shared<Versioned>(Versioned{1, 2, 0}));
  EXPECT_EQ(by_boost->new_part, 2);
}

TEST(BoostArchive, WhatDoesNotFitIsAnErrorThatNamesTheType) {
  const auto bytes = encoded(ShapePointer(std::make_shared<Square>(3)));
  const auto text = refusal<boost::optional<std::string>>(bytes);
  EXPECT_TRUE(has(text, "boost::optional<std::") && has(text, "found one of another type")) << text;
  const auto changed = [&](std::size_t at) {
    auto copy = bytes;
    copy[at] ^= std::byte{1};
    return refusal<ShapePointer>(copy);
  };
  EXPECT_TRUE(has(changed(0), "Shape>") && has(changed(0), "of Boost's archive format")) << changed(0);
  EXPECT_TRUE(has(changed(2), "Shape>") && has(changed(2), "of the class's version")) << changed(2);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto cut = refusal<ShapePointer>(std::span(bytes).first(length));
    EXPECT_TRUE(has(cut, "Shape>")) << length << ": " << cut;
  }
}

TEST(BoostArchive, WhatBoostCannotWriteIsAnErrorThatSaysWhatToDo) {
  const ShapePointer stranger = std::make_shared<Stranger>();
  try {
    encoded(stranger);
    FAIL() << "nothing thrown";
  } catch (const std::invalid_argument& error) {
    EXPECT_TRUE(has(error.what(), "Shape>") && has(error.what(), "BOOST_CLASS_EXPORT")) << error.what();
  }
  EXPECT_EQ(round_trip(ShapePointer(std::make_shared<Square>(3)))->area(), 9) << "and nothing is left of it";
}

}  // namespace
